# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the network links are as asked (D5.11, sections 2.3, 3.1 and 4.1.2).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_interface

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Address, Link, Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    DIRECTIONS,
    MET,
    UNANSWERED,
    UNKNOWN,
    UNMET,
    Finding,
    Wanted,
    grade_exact,
    hidden_below,
    why,
)

RATE_MBPS = 200
CABLED = ("ethernet", "bond", "vlan", "bridge", "infiniband")
ORIGINS = {"static": "static", "dhcp": "by DHCP"}


def judge_network(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings of NET-RATE, NET-ADDR and NET-REDUND."""
    uplinks, reason = _uplinks(machine)
    return [
        *_rate(uplinks, reason, wanted),
        _cable(machine, uplinks, reason),
        _address(machine, uplinks, reason),
        _redundancy(machine, uplinks),
    ]


def _uplinks(machine: Machine) -> tuple[Sequence[Link], str]:
    """Return the links that lead to the Internet, and why that is not all, or none."""
    if machine.links is None:
        return (), why(machine, "links")
    found = [link for link in machine.links if link.default_route]
    if any(link.default_route is None for link in machine.links):
        return found, f"which link leads to the Internet is not known: {why(machine, 'links.default_route')}"
    return found, "" if found else "no link has a default route"


def _rate(uplinks: Sequence[Link], reason: str, wanted: Wanted) -> list[Finding]:
    """Judge the line: as measured to a peer, else as stated, else by the link, which can prove a slow line alone."""
    measured = {each.item: each for each in wanted.line}
    stated = dict(zip(DIRECTIONS, (wanted.stated.line_down_mbps, wanted.stated.line_up_mbps)))
    if any(each.verdict != UNANSWERED for each in wanted.line):
        return [_or_stated(measured.get(name) or _silent(name), stated[name]) for name in DIRECTIONS]
    why_not = "; ".join(dict.fromkeys(each.reason for each in wanted.line))
    return [_unmeasured(uplinks, reason, wanted, why_not)]


def _silent(name: str) -> Finding:
    return Finding("NET-RATE", name, UNKNOWN, f"{RATE_MBPS} Mbit/s", "", UNANSWERED, "not measured")


def _or_stated(measured: Finding, stated: int | None) -> Finding:
    """Return what was measured in one direction, or what is stated of it where nothing came of that."""
    if measured.verdict != UNANSWERED or stated is None:
        return measured
    verdict = grade_exact(stated, RATE_MBPS, None)
    return replace(measured, found=f"{stated} Mbit/s", verdict=verdict, reason=f"as stated; {measured.reason}")


def _unmeasured(uplinks: Sequence[Link], reason: str, wanted: Wanted, why_not: str) -> Finding:
    minimum = f"{RATE_MBPS} Mbit/s down and up"
    down, up = wanted.stated.line_down_mbps, wanted.stated.line_up_mbps
    if down is not None and up is not None:
        verdict = grade_exact(min(down, up), RATE_MBPS, None)
        how = "; ".join(filter(None, ("as stated", why_not)))
        return Finding("NET-RATE", "line", f"{down} Mbit/s down, {up} Mbit/s up", minimum, "", verdict, how)
    speeds = {link.name: link.speed_mbps for link in uplinks}
    found = ", ".join(f"{name} {f'{speed} Mbit/s' if speed else UNKNOWN}" for name, speed in speeds.items()) or UNKNOWN
    if speeds and all(speed is not None and speed < RATE_MBPS for speed in speeds.values()):
        return Finding("NET-RATE", "line", found, minimum, "", UNMET, "the link itself is slower than that")
    reason = why_not or reason or "not measured to a peer yet; a fast link does not make a fast line"
    return Finding("NET-RATE", "line", found, minimum, "", UNANSWERED, reason)


def _with_lower(machine: Machine, link: Link) -> list[Link]:
    """Return a link and the links below it: of a VLAN, a bridge or a bond."""
    found = [link]
    for each in found:  # which grows meanwhile
        found += [other for other in machine.links or () if other.name in each.members and other not in found]
    return found


def _cable(machine: Machine, uplinks: Sequence[Link], reason: str) -> Finding:
    kinds = {each.kind for link in uplinks for each in _with_lower(machine, link)}
    found = ", ".join(f"{link.name} ({link.kind})" for link in uplinks) or UNKNOWN
    reason = reason or hidden_below(machine, "the cable")
    if "wireless" in kinds:
        verdict, reason = UNMET, ""
    elif reason or not kinds.issubset(CABLED):
        verdict, reason = UNANSWERED, reason or "whether this link is a cable is not known"
    else:
        verdict = MET
    return Finding("NET-ADDR", "cable", found, "a wired link", "", verdict, reason)


def _address(machine: Machine, uplinks: Sequence[Link], reason: str) -> Finding:
    addresses = [each for link in uplinks for each in link.addresses or () if not _leads_nowhere(each)]
    found = ", ".join(f"{each.address} {ORIGINS.get(each.origin or '', 'of unknown origin')}" for each in addresses)
    if not reason and any(link.addresses is None for link in uplinks):
        reason = why(machine, "links.addresses")
    if any(each.origin in ORIGINS for each in addresses):
        verdict, reason = MET, ""
    elif reason or addresses:
        verdict, reason = UNANSWERED, reason or "whether it stays the same is not known"
    else:
        verdict = UNMET
    return Finding("NET-ADDR", "address", found or "none", "static, or by DHCP", "", verdict, reason)


def _leads_nowhere(address: Address) -> bool:
    """Say whether an address leads nowhere."""
    try:
        return ip_interface(f"{address.address}/{address.prefix}").is_link_local
    except ValueError:
        return True  # what a person wrote into a saved file is no address at all


def _redundancy(machine: Machine, uplinks: Sequence[Link]) -> Finding:
    """Judge whether a second link takes over: links in a bond, or several with a default route of their own."""
    carrier = {link.name: link.carrier for link in machine.links or ()}
    bonds = [each for link in uplinks for each in _with_lower(machine, link) if each.kind == "bond"]
    groups = [link.members for link in bonds] or [tuple(link.name for link in uplinks)]
    alive = max(sum(1 for name in group if carrier.get(name)) for group in groups)
    found = "; ".join(f"{bond.name} of {', '.join(bond.members)}" for bond in bonds)
    found = found or ", ".join(link.name for link in uplinks) or UNKNOWN
    if alive > 1:
        verdict, reason = MET, f"{alive} links are up"
    elif bonds and all(carrier.get(name) is not None for group in groups for name in group):
        verdict, reason = UNMET, f"{alive} link of the bond is up"
    else:
        verdict = UNANSWERED
        reason = "it is suggested only; whether the site has a second line is not seen from here"
    return Finding("NET-REDUND", "second link", found, "two links up", "", verdict, reason)
