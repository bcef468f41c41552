# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container engine, seen without the role's own eyes."""

from __future__ import annotations

from tests.testinfra import container_engine
from tests.testinfra.common import Subject


def test_the_engine_runs_and_starts_by_itself(subject: Subject) -> None:
    """Packages, unit and answer."""
    container_engine.runs(subject)


def test_the_daemon_is_set_up(subject: Subject) -> None:
    """In its file, and in the daemon that runs."""
    container_engine.is_set_up(subject)


def test_a_container_runs(subject: Subject) -> None:
    """An image made of nothing but the node's own files."""
    container_engine.runs_a_container(subject)


def test_nobody_may_use_it(subject: Subject) -> None:
    """Nobody but root, since the inventory names nobody."""
    container_engine.lets_in(subject, [])


def test_it_does_not_listen_on_the_network(subject: Subject) -> None:
    """An API over TCP would be root for whoever reaches it."""
    container_engine.is_not_on_the_network(subject)
