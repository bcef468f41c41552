# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tier_check will say of the machine that a plan describes: a plan promises what the check will ask.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Only what stands in the plan
counts, so that a plan that somebody edited is judged as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Array,
    Cpu,
    Drive,
    FileSystem,
    Gpu,
    Machine,
    Memory,
    MemoryModule,
    System,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import judge
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted

# What a plan answers; the rest of D5.11 shows only when the machine runs.
PLANNED = ("HW-CPU", "HW-RAM", "HW-GPU", "HW-PSU", "ST-OS", "ST-DATA", "ST-RAID", "ST-SPARE", "ST-GROW", "OS-PART")
_ROOM_IN = "room in "
WAYS = {"drives": "more drives", "larger": "larger drives", "node": "a second node"}


def findings(plan: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the verdicts on what a plan describes, in the order of the requirements."""
    machine, request = plan["machine"], plan["request"]
    fitted = Fitted(power_supplies=machine["supplies"], power_supply_watts=machine["supply_watts"])
    stated = Stated(
        processor_watts=machine["processor_watts"],
        staggered_spin_up=machine["staggered_start"],
        shelf_spare_bytes=0,
        free_drive_bays=plan["slots"]["free"],
        growth=", ".join(WAYS[step["kind"]] for step in plan["growth"]),
    )
    wanted = Wanted(
        request["tier"],
        date.min,  # no verdict on parts depends on the day
        request["profile"],
        request["dataset_bytes"],
        fitted,
        stated,
    )
    described = machine_of(plan)
    found = (finding for finding in judge(described, wanted) if finding.requirement in PLANNED)
    return tuple(_as_planned(finding, described.file_systems or ()) for finding in found)


def _as_planned(finding: Finding, systems: Sequence[FileSystem]) -> Finding:
    """Return a finding in the words of a plan: a partition is not yet free, and power is not yet measured."""
    if finding.requirement == "HW-PSU":
        return replace(finding, minimum=f"{finding.minimum} (estimated)")
    sizes = {f"{_ROOM_IN}{system.mount}": system.bytes for system in systems}
    size = sizes.get(finding.item.split(", ")[0])  # where several places share it, it is the first of them
    return finding if size is None else replace(finding, found=f"{human_size(size, binary=True)} planned")


def machine_of(plan: Mapping[str, Any]) -> Machine:
    """Return the machine that a plan describes, as a probe would find it."""
    machine = plan["machine"]
    drives = _drives(plan)
    return Machine(
        system=System(virtualisation="", container=""),
        cpu=Cpu(
            model=machine["processor"],
            sockets=machine["sockets"],
            cores=machine["cores"],
            threads=machine["threads"],
            base_mhz=machine["base_mhz"],
        ),
        memory=Memory(
            installed_bytes=machine["memory_bytes"],
            ecc=machine["ecc"],
            slots=machine["memory_slots"],
            modules=tuple(MemoryModule(str(number), 0) for number in range(machine["memory_modules"])),
        ),
        gpus=tuple(
            Gpu(
                gpu["name"],
                tensor_cores=gpu["tensor_cores"],
                vram_bytes=gpu["vram_bytes"],
                power_limit_watts=gpu["watts"],
            )
            for gpu in machine["gpus"]
        ),
        drives=drives,
        arrays=(_array(plan, drives),),
        controllers=(),
        power_supplies=(),
        file_systems=_file_systems(plan, drives),
    )


def _drives(plan: Mapping[str, Any]) -> tuple[Drive, ...]:
    """Return the drives, each named by its place in the plan and what it is for."""
    return tuple(
        Drive(
            "system" if drive["role"] == "system" else f"{number} {drive['role']}",
            bytes=drive["bytes"],
            medium=drive["medium"],
            transport="nvme" if drive["interface"] == "m.2" else drive["interface"],
            removable=False,
            behind_raid=False,
            holds_system=drive["role"] == "system",
            contents=(),
        )
        for number, drive in enumerate(plan["drives"], start=1)
    )


def _array(plan: Mapping[str, Any], drives: tuple[Drive, ...]) -> Array:
    array = plan["array"]
    return Array(
        array["name"],
        level=array["level"],
        state="clean",
        bytes=array["device_bytes"],
        devices=array["members"],
        active=sum(drive["role"] == "member" for drive in plan["drives"]),
        spares=array["spares"],
        failed=0,
        members=tuple(drive.name for drive in drives if not drive.holds_system),
    )


def _file_systems(plan: Mapping[str, Any], drives: tuple[Drive, ...]) -> tuple[FileSystem, ...]:
    system = tuple(drive.name for drive in drives if drive.holds_system)
    data = tuple(drive.name for drive in drives if not drive.holds_system)
    room = plan["file_system"]
    return (
        *(
            FileSystem(part["mount"], part["mount"], part["file_system"], part["bytes"], part["bytes"], system)
            for part in plan["system"]["partitions"]
            if part["mount"] != "swap"
        ),
        FileSystem(
            room["mount_point"], plan["array"]["name"], room["kind"], room["total_bytes"], room["available_bytes"], data
        ),
    )
