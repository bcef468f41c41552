# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with drives, the role storage on it, and what its kernel says without the role."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.nodes.machine import DriveSpec, Machine
from tests.site.driver import ROOT, SCRATCH, Run, begin, ids, playbook, rows, write_inventory

BY_ID = "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_"
# The smallest drive that the planner knows. It takes up what is written to it, and zeros take nothing.
DRIVE_BYTES = 10_000_000_000
PLAN = str(ROOT / "playbooks" / "plan.yml")
# All that the role asks for, once.
FACTS = ["!all", "min", "network"]
PLAY = [{"hosts": "local_nodes", "become": True, "gather_subset": FACTS, "roles": ["eucaim.local_node.storage"]}]
PERMISSIONS = 0o700
ROWS = ("ST-DATA", "ST-RAID", "ST-SPARE", "ST-GROW", "ST-HEALTH", "MN-HW")
VERIFY = [
    {
        "hosts": "local_nodes",
        "become": True,
        "gather_subset": FACTS,
        "tasks": [
            {"ansible.builtin.import_role": {"name": "eucaim.local_node.storage", "tasks_from": "verify"}},
            {
                "ansible.builtin.import_role": {"name": "eucaim.local_node.report"},
                "vars": {"report_tier": 2, "report_fail_on": []},
            },
        ],
    }
]


def named(*numbers: int) -> list[str]:
    """The names that stay with drives, by their numbers."""
    return [f"{BY_ID}DATA{number}" for number in numbers]


@dataclass
class Storage:
    """The machine, and the inventory of it."""

    machine: Machine
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def area(self) -> Path:
        """Where the inventory and the plays are."""
        return SCRATCH / "storage" / self.machine.name

    @property
    def inventory(self) -> Path:
        """The inventory with the settings of now."""
        return write_inventory(self.area, {self.machine.name: {**self.machine.variables(), **self.settings}})

    @property
    def environment(self) -> dict[str, str]:
        """Facts are gathered once in a machine's life: under emulation it takes as long as all else."""
        folder = str(self.machine.folder / "facts")
        return {"ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": folder}

    def write(self, name: str, play: object) -> Path:
        """Write a play."""
        self.area.mkdir(mode=PERMISSIONS, parents=True, exist_ok=True)
        path = self.area / f"{name}.json"
        path.write_text(json.dumps(play), encoding="utf-8")
        return path

    def run(self, *arguments: str) -> Run:
        """Run the role, succeed or not."""
        path = str(self.write("storage", PLAY))
        return playbook(path, *arguments, inventory=self.inventory, env=self.environment)

    def begin(self, log: Path) -> subprocess.Popen[bytes]:
        """Start a run beside the test."""
        path = str(self.write("storage", PLAY))
        return begin(path, inventory=self.inventory, log=log, env=self.environment)

    def unmet(self) -> list[str]:
        """Measure, and return the rows of the storage that are unmet; all of them have to be there."""
        playbook(str(self.write("verify", VERIFY)), inventory=self.inventory, env=self.environment).succeeded()
        found = rows(self.area / "reports" / self.machine.name)
        mine = {name: found[name] for name in ROWS}
        assert ids(mine, "unanswered") == []
        return list(ids(mine, "unmet"))

    def told_truly(self) -> Run:
        """Look in check mode, then do it: what would be changed has to be what is changed."""
        foretold = self.run("--check", "--diff").succeeded()
        done = self.run("--diff").succeeded()
        assert bool(foretold.changed) == bool(done.changed), (foretold.output[-3000:], done.output[-3000:])
        return done

    def unchanged(self) -> Run:
        """A run that has nothing to do, and says so."""
        run = self.run().succeeded()
        assert run.changed == 0, run.output[-4000:]
        return run

    # What the kernel says, without the role.

    def sh(self, command: str) -> str:
        """Run a command as root."""
        return self.machine.sudo(command).stdout.strip()

    def detail(self, what: str, array: str = "eucaim") -> str:
        """One field of mdadm --detail."""
        found = re.search(rf"^ *{re.escape(what)} : (.+)$", self.sh(f"mdadm --detail /dev/md/{array}"), re.MULTILINE)
        return found[1].strip() if found else ""

    def settled(self, array: str = "eucaim", patience: float = 900) -> None:
        """Wait until the kernel has nothing left to do with an array."""
        deadline = time.monotonic() + patience
        while True:
            if self.sh(f"cat /sys/block/$(basename $(readlink /dev/md/{array}))/md/sync_action") == "idle":
                return
            assert time.monotonic() < deadline, self.sh("cat /proc/mdstat")
            time.sleep(1)

    def restart(self) -> None:
        """Start the machine again in good order, and wait until all that starts by itself has been started."""
        number = "cat /proc/sys/kernel/random/boot_id"
        before = self.sh(number)
        self.sh("systemd-run --on-active=1 systemctl reboot")
        deadline = time.monotonic() + 240
        while self.machine.ssh(number, check=False).stdout.strip() in ("", before):
            assert time.monotonic() < deadline, self.machine.last_words()
            time.sleep(2)
        self.machine.wait(240)
        print(self.sh("systemctl --failed --no-legend; cat /proc/mdstat; journalctl -b -p warning -n 20 --no-pager"))

    def blank(self, *numbers: int, point: str = "/srv/eucaim") -> None:
        """Start over: drives without a byte on them, and no memory of an array."""
        paths = " ".join(named(*numbers))
        self.sh(
            f"umount {point} 2>/dev/null; mdadm --stop --scan 2>/dev/null; sed -i '\\#{point}#d' /etc/fstab;"
            f"sed -i '/^ARRAY/d;/eucaim.local_node/d' /etc/mdadm/mdadm.conf; rm -rf /var/lib/eucaim/storage;"
            f"for each in {paths}; do blkdiscard -f $each; done; sync; udevadm trigger --settle --subsystem-match=block"
        )

    def fill(self, folder: str, count: int = 40, size: int = 1 << 20) -> str:
        """Write files of noise, and return the sum over their sums."""
        self.sh(
            f"mkdir -p {folder} && for number in $(seq {count}); do "
            f"head -c {size} /dev/urandom > {folder}/$number; done && sync"
        )
        return self.sums(folder)

    def sums(self, folder: str) -> str:
        """The sum over the sums of all files below a folder, read from the drives and not from memory."""
        return self.sh(
            f"echo 3 > /proc/sys/vm/drop_caches; cd {folder} && find . -type f | sort | xargs sha256sum | sha256sum"
        )

    def at_rest(self, *numbers: int, patience: float = 180) -> None:
        """Wait until nothing is written to drives any more: md clears its bitmap some seconds after the last write."""
        deadline = time.monotonic() + patience
        seen: list[str] = []
        while seen != (seen := [self.on_drive(number) for number in numbers]):
            assert time.monotonic() < deadline, "something goes on writing"
            time.sleep(20)

    def on_drive(self, number: int) -> str:
        """What a drive holds as a whole, seen from the hypervisor's side."""
        digest = hashlib.sha256()
        with self.machine.drive_file(number).open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()


def machine(name: str, port: int, count: int, size: int = DRIVE_BYTES, distribution: str = "debian13") -> Machine:
    """A machine with so many drives, DATA0 and on."""
    drives = tuple(DriveSpec(size, serial=f"DATA{number}") for number in range(count))
    return Machine(name, port=port, drives=drives, distribution=distribution)


def planned(folder: Path, **settings: Any) -> Path:
    """A plan, as the playbook plan writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    settings["plan_directory"] = str(folder)
    playbook(PLAN, "-e", json.dumps(settings), inventory=Path("/dev/null")).succeeded()
    return next(folder.rglob("plan.json"))
