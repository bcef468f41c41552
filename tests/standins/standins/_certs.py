# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates a broker or a proxy knows: fetched by serial, checked against the intermediate, kept by name."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from standins import _clock, _http
from standins._ids import IdError, Network
from standins._log import log

TARGET = "shared::crypto"
ENCODING = Encoding.PEM
TIMER_VARIABLE = "EUCAIM_STANDIN_TIMER_SECONDS"


class FetchError(Exception):
    """The other side gave no usable answer. *undisclosed*: it holds the certificate back as invalid."""

    def __init__(self, text: str, undisclosed: bool = False, unauthorized: bool = False) -> None:
        super().__init__(text)
        self.undisclosed = undisclosed
        self.unauthorized = unauthorized


class Source(Protocol):
    """Where certificates come from: the PKI for a broker, the broker for a proxy."""

    def serials(self) -> list[str]:
        """Return the serial numbers of all certificates, as Vault writes them."""

    def certificate(self, serial: str) -> str:
        """Return the certificate with this serial number, in PEM form."""

    def intermediate(self) -> str:
        """Return the certificate of the intermediate authority, in PEM form."""

    def revoked(self) -> set[int]:
        """Return the serial numbers of the revoked certificates."""


def vault_serial(certificate: x509.Certificate) -> str:
    text = f"{certificate.serial_number:x}"
    text = "0" * (len(text) % 2) + text
    return ":".join(text[index : index + 2] for index in range(0, len(text), 2))


def upper_serial(certificate: x509.Certificate) -> str:
    text = f"{certificate.serial_number:X}"
    return "0" * (len(text) % 2) + text


def in_date(certificate: x509.Certificate) -> bool:
    now = _clock.utcnow()
    return certificate.not_valid_before_utc < now < certificate.not_valid_after_utc


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Only the signature counts; names and extensions are not looked at."""
    key = issuer.public_key()
    algorithm = certificate.signature_hash_algorithm
    if not isinstance(key, rsa.RSAPublicKey) or algorithm is None:
        return False
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def load_pem(text: str) -> x509.Certificate:
    pem = _http.first_certificate(text)
    if pem is None:
        raise ValueError("no start line")
    return x509.load_pem_x509_certificate(pem.encode())


def first_name(certificate: x509.Certificate) -> str:
    for attribute in certificate.subject:
        return attribute.value if isinstance(attribute.value, str) else attribute.value.decode("latin-1")
    return ""


@dataclass
class _State:
    by_serial: dict[str, x509.Certificate | None] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


class CertStore:
    """Certificates by serial; None stands for one that is known and invalid."""

    def __init__(self, source: Source, network: Network) -> None:
        self.source, self.network = source, network
        self.issuer: x509.Certificate | None = None
        self.lock = threading.RLock()
        self._state = _State()
        self._changed = threading.Event()

    def start(self, timer: Callable[[], None] | None = None) -> None:
        threading.Thread(target=self._expire_forever, daemon=True).start()
        if timer is not None:
            threading.Thread(target=self._timer_forever, args=(timer,), daemon=True).start()

    def _timer_forever(self, timer: Callable[[], None]) -> None:
        pause = float(os.environ.get(TIMER_VARIABLE) or 60)
        while not threading.Event().wait(pause):
            timer()

    def _expire_forever(self) -> None:
        while True:
            with self.lock:
                valid = [c for c in self._state.by_serial.values() if c is not None]
            if not valid:
                self._changed.wait(20)
                self._changed.clear()
                continue
            oldest = min(valid, key=lambda c: c.not_valid_after_utc)
            left = max(0.0, oldest.not_valid_after_utc.timestamp() - _clock.now())
            minutes, seconds = divmod(int(left), 60)
            hours, minutes = divmod(minutes, 60)
            days, hours = divmod(hours, 24)
            log("INFO", TARGET, f"Oldest certificate will expire in: {days}d {hours}h {minutes}m {seconds}s")
            if self._changed.wait(min(left, threading.TIMEOUT_MAX)):
                self._changed.clear()
                continue
            log("INFO", TARGET, f"Invalidating old cert now: {first_name(oldest)} (serial {upper_serial(oldest)})")
            with self.lock:
                for serial, certificate in self._state.by_serial.items():
                    if certificate == oldest:
                        self._state.by_serial[serial] = None

    def update(self) -> None:
        """Fetch what is new and drop what was revoked. FetchError if the list cannot be had."""
        with self.lock:
            serials = self.source.serials()
            revoked = self.source.revoked()
            dropped, added = 0, 0
            for serial, known in self._state.by_serial.items():
                if known is not None and known.serial_number in revoked:
                    self._state.by_serial[serial] = None
                    dropped += 1
            for serial in serials:
                if serial in self._state.by_serial:
                    continue
                try:
                    certificate = load_pem(self.source.certificate(serial))
                except FetchError as error:
                    if error.undisclosed:
                        self._state.by_serial[serial] = None
                    else:
                        log("WARN", TARGET, f"Could not retrieve certificate for serial {serial}: {error}")
                    continue
                except ValueError as error:
                    log("ERROR", TARGET, f"Skipping unparsable certificate {serial}: {error}")
                    continue
                if certificate.serial_number in revoked:
                    self._state.by_serial[serial] = None
                    dropped += 1
                    continue
                added += self._add(serial, certificate)
            if added or dropped:
                log("INFO", TARGET, f"Added {added} new certificates.")
                self._changed.set()

    def _add(self, serial: str, certificate: x509.Certificate) -> int:
        names: list[str] = []
        for attribute in certificate.subject:
            try:
                names.append(self.network.proxy(str(attribute.value)))
            except IdError as error:
                log("WARN", TARGET, f"Internal error: Vault returned certificate with invalid common name: {error}")
        problem = None
        if not names:
            problem = "Cannot find common name in certificate"
        elif self.issuer is None or not issued_by(certificate, self.issuer):
            problem = "Problem with the certificate's public key"
        elif not in_date(certificate):
            problem = "Certificate's start/end date is invalid (e.g. expired)"
        if problem is not None:
            log("WARN", TARGET, f"Certificate with serial {serial} invalid: {problem}.")
            self._state.by_serial[serial] = None
            return 0
        self._state.by_serial[serial] = certificate
        self._state.names.setdefault(names[0], []).append(serial)
        return 1

    def _cached(self, name: str) -> tuple[list[x509.Certificate], int]:
        with self.lock:
            found, invalid = [], 0
            for serial in self._state.names.get(name, []):
                certificate = self._state.by_serial[serial]
                if certificate is None:
                    invalid += 1
                elif in_date(certificate):
                    found.append(certificate)
                else:
                    log(
                        "WARN",
                        TARGET,
                        f"Found x509 certificate with invalid date: CN={name}, serial={upper_serial(certificate)}",
                    )
            return found, invalid

    def _try_update(self) -> None:
        try:
            self.update()
        except FetchError as error:
            log("ERROR", TARGET, f"Unable to sync certificates: {error}")
            log("WARN", TARGET, f"Updating certificates failed: {error}")

    def by_name(self, name: str) -> list[x509.Certificate]:
        """Valid certificates of a proxy; looks for new ones when none is known."""
        found, _unused = self._cached(name)
        if not found:
            self._try_update()
            found, invalid = self._cached(name)
            if not found and not invalid:
                log("WARN", TARGET, f"Did not find certificate for cname {name}, even after update.")
        return [certificate for certificate in found if self._owner(certificate) is not None]

    def by_serial(self, serial: str) -> x509.Certificate | None:
        with self.lock:
            found = self._state.by_serial.get(serial)
        if found is None:
            self._try_update()
            with self.lock:
                found = self._state.by_serial.get(serial)
        return found

    def valid_serials(self) -> list[str]:
        with self.lock:
            return [serial for serial, certificate in self._state.by_serial.items() if certificate is not None]

    def _owner(self, certificate: x509.Certificate) -> str | None:
        try:
            return self.network.proxy(first_name(certificate))
        except IdError:
            return None

    def owner(self, certificate: x509.Certificate) -> str:
        return self._owner(certificate) or ""


def newest(certificates: list[x509.Certificate]) -> x509.Certificate | None:
    return max(certificates, key=lambda c: c.not_valid_before_utc, default=None)


def public_key(certificate: x509.Certificate) -> rsa.RSAPublicKey | None:
    key = certificate.public_key()
    return key if isinstance(key, rsa.RSAPublicKey) else None
