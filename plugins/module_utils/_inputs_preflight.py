# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role preflight mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._answers import check_waivers
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import RATES, SECONDS, STREAMS
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import parse_place
from ansible_collections.eucaim.local_node.plugins.module_utils._platforms import NEEDED, judge_support, os_id_of
from ansible_collections.eucaim.local_node.plugins.module_utils._preflight import parse_target
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, hidden, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._site import HOW_TO_WRITE, proxy_fault
from ansible_collections.eucaim.local_node.plugins.module_utils._size import SizeError, parse_size

PEM_START = "-----BEGIN CERTIFICATE-----"
PEM_END = "-----END CERTIFICATE-----"


def check_preflight(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the settings of preflight cannot work on this node."""
    return [
        *_tier(variables),
        *_system(variables, facts),
        *_targets(variables),
        *_network_targets(variables),
        *_peer(variables),
        *_rates(variables),
        *_proxies(variables),
        *_certificates(variables),
        *_numbers(variables),
        *_sizes(variables),
        *_counts(variables),
        *check_waivers("preflight_waivers", variables.get("preflight_waivers")),
    ]


def _tier(variables: Mapping[str, Any]) -> list[Refusal]:
    tier = variables.get("preflight_tier")
    if str(tier) in ("2", "3"):
        return []
    remedy = "set preflight_tier: 2 (searchable) or 3 (searchable, and computing on its data) for this node"
    if str(tier) == "1":
        remedy = "a Tier 1 data set needs no node of its own; leave this machine out of the inventory"
    return [Refusal("TIER-2", "preflight_tier", shown(tier), "2 or 3", remedy)]


def _sizes(variables: Mapping[str, Any]) -> list[Refusal]:
    """Return which sizes have no unit, or none that is known."""
    refusals = []
    for requirement, name, key in (
        ("ST-DATA", "preflight_dataset_size", ""),
        ("OS-BOOT", "preflight_fitted", "memory"),
        ("ST-SPARE", "preflight_stated", "shelf_spare"),
    ):
        value = (variables.get(name) or {}).get(key) if key else variables.get(name)
        if not value:
            continue
        try:
            parse_size(value)
        except SizeError as error:
            where = f"{name}.{key}" if key else name
            remedy = "write it with its unit, as on the label: 4TB for drives, 64GB for memory"
            refusals.append(Refusal(requirement, where, str(error), "a size with its unit", remedy))
    return refusals


def _counts(variables: Mapping[str, Any]) -> list[Refusal]:
    """Return which counts and ratings are below nothing."""
    return [
        Refusal("OS-BOOT", f"{name}.{key}", shown(value), "a number from 0 on", f"correct {name}, or leave {key} out")
        for name in ("preflight_fitted", "preflight_stated")
        for key, value in (variables.get(name) or {}).items()
        if isinstance(value, int) and value < 0
    ]


def _today(facts: Mapping[str, Any]) -> date:
    stated = facts.get("date_time")
    if isinstance(stated, Mapping):
        try:
            return date.fromisoformat(str(stated.get("date")))
        except ValueError:
            pass
    return datetime.now(timezone.utc).date()


def _system(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    distribution = str(facts.get("distribution") or "")
    if not distribution:
        return []
    version = str(facts.get("distribution_version") or facts.get("distribution_major_version") or "")
    os_id = os_id_of(distribution)
    if os_id == "debian":
        version = str(facts.get("distribution_major_version") or version)
    contract = bool(variables.get("preflight_extended_support"))
    support = judge_support(os_id, version, f"{distribution} {version}", _today(facts), contract)
    if support.supported:
        return []
    return [Refusal("OS-LTS", "operating system", support.found, NEEDED, support.remedy)]


def _items(variables: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list setting; one of another type is refused elsewhere, by its spec."""
    value = variables.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _targets(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for target in _items(variables, "preflight_reach_targets"):
        try:
            parse_target(str(target))
        except ValueError as error:
            refusals.append(
                Refusal(
                    "NET-REACH",
                    "preflight_reach_targets",
                    f"{shown(_without_password(str(target)))}, but {error}",
                    "a URL (http, https) or host:port, without user name and password",
                    "write it like https://broker.example.org or 192.0.2.10:22",
                )
            )
    return refusals


def _network_targets(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for target in _items(variables, "preflight_network_targets"):
        try:
            parse_place(str(target))
        except ValueError as error:
            found = f"{shown(_without_password(str(target)))}, but {error}"
            needed = "a host, host:port or a URL (http, https), without user name and password"
            remedy = "write it like 192.0.2.53 or broker.example.org:443"
            refusals.append(Refusal("NET-REACH", "preflight_network_targets", found, needed, remedy))
    return refusals


def _peer(variables: Mapping[str, Any]) -> list[Refusal]:
    """Return why an iperf3 server cannot be reached by what is said of it."""
    peer = variables.get("preflight_network_peer")
    if not isinstance(peer, Mapping):
        return []
    given = {key: value for key, value in peer.items() if value is not None}  # the spec adds what is missing
    if not given:
        return []
    needed = "the host of an iperf3 server, and its port if that is not 5201"
    remedy = "write {host: iperf.example.org, port: 5201}, or leave it empty"
    try:
        place = parse_place(str(given.get("host") or ""))
        port = int(given.get("port", 5201))
    except (TypeError, ValueError):
        return [Refusal("NET-RATE", "preflight_network_peer", shown(peer), needed, remedy)]
    if place.port is None and 1 <= port <= 65535:
        return []
    return [Refusal("NET-RATE", "preflight_network_peer", shown(peer), needed, remedy)]


def _rates(variables: Mapping[str, Any]) -> list[Refusal]:
    """Return a limit that lies below the first rate."""
    try:
        rate, limit = (
            int(variables.get(f"preflight_network_{name}") or 0) for name in ("rate_mbps", "rate_limit_mbps")
        )
    except (TypeError, ValueError):
        return []  # refused by its spec
    if not 0 < limit < rate:
        return []
    needed = f"at least preflight_network_rate_mbps ({rate})"
    return [Refusal("NET-RATE", "preflight_network_rate_limit_mbps", shown(limit), needed, "raise it, or leave it out")]


def _without_password(target: str) -> str:
    """Return a target without what stands before the last @."""
    head, at, tail = target.rpartition("@")
    if not at:
        return target
    scheme = f"{head.split('://', maxsplit=1)[0]}://" if "://" in head else ""
    return f"{scheme}(hidden)@{tail}"


def _proxies(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for name in ("preflight_http_proxy", "preflight_https_proxy"):
        proxy = str(variables.get(name) or "")
        fault = proxy_fault(proxy) if proxy else ""
        if fault:
            needed = "http://host:port, or http://user:password@host:port"
            refusals.append(Refusal("NET-REACH", name, f"{hidden(proxy)}: {fault}", needed, HOW_TO_WRITE))
    return refusals


def _certificates(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for number, text in enumerate(_items(variables, "preflight_tls_ca_certificates"), start=1):
        if PEM_START not in str(text) or PEM_END not in str(text):
            refusals.append(
                Refusal(
                    "NET-REACH",
                    "preflight_tls_ca_certificates",
                    f"entry {number} is {shown(str(text)[:40])}",
                    f"the text of a certificate in PEM form ({PEM_START} ...)",
                    "give the text of the file, e.g. with lookup('ansible.builtin.file', 'site-ca.pem')",
                )
            )
    return refusals


def _numbers(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    limits = (
        ("OS-TIME", "preflight_clock_tolerance_seconds", 1, 900, "Beam refuses a clock that is 15 minutes fast"),
        ("NET-REACH", "preflight_connects", 1, 100, "each target is connected to that often"),
        ("NET-REACH", "preflight_connect_timeout", 0.1, 60, "seconds for one connect"),
        ("NET-RATE", "preflight_network_seconds", *SECONDS, "seconds of one run"),
        ("NET-RATE", "preflight_network_rate_mbps", 0, RATES[1], "Mbit/s"),
        ("NET-RATE", "preflight_network_rate_limit_mbps", 0, RATES[1], "Mbit/s"),
        ("NET-RATE", "preflight_network_streams", *STREAMS, "TCP streams at once"),
        ("NET-REACH", "preflight_network_packets", 1, 1000, "packets to each target"),
        ("NET-REACH", "preflight_network_max_latency_ms", 0, 60000, "milliseconds, 0 for no limit"),
        ("NET-REACH", "preflight_network_max_loss_percent", 0, 100, "percent, 0 for no limit"),
        ("ST-HEALTH", "preflight_hardware_timeout", 1, 600, "seconds for one command"),
    )
    for requirement, name, least, most, why in limits:
        value = variables.get(name)
        if value is None:
            continue
        try:
            good = least <= float(value) <= most
        except (TypeError, ValueError):
            continue  # refused by its spec
        if not good:
            needed = f"a number from {least} to {most} ({why})"
            refusals.append(
                Refusal(requirement, name, shown(value), needed, "choose a number between, or leave it out")
            )
    return refusals
