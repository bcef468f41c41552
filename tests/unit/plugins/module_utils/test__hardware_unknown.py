# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reason names the tool or the right that is missing, and the commonest one stands for all of a kind."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware_unknown as unknown
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Cpu,
    Drive,
    Gpu,
    Machine,
    Memory,
    MemoryModule,
    Sensor,
    System,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording


def explain(machine: Machine, told: dict[str, str] | None = None, **commands: Output) -> dict[str, str]:
    """Return the reasons; commands are named with an underline for a hyphen."""
    outputs = {name.replace("__", " ").replace("_", "-"): output for name, output in commands.items()}
    return unknown.explain(Recording(commands=outputs), machine, told or {})


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "dmidecode was not asked for"),
        (Output(problem="needs root"), "dmidecode needs root"),
        (Output(problem="is not installed"), "dmidecode is not installed"),
        (Output(problem="took longer than 30 s"), "dmidecode took longer than 30 s"),
        (Output(1, "", "first line\nsecond line"), "dmidecode failed: first line"),
        (Output(3), "dmidecode failed: exit status 3"),
        (Output(0, "something"), "dmidecode does not say"),
    ],
)
def test_commands(output: Output | None, reason: str) -> None:
    """A command is missing, not allowed, too slow, broken or silent."""
    recording = Recording(commands={} if output is None else {"dmidecode": output})
    assert unknown.explain(recording, Machine(), {})["cpu.fitted_sockets"] == reason


def test_told() -> None:
    """What a reader told counts; what it told of the whole table replaces what the command says."""
    assert explain(Machine(), {"cpu.cores": "it was told"})["cpu.cores"] == "it was told"
    told = {"dmidecode": "the table is broken"}
    assert explain(Machine(), told, dmidecode=Output(0, "x"))["cpu.fitted_sockets"] == "the table is broken"


def test_files() -> None:
    """A file is missing, not allowed or silent."""
    path = "/sys/class/dmi/id/product_serial"
    silent = Recording(files={path: "Default string"}, commands={"dmidecode": Output(problem="is not installed")})
    assert unknown.explain(silent, Machine(), {})["system.serial"] == f"dmidecode is not installed; {path} does not say"
    denied = Recording(denied={path: "Permission denied"}, commands={"dmidecode": Output(problem="needs root")})
    assert unknown.explain(denied, Machine(), {})["system.serial"] == f"dmidecode needs root; {path} needs root"
    assert explain(Machine())["os_name"] == "there is no /etc/os-release"
    memory = Recording(files={"/sys/devices/system/edac/mc/mc0/mc_name": "x"})
    assert unknown.explain(memory, Machine(), {})["memory.ecc"].endswith("/sys/devices/system/edac/mc/mc0 does not say")


def test_container() -> None:
    """In a container the hardware is its host's; its links and its system are its own."""
    reasons = explain(Machine(system=System(container="lxc")))
    assert reasons["cpu.cores"] == reasons["drives"] == reasons["boot.errors"] == unknown.HOST
    assert reasons["links"] == "there is no /sys/class/net"
    assert reasons["boot.system_state"] == "systemctl was not asked for"


def test_virtual_machine() -> None:
    """What the host decides is the host's matter; on bare metal the kernel runs no KVM."""
    guest = explain(Machine(system=System(virtualisation="kvm", container="")))
    assert guest["system.virtualisation_support"] == "that is a matter of the host of this virtual machine"
    assert (
        explain(Machine(system=System(virtualisation="")))["system.virtualisation_support"] == "the kernel runs no KVM"
    )


def test_drives() -> None:
    """Drives of one kind share a reason; another one has its own."""
    drives = (
        Drive("sda", transport="sata", medium="hdd"),
        Drive("sdb", transport="sata", medium="hdd"),
        Drive("vda", transport="virtio"),
        Drive("sdc", transport="raid", medium="ssd", rotation_rpm=0),
    )
    said = {"drives.sdc.smart": "it is a volume"}
    root = Output(problem="needs root")
    reasons = explain(Machine(drives=drives), said, smartctl__sda=root, smartctl__sdb=root)
    assert reasons["drives.health"] == "smartctl needs root"
    assert "drives.sda.health" not in reasons
    assert reasons["drives.vda.health"] == "it is a virtual drive, which has no health of its own"
    assert reasons["drives.sdc.health"] == "it is a volume"
    assert reasons["drives.medium"] == "what is reached by virtio does not tell its medium"
    assert "drives.sdc.rotation_rpm" not in reasons
    # The wear of drives with platters is no value that is unknown.
    assert reasons["drives.wear_percent"] in ("it is a virtual drive, which has no health of its own", "it is a volume")
    assert (
        explain(Machine(drives=(Drive("x"),)))["drives.medium"]
        == "what is reached by this way does not tell its medium"
    )


def test_behind() -> None:
    """A drive behind a controller has nothing but what smartctl tells."""
    name = "/dev/bus/0 megaraid,8"
    machine = Machine(raid_drives=(Drive(name, medium="hdd"),))
    reasons = unknown.explain(Recording(commands={f"smartctl {name}": Output(0, "{}")}), machine, {})
    assert reasons["raid_drives.health"] == reasons["raid_drives.serial"] == "smartctl does not say"
    assert not {"raid_drives.id", "raid_drives.contents", "raid_drives.wear_percent"} & set(reasons)


def test_gpus() -> None:
    """Each card is known by its address; what only NVIDIA has is not unknown of others."""
    cards = (Gpu("T4", vendor="NVIDIA", pci="0000:3b:00.0"), Gpu("Arc", vendor="Intel", pci="0000:00:02.0"))
    told = {"gpus.0000:00:02.0.tensor_cores": "not counted", "gpus.0000:3b:00.0.tensor_cores": "not in the table"}
    reasons = explain(Machine(gpus=cards), told, nvidia_smi=Output(problem="is not installed"))
    assert reasons["gpus.uuid"] == reasons["gpus.serial"] == "nvidia-smi is not installed"
    assert reasons["gpus.compute_capability"] == "nvidia-smi was not asked for"
    assert {reasons["gpus.tensor_cores"], reasons["gpus.0000:00:02.0.tensor_cores"]} == {
        "not in the table",
        "not counted",
    }
    assert reasons["gpus.0000:00:02.0.vram_bytes"] == "nothing that was read tells it"
    assert "gpus.tensor_source" not in reasons


def test_no_value() -> None:
    """What has no value has no reason; modules of memory have one each."""
    machine = Machine(
        cpu=Cpu(cores=1),
        memory=Memory(modules=(MemoryModule("A1", 1, kind="DDR4"),)),
        sensors=(Sensor("Intrusion", "intrusion", status="ok"),),
    )
    reasons = explain(machine)
    assert not {"sensors.value", "sensors.unit", "cpu.base_source", "memory.source", "cpu.cores"} & set(reasons)
    assert reasons["memory.modules.A1.serial"] == "the firmware does not say"
    assert "memory.modules.A1.kind" not in reasons
