# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links as ifupdown is told of them (interfaces(5), and the options that ifenslave adds).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Placed
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import (
    HASHED,
    HEAD,
    MONITOR_MS,
    Commands,
    Foreign,
    devices_of,
)

MAIN = "/etc/network/interfaces"
FOLDER = "/etc/network/interfaces.d"
OURS = f"{FOLDER}/eucaim"
MODE = 0o644
# Put before each line of somebody else that ours take the place of.
AWAY = "#eucaim# "
_START = re.compile(r"\s*(?:iface|mapping|auto|allow-\S+|no-auto-down|no-scripts|rename|source|source-directory)\s")
_IFACE = re.compile(r"\s*iface\s+(\S+)")
_AUTO = re.compile(r"(\s*(?:auto|allow-\S+)\s+)(.+)")
_SOURCE = re.compile(r"\s*(source|source-directory)\s+(\S+)", re.MULTILINE)


def is_ours(path: str) -> bool:
    """Say whether a file is one of this role."""
    return path == OURS


def reads_ours(text: str) -> bool:
    """Say whether the main file has ours read."""
    for kind, pattern in _SOURCE.findall(text):
        if kind == "source" and fnmatch.fnmatchcase(
            OURS, pattern if pattern.startswith("/") else f"/etc/network/{pattern}"
        ):
            return True
        if kind == "source-directory" and pattern.rstrip("/") in (FOLDER, "interfaces.d"):
            return True
    return False


def files(links: Sequence[Placed]) -> dict[str, str]:
    """Return the file of these links."""
    return {OURS: HEAD + "".join(_stanzas(link) for link in links)}


def _stanzas(link: Placed) -> str:
    wanted = link.wanted
    # The method dhcp does not know the word.
    size = f"post-up ip link set dev {link.device} mtu {wanted.mtu}" if wanted.dhcp else f"mtu {wanted.mtu}"
    more = [size] if wanted.mtu else []
    if link.bond:
        more += _bond(link)
    # For a node with the program resolvconf; without it nobody reads them.
    more += [f"dns-nameservers {' '.join(wanted.dns)}"] if wanted.dns else []
    more += [f"dns-search {' '.join(wanted.search)}"] if wanted.search else []
    text = f"\nauto {link.device}\n"
    if wanted.dhcp:
        ups = [f"up ip route replace {route.to} via {route.via} dev {link.device}" for route in wanted.routes]
        return text + _stanza(f"iface {link.device} inet dhcp", [*more, *ups])
    for number, address in enumerate(wanted.addresses):
        version = ipaddress.ip_interface(address).version
        lines = [f"address {address}"]
        first = not any(ipaddress.ip_interface(each).version == version for each in wanted.addresses[:number])
        if first:
            lines += list(_routes(link, version))
        # What belongs to the link and not to an address, once.
        lines += more if number == 0 else []
        text += _stanza(f"iface {link.device} {'inet6' if version == 6 else 'inet'} static", lines)
    return text


def _routes(link: Placed, version: int) -> Iterator[str]:
    for route in link.wanted.routes:
        network = ipaddress.ip_network(route.to)
        if network.version == version:
            if network.prefixlen == 0:
                yield f"gateway {route.via}"
            else:
                yield f"up ip route replace {route.to} via {route.via} dev {link.device}"


def _bond(link: Placed) -> list[str]:
    lines = [
        f"bond-slaves {' '.join(port.device for port in link.ports)}",
        f"bond-mode {link.wanted.mode}",
        f"bond-miimon {MONITOR_MS}",
        f"hwaddress ether {link.mac}",
    ]
    if link.wanted.mode in HASHED:
        lines.append("bond-xmit-hash-policy layer3+4")
    return lines + ([f"bond-primary {link.primary}"] if link.primary else [])


def _stanza(head: str, lines: Sequence[str]) -> str:
    return f"{head}\n" + "".join(f"    {line}\n" for line in lines)


def named(text: str) -> set[str]:
    """Return the links that a file has settings for."""
    return {found for line in text.splitlines() for found in _IFACE.findall(line)}


def devices_in(_path: str, text: str) -> list[str]:
    """Return the links that a file of ours is about."""
    return sorted(named(text))


def foreign(texts: Mapping[str, str], links: Sequence[Placed], _others: Sequence[tuple[str, str]]) -> list[Foreign]:
    """Return settings of somebody else for these links, and what their files are without."""
    devices = {device for device, _mac in devices_of(links)}
    found = []
    for path, text in sorted(texts.items()):
        theirs = sorted(named(text) & devices)
        if theirs and not is_ours(path):
            found.append(Foreign(path, theirs[0], after=without(text, devices)))
    return found


def without(text: str, devices: set[str]) -> str:
    """Return a file of somebody else whose settings for these links are put out of force, line by line."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        started = _IFACE.match(line)
        if _START.match(line):
            inside = bool(started and started[1] in devices)
        auto = _AUTO.match(line)
        if auto and set(auto[2].split()) & devices:
            rest = [name for name in auto[2].split() if name not in devices]
            lines += [AWAY + line, *([auto[1] + " ".join(rest)] if rest else [])]
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            lines.append(AWAY + line)
        else:
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def commands(devices: Sequence[str]) -> Commands:
    """Return how ifupdown goes over to other files: down by the old ones, up by the new ones."""
    down = [f"ifdown --force {name} 2> /dev/null" for name in devices]
    # Which of them the files want up is in the files: a member of a bond has no stanza of its own.
    up = [f"if ifquery {name} > /dev/null 2>&1; then ifup --force {name}; fi" for name in devices]
    return Commands(tuple(down), tuple(up))
