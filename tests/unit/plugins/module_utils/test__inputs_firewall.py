# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role firewall mean."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs_firewall as inputs
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look

GOOD: dict[str, Any] = {
    "firewall_enabled": True,
    "firewall_inbound_ports": [22, 80, 443],
    "firewall_ssh_ports": [],
    "firewall_rules": [{"name": "dicom", "ports": [11112], "sources": ["10.0.0.0/8"]}],
    "firewall_dependent_rules": [{"name": "dns", "direction": "out", "ports": [53]}] * 2,
    "firewall_undo_seconds": 60,
}


def refused(**change: Any) -> list[str]:
    """Return the texts of what is refused."""
    return [refusal.text() for refusal in inputs.check_firewall({**GOOD, **change}, {})]


def test_good_settings() -> None:
    assert refused() == []
    assert inputs.check_firewall({"firewall_inbound_ports": [22]}, {}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"firewall_inbound_ports": [0]},
            "firewall_inbound_ports: found 0; needed: a port from 1 to 65535, or a range",
        ),
        ({"firewall_inbound_ports": ["http"]}, 'found "http"'),
        ({"firewall_ssh_ports": [70000]}, "firewall_ssh_ports: found 70000; needed: a port from 1 to 65535; "),
        ({"firewall_inbound_ports": [], "firewall_rules": []}, "an empty list"),
        (
            {"firewall_inbound_ports": [], "firewall_rules": [{"name": "a", "direction": "out", "ports": [1]}]},
            "an empty list",
        ),
        ({"firewall_rules": [{"name": "a", "ports": [1], "sources": ["10.0.0.1/8"]}]}, "no address or network"),
        ({"firewall_rules": ["22"]}, "a rule is a mapping"),
        ({"firewall_rules": [{"name": "a", "ports": [1]}] * 2}, '2 rules called "a"'),
        ({"firewall_dependent_rules": [{"name": "a", "ports": []}]}, "firewall_dependent_rules: found"),
        ({"firewall_undo_seconds": 5}, "a number of seconds from 30 to 120"),
        ({"firewall_undo_seconds": 121}, "a number of seconds from 30 to 120"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, Any], said: str) -> None:
    texts = refused(**change)
    assert len(texts) == 1, texts
    assert said in texts[0]
    assert texts[0].startswith("[NET-FW] ")


def test_what_the_spec_refuses_is_not_refused_twice() -> None:
    assert refused(firewall_undo_seconds="soon") == []
    assert refused(firewall_rules="all") == []


def test_a_role_that_is_off_refuses_nothing() -> None:
    assert refused(firewall_enabled=False, firewall_inbound_ports=[0]) == []


def test_ports_of_containers_that_were_there_before() -> None:
    def published(**change: Any) -> list[str]:
        containers = [
            {"name": "web", "state": "running", "project": "", "ports": "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"},
            {"name": "old", "state": "exited", "project": "", "ports": "0.0.0.0:81->80/tcp"},
            {"name": "dicom", "state": "running", "project": "", "ports": "0.0.0.0:11112->104/tcp"},
        ]
        look = Look(owner="foreign", containers=containers, firewalled=change.pop("firewalled", False))
        return [refusal.text() for refusal in inputs.check_firewall({**GOOD, **change}, {"engine": look})]

    told = published()
    assert len(told) == 1
    assert "firewall_rules does not name: tcp 8080 (container web); needed" in told[0]
    assert published(firewall_inbound_ports=[22, 8080]) == []
    assert published(firewall_close_unlisted=True) == []
    assert published(firewall_enabled=False) == []
    assert published(firewalled=True) == []
    assert "found 0" in published(firewall_inbound_ports=[0])[0]
