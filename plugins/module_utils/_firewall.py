# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one list of what may come in and go out: read, checked, composed, and asked whether a connection passes (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._networks import Network, overlap
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import shown

PROTOCOLS = ("tcp", "udp")
LAST_PORT = 65535
# What the firewall's own languages take as a name, and a person can read in `ufw status`.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}\Z")
HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\Z"
)
_KEYS = ("name", "direction", "protocol", "ports", "sources", "destinations", "container")

Span = tuple[int, int]


@dataclass(frozen=True)
class Rule:
    """One thing that is allowed. No sources or destinations means: from or to anywhere."""

    name: str
    direction: str = "in"
    protocol: str = "tcp"
    ports: tuple[Span, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    container: bool = False


@dataclass(frozen=True)
class Connection:
    """A connection as the node sees it: who comes, and to which of its addresses and ports."""

    source: str
    address: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True)
class Entry:
    """One line of a firewall's list of what comes in, in the order in which the firewall reads them."""

    allow: bool
    protocol: str = "any"
    ports: tuple[Span, ...] = ()
    source: str = ""
    destination: str = ""


def parse_port(value: Any) -> Span | None:
    """Read 22, "22" or "8000:8010"; None when it is no port and no range of ports."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    found = re.match(r"([0-9]{1,5})(?:[:-]([0-9]{1,5}))?\Z", str(value).strip())
    if found is None:
        return None
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    return (first, last) if 1 <= first <= last <= LAST_PORT else None


def parse_address(value: str) -> Network | None:
    """Read an address, or a network in CIDR notation without host bits."""
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        return None


def span_text(span: Span, dash: str = ":") -> str:
    """Return a port or a range of ports as text."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}{dash}{span[1]}"


def spans_text(spans: Iterable[Span]) -> str:
    """Return ports as one text, separated by commas."""
    return ",".join(span_text(span) for span in spans)


def within(port: int, spans: Iterable[Span]) -> bool:
    """Say whether a port is one of these."""
    return any(first <= port <= last for first, last in spans)


def contains(network: str, other: str) -> bool:
    """Say whether a network (empty: everything) holds all of another one."""
    if not network:
        return True
    outer, inner = parse_address(network), parse_address(other) if other else None
    if outer is None or inner is None:
        return False
    return overlap(outer, inner) and outer.prefixlen <= inner.prefixlen


def rule_problem(rule: Any) -> str:
    """Say what is wrong with one rule of the site; empty when it is right."""
    if not isinstance(rule, Mapping):
        return "a rule is a mapping with a name, ports and, if need be, sources or destinations"
    unknown = sorted(str(key) for key in rule if key not in _KEYS)
    if unknown:
        return f"a rule has the keys {', '.join(_KEYS)}, not {', '.join(unknown)}"
    if not NAME.match(str(rule.get("name") or "")):
        return "name is needed: letters, digits, space, '.', '_' and '-', at most 40 characters"
    if rule.get("direction", "in") not in ("in", "out"):
        return f"direction is in or out, not {shown(rule['direction'])}"
    if rule.get("protocol", "tcp") not in PROTOCOLS:
        return f"protocol is tcp or udp, not {shown(rule['protocol'])}"
    return _ports_problem(rule) or _addresses_problem(rule)


def _ports_problem(rule: Mapping[str, Any]) -> str:
    ports = rule.get("ports")
    if not isinstance(ports, (list, tuple)) or not ports:
        return "ports is needed, a list such as [443] or ['8000:8010']"
    for port in ports:
        if parse_port(port) is None:
            return f"{shown(port)} is no port: a number from 1 to {LAST_PORT}, or a range such as '8000:8010'"
    return ""


def _addresses_problem(rule: Mapping[str, Any]) -> str:
    outward = rule.get("direction", "in") == "out"
    for key in ("sources", "destinations"):
        values = rule.get(key) or []
        if not isinstance(values, (list, tuple)):
            return f"{key} is a list"
        if values and outward and key == "sources":
            return (
                "a rule outwards has no sources: it is for this node, and with container: true for its containers too"
            )
        for value in values:
            if parse_address(str(value)) is not None:
                continue
            if outward and not re.match(r"[0-9.]+(/|\Z)", str(value)) and HOST.match(str(value)):
                continue
            names = " or a host name" if outward else ""
            return f"{shown(value)} in {key} is no address or network such as 192.0.2.0/24 or 2001:db8::/32{names}"
    return ""


def make_rule(rule: Mapping[str, Any]) -> Rule:
    """Return a rule that was checked before."""
    return Rule(
        name=str(rule["name"]),
        direction=str(rule.get("direction", "in")),
        protocol=str(rule.get("protocol", "tcp")),
        ports=tuple(span for span in map(parse_port, rule["ports"]) if span is not None),
        sources=tuple(canonical(str(value)) for value in rule.get("sources") or []),
        destinations=tuple(canonical(str(value)) for value in rule.get("destinations") or []),
        container=bool(rule.get("container", False)),
    )


def canonical(value: str) -> str:
    """Return an address as every firewall writes it: no prefix length for one address; a host name as it is."""
    network = parse_address(value)
    if network is None:
        return value.lower()
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def compose(
    inbound_ports: Sequence[Any], ssh_ports: Sequence[int], site: Sequence[Rule], dependent: Sequence[Rule]
) -> list[Rule]:
    """Return the whole list. Where the site has a rule of its own for a port, that port is not open for everybody."""
    named = [span for rule in site if rule.direction == "in" and rule.protocol == "tcp" for span in rule.ports]
    ssh = sorted({(port, port) for port in ssh_ports})
    general = sorted({span for span in map(parse_port, inbound_ports) if span is not None} - set(ssh))
    rules = [
        Rule("ssh", ports=tuple(span for span in ssh if not _named(span, named))),
        Rule("inbound", ports=tuple(span for span in general if not _named(span, named))),
    ]
    return [rule for rule in [*rules, *site, *dependent] if rule.ports]


def _named(span: Span, named: Sequence[Span]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in named)


def inward(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules for what comes in."""
    return [rule for rule in rules if rule.direction == "in"]


def outward(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules for what goes out."""
    return [rule for rule in rules if rule.direction == "out"]


def host_names(rules: Iterable[Rule]) -> list[str]:
    """Return the host names that rules outwards name, each once."""
    names = {value for rule in outward(rules) for value in rule.destinations if parse_address(value) is None}
    return sorted(names)


def resolved(rules: Iterable[Rule], addresses: Mapping[str, Sequence[str]]) -> list[Rule]:
    """Return the rules with addresses in the place of host names; a rule whose names have no address is left out."""
    result: list[Rule] = []
    for rule in rules:
        if not rule.destinations:
            result.append(rule)
            continue
        found = [address for value in rule.destinations for address in addresses.get(value, [value])]
        kept = tuple(sorted({address for address in found if parse_address(address) is not None}))
        if kept:
            result.append(replace(rule, destinations=kept))
    return result


def entries(rules: Iterable[Rule]) -> list[Entry]:
    """Return the lines that rules for what comes in make: one for each pair of source and destination."""
    return [
        Entry(True, rule.protocol, rule.ports, source, destination)
        for rule in inward(rules)
        for source in rule.sources or ("",)
        for destination in rule.destinations or ("",)
        if same_family(source, destination)
    ]


def same_family(first: str, second: str) -> bool:
    """Say whether two addresses or networks (empty: any) can stand in one line."""
    return not first or not second or (":" in first) == (":" in second)


def passes(connection: Connection, lines: Iterable[Entry]) -> bool:
    """Say whether a connection would be let in: the first line that fits decides, and none means no."""
    for line in lines:
        if (
            line.protocol in ("any", connection.protocol)
            and (not line.ports or within(connection.port, line.ports))
            and contains(line.source, connection.source)
            and contains(line.destination, connection.address)
        ):
            return line.allow
    return False


def covered(line: Entry, lines: Iterable[Entry]) -> bool:
    """Say whether everything that a line allows is allowed by the others as well, each of its ports by one of them."""
    if len(line.ports) > 1:
        others = list(lines)
        return all(covered(replace(line, ports=(span,)), others) for span in line.ports)
    for other in lines:
        if (
            other.allow
            and other.protocol in ("any", line.protocol)
            and (not other.ports or (bool(line.ports) and all(_named(span, other.ports) for span in line.ports)))
            and contains(other.source, line.source)
            and contains(other.destination, line.destination)
        ):
            return True
    return False


def entry_text(line: Entry) -> str:
    """Return a line in words, such as tcp 8000:8010 from 192.0.2.0/24."""
    ports = spans_text(line.ports) or "all ports"
    text = f"{line.protocol} {ports}" if line.protocol != "any" else ports
    text += f" from {line.source}" if line.source else ""
    return text + (f" to {line.destination}" if line.destination else "")


def expected_text(rules: Iterable[Rule]) -> str:
    """Return the whole list of what comes in, in words."""
    return "; ".join(dict.fromkeys(entry_text(line) for line in entries(rules))) or "nothing"
