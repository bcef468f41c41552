# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role brought, and what of it goes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _role_record as records

DIRECTORY = {"kind": "directory", "mode": "0755", "uid": 0, "gid": 0}
OURS = {"kind": "file", "mode": "0440", "uid": 0, "gid": 0, "content": "b3Vycw==", "ours": True}
THEIRS = {**OURS, "content": "dGhlaXJz", "ours": False}


def record(**more: Any) -> dict[str, Any]:
    """Return a record."""
    return {**records.fresh(), **more}


def account(uid: int = 1001) -> records.Account:
    """Return an account."""
    return records.Account("/home/ada", uid)


def test_accounts_and_their_expiry() -> None:
    passwd = "root:x:0:0:root:/root:/bin/bash\nada:x:1001:1001::/home/ada:/bin/bash\nodd:x:y:1::/:/\nshort:x\n"
    shadow = "root:*:1:0:9:7:::\nada:$y$secret:1:0:9:7::1:\nshort:*\n"
    found = records.parse_accounts(passwd, shadow)
    star, secret = records.sha256(b"*"), records.sha256(b"$y$secret")
    assert found == {
        "root": records.Account("/root", 0, "", 0, "root", "/bin/bash", star),
        "ada": records.Account("/home/ada", 1001, "1", 1001, "", "/bin/bash", secret),
    }
    assert "secret" not in repr(found)
    assert records.parse_accounts("root:x:0:0:root:/root:/bin/bash\n", "")["root"].password_sha256 == ""


ADA = records.Account("/home/ada", 1001, "", 1001, "Ada", "/bin/bash", records.sha256(b"$y$1"))
OWNED = {"uid": 1001, "gid": 1001}
KEYS = ["ssh-ed25519 AAAA ada@laptop", " ssh-ed25519 BBBB ada@desk\n"]
HOME: dict[str, dict[str, Any]] = {
    "/home/ada": {**OWNED, "kind": "directory", "mode": "0700"},
    "/home/ada/software": {**OWNED, "kind": "directory", "mode": "0755"},
    "/home/ada/.ssh": {**OWNED, "kind": "directory", "mode": "0700"},
    "/home/ada/.ssh/authorized_keys": {
        **OWNED,
        "kind": "file",
        "mode": "0600",
        "sha256": records.sha256(b"ssh-ed25519 AAAA ada@laptop\nssh-ed25519 BBBB ada@desk\n"),
    },
}


def person(**more: Any) -> dict[str, Any]:
    """Return a person as the module gets it."""
    given = {"name": "ada", "present": True, "comment": "", "shell": "", "password_sha256": "", "authorized_keys": None}
    return {**given, **more}


@pytest.mark.parametrize(
    ("wanted", "found", "right"),
    [
        (person(), ADA, True),
        (person(comment="Ada", shell="/bin/bash", password_sha256=records.sha256(b"$y$1")), ADA, True),
        (person(comment="Ada Lovelace"), ADA, False),
        (person(shell="/bin/sh"), ADA, False),
        (person(password_sha256=records.sha256(b"$y$2")), ADA, False),
        (person(), None, False),
        (person(), dataclasses.replace(ADA, expiry="1"), False),
        (person(), dataclasses.replace(ADA, home="/home/gone"), False),
        (person(present=False), None, True),
    ],
)
def test_an_account_as_wanted(wanted: dict[str, Any], found: records.Account | None, right: bool) -> None:
    assert records.account_is_wanted(wanted, found, HOME.get) is right


@pytest.mark.parametrize(
    ("wanted", "home", "right"),
    [
        (person(), HOME, True),
        (person(authorized_keys=KEYS), HOME, True),
        (person(authorized_keys=KEYS[:1]), HOME, False),
        (person(), {**HOME, "/home/ada/software": {**OWNED, "kind": "directory", "mode": "0775"}}, False),
        (person(authorized_keys=KEYS), {**HOME, "/home/ada/.ssh": {**OWNED, "kind": "other", "mode": "0777"}}, False),
        (person(authorized_keys=[]), HOME, False),
        (person(authorized_keys=[]), {"/home/ada/software": HOME["/home/ada/software"]}, True),
        (person(present=False, authorized_keys=[]), {}, True),
        (person(present=False, authorized_keys=[]), {"/home/ada/.ssh": {"kind": "other"}}, False),
        (person(present=False), {}, True),
    ],
)
def test_a_home_as_wanted(wanted: dict[str, Any], home: dict[str, dict[str, Any]], right: bool) -> None:
    assert records.home_is_wanted(wanted, ADA, ["software"], home.get) is right


def test_a_home_of_nobody() -> None:
    assert not records.home_is_wanted(person(), None, [], HOME.get)
    assert records.home_is_wanted(person(present=False), None, [], HOME.get)


def test_groups() -> None:
    assert records.parse_groups("adm:x:4:ada,bela\nempty:x:5:\nbroken\n") == {"adm": ["ada", "bela"], "empty": []}


def test_units() -> None:
    text = (
        "Id=a.timer\nLoadState=loaded\nUnitFileState=enabled\n\n"
        "Id=b.service\nLoadState=not-found\nUnitFileState=\nodd\n\n"
        "Id=c.service\nLoadState=masked\nUnitFileState=masked\n"
    )
    assert records.parse_units(text) == {"a.timer": "enabled", "c.service": "masked"}


def test_packages_that_dpkg_was_stopped_in() -> None:
    text = "ii \tfine\nrc \tgone\nun \tnever\niF \thalf\niU \tunpacked\niHR\tbad\niW \twaits\nhi \theld\nodd\nx\ty\n"
    assert records.half_installed(text) == ["bad", "half", "unpacked", "waits"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"version": 9}', '{"version": 1, "packages": {}}'])
def test_a_record_that_is_missing_or_damaged(text: str | None) -> None:
    assert records.parse(text) is None


def test_a_record_survives_the_disk() -> None:
    assert records.parse(records.render(record(packages=["git"]))) == record(packages=["git"])


def test_what_is_missing_is_ours_and_what_is_there_is_not() -> None:
    wanted = records.Wanted(
        packages=["git", "sudo"], accounts=["ada", "zoe"], groups=["new", "old"], paths=["/a", "/b"], units=["t", "n"]
    )
    found = records.Found(
        packages=frozenset({"sudo", "libc6"}),
        accounts={"zoe": account()},
        groups={"old": ["zoe", "adam"]},
        paths={"/b": {**DIRECTORY, "mode": "0700"}},
        units={"t": "disabled"},
    )
    claimed = records.claim(None, wanted, found)
    assert claimed["packages"] == ["git"]
    assert claimed["before"] == ["libc6", "sudo"]
    assert claimed["accounts"] == ["ada"]
    assert claimed["groups"] == {"new": None, "old": ["adam", "zoe"]}
    assert claimed["paths"] == {"/a": None, "/b": {**DIRECTORY, "mode": "0700"}}
    assert claimed["units"] == {"t": "disabled", "n": ""}


def test_a_second_claim_changes_nothing_once_all_is_there() -> None:
    wanted = records.Wanted(packages=["git"], accounts=["ada"], groups=["g"], paths=["/a"], units=["t"])
    first = records.claim(None, wanted, records.Found())
    there = records.Found(
        packages=frozenset({"git"}),
        accounts={"ada": account()},
        groups={"g": ["ada"]},
        paths={"/a": DIRECTORY},
        units={"t": "enabled"},
    )
    assert records.claim(first, wanted, there) == first


def test_what_is_neither_there_nor_wanted_any_more_is_forgotten() -> None:
    before = record(packages=["git", "wget"], accounts=["ada", "bela"])
    claimed = records.claim(before, records.Wanted(packages=["wget"], accounts=["bela"]), records.Found())
    assert (claimed["packages"], claimed["accounts"]) == (["wget"], ["bela"])


def test_a_file_that_was_there_before_is_kept_in_the_record() -> None:
    claimed = records.claim(None, records.Wanted(paths=["/a"]), records.Found(paths={"/a": THEIRS}))
    assert claimed["paths"]["/a"] == {key: value for key, value in THEIRS.items() if key != "ours"}


def test_a_node_of_an_earlier_version_is_told_by_its_marked_files() -> None:
    wanted = records.Wanted(packages=["git"], accounts=["ada"], groups=["g"], paths=["/a", "/d"])
    found = records.Found(
        packages=frozenset({"git"}),
        accounts={"ada": account()},
        groups={"g": ["ada"]},
        paths={"/a": OURS, "/d": DIRECTORY},
    )
    claimed = records.claim(None, wanted, found)
    assert claimed["paths"] == {"/a": None, "/d": None}
    assert claimed["groups"] == {"g": None}
    assert (claimed["packages"], claimed["accounts"]) == ([], [])


def test_dependencies_are_what_came_by_itself() -> None:
    before = record(packages=["git"], before=["libc6", "old"], dependencies=["kept"])
    settled = records.settle(before, ["git", "libc6", "liberror", "hand"], ["liberror", "libc6", "git", "elsewhere"])
    assert settled["dependencies"] == ["kept", "liberror"]
    assert "before" not in settled
    assert records.settle(settled, ["more"], ["more"]) == settled


def test_the_way_in_is_no_candidate() -> None:
    assert records.candidates(record(packages=["git", "sudo", "gone"]), ["git", "sudo"], []) == ["git"]


def test_marks_for_apt() -> None:
    other = "Package: x\nArchitecture: amd64\nAuto-Installed: 1"
    text = f"Package: git\nArchitecture: amd64\nAuto-Installed: 0\n\n{other}\n\nodd\n"
    marked = records.mark_automatic(text, ["git"], "arm64")
    assert marked.split("\n\n") == [
        other,
        "Package: git\nArchitecture: arm64\nAuto-Installed: 1\n",
    ]


def test_a_simulation_names_packages() -> None:
    assert records.named_in("Inst a\nRemv git [1]\nPurg wget:amd64 [2]\nConf b\n") == ["git", "wget"]


def removal(people: bool = True, found: records.Found | None = None, **more: Any) -> records.Removal:
    """Return the plan for a record."""
    return records.removal(record(**more), found or records.Found(), people)


def test_nothing_of_a_record_is_left() -> None:
    plan = removal(accounts=["ada"], groups={"g": None}, paths={"/a": None}, units={"t": "disabled"})
    assert plan.lines() == []
    assert plan.directories == ["/a"]


def test_what_goes() -> None:
    found = records.Found(
        accounts={"ada": account(), "zoe": account(1002)},
        groups={"ours": ["ada", "zoe"], "old": ["ada"]},
        paths={"/a/b/c": DIRECTORY, "/a": DIRECTORY, "/a/f": OURS},
        units={"t": "enabled", "u": "enabled"},
    )
    plan = removal(
        found=found,
        accounts=["ada"],
        groups={"ours": None, "old": ["zoe", "left"]},
        paths={"/a": None, "/a/b/c": None, "/a/f": None},
        units={"t": "disabled", "u": "enabled"},
    )
    assert plan.lines() == [
        "unit t starts with the machine",
        "file /a/f",
        "account ada",
        "group ours",
        "group old",
    ]
    assert plan.members == {"old": ["zoe"]}
    assert plan.directories == ["/a/b/c", "/a/f", "/a"]


def test_people_may_stay_and_their_groups_with_them() -> None:
    found = records.Found(accounts={"ada": account()}, groups={"g": ["ada"], "empty": [], "old": ["ada"]})
    groups = {"g": None, "empty": None, "old": ["ada"]}
    plan = removal(people=False, found=found, accounts=["ada"], groups=groups)
    assert (plan.accounts, plan.groups, plan.members) == ([], ["empty"], {})


@pytest.mark.parametrize(
    ("before", "now", "restored"),
    [
        ({**DIRECTORY, "mode": "0700"}, DIRECTORY, True),
        ({**DIRECTORY, "mode": "0700"}, {**DIRECTORY, "mode": "0750"}, False),
        (DIRECTORY, DIRECTORY, False),
        (THEIRS, OURS, True),
        (THEIRS, {**THEIRS, "content": "bmV3"}, False),
        ({**DIRECTORY, "kind": "other"}, DIRECTORY, False),
    ],
)
def test_what_was_there_gets_back_what_it_was(before: dict[str, Any], now: dict[str, Any], restored: bool) -> None:
    plan = removal(found=records.Found(paths={"/a": now}), paths={"/a": before, "/gone": before})
    assert plan.restored == ({"/a": before} if restored else {})
    assert plan.files == []


def test_the_record_is_plain_json() -> None:
    assert json.loads(records.render(records.fresh()))["version"] == records.VERSION
