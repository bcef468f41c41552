# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook that is meant to die, and kills it or the node under it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.nodes.engine import docker
from tests.site.driver import SCRATCH, begin, kill
from tests.site.world import SITE, World

TASK = re.compile(r"^TASK \[(.*?)\] \**$", re.MULTILINE)
LONGEST = 600.0
# Packages that dpkg is in the middle of.
HALF = "dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n' | grep '^.[HUFW]'"


class Doomed:
    """A run of site beside the test."""

    def __init__(self, world: World, output: Path) -> None:
        self.output = output
        self.process = begin(SITE, inventory=world.inventory, log=output)
        self.started = time.monotonic()

    @property
    def task(self) -> str:
        """The task that runs, or ran last."""
        names = TASK.findall(self.output.read_text(encoding="utf-8", errors="replace"))
        return names[-1] if names else "before the first task"

    def wait_for(self, reached: Callable[[], object]) -> None:
        """Wait until a moment has come; the run must not end before."""
        while not reached():
            assert self.process.poll() is None, (
                f"the run ended before the moment came:\n{self.output.read_text()[-3000:]}"
            )
            assert time.monotonic() - self.started < LONGEST, f"the moment never came; the run is at {self.task}"
            time.sleep(0.05)

    def lives_until(self, second: float) -> bool:
        """Wait until so many seconds have passed since the start, and say whether the run still goes on."""
        while time.monotonic() - self.started < second:
            if self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return self.process.poll() is None

    def kill_controller(self) -> None:
        """Kill it with its workers, as a controller that loses its power does."""
        kill(self.process)

    def finish(self) -> int:
        """Wait for the end of the run that lost its node, and return how it ended."""
        try:
            return self.process.wait(180)
        except subprocess.TimeoutExpired:
            self.kill_controller()
            return -1


@contextmanager
def doomed(world: World, name: str) -> Iterator[Doomed]:
    """Start a run; whatever happens, nothing of it is left."""
    SCRATCH.mkdir(mode=0o700, parents=True, exist_ok=True)
    run = Doomed(world, SCRATCH / f"doomed-{name}.log")
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.kill_controller()


def kill_node(world: World) -> None:
    """Cut the node's power, and switch it on again."""
    docker("kill", "--signal", "KILL", world.node.name)
    world.node.up(lambda _text: None)


def half_installed(world: World) -> list[str]:
    """Packages that dpkg is in the middle of right now."""
    return world.node.exec(HALF, check=False).stdout.split()
