# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes that the maths predicts, against what array and file system really offer; the table goes into the note."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import ext4, xfs
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, figures, md_usable_bytes

from tests.storage.world import Storage, machine, named

SIZE = 1_500_000_256
CHUNK = 512 * 1024
SHAPES = [
    ("raid0", 2, ""),
    ("raid1", 2, ""),
    ("raid5", 2, ""),
    ("raid5", 3, ""),
    ("raid5", 5, ""),
    ("raid6", 4, ""),
    ("raid6", 6, ""),
    ("raid10", 3, "near=2"),
    ("raid10", 4, "far=2"),
]


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine with six drives."""
    made = Storage(machine("storage-sizes", 22234, 6, SIZE))
    try:
        made.machine.up()
        yield made
    finally:
        made.machine.down()


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
@pytest.mark.parametrize(("level", "count", "layout"), SHAPES)
def test_the_file_system_offers_what_was_predicted(
    node: Storage, level: str, count: int, layout: str, kind: str
) -> None:
    """Within a thousandth, the array to the byte."""
    node.blank(*range(6))
    raid = Raid(level, (SIZE,) * count, layout=layout or "near=2")
    device = md_usable_bytes(raid)
    chunk = 0 if level == "raid1" else CHUNK
    volume = (xfs if kind == "xfs" else ext4)(device, chunk, figures(raid).data_members)
    node.settings = {
        "storage_level": level,
        "storage_layout": layout,
        "storage_drives": named(*range(count)),
        "storage_file_system": kind,
        "storage_file_system_options": list(volume.mkfs_options),
    }
    node.run().succeeded()
    assert int(node.sh("blockdev --getsize64 /dev/md/eucaim")) == device
    total, free = (int(word) for word in node.sh("findmnt -bno SIZE,AVAIL /srv/eucaim").split())
    print(f"{level:7}{count} {layout:7} {kind:5} array {device}, predicted {volume.total_bytes}, found {total}")
    assert total == pytest.approx(volume.total_bytes, rel=0.001)
    assert free == pytest.approx(volume.available_bytes, rel=0.001)
