# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counter counts every module, and only those: compared with what the interpreter of the "node" was started for."""

from __future__ import annotations

import getpass
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.perf import counting
from tests.site.driver import playbook

HOST = "counted"


@pytest.fixture
def starts(tmp_path: Path) -> Path:
    """A file with one line for each start of the interpreter that modules run with."""
    path = tmp_path / "starts"
    path.write_text("", encoding="utf-8")
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\necho x >> {path}\nexec {sys.executable} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    return path


def run(tmp_path: Path, tasks: list[dict[str, Any]], **play: Any) -> counting.Executions:
    """Run these tasks on this machine as on a node, and count."""
    inventory = tmp_path / "hosts.json"
    settings = {
        "ansible_connection": "local",
        "ansible_pipelining": True,
        "ansible_python_interpreter": str(tmp_path / "python"),
        "ansible_remote_tmp": str(tmp_path / "remote"),
        "ansible_user": getpass.getuser(),
    }
    inventory.write_text(json.dumps({"all": {"hosts": {HOST: settings}}}), encoding="utf-8")
    book = tmp_path / "play.json"
    content = {"name": "Counted", "hosts": HOST, "gather_facts": False, "tasks": tasks}
    book.write_text(json.dumps([content | play]), encoding="utf-8")
    (tmp_path / "template.j2").write_text("text\n", encoding="utf-8")
    path = tmp_path / "executions"
    playbook(str(book), inventory=inventory, env=counting.environment(path)).succeeded()
    return counting.read(path, [HOST])


def modules(tmp_path: Path, starts: Path, tasks: list[dict[str, Any]], **play: Any) -> int:
    """How many modules were counted, which must be how often the interpreter was started."""
    found = run(tmp_path, tasks, **play)
    assert found.modules == len(starts.read_text(encoding="utf-8").split())
    return found.modules


def test_one_module_is_one(tmp_path: Path, starts: Path) -> None:
    """The usual case."""
    assert modules(tmp_path, starts, [{"name": "Ping", "ansible.builtin.ping": {}}]) == 1


def test_a_loop_is_one_for_each_item(tmp_path: Path, starts: Path) -> None:
    """A loop saves nothing."""
    assert modules(tmp_path, starts, [{"name": "Ping", "ansible.builtin.ping": {}, "loop": [1, 2, 3]}]) == 3


def test_what_stays_on_the_control_machine_is_none(tmp_path: Path, starts: Path) -> None:
    """Skipped tasks, words and facts cost the node nothing."""
    tasks: list[dict[str, Any]] = [
        {"name": "Skip", "ansible.builtin.ping": {}, "when": False},
        {"name": "Say", "ansible.builtin.debug": {"msg": "words"}},
        {"name": "Set", "ansible.builtin.set_fact": {"fact": 1}},
    ]
    assert modules(tmp_path, starts, tasks) == 0


@pytest.mark.parametrize("action", ["template", "copy"])
def test_an_unchanged_file_is_two(tmp_path: Path, starts: Path, action: str) -> None:
    """These actions look with one module and act with another."""
    target = tmp_path / "target"
    shutil.copy(__file__, target)
    source = str(target) if action == "copy" else str(tmp_path / "template.j2")
    task = {"name": "Write", f"ansible.builtin.{action}": {"src": source, "dest": str(tmp_path / "written")}}
    assert modules(tmp_path, starts, [task, task]) == 4


def test_facts_are_one(tmp_path: Path, starts: Path) -> None:
    """Those that a play gathers by itself, too."""
    assert modules(tmp_path, starts, [], gather_facts=True) == 1


def test_an_action_of_ours_is_what_it_executes(tmp_path: Path, starts: Path) -> None:
    """The check of inputs gathers facts once, and asks for the routes beside."""
    task = {"name": "Check", "eucaim.local_node.validate_inputs": {"roles": ["report"]}}
    found = run(tmp_path, [task, task])
    assert found.modules == len(starts.read_text(encoding="utf-8").split()) == 1
    assert found.by_module == {"setup": 1}
    assert found.commands == 1


def test_a_raw_command_is_no_module(tmp_path: Path, starts: Path) -> None:
    """It is told apart."""
    found = run(tmp_path, [{"name": "Ask", "ansible.builtin.raw": "true"}])
    assert (found.modules, found.commands) == (0, 1)
    assert not starts.read_text(encoding="utf-8")


def test_a_task_that_is_delegated_counts_where_it_runs(tmp_path: Path, starts: Path) -> None:
    """What runs on the control machine is no way to the node."""
    task = {"name": "Elsewhere", "ansible.builtin.ping": {}, "delegate_to": "localhost"}
    assert run(tmp_path, [task]).modules == 0
    assert counting.read(tmp_path / "executions", ["localhost"]).modules == 1
    assert not starts.read_text(encoding="utf-8")


def test_roles_are_told_apart(tmp_path: Path) -> None:
    """Fields of a line: host, kind, role, module."""
    path = tmp_path / "executions"
    path.write_text(
        "a\tmodule\t-\tansible.legacy.setup\n"
        "a\tmodule\tbase\tansible.builtin.file\n"
        "a\tmodule\tbase\tansible.legacy.file\n"
        "a\tcommand\tbase\tansible.builtin.template\n"
        "b\tmodule\tdocker\tansible.builtin.ping\n",
        encoding="utf-8",
    )
    found = counting.read(path, ["a"])
    assert found.by_role == {"-": 1, "base": 2}
    assert found.by_module == {"setup": 1, "file": 2}
    assert (found.modules, found.commands) == (3, 1)
    assert counting.read(path, ["a", "b"]).modules == 4
