# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall, seen without the role's own eyes."""

from __future__ import annotations

from tests.testinfra import packet_filter
from tests.testinfra.common import Subject


def test_the_listed_ports_are_open_and_no_other(subject: Subject) -> None:
    """Tried from another machine."""
    packet_filter.opens_only(subject, {22, 80, 443})


def test_the_kernel_drops_what_nothing_names(subject: Subject) -> None:
    """For both families."""
    packet_filter.drops_by_default(subject)


def test_the_administrator_still_uses_ufw(subject: Subject) -> None:
    """Its own commands read our rules, and write them the same way."""
    packet_filter.is_ufws_own(subject)


def test_it_comes_back_before_the_network(subject: Subject) -> None:
    """Units, and their order."""
    packet_filter.is_loaded_at_boot(subject)


def test_nothing_is_pending(subject: Subject) -> None:
    """The undo is disarmed."""
    packet_filter.is_settled(subject)
