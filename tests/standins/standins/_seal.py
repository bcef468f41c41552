# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing of message bodies as the real proxies do it: XChaCha20-Poly1305, the key wrapped with RSA-OAEP-SHA256."""

from __future__ import annotations

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_MASK = 0xFFFFFFFF


class SealError(Exception):
    """The message cannot be opened with this key."""


def _quarter(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for first, second, third, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[first] = (state[first] + state[second]) & _MASK
        mixed = state[third] ^ state[first]
        state[third] = ((mixed << bits) | (mixed >> (32 - bits))) & _MASK


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """The sub-key of an extended nonce: 20 rounds, then the first and the last row."""
    state = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)]
    for _unused in range(10):
        for column in range(4):
            _quarter(state, column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            _quarter(state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def seal(plain: bytes, receivers: list[rsa.RSAPublicKey]) -> tuple[bytes, list[bytes]]:
    key, nonce = os.urandom(32), os.urandom(24)
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return nonce + cipher.encrypt(b"\0\0\0\0" + nonce[16:], plain, None), [r.encrypt(key, _OAEP) for r in receivers]


def unseal(data: bytes, wrapped: bytes, private: rsa.RSAPrivateKey) -> bytes:
    try:
        key = private.decrypt(wrapped, _OAEP)
        return ChaCha20Poly1305(hchacha20(key, data[:16])).decrypt(b"\0\0\0\0" + data[16:24], data[24:], None)
    except (ValueError, InvalidTag) as error:
        raise SealError(str(error)) from error
