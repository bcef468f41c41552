# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a bare node to an answered query, with the oldest and the newest ansible-core that the collection names.

`scripts/test cores` makes the environments that these tests need.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.site.driver import CACHE
from tests.site.world import World, made

CORES = ("2.18", "2.21")


@pytest.fixture(params=CORES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A bare node, which this ansible-core is to make a local node of."""
    with made("cores", 89) as here:
        here.programs = CACHE / f"venv-core-{request.param}" / "bin"
        said = subprocess.run([here.programs / "ansible", "--version"], check=True, capture_output=True, text=True)
        assert f"[core {request.param}." in said.stdout
        yield here


def test_from_bare_to_an_answered_query(world: World) -> None:
    """The first run, a second that changes nothing, the enrolment, the proof, and an answer from outside."""
    first = world.site().succeeded()
    assert first.changed > 0
    again = world.site().succeeded()
    assert again.changed == 0, again.output
    assert world.site("--check", "--diff").succeeded().changed == 0
    world.far_end.sign(world.request)
    world.verify().succeeded()
    assert world.far_end.query(world.provider)["provider"] == "Site Hospital"
