# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network with IPv4 and IPv6, a second machine on it, and the nodes that are looked at."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.farend.end import FarEnd
from tests.firewall.world import NETWORK, PREFIX, PREFIX6, Held, Outside, Place, machine
from tests.nodes.engine import ensure_network, remove_network
from tests.nodes.node import Node
from tests.site.world import World

SUBNET = f"{PREFIX}0/24"


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    """The second machine, on a fresh network."""
    second = machine("outside", 12)
    second.down()
    FarEnd(NETWORK, SUBNET).down()
    ensure_network(NETWORK, second.ip, PREFIX6)
    try:
        yield Outside(second).up()
    finally:
        second.down()
        remove_network(NETWORK)


@pytest.fixture(scope="session")
def sockets() -> Iterator[Path]:
    """A folder with a short name: the name of a socket may not be long."""
    with tempfile.TemporaryDirectory(prefix="fw") as folder:
        yield Path(folder)


@contextlib.contextmanager
def fresh(node: Node) -> Iterator[Node]:
    """A bare node, taken away at the end."""
    node.down()
    try:
        yield node.up()
    finally:
        node.down()


@pytest.fixture(scope="session")
def world(outside: Outside) -> Iterator[World]:
    """A bare node and the far end that the whole site playbook needs, beside the second machine."""
    far_end = FarEnd(NETWORK, SUBNET)
    try:
        far_end.up()
        with fresh(machine("node-1", 11)) as node:
            yield World(node, far_end, "firewall-hospital", "good-firewall")
    finally:
        far_end.down()


@pytest.fixture(scope="session")
def place(outside: Outside, sockets: Path) -> Iterator[Place]:
    """A node with our rules, put there by the role alone."""
    with fresh(machine("node-2", 13)) as node:
        here = Place(node, outside, sockets)
        here.play().succeeded()
        yield here


@pytest.fixture(scope="session")
def other_place(outside: Outside, sockets: Path) -> Iterator[Place]:
    """A node with an engine, whose rules come from firewalld."""
    with fresh(machine("node-3", 14)) as node:
        here = Place(node, outside, sockets, {"firewall_backend": "firewalld"}, ("firewall", "docker"))
        here.play().succeeded()
        yield here


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    """Such an ssh; whatever still waits in it at the end is let go."""
    here = Held(tmp_path)
    yield here
    here.go.touch()
