# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole verdict on a machine: rows, waivers, containers, and what must hold for every machine there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, get_type_hints

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import Waiver
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Address,
    Array,
    Boot,
    Controller,
    Cpu,
    Drive,
    FileSystem,
    Gpu,
    Link,
    Machine,
    Memory,
    MemoryModule,
    PowerSupply,
    Sensor,
    System,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER, in_order
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import (
    JUDGED,
    judge,
    rows,
    summary,
    table,
    unmet,
    verdicts,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    A40,
    GB,
    GIB,
    GOOD,
    HANDBOOK,
    TB,
    TIER_2,
    TODAY,
    WANTED,
    changed,
    data_drive,
    of,
)
from hypothesis import assume, given
from hypothesis import strategies as st

AT = "2026-03-01T12:00:00Z"
WEAK = Gpu("NVIDIA T400", "NVIDIA", vram_bytes=2 * GIB, tensor_cores=0, tensor_source="table")


def waived(requirement: str, until: date = date(2026, 12, 31)) -> Wanted:
    return replace(WANTED, waivers=(Waiver(requirement, "A. Person", "new one ordered", until),))


def test_every_row_of_the_tables_is_judged_in_the_registers_order() -> None:
    assert list(JUDGED) == in_order(JUDGED)
    wanted = {"2.1", "2.2", "2.3"}
    asked = [name for name, each in REGISTER.items() if each.section in wanted and each.met_by != ("attest",)]
    assert set(asked) <= set(JUDGED)
    assert list(verdicts(judge(GOOD, WANTED))) == list(JUDGED)
    assert list(verdicts(judge(Machine(), WANTED))) == list(JUDGED)


def test_the_verdicts_on_a_machine_as_recommended() -> None:
    found = verdicts(judge(GOOD, WANTED))
    assert found == {
        "HW-CPU": "recommended",
        "HW-RAM": "recommended",
        "HW-GPU": "recommended",
        "HW-PSU": "met",
        "ST-OS": "recommended",
        "ST-DATA": "recommended",
        "ST-RAID": "recommended",
        "ST-SPARE": "recommended",
        "ST-GROW": "met",
        "ST-HEALTH": "met",
        "NET-RATE": "met",
        "NET-ADDR": "met",
        "NET-REDUND": "met",
        "PH-POWER": "met",
        "PH-SENSORS": "unanswered",
        "PH-CLIMATE": "met",
        "PH-RECORD": "met",
        "OS-BOOT": "met",
        "OS-PART": "met",
    }
    assert summary(judge(GOOD, WANTED)) == {
        "unmet": 0,
        "unanswered": 1,
        "waived": 0,
        "met": 11,
        "recommended": 7,
        "not_applicable": 0,
    }


def test_of_a_machine_of_which_nothing_is_known_nothing_is_met() -> None:
    found = verdicts(judge(Machine(), replace(WANTED, stated=Stated(), fitted=Fitted(), dataset_bytes=None)))
    assert set(found.values()) == {"unanswered"}
    assert verdicts(judge(Machine(), TIER_2))["HW-GPU"] == "not_applicable"


def test_the_worst_item_stands() -> None:
    assert verdicts(judge(changed("cpu", threads=32), WANTED))["HW-CPU"] == "met"
    assert verdicts(judge(changed("cpu", threads=31), WANTED))["HW-CPU"] == "unmet"
    assert verdicts(judge(changed("memory", ecc=None), WANTED))["HW-RAM"] == "unanswered"


@pytest.mark.parametrize(
    ("gpus", "verdict"),
    [
        ((A40, WEAK), "recommended"),
        ((WEAK, A40), "recommended"),
        ((WEAK, WEAK), "unmet"),
        ((WEAK, Gpu("NVIDIA Strange")), "unanswered"),
    ],
)
def test_one_good_card_is_enough(gpus: tuple[Gpu, ...], verdict: str) -> None:
    assert verdicts(judge(replace(GOOD, gpus=gpus), WANTED))["HW-GPU"] == verdict


# ---------------------------------------------------------------------- containers


def test_in_a_container_the_hardware_is_the_hosts() -> None:
    found = judge(changed("system", container="docker"), TIER_2)
    assert {each.verdict for each in found if each.requirement != "HW-GPU"} == {"unanswered"}
    assert verdicts(found)["HW-GPU"] == "not_applicable"
    cores = of(found, "HW-CPU", "cores")
    assert cores.found == "32"
    assert cores.reason == (
        "this is a container (docker): the hardware is its host's; what is seen from here is not judged"
    )


def test_where_it_is_not_known_whether_it_is_a_container_nothing_is_judged() -> None:
    found = judge(changed("system", container=None), WANTED)
    assert set(verdicts(found).values()) == {"unanswered"}
    assert of(found, "HW-CPU", "cores").reason.startswith("it is not known whether this is a container")


def test_a_virtual_machine_is_judged_on_what_it_has() -> None:
    found = verdicts(judge(changed("system", virtualisation="kvm"), WANTED))
    hidden = {name for name, verdict in found.items() if verdict == "unanswered"}
    assert hidden == {"HW-RAM", "HW-PSU", "ST-OS", "ST-HEALTH", "NET-ADDR", "PH-SENSORS"}
    assert found["HW-CPU"] == "recommended"


# ---------------------------------------------------------------------- waivers


def test_a_waiver_covers_what_is_unmet() -> None:
    found = judge(changed("cpu", cores=4), waived("HW-CPU"))
    assert verdicts(found)["HW-CPU"] == "waived"
    cores = of(found, "HW-CPU", "cores")
    assert (cores.found, cores.verdict) == ("4", "waived")
    assert cores.reason == "waived by A. Person until 2026-12-31: new one ordered"
    assert of(found, "HW-CPU", "base clock").verdict == "recommended"
    assert of(found, "HW-CPU", "base clock").reason.endswith("new one ordered; firmware")


def test_a_waiver_covers_what_is_unanswered_and_only_its_requirement() -> None:
    found = verdicts(judge(changed("memory", changed("cpu", cores=4), ecc=None), waived("HW-RAM")))
    assert (found["HW-RAM"], found["HW-CPU"]) == ("waived", "unmet")


@pytest.mark.parametrize(
    ("until", "verdict", "words"),
    [
        (TODAY, "waived", "waived by A. Person until 2026-03-01"),
        (date(2026, 2, 28), "unmet", "a waiver by A. Person ended on 2026-02-28"),
    ],
)
def test_the_last_day_of_a_waiver_counts(until: date, verdict: str, words: str) -> None:
    found = of(judge(changed("cpu", cores=4), waived("HW-CPU", until)), "HW-CPU", "cores")
    assert found.verdict == verdict
    assert found.reason.startswith(words)


@pytest.mark.parametrize("name", ["HW-CPU", "HW-PSU"])
def test_a_waiver_of_what_is_met_is_needless_and_changes_nothing(name: str) -> None:
    plain, found = verdicts(judge(GOOD, WANTED)), judge(GOOD, waived(name))
    assert verdicts(found) == plain
    assert all("needless: waived by A. Person" in each.reason for each in found if each.requirement == name)


def test_a_waiver_of_cards_that_are_not_needed_is_needless() -> None:
    found = judge(replace(GOOD, gpus=(A40, WEAK)), waived("HW-GPU"))
    assert [each.verdict for each in found if each.requirement == "HW-GPU"] == ["recommended", "unmet"]
    assert verdicts(judge(replace(GOOD, gpus=(WEAK,)), waived("HW-GPU")))["HW-GPU"] == "waived"


def test_a_container_may_be_waived_too() -> None:
    assert verdicts(judge(changed("system", container="lxc"), waived("HW-CPU")))["HW-CPU"] == "waived"


# ---------------------------------------------------------------------- rows and table


def test_a_row_names_every_item() -> None:
    row = next(
        each for each in rows(judge(changed("cpu", base_mhz=None), WANTED), AT) if each["requirement"] == "HW-CPU"
    )
    assert row == {
        "requirement": "HW-CPU",
        "status": "unanswered",
        "expected": ("cores: 16, recommended 32; threads: 32, recommended 64; base clock: 2.5 GHz, recommended 3 GHz"),
        "measured": (
            "cores: 32, as recommended; threads: 64, as recommended; base clock: unknown, unanswered (not measured)"
        ),
        "how": "topology of the processors and their base clock",
        "at": AT,
    }


def test_what_is_asked_of_several_items_stands_once() -> None:
    found = {each["requirement"]: each for each in rows(judge(replace(GOOD, gpus=(A40, WEAK)), WANTED), AT)}
    assert found["HW-GPU"]["expected"] == (
        "card 1, NVIDIA A40, card 2, NVIDIA T400: more than 150 tensor cores and 16 GiB,"
        " recommended more than 300 tensor cores and 24 GiB"
    )
    assert found["HW-GPU"]["status"] == "recommended"
    plain = {each["requirement"]: each for each in rows(judge(GOOD, TIER_2), AT)}
    assert plain["HW-GPU"]["expected"] == "graphics processor: nothing"
    assert plain["HW-GPU"]["measured"] == "graphics processor: not judged, not asked (asked of Tier 3 only)"


def test_a_reason_that_all_items_share_stands_once() -> None:
    row = next(iter(rows(judge(changed("system", container="lxc"), WANTED), AT)))
    assert row["measured"] == (
        "cores: 32, unanswered; threads: 64, unanswered; base clock: 3 GHz, unanswered (this is a container (lxc): the"
        " hardware is its host's; what is seen from here is not judged)"
    )


def test_the_table_fits_a_terminal() -> None:
    lines = table(judge(changed("cpu", cores=4), WANTED))
    assert max(map(len, lines)) <= 72
    assert "HW-CPU       unmet" in lines
    assert any("cores: 4, unmet" in line for line in lines)


def test_what_is_unmet_is_said_with_what_would_help() -> None:
    assert unmet(judge(GOOD, WANTED)) == []
    assert unmet(judge(replace(GOOD, gpus=()), WANTED)) == [
        (
            "[HW-GPU] found graphics processor: none, unmet; needed: graphics processor: more than 150 tensor cores"
            " and 16 GiB, recommended more than 300 tensor cores and 24 GiB; remedy: add to it or replace it, or"
            " waive it for a while (waivers: requirement, by, reason, until)"
        )
    ]
    assert unmet(judge(replace(GOOD, gpus=()), waived("HW-GPU"))) == []


# ---------------------------------------------------------------------- what holds for every machine


def _maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


DRIVES = st.builds(
    Drive,
    name=st.sampled_from(["sda", "sdb", "sdc", "sdd", "nvme0n1"]),
    bytes=_maybe(240 * GB, 480 * GB, 4 * TB, 16 * TB),
    medium=_maybe("ssd", "hdd"),
    transport=_maybe("sata", "sas", "usb", "raid", "iscsi"),
    serial=_maybe("S1"),
    removable=_maybe(True, False),
    health=_maybe("passed", "failed"),
    behind_raid=_maybe(True, False),
    holds_system=_maybe(True, False),
    contents=_maybe((), ("ZFS pool tank",), ("partition table gpt",)),
)
ARRAYS = st.builds(
    Array,
    name=st.sampled_from(["md0", "md1"]),
    level=_maybe("raid0", "raid1", "raid5", "container"),
    state=_maybe("clean", "inactive"),
    devices=_maybe(1, 2, 3),
    active=_maybe(1, 2, 3),
    spares=_maybe(0, 1, 2),
    failed=_maybe(0, 1),
    members=st.sampled_from([(), ("sda1", "sdb1"), ("sdb", "sdc", "sdd"), ("nvme0n1p2",), ("dm-0",)]),
    action=_maybe("idle", "recover"),
    action_percent=_maybe(5.0),
)
LINKS = st.builds(
    Link,
    name=st.sampled_from(["eno1", "eno2", "bond0", "wlan0"]),
    kind=st.sampled_from(["ethernet", "wireless", "bond", "virtual"]),
    speed_mbps=_maybe(100, 1000),
    carrier=_maybe(True, False),
    members=st.sampled_from([(), ("eno1", "eno2")]),
    addresses=_maybe((), (Address("192.0.2.1", 24, "static"),), (Address("192.0.2.1", 24),)),
    default_route=_maybe(True, False),
)
SENSORS = st.builds(
    Sensor,
    name=st.sampled_from(["one", "two"]),
    kind=st.sampled_from(["temperature", "humidity", "intrusion", "ups"]),
    value=_maybe(22.0, 45.0, 80.0),
    unit=_maybe("C", "%", "F"),
    status=_maybe("ok", "cr", "OL", "OB LB"),
    ambient=st.booleans(),
)
GPUS = st.sampled_from([A40, WEAK, Gpu("NVIDIA A40-8Q"), replace(A40, vram_bytes=15000 * 2**20, tensor_cores=200)])


def _parts(strategy: st.SearchStrategy[Any], key: Callable[[Any], str] = lambda part: str(part.name)) -> Any:
    return st.none() | st.lists(strategy, max_size=4, unique_by=key).map(tuple)


MACHINES = st.builds(
    Machine,
    system=st.builds(
        System,
        serial=_maybe("X"),
        firmware_mode=_maybe("uefi"),
        virtualisation=_maybe("", "", "kvm"),
        container=_maybe("", "", "", "docker"),
        virtualisation_support=_maybe(True, False),
    ),
    cpu=st.builds(
        Cpu,
        model=_maybe("AMD EPYC 7302 16-Core Processor", "Kunpeng-920"),
        sockets=_maybe(1, 2),
        cores=_maybe(4, 8, 12, 16, 32),
        threads=_maybe(8, 16, 32, 64),
        base_mhz=_maybe(1800, 2500, 3000),
        fitted_sockets=_maybe(1, 2),
    ),
    memory=st.builds(
        Memory,
        installed_bytes=_maybe(16 * GIB, 32 * GIB, 64 * GIB, 128 * GIB),
        ecc=_maybe(True, False),
        slots=_maybe(2, 4),
        modules=_maybe((), (MemoryModule("A", GIB),), (MemoryModule("A", GIB, serial="M"),)),
    ),
    gpus=st.none() | st.lists(GPUS, max_size=3).map(tuple),
    drives=_parts(DRIVES),
    raid_drives=_parts(DRIVES),
    arrays=_parts(ARRAYS),
    controllers=_maybe((), (Controller("0", "raid"),), (Controller("0", "sas"),)),
    power_supplies=st.none()
    | st.lists(st.builds(PowerSupply, st.just("P"), _maybe(100, 800, 2000), _maybe(True, False)), max_size=3).map(
        tuple
    ),
    links=_parts(LINKS),
    file_systems=_maybe(
        (),
        (FileSystem("/", "/dev/sda1", "ext4", 100 * GB, 50 * GB, ("sda",)),),
        (
            FileSystem("/", "/dev/sda1", "ext4", 100 * GB, GB, ("sda",)),
            FileSystem("/data", "/dev/md0", "xfs", TB, TB, ("sdb", "sdc")),
        ),
        (
            FileSystem("/", "/dev/sda1", "ext4", 100 * GB, 50 * GB, ("sda",)),
            FileSystem("/data", "/dev/sda2", "xfs", TB, TB, ("sda",)),
        ),
    ),
    sensors=_parts(SENSORS),
    boot=st.builds(Boot, _maybe("running", "starting", "degraded"), _maybe((), ("a.service",)), _maybe((), ("error",))),
)
WISHES = st.sampled_from(
    [WANTED, TIER_2, HANDBOOK, replace(HANDBOOK, tier=2), replace(WANTED, stated=Stated(), fitted=Fitted())]
)
GOODNESS = {"unmet": 0, "unanswered": 0, "waived": 0, "met": 1, "recommended": 2, "not_applicable": 3}


def forgotten(thing: Any) -> Iterator[Any]:
    """Yield a machine, or a part of one, once for each single thing in it that is forgotten."""
    hints = get_type_hints(type(thing))
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if value is None:
            continue
        if type(None) in getattr(hints[field.name], "__args__", ()):
            yield replace(thing, **{field.name: None})
        if dataclasses.is_dataclass(value):
            yield from (replace(thing, **{field.name: less}) for less in forgotten(value))
        if isinstance(value, tuple):
            for place, part in enumerate(value):
                if dataclasses.is_dataclass(part):
                    for less in forgotten(part):
                        yield replace(thing, **{field.name: (*value[:place], less, *value[place + 1 :])})


def test_every_known_thing_of_the_good_machine_can_be_forgotten() -> None:
    kinds = list(forgotten(GOOD))
    assert len(kinds) >= 150
    assert replace(GOOD, drives=None) in kinds
    assert changed("cpu", cores=None) in kinds
    assert all(len(less.links or ()) == 3 for less in kinds if less.links is not None)


def assert_no_better(known: dict[str, str], after: Machine, wanted: Wanted) -> None:
    less = verdicts(judge(after, wanted))
    better = {name for name in known if GOODNESS[less[name]] > GOODNESS[known[name]]}
    assert not better, (better, known, less)


@pytest.mark.parametrize("wanted", [WANTED, TIER_2, HANDBOOK, replace(HANDBOOK, tier=2)])
def test_to_forget_something_never_helps_the_good_machine(wanted: Wanted) -> None:
    known = verdicts(judge(GOOD, wanted))
    for less in forgotten(GOOD):
        assert_no_better(known, less, wanted)


@given(MACHINES, WISHES, st.randoms(use_true_random=False))
def test_to_forget_something_never_helps(machine: Machine, wanted: Wanted, chance: Any) -> None:
    known = verdicts(judge(machine, wanted))
    ways = list(forgotten(machine))
    for less in chance.sample(ways, min(10, len(ways))):
        assert_no_better(known, less, wanted)


@given(MACHINES, WISHES)
def test_every_machine_gets_a_valid_row_for_each_requirement(machine: Machine, wanted: Wanted) -> None:
    found = judge(machine, wanted)
    made = [make_row(row) for row in rows(found, AT)]
    assert [row.requirement for row in made] == list(JUDGED)
    assert all(row.expected and row.measured and row.how for row in made)
    assert sum(summary(found).values()) == len(JUDGED)
    for finding in found:
        if finding.verdict == "unanswered":
            assert finding.reason or finding.found != "unknown", finding


def _larger(machine: Machine) -> Iterator[tuple[Machine, set[str]]]:
    """Yield machines with more of something, and which requirements may suffer: more parts draw more power."""
    cpu, memory = machine.cpu, machine.memory
    if cpu.cores is not None and cpu.threads is not None and cpu.base_mhz is not None:
        yield changed("cpu", machine, cores=cpu.cores + 1), set()
        yield changed("cpu", machine, threads=cpu.threads * 2), set()
        yield changed("cpu", machine, base_mhz=cpu.base_mhz + 700), set()
    if memory.installed_bytes is not None:
        yield changed("memory", machine, installed_bytes=memory.installed_bytes * 2), set()
    if machine.gpus is not None:
        yield replace(machine, gpus=(*machine.gpus, A40)), {"HW-PSU"}
        yield replace(machine, gpus=(*machine.gpus, WEAK)), {"HW-PSU"}
    if machine.drives is not None:
        new = data_drive("sdz", contents=())
        yield replace(machine, drives=(*machine.drives, new)), {"HW-PSU"}
        for place, drive in enumerate(machine.drives):
            if drive.bytes is not None:
                large = replace(drive, bytes=drive.bytes * 2)
                yield replace(machine, drives=(*machine.drives[:place], large, *machine.drives[place + 1 :])), set()
    if machine.power_supplies:
        strong = tuple(
            replace(unit, max_watts=None if unit.max_watts is None else unit.max_watts + 500)
            for unit in machine.power_supplies
        )
        yield replace(machine, power_supplies=strong), set()


@given(MACHINES, WISHES)
def test_more_hardware_is_never_worse(machine: Machine, wanted: Wanted) -> None:
    assume(machine.system.container == "")
    before = verdicts(judge(machine, wanted))
    for larger, suffers in _larger(machine):
        after = verdicts(judge(larger, wanted))
        worse = {name for name in before if GOODNESS[after[name]] < GOODNESS[before[name]]} - suffers
        assert not worse, (worse, larger)


@given(MACHINES, WISHES, st.sampled_from(list(JUDGED)))
def test_a_waiver_never_makes_anything_met(machine: Machine, wanted: Wanted, name: str) -> None:
    plain = verdicts(judge(machine, wanted))
    waiver = Waiver(name, "A. Person", "for now", date(2026, 12, 31))
    found = verdicts(judge(machine, replace(wanted, waivers=(waiver,))))
    expected = "waived" if plain[name] in ("unmet", "unanswered") else plain[name]
    assert found == {**plain, name: expected}


def test_a_line_that_was_measured_from_within_a_container_is_its_own() -> None:
    line = tuple(
        Finding("NET-RATE", name, "9 Mbit/s", "200 Mbit/s", "", "unmet", "measured") for name in ("down", "up")
    )
    found = judge(changed("system", container="docker"), replace(TIER_2, line=line))
    assert [each for each in found if each.requirement == "NET-RATE"] == list(line)
    assert of(found, "HW-CPU", "cores").verdict == "unanswered"
