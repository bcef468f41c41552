# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of arrays share: drives and arrays as they are seen, and a model of md that obeys mdadm's commands.

The model refuses what mdadm(8) and the kernel refuse, as their sources say it (Grow.c, Manage.c, md.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import (
    BY_ID,
    Disk,
    Member,
    Running,
    Seen,
    Superblock,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import (
    CREATING,
    ERASE,
    MADE,
    Decision,
    Record,
    Step,
    decide,
)

GB = 10**9
OURS = "9525baa4:747fb8d1:03bbec9e:08286f27"
THEIRS = "11111111:22222222:33333333:44444444"
FRESH = "aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"
MARK = "linux_raid_member machine:eucaim"
MD = "md127"
PARITY = {"raid5": 1, "raid6": 2}
# In the form in which `mdadm --examine` of Debian 13 wrote it in a virtual machine of these tests.
EXAMINED = """\
/dev/sdd:
          Magic : a92b4efc
        Version : 1.2
    Feature Map : 0x1
     Array UUID : 9525baa4:747fb8d1:03bbec9e:08286f27
           Name : machine:eucaim  (local to host machine)
  Creation Time : Thu Nov 26 07:21:55 2026
     Raid Level : raid6
   Raid Devices : 4

 Avail Dev Size : 818176 sectors (399.50 MiB 418.91 MB)
     Array Size : 817152 KiB (798.00 MiB 836.76 MB)
  Used Dev Size : 817152 sectors (399.00 MiB 418.38 MB)
    Data Offset : 1024 sectors
   Super Offset : 8 sectors
          State : clean
    Device UUID : 0eac3b21:eb2d12a8:2460e34a:349ecd2d
Internal Bitmap : 8 sectors from superblock
    Update Time : Thu Nov 26 07:24:04 2026
       Checksum : 27069a5 - correct
         Events : 55
         Layout : left-symmetric
     Chunk Size : 64K
   Device Role : Active device 0
   Array State : AAAA ('A' == active, '.' == missing, 'R' == replacing)
"""


def path_of(number: int) -> str:
    """Return the name that stays with a drive."""
    return f"{BY_ID}ata-DRIVE_{number}"


def paths_of(*numbers: int) -> tuple[str, ...]:
    """Return the names of several drives."""
    return tuple(path_of(number) for number in numbers)


def name_of(number: int) -> str:
    """Return the kernel's name of a drive."""
    return f"sd{chr(ord('b') + number)}"


def wanted_array(devices: Sequence[int] = (0, 1, 2), spares: Sequence[int] = (), **more: Any) -> Wanted:
    """Return what is asked for, by default a RAID 5 of three drives."""
    return Wanted(**{"name": "eucaim", "level": "raid5", **more}, devices=paths_of(*devices), spares=paths_of(*spares))


def mark(**changes: Any) -> Superblock:
    """Return the mark of our array on a drive."""
    usual = Superblock(uuid=OURS, name="eucaim", level="raid5", devices=3, events=55, active=True)
    return replace(usual, **changes)


def disk(number: int, **changes: Any) -> Disk:
    """Return a drive, by default an empty one."""
    base = Disk(id=path_of(number), name=name_of(number), bytes=100 * GB, holds=())
    return replace(base, **changes)


def marked(number: int, found: Superblock | None = None, **changes: Any) -> Disk:
    """Return a drive with a mark, by default of our array."""
    return disk(number, **{"holds": (MARK,), "superblock": found or mark(), **changes})


def inside(number: int, found: Superblock | None = None, **changes: Any) -> Disk:
    """Return a drive that is in our array."""
    return marked(number, found, **{"busy": (f"{name_of(number)} is in use by {MD}",), "array": MD, **changes})


def member(number: int, state: str = "in_sync", slot: str | None = None) -> Member:
    """Return a place in an array."""
    return Member(name_of(number), frozenset(state.split(",")), str(number) if slot is None else slot)


def running(members: Sequence[Member], **changes: Any) -> Running:
    """Return an array that runs, by default our RAID 5."""
    shown: dict[str, Any] = {
        "name": MD,
        "level": "raid5",
        "state": "clean",
        "devices": 3,
        "active": sum("in_sync" in each.state for each in members),
        "chunk_bytes": 524288,
        "uuid": OURS,
        "policy": "bitmap",
        "action": "idle",
        "failed": sum(each.failed for each in members),
        "members": tuple(each.name for each in members),
    }
    return Running(Array(**{**shown, **changes}), tuple(members))


def seen(*disks: Disk, others: Sequence[Disk] = (), array: Running | None = None, **more: Any) -> Seen:
    """Return what was seen."""
    return Seen(
        {each.id: each for each in disks},
        {each.name: each for each in others},
        {array.name: array} if array else {},
        **more,
    )


def healthy(count: int = 3, **changes: Any) -> Seen:
    """Return our array as it was asked for."""
    level = str(changes.get("level", "raid5"))
    found = mark(level=level, devices=count)
    return seen(
        *(inside(number, found) for number in range(count)),
        array=running([member(number) for number in range(count)], **{"devices": count, **changes}),
    )


@dataclass
class Place:
    """A drive in the array of the model."""

    number: int
    slot: int | None = None
    state: set[str] = field(default_factory=set)


@dataclass
class Model:
    """A machine with drives and at most one array, which obeys mdadm's commands as the kernel would."""

    disks: dict[int, Disk]
    record: Record = field(default_factory=Record)
    running: bool = False
    put_together: bool = False  # the kernel has it, started or not
    uuid: str = OURS
    level: str = ""
    devices: int = 0
    policy: str = ""
    action: str = "idle"
    places: list[Place] = field(default_factory=list)
    done: list[tuple[str, ...]] = field(default_factory=list)

    def number(self, path: str) -> int:
        """Return the number of a drive by any of its names."""
        return next(number for number, each in self.disks.items() if path in (path_of(number), each.device))

    def look(self, wanted: Wanted) -> Seen:
        """Return what would be seen."""
        all_disks = {number: self._shown(number, each) for number, each in self.disks.items()}
        named = [each for each in all_disks.values() if each.id in wanted.all]
        others = [each for each in all_disks.values() if each.id not in wanted.all]
        return seen(*named, others=others, array=self._array())

    def _shown(self, number: int, each: Disk) -> Disk:
        if not any(place.number == number for place in self.places):
            return each
        return replace(each, busy=(f"{each.name} is in use by {MD}",), array=MD)

    def _array(self) -> Running | None:
        if not self.put_together:
            return None
        members = [
            Member(name_of(place.number), frozenset(place.state), "none" if place.slot is None else str(place.slot))
            for place in self.places
        ]
        started = {"state": "clean"} if self.running else {"state": "inactive", "level": None}
        return running(
            members,
            **{
                "uuid": self.uuid,
                "level": self.level,
                "devices": self.devices,
                "policy": self.policy,
                "action": self.action,
                "active": len(self.working()),
                **started,
            },
        )

    def working(self) -> set[int]:
        """Return the slots that have a drive in sync."""
        return {place.slot for place in self.places if place.slot is not None and "in_sync" in place.state}

    def act(self, decision: Decision) -> None:
        """Do what was decided, with the record as the module keeps it."""
        if decision.creates:
            self.record = Record(decision.uuid, CREATING)
        for step in decision.steps:
            self.do(step)
            if "--create" in step.argv:
                self.record = Record(decision.uuid, MADE)

    def do(self, step: Step) -> None:
        """Do one thing."""
        if step.kind == ERASE:
            assert step.disk is not None
            number = self.number(step.disk.id)
            assert not self._shown(number, self.disks[number]).busy
            self.disks[number] = replace(self.disks[number], holds=(), superblock=None)
            return
        self.done.append(step.argv)
        program, verb, *rest = step.argv
        assert program == "mdadm"
        {
            "--create": self._create,
            "--assemble": self._assemble,
            "--stop": self._stop,
            "--manage": self._manage,
            "--grow": self._grow,
            "--zero-superblock": self._zero,
        }[verb](rest)

    def _create(self, rest: list[str]) -> None:
        assert not self.put_together
        options = dict(word[2:].partition("=")[::2] for word in rest if word.startswith("--"))
        numbers = [self.number(word) for word in rest if word.startswith(BY_ID)]
        self.level, self.devices = options["level"], int(options["raid-devices"])
        assert len(numbers) == self.devices + int(options.get("spare-devices", "0"))
        self.policy = options.get("consistency-policy", "bitmap" if options.get("bitmap") == "internal" else "resync")
        for number in numbers:
            assert not self.disks[number].busy
            assert self.disks[number].holds == ()
        self.uuid = options["uuid"]
        self._mark(numbers)
        self._start(numbers)

    def _mark(self, numbers: Sequence[int], events: int = 1) -> None:
        for number in numbers:
            found = mark(uuid=self.uuid, level=self.level, devices=self.devices, events=events)
            self.disks[number] = replace(self.disks[number], holds=(MARK,), superblock=found)

    def _start(self, numbers: Sequence[int]) -> None:
        self.put_together = self.running = True
        self.places = [
            Place(number, slot, {"in_sync"}) if slot < self.devices else Place(number, None, {"spare"})
            for slot, number in enumerate(numbers)
        ]
        self._rest()

    def _assemble(self, rest: list[str]) -> None:
        assert not self.put_together
        uuid = next(word.partition("=")[2] for word in rest if word.startswith("--uuid="))
        numbers = [self.number(word) for word in rest if word.startswith(BY_ID)]
        marks = [each for number in numbers for each in [self.disks[number].superblock] if each is not None]
        assert len(marks) == len(numbers)
        assert {each.uuid for each in marks} == {uuid}
        self.uuid = uuid
        newest = max(marks, key=lambda each: each.events)
        self.level, self.devices, self.policy = newest.level, newest.devices, "bitmap"
        whole = [each for each in marks if each.active and not each.filling]
        assert len(whole) >= self.devices - PARITY.get(self.level, 1)
        # The kernel's word: cannot start dirty degraded array (raid5.c).
        dirty = newest.dirty and len(whole) < self.devices and self.level in PARITY
        assert ("--force" in rest) is dirty
        self._start(numbers)

    def _stop(self, rest: list[str]) -> None:
        assert rest == [f"/dev/{MD}"]
        self.put_together = self.running = False
        self.places = []

    def _zero(self, rest: list[str]) -> None:
        number = self.number(rest[0])
        assert not self._shown(number, self.disks[number]).busy
        self.disks[number] = replace(self.disks[number], holds=(), superblock=None)

    def _manage(self, rest: list[str]) -> None:
        array, verb, *words = rest
        assert array == f"/dev/{MD}"
        assert self.running
        if verb == "--fail":
            assert words == ["detached", "--remove", "detached"]
            self.places = [place for place in self.places if place.number in self.disks]
        elif verb == "--remove":
            place = self._place(words[0])
            assert "faulty" in place.state or place.slot is None, "hot remove of a drive that works"
            self.places.remove(place)
        elif verb == "--add":
            number = self.number(words[0])
            each = self._shown(number, self.disks[number])
            assert not each.busy
            found = each.superblock
            assert each.holds == () or (found is not None and found.uuid == self.uuid)
            self._mark([number], 100)
            self.places.append(Place(number, None, {"spare"}))
        else:
            assert verb == "--replace"
            old, with_, new = words
            assert with_ == "--with"
            leaving, coming = self._place(old), self._place(new)
            assert leaving.slot is not None
            assert coming.slot is None
            # Manage_with() writes the slot at once.
            leaving.state.add("want_replacement")
            coming.slot, coming.state = leaving.slot, {"spare", "replacement"}
            self.action = "recover"
        self._rest()

    def _place(self, path: str) -> Place:
        number = self.number(path)
        return next(place for place in self.places if place.number == number)

    def _grow(self, rest: list[str]) -> None:
        array, *options = rest
        assert array == f"/dev/{MD}"
        assert self.running
        assert self.action == "idle", "busy"
        given = dict(word[2:].partition("=")[::2] for word in options)
        if "bitmap" in given:
            assert self.policy != "ppl", "Cannot add bitmap to array with PPL"
            assert (given["bitmap"] == "internal") == (self.policy == "resync")
            self.policy = "bitmap" if given["bitmap"] == "internal" else "resync"
        if "consistency-policy" in given:
            assert self.level == "raid5", "Operation not supported for array level"
            assert self.policy in ("resync", "ppl"), "Current consistency policy is bitmap, cannot change"
            assert given["consistency-policy"] != self.policy, "Consistency policy is already"
            self.policy = given["consistency-policy"]
        if "level" in given:
            assert (self.level, given["level"]) in (("raid1", "5"), ("raid5", "6"))
            assert self.level != "raid1" or self.devices == 2
            self.level = f"raid{given['level']}"
        if "raid-devices" in given:
            self._reshape(int(given["raid-devices"]))

    def _reshape(self, count: int) -> None:
        assert count > self.devices
        assert self.policy != "ppl", "the kernel reshapes no array with a partial parity log"
        assert len(self.working()) == self.devices
        idle = [place for place in self.places if place.slot is None and "faulty" not in place.state]
        assert len(idle) >= count - self.devices, "Need spares to avoid degraded array"
        for slot, place in zip(range(self.devices, count), idle, strict=False):
            place.slot, place.state = slot, {"in_sync"}
        self.devices, self.action = count, "reshape"

    def _rest(self) -> None:
        """Let the kernel give free slots to spares that wait."""
        empty = sorted(set(range(self.devices)) - {place.slot for place in self.places if "faulty" not in place.state})
        idle = [place for place in self.places if place.slot is None and "faulty" not in place.state]
        for slot, place in zip(empty, idle, strict=False):
            place.slot, place.state = slot, {"spare"}
            self.action = "recover"

    def fail(self, number: int) -> None:
        """Let a drive of the array fail."""
        place = next(place for place in self.places if place.number == number)
        place.state, place.slot = {"faulty"}, None
        self._rest()

    def pull(self, number: int) -> None:
        """Take a drive out of the machine; what the kernel remembers of it stays in the array."""
        del self.disks[number]
        self.fail(number)

    def finish(self) -> None:
        """Let the kernel end what it is at."""
        for place in self.places:
            if "replacement" in place.state:
                old = next(each for each in self.places if each.slot == place.slot and "want_replacement" in each.state)
                old.state, old.slot = {"faulty"}, None
        for place in self.places:
            if place.slot is not None:
                place.state = {"in_sync"}
        there = {place.number for place in self.places} & set(self.disks)
        marks = {number: found for number in there for found in [self.disks[number].superblock] if found is not None}
        events = max(found.events for found in marks.values()) + 10
        for number, found in marks.items():
            newer = replace(found, level=self.level, devices=self.devices, events=events)
            self.disks[number] = replace(self.disks[number], superblock=newer)
        self.action = "idle"

    def reboot(self, started: bool) -> None:
        """Start the machine again; its kernel starts the array, or has put it together only."""
        self.running = started

    def run(self, wanted: Wanted, rounds: int = 6) -> Decision:
        """Run the module: look, decide, act, until there is nothing left to do."""
        for _round in range(rounds):
            decision = decide(wanted, self.look(wanted), self.record, FRESH)
            assert [each.text() for each in decision.refusals] == []
            if not decision.steps:
                return decision
            self.act(decision)
        raise AssertionError(f"no end after {rounds} rounds: {self.done}")

    def settle(self, wanted: Wanted, runs: int = 6) -> Decision:
        """Run the module until nothing has to wait for the kernel, which ends meanwhile what it is at."""
        for _run in range(runs):
            decision = self.run(wanted)
            if not decision.waiting and self.action == "idle":
                return decision
            self.finish()
        raise AssertionError(f"the kernel and the module are not done after {runs} runs")
