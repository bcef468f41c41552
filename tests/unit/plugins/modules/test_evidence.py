# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module measures this machine and keeps rows in a folder of the test."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import CommandState, PackageState, UnitState
from ansible_collections.eucaim.local_node.plugins.modules import evidence

ME = pwd.getpwuid(os.getuid()).pw_name
MY_GROUP = grp.getgrgid(os.getgid()).gr_name


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule."""

    params: dict[str, Any]

    def __init__(self, **_options: Any) -> None:
        self.check_mode = CHECK_MODE[0]
        self.params = dict(PARAMS)
        self.programs: dict[str, tuple[int, str, str]] = dict(PROGRAMS)
        self.calls: list[list[str]] = CALLS
        self.warnings: list[str] = WARNINGS

    def get_bin_path(self, name: str) -> str | None:
        """Say where a program is."""
        return f"/usr/bin/{name}" if name in self.programs else None

    def run_command(self, argv: Sequence[str], environ_update: dict[str, str], errors: str) -> tuple[int, str, str]:
        """Answer as a program would."""
        assert environ_update["LC_ALL"] == "C"
        assert errors == "replace"
        assert argv[0] == "timeout"
        self.calls.append(list(argv))
        return self.programs[argv[2]]

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, **result: Any) -> NoReturn:
        """End badly."""
        raise Ended(True, result)


def fake() -> Any:
    """Return such a module."""
    return FakeModule()


CHECK_MODE = [False]
PARAMS: dict[str, Any] = {}
PROGRAMS: dict[str, tuple[int, str, str]] = {}
CALLS: list[list[str]] = []
WARNINGS: list[str] = []


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "AnsibleModule", FakeModule)
    CHECK_MODE[0] = False
    for container in (PARAMS, PROGRAMS, CALLS, WARNINGS):
        container.clear()


def run(directory: Path, *, failed: bool = False, **params: Any) -> dict[str, Any]:
    """Run the module and return its result."""
    PARAMS.update(
        {
            "state": "present",
            "role": "base",
            "directory": str(directory),
            "checks": [],
            "rows": [],
            "documents": {},
            **params,
        }
    )
    with pytest.raises(Ended) as ended:
        evidence.main()
    assert ended.value.failed is failed, ended.value.result
    return ended.value.result


def test_documents_of_all_roles_are_read(tmp_path: Path) -> None:
    run(tmp_path, documents={"hardware": {"cores": 8}})
    run(tmp_path, role="docker", rows=[a_row(requirement="CT-RUN")])
    found = run(tmp_path, state="read")
    assert found["documents"] == {"hardware": {"cores": 8}}
    assert found["problems"] == []


def a_row(**changes: Any) -> dict[str, Any]:
    """Return a row as plain data."""
    fields = {"requirement": "OS-LTS", "status": "met", "expected": "e", "measured": "m", "how": "h"}
    return {**fields, **changes}


# ----------------------------------------------------------------------- the whole


def test_rows_are_written_read_and_removed(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "evidence"
    checked = [{"kind": "path", "requirement": "OS-DIRS", "path": str(tmp_path / "nothing")}]
    result = run(directory, checks=checked, rows=[a_row()])
    path = directory / "base.json"
    assert result["file"] == str(path)
    assert (result["changed"], result["written"], result["unmet"]) == (False, True, ["OS-DIRS"])
    assert [row["requirement"] for row in result["rows"]] == ["OS-LTS", "OS-DIRS"]
    assert oct(path.stat().st_mode & 0o7777) == "0o640"
    assert os.listdir(directory) == ["base.json"]

    (directory / "broken.json").write_text("{", encoding="utf-8")
    (directory / "latin.json").write_bytes(b"\xff")
    read = run(directory, state="read", role=None)
    assert read["rows"] == result["rows"]
    assert read["unmet"] == ["OS-DIRS"]
    (kept,) = read["files"]
    assert (kept["role"], kept["path"], kept["rows"]) == ("base", str(path), result["rows"])
    assert kept["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [problem.split(":")[0] for problem in read["problems"]] == [
        str(directory / "broken.json"),
        str(directory / "latin.json"),
    ]

    assert run(directory, state="absent")["changed"] is True
    assert run(directory, state="absent")["changed"] is False
    assert sorted(os.listdir(directory)) == ["broken.json", "latin.json"]


def test_the_last_one_out_removes_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "evidence"
    run(directory)
    CHECK_MODE[0] = True
    assert run(directory, state="absent")["changed"] is True
    assert directory.exists()
    CHECK_MODE[0] = False
    run(directory, state="absent")
    assert not directory.exists()


def test_check_mode_measures_and_writes_nothing(tmp_path: Path) -> None:
    CHECK_MODE[0] = True
    result = run(tmp_path / "evidence", rows=[a_row()])
    assert result["written"] is False
    assert len(result["rows"]) == 1
    assert WARNINGS == []
    assert os.listdir(tmp_path) == []


def test_a_user_who_may_not_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_arguments: Any, **_options: Any) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(os, "makedirs", forbidden)
    assert run(tmp_path / "evidence", rows=[a_row()])["written"] is False
    assert "may not write there" in WARNINGS[0]


def test_a_write_that_breaks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, rows=[a_row()])
    before = (tmp_path / "base.json").read_text(encoding="utf-8")

    def full(_number: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run(tmp_path, failed=True, rows=[a_row(status="unmet")])
    assert "No space left" in result["msg"]
    assert os.listdir(tmp_path) == ["base.json"]
    assert (tmp_path / "base.json").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"role": "../etc/passwd"}, "is no name of a role"),
        ({"rows": [{"requirement": "OS-LTS"}]}, "a row needs"),
        ({"checks": [{"kind": "magic"}]}, "no kind of check"),
    ],
)
def test_mistakes_of_a_role_fail(tmp_path: Path, params: dict[str, Any], words: str) -> None:
    assert words in run(tmp_path, failed=True, **params)["msg"]
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------- one by one


def test_paths(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("alpha\n", encoding="utf-8")
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    wanted = [{"path": str(file)}, {"path": str(file), "contains": "a"}, {"path": str(tmp_path), "sha256": "x"}]
    states = evidence.measure_paths([*wanted, {"path": str(link)}, {"path": str(fifo)}, {"path": f"{file}/below"}])
    kept = states[str(file)]
    assert (kept.type, kept.mode, kept.owner, kept.group, kept.text) == ("file", "0640", ME, MY_GROUP, "alpha\n")
    assert kept.sha256 == hashlib.sha256(b"alpha\n").hexdigest()
    assert [states[str(path)].type for path in (tmp_path, link, fifo)] == ["directory", "link", "other"]
    assert states[f"{file}/below"].type == "absent"
    assert evidence.measure_path(str(file), False).sha256 == ""


def test_a_path_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_path: str) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", forbidden)
    assert evidence.measure_path("/secret", False).problem == "/secret: Permission denied"


def test_ids_without_a_name_are_numbers() -> None:
    def nobody(_number: int) -> NoReturn:
        raise KeyError

    assert evidence.account(nobody, 4711) == "4711"


def test_packages_are_asked_once() -> None:
    PROGRAMS["dpkg-query"] = (1, "ii \tgit\t1\n", "dpkg-query: no packages found matching wget")
    found = evidence.measure_packages(fake(), ["git", "wget"])
    assert found == ({"git": PackageState("1", False)}, "")
    assert len(CALLS) == 1
    assert CALLS[0][-2:] == ["git", "wget"]


def test_packages_of_other_families() -> None:
    assert evidence.measure_packages(fake(), []) == ({}, "")
    assert evidence.measure_packages(fake(), ["git"]) == ({}, "there is neither dpkg-query nor rpm")
    PROGRAMS["rpm"] = (1, "git\t2-1\npackage wget is not installed\n", "")
    assert evidence.measure_packages(fake(), ["git", "wget"]) == ({"git": PackageState("2-1")}, "")


def test_units_are_asked_once() -> None:
    assert evidence.measure_units(fake(), []) == ({}, "")
    assert evidence.measure_units(fake(), ["a"]) == ({}, "systemctl is not there")
    PROGRAMS["systemctl"] = (0, "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n", "")
    assert evidence.measure_units(fake(), ["a"]) == ({"a": UnitState("loaded", "active", "enabled")}, "")
    PROGRAMS["systemctl"] = (1, "", "Host is down\nmore\n")
    assert evidence.measure_units(fake(), ["a"]) == ({}, "Host is down")
    PROGRAMS["systemctl"] = (1, "", "")
    assert evidence.measure_units(fake(), ["a"]) == ({}, "systemd gave no answer")


def test_commands_never_wait_for_ever() -> None:
    PROGRAMS["slow"] = (124, "", "")
    assert evidence.run(fake(), ["slow"], 5).problem == "slow gave no answer within 5 seconds"
    assert CALLS == [["timeout", "5", "slow"]]
    PROGRAMS["quick"] = (3, "out", "err")
    assert evidence.run(fake(), ["quick", "-x"]) == CommandState(3, "out", "err")


def test_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = tmp_path / "shadow"
    shadow.write_text(f"{ME}:!:1::::::\n", encoding="utf-8")
    monkeypatch.setattr(evidence, "SHADOW", str(shadow))
    assert evidence.measure_users([]) == {}
    users = evidence.measure_users([ME, "no-such-user"])
    assert list(users) == [ME]
    assert MY_GROUP in users[ME].groups
    assert users[ME].locked is True
    monkeypatch.setattr(evidence, "SHADOW", str(tmp_path / "nothing"))
    assert evidence.measure_users([ME])[ME].locked is None
    groups = evidence.measure_groups([MY_GROUP, "no-such-group"])
    assert list(groups) == [MY_GROUP]
    assert ME in groups[MY_GROUP]


def test_kernel_settings() -> None:
    values = evidence.measure_sysctls(["kernel.ostype", "no.such.setting"])
    assert values == {"kernel.ostype": "Linux\n"}


def test_all_kinds_in_one_execution(tmp_path: Path) -> None:
    PROGRAMS["dpkg-query"] = (0, "ii \tgit\t1\n", "")
    PROGRAMS["systemctl"] = (0, "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n", "")
    PROGRAMS["docker"] = (0, "28\n", "")
    result = run(
        tmp_path,
        checks=[
            {"kind": "package", "requirement": "OS-TOOLS", "names": ["git"]},
            {"kind": "package", "requirement": "OS-TOOLS", "names": ["git"], "version": "1"},
            {"kind": "service", "requirement": "OS-TIME", "name": "chrony", "active": True},
            {"kind": "command", "requirement": "CT-RUN", "argv": ["docker", "info"], "stdout": "28"},
            {"kind": "user", "requirement": "OS-USERS", "name": ME},
            {"kind": "group", "requirement": "OS-USERS", "name": MY_GROUP},
            {"kind": "sysctl", "requirement": "SEC-NET", "name": "kernel.ostype", "value": "Linux"},
            {"kind": "path", "requirement": "OS-DIRS", "path": str(tmp_path), "type": "directory"},
        ],
    )
    assert {row["requirement"]: row["status"] for row in result["rows"]} == dict.fromkeys(
        ["OS-USERS", "OS-DIRS", "OS-TOOLS", "OS-TIME", "CT-RUN", "SEC-NET"], "met"
    )
    assert len(CALLS) == 3
    assert json.loads((tmp_path / "base.json").read_text(encoding="utf-8"))["role"] == "base"
