# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 12: refused with its own packages, and a whole node with an engine from the site's mirror.

The mirror's way is upstream's way: the same module with another URL, another key and another fingerprint. All files of
tests/site run on Debian 12 in the part `debian12`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.nodes.aptrepo import NAME, PACKAGES
from tests.nodes.node import differences
from tests.site.driver import Run, ids
from tests.site.world import World, made

OWN_PACKAGES = json.dumps({"docker_source": "distribution", "docker_engine_packages": []})
STRANGER = "A" * 40


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A bare Debian 12, and a mirror on its network."""
    with made("hospital-debian12", 84, "debian12") as here:
        yield here


@pytest.fixture(scope="module")
def first(world: World) -> Run:
    """The first run on the bare node."""
    return world.site().succeeded()


def test_its_own_packages_are_refused_before_the_first_change(world: World) -> None:
    """They lack Compose v2: what was found, what is needed, and both ways out."""
    before = world.node.fingerprint()
    run = world.site("-e", OWN_PACKAGES)
    assert run.rc != 0
    assert run.changed == 0
    said = " ".join(run.output.split())
    for word in ("CT-DOCKER", "docker_source", "distribution on Debian 12", "Compose v2", "upstream", "mirror"):
        assert word in said, run.output[-3000:]
    assert differences(before, world.node.fingerprint()) == []


def test_the_bare_node_gets_its_engine_from_the_mirror(world: World, first: Run) -> None:
    """By its own key, checked against the fingerprint that the inventory names."""
    assert first.changed > 0
    assert "Debian GNU/Linux 12" in world.node.exec("cat /etc/os-release").stdout
    for package in PACKAGES:
        policy = world.node.exec(f"apt-cache policy {package}").stdout
        installed = policy.split("***")[1].split("\n")[1]
        assert NAME in installed, policy


def test_a_mirror_with_another_key_is_not_trusted(world: World, first: Run) -> None:
    """The fingerprint decides, and the source that is there stays as it is."""
    before = world.node.fingerprint()
    run = world.site("--tags", "docker_install", "-e", f"docker_key_fingerprint={STRANGER}")
    assert run.rc != 0
    assert "do not trust this key" in " ".join(run.output.split())
    assert differences(before, world.node.fingerprint()) == []
    assert first.rc == 0


def test_it_answers_and_a_second_run_changes_nothing(world: World, first: Run) -> None:
    """Enrolled, verified, asked through the federation, run again."""
    assert first.rc == 0
    world.far_end.sign(world.request)
    world.verify().succeeded()
    assert ids(world.rows(), "unmet") == []
    assert len(world.far_end.query(world.provider)["collections"]) == 2
    before = world.node.fingerprint()
    again = world.site().succeeded()
    assert again.changed == 0, again.output[-6000:]
    assert differences(before, world.node.fingerprint()) == []
