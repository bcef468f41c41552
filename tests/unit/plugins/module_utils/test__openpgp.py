# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of OpenPGP keys. The keys were made with GnuPG, which printed the same fingerprints."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _openpgp as openpgp
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import (
    FINGERPRINT,
    KEY,
    STRANGER,
    STRANGERS_FINGERPRINT,
)
from hypothesis import given
from hypothesis import strategies as st

BINARY = openpgp.unarmour(KEY.encode())


def packet(tag: int, body: bytes, length: bytes | None = None) -> bytes:
    """Return a packet with a header of the new form."""
    return bytes([0xC0 | tag]) + (length if length is not None else bytes([len(body)])) + body


def fingerprint(body: bytes) -> str:
    """Return the fingerprint of a version 4 key packet."""
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()


def test_an_armoured_and_a_binary_key_have_the_same_fingerprint() -> None:
    assert openpgp.read_keys(KEY.encode()).fingerprints == (FINGERPRINT,)
    assert openpgp.read_keys(BINARY).fingerprints == (FINGERPRINT,)
    assert openpgp.read_keys(KEY.replace("\n", "\r\n").encode()).fingerprints == (FINGERPRINT,)


def test_words_around_and_headers_in_the_armour_do_no_harm() -> None:
    text = "a letter\n\n" + KEY.replace("BLOCK-----\n\n", "BLOCK-----\nVersion: 1\nComment: no\n\n") + "\ngreetings\n"
    assert openpgp.read_keys(text.encode()).fingerprints == (FINGERPRINT,)


def test_an_armour_without_blank_line_and_checksum_is_read() -> None:
    lines = [line for line in KEY.splitlines() if line and not line.startswith("=")]
    assert openpgp.read_keys("\n".join(lines).encode()).fingerprints == (FINGERPRINT,)


def test_a_second_key_is_seen() -> None:
    keys = openpgp.read_keys((KEY + STRANGER).encode())
    assert keys.fingerprints == (FINGERPRINT, STRANGERS_FINGERPRINT)
    assert openpgp.unexpected(keys, FINGERPRINT) == (STRANGERS_FINGERPRINT,)
    assert openpgp.unexpected(openpgp.read_keys(KEY.encode()), FINGERPRINT.lower()) == ()


def test_armour_round_trip() -> None:
    assert openpgp.armour(BINARY) == KEY


@given(st.binary(min_size=1))
def test_armour_keeps_every_byte(data: bytes) -> None:
    data = b"\x99" + data
    assert openpgp.unarmour(openpgp.armour(data).encode()) == data


@pytest.mark.parametrize(
    "text",
    [
        "9DC8 5822 9FC7 DD38 854A  E2D8 8D81 803C 0EBF CD88",
        "0x9dc858229fc7dd38854ae2d88d81803c0ebfcd88",
        "9D:C8:58:22:9F:C7:DD:38:85:4A:E2:D8:8D:81:80:3C:0E:BF:CD:88",
    ],
)
def test_fingerprints_are_written_in_many_ways(text: str) -> None:
    assert openpgp.normalise_fingerprint(text) == "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"


@pytest.mark.parametrize("text", ["", "0EBFCD88", "Z" * 40, "A" * 64])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(openpgp.KeyFormatError, match="40 hexadecimal digits"):
        openpgp.normalise_fingerprint(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no OpenPGP public key"),
        (b"<html>not found</html>", "no OpenPGP public key"),
        (KEY.replace("END PGP", "FIN PGP").encode(), "no end"),
        (KEY.replace("mDMEawQ5", "mDMEawQ6").encode(), "checksum"),
        (KEY.replace("mDMEawQ5", "mDME*wQ5").encode(), "no base64"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n", "empty"),
        (BINARY[:40], "cut off"),
        (BINARY + b"\x01", "no OpenPGP packet"),
        (b"\x9b\x04", "unknown length"),
        (packet(6, b"\x04", b"\xe1"), "in pieces"),
        (packet(6, b"\x04"[:0], b"\xc5"), "cut off"),
        (bytes([0xC6]), "cut off"),
        (packet(6, b"\x06abc"), "version 4"),
        (packet(5, b"\x04abc"), "SECRET"),
        (packet(13, b"name"), "no OpenPGP public key"),
    ],
)
def test_what_is_no_key(data: bytes, words: str) -> None:
    with pytest.raises(openpgp.KeyFormatError, match=words):
        openpgp.read_keys(data)


@pytest.mark.parametrize("size", [10, 191, 192, 300, 8383, 8384])
def test_every_form_of_length(size: int) -> None:
    body = b"\x04" + b"k" * (size - 1)
    if size < 192:
        length = bytes([size])
    elif size < 8384:
        length = bytes([((size - 192) >> 8) + 192, (size - 192) & 0xFF])
    else:
        length = b"\xff" + size.to_bytes(4, "big")
    assert openpgp.read_keys(packet(6, body, length)).fingerprints == (fingerprint(body),)


def test_old_headers_with_longer_lengths() -> None:
    body = b"\x04" + b"k" * 300
    for kind, size in ((1, 2), (2, 4)):
        data = bytes([0x80 | 6 << 2 | kind]) + len(body).to_bytes(size, "big") + body
        assert openpgp.read_keys(data).fingerprints == (fingerprint(body),)
