# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No gate is silenced anywhere: no skip list, no ignore file, no comment that hides a finding."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    if name and not name.startswith(".collections/") and (ROOT / name).is_file()
)
PYTHON = [path for path in FILES if path.suffix in {".py", ".pyi"}]
YAML = [path for path in FILES if path.suffix in {".yml", ".yaml"}]
SELF = Path(__file__).resolve()
SILENCERS = {
    "ruff": r"#\s*(ruff:\s*)?no" + r"qa|#\s*ruff:\s*(ignore|disable)",
    "mypy": r"#\s*type:\s*ig" + r"nore|#\s*mypy:\s*\S",
    "coverage": r"pragma:\s*no\s+(cover|branch)",
    "pytest": r"pytest\.(skip|xfail|importorskip)|mark\.(skip|skipif|xfail)\b|@unittest\.skip",
    "pylint": r"#\s*pylint:\s*disable",
}
YAML_SILENCERS = {
    "ansible-lint": r"#\s*no" + r"qa",
    "yamllint": r"#\s*yamllint\s+disable",
    "ignore_errors": r"^\s*(- )?ignore_errors\s*:",
    "ignore_unreachable": r"^\s*(- )?ignore_unreachable\s*:\s*(true|yes)",
    "failed_when": r"^\s*(- )?failed_when\s*:\s*false\s*$",
}


def hits(files: list[Path], pattern: str) -> list[str]:
    """List each line of the files that matches."""
    found = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        if path != SELF
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if found.search(line)
    ]


def test_there_is_something_to_look_at() -> None:
    """An empty listing would make every test below pass."""
    assert len(PYTHON) > 10
    assert len(YAML) > 10


@pytest.mark.parametrize("tool", SILENCERS)
def test_no_python_finding_is_silenced(tool: str) -> None:
    """No comment switches a check of Python code off."""
    assert hits(PYTHON, SILENCERS[tool]) == []


@pytest.mark.parametrize("tool", YAML_SILENCERS)
def test_no_yaml_finding_is_silenced(tool: str) -> None:
    """No comment and no keyword hides a finding or a failure in YAML."""
    assert hits(YAML, YAML_SILENCERS[tool]) == []


def test_no_shell_finding_is_silenced() -> None:
    """Shell scripts carry no directive that disables a check."""
    scripts = [path for path in FILES if path.parent.name in {"scripts", "lib", ".ci"}]
    assert scripts
    assert hits(scripts, r"shellcheck\s+disable") == []


def test_no_ignore_files() -> None:
    """No file that lists accepted findings."""
    names = {path.name for path in FILES}
    assert not [
        name for name in names if re.fullmatch(r"ignore-.*\.txt|\.ansible-lint-ignore|\.pylintrc|\.mypy\.ini", name)
    ]


def test_ansible_lint_skips_nothing() -> None:
    """Empty skip and warn lists, production profile."""
    settings = yaml.safe_load((ROOT / ".ansible-lint").read_text())
    assert settings["profile"] == "production"
    assert settings["skip_list"] == settings["warn_list"] == []
    assert {"mock_modules", "mock_roles", "kinds", "skip_action_validation"}.isdisjoint(settings)


def test_python_tools_ignore_nothing() -> None:
    """Neither ruff, mypy, pytest nor coverage has an exception from its rules."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    lint = tools["ruff"]["lint"]
    assert not [key for key in lint if "ignore" in key]
    assert "overrides" not in tools["mypy"]
    assert tools["mypy"]["strict"] is True
    assert not [key for key in tools["mypy"] if "ignore" in key]
    assert tools["coverage"]["report"]["fail_under"] == 100
    assert tools["coverage"]["run"]["branch"] is True
    assert "omit" not in tools["coverage"]["run"]


def tasks_in(node: Any) -> Iterator[dict[str, Any]]:
    """Walk plays, blocks and handlers down to the tasks."""
    if isinstance(node, list):
        for item in node:
            yield from tasks_in(item)
    elif isinstance(node, dict):
        yield node
        for key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
            yield from tasks_in(node.get(key))


def test_only_reading_commands_are_never_changed() -> None:
    """`changed_when: false` stands on commands that read and on modules that only predict, not on what changes."""
    wrong = [
        f"{path.relative_to(ROOT)}: {task.get('name')}"
        for path in YAML
        if path.relative_to(ROOT).parts[0] in {"roles", "playbooks"}
        and ("tasks" in path.parts or "playbooks" in path.parts)
        for task in tasks_in(yaml.safe_load(path.read_text()))
        if task.get("changed_when") is False
        and task.get("check_mode") is not True
        and not {"ansible.builtin.command", "ansible.builtin.shell"} & set(task)
    ]
    assert wrong == []
