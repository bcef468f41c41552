# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drive says of itself: the report of smartctl, as JSON (since version 7) or as text, for SATA, SAS and NVMe.

Private to this collection: nothing outside may import it. Pure: text in, data out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain

# Attributes whose normalised value counts down from 100 as the rated life is used up. No standard says so: these
# agreed with the drive's own statistics (ACS-4, log page 7) in 21,000 reports that have both; others did not.
LIFE_LEFT = {
    (173, "Ave_Block-Erase_Count"),
    (173, "Avg_Block-Erase_Count"),
    (173, "Avg_Program/Erase_Ct"),
    (177, "Wear_Leveling_Count"),
    (202, "Percent_Lifetime_Remain"),
    (231, "SSD_Life_Left_Perc"),
    (233, "Media_Wearout_Indicator"),
    (245, "Drive_Life_Remaining%"),
    (245, "Percent_Life_Remaining"),
}
# Raw values above zero that tell of damage, by their number: the names differ between makers.
DAMAGE = {5: "reallocated sectors", 197: "pending sectors", 198: "uncorrectable sectors"}
# What the bits of an NVMe drive's critical warning mean (NVM Express base specification, log page 02h).
NVME_WARNINGS = (
    "spare blocks below the threshold",
    "temperature out of range",
    "reliability degraded",
    "read-only",
    "backup of the volatile memory failed",
    "persistent memory unreliable",
)
MOST_DAMAGE = 1 << 32  # more is no count: some firmware packs several numbers into the field
LONGEST_LIFE = 24 * 365 * 20  # hours; more is a number in another unit
# Degrees Celsius; what is beyond is no temperature, and neither is 0, which drives without a sensor give.
COLDEST, HOTTEST = -60, 150

_NUMBER = re.compile(r"-?\d+(?:[,.' \u00a0\u202f]\d{3}(?!\d))*")
_FIELD = re.compile(r"(?! )([^:=]{3,60}?)(?: *[:=] +|:minutes )(.*)")
_LOGICAL = ("Logical block size", "Namespace 1 Formatted LBA Size")
# In the form of -x, and in that of -A, which names type and update before what failed.
_ATTRIBUTE = re.compile(
    r" *(\d{1,3}) (\S+) +(?:[A-Z-]{6}|0x[0-9a-f]{4}) +(\d{3}|---) +(?:\d{3}|---) +(?:\d{3}|---) +"
    r"(?:(?:Pre-fail|Old_age) +(?:Always|Offline) +)?(\S+) +(.*)"
)
_STATISTIC = re.compile(r"(0x[0-9a-f]{2}) +(0x[0-9a-f]{3}) +\d+ +(-?\d+) +\S+ +\S")
_SECTORS = re.compile(r"(\d+) bytes logical(?:, (\d+) bytes physical|/physical)")


@dataclass(frozen=True)
class Smart:
    """What one report says; None is what it does not say."""

    protocol: str | None = None  # ata, scsi or nvme
    model: str | None = None
    serial: str | None = None
    wwn: str | None = None  # 0x and 16 digits
    firmware: str | None = None
    bytes: int | None = None
    logical_sector: int | None = None
    physical_sector: int | None = None
    rotation_rpm: int | None = None  # 0 is a solid-state drive
    health: str | None = None  # passed or failed
    health_reason: str | None = None  # damage that was counted; "" if none was
    wear_percent: int | None = None  # of the rated life of a solid-state drive; may pass 100
    power_on_hours: int | None = None
    temperature_celsius: int | None = None
    problem: str = ""  # why the report is empty, in smartctl's words


def parse_smart(text: str) -> Smart:
    """Return what a report of smartctl (any of -a, -x, -iHA, with or without -j) says.

    Nothing is an error: a text that is no report gives a Smart without values and with a problem.
    """
    if text.lstrip()[:1] == "{":
        try:
            data = json.loads(text)
        except ValueError:
            return Smart(problem="the report of smartctl is cut off")
        smart = _from_json(Plain(data))
    else:
        smart = _from_text(text)
    # Some drives with platters carry the attributes of solid-state drives; they have no rated life to use up.
    return replace(smart, wear_percent=None) if smart.rotation_rpm else smart


def _clean(text: str | None) -> str | None:
    """Return a text without padding; None for nothing and for a value that was blanked."""
    text = " ".join((text or "").split())
    return text if text.strip("-") else None


def _within(number: int | None, least: int, most: int) -> int | None:
    """Return a number that is possible, else None."""
    return number if number is not None and least <= number <= most else None


def _reason(failing: Iterable[str | None], warning: int | None, counts: Iterable[tuple[str, int | None]]) -> str:
    """Return in words what fails, what a drive warns of, and what damage it has counted."""
    said = [f"{name} is below its threshold" for name in dict.fromkeys(failing)]
    said += [text for bit, text in enumerate(NVME_WARNINGS) if (warning or 0) >> bit & 1]
    said += [f"{number} {name}" for name, number in counts if number and 0 < number < MOST_DAMAGE]
    return ", ".join(said)


# --- JSON --------------------------------------------------------------------------------------------------------


def _from_json(data: Plain) -> Smart:
    nvme = data.at("nvme_smart_health_information_log") is not None
    passed = data.at("smart_status", "passed")
    messages = [each.text("string") for each in data.many("smartctl", "messages") if each.text("severity") == "error"]
    return Smart(
        protocol=(data.text("device", "protocol") or "").lower() or None,
        model=data.text("model_name") or data.text("scsi_model_name"),
        serial=data.text("serial_number"),
        wwn=_json_wwn(data),
        firmware=data.text("firmware_version") or data.text("scsi_revision"),
        bytes=data.number("user_capacity", "bytes") or data.number("nvme_total_capacity"),
        logical_sector=data.number("logical_block_size"),
        physical_sector=data.number("physical_block_size"),
        rotation_rpm=0 if nvme else data.number("rotation_rate"),
        health={True: "passed", False: "failed"}.get(passed) if isinstance(passed, bool) else None,
        health_reason=_json_reason(data) if isinstance(passed, bool) else None,
        wear_percent=_within(_json_wear(data), 0, 255),
        power_on_hours=_within(data.number("power_on_time", "hours"), 0, LONGEST_LIFE),
        temperature_celsius=_within(data.number("temperature", "current"), COLDEST, HOTTEST) or None,
        problem="; ".join(message for message in messages if message),
    )


def _json_wwn(data: Plain) -> str | None:
    naa, oui, number = (data.number("wwn", key) for key in ("naa", "oui", "id"))
    if naa is not None and oui is not None and number is not None:
        return f"0x{naa << 60 | oui << 36 | number:016x}"
    return _wwn(data.text("logical_unit_id"))


def _json_wear(data: Plain) -> int | None:
    """Return the percentage of the rated life that is used, by the first source that there is."""
    for path in (
        ("nvme_smart_health_information_log", "percentage_used"),
        ("scsi_percentage_used_endurance_indicator",),
        ("endurance_used", "current_percent"),
    ):
        if (value := data.number(*path)) is not None:
            return value
    for page in data.many("ata_device_statistics", "pages"):
        for row in page.many("table"):
            if page.number("number") == 7 and row.number("offset") == 8 and row.at("flags", "valid") is not False:
                return row.number("value")
    for row in data.many("ata_smart_attributes", "table"):
        left = row.number("value")
        if (row.number("id"), row.text("name")) in LIFE_LEFT and left is not None:
            return 100 - left
    return None


def _json_reason(data: Plain) -> str:
    rows = data.many("ata_smart_attributes", "table")
    counts = [(DAMAGE[number], row.number("raw", "value")) for row in rows if (number := row.number("id")) in DAMAGE]
    counts.append(("media errors", data.number("nvme_smart_health_information_log", "media_errors")))
    counts.append(("grown defects", data.number("scsi_grown_defect_list")))
    failing = [row.text("name") for row in rows if row.at("when_failed") == "now"]
    said = _reason(failing, data.number("nvme_smart_health_information_log", "critical_warning"), counts)
    return ", ".join(part for part in (data.text("smart_status", "scsi", "ie_string"), said) if part)


# --- Text --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Attribute:
    number: int
    name: str
    value: int | None  # normalised
    failing: bool
    raw: str

    @property
    def count(self) -> int | None:
        """Return the first number of the raw value."""
        return _number(self.raw)


class _Report:
    """A report taken apart: its fields, the attributes of an ATA drive, and the drive's own statistics."""

    def __init__(self, text: str) -> None:
        self.fields: dict[str, str] = {}
        self.attributes: list[_Attribute] = []
        self.statistics: dict[tuple[str, str], int] = {}
        for line in text.split("\n"):
            if found := _ATTRIBUTE.match(line):
                value = int(found[3]) if found[3].isdigit() else None
                failing = found[4] in ("NOW", "FAILING_NOW")
                self.attributes.append(_Attribute(int(found[1]), found[2], value, failing, found[5]))
            elif found := _STATISTIC.match(line):
                self.statistics[found[1], found[2]] = int(found[3])
            elif found := _FIELD.match(line):
                self.fields.setdefault(found[1], found[2])

    def text(self, *names: str) -> str | None:
        """Return the first field of these names that says something."""
        return next((value for name in names if (value := _clean(self.fields.get(name)))), None)

    def number(self, *names: str) -> int | None:
        """Return the number with which the first field of these names begins."""
        return _number(self.text(*names) or "")

    def attribute(self, *numbers: int) -> _Attribute | None:
        """Return the first attribute of these numbers."""
        return next((each for number in numbers for each in self.attributes if each.number == number), None)


def _number(text: str) -> int | None:
    """Return the whole number with which a text begins; commas, points, apostrophes and spaces part its thousands."""
    found = _NUMBER.match(text)
    return int(re.sub(r"[^\d-]", "", found[0])) if found else None


def _wwn(text: str | None) -> str | None:
    """Return a world-wide name, written 5 000cca 0bcdef012 or 0x5000cca0bcdef012, as 0x and 16 or 32 digits."""
    digits = re.sub(r"^0x|\s", "", text or "")
    return f"0x{digits.lower()}" if re.fullmatch(r"[0-9A-Fa-f]{16}([0-9A-Fa-f]{16})?", digits) else None


def _from_text(text: str) -> Smart:
    report = _Report(text)
    nvme = "Percentage Used" in report.fields
    sectors = _SECTORS.match(report.text("Sector Sizes", "Sector Size") or "")
    health = _text_health(report)
    return Smart(
        protocol=_text_protocol(report),
        model=_text_model(report),
        serial=report.text("Serial Number", "Serial number"),
        wwn=_wwn(report.text("LU WWN Device Id", "Logical Unit id")),
        firmware=report.text("Firmware Version", "Revision"),
        bytes=report.number("User Capacity", "Namespace 1 Size/Capacity", "Total NVM Capacity"),
        logical_sector=int(sectors[1]) if sectors else report.number(*_LOGICAL),
        physical_sector=int(sectors[2] or sectors[1]) if sectors else report.number("Physical block size"),
        rotation_rpm=0 if nvme else _text_rotation(report),
        health=health,
        health_reason=_text_reason(report) if health else None,
        wear_percent=_within(_text_wear(report), 0, 255),
        power_on_hours=_within(_text_hours(report), 0, LONGEST_LIFE),
        temperature_celsius=_within(_text_temperature(report), COLDEST, HOTTEST) or None,
        problem="" if report.text("Firmware Version", "Revision") or health else _last_line(text),
    )


def _text_protocol(report: _Report) -> str | None:
    if "Percentage Used" in report.fields or "NVMe Version" in report.fields:
        return "nvme"
    if "ATA Version is" in report.fields:
        return "ata"
    return "scsi" if "Product" in report.fields else None


def _text_model(report: _Report) -> str | None:
    if product := report.text("Product"):
        return _clean(f"{report.text('Vendor') or ''} {product}")
    return report.text("Device Model", "Model Number")


def _text_rotation(report: _Report) -> int | None:
    said = report.text("Rotation Rate") or ""
    return 0 if said == "Solid State Device" else _number(said)


def _text_health(report: _Report) -> str | None:
    said = report.text("SMART overall-health self-assessment test result", "SMART Health Status")
    if said is None:
        return None
    return "passed" if said.split()[0] in ("PASSED", "OK") else "failed"


def _text_reason(report: _Report) -> str:
    counts = [(DAMAGE[each.number], each.count) for each in report.attributes if each.number in DAMAGE]
    counts.append(("media errors", report.number("Media and Data Integrity Errors")))
    counts.append(("grown defects", report.number("Elements in grown defect list")))
    warning = int(found[0], 16) if (found := re.match("0x[0-9a-f]+", report.text("Critical Warning") or "")) else 0
    said = _reason([each.name for each in report.attributes if each.failing], warning, counts)
    scsi = report.text("SMART Health Status")
    return ", ".join(part for part in (None if scsi == "OK" else scsi, said) if part)


def _text_wear(report: _Report) -> int | None:
    """Return the percentage of the rated life that is used, by the first source that there is."""
    used = report.number("Percentage Used", "Percentage used endurance indicator")
    if used is None:
        used = report.statistics.get(("0x07", "0x008"))
    if used is not None:
        return used
    left = [each.value for each in report.attributes if (each.number, each.name) in LIFE_LEFT]
    return 100 - left[0] if left and left[0] is not None else None


def _text_hours(report: _Report) -> int | None:
    if (hours := report.number("Power On Hours", "Accumulated power on time, hours")) is not None:
        return hours
    if (hours := report.statistics.get(("0x01", "0x010"))) is not None:
        return hours
    attribute = report.attribute(9)
    return attribute.count if attribute and attribute.name.startswith("Power_On_Hours") else None


def _text_temperature(report: _Report) -> int | None:
    found = report.number("Temperature", "Current Drive Temperature", "Current Temperature")
    if found is None:
        found = report.statistics.get(("0x05", "0x008"))
    attribute = report.attribute(194, 190)
    return attribute.count if found is None and attribute else found


def _last_line(text: str) -> str:
    """Return what smartctl said last: the reason why there is no report."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[-1] if lines else "smartctl said nothing"
