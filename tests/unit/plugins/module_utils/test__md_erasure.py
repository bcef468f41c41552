# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of an erasure that was cut off counts as what there was; what somebody has written since does not."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_erasure import Begun, as_before
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import UNRECOGNISED
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import disk, path_of, seen

TABLE = Begun("sdx", ("partition table gpt", "sdx1: ext4 records", "sdx2: swap"))
PLAIN = Begun("sdb", ("ext4 sdb of old",))


@pytest.mark.parametrize(
    ("begun", "left"),
    [
        (TABLE, ("partition table gpt", "sdb1: ext4 records", "sdb2: swap")),
        (TABLE, ("partition table gpt", "sdb2: swap")),
        (TABLE, ("partition table gpt", "sdb1: nothing recognised", "sdb2: swap")),
        (TABLE, ("partition table gpt", "sdb1: nothing recognised", "sdb2: nothing recognised")),
        (TABLE, ("partition table gpt",)),
        (TABLE, ("gpt", "PMBR")),
        (TABLE, ("PMBR",)),
        (TABLE, (UNRECOGNISED,)),
        (PLAIN, ("ext4 sdb of old",)),
        (PLAIN, (UNRECOGNISED,)),
    ],
)
def test_what_is_left_counts_as_what_there_was(begun: Begun, left: tuple[str, ...]) -> None:
    """The drive is called sdb now, whatever it was called when its erasure began."""
    found = as_before(seen(disk(0, holds=left), disk(1, holds=left)), {path_of(0): begun})
    assert found.disks[path_of(0)].holds == begun.holds
    assert found.disks[path_of(1)].holds == left


@pytest.mark.parametrize(
    ("begun", "now"),
    [
        (TABLE, ()),  # nothing is left
        (TABLE, None),
        (TABLE, ("partition table dos",)),
        (TABLE, ("partition table gpt", "sdb1: xfs")),
        (TABLE, ("partition table gpt", "sdb3: nothing recognised")),
        (TABLE, ("partition table gpt", "sdc1: ext4 records")),
        (TABLE, ("xfs",)),
        (PLAIN, ("gpt",)),
        (PLAIN, ("ext4",)),
        (PLAIN, ("ext4 sdb of old", "partition table gpt")),
    ],
)
def test_anything_else_is_shown_as_it_is(begun: Begun, now: tuple[str, ...] | None) -> None:
    found = seen(disk(0, holds=now))
    assert as_before(found, {path_of(0): begun, path_of(7): begun}) == found


def test_it_is_kept_and_read_again() -> None:
    assert Begun.from_dict(TABLE.as_dict()) == TABLE


@pytest.mark.parametrize("data", [None, [], {}, {"holds": "ext4"}])
def test_a_note_that_is_broken_is_none(data: object) -> None:
    assert Begun.from_dict(data) is None
