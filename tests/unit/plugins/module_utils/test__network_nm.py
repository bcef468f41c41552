# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager is told, and what somebody else told it."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_nm as nm
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, LEASED, STATIC, links

HOME = "/etc/NetworkManager/system-connections"


def keyfiles(*wanted: dict[str, Any]) -> dict[str, configparser.ConfigParser]:
    """Return our files, read as NetworkManager reads them."""
    found = {}
    for path, text in nm.files(links(*wanted)).items():
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        found[path.rpartition("/")[2]] = parser
    return found


def only(files: dict[str, configparser.ConfigParser]) -> configparser.ConfigParser:
    """Return the one file that there is."""
    assert len(files) == 1
    return next(iter(files.values()))


def test_a_static_address() -> None:
    file = only(keyfiles(STATIC))
    assert file["connection"]["interface-name"] == "enp3s0"
    assert file["connection"]["type"] == "ethernet"
    assert dict(file["ethernet"]) == {"mtu": "9000"}
    assert dict(file["ipv4"]) == {
        "method": "manual",
        "address1": "192.0.2.10/24",
        "address2": "192.0.2.11/24",
        "route1": "0.0.0.0/0,192.0.2.1",
        "route2": "10.0.0.0/8,192.0.2.2",
        "dns": "192.0.2.53;",
        "dns-search": "example.org;lan;",
    }
    assert file["ipv6"]["method"] == "manual"
    assert file["ipv6"]["route1"] == "::/0,2001:db8::1"


def test_an_address_by_dhcp_of_an_adapter_named_by_its_own() -> None:
    file = keyfiles(LEASED)["eucaim-enp3s0.nmconnection"]
    assert file["ethernet"]["mac-address"] == "52:54:00:00:00:03"
    assert "interface-name" not in file["connection"]
    assert (file["ipv4"]["method"], file["ipv4"]["ignore-auto-dns"]) == ("auto", "true")
    assert file["connection"]["autoconnect-priority"] == "999"


def test_beside_a_version_that_is_disabled_nothing_stands() -> None:
    file = only(keyfiles({"name": "enp3s0", "addresses": ["2001:db8::10/64"], "search": ["lan"]}))
    assert dict(file["ipv4"]) == {"method": "disabled"}
    assert (file["ipv6"]["method"], file["ipv6"]["dns-search"]) == ("manual", "lan;")
    file = only(keyfiles({"name": "enp3s0", "addresses": ["192.0.2.10/24"], "search": ["lan"]}))
    assert (file["ipv6"]["method"], file["ipv6"]["dns-search"]) == ("auto", "lan;")


def test_a_bond() -> None:
    files = keyfiles({**BOND, "primary": "enp1s0", "mtu": 9000})
    assert sorted(files) == [f"eucaim-{name}.nmconnection" for name in ("bond0", "enp1s0", "enp2s0")]
    bond = files["eucaim-bond0.nmconnection"]
    assert dict(bond["bond"]) == {"mode": "active-backup", "miimon": "100", "primary": "enp1s0"}
    assert dict(bond["ethernet"]) == {"cloned-mac-address": "52:54:00:00:00:01", "mtu": "9000"}
    member = files["eucaim-enp2s0.nmconnection"]
    assert (member["connection"]["master"], member["connection"]["slave-type"]) == ("bond0", "bond")
    assert dict(member["ethernet"]) == {"mac-address": "52:54:00:00:00:02", "mtu": "9000"}
    assert len({file["connection"]["uuid"] for file in files.values()}) == 3
    hashed = keyfiles({**BOND, "mode": "802.3ad"})["eucaim-bond0.nmconnection"]["bond"]
    assert dict(hashed) == {"mode": "802.3ad", "miimon": "100", "xmit_hash_policy": "layer3+4"}


@pytest.mark.parametrize(
    ("name", "text", "theirs"),
    [
        (f"{HOME}/lan.nmconnection", "[connection]\ntype=ethernet\ninterface-name=enp3s0\n", True),
        (f"{HOME}/any.nmconnection", "[connection]\ntype=ethernet\n", True),
        (f"{HOME}/mac.nmconnection", "[connection]\ntype=ethernet\n[ethernet]\nmac-address=52:54:00:00:00:03\n", True),
        (f"{HOME}/mac.nmconnection", "[connection]\ntype=802-3-ethernet\n[802-3-ethernet]\nmac-address=1\n", False),
        (f"{HOME}/other.nmconnection", "[connection]\ntype=ethernet\ninterface-name=enp1s0\n", False),
        (f"{HOME}/wifi.nmconnection", "[connection]\ntype=wifi\n", False),
        (f"{HOME}/none.nmconnection", "[connection]\nid=x\n", False),
        (f"{HOME}/README", "nothing", False),
        (f"{HOME}/eucaim-enp3s0.nmconnection", "[connection]\ntype=ethernet\ninterface-name=enp3s0\n", False),
        ("/etc/sysconfig/network-scripts/ifcfg-x", 'DEVICE="enp3s0"\nBOOTPROTO=dhcp\n', True),
        ("/etc/sysconfig/network-scripts/ifcfg-x", "HWADDR=52:54:00:00:00:03\n\n", True),
        ("/etc/sysconfig/network-scripts/ifcfg-x", "DEVICE=enp1s0\n", False),
    ],
)
def test_settings_of_somebody_else_are_found(name: str, text: str, theirs: bool) -> None:
    assert nm.foreign({name: text}, links(STATIC), []) == ([Foreign(name, "enp3s0")] if theirs else [])


@pytest.mark.parametrize(
    ("path", "text", "stuck"),
    [
        (f"{HOME}/lan", "[connection]\ntype=ethernet\nautoconnect-priority = 999\n", True),
        (f"{HOME}/lan", "[connection]\ntype=ethernet\nautoconnect-priority=998\n", False),
        (f"{HOME}/lan", "[connection]\ntype=ethernet\nautoconnect-priority=-999\n", False),
        ("/etc/sysconfig/network-scripts/ifcfg-x", 'DEVICE=enp3s0\nAUTOCONNECT_PRIORITY="999"\n', True),
    ],
)
def test_what_ours_cannot_come_before_is_stuck(path: str, text: str, stuck: bool) -> None:
    (found,) = nm.foreign({path: text}, links(STATIC), [])
    assert found.stuck == ("NetworkManager takes it as soon as ours, because of its priority, 999" if stuck else "")


def test_it_reads_its_files_and_chooses_anew() -> None:
    commands = nm.commands(["enp3s0"])
    assert commands.after == (
        "nmcli connection reload",
        "nmcli --wait 20 connection up eucaim-enp3s0 2> /dev/null || nmcli --wait 20 device connect enp3s0",
    )


def test_our_files_say_what_they_are_about() -> None:
    made = nm.files(links(BOND, STATIC))
    found = {device for path, text in made.items() for device in nm.devices_in(path, text)}
    assert sorted(found) == ["bond0", "enp1s0", "enp2s0", "enp3s0"]
