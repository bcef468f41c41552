# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMART adds to what the kernel says of a drive, and shows the drives behind a controller."""

from __future__ import annotations

import json

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _drive_health as health
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

REPORT = json.dumps(
    {
        "device": {"protocol": "SCSI"},
        "model_name": "EXAMPLE EX2400",
        "serial_number": "WEX00004",
        "logical_unit_id": "0x5000c500ec3a1b2c",
        "scsi_revision": "EX02",
        "user_capacity": {"bytes": 2400476553216},
        "logical_block_size": 512,
        "physical_block_size": 4096,
        "rotation_rate": 10500,
        "smart_status": {"passed": True},
        "power_on_time": {"hours": 31417},
        "temperature": {"current": 29},
    }
)
FLASH = json.dumps({"device": {"protocol": "NVMe"}, "rotation_rate": 0, "endurance_used": {"current_percent": 4}})


def machine(**commands: Output) -> Recording:
    """Return a machine where these were asked; two underlines stand for a blank."""
    return Recording(commands={name.replace("__", " "): output for name, output in commands.items()})


def test_filled() -> None:
    """What the kernel does not know is filled, health is added, and the exit status does not matter."""
    found, problem = health.with_smart(machine(smartctl__sda=Output(4, REPORT)), Drive("sda", bytes=7, serial="S"))
    assert problem == ""
    assert found == Drive(
        name="sda",
        bytes=7,
        medium="hdd",
        model="EXAMPLE EX2400",
        serial="S",
        wwn="0x5000c500ec3a1b2c",
        firmware="EX02",
        rotation_rpm=10500,
        health="passed",
        health_reason="",
        power_on_hours=31417,
        temperature_celsius=29,
    )


def test_stands() -> None:
    """What the kernel knows stands."""
    known = Drive("sda", medium="ssd", model="M", serial="S", wwn="0x5", firmware="F", rotation_rpm=0)
    found, _problem = health.with_smart(machine(smartctl__sda=Output(0, REPORT)), known)
    assert (found.medium, found.model, found.wwn, found.firmware, found.rotation_rpm) == ("ssd", "M", "0x5", "F", 0)
    found, _problem = health.with_smart(machine(smartctl__sda=Output(0, FLASH)), Drive("sda"))
    assert (found.medium, found.wear_percent) == ("ssd", 4)


@pytest.mark.parametrize(
    ("commands", "behind", "problem"),
    [
        ({}, False, ""),
        ({"smartctl__sda": Output(problem="needs root")}, False, ""),
        (
            {"smartctl__sda": Output(2, "Smartctl open device: /dev/sda failed: No such device")},
            False,
            "Smartctl open device: /dev/sda failed: No such device",
        ),
        ({"smartctl__sda": Output(0, REPORT)}, True, "it is a volume of a hardware RAID controller, and no drive"),
    ],
)
def test_silent(commands: dict[str, Output], behind: bool, problem: str) -> None:
    """A drive of which SMART says nothing stays as it is, and so does a volume."""
    drive = Drive("sda", behind_raid=behind)
    assert health.with_smart(machine(**commands), drive) == (drive, problem)


def test_behind() -> None:
    """Drives behind a controller have smartctl's name, and no kernel's."""
    asked = {
        "smartctl sda": Output(0, REPORT),
        "smartctl /dev/bus/0 megaraid,8": Output(0, REPORT),
        "smartctl /dev/bus/0 megaraid,9": Output(0, FLASH),
        "smartctl /dev/bus/0 megaraid,10": Output(2, "{}"),
    }
    first, second, third = health.drives_behind(Recording(commands=asked))
    assert first == Drive(
        name="/dev/bus/0 megaraid,8",
        bytes=2400476553216,
        medium="hdd",
        transport="sas",
        model="EXAMPLE EX2400",
        serial="WEX00004",
        wwn="0x5000c500ec3a1b2c",
        firmware="EX02",
        rotation_rpm=10500,
        logical_sector=512,
        physical_sector=4096,
        removable=False,
        health="passed",
        health_reason="",
        power_on_hours=31417,
        temperature_celsius=29,
        behind_raid=True,
    )
    assert (second.medium, second.transport, second.wear_percent) == ("ssd", "nvme", 4)
    assert (third.medium, third.transport) == (None, None)
