# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links that a node has, as ip(8) shows them, and the links that are wanted, found among them.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._network import (
    DEFAULTS,
    Wanted,
    address_of,
    interface_of,
    is_mac,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain


@dataclass(frozen=True)
class Seen:
    """One link of the node."""

    device: str
    mac: str = ""  # the address that the adapter was made with
    kind: str = ""  # bond, bridge and so on; empty for an adapter
    up: bool = False
    carrier: bool = False
    master: str = ""
    addresses: tuple[str, ...] = ()
    leased: tuple[str, ...] = ()  # those of the addresses that the network gave
    mode: str = ""
    active: str = ""
    mtu: int = 0


@dataclass(frozen=True)
class Port:
    """An adapter of a wanted link: what the inventory calls it, and what it is on this node."""

    name: str
    device: str
    mac: str


@dataclass(frozen=True)
class Placed:
    """A wanted link with what it is on this node."""

    wanted: Wanted
    device: str
    ports: tuple[Port, ...]

    @property
    def bond(self) -> bool:
        """Say whether it is made of several adapters."""
        return bool(self.wanted.members)

    @property
    def mac(self) -> str:
        """Return the address under which the network knows it: a bond keeps that of its first adapter."""
        return self.ports[0].mac

    @property
    def primary(self) -> str:
        """Return the adapter that leads; empty where any may."""
        return next((port.device for port in self.ports if port.name == self.wanted.primary), "")


def parse_links(text: str) -> dict[str, Seen]:
    """Return what `ip -d -j address` says, by the name of the link."""
    try:
        data = Plain(json.loads(text or "[]"))
    except ValueError:
        return {}
    return {link.device: link for link in (_seen(each) for each in data.many()) if link.device}


def _seen(data: Plain) -> Seen:
    flags = [str(flag) for flag in data.at("flags") or ()]
    slave = data.text("linkinfo", "info_slave_data", "perm_hwaddr")
    given = [each for each in data.many("addr_info") if each.text("local") and each.text("scope") != "link"]
    return Seen(
        device=data.text("ifname") or "",
        mac=(slave or data.text("permaddr") or data.text("address") or "").lower(),
        kind=data.text("linkinfo", "info_kind") or "",
        up="UP" in flags,
        carrier="LOWER_UP" in flags,
        master=data.text("master") or "",
        addresses=tuple(_written(each) for each in given),
        leased=tuple(_written(each) for each in given if each.at("dynamic")),
        mode=data.text("linkinfo", "info_data", "mode") or "",
        active=data.text("linkinfo", "info_data", "active_slave") or "",
        mtu=data.number("mtu") or 0,
    )


def _written(data: Plain) -> str:
    return f"{data.text('local')}/{data.number('prefixlen')}"


def find(name: str, seen: Mapping[str, Seen]) -> Seen | None:
    """Return the adapter of a name or a MAC address; what is stacked on an adapter carries its address, too."""
    if not is_mac(name):
        return seen.get(name)
    return next((link for link in seen.values() if link.mac == name and not link.kind), None)


def place(link: Wanted, seen: Mapping[str, Seen]) -> Placed | None:
    """Return a link with what it is on this node; None where an adapter is not there."""
    found = [(name, find(name, seen)) for name in link.ports]
    ports = tuple(Port(name, port.device, port.mac) for name, port in found if port is not None)
    if len(ports) < len(found):
        return None
    return Placed(link, link.name if link.members else ports[0].device, ports)


def missing(link: Wanted, seen: Mapping[str, Seen]) -> list[str]:
    """Return the adapters that the node does not have."""
    return [name for name in link.ports if find(name, seen) is None]


def default_routes(text: str) -> dict[str, list[str]]:
    """Return the routers of the default routes by link, as `ip -j route show default` has them."""
    try:
        data = Plain(json.loads(text or "[]"))
    except ValueError:
        return {}
    found: dict[str, list[str]] = {}
    for hop in (hop for each in data.many() for hop in (each.many("nexthops") or [each])):
        found.setdefault(hop.text("dev") or "", []).append(hop.text("gateway") or "")
    return found


def drift(link: Placed, seen: Mapping[str, Seen], routes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return in words where the kernel is not as wanted, although the settings may be."""
    now = seen.get(link.device)
    if now is None:
        return [f"{link.device} is not there"]
    words = []
    if link.bond:
        words += [
            f"{port.device} is not in {link.device}" for port in link.ports if seen[port.device].master != link.device
        ]
        if now.mode != link.wanted.mode:
            words.append(f"{link.device} is in mode {now.mode or 'none'}, not {link.wanted.mode}")
    have = {interface_of(text) for text in now.addresses}
    words += [f"{link.device} lacks {text}" for text in link.wanted.addresses if interface_of(text) not in have]
    if link.wanted.mtu and now.mtu != link.wanted.mtu:
        words.append(f"{link.device} has mtu {now.mtu}, not {link.wanted.mtu}")
    routers = {address_of(text) for text in routes.get(link.device, ())}
    words += [
        f"{link.device} lacks the gateway {route.via}"
        for route in link.wanted.routes
        # A link without a carrier has no routes, and no settings help.
        if route.to in DEFAULTS.values() and now.carrier and address_of(route.via) not in routers
    ]
    return words


def address_words(
    link: Placed, seen: Mapping[str, Seen], routes: Mapping[str, Sequence[str]], wireless: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return what is there of a link's address and cable, and what is wrong with it, in words."""
    now = seen.get(link.device)
    if now is None:
        return [], [f"{link.device} is not there"]
    wrong = list(drift(link, seen, routes))
    wrong += [f"{port.device} is wireless" for port in link.ports if port.device in wireless]
    if not now.carrier:
        wrong.append(f"{link.device} has no carrier")
    static = [text for text in now.addresses if text not in now.leased]
    if link.wanted.dhcp and not now.leased:
        wrong.append(f"{link.device} has no address by DHCP")
    words = [f"{text} static" for text in static] + [f"{text} by DHCP" for text in now.leased]
    words += [f"gateway {router}" for router in routes.get(link.device, [])]
    return [f"{link.device}: {', '.join(words) or 'no address'}"], wrong


def bond_words(link: Placed, seen: Mapping[str, Seen]) -> tuple[list[str], list[str]]:
    """Return the state of a bond, and what is wrong with it, in words."""
    now = seen.get(link.device)
    if now is None:
        return [], [f"{link.device} is not there"]
    wrong = [f"{port.device} is not in {link.device}" for port in link.ports if seen[port.device].master != link.device]
    wrong += [f"{port.device} has no carrier" for port in link.ports if not seen[port.device].carrier]
    if now.mode != link.wanted.mode:
        wrong.append(f"{link.device} is in mode {now.mode or 'none'}")
    members = " and ".join(port.device for port in link.ports if seen[port.device].carrier) or "none"
    active = f", {now.active} active" if now.active else ""
    return [f"{link.device}: {now.mode or 'no mode'}{active}; with carrier: {members}"], wrong
