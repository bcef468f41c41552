# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link to the federation, seen without the role's own eyes."""

from __future__ import annotations

from tests.testinfra import federation
from tests.testinfra.common import Subject


def test_programs(subject: Subject) -> None:
    """The three containers and their network."""
    federation.programs_run(subject)
    federation.network_is_there(subject)


def test_secrets_and_key(subject: Subject) -> None:
    """Nothing shows the secrets; the key is sound."""
    federation.secrets_are_private(subject)
    federation.key_is_sound(subject)


def test_logs(subject: Subject) -> None:
    """What the programs write."""
    federation.logs_are_kept(subject)


def test_closed_to_the_outside(subject: Subject) -> None:
    """No port but that of SSH."""
    federation.is_closed_to_the_outside(subject)


def test_query(subject: Subject) -> None:
    """Two data sets, through Beam and Focus, within the minute."""
    assert federation.answers(subject) < 60
