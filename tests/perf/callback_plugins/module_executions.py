# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one line for everything that is executed on a node, into the file named by MODULE_EXECUTIONS.

Each module costs about a third of a second over SSH, whatever it does, so their number is the figure to watch. The
count is made where Ansible runs a module, because one task can run several, or none. What an action runs beside its
modules (a directory made for a copy, `raw`) is told apart: it is cheap, but it is a way to the node and back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_executions
type: aggregate
short_description: Counts what is executed on the nodes
version_added: 0.1.0
description:
  - Writes one line for every execution, of four fields between tabulators. They are the host, C(module) or C(command),
    the role (C(-) outside of a role) and the name of the module.
requirements:
  - The environment variable MODULE_EXECUTIONS names the file.
"""

METHODS = {"_execute_module": "module", "_low_level_execute_command": "command"}
# Set while a module is under way: the command that starts it is no execution of its own.
INSIDE = "_inside_a_counted_module"


def line(action: ActionBase, kind: str, name: str) -> str:
    """What is written about one execution; a task that is delegated runs on the host to which it is."""
    task = action._task
    host = task.delegate_to or action._templar.available_variables["inventory_hostname"]
    role = task._role.get_name() if task._role else "-"
    return "\t".join([str(host), kind, role.rpartition(".")[2], name]) + "\n"


class CallbackModule(CallbackBase):
    """Watches the two methods through which everything goes. Workers are forks, so a file keeps the count."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_executions"

    def __init__(self) -> None:
        """Put the counters around the methods."""
        super().__init__()
        for method, kind in METHODS.items():
            self._count(method, kind, os.environ["MODULE_EXECUTIONS"])

    def _count(self, method: str, kind: str, path: str) -> None:
        original: Callable[..., dict[str, Any]] = getattr(ActionBase, method)

        def counted(action: ActionBase, *args: Any, **kwargs: Any) -> dict[str, Any]:
            if getattr(action, INSIDE, False):
                return original(action, *args, **kwargs)
            given = kwargs.get("module_name") or (args[0] if args else None)
            name = given if given and kind == "module" else action._task.action
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(line(action, kind, str(name)))
            setattr(action, INSIDE, kind == "module")
            try:
                return original(action, *args, **kwargs)
            finally:
                setattr(action, INSIDE, False)

        setattr(ActionBase, method, counted)
