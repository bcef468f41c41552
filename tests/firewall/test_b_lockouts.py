# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to lock oneself out by firewall: refused before the change, or undone by itself with the old access working.

Access is always shown by a new connection over SSH from a second machine, never through the engine. A change that is
undone locks that machine out first, which is shown as well: an undo of a change that never came would prove nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.firewall.world import CONTROLLER, MINUTES, PENDING, Held, Place, listening, settle, unchanged
from tests.site.driver import playbook

SSH = {"name": "ssh", "ports": [22]}
# These people are not here.
ELSEWHERE = ["10.99.0.0/16", "fd00:99::/64"]
# A list of the controller's own, which locks the second machine out.
ONLY_CONTROLLER: dict[str, Any] = {"firewall_rules": [{**SSH, "sources": [f"{CONTROLLER}/32"]}]}


@dataclass(frozen=True)
class Row:
    """A list with which one would be locked out, and words that the refusal has beside the requirement's id."""

    name: str
    settings: Mapping[str, Any]
    words: tuple[str, ...]
    # Comes over the second machine, so that the node sees that one's address.
    jump: bool = False
    # Comes over IPv6.
    six: bool = False


def only_from(*sources: str, **more: Any) -> dict[str, Any]:
    """SSH from these networks and from nowhere else."""
    return {"firewall_rules": [{**SSH, "sources": list(sources), **more}]}


ROWS = [
    Row("wrong-port", {"firewall_inbound_ports": [80], "firewall_ssh_ports": [2222]}, ("firewall_ssh_ports", "22")),
    Row("a-web-port", {"firewall_inbound_ports": [80], "firewall_ssh_ports": [443]}, ("firewall_ssh_ports", "22")),
    Row("empty-list", {"firewall_inbound_ports": []}, ("firewall_inbound_ports", "empty")),
    Row("wrong-network", only_from("10.99.0.0/16"), ("firewall_rules", CONTROLLER)),
    Row("other-half-of-the-network", only_from("172.30.82.128/25"), ("firewall_rules", CONTROLLER)),
    Row("the-other-family", only_from("fd00:82::/64"), ("firewall_rules", CONTROLLER)),
    Row("one-address-beside", only_from("172.30.82.2"), ("firewall_rules", CONTROLLER)),
    Row("in-a-range", only_from(*ELSEWHERE, ports=["1:1024"]), ("firewall_rules", CONTROLLER)),
    Row("to-another-address", {"firewall_rules": [{**SSH, "destinations": ["172.30.82.99"]}]}, ("firewall_rules",)),
    Row("the-jump-host-is-not-named", only_from(f"{CONTROLLER}/32"), ("firewall_rules", "172.30.82.12"), jump=True),
    Row("over-ipv6-and-only-ipv4-is-named", only_from("172.30.82.0/24"), ("firewall_rules", "fd00:82::1"), six=True),
]


def connection(place: Place, row: Row) -> dict[str, Any]:
    """How the row's host is reached, where that is not the usual way."""
    found: dict[str, Any] = {}
    if row.six:
        found["ansible_host"] = place.node.ip6
    if row.jump:
        found["ansible_ssh_common_args"] = place.through(place.outside.machine)
    return found


def test_a_list_that_locks_out_is_refused(place: Place) -> None:
    """Every row is a host of its own and the same node: each is refused, and the node stays as it was."""
    hosts = {row.name: {**connection(place, row), **row.settings} for row in ROWS}
    before = place.node.fingerprint()
    inventory, path = place.prepared(hosts)
    done = playbook(str(path), inventory=inventory, timeout=400)
    for row in ROWS:
        assert done.recap[row.name]["failed"] == 1, f"{row.name} was not refused: {done.output[-6000:]}"
        assert done.recap[row.name]["unreachable"] == 0
        said = refusal(done.output, row.name)
        for word in ("NET-FW", *row.words):
            assert word in said, f"{row.name}: {word!r} is not in: {said}"
    assert "Traceback" not in done.output
    assert unchanged(before, place.node) == []
    for address in (place.node.ip, place.node.ip6):
        assert place.outside.login(place.node, address=address)


def refusal(output: str, host: str) -> str:
    """What the run said when it failed for one host."""
    _before, _mark, rest = output.partition(f"fatal: [{host}]")
    return rest.partition("\nfatal: [")[0].partition("\nPLAY RECAP")[0]


@pytest.mark.long
@pytest.mark.parametrize("ports", [[80, 443], ["23:65535"]], ids=["22-is-missing", "all-but-22"])
def test_a_list_without_ssh(place: Place, ports: list[Any]) -> None:
    """SSH is opened by itself: the door by which one came is not closed."""
    place.play(firewall_inbound_ports=ports).succeeded()
    for address in (place.node.ip, place.node.ip6):
        assert place.outside.login(place.node, address=address)


@contextlib.contextmanager
def spoilt(place: Place, path: str, line: str) -> Iterator[None]:
    """Plant a line in a file of the node's firewall that no firewall can read."""
    place.node.exec(f"cp -p {path} /root/spoilt && echo '{line}' >> {path}")
    try:
        yield
    finally:
        place.node.exec(f"cp -p /root/spoilt {path} && rm /root/spoilt")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ufw/before.rules",
        pytest.param("/etc/ufw/after6.rules", marks=pytest.mark.long),
        pytest.param("/etc/ufw/user.rules", marks=pytest.mark.long),
    ],
)
def test_rules_that_do_not_parse(place: Place, path: str) -> None:
    """A line that is no rule, in a file that would be loaded together with ours: refused, and nothing is loaded."""
    with spoilt(place, path, "-A ufw-before-input --this-is no rule"):
        before = place.node.fingerprint()
        done = place.play(firewall_inbound_ports=[80, 443, 8001])
        assert done.rc != 0
        assert "NET-FW" in done.output
        assert path in done.output
        assert "Traceback" not in done.output
        assert unchanged(before, place.node) == []
        assert place.outside.login(place.node)


# ---------------------------------------------------------------------------------------------------------------------
# Changes that come, and go by themselves.


def undone(place: Place, before: Any) -> None:
    """The second machine gets in again within two minutes, the rules are those of before, nothing is under way."""
    place.outside.logs_in_within(MINUTES, place.node)
    settle(lambda: not pending(place), "the end of the undo", 60)
    assert unchanged(before, place.node, "rules", "units", "packages", "users") == []
    left = [line for line in unchanged(before, place.node, "files") if "/var/lib/eucaim/firewall/" not in line]
    assert left == []
    for address in (place.node.ip, place.node.ip6):
        assert place.outside.login(place.node, address=address)


def pending(place: Place) -> bool:
    """Is a change under way that nobody has proven?"""
    return place.node.exec(f"test -e {PENDING}", check=False).returncode == 0


def test_the_controller_dies_between_change_and_proof(place: Place, held: Held) -> None:
    """Its whole process group is killed; the former list, of ours and another one, comes back by itself."""
    place.play(firewall_inbound_ports=[80, 8001]).succeeded()
    before = place.node.fingerprint()
    begun = place.begun(**ONLY_CONTROLLER, ansible_ssh_executable=str(held.program))
    held.wait(begun)
    assert not place.outside.login(place.node), "the change is not in force, so its undo would prove nothing"
    begun.kill()
    undone(place, before)
    with listening(place.node, 80, 443, 8001):
        assert place.outside.open(place.node, 22, 80, 443, 8001) == [[22, 80, 8001]] * 2
    place.play().succeeded()
    assert place.play().succeeded().changed == 0


@pytest.mark.long
def test_a_connection_that_lives_on_hides_a_dead_way(place: Place) -> None:
    """The lasting connection came directly, a new one comes over the jump host, which the list does not name.

    Only a new connection shows that. The run fails in words, and the former rules come back.
    """
    sockets = place.connection()["ansible_control_path_dir"]
    place.play(ansible_control_path_dir=sockets).succeeded()
    before = place.node.fingerprint()
    jump = place.through(place.outside.machine)
    done = place.play(ansible_control_path_dir=sockets, ansible_ssh_common_args=jump, **ONLY_CONTROLLER)
    assert done.rc != 0
    assert "NET-FW" in done.output
    assert "Traceback" not in done.output
    undone(place, before)
    place.play().succeeded()
