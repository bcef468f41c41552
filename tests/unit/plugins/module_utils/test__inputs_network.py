# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role network mean."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_network import check_network

LINK = {"name": "enp1s0"}


def said(**variables: Any) -> list[tuple[str, str]]:
    """Return what was refused."""
    return [(refusal.variable, refusal.found) for refusal in check_network(variables, {})]


def test_a_node_without_a_list_is_left_alone() -> None:
    assert said() == []
    assert said(network_links=[], network_undo_seconds=90, network_address_after="") == []
    assert said(network_links=["enp1s0"]) == []


def test_what_proves_a_change_is_judged_without_links_too_because_remove_needs_it() -> None:
    assert said(network_links=[], network_undo_seconds=1) == [("network_undo_seconds", "1")]
    assert said(network_address_after="!") == [("network_address_after", '"!"')]


@pytest.mark.parametrize("after", [None, "", "192.0.2.10", "2001:db8::10", "node1.example.org"])
def test_what_can_work_is_let_pass(after: str | None) -> None:
    assert said(network_links=[LINK], network_undo_seconds=90, network_address_after=after) == []


def test_what_cannot_work_is_refused() -> None:
    assert said(network_links=[{"name": "eth0"}]) == [("network_links", "the name eth0")]
    assert said(network_links=[LINK], network_undo_seconds=20) == [("network_undo_seconds", "20")]
    assert said(network_links=[LINK], network_undo_seconds=120) == [("network_undo_seconds", "120")]
    assert said(network_links=[LINK], network_address_after="192.0.2.10/24") == [
        ("network_address_after", '"192.0.2.10/24"')
    ]
