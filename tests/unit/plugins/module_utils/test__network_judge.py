# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on what was measured: unmet only if the line is what was measured, met only by what it carried."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_iperf as iperf
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_judge as judge
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Link
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import load_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_meter import Direction, Reached
from ansible_collections.eucaim.local_node.plugins.module_utils._network_ping import Echoes
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import Place, Route
from ansible_collections.eucaim.local_node.plugins.module_utils._site import Proxy
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding
from hypothesis import given
from hypothesis import strategies as st

ECHOES = Echoes("icmp", 20, 19, 38.0, 40.0, 44.0, 1.25)
ROUTE = Route("192.0.2.1", "eno1", "192.0.2.254")
SLOW = Link("eno1", "ethernet", speed_mbps=100, duplex="half")
REACHED = Reached(Place("a.example:443", "a.example", 443), "192.0.2.9", ECHOES, ROUTE, None, True)
HOST = replace(REACHED, place=Place("a.example", "a.example"), connected=None)


def udp(asked: float, arrived: float, **more: Any) -> iperf.Stream:
    """Return a stream of which a part arrived; a tenth more is on the wire."""
    packets = round(asked * 100)
    lost = round(packets * (1 - arrived / asked))
    return iperf.Stream("udp", asked, arrived, 1.1, 5.0, packets=packets, lost=lost, **more)


def tcp(rate: float, **more: Any) -> iperf.Stream:
    return iperf.Stream("tcp", 400, rate, 1.1, 5.0, streams=8, **more)


def rate(direction: Direction, link: Link | None = None) -> Finding:
    found = judge.judge_line({"down": direction}, link)
    assert [each.item for each in found] == ["down", "up"]
    assert found[1] == judge.not_measured("not measured")[1]
    return found[0]


GENTLE = udp(10, 9.8, jitter_ms=0.5)


@pytest.mark.parametrize(
    ("direction", "found", "verdict", "words"),
    [
        (
            Direction(GENTLE, (udp(250, 140),), tcp(20)),
            "154 Mbit/s",
            "unmet",
            "UDP at 250: 154 Mbit/s, 44 % lost; TCP,",
        ),
        (Direction(GENTLE, (udp(250, 245),)), "at least 270 Mbit/s", "met", "2 % lost"),
        (Direction(GENTLE, (udp(250, 245), udp(400, 280))), "308 Mbit/s", "met", "UDP at 400: 308 Mbit/s"),
        (Direction(GENTLE, (udp(250, 181.5),)), "200 Mbit/s", "met", ""),
        (Direction(GENTLE, (udp(250, 181.3),)), "199 Mbit/s", "unmet", ""),
        # TCP has carried it: so does the line, whatever became of the datagrams.
        (Direction(GENTLE, (udp(250, 140),), tcp(190, retransmits=7)), "209 Mbit/s", "met", "7 segments sent again"),
        (Direction(None, (), tcp(190)), "at least 209 Mbit/s", "met", ""),
        (Direction(None, (), tcp(100)), "at least 110 Mbit/s", "unanswered", "TCP alone got through"),
        (
            Direction(GENTLE, (udp(250, 140, busiest_percent=95.0),)),
            "154 Mbit/s",
            "unanswered",
            "one of the two machines was busy",
        ),
        (Direction(GENTLE, (udp(250, 140, busiest_percent=50.0, own_drops=5),)), "154 Mbit/s", "unmet", "5 dropped by"),
        (Direction(GENTLE, (udp(100, 99),)), "at least 109 Mbit/s", "unanswered", "no more was sent"),
        (Direction(GENTLE, (replace(udp(250, 0), packets=0),)), "0 Mbit/s", "unanswered", "nothing arrived"),
        (Direction(GENTLE, (udp(250, 5),), tcp(20)), "22 Mbit/s", "unanswered", "something on the way holds UDP back"),
        (Direction(None, (udp(250, 50),), tcp(90)), "99 Mbit/s", "unanswered", "something on the way holds UDP back"),
        (Direction(None, (udp(250, 80),), tcp(90)), "99 Mbit/s", "unmet", ""),
        (
            Direction(faults=(iperf.NOT_INSTALLED,)),
            "unknown",
            "unanswered",
            "iperf3 is not installed on the node; remedy: install the package iperf3",
        ),
        (Direction(GENTLE, faults=(iperf.TOO_LONG,)), "unknown", "unanswered", "did not end in time; remedy:"),
        (Direction(), "unknown", "unanswered", "not measured"),
    ],
)
def test_a_rate(direction: Direction, found: str, verdict: str, words: str) -> None:
    finding = rate(direction)
    assert (finding.requirement, finding.found, finding.minimum) == ("NET-RATE", found, "200 Mbit/s")
    assert finding.verdict == verdict
    assert words in finding.reason


def test_a_slow_link_is_named() -> None:
    direction = Direction(GENTLE, (udp(250, 80),))
    assert rate(direction, SLOW).reason.endswith("the link eno1 itself has 100 Mbit/s")
    assert "itself" not in rate(direction, replace(SLOW, speed_mbps=1000)).reason
    assert "itself" not in rate(direction, replace(SLOW, speed_mbps=None)).reason


@given(st.floats(1, 400), st.floats(1, 400), st.floats(0, 100), st.one_of(st.none(), st.floats(0, 100)))
def test_nothing_is_met_that_was_not_carried(asked: float, share: float, other: float, busy: float | None) -> None:
    arrived = asked * min(share, 100) / 100
    direction = Direction(udp(10, 10), (udp(asked, arrived, busiest_percent=busy),), tcp(other))
    finding = rate(direction)
    most = max(arrived, other) * 1.1
    assert (finding.verdict == "met") == (round(most) >= 200)
    if finding.verdict == "unmet":
        assert direction.full
        assert other <= arrived * 1.25 + 1e-9
        assert busy is None or busy < judge.BUSY_PERCENT


@pytest.mark.parametrize(
    ("reached", "limits", "verdict", "reason"),
    [
        (REACHED, judge.Limits(), "met", ""),
        (HOST, judge.Limits(40.0, 5.0), "met", ""),
        (HOST, judge.Limits(39.9, 5.0), "unmet", "the latency is higher"),
        (HOST, judge.Limits(39.9, 4.9), "unmet", "the latency is higher; the loss is higher"),
        (replace(REACHED, echoes=None), judge.Limits(10.0), "unanswered", "the latency is not known"),
        (replace(REACHED, connected=False, failure="timed out"), judge.Limits(1.0), "unmet", "timed out"),
        (replace(HOST, echoes=Echoes("icmp", 3, 0), failure="no answer"), judge.Limits(), "unanswered", "no answer"),
        (replace(HOST, echoes=None, failure="no name", final=True), judge.Limits(), "unmet", "no name"),
    ],
)
def test_a_target(reached: Reached, limits: judge.Limits, verdict: str, reason: str) -> None:
    finding = judge.judge_target(reached, limits)
    assert (finding.requirement, finding.item) == ("NET-REACH", reached.place.text)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_the_words_of_a_target() -> None:
    reached = replace(REACHED, link=SLOW, echoes=replace(ECHOES, duplicates=2))
    finding = judge.judge_target(reached, judge.Limits(100.0, 12.5), "http://p:3128")
    assert finding.found == (
        "40 ms (38 to 44), jitter 1.2 ms, 1 of 20 lost, by ICMP, 2 came twice, "
        "from 192.0.2.1 over eno1 by 192.0.2.254, eno1: 100 Mbit/s half duplex"
    )
    assert finding.minimum == "reached, latency at most 100 ms, loss at most 12 %"
    assert finding.reason == "measured past the proxy http://p:3128, which HTTP would take"
    bare = judge.judge_target(replace(HOST, echoes=Echoes("tcp", 3, 1, 1, 1, 1), route=None), judge.Limits())
    assert bare.found == "1 ms (1 to 1), 2 of 3 lost, by TCP connects"
    assert judge.judge_target(replace(HOST, echoes=None, route=None), judge.Limits()).found == "unknown"
    odd = replace(REACHED, link=replace(SLOW, duplex=None))
    assert "eno1: 100 Mbit/s of unknown duplex" in judge.judge_target(odd, judge.Limits()).found


def test_the_way_to_the_peer_is_told_and_not_judged() -> None:
    gentle = {"down": Direction(GENTLE), "up": Direction(udp(10, 9.9)), "more": Direction()}
    silent = {"down": Direction(replace(GENTLE, packets=0))}
    finding = judge.judge_peer(REACHED, gentle)
    assert (finding.item, finding.verdict) == ("peer a.example:443", "not_applicable")
    assert "2 % lost down (jitter 0.5 ms), by UDP at 10 Mbit/s, 1 % lost up, by UDP at 10 Mbit/s" in finding.found
    away = judge.judge_peer(replace(REACHED, echoes=None, route=None, failure="timed out"), silent)
    assert (away.found, away.reason) == ("unknown", "timed out")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place("a.example", "a.example"), "http://plain:80"),
        (Place("a.example:80", "a.example", 80), "http://plain:80"),
        (Place("a.example:443", "a.example", 443), "http://secure:443"),
        (Place("b.example:443", "b.example", 443), ""),
    ],
)
def test_which_proxy(place: Place, expected: str) -> None:
    proxies = judge.Proxies(Proxy("plain", 80, "user", "word"), Proxy("secure", 443), ["b.example"])
    assert proxies.of(Reached(place)) == expected
    assert judge.Proxies().of(Reached(place)) == ""
    assert judge.Proxies(http=Proxy("plain", 80)).of(Reached(place)) == "http://plain:80"


AT = "2026-01-31T12:00:00Z"


def test_rows() -> None:
    findings = [
        judge.judge_target(REACHED, judge.Limits()),
        judge.judge_peer(REACHED, {}),
        *judge.judge_line(
            {"down": Direction(GENTLE, (udp(250, 140),)), "up": Direction(GENTLE, (udp(250, 250),))}, None
        ),
    ]
    found = judge.rows(findings, AT)
    assert {each["requirement"]: each["status"] for each in found} == {"NET-RATE": "unmet", "NET-REACH": "met"}
    for each in found:
        make_row(each)
    # A peer alone is nothing that the node has to reach.
    assert [each["status"] for each in judge.rows([judge.judge_peer(REACHED, {})], AT)] == ["unanswered"]
    assert judge.rows([], AT) == []


def test_plain_data() -> None:
    direction = Direction(GENTLE, (udp(250, 140),), tcp(20), (iperf.TOO_LONG,))
    data = judge.line_data(direction)
    assert (data["mbps"], data["at_least"], data["loss_percent"], data["jitter_ms"]) == (154.0, False, 2.0, 0.5)
    assert [each["wire_mbps"] for each in data["runs"]] == [10.8, 154.0, 22.0]
    assert data["faults"][0]["remedy"]
    assert judge.line_data(Direction())["mbps"] is None
    assert judge.line_data(Direction(None, (), tcp(20)))["at_least"] is True
    finding = judge.judge_target(REACHED, judge.Limits())
    target = judge.target_data(replace(REACHED, link=SLOW), "", finding)
    assert target["latency_ms"] == {"min": 38.0, "avg": 40.0, "max": 44.0}
    assert target["link"] == {"name": "eno1", "speed_mbps": 100, "duplex": "half"}
    assert (target["way"], target["loss_percent"], target["proxy"]) == ("icmp", 5.0, None)
    empty = judge.target_data(Reached(REACHED.place), "", finding)
    assert [empty[name] for name in ("address", "way", "latency_ms", "route", "link", "reached")] == [None] * 6
    load = judge.load_data(load_of(200, 5, 0, 0, 8))
    assert load == {"seconds": 5, "rates_mbps": [250, 400], "streams": 8, "bytes_at_most": 1_425_000_000}
    json.dumps([data, target, empty, load])
