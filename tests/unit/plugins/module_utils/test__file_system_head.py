# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of a file system says what it is, how large, and whether it was made to the end."""

from __future__ import annotations

import base64
import struct
import uuid
import zlib
from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._file_system_head import (
    HEAD_BYTES,
    Head,
    parse_head,
    uuid_for,
)
from hypothesis import given
from hypothesis import strategies as st

# Base64 of zlib of the superblocks of file systems that were made for this, see tests/data/SOURCES.md.
SUPERBLOCKS = {
    "xfs": (
        "eNqLcAt2YmAQYAADxgkM6ECPX8du8vnorMULePPi83UEIeoY2KDSDVC6EUo3gWUZUkBsFoiQA8OWpUwMTAwMHKmlyYmZuRBRHk5O"
        "Zn4GBkkAkmoNwQ=="
    ),
    "ext2": (
        "eNpjmMDIwODAxsAQwMBQdImV4Ws/IwNQBAEUoJgDwmV+yZ7NwPD/f/B7iDoIHwJg+rihHAsgxQRSA8R6/Dp2k89HZy1ewJsXn68j"
        "WJSanF+UUsxAZcCIT1Ld842hsY6r1Lpv0UYGiofWgBTzMCD7i7pAAQhxOQgAXMga+A=="
    ),
    "ext3": (
        "eNpjmMDIwODAxsAQwMAQuImV4Ws/IwNQBAEUoJgDwmV+yZ7NwPD/f/B7iDoIHwJg+rihHBsgxQRSA8R6/Dp2k89HZy1ewJsXn68j"
        "WJSanF+UUsxAZcCILsCBxH5RtuScuK4r18Se55H1By4dYwSq5mFA+EsE6FBRIBYDYnEglgBiSSCWAmJpIJYBYlkglgNieSBWAGJF"
        "FmTbGhhQg04B00FQAADZBh8+"
    ),
    "ext4": (
        "eNpjmMDIwODAxsAQwMCQsImV4Ws/IwNQBAEUoJgDwmV+yZ7NwPD/f/B7iDoIHwJg+rihHBsgdYiJgSGbhYFBj1/HbvL56KzFC3jz"
        "4vN1BItSk/OLUooZqAwY0QU4kNgqt1tsPJ97bW+P3f5Mrl/9KyOjAwMPA8JfXJ8ZGVjQ/M7owESC9Q0MqNoVMB0EBCxAQQAzryAq"
    ),
}
STARTS = {"xfs": 0, "ext2": 1024, "ext3": 1024, "ext4": 1024}
UUID = "2e0f2c3e-93cf-5b6a-a3a0-0d6e5f6f2c11"
BYTES = 400 << 20


def head(kind: str, **fields: tuple[str, int, int | bytes]) -> bytes:
    """Return the beginning of a device with a file system, some fields of it changed: format, offset, value."""
    data = bytearray(HEAD_BYTES)
    start, found = STARTS[kind], zlib.decompress(base64.b64decode(SUPERBLOCKS[kind]))
    data[start : start + len(found)] = found
    for form, offset, value in fields.values():
        struct.pack_into(form, data, start + offset, value)
    return bytes(data)


def parsed(kind: str, **fields: tuple[str, int, int | bytes]) -> Head:
    """Return what is read of it."""
    found = parse_head(head(kind, **fields))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", SUPERBLOCKS)
def test_what_mkfs_has_made(kind: str) -> None:
    assert parsed(kind) == Head(kind, BYTES, UUID, "eucaim" if kind == "xfs" else "records")


def test_an_xfs_whose_making_was_cut_off() -> None:
    """mkfs.xfs takes the flag away when everything else is written."""
    assert parsed("xfs", in_progress=("B", 126, 1)) == replace(parsed("xfs"), half_made=True)


def test_sizes_beyond_32_bits() -> None:
    assert parsed("xfs", blocks=(">Q", 8, 1 << 40)).bytes == 4096 << 40
    block = 1 << 10 + struct.unpack_from("<I", head("ext4"), 1024 + 0x18)[0]
    low = BYTES // block
    assert parsed("ext4", high=("<I", 0x150, 3)).bytes == BYTES + (3 << 32) * block
    # Without the feature the field means nothing.
    assert parsed("ext4", high=("<I", 0x150, 3), features=("<I", 0x60, 0x40)).bytes == low * block
    assert parsed("ext4", shift=("<I", 0x18, 6)).bytes == low << 16


def test_an_ext4_without_extents_is_called_by_what_it_has() -> None:
    assert parsed("ext4", features=("<I", 0x60, 0)).kind == "ext3"
    assert parsed("ext3", features=("<I", 0x5C, 0)).kind == "ext2"


def test_labels() -> None:
    assert parsed("xfs", label=("12s", 108, b"abcdefghijkl")).label == "abcdefghijkl"
    assert parsed("ext4", label=("16s", 0x78, b"")).label == ""
    assert parsed("xfs", label=("2s", 108, b"\xff\xfe")).label == "\ufffd\ufffdcaim"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(HEAD_BYTES),
        head("xfs")[: HEAD_BYTES - 1],
        head("xfs", magic=(">I", 0, 0x58465343)),
        head("ext4", magic=("<H", 0x38, 0xEF54)),
        # No size of a block: the magic number stands there by chance.
        head("ext4", shift=("<I", 0x18, 7)),
        head("ext4", shift=("<I", 0x18, 0xFFFFFFFF)),
    ],
)
def test_where_no_such_file_system_begins(data: bytes) -> None:
    assert parse_head(data) is None


@given(noise=st.binary(min_size=1, max_size=200), start=st.integers(0, 1400), kind=st.sampled_from(sorted(SUPERBLOCKS)))
def test_no_damage_breaks_it(noise: bytes, start: int, kind: str) -> None:
    data = head(kind)
    found = parse_head(data[:start] + noise + data[start + len(noise) :])
    assert found is None or (found.bytes >= 0 and str(uuid.UUID(found.uuid)) == found.uuid)


def test_the_uuid_of_a_file_system_follows_from_that_of_its_array() -> None:
    """Written down once: another one would leave every node's line in fstab without its file system."""
    array = "9525baa4:747fb8d1:03bbec9e:08286f27"
    assert uuid_for(array) == "552986eb-f8c1-5a7f-8564-75467eec7972"
    assert uuid_for(array) != uuid_for(array[::-1])
