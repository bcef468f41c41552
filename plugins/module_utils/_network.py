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
# Names that VLANs, bridges and what carries containers or tunnels go by.
VIRTUAL = re.compile(r".+\.\d+\Z|(?:br|docker|dummy|tap|tun|virbr|vlan|wg)[-_]?\d+\Z")
DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*\Z")
MODES = ("active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb")
WITH_PRIMARY = ("active-backup", "balance-tlb", "balance-alb")
# What only a bond can be told.
OF_BONDS = ("mode", "primary")
LEAST_MTU, MOST_MTU = 1280, 9216
# A login to a slow node takes some seconds, and whoever made a mistake should not wait for more than two minutes.
LEAST_SECONDS, MOST_SECONDS = 45, 110
DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}
# "This network": of these only 0.0.0.0 means anything, and no host has it.
THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
LENGTH = re.compile(r"/\d{1,3}\Z")

Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


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
    # What it is told that only a bond can be, where it has no members.
    stray: tuple[str, ...] = ()

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
    routes = [_route_of(str(each.get("to", "")), str(each.get("via", ""))) for each in given.get("routes") or ()]
    gateway = str(given.get("gateway") or "")
    if gateway:
        routes.insert(0, _route_of("default", gateway))
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
        stray=() if members else tuple(key for key in OF_BONDS if given.get(key)),
    )


def _route_of(to: str, via: str) -> Route:
    """Return a route; the word default means all of the version of IP that its router has."""
    if to == "default":
        return Route(DEFAULTS[6 if ":" in via else 4], via)
    found = network_of(to)
    return Route(DEFAULTS[found.version] if found is not None and found.prefixlen == 0 else to, via)


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
            "leave mtu out, and it stays as it is",
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
                else "take the name or the address from `ip -br link` on the node",
            )
        elif PASSING.match(name):
            yield refusal(
                f"the name {name}",
                "a name that stays: the kernel gives this one in the order in which it finds the adapters",
                "name the adapter by its MAC address, which `ip -br link` shows on the node",
            )
        elif VIRTUAL.match(name):
            yield refusal(
                f"the name {name}",
                "an adapter: VLANs and bridges are not supported",
                "leave it, and the adapters below it, to whoever set it up: take it out of the list",
            )
        elif name == "lo":
            yield refusal(
                "the name lo",
                "an adapter: by lo the node talks to itself",
                "take the name or the address of the adapter from `ip -br link` on the node",
            )
    if link.members and not NAME.match(link.name):
        yield refusal(f"a bond called {shown(link.name)}", "a name of its own, such as bond0", "call it bond0")


def _bond(link: Wanted) -> Iterator[Refusal]:
    if link.stray:
        words = " and ".join(link.stray)
        yield refusal(
            f"{link.name}: {words} without members",
            "members, of which a bond is made: two adapters or more",
            f"name them in members, or take {words} out",
            "NET-REDUND",
        )
    twice = sorted({name for name in link.members if link.members.count(name) > 1})
    if twice:
        yield refusal(
            f"{link.name}: {' and '.join(twice)} twice in members",
            "each adapter once, and two adapters or more",
            "name another adapter in its place",
            "NET-REDUND",
        )
    elif len(link.members) == 1:
        yield refusal(
            f"{link.name}: 1 member",
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
    if link.members and link.primary and (link.primary not in link.members or link.mode not in WITH_PRIMARY):
        yield refusal(
            f"{link.name}: primary {link.primary}",
            f"one of its members, with a mode of which one member leads ({', '.join(WITH_PRIMARY)})",
            "correct primary, or leave it out",
            "NET-REDUND",
        )


def no_host(place: Address) -> bool:
    """Say whether no machine can have an address, whatever its network is."""
    return (
        place.is_multicast
        or place.is_unspecified
        or (isinstance(place, ipaddress.IPv4Address) and (place.is_reserved or place in THIS_NETWORK))
    )


def edge(network: Network, place: Address) -> bool:
    """Say whether an address is that of a network itself, or the one that means all of its hosts."""
    inner = network.prefixlen < network.max_prefixlen - 1
    return network.version == 4 and inner and place in (network.network_address, network.broadcast_address)


def interface_of(text: str) -> Interface | None:
    """Return an address with its network; None where it has no prefix, or cannot be a node's."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        return None
    if "/" not in text or no_host(found.ip) or found.ip.is_loopback or edge(found.network, found.ip):
        return None
    return found


def address_of(text: str) -> Address | None:
    """Return an address without a network; None where it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def network_of(text: str, strict: bool = True) -> Network | None:
    """Return a network; None where it is none. One that is not strict may be the address of a host in it."""
    try:
        return ipaddress.ip_network(text, strict=strict)
    except ValueError:
        return None


def static_of(links: Any) -> dict[Address, str]:
    """Return the addresses that a list of links has, as far as it can be read, and how each is written.

    Those that are valid on a link alone are left out: two nodes may have the same.
    """
    found: dict[Address, str] = {}
    for link in links if isinstance(links, (list, tuple)) else ():
        texts = link.get("addresses") if isinstance(link, Mapping) else None
        for text in texts if isinstance(texts, (list, tuple)) else ():
            read = interface_of(str(text))
            if read is not None and not read.ip.is_link_local:
                found[read.ip] = str(read.ip)
    return found


def masked(text: str) -> bool:
    """Say whether the length of a network is written as a mask: Python reads that, and no network manager does."""
    return "/" in text and not LENGTH.search(text)


def own_of(link: Wanted) -> list[Interface]:
    """Return the addresses of a link that can be read."""
    return [found for text in link.addresses if (found := interface_of(text)) is not None]


def _addresses(link: Wanted) -> Iterator[Refusal]:
    for text in link.addresses:
        found = interface_of(text)
        if found is None:
            yield refusal(
                f"{link.name}: address {shown(text)}",
                "an address of a node with the length of its network, such as 192.0.2.10/24",
                "ask who runs the network for address and length",
            )
        elif masked(text):
            yield refusal(
                f"{link.name}: address {shown(text)}",
                "the length of the network as a number: network managers read no mask there",
                f"write it as {found.with_prefixlen}",
            )
    own = own_of(link)
    if len({each.ip for each in own}) < len(own):
        yield refusal(f"{link.name}: an address twice", "each address once", "take one of them out")
    for route in link.routes:
        faults = list(_unreadable(link, route))
        yield from faults or _unreached(link, route, own)


def _said(link: Wanted, route: Route) -> str:
    """Return a route as a person wrote it."""
    if route.to in DEFAULTS.values():
        return f"{link.name}: gateway {route.via}"
    return f"{link.name}: route to {shown(route.to)} via {shown(route.via)}"


def _unreadable(link: Wanted, route: Route) -> Iterator[Refusal]:
    """Find what is no route, whatever the link is."""
    via, target = address_of(route.via), network_of(route.to)
    router, slash, length = route.via.partition("/")
    if slash and address_of(router) is not None:
        yield refusal(_said(link, route), f"the gateway without /{length}", f"write it as {router}")
    elif via is None or no_host(via) or via.is_loopback:
        yield refusal(
            _said(link, route), "the address of a router, such as 192.0.2.1", "ask who runs the network for it"
        )
    elif target is None or masked(route.to):
        near = network_of(route.to, strict=False)
        yield refusal(
            _said(link, route),
            "a network such as 10.0.0.0/8",
            f"write it as {near}" if near is not None else "correct the route",
        )
    elif via.version != target.version:
        yield refusal(
            _said(link, route),
            f"a router with an address of IPv{target.version}, as the network has",
            "correct via, or the network to which it leads",
        )


def _unreached(link: Wanted, route: Route, own: Sequence[Interface]) -> Iterator[Refusal]:
    """Find routers to which this link does not lead. An address that is wrong itself says nothing about its router."""
    via = ipaddress.ip_address(route.via)
    if link.dhcp and route.to in DEFAULTS.values():
        yield refusal(
            _said(link, route),
            "no gateway: DHCP names the gateway",
            "take gateway out, or give the link an address of its own",
        )
    elif any(via == each.ip for each in own):
        yield refusal(
            f"{_said(link, route)}, which is the link's own address",
            "the address of a router: another machine, which leads out of the network",
            "ask who runs the network for it",
        )
    elif link.dhcp or via.is_link_local or len(own) < len(link.addresses):
        return
    elif not any(via in each.network and not edge(each.network, via) for each in own):
        yield refusal(
            _said(link, route),
            "a router in a network of the link, else nothing reaches it",
            "correct the gateway, or the length of the network after the address",
        )


def _servers(link: Wanted) -> Iterator[Refusal]:
    for text in link.dns:
        place = address_of(text)
        if place is None or no_host(place):
            yield refusal(
                f"{link.name}: dns {shown(text)}", "the address of a name server", "correct the address in dns"
            )
    for text in link.search:
        if not DOMAIN.match(text):
            yield refusal(f"{link.name}: search {shown(text)}", "the name of a domain", "correct the name in search")


def _together(links: Sequence[Wanted]) -> Iterator[Refusal]:
    """Find what each link may have, and two may not."""
    names = [link.name for link in links if link.members] + [
        port for link in links for port in dict.fromkeys(link.ports)
    ]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield refusal(
            f"{name} in two places", "each adapter once, as a link or as a member of one bond", "take one of them out"
        )
    places: dict[Address, list[str]] = {}
    for link in links:
        for place in {each.ip for each in own_of(link)}:
            places.setdefault(place, []).append(link.name)
    for place in sorted((place for place in places if len(places[place]) > 1), key=str):
        yield refusal(
            f"{place} on {' and '.join(places[place])}",
            "each address on one link",
            "give one of them another address, or make a bond of them",
        )
    networks: dict[Network, list[str]] = {}
    for link in links:
        for net in {each.network for each in own_of(link)}:
            networks.setdefault(net, []).append(link.name)
    told = [names for names in places.values() if len(names) > 1]
    for net in sorted((net for net, names in networks.items() if len(names) > 1 and names not in told), key=str):
        yield refusal(
            f"{' and '.join(networks[net])}, both in {net}",
            "one link in each network: the kernel sends by one of them alone, also when its cable is out",
            "make a bond of them, or give one of them an address of another network",
            "NET-REDUND",
        )
    ways: dict[str, list[str]] = {}
    for link in links:
        for route in link.routes:
            ways.setdefault(route.to, []).append(link.name)
    for to, having in ways.items():
        if len(having) > 1:
            what = "gateways" if to in DEFAULTS.values() else f"routes to {shown(to)}"
            yield refusal(
                f"{len(having)} {what} on {' and '.join(dict.fromkeys(having))}",
                "one way to each network: of two, answers to what came in over the other would leave by the wrong one",
                "keep one gateway, and write what lies behind the other router as routes",
            )


def undo_problem(seconds: int) -> Iterator[Refusal]:
    """Find a time for the proof of a new connection that is too short for it, or too long for whoever waits."""
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        yield Refusal(
            "NET-ADDR",
            "network_undo_seconds",
            shown(seconds),
            f"a number of seconds from {LEAST_SECONDS} to {MOST_SECONDS}",
            "leave it out for 90",
        )
