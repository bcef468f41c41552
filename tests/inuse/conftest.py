# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One far end for all servers of this folder; each file makes and takes away the servers it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.inuse.server import Server
from tests.site.world import made


@pytest.fixture(scope="session")
def first() -> Iterator[Server]:
    """A bare server and a far end."""
    with made("inuse", 83) as here:
        yield Server(here.node, here.far_end, here.provider, here.area)
