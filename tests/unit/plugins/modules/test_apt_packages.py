# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module asks apt and dpkg."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import apt_packages


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


DPKG = (0, "git\tii \t1\nchrony\tii \t4\n", "")
SECURITY = (
    0,
    "Inst git [1] (2 Debian-Security:13/stable-security [amd64])\nInst x [1] (2 Debian:13/stable [amd64])\n",
    "",
)
NONE = (0, "", "")
TIME = {"time": {"candidates": ["chrony", "systemd-timesyncd"], "default": "systemd-timesyncd"}}


def run(
    monkeypatch: pytest.MonkeyPatch, answers: Sequence[tuple[int, str, str]], check: bool = False, **params: Any
) -> tuple[Ended, list[str]]:
    """Run the module; return how it ended and the verbs that were called."""
    options = {
        "names": [],
        "alternatives": {},
        "upgrade": "none",
        "cache_valid_time": 3600,
        "lock_timeout": 1,
        **params,
    }
    module = FakeModule(options, check)
    module.answers = list(answers)
    monkeypatch.setattr(apt_packages, "AnsibleModule", module)
    with pytest.raises(Ended) as ended:
        apt_packages.main()
    verbs = ("update", "install", "dist-upgrade", "-W")
    return ended.value, [next(word for word in call if word in verbs) for call in module.calls]


def test_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything there, dpkg alone is asked."""
    ended, verbs = run(monkeypatch, [DPKG], names=["git"], alternatives=TIME)
    assert verbs == ["-W"]
    assert not ended.result["changed"]
    assert ended.result["chosen"] == {"time": "chrony"}
    assert ended.result["pending"] is None


def test_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is installed after fetching lists; in check mode it is only named."""
    monkeypatch.setattr(apt_packages, "lists_stamp", lambda: None)
    ended, verbs = run(monkeypatch, [DPKG], names=["git", "curl"])
    assert verbs == ["-W", "update", "install"]
    assert ended.result["installed"] == ["curl"]
    assert "curl (new)" in ended.result["diff"]["after"]
    told, verbs = run(monkeypatch, [DPKG], check=True, names=["git", "curl"])
    assert verbs == ["-W"]
    assert told.result["changed"]


def test_security_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Security updates are installed alone; check mode leaves them pending."""
    monkeypatch.setattr(apt_packages, "lists_stamp", lambda: 4102444800.0)
    ended, verbs = run(monkeypatch, [DPKG, SECURITY, NONE, NONE], upgrade="security")
    assert verbs == ["-W", "dist-upgrade", "install", "dist-upgrade"]
    assert ended.result["upgraded"] == ["git"]
    assert ended.result["pending_security"] == []
    told, _ = run(monkeypatch, [DPKG, SECURITY], check=True, upgrade="security")
    assert told.result["pending_security"] == ["git"]
    assert told.result["pending"] == 2
    full, _ = run(monkeypatch, [DPKG, SECURITY, NONE, NONE], upgrade="full")
    assert full.result["upgraded"] == ["git", "x"]


def test_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that fails and an alternative that is none are said in words."""
    ended, _ = run(monkeypatch, [(100, "", "E: no network\n")], names=["git"])
    assert ended.result["msg"] == "asking dpkg did not work: E: no network"
    ended, _ = run(monkeypatch, [DPKG], alternatives={"time": "chrony"})
    assert "needs candidates" in ended.result["msg"]


def test_stamp(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The newest list counts."""
    monkeypatch.setattr(apt_packages, "STAMPS", (str(tmp_path / "*Release"),))
    assert apt_packages.lists_stamp() is None
    (tmp_path / "a_Release").write_text("")
    assert apt_packages.lists_stamp() is not None
