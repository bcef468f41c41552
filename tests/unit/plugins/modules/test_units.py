# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module asks systemctl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import units


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


GOOD = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
OFF = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n"
MASKED = "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"


def run(
    monkeypatch: pytest.MonkeyPatch, answers: Sequence[tuple[int, str, str]], check: bool = False, **options: bool
) -> tuple[Ended, list[list[str]]]:
    """Run the module with the units a and b."""
    module = FakeModule({"names": ["a", "b"], "unmask": False, "comes_enabled": False, **options}, check)
    module.answers = list(answers)
    monkeypatch.setattr(units, "AnsibleModule", module)
    with pytest.raises(Ended) as ended:
        units.main()
    return ended.value, [call[1:] for call in module.calls[1:]]


def test_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units that are right are left alone."""
    ended, calls = run(monkeypatch, [(0, f"{GOOD}\n{GOOD}", "")])
    assert not ended.result["changed"]
    assert not calls
    assert ended.result["units"]["a"] == {"kept": True, "text": "a is enabled and running"}


def test_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that need it in one call; none in check mode."""
    shown = (0, f"{GOOD}\n{OFF}", "")
    ended, calls = run(monkeypatch, [shown])
    assert calls == [["enable", "--now", "--", "b"]]
    assert ended.result["units"]["b"]["text"] == "b is not enabled and not running"
    assert ended.result["diff"]["after"] == "b is enabled and running\n"
    told, calls = run(monkeypatch, [shown], check=True)
    assert told.result["changed"]
    assert not calls


def test_not_installed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where packages start their units, a unit that is to come is no change of its own."""
    shown = (0, f"{GOOD}\nLoadState=not-found\n", "")
    assert run(monkeypatch, [shown], check=True)[0].result["changed"]
    ended, _ = run(monkeypatch, [shown], check=True, comes_enabled=True)
    assert not ended.result["changed"]
    assert not ended.result["units"]["b"]["kept"]


def test_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody masked is refused, or unmasked if the task says so."""
    shown = (0, f"{GOOD}\n{MASKED}", "")
    ended, calls = run(monkeypatch, [shown])
    assert "masked by somebody" in ended.result["msg"]
    _, calls = run(monkeypatch, [shown], unmask=True)
    assert calls[0] == ["unmask", "--", "b"]


def test_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A systemd that does not answer, and a unit that does not start."""
    ended, _ = run(monkeypatch, [(1, "", "no bus")])
    assert ended.result["msg"] == "systemd does not answer: no bus"
    ended, _ = run(monkeypatch, [(0, f"{GOOD}\n{OFF}", ""), (1, "", "no such unit")])
    assert "enable --now b did not work: no such unit" in ended.result["msg"]
