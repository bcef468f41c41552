# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an array: planned, built, restarted, a drive lost and replaced, grown. The tests follow each other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.driver import SCRATCH
from tests.storage.world import DRIVE_BYTES, Storage, machine, named, planned

POINT = "/srv/eucaim"
OFFER = {"size": "10GB", "medium": "hdd", "interface": "sata", "count": 6}


@pytest.fixture(scope="module")
def plan() -> Path:
    """A RAID 5 of four drives with a spare."""
    return planned(
        SCRATCH / "storage" / "plan",
        plan_dataset_size="10GB",
        plan_level="raid5",
        plan_spares="1",
        plan_drive_offers=[OFFER],
    )


@pytest.fixture(scope="module")
def node(plan: Path) -> Iterator[Storage]:
    """A machine with eight drives; what was planned is asked for."""
    made = machine("storage-life", 22231, 8)
    try:
        yield Storage(
            made.up(), {"storage_plan": str(plan), "storage_drives": named(0, 1, 2, 3), "storage_spares": named(4)}
        )
    finally:
        made.down()


def test_what_was_planned_is_built(node: Storage, plan: Path) -> None:
    """Its level, its spare, its file system, its geometry, and its bytes within a thousandth."""
    wanted = json.loads(plan.read_text(encoding="utf-8"))
    assert (wanted["array"]["members"], wanted["array"]["spares"]) == (4, 1)
    assert wanted["array"]["member_bytes"] == DRIVE_BYTES
    node.told_truly()
    assert node.detail("Raid Level") == "raid5"
    assert (node.detail("Raid Devices"), node.detail("Total Devices")) == ("4", "5")
    assert int(node.sh("blockdev --getsize64 /dev/md/eucaim")) == wanted["array"]["device_bytes"]
    kind, total, free = node.sh(f"findmnt -bno FSTYPE,SIZE,AVAIL {POINT}").split()
    assert kind == wanted["file_system"]["kind"]
    assert int(total) == pytest.approx(wanted["file_system"]["total_bytes"], rel=0.001)
    assert int(free) == pytest.approx(wanted["file_system"]["available_bytes"], rel=0.02)
    assert f"sunit={wanted['file_system']['geometry']['sunit']}" in node.sh(f"xfs_info {POINT}")
    assert node.sh(f"grep -c '^UUID=.* {POINT} ' /etc/fstab") == "1"
    node.settled()
    node.unchanged()


def test_it_is_there_again_under_its_name_after_a_restart(node: Storage) -> None:
    """Under the same name, mounted, with every file."""
    before = node.fill(f"{POINT}/images")
    uuid = node.detail("UUID")
    node.restart()
    assert node.sh(f"findmnt -no SOURCE {POINT}") == node.sh("readlink -f /dev/md/eucaim")
    assert (node.detail("UUID"), node.sums(f"{POINT}/images")) == (uuid, before)
    node.unchanged()


def test_the_spare_takes_over_when_a_drive_is_pulled(node: Storage) -> None:
    """The kernel rebuilds; the run says which drive is to be replaced, and touches nothing."""
    before = node.sums(f"{POINT}/images")
    node.machine.pull(1)
    time.sleep(5)
    node.settled()
    assert node.detail("State") in ("clean", "active")
    assert node.sums(f"{POINT}/images") == before
    run = node.run().succeeded()
    assert "DATA1 is not there: replace the drive" in " ".join(run.output.split())


def test_the_drive_is_replaced(node: Storage) -> None:
    """The new one is named in the place of the old one, and becomes the spare."""
    before = node.sums(f"{POINT}/images")
    node.settings["storage_drives"] = named(0, 5, 2, 3)
    node.told_truly()
    node.settled()
    node.unchanged()
    assert (node.detail("Raid Devices"), node.detail("Total Devices")) == ("4", "5")
    assert (node.detail("Failed Devices"), node.sums(f"{POINT}/images")) == ("0", before)


def test_a_drive_that_works_is_exchanged_without_a_gap(node: Storage) -> None:
    """It is copied to the one that takes its place, and leaves the array afterwards."""
    before = node.sums(f"{POINT}/images")
    node.settings["storage_drives"] = named(0, 5, 6, 3)
    node.told_truly()
    node.settled()
    node.told_truly()
    node.unchanged()
    assert "DATA2" not in node.sh(
        "for each in $(mdadm --detail /dev/md/eucaim | grep -o '/dev/sd.$'); do "
        "udevadm info -q property -n $each | grep ID_SCSI_SERIAL; done"
    )
    assert node.sums(f"{POINT}/images") == before


def test_it_grows_by_a_drive_and_the_file_system_with_it(node: Storage) -> None:
    """The spare is used for nothing else; the file system is made larger when the kernel is done."""
    before, size = node.sums(f"{POINT}/images"), int(node.sh(f"findmnt -bno SIZE {POINT}"))
    node.settings["storage_drives"] = named(0, 5, 6, 3, 7)
    node.told_truly()
    assert node.detail("Raid Devices") == "5"
    node.settled()
    node.told_truly()
    assert int(node.sh(f"findmnt -bno SIZE {POINT}")) == pytest.approx(size * 4 / 3, rel=0.02)
    assert node.sums(f"{POINT}/images") == before
    node.unchanged()
