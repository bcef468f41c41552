# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of scripts/bench, up to where nodes would be made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.perf import __main__ as bench
from tests.perf import converge, peers, planner, scale, site
from tests.perf.ratios import NothingMeasured, Result, Sample
from tests.perf.world import rounds

PARTS = {"site": site, "converge": converge, "scale": scale, "peers": peers, "planner": planner}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...]]]:
    """What would have been measured, with which arguments."""
    calls: list[tuple[str, tuple[object, ...]]] = []

    def part(name: str) -> object:
        def measure(*given: object) -> Result:
            calls.append((name, given))
            result = Result(name)
            result.add("figure", 1.0)
            return result

        return measure

    for name, module in PARTS.items():
        monkeypatch.setattr(module, "measure", part(name))
    return calls


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command line."""
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    return bench.main()


Calls = list[tuple[str, tuple[object, ...]]]


def test_without_a_command_all_but_peers(monkeypatch: pytest.MonkeyPatch, measured: Calls, tmp_path: Path) -> None:
    """And the file holds every part."""
    assert command(monkeypatch, "--json", str(tmp_path / "out.json")) == 0
    assert measured == [("site", (5,)), ("converge", (3,)), ("scale", (3, 8))]
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [result["title"] for result in content["results"]] == ["site", "converge", "scale"]
    assert "ansible-core" in content["machine"]


def test_one_part_with_its_options(monkeypatch: pytest.MonkeyPatch, measured: Calls) -> None:
    """The number of rounds, and how many nodes."""
    assert command(monkeypatch, "scale", "--nodes", "2", "--runs", "7") == 0
    assert measured == [("scale", (7, 2))]


def test_peers_with_all_that_they_take(monkeypatch: pytest.MonkeyPatch, measured: Calls) -> None:
    """A checkout, its variables, and a role of ours with its own."""
    words = ["--path", "a", "--role", "b", "--vars", "c", "--against", "docker", "--our-vars", "d", "--runs", "1"]
    assert command(monkeypatch, "peers", *words) == 0
    assert measured == [("peers", (1, Path("a"), "b", Path("c"), "docker", Path("d")))]


@pytest.mark.parametrize("words", [["--runs", "0"], ["nothing"], ["peers"], ["scale", "--nodes", "3"]])
def test_what_cannot_be_measured_is_refused(
    monkeypatch: pytest.MonkeyPatch, measured: Calls, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any node is made."""
    with pytest.raises(SystemExit) as ended:
        command(monkeypatch, *words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
    assert measured == []


def test_rounds_are_interleaved() -> None:
    """A part is not run five times in a row."""
    order: list[str] = []

    def part(name: str) -> Sample:
        order.append(name)
        return Sample(1.0, 1.0)

    found = rounds(2, a=lambda: part("a"), b=lambda: part("b"))
    assert order == ["a", "b", "a", "b"]
    assert [len(samples) for samples in found.values()] == [2, 2]


def test_resources_are_counted_by_what_became_other() -> None:
    """New and changed things count; a run that made nothing is no measurement."""
    before = {"packages": {"sudo": "asked for"}, "files": {"/etc/a": "1", "/etc/b": "1"}}
    after = {"packages": {"sudo": "asked for", "git": "asked for"}, "files": {"/etc/a": "2", "/etc/b": "1", "/c": "1"}}
    assert site.added(before, after) == {"packages": 1, "files": 2}
    with pytest.raises(NothingMeasured):
        site.added(before, before)


def test_a_peer_is_a_role_or_a_role_of_a_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that is neither is refused, and so is a collection without the role."""
    monkeypatch.setattr(peers, "SCRATCH", tmp_path / "scratch")
    role = tmp_path / "a-role"
    with pytest.raises(NothingMeasured, match="no tasks"):
        peers.find(role, "")
    (role / "tasks").mkdir(parents=True)
    assert peers.find(role, "").label == "a-role"
    collection = tmp_path / "collection"
    (collection / "roles" / "web").mkdir(parents=True)
    (collection / "galaxy.yml").write_text("namespace: some\nname: body\n", encoding="utf-8")
    with pytest.raises(NothingMeasured, match="web"):
        peers.find(collection, "")
    found = peers.find(collection, "web")
    assert found.role == "some.body.web"
    place = Path(found.settings["ANSIBLE_COLLECTIONS_PATH"].split(":")[0]) / "ansible_collections" / "some" / "body"
    assert (place / "roles" / "web").is_dir()


def test_the_planner_by_its_name(monkeypatch: pytest.MonkeyPatch, measured: Calls) -> None:
    """It makes no node, and is no part of all."""
    assert command(monkeypatch, "planner", "--runs", "2") == 0
    assert measured == [("planner", (2,))]


def test_the_planner_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A real measurement, however short: three figures, and a limit for the first."""
    assert command(monkeypatch, "planner", "--runs", "1") == 0
    shown = capsys.readouterr().out
    for words in ("all levels", "a whole plan", "the check of a plan"):
        assert words in shown
