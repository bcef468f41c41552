# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of a server over the years: a static address, a bond, mistakes, cables. The tests follow each other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.links.world import ADDRESS, GATEWAY, SERVER, Network
from tests.nodes.machine import Machine, mac

FIRST, SECOND = "enp0s1", "enp0s2"
OURS = "/etc/systemd/network/05-eucaim-"
STATIC = [{"name": FIRST, "addresses": [ADDRESS], "gateway": GATEWAY, "dns": [SERVER]}]
# The members by both kinds of names. The address moves to a hardware address that nobody knows it under.
BOND = [
    {"name": "bond0", "members": [mac(1), FIRST], "primary": FIRST, "addresses": [ADDRESS], "gateway": GATEWAY},
]


@pytest.fixture(scope="module")
def node() -> Iterator[Network]:
    """A machine with two adapters, whose addresses come by DHCP from settings that fit both."""
    made = Machine("network-life", port=22241, links=2)
    try:
        yield Network(made.up(), {"network_links": STATIC})
    finally:
        made.down()


def bond(node: Network) -> dict[str, str]:
    """What the kernel says of the bond."""
    text = node.sh("cat /proc/net/bonding/bond0").partition("\n\n")[2]
    pairs = (line.partition(": ") for line in text.partition("\n\n")[0].splitlines())
    return {key: value for key, _colon, value in pairs}


def test_settings_of_somebody_else_are_named_and_kept(node: Network) -> None:
    """Until the inventory says that ours take their place."""
    before = node.state()
    run = node.run()
    assert run.rc
    assert f"settings of somebody else for {FIRST} in /etc/systemd/network/80-dhcp.network" in run.output
    assert node.state() == before


def test_a_static_address_takes_the_place_of_dhcp(node: Network) -> None:
    """With its gateway; the other link is left alone, and a second run has nothing to do."""
    node.settings["network_replace"] = True
    other = node.addresses(SECOND)
    node.told_truly()
    assert node.addresses(FIRST) == {ADDRESS: False}
    assert node.addresses(SECOND) == other
    assert f"default via {GATEWAY} dev {FIRST} proto static" in node.sh("ip route show default")
    node.unchanged()
    rows = node.rows()
    assert (rows["NET-ADDR"]["status"], rows["NET-REDUND"]["status"]) == ("met", "unmet")
    assert f"{ADDRESS} static" in rows["NET-ADDR"]["measured"]


def test_a_wrong_address_undoes_itself_within_two_minutes(node: Network) -> None:
    """Nobody gets in, the run says so, and the node is as it was; also for the kernel."""
    before = node.state()
    links = [{**link, "addresses": ["192.168.77.5/24"], "gateway": "192.168.77.1"} for link in STATIC]
    # The second adapter would be another way in.
    links.append({"name": SECOND, "addresses": ["192.168.78.5/24"]})
    node.settings["network_links"] = links
    run = node.run()
    node.settings["network_links"] = STATIC
    assert run.rc
    assert "[NET-ADDR] No new connection to the node could be proven" in run.output
    node.reached(120)
    undone = node.undone()
    print(f"undone after {undone:.0f} s")
    assert 80 < undone < 120
    assert node.state() == before
    assert "192.168.77" not in node.sh("ip address; ip route; cat /etc/systemd/network/*")
    node.unchanged()


def test_two_links_become_a_bond(node: Network) -> None:
    """One that works and one that waits, with the hardware address of the one that is named first."""
    node.settings["network_links"] = BOND
    node.told_truly()
    state = bond(node)
    assert state["Bonding Mode"] == "fault-tolerance (active-backup)"
    assert state["Currently Active Slave"] == FIRST
    assert sorted(node.sh("cat /sys/class/net/bond0/bonding/slaves").split()) == [FIRST, SECOND]
    assert node.sh("cat /sys/class/net/bond0/address") == mac(1)
    assert node.addresses("bond0") == {ADDRESS: False}
    assert (node.addresses(FIRST), node.addresses(SECOND)) == ({}, {})
    node.unchanged()
    rows = node.rows()
    assert (rows["NET-ADDR"]["status"], rows["NET-REDUND"]["status"]) == ("met", "met")
    assert f"{FIRST} active" in rows["NET-REDUND"]["measured"]


def test_traffic_goes_on_when_a_cable_is_pulled(node: Network) -> None:
    """Of the adapter that works; the evidence names it, and the bond goes back when the cable is in again."""
    stream = node.stream()
    try:
        stream.listen(3)
        node.machine.cable(0, False)
        stream.listen(8)
        pulled, stream.gap = stream.gap, 0.0
        assert bond(node)["Currently Active Slave"] == SECOND
        rows = node.rows()
        assert (rows["NET-ADDR"]["status"], rows["NET-REDUND"]["status"]) == ("met", "unmet")
        assert f"{FIRST} has no carrier" in rows["NET-REDUND"]["measured"]
        node.unchanged()
        node.machine.cable(0, True)
        stream.listen(8)
        print(f"silent for {pulled:.1f} s when pulled, {stream.gap:.1f} s when put in again")
        assert pulled < 5
        assert stream.gap < 60
        assert stream.lines > 40
    finally:
        stream.close()
    assert bond(node)["Currently Active Slave"] == FIRST
    assert node.rows()["NET-REDUND"]["status"] == "met"


def test_a_run_that_is_killed_is_undone_and_finished_by_the_next(node: Network) -> None:
    """In the middle of a change that works: nobody proved it."""
    before = node.state()
    node.settings["network_links"] = [{**BOND[0], "mtu": 1400}]
    node.kill_in_a_change()
    time.sleep(30)
    deadline = time.monotonic() + 120
    while node.machine.ssh("cat /sys/class/net/bond0/mtu", check=False).stdout.strip() != "1500" or node.pending():
        assert time.monotonic() < deadline, "it was not undone"
        time.sleep(2)
    assert node.state() == before
    assert node.run().succeeded().changed
    assert node.sh("cat /sys/class/net/bond0/mtu") == "1400"
    node.unchanged()


def test_a_change_that_a_power_cut_ended_is_undone_before_the_network_is_up(node: Network) -> None:
    """The files of before are there when the network manager reads them."""
    before = node.state()
    node.settings["network_links"] = [{**BOND[0], "mtu": 1300}]
    node.kill_in_a_change()
    while "mtu 1300" not in node.machine.ssh("ip link show dev bond0", check=False).stdout.lower():
        time.sleep(1)
    node.machine.power_cut()
    node.machine.power_on()
    assert node.state() == before
    assert node.sh("cat /sys/class/net/bond0/mtu") == "1400"


def test_a_node_that_lists_no_links_has_no_evidence_of_them(node: Network) -> None:
    """What was measured once is not told for ever; the second time there is nothing to take away."""
    links, node.settings["network_links"] = node.settings["network_links"], []
    changes = [node.run(room="verify").succeeded().changed for _run in range(2)]
    node.settings["network_links"] = links
    assert changes == [1, 0]
    assert node.sh("find /var/lib/eucaim -path '*/evidence/network.json'") == ""


def test_remove_goes_back_to_dhcp(node: Network) -> None:
    """Both links lease an address again, and nothing of ours is left."""
    node.told_truly("remove")
    assert "bond0" not in node.devices()
    for device in (FIRST, SECOND):
        (leased,) = node.addresses(device).values()
        assert leased
    assert node.sh("find /etc /usr/local/lib /var/lib -name '*eucaim*'") == ""
    assert node.run(room="remove").succeeded().changed == 0
    assert json.loads(node.sh("ip -j link show type bond")) == []
