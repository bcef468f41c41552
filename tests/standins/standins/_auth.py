# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of signed requests: the broker's whole check of a call, the proxy's check of a single message."""

from __future__ import annotations

from typing import Any

from cryptography import x509

from standins import _certs, _http, _ids, _jwt
from standins._certs import CertStore
from standins._ids import IdError


class SignatureFailed(Exception):
    """401: the signature could not be verified."""


class SenderMismatch(Exception):
    """400: the sender is not one that this certificate may speak for."""


class UnknownSigner(Exception):
    """No valid certificate for this token."""


def signer(token: str, store: CertStore) -> x509.Certificate:
    """By serial when the token names one, otherwise the newest certificate of the sender's proxy."""
    serial = _jwt.key_id(token)
    if serial is not None:
        found = store.by_serial(serial)
        if found is None:
            raise UnknownSigner(f'Unable to retrieve matching certificate for serial "{serial}"')
        return found
    sender = _jwt.unverified_claims(token).get("f")
    if not isinstance(sender, str):
        raise _jwt.JwtError("Invalid JWT body in header")
    try:
        proxy = store.network.proxy_of(store.network.app_or_proxy(sender))
    except IdError as error:
        raise _jwt.JwtError(str(error)) from None
    found = _certs.newest(store.by_name(proxy))
    if found is None:
        raise UnknownSigner("Cannot find common name in certificate")
    return found


def claims_of(token: str, store: CertStore) -> tuple[dict[str, Any], x509.Certificate]:
    certificate = signer(token, store)
    key = _certs.public_key(certificate)
    if key is None:
        raise _jwt.JwtError("Unable to initialize public key")
    return _jwt.verify(token, key), certificate


def check_call(request: _http.Request, store: CertStore) -> dict[str, Any]:
    """The claims of the body of a signed call. SignatureFailed or SenderMismatch otherwise."""
    try:
        body = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SignatureFailed(f"Unable to parse token_without_extended_signature as UTF-8: {error}") from None
    header = request.headers.get("authorization")
    if header is None:
        raise SignatureFailed("Missing Authorization header")
    token = header
    while token.startswith("SamplyJWT "):
        token = token.removeprefix("SamplyJWT ")
    try:
        outer, certificate = claims_of(token, store)
        key = _certs.public_key(certificate)
        if key is None:
            raise _jwt.JwtError("Unable to initialize public key")
        claims = _jwt.verify(body, key)
    except (_jwt.JwtError, UnknownSigner) as error:
        raise SignatureFailed(f"Unable to extract header JWT: {error}") from None
    sender = claims.get("from")
    date = request.headers.get("date")
    if not isinstance(sender, str) or date is None:
        raise SignatureFailed("Required header field not present")
    if outer.get("s") != _jwt.digest(request.method, request.target, date, body, sender):
        raise SignatureFailed("Digests did not match")
    if outer.get("f") != sender:
        raise SignatureFailed("Sender did not match")
    if not _ids.may_sign(sender, store.owner(certificate)):
        raise SenderMismatch
    return claims
