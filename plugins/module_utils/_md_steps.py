# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that an array is as wanted: one step after the other, what has to wait, and what is refused.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

Sources: mdadm(8) and md(4). The kernel builds, rebuilds and reshapes by itself; nothing here waits for it, and what it
does not allow meanwhile is said to wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.eucaim.local_node.plugins.module_utils._block import device_of
from ansible_collections.eucaim.local_node.plugins.module_utils._md_erasure import Begun
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import (
    Wanted,
    aliases,
    faults_of,
    never,
    why_not,
    worked_alone,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import (
    Disk,
    Member,
    Running,
    Seen,
    Superblock,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div

CREATING, MADE = "creating", "made"
ERASE = "erase"
RUN = "run"
# How many drives an array may lack and still be started; of a mirror, all but one.
_TOLERANCE = {"raid1": 10**6, "raid5": 1, "raid6": 2}
_PARITY = ("raid5", "raid6")
_AT_REST = (None, "idle", "frozen")


@dataclass(frozen=True)
class Record:
    """What the node remembers of an array that was made here."""

    uuid: str = ""
    stage: str = ""  # creating: not every drive may have its mark; made: the array has been there
    erasing: Mapping[str, Begun] = field(default_factory=dict)  # by the name of the drive, until all of it is gone


@dataclass(frozen=True)
class Step:
    """One thing to do, in words and as a command."""

    text: str
    argv: tuple[str, ...]
    kind: str = RUN
    disk: Disk | None = None  # to be erased, or to be written to for the first time


@dataclass
class Decision:
    """What comes of a look at the drives."""

    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # wanted, and not possible while the kernel works
    problems: list[str] = field(default_factory=list)  # wrong, and for a person to mend
    notes: list[str] = field(default_factory=list)  # other than asked for, and left as it is
    running: Running | None = None
    uuid: str = ""
    creates: bool = False  # or would, were nothing refused
    used: bool = False  # the array is mounted, or something lies on it

    def erasing(self) -> dict[str, Begun]:
        """Return what the drives hold that are erased first."""
        disks = [step.disk for step in self.steps if step.kind == ERASE and step.disk is not None]
        return {disk.id: Begun(disk.name, disk.holds) for disk in disks if disk.holds}


def own_uuid(wanted: Wanted, seen: Seen, record: Record) -> tuple[str, list[Refusal]]:
    """Return the UUID of the array that is meant: the one remembered, else the only one of that name there."""
    marks = {disk.superblock for disk in seen.disks.values() if disk.superblock is not None}
    # An array that runs counts with none of its drives named, too: all of them may be about to be exchanged.
    there = {mark.uuid for mark in marks} | {running.shown.uuid for running in seen.arrays.values()}
    if record.uuid and (record.stage == CREATING or record.uuid in there):
        return record.uuid, []
    named = sorted({mark.uuid for mark in marks if mark.name == wanted.name})
    if len(named) > 1:
        return "", [
            Refusal(
                "ST-RAID",
                f"{wanted.prefix}drives",
                f"drives of {len(named)} arrays that are called {wanted.name} ({', '.join(named)})",
                "drives of one array, or empty ones",
                "name the drives of the array that is meant; `mdadm --examine` shows which are whose",
            )
        ]
    return (named[0] if named else ""), []


def find(seen: Seen, uuid: str) -> Running | None:
    """Return the array with that UUID, if the kernel knows it."""
    for running in seen.arrays.values():
        if uuid and uuid in (running.shown.uuid, *(mark.uuid for mark in _marks(seen, running))):
            return running
    return None


def _marks(seen: Seen, running: Running) -> list[Superblock]:
    inside = (disk for disk in seen.disks.values() if disk.array == running.name)
    return [disk.superblock for disk in inside if disk.superblock is not None]


def decide(wanted: Wanted, seen: Seen, record: Record, fresh_uuid: str) -> Decision:
    """Return what has to be done next. fresh_uuid is taken for an array that is made now."""
    decision = Decision(refusals=[*faults_of(wanted), *aliases(wanted, seen)])
    if decision.refusals:
        return decision
    decision.uuid, decision.refusals = own_uuid(wanted, seen, record)
    if decision.refusals:
        return decision
    decision.running = find(seen, decision.uuid)
    marked = [path for path in wanted.all if _marked(seen, path, decision.uuid)]
    complete = set(wanted.devices) <= set(marked)
    half_made = record.stage == CREATING and not complete and not _used(seen, marked)
    if decision.running is not None and decision.running.active:
        decision.used = bool(seen.uses.get(decision.running.name))
        _compare(wanted, seen, decision.running, decision)
        return decision
    if decision.running is not None:
        text = f"stop what the kernel has put together of {wanted.name} and could not start"
        decision.steps.append(Step(text, ("mdadm", "--stop", device_of(decision.running.name))))
    if marked and not half_made:
        _assemble(wanted, seen, marked, decision)
    elif decision.running is None:
        _create(wanted, seen, decision, fresh_uuid)
    return decision


def _marked(seen: Seen, path: str, uuid: str) -> bool:
    disk = seen.disks.get(path)
    return bool(uuid) and disk is not None and disk.superblock is not None and disk.superblock.uuid == uuid


def _used(seen: Seen, paths: list[str]) -> bool:
    """Whether an array of these drives has ever been started: mdadm begins to count its events with 1, or 0.

    Those of a RAID 0 are never counted, so it may have been.
    """
    marks = (seen.disks[path].superblock for path in paths)
    return any(mark.events > 1 or mark.level == "raid0" for mark in marks if mark is not None)


def _assemble(wanted: Wanted, seen: Seen, paths: list[str], decision: Decision) -> None:
    """Start an array from its drives, also where one of them is missing: it has redundancy for that."""
    marks = [mark for path in paths for mark in [seen.disks[path].superblock] if mark is not None]
    # A drive that has been away for long tells of an array that was, and mdadm does not take it (Assemble.c).
    newest = max(marks, key=lambda mark: mark.events)
    count, level = newest.devices, newest.level
    there = sum(mark.active and not mark.filling and mark.events + 1 >= newest.events for mark in marks)
    least = max(1, count - _TOLERANCE.get(level, 0))
    if level == "raid10":
        least = ceil_div(count, 2)
    if there < least:
        decision.steps.clear()
        decision.refusals.append(
            Refusal(
                "ST-RAID",
                f"{wanted.prefix}drives",
                f"{there} of the {count} drives of {wanted.name}",
                f"at least {least}, with which a {level} can be started",
                "look for the others: their cables, their power, their names; if it is an older array of that name, "
                f"choose another {wanted.prefix}name, and the next refusal says what each drive holds",
            )
        )
        return
    options = ["--run", f"--uuid={decision.uuid}"]
    if newest.dirty and there < count and level in _PARITY:
        # The kernel starts none that lacks a drive and was being written to; every drive that is needed is there.
        options.append("--force")
        decision.notes.append(
            f"{wanted.name} lacked a drive when the power failed, and is started all the same: what was being written "
            "in that moment may be damaged, and what lies beside it in the same stripe (md(4), raid write hole); "
            "compare with a backup"
        )
    if there < min(count, newest.places.count("A")):
        decision.notes.append(
            f"{wanted.name} is started from {there} of its {count} drives, and others were at work when it was seen "
            "last: if they went on without these, what is newer is on them"
        )
    argv = ("mdadm", "--assemble", f"/dev/md/{wanted.name}", *options, *paths)
    decision.steps.append(Step(f"start the array {wanted.name} from {len(paths)} drives", argv))


def _create(wanted: Wanted, seen: Seen, decision: Decision, fresh_uuid: str) -> None:
    decision.creates = True
    half_made = (decision.uuid,) if decision.uuid else ()
    reasons = [why_not(wanted, seen, path, half_made) for path in wanted.all]
    decision.refusals += [reason for reason in reasons if reason is not None]
    if decision.refusals:
        return
    decision.uuid = decision.uuid or fresh_uuid
    disks = [seen.disks[path] for path in wanted.all]
    decision.steps += [_erase(disk) for disk in disks if disk.holds or disk.superblock is not None]
    argv = ["mdadm", "--create", f"/dev/md/{wanted.name}", "--run", "--metadata=1.2", f"--name={wanted.name}"]
    argv += [f"--uuid={decision.uuid}", f"--level={wanted.level}", f"--raid-devices={len(wanted.devices)}"]
    argv += [f"--spare-devices={len(wanted.spares)}"] if wanted.spares else []
    argv += [f"--chunk={wanted.chunk_bytes // 1024}"] if wanted.level != "raid1" else []
    argv += [f"--layout={_short(wanted.layout)}"] if wanted.layout else []
    argv += _policy_at_birth(wanted)
    spares = f" and {len(wanted.spares)} spare" if wanted.spares else ""
    text = f"make {wanted.level} {wanted.name} of {len(wanted.devices)} drives{spares}"
    decision.steps.append(Step(f"{text}: {', '.join(wanted.all)}", (*argv, *wanted.all)))


def _short(layout: str) -> str:
    """Return the layout of a RAID 10 as mdadm takes it: n2 for near=2."""
    kind, sign, copies = layout.partition("=")
    return f"{kind[0]}{copies}" if sign else layout


def _policy_at_birth(wanted: Wanted) -> list[str]:
    if not wanted.has_redundancy:
        return []
    return {
        "ppl": ["--consistency-policy=ppl"],
        "bitmap": ["--bitmap=internal"],
        "resync": ["--bitmap=none"],
    }[wanted.policy]


def _erase(disk: Disk) -> Step:
    holds = disk.words or "a mark of an array that was begun"
    return Step(f"erase {disk.id} ({disk.device}), which holds: {holds}", (), ERASE, disk)


def _compare(wanted: Wanted, seen: Seen, running: Running, decision: Decision) -> None:
    """Find what is to be done with an array that runs."""
    members = {member.name for member in running.members}
    inside = [path for path in wanted.all if path in seen.disks and seen.disks[path].name in members]
    known = {seen.disks[path].name for path in inside}
    strangers = [member for member in running.members if member.name not in known]
    new = [path for path in wanted.all if path in seen.disks and path not in inside]
    least = max((mark.needs_bytes for mark in _marks(seen, running)), default=0)
    reasons = {path: why_not(wanted, seen, path, (decision.uuid,), least) for path in new}
    decision.refusals += [reason for reason in reasons.values() if reason is not None]
    taken = [path for path, reason in reasons.items() if reason is None]
    decision.refusals += _impossible(wanted, seen, running, strangers, taken)
    if decision.refusals:
        return
    _tell_problems(wanted, seen, running, inside, decision)
    array = device_of(running.name)
    gone = [member for member in strangers if seen.disk_named(member.name) is None]
    decision.notes += [
        f"{path} is in the array now: its entry in {wanted.prefix}erase has done its work, take it out"
        for path in inside
        if path in (wanted.erase or {})
    ]
    if gone:
        # mdadm itself sees which these are: only what cannot be opened any more is meant.
        options = ("--fail", "detached", "--remove", "detached")
        text = f"let go of {len(gone)} drives that are gone"
        decision.steps.append(Step(text, ("mdadm", "--manage", array, *options)))
    for member in strangers:
        disk = seen.disk_named(member.name)
        if disk is not None and (member.failed or member.idle):
            why = "which has failed" if member.failed else "a spare that is not named"
            text = f"remove {disk.id}, {why}"
            decision.steps.append(Step(text, ("mdadm", "--manage", array, "--remove", disk.device)))
    for path in new:
        disk = seen.disks[path]
        ours = _marked(seen, path, decision.uuid) and disk.only_marked and not worked_alone(seen, disk)
        decision.steps += [_erase(disk)] if disk.holds and not ours else []
        if ours and disk.superblock is not None and disk.superblock.active:
            decision.notes.append(
                f"{path} was in the array before and left it, perhaps because it failed: it is filled again; see what "
                "`smartctl --all` says of it"
            )
        decision.steps.append(Step(f"add {path} to {wanted.name}", ("mdadm", "--manage", array, "--add", path)))
    leaving = _leaving(seen, running, strangers)
    idle = [path for path in inside if _member(seen, running, path).idle]
    copied = _copied(running, strangers)
    busy = _busy(running) or ("drives have been replaced" if copied else "")
    for member in copied:
        decision.waiting.append(f"to remove {_name(seen, member)}: until it has been copied")
    _replace(seen, array, leaving, [*new, *idle], busy, decision)
    changes = _reshape(wanted, running, array) or _policy(wanted, running, array)
    if not changes:
        return
    texts = " and ".join(step.text for step in changes)
    spare = len(new) + len(idle) - len(leaving)
    more = len(wanted.devices) - (running.shown.devices or 0)
    # No spare is used up to grow in the place of a drive that is not there: growing cannot be taken back.
    lacking = max(more - spare, sum(path not in seen.disks for path in wanted.devices) if more > 0 else 0)
    if busy or leaving:
        decision.waiting.append(f"to {texts}: until {busy or 'drives have been replaced'}")
    elif lacking > 0:
        decision.waiting.append(f"to {texts}: for {lacking} drives that are not there")
    else:
        decision.steps += changes


def _member(seen: Seen, running: Running, path: str) -> Member:
    return next(member for member in running.members if member.name == seen.disks[path].name)


def _busy(running: Running) -> str:
    """Return what the kernel does with the array, or why it soon will; nothing if it is at rest and whole."""
    shown = running.shown
    if shown.action not in _AT_REST:
        percent = f" ({shown.action_percent} % done)" if shown.action_percent is not None else ""
        return f"the {shown.action} has ended{percent}"
    if (shown.active or 0) < (shown.devices or 0):
        return "the array is whole again"
    return ""


def _leaving(seen: Seen, running: Running, strangers: list[Member]) -> list[Member]:
    """Return the drives that work in the array, are there, are not named, and still need one that takes their place."""
    copied = _copied(running, strangers)
    there = (member for member in strangers if seen.disk_named(member.name) is not None and member not in copied)
    return [member for member in there if not member.failed and not member.idle]


def _copied(running: Running, strangers: list[Member]) -> list[Member]:
    """Return the drives that are being copied to a named one. From the first moment on both have the same place."""
    places = {each.slot for each in running.members if "replacement" in each.state and each not in strangers}
    return [member for member in strangers if member.slot in places and not member.failed]


def _is_part(seen: Seen, member: Member) -> bool:
    """Say whether a member is a partition of a drive that is there: sdb1, nvme0n1p1. sdaa is none of sda."""
    names = [disk.name for disk in seen.disks.values()] + list(seen.others)
    parts = (re.escape(name) + (r"p\d+" if name[-1].isdigit() else r"\d+") for name in names)
    return any(re.fullmatch(part, member.name) for part in parts)


def _name(seen: Seen, member: Member) -> str:
    disk = seen.disk_named(member.name)
    return disk.id if disk is not None else member.name


def _replace(seen: Seen, array: str, leaving: list[Member], spares: list[str], busy: str, decision: Decision) -> None:
    """Copy drives that are to leave onto new ones, so that the array never lacks one."""
    for member, path in zip(leaving, spares):
        name = _name(seen, member)
        text = f"replace {name} with {path}"
        if "want_replacement" in member.state:
            decision.waiting.append(f"to remove {name}: until it has been copied")
        elif busy:
            decision.waiting.append(f"to {text}: until {busy}")
        else:
            argv = ("mdadm", "--manage", array, "--replace", device_of(member.name), "--with", path)
            decision.steps.append(Step(text, argv))


def _impossible(
    wanted: Wanted, seen: Seen, running: Running, strangers: list[Member], new: list[str]
) -> Iterator[Refusal]:
    """Find what would lose data, or what md cannot do."""
    level, count, now = running.shown.level, len(wanted.devices), running.shown.devices or 0
    parts = [member.name for member in strangers if _is_part(seen, member)]
    if parts:
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}drives",
            f"{', '.join(parts)} in the array {wanted.name}, a part of a drive",
            "whole drives",
            f"take it out with `mdadm --manage /dev/md/{wanted.name} --remove`, or keep this array by hand",
        )
        return
    if level != wanted.level and (level, wanted.level) not in (("raid1", "raid5"), ("raid5", "raid6")):
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}level",
            f"the array {wanted.name} is {level}, asked for is {wanted.level}",
            "its own level, or a step from RAID 1 of two drives to RAID 5, or from RAID 5 to RAID 6",
            f"ask for {level}; other levels need a new array on other drives, and a copy",
        )
        return
    if level == "raid1" and wanted.level == "raid5" and now == 2 and count <= now:
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}level",
            f"the array {wanted.name} is a mirror of {now}, asked for is raid5 of {count}",
            "raid1, or a third drive with which it becomes a RAID 5: there is no way back",
            f"set {wanted.prefix}level to raid1 (raid5 is what it is where nothing is said), or name another drive",
        )
        return
    if level == "raid1" and wanted.level == "raid5" and now != 2:
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}level",
            f"a mirror of {now} drives that is to become RAID 5",
            "a mirror of two",
            "ask for raid1 (mdadm(8), GROW MODE)",
        )
    least = now + 1 if (level, wanted.level) == ("raid5", "raid6") else now
    if count < least:
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}drives",
            f"{count} drives for an array of {now}" + ("" if least == now else f", of which {wanted.level} is wanted"),
            f"at least {least}: without them the array would lack a drive",
            "name every drive; in the place of one that failed, the drive that replaces it",
        )
        return
    if level == "raid0" and count > now:
        yield Refusal(
            "ST-GROW",
            f"{wanted.prefix}drives",
            f"{count} drives for a RAID 0 of {now}",
            f"{now}: a RAID 0 is not made longer here",
            "plan again with redundancy",
        )
    leaving = _leaving(seen, running, strangers)
    idle = sum(member.idle for member in running.members if member not in strangers)
    if len(leaving) > len(new) + idle:
        names = [_name(seen, member) for member in leaving]
        yield Refusal(
            "ST-RAID",
            f"{wanted.prefix}drives",
            f"{', '.join(names)} in the array {wanted.name}, but not named",
            "each of its drives, or a new drive for each that is to leave",
            "name it, or the drive that is to take its place: a removed drive would break the array",
        )


def _tell_problems(wanted: Wanted, seen: Seen, running: Running, inside: list[str], decision: Decision) -> None:
    for path in wanted.all:
        if path not in seen.disks:
            decision.problems.append(f"{path} is not there: replace the drive, and name the new one in its place")
    for path in inside:
        if _member(seen, running, path).failed:
            decision.problems.append(f"{path} has failed: replace the drive, and name the new one in its place")
    chunk = running.shown.chunk_bytes
    if wanted.level != "raid1" and running.shown.level == wanted.level and chunk not in (wanted.chunk_bytes, 0, None):
        decision.notes.append(
            f"the chunk is {chunk} bytes, and {wanted.chunk_bytes} were asked for: it is left as it is"
        )


def _reshape(wanted: Wanted, running: Running, array: str) -> list[Step]:
    """Return the steps to another level or to more drives."""
    count, now, level = len(wanted.devices), running.shown.devices or 0, running.shown.level
    steps: list[Step] = []
    if level == wanted.level and count == now:
        return steps
    if running.shown.policy == "ppl":
        # The kernel reshapes no array with a partial parity log; the next run switches it on again.
        steps.append(Step("switch the partial parity log off", _grow(array, "--consistency-policy=resync")))
    if (level, wanted.level) == ("raid1", "raid5"):
        steps.append(Step("turn the mirror into RAID 5", _grow(array, "--level=5")))
    if (level, wanted.level) == ("raid5", "raid6"):
        text = f"turn RAID 5 of {now} into RAID 6 of {count} drives"
        return [*steps, Step(text, _grow(array, "--level=6", f"--raid-devices={count}"))]
    return [*steps, Step(f"grow from {now} to {count} drives", _grow(array, f"--raid-devices={count}"))]


def _grow(array: str, *options: str) -> tuple[str, ...]:
    return ("mdadm", "--grow", array, *options)


def _policy(wanted: Wanted, running: Running, array: str) -> list[Step]:
    """Return the steps to another way of keeping parity right after a power cut."""
    now = running.shown.policy
    if not wanted.has_redundancy or now in (wanted.policy, None, "unknown"):
        return []
    steps = []
    if now == "bitmap":
        steps.append(Step("take the write-intent bitmap away", _grow(array, "--bitmap=none")))
    if now == "ppl":
        steps.append(Step("switch the partial parity log off", _grow(array, "--consistency-policy=resync")))
    if wanted.policy == "bitmap":
        steps.append(Step("add a write-intent bitmap", _grow(array, "--bitmap=internal")))
    elif wanted.policy == "ppl":
        steps.append(Step("switch the partial parity log on", _grow(array, "--consistency-policy=ppl")))
    return steps


def decide_absent(wanted: Wanted, seen: Seen, record: Record, _fresh_uuid: str) -> Decision:
    """Return what has to be done so that the array is gone. Its data is lost, so every drive has to be spoken for."""
    faults = [fault for fault in faults_of(wanted) if fault.requirement == "ST-DATA"]
    decision = Decision(refusals=[*faults, *aliases(wanted, seen)])
    if decision.refusals:
        return decision
    decision.uuid, decision.refusals = own_uuid(wanted, seen, record)
    decision.running = find(seen, decision.uuid)
    marked = [path for path in wanted.all if _marked(seen, path, decision.uuid)]
    unspoken = {path: seen.disks[path].words for path in marked}
    unspoken = {path: words for path, words in unspoken.items() if (wanted.erase or {}).get(path) != words}
    if unspoken:
        decision.refusals.append(
            Refusal(
                "ST-DATA",
                f"{wanted.prefix}erase",
                f"drives of the array {wanted.name} whose data would be lost: {', '.join(unspoken)}",
                "for each of them, what it holds, in words",
                f"if all of that is to be destroyed for ever: {wanted.prefix}erase: {unspoken!r}",
            )
        )
    decision.refusals += _kept(wanted, seen, decision.running, marked)
    used = decision.running and seen.uses.get(decision.running.name)
    if used:
        decision.refusals.append(
            Refusal(
                "ST-DATA",
                f"{wanted.prefix}state",
                f"the array {wanted.name} in use: {'; '.join(used)}",
                "an array that nobody uses",
                "unmount it, and take what lies on it away yourself",
            )
        )
    if decision.refusals:
        return decision
    if decision.running is not None:
        decision.steps.append(
            Step(f"stop the array {wanted.name}", ("mdadm", "--stop", device_of(decision.running.name)))
        )
    for path in marked:
        decision.steps.append(Step(f"take the mark of the array from {path}", ("mdadm", "--zero-superblock", path)))
    return decision


def _kept(wanted: Wanted, seen: Seen, running: Running | None, marked: list[str]) -> Iterator[Refusal]:
    """Find the drives for which nobody has spoken, and those that something else uses."""
    for path in marked:
        disk = seen.disks[path]
        in_it = running is not None and disk.array == running.name
        reason = never(replace(disk, busy=()) if in_it else disk, f"{wanted.prefix}drives", path)
        if reason is not None:
            yield reason
    named = {seen.disks[path].name for path in marked}
    others = [member for member in (running.members if running else ()) if member.name not in named]
    if others:
        yield Refusal(
            "ST-DATA",
            f"{wanted.prefix}drives",
            f"{', '.join(_name(seen, member) for member in others)} in the array {wanted.name}, but not named",
            "each of its drives, for the data of all of them is lost",
            "name every drive of the array, and repeat in erase what it holds",
        )
