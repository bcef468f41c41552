# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the node go over to other network settings, prove that a new connection gets in, then disarm the undo."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.plugin_utils._new_connection import (
    NO_SOCKET,
    foretelling,
    leads_nowhere,
    new_connection,
    refused_here,
    short,
)

MODULE = "eucaim.local_node.network"
NONCE = "/run/eucaim-network-nonce"
# A connection that the change cuts off has to be known as such soon.
NEW = f"{NO_SOCKET} -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=2"
# What is left of the undo's time when the last try begins: for that try, and to disarm it.
MARGIN = 20
PAUSE = 2

LOCAL = Refusal(
    "NET-ADDR",
    "ansible_connection",
    "local, and settings of the network that would change",
    "a connection that comes in over the network, because no other one proves that the node can still be reached",
    "run from another machine, which reaches the node by ssh",
)


class ActionModule(ActionBase):
    """Run the module of the same name, then prove from here that the node can be reached."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False
    # Under which address the new connection got in.
    _reached = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        nonce = secrets.token_hex(8)
        now = self._host(task_vars)
        if leads_nowhere(self._connection) and arguments.get("state", "present") in ("present", "absent"):
            with foretelling(self._task):
                answer = self._module(arguments, task_vars)
            unproven = answer.get("changed") and not answer.get("failed")
            return {**result, **(refused_here(LOCAL) if unproven else answer)}
        started = time.monotonic()
        try:
            answer = self._module({**arguments, "nonce": nonce, "reached_as": now}, task_vars)
        except AnsibleConnectionFailure as error:
            # The module may have been at its end when the node went over.
            answer = {"pending": True, "changed": True, "lost": str(error)}
        result.update(answer)
        if not answer.get("pending") or answer.get("failed"):
            return result
        patience = max(int(arguments.get("undo_seconds") or 90) - MARGIN, 1)
        after, before = (str(each or "") for each in (arguments.get("address_after"), answer.get("reached_before")))
        hosts = [after or now]
        if arguments.get("state") == "absent" and self._connection.transport == "ssh":
            # Settings of before bring the address of before; address_after may still be that of the settings that go.
            hosts = list(dict.fromkeys(host for host in (after, before, now) if host))
        reason, failed = self._prove(nonce, hosts, now, started + patience, task_vars)
        if reason:
            result.update(failed=True, msg=_unproven(answer, hosts, reason))
        elif failed is not None:
            result.update(failed=True, msg=failed)
        else:
            result["pending"] = False
            if self._reached not in ("", now):
                result["reached_at"] = self._reached
        return result

    def _host(self, task_vars: Mapping[str, Any] | None) -> str:
        """Return the address under which the node is reached now."""
        if self._connection.transport == "ssh":
            return str(self._connection.get_option("host") or "")
        return str((task_vars or {}).get("ansible_host") or "")

    def _module(self, arguments: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module on the node."""
        answer = self._execute_module(module_name=MODULE, module_args=dict(arguments), task_vars=task_vars)
        if answer.get("unreachable"):
            raise AnsibleConnectionFailure(str(answer.get("msg", "")))
        return answer

    def _prove(
        self, nonce: str, hosts: Sequence[str], now: str, end: float, task_vars: dict[str, Any] | None
    ) -> tuple[str, str | None]:
        """Open new connections until one reads the nonce, then disarm the undo; return why that failed."""
        reason = ""
        # The connection of before leads over settings that are gone. Whoever comes next opens one of their own.
        self._connection.reset()
        while True:
            for host in hosts:
                with new_connection(self._connection, self._options(host, now), host=host):
                    reason = self._read(nonce)
                    if not reason:
                        self._reached = host
                        return "", self._confirm(nonce, task_vars)
            if time.monotonic() > end:
                return reason, None
            time.sleep(PAUSE)

    def _read(self, nonce: str) -> str:
        """Read the nonce over a new connection; return why that failed."""
        try:
            answer = self._low_level_execute_command(f"cat {NONCE}", sudoable=False)
        except AnsibleError as error:
            return str(error)
        if str(answer.get("stdout", "")).strip().endswith(nonce):
            return ""
        said = str(answer.get("stderr", "")).strip()[-200:]
        return f"the node has not gone over to the new settings: {said}"

    def _confirm(self, nonce: str, task_vars: dict[str, Any] | None) -> str | None:
        """Disarm the undo, when the links are as wanted; return what was wrong with that."""
        links = [] if self._task.args.get("state") == "absent" else self._task.args.get("links", [])
        try:
            answer = self._module({"state": "confirmed", "nonce": nonce, "links": links}, task_vars)
        except AnsibleConnectionFailure as error:
            return f"[NET-ADDR] The connection broke before the undo was disarmed: {short(str(error))}. Run again."
        return str(answer.get("msg", "")) if answer.get("failed") else None

    def _options(self, host: str, now: str) -> str:
        """Return the options of ssh for a new connection to an address, when now is the one of before."""
        if host == now:
            return NEW
        # Under its new address the node has to show the host key that it had under the old one.
        port = self._connection.get_option("port")
        return f"{NEW} -o HostKeyAlias={now if port in (None, 22) else f'[{now}]:{port}'}"


def _unproven(answer: Mapping[str, Any], hosts: Sequence[str], reason: str) -> str:
    when = f"at {answer['deadline']} (the node's clock)" if answer.get("deadline") else "within two minutes"
    return (
        f"[NET-ADDR] No new connection to the node could be proven ({' or '.join(hosts)}): {short(reason)}. The "
        f"former settings come back by themselves {when}, also when the node restarts meanwhile. Look at the addresses "
        "in network_links, and at network_address_after where the node is to be reached under another one. Run again."
    )
