# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to an engine that is played, over a real socket."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/version": (200, b"{}"),
    "/containers/focus/json": (200, b'{"Name": "/focus"}'),
    "/containers/f0/json": (200, b'{"Id": "f0c5", "Name": "/other"}'),
    "/images/x/focus:1@sha256:1/json": (200, b'{"Id": "sha256:1"}'),
    "/networks/net%20one": (200, b'{"Id": "1"}'),
    "/networks/many": (200, b"[]"),
    "/networks/broken": (200, b"{"),
    "/containers/focus/logs?stdout=1&stderr=1&tail=5": (
        200,
        b"\1\0\0\0\0\0\0\2a\n\2\0\0\0\0\0\0\2c\n\1\0\0\0\0\0\0\2b\n",
    ),
    "/containers/silent/logs?stdout=1&stderr=1&tail=5": (501, b"no"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers what is listed."""

    def do_GET(self) -> None:
        """Answer one question."""
        status, body = ANSWERS.get(self.path, (404, b'{"message": "nothing"}'))
        if "filters" in self.path:
            status, body = 200, json.dumps([{"Id": "1", "asked": self.path}]).encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An engine's socket."""
    place = tmp_path / "s"
    monkeypatch.setattr(engine, "SOCKET", str(place))
    with socketserver.UnixStreamServer(str(place), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield place
        server.shutdown()


def test_things_are_inspected() -> None:
    assert engine.inspect("container", "focus") == {"Name": "/focus"}
    assert engine.inspect("container", "f0") is None, "a container whose id begins like that"
    assert engine.inspect("image", "x/focus:1@sha256:1") == {"Id": "sha256:1"}
    assert engine.inspect("network", "net one") == {"Id": "1"}
    assert engine.inspect("network", "none") is None
    assert engine.inspect("network", "many") is None
    assert engine.inspect("network", "broken") is None


def test_containers_of_a_project_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = engine.containers_of("p")
    assert "all=1" in found[0]["asked"]
    assert "com.docker.compose.project%3Dp" in found[0]["asked"]
    monkeypatch.setattr(engine, "ask", lambda _path: None)
    assert engine.containers_of("p") == []


def test_bridges_with_names_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that the node's network card is at is no bridge of the engine's, whatever network was put on it."""
    for name, members in {"docker0": [], "lab": ["veth1", "veth2"], "br0": ["eth0", "veth3"], "vm0": ["tap0"]}.items():
        for member in ("", *members):
            (tmp_path / name / "brif" / member).mkdir(parents=True)
    networks = [{"Options": {engine.BRIDGE_NAME: name}} for name in ("lab", "docker0", "br0", "vm0", "gone")]
    monkeypatch.setattr(engine, "INTERFACES", str(tmp_path))
    monkeypatch.setattr(engine, "ask", lambda _path: [*networks, {"Options": None}, {"Options": {}}])
    assert engine.named_bridges() == ["docker0", "lab"]
    monkeypatch.setattr(engine, "ask", lambda _path: None)
    assert engine.named_bridges() == []


def test_logs_are_read() -> None:
    assert engine.logs("focus", 5) == "a\nb\nc\n"
    assert engine.logs("silent", 5) is None
    assert engine.split_log(b"no frames at all") == "no frames at all"
    assert engine.split_log(b"\1\0\0\0\0\0\0\1a\1\0") == "a\1\0"


def test_an_engine_that_does_not_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.error() == ""
    monkeypatch.setitem(ANSWERS, "/version", (500, b"not now"))
    assert engine.error() == f"{path}: status 500 not now"
    monkeypatch.setattr(engine, "SOCKET", str(path) + "x")
    assert engine.error() == f"{path}x: No such file or directory"
    assert engine.inspect("image", "x") is None
    assert engine.logs("focus", 5) is None
