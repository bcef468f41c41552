# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded output of two versions of iperf3, and shapes that others have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_iperf as iperf
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[3] / "data" / "network"
RELEASES = ("debian12", "debian13")
releases = pytest.mark.parametrize("release", RELEASES)


def text_of(release: str, name: str) -> str:
    return (DATA / release / name).read_text(encoding="utf-8")


def udp(**changes: Any) -> str:
    """Return what iperf3 3.9 says, which has one sum only."""
    total = {"seconds": 2.0, "bytes": 1, "jitter_ms": 0.5, "lost_packets": 10, "packets": 1000, **changes}
    return json.dumps(
        {
            "start": {"test_start": {"protocol": "UDP", "blksize": 1250, "target_bitrate": 5000000}},
            "end": {"sum": total},
        }
    )


@releases
@pytest.mark.parametrize(("name", "header"), [("udp-up", 66), ("udp-down", 66), ("udp-down-ipv6", 86)])
def test_udp(release: str, name: str, header: int) -> None:
    text = text_of(release, f"{name}.json")
    stream = iperf.parse_iperf(text)
    size = json.loads(text)["start"]["test_start"]["blksize"]
    assert (stream.protocol, stream.asked_mbps, stream.lost, stream.loss_percent) == ("udp", 10.0, 0, 0.0)
    assert stream.payload_mbps == pytest.approx(10.0, rel=0.02)
    assert stream.wire_mbps == pytest.approx(stream.payload_mbps * (size + header) / size)
    assert stream.packets == pytest.approx(10e6 * 2 / 8 / size, rel=0.02)
    assert stream.jitter_ms is not None
    assert stream.busiest_percent is not None
    assert stream.seconds == pytest.approx(2.0, rel=0.05)


@releases
@pytest.mark.parametrize(("name", "header"), [("tcp-up", 90), ("tcp-down", 90), ("tcp-up-ipv6", 110)])
def test_tcp(release: str, name: str, header: int) -> None:
    text = text_of(release, f"{name}.json")
    stream = iperf.parse_iperf(text)
    size = json.loads(text)["start"]["tcp_mss_default"]
    assert (stream.protocol, stream.asked_mbps, stream.streams, stream.packets) == ("tcp", 20.0, 2, None)
    assert stream.payload_mbps == pytest.approx(20.0, rel=0.1)
    assert stream.wire_mbps == pytest.approx(stream.payload_mbps * (size + header) / size)
    assert stream.retransmits is not None
    assert stream.loss_percent is None


@releases
@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("busy.json", "the iperf3 server is busy", iperf.BUSY),
        ("refused.json", "no iperf3 server listens there", iperf.FAULT),
        ("closed.json", "the far end broke the test off", iperf.FAULT),
    ],
)
def test_recorded_trouble(release: str, name: str, words: str, kind: str) -> None:
    with pytest.raises(iperf.IperfError) as caught:
        iperf.parse_iperf(text_of(release, name))
    assert words in caught.value.text
    assert caught.value.kind == kind
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("unable to connect to server: Network is unreachable", "there is no route"),
        ("unable to connect to server - server may have stopped: Connection timed out", "does not answer"),
        ("unable to connect to server: Resource temporarily unavailable", "does not answer"),
        ("unable to read from stream socket: Resource temporarily unavailable", "no data gets through"),
        ("test authorization failed", "asks for a user and password"),
        ("socket buffer size not set correctly", "receive buffer"),
        ("unable to receive parameters from client", "broke the test off"),
        ("something new", "iperf3: something new"),
    ],
)
def test_what_words_mean(words: str, meaning: str) -> None:
    fault = iperf.fault_of(words)
    assert meaning in fault.text
    assert words in fault.text


def test_every_recorded_error_is_known() -> None:
    """None of them falls through to the last, unspecific words."""
    for path in sorted(DATA.glob("*/*.json")):
        error = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(error, dict) and "error" in error:
            assert iperf.fault_of(error["error"]).text.startswith(("the ", "there ", "no "))


def test_udp_that_is_kept_back() -> None:
    for name in ("blocked-up.json", "blocked-down.json"):
        with pytest.raises(iperf.IperfError) as caught:
            iperf.parse_iperf(text_of("debian12", name))
        assert caught.value.kind == iperf.BLOCKED


@pytest.mark.parametrize(
    ("text", "complaints", "words"),
    [
        ("", "iperf3: unrecognized option '--nonsense'\n\nUsage: iperf3", "does not know an option"),
        ("not JSON\n", "", "iperf3: not JSON"),
        ("", "", "nothing at all"),
        ("{}", "", "no figures among the data"),
        ("[]", "", "no figures among the data"),
        ('{"start": {"test_start": {"protocol": "SCTP"}}}', "", "no figures"),
        (udp(packets=None), "", "no figures"),
        (udp(seconds=0), "", "no figures"),
        (udp(seconds=True), "", "no figures"),
        (udp(packets=-1), "", "no figures"),
        ('{"start": {"test_start": {"protocol": "TCP"}}, "end": {"sum_received": {}}}', "", "no figures"),
    ],
)
def test_no_figures(text: str, complaints: str, words: str) -> None:
    with pytest.raises(iperf.IperfError, match=words):
        iperf.parse_iperf(text, complaints)


def test_an_old_version() -> None:
    stream = iperf.parse_iperf(udp())
    assert stream.payload_mbps == pytest.approx(990 * 1250 * 8 / 2 / 1e6)
    assert (stream.loss_percent, stream.busiest_percent) == (1.0, None)
    late = iperf.parse_iperf(udp(lost_packets=-3))
    assert (late.lost, late.packets) == (0, 1000)
    silent = iperf.parse_iperf(udp(packets=0, lost_packets=0))
    assert (silent.payload_mbps, silent.loss_percent) == (0.0, None)


def test_what_the_node_had_no_room_for_has_arrived() -> None:
    stream = iperf.parse_iperf(udp(lost_packets=500))
    fuller = iperf.with_own_drops(stream, 250)
    assert (fuller.lost, fuller.own_drops) == (250, 250)
    assert fuller.payload_mbps == pytest.approx(stream.payload_mbps * 1.5)
    assert iperf.with_own_drops(stream, 0) is stream
    assert iperf.with_own_drops(stream, -5) is stream
    # Other programs' datagrams are counted too: no more arrived than was sent.
    assert iperf.with_own_drops(stream, 9999).lost == 0
    nothing = iperf.with_own_drops(iperf.parse_iperf(udp(lost_packets=1000)), 10)
    assert (nothing.payload_mbps, nothing.lost, nothing.own_drops) == (0.0, 990, 10)


SNMP = """\
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
Udp: 93954 0 18256 8644 18256 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
UdpLite: 0 0 0 0 7 0
"""


@pytest.mark.parametrize(
    ("snmp", "snmp6", "expected"),
    [
        (SNMP, "", 18256),
        (SNMP, "Udp6InErrors \t9\nUdp6RcvbufErrors                \t4\nUdpLite6RcvbufErrors 1\n", 18260),
        ("", "Udp6RcvbufErrors 4", 4),
        ("Udp: A B\n", "", None),
        ("Udp: A B\nUdp: 1 2\n", "", None),
        ("", "", None),
    ],
)
def test_drops_of_the_kernel(snmp: str, snmp6: str, expected: int | None) -> None:
    assert iperf.parse_udp_drops(snmp, snmp6) == expected


@given(
    st.integers(1, 10**9), st.integers(-10, 10**9), st.integers(1, 65507), st.floats(0.1, 100), st.integers(-5, 10**9)
)
def test_no_more_arrives_than_was_sent(packets: int, lost: int, size: int, seconds: float, drops: int) -> None:
    data = json.loads(udp(packets=packets, lost_packets=lost, seconds=seconds))
    data["start"]["test_start"]["blksize"] = size
    stream = iperf.parse_iperf(json.dumps(data))
    assert 0 <= stream.payload_mbps <= packets * size * 8 / seconds / 1e6 * (1 + 1e-9)
    assert stream.wire_mbps >= stream.payload_mbps
    fuller = iperf.with_own_drops(stream, drops)
    assert stream.payload_mbps <= fuller.payload_mbps <= packets * size * 8 / seconds / 1e6 * (1 + 1e-9)
    assert 0 <= (fuller.lost or 0) <= packets


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sum", "sum_received", "x"]), inner),
    max_leaves=8,
)


@given(json_values, json_values, st.sampled_from(["UDP", "TCP", "SCTP", None]))
def test_any_json_is_figures_or_an_error(start: Any, end: Any, protocol: str | None) -> None:
    text = json.dumps({"start": {"test_start": {"protocol": protocol, "blksize": 1}, "more": start}, "end": end})
    assert outcome(text)


@given(st.text(), st.text())
def test_any_text_is_an_error_in_words(text: str, complaints: str) -> None:
    assert outcome(text, complaints)


def outcome(text: str, complaints: str = "") -> str:
    try:
        return f"{iperf.parse_iperf(text, complaints).payload_mbps:f}".lstrip("-")
    except iperf.IperfError as error:
        return error.text and error.remedy
