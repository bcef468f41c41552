# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something is wrong with the storage: exactly the rows that speak of it are unmet. And a mirror becomes a RAID 5."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.site.driver import playbook
from tests.storage.world import Storage, machine, named

SIZE = 400 * (1 << 20)
POINT = "/srv/eucaim"
REMOVE = [
    {
        "hosts": "local_nodes",
        "become": True,
        "roles": [],
        "tasks": [{"ansible.builtin.import_role": {"name": "eucaim.local_node.storage", "tasks_from": "remove"}}],
    }
]


@pytest.fixture(scope="module", params=["debian13", "debian12"])
def node(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """A machine with a RAID 5 of three drives and a spare; the older one has another kernel, mdadm and cryptsetup."""
    made = Storage(machine("storage-wounds", 22235, 6, SIZE, request.param))
    try:
        made.machine.up()
        made.settings = {"storage_drives": named(0, 1, 2), "storage_spares": named(3)}
        made.run().succeeded()
        made.settled()
        yield made
    finally:
        made.machine.down()


def test_a_sound_storage_has_no_row_unmet(node: Storage) -> None:
    """All six rows are met."""
    assert node.unmet() == []


def test_a_run_that_was_cut_off_before_it_made_the_initial_file_system_anew(node: Storage) -> None:
    """The settings are written, and nobody has acted on them: the next run does."""
    asked = "wc -l < /var/log/initramfs-asked-for"
    before = int(node.sh(asked))
    assert before > 0
    node.sh("rm /var/lib/eucaim/storage/start.conf; systemctl stop mdmonitor.service")
    node.told_truly()
    assert int(node.sh(asked)) == before + 1
    assert node.sh("systemctl is-active mdmonitor.service") == "active"
    node.unchanged()
    assert int(node.sh(asked)) == before + 1


def test_mounted_by_the_name_of_a_device(node: Storage) -> None:
    """ST-DATA, and the next run writes the UUID again."""
    node.sh(f"sed -i 's#^UUID=[^ ]* {POINT} #/dev/md/eucaim {POINT} #' /etc/fstab")
    assert node.unmet() == ["ST-DATA"]
    node.told_truly()
    assert node.unmet() == []


def test_a_spare_that_is_gone(node: Storage) -> None:
    """ST-SPARE."""
    node.sh(f"mdadm /dev/md/eucaim --remove {named(3)[0]}")
    assert node.unmet() == ["ST-SPARE"]
    node.told_truly()
    assert node.unmet() == []


def test_nobody_watches(node: Storage) -> None:
    """ST-HEALTH for the monitor, MN-HW for the monthly check."""
    node.sh("systemctl stop mdmonitor.service mdcheck_start.timer")
    assert node.unmet() == ["MN-HW", "ST-HEALTH"]
    node.told_truly()
    assert node.unmet() == []


def test_a_drive_that_failed(node: Storage) -> None:
    """The spare has taken over: nothing is lost, no spare is left, and the drive is to be replaced."""
    node.sh(f"mdadm /dev/md/eucaim --fail {named(1)[0]}")
    node.settled()
    assert node.unmet() == ["ST-HEALTH", "ST-SPARE"]
    node.settings["storage_drives"] = named(0, 4, 2)
    node.told_truly()
    node.settled()
    assert node.unmet() == []


def test_what_the_role_wrote_goes_and_the_data_stays(node: Storage) -> None:
    """Taken away twice: the second time there is nothing left to do."""
    before = node.fill(f"{POINT}/images", count=5)
    path = str(node.write("remove", REMOVE))
    assert playbook(path, inventory=node.inventory).succeeded().changed > 0
    assert playbook(path, inventory=node.inventory).succeeded().changed == 0
    assert node.sh("grep -c eucaim.local_node /etc/mdadm/mdadm.conf || true") == "0"
    assert node.sums(f"{POINT}/images") == before
    node.told_truly()
    node.unchanged()


def test_a_mirror_of_two_becomes_a_raid_5_of_three_and_a_raid_6_of_four(node: Storage) -> None:
    """Step by step, each foretold, with every file."""
    node.blank(*range(6))
    node.settings = {"storage_level": "raid1", "storage_drives": named(0, 1)}
    node.told_truly()
    node.settled()
    node.unchanged()
    before = node.fill(f"{POINT}/images", count=20)
    for level, count in (("raid5", 3), ("raid6", 4)):
        node.settings = {"storage_level": level, "storage_drives": named(*range(count))}
        node.told_truly()
        node.settled()
        assert (node.detail("Raid Level"), node.detail("Raid Devices")) == (level, str(count))
        node.run().succeeded()
        node.settled()
        node.unchanged()
        assert node.sums(f"{POINT}/images") == before
