# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of several roles and of several nodes must go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _together as together

NODE = {"federation_provider_id": "my-hospital", "federation_broker_url": "https://broker.example"}


@pytest.mark.parametrize(
    ("tier", "groups", "found"),
    [
        (2, ["local_nodes", "tier2"], ""),
        (3, ["servers"], ""),
        (None, ["tier2"], ""),
        (3, ["tier2"], "3 for a host of the group tier2"),
        (2, ["tier3", "tier2"], "2 for a host of the group tier2 and the group tier3"),
    ],
)
def test_the_tier_is_that_of_the_group(tier: int | None, groups: Sequence[str], found: str) -> None:
    assert [refusal.found for refusal in together.check_roles({"preflight_tier": tier}, groups)] == [found] * bool(
        found
    )


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"federation_network_subnet": "172.25.9.0/24", "docker_address_pools": [{"base": "172.24.0.0/14"}]}, True),
        ({"federation_network_subnet": "172.29.9.0/24", "docker_address_pools": [{"base": "172.24.0.0/14"}]}, False),
        ({"federation_network_subnet": "", "docker_address_pools": [{"base": "172.24.0.0/14"}]}, False),
        ({"federation_network_subnet": "172.25.9.0/24", "docker_address_pools": ["172.24.0.0/14"]}, False),
        ({"federation_network_subnet": "172.25.9.0/24"}, False),
    ],
)
def test_a_subnet_is_not_one_that_docker_hands_out(values: Mapping[str, Any], refused: bool) -> None:
    refusals = together.check_roles(values, [])
    assert [refusal.variable for refusal in refusals] == ["federation_network_subnet"] * refused
    assert all("172.24.0.0/14" in refusal.found for refusal in refusals)


@pytest.mark.parametrize(
    ("state", "refused"), [("absent", True), ("disabled", True), ("present", False), (None, False)]
)
def test_who_left_uses_docker_no_more(state: str | None, refused: bool) -> None:
    person = {"name": "ann", **({"state": state} if state else {})}
    values = {"base_users": [person, "broken"], "docker_users": ["ann", "bob"]}
    found = [refusal.found for refusal in together.check_roles(values, [])]
    assert found == [f'"ann", whose state in base_users is {state}'] * refused


TAGS = {
    "preflight": ["preflight", "st_data"],
    "base": ["base", "base_install"],
    "storage": ["storage", "storage_install", "st_data"],
    "firewall": ["firewall"],
    "docker": ["docker"],
    "federation": ["federation"],
    "report": ["report"],
}


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        (["storage"], ["storage"]),
        (["storage_install", "base_install"], ["base", "storage"]),
        (["firewall"], ["base", "firewall", "docker", "federation"]),
        (["st_data"], ["preflight", "base", "storage", "firewall", "docker", "federation"]),
        (["report"], ["preflight", "base", "firewall", "docker", "federation", "report"]),
        (["all"], list(TAGS)),
        (["storage", "another"], list(TAGS)),
        (["storage", "always"], list(TAGS)),
        ([], []),
    ],
)
def test_tags_select_roles_and_those_that_have_a_say_in_them(wanted: list[str], selected: list[str]) -> None:
    assert together.selected_roles(TAGS, wanted) == selected


@pytest.mark.parametrize(
    ("roles", "refused"),
    [
        (["storage"], []),
        (["preflight"], ["preflight_tier"]),
        (["federation"], ["federation_network_subnet"]),
        (["base", "report"], ["docker_users"]),
        (["docker"], ["federation_network_subnet", "docker_users"]),
    ],
)
def test_what_concerns_several_roles_is_judged_where_one_of_them_runs(roles: list[str], refused: list[str]) -> None:
    values = {
        "preflight_tier": 3,
        "federation_network_subnet": "172.25.9.0/24",
        "docker_address_pools": [{"base": "172.24.0.0/14"}],
        "base_users": [{"name": "ann", "state": "absent"}],
        "docker_users": ["ann"],
    }
    assert [refusal.variable for refusal in together.check_roles(values, ["tier2"], roles)] == refused


def test_nodes_of_their_own_ids_are_fine() -> None:
    assert together.check_nodes(NODE, {}) == []
    others = {
        "other-id": {**NODE, "federation_provider_id": "another"},
        "other-federation": {**NODE, "federation_broker_url": "https://test.example"},
        "without": {},
    }
    assert together.check_nodes(NODE, others) == []
    assert together.check_nodes({}, {"without": {}}) == []


def test_two_nodes_with_one_id_are_refused_by_name() -> None:
    (two,) = together.check_nodes(NODE, {"b": NODE})
    assert two.found == '"my-hospital", which b has too'
    twin = {**NODE, "federation_broker_url": "https://BROKER.example:443/"}
    (three,) = together.check_nodes(NODE, {"c": twin, "b": NODE})
    assert three.found == '"my-hospital", which b and c have too'
    (many,) = together.check_nodes(NODE, dict.fromkeys("edcb", NODE))
    assert many.found == '"my-hospital", which b, c, d and 1 more node have too'
    (many,) = together.check_nodes(NODE, dict.fromkeys("fedcb", NODE))
    assert many.found == '"my-hospital", which b, c, d and 2 more nodes have too'


def test_no_two_nodes_are_given_one_address() -> None:
    def links(*addresses: str) -> dict[str, Any]:
        return {"network_links": [{"name": "enp1s0", "addresses": list(addresses)}]}

    own = links("192.0.2.10/24", "2001:db8::10/64", "fe80::1/64")
    others = {
        "node2": links("192.0.2.11/24", "2001:db8:0::10/64"),
        "node3": links("2001:db8::10/64", "fe80::1/64"),
        "node4": {"network_links": None},
    }
    (refusal,) = together.check_addresses(own, others)
    assert refusal.found == "the address 2001:db8::10, which node2 and node3 have too"
    (refusal,) = together.check_addresses(own, {"node5": links("192.0.2.10/25")})
    assert refusal.found == "the address 192.0.2.10, which node5 has too"
    assert together.check_addresses({}, others) == []
