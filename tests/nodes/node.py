# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One throw-away node: a systemd container with its own sshd, its own users and room for its own Docker engine."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.nodes import images
from tests.nodes.engine import (
    BOOT,
    LABEL,
    detect,
    docker,
    ensure_network,
    exists,
    hold_arguments,
    operator_key,
    operator_password,
    run,
)
from tests.nodes.login import USER, Login

HERE = Path(__file__).resolve().parent
# Overlay file systems cannot lie on one another, so what an engine stores gets volumes.
STORES = {"docker": "/var/lib/docker", "containerd": "/var/lib/containerd"}

Fingerprint = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Node(Login):
    """A node by its name, network and address; nothing happens before up()."""

    name: str
    network: str = "eucaim-test"
    ip: str = "172.30.78.11"
    distribution: str = "debian13"
    extra_hosts: dict[str, str] = field(default_factory=dict)
    # A second address; the network gets IPv6 with it.
    ip6: str = ""

    @property
    def running(self) -> bool:
        """Is the container running?"""
        return docker("container", "inspect", "-f", "{{.State.Running}}", self.name, check=False) == "true"

    def up(self, say: images.Say = print) -> Node:
        """Make the node, or start it again; returns when sshd lets the user in."""
        started = time.monotonic()
        image = images.ensure(self.distribution, say)
        if not exists("container", self.name):
            ensure_network(self.network, self.ip, self.ip6)
            self._create(image)
        elif not self.running:
            docker("start", self.name)
        self._open()
        self.wait()
        say(f"{self.name} is up at {self.ip} ({time.monotonic() - started:.1f} s)")
        return self

    def _create(self, image: str) -> None:
        hold = detect(image)
        arguments = ["run", "--detach", "--name", self.name, "--hostname", self.name, "--label", f"{LABEL}=node"]
        arguments += ["--network", self.network, "--ip", self.ip, "--stop-signal", "SIGRTMIN+3", "--stop-timeout", "30"]
        arguments += ["--ip6", self.ip6] if self.ip6 else []
        arguments += ["--env", "container=docker", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"]
        for host, address in self.extra_hosts.items():
            arguments += ["--add-host", f"{host}:{address}"]
        for store, path in STORES.items():
            arguments += ["--volume", f"{self.name}-{store}:{path}"]
        docker(*arguments, *hold_arguments(hold), image, "/bin/sh", "-c", BOOT, "boot", hold.layout, self.name)

    def _open(self) -> None:
        """Give the user the key and the sudo password of this checkout, and learn the node's host key."""
        public = operator_key().with_suffix(".pub").read_text(encoding="utf-8")
        home = f"/home/{USER}/.ssh"
        self.exec(
            f"test -e {home} || {{ install -d -m 700 -o {USER} -g users {home}"
            f" && install -m 600 -o {USER} -g users /dev/stdin {home}/authorized_keys; }}",
            stdin=public,
        )
        secret = operator_password().read_text(encoding="utf-8").strip()
        self.exec(f"test \"$(passwd -S {USER} | cut -d' ' -f2)\" = P || chpasswd", stdin=f"{USER}:{secret}\n")
        deadline = time.monotonic() + 60
        key = ""
        while not key and time.monotonic() < deadline:
            key = self.exec("cat /etc/ssh/ssh_host_ed25519_key.pub", check=False).stdout.strip()
            time.sleep(0 if key else 0.2)
        names = ",".join(name for name in (self.name, self.ip, self.ip6) if name)
        self.trust(names, key, self.ip, 22, 5)

    def last_words(self) -> str:
        """Return the end of the container's log."""
        return docker("logs", "--tail", "20", self.name, check=False)

    def exec(self, command: str, *, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root through the engine: for tests, which need a way in beside the one they test."""
        return run(["docker", "exec", "-i", self.name, "sh", "-c", command], stdin=stdin, check=check, timeout=600)

    def restart(self) -> None:
        """Shut the node down and boot it again; address and data stay."""
        docker("restart", "--time", "30", self.name)
        self.wait()

    def down(self) -> None:
        """Take the node away, with its volumes, its host key and its control group."""
        layout = Path("/sys/fs/cgroup/unified")
        image = f"eucaim-node:{self.distribution}"
        docker("rm", "--force", "--volumes", self.name, check=False)
        for store in STORES:
            docker("volume", "rm", "--force", f"{self.name}-{store}", check=False)
        if layout.exists() and exists("image", image):
            group = f"/groups/eucaim-node-{self.name}"
            sweep = f"test ! -e {group} || find {group} -depth -type d -exec rmdir {{}} +"
            docker("run", "--rm", "--network=none", "-v", f"{layout}:/groups", image, "sh", "-c", sweep, check=False)
        self.forget()

    def fingerprint(self) -> Fingerprint:
        """Everything on the node that a run could have changed: files, users, units, rules, packages, containers."""
        script = (HERE / "fingerprint.py").read_text(encoding="utf-8")
        done = run(["docker", "exec", "-i", self.name, "python3", "-"], stdin=script)
        found: Fingerprint = json.loads(done.stdout)
        return found


# A line of that kind about a package that the distribution has published anew since the image of the node was made.
UPDATED = re.compile(r"packages: [^ ]+:\w+: \d\S* install ok installed -> \d\S* install ok installed$")


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """What differs between two fingerprints, one line each; an empty list when nothing does."""
    lines = []
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section, {}), after.get(section, {})
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                lines.append(f"{section}: {key}: {old.get(key, '(absent)')} -> {new.get(key, '(absent)')}")
    return lines


def existing() -> list[str]:
    """Names of all nodes on this machine, running or not."""
    return sorted(docker("ps", "--all", "--filter", f"label={LABEL}=node", "--format", "{{.Names}}").split())
