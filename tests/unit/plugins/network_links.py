# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with three adapters, for the tests of what the four network managers are told."""

from __future__ import annotations

from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._network import wanted_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Placed, Seen, place

SEEN = {
    f"enp{number}s0": Seen(f"enp{number}s0", mac=f"52:54:00:00:00:0{number}", up=True, carrier=True)
    for number in (1, 2, 3)
}
# Everything that a link may have, once with addresses and once by DHCP.
STATIC: dict[str, Any] = {
    "name": "enp3s0",
    "addresses": ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"],
    "gateway": "192.0.2.1",
    "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.2"}, {"to": "::/0", "via": "2001:db8::1"}],
    "dns": ["192.0.2.53", "2001:db8::53"],
    "search": ["example.org", "lan"],
    "mtu": 9000,
}
LEASED: dict[str, Any] = {
    "name": "52:54:00:00:00:03",
    "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.2"}],
    "dns": ["192.0.2.53"],
}
BOND: dict[str, Any] = {"name": "bond0", "members": ["enp1s0", "52:54:00:00:00:02"], "addresses": ["192.0.2.10/24"]}


def links(*wanted: dict[str, Any]) -> list[Placed]:
    """Return links with what they are on the node."""
    return [found for each in wanted if (found := place(wanted_of(each), SEEN)) is not None]
