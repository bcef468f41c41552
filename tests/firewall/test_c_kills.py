# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something dies while the rules change: the node, the undo itself, the way of the proof; or two people change them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.firewall.conftest import fresh
from tests.firewall.test_b_lockouts import ONLY_CONTROLLER, pending, undone
from tests.firewall.world import MINUTES, Held, Outside, Place, listening, machine, settle
from tests.nodes.engine import docker

pytestmark = pytest.mark.long

UNDO = "eucaim-firewall-undo"


@pytest.fixture(scope="module", autouse=True)
def started_before(place: Place) -> None:
    """What runs at the first start of a system only, and not at the next ones, has run."""
    docker("restart", place.node.name)
    place.outside.logs_in_within(MINUTES, place.node)


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.6, 1.5])
def test_the_node_dies_while_the_change_is_applied(place: Place, held: Held, delay: float) -> None:
    """Its power goes, so many seconds after the change began: the former rules are there after the start."""
    place.play(firewall_inbound_ports=[80, 8001]).succeeded()
    before = place.node.fingerprint()
    begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
    settle(lambda: pending(place), "the change", 120)
    time.sleep(delay)
    docker("kill", place.node.name)
    begun.kill()
    docker("start", place.node.name)
    undone(place, before)
    place.play().succeeded()


def test_the_node_dies_before_the_proof(place: Place, held: Held) -> None:
    """The change is in force and was never proven when the power goes."""
    before = place.node.fingerprint()
    begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
    held.wait(begun)
    assert not place.outside.login(place.node)
    docker("kill", place.node.name)
    begun.kill()
    docker("start", place.node.name)
    undone(place, before)


def test_the_undo_is_killed(place: Place, held: Held) -> None:
    """Somebody kills the undo in its middle, three times over; it comes again until its work is done."""
    before = place.node.fingerprint()
    begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
    held.wait(begun)
    assert not place.outside.login(place.node)
    begun.kill()
    for _time in range(3):
        look = f"systemctl show -P MainPID {UNDO}.service"
        place.node.exec(
            f'for i in $(seq 1500); do p=$({look}); case "$p" in ""|0) sleep 0.02 ;; '
            '*) kill -9 "$p" && exit 0 ;; esac; done; exit 1'
        )
    undone(place, before)


def test_the_timer_of_the_undo_is_stopped(place: Place, held: Held) -> None:
    """Somebody stops the timer while the proof is under way, and the controller dies."""
    before = place.node.fingerprint()
    begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
    held.wait(begun)
    place.node.exec(f"systemctl stop {UNDO}.timer")
    begun.kill()
    undone(place, before)


def test_two_people_at_once(place: Place) -> None:
    """Two runs with different lists at once: one of the lists is in force, whole, and nobody is locked out."""
    first: dict[str, Any] = {"firewall_inbound_ports": [80, 8001]}
    second: dict[str, Any] = {"firewall_inbound_ports": [80, 8002]}
    one = place.begun(**first)
    two = place.begun(**second)
    codes = one.end(300), two.end(300)
    assert 0 in codes, (one.output[-3000:], two.output[-3000:])
    for begun, code in zip((one, two), codes, strict=True):
        assert "Traceback" not in begun.output
        assert code == 0 or "NET-FW" in begun.output, begun.output[-3000:]
    settle(lambda: not pending(place), "the end of both changes", MINUTES)
    with listening(place.node, 80, 8001, 8002):
        found = place.outside.open(place.node, 22, 80, 8001, 8002)
    assert found in ([[22, 80, 8001]] * 2, [[22, 80, 8002]] * 2)
    assert place.outside.login(place.node)
    for settings in (first, second):
        place.play(**settings).succeeded()
        assert place.play(**settings).succeeded().changed == 0
    place.play().succeeded()


def test_the_rules_themselves_stop_new_connections(outside: Outside, sockets: Path) -> None:
    """An administrator's own rule, kept and never loaded until now, drops new connections to SSH: the proof fails.

    The connection that is there lives on, so nothing but the proof shows it. The former state, no firewall, comes back.
    """
    with fresh(machine("node-7", 18)) as node:
        node.exec("apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy ufw nftables")
        rule = "-A ufw-before-input -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP"
        node.exec(f"sed -i '0,/^-A /s//{rule}\\n&/' /etc/ufw/before.rules && grep -q -- '{rule}' /etc/ufw/before.rules")
        place = Place(node, outside, sockets)
        done = place.play(firewall_existing="keep", firewall_undo_seconds=30)
        assert done.rc != 0, done.output[-3000:]
        # The tries take longer than the undo waits: the last of them gets in over the former rules again.
        assert "No new connection was proven in time" in " ".join(done.output.split())
        outside.logs_in_within(MINUTES, node)
        settle(lambda: not pending(place), "the end of the undo", 60)
        with listening(node, 80, 8443):
            assert outside.open(node, 22, 80, 8443) == [[22, 80, 8443]] * 2


def test_sshd_dies_with_the_change(place: Place, held: Held) -> None:
    """Nobody answers at the port when the proof comes: the change is undone, because it is not proven."""
    before = place.node.fingerprint()
    begun = place.begun(firewall_inbound_ports=[80, 8004], ansible_ssh_executable=str(held.program))
    held.wait(begun)
    place.node.exec("systemctl stop ssh.socket ssh.service")
    held.go.touch()
    assert begun.end(300) != 0
    assert "NET-FW" in begun.output
    settle(lambda: not pending(place), "the undo", MINUTES)
    place.node.exec("systemctl start ssh.service")
    undone(place, before)


def test_a_dead_run_is_settled_by_the_next_one(place: Place, held: Held) -> None:
    """The next person does not wait for the timer: their run takes the unproven change back, and makes its own."""
    place.play(firewall_inbound_ports=[80, 8001]).succeeded()
    slow = {"ansible_ssh_executable": str(held.program), "firewall_undo_seconds": 120}
    begun = place.begun(firewall_inbound_ports=[80, 8002], **slow)
    held.wait(begun)
    begun.kill()
    assert pending(place)
    place.play(firewall_inbound_ports=[80, 8003]).succeeded()
    assert not pending(place)
    with listening(place.node, 80, 8001, 8002, 8003):
        assert place.outside.open(place.node, 22, 80, (8001, 8003)) == [[22, 80, 8003]] * 2
    time.sleep(MINUTES)
    with listening(place.node, 80, 8003):
        assert place.outside.open(place.node, 22, 80, 8003) == [[22, 80, 8003]] * 2, "an old timer undid it"
    place.play().succeeded()
