# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network manager is in charge of the links, and what of the node stands against a change.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.eucaim.local_node.plugins.module_utils._network import DEFAULTS, Wanted, is_mac, refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Placed, Seen, missing
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

# Of several that run and none of which has the link yet, the first is taken.
MANAGERS = ("netplan", "networkmanager", "networkd", "ifupdown")


@dataclass(frozen=True)
class Managers:
    """The managers that run on a node, and the links that each of them has."""

    running: tuple[str, ...] = ()
    claims: Mapping[str, Collection[str]] = field(default_factory=dict)


def networkd_claims(text: str) -> list[str]:
    """Return the links that `networkctl --no-legend list` shows as managed."""
    rows = [line.split() for line in text.splitlines()]
    return [row[1] for row in rows if len(row) > 4 and row[-1] != "unmanaged"]


def nm_claims(text: str) -> list[str]:
    """Return the links that `nmcli -t -f DEVICE,STATE device` shows as managed."""
    rows = [line.rpartition(":") for line in text.splitlines()]
    return [device for device, _colon, state in rows if not state.startswith("unmanaged")]


def choose(found: Managers, devices: Sequence[str], asked: str) -> tuple[str, Refusal | None]:
    """Return the manager that is in charge, or why there is none to be told."""
    if asked != "auto":
        if asked in found.running:
            return asked, None
        running = ", ".join(found.running) or "none"
        return "", _refusal(
            "network_manager",
            f"{asked}, which does not run here (running: {running})",
            "the manager that is there: it is used, and never exchanged",
            "leave network_manager out",
        )
    if "netplan" in found.running:
        return "netplan", None
    having = [name for name in MANAGERS if name in found.running and set(found.claims.get(name, ())) & set(devices)]
    if len(having) > 1:
        return "", _refusal(
            "network_manager",
            f"{' and '.join(having)}, each with some of {', '.join(devices)}",
            "one manager for these links",
            f"take them away from one of the two, or set network_manager to {' or '.join(having)}",
        )
    able = having or [name for name in MANAGERS if name in found.running]
    if able:
        return able[0], None
    return "", _refusal(
        "network_manager",
        "no network manager that runs",
        "systemd-networkd, NetworkManager, ifupdown or netplan",
        "start the one that the node is meant to have",
    )


def _refusal(variable: str, found: str, needed: str, remedy: str) -> Refusal:
    return Refusal("NET-ADDR", variable, found, needed, remedy)


def not_there(links: Sequence[Wanted], seen: Mapping[str, Seen]) -> list[Refusal]:
    """Return a refusal for each adapter that the node does not have."""
    have = ", ".join(f"{link.device} {link.mac}" for link in seen.values() if not link.kind and link.device != "lo")
    return [
        refusal(
            f"no adapter {'with the address ' if is_mac(name) else 'called '}{name}",
            f"one of {have or 'none'}",
            "take its name or address from `ip -br link` on the node",
        )
        for link in links
        for name in missing(link, seen)
    ]


def twice(links: Sequence[Placed]) -> Iterator[Refusal]:
    """Find adapters that are named by their name and by their address, as if they were two."""
    ports = [port for link in links for port in link.ports]
    for device in sorted({port.device for port in ports}):
        names = [port.name for port in ports if port.device == device]
        if len(names) > 1:
            yield refusal(
                f"{device} in two places, as {' and as '.join(names)}",
                "each adapter once: an adapter does not take over from itself",
                "name another adapter instead of one of them",
                "NET-REDUND",
            )


def unfit(
    links: Sequence[Placed],
    seen: Mapping[str, Seen],
    wireless: Collection[str],
    may: Collection[str],
    settled: Collection[str],
) -> Iterator[Refusal]:
    """Find adapters that a node should not hang on.

    May holds wireless, no_carrier, or both; settled are the devices that our settings are in force for.
    """
    for link in links:
        now = seen.get(link.device)
        if link.bond and now is not None and now.kind != "bond":
            yield refusal(f"{link.device} is there and is no bond", "a name that is free", "call the bond bond0")
        for port in link.ports:
            adapter = seen[port.device]
            if adapter.kind:
                yield refusal(
                    f"{port.device}, a {adapter.kind}",
                    "an adapter: what is stacked on others is not this role's",
                    "name the adapter below it, or keep this link as it is",
                )
            if port.device in wireless and "wireless" not in may:
                yield refusal(
                    f"{port.device}, which is wireless",
                    "a link by cable",
                    "use a wired adapter, or set network_allow_wireless: true",
                )
            # An adapter that is switched off does not say whether a cable is in it.
            if adapter.up and not adapter.carrier and "no_carrier" not in may and port.device not in settled:
                yield refusal(
                    f"{port.device}, without a carrier",
                    "a cable whose other end is on",
                    "put the cable in, or set network_allow_no_carrier: true",
                )


def others_settings(found: Sequence[Foreign], replace: bool) -> Iterator[Refusal]:
    """Find settings of somebody else, which are kept unless the inventory says that ours take their place."""
    for each in found:
        if each.stuck:
            yield _refusal(
                "network_replace",
                f"settings of somebody else for {each.device} in {each.path}; {each.stuck}",
                "settings that can give way, while nothing else is changed",
                f"take what is about {each.device} out of it by hand, or into a file of its own (a connection of "
                "NetworkManager: give it a smaller autoconnect-priority), and run again",
            )
        elif not replace:
            yield _refusal(
                "network_replace",
                f"settings of somebody else for {each.device} in {each.path}",
                "your word that those of network_links take their place",
                "set network_replace: true, after which a copy is kept and remove puts them back; or take the link out "
                "of network_links",
            )


def notes(links: Sequence[Wanted], elsewhere: Sequence[str], named: bool) -> list[str]:
    """Return what works, and may not be meant.

    Elsewhere are the other links by which the node gets out; named is whether others say who the name servers are.
    """
    if not links or any(link.dhcp for link in links):
        return []
    found = []
    if not elsewhere and not any(route.to in DEFAULTS.values() for link in links for route in link.routes):
        found.append(
            "No link has a gateway: the node reaches the networks of its own addresses and nothing beyond them, no "
            "packages, no clock and no broker. If that is not meant, add gateway to one link."
        )
    if not named and not any(link.dns for link in links):
        found.append(
            "No link names a name server (dns): the node finds others by their addresses alone, unless something else "
            "names one. If that is not meant, add dns to a link."
        )
    return found


def unreachable_servers(links: Sequence[Wanted]) -> Iterator[Refusal]:
    """Find name servers of a version of IP that NetworkManager is to leave alone."""
    for link in links:
        six = link.addresses and all(":" in text for text in link.addresses)
        for server in link.dns:
            if six and ":" not in server:
                yield refusal(
                    f"{link.name}: dns {server} without an address of IPv4",
                    "name servers that the link can reach: NetworkManager takes no others",
                    "take it out of dns, or give the link an address of IPv4",
                )


def resolver_text(links: Sequence[Wanted]) -> str:
    """Return resolv.conf's lines for a node on which no program writes them; empty where no link names a server."""
    servers = list(dict.fromkeys(text for link in links for text in link.dns))
    search = list(dict.fromkeys(text for link in links for text in link.search))
    if not servers:
        return ""
    return (f"search {' '.join(search)}\n" if search else "") + "".join(f"nameserver {text}\n" for text in servers)
