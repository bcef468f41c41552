# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images on the node against the record of when they came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import federation_images


class Ended(Exception):
    """The module has ended."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(json.dumps(result, default=str))
        self.result = result


IMAGE = {"service": "focus", "reference": "x/focus:1", "origin": "archive sha256:1"}


class Node:
    """A node with some images."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, record: Path) -> None:
        self.monkeypatch = monkeypatch
        self.record = record
        self.images: dict[str, str] = {}
        self.networks: dict[str, Any] = {}
        self.in_use: list[str] = []
        self.docker: str | None = "/usr/bin/docker"

    def command(self, argv: list[str]) -> tuple[int, str, str]:
        """Answer as docker would."""
        kind, verb, name = argv[1], argv[2], argv[-1]
        if kind == "network":
            return (0, json.dumps([self.networks[name]]), "") if name in self.networks else (1, "[]", "not found")
        if verb == "rm":
            if name in self.in_use:
                return 1, "", "conflict: in use\n"
            return (0, "", "") if self.images.pop(name, "") else (1, "", "Error: No such image: " + name)
        return (0, self.images[name] + "\n", "") if name in self.images else (1, "", "No such image")

    def run(self, state: str, check: bool = False, **changes: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        node = self

        class FakeModule:
            """What the module needs of AnsibleModule."""

            def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool) -> None:
                defaults = {name: spec["default"] for name, spec in argument_spec.items()}
                self.params = {**defaults, "images": [IMAGE], "record": str(node.record), "state": state, **changes}
                self.check_mode = check and supports_check_mode

            def get_bin_path(self, _name: str) -> str | None:
                """Say where docker is."""
                return node.docker

            def run_command(self, argv: list[str]) -> tuple[int, str, str]:
                """Run docker."""
                return node.command(argv)

            def exit_json(self, **result: Any) -> NoReturn:
                """End well."""
                raise Ended(result)

            def fail_json(self, **result: Any) -> NoReturn:
                """End badly."""
                raise Ended({"failed": True, **result})

        self.monkeypatch.setattr(federation_images, "AnsibleModule", FakeModule)
        with pytest.raises(Ended) as ended:
            federation_images.main()
        return ended.value.result


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Node:
    """Return a node without images."""
    return Node(monkeypatch, tmp_path / "etc" / "images.json")


def test_an_image_is_wanted_until_it_is_recorded(node: Node) -> None:
    assert node.run("compared")["wanted"] == [IMAGE]
    assert "still not on the node: x/focus:1" in node.run("recorded")["msg"]
    node.images["x/focus:1"] = "sha256:1"
    assert node.run("compared")["wanted"] == [IMAGE]
    assert node.run("recorded", check=True)["changed"] is True
    assert not node.record.exists()
    assert node.run("recorded")["changed"] is True
    assert node.run("recorded")["changed"] is False
    assert node.run("compared")["wanted"] == []


def test_a_tag_that_was_moved_is_seen(node: Node) -> None:
    node.images["x/focus:1"] = "sha256:1"
    node.run("recorded")
    node.images["x/focus:1"] = "sha256:2"
    found = node.run("compared")
    assert found["wanted"] == [IMAGE]
    assert "recorded was sha256:1" in found["images"][0]["reason"]


def test_a_damaged_record_is_no_record(node: Node) -> None:
    node.record.parent.mkdir()
    node.images["x/focus:1"] = "sha256:1"
    for text in ("{broken", "[]"):
        node.record.write_text(text)
        assert node.run("compared")["wanted"] == [IMAGE]
    assert node.run("recorded")["changed"] is True


def test_strangers_are_named(node: Node) -> None:
    node.networks["net"] = {"Containers": {"1": {"Name": "other"}}}
    assert node.run("compared", network="net")["strangers"] == ["other"]
    assert node.run("compared", network="none")["strangers"] == []


def test_a_network_of_ours_is_told(node: Node) -> None:
    ipam = {"Config": [{"Subnet": "10.1.0.0/24"}]}
    node.networks["net"] = {
        "Id": "1",
        "Driver": "bridge",
        "Labels": {"eu.eucaim.local_node": "federation"},
        "IPAM": ipam,
    }
    assert node.run("compared", network="net", subnet="10.1.0.0/24")["network"] == {"id": "1", "fits": True}
    assert node.run("compared", network="net", subnet="10.2.0.0/24")["network"] == {"id": "1", "fits": False}
    assert node.run("compared", network="none")["network"] == {"id": "", "fits": False}


def test_without_docker_all_is_wanted(node: Node) -> None:
    node.docker = None
    assert node.run("compared", network="net")["wanted"] == [IMAGE]


def test_what_was_brought_is_removed(node: Node) -> None:
    node.images.update({"x/focus:1": "sha256:1", "x/other:1": "sha256:2", "x/used:1": "sha256:3"})
    node.run("recorded", images=[IMAGE, {**IMAGE, "reference": "x/used:1"}])
    node.in_use = ["x/used:1"]
    assert node.run("absent", check=True)["changed"] is True
    gone = node.run("absent")
    assert gone == {"changed": True, "kept": ["x/used:1: conflict: in use"]}
    assert set(node.images) == {"x/other:1", "x/used:1"}
    assert node.run("absent")["changed"] is False


def test_a_record_of_images_that_are_gone(node: Node) -> None:
    node.record.parent.mkdir()
    node.record.write_text('{"x/gone:1": {}}')
    assert node.run("absent")["kept"] == []
    node.record.write_text("[]")
    node.docker = None
    assert node.run("absent")["changed"] is True
