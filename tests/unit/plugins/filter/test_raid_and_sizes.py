# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters over sizes and arrays: what they take, what they give and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.eucaim.local_node.plugins.filter import (
    human_size,
    raid_efficiency,
    raid_figures,
    raid_minimum_drives,
    raid_mttdl_hours,
    raid_rebuild_seconds,
    raid_tolerance,
    raid_unrecoverable_read_probability,
    raid_usable,
    to_bytes,
)

TB = 10**12
FOUR = ["4TB", "4TB", "4TB", "4TB"]
MODULES = (
    human_size,
    raid_efficiency,
    raid_figures,
    raid_mttdl_hours,
    raid_minimum_drives,
    raid_rebuild_seconds,
    raid_tolerance,
    raid_unrecoverable_read_probability,
    raid_usable,
    to_bytes,
)
FILTERS: dict[str, Callable[..., Any]] = {}
for module in MODULES:
    FILTERS.update(module.FilterModule().filters())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rsplit(".", maxsplit=1)[-1])
def test_ansible_finds_it(module: Any) -> None:
    """Under the name of its file."""
    assert list(module.FilterModule().filters()) == [module.__name__.rsplit(".", maxsplit=1)[-1]]


@pytest.mark.parametrize(
    ("name", "value", "args", "options", "result"),
    [
        ("to_bytes", "4TB", (), {}, 4 * TB),
        ("human_size", "4TB", (), {"binary": True}, "3.64 TiB"),
        ("human_size", "4TB", (), {"binary": "True"}, "3.64 TiB"),
        ("human_size", 4 * TB, (), {}, "4 TB"),
        ("raid_usable", FOUR, ("raid5",), {"spares": 1}, 8 * TB),
        ("raid_usable", FOUR, ("raid5",), {"spares": "1"}, 8 * TB),
        ("raid_usable", tuple(FOUR), ("raid10",), {"layout": "near=4"}, 4 * TB),
        ("raid_usable", FOUR + FOUR + ["4TB"], ("raid50",), {"groups": 3}, 24 * TB),
        ("raid_usable", ["4TB", "2TB"], ("raid0",), {}, 6 * TB),
        ("raid_usable", ["4TB", "2TB"], ("raid0",), {"hardware": True}, 4 * TB),
        ("raid_usable", ["4TB", "2TB"], ("raid0",), {"hardware": "true"}, 4 * TB),
        ("raid_usable", ["4TB", "2TB"], ("raid0",), {"hardware": "False"}, 6 * TB),
        ("raid_usable", ["4TB"] * 4, ("raidz1",), {}, 16 * TB * 32 // 44),
        ("raid_usable", ["4TB"] * 4, ("raidz1",), {"ashift": 9}, 16 * TB * 256 // 342),
        # Numbers count in the unit that is named, and text still says its own.
        ("raid_usable", [4, 4, "5TB"], ("raid5",), {"unit": "TB"}, 8 * TB),
        ("raid_usable", [4 * TB, 4 * TB], ("raid1",), {"unit": "B"}, 4 * TB),
        ("raid_tolerance", FOUR, ("raid6",), {}, 2),
        ("raid_tolerance", FOUR, ("raid5",), {}, 1),
        ("raid_efficiency", FOUR, ("raid5",), {}, 0.75),
        ("raid_minimum_drives", "raid5", (), {}, 2),
        ("raid_minimum_drives", "raid5", (), {"hardware": True}, 3),
        ("raid_minimum_drives", "raid60", (), {"groups": "3"}, 12),
        ("raid_minimum_drives", "raid10", (), {"layout": "far=3"}, 3),
        ("raid_rebuild_seconds", FOUR, ("raid5", "150MB/s"), {}, 26667),
        ("raid_rebuild_seconds", FOUR, ("raid5", "150MB"), {"spares": 1}, 26667),
    ],
)
def test_gives(name: str, value: Any, args: tuple[Any, ...], options: dict[str, Any], result: object) -> None:
    """What the documentation says."""
    assert FILTERS[name](value, *args, **options) == result


def test_gives_what_is_not_exact() -> None:
    """Probabilities and years."""
    probability = FILTERS["raid_unrecoverable_read_probability"]
    assert probability(FOUR, "raid5", 1e15) == pytest.approx(0.0915, rel=1e-3)
    assert probability(FOUR, "raid5", "1e15", spares=1) == pytest.approx(0.062, rel=1e-2)
    hours = FILTERS["raid_mttdl_hours"]
    assert hours(FOUR, "raid5", 1e6, 24) == pytest.approx(3.472e9, rel=1e-3)
    assert hours(FOUR, "raid5", "1e6", "24", bits_per_error="1e15") == pytest.approx(2602215, rel=1e-6)


def test_all_figures() -> None:
    """In a mapping that Ansible can write to any file."""
    found = FILTERS["raid_figures"](["4000787030016B"] * 5, "raid5", spares=1)
    assert json.loads(json.dumps(found)) == found
    assert found == {
        "raw_bytes": 20003935150080,
        "members": 4,
        "spares": 1,
        "member_bytes": 4000787030016,
        "usable_bytes": 12002361090048,
        "device_bytes": 12001954234368,
        "redundancy_bytes": 4000787030016,
        "spare_bytes": 4000787030016,
        "unused_bytes": 0,
        "tolerance": 1,
        "best_tolerance": 1,
        "efficiency": 0.6,
        "mirror": False,
        "data_members": 3,
        "notes": [],
    }


def test_figures_of_other_makers() -> None:
    """ZFS keeps more than its parity; what a controller keeps, nobody says."""
    found = FILTERS["raid_figures"](FOUR, "raidz1")
    assert found["usable_bytes"] * 0.95 < found["device_bytes"] < found["usable_bytes"]
    assert FILTERS["raid_figures"](FOUR, "raid5", hardware=True)["device_bytes"] is None
    assert "is a mirror" in FILTERS["raid_figures"](FOUR[:2], "raid5")["notes"][0]


@pytest.mark.parametrize(
    ("name", "value", "args", "options", "said"),
    [
        ("to_bytes", "4", (), {}, "to_bytes: '4' is a bare number"),
        ("to_bytes", 4 * TB, (), {}, "such as '4TB'"),
        ("to_bytes", "4T", (), {}, "4TB (decimal) or 4TiB (binary)"),
        ("human_size", "4000", (), {}, "bare number"),
        ("human_size", True, (), {}, "such as '4TB'"),
        ("human_size", "4TB", (), {"binary": "perhaps"}, "possible: true or false"),
        # The digits of a fact of Ansible's are sectors, those of /proc/partitions KiB; nothing is guessed.
        ("raid_usable", ["7814037168", "7814037168"], ("raid1",), {}, "bare number"),
        ("raid_usable", ["7814037168", "7814037168"], ("raid1",), {"unit": "B"}, "bare number"),
        ("raid_usable", [4 * TB, 4 * TB], ("raid1",), {}, "or say what numbers count, such as unit='B'"),
        ("raid_usable", [4, 4], ("raid1",), {}, "4 is a bare number"),
        ("raid_usable", [4, 4], ("raid1",), {"unit": "T"}, "possible: B, kB"),
        ("raid_usable", [True, True], ("raid1",), {"unit": "TB"}, "such as '4TB'"),
        ("raid_usable", [4.0, 4.0], ("raid1",), {"unit": "TB"}, "such as '4TB'"),
        ("raid_usable", "4TB", ("raid1",), {}, "write one size for each"),
        ("raid_usable", 4, ("raid1",), {}, "write one size for each"),
        ("raid_usable", {"a": "4TB"}, ("raid1",), {}, "write one size for each"),
        ("raid_usable", FOUR, ("raid5",), {"spares": 3}, "possible: at most 2 of them as spares"),
        ("raid_usable", FOUR, ("raid5",), {"spares": -1}, "spares is -1; possible: whole numbers"),
        ("raid_usable", FOUR, ("raid5",), {"spares": 1.5}, "whole numbers from 0 on"),
        ("raid_usable", FOUR, ("raid5",), {"spares": True}, "whole numbers from 0 on"),
        ("raid_usable", FOUR, ("raid5",), {"spares": None}, "whole numbers from 0 on"),
        ("raid_usable", FOUR, ("raid5",), {"hardware": 1}, "possible: true or false"),
        ("raid_usable", FOUR[:1], ("raid5",), {}, "possible: 1 drive more"),
        ("raid_usable", [], ("raid5",), {}, "possible: 2 drives more"),
        ("raid_usable", FOUR, ("raid7",), {}, "possible: raid0, raid1"),
        ("raid_usable", FOUR, (5,), {}, "possible: raid0, raid1"),
        ("raid_usable", FOUR, (["raid5"],), {}, "possible: raid0, raid1"),
        ("raid_usable", FOUR, ("raid10",), {"layout": 2}, "possible: near=N"),
        ("raid_tolerance", FOUR[:3], ("raid6",), {}, "raid_tolerance: RAID 6 needs at least 4 drives"),
        ("raid_efficiency", FOUR, ("raidz1",), {"ashift": 20}, "possible: 9 (512 B)"),
        ("raid_minimum_drives", "raid2", (), {}, "possible: raid0, raid1"),
        ("raid_minimum_drives", "raid50", (), {"groups": 1}, "at least 2 groups"),
        ("raid_minimum_drives", "raid50", (), {"groups": "many"}, "whole numbers from 0 on"),
        ("raid_figures", ["1MB", "1MB"], ("raid1",), {}, "too small for md"),
        ("raid_rebuild_seconds", FOUR, ("raid5", 150), {}, "such as '4TB'"),
        ("raid_rebuild_seconds", FOUR, ("raid5", "0MB/s"), {}, "rates above zero"),
        ("raid_rebuild_seconds", FOUR, ("raid0", "150MB/s"), {}, "any other level"),
        ("raid_unrecoverable_read_probability", FOUR, ("raid5", "often"), {}, "possible: a number, such as 1e15"),
        ("raid_unrecoverable_read_probability", FOUR, ("raid5", 0), {}, "such as 1e15"),
        ("raid_mttdl_hours", FOUR, ("raid5", 0, 24), {}, "hours above zero"),
        ("raid_mttdl_hours", FOUR, ("raid5", None, 24), {}, "mtbf_hours is None"),
    ],
)
def test_refuses(name: str, value: Any, args: tuple[Any, ...], options: dict[str, Any], said: str) -> None:
    """In Ansible's way, naming the filter, and with what would be possible."""
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS[name](value, *args, **options)
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{name}: ")
