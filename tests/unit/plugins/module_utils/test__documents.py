# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _documents as documents

RECORD: dict[str, Any] = {
    "system": {"product": "R740", "serial": None},
    "memory": {"installed_bytes": 64 * 2**30, "ecc": True},
    "drives": [{"id": "wwn-1", "bytes": 4 * 10**12}, {"id": "wwn-2", "bytes": 4 * 10**12}],
    "tags": ["a"],
}
AT = "2026-11-26T08:00:00Z"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("serial", None, "not known"),
        ("ecc", True, "yes"),
        ("ecc", False, "no"),
        ("bytes", 4 * 10**12, "4 TB"),
        ("installed_bytes", 64 * 2**30, "64 GiB"),
        ("vram_bytes", 16 * 2**30, "16 GiB"),
        ("bytes", "many", "many"),
        ("cores", 16, "16"),
    ],
)
def test_values_in_words(name: str, value: Any, text: str) -> None:
    assert documents.said(name, value) == text


def changed() -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    record["memory"]["installed_bytes"] *= 2
    record["drives"] = [record["drives"][1], {"id": "wwn-3", "bytes": 8 * 10**12}]
    return record


def test_the_same_document_has_no_differences() -> None:
    assert documents.differences(RECORD, copy.deepcopy(RECORD)) == []


def test_a_part_is_known_by_its_name_and_not_by_its_place() -> None:
    assert documents.differences(RECORD, changed()) == [
        "memory, installed_bytes: 64 GiB before, 128 GiB now",
        "drives wwn-1, id: wwn-1, gone",
        "drives wwn-1, bytes: 4 TB, gone",
        "drives wwn-3, id: wwn-3, new",
        "drives wwn-3, bytes: 8 TB, new",
    ]


def test_parts_without_a_name_go_by_their_place() -> None:
    assert documents.differences({"a": [1, {"x": 2}]}, {"a": [1, {"x": 3}]}) == ["a 2, x: 2 before, 3 now"]


def test_the_history_grows_by_what_changed() -> None:
    first = {"documents": {"hardware": RECORD}, "changes": []}
    assert documents.history(first, {"hardware": RECORD}, AT) == []
    (change,) = documents.history(first, {"hardware": changed()}, AT)
    assert (change["at"], change["document"], len(change["changes"])) == (AT, "hardware", 5)
    second = {"documents": {"hardware": changed()}, "changes": [change]}
    assert documents.history(second, {"hardware": changed()}, AT) == [change]
    assert len(documents.history(second, {"hardware": RECORD}, AT)) == 2
    assert documents.history({}, {"hardware": RECORD}, AT) == []
