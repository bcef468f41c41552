# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the four managers have in common."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_settings as settings
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, LEASED, links


def test_sections_are_read() -> None:
    text = "lost=1\n# no\n; no\n\n[Match]\nName=en*\nname = eth0 \nbare\n[Network]\n[Match]\nMACAddress=1\n"
    found = settings.sections(text)
    assert [section.name for section in found] == ["Match", "Network", "Match"]
    assert found[0].all("Name") == ["en*", "eth0"]
    assert found[1].all("Name") == []


def test_a_section_is_written() -> None:
    assert settings.section_text("A", [("b", "c"), ("b", "d")]) == "\n[A]\nb=c\nb=d\n"
    assert settings.section_text("A", []) == ""


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        ([], None),
        ([""], None),
        (["en*"], True),
        (["eth0 EN*"], True),
        (["eth0;enp1s0;"], True),
        (["eth*"], False),
        (["!eth*"], True),
        (["!en* eth*"], False),
    ],
)
def test_patterns_are_compared(patterns: list[str], fits: bool | None) -> None:
    assert settings.fits(patterns, "enp1s0") is fits


def test_devices_are_counted_with_the_bond() -> None:
    assert list(settings.devices_of(links(BOND, LEASED))) == [
        ("bond0", "52:54:00:00:00:01"),
        ("enp1s0", "52:54:00:00:00:01"),
        ("enp2s0", "52:54:00:00:00:02"),
        ("enp3s0", "52:54:00:00:00:03"),
    ]


def test_routers_learn_where_the_node_is_now() -> None:
    (line,) = settings.announce(["192.0.2.1", "", "192.0.2.1", "fe80::1"])
    assert "/dev/udp/192.0.2.1/9" in line
    assert settings.hold(settings.Commands(after=("up",)), [], [], ["192.0.2.1"]).after == ("up", line)


def test_what_is_left_over_is_tidied_before_the_files_are_exchanged() -> None:
    found = settings.hold(settings.Commands(("down",), ("up",)), ["bond0"], ["enp1s0", "bond0"])
    assert found.before == (
        "down",
        "ip link delete dev bond0 2> /dev/null",
        "ip address flush dev enp1s0 scope global 2> /dev/null",
    )
    assert found.after == ("up",)
