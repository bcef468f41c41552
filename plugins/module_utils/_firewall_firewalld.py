# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld's zone of ours: written, read, and compared with what the kernel has (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
Ours is the zone `eucaim`, made the default one. firewalld writes a zone's file anew when somebody changes it, so what
is compared is what stands in it, element by element.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import (
    Entry,
    Rule,
    Span,
    entries,
    inward,
    parse_port,
    same_family,
    span_text,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall_nft import objects

ZONE = "eucaim"
# Zones and policies that container engines and libvirt keep for themselves.
ENGINES = ("docker", "podman", "libvirt", "libvirt-routed", "nm-shared", ZONE)
_HEAD = (
    "  <short>EUCAIM</short>\n  <description>Written by eucaim.local_node, role firewall. Change firewall_rules"
    " instead.</description>\n"
)
# So that the node gets its own addresses.
ALWAYS = '<service name="dhcpv6-client" />'
_SILENT = ("short", "description", "forward")


def _port(span: Span, protocol: str) -> str:
    return f'<port port="{span_text(span, "-")}" protocol="{protocol}" />'


def items(rules: Iterable[Rule]) -> list[str]:
    """Return what our zone holds, one text for each element."""
    found = [ALWAYS]
    for rule in inward(rules):
        pairs = [(source, where) for source in rule.sources or ("",) for where in rule.destinations or ("",)]
        for source, where in pairs:
            if not same_family(source, where):
                continue
            for span in rule.ports:
                found.append(_element(source, where, span, rule.protocol))
    return list(dict.fromkeys(found))


def _element(source: str, where: str, span: Span, protocol: str) -> str:
    if not source and not where:
        return _port(span, protocol)
    family = "ipv6" if ":" in (source or where) else "ipv4"
    inner = f'<source address="{source}" />' if source else ""
    inner += f'<destination address="{where}" />' if where else ""
    return f'<rule family="{family}">{inner}{_port(span, protocol)}<accept /></rule>'


def render(elements: Sequence[str]) -> str:
    """Return the zone's file."""
    body = "".join(f"  {element}\n" for element in elements)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<zone>\n{_HEAD}{body}</zone>\n'


def parse(text: str) -> list[str]:
    """Return what a zone's file holds, one text for each element, in one way of writing."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        return []
    found = [f'target="{root.get("target")}"'] if root.get("target") else []
    for element in root:
        if element.tag in _SILENT:
            continue
        for part in element.iter():
            part.text = part.tail = None
            attributes = sorted(part.attrib.items())
            part.attrib.clear()
            part.attrib.update(attributes)
        found.append(ET.tostring(element, encoding="unicode"))
    return found


def words(element: str) -> str:
    """Return an element in words, such as port 9000/tcp."""
    found = re.match(r'<port port="([^"]+)" protocol="([^"]+)" />\Z', element)
    if found:
        return f"port {found.group(1)}/{found.group(2)}"
    named = re.match(r'<(\w+) (?:name|address)="([^"]+)" />\Z', element)
    return f"{named.group(1)} {named.group(2)}" if named else element


def entry_of(element: str) -> Entry | None:
    """Return what an element lets in; None when it is about something else, or not for the node's ports alone."""
    port = re.search(r'<port port="([^"]+)" protocol="(tcp|udp)" />', element)
    span = parse_port(port.group(1)) if port else None
    if port is None or span is None or re.search(r"<(log|audit|limit|forward-port|mark)\b|invert=", element):
        return None
    if element.startswith("<rule"):
        if "<accept />" not in element:
            return None
        source = re.search(r'<source address="([^"]+)"', element)
        where = re.search(r'<destination address="([^"]+)"', element)
        return Entry(True, port.group(2), (span,), source.group(1) if source else "", where.group(1) if where else "")
    return Entry(True, port.group(2), (span,))


def with_default_zone(text: str, zone: str) -> str:
    """Return firewalld.conf with another default zone."""
    if re.search(r"^DefaultZone=", text, re.MULTILINE):
        return re.sub(r"^DefaultZone=.*$", f"DefaultZone={zone}", text, flags=re.MULTILINE)
    return f"{text}DefaultZone={zone}\n"


def default_zone(text: str) -> str:
    """Return the default zone of firewalld.conf."""
    found = re.search(r"^DefaultZone=(\S+)", text, re.MULTILINE)
    return found.group(1) if found else "public"


def active_zones(text: str) -> list[str]:
    """Return the zones that `firewall-cmd --get-active-zones` names."""
    return [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith(" ")]


# ------------------------------------------------------------------------------------------ the kernel


def kernel_entries(text: str) -> list[Entry]:
    """Return what the kernel's chain of our zone lets in, as `nft -j list chain` shows it."""
    found = []
    for rule in objects(text, "rule"):
        entry = _kernel_entry(rule.get("expr", []))
        if entry is not None and (546, 546) not in entry.ports:
            found.append(entry)
    return found


def _kernel_entry(expressions: Sequence[Any]) -> Entry | None:
    protocol, source, where = "any", "", ""
    ports: tuple[Span, ...] = ()
    verdict = False
    for expression in expressions:
        verdict = verdict or "accept" in expression
        match = expression.get("match", {})
        payload = match.get("left", {}).get("payload", {}) if isinstance(match.get("left"), dict) else {}
        if payload.get("field") == "dport":
            protocol, ports = str(payload.get("protocol")), _kernel_spans(match.get("right"))
        elif payload.get("field") == "saddr":
            source = _kernel_address(match.get("right"))
        elif payload.get("field") == "daddr":
            where = _kernel_address(match.get("right"))
    return Entry(True, protocol, ports, source, where) if verdict else None


def _kernel_spans(right: Any) -> tuple[Span, ...]:
    values = right.get("set", [right]) if isinstance(right, dict) else [right]
    spans: list[Span] = []
    for value in values:
        if isinstance(value, dict):
            first, last = value.get("range", (0, 0))
            spans.append((int(first), int(last)))
        else:
            spans.append((int(value), int(value)))
    return tuple(spans)


def _kernel_address(right: Any) -> str:
    prefix = right.get("prefix", {}) if isinstance(right, dict) else {}
    return f"{prefix.get('addr')}/{prefix.get('len')}" if prefix else str(right)


def listed(rules: Iterable[Rule]) -> list[Entry]:
    """Return what rules let in, one line for each port, as a zone has it."""
    return [
        Entry(True, line.protocol, (span,), line.source, line.destination)
        for line in entries(rules)
        for span in line.ports
    ]
