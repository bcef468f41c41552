# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the services of the federation connect to, with and without an HTTP proxy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.filter.federation_ways import FilterModule, federation_ways

PLAIN: dict[str, Any] = {
    "broker_url": "https://broker.example.org",
    "endpoint_url": "",
    "http_proxy": "",
    "https_proxy": "",
    "no_proxy": [],
}
PROXY = "http://user:word@proxy.example.org:3128"
BROKER, GATE = ("broker.example.org", 443), ("proxy.example.org", 3128)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, [BROKER]),
        ({"broker_url": "https://broker.example.org:8443/"}, [("broker.example.org", 8443)]),
        ({"endpoint_url": "http://10.0.0.7/fhir"}, [BROKER, ("10.0.0.7", 80)]),
        ({"https_proxy": PROXY}, [GATE]),
        ({"http_proxy": PROXY, "https_proxy": PROXY}, [GATE]),
        ({"http_proxy": "http://other.example.org:8080", "https_proxy": PROXY}, [("other.example.org", 8080), GATE]),
        # A proxy for plain HTTP leads to no broker.
        ({"http_proxy": PROXY}, [BROKER, GATE]),
        ({"https_proxy": PROXY, "no_proxy": [".example.org"]}, [BROKER, GATE]),
        (
            {"https_proxy": PROXY, "no_proxy": ["10.0.0.0/8"], "broker_url": "https://10.0.0.9"},
            [("10.0.0.9", 443), GATE],
        ),
        ({"https_proxy": PROXY, "no_proxy": ["elsewhere.example.net"]}, [GATE]),
    ],
)
def test_ways(settings: dict[str, Any], wanted: list[tuple[str, int]]) -> None:
    """One rule for each host to which a connection is made, out of containers; no password is in it."""
    rules = federation_ways({**PLAIN, **settings})
    assert [(rule["destinations"][0], rule["ports"][0]) for rule in rules] == wanted
    assert {(rule["direction"], rule["container"]) for rule in rules} == {("out", True)}
    assert len({rule["name"] for rule in rules}) == len(rules)
    assert "word" not in str(rules)


def test_ansible_finds_it() -> None:
    """Under its name."""
    assert FilterModule().filters() == {"federation_ways": federation_ways}
