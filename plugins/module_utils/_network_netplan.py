# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links as netplan is told of them, on Ubuntu: one YAML file for the program behind it.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._network import is_mac
from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Placed, Port
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import (
    HASHED,
    HEAD,
    MONITOR_MS,
    Commands,
    Foreign,
    devices_of,
    fits,
)

HOME = "/etc/netplan"
OURS = f"{HOME}/60-eucaim.yaml"
FOLDERS = (HOME, "/run/netplan", "/usr/lib/netplan", "/lib/netplan")
# netplan warns of a file that others may read.
MODE = 0o600
_KEY = re.compile(r"( *)(?:\"([^\"]+)\"|'([^']+)'|([^\s\"'#:{}\[\]-][^\s:]*)):(?:\s+(.*?))?\s*$")
KINDS = ("ethernets", "bonds", "wifis", "vlans", "bridges")


def is_ours(path: str) -> bool:
    """Say whether a file is one of this role."""
    return path == OURS


def files(links: Sequence[Placed]) -> dict[str, str]:
    """Return the file of these links."""
    network: dict[str, Any] = {"version": 2, "ethernets": {}}
    for link in links:
        if link.bond:
            network["ethernets"].update({port.device: _port(port, link.wanted.mtu) for port in link.ports})
            network.setdefault("bonds", {})[link.device] = {**_bond(link), **_settings(link)}
        else:
            network["ethernets"][link.device] = {**_port(link.ports[0], 0), **_settings(link)}
    return {OURS: HEAD + "\n".join(_yaml({"network": network}, 0)) + "\n"}


def _yaml(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Return a mapping as lines of YAML; texts and lists as JSON, which is YAML too."""
    for key, each in value.items():
        if isinstance(each, Mapping) and each:
            yield f"{'  ' * depth}{key}:"
            yield from _yaml(each, depth + 1)
        else:
            yield f"{'  ' * depth}{key}: {json.dumps(each)}"


def _port(port: Port, mtu: int) -> dict[str, Any]:
    found: dict[str, Any] = {"dhcp4": False, "dhcp6": False}
    if is_mac(port.name):
        found = {"match": {"macaddress": port.mac}, "set-name": port.device, **found}
    return {**found, **({"mtu": mtu} if mtu else {})}


def _settings(link: Placed) -> dict[str, Any]:
    wanted = link.wanted
    found: dict[str, Any] = {"dhcp4": wanted.dhcp, "dhcp6": wanted.dhcp}
    if wanted.addresses:
        found["addresses"] = list(wanted.addresses)
    if wanted.routes:
        found["routes"] = [{"to": route.to, "via": route.via} for route in wanted.routes]
    if wanted.dns or wanted.search:
        found["nameservers"] = {"addresses": list(wanted.dns), "search": list(wanted.search)}
    if wanted.dhcp and wanted.dns:
        found.update({f"dhcp{version}-overrides": {"use-dns": False} for version in (4, 6)})
    return {**found, **({"mtu": wanted.mtu} if wanted.mtu else {})}


def _bond(link: Placed) -> dict[str, Any]:
    parameters: dict[str, Any] = {"mode": link.wanted.mode, "mii-monitor-interval": MONITOR_MS}
    if link.wanted.mode in HASHED:
        parameters["transmit-hash-policy"] = "layer3+4"
    if link.primary:
        parameters["primary"] = link.primary
    return {
        "interfaces": [port.device for port in link.ports],
        "macaddress": link.mac,
        "parameters": parameters,
    }


def outline(text: str) -> dict[str, dict[str, str]]:
    """Return the links of a file of netplan, by kind and name, each with its own lines; empty where it cannot be read.

    The few forms are read in which netplan's files are written: blocks by indentation, one key a line.
    """
    found: dict[str, dict[str, str]] = {}
    keys: list[tuple[int, str]] = []
    for line in text.splitlines():
        key = _KEY.match(line)
        if key:
            depth = len(key[1])
            keys = [each for each in keys if each[0] < depth]
            keys.append((depth, key[2] or key[3] or key[4]))
        path = [name for _depth, name in keys]
        if len(path) > 2 and path[0] == "network" and path[1] in KINDS:
            links = found.setdefault(path[1], {})
            links[path[2]] = links.get(path[2], "") + line + "\n"
    return found


def foreign(texts: Mapping[str, str], links: Sequence[Placed], _others: Sequence[tuple[str, str]]) -> list[Foreign]:
    """Return settings of somebody else for these links."""
    found = []
    for path, text in sorted(texts.items()):
        if is_ours(path):
            continue
        theirs = outline(text)
        entries = {
            f"{kind} {name}": _fitting(name, lines, links) for kind in theirs for name, lines in theirs[kind].items()
        }
        mine = {entry: device for entry, device in entries.items() if device}
        if mine:
            strange = sorted(set(entries) - set(mine))
            reason = f"{', '.join(strange)} stand in it, too" if strange else ""
            if not path.startswith(f"{HOME}/"):
                reason = "it does not lie in /etc/netplan"
            found.append(Foreign(path, next(iter(mine.values())), after=None if reason else "", stuck=reason))
        elif "network:" in text and not theirs and re.search(r"[{\[]", text):
            found.append(
                Foreign(path, links[0].device, stuck="it is not written line by line, and cannot be read here")
            )
    return found


def _fitting(name: str, lines: str, links: Sequence[Placed]) -> str:
    """Return the device of ours that an entry is about; empty where it is about none."""
    macs = re.findall(r"macaddress:\s*[\"']?([0-9A-Fa-f:]{17})", lines)
    names = re.findall(r"^\s+name:\s*[\"']?([^\s\"']+)", lines, re.MULTILINE)
    for device, mac in devices_of(links):
        by_match = fits(names, device) if names else fits(macs, mac)
        if by_match if by_match is not None else name == device:
            return device
    return ""


def commands(_devices: Sequence[str]) -> Commands:
    """Return how netplan goes over to other files."""
    return Commands(after=("netplan apply",))
