# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of graphics processors: exact names, and never a guess where two cards share something."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _gpu_table as gpu
from hypothesis import given
from hypothesis import strategies as st

GIB = 2**30
MIB = 2**20


@pytest.mark.parametrize(
    ("name", "cores", "gib", "watts"),
    [
        ("Tesla T4", 320, 16, 70),
        ("NVIDIA A2", 40, 16, 60),
        ("NVIDIA A10", 288, 24, 150),
        ("NVIDIA A16", 40, 16, 63),
        ("NVIDIA A30", 224, 24, 165),
        ("NVIDIA A40", 336, 48, 300),
        ("NVIDIA A100-PCIE-40GB", 432, 40, 250),
        ("NVIDIA A100 80GB PCIe", 432, 80, 300),
        ("NVIDIA A100-SXM4-80GB", 432, 80, 400),
        ("NVIDIA H100 80GB HBM3", 528, 80, 700),
        ("NVIDIA H100 PCIe", 456, 80, 350),
        ("NVIDIA H200", 528, 141, 700),
        ("NVIDIA L4", 232, 24, 72),
        ("NVIDIA L40S", 568, 48, 350),
        ("Tesla V100-SXM2-16GB", 640, 16, 300),
        ("NVIDIA TITAN V", 640, 12, 250),
        ("NVIDIA TITAN RTX", 576, 24, 280),
        ("Quadro RTX 6000", 576, 24, 260),
        ("NVIDIA RTX A6000", 336, 48, 300),
        ("NVIDIA RTX 6000 Ada Generation", 568, 48, 300),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 752, 96, 600),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", 752, 96, 300),
        ("NVIDIA GeForce RTX 3090", 328, 24, 350),
        ("GeForce RTX 2080 Ti", 544, 11, 250),
        ("NVIDIA GeForce RTX 5090", 680, 32, 575),
        ("NVIDIA GeForce GTX 1660 Ti", 0, 6, 120),
        ("NVIDIA T1000 8GB", 0, 8, 50),
        ("Tesla P40", 0, 24, 250),
        ("Tesla K80", 0, 12, 150),
    ],
)
def test_a_card_is_found_by_the_drivers_name(name: str, cores: int, gib: int, watts: int) -> None:
    found = gpu.card(name)
    assert found is not None
    assert (found.tensor_cores, found.vram_bytes, found.watts) == (cores, gib * GIB, watts)
    assert gpu.tensor_cores(name, None, None) == (cores, "table")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("NVIDIA GeForce RTX 3080 Ti", "NVIDIA GeForce RTX 3090"),
        ("NVIDIA GeForce RTX 4070 Ti", "NVIDIA GeForce RTX 4070 Ti SUPER"),
        ("NVIDIA RTX A1000", "NVIDIA A100-PCIE-40GB"),
        ("Tesla T4", "NVIDIA T400"),
        ("NVIDIA L4", "NVIDIA L40"),
        ("NVIDIA RTX 4000 Ada Generation", "Quadro RTX 4000"),
        ("NVIDIA RTX 6000 Ada Generation", "Quadro RTX 6000"),
        ("NVIDIA RTX A2000", "NVIDIA RTX 2000 Ada Generation"),
    ],
)
def test_no_name_is_taken_for_the_beginning_of_another(first: str, second: str) -> None:
    one, other = gpu.card(first), gpu.card(second)
    assert one is not None
    assert other is not None
    assert one.tensor_cores != other.tensor_cores


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA A100",
        "NVIDIA GeForce RTX 2070 Super",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA GeForce RTX 2080 Super with Max-Q Design",
        "NVIDIA RTX A5000 Laptop GPU",
        "NVIDIA B200",
        "NVIDIA A10G",
        "RTX",
        "NVIDIA",
        "",
    ],
)
def test_what_is_not_exactly_in_the_table_is_unknown(name: str) -> None:
    assert gpu.card(name) is None
    count, how = gpu.tensor_cores(name, None, None)
    assert count is None
    assert "not in the table" in how


@pytest.mark.parametrize("name", ["  NVIDIA   GeForce RTX 3090 ", "GeForce RTX 3090", "NVIDIA GeForce RTX 3090"])
def test_the_maker_and_blanks_make_no_difference(name: str) -> None:
    assert gpu.tensor_cores(name, None, None) == (328, "table")


@pytest.mark.parametrize(
    ("name", "mib", "cores"),
    [
        ("NVIDIA GeForce RTX 3080", 10240, 272),
        ("NVIDIA GeForce RTX 3080", 12288, 280),
        ("NVIDIA GeForce RTX 2060", 6144, 240),
        ("NVIDIA GeForce RTX 2060", 12288, 272),
        ("NVIDIA GeForce RTX 3050", 8192, 80),
        ("NVIDIA GeForce RTX 3050", 6144, 72),
    ],
)
def test_cards_of_one_name_are_told_apart_by_their_memory(name: str, mib: int, cores: int) -> None:
    assert gpu.tensor_cores(name, "8.6", None, mib * MIB) == (cores, "table")
    assert gpu.tensor_cores(name, None, None)[0] is None
    assert gpu.tensor_cores(name, None, None, 40 * GIB)[0] is None


def test_one_name_and_one_memory_mean_one_card() -> None:
    seen = {(entry.name, entry.vram_bytes) for entry in gpu.CARDS}
    assert len(seen) == len(gpu.CARDS)
    for entry in gpu.CARDS:
        assert gpu.card(entry.name, entry.vram_bytes) == entry
        assert gpu.card(f"NVIDIA {entry.name}", gpu.shown_at_least(entry.vram_bytes)) == entry
        assert entry.name == gpu.normal_name(entry.name)
        assert not gpu.slice_of_card(entry.name)
        assert entry.watts > 0


def test_no_figure_of_the_table_is_off_by_a_slip() -> None:
    sold_gib = {2, 3, 4, 5, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 72, 80, 94, 96, 141}
    for entry in gpu.CARDS:
        assert entry.tensor_cores % 8 == 0  # a multiprocessor has 4 or 8, and they come in pairs
        assert entry.vram_bytes % GIB == 0
        assert entry.vram_bytes // GIB in sold_gib


def test_a_card_shows_less_memory_than_it_is_sold_with() -> None:
    assert gpu.shown_at_least(16 * GIB) == 15000 * MIB
    assert gpu.shown_at_least(24 * GIB) == 22500 * MIB


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("GRID A100-10C", "vGPU"),
        ("NVIDIA A40-8Q", "vGPU"),
        ("GRID T4-16Q", "vGPU"),
        ("NVIDIA RTX A5000-12Q", "vGPU"),
        ("NVIDIA A100-2-10C", "vGPU"),
        ("NVIDIA A100-1-5CME", "vGPU"),
        ("GRID V100D-32B", "vGPU"),
        ("NVIDIA A16-1A", "vGPU"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG"),
        ("MIG 3g.20gb", "MIG"),
        ("NVIDIA H100 80GB HBM3 1g.10gb", "MIG"),
    ],
)
def test_a_part_of_a_card_is_unknown_even_with_a_count(name: str, word: str) -> None:
    count, how = gpu.tensor_cores(name, "8.0", 108)
    assert count is None
    assert word in how


@pytest.mark.parametrize(
    ("capability", "sms", "cores"),
    [
        ("6.1", None, 0),
        ("6.1", 30, 0),
        ("3.7", 13, 0),
        ("7.0", 80, 640),
        ("7.2", 8, 64),
        ("8.0", 108, 432),
        ("8.6", 80, 320),
        ("8.9", 58, 232),
        ("9.0", 132, 528),
        ("10.0", 148, 592),
        ("10.3", 148, 592),
        ("12.0", 188, 752),
        ("8.6", 0, 0),
    ],
)
def test_the_formula_comes_second_and_needs_the_count(capability: str, sms: int | None, cores: int) -> None:
    assert gpu.tensor_cores("NVIDIA Strange", capability, sms) == (cores, "formula")


@pytest.mark.parametrize(
    ("capability", "sms", "words"),
    [
        ("8.6", None, "number of multiprocessors is not known"),
        ("7.5", 40, "with and without tensor cores"),
        ("11.0", 20, "neither is compute capability 11.0"),
        ("12.1", 48, "neither is compute capability 12.1"),
        (None, 40, "compute capability is not known"),
        ("eight", 40, "compute capability is not known"),
        ("8.6.1", 40, "compute capability is not known"),
    ],
)
def test_what_the_formula_cannot_know_has_a_reason(capability: str | None, sms: int | None, words: str) -> None:
    count, how = gpu.tensor_cores("NVIDIA Strange", capability, sms)
    assert count is None
    assert words in how
    assert "NVIDIA Strange" in how


def test_the_table_is_stronger_than_the_formula() -> None:
    assert gpu.tensor_cores("NVIDIA GeForce GTX 1660", "7.5", 22) == (0, "table")
    assert gpu.tensor_cores("NVIDIA L4", "8.9", 60) == (232, "table")


@given(st.text(max_size=40), st.none() | st.text(max_size=6), st.none() | st.integers(0, 500))
def test_no_name_breaks_it_and_every_unknown_has_a_reason(name: str, capability: str | None, sms: int | None) -> None:
    count, how = gpu.tensor_cores(name, capability, sms)
    assert how in ("table", "formula") if count is not None else len(how) > 10
