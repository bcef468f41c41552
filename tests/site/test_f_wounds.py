# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wound for every row that can be met: exactly its row turns unmet, and the role heals it.

What no playbook can heal is healed by hand here, as a person would have to: the distribution's end of support and a
target that cannot be reached.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from tests.nodes.engine import docker
from tests.site.driver import ids
from tests.site.world import PROVIDER, World

ETC = "/etc/eucaim/federation"
COMPOSE = "cd /opt/eucaim/federation && docker compose -f compose.yaml"
OVERRIDE = f"{COMPOSE} -f /run/override.yaml up -d"
# A key that the role owns; those of others in the same file are theirs.
DAEMON = (
    "python3 -c \"import json; p='/etc/docker/daemon.json'; d=json.load(open(p)); d['live-restore']=False;"
    " json.dump(d, open(p, 'w'))\""
)
OTHER_NETWORK = (
    f"{COMPOSE} down && docker network rm eucaim-network"
    f" && docker network create --subnet 10.231.8.0/24 eucaim-network && {COMPOSE} up -d"
)
NO_LOGS = "printf 'services: {focus: {logging: {driver: none}}}' > /run/override.yaml"
NO_DATA = (
    "echo '[]' > /run/none.json && printf 'services: {mediator: {environment: {MEDIATOR_DATASETS: /none.json},"
    ' volumes: ["/run/none.json:/none.json:ro"]}}\' > /run/override.yaml'
)


@dataclass(frozen=True)
class Wound:
    """What is done to the node, the one row that must show it, and the role that looks and heals."""

    requirement: str
    role: str
    command: str


WOUNDS = [
    Wound("OS-USERS", "base", "gpasswd -d bela eucaim_basic"),
    Wound("OS-DIRS", "base", "chmod 0777 /opt/eucaim"),
    Wound("OS-TOOLS", "base", "apt-get -qq remove -y git"),
    Wound("OS-UPDATE", "base", "systemctl disable --now apt-daily-upgrade.timer"),
    Wound("OS-TIME", "base", "systemctl disable systemd-timesyncd.service"),
    Wound("NET-FW", "firewall", "iptables -I ufw-user-input -p tcp --dport 9000 -j ACCEPT"),
    Wound("CT-DOCKER", "docker", DAEMON),
    Wound("CT-RUN", "docker", "systemctl disable docker.service"),
    Wound("CT-GROUP", "docker", "gpasswd -a bela docker"),
    Wound("FED-NET", "federation", OTHER_NETWORK),
    Wound("FED-BEAM", "federation", "docker stop -t 1 beam-proxy"),
    Wound("FED-FOCUS", "federation", "docker stop -t 1 focus"),
    Wound("FED-BUILD", "federation", "docker tag eucaim-standin/mediator:0.1.0 eucaim-standin/focus:0.1.0"),
    Wound("FED-ENV", "federation", f"chmod 0644 {ETC}/focus.env"),
    Wound("FED-KEY", "federation", f"chmod 0644 {ETC}/pki/{PROVIDER}.broker.eucaim.test.priv.pem"),
    Wound("FED-LOGS", "federation", f"{NO_LOGS} && {OVERRIDE} focus"),
    Wound("FED-PROBE", "federation", "kill -STOP $(docker inspect -f '{{.State.Pid}}' focus)"),
    Wound("FED-MED", "federation", "docker stop -t 1 mediator"),
    Wound("TIER-2", "federation", f"{NO_DATA} && {OVERRIDE} mediator"),
]
# One of the federation's running parts in each, with others that have nothing to do with it.
TOGETHER = [
    ("FED-NET", "OS-USERS", "OS-DIRS"),
    ("FED-BEAM", "FED-BUILD", "OS-TOOLS", "CT-GROUP"),
    ("FED-FOCUS", "NET-FW", "OS-UPDATE"),
    ("FED-LOGS", "OS-TIME", "CT-RUN"),
    ("FED-MED", "CT-DOCKER", "FED-ENV"),
    ("FED-PROBE",),
    ("TIER-2", "FED-KEY"),
]
BY_HAND = {"OS-LTS", "NET-REACH"}


def rounds() -> list[list[Wound]]:
    """Each wound by itself in the full run; in every run, so many at once as do not stand in each other's way."""
    if os.environ.get("EUCAIM_TEST_FULL") == "1":
        return [[wound] for wound in WOUNDS]
    by_name = {wound.requirement: wound for wound in WOUNDS}
    return [[by_name[name] for name in names] for names in TOGETHER]


@pytest.mark.parametrize("wounds", rounds(), ids=lambda wounds: "+".join(wound.requirement for wound in wounds))
def test_wounds_turn_exactly_their_rows_unmet_and_the_roles_heal_them(world: World, wounds: list[Wound]) -> None:
    """Wound, look, heal. The next look, which finds its own wounds only, shows that these are healed."""
    for wound in wounds:
        world.node.exec(wound.command)
    # A Focus that was made anew needs a moment; what time does not mend stays unmet for as long as one waits.
    made_anew = any("override" in wound.command or wound.requirement == "FED-NET" for wound in wounds)
    try:
        run = world.verify("-e", f"federation_probe_wait={10 if made_anew else 0}")
        found = ids(world.rows(), "unmet")
    finally:
        healed = world.site("--tags", ",".join(sorted({wound.role for wound in wounds})))
    assert run.rc != 0, run.output[-3000:]
    assert found == sorted(wound.requirement for wound in wounds), run.output[-3000:]
    assert healed.succeeded().changed > 0
    world.far_end.query(PROVIDER, timeout=90)


def test_every_wound_is_in_one_round() -> None:
    """None is left out of the runs that take several at once."""
    assert sorted(name for names in TOGETHER for name in names) == sorted(wound.requirement for wound in WOUNDS)


def test_all_wounds_are_healed(world: World) -> None:
    """Nothing is unmet any more."""
    world.verify().succeeded()
    assert ids(world.rows(), "unmet") == []


def test_a_release_without_support_is_unmet(world: World) -> None:
    """OS-LTS: the node says that it is Debian 10. Only a person can upgrade it."""
    world.node.exec("cp -p /usr/lib/os-release /root/lib-os-release; cp -p /etc/debian_version /root/debian_version")
    older = "s/1[23]/10/; s/trixie|bookworm/buster/"
    world.node.exec(f"sed -E -i '{older}' /usr/lib/os-release; echo 10.13 > /etc/debian_version")
    try:
        run = world.look("preflight")
    finally:
        world.node.exec("mv /root/lib-os-release /usr/lib/os-release; mv /root/debian_version /etc/debian_version")
    assert run.rc != 0
    assert ids(world.rows(), "unmet") == ["OS-LTS"], run.output[-3000:]
    world.look("preflight").succeeded()


def test_a_target_that_cannot_be_reached_is_unmet(world: World) -> None:
    """NET-REACH: the second target is down. Only a person can mend the site's network."""
    explorer = world.far_end.container("explorer")
    docker("stop", "--time", "1", explorer)
    try:
        run = world.look("preflight")
    finally:
        docker("start", explorer)
        world.far_end.wait()
    assert run.rc != 0
    assert ids(world.rows(), "unmet") == ["NET-REACH"], run.output[-3000:]
    world.look("preflight").succeeded()


def test_every_row_that_is_met_has_a_wound(world: World) -> None:
    """No row is met that nothing in this file could turn unmet."""
    met = set(ids(world.rows(), "met")) | set(ids(world.rows(), "recommended"))
    assert met == {wound.requirement for wound in WOUNDS} | BY_HAND
