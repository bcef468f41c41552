# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the drives are enough, and in order (D5.11, section 2.2).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array, Drive, Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    MET,
    NOT_APPLICABLE,
    RECOMMENDED,
    UNANSWERED,
    UNKNOWN,
    UNMET,
    Finding,
    Wanted,
    asked,
    decimal,
    grade,
    grade_exact,
    hidden_below,
    physical_drives,
    why,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import NEEDS, Needs

# Where an operating system keeps its own files; everything mounted elsewhere is data.
SYSTEM_MOUNTS = ("/boot", "/efi", "/usr", "/var", "/home", "/root", "/opt", "/tmp", "/recovery")
# Of these, any one drive may fail and nothing is lost, as D5.11 asks with its RAID 5. Two drives of a RAID 5 are a
# mirror, so a mirror is not less.
LEVELS_AS_ASKED = ("raid1", "raid4", "raid5", "raid6", "raid10")
LEVELS_WITHOUT = ("raid0", "linear")
_PARTITION = re.compile(r"(?:p?\d+)?")
# Over these come volumes of a storage elsewhere.
REMOTE = ("fc", "iscsi", "nvme-fabrics")
# What has redundancy of its own, of which the list of md arrays says nothing.
OTHER_POOLS = re.compile(r"\b(zfs|btrfs|bcachefs|ceph|lvm)", re.IGNORECASE)


def judge_storage(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings of ST-OS, ST-DATA, ST-RAID, ST-SPARE, ST-GROW and ST-HEALTH."""
    needs = NEEDS[wanted.profile][wanted.tier]
    return [
        *_system_drive(machine, wanted, needs),
        _data(machine, wanted, needs),
        *_redundancy(machine, needs),
        _spares(machine, wanted, needs),
        _growth(wanted),
        *_health(machine),
    ]


def is_data_mount(mount: str) -> bool:
    """Say whether what is mounted there is no part of the operating system."""
    return mount != "/" and not any(mount == place or mount.startswith(f"{place}/") for place in SYSTEM_MOUNTS)


def _owner(member: str, names: Iterable[str]) -> str:
    """Return the drive on which a member of an array lies, itself or a partition; nothing if it is none of these."""
    return next((name for name in names if member.startswith(name) and _PARTITION.fullmatch(member[len(name) :])), "")


def _members(array: Array, drives: Sequence[Drive]) -> list[str]:
    """Return the drives under an array, the name of a member that is no known drive for itself."""
    names = [drive.name for drive in drives]
    return [_owner(member, names) or member for member in array.members]


def _data_arrays(machine: Machine) -> tuple[list[Array], list[Array]]:
    """Return the arrays that surely hold no part of the operating system, and those of which it is not known."""
    system = {drive.name: drive.holds_system for drive in machine.drives or ()}
    sure: list[Array] = []
    doubtful: list[Array] = []
    for array in machine.arrays or ():
        under = [system.get(name) for name in _members(array, machine.drives or ())]
        if True not in under:
            (doubtful if None in under or not under else sure).append(array)
    return sure, doubtful


# ---------------------------------------------------------------------- ST-OS


def _system_drive(machine: Machine, wanted: Wanted, needs: Needs) -> list[Finding]:
    minimum, more = needs.minimum.os_drive_bytes, needs.recommended.os_drive_bytes
    if minimum is None:
        return [Finding("ST-OS", "drive", "not judged", "", "", NOT_APPLICABLE, f"not asked: {needs.source}")]
    texts = decimal(minimum), asked(more, decimal(more))
    drives = [drive for drive in machine.drives or () if drive.holds_system]
    doubtful = [drive.name for drive in machine.drives or () if drive.holds_system is None]
    if doubtful or not drives:
        reason = f"whether the system lies on {', '.join(doubtful)} is not known" if doubtful else "no drive holds it"
        reason = why(machine, "drives") if machine.drives is None else reason
        return [Finding("ST-OS", "drive", UNKNOWN, *texts, UNANSWERED, reason)]
    # Several drives are a mirror: it holds what its smallest drive holds.
    sizes = [drive.bytes for drive in drives]
    size = None if None in sizes else min(size for size in sizes if size is not None)
    names = ", ".join(drive.name for drive in drives)
    return [
        Finding("ST-OS", "size", f"{decimal(size)} ({names})", *texts, grade_exact(size, minimum, more)),
        _medium(machine, wanted, drives),
        _exclusive(machine, drives),
    ]


def _medium(machine: Machine, wanted: Wanted, drives: Sequence[Drive]) -> Finding:
    hidden = hidden_below(machine, "what its drives are made of")
    media = {None if hidden else _medium_of(machine, drive) for drive in drives}
    stated = wanted.stated.os_drive_medium
    reason = ""
    if None in media and stated is not None:
        media, reason = (media - {None}) | {stated}, "as stated"
    elif None in media:
        behind = any(drive.behind_raid is not False for drive in drives)
        reason = hidden or ("a RAID controller may hide it" if behind else why(machine, "drives.medium"))
    found, verdict = "solid-state drive", RECOMMENDED
    if "hdd" in media:
        found, verdict = "hard drive", UNMET
    elif None in media:
        found, verdict = UNKNOWN, UNANSWERED
    return Finding("ST-OS", "medium", found, "solid-state drive", "", verdict, reason)


def _medium_of(machine: Machine, drive: Drive) -> str | None:
    """Return what a drive is made of; a volume of a controller of that of which all drives behind it are."""
    if drive.behind_raid is False:
        return drive.medium
    behind = {each.medium for each in machine.raid_drives or ()} if drive.behind_raid else set()
    return behind.pop() if len(behind) == 1 else None


def _exclusive(machine: Machine, drives: Sequence[Drive]) -> Finding:
    """Judge whether nothing but the system lies on its drives."""
    names = {drive.name for drive in drives}
    strangers, doubts = [], []
    for system in machine.file_systems or ():
        if is_data_mount(system.mount) and names & set(system.drives):
            strangers.append(f"data at {system.mount}")
        elif is_data_mount(system.mount) and not system.drives:
            doubts.append(f"the drives under {system.mount} are not known")
    for array in machine.arrays or ():
        under = set(_members(array, machine.drives or ()))
        if under & names and under - names:
            strangers.append(f"a part of {array.name}, with other drives")
    doubts += [why(machine, key) for key in ("file_systems", "arrays") if getattr(machine, key) is None]
    verdict = UNMET if strangers else UNANSWERED if doubts else RECOMMENDED
    found = ", ".join(strangers) or (UNKNOWN if doubts else "the system only")
    return Finding("ST-OS", "nothing else on it", found, "the system only", "", verdict, "; ".join(doubts))


# ---------------------------------------------------------------------- ST-DATA, ST-SPARE


def _data_drives(machine: Machine) -> tuple[list[Drive], list[Drive]]:
    """Return the drives that surely are for data, and those that may be."""
    sure: list[Drive] = []
    doubtful: list[Drive] = []
    for drive in machine.drives or ():
        if drive.holds_system or drive.removable or drive.transport == "usb":
            continue
        inside = drive.behind_raid or (drive.transport is not None and drive.removable is not None)
        known = inside and drive.holds_system is not None and drive.bytes is not None
        (sure if known else doubtful).append(drive)
    return sure, doubtful


def _spare_bytes(array: Array, drives: Sequence[Drive]) -> int | None:
    """Return the bytes of an array's hot spares, each as large as its smallest drive; None if that is not known."""
    if array.spares == 0:
        return 0
    sizes = {drive.name: drive.bytes for drive in drives}
    under = [sizes.get(name) for name in _members(array, drives)]
    known = [size for size in under if size is not None]
    if array.spares is None or len(known) < len(under) or not known:
        return None
    return array.spares * min(known)


def _hot_spares(machine: Machine) -> list[int | None]:
    """Return the bytes of the hot spares of each data array."""
    sure, doubtful = _data_arrays(machine)
    known = [_spare_bytes(array, machine.drives or ()) for array in sure]
    return [*known, None] if doubtful or machine.arrays is None else known


def _data(machine: Machine, wanted: Wanted, needs: Needs) -> Finding:
    """Judge the raw bytes. A volume of a controller, or of a host, is what is left of more, so it counts at least."""
    size = wanted.dataset_bytes
    factors = needs.minimum.data_factor, needs.recommended.data_factor
    if machine.drives is None:
        return _sized("ST-DATA", "data drives", UNKNOWN, factors, size, (0, None), why(machine, "drives"))
    sure, doubtful = _data_drives(machine)
    total = sum(drive.bytes or 0 for drive in sure)
    spares = _hot_spares(machine)
    unclear = ["which drives are hot spares is not known"] if None in spares else []
    least = 0 if unclear else max(0, total - sum(spare or 0 for spare in spares))
    unseen = _unseen(machine, sure, doubtful)
    bounds = (least, None if unseen else total if unclear else least)
    hot = 0 if unclear else total - least
    size_of = f"{decimal(least)} and {decimal(hot)} of hot spares" if hot else decimal(total)
    found = f"{size_of} on {len(sure)} {'drive' if len(sure) == 1 else 'drives'}"
    return _sized("ST-DATA", "data drives", found, factors, size, bounds, "; ".join([*unclear, *unseen]))


def _unseen(machine: Machine, sure: Sequence[Drive], doubtful: Sequence[Drive]) -> list[str]:
    """Return why there may be more bytes than are counted."""
    volumes = [drive.name for drive in sure if drive.behind_raid or drive.transport in REMOTE]
    reasons = []
    if doubtful:
        reasons.append(f"not counted, for not enough is known: {', '.join(drive.name for drive in doubtful)}")
    if volumes:
        reasons.append(f"volumes, of which the drives are not seen: {', '.join(volumes)}")
    hidden = hidden_below(machine, "the drives below its own")
    return [*reasons, *([hidden] if hidden else [])]


def _spares(machine: Machine, wanted: Wanted, needs: Needs) -> Finding:
    factors = needs.minimum.spare_factor, needs.recommended.spare_factor
    if factors == (None, None):
        return Finding("ST-SPARE", "spares", "not judged", "", "", NOT_APPLICABLE, f"not asked: {needs.source}")
    shelf = wanted.stated.shelf_spare_bytes
    spares = _hot_spares(machine)
    hot = sum(spare or 0 for spare in spares)
    reasons = []
    if None in spares:
        reasons.append("the hot spares are not all known")
    if shelf is None:
        reasons.append("drives that lie ready are not stated (shelf_spare)")
    found = f"{decimal(hot)} as hot spares" + ("" if shelf is None else f", {decimal(shelf)} on the shelf")
    least = hot + (shelf or 0)
    bounds = (least, None if reasons else least)
    return _sized("ST-SPARE", "spares", found, factors, wanted.dataset_bytes, bounds, "; ".join(reasons))


def _sized(
    requirement: str,
    item: str,
    found: str,
    factors: tuple[int | None, int | None],
    dataset: int | None,
    bounds: tuple[int, int | None],
    reason: str,
) -> Finding:
    """Return the finding on bytes that are asked in sizes of the data set."""
    if dataset is None:
        minimum, more = (asked(factor, f"{factor} x the data set") for factor in factors)
        missing = "the size of the data set is not given (dataset_size)"
        reasons = "; ".join(filter(None, (missing, reason)))
        return Finding(requirement, item, found, minimum, more, UNANSWERED, reasons)
    sizes = [None if factor is None else factor * dataset for factor in factors]
    minimum, more = (asked(size, f"{decimal(size)} ({factor} x the data set)") for factor, size in zip(factors, sizes))
    return Finding(requirement, item, found, minimum, more, grade(*bounds, *sizes), reason)


# ---------------------------------------------------------------------- ST-RAID


def _redundancy(machine: Machine, needs: Needs) -> list[Finding]:
    if not needs.minimum.raid:
        return [Finding("ST-RAID", "array", "not judged", "", "", NOT_APPLICABLE, f"not asked: {needs.source}")]
    if machine.arrays is None or machine.drives is None:
        key = "arrays" if machine.arrays is None else "drives"
        return [_raid_finding("array", UNKNOWN, UNANSWERED, why(machine, key))]
    sure, doubtful = _data_arrays(machine)
    if sure or doubtful:
        unclear = "whether it holds a part of the system is not known"
        return [
            *(_array(array) for array in sure),
            *(_raid_finding(array.name, array.level or UNKNOWN, UNANSWERED, unclear) for array in doubtful),
        ]
    hidden = _redundancy_elsewhere(machine)
    return [_raid_finding("array", "none", UNANSWERED if hidden else UNMET, hidden)]


def _raid_finding(item: str, found: str, verdict: str, reason: str) -> Finding:
    return Finding("ST-RAID", item, found, "RAID 5, or any that survives one drive", "RAID 5", verdict, reason)


def _redundancy_elsewhere(machine: Machine) -> str:
    """Return where redundancy may be that md does not show; nothing if there is none."""
    controllers = machine.controllers
    if controllers is None:
        return f"whether there is a RAID controller is not known: {why(machine, 'controllers')}"
    named = [card.name or f"{card.vendor_id}:{card.device_id}" for card in controllers if card.kind == "raid"]
    if named:
        return f"{', '.join(named)}: ask the controller's own tool"
    drives = [drive for drive in machine.drives or () if not drive.holds_system]
    if any(drive.behind_raid is not False for drive in drives):
        return "a drive may be a volume of a RAID controller"
    if any(drive.contents is None for drive in drives):
        return "what is on the drives is not known"
    pools = sorted({text for drive in drives for text in drive.contents or () if OTHER_POOLS.search(text)})
    if pools:
        return f"redundancy of another kind is not read: {', '.join(pools)}"
    return hidden_below(machine, "the redundancy of its drives")


def _array(array: Array) -> Finding:
    found = f"{array.level or UNKNOWN}, {array.active if array.active is not None else '?'} of {array.devices or '?'}"
    if array.level is None or array.devices is None or not _is_told(array):
        verdict, reason = UNANSWERED, "level, state or members are not known"
    elif _fault(array):
        verdict, reason = UNMET, _fault(array)
    elif array.level in LEVELS_WITHOUT or array.devices < 2:
        verdict, reason = UNMET, "a single failed drive would lose data"
    elif array.level not in LEVELS_AS_ASKED:
        verdict, reason = UNANSWERED, "what this level survives is not known"
    else:
        verdict, reason = RECOMMENDED, _doing(array)
    return _raid_finding(array.name, found, verdict, reason)


def _is_told(array: Array) -> bool:
    """Say whether enough is known of an array to call it complete."""
    return None not in (array.state, array.devices, array.active, array.failed)


def _fault(array: Array) -> str:
    """Return what is wrong with an array; nothing if nothing is known to be."""
    missing = max(0, (array.devices or 0) - array.active) if array.active is not None else 0
    if missing or array.failed:
        return ", ".join(filter(None, (f"degraded: {missing} missing, {array.failed or 0} failed", _doing(array))))
    return f"state {array.state}" if array.state and re.search("degraded|inactive|failed", array.state) else ""


def _doing(array: Array) -> str:
    if not array.action or array.action == "idle":
        return ""
    return array.action + ("" if array.action_percent is None else f" at {array.action_percent:g} %")


# ---------------------------------------------------------------------- ST-GROW, ST-HEALTH


def _growth(wanted: Wanted) -> Finding:
    """Judge whether it is known how the storage grows: no program sees an empty bay."""
    bays, plan = wanted.stated.free_drive_bays, wanted.stated.growth
    free = f"{bays} free drive {'bay' if bays == 1 else 'bays'}" if bays else ""
    ways = [way for way in (free, plan) if way]
    reason = "" if ways else "state free_drive_bays, or how the storage is to grow (growth)"
    return Finding(
        "ST-GROW", "room to grow", "; ".join(ways) or UNKNOWN, "a way to grow", "", MET if ways else UNANSWERED, reason
    )


def _health(machine: Machine) -> list[Finding]:
    physical, incomplete = physical_drives(machine)
    drives = [drive for drive in physical if not drive.removable]
    failed = [drive.name for drive in drives if drive.health == "failed"]
    unknown = [f"{drive.name}: {_why_no_health(machine, drive)}" for drive in drives if drive.health is None]
    doubts = [text for text in (hidden_below(machine, "the health of its drives"), incomplete, *unknown) if text]
    if not drives and not doubts:
        doubts = ["no drive is seen"]
    verdict = UNMET if failed else UNANSWERED if doubts else MET
    found = f"failed: {', '.join(failed)}" if failed else f"{len(drives) - len(unknown)} of {len(drives)} passed"
    return [
        Finding("ST-HEALTH", "drives", found, "every drive passes its own test", "", verdict, "; ".join(doubts)),
        *_array_health(machine),
    ]


def _why_no_health(machine: Machine, drive: Drive) -> str:
    group = "raid_drives" if drive.behind_raid else "drives"
    return drive.health_reason or why(machine, f"{group}.{drive.name}.health")


def _array_health(machine: Machine) -> list[Finding]:
    minimum = "every array is complete"
    if machine.arrays is None:
        return [Finding("ST-HEALTH", "arrays", UNKNOWN, minimum, "", UNANSWERED, why(machine, "arrays"))]
    faults = [f"{array.name} {_fault(array)}" for array in machine.arrays if _fault(array)]
    unclear = [array.name for array in machine.arrays if not _is_told(array)]
    verdict = UNMET if faults else UNANSWERED if unclear else MET
    found = "; ".join(faults) or (UNKNOWN if unclear else f"{len(machine.arrays)} complete")
    reason = f"state or members not known: {', '.join(unclear)}" if unclear else ""
    return [Finding("ST-HEALTH", "arrays", found, minimum, "", verdict, reason)] if machine.arrays else []
