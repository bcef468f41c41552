# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same scan and the same ways to lock oneself out, with firewalld in the place of ufw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.firewall import test_b_lockouts as lockouts
from tests.firewall.test_a_scan import PUBLISHED, PUBLISHED_UDP, inside
from tests.firewall.world import Held, Place, listening, published, running

pytestmark = pytest.mark.long


def change(place: Place, *rules: dict[str, Any]) -> int:
    """Apply these rules of the site, and say how many tasks changed something."""
    return place.play(firewall_rules=list(rules), firewall_close_unlisted=True).succeeded().changed


def test_nothing_answers_but_the_list(other_place: Place) -> None:
    """22, and 80 and 443 when somebody listens there; no other program, and no container's published port."""
    node, outside = other_place.node, other_place.outside
    assert node.exec("firewall-cmd --state", check=False).stdout.strip() == "running"
    with listening(node, 80, 443, 8443, 47001, "53/udp"), published(node, "-p 8081:8000 -p 8081:8000/udp"):
        for port in (80, 443, 8443, 47001, 8081):
            assert inside(node, port)
        found = outside.scan(node, udp=[53, 8081, 47002])
        assert [outcome["open"] for outcome in found.values()] == [[22, 80, 443]] * 2, found
        assert [outcome["udp"] for outcome in found.values()] == [[], []], found
        for address in (node.ip, node.ip6):
            assert outside.hear(address, 443).strip() == "port 443"
            assert outside.login(node, address=address)


def test_a_second_run_changes_nothing(other_place: Place) -> None:
    """Rules, files and units are the same."""
    before = other_place.node.fingerprint()
    assert other_place.play().succeeded().changed == 0
    assert other_place.node.fingerprint() == before


def test_listing_a_published_port_opens_it_and_no_more(other_place: Place) -> None:
    """Listed: open over IPv4 and IPv6, TCP and UDP; taken from the list: closed again."""
    node, outside = other_place.node, other_place.outside
    with published(node, "-p 8081:8000 -p 8081:8000/udp -p 8082:8000"):
        assert change(other_place, PUBLISHED, PUBLISHED_UDP) > 0
        found = outside.scan(node, 22, 8000, 8081, 8082, udp=[8081, 8082])
        assert [outcome["open"] for outcome in found.values()] == [[22, 8081]] * 2, found
        assert [outcome["udp"] for outcome in found.values()] == [[8081]] * 2, found
        assert change(other_place, PUBLISHED, PUBLISHED_UDP) == 0
        assert change(other_place) > 0
        found = outside.scan(node, 22, 8000, 8081, 8082, udp=[8081])
        assert [outcome["open"] for outcome in found.values()] == [[22]] * 2, found
        assert [outcome["udp"] for outcome in found.values()] == [[]] * 2, found


@pytest.mark.parametrize(
    "event", ["systemctl restart docker", "firewall-cmd --reload", "systemctl restart firewalld", "restart"]
)
def test_what_happens_later_opens_nothing(other_place: Place, event: str) -> None:
    """The published port stays closed, the list open, and SSH works; also after a restart of the node."""
    node, outside = other_place.node, other_place.outside
    with published(node, "--restart always -p 8081:8000"):
        if event == "restart":
            node.restart()
        else:
            node.exec(event)
        running(node)
        with listening(node, 80, 8443):
            assert outside.open(node, 22, 80, 8081, 8443) == [[22, 80]] * 2
        assert outside.login(node)


def test_a_list_that_locks_out_is_refused(other_place: Place) -> None:
    """Every row of the table."""
    lockouts.test_a_list_that_locks_out_is_refused(other_place)


def test_the_controller_dies_between_change_and_proof(other_place: Place, held: Held) -> None:
    """The former list comes back by itself."""
    lockouts.test_the_controller_dies_between_change_and_proof(other_place, held)


def test_a_connection_that_lives_on_hides_a_dead_way(other_place: Place) -> None:
    """The proof is a new connection."""
    lockouts.test_a_connection_that_lives_on_hides_a_dead_way(other_place)


def test_rules_that_do_not_parse(other_place: Place) -> None:
    """A zone of firewalld's that is no XML: refused, and nothing is loaded."""
    path = "/etc/firewalld/direct.xml"
    other_place.node.exec(f"echo '<direct><rule' > {path}")
    try:
        before = other_place.node.fingerprint()
        done = other_place.play(firewall_inbound_ports=[80, 443, 8001])
        assert done.rc != 0
        assert "NET-FW" in done.output
        assert "Traceback" not in done.output
        assert other_place.node.fingerprint() == before
        assert other_place.outside.login(other_place.node)
    finally:
        other_place.node.exec(f"rm {path}")
