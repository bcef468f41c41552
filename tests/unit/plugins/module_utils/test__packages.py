# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg and apt print."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _packages as packages

SIMULATION = """Reading package lists...
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
Inst base-files [13.8] (13.8+deb13u2 Debian:13.2/stable [amd64]) []
Inst linux-image-6.12.57 (6.12.57-1 Debian:13.2/stable [amd64])
Inst curl [8.5.0-2ubuntu10.5] (8.5.0-2ubuntu10.6 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])
Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
"""


def test_installed() -> None:
    """Installed and held packages count, half-removed ones do not."""
    output = "git\tii \t1:2.47\nlibc6:amd64\thi \t2.41\nold\trc \t1\nbroken\n"
    assert packages.parse_installed(output) == {"git": "1:2.47", "libc6": "2.41"}


def test_simulation() -> None:
    """Upgrades are told from new packages, security from the rest."""
    upgrades = packages.parse_simulation(SIMULATION)
    assert [(upgrade.name, upgrade.security) for upgrade in upgrades] == [
        ("libssl3t64", True),
        ("base-files", False),
        ("curl", True),
    ]
    assert upgrades[0].old == "3.5.1-1"
    assert upgrades[0].new == "3.5.1-1+deb13u1"


def test_missing() -> None:
    """What is not there is named in its order."""
    assert packages.missing(["wget", "curl", "git"], ["curl"]) == ["wget", "git"]


@pytest.mark.parametrize(("installed", "chosen"), [(["b", "a"], "a"), (["b"], "b"), ([], "d")])
def test_choose(installed: list[str], chosen: str) -> None:
    """The first candidate that is there is kept."""
    assert packages.choose(["a", "b"], "d", installed) == chosen


def test_stale() -> None:
    """Lists that were never fetched are old."""
    assert packages.stale(10000, [], 3600)
    assert packages.stale(10000, [1, 6000], 3600)
    assert not packages.stale(10000, [1, 6400], 3600)
