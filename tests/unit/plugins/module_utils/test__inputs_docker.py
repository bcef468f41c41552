# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role docker refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_docker import check_docker
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import FINGERPRINT, KEY, STRANGER

DEFAULTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[4] / "roles/docker/defaults/main.yml").read_text(encoding="utf-8")
)
# What refers to the site's own settings, on a site that has none.
DEFAULTS |= dict.fromkeys(("docker_http_proxy", "docker_https_proxy", "docker_no_proxy"), "") | {
    "docker_ca_certificates": []
}
DEBIAN = {
    "distribution": "Debian",
    "distribution_major_version": "13",
    "routes": [{"dst": "default", "dev": "eth0"}, {"dst": "172.30.78.0/24", "dev": "eth0"}],
}
MIRROR = {
    "docker_source": "mirror",
    "docker_mirror_url": "https://mirror.example/docker",
    "docker_key_fingerprint": FINGERPRINT,
    "docker_key": KEY,
}


def refused(facts: dict[str, Any] | None = None, **variables: Any) -> list[tuple[str, str]]:
    """Return which variables are refused, and the whole text."""
    found = check_docker({**DEFAULTS, **variables}, DEBIAN if facts is None else facts)
    return [(refusal.variable, refusal.text()) for refusal in found]


def test_the_defaults_work() -> None:
    assert refused() == []


def test_a_role_without_facts_and_variables_does_not_fall_over() -> None:
    assert check_docker({}, {}) == []


@pytest.mark.parametrize(
    "variables",
    [
        {"docker_source": "upstream"},
        MIRROR,
        {**MIRROR, "docker_key": "", "docker_key_url": "https://mirror.example/key"},
        {"docker_version": "26.1.5"},
        {"docker_http_proxy": "http://me:secret@proxy.example:3128", "docker_no_proxy": ".local"},
        {"docker_users": ["operator", "_svc"]},
        {"docker_daemon_options": {"bip": "172.24.0.1/24", "debug": True}},
        {"docker_key": KEY},
    ],
)
def test_what_is_accepted(variables: dict[str, Any]) -> None:
    assert refused(**variables) == []


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"docker_source": "snap"}, "docker_source", "one of upstream, distribution, mirror"),
        ({**MIRROR, "docker_mirror_url": ""}, "docker_mirror_url", "URL of the mirror"),
        ({**MIRROR, "docker_mirror_url": "ftp://x"}, "docker_mirror_url", "URL of the mirror"),
        ({**MIRROR, "docker_mirror_url": "http://a b"}, "docker_mirror_url", "URL of the mirror"),
        ({**MIRROR, "docker_key_fingerprint": "", "docker_key": ""}, "docker_key_fingerprint", "another way"),
        ({**MIRROR, "docker_key": ""}, "docker_key", "neither"),
        ({"docker_key_fingerprint": "0EBFCD88"}, "docker_key_fingerprint", "short key id"),
        ({"docker_key": "hello"}, "docker_key", "a text of 5 characters"),
        ({**MIRROR, "docker_key": STRANGER}, "docker_key", "do not trust"),
        ({"docker_version": "latest"}, "docker_version", "28.1.1"),
        ({"docker_address_pools": [{"base": "10.0.0.0/8"}]}, "docker_address_pools", "exactly the keys"),
        (
            {"docker_address_pools": [{"base": "172.28.0.0/14", "size": 24}]},
            "docker_address_pools",
            "172.28.0.0/14, while the node reaches 172.30.78.0/24 through eth0",
        ),
        (
            {"docker_address_pools": [{"base": "10.0.0.0/8", "size": 24}, {"base": "10.1.0.0/16", "size": 24}]},
            "docker_address_pools",
            "10.0.0.0/8 and 10.1.0.0/16",
        ),
        ({"docker_daemon_options": {"bip": "172.30.78.5/24"}}, "docker_daemon_options", "172.30.78.0/24"),
        ({"docker_daemon_options": {"bip": "here"}}, "docker_daemon_options", "prefix length"),
        ({"docker_daemon_options": {"hosts": []}}, "docker_daemon_options", "systemd"),
        ({"docker_http_proxy": "proxy:3128"}, "docker_http_proxy", "begins with"),
        ({"docker_https_proxy": "http://me:planted-secret@/"}, "docker_https_proxy", "hidden"),
        ({"docker_no_proxy": "a\nb"}, "docker_no_proxy", "one line"),
        ({"docker_users": ["Dr House"]}, "docker_users", "lower-case"),
        ({"docker_users": ["a", "a"]}, "docker_users", "each user once"),
    ],
)
def test_what_is_refused(variables: dict[str, Any], variable: str, words: str) -> None:
    found = refused(**variables)
    assert variable in [name for name, _text in found]
    text = "\n".join(text for name, text in found if name == variable)
    assert words in text
    assert "planted-secret" not in text


@pytest.mark.parametrize(
    ("distribution", "release", "variables", "words"),
    [
        ("Debian", "12", {}, "Compose v2"),
        ("Debian", "12", {"docker_existing_engine": "adopt"}, ""),
        ("Debian", "12", {"docker_engine_packages": ["docker.io"]}, ""),
        ("Debian", "13", {}, ""),
        ("Debian", "forky/sid", {}, ""),
        ("Ubuntu", "24", {}, ""),
        ("Rocky", "9", {}, "Compose v2"),
        ("Rocky", "9", {"docker_source": "upstream"}, ""),
        ("Alpine", "3", {"docker_source": "upstream"}, "publishes packages"),
        ("Alpine", "3", MIRROR, ""),
    ],
)
def test_distributions(distribution: str, release: str, variables: dict[str, Any], words: str) -> None:
    found = refused({"distribution": distribution, "distribution_major_version": release}, **variables)
    assert words in "".join(text for _name, text in found)
    assert bool(found) == bool(words)


def test_the_engine_that_is_there_is_judged_too() -> None:
    foreign = Look(owner="foreign", flavour="package docker.io 26")
    assert [variable for variable, _text in refused({**DEBIAN, "engine": foreign})] == ["docker_existing_engine"]
    assert refused({**DEBIAN, "engine": foreign}, docker_existing_engine="adopt") == []


def test_an_adopted_engine_keeps_its_pools() -> None:
    facts = {**DEBIAN, "engine": Look(owner="foreign")}
    pools = {"docker_existing_engine": "adopt", "docker_address_pools": [{"base": "172.30.0.0/16", "size": 24}]}
    assert refused(facts, **pools) == []
    assert "docker_address_pools" in refused(facts, **pools, docker_restart_adopted=True)[0][0]


def test_nothing_to_adopt_needs_packages() -> None:
    bookworm = {**DEBIAN, "distribution_major_version": "12"}
    assert refused({**bookworm, "engine": Look(owner="foreign")}, docker_existing_engine="adopt") == []
    assert refused(bookworm, docker_existing_engine="adopt") == []
    assert "docker_source" in refused({**bookworm, "engine": Look(owner="none")}, docker_existing_engine="adopt")[0][0]
