# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives are checked before the first of them travels, all travel for one execution, and none is left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.eucaim.local_node.plugins.action import federation_images

FOLDER = "/home/ann/.ansible/tmp/x/"
Run = Callable[..., dict[str, Any]]


class Node:
    """What came to the node, and what the module was asked."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.made: list[str] = []
        self.removed: list[str] = []
        self.broken = False

    def module(self, module_name: str, module_args: dict[str, Any], task_vars: object) -> dict[str, Any]:
        """Run the module."""
        assert module_name == "eucaim.local_node.federation_images"
        assert task_vars == {}
        if self.broken:
            raise RuntimeError("gone")
        self.asked.append(module_args)
        return {"changed": True}

    def folder(self) -> str:
        """Make a folder for files that come."""
        self.made.append(FOLDER)
        return FOLDER

    def transfer(self, local_path: str, remote_path: str) -> None:
        """Take a file."""
        self.files[remote_path] = Path(local_path).read_text(encoding="utf-8")


@pytest.fixture(name="node")
def _node() -> Node:
    return Node()


@pytest.fixture(name="run")
def _run(node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    def run(check: bool = False, **arguments: Any) -> dict[str, Any]:
        loader = DataLoader()
        connection = MagicMock()
        # As at the start of a task.
        connection._shell.tmpdir = None
        action = federation_images.ActionModule(
            task=MagicMock(async_val=0, check_mode=check, args=arguments),
            connection=connection,
            play_context=MagicMock(check_mode=check),
            loader=loader,
            templar=Templar(loader=loader, variables={}),
            shared_loader_obj=MagicMock(),
        )
        monkeypatch.setattr(action, "_find_needle", lambda _folder, path: str(tmp_path / path))
        monkeypatch.setattr(action, "_execute_module", node.module)
        monkeypatch.setattr(action, "_make_tmp_path", node.folder)
        monkeypatch.setattr(action, "_transfer_file", node.transfer)
        monkeypatch.setattr(action, "_remove_tmp_path", node.removed.append)
        result = action.run(None, {})
        assert node.made == node.removed
        return result

    return run


@pytest.fixture(name="images")
def _images(tmp_path: Path) -> list[dict[str, Any]]:
    found = []
    for service in ("beam-proxy", "focus", "mediator"):
        (tmp_path / f"{service}-1.tar").write_text(service)
        total = hashlib.sha256(service.encode()).hexdigest()
        found.append(
            {"service": service, "path": f"{service}-1.tar", "sha256": total, "on_node": service == "mediator"}
        )
    return found


def test_what_is_on_the_control_machine_travels(node: Node, run: Run, images: list[dict[str, Any]]) -> None:
    assert run(state="loaded", images=images, record="/r")["changed"] is True
    assert node.files == {f"{FOLDER}beam-proxy.tar": "beam-proxy", f"{FOLDER}focus.tar": "focus"}
    assert node.asked == [{"state": "loaded", "images": images, "record": "/r", "directory": FOLDER}]
    assert node.removed == [FOLDER]


def test_nothing_is_left_behind_when_the_module_breaks(node: Node, run: Run, images: list[dict[str, Any]]) -> None:
    node.broken = True
    with pytest.raises(RuntimeError):
        run(state="loaded", images=images)
    assert node.removed == [FOLDER]


@pytest.mark.parametrize("check", [False, True])
def test_another_archive_does_not_travel(node: Node, run: Run, images: list[dict[str, Any]], check: bool) -> None:
    images[1]["sha256"] = "0" * 64
    refused = run(check, state="loaded", images=images)
    assert refused["failed"] is True
    assert [entry["requirement"] for entry in refused["refusals"]] == ["FED-BUILD"]
    assert "of focus-1.tar; needed: 0000" in refused["msg"]
    assert (node.files, node.asked, node.removed) == ({}, [], [])


def test_an_archive_that_is_not_there_is_named(node: Node, run: Run, images: list[dict[str, Any]]) -> None:
    images[0]["path"] = "gone.tar"
    refused = run(state="loaded", images=images)
    assert refused["failed"] is True
    assert "gone.tar" in refused["msg"]
    assert node.asked == []


@pytest.mark.parametrize(
    ("check", "state", "on_node"), [(True, "loaded", False), (False, "compared", False), (False, "loaded", True)]
)
def test_otherwise_only_the_module_runs(
    node: Node, run: Run, images: list[dict[str, Any]], check: bool, state: str, on_node: bool
) -> None:
    given = [{**image, "on_node": on_node or image["on_node"]} for image in images]
    assert run(check, state=state, images=given)["changed"] is True
    assert node.asked == [{"state": state, "images": given}]
    assert node.removed == []
