# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rail before every drive: what no machine could do, and what may not be written to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _md_guard as guard
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import BY_ID, Disk, Superblock
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    GB,
    MARK,
    OURS,
    disk,
    mark,
    marked,
    path_of,
    paths_of,
    seen,
    wanted_array,
)

NUMBERS = {"raid0": 2, "raid1": 2, "raid5": 3, "raid6": 4, "raid10": 4}


def faults(**changes: Any) -> list[tuple[str, str, str]]:
    """Return what is refused of an inventory, whatever the machine."""
    found = guard.faults_of(replace(wanted_array(), **changes))
    return [(refusal.requirement, refusal.variable, refusal.found) for refusal in found]


@pytest.mark.parametrize("level", guard.LEVELS)
@pytest.mark.parametrize("policy", ["bitmap", "resync"])
def test_what_can_be_made(level: str, policy: str) -> None:
    spares = paths_of(9) if level != "raid0" else ()
    devices = paths_of(*range(NUMBERS[level]))
    assert faults(level=level, policy=policy, devices=devices, spares=spares, erase={devices[0]: "ext4"}) == []


@pytest.mark.parametrize("layout", ["", "near=2", "far=2", "offset=3"])
def test_layouts_of_raid_10(layout: str) -> None:
    assert faults(level="raid10", devices=paths_of(0, 1, 2, 3), layout=layout) == []
    assert faults(layout="left-symmetric") == []


@pytest.mark.parametrize(
    "path",
    [
        "/dev/sdb",
        "sdb",
        "",
        BY_ID,
        f"{BY_ID}ata-DRIVE_1-part1",
        f"{BY_ID}ata-DRIVE_1-part12",
        f"{BY_ID}../../sdb",
        f"{BY_ID}ata-DRIVE 1",
        f"{BY_ID}ata-DRIVE_1\n",
        f" {BY_ID}ata-DRIVE_1",
        "/dev/disk/by-path/pci-0000:00:17.0-ata-1",
        "/dev/md/eucaim",
    ],
)
def test_drives_are_named_by_names_that_stay(path: str) -> None:
    assert faults(devices=(path, *paths_of(1, 2))) == [("ST-DATA", "drives", repr(path))]
    assert faults(devices=paths_of(1, 2, 3), spares=(path,)) == [("ST-DATA", "spares", repr(path))]
    assert faults(erase={path: "ext4"}) == [("ST-DATA", "erase", repr(path))]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"spares": paths_of(1)}, ("ST-DATA", "drives", f"{path_of(1)} more than once")),
        ({"erase": {path_of(7): "xfs"}}, ("ST-DATA", "erase", f"{path_of(7)}, not among drives and spares")),
        ({"level": "raid0", "spares": paths_of(7)}, ("ST-SPARE", "spares", "1 spare in a RAID 0")),
        ({"policy": "ppl", "level": "raid1"}, ("ST-RAID", "consistency_policy", "ppl with raid1")),
        ({"level": "raid6"}, ("ST-RAID", "drives", "3 drives for raid6")),
        ({"level": "raid10", "layout": "sideways"}, ("ST-RAID", "layout", '"sideways" with 3 drives')),
        ({"devices": paths_of(1)}, ("ST-RAID", "drives", "1 drive for raid5")),
        ({"level": "linear"}, ("ST-RAID", "drives", "3 drives for linear")),
    ],
)
def test_what_cannot_be_made(changes: dict[str, Any], fault: tuple[str, str, str]) -> None:
    assert faults(**changes) == [fault]


def test_every_fault_is_told_at_once() -> None:
    assert len(faults(level="raid0", policy="ppl", devices=("/dev/sdb", "/dev/sdb"), spares=paths_of(3))) == 4


def test_what_is_asked_for() -> None:
    assert wanted_array((0,), (1,)).all == paths_of(0, 1)
    assert [level for level in guard.LEVELS if not replace(wanted_array(), level=level).has_redundancy] == ["raid0"]


# Drives -------------------------------------------------------------------------------------------------------------


def refusal(each: Disk | None, ours: tuple[str, ...] = (OURS,), least: int = 0, **changes: Any) -> Refusal | None:
    """Return why the first drive may not be taken."""
    found = seen(*([each] if each else []), disk(1), disk(2))
    return guard.why_not(replace(wanted_array(), **changes), found, path_of(0), ours, least)


@pytest.mark.parametrize(
    "each",
    [
        disk(0),
        marked(0),
        marked(0, holds=()),
        disk(0, array="md127"),
        marked(0, holds=("member of an md array: x (y)",)),
    ],
)
def test_drives_that_may_be_taken(each: Disk) -> None:
    assert refusal(each) is None


def told(each: Disk | None, **changes: Any) -> tuple[str, str, str]:
    """Return what is said of a drive that may not be taken."""
    found = refusal(each, **changes)
    assert found is not None
    return found.requirement, found.variable, found.found


HOLDS = f"{path_of(0)} (/dev/sdb), which holds: "


@pytest.mark.parametrize(
    ("each", "requirement", "words"),
    [
        (None, "ST-DATA", f"no drive {path_of(0)}"),
        (disk(0, holds_system=True), "ST-OS", f"{path_of(0)} (/dev/sdb), on which the system or its swap lies"),
        (disk(0, behind_raid=True), "ST-RAID", f"{path_of(0)} (/dev/sdb), a volume of a hardware RAID controller"),
        (disk(0, busy=("a", "b")), "ST-DATA", f"{path_of(0)} (/dev/sdb): a; b"),
        (disk(0, holds=None), "ST-DATA", f"{path_of(0)} (/dev/sdb), of which is not known what it holds"),
        (disk(0, holds=("gpt", "sdb1: xfs")), "ST-DATA", f"{HOLDS}gpt; sdb1: xfs"),
        (marked(0, mark(uuid="other")), "ST-DATA", f"{HOLDS}{MARK}"),
        (marked(0, holds=(MARK, "gpt")), "ST-DATA", f"{HOLDS}{MARK}; gpt"),
    ],
)
def test_drives_that_may_not_be_taken(each: Disk | None, requirement: str, words: str) -> None:
    assert told(each) == (requirement, "drives", words)
    assert told(each, devices=paths_of(1, 2), spares=paths_of(0)) == (requirement, "spares", words)


@pytest.mark.parametrize(("least", "member_bytes"), [(100 * GB + 1, 0), (0, 100 * GB + 1)])
@pytest.mark.parametrize("each", [disk(0), marked(0)])
def test_drives_that_are_too_small(each: Disk, least: int, member_bytes: int) -> None:
    words = f"{path_of(0)} of 100 GB (100000000000 bytes)"
    assert told(each, least=least, member_bytes=member_bytes) == ("ST-DATA", "drives", words)
    assert refusal(each, least=100 * GB, member_bytes=100 * GB) is None


def test_what_a_drive_holds_is_destroyed_for_whoever_repeats_it() -> None:
    each = disk(0, holds=("gpt", "sdb1: xfs"))
    assert refusal(each, erase={path_of(0): "gpt; sdb1: xfs"}) is None
    for words in ("gpt", "gpt; sdb1: xfs ", ""):
        assert told(each, erase={path_of(0): words})[2] == f"{HOLDS}gpt; sdb1: xfs; erase says {words!r}"
    assert told(each, erase={path_of(1): "gpt; sdb1: xfs"})[2] == f"{HOLDS}gpt; sdb1: xfs"


def test_the_remedy_can_be_copied_into_the_inventory() -> None:
    found = refusal(disk(0, holds=("ext4 it's",)))
    assert found is not None
    assert found.remedy.endswith(f'erase: {{{path_of(0)!r}: "ext4 it\'s"}}')


@pytest.mark.parametrize(
    "each",
    [
        disk(0, holds=("xfs",), holds_system=True),
        disk(0, holds=("xfs",), busy=("sdb is mounted on /mnt",)),
        disk(0, holds=("xfs",), behind_raid=True),
        disk(0, holds=None),
        disk(0, holds=("xfs",), bytes=1),
    ],
)
def test_no_words_help_for_a_drive_that_is_never_written_to(each: Disk) -> None:
    assert refusal(each, member_bytes=GB, erase={path_of(0): each.words}) is not None


@pytest.mark.parametrize("superblock", [None, mark(uuid="")])
def test_no_mark_is_nobodys(superblock: Superblock | None) -> None:
    """A drive without a mark, and no array of ours, do not come to the same."""
    assert refusal(disk(0, holds=("xfs",), superblock=superblock), ours=()) is not None


def test_one_drive_by_two_names() -> None:
    other = replace(disk(0), id=path_of(3))
    wanted = wanted_array((0, 1, 3), (2,))
    found = list(guard.aliases(wanted, seen(disk(0), disk(1), disk(2), other)))
    assert [each.found for each in found] == [f"{path_of(0)} and {path_of(3)}, which are one drive (/dev/sdb)"]
    assert list(guard.aliases(wanted, seen(disk(0), disk(2)))) == []


def test_refusals_name_the_settings_of_whoever_asked() -> None:
    found = faults(prefix="storage_", level="raid0", policy="ppl", devices=("/dev/sdb",), spares=paths_of(3))
    assert {variable for _requirement, variable, _found in found} == {
        "storage_drives",
        "storage_spares",
        "storage_consistency_policy",
    }
    refused = refusal(disk(0, holds=("xfs",)), prefix="storage_", erase={path_of(0): "ext4"})
    assert refused is not None
    assert refused.variable == "storage_drives"
    assert refused.found.endswith("; storage_erase says 'ext4'")
    assert refused.remedy.endswith(f"storage_erase: {{{path_of(0)!r}: 'xfs'}}")
