# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays: what they hold, what md makes of them and which failures they survive.

The cases with a number are those of the project's collected facts. What mdadm and the kernel give was read from real
arrays: mdadm 4.2 with Linux 6.1 on devices of exactly these sizes; mdadm 4.4 gave the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import (
    LEVELS,
    Raid,
    RaidError,
    figures,
    md_data_offset,
    md_usable_bytes,
    minimum_drives,
    survives,
    zfs_usable_bytes,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size
from hypothesis import given, settings
from hypothesis import strategies as st

TB, TIB = 10**12, 2**40
# As sold: what a drive "of 4 TB" really has.
D480, D1, D2, D4, D8, D16, D22 = (
    480103981056,
    1000204886016,
    2000398934016,
    4000787030016,
    8001563222016,
    16000900661248,
    22000969973760,
)
SMALL = 2 * 10**9


def same(level: str, count: int, size: int = 4 * TB, **more: Any) -> Raid:
    """Return an array of equal drives."""
    return Raid(level, (size,) * count, **more)


# --- What arrays hold ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raid", "usable", "tolerance", "efficiency"),
    [
        pytest.param(same("raid5", 2), 4 * TB, 1, Fraction(1, 2), id="case 9"),
        pytest.param(same("raid5", 4), 12 * TB, 1, Fraction(3, 4), id="case 10"),
        pytest.param(same("raid6", 6, 8 * TB, spares=1), 24 * TB, 2, Fraction(1, 2), id="case 11"),
        pytest.param(same("raid10", 4, 2 * TB), 4 * TB, 1, Fraction(1, 2), id="case 12"),
        pytest.param(same("raid5", 4, 8 * TB), 24 * TB, 1, Fraction(3, 4), id="case 13"),
        pytest.param(same("raid50", 8), 24 * TB, 1, Fraction(3, 4), id="case 25, RAID 50"),
        pytest.param(same("raid60", 8), 16 * TB, 2, Fraction(1, 2), id="case 25, RAID 60"),
        (same("raid0", 3), 12 * TB, 0, Fraction(1)),
        (same("raid1", 3), 4 * TB, 2, Fraction(1, 3)),
        (same("raid5", 4, spares=1), 8 * TB, 1, Fraction(1, 2)),
        (same("raid10", 3), 6 * TB, 1, Fraction(1, 2)),
        (same("raid10", 5, layout="near=3"), 20 * TB // 3, 2, Fraction(20 * TB // 3, 20 * TB)),
        (same("raid10", 5, layout="far=2"), 10 * TB, 1, Fraction(1, 2)),
        (same("raid10", 6, layout="offset=3"), 8 * TB, 2, Fraction(1, 3)),
        (same("raid10", 6, layout="o3"), 8 * TB, 2, Fraction(1, 3)),
        (same("raid10", 5, layout="f2"), 10 * TB, 1, Fraction(1, 2)),
        (same("raid50", 9, groups=3), 24 * TB, 1, Fraction(2, 3)),
        # Sectors of 4 KiB unless others are named.
        (same("raidz3", 11), 32 * TB, 3, Fraction(8, 11)),
        (same("raidz3", 11, ashift=13), 44 * TB * 16 // 24, 3, Fraction(44 * TB * 16 // 24, 44 * TB)),
        (same("raid60", 12, groups=3), 24 * TB, 2, Fraction(1, 2)),
        # The smallest member limits the others ...
        (Raid("raid5", (4 * TB, 2 * TB, 3 * TB)), 4 * TB, 1, Fraction(4, 9)),
        (Raid("raid10", (4 * TB, 2 * TB)), 2 * TB, 1, Fraction(1, 3)),
        (Raid("raid0", (4 * TB, 2 * TB), hardware=True), 4 * TB, 0, Fraction(2, 3)),
        # ... but md's RAID 0 fills all of them.
        (Raid("raid0", (4 * TB, 2 * TB)), 6 * TB, 0, Fraction(1)),
    ],
)
def test_usable(raid: Raid, usable: int, tolerance: int, efficiency: Fraction) -> None:
    """As every calculator gives it."""
    found = figures(raid)
    assert (found.usable_bytes, found.tolerance, found.efficiency) == (usable, tolerance, efficiency)


@pytest.mark.parametrize(
    ("raid", "tebibytes"),
    [
        pytest.param(same("raid5", 2), "3.638", id="case 9"),
        pytest.param(same("raid5", 4), "10.914", id="case 10"),
        pytest.param(same("raidz1", 4), "10.583", id="case 24"),
    ],
)
def test_usable_in_binary_units(raid: Raid, tebibytes: str) -> None:
    """What the site will see in its file manager."""
    assert f"{figures(raid).usable_bytes / TIB:.3f}" == tebibytes


def test_where_the_bytes_go() -> None:
    """Case 13, with a spare and unequal drives: each byte is counted once."""
    found = figures(Raid("raid5", (8 * TB, 8 * TB, 9 * TB, 8 * TB, 10 * TB), spares=1))
    assert (found.raw_bytes, found.members, found.spares, found.member_bytes) == (43 * TB, 4, 1, 8 * TB)
    assert (found.usable_bytes, found.redundancy_bytes) == (24 * TB, 8 * TB)
    assert (found.spare_bytes, found.unused_bytes) == (10 * TB, 1 * TB)


def test_spares_are_the_largest_drives() -> None:
    """A smaller one could replace no member; of equal ones the last wait, as mdadm has it."""
    raid = Raid("raid5", (4 * TB, 6 * TB, 4 * TB, 6 * TB, 4 * TB), spares=1)
    assert raid.spare_drives == {3}
    assert raid.members == (4 * TB, 6 * TB, 4 * TB, 4 * TB)
    assert Raid("raid1", (TB, TB, TB, TB), spares=2).spare_drives == {2, 3}


def test_groups_are_of_drives_of_one_size() -> None:
    """Where md joins groups, so that the smaller drives limit each other only."""
    sizes = (2 * TB, 4 * TB, 2 * TB, 4 * TB, 2 * TB, 4 * TB)
    raid = Raid("raid50", sizes)
    assert raid.member_drives == (0, 2, 4, 1, 3, 5)
    assert raid.members == (2 * TB, 2 * TB, 2 * TB, 4 * TB, 4 * TB, 4 * TB)
    found = figures(raid)
    assert (found.usable_bytes, found.unused_bytes, found.member_bytes) == (12 * TB, 0, 4 * TB)
    assert survives(raid, {0, 3})
    assert not survives(raid, {0, 1})
    # A controller's groups are all as small as the smallest drive makes them.
    found = figures(Raid("raid50", sizes, hardware=True))
    assert (found.usable_bytes, found.unused_bytes, found.member_bytes) == (8 * TB, 6 * TB, 2 * TB)


@pytest.mark.parametrize(
    ("raid", "members"),
    [
        (Raid("raid0", (4 * TB, 2 * TB)), 4 * TB),
        (Raid("raid0", (4 * TB, 2 * TB), hardware=True), 2 * TB),
        (Raid("raid6", (4 * TB, 4 * TB, 3 * TB, 5 * TB)), 3 * TB),
    ],
)
def test_what_is_used_of_a_member(raid: Raid, members: int) -> None:
    """No more than the smallest has, except where md fills all."""
    assert figures(raid).member_bytes == members


@pytest.mark.parametrize(
    ("raid", "mirror"),
    [
        (same("raid0", 2), False),
        (same("raid1", 2), True),
        (same("raid10", 3), True),
        (same("raid5", 2), True),
        (same("raid5", 3), False),
        (same("raid6", 4), False),
        (same("raidz1", 2), True),
        (same("raidz1", 3), False),
        (same("raidz2", 3), True),
        (same("raid50", 6), False),
    ],
)
def test_what_is_a_mirror(raid: Raid, mirror: bool) -> None:
    """The parity of a single block is its copy."""
    assert figures(raid).mirror is mirror


@pytest.mark.parametrize(
    ("raid", "chunks"),
    [
        # optimal_io_size of these arrays in Linux 6.1, divided by the chunk.
        (same("raid0", 3), 3),
        (same("raid5", 2), 1),
        (same("raid5", 4), 3),
        (same("raid6", 5), 3),
        (same("raid10", 4), 2),
        (same("raid10", 5), 5),
        (same("raid10", 4, layout="far=2"), 4),
        (same("raid10", 3, layout="offset=2"), 3),
        (same("raid10", 4, layout="near=3"), 4),
        # A mirror has no stripes, and a full stripe of a RAID 50 spans its groups.
        (same("raid1", 2), 1),
        (same("raid50", 6), 4),
        (same("raid60", 8), 4),
        (same("raidz2", 6), 4),
    ],
)
def test_chunks_of_data_in_a_stripe(raid: Raid, chunks: int) -> None:
    """As file systems want to know them."""
    assert figures(raid).data_members == chunks


@pytest.mark.parametrize(
    ("raid", "said"),
    [
        (same("raid5", 2), "With two drives, RAID 5 is a mirror"),
        (same("raidz1", 2), "With two drives, raidz1 is a mirror"),
        (same("raid0", 2), "no redundancy"),
        (same("raid10", 4), "Any 1 drive may fail; up to 2 only if"),
        (same("raid10", 6, layout="near=3"), "Any 2 drives may fail; up to 4 only if"),
        (same("raid50", 6), "2 groups of 3; each survives 1 failed drive."),
        (same("raid60", 8), "2 groups of 4; each survives 2 failed drives."),
        (same("raidz2", 6), "records of 128 KiB"),
        (Raid("raid1", (TB, 2 * TB)), "1 TB stay unused"),
    ],
)
def test_notes(raid: Raid, said: str) -> None:
    """What a person would not see in the numbers."""
    assert said in " ".join(figures(raid).notes)


@pytest.mark.parametrize("raid", [same("raid5", 3), same("raid1", 2), same("raid6", 4), same("raid10", 2)])
def test_nothing_to_note(raid: Raid) -> None:
    """Where all is as expected."""
    assert figures(raid).notes == ()


# --- What md makes of them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raid", "size"),
    [
        pytest.param(same("raid5", 2, SMALL), 1997537280, id="case 1"),
        pytest.param(same("raid5", 4, SMALL), 5992611840, id="case 2"),
        pytest.param(same("raid6", 4, SMALL), 3995074560, id="case 3"),
        pytest.param(same("raid10", 3, SMALL), 2996305920, id="case 4"),
        pytest.param(same("raid1", 2, SMALL), 1997864960, id="case 5"),
        (same("raid5", 4, SMALL, spares=1), 3995074560),
        (same("raid10", 4, SMALL), 3995074560),
        (same("raid10", 2, SMALL), 1997537280),
        (same("raid0", 2, SMALL), 3995074560),
        (same("raid10", 5, SMALL, layout="far=2"), 4993843200),
        (same("raid10", 5, SMALL, layout="offset=2"), 4993843200),
        (same("raid10", 5, SMALL, layout="near=3"), 3329228800),
        (same("raid1", 2, D4), 4000651739136),
        (same("raid5", 4, D4), 12001954234368),
        (same("raid6", 4, D4), 8001302822912),
        (same("raid6", 5, D16), 48002296184832),
        (same("raid10", 4, D22), 44001669414912),
        (same("raid10", 5, D8), 20003569008640),
        (same("raid10", 4, D8, layout="far=2"), 16002855206912),
        (same("raid10", 5, D2, layout="far=3"), 3333771755520),
        (same("raid10", 3, D2, layout="offset=2"), 3000395366400),
        (same("raid10", 4, 240057409536, layout="near=3"), 319895896064),
        (same("raid1", 3, 240057409536), 239922118656),
        (same("raid50", 6, D4), 16002335113216),
        (Raid("raid50", (D4, D1) * 3), 10001171087360),
        # Unequal drives, and the first of them setting the offset for all.
        (Raid("raid0", (D4, D1, D480)), 5480689172480),
        (Raid("raid0", (D480, D1, D4)), 5480689172480),
        (Raid("raid5", (D480, D1, D4)), 959936724992),
        (Raid("raid5", (D4, D480, D1)), 959936724992),
        (Raid("raid5", (SMALL, D4, D4)), 3995074560),
        (Raid("raid5", (D1, D1, D1, D4), spares=1), 2000138797056),
        (Raid("raid5", (D1, D1, D1, TB - 1), spares=1), 1999728803840),
        # Where the offset jumps: at 8 GiB, 128 GiB and 200 GiB.
        (same("raid1", 2, 8 * 2**30 - 512), 8584626176),
        (same("raid1", 2, 8 * 2**30), 8580497408),
        (same("raid1", 2, 8 * 2**30 + 4096), 8580497408),
        (same("raid5", 2, 128 * 2**30 - 512), 137370271744),
        (same("raid5", 2, 128 * 2**30), 137303687168),
        (same("raid5", 2, 200 * 2**30), 214613098496),
        (same("raid5", 2, 200 * 2**30 + 2**16), 214613098496),
        # Below, it shrinks no further than chunks allow.
        (same("raid1", 2, 100_000_000), 98893824),
        (same("raid1", 2, 10_000_000), 8912896),
        (same("raid5", 3, 100_000_000), 195035136),
        (same("raid5", 3, 30_000_000), 55574528),
    ],
)
def test_md(raid: Raid, size: int) -> None:
    """To the byte."""
    assert md_usable_bytes(raid) == size


def test_a_partial_parity_log_costs_a_mebibyte() -> None:
    """Case 6, and a drive of 4 TB."""
    assert md_usable_bytes(same("raid5", 4, SMALL), ppl=True) == 5989466112
    assert md_usable_bytes(same("raid5", 3, D4), ppl=True) == 8001300725760


@pytest.mark.parametrize(
    ("raid", "size"),
    [
        (same("raid5", 3, D4), 8001302822912),
        (same("raid5", 3, SMALL), 3995074560),
        (same("raid1", 2, 240057409536), 239922118656),
    ],
)
def test_a_bitmap_costs_nothing(raid: Raid, size: int) -> None:
    """As arrays with an internal bitmap showed: its place is kept in any case."""
    assert md_usable_bytes(raid, bitmap=True) == md_usable_bytes(raid, bitmap=False) == size


@pytest.mark.parametrize(
    ("device", "level", "sectors"),
    [
        (D4, "raid5", 264192),
        (SMALL, "raid5", 4096),
        (8 * 2**30 - 512, "raid1", 10240),
        (8 * 2**30, "raid1", 18432),
        (128 * 2**30 - 512, "raid5", 133120),
        (10_000_000, "raid1", 2048),
        (30_000_000, "raid5", 4096),
    ],
)
def test_the_data_begins_where_mdadm_lets_it(device: int, level: str, sectors: int) -> None:
    """As `mdadm --examine` shows it."""
    assert md_data_offset(device, level) == sectors * 512
    assert md_data_offset(D4, ppl=True) == 266240 * 512


# --- Which failures they survive -------------------------------------------------------------------------------------
# An independent account: blocks are laid out as md(4) describes, parity is computed over GF(2^8), drives are taken
# away, and what is left is solved for the data.


def _gf_times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _gf_inverse(a: int) -> int:
    return next(b for b in range(1, 256) if _gf_times(a, b) == 1)


def _gf_power(base: int, exponent: int) -> int:
    result = 1
    for _unused in range(exponent):
        result = _gf_times(result, base)
    return result


def _solved(rows: list[list[int]], unknowns: int) -> list[int] | None:
    """Return the unknowns of these equations (coefficients, then the value), or None if they do not tell them all."""
    rows = [list(row) for row in rows]
    for column in range(unknowns):
        pivot = next((i for i in range(column, len(rows)) if rows[i][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = _gf_inverse(rows[column][column])
        rows[column] = [_gf_times(scale, value) for value in rows[column]]
        for i, row in enumerate(rows):
            if i != column and row[column]:
                rows[i] = [value ^ _gf_times(row[column], own) for value, own in zip(row, rows[column], strict=True)]
    return [row[unknowns] for row in rows[:unknowns]]


def _parity_survives(drives: int, parity: int, failed: Collection[int]) -> bool:
    """Write one stripe of known bytes, with the parity rotated to each place; lose drives; solve for the bytes."""
    data = [17 * (index + 1) % 256 for index in range(drives - parity)]
    unit_rows = [[int(i == j) for j in range(len(data))] for i in range(len(data))]
    parity_rows = [[_gf_power(_gf_power(2, power), j) for j in range(len(data))] for power in range(parity)]
    for turn in range(drives):
        left = []
        for place, row in enumerate(unit_rows + parity_rows):
            value = 0
            for coefficient, byte in zip(row, data, strict=True):
                value ^= _gf_times(coefficient, byte)
            if (place + turn) % drives not in failed:
                left.append([*row, value])
        if _solved(left, len(data)) != data:
            return False
    return True


def _copies_survive(drives: int, kind: str, copies: int, failed: Collection[int]) -> bool:
    """Lay out the copies of many blocks, row by row; each needs one on a drive that is left."""
    where: dict[int, set[int]] = {}
    for row in range(copies * drives):
        for drive in range(drives):
            slot = row * drives + drive
            if kind == "near":  # copies follow each other
                where.setdefault(slot // copies, set()).add(drive)
            elif kind == "offset":  # each row is repeated, moved on by one drive
                of_row, copy = divmod(row, copies)
                where.setdefault(of_row * drives + (drive - copy) % drives, set()).add(drive)
            else:  # far: the drives' second part repeats the first, moved on by one drive
                copy, of_row = divmod(row, drives)
                where.setdefault(of_row * drives + (drive - copy) % drives, set()).add(drive)
    whole = [places for block, places in where.items() if len(places) == copies]
    assert whole
    return all(places - set(failed) for places in whole)


_PARITY_OF = {"raid0": 0, "raid5": 1, "raid6": 2, "raid50": 1, "raid60": 2, "raidz1": 1, "raidz2": 2, "raidz3": 3}


def _really_survives(raid: Raid, failed: Collection[int]) -> bool:
    drives = len(raid.drives)
    if raid.level == "raid1":
        return _copies_survive(drives, "near", drives, failed)
    if raid.level == "raid10":
        kind, copies = raid.layout.split("=")
        return _copies_survive(drives, kind, int(copies), failed)
    groups = raid.groups or (2 if raid.level in ("raid50", "raid60") else 1)
    size = drives // groups
    return all(
        _parity_survives(
            size, _PARITY_OF[raid.level], {drive - group * size for drive in failed if drive // size == group}
        )
        for group in range(groups)
    )


SMALL_ARRAYS = [
    *(same(level, count) for level in ("raid0", "raid1", "raid5", "raidz1") for count in (2, 3, 4, 5)),
    *(same("raid6", count) for count in (4, 5, 6)),
    *(same("raidz2", count) for count in (3, 4, 5, 6)),
    *(same("raidz3", count) for count in (4, 5, 6)),
    *(
        same("raid10", count, layout=f"{kind}={copies}")
        for kind in ("near", "far", "offset")
        for copies in (2, 3, 4)
        for count in range(copies, 8)
    ),
    same("raid50", 6),
    same("raid50", 8),
    same("raid50", 9, groups=3),
    same("raid60", 8),
]


def _subsets(drives: int) -> Iterable[tuple[int, ...]]:
    return chain.from_iterable(combinations(range(drives), count) for count in range(drives + 1))


@pytest.mark.parametrize("raid", SMALL_ARRAYS, ids=lambda raid: f"{raid.level} {raid.layout} {len(raid.drives)}")
def test_every_failure_of_a_small_array(raid: Raid) -> None:
    """What survives is what can be read back, and tolerance is what that comes to."""
    drives = len(raid.drives)
    lived = {failed: _really_survives(raid, failed) for failed in _subsets(drives)}
    assert {failed: survives(raid, failed) for failed in lived} == lived
    found = figures(raid)
    always = [count for count in range(drives + 1) if all(ok for failed, ok in lived.items() if len(failed) <= count)]
    assert found.tolerance == max(always)
    assert found.best_tolerance == max(len(failed) for failed, ok in lived.items() if ok)


def test_only_members_can_fail() -> None:
    """A spare is none."""
    raid = same("raid5", 4, spares=1)
    assert survives(raid, [0, 0])
    with pytest.raises(RaidError, match="0 to 2"):
        survives(raid, [3])


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "md", "hardware"),
    [
        ("raid0", 2, 2),
        ("raid1", 2, 2),
        ("raid5", 2, 3),
        ("raid6", 4, 4),
        ("raid10", 2, 4),
        ("raid50", 6, 6),
        ("raid60", 8, 8),
        ("raidz1", 2, 2),
        ("raidz2", 3, 3),
        ("raidz3", 4, 4),
    ],
)
def test_minimum(level: str, md: int, hardware: int) -> None:
    """As mdadm 4.2 refused fewer, and as controllers and ZFS do."""
    assert (minimum_drives(level), minimum_drives(level, hardware=True)) == (md, hardware)


def test_minimum_of_groups_and_copies() -> None:
    """More of them need more drives."""
    assert minimum_drives("raid50", groups=3) == 9
    assert minimum_drives("raid60", groups=4) == 16
    assert minimum_drives("raid10", layout="far=3") == 3
    assert minimum_drives("raid10", hardware=True, layout="near=2") == 4


@pytest.mark.parametrize(
    ("level", "count", "more", "possible"),
    [
        ("raid5", 1, {}, "possible: 1 drive more"),
        ("raid5", 0, {}, "possible: 2 drives more"),
        ("raid5", 2, {"hardware": True}, "RAID 5 on a hardware controller needs at least 3 drives"),
        ("raid5", 1, {}, "RAID 5 needs at least 2 drives besides the spares, and 1 drive less 0 spares leave 1;"),
        ("raid5", 2, {"hardware": True}, "possible: with 2: raid0, raid1; 1 drive more"),
        ("raid5", 4, {"spares": 3}, "possible: at most 2 of them as spares; 1 drive more"),
        ("raid5", 4, {"spares": 5}, "possible: at most 2 of them as spares; 3 drives more"),
        ("raid6", 3, {}, "possible: with 3: raid0, raid1, raid5, raid10, raidz1, raidz2; 1 drive more"),
        (
            "raid6",
            4,
            {"spares": 1},
            "possible: at most 0 of them as spares; with 3: raid1, raid5, raid10, raidz1, raidz2",
        ),
        ("raid6", 3, {"hardware": True}, "possible: with 3: raid0, raid1, raid5; 1 drive more"),
        ("raid50", 5, {}, "with 5: raid0, raid1, raid5, raid6, raid10, raidz1, raidz2, raidz3; 1 drive more"),
        ("raid60", 7, {"hardware": True}, "with 7: raid0, raid1, raid5, raid6; 1 drive more"),
        ("raid60", 6, {"hardware": True}, "with 6: raid0, raid1, raid5, raid6, raid10, raid50; 2 drives more"),
        ("raidz3", 3, {}, "possible: with 3: raid0, raid1, raid5, raid10, raidz1, raidz2; 1 drive more"),
        ("raid10", 2, {"layout": "near=3"}, "needs at least 3 drives"),
        ("raid50", 7, {}, "possible: 8 or 6"),
        ("raid50", 8, {"groups": 3}, "raid10, raid50, raid60, raidz1"),
        ("raid50", 10, {"groups": 3}, "possible: 12 or 9"),
        ("raid50", 8, {"groups": 1}, "without groups: raid5"),
        ("raid60", 8, {"groups": -1}, "without groups: raid6"),
        ("raid5", 4, {"groups": 2}, "possible with 2 groups: raid50, raid60"),
        ("raid10", 5, {"hardware": True}, "possible: 4 or 6, or md"),
        ("raid10", 4, {"hardware": True, "layout": "far=2"}, "possible: near=2, or md"),
        ("raid10", 4, {"layout": "left"}, "possible: near=N, far=N or offset=N"),
        ("raid10", 4, {"layout": "near=1"}, "such as near=2"),
        ("raid10", 4, {"layout": "near=02"}, "such as near=2"),
        ("raid0", 3, {"spares": 1}, "possible: 0 spares"),
        ("raid5", 3, {"spares": -1}, "possible: 0 or more"),
        ("raidz1", 3, {"hardware": True}, "hardware false"),
        ("raidz1", 3, {"ashift": 8}, "possible: 9 (512 B) to 16 (64 KiB)"),
        ("raidz1", 3, {"ashift": 17}, "possible: 9 (512 B) to 16 (64 KiB)"),
        ("raid7", 3, {}, "possible: raid0, raid1"),
        ("RAID5", 3, {}, "possible: raid0, raid1"),
    ],
)
def test_refuses(level: str, count: int, more: dict[str, Any], possible: str) -> None:
    """What cannot be made, and says what could."""
    with pytest.raises(RaidError) as refused:
        same(level, count, **more)
    assert possible in str(refused.value)


def test_refuses_a_drive_of_nothing() -> None:
    """Or of less."""
    for size in (0, -TB):
        with pytest.raises(RaidError, match="above zero"):
            Raid("raid1", (TB, size))


@pytest.mark.parametrize(
    ("raid", "options", "possible"),
    [
        (same("raid5", 3, hardware=True), {}, "by a hardware controller, not by md"),
        (same("raidz1", 3), {}, "by ZFS, not by md"),
        (same("raid6", 4), {"ppl": True}, "possible: a bitmap"),
        (same("raid0", 2), {"bitmap": True}, "possible: no bitmap"),
        (same("raid5", 3), {"bitmap": True, "ppl": True}, "possible: one of them"),
        (same("raid5", 3, 2_000_000), {}, "needs at least 2.62 MB"),
        (same("raid1", 2, 1_000_000), {}, "needs at least 1.11 MB"),
    ],
)
def test_md_refuses(raid: Raid, options: dict[str, bool], possible: str) -> None:
    """As mdadm does."""
    with pytest.raises(RaidError) as refused:
        md_usable_bytes(raid, **options)
    assert possible in str(refused.value)


@pytest.mark.parametrize(("level", "offset", "unit"), [("raid5", 2**21, 2**19), ("raid1", 2**20, 2**16)])
def test_the_smallest_device_of_md(level: str, offset: int, unit: int) -> None:
    """Has room for one chunk; a byte less has none."""
    assert md_usable_bytes(same(level, 2, offset + unit)) == unit
    with pytest.raises(RaidError, match=f"needs at least {human_size(offset + unit)}"):
        md_usable_bytes(same(level, 2, offset + unit - 1))


def test_zfs_makes_raidz_only() -> None:
    """And says which; the smallest drive limits the others."""
    assert zfs_usable_bytes(same("raidz1", 4, D4)) < figures(same("raidz1", 4, D4)).usable_bytes
    assert zfs_usable_bytes(Raid("raidz1", (D4, D1, D4, D4))) == zfs_usable_bytes(same("raidz1", 4, D1))
    with pytest.raises(RaidError, match="raidz1, raidz2, raidz3"):
        zfs_usable_bytes(same("raid5", 3))


# --- What always holds -----------------------------------------------------------------------------------------------


@st.composite
def _raids(draw: st.DrawFn) -> Raid:
    level = draw(st.sampled_from(LEVELS))
    hardware = draw(st.booleans()) and not level.startswith("raidz")
    spares = 0 if level == "raid0" else draw(st.integers(0, 3))
    layout = "near=2"
    groups = draw(st.integers(2, 4)) if level in ("raid50", "raid60") else 0
    if level == "raid10" and not hardware:
        layout = f"{draw(st.sampled_from(['near', 'far', 'offset']))}={draw(st.integers(2, 4))}"
    fewest = minimum_drives(level, hardware, groups or 2, layout)
    step = groups or (2 if hardware and level == "raid10" else 1)
    count = fewest + step * draw(st.integers(0, 4)) + spares
    drives = draw(st.lists(st.integers(10**8, 30 * TB), min_size=count, max_size=count))
    return Raid(level, tuple(drives), spares, groups, layout, hardware, draw(st.integers(9, 13)))


@settings(max_examples=300)
@given(_raids())
def test_every_byte_is_somewhere_once(raid: Raid) -> None:
    """Usable, redundancy, spare and unused are the whole, and none is negative."""
    found = figures(raid)
    parts = (found.usable_bytes, found.redundancy_bytes, found.spare_bytes, found.unused_bytes)
    assert sum(parts) == found.raw_bytes == sum(raid.drives)
    assert min(parts) >= 0
    assert 0 < found.usable_bytes <= found.raw_bytes
    assert found.efficiency == Fraction(found.usable_bytes, found.raw_bytes)
    assert found.members + found.spares == len(raid.drives)
    assert 0 <= found.tolerance <= found.best_tolerance < found.members
    assert all(raid.drives[index] >= found.member_bytes for index in raid.spare_drives)
    assert sorted([*raid.member_drives, *raid.spare_drives]) == list(range(len(raid.drives)))


@settings(max_examples=300)
@given(_raids(), st.data())
def test_a_larger_drive_never_holds_less(raid: Raid, data: st.DataObject) -> None:
    """Whichever it is."""
    which = data.draw(st.integers(0, len(raid.drives) - 1))
    drives = list(raid.drives)
    drives[which] += data.draw(st.integers(1, TB))
    larger = Raid(raid.level, tuple(drives), raid.spares, raid.groups, raid.layout, raid.hardware, raid.ashift)
    assert figures(larger).usable_bytes >= figures(raid).usable_bytes


@settings(max_examples=300)
@given(_raids())
def test_more_drives_never_hold_less(raid: Raid) -> None:
    """If they are as large as the largest."""
    step = raid.groups or (2 if raid.hardware else 1)
    drives = (*raid.drives, *(max(raid.drives),) * step)
    more = Raid(raid.level, drives, raid.spares, raid.groups, raid.layout, raid.hardware, raid.ashift)
    assert figures(more).usable_bytes >= figures(raid).usable_bytes


@settings(max_examples=300)
@given(_raids(), st.data())
def test_tolerance_is_a_promise(raid: Raid, data: st.DataObject) -> None:
    """Any so many members may fail; one more than the best never."""
    found = figures(raid)
    members = st.integers(0, found.members - 1)
    failed = data.draw(st.sets(members, min_size=found.tolerance, max_size=found.tolerance))
    assert survives(raid, failed)
    failed = data.draw(st.sets(members, min_size=found.best_tolerance + 1))
    assert not survives(raid, failed)


@settings(max_examples=300)
@given(_raids())
def test_md_takes_little(raid: Raid) -> None:
    """At most 130 MiB of each large drive and the rest of a chunk; it never gives more than the nominal size."""
    if raid.hardware or raid.level.startswith("raidz") or min(raid.drives) < 10**9:
        return
    nominal = figures(raid).usable_bytes
    size = md_usable_bytes(raid)
    assert 0 < size <= nominal
    if min(raid.drives) >= 100 * 10**9:
        assert size >= nominal * (1 - Fraction(1, 300))


@settings(max_examples=300)
@given(_raids(), st.integers(-1, 12), st.integers(0, 12))
def test_what_is_suggested_is_possible(raid: Raid, spares: int, count: int) -> None:
    """Each level that a refusal names can be made of what is left."""
    drives = (TB,) * count
    try:
        Raid(raid.level, drives, spares, raid.groups, raid.layout, raid.hardware)
    except RaidError as refusal:
        said = str(refusal)
    else:
        return
    assert "possible" in said
    named = re.search(r"with \d+: ([a-z0-9, ]+)", said)
    for level in named[1].split(", ") if named else ():
        Raid(level, drives, spares, hardware=raid.hardware)
