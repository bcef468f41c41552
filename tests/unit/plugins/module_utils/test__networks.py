# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlaps of networks."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _networks as networks
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("name", ["docker0", "docker_gwbridge", "br-0123456789ab", "veth12ab", "lo"])
def test_devices_of_the_engine(name: str) -> None:
    assert networks.is_engine_device(name)


@pytest.mark.parametrize("name", ["eth0", "br-lan", "br0", "ens18", "docker-vpn", ""])
def test_devices_of_the_site(name: str) -> None:
    assert not networks.is_engine_device(name)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("fd00::/64", "fd00::/64"),
        ("10.1.0.1/16", None),
        ("10.1.0.0", None),
        ("ten/16", None),
    ],
)
def test_networks_are_read_strictly(text: str, network: str | None) -> None:
    assert networks.parse_network(text) == (ipaddress.ip_network(network) if network else None)


@pytest.mark.parametrize(
    ("text", "network"),
    [("172.24.0.1/24", "172.24.0.0/24"), ("172.24.0.1", ""), ("here/24", ""), ("fd00::1/64", "fd00::/64")],
)
def test_an_interface_gives_its_network(text: str, network: str) -> None:
    assert networks.parse_interface(text) == network


@pytest.mark.parametrize(
    ("text", "network"),
    [("default", None), ("0.0.0.0/0", None), ("10.0.0.7", "10.0.0.7/32"), ("10.0.0.0/8", "10.0.0.0/8")],
)
def test_destinations_of_routes(text: str, network: str | None) -> None:
    assert networks.parse_destination(text) == (ipaddress.ip_network(network) if network else None)


def test_routes_that_conflict_are_named_with_their_device() -> None:
    routes = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "172.25.3.0/24", "dev": "eth1"},
        {"dst": "172.24.0.0/24", "dev": "docker0"},
        {"dst": "10.0.0.0/8", "dev": "eth0"},
        {"dst": "fd00::/8", "dev": "eth0"},
    ]
    found = networks.route_conflicts(["172.24.0.0/14", "no network", "fd12::/64"], routes)
    assert found == [
        networks.Conflict("172.24.0.0/14", "172.25.3.0/24", "eth1"),
        networks.Conflict("fd12::/64", "fd00::/8", "eth0"),
    ]


def test_mutual_conflicts() -> None:
    found = networks.mutual_conflicts(["10.0.0.0/8", "10.2.0.0/16", "junk", "192.168.0.0/16", "fd00::/8"])
    assert found == [networks.Conflict("10.0.0.0/8", "10.2.0.0/16")]


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ({"base": "172.24.0.0/14", "size": 24}, ""),
        ({"base": "fd00::/56", "size": 64}, ""),
        ("172.24.0.0/14", "exactly the keys"),
        ({"base": "172.24.0.0/14"}, "exactly the keys"),
        ({"base": "172.24.0.1/14", "size": 24}, "CIDR"),
        ({"base": "172.24.0.0/14", "size": "24"}, "whole number"),
        ({"base": "172.24.0.0/14", "size": True}, "whole number"),
        ({"base": "172.24.0.0/14", "size": 8}, "between"),
        ({"base": "172.24.0.0/14", "size": 31}, "between"),
    ],
)
def test_pools(pool: object, words: str) -> None:
    problem = networks.pool_problem(pool)
    assert words in problem
    assert bool(problem) == bool(words)


@given(st.ip_addresses(v=4), st.integers(1, 32), st.ip_addresses(v=4), st.integers(1, 32))
def test_overlap_means_a_shared_address(
    first: ipaddress.IPv4Address, first_bits: int, second: ipaddress.IPv4Address, second_bits: int
) -> None:
    one = ipaddress.ip_network(f"{first}/{first_bits}", strict=False)
    two = ipaddress.ip_network(f"{second}/{second_bits}", strict=False)
    shared = one.network_address in two or two.network_address in one
    assert networks.overlap(one, two) == networks.overlap(two, one) == shared


def test_families_never_overlap() -> None:
    assert not networks.overlap(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not networks.overlap(ipaddress.ip_network("::/0"), ipaddress.ip_network("0.0.0.0/0"))
