# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signed requests between proxy and broker: RS256 tokens and the digest that binds them to one call."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from standins import _clock

LIFETIME = 3600
TOLERANCE = 900
MAX_LENGTH = 100 * 1024 * 1024


class JwtError(Exception):
    """The token is malformed, not genuine or out of time."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise JwtError("Unable to decode JWT metadata: " + str(error)) from None


def sign(claims: dict[str, Any], key: rsa.RSAPrivateKey, key_id: str | None) -> str:
    now = int(_clock.now())
    header: dict[str, Any] = {"alg": "RS256", "typ": "JWT"}
    if key_id is not None:
        header["kid"] = key_id
    everything = {"iat": now, "exp": now + LIFETIME, "nbf": now, **claims}
    parts = [_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, everything)]
    signed = ".".join(parts)
    return signed + "." + _encode(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(_decode(text))
    except ValueError as error:
        raise JwtError(str(error)) from None
    if not isinstance(value, dict):
        raise JwtError("no object")
    return value


def split(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3:
        raise JwtError("Unable to decode JWT metadata: not three parts")
    return parts[0], parts[1], parts[2]


def key_id(token: str) -> str | None:
    value = _object(split(token)[0]).get("kid")
    return value if isinstance(value, str) else None


def unverified_claims(token: str) -> dict[str, Any]:
    return _object(split(token)[1])


def verify(token: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    """The claims of a genuine token that fits the clock, without the times."""
    if len(token) > MAX_LENGTH:
        raise JwtError("Token is too long")
    header, payload, signature = split(token)
    if _object(header).get("alg") != "RS256":
        raise JwtError("Algorithm mismatch")
    if key.key_size < 2048:
        raise JwtError("Key is too short")
    try:
        key.verify(_decode(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise JwtError("Invalid signature") from None
    claims = _object(payload)
    now = _clock.now()
    issued, expires = claims.pop("iat", None), claims.pop("exp", None)
    claims.pop("nbf", None)
    if isinstance(issued, (int, float)) and issued > now + TOLERANCE:
        raise JwtError("Clock drift detected")
    if isinstance(expires, (int, float)) and expires < now - TOLERANCE:
        raise JwtError("Token has expired")
    return claims


def digest(method: str, target: str, date: str, body_token: str, sender: str) -> str:
    signature = body_token.rsplit(".", 1)[1]
    data = (method + target + date + signature + sender).encode()
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
