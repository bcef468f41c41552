# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of package managers."""

from __future__ import annotations

import configparser

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_source as sources

SOURCE = sources.Source(
    "eucaim-docker", "Docker", "https://example.invalid/debian", "trixie", ("stable", "test"), "/k.gpg"
)


@pytest.mark.parametrize("text", ["28.1.1", "28.1", "5:28.1.1", "26.1.5+dfsg1-9", "5:28.1.1-1~debian.13~trixie"])
def test_versions(text: str) -> None:
    assert sources.is_version(text)


@pytest.mark.parametrize("text", ["", "latest", "28", "28.1.1; rm", "v28.1.1", "28.1.1 ", "28.*"])
def test_what_is_no_version(text: str) -> None:
    assert not sources.is_version(text)


@pytest.mark.parametrize(
    ("package", "version", "family", "pattern"),
    [
        ("docker-ce", "28.1.1", "Debian", "5:28.1.1*"),
        ("docker-ce-cli", "28.1.1", "RedHat", "3:28.1.1*"),
        ("docker-ce", "28.1.1", "other", "28.1.1*"),
        ("docker-ce", "5:28.1.1", "Debian", "5:28.1.1*"),
        ("docker.io", "26.1.5", "Debian", "26.1.5*"),
    ],
)
def test_patterns(package: str, version: str, family: str, pattern: str) -> None:
    assert sources.version_pattern(package, version, family) == pattern


@pytest.mark.parametrize(
    ("found", "version", "right"),
    [
        ("5:28.1.1-1~debian.13~trixie", "28.1.1", True),
        ("5:28.1.1-1~debian.13~trixie", "5:28.1.1", True),
        ("5:28.1.10-1", "28.1.1", False),
        ("26.1.5+dfsg1-9", "26.1", True),
        ("26.1.5", "26.1.5", True),
        ("26.1.5", "", True),
        ("26.1.5", "27.0.0", False),
    ],
)
def test_the_installed_version(found: str, version: str, right: bool) -> None:
    assert sources.has_version(found, version) is right


def test_only_the_engine_is_judged_by_its_version() -> None:
    installed = {"docker.io": "26.1.4", "docker-compose": "2.26.1"}
    assert sources.wrong_version(installed, ["docker.io", "docker-cli", "docker-compose"], "26.1.5") == ["docker.io"]
    assert sources.wrong_version(installed, ["docker.io"], "") == []


def test_what_is_asked_of_the_package_manager() -> None:
    assert sources.requested(["docker-ce", "containerd.io"], "") == ["docker-ce", "containerd.io"]
    assert sources.requested(["docker-ce", "containerd.io"], "28.1") == ["docker-ce=5:28.1*", "containerd.io"]
    assert sources.requested(["docker-ce"], "28.1", "RedHat") == ["docker-ce-3:28.1*"]


def test_deb822() -> None:
    lines = sources.render_deb822(SOURCE).splitlines()
    assert lines[2:] == [
        "Types: deb",
        "URIs: https://example.invalid/debian",
        "Suites: trixie",
        "Components: stable test",
        "Signed-By: /k.gpg",
    ]


def test_a_flat_repository_has_no_components() -> None:
    flat = sources.Source("n", "d", "https://example.invalid", "./", (), "/k.gpg", "amd64")
    text = sources.render_deb822(flat)
    assert "Components" not in text
    assert "Architectures: amd64\n" in text


def test_the_pin_names_the_engine_only() -> None:
    text = sources.render_preferences(["docker.io", "docker-compose"], "26.1.5")
    assert "Package: docker.io\nPin: version 26.1.5*\nPin-Priority: 1001\n" in text
    assert "docker-compose" not in text


def test_a_repository_of_dnf_reads_as_such() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(sources.render_yum(SOURCE))
    assert dict(parser["eucaim-docker"]) == {
        "name": "Docker",
        "baseurl": "https://example.invalid/debian",
        "enabled": "1",
        "gpgcheck": "1",
        "gpgkey": "file:///k.gpg",
    }
