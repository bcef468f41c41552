# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS terminator: certificate and key from files, every connection is passed on byte by byte to one upstream.

    python -m standins.ingress --bind 0.0.0.0:443 --cert FILE --key FILE --upstream beam-broker:8080

It looks at nothing and changes nothing, so long polls, event streams and the Date header come through as they are.
With --self-signed-dir it makes a demo CA (ca.crt.pem) and a certificate for --name there when they are missing.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import ipaddress
import os
import pathlib
import selectors
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from standins import _clock, _http, _strict
from standins.pki import private_pem

CHUNK = 65536


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(text: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(text))
    return x509.DNSName(text)


def _builder(subject: str, issuer: str, key: rsa.RSAPrivateKey, days: int) -> x509.CertificateBuilder:
    now = _clock.utcnow().replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def make_certificate(directory: pathlib.Path, names: Sequence[str]) -> tuple[pathlib.Path, pathlib.Path]:
    """A demo CA (ca.crt.pem) and a server certificate in *directory*; existing files are kept."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate_path, key_path = directory / "tls.crt.pem", directory / "tls.key.pem"
    if certificate_path.exists() and key_path.exists():
        return certificate_path, key_path
    authority_key, key = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
    authority = (
        _builder("EUCAIM demo TLS CA", "EUCAIM demo TLS CA", authority_key, 3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(names[0], "EUCAIM demo TLS CA", key, 825)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (directory / "ca.crt.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    certificate_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(private_pem(key))
    return certificate_path, key_path


def pump(client: ssl.SSLSocket, upstream: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        selector.register(upstream, selectors.EVENT_READ)
        while True:
            for key, _unused in selector.select():
                if key.fileobj is upstream:
                    data = upstream.recv(CHUNK)
                    if not data:
                        return
                    client.sendall(data)
                    continue
                while True:
                    data = client.recv(CHUNK)
                    if not data:
                        return
                    upstream.sendall(data)
                    if not client.pending():
                        break


class Ingress:
    def __init__(self, bind: tuple[str, int], context: ssl.SSLContext, upstream: tuple[str, int]) -> None:
        self.context, self.upstream = context, upstream
        self.listener = socket.create_server(
            bind, backlog=256, family=socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
        )
        self.port: int = self.listener.getsockname()[1]

    def serve_forever(self) -> None:
        while True:
            try:
                connection, _unused = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(30)
            with self.context.wrap_socket(connection, server_side=True) as client:
                client.settimeout(None)
                with socket.create_connection(self.upstream, timeout=30) as upstream:
                    upstream.settimeout(None)
                    upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    pump(client, upstream)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="standins.ingress", description="TLS terminator for tests.")
    parser.add_argument("--bind", default="0.0.0.0:443")
    parser.add_argument("--cert", type=pathlib.Path)
    parser.add_argument("--key", type=pathlib.Path)
    parser.add_argument("--self-signed-dir", type=pathlib.Path)
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--upstream", required=True, help="host:port")
    options = parser.parse_args(arguments)
    _strict.check_environment((), http_client=False)
    if options.self_signed_dir and options.name:
        options.cert, options.key = make_certificate(options.self_signed_dir, options.name)
    if not options.cert or not options.key:
        parser.error("give --cert and --key, or --self-signed-dir and --name")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    host, _unused, port = options.upstream.rpartition(":")
    ingress = Ingress(_http.parse_socket_address(options.bind), context, (host, int(port)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_unused: ingress.close())
    sys.stdout.write(f"ingress: listening on {options.bind} for {options.upstream}\n")
    sys.stdout.flush()
    ingress.serve_forever()


if __name__ == "__main__":
    main()
