# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails while an array is made, formatted, rebuilt or grown, and something is being written to it.

Where comes from a seed that is printed and can be given: EUCAIM_CUT_SEED=7 scripts/test full storage. A drive of these
machines keeps what it has said was written; what the node had not handed to it is lost.
"""

from __future__ import annotations

import ast
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes.engine import operator_password
from tests.nodes.machine import Machine, quoted
from tests.site.driver import kill
from tests.storage.world import Storage, machine, named

SEED = int(os.environ.get("EUCAIM_CUT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
MIB = 1 << 20
SIZE = 400 * MIB
POINT = "/srv/eucaim"
FEW = 3
WIPEFS = "/usr/sbin/wipefs"
# Writes files for ever, and says the name and the sum of each one only when it is on the drives.
WRITER = f"""mkdir -p {POINT}/written; number=0
while true; do number=$((number + 1)); file={POINT}/written/$number
head -c 300000 /dev/urandom > $file && sync $file && sync {POINT}/written && sha256sum $file; done"""


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine with seven drives."""
    made = Storage(machine("storage-cuts", 22233, 7, SIZE))
    try:
        made.machine.up()
        yield made
    finally:
        made.machine.down()


def write_for_ever(made: Machine, output: Path) -> subprocess.Popen[bytes]:
    """Let the machine write files, and note here what it says is written."""
    secret = operator_password().read_text(encoding="utf-8").strip()
    command = f"echo {secret} | sudo -S -p '' sh -c {quoted(WRITER)}"
    with output.open("wb") as stream:
        return subprocess.Popen(
            ["ssh", "-F", str(made.ssh_config), made.name, command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.DEVNULL,
        )


def under_load(made: Machine, output: Path) -> subprocess.Popen[bytes]:
    """Let the machine write files, and wait for the first."""
    writer = write_for_ever(made, output)
    deadline = time.monotonic() + 60
    while len(written(output)) <= FEW:
        assert time.monotonic() < deadline, "nothing is written"
        time.sleep(0.5)
    return writer


def written(output: Path) -> dict[str, str]:
    """The files that were said to be written, with their sums; a line that was cut off says nothing."""
    lines = output.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def cut(node: Storage, moment: float) -> None:
    """Let the power fail after some seconds, and come back."""
    time.sleep(moment)
    node.machine.power_cut()
    node.machine.power_on()


def ends_well(node: Storage, members: int) -> None:
    """A run finishes, then the kernel; after at most three nothing is left to do."""
    for _run in range(4):
        changed = node.run().succeeded().changed
        node.settled()
        if not changed:
            break
    assert changed == 0
    assert node.detail("Raid Devices") == str(members)
    assert node.detail("State") in ("clean", "active")
    assert node.sh(f"findmnt -no TARGET {POINT}") == POINT


@pytest.mark.parametrize("number", range(4))
def test_while_it_is_made_and_formatted(node: Storage, number: int, tmp_path: Path) -> None:
    """At any moment of the first run."""
    moment = random.Random(SEED + number).uniform(8, 45)
    node.blank(*range(7))
    node.settings = {"storage_drives": named(0, 1, 2, 3), "storage_spares": named(4)}
    run = node.begin(tmp_path / "run.log")
    cut(node, moment)
    kill(run)
    print(f"EUCAIM_CUT_SEED={SEED}, number {number}, after {moment:.1f} s")
    ends_well(node, 4)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_while_a_drive_is_erased(node: Storage, number: int, tmp_path: Path) -> None:
    """After one of its partitions, after both, and after its table: the words for what it held do for what is left."""
    drives = named(0, 1, 2, 3)
    node.blank(*range(7))
    node.sh(
        f"printf 'label: gpt\\n,100M,L\\n,100M,L\\n' | sfdisk -q {drives[1]}; udevadm settle;"
        f"mkfs.ext4 -q {drives[1]}-part1; mkswap -q {drives[1]}-part2; udevadm settle"
    )
    node.settings = {"storage_drives": drives, "storage_spares": named(4)}
    refused = " ".join(node.run("--check").output.split())
    words = re.findall(r"storage_erase: (\{.*?\})", refused)
    assert words, refused
    node.settings["storage_erase"] = ast.literal_eval(words[0])
    # Stops after so many of the calls that erase, for the power to fail there and nowhere else.
    slow = f"""#!/bin/sh
{WIPEFS}.real "$@" || exit
case "$*" in *--force*) sync; echo x >> /run/erased; [ "$(wc -l < /run/erased)" -lt {number} ] || sleep 600;; esac"""
    node.sh(f"mv {WIPEFS} {WIPEFS}.real; printf %s {quoted(slow)} > {WIPEFS}; chmod 755 {WIPEFS}; sync")
    log = tmp_path / "run.log"
    run = node.begin(log)
    deadline = time.monotonic() + 300
    while node.sh("cat /run/erased 2>/dev/null | wc -l") != str(number):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(1)
    cut(node, 0)
    kill(run)
    node.sh(f"mv {WIPEFS}.real {WIPEFS}")
    print(node.sh(f"wipefs --no-act {drives[1]}*; cat /var/lib/eucaim/storage/eucaim.json"))
    ends_well(node, 4)
    assert "erasing" not in node.sh("cat /var/lib/eucaim/storage/eucaim.json")


@pytest.mark.parametrize("number", range(10, 13))
def test_while_it_is_rebuilt_under_load(node: Storage, number: int, tmp_path: Path) -> None:
    """A drive is lost, the spare is being filled, and files are being written."""
    moment = random.Random(SEED + number).uniform(1, 12)
    node.blank(*range(7))
    node.settings = {"storage_drives": named(0, 1, 2, 3), "storage_spares": named(4)}
    node.run().succeeded()
    node.settled()
    writer = under_load(node.machine, tmp_path / "written")
    node.sh("echo 8000 > /proc/sys/dev/raid/speed_limit_max")
    node.sh(f"mdadm /dev/md/eucaim --fail {named(1)[0]}")
    cut(node, moment)
    writer.kill()
    writer.wait()
    print(f"EUCAIM_CUT_SEED={SEED}, number {number}, after {moment:.1f} s")
    # The kernel starts no array that lacked a drive while it was written to: the run does.
    node.settings = {"storage_drives": named(0, 5, 2, 3), "storage_spares": named(4)}
    ends_well(node, 4)
    kept(node, tmp_path / "written")


@pytest.mark.parametrize("number", range(20, 23))
def test_while_it_grows_under_load(node: Storage, number: int, tmp_path: Path) -> None:
    """The kernel reshapes; after the restart it goes on by itself."""
    moment = random.Random(SEED + number).uniform(1, 25)
    node.blank(*range(7))
    node.settings = {"storage_drives": named(0, 1, 2, 3)}
    node.run().succeeded()
    node.settled()
    writer = under_load(node.machine, tmp_path / "written")
    node.sh("echo 6000 > /proc/sys/dev/raid/speed_limit_max")
    node.settings = {"storage_drives": named(0, 1, 2, 3, 4)}
    node.run().succeeded()
    cut(node, moment)
    writer.kill()
    writer.wait()
    print(f"EUCAIM_CUT_SEED={SEED}, number {number}, after {moment:.1f} s")
    kept(node, tmp_path / "written")
    ends_well(node, 5)
    kept(node, tmp_path / "written")


def kept(node: Storage, output: Path) -> None:
    """Every file that was said to be written is there, unchanged."""
    said = written(output)
    assert len(said) > FEW, said
    node.sh(f"findmnt {POINT} || mount {POINT}; echo 3 > /proc/sys/vm/drop_caches")
    found = {
        name: digest for digest, name in (line.split() for line in node.sh(f"sha256sum {POINT}/written/*").split("\n"))
    }
    lost = {name for name, digest in said.items() if found.get(name) != digest}
    assert lost == set()
