# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module writes down what will be ours, and takes exactly that away."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.plugins.modules import role_record
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node


class Machine(Node):
    """A Debian node in a folder: packages, accounts and groups as files, and programs that change them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root
        self.installed = ["libc6", "sudo"]
        self.automatic = ["libc6"]
        self.needed: list[str] = []
        self.takes_along: list[str] = []
        self.userdel = [0]
        self.programs |= {
            "dpkg-query": self.query,
            "apt-mark": lambda _argv, _data: (0, "".join(f"{name}\n" for name in self.automatic), ""),
            "apt-get": self.apt,
            "dpkg": lambda _argv, _data: (0, "amd64\n", ""),
            "systemctl": self.systemctl,
            "userdel": self.delete_user,
            "groupdel": lambda argv, _data: self.drop("group", argv[-1]),
            "gpasswd": self.set_members,
        }
        self.write("passwd", f"root:x:0:0::/root:/bin/sh\nzoe:x:1002:1002::{root}/home/zoe:/bin/sh\n")
        self.write("shadow", "root:*:1::::::\n")
        self.write("group", "root:x:0:\nold:x:900:zoe\n")
        self.enabled = {"t.timer": "disabled"}

    def write(self, name: str, text: str) -> None:
        """Write a file of the node."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def text(self, name: str) -> str:
        """Return a file of the node."""
        return (self.root / name).read_text(encoding="utf-8")

    def query(self, argv: Sequence[str], _data: Any) -> Answer:
        """List packages."""
        return 0, "".join(f"{name}\tii \t1\n" for name in self.installed), ""

    def apt(self, argv: Sequence[str], _data: Any) -> Answer:
        """Remove packages, or say which would go."""
        names = argv[argv.index("purge") + 1 :] if "purge" in argv else []
        if "autoremove" in argv:
            path = next(word for word in argv if word.startswith("Dir::State")).partition("=")[2]
            marked = Path(path).read_text(encoding="utf-8")
            gone = [name for name in self.installed if f"Package: {name}\n" in marked and name not in self.needed]
            return 0, "".join(f"Remv {name} [1]\n" for name in gone), ""
        if "--simulate" in argv:
            return 0, "".join(f"Purg {name} [1]\n" for name in [*names, *self.takes_along]), ""
        if not names:
            return 100, "", "E: broken"
        self.installed = [name for name in self.installed if name not in names]
        return 0, "", ""

    def systemctl(self, argv: Sequence[str], _data: Any) -> Answer:
        """Show units, or disable one."""
        if argv[0] == "disable":
            assert argv[1] == "--now"  # what was switched off did not run either
            self.enabled[argv[2]] = "disabled"
            return 0, "", ""
        blocks = [f"Id={name}\nLoadState=loaded\nUnitFileState={self.enabled[name]}" for name in self.enabled]
        return 0, "\n\n".join(blocks), ""

    def drop(self, name: str, entry: str) -> Answer:
        """Take a line out of a table."""
        lines = [line for line in self.text(name).splitlines() if line.split(":")[0] != entry]
        self.write(name, "".join(f"{line}\n" for line in lines))
        return 0, "", ""

    def delete_user(self, argv: Sequence[str], _data: Any) -> Answer:
        """Remove an account and its own group."""
        code = self.userdel.pop(0) if len(self.userdel) > 1 else self.userdel[0]
        if code:
            return code, "", f"userdel: user {argv[0]} is currently used by process 7"
        self.drop("group", argv[0])
        return self.drop("passwd", argv[0])

    def set_members(self, argv: Sequence[str], _data: Any) -> Answer:
        """Set a group's members."""
        self.drop("group", argv[2])
        self.write("group", self.text("group") + f"{argv[2]}:x:900:{argv[1]}\n")
        return 0, "", ""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a Debian node in a folder."""
    for name in ("passwd", "group", "shadow"):
        monkeypatch.setattr(role_record, name.upper(), str(tmp_path / name))
    monkeypatch.setattr(role_record, "HOMES", str(tmp_path / "home"))
    monkeypatch.setattr(role_record, "STATES", str(tmp_path / "extended_states"))
    monkeypatch.setattr(role_record, "refuse_to_cut", lambda *_arguments: None)
    monkeypatch.setattr(repair, "repair", lambda _module: [])
    monkeypatch.setattr(repair, "ETC", str(tmp_path))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return Machine(tmp_path)


def wants(node: Machine) -> dict[str, Any]:
    """Return what a role wants of this node."""
    return {
        "packages": ["git", "sudo"],
        "alternatives": ["chrony", "timesyncd"],
        "accounts": ["ada", "zoe"],
        "groups": ["admins", "old"],
        "paths": [str(node.root / "opt"), str(node.root / "rules"), str(node.root / "theirs")],
        "home_paths": ["software"],
        "units": ["t.timer"],
    }


def use(node: Machine, monkeypatch: pytest.MonkeyPatch, state: str = "claimed", **params: Any) -> dict[str, Any]:
    """Run the module."""
    directory = str(node.root / "lib" / "state")
    return node.run(monkeypatch, role_record, role="base", state=state, directory=directory, **params)


def record(node: Machine) -> dict[str, Any]:
    """Return the record on the disk."""
    loaded: dict[str, Any] = json.loads(node.text("lib/state/base.json"))
    return loaded


def converge(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a role does between its record and its end."""
    node.write("theirs", "# of the site\n")
    use(node, monkeypatch, **wants(node))
    node.installed += ["git", "liberror", "timesyncd"]
    node.automatic += ["liberror"]
    node.write("passwd", node.text("passwd") + f"ada:x:1001:1001::{node.root}/home/ada:/bin/sh\n")
    node.drop("group", "old")
    node.write("group", node.text("group") + "admins:x:901:ada,zoe\nold:x:900:ada\nada:x:1001:\n")
    (node.root / "opt").mkdir()
    for name in ("rules", "theirs"):
        node.write(name, "# Managed by Ansible (eucaim.local_node.base).\n")
    (node.root / "home" / "zoe" / "software").mkdir(parents=True)
    node.enabled["t.timer"] = "enabled"
    use(node, monkeypatch, "settled")


def test_the_record_stands_before_the_change(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    first = use(node, monkeypatch, **wants(node))
    assert (first["changed"], first["settled"], first["interrupted"], first["recorded"]) == (True, False, False, False)
    assert first["installed"] == ["sudo"]
    assert first["groups"]["old"] == ["zoe"]
    assert first["accounts"]["zoe"]["home"] == f"{node.root}/home/zoe"
    assert record(node)["packages"] == ["git", "timesyncd"]
    assert record(node)["accounts"] == ["ada"]
    assert record(node)["groups"] == {"admins": None, "old": ["zoe"]}
    assert os.stat(node.root / "lib/state/base.json").st_mode & 0o777 == 0o600
    again = use(node, monkeypatch, **wants(node))
    assert (again["changed"], again["interrupted"], again["diff"]) == (False, True, [])


def test_a_settled_role_changes_nothing(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    converge(node, monkeypatch)
    assert record(node)["dependencies"] == ["liberror"]
    assert "before" not in record(node)
    again = use(node, monkeypatch, **wants(node))
    assert (again["changed"], again["settled"], again["interrupted"]) == (False, True, False)
    assert use(node, monkeypatch, "settled")["changed"] is False


def test_looking_writes_nothing(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert use(node, monkeypatch, "read", **wants(node))["changed"] is False
    node.check_mode = True
    assert use(node, monkeypatch, **wants(node))["changed"] is True
    assert not (node.root / "lib").exists()
    assert use(node, monkeypatch, "settled")["changed"] is False


def test_a_look_tells_what_need_not_be_written(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write("file", "text\n")
    os.chmod(node.root / "file", 0o640)
    (node.root / "folder").mkdir(mode=0o755)
    os.symlink("file", node.root / "link")
    paths = {name: str(node.root / name) for name in ("file", "folder", "link", "nothing")}
    found = use(node, monkeypatch, "read", paths=list(paths.values()))["paths"]
    owner = {"uid": os.getuid(), "gid": os.getgid()}
    sha256 = hashlib.sha256(b"text\n").hexdigest()
    assert found[paths["file"]] == {**owner, "kind": "file", "mode": "0640", "sha256": sha256}
    assert found[paths["folder"]] == {**owner, "kind": "directory", "mode": "0755"}
    assert found[paths["link"]]["kind"] == "other"
    assert paths["nothing"] not in found


def test_a_look_tells_whose_account_or_home_is_other(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (node.root / "home" / "zoe" / "software").mkdir(parents=True)
    node.write("passwd", node.text("passwd").replace(":1002:1002:", f":{os.getuid()}:{os.getgid()}:"))
    persons: list[dict[str, Any]] = [{"name": name, "present": name != "old"} for name in ("zoe", "ada", "old")]
    persons[0]["shell"] = "/bin/sh"
    wanted: dict[str, Any] = {"persons": persons, "home_paths": ["software"]}
    found = use(node, monkeypatch, "read", **wanted)
    assert (found["other_accounts"], found["other_homes"]) == (["ada"], ["ada"])
    (node.root / "home" / "zoe" / "software").chmod(0o700)
    persons[0]["shell"] = "/bin/bash"
    found = use(node, monkeypatch, "read", **wanted)
    assert (found["other_accounts"], found["other_homes"]) == (["zoe", "ada"], ["zoe", "ada"])


def test_a_cut_off_installation_is_finished_first(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(_module: Any) -> list[str]:
        node.installed.append("git")
        return ["git"]

    monkeypatch.setattr(repair, "repair", finish)
    result = use(node, monkeypatch, **wants(node))
    assert (result["repaired"], result["installed"]) == (["git"], ["git", "sudo"])
    assert "git had been cut off" in node.warned[0]


def test_somebody_who_comes_back_owns_their_home(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (node.root / "home" / "ada").mkdir(parents=True)
    seen = {"kind": "directory", "uid": 1007}
    monkeypatch.setattr(role_record, "look_at", lambda path: dict(seen) if path.endswith("/home/ada") else None)
    assert use(node, monkeypatch, "read", accounts=["ada", "bela"])["uids"] == {"ada": 1007}
    seen["uid"] = 1002
    assert use(node, monkeypatch, "read", accounts=["ada"])["uids"] == {}


def test_a_file_of_others_is_remembered_whole(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write("theirs", "# of the site\n")
    os.symlink("theirs", node.root / "link")
    shown = use(node, monkeypatch, paths=[str(node.root / "theirs"), str(node.root / "link")])["diff"][0]["after"]
    kept = record(node)["paths"]
    assert kept[str(node.root / "theirs")]["content"] == "IyBvZiB0aGUgc2l0ZQo="
    assert kept[str(node.root / "link")]["kind"] == "other"
    assert "IyBvZiB0aGUgc2l0ZQo=" not in shown


def test_what_the_role_brought_goes(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: sorted(node.text(name).splitlines()) for name in ("passwd", "group")}
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    converge(node, monkeypatch)
    result = use(node, monkeypatch, "removed")
    assert result["changed"]
    for line in ("account ada", "package git", "package liberror", "package timesyncd", "group admins", "group old"):
        assert line in result["removed"], line
    assert f"directory {node.root}/opt" in result["removed"]
    assert node.installed == ["libc6", "sudo"]
    assert {name: sorted(node.text(name).splitlines()) for name in ("passwd", "group")} == before
    assert node.text("theirs") == "# of the site\n"
    assert not (node.root / "rules").exists()
    assert not (node.root / "lib" / "state").exists()
    assert os.listdir(node.root / "home" / "zoe") == []
    assert node.enabled == {"t.timer": "disabled"}
    again = use(node, monkeypatch, "removed", paths=[str(node.root / "rules")])
    assert (again["changed"], again["removed"]) == (False, [])


def test_check_mode_tells_what_would_go(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    converge(node, monkeypatch)
    node.check_mode = True
    calls = len(node.calls)
    foretold = use(node, monkeypatch, "removed")
    assert {argv[0] for argv in node.calls[calls:]} <= {"dpkg-query", "dpkg", "apt-mark", "apt-get", "systemctl"}
    assert "git" in node.installed
    node.check_mode = False
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    assert use(node, monkeypatch, "removed")["removed"] == foretold["removed"]
    assert f"record {node.root}/lib/state/base.json" in foretold["diff"]["before"]


def test_a_package_that_something_else_needs_stays(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    converge(node, monkeypatch)
    node.needed = ["git", "liberror"]
    result = use(node, monkeypatch, "removed")
    assert "package git, which something else on the node needs" in result["kept"]
    assert node.installed == ["libc6", "sudo", "git", "liberror"]


def test_a_directory_with_something_in_it_stays(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    converge(node, monkeypatch)
    node.write("opt/data", "1")
    node.check_mode = True
    assert f"directory {node.root}/opt, if it is empty by then" in use(node, monkeypatch, "removed")["removed"]
    node.check_mode = False
    assert f"directory {node.root}/opt" not in use(node, monkeypatch, "removed")["removed"]
    assert node.text("opt/data") == "1"


def test_nothing_else_goes_with_a_package(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    converge(node, monkeypatch)
    node.takes_along = ["etckeeper"]
    directory = str(node.root / "lib" / "state")
    said = node.refuse(monkeypatch, role_record, role="base", state="removed", directory=directory)
    assert "etckeeper would go with them" in said
    assert (node.root / "lib" / "state" / "base.json").exists()


def test_a_program_that_fails_is_told(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    converge(node, monkeypatch)
    node.says("systemctl", 0, "Id=t.timer\nLoadState=loaded\nUnitFileState=enabled")
    whole = node.programs["systemctl"]
    node.programs["systemctl"] = lambda argv, data: (1, "", "no bus") if argv[0] == "disable" else whole(argv, data)
    directory = str(node.root / "lib" / "state")
    said = node.refuse(monkeypatch, role_record, role="base", state="removed", directory=directory)
    assert said == "systemctl disable --now t.timer: no bus"


@pytest.mark.parametrize(("codes", "said"), [([8, 0], ""), ([8], "found ada logged in"), ([1], "userdel ada")])
def test_somebody_who_is_logged_in(node: Machine, monkeypatch: pytest.MonkeyPatch, codes: list[int], said: str) -> None:
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    monkeypatch.setattr(role_record, "PATIENCE", 0.05)
    converge(node, monkeypatch)
    node.userdel = codes
    if not said:
        assert "account ada" in use(node, monkeypatch, "removed")["removed"]
        return
    directory = str(node.root / "lib" / "state")
    assert said in node.refuse(monkeypatch, role_record, role="base", state="removed", directory=directory)
    node.userdel = [0]
    assert "account ada" in use(node, monkeypatch, "removed")["removed"]


def test_people_may_stay(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    converge(node, monkeypatch)
    assert "account ada" not in use(node, monkeypatch, "removed", people=False)["removed"]
    assert "ada" in node.text("passwd")


def test_a_damaged_record_takes_nothing_away(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write("lib/state/base.json", "{")
    directory = str(node.root / "lib" / "state")
    said = node.refuse(monkeypatch, role_record, role="base", state="removed", directory=directory)
    assert "is damaged" in said


def test_a_node_of_an_earlier_version(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write("rules", "# Managed by Ansible (eucaim.local_node.base).\n")
    node.write("group", node.text("group") + "admins:x:901:zoe\n")
    paths = [str(node.root / "rules")]
    result = use(node, monkeypatch, "removed", paths=paths, groups=["admins"])
    assert f"file {node.root}/rules" in result["removed"]
    assert "group admins" in result["removed"]
    assert "admins" not in node.text("group")


def test_packages_of_red_hat_stay(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    del node.programs["dpkg-query"]
    node.says("rpm", 0, "sudo\t1-1\n")
    use(node, monkeypatch, packages=["git"])
    node.says("rpm", 0, "sudo\t1-1\ngit\t1-1\n")
    assert use(node, monkeypatch, "settled")["record"]["dependencies"] == []
    assert use(node, monkeypatch, "removed")["removed"] == [f"directory {node.root}/lib/state"]


def test_a_lock_that_a_killed_tool_left_goes(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write("passwd.lock", "1\0")
    node.check_mode = True
    assert "root" in use(node, monkeypatch)["accounts"]
    assert (node.root / "passwd.lock").exists()
    node.check_mode = False
    assert use(node, monkeypatch)["changed"]
    assert not (node.root / "passwd.lock").exists()
    assert "passwd.lock" in node.warned[-1]
    assert not use(node, monkeypatch)["changed"]


def test_an_installation_of_another_role_is_finished_too(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "repair", lambda _module: ["iptables"])
    converge(node, monkeypatch)
    node.warned.clear()
    assert not use(node, monkeypatch, **wants(node))["changed"]
    node.write("lib/state/docker.json", '{"before": ["libc6"], "packages": []}')
    assert use(node, monkeypatch, **wants(node))["repaired"] == ["iptables"]


def test_what_another_run_left_is_found_by_its_name(node: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("certificates/eucaim-site.crt", "certificates/other.crt", "certificates/deep/eucaim.crt", "95eucaim"):
        node.write(name, "x")
    (node.root / "certificates" / "eucaim-folder").mkdir()
    (node.root / "certificates" / "eucaim-link").symlink_to(node.root / "gone")
    places = [
        str(node.root / name) for name in ("certificates", "95eucaim", "05eucaim-not-there", "certificates/other.crt")
    ]
    left = use(node, monkeypatch, "read", left_in=places)["left"]
    assert left == [
        str(node.root / name) for name in ("95eucaim", "certificates/eucaim-link", "certificates/eucaim-site.crt")
    ]
