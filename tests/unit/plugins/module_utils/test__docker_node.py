# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing on the node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node


def test_programs(tmp_path: Path) -> None:
    fake = Node(tmp_path)
    fake.says("true", 0, "out")
    module = fake.module({})
    assert node.run(module, ["true", "x"]) == (0, "out", "")
    assert node.run(module, ["/bin/true"], data=b"in", variables={"A": "b"}) == (0, "out", "")
    assert node.run(module, ["nothing"]) == (127, "", "nothing: not found")


def test_a_program_that_does_not_listen(tmp_path: Path) -> None:
    def broken(_argv: Any, _data: Any) -> Answer:
        raise BrokenPipeError("gone")

    fake = Node(tmp_path)
    fake.programs["import"] = broken
    assert node.run(fake.module({}), ["import"]) == (126, "", "import: gone")


def test_files(tmp_path: Path) -> None:
    module = Node(tmp_path).module({})
    path = str(tmp_path / "a" / "b" / "file")
    assert (node.read_bytes(path), node.read_text(path), node.mode_of(path)) == (None, None, 0)
    assert node.read_bytes("/dev/null/x") is None
    previous = os.umask(0o022)
    try:
        node.write(module, path, b"one", 0o600, 0o750)
        node.write(module, path, b"t\xc3\xbc", 0o640)
    finally:
        os.umask(previous)
    assert (node.read_text(path), node.mode_of(path)) == ("tü", 0o640)
    assert node.mode_of(str(tmp_path / "a" / "b")) == 0o750
    assert node.mode_of(str(tmp_path / "a")) == 0o755
    assert os.listdir(tmp_path / "a" / "b") == ["file"]
    node.delete_empty_directory(str(tmp_path / "a" / "b"))
    node.delete(path)
    node.delete(path)
    node.delete_empty_directory(str(tmp_path / "a" / "b"))
    assert os.listdir(tmp_path / "a") == []


@pytest.mark.parametrize(
    ("program", "out", "family", "name"),
    [("dpkg-query", "tini\tii \t1\n", "Debian", "tini"), ("rpm", "tini\t1\n", "RedHat", "tini"), ("x", "", "", "")],
)
def test_package_managers(tmp_path: Path, program: str, out: str, family: str, name: str) -> None:
    fake = Node(tmp_path)
    fake.says(program, 0, out)
    found, packages = node.list_packages(fake.module({}))
    assert found == family
    assert "".join(packages) == name


def test_a_diff_shows_what_differs() -> None:
    assert node.diff_of([("/a", None, "x"), ("/b", "y", "y"), ("/c", "z", None)]) == [
        {"before_header": "/a", "after_header": "/a", "before": "", "after": "x"},
        {"before_header": "/c", "after_header": "/c", "before": "z", "after": ""},
    ]


def test_the_arguments_of_a_process(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes(b"dockerd\0-H\0fd://\0")
    assert node.command_line("7", str(tmp_path)) == ["dockerd", "-H", "fd://"]
    assert node.command_line("8", str(tmp_path)) == []
    assert node.command_line("", str(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, {}), ("", {}), ("{", {}), ("[1]", {}), ('{"a": 1}', {"a": 1})],
    ids=["no file", "empty", "no JSON", "no object", "an object"],
)
def test_a_record_is_an_object_or_empty(tmp_path: Path, text: str | None, found: dict[str, Any]) -> None:
    path = tmp_path / "record.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert node.read_object(str(path)) == found
