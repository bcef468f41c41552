# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded output of two ping programs, and what connects come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_ping as ping
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[3] / "data" / "network"


def recorded(name: str) -> ping.Echoes:
    return ping.parse_ping((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "sent", "received", "mean", "jitter", "duplicates"),
    [
        ("debian12/ping.txt", 3, 3, None, None, 0),
        ("debian12/ping-ipv6.txt", 3, 3, None, None, 0),
        ("debian13/ping.txt", 3, 3, 0.542, (0.794 + 0.028) / 2, 0),
        ("debian13/ping-ipv6.txt", 3, 3, 3.889, (1.317 + 8.787) / 2, 0),
        ("debian13/ping-q.txt", 3, 3, 0.401, 0.013, 0),
        ("debian13/ping-twice.txt", 5, 4, 0.487, (0.095 + 0.180 + 0.158) / 3, 2),
        ("debian12/busybox-ping.txt", 3, 3, None, None, 0),
        ("debian13/busybox-ping.txt", 3, 3, 1.033, (0.664 + 0.291) / 2, 0),
        ("debian13/busybox-ping-twice.txt", 5, 5, 1.630, (3.079 + 0.188 + 0.208 + 0.157) / 4, 1),
    ],
)
def test_what_came_back(
    name: str, sent: int, received: int, mean: float | None, jitter: float | None, duplicates: int
) -> None:
    echoes = recorded(name)
    assert (echoes.way, echoes.sent, echoes.received, echoes.duplicates) == ("icmp", sent, received, duplicates)
    assert echoes.least_ms is not None
    assert echoes.mean_ms is not None
    assert echoes.most_ms is not None
    assert echoes.least_ms <= echoes.mean_ms <= echoes.most_ms
    if mean is not None:
        assert echoes.mean_ms == mean
        assert echoes.jitter_ms == pytest.approx(jitter)


def test_busybox_without_a_line_for_each_answer_has_no_jitter() -> None:
    echoes = recorded("debian13/busybox-ping-q.txt")
    assert (echoes.mean_ms, echoes.jitter_ms) == (0.822, None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("debian12/ping-silent.txt", ""),
        ("debian12/ping-no-neighbour.txt", ""),
        ("debian12/busybox-ping-silent.txt", ""),
        ("debian12/ping-router-says.txt", "192.0.2.2 says: Destination Net Unreachable"),
    ],
)
def test_nothing_came_back(name: str, said: str) -> None:
    echoes = recorded(name)
    assert (echoes.received, echoes.loss_percent, echoes.mean_ms, echoes.jitter_ms) == (0, 100.0, None, None)
    assert echoes.said == said


@pytest.mark.parametrize(
    ("text", "words", "final"),
    [
        ((DATA / "debian12/ping-no-name.txt").read_text(encoding="utf-8"), "the name is not resolved", True),
        ((DATA / "debian12/busybox-ping-no-name.txt").read_text(encoding="utf-8"), "the name is not resolved", True),
        ((DATA / "debian12/ping-no-route.txt").read_text(encoding="utf-8"), "there is no route to it", True),
        ((DATA / "debian12/busybox-ping-no-route.txt").read_text(encoding="utf-8"), "there is no route to it", True),
        ("ping: socket: Operation not permitted", "this user may not send ICMP", False),
        ("ping: permission denied (are you root?)", "this user may not send ICMP", False),
        ("ping: invalid argument: '0.2'\n", "ping says: ping: invalid argument: '0.2'", False),
        ("0 packets transmitted, 0 received, 0% packet loss", "ping says: 0 packets", False),
        (" \n", "ping says nothing", False),
    ],
)
def test_nothing_was_measured(text: str, words: str, final: bool) -> None:
    with pytest.raises(ping.PingError) as caught:
        ping.parse_ping(text)
    assert words in str(caught.value)
    assert caught.value.final is final


def test_connects() -> None:
    echoes = ping.from_connects([10.0, None, 14.0, 1012.0], "Connection refused")
    assert echoes == ping.Echoes("tcp", 4, 2, 10.0, 12.0, 14.0, 4.0, said="Connection refused")
    assert echoes.loss_percent == 50.0
    assert ping.from_connects([None]) == ping.Echoes("tcp", 1, 0)
    assert ping.from_connects([]).loss_percent is None


times = st.floats(min_value=0, max_value=5000, allow_nan=False)


@given(st.lists(st.one_of(st.none(), times)))
def test_connects_keep_their_order(values: list[float | None]) -> None:
    echoes = ping.from_connects(values)
    assert 0 <= echoes.received <= echoes.sent == len(values)
    if echoes.least_ms is not None and echoes.mean_ms is not None and echoes.most_ms is not None:
        assert echoes.least_ms <= echoes.mean_ms + 1e-9
        assert echoes.mean_ms <= echoes.most_ms + 1e-9
    assert (echoes.jitter_ms or 0.0) <= (echoes.most_ms or 0.0) + 1e-9


@given(st.lists(st.integers(min_value=1, max_value=999_999), min_size=1, max_size=30), st.integers(0, 5))
def test_what_is_written_is_read(micros: list[int], lost: int) -> None:
    values = [each / 1000 for each in micros]
    sent = len(values) + lost
    text = "\n".join(
        [
            "PING 192.0.2.2 (192.0.2.2) 56(84) bytes of data.",
            *(f"64 bytes from 192.0.2.2: icmp_seq={n} ttl=64 time={value} ms" for n, value in enumerate(values, 1)),
            "",
            "--- 192.0.2.2 ping statistics ---",
            f"{sent} packets transmitted, {len(values)} received, {lost * 100 // sent}% packet loss, time 1ms",
            f"rtt min/avg/max/mdev = {min(values):.3f}/{sum(values) / sent:.3f}/{max(values):.3f}/0.000 ms",
        ]
    )
    echoes = ping.parse_ping(text)
    assert (echoes.sent, echoes.received, echoes.least_ms, echoes.most_ms) == (
        sent,
        len(values),
        min(values),
        max(values),
    )
    assert echoes.jitter_ms == (ping.jitter_of(values) if len(values) > 1 else 0.0)


@given(st.text())
def test_any_text_is_an_answer_or_an_error(text: str) -> None:
    assert outcome(text)


def outcome(text: str) -> str:
    try:
        return f"{ping.parse_ping(text).sent} sent"
    except ping.PingError as error:
        return str(error)
