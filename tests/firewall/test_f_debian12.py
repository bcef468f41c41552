# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The older Debian: other versions of ufw, nftables and systemd, the same list and the same undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firewall import test_b_lockouts as lockouts
from tests.firewall.conftest import fresh
from tests.firewall.world import Held, Outside, Place, listening, machine

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def older(outside: Outside, sockets: Path) -> Iterator[Place]:
    """A node of Debian 12 with our rules."""
    with fresh(machine("node-5", 16, "debian12")) as node:
        here = Place(node, outside, sockets)
        here.play().succeeded()
        yield here


def test_nothing_answers_but_the_list(older: Place) -> None:
    """All ports over both families, with listeners on the list and beside it; a second run changes nothing."""
    with listening(older.node, 80, 443, 8443):
        assert older.outside.open(older.node) == [[22, 80, 443]] * 2
    assert older.play().succeeded().changed == 0


def test_a_restart_keeps_the_list(older: Place) -> None:
    """The rules are loaded at boot."""
    older.node.restart()
    with listening(older.node, 80, 8443):
        assert older.outside.open(older.node, 22, 80, 8443) == [[22, 80]] * 2


def test_a_list_that_locks_out_is_refused(older: Place) -> None:
    """Every row of the table."""
    lockouts.test_a_list_that_locks_out_is_refused(older)


def test_the_controller_dies_between_change_and_proof(older: Place, held: Held) -> None:
    """The former list comes back by itself."""
    lockouts.test_the_controller_dies_between_change_and_proof(older, held)
