# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would go, and why it must not begin."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _uninstall as uninstall


def test_records_in_words() -> None:
    found: dict[str, Any] = {
        "base": {
            "packages": ["git"],
            "dependencies": ["liberror"],
            "accounts": ["ada"],
            "groups": {"g": None, "old": ["zoe"]},
            "paths": {"/a": None},
        },
        "docker_daemon": {"owned": {"live-restore": True}},
        "firewall": {"version": 1},
        "damaged": None,
    }
    there = uninstall.Containers(ours=["focus"], networks=["eucaim"])
    assert uninstall.plan(found, there, ["base.json"]) == [
        "federation: container focus",
        "federation: network eucaim",
        "base: package git, unless something else needs it",
        "base: package liberror, unless something else needs it",
        "base: account ada, its home stays",
        "base: group g",
        "base: group old gets back what it was",
        "base: path /a",
        "docker_daemon: daemon.json: live-restore",
        "firewall: what its record names",
        "damaged: a record that cannot be read",
        "evidence: base.json",
    ]


def test_nothing_is_ours() -> None:
    assert uninstall.plan({}, uninstall.Containers(), []) == []


@pytest.mark.parametrize(
    ("record", "running", "stop", "refused"),
    [
        ({"packages": ["docker.io"]}, ["db"], False, True),
        ({"packages": ["docker.io"]}, ["db"], True, False),
        ({"packages": ["docker.io"]}, [], False, False),
        ({"packages": []}, ["db"], False, False),
        (None, ["db"], False, False),
    ],
)
def test_containers_of_others(record: Any, running: list[str], stop: bool, refused: bool) -> None:
    told = uninstall.refusals({"docker": record}, uninstall.Containers(running=running), stop)
    assert [refusal.variable for refusal in told] == (["docker_remove_containers"] if refused else [])
    assert all("db" in refusal.found for refusal in told)


def test_containers_of_others_on_our_network() -> None:
    (refusal,) = uninstall.refusals({}, uninstall.Containers(attached=["db"]), True)
    assert "[FED-NET] federation_network_name: found containers of others (db)" in refusal.text()


def test_a_name_confirms() -> None:
    assert uninstall.unconfirmed(["node-1", "clinic"], "other, clinic") == []
    (silent,) = uninstall.unconfirmed(["node-1"], "")
    assert "found nobody who has confirmed it; needed: the name of this node (node-1)" in silent.text()
    (wrong,) = uninstall.unconfirmed(["node-1", "clinic"], "node-2")
    assert 'found "node-2"' in wrong.text()
    assert "node-1 or clinic" in wrong.text()
