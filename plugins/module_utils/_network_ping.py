# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ping(8) prints, of iputils and of BusyBox, and what a row of TCP connects comes to.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ICMP, TCP = "icmp", "tcp"
# RFC 6298: a first packet that nobody acknowledged is sent again after one second, so that a slower connect lost one.
RESENT_MS = 1000.0

_COUNTS = re.compile(
    r"^(?P<sent>\d+) packets transmitted, (?P<received>\d+) (?:packets )?received"
    r"(?:, \+?(?P<double>\d+) duplicates)?(?:, \+(?P<errors>\d+) errors)?",
    re.MULTILINE,
)
_TIMES = re.compile(
    r"^(?:rtt|round-trip) min/avg/max(?:/mdev)? = "
    r"(?P<least>[\d.]+)/(?P<mean>[\d.]+)/(?P<most>[\d.]+)(?:/(?P<mdev>[\d.]+))? ms",
    re.MULTILINE,
)
_ANSWER = re.compile(r"^\d+ bytes from .* time[=<](?P<ms>[\d.]+) ms(?P<double> \(DUP!\))?\s*$", re.MULTILINE)
_ROUTER = re.compile(r"^From (?P<who>\S+?):? (?:\([^)]*\) )?icmp_seq=\d+ (?P<what>[A-Z][^\n]*?)\s*$", re.MULTILINE)
_NO_NAME = re.compile(
    r"unknown host|bad address|Name or service not known|name resolution|No address associated", re.IGNORECASE
)
_NO_WAY = re.compile(r"Network is unreachable|No route to host|Host is unreachable", re.IGNORECASE)
_NO_RIGHT = re.compile(r"Operation not permitted|permission denied|Lacking privilege", re.IGNORECASE)


@dataclass(frozen=True)
class Echoes:
    """What came back of several packets or connects. Times are of the way there and back, in milliseconds."""

    way: str  # ICMP or TCP
    sent: int
    received: int
    least_ms: float | None = None
    mean_ms: float | None = None
    most_ms: float | None = None
    jitter_ms: float | None = None
    duplicates: int = 0
    said: str = ""  # what a router, or the last connect, said of those that did not come back

    @property
    def loss_percent(self) -> float | None:
        """Return how many of a hundred were lost; None if none was sent."""
        return 100 * (self.sent - self.received) / self.sent if self.sent else None


class PingError(ValueError):
    """Ping did not measure. final says that no other way would do better, because of the name or the route."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


def jitter_of(times: Sequence[float]) -> float | None:
    """Return by how much one time differs from the one before it, on average; None below two times."""
    steps = [abs(after - before) for before, after in zip(times, times[1:])]
    return sum(steps) / len(steps) if steps else None


def parse_ping(text: str) -> Echoes:
    """Return what ping measured, by its output and its complaints together.

    Raises PingError if it measured nothing. Without a line for each answer (-q) the jitter is ping's mdev.
    """
    counts = _COUNTS.search(text)
    if counts is None or not int(counts["sent"]):
        raise _fault(text)
    sent, received = int(counts["sent"]), int(counts["received"])
    answers = list(_ANSWER.finditer(text))
    routers = _ROUTER.findall(text)
    times = _TIMES.search(text)
    mdev = float(times["mdev"]) if times and times["mdev"] else None
    jitter = jitter_of([float(each["ms"]) for each in answers if not each["double"]])
    return Echoes(
        ICMP,
        sent,
        min(received, sent),
        least_ms=float(times["least"]) if times else None,
        mean_ms=float(times["mean"]) if times else None,
        most_ms=float(times["most"]) if times else None,
        jitter_ms=mdev if jitter is None else jitter,
        duplicates=int(counts["double"] or 0),
        said=f"{routers[0][0]} says: {routers[0][1]}" if routers else "",
    )


def _fault(text: str) -> PingError:
    """Return why ping measured nothing."""
    for pattern, words, final in (
        (_NO_NAME, "the name is not resolved", True),
        (_NO_WAY, "there is no route to it", True),
        (_NO_RIGHT, "this user may not send ICMP", False),
    ):
        if pattern.search(text):
            return PingError(words, final=final)
    lines = text.strip().splitlines()
    return PingError(f"ping says: {lines[-1].strip()}" if lines else "ping says nothing")


def from_connects(times: Sequence[float | None], said: str = "") -> Echoes:
    """Return what TCP connects come to: the milliseconds of each, None for one that did not come about.

    One that took longer than a packet that is sent again counts as lost: the kernel hides the first.
    """
    good = [each for each in times if each is not None and each < RESENT_MS]
    return Echoes(
        TCP,
        len(times),
        len(good),
        min(good) if good else None,
        sum(good) / len(good) if good else None,
        max(good) if good else None,
        jitter_ms=jitter_of(good),
        said=said,
    )
