# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One small Beam network for a scene: PKI, broker, proxies and a gateway that can answer in the broker's place."""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

from standins import _clock, _http

from ._programs import Got, Pki, Program, Toolbox, call, free_port, until, write_key

MONITORING_KEY = "MonitorSecret"
STANDIN_TIMER = 2.0


class Gateway:
    """Stands between proxy and broker: passes calls on, or answers itself, or is gone, or swallows connections."""

    def __init__(self, host: str, broker: tuple[str, int]) -> None:
        self.host, self.broker = host, broker
        self.port = free_port(host)
        self.answer: Any = None
        self.health: int | None = None
        self.attempts = 0
        self.closed = False
        self._held: list[socket.socket] = []
        self.server = _http.Server((host, self.port), self._handle, "gateway")
        self.server.start()
        self.client = _http.Client(environment={})

    def _handle(self, request: _http.Request) -> _http.Response | None:
        if request.path.endswith("/control"):
            return _http.Response(200, [("content-type", "text/event-stream")], self._hold(request))
        if self.health is not None and request.path == "/v1/health":
            return _http.Response(self.health)
        if self.answer is not None and request.path.startswith("/v1/tasks"):
            self.attempts += 1
            if not isinstance(self.answer, dict):
                return None
            kind = [("content-type", self.answer["content-type"])] if self.answer.get("content-type") else []
            return _http.Response(self.answer["status"], kind, str(self.answer.get("body", "")).encode())
        url = f"http://{self.broker[0]}:{self.broker[1]}{request.target}"
        answer = self.client.request(request.method, url, request.headers.items, request.body)
        kept = [(n, v) for n, v in answer.headers.items if n.lower() not in ("transfer-encoding", "connection")]
        return _http.Response(answer.status, kept, answer.read())

    def _hold(self, request: _http.Request) -> Iterator[bytes]:
        while not self.closed and not request.gone():
            time.sleep(0.1)
        yield b""

    def close(self) -> None:
        self.closed = True
        self.server.shutdown()

    def blackhole(self) -> None:
        """Listen on the same port, but let no further connection be made: the queue is full."""
        self.close()
        time.sleep(0.3)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(0)
        self._held.append(listener)
        for _unused in range(4):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect((self.host, self.port))
            self._held.append(client)
        time.sleep(0.2)

    def end(self) -> None:
        self.close()
        for held in self._held:
            held.close()


class Remote:
    """Running programs given by address in place of a world of our own; nothing of theirs is started or ended."""

    def __init__(self, urls: dict[str, str]) -> None:
        parts = {name: urllib.parse.urlsplit(url) for name, url in urls.items()}
        self.addresses = {name: (url.hostname or "", url.port or 80) for name, url in parts.items()}

    def address(self, name: str) -> tuple[str, int] | None:
        return self.addresses.get(name)

    def close(self) -> None:
        """Leave everything as it is."""


class World:
    """PKI and broker run; proxies are started by name. Everything ends with close()."""

    def __init__(
        self,
        tools: Toolbox,
        name: str,
        sweep: float = 300.0,
        timer: float = STANDIN_TIMER,
        monitoring: str | None = MONITORING_KEY,
        start_broker: bool = True,
    ) -> None:
        self.tools, self.sweep, self.timer = tools, sweep, timer
        self.directory = tools.directory(name)
        self.pki = Pki.start(tools.base, self.directory / "pki", tools.host)
        self.broker_port = free_port(tools.host)
        self.broker: Program | None = None
        self.broker_begun = 0.0
        self.programs: list[Program] = []
        self.gateways: list[Gateway] = []
        self.proxies: dict[str, tuple[Program, int]] = {}
        self._files = 0
        self._enrolled: set[str] = set()
        # Before the broker starts: the real one locks up when a certificate appears in its first seconds.
        for known in ("proxy1", "proxy2", "proxy3"):
            self.enrol(f"{known}.{tools.broker_id}")
        if start_broker:
            self.start_broker(monitoring)

    @property
    def broker_address(self) -> tuple[str, int]:
        return self.tools.host, self.broker_port

    @property
    def key_file(self) -> pathlib.Path:
        path = self.directory / "usual.key.pem"
        return path if path.exists() else write_key(self.tools.keys.get(), path)

    def file(self, name: str, data: bytes) -> pathlib.Path:
        self._files += 1
        path = self.directory / f"{self._files}-{name}"
        path.write_bytes(data)
        return path

    def broker_environment(self) -> dict[str, str]:
        return {
            "BIND_ADDR": f"{self.tools.host}:{self.broker_port}",
            "BROKER_URL": f"http://{self.tools.broker_id}",
            "PKI_ADDRESS": self.pki.address,
            "PKI_APIKEY_FILE": self.pki.token_file,
            "ROOTCERT_FILE": self.pki.root_file,
            "NO_PROXY": "*",
        }

    def start_broker(self, monitoring: str | None = MONITORING_KEY, wait: bool = True) -> Program:
        environment = self.broker_environment()
        if monitoring is not None:
            environment["MONITORING_API_KEY"] = monitoring
        handles = {"EUCAIM_STANDIN_SWEEP_SECONDS": str(self.sweep), "EUCAIM_STANDIN_TIMER_SECONDS": str(self.timer)}
        self.broker = self.tools.start("broker", environment, self.directory, handles)
        self.broker_begun = time.monotonic()
        self.programs.append(self.broker)
        if wait and not until(lambda: self.broker_status() == 200, 40):
            raise RuntimeError("the broker did not start: " + self.broker.log()[-600:])
        return self.broker

    def broker_status(self) -> int | None:
        return self.call_broker("GET", "/v1/health", {}, None, 5).status

    def call_broker(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, limit: float = 60
    ) -> Got:
        return call(self.broker_address, method, path, headers, body, limit)

    def proxy_environment(self, proxy_id: str, apps: dict[str, str], port: int, broker_port: int) -> dict[str, str]:
        return {
            "BIND_ADDR": f"{self.tools.host}:{port}",
            "BROKER_URL": f"http://{self.tools.broker_id}:{broker_port}",
            "PROXY_ID": proxy_id,
            "PRIVKEY_FILE": str(self.key_file),
            "ROOTCERT_FILE": self.pki.root_file,
            **{f"APP_{app}_KEY": key for app, key in apps.items()},
        }

    def start_program(
        self, environment: dict[str, str], offset: int | None = None, resolve: str | None = None
    ) -> Program:
        handles = {} if offset is None else {_clock.OFFSET_VARIABLE: str(offset)}
        if resolve is not None:
            handles["EUCAIM_STANDIN_RESOLVE"] = resolve
        program = self.tools.start("proxy", environment, self.directory, handles)
        self.programs.append(program)
        return program

    def enrol(self, proxy_id: str) -> None:
        """One certificate of the usual key for this id."""
        if proxy_id not in self._enrolled:
            self._enrolled.add(proxy_id)
            self.pki.issue(proxy_id, self.tools.keys.get())

    def start_proxy(self, name: str, apps: dict[str, str], gateway: Gateway | None = None) -> int:
        """Start the proxy *name* and wait until it answers; its port."""
        port = free_port(self.tools.host)
        proxy_id = f"{name}.{self.tools.broker_id}"
        broker_port = self.broker_port if gateway is None else gateway.port
        self.enrol(proxy_id)
        program = self.start_program(self.proxy_environment(proxy_id, apps, port, broker_port))
        self.proxies[name] = (program, port)
        until(lambda: self.health(port) == 200 or not program.running, 40)
        if self.health(port) != 200:
            raise RuntimeError("the proxy did not start: " + program.log()[-600:])
        return port

    def health(self, port: int) -> int | str:
        status = call((self.tools.host, port), "GET", "/v1/health", {}, None, 5).status
        return "closed" if status is None else status

    def address(self, name: str) -> tuple[str, int] | None:
        """Where a proxy of this world listens."""
        return (self.tools.host, self.proxies[name][1]) if name in self.proxies else None

    def gateway(self) -> Gateway:
        gateway = Gateway(self.tools.host, self.broker_address)
        self.gateways.append(gateway)
        return gateway

    def wait_online(self, proxy_ids: set[str], limit: float = 20.0) -> bool:
        def same() -> bool:
            got = self.call_broker("GET", "/v1/health/proxies", {}, None, 5)
            return got.status == 200 and set(json.loads(got.body)) == proxy_ids

        return until(same, limit)

    def close(self) -> None:
        for program in self.programs:
            program.kill()
        for gateway in self.gateways:
            gateway.end()
        self.pki.server.shutdown()


def later(delay: float, action: Any) -> threading.Thread:
    """Run *action* after *delay* seconds beside the visible call."""

    def run() -> None:
        time.sleep(delay)
        action()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
