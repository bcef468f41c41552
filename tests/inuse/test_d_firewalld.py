# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on which firewalld runs, with a zone of its administrator's own, before an engine comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.inuse.server import Row, Server, installed, refused, remove
from tests.nodes.node import Node
from tests.site.driver import ids

pytestmark = pytest.mark.long
APT = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends"
ZONE = """firewall-cmd --permanent --new-zone=ward
firewall-cmd --permanent --zone=ward --add-source=10.99.0.0/16
firewall-cmd --permanent --zone=ward --add-port=4242/tcp
firewall-cmd --permanent --zone=ward --add-rich-rule='rule family=ipv4 source address=10.99.1.0/24 drop'
firewall-cmd --permanent --zone=public --add-service=ssh
firewall-cmd --reload
"""


@pytest.fixture(scope="module")
def server(first: Server) -> Iterator[Server]:
    """The server with its zone."""
    with first.beside(5) as here:
        node = here.node
        node.exec(f"apt-get update -q && {APT} firewalld && systemctl enable --now firewalld.service")
        node.exec(ZONE)
        yield here


def zone(node: Node) -> str:
    """The administrator's zone, as it is loaded."""
    return node.exec("firewall-cmd --info-zone=ward", check=False).stdout


def file(node: Node) -> str:
    """The file of the administrator's zone; empty when it is gone."""
    return node.exec("cat /etc/firewalld/zones/ward.xml", check=False).stdout


def test_a_zone_of_someone_else_is_refused_unless_told(server: Server) -> None:
    """It is named, and as it was; ufw is not installed beside."""
    before = zone(server.node), file(server.node)
    assert "4242/tcp" in before[0]
    refused(server, [Row("not-told", {}, ("NET-FW", "firewall_existing", "ward"))])
    assert (zone(server.node), file(server.node)) == before
    assert not installed(server.node, "ufw")


def test_kept_it_stays_and_the_node_answers(server: Server) -> None:
    """With firewalld as the node's firewall, found by itself."""
    before = zone(server.node), file(server.node)
    server.more = {"firewall_existing": "keep"}
    server.site().succeeded()
    assert (zone(server.node), file(server.node)) == before
    assert server.node.exec("systemctl is-active firewalld.service").stdout.strip() == "active"
    server.far_end.sign(server.request)
    server.verify().succeeded()
    assert ids(server.rows(), "unmet") == []
    assert len(server.far_end.query(server.provider)["collections"]) == 2
    assert server.site().succeeded().changed == 0
    assert (zone(server.node), file(server.node)) == before


def test_replaced_it_comes_back(server: Server) -> None:
    """Taken away only when the site says so in words, and put back by remove."""
    before = file(server.node)
    server.more = {"firewall_existing": "replace"}
    server.site().succeeded()
    assert "4242" not in zone(server.node)
    assert server.site().succeeded().changed == 0
    remove(server, "firewall")
    assert file(server.node) == before
    assert "4242/tcp" in zone(server.node)
