# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the drive of the operating system is divided."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_system import GIB, partitions
from hypothesis import given
from hypothesis import strategies as st

GB = 10**9


def sizes(drive: int) -> dict[str, int]:
    return {part.mount: part.bytes // GIB for part in partitions(drive)}


def test_the_two_drives_of_the_deliverable() -> None:
    small = {"/boot/efi": 1, "/boot": 1, "swap": 8, "/": 32, "/home": 16, "/var/log": 16, "/var": 149}
    large = {"/boot/efi": 1, "/boot": 2, "swap": 8, "/": 64, "/home": 32, "/var/log": 32, "/var": 308}
    assert sizes(240 * GB) == small
    assert sizes(480 * GB) == large


@given(st.integers(100 * GB, 8000 * GB))
def test_everything_fits_and_nothing_large_is_left(drive: int) -> None:
    parts = partitions(drive)
    left = drive - sum(part.bytes for part in parts)
    assert 2**20 <= left < GIB + 4 * 2**20
    assert all(part.bytes >= GIB and part.bytes % 2**20 == 0 for part in parts)
    assert {"/", "/var", "/var/log", "/home"} <= {part.mount for part in parts}


def test_a_drive_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="too few for the partitions of a system"):
        partitions(70 * GB)
