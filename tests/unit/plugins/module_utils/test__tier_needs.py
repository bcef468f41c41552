# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of D5.11 and of the handbook, cell by cell."""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import NEEDS, PROFILES, TIERS, Level

GIB = 2**30


def cells(level: Level) -> list[object]:
    """Return a level as a row of a table."""
    return [
        [(need.cores, need.threads, need.mhz) for need in level.cpu],
        (level.memory_bytes or 0) // GIB,
        level.ecc,
        level.memory_slots,
        (level.gpu.tensor_cores, level.gpu.vram_bytes // GIB) if level.gpu else None,
        (level.os_drive_bytes or 0) / 10**9,
        level.data_factor,
        level.raid,
        level.spare_factor,
    ]


def test_tables_1_and_3_of_the_deliverable() -> None:
    needs = NEEDS["d5.11"][2]
    assert cells(needs.minimum) == [[(8, 16, 2500)], 32, True, None, None, 240, 2, True, 1]
    assert cells(needs.recommended) == [[(16, 32, 3000)], 64, True, None, None, 480, 4, True, 2]


def test_tables_2_and_3_of_the_deliverable() -> None:
    needs = NEEDS["d5.11"][3]
    assert cells(needs.minimum) == [[(16, 32, 2500)], 64, True, None, (151, 16), 240, 2, True, 1]
    assert cells(needs.recommended) == [[(32, 64, 3000)], 128, True, None, (301, 24), 480, 4, True, 2]


def test_table_7_of_the_handbook() -> None:
    needs = NEEDS["handbook"][2]
    assert cells(needs.minimum) == [[(4, 8, None)], 32, False, None, None, 160, 1, False, None]
    assert cells(needs.recommended) == [[], 0, False, None, None, 0, None, False, None]
    assert needs.source.endswith("section 7.1, table 7")


def test_table_8_of_the_handbook() -> None:
    needs = NEEDS["handbook"][3]
    alternatives = [(16, None, 1800), (12, None, 3000)]
    assert cells(needs.minimum) == [alternatives, 64, False, 4, (151, 16), 0, 1, False, None]
    assert cells(needs.recommended) == [[(32, 64, 3000)], 128, True, None, None, 0, 2, False, None]
    assert needs.source.endswith("section 7.1, table 8")


def test_every_profile_has_both_tiers_of_a_node() -> None:
    assert PROFILES == ("d5.11", "handbook")
    assert all(tuple(tiers) == TIERS for tiers in NEEDS.values())
