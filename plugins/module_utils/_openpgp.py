# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the fingerprints of OpenPGP public keys, so that a key can be checked before anything trusts it.

Pure: a bare node has no gpg, and the check must come before the package manager sees the key.
Only what is needed for that is read: armour, packet headers and public-key packets of version 4.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = "-----END PGP PUBLIC KEY BLOCK-----"
_FINGERPRINT = re.compile(r"^[0-9A-F]{40}$")
_PUBLIC_KEY = 6
_SECRET_KEYS = frozenset({5, 7})


class KeyFormatError(ValueError):
    """What was given is not an OpenPGP public key that this reader understands."""


@dataclass(frozen=True)
class Keys:
    """The binary form of all keys in a block and the fingerprints of their primary keys, in order."""

    binary: bytes
    fingerprints: tuple[str, ...]


def normalise_fingerprint(text: str) -> str:
    """Return a fingerprint as 40 capital hexadecimal digits; raise KeyFormatError when it is none."""
    plain = re.sub(r"[\s:]", "", text).upper()
    plain = plain.removeprefix("0X")
    if not _FINGERPRINT.match(plain):
        raise KeyFormatError("a fingerprint has 40 hexadecimal digits")
    return plain


def crc24(data: bytes) -> int:
    """Return OpenPGP's checksum of armoured data."""
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _unused in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc & 0xFFFFFF


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFormatError("the armour holds characters that are no base64") from error


def _unarmour_block(block: str) -> bytes:
    lines = [line.strip() for line in block.splitlines()[1:]]
    if "" in lines:
        lines = lines[lines.index("") + 1 :]
    lines = [line for line in lines if line]
    checksum = ""
    if lines and lines[-1].startswith("=") and len(lines[-1]) == 5:
        checksum = lines.pop()[1:]
    data = _decode("".join(lines))
    if not data:
        raise KeyFormatError("the armour is empty")
    if checksum and int.from_bytes(_decode(checksum), "big") != crc24(data):
        raise KeyFormatError("the armour's checksum is wrong, the key was damaged on its way")
    return data


def unarmour(data: bytes) -> bytes:
    """Return the binary form of a key block that may be armoured or binary."""
    if data[:1] and data[0] & 0x80:
        return data
    text = data.decode("ascii", "replace").replace("\r\n", "\n")
    if _BEGIN not in text:
        raise KeyFormatError("there is no OpenPGP public key in it")
    parts: list[bytes] = []
    for piece in text.split(_BEGIN)[1:]:
        body, separator, _rest = piece.partition(_END)
        if not separator:
            raise KeyFormatError("the armour has no end, the key was cut off")
        parts.append(_unarmour_block(body))
    return b"".join(parts)


def armour(binary: bytes) -> str:
    """Return the armoured form of a binary key block (rpm reads no other)."""
    encoded = base64.b64encode(binary).decode("ascii")
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    checksum = base64.b64encode(crc24(binary).to_bytes(3, "big")).decode("ascii")
    return "\n".join([_BEGIN, "", *lines, "=" + checksum, _END, ""])


def _take(data: bytes, position: int, size: int) -> bytes:
    part = data[position : position + size]
    if len(part) != size:
        raise KeyFormatError("a packet is cut off")
    return part


def _old_length(data: bytes, position: int, kind: int) -> tuple[int, int]:
    if kind == 3:
        raise KeyFormatError("a packet of unknown length is no part of a public key")
    size = 1 << kind
    return int.from_bytes(_take(data, position, size), "big"), position + size


def _new_length(data: bytes, position: int) -> tuple[int, int]:
    first = _take(data, position, 1)[0]
    if first < 192:
        return first, position + 1
    if first < 224:
        return ((first - 192) << 8) + _take(data, position + 1, 1)[0] + 192, position + 2
    if first < 255:
        raise KeyFormatError("a packet in pieces is no part of a public key")
    return int.from_bytes(_take(data, position + 1, 4), "big"), position + 5


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        header = data[position]
        if not header & 0x80:
            raise KeyFormatError("this is no OpenPGP packet")
        if header & 0x40:
            tag = header & 0x3F
            length, start = _new_length(data, position + 1)
        else:
            tag = (header >> 2) & 0x0F
            length, start = _old_length(data, position + 1, header & 0x03)
        yield tag, _take(data, start, length)
        position = start + length


def read_keys(data: bytes) -> Keys:
    """Read a block of public keys, armoured or binary; raise KeyFormatError when it is anything else."""
    binary = unarmour(data)
    fingerprints: list[str] = []
    for tag, body in _packets(binary):
        if tag in _SECRET_KEYS:
            raise KeyFormatError("it holds a SECRET key; give the public one only, and treat this one as lost")
        if tag != _PUBLIC_KEY:
            continue
        if body[:1] != b"\x04":
            raise KeyFormatError("only keys of version 4 are understood")
        digest = hashlib.sha1(usedforsecurity=False)
        digest.update(b"\x99" + len(body).to_bytes(2, "big") + body)
        fingerprints.append(digest.hexdigest().upper())
    if not fingerprints:
        raise KeyFormatError("there is no OpenPGP public key in it")
    return Keys(binary, tuple(fingerprints))


def unexpected(keys: Keys, expected: str) -> tuple[str, ...]:
    """Return the fingerprints in a block that are not the expected one: an extra key would be trusted as well."""
    wanted = normalise_fingerprint(expected)
    return tuple(fingerprint for fingerprint in keys.fingerprints if fingerprint != wanted)
