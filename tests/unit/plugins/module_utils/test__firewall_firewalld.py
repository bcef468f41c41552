# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld's zone of ours, as firewalld 2.3 itself writes it, and the chain that the kernel has of it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_firewalld as fwd
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import Entry, Rule

RULES = [
    Rule("ssh", ports=((22, 22),)),
    Rule("pacs", ports=((104, 104), (8000, 8010)), sources=("10.0.0.0/8", "2001:db8::/32")),
    Rule("one", protocol="udp", ports=((53, 53),), sources=("10.0.0.1",), destinations=("192.0.2.1", "2001:db8::1")),
    Rule("away", direction="out", ports=((443, 443),)),
]
PACS = '<rule family="ipv4"><source address="10.0.0.0/8" /><port port="104" protocol="tcp" /><accept /></rule>'
# After `firewall-cmd --permanent --add-port=9000/tcp`, in firewalld's own way of writing.
REWRITTEN = """\
<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>EUCAIM</short>
  <service name="dhcpv6-client"/>
  <port protocol="tcp" port="9000"/>
  <rule family="ipv4">
    <source address="10.0.0.0/8"/>
    <port port="104" protocol="tcp"/>
    <accept/>
  </rule>
  <forward/>
</zone>
"""


def test_what_is_written_is_read_again() -> None:
    elements = fwd.items(RULES)
    assert elements[:3] == [fwd.ALWAYS, '<port port="22" protocol="tcp" />', PACS]
    assert len(elements) == 7
    assert fwd.parse(fwd.render(elements)) == elements


def test_firewallds_own_writing_means_the_same() -> None:
    assert fwd.parse(REWRITTEN) == [
        'target="ACCEPT"',
        fwd.ALWAYS,
        '<port port="9000" protocol="tcp" />',
        PACS,
    ]
    assert fwd.parse("<zone") == []


def test_elements_in_words() -> None:
    assert fwd.words('<port port="9000" protocol="tcp" />') == "port 9000/tcp"
    assert fwd.words('<service name="http" />') == "service http"
    assert fwd.words(PACS) == PACS


@pytest.mark.parametrize(
    ("element", "entry"),
    [
        ('<port port="8000-8010" protocol="udp" />', Entry(True, "udp", ((8000, 8010),))),
        (PACS, Entry(True, "tcp", ((104, 104),), "10.0.0.0/8")),
        (PACS.replace("<accept />", "<drop />"), None),
        (PACS.replace("<accept />", "<log /><accept />"), None),
        (
            PACS.replace("<port", '<destination address="192.0.2.1" /><port').replace(
                '<source address="10.0.0.0/8" />', ""
            ),
            Entry(True, "tcp", ((104, 104),), "", "192.0.2.1"),
        ),
        ('<service name="http" />', None),
        ('<port port="http" protocol="tcp" />', None),
    ],
)
def test_what_an_element_lets_in(element: str, entry: Entry | None) -> None:
    assert fwd.entry_of(element) == entry


def test_the_default_zone() -> None:
    assert fwd.default_zone("# DefaultZone=x\nDefaultZone=work\n") == "work"
    assert fwd.default_zone("") == "public"
    assert fwd.with_default_zone("a=b\nDefaultZone=public\n", "eucaim") == "a=b\nDefaultZone=eucaim\n"
    assert fwd.with_default_zone("", "eucaim") == "DefaultZone=eucaim\n"


def test_active_zones() -> None:
    assert fwd.active_zones("docker\n  interfaces: docker0\npublic (default)\n  interfaces: eth0\n\n") == [
        "docker",
        "public",
    ]


def match(field: str, right: object, protocol: str = "tcp") -> dict[str, object]:
    """Return one comparison as nft shows it."""
    return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}


def test_the_kernels_chain() -> None:
    network = {"prefix": {"addr": "10.0.0.0", "len": 8}}
    rules = [
        [match("dport", 546, "udp"), {"accept": None}],
        [match("dport", 22), {"accept": None}],
        [match("saddr", network, "ip"), match("dport", {"range": [8000, 8010]}), {"accept": None}],
        [match("daddr", "192.0.2.1", "ip"), match("dport", {"set": [80, {"range": [1, 2]}]}), {"accept": None}],
        [match("dport", 23), {"drop": None}],
        [{"match": {"left": {"ct": {"key": "state"}}, "right": "new"}}, {"match": {"left": "x"}}, {"accept": None}],
    ]
    text = json.dumps({"nftables": [{"rule": {"expr": rule}} for rule in rules]})
    assert fwd.kernel_entries(text) == [
        Entry(True, "tcp", ((22, 22),)),
        Entry(True, "tcp", ((8000, 8010),), "10.0.0.0/8"),
        Entry(True, "tcp", ((80, 80), (1, 2)), "", "192.0.2.1"),
        Entry(True),
    ]


def test_one_line_for_each_port() -> None:
    assert fwd.listed(RULES[1:2])[:2] == [
        Entry(True, "tcp", ((104, 104),), "10.0.0.0/8"),
        Entry(True, "tcp", ((8000, 8010),), "10.0.0.0/8"),
    ]
