# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the network something is: a host with or without a port, and the way that the kernel takes to it.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain
from ansible_collections.eucaim.local_node.plugins.module_utils._preflight import HOST, IPV6, parse_target


@dataclass(frozen=True)
class Place:
    """A host, and a port of it if one is given."""

    text: str
    host: str
    port: int | None = None


@dataclass(frozen=True)
class Route:
    """The way to an address: the node's own address, the link, and the next hop (empty if it is a neighbour)."""

    source: str = ""
    device: str = ""
    gateway: str = ""

    def text(self) -> str:
        """Return it in words."""
        way = f"from {self.source or 'an unknown address'} over {self.device}"
        return f"{way} by {self.gateway}" if self.gateway else f"{way} directly"


def parse_place(text: str) -> Place:
    """Return a host, host:port or URL as a place; raise ValueError with the reason."""
    wanted = text.strip()
    bare = wanted[1:-1] if wanted.startswith("[") and wanted.endswith("]") else wanted
    if HOST.fullmatch(wanted) or (bare.count(":") > 1 and IPV6.fullmatch(bare)):
        return Place(wanted, bare)
    target = parse_target(wanted)
    return Place(wanted, target.host, target.port)


def parse_route(text: str) -> Route | None:
    """Return the way that `ip -j route get` names; None if it names none."""
    try:
        routes = Plain(json.loads(text)).many()
    except ValueError:
        return None
    for route in routes:
        if device := route.text("dev"):
            # An IPv4 address may be behind a router with an IPv6 address ("via").
            gateway = route.text("gateway") or route.text("via", "host") or ""
            return Route(route.text("prefsrc") or "", device, gateway)
    return None
