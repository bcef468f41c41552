# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the hardware: configuration, serial numbers and warranty (PH-RECORD; D5.11, section 3.1).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import physical_drives

_DRIVE = "id model serial wwn firmware bytes medium transport"


def record(machine: Machine, warranty: str | None = None) -> dict[str, Any]:
    """Return what the register of hardware keeps of a machine, as plain data; null is not known.

    Only what stays the same from day to day is in it, so that two records differ by what was changed in the machine.
    Sizes are bytes, clocks MHz, powers watts.
    """
    system, cpu, memory = machine.system, machine.cpu, machine.memory
    return {
        "host": machine.host,
        "warranty": warranty,
        "system": _some(system, "vendor product version serial chassis chassis_serial"),
        "board": _some(system, "board board_serial"),
        "firmware": _some(system, "firmware_vendor firmware_version firmware_date firmware_mode"),
        "processor": _some(cpu, "model architecture sockets cores threads base_mhz"),
        "memory": {
            **_some(memory, "installed_bytes ecc slots"),
            "modules": _each(memory.modules, "slot bytes kind speed_mts manufacturer part serial"),
        },
        "gpus": _each(machine.gpus, "name pci uuid serial vram_bytes tensor_cores"),
        "drives": _each(machine.drives, _DRIVE),
        "raid_drives": _each(machine.raid_drives, _DRIVE),
        "controllers": _each(machine.controllers, "pci kind name"),
        "power_supplies": _each(machine.power_supplies, "name max_watts serial"),
        "links": _each(machine.links, "name kind mac driver"),
    }


def _some(part: Any, names: str) -> dict[str, Any]:
    return {name: getattr(part, name) for name in names.split()}


def _each(parts: Any, names: str) -> list[dict[str, Any]] | None:
    return None if parts is None else [_some(part, names) for part in parts]


def serial_gaps(machine: Machine) -> list[str]:
    """Return of which parts the serial number is not known, or the parts themselves are not."""
    drives, unseen = physical_drives(machine)
    kinds: tuple[tuple[str, Sequence[Any] | None], ...] = (
        ("systems", (machine.system,)),
        ("memory modules", machine.memory.modules),
        ("drives", None if unseen else drives),
        ("power supplies", machine.power_supplies),
    )
    gaps = []
    for kind, parts in kinds:
        missing = sum(1 for part in parts or () if not part.serial)
        if parts is None:
            gaps.append(f"all {kind}")
        elif missing:
            gaps.append(f"{missing} of {len(parts)} {kind}")
    return gaps
