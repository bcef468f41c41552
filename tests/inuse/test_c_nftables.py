# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server whose administrator wrote packet filter rules by hand, in /etc/nftables.conf."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.inuse.server import Row, Server, refused, remove
from tests.nodes.node import Node
from tests.site.driver import ids

pytestmark = pytest.mark.long
# No "flush ruleset": it would also take the rules by which a throw-away node reaches its name server.
RULES = """#!/usr/sbin/nft -f
table inet ward
delete table inet ward
table inet ward {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif "lo" accept
    icmp type echo-request accept
    meta l4proto ipv6-icmp accept
    tcp dport { 22, 4242 } accept
  }
}
"""
APT = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends"
WORDS = ("NET-FW", "firewall_existing", "inet ward", "keep", "replace")


@pytest.fixture(scope="module")
def server(first: Server) -> Iterator[Server]:
    """The server with its rules loaded, and loaded again at every boot."""
    with first.beside(4) as here:
        node = here.node
        node.exec(f"apt-get update -q && {APT} nftables && cat >/etc/nftables.conf", stdin=RULES)
        node.exec("systemctl enable --now nftables.service")
        yield here


def table(node: Node) -> str:
    """The administrator's table as the kernel has it; empty when it is gone."""
    return node.exec("nft --stateless list table inet ward", check=False).stdout


def kept(node: Node) -> tuple[str, str, str]:
    """The table, the file it comes from, and whether it comes back at the next boot."""
    file = node.exec("cat /etc/nftables.conf").stdout
    return table(node), file, node.exec("systemctl is-enabled nftables.service", check=False).stdout.strip()


def test_rules_of_someone_else_are_refused_unless_told(server: Server) -> None:
    """They are named, and still there; nothing else on the server has changed either."""
    before = kept(server.node)
    assert "4242" in before[0]
    refused(server, [Row("not-told", {}, WORDS)])
    assert kept(server.node) == before


def test_kept_they_stay_beside_ours(server: Server) -> None:
    """Word for word, in the kernel and in the file, also after a restart of their service; the node answers."""
    before = kept(server.node)
    server.more = {"firewall_existing": "keep"}
    server.site().succeeded()
    assert kept(server.node) == before
    server.far_end.sign(server.request)
    server.verify().succeeded()
    assert ids(server.rows(), "unmet") == []
    assert len(server.far_end.query(server.provider)["collections"]) == 2
    assert server.site().succeeded().changed == 0
    server.node.exec("systemctl restart nftables.service")
    assert kept(server.node) == before
    assert server.node.exec("nft list table inet eucaim").stdout


def test_replaced_they_are_recorded_and_come_back(server: Server) -> None:
    """Taken away only when the site says so in words, and put back by remove."""
    before = kept(server.node)
    server.more = {"firewall_existing": "replace"}
    server.site().succeeded()
    assert table(server.node) == ""
    assert server.site().succeeded().changed == 0
    remove(server, "firewall")
    assert kept(server.node) == before
