# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an array of drives holds, and which failures it survives.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from ansible_collections.eucaim.local_node.plugins.module_utils._raidz import dataset_bytes, stored_ratio
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size

LEVELS = ("raid0", "raid1", "raid5", "raid6", "raid10", "raid50", "raid60", "raidz1", "raidz2", "raidz3")

# The drives' worth of parity in each group of a level that has parity.
_PARITY = {"raid5": 1, "raid6": 2, "raid50": 1, "raid60": 2, "raidz1": 1, "raidz2": 2, "raidz3": 3}

# The fewest drives: of md (mdadm's Create.c) and, with a smallest count of its own, of hardware controllers. A group of
# a RAID 50 or 60 is never smaller than the RAID 5 or 6 that a controller makes.
_FEWEST = {"raid0": 2, "raid1": 2, "raid5": 2, "raid6": 4, "raid10": 2, "raidz1": 2, "raidz2": 3, "raidz3": 4}
_FEWEST_HARDWARE = {**_FEWEST, "raid5": 3, "raid10": 4}
_FEWEST_IN_GROUP = {"raid50": 3, "raid60": 4}
_GROUPS = 2

# In words, or as mdadm shows and takes it: near=2 is n2 (mdadm(8)).
_LAYOUT = re.compile(r"(near=|far=|offset=|[nfo])([1-9][0-9]{0,2})")
_KINDS = {"n": "near", "f": "far", "o": "offset"}


class RaidError(ValueError):
    """No such array can be made; the message says what would be possible."""


def minimum_drives(level: str, hardware: bool = False, groups: int = _GROUPS, layout: str = "near=2") -> int:
    """Return the fewest drives, spares not counted, of which an array of this level can be made.

    The groups matter to RAID 50 and 60 only, the layout to RAID 10 only. Raises RaidError for what is no level, no
    layout or no groups. Source: md(4) and mdadm's Create.c; controllers' manuals; zpoolconcepts(7) for raidz.
    """
    _check_level(level)
    if level in _FEWEST_IN_GROUP:
        if groups < 2:
            raise RaidError(f"{_title(level)} has at least 2 groups, not {groups}; without groups: {level[:-1]}")
        return groups * _FEWEST_IN_GROUP[level]
    fewest = (_FEWEST_HARDWARE if hardware else _FEWEST)[level]
    return max(fewest, _layout(layout)[1]) if level == "raid10" else fewest


@dataclass(frozen=True)
class Raid:
    """One array that can be made; a request for another raises RaidError.

    level is one of LEVELS; drives are the bytes of every drive, spares included; groups is 0 for what is usual (two in
    a RAID 50 or 60); layout is md's for a RAID 10: near=N, far=N or offset=N copies; hardware means that a controller
    makes the array, not md; ashift is the binary logarithm of a raidz's sector size.
    """

    level: str
    drives: tuple[int, ...]
    spares: int = 0
    groups: int = 0
    layout: str = "near=2"
    hardware: bool = False
    ashift: int = 12

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        _check_level(self.level)
        _check_drives(self)
        _check_count(self)
        _check_kind(self)

    @property
    def members(self) -> tuple[int, ...]:
        """Return the bytes of the drives that hold data or redundancy, in the order of their places."""
        return tuple(self.drives[index] for index in self.member_drives)

    @property
    def member_drives(self) -> tuple[int, ...]:
        """Return which drives are members: as given, but by size where groups gain from having drives of one size."""
        spares = self.spare_drives
        members = [index for index in range(len(self.drives)) if index not in spares]
        return tuple(sorted(members, key=self.drives.__getitem__) if self.level in _FEWEST_IN_GROUP else members)

    @property
    def spare_drives(self) -> frozenset[int]:
        """Return which drives wait as spares: the largest, and of equals the last, for each can replace any member."""
        by_size = sorted(range(len(self.drives)), key=lambda index: (self.drives[index], index))
        return frozenset(by_size[len(by_size) - self.spares :])

    @property
    def group_count(self) -> int:
        """Return how many groups of members are joined by striping; 1 where there is no such thing."""
        return (self.groups or _GROUPS) if self.level in _FEWEST_IN_GROUP else 1

    @property
    def parity(self) -> int:
        """Return how many drives' worth of parity each group has."""
        return _PARITY.get(self.level, 0)

    @property
    def copies(self) -> int:
        """Return how often a mirror holds each block; 1 where there are no copies."""
        if self.level == "raid1":
            return len(self.drives) - self.spares
        return _layout(self.layout)[1] if self.level == "raid10" else 1


@dataclass(frozen=True)
class Figures:
    """What an array comes to.

    raw_bytes is the sum of usable_bytes (nominal: before the metadata of md, ZFS or a file system), redundancy_bytes
    (parity, further copies, padding), spare_bytes and unused_bytes (what larger drives have more than the smallest).
    tolerance failures are always survived, best_tolerance only if they are the right ones. mirror says that redundancy
    is whole copies. data_members is how many chunks of data a stripe has, as file systems want to know it.
    """

    raw_bytes: int
    members: int
    spares: int
    member_bytes: int
    usable_bytes: int
    redundancy_bytes: int
    spare_bytes: int
    unused_bytes: int
    tolerance: int
    best_tolerance: int
    efficiency: Fraction
    mirror: bool
    data_members: int
    notes: tuple[str, ...]


def figures(raid: Raid) -> Figures:
    """Return what the array comes to.

    The smallest member limits the others; md, which fills each drive of a RAID 0 and each group of a RAID 50 or 60,
    limits them only within the group. member_bytes is what the most used member gives. Source: md(4); the sum of a
    raidz is that of 128 KiB records (vdev_raidz_asize() in OpenZFS).
    """
    members = raid.members
    count = len(members)
    used = _used(raid, members)
    filled = sum(used)
    usable = _usable(raid, filled, count)
    raw = sum(raid.drives)
    return Figures(
        raw_bytes=raw,
        members=count,
        spares=raid.spares,
        member_bytes=max(used),
        usable_bytes=usable,
        redundancy_bytes=filled - usable,
        spare_bytes=raw - sum(members),
        unused_bytes=sum(members) - filled,
        tolerance=raid.parity or raid.copies - 1,
        best_tolerance=_best_tolerance(raid, count),
        efficiency=Fraction(usable, raw),
        mirror=_is_mirror(raid, count),
        data_members=_data_members(raid, count),
        notes=_notes(raid, sum(members) - filled),
    )


def _used(raid: Raid, members: tuple[int, ...]) -> list[int]:
    """Return what is used of each member."""
    if raid.level == "raid0" and not raid.hardware:
        return list(members)
    size = len(members) if raid.hardware else len(members) // raid.group_count
    groups = (members[first : first + size] for first in range(0, len(members), size))
    return [min(group) for group in groups for _unused in group]


def _usable(raid: Raid, filled: int, count: int) -> int:
    if raid.level.startswith("raidz"):
        return int(filled * stored_ratio(count, raid.parity, raid.ashift))
    if raid.parity:
        return filled * (count - raid.parity * raid.group_count) // count
    return filled // raid.copies


def _best_tolerance(raid: Raid, count: int) -> int:
    if raid.parity:
        return raid.parity * raid.group_count
    # One drive of each run of as many as there are copies must live.
    return count - ceil_div(count, raid.copies)


def _is_mirror(raid: Raid, count: int) -> bool:
    # The parity of a single block of data is its copy.
    return raid.copies > 1 or (raid.parity > 0 and count == raid.group_count * (raid.parity + 1))


def _data_members(raid: Raid, count: int) -> int:
    if raid.level == "raid10":
        # raid10_nr_stripes() in Linux: only near copies lie within the stripe, and only when they divide it.
        kind, copies = _layout(raid.layout)
        return count // copies if kind == "near" and count % copies == 0 else count
    if raid.level == "raid1":
        return 1
    return count - raid.parity * raid.group_count


def _notes(raid: Raid, unused: int) -> tuple[str, ...]:
    count = len(raid.members)
    notes = []
    if raid.level == "raid0":
        notes.append("A RAID 0 has no redundancy: the first drive that fails takes everything with it.")
    if raid.level in ("raid5", "raidz1") and count == 2:
        notes.append(
            f"With two drives, {_title(raid.level)} is a mirror: the parity of one block is its copy. "
            "It holds what one drive holds, and survives the failure of either."
        )
    if raid.level == "raid10" and _best_tolerance(raid, count) > raid.copies - 1:
        notes.append(
            f"Any {drives_in_words(raid.copies - 1)} may fail; "
            f"up to {_best_tolerance(raid, count)} only if no block loses its last copy."
        )
    if raid.level in _FEWEST_IN_GROUP:
        notes.append(
            f"The drives form {raid.group_count} groups of {count // raid.group_count}; "
            f"each survives {raid.parity} failed {'drive' if raid.parity == 1 else 'drives'}."
        )
    if raid.level.startswith("raidz"):
        notes.append("The usable size is for records of 128 KiB; small files and small volume blocks cost more.")
    if unused:
        notes.append(
            f"The drives are unequal: {human_size(unused)} stay unused, for the smallest drive limits the others."
        )
    return tuple(notes)


def survives(raid: Raid, failed: Collection[int]) -> bool:
    """Return whether all data is still there when these members have failed at once (indexes into raid.members).

    Members follow each other in their groups. Raises RaidError for an index that is no member's. Source: md(4); for
    RAID 10 the places of the copies are those of __raid10_find_phys() in Linux.
    """
    count = len(raid.members)
    lost = set(failed)
    if not lost <= set(range(count)):
        raise RaidError(f"{sorted(lost)} are not all members of the array: these are 0 to {count - 1}")
    if raid.level == "raid10":
        kind, copies = _layout(raid.layout)
        starts = range(0, count * copies, copies) if kind == "near" else range(count)
        return not any(lost >= {(start + copy) % count for copy in range(copies)} for start in starts)
    size = count // raid.group_count
    groups = (range(first, first + size) for first in range(0, count, size))
    return all(len(lost.intersection(group)) <= (raid.parity or raid.copies - 1) for group in groups)


# --- md's own metadata -------------------------------------------------------------------------------------------

_SECTOR = 512
_CHUNK = 512 * 1024
_MIB = 1024**2
_METADATA = 12 * 1024  # superblock and list of bad blocks
_BITMAP = 128 * 1024  # at most; small devices keep less, which the rounding hides
_PPL = _MIB  # partial parity log
_RAID1_ROUNDING = 64 * 1024


def md_usable_bytes(raid: Raid, ppl: bool = False, bitmap: bool | None = None) -> int:
    """Return the size of the device that mdadm makes: version 1.2 metadata, 512 KiB chunks, whole drives.

    The first drive sets how far from their start all drives hold data. A write-intent bitmap costs nothing more: its
    place is always kept; None leaves it to mdadm. A partial parity log (ppl) needs more. A RAID 50 or 60 is a RAID 0
    of arrays. Raises RaidError if md cannot make the array, with bitmap or ppl, or the drives are too small.
    Source: validate_geometry1() and choose_bm_space() in super1.c, and Create.c, of mdadm 4.2 to 4.6; raid0.c, raid5.c
    and raid10.c of Linux.
    """
    _check_md(raid, ppl, bool(bitmap))
    if raid.group_count == 1:
        return _md_array(raid.level, raid.members, raid, ppl)
    members, size = raid.members, len(raid.members) // raid.group_count
    groups = (members[first : first + size] for first in range(0, len(members), size))
    return _md_array("raid0", tuple(_md_array(raid.level[:-1], group, raid, ppl) for group in groups), raid, False)


def md_data_offset(device_bytes: int, level: str = "raid5", ppl: bool = False) -> int:
    """Return how many bytes mdadm leaves free in front of the data, by the size of the first device.

    It is room for the metadata and a later reshape: aimed at 0.1 % of the device, at most 128 MiB, in steps of 1 MiB.
    Source: validate_geometry1() and choose_bm_space() in super1.c of mdadm.
    """
    sectors = device_bytes // _SECTOR
    least = 0 if level == "raid1" else 4 * _CHUNK // _SECTOR
    headroom = 128 * _MIB // _SECTOR
    while headroom << 10 > sectors and headroom >= least:
        headroom >>= 1
    used = _METADATA + (_PPL if ppl else _BITMAP) + headroom * _SECTOR
    return ceil_div(used, _MIB) * _MIB


def _md_array(level: str, devices: tuple[int, ...], raid: Raid, ppl: bool) -> int:
    offset = md_data_offset(devices[0], level, ppl)
    unit = _RAID1_ROUNDING if level == "raid1" else _CHUNK
    room = [(device - offset) // unit for device in devices]
    least, count = min(room), len(room)
    if least < 1:
        raise RaidError(
            f"A drive of {human_size(min(devices))} is too small for md: it needs at least {human_size(offset + unit)}"
        )
    if level == "raid0":
        return sum(room) * unit
    if level == "raid10":
        kind, copies = _layout(raid.layout)
        # Far copies halve each drive, near copies the whole; each is rounded on its own.
        return (least * count // copies if kind == "near" else least // copies * count) * unit
    return (count - _PARITY[level] if level in _PARITY else 1) * least * unit


def zfs_usable_bytes(raid: Raid) -> int:
    """Return what a new pool of this raidz offers, whole drives given. Raises RaidError for other levels.

    Source: dataset_bytes().
    """
    if not raid.level.startswith("raidz"):
        raise RaidError(f"ZFS makes no {_title(raid.level)}; possible: raidz1, raidz2, raidz3")
    return dataset_bytes(min(raid.members), len(raid.members), raid.parity, raid.ashift)


# --- What is refused -----------------------------------------------------------------------------------------------


def _title(level: str) -> str:
    return level if level.startswith("raidz") else f"RAID {level[4:]}"


def drives_in_words(count: int) -> str:
    """Return a number of drives, as it stands in a sentence."""
    return f"{count} drive" if count == 1 else f"{count} drives"


def _layout(layout: str) -> tuple[str, int]:
    found = _LAYOUT.fullmatch(layout)
    if not found or int(found[2]) < 2:
        raise RaidError(
            f"{layout!r} is no layout of a RAID 10; possible: near=N, far=N or offset=N with N copies, such as near=2"
        )
    return _KINDS[found[1][0]], int(found[2])


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise RaidError(f"{level!r} is no known RAID level; possible: {', '.join(LEVELS)}")


def _check_drives(raid: Raid) -> None:
    for size in raid.drives:
        if size <= 0:
            raise RaidError(f"A drive of {human_size(size)} holds nothing; possible: sizes above zero")
    if raid.spares < 0:
        raise RaidError(f"{raid.spares} spares cannot be set aside; possible: 0 or more")


def _check_count(raid: Raid) -> None:
    """Refuse too few drives beside the spares, groups that cannot be equal and copies that do not fit."""
    count = len(raid.drives) - raid.spares
    fewest = minimum_drives(raid.level, raid.hardware, raid.group_count, raid.layout)
    if count < fewest:
        raise RaidError(_too_few(raid, count, fewest))
    if count % raid.group_count:
        below = count - count % raid.group_count
        raise RaidError(
            f"{_title(raid.level)} in {raid.group_count} groups cannot have {count} members, for groups are equal; "
            f"possible: {below + raid.group_count}" + (f" or {below}" if below >= fewest else "")
        )
    if raid.level == "raid10" and raid.hardware and count % 2:
        raise RaidError(
            f"A hardware controller pairs the drives of a RAID 10, and {count} is odd; "
            f"possible: {count - 1} or {count + 1}, or md, which takes an odd count"
        )


def _too_few(raid: Raid, count: int, fewest: int) -> str:
    maker = " on a hardware controller" if raid.hardware else ""
    asked = f"{_title(raid.level)}{maker} needs at least {fewest} drives besides the spares"
    given = f"{drives_in_words(len(raid.drives))} less {raid.spares} spares leave {max(count, 0)}"
    ways = []
    if len(raid.drives) >= fewest:
        ways.append(f"at most {len(raid.drives) - fewest} of them as spares")
    others = [level for level in LEVELS if minimum_drives(level, raid.hardware) <= count and _fits(level, raid, count)]
    if others:
        ways.append(f"with {count}: {', '.join(others)}")
    ways.append(f"{drives_in_words(fewest - count)} more")
    return f"{asked}, and {given}; possible: {'; '.join(ways)}"


def _fits(level: str, raid: Raid, count: int) -> bool:
    """Return whether a level goes with the maker, the spares and the count of an array that another level cannot be."""
    if level == "raid0":
        return not raid.spares
    if level.startswith("raidz"):
        return not raid.hardware
    return count % 2 == 0 or not (level in _FEWEST_IN_GROUP or (level == "raid10" and raid.hardware))


def _check_kind(raid: Raid) -> None:
    """Refuse what a level has no use for."""
    if raid.level not in _FEWEST_IN_GROUP and raid.groups not in (0, 1):
        raise RaidError(f"{_title(raid.level)} has no groups; possible with {raid.groups} groups: raid50, raid60")
    if raid.level == "raid0" and raid.spares:
        raise RaidError("A spare is of no use to a RAID 0, which cannot be rebuilt; possible: 0 spares")
    if raid.level == "raid10" and raid.hardware and raid.layout != "near=2":
        raise RaidError(f"A hardware controller has no layout {raid.layout}; possible: near=2, or md")
    if raid.level.startswith("raidz"):
        if raid.hardware:
            raise RaidError(
                "ZFS makes a raidz itself, of drives without a controller's array; possible: hardware false"
            )
        if not 9 <= raid.ashift <= 16:
            raise RaidError(f"ashift {raid.ashift} is no sector size of ZFS; possible: 9 (512 B) to 16 (64 KiB)")


def _check_md(raid: Raid, ppl: bool, bitmap: bool) -> None:
    if raid.hardware or raid.level.startswith("raidz"):
        maker = "a hardware controller" if raid.hardware else "ZFS"
        raise RaidError(
            f"This {_title(raid.level)} is made by {maker}, not by md; possible: the levels raid0 to raid60"
        )
    if ppl and raid.level not in ("raid5", "raid50"):
        raise RaidError(f"A partial parity log is for RAID 5 only, not for {_title(raid.level)}; possible: a bitmap")
    if bitmap and raid.level == "raid0":
        raise RaidError("A RAID 0 has nothing to resynchronise, so it takes no bitmap; possible: no bitmap")
    if bitmap and ppl:
        raise RaidError("A bitmap and a partial parity log exclude each other; possible: one of them")
