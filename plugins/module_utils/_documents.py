# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that roles keep beside their evidence, such as the record of the hardware, and what changed in them.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. A document is plain data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

# What tells a part from its neighbours, the surest first: a drive keeps its serial number and not its place.
KEYS = ("id", "serial", "uuid", "slot", "mac", "pci", "name")


def said(name: str, value: Any) -> str:
    """Return a value as a person reads it; its name says what it counts."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("bytes") and isinstance(value, int):
        return human_size(value, binary="memory" in name or "vram" in name or "installed" in name)
    return str(value)


def _parts(values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Return each entry of a list with a name that stays when others come and go."""
    for number, value in enumerate(values, start=1):
        names = [value[key] for key in KEYS if value.get(key)] if isinstance(value, Mapping) else []
        yield str(names[0] if names else number), value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every single value of a document with its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}, {name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for name, inner in _parts(value):
            yield from leaves(inner, f"{path} {name}")
    else:
        yield path, value


def differences(before: Any, after: Any) -> list[str]:
    """Return what changed between two versions of a document, one line for each value."""
    old, new = dict(leaves(before)), dict(leaves(after))
    lines = []
    for path in [*old, *(path for path in new if path not in old)]:
        name = path.replace(" ", "_")
        if path not in new:
            lines.append(f"{path}: {said(name, old[path])}, gone")
        elif path not in old:
            lines.append(f"{path}: {said(name, new[path])}, new")
        elif old[path] != new[path]:
            lines.append(f"{path}: {said(name, old[path])} before, {said(name, new[path])} now")
    return lines


def history(last: Mapping[str, Any], documents: Mapping[str, Any], at: str) -> list[dict[str, Any]]:
    """Return the changes that the last report tells of, and those since then."""
    changes = list(last.get("changes") or [])
    before = last.get("documents") or {}
    for name, document in documents.items():
        lines = differences(before[name], document) if name in before else []
        if lines:
            changes.append({"at": at, "document": name, "changes": lines})
    return changes
