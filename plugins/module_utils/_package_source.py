# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packages come from, as files of the package managers.

Pure: values in, text out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HEADER = "# Managed by the Ansible collection eucaim.local_node.\n"
# 28.1.1, 5:28.1.1, 26.1.5+dfsg1-9, 28.1.1-1~debian.13~trixie
_VERSION = re.compile(r"^([0-9]+:)?[0-9]+\.[0-9]+(\.[0-9]+)?([-+~][0-9A-Za-z.+~-]+)?$")
# Packages of the engine itself; containerd, Compose and Buildx have versions of their own.
ENGINE_PACKAGES = ("docker-ce", "docker-ce-cli", "docker.io", "docker-cli")
_WITH_EPOCH = {"Debian": "5:", "RedHat": "3:"}


@dataclass(frozen=True)
class Source:
    """One source of packages."""

    name: str
    description: str
    url: str
    suite: str
    components: tuple[str, ...]
    key_file: str
    architecture: str = ""


def is_version(text: str) -> bool:
    """Say whether this can be the version of a package, in full or its beginning."""
    return bool(_VERSION.match(text))


def version_pattern(package: str, version: str, family: str = "Debian") -> str:
    """Return the pattern that finds a version of an engine package: Docker's own packages carry an epoch."""
    if ":" in version or not package.startswith("docker-ce"):
        return version + "*"
    return _WITH_EPOCH.get(family, "") + version + "*"


def has_version(found: str, version: str) -> bool:
    """Say whether an installed version is the wanted one or begins with it, its epoch left out of account."""
    if not version:
        return True
    plain = found.partition(":")[2] or found
    return any(text == version or re.match(re.escape(version) + r"(?![0-9])", text) for text in (found, plain))


def wrong_version(installed: Mapping[str, str], packages: Sequence[str], version: str) -> list[str]:
    """Return the engine's packages that are installed in another version than the wanted one."""
    return [
        package
        for package in packages
        if package in ENGINE_PACKAGES and package in installed and not has_version(installed[package], version)
    ]


def requested(packages: Sequence[str], version: str, family: str = "Debian") -> list[str]:
    """Return the packages as the package manager wants them asked for, the engine's with their version."""
    if not version:
        return list(packages)
    separator = "=" if family == "Debian" else "-"
    return [
        f"{package}{separator}{version_pattern(package, version, family)}" if package in ENGINE_PACKAGES else package
        for package in packages
    ]


def paths(name: str, form: str, root: str = "") -> dict[str, str]:
    """Return where the files of a source are."""
    if form == "dnf":
        return {"source": f"{root}/etc/yum.repos.d/{name}.repo", "key": f"{root}/etc/pki/rpm-gpg/RPM-GPG-KEY-{name}"}
    return {
        "source": f"{root}/etc/apt/sources.list.d/{name}.sources",
        "key": f"{root}/etc/apt/keyrings/{name}.gpg",
        "pin": f"{root}/etc/apt/preferences.d/{name}",
    }


def render_deb822(source: Source) -> str:
    """Return the file for /etc/apt/sources.list.d."""
    flat = source.suite.endswith("/")
    lines = [
        "Types: deb",
        f"URIs: {source.url}",
        f"Suites: {source.suite}",
        *([] if flat else [f"Components: {' '.join(source.components)}"]),
        *([f"Architectures: {source.architecture}"] if source.architecture else []),
        f"Signed-By: {source.key_file}",
    ]
    return _HEADER + f"# {source.description}\n" + "\n".join(lines) + "\n"


def render_preferences(packages: Sequence[str], version: str) -> str:
    """Return the file for /etc/apt/preferences.d that keeps the engine's packages at one version."""
    blocks = [
        f"Package: {package}\nPin: version {version_pattern(package, version)}\nPin-Priority: 1001\n"
        for package in packages
        if package in ENGINE_PACKAGES
    ]
    return _HEADER + "\n" + "\n".join(blocks)


def render_yum(source: Source) -> str:
    """Return the file for /etc/yum.repos.d."""
    return (
        _HEADER
        + f"[{source.name}]\n"
        + f"name={source.description}\n"
        + f"baseurl={source.url}\n"
        + "enabled=1\n"
        + "gpgcheck=1\n"
        + f"gpgkey=file://{source.key_file}\n"
    )
