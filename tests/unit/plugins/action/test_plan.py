# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.action import plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan


def run(
    directory: Path, request: dict[str, Any] | None = None, check_mode: bool = False, **args: Any
) -> dict[str, Any]:
    task: Any = SimpleNamespace(
        action="eucaim.local_node.plan",
        args={"directory": str(directory), "request": request or {"dataset_size": "4TB"}, **args},
        async_val=0,
        check_mode=check_mode,
    )
    connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere"))
    unused: Any = None
    action = plan.ActionModule(
        task=task,
        connection=connection,
        play_context=unused,
        loader=unused,
        templar=unused,
        shared_loader_obj=unused,
    )
    return action.run(task_vars={"inventory_hostname": "node1"})


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_three_files_are_written_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path / "plan")
    assert result["changed"]
    assert names(tmp_path / "plan") == ["plan.html", "plan.json", "plan.md"]
    assert result["page"] == str(tmp_path / "plan" / "plan.html")
    written = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert written == result["plan"]
    assert check_plan(written) == []
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (tmp_path / "plan").iterdir()}
    assert not run(tmp_path / "plan")["changed"]
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (tmp_path / "plan").iterdir()} == before


def test_a_node_has_a_folder_of_its_own(tmp_path: Path) -> None:
    run(tmp_path, name="node1")
    run(tmp_path, name="../x")
    assert names(tmp_path)[1] == "node1"
    assert names(tmp_path)[0].startswith("_x-")
    assert json.loads((tmp_path / "node1" / "plan.json").read_text())["name"] == "node1"


def test_a_person_is_shown_the_plan_and_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(tmp_path)
    shown = capsys.readouterr().out
    assert shown.startswith("Tier 2, data set 4 TB, growth not stated\n")
    assert f"\nThe sheet: {tmp_path}/plan.html\n" in shown
    array = result["plan"]["array"]
    assert f"\nTo build it: copy {tmp_path}/plan.json to where it is kept" in shown
    assert f", and the {array['spares']} of storage_spares (role storage)" in shown
    assert result["msg"] == f"The sheet: {tmp_path}/plan.html"
    run(tmp_path, check_mode=True)
    assert capsys.readouterr().out == ""
    run(tmp_path, {"dataset_size": "4TB", "spares": "0", "level": "raid5"})
    assert "storage_spares" not in capsys.readouterr().out


def test_check_mode_tells_and_writes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path / "plan", check_mode=True)
    assert result["changed"]
    assert result["msg"] == f"The sheet would be: {tmp_path}/plan/plan.html"
    assert names(tmp_path) == []
    run(tmp_path / "plan")
    result = run(tmp_path / "plan", check_mode=True)
    assert not result["changed"]
    assert result["msg"] == f"The sheet: {tmp_path}/plan/plan.html"


def test_the_difference_is_that_of_the_text(tmp_path: Path) -> None:
    (first,) = run(tmp_path)["diff"]
    assert (first["before"], first["after"]) == ("", (tmp_path / "plan.md").read_text())
    (second,) = run(tmp_path, {"dataset_size": "5TB"}, check_mode=True)["diff"]
    assert second["before"] == first["after"]
    assert "a data set of 5 TB" in second["after"]


@pytest.mark.parametrize("broken", [b"{", b"\xff\xfe"])
def test_only_what_was_edited_is_written_anew(tmp_path: Path, broken: bytes) -> None:
    run(tmp_path)
    before = {name: (tmp_path / name).stat().st_ino for name in plan.FILES}
    (tmp_path / "plan.json").write_bytes(broken)
    assert run(tmp_path)["changed"]
    after = {name: (tmp_path / name).stat().st_ino for name in plan.FILES}
    assert [name for name in plan.FILES if before[name] != after[name]] == ["plan.json"]


def test_what_cannot_be_planned_is_refused_in_words(tmp_path: Path) -> None:
    result = run(tmp_path, {"dataset_size": "4T", "tier": 1}, prefix="plan_", name="node1")
    assert result["failed"]
    assert [refusal["variable"] for refusal in result["refusals"]] == ["plan_dataset_size", "plan_tier"]
    assert result["msg"].startswith("2 refusals for node1; nothing was changed.\n1. plan_dataset_size [ST-DATA]")
    assert names(tmp_path) == []


def test_absent_takes_the_sheet_away_and_nothing_else(tmp_path: Path) -> None:
    run(tmp_path, name="node1")
    (tmp_path / "node1" / "notes.txt").write_text("mine")
    assert run(tmp_path, name="node1", state="absent", check_mode=True)["changed"]
    assert len(names(tmp_path / "node1")) == 4
    assert run(tmp_path, name="node1", state="absent")["changed"]
    assert names(tmp_path / "node1") == ["notes.txt"]
    assert not run(tmp_path, name="node1", state="absent")["changed"]
    (tmp_path / "node1" / "notes.txt").unlink()
    run(tmp_path, name="node1")
    run(tmp_path, name="node1", state="absent")
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file")
    assert result["failed"]
    assert "remedy: set plan_directory" in result["msg"]
