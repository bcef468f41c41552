# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taken away again: what was there before is as it was, and what was not is gone but for a list with reasons."""

from __future__ import annotations

import re

import pytest

from tests.lifecycle.conftest import Lifecycle
from tests.nodes.node import UPDATED, Fingerprint, differences
from tests.site.driver import ROOT, Run, playbook
from tests.site.world import World

UNINSTALL = str(ROOT / "playbooks" / "uninstall.yml")

# What differs from the bare node, and why. A name of something that does not differ is an error, too.
LEFT = {
    r"files: /etc/eucaim(/federation(/pki)?)?: ": "the folders of the key",
    r"files: /etc/eucaim/federation/pki/": "the key and its request are kept, so that nobody has to enrol again",
    r"files: /home/(ada|bela)\b": "homes are people's data",
    r"files: /etc/(passwd|group|shadow|gshadow|subuid|subgid)-: ": "the copies that the tools keep of the last state",
    r"files: /etc/(passwd|group|shadow|gshadow): ": "the account of systemd-timesyncd",
    r"users: (passwd|group|shadow):systemd-timesync: ": "Debian's package leaves its account when it is purged",
    r"files: /var/log/(alternatives\.log|dpkg\.log|unattended-upgrades): ": "logs of what was done",
    r"rules: kernel ip6? \w+ [A-Z]+: \(absent\) -> policy accept, 0 rules": "chains without a rule",
}


@pytest.fixture(scope="module")
def world(life: Lifecycle) -> World:
    """A bare node and a far end."""
    return life.bare()


@pytest.fixture(scope="module")
def bare(world: World) -> Fingerprint:
    """The node before anything was done to it."""
    return world.node.fingerprint()


def uninstall(world: World, *arguments: str, confirmed: bool = True) -> Run:
    """Run the real uninstall playbook on the good inventory."""
    words = ["-e", f"uninstall_confirm={world.node.name}"] if confirmed else []
    return playbook(UNINSTALL, *words, *arguments, inventory=world.inventory)


def unexplained(before: Fingerprint, after: Fingerprint) -> list[str]:
    """What differs and is not in the list."""
    unlisted = [line for line in differences(before, after) if not any(re.match(item, line) for item in LEFT)]
    return [line for line in unlisted if not UPDATED.match(line)]


def test_on_a_node_that_never_was_ours(world: World, bare: Fingerprint) -> None:
    """Nothing to confirm, nothing changed, and it says so."""
    run = uninstall(world, confirmed=False).succeeded()
    assert run.changed == 0
    assert f"This collection left nothing on {world.node.name}" in run.output
    assert differences(bare, world.node.fingerprint()) == []


@pytest.fixture(scope="module")
def converged(life: Lifecycle, world: World, bare: Fingerprint) -> Fingerprint:
    """The node as site leaves it, enrolled and answering."""
    life.first_run()
    world.far_end.sign(world.request)
    world.verify().succeeded()
    return world.node.fingerprint()


def test_nobody_has_confirmed_it(world: World, converged: Fingerprint) -> None:
    """It says what would go, and stops; another node's name is no confirmation."""
    for run in (uninstall(world, confirmed=False), uninstall(world, "-e", "uninstall_confirm=other", confirmed=False)):
        assert run.rc != 0
        assert "uninstall_confirm [TIER-2]" in run.output
        for line in ("account ada, its home stays", "container focus", "package docker.io", "path /opt/eucaim"):
            assert line in run.output
    assert differences(converged, world.node.fingerprint()) == []


def test_check_mode_tells_what_would_go(world: World, converged: Fingerprint) -> None:
    """With --check --diff nothing has to be confirmed, and nothing changes."""
    run = uninstall(world, "--check", "--diff", confirmed=False).succeeded()
    assert run.changed > 0
    for line in ("-account ada", "-package git", "-bridge docker0", "-directory /opt/eucaim, if it is empty by then"):
        assert line in run.output.splitlines(), line
    assert differences(converged, world.node.fingerprint()) == []


def test_one_does_not_saw_off_the_branch_one_sits_on(world: World, converged: Fingerprint) -> None:
    """Logged in as somebody whose account would go: refused before the first change."""
    right = "/etc/sudoers.d/zz-test"
    world.node.exec(f"echo 'ada ALL=(ALL) NOPASSWD: ALL' > {right}")
    run = uninstall(world, "-e", "ansible_user=ada")
    # Ansible keeps its connection open, and an account that is logged in does not go.
    world.node.exec(
        f"rm {right}; pkill -KILL -u ada; while pgrep -u ada; do sleep 0.2; done; rm -rf /home/ada/.ansible"
    )
    assert run.rc != 0
    assert "ansible_user [OS-USERS]" in run.output
    assert "found: this run is logged in as ada, an account that goes" in run.output
    assert differences(converged, world.node.fingerprint()) == []


def test_a_container_of_others_is_named(world: World, converged: Fingerprint) -> None:
    """Somebody runs a container on our engine: refused, and it runs on."""
    image = "$(docker image ls --format '{{.ID}}' | head -n 1)"
    world.node.exec(
        f"docker run -d --name theirs --entrypoint /usr/bin/python3 {image} -c 'import time; time.sleep(9999)'"
    )
    try:
        run = uninstall(world)
        assert run.rc != 0
        assert "docker_remove_containers [CT-RUN]" in run.output
        assert "found: running containers of others (theirs)" in run.output
        state = world.node.exec("docker inspect -f '{{.State.Running}}' theirs").stdout.strip()
        assert state == "true"
    finally:
        world.node.exec("docker rm -f theirs")


def test_the_node_is_bare_again(world: World, bare: Fingerprint, converged: Fingerprint) -> None:
    """But for the list; every name on the list is needed."""
    run = uninstall(world).succeeded()
    world.remember("uninstall, seconds", round(run.seconds, 1))
    after = world.node.fingerprint()
    assert unexplained(bare, after) == []
    lines = differences(bare, after)
    assert [item for item in LEFT if not any(re.match(item, line) for line in lines)] == []


def test_twice_changes_nothing(world: World) -> None:
    """And finds nothing to confirm."""
    run = uninstall(world, confirmed=False).succeeded()
    assert run.changed == 0
    assert f"This collection left nothing on {world.node.name}" in run.output


def test_site_works_again(world: World) -> None:
    """With the kept key nobody has to enrol again, and people own their homes."""
    world.site().succeeded()
    assert len(world.far_end.query(world.provider)["collections"]) == 2
    owner = world.node.exec("stat -c %U /home/ada /home/ada/.ssh/authorized_keys").stdout.split()
    assert owner == ["ada", "ada"]
