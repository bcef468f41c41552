# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the container engine of every node."""

from __future__ import annotations

import json

from tests.testinfra.common import Subject

SETTINGS = {"live-restore": True, "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "5"}}


def runs(subject: Subject) -> None:
    """Packages of the distribution, a unit that is active and enabled, an answer."""
    for package in ("docker.io", "docker-cli", "docker-compose", "docker-buildx"):
        assert subject.host.package(package).is_installed, package
    service = subject.host.service("docker")
    assert service.is_running
    assert service.is_enabled
    assert subject.says("docker version --format '{{.Server.Version}}'")
    assert subject.says("docker compose version --short")


def is_set_up(subject: Subject) -> None:
    """daemon.json, and what the running daemon says of itself."""
    written = json.loads(subject.host.file("/etc/docker/daemon.json").content_string)
    assert {key: written[key] for key in SETTINGS} == SETTINGS
    information = subject.json("docker info --format '{{json .}}'")
    assert information["LiveRestoreEnabled"] is True
    assert information["LoggingDriver"] == "json-file"
    assert information["DefaultAddressPools"] == [{"Base": "172.24.0.0/14", "Size": 24}]
    bridge = subject.json("docker network inspect bridge")[0]
    assert bridge["IPAM"]["Config"][0]["Subnet"].startswith(("172.24.", "172.25.", "172.26.", "172.27."))


def runs_a_container(subject: Subject) -> None:
    """Made of the node's own /usr, so that nothing is pulled; its output comes back, and nothing stays."""
    packed = "cd / && tar -c --transform=s,^,usr/bin/, -C /usr/bin true | docker import - eucaim-probe:test"
    subject.says(packed)
    try:
        mounts = "-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro"
        assert subject.says(f"docker run --rm --network=none {mounts} eucaim-probe:test /usr/bin/echo 6 times 7") == (
            "6 times 7"
        )
    finally:
        subject.says("docker rmi -f eucaim-probe:test")


def lets_in(subject: Subject, users: list[str]) -> None:
    """The group's members, the socket, and for one outsider a closed door."""
    assert sorted(subject.host.group("docker").members) == sorted(users)
    socket = subject.host.file("/run/docker.sock")
    assert (socket.user, socket.group, socket.mode) == ("root", "docker", 0o660)
    assert subject.node.ssh("docker ps", check=False).returncode != 0
    for user in users:
        assert subject.host.run(f"runuser -u {user} -- docker ps").rc == 0


def is_not_on_the_network(subject: Subject) -> None:
    """The only sockets that listen are those of the node itself and its sshd."""
    listening = [line for line in subject.says("ss -H -ltnp").splitlines() if "docker" in line or "containerd" in line]
    assert [line for line in listening if "127.0.0.1:" not in line] == []
