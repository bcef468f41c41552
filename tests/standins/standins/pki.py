# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small certificate authority that answers the calls a Beam broker makes to a Vault, and a command line to run it.

    python -m standins.pki init --dir D
    python -m standins.pki issue --dir D --cn X [--csr FILE | --key FILE] [--days N] [--not-before T] [--not-after T]
    python -m standins.pki sign --dir D --csr FILE
    python -m standins.pki revoke --dir D --serial S | --cn X
    python -m standins.pki serve --dir D --bind 0.0.0.0:8200

Everything lives in the directory, so that the command line works while the server runs. Times are ISO-8601 or seconds
from now with a sign ("-3d", "+25s"). A sealed Vault is played with PUT /v1/sys/seal and /v1/sys/unseal.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from standins import _clock, _http, _strict
from standins._certs import vault_serial

REALM = "samply_pki"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment(text: str) -> datetime.datetime:
    """ISO-8601, or an offset from now such as -3d, +25s."""
    found = re.fullmatch(r"([+-])([0-9]+)([smhd])", text)
    if found:
        seconds = int(found.group(1) + found.group(2)) * _UNITS[found.group(3)]
        return _clock.utcnow().replace(microsecond=0) + datetime.timedelta(seconds=seconds)
    value = datetime.datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def _write(path: pathlib.Path, data: bytes, mode: int = 0o644) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    os.chmod(name, mode)
    os.replace(name, path)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _authority(
    subject: str, key: rsa.RSAPrivateKey, issuer: str, issuer_key: rsa.RSAPrivateKey, years: int, length: int | None
) -> x509.Certificate:
    now = _clock.utcnow().replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


class Authority:
    """The files of one certificate authority."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory

    def init(self) -> None:
        """Make root and intermediate; does nothing where they are there already."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "certs").mkdir(exist_ok=True)
        if (self.directory / "intermediate.crt.pem").exists():
            return
        root_key = rsa.generate_private_key(65537, 2048)
        middle_key = rsa.generate_private_key(65537, 2048)
        root = _authority("Broker-Root", root_key, "Broker-Root", root_key, 10, None)
        middle = _authority("Broker-Intermediate", middle_key, "Broker-Root", root_key, 5, 0)
        _write(self.directory / "root.key.pem", private_pem(root_key), 0o600)
        _write(self.directory / "intermediate.key.pem", private_pem(middle_key), 0o600)
        _write(self.directory / "root.crt.pem", _pem(root))
        if not (self.directory / "token").exists():
            _write(self.directory / "token", b"pki-token\n", 0o600)
        _write(self.directory / "intermediate.crt.pem", _pem(middle))

    def _key(self) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key((self.directory / "intermediate.key.pem").read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SystemExit("pki: the intermediate key is no RSA key")
        return key

    def intermediate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.directory / "intermediate.crt.pem").read_bytes())

    def issue(
        self, public: rsa.RSAPublicKey, name: str, not_before: datetime.datetime, not_after: datetime.datetime
    ) -> x509.Certificate:
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self.intermediate().subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key(), hashes.SHA256())
        )
        _write(self.directory / "certs" / (vault_serial(certificate).replace(":", "-") + ".pem"), _pem(certificate))
        return certificate

    def certificates(self) -> dict[str, x509.Certificate]:
        found = {}
        for path in sorted((self.directory / "certs").glob("*.pem")):
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            found[vault_serial(certificate)] = certificate
        return found

    def revoke(self, serial: str) -> None:
        revoked = self.revoked()
        revoked.setdefault(serial, int(_clock.now()))
        _write(self.directory / "revoked.json", json.dumps(revoked, indent=1).encode())

    def revoked(self) -> dict[str, int]:
        path = self.directory / "revoked.json"
        if not path.exists():
            return {}
        return {str(serial): int(at) for serial, at in json.loads(path.read_text()).items()}

    def crl(self) -> bytes:
        now = _clock.utcnow().replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.intermediate().subject)
            .last_update(now)
            .next_update(now + datetime.timedelta(days=3))
        )
        for serial, at in self.revoked().items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(int(serial.replace(":", ""), 16))
                .revocation_date(datetime.datetime.fromtimestamp(at, tz=datetime.UTC))
                .build()
            )
        return builder.sign(self._key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class VaultApi:
    """The few calls of a Vault's PKI engine that a broker makes."""

    def __init__(self, authority: Authority, token: str, realm: str) -> None:
        self.authority, self.token, self.realm = authority, token, realm

    @property
    def sealed(self) -> bool:
        return (self.authority.directory / "sealed").exists()

    def handle(self, request: _http.Request) -> _http.Response:
        path = request.path
        if path == "/v1/sys/health":
            body = {"initialized": True, "sealed": self.sealed, "standby": False}
            return self._json(503 if self.sealed else 200, body)
        if path in ("/v1/sys/seal", "/v1/sys/unseal") and request.method in ("PUT", "POST"):
            return self._seal(request, path.endswith("/seal"))
        if self.sealed:
            return self._json(503, {"errors": ["Vault is sealed"]})
        prefix = f"/v1/{self.realm}/"
        if not path.startswith(prefix):
            return self._json(404, {"errors": []})
        rest = path.removeprefix(prefix)
        if rest == "ca/pem":
            return self._raw("application/pem-certificate-chain", _pem(self.authority.intermediate()))
        if rest == "crl":
            return self._raw("application/pkix-crl", self.authority.crl())
        found = re.fullmatch(r"cert/([0-9a-fA-F:-]+)/raw/pem", rest)
        if found:
            certificate = self.authority.certificates().get(found.group(1).lower().replace("-", ":"))
            if certificate is None:
                return self._json(404, {"errors": []})
            return self._raw("application/pem-certificate-chain", _pem(certificate))
        listing = request.method == "LIST" or ("list", "true") in request.query
        if rest.rstrip("/") == "certs" and listing:
            if request.headers.get("x-vault-token") != self.token:
                return self._json(403, {"errors": ["permission denied"]})
            return self._json(
                200,
                {
                    "request_id": str(uuid.uuid4()),
                    "lease_id": "",
                    "renewable": False,
                    "lease_duration": 0,
                    "data": {"keys": list(self.authority.certificates())},
                    "wrap_info": None,
                    "warnings": None,
                    "auth": None,
                },
            )
        return self._json(404, {"errors": []})

    def _seal(self, request: _http.Request, seal: bool) -> _http.Response:
        if request.headers.get("x-vault-token") != self.token:
            return self._json(403, {"errors": ["permission denied"]})
        mark = self.authority.directory / "sealed"
        if seal:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
        return _http.Response(204)

    @staticmethod
    def _json(status: int, value: object) -> _http.Response:
        return _http.Response(status, [("content-type", "application/json")], json.dumps(value).encode())

    @staticmethod
    def _raw(kind: str, data: bytes) -> _http.Response:
        return _http.Response(200, [("content-type", kind)], data)


def _public_key(options: argparse.Namespace) -> tuple[rsa.RSAPublicKey, str | None]:
    """The key to certify and the common name that a request asks for."""
    name = None
    if options.csr:
        request = x509.load_pem_x509_csr(pathlib.Path(options.csr).read_bytes())
        if not request.is_signature_valid:
            raise SystemExit("pki: the signature of the request is wrong")
        name = next((str(entry.value) for entry in request.subject if entry.oid == NameOID.COMMON_NAME), None)
        requested = request.public_key()
        if isinstance(requested, rsa.RSAPublicKey):
            return requested, name
    else:
        path = pathlib.Path(options.key)
        if not path.exists():
            _write(path, private_pem(rsa.generate_private_key(65537, 2048)), 0o600)
        private = serialization.load_pem_private_key(path.read_bytes(), None)
        if isinstance(private, rsa.RSAPrivateKey):
            return private.public_key(), name
    raise SystemExit("pki: no RSA key")


def _issue(authority: Authority, options: argparse.Namespace) -> None:
    if not options.csr and not options.key:
        options.key = str(authority.directory / f"{options.cn}.key.pem")
    public, requested = _public_key(options)
    name = options.cn or requested
    if not name:
        raise SystemExit("pki: the request names no common name; give --cn")
    not_before = moment(options.not_before)
    not_after = moment(options.not_after) if options.not_after else not_before + datetime.timedelta(days=options.days)
    certificate = authority.issue(public, name, not_before, not_after)
    sys.stdout.write(f"{vault_serial(certificate)} {name} {not_before.isoformat()} {not_after.isoformat()}\n")


def _revoke(authority: Authority, options: argparse.Namespace) -> None:
    for serial, certificate in authority.certificates().items():
        names = [str(attribute.value) for attribute in certificate.subject]
        if serial == (options.serial or "").lower() or (options.cn and options.cn in names):
            authority.revoke(serial)
            sys.stdout.write(f"{serial} revoked\n")


def _serve(authority: Authority, options: argparse.Namespace) -> None:
    authority.init()
    token = (authority.directory / "token").read_text().strip()
    api = VaultApi(authority, token, options.realm)
    server = _http.Server(_http.parse_socket_address(options.bind), api.handle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_unused: stop.set())
    sys.stdout.write(f"pki: listening on {options.bind}\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="standins.pki", description="Certificate authority for tests.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("init", "issue", "sign", "revoke", "list", "serve"):
        command = commands.add_parser(name)
        command.add_argument("--dir", required=True, type=pathlib.Path)
        if name in ("issue", "sign"):
            command.add_argument("--cn")
            command.add_argument("--csr", required=name == "sign")
            command.add_argument("--key")
            command.add_argument("--days", type=int, default=30)
            command.add_argument("--not-before", default="-60s")
            command.add_argument("--not-after")
        elif name == "revoke":
            command.add_argument("--serial")
            command.add_argument("--cn")
        elif name == "serve":
            command.add_argument("--bind", default="0.0.0.0:8200")
            command.add_argument("--realm", default=REALM)
    options = parser.parse_args(arguments)
    _strict.check_environment((), http_client=False)
    authority = Authority(options.dir)
    if options.command == "init":
        authority.init()
        sys.stdout.write(f"{options.dir / 'root.crt.pem'}\n")
    elif options.command in ("issue", "sign"):
        authority.init()
        _issue(authority, options)
    elif options.command == "revoke":
        _revoke(authority, options)
    elif options.command == "list":
        for serial, certificate in authority.certificates().items():
            state = (
                "revoked"
                if serial in authority.revoked()
                else "valid until " + certificate.not_valid_after_utc.isoformat()
            )
            sys.stdout.write(f"{serial} {certificate.subject.rfc4514_string()} {state}\n")
    else:
        _serve(authority, options)


if __name__ == "__main__":
    main()
