# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a second machine: tries to connect to ports of another one, and prints what became of each, as JSON.

    python3 scanner.py '{"addresses": ["192.0.2.1"], "ports": [[1, 65535]], "udp": [53], "patience": 1.5}'

No more than WIDTH connections are under way at a time, and each has `patience` seconds, which is room for the kernel's
one repetition of a packet that was lost. Every port that was tried is counted, so that nobody takes a scan that
tried nothing for a closed machine.
"""

from __future__ import annotations

import concurrent.futures
import errno
import json
import select
import socket
import struct
import sys
import time
from typing import Any

WIDTH = 8000
# Closing with a reset leaves no connection behind on either side.
AT_ONCE = struct.pack("ii", 1, 0)
REFUSED = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES}


class Outcome:
    """What became of the ports of one address."""

    def __init__(self) -> None:
        """Nothing was tried yet."""
        self.open: list[int] = []
        self.refused = 0
        self.silent = 0

    def count(self, port: int, code: int) -> None:
        """Sort one port by the code that its connection ended with."""
        if code == 0:
            self.open.append(port)
        elif code in REFUSED:
            self.refused += 1
        else:
            raise OSError(code, f"the scanner itself failed at port {port}")

    def shown(self) -> dict[str, Any]:
        """As JSON knows it."""
        tried = len(self.open) + self.refused + self.silent
        return {"open": sorted(self.open), "refused": self.refused, "silent": self.silent, "tried": tried}


def family(address: str) -> socket.AddressFamily:
    """IPv6 or IPv4?"""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def scan(address: str, ports: list[int], patience: float) -> Outcome:
    """Try every port, WIDTH at a time."""
    outcome = Outcome()
    for first in range(0, len(ports), WIDTH):
        batch(address, ports[first : first + WIDTH], patience, outcome)
    return outcome


def batch(address: str, ports: list[int], patience: float, outcome: Outcome) -> None:
    """Try some ports at once, and wait until each has answered or the patience is at its end."""
    under_way: dict[int, tuple[int, socket.socket]] = {}
    poll = select.epoll()
    for port in ports:
        trial = socket.socket(family(address), socket.SOCK_STREAM)
        trial.setblocking(False)
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        code = trial.connect_ex((address, port))
        if code == errno.EINPROGRESS:
            under_way[trial.fileno()] = (port, trial)
            poll.register(trial.fileno(), select.EPOLLOUT)
        else:
            outcome.count(port, code)
            trial.close()
    deadline = time.monotonic() + patience
    while under_way and (left := deadline - time.monotonic()) > 0:
        for number, _events in poll.poll(left):
            port, trial = under_way.pop(number)
            outcome.count(port, trial.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            trial.close()
    outcome.silent += len(under_way)
    for _port, trial in under_way.values():
        trial.close()
    poll.close()


def ask(address: str, ports: list[int], patience: float) -> list[int]:
    """UDP knows no connection: the ports from which a datagram came back."""
    asked = []
    for port in ports:
        trial = socket.socket(family(address), socket.SOCK_DGRAM)
        trial.settimeout(patience)
        trial.connect((address, port))
        trial.send(b"are you there?")
        asked.append((port, trial))
    answered = []
    for port, trial in asked:
        try:
            answered += [port] if trial.recv(100) else []
        except TimeoutError:
            pass
        except OSError as problem:
            if problem.errno not in REFUSED:
                raise
        finally:
            trial.close()
    return answered


def main() -> None:
    """Do what the argument says."""
    wish = json.loads(sys.argv[1])
    ports = [port for first, last in wish["ports"] for port in range(first, last + 1)]

    def both(address: str) -> dict[str, Any]:
        shown = scan(address, ports, wish["patience"]).shown()
        return {**shown, "udp": ask(address, wish["udp"], 1.0)}

    # Nearly all of a scan is waiting, which the addresses do together.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = dict(zip(wish["addresses"], pool.map(both, wish["addresses"]), strict=True))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
