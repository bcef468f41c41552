# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Someone else's engine and containers on a node, what they are like, and a second machine that asks them all along."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.farend import images as build
from tests.nodes.engine import LABEL, docker
from tests.nodes.node import Node

# An engine's settings as a hospital's own administrator may have written them.
SETTINGS: dict[str, Any] = {
    "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}],
    "labels": ["owner=radiology"],
    "log-driver": "local",
    "max-concurrent-downloads": 2,
}
# Published port of each container.
PORTS = {"records": 8080, "viewer": 8443}
# One request every tenth of a second, each on a connection of its own; one line each.
ASK = """
import sys, time, urllib.request
urls = sys.argv[1:]
while True:
    for url in urls:
        try:
            with urllib.request.urlopen(url, timeout=3) as answer:
                word = "answered" if answer.status == 200 else f"status {answer.status}"
        except OSError as error:
            word = f"failed {error}"
        print(f"{time.time():.1f} {url} {word}", flush=True)
    time.sleep(0.1)
"""


def install(node: Node, *packages: str, settings: Mapping[str, Any] | None = None) -> None:
    """Install an engine as an administrator would, its settings first."""
    node.exec("mkdir -p /etc/docker && cat >/etc/docker/daemon.json", stdin=json.dumps(settings or SETTINGS, indent=4))
    apt = "DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -qy --no-install-recommends"
    node.exec(f"apt-get update -q && {apt} {' '.join(packages)}")


# A package that came with another one, and a newer version of it in a security archive of the server's own.
PLANT = r"""set -e
mkdir -p /opt/security && cd /opt/security
made() {
  mkdir -p $1/DEBIAN && printf 'Package: %s
Version: %s
Architecture: all
Maintainer: test
Description: planted
%s'     $1 $2 "$3" > $1/DEBIAN/control && dpkg-deb --build --root-owner-group $1 $1-$2.deb > /dev/null && rm -r $1
}
made planted-lib 1.0 ''
made planted 1.0 'Depends: planted-lib
'
dpkg -i planted-lib-1.0.deb planted-1.0.deb > /dev/null && apt-mark auto planted-lib > /dev/null
made planted-lib 1.1 ''
rm planted-lib-1.0.deb planted-1.0.deb
{ dpkg-deb --field planted-lib-1.1.deb; echo Filename: ./planted-lib-1.1.deb; stat -c 'Size: %s' planted-lib-1.1.deb
  echo SHA256: $(sha256sum planted-lib-1.1.deb | cut -d' ' -f1); echo; } > Packages
{ printf 'Origin: Debian
Label: Debian-Security
Suite: stable-security
Version: 13
SHA256:
'
  echo " $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages"; } > Release
echo 'deb [trusted=yes] file:/opt/security ./' > /etc/apt/sources.list.d/planted.list
"""


def plant_update(node: Node) -> None:
    """Install a package that nobody asked for, of which the security archive has a newer version."""
    node.exec(PLANT)


def start(node: Node) -> None:
    """Run the neighbours' containers: plain web servers with published ports."""
    archive = build.ensure()["pki"]
    docker("cp", archive.path, f"{node.name}:/root/neighbours.tar")
    node.exec("docker load -q -i /root/neighbours.tar && rm /root/neighbours.tar")
    for name, port in PORTS.items():
        serve = f"--entrypoint /usr/bin/python3 {archive.name} -m http.server 80 --directory /opt"
        node.exec(f"docker run -d --name {name} --restart unless-stopped -p {port}:80 {serve}")
    node.exec("docker network create wards")


@dataclass(frozen=True)
class State:
    """What must stay the same: each container's start and process, the daemon's process, packages and settings."""

    containers: dict[str, tuple[str, str, int, int]]
    daemon: str
    packages: str
    settings: str


def state(node: Node) -> State:
    """Look at the neighbours through the container engine of the control machine, past any network rule."""
    found = {}
    for item in json.loads(node.exec(f"docker inspect {' '.join(PORTS)}").stdout):
        now = item["State"]
        found[item["Name"].lstrip("/")] = (item["Id"], now["StartedAt"], now["Pid"], item["RestartCount"])
    daemon = node.exec("systemctl show -p MainPID,ActiveEnterTimestamp --value docker.service").stdout
    packages = node.exec("dpkg-query -W | grep -E '^(docker|containerd|runc|podman)' || true").stdout
    settings = node.exec("cat /etc/docker/daemon.json 2>/dev/null", check=False).stdout
    return State(found, daemon, packages, settings)


def assert_untouched(before: State, after: State) -> None:
    """No container and no daemon was started anew, and no package was changed."""
    assert after.containers == before.containers
    assert after.daemon == before.daemon
    assert after.packages == before.packages


@dataclass
class Watch:
    """A second machine on the node's network that asks every published port all the time."""

    node: Node
    lines: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The machine's name."""
        return f"{self.node.name}-watch"

    def __enter__(self) -> Self:
        image = build.load("pki", build.ensure())
        urls = [f"http://{self.node.ip}:{port}/" for port in PORTS.values()]
        docker("rm", "-f", self.name, check=False)
        words = ["run", "-d", "--name", self.name, "--label", f"{LABEL}=watch", "--network", self.node.network]
        docker(*words, "--entrypoint", "/usr/bin/python3", image, "-u", "-c", ASK, *urls)
        time.sleep(1)
        return self

    def __exit__(self, *_unused: object) -> None:
        with contextlib.suppress(RuntimeError):
            self.lines = docker("logs", self.name).splitlines()
        docker("rm", "-f", self.name, check=False)

    @property
    def failures(self) -> list[str]:
        """Every request that was not answered."""
        return [line for line in self.lines if not line.endswith(" answered")]

    def assert_served(self, least: int) -> None:
        """Every request was answered, and there were at least so many."""
        assert self.failures == []
        assert len(self.lines) >= least, f"only {len(self.lines)} requests"


@contextlib.contextmanager
def untouched(node: Node, least: int = 20) -> Iterator[None]:
    """Whatever is done meanwhile: no neighbour restarts, and every request to their ports is answered."""
    before = state(node)
    with Watch(node) as watch:
        yield
    assert_untouched(before, state(node))
    watch.assert_served(least)
