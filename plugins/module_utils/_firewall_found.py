# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the node already: who listens, which ports containers publish, and whose rules the kernel holds (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O; it is fed what the tools print.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import (
    Connection,
    Entry,
    covered,
    parse_port,
    within,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall_nft import objects

# The client's side of DHCP listens, but what comes back is let in by every firewall.
DHCP_CLIENT = {("udp", 68), ("udp", 546)}
# A container engine's own programs stand for a container.
PROXIES = ("docker-proxy", "rootlessport", "conmon")


@dataclass(frozen=True)
class Listener:
    """Somebody who answers on a port of the node."""

    protocol: str
    port: int
    who: str

    def text(self) -> str:
        """Return it in words."""
        return f"{self.protocol} {self.port} ({self.who})"


_SOCKET = re.compile(r"^(?P<protocol>tcp|udp)\s+\S+\s+\d+\s+\d+\s+(?P<address>\S+):(?P<port>\d+)\s+\S+(?P<rest>.*)$")
_PROCESS = re.compile(r'\(\("([^"]+)"')


def parse_listeners(text: str) -> list[Listener]:
    """Return who listens, as `ss -H -lntup` says, the loopback and the client of DHCP left out."""
    found: dict[tuple[str, int], Listener] = {}
    for line in text.splitlines():
        match = _SOCKET.match(line.strip())
        if match is None or is_loopback(match.group("address")):
            continue
        protocol, port = match.group("protocol"), int(match.group("port"))
        if (protocol, port) in DHCP_CLIENT:
            continue
        process = _PROCESS.search(match.group("rest"))
        found.setdefault((protocol, port), Listener(protocol, port, process.group(1) if process else "the system"))
    return [found[key] for key in sorted(found)]


def is_loopback(address: str) -> bool:
    """Say whether a socket's address, as `ss` writes it, is reached from the node itself only."""
    plain, _percent, interface = address.strip("[]").partition("%")
    plain = plain.rstrip("]")
    if interface.rstrip("]") == "lo":
        return True
    try:
        return ipaddress.ip_address(plain).is_loopback
    except ValueError:
        return False


def ssh_ports(listeners: Iterable[Listener], connection: Connection | None, configured: str = "") -> list[int]:
    """Return the ports of SSH: where sshd listens, where this connection came in, and where sshd will listen next time.

    The last is what `sshd -T` prints: settings that were changed are taken over by the next restart.
    """
    ports = {item.port for item in listeners if item.protocol == "tcp" and item.who == "sshd"}
    ports |= {int(port) for port in re.findall(r"^port ([0-9]{1,5})$", configured, re.MULTILINE)}
    if connection is not None:
        ports.add(connection.port)
    return sorted(ports)


_PUBLISHED = re.compile(r"^(?P<address>.*):(?P<ports>[0-9-]+)->[0-9-]+/(?P<protocol>tcp|udp)$")


def parse_published(text: str) -> list[Listener]:
    """Return published ports, one line of name, tab and ports for each container, as `docker ps --format` prints."""
    found: dict[tuple[str, int, str], Listener] = {}
    for line in text.splitlines():
        name, _tab, ports = line.partition("\t")
        for item in ports.split(","):
            match = _PUBLISHED.match(item.strip())
            span = parse_port(match.group("ports")) if match else None
            if match is None or span is None or is_loopback(match.group("address")):
                continue
            for port in range(span[0], span[1] + 1):
                key = (match.group("protocol"), port, name)
                found.setdefault(key, Listener(match.group("protocol"), port, f"container {name}"))
    return [found[key] for key in sorted(found)]


def in_use(listeners: Iterable[Listener], published: Sequence[Listener]) -> list[Listener]:
    """Return every port in use once: a container's proxy stands for its container."""
    ports = {(item.protocol, item.port) for item in published}
    own = [item for item in listeners if (item.protocol, item.port) not in ports and item.who not in PROXIES]
    return [*own, *published]


def is_open(listener: Listener, lines: Iterable[Entry]) -> bool:
    """Say whether a list lets somebody reach a port."""
    return any(
        line.allow
        and line.protocol in ("any", listener.protocol)
        and (not line.ports or within(listener.port, line.ports))
        for line in lines
    )


def cut(used: Iterable[Listener], now: Sequence[Entry] | None, then: Sequence[Entry]) -> list[Listener]:
    """Return the ports in use that are open now and would be closed. No list now means: all is open."""
    return [item for item in used if (now is None or is_open(item, now)) and not is_open(item, then)]


# --------------------------------------------------------------------------------- whose rules


_KNOWN_CHAINS = re.compile(
    r"(DOCKER|DOCKER[-_].*|ufw6?-.*|f2b-.*|NETAVARK.*|CNI-.*|LIBVIRT_.*|EUCAIM.*)\Z"
)  # fail2ban, Podman and libvirt keep their own rules up to date
_TARGET = re.compile(r"-j (\S+)")


def foreign_iptables(text: str, bridges: Sequence[str] = ()) -> list[str]:
    """Return the rules of `iptables-save` that are neither Docker's, nor ufw's, nor of another known program.

    The bridges are those of Docker's networks that were given names.
    """
    found = []
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        if not line.startswith("-A "):
            continue
        chain = line.split(" ", maxsplit=2)[1]
        target = _TARGET.search(line)
        if _KNOWN_CHAINS.match(chain) or (target and _KNOWN_CHAINS.match(target.group(1))):
            continue
        if _is_engines(table, chain, line, bridges):
            continue
        found.append(f"{table}: {line}")
    return found


def _is_engines(table: str, chain: str, line: str, bridges: Sequence[str]) -> bool:
    """Say whether a container engine put a rule into a chain of the kernel's."""
    names = "|".join([r"docker\S*", "br-[0-9a-f]{12}", r"podman\d+", r"virbr\d+", *map(re.escape, bridges)])
    if re.search(rf"-[io] ({names})( |$)", line):
        return chain in ("FORWARD", "POSTROUTING", "PREROUTING", "INPUT", "OUTPUT")
    # Masquerading of an engine's networks, and of a container that calls its own published port.
    if table == "nat" and chain == "POSTROUTING":
        return " -j MASQUERADE" in line
    return table == "raw" and chain == "PREROUTING" and line.endswith("-j DROP")


# Tables that the programs of iptables keep, and those of known programs.
_IPTABLES_TABLES = {"filter", "nat", "mangle", "raw", "security"}
_KNOWN_TABLES = {
    ("inet", "eucaim"),
    ("inet", "firewalld"),
    ("ip", "firewalld"),
    ("ip6", "firewalld"),
    ("inet", "f2b-table"),
    ("inet", "netavark"),
    ("ip", "libvirt_network"),
    ("ip6", "libvirt_network"),
    ("ip", "docker-bridges"),
    ("ip6", "docker-bridges"),
}


def foreign_tables(text: str) -> list[str]:
    """Return the tables with rules in them, as `nft -j list ruleset` shows, that belong to no known program."""
    ruled = {(str(rule.get("family")), str(rule.get("table"))) for rule in objects(text, "rule")}
    closed = {
        (str(chain.get("family")), str(chain.get("table")))
        for chain in objects(text, "chain")
        if chain.get("policy") == "drop"
    }
    return [
        f"{family} {name}"
        for family, name in sorted(ruled | closed)
        if (family, name) not in _KNOWN_TABLES and not (family in ("ip", "ip6") and name in _IPTABLES_TABLES)
    ]


def has_rules(text: str) -> bool:
    """Say whether a file for nft or iptables-restore holds any rule."""
    lines = [line.split("#", maxsplit=1)[0].strip() for line in text.splitlines()]
    words = re.compile(r"(-A .*|.*\b(accept|drop|reject|dnat|snat|masquerade|jump|goto|queue)\b.*)")
    return any(words.match(line) and not line.startswith("type ") for line in lines)


def not_covered(lines: Iterable[tuple[str, Entry | None]], listed: Sequence[Entry]) -> list[str]:
    """Return the words of rules that do anything which the list does not do anyway."""
    return [text for text, line in lines if line is None or not line.allow or not covered(line, listed)]
