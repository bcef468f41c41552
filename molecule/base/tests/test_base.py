# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People, folders, tools, updates and the clock, seen without the role's own eyes."""

from __future__ import annotations

from tests.testinfra import system
from tests.testinfra.common import Subject


def test_people(subject: Subject) -> None:
    """Accounts, groups, keys and sudo."""
    system.people_are_there(subject)
    system.people_can_log_in(subject)
    system.sudo_asks(subject)


def test_folders(subject: Subject) -> None:
    """Folders of EUCAIM and of people."""
    system.folders_are_there(subject)


def test_tools(subject: Subject) -> None:
    """The tools of D5.11."""
    system.tools_work(subject)


def test_updates(subject: Subject) -> None:
    """Security updates."""
    system.updates_come_by_themselves(subject)


def test_clock(subject: Subject) -> None:
    """The time service."""
    system.the_clock_is_kept(subject)
