# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module recognises an engine, and writes down what will be ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.plugins.modules import docker_claim
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

WANTED = ["docker.io", "docker-cli"]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a Debian node without an engine."""
    group = tmp_path / "group"
    group.write_text("root:x:0:\nadm:x:4:syslog\n", encoding="utf-8")
    monkeypatch.setattr(docker_claim, "GROUP_FILE", str(group))
    (tmp_path / "net").mkdir()
    monkeypatch.setattr(docker_claim, "INTERFACES", str(tmp_path / "net"))
    monkeypatch.setattr(docker_claim, "FORWARDING", str(tmp_path / "ip_forward"))
    monkeypatch.setattr(_docker_node, "SNAP_PROGRAM", str(tmp_path / "snap"))
    monkeypatch.setattr(repair, "repair", lambda _module: [])
    node = Node(tmp_path)
    dpkg(node, "tini\tii \t1")
    return node


def dpkg(node: Node, *lines: str) -> None:
    """Let dpkg list these packages."""
    node.says("dpkg-query", 0, "".join(f"{line}\n" for line in lines))


def record(tmp_path: Path) -> dict[str, Any]:
    """Return the record on the disk."""
    loaded: dict[str, Any] = json.loads((tmp_path / "state" / "docker.json").read_text(encoding="utf-8"))
    return loaded


def claim(node: Node, monkeypatch: pytest.MonkeyPatch, **params: Any) -> dict[str, Any]:
    """Run the module on this node's record."""
    return node.run(monkeypatch, docker_claim, path=str(node.tmpdir / "state" / "docker.json"), **params)


def test_a_bare_node_is_claimed_once(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = claim(bare, monkeypatch, packages=WANTED, helpers=["tini"], source="distribution", version="26.1.5")
    assert (first["changed"], first["engine"], first["settled"]) == (True, "none", False)
    assert first["missing"] == first["pending"] == WANTED
    assert first["requested"] == ["docker.io=26.1.5*", "docker-cli=26.1.5*", "tini"]
    assert first["diff"][0]["before"] == ""
    assert "before" not in json.loads(first["diff"][0]["after"])
    assert record(tmp_path)["packages"] == ["docker-cli", "docker.io"]
    assert record(tmp_path)["group_existed"] is False
    again = claim(bare, monkeypatch, packages=WANTED, helpers=["tini"], source="distribution")
    assert (again["changed"], again["diff"]) == (False, [])


def test_check_mode_tells_and_writes_nothing(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.check_mode = True
    assert claim(bare, monkeypatch, packages=WANTED)["changed"]
    assert not (tmp_path / "state").exists()


def test_members_that_were_there_are_remembered(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "group").write_text("docker:x:99:zoe,ada\n", encoding="utf-8")
    claim(bare, monkeypatch, packages=WANTED)
    assert (record(tmp_path)["group_existed"], record(tmp_path)["members_before"]) == (True, ["ada", "zoe"])


def test_what_later_tasks_need_not_do_is_told(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "eucaim-docker.sources"
    monkeypatch.setattr(docker_claim, "SOURCE_FILES", (str(source),))
    found = claim(bare, monkeypatch, packages=WANTED)
    assert (found["source_files"], found["members"]) == ([], None)
    source.touch()
    (tmp_path / "group").write_text("docker:x:99:root\n", encoding="utf-8")
    found = claim(bare, monkeypatch, packages=WANTED)
    assert (found["source_files"], found["members"]) == ([str(source)], ["root"])
    (tmp_path / "group").write_text("docker:x:99:root,nobody-of-that-name\n", encoding="utf-8")
    assert claim(bare, monkeypatch, packages=WANTED)["members"] is None


def test_a_foreign_engine_is_refused_in_words(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.says("dockerd")
    said = bare.refuse(monkeypatch, docker_claim, packages=WANTED, path=str(tmp_path / "state" / "docker.json"))
    assert "[CT-DOCKER] docker_existing_engine" in said
    assert "program /usr/bin/dockerd" in said
    assert not (tmp_path / "state").exists()


def test_what_is_no_engine_is_never_adopted(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "snap").touch()
    path = str(tmp_path / "state" / "docker.json")
    said = bare.refuse(monkeypatch, docker_claim, packages=WANTED, path=path, existing="adopt")
    assert "cannot be used (snap docker)" in said
    assert not (tmp_path / "state").exists()
    assert claim(bare, monkeypatch, state="read")["engine"] == "adopted"


def test_a_foreign_engine_is_adopted(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dpkg(bare, "docker-ce\tii \t28.1")
    result = claim(bare, monkeypatch, packages=WANTED, existing="adopt")
    assert (result["engine"], result["flavour"]) == ("adopted", "package docker-ce 28.1")
    assert (record(tmp_path)["adopted"], record(tmp_path)["packages"]) == (True, [])


def test_nothing_to_adopt_and_nothing_to_install(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = bare.refuse(monkeypatch, docker_claim, existing="adopt", path=str(tmp_path / "state" / "docker.json"))
    assert "no engine to adopt" in said


def test_an_installation_is_settled_and_held(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(bare, monkeypatch, packages=WANTED)
    dpkg(bare, "tini\tii \t1", "docker.io\tii \t26", "docker-cli\tii \t26", "runc\tii \t1")
    bare.says("apt-mark", 0, "runc\ntini\n")
    sent: list[bytes] = []

    def selections(_argv: Sequence[str], data: Any) -> Answer:
        sent.append(data)
        return 0, "", ""

    bare.programs["dpkg"] = selections
    result = claim(bare, monkeypatch, state="settled", packages=WANTED, hold=True)
    assert result["changed"]
    assert sent == [b"docker-cli hold\ndocker.io hold\n"]
    assert (record(tmp_path)["dependencies"], record(tmp_path)["held"]) == (["runc"], ["docker-cli", "docker.io"])
    dpkg(bare, "tini\tii \t1", "docker.io\thi \t26", "docker-cli\thi \t26", "runc\tii \t1")
    after = claim(bare, monkeypatch, packages=WANTED, hold=True, version="27.0.0")
    assert (after["engine"], after["settled"], after["pending"]) == ("ours", True, WANTED)
    assert not claim(bare, monkeypatch, packages=WANTED)["settled"]
    claim(bare, monkeypatch, state="settled", packages=WANTED)
    assert sent[1] == b"docker-cli install\ndocker.io install\n"
    assert record(tmp_path)["held"] == []


def test_check_mode_holds_nothing(bare: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(bare, monkeypatch, packages=WANTED)
    dpkg(bare, "docker.io\tii \t26")
    bare.says("apt-mark")
    bare.check_mode = True
    assert claim(bare, monkeypatch, state="settled", packages=WANTED, hold=True)["changed"]
    assert bare.called("dpkg") == []


def test_a_hold_that_fails_is_said(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(bare, monkeypatch, packages=WANTED)
    dpkg(bare, "docker.io\tii \t26")
    bare.says("apt-mark")
    bare.says("dpkg", 2, "", "read-only")
    path = str(tmp_path / "state" / "docker.json")
    said = bare.refuse(monkeypatch, docker_claim, state="settled", packages=WANTED, hold=True, path=path)
    assert "docker.io cannot be held: read-only" in said


def test_the_family_of_red_hat(tmp_path: Path, bare: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    del bare.programs["dpkg-query"]
    bare.says("rpm", 0, "tini\t1\n")
    claim(bare, monkeypatch, packages=["docker-ce"])
    bare.says("rpm", 0, "tini\t1\ndocker-ce\t28\n")
    bare.says("dnf")
    claim(bare, monkeypatch, state="settled", packages=["docker-ce"], hold=True)
    assert record(tmp_path)["held"] == ["docker-ce"]
    assert claim(bare, monkeypatch, packages=["docker-ce"], hold=True)["settled"]
    assert not claim(bare, monkeypatch, packages=["docker-ce"])["settled"]
    claim(bare, monkeypatch, state="settled", packages=["docker-ce"])
    assert [call[3:] for call in bare.called("dnf")] == [["add", "docker-ce"], ["delete", "docker-ce"]]


def test_looking_names_running_containers(bare: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = claim(bare, monkeypatch, state="read")
    assert (nothing["running"], nothing["record"], nothing["engine"]) == ([], docker_claim.EMPTY, "none")
    dpkg(bare, "docker.io\tii \t26")
    bare.says("docker", 0, "a\nb\n")
    found = claim(bare, monkeypatch, state="read")
    assert (found["running"], found["engine"]) == (["a", "b"], "adopted")


def test_data_goes_only_when_named(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "overlay2" / "x").mkdir(parents=True)
    (data / "engine-id").touch()
    (data / "link").symlink_to("/etc")
    bare.check_mode = True
    assert claim(bare, monkeypatch, state="absent", data=[str(data)])["changed"]
    assert (data / "overlay2").exists()
    bare.check_mode = False
    assert not claim(bare, monkeypatch, state="absent")["changed"]
    assert claim(bare, monkeypatch, state="absent", data=[str(data), str(tmp_path / "gone")])["changed"]
    assert not data.exists()


@pytest.mark.parametrize("adopted", [False, True])
def test_what_containerd_made_stays_with_an_engine_of_others(
    bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adopted: bool
) -> None:
    made = tmp_path / "cni"
    made.mkdir()
    monkeypatch.setattr(docker_claim, "OF_CONTAINERD", (str(made),))
    if adopted:
        dpkg(bare, "docker.io\tii \t26")
    claim(bare, monkeypatch, packages=WANTED, existing="adopt" if adopted else "refuse")
    claim(bare, monkeypatch, state="absent")
    assert made.exists() == adopted


def test_leftovers_and_the_end(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert claim(bare, monkeypatch, state="released")["leftovers"] == []
    claim(bare, monkeypatch, packages=WANTED)
    dpkg(bare, "docker.io\tii \t26", "runc\tii \t1")
    bare.says("apt-mark", 0, "runc\n")
    claim(bare, monkeypatch, state="settled")
    bare.says("apt-get", 0, "Remv runc [1]\nRemv theirs [1]\n")
    assert claim(bare, monkeypatch, state="released")["leftovers"] == ["runc"]
    bare.check_mode = True
    assert claim(bare, monkeypatch, state="absent")["changed"]
    assert (tmp_path / "state" / "docker.json").exists()
    bare.check_mode = False
    assert claim(bare, monkeypatch, state="absent")["changed"]
    assert not (tmp_path / "state").exists()
    assert not claim(bare, monkeypatch, state="absent")["changed"]


def test_an_installation_that_was_cut_off_is_finished(
    bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def finish(_module: Any) -> list[str]:
        asked.append("once")
        return ["docker.io"]

    monkeypatch.setattr(repair, "repair", finish)
    assert claim(bare, monkeypatch, packages=WANTED)["repaired"] == []
    again = claim(bare, monkeypatch, packages=WANTED)
    assert (again["changed"], again["repaired"], asked) == (True, ["docker.io"], ["once"])
    assert "docker.io had been cut off" in bare.warned[0]


SAVED = "*filter\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n-A FORWARD -j DOCKER\n-A FORWARD -i eth0 -j ACCEPT\nCOMMIT\n"


def test_what_the_kernel_was_like_is_recorded(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ip_forward").write_text("0\n", encoding="ascii")
    bare.says("ip6tables", 0, "-P FORWARD DROP\n")
    claim(bare, monkeypatch, packages=WANTED)
    assert record(tmp_path)["kernel_before"] == {"ip_forward": "0", "iptables": "ACCEPT", "ip6tables": "DROP"}


def test_nothing_of_a_daemon_stays_in_the_kernel(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ip_forward").write_text("0\n", encoding="ascii")
    claim(bare, monkeypatch, packages=WANTED)
    for name in ("docker0", "br-0123456789ab", "br-lan", "eth0"):
        (tmp_path / "net" / name).mkdir()
    given: list[Any] = []
    bare.says("iptables-save", 0, SAVED)

    def restore(_argv: Sequence[str], data: Any) -> Answer:
        given.append(data)
        return 0, "", ""

    bare.programs["iptables-restore"] = restore
    for program in ("systemctl", "ip", "sysctl"):
        bare.says(program)
    bare.check_mode = True
    foretold = claim(bare, monkeypatch, state="stopped")
    assert not [argv for argv in bare.calls if argv[0] in ("ip", "sysctl", "iptables-restore")]
    bare.check_mode = False
    result = claim(bare, monkeypatch, state="stopped")
    assert result["diff"] == foretold["diff"]
    assert result["diff"]["before"].splitlines() == [
        "docker.service",
        "docker.socket",
        "rules of Docker in iptables",
        "bridge br-0123456789ab",
        "bridge docker0",
    ]
    assert given == [b"*filter\n:FORWARD ACCEPT [0:0]\n-F DOCKER\n-D FORWARD -j DOCKER\n-X DOCKER\nCOMMIT\n"]
    assert [argv for argv in bare.called("systemctl") if argv[0] == "stop"] == [
        ["stop", "docker.service", "docker.socket"]
    ]
    assert bare.called("ip") == [["link", "delete", "br-0123456789ab"], ["link", "delete", "docker0"]]
    assert bare.called("sysctl") == [["-q", "-w", "net.ipv4.ip_forward=0"]]


def test_a_kernel_without_docker_is_left_alone(bare: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not claim(bare, monkeypatch, state="stopped")["changed"]


def test_rules_that_stay_are_told(bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.says("iptables-save", 0, SAVED)
    bare.says("iptables-restore", 4, "", "busy")
    path = str(tmp_path / "state" / "docker.json")
    assert "stay in the kernel: busy" in bare.refuse(monkeypatch, docker_claim, state="stopped", path=path)
