# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the four network managers have in common: settings of ours, settings of others, and how they are told.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Placed

HEAD = "# Written by eucaim.local_node, role network.\n"
# An adapter is watched for its cable so often.
MONITOR_MS = 100
# Which adapter a connection leaves by, for modes that choose by it.
HASHED = ("802.3ad", "balance-xor")


@dataclass(frozen=True)
class Foreign:
    """Settings of somebody else for a link of ours."""

    path: str
    device: str
    # What the file has to be for ours to count. None where it may stay as it is, because ours come first.
    after: str | None = None
    # Why it cannot be replaced without harm to what else stands in it; empty where it can.
    stuck: str = ""


@dataclass(frozen=True)
class Commands:
    """How a manager goes over to other settings: before the files are exchanged, and afterwards. Shell lines."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of an ini file."""

    name: str
    values: tuple[tuple[str, str], ...] = field(default=())

    def all(self, key: str) -> list[str]:
        """Return the values of a key, in the order in which they stand."""
        return [value for name, value in self.values if name.lower() == key.lower()]


def sections(text: str) -> list[Section]:
    """Return the sections of an ini file, such as systemd and NetworkManager have."""
    found: list[Section] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped[0] == "[" and stripped[-1] == "]":
            found.append(Section(stripped[1:-1]))
        elif "=" in stripped and found:
            key, _equals, value = stripped.partition("=")
            last = found[-1]
            found[-1] = Section(last.name, (*last.values, (key.strip(), value.strip())))
    return found


def section_text(name: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return a section as an ini file has it; nothing for one without lines."""
    if not lines:
        return ""
    return f"\n[{name}]\n" + "".join(f"{key}={value}\n" for key, value in lines)


def fits(patterns: Sequence[str], value: str) -> bool | None:
    """Say whether a value fits a list of patterns as systemd and NetworkManager write it; None for an empty list."""
    words = [word for text in patterns for word in re.split(r"[\s;,]+", text) if word]
    if not words:
        return None
    if words[0].startswith("!"):
        words[0] = words[0][1:]
        return not any(fnmatch.fnmatchcase(value.lower(), word.lower()) for word in words)
    return any(fnmatch.fnmatchcase(value.lower(), word.lower()) for word in words)


def devices_of(links: Sequence[Placed]) -> Iterator[tuple[str, str]]:
    """Return every device that the links take up, with its MAC address."""
    for link in links:
        if link.bond:
            yield link.device, link.mac
        yield from ((port.device, port.mac) for port in link.ports)


def announce(routers: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that have routers learn under which hardware address the node is now.

    A router keeps what it knew for minutes, and an address that has moved to another adapter, into a bond, or back,
    would not be reached that long. Whoever asks for the router is noticed by it.
    """
    return tuple(
        # A node may be without ping. The datagram fails until the link has its address, and nobody need read it.
        f"for try in 1 2 3 4 5; do bash -c 'echo > /dev/udp/{router}/9' 2> /dev/null && break; sleep 1; done"
        for router in dict.fromkeys(routers)
        # One of IPv6 that is valid on a link alone would need its name, which may be another one by then.
        if router and not router.lower().startswith("fe80:")
    )


def hold(commands: Commands, gone: Sequence[str], devices: Sequence[str], routers: Sequence[str] = ()) -> Commands:
    """Return the commands of a manager, with what not every manager does: bonds that are gone, addresses, routers."""
    tidy = [f"ip link delete dev {name} 2> /dev/null" for name in gone]
    tidy += [f"ip address flush dev {name} scope global 2> /dev/null" for name in devices if name not in gone]
    return Commands((*commands.before, *tidy), (*commands.after, *announce(routers)))
