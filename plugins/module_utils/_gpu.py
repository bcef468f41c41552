# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graphics processors of a recorded machine: from the PCI bus, NVIDIA's driver and nvidia-smi.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._gpu_table import FORMULA, TABLE, tensor_cores
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Gpu
from ansible_collections.eucaim.local_node.plugins.module_utils._pci import DEVICES, Device, read_devices
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

NVIDIA = "10de"
PROC = "/proc/driver/nvidia/gpus"
# What nvidia-smi is asked for; compute_cap apart, because drivers before 510 refuse a whole question that has it.
QUERY = ("pci.bus_id", "name", "uuid", "serial", "memory.total", "power.limit", "ecc.mode.current", "driver_version")
QUERY_COMPUTE = ("pci.bus_id", "compute_cap")
MIB = 1 << 20
_MAKERS = {NVIDIA: "NVIDIA", "1002": "AMD", "8086": "Intel"}
# Display adapters that only draw pictures: of management controllers and of virtual machines.
_DISPLAY_ONLY = {
    "1013",  # Cirrus Logic, as QEMU shows it
    "102b",  # Matrox, in management controllers
    "1234",  # QEMU
    "126f",  # Silicon Motion
    "1414",  # Hyper-V
    "15ad",  # VMware
    "18ca",  # XGI
    "19e5",  # HiSilicon
    "1a03",  # ASPEED
    "1ab8",  # Parallels
    "1af4",  # virtio
    "1b36",  # QXL
    "1d0f",  # Amazon EC2
    "80ee",  # VirtualBox
}
_DISPLAY_ONLY_DEVICES = {("1002", "4752"), ("1002", "515e")}  # Rage XL and ES1000, in old servers


def read_gpus(recording: Recording) -> tuple[tuple[Gpu, ...] | None, dict[str, str]]:
    """Return the graphics processors, and for each one without a count of tensor cores, by its address, why.

    None: the kernel shows no PCI bus, and no driver shows a graphics processor either.
    """
    devices = read_devices(recording)
    asked = parse_smi(recording.said("nvidia-smi") or "", QUERY)
    found = {device.pci: device for device in devices or () if _is_gpu(device)}
    if devices is None and not asked:
        return None, {}
    capabilities = parse_smi(recording.said("nvidia-smi-compute") or "", QUERY_COMPUTE)
    reasons: dict[str, str] = {}
    gpus = []
    for pci in sorted({*found, *asked}):
        said = {**_driver(recording, pci), **asked.get(pci, {}), **capabilities.get(pci, {})}
        gpu, reason = _gpu(recording, pci, found.get(pci), said)
        gpus.append(gpu)
        if reason:
            reasons[pci] = reason
    return tuple(gpus), reasons


def _is_gpu(device: Device) -> bool:
    if device.class_code >> 16 != 0x03:
        return False
    return device.vendor_id not in _DISPLAY_ONLY and (device.vendor_id, device.device_id) not in _DISPLAY_ONLY_DEVICES


def parse_smi(text: str, fields: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return what nvidia-smi said (--format=csv,noheader,nounits) by the PCI address, the first of the fields.

    What a card does not know, "[N/A]" and the like, is left out.
    """
    found = {}
    for line in text.split("\n"):
        values = [value.strip() for value in line.split(",")]
        address = re.fullmatch(r"(?:[0-9A-Fa-f]{4})?([0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])", values[0])
        if address and len(values) == len(fields):
            known = {field: value for field, value in zip(fields, values) if value and not re.match(r"\[|N/A", value)}
            found[address[1].lower()] = known
    return found


def _driver(recording: Recording, pci: str) -> dict[str, str]:
    """Return what NVIDIA's driver shows of a card without being asked through nvidia-smi."""
    text = recording.files.get(f"{PROC}/{pci}/information", "")
    pairs = {key.strip(): value.strip() for key, _colon, value in (line.partition(":") for line in text.split("\n"))}
    found = {"name": pairs.get("Model", ""), "uuid": pairs.get("GPU UUID", "")}
    version = re.search(r"Kernel Module.*?\s(\d+(?:\.\d+)+)", recording.files.get("/proc/driver/nvidia/version", ""))
    if found["name"] and version:
        found["driver_version"] = version[1]
    # Before a card is first used, and for an unprivileged user, the driver shows question marks.
    return {key: value for key, value in found.items() if value and "?" not in value}


def _gpu(recording: Recording, pci: str, device: Device | None, said: dict[str, str]) -> tuple[Gpu, str]:
    """Return a graphics processor and, if its tensor cores are not known, why."""
    maker = device.vendor_id if device else NVIDIA
    name = said.get("name") or (_sold_as(device) if device else None) or f"graphics processor {pci}"
    vram = _number(said.get("memory.total"))
    vram_bytes = vram * MIB if vram is not None else recording.number(f"{DEVICES}/{pci}/mem_info_vram_total")
    cores, how = None, f"tensor cores are counted for NVIDIA only, and this is {_MAKERS.get(maker, 'of another maker')}"
    if maker == NVIDIA:
        cores, how = tensor_cores(name, said.get("compute_cap"), _processors(recording).get(pci), vram_bytes)
    driver = device.driver if device else None
    gpu = Gpu(
        name=name,
        vendor=_MAKERS.get(maker) or (device.vendor if device else None),
        pci=pci,
        uuid=said.get("uuid"),
        serial=said.get("serial"),
        vram_bytes=vram_bytes,
        compute_capability=said.get("compute_cap"),
        tensor_cores=cores,
        tensor_source=how if how in (TABLE, FORMULA) else None,
        power_limit_watts=_number(said.get("power.limit")),
        ecc={"Enabled": True, "Disabled": False}.get(said.get("ecc.mode.current", "")),
        driver=f"nvidia {said['driver_version']}" if "driver_version" in said else driver,
    )
    return gpu, "" if gpu.tensor_source else how


def _sold_as(device: Device) -> str | None:
    """Return the name on the box: lspci has it in brackets behind the name of the chip."""
    bracket = re.search(r"\[([^\]]+)\]", device.name or "")
    return bracket[1] if bracket else device.name


def _number(text: str | None) -> int | None:
    """Return a number of nvidia-smi, which may have decimals, as a whole one."""
    found = re.match(r"\d+", text or "")
    return int(found[0]) if found else None


def _processors(recording: Recording) -> dict[str, int]:
    """Return the number of multiprocessors by the PCI address, as the CUDA driver tells it."""
    lines = (line.split() for line in (recording.said("cuda") or "").split("\n"))
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}
