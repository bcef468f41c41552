# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node behaves like a real, minimal server that was just installed."""

from __future__ import annotations

import os

from tests.farend import images as build
from tests.nodes.engine import docker, operator_key, operator_password
from tests.nodes.node import Node, differences, existing


def test_systemd_is_content(node: Node) -> None:
    """No unit failed, nothing is left to start."""
    assert node.ssh("systemctl is-system-running").stdout.strip() == "running"


def test_user_needs_password_for_sudo(node: Node) -> None:
    """The user is nobody special; sudo works with the password and not without."""
    assert node.ssh("id -u").stdout.strip() == "1000"
    assert node.ssh("sudo -n true", check=False).returncode != 0
    secret = operator_password().read_text(encoding="utf-8")
    assert node.ssh("sudo -S -p '' id -u", stdin=secret).stdout.strip() == "0"


def test_root_cannot_log_in(node: Node) -> None:
    """Neither by key nor by password."""
    assert node.exec("passwd -S root").stdout.split()[1] == "L"
    assert "permitrootlogin no" in node.exec("sshd -T").stdout


def test_keys_are_private() -> None:
    """The key and the password are readable by their owner only."""
    for path in (operator_key(), operator_password()):
        assert os.stat(path).st_mode & 0o077 == 0


def test_listed(node: Node) -> None:
    """The node is found by its label."""
    assert node.name in existing()


def test_apt_works(node: Node) -> None:
    """The mirror answers from inside the node."""
    assert "Err:" not in node.exec("apt-get update").stdout


def test_fingerprint_rests(node: Node) -> None:
    """Two prints of an untouched node are equal, also with logins between them."""
    before = node.fingerprint()
    node.ssh("true")
    assert differences(before, node.fingerprint()) == []


def test_fingerprint_sees(node: Node) -> None:
    """Each kind of change shows."""
    before = node.fingerprint()
    undo = []
    for change, back in [
        ("echo x > /etc/eucaim-test", "rm /etc/eucaim-test"),
        ("chmod 600 /etc/fstab", "chmod 644 /etc/fstab"),
        ("touch /opt/eucaim-test", "rm /opt/eucaim-test"),
        ("systemctl mask -q --now fstrim.timer", "systemctl unmask -q fstrim.timer; systemctl start fstrim.timer"),
        ("gpasswd -a operator games", "gpasswd -d operator games"),
    ]:
        node.exec(change)
        undo.append(back)
    found = "\n".join(differences(before, node.fingerprint()))
    for sign in (
        "/etc/eucaim-test",
        "/etc/fstab",
        "/opt/eucaim-test",
        "fstrim.timer enabled",
        "fstrim.timer active",
        "group:games",
    ):
        assert sign in found
    for back in undo:
        node.exec(back)
    # Only the copies that gpasswd keeps of the files before stay behind.
    left = differences(before, node.fingerprint())
    assert [line for line in left if not line.startswith(("files: /etc/group-", "files: /etc/gshadow-"))] == []


def test_restart_and_engine_inside(node: Node, archives: dict[str, build.Archive]) -> None:
    """Docker and Compose work in the node, and come back with their containers after a restart."""
    node.exec("DEBIAN_FRONTEND=noninteractive apt-get install -qy docker.io docker-cli docker-compose")
    assert node.exec("docker compose version --short").stdout.startswith("2.")
    docker("cp", archives["mediator"].path, f"{node.name}:/root/mediator.tar")
    assert archives["mediator"].name in node.exec("docker load -i /root/mediator.tar").stdout
    node.exec("docker network create inner")
    # A name of the outer network is known to a container of an inner one.
    python = f"docker run --rm --network inner --entrypoint /usr/bin/python3 {archives['mediator'].name} -c"
    look = 'import socket; print(socket.gethostbyname("broker.eucaim.test"))'
    assert node.exec(f"{python} '{look}'").stdout.strip() == "172.30.76.2"
    node.exec(f"docker run -d --restart always --name mediator --network inner {archives['mediator'].name}")
    boot = node.exec("cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1").stdout
    node.restart()
    assert node.exec("cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1").stdout != boot
    assert "172.30.76.11" in node.exec("ip -brief address show dev eth0").stdout
    node.exec("for i in 1 2 3 4 5 6 7 8 9 10; do docker ps | grep -q mediator && exit 0; sleep 1; done; exit 1")
    assert node.ssh("systemctl is-system-running").stdout.strip() == "running"


def test_down_leaves_nothing(node: Node) -> None:
    """A second node next to the first goes without a trace, and the first stays whole."""
    second = Node("nodes-test-2", node.network, "172.30.76.12").up()
    assert second.ssh("hostname").stdout.strip() == "nodes-test-2"
    second.down()
    assert "nodes-test-2" not in existing()
    assert "nodes-test-2" not in docker("volume", "ls", "--format", "{{.Name}}")
    assert not second.known_hosts.exists()
    assert node.ssh("systemctl is-system-running").stdout.strip() == "running"
