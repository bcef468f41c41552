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
from dataclasses import dataclass, field
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
_COMMENT = re.compile(r"""("[^"]*"|'[^']*')|(?:^|(?<=\s))#.*""")
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


@dataclass(frozen=True)
class Outline:
    """What stands in a file of netplan."""

    # The keys of each link and their values, such as `ethernets lan` with match.macaddress.
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    # What is no link and no version.
    more: tuple[str, ...] = ()
    # Whether all of it could be read that has to be known.
    read: bool = True


def _keys(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Return each key that begins a line, below those that it belongs to, and the value behind it."""
    keys: list[tuple[int, str]] = []
    for line in text.splitlines():
        key = _KEY.match(line)
        if key:
            depth = len(key[1])
            keys = [each for each in keys if each[0] < depth]
            keys.append((depth, key[2] or key[3] or key[4]))
            yield tuple(name for _depth, name in keys), (key[5] or "").strip("\"'")


def outline(text: str) -> Outline:
    """Return what stands in a file of netplan.

    The few forms are read in which netplan's files are written: blocks by indentation, one key a line.
    """
    entries: dict[str, dict[str, str]] = {}
    more: dict[str, None] = {}
    known = True
    plain = "\n".join(_COMMENT.sub(lambda found: found[1] or "", line) for line in text.splitlines())
    keys = list(_keys(plain))
    for path, value in keys:
        first, kind, name, *rest = (*path, "", "", "")[: max(len(path), 3)]
        if first != "network" or kind not in ("", "version", *KINDS):
            more[kind if first == "network" else first] = None
        elif name:
            entries.setdefault(f"{kind} {name}", {})[".".join(rest)] = value
        elif kind != "version":
            known = known and value in ("", "{}")
    known = known and all(_is_known(entry) for entry in entries.values())
    # A file in another form has no line of its own for its first key.
    return Outline(entries, tuple(more), known and (bool(keys) or not re.search(r"[{\[]", plain)))


def _is_known(entry: Mapping[str, str]) -> bool:
    """Say whether it can be told what an entry is about: its name alone, or one name or address that has to match."""
    if "match" not in entry:
        return "match" not in entry.get("", "")
    matches = [entry[key] for key in ("match.name", "match.macaddress") if key in entry]
    return bool(matches) and all(value and value[0] not in "[&*!" for value in matches)


def _is_about(name: str, entry: Mapping[str, str], device: str, mac: str) -> bool:
    if "match" not in entry:
        return name.partition(" ")[2] == device
    pairs = (("match.name", device), ("match.macaddress", mac))
    return all(fits([entry[key]], value) for key, value in pairs if key in entry)


def devices_in(_path: str, text: str) -> list[str]:
    """Return the links that a file of ours is about."""
    return [name.partition(" ")[2] for name in outline(text).entries]


def foreign(texts: Mapping[str, str], links: Sequence[Placed], others: Sequence[tuple[str, str]]) -> list[Foreign]:
    """Return settings of somebody else for these links. Others are the devices that are none of ours."""
    found = []
    ours = dict(devices_of(links))
    strangers = [(device, mac) for device, mac in others if mac not in ours.values()]
    for path, text in sorted(texts.items()):
        there = outline(text)
        if is_ours(path):
            continue
        if not there.read:
            found.append(
                Foreign(path, next(iter(ours)), stuck="it is not written line by line, and cannot be read here")
            )
            continue
        about = {
            name: [device for device, mac in ours.items() if _is_about(name, entry, device, mac)]
            for name, entry in there.entries.items()
        }
        devices = [device for fitting in about.values() for device in fitting]
        if devices:
            beside = [*sorted(name for name in about if not about[name]), *there.more]
            too = [
                device
                for device, mac in strangers
                if any(_is_about(name, there.entries[name], device, mac) for name in about if about[name])
            ]
            reason = _stuck(path, beside, too)
            found.append(Foreign(path, devices[0], after=None if reason else "", stuck=reason))
    return found


def _stuck(path: str, beside: Sequence[str], too: Sequence[str]) -> str:
    """Return why a file cannot give way whole; empty where it can."""
    if not path.startswith(f"{HOME}/"):
        return "it does not lie in /etc/netplan"
    if beside:
        return f"{', '.join(beside)} {'stand' if len(beside) > 1 else 'stands'} in it, too"
    return f"it fits {', '.join(too)}, too" if too else ""


def commands(_devices: Sequence[str]) -> Commands:
    """Return how netplan goes over to other files."""
    return Commands(after=("netplan apply",))
