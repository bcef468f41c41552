# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of this folder share: nodes with IPv4 and IPv6, a second machine that looks at them, and runs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.farend import images as build
from tests.nodes.engine import docker, operator_key, run
from tests.nodes.login import USER
from tests.nodes.node import Fingerprint, Node, differences
from tests.site.driver import SCRATCH, Run, begin, kill, playbook, write_inventory

NETWORK = "eucaim-firewall"
PREFIX, PREFIX6 = "172.30.82.", "fd00:82::"
CONTROLLER = f"{PREFIX}1"
EVERY_PORT = (1, 65535)
# There while a change of the rules is under way that nobody has proven.
PENDING = "/var/lib/eucaim/firewall/undo/pending"
# How long somebody may be locked out.
MINUTES = 120
# What the kernel of this machine remembers of packets that nobody answered; a scan must not fill it for all others.
MEMORY = Path("/proc/sys/net/netfilter")
HERE = Path(__file__).resolve().parent
SSH = ["ssh", "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=10"]


def machine(name: str, last: int, distribution: str = "debian13") -> Node:
    """A node of this folder's network, by the last part of its addresses."""
    return Node(f"firewall-{name}", NETWORK, f"{PREFIX}{last}", distribution, ip6=f"{PREFIX6}82{last}")


@dataclass(frozen=True)
class Outside:
    """A second machine, from which scans and new connections come; it is the jump host as well."""

    machine: Node

    def up(self) -> Outside:
        """Make it, and give it the key that opens the nodes."""
        self.machine.up()
        key = operator_key().read_text(encoding="utf-8")
        self.machine.exec("install -d -m 700 /root/.ssh && install -m 600 /dev/stdin /root/.ssh/operator", stdin=key)
        return self

    def scan(
        self,
        node: Node,
        *ports: int | tuple[int, int],
        udp: Sequence[int] = (),
        addresses: Sequence[str] = (),
        patience: float = 1.5,
    ) -> dict[str, dict[str, Any]]:
        """What became of each port, by address; the ports are all of TCP unless some are named."""
        ranges = [port if isinstance(port, tuple) else (port, port) for port in ports or [EVERY_PORT]]
        chosen = list(addresses or (node.ip, node.ip6))
        wanted = sum(last - first + 1 for first, last in ranges)
        leave_room(wanted * len(chosen))
        wish = {"addresses": chosen, "ports": ranges, "udp": list(udp), "patience": patience}
        program = (HERE / "scanner.py").read_text(encoding="utf-8")
        command = ["docker", "exec", "-i", self.machine.name, "python3", "-", json.dumps(wish)]
        found: dict[str, dict[str, Any]] = json.loads(run(command, stdin=program, timeout=300).stdout)
        assert list(found) == chosen, found
        assert {outcome["tried"] for outcome in found.values()} == {wanted}, found
        return found

    def open(self, node: Node, *ports: int | tuple[int, int]) -> list[list[int]]:
        """The open ports over IPv4, and those over IPv6."""
        return [outcome["open"] for outcome in self.scan(node, *ports).values()]

    def hear(self, address: str, port: int) -> str:
        """What a port says to a new visitor; nothing when it does not let one in."""
        visit = (
            "import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).recv(99).decode())"
        )
        command = ["docker", "exec", self.machine.name, "python3", "-c", visit, address, str(port)]
        return run(command, check=False, timeout=30).stdout

    def login(self, node: Node, *options: str, address: str = "") -> bool:
        """Does a new connection over SSH, from this second machine, get to the node?"""
        known = node.known_hosts.read_text(encoding="utf-8")
        self.machine.exec("cat > /root/.ssh/known_hosts", stdin=known)
        words = [*SSH, "-i", "/root/.ssh/operator", *options, f"{USER}@{address or node.ip}", "hostname"]
        done = run(["docker", "exec", self.machine.name, *words], check=False, timeout=60)
        return done.returncode == 0 and done.stdout.strip() == node.name

    def logs_in_within(self, seconds: float, node: Node, address: str = "") -> float:
        """Wait until a login works; how long that took, or an assertion."""
        started = time.monotonic()
        while not self.login(node, address=address):
            assert time.monotonic() - started < seconds, f"still locked out of {node.name} after {seconds:.0f} s"
            time.sleep(1)
        return time.monotonic() - started


def leave_room(entries: int) -> None:
    """Wait until this machine's kernel can remember so many more packets without forgetting other people's."""
    count, most = MEMORY / "nf_conntrack_count", MEMORY / "nf_conntrack_max"
    if not count.exists():
        return
    limit = int(int(most.read_text(encoding="ascii")) * 0.9)
    deadline = time.monotonic() + 180
    while int(count.read_text(encoding="ascii")) + entries > limit:
        assert time.monotonic() < deadline, f"no room for {entries} more packets in {limit} that this kernel remembers"
        time.sleep(1)


@dataclass
class Place:
    """A node, and how it is reached and set up with the role alone, as in someone else's playbook."""

    node: Node
    outside: Outside
    # Sockets of connections that stay open have their names in a folder of this process.
    sockets: Path
    # What this node's inventory says of the firewall.
    usual: dict[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ("firewall",)

    def connection(self) -> dict[str, Any]:
        """How Ansible reaches the node, over a connection that lasts."""
        return {
            **self.node.variables(),
            "ansible_timeout": 30,
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s",
            "ansible_control_path_dir": tempfile.mkdtemp(prefix="c", dir=self.sockets),
            **self.usual,
        }

    def through(self, jump: Node) -> str:
        """Arguments for ssh with which the connection comes over another machine, as over a jump host."""
        way = f"ssh -F {jump.ssh_config} -o ConnectTimeout=30 -W %h:%p {jump.name}"
        return f'-o UserKnownHostsFile={self.node.known_hosts} -o IdentitiesOnly=yes -o ProxyCommand="{way}"'

    def prepared(self, hosts: Mapping[str, Mapping[str, Any]]) -> tuple[Path, Path]:
        """The inventory and the playbook of a run; each host is this node with settings of its own."""
        folder = SCRATCH / "firewall" / self.node.name
        # Each host has a connection of its own: a shared one would hide over which way a host is reached.
        inventory = write_inventory(folder, {name: {**self.connection(), **more} for name, more in hosts.items()})
        roles = [f"eucaim.local_node.{role}" for role in self.roles]
        play = [{"name": "Firewall", "hosts": "all", "gather_facts": False, "become": True, "roles": roles}]
        path = folder / "firewall.yml"
        path.write_text(json.dumps(play), encoding="utf-8")
        return inventory, path

    def play(self, *arguments: str, **settings: Any) -> Run:
        """Run the role on this node with these settings."""
        inventory, path = self.prepared({self.node.name: settings})
        return playbook(str(path), *arguments, inventory=inventory, timeout=300)

    def begun(self, **settings: Any) -> Begun:
        """Begin such a run, for tests that end it early."""
        inventory, path = self.prepared({self.node.name: {"firewall_undo_seconds": 45, **settings}})
        log = inventory.parent / "begun.log"
        return Begun(begin(str(path), inventory=inventory, log=log), log)


@dataclass
class Begun:
    """A run of ansible-playbook that goes on beside the test."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it with its workers at once, as a lost machine would."""
        kill(self.process)

    def end(self, seconds: float) -> int:
        """Wait for its own end."""
        return self.process.wait(seconds)


@dataclass
class Held:
    """An ssh that stops before the proof of a new connection, until it is let go."""

    folder: Path
    program: Path = field(init=False)

    def __post_init__(self) -> None:
        """Write the program."""
        self.program = self.folder / "ssh"
        wait = f"touch {self.reached}; while ! test -e {self.go}; do sleep 0.1; done"
        self.program.write_text(
            f'#!/bin/sh\ncase "$*" in *ControlPath=none*) {wait} ;; esac\nexec ssh "$@"\n', encoding="ascii"
        )
        self.program.chmod(0o755)

    @property
    def reached(self) -> Path:
        """There once the proof was about to begin."""
        return self.folder / "reached"

    @property
    def go(self) -> Path:
        """Lets the proof go on."""
        return self.folder / "go"

    def wait(self, begun: Begun) -> None:
        """Until the change is in force and the proof is about to begin."""
        settle(lambda: self.reached.exists() or begun.process.poll() is not None, "the proof", 120)
        assert self.reached.exists(), begun.output[-6000:]


@contextlib.contextmanager
def listening(node: Node, *ports: int | str) -> Iterator[None]:
    """Programs of the node's own that listen on these ports, and answer."""
    node.exec("cat > /srv/listener.py", stdin=(HERE / "listener.py").read_text(encoding="utf-8"))
    words = " ".join(map(str, ports))
    node.exec(f"systemd-run -q --unit=test-listener --collect python3 /srv/listener.py {words}")
    try:
        settle(lambda: f":{ports[-1]}".partition("/")[0] + " " in node.exec("ss -Hlntu").stdout, "the listener", 10)
        yield
    finally:
        node.exec("systemctl stop test-listener", check=False)


@contextlib.contextmanager
def published(node: Node, *arguments: str, name: str = "published") -> Iterator[None]:
    """A container on the node that listens on port 8000 (TCP and UDP), and publishes it as the arguments say."""
    image = build.ensure()["mediator"]
    if image.name not in node.exec("docker images --format '{{.Repository}}:{{.Tag}}'").stdout.split():
        docker("cp", image.path, f"{node.name}:/var/tmp/image.tar")
        node.exec("docker load -qi /var/tmp/image.tar && rm /var/tmp/image.tar")
    node.exec("cat > /srv/listener.py", stdin=(HERE / "listener.py").read_text(encoding="utf-8"))
    words = f"docker run -d --name {name} -v /srv/listener.py:/listener.py:ro --entrypoint /usr/bin/python3"
    node.exec(f"{words} {' '.join(arguments)} {image.name} /listener.py 8000 8000/udp")
    try:
        yield
    finally:
        node.exec(f"docker rm -f -v {name}", check=False)


def running(node: Node, name: str = "published") -> None:
    """Wait until the container runs, and answers the node itself."""
    settle(lambda: name in node.exec("docker ps --format '{{.Names}}'", check=False).stdout.split(), name, 60)


def settle(done: Callable[[], bool], what: str, seconds: float) -> float:
    """Wait until something is so, and say how long it took; an assertion when it does not come in time."""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < seconds, f"{what} did not come in {seconds:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - started


def unchanged(before: Fingerprint, node: Node, *sections: str) -> list[str]:
    """What differs between then and now, in these sections or all."""
    after = node.fingerprint()
    chosen = sections or tuple(before)
    return differences({name: before[name] for name in chosen}, {name: after[name] for name in chosen})
