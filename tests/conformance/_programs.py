# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting programs on loopback: ports, processes with their logs, one HTTP call, keys and a certificate authority."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from standins import _clock, _http, pki
from standins._certs import vault_serial

STANDINS = pathlib.Path(__file__).resolve().parent.parent / "standins"

_ports = threading.Lock()
_given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """A port below the ephemeral range that nothing listens on; never given twice in one run."""
    with _ports:
        while True:
            port = random.randint(12000, 30000)
            if port in _given:
                continue
            with socket.socket() as probe:
                try:
                    probe.bind((host, port))
                except OSError:
                    continue
            _given.add(port)
            return port


@dataclass
class Got:
    """The answer to a call; status None means that the connection ended without one, "timeout" that none came."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    seconds: float
    timeout: bool = False


def body_bytes(body: Any) -> bytes | None:
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode("utf-8")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def call(
    address: tuple[str, int], method: str, path: str, headers: dict[str, str], body: bytes | None, limit: float = 60.0
) -> Got:
    begun = time.monotonic()
    connection = http.client.HTTPConnection(*address, timeout=limit)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1"))
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body)
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, got, answer.read(), time.monotonic() - begun)
    except TimeoutError:
        return Got(None, {}, b"", time.monotonic() - begun, timeout=True)
    except (OSError, http.client.HTTPException):
        return Got(None, {}, b"", time.monotonic() - begun)
    finally:
        connection.close()


def until(condition: Any, limit: float, pause: float = 0.05) -> bool:
    """Ask until it is true or the time is over."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())


class Program:
    """A child process whose output goes to a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: pathlib.Path, cwd: pathlib.Path) -> None:
        self.log_path = log
        self.begun = time.monotonic()
        with log.open("wb") as stream:
            self.process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream, cwd=cwd)

    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def exit_code(self, limit: float) -> int | None:
        """As a shell shows it (128 + signal), or None while the program goes on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.process.wait(limit)
            return code if code >= 0 else 128 - code
        return None

    def terminate(self, limit: float = 5.0) -> int | None:
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        return self.exit_code(limit)

    def kill(self) -> None:
        if self.running:
            self.process.kill()
        self.process.wait()


class Keys:
    """RSA keys made once per run; names share a few of them, since making one is slow."""

    def __init__(self) -> None:
        self._made: dict[str, rsa.RSAPrivateKey] = {}
        self._lock = threading.Lock()

    def get(self, name: str = "usual", bits: int = 2048) -> rsa.RSAPrivateKey:
        with self._lock:
            if name not in self._made:
                self._made[name] = rsa.generate_private_key(65537, bits)
            return self._made[name]


def write_key(key: rsa.RSAPrivateKey, path: pathlib.Path, pkcs1: bool = False) -> pathlib.Path:
    form = serialization.PrivateFormat.TraditionalOpenSSL if pkcs1 else serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


@dataclass
class Pki:
    """The PKI stand-in, served from this process."""

    authority: pki.Authority
    server: _http.Server
    address: str

    @classmethod
    def start(cls, base: pathlib.Path, directory: pathlib.Path, host: str) -> Pki:
        shutil.copytree(base, directory)
        authority = pki.Authority(directory)
        api = pki.VaultApi(authority, (directory / "token").read_text().strip(), pki.REALM)
        server = _http.Server((host, free_port(host)), api.handle)
        server.start()
        return cls(authority, server, f"http://{host}:{server.port}")

    def issue(self, name: str, key: rsa.RSAPrivateKey, begin: float = -60.0, end: float = 30 * 86400.0) -> str:
        """Offsets in seconds from now; the serial."""
        now = _clock.utcnow().replace(microsecond=0)
        certificate = self.authority.issue(
            key.public_key(), name, now + datetime.timedelta(seconds=begin), now + datetime.timedelta(seconds=end)
        )
        return vault_serial(certificate)

    @property
    def token_file(self) -> str:
        return str(self.authority.directory / "token")

    @property
    def root_file(self) -> str:
        return str(self.authority.directory / "root.crt.pem")


def faketime() -> str | None:
    return shutil.which("faketime")


def seconds_of(text: str) -> int:
    """'-10m', '+2h', '-4d' as seconds."""
    found = re.fullmatch(r"([+-]?[0-9]+)([smhd])", text)
    if found is None:
        raise ValueError(text)
    return int(found.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found.group(2)]


@dataclass
class Toolbox:
    """What all worlds of a run share: programs, keys, a certificate authority and a place for files."""

    workdir: pathlib.Path
    proxy_binary: str | None = None
    broker_binary: str | None = None
    keys: Keys = field(default_factory=Keys)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.workdir.mkdir(parents=True, exist_ok=True)
        pki.Authority(self.base).init()

    @property
    def base(self) -> pathlib.Path:
        return self.workdir / "authority"

    @property
    def real(self) -> bool:
        return self.proxy_binary is not None or self.broker_binary is not None

    @property
    def broker_id(self) -> str:
        """A real program needs a name that resolves everywhere: a loopback address of the same length."""
        return "127.0.0.111" if self.real else "broker.test"

    @property
    def host(self) -> str:
        return "127.0.0.111" if self.real else "127.0.0.1"

    def directory(self, name: str) -> pathlib.Path:
        with self._lock:
            self._count += 1
            path = self.workdir / f"{self._count:03}-{re.sub('[^A-Za-z0-9_.-]', '_', name)[:40]}"
        path.mkdir()
        return path

    def start(
        self, program: str, environment: dict[str, str], directory: pathlib.Path, handles: dict[str, str] | None = None
    ) -> Program:
        """*program* is proxy or broker; handles are the stand-ins' test handles."""
        binary = {"proxy": self.proxy_binary, "broker": self.broker_binary}[program]
        complete = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(directory), **environment}
        handles = dict(handles or {})
        offset = handles.get(_clock.OFFSET_VARIABLE)
        if binary is not None:
            command = [binary]
            if offset is not None:
                command = [faketime() or "faketime", "-f", f"{int(offset):+d}s", binary]
        else:
            command = [sys.executable, "-m", f"standins.beam_{program}"]
            complete.update({"PYTHONPATH": str(STANDINS), "PYTHONDONTWRITEBYTECODE": "1"}, **handles)
            complete.setdefault("EUCAIM_STANDIN_RESOLVE", f"{self.broker_id}={self.host}")
        with self._lock:
            self._count += 1
            log = directory / f"{program}-{self._count}.log"
        return Program(command, complete, log, directory)
