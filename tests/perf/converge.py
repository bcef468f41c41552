# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run on a bare node, against a plain shell script that installs and writes the same."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path

from tests.nodes.engine import run
from tests.nodes.node import Node
from tests.perf.ratios import NothingMeasured, Result, Sample, ratio, seconds
from tests.perf.world import Farm, farm, node_seconds, rounds
from tests.site.world import World, image_settings

MOST_RATIO = 2.0
SCRIPT = Path(__file__).with_name("converge.sh")


def measure(runs: int) -> Result:
    """Converge fresh nodes in turn by the playbook and by the script."""
    with farm(1) as here:
        samples = rounds(runs, site=lambda: by_site(here), script=lambda: by_script(here))
    result = Result(f"The first run on a bare node (median of {runs} interleaved runs)", samples=samples)
    result.add("site", seconds(samples["site"]), "s")
    result.add("shell script over SSH, with the same installs and writes", seconds(samples["script"]), "s")
    result.add(
        "site against the script", ratio(samples["site"], [one.seconds for one in samples["script"]]), "x", MOST_RATIO
    )
    result.notes.append(
        "The script is tests/perf/converge.sh: it checks nothing, cannot be run twice, and must end with the same"
        " packages, people, images and running containers, which is compared."
    )
    return result


def fresh(world: World) -> Node:
    """The node, bare again."""
    world.node.down()
    world.request.unlink(missing_ok=True)
    return world.node.up(lambda _text: None)


def by_site(here: Farm) -> Sample:
    """The first run of the site playbook on a bare node."""
    fresh(here.worlds[0])
    return here.site(changed=True)


def by_script(here: Farm) -> Sample:
    """The script on a bare node: the archives copied, the script run once over SSH by the same user with sudo."""
    world = here.worlds[0]
    node = fresh(world)
    used, started = node_seconds(node), time.monotonic()
    archives = [str(image["path"]) for image in image_settings().values()]
    run(["scp", "-q", "-F", str(node.ssh_config), *archives, f"{node.name}:"], timeout=300)
    password = world.planted["sudo password"]
    node.ssh("sudo -S -p '' sh -s", stdin=f"{password}\n{script(world)}")
    sample = Sample(time.monotonic() - started, node_seconds(node) - used)
    compare(node)
    return sample


def script(world: World) -> str:
    """The script, with what the inventory says put before it."""
    settings = world.settings()
    images = image_settings()
    given = {
        "PROVIDER": world.provider,
        "PROVIDER_NAME": settings["federation_provider_name"],
        "BROKER": settings["federation_broker_url"],
        "ROOT_CERTIFICATE": settings["federation_root_certificate"],
        "TLS_AUTHORITY": settings["federation_tls_ca_certificates"][0],
        "TOKEN": settings["federation_endpoint_auth_header"],
        "KEY": settings["base_users"][0]["authorized_keys"][0],
        "SUBNET": settings["federation_network_subnet"],
        **{f"IMAGE_{name.upper()}": f"{image['name']}:{image['tag']}" for name, image in images.items()},
    }
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in given.items()]
    return "\n".join([*lines, SCRIPT.read_text(encoding="utf-8")])


def compare(node: Node) -> None:
    """Refuse a script that did less than the roles do: packages, people and running containers."""
    wanted = {"docker.io", "docker-compose", "git", "curl", "python3-cryptography", "ufw", "unattended-upgrades"}
    packages = set(node.exec("apt-mark showmanual").stdout.split())
    people = set(node.exec("getent passwd | cut -d: -f1").stdout.split())
    lines = node.exec("docker ps --all --format '{{json .}}'").stdout.splitlines()
    containers = {entry["Names"] for entry in map(json.loads, lines) if entry["State"] in ("running", "restarting")}
    missing = (wanted - packages) | ({"ada", "bela"} - people) | ({"beam-proxy", "focus", "mediator"} - containers)
    if missing:
        raise NothingMeasured(f"the shell script did not bring {', '.join(sorted(missing))}")
