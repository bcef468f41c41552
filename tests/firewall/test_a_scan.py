# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All ports of a node that the real site playbook made, from a second machine, over IPv4 and IPv6."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.firewall.world import Outside, listening, published, running, settle, unchanged
from tests.nodes.node import Node
from tests.site.driver import Run
from tests.site.world import World

PUBLISHED = {"name": "published", "ports": [8081], "container": True}
PUBLISHED_UDP = {"name": "published-udp", "ports": [8081], "protocol": "udp", "container": True}


def firewall(world: World, *rules: dict[str, Any]) -> Run:
    """The site playbook's firewall, with these rules of the site; a container's port that is not listed is closed."""
    settings = {"firewall_rules": list(rules), "firewall_close_unlisted": True}
    return world.site("--tags", "firewall", "-e", json.dumps(settings))


def test_the_scanner_finds_a_planted_port(world: World, outside: Outside) -> None:
    """On the bare node, which has no firewall: the planted port and SSH, over both families, after 65535 trials."""
    with listening(world.node, 47001):
        assert outside.scan(world.node) == {
            world.node.ip: {"open": [22, 47001], "refused": 65533, "silent": 0, "tried": 65535, "udp": []},
            world.node.ip6: {"open": [22, 47001], "refused": 65533, "silent": 0, "tried": 65535, "udp": []},
        }


def test_the_scanner_hears_udp(world: World, outside: Outside) -> None:
    """A planted listener answers over both families, and only at its own port."""
    with listening(world.node, "47002/udp"):
        found = outside.scan(world.node, 22, udp=[47002, 47003])
        assert [outcome["udp"] for outcome in found.values()] == [[47002], [47002]]


def test_a_port_in_use_is_named_before_it_is_cut(world: World, outside: Outside) -> None:
    """A program that can be reached on a node without a firewall: the run stops with its name, and changes nothing."""
    with listening(world.node, 8443):
        before = world.node.fingerprint()
        run = world.site("--tags", "firewall")
        assert run.rc != 0
        for word in ("NET-FW", "8443", "python3", "firewall_close_unlisted"):
            assert word in run.output, run.output[-4000:]
        assert "Traceback" not in run.output
        assert unchanged(before, world.node) == []
        assert outside.open(world.node, 22, 8443) == [[22, 8443]] * 2


def test_nothing_answers_but_the_list(world: World, outside: Outside) -> None:
    """After the site playbook: 22, and 80 and 443 when somebody listens there. Not the node's other listeners.

    Nor a container's published port.
    """
    world.site().succeeded()
    with listening(world.node, 80, 443, 8443, 47001, "53/udp"), published(world.node, "-p 8081:8000 -p 8081:8000/udp"):
        # They are there: the node itself reaches every one of them.
        for port in (80, 443, 8443, 47001, 8081):
            assert inside(world.node, port)
        found = outside.scan(world.node, udp=[53, 8081, 47002])
        assert [outcome["open"] for outcome in found.values()] == [[22, 80, 443], [22, 80, 443]], found
        assert [outcome["udp"] for outcome in found.values()] == [[], []], found
        for address in (world.node.ip, world.node.ip6):
            assert outside.hear(address, 80).strip() == "port 80"
            assert outside.hear(address, 443).strip() == "port 443"
            assert outside.login(world.node, address=address)


def inside(node: Node, port: int) -> bool:
    """Does the port answer the node itself?"""
    script = f'import socket; print(socket.create_connection(("127.0.0.1", {port}), 3).recv(99).decode())'
    return node.exec(f"python3 -c '{script}'", check=False).stdout.startswith("port ")


def test_listing_a_published_port_opens_it_and_no_more(world: World, outside: Outside) -> None:
    """Listed: open over IPv4 and IPv6, TCP and UDP; taken from the list: closed again; the rest as before."""
    with published(world.node, "-p 8081:8000 -p 8081:8000/udp -p 8082:8000"):
        assert outside.open(world.node, 22, 8081, 8082) == [[22], [22]]
        assert firewall(world, PUBLISHED, PUBLISHED_UDP).succeeded().changed > 0
        found = outside.scan(world.node, 22, 8000, 8081, 8082, udp=[8081, 8082])
        assert [outcome["open"] for outcome in found.values()] == [[22, 8081], [22, 8081]], found
        assert [outcome["udp"] for outcome in found.values()] == [[8081], [8081]], found
        assert outside.hear(world.node.ip, 8081).strip() == outside.hear(world.node.ip6, 8081).strip() == "port 8000"
        assert firewall(world, PUBLISHED, PUBLISHED_UDP).succeeded().changed == 0
        assert firewall(world).succeeded().changed > 0
        found = outside.scan(world.node, 22, 8000, 8081, 8082, udp=[8081])
        assert [outcome["open"] for outcome in found.values()] == [[22], [22]], found
        assert [outcome["udp"] for outcome in found.values()] == [[], []], found


@pytest.mark.long
def test_a_listed_port_is_not_open_for_every_source(world: World, outside: Outside) -> None:
    """A rule with sources lets only these in: the second machine's address is in one list and not in the other."""
    with published(world.node, "-p 8081:8000"):
        firewall(world, {**PUBLISHED, "sources": [f"{outside.machine.ip}/32"]}).succeeded()
        assert outside.open(world.node, 22, 8081) == [[22, 8081], [22]]
        firewall(world, {**PUBLISHED, "sources": ["10.99.0.0/16", "fd00:99::/64"]}).succeeded()
        assert outside.open(world.node, 22, 8081) == [[22], [22]]
        firewall(world).succeeded()


# systemd counts, and refuses more starts than an administrator would ask for in a minute.
RESTART_DOCKER = "systemctl reset-failed docker; systemctl restart docker"
# What happens on a server all the time, and must open nothing and close nothing.
EVENTS = {
    "docker-restarted": RESTART_DOCKER,
    "ufw-reloaded": "ufw reload",
    "nftables-restarted": "systemctl restart nftables",
    "nftables-stopped": "systemctl stop nftables",
    "network-made": "docker network create --ipv6 --subnet fd00:8282::/64 test-later",
}


@pytest.mark.long
@pytest.mark.parametrize("event", EVENTS)
def test_what_happens_later_opens_nothing(world: World, outside: Outside, event: str) -> None:
    """The published port stays closed, the list open, and SSH works."""
    with listening(world.node, 80, 8443), published(world.node, "--restart always -p 8081:8000"):
        world.node.exec(EVENTS[event])
        running(world.node)
        settle(lambda: outside.open(world.node, 22, 80, 8081, 8443) == [[22, 80]] * 2, "the list", 15)
        assert outside.login(world.node)
    world.node.exec(f"docker network rm test-later; {RESTART_DOCKER}", check=False)


def test_after_a_restart_of_the_node(world: World, outside: Outside) -> None:
    """The same list at once, while the containers come back."""
    with published(world.node, "--restart always -p 8081:8000"):
        world.node.restart()
        running(world.node)
        with listening(world.node, 80, 8443):
            assert outside.open(world.node, 22, 80, 8081, 8443) == [[22, 80]] * 2
        assert outside.login(world.node)


# Ways to a container that go by one firewall or the other.
@pytest.mark.long
def test_a_container_on_the_network_of_the_node(world: World, outside: Outside) -> None:
    """Its port is the node's own, published or not."""
    with published(world.node, "--network host"):
        assert inside(world.node, 8000)
        assert outside.open(world.node, 22, 8000) == [[22]] * 2


@pytest.mark.long
def test_the_direct_way_to_a_container(world: World, outside: Outside) -> None:
    """A neighbour that knows the container's own address, and makes itself a route to it, finds it closed.

    Also when the node's list has a port of the same number, and the container is published for the node itself only.
    """
    same_number = {"name": "same-number", "ports": [8000]}
    with published(world.node, "-p 127.0.0.1:8081:8000"):
        show = "docker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' published"
        address = world.node.exec(show).stdout.strip()
        outside.machine.exec(f"ip route replace {address}/32 via {world.node.ip}")
        try:
            assert outside.scan(world.node, 8000, 8081, addresses=[address])[address]["open"] == []
            firewall(world, PUBLISHED, same_number).succeeded()
            assert outside.scan(world.node, 8000, 8081, addresses=[address])[address]["open"] == []
            assert inside(world.node, 8081)
        finally:
            outside.machine.exec(f"ip route del {address}/32")
            firewall(world).succeeded()


@pytest.mark.long
def test_a_bridge_with_a_name_of_its_own(world: World, outside: Outside) -> None:
    """A container network need not be called like one: what comes in and what goes out by it is looked at as well."""
    world.node.exec("docker network create -o com.docker.network.bridge.name=mybr0 named")
    try:
        with published(world.node, "--network named -p 8081:8000"), listening(outside.machine, 9003):
            assert inside(world.node, 8081)
            assert outside.open(world.node, 22, 8081) == [[22]] * 2
            assert reaches(world.node, 9003, outside.machine.ip, "published")
            change = {"firewall_outbound": "enforce", "firewall_close_unlisted": True}
            world.site("--tags", "firewall", "-e", json.dumps(change)).succeeded()
            assert not reaches(world.node, 9003, outside.machine.ip, "published")
            firewall(world, PUBLISHED).succeeded()
            assert outside.open(world.node, 22, 8081) == [[22, 8081]] * 2
    finally:
        world.node.exec("docker network rm named")
        firewall(world).succeeded()


@pytest.mark.long
def test_containers_with_ipv6_of_their_own(world: World, outside: Outside) -> None:
    """Docker forwards IPv6 itself, so that nothing of it arrives at the node's own ports."""
    settings = "/etc/docker/daemon.json"
    change = {"experimental": True, "ip6tables": True}
    script = (
        f"import json; d = json.load(open('{settings}')); d.update({change!r}); json.dump(d, open('{settings}', 'w'))"
    )
    world.node.exec(f'cp -p {settings} /root/daemon.json && python3 -c "{script}" && {RESTART_DOCKER}')
    world.node.exec("docker network create --ipv6 --subnet fd00:8283::/64 six")
    try:
        with published(world.node, "--network six -p 8081:8000"):
            assert "8081" in world.node.exec("ip6tables -t nat -S DOCKER").stdout
            assert outside.open(world.node, 22, 8081) == [[22]] * 2
            firewall(world, PUBLISHED).succeeded()
            assert outside.open(world.node, 22, 8081) == [[22, 8081]] * 2
            firewall(world).succeeded()
            assert outside.open(world.node, 22, 8081) == [[22]] * 2
    finally:
        world.node.exec(f"docker network rm six; mv /root/daemon.json {settings} && {RESTART_DOCKER}")


WOUNDS = {
    "list-off": ("ufw --force disable", "ufw --force enable"),
    "list-opened": ("ufw allow 8443/tcp", "ufw delete allow 8443/tcp"),
    "policy": ("iptables -P INPUT ACCEPT", "ufw reload"),
    "rule-before-ours": ("ip6tables -I INPUT -p tcp --dport 8443 -j ACCEPT", "ufw reload; ip6tables -D INPUT 1"),
    "containers-off": ("nft delete table inet eucaim", "systemctl restart eucaim-firewall"),
    "containers-off-at-boot": ("systemctl disable eucaim-firewall", "systemctl enable eucaim-firewall"),
}


@pytest.mark.long
@pytest.mark.parametrize("wound", WOUNDS)
def test_verify_sees_a_wound(world: World, wound: str) -> None:
    """The row NET-FW is met, unmet while the rules are hurt, and met again after the role has mended them."""
    world.look("firewall").succeeded()
    assert world.rows()["NET-FW"]["status"] == "met"
    world.node.exec(WOUNDS[wound][0])
    try:
        assert world.look("firewall").rc != 0
        assert world.rows()["NET-FW"]["status"] == "unmet"
    finally:
        world.node.exec(WOUNDS[wound][1])
    firewall(world).succeeded()
    world.look("firewall").succeeded()
    assert world.rows()["NET-FW"]["status"] == "met"


CONNECT = 'import socket; socket.create_connection(("{address}", {port}), 2)'


def reaches(node: Node, port: int, address: str, container: str = "") -> bool:
    """Can the node, or a container on it, connect to this port elsewhere?"""
    python = f"docker exec {container} /usr/bin/python3" if container else "python3"
    script = CONNECT.format(address=address, port=port)
    return node.exec(f"{python} -c '{script}'", check=False).returncode == 0


@pytest.mark.long
def test_what_goes_out(world: World, outside: Outside) -> None:
    """Everything while it is only reported; what is listed, for the node and for containers, once it is enforced."""
    away = {"direction": "out", "destinations": [outside.machine.ip, outside.machine.ip6]}
    rules = [
        {**away, "name": "node", "ports": [9001]},
        {**away, "name": "containers", "ports": [9002], "container": True},
    ]
    with listening(outside.machine, 9001, 9002, 9003), published(world.node, "-p 8081:8000"):
        there, there6 = outside.machine.ip, outside.machine.ip6
        for port in (9001, 9002, 9003):
            assert reaches(world.node, port, there)
            assert reaches(world.node, port, there6)
            assert reaches(world.node, port, there, "published")
        change = {"firewall_rules": rules, "firewall_outbound": "enforce", "firewall_close_unlisted": True}
        world.site("--tags", "firewall", "-e", json.dumps(change)).succeeded()
        try:
            for address in (there, there6):
                assert reaches(world.node, 9001, address)
                assert not reaches(world.node, 9003, address)
            assert reaches(world.node, 9002, there, "published")
            assert not reaches(world.node, 9001, there, "published")
            assert not reaches(world.node, 9003, there, "published")
            assert outside.login(world.node)
            # What the node's other roles need is on the list by itself.
            world.far_end.sign(world.request)
            world.far_end.query(world.provider, timeout=90)
            world.site("-e", json.dumps(change)).succeeded()
        finally:
            firewall(world).succeeded()
        assert reaches(world.node, 9003, there)
        assert reaches(world.node, 9003, there, "published")
