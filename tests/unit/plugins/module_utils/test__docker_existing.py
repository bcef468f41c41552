# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that is already there: read right, adopted where it can be, refused in words where not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_existing as existing
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_engine import Package
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look

ADOPT = {"docker_existing_engine": "adopt"}
RUNNING = {"Id": "docker.service", "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
GOOD = Look(
    owner="foreign",
    flavour="package docker.io 26.1.5",
    unit=RUNNING,
    asked=True,
    version="26.1.5+dfsg1",
    compose="2.26.1-4",
    settings_state="read",
    settings={"mtu": 1400},
)
WEB = {"name": "web", "state": "running", "project": "", "ports": "0.0.0.0:8080->80/tcp"}


def said(look: Look, **variables: Any) -> str:
    """Return every refusal, one a line."""
    return "\n".join(refusal.text() for refusal in existing.engine_refusals({**ADOPT, **variables}, look))


# ------------------------------------------------------------------------------------------------ reading


def test_units() -> None:
    text = (
        "\nId=docker.service\nLoadState=loaded\nExecStart={ path=/x ; argv[]=/x }\n\nLoadState=x\n\nId=a.service\nx\n"
    )
    units = existing.parse_units(text)
    assert sorted(units) == ["a.service", "docker.service"]
    assert units["docker.service"]["ExecStart"] == "{ path=/x ; argv[]=/x }"


def test_kubernetes_counts_when_it_runs_or_will_run() -> None:
    units = {
        "kubelet.service": {"LoadState": "loaded", "ActiveState": "activating"},
        "k3s.service": {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "enabled"},
        "rke2-server.service": {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"},
        "k3s-agent.service": {"LoadState": "not-found", "ActiveState": "inactive"},
    }
    assert existing.orchestrators_in(units) == ["kubelet.service", "k3s.service"]


def test_a_containerd_is_foreign_unless_packages_are_ours() -> None:
    packages = {
        "containerd": Package("containerd", "1.7", True, False),
        "containerd.io": Package("containerd.io", "2", False, False),
    }
    assert existing.foreign_containerd(packages, []) == "package containerd 1.7"
    assert existing.foreign_containerd(packages, ["docker.io"]) == ""
    assert existing.foreign_containerd({}, []) == ""


def test_what_the_engine_says() -> None:
    text = '{"ServerVersion": "26.1", "SecurityOptions": ["name=userns", "name=cgroupns"], "Swarm": null}'
    assert existing.parse_info(text) == ("26.1", ["userns"], "")
    swarm = '{"ServerVersion": "26.1", "SecurityOptions": ["name=rootless"], "Swarm": {"LocalNodeState": "active"}}'
    assert existing.parse_info(swarm) == ("26.1", ["rootless", "swarm"], "")
    assert existing.parse_info('{"ServerErrors": ["no", "never"]}') == ("", [], "no; never")
    assert existing.parse_info("") == ("", [], "")
    assert existing.parse_info("rubbish")[2] == "its answer is no JSON"


def test_containers_and_networks() -> None:
    assert existing.parse_containers("web\trunning\t\t0.0.0.0:8080->80/tcp\nbroken\n") == [WEB]
    assert existing.parse_networks("bridge\t\t172.17.0.0/16 \nours\tfederation\t\nbroken\n") == [
        {"name": "bridge", "ours": False, "subnets": ["172.17.0.0/16"]},
        {"name": "ours", "ours": True, "subnets": []},
    ]


@pytest.mark.parametrize(
    ("settings", "arguments", "found"),
    [
        ({"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]}, [], ["tcp://0.0.0.0:2375"]),
        ({}, ["dockerd", "-H", "fd://", "-H", "tcp://a:1"], ["tcp://a:1"]),
        ({}, ["dockerd", "-Htcp://a:1", "--host=tcp://b:2", "-H"], ["tcp://a:1", "tcp://b:2"]),
        ({"hosts": ["tcp://a:1"], "tlsverify": True}, [], []),
        ({}, ["--host", "tcp://a:1", "--tlsverify"], []),
        ({}, ["--host", "tcp://a:1", "--tlsverify=true"], []),
        ({}, ["--host", "tcp://a:1", "--tlsverify=false"], ["tcp://a:1"]),
    ],
)
def test_a_daemon_open_on_the_network(settings: dict[str, Any], arguments: list[str], found: list[str]) -> None:
    assert existing.open_sockets(settings, arguments) == found


def test_a_proxys_password_is_left_out() -> None:
    settings = {"mtu": 1, "proxies": {"http-proxy": "http://me:secret@proxy:1"}}
    assert "secret" not in str(existing.without_credentials(settings))
    assert existing.without_credentials({"proxies": "x"}) == {"proxies": "x"}


def test_an_answer_becomes_a_look() -> None:
    answer = {"owner": "foreign", "containers": [WEB], "changed": False, "invocation": {}}
    assert existing.look_from(answer) == Look(owner="foreign", containers=[WEB])


# ----------------------------------------------------------------------------------------------- judging


@pytest.mark.parametrize("owner", ["none", "ours", "unknown"])
def test_what_is_no_engine_of_someone_else(owner: str) -> None:
    assert existing.engine_refusals({}, Look(owner=owner)) == []


def test_a_good_engine_is_adopted() -> None:
    assert said(GOOD) == ""
    assert said(replace(GOOD, unit={}, asked=False, version="")) == ""


def test_an_engine_is_refused_unless_the_site_says_so() -> None:
    text = said(replace(GOOD, containers=[WEB, {**WEB, "name": "old", "state": "exited"}]), docker_existing_engine="")
    assert "package docker.io 26.1.5; running on it: web (0.0.0.0:8080->80/tcp))" in text
    assert "docker_existing_engine to adopt" in text


def test_a_long_list_of_containers_is_cut() -> None:
    many = [{**WEB, "name": f"c{number}", "ports": ""} for number in range(10)]
    assert existing.in_use(replace(GOOD, containers=many)).endswith("c7 and 2 more")
    assert existing.in_use(GOOD) == ""


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (replace(GOOD, orchestrators=["kubelet.service"]), "Kubernetes (kubelet.service)"),
        (Look(owner="none", orchestrators=["k3s.service"]), "Kubernetes (k3s.service)"),
        (Look(owner="unusable", flavour="snap docker"), "Docker as a snap"),
        (Look(owner="unusable", flavour="package podman-docker 5.4"), "Podman's (package podman-docker 5.4)"),
        (Look(owner="none", containerd="package containerd 1.7"), "containerd without Docker (package containerd 1.7)"),
    ],
)
def test_what_is_never_joined(look: Look, words: str) -> None:
    for choice in ("refuse", "adopt"):
        text = said(look, docker_existing_engine=choice)
        assert words in text
        assert text.count("[CT-DOCKER]") == 1


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ({"LoadState": "masked"}, "is masked"),
        ({"UnitFileState": "masked-runtime"}, "systemctl unmask"),
        ({"LoadState": "not-found"}, "is not there"),
        ({"ActiveState": "inactive"}, "is inactive; needed"),
        ({"ActiveState": ""}, "is not running"),
        ({"UnitFileState": "disabled"}, "runs, but is disabled"),
        ({"UnitFileState": ""}, "runs, but is not enabled"),
    ],
)
def test_an_engine_that_its_owner_stopped_is_not_started(unit: dict[str, str], words: str) -> None:
    assert words in said(replace(GOOD, asked=False, unit={**RUNNING, **unit}))


def test_what_would_start_it_and_what_runs_beside_it_is_named() -> None:
    stopped = {**RUNNING, "ActiveState": "inactive"}
    text = said(replace(GOOD, asked=False, unit=stopped, socket={"ActiveState": "active"}, rootless=["ann"]))
    assert "(docker.socket would start it at its first use); there is a rootless engine of ann" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "", "complaint": "permission denied"}, "does not answer (permission denied)"),
        ({"version": ""}, "no reason given"),
        ({"version": "19.03.15"}, "engine 19.03.15; needed: version 20.10"),
        ({"version": "strange"}, "engine strange"),
        ({"compose": ""}, "without Docker Compose v2"),
        ({"compose": "1.29.2"}, "Docker Compose 1.29.2; needed: the command docker compose, version 2.18"),
        ({"traits": ["rootless"]}, "a rootless engine"),
        ({"traits": ["userns"]}, "userns-remap"),
        ({"traits": ["swarm"]}, "{live-restore: null}"),
        ({"settings": {"iptables": False}}, "iptables: false"),
        ({"settings_state": "broken"}, "no JSON"),
    ],
)
def test_an_engine_that_cannot_be_used_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    text = said(replace(GOOD, **change))
    assert words in text
    assert text.count("remedy: ") == 1


def test_the_site_may_say_that_it_knows() -> None:
    assert said(replace(GOOD, traits=["swarm"]), docker_daemon_options={"live-restore": None}) == ""
    assert said(replace(GOOD, settings={"iptables": False}), docker_daemon_options={"iptables": False}) == ""


def test_a_version_that_the_engine_has_not_is_refused() -> None:
    assert "docker_version: found 28.1" in said(GOOD, docker_version="28.1")
    assert said(GOOD, docker_version="26.1") == ""


def test_settings_that_contradict_are_refused() -> None:
    text = said(GOOD, docker_daemon_options={"mtu": 1500})
    assert "found mtu = 1400 in /etc/docker/daemon.json" in text
    assert "needed: mtu = 1500" in text
    assert "docker_restart_adopted" not in text
    broken = replace(GOOD, settings_state="broken", settings={}, created=True)
    assert said(broken) == ""


def test_a_restart_needs_the_word() -> None:
    assert "need a restart of an engine that someone else installed (icc)" in said(
        GOOD, docker_daemon_options={"icc": False}
    )
    assert "(the proxy)" in said(GOOD, docker_http_proxy="http://p:1")
    assert said(replace(GOOD, proxied=True), docker_http_proxy="http://p:1") == ""
    assert said(GOOD, docker_daemon_options={"icc": False}, docker_restart_adopted=True) == ""
    assert said(GOOD, docker_daemon_options={"debug": True}) == ""


def test_a_left_over_daemon_json_is_looked_at_before_the_first_start() -> None:
    bare = Look(owner="none", settings_state="read", settings={"hosts": ["fd://"]})
    assert "hosts in a daemon.json" in said(bare)
    assert "no JSON" in said(Look(owner="none", settings_state="broken"))
    assert said(Look(owner="none", settings_state="read", settings={"mtu": 1400})) == ""


# ------------------------------------------------------------------------------------------ neighbours


def taken(look: Look, network: str = "eucaim", subnet: str = "") -> str:
    """Return every refusal of the federation's names, one a line."""
    found = existing.federation_refusals("eucaim-federation", ("focus", "mediator"), network, subnet, look)
    return "\n".join(refusal.text() for refusal in found)


def test_a_name_that_is_taken() -> None:
    assert "a container focus of someone else" in taken(Look(containers=[{**WEB, "name": "focus"}, WEB]))
    assert taken(Look(containers=[{**WEB, "name": "focus", "project": "eucaim-federation"}])) == ""


def test_a_network_that_is_taken() -> None:
    theirs = {"name": "eucaim", "ours": False, "subnets": ["10.1.0.0/16", "fd00::/64"]}
    assert "a network eucaim that this collection did not make" in taken(Look(networks=[theirs]))
    assert taken(Look(networks=[{**theirs, "ours": True}]), subnet="10.1.0.0/24") == ""
    other = {**theirs, "name": "theirs"}
    assert "the containers' network theirs has 10.1.0.0/16" in taken(Look(networks=[other]), subnet="10.1.2.0/24")
    assert taken(Look(networks=[other]), subnet="10.2.0.0/24") == ""


# ------------------------------------------------------------------------------------------------- notes


def test_notes() -> None:
    assert existing.notes(GOOD) == []
    told = existing.notes(replace(GOOD, exposed=["tcp://0.0.0.0:2375"], rootless=["ann", "bob"]))
    assert "open on tcp://0.0.0.0:2375" in told[0]
    assert told[1] == "there is a rootless engine of ann, bob; it is left alone"
    assert existing.notes(Look(owner="none", exposed=["tcp://a:1"])) == []
