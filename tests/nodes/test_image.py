# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a node holds what it must, and nothing that a role should install."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.nodes import images
from tests.nodes.engine import EngineError, docker

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def installed() -> list[str]:
    """Packages of the image."""
    return images.packages(images.ensure("debian13"))


@pytest.mark.parametrize(
    "distribution", sorted(images.SUITES) if os.environ.get("EUCAIM_TEST_FULL") == "1" else ["debian13"]
)
def test_package_list(distribution: str) -> None:
    """Exactly the stored list: both ways of building, official image and debootstrap, must end in it."""
    expected = (HERE / f"packages-{distribution}.txt").read_text(encoding="utf-8").split()
    assert images.packages(images.ensure(distribution)) == expected


@pytest.mark.parametrize(
    "package",
    [
        "chrony",
        "containerd",
        "curl",
        "docker-compose",
        "docker.io",
        "fail2ban",
        "git",
        "gnupg",
        "iptables",
        "ntpsec",
        "nftables",
        "python3-apt",
        "python3-cryptography",
        "python3-docker",
        "python3-requests",
        "rsync",
        "systemd-timesyncd",
        "ufw",
        "unattended-upgrades",
        "wget",
    ],
)
def test_nothing_a_role_installs(installed: list[str], package: str) -> None:
    """What a role is there to install is not there already."""
    assert package not in installed


def test_no_identity() -> None:
    """No host key, machine id or package list is baked in: two nodes are two machines."""
    script = "ls /etc/ssh | grep -c ssh_host; wc -c < /etc/machine-id; ls /var/lib/apt/lists | wc -l"
    found = docker("run", "--rm", "--network=none", "eucaim-node:debian13", "sh", "-c", script)
    assert found.split() == ["0", "0", "0"]


def test_second_time_builds_nothing() -> None:
    """The image is kept."""
    said: list[str] = []
    assert images.ensure("debian13", said.append) == "eucaim-node:debian13"
    assert said == []


def test_unknown_distribution() -> None:
    """A refusal names what there is."""
    with pytest.raises(EngineError, match="debian12"):
        images.ensure("plan9")
