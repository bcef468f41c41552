# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of this folder share: the node, the far end, good settings, and secrets planted in them."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.farend import images as build
from tests.farend.end import BROKER_ID, FarEnd, RealImage, find_real, named
from tests.nodes.aptrepo import Mirror
from tests.nodes.engine import operator_key, operator_password, remove_network, write_private
from tests.nodes.node import Node
from tests.site.driver import PROGRAMS, ROOT, SCRATCH, Run, playbook, rows, write_inventory

NODE_NAME = "site-node-1"
# What the nodes are. Debian 12 gets its engine from a mirror: its own packages lack Compose v2.
DISTRIBUTION = os.environ.get("EUCAIM_SITE_DISTRIBUTION", "debian13")
PROVIDER = "site-hospital"
# A folder with archives of the real programs, to run the tests of this folder with them.
REAL_IMAGES = os.environ.get("EUCAIM_SITE_IMAGES", "")
SITE = str(ROOT / "playbooks" / "site.yml")
VERIFY = str(ROOT / "playbooks" / "verify.yml")


@functools.cache
def real_images() -> dict[str, RealImage]:
    """The real programs that take the stand-ins' places; none unless the environment names them."""
    found = find_real(REAL_IMAGES) if REAL_IMAGES else {}
    return {program: named(program, image) for program, image in found.items()}


def image_settings() -> dict[str, dict[str, str]]:
    """What the node runs, in the words of federation_images."""
    found: dict[str, dict[str, str]] = {}
    for service, program in (("beam_proxy", "beam-proxy"), ("focus", "focus"), ("mediator", "mediator")):
        stand_in = build.ensure()[program]
        real = real_images().get(program)
        image = real or RealImage(stand_in.name, stand_in.path, stand_in.sha256)
        name, _colon, tag = image.name.rpartition(":")
        archive = {"path": image.path, "sha256": image.sha256}
        found[service] = {"name": name, "tag": tag, "source": "archive" if image.path else "registry"}
        found[service] |= archive if image.path else {}
    return found


@dataclass
class World:
    """A node, the far end it talks to, and the inventory that describes it."""

    node: Node
    far_end: FarEnd
    provider: str = PROVIDER
    # The folder below the scratch folder that holds the good inventory.
    area: str = "good"
    # Where the ansible-playbook is that runs on it.
    programs: Path = PROGRAMS
    # Values that must never be seen anywhere but where they belong.
    planted: dict[str, str] = field(default_factory=dict)
    # The site's own package repository, for a distribution that needs one.
    mirror: Mirror | None = None

    def __post_init__(self) -> None:
        """Plant the secrets that a site gives us."""
        path = SCRATCH / "planted"
        if not path.exists():
            SCRATCH.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, f"Planted-{secrets.token_hex(12)}")
        self.planted["mediator token"] = path.read_text(encoding="utf-8")
        self.planted["sudo password"] = operator_password().read_text(encoding="utf-8").strip()

    def connection(self) -> dict[str, Any]:
        """How Ansible reaches the node."""
        return self.node.variables()

    def settings(self) -> dict[str, Any]:
        """Settings with which everything works."""
        token = self.planted["mediator token"]
        return {
            **self.connection(),
            "preflight_tier": 2,
            "preflight_reach_targets": [f"https://{BROKER_ID}", "http://explorer:8081/v1/health"],
            "preflight_tls_ca_certificates": [self.far_end.tls_authority.read_text(encoding="utf-8")],
            "base_users": [
                {"name": "ada", "role": "admin", "comment": "Ada Admin", "authorized_keys": [public_key()]},
                {"name": "bela", "role": "basic", "comment": "Bela Basic", "authorized_keys": []},
            ],
            **(self.mirror.settings() if self.mirror else {"docker_source": "distribution"}),
            "docker_users": ["ada"],
            "federation_provider_id": self.provider,
            "federation_provider_name": "Site Hospital",
            "federation_broker_url": f"https://{BROKER_ID}",
            "federation_root_certificate": (self.far_end.pki / "root.crt.pem").read_text(encoding="utf-8"),
            "federation_tls_ca_certificates": [self.far_end.tls_authority.read_text(encoding="utf-8")],
            "federation_network_subnet": "10.231.7.0/24",
            "federation_endpoint_type": "omop",
            "federation_endpoint_url": "http://mediator:8089/",
            "federation_endpoint_auth_header": f"Secret {token}",
            "federation_mediator_enabled": True,
            "federation_mediator_environment": {"MEDIATOR_AUTH_HEADER": f"Secret {token}"},
            "federation_images": image_settings(),
        }

    @property
    def directory(self) -> Path:
        """The folder of the good inventory, with reports and enrolment beside it."""
        return SCRATCH / self.area

    @property
    def inventory(self) -> Path:
        """The good inventory, written anew."""
        return write_inventory(self.directory, {self.node.name: self.settings()})

    @property
    def report(self) -> Path:
        """The report of the last verify."""
        return self.directory / "reports" / self.node.name

    @property
    def request(self) -> Path:
        """The certificate request that the node made."""
        return self.directory / "enrolment" / f"{self.node.name}.csr.pem"

    def site(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run the real site playbook on the good inventory."""
        return playbook(SITE, *arguments, inventory=self.inventory, env=env, programs=self.programs)

    def verify(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run the real verify playbook on the good inventory."""
        return playbook(VERIFY, *arguments, inventory=self.inventory, env=env, programs=self.programs)

    def look(self, *roles: str, wait: int = 0) -> Run:
        """Verify some roles only, and write the report: for tests that hurt one thing."""
        return self.verify("--tags", ",".join([*roles, "report"]), "-e", f"federation_probe_wait={wait}")

    def compose(self, *words: str, override: Mapping[str, Any] | None = None) -> None:
        """Docker Compose on the node, on the federation's project; an override changes its services."""
        files = "-f compose.yaml"
        if override is not None:
            self.node.exec("cat > /run/override.yaml", stdin=json.dumps({"services": override}))
            files += " -f /run/override.yaml"
        self.node.exec(f"cd /opt/eucaim/federation && docker compose {files} {' '.join(words)}")

    def rows(self) -> dict[str, dict[str, str]]:
        """The rows of the last report."""
        return rows(self.report)

    def remember(self, name: str, value: object) -> None:
        """Keep a measured figure for the note."""
        path = SCRATCH / "figures.json"
        figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        figures[name] = value
        path.write_text(json.dumps(figures, indent=1), encoding="utf-8")


@contextlib.contextmanager
def made(
    name: str, third: int, distribution: str = DISTRIBUTION, node: type[Node] = Node, keep: bool = False
) -> Iterator[World]:
    """A bare node and a far end on a network of their own, 172.30.<third>.0/24, taken away at the end."""
    network, subnet = f"eucaim-{name}", f"172.30.{third}.0/24"
    far_end = FarEnd(network, subnet, real_images())
    machine = node(f"{name}-node-1", network, f"172.30.{third}.11", distribution)
    mirror = Mirror(network, f"172.30.{third}.7") if distribution == "debian12" else None
    if not (keep and machine.running):
        machine.down()
        far_end.down()
        far_end.up()
    machine.up()
    if mirror:
        mirror.up()
    yield World(machine, far_end, f"{name}-hospital", "good" if name == "site" else f"good-{name}", mirror=mirror)
    if not keep:
        machine.down()
        if mirror:
            mirror.down()
        far_end.down()
        remove_network(network)


def public_key() -> str:
    """A public key of a made-up person: the test operator's, whose private half never leaves this checkout."""
    return operator_key().with_suffix(".pub").read_text(encoding="utf-8").strip()
