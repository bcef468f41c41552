# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estimate of power: its sum is the one it shows, and what is unknown is never counted as little."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._power import (
    Consumers,
    PowerEstimate,
    estimate,
    processor_family,
    remaining_watts,
)
from hypothesis import given
from hypothesis import strategies as st

PLAIN = Consumers(processors=1, processor_watts=100)


def test_the_smallest_machine_is_processor_board_and_head_room() -> None:
    assert estimate(PLAIN) == PowerEstimate(
        watts=250,
        parts=(
            ("1 x processor at 100 W (given)", 100),
            ("1 x share of board and fans at 100 W (assumed)", 100),
            ("head-room of 25 %", 50),
        ),
        least_watts=150,
        assumptions=("share of board and fans: 50 to 100 W each",),
    )


def test_a_whole_server_by_hand() -> None:
    found = estimate(
        Consumers(
            processors=2,
            processor_watts=125,
            gpus=(("NVIDIA A40", None), ("NVIDIA A40", None)),
            hard_drives=4,
            staggered=False,
            solid_state_drives=2,
            memory_modules=8,
        )
    )
    # 250 + 600 + 114 + 20 + 40 + 200 = 1224, a quarter more is 1530
    assert found.watts == 1530
    assert found.least_watts == 250 + 600 + 114 + 10 + 24 + 100
    assert found.text() == (
        "2 x processor at 125 W (given): 250 W + 2 x NVIDIA A40 at 300 W (table): 600 W"
        " + 4 x hard drive at 28.5 W (started at once): 114 W + 2 x solid-state drive at 10 W (assumed): 20 W"
        " + 8 x memory module at 5 W (assumed): 40 W + 2 x share of board and fans at 100 W (assumed): 200 W"
        " + head-room of 25 %: 306 W = 1530 W"
    )


@pytest.mark.parametrize(
    ("count", "staggered", "least", "most"),
    [(1, False, 29, 29), (1, True, 12, 12), (1, None, 12, 29), (3, False, 86, 86), (10, True, 113, 113)],
)
def test_hard_drives_count_with_their_start_unless_they_start_in_turn(
    count: int, staggered: bool | None, least: int, most: int
) -> None:
    with_drives = estimate(replace(PLAIN, hard_drives=count, staggered=staggered))
    assert with_drives.parts[1][1] == most
    assert with_drives.least_watts - estimate(PLAIN).least_watts == least
    assert any("one after another" in text for text in with_drives.assumptions) == (staggered is None)


@pytest.mark.parametrize(
    ("gpu", "watts", "basis"),
    [
        (("NVIDIA A40", 250), 250, "its power limit"),
        (("NVIDIA A40", None), 300, "table"),
        (("NVIDIA Strange", None), 600, "assumed"),
    ],
)
def test_a_graphics_processor_counts_by_limit_table_or_assumption(
    gpu: tuple[str, int | None], watts: int, basis: str
) -> None:
    found = estimate(replace(PLAIN, gpus=(gpu,)))
    assert found.parts[1] == (f"1 x {gpu[0]} at {watts} W ({basis})", watts)
    assert any(gpu[0] in text for text in found.assumptions) == (basis == "assumed")


def test_unequal_graphics_processors_are_parts_of_their_own() -> None:
    found = estimate(replace(PLAIN, gpus=(("NVIDIA A40", None), ("Tesla T4", None), ("NVIDIA A40", None))))
    assert [watts for _what, watts in found.parts[1:3]] == [600, 70]


@pytest.mark.parametrize(
    ("model", "family", "least", "most"),
    [
        ("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "Xeon Scalable, 2nd generation", 70, 205),
        ("Intel(R) Xeon(R) Silver 4114 CPU @ 2.20GHz", "Xeon Scalable, 1st generation", 70, 205),
        ("Intel(R) Xeon(R) Platinum 8380 CPU @ 2.30GHz", "Xeon Scalable, 3rd generation", 105, 270),
        ("Intel(R) Xeon(R) Bronze 3408U", "Xeon Scalable, 4th generation", 125, 350),
        ("INTEL(R) XEON(R) GOLD 6530", "Xeon Scalable, 5th generation", 115, 385),
        ("Intel(R) Xeon(R) Platinum 9282 CPU @ 2.60GHz", "Xeon Platinum 9200", 250, 400),
        ("Intel(R) Xeon(R) CPU Max 9480", "Xeon Max", 350, 350),
        ("Intel(R) Xeon(R) 6760P", "Xeon 6", 125, 500),
        ("Intel(R) Xeon(R) w7-3465X", "Xeon W 2400 to 3500", 110, 385),
        ("Intel(R) Xeon(R) W-2245 CPU @ 3.90GHz", "Xeon W 1000 to 3000", 35, 275),
        ("Intel(R) Xeon(R) CPU E7-8890 v4 @ 2.20GHz", "Xeon E7", 95, 165),
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Xeon E5", 45, 160),
        ("Intel(R) Xeon(R) CPU E3-1225 v5 @ 3.30GHz", "Xeon E3", 13, 95),
        ("Intel(R) Xeon(R) E-2388G CPU @ 3.20GHz", "Xeon E", 25, 95),
        ("Intel(R) Xeon(R) D-2799 CPU", "Xeon D", 20, 130),
        ("Intel(R) Xeon(R) CPU           X5650  @ 2.67GHz", "Xeon 3000 to 7000", 38, 150),
        ("AMD EPYC 7551 32-Core Processor", "EPYC 7001", 120, 200),
        ("AMD EPYC 7302 16-Core Processor", "EPYC 7002", 120, 280),
        ("AMD EPYC 7H12 64-Core Processor", "EPYC 7002", 120, 280),
        ("AMD EPYC 74F3 24-Core Processor", "EPYC 7003", 120, 280),
        ("AMD EPYC 8324P 32-Core Processor", "EPYC 8004", 70, 225),
        ("AMD EPYC 9654 96-Core Processor", "EPYC 9004", 200, 400),
        ("AMD EPYC 9755 128-Core Processor", "EPYC 9005", 125, 500),
        ("AMD EPYC 4564P 16-Core Processor", "EPYC 4000", 65, 170),
        ("AMD Ryzen Threadripper PRO 5995WX 64-Cores", "Ryzen Threadripper", 140, 350),
        ("AMD Ryzen 9 5950X 16-Core Processor", "Ryzen", 15, 230),
        ("13th Gen Intel(R) Core(TM) i7-13700", "Core", 15, 255),
    ],
)
def test_a_model_name_tells_its_family(model: str, family: str, least: int, most: int) -> None:
    assert processor_family(model) == (family, least, most)
    found = estimate(Consumers(processors=2, processor_model=model))
    assert found.parts[0] == (f"2 x processor at {most} W (family {family})", 2 * most)
    assert found.least_watts == 2 * least + 100
    assert family in found.assumptions[0]


@pytest.mark.parametrize(
    "model", [None, "", "Kunpeng-920", "QEMU Virtual CPU version 2.5+", "Intel(R) Xeon(R) Processor"]
)
def test_an_unknown_processor_is_an_assumption(model: str | None) -> None:
    assert processor_family(model) is None
    found = estimate(Consumers(processors=1, processor_model=model))
    assert found.parts[0] == ("1 x processor at 500 W (assumed)", 500)
    assert found.least_watts == 10 + 50
    assert "not known: 10 to 500 W" in found.assumptions[0]


@pytest.mark.parametrize(
    ("ratings", "watts"), [([], 0), ([750], 750), ([750, 750], 750), ([500, 750], 500), ([500, 500, 500], 1000)]
)
def test_of_several_supplies_one_may_fail(ratings: list[int], watts: int) -> None:
    assert remaining_watts(ratings) == watts


CONSUMERS = st.builds(
    Consumers,
    processors=st.integers(1, 8),
    processor_model=st.sampled_from([None, "AMD EPYC 7302 16-Core Processor", "Intel(R) Xeon(R) CPU E5-2620 v3"]),
    processor_watts=st.none() | st.integers(1, 500),
    gpus=st.lists(
        st.tuples(st.sampled_from(["NVIDIA A40", "Tesla T4", "NVIDIA Strange"]), st.none() | st.integers(1, 700)),
        max_size=8,
    ).map(tuple),
    hard_drives=st.integers(0, 60),
    staggered=st.sampled_from([None, True, False]),
    solid_state_drives=st.integers(0, 30),
    memory_modules=st.integers(0, 48),
)


@given(CONSUMERS)
def test_the_sum_is_the_one_that_is_shown(consumers: Consumers) -> None:
    found = estimate(consumers)
    assert sum(watts for _what, watts in found.parts) == found.watts
    assert 0 < found.least_watts < found.watts
    assert (found.watts - found.parts[-1][1]) * 5 <= found.watts * 4


@given(CONSUMERS)
def test_more_parts_draw_more(consumers: Consumers) -> None:
    before = estimate(consumers)
    for more in (
        replace(consumers, processors=consumers.processors + 1),
        replace(consumers, gpus=(*consumers.gpus, ("Tesla T4", None))),
        replace(consumers, hard_drives=consumers.hard_drives + 1),
        replace(consumers, solid_state_drives=consumers.solid_state_drives + 1),
        replace(consumers, memory_modules=consumers.memory_modules + 1),
    ):
        assert estimate(more).watts > before.watts
        assert estimate(more).least_watts > before.least_watts


@given(CONSUMERS)
def test_what_is_unknown_is_not_counted_as_less(consumers: Consumers) -> None:
    found = estimate(consumers)
    unknown = estimate(replace(consumers, staggered=None))
    assert unknown.watts >= found.watts
    assert unknown.least_watts <= found.least_watts
