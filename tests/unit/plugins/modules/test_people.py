# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module keeps people on a machine of the test."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _people as util
from ansible_collections.eucaim.local_node.plugins.modules import people


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
EMPTY: dict[str, Any] = {
    "state": "present",
    "role": None,
    "comment": None,
    "shell": None,
    "password_hash": None,
    "authorized_keys": None,
}


@pytest.fixture(name="now")
def _now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> util.Now:
    """This user lives in a home of the test."""
    me = pwd.getpwuid(os.getuid())
    group = people.read("/etc/group")
    line = f"{ME}:x:{me.pw_uid}:{me.pw_gid}::{tmp_path}:/bin/sh\n"
    now = util.parse(line, "", group + "basic:x:64001:\nadmin:x:64002:stranger\n")
    monkeypatch.setattr(people, "read_now", lambda: now)
    return now


def run(monkeypatch: pytest.MonkeyPatch, entries: Sequence[dict[str, Any]], check: bool = False, **options: Any) -> Any:
    """Run the module; return how it ended and what it called."""
    params = {
        "groups": {"basic": "basic", "admin": "admin"},
        "people": [{**EMPTY, **entry} for entry in entries],
        "shell": "/bin/bash",
        "software_directory": "software",
        "remove_groups": False,
        **options,
    }
    module = FakeModule(params, check)
    module.answers = params.pop("answers", [])
    monkeypatch.setattr(people, "AnsibleModule", module)
    with pytest.raises(Ended) as ended:
        people.main()
    return ended.value, module.calls


@pytest.mark.usefixtures("now")
def test_keys_and_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys and the software directory are made; check mode only tells."""
    entries: list[dict[str, Any]] = [{"name": ME, "role": "basic", "authorized_keys": ["ssh-ed25519 AAAA me"]}]
    told, calls = run(monkeypatch, entries, check=True)
    assert told.result["changed"]
    assert not calls
    assert not os.listdir(tmp_path)
    ended, calls = run(monkeypatch, entries)
    assert calls == [["/usr/bin/gpasswd", "--members", ME, "basic"], ["/usr/bin/gpasswd", "--members", "", "admin"]]
    assert ended.result["directories"] == [f"{tmp_path}/software: missing"]
    assert (tmp_path / ".ssh" / "authorized_keys").read_text() == "ssh-ed25519 AAAA me\n"
    assert (tmp_path / ".ssh").stat().st_mode & 0o777 == 0o700
    again, _ = run(monkeypatch, entries)
    assert again.result["directories"] == []


@pytest.mark.usefixtures("now")
def test_disabled_loses_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A disabled person's keys go; no file is made for it."""
    entries: list[dict[str, Any]] = [{"name": ME, "state": "disabled"}]
    ended, calls = run(monkeypatch, entries)
    assert ["/usr/bin/usermod", "--expiredate", "1", "--", ME] in calls
    assert not (tmp_path / ".ssh").exists()
    (tmp_path / ".ssh").mkdir(mode=0o700)
    (tmp_path / ".ssh" / "authorized_keys").write_text("key\n")
    ended, _ = run(monkeypatch, entries)
    assert any("authorized_keys: other content" in words for words in ended.result["accounts"])
    assert (tmp_path / ".ssh" / "authorized_keys").read_text() == ""


@pytest.mark.usefixtures("now")
def test_missing_people_in_check_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing account is told once, not with all that would be in its home."""
    entries: list[dict[str, Any]] = [
        {"name": "newcomer", "role": "admin", "authorized_keys": ["k"]},
        {"name": "gone", "state": "absent"},
        {"name": "left", "state": "disabled"},
    ]
    ended, _ = run(monkeypatch, entries, check=True)
    assert ended.result["directories"] == []
    assert ended.result["accounts"][0] == "account newcomer is missing"
    assert len(ended.result["accounts"]) == 2


@pytest.mark.usefixtures("now")
def test_link_in_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A symbolic link is told in check mode and refused otherwise."""
    (tmp_path / "software").symlink_to("/etc")
    told, _ = run(monkeypatch, [{"name": ME, "role": "basic"}], check=True)
    assert "is no directory" in told.result["directories"][0]
    ended, _ = run(monkeypatch, [{"name": ME, "role": "basic"}])
    assert ended.failed


@pytest.mark.usefixtures("now")
def test_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups go if nobody is left; nothing else is touched."""
    ended, calls = run(monkeypatch, [{"name": ME, "state": "absent"}], remove_groups=True)
    assert calls == [["/usr/bin/userdel", "--", ME], ["/usr/bin/groupdel", "basic"]]
    assert ended.result["changed"]


@pytest.mark.usefixtures("now")
def test_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that does not exist and a program that fails are said in words."""
    ended, _ = run(monkeypatch, [{"name": ME, "role": "king"}])
    assert "the role 'king' is none of basic, admin" in ended.result["msg"]
    ended, _ = run(monkeypatch, [{"name": "x", "state": "present"}], answers=[(9, "", "no space")])
    assert "useradd ended with 9: no space" in ended.result["msg"]


def test_real_files() -> None:
    """This machine's own accounts can be read."""
    if os.getuid() == 0:
        assert "root" in people.read_now().accounts
    else:
        with pytest.raises(PermissionError):
            people.read_now()
