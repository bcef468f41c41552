# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds Focus while its vectors are replayed: a small Beam proxy, a mediator, the started program."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from standins._http import Request, Response, Server

APP_ID = "focus.proxy2.broker.test"
API_KEY = "FocusSecret"
ASKER = "app1.proxy1.broker.test"
HOST = "127.0.0.1"
STANDINS = pathlib.Path(__file__).resolve().parents[1] / "standins"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z\s+")


def start_server(handler: Callable[[Request], Response | None]) -> Server:
    """A server on a port below the ephemeral range, where a client that polls a closed port cannot meet itself."""
    for _unused in range(200):
        try:
            server = Server((HOST, random.randint(20000, 29999)), handler, "conformance-suite")
        except OSError:
            continue
        server.start()
        return server
    raise RuntimeError("no free port")


class ClosedPort:
    """A port that refuses connections and that nobody else gets as long as this exists."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for _unused in range(200):
            with contextlib.suppress(OSError):
                self.socket.bind((HOST, random.randint(20000, 29999)))
                break
        self.address = f"{HOST}:{self.socket.getsockname()[1]}"

    def close(self) -> None:
        self.socket.close()


@dataclasses.dataclass
class Call:
    """One request that came in, and the status it got (None while it is open or when it got no answer)."""

    at: float
    request: Request
    status: int | None = None


@dataclasses.dataclass
class Put:
    at: float
    task: str
    status: str
    answer: int
    message: dict[str, Any]
    call: Call


Fault = Callable[[Request], "Response | None"]


class BeamProxy:
    """The app-facing calls that Focus makes, for one app. Faults replace single answers."""

    def __init__(self, longest_wait: float = 60.0) -> None:
        self.longest_wait = longest_wait
        self.tasks: dict[str, dict[str, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.calls: list[Call] = []
        self.puts: list[Put] = []
        self.health_status = 200
        self.poll_fault: Fault | None = None
        self.put_faults: dict[str, Fault] = {}
        self.changed = threading.Condition()
        self.server = start_server(self.handle)
        self.address = f"{HOST}:{self.server.port}"

    def post(self, body: str, metadata: object, changes: Mapping[str, object] | None = None) -> str:
        """Put a task on the list. A change to None takes that member away."""
        number = f"00000000-0000-4000-8000-{random.getrandbits(48):012x}"
        task: dict[str, Any] = {
            "body": body,
            "failure_strategy": "discard",
            "from": ASKER,
            "id": number,
            "metadata": metadata,
            "to": [APP_ID],
            "ttl": "60",
        }
        for name, value in (changes or {}).items():
            if value is None:
                del task[name]
            else:
                task[name] = value
        with self.changed:
            self.tasks[number] = task
            self.changed.notify_all()
        return number

    def handle(self, request: Request) -> Response | None:
        call = Call(time.monotonic(), request)
        with self.changed:
            self.calls.append(call)
            self.changed.notify_all()
        response = self._route(call)
        if response is not None:
            call.status = response.status
        return response

    def _route(self, call: Call) -> Response | None:
        request = call.request
        if request.path == "/v1/health":
            return Response(self.health_status)
        put = re.fullmatch(r"/v1/tasks/([^/]+)/results/([^/]+)", request.path)
        if request.path != "/v1/tasks" and put is None:
            return Response(404)
        if request.headers.get("authorization") != f"ApiKey {APP_ID} {API_KEY}":
            return Response(401, [("www-authenticate", "ApiKey")])
        if put is not None:
            return self._put(call, put.group(1))
        if self.poll_fault is not None:
            return self.poll_fault(request)
        return self._poll(request)

    def _open(self) -> list[dict[str, Any]]:
        """Tasks without a result."""
        return [task for number, task in self.tasks.items() if number not in self.results]

    def _poll(self, request: Request) -> Response:
        query = dict(request.query)
        wait = re.fullmatch(r"(\d+)s", query.get("wait_time", "0s"))
        end = time.monotonic() + min(self.longest_wait, float(wait.group(1)) if wait else 0.0)
        with self.changed:
            while not self._open() and time.monotonic() < end:
                self.changed.wait(max(0.0, end - time.monotonic()))
            found = self._open()
        data = json.dumps(found, separators=(",", ":")).encode()
        return Response(200 if found else 206, [("content-type", "application/json")], data)

    def _put(self, call: Call, number: str) -> Response | None:
        message = json.loads(call.request.body)
        status = str(message["status"])
        with self.changed:
            before = self.results.get(number)
            fault = self.put_faults.get(status)
            answer: Response | None = Response(204 if before else 201)
            if status == "claimed" and before is not None and before["status"] == "succeeded":
                answer = Response(201)
            else:
                self.results[number] = message
            put = Put(call.at, number, status, 0, message, call)
            self.puts.append(put)
            self.changed.notify_all()
        if fault is not None:
            answer = fault(call.request)
        put.answer = 0 if answer is None else answer.status
        return answer

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        with self.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(left)
        return True

    def finished_calls(self) -> list[tuple[str, str, int]]:
        """Each kind of answered call once, in the order of its first time."""
        kinds = ((call.request.method, call.request.target, call.status) for call in list(self.calls))
        return list(dict.fromkeys((method, target, status) for method, target, status in kinds if status is not None))

    def polls(self) -> list[Call]:
        return [call for call in list(self.calls) if call.request.path == "/v1/tasks"]


class Mediator:
    """Answers as told for the next request; every request is kept."""

    def __init__(self, answer: Callable[[Request], Response | None]) -> None:
        self.answer = answer
        self.pause = 0.0
        self.calls: list[Call] = []
        self.server = start_server(self.handle)
        self.address = f"{HOST}:{self.server.port}"

    def handle(self, request: Request) -> Response | None:
        call = Call(time.monotonic(), request)
        self.calls.append(call)
        time.sleep(self.pause)
        response = self.answer(request)
        if response is not None:
            call.status = response.status
        return response


class Program:
    """Focus as a process: the stand-in, or a real binary."""

    def __init__(self, environment: dict[str, str], log: pathlib.Path, binary: str | None) -> None:
        self.log = log
        command = [binary] if binary else [sys.executable, "-m", "standins.focus"]
        base = {"PATH": os.environ.get("PATH", os.defpath)}
        if binary is None:
            base |= {"PYTHONPATH": str(STANDINS), "PYTHONPYCACHEPREFIX": str(log.parent / "pycache")}
        self.started = time.monotonic()
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                command, env=base | environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
            )

    def wait(self, seconds: float) -> int | None:
        """Exit code as a shell shows it, or None if it still runs."""
        try:
            code = self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    def wait_for_life(self, seconds: float = 20.0) -> None:
        """Until it has written something or ended: an interpreter starts later than a binary."""
        end = time.monotonic() + seconds
        while not self.log.stat().st_size and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)

    def terminate(self) -> tuple[int | None, float]:
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.wait(15), time.monotonic() - begin

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def lines(self) -> list[str]:
        """What it wrote, without colours and time stamps."""
        text = _COLOUR.sub("", self.log.read_text("utf-8", "replace"))
        return [_STAMP.sub("", line) for line in text.split("\n")]


@dataclasses.dataclass
class World:
    """One Focus between its own Beam proxy and mediator."""

    beam: BeamProxy
    mediator: Mediator
    closed: ClosedPort
    program: Program | None = None

    def places(self) -> dict[str, str]:
        return {
            "<beam proxy>": self.beam.address,
            "<mediator>": self.mediator.address,
            "<closed port>": self.closed.address,
            "<port>": self.closed.address.rpartition(":")[2],
        }

    def fill(self, text: str) -> str:
        for name, value in self.places().items():
            text = text.replace(name, value)
        return text

    def hide(self, text: str) -> str:
        """Addresses and other changing parts as one word each, in recorded and in real text alike."""
        text = re.sub(r"<(beam proxy|mediator|closed port)>|127\.0\.0\.1:(\d+|<port>)", "<address>", text)
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", text)
        return re.sub(r"headers: \{.*?\}", "headers: {...}", re.sub(r"Response \{.*\}", "Response {...}", text))

    def close(self) -> None:
        if self.program is not None:
            self.program.kill()
        self.beam.longest_wait = 0.0
        with self.beam.changed:
            self.beam.changed.notify_all()
        self.beam.server.shutdown()
        self.mediator.server.shutdown()
        self.closed.close()
