# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of the drives that an array is wanted on, and of the array itself.

Private to this collection: nothing outside may import it. Pure: text in, data out.

Sources: mdadm(8), wipefs(8), Documentation/admin-guide/md.rst of Linux.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.eucaim.local_node.plugins.module_utils._arrays import read_arrays
from ansible_collections.eucaim.local_node.plugins.module_utils._block import best_id, device_of, read_drives
from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import KIND_WORDS, Blocks
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array, Drive
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

SECTOR = 512
BY_ID = "/dev/disk/by-id/"
# What stands on a drive on which nothing is recognised, although it is not empty.
UNRECOGNISED = "data that nothing recognises"
# What wipefs calls the parts of a partition table.
OF_A_TABLE = ("gpt", "PMBR", "dos")
# How wipefs and udev call the mark of an array.
_MARKS = ("linux_raid_member", "member of an md array")
_FIELD = re.compile(
    r"^\s*(Array UUID|Name|Raid Level|Raid Devices|Events|Device Role|Avail Dev Size|Used Dev Size|Data Offset|State|"
    r"Recovery Offset|Reshape pos'n|Array State) : (.+?)\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Superblock:
    """What md has written on a drive (mdadm --examine, metadata 1.x)."""

    uuid: str
    name: str  # of the array, without the host before it
    level: str
    devices: int
    events: int
    active: bool  # it had a place in the array; else it was a spare
    dirty: bool = False  # something was being written when it was seen last
    filling: bool = False  # it was being filled, and does not hold all yet
    slot: int | None = None  # its place in the array; None for a spare
    places: str = ""  # what it knew of each place, "A" for a drive at work, "." for none
    needs_bytes: int = 0  # what a drive must have to become a member: the metadata's room and the part that is used


@dataclass(frozen=True)
class Disk:
    """One drive by a name that stays with it."""

    id: str  # the name that it was asked for by, or the best one that it has
    name: str  # the kernel's name
    bytes: int
    holds: tuple[str, ...] | None  # what is on it, in words; () is empty, None is not known
    busy: tuple[str, ...] = ()  # why nobody may write to it: mounts, arrays, volumes that lie on it
    holds_system: bool = False
    superblock: Superblock | None = None
    array: str = ""  # the kernel's name of the array that it is in
    behind_raid: bool = False  # a volume of a hardware RAID controller

    @property
    def device(self) -> str:
        """The device file."""
        return device_of(self.name)

    @property
    def only_marked(self) -> bool:
        """Whether nothing but the mark of an array is on the drive."""
        return self.superblock is not None and all(each.startswith(_MARKS) for each in self.holds or ())

    @property
    def words(self) -> str:
        """What is on the drive, as it has to be repeated by whoever wants it destroyed."""
        return "; ".join(self.holds or ())


@dataclass(frozen=True)
class Member:
    """One place in an array that runs."""

    name: str  # the kernel's name of the drive
    state: frozenset[str]  # in_sync, spare, faulty, want_replacement, replacement, ... (md.rst)
    slot: str  # a number, or "none"

    @property
    def failed(self) -> bool:
        """Whether md has given it up."""
        return "faulty" in self.state

    @property
    def idle(self) -> bool:
        """Whether it is a spare that waits."""
        return self.slot == "none" and not self.failed


@dataclass(frozen=True)
class Running:
    """An array that the kernel knows."""

    shown: Array
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """The kernel's name, md127."""
        return self.shown.name

    @property
    def active(self) -> bool:
        """Whether it has been started."""
        return self.shown.level is not None and not (self.shown.state or "inactive").startswith("inactive")


@dataclass(frozen=True)
class Seen:
    """Everything that a decision is made from."""

    disks: Mapping[str, Disk] = field(default_factory=dict)  # by the names that were asked for; absent ones are missing
    others: Mapping[str, Disk] = field(default_factory=dict)  # the other drives of the machine, by the kernel's name
    arrays: Mapping[str, Running] = field(default_factory=dict)  # by the kernel's name
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what lies on an array, by the kernel's name
    mounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # where an array is mounted

    def disk_named(self, name: str) -> Disk | None:
        """Return a drive by the kernel's name."""
        return next((disk for disk in self.disks.values() if disk.name == name), self.others.get(name))


def parse_examine(text: str) -> Superblock | None:
    """Return what `mdadm --examine` says of one drive; None if it is a member of no array with metadata 1.x."""
    found = dict(_FIELD.findall(text))
    if not {"Array UUID", "Raid Level", "Raid Devices"} <= found.keys():
        return None
    return Superblock(
        uuid=found["Array UUID"],
        # The host stands before the name, and "(local to host ...)" behind it.
        name=found.get("Name", "").split()[0].rpartition(":")[2] if found.get("Name") else "",
        level=found["Raid Level"],
        devices=_number(found["Raid Devices"]),
        events=_number(found.get("Events", "")),
        active=found.get("Device Role", "").startswith("Active"),
        slot=_slot(found.get("Device Role", "")),
        places=found.get("Array State", "").partition(" ")[0],
        dirty=found.get("State", "") == "active",
        # While an array is made longer, its new drives hold as much as has been moved, and count as whole.
        filling="Recovery Offset" in found and "Reshape pos'n" not in found,
        needs_bytes=SECTOR * (_number(found.get("Data Offset", "")) + _number(_used(found))),
    )


def parse_examines(text: str) -> dict[str, str]:
    """Return what `mdadm --examine` says of several drives, by their device files."""
    pieces = re.split(r"^(/dev/\S+):$", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2]))


def _used(found: Mapping[str, str]) -> str:
    """Return the sectors that are used of a drive; a mirror's lines show only those that could be."""
    return found.get("Used Dev Size") or found.get("Avail Dev Size", "")


def _slot(text: str) -> int | None:
    """Return the place that `Active device 1` names."""
    words = text.split()
    return int(words[-1]) if text.startswith("Active") and words[-1].isdigit() else None


def _number(text: str) -> int:
    first = text.partition(" ")[0]
    return int(first) if first.isdigit() else 0


def parse_wipefs(text: str) -> tuple[str, ...]:
    """Return the kinds of signatures that `wipefs --json --no-act` found on a device; () if there are none.

    Raises ValueError for a text that it did not write.
    """
    if not text.strip():
        return ()
    found = json.loads(text)
    rows = found.get("signatures") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no signatures in what wipefs said")
    words = []
    for row in rows:
        kind, label = str(row.get("type") or "unknown"), str(row.get("label") or "")
        words.append(f"{kind} {label}".strip())
    return tuple(dict.fromkeys(words))


def read_members(recording: Recording, array: str) -> tuple[Member, ...]:
    """Return the places of an array."""
    folder = f"/sys/block/{array}/md"
    names = [each[len("dev-") :] for each in recording.below(folder) if each.startswith("dev-")]
    return tuple(
        Member(
            name,
            frozenset((recording.read(f"{folder}/dev-{name}/state") or "").split(",")),
            recording.read(f"{folder}/dev-{name}/slot") or "none",
        )
        for name in names
    )


def read_arrays_with_members(recording: Recording) -> dict[str, Running]:
    """Return the arrays that the kernel knows, by its names for them."""
    shown = read_arrays(recording) or ()
    return {array.name: Running(array, read_members(recording, array.name)) for array in shown}


@dataclass(frozen=True)
class Looked:
    """What was asked of one drive itself."""

    examine: str = ""
    signatures: tuple[str, ...] = ()
    blank: bool = False  # nothing but zeros where a file system or a table would begin


def read_seen(recording: Recording, wanted: Mapping[str, str], looked: Mapping[str, Looked]) -> Seen:
    """Put together what was read.

    wanted are the names that were asked for, each with the kernel's name of the drive behind it; looked is what the
    drives themselves said, by the kernel's name.
    """
    blocks = Blocks(recording)
    drives = {drive.name: drive for drive in read_drives(recording, virtual=False) or ()}
    disks = {
        path: _disk(path, drives[name], blocks, looked.get(name)) for path, name in wanted.items() if name in drives
    }
    named = set(wanted.values())
    others = {name: _disk(drive.id or "", drive, blocks, None) for name, drive in drives.items() if name not in named}
    arrays = read_arrays_with_members(recording)
    mounts = {name: tuple(blocks.points.get(name, ())) for name in arrays}
    return Seen(disks, others, arrays, {name: tuple(_busy(blocks, name)) for name in arrays}, mounts)


def _disk(path: str, drive: Drive, blocks: Blocks, looked: Looked | None) -> Disk:
    holders = blocks.holders(drive.name)
    array = next((name for name in holders if name.startswith("md")), "")
    superblock = parse_examine(looked.examine) if looked else None
    return Disk(
        id=path or (BY_ID + (best_id(drive.ids) or drive.name)),
        name=drive.name,
        bytes=drive.bytes or 0,
        holds=_told(_holds(drive, looked), superblock) if looked else None,
        busy=tuple(_busy(blocks, drive.name)),
        holds_system=drive.holds_system is not False,
        superblock=superblock,
        array=array,
        behind_raid=bool(drive.behind_raid),
    )


def _told(words: tuple[str, ...], mark: Superblock | None) -> tuple[str, ...]:
    """Say of which array a mark is: words that were repeated for one must not do for another one."""
    if mark is None:
        return words
    title = f"{_MARKS[-1]}: {mark.name} ({mark.uuid})"
    return tuple(title if each.startswith(_MARKS) else each for each in words)


def _holds(drive: Drive, looked: Looked) -> tuple[str, ...]:
    """Return what is on a drive: what udev remembers of it, and what it says itself that udev has not seen."""
    remembered = drive.contents or ()
    if looked.signatures or any("partition table" in each or ":" in each for each in remembered):
        return (*remembered, *(each for each in looked.signatures if not remembered or not _covers(remembered, each)))
    return () if looked.blank else (UNRECOGNISED,)


def _covers(words: Sequence[str], signature: str) -> bool:
    """Say whether words of udev's speak of a signature that wipefs found."""
    kind = signature.partition(" ")[0]
    if kind in OF_A_TABLE:
        kind = "partition table"
    titles = (KIND_WORDS.get(kind, kind), "several signatures")
    return any(each.startswith(titles) for each in words)


def _busy(blocks: Blocks, name: str) -> list[str]:
    """Return what lies on a drive or its partitions and is in use."""
    found = []
    for device in (name, *blocks.parts(name)):
        found += [f"{device} is mounted on {point}" for point in blocks.points.get(device, ())]
        found += [f"{device} is in use as swap"] if device in blocks.swaps else []
        found += [f"{device} is in use by {holder}" for holder in blocks.holders(device)]
    return found
