# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module proves that containers run."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import container_proof
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

LDD = """\
\tlinux-vdso.so.1 (0x00007ffd)
\tlibc.so.6 => {library} (0x00007f01)
\t{library} (0x00007f02)
\tlibgone.so => not found
"""


class Engine:
    """An engine that runs what was imported, and fails at one step when told."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.fails: dict[str, Answer] = {}
        self.asked: list[str] = []

    def docker(self, argv: Sequence[str], data: Any) -> Answer:
        """Answer as docker."""
        self.asked.append(argv[0])
        if argv[0] in self.fails:
            return self.fails[argv[0]]
        if argv[0] == "import":
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                self.files = {name: read(archive, name) for name in archive.getnames()}
        if argv[0] == "run":
            assert "none" in argv
            return 0, self.files["number"].decode(), ""
        return 0, "", ""


def read(archive: tarfile.TarFile, name: str) -> bytes:
    """Return a file of an archive."""
    handle = archive.extractfile(name)
    assert handle
    return handle.read()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a file that plays a library."""
    path = tmp_path / "libc.so.6"
    path.write_bytes(b"library")
    return path


@pytest.fixture
def program(tmp_path: Path) -> str:
    """Return a file that plays a program."""
    path = tmp_path / "cat"
    path.write_bytes(b"program")
    return str(path)


@pytest.fixture
def engine() -> Engine:
    """Return an engine."""
    return Engine()


@pytest.fixture
def node(tmp_path: Path, library: Path, engine: Engine) -> Node:
    """Return a node with that engine."""
    fake = Node(tmp_path)
    fake.says("ldd", 0, LDD.format(library=library))
    fake.programs["docker"] = engine.docker
    return fake


def prove(node: Node, monkeypatch: pytest.MonkeyPatch, program: str) -> dict[str, str]:
    """Run the module and return its row."""
    result = node.run(monkeypatch, container_proof, program=program, timeout=5)
    assert not result["changed"]
    row: dict[str, str] = result["rows"][0]
    assert result["proven"] == (row["status"] == "met")
    assert row["requirement"] == "CT-RUN"
    return row


def test_a_container_runs(
    node: Node, engine: Engine, library: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prove(node, monkeypatch, program)["status"] == "met"
    assert engine.asked == ["version", "import", "run", "rm", "image"]
    assert set(engine.files) == {"number", "program", str(library).lstrip("/")}
    number = engine.files["number"]
    prove(node, monkeypatch, program)
    assert engine.files["number"] != number


def test_a_static_program_needs_no_library(
    node: Node, engine: Engine, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.says("ldd", 1, "\tnot a dynamic executable\n")
    assert prove(node, monkeypatch, program)["status"] == "met"
    assert set(engine.files) == {"number", "program"}


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [
        ("version", (1, "", "Cannot connect to the Docker daemon"), "does not answer: Cannot connect"),
        ("import", (1, "", "no space left\nSee 'docker import --help'"), "no image could be made: no space left"),
        ("run", (125, "", "AppArmor is not loaded"), "did not run: AppArmor"),
        ("run", (124, "", ""), "too long"),
        ("run", (3, "", ""), "exit code 3"),
        ("run", (0, "something", ""), "something else"),
    ],
)
def test_each_way_to_fail(
    node: Node,
    engine: Engine,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    answer: Answer,
    words: str,
) -> None:
    engine.fails[step] = answer
    row = prove(node, monkeypatch, program)
    assert row["status"] == "unmet"
    assert words in row["measured"]
    assert step == "version" or engine.asked[-2:] == ["rm", "image"]


def test_without_the_command(node: Node, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del node.programs["docker"]
    assert prove(node, monkeypatch, program)["measured"] == "there is no docker command"


def test_check_mode_runs_nothing(node: Node, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    assert prove(node, monkeypatch, program)["status"] == "unanswered"
    assert node.calls == []
