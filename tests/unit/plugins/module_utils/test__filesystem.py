# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems: the figures of real ones, to the block, and what always holds.

The tables were recorded: mkfs made each file system on a sparse file of exactly this size, Linux 6.18 mounted it, and
statvfs() counted its blocks of 4 KiB. mke2fs was 1.47.0; mkfs.xfs was 6.1.0, and 6.13.0 gave the same. The cases with a
number are those of the project's collected facts.
"""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import (
    BLOCK_BYTES,
    FilesystemError,
    Volume,
    ext4,
    xfs,
)
from hypothesis import given, settings
from hypothesis import strategies as st

KIB, GIB, EIB = 1024, 1024**3, 1024**6
SIZES = st.integers(GIB, 200 * 10**12) | st.integers(GIB, EIB)
CHUNKS = st.sampled_from([0, 4 * KIB, 64 * KIB, 512 * KIB, 1024 * KIB, 65536 * KIB])
MEMBERS = st.integers(1, 24)


@pytest.mark.parametrize(
    # device in bytes, chunk in KiB, chunks of data in a stripe, percent for root; blocks of df, available, for root
    ("device", "chunk", "members", "percent", "total", "available", "reserved"),
    [
        (2000000000, 512, 3, 5, 470984, 442468, 24414),
        (2000000000, 0, 1, 1, 470984, 462000, 4882),
        (5992611840, 512, 3, 5, 1417978, 1340724, 73152),
        (1997537280, 0, 1, 0, 470398, 466296, 0),
        (20000000000, 512, 1, 1, 4761621, 4708695, 48824),
        (34359734272, 0, 1, 1, 8211907, 8123919, 83886),
        (34359738368, 0, 1, 1, 8179140, 8091152, 83886),
        (50000000000, 0, 1, 1, 11936370, 11810198, 122070),
        (68719472640, 0, 1, 1, 16435082, 16263208, 167772),
        (68719476736, 0, 1, 1, 16369547, 16197673, 167772),
        # A last group that is a block too small for its tables, and one that is not.
        (1075818496, 0, 1, 1, 249187, 242465, 2620),
        (1075822592, 0, 1, 1, 249688, 242960, 2626),
        (1210658816, 0, 1, 1, 281351, 274301, 2948),
        (1210662912, 0, 1, 1, 281864, 274807, 2955),
        (100000000000, 0, 1, 1, 23883991, 23635749, 244140),
        (300000000000, 0, 1, 1, 71813779, 71077255, 732421),
        (480103981056, 0, 1, 1, 115092192, 113915961, 1172128),
        (999999999999, 0, 1, 1, 240026968, 237581459, 2441406),
        (4000000000000, 512, 3, 1, 960948812, 951179084, 9765625),
        (4398046511104, 0, 1, 1, 1064991722, 1054250201, 10737418),
        (4398046507008, 0, 1, 1, 1056603113, 1045861592, 10737418),
        (12000000000000, 512, 3, 1, 2906309174, 2877008196, 29296875),
        (17592186040320, 0, 1, 1, 4260837350, 4217883575, 42949672),
        (17592186044416, 0, 1, 1, 4277614567, 4234660793, 42949672),
        (24000000000000, 64, 4, 5, 5835794366, 5542821514, 292968750),
        (48000000000000, 512, 6, 0, 11671850902, 11671846800, 0),
        (100000000000000, 512, 10, 1, 24316616682, 24072471955, 244140625),
        (1073741824, 0, 1, 1, 249195, 242472, 2621),
        (1210417152, 0, 1, 1, 281351, 274300, 2949),
        (1210007552, 0, 1, 1, 281360, 274309, 2949),
        (1210171392, 0, 1, 1, 281360, 274310, 2948),
        (250000000000000, 0, 1, 1, 60792662785, 60182307121, 610351562),
        (300000000000000, 0, 1, 1, 72969129201, 72236703224, 732421875),
        (1000000000000000, 0, 1, 1, 243856891498, 241415481146, 2441406250),
        (2147479552, 0, 1, 1, 506329, 496985, 5242),
        (17179869184, 0, 1, 1, 4084447, 4038402, 41943),
        (137438949376, 0, 1, 1, 32881408, 32541762, 335544),
        (137438953472, 0, 1, 1, 32750337, 32410690, 335544),
        (2090421667057, 1024, 6, 6, 502065047, 471439533, 30621411),
        (4729834450722, 1024, 11, 4, 1145355744, 1099161852, 46189789),
        (1593226232, 256, 4, 5, 373525, 349975, 19448),
        (2100049743, 64, 2, 2, 494955, 480599, 10254),
        (325546102948, 64, 7, 4, 77951850, 74768586, 3179161),
        (3849156874, 64, 1, 5, 904910, 853822, 46986),
        (15411022426, 128, 3, 6, 3676692, 3446843, 225747),
        (11750561532713, 64, 2, 1, 2845890474, 2817198477, 28687894),
    ],
)
def test_ext4(device: int, chunk: int, members: int, percent: int, total: int, available: int, reserved: int) -> None:
    """As mke2fs and Linux made it, from 1 GiB to 1 PB."""
    made = ext4(device, chunk * KIB, members, percent)
    blocks = (made.total_bytes, made.available_bytes, made.reserved_bytes)
    assert [size / BLOCK_BYTES for size in blocks] == [total, available, reserved]


@pytest.mark.parametrize(
    # device in bytes, chunk in KiB, chunks of data in a stripe, with a reverse map; blocks of df, available
    ("device", "chunk", "members", "reverse_map", "total", "available"),
    [
        (2000000000, 0, 1, False, 471897, 460347),
        (2000000000, 512, 3, False, 471040, 459433),
        (5992611840, 512, 3, False, 1446656, 1428251),
        (20000000000, 512, 1, False, 4866428, 4824034),
        (100000000000, 0, 1, False, 24397678, 24219311),
        (100000000000, 64, 4, False, 24397568, 24219003),
        (300000000000, 512, 3, False, 73204808, 72685947),
        (480103981056, 0, 1, False, 117155654, 116330569),
        (999999999999, 512, 3, False, 244021408, 242311362),
        (4000000000000, 512, 3, False, 976083288, 969269228),
        (4000000000000, 0, 1, False, 976085663, 969272020),
        (4398046511104, 0, 1, False, 1073220092, 1065729210),
        (12000000000000, 512, 3, False, 2929165772, 2908734560),
        (12000000000000, 0, 1, False, 2929165772, 2908734906),
        (24000000000000, 64, 4, False, 5858852864, 5817995535),
        (48000000000000, 512, 6, False, 11718228272, 11636518533),
        (100000000000000, 512, 10, False, 24413540772, 24243317100),
        (100000000000000, 0, 1, False, 24413540772, 24243317001),
        (1073741824, 0, 1, False, 245760, 235783),
        (1073741824, 512, 3, False, 245760, 235730),
        (8589934592, 0, 1, False, 2080768, 2057996),
        (8589934592, 512, 3, False, 2080768, 2057926),
        (8589938688, 0, 1, False, 2080769, 2057997),
        (8589938688, 512, 3, False, 2080769, 2057818),
        (549755813888, 0, 1, False, 134152192, 133208601),
        (549755813888, 512, 3, False, 134152192, 133208402),
        (549755817984, 0, 1, False, 134152193, 133208602),
        (549755817984, 512, 3, False, 134152192, 133208131),
        (35184372088832, 0, 1, False, 8589412832, 8529517710),
        (35184372088832, 512, 3, False, 8589412864, 8529517761),
        (35184372084736, 0, 1, False, 8589412832, 8529517710),
        (35184372084736, 512, 3, False, 8589408768, 8529513709),
        (4398063288320, 0, 1, False, 1073224192, 1065733266),
        (4398063288320, 512, 3, False, 1073224192, 1065732814),
        (4398063284224, 0, 1, False, 1073224191, 1065733265),
        (4398063284224, 512, 3, False, 1073224191, 1065732813),
        (4398063267840, 0, 1, False, 1073220092, 1065729210),
        (4398063267840, 512, 3, False, 1073224187, 1065732809),
        (4398063271936, 0, 1, False, 1073224188, 1065733262),
        (4398063271936, 512, 3, False, 1073224188, 1065732810),
        (147874888417, 64, 2, True, 36084635, 35385222),
        (568445824430, 512, 9, True, 138712950, 136048141),
        (6735254311931, 1024, 7, True, 1643827469, 1612343557),
        (2474856424965, 1024, 1, True, 603917962, 592345638),
        (1345405335779, 512, 11, True, 328307715, 322012650),
        (169417810204676, 64, 3, True, 41361248341, 40569275200),
        (848562604475, 256, 8, True, 207067420, 203093877),
        (3374822872417, 0, 1, True, 823529055, 807752306),
        (6600547488183, 128, 1, True, 1610940061, 1580085836),
        (3530317256, 512, 9, True, 845509, 820981),
    ],
)
def test_xfs(device: int, chunk: int, members: int, reverse_map: bool, total: int, available: int) -> None:
    """As mkfs.xfs and Linux made it, from 1 GiB to 170 TB."""
    made = xfs(device, chunk * KIB, members, reverse_map)
    assert [size / BLOCK_BYTES for size in (made.total_bytes, made.available_bytes)] == [total, available]


def test_ext4_on_an_array() -> None:
    """Case 7: on the RAID 5 of case 2."""
    made = ext4(5992611840, 512 * KIB, 3)
    assert made.geometry == {"stride": 128, "stripe_width": 384}
    assert made.reserved_bytes == 73152 * BLOCK_BYTES
    assert (made.total_bytes, made.available_bytes) == (5808037888, 5491605504)
    assert made.overhead_bytes == 5992611840 - 5808037888
    assert made.mkfs_options == ("-b", "4096", "-m", "5", "-E", "stride=128,stripe_width=384")


def test_xfs_on_an_array() -> None:
    """Case 8: on the RAID 5 of case 2."""
    made = xfs(5992611840, 512 * KIB, 3)
    assert made.geometry == {"sunit": 128, "swidth": 384}
    assert made.total_bytes == 5925502976
    assert made.overhead_bytes == 5992611840 - 5925502976
    assert made.mkfs_options == ("-m", "rmapbt=0", "-d", "su=524288,sw=3")


def test_without_stripes() -> None:
    """On a mirror or a single drive there is no geometry to tell."""
    assert ext4(GIB, reserve_percent=1).mkfs_options == ("-b", "4096", "-m", "1")
    assert xfs(GIB, reverse_map=True).mkfs_options == ("-m", "rmapbt=1")
    assert ext4(GIB).geometry == xfs(GIB).geometry == {}


@pytest.mark.parametrize("made", [ext4(4 * 10**12, 0, 1, 0), xfs(4 * 10**12)])
def test_what_is_not_accounted_for_is_little(made: Volume) -> None:
    """The kernel's own reserve, the root directory and the first inodes."""
    assert 0 <= made.total_bytes - made.available_bytes - made.reserved_bytes <= 4200 * BLOCK_BYTES


@pytest.mark.parametrize(
    ("device", "chunk", "members", "possible"),
    [
        (GIB - 1, 0, 1, "possible: 1 GiB to 1 EiB"),
        (EIB + 1, 0, 1, "possible: 1 GiB to 1 EiB"),
        (0, 0, 1, "possible: 1 GiB to 1 EiB"),
        (GIB, 1000, 1, "possible: multiples of 4 KiB"),
        (GIB, 64 * 1024**2 + 4096, 1, "up to 64 MiB"),
        (GIB, -4096, 1, "possible: multiples of 4 KiB"),
        (GIB, 4096, 0, "possible: 1 or more"),
    ],
)
def test_refuses(device: int, chunk: int, members: int, possible: str) -> None:
    """What no mkfs would be asked for here."""
    for make in (ext4, xfs):
        with pytest.raises(FilesystemError) as refused:
            make(device, chunk, members)
        assert possible in str(refused.value)


@pytest.mark.parametrize("percent", [-1, 51])
def test_ext4_refuses_a_reserve(percent: int) -> None:
    """As mke2fs does."""
    with pytest.raises(FilesystemError, match="0 to 50 %"):
        ext4(GIB, reserve_percent=percent)


@settings(max_examples=300)
@given(SIZES, CHUNKS, MEMBERS, st.integers(0, 50))
def test_ext4_never_gives_more_than_there_is(device: int, chunk: int, members: int, percent: int) -> None:
    """And what is not there is overhead, some 2 % of usual devices."""
    made = ext4(device, chunk, members, percent)
    assert 0 < made.available_bytes + made.reserved_bytes < made.total_bytes < device
    assert made.total_bytes + made.overhead_bytes == device
    assert made.total_bytes > device * 0.92
    assert made.reserved_bytes <= device * percent // 100


@settings(max_examples=300)
@given(SIZES, CHUNKS, MEMBERS, st.booleans())
def test_xfs_never_gives_more_than_there_is(device: int, chunk: int, members: int, reverse_map: bool) -> None:
    """And what is not there is overhead, at most 2 GiB of log and what fills no group."""
    made = xfs(device, chunk, members, reverse_map)
    assert 0 < made.available_bytes < made.total_bytes < device
    assert made.total_bytes + made.overhead_bytes == device
    assert made.total_bytes > device * 0.92
    assert made.available_bytes + made.reserved_bytes < made.total_bytes


@settings(max_examples=200)
@given(st.integers(4 * GIB, EIB), CHUNKS, MEMBERS, st.integers(2 * GIB, 10**12))
def test_a_larger_device_holds_more(device: int, chunk: int, members: int, more: int) -> None:
    """If it is larger by more than what a new journal or a group that is too small can take."""
    more = max(more, device // 50)
    grown = min(device + more, EIB)
    if grown - device >= more:
        assert xfs(grown, chunk, members).available_bytes > xfs(device, chunk, members).available_bytes
        assert ext4(grown, chunk, members).available_bytes > ext4(device, chunk, members).available_bytes
