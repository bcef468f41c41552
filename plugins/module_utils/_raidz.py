# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a raidz ZFS can fill: whole sectors, padding, metaslabs and the slop that it keeps.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.
"""

from __future__ import annotations

from fractions import Fraction

from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div

# A block of the default record size is what OpenZFS itself counts a raidz by.
RECORD_BYTES = 128 * 1024

_SECTOR = 512
_ALIGNMENT = 1024**2  # of the partitions that zpool makes on a whole drive
_RESERVED_PARTITION = 8 * 1024**2
_BACKUP_GPT = 33 * _SECTOR
_SMALLEST_PARTITION = 64 * 1024**2
_LABELS = (16 + 2) * 256 * 1024  # two labels and the boot area in front, two labels at the end


def record_sectors(drives: int, parity: int, ashift: int) -> tuple[int, int]:
    """Return the sectors of data in a 128 KiB record and the sectors that a raidz allocates for it.

    Each row of the record carries its own parity, and an allocation is padded to a multiple of parity + 1 sectors, so
    that no gap too small for any block is ever left. Sector size is 2^ashift bytes (9 to 16).
    Source: vdev_raidz_asize() in OpenZFS; openzfs/zfs issue 5931 explains the padding.
    """
    data = RECORD_BYTES >> ashift
    allocated = data + parity * ceil_div(data, drives - parity)
    padding = parity + 1
    return data, ceil_div(allocated, padding) * padding


def stored_ratio(drives: int, parity: int, ashift: int) -> Fraction:
    """Return the part of a raidz's sectors that holds data when records are 128 KiB (above 0, below 1)."""
    return Fraction(*record_sectors(drives, parity, ashift))


def dataset_bytes(drive_bytes: int, drives: int, parity: int, ashift: int) -> int:
    """Return what `zfs list` shows as available in a new pool of one raidz on whole drives.

    Partitions, labels, the rest that fills no metaslab, parity, padding and slop are gone; what a new pool writes for
    itself (under 1 MiB) is not counted. Drives are of drive_bytes each, or the smallest counts for all; they are 0
    where ZFS refuses them as too small.
    Source: vdev_raidz_open(), vdev_metaslab_set_size(), vdev_set_deflate_ratio() and spa_get_slop_space() of
    OpenZFS 2.1, with their defaults; zpool_label_disk() for the partitions.
    """
    partition = (drive_bytes - _RESERVED_PARTITION - _BACKUP_GPT) // _ALIGNMENT * _ALIGNMENT - _ALIGNMENT
    if partition < _SMALLEST_PARTITION:
        return 0
    allocatable = (partition - _LABELS) * drives
    shift = _metaslab_shift(allocatable)
    metaslabs = allocatable >> shift
    allocated = record_sectors(drives, parity, ashift)[1]
    # ZFS counts space in 512ths, rounded down.
    deflated = RECORD_BYTES // (allocated << ashift >> 9)
    total, log = (((count << shift) >> 9) * deflated for count in (metaslabs, 1 if metaslabs >= 64 else 0))
    normal = total - log
    slop = min(normal >> 5, 128 * 1024**3)
    slop = max(slop - min(log, slop >> 1), min(normal >> 1, 128 * 1024**2))
    return normal - slop


def _metaslab_shift(allocatable: int) -> int:
    """Return the binary logarithm of the size of a metaslab: ZFS wants some 200 of 512 MiB to 16 GiB."""
    count = allocatable >> 29
    if count < 16:
        return max(24, (allocatable // 16).bit_length())
    if count <= 200:
        return 29
    if allocatable >> 34 > 1 << 17:
        return (allocatable >> 17).bit_length()
    return min(34, (allocatable // 200).bit_length())
