# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with the distribution's Docker, settings of its own, and containers whose ports others use."""

from __future__ import annotations

import json

import pytest

from tests.inuse import neighbours
from tests.inuse.server import ADOPT, Row, Server, meanwhile, refused, remove
from tests.nodes.node import Fingerprint, differences
from tests.site.driver import ROOT, ids, playbook

COMPOSE = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends docker-compose"
OPTIONS = "docker_daemon_options"
LISTED = {"firewall_rules": [{"name": "neighbours", "ports": list(neighbours.PORTS.values())}]}
INVENTORIES = [
    Row(
        "not-told",
        {"docker_existing_engine": "refuse"},
        ("docker.io 26", "records (0.0.0.0:8080->80/tcp", "viewer (", "docker_existing_engine to adopt"),
    ),
    Row("no-compose", ADOPT, ("without Docker Compose v2", "docker-compose", "not restarted")),
    Row("ports", ADOPT, ("NET-FW", "8080 (container records)", "8443 (container viewer)", "firewall_close_unlisted")),
    Row("version", {**ADOPT, "docker_version": "28.1"}, ("docker_version", "28.1", "26.1", "never changed")),
    Row("contradiction", {**ADOPT, OPTIONS: {"log-driver": "json-file"}}, ('log-driver = "local"', "someone else")),
    Row("restart", {**ADOPT, OPTIONS: {"icc": False}}, ("docker_restart_adopted", "(icc)")),
    Row("addresses", {**ADOPT, "federation_network_subnet": "10.201.1.0/25"}, ("FED-NET", "wards has 10.201.1.0/24")),
]
UNIT = r"[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture(scope="module")
def server(first: Server) -> Server:
    """The server, its engine and its containers, and nothing of Compose yet."""
    neighbours.install(first.node, "docker.io", "docker-cli")
    neighbours.start(first.node)
    neighbours.plant_update(first.node)
    first.more = {**ADOPT}
    return first


@pytest.fixture(scope="module")
def bare(server: Server) -> Fingerprint:
    """What the server was like before any change."""
    server.node.exec(COMPOSE)
    return server.node.fingerprint()


def test_each_inventory_is_refused_in_words(server: Server) -> None:
    """Whose engine it is, what runs on it, and what is to be done; the containers serve on."""
    with neighbours.untouched(server.node):
        refused(server, INVENTORIES)


def test_preflight_says_so_too(server: Server) -> None:
    """Without the rights of root it sees the packages, and that is enough to say no."""
    server.more = {}
    run = playbook(str(ROOT / "playbooks" / "preflight.yml"), inventory=server.inventory)
    server.more = {**ADOPT}
    assert run.rc != 0
    assert "an engine that this collection did not install (package docker.io" in run.output


def test_a_stopped_engine_and_settings_that_cannot_be_read(server: Server, bare: Fingerprint) -> None:
    """An engine whose unit is masked is not unmasked for its owner; both faults come together."""
    broken = "cp -p /etc/docker/daemon.json /root/ && echo '{' >/etc/docker/daemon.json"
    healed = "systemctl unmask docker.service && cp -p /root/daemon.json /etc/docker/ && rm /root/daemon.json"
    row = Row("masked", {}, ("docker.service is masked", "systemctl unmask", "no JSON", "daemon.json"))
    with (
        neighbours.untouched(server.node),
        meanwhile(server.node, f"{broken} && systemctl mask docker.service", healed),
    ):
        refused(server, [row])
    assert differences(bare, server.node.fingerprint()) == []


def test_what_docker_never_goes_beside(server: Server, bare: Fingerprint) -> None:
    """A kubelet and a snap, both of them stand-ins: refused though the inventory says adopt."""
    unit = "/etc/systemd/system/kubelet.service"
    planted = (
        f"printf '{UNIT}' >{unit} && systemctl daemon-reload && systemctl enable --now kubelet.service"
        " && mkdir -p /snap/bin && touch /snap/bin/docker"
    )
    cleared = f"systemctl disable --now kubelet.service; rm -r {unit} /snap; systemctl daemon-reload"
    row = Row("beside", {}, ("Kubernetes (kubelet.service)", "another machine", "Docker as a snap"))
    with neighbours.untouched(server.node), meanwhile(server.node, planted, cleared):
        refused(server, [row])
    assert differences(bare, server.node.fingerprint()) == []


def test_adopted_it_stays_as_it_was(server: Server, bare: Fingerprint) -> None:
    """Nothing is installed anew or restarted, every request is answered, and its settings are kept."""
    server.more |= LISTED
    with neighbours.untouched(server.node, least=100):
        server.site().succeeded()
    written = json.loads(neighbours.state(server.node).settings)
    assert written == {**neighbours.SETTINGS, "live-restore": True}


def test_what_came_with_something_else_still_does_after_its_update(server: Server) -> None:
    """Its version is the new one, and it is still taken away with what it came with."""
    assert server.node.exec("dpkg-query -Wf '${Version}' planted-lib").stdout == "1.1"
    assert server.node.exec("apt-mark showauto planted-lib").stdout.strip() == "planted-lib"


def test_a_query_is_answered(server: Server) -> None:
    """The federation works beside the neighbours, and verify says that the engine is someone else's."""
    with neighbours.untouched(server.node):
        server.far_end.sign(server.request)
        server.verify().succeeded()
        assert len(server.far_end.query(server.provider)["collections"]) == 2
    found = server.rows()
    assert ids(found, "unmet") == []
    assert "the engine that was there before is used as it is" in found["CT-DOCKER"]["expected"]


def test_a_second_run_changes_nothing(server: Server) -> None:
    """And says nothing against the engine any more."""
    with neighbours.untouched(server.node):
        before = server.node.fingerprint()
        assert server.site().succeeded().changed == 0
        assert differences(before, server.node.fingerprint()) == []


def test_taken_away_the_engine_is_its_owners_again(server: Server, bare: Fingerprint) -> None:
    """The roles' remove leaves engine, packages, settings, images and containers as they were found."""
    with neighbours.untouched(server.node):
        remove(server, "federation", "docker", "firewall")
    after = server.node.fingerprint()
    assert after["containers"] == bare["containers"]
    assert after["rules"] == bare["rules"]
    assert json.loads(neighbours.state(server.node).settings) == neighbours.SETTINGS
    information = json.loads(server.node.exec("docker info --format '{{json .}}'").stdout)
    assert information["LiveRestoreEnabled"] is False


def test_a_restart_would_have_been_noticed(server: Server) -> None:
    """The same look at the neighbours, while their engine is restarted: what proves the others must be able to fail."""
    before = neighbours.state(server.node)
    with neighbours.Watch(server.node) as watch:
        server.node.exec("systemctl restart docker.service")
    assert watch.failures
    with pytest.raises(AssertionError):
        neighbours.assert_untouched(before, neighbours.state(server.node))
