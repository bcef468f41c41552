# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the drive of the operating system is divided.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.

D5.11 (3.3) asks for a partitioning with room for the system and for data, without figures; these are ours. What fills
up by itself (/var, with the containers, and /var/log) and what people fill (/home) cannot stop the system when each has
a partition of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30
# The partition table at both ends of the drive, and what is lost to whole MiB.
_TABLE = 4 * 2**20

LARGE = 400 * 10**9


@dataclass(frozen=True)
class Partition:
    """One partition of the system's drive."""

    mount: str
    bytes: int
    file_system: str
    why: str


# mount, GiB on a drive under 400 GB, GiB on a larger one, file system, what it is for
_FIXED = (
    ("/boot/efi", 1, 1, "vfat", "the boot loader, for a firmware in UEFI mode"),
    ("/boot", 1, 2, "ext4", "kernels and what they start with"),
    ("swap", 8, 8, "swap", "what memory can spare for a while"),
    ("/", 32, 64, "ext4", "the operating system and its programs"),
    ("/home", 16, 32, "ext4", "the accounts of people"),
    ("/var/log", 16, 32, "ext4", "logs, which then cannot fill the system"),
)
_REST = ("/var", "ext4", "containers, their images and what services keep")


def partitions(drive_bytes: int) -> tuple[Partition, ...]:
    """Return the partitions in the order of the drive; the last takes what is left, in whole GiB.

    Raises ValueError for a drive of which nothing would be left. Source of the parts: D5.11, 3.3 (OS-PART).
    """
    large = drive_bytes >= LARGE
    fixed = [Partition(mount, (big if large else small) * GIB, kind, why) for mount, small, big, kind, why in _FIXED]
    rest = (drive_bytes - _TABLE - sum(part.bytes for part in fixed)) // GIB
    if rest < 1:
        raise ValueError(f"{drive_bytes} bytes are too few for the partitions of a system")
    mount, kind, why = _REST
    return (*fixed, Partition(mount, rest * GIB, kind, why))
