# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of the storage becomes rows of evidence, met or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._md_evidence import Measured, rows
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import Decision
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    healthy,
    member,
    running,
    wanted_array,
)

AT = "2026-01-31T12:00:00Z"
POINT = "/srv/eucaim"
FSTAB = f"""\
# a comment of three words
UUID=1-2 / ext4 defaults 0 1

UUID=3-4 {POINT} xfs defaults 0 2
none
"""
HOLDS = {"kind": "xfs", "uuid": "3-4", "bytes": 10**12, "can_grow": False, "mounted_on": [POINT]}
WHOLE = healthy().arrays["md127"]
GOOD = Measured(
    wanted_array(),
    Decision(running=WHOLE),
    HOLDS,
    POINT,
    FSTAB,
    {"mdmonitor.service": True},
    {"mdcheck_start.timer": True},
)


def found(name: str, **changes: Any) -> tuple[str, str]:
    """Return the status of a row, and what was measured."""
    made = rows(replace(GOOD, **changes), AT)
    assert [row.requirement for row in made] == ["ST-DATA", "ST-RAID", "ST-SPARE", "ST-GROW", "ST-HEALTH", "MN-HW"]
    for each in made:
        make_row(each.as_dict())
    (row,) = (each for each in made if each.requirement == name)
    return row.status, row.measured


def shown(**changes: Any) -> Decision:
    """Return a decision about an array of which something is shown otherwise."""
    return Decision(running=replace(WHOLE, shown=replace(WHOLE.shown, **changes)))


def test_good_storage_meets_everything() -> None:
    assert {(row.status, row.at) for row in rows(GOOD, AT)} == {("met", AT)}
    assert found("ST-DATA") == ("met", "xfs of 1 TB by UUID=3-4")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file_system": {**HOLDS, "mounted_on": []}}, f"it is not mounted on {POINT}"),
        ({"file_system": None}, f"it is not mounted on {POINT}; /etc/fstab mounts {POINT} from UUID=3-4"),
        ({"fstab": ""}, f"no line of /etc/fstab mounts {POINT}"),
        ({"fstab": f"# UUID=3-4 {POINT} xfs"}, f"no line of /etc/fstab mounts {POINT}"),
        ({"fstab": f"/dev/md127 {POINT} xfs"}, f"/etc/fstab mounts {POINT} from /dev/md127"),
        ({"fstab": FSTAB * 2}, f"/etc/fstab mounts {POINT} from UUID=3-4, UUID=3-4"),
    ],
)
def test_data_that_would_not_be_there_after_a_restart(changes: dict[str, Any], words: str) -> None:
    assert found("ST-DATA", **changes) == ("unmet", words)


def test_encryption() -> None:
    assert found("ST-DATA", encrypted=True) == ("met", "encrypted xfs of 1 TB by UUID=3-4")
    assert found("ST-DATA", encrypted=True, closed=["/key does not open it"]) == ("unmet", "/key does not open it")
    bare = {**HOLDS, "missing": "encryption"}
    assert found("ST-DATA", encrypted=True, file_system=bare) == ("unmet", "it is not encrypted, or not open")


def test_a_volume() -> None:
    bare = {**HOLDS, "missing": "volume"}
    assert found("ST-DATA", file_system=bare) == ("unmet", "its logical volume is not there")


def test_layers_that_do_not_fill_their_array() -> None:
    words = "what lies between array and file system is smaller than the array"
    assert found("ST-GROW", layers_can_grow=True) == ("unmet", words)


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [
        (Decision(running=WHOLE), "met", "raid5 of 3 drives"),
        (shown(action="check", action_percent=3.5), "met", "raid5 of 3 drives; check 3.5 %"),
        (shown(action="frozen"), "met", "raid5 of 3 drives"),
        (shown(action=None), "met", "raid5 of 3 drives"),
        (
            shown(action="recover", active=2),
            "unmet",
            "raid5 of 3 drives, 1 of them missing or being filled; recover",
        ),
        (shown(level="raid1"), "unmet", "raid1 of 3 drives"),
        (shown(devices=4, active=4), "unmet", "raid5 of 4 drives"),
        (shown(state="inactive"), "unmet", "no array eucaim runs"),
        (Decision(), "unmet", "no array eucaim runs"),
    ],
)
def test_arrays(decision: Decision, status: str, words: str) -> None:
    assert found("ST-RAID", decision=decision) == (status, words)


def test_spares() -> None:
    wanted = wanted_array(spares=(3,))
    assert found("ST-SPARE", wanted=wanted) == ("unmet", "0 that wait")
    waits = Decision(running=running([*WHOLE.members, member(3, "spare", "none")]))
    assert found("ST-SPARE", wanted=wanted, decision=waits) == ("met", "1 that wait")
    failed = Decision(running=running([*WHOLE.members, member(3, "faulty", "none")]))
    assert found("ST-SPARE", wanted=wanted, decision=failed)[0] == "unmet"
    assert found("ST-SPARE", wanted=wanted, decision=Decision())[0] == "unmet"
    assert found("ST-SPARE", decision=Decision()) == ("met", "0 that wait")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wanted": wanted_array((0, 1), level="raid0")}, "a RAID 0 is not made longer"),
        ({"decision": Decision()}, "no array runs"),
        ({"file_system": {**HOLDS, "can_grow": True}}, "the file system fills 1 TB of it only"),
    ],
)
def test_storage_that_cannot_grow(changes: dict[str, Any], words: str) -> None:
    assert found("ST-GROW", **changes) == ("unmet", words)


def test_storage_without_a_file_system_can_grow() -> None:
    assert found("ST-GROW", file_system=None) == ("met", "both")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decision": Decision()}, "no array runs"),
        ({"decision": replace(GOOD.decision, problems=["a drive is not there"])}, "a drive is not there"),
        ({"decision": shown(failed=2)}, "2 failed in the array"),
        ({"watchers": {"a.service": True, "b.service": False}}, "b.service does not watch"),
    ],
)
def test_what_nobody_watches_or_is_broken(changes: dict[str, Any], words: str) -> None:
    assert found("ST-HEALTH", **changes) == ("unmet", words)


def test_what_is_other_than_asked_for_but_works_is_no_fault() -> None:
    decision = replace(GOOD.decision, notes=["the chunk is another one"])
    assert found("ST-HEALTH", decision=decision, watchers={})[0] == "met"


def test_checks() -> None:
    assert found("MN-HW", checks={}) == ("met", "on")
    assert found("MN-HW", checks={"a.timer": False, "b.timer": True}) == ("unmet", "a.timer is not on")


@pytest.mark.parametrize(
    ("sends_mail", "words"),
    [
        (True, "they send mail"),
        (False, "no program here sends mail, so a failure is told in the journal and in this report only"),
    ],
)
def test_who_would_be_told_of_a_failure(sends_mail: bool, words: str) -> None:
    assert found("ST-HEALTH", sends_mail=sends_mail) == ("met", f"no drive failed, and both watch; {words}")
