# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings mean together: those of several roles on one node, and those of several nodes.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. No role knows another's variables,
so what they must agree on is judged here, for the playbooks that run several of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from ansible_collections.eucaim.local_node.plugins.module_utils._network import static_of
from ansible_collections.eucaim.local_node.plugins.module_utils._networks import mutual_conflicts
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

# What tells a node from all others in a federation.
IDENTITY = ("federation_provider_id", "federation_broker_url")
# Of many nodes with the same fault, so many are named.
MOST_NAMED = 3
TIER_GROUPS = {"tier2": 2, "tier3": 3}
# What a role is handed by the playbook, or asks: where it runs, the settings of these count as well.
HANDED = {
    "preflight": ("firewall",),
    "firewall": ("base", "docker", "federation"),
    "report": ("preflight",),
}


def selected_roles(tags: Mapping[str, Collection[str]], wanted: Collection[str]) -> list[str]:
    """Return the roles that may run, by the tags that each has, and those whose settings they are handed.

    A tag that no role has may be anybody's, as may C(all) and its like: it selects every role.
    """
    if set(wanted).difference(*tags.values()):
        return list(tags)
    left = [role for role, own in tags.items() if set(wanted).intersection(own)]
    found: set[str] = set()
    while left:
        role = left.pop()
        found.add(role)
        left += [other for other in HANDED.get(role, ()) if other not in found]
    return [role for role in tags if role in found]


def check_roles(
    values: Mapping[str, Any],
    groups: Sequence[str],
    roles: Collection[str] = ("preflight", "base", "docker", "federation"),
) -> list[Refusal]:
    """Return why settings that are right each for itself do not go together on one node where these roles run."""
    checks = (
        (("preflight",), _tier(values, groups)),
        (("docker", "federation"), _subnet(values)),
        (("base", "docker"), _docker_users(values)),
    )
    return [refusal for concerned, found in checks if set(concerned).intersection(roles) for refusal in found]


def _tier(values: Mapping[str, Any], groups: Sequence[str]) -> list[Refusal]:
    tier = values.get("preflight_tier")
    stated = [name for name in TIER_GROUPS if name in groups]
    if tier is None or all(TIER_GROUPS[name] == tier for name in stated):
        return []
    return [
        Refusal(
            "TIER-2",
            "preflight_tier",
            f"{shown(tier)} for a host of the group {' and the group '.join(stated)}",
            "the tier of the one group that the host is in",
            "put the host into the group tier2 or tier3 and set preflight_tier to the same number",
        )
    ]


def _subnet(values: Mapping[str, Any]) -> list[Refusal]:
    subnet = str(values.get("federation_network_subnet") or "")
    pools = [str(pool.get("base")) for pool in values.get("docker_address_pools") or [] if isinstance(pool, Mapping)]
    taken = [pool for pool in pools if mutual_conflicts([subnet, pool])]
    if not taken:
        return []
    return [
        Refusal(
            "FED-NET",
            "federation_network_subnet",
            f"{shown(subnet)}, which overlaps {taken[0]} of docker_address_pools",
            "addresses that Docker does not hand out to other networks",
            "empty it, and Docker takes a network from the pool; or choose a range outside of the pools",
        )
    ]


def _docker_users(values: Mapping[str, Any]) -> list[Refusal]:
    people = [person for person in values.get("base_users") or [] if isinstance(person, Mapping)]
    states = {str(person.get("name")): str(person.get("state", "present")) for person in people}
    return [
        Refusal(
            "CT-GROUP",
            "docker_users",
            f"{shown(user)}, whose state in base_users is {state}",
            "people who may log in",
            f"take {user} out of docker_users, or set the state to present",
        )
        for user, state in ((user, states.get(user, "present")) for user in map(str, values.get("docker_users") or []))
        if state != "present"
    ]


def check_nodes(own: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[Refusal]:
    """Return whether another node of the inventory goes by this node's id in the same federation."""
    mine = _identity(own)
    twins = sorted(host for host, values in others.items() if mine and _identity(values) == mine)
    if not twins:
        return []
    has = "has" if len(twins) == 1 else "have"
    rest = len(twins) - MOST_NAMED
    *names, last = [*twins[:MOST_NAMED], *([f"{rest} more {'node' if rest == 1 else 'nodes'}"] if rest > 0 else [])]
    told = f"{', '.join(names)} and {last}" if names else last
    return [
        Refusal(
            "FED-ENV",
            "federation_provider_id",
            f"{shown(own['federation_provider_id'])}, which {told} {has} too",
            "an id of its own for each node: the broker takes two nodes with one id for the same, "
            "and only one of them gets a query",
            "set it for each host (in host_vars, or beside the host) to an id that the helpdesk confirmed",
        )
    ]


def _identity(values: Mapping[str, Any]) -> str:
    """Return the id at the broker; nothing when it is not known, or refused anyway."""
    provider, broker = (str(values.get(name) or "") for name in IDENTITY)
    return _beam.proxy_id(provider, broker) if _beam.PROVIDER_ID.match(provider) else ""


def check_addresses(own: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[Refusal]:
    """Return whether another node is given an address that this one is given, too."""
    mine = static_of(own.get("network_links"))
    theirs = {host: static_of(values.get("network_links")) for host, values in others.items()}
    twins = [(text, sorted(host for host, given in theirs.items() if place in given)) for place, text in mine.items()]
    return [
        Refusal(
            "NET-ADDR",
            "network_links",
            f"the address {text}, which {' and '.join(hosts)} {'has' if len(hosts) == 1 else 'have'} too",
            "an address of its own for each node",
            "set network_links for each host, in host_vars/NAME/network.yml, and not for their group",
        )
        for text, hosts in twins
        if hosts
    ]
