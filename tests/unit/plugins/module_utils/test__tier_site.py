# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on how the machine starts, where its data lies, and what its sensors say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import FileSystem, Machine, Sensor
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_site import (
    judge_place,
    judge_system,
    sold_as_memory,
)
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    GB,
    GIB,
    GOOD,
    ROOT,
    STORE,
    SYSTEM,
    TB,
    WANTED,
    changed,
    of,
)


def boot(item: str, machine: Machine = GOOD, wanted: Wanted = WANTED) -> Finding:
    return of(judge_system(machine, wanted), "OS-BOOT", item)


def part(item: str, machine: Machine = GOOD) -> Finding:
    return of(judge_system(machine, WANTED), "OS-PART", item)


def place(requirement: str, item: str, machine: Machine = GOOD, wanted: Wanted = WANTED) -> Finding:
    return of(judge_place(machine, wanted), requirement, item)


def with_sensors(*sensors: Sensor) -> Machine:
    return replace(GOOD, sensors=sensors)


def test_a_machine_as_asked() -> None:
    found = [*judge_system(GOOD, WANTED), *judge_place(GOOD, WANTED)]
    assert [(each.requirement, each.item, each.found, each.verdict) for each in found] == [
        ("OS-BOOT", "firmware mode", "UEFI", "met"),
        ("OS-BOOT", "virtualisation", "on", "met"),
        ("OS-BOOT", "processors detected", "1", "met"),
        ("OS-BOOT", "memory detected", "128 GiB", "met"),
        ("OS-BOOT", "drives detected", "7", "met"),
        ("OS-BOOT", "network links detected", "2", "met"),
        ("OS-BOOT", "failed units", "none", "met"),
        ("OS-BOOT", "kernel errors", "none", "met"),
        ("OS-PART", "system and data", "data at /srv/eucaim", "met"),
        ("OS-PART", "room in /, /var, /var/log, /home", "300 GB of 470 GB free", "met"),
        ("PH-POWER", "uninterruptible supply", "UPS: OL CHRG", "met"),
        ("PH-SENSORS", "opened case", "Intrusion", "met"),
        ("PH-SENSORS", "humidity", "Humidity", "met"),
        ("PH-SENSORS", "smoke", "unknown", "unanswered"),
        ("PH-CLIMATE", "temperature", "22 degrees Celsius", "met"),
        ("PH-CLIMATE", "humidity", "45 % relative humidity", "met"),
        ("PH-RECORD", "serial numbers", "of every part that has one", "met"),
        ("PH-RECORD", "warranty", "until 2031", "met"),
    ]
    assert [each.item for each in found if each.reason] == ["smoke"]


# ---------------------------------------------------------------------- OS-BOOT


@pytest.mark.parametrize(
    ("mode", "found", "verdict"),
    [("uefi", "UEFI", "met"), ("bios", "BIOS", "met"), (None, "unknown", "unanswered")],
)
def test_the_firmware_mode(mode: str | None, found: str, verdict: str) -> None:
    finding = boot("firmware mode", changed("system", firmware_mode=mode))
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, "" if mode else "not measured")


@pytest.mark.parametrize(
    ("kind", "support", "found", "verdict", "words"),
    [
        ("", True, "on", "met", ""),
        ("", False, "off", "unmet", "switch VT-x or AMD-V on"),
        ("", None, "unknown", "unanswered", "not measured"),
        (None, True, "on", "met", ""),
        ("kvm", None, "not judged", "not_applicable", "this is a virtual machine itself (kvm)"),
    ],
)
def test_virtualisation(kind: str | None, support: bool | None, found: str, verdict: str, words: str) -> None:
    finding = boot("virtualisation", changed("system", virtualisation=kind, virtualisation_support=support))
    assert (finding.found, finding.verdict) == (found, verdict)
    assert finding.reason.startswith(words)


@pytest.mark.parametrize(
    ("item", "fitted", "verdict"),
    [
        ("processors detected", Fitted(sockets=1), "met"),
        ("processors detected", Fitted(sockets=2), "unmet"),
        ("processors detected", Fitted(), "met"),
        ("memory detected", Fitted(memory_bytes=128 * GIB), "met"),
        ("memory detected", Fitted(memory_bytes=128 * GIB + 1), "unmet"),
        ("memory detected", Fitted(memory_bytes=128 * GB), "met"),
        ("memory detected", Fitted(memory_bytes=129 * GB), "unmet"),
        ("memory detected", Fitted(), "unanswered"),
        ("drives detected", Fitted(drives=7), "met"),
        ("drives detected", Fitted(drives=8), "unmet"),
        ("drives detected", Fitted(), "unanswered"),
        ("network links detected", Fitted(links=2), "met"),
        ("network links detected", Fitted(links=3), "unmet"),
        ("network links detected", Fitted(), "unanswered"),
    ],
)
def test_what_is_fitted_is_detected(item: str, fitted: Fitted, verdict: str) -> None:
    finding = boot(item, wanted=replace(WANTED, fitted=fitted))
    assert finding.verdict == verdict
    assert finding.reason == ("what the order says is not stated (fitted)" if verdict == "unanswered" else "")


@pytest.mark.parametrize(
    ("item", "machine"),
    [
        ("processors detected", changed("cpu", sockets=None)),
        ("memory detected", changed("memory", installed_bytes=None)),
        ("drives detected", replace(GOOD, drives=None)),
        ("network links detected", replace(GOOD, links=None)),
    ],
)
def test_what_is_not_known_is_not_detected(item: str, machine: Machine) -> None:
    finding = boot(item, machine)
    assert (finding.found, finding.verdict, finding.reason) == ("unknown", "unanswered", "not measured")


def test_drives_behind_a_controller_count_in_place_of_its_volume() -> None:
    volume = replace(GOOD, drives=(replace(SYSTEM, behind_raid=True),))
    assert boot("drives detected", volume).verdict == "unanswered"
    assert boot("drives detected", replace(volume, raid_drives=(SYSTEM,) * 7)).found == "7"


def test_none_at_all_is_a_count_too() -> None:
    assert boot("drives detected", replace(GOOD, drives=())).verdict == "unmet"
    assert boot("network links detected", replace(GOOD, links=())).found == "0"
    assert boot("network links detected", replace(GOOD, links=())).minimum == "2 fitted"


def test_the_firmware_says_which_sockets_are_fitted() -> None:
    machine = changed("cpu", fitted_sockets=2)
    assert boot("processors detected", machine, replace(WANTED, fitted=Fitted())).verdict == "unmet"
    assert boot("processors detected", machine, replace(WANTED, fitted=Fitted(sockets=1))).verdict == "met"
    unknown = changed("cpu", fitted_sockets=None)
    assert boot("processors detected", unknown, replace(WANTED, fitted=Fitted())).verdict == "unanswered"


@pytest.mark.parametrize(
    ("written", "sold"),
    [(128 * GB, 128 * GIB), (128 * GIB, 128 * GIB), (128 * GIB + 1, 128 * GIB + 1), (0, 0)],
)
def test_memory_is_sold_in_binary_gigabytes(written: int, sold: int) -> None:
    assert sold_as_memory(written) == sold


@pytest.mark.parametrize(
    ("state", "units", "found", "verdict", "words"),
    [
        ("running", (), "none", "met", ""),
        ("degraded", ("a.service", "b.service"), "a.service, b.service", "unmet", ""),
        ("starting", (), "none yet", "unanswered", "finished to start"),
        ("initializing", (), "none yet", "unanswered", "finished to start"),
        (None, (), "none yet", "unanswered", "finished to start"),
        ("running", None, "unknown", "unanswered", "not measured"),
    ],
)
def test_failed_units(state: str | None, units: tuple[str, ...] | None, found: str, verdict: str, words: str) -> None:
    finding = boot("failed units", changed("boot", system_state=state, failed_units=units))
    assert (finding.found, finding.verdict) == (found, verdict)
    assert words in finding.reason


@pytest.mark.parametrize(
    ("messages", "found", "verdict"),
    [
        ((), "none", "met"),
        (("one",), "1, such as: one", "unanswered"),
        (("one", "two", "three", "four"), "4, such as: one; two; three", "unanswered"),
        (None, "unknown", "unanswered"),
    ],
)
def test_messages_of_the_kernel(messages: tuple[str, ...] | None, found: str, verdict: str) -> None:
    finding = boot("kernel errors", changed("boot", errors=messages))
    assert (finding.found, finding.verdict, bool(finding.reason)) == (found, verdict, verdict != "met")


# ---------------------------------------------------------------------- OS-PART


def test_data_on_the_file_system_of_the_system() -> None:
    finding = part("system and data", replace(GOOD, file_systems=(ROOT,)))
    assert (finding.found, finding.verdict) == ("one file system", "unmet")
    same = replace(STORE, source=ROOT.source)
    assert part("system and data", replace(GOOD, file_systems=(ROOT, same))).verdict == "unmet"
    home = replace(STORE, mount="/home")
    assert part("system and data", replace(GOOD, file_systems=(ROOT, home))).verdict == "unmet"


@pytest.mark.parametrize(
    ("systems", "reason"),
    [(None, "not measured"), ((), "the file system of / is not seen"), ((STORE,), "the file system of / is not seen")],
)
def test_unknown_file_systems(systems: tuple[FileSystem, ...] | None, reason: str) -> None:
    found = [
        each for each in judge_system(replace(GOOD, file_systems=systems), WANTED) if each.requirement == "OS-PART"
    ]
    assert [(each.item, each.verdict, each.reason) for each in found] == [("system and data", "unanswered", reason)]


@pytest.mark.parametrize(
    ("size", "free", "verdict"),
    [
        (50 * GB, 5 * GB, "met"),
        (50 * GB, 5 * GB - 1, "unmet"),
        (20 * GB, 5 * GB, "met"),
        (20 * GB, 5 * GB - 1, "unmet"),
        (TB, 100 * GB, "met"),
        (TB, 100 * GB - 1, "unmet"),
    ],
)
def test_room_at_each_limit(size: int, free: int, verdict: str) -> None:
    machine = replace(GOOD, file_systems=(replace(ROOT, bytes=size, available_bytes=free), STORE))
    assert part("room in /, /var, /var/log, /home", machine).verdict == verdict


def test_each_file_system_that_fills_up_is_judged_once() -> None:
    log = replace(ROOT, mount="/var/log", available_bytes=GB)
    home = replace(ROOT, mount="/home")
    found = judge_system(replace(GOOD, file_systems=(ROOT, log, home, STORE)), WANTED)
    assert [(each.item, each.verdict) for each in found if each.item.startswith("room")] == [
        ("room in /, /var", "met"),
        ("room in /var/log", "unmet"),
        ("room in /home", "met"),
    ]


# ---------------------------------------------------------------------- PH-*


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["OL"], "met"),
        (["OL CHRG"], "met"),
        (["OB DISCHRG"], "met"),
        (["OB DISCHRG LB"], "unmet"),
        (["OL RB"], "unmet"),
        (["ALARM OL"], "unmet"),
        (["OL BYPASS"], "unmet"),
        (["OFF"], "unmet"),
        (["OL", "OFF"], "unmet"),
        (["OL", None], "unanswered"),
        (["WAIT"], "unanswered"),
        ([None], "unanswered"),
        ([], "unanswered"),
    ],
)
def test_the_uninterruptible_supply(states: list[str | None], verdict: str) -> None:
    machine = with_sensors(*(Sensor("UPS", "ups", status=state) for state in states))
    finding = place("PH-POWER", "uninterruptible supply", machine)
    assert finding.verdict == verdict
    assert bool(finding.reason) == (verdict != "met")


@pytest.mark.parametrize(("kind", "item"), [("intrusion", "opened case"), ("humidity", "humidity")])
@pytest.mark.parametrize(
    ("states", "found", "verdict", "reason"),
    [
        (["ok"], "S0", "met", ""),
        (["ok", "ok"], "S0, S1", "met", ""),
        (["ok", "cr"], "S0: ok, S1: cr", "unmet", "a sensor gives alarm"),
        (["ok", None], "unknown", "unanswered", "no sensor for {} answers; a person may attest it"),
        ([], "unknown", "unanswered", "no sensor for {} answers; a person may attest it"),
    ],
)
def test_sensors_that_give_alarm(
    kind: str, item: str, states: list[str | None], found: str, verdict: str, reason: str
) -> None:
    machine = with_sensors(*(Sensor(f"S{n}", kind, status=state) for n, state in enumerate(states)))
    finding = place("PH-SENSORS", item, machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason.format(item))


def test_smoke_is_for_a_person_to_attest() -> None:
    assert place("PH-SENSORS", "smoke").verdict == "unanswered"


def test_unknown_sensors_say_why() -> None:
    machine = replace(GOOD, sensors=None, unknown={"sensors": "ipmitool is missing"})
    found = judge_place(machine, WANTED)
    sensed = [each for each in found if each.requirement != "PH-RECORD" and each.item != "smoke"]
    assert {(each.verdict, each.reason) for each in sensed} == {("unanswered", "ipmitool is missing")}


@pytest.mark.parametrize(
    ("kind", "value", "unit", "verdict"),
    [
        ("temperature", 19.9, "C", "unmet"),
        ("temperature", 20.0, "C", "met"),
        ("temperature", 30.0, "C", "met"),
        ("temperature", 30.1, "C", "unmet"),
        ("temperature", 68.0, "F", "met"),
        ("temperature", 67.0, "F", "unmet"),
        ("temperature", 22.0, None, "unanswered"),
        ("temperature", 22.0, "K", "unanswered"),
        ("temperature", None, "C", "unanswered"),
        ("temperature", None, "F", "unanswered"),
        ("humidity", 39.0, "%", "unmet"),
        ("humidity", 40.0, "%", "met"),
        ("humidity", 60.0, "%", "met"),
        ("humidity", 61.0, "%", "unmet"),
    ],
)
def test_the_climate_at_each_limit(kind: str, value: float | None, unit: str | None, verdict: str) -> None:
    machine = with_sensors(Sensor("air", kind, value, unit, "ok", ambient=True))
    assert place("PH-CLIMATE", kind, machine).verdict == verdict


def test_only_the_rooms_air_counts_and_all_of_it() -> None:
    inside = Sensor("CPU", "temperature", 70.0, "C", "ok")
    inlet = Sensor("Inlet", "temperature", 22.0, "C", "ok", ambient=True)
    assert place("PH-CLIMATE", "temperature", with_sensors(inside, inlet)).verdict == "met"
    assert place("PH-CLIMATE", "temperature", with_sensors(inside)).verdict == "unanswered"
    assert place("PH-CLIMATE", "humidity", with_sensors(inlet)).verdict == "unanswered"
    hot = replace(inlet, value=33.5)
    assert place("PH-CLIMATE", "temperature", with_sensors(inlet, hot)).found == "22, 33.5 degrees Celsius"
    assert place("PH-CLIMATE", "temperature", with_sensors(inlet, hot)).verdict == "unmet"
    assert place("PH-CLIMATE", "temperature", with_sensors(inlet, replace(hot, value=None))).verdict == "unanswered"


@pytest.mark.parametrize(
    ("part_of", "changes", "found"),
    [
        ("system", {"serial": None}, "unknown: 1 of 1 systems"),
        ("memory", {"modules": None}, "unknown: all memory modules"),
    ],
)
def test_a_missing_serial_number(part_of: str, changes: dict[str, Any], found: str) -> None:
    finding = place("PH-RECORD", "serial numbers", changed(part_of, **changes))
    assert (finding.found, finding.verdict) == (found, "unanswered")


def test_the_warranty_is_what_a_person_states() -> None:
    finding = place("PH-RECORD", "warranty", wanted=replace(WANTED, stated=Stated()))
    assert finding == Finding(
        "PH-RECORD", "warranty", "unknown", "stated", "", "unanswered", "only a person knows it (warranty)"
    )
