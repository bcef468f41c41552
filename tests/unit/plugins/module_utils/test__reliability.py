# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds and the years: reference cases, exact chains, and simulations that know nothing of the formulas.

The cases with a number are those of the project's collected facts.
"""

from __future__ import annotations

import random
from fractions import Fraction
from math import inf, log
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, RaidError, figures, survives
from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import (
    mttdl_hours,
    rebuild_read_bytes,
    rebuild_seconds,
    unrecoverable_read_probability,
)
from hypothesis import given, settings
from hypothesis import strategies as st

TB = 10**12
YEAR = 8760


def same(level: str, count: int, size: int = 4 * TB, **more: Any) -> Raid:
    """Return an array of equal drives."""
    return Raid(level, (size,) * count, **more)


# --- Rebuild ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raid", "rate", "hours"),
    [
        pytest.param(same("raid1", 2, 22 * TB), 150 * 10**6, "40.7", id="case 20"),
        (same("raid5", 4), 150 * 10**6, "7.4"),
        (same("raid6", 8, 16 * TB, spares=1), 200 * 10**6, "22.2"),
        # Only what the smallest drive has is in use.
        (Raid("raid5", (4 * TB, 2 * TB, 4 * TB)), 100 * 10**6, "5.6"),
        (same("raidz2", 6), 100 * 10**6, "11.1"),
    ],
)
def test_rebuild(raid: Raid, rate: int, hours: str) -> None:
    """A drive's worth at the rate of a drive."""
    assert f"{rebuild_seconds(raid, rate) / 3600:.1f}" == hours


def test_rebuild_ends_with_the_last_byte() -> None:
    """So seconds are rounded up."""
    assert rebuild_seconds(same("raid1", 2, 1001), 1000) == 2
    assert rebuild_seconds(same("raid1", 2, 1000), 1000) == 1


@pytest.mark.parametrize(
    ("raid", "drives"),
    [
        (same("raid1", 3), 1),
        (same("raid5", 2), 1),
        (same("raid5", 4), 3),
        (same("raid6", 6), 4),
        (same("raid10", 6), 1),
        (same("raid10", 5, layout="far=3"), 1),
        (same("raid50", 8), 3),
        (same("raid60", 12), 4),
        (same("raidz1", 4), 3),
        (same("raidz3", 9), 6),
        (same("raid6", 6, spares=1), 3),
    ],
)
def test_what_the_last_rebuild_reads(raid: Raid, drives: int) -> None:
    """All that is left of the group, or the last copy."""
    assert rebuild_read_bytes(raid) == drives * 4 * TB


# --- Unreadable sectors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raid", "consumer", "enterprise"),
    [
        pytest.param(same("raid1", 2, 6 * TB), 0.381, 0.0469, id="case 17, RAID 1"),
        pytest.param(same("raid5", 3, 3 * TB), 0.381, 0.0469, id="case 17, RAID 5 of 3"),
        pytest.param(same("raid5", 4, 2 * TB), 0.381, 0.0469, id="case 17, RAID 5 of 4"),
        pytest.param(same("raid10", 4, 3 * TB), 0.213, 0.0237, id="case 18"),
        pytest.param(same("raid5", 4), 0.617, 0.0915, id="case 19"),
        # As case 17, because as much is read.
        (same("raid6", 4, 3 * TB), 0.381, 0.0469),
        (same("raidz2", 5, 2 * TB), 0.381, 0.0469),
        (same("raid50", 6, 3 * TB), 0.381, 0.0469),
    ],
)
def test_unrecoverable_read(raid: Raid, consumer: float, enterprise: float) -> None:
    """At one error in 1e14 and in 1e15 bits."""
    assert unrecoverable_read_probability(raid, 1e14) == pytest.approx(consumer, rel=2e-3)
    assert unrecoverable_read_probability(raid, 1e15) == pytest.approx(enterprise, rel=2e-3)


def test_unrecoverable_read_at_the_ends() -> None:
    """A drive that never errs, one that always does, and a probability that a naive power would round to nothing."""
    tiny = same("raid1", 2, 1)
    assert unrecoverable_read_probability(tiny, inf) == 0
    assert unrecoverable_read_probability(tiny, 1) == 1
    assert unrecoverable_read_probability(tiny, 1e20) == pytest.approx(8e-20, rel=1e-9)
    assert unrecoverable_read_probability(tiny, 2) == pytest.approx(1 - 2**-8)


@pytest.mark.parametrize(
    ("raid", "bits_per_error"),
    [(same("raid5", 4, 25), 1000), (same("raid6", 4, 20), 500), (same("raid10", 4, 40), 700)],
)
def test_unrecoverable_read_is_what_a_simulation_finds(raid: Raid, bits_per_error: int) -> None:
    """Bit by bit, on drives of a few bytes."""
    chance = random.Random(1)
    drives_left = len(raid.members) - figures(raid).tolerance if raid.level != "raid10" else 1
    bits = 8 * drives_left * figures(raid).member_bytes
    runs = 4000
    unreadable = sum(any(chance.random() * bits_per_error < 1 for _unused in range(bits)) for _unused in range(runs))
    assert unrecoverable_read_probability(raid, bits_per_error) == pytest.approx(unreadable / runs, abs=0.025)


# --- Mean time to data loss ----------------------------------------------------------------------------------------


def test_elling_stripe() -> None:
    """Case 21: 6.66 years of 8766 hours (Elling prints 6.7)."""
    assert mttdl_hours(same("raid0", 12), 700_000, 24) / 8766 == pytest.approx(6.66, rel=1e-3)


def test_elling_single_parity() -> None:
    """Case 22, without and with unreadable sectors; each model gives 396372 and 297 years."""
    raid = same("raid5", 4)
    without, both = mttdl_hours(raid, 1e6, 24), mttdl_hours(raid, 1e6, 24, 1e15)
    assert without == pytest.approx(3.472e9, rel=1e-4)
    assert without / YEAR == pytest.approx(396372, rel=1e-5)
    # What unreadable sectors alone come to is MTTDL[2].
    assert 1 / (1 / both - 1 / without) == pytest.approx(2.604e6, rel=1e-4)
    assert both / YEAR == pytest.approx(297, rel=1e-3)
    assert 8 * rebuild_read_bytes(raid) / 1e15 == pytest.approx(0.096)


def test_elling_double_parity() -> None:
    """Case 23."""
    assert mttdl_hours(same("raid6", 6), 1e6, 24) == pytest.approx(1.4468e13, rel=1e-4)


@pytest.mark.parametrize(
    ("raid", "hours"),
    [
        # MTBF 1000 h, repair 1 h: by hand from MTTDL[1].
        (same("raid1", 2), 1000**2 / 2),
        (same("raid1", 3), 1000**3 / 6),
        (same("raid10", 4), 1000**2 / 2 / 2),
        (same("raid10", 6, layout="near=3"), 1000**3 / 6 / 2),
        # Each drive shares blocks with the next, so there are as many pairs as drives.
        (same("raid10", 5), 1000**2 / 2 / 5),
        (same("raid10", 4, layout="far=2"), 1000**2 / 2 / 4),
        (same("raid10", 5, layout="offset=3"), 1000**3 / 6 / 5),
        (same("raid10", 2, layout="far=2"), 1000**2 / 2),
        # Three copies on four drives begin at every drive; four on six only at every second.
        (same("raid10", 4, layout="near=3"), 1000**3 / 6 / 4),
        (same("raid10", 6, layout="near=4"), 1000**4 / 24 / 3),
        (same("raid50", 6), 1000**2 / 6 / 2),
        (same("raid60", 8), 1000**3 / 24 / 2),
        (same("raidz1", 3), 1000**2 / 6),
        (same("raidz2", 4), 1000**3 / 24),
        (same("raidz3", 5), 1000**4 / 120),
        # A spare holds no data, so its failure is no loss.
        (same("raid5", 5, spares=1), 1000**2 / 12),
    ],
)
def test_mttdl(raid: Raid, hours: float) -> None:
    """The product over the drives that must fail in turn, divided among the sets that can."""
    assert mttdl_hours(raid, 1000, 1) == pytest.approx(hours)


def test_mttdl_with_unreadable_sectors() -> None:
    """By hand, MTBF 1000 h, repair 1 h: rates of losses add up."""
    # The last rebuild of a RAID 6 of four drives of 1000 B reads 16000 bits.
    by_drives, by_reads = 24 / 1000**3, 4 * 3 / 1000**2 * 0.016
    assert mttdl_hours(same("raid6", 4, 1000), 1000, 1, 1e6) == pytest.approx(1 / (by_drives + by_reads))
    # Five drives of 1000 B with three copies: a second failure shares a third of a drive with each of two neighbours on
    # either side, twice with the nearer, which comes to two drives of 8000 bits.
    by_drives, by_reads = 5 * 6 / 1000**3, 5 * 2 / 1000**2 * 0.008
    raid = same("raid10", 5, 1000, layout="far=3")
    assert mttdl_hours(raid, 1000, 1, 1e6) == pytest.approx(1 / (by_drives + by_reads))
    # With sectors that can never be read, the tolerated failure is already the loss.
    assert mttdl_hours(same("raid5", 4), 1000, 1, 1) == pytest.approx(1000 / 4, rel=0.01)
    # A stripe is lost with its first drive, before anything is rebuilt.
    assert mttdl_hours(same("raid0", 2), 1000, 1, 1e15) == 500


def test_mttdl_beyond_any_number() -> None:
    """A mirror of two hundred drives outlives what a float can say."""
    assert mttdl_hours(same("raid1", 200), 1e6, 24) == inf


def _chain(drives: int, tolerance: int, repair: Fraction) -> Fraction:
    """Return the exact mean time to loss of a chain of states: n failed drives, one at a time repaired, MTBF 1.

    up[n] is the mean time from n failed drives to n + 1: the time in the state, and what a repair sets back.
    """
    up = [Fraction(1, drives)]
    for failed in range(1, tolerance + 1):
        fail, mend = Fraction(drives - failed), 1 / repair
        up.append((1 + mend * up[-1]) / fail)
    return sum(up, Fraction(0))


@pytest.mark.parametrize(
    ("level", "drives"),
    [("raid1", 2), ("raid1", 3), ("raid5", 4), ("raid5", 12), ("raid6", 4), ("raid6", 10), ("raidz3", 8)],
)
def test_mttdl_is_the_limit_of_the_exact_chain(level: str, drives: int) -> None:
    """When repair is short; and it is never longer than the exact time."""
    raid = same(level, drives)
    for repair in (Fraction(1, 10**4), Fraction(1, 10**6)):
        exact = float(_chain(drives, figures(raid).tolerance, repair))
        found = mttdl_hours(raid, 1, float(repair))
        assert found <= exact
        assert found == pytest.approx(exact, rel=float(repair) * drives**2)


def _simulated(raid: Raid, repair: float, unreadable: float, runs: int) -> float:
    """Return the mean time to loss of drives that fail and are repaired, one at a time, in random order."""
    draw = random.Random(7).random
    drives, tolerance = len(raid.members), figures(raid).tolerance
    lives = [survives(raid, [drive for drive in range(drives) if broken >> drive & 1]) for broken in range(2**drives)]
    time = 0.0
    for _unused in range(runs):
        broken = failures = 0
        while lives[broken]:
            rate = drives - failures + (1 / repair if failures else 0)
            time -= log(1 - draw()) / rate
            drive = int(draw() * drives)
            if draw() * rate < drives - failures:
                while broken >> drive & 1:
                    drive = int(draw() * drives)
                failures += 1
                if failures == tolerance and draw() < unreadable:
                    break  # the rebuild that now begins finds a sector that nothing can correct
            else:
                while not broken >> drive & 1:
                    drive = int(draw() * drives)
                failures -= 1
            broken ^= 1 << drive
    return time / runs


@pytest.mark.parametrize(
    ("raid", "repair", "unreadable"),
    [
        (same("raid0", 3), 0.01, 0),
        (same("raid5", 4), 0.004, 0),
        (same("raid5", 4), 0.002, 0.05),
        (same("raid6", 4), 0.02, 0),
        (same("raid6", 4), 0.01, 0.1),
        (same("raid10", 4), 0.005, 0),
        (same("raid10", 4, layout="far=2"), 0.005, 0),
        (same("raid10", 4, layout="far=2"), 0.002, 0.05),
        (same("raid10", 3), 0.01, 0),
        (same("raid10", 3), 0.002, 0.05),
        (same("raid50", 6), 0.005, 0),
    ],
    ids=lambda value: f"{value.level} {value.layout} {len(value.drives)}" if isinstance(value, Raid) else str(value),
)
def test_mttdl_is_what_a_simulation_finds(raid: Raid, repair: float, unreadable: float) -> None:
    """With short-lived drives, so that losses can be waited for; within what chance and the approximation allow."""
    found = _simulated(raid, repair, unreadable, runs=800)
    bits = 8 * rebuild_read_bytes(raid) / unreadable if unreadable else None
    assert mttdl_hours(raid, 1, repair, bits) == pytest.approx(found, rel=0.15)


# --- What always holds, and what is refused --------------------------------------------------------------------------

REDUNDANT = st.builds(
    same,
    st.sampled_from(["raid1", "raid5", "raid6", "raid10", "raidz1", "raidz2", "raidz3"]),
    st.integers(4, 24),
    st.integers(1, 30 * TB),
)
HOURS = st.floats(1, 1000)
MTBF = st.floats(10_000, 10_000_000)
BITS = st.floats(1e13, 1e18)


@settings(max_examples=300)
@given(REDUNDANT, MTBF, HOURS, BITS)
def test_unreadable_sectors_only_shorten(raid: Raid, mtbf: float, repair: float, bits: float) -> None:
    """The time to loss, the more so the more often they come."""
    without = mttdl_hours(raid, mtbf, repair)
    assert 0 < mttdl_hours(raid, mtbf, repair, bits / 2) <= mttdl_hours(raid, mtbf, repair, bits) <= without


@settings(max_examples=300)
@given(REDUNDANT, MTBF, HOURS)
def test_faster_repair_and_better_drives_lengthen(raid: Raid, mtbf: float, repair: float) -> None:
    """The time to loss."""
    assert mttdl_hours(raid, mtbf, repair / 2) >= mttdl_hours(raid, mtbf, repair)
    assert mttdl_hours(raid, mtbf * 2, repair) > mttdl_hours(raid, mtbf, repair) or raid.level == "raid1"


@settings(max_examples=300)
@given(REDUNDANT, BITS)
def test_a_probability(raid: Raid, bits: float) -> None:
    """Between none and all, larger for worse drives, and never above the expected number of errors."""
    found = unrecoverable_read_probability(raid, bits)
    assert 0 <= found <= 1
    assert found <= unrecoverable_read_probability(raid, bits / 2)
    assert found <= 8 * rebuild_read_bytes(raid) / bits * (1 + 1e-9)


def test_a_raid_0_cannot_be_rebuilt() -> None:
    """So nothing can be said of a rebuild."""
    raid = same("raid0", 2)
    with pytest.raises(RaidError, match="any other level"):
        rebuild_seconds(raid, 10**8)
    with pytest.raises(RaidError, match="any other level"):
        rebuild_read_bytes(raid)
    with pytest.raises(RaidError, match="any other level"):
        unrecoverable_read_probability(raid, 1e15)


@pytest.mark.parametrize("rate", [0, -1])
def test_refuses_a_rate(rate: int) -> None:
    """At which nothing is copied."""
    with pytest.raises(RaidError, match="rates above zero"):
        rebuild_seconds(same("raid5", 4), rate)


@pytest.mark.parametrize("bits", [0, 0.5, -1e15, float("nan")])
def test_refuses_an_error_rate(bits: float) -> None:
    """That is none."""
    with pytest.raises(RaidError, match="such as 1e15"):
        unrecoverable_read_probability(same("raid5", 4), bits)
    with pytest.raises(RaidError, match="such as 1e15"):
        mttdl_hours(same("raid5", 4), 1e6, 24, bits)


@pytest.mark.parametrize(("mtbf", "repair"), [(0, 24), (1e6, 0), (-1, 24), (1e6, -1), (float("nan"), 24)])
def test_refuses_times(mtbf: float, repair: float) -> None:
    """That are none."""
    with pytest.raises(RaidError, match="hours above zero"):
        mttdl_hours(same("raid5", 4), mtbf, repair)
