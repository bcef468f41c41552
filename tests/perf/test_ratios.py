# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of the ratios, with figures that can be checked by head."""

from __future__ import annotations

import pytest

from tests.perf.ratios import (
    Figure,
    NothingMeasured,
    Result,
    Sample,
    cpu_bound,
    cpu_seconds,
    floors,
    packed_floors,
    ratio,
    seconds,
    table,
)


def samples(*taken: float) -> list[Sample]:
    """Runs that took so long, with half of it processor time."""
    return [Sample(one, one / 2) for one in taken]


def test_a_floor_is_an_empty_play_and_a_ping_for_each_execution() -> None:
    """20 pings in 7 s after 1 s of start are 0.3 s each; 40 executions take 1 + 12 s at least."""
    assert floors(samples(1.0, 2.0), samples(7.0, 6.0), 20, 40) == pytest.approx([13.0, 10.0])


def test_a_floor_with_different_modules_packs_each_once() -> None:
    """20 different pings take 3.8 s longer than 20 alike: 0.2 s for each of the 19; 11 modules are 10 more than one."""
    assert packed_floors([13.0], samples(7.0), samples(10.8), 20, 11) == pytest.approx([15.0])


def test_a_ratio_is_the_median_of_its_rounds() -> None:
    """A disturbed round stretches both parts of its ratio, and a round that stands out does not count."""
    assert ratio(samples(13.0, 26.0, 99.0), [10.0, 20.0, 10.0]) == pytest.approx(1.3)


def test_medians() -> None:
    """The middle one, of seconds and of processor seconds."""
    assert seconds(samples(5.0, 1.0, 2.0)) == 2.0
    assert cpu_seconds(samples(5.0, 1.0, 2.0)) == 1.0


def test_the_ideal_of_many_nodes() -> None:
    """Eight times 10 processor seconds on two cores are 40 s; but never less than one run takes."""
    one = [Sample(18.0, 10.0)]
    assert cpu_bound(one, 8, 2) == 40.0
    assert cpu_bound(one, 2, 2) == 18.0


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("no execution", lambda: floors(samples(1.0), samples(7.0), 20, 0)),
        ("no module", lambda: packed_floors([1.0], samples(7.0), samples(8.0), 20, 0)),
        ("no run", lambda: seconds([])),
        ("no run", lambda: cpu_seconds([])),
        ("no run", lambda: ratio([], [1.0])),
        ("no time", lambda: ratio(samples(1.0), [0.0])),
        ("no figure", lambda: table(Result("x"))),
        ("no figure", lambda: Result("x").as_dict()),
    ],
)
def test_nothing_measured_is_no_result(what: str, call: object) -> None:
    """Each of these would be a figure about nothing."""
    assert callable(call), what
    with pytest.raises(NothingMeasured):
        call()


def test_rounds_that_do_not_match_are_refused() -> None:
    """A round of one part without its counterpart is no round."""
    with pytest.raises(ValueError, match="shorter"):
        floors(samples(1.0, 2.0), samples(7.0), 20, 40)


def test_a_limit_is_kept_up_to_its_value() -> None:
    """1.3 is within at most 1.3, and 1.31 is not; without a limit everything is."""
    assert Figure("x", 1.3, "x", 1.3).kept
    assert not Figure("x", 1.31, "x", 1.3).kept
    assert Figure("x", 99.0).kept


def test_the_table_and_the_file_say_what_was_kept() -> None:
    """A person and a machine read the same."""
    result = Result("Title", notes=["a note"], samples={"site": samples(3.0)})
    result.add("executions", 40, limit=70)
    result.add("against its floor", 1.5, "x", 1.3)
    text = table(result)
    assert "executions" in text.splitlines()[2]
    assert "at most 70: kept" in text
    assert "1.50 x     at most 1.3: NOT KEPT" in text
    assert text.endswith("  a note")
    content = result.as_dict()
    assert [figure["kept"] for figure in content["figures"]] == [True, False]
    assert content["samples"]["site"] == [{"seconds": 3.0, "cpu_seconds": 1.5}]
