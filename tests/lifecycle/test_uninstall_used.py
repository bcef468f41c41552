# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was on a server before this collection came is there when it is gone, and never stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.lifecycle.test_uninstall import LEFT, UNINSTALL
from tests.nodes.node import differences
from tests.site.driver import playbook, write_inventory
from tests.site.world import World, made

pytestmark = pytest.mark.long

# People, packages, an engine with a container that runs, a folder with data, and a timer that somebody switched off.
BEFORE = """
set -e
groupadd eucaim_basic
useradd --create-home --shell /bin/sh --comment 'Ada before' ada
useradd --create-home zoe
usermod --append --groups eucaim_basic zoe
install -d -o ada -g ada -m 700 /home/ada/.ssh
install -d -m 2750 /opt/eucaim
echo theirs > /opt/eucaim/data
systemctl disable --now apt-daily-upgrade.timer
apt-get update
apt-get install --yes --no-install-recommends wget docker.io docker-cli docker-compose
tar -C / -c bin lib lib64 usr/bin usr/lib64 usr/lib/x86_64-linux-gnu 2>/dev/null | docker import - theirs:1
docker run -d --name theirs --restart always theirs:1 sleep 99999
"""
# What stays of an account that was there before and that the inventory names, beside what stays in any case.
ADOPTED = {
    r"files: /home/ada/": "the keys that the inventory gave a person who was there before: to take them could lock out",
    r"files: /etc/(passwd|group|shadow|gshadow)-?: ": "name, shell and password that the inventory gave that person",
    r"users: (passwd|shadow):ada: ": "the same",
    r"files: /etc/docker": "folders that the engine itself makes",
}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def used() -> Iterator[World]:
    """A server that was in use before."""
    with made("lifecycle-used", 88) as world:
        world.node.exec(BEFORE)
        yield world


def started(world: World) -> str:
    """How often the engine had to start the container of others again, when it did, and whether it runs."""
    shown = "{{.RestartCount}} {{.State.StartedAt}} {{.State.Running}}"
    return world.node.exec(f"docker inspect -f '{shown}' theirs").stdout.strip()


def test_what_was_there_is_there(used: World) -> None:
    """Converged, answering, taken away: the same server as before."""
    settings = used.settings() | {"docker_existing_engine": "adopt"}
    inventory = write_inventory(used.directory, {used.node.name: settings})
    before, since = used.node.fingerprint(), started(used)
    assert since.startswith("0 ")
    assert since.endswith("true")
    site = str(UNINSTALL).replace("uninstall", "site")
    playbook(site, inventory=inventory).succeeded()
    used.far_end.sign(used.request)
    assert len(used.far_end.query(used.provider)["collections"]) == 2
    assert used.node.exec("id -nG zoe").stdout.split() == ["zoe"]
    playbook(UNINSTALL, "-e", f"uninstall_confirm={used.provider}", inventory=inventory).succeeded()
    assert started(used) == since
    named = {**LEFT, **ADOPTED}
    lines = differences(before, used.node.fingerprint())
    assert [line for line in lines if not any(re.match(item, line) for item in named)] == []
    assert used.node.exec("id -nG zoe").stdout.split() == ["zoe", "eucaim_basic"]
    assert used.node.exec("cat /opt/eucaim/data; stat -c %a /opt/eucaim").stdout.split() == ["theirs", "2750"]
    assert "disabled" in used.node.exec("systemctl is-enabled apt-daily-upgrade.timer", check=False).stdout
