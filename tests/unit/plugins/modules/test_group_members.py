# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module says in one list who is in a group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import group_members
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node whose group docker has the members old and zoe."""
    members = ["zoe", "old"]
    fake = Node(tmp_path)

    def gpasswd(argv: Sequence[str], _data: Any) -> Answer:
        if argv[0] == "-a":
            members.append(argv[1])
        else:
            members.remove(argv[1])
        return 0, "", ""

    fake.programs["gpasswd"] = gpasswd
    monkeypatch.setattr(group_members, "members_of", lambda name: list(members) if name == "docker" else None)
    monkeypatch.setattr(group_members, "user_exists", lambda name: name != "ghost")
    return fake


def test_members_are_added(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, group_members, name="docker", members=["ada"])
    assert (result["changed"], result["members"], result["extra"]) == (True, ["ada", "old", "zoe"], ["old", "zoe"])
    assert result["diff"]["after"] == "ada\nold\nzoe\n"
    assert not node.run(monkeypatch, group_members, name="docker", members=["ada"])["changed"]


def test_an_exclusive_list_takes_others_out(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, group_members, name="docker", members=["ada"], exclusive=True, keep=["old"])
    assert (result["members"], result["extra"]) == (["ada", "old"], ["old"])
    assert node.called("gpasswd") == [["-a", "ada", "docker"], ["-d", "zoe", "docker"]]


def test_check_mode_takes_what_is_missing_as_made(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    result = node.run(monkeypatch, group_members, name="nothing", members=["ghost"])
    assert (result["changed"], result["members"], node.calls) == (True, ["ghost"], [])


def test_what_is_not_there_is_named(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no group nothing" in node.refuse(monkeypatch, group_members, name="nothing")
    assert "no user ghost" in node.refuse(monkeypatch, group_members, name="docker", members=["ghost", "ada"])


def test_a_failure_is_said(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.says("gpasswd", 1, "", "cannot lock /etc/group")
    assert "cannot lock" in node.refuse(monkeypatch, group_members, name="docker", members=["ada"])


def test_this_machine_is_asked() -> None:
    assert group_members.user_exists("root")
    assert not group_members.user_exists("no-such-user")
    assert group_members.members_of("no-such-group") is None
    assert group_members.members_of("root") is not None


def test_users_are_taken_out_by_name(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, group_members, name="docker", absent=["old", "never"])
    assert (result["changed"], result["members"]) == (True, ["zoe"])
    assert not node.run(monkeypatch, group_members, name="docker", absent=["old"])["changed"]
    assert not node.run(monkeypatch, group_members, name="nothing", absent=["old"])["changed"]
