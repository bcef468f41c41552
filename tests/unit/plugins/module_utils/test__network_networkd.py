# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-networkd is told, and what somebody else told it."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_networkd as networkd
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, LEASED, STATIC, links

HEAD = "# Written by eucaim.local_node, role network.\n"
OURS = "/etc/systemd/network/05-eucaim-"


def test_a_static_address() -> None:
    assert networkd.files(links(STATIC)) == {
        f"{OURS}enp3s0.network": f"""{HEAD}[Match]
Name=enp3s0

[Link]
MTUBytes=9000

[Network]
DHCP=no
Address=192.0.2.10/24
Address=192.0.2.11/24
Address=2001:db8::10/64
DNS=192.0.2.53
DNS=2001:db8::53
Domains=example.org lan

[Route]
Destination=0.0.0.0/0
Gateway=192.0.2.1

[Route]
Destination=10.0.0.0/8
Gateway=192.0.2.2

[Route]
Destination=::/0
Gateway=2001:db8::1
"""
    }


def test_an_address_by_dhcp_of_an_adapter_named_by_its_own() -> None:
    text = networkd.files(links(LEASED))[f"{OURS}enp3s0.network"]
    assert "[Match]\nPermanentMACAddress=52:54:00:00:00:03\n" in text
    assert "DHCP=yes\n" in text
    assert "[DHCPv4]\nUseDNS=no\n" in text
    assert "[Link]" not in text
    plain = networkd.files(links({"name": "enp3s0"}))[f"{OURS}enp3s0.network"]
    assert plain == f"{HEAD}[Match]\nName=enp3s0\n\n[Network]\nDHCP=yes\n"


def test_a_bond() -> None:
    files = networkd.files(links({**BOND, "primary": "enp1s0", "mtu": 9000}))
    assert sorted(files) == [
        f"{OURS}{name}" for name in ("bond0.netdev", "bond0.network", "enp1s0.network", "enp2s0.network")
    ]
    assert files[f"{OURS}bond0.netdev"] == (
        f"{HEAD}[NetDev]\nName=bond0\nKind=bond\nMACAddress=52:54:00:00:00:01\n\n"
        "[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n"
    )
    assert files[f"{OURS}bond0.network"].startswith(f"{HEAD}[Match]\nName=bond0\n")
    assert files[f"{OURS}enp1s0.network"] == (
        f"{HEAD}[Match]\nName=enp1s0\n\n[Link]\nMTUBytes=9000\n\n"
        "[Network]\nBond=bond0\nLinkLocalAddressing=no\nPrimarySlave=yes\n"
    )
    assert files[f"{OURS}enp2s0.network"].endswith("[Network]\nBond=bond0\nLinkLocalAddressing=no\n")
    assert "TransmitHashPolicy=layer3+4" in networkd.files(links({**BOND, "mode": "802.3ad"}))[f"{OURS}bond0.netdev"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("[Match]\nName=en*\n", True),
        ("[Match]\nName=eth*\n", False),
        ("[Match]\nMACAddress=52:54:00:00:00:01\n", True),
        ("[Match]\nPermanentMACAddress=52:54:00:00:00:09\nName=en*\n", False),
        ("[Match]\nType=ether\n", True),
        ("[Network]\nDHCP=yes\n", False),
        ("", False),
    ],
)
def test_a_file_fits_a_device_or_not(text: str, fits: bool) -> None:
    assert networkd.matches(text, "enp1s0", "52:54:00:00:00:01") is fits


def test_settings_of_somebody_else_stay_where_ours_come_first() -> None:
    texts = {
        f"{OURS}enp3s0.network": "[Match]\nName=enp3s0\n",
        "/etc/systemd/network/80-dhcp.network": "[Match]\nName=en*\n",
        "/etc/systemd/network/80-dhcp.link": "[Match]\nName=en*\n",
        "/etc/systemd/network/90-other.network": "[Match]\nName=wl*\n",
    }
    found = networkd.foreign(texts, links(STATIC), [("enp1s0", "52:54:00:00:00:01")])
    assert found == [Foreign("/etc/systemd/network/80-dhcp.network", "enp3s0")]


def test_settings_of_somebody_else_that_come_first_give_way_only_whole() -> None:
    others = [("enp1s0", "52:54:00:00:00:01")]
    own = {"/etc/systemd/network/00-lan.network": "[Match]\nName=enp3s0\n"}
    assert networkd.foreign(own, links(STATIC), others) == [Foreign(next(iter(own)), "enp3s0", after="")]
    shared = {"/etc/systemd/network/00-lan.network": "[Match]\nName=en*\n"}
    (found,) = networkd.foreign(shared, links(STATIC), others)
    assert found.stuck == "its name comes before 05-eucaim-, and it fits enp1s0, too"
    fleeting = {"/run/systemd/network/00-lan.network": "[Match]\nName=enp3s0\n"}
    (found,) = networkd.foreign(fleeting, links(STATIC), others)
    assert "made anew at every start" in found.stuck


def test_it_is_told_without_being_restarted() -> None:
    assert networkd.commands(["enp1s0"]).after == ("networkctl reload", "networkctl reconfigure enp1s0 2> /dev/null")


def test_our_files_say_what_they_are_about() -> None:
    made = networkd.files(links(BOND, STATIC))
    found = {device for path, text in made.items() for device in networkd.devices_in(path, text)}
    assert sorted(found) == ["bond0", "enp1s0", "enp2s0", "enp3s0"]
