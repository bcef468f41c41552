# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node and a peer in network namespaces of this machine, and a line between them that is as bad as wanted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.nodes.engine import run
from tests.site.driver import PROGRAMS, ROOT, SCRATCH, environment, write_inventory

NODE, PEER = "eucaim-line-node", "eucaim-line-peer"
NODE_ADDRESS, PEER_ADDRESS = "192.0.2.1", "192.0.2.2"
PORT = 5201
AREA = SCRATCH / "network"
# Larger packets than on the Internet: the line is a program, and it has to keep up on a machine that does other things.
MTU = 4500
# Line and peer go before all else that the machine does, or what they are late for would look like loss.
FIRST = ("chrt", "--rr", "10")


@dataclass(frozen=True)
class Shape:
    """A line: Mbit/s on the wire to the node and from it, milliseconds one way, percent lost each way."""

    down: float
    up: float
    delay: float
    loss: float


def inside(namespace: str, *command: str) -> list[str]:
    """Return a command as it runs inside a namespace."""
    return ["ip", "netns", "exec", namespace, *command]


@contextmanager
def started(command: list[str], ready: str) -> Iterator[None]:
    """Run a program until the end of the block; it is ready when it has printed a line with these words."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if ready in line:
                    break
            else:
                raise RuntimeError(f"{command} is not ready: {''.join(said)}")
            yield
        finally:
            process.kill()


@contextmanager
def namespaces() -> Iterator[None]:
    """Have the two namespaces until the end of the block."""
    remove()
    try:
        for name in (NODE, PEER):
            run(["ip", "netns", "add", name])
        yield
    finally:
        remove()


def remove() -> None:
    """Take the namespaces away, if they are there."""
    for name in (NODE, PEER):
        if Path("/run/netns", name).exists():
            run(["ip", "netns", "del", name])


def configure() -> None:
    """Give both ends of the line their addresses, and TCP the congestion control that loss slows down most."""
    for name, own, other in ((NODE, NODE_ADDRESS, PEER_ADDRESS), (PEER, PEER_ADDRESS, NODE_ADDRESS)):
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        run(["ip", "-n", name, "address", "add", own, "peer", other, "dev", "line"])
        run(["ip", "-n", name, "link", "set", "line", "mtu", str(MTU), "txqueuelen", "5000", "up"])
        run(["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno"])


@contextmanager
def line(shape: Shape) -> Iterator[None]:
    """Have the line, and an iperf3 server at its far end, until the end of the block."""
    program = [*FIRST, sys.executable, str(Path(__file__).with_name("line.py")), NODE, PEER]
    figures = {"--down": shape.down, "--up": shape.up, "--delay": shape.delay, "--loss": shape.loss}
    with ExitStack() as stack:
        stack.enter_context(namespaces())
        options = [text for name, value in figures.items() for text in (name, str(value))]
        stack.enter_context(started([*program, *options], "ready"))
        configure()
        server = inside(PEER, *FIRST, "iperf3", "--server", "--port", str(PORT), "--forceflush")
        stack.enter_context(started(server, "Server listening"))
        yield


def ansible(play: str, *arguments: str, variables: dict[str, Any] | None = None) -> str:
    """Run a playbook on the node, whose control machine is the node itself; return what it prints."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **(variables or {})}
    inventory = write_inventory(AREA, {"node": local})
    command = inside(NODE, str(PROGRAMS / "ansible-playbook"), "-i", str(inventory), play, *arguments)
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def write(name: str, play: dict[str, Any]) -> str:
    """Write a playbook of one play on the node and return its path."""
    AREA.mkdir(parents=True, exist_ok=True)
    path = AREA / f"{name}.json"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, **play}]), encoding="utf-8")
    return str(path)


def measure(*arguments: str, **options: Any) -> dict[str, Any]:
    """Run the module on the node and return its result."""
    answer = AREA / "answer.json"
    tasks = [
        {"eucaim.local_node.network_check": options, "register": "answer"},
        {
            "ansible.builtin.copy": {"content": "{{ answer | to_json }}", "dest": str(answer), "mode": "0600"},
            "check_mode": False,
        },
    ]
    answer.unlink(missing_ok=True)
    ansible(write("measure", {"tasks": tasks}), *arguments)
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    """Return the verdict of each finding by its item."""
    return {finding["item"]: finding["verdict"] for finding in found["findings"]}
