# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.action import report
from ansible_collections.eucaim.local_node.plugins.module_utils._report import FILES

AT = "2026-11-23T12:44:05Z"


def row(requirement: str, status: str, measured: str = "something") -> dict[str, str]:
    return {
        "requirement": requirement,
        "status": status,
        "expected": "a thing",
        "measured": measured,
        "how": "looked",
        "at": AT,
    }


def run(
    directory: Path, *rows: dict[str, str], check_mode: bool = False, host: str = "node1", name: str = "", **args: Any
) -> dict[str, Any]:
    task: Any = SimpleNamespace(
        action="eucaim.local_node.report",
        args={"directory": str(directory), "rows": list(rows), **({"host": name} if name else {}), **args},
        async_val=0,
        check_mode=check_mode,
    )
    connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere"))
    unused: Any = None
    action = report.ActionModule(
        task=task,
        connection=connection,
        play_context=unused,
        loader=unused,
        templar=unused,
        shared_loader_obj=unused,
    )
    return action.run(task_vars={"inventory_hostname": host})


def test_answers_of_people_are_in_the_report(tmp_path: Path) -> None:
    answer = {"requirement": "PH-FIRE", "answer": True, "by": "Ada", "date": "2026-01-31"}
    waiver = {"requirement": "OS-TIME", "by": "Ada", "reason": "a lab", "until": "2999-12-31"}
    result = run(tmp_path, row("OS-TIME", "unmet"), attestations=[answer], waivers=[waiver], host="other")
    assert (result["failed"], result["summary"]["met"], result["summary"]["waived"]) == (False, 1, 1)
    document = json.loads((tmp_path / "other" / "evidence.json").read_text())
    found = {entry["requirement"]: entry for entry in document["rows"]}
    assert found["PH-FIRE"]["measured"] == "yes, says Ada"
    assert found["OS-TIME"]["measured"] == "waived by Ada until 2999-12-31: a lab (something)"


def test_what_changed_in_a_document_is_told_from_then_on(tmp_path: Path) -> None:
    run(tmp_path, documents={"hardware": {"memory": {"installed_bytes": 2**35}}})
    assert not run(tmp_path, documents={"hardware": {"memory": {"installed_bytes": 2**35}}})["changed"]
    assert run(tmp_path, documents={"hardware": {"memory": {"installed_bytes": 2**36}}})["changed"]
    run(tmp_path, documents={"hardware": {"memory": {"installed_bytes": 2**36}}})
    (change,) = json.loads((tmp_path / "node1" / "evidence.json").read_text())["changes"]
    assert change["changes"] == ["memory, installed_bytes: 32 GiB before, 64 GiB now"]
    page = (tmp_path / "node1" / "index.html").read_text()
    assert "Record of the hardware" in page
    assert "32 GiB before, 64 GiB now" in page


def test_an_answer_without_a_name_is_refused(tmp_path: Path) -> None:
    answer = {"requirement": "PH-FIRE", "answer": "yes", "by": "", "date": "2026-01-31"}
    result = run(tmp_path, attestations=[answer])
    assert result["failed"]
    assert "attestations[0].by" in result["msg"]
    assert not list(tmp_path.iterdir())


def test_a_report_goes_by_another_name_if_told_so(tmp_path: Path) -> None:
    task_name = run(tmp_path, row("OS-TIME", "met"), host="localhost", name="srv-7")
    assert task_name["page"] == str(tmp_path / "srv-7" / "index.html")


def test_three_files_are_written(tmp_path: Path) -> None:
    result = run(tmp_path / "reports", row("OS-TIME", "met"), files=[{"role": "base", "sha256": "a" * 64, "rows": []}])
    assert result["changed"]
    assert not result["failed"]
    assert sorted(path.name for path in (tmp_path / "reports" / "node1").iterdir()) == sorted(FILES)
    assert result["page"] == str(tmp_path / "reports" / "node1" / "index.html")
    document = json.loads((tmp_path / "reports" / "node1" / "evidence.json").read_text())
    assert document["run_id"] == report.RUN_ID
    assert document["evidence"]["files"] == [{"role": "base", "sha256": "a" * 64}]


def test_a_person_is_told_where_the_report_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, row("OS-TIME", "met"), check_mode=True)
    run(tmp_path, row("OS-TIME", "unmet"))
    assert capsys.readouterr().out == ""
    run(tmp_path, row("OS-TIME", "met"))
    assert capsys.readouterr().out == f"node1: The report: {tmp_path}/node1/index.html\n"


def test_the_same_verdict_is_no_change_but_a_new_record(tmp_path: Path) -> None:
    run(tmp_path, row("OS-TIME", "met", "0.2 s"))
    result = run(tmp_path, row("OS-TIME", "met", "0.3 s"), run_id="another")
    assert not result["changed"]
    document = json.loads((tmp_path / "node1" / "evidence.json").read_text())
    assert document["run_id"] == "another"


def test_another_verdict_is_a_change(tmp_path: Path) -> None:
    run(tmp_path, row("OS-TIME", "met"))
    assert run(tmp_path, row("OS-TIME", "waived"))["changed"]


@pytest.mark.parametrize("broken", ["{", "[]"])
def test_a_broken_report_is_written_anew(tmp_path: Path, broken: str) -> None:
    run(tmp_path, row("OS-TIME", "met"))
    (tmp_path / "node1" / "evidence.json").write_text(broken)
    assert run(tmp_path, row("OS-TIME", "met"))["changed"]
    assert not run(tmp_path, row("OS-TIME", "met"))["changed"]


def test_a_missing_file_is_a_change(tmp_path: Path) -> None:
    run(tmp_path, row("OS-TIME", "met"))
    (tmp_path / "node1" / "junit.xml").unlink()
    assert run(tmp_path, row("OS-TIME", "met"))["changed"]


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, row("OS-TIME", "unmet"), check_mode=True)
    assert result["changed"]
    assert result["failed"]
    assert list(tmp_path.iterdir()) == []


def test_unmet_rows_fail_after_writing(tmp_path: Path) -> None:
    result = run(tmp_path, row("OS-TIME", "unmet", "an hour slow"))
    assert result["failed"]
    assert result["failing"] == ["OS-TIME"]
    assert "an hour slow" in result["msg"]
    assert (tmp_path / "node1" / "index.html").exists()
    assert not run(tmp_path, row("OS-TIME", "unmet"), fail_on=[])["failed"]


def test_what_is_no_row_becomes_a_problem(tmp_path: Path) -> None:
    run(tmp_path, row("NO-SUCH", "met"), problems=["a file"])
    document = json.loads((tmp_path / "node1" / "evidence.json").read_text())
    assert document["problems"] == ["a file", "NO-SUCH is no requirement of the register"]


def test_absent_takes_the_report_away_and_nothing_else(tmp_path: Path) -> None:
    run(tmp_path, row("OS-TIME", "met"))
    assert run(tmp_path, state="absent", check_mode=True)["changed"]
    assert (tmp_path / "node1" / "index.html").exists()
    (tmp_path / "node1" / "notes.txt").write_text("mine")
    assert run(tmp_path, state="absent")["changed"]
    assert [path.name for path in (tmp_path / "node1").iterdir()] == ["notes.txt"]
    assert not run(tmp_path, state="absent")["changed"]


def test_absent_takes_an_empty_folder_away(tmp_path: Path) -> None:
    run(tmp_path, row("OS-TIME", "met"))
    run(tmp_path, state="absent")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file", row("OS-TIME", "met"))
    assert result["failed"]
    assert "remedy: set report_directory" in result["msg"]


def test_a_file_that_cannot_be_placed_leaves_no_rest(tmp_path: Path) -> None:
    (tmp_path / "node1" / "index.html").mkdir(parents=True)
    assert run(tmp_path, row("OS-TIME", "met"))["failed"]
    assert [path.name for path in (tmp_path / "node1").iterdir()] == ["index.html"]


def test_files_are_as_readable_as_the_umask_has_it(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        run(tmp_path, row("OS-TIME", "met"))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "node1").iterdir()} == {0o640}


@pytest.mark.parametrize("host", ["../../etc", "..", "a/b", "käthe", ""])
def test_a_hosts_name_stays_one_folder(host: str) -> None:
    name = report.folder_name(host)
    assert name == os.path.basename(name)
    assert name.strip(".-")
    assert name != host


def test_an_ordinary_name_is_kept() -> None:
    assert report.folder_name("node-1.hospital.example") == "node-1.hospital.example"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("MANIFEST.json", '{"collection_info": {"version": "1.2.3"}}', "1.2.3"),
        ("galaxy.yml", "name: x\nversion: 1.2.3\n", "1.2.3"),
        ("galaxy.yml", "name: x\n", "unknown"),
    ],
)
def test_collection_version(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    assert report.collection_version(str(tmp_path)) == expected
