# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that is already there: what was seen of it, and why it cannot be used, in words.

Private to this collection: nothing outside may import it. Pure: the output of programs in, a look and refusals out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_config as config
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_engine import Package
from ansible_collections.eucaim.local_node.plugins.module_utils._networks import overlap, parse_network
from ansible_collections.eucaim.local_node.plugins.module_utils._package_source import has_version
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

# What Debian 12 carries, and what community.docker asks of Compose.
OLDEST_ENGINE = (20, 10)
OLDEST_COMPOSE = (2, 18)
LONGEST_LIST = 8

SERVICE = "docker.service"
SOCKET_UNIT = "docker.socket"
# Whoever runs one of these has given the machine, and its containerd, to Kubernetes.
ORCHESTRATORS = (
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
    "snap.microk8s.daemon-kubelite.service",
    "snap.k8s.kubelet.service",
)
CONTAINERD_PACKAGES = ("containerd", "containerd.io")
PROJECT_LABEL = "com.docker.compose.project"
OWN_LABEL = "eu.eucaim.local_node"
COMPOSE_PACKAGES = "docker-compose-plugin (Docker's own), docker-compose (Debian 13) or docker-compose-v2 (Ubuntu)"

Text = Mapping[str, Any]


@dataclass(frozen=True)
class Look:
    """What was seen of the engines of a node; what could not be seen stays empty."""

    owner: str = "unknown"  # none, ours, foreign, unusable, or unknown without the rights to say
    flavour: str = ""
    orchestrators: Sequence[str] = ()
    containerd: str = ""
    unit: Text = field(default_factory=dict)
    socket: Text = field(default_factory=dict)
    asked: bool = False
    complaint: str = ""
    version: str = ""
    compose: str = ""
    traits: Sequence[str] = ()
    containers: Sequence[Text] = ()
    networks: Sequence[Text] = ()
    settings_state: str = "absent"  # absent, read, broken
    settings: Text = field(default_factory=dict)
    owned: Text = field(default_factory=dict)
    created: bool = False
    proxied: bool = False
    exposed: Sequence[str] = ()
    rootless: Sequence[str] = ()
    firewalled: bool = False  # our firewall is there already, so that no port is closed by its first coming


def look_from(answer: Mapping[str, Any]) -> Look:
    """Return the look that the module docker_engine_info answered with."""
    return Look(**{item.name: answer[item.name] for item in fields(Look) if item.name in answer})


# ------------------------------------------------------------------------------------------------ reading


def parse_units(text: str) -> dict[str, dict[str, str]]:
    """Read `systemctl show` of several units, by their id."""
    found: dict[str, dict[str, str]] = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if unit.get("Id"):
            found[unit["Id"]] = unit
    return found


def orchestrators_in(units: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the units of Kubernetes that run or would run at the next boot."""
    return [
        name
        for name in ORCHESTRATORS
        if units.get(name, {}).get("LoadState") == "loaded"
        and (
            units[name].get("ActiveState") in ("active", "activating", "reloading")
            or units[name].get("UnitFileState", "").startswith("enabled")
        )
    ]


def foreign_containerd(packages: Mapping[str, Package], ours: Iterable[str]) -> str:
    """Return the containerd package that someone installed without Docker; empty when there is none or it is ours."""
    if list(ours):
        return ""
    there = [packages[name] for name in CONTAINERD_PACKAGES if name in packages and packages[name].installed]
    return ", ".join(f"package {package.name} {package.version}" for package in there)


def parse_info(text: str) -> tuple[str, list[str], str]:
    """Read `docker info --format '{{json .}}'`: the engine's version, its traits, and its complaint."""
    try:
        info = json.loads(text or "{}")
    except ValueError:
        return "", [], "its answer is no JSON"
    security = [str(item) for item in info.get("SecurityOptions") or []]
    traits = [name for name in ("rootless", "userns") if any(f"name={name}" in item for item in security)]
    if (info.get("Swarm") or {}).get("LocalNodeState") == "active":
        traits.append("swarm")
    return str(info.get("ServerVersion") or ""), traits, "; ".join(info.get("ServerErrors") or [])


def parse_containers(text: str) -> list[dict[str, str]]:
    """Read `docker ps` with name, state, Compose project and ports in columns."""
    found = []
    for line in text.splitlines():
        columns = line.split("\t")
        if len(columns) == 4:
            found.append(dict(zip(("name", "state", "project", "ports"), columns)))
    return found


def parse_networks(text: str) -> list[dict[str, Any]]:
    """Read `docker network inspect` with name, our label and subnets in columns."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        columns = line.split("\t")
        if len(columns) == 3:
            found.append({"name": columns[0], "ours": bool(columns[1]), "subnets": columns[2].split()})
    return found


def open_sockets(settings: Mapping[str, Any], arguments: Sequence[str]) -> list[str]:
    """Return where a daemon listens on the network without asking for a client's certificate."""
    hosts = [str(host) for host in settings.get("hosts") or []]
    for position, word in enumerate(arguments):
        name, separator, value = word.partition("=")
        if name in ("-H", "--host"):
            hosts.append(value if separator else "".join(arguments[position + 1 : position + 2]))
        elif word.startswith("-H"):
            hosts.append(word[2:])
    verified = settings.get("tlsverify") is True or any(
        word == "--tlsverify" or (word.startswith("--tlsverify=") and word != "--tlsverify=false") for word in arguments
    )
    return [] if verified else sorted({host for host in hosts if host.startswith("tcp:")})


def without_credentials(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which no proxy has a name and password any more."""
    safe = dict(settings)
    if isinstance(safe.get("proxies"), Mapping):
        safe["proxies"] = {key: config.hide_credentials(str(value)) for key, value in safe["proxies"].items()}
    return safe


# ----------------------------------------------------------------------------------------------- judging


def in_use(look: Look) -> str:
    """Return what runs on an engine, for a person; empty when nothing does or it is not known."""
    running = [
        f"{item['name']} ({item['ports']})" if item["ports"] else str(item["name"])
        for item in look.containers
        if item["state"] == "running"
    ]
    if not running:
        return ""
    more = f" and {len(running) - LONGEST_LIST} more" if len(running) > LONGEST_LIST else ""
    return f"; running on it: {', '.join(running[:LONGEST_LIST])}{more}"


def is_adopted(variables: Mapping[str, Any], look: Look) -> bool:
    """Say whether there is an engine of someone else, and the site wants it used."""
    return look.owner == "foreign" and variables.get("docker_existing_engine") == "adopt"


def engine_refusals(variables: Mapping[str, Any], look: Look) -> list[Refusal]:
    """Return why the engine that is there, or what is there in its place, cannot be used or joined."""
    if look.owner in ("ours", "unknown"):
        return []
    never = _never(look)
    if never:
        return never
    if look.owner == "none":
        return _settings(variables, look)
    if not is_adopted(variables, look):
        return [
            _refusal(
                f"an engine that this collection did not install ({look.flavour}{in_use(look)})",
                "a node without an engine, or the word that the one there is to be used as it is",
                "set docker_existing_engine to adopt (its packages stay untouched, its settings are merged, its "
                "containers keep running), or take the engine away yourself first",
            )
        ]
    return [*_unit(look), *_answer(variables, look), *_settings(variables, look), *_restart(variables, look)]


def _refusal(found: str, needed: str, remedy: str, variable: str = "docker_existing_engine") -> Refusal:
    return Refusal("CT-DOCKER", variable, found, needed, remedy)


def _never(look: Look) -> list[Refusal]:
    """What this collection never works beside or on, whatever the site says."""
    refusals = []
    if look.orchestrators:
        refusals.append(
            _refusal(
                f"a node of Kubernetes ({', '.join(look.orchestrators)})",
                "a machine whose containers no other orchestrator manages",
                "use another machine; Docker beside a kubelet would share its containerd, its rules and its disk",
            )
        )
    if look.owner == "unusable" and "snap" in look.flavour:
        refusals.append(
            _refusal(
                f"Docker as a snap ({look.flavour})",
                "an engine that may read /etc/eucaim and /opt/eucaim, which a snap's confinement forbids",
                "move its containers to Docker's or the distribution's packages (snap remove docker takes its data "
                "away), or use another machine",
            )
        )
    elif look.owner == "unusable":
        refusals.append(
            _refusal(
                f"a command docker that is Podman's ({look.flavour})",
                "Docker's own command: what Podman answers in its place has no Compose and no daemon",
                "remove the package podman-docker (Podman and its containers stay as they are), then run again",
            )
        )
    if look.owner == "none" and look.containerd:
        refusals.append(
            _refusal(
                f"a containerd without Docker ({look.containerd})",
                "a node on which installing Docker neither replaces nor shares the containerd of someone else",
                "install Docker there yourself and set docker_existing_engine to adopt, or use another machine",
            )
        )
    return refusals


def _unit(look: Look) -> list[Refusal]:
    """An engine that its owner has stopped, masked or not enabled is not started by us."""
    state = str(look.unit.get("ActiveState", ""))
    enabled = str(look.unit.get("UnitFileState", ""))
    if not look.unit:
        return []
    if look.unit.get("LoadState") == "masked" or enabled.startswith("masked"):
        found, remedy = "is masked", f"systemctl unmask {SERVICE} && systemctl enable --now {SERVICE}"
    elif look.unit.get("LoadState") != "loaded":
        found, remedy = "is not there", "start the engine by a systemd unit of this name"
    elif state != "active":
        found, remedy = f"is {state or 'not running'}", f"systemctl enable --now {SERVICE}"
        if look.socket.get("ActiveState") == "active":
            found += f" ({SOCKET_UNIT} would start it at its first use)"
    elif not enabled.startswith("enabled"):
        found, remedy = f"runs, but is {enabled or 'not enabled'}", f"systemctl enable {SERVICE}"
    else:
        return []
    if look.rootless:
        found += f"; there is a rootless engine of {', '.join(look.rootless)}, which cannot be used"
    return [
        _refusal(
            f"an engine to adopt whose unit {SERVICE} {found}",
            "an engine that runs, and runs again after the next boot; one of someone else is never started for them",
            f"{remedy}, if its containers may start" if "enable --now" in remedy else remedy,
        )
    ]


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"\d+(?:\.\d+)+", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _answer(variables: Mapping[str, Any], look: Look) -> list[Refusal]:
    """What the engine said of itself, where it was asked."""
    if not look.asked:
        return []
    if not look.version:
        return [
            _refusal(
                f"an engine that does not answer ({look.complaint or 'no reason given'})",
                "an engine that answers on /run/docker.sock",
                "bring it back (journalctl -u docker), then run again",
            )
        ]
    refusals = []
    if _numbers(look.version) < OLDEST_ENGINE:
        refusals.append(
            _refusal(
                f"engine {look.version}",
                f"version {'.'.join(map(str, OLDEST_ENGINE))} or later",
                "upgrade it at a time that suits its containers",
            )
        )
    wanted = str(variables.get("docker_version") or "")
    if not has_version(look.version, wanted):
        refusals.append(
            _refusal(
                wanted,
                f"the version of the engine that is adopted, {look.version}",
                "leave docker_version empty: the packages of an adopted engine are never changed",
                "docker_version",
            )
        )
    if _numbers(look.compose) < OLDEST_COMPOSE:
        refusals.append(
            _refusal(
                f"Docker Compose {look.compose}" if look.compose else "an engine without Docker Compose v2",
                f"the command docker compose, version {'.'.join(map(str, OLDEST_COMPOSE))} or later",
                f"install the package that brings it, {COMPOSE_PACKAGES}; the engine is not restarted by that",
            )
        )
    return refusals + _traits(variables, look)


def _traits(variables: Mapping[str, Any], look: Look) -> list[Refusal]:
    options = variables.get("docker_daemon_options") or {}
    refusals = []
    if "rootless" in look.traits:
        refusals.append(
            _refusal(
                "a rootless engine on /run/docker.sock",
                "an engine of root, whose containers may read the keys below /etc/eucaim",
                "leave the rootless engine to its user and install or adopt one of root",
            )
        )
    if "userns" in look.traits:
        refusals.append(
            _refusal(
                "an engine that maps users (userns-remap)",
                "an engine whose containers may read the keys below /etc/eucaim, which only root can",
                "use another machine: taking userns-remap out hides all images and containers that are there",
            )
        )
    if "swarm" in look.traits and options.get("live-restore", True) is not None:
        refusals.append(
            _refusal(
                "an engine that is a member of a swarm",
                "settings that a swarm can have: live-restore is none of them",
                "set docker_daemon_options to {live-restore: null}",
                "docker_daemon_options",
            )
        )
    if look.settings.get("iptables") is False and options.get("iptables") is not False:
        refusals.append(
            _refusal(
                "iptables: false in its settings, so that Docker makes no rules and containers reach nothing by them",
                "the word that the site's own rules let containers out to the broker",
                "add iptables: false to docker_daemon_options when they do",
                "docker_daemon_options",
            )
        )
    return refusals


def _settings(variables: Mapping[str, Any], look: Look) -> list[Refusal]:
    """What stands in the settings of the daemon already, against what the site wants."""
    if look.settings_state == "broken" and not look.created:
        return [
            _refusal(
                "a daemon.json that is no JSON and was not written by this collection",
                "a file that can be read, so that what stands in it is kept",
                "repair the file /etc/docker/daemon.json, or take it away",
                "docker_daemon_options",
            )
        ]
    if look.owner == "none" and "hosts" in look.settings:
        return [
            _refusal(
                "hosts in a daemon.json that is there without an engine",
                "settings with which the engine can start: systemd hands it its socket, and it takes no second list",
                "take the key out of /etc/docker/daemon.json, or the file away",
                "docker_daemon_options",
            )
        ]
    merge = _merge(variables, look)
    if not merge.conflicts:
        return []
    options = variables.get("docker_daemon_options") or {}
    return [
        _refusal(
            ", ".join(f"{key} = {json.dumps(look.settings[key])}" for key in merge.conflicts)
            + " in /etc/docker/daemon.json, put there by someone else",
            ", ".join(f"{key} = {json.dumps(options[key])}" for key in merge.conflicts),
            "set the value that is there in docker_daemon_options, or take the key out of the file",
            "docker_daemon_options",
        )
    ]


def _merge(variables: Mapping[str, Any], look: Look) -> config.Merge:
    options = variables.get("docker_daemon_options") or {}
    gentle = is_adopted(variables, look) and not variables.get("docker_restart_adopted")
    wanted = config.effective_options(options, variables.get("docker_address_pools") or [], gentle)
    return config.merge(look.settings, look.owned, wanted, list(options))


def _restart(variables: Mapping[str, Any], look: Look) -> list[Refusal]:
    """A setting that needs a restart of an engine that must not be restarted."""
    merge = _merge(variables, look)
    proxy = any(variables.get(name) for name in ("docker_http_proxy", "docker_https_proxy", "docker_no_proxy"))
    if variables.get("docker_restart_adopted") or merge.conflicts:
        return []
    reasons = [key for key in merge.changed if key not in config.RELOADABLE]
    reasons += [key for key in merge.removed if key not in config.RELOADABLE_WHEN_REMOVED]
    reasons += ["the proxy"] if proxy and not look.proxied else []
    if not reasons:
        return []
    return [
        _refusal(
            f"settings that need a restart of an engine that someone else installed ({', '.join(reasons)})",
            "the word that this engine may be restarted (its containers keep running)",
            "set docker_restart_adopted to true at a time that suits its containers, or take the settings back",
            "docker_restart_adopted",
        )
    ]


def federation_refusals(project: str, services: Sequence[str], network: str, subnet: str, look: Look) -> list[Refusal]:
    """Return which names and addresses of the federation's services are taken by someone else's containers."""
    taken = sorted({str(item["name"]) for item in look.containers if item["project"] != project} & set(services))
    refusals = [
        Refusal(
            "FED-NET",
            "docker_existing_engine",
            f"a container {name} of someone else",
            f"the name {name} for the federation's own container",
            f"give the other container another name (docker rename {name} ...), or use another machine",
        )
        for name in taken
    ]
    if any(item["name"] == network and not item["ours"] for item in look.networks):
        refusals.append(
            Refusal(
                "FED-NET",
                "federation_network_name",
                f"a network {network} that this collection did not make",
                "a name that no other network has",
                "set federation_network_name to another name",
            )
        )
    wanted = parse_network(subnet)
    for item in look.networks:
        for text in item["subnets"]:
            other = parse_network(str(text))
            if wanted and other and item["name"] != network and overlap(wanted, other):
                refusals.append(
                    Refusal(
                        "FED-NET",
                        "federation_network_subnet",
                        f"{subnet}, while the containers' network {item['name']} has {text}",
                        "addresses that no other network of the engine has",
                        "choose another range, or leave it empty: Docker takes a free one then",
                    )
                )
    return refusals


def notes(look: Look) -> list[str]:
    """Return what a person should know, though it stops nothing."""
    told = []
    if look.owner == "foreign" and look.exposed:
        told.append(
            f"its Docker engine is open on {', '.join(look.exposed)} without asking for a certificate: "
            "who reaches that port is root on this node"
        )
    if look.rootless:
        told.append(f"there is a rootless engine of {', '.join(look.rootless)}; it is left alone")
    return told
