# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bare node and one far end for the files of this folder, and how long a first run takes on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.site.driver import Run
from tests.site.world import World, made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The uninstallation first: it measures a first run, which the kills need, and leaves a bare node behind."""
    items.sort(key=lambda item: item.path.name != "test_uninstall.py")


class Lifecycle:
    """A node that is made anew when a test wants it bare, and what a first run on it takes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seconds = 0.0
        self.is_bare = True

    def bare(self) -> World:
        """A node on which nothing was done yet, and a far end that knows no certificate of the node before it."""
        if not self.is_bare:
            self.world.node.down()
            self.world.request.unlink(missing_ok=True)
            self.world.far_end.down()
            self.world.far_end.up()
            self.world.node.up(lambda _text: None)
            self.is_bare = True
        return self.world

    def first_run(self) -> Run:
        """Converge the bare node, and remember how long that took."""
        run = self.bare().site().succeeded()
        self.is_bare = False
        self.seconds = run.seconds
        self.world.remember("first converge, lifecycle, seconds", round(run.seconds, 1))
        return run

    def length(self) -> float:
        """Seconds of a first run, measured once."""
        if not self.seconds:
            self.first_run()
        return self.seconds


@pytest.fixture(scope="session")
def life() -> Iterator[Lifecycle]:
    """The node of this folder."""
    with made("lifecycle", 87) as world:
        yield Lifecycle(world)
