# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case, board, firmware and power supplies by what the firmware says, and the whole machine from one report.

Private to this collection: nothing outside may import it. Pure: tables in, data out.
"""

from __future__ import annotations

import re
from datetime import date

from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, Structure
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_cpu import dmi_cpu
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_memory import dmi_memory
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import Names, hypervisor, real_name
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine, PowerSupply, System

_NOTHING = Structure("", -1, {})
_VIRTUAL = "System is a virtual machine"  # a bit of type 0
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b|(\d{1,2})/(\d{1,2})/(\d\d)\b|(\d{4})-(\d\d)-(\d\d)\b")
_CENTURY = 80  # two-digit years below it are of this one
_MOST_WATTS = 5000  # of one supply that fits into a rack


def dmi_system(dmi: Dmi) -> tuple[System, dict[str, str]]:
    """Return case, board and firmware, and why system.virtualisation is not known; an unknown name is only None."""
    firmware, system = dmi.firmware or _NOTHING, dmi.system or _NOTHING
    board, chassis = dmi.board or _NOTHING, dmi.chassis or _NOTHING
    virtualisation, fault = _virtualisation(dmi)
    names = [name for name in map(real_name, (board.text("Manufacturer"), board.text("Product Name"))) if name]
    return System(
        vendor=real_name(system.text("Manufacturer")),
        product=real_name(system.text("Product Name")),
        version=real_name(system.text("Version")),
        serial=real_name(system.text("Serial Number")),
        board=" ".join(names) or None,
        board_serial=real_name(board.text("Serial Number")),
        chassis=real_name(chassis.text("Type")),
        chassis_serial=real_name(chassis.text("Serial Number")),
        firmware_vendor=real_name(firmware.text("Vendor")),
        firmware_version=real_name(firmware.text("Version")),
        firmware_date=iso_date(firmware.text("Release Date")),
        virtualisation=virtualisation,
    ), {"system.virtualisation": fault} if fault else {}


def dmi_power_supplies(dmi: Dmi) -> tuple[PowerSupply, ...] | None:
    """Return the power supplies of type 39; None if there are none, since most firmware leaves them out."""
    return tuple(map(_power_supply, dmi.power)) or None


def dmi_machine(dmi: Dmi) -> Machine:
    """Return all that one report says of a machine."""
    system, unknown = dmi_system(dmi)
    cpu, unknown_cpu = dmi_cpu(dmi, virtual=bool(system.virtualisation))
    memory, unknown_memory = dmi_memory(dmi, system.virtualisation)
    unknown = {**unknown, **unknown_cpu, **unknown_memory}
    supplies = dmi_power_supplies(dmi)
    if supplies is None:
        unknown["power_supplies"] = "the firmware lists none"
    return Machine(system=system, cpu=cpu, memory=memory, power_supplies=supplies, unknown=unknown)


def iso_date(text: str) -> str | None:
    """Return the day in "05/22/2018" (month first, as the specification wants) as 2018-05-22, None if it is none."""
    found = _DATE.match(text)
    if not found:
        return None
    month, day, year, old_month, old_day, old_year, iso_year, iso_month, iso_day = found.groups()
    if old_year:
        month, day, year = old_month, old_day, f"{20 if int(old_year) < _CENTURY else 19}{old_year}"
    try:
        return date(int(year or iso_year), int(month or iso_month), int(day or iso_day)).isoformat()
    except ValueError:
        return None


def _virtualisation(dmi: Dmi) -> tuple[str | None, str]:
    """Return what kind of virtual machine this is, "" for none; None and why if the firmware leaves that open."""
    if not dmi.system:
        return None, dmi.cut or "dmidecode does not name the machine"
    firmware, board = dmi.firmware or _NOTHING, dmi.board or _NOTHING
    makers = [one.manufacturer for one in dmi.processors] + [one.manufacturer for one in dmi.devices]
    kind = hypervisor(
        Names(
            firmware=firmware.text("Vendor"),
            product=f"{dmi.system.text('Manufacturer')} {dmi.system.text('Product Name')}",
            board=f"{board.text('Manufacturer')} {board.text('Product Name')}",
            parts=tuple(makers),
        )
    )
    if not kind and _VIRTUAL in firmware.items:
        return None, "the firmware says virtual machine, yet names no hypervisor: a few real boards do that"
    return kind, ""


def _power_supply(one: Structure) -> PowerSupply:
    status = one.text("Status")
    watts = one.number("Max Power Capacity") or 0
    hot = one.text("Hot Replaceable")
    return PowerSupply(
        name=real_name(one.text("Name"))
        or real_name(one.text("Location"))
        or real_name(one.text("Model Part Number"))
        or "power supply",
        max_watts=watts if 0 < watts <= _MOST_WATTS else None,
        present={"Present": True, "Not Present": False}.get(status.partition(",")[0]),
        status=real_name(status.partition(", ")[2]),
        serial=real_name(one.text("Serial Number")),
        hot_swap={"Yes": True, "No": False}.get(hot),
    )
