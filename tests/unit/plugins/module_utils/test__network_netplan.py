# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan is told, and what somebody else told it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_netplan as netplan
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, LEASED, STATIC, links

CLOUD = "/etc/netplan/50-cloud-init.yaml"


def network_of(*wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what netplan reads in our file."""
    network: dict[str, Any] = yaml.safe_load(netplan.files(links(*wanted))[netplan.OURS])["network"]
    return network


def test_a_static_address() -> None:
    assert network_of(STATIC) == {
        "version": 2,
        "ethernets": {
            "enp3s0": {
                "dhcp4": False,
                "dhcp6": False,
                "addresses": ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"],
                "routes": [
                    {"to": "0.0.0.0/0", "via": "192.0.2.1"},
                    {"to": "10.0.0.0/8", "via": "192.0.2.2"},
                    {"to": "::/0", "via": "2001:db8::1"},
                ],
                "nameservers": {"addresses": ["192.0.2.53", "2001:db8::53"], "search": ["example.org", "lan"]},
                "mtu": 9000,
            }
        },
    }


def test_an_address_by_dhcp_of_an_adapter_named_by_its_own() -> None:
    assert network_of(LEASED)["ethernets"]["enp3s0"] == {
        "match": {"macaddress": "52:54:00:00:00:03"},
        "set-name": "enp3s0",
        "dhcp4": True,
        "dhcp6": True,
        "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.2"}],
        "nameservers": {"addresses": ["192.0.2.53"], "search": []},
        "dhcp4-overrides": {"use-dns": False},
        "dhcp6-overrides": {"use-dns": False},
    }


def test_a_bond() -> None:
    network = network_of({**BOND, "primary": "enp1s0", "mtu": 9000}, {"name": "enp3s0"})
    assert network["ethernets"]["enp1s0"] == {"dhcp4": False, "dhcp6": False, "mtu": 9000}
    assert network["ethernets"]["enp2s0"]["match"] == {"macaddress": "52:54:00:00:00:02"}
    assert network["ethernets"]["enp3s0"] == {"dhcp4": True, "dhcp6": True}
    assert network["bonds"] == {
        "bond0": {
            "interfaces": ["enp1s0", "enp2s0"],
            "macaddress": "52:54:00:00:00:01",
            "parameters": {"mode": "active-backup", "mii-monitor-interval": 100, "primary": "enp1s0"},
            "dhcp4": False,
            "dhcp6": False,
            "addresses": ["192.0.2.10/24"],
            "mtu": 9000,
        }
    }
    hashed = network_of({**BOND, "mode": "802.3ad"})["bonds"]["bond0"]["parameters"]
    assert hashed == {"mode": "802.3ad", "mii-monitor-interval": 100, "transmit-hash-policy": "layer3+4"}
    # A bond alone has no adapter that is set up for itself but its members.
    assert list(network_of(BOND)["ethernets"]) == ["enp1s0", "enp2s0"]


def test_an_outline_is_read() -> None:
    text = """\
# cloud
network:
  version: 2
  ethernets:
    "enp1s0":
      dhcp4: true
      nameservers:
        addresses: [192.0.2.53]
    'enp2s0': {dhcp4: true}
  bonds:
    bond0:
      interfaces:
      - enp4s0
other:
  ethernets:
    enp9s0:
      dhcp4: true
"""
    found = netplan.outline(text)
    assert sorted(found.entries) == ["bonds bond0", "ethernets enp1s0", "ethernets enp2s0"]
    assert found.entries["ethernets enp1s0"] == {
        "": "",
        "dhcp4": "true",
        "nameservers": "",
        "nameservers.addresses": "[192.0.2.53]",
    }
    assert (found.more, found.read) == (("other",), True)
    assert netplan.outline("") == netplan.Outline()


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("mtu: 1400 # small", "mtu", "1400"),
        ("set-name: 'a # b' # c", "set-name", "a # b"),
        ("label: a#b", "label", "a#b"),
        ("# match: {macaddress: aa:bb:cc:dd:ee:ff}", "dhcp4", "true"),
    ],
)
def test_comments_are_no_settings(line: str, key: str, value: str) -> None:
    text = f"network:\n  ethernets:\n    enp3s0: # first\n      dhcp4: true\n      {line}\n"
    found = netplan.outline(text)
    assert found.entries["ethernets enp3s0"][key] == value
    assert "match" not in found.entries["ethernets enp3s0"]


def foreign(text: str, path: str = CLOUD, others: Sequence[tuple[str, str]] = ()) -> list[Foreign]:
    """Return settings of somebody else for one link."""
    return netplan.foreign({path: text, netplan.OURS: "network:\n  ethernets:\n    enp3s0:\n"}, links(STATIC), others)


def stuck(text: str) -> str:
    """Return why settings of somebody else cannot give way."""
    (found,) = foreign(text)
    assert found.after is None
    return found.stuck


def test_a_file_of_one_link_gives_way_whole() -> None:
    assert foreign("network:\n  ethernets:\n    enp3s0:\n      dhcp4: true\n") == [Foreign(CLOUD, "enp3s0", after="")]


def test_a_link_is_found_by_what_it_matches() -> None:
    by_mac = (
        "network:\n  ethernets:\n    lan:\n      match:\n        macaddress: '52:54:00:00:00:03'\n      dhcp4: true\n"
    )
    assert foreign(by_mac) == [Foreign(CLOUD, "enp3s0", after="")]
    by_name = 'network:\n  ethernets:\n    all:\n      match:\n        name: "en*"\n      dhcp4: true\n'
    assert foreign(by_name) == [Foreign(CLOUD, "enp3s0", after="")]
    other = "network:\n  ethernets:\n    lan:\n      match:\n        macaddress: 52:54:00:00:00:09\n      dhcp4: true\n"
    assert foreign(other) == []
    assert foreign("network:\n  ethernets:\n    enp1s0:\n      dhcp4: true\n") == []


def test_what_stands_beside_others_is_not_torn_out() -> None:
    (found,) = foreign("network:\n  ethernets:\n    enp3s0:\n      dhcp4: true\n    enp1s0:\n      dhcp4: true\n")
    assert found.stuck == "ethernets enp1s0 stands in it, too"
    text = "network:\n  ethernets:\n    enp3s0:\n      dhcp4: true\n"
    (found,) = foreign(text, "/run/netplan/1.yaml")
    assert found.stuck == "it does not lie in /etc/netplan"


MINE = "network:\n  version: 2\n  ethernets:\n    enp3s0:\n      dhcp4: true\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{MINE}  tunnels:\n    wg0:\n      mode: wireguard\n", "tunnels stands in it, too"),
        (f"{MINE}  renderer: NetworkManager\n", "renderer stands in it, too"),
        (f"{MINE}  vlans:\n    lan:\n      id: 5\nx: 1\n", "vlans lan, x stand in it, too"),
    ],
)
def test_a_file_that_holds_more_than_the_link_stays(text: str, reason: str) -> None:
    assert stuck(text) == reason


def test_what_fits_others_too_stays() -> None:
    text = 'network:\n  ethernets:\n    all:\n      match:\n        name: "en*"\n      dhcp4: true\n'
    others = [("enp1s0", "52:54:00:00:00:01"), ("docker0", "02:42:00:00:00:01"), ("enp3s0.5", "52:54:00:00:00:03")]
    (found,) = foreign(text, others=others)
    assert (found.after, found.stuck) == (None, "it fits enp1s0, too")


def test_an_address_that_a_link_is_given_is_none_that_it_is_found_by() -> None:
    given = "network:\n  ethernets:\n    enp3s0:\n      macaddress: aa:bb:cc:dd:ee:ff\n      dhcp4: true\n"
    assert foreign(given) == [Foreign(CLOUD, "enp3s0", after="")]
    both = "network:\n  ethernets:\n    x:\n      match:\n        name: en*\n        macaddress: 52:54:00:00:00:09\n"
    assert foreign(both) == []


@pytest.mark.parametrize(
    "entry",
    [
        "all:\n      match: {name: 'en*'}\n",
        "all:\n      match:\n        name: [enp3s0, enp4s0]\n",
        "all:\n      match:\n        name:\n        - enp3s0\n",
        "all:\n      match:\n        driver: virtio_net\n",
        "all: {match: {name: 'en*'}}\n",
    ],
)
def test_a_match_that_cannot_be_read_is_stuck(entry: str) -> None:
    assert "cannot be read here" in stuck(f"network:\n  ethernets:\n    {entry}")


def test_what_cannot_be_read_is_not_taken_for_nothing() -> None:
    for text in (
        "network: {ethernets: {enp3s0: {dhcp4: true}}}\n",
        "network:\n  bonds:\n    bond7:\n      mtu: 1400\n  ethernets: {enp3s0: {dhcp4: true}}\n",
        '{"network": {"ethernets": {"enp3s0": {"dhcp4": true}}}}\n',
    ):
        assert "cannot be read here" in stuck(text)
    for text in ("# {nothing}\n", "network:\n  version: 2  # {x}\n", "network:\n  ethernets: {}\n"):
        assert foreign(text) == []
    assert foreign("network:\n  version: 2\n  renderer: networkd\n") == []
    assert netplan.commands(["enp3s0"]).after == ("netplan apply",)


def test_our_files_say_what_they_are_about() -> None:
    made = netplan.files(links(BOND, STATIC))
    found = {device for path, text in made.items() for device in netplan.devices_in(path, text)}
    assert sorted(found) == ["bond0", "enp1s0", "enp2s0", "enp3s0"]
