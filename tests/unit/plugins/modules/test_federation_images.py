# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images on the node against the record of when they came."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine
from ansible_collections.eucaim.local_node.plugins.modules import federation_images


class Ended(Exception):
    """The module has ended."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(json.dumps(result, default=str))
        self.result = result


IMAGE = {"service": "focus", "reference": "x/focus:1", "origin": "archive sha256:1"}
NETWORK = {"Id": "n1", "Driver": "bridge", "Labels": {"eu.eucaim.local_node": "federation"}}


class Node:
    """A node with some images."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, record: Path) -> None:
        self.monkeypatch = monkeypatch
        self.record = record
        self.images: dict[str, str] = {}
        self.networks: dict[str, Any] = {}
        self.in_use: list[str] = []
        self.containers: dict[str, Any] = {}
        self.listed: list[dict[str, Any]] = []
        self.archives: dict[str, str] = {}
        self.refused: list[str] = []
        self.docker: str | None = "/usr/bin/docker"

    def inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        """Answer as the engine would."""
        if kind == "image":
            return {"Id": self.images[name]} if name in self.images else None
        found: dict[str, Any] | None = (self.networks if kind == "network" else self.containers).get(name)
        return found

    def command(self, argv: list[str]) -> tuple[int, str, str]:
        """Answer as docker would."""
        verb, name = argv[1], argv[-1]
        if verb in self.refused:
            return 1, "", f"no {verb}\n"
        if verb == "load":
            reference = self.archives[Path(name).name]
            self.images[reference] = "sha256:1"
            kind = " ID" if reference.startswith("sha256:") else ""
            return 0, f"Loaded image{kind}: {reference}\n", ""
        if verb == "tag":
            self.images[name] = self.images[argv[2]]
            return 0, "", ""
        if name in self.in_use:
            return 1, "", "conflict: in use\n"
        return (0, "", "") if self.images.pop(name, "") else (1, "", "Error: No such image: " + name)

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
        self.monkeypatch.setattr(engine, "inspect", self.inspect)
        self.monkeypatch.setattr(engine, "containers_of", lambda _project: self.listed)
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


def archive(tmp_path: Path, service: str, **changes: Any) -> dict[str, Any]:
    """Return an image of an archive that was copied to the node."""
    (tmp_path / f"{service}.tar").write_text(service)
    total = hashlib.sha256(service.encode()).hexdigest()
    image = {"service": service, "reference": f"x/{service}:1", "origin": "archive", "path": f"/far/{service}.tar"}
    return {**image, "sha256": total, "on_node": False, "retag": False, **changes}


def test_archives_are_loaded_in_one_go(node: Node, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar"
    kept.write_text("mediator")
    images = [
        archive(tmp_path, "focus"),
        archive(tmp_path, "beam-proxy", retag=True),
        archive(tmp_path, "mediator", retag=True, on_node=True, path=str(kept)),
    ]
    node.archives = {"focus.tar": "x/focus:1", "beam-proxy.tar": "theirs:2", "kept.tar": "sha256:1"}
    given: dict[str, Any] = {"images": images, "directory": str(tmp_path)}
    assert node.run("loaded", check=True, **given) == {"changed": True, "images": []}
    assert node.run("loaded", check=True, images=images, directory="") == {"changed": True, "images": []}
    assert node.images == {}
    found = node.run("loaded", **given)
    assert found["changed"] is True
    assert [image["matches"] for image in found["images"]] == [True, True, True]
    assert set(node.images) == {"x/focus:1", "x/beam-proxy:1", "x/mediator:1", "sha256:1"}
    assert sorted(path.name for path in tmp_path.glob("*.tar")) == ["kept.tar", "mediator.tar"]
    assert node.run("compared", images=images)["wanted"] == []


def test_another_archive_is_refused_before_one_is_loaded(node: Node, tmp_path: Path) -> None:
    images = [archive(tmp_path, "focus"), archive(tmp_path, "mediator", sha256="0"), archive(tmp_path, "beam-proxy")]
    (tmp_path / "beam-proxy.tar").unlink()
    refused = node.run("loaded", images=images, directory=str(tmp_path))
    assert [entry["requirement"] for entry in refused["refusals"]] == ["FED-BUILD", "FED-BUILD"]
    assert "needed: 0; remedy" in refused["msg"]
    assert "found SHA-256 of no file of /far/beam-proxy.tar" in refused["msg"]
    assert node.images == {}


def test_an_archive_that_cannot_be_loaded_or_named(node: Node, tmp_path: Path) -> None:
    node.archives = {"focus.tar": "theirs:1"}
    for verb, words in (("tag", "cannot be named x/focus:1: no tag"), ("load", "cannot be loaded: no load")):
        node.refused = [verb]
        failed = node.run("loaded", images=[archive(tmp_path, "focus", retag=True)], directory=str(tmp_path))
        assert words in failed["msg"]


@pytest.fixture
def services(node: Node, tmp_path: Path) -> dict[str, Any]:
    """Return what the module is asked about services that were just brought up."""
    node.networks["net"] = NETWORK
    node.images["x/focus:1"] = "sha256:1"
    node.run("recorded")
    node.containers["focus"] = {
        "Id": "c1",
        "Image": "sha256:1",
        "State": {"Status": "running"},
        "NetworkSettings": {"Networks": {"net": {"NetworkID": "n1"}}},
    }
    node.listed = [{"Id": "c1"}]
    (tmp_path / "compose.yaml").write_text("network: n1\n")
    (tmp_path / "focus.env").write_text("A='1'\n")
    return {
        "network": "net",
        "services": ["focus"],
        "compose_file": str(tmp_path / "compose.yaml"),
        "compose_text": "network: @network@\n",
        "environment_files": [str(tmp_path / "focus.env")],
        "services_record": str(tmp_path / "state" / "services.json"),
    }


def why(node: Node, services: dict[str, Any]) -> str:
    """Return why the services do not stand."""
    found = node.run("compared", **services)
    assert found["standing"] is (found["why"] == "")
    return str(found["why"])


def test_services_stand_as_they_were_brought_up(node: Node, services: dict[str, Any], tmp_path: Path) -> None:
    assert why(node, {}) == "images or the network are missing"
    assert why(node, {"network": "net"}) == "nothing is said about them"
    assert "not those that they were made from" in why(node, services)
    assert node.run("settled", check=True, **services)["changed"] is False
    assert "not those that they were made from" in why(node, services)
    for _twice in range(2):
        assert node.run("settled", **services)["changed"] is False
    assert why(node, services) == ""
    record = Path(services["services_record"])
    assert record.stat().st_mode & 0o777 == 0o600
    record.write_text("[]")
    assert "not those that they were made from" in why(node, services)


def test_whatever_is_another_is_brought_up(node: Node, services: dict[str, Any], tmp_path: Path) -> None:
    node.run("settled", **services)
    container = node.containers["focus"]
    for changes, words in (
        ({"Id": "c2"}, "containers are not those"),
        ({"State": {"Status": "exited"}}, "focus has stopped"),
        ({"State": {"Status": "paused"}}, "focus is paused"),
        ({"Image": "sha256:2"}, "focus runs another image"),
        ({"NetworkSettings": {"Networks": {"net": {"NetworkID": "n2"}}}}, "focus is not on the network"),
        ({"NetworkSettings": {}}, "focus is not on the network"),
    ):
        node.containers["focus"] = {**container, **changes}
        assert words in why(node, services)
    node.containers = {}
    assert "containers are not those" in why(node, services)
    node.containers["focus"] = container
    node.listed = [{"Id": "c1"}, {"Id": "c9"}]
    assert "containers are not those" in why(node, services)
    node.listed = [{"Id": "c1"}]
    assert why(node, services) == ""
    node.networks["net"] = {**NETWORK, "Id": "n2"}
    assert "the Compose file" in why(node, services)
    node.networks["net"] = NETWORK
    for name in ("focus.env", "compose.yaml"):
        (tmp_path / name).write_text("other")
        assert why(node, services) != ""


def test_services_between_two_tries_are_named(node: Node, services: dict[str, Any]) -> None:
    node.run("settled", **services)
    assert node.run("compared", **services)["trying"] == []
    node.containers["focus"]["State"]["Status"] = "restarting"
    found = node.run("compared", **services)
    assert (found["standing"], found["trying"]) == (True, ["focus"])
    node.containers["focus"].update(State={"Status": "running"}, RestartCount=3)
    assert node.run("compared", **services)["trying"] == ["focus"]
