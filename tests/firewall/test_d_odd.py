# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are not as in a book: SSH elsewhere, behind a socket, only over IPv6; and the first change ever."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.firewall.conftest import fresh
from tests.firewall.test_b_lockouts import ONLY_CONTROLLER, only_from, pending
from tests.firewall.world import MINUTES, Held, Outside, Place, listening, machine, published, settle, unchanged

pytestmark = pytest.mark.long

PORTS = "/etc/ssh/sshd_config.d/ports.conf"


@contextlib.contextmanager
def ports(place: Place, *numbers: int, restart: bool = True) -> Iterator[None]:
    """Set sshd's ports in its settings, and let it take them over or not."""
    lines = "".join(f"Port {number}\n" for number in numbers)
    again = "systemctl restart ssh" if restart else "true"
    place.node.exec(f"cat > {PORTS} && {again}", stdin=lines)
    try:
        yield
    finally:
        place.node.exec(f"rm -f {PORTS} && systemctl restart ssh")


def test_ssh_on_another_port(place: Place) -> None:
    """It moves elsewhere, and that is where the run comes in: this port is open, the usual one is not."""
    place.play(firewall_ssh_ports=[22, 2222]).succeeded()
    with ports(place, 2222):
        place.play(ansible_port=2222).succeeded()
        assert place.outside.login(place.node, "-p", "2222")
        assert place.outside.login(place.node, "-p", "2222", address=place.node.ip6)
        assert place.play(ansible_port=2222).succeeded().changed == 0
        before = place.node.fingerprint()
        done = place.play(ansible_port=2222, firewall_ssh_ports=[22])
        assert done.rc != 0
        for word in ("NET-FW", "firewall_ssh_ports", "2222"):
            assert word in done.output
        assert unchanged(before, place.node) == []
        # The way back: both ports, then the old one.
        with ports(place, 22, 2222):
            place.play(ansible_port=2222).succeeded()
            assert place.outside.login(place.node)
    place.play().succeeded()


def test_ssh_will_be_elsewhere_after_the_next_restart(place: Place) -> None:
    """The settings say 2222, the running sshd still listens on 22: neither today nor tomorrow is anybody locked out."""
    with ports(place, 2222, restart=False):
        place.play().succeeded()
        assert place.outside.login(place.node)
        place.node.exec("systemctl restart ssh")
        assert place.outside.login(place.node, "-p", "2222")
    place.play().succeeded()


def test_ssh_behind_a_socket(place: Place) -> None:
    """The system listens in its place, on a port that sshd's own settings do not name."""
    place.play(firewall_ssh_ports=[22, 2223]).succeeded()
    drop_in = "/etc/systemd/system/ssh.socket.d"
    place.node.exec(f"mkdir -p {drop_in} && cat > {drop_in}/port.conf", stdin="[Socket]\nListenStream=2223\n")
    place.node.exec("systemctl daemon-reload && systemctl stop ssh.service && systemctl start ssh.socket")
    try:
        assert place.outside.login(place.node, "-p", "2223")
        place.play(ansible_port=2223).succeeded()
        assert place.outside.login(place.node, "-p", "2223")
    finally:
        place.node.exec(f"rm -r {drop_in} && systemctl daemon-reload && systemctl stop ssh.socket; systemctl start ssh")
    place.play().succeeded()


def test_a_controller_that_comes_over_ipv6_only(place: Place) -> None:
    """The whole run, its proof included, over IPv6, with a list that names only this network."""
    six: dict[str, Any] = {"ansible_host": place.node.ip6, **only_from("fd00:82::/64")}
    place.play(**six).succeeded()
    assert place.outside.login(place.node, address=place.node.ip6)
    assert not place.outside.login(place.node)
    assert place.play(**six).succeeded().changed == 0
    place.play(ansible_host=place.node.ip6).succeeded()
    assert place.outside.login(place.node)


def test_over_a_jump_host_whose_address_is_named(place: Place) -> None:
    """The run and its proof come over the second machine, and the list names only that one."""
    way: dict[str, Any] = {"ansible_ssh_common_args": place.through(place.outside.machine)}
    jump: dict[str, Any] = {**way, **only_from(place.outside.machine.ip)}
    place.play(**jump).succeeded()
    assert place.outside.login(place.node)
    assert place.play(**jump).succeeded().changed == 0
    place.play(**way).succeeded()


@pytest.mark.parametrize("seconds", [0, 5, 29, 121, 86400])
def test_an_undo_that_comes_too_early_or_too_late(place: Place, seconds: int) -> None:
    """Refused by name: nobody can prove a change in five seconds, or wait a day for the way back."""
    before = place.node.fingerprint()
    done = place.play(firewall_undo_seconds=seconds)
    assert done.rc != 0
    assert "firewall_undo_seconds" in done.output
    assert unchanged(before, place.node) == []


def test_a_containers_port_is_named_before_it_is_cut(outside: Outside, sockets: Path) -> None:
    """The engine was there first: the run stops with the container's name; listed, it stays open all the time."""
    rule = {"name": "theirs", "ports": [8081], "container": True}
    with fresh(machine("node-6", 17)) as node:
        Place(node, outside, sockets, roles=("docker",)).play().succeeded()
        place = Place(node, outside, sockets)
        with published(node, "-p 8081:8000"):
            before = node.fingerprint()
            done = place.play()
            assert done.rc != 0
            for word in ("NET-FW", "8081", "published", "firewall_close_unlisted"):
                assert word in done.output, done.output[-4000:]
            assert unchanged(before, node) == []
            assert outside.open(node, 22, 8081) == [[22, 8081]] * 2
            place.play(firewall_rules=[rule]).succeeded()
            assert outside.open(node, 22, 8081) == [[22, 8081]] * 2
            # Taken from the list by the site's own hand, which is its word.
            place.play().succeeded()
            assert outside.open(node, 22, 8081) == [[22]] * 2


def test_the_first_change_ever_is_undone_to_no_firewall(outside: Outside, sockets: Path, tmp_path: Path) -> None:
    """On a bare node the former state is no firewall at all, and that is what comes back, also over a restart."""
    held = Held(tmp_path)
    with fresh(machine("node-4", 15)) as node:
        place = Place(node, outside, sockets)
        begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
        held.wait(begun)
        assert not outside.login(node)
        begun.kill()
        outside.logs_in_within(MINUTES, node)
        settle(lambda: not pending(place), "the end of the undo", 60)
        with listening(node, 80, 8001):
            assert outside.open(node, 22, 80, 8001) == [[22, 80, 8001]] * 2
        node.restart()
        with listening(node, 80, 8001):
            assert outside.open(node, 22, 80, 8001) == [[22, 80, 8001]] * 2
        held.go.touch()
        place.play().succeeded()
        with listening(node, 80, 8001):
            assert outside.open(node, 22, 80, 8001) == [[22, 80]] * 2
