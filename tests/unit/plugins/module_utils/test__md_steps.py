# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done with an array, what has to wait, and what is refused, one case after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Member, Seen, Superblock
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import (
    CREATING,
    ERASE,
    MADE,
    RUN,
    Decision,
    Record,
    decide,
    decide_absent,
)
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    FRESH,
    MARK,
    MD,
    OURS,
    THEIRS,
    disk,
    healthy,
    inside,
    mark,
    marked,
    member,
    name_of,
    path_of,
    paths_of,
    running,
    seen,
    wanted_array,
)

DEVICE = f"/dev/{MD}"
MADE_OURS = Record(OURS, MADE)


def decided(wanted: Wanted, found: Seen, record: Record = MADE_OURS) -> Decision:
    """Return a decision that refuses nothing."""
    decision = decide(wanted, found, record, FRESH)
    assert [each.text() for each in decision.refusals] == []
    return decision


def commands(decision: Decision) -> list[str]:
    """Return the steps as one would type them, without the array's device."""
    return [" ".join(step.argv).replace(f" {DEVICE}", "") for step in decision.steps]


def refused(wanted: Wanted, found: Seen, record: Record = MADE_OURS) -> tuple[str, str]:
    """Return the requirement and what was found of the only refusal."""
    decision = decide(wanted, found, record, FRESH)
    assert decision.steps == []
    (refusal,) = decision.refusals
    return refusal.requirement, refusal.found


def test_a_fault_of_the_inventory_is_refused_before_anything_else() -> None:
    assert refused(wanted_array(policy="ppl", level="raid6", devices=range(4)), healthy()) == (
        "ST-RAID",
        "ppl with raid6",
    )


@pytest.mark.parametrize("found", [healthy(), seen(disk(0), disk(1), disk(2))])
def test_one_drive_by_two_names_is_refused_also_where_the_array_runs(found: Seen) -> None:
    other = f"{path_of(0)}_again"
    twice = replace(found, disks={**found.disks, other: replace(found.disks[path_of(0)], id=other)})
    wanted = replace(wanted_array(), devices=(*paths_of(0, 1, 2), other))
    expected = ("ST-DATA", f"{path_of(0)} and {other}, which are one drive (/dev/sdb)")
    assert refused(wanted, twice) == expected
    assert decide_absent(wanted, twice, MADE_OURS, FRESH).refusals[0].found == expected[1]


# Making an array --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, "--level=raid5 --raid-devices=3 --chunk=512 --bitmap=internal"),
        ({"policy": "ppl"}, "--level=raid5 --raid-devices=3 --chunk=512 --consistency-policy=ppl"),
        ({"policy": "resync", "chunk_bytes": 65536}, "--level=raid5 --raid-devices=3 --chunk=64 --bitmap=none"),
        ({"level": "raid0"}, "--level=raid0 --raid-devices=3 --chunk=512"),
        ({"level": "raid1"}, "--level=raid1 --raid-devices=3 --bitmap=internal"),
        (
            {"level": "raid10", "layout": "far=2"},
            "--level=raid10 --raid-devices=3 --chunk=512 --layout=f2 --bitmap=internal",
        ),
        (
            {"layout": "right-symmetric"},
            "--level=raid5 --raid-devices=3 --chunk=512 --layout=right-symmetric --bitmap=internal",
        ),
    ],
)
def test_an_array_is_made_as_it_is_asked_for(changes: dict[str, Any], options: str) -> None:
    decision = decided(wanted_array(**changes), seen(disk(0), disk(1), disk(2)), Record())
    names = " ".join(paths_of(0, 1, 2))
    assert commands(decision) == [
        f"mdadm --create /dev/md/eucaim --run --metadata=1.2 --name=eucaim --uuid={FRESH} {options} {names}"
    ]
    assert (decision.creates, decision.uuid, decision.running) == (True, FRESH, None)


def test_spares_are_named_when_an_array_is_made() -> None:
    decision = decided(wanted_array(spares=(3,)), seen(*map(disk, range(4))), Record())
    assert " --raid-devices=3 --spare-devices=1 " in commands(decision)[0]
    assert decision.steps[0].text == f"make raid5 eucaim of 3 drives and 1 spare: {', '.join(paths_of(0, 1, 2, 3))}"


def test_only_what_holds_something_is_erased_and_before_the_array_is_made() -> None:
    holds = disk(1, holds=("partition table gpt", "sdc1: ext4"))
    words = "partition table gpt; sdc1: ext4"
    decision = decided(wanted_array(erase={path_of(1): words}), seen(disk(0), holds, disk(2)), Record())
    first, second = decision.steps
    assert (first.kind, first.disk, first.argv) == (ERASE, holds, ())
    assert first.text == f"erase {path_of(1)} (/dev/sdc), which holds: {words}"
    assert second.argv[1] == "--create"


def test_a_mark_that_was_begun_is_erased_without_words() -> None:
    found = seen(marked(0, mark(events=1), holds=()), disk(1), disk(2))
    decision = decided(wanted_array(), found, Record(OURS, CREATING))
    assert decision.steps[0].text.endswith("which holds: a mark of an array that was begun")
    assert decision.uuid == OURS


def test_every_drive_that_cannot_be_taken_is_told_at_once() -> None:
    found = seen(disk(0, holds=("xfs",)), disk(1, holds_system=True))
    decision = decide(wanted_array(), found, Record(), FRESH)
    assert [refusal.requirement for refusal in decision.refusals] == ["ST-DATA", "ST-OS", "ST-DATA"]
    assert decision.steps == []


# Finding an array -------------------------------------------------------------------------------------------------


def test_two_arrays_of_one_name_are_not_chosen_between() -> None:
    found = seen(marked(0), marked(1), marked(2, mark(uuid=THEIRS)))
    requirement, words = refused(wanted_array(), found, Record())
    assert requirement == "ST-RAID"
    assert words == f"drives of 2 arrays that are called eucaim ({THEIRS}, {OURS})"
    assert decide_absent(wanted_array(), found, Record(), FRESH).steps == []


def test_what_is_remembered_chooses_between_two_arrays_of_one_name() -> None:
    found = seen(marked(0), marked(1), marked(2, mark(uuid=THEIRS)))
    assert decided(wanted_array(), found).uuid == OURS


def test_what_is_remembered_and_is_nowhere_is_forgotten() -> None:
    assert decided(wanted_array(), seen(*map(disk, range(3)))).uuid == FRESH


def test_an_array_is_found_by_its_marks_where_the_kernel_does_not_say_its_uuid() -> None:
    decision = decided(wanted_array(), healthy(uuid=None), Record())
    assert (decision.running is not None, decision.uuid, decision.steps) == (True, OURS, [])


def test_an_array_of_others_is_left_alone() -> None:
    others = running([member(5)], uuid=THEIRS)
    found = seen(disk(0), disk(1), disk(2), others=[disk(5)], array=others)
    assert decided(wanted_array(), found, Record()).running is None


# Starting an array ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "count", "there", "starts"),
    [
        ("raid0", 3, 2, False),
        ("raid0", 3, 3, True),
        ("raid1", 3, 1, True),
        ("raid5", 4, 3, True),
        ("raid5", 4, 2, False),
        ("raid6", 5, 3, True),
        ("raid6", 5, 2, False),
        ("raid10", 5, 3, True),
        ("raid10", 5, 2, False),
        ("raid4", 4, 3, False),
    ],
)
def test_an_array_is_started_with_what_its_level_needs(level: str, count: int, there: int, starts: bool) -> None:
    found = mark(level=level, devices=count)
    drives = [marked(number, found) if number < there else disk(number) for number in range(count)]
    wanted = wanted_array(range(count), level=level if level != "raid4" else "raid5")
    decision = decide(wanted, seen(*drives), MADE_OURS, FRESH)
    if starts:
        names = " ".join(paths_of(*range(there)))
        assert commands(decision) == [f"mdadm --assemble /dev/md/eucaim --run --uuid={OURS} {names}"]
    else:
        assert decision.steps == []
        assert decision.refusals[0].found == f"{there} of the {count} drives of eucaim"


@pytest.mark.parametrize(
    ("level", "count", "there", "dirty", "forced"),
    [
        ("raid5", 3, 2, True, True),
        ("raid5", 3, 2, False, False),
        ("raid5", 3, 3, True, False),
        ("raid6", 4, 2, True, True),
        ("raid1", 2, 1, True, False),
        ("raid10", 4, 2, True, False),
    ],
)
def test_an_array_that_lacked_a_drive_when_the_power_failed(
    level: str, count: int, there: int, dirty: bool, forced: bool
) -> None:
    """The kernel does not start it by itself: parity is of no use where it may be older than the data."""
    found = mark(level=level, devices=count, dirty=dirty)
    disks = [marked(number, found) for number in range(there)]
    decision = decided(wanted_array(tuple(range(count)), level=level), seen(*disks))
    assert ("--force" in decision.steps[0].argv) is forced
    assert any("raid write hole" in note for note in decision.notes) is forced


def test_a_drive_that_was_being_filled_is_none_that_an_array_can_be_started_with() -> None:
    """Else a start by force would take what it does not hold yet for data."""
    whole, filling = mark(dirty=True), mark(dirty=True, filling=True)
    two = decided(wanted_array(), seen(marked(0, whole), marked(1, whole), marked(2, filling)))
    assert "--force" in two.steps[0].argv
    drives = (marked(0, whole), marked(1, filling), marked(2, filling))
    one = decide(wanted_array(), seen(*drives), MADE_OURS, FRESH)
    assert (one.steps, [each.found for each in one.refusals]) == ([], ["1 of the 3 drives of eucaim"])


def test_a_spare_is_no_drive_with_which_an_array_can_be_started() -> None:
    found = seen(marked(0), marked(1, mark(active=False)), marked(2, mark(active=False)))
    assert refused(wanted_array(), found)[1] == "1 of the 3 drives of eucaim"


def test_what_a_drive_says_that_has_been_away_for_long_counts_less() -> None:
    """It was taken out when the array was a mirror of two. Since then it has become a RAID 5 of four."""
    newest = mark(devices=4, events=99)
    old = mark(level="raid1", devices=2, events=7)
    found = seen(marked(0, old), marked(1, newest), marked(2, newest), disk(3))
    assert refused(wanted_array(range(4)), found)[1] == "2 of the 4 drives of eucaim"


def test_what_could_not_be_started_is_not_stopped_where_it_cannot_be_started_either() -> None:
    found = seen(inside(0), disk(1), disk(2), array=running([member(0)], state="inactive", level=None))
    assert refused(wanted_array(), found)[1] == "1 of the 3 drives of eucaim"


# An array that runs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (wanted_array(), healthy()),
        (wanted_array((0, 1, 2)[::-1]), healthy()),
        (wanted_array((0, 1), level="raid0"), healthy(2, level="raid0", policy="none")),
        (wanted_array(policy="resync"), healthy(policy="resync")),
        (wanted_array(), healthy(policy=None)),
        (wanted_array(), healthy(policy="unknown")),
        (wanted_array(), healthy(action="check", action_percent=3.0)),
    ],
)
def test_an_array_that_is_as_wanted_is_left_alone(wanted: Wanted, found: Seen) -> None:
    decision = decided(wanted, found)
    assert (decision.steps, decision.waiting, decision.problems, decision.notes) == ([], [], [], [])


def test_drives_that_are_gone_or_have_failed_are_told() -> None:
    members = [member(0), member(1, "faulty", "none")]
    found = seen(inside(0), inside(1), array=running(members))
    decision = decided(wanted_array(), found)
    assert decision.steps == []
    assert decision.problems == [
        f"{path_of(2)} is not there: replace the drive, and name the new one in its place",
        f"{path_of(1)} has failed: replace the drive, and name the new one in its place",
    ]


def test_a_drive_that_left_the_array_while_it_was_looked_at_is_no_member() -> None:
    found = seen(inside(0), inside(1), inside(2), array=running([member(0), member(1)]))
    assert refused(wanted_array(), found) == ("ST-DATA", f"{path_of(2)} (/dev/sdd): sdd is in use by md127")


def test_a_chunk_of_another_size_is_noted_and_left() -> None:
    assert decided(wanted_array(chunk_bytes=65536), healthy()).notes == [
        "the chunk is 524288 bytes, and 65536 were asked for: it is left as it is"
    ]
    mirror = healthy(2, level="raid1", chunk_bytes=65536)
    assert decided(wanted_array((0, 1), level="raid1"), mirror).notes == []


def test_what_has_failed_and_what_waits_unnamed_is_removed() -> None:
    members = [member(0), member(1), member(2), member(3, "spare", "none"), member(4, "faulty", "none")]
    three = [inside(number) for number in range(3)]
    found = seen(*three, others=[inside(3), inside(4)], array=running(members))
    assert commands(decided(wanted_array(), found)) == [
        f"mdadm --manage --remove /dev/{name_of(3)}",
        f"mdadm --manage --remove /dev/{name_of(4)}",
    ]


def test_what_is_gone_is_let_go_of_once() -> None:
    members = [member(0), member(1), member(2), member(3, "spare", "none"), member(4, "faulty", "none")]
    found = seen(*(inside(number) for number in range(3)), array=running(members))
    decision = decided(wanted_array(), found)
    assert commands(decision) == ["mdadm --manage --fail detached --remove detached"]
    assert decision.steps[0].text == "let go of 2 drives that are gone"


def test_a_part_of_a_drive_is_nobodys_to_let_go_of() -> None:
    members = [member(0), member(1), member(2), Member("sdg1", frozenset({"spare"}), "none")]
    found = seen(*(inside(number) for number in range(3)), others=[disk(5)], array=running(members))
    assert refused(wanted_array(), found) == ("ST-RAID", "sdg1 in the array eucaim, a part of a drive")


@pytest.mark.parametrize(("drive", "name"), [("sda", "sdaa"), ("nvme0n1", "nvme0n10"), ("nvme0n1", "nvme0n11")])
def test_a_drive_that_is_gone_is_no_part_of_one_with_a_shorter_name(drive: str, name: str) -> None:
    members = [member(0), member(1), member(2), Member(name, frozenset({"spare"}), "none")]
    there = replace(disk(5), name=drive)
    found = seen(*(inside(number) for number in range(3)), others=[there], array=running(members))
    assert decided(wanted_array(), found).steps[0].text == "let go of 1 drives that are gone"


def test_a_part_of_a_drive_whose_name_ends_with_a_number() -> None:
    members = [member(0), member(1), member(2), Member("nvme0n1p2", frozenset({"spare"}), "none")]
    there = replace(disk(5), name="nvme0n1")
    found = seen(*(inside(number) for number in range(3)), others=[there], array=running(members))
    assert refused(wanted_array(), found) == ("ST-RAID", "nvme0n1p2 in the array eucaim, a part of a drive")


def test_words_that_have_done_their_work_are_named() -> None:
    wanted = wanted_array(erase={path_of(1): "ext4"})
    assert decided(wanted, healthy()).notes == [
        f"{path_of(1)} is in the array now: its entry in erase has done its work, take it out"
    ]


@pytest.mark.parametrize(("active", "noted"), [(True, True), (False, False)])
def test_a_drive_that_comes_back_is_told(active: bool, noted: bool) -> None:
    """It may have failed; a spare that was not put in has not."""
    found = healthy()
    found = replace(found, disks={**found.disks, path_of(3): marked(3, mark(active=active, events=40, places="AAA"))})
    decision = decided(wanted_array(spares=(3,)), found)
    assert commands(decision) == [f"mdadm --manage --add {path_of(3)}"]
    assert [f"{path_of(3)} was in the array before and left it" in note for note in decision.notes] == [True] * noted


def mirror(there: Superblock, back: Superblock) -> tuple[Wanted, Seen]:
    """Return a mirror that runs with one half, and the other half."""
    array = running([member(0)], level="raid1", devices=2, active=1)
    return wanted_array((0, 1), level="raid1"), seen(inside(0, there), marked(1, back), array=array)


HALF = mark(level="raid1", devices=2, slot=0, places="A.", events=140)
OTHER_HALF = mark(level="raid1", devices=2, slot=1, places="AA", events=100)


@pytest.mark.parametrize(
    "back",
    [
        replace(OTHER_HALF, events=141),
        replace(OTHER_HALF, places=".A"),
        replace(OTHER_HALF, places=".A", events=5000),
    ],
)
def test_a_half_that_worked_alone_is_not_written_over(back: Superblock) -> None:
    wanted, found = mirror(HALF, back)
    requirement, words = refused(wanted, found)
    assert (requirement, "was at work in eucaim without drives that are in it now" in words) == ("ST-DATA", True)
    spoken = decided(replace(wanted, erase={path_of(1): MARK}), found)
    assert [step.kind for step in spoken.steps] == [ERASE, RUN]
    assert spoken.notes == []


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (HALF, OTHER_HALF),
        (replace(HALF, slot=None), replace(OTHER_HALF, places=".A")),
        (replace(HALF, level="raid5"), replace(OTHER_HALF, level="raid5", places=".A")),
        (HALF, replace(OTHER_HALF, active=False, places=".A")),
        (replace(HALF, uuid=THEIRS), replace(OTHER_HALF, places=".A")),
    ],
)
def test_a_half_that_the_array_has_left_behind_comes_back(there: Superblock, back: Superblock) -> None:
    assert commands(decided(*mirror(there, back))) == [f"mdadm --manage --add {path_of(1)}"]


@pytest.mark.parametrize(("places", "noted"), [("AA", True), ("A.", False), ("", False)])
def test_a_mirror_that_is_started_from_a_half_which_may_be_the_older_one_says_so(places: str, noted: bool) -> None:
    found = seen(marked(0, replace(HALF, places=places)))
    decision = decided(wanted_array((0, 1), level="raid1"), found)
    assert decision.steps[0].argv[1] == "--assemble"
    assert ["what is newer is on them" in note for note in decision.notes] == [True] * noted


def test_a_raid_0_that_was_begun_may_have_been_used() -> None:
    """Nobody counts its events."""
    found = seen(marked(0, mark(level="raid0", devices=2, events=0)), disk(1))
    requirement, words = refused(wanted_array((0, 1), level="raid0"), found, Record(OURS, CREATING))
    assert (requirement, words) == ("ST-RAID", "1 of the 2 drives of eucaim")


def test_a_drive_that_is_new_is_added() -> None:
    found = seen(*(inside(number) for number in range(3)), disk(3), array=running([member(0), member(1), member(2)]))
    decision = decided(wanted_array(spares=(3,)), found)
    assert commands(decision) == [f"mdadm --manage --add {path_of(3)}"]
    assert decision.steps[0].text == f"add {path_of(3)} to eucaim"


@pytest.mark.parametrize(
    ("holds", "erased"), [((), False), (("xfs",), True), ((MARK,), False), ((MARK, "partition table dos"), True)]
)
def test_a_new_drive_is_erased_if_it_holds_more_than_our_mark(holds: tuple[str, ...], erased: bool) -> None:
    new = disk(3, holds=holds, superblock=mark() if MARK in holds else None)
    found = seen(*(inside(number) for number in range(3)), new, array=running([member(0), member(1), member(2)]))
    wanted = wanted_array(spares=(3,), erase={path_of(3): new.words} if erased else {})
    assert [step.kind == ERASE for step in decided(wanted, found).steps] == ([True, False] if erased else [False])
    if erased:
        assert refused(replace(wanted, erase={}), found)[0] == "ST-DATA"


def test_a_new_drive_has_to_be_as_large_as_the_others_are_used() -> None:
    drives = [inside(number, mark(needs_bytes=100 * 10**9 + number)) for number in range(3)]
    found = seen(*drives, disk(3), array=running([member(0), member(1), member(2)]))
    assert refused(wanted_array(spares=(3,)), found) == (
        "ST-DATA",
        f"{path_of(3)} of 100 GB (100000000000 bytes)",
    )


# Exchanging drives ------------------------------------------------------------------------------------------------


def exchange(*members: Any, extra: Any = None, **shown: Any) -> Seen:
    """Return an array of 0, 1, 2, of which 1 is not named and 3 is to take its place."""
    array = running(members or [member(0), member(1), member(2)], **shown)
    return seen(inside(0), inside(2), extra or disk(3), others=[inside(1)], array=array)


EXCHANGED = wanted_array((0, 3, 2))


def test_a_drive_that_works_is_copied_to_the_one_that_takes_its_place() -> None:
    assert commands(decided(EXCHANGED, exchange())) == [
        f"mdadm --manage --add {path_of(3)}",
        f"mdadm --manage --replace /dev/sdc --with {path_of(3)}",
    ]


def test_it_waits_until_the_array_is_whole_and_at_rest() -> None:
    found = exchange(member(0), member(1), member(2, "spare"), action="recover", action_percent=12.5)
    decision = decided(EXCHANGED, found)
    assert commands(decision) == [f"mdadm --manage --add {path_of(3)}"]
    assert decision.waiting == [f"to replace {path_of(1)} with {path_of(3)}: until the recover has ended (12.5 % done)"]
    found = exchange(member(0), member(1), member(2), action="reshape")
    assert decided(EXCHANGED, found).waiting[0].endswith("until the reshape has ended")
    found = exchange(member(0), member(1), member(2, "faulty", "none"), action=None)
    assert decided(EXCHANGED, found).waiting[0].endswith("until the array is whole again")


def test_a_drive_that_the_kernel_itself_wants_to_replace_is_left_to_it() -> None:
    members = [member(0), member(1, "in_sync,want_replacement"), member(2), member(3, "spare", "none")]
    decision = decided(EXCHANGED, exchange(*members, extra=inside(3)))
    assert decision.steps == []
    assert decision.waiting == [f"to remove {path_of(1)}: until it has been copied"]


@pytest.mark.parametrize("policy", ["bitmap", "resync"])
def test_while_it_is_copied_a_run_has_nothing_to_do_and_nothing_to_refuse(policy: str) -> None:
    members = [member(0), member(1, "in_sync,want_replacement"), member(2), member(3, "spare,replacement", "1")]
    decision = decided(replace(EXCHANGED, policy=policy), exchange(*members, extra=inside(3)))
    assert decision.steps == []
    assert decision.waiting[0] == f"to remove {path_of(1)}: until it has been copied"
    assert decision.waiting[1:] == (
        ["to take the write-intent bitmap away: until drives have been replaced"] if policy == "resync" else []
    )


def test_a_drive_that_works_is_not_removed_without_another() -> None:
    found = seen(inside(0), inside(2), others=[inside(1)], array=running([member(0), member(1), member(2)]))
    assert refused(wanted_array((0, 4, 2)), found) == ("ST-RAID", f"{path_of(1)} in the array eucaim, but not named")


def test_a_drive_that_is_refused_takes_nobodys_place() -> None:
    decision = decide(EXCHANGED, exchange(extra=disk(3, holds=("ext4",))), MADE_OURS, FRESH)
    assert [refusal.found for refusal in decision.refusals] == [
        f"{path_of(3)} (/dev/sde), which holds: ext4",
        f"{path_of(1)} in the array eucaim, but not named",
    ]


# Growing ----------------------------------------------------------------------------------------------------------


def grown(new: int, **shown: Any) -> Seen:
    """Return an array of three beside some empty drives."""
    three = [inside(number) for number in range(3)]
    return seen(
        *three,
        *(disk(number) for number in range(3, 3 + new)),
        array=running([member(0), member(1), member(2)], **shown),
    )


def test_an_array_grows_by_drives() -> None:
    assert commands(decided(wanted_array(range(5)), grown(2))) == [
        f"mdadm --manage --add {path_of(3)}",
        f"mdadm --manage --add {path_of(4)}",
        "mdadm --grow --raid-devices=5",
    ]


def test_a_partial_parity_log_is_switched_off_meanwhile() -> None:
    decision = decided(wanted_array(range(4), policy="ppl"), grown(1, policy="ppl"))
    assert commands(decision)[1:] == ["mdadm --grow --consistency-policy=resync", "mdadm --grow --raid-devices=4"]


def test_growing_waits_for_the_kernel() -> None:
    decision = decided(wanted_array(range(4)), grown(1, action="resync", action_percent=0.1))
    assert decision.waiting == ["to grow from 3 to 4 drives: until the resync has ended (0.1 % done)"]
    decision = decided(wanted_array((0, 3, 2, 4)), replace(exchange(), disks={**exchange().disks, path_of(4): disk(4)}))
    assert decision.waiting == ["to grow from 3 to 4 drives: until drives have been replaced"]


def test_growing_waits_for_drives_that_are_not_there() -> None:
    decision = decided(wanted_array(range(5)), grown(1))
    assert commands(decision) == [f"mdadm --manage --add {path_of(3)}"]
    assert decision.waiting == ["to grow from 3 to 5 drives: for 1 drives that are not there"]


def test_a_spare_is_not_used_up_for_a_drive_that_is_not_there() -> None:
    """Growing cannot be taken back, so that a name with a slip of the pen must not bring it about."""
    members = [member(0), member(1), member(2), member(3, "spare", "none")]
    found = seen(*(inside(number) for number in range(4)), array=running(members))
    decision = decided(wanted_array((0, 1, 2, 7), (3,)), found)
    assert decision.steps == []
    assert decision.waiting == ["to grow from 3 to 4 drives: for 1 drives that are not there"]


def test_the_policy_of_an_array_that_lost_a_drive_and_is_whole_again_can_change() -> None:
    """The spare has taken over; the drive that is gone is still named."""
    found = seen(inside(0), inside(2), inside(3), array=running([member(0), member(3, slot="1"), member(2)]))
    decision = decided(wanted_array((0, 1, 2), (3,), policy="resync"), found)
    assert commands(decision) == ["mdadm --grow --bitmap=none"]


@pytest.mark.parametrize(
    ("now", "asked", "expected"),
    [
        ("resync", "bitmap", ["--bitmap=internal"]),
        ("bitmap", "resync", ["--bitmap=none"]),
        ("bitmap", "ppl", ["--bitmap=none", "--consistency-policy=ppl"]),
        ("ppl", "bitmap", ["--consistency-policy=resync", "--bitmap=internal"]),
        ("ppl", "resync", ["--consistency-policy=resync"]),
        ("resync", "ppl", ["--consistency-policy=ppl"]),
        ("journal", "resync", []),
    ],
)
def test_policies(now: str, asked: str, expected: list[str]) -> None:
    decision = decided(wanted_array(policy=asked), healthy(policy=now))
    assert commands(decision) == [f"mdadm --grow {option}" for option in expected]


@pytest.mark.parametrize(
    ("level", "count", "asked", "number", "expected"),
    [
        ("raid1", 2, "raid5", 4, ["--level=5", "--raid-devices=4"]),
        ("raid1", 2, "raid1", 3, ["--raid-devices=3"]),
        ("raid5", 3, "raid6", 4, ["--level=6 --raid-devices=4"]),
        ("raid10", 4, "raid10", 6, ["--raid-devices=6"]),
    ],
)
def test_levels(level: str, count: int, asked: str, number: int, expected: list[str]) -> None:
    found = healthy(count, level=level)
    found = replace(found, disks={**found.disks, **{path_of(each): disk(each) for each in range(count, number)}})
    decision = decided(wanted_array(range(number), level=asked), found)
    assert commands(decision)[number - count :] == [f"mdadm --grow {options}" for options in expected]


@pytest.mark.parametrize(
    ("level", "count", "asked", "number", "requirement", "words"),
    [
        ("raid5", 3, "raid1", 3, "ST-RAID", "the array eucaim is raid5, asked for is raid1"),
        ("raid1", 2, "raid6", 4, "ST-RAID", "the array eucaim is raid1, asked for is raid6"),
        ("raid1", 2, "raid5", 2, "ST-RAID", "the array eucaim is a mirror of 2, asked for is raid5 of 2"),
        ("raid1", 3, "raid5", 4, "ST-RAID", "a mirror of 3 drives that is to become RAID 5"),
        ("raid5", 4, "raid5", 3, "ST-RAID", "3 drives for an array of 4"),
        ("raid5", 4, "raid6", 4, "ST-RAID", "4 drives for an array of 4, of which raid6 is wanted"),
        ("raid0", 2, "raid0", 3, "ST-GROW", "3 drives for a RAID 0 of 2"),
    ],
)
def test_what_would_lose_data_or_cannot_be_done_is_refused(
    level: str, count: int, asked: str, number: int, requirement: str, words: str
) -> None:
    found = healthy(count, level=level)
    more = {path_of(each): disk(each) for each in range(count, number)}
    found = replace(found, disks={**found.disks, **more})
    assert refused(wanted_array(range(number), level=asked), found) == (requirement, words)


# Taking an array apart --------------------------------------------------------------------------------------------


SPOKEN = dict.fromkeys(paths_of(0, 1, 2), MARK)


def test_an_array_is_stopped_and_its_marks_are_taken_away() -> None:
    decision = decide_absent(wanted_array(erase=SPOKEN), healthy(), MADE_OURS, FRESH)
    assert decision.refusals == []
    assert [" ".join(step.argv) for step in decision.steps] == [
        f"mdadm --stop {DEVICE}",
        *(f"mdadm --zero-superblock {path}" for path in paths_of(0, 1, 2)),
    ]


def test_what_is_gone_already_is_left() -> None:
    found = seen(disk(0), marked(1), disk(2))
    decision = decide_absent(wanted_array(erase={path_of(1): MARK}), found, MADE_OURS, FRESH)
    assert [step.argv[1:] for step in decision.steps] == [("--zero-superblock", path_of(1))]
    assert decide_absent(wanted_array(), seen(*map(disk, range(3))), MADE_OURS, FRESH).steps == []


def absent_refusals(wanted: Wanted, found: Seen) -> list[str]:
    decision = decide_absent(wanted, found, MADE_OURS, FRESH)
    assert decision.steps == []
    return [refusal.found for refusal in decision.refusals]


def test_nobody_loses_data_without_words() -> None:
    (words,) = absent_refusals(wanted_array(erase={path_of(0): MARK, path_of(1): "ext4"}), healthy())
    assert words == f"drives of the array eucaim whose data would be lost: {path_of(1)}, {path_of(2)}"


def test_an_array_in_use_is_not_taken_apart() -> None:
    found = replace(healthy(), uses={MD: ("md127 is mounted on /srv/eucaim",)})
    assert absent_refusals(wanted_array(erase=SPOKEN), found) == [
        "the array eucaim in use: md127 is mounted on /srv/eucaim"
    ]


def test_an_array_of_which_a_drive_is_not_named_is_not_taken_apart() -> None:
    wanted = wanted_array((0, 1), erase={path_of(0): MARK, path_of(1): MARK})
    found = healthy()
    others = {name_of(2): found.disks[path_of(2)]}
    found = replace(found, disks={path: found.disks[path] for path in paths_of(0, 1)}, others=others)
    assert absent_refusals(wanted, found) == [f"{path_of(2)} in the array eucaim, but not named"]


def test_a_mark_on_a_drive_that_something_else_uses_is_left() -> None:
    found = replace(healthy(), disks={**healthy().disks, path_of(3): marked(3, busy=("sde1 is mounted on /mnt",))})
    wanted = wanted_array(range(4), erase={**SPOKEN, path_of(3): MARK})
    assert absent_refusals(wanted, found) == [f"{path_of(3)} (/dev/sde): sde1 is mounted on /mnt"]


def test_taking_apart_asks_for_the_right_names_only() -> None:
    assert absent_refusals(replace(wanted_array(), devices=("/dev/sdb", *paths_of(1, 2))), seen()) == ["'/dev/sdb'"]
    decision = decide_absent(wanted_array(policy="ppl", level="raid6", devices=range(4)), seen(), Record(), FRESH)
    assert decision.refusals == []
