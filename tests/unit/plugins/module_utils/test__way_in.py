# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody cuts off their own way to become root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _way_in as way_in
from ansible_collections.eucaim.local_node.plugins.module_utils._role_record import Found
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Ended, Node

FOUND = Found(groups={"admins": ["ada", "zoe"]})
RECORD: dict[str, Any] = {"accounts": ["ada"], "groups": {"admins": None}}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Return a node on which sudo knows one rule."""
    node = Node(tmp_path)
    node.says("sudo", 0, "User may run the following commands on node:\n    (ALL : ALL) ALL\n")
    return node


def reasons(node: Node, monkeypatch: pytest.MonkeyPatch, user: str, people: bool = True) -> list[str]:
    """Return the reasons for somebody who became root with sudo."""
    monkeypatch.setenv("SUDO_USER", user)
    return [refusal.found for refusal in way_in.cut(node.module({}), RECORD, FOUND, people)]


def test_root_itself_may(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reasons(node, monkeypatch, "") == reasons(node, monkeypatch, "root") == []


def test_an_account_that_goes_may_not(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reasons(node, monkeypatch, "ada") == ["this run is logged in as ada, an account that goes"]


def test_a_right_that_goes_is_not_enough(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    (reason,) = reasons(node, monkeypatch, "zoe")
    assert reason.startswith("zoe, as whom this run is logged in, may become root only by a right that goes")
    assert len(reasons(node, monkeypatch, "ada", people=False)) == 1


def test_a_right_of_ones_own_is_enough(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.says("sudo", 0, "User may:\n    (ALL : ALL) ALL\n    (root) NOPASSWD: ALL\n")
    assert reasons(node, monkeypatch, "zoe") == []
    assert node.called("sudo") == [["-n", "-l", "-U", "zoe"]]


def test_somebody_else_may(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reasons(node, monkeypatch, "operator") == []


def test_the_run_stops(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    with pytest.raises(Ended) as caught:
        way_in.refuse_to_cut(node.module({}), RECORD, FOUND, True)
    assert "[OS-USERS] ansible_user: found this run is logged in as ada" in caught.value.result["msg"]
    monkeypatch.setenv("SUDO_USER", "operator")
    way_in.refuse_to_cut(node.module({}), RECORD, FOUND, True)
