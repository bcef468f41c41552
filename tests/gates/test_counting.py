# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counters of scripts/test cannot take nothing for a success."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.gates import archive, junit, molecule_log, sanity

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "test"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/test."""
    return subprocess.run([str(SCRIPT), *arguments], capture_output=True, text=True, check=False, env={**os.environ})


def parts(*arguments: str) -> list[str]:
    """Run scripts/test and give the first word of each line."""
    return [line.split()[0] for line in run(*arguments).stdout.splitlines()]


def test_every_part_is_a_function() -> None:
    """A line in the table and a function below it."""
    text = SCRIPT.read_text()
    assert parts("--list")
    assert [name for name in parts("--list") if f"\npart_{name}() {{" not in text] == []


@pytest.mark.parametrize("shares", [1, 2, 3, 4])
def test_shares_together_are_everything(shares: int) -> None:
    """Each part is in exactly one share."""
    dealt = [name for i in range(1, shares + 1) for name in parts("full", "--part", f"{i}/{shares}", "--list")]
    assert sorted(dealt) == sorted(parts("--list"))


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("full", "--part", "4/3"), ("full", "--part", "0/3"), ("full", "x")]
)
def test_wrong_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    """In words, and with an exit status of 2."""
    refused = run(*arguments)
    assert refused.returncode == 2
    assert "error:" in refused.stderr


@pytest.mark.parametrize(
    ("passed", "failed", "status", "expected"),
    [(3, 0, 0, (3, 0)), (3, 1, 1, (3, 1)), (0, 0, 0, (0, 1)), (3, 0, 1, (3, 1)), (0, 2, 0, (0, 2))],
)
def test_verdict(passed: int, failed: int, status: int, expected: tuple[int, int]) -> None:
    """Nothing tested and an unexplained exit status are failures."""
    assert junit.verdict(passed, failed, status) == expected


def test_a_skipped_test_is_not_passed(tmp_path: Path) -> None:
    """Skips count as failures."""
    report = tmp_path / "report.xml"
    report.write_text("<testsuites><testsuite><testcase/><testcase><skipped/></testcase></testsuite></testsuites>")
    assert junit.count_xml([report]) == (1, 1)


@pytest.mark.parametrize(("text", "expected"), [("", (0, 0)), ("1 passed, 2 failed\n7 passed, 0 failed\n", (7, 0))])
def test_last_line(text: str, expected: tuple[int, int]) -> None:
    """The last count of a program's output holds."""
    assert junit.count_last_line(text) == expected


def test_sanity_counts() -> None:
    """A failed sanity test and one left out are not passed."""
    log = (
        'Running sanity test "compile" on Python 3.11\nRunning sanity test "pep8"\nRunning sanity test "shebang"\n'
        'WARNING: Skipping sanity test "shellcheck" because it is not there.\n'
        "FATAL: The 1 sanity test(s) listed below (out of 3) failed. See error output above for details.\n"
        "pep8 on Python 3.11\n"
    )
    assert sanity.count(log) == (2, 2)


def test_archive_content_is_judged() -> None:
    """A cache in the archive and a missing licence are both named."""
    problems = archive.content_problems({"README.md", "roles/x/tests/a", "odd"})
    assert "missing: LICENSE" in problems
    assert "unknown at the top: odd" in problems
    assert "unwanted: roles/x/tests/a" in problems


RECAP = "node1                      : ok=9    changed=5    unreachable=0    failed=0"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"{RECAP}\n\x1b[32m12 passed\x1b[0m in 3.41s\n3 passed in 1.00s\n", (15, 0)),
        (f"{RECAP}\n12 passed, 1 skipped in 3.41s\n", (12, 1)),
        (f"{RECAP}\nskipping: no hosts matched\n12 passed in 3.41s\n", (12, 1)),
        ("12 passed in 3.41s\n", (12, 1)),
        ("", (0, 1)),
    ],
)
def test_molecule_cannot_pass_on_nothing(log: str, expected: tuple[int, int]) -> None:
    """A scenario without hosts, without a change or with a test left out is not passed."""
    assert molecule_log.count(log) == expected


@pytest.mark.parametrize(
    ("here", "missing"),
    [
        (["3.11", "3.13"], []),
        (["3.11"], ["2.20", "2.21"]),
        (["3.13"], ["2.18", "2.19"]),
        ([], ["2.18", "2.19", "2.20", "2.21"]),
    ],
)
def test_a_core_without_its_python_is_missed(tmp_path: Path, here: list[str], missing: list[str]) -> None:
    """The part `cores` fails for each that this function names; a machine is faked that has only these Pythons."""
    for version in here:
        program = tmp_path / f"python{version}"
        program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
        program.chmod(0o755)
    assert bash(tmp_path, "cores_out_of_reach").split() == missing


@pytest.mark.parametrize(("full", "said"), [("1", "failed"), ("0", "left out")])
def test_without_a_python_39_the_full_run_fails(tmp_path: Path, full: str, said: str) -> None:
    """The default run says that it left the import out."""
    failing = 'check() { shift; "$@" || echo failed; }'
    assert said in bash(tmp_path, f"{failing}\nEUCAIM_TEST_FULL={full}\nimports_by_39")


def bash(programs: Path, command: str) -> str:
    """Run a command that uses the functions of scripts/test, on a machine that has only these programs."""
    functions = SCRIPT.read_text(encoding="utf-8").rpartition('\nmain "$@"')[0].partition("# ---- counting")[2]
    script = functions.replace("/opt/python", str(programs)) + f"\n{command}\n"
    environment = {"PATH": str(programs), "HOME": str(programs)}
    done = subprocess.run(
        ["/bin/bash", "-s"], input=script, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout
