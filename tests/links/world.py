# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with two adapters on one switch, the role network on it, and what its kernel says by itself."""

from __future__ import annotations

import json
import select
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.nodes.machine import Machine
from tests.site.driver import SCRATCH, Run, begin, kill, playbook, write_inventory

# The network of the emulator: what is forwarded to the machine goes to this address.
ADDRESS, GATEWAY, SERVER = "10.0.2.15/24", "10.0.2.2", "10.0.2.3"
PERMISSIONS = 0o700


class Stream:
    """One connection, and the longest time for which nothing came over it."""

    def __init__(self, machine: Machine) -> None:
        command = "while :; do echo x; sleep 0.2; done"
        self.process = subprocess.Popen(
            ["ssh", "-F", str(machine.ssh_config), machine.name, command], stdout=subprocess.PIPE, bufsize=0
        )
        self.gap = 0.0
        self.lines = 0
        assert self._read(30), "the connection says nothing"

    def _read(self, patience: float) -> bool:
        """Wait for what comes next."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return False
        said = self.process.stdout.read(4096)
        assert said, "the connection broke"
        self.lines += said.count(b"x")
        return True

    def listen(self, seconds: float, patience: float = 60) -> None:
        """Listen for so long, and take note of the longest silence."""
        end = time.monotonic() + seconds
        last = time.monotonic()
        while last < end:
            assert self._read(patience), f"silent for {patience} s"
            self.gap = max(self.gap, time.monotonic() - last)
            last = time.monotonic()

    def close(self) -> None:
        """End the connection."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass
class Network:
    """The machine, and the inventory of it."""

    machine: Machine
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def area(self) -> Path:
        """Where the inventory and the plays are."""
        return SCRATCH / "network" / self.machine.name

    @property
    def inventory(self) -> Path:
        """The inventory with the settings of now."""
        return write_inventory(
            self.area,
            {
                self.machine.name: {
                    **self.machine.variables(),
                    "ansible_python_interpreter": "/usr/bin/python3",
                    **self.settings,
                }
            },
        )

    def play(self, room: str) -> Path:
        """A play of one room of the role."""
        role = {"name": "eucaim.local_node.network", "tasks_from": room}
        task = {"name": f"Do {room}", "ansible.builtin.import_role": role}
        content = [{"hosts": "local_nodes", "gather_facts": False, "tasks": [task]}]
        path = self.area / f"{room}.json"
        path.parent.mkdir(mode=PERMISSIONS, parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def run(self, *arguments: str, room: str = "main") -> Run:
        """Run the role, succeed or not."""
        return playbook(str(self.play(room)), *arguments, inventory=self.inventory)

    def kill_in_a_change(self) -> None:
        """Begin a run, and kill it with all that it has started when the undo is armed: its workers would go on."""
        process = begin(str(self.play("main")), inventory=self.inventory, log=self.area / "killed.log")
        try:
            while not self.pending():
                assert process.poll() is None, "the run ended before anybody could end it"
        finally:
            kill(process)

    def told_truly(self, room: str = "main") -> Run:
        """Look in check mode, then do it: what would be changed has to be what is changed."""
        before = self.state()
        foretold = self.run("--check", "--diff", room=room).succeeded()
        assert self.state() == before
        done = self.run("--diff", room=room).succeeded()
        assert bool(foretold.changed) == bool(done.changed), (foretold.output[-3000:], done.output[-3000:])
        return done

    def unchanged(self) -> None:
        """A run that has nothing to do, and says so."""
        run = self.run().succeeded()
        assert run.changed == 0, run.output[-4000:]

    def rows(self) -> dict[str, dict[str, str]]:
        """The evidence that verify leaves on the node, by requirement."""
        self.run(room="verify").succeeded()
        content = json.loads(self.sh("cat /var/lib/eucaim/evidence/network.json"))
        return {row["requirement"]: row for row in content["rows"]}

    # What the kernel says, without the role.

    def sh(self, command: str) -> str:
        """Run a command as root."""
        return self.machine.sudo(command).stdout.strip()

    def addresses(self, device: str) -> dict[str, bool]:
        """The addresses of IPv4 of a link, and of each whether it was leased."""
        shown = json.loads(self.sh(f"ip -4 -j address show dev {device}"))
        return {
            f"{each['local']}/{each['prefixlen']}": bool(each.get("dynamic"))
            for link in shown
            for each in link.get("addr_info", [])
        }

    def devices(self) -> list[str]:
        """The names of the links, without the loopback."""
        return sorted(set(self.sh("ls /sys/class/net").split()) - {"lo", "bonding_masters"})

    def state(self) -> tuple[str, ...]:
        """What the settings are, and what the kernel made of them."""
        files = "find /etc/systemd/network /etc/network /etc/resolv.conf -type f 2> /dev/null | sort | xargs sha256sum"
        addresses = tuple(f"{name} {address}" for name in self.devices() for address in sorted(self.addresses(name)))
        return (self.sh(files), *addresses)

    def pending(self) -> bool:
        """Say whether a change waits for its proof."""
        return "pending" in self.sh("ls /var/lib/eucaim/network")

    def stream(self) -> Stream:
        """A connection on which the machine says something five times a second."""
        return Stream(self.machine)

    def undone(self) -> float:
        """How many seconds after the node had begun to go over its undo was done, by the node's clock."""
        begun = self.sh(
            "journalctl -o short-unix -u 'eucaim-network-apply-*.service' | grep Started | tail -1"
        ).split()[0]
        return float(self.sh("stat -c %Y /var/lib/eucaim/network/undone")) - float(begun)

    def reached(self, patience: float) -> float:
        """Wait until a login works; return how long that took."""
        started = time.monotonic()
        while self.machine.ssh("true", check=False).returncode:
            assert time.monotonic() - started < patience, f"{self.machine.name} cannot be reached"
            time.sleep(1)
        return time.monotonic() - started
