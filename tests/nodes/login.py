# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one logs in to a throw-away machine, a container or a virtual one: over SSH, as its unprivileged user."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from tests.nodes.engine import CACHE, operator_key, operator_password, run

STATE = CACHE / "nodes"
USER = "operator"


class Login:
    """What a machine needs beside its name: how often it is asked whether it is up, and what it said last."""

    name: str
    ip: str
    pause = 0.3

    @property
    def known_hosts(self) -> Path:
        """Public host key of this machine, as ssh wants it."""
        return STATE / "known_hosts.d" / self.name

    @property
    def ssh_config(self) -> Path:
        """A configuration file with which `ssh -F` and testinfra reach the machine by its name."""
        return STATE / "ssh_config.d" / self.name

    def trust(self, names: str, key: str, ip: str, port: int, patience: int) -> None:
        """Write down the host key, under the names that ssh knows the machine by, and how to log in."""
        self.known_hosts.parent.mkdir(parents=True, exist_ok=True)
        self.known_hosts.write_text(f"{names} {' '.join(key.split()[:2])}\n", encoding="ascii")
        self.ssh_config.parent.mkdir(parents=True, exist_ok=True)
        self.ssh_config.write_text(
            f"Host {self.name}\n  HostName {ip}\n  Port {port}\n  User {USER}\n  IdentityFile {operator_key()}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  StrictHostKeyChecking yes\n"
            f"  ControlMaster no\n  ConnectTimeout {patience}\n"
            # A machine that is started again forgets its connections without a word.
            "  ServerAliveInterval 15\n  ServerAliveCountMax 4\n",
            encoding="utf-8",
        )

    def forget(self) -> None:
        """Take away what trust() wrote."""
        self.known_hosts.unlink(missing_ok=True)
        self.ssh_config.unlink(missing_ok=True)

    def variables(self) -> dict[str, Any]:
        """How Ansible reaches the machine."""
        return {
            "ansible_host": self.ip,
            "ansible_user": USER,
            "ansible_ssh_private_key_file": str(operator_key()),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.known_hosts} -o IdentitiesOnly=yes",
            "ansible_become_password": operator_password().read_text(encoding="utf-8").strip(),
        }

    def ssh(self, command: str, *, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command over SSH as the unprivileged user, as an administrator would."""
        return run(["ssh", "-F", str(self.ssh_config), self.name, command], stdin=stdin, check=check, timeout=600)

    def wait(self, timeout: float = 60.0) -> None:
        """Wait until a login works and systemd has nothing left to start."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.ssh("systemctl is-system-running", check=False)
            if answer.stdout.strip() in ("running", "degraded"):
                return
            if time.monotonic() > deadline:
                said = f"{answer.stderr.strip()} {self.last_words()}"
                raise RuntimeError(f"{self.name} did not come up in {timeout:.0f} s: {said}")
            time.sleep(self.pause)

    def last_words(self) -> str:
        """Return what the machine said last, for whoever has to find out why it is not up."""
        raise NotImplementedError
