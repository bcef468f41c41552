# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module looks at an engine that is there, asks it only when it runs, and starts nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node, _docker_socket
from ansible_collections.eucaim.local_node.plugins.modules import docker_engine_info
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

UNITS = "Id=docker.service\nLoadState=loaded\nActiveState={}\nUnitFileState=enabled\nMainPID=77\n"
RECORD = {"version": 1, "packages": ["docker.io"], "dependencies": []}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node with an engine of someone else that runs."""
    monkeypatch.setattr(_docker_node, "SNAP_PROGRAM", str(tmp_path / "snap"))
    monkeypatch.setattr(docker_engine_info, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = Node(tmp_path)
    made.says("dpkg-query", 0, "docker.io\tii \t26.1.5\n")
    made.says("systemctl", 0, UNITS.format("active"))
    made.programs["docker"] = engine
    monkeypatch.setattr(_docker_socket, "named_bridges", lambda: ["mybr0"])
    return made


def engine(argv: Sequence[str], _data: Any) -> Answer:
    """Answer as the docker command."""
    words = list(argv[2:] if argv[0] == "--host" else argv)
    answers = {
        "info": json.dumps({"ServerVersion": "26.1.5", "SecurityOptions": ["name=cgroupns"]}),
        "compose": "2.26.1\n",
        "ps": "web\trunning\t\t0.0.0.0:8080->80/tcp\n",
        "network": "17\n" if words[1] == "ls" else "bridge\t\t172.17.0.0/16 \n",
    }
    return 0, answers[words[0]], ""


def look(node: Node, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the module."""
    return node.run(
        monkeypatch,
        docker_engine_info,
        path=str(node.tmpdir / "daemon.json"),
        state_directory=str(node.tmpdir / "state"),
        proxy_path=str(node.tmpdir / "proxy.conf"),
    )


def process(folder: Path, number: int, name: str, *arguments: str) -> None:
    """Make an entry of /proc."""
    place = folder / "proc" / str(number)
    place.mkdir(parents=True)
    (place / "comm").write_text(f"{name}\n", encoding="utf-8")
    (place / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in arguments))


def test_a_running_engine_of_someone_else(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process(tmp_path, 77, "dockerd", "dockerd", "-H", "tcp://0.0.0.0:2375")
    (tmp_path / "daemon.json").write_text('{"mtu": 1400, "proxies": {"http-proxy": "http://a:b@c"}}', encoding="utf-8")
    found = look(node, monkeypatch)
    assert (found["owner"], found["flavour"]) == ("foreign", "package docker.io 26.1.5")
    assert found["unit"]["ActiveState"] == "active"
    assert (found["version"], found["compose"], found["complaint"]) == ("26.1.5", "2.26.1", "")
    assert [item["name"] for item in found["containers"]] == ["web"]
    assert found["networks"] == [{"name": "bridge", "ours": False, "subnets": ["172.17.0.0/16"]}]
    assert found["bridges"] == ["mybr0"]
    assert found["exposed"] == ["tcp://0.0.0.0:2375"]
    assert (found["settings_state"], found["settings"]["mtu"], found["created"]) == ("read", 1400, False)
    assert "a:b" not in str(found)
    assert not found["changed"]
    assert {argv[0] for argv in node.calls} == {"dpkg-query", "systemctl", "docker"}
    assert [argv[0] for argv in node.called("systemctl")] == ["show"]


def test_an_engine_that_does_not_run_is_not_asked(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question would start it, where systemd listens for it."""
    node.says("systemctl", 0, UNITS.format("inactive"))
    found = look(node, monkeypatch)
    assert "asked" not in found
    assert found["bridges"] == []
    assert node.called("docker") == []


def test_an_engine_that_does_not_answer(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.says("docker", 1, "", "Cannot connect\n")
    found = look(node, monkeypatch)
    assert (found["asked"], found["version"], found["complaint"]) == (True, "", "Cannot connect")


def test_an_engine_without_compose_and_networks(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def poor(argv: Sequence[str], data: Any) -> Answer:
        return engine(argv, data) if "info" in argv else (1, "", "no such command")

    node.programs["docker"] = poor
    found = look(node, monkeypatch)
    assert (found["compose"], found["containers"]) == ("", [])
    assert "networks" not in found


def test_an_engine_of_ours_is_only_named(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "docker.json").write_text(json.dumps(RECORD), encoding="utf-8")
    wanted = {"changed": False, "owner": "ours", "flavour": "package docker.io 26.1.5"}
    assert look(node, monkeypatch) == {**wanted, "bridges": ["mybr0"]}
    node.says("systemctl", 0, UNITS.format("inactive"))
    assert look(node, monkeypatch) == {**wanted, "bridges": []}
    assert {argv[0] for argv in node.calls} == {"dpkg-query", "systemctl"}


@pytest.mark.parametrize("text", ["rubbish", "[]"])
def test_a_damaged_record_is_none(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "state").mkdir()
    for name in ("docker.json", "docker_daemon.json", "firewall.json"):
        (tmp_path / "state" / name).write_text(text, encoding="utf-8")
    found = look(node, monkeypatch)
    assert (found["owner"], found["owned"], found["firewalled"]) == ("foreign", {}, True)


def test_what_looks_like_an_engine(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.says("dpkg-query", 0, "containerd\tii \t1.7\n")
    (tmp_path / "daemon.json").write_text("rubbish", encoding="utf-8")
    found = look(node, monkeypatch)
    assert (found["owner"], found["containerd"], found["settings_state"]) == (
        "none",
        "package containerd 1.7",
        "broken",
    )
    node.says("dockerd")
    assert look(node, monkeypatch)["flavour"] == "program /usr/bin/dockerd"
    (tmp_path / "snap").touch()
    assert look(node, monkeypatch)["owner"] == "unusable"


def test_a_user_sees_what_anyone_may_see(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: str) -> str | None:
        if path.endswith("/daemon.json"):
            raise PermissionError
        return None

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_docker_node, "read_text", closed)
    found = look(node, monkeypatch)
    assert (found["owner"], found["settings_state"]) == ("foreign", "absent")
    assert node.called("docker") == []
    (tmp_path / "state").mkdir()
    assert look(node, monkeypatch) == {"changed": False, "owner": "unknown", "flavour": ""}


def test_who_runs_a_daemon_of_their_own(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in ((1, "init"), (77, "dockerd"), (78, "dockerd"), (79, "dockerd"), (80, "dockerd")):
        process(tmp_path, number, name)
    owners = {"77": 0, "78": os.getuid(), "79": 4_000_000_000}
    real = os.stat

    def stat(path: Any, **options: Any) -> Any:
        text = str(path)
        if not text.endswith("/comm"):
            return real(path, **options)
        number = text.split("/")[-2]
        if number not in owners:
            raise FileNotFoundError
        return type("Status", (), {"st_uid": owners[number]})

    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(docker_engine_info, "user_name", {os.getuid(): "", 4_000_000_000: "4000000000"}.__getitem__)
    owners["78"] = 4_000_000_000
    assert look(node, monkeypatch)["rootless"] == ["4000000000"]


def test_a_user_without_a_name() -> None:
    assert docker_engine_info.user_name(0) == "root"
    assert docker_engine_info.user_name(4_000_000_000) == "4000000000"
