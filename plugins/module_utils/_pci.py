# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PCI bus of a recorded machine: its devices, their names by lspci, and the storage controllers.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Controller
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

DEVICES = "/sys/bus/pci/devices"
_STORAGE = {
    0x00: "scsi",
    0x01: "ide",
    0x04: "raid",
    0x05: "ata",
    0x06: "sata",
    0x07: "sas",
    0x08: "nvme",
    0x80: "other",
}


@dataclass(frozen=True)
class Device:
    """One device of the bus."""

    pci: str
    class_code: int  # class, subclass and interface: 0x030000
    vendor_id: str
    device_id: str
    vendor: str | None
    name: str | None
    driver: str  # "" if no driver has taken it


def read_devices(recording: Recording) -> list[Device] | None:
    """Return the devices in the order of their addresses; None if the kernel shows no PCI bus."""
    addresses = recording.below(DEVICES)
    if not addresses:
        return None
    names = parse_lspci(recording.said("lspci") or "")
    return [
        Device(
            address,
            recording.number(f"{DEVICES}/{address}/class") or 0,
            _hexadecimal(recording, f"{DEVICES}/{address}/vendor"),
            _hexadecimal(recording, f"{DEVICES}/{address}/device"),
            *names.get(address, (None, None)),
            recording.points_to(f"{DEVICES}/{address}/driver") or "",
        )
        for address in addresses
    ]


def _hexadecimal(recording: Recording, path: str) -> str:
    return (recording.read(path) or "").replace("0x", "")


def parse_lspci(text: str) -> dict[str, tuple[str | None, str | None]]:
    """Return vendor and device of each address, as `lspci -Dmm -nn` names them; None where its list has no name."""
    names = {}
    for line in text.split("\n"):
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        if len(words) >= 4:
            names[words[0]] = (_plain(words[2]), _plain(words[3]))
    return names


def _plain(name: str) -> str | None:
    """Return a name without its number; None for a device that the list does not know."""
    bare = re.sub(r" ?\[[0-9a-f]{4}\]\Z", "", name)
    return bare if bare not in ("", "Device", "Vendor", "Unknown vendor", "Unknown device") else None


def read_controllers(recording: Recording) -> tuple[Controller, ...] | None:
    """Return the storage controllers; None if the kernel shows no PCI bus."""
    devices = read_devices(recording)
    if devices is None:
        return None
    return tuple(
        Controller(
            each.pci,
            _STORAGE.get(each.class_code >> 8 & 0xFF, "other"),
            each.vendor_id,
            each.device_id,
            " ".join(part for part in (each.vendor, each.name) if part) or None,
            each.driver,
        )
        for each in devices
        if each.class_code >> 16 == 0x01
    )
