# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed in the middle of the first run, and run again: it converges, every time.

Where a run is killed comes from a seed that is printed and can be given: EUCAIM_KILL_SEED=7 scripts/test lifecycle.
The node loses its processes and its memory at once, not what the kernel of the test machine still has to write.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.lifecycle.conftest import Lifecycle
from tests.lifecycle.doom import Doomed, doomed, half_installed, kill_node
from tests.site.driver import ids
from tests.site.world import World

SEED = int(os.environ.get("EUCAIM_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


def some(numbers: range) -> list[Any]:
    """The first of each sort in every run, the others in the long ones."""
    return [numbers[0], *(pytest.param(number, marks=pytest.mark.long) for number in numbers[1:])]


def kill_within(life: Lifecycle, what: str, number: int, kill: Callable[[Doomed], None]) -> World:
    """Kill a first run in the second that belongs to this number, between its first and its last moments.

    A run that ended before its second was faster than the one its length is known from, and says how long runs take.
    """
    share = random.Random(SEED + number).uniform(0.05, 0.95)
    for _attempt in range(3):
        second = share * life.length()
        world = life.bare()
        life.is_bare = False
        with doomed(world, f"{what}-{number}") as run:
            if run.lives_until(second):
                tell(what, number, second, run.task)
                kill(run)
                return world
            assert run.process.returncode == 0, f"the run failed by itself:\n{run.output.read_text()[-3000:]}"
            life.seconds = time.monotonic() - run.started
    raise AssertionError(f"three runs ended before their {share:.0%} were over, the last in {life.seconds:.1f} s")


def tell(what: str, number: int, second: float, task: str) -> None:
    """Print what was hit, so that it can be hit again."""
    print(f"\n{what} killed, EUCAIM_KILL_SEED={SEED}, number {number}, after {second:.1f} s, in: {task}")


def converges(life: Lifecycle, world: World) -> str:
    """Run again: the query is answered, everything promised holds, and a third run changes nothing."""
    again = world.site().succeeded()
    world.far_end.sign(world.request)
    world.verify().succeeded()
    assert ids(world.rows(), "unmet") == []
    assert len(world.far_end.query(world.provider)["collections"]) == 2
    third = world.site().succeeded()
    assert third.changed == 0, third.output
    assert half_installed(world) == []
    return " ".join(again.output.split())


@pytest.mark.parametrize("number", some(range(5)))
def test_the_controller_is_killed(life: Lifecycle, number: int) -> None:
    """SIGKILL for it and its workers. What it had started on the node runs on for a while."""
    converges(life, kill_within(life, "controller", number, lambda run: run.kill_controller()))


@pytest.mark.parametrize("number", some(range(10, 14)))
def test_the_node_is_killed(life: Lifecycle, number: int) -> None:
    """Its power is cut and comes back; the controller loses its connection."""

    def cut(run: Doomed) -> None:
        kill_node(life.world)
        # Ansible tries a lost connection again: a run may live through a power cut between two of its tasks.
        run.finish()

    converges(life, kill_within(life, "node", number, cut))


def cut_while_dpkg_works(life: Lifecycle, chosen: random.Random) -> World:
    """Cut a node's power in the middle of a package. Where dpkg is done by the moment at which it goes, once more."""
    for _attempt in range(4):
        world = life.bare()
        life.is_bare = False
        with doomed(world, "dpkg") as run:
            in_the_middle = partial(half_installed, world)
            run.wait_for(in_the_middle)
            time.sleep(chosen.uniform(0, 1.5))
            run.wait_for(in_the_middle)
            task, second = run.task, time.monotonic() - run.started
            kill_node(world)
            assert run.finish() != 0
        half = half_installed(world)
        tell(f"node, in {', '.join(half) or 'no package'},", 14, second, task)
        if half:
            return world
    raise AssertionError("four times dpkg was done with its package before the power was gone")


def test_the_node_is_killed_while_dpkg_works(life: Lifecycle) -> None:
    """Half-configured packages are finished by the role, and it says so."""
    said = converges(life, cut_while_dpkg_works(life, random.Random(SEED + 14)))
    assert "had been cut off, by a power cut or with an earlier run, and was finished" in said


def test_every_half_of_a_package_is_finished(life: Lifecycle) -> None:
    """Each state that dpkg can be killed in, written down as dpkg does it, also that of the last moment before its end.

    There the package is unpacked and still marked to be unpacked again, which apt-get --fix-broken gives up on.
    """
    world = life.bare()
    life.is_bare = False
    packages = {
        "wget": "reinstreq unpacked",
        "libpsl5t64": "reinstreq half-installed",
        "dmidecode": "ok half-configured",
    }
    node = world.node
    node.exec("apt-get update -qq && apt-get install -y -qq --download-only --no-install-recommends wget dmidecode")
    node.exec("dpkg --unpack /var/cache/apt/archives/*.deb")
    for name, state in packages.items():
        node.exec(f"sed -i '/^Package: {name}$/,/^$/s/^Status: .*/Status: install {state}/' /var/lib/dpkg/status")
    assert {"iURwget", "iHRlibpsl5t64", "iF", "dmidecode"} <= set(half_installed(world))
    said = " ".join(world.site("--tags", "base").succeeded().output.split())
    assert half_installed(world) == []
    assert re.search(r"The installation of \S.*\bwget had been cut off", said)
    assert node.exec("wget --version && dmidecode --version").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("program", ["python3", "dpkg", "apt-get"])
def test_a_program_of_ours_is_killed_on_the_node(life: Lifecycle, program: str) -> None:
    """The controller lives and is told; run again, it converges."""
    world = life.bare()
    life.is_bare = False
    with doomed(world, program) as run:
        run.wait_for(lambda: bool(half_installed(world)))
        task, second = run.task, time.monotonic() - run.started
        world.node.exec(f"pkill -KILL ^{program}")
        assert run.finish() != 0
    tell(f"{program} on the node", 20, second, task)
    # Ansible's module for apt shows the traceback of its own search for apt's library.
    assert not re.search(r'File ".*local_node', run.output.read_text(encoding="utf-8"))
    converges(life, world)


@pytest.mark.long
def test_the_node_is_killed_while_an_image_is_loaded(life: Lifecycle) -> None:
    """Half an image is no image."""
    world = life.bare()
    life.is_bare = False
    with doomed(world, "image") as run:
        run.wait_for(lambda: world.node.exec("pgrep -f '^docker load'", check=False).returncode == 0)
        task, second = run.task, time.monotonic() - run.started
        kill_node(world)
        assert run.finish() != 0
    tell("node", 30, second, task)
    converges(life, world)
