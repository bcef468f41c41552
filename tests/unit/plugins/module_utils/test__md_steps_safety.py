# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the drives, the array, the record and the inventory are: no step writes to what it may not write to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import LEVELS, POLICIES, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import BY_ID, Disk, Member, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import (
    CREATING,
    ERASE,
    MADE,
    Decision,
    Record,
    decide,
    decide_absent,
)
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    FRESH,
    GB,
    MARK,
    MD,
    OURS,
    THEIRS,
    disk,
    inside,
    mark,
    marked,
    member,
    name_of,
    path_of,
    running,
    seen,
    wanted_array,
)
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = "ext4 records"
NEEDED = 50 * GB
# What a drive can be, by what it is called in a failure.
KINDS: dict[str, Callable[[int], Disk | None]] = {
    "empty": disk,
    "holds": lambda number: disk(number, holds=(WORDS,)),
    "not looked at": lambda number: disk(number, holds=None),
    "mounted": lambda number: disk(number, holds=(WORDS,), busy=(f"{name_of(number)}1 is mounted on /mnt",)),
    "busy and ours": lambda number: marked(number, busy=(f"{name_of(number)} is in use by dm-0",)),
    "system": lambda number: disk(number, holds_system=True),
    "system with our mark": lambda number: marked(number, holds_system=True),
    "small": lambda number: disk(number, bytes=NEEDED - 1),
    "small and ours": lambda number: marked(number, bytes=NEEDED - 1),
    "a controller's volume": lambda number: disk(number, behind_raid=True),
    "ours": marked,
    "ours, never started": lambda number: marked(number, mark(events=1)),
    "ours, and newer": lambda number: marked(number, mark(events=60)),
    "ours, with a table": lambda number: marked(number, holds=(MARK, "partition table dos", "sdx1: ext4")),
    "theirs": lambda number: marked(number, mark(uuid=THEIRS, name="other"), holds=("linux_raid_member other",)),
    "theirs, of our name": lambda number: marked(number, mark(uuid=THEIRS)),
    "in our array": inside,
    "in their array": lambda number: marked(
        number, mark(uuid=THEIRS), busy=(f"{name_of(number)} is in use by md0",), array="md0"
    ),
    "missing": lambda number: None,
}
ARRAYS = ("none", "runs", "inactive")
RECORDS = (Record(), Record(OURS, CREATING), Record(OURS, MADE), Record(THEIRS, MADE))


def world(kinds: tuple[str, ...], array: str, members: list[Member] | None = None) -> Seen:
    """Return a machine whose drives are of these kinds."""
    disks = [each for number, kind in enumerate(kinds) for each in [KINDS[kind](number)] if each is not None]
    if members is None:
        members = [member(number) for number, kind in enumerate(kinds) if kind == "in our array"]
    state = {"state": "inactive", "level": None} if array == "inactive" else {"level": "raid1"}
    return seen(*disks, array=None if array == "none" else running(members, devices=2, **state))


def written(decision: Decision) -> Iterator[str]:
    """Find the drives that a decision writes to for the first time, or takes a mark from."""
    for step in decision.steps:
        if step.kind == ERASE:
            assert step.disk is not None
            assert step.argv == ()
            yield step.disk.id
        elif {"--create", "--add", "--zero-superblock"} & set(step.argv):
            yield from (word for word in step.argv if word.startswith(BY_ID))


def own_mark_only(each: Disk, uuid: str) -> bool:
    """Say whether a drive holds nothing but the mark of our array."""
    return each.superblock is not None and each.superblock.uuid == uuid and each.holds == (MARK,)


def newer(found: Seen, each: Disk) -> bool:
    """Say whether a drive has seen more than every drive that is in our array."""
    inside_it = [
        other.superblock for other in found.disks.values() if other.array == MD and other.superblock is not None
    ]
    own = each.superblock
    return own is not None and bool(inside_it) and all(own.events > other.events for other in inside_it)


def safe(wanted: Wanted, found: Seen, record: Record, decision: Decision) -> None:
    """Nothing is written to that must not be."""
    assert not (decision.refusals and decision.steps)
    # Our array is that of the record, or, where it remembers none that is there, the one of our name.
    marks = [each.superblock for each in found.disks.values() if each.superblock is not None]
    assert decision.uuid in {"", FRESH, record.uuid, *(each.uuid for each in marks if each.name == wanted.name)}
    for step in decision.steps:
        assert step.kind == ERASE or step.argv[0] == "mdadm"
        for verb in {"--create", "--add"} & set(step.argv):
            words = step.argv[step.argv.index(verb) + 2 if verb == "--create" else step.argv.index(verb) + 1 :]
            assert all(word.startswith((BY_ID, "--")) for word in words), step.argv
    for path in written(decision):
        assert path in wanted.all
        each = found.disks[path]
        assert not each.holds_system
        assert not each.behind_raid
        assert not each.busy or each.array == MD
        assert each.holds is not None
        spoken = each.words == (wanted.erase or {}).get(path)
        assert each.holds == () or spoken or (own_mark_only(each, decision.uuid) and not newer(found, each))
        if not any("--zero-superblock" in step.argv for step in decision.steps):
            assert each.bytes >= wanted.member_bytes
            assert not each.busy


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("record", RECORDS, ids=["nothing", "creating", "made", "made of others"])
def test_no_combination_of_two_drives_is_written_to_that_must_not_be(array: str, record: Record) -> None:
    """Every kind of drive beside every other one, as a mirror, with and without words for what they hold."""
    for kinds in itertools.product(KINDS, repeat=2):
        found = world(kinds, array)
        for erase in ({}, {path_of(0): WORDS}, {path_of(1): MARK}):
            wanted = wanted_array((0, 1), level="raid1", member_bytes=NEEDED, erase=erase)
            for verdict in (decide, decide_absent):
                safe(wanted, found, record, verdict(wanted, found, record, FRESH))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Wanted, Seen, Record]:
    """Make an inventory, a machine and a record."""
    count = draw(st.integers(1, 6))
    kinds = tuple(draw(st.sampled_from(sorted(KINDS))) for _number in range(count))
    devices = draw(st.lists(st.integers(0, count), min_size=1, max_size=count + 1, unique=draw(st.booleans())))
    spares = draw(st.lists(st.integers(0, count), max_size=2, unique=True))
    erase = {
        path_of(number): draw(st.sampled_from([WORDS, MARK, "", "linux_raid_member other", "something else"]))
        for number in draw(st.lists(st.integers(0, count), max_size=3, unique=True))
    }
    wanted = wanted_array(
        devices,
        spares,
        level=draw(st.sampled_from(LEVELS)),
        policy=draw(st.sampled_from(POLICIES)),
        member_bytes=draw(st.sampled_from([0, NEEDED])),
        erase=erase,
    )
    states = st.sampled_from(["in_sync", "spare", "faulty", "in_sync,want_replacement", "spare,replacement"])
    members = [
        member(number, draw(states), draw(st.sampled_from([str(number), "none", "0"])))
        for number in range(count + 2)
        if number >= count or kinds[number] == "in our array"
    ]
    found = world(kinds, draw(st.sampled_from(ARRAYS)), members[: len(members) - draw(st.integers(0, 2))])
    if found.arrays and found.arrays[MD].active:
        shown = replace(
            found.arrays[MD].shown,
            level=draw(st.sampled_from([wanted.level, wanted.level, *LEVELS])),
            devices=draw(st.sampled_from([None, len(devices), len(devices), 1, 2, 3, 4, 5])),
            policy=draw(st.sampled_from([*POLICIES, "journal", "unknown", None])),
            action=draw(st.sampled_from([None, "idle", "recover", "reshape", "check"])),
            action_percent=draw(st.sampled_from([None, 12.5])),
            chunk_bytes=draw(st.sampled_from([None, 0, 65536, 524288])),
        )
        found = replace(found, arrays={MD: replace(found.arrays[MD], shown=shown)})
    if draw(st.booleans()):
        found = replace(found, disks={path: each for path, each in found.disks.items() if path in wanted.all})
    return wanted, found, draw(st.sampled_from(RECORDS))


@settings(max_examples=400)
@given(made=worlds(), absent=st.booleans())
def test_no_machine_is_written_to_where_it_must_not_be(made: tuple[Wanted, Seen, Record], absent: bool) -> None:
    wanted, found, record = made
    decision = (decide_absent if absent else decide)(wanted, found, record, FRESH)
    safe(wanted, found, record, decision)


@settings(max_examples=200)
@given(made=worlds())
def test_nothing_that_works_is_removed_or_failed(made: tuple[Wanted, Seen, Record]) -> None:
    """Only what failed, what waits unnamed, and what the kernel itself cannot open any more leaves an array."""
    wanted, found, record = made
    for step in decide(wanted, found, record, FRESH).steps:
        if "--remove" in step.argv and "detached" not in step.argv:
            name = step.argv[-1].removeprefix("/dev/")
            (place,) = (each for each in found.arrays[MD].members if each.name == name)
            assert place.failed or place.idle
            assert name not in {found.disks[path].name for path in wanted.all if path in found.disks}
