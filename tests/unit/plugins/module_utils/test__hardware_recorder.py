# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading this machine: what is there is read, what is not is named, and nothing hangs for longer than it may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware_recorder as recorder
from ansible_collections.eucaim.local_node.plugins.module_utils import _probes
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import EVERYTHING, IPMI, ROOT, USER, Area, Probe
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

Rows = tuple[tuple[str, tuple[str, ...]], ...]
SHELL = ("/bin/sh", "-c")


@pytest.fixture(autouse=True)
def _only_what_a_test_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_probes, "follow_ups", lambda _recording, _gather: [])


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for programs of the test's own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, text: str = "", mode: int = 0o755) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def record(
    *probes: Probe,
    files: Rows = (),
    links: Rows = (),
    gather: Collection[str] = (),
    timeout: float = 20.0,
    root: bool = False,
) -> Recording:
    reader = recorder.Recorder(gather, timeout, Area(files, links, probes))
    reader.root = root
    return reader.record()


def test_the_facts_of_the_machine() -> None:
    facts = record().facts
    system = os.uname()
    assert (facts["host"], facts["kernel"], facts["arch"]) == (system.nodename, system.release, system.machine)
    assert facts["root"] == ("yes" if os.geteuid() == 0 else "no")
    assert time.strptime(facts["at"], "%Y-%m-%dT%H:%M:%SZ")


def test_files_links_and_what_is_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "size").write_text(f"{name}\n\n")
    (tmp_path / "a" / "secret").write_text("x")
    (tmp_path / "a" / "link").symlink_to("../b")
    files = ((f"{tmp_path}/*", ("inner/size", "secret", "none")), (f"{tmp_path}/a", ("in*r/s*",)))

    def denied(path: str) -> bytes:
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return Path(path).read_bytes()

    monkeypatch.setattr(recorder, "read_bytes", denied)
    found = record(files=files, links=((f"{tmp_path}/*", ("link", ".")),))
    assert found.files == {f"{tmp_path}/a/inner/size": "a", f"{tmp_path}/b/inner/size": "b"}
    assert found.denied == {f"{tmp_path}/a/secret": "Permission denied", f"{tmp_path}/b/secret": "Permission denied"}
    assert found.links == {f"{tmp_path}/a/link": "../b"}


def test_paths_of_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "x1").mkdir()
    (tmp_path / "x2").mkdir()
    (tmp_path / "x1" / "file").touch()
    assert recorder.expand(f"{tmp_path}/x*", ("file", ".")) == [
        f"{tmp_path}/x1/file",
        f"{tmp_path}/x1",
        f"{tmp_path}/x2/file",
        f"{tmp_path}/x2",
    ]
    assert recorder.expand("/", ("missing",)) == ["/missing"]
    assert recorder.expand(f"{tmp_path}/x1", ("f*", "g*")) == [f"{tmp_path}/x1/file"]
    assert recorder.expand(f"{tmp_path}/y*", ("file",)) == []


def test_a_file_is_read_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert recorder.read_bytes(str(path)) == b"0123456789"
    monkeypatch.setattr(recorder, "LONGEST_FILE", 4)
    assert recorder.read_bytes(str(path)) == b"0123"
    with pytest.raises(FileNotFoundError):
        recorder.read_bytes(str(tmp_path / "none"))


def test_bytes_become_plain_text() -> None:
    assert recorder.plain(b"a\0b\n\n") == "ab"
    assert recorder.plain(b"\xff") == "\ufffd"


def test_a_program_is_found_where_it_may_be_run(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tools / "own"
    own.mkdir()
    monkeypatch.setattr(recorder, "FOLDERS", (str(own),))
    path = program(own, "tool")
    assert recorder.find("tool") == str(path)
    first = program(tools, "tool")
    assert recorder.find("tool") == str(first)
    (tools / "folder").mkdir()
    assert recorder.find("folder") is None
    program(tools, "locked", mode=0o644)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert recorder.find("locked") is None
    monkeypatch.delenv("PATH")
    assert recorder.find("none") is None


def test_commands_run_in_english_and_without_input(tools: Path) -> None:
    program(tools, "speak", 'read -r line; echo "$LC_ALL/$LANGUAGE/$line"; echo warn >&2; exit 3')
    found = record(Probe("speak", ("speak",)))
    assert found.commands == {"speak": Output(3, "C//", "warn")}


@pytest.mark.parametrize(
    ("probe", "root", "commands"),
    [
        (Probe("x", ("missing",)), False, {"x": Output(problem="is not installed")}),
        (Probe("x", ("true",), ROOT), False, {"x": Output(problem="needs root")}),
        (Probe("x", ("true",), ROOT), True, {"x": Output(0)}),
        (Probe("x", ("true",), USER), False, {"x": Output(0)}),
        (Probe("x", ("true",), USER), True, {}),
        (Probe("x", ("true",), gather=IPMI), False, {}),
    ],
)
def test_who_is_asked(tools: Path, probe: Probe, root: bool, commands: dict[str, Output]) -> None:
    program(tools, "true")
    assert record(probe, root=root).commands == commands


def test_a_slow_probe_runs_when_it_is_asked_for(tools: Path) -> None:
    program(tools, "true")
    assert record(Probe("x", ("true",), gather=IPMI), gather=[IPMI]).commands == {"x": Output(0)}


def test_a_program_that_cannot_start_says_why(tools: Path) -> None:
    path = tools / "broken"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    assert record(Probe("x", ("broken",))).commands["x"].problem == "does not start (No such file or directory)"


def test_a_command_that_hangs_is_ended_with_its_children(tools: Path) -> None:
    mark = tools / "survived"
    program(tools, "hang", f"(/bin/sleep 3; : > {mark}) & /bin/sleep 60")
    begin = time.monotonic()
    found = record(Probe("x", ("hang",)), timeout=0.5)
    assert found.commands == {"x": Output(problem="took longer than 0.5 s")}
    assert time.monotonic() - begin < 20
    time.sleep(3)
    assert not mark.exists()


def test_a_command_that_is_gone_already_needs_no_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE, start_new_session=True)
    process.wait()
    recorder.end(process)
    assert process.stdout is not None
    process.stdout.close()


def test_a_command_that_the_kernel_holds_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "GRACE_SECONDS", 0.2)
    killed = []
    monkeypatch.setattr(os, "killpg", lambda group, sent: killed.append((group, sent)))
    with subprocess.Popen(["/bin/sleep", "60"], stdout=subprocess.PIPE) as process:
        recorder.end(process)
        assert killed == [(process.pid, signal.SIGKILL)]
        assert process.poll() is None
        process.kill()


def test_what_the_recording_asks_for_follows(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tools, "say", 'echo "$1"')
    first, second = Probe("first", ("say", "1")), Probe("second", ("say", "2"))
    asked: list[set[str]] = []

    def follow_ups(recording: Recording, _gather: Collection[str]) -> list[Probe]:
        asked.append(set(recording.commands))
        wanted = [first, *([second] if recording.said("first") == "1" else [])]
        return [probe for probe in wanted if probe.name not in recording.commands]

    monkeypatch.setattr(_probes, "follow_ups", follow_ups)
    found = record(first)
    assert {name: output.stdout for name, output in found.commands.items()} == {"first": "1", "second": "2"}
    assert asked == [set(), {"first"}, {"first", "second"}]


def test_the_time_of_each_command_is_kept(tools: Path) -> None:
    program(tools, "true")
    reader = recorder.Recorder((), 20.0, Area((), (), (Probe("x", ("true",)), Probe("y", ("missing",)))))
    reader.record()
    assert set(reader.seconds) == {"files", "x"}


def test_without_more_words_everything_is_read() -> None:
    assert recorder.Recorder((), 20.0).area is EVERYTHING
