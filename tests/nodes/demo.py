# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts/demo does once Python, Ansible and a container engine are there."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.farend import FarEnd, FarEndError, RealImage, find_real, named
from tests.farend import images as standins
from tests.nodes import images
from tests.nodes.engine import CACHE, CHECKOUT, EngineError, admin_hash, remove_network, write_private
from tests.nodes.node import Node, existing

NETWORK = "eucaim-demo"
SUBNET = "172.30.77.0/24"
INVENTORY = CHECKOUT / "inventories" / "demo"
STATE = CACHE / "demo"
MOST = 4
TASK = re.compile(r"^(TASK|RUNNING HANDLER|PLAY) \[(.*)\] \**$")


class DemoError(RuntimeError):
    """A part of the demo failed; says which, and where to look."""


def say(text: str) -> None:
    """One line for the person who watches, with the time of day."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


@dataclass
class Clock:
    """How long each part took."""

    parts: list[tuple[str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure one part, and say that it begins."""
        say(name)
        begun = time.monotonic()
        yield
        self.parts.append((name, time.monotonic() - begun))


@dataclass
class Demo:
    """The nodes and the far end of one demo."""

    count: int
    real: dict[str, RealImage]
    clock: Clock

    @property
    def nodes(self) -> list[Node]:
        """The nodes, with the addresses that inventories/demo gives them."""
        return [Node(f"demo-node-{number}", NETWORK, f"172.30.77.{10 + number}") for number in range(1, self.count + 1)]

    @property
    def far(self) -> FarEnd:
        """The far end of the federation."""
        return FarEnd(NETWORK, SUBNET, self.real, say)

    def request(self, node: Node) -> Path:
        """Where the role leaves a node's certificate request on this machine."""
        return INVENTORY / "enrolment" / f"{node.name}.csr.pem"

    def run(self) -> None:
        """Everything, in order."""
        with self.clock.part("the far end: certificate authority, broker and explorer"):
            self.far.up()
        with self.clock.part(f"{self.count} throw-away Debian 13 machine(s)"):
            known = existing()
            for node in self.nodes:
                if node.name not in known:
                    self.request(node).unlink(missing_ok=True)
                node.up(say)
        write_private(STATE / "images.yml", json.dumps({"demo_real_images": self.node_images()}))
        with self.clock.part("playbooks/site.yml: from a bare machine to a local node"):
            self.playbook("site")
        with self.clock.part("enrolment: signing the requests"):
            self.sign()
        with self.clock.part("playbooks/verify.yml: proving it, and writing the report"):
            self.playbook("verify")
        with self.clock.part("a federated query"):
            answers = {node.name: self.far.query(node.name, timeout=90) for node in self.nodes}
        for name, answer in answers.items():
            show(name, answer)

    def node_images(self) -> dict[str, dict[str, str]]:
        """The real programs, in the words of federation_images; empty with stand-ins."""
        found: dict[str, dict[str, str]] = {}
        for program in ("beam-proxy", "focus"):
            if program in self.real:
                image = self.real[program]
                name, _unused, tag = image.name.rpartition(":")
                found[program] = {"source": "registry", "name": name, "tag": tag}
                if image.path:
                    found[program] |= {"source": "archive", "path": image.path, "sha256": image.sha256}
        return found

    def sign(self) -> None:
        """Do what EUCAIM's central manager does with a request."""
        for node in self.nodes:
            if not self.request(node).exists():
                raise DemoError(
                    f"found: no {self.request(node)}; needed: the request that playbooks/site.yml leaves there"
                )
            say(f"  stand-in of the central manager: {node.name}: {self.far.sign(self.request(node))}")

    def playbook(self, name: str) -> None:
        """Run a playbook over SSH, show its tasks as they start, keep everything in a log."""
        log = STATE / f"{name}.log"
        limit = ",".join(node.name for node in self.nodes)
        argv = ["ansible-playbook", "-i", str(INVENTORY), "--limit", limit, "-e", f"@{STATE / 'images.yml'}"]
        argv.append(str(CHECKOUT / "playbooks" / f"{name}.yml"))
        say(f"  ansible-playbook -i inventories/demo --limit {limit} playbooks/{name}.yml (log: {log})")
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="eucaim-") as sockets, log.open("w", encoding="utf-8") as stream:
            process = subprocess.Popen(
                argv,
                cwd=CHECKOUT,
                env=self.environment(sockets),
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for line in process.stdout or ():
                stream.write(line)
                stream.flush()
                found = TASK.match(line)
                if found and found[1] != "PLAY":
                    print(
                        f"    {time.monotonic() - begun:5.0f} s  {found[2].removeprefix('eucaim.local_node.')}",
                        flush=True,
                    )
            status = process.wait()
        if status != 0:
            raise DemoError(f"playbooks/{name}.yml ended with {status}; the end of {log}:\n{tail(log)}")

    def environment(self, sockets: str) -> dict[str, str]:
        """Ansible sees this checkout and its caches; connections of this run are its own."""
        collections = f"{CHECKOUT / '.collections'}:{CACHE / 'collections'}"
        return {
            **os.environ,
            "PATH": f"{CACHE / 'venv' / 'bin'}:{os.environ.get('PATH', '')}",
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def keep_traces(self) -> None:
        """After a failure: what the nodes' containers said, before the nodes go away."""
        for node in self.nodes:
            if node.running:
                script = (
                    "docker ps -a; for c in $(docker ps -aq); do docker inspect -f '== {{.Name}}' $c;"
                    " docker logs --tail 40 $c 2>&1; done; systemctl --failed --no-legend; journalctl -n 80 --no-pager"
                )
                path = STATE / f"failure-{node.name}.log"
                write_private(path, node.exec(script, check=False).stdout)
                say(f"what {node.name} said is in {path}")

    def remove(self) -> None:
        """Take away every node and the far end."""
        known = existing()
        for node in Demo(MOST, {}, self.clock).nodes:
            if node.name in known:
                node.down()
                self.request(node).unlink(missing_ok=True)
        self.far.down()
        remove_network(NETWORK)


def tail(log: Path) -> str:
    """The end of a log, from the first failure on."""
    lines = log.read_text(encoding="utf-8").splitlines()
    failures = [number for number, line in enumerate(lines) if re.match(r"(fatal|failed|ERROR|\[ERROR\])", line)]
    start = max(failures[0] - 1, 0) if failures else max(len(lines) - 30, 0)
    return "\n".join(lines[start : start + 60])


def show(name: str, answer: dict[str, Any]) -> None:
    """Print a node's answer, and refuse one that does not hold the mediator's two data sets."""
    collections = answer.get("collections", [])
    print(f"\n{name} ({answer.get('provider', 'no provider name')}) answered through Beam and Focus:")
    for item in collections:
        modalities = ", ".join(item.get("modalities", []))
        counts = f"{item.get('subjects_count')} subjects, {item.get('studies_count')} studies"
        print(f"  {item.get('id')}: {item.get('name')}; {counts}; {modalities}")
    if len(collections) != 2:
        raise DemoError(f"found: {len(collections)} data sets from {name}; needed: the mediator's two")


def arguments() -> argparse.Namespace:
    """Read the command line that scripts/demo has checked already."""
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--nodes", type=int, default=1, choices=range(1, MOST + 1))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--remove", action="store_true")
    parser.add_argument("--images")
    return parser.parse_args()


def closing(demo: Demo, started: float) -> None:
    """Where the report is, how long things took."""
    print("\nReports (open in a browser):")
    for node in demo.nodes:
        print(f"  {INVENTORY / 'reports' / node.name / 'index.html'}")
    print("\nTime:")
    for name, seconds in demo.clock.parts:
        print(f"  {seconds:6.1f} s  {name}")
    print(f"  {time.time() - started:6.1f} s  in all")


def main() -> int:
    """Run the demo, and leave nothing behind unless asked to."""
    options = arguments()
    started = float(os.environ.get("EUCAIM_DEMO_STARTED") or time.time())
    STATE.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(143))
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("found: another scripts/demo at work in this checkout; needed: one at a time", file=sys.stderr)
            return 1
        clock = Clock([("preparing this machine", time.time() - started)])
        demo = Demo(options.nodes, {}, clock)
        if options.remove:
            say("removing the nodes and the far end")
            demo.remove()
            return 0
        return attempt(demo, options, started)


def attempt(demo: Demo, options: argparse.Namespace, started: float) -> int:
    """One demo, with its end whatever happens."""
    try:
        if options.images:
            demo.real = {program: named(program, image) for program, image in find_real(options.images).items()}
            for program, image in demo.real.items():
                say(f"real {program}: {image.path or image.name}")
        with demo.clock.part("node image and stand-ins"):
            admin_hash(images.ensure("debian13", say))
            standins.ensure(say)
        demo.run()
        closing(demo, started)
        return 0
    except (DemoError, FarEndError, EngineError, RuntimeError) as problem:
        print(f"\nThe demo failed: {problem}", file=sys.stderr, flush=True)
        demo.keep_traces()
        return 1
    finally:
        if options.keep:
            print(f"\nKept. Log in:  ssh -F {demo.nodes[0].ssh_config} {demo.nodes[0].name}")
            print(f"sudo password: {CACHE / 'keys' / 'operator.password'}")
            ask = f"python3 -m tests.standins.farend query --network {NETWORK} --provider {demo.nodes[0].name}"
            print(f"Ask again:     {ask}")
            print("Remove:        scripts/demo --remove")
        else:
            say("removing the nodes and the far end (--keep keeps them)")
            demo.remove()


if __name__ == "__main__":
    sys.exit(main())
