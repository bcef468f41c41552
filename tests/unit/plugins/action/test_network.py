# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part: a new connection is proven, under the right address, and nothing else disarms the undo."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.eucaim.local_node.plugins.action import network


def told(answer: object) -> object:
    """Return an answer, or raise it where it is an error."""
    if isinstance(answer, Exception):
        error: Exception = answer
        raise error
    return answer


class Connection:
    """A connection that remembers with which options it was asked."""

    def __init__(self, transport: str, port: int | None) -> None:
        self.transport = transport
        self.options: dict[str, Any] = {"ssh_args": "-C", "reconnection_retries": 2, "host": "192.0.2.1", "port": port}
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


class World:
    """A node whose module and shell answer as a test says, and a clock that runs by waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, transport: str = "ssh", port: int | None = 22) -> None:
        self.connection = Connection(transport, port)
        self.calls: list[dict[str, Any]] = []
        self.foretold: list[bool] = []
        self.task: Any = None
        self.proofs: list[tuple[str, str]] = []
        self.applied: Any = {"changed": True, "pending": True, "deadline": "2026-11-25T16:20:13Z"}
        self.confirmed: Any = {"changed": True}
        self.reachable: Any = ("192.0.2.1",)
        self.said = ""
        self.now = 0.0
        monkeypatch.setattr(network.ActionModule, "_execute_module", self.module)
        monkeypatch.setattr(network.ActionModule, "_low_level_execute_command", self.command)
        monkeypatch.setattr("time.sleep", self.sleep)
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def sleep(self, seconds: float) -> None:
        """Let the clock run."""
        self.now += seconds

    def module(self, **given: Any) -> Any:
        """Answer for the module."""
        self.calls.append({**given["module_args"], "host": self.connection.options["host"]})
        self.foretold.append(self.task.check_mode)
        answer = self.confirmed if given["module_args"].get("state") == "confirmed" else self.applied
        return told(answer)

    def command(self, cmd: str, sudoable: bool) -> Any:
        """Answer for the new connection."""
        assert cmd == f"cat {network.NONCE}"
        assert not sudoable
        host = self.connection.options["host"]
        self.proofs.append((host, self.connection.options["ssh_args"]))
        if host not in self.reachable:
            raise AnsibleConnectionFailure("No route to host.")
        return {"stdout": self.said or f"{self.calls[-1]['nonce']}\n", "stderr": "no such file"}

    def run(self, **args: Any) -> dict[str, Any]:
        """Run the action."""
        self.task = SimpleNamespace(action="network", args=args, async_val=0, check_mode=False)
        connection: Any = self.connection
        unused: Any = None
        action = network.ActionModule(self.task, connection, unused, unused, unused, unused)
        return action.run(task_vars={"ansible_host": "192.0.2.7"})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A node that is reached over SSH."""
    return World(monkeypatch)


def test_a_new_connection_disarms_the_undo(world: World) -> None:
    result = world.run(links=[{"name": "enp1s0"}])
    assert not result.get("failed")
    assert not result["pending"]
    assert world.calls[0]["reached_as"] == "192.0.2.1"
    assert (world.calls[1]["state"], world.calls[1]["nonce"]) == ("confirmed", world.calls[0]["nonce"])
    # A connection may get in by other settings than those.
    assert world.calls[1]["links"] == [{"name": "enp1s0"}]
    ((_host, arguments),) = world.proofs
    assert arguments == f"{network.NEW} -C"
    assert world.connection.options == {"ssh_args": "-C", "reconnection_retries": 2, "host": "192.0.2.1", "port": 22}
    assert world.connection.resets == 1


def test_what_changes_nothing_is_not_proven(world: World) -> None:
    world.applied = {"changed": False, "pending": False}
    assert world.run() == {"changed": False, "pending": False}
    world.applied = {"failed": True, "pending": True, "msg": "no"}
    assert world.run()["msg"] == "no"
    assert world.proofs == []


def test_a_node_that_nobody_reaches_is_left_to_its_undo(world: World) -> None:
    world.reachable = ()
    result = world.run(undo_seconds=90)
    assert result["failed"]
    assert "No new connection to the node could be proven (192.0.2.1): No route to host. The" in result["msg"]
    assert "2026-11-25T16:20:13Z" in result["msg"]
    assert [call.get("state") for call in world.calls] == [None]
    # The last try leaves time for what comes after it.
    assert 90 - network.MARGIN <= world.now <= 90 - network.MARGIN + network.PAUSE


def test_a_node_that_has_not_gone_over_proves_nothing(world: World) -> None:
    world.said = "another"
    result = world.run(undo_seconds=45)
    assert "has not gone over to the new settings: no such file" in result["msg"]
    assert len(world.proofs) > 2


@pytest.mark.parametrize(("port", "alias"), [(22, "192.0.2.1"), (None, "192.0.2.1"), (2222, "[192.0.2.1]:2222")])
def test_under_a_new_address_it_shows_its_host_key(
    monkeypatch: pytest.MonkeyPatch, port: int | None, alias: str
) -> None:
    world = World(monkeypatch, port=port)
    world.reachable = ("192.0.2.9",)
    assert world.run(address_after="192.0.2.9")["reached_at"] == "192.0.2.9"
    ((host, arguments),) = world.proofs
    assert host == "192.0.2.9"
    assert f"-o HostKeyAlias={alias} -C" in arguments
    assert world.calls[1]["host"] == "192.0.2.9"
    assert world.connection.options["host"] == "192.0.2.1"


def test_after_removal_it_may_be_where_it_was_before(world: World) -> None:
    world.applied["reached_before"] = "192.0.2.5"
    world.reachable = ("192.0.2.5",)
    assert not world.run(state="absent", links=[{"name": "enp1s0"}])["pending"]
    assert world.calls[1]["links"] == []
    assert [host for host, _arguments in world.proofs] == ["192.0.2.5"]
    world.proofs.clear()
    assert world.run(state="present", undo_seconds=45)["failed"]
    assert {host for host, _arguments in world.proofs} == {"192.0.2.1"}


def test_after_removal_the_address_after_may_be_gone_with_the_settings(world: World) -> None:
    world.applied["reached_before"] = "192.0.2.5"
    world.reachable = ("192.0.2.5",)
    result = world.run(state="absent", address_after="192.0.2.9")
    assert (result["pending"], result["reached_at"]) == (False, "192.0.2.5")
    assert [host for host, _arguments in world.proofs] == ["192.0.2.9", "192.0.2.5"]
    world.proofs.clear()
    world.reachable = ("192.0.2.1",)
    assert "reached_at" not in world.run(state="absent", address_after="192.0.2.9")
    assert [host for host, _arguments in world.proofs] == ["192.0.2.9", "192.0.2.5", "192.0.2.1"]


def test_another_transport_is_asked_where_it_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, "paramiko")
    world.applied["reached_before"] = "192.0.2.5"
    result = world.run(state="absent")
    assert (result["pending"], "reached_at" in result) == (False, False)


def test_a_module_whose_connection_broke_may_have_been_at_its_end(world: World) -> None:
    world.applied = AnsibleConnectionFailure("broken pipe")
    assert not world.run()["pending"]
    world.applied = {"unreachable": True, "msg": "broken pipe"}
    world.reachable = ()
    assert "come back by themselves within two minutes" in world.run()["msg"]


def test_an_undo_that_struck_before_is_told(world: World) -> None:
    world.confirmed = {"failed": True, "msg": "the undo had struck"}
    assert world.run()["msg"] == "the undo had struck"
    world.confirmed = {"unreachable": True, "msg": "gone."}
    assert world.run()["msg"].endswith("before the undo was disarmed: gone. Run again.")


def test_another_transport_opens_its_connection_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, "paramiko")
    assert not world.run()["pending"]
    assert world.calls[0]["reached_as"] == "192.0.2.7"
    assert world.connection.resets == 2


@pytest.mark.parametrize("state", [{}, {"state": "absent"}])
def test_on_the_node_itself_no_change_can_be_proven(monkeypatch: pytest.MonkeyPatch, state: dict[str, str]) -> None:
    world = World(monkeypatch, "local")
    result = world.run(**state)
    assert result["failed"]
    assert "found: local, and settings of the network that would change" in result["msg"]
    assert (world.foretold, world.task.check_mode, world.proofs) == ([True], False, [])
    world.applied = {"changed": False, "pending": False}
    assert world.run(**state) == world.applied
    world.applied = {"failed": True, "msg": "no adapter"}
    assert world.run(**state)["msg"] == "no adapter"


def test_on_the_node_itself_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, "local")
    world.applied = {"changed": False, "rows": []}
    assert world.run(state="probe") == world.applied
    assert world.foretold == [False]
