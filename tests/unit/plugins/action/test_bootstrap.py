# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action asks, refuses in words, installs once and proves what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.eucaim.local_node.plugins.action import bootstrap
from ansible_collections.eucaim.local_node.plugins.modules import bootstrap as module

BARE = "uid 1000\nuser ann\ngroups users\nmanager apt-get\nend\n"
READY = "uid 1000\nuser ann\ngroups users sudo\nhas sudo\nhas python3\nmanager apt-get\nend\n"
ROOT = "uid 0\nuser root\ngroups root\nmanager apt-get\nend\n"
PASSWORD = "s3cr3t-of-the-proxy"


class Node:
    """A node that answers, one after the other, what a test wants."""

    def __init__(self) -> None:
        self.looks: list[str | Exception] = []
        self.install: dict[str, Any] | Exception = {"rc": 0}
        self.calls: list[tuple[str, bool]] = []
        self.files: dict[str, str] = {}
        self.removed: list[str] = []

    def command(self, command: str, sudoable: bool) -> dict[str, Any]:
        """Run a command."""
        looking = command.startswith("\necho uid")
        self.calls.append(("look" if looking else command, sudoable))
        answer = self.looks.pop(0) if looking else self.install
        if isinstance(answer, Exception):
            raise answer
        return {"stdout": answer, "stderr": "boom\n"} if isinstance(answer, str) else answer

    def transfer(self, path: str, data: str) -> None:
        """Keep a file."""
        self.files[path] = data


@pytest.fixture(name="node")
def _node() -> Node:
    return Node()


Run = Callable[..., dict[str, Any]]


@pytest.fixture(name="run")
def _run(node: Node, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*looks: str | Exception, method: str = "su", check: bool = False, **arguments: Any) -> dict[str, Any]:
        node.looks = list(looks)
        loader = DataLoader()
        connection = MagicMock()
        connection.become.name = f"ansible.builtin.{method}"
        action = bootstrap.ActionModule(
            task=MagicMock(async_val=0, check_mode=check, args=arguments),
            connection=connection,
            play_context=MagicMock(check_mode=check),
            loader=loader,
            templar=Templar(loader=loader, variables={}),
            shared_loader_obj=MagicMock(),
        )
        monkeypatch.setattr(action, "_low_level_execute_command", node.command)
        monkeypatch.setattr(action, "_make_tmp_path", lambda: "/home/ann/.ansible/tmp/x/")
        monkeypatch.setattr(action, "_transfer_data", node.transfer)
        monkeypatch.setattr(action, "_remove_tmp_path", node.removed.append)
        result = action.run(None, {"inventory_hostname": "node1", "ansible_host": "192.0.2.7"})
        # A login from before does not know of a group that is new.
        assert connection.reset.called == (len(node.calls) == 3)
        return result

    return run


def variables(result: dict[str, Any]) -> list[str]:
    """Return what the refusals are about."""
    return [item["variable"] for item in result["refusals"]]


def test_a_node_that_has_everything_is_left_alone(run: Run, node: Node) -> None:
    result = run(READY)
    assert (result["changed"], result["packages"]) == (False, [])
    assert result["diff"]["before"] == result["diff"]["after"]
    assert node.calls == [("look", False)]


def test_a_bare_node_is_prepared_and_proven(run: Run, node: Node) -> None:
    result = run(BARE, READY, http_proxy=f"http://ann:{PASSWORD}@proxy:3128", no_proxy=["a", "b"])
    assert (result["changed"], result["packages"]) == (True, ["python3", "sudo"])
    path = "/home/ann/.ansible/tmp/x/bootstrap.sh"
    assert node.calls == [("look", False), (f"/bin/sh {path}", True), ("look", False)]
    script = node.files[path]
    assert script.count(PASSWORD) == 2
    assert "export no_proxy=a,b" in script
    assert PASSWORD not in str(result)
    assert node.removed == ["/home/ann/.ansible/tmp/x/"]


def test_root_needs_nobody_to_become_root(run: Run, node: Node) -> None:
    assert run(ROOT, READY, method="sudo")["changed"] is True
    assert node.calls[1][1] is False


def test_check_mode_foretells(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(bootstrap.DISPLAY, "display", said.append)
    result = run(BARE, check=True)
    assert said == ["node1: would install python3 and sudo; ann would be a member of sudo"]
    assert (result["changed"], result["msg"][:13]) == (True, "would install")
    assert node.calls == [("look", False)]


def test_no_way_to_become_root_is_refused(run: Run, node: Node) -> None:
    result = run(BARE, method="sudo")
    assert (result["failed"], result["changed"], variables(result)) == (True, False, ["ansible_become_method"])
    assert result["msg"].startswith("1 refusal for node1; nothing was changed.")
    assert node.calls == [("look", False)]


@pytest.mark.parametrize("look", ["This account is not available.", AnsibleConnectionFailure("x\nNo route to host")])
def test_a_node_that_does_not_answer(run: Run, look: str | Exception) -> None:
    result = run(look)
    assert variables(result) == ["ansible_host"]
    assert ("boom" if isinstance(look, str) else "No route to host") in result["refusals"][0]["found"]


@pytest.mark.parametrize(
    ("install", "words"),
    [
        (AnsibleError("Incorrect su password"), "Incorrect su password"),
        ({"rc": 100, "stderr": "E: Unable to locate package sudo\n"}, "E: Unable to locate package sudo"),
        ({"rc": 1, "stdout": "su: Authentication failure\n"}, "su: Authentication failure"),
        ({"rc": 1}, "no reason given"),
    ],
)
def test_an_installation_that_fails(run: Run, node: Node, install: dict[str, Any] | Exception, words: str) -> None:
    node.install = install
    result = run(BARE)
    assert variables(result) == ["ansible_become_password"]
    assert result["refusals"][0]["found"].endswith(words)
    assert node.removed == ["/home/ann/.ansible/tmp/x/"]


def test_an_installation_that_brought_nothing(run: Run) -> None:
    result = run(BARE, BARE)
    assert variables(result) == ["ansible_host"]
    assert "though the installation ended well" in result["refusals"][0]["found"]


def test_what_the_module_documents_is_what_the_action_takes() -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert sorted(documented) == sorted(bootstrap.ARGUMENTS)
