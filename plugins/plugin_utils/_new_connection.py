# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection of its own to a node, by which an action proves that one still gets in.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, summary

# A control socket would let us in over the connection that is there already, which proves nothing.
NO_SOCKET = "-o ControlMaster=no -o ControlPath=none"


@contextmanager
def new_connection(connection: Any, options: str = NO_SOCKET, **settings: Any) -> Iterator[None]:
    """Let what follows open a connection of its own, with the host's own settings, jump host and login.

    options are for ssh, before those of the host; settings are options of Ansible's connection meanwhile, such as host.
    """
    if connection.transport != "ssh":
        connection.reset()
        yield
        return
    args = connection.get_option("ssh_args")
    # The tries are counted by whoever proves; the connection's own would take minutes over each of them.
    own = {"ssh_args": f"{options} {args or ''}".strip(), "reconnection_retries": 0, **settings}
    former = {name: connection.get_option(name) for name in own}
    try:
        for name, value in own.items():
            connection.set_option(name, value)
        yield
    finally:
        for name, value in former.items():
            connection.set_option(name, value)


def leads_nowhere(connection: Any) -> bool:
    """Say whether a connection does not come in over the network, so that it works whatever the node's network does."""
    return bool(connection.transport == "local")


@contextmanager
def foretelling(task: Any) -> Iterator[None]:
    """Let what follows say what a task would do, without doing it."""
    former, task.check_mode = task.check_mode, True
    try:
        yield
    finally:
        task.check_mode = former


def refused_here(item: Refusal) -> dict[str, Any]:
    """Return the result of a task that would change what a run on the node itself cannot prove."""
    return {"failed": True, "changed": False, "msg": summary([item], "this node"), "refusals": [item.as_dict()]}


def short(text: str) -> str:
    """Return what was said in one line that fits into a sentence."""
    return " ".join(text.split())[-300:].rstrip(".")
