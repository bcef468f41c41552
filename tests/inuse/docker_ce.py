# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for Docker's own packages: their names and relations around the programs of Debian's packages.

They are made on the node itself, so that a test needs no repository but Debian's. Version and behaviour of the programs
are those of Debian's; what is tried is how the collection meets packages of these names.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.nodes.node import Node

WORK = "/root/stand-ins"
APT = "DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120"
START = """#!/bin/sh
set -e
getent group docker >/dev/null || groupadd --system docker
systemctl daemon-reload
systemctl enable --now {units}
"""


@dataclass(frozen=True)
class Package:
    """One package: its name, whose files it has, and how it stands to others."""

    name: str
    files: tuple[str, ...]
    depends: str
    excludes: str
    units: str = ""

    def control(self, version: str) -> str:
        """The control file; Conflicts, Replaces and Provides as in Docker's own package."""
        return (
            f"Package: {self.name}\nVersion: {version}\nArchitecture: all\nMaintainer: a test <test@example.invalid>\n"
            f"Depends: {self.depends}\nConflicts: {self.excludes}\nReplaces: {self.excludes}\n"
            "Description: stand-in around Debian's programs\n"
        )


PACKAGES = (
    Package("containerd.io", ("containerd", "runc"), "libc6", "containerd, runc", "containerd.service"),
    Package("docker-ce-cli", ("docker-cli",), "libc6", "docker-cli, docker.io"),
    Package("docker-compose-plugin", ("docker-compose",), "docker-ce-cli", "docker-compose"),
    Package(
        "docker-ce",
        ("docker.io",),
        "containerd.io, docker-ce-cli, iptables, tini, libsystemd0",
        "docker.io",
        "docker.socket docker.service",
    ),
)


def install(node: Node) -> None:
    """Make the packages from Debian's and install them."""
    sources = " ".join(name for package in PACKAGES for name in package.files)
    node.exec(f"mkdir -p {WORK} && chown _apt {WORK} && apt-get update -q && {APT} install -qy iptables tini")
    node.exec(f"cd {WORK} && apt-get download -q {sources}")
    for package in PACKAGES:
        tree = f"{WORK}/{package.name}"
        node.exec(f"mkdir -p {tree}/DEBIAN")
        for name in package.files:
            node.exec(f"dpkg-deb -x {WORK}/{name}_*.deb {tree}")
        node.exec(f"cat >{tree}/DEBIAN/control", stdin=package.control("5:26.1.5-1~stand.in"))
        if package.units:
            script = START.format(units=package.units)
            node.exec(f"cat >{tree}/DEBIAN/postinst && chmod 755 {tree}/DEBIAN/postinst", stdin=script)
        node.exec(f"dpkg-deb -b -Znone {tree} {WORK}/{package.name}.deb && dpkg -i {WORK}/{package.name}.deb")
    node.exec(f"rm -r {WORK}")
