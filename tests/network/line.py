# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line with a rate, a latency and a loss in each direction, between two network namespaces.

A program passes packets from one TUN device to another, so that it works on every kernel: many have no netem. It runs
by itself (python3 line.py ...), needs root and nothing but Python's own library.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import gc
import os
import random
import select
import struct
import time
from collections import deque
from dataclasses import dataclass, field

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
ETHERNET = 38  # preamble, addresses, type, check sequence and gap: what a line of Ethernet carries beside a packet
LONGEST = 65536
AT_ONCE = 32


@dataclass
class Way:
    """One direction: where packets come from and go to, bits a second on the wire, and seconds."""

    source: int
    sink: int
    rate: float
    delay: float
    loss: float
    queue: float  # seconds that a packet may wait for its turn; one that would wait longer is dropped
    free_at: float = 0.0
    under_way: deque[tuple[float, bytes]] = field(default_factory=deque)

    def take(self, chance: random.Random) -> None:
        """Take what has come, and put on its way what neither the queue nor chance drops."""
        for _number in range(AT_ONCE):
            try:
                packet = os.read(self.source, LONGEST)
            except BlockingIOError:
                return
            now = time.monotonic()
            begin = max(now, self.free_at)
            if begin - now > self.queue:
                continue
            self.free_at = begin + (len(packet) + ETHERNET) * 8 / self.rate
            if chance.random() >= self.loss:
                self.under_way.append((self.free_at + self.delay, packet))

    def deliver(self) -> float | None:
        """Hand over what has arrived; return the seconds until the next one does, None if there is none."""
        while self.under_way:
            left = self.under_way[0][0] - time.monotonic()
            if left > 0:
                return left
            with contextlib.suppress(OSError):  # a device that is down takes nothing
                os.write(self.sink, self.under_way.popleft()[1])
        return None


def open_tun(namespace: str, name: str) -> int:
    """Return a new TUN device inside a network namespace of ip(8)."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    enter(there)
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    finally:
        enter(here)
        os.close(there)
        os.close(here)
    return device


def enter(namespace: int) -> None:
    """Go into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main() -> None:
    """Be the line until somebody ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("node")
    parser.add_argument("peer")
    parser.add_argument("--down", type=float, required=True, help="Mbit/s to the node, on the wire")
    parser.add_argument("--up", type=float, required=True)
    parser.add_argument("--delay", type=float, default=20.0, help="milliseconds one way")
    parser.add_argument("--loss", type=float, default=0.0, help="percent in each direction")
    parser.add_argument("--queue", type=float, default=50.0, help="milliseconds")
    given = parser.parse_args()
    node, peer = open_tun(given.node, "line"), open_tun(given.peer, "line")
    rest = (given.delay / 1e3, given.loss / 100, given.queue / 1e3)
    ways = {node: Way(node, peer, given.up * 1e6, *rest), peer: Way(peer, node, given.down * 1e6, *rest)}
    chance = random.Random(20260126)
    gc.disable()  # a collection is a pause, and there is nothing to collect
    print("ready", flush=True)
    while True:
        waits = [left for way in ways.values() if (left := way.deliver()) is not None]
        ready, _writable, _failed = select.select(list(ways), [], [], min(waits, default=None))
        for device in ready:
            ways[device].take(chance)


if __name__ == "__main__":
    main()
