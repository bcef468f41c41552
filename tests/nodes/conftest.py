# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node and one far end, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.farend import FarEnd
from tests.farend import images as build
from tests.nodes.engine import remove_network
from tests.nodes.node import Node

NETWORK = "eucaim-nodes"


@pytest.fixture(scope="session")
def far() -> Iterator[FarEnd]:
    """The far end, on the network of the node."""
    end = FarEnd(NETWORK, "172.30.76.0/24")
    try:
        yield end.up()
    finally:
        end.down()


@pytest.fixture(scope="session")
def node(far: FarEnd) -> Iterator[Node]:
    """A node as it comes up, beside the far end."""
    machine = Node("nodes-test-1", far.network, "172.30.76.11")
    machine.down()
    try:
        yield machine.up()
    finally:
        machine.down()
        remove_network(NETWORK)


@pytest.fixture(scope="session")
def archives() -> dict[str, build.Archive]:
    """The stand-ins' image archives."""
    return build.ensure()
