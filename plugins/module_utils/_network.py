# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links that a site wants: what an inventory says of them, and what cannot be meant.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\Z")
# What Linux takes for the name of an interface, without what a settings file or a shell would read as something else.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}\Z")
# Names that the kernel gives in the order in which it finds the adapters, which may be another one at the next boot.
PASSING = re.compile(r"(?:eth|wlan|usb)\d+\Z")
DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*\Z")
MODES = ("active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb")
WITH_PRIMARY = ("active-backup", "balance-tlb", "balance-alb")
LEAST_MTU, MOST_MTU = 1280, 9216
DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}

Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


@dataclass(frozen=True)
class Route:
    """A network, and the router on the way to it."""

    to: str
    via: str


@dataclass(frozen=True)
class Wanted:
    """One link as the inventory has it. Its name, and those of its members, may be MAC addresses."""

    name: str
    members: tuple[str, ...] = ()
    mode: str = MODES[0]
    primary: str = ""
    addresses: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    dns: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    mtu: int = 0

    @property
    def dhcp(self) -> bool:
        """Say whether the network gives the address."""
        return not self.addresses

    @property
    def ports(self) -> tuple[str, ...]:
        """Return the adapters that it is made of."""
        return self.members or (self.name,)


def is_mac(name: str) -> bool:
    """Say whether an adapter is named by its address."""
    return bool(MAC.match(name))


def plain(name: Any) -> str:
    """Return a name as it is compared: a MAC address in small letters with colons."""
    text = str(name or "").strip()
    lower = text.lower().replace("-", ":")
    return lower if is_mac(lower) else text


def wanted_of(given: Mapping[str, Any]) -> Wanted:
    """Return a link as data; what is wrong with it is for problems() to say."""
    routes = [Route(_network(str(each.get("to", ""))), str(each.get("via", ""))) for each in given.get("routes") or ()]
    gateway = str(given.get("gateway") or "")
    if gateway:
        routes.insert(0, Route(DEFAULTS[6 if ":" in gateway else 4], gateway))
    members = tuple(plain(each) for each in given.get("members") or ())
    return Wanted(
        name=plain(given.get("name")),
        members=members,
        mode=str(given.get("mode") or MODES[0]),
        primary=plain(given.get("primary")),
        addresses=tuple(str(each) for each in given.get("addresses") or ()),
        routes=tuple(routes),
        dns=tuple(str(each) for each in given.get("dns") or ()),
        search=tuple(str(each) for each in given.get("search") or ()),
        mtu=int(given.get("mtu") or 0),
    )


def _network(text: str) -> str:
    """Return the network of a route; the word default means all of IPv4."""
    return DEFAULTS[4] if text == "default" else text


def refusal(found: str, needed: str, remedy: str, requirement: str = "NET-ADDR") -> Refusal:
    """Return a refusal of the list of links."""
    return Refusal(requirement, "network_links", found, needed, remedy)


def problems(links: Sequence[Wanted]) -> list[Refusal]:
    """Return everything that cannot work, whatever the node has."""
    return [*(fault for link in links for fault in _problems(link)), *_together(links)]


def _problems(link: Wanted) -> Iterator[Refusal]:
    yield from _names(link)
    yield from _bond(link)
    yield from _addresses(link)
    yield from _servers(link)
    if link.mtu and not LEAST_MTU <= link.mtu <= MOST_MTU:
        yield refusal(
            f"{link.name}: mtu {link.mtu}",
            f"a number from {LEAST_MTU} to {MOST_MTU}",
            "leave mtu out for the usual 1500",
        )


def _names(link: Wanted) -> Iterator[Refusal]:
    for name in link.ports:
        if is_mac(name):
            continue
        if not NAME.match(name):
            yield refusal(
                f"the name {shown(name)}",
                "the name of a link, at most 15 characters, or a MAC address such as 52:54:00:12:34:56",
                "put the address in quotes: YAML reads one of digits alone as a number"
                if name.isdigit()
                else "take the name or the address from `ip link` on the node",
            )
        elif PASSING.match(name):
            yield refusal(
                f"the name {name}",
                "a name that stays: the kernel gives this one in the order in which it finds the adapters",
                "name the adapter by its MAC address, which `ip link` shows on the node",
            )
    if link.members and not NAME.match(link.name):
        yield refusal(f"a bond called {shown(link.name)}", "a name of its own, such as bond0", "call it bond0")


def _bond(link: Wanted) -> Iterator[Refusal]:
    if link.members and len(set(link.members)) < 2:
        yield refusal(
            f"{link.name}: {len(set(link.members))} member",
            "two adapters or more, so that one may fail",
            "name another adapter, or take members out and give the link the adapter's own name",
            "NET-REDUND",
        )
    if link.mode not in MODES:
        yield refusal(
            f"{link.name}: mode {shown(link.mode)}",
            f"one of {', '.join(MODES)}",
            "leave mode out for active-backup",
            "NET-REDUND",
        )
    if link.primary and (link.primary not in link.members or link.mode not in WITH_PRIMARY):
        yield refusal(
            f"{link.name}: primary {link.primary}",
            f"one of its members, with a mode of which one member leads ({', '.join(WITH_PRIMARY)})",
            "correct primary, or leave it out",
            "NET-REDUND",
        )


def interface_of(text: str) -> Interface | None:
    """Return an address with its network; None where it has no prefix, or cannot be a node's."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        return None
    place = found.ip
    if "/" not in text or place.is_multicast or place.is_loopback or place.is_unspecified:
        return None
    inner = found.network.prefixlen < found.network.max_prefixlen - 1
    if found.version == 4 and inner and place in (found.network.network_address, found.network.broadcast_address):
        return None
    return found


def address_of(text: str) -> Address | None:
    """Return an address without a network; None where it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _addresses(link: Wanted) -> Iterator[Refusal]:
    for text in link.addresses:
        if interface_of(text) is None:
            yield refusal(
                f"{link.name}: address {shown(text)}",
                "an address of a node with the length of its network, such as 192.0.2.10/24",
                "ask who runs the network for address and length",
            )
    if len(set(link.addresses)) < len(link.addresses):
        yield refusal(f"{link.name}: an address twice", "each address once", "take one of them out")
    own = [found for text in link.addresses if (found := interface_of(text)) is not None]
    for route in link.routes:
        yield from _route(link, route, own)


def _route(link: Wanted, route: Route, own: Sequence[Interface]) -> Iterator[Refusal]:
    default = route.to in DEFAULTS.values()
    what = f"{link.name}: " + (
        f"gateway {route.via}" if default else f"route to {shown(route.to)} via {shown(route.via)}"
    )
    via = address_of(route.via)
    try:
        target = ipaddress.ip_network(route.to)
    except ValueError:
        target = None
    if via is None or target is None or via.version != target.version:
        yield refusal(what, "a network such as 10.0.0.0/8, and the address of a router", "correct the route")
    elif default and link.dhcp:
        yield refusal(
            what, "no gateway: DHCP names the gateway", "take gateway out, or give the link an address of its own"
        )
    elif not link.dhcp and not via.is_link_local and not any(via in each.network and via != each.ip for each in own):
        yield refusal(
            what,
            "a router in a network of the link, else nothing reaches it",
            "correct the gateway, or the length of the network after the address",
        )


def _servers(link: Wanted) -> Iterator[Refusal]:
    for text in link.dns:
        if address_of(text) is None:
            yield refusal(
                f"{link.name}: dns {shown(text)}", "the address of a name server", "correct the address in dns"
            )
    for text in link.search:
        if not DOMAIN.match(text):
            yield refusal(f"{link.name}: search {shown(text)}", "the name of a domain", "correct the name in search")


def _together(links: Sequence[Wanted]) -> Iterator[Refusal]:
    """Find what each link may have, and two may not."""
    names = [link.name for link in links if link.members] + [port for link in links for port in link.ports]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield refusal(
            f"{name} in two places", "each adapter once, as a link or as a member of one bond", "take one of them out"
        )
    for version, network in DEFAULTS.items():
        having = [link.name for link in links for route in link.routes if route.to == network]
        if len(having) > 1:
            yield refusal(
                f"a gateway of IPv{version} on {' and '.join(having)}",
                "one way out; answers to what came in over the other link would leave by the wrong one",
                "keep one gateway, and write what lies behind the other router as routes",
            )
