# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links as NetworkManager is told of them: one keyfile for each link (nm-settings-keyfile(5)).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import uuid
from collections.abc import Mapping, Sequence

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
    section_text,
    sections,
)

HOME = "/etc/NetworkManager/system-connections"
FOLDERS = (HOME, "/run/NetworkManager/system-connections", "/etc/sysconfig/network-scripts")
PREFIX = "eucaim-"
# NetworkManager ignores a keyfile that others may read.
MODE = 0o600
# Of several connections that fit a link, NetworkManager takes the one with the greatest number; this is it.
PRIORITY = 999
_NAMESPACE = uuid.UUID("5d8d0f0e-6f0b-5c0e-8f5c-6f2d1c7b9a11")
Lines = list[tuple[str, str]]


def is_ours(path: str) -> bool:
    """Say whether a file is one of this role."""
    return path.startswith(f"{HOME}/{PREFIX}")


def devices_in(path: str, _text: str) -> list[str]:
    """Return the links that a file of ours is about."""
    return [posixpath.splitext(posixpath.basename(path))[0][len(PREFIX) :]]


def path_of(device: str) -> str:
    """Return the file of a link."""
    return f"{HOME}/{PREFIX}{device}.nmconnection"


def files(links: Sequence[Placed]) -> dict[str, str]:
    """Return the files of these links."""
    found: dict[str, str] = {}
    for link in links:
        found[path_of(link.device)] = _link(link)
        if link.bond:
            found.update({path_of(port.device): _member(link, port) for port in link.ports})
    return found


def _connection(device: str, kind: str, more: Sequence[tuple[str, str]]) -> str:
    lines: Lines = [
        ("id", f"{PREFIX}{device}"),
        ("uuid", str(uuid.uuid5(_NAMESPACE, device))),
        ("type", kind),
        ("autoconnect", "true"),
        ("autoconnect-priority", str(PRIORITY)),
        *more,
    ]
    return HEAD + section_text("connection", lines).lstrip()


def _by(port: Port) -> tuple[Lines, Lines]:
    """Return how an adapter is named: in the part connection, and in the part ethernet."""
    return ([], [("mac-address", port.mac)]) if is_mac(port.name) else ([("interface-name", port.device)], [])


def _link(link: Placed) -> str:
    wanted = link.wanted
    size: Lines = [("mtu", str(wanted.mtu))] if wanted.mtu else []
    if link.bond:
        text = _connection(link.device, "bond", [("interface-name", link.device), ("autoconnect-slaves", "1")])
        bond: Lines = [("mode", wanted.mode), ("miimon", str(MONITOR_MS))]
        bond += [("xmit_hash_policy", "layer3+4")] if wanted.mode in HASHED else []
        bond += [("primary", link.primary)] if link.primary else []
        text += section_text("bond", bond) + section_text("ethernet", [("cloned-mac-address", link.mac), *size])
    else:
        connection, ethernet = _by(link.ports[0])
        text = _connection(link.device, "ethernet", connection) + section_text("ethernet", [*ethernet, *size])
    return text + "".join(section_text(f"ipv{version}", _ip(link, version)) for version in (4, 6))


def _ip(link: Placed, version: int) -> Lines:
    wanted = link.wanted
    addresses = [text for text in wanted.addresses if ipaddress.ip_interface(text).version == version]
    if version == 4 and not addresses and not wanted.dhcp:
        # NetworkManager takes nothing else beside this.
        return [("method", "disabled")]
    lines: Lines = [("method", "manual" if addresses else "auto")]
    lines += [(f"address{number}", text) for number, text in enumerate(addresses, start=1)]
    routes = [route for route in wanted.routes if ipaddress.ip_network(route.to).version == version]
    lines += [(f"route{number}", f"{route.to},{route.via}") for number, route in enumerate(routes, start=1)]
    servers = [text for text in wanted.dns if ipaddress.ip_address(text).version == version]
    lines += [("dns", "".join(f"{text};" for text in servers))] if servers else []
    lines += [("dns-search", "".join(f"{text};" for text in wanted.search))] if wanted.search else []
    lines += [("ignore-auto-dns", "true")] if wanted.dns and not addresses else []
    return lines


def _member(link: Placed, port: Port) -> str:
    connection, ethernet = _by(port)
    text = _connection(port.device, "ethernet", [*connection, ("master", link.device), ("slave-type", "bond")])
    return text + section_text("ethernet", [*ethernet, *([("mtu", str(link.wanted.mtu))] if link.wanted.mtu else [])])


def foreign(texts: Mapping[str, str], links: Sequence[Placed], _others: Sequence[tuple[str, str]]) -> list[Foreign]:
    """Return settings of somebody else for these links; they stay, ours are preferred where that is possible."""
    found = []
    for path, text in sorted(texts.items()):
        device = (
            "" if is_ours(path) else next((name for name, mac in devices_of(links) if _fits(path, text, name, mac)), "")
        )
        if device and (priority := _priority(text)) >= PRIORITY:
            reason = f"NetworkManager takes it as soon as ours, because of its priority, {priority}"
            found.append(Foreign(path, device, stuck=reason))
        elif device:
            found.append(Foreign(path, device))
    return found


def _priority(text: str) -> int:
    """Return the priority of a connection, in the newer form or the older one."""
    found = re.search(r"^\s*(?:autoconnect-priority|AUTOCONNECT_PRIORITY)\s*=\s*\"?(-?\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _fits(path: str, text: str, device: str, mac: str) -> bool:
    """Say whether a connection is about a device; one that names none is about every adapter."""
    if path.startswith(FOLDERS[-1]):
        # The older form, one key a line: DEVICE=ens3
        values = dict(line.replace('"', "").split("=", 1) for line in text.splitlines() if "=" in line)
        return device == values.get("DEVICE") or mac == values.get("HWADDR", "").lower()
    parts = {section.name: section for section in sections(text)}
    if "connection" not in parts:
        return False
    kind = parts["connection"].all("type")
    if not kind or kind[0] not in ("ethernet", "802-3-ethernet", "bond"):
        return False
    wanted = [fits(parts["connection"].all("interface-name"), device)]
    wanted += [fits(parts[name].all("mac-address"), mac) for name in ("ethernet", "802-3-ethernet") if name in parts]
    return all(answer for answer in wanted if answer is not None)


def commands(devices: Sequence[str]) -> Commands:
    """Return how NetworkManager goes over to other files: to ours, and where there is none, to the best that fits."""
    again = [
        f"nmcli --wait 20 connection up {PREFIX}{name} 2> /dev/null || nmcli --wait 20 device connect {name}"
        for name in devices
    ]
    return Commands(after=("nmcli connection reload", *again))
