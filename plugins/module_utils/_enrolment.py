# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key and its certificate request, as openssl tells of them: are they as wanted already?

Private to this collection: nothing outside may import it. Changing them is the work of community.crypto, whose modules
load the key again and again, each time with a full check. To see that nothing is to do takes two short commands, and so
does it to make both where there is nothing yet.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# With these the subject stands on lines of its own, one part each, and nothing in it is escaped.
READ_REQUEST = ("-noout", "-verify", "-text", "-pubkey", "-nameopt", "sep_multiline,utf8,sname")
READ_KEY = ("-passin", "pass:", "-pubout")
# What a new request is made with: nothing of the node's own settings of openssl, which may ask for extensions.
CONFIG = "[req]\ndistinguished_name = name\nstring_mask = utf8only\n[name]\n"
NEW_REQUEST = ("req", "-new", "-sha256", "-utf8", "-batch", "-subj")
PKCS8 = "-----BEGIN PRIVATE KEY-----"

_SPECIAL = re.compile(r"([\\/+])")
_ESCAPED = r"\\\1"
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----\n(.*?)-----END PUBLIC KEY-----", re.DOTALL)
_SUBJECT = re.compile(r"^ *Subject: *\n(.*?)^ *Subject Public Key Info:", re.MULTILINE | re.DOTALL)
# Where it says so differs between its versions; the lines of a subject are indented.
_VERIFIED = re.compile(r"^(?:Certificate request self-signature )?verify OK$", re.MULTILINE)
_RSA = re.compile(r"Public Key Algorithm: rsaEncryption\s+(?:RSA )?Public-Key: \((\d+) bit\)")


@dataclass(frozen=True)
class Request:
    """What a certificate request asks for."""

    subject: tuple[str, ...]
    public_key: str
    bits: int
    extended: bool


def public_key_in(text: str) -> str:
    """Return the body of a public key in PEM form, or nothing."""
    found = _PUBLIC_KEY.search(text)
    return "".join(found.group(1).split()) if found else ""


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 fingerprint of a public key as community.crypto writes it, or nothing."""
    try:
        content = base64.b64decode(public_key, validate=True)
    except binascii.Error:
        return ""
    return ":".join(f"{byte:02x}" for byte in hashlib.sha256(content).digest()) if content else ""


def read_request(text: str, messages: str) -> Request | None:
    """Return what openssl shows of a request, or nothing where its signature is not its own key's."""
    subject = _SUBJECT.search(text)
    size = _RSA.search(text)
    if not _VERIFIED.search(f"{text}\n{messages}") or subject is None or size is None:
        return None
    lines = tuple(line.strip() for line in subject.group(1).splitlines())
    return Request(lines, public_key_in(text), int(size.group(1)), "X509v3" in text)


def subject_argument(subject: Sequence[Mapping[str, str]]) -> str:
    """Return a subject as openssl takes it, its order kept."""
    parts = [(name, value) for part in subject for name, value in part.items()]
    return "".join(f"/{name}={_SPECIAL.sub(_ESCAPED, value)}" for name, value in parts)


def fits(request: Request | None, public_key: str, subject: Sequence[Mapping[str, str]], bits: int | None) -> bool:
    """Say whether a request is for this key and this subject, and asks for nothing else.

    *bits* is the size that the key must have, or nothing for a key that is taken as it is.
    """
    if request is None or not public_key:
        return False
    wanted = tuple(f"{name}={value}" for part in subject for name, value in part.items())
    right_size = bits is None or request.bits == bits
    return request.public_key == public_key and request.subject == wanted and right_size and not request.extended
