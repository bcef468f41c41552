# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What iperf3(1) says with --json, and why it does not measure.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain

UDP, TCP = "udp", "tcp"
# Ethernet's preamble, addresses, type, check sequence and gap; then the headers of IP, UDP, and TCP with time stamps.
ETHERNET, IPV4, IPV6, UDP_HEADER, TCP_HEADER = 38, 20, 40, 8, 32
BUSY, BLOCKED, FAULT = "busy", "blocked", "fault"


class IperfError(ValueError):
    """iperf3 did not measure: what is the matter, what to do, and whether that is BUSY, BLOCKED (UDP) or FAULT."""

    def __init__(self, text: str, remedy: str, kind: str = FAULT) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.kind = kind


START = "start one there (iperf3 -s), and let its port (5201 unless it was told another) through, TCP and UDP"
NOT_INSTALLED = IperfError("iperf3 is not installed on the node", "install the package iperf3 on the node")
TOO_LONG = IperfError("iperf3 did not end in time", "see whether the peer is still there, and run again")
# First those that a longer sentence holds. Each: words of iperf3, what that means, what to do, and its kind.
FAULTS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"server is busy",
        "the iperf3 server is busy with a test of somebody else",
        "run again when it has ended; a server takes one at a time",
        BUSY,
    ),
    (r"connection refused", "no iperf3 server listens there", START, FAULT),
    (
        r"no route to host|network is unreachable|host is unreachable",
        "there is no route to the iperf3 server",
        "correct the peer's address, or have a route and a rule of the firewall made for it",
        FAULT,
    ),
    (
        r"unable to read from stream socket|unable to connect stream|unable to create a new stream",
        "the control connection is there, but no data gets through",
        "let the port of the iperf3 server through the firewalls between, UDP as well as TCP",
        BLOCKED,
    ),
    (
        r"authori[sz]ation failed",
        "the iperf3 server asks for a user and password",
        "take a peer without; this module does not log in",
        FAULT,
    ),
    (
        r"socket buffer size",
        "the receive buffer that a measurement needs (208 KiB) is not allowed",
        "set net.core.rmem_max and net.core.wmem_max to 212992, Linux's own default, at both ends",
        FAULT,
    ),
    (
        r"timed out|unable to connect to server|connection timeout",
        "the iperf3 server does not answer",
        START,
        FAULT,
    ),
    (
        r"control (socket|message)|parameters|protocol|unable to send|unable to receive|server has terminated|cookie",
        "the far end broke the test off",
        "see that it is an iperf3 (not iperf 2) of version 3.1 or later, and what it says itself",
        FAULT,
    ),
    (
        r"unrecognized option|invalid option|parameter error|usage:",
        "this iperf3 does not know an option that is needed",
        "install iperf3 3.1 or later on the node",
        FAULT,
    ),
)


@dataclass(frozen=True)
class Stream:
    """What one run of iperf3 measured in one direction."""

    protocol: str
    asked_mbps: float  # payload, all streams together
    payload_mbps: float  # that arrived
    overhead: float  # bytes on the wire for each byte of payload, 1 or more
    seconds: float
    packets: int | None = None  # UDP: sent, as far as their numbers tell
    lost: int | None = None
    jitter_ms: float | None = None  # UDP: RFC 3550, at the receiver
    retransmits: int | None = None  # TCP: segments
    streams: int = 1
    busiest_percent: float | None = None  # processor time of the busier one of the two programs
    own_drops: int = 0  # UDP: of the lost ones, those that came to the node and that its receive buffer had no room for

    @property
    def wire_mbps(self) -> float:
        """Return the rate on the wire of an Ethernet, which is what a line is sold by: with all headers and gaps."""
        return self.payload_mbps * self.overhead

    @property
    def loss_percent(self) -> float | None:
        """Return how many of a hundred datagrams were lost; None if none is known to have been sent."""
        return 100 * self.lost / self.packets if self.packets and self.lost is not None else None


def fault_of(words: str) -> IperfError:
    """Return what words of iperf3 mean."""
    for pattern, text, remedy, kind in FAULTS:
        if re.search(pattern, words, re.IGNORECASE):
            return IperfError(f"{text} (iperf3: {words})", remedy, kind)
    return IperfError(f"iperf3: {words}", "see what the iperf3 server says itself, and run again")


def parse_iperf(text: str, complaints: str = "") -> Stream:
    """Return what one run measured; raise IperfError in words.

    iperf3 ends with 0 and an "error" among the data, or with 1 and plain text: both are read, whatever the exit code.
    """
    try:
        data = Plain(json.loads(text))
    except ValueError:
        lines = [line for line in (complaints or text).strip().splitlines() if line.strip()]
        raise fault_of(lines[0].strip() if lines else "nothing at all") from None
    if error := data.text("error"):
        raise fault_of(error)
    peers = [each.text("remote_host") or "" for each in data.many("start", "connected")]
    ip_header = IPV6 if any(":" in each for each in peers) else IPV4
    protocol = (data.text("start", "test_start", "protocol") or "").lower()
    stream = {UDP: _udp, TCP: _tcp}.get(protocol, _none)(data, ip_header)
    if stream is None:
        raise fault_of("no figures among the data")
    cpu = [_real(data, "end", "cpu_utilization_percent", name) for name in ("host_total", "remote_total")]
    return replace(stream, busiest_percent=max((each for each in cpu if each is not None), default=None))


def _none(_data: Plain, _ip_header: int) -> Stream | None:
    return None


def _real(data: Plain, *path: str) -> float | None:
    """Return the number at a path, whole or not, if it can be one of a measurement."""
    value = data.at(*path)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e15:
        return None
    return float(value)


def _asked(data: Plain) -> float:
    """Return the payload that was asked for, in Mbit/s; 0 if there was no limit."""
    rate = _real(data, "start", "test_start", "target_bitrate") or _real(data, "start", "target_bitrate") or 0.0
    return rate * (data.number("start", "test_start", "num_streams") or 1) / 1e6


def _udp(data: Plain, ip_header: int) -> Stream | None:
    size = data.number("start", "test_start", "blksize")
    # Before 3.10 there is "sum" alone. What it counts as bytes depends on version and direction; packets do not.
    packets, lost = data.number("end", "sum", "packets"), data.number("end", "sum", "lost_packets")
    seconds = _real(data, "end", "sum_received", "seconds") or _real(data, "end", "sum", "seconds")
    if not size or packets is None or lost is None or not seconds or packets < 0:
        return None
    # Packets that came late were counted as lost before; old versions end below zero.
    lost = min(max(lost, 0), packets)
    return Stream(
        UDP,
        _asked(data),
        (packets - lost) * size * 8 / seconds / 1e6,
        (size + UDP_HEADER + ip_header + ETHERNET) / size,
        seconds,
        packets=packets,
        lost=lost,
        jitter_ms=_real(data, "end", "sum", "jitter_ms"),
    )


def _tcp(data: Plain, ip_header: int) -> Stream | None:
    size = data.number("start", "tcp_mss_default") or data.number("start", "tcp_mss") or 0
    rate, seconds = (_real(data, "end", "sum_received", name) for name in ("bits_per_second", "seconds"))
    if size <= 0 or rate is None or not seconds:
        return None
    return Stream(
        TCP,
        _asked(data),
        rate / 1e6,
        (size + TCP_HEADER + ip_header + ETHERNET) / size,
        seconds,
        retransmits=data.number("end", "sum_sent", "retransmits"),
        streams=data.number("start", "test_start", "num_streams") or 1,
    )


def with_own_drops(stream: Stream, drops: int) -> Stream:
    """Return what the line brought to this node: also datagrams that the node's own receive buffer had no room for."""
    own = min(max(drops, 0), stream.lost or 0)
    if not own or not stream.packets:
        return stream
    arrived = stream.packets - (stream.lost or 0)
    # Nothing of the payload is known if nothing was received at all.
    share = (arrived + own) / arrived if arrived else 0.0
    return replace(stream, payload_mbps=stream.payload_mbps * share, lost=(stream.lost or 0) - own, own_drops=own)


def parse_udp_drops(snmp: str, snmp6: str) -> int | None:
    """Return how many datagrams this node had no room for since it started, by /proc/net/snmp and snmp6; None: unknown.

    Both count for all programs of the node.
    """
    rows = [line.split()[1:] for line in snmp.splitlines() if line.startswith("Udp:")]
    found = [int(value) for name, value in zip(*rows[:2]) if name == "RcvbufErrors"] if len(rows) > 1 else []
    found += [int(number) for number in re.findall(r"^Udp6RcvbufErrors\s+(\d+)$", snmp6, re.MULTILINE)]
    return sum(found) if found else None
