# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an uninstallation would take away, in words, and why it must not begin.

Private to this collection: nothing outside may import it. Pure: records in, sentences out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown


@dataclass(frozen=True)
class Containers:
    """What runs on the node: ours by their label, and of others what runs and what hangs on networks of ours."""

    ours: Sequence[str] = ()
    networks: Sequence[str] = ()
    running: Sequence[str] = ()
    attached: Sequence[str] = ()


def plan(found: Mapping[str, Any], there: Containers, evidence: Sequence[str]) -> list[str]:
    """Return what the records say that is ours, one thing a line."""
    lines = [f"federation: container {name}" for name in there.ours]
    lines += [f"federation: network {name}" for name in there.networks]
    for name, record in found.items():
        lines += [f"{name}: {line}" for line in _lines(record)]
    return lines + [f"evidence: {name}" for name in evidence]


def _lines(record: Any) -> list[str]:
    """Return one record in words; of one that this version cannot read, only that it is there."""
    if not isinstance(record, Mapping):
        return ["a record that cannot be read"]
    lines = [f"package {name}, unless something else needs it" for name in _names(record, "packages", "dependencies")]
    lines += [f"account {name}, its home stays" for name in _names(record, "accounts")]
    for kind, word in (("groups", "group"), ("paths", "path")):
        items = record.get(kind)
        made = items.items() if isinstance(items, Mapping) else []
        lines += [f"{word} {name}{'' if before is None else ' gets back what it was'}" for name, before in made]
    owned = record.get("owned")
    lines += [f"daemon.json: {name}" for name in owned] if isinstance(owned, Mapping) else []
    return lines or ["what its record names"]


def _names(record: Mapping[str, Any], *keys: str) -> list[str]:
    return [str(name) for key in keys for name in record.get(key) or []]


def refusals(found: Mapping[str, Any], there: Containers, stop_containers: bool) -> list[Refusal]:
    """Return why other people's containers forbid it."""
    told = []
    engine = found.get("docker")
    ours = isinstance(engine, Mapping) and bool(engine.get("packages"))
    if ours and there.running and not stop_containers:
        told.append(
            Refusal(
                "CT-RUN",
                "docker_remove_containers",
                f"running containers of others ({', '.join(there.running)}) on the engine that would go",
                "an engine on which nothing of others runs",
                "stop them, or set docker_remove_containers to true to have them stopped; their data stays",
            )
        )
    if there.attached:
        told.append(
            Refusal(
                "FED-NET",
                "federation_network_name",
                f"containers of others ({', '.join(there.attached)}) on the network that would go",
                "a network with nothing of others on it",
                "take them off it (docker network disconnect)",
            )
        )
    return told


def unconfirmed(names: Sequence[str], confirmed: str) -> list[Refusal]:
    """Return that nobody has confirmed it by a name of this node."""
    if {word.strip() for word in confirmed.split(",")} & set(names):
        return []
    return [
        Refusal(
            "TIER-2",
            "uninstall_confirm",
            shown(confirmed) if confirmed else "nobody who has confirmed it",
            f"the name of this node ({' or '.join(names)})",
            f"read what would go, and run again with -e uninstall_confirm={names[0]} (several names with commas)",
        )
    ]
