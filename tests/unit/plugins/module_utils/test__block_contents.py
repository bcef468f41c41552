# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a drive is found through every layer, and a drive is empty only if somebody has looked."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _block_contents as contents
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import FileSystem
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

Blocks = contents.Blocks


class Machine:
    """A machine that is built device by device."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.commands: dict[str, Output] = {}
        self.mounts: list[str] = []
        self.numbers: dict[str, str] = {}

    def add(self, name: str, udev: str | None = "", on: str = "", part_of: str = "", **files: str) -> Machine:
        """Add a device; udev says this of it, or has never seen it; on: what it lies on."""
        folder = f"/sys/block/{part_of}/{name}" if part_of else f"/sys/block/{name}"
        number = self.numbers[name] = f"8:{len(self.numbers)}"
        self.files[f"{folder}/dev"] = number
        if part_of:
            self.files[f"{folder}/partition"] = "1"
        if udev is not None:
            self.files[f"/run/udev/data/b{number}"] = f"E:ID_BUS=ata\nE:{udev}"
        for lower in on.split():
            holder = next(path.rpartition("/")[0] for path in self.files if path.endswith(f"/{lower}/dev"))
            self.links[f"{holder}/holders/{name}"] = f"../../{name}"
            self.links[f"{folder}/slaves/{lower}"] = f"../../{lower}"
        self.files.update({f"{folder}/{key.replace('__', '/')}": value for key, value in files.items()})
        return self

    def mount(self, name: str, point: str, kind: str = "ext4", source: str = "", root: str = "/") -> Machine:
        """Mount a device."""
        number = self.numbers.get(name, "0:40")
        self.mounts.append(f"30 1 {number} {root} {point} rw,relatime shared:1 - {kind} {source or '/dev/' + name} rw")
        return self

    def blocks(self) -> contents.Blocks:
        """Return the devices."""
        mounts = {"/proc/self/mountinfo": "\n".join(self.mounts)}
        return Blocks(Recording(files={**mounts, **self.files}, links=self.links, commands=self.commands))


def server() -> Machine:
    """Return a server: system on LVM, data on LUKS on RAID, swap, a lone file system."""
    made = Machine()
    made.add("sda", "ID_PART_TABLE_TYPE=gpt")
    made.add("sda1", "ID_FS_TYPE=vfat", part_of="sda")
    made.add("sda2", "ID_FS_TYPE=LVM2_member", part_of="sda")
    made.add("dm-0", "ID_FS_TYPE=ext4", on="sda2", dm__name="vg-root", dm__uuid="LVM-abc")
    made.add("dm-1", "ID_FS_TYPE=swap", on="sda2", dm__name="vg-swap", dm__uuid="LVM-def")
    made.add("sdb", "ID_FS_TYPE=linux_raid_member").add("sdc", "ID_FS_TYPE=linux_raid_member")
    made.add("md0", "ID_FS_TYPE=crypto_LUKS", on="sdb sdc")
    made.add("dm-2", "ID_FS_TYPE=xfs", on="md0", dm__name="vault", dm__uuid="CRYPT-LUKS2-abc")
    made.add("sdd", "DEVNAME=/dev/sdd")
    made.mount("sda1", "/boot/efi", "vfat").mount("dm-0", "/").mount("dm-2", "/srv/data", "xfs", "/dev/mapper/vault")
    made.mount("dm-0", "/var/lib/docker", root="/var/docker")
    made.files["/proc/swaps"] = "Filename Type Size Used Priority\n/dev/dm-1 partition 1 0 -2\n/swap.img file 1 0 -3"
    return made


def test_layers() -> None:
    """Each layer is named, down to what is mounted; a bind mount is none."""
    blocks = server().blocks()
    assert blocks.contents("sda") == (
        "partition table gpt",
        "sda1: vfat, mounted on /boot/efi",
        "sda2: LVM physical volume, LVM volume vg-root (ext4, mounted on /), LVM volume vg-swap (swap, in use as swap)",
    )
    assert blocks.contents("sdb") == (
        "member of an md array, used by md0 (LUKS, opened vault (xfs, mounted on /srv/data))",
    )
    assert blocks.contents("sdd") == ()
    assert [blocks.holds_system(name) for name in ("sda", "sdb", "sdd")] == [True, False, False]
    assert blocks.drives_below("dm-2") == {"sdb", "sdc"}
    assert blocks.drives_below("sda1") == {"sda"}
    assert blocks.drives_below("nvme9n9") == set()


def test_swap_alone() -> None:
    """A drive with swap holds the system, too."""
    made = Machine().add("sda", "ID_FS_TYPE=swap")
    made.files["/proc/swaps"] = "Filename Type Size Used Priority\n/dev/sda partition 1 0 -2"
    assert made.blocks().holds_system("sda") is True
    assert made.blocks().contents("sda") == ("swap, in use as swap",)


def test_mounts_unknown() -> None:
    """Without the list of mounts nothing is said of them."""
    blocks = Blocks(Recording(files={"/sys/block/sda/dev": "8:0"}))
    assert blocks.holds_system("sda") is None
    assert blocks.file_systems() is None
    assert blocks.contents("sda") is None


def test_tables() -> None:
    """A partition table without partitions is not nothing; neither is a partition that nobody recognises."""
    made = Machine().add("sda", "ID_PART_TABLE_TYPE=dos").add("sdb").add("sdb1", part_of="sdb")
    made.add("sdc", None).add("sdc1", None, part_of="sdc")
    assert made.blocks().contents("sda") == ("partition table dos",)
    assert made.blocks().contents("sdb") == ("partition table", "sdb1: nothing recognised")
    assert made.blocks().contents("sdc") == ("partition table", "sdc1: not readable")


@pytest.mark.parametrize(
    ("udev", "words"),
    [
        ("ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank", ("ZFS pool tank",)),
        ("ID_FS_TYPE=zfs_member", ("ZFS pool",)),
        (
            "ID_FS_AMBIVALENT=filesystem:ext4:1.0 raid:mdadm:1.2",
            ("several signatures (filesystem:ext4:1.0 raid:mdadm:1.2)",),
        ),
        ("ID_FS_TYPE=isw_raid_member", ("member of a firmware RAID",)),
        ("ID_FS_TYPE=ntfs", ("ntfs",)),
    ],
)
def test_words(udev: str, words: tuple[str, ...]) -> None:
    """What udev recognises is said in words."""
    assert Machine().add("sda", udev).blocks().contents("sda") == words


BLKID = "DEVNAME=/dev/sda\nPTTYPE=gpt\n\nDEVNAME=/dev/sda1\nLABEL=tank\nTYPE=zfs_member\n"


def without_udev(output: Output) -> contents.Blocks:
    """Return two drives, of which the first has a partition, where blkid was asked."""
    made = Machine().add("sda", None).add("sda1", None, part_of="sda").add("sdb", None)
    made.commands["blkid"] = output
    return made.blocks()


def test_blkid() -> None:
    """Where udev does not run, blkid tells; what it found nothing on is empty."""
    blocks = without_udev(Output(0, BLKID))
    assert blocks.contents("sda") == ("partition table gpt", "sda1: ZFS pool tank")
    assert blocks.contents("sdb") == ()
    assert without_udev(Output(2, "")).contents("sdb") == ()


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (Output(2, "", "blkid: error: /dev/sdb: Operation not permitted"), None),
        (Output(2, "", "blkid: error: /dev/sdbx: Operation not permitted"), ()),
        (
            Output(8, "", "blkid: /dev/sdb: ambivalent result (probably more filesystems on the device)"),
            ("several signatures",),
        ),
        (Output(1, "", "blkid: unrecognized option: p"), None),
        (Output(0, '/dev/sda1: UUID="1" TYPE="ext4"'), None),
        (Output(0, ""), None),
        (Output(problem="needs root"), None),
    ],
)
def test_blkid_fails(output: Output, found: tuple[str, ...] | None) -> None:
    """A drive that could not be looked at is not called empty."""
    assert without_udev(output).contents("sdb") == found


def test_pools() -> None:
    """File systems over several devices are found on each of them, by pool or by UUID."""
    made = Machine()
    made.add("sda", "ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank").add(
        "sdb", "ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=other"
    )
    made.add("sdc", "ID_FS_TYPE=btrfs\nE:ID_FS_UUID=1").add("sdd", "ID_FS_TYPE=btrfs\nE:ID_FS_UUID=1")
    made.add("sde", "ID_FS_TYPE=crypto_LUKS")
    made.add("dm-0", "ID_FS_TYPE=btrfs\nE:ID_FS_UUID=2", on="sde", dm__name="box").add(
        "sdf", "ID_FS_TYPE=btrfs\nE:ID_FS_UUID=2"
    )
    made.mount("", "/tank/data", "zfs", "tank/data").mount("", "/b", "btrfs", "/dev/sdc", root="/@b")
    made.mount("", "/box", "btrfs", "/dev/mapper/box", root="/").mount("", "/lost", "btrfs", "/dev/lost")
    blocks = made.blocks()
    assert blocks.points["sda"] == ["/tank/data"]
    assert blocks.points["sdb"] == []
    assert blocks.points["sdc"] == blocks.points["sdd"] == ["/b"]
    assert blocks.points["dm-0"] == blocks.points["sdf"] == ["/box"]


DF = """Filesystem     1024-blocks    Used Available Capacity Mounted on
/dev/mapper/vg-root  30000  10000     20000      34% /
/dev/sda1             5000     10     -1000     101% /boot/efi
/dev/mapper/vault   100000      0     99000       1% /srv/data
nonsense
"""


def test_file_systems() -> None:
    """A file system has its sizes from df, and the drives that lie under it."""
    made = server()
    made.commands["df"] = Output(0, DF)
    assert made.blocks().file_systems() == (
        FileSystem("/boot/efi", "/dev/sda1", "vfat", 5000 * 1024, 0, ("sda",)),
        FileSystem("/", "/dev/dm-0", "ext4", 30000 * 1024, 20000 * 1024, ("sda",)),
        FileSystem("/srv/data", "/dev/mapper/vault", "xfs", 100000 * 1024, 99000 * 1024, ("sdb", "sdc")),
    )
    made.mount("sdd", "/gone")
    assert len(made.blocks().file_systems() or ()) == 3


def test_no_file_system() -> None:
    """Where none is on a drive df is not asked; where df failed nothing is known."""
    assert Machine().mount("", "/", "overlay", "overlay").blocks().file_systems() == ()
    assert server().blocks().file_systems() is None


def test_mountinfo() -> None:
    """Escapes are resolved; lines that are none are passed over."""
    text = r"30 1 8:1 / /srv/a\040b rw - ext4 /dev/sda1 rw" + "\nnonsense\n30 1 8:1 - x\n"
    assert contents.parse_mounts(text) == [contents.Mount("8:1", "/", "/srv/a b", "ext4", "/dev/sda1")]
    whole = {kind: contents.Mount("7:1", "/", "/snap", kind, "/dev/loop1").whole for kind in ("squashfs", "ext4")}
    assert whole == {"squashfs": False, "ext4": True}
    assert not contents.Mount("0:40", "/", "/net", "nfs4", "server:/x").whole
    assert contents.Mount("0:40", "/@", "/", "btrfs", "/dev/sda").whole
