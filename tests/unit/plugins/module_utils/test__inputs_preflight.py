# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of preflight that cannot work."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_preflight import check_preflight

FACTS = {
    "distribution": "Debian",
    "distribution_version": "13.2",
    "distribution_major_version": "13",
    "date_time": {"date": "2026-11-23"},
}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def refused(facts: dict[str, Any] | None = None, **variables: Any) -> list[tuple[str, str]]:
    """Return requirement and variable of each refusal."""
    found = check_preflight({"preflight_tier": 2, **variables}, FACTS if facts is None else facts)
    assert all(refusal.remedy and refusal.needed for refusal in found)
    return [(refusal.requirement, refusal.variable) for refusal in found]


def test_good_settings() -> None:
    """What is right is not refused."""
    assert refused() == []
    assert (
        refused(
            preflight_tier="3",
            preflight_reach_targets=["https://a.example", "a.example:22"],
            preflight_http_proxy="http://user:pw@proxy.example:3128",
            preflight_tls_ca_certificates=[PEM],
            preflight_clock_tolerance_seconds=30,
            preflight_connects=5,
            preflight_connect_timeout="2.5",
        )
        == []
    )


@pytest.mark.parametrize("tier", [None, 4, "1", 0, "two"])
def test_tier(tier: object) -> None:
    """Only 2 and 3 are tiers of a node."""
    assert refused(preflight_tier=tier) == [("TIER-2", "preflight_tier")]


@pytest.mark.parametrize(
    ("facts", "good"),
    [
        ({}, True),
        ({**FACTS, "distribution_major_version": "11"}, False),
        ({**FACTS, "date_time": {"date": "2031-01-01"}}, False),
        ({**FACTS, "date_time": {"date": "no date"}}, True),
        ({**FACTS, "date_time": None}, True),
        ({"distribution": "Ubuntu", "distribution_version": "24.10", "distribution_major_version": "24"}, False),
        ({"distribution": "Ubuntu", "distribution_version": "26.04", "distribution_major_version": "26"}, True),
        ({"distribution": "Rocky", "distribution_version": "9.6", "distribution_major_version": "9"}, True),
        ({"distribution": "Debian", "distribution_version": "13"}, True),
        ({"distribution": "Fedora"}, False),
    ],
)
def test_system(facts: dict[str, Any], good: bool) -> None:
    """A system without security fixes is refused; one that is not known yet is not."""
    assert refused(facts) == ([] if good else [("OS-LTS", "operating system")])


def test_contract() -> None:
    """A contract lengthens the life of a system."""
    facts = {**FACTS, "date_time": {"date": "2031-01-01"}}
    assert refused(facts, preflight_extended_support=True) == []


@pytest.mark.parametrize(
    "target", ["ftp://a.example", "a.example", "https://user:secret@a.example", "user:secret@a.example:1"]
)
def test_targets(target: str) -> None:
    """A target that is none is refused, and a password in it is not shown."""
    (refusal,) = check_preflight({"preflight_tier": 2, "preflight_reach_targets": [target]}, FACTS)
    assert refusal.variable == "preflight_reach_targets"
    assert "secret" not in refusal.text()


@pytest.mark.parametrize("name", ["preflight_http_proxy", "preflight_https_proxy"])
@pytest.mark.parametrize("proxy", ["https://p:1", "p:3128", "http://", "http://p:x", "http://p:1/path"])
def test_proxy(proxy: str, name: str) -> None:
    """A proxy that is none is refused without being shown."""
    (refusal,) = check_preflight({"preflight_tier": 2, name: proxy}, FACTS)
    assert refusal.variable == name
    assert "hidden" in refusal.found


def test_certificates_and_numbers() -> None:
    """Certificates are PEM; numbers lie between their limits; other types are the spec's business."""
    assert refused(preflight_tls_ca_certificates=[PEM, "/etc/ssl/ca.pem"]) == [
        ("NET-REACH", "preflight_tls_ca_certificates")
    ]
    assert refused(preflight_clock_tolerance_seconds=3600, preflight_connects=0, preflight_connect_timeout="soon") == [
        ("OS-TIME", "preflight_clock_tolerance_seconds"),
        ("NET-REACH", "preflight_connects"),
    ]
    assert refused(preflight_reach_targets="a.example", preflight_connects=[1]) == []


def test_sizes_have_units() -> None:
    """A size without a unit is refused where it stands."""
    assert (
        refused(
            preflight_dataset_size="4TB", preflight_fitted={"memory": "64GB"}, preflight_stated={"shelf_spare": "4TB"}
        )
        == []
    )
    assert refused(
        preflight_dataset_size="4", preflight_fitted={"memory": "64G"}, preflight_stated={"shelf_spare": "two"}
    ) == [
        ("ST-DATA", "preflight_dataset_size"),
        ("OS-BOOT", "preflight_fitted.memory"),
        ("ST-SPARE", "preflight_stated.shelf_spare"),
    ]


def test_counts_and_waivers() -> None:
    """Nothing is less than nothing, and a waiver has a name, a reason and an end."""
    waiver = {"requirement": "HW-RAM", "by": "", "reason": "ordered", "until": "2026-12-31"}
    assert refused(preflight_fitted={"drives": 0, "links": -1}, preflight_waivers=[waiver]) == [
        ("OS-BOOT", "preflight_fitted.links"),
        ("HW-RAM", "preflight_waivers[0].by"),
    ]
    assert refused(preflight_hardware_timeout=0) == [("ST-HEALTH", "preflight_hardware_timeout")]


def test_network_targets() -> None:
    """A host with or without a port is right; what is neither is refused, without its password."""
    assert refused(preflight_network_targets=["192.0.2.53", "a.example:443", "https://a.example"]) == []
    found = refused(preflight_network_targets=["a b", "http://user:secret@a.example"])
    assert found == [("NET-REACH", "preflight_network_targets")] * 2
    (refusal,) = check_preflight(
        {"preflight_tier": 2, "preflight_network_targets": ["http://u:secret@a.example"]}, FACTS
    )
    assert "secret" not in refusal.text()


@pytest.mark.parametrize(
    ("peer", "good"),
    [
        ({}, True),
        ("a.example", True),  # refused by its spec
        ({"host": "a.example"}, True),
        ({"host": "2001:db8::1", "port": "5202"}, True),
        ({"host": ""}, False),
        ({"port": 5201}, False),
        ({"host": "a.example:5201"}, False),
        ({"host": "a.example", "port": 0}, False),
        ({"host": "a.example", "port": None}, True),
        ({"host": None, "port": None}, True),
        ({"host": "a.example", "port": "many"}, False),
    ],
)
def test_a_peer(peer: Any, good: bool) -> None:
    """A peer has a host and a port of its own."""
    assert refused(preflight_network_peer=peer) == ([] if good else [("NET-RATE", "preflight_network_peer")])


@pytest.mark.parametrize(
    ("rate", "limit", "good"),
    [(0, 0, True), (300, 0, True), (0, 100, True), (300, 300, True), (300, 299, False), ("many", 1, True)],
)
def test_a_limit_below_the_first_rate(rate: Any, limit: int, good: bool) -> None:
    """The limit is not below where it begins."""
    found = refused(preflight_network_rate_mbps=rate, preflight_network_rate_limit_mbps=limit)
    assert found == ([] if good else [("NET-RATE", "preflight_network_rate_limit_mbps")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", 1),
        ("seconds", 61),
        ("rate_mbps", -1),
        ("rate_limit_mbps", 40001),
        ("streams", 33),
        ("packets", 0),
        ("max_latency_ms", -1),
        ("max_loss_percent", 101),
    ],
)
def test_the_load_is_bounded(name: str, value: int) -> None:
    """Rates and times have ranges."""
    variables: dict[str, Any] = {f"preflight_network_{name}": value}
    assert [variable for _requirement, variable in refused(None, **variables)] == list(variables)
