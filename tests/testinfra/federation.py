# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the link to the federation of every node."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.farend import FarEnd
from tests.nodes.engine import docker
from tests.testinfra.common import Subject

ETC = "/etc/eucaim/federation"
PROXY = "test-hospital.broker.eucaim.test"
PROGRAMS = ("beam-proxy", "focus", "mediator")
PRIVATE = ("beam-proxy.env", "focus.env", "mediator.env", f"pki/{PROXY}.priv.pem")


def container(subject: Subject, name: str) -> dict[str, Any]:
    """What the node's engine says of a container."""
    found: dict[str, Any] = subject.json(f"docker inspect {name}")[0]
    return found


def programs_run(subject: Subject) -> None:
    """They run, come back by themselves, publish no port, and are no more than they need to be."""
    names = subject.says("docker ps --format '{{.Names}}'").split()
    assert sorted(names) == sorted(PROGRAMS)
    for name in PROGRAMS:
        found = container(subject, name)
        host = found["HostConfig"]
        assert found["State"]["Running"] is True
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host["PortBindings"] in ({}, None), name
        assert all(not bound for bound in (found["NetworkSettings"]["Ports"] or {}).values()), name
        assert host["Privileged"] is False
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}, name
        assert list(found["NetworkSettings"]["Networks"]) == ["eucaim-network"], name


def network_is_there(subject: Subject) -> None:
    """A network of its own, with the addresses of the inventory."""
    found = subject.json("docker network inspect eucaim-network")[0]
    assert found["Driver"] == "bridge"
    assert [item["Subnet"] for item in found["IPAM"]["Config"]] == ["10.231.7.0/24"]
    assert sorted(item["Name"] for item in found["Containers"].values()) == sorted(PROGRAMS)


def secrets_are_private(subject: Subject) -> None:
    """Only root can read them; nobody else can read anything that holds them; no argument shows them."""
    for name in PRIVATE:
        found = subject.host.file(f"{ETC}/{name}")
        assert (found.user, found.group, found.mode) == ("root", "root", 0o600), name
    folder = subject.host.file(f"{ETC}/secrets")
    assert (folder.user, folder.mode) == ("root", 0o700)
    values = [subject.says(f"cat {ETC}/secrets/{name}") for name in subject.says(f"ls {ETC}/secrets").split()]
    assert len(values) >= 4
    listing = subject.says("ps axww -o args")
    readable = subject.says("find /etc/eucaim /opt/eucaim /var/lib/eucaim -type f -perm -o=r -exec cat {} +")
    assert [value for value in values if value in listing or value in readable] == []
    log = subject.says("docker logs beam-proxy 2>&1; docker logs focus 2>&1; docker logs mediator 2>&1")
    assert [value for value in values if value in log] == []


def key_is_sound(subject: Subject) -> None:
    """An RSA key, and a request whose first and only name is the proxy's."""
    assert "4096 bit" in subject.says(f"openssl rsa -noout -text -in {ETC}/pki/{PROXY}.priv.pem | head -n 1")
    request = f"openssl req -noout -in {ETC}/pki/{PROXY}.csr.pem"
    assert f"CN = {PROXY}" in subject.says(f"{request} -subject -nameopt oneline").replace("CN=", "CN = ")
    own = subject.says(f"openssl rsa -pubout -in {ETC}/pki/{PROXY}.priv.pem 2>/dev/null")
    assert subject.says(f"{request} -pubkey") == own


def logs_are_kept(subject: Subject) -> None:
    """Both programs write, and the files stay on the node."""
    for name in ("beam-proxy", "focus"):
        assert subject.says(f"docker logs {name} 2>&1")
        assert subject.host.file(container(subject, name)["LogPath"]).size > 0


def is_closed_to_the_outside(subject: Subject) -> None:
    """From another container beside the node: SSH answers, the proxy's port does not."""
    far = far_end(subject)
    program = (
        "import socket, sys\n"
        "for port in (22, 8081, 8089, 2375):\n"
        "    s = socket.socket(); s.settimeout(3)\n"
        f"    print(port, s.connect_ex(({subject.node.ip!r}, port)) == 0)\n"
    )
    seen = docker("exec", far.container("explorer"), "/usr/bin/python3", "-c", program).splitlines()
    assert seen == ["22 True", "8081 False", "8089 False", "2375 False"]


def answers(subject: Subject, within: float = 60.0) -> float:
    """A query of the explorer is answered with two data sets; returns the seconds."""
    started = time.monotonic()
    answer = far_end(subject).query("test-hospital", timeout=within)
    sets = answer["collections"]
    assert len(sets) == 2, json.dumps(answer)
    return time.monotonic() - started


def far_end(subject: Subject) -> FarEnd:
    """The far end of the scenario."""
    return FarEnd(subject.settings["molecule_network"], subject.settings["molecule_subnet"])
