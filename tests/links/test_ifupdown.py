# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same on a server whose links ifupdown has, as Debian's installer leaves it. The tests follow each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.links.world import ADDRESS, GATEWAY, SERVER, Network
from tests.nodes.machine import Machine, mac

FIRST, SECOND = "enp0s1", "enp0s2"
MAIN = "/etc/network/interfaces"
# What stands there before us, with a remark of its own.
LOOPBACK = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\n"
THEIRS = f"{LOOPBACK}# The first.\nauto {FIRST}\niface {FIRST} inet dhcp\n"
STATIC = [{"name": FIRST, "addresses": [ADDRESS], "gateway": GATEWAY, "dns": [SERVER]}]
BOND = [{"name": "bond0", "members": [FIRST, mac(1)], "addresses": [ADDRESS], "gateway": GATEWAY, "dns": [SERVER]}]


@pytest.fixture(scope="module")
def node() -> Iterator[Network]:
    """A machine whose first link ifupdown brings up by DHCP, and whose second one nobody has."""
    made = Machine("network-ifupdown", port=22242, links=2)
    try:
        world = Network(made.up(), {"network_links": STATIC, "network_replace": True})
        world.sh(
            f"printf %s '{THEIRS}' > {MAIN} && rm /etc/systemd/network/80-dhcp.network && "
            "systemctl disable systemd-networkd.service systemd-networkd.socket && "
            "systemctl enable networking.service && sync"
        )
        made.power_cut()
        made.power_on()
        yield world
    finally:
        made.down()


def test_a_static_address_takes_the_place_of_dhcp(node: Network) -> None:
    """What stood there is put out of force line by line, and the rest of the file is as it was."""
    assert list(node.addresses(FIRST).values()) == [True]
    node.told_truly()
    assert node.addresses(FIRST) == {ADDRESS: False}
    assert "# The first." in node.sh(f"cat {MAIN}")
    assert f"#eucaim# iface {FIRST} inet dhcp" in node.sh(f"cat {MAIN}")
    node.unchanged()
    assert node.rows()["NET-ADDR"]["status"] == "met"


def test_a_wrong_address_undoes_itself_within_two_minutes(node: Network) -> None:
    """Nobody gets in, the run says so, and the node is as it was."""
    before = node.state()
    node.settings["network_links"] = [{**STATIC[0], "addresses": ["192.168.77.5/24"], "gateway": "192.168.77.1"}]
    run = node.run()
    node.settings["network_links"] = STATIC
    assert run.rc
    assert "[NET-ADDR] No new connection to the node could be proven" in run.output
    node.reached(120)
    undone = node.undone()
    print(f"undone after {undone:.0f} s")
    assert 80 < undone < 120
    assert node.state() == before
    assert "192.168.77" not in node.sh("ip address; ip route; cat /etc/network/interfaces.d/*")
    node.unchanged()


def test_traffic_of_a_bond_goes_on_when_a_cable_is_pulled(node: Network) -> None:
    """A bond of both, one of them named by its address."""
    node.settings["network_links"] = BOND
    node.told_truly()
    assert node.addresses("bond0") == {ADDRESS: False}
    assert sorted(node.sh("cat /sys/class/net/bond0/bonding/slaves").split()) == [FIRST, SECOND]
    assert node.sh("cat /sys/class/net/bond0/address") == mac(0)
    node.unchanged()
    assert {row["status"] for row in node.rows().values()} == {"met"}
    stream = node.stream()
    try:
        stream.listen(3)
        node.machine.cable(0, False)
        stream.listen(8)
        print(f"silent for {stream.gap:.1f} s when pulled")
        assert stream.gap < 5
    finally:
        stream.close()
        node.machine.cable(0, True)
    assert node.sh("cat /sys/class/net/bond0/bonding/active_slave") == SECOND


def test_remove_goes_back_to_dhcp(node: Network) -> None:
    """By what stood there before, to the letter."""
    node.told_truly("remove")
    assert node.sh(f"cat {MAIN}") == THEIRS.strip()
    assert "bond0" not in node.devices()
    assert list(node.addresses(FIRST).values()) == [True]
    assert node.sh("find /etc /usr/local/lib /var/lib -name '*eucaim*'") == ""
