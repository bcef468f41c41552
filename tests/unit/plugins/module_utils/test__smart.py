# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report of smartctl is read in both of its forms, for each kind of drive; all reports here are synthetic."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _smart as smart
from hypothesis import given
from hypothesis import strategies as st

HEAD = "smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)\n\n=== START OF INFORMATION SECTION ===\n"

HDD = (
    HEAD
    + """Model Family:     Example Enterprise
Device Model:     EXAMPLE EX4000NM0001-ZM170
Serial Number:    ZEX00001
LU WWN Device Id: 5 000c50 0a1b2c3d4
Firmware Version: EX05
User Capacity:    4,000,787,030,016 bytes [4.00 TB]
Sector Sizes:     512 bytes logical, 4096 bytes physical
Rotation Rate:    7200 rpm
ATA Version is:   ACS-3 T13/2161-D revision 5
SMART support is: Enabled

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

ID# ATTRIBUTE_NAME          FLAGS    VALUE WORST THRESH FAIL RAW_VALUE
  1 Raw_Read_Error_Rate     POSR--   077   063   044    -    54275621
  5 Reallocated_Sector_Ct   PO--CK   100   100   010    -    8
  9 Power_On_Hours          -O--CK   059   059   000    -    36513h+10m+20.123s
194 Temperature_Celsius     -O---K   031   045   000    -    31 (0 18 0 0 0)
197 Current_Pending_Sector  -O--C-   100   100   000    -    2
198 Offline_Uncorrectable   ----C-   100   100   000    -    0
233 Media_Wearout_Indicator -O----   093   093   000    -    0
"""
)

SSD = (
    HEAD
    + """Device Model:     EXAMPLE SSD 480
Serial Number:    SEX00002
Firmware Version: GXT5404Q
User Capacity:    480,103,981,056 bytes [480 GB]
Sector Size:      512 bytes logical/physical
Rotation Rate:    Solid State Device
ATA Version is:   ACS-4 T13/BSR INCITS 529 revision 5
SMART overall-health self-assessment test result: FAILED!
Drive failure expected in less than 24 hours. SAVE ALL DATA.

ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   001   001   010    Pre-fail  Always   FAILING_NOW 4100
  9 Power_On_Hours          0x0032   095   095   000    Old_age   Always       -       21000
177 Wear_Leveling_Count     0x0013   094   094   000    Pre-fail  Always       -       96
190 Airflow_Temperature_Cel 0x0032   066   048   000    Old_age   Always       -       34
Current Temperature:                    0 Celsius
0x01  0x010  4           21007  ---  Power-on Hours
0x07  0x008  1               6  N--  Percentage Used Endurance Indicator
"""
)

NVME = (
    HEAD
    + """Model Number:                       EXAMPLE NVMe 3.84TB
Serial Number:                      NEX00003
Firmware Version:                   2.1.2
Total NVM Capacity:                 3,840,755,982,336 [3.84 TB]
Namespace 1 Size/Capacity:          3,840,755,982,336 [3.84 TB]
Namespace 1 Formatted LBA Size:     512

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

Critical Warning:                   0x06
Temperature:                        34 Celsius
Available Spare:                    100%
Percentage Used:                    104%
Power On Hours:                     5,959
Media and Data Integrity Errors:    3
"""
)

SAS = (
    HEAD
    + """Vendor:               EXAMPLE
Product:              EX2400MM0129
Revision:             EX02
User Capacity:        2,400,476,553,216 bytes [2.40 TB]
Logical block size:   512 bytes
Physical block size:  4096 bytes
Rotation Rate:        10500 rpm
Logical Unit id:      0x5000c500ec3a1b2c
Serial number:        WEX00004
Transport protocol:   SAS (SPL-4)
=== START OF READ SMART DATA SECTION ===
SMART Health Status: OK

Current Drive Temperature:     29 C
Accumulated power on time, hours:minutes 31417:52
Elements in grown defect list: 1
"""
)


def test_platters() -> None:
    """A SATA drive with platters tells everything but wear, which it has not."""
    assert smart.parse_smart(HDD) == smart.Smart(
        protocol="ata",
        model="EXAMPLE EX4000NM0001-ZM170",
        serial="ZEX00001",
        wwn="0x5000c500a1b2c3d4",
        firmware="EX05",
        bytes=4000787030016,
        logical_sector=512,
        physical_sector=4096,
        rotation_rpm=7200,
        health="passed",
        health_reason="8 reallocated sectors, 2 pending sectors",
        wear_percent=None,
        power_on_hours=36513,
        temperature_celsius=31,
    )


def test_solid_state() -> None:
    """A drive that fails says so and why; its statistics count more than its attributes."""
    found = smart.parse_smart(SSD)
    assert (found.protocol, found.rotation_rpm, found.wwn) == ("ata", 0, None)
    assert (found.logical_sector, found.physical_sector) == (512, 512)
    assert found.health == "failed"
    assert found.health_reason == "Reallocated_Sector_Ct is below its threshold, 4100 reallocated sectors"
    assert (found.wear_percent, found.power_on_hours) == (6, 21007)
    assert found.temperature_celsius is None
    without = smart.parse_smart(SSD.replace("0x07", "0x17").replace("0x01  0x010", "0x01  0x018"))
    assert (without.wear_percent, without.power_on_hours) == (6, 21000)
    assert smart.parse_smart(SSD.replace("   094   094", "   ---   094").replace("0x07", "0x17")).wear_percent is None


def test_temperatures() -> None:
    """The first sensor that there is counts: the drive's status, its statistics, its attributes."""
    found = SSD.replace("Current Temperature:                    0 Celsius\n", "")
    assert smart.parse_smart(found).temperature_celsius == 34
    assert (
        smart.parse_smart(found + "0x05  0x008  1              33  ---  Current Temperature").temperature_celsius == 33
    )
    assert smart.parse_smart(found.replace("190 Airflow", "191 Airflow")).temperature_celsius is None
    assert smart.parse_smart(found.replace("       34", "       255")).temperature_celsius is None


def test_nvme() -> None:
    """An NVMe drive may be used beyond what it was rated for, and warns in bits."""
    assert smart.parse_smart(NVME) == smart.Smart(
        protocol="nvme",
        model="EXAMPLE NVMe 3.84TB",
        serial="NEX00003",
        firmware="2.1.2",
        bytes=3840755982336,
        logical_sector=512,
        rotation_rpm=0,
        health="passed",
        health_reason="temperature out of range, reliability degraded, 3 media errors",
        wear_percent=104,
        power_on_hours=5959,
        temperature_celsius=34,
    )


def test_sas() -> None:
    """A SAS drive has other words for the same."""
    assert smart.parse_smart(SAS) == smart.Smart(
        protocol="scsi",
        model="EXAMPLE EX2400MM0129",
        serial="WEX00004",
        wwn="0x5000c500ec3a1b2c",
        firmware="EX02",
        bytes=2400476553216,
        logical_sector=512,
        physical_sector=4096,
        rotation_rpm=10500,
        health="passed",
        health_reason="1 grown defects",
        power_on_hours=31417,
        temperature_celsius=29,
    )
    failing = smart.parse_smart(SAS.replace("Status: OK", "Status: FAILURE PREDICTION THRESHOLD EXCEEDED [asc=5d]"))
    assert failing.health == "failed"
    assert failing.health_reason == "FAILURE PREDICTION THRESHOLD EXCEEDED [asc=5d], 1 grown defects"
    worn = smart.parse_smart(
        SAS.replace("10500 rpm", "Solid State Device") + "Percentage used endurance indicator: 3%\n"
    )
    assert (worn.rotation_rpm, worn.wear_percent) == (0, 3)


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ("Power_On_Hours          -O--CK   059   059   000    -    930929h+00m+00.000s", None),
        ("Power_On_Minutes        -O--CK   059   059   000    -    600", None),
        ("Power_On_Hours_and_Msec -O--CK   059   059   000    -    1234h+11m+03.240s", 1234),
    ],
)
def test_hours(hours: str, found: int | None) -> None:
    """Other units, and more than a drive can have lived, are no hours."""
    text = HDD.replace("Power_On_Hours          -O--CK   059   059   000    -    36513h+10m+20.123s", hours)
    assert smart.parse_smart(text).power_on_hours == found
    assert smart.parse_smart(HDD.replace("  9 Power", " 10 Power")).power_on_hours is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "smartctl said nothing"),
        (
            "smartctl 7.3\nSmartctl open device: /dev/sda failed: No such device\n",
            "Smartctl open device: /dev/sda failed: No such device",
        ),
        ('{"smartctl": {"exit_st', "the report of smartctl is cut off"),
        (
            '{"smartctl": {"messages": [{"string": "open failed", "severity": "error"}, {"severity": "error"}]}}',
            "open failed",
        ),
    ],
)
def test_no_report(text: str, problem: str) -> None:
    """What is no report says why, and nothing else."""
    assert smart.parse_smart(text) == smart.Smart(problem=problem)


def as_json(**more: Any) -> str:
    """Return a report in JSON."""
    return json.dumps({"json_format_version": [1, 0], **more})


def test_json_of_platters() -> None:
    """The same drive tells the same in JSON."""
    attributes = [
        {"id": 5, "name": "Reallocated_Sector_Ct", "value": 100, "when_failed": "", "raw": {"value": 8}},
        {"id": 197, "name": "Current_Pending_Sector", "value": 100, "when_failed": "", "raw": {"value": 2}},
        {"id": 198, "name": "Offline_Uncorrectable", "value": 100, "when_failed": "", "raw": {"value": 1 << 40}},
        {"id": 177, "name": "Wear_Leveling_Count", "value": 94, "when_failed": "", "raw": {"value": 96}},
    ]
    report = as_json(
        device={"protocol": "ATA"},
        model_name="EXAMPLE EX4000NM0001-ZM170",
        serial_number="ZEX00001",
        wwn={"naa": 5, "oui": 0xC50, "id": 0x0A1B2C3D4},
        firmware_version="EX05",
        user_capacity={"bytes": 4000787030016},
        logical_block_size=512,
        physical_block_size=4096,
        rotation_rate=7200,
        smart_status={"passed": True},
        ata_smart_attributes={"table": attributes},
        power_on_time={"hours": 36513, "minutes": 10},
        temperature={"current": 31},
    )
    assert smart.parse_smart(report) == smart.parse_smart(HDD)


@pytest.mark.parametrize(
    ("more", "wear"),
    [
        ({"nvme_smart_health_information_log": {"percentage_used": 12}}, 12),
        ({"scsi_percentage_used_endurance_indicator": 13}, 13),
        ({"endurance_used": {"current_percent": 14}}, 14),
        (
            {
                "ata_device_statistics": {
                    "pages": [
                        {"number": 1, "table": [{"offset": 8, "value": 99}]},
                        {"number": 7, "table": [{"offset": 8, "value": 15, "flags": {"valid": True}}]},
                    ]
                }
            },
            15,
        ),
        (
            {
                "ata_device_statistics": {
                    "pages": [{"number": 7, "table": [{"offset": 8, "value": 15, "flags": {"valid": False}}]}]
                }
            },
            None,
        ),
        (
            {
                "ata_smart_attributes": {
                    "table": [
                        {"id": 9, "name": "Power_On_Hours", "value": 1},
                        {"id": 202, "name": "Percent_Lifetime_Remain", "value": 84},
                    ]
                }
            },
            16,
        ),
        ({"ata_smart_attributes": {"table": [{"id": 202, "name": "Unknown_SSD_Attribute", "value": 84}]}}, None),
        ({"nvme_smart_health_information_log": {"percentage_used": 300}}, None),
    ],
)
def test_json_wear(more: dict[str, Any], wear: int | None) -> None:
    """Wear has several sources, of which the first counts."""
    assert smart.parse_smart(as_json(rotation_rate=0, **more)).wear_percent == wear


def test_json_health() -> None:
    """A drive that fails says why; without a verdict there is no reason either."""
    table = [{"id": 5, "name": "Reallocated_Sector_Ct", "value": 1, "when_failed": "now", "raw": {"value": 4100}}]
    failed = smart.parse_smart(as_json(smart_status={"passed": False}, ata_smart_attributes={"table": table}))
    assert failed.health == "failed"
    assert failed.health_reason == "Reallocated_Sector_Ct is below its threshold, 4100 reallocated sectors"
    log = {"critical_warning": 8, "media_errors": 2}
    worn = smart.parse_smart(as_json(smart_status={"passed": False}, nvme_smart_health_information_log=log))
    assert worn.health_reason == "read-only, 2 media errors"
    status = {"passed": False, "scsi": {"ie_string": "FAILURE PREDICTION THRESHOLD EXCEEDED"}}
    assert smart.parse_smart(as_json(smart_status=status, scsi_grown_defect_list=5)).health_reason == (
        "FAILURE PREDICTION THRESHOLD EXCEEDED, 5 grown defects"
    )
    silent = smart.parse_smart(as_json(smart_status={"passed": "yes"}, logical_unit_id="0x5000c500ec3a1b2c"))
    assert (silent.health, silent.health_reason, silent.wwn) == (None, None, "0x5000c500ec3a1b2c")


reports = st.sampled_from([HDD, SSD, NVME, SAS])


@given(reports, st.integers(0, 2000), st.text(max_size=5))
def test_any_text(report: str, at: int, put_in: str) -> None:
    """A report that is cut, or has something else in it, never makes it fail."""
    smart.parse_smart(report[:at])
    assert isinstance(smart.parse_smart(report[:at] + put_in + report[at:]), smart.Smart)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["passed", "table", "pages", "id", "value", "number", "hours", "current"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "smart_status",
        "wwn",
        "temperature",
        "ata_smart_attributes",
        "ata_device_statistics",
        "nvme_smart_health_information_log",
        "rotation_rate",
        "smartctl",
    ]
)


@given(st.dictionaries(keys, plain))
def test_any_json(data: dict[str, Any]) -> None:
    """No JSON makes it fail."""
    assert isinstance(smart.parse_smart(json.dumps(data)), smart.Smart)
