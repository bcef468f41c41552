# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ifupdown is told, and what somebody else told it."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_ifupdown as ifupdown
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, LEASED, STATIC, links

HEAD = "# Written by eucaim.local_node, role network.\n"
# As the installer of Debian writes it, with a second link of somebody's own.
THEIRS = """\
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
auto enp3s0 enp1s0
allow-hotplug enp3s0
iface enp3s0 inet static
    address 198.51.100.2/24

    # this is commented
    gateway 198.51.100.1
iface enp1s0 inet dhcp
    metric 5
"""


def text_of(*wanted: dict[str, object]) -> str:
    """Return the file of these links."""
    return ifupdown.files(links(*wanted))[ifupdown.OURS]


def test_a_static_address() -> None:
    assert (
        text_of(STATIC)
        == f"""{HEAD}
auto enp3s0
iface enp3s0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
    up ip route replace 10.0.0.0/8 via 192.0.2.2 dev enp3s0
    mtu 9000
    dns-nameservers 192.0.2.53 2001:db8::53
    dns-search example.org lan
iface enp3s0 inet static
    address 192.0.2.11/24
iface enp3s0 inet6 static
    address 2001:db8::10/64
    gateway 2001:db8::1
"""
    )


def test_an_address_by_dhcp() -> None:
    assert (
        text_of(LEASED)
        == f"""{HEAD}
auto enp3s0
iface enp3s0 inet dhcp
    dns-nameservers 192.0.2.53
    up ip route replace 10.0.0.0/8 via 192.0.2.2 dev enp3s0
"""
    )


def test_by_dhcp_the_mtu_is_set_by_hand() -> None:
    text = text_of({"name": "enp3s0", "mtu": 9000})
    assert text.splitlines()[-2:] == ["iface enp3s0 inet dhcp", "    post-up ip link set dev enp3s0 mtu 9000"]


def test_a_bond() -> None:
    assert (
        text_of({**BOND, "primary": "enp1s0"})
        == f"""{HEAD}
auto bond0
iface bond0 inet static
    address 192.0.2.10/24
    bond-slaves enp1s0 enp2s0
    bond-mode active-backup
    bond-miimon 100
    hwaddress ether 52:54:00:00:00:01
    bond-primary enp1s0
"""
    )
    assert "bond-xmit-hash-policy layer3+4" in text_of({**BOND, "mode": "balance-xor"})


def test_settings_of_somebody_else_are_put_out_of_force_line_by_line() -> None:
    texts = {
        ifupdown.MAIN: THEIRS,
        ifupdown.OURS: "iface enp3s0 inet dhcp\n",
        f"{ifupdown.FOLDER}/x": "iface x inet dhcp\n",
    }
    (found,) = ifupdown.foreign(texts, links(STATIC), [])
    away = ifupdown.AWAY
    assert found == Foreign(
        ifupdown.MAIN,
        "enp3s0",
        after=f"""\
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
{away}auto enp3s0 enp1s0
auto enp1s0
{away}allow-hotplug enp3s0
{away}iface enp3s0 inet static
{away}    address 198.51.100.2/24

    # this is commented
{away}    gateway 198.51.100.1
iface enp1s0 inet dhcp
    metric 5
""",
    )


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("source /etc/network/interfaces.d/*\n", True),
        ("source interfaces.d/*\n", True),
        ("source-directory /etc/network/interfaces.d\n", True),
        ("source-directory interfaces.d/\n", True),
        ("source /etc/network/mine\n", False),
        ("source-directory /etc/mine\n", False),
        ("", False),
    ],
)
def test_whether_ours_is_read_is_known(text: str, reads: bool) -> None:
    assert ifupdown.reads_ours(text) is reads


def test_links_go_down_by_the_old_files_and_up_by_the_new_ones() -> None:
    commands = ifupdown.commands(["enp3s0"])
    assert commands.before == ("ifdown --force enp3s0 2> /dev/null",)
    assert commands.after == ("if ifquery enp3s0 > /dev/null 2>&1; then ifup --force enp3s0; fi",)
    assert ifupdown.is_ours(ifupdown.OURS)


def test_our_files_say_what_they_are_about() -> None:
    made = ifupdown.files(links(BOND, STATIC))
    found = {device for path, text in made.items() for device in ifupdown.devices_in(path, text)}
    assert sorted(found) == ["bond0", "enp3s0"]
