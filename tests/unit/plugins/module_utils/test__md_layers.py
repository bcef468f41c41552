# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies between an array and its file system."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_layers import (
    Stack,
    can_grow,
    crypttab_faults,
    stack_of,
    volume_title,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Layer
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import wanted_array

OPENED = Layer("dm-0", "eucaim", "crypt")
VOLUME = Layer("dm-2", "vg--1-data", "lvm")
# What a snapshot puts between a volume and what it lies on.
PARTS = (Layer("dm-1", "vg--1-data-real", "lvm"), Layer("dm-3", "vg--1-snap", "lvm"))
STRANGER = Layer("dm-4", "eucaim", "")


def test_the_names_of_volumes_are_those_of_the_device_mapper() -> None:
    assert volume_title("vg-1/data") == "vg--1-data"
    assert volume_title("eucaim/my-data") == "eucaim-my--data"


@pytest.mark.parametrize(
    ("asked", "layers", "expected"),
    [
        ({}, (), Stack((), "")),
        ({}, (OPENED,), Stack((), "")),
        ({"encrypted": True}, (), Stack((), "encryption")),
        ({"encrypted": True}, (STRANGER,), Stack((), "encryption")),
        ({"encrypted": True}, (OPENED,), Stack((OPENED,), "")),
        ({"volume": "vg-1/data"}, (OPENED,), Stack((), "volume")),
        ({"volume": "vg-1/data"}, (*PARTS, VOLUME), Stack((VOLUME,), "")),
        ({"encrypted": True, "volume": "vg-1/data"}, (OPENED,), Stack((OPENED,), "volume")),
        ({"encrypted": True, "volume": "vg-1/data"}, (VOLUME,), Stack((), "encryption")),
        ({"encrypted": True, "volume": "vg-1/data"}, (OPENED, *PARTS, VOLUME), Stack((OPENED, VOLUME), "")),
    ],
)
def test_what_is_there_and_what_is_missing(asked: dict[str, Any], layers: tuple[Layer, ...], expected: Stack) -> None:
    assert stack_of(wanted_array(**asked), layers) == expected


@pytest.mark.parametrize(
    ("sizes", "percent", "grows"),
    [
        ((10000, 9990, 9990), 100, False),
        ((10000, 9990, 9000), 100, True),
        ((12000, 9990, 9990), 100, True),
        ((10000, 9990, 8000), 80, False),
        ((10000, 9990, 7000), 80, True),
    ],
)
def test_layers_grow_with_what_they_lie_on(sizes: tuple[int, ...], percent: int, grows: bool) -> None:
    wanted = wanted_array(encrypted=True, volume="vg-1/data", volume_percent=percent)
    assert can_grow(wanted, Stack((OPENED, VOLUME), ""), sizes) is grows


def test_an_array_without_layers_has_none_that_grows() -> None:
    assert not can_grow(wanted_array(), Stack((), ""), (10000,))


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("# comment\n\neucaim /dev/md127 /key luks\n", []),
        ("eucaim /dev/md127\n", ["/etc/crypttab opens eucaim without /key"]),
        ("eucaim /dev/md127 none luks\n", ["/etc/crypttab opens eucaim without /key"]),
        ("other /dev/md127 /key\n#eucaim /dev/md127 /key\n", ["no line of /etc/crypttab opens eucaim"]),
        ("", ["no line of /etc/crypttab opens eucaim"]),
    ],
)
def test_what_opens_the_array_while_the_node_starts(text: str, faults: list[str]) -> None:
    assert crypttab_faults(text, "eucaim", "/key") == faults
