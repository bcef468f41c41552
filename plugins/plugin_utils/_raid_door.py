# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters over sizes and arrays have in common: how they take their input and how they refuse.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any, Callable, TypeVar

from ansible.errors import AnsibleFilterError
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, RaidError
from ansible_collections.eucaim.local_node.plugins.module_utils._size import UNITS, SizeError, parse_size

_Result = TypeVar("_Result")


def refusing(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """Return the filter, with what the maths refuses raised as an error of Ansible's."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> _Result:
        try:
            return function(*args, **kwargs)
        except (SizeError, RaidError) as error:
            raise AnsibleFilterError(f"{function.__name__}: {error}") from error

    return guarded


def raid_of(
    drives: object,
    level: str,
    spares: object = 0,
    groups: object = 0,
    layout: object = "near=2",
    hardware: object = False,
    ashift: object = 12,
    unit: str | None = None,
) -> Raid:
    """Return the array that the filter's input and options describe. Raises SizeError and RaidError."""
    if isinstance(drives, str) or not isinstance(drives, Sequence):
        raise SizeError(f"{drives!r} is no list of drives: write one size for each, such as ['4TB', '4TB']")
    return Raid(
        level,
        tuple(_drive_size(drive, unit) for drive in drives),
        spares=whole("spares", spares),
        groups=whole("groups", groups),
        layout=str(layout),
        hardware=flag("hardware", hardware),
        ashift=whole("ashift", ashift),
    )


def whole(name: str, value: object) -> int:
    """Return a count, which a template may have made text of. Raises RaidError."""
    if isinstance(value, bool) or not str(value).isdecimal():
        raise RaidError(f"{name} is {value!r}; possible: whole numbers from 0 on")
    return int(str(value))


def flag(name: str, value: object) -> bool:
    """Return a truth, which a template may have made text of. Raises RaidError."""
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise RaidError(f"{name} is {value!r}; possible: true or false")
    return found


def number(name: str, value: object) -> float:
    """Return a number, which a template may have made text of. Raises RaidError."""
    try:
        return float(str(value))
    except ValueError as error:
        raise RaidError(f"{name} is {value!r}; possible: a number, such as 1e15") from error


def _drive_size(drive: object, unit: str | None) -> int:
    """Return the bytes of a drive: text says its unit itself; a number counts in the unit that the caller named."""
    if isinstance(drive, bool) or not isinstance(drive, int):
        return parse_size(drive)
    if unit is None:
        raise SizeError(
            f"{drive} is a bare number: write the size as text with its unit, such as '4TB', "
            "or say what numbers count, such as unit='B'"
        )
    if unit not in UNITS:
        raise SizeError(f"unit is {unit!r}; possible: {', '.join(UNITS)}")
    return drive * UNITS[unit]
