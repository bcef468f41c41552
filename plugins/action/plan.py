# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write on the control machine what to buy for a node."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.eucaim.local_node.plugins.action.report import folder_name, take_away, write
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_page import as_page
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import PlanError
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_text import as_markdown, as_terminal
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import summary

FILES = ("plan.html", "plan.md", "plan.json")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "request": {"type": "dict", "default": {}},
    "prefix": {"type": "str", "default": ""},
    "directory": {"type": "path", "required": True},
    "name": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def read(path: str) -> str | None:
    """Return what a file says, or None where there is none that can be read as text."""
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None


def _what_next(plan: Mapping[str, Any], path: str) -> str:
    """Return how the plan becomes an array, once the drives are there."""
    spares = plan["array"]["spares"]
    also = f", and the {spares} of storage_spares" if spares else ""
    return (
        f"To build it: copy {path} to where it is kept, such as files/ beside the inventory; name the copy in "
        f"storage_plan, and {plan['array']['members']} drives in storage_drives{also} (role storage)"
    )


class ActionModule(ActionBase):
    """Plan, write the sheet where it differs, and show the plan in a few lines."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        name = str(arguments["name"])
        directory = os.path.join(arguments["directory"], folder_name(name)) if name else str(arguments["directory"])
        try:
            if arguments["state"] == "absent":
                result.update(changed=take_away(directory, FILES, bool(self._task.check_mode)))
            else:
                result.update(self._present(name, directory, arguments))
        except PlanError as error:
            result.update(
                failed=True,
                refusals=[refusal.as_dict() for refusal in error.refusals],
                msg=summary(error.refusals, name or "the plan"),
            )
        except OSError as error:
            result.update(
                failed=True,
                msg=f"The plan could not be written: found {error.strerror} at {error.filename}; needed: a folder on"
                " the control machine that this user may write to; remedy: set plan_directory.",
            )
        return result

    def _present(self, name: str, directory: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Write what differs, and show the plan."""
        plan = make_plan(arguments["request"], name, arguments["prefix"])
        texts = (as_page(plan), as_markdown(plan), json.dumps(plan, indent=2, ensure_ascii=False) + "\n")
        paths = [os.path.join(directory, file) for file in FILES]
        before = [read(path) for path in paths]
        changed = [path for path, old, new in zip(paths, before, texts, strict=True) if old != new]
        if not self._task.check_mode and changed:
            os.makedirs(directory, exist_ok=True)
            for path, text in zip(paths, texts, strict=True):
                if path in changed:
                    write(path, text)
        would = " would be" if self._task.check_mode and changed else ""
        message = f"The sheet{would}: {paths[0]}"
        if changed or not self._task.check_mode:
            # A callback shows no message of a task that went well, and this is what a person asked for.
            self._display.display(f"{as_terminal(plan)}\n{message}\n{_what_next(plan, paths[2])}\n")
        diff = {"before": before[1] or "", "after": texts[1], "before_header": paths[1], "after_header": paths[1]}
        return {"changed": bool(changed), "msg": message, "page": paths[0], "plan": plan, "diff": [diff]}
