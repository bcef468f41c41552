# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on the links: a fast link proves no fast line, and what is not seen is not judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Address, Link, Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Stated, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_network import judge_network
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    BOND,
    GOOD,
    PORTS,
    WANTED,
    changed,
    of,
)

SILENT = replace(WANTED, stated=Stated())
PORT = replace(PORTS[0], addresses=(Address("192.0.2.10", 24, "dhcp"),), default_route=True, speed_mbps=1000)


def judged(requirement: str, item: str | None = None, machine: Machine = GOOD, wanted: Wanted = WANTED) -> Finding:
    return of(judge_network(machine, wanted), requirement, item)


def with_links(*links: Link) -> Machine:
    return replace(GOOD, links=links)


def with_port(**changes: Any) -> Machine:
    return with_links(replace(PORT, **changes))


def test_a_machine_as_asked() -> None:
    assert judge_network(GOOD, WANTED) == [
        Finding(
            "NET-RATE", "line", "1000 Mbit/s down, 1000 Mbit/s up", "200 Mbit/s down and up", "", "met", "as stated"
        ),
        Finding("NET-ADDR", "cable", "bond0 (bond)", "a wired link", "", "met"),
        Finding("NET-ADDR", "address", "192.0.2.10 static", "static, or by DHCP", "", "met"),
        Finding("NET-REDUND", "second link", "bond0 of eno1, eno2", "two links up", "", "met", "2 links are up"),
    ]


@pytest.mark.parametrize(
    ("down", "up", "verdict"),
    [(200, 200, "met"), (199, 200, "unmet"), (200, 199, "unmet"), (None, 200, "unanswered"), (200, None, "unanswered")],
)
def test_a_measured_line_at_each_limit(down: int | None, up: int | None, verdict: str) -> None:
    wanted = replace(WANTED, stated=Stated(line_down_mbps=down, line_up_mbps=up))
    assert judged("NET-RATE", wanted=wanted).verdict == verdict


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "words"),
    [
        (with_port(speed_mbps=199), "eno1 199 Mbit/s", "unmet", "the link itself is slower"),
        (with_port(speed_mbps=200), "eno1 200 Mbit/s", "unanswered", "not measured to a peer yet"),
        (with_port(speed_mbps=None), "eno1 unknown", "unanswered", "not measured to a peer yet"),
        (
            with_links(replace(PORT, speed_mbps=100), replace(PORT, name="eno2")),
            "eno1 100 Mbit/s, eno2 1000 Mbit/s",
            "unanswered",
            "not measured to a peer yet",
        ),
        (with_port(default_route=False), "unknown", "unanswered", "no link has a default route"),
        (with_port(default_route=None), "unknown", "unanswered", "which link leads to the Internet is not known"),
        (replace(GOOD, links=None, unknown={"links": "no /sys"}), "unknown", "unanswered", "no /sys"),
    ],
)
def test_a_link_alone_never_meets_the_rate(machine: Machine, found: str, verdict: str, words: str) -> None:
    finding = judged("NET-RATE", machine=machine, wanted=SILENT)
    assert (finding.found, finding.verdict) == (found, verdict)
    assert words in finding.reason


WIRELESS = Link("wlan0", "wireless", default_route=True)
BRIDGE = Link("br0", "bridge", members=("wlan0",), default_route=True)
VLAN = Link("bond0.5", "vlan", members=("bond0",), default_route=True, addresses=BOND.addresses)


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "words"),
    [
        (with_port(), "eno1 (ethernet)", "met", ""),
        (with_port(kind="infiniband"), "eno1 (infiniband)", "met", ""),
        (with_links(WIRELESS), "wlan0 (wireless)", "unmet", ""),
        (with_links(BRIDGE, replace(WIRELESS, default_route=False)), "br0 (bridge)", "unmet", ""),
        (with_links(VLAN, BOND, *PORTS), "bond0.5 (vlan), bond0 (bond)", "met", ""),
        (
            with_links(PORT, replace(WIRELESS, default_route=None)),
            "eno1 (ethernet)",
            "unanswered",
            "which link leads to the Internet is not known",
        ),
        (with_links(replace(BRIDGE, members=("br0",))), "br0 (bridge)", "met", ""),
        (with_port(kind="virtual"), "eno1 (virtual)", "unanswered", "whether this link is a cable is not known"),
        (with_port(default_route=False), "unknown", "unanswered", "no link has a default route"),
        (changed("system", virtualisation="kvm"), "bond0 (bond)", "unanswered", "cannot see the cable"),
        (
            changed("system", with_links(WIRELESS), virtualisation="kvm"),
            "wlan0 (wireless)",
            "unmet",
            "",
        ),
    ],
)
def test_the_cable(machine: Machine, found: str, verdict: str, words: str) -> None:
    finding = judged("NET-ADDR", "cable", machine)
    assert (finding.found, finding.verdict) == (found, verdict)
    assert words in finding.reason
    assert bool(words) == bool(finding.reason)


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "reason"),
    [
        (with_port(), "192.0.2.10 by DHCP", "met", ""),
        (
            with_port(addresses=(Address("192.0.2.10", 24),)),
            "192.0.2.10 of unknown origin",
            "unanswered",
            "whether it stays the same is not known",
        ),
        (with_port(addresses=(Address("2001:db8::5", 64, "static"),)), "2001:db8::5 static", "met", ""),
        (with_port(addresses=(Address("fe80::5", 64, "static"),)), "none", "unmet", ""),
        (with_port(addresses=(Address("169.254.3.4", 16, "dhcp"),)), "none", "unmet", ""),
        (with_port(addresses=(Address("here", 99, "static"),)), "none", "unmet", ""),
        (with_port(addresses=()), "none", "unmet", ""),
        (with_port(addresses=None), "none", "unanswered", "not measured"),
        (with_port(default_route=False), "none", "unanswered", "no link has a default route"),
        (
            with_links(PORT, replace(PORT, name="eno2", addresses=None)),
            "192.0.2.10 by DHCP",
            "met",
            "",
        ),
    ],
)
def test_the_address(machine: Machine, found: str, verdict: str, reason: str) -> None:
    finding = judged("NET-ADDR", "address", machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason)


SUGGESTED = "it is suggested only; whether the site has a second line is not seen from here"
DOWN = replace(PORTS[1], carrier=False)


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "reason"),
    [
        (with_port(), "eno1", "unanswered", SUGGESTED),
        (with_links(BOND, PORTS[0], DOWN), "bond0 of eno1, eno2", "unmet", "1 link of the bond is up"),
        (with_links(BOND, PORTS[0], replace(DOWN, carrier=None)), "bond0 of eno1, eno2", "unanswered", SUGGESTED),
        (with_links(BOND, PORTS[0]), "bond0 of eno1, eno2", "unanswered", SUGGESTED),
        (with_links(VLAN, replace(BOND, default_route=False), *PORTS), "bond0 of eno1, eno2", "met", "2 links are up"),
        (with_links(PORT, replace(PORT, name="eno2")), "eno1, eno2", "met", "2 links are up"),
        (with_links(PORT, replace(PORT, name="eno2", carrier=False)), "eno1, eno2", "unanswered", SUGGESTED),
        (with_port(default_route=None), "unknown", "unanswered", SUGGESTED),
    ],
)
def test_a_second_link(machine: Machine, found: str, verdict: str, reason: str) -> None:
    finding = judged("NET-REDUND", machine=machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason)


LINE_DOWN = Finding("NET-RATE", "down", "152 Mbit/s", "200 Mbit/s", "", "unmet", "UDP at 250: 152 Mbit/s")
LINE_UP = Finding("NET-RATE", "up", "at least 245 Mbit/s", "200 Mbit/s", "", "met", "UDP at 250: 245 Mbit/s")
UNSEEN = tuple(
    replace(each, found="unknown", verdict="unanswered", reason="iperf3 is not there") for each in (LINE_DOWN, LINE_UP)
)


def rates(wanted: Wanted, machine: Machine = GOOD) -> list[Finding]:
    return [each for each in judge_network(machine, wanted) if each.requirement == "NET-RATE"]


def test_a_measured_line_counts_more_than_a_stated_one_and_the_link() -> None:
    assert rates(replace(WANTED, line=(LINE_DOWN, LINE_UP))) == [LINE_DOWN, LINE_UP]
    assert rates(replace(SILENT, line=(LINE_DOWN, LINE_UP)), with_port(speed_mbps=100)) == [LINE_DOWN, LINE_UP]


def test_a_direction_that_was_not_measured_is_as_stated() -> None:
    found = rates(replace(WANTED, line=(LINE_DOWN, UNSEEN[1])))
    assert found[0] == LINE_DOWN
    assert (found[1].found, found[1].verdict) == ("1000 Mbit/s", "met")
    assert found[1].reason == "as stated; iperf3 is not there"
    assert rates(replace(SILENT, line=(LINE_DOWN, UNSEEN[1])))[1] == UNSEEN[1]
    assert rates(replace(SILENT, line=(LINE_DOWN,)))[1].reason == "not measured"


def test_a_measurement_that_failed_says_why() -> None:
    (stated,) = rates(replace(WANTED, line=UNSEEN))
    assert (stated.item, stated.verdict, stated.reason) == ("line", "met", "as stated; iperf3 is not there")
    (silent,) = rates(replace(SILENT, line=UNSEEN), with_port(speed_mbps=1000))
    assert (silent.verdict, silent.reason) == ("unanswered", "iperf3 is not there")
    (slow,) = rates(replace(SILENT, line=UNSEEN), with_port(speed_mbps=100))
    assert (slow.verdict, slow.reason) == ("unmet", "the link itself is slower than that")
