# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the firewall, prove that a new connection still gets in, and only then disarm the undo."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.plugin_utils._new_connection import (
    foretelling,
    leads_nowhere,
    new_connection,
    refused_here,
    short,
)

MODULE = "eucaim.local_node.firewall"
NONCE = "/run/eucaim-firewall-nonce"
TRIES = 3

LOCAL = Refusal(
    "NET-FW",
    "ansible_connection",
    "local, and rules of the firewall that would change",
    "a connection that comes in over the network, because no other one proves that the node can still be reached",
    "run from another machine, which reaches the node by ssh",
)


class ActionModule(ActionBase):
    """Run the module of the same name, then prove from here that the node can be reached."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        nonce = secrets.token_hex(8)
        if leads_nowhere(self._connection) and arguments.get("state", "present") in ("present", "compared"):
            with foretelling(self._task):
                answer = self._module(arguments, task_vars)
            unproven = answer.get("needed") and not answer.get("failed")
            return {**result, **(refused_here(LOCAL) if unproven else answer)}
        try:
            answer = self._module({**arguments, "nonce": nonce}, task_vars)
        except AnsibleConnectionFailure as error:
            result.update(failed=True, msg=_cut_off(arguments, str(error)))
            return result
        result.update(answer)
        if not answer.get("pending") or answer.get("failed"):
            return result
        reason = self._prove(nonce)
        if reason:
            result.update(failed=True, msg=_unproven(answer, reason))
            return result
        try:
            confirmed = self._module({"state": "confirmed", "nonce": nonce}, task_vars)
        except AnsibleConnectionFailure as error:
            confirmed = {"failed": True, "msg": _unproven(answer, str(error))}
        if confirmed.get("failed"):
            result.update(failed=True, msg=confirmed.get("msg", ""))
        else:
            result["pending"] = False
        return result

    def _module(self, arguments: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module on the node."""
        answer = self._execute_module(module_name=MODULE, module_args=dict(arguments), task_vars=task_vars)
        if answer.get("unreachable"):
            raise AnsibleConnectionFailure(str(answer.get("msg", "")))
        return answer

    def _prove(self, nonce: str) -> str:
        """Open a new connection, as the same user and on the same way, and read the nonce; return why that failed."""
        reason = ""
        with new_connection(self._connection):
            for attempt in range(TRIES):
                try:
                    answer = self._low_level_execute_command(f"cat {NONCE}", sudoable=False)
                except AnsibleError as error:
                    reason = str(error)
                else:
                    if str(answer.get("stdout", "")).strip().endswith(nonce):
                        return ""
                    reason = f"another answer than expected: {str(answer.get('stderr', '')).strip()[-200:]}"
                if attempt + 1 < TRIES:
                    time.sleep(1)
        return reason


def _unproven(answer: Mapping[str, Any], reason: str) -> str:
    return (
        "[NET-FW] The new rules were applied, but no new connection to the node could be proven: "
        f"{short(reason)}. The former rules come back by themselves at {answer.get('deadline')} (the "
        "node's clock). Look at what firewall_rules opens and to whom, then run again."
    )


def _cut_off(arguments: Mapping[str, Any], reason: str) -> str:
    return (
        f"[NET-FW] The connection broke while the firewall was looked at or changed: {short(reason)}. "
        "If rules were changed, the former ones come back by themselves, also when the node restarts meanwhile, within "
        f"{arguments.get('undo_seconds', 60)} seconds. Run again then."
    )
