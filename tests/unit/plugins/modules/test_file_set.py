# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module keeps files in a folder of the test."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import file_set


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule; programs answer from a table and are written down."""

    def __init__(self, params: dict[str, Any], check_mode: bool = False) -> None:
        self.params = params
        self.check_mode = check_mode
        self._diff = True
        self.run_command_environ_update: dict[str, str] = {}
        self.calls: list[list[str]] = []
        self.answers: list[tuple[int, str, str]] = []
        self.warnings: list[str] = []

    def __call__(self, **_options: Any) -> FakeModule:
        """Stand in for the class too."""
        return self

    def get_bin_path(self, name: str, required: bool = False) -> str | None:
        """Say where a program is."""
        return f"/usr/bin/{name}"

    def run_command(self, argv: Sequence[str], data: str | None = None) -> tuple[int, str, str]:
        """Answer as a program would."""
        self.calls.append([*argv, *([data] if data else [])])
        return self.answers.pop(0) if self.answers else (0, "", "")

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End badly."""
        raise Ended(True, {"msg": msg, **result})


ME = pwd.getpwuid(os.getuid()).pw_name
MINE = grp.getgrgid(os.getgid()).gr_name


def run(
    monkeypatch: pytest.MonkeyPatch, check: bool = False, answers: Sequence[tuple[int, str, str]] = (), **params: Any
) -> Ended:
    """Run the module."""
    own = {"owner": ME, "group": MINE}
    options = {
        "directories": [{"mode": "0755", **own, **entry} for entry in params.get("directories", [])],
        "files": [{"mode": "0644", **own, "validate": None, **entry} for entry in params.get("files", [])],
        "absent": params.get("absent", []),
        "absent_directories": params.get("absent_directories", []),
    }
    module = FakeModule(options, check)
    module.answers = list(answers)
    monkeypatch.setattr(file_set, "AnsibleModule", module)
    with pytest.raises(Ended) as ended:
        file_set.main()
    return ended.value


def test_made_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """First made, then left alone; check mode only tells."""
    task: dict[str, Any] = {
        "directories": [{"path": str(tmp_path / "d")}],
        "files": [{"path": str(tmp_path / "d" / "a"), "content": "text\n", "validate": "true %s"}],
    }
    told = run(monkeypatch, check=True, **task)
    assert told.result["changed_paths"] == [str(tmp_path / "d"), str(tmp_path / "d" / "a")]
    assert not (tmp_path / "d").exists()
    made = run(monkeypatch, **task)
    assert made.result["changed"]
    assert (tmp_path / "d" / "a").read_text() == "text\n"
    assert made.result["diff"][1]["after"].endswith("mode 0644)\ntext\n")
    assert run(monkeypatch, **task).result == {"changed": False, "changed_paths": [], "differences": []}


def test_refused_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A validator that says no stops the task and keeps the file."""
    (tmp_path / "a").write_text("old")
    task: dict[str, Any] = {"files": [{"path": str(tmp_path / "a"), "content": "new", "validate": "visudo -cf %s"}]}
    ended = run(monkeypatch, answers=[(1, "", "syntax error")], **task)
    assert ended.failed
    assert "visudo does not accept the new content: syntax error" in ended.result["msg"]
    assert (tmp_path / "a").read_text() == "old"


def test_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files go; directories only if nothing else is in them."""
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ours").write_text("")
    (tmp_path / "full" / "theirs").write_text("")
    task: dict[str, Any] = {
        "absent": [str(tmp_path / name / "ours") for name in ("empty", "full", "no")],
        "absent_directories": [str(tmp_path / name) for name in ("empty", "full", "no")],
    }
    gone = [str(tmp_path / "empty" / "ours"), str(tmp_path / "full" / "ours"), str(tmp_path / "empty")]
    assert run(monkeypatch, check=True, **task).result["changed_paths"] == gone
    assert run(monkeypatch, **task).result["changed_paths"] == gone
    assert sorted(os.listdir(tmp_path)) == ["full"]
    assert not run(monkeypatch, **task).result["changed"]


@pytest.mark.parametrize(
    ("entry", "says"), [({"mode": "rw"}, "not octal"), ({"owner": "no-such-user"}, "no-such-user")]
)
def test_bad_entries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, entry: dict[str, str], says: str) -> None:
    """What cannot be done is said in words."""
    ended = run(monkeypatch, directories=[{"path": str(tmp_path / "d"), **entry}])
    assert ended.failed
    assert says in ended.result["msg"]
