# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that would lose data. Each is refused in words, and no drive differs by one byte, seen from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.nodes.machine import DriveSpec, Machine
from tests.storage.world import BY_ID, Storage, named

MIB = 1 << 20
SIZE = 48 * MIB
SMALL = 24 * MIB
COUNT = 24
# What stands on which drive. 0 and 1 are empty, 23 is smaller than the others.
EXT4, TABLE, MOUNTED, SWAP, LVM, LUKS, ZFS, BTRFS, RAW, OPENED = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
OTHER, OTHER_TOO, STOPPED, STOPPED_TOO = 12, 13, 14, 15
OURS = (16, 17, 18, 19)
SPLIT = (21, 22)
LITTLE = 23
D = f"{BY_ID}DATA"
PREPARE = f"""set -e
mkfs.ext4 -q -L records {D}{EXT4}
printf 'label: gpt\\n,20M,L\\n' | sfdisk -q {D}{TABLE}; udevadm settle; mkfs.ext4 -q {D}{TABLE}-part1
mkfs.ext4 -q {D}{MOUNTED}; mkdir -p /mnt/others; mount -o ro {D}{MOUNTED} /mnt/others
mkdir -p /mnt/records; touch /mnt/records/.patients
mkswap -q {D}{SWAP}; swapon {D}{SWAP}
pvcreate -q {D}{LVM}
printf secret | cryptsetup -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luksFormat {D}{LUKS} -
zfs() {{ printf '\\014\\261\\272\\000\\000\\000\\000\\000' | dd of={D}{ZFS} bs=1K seek=$1 conv=notrunc status=none; }}
for at in 128 129 130 131 132; do zfs $at; done
printf '_BHRfS_M' | dd of={D}{BTRFS} bs=1 seek=65600 conv=notrunc status=none
dd if=/dev/urandom of={D}{RAW} bs=64K count=1 conv=notrunc status=none
printf secret | cryptsetup -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luksFormat {D}{OPENED} -
printf secret | cryptsetup open {D}{OPENED} others -
mdadm -q --create /dev/md/other --run --name=other --level=1 --raid-devices=2 --bitmap=none {D}{OTHER} {D}{OTHER_TOO}
mdadm -q --create /dev/md/old --run --name=old --level=1 --raid-devices=2 --bitmap=none {D}{STOPPED} {D}{STOPPED_TOO}
mdadm --wait /dev/md/other /dev/md/old || true
udevadm settle; mdadm -q --stop /dev/md/old
# udev takes the name away and gives it back while it looks at an array.
apart() {{ udevadm settle; mdadm -q --stop /dev/md/split; }}
noise() {{ dd if=/dev/urandom of=/dev/md/split bs=1M count=1 oflag=direct status=none; }}
alone() {{ mdadm -q --assemble --run /dev/md/split $1; udevadm settle; noise; }}
mdadm -q --create /dev/md/split --run --name=split --level=1 --raid-devices=2 --bitmap=none {D}{SPLIT[0]} {D}{SPLIT[1]}
udevadm settle; mdadm --wait /dev/md/split || true
apart; alone {D}{SPLIT[1]}; apart; alone {D}{SPLIT[0]}
udevadm settle; sync
"""


@dataclass(frozen=True)
class Danger:
    """An inventory, and what the refusal has to say."""

    drives: list[str]
    words: tuple[str, ...]
    spares: list[str] = field(default_factory=list)
    level: str = "raid1"
    name: str = "eucaim"
    mount_point: str = "/srv/danger"
    more: dict[str, Any] = field(default_factory=dict)


def pair(number: int, *words: str, **settings: Any) -> Danger:
    """A mirror of an empty drive and one that must not be taken."""
    return Danger([*named(0), *named(number)], words, **settings)


ours: dict[str, Any] = {"level": "raid5", "name": "ours"}
DANGERS = {
    "a file system": pair(EXT4, f"DATA{EXT4}", "ext4", "storage_erase:"),
    "a partition table": pair(TABLE, f"DATA{TABLE}", "partition table gpt"),
    "mounted": pair(MOUNTED, "is mounted on /mnt/others", "never erased"),
    "swap": pair(SWAP, "the system or its swap lies"),
    "a member of an LVM group": pair(LVM, "LVM"),
    "a LUKS container": pair(LUKS, "LUKS"),
    "a LUKS container that is open": pair(OPENED, "is in use by dm-"),
    # The tools for these two are no part of Debian or of this machine: their marks alone, which blkid does not believe.
    "the marks of a ZFS pool": pair(ZFS, "data that nothing recognises"),
    "the mark of a btrfs": pair(BTRFS, "data that nothing recognises"),
    "data that nothing recognises": pair(RAW, "data that nothing recognises"),
    "in another array": pair(OTHER, "is in use by md"),
    "in an array that is stopped": pair(STOPPED, "member of an md array"),
    "the system's drive": Danger([*named(0), f"{BY_ID}SYSTEM"], ("the system or its swap lies", "ST-OS")),
    "the same drive twice": Danger([*named(0, 0)], ("more than once",)),
    "one drive by two names": Danger([*named(0), f"{BY_ID}ALIAS"], ("which are one drive",)),
    "a drive that is missing": Danger([*named(0, 77)], ("no drive", "DATA77")),
    "a smaller drive": Danger([*named(0, LITTLE)], ("25.2 MB", "a larger drive"), more={"storage_member_bytes": SIZE}),
    "a name that changes": Danger(["/dev/sda", "/dev/sdb"], ("a name that stays with it",)),
    "a partition": Danger([*named(0), f"{named(TABLE)[0]}-part1"], ("a whole drive",)),
    "too few drives": Danger(named(0), ("1 drive for raid5",), level="raid5"),
    "another level": Danger(named(*OURS), ("the array ours is raid5, asked for is raid1",), level="raid1", name="ours"),
    "a drive fewer": Danger(named(*OURS[:3]), ("3 drives for an array of 4",), **ours),
    "a removed drive that would break it": Danger(
        [*named(*OURS[:3]), *named(EXT4)], (f"DATA{EXT4}", "ext4", "but not named"), **ours
    ),
    "a half that worked alone": Danger(
        named(*SPLIT), (f"DATA{SPLIT[1]}", "was at work in split without drives that are in it now"), name="split"
    ),
    "a drive too small to join": Danger(named(*OURS, LITTLE), ("25.2 MB", "a larger drive"), **ours),
    "other words than what it holds": pair(
        EXT4, "storage_erase says", more={"storage_erase": {named(EXT4)[0]: "nothing of value"}}
    ),
    "words for a drive that is not named": Danger(
        named(0, 1), ("not among drives and spares",), more={"storage_erase": {named(EXT4)[0]: "ext4"}}
    ),
    "files where it would be mounted": Danger(
        named(0, 1),
        ("storage_mount_point", "/mnt/records/.patients, which would be hidden"),
        mount_point="/mnt/records",
    ),
    "a file system where it would be mounted": Danger(
        named(0, 1), ("/mnt/others, on which something is mounted",), mount_point="/mnt/others"
    ),
    "files where an array that is there would be mounted": Danger(
        named(*OURS),
        ("/mnt/records/.patients, which would be hidden",),
        mount_point="/mnt/records",
        more={"storage_file_system": "ext4"},
        **ours,
    ),
    "another file system": Danger(named(*OURS), ("found ext4 on /dev/md/ours, xfs is asked for",), **ours),
    "words for a drive in use": pair(MOUNTED, "never erased", more={"storage_erase": {named(MOUNTED)[0]: "ext4"}}),
}


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine with drives of all sorts, and an array of our own."""
    sizes = [SMALL if number == LITTLE else SIZE for number in range(COUNT)]
    drives = tuple(DriveSpec(size, serial=f"DATA{number}") for number, size in enumerate(sizes))
    made = Storage(Machine("storage-danger", port=22232, drives=drives))
    try:
        made.machine.up()
        made.sh(PREPARE)
        made.sh(f"ln -s ../../$(basename $(readlink {named(0)[0]})) {BY_ID}ALIAS")
        made.settings = {
            "storage_name": "ours",
            "storage_drives": named(*OURS),
            "storage_file_system": "ext4",
            "storage_mount_point": "/srv/ours",
        }
        made.run().succeeded()
        made.settled("ours")
        made.sh("sync; umount /srv/ours")
        made.at_rest(*OURS, SPLIT[0])
        yield made
    finally:
        made.machine.down()


@pytest.mark.parametrize("name", list(DANGERS))
def test_it_is_refused_and_nothing_is_touched(node: Storage, name: str) -> None:
    """Twice: with a look only, and for real."""
    danger = DANGERS[name]
    node.settings = {
        "storage_name": danger.name,
        "storage_level": danger.level,
        "storage_drives": danger.drives,
        "storage_spares": danger.spares,
        "storage_mount_point": danger.mount_point,
        **danger.more,
    }
    before = [node.on_drive(number) for number in range(COUNT)]
    run = node.run()
    assert run.rc != 0, run.output[-3000:]
    said = " ".join(run.output.split())
    assert [word for word in danger.words if word not in said] == [], run.output[-3000:]
    after = [node.on_drive(number) for number in range(COUNT)]
    assert [number for number in range(COUNT) if before[number] != after[number]] == []
    assert sum(host["changed"] for host in run.recap.values()) == 0
