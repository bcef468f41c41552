# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a bare node to an answered query where an authenticating proxy is the only way out.

Node and proxy share a network of their own that leads nowhere else. What the node sends to the outside past the proxy
arrives at the gate, outside the node, and is counted there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.farend.end import BROKER_ID, FarEnd
from tests.hospital.gate import NAME, PORT, Gate, where
from tests.nodes.engine import LABEL, docker, exists, outer_mtu, remove_network
from tests.nodes.node import Node, differences
from tests.site.driver import ROOT, Run, ids, playbook
from tests.site.test_g_secrets import READABLE, told
from tests.site.world import World, real_images

PREFLIGHT = str(ROOT / "playbooks" / "preflight.yml")
# Command lines are gone in a moment: whoever wants to see a secret in them looks all the time.
WATCH = "umask 077; while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >> /run/watched; sleep 0.3; done"


@dataclass
class Hospital(World):
    """A world in which the node gets out by the gate alone."""

    gate: Gate | None = None

    def settings(self) -> dict[str, Any]:
        """Good settings, with the site's proxy and its authority in place of those of single roles."""
        assert self.gate is not None
        settings = super().settings()
        del settings["preflight_tls_ca_certificates"], settings["federation_tls_ca_certificates"]
        return settings | {
            "site_http_proxy": self.gate.url,
            "site_no_proxy": [".hospital.test", "10.231.0.0/16"],
            "site_ca_certificates": [self.far_end.tls_authority.read_text(encoding="utf-8")],
        }


@contextlib.contextmanager
def hospital(name: str, within: int = 84, beyond: int = 92, password: str | None = None) -> Iterator[Hospital]:
    """A bare node and a gate on a network without a way out (172.30.`within`.0/24), and a far end beyond the gate."""
    inside, outside = f"eucaim-{name}", f"eucaim-{name}-outside"
    far_end = FarEnd(outside, f"172.30.{beyond}.0/24", real_images())
    node = Node(f"{name}-node-1", inside, f"172.30.{within}.11")
    gate = Gate(inside, f"172.30.{within}.3", outside, f"172.30.{beyond}.9")
    gate = gate if password is None else replace(gate, password=password)
    for part in (node, gate, far_end):
        part.down()
    try:
        far_end.up()
        if not exists("network", inside):
            # Without masquerading nothing that leaves by the engine's own way gets an answer.
            words = ["--opt", "com.docker.network.bridge.enable_ip_masquerade=false"]
            words += ["--opt", f"com.docker.network.driver.mtu={outer_mtu()}", "--label", f"{LABEL}=network"]
            docker("network", "create", *words, "--subnet", f"172.30.{within}.0/24", inside)
        gate.up()
        node.up()
        node.exec(f"ip route replace default via {gate.inside_ip}; echo nameserver {gate.inside_ip} > /etc/resolv.conf")
        node.exec("rm -f /etc/apt/apt.conf.d/90proxy")
        yield Hospital(node=node, far_end=far_end, provider=f"{name}-hospital", area=f"good-{name}", gate=gate)
    finally:
        for part in (node, gate, far_end):
            part.down()
        remove_network(inside)
        remove_network(outside)


def gate_of(world: Hospital) -> Gate:
    """The world's gate."""
    assert world.gate is not None
    return world.gate


@dataclass(frozen=True)
class Converged:
    """The runs from bare to answered, and what was seen of command lines meanwhile."""

    world: Hospital
    site: Run
    verify: Run
    again: Run
    watched: str
    passed: list[list[str]]
    strays: list[str]
    asked: set[str]


@pytest.fixture(scope="module")
def bare() -> Iterator[Hospital]:
    """A hospital whose node was never touched."""
    with hospital("hospital-proxy") as world:
        yield world


def converge(world: Hospital, *arguments: str) -> Converged:
    """Converge, enrol, verify, converge again."""
    gate = gate_of(world)
    gate.forget()
    docker("exec", "--detach", world.node.name, "sh", "-c", WATCH)
    site = world.site(*arguments).succeeded()
    world.far_end.sign(world.request)
    verify = world.verify(*arguments).succeeded()
    again = world.site(*arguments).succeeded()
    watched = world.node.exec("cat /run/watched; rm /run/watched").stdout
    return Converged(world, site, verify, again, watched, gate.passed(), gate.strays(), gate.asked())


@pytest.fixture(scope="module")
def converged(bare: Hospital) -> Converged:
    """The bare node, converged at the highest verbosity."""
    return converge(bare, "-vvvv", "--diff")


def test_there_is_no_other_way_out(bare: Hospital) -> None:
    """Nothing is reached directly, the gate sees who tries, and the proxy turns away whom it does not know."""
    gate = gate_of(bare)
    gate.forget()
    tried = bare.node.exec("timeout 2 bash -c 'exec 3<>/dev/tcp/198.51.100.7/443'", check=False)
    assert tried.returncode != 0
    bare.node.exec("timeout 2 bash -c 'echo > /dev/udp/198.51.100.8/53'", check=False)
    seen = gate.strays()
    assert [place for place in seen if place.startswith("198.51.100.7 . tcp . 443")], seen
    assert [place for place in seen if place.startswith("198.51.100.8 . udp . 53")], seen
    assert bare.node.exec("apt-get update -q -o APT::Update::Error-Mode=any", check=False).returncode != 0
    gate.forget()
    assert gate.strays() == []
    line = f"exec 3<>/dev/tcp/{NAME}/{PORT}; printf 'GET http://explorer:8081/ HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3"
    assert " 407 " in bare.node.exec(f'bash -c "{line}"').stdout


def test_preflight_judges_through_the_proxy(bare: Hospital) -> None:
    """On the bare node: package sources, the broker and a plain address are reached, each by the proxy."""
    run = playbook(PREFLIGHT, inventory=bare.inventory).succeeded()
    assert run.changed == 0
    assert NAME in run.output
    assert "unmet" not in run.output
    assert told(run.output, gate_of(bare).secrets) == []
    assert gate_of(bare).strays() == []


@pytest.mark.long
def test_check_mode_on_the_bare_node(bare: Hospital) -> None:
    """It ends well, foretells, and names no password."""
    run = bare.site("--check", "--diff").succeeded()
    assert run.changed > 0
    assert told(run.output, gate_of(bare).secrets) == []


def test_the_bare_node_becomes_one_that_answers(converged: Converged) -> None:
    """Everything promised holds, the federation gets its answer, and a second run changes nothing."""
    found = converged.world.rows()
    assert ids(found, "unmet") == []
    for requirement in ("TIER-2", "FED-PROBE", "FED-BEAM", "NET-REACH", "OS-DEVICES", "CT-RUN"):
        assert found[requirement]["status"] in ("met", "recommended", "unanswered"), found[requirement]
    assert found["NET-REACH"]["status"] == "met"
    assert f"through proxy {NAME}:{PORT}" in found["NET-REACH"]["measured"]
    answer = converged.world.far_end.query(converged.world.provider)
    assert len(answer["collections"]) == 2
    assert converged.again.changed == 0, converged.again.output[-6000:]


def test_no_packet_went_out_but_through_the_proxy(converged: Converged) -> None:
    """Counted at the gate, from the first byte on; and the proxy saw packages and the broker."""
    assert converged.strays == []
    assert {name for name in converged.asked if "." in name and not name.endswith(".hospital.test")} == set()
    hosts = where(converged.passed)
    assert BROKER_ID in hosts
    sources = converged.world.node.exec("cat /etc/apt/sources.list.d/*.sources").stdout
    mirror = sources.split("URIs: ")[1].split("/")[2].split(":")[0]
    assert mirror in hosts
    assert {words[7] for words in converged.passed} == {gate_of(converged.world).user}


def test_the_password_is_nowhere(converged: Converged) -> None:
    """Not in output at -vvvv with --diff, a command line, a journal, a container's log or a file that others read."""
    world, secrets = converged.world, gate_of(converged.world).secrets
    for run in (converged.site, converged.verify, converged.again):
        assert told(run.output, secrets) == []
    assert "apt-get" in converged.watched
    assert told(converged.watched, secrets) == []
    logs = world.node.exec(
        "journalctl --no-pager; for each in beam-proxy focus mediator; do docker logs $each 2>&1; done"
    )
    assert told(logs.stdout, secrets) == []
    listed = "\n".join(secrets.values()) + "\n"
    assert world.node.exec(READABLE, stdin=listed, check=False).stdout == ""
    there = world.node.exec("grep -rlFf /dev/stdin /etc", stdin=listed).stdout.split()
    assert there, "the search finds nothing at all"
    assert {world.node.exec(f"stat -c %a:%U {path}").stdout.strip() for path in there} == {"600:root"}


def test_an_ordinary_user_may_still_ask_apt(converged: Converged) -> None:
    """The password hides in a file of its own, so that nobody gets a warning about one that cannot be read."""
    said = converged.world.node.ssh("apt-get --simulate install wget 2>&1; apt-config dump | grep -i proxy").stdout
    assert "W:" not in said
    assert NAME in said


def test_updates_by_themselves_and_the_engine_use_it(converged: Converged) -> None:
    """The nightly update, and a pull, which this proxy answers with an error in place of a registry."""
    world, gate = converged.world, gate_of(converged.world)
    gate.forget()
    world.node.exec("rm -f /var/lib/apt/periodic/*; systemctl start apt-daily.service")
    hosts = where(gate.passed())
    assert hosts
    assert "hidden" not in world.node.exec("docker info --format '{{.HTTPSProxy}}'").stdout
    pulled = world.node.exec("timeout 20 docker pull registry.hospital-elsewhere.test/none", check=False)
    assert pulled.returncode != 0
    assert "registry.hospital-elsewhere.test" in where(gate.passed())
    assert gate.strays() == []


def test_the_site_s_authority_is_trusted(converged: Converged) -> None:
    """By the system itself: curl, without a word of it, gets an answer of the broker in TLS."""
    world = converged.world
    words = f'proxy = "{gate_of(world).url}"\nurl = "https://{BROKER_ID}/v1/health"\nsilent\nshow-error\n'
    done = world.node.exec("curl --config - --output /dev/null --write-out '%{http_code}'", stdin=words, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()


def test_a_site_that_gives_its_proxy_up_leaves_no_password(converged: Converged) -> None:
    """The package manager's settings go from the node when the inventory does not name them any more."""
    world = converged.world
    run = world.site("--tags", "base_install", "-e", "site_http_proxy=").succeeded()
    assert "Go out as the site does" in run.output
    listed = "\n".join(gate_of(world).secrets.values()) + "\n"
    assert world.node.exec("grep -rlFf /dev/stdin /etc/apt", stdin=listed, check=False).stdout == ""
    assert NAME not in world.node.exec("apt-config dump").stdout


@pytest.mark.long
def test_a_proxy_that_asks_for_no_password() -> None:
    """The same from bare to answered, without credentials."""
    with hospital("hospital-open", 94, 95, password="") as world:
        done = converge(world)
        assert len(world.far_end.query(world.provider)["collections"]) == 2
        assert done.strays == []
        assert done.again.changed == 0
        assert BROKER_ID in where(done.passed)


@pytest.mark.long
def test_a_wrong_password_is_named() -> None:
    """Before the first change: which proxy, that it does not take user and password, and how to write them."""
    with hospital("hospital-wrong", 96, 97) as world:
        gate = gate_of(world)
        before = world.node.fingerprint()
        gate.admit(gate.user, "another password")
        run = world.site()
        assert run.rc != 0
        assert run.changed == 0
        for word in ("NET-REACH", "site_http_proxy", NAME, "does not accept the user and password", "%40"):
            assert word in " ".join(run.output.split()), run.output[-3000:]
        assert told(run.output, gate.secrets) == []
        assert differences(before, world.node.fingerprint()) == []
