# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with packages of Docker's own names, without a daemon.json, and with the engine open on the network.

The packages are stand-ins around Debian's programs (docker_ce.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.inuse import docker_ce, neighbours
from tests.inuse.server import ADOPT, Row, Server, refused, remove
from tests.nodes.node import differences
from tests.site.driver import ids

pytestmark = pytest.mark.long
OPEN = "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375\n"


@pytest.fixture(scope="module")
def server(first: Server) -> Iterator[Server]:
    """The server with its engine and its containers."""
    with first.beside(3) as here:
        node = here.node
        node.exec(
            "mkdir -p /etc/systemd/system/docker.service.d && cat >/etc/systemd/system/docker.service.d/open.conf",
            stdin=OPEN,
        )
        docker_ce.install(node)
        node.exec("gpasswd -a operator docker")
        neighbours.start(node)
        yield here


def test_it_is_refused_by_its_name(server: Server) -> None:
    """And what would be its remedy is told."""
    words = (
        "package docker-ce 5:26.1.5-1~stand.in",
        "records (0.0.0.0:8080->80/tcp",
        "docker_existing_engine to adopt",
    )
    with neighbours.untouched(server.node):
        refused(server, [Row("not-told", {}, words)])


def test_the_port_of_the_engine_itself_is_named(server: Server) -> None:
    """It is on no list, and somebody may use it: refused before any role has changed anything."""
    listed = [{"name": "neighbours", "ports": list(neighbours.PORTS.values())}]
    server.more = {**ADOPT, "firewall_rules": listed}
    with neighbours.untouched(server.node):
        refused(server, [Row("port", {}, ("NET-FW", "tcp 2375 (dockerd)", "firewall_close_unlisted"))])
    server.more["firewall_close_unlisted"] = True


def test_check_mode_tells_and_changes_nothing(server: Server) -> None:
    """Not even the settings of the engine that it would adopt."""
    before = server.node.fingerprint()
    with neighbours.untouched(server.node):
        run = server.site("--check", "--diff").succeeded()
    assert run.changed > 0
    assert '"live-restore": true' in run.output
    assert differences(before, server.node.fingerprint()) == []


def test_it_is_adopted_and_answers(server: Server) -> None:
    """Packages, sources of packages, daemon and containers stay; the open port is named and unmet in the report."""
    with neighbours.untouched(server.node, least=100):
        run = server.site().succeeded()
        server.far_end.sign(server.request)
        verified = server.verify()
        assert len(server.far_end.query(server.provider)["collections"]) == 2
    assert "its Docker engine is open on tcp://0.0.0.0:2375" in run.output
    assert server.node.exec("ls /etc/apt/sources.list.d").stdout.split() == ["debian.sources"]
    assert verified.rc != 0
    assert ids(server.rows(), "unmet") == ["CT-GROUP"]
    measured = server.rows()["CT-GROUP"]["measured"]
    assert "open to everyone on tcp://0.0.0.0:2375" in measured
    assert "members: ada, operator" in measured


def test_a_second_run_changes_nothing(server: Server) -> None:
    """On an engine with the collection's containers beside those of others."""
    with neighbours.untouched(server.node):
        assert server.site().succeeded().changed == 0


def test_taken_away_nothing_of_it_is_left_in_the_engine(server: Server) -> None:
    """There was no daemon.json, so there is none."""
    assert json.loads(neighbours.state(server.node).settings) == {"live-restore": True}
    with neighbours.untouched(server.node):
        remove(server, "federation", "docker", "firewall")
    assert neighbours.state(server.node).settings == ""
    assert server.node.exec("docker ps --format '{{.Names}}'").stdout.split() == ["viewer", "records"]
