# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the hardware: whole, steady from day to day, and honest about serial numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine, PowerSupply
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_record import record, serial_gaps
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    DATA,
    GIB,
    GOOD,
    SYSTEM,
    changed,
    data_drive,
)


def test_the_record_names_every_part() -> None:
    found = record(GOOD, "until 2031")
    assert found["host"] == "node"
    assert found["warranty"] == "until 2031"
    assert found["system"] == {
        "vendor": "Maker",
        "product": "Server",
        "version": None,
        "serial": "ABC",
        "chassis": None,
        "chassis_serial": None,
    }
    assert found["processor"]["cores"] == 32
    assert found["memory"]["installed_bytes"] == 128 * GIB
    assert [module["serial"] for module in found["memory"]["modules"]] == ["M0", "M1", "M2", "M3"]
    assert [drive["serial"] for drive in found["drives"]] == ["S0", *(drive.serial for drive in DATA)]
    assert [gpu["serial"] for gpu in found["gpus"]] == ["1320"]
    assert [supply["serial"] for supply in found["power_supplies"]] == ["P1", "P2"]
    assert [link["name"] for link in found["links"]] == ["bond0", "eno1", "eno2"]
    assert found["raid_drives"] == []
    assert [card["name"] for card in found["controllers"]] == ["Host adapter"]
    assert json.loads(json.dumps(found)) == found


def test_the_record_does_not_change_with_what_changes_by_itself() -> None:
    later = replace(
        changed("boot", failed_units=("a.service",)),
        at="2026-03-02T00:00:00Z",
        drives=tuple(replace(drive, name=f"x{drive.name}", temperature_celsius=40) for drive in GOOD.drives or ()),
        sensors=(),
        file_systems=(),
    )
    assert record(later) == record(GOOD)


def test_unknown_parts_are_null_in_the_record() -> None:
    found = record(Machine())
    assert found["drives"] is None
    assert found["memory"]["modules"] is None
    assert found["warranty"] is None


@pytest.mark.parametrize(
    ("machine", "gaps"),
    [
        (GOOD, []),
        (Machine(), ["1 of 1 systems", "all memory modules", "all drives", "all power supplies"]),
        (changed("system", serial=""), ["1 of 1 systems"]),
        (replace(GOOD, drives=(SYSTEM, data_drive("sda", serial=None))), ["1 of 2 drives"]),
        (replace(GOOD, drives=(SYSTEM, data_drive("sda", serial=None, behind_raid=True))), ["all drives"]),
        (replace(GOOD, drives=(data_drive("sda", serial=None, behind_raid=True),), raid_drives=(SYSTEM,)), []),
        (replace(GOOD, raid_drives=(replace(SYSTEM, serial=None),)), ["1 of 8 drives"]),
        (replace(GOOD, power_supplies=(PowerSupply("PS1"), PowerSupply("PS2"))), ["2 of 2 power supplies"]),
        (replace(GOOD, power_supplies=(), drives=()), []),
    ],
)
def test_gaps_are_named(machine: Machine, gaps: list[str]) -> None:
    assert serial_gaps(machine) == gaps
