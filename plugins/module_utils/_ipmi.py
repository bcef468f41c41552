# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a management controller measures: ipmitool's lists of sensors and parts, and the UPS that NUT watches.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import PowerSupply, Sensor
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

FAHRENHEIT = "degrees F"
UNITS = {"degrees C": "C", FAHRENHEIT: "C", "percent": "%", "RPM": "RPM", "Watts": "W", "Volts": "V", "Amps": "A"}
# Entities of the IPMI specification (2.0, table 43-13) that are air, and a power supply.
AIR_ENTITIES = ("39", "55", "64")
POWER_ENTITY = "10"
NO_READING = "ns"
_READING = re.compile(r"(-?\d+(?:\.\d+)?) (.+)")
_AIR = re.compile(r"inlet|ambient|intake|\bair\b|front ?panel|fp_temp|\broom\b", re.IGNORECASE)
_LEAVING = re.compile(r"exhaust|outlet|exit", re.IGNORECASE)
_INTRUSION = re.compile(r"intru|chassis open|case open", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row of `ipmitool sdr elist all`."""

    name: str
    status: str  # ok, ns (nothing to read), nc, cr, nr and others for a threshold that was passed
    entity: str
    reading: str  # "22 degrees C", or words for a state


@dataclass(frozen=True)
class Part:
    """A replaceable unit that `ipmitool fru` describes."""

    name: str
    serial: str | None
    watts: int | None  # of a power supply


def parse_sensors(text: str) -> list[Row]:
    """Return the rows of `ipmitool sdr elist all`; other lines are passed over."""
    rows = []
    for line in text.split("\n"):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 5:
            rows.append(Row(fields[0], fields[2], fields[3].partition(".")[0], fields[4]))
    return rows


def parse_parts(text: str) -> list[Part]:
    """Return the replaceable units of `ipmitool fru`."""
    parts = []
    for block in re.split(r"^FRU Device Description *: *", text, flags=re.MULTILINE)[1:]:
        name = re.sub(r" \(ID \d+\)", "", block.split("\n", 1)[0]).strip()
        serial = re.search(r"^ *(?:Product|Board) Serial *: *(\S.*)$", block, re.MULTILINE)
        watts = re.search(r"^ *Capacity *: *(\d+) W", block, re.MULTILINE)
        parts.append(Part(name, serial[1].strip() if serial else None, int(watts[1]) if watts else None))
    return parts


def read_sensors(recording: Recording) -> tuple[Sensor, ...] | None:
    """Return what the management controller and the UPS measure; None if neither was asked or answered."""
    listed = recording.said("ipmitool-sensors")
    drawn = parse_power(recording.said("ipmitool-power") or "")
    supplies = _ups(recording)
    if listed is None and not supplies:
        return None
    sensors = [_sensor(row) for row in parse_sensors(listed or "") if row.status != NO_READING]
    if drawn is not None:
        sensors.append(Sensor("Power drawn (DCMI)", "power", float(drawn), "W", "ok"))
    return (*sensors, *supplies)


def _sensor(row: Row) -> Sensor:
    found = _READING.fullmatch(row.reading)
    if found is None or found[2] not in UNITS:
        # A state, in words: nothing is said while all is well.
        kind = "intrusion" if _INTRUSION.search(row.name + row.reading) else "other"
        return Sensor(row.name, kind, status=row.reading or row.status)
    unit = UNITS[found[2]]
    value = float(found[1])
    if found[2] == FAHRENHEIT:
        value = round((value - 32) / 1.8, 1)
    ambient = row.entity in AIR_ENTITIES or bool(_AIR.search(row.name))
    ambient = ambient and unit in ("C", "%") and not _LEAVING.search(row.name)
    kind = _kind(row.name, unit)
    return Sensor(row.name, kind, value, unit, row.status, ambient and kind in ("temperature", "humidity"))


def _kind(name: str, unit: str) -> str:
    if unit == "%":
        return "humidity" if "humid" in name.lower() else "fan" if "fan" in name.lower() else "other"
    return {"C": "temperature", "RPM": "fan", "W": "power"}.get(unit, "other")


def parse_power(text: str) -> int | None:
    """Return the watts that `ipmitool dcmi power reading` tells; None if its measurement is off."""
    found = re.search(r"Instantaneous power reading: +(\d+) Watts", text)
    off = "Power reading state is:" in text and "deactivated" in text
    return int(found[1]) if found and not off else None


def _ups(recording: Recording) -> list[Sensor]:
    """Return one sensor for each UPS: its charge, and its state in NUT's words (OL: on line, OB: on battery)."""
    sensors = []
    for name in (recording.said("upsc") or "").split():
        lines = (recording.said(f"upsc {name}") or "").split("\n")
        said = {key.strip(): value.strip() for key, _colon, value in (line.partition(":") for line in lines)}
        model = said.get("device.model") or said.get("ups.model")
        charge = said.get("battery.charge", "")
        value = float(charge) if re.fullmatch(r"\d+(\.\d+)?", charge) else None
        title = f"{name} ({model})" if model else name
        sensors.append(Sensor(title, "ups", value, "%" if value is not None else None, said.get("ups.status")))
    return sensors


def power_supplies(recording: Recording, listed: Sequence[PowerSupply] | None) -> tuple[PowerSupply, ...] | None:
    """Return the power supplies: those that the firmware lists, with what the management controller adds.

    Without a list of the firmware it is that of the controller; None if there is neither.
    """
    rows = [
        row
        for row in parse_sensors(recording.said("ipmitool-sensors") or "")
        if row.entity == POWER_ENTITY and re.search(r"presen|failure|lost", row.reading, re.IGNORECASE)
    ]
    parts = [part for part in parse_parts(recording.said("ipmitool-fru") or "") if part.watts is not None]
    found = list(listed or ())
    if not found:
        found = [PowerSupply(part.name) for part in parts] or [PowerSupply(row.name) for row in rows]
    if len(parts) == len(found):
        found = [_with_part(supply, part) for supply, part in zip(found, parts)]
    if len(rows) == len(found):
        found = [_with_row(supply, row) for supply, row in zip(found, rows)]
    return tuple(found) if found or listed is not None else None


def _with_part(supply: PowerSupply, part: Part) -> PowerSupply:
    return replace(
        supply,
        max_watts=part.watts if supply.max_watts is None else supply.max_watts,
        serial=part.serial if supply.serial is None else supply.serial,
    )


def _with_row(supply: PowerSupply, row: Row) -> PowerSupply:
    trouble = [word for word in row.reading.split(", ") if word.lower() not in ("presence detected", "present")]
    present = "presen" in row.reading.lower()
    return replace(supply, present=present, status=", ".join(trouble) or "ok")
