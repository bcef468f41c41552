# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of a file system: what it is, how large, and whether it was made to its end.

Private to this collection: nothing outside may import it. Pure: bytes in, data out.

Sources: XFS Filesystem Structure (superblock); Documentation/filesystems/ext4/super.rst of Linux.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

# How much of a device has to be read.
HEAD_BYTES = 4096
_XFS = b"XFSB"
_XFS_IN_PROGRESS = 126
_EXT4_START = 1024
_EXT4_MAGIC = 0xEF53
_EXT4_LARGEST_SHIFT = 6  # blocks of 64 KiB
_EXT4_EXTENTS = 0x40
_EXT4_64BIT = 0x80


@dataclass(frozen=True)
class Head:
    """What stands at the beginning of a file system."""

    kind: str  # xfs, ext4, ext3, ext2
    bytes: int
    uuid: str
    label: str
    half_made: bool = False  # mkfs was cut off: nobody can have mounted it


def parse_head(data: bytes) -> Head | None:
    """Return what the first HEAD_BYTES of a device say; None if no XFS or ext file system begins there."""
    if len(data) < HEAD_BYTES:
        return None
    if data[:4] == _XFS:
        block, blocks = struct.unpack_from(">IQ", data, 4)
        label = data[108:120].rstrip(b"\0").decode("utf-8", "replace")
        return Head("xfs", block * blocks, str(uuid.UUID(bytes=data[32:48])), label, data[_XFS_IN_PROGRESS] != 0)
    (magic,) = struct.unpack_from("<H", data, _EXT4_START + 0x38)
    (shift,) = struct.unpack_from("<I", data, _EXT4_START + 0x18)
    if magic != _EXT4_MAGIC or shift > _EXT4_LARGEST_SHIFT:
        return None
    (low,) = struct.unpack_from("<I", data, _EXT4_START + 0x4)
    compatible, incompatible = struct.unpack_from("<II", data, _EXT4_START + 0x5C)
    (high,) = struct.unpack_from("<I", data, _EXT4_START + 0x150)
    blocks = low | (high << 32 if incompatible & _EXT4_64BIT else 0)
    kind = "ext4" if incompatible & _EXT4_EXTENTS else "ext3" if compatible & 4 else "ext2"
    label = data[_EXT4_START + 0x78 : _EXT4_START + 0x88].rstrip(b"\0").decode("utf-8", "replace")
    identity = str(uuid.UUID(bytes=data[_EXT4_START + 0x68 : _EXT4_START + 0x78]))
    return Head(kind, (1024 << shift) * blocks, identity, label)


def uuid_for(array: str) -> str:
    """Return the UUID that the file system on an array gets, so that it is known before it is made.

    It is made from the array's, and is another one: the drives of the array carry that one.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://eucaim.example/array/{array}"))
