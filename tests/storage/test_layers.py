# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An encrypted array with a logical volume: built, restarted, cut off, opened without its key, grown. In this order."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.driver import Run, kill
from tests.storage.test_cuts import SEED, cut, ends_well
from tests.storage.world import Storage, machine, named

POINT = "/srv/eucaim"
KEY = "/etc/eucaim/keys/eucaim.key"
# For this test only.
PASSPHRASE = "correct-horse-battery-staple"
OTHER = "another-horse-another-staple"
MIB = 1 << 20
LAYERED = {
    "storage_level": "raid5",
    "storage_encrypted": True,
    "storage_recovery_passphrase": PASSPHRASE,
    "storage_volume_group": "eucaim",
}


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine with small drives, so that nobody waits for them."""
    made = machine("storage-layers", 22236, 6, size=1_000_000_000)
    try:
        yield Storage(made.up(), {**LAYERED, "storage_drives": named(0, 1, 2)})
    finally:
        made.down()


def opens(node: Storage, passphrase: str) -> bool:
    """Whether a passphrase opens the array, asked of cryptsetup itself."""
    said = node.sh(
        f"printf %s {passphrase} | cryptsetup open --test-passphrase --key-file - /dev/md/eucaim && echo yes || echo no"
    )
    return said.endswith("yes")


def hidden(run: Run) -> None:
    """No passphrase is in the output."""
    assert PASSPHRASE not in run.output
    assert OTHER not in run.output


def test_it_is_built(node: Storage) -> None:
    """Array, LUKS, volume group, volume, file system; each on the other, and check mode told so."""
    hidden(node.told_truly())
    assert node.sh(f"findmnt -no SOURCE {POINT}") == "/dev/mapper/eucaim-data"
    assert node.sh("lsblk -snlo TYPE /dev/mapper/eucaim-data | head -3").split() == ["lvm", "crypt", "raid5"]
    assert node.sh(f"stat -c '%a %U %s' {KEY}") == "600 root 64"
    assert opens(node, PASSPHRASE)
    node.settled()
    hidden(node.unchanged())
    assert node.sh("ls /var/lib/eucaim/storage") == "eucaim.json"
    assert node.unmet() == []
    hidden(node.run("-vvvv").succeeded())


def test_what_is_on_the_drives_tells_nothing(node: Storage) -> None:
    """A file's text is found on no drive, seen from the hypervisor's side."""
    word = "patient-of-this-test"
    node.sh(f"for each in $(seq 2000); do echo {word}; done > {POINT}/register && sync")
    for number in range(3):
        assert word.encode() not in node.machine.drive_file(number).read_bytes()
    assert node.sh(f"grep -c {word} {POINT}/register") == "2000"


def test_it_opens_by_itself_after_a_restart(node: Storage) -> None:
    """And is mounted, with every file."""
    before = node.fill(f"{POINT}/images", count=10)
    node.restart()
    assert node.sh(f"findmnt -no SOURCE {POINT}") == "/dev/mapper/eucaim-data"
    assert node.sums(f"{POINT}/images") == before
    node.unchanged()


@pytest.mark.parametrize(
    "wound",
    [
        "sed -i /^eucaim/d /etc/crypttab; systemctl daemon-reload",
        f"cryptsetup luksRemoveKey -q /dev/md/eucaim {KEY}",
        f"printf %s {PASSPHRASE} | cryptsetup luksRemoveKey -q /dev/md/eucaim -",
        f"chmod 644 {KEY}",
    ],
)
def test_what_would_keep_it_closed_one_day_is_unmet(node: Storage, wound: str) -> None:
    """ST-DATA alone, or a key that others may read; and the next run heals it."""
    node.sh(wound)
    assert node.unmet() == ["ST-DATA"]
    hidden(node.told_truly())
    assert node.unmet() == []


def test_another_passphrase_from_the_vault_is_added(node: Storage) -> None:
    """What a site changes there has to open the array on the day when it is needed."""
    node.settings["storage_recovery_passphrase"] = OTHER
    hidden(node.told_truly())
    assert opens(node, OTHER)
    node.unchanged()


def test_the_passphrase_opens_it_when_the_key_is_lost(node: Storage) -> None:
    """As after the loss of the system drive; a new key is made and added."""
    before = node.sums(f"{POINT}/images")
    node.sh(f"umount {POINT}; vgchange -an eucaim; cryptsetup close eucaim; rm {KEY}; sed -i /^eucaim/d /etc/crypttab")
    hidden(node.told_truly())
    assert node.sums(f"{POINT}/images") == before
    node.sh(f"cryptsetup open --test-passphrase --key-file {KEY} /dev/md/eucaim")
    node.unchanged()


def test_the_passphrase_opens_it_when_the_key_is_another_one(node: Storage) -> None:
    """As after a system drive that was restored from somewhere else."""
    node.sh(f"umount {POINT}; vgchange -an eucaim; cryptsetup close eucaim; head -c 64 /dev/urandom > {KEY}")
    hidden(node.run().succeeded())
    node.sh(f"cryptsetup open --test-passphrase --key-file {KEY} /dev/md/eucaim")
    node.unchanged()


def test_everything_grows_with_a_drive(node: Storage) -> None:
    """Array, encryption, volume and file system."""
    before, size = node.sums(f"{POINT}/images"), int(node.sh(f"findmnt -bno SIZE {POINT}"))
    node.settings["storage_drives"] = named(0, 1, 2, 3)
    node.told_truly()
    node.settled()
    node.told_truly()
    assert int(node.sh(f"findmnt -bno SIZE {POINT}")) == pytest.approx(size * 3 / 2, rel=0.03)
    assert node.sums(f"{POINT}/images") == before
    node.unchanged()


def test_what_lies_on_an_array_is_not_encrypted_over(node: Storage) -> None:
    """Neither a file system, nor a volume group."""
    node.settings = {
        "storage_name": "other",
        "storage_level": "raid1",
        "storage_drives": named(4, 5),
        "storage_mount_point": "/srv/other",
    }
    node.run().succeeded()
    other = {**LAYERED, "storage_level": "raid1", "storage_recovery_passphrase": OTHER}
    node.settings = {**node.settings, **other}
    run = node.run()
    assert run.rc != 0
    assert "storage_encrypted: found /dev/md/other, which holds: xfs" in " ".join(run.output.split())
    node.settings |= {"storage_encrypted": False, "storage_recovery_passphrase": ""}
    run = node.run()
    assert run.rc != 0
    assert "storage_volume_group: found /dev/md/other, which holds: xfs" in " ".join(run.output.split())


def test_a_group_that_lies_elsewhere_is_not_taken(node: Storage) -> None:
    """It would be taken apart, or made longer by drives that are not its own."""
    node.sh("umount /srv/other; blkdiscard --force --zeroout /dev/md/other")
    before = node.sh("vgs --noheadings -o vg_name,pv_name,vg_size eucaim")
    run = node.run()
    assert run.rc != 0
    assert "found a volume group eucaim on /dev/mapper/eucaim" in " ".join(run.output.split())
    assert node.sh("vgs --noheadings -o vg_name,pv_name,vg_size eucaim") == before


def test_an_encryption_that_was_cut_off_is_made_anew(node: Storage) -> None:
    """LUKS has written its head and no key, and the power failed; and with a key, before the node's own came to it."""
    node.settings |= {
        "storage_encrypted": True,
        "storage_recovery_passphrase": OTHER,
        "storage_volume_group": "",
        "storage_key_file": "/etc/eucaim/keys/other.key",
    }
    uuid = node.detail("UUID", "other")
    begun = f"echo '{json.dumps({'making': uuid})}' > /var/lib/eucaim/storage/other.layers.json"
    made = f"printf %s {OTHER} | cryptsetup luksFormat -q --type luks2 --key-file - /dev/md/other"
    node.sh(f"{made} && cryptsetup luksErase -q /dev/md/other")
    refused = node.run()
    assert refused.rc != 0, "keys that somebody erased are no encryption that was begun here"
    assert "opened neither by the passphrase nor by" in " ".join(refused.output.split())
    node.sh(begun)
    hidden(node.run().succeeded())
    assert node.sh("findmnt -no SOURCE /srv/other") == "/dev/mapper/other"
    node.unchanged()
    node.sh(f"umount /srv/other; cryptsetup close other; blkdiscard --force --zeroout /dev/md/other; {made}")
    refused = node.run()
    assert refused.rc != 0, "noise behind an encryption that was not begun here is nobody's to write over"
    assert "data that nothing recognises on /dev/mapper/other" in " ".join(refused.output.split())
    node.sh(f"cryptsetup close other; blkdiscard --force --zeroout /dev/md/other; {made}; {begun}")
    hidden(node.run().succeeded())
    node.unchanged()


@pytest.mark.parametrize("number", range(3))
def test_the_power_fails_while_the_layers_are_made(node: Storage, number: int, tmp_path: Path) -> None:
    """At any moment; the next run finishes."""
    moment = random.Random(SEED + 100 + number).uniform(10, 60)
    node.sh(
        "umount /srv/other /srv/eucaim; vgchange -an; for each in eucaim other; do cryptsetup close $each; done;"
        "rm -rf /etc/eucaim/keys; sed -i '/^eucaim\\|^other/d' /etc/crypttab"
    )
    node.blank(*range(6), point="/srv/")
    node.settings = {**LAYERED, "storage_drives": named(0, 1, 2)}
    run = node.begin(tmp_path / "run.log")
    cut(node, moment)
    kill(run)
    print(f"EUCAIM_CUT_SEED={SEED}, number {100 + number}, after {moment:.1f} s")
    ends_well(node, 3)
    assert node.sh(f"findmnt -no SOURCE {POINT}") == "/dev/mapper/eucaim-data"
