# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is in use, the inventory that describes it, and what a refusal of it must be like."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.nodes.node import Node, differences
from tests.site.driver import SCRATCH, Run, playbook, write_inventory
from tests.site.world import SITE, World

ADOPT: dict[str, Any] = {"docker_existing_engine": "adopt"}


@dataclass
class Server(World):
    """A world whose inventory says more than that of a bare node."""

    more: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Settings with which everything works on this server."""
        return {**super().settings(), **self.more}

    @contextlib.contextmanager
    def beside(self, number: int) -> Iterator[Server]:
        """Another server on the same network, with the same far end: bare at first, and taken away at the end."""
        name = self.node.name.rpartition("-")[0]
        address = f"{self.node.ip.rpartition('.')[0]}.1{number}"
        node = Node(f"{name}-{number}", self.node.network, address, self.node.distribution)
        node.down()
        try:
            node.up()
            yield Server(node, self.far_end, f"{self.provider}-{number}", f"{self.area}-{number}")
        finally:
            node.down()


@contextlib.contextmanager
def meanwhile(node: Node, before: str, after: str) -> Iterator[None]:
    """Change the server with one command, and back with another whatever happens between."""
    node.exec(before)
    try:
        yield
    finally:
        node.exec(after)


def installed(node: Node, package: str) -> bool:
    """Is the package there? dpkg answers also for one that another package only names."""
    words = f"dpkg-query -W -f '${{db:Status-Status}}' {package}"
    return node.exec(words, check=False).stdout == "installed"


@dataclass(frozen=True)
class Row:
    """One inventory, and the words that its refusal must have."""

    name: str
    more: Mapping[str, Any]
    words: tuple[str, ...]


def refused(server: Server, rows: list[Row]) -> Run:
    """One run of the real site playbook in which every row is a host of its own, all of them the same server.

    Each is refused with its words, and the server stays as it was.
    """
    hosts = {row.name: {**server.settings(), "federation_provider_id": row.name, **row.more} for row in rows}
    before = server.node.fingerprint()
    run = playbook(SITE, inventory=write_inventory(SCRATCH / server.area / "refused", hosts))
    assert differences(before, server.node.fingerprint()) == []
    assert run.rc != 0
    assert run.changed == 0
    assert "Traceback" not in run.output
    for row in rows:
        text = said_of(run, row.name)
        for word in ("found", "needed", "remedy", *row.words):
            assert word in text, f"{word!r} is not in {text}"
    return run


def said_of(run: Run, host: str) -> str:
    """What a failed run said of one host."""
    end = r"^\[ERROR\]|^fatal: \[|^PLAY RECAP"
    found = re.search(rf"^fatal: \[{re.escape(host)}\]: FAILED!(.*?)(?={end})", run.output, re.MULTILINE | re.DOTALL)
    assert found, f"{host} was not refused:\n{run.output[-4000:]}"
    return found.group(1)


def remove(server: Server, *roles: str) -> None:
    """Let roles take away what is theirs."""
    play = [
        {
            "hosts": "local_nodes",
            "gather_facts": True,
            "tasks": [
                {"ansible.builtin.import_role": {"name": f"eucaim.local_node.{role}", "tasks_from": "remove"}}
                for role in roles
            ],
        }
    ]
    path = SCRATCH / server.area / "remove.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(play), encoding="utf-8")
    playbook(str(path), inventory=server.inventory).succeeded()
