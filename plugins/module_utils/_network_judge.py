# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the measured network is as asked: the line's rate and what is reached (D5.11, sections 2.3 and 4.1.2).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _preflight as preflight
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import worst
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Link
from ansible_collections.eucaim.local_node.plugins.module_utils._network_iperf import Stream
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import Load, best
from ansible_collections.eucaim.local_node.plugins.module_utils._network_meter import Direction, Reached
from ansible_collections.eucaim.local_node.plugins.module_utils._network_ping import TCP, Echoes
from ansible_collections.eucaim.local_node.plugins.module_utils._site import Proxy
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    DIRECTIONS,
    MET,
    NOT_APPLICABLE,
    UNANSWERED,
    UNKNOWN,
    UNMET,
    Finding,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_network import RATE_MBPS

# A program that takes this much of a processor may be slower than the line.
BUSY_PERCENT = 90.0
HELD_BACK = 1.25  # what TCP, or a small stream, carries more than UDP at a high rate, the line is not to blame for
CHECK_MODE = "not measured in check mode, which puts no load on the line"
HOW = {
    "NET-RATE": "iperf3 to a peer: what arrives of UDP at a bounded rate, and several TCP streams, headers included",
    "NET-REACH": "ICMP or TCP connects to each target, the kernel's route, and UDP at a small rate to the peer",
}


@dataclass(frozen=True)
class Limits:
    """What a target is judged by beside being reached: milliseconds there and back, and percent; None is no limit."""

    latency_ms: float | None = None
    loss_percent: float | None = None


@dataclass(frozen=True)
class Proxies:
    """The site's proxies, and what is reached without them."""

    http: Proxy | None = None
    https: Proxy | None = None
    without: Sequence[str] = ()

    def of(self, reached: Reached) -> str:
        """Return the address of the proxy that HTTP to a target would take, without its password; nothing if none."""
        proxy = self.http if reached.place.port in (80, None) else self.https or self.http
        return "" if proxy is None or preflight.bypassed(reached.place.host, self.without) else proxy.url


def percent(share: float) -> str:
    """Return percent as a person writes it."""
    return f"{share:.2g} %" if share < 10 else f"{share:.0f} %"


def _times(echoes: Echoes) -> str:
    if echoes.mean_ms is None:
        return ""
    jitter = "" if echoes.jitter_ms is None else f", jitter {echoes.jitter_ms:.2g} ms"
    return f"{echoes.mean_ms:.3g} ms ({echoes.least_ms:.3g} to {echoes.most_ms:.3g}){jitter}, "


def _echoes(echoes: Echoes | None) -> list[str]:
    """Return what came back, in words."""
    if echoes is None:
        return []
    way = "TCP connects" if echoes.way == TCP else "ICMP"
    lost = f"{_times(echoes)}{echoes.sent - echoes.received} of {echoes.sent} lost, by {way}"
    return [lost, *([f"{echoes.duplicates} came twice"] if echoes.duplicates else [])]


def _link(link: Link | None) -> list[str]:
    if link is None or link.speed_mbps is None:
        return []
    return [f"{link.name}: {link.speed_mbps} Mbit/s {link.duplex or 'of unknown'} duplex"]


def judge_target(reached: Reached, limits: Limits, proxy: str = "") -> Finding:
    """Return the finding about one target."""
    asked = ["reached"]
    asked += [] if limits.latency_ms is None else [f"latency at most {limits.latency_ms:g} ms"]
    asked += [] if limits.loss_percent is None else [f"loss at most {percent(limits.loss_percent)}"]
    found = _echoes(reached.echoes) + ([reached.route.text()] if reached.route else []) + _link(reached.link)
    reasons = [reached.failure] if reached.failure else []
    verdict = {True: MET, False: UNMET, None: UNANSWERED}[reached.reached]
    if verdict == MET:
        judged, more = _within(reached.echoes, limits)
        verdict, reasons = worst([verdict, judged]), [*reasons, *more]
    if proxy:
        reasons.append(f"measured past the proxy {proxy}, which HTTP would take")
    return Finding(
        "NET-REACH", reached.place.text, ", ".join(found) or UNKNOWN, ", ".join(asked), "", verdict, "; ".join(reasons)
    )


def _within(echoes: Echoes | None, limits: Limits) -> tuple[str, list[str]]:
    """Return whether latency and loss are within the limits, and what of them is not."""
    statuses, reasons = [MET], []
    for name, limit, value in (
        ("latency", limits.latency_ms, echoes.mean_ms if echoes else None),
        ("loss", limits.loss_percent, echoes.loss_percent if echoes else None),
    ):
        if limit is None:
            continue
        if value is None:
            statuses.append(UNANSWERED)
            reasons.append(f"the {name} is not known")
        elif value > limit:
            statuses.append(UNMET)
            reasons.append(f"the {name} is higher")
    return worst(statuses), reasons


def judge_peer(reached: Reached, line: Mapping[str, Direction]) -> Finding:
    """Return what is found about the way to the peer. No verdict: the peer is nothing that the node has to reach."""
    found = _echoes(reached.echoes)
    for name, direction in line.items():
        gentle = direction.gentle
        if gentle is not None and gentle.loss_percent is not None:
            jitter = "" if gentle.jitter_ms is None else f" (jitter {gentle.jitter_ms:.2g} ms)"
            found.append(f"{percent(gentle.loss_percent)} lost {name}{jitter}, by UDP at {gentle.asked_mbps:g} Mbit/s")
    found += ([reached.route.text()] if reached.route else []) + _link(reached.link)
    item, found_text = f"peer {reached.place.text}", ", ".join(found) or UNKNOWN
    return Finding("NET-REACH", item, found_text, "nothing", "", NOT_APPLICABLE, reached.failure)


def judge_line(line: Mapping[str, Direction], link: Link | None) -> list[Finding]:
    """Return the findings about the rate, one for each direction."""
    return [_rate(name, line.get(name, Direction()), link) for name in DIRECTIONS]


def not_measured(reason: str) -> list[Finding]:
    """Return the findings about a rate that was not measured, and why."""
    return [Finding("NET-RATE", name, UNKNOWN, f"{RATE_MBPS} Mbit/s", "", UNANSWERED, reason) for name in DIRECTIONS]


def _rate(name: str, direction: Direction, link: Link | None) -> Finding:
    carried = [*direction.steps, *([direction.tcp] if direction.tcp else [])]
    rate = best(carried)
    faults = [f"{fault.text}; remedy: {fault.remedy}" for fault in direction.faults]
    if rate is None:
        return Finding(
            "NET-RATE", name, UNKNOWN, f"{RATE_MBPS} Mbit/s", "", UNANSWERED, "; ".join(faults) or "not measured"
        )
    found = f"{round(rate)} Mbit/s" if direction.full else f"at least {round(rate)} Mbit/s"
    verdict, doubt = (MET, "") if round(rate) >= RATE_MBPS else _too_little(direction)
    reasons = [doubt, *map(_step, carried), *faults]
    if link is not None and link.speed_mbps is not None and link.speed_mbps < RATE_MBPS:
        reasons.append(f"the link {link.name} itself has {link.speed_mbps} Mbit/s")
    return Finding(
        "NET-RATE", name, found, f"{RATE_MBPS} Mbit/s", "", verdict, "; ".join(each for each in reasons if each)
    )


def _too_little(direction: Direction) -> tuple[str, str]:
    """Return the verdict on a line that carried less than is needed: unmet only if the line is what was measured."""
    if not direction.steps:
        return UNANSWERED, "TCP alone got through, which loss and latency slow down: the line may carry more"
    last = direction.steps[-1]
    if last.busiest_percent is not None and last.busiest_percent >= BUSY_PERCENT:
        return UNANSWERED, "one of the two machines was busy with sending or receiving: the line may carry more"
    arrived = max(each.wire_mbps for each in direction.steps)
    others = [each.wire_mbps for each in (direction.gentle, direction.tcp) if each is not None]
    if any(other > HELD_BACK * arrived for other in others):
        return UNANSWERED, "something on the way holds UDP back at this rate, and loss and latency slow TCP down"
    if not direction.full:
        return UNANSWERED, "no more was sent: the line may carry more (rate)"
    return UNMET, ""


def _step(stream: Stream) -> str:
    """Return one run in words."""
    if stream.packets is None:
        again = "" if stream.retransmits is None else f", {stream.retransmits} segments sent again"
        return f"TCP, {stream.streams} streams: {stream.wire_mbps:.0f} Mbit/s{again}"
    lost = "nothing arrived" if stream.loss_percent is None else f"{percent(stream.loss_percent)} lost"
    own = f", {stream.own_drops} dropped by this node" if stream.own_drops else ""
    return f"UDP at {stream.asked_mbps:g}: {stream.wire_mbps:.0f} Mbit/s, {lost}{own}"


def rows(findings: Iterable[Finding], at: str) -> list[dict[str, str]]:
    """Return one row of evidence for each requirement that there is a finding about; its worst item stands."""
    kept = list(findings)
    return [
        preflight.row(
            name,
            worst([each.verdict for each in items if each.verdict != NOT_APPLICABLE] or [UNANSWERED]),
            "; ".join(f"{each.item}: {each.minimum}" for each in items),
            "; ".join(f"{each.item}: {each.found}{f' ({each.reason})' if each.reason else ''}" for each in items),
            how,
            at,
        )
        for name, how in HOW.items()
        if (items := [each for each in kept if each.requirement == name])
    ]


def stream_data(stream: Stream) -> dict[str, Any]:
    """Return a run of iperf3 as plain data."""
    data = asdict(stream)
    del data["overhead"]
    return {**data, "wire_mbps": round(stream.wire_mbps, 1), "loss_percent": stream.loss_percent}


def line_data(direction: Direction) -> dict[str, Any]:
    """Return what was measured in one direction as plain data."""
    rate = best([*direction.steps, *([direction.tcp] if direction.tcp else [])])
    gentle = direction.gentle
    return {
        "mbps": None if rate is None else round(rate, 1),
        "at_least": rate is not None and not direction.full,
        "loss_percent": None if gentle is None else gentle.loss_percent,
        "jitter_ms": None if gentle is None else gentle.jitter_ms,
        "runs": [stream_data(each) for each in direction.streams],
        "faults": [{"found": each.text, "remedy": each.remedy} for each in direction.faults],
    }


def target_data(reached: Reached, proxy: str, finding: Finding) -> dict[str, Any]:
    """Return what came of one target as plain data."""
    echoes, route, link = reached.echoes, reached.route, reached.link
    return {
        "target": reached.place.text,
        "address": reached.address or None,
        "reached": reached.reached,
        "way": None if echoes is None else echoes.way,
        "latency_ms": None
        if echoes is None
        else {"min": echoes.least_ms, "avg": echoes.mean_ms, "max": echoes.most_ms},
        "jitter_ms": None if echoes is None else echoes.jitter_ms,
        "loss_percent": None if echoes is None else echoes.loss_percent,
        "duplicates": None if echoes is None else echoes.duplicates,
        "route": None if route is None else asdict(route),
        "link": None if link is None else {"name": link.name, "speed_mbps": link.speed_mbps, "duplex": link.duplex},
        "proxy": proxy or None,
        "verdict": finding.verdict,
        "reason": finding.reason,
    }


def load_data(load: Load) -> dict[str, Any]:
    """Return what is put on the line at most, as plain data."""
    return {
        "seconds": load.seconds,
        "rates_mbps": load.rates,
        "streams": load.streams,
        "bytes_at_most": load.most_bytes,
    }
