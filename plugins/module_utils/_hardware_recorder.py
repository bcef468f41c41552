# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the machine that it runs on: the files and commands of the list of probes, into a recording.

Private to this collection: nothing outside may import it. No Ansible; it reads files and runs commands, and changes
nothing. Apart from the modules, because hardware_info and tier_check both read a machine within their one execution.
"""

from __future__ import annotations

import glob
import os
import signal
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from ansible_collections.eucaim.local_node.plugins.module_utils import _probes as probes
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

LONGEST_FILE = 1 << 20
SIDE_BY_SIDE = 8
GRACE_SECONDS = 1.0
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Recorder:
    """Reads one machine. Commands run in threads of their own while the files are read."""

    def __init__(self, gather: Iterable[str], timeout: float, area: probes.Area = probes.EVERYTHING) -> None:
        self.gather = set(gather)
        self.area = area
        self.timeout = timeout
        self.root = os.geteuid() == 0
        self.seconds: dict[str, float] = {}
        self.files: dict[str, str] = {}
        self.denied: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.commands: dict[str, Output] = {}
        system = os.uname()
        self.facts = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "host": system.nodename,
            "kernel": system.release,
            "arch": system.machine,
            "root": "yes" if self.root else "no",
        }

    def record(self) -> Recording:
        """Read everything."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            running = self._start(pool, (each for each in self.area.probes if each.gather in ("", *self.gather)))
            begin = time.monotonic()
            self._read()
            self.seconds["files"] = time.monotonic() - begin
            # The commands that depend on files alone begin before the first ones have ended.
            running.update(self._start(pool, self._follow_ups(running)))
            while running:
                for name, future in running.items():
                    self.commands[name] = future.result()
                running = self._start(pool, self._follow_ups(()))
        return self._recording()

    def _recording(self) -> Recording:
        return Recording(self.facts, self.files, self.denied, self.links, dict(self.commands))

    def _follow_ups(self, running: Iterable[str]) -> list[probes.Probe]:
        begun = set(running)
        return [each for each in probes.follow_ups(self._recording(), self.gather) if each.name not in begun]

    def _start(self, pool: ThreadPoolExecutor, wanted: Iterable[probes.Probe]) -> dict[str, Future[Output]]:
        own = [each for each in wanted if not (each.who == probes.USER and self.root)]
        return {each.name: pool.submit(self._run, each) for each in own}

    def _read(self) -> None:
        for pattern, names in self.area.files:
            for path in expand(pattern, names):
                self._read_file(path)
        for pattern, names in self.area.links:
            for path in expand(pattern, names):
                try:
                    self.links[path] = os.readlink(path)
                except OSError:
                    continue

    def _read_file(self, path: str) -> None:
        try:
            self.files[path] = plain(read_bytes(path))
        except PermissionError as error:
            self.denied[path] = error.strerror or str(error)
        except OSError:
            return

    def _run(self, probe: probes.Probe) -> Output:
        if probe.who == probes.ROOT and not self.root:
            return Output(problem="needs root")
        program = find(probe.argv[0])
        if program is None:
            return Output(problem="is not installed")
        begin = time.monotonic()
        try:
            return execute([program, *probe.argv[1:]], self.timeout)
        except OSError as error:
            return Output(problem=f"does not start ({error.strerror})")
        finally:
            self.seconds[probe.name] = round(time.monotonic() - begin, 3)


def execute(argv: list[str], timeout: float) -> Output:
    """Return what a command says in English, its standard input empty; raise OSError if it does not start."""
    # Not run_command: it has no time-out, and a command that hangs on a dead drive would hang the module.
    environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}
    process = Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except TimeoutExpired:
        end(process)
        return Output(problem=f"took longer than {timeout:g} s")
    return Output(process.returncode, plain(out), plain(err))


def expand(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the paths that a row of the list of files or links means; not every one has to exist."""
    paths = []
    for folder in sorted(glob.glob(pattern)) if "*" in pattern else [pattern]:
        for name in names:
            path = folder if name == "." else f"{folder.rstrip('/')}/{name}"
            paths += sorted(glob.glob(path)) if "*" in name else [path]
    return paths


def read_bytes(path: str) -> bytes:
    """Return what a file holds, up to a limit that none of the kernel's files reaches."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        left = LONGEST_FILE
        while left > 0 and (piece := os.read(handle, left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(handle)


def plain(data: bytes) -> str:
    """Return bytes as text without NULs and without line feeds at the end."""
    return data.replace(b"\0", b"").decode("utf-8", "replace").rstrip("\n")


def find(program: str) -> str | None:
    """Return where a program is; the folders of the system's own come to what the user looks through."""
    for folder in (*os.environ.get("PATH", "").split(":"), *FOLDERS):
        path = f"{folder}/{program}"
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def end(process: Popen[bytes]) -> None:
    """Kill a command with what it started; leave it to itself if the kernel does not let go of it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=GRACE_SECONDS)
    except (OSError, TimeoutExpired):
        return
