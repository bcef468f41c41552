# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network links of a recorded machine: the kernel's view in /sys, and addresses and routes from ip(8).

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Address, Link
from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

NET = "/sys/class/net"
FOREVER = 0xFFFFFFFF  # how ip(8) writes a life time without end
# ARPHRD_* of Linux's if_arp.h
_ETHERNET, _INFINIBAND = 1, 32
_STACKED = {"bond": "bond", "team": "bond", "vlan": "vlan", "bridge": "bridge"}
# What carries the traffic of containers and virtual machines, or of a tunnel, or none.
_INNER = {
    "bareudp",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "ifb",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "nlmon",
    "sit",
    "tun",
    "vrf",
    "vti",
    "vxlan",
    "wireguard",
    "xfrm",
}


@dataclass(frozen=True)
class _Shown:
    """What ip(8) says of one link."""

    kind: str = ""
    permanent: str | None = None  # the address that the adapter was made with
    addresses: tuple[Address, ...] = ()


def read_links(recording: Recording) -> tuple[Link, ...] | None:
    """Return the links that lead out of the machine, or would with a cable in them; None if /sys is missing."""
    names = recording.below(NET)
    if not names:
        return None
    shown = _shown(recording.said("ip-address"))
    routes = _default_routes(recording)
    kept = [name for name in names if _leads_out(recording, name, shown or {})]
    return tuple(_link(recording, name, shown, routes) for name in kept)


def read_link(recording: Recording, name: str) -> Link:
    """Return one link by its name, whatever it is; its addresses and routes are not asked for."""
    return _link(recording, name, None, None)


def _shown(text: str | None) -> dict[str, _Shown] | None:
    """Return what `ip -d -j address` says by the name of the link; None if it said nothing."""
    try:
        data = Plain(json.loads(text or ""))
    except ValueError:
        return None
    return {
        each.text("ifname") or "": _Shown(
            each.text("linkinfo", "info_kind") or "",
            each.text("permaddr"),
            tuple(_address(one) for one in each.many("addr_info") if one.text("local") and one.text("scope") != "link"),
        )
        for each in data.many()
    }


def _address(data: Plain) -> Address:
    """Return one address; one that will be taken away again by itself was leased or announced."""
    life = data.number("valid_life_time")
    leased = bool(data.at("dynamic")) or (life is not None and life != FOREVER)
    origin = "dhcp" if leased else None if life is None else "static"
    return Address(data.text("local") or "", data.number("prefixlen") or 0, origin)


def _default_routes(recording: Recording) -> set[str] | None:
    """Return the links of the default routes, of both versions of IP; None if ip(8) did not say."""
    found: set[str] = set()
    for probe in ("ip-route", "ip-route-6"):
        try:
            routes = Plain(json.loads(recording.said(probe) or ""))
        except ValueError:
            return None
        hops = [hop for route in routes.many() for hop in (route, *route.many("nexthops"))]
        found.update(dev for hop in hops if (dev := hop.text("dev")))
    return found


def _kind(recording: Recording, name: str, shown: dict[str, _Shown]) -> str:
    """Return the kind that the kernel has for a link; nothing for a plain adapter."""
    told = re.search(r"^DEVTYPE=(\w+)", recording.files.get(f"{NET}/{name}/uevent", ""), re.MULTILINE)
    return shown.get(name, _Shown()).kind or (told[1] if told else "")


def _lower(recording: Recording, name: str) -> list[str]:
    """Return the links below a bond, team, bridge or VLAN."""
    return [each[len("lower_") :] for each in recording.below(f"{NET}/{name}") if each.startswith("lower_")]


def _leads_out(recording: Recording, name: str, shown: dict[str, _Shown]) -> bool:
    kind = _kind(recording, name, shown)
    if recording.number(f"{NET}/{name}/type") not in (_ETHERNET, _INFINIBAND):
        return False
    if kind in _INNER or f"{NET}/{name}/tun_flags" in recording.files:
        return False
    if kind == "veth":
        # The end inside a container has an address; the end on its host has a bridge, or neither.
        return bool(shown[name].addresses) and f"{NET}/{name}/master" not in recording.links
    if not kind and _is_virtual(recording, name):
        # Without ip(8) such an end cannot be told from a dummy but by its being in use.
        used = recording.read(f"{NET}/{name}/operstate") == "up"
        return used and f"{NET}/{name}/master" not in recording.links
    if kind == "bridge":
        return any(_leads_out(recording, lower, shown) for lower in _lower(recording, name))
    return True


def _link(recording: Recording, name: str, shown: dict[str, _Shown] | None, routes: set[str] | None) -> Link:
    folder = f"{NET}/{name}"
    said = (shown or {}).get(name, _Shown())
    speed = recording.number(f"{folder}/speed")
    carrier = recording.flag(f"{folder}/carrier")
    mode = recording.read(f"{folder}/bonding/mode")
    kind = _named(recording, name, _kind(recording, name, shown or {}))
    return Link(
        name=name,
        kind=kind,
        mac=said.permanent or recording.read(f"{folder}/address"),
        driver=recording.points_to(f"{folder}/device/driver") or "",
        speed_mbps=speed or None,
        duplex=duplex if (duplex := recording.read(f"{folder}/duplex")) in ("full", "half") else None,
        # A link that is switched off does not say whether it has a carrier; it has none.
        carrier=False if carrier is None and recording.read(f"{folder}/operstate") == "down" else carrier,
        members=tuple(_lower(recording, name)),
        bond_mode=mode.split()[0] if mode else None if kind == "bond" else "",
        addresses=said.addresses if shown is not None else None,
        default_route=name in routes if routes is not None else None,
    )


def _named(recording: Recording, name: str, kind: str) -> str:
    """Return what a person calls a link of this kind."""
    if kind in _STACKED:
        return _STACKED[kind]
    if kind == "wlan":
        return "wireless"
    if recording.number(f"{NET}/{name}/type") == _INFINIBAND:
        return "infiniband"
    return "virtual" if _is_virtual(recording, name) else "ethernet"


def _is_virtual(recording: Recording, name: str) -> bool:
    """Say whether there is no adapter behind a link."""
    return "/virtual/" in recording.links.get(f"{NET}/{name}", "")
