# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drives for a request, and what would help where there are none."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import PlanError, parse_request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import Solution, in_words, solve
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal


def solved(**given: Any) -> Solution:
    return solve(parse_request({"dataset_size": "4TB", **given}))


def refused(**given: Any) -> list[Refusal]:
    with pytest.raises(PlanError) as error:
        solve(parse_request({"dataset_size": "4TB", **given}), "plan_")
    return error.value.refusals


def test_slots_are_those_that_the_system_leaves() -> None:
    assert solved().target.drives == 59
    assert solved(bays=8).target.drives == 7
    assert solved(bays=8, system_drive_offers=[{"size": "480GB", "interface": "m.2"}]).target.drives == 8


def test_the_system_gets_the_cheapest_drive_that_is_large_enough() -> None:
    assert solved().system.name == "480 GB SSD"
    assert solved(aim="minimum").system.name == "240 GB SSD"
    offers = [{"size": "480GB", "price": 90}, {"size": "960GB", "price": 80}, {"size": "2TB", "price": 1, "count": 0}]
    assert solved(system_drive_offers=offers).system.name == "960 GB SSD"
    assert solved(profile="handbook", tier=3, system_drive_offers=[{"size": "120GB"}]).system.size == 120 * 10**9


def test_a_solution_in_words() -> None:
    assert in_words(solved(aim="minimum").layout) == "3 x 4 TB in RAID 5 and 1 x 4 TB as spare"
    assert in_words(solved(level="raid1", spares=0, headroom_percent=0).layout).endswith("in RAID 1")


def test_a_drive_for_the_system_is_missing() -> None:
    (refusal,) = refused(system_drive_offers=[{"size": "120GB"}, {"size": "480GB", "count": 0}])
    assert "aim" not in refusal.remedy
    assert (refusal.requirement, refusal.variable) == ("ST-OS", "plan_system_drive_offers")
    assert refusal.found == "drives of 120 GB"
    assert refusal.needed == "one of at least 480 GB for the operating system alone"


def test_both_kinds_of_drives_are_missing_and_told_at_once() -> None:
    offers = [{"size": "240GB"}]
    refusals = refused(system_drive_offers=offers, drive_offers=[{"size": "1TB", "count": 2}])
    assert [refusal.requirement for refusal in refusals] == ["ST-OS", "ST-DATA"]
    assert refusals[0].remedy.endswith("; or set plan_aim to minimum")


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({"bays": 3}, "take a case with 5 slots (plan_bays), for 3 x 8 TB in RAID 5 and 1 x 8 TB as spare"),
        ({"drive_offers": [{"size": "8TB", "count": 2}]}, "offer more of the same drives, for 3 x 8 TB in RAID 5"),
        ({"drive_offers": [{"size": "4TB"}], "bays": 5}, "set plan_aim to minimum, for 3 x 4 TB in RAID 5"),
        ({"bays": 5, "spares": 3}, "leave plan_spares out, for 3 x 8 TB in RAID 5 and 1 x 8 TB as spare"),
        ({"bays": 5, "level": "raid6"}, "set plan_level to choose, for 3 x 8 TB in RAID 5 and 1 x 8 TB as spare"),
        ({"drive_offers": [{"size": "100GB"}]}, "offer other drives in plan_drive_offers, for 3 x 8 TB in RAID 5"),
        ({"growth": "100%", "bays": 5}, "set plan_years to 0, and grow later, for 3 x 8 TB in RAID 5"),
        ({"dataset_size": "2000TB"}, "divide the data set between 9 nodes"),
    ],
)
def test_each_change_that_helps_is_told(given: dict[str, Any], way: str) -> None:
    (refusal,) = refused(**given)
    assert way in refusal.remedy


def test_the_nodes_are_the_fewest() -> None:
    (refusal,) = refused(dataset_size="2000TB")
    assert refusal.remedy == "one change is enough: divide the data set between 9 nodes"
    assert solved(dataset_size="222.3TB").layout.level == "raid6"
    assert "divide the data set between 2 nodes" in refused(dataset_size="250TB")[0].remedy


def test_what_the_seller_has_is_for_all_nodes_together() -> None:
    offers = [{"size": "24TB", "count": 59}, {"size": "20TB"}]
    (refusal,) = refused(dataset_size="2000TB", drive_offers=offers)
    assert "divide" not in refusal.remedy


def test_where_nothing_helps_that_is_said() -> None:
    (refusal,) = refused(drive_offers=[{"size": "8TB", "count": 1}], bays=1, spares=0)
    assert refusal.found == "drives of 8 TB, of which no set is enough"
    assert refusal.remedy == "offer larger drives or more of them"
    assert "0 spares" in refusal.needed


def test_slots_are_named_where_they_are_settled() -> None:
    (refusal,) = refused(drive_offers=[{"size": "4TB", "count": 3}])
    assert refusal.needed == (
        "4.8 TB for users, 16 TB of data drives, 8 TB of spare drives, with a failed drive survived,"
        " for the aim recommended"
    )
    (refusal,) = refused(drive_offers=[{"size": "4TB", "count": 3}], bays=4, aim="minimum")
    told = ", in 3 slots (the system takes 1 of the 4), with a failed drive survived, for the aim minimum"
    assert told in refusal.needed
    (refusal,) = refused(drive_offers=[{"size": "4TB", "count": 3}], bays=2)
    assert ", in 1 slot (the system takes 1 of the 2), with" in refusal.needed
    board = [{"size": "480GB", "interface": "m.2"}]
    (refusal,) = refused(drive_offers=[{"size": "4TB", "count": 3}], bays=2, system_drive_offers=board)
    assert ", in 2 slots, with" in refusal.needed


def test_no_two_ways_out_come_to_the_same() -> None:
    (refusal,) = refused(drive_offers=[{"size": "8TB", "count": 2}])
    assert refusal.remedy.count("for 3 x 8 TB in RAID 5 and 1 x 8 TB as spare") == 1
    assert "offer other drives" not in refusal.remedy


def test_a_profile_without_spares_needs_none() -> None:
    (refusal,) = refused(profile="handbook", bays=2)
    assert "spare" not in refusal.needed
