# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the callback module_executions has written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PLUGINS = Path(__file__).resolve().parent / "callback_plugins"


@dataclass(frozen=True)
class Executions:
    """What one run executed on the nodes that were asked for."""

    modules: int
    # Beside the modules: directories for copies, `raw`, a look at the routes.
    commands: int
    by_role: dict[str, int]
    by_module: dict[str, int]


def environment(path: Path) -> dict[str, str]:
    """Settings with which a run is counted into a new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    return {
        "MODULE_EXECUTIONS": str(path),
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_CALLBACKS_ENABLED": "module_executions",
    }


def read(path: Path, hosts: Iterable[str]) -> Executions:
    """Count what ran on these hosts; what ran on the control machine costs no way to a node."""
    wanted = set(hosts)
    entries = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    modules = [(role, name) for host, kind, role, name in entries if host in wanted and kind == "module"]
    commands = [name for host, kind, _role, name in entries if host in wanted and kind == "command"]
    return Executions(
        len(modules),
        len(commands),
        dict(Counter(role for role, _name in modules)),
        dict(Counter(name.rpartition(".")[2] for _role, name in modules)),
    )
