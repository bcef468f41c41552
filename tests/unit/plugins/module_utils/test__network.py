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
        ([{**STATIC, "gateway": "192.0.2.10"}], "enp1s0: gateway 192.0.2.10"),
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
            "a gateway of IPv4 on enp1s0 and enp2s0",
        ),
    ],
)
def test_what_cannot_work_is_refused(links: list[dict[str, Any]], found: str) -> None:
    assert said(*links) == [found]


def test_an_address_of_digits_alone_needs_quotes() -> None:
    (refusal,) = model.problems([model.wanted_of({"name": 41135})])
    assert "quotes" in refusal.remedy
