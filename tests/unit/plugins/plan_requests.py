# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the planner: some by hand, and a strategy for any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

OFFERS = [
    {"size": f"{size}TB", "name": f"Nearline {size} TB", "price": price, "interface": "sas"}
    for size, price in ((8, 215), (12, 275), (16, 330), (20, 405), (24, 520))
]
# Growing, with prices, a chosen machine and a system drive on the board.
TIER_3: dict[str, Any] = {
    "dataset_size": "30TB",
    "growth": "25%",
    "tier": 3,
    "file_system": "ext4",
    "bays": "12",
    "drive_offers": OFFERS,
    "system_drive_offers": [{"size": "480GB", "price": 95.5, "interface": "m.2"}, {"size": "960GB", "price": 140}],
    "processor": {"name": "Intel(R) Xeon(R) Gold 6426Y", "sockets": 2, "cores": 32, "threads": 64, "watts": 185},
    "gpu": {"name": "NVIDIA L4", "count": 2},
    "power_supply": {"redundant": True},
}


def _sized(least: int, most: int, unit: str) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(lambda number: f"{number}{unit}")


SIZES = st.one_of(_sized(1, 60, "TB"), _sized(100, 20_000, "GB"), _sized(1, 30, "TiB"))
_OFFER = st.fixed_dictionaries(
    {"size": SIZES},
    optional={
        "count": st.one_of(st.none(), st.integers(0, 12)),
        "medium": st.sampled_from(["hdd", "ssd"]),
        "interface": st.sampled_from(["sata", "sas", "nvme"]),
        "read_errors": st.sampled_from(["1e-14", 1e-15, "1e-16"]),
        "mb_per_second": st.integers(50, 3000),
        "name": st.text(max_size=12),
    },
)


@st.composite
def _offers(draw: st.DrawFn) -> list[dict[str, Any]]:
    offers = draw(st.lists(_OFFER, max_size=24))
    if draw(st.booleans()):
        offers = [{**offer, "price": draw(st.integers(0, 2000))} for offer in offers]
    return offers


REQUESTS = st.fixed_dictionaries(
    {"dataset_size": SIZES},
    optional={
        "growth": st.one_of(st.just(""), st.integers(0, 100).map(lambda share: f"{share}%"), _sized(0, 5, "TB")),
        "years": st.integers(0, 20).map(str),
        "headroom_percent": st.one_of(st.integers(0, 200), st.just("12.5")),
        "tier": st.sampled_from([2, 3, "2", "3"]),
        "profile": st.sampled_from(["d5.11", "handbook"]),
        "aim": st.sampled_from(["minimum", "recommended"]),
        "drive_offers": _offers(),
        "system_drive_offers": st.lists(
            st.fixed_dictionaries(
                {"size": _sized(60, 2000, "GB")},
                optional={"count": st.integers(0, 2), "interface": st.sampled_from(["sata", "m.2"])},
            ),
            max_size=3,
        ),
        "level": st.sampled_from(["choose", "raid1", "raid5", "raid6", "raid10"]),
        "spares": st.one_of(st.just(""), st.integers(0, 6)),
        "file_system": st.sampled_from(["xfs", "ext4"]),
        "reserve_percent": st.integers(0, 50),
        "consistency_policy": st.sampled_from(["bitmap", "ppl", "resync"]),
        "bays": st.integers(0, 100),
        "rebuild_risk_percent": st.integers(0, 100),
        "processor": st.sampled_from([{}, {"sockets": 2, "cores": 32, "watts": 150}, {"name": "some CPU", "cores": 4}]),
        "memory": st.sampled_from([{}, {"size": "64GiB", "ecc": "no"}, {"size": "16GB", "modules": 3}]),
        "gpu": st.sampled_from([{}, {"name": "NVIDIA L4"}, {"name": "unknown"}, {"count": 0}, {"count": 2}]),
        "power_supply": st.sampled_from([{}, {"watts": 400, "redundant": True}, {"staggered_start": "true"}]),
    },
)
# Anything at all, where a person may write something.
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.one_of(st.integers(), st.dictionaries(st.sampled_from(["size", "price"]), st.text(max_size=4)))),
    st.dictionaries(st.sampled_from(["size", "name", "watts", "count"]), st.one_of(st.integers(), st.text(max_size=4))),
)
