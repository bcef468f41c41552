# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that are known, because they are made: the figures and the verdicts on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.network import world
from tests.nodes.engine import run

# D5.11 asks for 200 Mbit/s both ways: this line has enough up, and not enough down. One TCP stream would carry some
# 7 Mbit/s of it (Mathis et al.: MSS / RTT * 1.22 / sqrt(loss)).
LOSSY = world.Shape(down=150, up=300, delay=20, loss=2)
PEER = {"host": world.PEER_ADDRESS, "port": world.PORT}


@pytest.fixture(scope="module")
def lossy() -> Iterator[None]:
    """A line with loss and latency, of which one direction is too slow."""
    with world.line(LOSSY):
        yield


@pytest.fixture(scope="module")
def measured(lossy: None) -> dict[str, Any]:
    """What the module finds of it, with its defaults."""
    return world.measure(peer=PEER, targets=[world.PEER_ADDRESS, f"{world.PEER_ADDRESS}:{world.PORT}"], count=50)


@pytest.mark.parametrize(("direction", "rate", "verdict"), [("down", 150, "unmet"), ("up", 300, "met")])
def test_the_rate_of_a_line_with_loss(measured: dict[str, Any], direction: str, rate: float, verdict: str) -> None:
    """Within a tenth in each direction, and the verdict is right."""
    found = measured["peer"][direction]
    print(direction, found)
    assert found["mbps"] == pytest.approx(rate, rel=0.1)
    assert found["at_least"] is False
    assert found["faults"] == []
    assert world.verdicts(measured)[direction] == verdict


def test_tcp_alone_would_have_been_wrong(measured: dict[str, Any]) -> None:
    """Eight streams together carry less than is needed on a line that has enough."""
    tcp = [each for each in measured["peer"]["up"]["runs"] if each["protocol"] == "tcp"]
    assert [each["streams"] for each in tcp] == [8]
    assert tcp[0]["wire_mbps"] < 150


@pytest.mark.parametrize("direction", ["down", "up"])
def test_the_loss_of_each_direction(measured: dict[str, Any], direction: str) -> None:
    """Two percent of some 1,400 datagrams: three standard deviations are 1.1 percent."""
    assert measured["peer"][direction]["loss_percent"] == pytest.approx(2.0, abs=1.2)
    assert 0 <= measured["peer"][direction]["jitter_ms"] < 10


def test_the_latency(measured: dict[str, Any]) -> None:
    """Forty milliseconds there and back, by ICMP, over the line."""
    for target in measured["targets"]:
        assert (target["reached"], target["way"], target["verdict"]) == (True, "icmp", "met")
        assert target["latency_ms"]["min"] == pytest.approx(40, abs=2)
        assert target["latency_ms"]["avg"] == pytest.approx(40, abs=10)
        assert target["loss_percent"] <= 20
        assert target["route"] == {"source": world.NODE_ADDRESS, "device": "line", "gateway": ""}


def test_nothing_was_sent_beyond_what_was_said(measured: dict[str, Any]) -> None:
    """The load that the module announces is the most that it sends."""
    runs = [run for name in ("down", "up") for run in measured["peer"][name]["runs"]]
    assert max(each["asked_mbps"] for each in runs) <= 400
    arrived = sum(each["payload_mbps"] * each["seconds"] for each in runs) * 1e6 / 8
    assert arrived <= measured["peer"]["load"]["bytes_at_most"] == 1_425_000_000


def test_the_role_says_the_same(lossy: None) -> None:
    """The rows of the preflight have what was measured, and the line counts more than what is stated of it."""
    variables = {
        "preflight_tier": 2,
        "preflight_package_source": False,
        "preflight_hardware_probes": [],
        "preflight_network_peer": PEER,
        "preflight_network_seconds": 3,
        "preflight_network_targets": [world.PEER_ADDRESS],
        "preflight_stated": {"line_down_mbps": 1000, "line_up_mbps": 1000},
    }
    play = world.write("role", {"roles": ["eucaim.local_node.preflight"]})
    said = " ".join(world.ansible(play, variables=variables).split())
    rate = said.rpartition("NET-RATE unmet")[2]
    assert rate, said[-6000:]
    assert "Mbit/s, unmet (UDP at 250" in rate
    assert "NET-REACH met" in said
    assert "by ICMP, from 192.0.2.1 over line directly" in said


def test_check_mode_puts_no_load_on_the_line(lossy: None) -> None:
    """The rate is unanswered, and says why; the way to the peer is looked at all the same."""
    found = world.measure("--check", peer=PEER)
    assert world.verdicts(found)["down"] == world.verdicts(found)["up"] == "unanswered"
    assert {each["reason"] for each in found["findings"][1:]} == {
        "not measured in check mode, which puts no load on the line"
    }
    assert found["peer"]["down"] is None
    assert found["peer"]["reached"] is True


def test_connects_serve_where_icmp_is_kept_back(lossy: None) -> None:
    """The result says that it was measured by TCP."""
    switch = ["ip", "netns", "exec", world.PEER, "sysctl", "-qw"]
    run([*switch, "net.ipv4.icmp_echo_ignore_all=1"])
    try:
        found = world.measure(targets=[f"{world.PEER_ADDRESS}:{world.PORT}", world.PEER_ADDRESS], count=10, timeout=2)
    finally:
        run([*switch, "net.ipv4.icmp_echo_ignore_all=0"])
    port, host = found["targets"]
    assert (port["way"], port["verdict"]) == ("tcp", "met")
    assert port["latency_ms"]["min"] == pytest.approx(40, abs=3)
    assert (host["reached"], host["verdict"]) == (None, "unanswered")


def test_a_peer_without_a_server(lossy: None) -> None:
    """What could not be measured is unknown, with the reason and what to do."""
    found = world.measure(peer={"host": world.PEER_ADDRESS, "port": 5299})
    assert [each["verdict"] for each in found["findings"][1:]] == ["unanswered", "unanswered"]
    assert "no iperf3 server listens there" in found["findings"][1]["reason"]
    assert found["peer"]["down"]["mbps"] is None


def test_a_good_line() -> None:
    """A line that has just more than is needed, without loss, is met in both directions."""
    with world.line(world.Shape(down=230, up=230, delay=5, loss=0)):
        found = world.measure(peer=PEER, seconds=3)
    assert {name: world.verdicts(found)[name] for name in ("down", "up")} == {"down": "met", "up": "met"}
    for name in ("down", "up"):
        assert found["peer"][name]["mbps"] == pytest.approx(230, rel=0.1)
        assert found["peer"][name]["loss_percent"] == pytest.approx(0, abs=0.5)
