# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory full of other collections' variables, and a command docker that is Podman's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.inuse.server import ADOPT, Row, Server, installed, refused
from tests.site.driver import ids

APT = "DEBIAN_FRONTEND=noninteractive apt-get"
# geerlingguy.docker's defaults and what people set beside them.
GEERLINGGUY = {
    "docker_edition": "ce",
    "docker_packages": ["docker-{{ docker_edition }}", "docker-{{ docker_edition }}-cli", "containerd.io"],
    "docker_packages_state": "present",
    "docker_obsolete_packages": ["docker", "docker.io", "docker-engine"],
    "docker_service_manage": True,
    "docker_service_state": "started",
    "docker_service_enabled": True,
    "docker_restart_handler_state": "restarted",
    "docker_install_compose_plugin": True,
    "docker_compose_package": "docker-compose-plugin",
    "docker_compose_package_state": "present",
    "docker_install_compose": False,
    "docker_compose_version": "v2.32.1",
    "docker_add_repo": True,
    "docker_repo_url": "https://download.docker.com/linux",
    "docker_apt_release_channel": "stable",
    "docker_apt_gpg_key": "{{ docker_repo_url }}/debian/gpg",
    "docker_daemon_options": {"max-concurrent-downloads": 2},
    "firewall_state": "started",
    "firewall_enabled_at_boot": True,
    "firewall_allowed_tcp_ports": ["22", "80"],
    "firewall_flush_rules_and_chains": True,
}
# DebOps' names, and those of roles for backups and a base system that a site may have.
OTHERS = {
    "docker_server__upstream": True,
    "docker_server__admins": ["root"],
    "docker_server__tcp": False,
    "docker_server__default_options": [{"name": "live-restore", "value": False}],
    "docker_gen__remote": "",
    "ferm__enabled": True,
    "ferm__default_policy_input": "DROP",
    "ferm__dependent_rules": [{"name": "accept_ssh", "dport": ["ssh"]}],
    "ufw_enabled": True,
    "ufw_rules": [{"rule": "allow", "to_port": "22"}],
    "apt__enabled": True,
    "base_timezone_name": "Europe/Madrid",
    "base__timezone": "Europe/Madrid",
    "backup_enabled": True,
    "backup2l__enabled": True,
    "federation__upstream": "none",
}
TOLD = ("base_timezone_name", "docker_server__tcp", "docker_edition")


@pytest.fixture(scope="module")
def server(first: Server) -> Iterator[Server]:
    """A server on which somebody uses Podman under Docker's name."""
    with first.beside(2) as here:
        here.more = {**GEERLINGGUY, **OTHERS}
        here.node.exec(f"apt-get update -q && {APT} install -qy --no-install-recommends podman-docker")
        # Podman makes its storage when it is asked for the first time, and the fingerprint asks it.
        here.node.fingerprint()
        yield here


@pytest.mark.long
def test_podman_under_dockers_name_is_refused(server: Server) -> None:
    """Whatever the inventory says, since its package and Docker's exclude each other; nothing is changed."""
    words = ("Podman's (package podman-docker", "remove the package podman-docker", "Podman and its containers stay")
    refused(server, [Row("podman", {}, words), Row("podman-adopted", ADOPT, words)])


@pytest.mark.long
def test_without_it_the_node_comes_up_beside_podman(server: Server) -> None:
    """The other variables are told once and do nothing; Podman stays."""
    node = server.node
    node.exec(f"{APT} remove -qy podman-docker")
    podman = node.exec("dpkg-query -W podman crun conmon").stdout
    run = server.site().succeeded()
    assert node.exec("dpkg-query -W podman crun conmon").stdout == podman
    for name in TOLD:
        assert run.output.count(name) == 1, name
    for name in ("ferm__enabled", "ufw_enabled", "apt__enabled"):
        assert name not in run.output
    assert installed(node, "docker.io")
    assert not installed(node, "docker-ce")
    assert '"max-concurrent-downloads": 2' in node.exec("cat /etc/docker/daemon.json").stdout


@pytest.mark.long
def test_a_query_is_answered_and_nothing_changes_again(server: Server) -> None:
    """The node is as good as any."""
    server.far_end.sign(server.request)
    server.verify().succeeded()
    assert len(server.far_end.query(server.provider)["collections"]) == 2
    assert ids(server.rows(), "unmet") == []
    assert server.site().succeeded().changed == 0
