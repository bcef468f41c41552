# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided, done by a model of md, comes to the array that was asked for, wherever it begins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import POLICIES, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import CREATING, Record, decide, decide_absent
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    FRESH,
    MARK,
    OURS,
    Model,
    disk,
    mark,
    marked,
    path_of,
    wanted_array,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def empty(count: int) -> Model:
    """Return a machine with empty drives."""
    return Model({number: disk(number) for number in range(count)})


def built(wanted: Wanted, count: int = 8) -> Model:
    """Return a machine with drives, of which some are the array that is asked for."""
    model = empty(count)
    model.settle(wanted)
    model.done.clear()
    return model


def stands(model: Model, wanted: Wanted) -> None:
    """The array is as asked for, whole, and there is nothing left to do."""
    assert (model.level, model.devices) == (wanted.level, len(wanted.devices))
    assert model.working() == set(range(model.devices))
    assert {path_of(place.number) for place in model.places} == set(wanted.all) & set(map(path_of, model.disks))
    decision = decide(wanted, model.look(wanted), model.record, FRESH)
    assert (decision.steps, decision.refusals, decision.waiting) == ([], [], [])


@pytest.mark.parametrize(
    ("level", "count", "spares"),
    [
        ("raid0", 2, 0),
        ("raid1", 2, 0),
        ("raid1", 3, 1),
        ("raid5", 2, 0),
        ("raid5", 3, 2),
        ("raid6", 4, 1),
        ("raid10", 2, 0),
        ("raid10", 5, 1),
    ],
)
def test_empty_drives_become_an_array(level: str, count: int, spares: int) -> None:
    wanted = wanted_array(range(count), range(count, count + spares), level=level)
    model = empty(count + spares)
    model.settle(wanted)
    stands(model, wanted)
    assert [argv[1] for argv in model.done] == ["--create"]
    assert model.record.uuid == FRESH


@pytest.mark.parametrize("begun", range(4))
def test_an_array_whose_making_was_cut_off_is_made_again(begun: int) -> None:
    """Some of the drives have their mark, and the record says so."""
    wanted = wanted_array((0, 1, 2), (3,))
    model = empty(4)
    model.record = Record(OURS, CREATING)
    for number in range(begun):
        model.disks[number] = marked(number, mark(events=1))
    model.settle(wanted)
    stands(model, wanted)
    assert model.record.uuid == OURS


def test_half_an_array_that_the_kernel_has_put_together_is_stopped_first() -> None:
    wanted = wanted_array()
    model = empty(3)
    model.record = Record(OURS, CREATING)
    model.level, model.devices, model.policy = "raid5", 3, "bitmap"
    for number in range(2):
        model.disks[number] = marked(number, mark(events=1))
    model._start([0, 1])
    model.running = False
    model.settle(wanted)
    stands(model, wanted)
    assert [argv[1] for argv in model.done] == ["--stop", "--create"]


def test_an_array_that_was_begun_and_has_been_written_to_is_never_made_again() -> None:
    """The kernel has started what was there, so that somebody may have put data on it."""
    wanted = wanted_array()
    model = empty(4)
    model.record = Record(OURS, CREATING)
    for number in range(2):
        model.disks[number] = marked(number, mark(events=7))
    model.settle(wanted)
    stands(model, wanted)
    assert [argv[1] for argv in model.done] == ["--assemble", "--manage"]


@pytest.mark.parametrize("started", [True, False])
def test_an_array_is_there_again_after_a_restart(started: bool) -> None:
    wanted = wanted_array((0, 1, 2), (3,))
    model = built(wanted)
    model.reboot(started)
    model.settle(wanted)
    stands(model, wanted)
    assert [argv[1] for argv in model.done] == ([] if started else ["--stop", "--assemble"])


def test_an_array_is_known_by_its_name_where_nothing_is_remembered() -> None:
    wanted = wanted_array()
    model = built(wanted)
    model.record = Record()
    model._stop(["/dev/md127"])
    model.settle(wanted)
    stands(model, wanted)
    assert [argv[1] for argv in model.done] == ["--assemble"]


@pytest.mark.parametrize("pulled", [True, False])
def test_a_drive_that_failed_is_replaced(pulled: bool) -> None:
    model = built(wanted_array())
    (model.pull if pulled else model.fail)(1)
    decision = model.run(wanted_array())
    assert len(decision.problems) == 1
    wanted = wanted_array((0, 4, 2))
    model.settle(wanted)
    stands(model, wanted)
    assert 1 not in {place.number for place in model.places}


def test_a_spare_that_took_over_stays_where_it_is() -> None:
    wanted = wanted_array((0, 1, 2), (3,))
    model = built(wanted)
    model.pull(1)
    model.settle(wanted)
    assert model.working() == {0, 1, 2}
    wanted = wanted_array((0, 5, 2), (3,))
    model.settle(wanted)
    stands(model, wanted)


def test_a_drive_that_works_is_exchanged() -> None:
    """While it is copied to the other one, a run has nothing to do, and nothing to refuse."""
    model = built(wanted_array())
    wanted = wanted_array((0, 4, 2))
    decision = model.run(wanted)
    assert decision.waiting == [f"to remove {path_of(1)}: until it has been copied"]
    assert model.action == "recover"
    model.settle(wanted)
    stands(model, wanted)


def test_every_drive_is_exchanged_one_after_the_other() -> None:
    model = built(wanted_array())
    wanted = wanted_array((3, 4, 5))
    model.settle(wanted, 9)
    stands(model, wanted)


@pytest.mark.parametrize("policy", ["bitmap", "ppl", "resync"])
def test_an_array_grows_from_two_drives_to_six_and_from_mirror_to_raid_6(policy: str) -> None:
    wanted = wanted_array((0, 1), level="raid1")
    model = built(wanted)
    for level, count in (("raid5", 3), ("raid5", 4), ("raid6", 5), ("raid6", 7)):
        wanted = wanted_array(range(count), level=level, policy=policy if level == "raid5" else "bitmap")
        model.settle(wanted)
        stands(model, wanted)
        assert model.policy == wanted.policy


@pytest.mark.parametrize("before", POLICIES)
@pytest.mark.parametrize("after", POLICIES)
def test_every_policy_changes_to_every_other(before: str, after: str) -> None:
    model = built(wanted_array(policy=before))
    model.settle(wanted_array(policy=after))
    stands(model, wanted_array(policy=after))
    assert model.policy == after
    assert bool(model.done) == (before != after)


def test_drives_that_hold_something_are_taken_by_whoever_repeats_it() -> None:
    wanted = wanted_array(erase={path_of(1): "ext4 records"})
    model = empty(4)
    model.disks[1] = disk(1, holds=("ext4 records",))
    model.settle(wanted)
    stands(model, wanted)
    model.disks[3] = disk(3, holds=("xfs",))
    wanted = wanted_array(range(4), erase={path_of(3): "xfs"})
    model.settle(wanted)
    stands(model, wanted)


def test_an_array_is_taken_apart_and_made_again() -> None:
    wanted = wanted_array()
    model = built(wanted)
    wanted = replace(wanted, erase=dict.fromkeys(wanted.devices, MARK))
    decision = decide_absent(wanted, model.look(wanted), model.record, FRESH)
    assert decision.refusals == []
    model.act(decision)
    assert not model.put_together
    assert decide_absent(wanted_array(), model.look(wanted), model.record, FRESH).steps == []
    model.settle(wanted_array())
    stands(model, wanted_array())


@st.composite
def lives(draw: st.DrawFn) -> list[str]:
    """Make up what happens to an array, one thing after the other."""
    return draw(
        st.lists(
            st.sampled_from(["grow", "fail", "pull", "exchange", "spare", "restart", "stopped", "forget", "policy"]),
            max_size=8,
        )
    )


@settings(max_examples=60)
@given(life=lives(), level=st.sampled_from(["raid1", "raid5", "raid6", "raid10"]), count=st.integers(4, 5))
def test_whatever_happens_to_an_array_a_run_brings_it_back(life: list[str], level: str, count: int) -> None:
    """Drives fail one at a time, and the next one is named in the place of each. Nothing that works is ever lost."""
    model = empty(40)
    fresh = iter(range(count, 40))
    wanted = wanted_array(range(count), level=level)
    model.settle(wanted)
    for event in life:
        devices = [*wanted.devices]
        first = model.number(devices[0])
        if event == "grow":
            devices.append(path_of(next(fresh)))
        elif event in ("fail", "pull", "exchange"):
            if event != "exchange" and any(place.number == first for place in model.places):
                (model.fail if event == "fail" else model.pull)(first)
            devices = [*devices[1:], path_of(next(fresh))]
        elif event == "spare":
            wanted = replace(wanted, spares=(*wanted.spares, path_of(next(fresh))))
        elif event in ("restart", "stopped"):
            model.finish()
            model.reboot(started=event == "restart")
        elif event == "forget":
            model.record = Record()
        else:
            wanted = replace(wanted, policy={"bitmap": "resync", "resync": "bitmap"}[wanted.policy])
        wanted = replace(wanted, devices=tuple(devices))
        model.settle(wanted, 9)
        stands(model, wanted)
    assert len([argv for argv in model.done if "--create" in argv]) == 1
