# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An array in words, for people and for the difference that a run makes."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import Decision
from ansible_collections.eucaim.local_node.plugins.module_utils._md_words import described, role_of, state_text
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    healthy,
    inside,
    member,
    path_of,
    running,
    seen,
)


@pytest.mark.parametrize(
    ("state", "slot", "words"),
    [
        ("in_sync", "0", "active"),
        ("in_sync,write_mostly", "0", "active"),
        ("spare", "none", "spare"),
        ("spare", "2", "is being filled"),
        ("spare,replacement", "2", "is being filled"),
        ("in_sync,want_replacement", "1", "active, is being replaced"),
        ("faulty", "none", "failed"),
        ("faulty,want_replacement", "1", "failed"),
    ],
)
def test_what_a_drive_does(state: str, slot: str, words: str) -> None:
    assert role_of(member(0, state, slot)) == words


def test_drives_are_told_in_the_order_of_their_names() -> None:
    array = running([member(2), member(5, "faulty", "none"), member(0)])
    assert described(seen(inside(0), inside(2), array=array), array) == [
        {"id": path_of(0), "kernel_name": "sdb", "state": "active"},
        {"id": path_of(2), "kernel_name": "sdd", "state": "active"},
        {"id": None, "kernel_name": "sdg", "state": "failed"},
    ]
    assert described(seen(), None) == []


def test_an_array_as_text() -> None:
    found = healthy(2, level="raid1", action="check", action_percent=3.5)
    text = state_text(found, Decision(running=found.arrays["md127"]))
    assert text == (
        f"level: raid1\ndevices: 2\nconsistency policy: bitmap\n{path_of(0)}: active\n{path_of(1)}: active\n"
    )


def test_no_array_as_text() -> None:
    assert state_text(seen(), Decision()) == "no array\n"
    array = running([member(0)], state="inactive")
    assert state_text(seen(array=array), Decision(running=array)) == "an array that could not be started\n"


def test_a_drive_without_a_name_is_told_by_the_kernels() -> None:
    array = running([member(0)], devices=1)
    assert state_text(seen(array=array), Decision(running=array)).endswith("\nsdb: active\n")
