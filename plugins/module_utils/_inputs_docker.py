# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role docker refuses before it changes anything.

Pure: the role's variables and the node's facts in, refusals out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.eucaim.local_node.plugins.module_utils._docker_config import (
    hide_credentials,
    option_problems,
    proxy_problem,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import (
    Look,
    engine_refusals,
    is_adopted,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._networks import (
    mutual_conflicts,
    parse_interface,
    pool_problem,
    route_conflicts,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._openpgp import (
    KeyFormatError,
    normalise_fingerprint,
    read_keys,
    unexpected,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._package_source import is_version
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

SOURCES = ("upstream", "distribution", "mirror")
# Distributions for which Docker has a repository of its own.
UPSTREAM = ("AlmaLinux", "CentOS", "Debian", "OracleLinux", "RedHat", "Rocky", "Ubuntu")
# Distributions whose own packages bring Compose v2; the number is the first release that does.
WITH_COMPOSE = {"Debian": 13, "Ubuntu": 22}
_USER = re.compile(r"^[a-z_][a-z0-9_-]{0,31}$")


def _check_source(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    source = variables.get("docker_source", "distribution")
    distribution = str(facts.get("distribution", ""))
    release = str(facts.get("distribution_major_version", ""))
    if source not in SOURCES:
        return [
            Refusal("CT-DOCKER", "docker_source", shown(source), f"one of {', '.join(SOURCES)}", "choose one of them")
        ]
    if source == "mirror":
        return _check_mirror(variables)
    if source == "upstream" and distribution and distribution not in UPSTREAM:
        return [
            Refusal(
                "CT-DOCKER",
                "docker_source",
                f"upstream on {distribution} {release}",
                f"a distribution for which Docker publishes packages ({', '.join(UPSTREAM)})",
                "use one of those, or a mirror that has packages for this one",
            )
        ]
    adopt = _may_adopt(variables, facts)
    if source == "distribution" and distribution and not adopt and not variables.get("docker_engine_packages"):
        first = WITH_COMPOSE.get(distribution)
        if first is None or (release.isdigit() and int(release) < first):
            return [
                Refusal(
                    "CT-DOCKER",
                    "docker_source",
                    f"distribution on {distribution} {release}",
                    "packages of the distribution that bring Compose v2 (Debian 13, Ubuntu 22.04, or newer)",
                    "set docker_source to upstream (Docker's own repository) or to mirror (a repository of your site)",
                )
            ]
    return []


def _may_adopt(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Say whether no packages are needed, because an engine is there to adopt, or may be there."""
    look = facts.get("engine")
    wanted = variables.get("docker_existing_engine") == "adopt"
    return wanted and (not isinstance(look, Look) or look.owner in ("foreign", "unknown"))


def _check_mirror(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals: list[Refusal] = []
    url = str(variables.get("docker_mirror_url") or "")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url):
        refusals.append(
            Refusal(
                "CT-DOCKER",
                "docker_mirror_url",
                shown(hide_credentials(url)),
                "the http or https URL of the mirror, because docker_source is mirror",
                "set docker_mirror_url to the URL that stands before dists/ or repodata/",
            )
        )
    if not variables.get("docker_key_fingerprint"):
        refusals.append(
            Refusal(
                "CT-DOCKER",
                "docker_key_fingerprint",
                "nothing",
                "the fingerprint of the mirror's key, because docker_source is mirror",
                "ask whoever runs the mirror for it over another way than the mirror itself",
            )
        )
    if not variables.get("docker_key") and not variables.get("docker_key_url"):
        refusals.append(
            Refusal(
                "CT-DOCKER",
                "docker_key",
                "neither docker_key nor docker_key_url",
                "the mirror's key or the URL of it, because docker_source is mirror",
                "set docker_key_url, or docker_key to the armoured key itself",
            )
        )
    return refusals


def _check_key(variables: Mapping[str, Any]) -> list[Refusal]:
    fingerprint = str(variables.get("docker_key_fingerprint") or "")
    if fingerprint:
        try:
            normalise_fingerprint(fingerprint)
        except KeyFormatError:
            return [
                Refusal(
                    "CT-DOCKER",
                    "docker_key_fingerprint",
                    shown(fingerprint),
                    "the 40 hexadecimal digits of an OpenPGP key's fingerprint (spaces are allowed)",
                    "copy it from where the repository's owner publishes it; a short key id is not enough",
                )
            ]
    key = str(variables.get("docker_key") or "")
    if not key:
        return []
    try:
        keys = read_keys(key.encode())
    except KeyFormatError as error:
        return [
            Refusal(
                "CT-DOCKER",
                "docker_key",
                f"a text of {len(key)} characters: {error}",
                "an armoured OpenPGP public key",
                "give the whole file, its first and last line included",
            )
        ]
    strangers = unexpected(keys, fingerprint) if fingerprint else ()
    if strangers:
        return [
            Refusal(
                "CT-DOCKER",
                "docker_key",
                f"a key with the fingerprint {', '.join(strangers)}",
                f"the key with the fingerprint {fingerprint} and no other",
                "do not trust this key; compare the fingerprint with what its owner publishes",
            )
        ]
    return []


def _check_version(variables: Mapping[str, Any]) -> list[Refusal]:
    version = variables.get("docker_version") or ""
    if not version or is_version(str(version)):
        return []
    return [
        Refusal(
            "CT-DOCKER",
            "docker_version",
            shown(version),
            "a version of the engine such as 28.1.1, or empty for the newest",
            "look it up with: apt-cache madison docker-ce (or docker.io)",
        )
    ]


def _check_pools(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    pools = variables.get("docker_address_pools") or []
    refusals = [
        Refusal("CT-DOCKER", "docker_address_pools", shown(pool), problem, "correct the pool")
        for pool, problem in ((pool, pool_problem(pool)) for pool in pools)
        if problem
    ]
    if refusals or _keeps_pools(variables, facts):
        return refusals
    networks = [str(pool["base"]) for pool in pools]
    return _overlaps("docker_address_pools", networks, facts.get("routes") or [])


def _keeps_pools(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Say whether the engine is someone else's and keeps its own pools, since new ones need a restart."""
    look = facts.get("engine")
    return isinstance(look, Look) and is_adopted(variables, look) and not variables.get("docker_restart_adopted")


def _check_engine(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    look = facts.get("engine")
    return engine_refusals(variables, look) if isinstance(look, Look) else []


def _check_bip(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    bip = (variables.get("docker_daemon_options") or {}).get("bip")
    if not isinstance(bip, str):
        return []
    network = parse_interface(bip)
    if network:
        return _overlaps("docker_daemon_options", [network], facts.get("routes") or [])
    return [
        Refusal(
            "CT-DOCKER",
            "docker_daemon_options",
            f"bip: {shown(bip)}",
            "the bridge's address with its prefix length, such as 172.24.0.1/24",
            "correct the value, or leave the key out: docker_address_pools covers the bridge too",
        )
    ]


def _overlaps(variable: str, networks: Sequence[str], routes: Sequence[Mapping[str, Any]]) -> list[Refusal]:
    refusals = [
        Refusal(
            "CT-DOCKER",
            variable,
            f"{conflict.network} and {conflict.other}, which overlap",
            "networks that do not share addresses",
            "change one of the two",
        )
        for conflict in mutual_conflicts(networks)
    ]
    refusals.extend(
        Refusal(
            "CT-DOCKER",
            variable,
            f"{conflict.network}, while the node reaches {conflict.other} through {conflict.device}",
            "networks for containers that do not hide a network the node has to reach",
            f"choose a range that your site does not use instead of {conflict.network}",
        )
        for conflict in route_conflicts(networks, routes)
    )
    return refusals


def _check_options(variables: Mapping[str, Any]) -> list[Refusal]:
    options = variables.get("docker_daemon_options") or {}
    return [
        Refusal("CT-DOCKER", "docker_daemon_options", problem.found, problem.needed, problem.remedy)
        for problem in option_problems(options)
    ]


def _check_proxies(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals: list[Refusal] = []
    for name in ("docker_http_proxy", "docker_https_proxy"):
        url = str(variables.get(name) or "")
        problem = proxy_problem(url) if url else ""
        if problem:
            refusals.append(
                Refusal(
                    "CT-DOCKER",
                    name,
                    f"a value of {len(url)} characters (hidden, it may hold a password)",
                    f"a proxy's URL such as http://proxy.hospital.example:3128: {problem}",
                    "correct it; write special characters of a password as %XX",
                )
            )
    no_proxy = str(variables.get("docker_no_proxy") or "")
    if re.search(r"[\x00-\x1f\x7f]", no_proxy):
        refusals.append(
            Refusal("CT-DOCKER", "docker_no_proxy", shown(no_proxy), "one line", "separate the names with commas")
        )
    return refusals


def _check_users(variables: Mapping[str, Any]) -> list[Refusal]:
    users = variables.get("docker_users") or []
    refusals = [
        Refusal(
            "CT-GROUP",
            "docker_users",
            shown(user),
            "the name of a user: lower-case letters, digits, - and _, at most 32 characters",
            "correct the name",
        )
        for user in users
        if not _USER.match(str(user))
    ]
    counted: dict[str, int] = {}
    for user in users:
        counted[str(user)] = counted.get(str(user), 0) + 1
    refusals.extend(
        Refusal("CT-GROUP", "docker_users", f"{user} {count} times", "each user once", "keep one of them")
        for user, count in sorted(counted.items())
        if count > 1
    )
    return refusals


def check_docker(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Return every reason why the role docker would not start."""
    return [
        *_check_source(variables, facts),
        *_check_key(variables),
        *_check_version(variables),
        *_check_pools(variables, facts),
        *_check_options(variables),
        *_check_bip(variables, facts),
        *_check_proxies(variables),
        *_check_users(variables),
        *_check_engine(variables, facts),
    ]
