# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl shows of units, and what has to be done about it.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PROPERTIES = "Id,LoadState,ActiveState,UnitFileState,ConditionResult,ConditionTimestampMonotonic"
ENABLED = ("enabled", "enabled-runtime", "static", "alias", "generated", "indirect")


@dataclass(frozen=True)
class Unit:
    """A unit as systemd knows it."""

    name: str
    loaded: bool
    masked: bool
    active: bool
    enabled: bool
    blocked: bool  # a condition of the unit forbids it here (e.g. a clock in a container)


def parse_show(output: str, names: Iterable[str]) -> dict[str, Unit]:
    """Return each unit by the name that it was asked by; `systemctl show` answers in the same order."""
    units = {}
    blocks = [block for block in output.split("\n\n") if block.strip()]
    for name, block in zip(names, blocks):
        values = dict(line.partition("=")[::2] for line in block.strip().splitlines())
        units[name] = _unit(name, values)
    return units


def _unit(name: str, values: Mapping[str, str]) -> Unit:
    state = values.get("LoadState", "")
    tried = values.get("ConditionTimestampMonotonic", "0") not in ("", "0")
    return Unit(
        name=name,
        loaded=state == "loaded",
        masked=state == "masked" or values.get("UnitFileState", "").startswith("masked"),
        active=values.get("ActiveState") in ("active", "activating", "reloading"),
        enabled=values.get("UnitFileState") in ENABLED,
        blocked=tried and values.get("ConditionResult") == "no",
    )


def wrong(unit: Unit) -> list[str]:
    """Return in words what keeps a unit from being enabled and running."""
    if not unit.loaded and not unit.masked:
        return ["not installed"]
    words = []
    if unit.masked:
        words.append("masked")
    elif not unit.enabled:
        words.append("not enabled")
    if not unit.active and not unit.blocked:
        words.append("not running")
    return words


def said(unit: Unit) -> str:
    """Return the state of a unit in words."""
    words = wrong(unit)
    if words:
        return f"{unit.name} is {' and '.join(words)}"
    if unit.blocked and not unit.active:
        return f"{unit.name} is enabled; it cannot run here (a condition of the unit forbids it, as in a container)"
    return f"{unit.name} is enabled and running"
