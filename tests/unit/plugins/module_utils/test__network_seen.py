# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of a node, and those that are wanted among them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_seen as sights
from ansible_collections.eucaim.local_node.plugins.module_utils._network import wanted_of

# As iproute2 6.15 shows a bond of two adapters, shortened.
LINKS: list[dict[str, Any]] = [
    {"ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "address": "00:00:00:00:00:00"},
    {
        "ifname": "enp1s0",
        "flags": ["BROADCAST", "SLAVE", "UP", "LOWER_UP"],
        "master": "bond0",
        "mtu": 1500,
        "address": "52:54:00:00:00:01",
        "linkinfo": {"info_slave_kind": "bond", "info_slave_data": {"perm_hwaddr": "52:54:00:00:00:01"}},
    },
    {
        "ifname": "enp2s0",
        "flags": ["BROADCAST", "SLAVE", "UP", "LOWER_UP"],
        "master": "bond0",
        "address": "52:54:00:00:00:01",
        "permaddr": "52:54:00:00:00:02",
    },
    {
        "ifname": "bond0",
        "flags": ["BROADCAST", "MASTER", "UP", "LOWER_UP"],
        "mtu": 1500,
        "address": "52:54:00:00:00:01",
        "linkinfo": {"info_kind": "bond", "info_data": {"mode": "active-backup", "active_slave": "enp1s0"}},
        "addr_info": [
            {"local": "192.0.2.10", "prefixlen": 24, "scope": "global"},
            {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
        ],
    },
    {
        "ifname": "enp3s0",
        "flags": ["BROADCAST", "UP"],
        "mtu": 1500,
        "address": "52:54:00:00:00:03",
        "addr_info": [{"local": "198.51.100.7", "prefixlen": 24, "scope": "global", "dynamic": True}],
    },
    {"flags": []},
]
SEEN = sights.parse_links(json.dumps(LINKS))
BOND = {"name": "bond0", "members": ["enp1s0", "52:54:00:00:00:02"], "addresses": ["192.0.2.10/24"]}


def placed(**link: Any) -> sights.Placed:
    """Return a wanted link with what it is on this node."""
    found = sights.place(wanted_of(link), SEEN)
    assert found is not None
    return found


def without(*names: str) -> dict[str, sights.Seen]:
    """Return the links of the node without some."""
    return {name: link for name, link in SEEN.items() if name not in names}


def test_links_are_read() -> None:
    assert sorted(SEEN) == ["bond0", "enp1s0", "enp2s0", "enp3s0", "lo"]
    bond = SEEN["bond0"]
    assert (bond.kind, bond.mode, bond.active, bond.carrier) == ("bond", "active-backup", "enp1s0", True)
    assert (bond.addresses, bond.leased) == (("192.0.2.10/24",), ())
    assert SEEN["enp2s0"].mac == "52:54:00:00:00:02"
    assert (SEEN["enp3s0"].leased, SEEN["enp3s0"].carrier, SEEN["enp3s0"].up) == (("198.51.100.7/24",), False, True)
    assert sights.parse_links("") == {}
    assert sights.parse_links("Object is unknown") == {}


def test_an_adapter_is_found_by_its_address_and_not_what_is_stacked_on_it() -> None:
    found = sights.find("52:54:00:00:00:01", SEEN)
    assert found is not None
    assert found.device == "enp1s0"
    assert sights.find("52:54:00:00:00:99", SEEN) is None
    assert sights.missing(wanted_of({"name": "enp9s0"}), SEEN) == ["enp9s0"]
    assert sights.place(wanted_of({"name": "enp9s0"}), SEEN) is None


def test_a_bond_is_placed() -> None:
    link = placed(**BOND, primary="52:54:00:00:00:02")
    assert (link.device, link.bond, link.mac, link.primary) == ("bond0", True, "52:54:00:00:00:01", "enp2s0")
    assert [port.device for port in link.ports] == ["enp1s0", "enp2s0"]
    alone = placed(name="52:54:00:00:00:03")
    assert (alone.device, alone.bond, alone.primary) == ("enp3s0", False, "")


def test_routers_are_read() -> None:
    text = json.dumps([{"dst": "default", "gateway": "192.0.2.1", "dev": "bond0"}, {"dst": "default"}])
    assert sights.default_routes(text) == {"bond0": ["192.0.2.1"], "": [""]}
    several = [{"dst": "default", "nexthops": [{"gateway": "192.0.2.1", "dev": "a"}, {"gateway": "::1", "dev": "b"}]}]
    assert sights.default_routes(json.dumps(several)) == {"a": ["192.0.2.1"], "b": ["::1"]}
    assert sights.default_routes("") == {}
    assert sights.default_routes("nothing") == {}


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (BOND, []),
        ({**BOND, "mode": "802.3ad"}, ["bond0 is in mode active-backup, not 802.3ad"]),
        ({**BOND, "members": ["enp1s0", "enp3s0"]}, ["enp3s0 is not in bond0"]),
        ({**BOND, "addresses": ["192.0.2.11/24"]}, ["bond0 lacks 192.0.2.11/24"]),
        ({**BOND, "mtu": 9000}, ["bond0 has mtu 1500, not 9000"]),
        ({**BOND, "mtu": 1500}, []),
        ({**BOND, "gateway": "192.0.2.1"}, []),
        ({**BOND, "routes": [{"to": "::/0", "via": "2001:DB8::1"}]}, []),
        ({**BOND, "gateway": "192.0.2.2"}, ["bond0 lacks the gateway 192.0.2.2"]),
        ({"name": "enp3s0", "addresses": ["198.51.100.7/24"], "gateway": "198.51.100.1"}, []),
        ({"name": "enp3s0"}, []),
        ({**BOND, "name": "bond1"}, ["bond1 is not there"]),
    ],
)
def test_where_the_kernel_is_not_as_wanted_is_told(link: dict[str, Any], words: list[str]) -> None:
    assert sights.drift(placed(**link), SEEN, {"bond0": ["192.0.2.1", "2001:db8::1", ""]}) == words


def test_a_bond_in_another_mode_is_told() -> None:
    plain = sights.Seen("bond0", kind="", carrier=True, addresses=("192.0.2.10/24",))
    link = placed(**BOND)
    assert "bond0 is in mode none, not active-backup" in sights.drift(link, {**SEEN, "bond0": plain}, {})
    assert sights.bond_words(link, {**SEEN, "bond0": plain})[1] == ["bond0 is in mode none"]


def test_addresses_are_judged() -> None:
    link = placed(**BOND, gateway="192.0.2.1", routes=[{"to": "10.0.0.0/8", "via": "192.0.2.9"}])
    assert sights.address_words(link, SEEN, {"bond0": ["192.0.2.1"]}, ()) == (
        ["bond0: 192.0.2.10/24 static, gateway 192.0.2.1"],
        [],
    )
    assert sights.address_words(link, SEEN, {}, ["enp2s0"])[1] == [
        "bond0 lacks the gateway 192.0.2.1",
        "enp2s0 is wireless",
    ]
    assert sights.address_words(link, without("bond0"), {}, ()) == ([], ["bond0 is not there"])
    assert sights.address_words(placed(name="enp3s0"), SEEN, {}, ()) == (
        ["enp3s0: 198.51.100.7/24 by DHCP"],
        ["enp3s0 has no carrier"],
    )
    bare = {**SEEN, "enp3s0": sights.Seen("enp3s0", carrier=True)}
    assert sights.address_words(placed(name="enp3s0"), bare, {}, ()) == (
        ["enp3s0: no address"],
        ["enp3s0 has no address by DHCP"],
    )


def test_a_bond_is_judged() -> None:
    link = placed(**BOND)
    assert sights.bond_words(link, SEEN) == (
        ["bond0: active-backup, enp1s0 active; with carrier: enp1s0 and enp2s0"],
        [],
    )
    assert sights.bond_words(link, without("bond0")) == ([], ["bond0 is not there"])
    other = placed(**{**BOND, "members": ["enp3s0", "enp1s0"], "mode": "802.3ad"})
    assert sights.bond_words(other, SEEN)[1] == [
        "enp3s0 is not in bond0",
        "enp3s0 has no carrier",
        "bond0 is in mode active-backup",
    ]
    dark = {name: sights.Seen(name, kind="bond" if name == "bond0" else "", master="bond0") for name in SEEN}
    assert sights.bond_words(link, dark)[0] == ["bond0: no mode; with carrier: none"]
