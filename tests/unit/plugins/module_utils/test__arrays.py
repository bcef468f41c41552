# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Software arrays are read as the kernel shows them, in each of their states."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _arrays as arrays
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

MD = {
    "level": "raid5",
    "raid_disks": "3",
    "array_state": "clean",
    "degraded": "0",
    "chunk_size": "524288",
    "layout": "2",
    "consistency_policy": "resync",
    "sync_action": "idle",
    "sync_completed": "none",
    "dev-sda/state": "in_sync",
    "dev-sda/slot": "0",
    "dev-sdb/state": "in_sync,write_mostly",
    "dev-sdb/slot": "1",
    "dev-sdc/state": "in_sync",
    "dev-sdc/slot": "2",
    "dev-sdd/state": "spare",
    "dev-sdd/slot": "none",
}


def array(changes: dict[str, str | None], commands: dict[str, Output] | None = None) -> Array:
    """Return the array with some files changed, or missing."""
    files = {f"/sys/block/md0/md/{key}": value for key, value in {**MD, **changes}.items() if value is not None}
    files.update({"/sys/block/md0/size": "4000", "/sys/block/sda/size": "2000"})
    found = arrays.read_arrays(Recording(files=files, commands=commands or {}))
    assert found is not None
    return found[0]


def test_healthy() -> None:
    """A whole RAID 5 with a spare."""
    assert array({}) == Array(
        name="md0",
        level="raid5",
        state="clean",
        bytes=2048000,
        devices=3,
        active=3,
        spares=1,
        failed=0,
        members=("sda", "sdb", "sdc", "sdd"),
        chunk_bytes=524288,
        layout="left-symmetric",
        uuid=None,
        policy="resync",
        action="idle",
        action_percent=None,
    )


def test_rebuilding() -> None:
    """An array that is being filled again: what was a spare has its place, and is neither spare nor active."""
    found = array(
        {
            "array_state": "active-idle",
            "degraded": "1",
            "sync_action": "recover",
            "sync_completed": "1000 / 3000",
            "dev-sdc/state": "faulty",
            "dev-sdc/slot": "none",
            "dev-sdd/state": "spare",
            "dev-sdd/slot": "2",
        }
    )
    assert (found.state, found.active, found.spares, found.failed) == ("active, degraded, recover", 2, 0, 1)
    assert (found.action, found.action_percent) == ("recover", 33.3)


def test_reshaping() -> None:
    """While drives are added the kernel writes what will be, and behind it what was (raid_disks_show of md.c)."""
    found = array({"raid_disks": "5 (4)", "layout": "18 (2)", "chunk_size": "65536 (524288)", "level": "raid6"})
    assert (found.devices, found.layout, found.chunk_bytes) == (5, "left-symmetric-6", 65536)


@pytest.mark.parametrize(
    ("level", "number", "layout"),
    [
        ("raid6", "18", "left-symmetric-6"),
        ("raid5", "99", "99"),
        ("raid10", "258", "near=2"),
        ("raid10", "513", "far=2"),
        ("raid10", "66049", "offset=2"),
        ("raid10", "0x103", "near=3"),
        ("raid1", "0", ""),
        ("raid5", None, None),
        (None, "2", None),
    ],
)
def test_layouts(level: str | None, number: str | None, layout: str | None) -> None:
    """Layouts have names."""
    assert array({"level": level, "layout": number}).layout == layout


def test_uuid() -> None:
    """The UUID comes from the kernel, udev or mdadm."""
    assert array({"uuid": "69272379-f868-909e-b505-50562a0d20a7"}).uuid == "69272379:f868909e:b5055056:2a0d20a7"
    export = Output(0, "MD_LEVEL=raid5\nMD_UUID=69272379:f868909e:b5055056:2a0d20a7\nMD_NAME=any:data")
    assert array({}, {"mdadm md0": export}).uuid == "69272379:f868909e:b5055056:2a0d20a7"
    files = {
        "/sys/block/md0/md/level": "raid0",
        "/sys/block/md0/dev": "9:0",
        "/run/udev/data/b9:0": "E:MD_UUID=1:2:3:4",
    }
    found = arrays.read_arrays(Recording(files=files))
    assert found == (Array("md0", "raid0", None, None, active=0, spares=0, failed=0, layout=None, uuid="1:2:3:4"),)


def test_none() -> None:
    """No array is not the same as nothing known; work that does not begin has no percentage."""
    assert arrays.read_arrays(Recording()) is None
    assert arrays.read_arrays(Recording(files={"/sys/block/sda/size": "1"})) == ()
    assert array({"sync_completed": "0 / 0"}).action_percent is None
    assert array({"sync_action": None, "degraded": None}).state == "clean"
