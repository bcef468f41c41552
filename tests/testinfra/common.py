# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the Molecule scenarios share, and the only place that knows how they reach a node.

They look as root through the container engine, not over SSH and not through Ansible: a way in that no role touches.
python -m tests.testinfra.common NODE keeps the fingerprint of a node before the roles come.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.nodes.engine import CACHE, CHECKOUT
from tests.nodes.node import UPDATED, Fingerprint, Node, differences

KEPT = CACHE / "molecule"


def scenario_directory() -> Path:
    """The scenario that Molecule runs."""
    return Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])


def scenario_host() -> tuple[str, dict[str, Any]]:
    """Name and settings of the scenario's one node; anything but one is an error, since no host proves nothing."""
    inventory = yaml.safe_load((scenario_directory() / "inventory" / "hosts.yml").read_text(encoding="utf-8"))
    hosts = [
        item
        for tier in inventory["local_nodes"]["children"].values()
        for item in ((tier or {}).get("hosts") or {}).items()
    ]
    if len(hosts) != 1:
        raise LookupError(f"found {len(hosts)} hosts in {scenario_directory()}/inventory/hosts.yml, needed 1")
    name, settings = hosts[0]
    shared = CHECKOUT / "molecule" / "shared" / "inventory" / "group_vars" / "all" / "scenario.yml"
    return name, yaml.safe_load(shared.read_text(encoding="utf-8")) | settings


def unlike(patterns: list[str], lines: list[str]) -> list[str]:
    """The lines that begin like none of the patterns."""
    return [line for line in lines if not any(re.match(pattern, line) for pattern in patterns)]


@dataclass(frozen=True)
class Subject:
    """The node under test."""

    name: str
    settings: dict[str, Any]

    @property
    def node(self) -> Node:
        """The throw-away machine."""
        return Node(self.name, self.settings["molecule_network"], self.settings["ansible_host"])

    @cached_property
    def host(self) -> Any:
        """Testinfra's view of it, as root. Testinfra has no types, so its name is known here only."""
        return importlib.import_module("testinfra").get_host(f"docker://{self.name}")

    def changes(self) -> list[str]:
        """What differs from the node as it was before the roles came, one line each, but for what moves by itself."""
        before: Fingerprint = json.loads((KEPT / f"{self.name}.json").read_text(encoding="utf-8"))
        return unlike(self.settings["molecule_moves"], differences(before, self.node.fingerprint()))

    @property
    def left(self) -> list[str]:
        """Patterns of what the scenario says is left by the roles."""
        return [
            pattern
            for name in self.settings["molecule_left_by"]
            for pattern in self.settings[f"molecule_left_by_{name}"]
        ]

    def unexpected(self) -> list[str]:
        """What is left that the scenario's lists do not name."""
        return [line for line in unlike(self.left, self.changes()) if not UPDATED.match(line)]

    def says(self, command: str) -> str:
        """What a command that must succeed prints."""
        return str(self.host.check_output(command)).strip()

    def json(self, command: str) -> Any:
        """What a command that must succeed prints as JSON."""
        return json.loads(self.says(command))


def subject() -> Subject:
    """The node of the scenario that Molecule runs."""
    return Subject(*scenario_host())


def main() -> None:
    """Keep a node's fingerprint."""
    found = Node(sys.argv[1]).fingerprint()
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{sys.argv[1]}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
