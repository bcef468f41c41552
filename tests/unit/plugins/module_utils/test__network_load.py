# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load on the line is bounded, and it is known beforehand by what."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_load as load
from ansible_collections.eucaim.local_node.plugins.module_utils._network_iperf import Stream
from hypothesis import given
from hypothesis import strategies as st


def stream(asked: float, payload: float, packets: int = 1000, lost: int = 0) -> Stream:
    return Stream("udp", asked, payload, 1.05, 5.0, packets=packets, lost=lost)


def test_what_is_derived_from_what_is_needed() -> None:
    found = load.load_of(200, 5, 0, 0, 8)
    assert (found.gentle, found.rates, found.limit) == (10.0, [250, 400], 400)
    # 10, 250 and 400 Mbit/s of UDP for 5 s, 400 of TCP for 6, in two directions
    assert found.most_bytes == 1_425_000_000


@pytest.mark.parametrize(
    ("rate", "limit", "rates"),
    [
        (300, 0, [300, 400]),
        (500, 0, [500]),
        (0, 250, [250]),
        (0, 100, [100]),
        (0, 2000, [250, 500, 1000, 2000]),
        (100, 1000, [100, 200, 400, 800, 1000]),
    ],
)
def test_rates(rate: int, limit: int, rates: list[int]) -> None:
    assert load.load_of(200, 5, rate, limit, 8).rates == rates


def test_little_is_needed() -> None:
    assert load.load_of(2, 5, 0, 0, 1).gentle == 1.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((1, 0, 0, 8), "seconds: found 1; needed: 2 to 60"),
        ((61, 0, 0, 8), "seconds: found 61"),
        ((5, -1, 0, 8), "rate: found -1; needed: 1 to 40000"),
        ((5, 0, 40001, 8), "rate_limit: found 40001"),
        ((5, 0, 0, 0), "streams: found 0; needed: 1 to 32"),
        ((5, 300, 250, 8), r"rate_limit: found 250, which is below rate \(300\)"),
    ],
)
def test_beyond_the_bounds(values: tuple[int, int, int, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load.load_of(200, *values)


@given(st.integers(2, 60), st.integers(0, 40000), st.integers(0, 40000), st.integers(1, 32))
def test_never_without_bound(seconds: int, rate: int, limit: int, streams: int) -> None:
    try:
        found = load.load_of(200, seconds, rate, limit, streams)
    except ValueError:
        assert limit < rate
        return
    assert found.rates == sorted(set(found.rates))
    assert found.rates[-1] == found.limit <= 40000
    assert found.most_bytes <= 2 * 61 * 4 * 40000 * 1e6 / 8


@pytest.mark.parametrize(
    ("step", "gentle", "full"),
    [
        (stream(250, 250), None, False),
        (stream(250, 150), None, True),
        (stream(250, 245), stream(10, 9.8, 1000, 20), False),
        # A line that loses a tenth of everything is not full because of that.
        (stream(250, 225), stream(10, 9, 1000, 100), False),
        (stream(250, 224), stream(10, 10), True),
        (stream(250, 226), stream(10, 10), False),
        (stream(250, 224), stream(10, 0, 0), True),
    ],
)
def test_when_a_line_is_full(step: Stream, gentle: Stream | None, full: bool) -> None:
    assert load.is_full(step, gentle) is full


def test_the_best() -> None:
    assert load.best([]) is None
    assert load.best([stream(250, 100), stream(400, 200)]) == pytest.approx(210)
