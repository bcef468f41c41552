# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links as systemd-networkd is told of them (systemd.network(5), systemd.netdev(5)).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import posixpath
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

HOME = "/etc/systemd/network"
# Where a site's settings are, and those of the start of the system. What the distribution ships is nobody's will.
FOLDERS = (HOME, "/run/systemd/network", "/usr/local/lib/systemd/network")
# networkd takes the first file that fits, in the order of their names.
PREFIX = "05-eucaim-"
MODE = 0o644
Lines = list[tuple[str, str]]


def is_ours(path: str) -> bool:
    """Say whether a file is one of this role."""
    return path.startswith(f"{HOME}/{PREFIX}")


def devices_in(path: str, _text: str) -> list[str]:
    """Return the links that a file of ours is about."""
    return [posixpath.splitext(posixpath.basename(path))[0][len(PREFIX) :]]


def files(links: Sequence[Placed]) -> dict[str, str]:
    """Return the files of these links."""
    found: dict[str, str] = {}
    for link in links:
        found[f"{HOME}/{PREFIX}{link.device}.network"] = _network(link)
        if link.bond:
            found[f"{HOME}/{PREFIX}{link.device}.netdev"] = _device(link)
            for port in link.ports:
                found[f"{HOME}/{PREFIX}{port.device}.network"] = _member(link, port)
    return found


def _match(port: Port) -> Lines:
    return [("PermanentMACAddress", port.mac)] if is_mac(port.name) else [("Name", port.device)]


def _network(link: Placed) -> str:
    wanted = link.wanted
    match = [("Name", link.device)] if link.bond else _match(link.ports[0])
    network: Lines = [("DHCP", "yes" if wanted.dhcp else "no")]
    network += [("Address", text) for text in wanted.addresses]
    network += [("DNS", text) for text in wanted.dns]
    if wanted.search:
        network.append(("Domains", " ".join(wanted.search)))
    text = HEAD + section_text("Match", match).lstrip()
    text += section_text("Link", [("MTUBytes", str(wanted.mtu))] if wanted.mtu else [])
    text += section_text("Network", network)
    if wanted.dhcp and wanted.dns:
        text += "".join(section_text(name, [("UseDNS", "no")]) for name in ("DHCPv4", "DHCPv6", "IPv6AcceptRA"))
    for route in wanted.routes:
        text += section_text("Route", [("Destination", route.to), ("Gateway", route.via)])
    return text


def _device(link: Placed) -> str:
    wanted = link.wanted
    device: Lines = [("Name", link.device), ("Kind", "bond"), ("MACAddress", link.mac)]
    bond: Lines = [("Mode", wanted.mode), ("MIIMonitorSec", f"{MONITOR_MS}ms")]
    if wanted.mode in HASHED:
        bond.append(("TransmitHashPolicy", "layer3+4"))
    return HEAD + section_text("NetDev", device).lstrip() + section_text("Bond", bond)


def _member(link: Placed, port: Port) -> str:
    network: Lines = [("Bond", link.device), ("LinkLocalAddressing", "no")]
    if port.device == link.primary:
        network.append(("PrimarySlave", "yes"))
    size = [("MTUBytes", str(link.wanted.mtu))] if link.wanted.mtu else []
    return (
        HEAD
        + section_text("Match", _match(port)).lstrip()
        + section_text("Link", size)
        + section_text("Network", network)
    )


def foreign(texts: Mapping[str, str], links: Sequence[Placed], others: Sequence[tuple[str, str]]) -> list[Foreign]:
    """Return settings of somebody else for these links. Others are the devices that are none of ours."""
    found = []
    for path, text in sorted(texts.items()):
        if is_ours(path) or not path.endswith(".network"):
            continue
        for device, mac in devices_of(links):
            if matches(text, device, mac):
                found.append(_foreign(path, text, device, others))
                break
    return found


def _foreign(path: str, text: str, device: str, others: Sequence[tuple[str, str]]) -> Foreign:
    if posixpath.basename(path) > PREFIX:
        return Foreign(path, device)
    strangers = [name for name, mac in others if matches(text, name, mac)]
    if strangers or not path.startswith(f"{HOME}/"):
        fits_too = f"it fits {', '.join(strangers)}, too" if strangers else "it is made anew at every start"
        return Foreign(path, device, stuck=f"its name comes before {PREFIX}, and {fits_too}")
    return Foreign(path, device, after="")


def matches(text: str, device: str, mac: str) -> bool:
    """Say whether a file is about a device; conditions on anything but name and address are taken as fulfilled."""
    answers = []
    for section in sections(text):
        if section.name == "Match":
            answers += [fits(section.all("Name"), device), fits(section.all("OriginalName"), device)]
            answers += [fits(section.all(key), mac) for key in ("MACAddress", "PermanentMACAddress")]
            # An alternative is enough of a reason to ask; whether the kind and the driver fit is not looked at.
            answers += [True for key in ("Type", "Driver", "Path") if section.all(key)]
    known = [answer for answer in answers if answer is not None]
    return bool(known) and all(known)


def commands(devices: Sequence[str]) -> Commands:
    """Return how networkd goes over to other files."""
    again = [f"networkctl reconfigure {name} 2> /dev/null" for name in devices]
    return Commands(after=("networkctl reload", *again))
