# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of a machine, checked and typed: its order, what no program sees, and waivers.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._answers import check_waivers, waivers_from
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._size import SizeError, parse_size
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    DIRECTIONS,
    Finding,
    Fitted,
    Stated,
    Wanted,
)

# What a key of an option is of: the requirement that it is for.
FITTED = {
    "drives": "OS-BOOT",
    "links": "OS-BOOT",
    "sockets": "OS-BOOT",
    "power_supplies": "HW-PSU",
    "power_supply_watts": "HW-PSU",
}
STATED = {
    "processor_watts": "HW-PSU",
    "free_drive_bays": "ST-GROW",
    "line_down_mbps": "NET-RATE",
    "line_up_mbps": "NET-RATE",
}
HOW_TO_WRITE = "write a number and its unit, such as 4TB of drives or 128GB of memory"


def wanted_from(options: Mapping[str, Any], today: date) -> tuple[Wanted, list[Refusal]]:
    """Return what a machine is judged against, and why the options cannot be taken.

    The options have passed their spec: types and choices are right. Only an answer without refusals may be used.
    """
    refusals: list[Refusal] = []
    fitted, stated = (_given(options.get(name)) for name in ("fitted", "stated"))
    memory = _size("OS-BOOT", "fitted.memory", fitted.pop("memory", None), refusals)
    shelf = _size("ST-SPARE", "stated.shelf_spare", stated.pop("shelf_spare", None), refusals)
    dataset = _size("ST-DATA", "dataset_size", options.get("dataset_size"), refusals)
    if dataset == 0:
        needed = "more than nothing"
        refusals.append(Refusal("ST-DATA", "dataset_size", shown(options["dataset_size"]), needed, HOW_TO_WRITE))
    refusals += _negative("fitted", fitted, FITTED) + _negative("stated", stated, STATED)
    waivers = options.get("waivers") or []
    faults = check_waivers("waivers", waivers)
    wanted = Wanted(
        tier=options["tier"],
        today=today,
        profile=options["profile"],
        dataset_bytes=dataset,
        fitted=Fitted(memory_bytes=memory, **fitted),
        stated=Stated(shelf_spare_bytes=shelf, **stated),
        waivers=() if faults else tuple(waivers_from(waivers)),
        line=tuple(
            Finding(**each)
            for each in options.get("network") or ()
            if each["requirement"] == "NET-RATE" and each["item"] in DIRECTIONS
        ),
    )
    return wanted, [*refusals, *faults]


def _given(option: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is stated in an option; a key without a value, or with an empty text, is not."""
    return {name: value for name, value in (option or {}).items() if value is not None and value != ""}


def _size(requirement: str, variable: str, value: Any, refusals: list[Refusal]) -> int | None:
    """Return a size in bytes, None if none is given or it is refused."""
    if value is None or value == "":
        return None
    try:
        return parse_size(value)
    except SizeError as error:
        refusals.append(Refusal(requirement, variable, shown(value), str(error), HOW_TO_WRITE))
        return None


def _negative(variable: str, values: Mapping[str, Any], requirements: Mapping[str, str]) -> list[Refusal]:
    return [
        Refusal(requirement, f"{variable}.{name}", shown(values[name]), "0 or more", "correct it, or leave it out")
        for name, requirement in requirements.items()
        if values.get(name, 0) < 0
    ]
