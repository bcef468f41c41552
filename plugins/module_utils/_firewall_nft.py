# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table `inet eucaim`: what ufw and firewalld do not see (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
A container's published port is not for the node itself, so it passes by the node's own firewall. This table looks at
such connections by the port that the other side asked for, before Docker's own chains do. A drop here is final, an
accept only ends this table. What goes out is compared with the list, counted, and dropped only if the site says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import (
    Rule,
    inward,
    outward,
    span_text,
)

FAMILY, TABLE = "inet", "eucaim"
# How the bridges of container engines are called: Docker, Podman, and the networks of CNI.
PREFIXES = ("docker", "br-", "podman", "cni")
_BRIDGE = re.compile(r"(docker[0-9]*|docker_gwbridge|br-[0-9a-f]{12}|podman[0-9]+|cni(-podman)?[0-9]+)\Z")
HEAD = "# Written by eucaim.local_node, role firewall. The next run writes it anew: change firewall_rules instead."
SEEN = ("seen4", "seen6")


def lookalikes(interfaces: Iterable[str]) -> list[str]:
    """Return interfaces that are called like a container engine's bridge and are none, such as br-lan."""
    return sorted(name for name in interfaces if name.startswith(PREFIXES) and not _BRIDGE.match(name))


def _ports(rule: Rule) -> str:
    texts = [span_text(span, "-") for span in rule.ports]
    return texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"


def _address(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}"


def _families(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, list[str], list[str]]]:
    """Return addresses by family; one entry without family when none is named."""
    if not first and not second:
        return [("", [], [])]
    result = []
    for family, v6 in (("ip", False), ("ip6", True)):
        one = [value for value in first if (":" in value) == v6]
        two = [value for value in second if (":" in value) == v6]
        if (one or not first) and (two or not second):
            result.append((family, one, two))
    return result


def inbound_lines(rules: Iterable[Rule]) -> list[str]:
    """Return what lets a connection from outside through to a container, by what the other side asked for."""
    lines = []
    for rule in inward(rules):
        for family, sources, destinations in _families(rule.sources, rule.destinations):
            words = [f"meta l4proto {rule.protocol}"]
            words += [f"ct original {family} saddr {_address(sources)}"] if sources else []
            words += [f"ct original {family} daddr {_address(destinations)}"] if destinations else []
            lines.append(" ".join([*words, f"ct original proto-dst {_ports(rule)} accept"]))
    return lines


def outbound_lines(rules: Iterable[Rule], containers: bool) -> list[str]:
    """Return what the list lets out."""
    lines = []
    for rule in outward(rules):
        if containers and not rule.container:
            continue
        for family, _none, destinations in _families((), rule.destinations):
            where = f"{family} daddr {_address(destinations)} " if destinations else ""
            lines.append(f"{where}{rule.protocol} dport {_ports(rule)} accept")
    return lines


def _unlisted(name: str, enforce: bool) -> list[str]:
    """Return what happens to a connection that the list does not name."""
    return [
        "meta nfproto ipv4 meta l4proto { tcp, udp } update @seen4 { ip daddr . meta l4proto . th dport }",
        "meta nfproto ipv6 meta l4proto { tcp, udp } update @seen6 { ip6 daddr . meta l4proto . th dport }",
        f"counter name {name}",
        'limit rate 6/minute burst 5 packets log prefix "eucaim unlisted: "',
        *(["drop"] if enforce else []),
    ]


def _chain(name: str, lines: Iterable[str], hook: str = "") -> list[str]:
    head = [f"type filter hook {hook} priority filter - 5; policy accept;"] if hook else []
    return [f"\tchain {name} {{", *(f"\t\t{line}" for line in [*head, *lines]), "\t}"]


def render(rules: Sequence[Rule], interfaces: Iterable[str], enforce: bool, bridges: Sequence[str] = ()) -> str:
    """Return the file that makes the table: loaded as a whole or not at all.

    The bridges are those of Docker's networks that were given names.
    """
    outside = lookalikes(set(interfaces) - set(bridges))
    engines = [*(f"{prefix}*" for prefix in PREFIXES), *(name for name in bridges if not name.startswith(PREFIXES))]
    named = [rule for rule in rules if rule.destinations]
    known = "ct state established,related accept"
    # Errors of the network, echo, and what IPv6 needs to find its neighbours.
    errors = "meta l4proto { icmp, ipv6-icmp, igmp } accept"
    lines = [HEAD, f"table {FAMILY} {TABLE}", f"delete table {FAMILY} {TABLE}", f"table {FAMILY} {TABLE} {{"]
    lines += ["\tcounter closed {", "\t}"]
    for name in ("unlisted_node", "unlisted_containers"):
        lines += [f"\tcounter {name} {{", "\t}"]
    for name, kind in zip(SEEN, ("ipv4_addr", "ipv6_addr")):
        lines += [f"\tset {name} {{", f"\t\ttype {kind} . inet_proto . inet_service", "\t\tsize 1024"]
        lines += ["\t\tflags dynamic,timeout", "\t\ttimeout 7d", "\t}"]
    lines += _chain(
        "forward",
        [
            known,
            *(f'iifname "{name}" goto from_outside' for name in outside),
            *(f'iifname "{name}" goto from_containers' for name in engines),
            "goto from_outside",
        ],
        "forward",
    )
    lines += _chain(
        "from_outside",
        [
            "ct status dnat goto to_containers",
            *(f'oifname "{name}" return' for name in outside),
            *(f'oifname "{name}" goto direct' for name in engines),
        ],
    )
    # A neighbour that has made itself a route to a container's own address, and goes by no published port.
    lines += _chain("direct", [errors, *inbound_lines(named), "counter name closed drop"])
    lines += _chain("to_containers", [errors, *inbound_lines(rules), "counter name closed drop"])
    inside = [
        *(f'oifname "{name}" goto {{}}' for name in outside),
        *(f'oifname "{name}" accept' for name in engines),
    ]
    lines += _chain(
        "from_containers",
        [*(line.format("containers_outwards") for line in inside), "goto containers_outwards"],
    )
    lines += _chain(
        "containers_outwards",
        [errors, *outbound_lines(rules, True), *_unlisted("unlisted_containers", enforce)],
    )
    lines += _chain(
        "output",
        [
            known,
            'oifname "lo" accept',
            *(line.format("node_outwards") for line in inside),
            "goto node_outwards",
        ],
        "output",
    )
    lines += _chain(
        "node_outwards",
        [
            errors,
            # Asking for an address.
            "udp sport 68 udp dport 67 accept",
            "udp sport 546 udp dport 547 accept",
            *outbound_lines(rules, False),
            *_unlisted("unlisted_node", enforce),
        ],
    )
    return "\n".join([*lines, "}", ""])


# ------------------------------------------------------------------------------------------ the kernel


def objects(text: str, kind: str) -> list[dict[str, Any]]:
    """Return the objects of one kind in what `nft -j` says; none when it says nothing that can be read."""
    try:
        found = json.loads(text or "{}").get("nftables", [])
    except (ValueError, AttributeError):
        return []
    return [item[kind] for item in found if isinstance(item, dict) and isinstance(item.get(kind), dict)]


def counters(text: str) -> dict[str, int]:
    """Return packets by counter."""
    return {str(item.get("name")): int(item.get("packets", 0)) for item in objects(text, "counter")}


def seen(text: str) -> list[str]:
    """Return what the sets of destinations outside the list hold, such as tcp 192.0.2.7 port 8080."""
    found = []
    for item in objects(text, "set"):
        if item.get("name") not in SEEN:
            continue
        for element in item.get("elem", []):
            value = element.get("elem", {}).get("val", {}) if isinstance(element, dict) else {}
            parts = value.get("concat", []) if isinstance(value, dict) else []
            if len(parts) == 3:
                found.append(f"{parts[1]} {parts[0]} port {parts[2]}")
    return sorted(found)


def empty_chains(text: str) -> list[str]:
    """Return the chains of the kernel's hooks that hold no rule and let everything pass, from `nft -j list table`."""
    ruled = {rule.get("chain") for rule in objects(text, "rule")}
    return [
        str(chain.get("name"))
        for chain in objects(text, "chain")
        if chain.get("policy") == "accept" and chain.get("name") not in ruled
    ]
