# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the Docker engine over its socket: milliseconds each, where Docker's command takes a tenth of a second.

Private to this collection: nothing outside may import it. It only asks; what changes something is left to the command.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from typing import Any
from urllib.parse import quote

SOCKET = "/var/run/docker.sock"
SECONDS = 60.0
INTERFACES = "/sys/class/net"
BRIDGE_NAME = "com.docker.network.bridge.name"


class EngineError(Exception):
    """The engine gave no answer."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str) -> None:
        """Remember where the socket is."""
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._path)


def get(path: str) -> tuple[int, bytes]:
    """Return status and body of one answer."""
    connection = _Connection(SOCKET)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(f"{SOCKET}: {getattr(error, 'strerror', None) or error or type(error).__name__}") from error
    finally:
        connection.close()


def ask(path: str) -> Any:
    """Return what the engine says, as data; None when it knows nothing of that or does not answer."""
    try:
        status, body = get(path)
        return json.loads(body) if status == 200 else None
    except (EngineError, ValueError):
        return None


def error() -> str:
    """Return why the engine does not answer, or nothing."""
    try:
        status, body = get("/version")
    except EngineError as problem:
        return str(problem)
    return "" if status == 200 else f"{SOCKET}: status {status} {body[:200].decode('utf-8', 'replace')}".strip()


def inspect(kind: str, name: str) -> dict[str, Any] | None:
    """Return what the engine says of a container, an image or a network; None when there is none."""
    inside = f"/{kind}s/{quote(name, safe='/:@')}"
    found = ask(inside if kind == "network" else f"{inside}/json")
    if not isinstance(found, dict):
        return None
    # The engine also finds containers by the beginnings of their ids.
    return None if kind == "container" and found.get("Name") != f"/{name}" else found


def containers_of(project: str) -> list[dict[str, Any]]:
    """Return all containers of a Compose project, running or not."""
    filters = quote(json.dumps({"label": [f"com.docker.compose.project={project}"]}))
    found = ask(f"/containers/json?all=1&filters={filters}")
    return found if isinstance(found, list) else []


def named_bridges() -> list[str]:
    """Return the bridges of networks that were given names, which do not tell by themselves whose they are.

    A bridge of the node's own that a network was put on, with a network card or a virtual machine at it, is none.
    """
    found = ask("/networks")
    networks = found if isinstance(found, list) else []
    names = {str((network.get("Options") or {}).get(BRIDGE_NAME, "")) for network in networks}
    return sorted(name for name in names if name and _is_for_containers(name))


def _is_for_containers(bridge: str) -> bool:
    try:
        return all(name.startswith("veth") for name in os.listdir(os.path.join(INTERFACES, bridge, "brif")))
    except OSError:
        return False


def logs(name: str, lines: int) -> str | None:
    """Return the last lines of a container's log, first what it wrote to its output; None when it cannot be read."""
    try:
        status, body = get(f"/containers/{quote(name)}/logs?stdout=1&stderr=1&tail={lines}")
    except EngineError:
        return None
    return split_log(body) if status == 200 else None


def split_log(body: bytes) -> str:
    """Return a log as text. It comes in frames, which begin with the number of the stream and their length."""
    streams: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
    at = 0
    while at < len(body):
        head = body[at : at + 8]
        if len(head) < 8 or head[0] not in streams or head[1:4] != b"\0\0\0":
            # A container with a terminal has one stream without frames.
            streams[1].append(body[at:])
            break
        end = at + 8 + int.from_bytes(head[4:], "big")
        streams[head[0]].append(body[at + 8 : end])
        at = end
    return b"".join(part for number in streams for part in streams[number]).decode("utf-8", "replace")
