# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring Python and sudo to a node that has neither, over SSH and a shell alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.eucaim.local_node.plugins.module_utils import _bootstrap as bootstrap
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, summary

DISPLAY = Display()
ARGUMENTS: dict[str, dict[str, Any]] = {
    "http_proxy": {"type": "str", "default": "", "no_log": True},
    "https_proxy": {"type": "str", "default": "", "no_log": True},
    "no_proxy": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """Ask, refuse or install, and ask again."""

    # What sets this gets a folder on the node before it asks for one; ours is made when it is needed.
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what was missing and is there now; it fails in words."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables: dict[str, Any] = dict(task_vars or {})
        _unused, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        host = str(variables.get("inventory_hostname", "this host"))
        address = str(variables.get("ansible_host") or host)
        method = str(getattr(self._connection.become, "name", "") or "sudo").rpartition(".")[2]
        check = bool(self._task.check_mode)
        try:
            found = self._look(address)
            wrong = bootstrap.refusals(found, method, address)
            if found.missing and not wrong and not check:
                self._install(found, arguments)
                wrong = _still(self._look(address), address)
        except _RefusedError as refused:
            return {**result, **_refused([refused.refusal], host)}
        if wrong:
            return {**result, **_refused(wrong, host)}
        text = bootstrap.done_text(found, check)
        if found.missing:
            # A result's message is shown only when a task fails, or with -v.
            DISPLAY.display(f"{host}: {text}")
        before = "".join(f"{name}\n" for name in bootstrap.PACKAGES if name in found.programs)
        after = "".join(f"{name}\n" for name in bootstrap.PACKAGES)
        return {
            **result,
            "changed": bool(found.missing),
            "packages": found.missing,
            "msg": text,
            "diff": {"before": before, "after": after, "before_header": "programs", "after_header": "programs"},
        }

    def _look(self, address: str) -> bootstrap.Found:
        """Return what the node is like; looking needs no rights."""
        try:
            answer = self._low_level_execute_command(bootstrap.PROBE, sudoable=False)
        except AnsibleConnectionFailure as error:
            raise _RefusedError(_unreachable(address, str(error))) from error
        found = bootstrap.parse(str(answer.get("stdout", "")))
        if found is None:
            raise _RefusedError(_unreachable(address, str(answer.get("stderr") or "the shell gave no answer")))
        return found

    def _install(self, found: bootstrap.Found, arguments: dict[str, Any]) -> None:
        """Have root run the script, which travels as a file, because a proxy's password may stand in it."""
        environment = {
            "http_proxy": arguments["http_proxy"],
            "https_proxy": arguments["https_proxy"] or arguments["http_proxy"],
            "no_proxy": ",".join(arguments["no_proxy"]),
        }
        folder = self._make_tmp_path()
        try:
            path = f"{folder.rstrip('/')}/bootstrap.sh"
            self._transfer_data(path, bootstrap.script(found, environment))
            answer = self._low_level_execute_command(f"/bin/sh {path}", sudoable=not found.is_root)
        except AnsibleError as error:
            raise _RefusedError(_failed(found, str(error))) from error
        finally:
            self._remove_tmp_path(folder)
        if answer.get("rc") != 0:
            said = str(answer.get("stderr") or "").strip() or str(answer.get("stdout") or "")
            raise _RefusedError(_failed(found, said))
        # A login from before does not know of the new group.
        self._connection.reset()


class _RefusedError(Exception):
    """A reason to stop."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text())
        self.refusal = refusal


def _refused(refusals: Sequence[Refusal], host: str) -> dict[str, Any]:
    return {
        "failed": True,
        "changed": False,
        "refusals": [refusal.as_dict() for refusal in refusals],
        "msg": summary(refusals, host),
    }


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _unreachable(address: str, reason: str) -> Refusal:
    return Refusal(
        "NET-ADDR",
        "ansible_host",
        f"no answer of a shell on {address}: {_last_line(reason)}",
        "a node that answers over SSH for the user in ansible_user",
        "check that the node is on, that its address and port are right, and that ssh works by hand with this key",
    )


def _failed(found: bootstrap.Found, reason: str) -> Refusal:
    return Refusal(
        "OS-USERS",
        "ansible_become_password",
        f"{found.user} could not install {' and '.join(found.missing)}: {_last_line(reason)}",
        "a login that may become root, and package sources that answer",
        "check the password (with su it is root's), the package sources and the proxy (site_http_proxy), and run again",
    )


def _still(found: bootstrap.Found, address: str) -> list[Refusal]:
    if not found.missing:
        return []
    return [
        Refusal(
            "OS-LTS",
            "ansible_host",
            f"no usable {' and '.join(found.missing)} on {address}, though the installation ended well",
            "Python 3.9 or later and sudo",
            "look at what stands before it in the PATH of the login",
        )
    ]
