# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics processors are found on the bus, and known by their driver."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _gpu as gpu
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Gpu
from ansible_collections.eucaim.local_node.plugins.module_utils._pci import DEVICES
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

T4 = "0000:3b:00.0"
SMI = "00000000:3B:00.0, Tesla T4, GPU-1b2c, 1320000000001, 15360, 70.00, Enabled, 550.54.15"
COMPUTE = "00000000:3B:00.0, 7.5"
LSPCI = f'{T4} "3D controller [0302]" "NVIDIA Corporation [10de]" "TU104GL [Tesla T4] [1eb8]" -ra1 "" ""'
WHOLE = Gpu(
    name="Tesla T4",
    vendor="NVIDIA",
    pci=T4,
    uuid="GPU-1b2c",
    serial="1320000000001",
    vram_bytes=15360 << 20,
    compute_capability="7.5",
    tensor_cores=320,
    tensor_source="table",
    power_limit_watts=70,
    ecc=True,
    driver="nvidia 550.54.15",
)


def machine(
    *cards: tuple[str, str, str, str], files: dict[str, str] | None = None, **commands: str
) -> tuple[tuple[Gpu, ...] | None, dict[str, str]]:
    """Return what is found on a machine with cards of (address, class, vendor, device), and by these commands."""
    texts = dict(files or {})
    links = {}
    for address, code, vendor, device in cards:
        names = {"class": code, "vendor": f"0x{vendor}", "device": f"0x{device}"}
        texts.update({f"{DEVICES}/{address}/{name}": value for name, value in names.items()})
        links[f"{DEVICES}/{address}/driver"] = "../../../bus/pci/drivers/nvidia"
    outputs = {name.replace("_", "-"): Output(0, text) for name, text in commands.items()}
    return gpu.read_gpus(Recording(files=texts, links=links, commands=outputs))


CARD = (T4, "0x030200", "10de", "1eb8")


def test_whole() -> None:
    """With nvidia-smi everything is known."""
    assert machine(CARD, lspci=LSPCI, nvidia_smi=SMI, nvidia_smi_compute=COMPUTE) == ((WHOLE,), {})


def test_without_bus() -> None:
    """A card is known by its driver where there is no bus to find it on."""
    found, _reasons = machine(nvidia_smi=SMI)
    assert found is not None
    assert (found[0].name, found[0].vendor, found[0].driver) == ("Tesla T4", "NVIDIA", "nvidia 550.54.15")
    assert machine() == (None, {})
    assert machine(("0000:00:02.0", "0x020000", "8086", "1")) == ((), {})


def test_driver_alone() -> None:
    """Without nvidia-smi the driver tells name and UUID, and the table the tensor cores."""
    files = {
        f"/proc/driver/nvidia/gpus/{T4}/information": "Model: \t\t Tesla T4\nIRQ:   \t\t 1\nGPU UUID: \t GPU-1b2c\n",
        "/proc/driver/nvidia/version": "NVRM version: NVIDIA x86_64 Kernel Module  550.54.15  Tue Mar\nGCC version:",
    }
    found, reasons = machine(CARD, files=files)
    assert found == (
        Gpu("Tesla T4", "NVIDIA", T4, "GPU-1b2c", None, None, None, 320, "table", driver="nvidia 550.54.15"),
    )
    assert reasons == {}
    files[f"/proc/driver/nvidia/gpus/{T4}/information"] = "Model: Tesla T4\nGPU UUID: GPU-????????-????\n"
    del files["/proc/driver/nvidia/version"]
    found, _reasons = machine(CARD, files=files)
    assert found is not None
    assert (found[0].uuid, found[0].driver) == (None, "nvidia")


def test_bus_alone() -> None:
    """Without a driver the name on the box tells; a chip without one has only its name."""
    found, reasons = machine(CARD, lspci=LSPCI)
    assert found is not None
    assert (found[0].name, found[0].tensor_cores, found[0].vram_bytes, reasons) == ("Tesla T4", 320, None, {})
    found, reasons = machine(CARD, lspci=LSPCI.replace("TU104GL [Tesla T4]", "GX999"))
    assert found is not None
    assert (found[0].name, found[0].tensor_cores) == ("GX999", None)
    assert "GX999 is not in the table" in reasons[T4]
    found, _reasons = machine(CARD)
    assert found is not None
    assert found[0].name == f"graphics processor {T4}"


def test_formula() -> None:
    """A card that is not in the table has its multiprocessors counted by the CUDA driver."""
    smi = SMI.replace("Tesla T4", "NVIDIA RTX 9999")
    found, reasons = machine(
        CARD, nvidia_smi=smi, nvidia_smi_compute=COMPUTE.replace("7.5", "9.0"), cuda=f"{T4} 100\nx\n"
    )
    assert found is not None
    assert (found[0].tensor_cores, found[0].tensor_source, reasons) == (400, "formula", {})


def test_unknown_values() -> None:
    """What a card does not know is not known; a line that is none is passed over."""
    smi = "00000000:3B:00.0, Tesla T4, GPU-1b2c, [N/A], [Insufficient Permissions], N/A, [N/A], 550.54.15\nNo devices\n"
    found, _reasons = machine(CARD, nvidia_smi=smi)
    assert found is not None
    assert (found[0].serial, found[0].vram_bytes, found[0].power_limit_watts, found[0].ecc) == (None, None, None, None)
    assert gpu.parse_smi("00000000:3B:00.0, 7.5", gpu.QUERY) == {}


@pytest.mark.parametrize(
    ("vendor", "device", "there"),
    [
        ("1a03", "2000", False),
        ("102b", "0536", False),
        ("1002", "515e", False),
        ("1002", "744c", True),
        ("8086", "a780", True),
    ],
)
def test_makers(vendor: str, device: str, there: bool) -> None:
    """Adapters that only draw pictures are none; those of other makers are, without tensor cores that are counted."""
    address = "0000:03:00.0"
    files = {f"{DEVICES}/{address}/mem_info_vram_total": "25753026560"}
    lspci = f'{address} "VGA [0300]" "Maker [{vendor}]" "Navi 31 [Radeon RX 7900 XTX] [744c]" "" ""'
    found, reasons = machine((address, "0x030000", vendor, device), files=files, lspci=lspci)
    assert found is not None
    assert bool(found) is there
    if there:
        assert found[0].vendor == {"1002": "AMD", "8086": "Intel"}[vendor]
        assert (found[0].name, found[0].vram_bytes) == ("Radeon RX 7900 XTX", 25753026560)
        assert found[0].tensor_cores is None
        assert reasons[address] == f"tensor cores are counted for NVIDIA only, and this is {found[0].vendor}"


def test_unknown_maker() -> None:
    """A maker that nobody knows has the name that lspci has for it."""
    address = "0000:03:00.0"
    lspci = f'{address} "VGA [0300]" "Unheard Of [9999]" "Chip [0001]" "" ""'
    found, reasons = machine((address, "0x038000", "9999", "0001"), lspci=lspci)
    assert found is not None
    assert found[0].vendor == "Unheard Of"
    assert reasons[address].endswith("this is of another maker")
