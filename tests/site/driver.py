# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks as a person would, and reads what they print."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
SCRATCH = CACHE / "site"
# Where the ansible-playbook of this environment is.
PROGRAMS = Path(sys.executable).parent
RECAP = re.compile(
    r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)\s+skipped=(\d+)", re.MULTILINE
)


@dataclass(frozen=True)
class Run:
    """One finished run of ansible-playbook."""

    command: list[str]
    rc: int
    output: str
    seconds: float
    recap: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Changed tasks of all hosts together."""
        return sum(host["changed"] for host in self.recap.values())

    def task(self, name: str) -> str:
        """Output of the task of this name, up to the next task, play or recap."""
        found = re.search(
            rf"^TASK \[[^\]]*{re.escape(name)}\] \**$(.*?)(?=^(?:TASK|PLAY) |\Z)", self.output, re.MULTILINE | re.DOTALL
        )
        return found.group(1) if found else ""

    def succeeded(self) -> Run:
        """The run itself when it ended well on at least one host; otherwise an assertion with its last lines."""
        assert self.rc == 0, f"{' '.join(self.command)} ended with {self.rc}:\n{self.output[-6000:]}"
        assert self.recap, f"no host took part in {' '.join(self.command)}:\n{self.output[-2000:]}"
        return self


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What ansible-playbook is started with: this checkout's settings, nothing of the caller's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    kept.pop("PYTHONSAFEPATH", None)
    return kept | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **(extra or {})}


def playbook(
    name: str,
    *arguments: str,
    inventory: Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = 1200,
    programs: Path = PROGRAMS,
) -> Run:
    """Run a playbook (a path, or a full name of the collection) and keep all it prints."""
    command = [str(programs / "ansible-playbook"), "-i", str(inventory), name, *arguments]
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    recap = {
        host: dict(zip(("ok", "changed", "unreachable", "failed", "skipped"), map(int, counts), strict=True))
        for host, *counts in RECAP.findall(done.stdout)
    }
    return Run(command, done.returncode, done.stdout, time.monotonic() - started, recap)


def begin(
    name: str, *arguments: str, inventory: Path, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a playbook beside the test and come back at once; what it prints goes into the log."""
    with log.open("wb") as stream:
        return subprocess.Popen(
            [str(PROGRAMS / "ansible-playbook"), "-i", str(inventory), name, *arguments],
            cwd=ROOT,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a run with all that it has started, at once, as a lost machine would.

    A process group is too little: a worker of Ansible has a session of its own, and would go on.
    """
    _kill_tree(process.pid)
    process.wait(30)


def _kill_tree(number: int) -> None:
    try:
        # Stopped first, so that it starts nothing more meanwhile.
        os.kill(number, signal.SIGSTOP)
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(number)], stdout=subprocess.PIPE, text=True, check=False
        )
        for child in listed.stdout.split():
            _kill_tree(int(child))
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended by itself


def write_inventory(directory: Path, hosts: Mapping[str, Mapping[str, Any]], tier: str = "tier2") -> Path:
    """Write an inventory of these hosts with their variables; JSON is YAML enough for Ansible."""
    SCRATCH.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    content = {"all": {"children": {"local_nodes": {"children": {tier: {"hosts": dict(hosts)}}}}}}
    path = directory / "hosts.json"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def rows(report: Path) -> dict[str, dict[str, str]]:
    """The report's rows by requirement id."""
    content = json.loads((report / "evidence.json").read_text(encoding="utf-8"))
    return {row["requirement"]: row for row in content["rows"]}


def ids(found: Mapping[str, Mapping[str, str]], status: str) -> Sequence[str]:
    """Requirement ids that have this status, sorted."""
    return sorted(key for key, row in found.items() if row["status"] == status)
