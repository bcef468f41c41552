# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ext4 and XFS leave of a device, and how they are told about the array below.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.

Both follow the source of mkfs and of the kernel, and give for a new, empty file system the figures of df.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size

BLOCK_BYTES = 4096

_KIB, _MIB, _GIB, _TIB = 1024, 1024**2, 1024**3, 1024**4
_SMALLEST = _GIB  # below it, mkfs takes other blocks and logs
_LARGEST = 1024**6  # of ext4 with blocks of 4 KiB
_LARGEST_CHUNK = 64 * _MIB  # the groups of a small XFS are hardly larger


class FilesystemError(ValueError):
    """No such file system is made; the message says what would be possible."""


@dataclass(frozen=True)
class Volume:
    """A new, empty file system, as df shows it.

    total_bytes are the device less overhead_bytes (tables, journal or log, what fills no group). available_bytes are
    for everyone, reserved_bytes for root only (ext4) or for the file system's own trees (XFS); what is left is in use
    from the beginning. geometry counts in blocks of 4 KiB. mkfs_options make mkfs do the same everywhere.
    """

    kind: str
    total_bytes: int
    available_bytes: int
    reserved_bytes: int
    overhead_bytes: int
    geometry: dict[str, int]
    mkfs_options: tuple[str, ...]


def _checked(device_bytes: int, chunk_bytes: int, data_members: int) -> int:
    """Return the device's whole blocks."""
    if not _SMALLEST <= device_bytes <= _LARGEST:
        raise FilesystemError(
            f"A device of {human_size(device_bytes)} gets no file system here; possible: "
            f"{human_size(_SMALLEST, binary=True)} to {human_size(_LARGEST, binary=True)}"
        )
    if not 0 <= chunk_bytes <= _LARGEST_CHUNK or chunk_bytes % BLOCK_BYTES:
        raise FilesystemError(
            f"A chunk of {chunk_bytes} B suits no file system; possible: multiples of "
            f"{human_size(BLOCK_BYTES, binary=True)} up to {human_size(_LARGEST_CHUNK, binary=True)}, "
            "or 0 for a device without stripes"
        )
    if data_members < 1:
        raise FilesystemError(f"A stripe of {data_members} data chunks does not exist; possible: 1 or more")
    return device_bytes // BLOCK_BYTES


# --- ext4 ----------------------------------------------------------------------------------------------------------

_GROUP = 8 * BLOCK_BYTES  # blocks whose bitmap fills one block
_DESCRIPTORS = BLOCK_BYTES // 64  # in a block
_INODES = BLOCK_BYTES // 256  # in a block
_MAX_32 = 2**32 - 1
# A file system below so many blocks gets a journal of so many.
_JOURNALS = (
    (512 * _KIB, 8192),
    (4 * _MIB, 16384),
    (8 * _MIB, 32768),
    (16 * _MIB, 65536),
    (32 * _MIB, 131072),
)
_LARGEST_JOURNAL = 262144
_EXTENT = 32768  # blocks at most
_KERNEL_RESERVE = 4096  # blocks


def ext4(device_bytes: int, chunk_bytes: int = 0, data_members: int = 1, reserve_percent: int = 5) -> Volume:
    """Return an ext4 as mke2fs makes it by default, from 1 GiB to 1 EiB.

    chunk_bytes and data_members are those of the array below (0 and 1 where there are no stripes); reserve_percent (0
    to 50) is kept for root, which a volume of data only has little use for. Raises FilesystemError. Source:
    ext2fs_initialize() and ext2fs_default_journal_size() in e2fsprogs 1.47, mke2fs.conf; ext4_statfs() and
    ext4_set_resv_clusters() in Linux; mke2fs(8) for stride and stripe_width.
    """
    wanted = _checked(device_bytes, chunk_bytes, data_members)
    if not 0 <= reserve_percent <= 50:
        raise FilesystemError(f"{reserve_percent} % cannot be reserved for root; possible: 0 to 50 %")
    tables = _ext4_tables(wanted)
    journal = next((size for below, size in _JOURNALS if tables.blocks < below), _LARGEST_JOURNAL)
    overhead = tables.overhead + journal
    reserved = wanted * reserve_percent // 100 * tables.blocks // wanted
    # The root directory, lost+found, the map of the descriptors to come and that of a long journal.
    used = 1 + 4 + (1 if tables.resizable else 0) + (1 if journal > 4 * _EXTENT else 0)
    free = tables.blocks - overhead - used
    stride = chunk_bytes // BLOCK_BYTES
    geometry = {"stride": stride, "stripe_width": stride * data_members} if stride else {}
    options = ["-b", str(BLOCK_BYTES), "-m", str(reserve_percent)]
    if stride:
        options += ["-E", ",".join(f"{name}={value}" for name, value in geometry.items())]
    total = (tables.blocks - overhead) * BLOCK_BYTES
    return Volume(
        kind="ext4",
        total_bytes=total,
        available_bytes=max(0, free - _KERNEL_RESERVE - reserved) * BLOCK_BYTES,
        reserved_bytes=reserved * BLOCK_BYTES,
        overhead_bytes=device_bytes - total,
        geometry=geometry,
        mkfs_options=tuple(options),
    )


@dataclass(frozen=True)
class _Tables:
    blocks: int
    overhead: int
    resizable: bool


def _ext4_tables(wanted: int) -> _Tables:
    """Return what the block groups come to; a last group that would hold little but its own tables is dropped."""
    blocks = wanted
    while True:
        groups = ceil_div(blocks, _GROUP)
        descriptors = ceil_div(groups, _DESCRIPTORS)
        inode_blocks = _inode_blocks(wanted, groups)
        resizable = wanted <= _MAX_32
        growth = _growth_blocks(blocks, descriptors) if resizable else 0
        spread = descriptors + growth > _GROUP * 3 // 4  # meta_bg: the descriptors no longer fit one group
        head = 1 if spread else 1 + descriptors + growth
        supers = _super_groups(groups)
        rest = blocks % _GROUP
        last = 2 + inode_blocks + (head if groups - 1 in supers else 0)
        if not rest or rest >= last + 50:
            break
        blocks -= rest
    overhead = groups * (2 + inode_blocks) + len(supers) * head
    if spread:
        full, rest = divmod(groups, _DESCRIPTORS)
        overhead += 3 * full + min(rest, 2)  # in the first, second and last group of those described
    return _Tables(blocks, overhead, resizable)


def _inode_blocks(blocks: int, groups: int) -> int:
    """Return the blocks of each group's inodes: one inode for 16 KiB, 32 KiB from 4 TiB on, 64 KiB from 16 TiB on."""
    size = blocks * BLOCK_BYTES
    ratio = 16 * _KIB if size < 4 * _TIB else 32 * _KIB if size < 16 * _TIB else 64 * _KIB
    inodes = min(size // ratio, _MAX_32)
    full = ceil_div(ceil_div(inodes, groups), _INODES)
    return min(full, _MAX_32 // groups // _INODES)


def _growth_blocks(blocks: int, descriptors: int) -> int:
    """Return the blocks kept free, so that the descriptors of a file system grown 1024 times find room."""
    grown = min(blocks * 1024, _MAX_32)
    needed = ceil_div(ceil_div(grown, _GROUP), _DESCRIPTORS)
    return min(needed - descriptors, BLOCK_BYTES // 4)


def _super_groups(groups: int) -> frozenset[int]:
    """Return the groups with a copy of the superblock: 0, 1 and the powers of 3, 5 and 7."""
    found = {0, 1}
    for base in (3, 5, 7):
        power = base
        while power < groups:
            found.add(power)
            power *= base
    return frozenset(found)


# --- XFS -----------------------------------------------------------------------------------------------------------

_AG_MAX = (2**40 - 1) // BLOCK_BYTES
_AG_MIN = 16 * _MIB // BLOCK_BYTES
_LOG_MIN = 64 * _MIB // BLOCK_BYTES
_LOG_MAX = (2**31 - 10 * _MIB) // BLOCK_BYTES
_LOG_UNIT_MAX = 256 * _KIB // BLOCK_BYTES
_LOG_UNIT = 32 * _KIB // BLOCK_BYTES
_HEADERS = 6  # of an allocation group: its headers, and the roots of five trees
_SET_ASIDE = 8  # of an allocation group, so that freeing always has room
_INODE_CHUNK = 8  # blocks of 64 inodes
_RESERVE_POOL = 8192  # blocks


@dataclass(frozen=True)
class _Tree:
    """The fewest entries of a block of a tree of an allocation group: half of what fits below its header."""

    leaf: int
    node: int

    def blocks(self, records: int) -> int:
        """Return the most blocks that the records can need."""
        total, entries = 0, self.leaf
        while True:
            records = ceil_div(records, entries)
            total += records
            if records <= 1:
                return total
            entries = self.node


def _tree(record: int, key: int) -> _Tree:
    room = BLOCK_BYTES - 56
    return _Tree(room // record // 2, room // (key + 4) // 2)


_REFCOUNTS = _tree(12, 4)
_FREE_INODES = _tree(16, 4)
_REVERSE_MAP = _tree(24, 40)


def xfs(device_bytes: int, chunk_bytes: int = 0, data_members: int = 1, reverse_map: bool = False) -> Volume:
    """Return an XFS as mkfs.xfs makes it by default, from 1 GiB to 1 EiB, on drives with logical sectors of 512 B.

    chunk_bytes and data_members are those of the array below (0 and 1 where there are no stripes). The reverse map,
    which only repair while mounted needs, costs 1.2 %; mkfs.xfs has it by default from version 6.5 on, so the options
    always say. Raises FilesystemError. Source: calc_default_ag_geometry(), align_ag_geometry() and
    calculate_log_size() in xfsprogs 6.1; xfs_fs_statfs(), xfs_ag_resv_init() and xfs_alloc_set_aside() in Linux;
    mkfs.xfs(8) for su and sw.
    """
    blocks = _checked(device_bytes, chunk_bytes, data_members)
    unit = chunk_bytes // BLOCK_BYTES
    size = _group_size(blocks, unit, unit * data_members)
    full, rest = divmod(blocks, size)
    rest = rest if rest >= _AG_MIN else 0  # or the last group is dropped
    used = full * size + rest
    log = _log_blocks(used, unit)
    total = used - log
    groups = {size: full, rest: 1} if rest else {size: full}
    count = sum(groups.values())
    own = count * (_HEADERS + _SET_ASIDE + int(reverse_map)) + _INODE_CHUNK + _RESERVE_POOL
    # The log lies in the middle group for good.
    middle = size if count // 2 < full else rest
    trees = sum(_tree_reserve(blocks, reverse_map) * number for blocks, number in groups.items())
    trees += _tree_reserve(middle - log, reverse_map) - _tree_reserve(middle, reverse_map)
    options = ["-m", f"rmapbt={int(reverse_map)}"]
    if unit:
        options += ["-d", f"su={chunk_bytes},sw={data_members}"]
    return Volume(
        kind="xfs",
        total_bytes=total * BLOCK_BYTES,
        available_bytes=(total - own - trees) * BLOCK_BYTES,
        reserved_bytes=(own - _INODE_CHUNK + trees) * BLOCK_BYTES,
        overhead_bytes=device_bytes - total * BLOCK_BYTES,
        geometry={"sunit": unit, "swidth": unit * data_members} if unit else {},
        mkfs_options=tuple(options),
    )


def _group_size(blocks: int, unit: int, width: int) -> int:
    """Return the size of the allocation groups: whole units, but no whole stripes."""
    size = _equal_part(blocks, striped=unit > 0)
    if unit and size % unit:
        rounded = ceil_div(size, unit) * unit
        size = rounded if rounded <= _AG_MAX else size // unit * unit
    if unit and size % width == 0 and width != unit and blocks > size:
        size -= unit  # or all groups would begin on the same drive
    return size


def _equal_part(blocks: int, striped: bool) -> int:
    if not striped:
        count = 4
    else:
        count = 8 if blocks <= 8 * _GIB // BLOCK_BYTES else 16 if blocks <= 512 * _GIB // BLOCK_BYTES else 32
    return min(ceil_div(blocks, count), _AG_MAX)


def _log_blocks(blocks: int, unit: int) -> int:
    """Return the size of the log: a 2048th, 64 MiB at least, 2 GiB less 10 MiB at most, whole units."""
    size = min(max(blocks // 2048, _LOG_MIN), _LOG_MAX)
    if not unit:
        return size
    step = unit if unit <= _LOG_UNIT_MAX else _LOG_UNIT
    rounded = ceil_div(size, step) * step
    return rounded if rounded <= _LOG_MAX else size // step * step


def _tree_reserve(blocks: int, reverse_map: bool) -> int:
    # The roots of the first two are among the headers.
    reserve = _REFCOUNTS.blocks(blocks) - 1 + _FREE_INODES.blocks(blocks // _INODE_CHUNK) - 1
    return reserve + (max(blocks // 100, _REVERSE_MAP.blocks(blocks)) if reverse_map else 0)
