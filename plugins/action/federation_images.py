# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring image archives from the control machine to the module that loads them, all for one execution."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.eucaim.local_node.plugins.module_utils import _federation as federation
from ansible_collections.eucaim.local_node.plugins.module_utils._federation_files import checksum

MODULE = "eucaim.local_node.federation_images"


class ActionModule(ActionBase):
    """Run the module of the same name; before it loads archives, bring those that are not on the node."""

    # What sets this gets a folder on the node before it asks for one; ours is made when it is needed.
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        images = arguments.get("images") or []
        brought = [image for image in images if not image["on_node"]] if arguments.get("state") == "loaded" else []
        try:
            archives = {str(image["service"]): self._archive(str(image["path"])) for image in brought}
        except AnsibleError as error:
            return {**result, "failed": True, "msg": str(error)}
        refused = federation.refuse_archives(brought, [checksum(path) for path in archives.values()])
        if refused:
            return {**result, **refused}
        if not archives or self._task.check_mode:
            return {**result, **self._module(arguments, task_vars)}
        folder = self._make_tmp_path()
        try:
            for service, path in archives.items():
                self._transfer_file(path, f"{folder.rstrip('/')}/{service}.tar")
            return {**result, **self._module({**arguments, "directory": folder}, task_vars)}
        finally:
            self._remove_tmp_path(folder)

    def _archive(self, path: str) -> str:
        """Return where an archive is on the control machine; a relative one is one of role or playbook."""
        found: str = self._loader.get_real_file(self._find_needle("files", path))
        return found

    def _module(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module on the node."""
        return self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
