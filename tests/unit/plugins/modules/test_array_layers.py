# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module looks, decides and acts until there is nothing left to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._file_system_head import uuid_for
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_node import Sight
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import Asked, Layers, Step
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.modules import array_layers
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Node

ASKED: dict[str, Any] = {
    "device": "/dev/md/eucaim",
    "name": "eucaim",
    "uuid": "1:2:3:4",
    "encrypted": True,
    "key_file": "/key",
    "recovery_passphrase": "a secret of many words",
    "volume_group": "vg",
}


class Stand:
    """Layers of which one is made after the other."""

    to_do: ClassVar[list[str]] = []
    refusals: ClassVar[list[Refusal]] = []
    acts = True
    file_system_bytes = 0
    ended = 0

    def __init__(self, _module: Any, asked: Asked, passphrase: str, directory: str) -> None:
        assert asked == Asked("eucaim", True, "/key", "vg", "data", 100, "")
        assert (passphrase, directory) == (ASKED["recovery_passphrase"], "/var/lib/eucaim/storage")

    def look(self, device: str, array: str) -> Sight:
        """Return the next step."""
        assert (device, array) == ("/dev/md/eucaim", "1:2:3:4")
        steps = [Step(text) for text in Stand.to_do[:1]]
        return Sight("/dev/vg/data", Layers(steps, Stand.refusals, ["to wait"], "volume" if steps else ""))

    def act(self, steps: Sequence[Step], array: str) -> None:
        """Do it."""
        assert (array, len(steps)) == ("1:2:3:4", 1)
        if Stand.acts:
            Stand.to_do = Stand.to_do[1:]

    def file_system(self, sight: Sight, uuid: str) -> dict[str, Any]:
        """Return what lies on the top."""
        assert uuid == uuid_for("1:2:3:4")
        return {"device": sight.top, "missing": sight.layers.missing, "bytes": Stand.file_system_bytes}

    def end(self, found: dict[str, Any]) -> None:
        """Count."""
        assert found["device"] == "/dev/vg/data"
        Stand.ended += 1


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(array_layers, "LayerNode", Stand)
    for name, value in (("to_do", ["encrypt", "open"]), ("refusals", []), ("acts", True), ("ended", 0)):
        monkeypatch.setattr(Stand, name, value)
    monkeypatch.setattr(Stand, "file_system_bytes", 0)
    return Node(tmp_path)


def test_layers_are_made_and_the_next_run_changes_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, array_layers, **ASKED)
    assert (result["changed"], result["steps"], result["waiting"]) == (True, ["encrypt", "open"], ["to wait"])
    assert result["file_system"] == {"device": "/dev/vg/data", "missing": "", "bytes": 0}
    assert result["diff"]["after"] == "encrypt\nopen\n"
    assert Stand.ended == 1
    again = node.run(monkeypatch, array_layers, **ASKED)
    assert (again["changed"], again["steps"], Stand.ended) == (False, [], 2)


def test_check_mode_tells_what_comes_first(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    monkeypatch.setattr(Stand, "file_system_bytes", 5)
    result = node.run(monkeypatch, array_layers, **ASKED)
    assert (result["changed"], result["steps"]) == (True, ["encrypt"])
    assert result["file_system"]["missing"] == "volume"
    assert (Stand.to_do, Stand.ended) == (["encrypt", "open"], 0)


def test_what_is_refused_is_told(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Refusal("ST-DATA", "encrypted", "xfs", "nothing", "copy it")
    monkeypatch.setattr(Stand, "refusals", [refusal])
    assert node.refuse(monkeypatch, array_layers, **ASKED) == refusal.text()
    assert Stand.to_do == ["encrypt", "open"]


def test_what_never_comes_about_ends_the_run(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stand, "acts", False)
    said = node.refuse(monkeypatch, array_layers, **ASKED)
    assert said.startswith(
        f"[ST-DATA] found the layers of eucaim still not as wanted after {array_layers.ROUNDS} rounds, "
    )
    assert "of which the last was to encrypt;" in said
