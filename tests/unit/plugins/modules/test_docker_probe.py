# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module measures the engine."""

from __future__ import annotations

import grp
import json
import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_config import effective_options
from ansible_collections.eucaim.local_node.plugins.modules import docker_probe
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import FINGERPRINT, KEY, STRANGER, Node

INFO = {
    "ServerVersion": "26.1.5",
    "LiveRestoreEnabled": True,
    "LoggingDriver": "json-file",
    "DefaultAddressPools": [{"Base": "172.24.0.0/14", "Size": 24}],
}
POOLS = [{"base": "172.24.0.0/14", "size": 24}]
POLICY = "docker.io:\n  Version table:\n *** 26.1.5 500\n        500 http://mirror/debian trixie/main amd64 Packages\n"


class Place:
    """A node with an engine of ours, as it should be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.node = Node(folder)
        self.node.says("dpkg-query", 0, "docker.io\tii \t26.1.5\ntini\tii \t1\n")
        self.node.says("apt-cache", 0, POLICY)
        self.info(INFO)
        options = effective_options({}, POOLS)
        self.write("daemon.json", json.dumps(options))
        self.write("record.json", json.dumps({"owned": options}))
        self.state()
        self.write("key.asc", KEY)
        self.params: dict[str, Any] = {
            "packages": ["docker.io"],
            "helpers": ["tini"],
            "address_pools": POOLS,
            "path": str(folder / "daemon.json"),
            "record_path": str(folder / "record.json"),
            "state_path": str(folder / "state.json"),
            "socket": str(folder / "docker.sock"),
        }

    def write(self, name: str, text: str) -> None:
        """Write a file of the node."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def info(self, info: Any) -> None:
        """Let the engine say this of itself."""
        self.node.says("docker", 0, json.dumps(info))

    def state(self, **more: Any) -> None:
        """Write the record of what we installed."""
        record = {"version": 1, "packages": ["docker.io"], "dependencies": [], "source": "distribution", **more}
        self.write("state.json", json.dumps(record))

    def rows(self, monkeypatch: pytest.MonkeyPatch, requirement: str, **params: Any) -> list[dict[str, str]]:
        """Return the rows about a requirement."""
        result = self.node.run(monkeypatch, docker_probe, **{**self.params, **params})
        assert not result["changed"]
        return [row for row in result["rows"] if row["requirement"] == requirement]

    def bad(self, monkeypatch: pytest.MonkeyPatch, requirement: str = "CT-DOCKER", **params: Any) -> dict[str, str]:
        """Return what is not met, by what was measured."""
        rows = self.rows(monkeypatch, requirement, **params)
        return {row["measured"]: row["status"] for row in rows if row["status"] != "met"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return a node with an engine as it should be, nobody in group docker, and a closed socket."""
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tmp_path)
    listener.bind("docker.sock")
    os.chmod("docker.sock", 0o660)
    members(monkeypatch, [])
    yield Place(tmp_path)
    listener.close()


def members(monkeypatch: pytest.MonkeyPatch, names: list[str] | None, primary: str = "") -> None:
    """Let group docker have these members."""

    def getgrnam(_name: str) -> Any:
        if names is None:
            raise KeyError("docker")
        return SimpleNamespace(gr_mem=names, gr_gid=997)

    users = [SimpleNamespace(pw_name="root", pw_gid=0)]
    if primary:
        users.append(SimpleNamespace(pw_name=primary, pw_gid=997))
    monkeypatch.setattr(grp, "getgrnam", getgrnam)
    monkeypatch.setattr(pwd, "getpwall", lambda: users)


def test_an_engine_as_it_should_be(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch) == {}
    rows = place.rows(monkeypatch, "CT-DOCKER")
    assert "docker.io 26.1.5, tini 1" in [row["measured"] for row in rows]


def test_packages(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch, version="26.1") == {}
    assert place.bad(monkeypatch, version="27.0.0") == {"docker.io has version 26.1.5": "unmet"}
    place.node.says("dpkg-query", 0, "docker.io\trc \t26.1.5\n")
    assert place.bad(monkeypatch) == {"docker.io is not installed, tini is not installed": "unmet"}


def test_origins(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch, url="http://mirror/debian") == {}
    place.node.says("apt-cache", 0, POLICY.replace("//mirror", "//elsewhere"))
    assert place.bad(monkeypatch, url="http://mirror/debian") == {"docker.io from http://elsewhere/debian": "unmet"}
    place.node.says("apt-cache", 0, "docker.io:\n *** 26.1.5 100\n        100 /var/lib/dpkg/status\n")
    assert place.bad(monkeypatch, url="http://mirror/debian") == {}


def test_the_family_of_red_hat_trusts_the_record(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    del place.node.programs["dpkg-query"]
    place.node.says("rpm", 0, "docker.io\t26.1.5\ntini\t1\n")
    assert place.bad(monkeypatch, hold=True) == {}
    assert place.bad(monkeypatch, url="http://mirror/") == {"the record says distribution": "unmet"}


def test_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"key_path": str(place.folder / "key.asc"), "fingerprint": FINGERPRINT}
    assert place.bad(monkeypatch, **key) == {}
    place.write("key.asc", STRANGER)
    assert list(place.bad(monkeypatch, **key).values()) == ["unmet"]
    place.write("key.asc", "rubbish")
    assert "not usable" in "".join(place.bad(monkeypatch, **key))
    assert place.bad(monkeypatch, key_path="/nothing", fingerprint=FINGERPRINT) == {"there is no key": "unmet"}


def test_holds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch, hold=True) == {"not held: docker.io": "unmet"}
    place.node.says("dpkg-query", 0, "docker.io\thi \t26.1.5\ntini\tii \t1\n")
    assert place.bad(monkeypatch, hold=True) == {}


def test_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch, options={"debug": True}) == {"different: debug": "unmet"}
    place.write("record.json", "rubbish")
    assert place.bad(monkeypatch) == {}
    place.write("daemon.json", "rubbish")
    assert place.bad(monkeypatch) == {"the file is no JSON": "unmet"}
    (place.folder / "daemon.json").unlink()
    assert place.bad(monkeypatch) == {"there is no such file": "unmet"}


def test_the_running_daemon(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.info({**INFO, "LiveRestoreEnabled": False})
    assert place.bad(monkeypatch) == {"live-restore is false in the running daemon": "unmet"}
    silent = {"not measured: the engine does not answer (CT-RUN)": "unanswered"}
    place.info({"ServerErrors": ["Cannot connect"]})
    assert place.bad(monkeypatch) == silent
    place.node.says("docker", 0, "rubbish")
    assert place.bad(monkeypatch) == silent
    place.node.says("docker", 1)
    assert place.bad(monkeypatch) == silent


def test_an_adopted_engine(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.state(packages=[], adopted=True)
    place.node.says("dpkg-query", 0, "docker-ce\tii \t28.1\n")
    place.write("daemon.json", '{"live-restore": true}')
    place.write("record.json", '{"owned": {"live-restore": true}}')
    assert place.bad(monkeypatch) == {}
    assert "docker-ce 28.1" in place.rows(monkeypatch, "CT-DOCKER")[0]["measured"]
    assert "different" in "".join(place.bad(monkeypatch, allow_restart=True))
    place.node.says("dpkg-query", 0, "")
    assert "without a package" in place.rows(monkeypatch, "CT-DOCKER")[0]["measured"]


def test_members(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.bad(monkeypatch, "CT-GROUP") == {}
    members(monkeypatch, ["zoe"], primary="ada")
    assert place.bad(monkeypatch, "CT-GROUP", users=["zoe", "ada"]) == {}
    assert place.bad(monkeypatch, "CT-GROUP", users=["zoe"]) == {"members: ada, zoe": "unmet"}
    members(monkeypatch, None)
    assert place.bad(monkeypatch, "CT-GROUP") == {"there is no group docker": "unmet"}


def test_the_socket(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = grp.getgrgid(os.getgid()).gr_name
    (place.folder / "docker.sock").chmod(0o666)
    assert place.bad(monkeypatch, "CT-GROUP") == {f"owner {os.getuid()}, group {mine}, mode 0666": "unmet"}
    gone = {"not measured: there is no socket (CT-RUN)": "unanswered"}
    assert place.bad(monkeypatch, "CT-GROUP", socket="/nothing") == gone


def test_a_daemon_that_is_open_on_the_network(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {**effective_options({}, POOLS), "hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]}
    place.write("daemon.json", json.dumps(options))
    assert place.bad(monkeypatch, "CT-GROUP") == {"open to everyone on tcp://0.0.0.0:2375": "unmet"}
    place.write("daemon.json", json.dumps({**options, "tlsverify": True}))
    assert place.bad(monkeypatch, "CT-GROUP") == {}
