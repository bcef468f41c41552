# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of a machine, raw: files of the kernel, where links point, and what commands said.

Private to this collection: nothing outside may import it. Pure: text in, data out, and back.

hardware_info makes a recording on the node, the script read_machine.sh makes the same one on a machine that Ansible
cannot reach, and the tests begin with one. Its text has one entry a line, and the further lines of a value below it:

    eucaim-machine 1
    fact at = 2026-01-31T12:00:00Z
    file /sys/block/sda/size = 1000215216
    denied /sys/class/dmi/id/product_serial = Permission denied
    link /sys/block/sda = ../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda
    command lsmem = 0
    | Memory block size:       134217728
    | Total online memory:   34359738368
    command ipmitool = 1
    ! Could not open device at /dev/ipmi0
    problem smartctl = is not installed
    end 7
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

FORMAT = 1
NAME = "eucaim-machine"
REMEDY = "let read_machine.sh run again on that machine, and take its output as it is"
_KINDS = ("fact", "file", "denied", "link", "command", "problem")
_NUMBER = re.compile(r"0x([0-9a-fA-F]{1,16})|([0-9]{1,20})")
_ENTRY = re.compile(rf"({'|'.join(_KINDS)}) (.+?) =(?: (.*))?\Z")


class RecordingError(ValueError):
    """A text is no recording, or only a part of one."""

    def __init__(self, found: str, needed: str = f"the whole output of read_machine.sh, format {FORMAT}") -> None:
        super().__init__(f"found {found}; needed: {needed}; remedy: {REMEDY}")


@dataclass(frozen=True)
class Output:
    """What came of one command."""

    rc: int | None = None  # None if it did not run, or not to its end
    stdout: str = ""
    stderr: str = ""
    problem: str = ""  # "is not installed", "needs root", "took longer than 10 s"


@dataclass(frozen=True)
class Recording:
    """What was read of one machine. Values have no line feed at their end."""

    facts: Mapping[str, str] = field(default_factory=dict)  # at, host, kernel, arch, root (yes or no)
    files: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)  # files that are there and could not be read: why
    links: Mapping[str, str] = field(default_factory=dict)  # where they point, as written
    commands: Mapping[str, Output] = field(default_factory=dict)  # by the name of the probe

    @property
    def root(self) -> bool:
        """Say whether root made the recording."""
        return self.facts.get("root") == "yes"

    def read(self, path: str) -> str | None:
        """Return a file's text without surrounding blanks; None for a missing or an empty one."""
        return self.files.get(path, "").strip() or None

    def number(self, path: str) -> int | None:
        """Return the whole number that a file holds, in base 10 or, with 0x before it, in base 16.

        The kernel writes -1 for what it does not know: negative numbers are None.
        """
        found = _NUMBER.fullmatch(self.files.get(path, "").strip())
        if found is None:
            return None
        return int(found[1], 16) if found[1] else int(found[2])

    def flag(self, path: str) -> bool | None:
        """Return whether a file says 1 or 0; None if neither."""
        return {"1": True, "0": False}.get(self.read(path) or "")

    def points_to(self, path: str) -> str | None:
        """Return the last name of where a link points."""
        target = self.links.get(path)
        return target.rstrip("/").rpartition("/")[2] if target else None

    def below(self, folder: str) -> list[str]:
        """Return the names in a folder of which something was read, in their natural order."""
        return self._tree.get(folder.rstrip("/"), [])

    def said(self, name: str) -> str | None:
        """Return what a command printed if it succeeded."""
        output = self.commands.get(name)
        return output.stdout if output is not None and output.rc == 0 else None

    @cached_property
    def _tree(self) -> dict[str, list[str]]:
        tree: dict[str, set[str]] = {}
        for path in (*self.files, *self.denied, *self.links):
            parts = path.split("/")
            for depth in range(1, len(parts)):
                tree.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
        return {folder: sorted(names, key=natural) for folder, names in tree.items()}


def natural(name: str) -> list[tuple[int, str]]:
    """Return the key by which sda2 comes before sda10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def write_recording(recording: Recording) -> str:
    """Return a recording as text."""
    entries = [
        *(_entry("fact", name, value) for name, value in recording.facts.items()),
        *(_entry("file", path, value) for path, value in recording.files.items()),
        *(_entry("denied", path, value) for path, value in recording.denied.items()),
        *(_entry("link", path, value) for path, value in recording.links.items()),
        *(_command(name, output) for name, output in recording.commands.items()),
    ]
    return "\n".join([f"{NAME} {FORMAT}", *entries, f"end {len(entries)}", ""])


def _entry(kind: str, name: str, value: str) -> str:
    first, *more = value.split("\n")
    return "\n".join([f"{kind} {name} = {first}".rstrip(" "), *(f"| {line}" for line in more)])


def _command(name: str, output: Output) -> str:
    if output.problem:
        return _entry("problem", name, output.problem)
    lines = [f"command {name} = {output.rc}"]
    lines += [f"| {line}" for line in output.stdout.split("\n") if output.stdout]
    lines += [f"! {line}" for line in output.stderr.split("\n") if output.stderr]
    return "\n".join(lines)


def is_recording(text: str) -> bool:
    """Say whether a text begins as a recording does."""
    return text.lstrip("\ufeff \t\r\n").startswith(NAME)


def read_recording(text: str) -> Recording:
    """Return the recording that a text holds.

    Raises RecordingError if it is none, is cut off, or comes from another version.
    """
    lines = _lines(text)
    head = next(lines, "")
    if not head.startswith(NAME):
        raise RecordingError(f"{head[:60]!r} in the first line")
    if head != f"{NAME} {FORMAT}":
        raise RecordingError(f"a recording that begins with {head[:60]!r}")
    recording = _Building()
    for number, line in enumerate(lines, start=2):
        if line.startswith("end "):
            if line != f"end {recording.count}":
                raise RecordingError(f"{recording.count} entries, and the last line says {line[4:20]!r}")
            return recording.built()
        if line and not recording.take(line):
            raise RecordingError(f"{line[:60]!r} in line {number}, which is no entry")
    raise RecordingError(f"{recording.count} entries and no last line: the file is cut off")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a file, which may have gone through an editor or a shell of Windows."""
    yield from (line.rstrip("\r") for line in text.lstrip("\ufeff \t\r\n").split("\n"))


class _Building:
    """A recording of which the lines come one by one."""

    def __init__(self) -> None:
        self.count = 0
        self.values: dict[str, dict[str, list[str]]] = {kind: {} for kind in _KINDS}
        self.errors: dict[str, list[str]] = {}
        self.last: list[str] | None = None
        self.name = ""

    def take(self, line: str) -> bool:
        """Take one line; return whether it has its place here."""
        mark, rest = line[:1], line[2:]
        if mark == "|" and self.last is not None:
            self.last.append(rest)
        elif mark == "!" and self.name in self.values["command"]:
            self.errors.setdefault(self.name, []).append(rest)
        elif found := _ENTRY.match(line):
            self.count += 1
            self.name = found[2]
            self.last = [found[3] or ""]
            self.values[found[1]][found[2]] = self.last
        else:
            return False
        return True

    def built(self) -> Recording:
        """Return the recording."""
        texts = {kind: {name: "\n".join(lines) for name, lines in self.values[kind].items()} for kind in _KINDS}
        commands = {name: Output(problem=text) for name, text in texts["problem"].items()}
        for name, (code, *lines) in self.values["command"].items():
            rc = int(code) if code.isdigit() else None
            commands[name] = Output(rc, "\n".join(lines), "\n".join(self.errors.get(name, ())))
        return Recording(texts["fact"], texts["file"], texts["denied"], texts["link"], commands)
