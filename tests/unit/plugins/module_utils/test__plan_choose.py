# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drives that are chosen are the best of all that could be."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import Target, best, choose, pools, risky
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout, build
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Request, parse_request
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import LEVELS, RaidError, minimum_drives
from hypothesis import assume, given, settings
from hypothesis import strategies as st

TB = 10**12


def asked(**given_: Any) -> Request:
    return parse_request({"dataset_size": "4TB", "rebuild_risk_percent": 100, **given_})


def found(request: Request, level: str, **target: int) -> Layout | None:
    wanted = Target(**{"need": 4 * TB, "raw": 8 * TB, "spare": 4 * TB, "drives": 12, **target})
    return best(request, wanted, level, pools(request, wanted))


def drives(layout: Layout | None) -> tuple[list[int], list[int]] | None:
    if layout is None:
        return None
    return [offer.size // TB for offer in layout.members], [offer.size // TB for offer in layout.spares]


def every_layout(request: Request, level: str, target: Target, most: int) -> list[Layout]:
    """Return all that could be bought, tried one by one, without any thought."""
    layouts = []
    for count in range(2, most + 1):
        for chosen in combinations_with_replacement(request.offers, count):
            if any(offer.count is not None and chosen.count(offer) > offer.count for offer in request.offers):
                continue
            by_size = sorted(chosen, key=lambda offer: offer.size)
            for spares in range(count - minimum_drives(level, hardware=True) + 1):
                members, waiting = tuple(by_size[: count - spares]), tuple(by_size[count - spares :])
                try:
                    layout = build(request, level, members, waiting)
                except RaidError:
                    continue
                enough = layout.available_bytes >= target.need and layout.raw_bytes >= target.raw
                if enough and layout.spare_bytes >= target.spare:
                    layouts.append(layout)
    return layouts


# A RAID 0, and so a RAID 50 and 60, fills unequal drives, so that mixtures may be cheaper; they are only compared.
@pytest.mark.parametrize("level", [level for level in LEVELS if level not in ("raid0", "raid50", "raid60")])
@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
    prices=st.lists(st.integers(0, 400), min_size=3, max_size=3),
    counts=st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=3, max_size=3),
    need=st.integers(1, 20),
    raw=st.integers(0, 24),
    spare=st.integers(0, 6),
)
def test_nothing_cheaper_is_enough(
    level: str, sizes: list[int], prices: list[int], counts: list[int | None], need: int, raw: int, spare: int
) -> None:
    assume(any(count != 0 for count in counts[: len(sizes)]))
    offers = [
        {"size": f"{size}TB", "price": price, "count": count}
        for size, price, count in zip(sizes, prices, counts, strict=False)
    ]
    request = asked(drive_offers=offers)
    most = 6
    target = Target(need * TB, raw * TB, spare * TB, most)
    chosen = best(request, target, level, pools(request, target))
    all_of_them = every_layout(request, level, target, most)
    if all_of_them:
        assert chosen is not None
        assert chosen.price == min(layout.price or 0 for layout in all_of_them)
    if chosen is not None:
        assert chosen.available_bytes >= target.need
        assert chosen.raw_bytes >= target.raw
        assert chosen.spare_bytes >= target.spare
        assert len(chosen.drives) <= target.drives
        assert min([offer.size for offer in chosen.spares] or [99 * TB]) >= max(offer.size for offer in chosen.members)


def test_a_cheap_set_that_ends_in_smaller_drives_is_counted_on() -> None:
    """Three of 5 TB hold a little less than 10 TB, a fourth of 3 TB makes it 9, and a fifth 12."""
    offers = [{"size": "5TB", "price": 0, "count": 3}, {"size": "3TB", "price": 1, "count": None}]
    layout = found(asked(drive_offers=offers), "raid5", need=10 * TB, raw=0, spare=0)
    assert layout is not None
    assert drives(layout) == ([3, 3, 5, 5, 5], [])


def test_without_prices_a_drive_costs_its_bytes_and_a_slot() -> None:
    assert drives(found(asked(), "raid5")) == ([4, 4, 4], [4])
    assert drives(found(asked(), "raid6")) == ([4, 4, 4, 4], [4])
    few = asked(drive_offers=[{"size": "4TB"}, {"size": "8TB"}])
    # 6 x (4 + 4) TB are as much as 4 x (8 + 4) TB: then fewer drives.
    assert drives(found(few, "raid5", raw=16 * TB, spare=8 * TB)) == ([8, 8, 8], [8])


def test_hard_drives_come_first_where_nobody_told_a_price() -> None:
    mixed = asked(drive_offers=[{"size": "8TB"}, {"size": "4TB", "medium": "ssd"}])
    layout = found(mixed, "raid5")
    assert layout is not None
    assert {offer.medium for offer in layout.drives} == {"hdd"}
    cheap = asked(drive_offers=[{"size": "8TB", "price": 900}, {"size": "4TB", "medium": "ssd", "price": 100}])
    layout = found(cheap, "raid5")
    assert layout is not None
    assert {offer.medium for offer in layout.drives} == {"ssd"}


def test_drives_that_are_there_are_used_together() -> None:
    there = [
        {"size": "4TB", "count": 2, "price": 0},
        {"size": "6TB", "count": 2, "price": 0},
        {"size": "8TB", "price": 9},
    ]
    assert drives(found(asked(drive_offers=there), "raid5")) == ([4, 4, 6], [6])


def test_two_drives_are_no_raid_5_while_three_can_be_had() -> None:
    assert drives(found(asked(), "raid5", need=TB, raw=2 * TB, spare=0)) == ([2, 2, 2], [])
    assert drives(found(asked(), "raid5", need=TB, raw=2 * TB, spare=0, drives=2)) == ([2, 2], [])
    assert drives(found(asked(), "raid10", need=TB, raw=2 * TB, spare=0, drives=3)) == ([2, 2], [])


def test_a_mirror_does_not_grow_with_its_members() -> None:
    small = asked(drive_offers=[{"size": "2TB"}])
    assert found(small, "raid1", need=3 * TB) is None
    assert found(small, "raid5", need=100 * TB) is None


def test_groups_are_equal() -> None:
    layout = found(asked(drive_offers=[{"size": "2TB"}]), "raid50", need=8 * TB, raw=14 * TB, spare=0)
    assert drives(layout) == ([2] * 8, [])


def test_as_many_spares_as_the_site_wants() -> None:
    assert drives(found(asked(spares=0), "raid6")) == ([2] * 5, [])
    assert drives(found(asked(spares=3), "raid6", drives=7)) == ([4] * 4, [4] * 3)
    assert found(asked(spares=3), "raid6", drives=6) is None


def test_a_risky_rebuild_is_avoided() -> None:
    target = Target(20 * TB, 40 * TB, 0, 12)

    def chosen(**given_: Any) -> Layout:
        request = asked(**given_)
        layout = choose(request, target, pools(request, target))
        assert layout is not None
        assert risky(request, layout) == (layout.level == "raid5" and request.rebuild_risk < 1000)
        return layout

    assert chosen(rebuild_risk_percent=50).level == "raid5"
    assert chosen(rebuild_risk_percent=5).level == "raid6"
    # Where nothing else can be had, a risky one is better than none; the plan warns of it.
    assert chosen(rebuild_risk_percent=5, level="raid5").level == "raid5"


def test_no_drives() -> None:
    request = replace(asked(), offers=())
    target = Target(TB, 0, 0, 8)
    assert pools(request, target) == ()
    assert choose(request, target, ()) is None
