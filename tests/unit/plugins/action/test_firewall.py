# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part: a new connection is proven, and nothing else disarms the undo."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.eucaim.local_node.plugins.action import firewall


class Connection:
    """A connection that remembers with which options it was asked."""

    def __init__(self, transport: str = "ssh") -> None:
        self.transport = transport
        self.options: dict[str, Any] = {"ssh_args": "-o ControlMaster=auto", "reconnection_retries": 2}
        self.resets = 0
        self._shell = SimpleNamespace(tmpdir="/nowhere")

    def get_option(self, option: str) -> Any:
        """Return an option."""
        return self.options[option]

    def set_option(self, option: str, value: Any) -> None:
        """Set an option."""
        self.options[option] = value

    def reset(self) -> None:
        """Count."""
        self.resets += 1


def given_or_raised(answer: Any) -> Any:
    """Return an answer, or raise it when it is an error."""
    if isinstance(answer, Exception):
        raise answer
    return answer


class World:
    """A node whose module and shell answer as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, transport: str = "ssh") -> None:
        self.connection = Connection(transport)
        self.calls: list[dict[str, Any]] = []
        self.foretold: list[bool] = []
        self.task: Any = None
        self.args_at_proof: list[str] = []
        self.applied: Any = {"changed": True, "pending": True, "deadline": "2026-11-25T16:20:13Z"}
        self.confirmed: Any = {"changed": True}
        self.proofs: list[Any] = []
        monkeypatch.setattr(firewall.ActionModule, "_execute_module", self.module)
        monkeypatch.setattr(firewall.ActionModule, "_low_level_execute_command", self.command)
        monkeypatch.setattr("time.sleep", lambda _seconds: None)

    def module(self, **given: Any) -> Any:
        """Answer for the module."""
        self.calls.append(given["module_args"])
        self.foretold.append(self.task.check_mode)
        return given_or_raised(self.confirmed if given["module_args"].get("state") == "confirmed" else self.applied)

    def command(self, cmd: str, sudoable: bool) -> Any:
        """Answer for the new connection."""
        assert cmd == f"cat {firewall.NONCE}"
        assert not sudoable
        if self.connection.transport == "ssh":
            assert self.connection.options["reconnection_retries"] == 0
        self.args_at_proof.append(self.connection.options["ssh_args"])
        return given_or_raised(self.proofs.pop(0) if self.proofs else {"stdout": f"{self.calls[0]['nonce']}\n"})

    def run(self, **args: Any) -> dict[str, Any]:
        """Run the action."""
        self.task = SimpleNamespace(action="firewall", args=args, async_val=0, check_mode=False)
        connection: Any = self.connection
        unused: Any = None
        action = firewall.ActionModule(self.task, connection, unused, unused, unused, unused)
        return action.run(task_vars={})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A node reached over SSH."""
    return World(monkeypatch)


def test_a_new_connection_is_proven_and_the_undo_disarmed(world: World) -> None:
    result = world.run(rules=[])
    assert result["pending"] is False
    assert not result.get("failed")
    assert [call.get("state") for call in world.calls] == [None, "confirmed"]
    assert world.calls[0]["nonce"] == world.calls[1]["nonce"] != ""
    assert world.args_at_proof == ["-o ControlMaster=no -o ControlPath=none -o ControlMaster=auto"]
    assert world.connection.options == {"ssh_args": "-o ControlMaster=auto", "reconnection_retries": 2}


def test_nothing_pending_needs_no_proof(world: World) -> None:
    world.applied = {"changed": False, "pending": False}
    assert world.run(state="compared")["changed"] is False
    assert world.args_at_proof == []


def test_a_refusal_is_handed_on(world: World) -> None:
    world.applied = {"failed": True, "pending": True, "msg": "no"}
    assert world.run()["msg"] == "no"
    assert world.args_at_proof == []


def test_the_proof_is_tried_again(world: World) -> None:
    world.proofs = [AnsibleConnectionFailure("timed out"), {"stdout": "", "stderr": "no such file"}]
    assert not world.run().get("failed")
    assert len(world.args_at_proof) == 3


def test_what_is_not_proven_stays_armed(world: World) -> None:
    world.proofs = [AnsibleConnectionFailure("timed out.")] * 2 + [{"stdout": "x", "stderr": "other"}]
    result = world.run()
    assert result["failed"]
    assert (
        "another answer than expected: other. The former rules come back by themselves at 2026-11-25T16:20:13Z"
        in (result["msg"])
    )
    assert len(world.calls) == 1


def test_a_connection_that_breaks_while_applying(world: World) -> None:
    world.applied = {"unreachable": True, "msg": "broken pipe"}
    result = world.run(undo_seconds=45)
    assert result["failed"]
    assert "broken pipe" in result["msg"]
    assert "within 45 seconds" in result["msg"]


def test_a_proof_that_comes_too_late_fails(world: World) -> None:
    world.confirmed = {"failed": True, "msg": "The undo had struck already."}
    result = world.run()
    assert (result["failed"], result["msg"]) == (True, "The undo had struck already.")


def test_a_connection_that_breaks_while_disarming(world: World) -> None:
    world.confirmed = AnsibleConnectionFailure("gone")
    assert "no new connection to the node could be proven: gone" in world.run()["msg"]


def test_another_transport_is_connected_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, "paramiko")
    assert not world.run().get("failed")
    assert world.connection.resets == 1


@pytest.mark.parametrize("state", [{}, {"state": "present"}, {"state": "compared"}])
def test_on_the_node_itself_no_change_can_be_proven(monkeypatch: pytest.MonkeyPatch, state: dict[str, str]) -> None:
    world = World(monkeypatch, "local")
    world.applied = {"changed": True, "needed": True, "pending": False}
    result = world.run(**state)
    assert result["failed"]
    assert "found: local, and rules of the firewall that would change" in result["msg"]
    assert (world.foretold, world.task.check_mode, world.args_at_proof) == ([True], False, [])
    world.applied = {"changed": False, "needed": False, "pending": False}
    assert world.run(**state) == world.applied
    world.applied = {"failed": True, "needed": True, "msg": "a port in use"}
    assert world.run(**state)["msg"] == "a port in use"


def test_on_the_node_itself_it_is_measured_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, "local")
    world.applied = {"changed": False, "rows": []}
    assert world.run(state="probe") == world.applied
    assert world.foretold == [False]
