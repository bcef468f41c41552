# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison, on reports that are made here and on answers that are right, missing or wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.machines import compare
from tests.machines.second_reader import LscpuReading
from tests.machines.synthetic import Machine, Module, dmidecode, lscpu, truth

SERVER = Machine()
OLD = Machine(modules=(Module("Unknown"),))
FIELDS = ["sockets", "cores", "threads", "memory_bytes", "ecc", "virtual"]


@pytest.fixture
def answers(tmp_path: Path) -> list[dict[str, Any]]:
    """Give right answers to three reports that lie in this folder."""
    (tmp_path / "old").mkdir()
    texts = {"server": dmidecode(SERVER), "old/one": dmidecode(OLD), "cpu": lscpu(2, 4, 2)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    known = [asdict(truth(SERVER)), {**asdict(truth(SERVER)), "memory_bytes": None, "ecc": True}]
    return [
        {"file": "server", "kind": "dmidecode", "product": "Server 1", **known[0]},
        {"file": "old/one", "kind": "dmidecode", "product": "Server 1", **known[1]},
        {"file": "cpu", "kind": "lscpu", **dict.fromkeys(FIELDS), **asdict(LscpuReading(2, 8, 16))},
    ]


def run(folder: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    """Give the end and the output of the command."""
    file = folder / "ours.json"
    file.write_text("\n".join(map(json.dumps, answers)), encoding="utf-8")
    end = compare.main(["--ours", str(file), "--path", str(folder), *more])
    return end, capsys.readouterr().out


def table(output: str) -> dict[str, list[int]]:
    """Give the figures of each line of the table."""
    rows = [line.split() for line in output.splitlines() if line.startswith(("dmidecode ", "lscpu "))]
    return {" ".join(row[:2]): [int(figure) for figure in row[2:]] for row in rows}


def test_right_answers_agree(tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """Agreement and what neither knows are told apart, for each tool."""
    end, output = run(tmp_path, answers, capsys)
    assert end == 0
    assert output.startswith("3 reports, 0 other files\n")
    figures = table(output)
    assert figures.pop("dmidecode memory_bytes") == [1, 0, 0, 1, 0]
    assert [figures.pop(f"lscpu {name}") for name in FIELDS[:3]] == [[1, 0, 0, 0, 0]] * 3
    assert figures == {f"dmidecode {name}": [2, 0, 0, 0, 0] for name in FIELDS if name != "memory_bytes"}


def test_what_one_does_not_know_is_no_contradiction(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted for the one that does not know."""
    answers[0]["cores"] = None
    answers[1]["memory_bytes"] = 1
    end, output = run(tmp_path, answers, capsys)
    assert end == 0
    assert table(output)["dmidecode cores"] == [1, 1, 0, 0, 0]
    assert table(output)["dmidecode memory_bytes"] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(("index", "key", "wrong"), [(0, "ecc", False), (1, "sockets", 2), (2, "cores", 16)])
def test_a_contradiction_is_shown_and_fails(
    tmp_path: Path,
    answers: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    index: int,
    key: str,
    wrong: object,
) -> None:
    """The file and both answers are there, and the command ends with 1."""
    right = answers[index][key]
    answers[index][key] = wrong
    end, output = run(tmp_path, answers, capsys)
    assert end == 1
    assert f"{answers[index]['file']}: {key} is {wrong} by ours, {right} by the second" in output
    assert sum(figures[-1] for figures in table(output).values()) == 1


def test_the_first_twenty_contradictions_are_listed(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """All are counted."""
    wrong = {**answers[2], "threads": 1}
    end, output = run(tmp_path, [wrong] * 25, capsys)
    assert end == 1
    assert table(output)["lscpu threads"] == [0, 0, 0, 0, 25]
    assert output.count("by the second") == 20


def test_a_limit_ends_the_comparison(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes after it is not read."""
    (tmp_path / "cpu").unlink()
    assert run(tmp_path, answers, capsys, "--limit", "2")[1].startswith("2 reports, 0 other files\n")


def test_nothing_compared_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file proves nothing."""
    assert run(tmp_path, [], capsys)[0] == 1


def test_what_is_no_report_is_no_agreement(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A licence is left out; a report that ours did not take for one is not."""
    (tmp_path / "LICENSE").write_text("Take it.\n", encoding="utf-8")
    nothing = {"kind": None, **dict.fromkeys(FIELDS)}
    _end, output = run(tmp_path, [{"file": "LICENSE", **nothing}, {"file": "cpu", **nothing}], capsys)
    assert output.startswith("1 reports, 1 other files\n")
    assert table(output)["lscpu cores"] == [0, 1, 0, 0, 0]


def test_an_answer_that_is_missing_is_not_taken_for_unknown(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown is written as null."""
    del answers[0]["threads"]
    with pytest.raises(KeyError, match="threads"):
        run(tmp_path, answers, capsys)


def test_a_list_is_read_as_well(
    tmp_path: Path, answers: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON list instead of lines."""
    file = tmp_path / "list.json"
    file.write_text(json.dumps(answers, indent=1), encoding="utf-8")
    assert compare.main(["--ours", str(file), "--path", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("3 reports, 0 other files\n")
