# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the version before to this one: the node goes on answering, and nothing is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.lifecycle.test_uninstall import UNINSTALL
from tests.nodes.node import Fingerprint
from tests.site.driver import ROOT, SCRATCH, playbook
from tests.site.world import World, made

pytestmark = pytest.mark.long

FRAGMENT = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+)(-[a-z-]+)?\.yml")
# What must be the same afterwards.
KEPT = re.compile(r"/etc/eucaim/federation/(pki|secrets|tls-ca)\b|/etc/eucaim/federation/images\.json|/home/\w+/\.ssh/")


def git(*words: str) -> str:
    """Ask the history of this clone."""
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True).stdout.strip()


def versions() -> list[str]:
    """The versions that the change log's fragments name, the newest last."""
    names = [FRAGMENT.fullmatch(path.name) for path in (ROOT / "changelogs" / "fragments").iterdir()]
    return sorted({name.group(1) for name in names if name}, key=lambda text: [int(part) for part in text.split(".")])


def previous() -> tuple[str, str]:
    """The version before this one, and its last commit: the one before the first change that this version tells of."""
    assert git("rev-parse", "--is-shallow-repository") == "false", (
        "found a shallow clone; needed: the history with the version before; remedy: git fetch --unshallow"
    )
    before, now = versions()[-2:]
    first = git("log", "--diff-filter=A", "--format=%H", "--reverse", "--", f"changelogs/fragments/{now}*.yml")
    commit = git("rev-parse", f"{first.split()[0]}^")
    assert yaml.safe_load(git("show", f"{commit}:galaxy.yml"))["version"] == before
    return before, commit


@pytest.fixture(scope="module")
def former() -> Path:
    """The version before, as an installed collection with a path of its own."""
    version, commit = previous()
    print(f"\nupgrading from {version}, commit {commit}")
    place = SCRATCH / "previous"
    shutil.rmtree(place, ignore_errors=True)
    target = place / "ansible_collections" / "eucaim" / "local_node"
    target.mkdir(parents=True)
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive, check=True)
    for other in (ROOT / ".cache" / "collections" / "ansible_collections").iterdir():
        if other.is_dir() and other.name != "eucaim":
            (place / "ansible_collections" / other.name).symlink_to(other)
    return place


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A bare node and a far end."""
    with made("lifecycle-up", 88) as here:
        yield here


class Asker(threading.Thread):
    """Somebody who asks the node again and again."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world = world
        self.done = threading.Event()
        self.answers = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Ask until told to stop."""
        while not self.done.is_set():
            try:
                assert len(self.world.far_end.query(self.world.provider)["collections"]) == 2
                self.answers += 1
            except (AssertionError, RuntimeError, OSError) as error:
                self.failures.append(str(error))
            self.done.wait(1)


def kept(found: Fingerprint) -> dict[str, str]:
    """What must not be lost: key, request, secrets, images, and the keys of people."""
    files = {path: line for path, line in found["files"].items() if KEPT.search(path)}
    images = {name: line for name, line in found["containers"].items() if name.startswith("image ")}
    people = {name: line for name, line in found["users"].items() if name.endswith((":ada", ":bela"))}
    return {**files, **images, **people}


def test_an_upgrade(world: World, former: Path) -> None:
    """Converged by the version before, then by this one: answered all the while, nothing lost, then nothing to do."""
    env = {"ANSIBLE_COLLECTIONS_PATH": str(former)}
    env["ANSIBLE_CONFIG"] = str(former / "ansible_collections" / "eucaim" / "local_node" / "ansible.cfg")
    old = playbook("eucaim.local_node.site", inventory=world.inventory, cwd=former, env=env).succeeded()
    assert str(ROOT / "roles") not in old.output
    world.far_end.sign(world.request)
    assert len(world.far_end.query(world.provider)["collections"]) == 2
    before = kept(world.node.fingerprint())
    assert len(before) > 10
    asker = Asker(world)
    asker.start()
    world.site().succeeded()
    asker.done.set()
    asker.join(90)
    print(f"\nanswered {asker.answers} times during the upgrade")
    assert asker.failures == []
    assert asker.answers > 0
    after = kept(world.node.fingerprint())
    assert {name: line for name, line in before.items() if after.get(name) != line} == {}
    world.verify().succeeded()
    assert world.site().succeeded().changed == 0


def test_what_the_version_before_made_goes_too(world: World) -> None:
    """It kept fewer records; its marked files, its directories and groups are known all the same."""
    playbook(UNINSTALL, "-e", f"uninstall_confirm={world.provider}", inventory=world.inventory).succeeded()
    found = world.node.fingerprint()
    assert [path for path in found["files"] if "eucaim" in path and not path.startswith("/etc/eucaim")] == []
    assert [name for name in found["users"] if "eucaim" in name] == []
    assert found["containers"] == {}
