# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An array in a virtual machine, in short: built, a drive lost, a drive refused. tests/storage has the long ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.storage.world import Storage, machine, named

POINT = "/srv/eucaim"
SIZE = 400 * (1 << 20)


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine with five small drives."""
    made = machine("virtual-2", 22212, 5, SIZE)
    try:
        yield Storage(made.up(), {"storage_drives": named(0, 1, 2), "storage_spares": named(3)})
    finally:
        made.down()


def test_an_array_is_built(node: Storage) -> None:
    """As check mode said, formatted and mounted, every row met; and the next run changes nothing."""
    node.told_truly()
    node.settled()
    assert node.detail("Raid Level") == "raid5"
    assert node.sh(f"findmnt -no FSTYPE,SOURCE {POINT}").split() == ["xfs", node.sh("readlink -f /dev/md/eucaim")]
    assert node.unmet() == []
    node.unchanged()


def test_a_drive_that_holds_something_is_refused(node: Storage) -> None:
    """And has every byte that it had, seen from the hypervisor's side."""
    node.sh(f"mkfs.ext4 -q -L records {named(4)[0]} && sync")
    before = node.on_drive(4)
    node.settings["storage_drives"] = named(0, 1, 2, 4)
    refused = node.run()
    assert refused.rc != 0
    assert "which holds: ext4 records" in " ".join(refused.output.split())
    assert node.on_drive(4) == before
    node.settings["storage_drives"] = named(0, 1, 2)


def test_a_drive_fails_and_the_spare_takes_over(node: Storage) -> None:
    """Every file is there, and the report says what is to be done."""
    before = node.fill(f"{POINT}/images", count=10)
    node.sh(f"mdadm /dev/md/eucaim --fail {named(1)[0]}")
    node.settled()
    assert node.sums(f"{POINT}/images") == before
    assert node.unmet() == ["ST-HEALTH", "ST-SPARE"]
