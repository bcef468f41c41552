# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of the node brings everything back by itself."""

from __future__ import annotations

import time

from tests.site.world import PROVIDER, World


def test_the_query_is_answered_within_a_minute_of_the_boot(world: World) -> None:
    """No playbook in between."""
    world.node.restart()
    booted = time.monotonic()
    answer = world.far_end.query(PROVIDER, timeout=60)
    seconds = time.monotonic() - booted
    world.remember("answered after boot, seconds", round(seconds, 1))
    assert len(answer["collections"]) == 2
    assert seconds < 60


def test_a_run_after_the_restart_changes_nothing(world: World) -> None:
    """And everything promised still holds."""
    assert world.site().succeeded().changed == 0
    world.verify().succeeded()
