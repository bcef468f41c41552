# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes in text and in bytes: what is read, what is refused, and what is written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._size import (
    UNITS,
    SizeError,
    ceil_div,
    human_size,
    parse_size,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = st.integers(0, 10**24)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4TB", 4 * 10**12),
        ("4 TB", 4 * 10**12),
        (" 4\tTB ", 4 * 10**12),
        ("4TiB", 4 * 2**40),
        ("1.5TB", 1_500_000_000_000),
        ("0.1 GB", 100_000_000),  # exact, not what binary fractions make of it
        ("3.64 TiB", 4_002_222_325_104),  # rounded down
        ("240GB", 240 * 10**9),
        ("512 B", 512),
        ("0B", 0),
        ("0.9B", 0),
        ("64kB", 64_000),
        ("64KB", 64_000),
        ("64KiB", 65_536),
        ("1MB", 10**6),
        ("1MiB", 2**20),
        ("1PB", 10**15),
        ("1PiB", 2**50),
        ("1EB", 10**18),
        ("1EiB", 2**60),
    ],
)
def test_reads(text: str, size: int) -> None:
    """What people write."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("4", "write what it counts, such as 4GB, 4TB or 4B"),
        ("4000000000000", "bare number"),
        ("4T", "4TB (decimal) or 4TiB (binary)"),
        ("1.5k", "1.5kB (decimal) or 1.5KiB (binary)"),
        ("2g", "2GB (decimal) or 2GiB (binary)"),
        ("8E", "8EB (decimal) or 8EiB (binary)"),
        ("4tb", "with these capitals"),  # Tb would be bits
        ("4Tb", "with these capitals"),
        ("4b", "with these capitals"),
        ("4 drives", "TiB"),
        ("4X", "TiB"),
        ("-4TB", "not negative"),
        ("1,5TB", "decimal point"),
        ("4e3GB", "decimal point"),
        ("4.TB", "decimal point"),
        (".5TB", "decimal point"),
        ("TB", "decimal point"),
        ("", "decimal point"),
        ("4TB 4TB", "decimal point"),
        ("9" * 5000 + "TB", "decimal point"),
        ("٤TB", "decimal point"),
        (4, "'4TB'"),
        (4 * 10**12, "'4TB'"),
        (4.5, "'4TB'"),
        (True, "'4TB'"),
        (None, "'4TB'"),
        (["4TB"], "'4TB'"),
    ],
)
def test_refuses(value: object, remedy: str) -> None:
    """What may mean anything, and says what to write."""
    with pytest.raises(SizeError) as refused:
        parse_size(value)
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    ("size", "decimal", "binary"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1000, "1 kB", "1000 B"),
        (1023, "1.02 kB", "1023 B"),
        (1024, "1.02 kB", "1 KiB"),
        (9_994, "9.99 kB", "9.76 KiB"),
        (9_996, "10 kB", "9.76 KiB"),
        (99_960, "100 kB", "97.6 KiB"),
        (999_499, "999 kB", "976 KiB"),
        (999_501, "1 MB", "976 KiB"),
        (1_048_063, "1.05 MB", "1023 KiB"),
        (1_048_065, "1.05 MB", "1 MiB"),
        (4 * 10**12, "4 TB", "3.64 TiB"),
        (12 * 10**12, "12 TB", "10.9 TiB"),
        (240 * 10**9, "240 GB", "224 GiB"),
        (480 * 10**9, "480 GB", "447 GiB"),
        (5_992_611_840, "5.99 GB", "5.58 GiB"),
        (10_500_000_000, "10.5 GB", "9.78 GiB"),
        (-4 * 10**12, "-4 TB", "-3.64 TiB"),
        (10**21, "1000 EB", "867 EiB"),
    ],
)
def test_writes(size: int, decimal: str, binary: str) -> None:
    """Three significant digits, in the unit that fits."""
    assert (human_size(size), human_size(size, binary=True)) == (decimal, binary)


@settings(max_examples=300)
@given(SIZES, st.booleans())
def test_what_is_written_can_be_read(size: int, binary: bool) -> None:
    """And is the same size to half of the third digit."""
    assert abs(parse_size(human_size(size, binary)) - size) <= size / 200


@settings(max_examples=300)
@given(st.integers(0, 10**15), st.sampled_from(sorted(UNITS)))
def test_what_is_read_is_the_number_times_the_unit(number: int, unit: str) -> None:
    """With and without a space."""
    assert parse_size(f"{number}{unit}") == parse_size(f"{number} {unit}") == number * UNITS[unit]


@settings(max_examples=300)
@given(st.integers(0, 10**9), st.integers(0, 999), st.sampled_from(sorted(UNITS)))
def test_a_fraction_is_never_rounded_up(whole: int, thousandths: int, unit: str) -> None:
    """Nobody is promised a byte that the text does not say."""
    read = parse_size(f"{whole}.{thousandths:03d}{unit}")
    assert read * 1000 <= (whole * 1000 + thousandths) * UNITS[unit] < (read + 1) * 1000


@settings(max_examples=300)
@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_anything_else_is_refused(value: object) -> None:
    """Never with another error."""
    with suppress(SizeError):
        assert parse_size(value) >= 0


@settings(max_examples=300)
@given(SIZES, SIZES, st.booleans())
def test_what_is_written_keeps_the_order(size: int, more: int, binary: bool) -> None:
    """A larger size never looks smaller."""
    assert parse_size(human_size(size, binary)) <= parse_size(human_size(size + more, binary))


@settings(max_examples=300)
@given(st.integers(0, 10**20), st.integers(1, 10**10))
def test_steps(amount: int, step: int) -> None:
    """So many steps hold the amount, and one fewer does not."""
    count = ceil_div(amount, step)
    assert (count - 1) * step < amount <= count * step
