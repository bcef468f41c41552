# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that lead out of the machine are told from those inside it, and addresses that stay from leased ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _links as links
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Address, Link
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording


class Network:
    """A machine that is built link by link."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.shown: list[dict[str, Any]] = []
        self.routes: list[dict[str, Any]] = []

    def add(
        self, name: str, kind: str = "", lower: str = "", physical: bool = False, master: str = "", **files: str
    ) -> Network:
        """Add a link; kind is what ip(8) calls it, lower what it lies on."""
        folder = f"{links.NET}/{name}"
        values = {"type": "1", "address": "02:00:00:00:00:01", "operstate": "up", **files}
        self.files.update({f"{folder}/{key.replace('__', '/')}": value for key, value in values.items()})
        place = "pci0000:00/0000:00:03.0" if physical else "virtual"
        self.links[folder] = f"../../devices/{place}/net/{name}"
        if physical:
            self.links[f"{folder}/device/driver"] = "../../../../bus/pci/drivers/ixgbe"
        self.links.update({f"{folder}/lower_{each}": f"../{each}" for each in lower.split()})
        if master:
            self.links[f"{folder}/master"] = f"../{master}"
        self.shown.append(
            {"ifname": name, "linkinfo": {"info_kind": kind}, "addr_info": []}
            if kind
            else {"ifname": name, "addr_info": []}
        )
        return self

    def address(self, local: str, prefix: int = 24, **more: Any) -> Network:
        """Give the last link an address."""
        life = {"scope": "global", "valid_life_time": links.FOREVER}
        self.shown[-1]["addr_info"].append({"local": local, "prefixlen": prefix, **life, **more})
        return self

    def read(self, asked: bool = True) -> dict[str, Link]:
        """Return the links by their names."""
        said = {"ip-address": self.shown, "ip-route": self.routes, "ip-route-6": []}
        commands = {name: Output(0, json.dumps(data)) for name, data in said.items()} if asked else {}
        found = links.read_links(Recording(files=self.files, links=self.links, commands=commands))
        assert found is not None
        return {link.name: link for link in found}


def test_adapter() -> None:
    """A plain adapter is known in every field."""
    net = Network().add("eno1", physical=True, speed="10000", duplex="full", carrier="1", bonding_slave__state="x")
    net.address("192.0.2.7").address("2001:db8::7", 64).address("fe80::1", 64, scope="link")
    net.routes = [{"dst": "default", "dev": "eno1"}]
    assert net.read() == {
        "eno1": Link(
            name="eno1",
            kind="ethernet",
            mac="02:00:00:00:00:01",
            driver="ixgbe",
            speed_mbps=10000,
            duplex="full",
            carrier=True,
            members=(),
            bond_mode="",
            addresses=(Address("192.0.2.7", 24, "static"), Address("2001:db8::7", 64, "static")),
            default_route=True,
        )
    }


def test_no_list() -> None:
    """Without /sys nothing is known; a machine may have no link."""
    assert links.read_links(Recording()) is None
    assert Network().add("lo", type="772").read() == {}


def test_without_ip() -> None:
    """Without ip(8) addresses and routes are not known, and kinds come from the kernel."""
    net = Network().add("eno1", physical=True).add("wlan0", physical=True, uevent="DEVTYPE=wlan\nIFINDEX=3")
    net.add("bond0", lower="eno1", uevent="DEVTYPE=bond", bonding__mode="active-backup 1").add(
        "docker0", uevent="DEVTYPE=bridge"
    )
    found = net.read(asked=False)
    assert {name: link.kind for name, link in found.items()} == {
        "eno1": "ethernet",
        "wlan0": "wireless",
        "bond0": "bond",
    }
    assert found["bond0"].bond_mode == "active-backup"
    assert (found["eno1"].addresses, found["eno1"].default_route) == (None, None)


def test_stacked() -> None:
    """Bonds, VLANs and bridges name what they lie on; a member keeps the address it was made with."""
    net = Network().add("eno1", physical=True).add("eno2", physical=True)
    net.shown[-1]["permaddr"] = "02:00:00:00:00:02"
    net.add("bond0", "bond", "eno1 eno2", bonding__mode="802.3ad 4").add("bond0.42", "vlan", "bond0")
    net.add("br0", "bridge", "bond0.42 vnet0").add("vnet0", "tun", tun_flags="0x1002").add("team0", "team", "eno1")
    found = net.read()
    assert {name: (link.kind, link.members) for name, link in found.items()} == {
        "bond0": ("bond", ("eno1", "eno2")),
        "bond0.42": ("vlan", ("bond0",)),
        "br0": ("bridge", ("bond0.42", "vnet0")),
        "eno1": ("ethernet", ()),
        "eno2": ("ethernet", ()),
        "team0": ("bond", ("eno1",)),
    }
    assert found["eno2"].mac == "02:00:00:00:00:02"
    assert (found["bond0"].bond_mode, found["team0"].bond_mode, found["bond0"].driver) == ("802.3ad", None, "")


@pytest.mark.parametrize("kind", ["dummy", "wireguard", "vxlan", "ifb", "tun"])
def test_inside(kind: str) -> None:
    """Tunnels and the like are no links; neither are the bridges of containers and their ends."""
    net = (
        Network()
        .add("x0", kind)
        .address("10.0.0.1")
        .add("tap0", tun_flags="0x1002")
        .add("ib0", physical=True, type="32")
    )
    net.add("docker0", "bridge", "veth1").address("172.17.0.1", 16).add("veth1", "veth", master="docker0").add(
        "veth2", "veth"
    )
    assert {name: link.kind for name, link in net.read().items()} == {"ib0": "infiniband"}


def test_in_a_container() -> None:
    """The end inside a container is its link; without ip(8), it is told by its being in use."""
    net = Network().add("eth0", "veth").address("172.17.0.2", 16)
    assert net.read()["eth0"].kind == "virtual"
    net.add("veth3", "veth", master="docker0").add("dummy0", "dummy", operstate="unknown").add("ifb0", operstate="down")
    assert {name: link.kind for name, link in net.read(asked=False).items()} == {"eth0": "virtual"}


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({"dynamic": True, "valid_life_time": 3600}, "dhcp"),
        ({"dynamic": True}, "dhcp"),
        ({"valid_life_time": 3600}, "dhcp"),
        ({}, "static"),
        ({"valid_life_time": None}, None),
    ],
)
def test_origin(more: dict[str, Any], origin: str | None) -> None:
    """An address that ends by itself was leased or announced."""
    found = Network().add("eno1", physical=True).address("192.0.2.7", **more).read()["eno1"]
    assert found.addresses == (Address("192.0.2.7", 24, origin),)


def test_no_carrier() -> None:
    """A link that is off has no carrier; a speed that is not known is none."""
    down = Network().add("eno1", physical=True, operstate="down", speed="-1", duplex="unknown").read()["eno1"]
    assert (down.carrier, down.speed_mbps, down.duplex) == (False, None, None)
    odd = Network().add("eno1", physical=True, operstate="unknown").read()["eno1"]
    assert (odd.carrier, odd.speed_mbps, odd.duplex) == (None, None, None)
    unplugged = Network().add("eno1", physical=True, operstate="down", carrier="0").read()["eno1"]
    assert unplugged.carrier is False


def test_several_hops() -> None:
    """A default route may go over several links at once."""
    net = Network().add("eno1", physical=True).add("eno2", physical=True).add("eno3", physical=True)
    net.routes = [{"dst": "default", "nexthops": [{"dev": "eno1"}, {"dev": "eno2"}]}]
    assert [link.default_route for link in net.read().values()] == [True, True, False]
