# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one line for every module that is executed on a node, into the file named by MODULE_EXECUTIONS.

Each execution costs about a third of a second over SSH, whatever the module does, so their number is the figure to
watch. The count is made where Ansible runs a module, because one task can run several, or none.
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
short_description: Counts the modules that are executed on the nodes
version_added: 0.1.0
description:
  - Writes one line, host and module, for every module execution.
requirements:
  - The environment variable MODULE_EXECUTIONS names the file.
"""


METHOD = "_execute_module"


class CallbackModule(CallbackBase):
    """Watches the one method through which every module goes. Workers are forks, so a file keeps the count."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_executions"

    def __init__(self) -> None:
        """Put the counter around the method."""
        super().__init__()
        path = os.environ["MODULE_EXECUTIONS"]
        original: Callable[..., dict[str, Any]] = getattr(ActionBase, METHOD)

        def counted(self: ActionBase, *args: Any, **kwargs: Any) -> dict[str, Any]:
            name = kwargs.get("module_name") or (args[0] if args else None) or self._task.action
            host = (kwargs.get("task_vars") or {}).get("inventory_hostname", "")
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(f"{host} {name}\n")
            return original(self, *args, **kwargs)

        setattr(ActionBase, METHOD, counted)
