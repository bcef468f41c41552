# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be meant by a list of links."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network as model

STATIC: dict[str, Any] = {"name": "enp1s0", "addresses": ["192.0.2.10/24"], "gateway": "192.0.2.1"}
BOND: dict[str, Any] = {**STATIC, "name": "bond0", "members": ["enp1s0", "52-54-00-AB-CD-EF"]}


def said(*links: dict[str, Any]) -> list[str]:
    """Return what was found to be wrong."""
    return [refusal.found for refusal in model.problems([model.wanted_of(link) for link in links])]


def test_a_link_is_read() -> None:
    link = model.wanted_of(
        {
            **BOND,
            "primary": "52-54-00-AB-CD-EF",
            "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.2"}, {"to": "default", "via": "192.0.2.9"}],
            "dns": ["192.0.2.53"],
            "search": ["example.org"],
            "mtu": 9000,
        }
    )
    assert link.members == ("enp1s0", "52:54:00:ab:cd:ef")
    assert link.ports == link.members
    assert link.primary == "52:54:00:ab:cd:ef"
    assert link.mode == "active-backup"
    assert not link.dhcp
    assert [route.to for route in link.routes] == ["0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/0"]
    assert (link.dns, link.search, link.mtu) == (("192.0.2.53",), ("example.org",), 9000)
    assert model.wanted_of({"name": "enp1s0"}).dhcp
    assert model.wanted_of({"name": "enp1s0"}).ports == ("enp1s0",)


@pytest.mark.parametrize(
    "links",
    [
        [],
        [STATIC],
        [BOND],
        [{"name": "enp1s0"}],
        [{"name": "52:54:00:12:34:56", "mtu": 1280}],
        [{**BOND, "mode": "802.3ad"}],
        [{**BOND, "primary": "enp1s0"}],
        [{"name": "enp1s0", "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.1"}], "dns": ["2001:db8::53"]}],
        [{"name": "enp1s0", "search": ["example.org", "lan"]}],
        [{"name": "enp1s0", "addresses": ["2001:db8::10/64"], "gateway": "fe80::1"}],
        [{"name": "enp1s0", "addresses": ["192.0.2.0/31"]}],
        [
            {
                **STATIC,
                "addresses": ["192.0.2.10/24", "2001:db8::10/64"],
                "routes": [{"to": "default", "via": "2001:db8::1"}],
            }
        ],
        [{**STATIC, "dns": ["127.0.0.1"]}],
        [{"name": "bond0"}],
        [STATIC, {"name": "enp2s0", "addresses": ["2001:db8::10/64"], "gateway": "2001:db8::1"}],
    ],
)
def test_what_can_work_is_let_pass(links: list[dict[str, Any]]) -> None:
    assert said(*links) == []


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ([{"name": "eth0"}], "the name eth0"),
        ([{"name": "enp1s0; reboot"}], 'the name "enp1s0; reboot"'),
        ([{"name": ""}], 'the name ""'),
        ([{"name": 41135}], 'the name "41135"'),
        ([{**BOND, "name": "52:54:00:12:34:56"}], 'a bond called "52:54:00:12:34:56"'),
        ([{**BOND, "members": ["enp1s0"]}], "bond0: 1 member"),
        ([{**BOND, "members": ["enp1s0", "enp1s0"]}], "bond0: enp1s0 twice in members"),
        ([{**BOND, "members": ["enp1s0", "enp2s0", "enp1s0"]}], "bond0: enp1s0 twice in members"),
        ([{"name": "enp1s0.10"}], "the name enp1s0.10"),
        ([{"name": "br0"}], "the name br0"),
        ([{**BOND, "members": ["enp1s0", "vlan10"]}], "the name vlan10"),
        ([{**BOND, "mode": "fast"}], 'bond0: mode "fast"'),
        ([{**BOND, "primary": "enp9s0"}], "bond0: primary enp9s0"),
        ([{**BOND, "primary": "enp1s0", "mode": "802.3ad"}], "bond0: primary enp1s0"),
        ([{**STATIC, "mtu": 100}], "enp1s0: mtu 100"),
        ([{"name": "enp1s0", "addresses": ["192.0.2.10"]}], 'enp1s0: address "192.0.2.10"'),
        ([{"name": "enp1s0", "addresses": ["192.0.2.0/24"]}], 'enp1s0: address "192.0.2.0/24"'),
        ([{"name": "enp1s0", "addresses": ["192.0.2.255/24"]}], 'enp1s0: address "192.0.2.255/24"'),
        ([{"name": "enp1s0", "addresses": ["127.0.0.1/8"]}], 'enp1s0: address "127.0.0.1/8"'),
        ([{"name": "enp1s0", "addresses": ["224.0.0.1/8"]}], 'enp1s0: address "224.0.0.1/8"'),
        ([{"name": "enp1s0", "addresses": ["0.0.0.0/0"]}], 'enp1s0: address "0.0.0.0/0"'),
        ([{"name": "enp1s0", "addresses": ["mine/24"]}], 'enp1s0: address "mine/24"'),
        ([{"name": "enp1s0", "addresses": ["192.0.2.10/24"] * 2}], "enp1s0: an address twice"),
        ([{"name": "enp1s0", "gateway": "192.0.2.1"}], "enp1s0: gateway 192.0.2.1"),
        ([{**STATIC, "gateway": "198.51.100.1"}], "enp1s0: gateway 198.51.100.1"),
        ([{**STATIC, "gateway": "192.0.2.10"}], "enp1s0: gateway 192.0.2.10, which is the link's own address"),
        ([{**STATIC, "gateway": "192.0.2.255"}], "enp1s0: gateway 192.0.2.255"),
        ([{**STATIC, "gateway": "192.0.2.1/24"}], "enp1s0: gateway 192.0.2.1/24"),
        ([{**STATIC, "gateway": "router"}], "enp1s0: gateway router"),
        ([{**STATIC, "gateway": "192.0.2.1", "addresses": ["192.0.2.300/24"]}], 'enp1s0: address "192.0.2.300/24"'),
        ([{"name": "enp1s0", "addresses": ["240.0.0.1/24"]}], 'enp1s0: address "240.0.0.1/24"'),
        ([{"name": "enp1s0", "addresses": ["0.0.2.1/24"]}], 'enp1s0: address "0.0.2.1/24"'),
        (
            [{**STATIC, "addresses": ["192.0.2.10/255.255.255.0"]}],
            'enp1s0: address "192.0.2.10/255.255.255.0"',
        ),
        ([{"name": "enp1s0", "addresses": ["192.0.2.10/24", "192.0.2.10/25"]}], "enp1s0: an address twice"),
        ([{"name": "lo"}], "the name lo"),
        ([{**BOND, "members": ["enp1s0", "lo"]}], "the name lo"),
        ([{"name": "enp1s0", "mode": "802.3ad"}], "enp1s0: mode without members"),
        ([{"name": "enp1s0", "mode": "802.3ad", "primary": "x"}], "enp1s0: mode and primary without members"),
        ([{**STATIC, "dns": ["0.0.0.0"]}], 'enp1s0: dns "0.0.0.0"'),
        (
            [STATIC, {"name": "enp2s0", "addresses": ["192.0.2.10/25", "192.0.2.11/25"]}],
            "192.0.2.10 on enp1s0 and enp2s0",
        ),
        ([STATIC, {"name": "enp2s0", "addresses": ["192.0.2.10/24"]}], "192.0.2.10 on enp1s0 and enp2s0"),
        (
            [STATIC, {"name": "enp2s0", "addresses": ["192.0.2.11/24", "198.51.100.2/24"]}],
            "enp1s0 and enp2s0, both in 192.0.2.0/24",
        ),
        (
            [{"name": "enp1s0", "routes": [{"to": "10.0.0.0/255.0.0.0", "via": "192.0.2.1"}]}],
            'enp1s0: route to "10.0.0.0/255.0.0.0" via "192.0.2.1"',
        ),
        (
            [{"name": "enp1s0", "routes": [{"to": "ten", "via": "192.0.2.1"}]}],
            'enp1s0: route to "ten" via "192.0.2.1"',
        ),
        (
            [{"name": "enp1s0", "routes": [{"to": "10.0.0.1/8", "via": "192.0.2.1"}]}],
            'enp1s0: route to "10.0.0.1/8" via "192.0.2.1"',
        ),
        (
            [{"name": "enp1s0", "routes": [{"to": "10.0.0.0/8", "via": "fe80::1"}]}],
            'enp1s0: route to "10.0.0.0/8" via "fe80::1"',
        ),
        ([{"name": "enp1s0", "routes": [{"to": "10.0.0.0/8", "via": "x"}]}], 'enp1s0: route to "10.0.0.0/8" via "x"'),
        ([{"name": "enp1s0", "dns": ["dns.example.org"]}], 'enp1s0: dns "dns.example.org"'),
        ([{"name": "enp1s0", "search": ["example org"]}], 'enp1s0: search "example org"'),
        ([BOND, {"name": "enp1s0"}], "enp1s0 in two places"),
        ([{"name": "enp1s0"}, {"name": "enp1s0"}], "enp1s0 in two places"),
        (
            [STATIC, {"name": "enp2s0", "addresses": ["198.51.100.2/24"], "gateway": "198.51.100.1"}],
            "2 gateways on enp1s0 and enp2s0",
        ),
        (
            [
                {**STATIC, "routes": [{"to": f"10.0.0.0/{length}", "via": "192.0.2.2"} for length in (8, 9)]},
                {
                    "name": "enp2s0",
                    "addresses": ["198.51.100.2/24"],
                    "routes": [{"to": "10.0.0.0/8", "via": "198.51.100.1"}],
                },
            ],
            '2 routes to "10.0.0.0/8" on enp1s0 and enp2s0',
        ),
        (
            [{**STATIC, "routes": [{"to": "default", "via": "192.0.2.3"}]}],
            "2 gateways on enp1s0",
        ),
    ],
)
def test_what_cannot_work_is_refused(links: list[dict[str, Any]], found: str) -> None:
    assert said(*links) == [found]


@pytest.mark.parametrize(
    ("link", "needed", "remedy"),
    [
        ({**STATIC, "gateway": "192.0.2.1/24"}, "the gateway without /24", "write it as 192.0.2.1"),
        (
            {**STATIC, "addresses": ["192.0.2.10/255.255.255.0"]},
            "the length of the network as a ",
            "write it as 192.0.2.10/24",
        ),
        ({**STATIC, "mtu": 1}, "a number from 1280 to 9216", "leave mtu out, and it stays as it is"),
        (
            {**STATIC, "routes": [{"to": "10.0.0.1/8", "via": "192.0.2.1"}]},
            "a network such as",
            "write it as 10.0.0.0/8",
        ),
        ({**STATIC, "routes": [{"to": "10", "via": "192.0.2.1"}]}, "a network such as", "correct the route"),
        (
            {**STATIC, "routes": [{"to": "::/0", "via": "192.0.2.1"}]},
            "a router with an address of IPv6",
            "correct via, or the network to which it leads",
        ),
    ],
)
def test_what_is_to_be_written_is_said(link: dict[str, Any], needed: str, remedy: str) -> None:
    (refusal,) = model.problems([model.wanted_of(link)])
    assert refusal.needed.startswith(needed)
    assert refusal.remedy == remedy


@pytest.mark.parametrize(
    ("to", "via", "network"),
    [
        ("default", "192.0.2.1", "0.0.0.0/0"),
        ("default", "2001:db8::1", "::/0"),
        ("default", "", "0.0.0.0/0"),
        ("0::/0", "2001:db8::1", "::/0"),
        ("0.0.0.0/0.0.0.0", "192.0.2.1", "0.0.0.0/0"),
        ("10.0.0.0/8", "192.0.2.1", "10.0.0.0/8"),
    ],
)
def test_a_default_route_is_one_of_the_version_of_its_router(to: str, via: str, network: str) -> None:
    (route,) = model.wanted_of({"name": "enp1s0", "routes": [{"to": to, "via": via}]}).routes
    assert route.to == network


def test_addresses_of_others_are_read_as_far_as_they_can_be() -> None:
    links = [STATIC, "x", {"addresses": "x"}, {"addresses": ["y", "fe80::1/64", "2001:db8:0::10/64"]}, {"name": "z"}]
    assert sorted(model.static_of(links).values()) == ["192.0.2.10", "2001:db8::10"]
    assert model.static_of("x") == {}


@pytest.mark.parametrize(("seconds", "found"), [(44, ["44"]), (45, []), (110, []), (111, ["111"])])
def test_the_undo_has_its_limits(seconds: int, found: list[str]) -> None:
    assert [refusal.found for refusal in model.undo_problem(seconds)] == found


def test_an_address_of_digits_alone_needs_quotes() -> None:
    (refusal,) = model.problems([model.wanted_of({"name": 41135})])
    assert "quotes" in refusal.remedy
