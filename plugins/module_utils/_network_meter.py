# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the network from the machine that it runs on: ping or TCP connects, the route, and iperf3.

Private to this collection: nothing outside may import it. No Ansible; it reads files, runs commands and connects, and
changes nothing. What is known of the machine comes through an Access, so that tests give another one.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.eucaim.local_node.plugins.module_utils import _network_iperf as iperf
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Link
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_recorder import (
    execute,
    expand,
    find,
    plain,
    read_bytes,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._links import NET, read_link
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import Load, is_full
from ansible_collections.eucaim.local_node.plugins.module_utils._network_ping import (
    Echoes,
    PingError,
    from_connects,
    parse_ping,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import Place, Route, parse_route
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

INTERVAL_SECONDS = 0.2  # the least that ping allows everybody
PATIENCE_SECONDS = 40.0  # iperf3 itself gives up after 30 when no datagram gets through
BUSY_TRIES, BUSY_SECONDS = 3, 2.0
# Linux's own greatest buffer: at twice the default, a receiver that is late for a moment loses nothing.
BUFFER_BYTES = 212992
LINK_FILES = ("type", "uevent", "speed", "duplex", "carrier", "operstate", "bonding/mode")


def connect(address: str, port: int, timeout: float) -> float:
    """Return the milliseconds that a TCP connect took; raise OSError if it does not come about."""
    begin = time.monotonic()
    with socket.create_connection((address, port), timeout):
        return (time.monotonic() - begin) * 1000


def resolve(host: str, port: int) -> str:
    """Return the first address of a host; raise OSError if its name is not known."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def read(path: str) -> str:
    """Return a file's text, nothing if it cannot be read."""
    try:
        return plain(read_bytes(path))
    except OSError:
        return ""


@dataclass(frozen=True)
class Access:
    """How the machine is asked: where a program is, what it says, a file, an address, a connect (ms), and time."""

    find: Callable[[str], str | None] = find
    execute: Callable[[list[str], float], Output] = execute
    read: Callable[[str], str] = read
    resolve: Callable[[str, int], str] = resolve
    connect: Callable[[str, int, float], float] = connect
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Reached:
    """What came of one target."""

    place: Place
    address: str = ""
    echoes: Echoes | None = None
    route: Route | None = None
    link: Link | None = None
    connected: bool | None = None  # TCP, to the port; None if there is no port
    failure: str = ""  # why it is not reached, or not measured
    final: bool = False  # it is known not to be reached

    @property
    def reached(self) -> bool | None:
        """Say whether it is reached; None if that is not known."""
        if self.connected is not None:
            return self.connected
        if self.echoes is not None and self.echoes.received:
            return True
        return False if self.final else None


@dataclass(frozen=True)
class Direction:
    """What was measured of the line in one direction."""

    gentle: iperf.Stream | None = None
    steps: tuple[iperf.Stream, ...] = ()
    tcp: iperf.Stream | None = None
    faults: tuple[iperf.IperfError, ...] = field(default=())

    @property
    def streams(self) -> list[iperf.Stream]:
        """Return all that was measured."""
        return [each for each in (self.gentle, *self.steps, self.tcp) if each is not None]

    @property
    def full(self) -> bool:
        """Say whether the line was full at the end, so that the figure is the line's own."""
        return bool(self.steps) and is_full(self.steps[-1], self.gentle)


class Meter:
    """Measures."""

    def __init__(self, access: Access, count: int, timeout: float) -> None:
        self.access = access
        self.count = count
        self.timeout = timeout

    def reach(self, place: Place) -> Reached:
        """Measure one target."""
        try:
            address = self.access.resolve(place.host, place.port or 0)
        except (OSError, UnicodeError) as error:
            words = getattr(error, "strerror", None) or str(error)
            return Reached(place, failure=f"the name is not resolved ({words})", final=True)
        route = self._route(address)
        reached = Reached(place, address, route=route, link=self._link(route.device) if route else None)
        if place.port is None:
            return self._ping(reached)
        times, said = self._connects(address, place.port, 1)
        reached = replace(reached, connected=times[0] is not None, failure=said)
        pinged = self._ping(reached)
        if pinged.echoes is not None and pinged.echoes.received:
            return replace(pinged, failure=said, final=False)
        # ICMP does not get through, or there is no ping: the port that is given answers instead.
        return replace(reached, echoes=from_connects(*self._connects(address, place.port, self.count)))

    def _ping(self, reached: Reached) -> Reached:
        program = self.access.find("ping")
        if program is None:
            return replace(reached, failure="ping is not installed, and no port is given to connect to")
        # The last one is waited for as long as a connect.
        argv = [
            program,
            "-n",
            "-c",
            str(self.count),
            "-i",
            str(INTERVAL_SECONDS),
            "-W",
            str(max(1, round(self.timeout))),
        ]
        output = self.access.execute([*argv, reached.address], self.count * (INTERVAL_SECONDS + self.timeout) + 10)
        try:
            if output.problem:
                raise PingError(f"ping {output.problem}")
            echoes = parse_ping(f"{output.stdout}\n{output.stderr}")
        except PingError as error:
            return replace(reached, failure=str(error), final=error.final)
        failure = "" if echoes.received else echoes.said or "no answer to ICMP, which a firewall may keep back"
        return replace(reached, echoes=echoes, failure=failure, final=bool(echoes.said))

    def _connects(self, address: str, port: int, count: int) -> tuple[list[float | None], str]:
        """Return the milliseconds of each connect, None for one that failed, and why the last of these did."""
        times: list[float | None] = []
        said = ""
        for number in range(count):
            if number:
                self.access.wait(INTERVAL_SECONDS)
            try:
                times.append(self.access.connect(address, port, self.timeout))
            except OSError as error:
                times.append(None)
                said = error.strerror or str(error)
        return times, said

    def _route(self, address: str) -> Route | None:
        program = self.access.find("ip")
        if program is None:
            return None
        return parse_route(self.access.execute([program, "-j", "route", "get", address], self.timeout + 5).stdout)

    def _link(self, device: str) -> Link:
        """Return the link by its name, from the kernel's files."""
        paths = expand(f"{NET}/{device}", LINK_FILES)
        return read_link(Recording(files={path: text for path in paths if (text := self.access.read(path))}), device)

    def line(self, address: str, port: int, load: Load) -> dict[str, Direction]:
        """Measure the line to an iperf3 server, by direction: down and up."""
        program = self.access.find("iperf3")
        if program is None:
            return {name: Direction(faults=(iperf.NOT_INSTALLED,)) for name in ("down", "up")}
        base = [program, "-J", "-c", address, "-p", str(port)]
        return {
            "down": self._direction([*base, "-R"], load, own=True),
            "up": self._direction(base, load, own=False),
        }

    def _direction(self, base: Sequence[str], load: Load, *, own: bool) -> Direction:
        """Measure one direction; own says that this node is the receiver."""
        udp = [*base, "-u", "-w", str(BUFFER_BYTES), "-t", str(load.seconds)]
        found = Direction()
        try:
            found = replace(found, gentle=self._stream([*udp, "-b", f"{load.gentle}M"], load.seconds, own=own))
            for rate in load.rates:
                step = self._stream([*udp, "-b", f"{rate}M"], load.seconds, own=own)
                found = replace(found, steps=(*found.steps, step))
                if found.full:
                    break
        except iperf.IperfError as error:
            found = replace(found, faults=(error,))
            if error.kind != iperf.BLOCKED:
                return found
        each = load.limit / load.streams
        # The first second is TCP's own: it begins slowly.
        tcp = [*base, "-P", str(load.streams), "-b", f"{each}M", "-t", str(load.seconds), "-O", "1"]
        try:
            return replace(found, tcp=self._stream(tcp, load.seconds + 1, own=False))
        except iperf.IperfError as error:
            return replace(found, faults=(*found.faults, error))

    def _stream(self, argv: list[str], seconds: int, *, own: bool) -> iperf.Stream:
        """Run iperf3 once, and again while its server is busy; raise IperfError if it does not measure."""
        tries = BUSY_TRIES
        while True:
            before = self._drops() if own else None
            output = self.access.execute(argv, seconds + PATIENCE_SECONDS)
            after = self._drops() if own else None
            try:
                if output.problem:
                    raise iperf.TOO_LONG
                stream = iperf.parse_iperf(output.stdout, output.stderr)
            except iperf.IperfError as error:
                tries -= 1
                if error.kind != iperf.BUSY or not tries:
                    raise
                self.access.wait(BUSY_SECONDS)
            else:
                return stream if before is None or after is None else iperf.with_own_drops(stream, after - before)

    def _drops(self) -> int | None:
        return iperf.parse_udp_drops(self.access.read("/proc/net/snmp"), self.access.read("/proc/net/snmp6"))
