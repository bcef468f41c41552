# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a data set outgrows its node, and what then helps."""

from __future__ import annotations

from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_growth import (
    HORIZON,
    Step,
    dataset_in,
    first_year_without_room,
    steps,
    with_headroom,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import build
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Offer, Request, parse_request
from hypothesis import given
from hypothesis import strategies as st

TB = 10**12
FOUR, EIGHT = Offer("4 TB", 4 * TB), Offer("8 TB", 8 * TB)


def asked(**given_: Any) -> Request:
    return parse_request({"dataset_size": "10TB", "drive_offers": [{"size": "4TB"}, {"size": "8TB"}], **given_})


def kinds(found: tuple[Step, ...]) -> list[str]:
    return [step.kind for step in found]


def test_a_share_is_compound_and_bytes_are_not() -> None:
    assert [dataset_in(asked(growth="20%"), year) for year in range(3)] == [10 * TB, 12 * TB, 144 * TB // 10]
    assert [dataset_in(asked(growth="3TB"), year) for year in range(3)] == [10 * TB, 13 * TB, 16 * TB]
    assert dataset_in(asked(), 20) == 10 * TB


@given(share=st.integers(1, 200), headroom=st.integers(0, 100), room=st.integers(1, 500))
def test_the_first_year_without_room_is_the_first(share: int, headroom: int, room: int) -> None:
    request = asked(growth=f"{share}%", headroom_percent=headroom)
    year = first_year_without_room(request, room * TB)
    if year is None:
        assert with_headroom(request, dataset_in(request, HORIZON)) <= room * TB
        return
    assert with_headroom(request, dataset_in(request, year)) > room * TB
    assert year == 0 or with_headroom(request, dataset_in(request, year - 1)) <= room * TB


def test_steps_come_one_after_the_other() -> None:
    request = asked(growth="2TB", headroom_percent=0)
    found = steps(request, build(request, "raid5", (FOUR,) * 4), free_slots=2)
    assert kinds(found) == ["drives", "larger", "node"]
    # 12 TB are full with the second growth of 2 TB, 20 TB with the fifth, 40 TB with the fifteenth.
    assert [(step.year, step.enough_until) for step in found] == [(1, 4), (5, 14), (15, None)]
    assert found[0].text == "Add 2 drives of 4 TB in the free slots."
    assert "by drives of 8 TB" in found[1].text
    sizes = [step.available_bytes for step in found]
    assert sizes[2] == 2 * sizes[1] > 2 * sizes[0]


def test_without_growth_no_step_has_a_year() -> None:
    request = asked()
    found = steps(request, build(request, "raid5", (FOUR,) * 5), free_slots=1)
    assert [(step.year, step.enough_until) for step in found] == [(None, None)] * 3
    assert found[0].text == "Add 1 drive of 4 TB in the free slot."


def test_a_step_that_brings_nothing_is_left_out() -> None:
    request = asked()
    assert kinds(steps(request, build(request, "raid5", (EIGHT,) * 4), free_slots=0)) == ["node"]
    assert kinds(steps(request, build(request, "raid10", (EIGHT,) * 4), free_slots=1)) == ["drives", "node"]


def test_a_mirror_grows_into_a_raid_5() -> None:
    request = asked()
    found = steps(request, build(request, "raid1", (EIGHT, EIGHT), (EIGHT,)), free_slots=1)
    assert found[0].text == "Add 1 drive of 8 TB in the free slot; the mirror becomes a RAID 5."
    assert found[0].available_bytes > 15 * TB


def test_what_cannot_be_made_is_no_step() -> None:
    """A file system ends at an exbibyte; that is no reason to have no plan."""
    huge = Offer("huge", 10**18)
    request = asked()
    assert kinds(steps(request, build(request, "raid5", (huge, huge)), free_slots=3)) == ["node"]


def test_a_step_that_breaks_the_rule_of_risk_says_so() -> None:
    """Reading 24 TB (88 TB) meets an unreadable sector in 17 % (51 %) of rebuilds at one in 10^15 bits."""
    request = asked(drive_offers=[{"size": "8TB"}, {"size": "22TB"}])
    found = steps(request, build(request, "raid5", (EIGHT,) * 3), free_slots=1)
    assert kinds(found) == ["drives", "larger", "node"]
    said = "A rebuild is then riskier than the 15 % that this site takes: the array should become a RAID 6, with"
    assert f"free slot. {said} 15.9 TB for users." in found[0].text
    assert f"last one is in. {said} 43." in found[1].text
    tolerant = asked(drive_offers=[{"size": "8TB"}, {"size": "22TB"}], rebuild_risk_percent=100)
    assert not any("riskier" in step.text for step in steps(tolerant, build(tolerant, "raid5", (EIGHT,) * 3), 1))


def test_a_step_may_be_risky_where_no_raid_6_can_be() -> None:
    request = asked(rebuild_risk_percent=1, drive_offers=[{"size": "8TB"}])
    found = steps(request, build(request, "raid5", (FOUR,) * 3), free_slots=0)
    assert found[0].text.endswith("the 1 % that this site takes: the array should become a RAID 6.")
