# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a node, or in a container there: listens on ports over IPv4 and IPv6, and answers with the port's number.

python3 listener.py 80 443 53/udp
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys


def listening(family: socket.AddressFamily, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket that takes what comes for this port, over this family only."""
    taker = socket.socket(family, kind)
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        taker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    taker.bind(("", port))
    if kind == socket.SOCK_STREAM:
        taker.listen(16)
    return taker


def main() -> None:
    """Answer for ever."""
    ready = selectors.DefaultSelector()
    for word in sys.argv[1:]:
        number, _slash, protocol = word.partition("/")
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        families = [socket.AF_INET, socket.AF_INET6] if socket.has_dualstack_ipv6() else [socket.AF_INET]
        for family in families:
            ready.register(listening(family, int(number), kind), selectors.EVENT_READ, f"port {number}".encode())
    while True:
        for key, _events in ready.select():
            taker = key.fileobj
            assert isinstance(taker, socket.socket)
            if taker.type == socket.SOCK_DGRAM:
                _question, peer = taker.recvfrom(100)
                taker.sendto(key.data, peer)
            else:
                # A scanner leaves as soon as it was let in.
                with contextlib.suppress(ConnectionError), taker.accept()[0] as visitor:
                    visitor.sendall(key.data)


if __name__ == "__main__":
    main()
