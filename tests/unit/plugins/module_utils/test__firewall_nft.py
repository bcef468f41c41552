# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table inet eucaim."""

from __future__ import annotations

import json

from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_nft as nft
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import Rule

RULES = [
    Rule("ssh", ports=((22, 22),)),
    Rule("web", ports=((80, 80), (8000, 8010)), sources=("10.0.0.0/8", "192.0.2.1", "2001:db8::/32")),
    Rule("one", protocol="udp", ports=((53, 53),), destinations=("192.0.2.2",)),
    Rule("mixed", ports=((9, 9),), sources=("10.0.0.1",), destinations=("2001:db8::1",)),
    Rule("broker", direction="out", ports=((443, 443),), destinations=("192.0.2.3", "2001:db8::3"), container=True),
    Rule("mirror", direction="out", ports=((80, 80), (443, 443))),
]


def chain(text: str, name: str) -> list[str]:
    """Return the lines of a chain."""
    body = text.split(f"\tchain {name} {{\n", maxsplit=1)[1].split("\n\t}", maxsplit=1)[0]
    return [line.strip() for line in body.splitlines()]


def test_what_comes_in_to_containers() -> None:
    ports = "ct original proto-dst { 80, 8000-8010 } accept"
    assert nft.inbound_lines(RULES) == [
        "meta l4proto tcp ct original proto-dst 22 accept",
        f"meta l4proto tcp ct original ip saddr {{ 10.0.0.0/8, 192.0.2.1 }} {ports}",
        f"meta l4proto tcp ct original ip6 saddr 2001:db8::/32 {ports}",
        "meta l4proto udp ct original ip daddr 192.0.2.2 ct original proto-dst 53 accept",
    ]


def test_what_goes_out() -> None:
    broker = ["ip daddr 192.0.2.3 tcp dport 443 accept", "ip6 daddr 2001:db8::3 tcp dport 443 accept"]
    assert nft.outbound_lines(RULES, True) == broker
    assert nft.outbound_lines(RULES, False) == [*broker, "tcp dport { 80, 443 } accept"]


def test_only_enforcing_drops() -> None:
    reported, enforced = nft.render(RULES, [], False), nft.render(RULES, [], True)
    for name in ("containers_outwards", "node_outwards"):
        assert "drop" not in chain(reported, name)
        assert chain(enforced, name) == [*chain(reported, name), "drop"]
    assert chain(reported, "to_containers") == chain(enforced, "to_containers")
    assert chain(reported, "to_containers")[-1] == "counter name closed drop"


def test_it_is_loaded_as_a_whole() -> None:
    lines = nft.render(RULES, [], False).splitlines()
    assert lines[1:4] == ["table inet eucaim", "delete table inet eucaim", "table inet eucaim {"]
    assert lines[-1] == "}"


def test_an_interface_called_like_a_bridge_is_outside() -> None:
    names = ["lo", "eth0", "docker0", "br-0123456789ab", "br-lan", "podman1", "cni0", "cni-podman0", "docker_gwbridge"]
    assert nft.lookalikes(names) == ["br-lan"]
    text = nft.render(RULES, names, False)
    forward = chain(text, "forward")
    assert forward.index('iifname "br-lan" goto from_outside') < forward.index('iifname "br-*" goto from_containers')
    assert 'oifname "br-lan" return' in chain(text, "from_outside")
    assert chain(text, "from_containers")[0] == 'oifname "br-lan" goto containers_outwards'
    assert 'oifname "br-lan" goto node_outwards' in chain(text, "output")
    assert "br-lan" not in nft.render(RULES, ["eth0", "docker0"], False)


def test_a_bridge_of_docker_with_a_name_of_its_own_is_inside() -> None:
    text = nft.render(RULES, ["eth0", "lab", "br-web", "br-lan"], False, ["br-web", "docker0", "lab"])
    assert 'iifname "lab" goto from_containers' in chain(text, "forward")
    assert 'oifname "lab" goto direct' in chain(text, "from_outside")
    assert 'oifname "lab" accept' in chain(text, "from_containers")
    assert 'oifname "lab" accept' in chain(text, "output")
    assert "br-web" not in text, "its name begins as those of containers do"
    assert "docker0" not in text
    assert 'oifname "br-lan" return' in chain(text, "from_outside")


def test_what_is_not_known_is_outside() -> None:
    assert chain(nft.render(RULES, [], False), "forward")[-1] == "goto from_outside"


COUNTERS = {"nftables": [{"metainfo": {}}, {"counter": {"name": "closed", "packets": 3}}, {"counter": 1}, 7]}
SEEN = {
    "nftables": [
        {"set": {"name": "other", "elem": [{"elem": {"val": {"concat": ["192.0.2.9", "tcp", 1]}}}]}},
        {
            "set": {
                "name": "seen4",
                "elem": [
                    {"elem": {"val": {"concat": ["203.0.113.80", "tcp", 8080]}}},
                    {"elem": {"val": {"concat": ["203.0.113.7", "udp"]}}},
                    {"elem": {"val": "203.0.113.1"}},
                    "203.0.113.2",
                ],
            }
        },
        {"set": {"name": "seen6"}},
    ]
}


def test_counters_and_places_are_read() -> None:
    assert nft.counters(json.dumps(COUNTERS)) == {"closed": 3}
    assert nft.seen(json.dumps(SEEN)) == ["tcp 203.0.113.80 port 8080"]


def test_what_cannot_be_read_is_nothing() -> None:
    assert nft.counters("") == {}
    assert nft.counters("no json") == {}
    assert nft.counters("[]") == {}


def test_a_containers_own_address_is_closed_unless_a_rule_names_it() -> None:
    text = nft.render(RULES, [], False)
    assert 'oifname "br-*" goto direct' in chain(text, "from_outside")
    direct = [line for line in chain(text, "direct") if "proto-dst" in line]
    assert direct == ["meta l4proto udp ct original ip daddr 192.0.2.2 ct original proto-dst 53 accept"]
    assert chain(text, "direct")[-1] == "counter name closed drop"


def test_chains_that_hold_nothing() -> None:
    chains = [("INPUT", "accept"), ("FORWARD", "accept"), ("OUTPUT", "drop"), ("own", None)]
    text = json.dumps(
        {
            "nftables": [{"chain": {"name": name, "policy": policy}} for name, policy in chains]
            + [{"rule": {"chain": "FORWARD"}}]
        }
    )
    assert nft.empty_chains(text) == ["INPUT"]
