# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, checks and judges: what was not measured is never met."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _evidence as evidence
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import STATUSES, Row
from hypothesis import given
from hypothesis import strategies as st

AT = "2026-01-31T12:00:00Z"
LATER = "2026-01-31T12:00:01Z"


def row(requirement: str = "OS-LTS", status: str = "met", at: str = AT, text: str = "x") -> Row:
    """Return a row with little in it."""
    return Row(requirement, status, f"e {text}", f"m {text}", f"h {text}", at)


def data(**changes: Any) -> dict[str, Any]:
    """Return a row as plain data, changed in some fields."""
    return {**row().as_dict(), **changes}


# ---------------------------------------------------------------------------- rows


def test_a_row_survives_being_written_and_read() -> None:
    text = evidence.dumps("base", [row(), row("CT-RUN", "unmet")], {})
    assert evidence.loads(text) == ("base", [row(), row("CT-RUN", "unmet")], {})
    assert evidence.loads(evidence.dumps("base", [], {"hardware": {"a": 1}})).documents == {"hardware": {"a": 1}}
    assert text.endswith("\n")


def test_a_missing_time_is_filled_in() -> None:
    given_row = data()
    del given_row["at"]
    assert evidence.make_row(given_row, LATER).at == LATER
    assert evidence.make_row(data(), LATER).at == AT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"note": "x"}, "has no field note"),
        ({"measured": 4}, "needs measured as text"),
        ({"requirement": "OS-NONE"}, "OS-NONE is no requirement"),
        ({"status": "fine"}, "fine is no status"),
        ({"at": "yesterday"}, "yesterday is no time"),
    ],
)
def test_what_is_no_row_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(evidence.EvidenceError, match=words):
        evidence.make_row(data(**changes))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "no evidence of format 1"),
        ('{"format": 2}', "no evidence of format 1"),
        ('{"format": 1, "role": 1, "rows": []}', "names no role"),
        ('{"format": 1, "role": "base", "rows": {}}', "names no role"),
        ('{"format": 1, "role": "base", "rows": [1]}', "no mapping"),
        ('{"format": 1, "role": "base", "rows": [{}]}', "needs requirement"),
        ('{"format": 1, "role": "base", "rows": [], "documents": []}', "documents are no mapping"),
    ],
)
def test_what_is_no_evidence_is_refused(text: str, words: str) -> None:
    with pytest.raises(evidence.EvidenceError, match=words):
        evidence.loads(text)


def test_merge_keeps_the_worst_and_every_text_once() -> None:
    merged = evidence.merge(
        [
            row("CT-RUN", "met", text="a"),
            row("OS-LTS", "met"),
            row("CT-RUN", "unmet", LATER, text="b"),
            row("CT-RUN", "met", text="a"),
        ]
    )
    assert merged == [row(), Row("CT-RUN", "unmet", "e b; e a", "m b; m a", "h b; h a", LATER)]


@given(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_no_merging_makes_anything_better(statuses: list[str]) -> None:
    (merged,) = evidence.merge([row(status=status) for status in statuses])
    assert all(STATUSES.index(merged.status) <= STATUSES.index(status) for status in statuses)


# -------------------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({}, "None is no kind"),
        ({"kind": "magic", "requirement": "OS-LTS"}, "'magic' is no kind"),
        ({"kind": "sysctl", "requirement": 4}, "requirement of a check of kind sysctl must be text"),
        ({"kind": "sysctl", "requirement": "OS-NONE"}, "'OS-NONE' is no requirement"),
        ({"kind": "sysctl", "requirement": "OS-LTS", "needs": "X-1"}, "'X-1' is no requirement"),
        ({"kind": "sysctl", "name": "a", "value": "1"}, "'' is no requirement"),
        ({"kind": "group", "requirement": "OS-LTS", "name": "a", "gid": 1}, "has no option gid"),
        ({"kind": "group", "requirement": "OS-LTS"}, "needs name"),
        ({"kind": "package", "requirement": "OS-LTS", "names": []}, "needs names"),
        ({"kind": "package", "requirement": "OS-LTS", "names": "git"}, "names .* must be a list of texts"),
        ({"kind": "package", "requirement": "OS-LTS", "names": [1]}, "names .* must be a list of texts"),
        ({"kind": "package", "requirement": "OS-LTS", "names": ["a"], "version": "("}, "no regular expression"),
        ({"kind": "path", "requirement": "OS-LTS", "path": "/", "mode": 420}, "mode .* must be a text"),
        ({"kind": "path", "requirement": "OS-LTS", "path": "/", "mode": "644"}, "four octal digits"),
        ({"kind": "path", "requirement": "OS-LTS", "path": "/", "type": "door"}, "type of a path"),
        ({"kind": "path", "requirement": "OS-LTS", "path": "/", "contains": "["}, "no regular expression"),
        ({"kind": "service", "requirement": "OS-LTS", "name": "a", "active": "yes"}, "must be a yes or no"),
        ({"kind": "command", "requirement": "OS-LTS", "argv": ["a"], "rc": True}, "must be a number"),
        ({"kind": "command", "requirement": "OS-LTS", "argv": ["a"], "stdout": "*"}, "no regular expression"),
    ],
)
def test_what_is_no_check_is_refused(check: dict[str, Any], words: str) -> None:
    with pytest.raises(evidence.EvidenceError, match=words):
        evidence.make_check(check)


def test_a_check_from_plain_data() -> None:
    made = evidence.make_check(
        {
            "kind": "command", "requirement": "CT-RUN", "argv": ["docker", "info"], "rc": 0, "stdout": None,
            "how": "asked the engine", "needs": "CT-DOCKER",
        }
    )  # fmt: skip
    assert made == evidence.Check(
        "CT-RUN", "command", {"argv": ["docker", "info"], "rc": 0}, "asked the engine", "CT-DOCKER"
    )


# ------------------------------------------------------------------------- parsers


def test_dpkg_query() -> None:
    text = "ii \tgit\t1:2.47\nhi \tdocker-ce\t5:28\nrc \told\t1\nun \tnever\t\nnonsense\n"
    assert evidence.parse_dpkg_query(text) == {
        "git": evidence.PackageState("1:2.47", False),
        "docker-ce": evidence.PackageState("5:28", True),
    }


def test_rpm_query() -> None:
    text = "git\t2.47-1.el10\npackage wget is not installed\n"
    assert evidence.parse_rpm_query(text) == {"git": evidence.PackageState("2.47-1.el10")}


def test_systemctl_show() -> None:
    text = (
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
        "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n"
    )
    assert evidence.parse_systemctl_show(text, ["a", "b"]) == {
        "a": evidence.UnitState("loaded", "active", "enabled"),
        "b": evidence.UnitState("not-found", "inactive", ""),
    }
    assert evidence.parse_systemctl_show(text, ["a"]) == {}
    assert evidence.parse_systemctl_show("", []) == {}


def test_shadow() -> None:
    assert evidence.parse_shadow("a:!:1\nb:*:1\nc:$y$x:1\nd::1\nnonsense\n") == {
        "a": True,
        "b": True,
        "c": False,
        "d": False,
    }


def test_sysctl_path() -> None:
    assert evidence.sysctl_path("net.ipv4.ip_forward") == "/proc/sys/net/ipv4/ip_forward"
    assert evidence.sysctl_path("net/ipv4/conf/eth0.10/forwarding") == "/proc/sys/net/ipv4/conf/eth0.10/forwarding"


# -------------------------------------------------------------------------- judges

FILE = evidence.PathState("file", "0644", "root", "adm", "abc", "alpha\nbeta\n")
MEASURED = evidence.Measurements(
    paths={
        "/f": FILE,
        "/d": evidence.PathState("directory", "0755", "root", "root"),
        "/odd": evidence.PathState("other", "0644", "root", "root"),
        "/locked": evidence.PathState("other", problem="/locked: Permission denied"),
        "/gone": evidence.PathState("absent"),
    },
    packages={
        "git": evidence.PackageState("1:2", False),
        "docker-ce": evidence.PackageState("5:28", True),
        "rpm-one": evidence.PackageState("1", None),
    },
    units={
        "on": evidence.UnitState("loaded", "active", "enabled"),
        "off": evidence.UnitState("loaded", "inactive", "disabled"),
        "linked": evidence.UnitState("loaded", "active", "alias"),
        "gone": evidence.UnitState("not-found", "inactive", ""),
        "masked": evidence.UnitState("masked", "inactive", "masked"),
        "broken": evidence.UnitState("bad-setting", "inactive", ""),
    },
    users={
        "ann": evidence.UserState(("users", "docker"), "/bin/bash", True),
        "bob": evidence.UserState(("users",), "/bin/sh", None),
    },
    groups={"docker": ("ann",), "nobody": ()},
    commands={
        ("ok",): evidence.CommandState(0, "first\nsecond\n"),
        ("silent",): evidence.CommandState(),
        ("fails",): evidence.CommandState(3, "out\n", "why\nbecause\n"),
        ("fails", "loudly"): evidence.CommandState(3, "out\n" + "x" * 300, ""),
        ("fails", "silently"): evidence.CommandState(3),
        ("missing",): evidence.CommandState(problem="missing is not there"),
    },
    sysctls={"net.ipv4.ip_forward": "1\n", "kernel.printk": "4\t4 1 7\n"},
)
NOTHING = evidence.Measurements(packages_problem="no database", units_problem="no systemd")

CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "path", "path": "/f"}, "met", "/f is a file"),
    ({"kind": "path", "path": "/f", "type": "file", "mode": "0644", "owner": "root", "group": "adm"}, "met",
     "/f is a file, mode 0644, owner root, group adm"),
    ({"kind": "path", "path": "/f", "mode": "0600"}, "unmet", "/f is a file, mode 0644"),
    ({"kind": "path", "path": "/f", "owner": "ann"}, "unmet", "/f is a file, owner root"),
    ({"kind": "path", "path": "/f", "sha256": "abc"}, "met", "/f is a file, sha256 abc"),
    ({"kind": "path", "path": "/d", "sha256": "abc"}, "unmet", "/d is a directory"),
    ({"kind": "path", "path": "/f", "contains": "^beta$"}, "met", "/f is a file, with the settings that belong in it"),
    ({"kind": "path", "path": "/f", "contains": "^eta"}, "unmet",
     "/f is a file, without the settings that belong in it"),
    ({"kind": "path", "path": "/f", "type": "directory"}, "unmet", "/f is a file"),
    ({"kind": "path", "path": "/odd", "type": "file"}, "unmet", "/odd is a special file"),
    ({"kind": "path", "path": "/gone"}, "unmet", "/gone is absent"),
    ({"kind": "path", "path": "/never"}, "unmet", "/never is absent"),
    ({"kind": "path", "path": "/gone", "type": "absent"}, "met", "/gone is absent"),
    ({"kind": "path", "path": "/d", "type": "absent"}, "unmet", "/d is a directory"),
    ({"kind": "path", "path": "/locked"}, "unanswered", "not measured: /locked: Permission denied"),
    ({"kind": "package", "names": ["git"]}, "met", "installed: git 1:2"),
    ({"kind": "package", "names": ["git", "wget", "curl"]}, "unmet", "missing: wget curl"),
    ({"kind": "package", "names": ["git"], "version": "1:"}, "met", "installed: git 1:2"),
    ({"kind": "package", "names": ["git"], "version": "2:"}, "unmet", "installed: git 1:2"),
    ({"kind": "package", "names": ["docker-ce"], "held": True}, "met", "installed: docker-ce 5:28, held"),
    ({"kind": "package", "names": ["git"], "held": True}, "unmet", "installed: git 1:2, not held: git"),
    ({"kind": "package", "names": ["git"], "held": False}, "met", "installed: git 1:2, not held"),
    ({"kind": "package", "names": ["docker-ce"], "held": False}, "unmet", "installed: docker-ce 5:28, held: docker-ce"),
    ({"kind": "package", "names": ["rpm-one"], "held": True}, "unanswered",
     "not measured: this system's package database does not tell what is held"),
    ({"kind": "package", "names": ["wget"], "absent": True}, "met", "not installed"),
    ({"kind": "package", "names": ["wget", "git"], "absent": True}, "unmet", "installed: git"),
    ({"kind": "group", "name": "docker"}, "met", "group docker"),
    ({"kind": "group", "name": "wheel"}, "unmet", "no group wheel"),
    ({"kind": "group", "name": "docker", "members": ["ann"]}, "met", "group docker, members: ann"),
    ({"kind": "group", "name": "docker", "members": []}, "unmet", "group docker, members: ann"),
    ({"kind": "group", "name": "nobody", "members": []}, "met", "group nobody, members: nobody"),
    ({"kind": "group", "name": "docker", "absent": True}, "unmet", "group docker"),
    ({"kind": "group", "name": "wheel", "absent": True}, "met", "no group wheel"),
    ({"kind": "user", "name": "ann"}, "met", "user ann"),
    ({"kind": "user", "name": "eve"}, "unmet", "no user eve"),
    ({"kind": "user", "name": "eve", "absent": True}, "met", "no user eve"),
    ({"kind": "user", "name": "ann", "absent": True}, "unmet", "user ann"),
    ({"kind": "user", "name": "ann", "groups": ["docker"], "shell": "/bin/bash", "locked": True}, "met",
     "user ann, in docker, shell /bin/bash, password locked"),
    ({"kind": "user", "name": "ann", "groups": ["docker", "sudo"]}, "unmet", "user ann, not in sudo"),
    ({"kind": "user", "name": "ann", "shell": "/bin/sh"}, "unmet", "user ann, shell /bin/bash"),
    ({"kind": "user", "name": "ann", "locked": False}, "unmet", "user ann, password locked"),
    ({"kind": "user", "name": "bob", "locked": False}, "unanswered",
     "not measured: the state of passwords can only be read by root"),
    ({"kind": "service", "name": "on", "active": True, "enabled": True}, "met", "on, is active, unit file enabled"),
    ({"kind": "service", "name": "linked", "enabled": True}, "met", "linked, unit file alias"),
    ({"kind": "service", "name": "off", "active": True}, "unmet", "off, is inactive"),
    ({"kind": "service", "name": "off", "active": False, "enabled": False}, "met",
     "off, is inactive, unit file disabled"),
    ({"kind": "service", "name": "on", "enabled": False}, "unmet", "on, unit file enabled"),
    ({"kind": "service", "name": "masked", "active": False}, "met", "masked, is inactive"),
    ({"kind": "service", "name": "broken", "active": False, "enabled": False}, "unmet",
     "broken, is inactive, unit file without state"),
    ({"kind": "service", "name": "on"}, "met", "on"),
    ({"kind": "service", "name": "gone", "active": True}, "unmet", "gone is not installed"),
    ({"kind": "service", "name": "gone", "enabled": True}, "unmet", "gone is not installed"),
    ({"kind": "service", "name": "gone"}, "unmet", "gone is not installed"),
    ({"kind": "service", "name": "gone", "active": False}, "met", "gone is not installed"),
    ({"kind": "service", "name": "gone", "enabled": False}, "met", "gone is not installed"),
    ({"kind": "service", "name": "unasked"}, "unanswered", "not measured: systemd gave no answer"),
    ({"kind": "command", "argv": ["ok"]}, "met", "ok ended with 0"),
    ({"kind": "command", "argv": ["ok"], "stdout": "^second$"}, "met", "ok ended with 0, printed first"),
    ({"kind": "command", "argv": ["ok"], "stdout": "third"}, "unmet", "ok ended with 0, printed first"),
    ({"kind": "command", "argv": ["silent"], "stdout": "x"}, "unmet", "silent ended with 0, printed nothing"),
    ({"kind": "command", "argv": ["fails"]}, "unmet", "fails ended with 3, because"),
    ({"kind": "command", "argv": ["fails", "loudly"]}, "unmet", f"fails ended with 3, {'x' * 200}..."),
    ({"kind": "command", "argv": ["fails", "silently"]}, "unmet", "fails ended with 3"),
    ({"kind": "command", "argv": ["fails"], "rc": 3}, "met", "fails ended with 3"),
    ({"kind": "command", "argv": ["missing"]}, "unanswered", "not measured: missing is not there"),
    ({"kind": "command", "argv": ["unasked"]}, "unanswered", "not measured: it was not run"),
    ({"kind": "sysctl", "name": "net.ipv4.ip_forward", "value": "1"}, "met", "net.ipv4.ip_forward is 1"),
    ({"kind": "sysctl", "name": "kernel.printk", "value": "4 4 1  7"}, "met", "kernel.printk is 4 4 1 7"),
    ({"kind": "sysctl", "name": "net.ipv4.ip_forward", "value": "0"}, "unmet", "net.ipv4.ip_forward is 1"),
    ({"kind": "sysctl", "name": "no.such", "value": "0"}, "unanswered", "not measured: this kernel has no no.such"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "status", "measured"), CASES)
def test_judges(check: dict[str, Any], status: str, measured: str) -> None:
    verdict = evidence.judge(evidence.make_check({**check, "requirement": "OS-LTS"}), MEASURED)
    assert (verdict.status, verdict.measured) == (status, measured)
    assert verdict.expected
    assert verdict.how


@pytest.mark.parametrize(
    ("check", "measured"),
    [
        ({"kind": "package", "names": ["git"]}, "not measured: no database"),
        ({"kind": "package", "names": ["git"], "absent": True}, "not measured: no database"),
        ({"kind": "service", "name": "on", "active": False}, "not measured: no systemd"),
    ],
)
def test_a_broken_probe_is_unanswered(check: dict[str, Any], measured: str) -> None:
    verdict = evidence.judge(evidence.make_check({**check, "requirement": "OS-LTS"}), NOTHING)
    assert (verdict.status, verdict.measured) == ("unanswered", measured)


def test_what_a_path_holds_is_never_in_its_row() -> None:
    secret = evidence.PathState("file", "0600", "root", "root", "abc", "password=s3cr3t")
    measured = evidence.Measurements(paths={"/s": secret})
    for pattern in ("^password=", "^other="):
        check = evidence.make_check({"kind": "path", "requirement": "OS-LTS", "path": "/s", "contains": pattern})
        assert "s3cr3t" not in json.dumps(evidence.evaluate([check], measured, [], AT)[0].as_dict())


# ------------------------------------------------------------------------ evaluate


def checks(*wanted: dict[str, Any]) -> list[evidence.Check]:
    """Return checks from plain data."""
    return [evidence.make_check(item) for item in wanted]


def test_evaluate_joins_checks_and_rows() -> None:
    rows = evidence.evaluate(
        checks(
            {"kind": "package", "requirement": "OS-TOOLS", "names": ["git"]},
            {"kind": "path", "requirement": "OS-TOOLS", "path": "/gone", "how": "looked"},
        ),
        MEASURED,
        [row("OS-LTS")],
        LATER,
    )
    assert rows == [
        row("OS-LTS"),
        Row(
            "OS-TOOLS",
            "unmet",
            "/gone is there; installed: git",
            "/gone is absent; installed: git 1:2",
            "looked; asked the package database",
            LATER,
        ),
    ]


@pytest.mark.parametrize("other", ["unmet", "unanswered"])
def test_another_requirements_fault_leaves_a_row_unanswered(other: str) -> None:
    (first, second) = evidence.evaluate(
        checks({"kind": "service", "requirement": "CT-RUN", "name": "off", "active": True, "needs": "CT-DOCKER"}),
        MEASURED,
        [row("CT-DOCKER", other)],
        AT,
    )
    assert first.requirement == "CT-DOCKER"
    assert (second.status, second.measured) == ("unanswered", "not measured: off, is inactive (CT-DOCKER)")


def test_an_unanswered_check_names_the_other_requirement_too() -> None:
    rows = evidence.evaluate(
        checks(
            {"kind": "command", "requirement": "CT-RUN", "argv": ["missing"], "needs": "CT-DOCKER"},
            {"kind": "package", "requirement": "CT-DOCKER", "names": ["none"]},
        ),
        MEASURED,
        [],
        AT,
    )
    assert rows[1].measured == "not measured: missing is not there (CT-DOCKER)"


@pytest.mark.parametrize(
    ("given_rows", "name", "status"),
    [
        ([row("CT-DOCKER")], "off", "unmet"),
        ([], "off", "unmet"),
        ([row("CT-DOCKER", "unmet")], "on", "met"),
    ],
)
def test_needs_changes_only_what_it_must(given_rows: list[Row], name: str, status: str) -> None:
    rows = evidence.evaluate(
        checks({"kind": "service", "requirement": "CT-RUN", "name": name, "active": True, "needs": "CT-DOCKER"}),
        MEASURED,
        given_rows,
        AT,
    )
    assert rows[-1].status == status
