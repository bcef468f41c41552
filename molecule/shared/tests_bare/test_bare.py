# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check mode that ran on the bare node must have left it bare."""

from __future__ import annotations

from tests.testinfra.common import Subject


def test_check_mode_changed_nothing(subject: Subject) -> None:
    """Files, users, units, rules, packages and containers are what they were."""
    changes = subject.changes()
    assert not changes, "\n".join(changes)


def test_nothing_is_there_that_a_role_should_bring(subject: Subject) -> None:
    """Otherwise a role that does nothing would pass."""
    roles = subject.settings["molecule_roles"]
    if "base" in roles:
        assert not subject.host.file("/opt/eucaim").exists
        assert not subject.host.group("eucaim_admin").exists
    if "docker" in roles:
        assert not subject.host.exists("docker")
    assert not subject.host.file("/etc/eucaim/federation").exists
