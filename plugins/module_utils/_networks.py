# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlaps between the networks that containers get and the ones the node already routes.

Pure: text in, text out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# Interfaces that a container engine made itself: a route through one of them is the engine's own network.
_ENGINE_DEVICE = re.compile(r"^(docker[0-9]*|docker_gwbridge|br-[0-9a-f]{12}|veth[0-9a-z]+|lo)$")


@dataclass(frozen=True)
class Conflict:
    """Two networks that claim the same addresses; `device` is empty when neither of them is a route."""

    network: str
    other: str
    device: str = ""


def is_engine_device(name: str) -> bool:
    """Say whether a container engine made this interface (or it is the loopback)."""
    return bool(_ENGINE_DEVICE.match(name))


def parse_network(text: str) -> Network | None:
    """Read a network in CIDR notation; None when it is none or has host bits set."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def parse_interface(text: str) -> str:
    """Return the network of an interface's address with prefix length, such as 172.24.0.1/24; empty when it is none."""
    if "/" not in text:
        return ""
    try:
        return str(ipaddress.ip_interface(text).network)
    except ValueError:
        return ""


def parse_destination(text: str) -> Network | None:
    """Read a route's destination as `ip route` prints it; None for the default route and for what is no network."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network if network.prefixlen else None


def overlap(first: Network, second: Network) -> bool:
    """Say whether two networks share an address; networks of different families never do."""
    if isinstance(first, ipaddress.IPv4Network):
        return isinstance(second, ipaddress.IPv4Network) and first.overlaps(second)
    return isinstance(second, ipaddress.IPv6Network) and first.overlaps(second)


def route_conflicts(networks: Sequence[str], routes: Sequence[Mapping[str, Any]]) -> list[Conflict]:
    """Return each pair of a wanted network and a route of the node that overlap, the engine's own routes left out."""
    found: list[Conflict] = []
    for text in networks:
        network = parse_network(text)
        if network is None:
            continue
        for route in routes:
            device = str(route.get("dev", ""))
            destination = parse_destination(str(route.get("dst", "")))
            if destination is None or is_engine_device(device) or not overlap(network, destination):
                continue
            found.append(Conflict(text, str(destination), device))
    return found


def mutual_conflicts(networks: Sequence[str]) -> list[Conflict]:
    """Return each pair of the given networks that overlap each other."""
    parsed = [(text, parse_network(text)) for text in networks]
    found: list[Conflict] = []
    for index, (text, network) in enumerate(parsed):
        for other_text, other in parsed[index + 1 :]:
            if network is not None and other is not None and overlap(network, other):
                found.append(Conflict(text, other_text))
    return found


def pool_problem(pool: Any) -> str:
    """Say what is wrong with one address pool `{base, size}`; empty when it is right."""
    if not isinstance(pool, Mapping) or set(pool) != {"base", "size"}:
        return "a pool has exactly the keys base and size"
    network = parse_network(str(pool["base"]))
    if network is None:
        return "base is a network in CIDR notation without host bits, such as 172.24.0.0/14"
    size = pool["size"]
    if isinstance(size, bool) or not isinstance(size, int):
        return "size is a whole number, the prefix length of each network cut from base"
    largest = network.max_prefixlen - 2
    if not network.prefixlen <= size <= largest:
        return f"size lies between base's own prefix length {network.prefixlen} and {largest}"
    return ""
