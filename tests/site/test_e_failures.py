# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure that the federation role can name, provoked for real and named right.

That a node waits for its certificate is in test_c_first_run.py.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.nodes.engine import docker, write_private
from tests.site.driver import Run, ids
from tests.site.world import PROVIDER, World

# What a gateway in front of a mediator may answer: a page, with status 200, or nothing at all.
HTML = """
import http.server, time
class Page(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        time.sleep({pause})
        body = b"<html><body>Please log in</body></html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("0.0.0.0", 8089), Page).serve_forever()
"""


def expect(run: Run, world: World, requirement: str, *words: str) -> None:
    """The run fails, names the cause in these words, and only this row is unmet."""
    assert run.rc != 0, run.output[-3000:]
    assert "Traceback" not in run.output
    said = run.task("Tell whether this node answers").lower()
    plain = " ".join(said.split())
    for word in words:
        assert word in plain, f"{word!r} is not in: {plain}"
    assert ids(world.rows(), "unmet") == [requirement], world.rows()[requirement]


@pytest.fixture(autouse=True)
def sound(world: World) -> Iterator[None]:
    """Every test begins with a node that answers, because the one before ends with it."""
    yield
    world.site("--tags", "federation").succeeded()
    world.far_end.query(PROVIDER, timeout=90)


@contextmanager
def without(container: str) -> Iterator[None]:
    """Stop a part of the far end for a while."""
    docker("stop", "--time", "1", container)
    try:
        yield
    finally:
        docker("start", container)


def test_broker_unreachable(world: World) -> None:
    """Nobody listens at the broker's address."""
    with without(world.far_end.container("ingress")):
        expect(world.look("federation"), world, "FED-BEAM", "broker", "cannot be reached")
    world.far_end.wait()


def test_clock_off(world: World) -> None:
    """The broker's clock is three hours ahead, so this node's is three hours slow."""
    far = world.far_end
    path = far.state / "broker.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    write_private(path, json.dumps({**settings, "EUCAIM_STANDIN_CLOCK_OFFSET": "10800"}))
    environment = far.state / "broker.env"
    lines = environment.read_text(encoding="utf-8")
    write_private(environment, f"{lines}EUCAIM_STANDIN_CLOCK_OFFSET=10800\n")
    try:
        restart_broker(world)
        run = world.look("federation")
        assert "slow" in run.task("Tell whether this node answers")
        # Whole hours, rounded down: a moment has passed since.
        assert "2 hours" in run.task("Tell whether this node answers")
        assert ids(world.rows(), "unmet") == ["OS-TIME"]
    finally:
        write_private(path, json.dumps(settings))
        write_private(environment, lines)
        restart_broker(world)
        far.wait()


def restart_broker(world: World) -> None:
    """Make the broker's container anew, with the settings in its file."""
    far = world.far_end
    name = far.container("broker")
    found: dict[str, Any] = json.loads(docker("inspect", name))[0]
    mounts = [word for bind in found["HostConfig"]["Binds"] for word in ("-v", bind)]
    docker("rm", "-f", "-v", name)
    words = ["run", "-d", "--name", name, "--label", "eucaim.local_node=farend", "--restart", "always"]
    words += ["--network", far.network, "--ip", far.address(4), "--network-alias", "beam-broker"]
    docker(*words, *mounts, "--env-file", str(far.state / "broker.env"), found["Image"])
    time.sleep(2)


def test_wrong_api_key(world: World) -> None:
    """Focus has another key than the proxy."""
    world.node.exec("sed -i 's/^API_KEY=.*/API_KEY=quite-another-key/' /etc/eucaim/federation/focus.env")
    world.compose("up", "-d", "focus")
    expect(world.look("federation"), world, "FED-ENV", "key")


def test_mediator_down(world: World) -> None:
    """The mediator's container is stopped."""
    world.compose("stop", "mediator")
    expect(world.look("federation"), world, "FED-MED", "mediator")


def test_mediator_that_focus_cannot_use(world: World) -> None:
    """A page with status 200, which Focus passes on as a success."""
    script = {"mediator": {"entrypoint": ["/usr/bin/python3", "-c", HTML.format(pause=0)], "command": []}}
    world.compose("up", "-d", "mediator", override=script)
    time.sleep(2)
    expect(world.look("federation"), world, "FED-MED", "mediator", "focus cannot use")


def test_mediator_that_hangs(world: World) -> None:
    """No answer within any sensible time."""
    script = {"mediator": {"entrypoint": ["/usr/bin/python3", "-c", HTML.format(pause=300)], "command": []}}
    world.compose("up", "-d", "mediator", override=script)
    time.sleep(2)
    expect(world.look("federation"), world, "FED-MED", "mediator")


def test_key_that_is_not_the_certificates(world: World) -> None:
    """A new key on the node, as after a restore of the wrong backup."""
    key = f"/etc/eucaim/federation/pki/{PROVIDER}.broker.eucaim.test.priv.pem"
    world.node.exec(f"cp -p {key} /root/key.pem && openssl genrsa -out {key} 2048 && docker restart beam-proxy")
    try:
        expect(world.look("federation"), world, "FED-KEY", "key", "does not match")
    finally:
        world.node.exec(f"cp -p /root/key.pem {key} && rm /root/key.pem && docker restart beam-proxy")


def test_certificate_revoked(world: World) -> None:
    """The central manager has revoked it; it is in date and of this key."""
    world.far_end.revoke(PROVIDER)
    restart_broker(world)
    try:
        expect(world.look("federation"), world, "FED-KEY", "revoked")
    finally:
        world.far_end.sign(world.request)
        restart_broker(world)


def test_certificate_expired(world: World) -> None:
    """A certificate of half a minute, seen while it was good, and looked at after its end."""
    world.far_end.let_broker_settle()
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=75)
    world.far_end.revoke(PROVIDER)
    world.far_end.sign(world.request, f"--not-after={end:%Y-%m-%dT%H:%M:%SZ}")
    restart_broker(world)
    world.node.exec("docker restart beam-proxy")
    world.look("federation", wait=30).succeeded()
    time.sleep(max(0.0, (end - datetime.datetime.now(datetime.UTC)).total_seconds()) + 2)
    try:
        expect(world.look("federation"), world, "FED-KEY", "expired")
    finally:
        world.far_end.sign(world.request, "--days=30")
        restart_broker(world)
