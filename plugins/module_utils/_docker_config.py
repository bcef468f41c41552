# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the Docker daemon as data: what is safe, what belongs to whom, and what a change costs.

Pure: dictionaries and text in, dictionaries and text out.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

ACTIONS = ("none", "reload", "restart")

# Settings that hold unless the site says otherwise. json-file keeps `docker logs` and log shippers working, rotated so
# that no container fills the disk; live-restore keeps containers running while the daemon restarts or is upgraded.
SAFE_DEFAULTS: dict[str, Any] = {
    "live-restore": True,
    "log-driver": "json-file",
    "log-opts": {"max-file": "5", "max-size": "10m"},
}

_ROTATING_DRIVERS = ("json-file", "local")

# What dockerd takes over on SIGHUP (its daemon/reload.go). Everything else needs a restart.
RELOADABLE = frozenset(
    {
        "allow-nondistributable-artifacts",
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "network-diagnostic-port",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)

# Of those, the ones that fall back to their default when the key is gone; the others keep their last value on SIGHUP.
RELOADABLE_WHEN_REMOVED = frozenset(
    {
        "authorization-plugins",
        "features",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "network-diagnostic-port",
    }
)

# What the others have when nobody sets them, so that a reload can put them back before they are taken out of the file.
UNSET: dict[str, Any] = {
    "allow-nondistributable-artifacts": [],
    "debug": False,
    "insecure-registries": [],
    "labels": [],
    "live-restore": False,
    "registry-mirrors": [],
    "shutdown-timeout": 15,
}

_BOOLEANS = (
    "allow-direct-routing bridge-accept-fwmark containerd-snapshotter debug experimental firewall-backend-strict"
    " host-gateway icc init ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 live-restore"
    " no-new-privileges raw-logs selinux-enabled tls tlsverify userland-proxy"
)
_NUMBERS = (
    "max-concurrent-downloads max-concurrent-uploads max-download-attempts mtu network-control-plane-mtu"
    " network-diagnostic-port oom-score-adjust shutdown-timeout"
)
_LISTS = (
    "allow-nondistributable-artifacts authorization-plugins cdi-spec-dirs default-address-pools dns dns-opts dns-search"
    " exec-opts host-gateway-ips hosts insecure-registries labels node-generic-resources registry-mirrors storage-opts"
)
_MAPPINGS = "builder default-network-opts default-ulimits features log-opts proxies runtimes"
_TEXTS = (
    "api-cors-header bip bridge cgroup-parent containerd containerd-namespace containerd-plugin-namespace"
    " cpu-rt-period cpu-rt-runtime data-root default-cgroupns-mode default-gateway default-gateway-v6"
    " default-ipc-mode default-runtime default-shm-size exec-root fixed-cidr fixed-cidr-v6 firewall-backend group"
    " host-gateway-ip init-path ip log-driver log-format log-level metrics-addr pidfile seccomp-profile"
    " storage-driver swarm-default-advertise-addr tlscacert tlscert tlskey userland-proxy-path userns-remap"
)

KNOWN_KINDS: dict[str, str] = {
    **dict.fromkeys(_BOOLEANS.split(), "true or false"),
    **dict.fromkeys(_NUMBERS.split(), "a whole number"),
    **dict.fromkeys(_LISTS.split(), "a list"),
    **dict.fromkeys(_MAPPINGS.split(), "a mapping"),
    **dict.fromkeys(_TEXTS.split(), "a text"),
    "cpu-rt-period": "a whole number",
    "cpu-rt-runtime": "a whole number",
}

# Keys that must not stand in docker_daemon_options, with why and what to do instead.
OWNED_ELSEWHERE: dict[str, tuple[str, str]] = {
    "hosts": (
        "no such key: systemd hands the daemon its socket, and a second list of hosts stops it from starting",
        "leave the key out; nothing of this collection needs the daemon on the network",
    ),
    "default-address-pools": ("the pools stand in docker_address_pools", "set docker_address_pools instead"),
    "proxies": (
        "the proxy stands in docker_http_proxy and its sisters, where its password stays hidden",
        "set those variables instead",
    ),
    "pidfile": ("no such key: systemd finds the daemon itself", "leave the key out"),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a value the site gave."""

    key: str
    found: str
    needed: str
    remedy: str


@dataclass(frozen=True)
class Merge:
    """The daemon.json to be, and what of it changes."""

    config: dict[str, Any]
    owned: dict[str, Any]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    conflicts: tuple[str, ...]


def effective_options(
    options: Mapping[str, Any], pools: Sequence[Mapping[str, Any]], gentle: bool = False
) -> dict[str, Any]:
    """Return the settings that this node gets: the safe defaults, the address pools, and over them the site's own.

    A setting of the site that is null takes a safe default away. The rotation belongs to the drivers that know it,
    so another log driver drops it. On an engine that must not be restarted (`gentle`) only those defaults are asked for
    that a reload brings; what the site says itself is asked for anyway.
    """
    merged: dict[str, Any] = dict(SAFE_DEFAULTS)
    if str(options.get("log-driver", "json-file")) not in _ROTATING_DRIVERS:
        del merged["log-opts"]
    if pools:
        merged["default-address-pools"] = [dict(pool) for pool in pools]
    if gentle:
        merged = {key: value for key, value in merged.items() if key in RELOADABLE}
    merged.update(options)
    return {key: value for key, value in sorted(merged.items()) if value is not None}


def _is_kind(value: Any, kind: str) -> bool:
    if kind == "true or false":
        return isinstance(value, bool)
    if kind == "a whole number":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "a list":
        return isinstance(value, list)
    if kind == "a mapping":
        return isinstance(value, Mapping)
    return isinstance(value, str)


def option_problems(options: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the site's daemon options, key by key."""
    problems: list[Problem] = []
    for key, value in sorted(options.items(), key=lambda item: str(item[0])):
        if key in OWNED_ELSEWHERE:
            needed, remedy = OWNED_ELSEWHERE[key]
            problems.append(Problem(key, f"the key {key}", needed, remedy))
        elif key not in KNOWN_KINDS:
            near = difflib.get_close_matches(str(key), list(KNOWN_KINDS), n=1, cutoff=0.8)
            if near:
                problems.append(
                    Problem(
                        str(key), f"the key {key}", "a setting that dockerd knows", f"write {near[0]} if you meant it"
                    )
                )
        elif value is not None and not _is_kind(value, KNOWN_KINDS[key]):
            problems.append(Problem(key, f"{key}: {value!r}", f"{key} is {KNOWN_KINDS[key]}", "correct the value"))
        elif key == "log-opts" and value is not None and not all(isinstance(item, str) for item in value.values()):
            problems.append(
                Problem(key, f"{key}: {dict(value)!r}", "every log option is a text", "put the numbers in quotes")
            )
    return problems


def parse_config(text: str) -> dict[str, Any] | None:
    """Read a daemon.json; an empty one is an empty mapping, None when it cannot be read."""
    if not text.strip():
        return {}
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


def render(config: Mapping[str, Any]) -> str:
    """Return a daemon.json as text that is the same for the same content."""
    return json.dumps(config, indent=2, sort_keys=True) + "\n"


def _yielding(existing: Mapping[str, Any], owned: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return our settings without the defaults that someone else has already decided otherwise."""
    theirs = {key for key in options if key in existing and key not in owned and existing[key] != options[key]}
    if "log-driver" in theirs and existing["log-driver"] not in _ROTATING_DRIVERS:
        theirs.add("log-opts")
    return {key: value for key, value in options.items() if key not in theirs}


def merge(
    existing: Mapping[str, Any], owned: Mapping[str, Any], options: Mapping[str, Any], explicit: Collection[str]
) -> Merge:
    """Put our settings over what is there.

    `owned` is what this role wrote the last time. A key that is there, is not in `owned` and differs from ours
    belongs to someone else: when the site said it in words (`explicit`) it is a conflict, when it is only a default
    of ours, theirs stays. A key that we wrote and no longer want goes.
    """
    said = {key: value for key, value in options.items() if key in explicit}
    defaults = {key: value for key, value in options.items() if key not in explicit}
    wanted = {**_yielding(existing, owned, defaults), **said}
    conflicts = tuple(
        key for key in sorted(said) if key in existing and key not in owned and existing[key] != said[key]
    )
    removed = tuple(sorted(key for key in owned if key not in wanted and key in existing))
    changed = tuple(key for key in sorted(wanted) if key not in existing or existing[key] != wanted[key])
    config = {key: value for key, value in existing.items() if key not in removed}
    config.update(wanted)
    # A key that someone else had already set to our value stays theirs, so that taking the role away leaves it.
    ours = {key: value for key, value in wanted.items() if key not in existing or key in owned}
    return Merge(config, ours, changed, removed, conflicts)


def stepping_stone(existing: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the settings to reload before a restart, so that it keeps the containers; None when there is no need.

    A daemon that has not live-restore yet would stop every container when it restarts, but takes it over on SIGHUP.
    """
    if config.get("live-restore") is True and existing.get("live-restore") is not True:
        return {**existing, "live-restore": True}
    return None


def farewell(existing: Mapping[str, Any], removed: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the settings to reload before keys of ours are taken out of a daemon that must not restart.

    Beside them the keys that no reload puts back: they are out of the file, and stay in force until the next start.
    """
    between = {key: value for key, value in existing.items() if key not in removed}
    between.update({key: UNSET[key] for key in removed if key in UNSET})
    return between, [key for key in removed if key not in UNSET and key not in RELOADABLE_WHEN_REMOVED]


def action_for(changed: Sequence[str], removed: Sequence[str], environment_changed: bool = False) -> str:
    """Say what makes the daemon take the change over: nothing, a reload (SIGHUP) or a restart."""
    if environment_changed:
        return "restart"
    if any(key not in RELOADABLE for key in changed) or any(key not in RELOADABLE_WHEN_REMOVED for key in removed):
        return "restart"
    return "reload" if changed or removed else "none"


def stronger(first: str, second: str) -> str:
    """Return the action that does the work of both; an unknown one counts as a restart."""
    ranks = [ACTIONS.index(name) if name in ACTIONS else len(ACTIONS) - 1 for name in (first, second)]
    return ACTIONS[max(ranks)]


def proxy_environment(http: str, https: str, no_proxy: str) -> dict[str, str]:
    """Return the environment that makes the daemon use the site's proxy."""
    pairs = {"HTTP_PROXY": http, "HTTPS_PROXY": https, "NO_PROXY": no_proxy}
    return {key: value for key, value in pairs.items() if value}


def trust_stamp(certificates: Sequence[str]) -> str:
    """Return what tells one set of trusted authorities from another; nothing for none."""
    texts = sorted("".join(text.split()) for text in certificates)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] if texts else ""


def render_environment(environment: Mapping[str, str], stamp: str = "") -> str:
    """Return a file for systemd's EnvironmentFile=.

    The daemon reads the system's authorities once, when it starts: the stamp changes the file when they change.
    """
    lines = ["# Managed by the Ansible collection eucaim.local_node, role docker."]
    lines += [f"# Started with the site's authorities {stamp}."] if stamp else []
    for key, value in sorted(environment.items()):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{key}="{escaped}"')
    return "\n".join(lines) + "\n"


def render_drop_in(environment_file: str) -> str:
    """Return the unit's drop-in: it names the file only, because anyone may read a unit's settings."""
    return (
        "# Managed by the Ansible collection eucaim.local_node, role docker.\n"
        "[Service]\n"
        f"EnvironmentFile={environment_file}\n"
    )


def hide_credentials(url: str) -> str:
    """Return a URL without the name and password in it."""
    return re.sub(r"//[^/@]*@", "//(hidden)@", url)


def proxy_problem(url: str) -> str:
    """Say what is wrong with a proxy's URL; empty when it is right."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return "a URL has no white space in it"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "the port is a number between 1 and 65535"
    if parts.scheme not in ("http", "https"):
        return "a proxy's URL begins with http:// or https://"
    if not parts.hostname:
        return "a proxy's URL names a host"
    if port == 0:
        return "the port is a number between 1 and 65535"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "a proxy's URL ends after host and port"
    return ""
