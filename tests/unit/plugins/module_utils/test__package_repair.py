# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed dpkg leaves is finished, once nobody else is at it."""

from __future__ import annotations

import fcntl
import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Ended, Node

FINE = "ii \tlibc6\n"
BROKEN = "ii \tlibc6\niU \tgit\n"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node with a folder of its own for dpkg."""
    (tmp_path / "updates").mkdir()
    monkeypatch.setattr(repair, "JOURNAL", str(tmp_path / "updates"))
    monkeypatch.setattr(repair, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return Node(tmp_path)


def dpkg(node: Node, *states: str) -> None:
    """Let dpkg-query answer with one state after the other, the last one for ever."""
    left = list(states)

    def query(_argv: Sequence[str], _data: Any) -> Answer:
        return 0, left.pop(0) if len(left) > 1 else left[0], ""

    node.programs["dpkg-query"] = query
    node.says("dpkg")
    node.says("apt-get", 100, "dpkg: error processing git", "E: no network")


def test_a_sound_node_is_left_alone(node: Node) -> None:
    dpkg(node, FINE)
    assert repair.repair(node.module({})) == []
    assert node.called("dpkg") == []


def test_a_half_installed_package_is_finished(node: Node) -> None:
    dpkg(node, BROKEN, FINE)
    assert repair.repair(node.module({})) == ["git"]
    assert node.called("dpkg") == [["--force-confdef", "--force-confold", "--configure", "-a"]]
    assert node.called("apt-get") == []


def test_a_journal_alone_is_enough(node: Node, tmp_path: Path) -> None:
    dpkg(node, FINE)
    (tmp_path / "updates" / "tmp.i").touch()
    assert repair.repair(node.module({})) == []
    (tmp_path / "updates" / "0003").touch()

    def configure(_argv: Sequence[str], _data: Any) -> Answer:
        (tmp_path / "updates" / "0003").unlink()
        return 0, "", ""

    node.programs["dpkg"] = configure
    assert repair.repair(node.module({})) == ["dpkg"]


def test_no_folder_is_no_journal(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "JOURNAL", "/nowhere/at/all")
    dpkg(node, FINE)
    assert repair.repair(node.module({})) == []


def test_apt_brings_what_is_missing(node: Node) -> None:
    dpkg(node, BROKEN, BROKEN, FINE)
    assert repair.repair(node.module({})) == ["git"]
    assert node.called("apt-get")[0][-2:] == ["--fix-broken", "install"]


@pytest.mark.parametrize("status", ["iUR", "iHR", "iFR"])
def test_what_was_unpacked_in_part_is_named(node: Node, status: str) -> None:
    """apt-get alone tries to configure what is unpacked and still to be reinstalled, and fails."""
    half = f"ii \tlibc6\n{status}\tgit\niU \twget\n"
    dpkg(node, half, half, half, FINE)
    assert repair.repair(node.module({})) == ["git", "wget"]
    assert node.called("apt-get")[0][-4:] == ["--fix-broken", "--reinstall", "install", "git"]


def test_what_cannot_be_finished_is_told(node: Node) -> None:
    dpkg(node, BROKEN)
    with pytest.raises(Ended) as caught:
        repair.repair(node.module({}))
    said = caught.value.result["msg"]
    assert "found packages whose installation was cut off (git)" in said
    command = "`apt-get --yes -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold --fix-broken install`"
    assert f"see why {command} does not" in said
    assert said.endswith("it ends in: dpkg: error processing git E: no network")


def test_a_program_may_say_nothing(node: Node) -> None:
    dpkg(node, BROKEN)
    node.says("apt-get", 100, "", "")
    with pytest.raises(Ended) as caught:
        repair.repair(node.module({}))
    assert caught.value.result["msg"].endswith("it ends in: nothing")


def test_check_mode_only_tells(node: Node) -> None:
    node.check_mode = True
    dpkg(node, BROKEN)
    assert repair.repair(node.module({})) == ["git"]
    assert node.called("dpkg") == []


def test_another_run_may_finish_it(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    dpkg(node, BROKEN)
    monkeypatch.setattr(repair, "wait", lambda: dpkg(node, FINE))
    assert repair.repair(node.module({})) == []
    assert node.called("dpkg") == []


def hold(path: str, taken: Any, done: Any) -> None:
    """Hold dpkg's lock, as a package manager at work does."""
    with open(path, "w", encoding="ascii") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        taken.set()
        done.wait(30)


def test_the_lock_of_another_process_is_seen(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not repair.is_locked()
    (tmp_path / "lock").touch()
    assert not repair.is_locked()
    context = multiprocessing.get_context("fork")
    taken, done = context.Event(), context.Event()
    process = context.Process(target=hold, args=(str(tmp_path / "lock"), taken, done))
    process.start()
    try:
        assert taken.wait(30)
        assert repair.is_locked()
        monkeypatch.setattr(repair, "PATIENCE", 0.0)
        repair.wait()
    finally:
        done.set()
        process.join(30)
    assert not repair.is_locked()


def test_waiting_ends_with_the_lock(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [True, True, False]
    monkeypatch.setattr(repair, "is_locked", lambda: answers.pop(0))
    repair.wait()
    assert answers == []


def test_it_is_told_in_words() -> None:
    assert "installation of git, perl had been cut off" in repair.told(["git", "perl"], False)
    assert "was finished" in repair.told(["git"], False)
    assert "would be finished" in repair.told(["git"], True)


def test_a_lock_is_stale_unless_a_tool_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "ETC", str(tmp_path))
    names = {"7": "useradd", "8": "sshd"}
    monkeypatch.setattr(repair, "name_of", lambda process: names.get(process, ""))
    for table, holder in (("passwd", "7\0"), ("shadow", "8\0"), ("group", "")):
        (tmp_path / f"{table}.lock").write_text(holder, encoding="ascii")
    assert repair.release_account_locks() == [f"{tmp_path}/shadow.lock", f"{tmp_path}/group.lock"]
    assert [path.name for path in tmp_path.iterdir()] == ["passwd.lock"]


def test_the_name_of_a_process() -> None:
    assert repair.name_of("1")
    assert repair.name_of("nobody") == repair.name_of("999999999") == ""
