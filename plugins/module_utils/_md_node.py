# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the drives of the node that it runs on, and does to them what was decided.

Private to this collection: nothing outside may import it. The only part of the arrays that touches a drive.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as files
from ansible_collections.eucaim.local_node.plugins.module_utils import _probes as probes
from ansible_collections.eucaim.local_node.plugins.module_utils._block import device_of, name_of
from ansible_collections.eucaim.local_node.plugins.module_utils._file_system_head import (
    HEAD_BYTES,
    Head,
    parse_head,
    uuid_for,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_recorder import Recorder
from ansible_collections.eucaim.local_node.plugins.module_utils._md_erasure import Begun, as_before
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import LEVELS, POLICIES, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import (
    BY_ID,
    UNRECOGNISED,
    Disk,
    Looked,
    Running,
    Seen,
    parse_examines,
    parse_wipefs,
    read_seen,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import CREATING, ERASE, MADE, Decision, Record
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

VERSION = 1
TIMEOUT = 30.0
# Within these bytes of either end begins every file system, table and mark that anything recognises, and what stands in
# a first partition.
EDGE = 4 << 20
SYS = "/sys/block"
# A file system leaves less than this of its device unused, if it was made for all of it.
GROWN = 0.998


def array_options() -> dict[str, dict[str, Any]]:
    """Return the options of the doc fragment array."""
    return {
        "name": {"type": "str", "required": True},
        "level": {"type": "str", "choices": list(LEVELS), "default": "raid5"},
        "drives": {"type": "list", "elements": "str", "required": True},
        "spares": {"type": "list", "elements": "str", "default": []},
        "chunk_bytes": {"type": "int", "default": 524288},
        "layout": {"type": "str", "default": ""},
        "consistency_policy": {"type": "str", "choices": list(POLICIES), "default": "bitmap"},
        "member_bytes": {"type": "int", "default": 0},
        "erase": {"type": "dict", "default": {}},
        "prefix": {"type": "str", "default": ""},
        "record_directory": {"type": "path", "default": "/var/lib/eucaim/storage"},
    }


def wanted_of(params: Mapping[str, Any]) -> Wanted:
    """Return the array that these options ask for."""
    return Wanted(
        name=params["name"],
        level=params["level"],
        devices=tuple(params["drives"]),
        spares=tuple(params["spares"]),
        chunk_bytes=params["chunk_bytes"],
        layout=params["layout"],
        policy=params["consistency_policy"],
        member_bytes=params["member_bytes"],
        erase=params["erase"],
        prefix=params["prefix"],
    )


class MdNode:
    """The node's drives, and its record of one array."""

    def __init__(self, module: AnsibleModule, name: str, directory: str) -> None:
        self.module = module
        self.name = name
        self.path = os.path.join(directory, f"{name}.json")
        self.formatting = Formatting(directory, name)
        digits = uuid.uuid4().hex
        self.fresh_uuid = ":".join(digits[start : start + 8] for start in range(0, 32, 8))

    def record(self) -> Record:
        """Return what is remembered."""
        loaded = files.read_object(self.path)
        kept = loaded.get("erasing")
        begun = {str(path): Begun.from_dict(data) for path, data in (kept if isinstance(kept, dict) else {}).items()}
        erasing = {path: each for path, each in begun.items() if each is not None}
        return Record(str(loaded.get("uuid", "")), str(loaded.get("stage", "")), erasing)

    def remember(self, decision: Decision) -> None:
        """Note that the array is there; one that was adopted is remembered, too."""
        running = decision.running
        if running is None or not running.active or self.module.check_mode:
            return
        record = self.record()
        if (record.uuid, record.stage) == (decision.uuid, CREATING) and not decision.used:
            self._finish_blank(device_of(running.name))
        self._write(Record(decision.uuid, MADE))

    def _finish_blank(self, device: str) -> None:
        """Blank an array whose making was cut off before that; what somebody may have made on it since stays."""
        kind = contents(self.module, device).kind
        if kind == UNRECOGNISED:
            self._claim([device])
            blank(device)
        elif kind:
            self.module.fail_json(
                msg=f"[ST-DATA] found {kind} on {device}, whose making was cut off: it is older than the array, or "
                f"somebody has made it since; needed: to know which; remedy: if it is older, `wipefs --all {device}`; "
                f"if it is in use, remove {self.path}; and run again"
            )

    def _write(self, record: Record) -> None:
        if record == self.record():
            return
        data: dict[str, Any] = {"version": VERSION, "uuid": record.uuid, "stage": record.stage}
        if record.erasing:
            data["erasing"] = {path: begun.as_dict() for path, begun in record.erasing.items()}
        content = json.dumps(data, sort_keys=True) + "\n"
        files.make_directory(os.path.dirname(self.path), 0o755)
        files.write(self.module, self.path, content.encode(), 0o600)
        # It has to be there before the first mark is on a drive, whatever comes between.
        os.sync()

    def look(self, wanted: Wanted) -> Seen:
        """Read everything that a decision needs."""
        recording = Recorder((), TIMEOUT, probes.DRIVES).record()
        named = {path: os.path.realpath(path) for path in wanted.all if os.path.exists(path)}
        names = {path: name_of(real) for path, real in named.items()}
        marks = self._examine(sorted(set(named.values())))
        looked = {}
        for name in sorted(set(names.values())):
            device = device_of(name)
            looked[name] = Looked(marks.get(device, ""), signatures(self.module, device), is_blank(device))
        return as_before(read_seen(recording, names, looked), self.record().erasing)

    def _examine(self, devices: list[str]) -> dict[str, str]:
        """Return what mdadm says of the marks on some drives; it ends with an error where one has none."""
        if not devices or not self.module.get_bin_path("mdadm", opt_dirs=["/sbin", "/usr/sbin"]):
            return {}
        _code, out, _err = files.run(self.module, ["mdadm", "--examine", *devices])
        return parse_examines(out)

    def act(self, wanted: Wanted, decision: Decision) -> None:
        """Do what was decided."""
        erasing = decision.erasing()
        if decision.creates:
            self._write(Record(decision.uuid, CREATING, erasing))
        elif erasing:
            self._write(replace(self.record(), erasing=erasing))
        for step in decision.steps:
            if step.kind == ERASE and step.disk is not None:
                self._erase(step.disk)
                record = self.record()
                left = {path: begun for path, begun in record.erasing.items() if path != step.disk.id}
                self._write(replace(record, erasing=left))
                continue
            paths = [path for path in step.argv if path.startswith(BY_ID)]
            if "--create" in step.argv or "--add" in step.argv:
                self._claim(paths)
            self._run(step.text, list(step.argv))
            if "--create" in step.argv:
                self._begin_blank(paths[0])
                self._write(Record(decision.uuid, MADE))
        files.run(self.module, ["udevadm", "settle", "--timeout=30"])

    def _claim(self, paths: list[str]) -> None:
        """Ask the kernel itself whether somebody uses one of these drives."""
        for path in paths:
            try:
                # Not to write: udev reads the table anew behind whoever does, and the partitions are gone meanwhile.
                os.close(os.open(path, os.O_RDONLY | os.O_EXCL))
            except OSError as error:
                self.module.fail_json(
                    msg=f"[ST-DATA] found {path} in use ({error.strerror}); needed: a drive that nobody uses; remedy: "
                    "see with `lsblk` and `fuser` who does"
                )

    def _begin_blank(self, path: str) -> None:
        """Blank both ends of the array that has just been made of a drive and others.

        It begins far behind what is erased of its drives, where the file system of an older array may stand.
        """
        name = name_of(os.path.realpath(path))
        for array in os.listdir(f"{SYS}/{name}/holders"):
            blank(device_of(array))

    def _erase(self, disk: Disk) -> None:
        self._claim([disk.id])
        real = os.path.realpath(disk.id)
        if real != disk.device:
            self.module.fail_json(
                msg=f"[ST-DATA] found {disk.id} to be {real}, and to have been {disk.device} before; needed: a name "
                "that stays with its drive; remedy: see with `lsblk` which drive it is, and run again"
            )
        files.run(self.module, ["udevadm", "settle", "--timeout=30"])
        parts = sorted(name for name in os.listdir(f"{SYS}/{disk.name}") if name.startswith(disk.name))
        for device in [*(device_of(part) for part in parts), real]:
            self._run(f"erase {device}", ["wipefs", "--all", "--force", device])
        if parts:
            self._run(f"forget the partitions of {real}", ["blockdev", "--rereadpt", real])
        blank(real)
        files.run(self.module, ["udevadm", "settle", "--timeout=30"])

    def _run(self, text: str, argv: list[str]) -> None:
        code, out, err = files.run(self.module, argv)
        if code:
            said = " ".join(f"{out} {err}".split())[-600:]
            self.module.fail_json(
                msg=f"[ST-RAID] found no way to {text}: `{' '.join(argv)}` ended with {code}: {said}; needed: that it "
                "ends well; remedy: mend what it names, and run again"
            )

    def file_system(self, seen: Seen, running: Running | None) -> dict[str, Any] | None:
        """Return what lies on the array itself, a file system or what else wipefs knows; None if none runs."""
        if running is None or not running.active:
            return None
        inside = (disk.superblock for disk in seen.disks.values() if disk.array == running.name)
        array = running.shown.uuid or next((mark.uuid for mark in inside if mark is not None), "")
        device = self.device(running)
        return {
            **self.formatting.shown(contents(self.module, device_of(running.name)), uuid_for(array)),
            "device": device,
            "missing": "",
            "mounted_on": list(seen.mounts.get(running.name, ())),
        }

    def device(self, running: Running | None) -> str:
        """Return the array's device file, by its name where that leads to it; the kernel may have chosen another."""
        named = f"/dev/md/{self.name}"
        if running is None or os.path.realpath(named) == device_of(running.name):
            return named
        return device_of(running.name)

    def progress(self, running: Running | None) -> dict[str, Any] | None:
        """Return what the kernel is at, in percent and seconds left."""
        if running is None or running.shown.action in (None, "idle", "frozen"):
            return None
        folder = f"{SYS}/{running.name}/md"
        speed = (files.read_text(f"{folder}/sync_speed") or "").strip()
        done, _slash, total = (files.read_text(f"{folder}/sync_completed") or "").partition(" / ")
        left = None
        if speed.isdigit() and int(speed) and done.strip().isdigit() and total.strip().isdigit():
            # Sectors of 512 bytes at KiB a second (md.rst).
            left = (int(total) - int(done)) // 2 // int(speed)
        return {"action": running.shown.action, "percent": running.shown.action_percent, "seconds_left": left}


class Formatting:
    """The note that the role leaves while a file system is being made: what is left of that if it is cut off is a rest.

    It is there from the program's start to the first mount, and no longer.
    """

    def __init__(self, directory: str, name: str) -> None:
        self.path = os.path.join(directory, f"{name}.formatting")

    def shown(self, found: Contents, uuid: str) -> dict[str, Any]:
        """Return what lies on a device as a module does; uuid is the one that its file system gets, or has."""
        rest = found.kind == UNRECOGNISED and (files.read_text(self.path) or "").strip() == uuid
        return {**found.as_dict(uuid), **({"kind": "", "half_made": True} if rest else {})}

    def end(self, found: Mapping[str, Any] | None) -> None:
        """Take the note away where a whole file system is."""
        if found and found["bytes"] and not found["half_made"]:
            files.delete(self.path)


@dataclass(frozen=True)
class Contents:
    """What lies on a device: a file system by its head, or what else is recognised, in words."""

    bytes: int  # of the device
    head: Head | None = None
    words: str = ""

    @property
    def kind(self) -> str:
        """The kind of file system, or the words; empty if there is nothing."""
        return self.head.kind if self.head else self.words

    def as_dict(self, uuid: str) -> dict[str, Any]:
        """Return it as a module does; uuid is the one that a file system gets that is made now."""
        return {
            "kind": self.kind,
            "uuid": self.head.uuid if self.head else uuid,
            "label": self.head.label if self.head else "",
            "bytes": self.head.bytes if self.head else 0,
            "half_made": self.head is not None and self.head.half_made,
            "can_grow": self.head is not None and self.head.bytes < self.bytes * GROWN,
        }


def contents(module: AnsibleModule, path: str) -> Contents:
    """Look at what lies on a device."""
    with open(path, "rb", buffering=0) as handle:
        head = parse_head(handle.read(HEAD_BYTES))
        size = handle.seek(0, os.SEEK_END)
    if head is not None:
        return Contents(size, head)
    return Contents(size, None, "; ".join(signatures(module, path) or (() if is_blank(path) else (UNRECOGNISED,))))


def signatures(module: AnsibleModule, path: str) -> tuple[str, ...]:
    """Return what wipefs recognises on a device."""
    code, out, err = files.run(module, ["wipefs", "--json", "--no-act", path])
    try:
        found = parse_wipefs(out) if code == 0 else None
    except ValueError:
        found = None
    if found is None:
        module.fail_json(
            msg=f"found no way to see what {path} holds ({(err or out).strip()[-200:]}); needed: wipefs "
            "of util-linux, run as root; remedy: run `wipefs --no-act` on it, and see what it says"
        )
    return found or ()


def refuse(module: AnsibleModule, refusals: Sequence[Refusal]) -> None:
    """Stop in words, all of them together; go on if there are none."""
    if refusals:
        module.fail_json(
            msg="\n".join(refusal.text() for refusal in refusals),
            refusals=[refusal.as_dict() for refusal in refusals],
        )


def hidden_below(folder: str, prefix: str) -> list[Refusal]:
    """Refuse a folder that is no place to mount something new on: what lies or is mounted there would be hidden."""
    if folder and os.path.ismount(os.path.realpath(folder)):
        found = f"{folder}, on which something is mounted"
    elif os.path.isdir(folder):
        inside = sorted(os.listdir(folder))
        if not inside:
            return []
        found = f"{os.path.join(folder, inside[0])}, which would be hidden"
    elif os.path.lexists(folder):
        found = f"{folder}, which is no folder"
    else:
        return []
    return [
        Refusal(
            "ST-DATA",
            f"{prefix}mount_point",
            found,
            "an empty folder, or none",
            f"move what lies in {folder} away, or mount the file system elsewhere",
        )
    ]


def start_differs(configuration: str, directory: str) -> bool:
    """Say whether a file of settings is other than the copy of it that is kept of what the node starts with."""
    return bool(configuration) and files.read_text(configuration) != files.read_text(f"{directory}/start.conf")


def blank(path: str) -> None:
    """Write zeros to both ends of a drive or an array."""
    with open(path, "r+b", buffering=0) as handle:
        size = handle.seek(0, os.SEEK_END)
        for start in (0, max(0, size - EDGE)):
            handle.seek(start)
            handle.write(bytes(min(EDGE, size)))
        os.fsync(handle.fileno())


def is_blank(path: str) -> bool:
    """Say whether both ends of a drive hold nothing but zeros; one that cannot be read is not blank."""
    try:
        with open(path, "rb", buffering=0) as handle:
            size = handle.seek(0, os.SEEK_END)
            for start in (0, max(0, size - EDGE)):
                handle.seek(start)
                if handle.read(EDGE).strip(b"\0"):
                    return False
    except OSError:
        return False
    return True
