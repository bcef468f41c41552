# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drives of a recorded machine: which block devices are drives, what they are, and how to name them for good.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.

What is read is what the kernel shows in /sys (Documentation/ABI/*/sysfs-block of Linux) and what udev wrote down.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import Blocks, udev
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

# Marks in the path of a device that tell by what it is reached. The first that is found counts.
_TRANSPORTS = (
    (re.compile(r"/nvme-fabrics/"), "nvme-fabrics"),
    (re.compile(r"/nvme\d+/|/nvme-subsystem/"), "nvme"),
    (re.compile(r"/usb\d+/"), "usb"),
    (re.compile(r"/virtio\d+/"), "virtio"),
    (re.compile(r"/vbd-\d+/"), "xen"),
    (re.compile(r"/VMBUS:|/vmbus_"), "hyperv"),
    (re.compile(r"/mmc\d+/"), "mmc"),
    (re.compile(r"/session\d+/"), "iscsi"),
    (re.compile(r"/rport-"), "fc"),
    (re.compile(r"/ata\d+/"), "sata"),
    (re.compile(r"/end_device-"), "sas"),
    (re.compile(r"/target\d+:"), "scsi"),
)
# The SCSI channels on which these drivers show the volumes of their controller; on the others are plain drives.
_VOLUME_CHANNELS = {
    "megaraid_sas": (2, 3),
    "mpt3sas": (1,),
    "mpt2sas": (1,),
    "mpi3mr": (1,),
    "aacraid": (0,),
}
# These show the RAID level of each volume, and "N/A" of a plain drive.
_LEVEL_DRIVERS = ("hpsa", "smartpqi")
# These show volumes only.
_VOLUME_DRIVERS = ("3w-9xxx", "3w-sas", "3w-xxxx", "arcmsr", "cciss", "hptiop", "ips", "stex")
# No drives: optical and floppy drives, and the areas of an eMMC that only its firmware uses.
_OTHERS = re.compile(r"sr\d|fd\d|mmcblk\d+(boot|rpmb|gp)")
_PCI = re.compile(r"/([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=/)")
_SCSI = re.compile(r"/\d+:(\d+):\d+:\d+/")
# From the first to the last: names that show the model and the serial number which are printed on the drive, so that a
# person can compare them before anything is wiped; then the world-wide names, which are as unique but say nothing.
_IDS = (
    re.compile(r"nvme-(?!eui\.|nvme\.|uuid\.|ns-)"),
    re.compile(r"ata-"),
    re.compile(r"scsi-S"),
    re.compile(r"(mmc|usb|virtio)-"),
    re.compile(r"wwn-|nvme-eui\."),
    re.compile(r"scsi-3"),
)


def device_of(name: str) -> str:
    """Return the device file of a block device; the kernel writes a slash of its name as an exclamation mark."""
    return "/dev/" + name.replace("!", "/")


def name_of(device: str) -> str:
    """Return the kernel's name of a device file."""
    return device[len("/dev/") :].replace("/", "!")


def drive_names(recording: Recording) -> list[str]:
    """Return the kernel's names of the drives: what has hardware below it, and is neither empty nor hidden."""
    return [name for name in recording.below("/sys/block") if _is_drive(recording, name)]


def _is_drive(recording: Recording, name: str) -> bool:
    folder = f"/sys/block/{name}"
    path = recording.links.get(folder, "")
    if not path or "/virtual/block/" in path or _OTHERS.match(name) or recording.flag(f"{folder}/hidden"):
        return False
    return bool(recording.number(f"{folder}/size")) or not recording.flag(f"{folder}/removable")


def best_id(ids: tuple[str, ...]) -> str | None:
    """Return the name below /dev/disk/by-id that a person can check and that stays with the drive."""

    def rank(name: str) -> tuple[int, int, str]:
        matching = [number for number, kind in enumerate(_IDS) if kind.match(name)]
        return (min(matching, default=len(_IDS)), len(name), name)

    return min(ids, key=rank, default=None)


def read_drives(recording: Recording, virtual: bool) -> tuple[Drive, ...] | None:
    """Return the drives in the order of their names, without what only SMART tells; None if /sys/block is missing.

    virtual says whether this is a virtual machine, whose word on the medium counts less.
    """
    if not recording.below("/sys/block"):
        return None
    blocks = Blocks(recording)
    return tuple(_drive(recording, blocks, name, virtual) for name in drive_names(recording))


def _drive(recording: Recording, blocks: Blocks, name: str, virtual: bool) -> Drive:
    folder = f"/sys/block/{name}"
    said = udev(recording, folder)
    ids = _ids(recording, name)
    best = best_id(ids)
    behind = is_volume(recording, name)
    transport = "raid" if behind else _transport(recording, folder)
    sectors = recording.number(f"{folder}/size")
    medium = _medium(recording, folder, said, transport, virtual)
    return Drive(
        name=name,
        id=f"/dev/disk/by-id/{best}" if best else None,
        ids=tuple(f"/dev/disk/by-id/{each}" for each in ids),
        bytes=sectors * 512 if sectors is not None else None,
        medium=medium,
        transport=transport,
        model=_model(recording, folder, said),
        serial=_serial(recording, folder, said),
        wwn=_wwn(recording, folder, said),
        firmware=_firmware(recording, folder, said),
        rotation_rpm=0 if medium == "ssd" else _rotation(said),
        logical_sector=recording.number(f"{folder}/queue/logical_block_size"),
        physical_sector=recording.number(f"{folder}/queue/physical_block_size"),
        removable=recording.flag(f"{folder}/removable"),
        behind_raid=behind,
        holds_system=blocks.holds_system(name),
        contents=blocks.contents(name),
    )


def is_volume(recording: Recording, name: str) -> bool:
    """Say whether a drive is a volume of a hardware RAID controller."""
    path = recording.links.get(f"/sys/block/{name}", "")
    bridges = _PCI.findall(path)
    driver = recording.points_to(f"/sys/bus/pci/devices/{bridges[-1]}/driver") if bridges else None
    if driver in _LEVEL_DRIVERS:
        return recording.read(f"/sys/block/{name}/device/raid_level") not in (None, "N/A")
    channel = _SCSI.search(path)
    if driver in _VOLUME_CHANNELS and channel:
        return int(channel[1]) in _VOLUME_CHANNELS[driver]
    return driver in _VOLUME_DRIVERS


def _transport(recording: Recording, folder: str) -> str | None:
    path = recording.links.get(folder, "") + "/"
    found = next((name for mark, name in _TRANSPORTS if mark.search(path)), None)
    # A SATA drive behind a SAS controller: libata or the controller's firmware gives it this vendor.
    return "sata" if found == "sas" and recording.read(f"{folder}/device/vendor") == "ATA" else found


def _medium(
    recording: Recording, folder: str, said: dict[str, str], transport: str | None, virtual: bool
) -> str | None:
    """Return ssd or hdd. That a drive turns is what the kernel says too when it was told nothing."""
    rate = _rotation(said)
    if rate is not None:
        return "hdd" if rate else "ssd"
    turns = recording.flag(f"{folder}/queue/rotational")
    if turns is False:
        return "ssd"
    silent = virtual or transport in ("raid", "usb", "virtio", "xen", "hyperv", "iscsi", "fc")
    return "hdd" if turns and not silent else None


def _rotation(said: dict[str, str]) -> int | None:
    text = said.get("ID_ATA_ROTATION_RATE_RPM", "")
    return int(text) if text.isdigit() else None


def _decoded(text: str) -> str:
    """Return a value of udev in which odd characters are written as an escaped x and two digits."""
    return " ".join(re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text).split())


def _model(recording: Recording, folder: str, said: dict[str, str]) -> str | None:
    vendor = recording.read(f"{folder}/device/vendor") or ""
    # The kernel cuts the model of a SCSI device, which a SATA drive is to it, after 16 characters.
    model = _decoded(said.get("ID_MODEL_ENC", "")) or recording.read(f"{folder}/device/model") or ""
    known = vendor and vendor != "ATA" and not vendor.startswith("0x") and not model.startswith(vendor)
    return " ".join(f"{vendor if known else ''} {model}".split()) or None


def _serial(recording: Recording, folder: str, said: dict[str, str]) -> str | None:
    for path in (f"{folder}/device/serial", f"{folder}/serial"):
        if found := recording.read(path):
            return found
    # What is short for a SCSI device is its world-wide name.
    short = said.get("ID_SERIAL_SHORT") if said.get("ID_BUS") in ("ata", "usb", "nvme") else None
    return said.get("ID_SCSI_SERIAL") or short or _t10(recording, folder)


def _t10(recording: Recording, folder: str) -> str | None:
    """Return the serial number out of the name that a SATA drive without world-wide name has."""
    found = re.match(r"t10\.ATA {5}.{40}(\S+)", recording.files.get(f"{folder}/device/wwid", ""))
    return found[1] if found else None


def _wwn(recording: Recording, folder: str, said: dict[str, str]) -> str | None:
    shown = recording.read(f"{folder}/wwid") or recording.read(f"{folder}/device/wwid") or ""
    for name in (said.get("ID_WWN_WITH_EXTENSION"), said.get("ID_WWN"), shown.replace("naa.", "0x", 1)):
        # Others are made of model and serial number, which are no world-wide names.
        if name and name.startswith(("0x", "eui.", "uuid.")):
            return name
    return None


def _firmware(recording: Recording, folder: str, said: dict[str, str]) -> str | None:
    shown = recording.read(f"{folder}/device/firmware_rev")
    return shown or said.get("ID_REVISION") or recording.read(f"{folder}/device/rev")


def _ids(recording: Recording, name: str) -> tuple[str, ...]:
    folder = "/dev/disk/by-id"
    return tuple(each for each in recording.below(folder) if recording.points_to(f"{folder}/{each}") == name)
