# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine says why something of it is not known."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine

MACHINE = Machine(
    unknown={
        "memory.ecc": "dmidecode needs root",
        "drives.health": "smartctl needs root",
        "drives.sda.health": "it is a volume",
        "links.speed_mbps": "no carrier",
        "gpus": "no bus",
    }
)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("memory.ecc", "dmidecode needs root"),
        ("drives.sda.health", "it is a volume"),
        ("drives.sdb.health", "smartctl needs root"),
        ("links.bond0.42.speed_mbps", "no carrier"),
        ("gpus", "no bus"),
        ("gpus.0000:3b:00.0.vram_bytes", "no bus"),
        ("cpu.cores", ""),
        ("drives.sda.wwn", ""),
    ],
)
def test_why(path: str, reason: str) -> None:
    """The nearest reason counts: of the thing itself, of all its kind, of the whole list."""
    assert MACHINE.why(path) == reason
