# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read of a machine to what is known of it.

Private to this collection: nothing outside may import it. Pure: a Recording in, a Machine out.

Where several sources tell the same, the nearest to the hardware that runs comes first: the kernel counts processors
that work, the firmware lists what is fitted. What nothing tells is None, and _hardware_unknown says why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from ansible_collections.eucaim.local_node.plugins.module_utils import _environment as environment
from ansible_collections.eucaim.local_node.plugins.module_utils._arrays import read_arrays
from ansible_collections.eucaim.local_node.plugins.module_utils._block import read_drives
from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import Blocks
from ansible_collections.eucaim.local_node.plugins.module_utils._boot import read_boot
from ansible_collections.eucaim.local_node.plugins.module_utils._cpu_name import named_mhz
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, DmiError, parse_dmi
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_cpu import dmi_cpu
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_memory import dmi_memory
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import real_name
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_system import (
    dmi_power_supplies,
    dmi_system,
    iso_date,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._drive_health import drives_behind, with_smart
from ansible_collections.eucaim.local_node.plugins.module_utils._gpu import read_gpus
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Boot,
    Cpu,
    Drive,
    Machine,
    Memory,
    System,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_unknown import explain
from ansible_collections.eucaim.local_node.plugins.module_utils._ipmi import power_supplies, read_sensors
from ansible_collections.eucaim.local_node.plugins.module_utils._links import read_links
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import LscpuError, parse_lscpu
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu_cpu import lscpu_cpu
from ansible_collections.eucaim.local_node.plugins.module_utils._pci import read_controllers
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording
from ansible_collections.eucaim.local_node.plugins.module_utils._topology import read_topology

_ARM = ("aarch64", "armv6l", "armv7l", "armv8l")
EDAC = "/sys/devices/system/edac/mc"
_NO_TABLES = Dmi(None, None, None, None, (), (), (), (), 0)
# Chassis types of the SMBIOS specification (7.4.1) in dmidecode's words, those that a node may have.
_CHASSIS = {
    1: "Other",
    3: "Desktop",
    4: "Low Profile Desktop",
    5: "Pizza Box",
    6: "Mini Tower",
    7: "Tower",
    8: "Portable",
    9: "Laptop",
    10: "Notebook",
    13: "All In One",
    15: "Space-saving",
    17: "Main Server Chassis",
    23: "Rack Mount Chassis",
    25: "Multi-system",
    28: "Blade",
    29: "Blade Enclosing",
    35: "Mini PC",
}


def read_machine(recording: Recording) -> Machine:
    """Return what is known of a recorded machine, with the reason for everything that is not known."""
    reasons: dict[str, str] = {}
    dmi = _tables(recording, reasons)
    system = _system(recording, dmi, reasons)
    virtual = bool(system.virtualisation)
    gpus, without_cores = read_gpus(recording)
    reasons.update({f"gpus.{pci}.tensor_cores": reason for pci, reason in without_cores.items()})
    drives, behind = _drives(recording, system, reasons)
    machine = Machine(
        host=recording.facts.get("host"),
        at=recording.facts.get("at"),
        os_name=environment.os_name(recording),
        kernel=recording.facts.get("kernel"),
        system=system,
        cpu=_cpu(recording, dmi, virtual, reasons),
        memory=_memory(recording, dmi, system.virtualisation, reasons),
        gpus=gpus,
        drives=drives,
        raid_drives=behind,
        arrays=read_arrays(recording),
        controllers=read_controllers(recording),
        power_supplies=power_supplies(recording, () if virtual and dmi.system else dmi_power_supplies(dmi)),
        links=read_links(recording),
        file_systems=None if system.container else Blocks(recording).file_systems(),
        sensors=read_sensors(recording),
        boot=_boot(recording, system),
    )
    unknown = explain(recording, machine, reasons)
    if machine.memory.ecc is None:
        machine = replace(machine, memory=replace(machine.memory, ecc_reason=unknown["memory.ecc"]))
    return replace(machine, unknown=unknown)


def _tables(recording: Recording, reasons: dict[str, str]) -> Dmi:
    """Return the firmware's tables; empty ones if there are none."""
    output = recording.commands.get("dmidecode")
    if output is None or output.problem:
        return _NO_TABLES
    try:
        return parse_dmi(output.stdout if output.rc == 0 else f"{output.stdout}\n{output.stderr}")
    except DmiError as error:
        reasons["dmidecode"] = str(error)
        return _NO_TABLES


def _system(recording: Recording, dmi: Dmi, reasons: dict[str, str]) -> System:
    """Return case, board and firmware; what root alone may read from the tables is filled as far as anyone may."""
    told, unknown = dmi_system(dmi)
    kind = environment.virtualisation(recording)
    if kind is None:
        kind = told.virtualisation
        reasons.update(unknown if dmi.system else {})
    shown = _shown(recording)
    filled = {one.name: getattr(told, one.name) or getattr(shown, one.name) for one in fields(System)}
    return replace(
        System(**filled),
        firmware_mode=environment.firmware_mode(recording),
        secure_boot=environment.secure_boot(recording),
        virtualisation=kind,
        container=environment.container(recording),
        virtualisation_support=environment.virtualisation_support(recording, bool(kind)),
    )


def _shown(recording: Recording) -> System:
    """Return what the kernel shows of the firmware's tables without dmidecode; serial numbers are for root."""

    def named(name: str) -> str | None:
        return real_name(recording.read(f"{environment.DMI}/{name}") or "")

    board = [name for name in (named("board_vendor"), named("board_name")) if name]
    return System(
        vendor=named("sys_vendor"),
        product=named("product_name") or real_name(recording.read("/sys/firmware/devicetree/base/model") or ""),
        version=named("product_version"),
        serial=named("product_serial"),
        board=" ".join(board) or None,
        board_serial=named("board_serial"),
        chassis=_CHASSIS.get(recording.number(f"{environment.DMI}/chassis_type") or 0),
        chassis_serial=named("chassis_serial"),
        firmware_vendor=named("bios_vendor"),
        firmware_version=named("bios_version"),
        firmware_date=iso_date(recording.read(f"{environment.DMI}/bios_date") or ""),
    )


def _cpu(recording: Recording, dmi: Dmi, virtual: bool, reasons: dict[str, str]) -> Cpu:
    counted = read_topology(recording)
    told, unknown = dmi_cpu(dmi, virtual)
    if dmi.processors:
        reasons.update(unknown)
    named = re.search(r"^model name\s*:\s*(.+)$", recording.said("cpuinfo") or "", re.MULTILINE)
    listed = _listed(recording)
    model = (named[1].strip() if named else None) or told.model or listed.model
    arch = recording.facts.get("arch")
    sockets = counted.sockets or told.sockets
    if arch in _ARM and counted.sockets != 1:
        # Device trees give clusters where others give sockets; the firmware does not, and lscpu is careful.
        sockets = told.sockets or listed.sockets
    base, source = counted.base_mhz, counted.base_source
    if base is None and (base := named_mhz(model or "")) is not None:
        source = "the model name"
    if base is None:
        base, source = told.base_mhz, told.base_source
    return Cpu(
        model=model,
        architecture=arch,
        sockets=sockets,
        cores=counted.cores or told.cores,
        threads=counted.threads or told.threads,
        base_mhz=base,
        base_source=source,
        max_mhz=counted.max_mhz or told.max_mhz,
        hybrid=told.hybrid if counted.hybrid is None else counted.hybrid,
        fitted_sockets=told.fitted_sockets,
    )


def _listed(recording: Recording) -> Cpu:
    """Return what lscpu lists; it knows the model names of ARM processors."""
    try:
        return lscpu_cpu(parse_lscpu(recording.said("lscpu") or ""))[0]
    except LscpuError:
        return Cpu()


def _memory(recording: Recording, dmi: Dmi, virtualisation: str | None, reasons: dict[str, str]) -> Memory:
    memory, unknown = dmi_memory(dmi, virtualisation)
    if dmi.devices:
        reasons.update(unknown)
    elif virtualisation:
        reasons["memory.ecc"] = unknown["memory.ecc"]
    usable = re.search(r"^MemTotal:\s*(\d+) kB$", recording.files.get("/proc/meminfo", ""), re.MULTILINE)
    memory = replace(memory, usable_bytes=int(usable[1]) * 1024 if usable else None)
    if memory.installed_bytes is None:
        online = re.findall(r"^Total (?:online|offline) memory:\s*(\d+)$", recording.said("lsmem") or "", re.MULTILINE)
        if online:
            memory = replace(memory, installed_bytes=sum(map(int, online)), source="the kernel's memory blocks (lsmem)")
    return memory if virtualisation else _with_edac(recording, memory, reasons)


def _with_edac(recording: Recording, memory: Memory, reasons: dict[str, str]) -> Memory:
    """Return the memory with what the kernel's driver for the memory controller says of error correction."""
    modes = {
        mode
        for controller in recording.below(EDAC)
        for module in recording.below(f"{EDAC}/{controller}")
        if (mode := recording.read(f"{EDAC}/{controller}/{module}/dimm_edac_mode"))
    }
    name = recording.read(f"{EDAC}/mc0/mc_name")
    if not modes or not all(re.fullmatch(r"SECDED|S\d+ECD\d+ED|EC", mode) for mode in modes):
        return memory
    said = f"the kernel's driver reads {', '.join(sorted(modes))} from the memory controller {name or ''}".rstrip()
    if memory.ecc is False:
        reasons["memory.ecc"] = f"{memory.ecc_reason}, yet {said}"
        return replace(memory, ecc=None, ecc_reason=reasons["memory.ecc"])
    firmware = f"{memory.ecc_reason}; " if memory.ecc else ""
    return replace(memory, ecc=True, ecc_reason=firmware + said)


def _drives(
    recording: Recording, system: System, reasons: dict[str, str]
) -> tuple[tuple[Drive, ...] | None, tuple[Drive, ...] | None]:
    """Return the drives, and those behind hardware RAID controllers."""
    drives = read_drives(recording, bool(system.virtualisation))
    if drives is None:
        return None, None
    if system.container:
        # What is mounted, and what the device files hold, is seen on the host alone.
        drives = tuple(replace(drive, holds_system=None, contents=None) for drive in drives)
    found = []
    for drive in drives:
        filled, problem = with_smart(recording, drive)
        if problem:
            reasons[f"drives.{drive.name}.smart"] = problem
        found.append(filled)
    return _behind(recording, found)


def _behind(recording: Recording, drives: Sequence[Drive]) -> tuple[tuple[Drive, ...], tuple[Drive, ...] | None]:
    """Return the drives, and those behind a hardware RAID controller, which tell the medium if all have the same."""
    behind = drives_behind(recording)
    volumes = [drive for drive in drives if drive.behind_raid]
    if not behind:
        return tuple(drives), None if volumes else ()
    media = {drive.medium for drive in behind}
    medium = media.pop() if len(media) == 1 else None
    return tuple(
        replace(drive, medium=medium) if drive.behind_raid and drive.medium is None else drive for drive in drives
    ), behind


def _boot(recording: Recording, system: System) -> Boot:
    boot = read_boot(recording)
    return replace(boot, errors=None) if system.container else boot
