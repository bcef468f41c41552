# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End dates of operating systems."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _platforms as platforms


def judge(os_id: str, version: str, day: str, contract: bool = False) -> platforms.Support:
    """Judge a system on a day."""
    return platforms.judge_support(os_id, version, f"{os_id} {version}", date.fromisoformat(day), contract)


@pytest.mark.parametrize(
    ("os_id", "version", "day", "contract", "supported", "says"),
    [
        ("debian", "13", "2026-11-23", False, True, "until 2030-06-30"),
        ("debian", "12", "2026-07-11", False, True, "security fixes until 2028-06-30"),
        ("debian", "12", "2026-07-12", False, True, "LTS fixes until 2028-06-30"),
        ("debian", "12", "2028-06-30", False, True, "LTS"),
        ("debian", "12", "2028-07-01", False, False, "public support ended 2028-06-30"),
        ("debian", "12", "2028-07-01", True, True, "Freexian ELTS until 2033-06-30"),
        ("debian", "12", "2033-07-01", True, False, "all support ended 2033-06-30"),
        ("ubuntu", "24.04", "2026-11-23", False, True, "Ubuntu 24.04"),
        ("ubuntu", "24.10", "2026-11-23", False, False, "not in the list"),
        ("ubuntu", "24", "2026-11-23", False, False, "not in the list"),
        ("rocky", "9.6", "2026-11-23", False, True, "Rocky Linux 9"),
        ("rocky", "9", "2032-06-01", True, False, "all support ended"),
        ("centos", "9", "2027-06-01", False, False, "all support ended 2027-05-31"),
        ("rhel", "10.1", "2026-11-23", False, True, "Red Hat Enterprise Linux 10"),
        ("ol", "9.5", "2034-01-01", True, True, "Oracle Extended Support until 2035-06-30"),
        ("debian", "11", "2026-11-23", False, False, "debian 11, which is not in the list"),
        ("arch", "", "2026-11-23", False, False, "not in the list"),
    ],
)
def test_support(os_id: str, version: str, day: str, contract: bool, supported: bool, says: str) -> None:
    """Each system is judged by its own dates, the last day included."""
    support = judge(os_id, version, day, contract)
    assert support.supported is supported
    assert says in support.found
    assert bool(support.remedy) is not supported


def test_unknown_system_has_a_name() -> None:
    """A system without any name is still spoken of."""
    assert "an unknown system" in platforms.judge_support("", "", "", date(2026, 11, 23), False).found


def test_contract_is_offered() -> None:
    """Who may have a contract is told which variable says so."""
    assert "preflight_extended_support: true" in judge("ubuntu", "22.04", "2028-01-01").remedy


def test_releases_are_in_order() -> None:
    """Support ends in three steps, and every ID has Ansible's name."""
    for release in platforms.RELEASES:
        assert release.standard_end <= release.public_end <= release.contract_end
        assert release.os_id in platforms.ANSIBLE_NAMES
        assert release.source.startswith("https://")


@pytest.mark.parametrize(
    ("name", "os_id"), [("Debian", "debian"), ("OracleLinux", "ol"), ("RedHat", "rhel"), ("Gentoo", "gentoo")]
)
def test_os_id(name: str, os_id: str) -> None:
    """Ansible's name leads to the ID of os-release."""
    assert platforms.os_id_of(name) == os_id
