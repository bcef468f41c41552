# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a management controller measures is sorted by kind, and the air of the room is told from parts."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _ipmi as ipmi
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import PowerSupply, Sensor
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

SENSORS = """Inlet Temp       | 05h | ok  |  7.1 | 22 degrees C
Exhaust Temp     | 06h | ok  |  7.1 | 31 degrees C
Temp             | 0Eh | ok  |  3.1 | 45 degrees C
01-Amb           | 10h | ok  | 55.1 | 71.50 degrees F
Humidity         | 11h | nc  |  7.1 | 65 percent
Fan1 RPM         | 30h | ok  |  7.1 | 5400 RPM
Fan 2 DutyCycle  | 31h | ok  |  7.2 | 29.40 percent
Battery level    | 32h | ok  |  7.2 | 99 percent
Pwr Consumption  | 77h | ok  |  7.1 | 224 Watts
Voltage 1        | 6Dh | ok  | 10.1 | 232 Volts
Strange          | 6Eh | ok  | 10.1 | 12 unheard
Intrusion        | 73h | ok  |  7.1 |
Chassis Intru    | AAh | ok  | 23.1 | General Chassis intrusion
PS1 Status       | 85h | ok  | 10.1 | Presence detected
PS2 Status       | 86h | ok  | 10.2 | Presence detected, Power Supply AC lost
Temp             | 0Fh | ns  |  3.2 | Disabled
Get SDR 0099 command failed
"""
FRU = """FRU Device Description : Builtin FRU Device (ID 0)
 Board Mfg             : Example
 Board Serial          : BRD0001
 Product Name          : Rack 2000

FRU Device Description : PS1 (ID 1)
 Product Manufacturer  : Example Power
 Product Serial        : PSU0001
 Power Supply Record
  Capacity                   : 750 W
  Peak VA                    : 850 VA

FRU Device Description : PS2 (ID 2)
 Board Serial          : PSU0002
 Power Supply Record
  Capacity                   : 750 W
"""
POWER = """
    Instantaneous power reading:                   214 Watts
    Power reading state is:                   activated
"""


def machine(**said: str) -> Recording:
    """Return a machine whose commands say this; three underlines stand for a blank."""
    return Recording(
        commands={name.replace("___", " ").replace("_", "-"): Output(0, text) for name, text in said.items()}
    )


def test_sensors() -> None:
    """Every kind of sensor has its value, unit and status; what cannot be read is left out."""
    assert ipmi.read_sensors(machine(ipmitool_sensors=SENSORS, ipmitool_power=POWER)) == (
        Sensor("Inlet Temp", "temperature", 22.0, "C", "ok", ambient=True),
        Sensor("Exhaust Temp", "temperature", 31.0, "C", "ok"),
        Sensor("Temp", "temperature", 45.0, "C", "ok"),
        Sensor("01-Amb", "temperature", 21.9, "C", "ok", ambient=True),
        Sensor("Humidity", "humidity", 65.0, "%", "nc"),
        Sensor("Fan1 RPM", "fan", 5400.0, "RPM", "ok"),
        Sensor("Fan 2 DutyCycle", "fan", 29.4, "%", "ok"),
        Sensor("Battery level", "other", 99.0, "%", "ok"),
        Sensor("Pwr Consumption", "power", 224.0, "W", "ok"),
        Sensor("Voltage 1", "other", 232.0, "V", "ok"),
        Sensor("Strange", "other", None, None, "12 unheard"),
        Sensor("Intrusion", "intrusion", None, None, "ok"),
        Sensor("Chassis Intru", "intrusion", None, None, "General Chassis intrusion"),
        Sensor("PS1 Status", "other", None, None, "Presence detected"),
        Sensor("PS2 Status", "other", None, None, "Presence detected, Power Supply AC lost"),
        Sensor("Power drawn (DCMI)", "power", 214.0, "W", "ok"),
    )


@pytest.mark.parametrize(
    ("name", "entity", "ambient"),
    [
        ("Ambient Temp", "7", True),
        ("Front Panel Temp", "12", True),
        ("CPU1", "3", False),
        ("Air Outlet", "55", False),
        ("T1", "64", True),
    ],
)
def test_room(name: str, entity: str, ambient: bool) -> None:
    """Air that comes in is the room's; a sensor is known by its name or by its place."""
    found = ipmi.read_sensors(machine(ipmitool_sensors=f"{name} | 01h | ok | {entity}.1 | 22 degrees C"))
    assert found is not None
    assert found[0].ambient is ambient
    fan = ipmi.read_sensors(machine(ipmitool_sensors="Air Fan | 01h | ok | 55.1 | 22 percent"))
    assert fan is not None
    assert fan[0].ambient is False


def test_not_asked() -> None:
    """Without an answer nothing is known; a controller may have no sensors."""
    assert ipmi.read_sensors(Recording()) is None
    assert ipmi.read_sensors(machine(ipmitool_sensors="")) == ()
    assert ipmi.parse_power(POWER.replace("activated", "deactivated")) is None
    assert ipmi.parse_power("    Instantaneous power reading:  7 Watts") == 7


def test_ups() -> None:
    """Each UPS is one sensor: its charge, and whether it is on line."""
    said = machine(
        upsc="rack\nother\nsilent",
        upsc___rack="battery.charge: 100\ndevice.model: Smart-UPS 1500\nups.status: OL CHRG",
        upsc___other="ups.model: X\nups.status: OB\nbattery.charge: n/a",
    )
    assert ipmi.read_sensors(said) == (
        Sensor("rack (Smart-UPS 1500)", "ups", 100.0, "%", "OL CHRG"),
        Sensor("other (X)", "ups", None, None, "OB"),
        Sensor("silent", "ups", None, None, None),
    )


def test_power_supplies() -> None:
    """What the firmware lists stands; the controller adds what it does not say."""
    said = machine(ipmitool_sensors=SENSORS, ipmitool_fru=FRU)
    listed = (PowerSupply("PSU 1", None, True, None, "S1"), PowerSupply("PSU 2", 800, True))
    assert ipmi.power_supplies(said, listed) == (
        PowerSupply("PSU 1", 750, True, "ok", "S1"),
        PowerSupply("PSU 2", 800, True, "Power Supply AC lost", "PSU0002"),
    )
    assert ipmi.power_supplies(said, None) == (
        PowerSupply("PS1", 750, True, "ok", "PSU0001"),
        PowerSupply("PS2", 750, True, "Power Supply AC lost", "PSU0002"),
    )
    assert ipmi.power_supplies(machine(ipmitool_sensors=SENSORS), None) == (
        PowerSupply("PS1 Status", None, True, "ok"),
        PowerSupply("PS2 Status", None, True, "Power Supply AC lost"),
    )


def test_power_supplies_differ() -> None:
    """Lists of different lengths are not put together."""
    listed = (PowerSupply("PSU 1"),)
    assert ipmi.power_supplies(machine(ipmitool_sensors=SENSORS, ipmitool_fru=FRU), listed) == listed
    assert ipmi.power_supplies(Recording(), None) is None
    assert ipmi.power_supplies(Recording(), ()) == ()


def test_parts() -> None:
    """A part that is no power supply has no watts."""
    assert ipmi.parse_parts(FRU)[0] == ipmi.Part("Builtin FRU Device", "BRD0001", None)
    assert ipmi.parse_parts("FRU Device Description : X (ID 9)\n") == [ipmi.Part("X", None, None)]
    assert ipmi.parse_parts("Could not open device") == []
