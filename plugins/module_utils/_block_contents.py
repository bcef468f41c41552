# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the drives of a recorded machine: partitions, file systems, arrays, volumes, and what is mounted.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.

A drive is called empty only if somebody has looked: udev, which probes every device that appears, or blkid as root.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import FileSystem
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

SYSTEM_MOUNTS = ("/", "/boot", "/boot/efi", "/efi", "/usr", "/var")
# File systems that have no device of their own in the list of mounts, but lie on drives.
_POOLED = ("bcachefs", "btrfs", "zfs")
_IMAGES = ("squashfs", "iso9660", "erofs")
# How a kind of signature is called for people.
KIND_WORDS = {
    "BitLocker": "BitLocker",
    "LVM2_member": "LVM physical volume",
    "crypto_LUKS": "LUKS",
    "ddf_raid_member": "member of a firmware RAID",
    "isw_raid_member": "member of a firmware RAID",
    "linux_raid_member": "member of an md array",
    "mpath_member": "path of a multipath device",
    "zfs_member": "ZFS pool",
}
_UPPER = (("LVM-", "LVM volume"), ("CRYPT-", "opened"), ("mpath-", "multipath"))


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo."""

    device: str  # major:minor
    root: str  # what of the file system is mounted
    point: str
    kind: str
    source: str

    @property
    def whole(self) -> bool:
        """Say whether this is a file system of a drive, and no bind mount, image or network share."""
        if self.kind in _IMAGES:
            return False
        return self.kind in _POOLED or (self.root == "/" and not self.device.startswith("0:"))


def parse_mounts(text: str) -> list[Mount]:
    """Return the mounts of a mountinfo file (proc(5)), octal escapes resolved."""
    mounts = []
    for line in text.split("\n"):
        before, dash, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if dash and len(left) >= 5 and len(right) >= 2:
            point, source = (_unescaped(part) for part in (left[4], right[1]))
            mounts.append(Mount(left[2], _unescaped(left[3]), point, right[0], source))
    return mounts


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def udev(recording: Recording, folder: str) -> dict[str, str]:
    """Return what udev knows of the block device with this folder in /sys; nothing if it knows none."""
    text = recording.files.get(f"/run/udev/data/b{recording.read(f'{folder}/dev')}", "")
    pairs = (line[2:].partition("=") for line in text.split("\n") if line.startswith("E:"))
    return {key: value for key, _sign, value in pairs}


class Blocks:
    """The block devices, and how they lie on each other."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        mounted = recording.files.get("/proc/self/mountinfo")
        self.mounts = parse_mounts(mounted) if mounted is not None else None
        swaps = recording.files.get("/proc/swaps", "").split("\n")[1:]
        self.swaps = {line.split()[0].rpartition("/")[2] for line in swaps if line.startswith("/dev/")}

    @cached_property
    def folders(self) -> dict[str, str]:
        """Folder in /sys of every block device, by its name."""
        folders = {}
        for disk in self.recording.below("/sys/block"):
            folders[disk] = f"/sys/block/{disk}"
            for part in self.recording.below(f"/sys/block/{disk}"):
                if f"/sys/block/{disk}/{part}/partition" in self.recording.files:
                    folders[part] = f"/sys/block/{disk}/{part}"
        return folders

    @cached_property
    def told(self) -> dict[str, dict[str, str]]:
        """What udev knows, by the name of the device."""
        return {name: udev(self.recording, folder) for name, folder in self.folders.items()}

    @cached_property
    def points(self) -> dict[str, list[str]]:
        """Where the file systems of a device are mounted, by the name of the device."""
        whole = [mount for mount in self.mounts or () if mount.whole]
        found: dict[str, list[str]] = {}
        for name, folder in self.folders.items():
            number = self.recording.read(f"{folder}/dev")
            mine = [mount.point for mount in whole if mount.device == number or self._is_source(name, mount)]
            found[name] = list(dict.fromkeys(mine))
        return found

    @cached_property
    def probed(self) -> dict[str, dict[str, str]]:
        """What blkid found, by the name of the device."""
        found: dict[str, dict[str, str]] = {}
        device: dict[str, str] = {}
        for line in self.recording.commands["blkid"].stdout.split("\n") if "blkid" in self.recording.commands else ():
            key, _sign, value = line.partition("=")
            if key == "DEVNAME":
                device = found.setdefault(value.rpartition("/")[2], {})
            device[key] = value
        return found

    def parts(self, disk: str) -> list[str]:
        """Return the partitions of a drive."""
        return [name for name, folder in self.folders.items() if folder.startswith(f"/sys/block/{disk}/")]

    def holders(self, name: str) -> list[str]:
        """Return what lies directly on a device, whatever its kind."""
        return self.recording.below(f"{self.folders.get(name, '/sys/block/' + name)}/holders")

    def above(self, name: str) -> Iterator[str]:
        """Yield a device and everything that lies on it."""
        yield name
        for upper in (*self.parts(name), *self.holders(name)):
            yield from self.above(upper)

    def drives_below(self, name: str) -> set[str]:
        """Return the whole drives on which a device lies."""
        folder = self.folders.get(name, "")
        disk = folder.split("/")[3] if folder else ""
        lower = self.recording.below(f"/sys/block/{name}/slaves")
        if lower:
            return set().union(*(self.drives_below(each) for each in lower))
        return {disk} - {""}

    def kind(self, name: str) -> str | None:
        """Return the type of what is written on a device; "" if it is empty, None if nobody has looked."""
        said = self.told.get(name)
        if said:
            if "ID_FS_AMBIVALENT" in said:
                return f"several signatures ({said['ID_FS_AMBIVALENT']})"
            return said.get("ID_FS_TYPE", "")
        output = self.recording.commands.get("blkid")
        # 2: nothing found; 8: signatures that contradict each other. BusyBox's blkid takes every option for a device,
        # says nothing, and ends with 0.
        if output is None or output.rc not in (0, 2, 8) or (output.rc == 0 and not self.probed):
            return None
        complaints = [line for line in output.stderr.split("\n") if re.search(rf"/dev/{re.escape(name)}\b", line)]
        if any("ambivalent" in line for line in complaints):
            return "several signatures"
        return None if complaints else self.probed.get(name, {}).get("TYPE", "")

    def table(self, name: str) -> str:
        """Return the type of a drive's partition table."""
        said = self.told.get(name, {})
        return said.get("ID_PART_TABLE_TYPE") or self.probed.get(name, {}).get("PTTYPE", "")

    def contents(self, disk: str) -> tuple[str, ...] | None:
        """Return what is on a drive in words, one for each part; () if it is empty, None if that is not known."""
        parts = self.parts(disk)
        found = [f"partition table {self.table(disk)}".rstrip()] if parts or self.table(disk) else []
        kind = self.kind(disk)
        words = self._words(disk)
        if words:
            found.append(words)
        if kind is None and not found:
            return None
        return (*found, *(f"{part}: {self._words(part) or self._unsaid(part)}" for part in parts))

    def _unsaid(self, name: str) -> str:
        return "not readable" if self.kind(name) is None else "nothing recognised"

    def _words(self, name: str) -> str:
        """Return what a device is used for, with everything that lies on it."""
        kind = self.kind(name) or ""
        said = self.told.get(name, {})
        label = said.get("ID_FS_LABEL") or self.probed.get(name, {}).get("LABEL", "")
        words = [f"{KIND_WORDS[kind]} {label}".rstrip() if kind == "zfs_member" else KIND_WORDS.get(kind, kind)]
        words += [f"mounted on {point}" for point in self.points.get(name, ())]
        words += ["in use as swap"] if name in self.swaps else []
        words += [self._upper(holder) for holder in self.holders(name)]
        return ", ".join(word for word in words if word)

    def _upper(self, name: str) -> str:
        """Return a device that lies on another one, in words."""
        title = self.recording.read(f"/sys/block/{name}/dm/name") or name
        identity = self.recording.read(f"/sys/block/{name}/dm/uuid") or ""
        word = next((word for start, word in _UPPER if identity.startswith(start)), "used by")
        inside = self._words(name)
        return f"{word} {title} ({inside})" if inside else f"{word} {title}"

    def _is_source(self, name: str, mount: Mount) -> bool:
        """Say whether a pooled file system has this device: it is named by one device, or by its pool."""
        if mount.kind not in _POOLED:
            return False
        said = self.told[name]
        if mount.kind == "zfs":
            return said.get("ID_FS_TYPE") == "zfs_member" and said.get("ID_FS_LABEL") == mount.source.split("/")[0]
        titles = {name, self.recording.read(f"/sys/block/{name}/dm/name") or name}
        if mount.source.rpartition("/")[2] in titles:
            return True
        source = self.told.get(self._device(mount.source), {})
        return bool(said.get("ID_FS_UUID")) and said.get("ID_FS_UUID") == source.get("ID_FS_UUID")

    def _device(self, source: str) -> str:
        """Return the kernel's name of a mounted device."""
        title = source.rpartition("/")[2]
        named = (name for name in self.folders if self.recording.read(f"/sys/block/{name}/dm/name") == title)
        return title if title in self.folders else next(named, title)

    def holds_system(self, disk: str) -> bool | None:
        """Say whether the system, or its swap, lies on a drive; None if the mounts are not known."""
        if self.mounts is None:
            return None
        points = {point for name in self.above(disk) for point in self.points.get(name, ())}
        return bool(points.intersection(SYSTEM_MOUNTS)) or any(name in self.swaps for name in self.above(disk))

    def file_systems(self) -> tuple[FileSystem, ...] | None:
        """Return the mounted file systems of drives, one for each mount; None if df could not say."""
        sizes = parse_df(self.recording.said("df") or "")
        if self.mounts is None or not sizes:
            return None if self.mounts is None or any(mount.whole for mount in self.mounts) else ()
        systems = {}
        for mount in self.mounts:
            if mount.whole and mount.point in sizes:
                total, available = sizes[mount.point]
                drives = {
                    drive
                    for name in self.folders
                    if mount.point in self.points.get(name, ())
                    for drive in self.drives_below(name)
                }
                systems[mount.point] = FileSystem(
                    mount.point, mount.source, mount.kind, total, available, tuple(sorted(drives))
                )
        return tuple(systems.values())


def parse_df(text: str) -> dict[str, tuple[int, int]]:
    """Return bytes in all and bytes that users can have, by the mount point, from `df -kP` (POSIX)."""
    sizes = {}
    for line in text.split("\n")[1:]:
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[1].isdigit() and fields[3].lstrip("-").isdigit():
            sizes[fields[5]] = (int(fields[1]) * 1024, max(0, int(fields[3])) * 1024)
    return sizes
