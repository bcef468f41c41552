# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How raidz fills its sectors and what ZFS offers of them.

The cases with a number are those of the project's collected facts; the pools are those of openzfs/zfs issue 1089.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, figures
from ansible_collections.eucaim.local_node.plugins.module_utils._raidz import (
    dataset_bytes,
    record_sectors,
    stored_ratio,
)
from hypothesis import given
from hypothesis import strategies as st

TIB, MIB = 2**40, 2**20
D3 = 3000592982016  # what a drive "of 3 TB" has
TB = 10**12


@pytest.mark.parametrize(
    ("drives", "parity", "ashift", "data", "allocated"),
    [
        pytest.param(10, 2, 12, 32, 42, id="case 14"),
        pytest.param(6, 2, 12, 32, 48, id="case 16"),
        pytest.param(4, 1, 12, 32, 44, id="case 24"),
        (12, 2, 12, 32, 42),  # 32 + 2 x 4 = 40, padded to a multiple of 3
        (3, 1, 12, 32, 48),
        (5, 1, 12, 32, 40),
        (9, 1, 12, 32, 36),
        (2, 1, 12, 32, 64),
        (4, 2, 12, 32, 66),  # 64, padded
        (7, 3, 12, 32, 56),
        (11, 3, 12, 32, 44),
        (11, 3, 13, 16, 24),
        (8, 3, 12, 32, 56),  # 32 + 3 x 7 = 53, padded to a multiple of 4
        (10, 2, 9, 256, 321),  # small sectors waste less: 256 + 2 x 32 = 320, padded
        (4, 1, 13, 16, 22),
        (4, 1, 16, 2, 4),  # 2 + 1 = 3, padded
    ],
)
def test_sectors_of_a_record(drives: int, parity: int, ashift: int, data: int, allocated: int) -> None:
    """Rows of data with their parity, padded."""
    assert record_sectors(drives, parity, ashift) == (data, allocated)
    assert stored_ratio(drives, parity, ashift) == Fraction(data, allocated)


@pytest.mark.parametrize(
    ("drives", "raw", "shown", "computed"),
    [
        pytest.param(10, "27.28", "20.4", "20.46", id="case 14"),
        pytest.param(12, "32.74", "24.4", "24.56", id="case 15"),
        pytest.param(6, "16.37", "10.7", "10.74", id="case 16"),
    ],
)
def test_pools_of_the_past(drives: int, raw: str, shown: str, computed: str) -> None:
    """ZFS of 2012 kept one 64th as slop: taken from the sectors alone, and within 0.7 % of what it showed."""
    found = figures(Raid("raidz2", (3 * TB,) * drives))
    assert f"{found.raw_bytes / TIB:.2f}" == raw
    old = found.usable_bytes * 63 / 64 / TIB
    assert f"{old:.2f}" == computed
    assert old == pytest.approx(float(shown), rel=0.007)


# What zdb showed of pools that the libraries of OpenZFS 2.3.9 made in sparse files: metaslabs, and their size.
GPT = 9 * MIB + 33 * 512  # what a drive needs around a partition for ZFS


@pytest.mark.parametrize(
    ("drives", "parity", "drive", "sectors", "metaslabs", "shift"),
    [
        (4, 1, 100 * 2**30 + GPT, 44, 199, 31),
        (3, 1, 20 * 2**30 + GPT, 48, 119, 29),
        (3, 1, 2 * 2**30 + GPT, 48, 11, 29),
        (6, 2, 8 * 2**30 + GPT, 48, 95, 29),
        (3, 1, 10**12, 48, 174, 34),
        (4, 1, 4 * TB, 44, 931, 34),
        (10, 2, D3, 42, 1746, 34),
        (12, 2, 16 * TB, 42, 11175, 34),
        # Not from zdb: where the sizes of metaslabs change, by vdev_metaslab_set_size().
        (3, 1, 2816 * MIB + 5 * MIB + GPT, 48, 16, 29),
        (3, 1, 11013 * MIB + GPT, 48, 64, 29),  # here the log's is a little more than half of the slop
        (4, 1, 25652 * MIB + GPT, 44, 200, 29),
        (5, 1, 2**51 // 5 + 10 * MIB + GPT, 40, 2**17, 34),
        # Nor these: one more metaslab fits to the MiB, or does not for want of a byte.
        (3, 1, 2906 * MIB + GPT, 48, 17, 29),
        (3, 1, 2906 * MIB + GPT - 1, 48, 16, 29),
    ],
)
def test_what_a_new_pool_offers(drives: int, parity: int, drive: int, sectors: int, metaslabs: int, shift: int) -> None:
    """Whole metaslabs, less one 32nd or 128 GiB, of which the metaslab for the log is a part."""
    unit = 131072 // (sectors * 8)  # how much data ZFS counts for 512 bytes
    whole = (metaslabs << shift) // 512 * unit
    log = (1 << shift) // 512 * unit if metaslabs >= 64 else 0
    slop = min((whole - log) // 32, 128 * 2**30)
    assert dataset_bytes(drive, drives, parity, 12) == whole - log - max(slop - log, slop // 2, 128 * MIB)


def test_tiny_drives_hold_no_pool() -> None:
    """ZFS takes none below 64 MiB; of a pool of such drives, half is slop."""
    assert dataset_bytes(64 * MIB + GPT - 1, 3, 1, 12) == 0
    # 3 x 59.5 MiB: 11 metaslabs of 16 MiB, a ratio of 2/3 that is counted in 512ths.
    whole = (11 << 24) // 512 * 341
    assert dataset_bytes(64 * MIB + GPT, 3, 1, 12) == whole - whole // 2


def test_enormous_pools_have_larger_metaslabs() -> None:
    """Above 2 PiB, so that there are no more than 131072 of them: here of 64 GiB."""
    unit = 131072 // (40 * 8)
    drive = 985 * 10**12
    assert dataset_bytes(drive, 5, 1, 12) == ((drive * 5 >> 36) << 36) // 512 * unit - 128 * 2**30


@given(st.sampled_from([1, 2, 3]), st.integers(9, 16), st.integers(0, 40))
def test_the_ratio_is_never_better_than_the_parity_allows(parity: int, ashift: int, more: int) -> None:
    """And never below one sector of data with all its parity."""
    drives = parity + 1 + more
    assert Fraction(1, parity + 1) <= stored_ratio(drives, parity, ashift) <= Fraction(drives - parity, drives)


@given(st.sampled_from([1, 2, 3]), st.integers(9, 13), st.integers(0, 30), st.integers(10**9, 30 * TB))
def test_a_pool_offers_less_than_its_sectors(parity: int, ashift: int, more: int, drive: int) -> None:
    """But most of them: slop, metaslabs and rounding cost 5 % of drives of 100 GB."""
    drives = parity + 1 + more
    nominal = figures(Raid(f"raidz{parity}", (drive,) * drives, ashift=ashift)).usable_bytes
    offered = dataset_bytes(drive, drives, parity, ashift)
    assert 0 < offered < nominal
    if drive >= 10**11:
        assert offered > nominal * 0.95
