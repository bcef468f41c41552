# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the firewall of every node."""

from __future__ import annotations

import socket

from tests.testinfra.common import Subject

CLOSED = (21, 8080, 9000)
LISTEN = (
    "import socket, sys, time; held = [socket.create_server(('', int(port))) for port in sys.argv[1:]]; time.sleep(60)"
)


def knock(address: str, port: int) -> str:
    """Try a port from this machine: open, refused (it was let in, but nobody listens), or silent."""
    try:
        with socket.create_connection((address, port), timeout=2):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"


def opens_only(subject: Subject, ports: set[int]) -> None:
    """With a listener behind each port, only the listed ones answer."""
    others = sorted((ports | set(CLOSED)) - {22})
    held = " ".join(str(port) for port in others)
    subject.says(f'systemd-run --quiet --collect --unit=knock-knock python3 -c "{LISTEN}" {held}')
    try:
        subject.says("timeout 10 sh -c 'until ss -Hltn | grep -q :9000; do sleep 0.1; done'")
        found = {port: knock(subject.node.ip, port) for port in sorted(ports | set(CLOSED))}
    finally:
        subject.says("systemctl stop knock-knock.service")
    assert found == {port: "open" if port in ports else "silent" for port in found}


def drops_by_default(subject: Subject) -> None:
    """The policy of the kernel's own chains, and our table."""
    for program in ("iptables", "ip6tables"):
        assert subject.says(f"{program} -S INPUT | head -n 1") == "-P INPUT DROP"
    assert 'counter name "closed" drop' in subject.says("nft list table inet eucaim")


def is_ufws_own(subject: Subject) -> None:
    """A rule added and taken away by ufw leaves ours as they were."""
    assert subject.says("ufw status | head -n 1") == "Status: active"
    paths = "/etc/ufw/user.rules /etc/ufw/user6.rules"
    before = subject.says(f"sha256sum {paths}")
    subject.says("ufw allow 9999/tcp")
    assert subject.says(f"sha256sum {paths}") != before
    subject.says("ufw delete allow 9999/tcp")
    assert subject.says(f"sha256sum {paths}") == before


def is_loaded_at_boot(subject: Subject) -> None:
    """Enabled, and ordered before whatever brings the network up."""
    for unit in ("ufw", "eucaim-firewall"):
        service = subject.host.service(unit)
        assert service.is_enabled, unit
        assert service.is_running, unit
        assert "network-pre.target" in subject.says(f"systemctl show -P Before {unit}.service")
    assert subject.host.service("eucaim-firewall-settle").is_enabled
    assert "ufw.service" in subject.says("systemctl show -P Before eucaim-firewall-settle.service")


def is_settled(subject: Subject) -> None:
    """No change waits for its proof."""
    assert not subject.host.file("/var/lib/eucaim/firewall/undo").exists
    assert "eucaim-firewall-undo" not in subject.says("systemctl list-timers --all --no-legend")
