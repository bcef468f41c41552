# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing begins before somebody has confirmed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import uninstall_plan
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

BASE = {
    "version": 1,
    "packages": ["git"],
    "dependencies": [],
    "accounts": ["ada"],
    "groups": {"admins": None},
    "paths": {"/opt/eucaim": None},
    "units": {},
}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node of ours with a record of the role base, and a container of ours."""
    monkeypatch.setenv("SUDO_USER", "operator")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "base.json").write_text(json.dumps(BASE), encoding="utf-8")
    (tmp_path / "state" / "note.txt").touch()
    for name, text in (("passwd", "ada:x:1001:1001::/home/ada:/bin/sh\n"), ("group", "admins:x:990:ada\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(uninstall_plan, name.upper(), str(tmp_path / name))
    fake = Node(tmp_path)
    engine(fake, running=["focus"])
    return fake


def engine(node: Node, running: Sequence[str] = (), attached: Sequence[str] = ()) -> None:
    """Let an engine answer: focus is ours."""

    def docker(argv: Sequence[str], _data: Any) -> Answer:
        if argv[0] == "network":
            return 0, "eucaim\n", ""
        if "--all" in argv:
            return 0, "focus\n", ""
        listed = attached if "--filter=network=eucaim" in argv else running
        return 0, "".join(f"{name}\n" for name in listed), ""

    node.programs["docker"] = docker


def arguments(node: Node, **more: Any) -> dict[str, Any]:
    """Return arguments for this node."""
    folders = {"directory": str(node.tmpdir / "state"), "evidence": str(node.tmpdir / "evidence")}
    return {"names": ["node-1"], **folders, **more}


def test_it_says_what_would_go_and_stops(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    said = node.refuse(monkeypatch, uninstall_plan, **arguments(node))
    assert "1 refusal for node-1; nothing was changed." in said
    assert "-e uninstall_confirm=node-1" in said
    for line in (
        "  base: account ada, its home stays",
        "  federation: container focus",
        "  federation: network eucaim",
    ):
        assert line in said.splitlines()


def test_a_confirmed_removal_goes_on(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    (node.tmpdir / "evidence").mkdir()
    (node.tmpdir / "evidence" / "base.json").touch()
    result = node.run(monkeypatch, uninstall_plan, **arguments(node, confirmed="node-1"))
    assert (result["changed"], result["ours"]) == (False, True)
    assert "evidence: base.json" in result["plan"]


def test_check_mode_needs_no_confirmation(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    assert node.run(monkeypatch, uninstall_plan, **arguments(node))["ours"]


def test_a_node_that_never_was_ours_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Node(tmp_path).run(monkeypatch, uninstall_plan, **arguments(Node(tmp_path))) == {
        "changed": False,
        "plan": [],
        "ours": False,
    }


def test_all_reasons_come_together(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    engine(node, running=["focus", "db"], attached=["focus", "guest"])
    (node.tmpdir / "state" / "docker.json").write_text('{"packages": ["docker.io"]}', encoding="utf-8")
    said = node.refuse(monkeypatch, uninstall_plan, **arguments(node))
    assert "4 refusals for node-1" in said
    for words in ("of others (db)", "of others (guest)", "logged in as ada", "uninstall_confirm"):
        assert words in said
    allowed = node.refuse(monkeypatch, uninstall_plan, **arguments(node, stop_containers=True, people=False))
    assert "of others (db)" not in allowed


def test_a_damaged_record_is_named(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    (node.tmpdir / "state" / "base.json").write_text("{", encoding="utf-8")
    result = node.run(monkeypatch, uninstall_plan, **arguments(node, confirmed="node-1"))
    assert "base: a record that cannot be read" in result["plan"]
