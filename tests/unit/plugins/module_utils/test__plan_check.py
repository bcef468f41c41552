# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that was edited, cut off or made by another version is noticed, whatever was done to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan
from ansible_collections.eucaim.local_node.tests.unit.plugins.plan_requests import TIER_3
from hypothesis import given
from hypothesis import strategies as st

TB = 10**12
SMALL = make_plan({"dataset_size": "4TB", "growth": "10%"})
PRICED = make_plan(TIER_3, "node1")
MIRROR = make_plan({"dataset_size": "1TB", "level": "raid1"})
# Not compared with anything: words for people, and figures that nothing else in the plan follows from.
FREE = {
    *("title", "name", "why", "text", "detail", "reason", "what", "notes", "source", "label", "mount_point", "count"),
    *("assumptions", "currency", "given", "offers_given", "growth_known", "aim", "rebuild_risk_percent", "target"),
    *("reliability", "rebuild_seconds", "read_error_probability", "mttdl_years", "mttdl_years_with_read_errors"),
    *("efficiency_percent", "raw_bytes", "built_here", "possible", "fits_now", "fits_with_growth_and_headroom"),
    *("processor", "level", "medium", "interface", "names", "quantity", "price_each", "system_bytes"),
}


def changed(plan: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Return a copy in which other values stand; a name such as array__level is a path."""
    copied = copy.deepcopy(plan)
    for path, value in values.items():
        *parents, last = path.split("__")
        place: Any = copied
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        place[int(last) if last.isdigit() else last] = value
    return copied


def told(plan: Any) -> str:
    """Return the faults of a plan, of which there is at least one."""
    faults = check_plan(plan)
    assert faults
    return "\n".join(faults)


@pytest.mark.parametrize("plan", [SMALL, PRICED, MIRROR])
def test_what_the_planner_makes_is_right(plan: dict[str, Any]) -> None:
    assert check_plan(plan) == check_plan(json.loads(json.dumps(plan))) == []


@pytest.mark.parametrize("thing", [None, [], "plan", {}, {"kind": "eucaim.local_node.report"}])
def test_something_else_is_no_plan(thing: Any) -> None:
    assert told(thing) == "this is no plan: the kind eucaim.local_node.plan does not stand in it"


def test_another_format_is_not_read() -> None:
    assert "the format 2 is not known to this version" in told(changed(SMALL, format=2))


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_part_that_is_missing(name: str) -> None:
    without = {key: value for key, value in SMALL.items() if key != name}
    assert name in told(without)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("array__level", 5, "array.level is not a text"),
        ("array__members", "4", "array.members is not a whole number from 0 to 100000"),
        ("array__members", True, "array.members is not a whole number"),
        ("array__members", -4, "array.members is not a whole number"),
        ("array__member_bytes", 4.5, "array.member_bytes is not a whole number, not negative"),
        ("array__is_a_mirror", 0, "array.is_a_mirror is not true or false"),
        ("array__chunk_bytes", "512K", "array.chunk_bytes is not a whole number"),
        ("drives", {}, "drives is not a list"),
        ("drives__1", None, "drives[1] is not a mapping"),
        ("room", [], "room is not a mapping"),
        ("request__years", 10**9, "request.years is not a whole number from 0 to 100000"),
        ("request__headroom_percent", float("nan"), "request.headroom_percent is not a number, not negative"),
        ("price", 5, "price is not a mapping"),
        ("price", {}, "price.currency is missing"),
        ("levels__2__members", None, "levels[2].members is not a list"),
    ],
)
def test_a_value_of_the_wrong_kind(path: str, value: Any, fault: str) -> None:
    assert f"the plan is not whole, or was edited: {fault}" in told(changed(SMALL, **{path: value}))


@pytest.mark.parametrize(
    ("plan", "values", "fault"),
    [
        (SMALL, {"array__level": "raid6"}, "RAID 6"),
        (SMALL, {"array__level": "raid0"}, "array.level is 'raid0', and only raid1, raid5, raid6, raid10 are known"),
        (SMALL, {"request__tier": 1}, "request.tier is 1, and only 2, 3 are known"),
        (SMALL, {"request__profile": "mine"}, "request.profile is 'mine'"),
        (SMALL, {"array__consistency_policy": "journal"}, "array.consistency_policy is 'journal'"),
        (SMALL, {"array__consistency_policy": "ppl"}, "array.device_bytes is"),
        (PRICED, {"array__consistency_policy": "ppl"}, "A partial parity log is for RAID 5 only"),
        (SMALL, {"file_system__kind": "btrfs"}, "file_system.kind is 'btrfs'"),
        (SMALL, {"file_system__kind": "ext4"}, "file_system.reserve_percent is not known, which ext4 has"),
        (PRICED, {"file_system__reserve_percent": 5}, "file_system.reserved_bytes is"),
        (PRICED, {"file_system__reserve_percent": 90}, "90 % cannot be reserved for root"),
        (SMALL, {"file_system__mkfs_options": ["-f"]}, "the options of the file system do not fit the array"),
        (SMALL, {"buy__0__requirement": "ST-MORE"}, "buy names 'ST-MORE', which is no requirement of the register"),
        (SMALL, {"drives__1__role": "parity"}, "drives are for parity, and only system, member, spare are known"),
        (SMALL, {"drives__1__slot": 1}, "the slots of the drives are not different ones"),
        (SMALL, {"drives__1__slot": 99}, "the slots of the drives are not different ones of the 8"),
        (SMALL, {"slots__free": 7}, "8 slots are not 5 taken ones and 7 free ones"),
        (SMALL, {"drives__0__role": "spare"}, "there is not exactly one drive for the system"),
        (SMALL, {"system__bytes": 10**12}, "there is not exactly one drive for the system, of the size"),
        (SMALL, {"array__members": 4}, "the array has 4 members, and 3 drives are listed for that"),
        (SMALL, {"array__spares": 0}, "the array has 0 spares, and 1 drives are listed for that"),
        (SMALL, {"drives__4__bytes": 4 * TB}, "a spare of 4 TB cannot replace a member of 8 TB"),
        (SMALL, {"array__device_bytes": 10**9}, "A device of 1 GB gets no file system here"),
        (SMALL, {"bytes__0__bytes": 5}, "the parts of the bytes do not add up to the 32 TB"),
        (SMALL, {"bytes__0__part": "lost"}, "the parts of the bytes are not spare, redundancy"),
        (SMALL, {"request__dataset_bytes": 20 * TB}, "the data set needs 38.7 TB, and there are 15.9 TB"),
        (SMALL, {"request__years": 31}, "request.years is 31, and nobody plans for more than 30"),
        (SMALL, {"room__full_in_year": None}, "room.full_in_year is None, and what is asked makes it 13"),
        (SMALL, {"requirements__0__verdict": "unmet"}, "what the plan says of HW-CPU (cores) is not what its parts"),
        (SMALL, {"machine__cores": 4}, "what the plan says of HW-CPU (cores)"),
        (SMALL, {"requirements": []}, "what the plan says of ST-DATA (data drives)"),
        (SMALL, {"power__parts__0__watts": 1}, "the parts of the power do not add up"),
        (SMALL, {"buy__0__quantity": 4}, "the list has 4 of 'Data drive', and the plan needs 3"),
        (PRICED, {"price": None}, "the price of the drives is not known of all, or of none"),
        (PRICED, {"drives__1__price": 0}, "the prices of the data drives do not add up to 4455.0"),
        (SMALL, {"system__partitions__0__bytes": TB}, "the partitions are larger than their drive of 480 GB"),
        (SMALL, {"system__partitions__0__mount": "/"}, "two partitions are mounted at the same place"),
        (SMALL, {"growth__0__available_bytes": 1}, "the step of growth 'drives' does not bring more room in the year"),
        (PRICED, {"growth__1__year": 99}, "the step of growth 'larger' does not bring more room in the year"),
        (PRICED, {"growth__2__enough_until": 7}, "the step of growth 'node' does not bring more room in the year"),
        (SMALL, {"levels__2__chosen": False}, "what the table levels has chosen is not the array of the plan"),
        (SMALL, {"layouts__3__members": []}, "what the table layouts has chosen is not the array of the plan"),
    ],
)
def test_a_plan_that_contradicts_itself(plan: dict[str, Any], values: dict[str, Any], fault: str) -> None:
    assert fault in told(changed(plan, **values))


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the places of all whole numbers in a plan that something else in it follows from."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in FREE:
                yield from numbers(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from numbers(item, (*path, index))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


# Choices: another one is as good, as long as no verdict changes.
CHOICES = {"partitions", "memory_bytes", "memory_slots", "vram_bytes", "least_watts", "slot", "levels", "layouts"}
PLACES = [
    path
    for path in numbers(PRICED)
    if not CHOICES.intersection(path) and (path[0], path[-1]) != ("growth", "available_bytes")
]


@given(
    path=st.sampled_from(PLACES), change=st.sampled_from([lambda n: n + 1, lambda n: max(0, n - 1), lambda n: n * 2])
)
def test_no_number_can_be_changed_unnoticed(path: tuple[Any, ...], change: Callable[[int], int]) -> None:
    before: Any = PRICED
    for name in path:
        before = before[name]
    after = change(before)
    if after != before:
        told(changed(PRICED, **{"__".join(str(name) for name in path): after}))


@given(data=st.data())
def test_nothing_in_a_plan_breaks_the_check(data: st.DataObject) -> None:
    """Whatever stands where something else should: the answer is a list of faults, or none."""
    plan = copy.deepcopy(data.draw(st.sampled_from([SMALL, PRICED, MIRROR])))
    place: Any = plan
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not place[key] or not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            break
        place = place[key]
    junk = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.text(max_size=5), st.just([]))
    if data.draw(st.booleans()):
        place[key] = data.draw(junk)
    else:
        del place[key]
    assert all(isinstance(fault, str) for fault in check_plan(plan))


@pytest.mark.parametrize("number", range(len(SMALL["system"]["partitions"])))
@pytest.mark.parametrize("mount", ["", "/", "/data"])
def test_a_partition_somewhere_else_does_not_break_the_check(number: int, mount: str) -> None:
    plan = copy.deepcopy(SMALL)
    plan["system"]["partitions"][number]["mount"] = mount
    if plan != SMALL:
        assert check_plan(plan)


def test_a_way_to_grow_that_nobody_knows() -> None:
    plan = copy.deepcopy(SMALL)
    plan["growth"][0]["kind"] = ""
    assert "growth is by '', and only drives, larger, node are known" in check_plan(plan)
