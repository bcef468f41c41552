# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site without Internet: a node, its control machine and the federation's far end, on a network with no way out."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.farend.end import FarEnd
from tests.nodes.engine import LABEL, docker, exists, operator_key, remove_network, run
from tests.nodes.images import ensure
from tests.nodes.node import Node
from tests.site.driver import CACHE, RECAP, ROOT, Run, playbook
from tests.site.world import World, image_settings

NETWORK, SUBNET = "eucaim-offline", "172.30.86.0/24"
NODE, CONTROL = "172.30.86.11", "172.30.86.21"
# Where the bundle is carried to on the control machine, and where it is installed.
CARRIED, TARGET = "/media/bundle", "/home/operator/control"
INVENTORY = f"{TARGET}/mysite"


class NearEnd(FarEnd):
    """A far end on a network from which nothing is published."""

    def explorer_address(self) -> str:
        """The container's own address, which this machine reaches over the network's bridge."""
        return f"{self.address(5)}:8081"


@dataclass
class Control:
    """The site's control machine: Python, an SSH client, and a person without the rights of root."""

    name: str = "offline-control"

    def up(self, bundle: Path) -> None:
        """Start it, with the bundle carried in and the key of the node."""
        self.down()
        mounts = ["-v", f"{bundle}:{CARRIED}:ro"]
        words = ["run", "-d", "--name", self.name, "--label", f"{LABEL}=control", "--network", NETWORK, "--ip", CONTROL]
        docker(*words, *mounts, "--user", "operator", "--workdir", "/home/operator", ensure(), "sleep", "infinity")
        key = operator_key().read_text(encoding="utf-8")
        self.put(".ssh/id_ed25519", key)

    def down(self) -> None:
        """Take it away."""
        docker("rm", "-f", "-v", self.name, check=False)

    def do(self, command: str, *, stdin: str = "", check: bool = True, timeout: float = 900) -> tuple[int, str]:
        """Give a command in a shell; return its exit status and all that it printed."""
        shell = f"umask 077; export HOME=/home/operator LANG=C.UTF-8 ANSIBLE_NOCOLOR=1; {command}"
        words = ["docker", "exec", "-i", self.name, "sh", "-c", f"{{ {shell}; }} 2>&1"]
        done = run(words, stdin=stdin, check=False, timeout=timeout)
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}"
        return done.returncode, done.stdout

    def put(self, path: str, text: str) -> None:
        """Write a file."""
        self.do(f"mkdir -p $(dirname {path}) && cat > {path}", stdin=text)

    def playbook(self, name: str, *arguments: str) -> Run:
        """Run a playbook of the installed collection on the site's inventory."""
        words = [f"{TARGET}/venv/bin/ansible-playbook", "-i", f"{INVENTORY}/hosts.yml", name, *arguments]
        code, output = self.do(shlex.join(words), check=False)
        names = ("ok", "changed", "unreachable", "failed", "skipped")
        recap = {host: dict(zip(names, map(int, counts), strict=True)) for host, *counts in RECAP.findall(output)}
        return Run(words, code, output, 0.0, recap)


def make_bundle(directory: Path, **settings: object) -> Run:
    """Run the real playbook on this machine, with the images as a folder of archives."""
    images = image_settings()
    for image in images.values():
        image.pop("sha256", None)
    given = {
        "bundle_directory": str(directory),
        "bundle_cache_directory": str(CACHE / "bundle-packages"),
        "bundle_python_versions": ["3.13"],
        "bundle_images": images,
        **settings,
    }
    none = directory.parent / "no-hosts.yml"
    directory.parent.mkdir(parents=True, exist_ok=True)
    none.write_text("{}\n", encoding="ascii")
    return playbook(str(ROOT / "playbooks" / "bundle.yml"), "-e", json.dumps(given), inventory=none)


@dataclass
class Site:
    """All of it together."""

    world: World
    control: Control

    def write_inventory(self) -> None:
        """Do what the bundle's README says, and set what is marked SET."""
        copy = f"cp -r {TARGET}/venv/lib/python3*/site-packages/ansible_collections/eucaim/local_node/inventories/tier2"
        self.control.do(f"{copy} {INVENTORY} && cp {TARGET}/offline.yml {INVENTORY}/group_vars/local_nodes/")
        node = self.world.node
        hosts = f"sed -i s/node1.example.org/{node.name}/ {INVENTORY}/hosts.yml"
        self.control.do(f"{hosts} && sed -i s/192.0.2.10/{node.ip}/ {INVENTORY}/hosts.yml")
        own = self.world.settings()
        for name in ("federation_images", "docker_source", "ansible_ssh_private_key_file", "ansible_ssh_common_args"):
            del own[name]
        self.control.put(f"{INVENTORY}/host_vars/{node.name}.yml", json.dumps(own))
        self.control.put(".ssh/known_hosts", node.known_hosts.read_text(encoding="ascii"))

    def sign(self) -> None:
        """Carry the request out, have it signed."""
        _code, text = self.control.do(f"cat {INVENTORY}/enrolment/{self.world.node.name}.csr.pem")
        path = CACHE / "site" / "offline" / "request.csr.pem"
        path.write_text(text, encoding="ascii")
        self.world.far_end.sign(path)


@contextlib.contextmanager
def made(bundle: Path) -> Iterator[Site]:
    """The site before anything is installed, taken away at the end."""
    far_end, node, control = NearEnd(NETWORK, SUBNET), Node("offline-node-1", NETWORK, NODE), Control()
    for part in (control, node, far_end):
        part.down()
    if not exists("network", NETWORK):
        docker("network", "create", "--internal", "--subnet", SUBNET, "--label", f"{LABEL}=network", NETWORK)
    try:
        far_end.up()
        node.up()
        control.up(bundle)
        yield Site(World(node, far_end, "offline-hospital", "good-offline"), control)
    finally:
        for part in (control, node, far_end):
            part.down()
        remove_network(NETWORK)
