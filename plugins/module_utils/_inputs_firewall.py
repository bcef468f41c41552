# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role firewall mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import (
    LAST_PORT,
    compose,
    entries,
    make_rule,
    parse_port,
    rule_problem,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall_found import cut, parse_published
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

LEAST_SECONDS, MOST_SECONDS = 30, 120


def check_firewall(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the settings of firewall cannot work on this node."""
    if not variables.get("firewall_enabled", True):
        return []
    refusals = [
        *_ports(variables),
        *_empty(variables),
        *_rules(variables, "firewall_rules"),
        *_rules(variables, "firewall_dependent_rules"),
        *_seconds(variables),
    ]
    return refusals or _published(variables, facts)


def _published(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Ports of containers on an engine that was there before: the first firewall would close what is not listed.

    The module firewall looks at every port in use when its turn comes. These are known before any role's change.
    """
    look = facts.get("engine")
    if not isinstance(look, Look) or look.firewalled or variables.get("firewall_close_unlisted"):
        return []
    running = [f"{item['name']}\t{item['ports']}" for item in look.containers if item["state"] == "running"]
    rules = [make_rule(rule) for rule in _items(variables, "firewall_rules")]
    listed = compose(_items(variables, "firewall_inbound_ports"), [], rules, [])
    lost = cut(parse_published("\n".join(running)), None, entries(listed))
    if not lost:
        return []
    ports = ", ".join(sorted({str(item.port) for item in lost}, key=int))
    return [
        Refusal(
            "NET-FW",
            "firewall_close_unlisted",
            f"ports of containers that firewall_rules does not name: {', '.join(item.text() for item in lost)}",
            "every port in use listed, or your word that it may be closed",
            f"add {ports} to firewall_rules, or set firewall_close_unlisted: true to close what is not listed",
        )
    ]


def _items(variables: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list setting; one of another type is refused elsewhere, by its spec."""
    value = variables.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _ports(variables: Mapping[str, Any]) -> list[Refusal]:
    return [
        Refusal(
            "NET-FW",
            name,
            shown(port),
            f"a port from 1 to {LAST_PORT}" + (", or a range such as '8000:8010'" if ranges else ""),
            "correct the port",
        )
        for name, ranges in (("firewall_inbound_ports", True), ("firewall_ssh_ports", False))
        for port in _items(variables, name)
        if parse_port(port) is None
    ]


def _empty(variables: Mapping[str, Any]) -> list[Refusal]:
    inward = [
        rule
        for rule in _items(variables, "firewall_rules")
        if not isinstance(rule, Mapping) or rule.get("direction", "in") == "in"
    ]
    if _items(variables, "firewall_inbound_ports") or inward:
        return []
    return [
        Refusal(
            "NET-FW",
            "firewall_inbound_ports",
            "an empty list, and no rule for what comes in either",
            "at least the port of SSH, or a rule that names it",
            "take the variable out (then 22, 80 and 443 are open), or set firewall_enabled: false",
        )
    ]


def _rules(variables: Mapping[str, Any], name: str) -> list[Refusal]:
    refusals = []
    names: dict[str, int] = {}
    for rule in _items(variables, name):
        problem = rule_problem(rule)
        if problem:
            refusals.append(Refusal("NET-FW", name, shown(rule), problem, "correct the rule"))
        else:
            names[str(rule["name"])] = names.get(str(rule["name"]), 0) + 1
    refusals += [
        Refusal("NET-FW", name, f"{count} rules called {shown(label)}", "a name for each rule", "rename one of them")
        for label, count in sorted(names.items())
        if count > 1 and name == "firewall_rules"
    ]
    return refusals


def _seconds(variables: Mapping[str, Any]) -> list[Refusal]:
    value = variables.get("firewall_undo_seconds", 60)
    if not isinstance(value, int) or LEAST_SECONDS <= value <= MOST_SECONDS:
        return []
    return [
        Refusal(
            "NET-FW",
            "firewall_undo_seconds",
            shown(value),
            f"a number of seconds from {LEAST_SECONDS} to {MOST_SECONDS}",
            "leave it out for 60",
        )
    ]
