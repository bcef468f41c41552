# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openssl 3 shows of keys and requests, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _enrolment

VERIFIED = "Certificate request self-signature verify OK\n"
PUBLIC = "-----BEGIN PUBLIC KEY-----\nTUlJ\nQklq\n-----END PUBLIC KEY-----\n"
SHOWN = """Certificate Request:
    Data:
        Version: 1 (0x0)
        Subject:
            CN=site.broker.test
            C=DE
            L=Köln, "am Rhein"
        Subject Public Key Info:
            Public Key Algorithm: rsaEncryption
                Public-Key: (4096 bit)
                Modulus:
                    00:b2:f0
                Exponent: 65537 (0x10001)
        Attributes:
            (none)
            Requested Extensions:
    Signature Algorithm: sha256WithRSAEncryption
"""
SUBJECT = [{"CN": "site.broker.test"}, {"C": "DE"}, {"L": 'Köln, "am Rhein"'}]


def request() -> _enrolment.Request:
    """The request that openssl shows above."""
    found = _enrolment.read_request(PUBLIC + SHOWN, VERIFIED)
    assert found is not None
    return found


def test_what_openssl_shows_is_read() -> None:
    assert request() == _enrolment.Request(
        ("CN=site.broker.test", "C=DE", 'L=Köln, "am Rhein"'), "TUlJQklq", 4096, False
    )


def test_openssl_says_that_it_verified_here_or_there() -> None:
    assert _enrolment.read_request(VERIFIED + PUBLIC + SHOWN, "") == request()
    assert _enrolment.read_request(PUBLIC + SHOWN, "verify OK\n") == request()
    assert _enrolment.read_request(PUBLIC + SHOWN.replace("CN=site.broker.test", "CN=verify OK"), "") is None


def test_a_request_for_this_key_and_subject_fits() -> None:
    assert _enrolment.fits(request(), "TUlJQklq", SUBJECT, 4096)
    assert _enrolment.fits(request(), "TUlJQklq", SUBJECT, None)


@pytest.mark.parametrize(
    ("public_key", "subject", "bits"),
    [
        ("b3RoZXI=", SUBJECT, 4096),
        ("", SUBJECT, 4096),
        ("TUlJQklq", SUBJECT[:2], 4096),
        ("TUlJQklq", [SUBJECT[1], SUBJECT[0], SUBJECT[2]], 4096),
        ("TUlJQklq", SUBJECT, 2048),
    ],
)
def test_another_key_subject_or_size_does_not_fit(public_key: str, subject: list[dict[str, str]], bits: int) -> None:
    assert not _enrolment.fits(request(), public_key, subject, bits)


def test_a_request_for_more_does_not_fit() -> None:
    more = SHOWN.replace("Requested Extensions:\n", "Requested Extensions:\n X509v3 Subject Alternative Name:\n")
    found = _enrolment.read_request(PUBLIC + more, VERIFIED)
    assert found == replace(request(), extended=True)
    assert not _enrolment.fits(found, "TUlJQklq", SUBJECT, 4096)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (PUBLIC + SHOWN, "Certificate request self-signature verify failure\n"),
        (PUBLIC + SHOWN.replace("rsaEncryption", "id-ecPublicKey"), VERIFIED),
        (PUBLIC, VERIFIED),
        ("", "Could not read certificate request\n"),
    ],
)
def test_what_cannot_be_told_does_not_fit(text: str, messages: str) -> None:
    assert _enrolment.read_request(text, messages) is None
    assert not _enrolment.fits(None, "TUlJQklq", SUBJECT, 4096)


def test_a_fingerprint_is_the_sum_of_the_key_itself() -> None:
    # echo -n MIIBIj | sha256sum
    assert _enrolment.fingerprint("TUlJQklq").startswith("80:ed:")
    assert _enrolment.fingerprint("") == ""
    assert _enrolment.fingerprint("not base64!") == ""


def test_without_a_key_there_is_none() -> None:
    assert _enrolment.public_key_in("unable to load key\n") == ""
