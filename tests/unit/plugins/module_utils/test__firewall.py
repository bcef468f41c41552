# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one list: read, checked, composed and asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall as model
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import Entry, Rule

SSH = ((22, 22),)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        (22, (22, 22)),
        ("22", (22, 22)),
        (" 8000:8010 ", (8000, 8010)),
        ("8000-8010", (8000, 8010)),
        (65535, (65535, 65535)),
        (0, None),
        (65536, None),
        ("8010:8000", None),
        ("ssh", None),
        (True, None),
        (22.0, None),
        ("", None),
    ],
)
def test_a_port_is_read(value: Any, span: model.Span | None) -> None:
    assert model.parse_port(value) == span


def test_ports_are_written() -> None:
    assert model.spans_text([(22, 22), (8000, 8010)]) == "22,8000:8010"
    assert model.span_text((1, 2), "-") == "1-2"


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("", "192.0.2.1", True),
        ("", "", True),
        ("192.0.2.0/24", "192.0.2.1", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("192.0.2.0/24", "", False),
        ("192.0.2.1", "192.0.2.0/24", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "192.0.2.1", False),
        ("nonsense", "192.0.2.1", False),
    ],
)
def test_a_network_holds_another(outer: str, inner: str, holds: bool) -> None:
    assert model.contains(outer, inner) is holds


GOOD = {"name": "dicom", "ports": [11112, "8000:8010"], "sources": ["10.0.0.0/8", "2001:db8::1"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"direction": "out", "sources": [], "destinations": ["broker.example.org", "192.0.2.0/24"]}, ""),
        ({"name": ""}, "name is needed"),
        ({"name": "a;b"}, "name is needed"),
        ({"port": 22}, "not port"),
        ({"direction": "inwards"}, "in or out"),
        ({"protocol": "icmp"}, "tcp or udp"),
        ({"ports": []}, "ports is needed"),
        ({"ports": 22}, "ports is needed"),
        ({"ports": [70000]}, "70000 is no port"),
        ({"sources": "10.0.0.0/8"}, "sources is a list"),
        ({"sources": ["10.0.0.1/8"]}, "no address or network"),
        ({"sources": ["pacs.example.org"]}, "no address or network"),
        ({"direction": "out"}, "no sources"),
        ({"direction": "out", "sources": [], "destinations": ["10.0.0.300"]}, "or a host name"),
        ({"direction": "out", "sources": [], "destinations": ["a b"]}, "or a host name"),
    ],
)
def test_a_bad_rule_is_named(change: dict[str, Any], said: str) -> None:
    problem = model.rule_problem({**GOOD, **change})
    assert problem == "" if not said else said in problem


def test_what_is_no_rule_is_named() -> None:
    assert "a mapping" in model.rule_problem("22")


def test_a_rule_is_made() -> None:
    rule = model.make_rule({**GOOD, "sources": ["10.0.0.0/8", "192.0.2.7/32"], "container": True})
    assert rule == Rule("dicom", "in", "tcp", ((11112, 11112), (8000, 8010)), ("10.0.0.0/8", "192.0.2.7"), (), True)
    assert model.canonical("Broker.Example.ORG") == "broker.example.org"


def test_a_port_with_a_rule_of_the_site_is_not_open_for_everybody() -> None:
    site = [Rule("admins", ports=SSH, sources=("10.0.0.0/8",)), Rule("dns", protocol="udp", ports=((53, 53),))]
    rules = model.compose(
        [22, 80, "443", 80, "bad"], [22, 2222], site, [Rule("more", direction="out", ports=((443, 443),))]
    )
    assert [(rule.name, rule.ports) for rule in rules] == [
        ("ssh", ((2222, 2222),)),
        ("inbound", ((80, 80), (443, 443))),
        ("admins", SSH),
        ("dns", ((53, 53),)),
        ("more", ((443, 443),)),
    ]
    assert [rule.name for rule in model.inward(rules)] == ["ssh", "inbound", "admins", "dns"]
    assert [rule.name for rule in model.outward(rules)] == ["more"]


def test_an_empty_rule_is_no_rule() -> None:
    assert model.compose([], [], [], []) == []
    assert model.compose([22], [22], [], []) == [Rule("ssh", ports=SSH)]


def test_host_names_become_addresses() -> None:
    rules = [
        Rule("all", direction="out", ports=SSH),
        Rule("some", direction="out", ports=SSH, destinations=("b.test", "192.0.2.1", "a.test")),
        Rule("lost", direction="out", ports=SSH, destinations=("gone.test",)),
    ]
    assert model.host_names(rules) == ["a.test", "b.test", "gone.test"]
    found = model.resolved(rules, {"a.test": ["192.0.2.9", "192.0.2.8"], "b.test": ["2001:db8::1"], "gone.test": []})
    assert [rule.destinations for rule in found] == [(), ("192.0.2.1", "192.0.2.8", "192.0.2.9", "2001:db8::1")]


def test_rules_make_lines() -> None:
    rule = Rule("x", ports=SSH, sources=("10.0.0.0/8", "2001:db8::/32"), destinations=("192.0.2.1",))
    assert model.entries([rule, Rule("out", direction="out", ports=SSH)]) == [
        Entry(True, "tcp", SSH, "10.0.0.0/8", "192.0.2.1")
    ]


HERE = model.Connection("10.0.0.7", "192.0.2.1", 22)


@pytest.mark.parametrize(
    ("lines", "passes"),
    [
        ([], False),
        ([Entry(True, "tcp", SSH)], True),
        ([Entry(True)], True),
        ([Entry(True, "udp", SSH)], False),
        ([Entry(True, "tcp", ((2222, 2222),))], False),
        ([Entry(True, "tcp", SSH, "10.1.0.0/16")], False),
        ([Entry(True, "tcp", SSH, "10.0.0.0/8", "192.0.2.1")], True),
        ([Entry(True, "tcp", SSH, "", "192.0.2.2")], False),
        ([Entry(False, "tcp", SSH, "10.0.0.7"), Entry(True, "tcp", SSH)], False),
        ([Entry(False, "tcp", SSH, "10.0.0.8"), Entry(True, "tcp", SSH)], True),
    ],
)
def test_the_first_line_that_fits_decides(lines: list[Entry], passes: bool) -> None:
    assert model.passes(HERE, lines) is passes


@pytest.mark.parametrize(
    ("line", "covered"),
    [
        (Entry(True, "tcp", SSH), True),
        (Entry(True, "tcp", SSH, "10.0.0.0/8"), True),
        (Entry(True, "tcp", ((8001, 8002),), "10.2.0.0/16"), True),
        (Entry(True, "tcp", ((8001, 8002),)), False),
        (Entry(True, "udp", SSH), False),
        (Entry(True, "tcp", (*SSH, (8001, 8001)), "10.0.0.9"), True),
        (Entry(True, "tcp", (*SSH, (8001, 8001))), False),
        (Entry(True, "any", SSH), False),
        (Entry(True, "tcp"), False),
        (Entry(True, "udp", ((9, 9),), "10.9.9.9"), True),
    ],
)
def test_a_line_is_covered_by_others(line: Entry, covered: bool) -> None:
    others = [
        Entry(False, "tcp", ((1, 65535),)),
        Entry(True, "tcp", SSH),
        Entry(True, "tcp", ((8000, 8010),), "10.0.0.0/8"),
        Entry(True, "any", (), "10.9.9.9"),
    ]
    assert model.covered(line, others) is covered


def test_lines_in_words() -> None:
    assert model.entry_text(Entry(True, "tcp", ((22, 22), (1, 2)), "10.0.0.0/8", "192.0.2.1")) == (
        "tcp 22,1:2 from 10.0.0.0/8 to 192.0.2.1"
    )
    assert model.entry_text(Entry(True)) == "all ports"
    assert model.expected_text([Rule("a", ports=SSH), Rule("b", ports=SSH)]) == "tcp 22"
    assert model.expected_text([]) == "nothing"
