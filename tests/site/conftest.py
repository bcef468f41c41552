# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One throw-away node and one far end for all files of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.site.world import REAL_IMAGES, World, made


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this folder."""
    parser.addoption(
        "--keep", action="store_true", help="leave the node and the far end running, and take up kept ones"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A real broker has no switch that sets its clock wrong."""
    left_out = [item for item in items if REAL_IMAGES and item.name == "test_clock_off"]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A bare node, a far end, and inventories that fit both."""
    with made("site", 81, keep=bool(request.config.getoption("--keep"))) as here:
        yield here
