# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that are measured, and one measured run."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.farend.end import FarEnd
from tests.nodes.engine import remove_network
from tests.nodes.node import Node
from tests.perf import counting
from tests.perf.ratios import NothingMeasured, Sample
from tests.site.driver import SCRATCH, Run, playbook, write_inventory
from tests.site.world import SITE, VERIFY, World

NETWORK, SUBNET = "eucaim-bench", "172.30.80"
AREA = "bench"
MOST = 8
CORES = len(os.sched_getaffinity(0))


def say(text: str) -> None:
    """One line for the person who watches, with the time of day."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def node(number: int) -> Node:
    """A node of this folder by its number, from 1 on."""
    return Node(f"bench-node-{number}", NETWORK, f"{SUBNET}.{10 + number}")


@dataclass
class Farm:
    """Some nodes with one far end, and one inventory of them all."""

    count: int
    # The inventory says only how to reach the nodes.
    bare: bool = False
    far_end: FarEnd = field(default_factory=lambda: FarEnd(NETWORK, f"{SUBNET}.0/24", say=say))

    @property
    def worlds(self) -> list[World]:
        """Each node with its settings, as the tests of the site playbook have them."""
        nodes = [node(number) for number in range(1, self.count + 1)]
        return [World(one, self.far_end, f"hospital-{one.name}", AREA) for one in nodes]

    @property
    def names(self) -> list[str]:
        """The names of the nodes."""
        return [world.node.name for world in self.worlds]

    @property
    def inventory(self) -> Path:
        """The inventory of all nodes, written anew."""
        settings = {one.node.name: one.connection() if self.bare else one.settings() for one in self.worlds}
        return write_inventory(SCRATCH / AREA, settings)

    def run(
        self,
        name: str,
        *arguments: str,
        first: int = 0,
        counted: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> tuple[Run, Sample]:
        """Run a playbook on the first so many nodes (0: on all), and measure it."""
        names = self.names[: first or self.count]
        settings = {**(env or {}), **(counting.environment(counted) if counted else {})}
        limit = ["--limit", ",".join([*names, "localhost"])]
        inventory = self.inventory
        before = self.cpu_seconds(names)
        run = playbook(name, *arguments, *limit, inventory=inventory, env=settings)
        used = self.cpu_seconds(names) - before
        return run, Sample(run.seconds, used)

    def site(self, *arguments: str, first: int = 0, counted: Path | None = None, changed: bool = False) -> Sample:
        """Run the site playbook; it must end well, and change nothing unless told that it may."""
        run, sample = self.run(SITE, *arguments, first=first, counted=counted)
        run.succeeded()
        if run.changed and not changed:
            raise NothingMeasured(f"a run that should have had nothing to do changed {run.changed} things")
        return sample

    def cpu_seconds(self, names: Sequence[str]) -> float:
        """Processor seconds so far of the programs that this one started and has seen end, and of the nodes."""
        mine = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (
            mine.ru_utime + mine.ru_stime + sum(node_seconds(one.node) for one in self.worlds if one.node.name in names)
        )

    def enrol(self) -> None:
        """Sign the requests of all nodes, and wait until they answer."""
        for world in self.worlds:
            self.far_end.sign(world.request)
        self.run(VERIFY)[0].succeeded()


def node_seconds(one: Node) -> float:
    """Processor seconds that a node has used since it started, by its own control group."""
    for line in one.exec("cat /sys/fs/cgroup/cpu.stat").stdout.splitlines():
        if line.startswith("usage_usec "):
            return int(line.split()[1]) / 1e6
    raise NothingMeasured(f"{one.name} does not say how much processor time it used")


@contextlib.contextmanager
def farm(count: int, bare: bool = False) -> Iterator[Farm]:
    """Bare nodes and a far end, taken away at the end."""
    found = Farm(count, bare)
    remove(found)
    found.far_end.up()
    try:
        for world in found.worlds:
            world.node.up(say)
        yield found
    finally:
        remove(found)


def remove(found: Farm) -> None:
    """Take the nodes and the far end away."""
    for number in range(1, MOST + 1):
        node(number).down()
    found.far_end.down()
    remove_network(NETWORK)


def play(path: Path, tasks: Sequence[Mapping[str, Any]], **more: Any) -> str:
    """Write a playbook of one play that uses the same user, transport and become as the site's."""
    content = {"name": "Measured", "hosts": "local_nodes", "gather_facts": False, "become": True, "tasks": [*tasks]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([content | more]), encoding="utf-8")
    return str(path)


def rounds(number: int, **parts: Callable[[], Sample]) -> dict[str, list[Sample]]:
    """Run all parts one after the other, and all again, so many times: what disturbs one disturbs all."""
    samples: dict[str, list[Sample]] = {name: [] for name in parts}
    for index in range(1, number + 1):
        for name, part in parts.items():
            samples[name].append(part())
        said = ", ".join(f"{name} {samples[name][-1].seconds:.1f} s" for name in parts)
        say(f"round {index} of {number}: {said}")
    return samples
