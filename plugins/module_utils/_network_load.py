# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much load a measurement of the line puts on it: rates, seconds, and what that comes to.

One TCP stream measures itself: what it carries falls with latency and with the root of the loss (Mathis et al. 1997),
so that a fast line with 2 % loss looks slow. A datagram does not wait for the one before it. So UDP is sent at a rate
somewhat above what is needed, and what arrives is what the line carries (RFC 9097 measures IP capacity in this way).
If nearly all arrives, the rate is doubled, up to a limit: a line that is full is not loaded any further.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._network_iperf import Stream

# Loss and jitter of the line itself are those of a small stream: a full line loses what it cannot carry.
GENTLE_SHARE = 0.05
FIRST_SHARE, LIMIT_SHARE = 1.25, 2.0
FULL_SHARE = 0.9  # some percent are lost by a peer that is late with reading, too
SECONDS = (2, 60)
RATES = (1, 40000)  # Mbit/s
STREAMS = (1, 32)


@dataclass(frozen=True)
class Load:
    """What is put on the line. Rates are Mbit/s of payload, seconds those of one run."""

    needed: int
    seconds: int
    rate: int
    limit: int
    streams: int

    @property
    def gentle(self) -> float:
        """Return the rate at which loss and jitter are measured."""
        return max(1.0, self.needed * GENTLE_SHARE)

    @property
    def rates(self) -> list[int]:
        """Return the rates at which UDP is sent, one after the other."""
        found = [self.rate]
        while found[-1] < self.limit:
            found.append(min(2 * found[-1], self.limit))
        return found

    @property
    def most_bytes(self) -> int:
        """Return the most that is sent, both directions together."""
        once = (self.gentle + sum(self.rates)) * self.seconds + self.limit * (self.seconds + 1)
        return round(2 * once * 1e6 / 8)


def load_of(needed: int, seconds: int, rate: int, limit: int, streams: int) -> Load:
    """Return what is put on the line; 0 for a rate is what is derived from what is needed (Mbit/s).

    Raises ValueError with what is wrong.
    """
    for name, value, (least, most) in (
        ("seconds", seconds, SECONDS),
        ("rate", rate or RATES[0], RATES),
        ("rate_limit", limit or RATES[0], RATES),
        ("streams", streams, STREAMS),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name}: found {value}; needed: {least} to {most}; remedy: correct it, or leave it out")
    first = rate or min(round(needed * FIRST_SHARE), limit or RATES[1])
    last = limit or max(round(needed * LIMIT_SHARE), first)
    if last < first:
        raise ValueError(
            f"rate_limit: found {last}, which is below rate ({first}); needed: {first} or more; remedy: raise it"
        )
    return Load(needed, seconds, first, last, streams)


def is_full(step: Stream, gentle: Stream | None) -> bool:
    """Say whether the line carried less than was sent, more so than its own loss explains."""
    own_loss = (gentle.loss_percent if gentle is not None else None) or 0.0
    return step.payload_mbps < FULL_SHARE * step.asked_mbps * (1 - own_loss / 100)


def best(streams: Sequence[Stream]) -> float | None:
    """Return the most that the line has carried, in Mbit/s on the wire; None if nothing was measured."""
    return max((each.wire_mbps for each in streams), default=None)
