# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the machine starts well and finds its parts, and what its sensors say of the place (D5.11, 3.1 to 3.3).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import FileSystem, Machine, Sensor
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    MET,
    NOT_APPLICABLE,
    UNANSWERED,
    UNKNOWN,
    UNMET,
    Finding,
    Wanted,
    binary,
    decimal,
    grade_exact,
    number,
    physical_drives,
    why,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import GB, MEMORY_GB
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_record import serial_gaps
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_storage import is_data_mount

FIRMWARE = {"uefi": "UEFI", "bios": "BIOS"}
STARTING = ("initializing", "starting")
LONGEST_MESSAGES = 3
# D5.11 asks for ample space and names no figure; these are ours.
ROOM_PERCENT = 10
ROOM_BYTES = 5 * GB
ROOM_IN = ("/", "/var", "/var/log", "/home")
# The climate of 3.2: degrees Celsius, per cent of relative humidity.
CLIMATE = {"temperature": (20, 30, "degrees Celsius"), "humidity": (40, 60, "% relative humidity")}
OK = "ok"
# The states of a UPS in NUT's words: it carries the machine, from the mains or from its battery; it will not do so.
UPS_CARRIES = {"OL", "OB"}
UPS_TROUBLE = {"LB", "RB", "OFF", "OVER", "ALARM", "BYPASS", "FSD"}


def judge_system(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings of OS-BOOT and OS-PART."""
    return [*_firmware(machine), *_fitted(machine, wanted), *_start(machine), *_partitions(machine)]


def judge_place(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings of PH-POWER, PH-SENSORS, PH-CLIMATE and PH-RECORD."""
    return [_supply(machine), *_alarms(machine), *_climate(machine), *_record(machine, wanted)]


# ---------------------------------------------------------------------- OS-BOOT


def _firmware(machine: Machine) -> list[Finding]:
    system = machine.system
    mode = FIRMWARE.get(system.firmware_mode or "", UNKNOWN)
    reason = why(machine, "system.firmware_mode") if mode == UNKNOWN else ""
    first = Finding("OS-BOOT", "firmware mode", mode, "known", "", UNANSWERED if mode == UNKNOWN else MET, reason)
    if system.virtualisation:
        return [first, _switched("", NOT_APPLICABLE, f"this is a virtual machine itself ({system.virtualisation})")]
    if system.virtualisation_support is None:
        return [first, _switched(UNKNOWN, UNANSWERED, why(machine, "system.virtualisation_support"))]
    if system.virtualisation_support:
        return [first, _switched("on", MET, "")]
    return [first, _switched("off", UNMET, "switch VT-x or AMD-V on in the firmware's settings")]


def _switched(found: str, verdict: str, reason: str) -> Finding:
    return Finding("OS-BOOT", "virtualisation", found or "not judged", "on", "", verdict, reason)


def _fitted(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings on what the order says is fitted; of processors the firmware says it too."""
    fitted = wanted.fitted
    sockets = fitted.sockets if fitted.sockets is not None else machine.cpu.fitted_sockets
    physical, unseen = physical_drives(machine)
    drives = None if unseen else sum(drive.removable is False for drive in physical)
    links = machine.links and [link for link in machine.links if link.kind in ("ethernet", "infiniband")]
    memory = None if fitted.memory_bytes is None else sold_as_memory(fitted.memory_bytes)
    installed = machine.memory.installed_bytes
    return [
        _detected(machine, "processors", "cpu.sockets", machine.cpu.sockets, sockets, number),
        _detected(machine, "memory", "memory.installed_bytes", installed, memory, binary),
        _detected(machine, "drives", "drives", drives, fitted.drives, number),
        _detected(machine, "network links", "links", None if links is None else len(links), fitted.links, number),
    ]


def sold_as_memory(size: int) -> int:
    """Return the bytes of memory that is sold as so many bytes: 128 GB of modules are 128 GiB."""
    return size // GB * MEMORY_GB if size % GB == 0 and size % MEMORY_GB else size


def _detected(
    machine: Machine, item: str, key: str, found: int | None, fitted: int | None, text: Callable[[int | None], str]
) -> Finding:
    if found is None:
        verdict, reason = UNANSWERED, why(machine, key)
    elif fitted is None:
        verdict, reason = UNANSWERED, "what the order says is not stated (fitted)"
    else:
        verdict, reason = grade_exact(found, fitted, None), ""
    minimum = "what is fitted" if fitted is None else f"{text(fitted)} fitted"
    return Finding("OS-BOOT", f"{item} detected", text(found), minimum, "", verdict, reason)


def _start(machine: Machine) -> list[Finding]:
    units, messages = machine.boot.failed_units, machine.boot.errors
    if units is None:
        failed = (UNKNOWN, UNANSWERED, why(machine, "boot.failed_units"))
    elif units:
        failed = (", ".join(units), UNMET, "")
    elif machine.boot.system_state is None or machine.boot.system_state in STARTING:
        failed = ("none yet", UNANSWERED, "it is not known whether the system has finished to start")
    else:
        failed = ("none", MET, "")
    if messages is None:
        said = (UNKNOWN, UNANSWERED, why(machine, "boot.errors"))
    elif messages:
        # Kernels complain of harmless things too, so a message alone is no failure.
        shown = "; ".join(messages[:LONGEST_MESSAGES])
        said = (f"{len(messages)}, such as: {shown}", UNANSWERED, "whether they matter only a person can say")
    else:
        said = ("none", MET, "")
    return [
        Finding("OS-BOOT", "failed units", failed[0], "none", "", *failed[1:]),
        Finding("OS-BOOT", "kernel errors", said[0], "none", "", *said[1:]),
    ]


# ---------------------------------------------------------------------- OS-PART


def _partitions(machine: Machine) -> list[Finding]:
    systems = machine.file_systems
    root = next((system for system in systems or () if system.mount == "/"), None)
    if systems is None or root is None:
        reason = why(machine, "file_systems") if systems is None else "the file system of / is not seen"
        return [Finding("OS-PART", "system and data", UNKNOWN, "apart", "", UNANSWERED, reason)]
    data = [system.mount for system in systems if is_data_mount(system.mount) and system.source != root.source]
    apart = Finding("OS-PART", "system and data", f"data at {', '.join(data)}", "apart", "", MET)
    if not data:
        reason = "nothing is mounted for data, which would lie with the system"
        apart = Finding("OS-PART", "system and data", "one file system", "apart", "", UNMET, reason)
    return [apart, *_rooms(systems)]


def _rooms(systems: Sequence[FileSystem]) -> list[Finding]:
    """Return one finding for each file system on which the places lie that fill up."""
    mounts = {system.mount: system for system in systems}
    places: dict[str, list[str]] = {}
    for place in ROOM_IN:
        mount = next(mount for mount in _upwards(place) if mount in mounts)
        places.setdefault(mount, []).append(place)
    return [_room(mounts[mount], below) for mount, below in places.items()]


def _upwards(path: str) -> list[str]:
    """Return a path and all that it lies in, from within."""
    parts = path.strip("/").split("/")
    return ["/".join(["", *parts[:count]]) for count in range(len(parts), 0, -1)] + ["/"]


def _room(system: FileSystem, places: Sequence[str]) -> Finding:
    needed = max(ROOM_BYTES, system.bytes * ROOM_PERCENT // 100)
    found = f"{decimal(system.available_bytes)} of {decimal(system.bytes)} free"
    minimum = f"{ROOM_PERCENT} % and {decimal(ROOM_BYTES)} free"
    verdict = grade_exact(system.available_bytes, needed, None)
    return Finding("OS-PART", f"room in {', '.join(places)}", found, minimum, "", verdict)


# ---------------------------------------------------------------------- PH-POWER, PH-SENSORS, PH-CLIMATE


def _sensors(machine: Machine, kind: str) -> list[Sensor]:
    return [sensor for sensor in machine.sensors or () if sensor.kind == kind]


def _no_sensor(machine: Machine, kind: str) -> str:
    if machine.sensors is None:
        return why(machine, "sensors")
    return f"no sensor for {kind} answers; a person may attest it"


def _supply(machine: Machine) -> Finding:
    units = _sensors(machine, "ups")
    found = ", ".join(f"{unit.name}: {unit.status or UNKNOWN}" for unit in units) or UNKNOWN
    states = [set((unit.status or "").split()) for unit in units]
    verdict, reason = UNANSWERED, _no_sensor(machine, "an uninterruptible power supply")
    if any(state & UPS_TROUBLE for state in states):
        verdict, reason = UNMET, "it is there, and not well"
    elif states and all(state & UPS_CARRIES for state in states):
        verdict, reason = MET, ""
    return Finding("PH-POWER", "uninterruptible supply", found, "answers and is well", "", verdict, reason)


def _alarms(machine: Machine) -> list[Finding]:
    """Return the findings on an opened case and on humidity. Smoke is never seen from within a machine."""
    found = []
    for kind, item in (("intrusion", "opened case"), ("humidity", "humidity")):
        sensors = _sensors(machine, kind)
        if not sensors or any(sensor.status is None for sensor in sensors):
            text, verdict, reason = UNKNOWN, UNANSWERED, _no_sensor(machine, item)
        elif all(sensor.status == OK for sensor in sensors):
            text, verdict, reason = ", ".join(sensor.name for sensor in sensors), MET, ""
        else:
            text = ", ".join(f"{sensor.name}: {sensor.status}" for sensor in sensors)
            verdict, reason = UNMET, "a sensor gives alarm"
        found.append(Finding("PH-SENSORS", item, text, "a sensor without alarm", "", verdict, reason))
    smoke = "a machine does not see smoke detectors; a person may attest them"
    return [*found, Finding("PH-SENSORS", "smoke", UNKNOWN, "a detector", "", UNANSWERED, smoke)]


def _climate(machine: Machine) -> list[Finding]:
    found = []
    for kind, (low, high, unit) in CLIMATE.items():
        sensors = [sensor for sensor in _sensors(machine, kind) if sensor.ambient]
        values = [value for value in map(_in_unit, sensors) if value is not None]
        minimum = f"{low} to {high} {unit}"
        if not values or len(values) < len(sensors):
            reason = _no_sensor(machine, f"the room's {kind}")
            found.append(Finding("PH-CLIMATE", kind, UNKNOWN, minimum, "", UNANSWERED, reason))
            continue
        verdict = MET if all(low <= value <= high for value in values) else UNMET
        text = ", ".join(f"{value:g}" for value in values)
        found.append(Finding("PH-CLIMATE", kind, f"{text} {unit}", minimum, "", verdict))
    return found


def _in_unit(sensor: Sensor) -> float | None:
    """Return what a sensor shows in degrees Celsius or per cent; None if it shows something else, or nothing."""
    if sensor.value is not None and sensor.unit == "F":
        return (sensor.value - 32) * 5 / 9
    return sensor.value if sensor.unit in ("C", "%") else None


# ---------------------------------------------------------------------- PH-RECORD


def _record(machine: Machine, wanted: Wanted) -> list[Finding]:
    gaps = serial_gaps(machine)
    warranty = wanted.stated.warranty
    found = f"unknown: {', '.join(gaps)}" if gaps else "of every part that has one"
    return [
        Finding("PH-RECORD", "serial numbers", found, "known", "", UNANSWERED if gaps else MET),
        Finding(
            "PH-RECORD",
            "warranty",
            warranty or UNKNOWN,
            "stated",
            "",
            MET if warranty else UNANSWERED,
            "" if warranty else "only a person knows it (warranty)",
        ),
    ]
