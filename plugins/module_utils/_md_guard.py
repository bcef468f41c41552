# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a drive may be taken for an array, and what to say where it may not.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

The rail: a drive is written to only if it is named by a name that stays with it, holds nothing, and nothing lies on it.
What it holds is destroyed only for somebody who repeats what it is. The system's drive, and one in use, never.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import BY_ID, Disk, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, RaidError, drives_in_words
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

LEVELS = ("raid0", "raid1", "raid5", "raid6", "raid10")
POLICIES = ("bitmap", "ppl", "resync")
_STABLE = re.compile(re.escape(BY_ID) + r"[^/\s]+\Z")
_PART = re.compile(r"-part\d+\Z")


@dataclass(frozen=True)
class Wanted:
    """The array that is asked for."""

    name: str
    level: str
    devices: tuple[str, ...]
    spares: tuple[str, ...] = ()
    chunk_bytes: int = 512 * 1024
    layout: str = ""  # near=2, far=2, ...; "" is md's own
    policy: str = "bitmap"
    member_bytes: int = 0  # the least that each drive must have
    erase: Mapping[str, str] | None = None  # what each drive holds, in the words of the refusal
    prefix: str = ""  # what the names of the settings begin with, for whoever reads a refusal

    @property
    def all(self) -> tuple[str, ...]:
        """Every drive that is named."""
        return (*self.devices, *self.spares)

    @property
    def has_redundancy(self) -> bool:
        """Whether a drive may fail."""
        return self.level != "raid0"


def _setting_of(wanted: Wanted, path: str) -> str:
    """Return the setting that asks for a drive."""
    return wanted.prefix + ("drives" if path in wanted.devices else "spares")


def faults_of(wanted: Wanted) -> Iterator[Refusal]:
    """Find what no machine could do, before one is looked at."""
    named = [*wanted.all, *(wanted.erase or {})]
    fleeting = [path for path in dict.fromkeys(named) if not _STABLE.match(path) or _PART.search(path)]
    for path in fleeting:
        yield Refusal(
            "ST-DATA",
            _setting_of(wanted, path) if path in wanted.all else f"{wanted.prefix}erase",
            f"{path!r}",
            f"a whole drive by a name that stays with it, {BY_ID}...",
            f"choose the name of the drive in `ls -l {BY_ID}`; sda and its like change from start to start",
        )
    twice = sorted({path for path in wanted.all if wanted.all.count(path) > 1})
    if twice:
        yield Refusal(
            "ST-DATA",
            f"{wanted.prefix}drives",
            f"{', '.join(twice)} more than once",
            "each drive once",
            "name another drive",
        )
    strange = sorted(set(wanted.erase or {}) - {*wanted.all, *fleeting})
    if strange:
        yield Refusal(
            "ST-DATA",
            f"{wanted.prefix}erase",
            f"{', '.join(strange)}, not among drives and spares",
            "only drives that the array is to have",
            f"take it out of {wanted.prefix}erase, or name it in {wanted.prefix}drives",
        )
    if wanted.spares and not wanted.has_redundancy:
        yield Refusal(
            "ST-SPARE",
            f"{wanted.prefix}spares",
            f"{len(wanted.spares)} spare in a RAID 0",
            "none: without redundancy there is nothing to rebuild from",
            "choose another level, or no spares",
        )
    if wanted.policy == "ppl" and wanted.level != "raid5":
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}consistency_policy",
            f"ppl with {wanted.level}",
            "raid5",
            "choose bitmap or resync (md(4))",
        )
    members = (10**12,) * len(wanted.devices)
    try:
        Raid(wanted.level, members)
    except RaidError as error:
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}drives",
            f"{drives_in_words(len(wanted.devices))} for {wanted.level}",
            str(error),
            f"name more drives, or a {wanted.prefix}level that can be made of these",
        )
        return
    if wanted.level == "raid10" and wanted.layout:
        try:
            Raid(wanted.level, members, layout=wanted.layout)
        except RaidError as error:
            yield Refusal(
                "ST-RAID",
                f"{wanted.prefix}layout",
                f"{shown(wanted.layout)} with {drives_in_words(len(wanted.devices))}",
                str(error),
                "leave it out, or use near=2",
            )


def aliases(wanted: Wanted, seen: Seen) -> Iterator[Refusal]:
    """Find drives that are named by two of their names. They would be counted twice."""
    paths: dict[str, list[str]] = {}
    for path in wanted.all:
        if path in seen.disks:
            paths.setdefault(seen.disks[path].device, []).append(path)
    for device, same in paths.items():
        if len(same) > 1:
            yield Refusal(
                "ST-DATA",
                f"{wanted.prefix}drives",
                f"{' and '.join(same)}, which are one drive ({device})",
                "drives that differ",
                "name each drive once",
            )


def why_not(wanted: Wanted, seen: Seen, path: str, ours: Sequence[str] = (), least: int = 0) -> Refusal | None:
    """Return why a drive may not become a member; None if it may.

    ours are the UUIDs whose marks on a drive are no reason: of the array that it belongs to. least is the size in bytes
    that the array needs of each drive.
    """
    variable = _setting_of(wanted, path)
    disk = seen.disks.get(path)
    if disk is None:
        return Refusal(
            "ST-DATA",
            variable,
            f"no drive {path}",
            "a drive that the kernel sees",
            "look for it with lsblk; check its cables, or name the drive that took its place",
        )
    reason = never(disk, variable, path)
    if reason is not None:
        return reason
    needed = max(least, wanted.member_bytes)
    if disk.bytes < needed:
        return Refusal(
            "ST-DATA",
            variable,
            f"{path} of {human_size(disk.bytes)} ({disk.bytes} bytes)",
            f"at least {human_size(needed)} ({needed} bytes)",
            "name a larger drive, or plan with the smaller one",
        )
    # A drive that was once in the array and has been given a partition table since is no drive of the array.
    if disk.superblock is not None and disk.superblock.uuid in ours and disk.only_marked:
        return _why_not_back(wanted, seen, disk, variable)
    return _why_not_erased(wanted, disk, variable)


def worked_alone(seen: Seen, disk: Disk) -> bool:
    """Say whether a drive with the mark of an array that runs was at work without drives that are in it now.

    Then it may hold what they do not: two halves of a mirror, of which each was started without the other one.
    """
    mark = disk.superblock
    inside = [each.superblock for each in seen.disks.values() if each.array and each.superblock is not None]
    mine = [each for each in inside if mark is not None and each.uuid == mark.uuid]
    if mark is None or not mine or not mark.active:
        return False
    missed = any(mark.places[each.slot : each.slot + 1] == "." for each in mine if each.slot is not None)
    # Too few drives of a RAID 5 never work without the others.
    return mark.events > max(each.events for each in mine) or (missed and mark.level != "raid5")


def _why_not_back(wanted: Wanted, seen: Seen, disk: Disk, variable: str) -> Refusal | None:
    if not worked_alone(seen, disk) or (wanted.erase or {}).get(disk.id) == disk.words:
        return None
    return Refusal(
        "ST-DATA",
        variable,
        f"{disk.id} ({disk.device}), which was at work in {wanted.name} without drives that are in it now, and may "
        "hold what they do not",
        "a drive that the array has left behind, or an empty one",
        "stop the array, start it from this drive alone, and compare; to destroy for ever what is on this drive: "
        f"{wanted.prefix}erase: {{{disk.id!r}: {disk.words!r}}}",
    )


def never(disk: Disk, variable: str, path: str) -> Refusal | None:
    """Return why nobody may write to a drive, whatever they say; None if there is no such reason."""
    if disk.holds_system:
        return Refusal(
            "ST-OS",
            variable,
            f"{path} ({disk.device}), on which the system or its swap lies",
            "drives of their own for data",
            "name another drive; this one is never erased",
        )
    if disk.behind_raid:
        return Refusal(
            "ST-RAID",
            variable,
            f"{path} ({disk.device}), a volume of a hardware RAID controller",
            "drives that the kernel sees themselves",
            "let the controller keep the array, and name no drives here; or let it pass its drives on (HBA, IT mode)",
        )
    if disk.busy:
        return Refusal(
            "ST-DATA",
            variable,
            f"{path} ({disk.device}): {'; '.join(disk.busy)}",
            "a drive that nobody uses",
            "take what lies on it away yourself, or name another drive; a drive in use is never erased",
        )
    return None


def _why_not_erased(wanted: Wanted, disk: Disk, variable: str) -> Refusal | None:
    if disk.holds is None:
        return Refusal(
            "ST-DATA",
            variable,
            f"{disk.id} ({disk.device}), of which is not known what it holds",
            "a drive that is known to be empty",
            "look at it with `wipefs`, and run again",
        )
    repeated = (wanted.erase or {}).get(disk.id)
    if not disk.holds or repeated == disk.words:
        return None
    told = f"; {wanted.prefix}erase says {repeated!r}" if repeated is not None else ""
    return Refusal(
        "ST-DATA",
        variable,
        f"{disk.id} ({disk.device}), which holds: {disk.words}{told}",
        "an empty drive",
        f"name another drive. To destroy for ever what it holds: {wanted.prefix}erase: {{{disk.id!r}: {disk.words!r}}}",
    )
