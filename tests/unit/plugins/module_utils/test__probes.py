# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a machine is the same in the module and in the script, and depends on what the machine has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _probes as probes
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording, read_recording

SCRIPT = Path(__file__).resolve().parents[4] / "roles" / "preflight" / "files" / "read_machine.sh"
# Functions that say what they were called with, in place of those that read.
SAYING = """
say() { for word in "$@"; do printf '%s\\037' "$word"; done; printf '\\036'; }
files() { say files "$@"; }
links() { say links "$@"; }
run() { say run "$@"; }
run_on() { :; }
drives() { :; }
behind() { :; }
upsc() { :; }
fast; slow
"""


def calls() -> list[list[str]]:
    """Return what the script reads: the word for how, and its arguments."""
    functions = SCRIPT.read_text(encoding="utf-8").split("\ngather=", 1)[0]
    done = subprocess.run(["sh", "-c", functions + SAYING], capture_output=True, text=True, check=True)
    found = [entry.split("\x1f")[:-1] for entry in done.stdout.split("\x1e")[:-1]]
    return [call for call in found if not call[1].startswith("mdadm ")]


def test_script_reads_the_same() -> None:
    """The script has the same lists of files, links and commands, in the same order."""
    found = calls()
    assert [call[1:] for call in found if call[0] == "files"] == [[folder, *names] for folder, names in probes.FILES]
    assert [call[1:] for call in found if call[0] == "links"] == [[folder, *names] for folder, names in probes.LINKS]
    assert [call[1:] for call in found if call[0] == "run"] == [
        [probe.name, probe.who or "anyone", *probe.argv] for probe in probes.PROBES
    ]


def test_script_runs() -> None:
    """The script's output on this machine, whatever it is, is a whole recording."""
    done = subprocess.run(["sh", str(SCRIPT)], capture_output=True, check=True)
    found = read_recording(done.stdout.decode("utf-8", "replace"))
    assert done.stderr == b""
    assert {"at", "host", "kernel", "arch", "root"} == set(found.facts)
    assert "MemTotal:" in found.files["/proc/meminfo"]
    assert "cpuinfo" in found.commands
    assert "smart-scan" not in found.commands


def test_script_is_read_only() -> None:
    """The script writes nothing but its output: no redirection goes to a file."""
    code = SCRIPT.read_text(encoding="utf-8").split("\nEND\n", 1)[1]
    assert set(re.findall(r">+ *([^\s;)\"]+)", re.sub(r"^ *#.*", "", code, flags=re.MULTILINE))) <= {
        "/dev/null",
        "&-",
        "&1",
        "&2",
        "&3",
        "&4",
    }


@pytest.mark.parametrize(
    ("option", "rc", "words"),
    [("--help", 0, "sh read_machine.sh --all > machine.txt"), ("--everything", 2, "found --everything; needed: --all")],
)
def test_script_options(option: str, rc: int, words: str) -> None:
    """The script explains itself, and refuses an option that it has not."""
    done = subprocess.run(["sh", str(SCRIPT), option], capture_output=True, text=True, check=False)
    assert done.returncode == rc
    assert words in done.stdout + done.stderr


MOUNTS = """30 1 8:1 / / rw - ext4 /dev/sda1 rw
31 1 0:40 / /net rw - nfs4 server:/x rw
32 1 8:2 / /srv rw - xfs /dev/sda2 rw"""


def machine(commands: dict[str, Output] | None = None, files: dict[str, str] | None = None) -> Recording:
    """Return a machine with two drives, an array and two file systems."""
    texts = {
        "/sys/block/sda/size": "9",
        "/sys/block/sda/sda1/partition": "1",
        "/sys/block/sda/sda1/size": "8",
        "/sys/block/cciss!c0d0/size": "9",
        "/sys/block/md0/md/level": "raid1",
        "/proc/self/mountinfo": MOUNTS,
        **(files or {}),
    }
    links = {f"/sys/block/{name}": f"../devices/pci0000:00/x/block/{name}" for name in ("sda", "cciss!c0d0")}
    return Recording(files=texts, links=links, commands=commands or {})


def asked(recording: Recording, *gather: str) -> dict[str, tuple[str, ...]]:
    """Return the commands that follow, by their names."""
    return {probe.name: probe.argv for probe in probes.follow_ups(recording, gather)}


def test_follow_ups() -> None:
    """Sizes of file systems, signatures where udev does not run, and arrays are asked for."""
    assert asked(machine()) == {
        "df": ("df", "-kP", "/", "/srv"),
        "blkid": ("blkid", "-p", "-o", "export", "/dev/cciss/c0d0", "/dev/sda", "/dev/sda1"),
        "mdadm md0": ("mdadm", "--detail", "--export", "/dev/md0"),
    }
    assert "blkid" not in asked(machine(files={"/run/udev/data/b8:0": "E:ID_BUS=ata"}))
    assert asked(machine({"df": Output(0), "blkid": Output(0), "mdadm md0": Output(0)})) == {}
    assert asked(Recording()) == {}


def test_follow_ups_of_smart() -> None:
    """Each drive is asked for its health, and each drive that hides behind a controller."""
    scan = (
        "/dev/sda -d scsi # /dev/sda, SCSI device\n/dev/bus/0 -d megaraid,8 # [megaraid_disk_08], SCSI device\n"
        "/dev/nvme0 -d nvme,0xffff # x\n\n"
    )
    found = asked(machine({"smart-scan": Output(0, scan)}), probes.SMART)
    assert found["smartctl sda"] == (*probes.SMARTCTL, "/dev/sda")
    assert found["smartctl /dev/bus/0 megaraid,8"] == (*probes.SMARTCTL, "-d", "megaraid,8", "/dev/bus/0")
    assert [name for name in found if name.startswith("smartctl")] == [
        "smartctl cciss!c0d0",
        "smartctl sda",
        "smartctl /dev/bus/0 megaraid,8",
    ]


def test_follow_ups_of_ups() -> None:
    """Each UPS is asked."""
    found = machine({"upsc": Output(0, "rack\nother")})
    assert asked(found, probes.UPS)["upsc rack"] == ("upsc", "rack")
    assert "upsc other" in asked(found, probes.UPS)
    assert "upsc rack" not in asked(found)


def test_names() -> None:
    """Each probe has a name of its own, and an option that there is."""
    names = [probe.name for probe in probes.PROBES]
    assert len(names) == len(set(names))
    assert {probe.gather for probe in probes.PROBES} == {"", *probes.SLOW}


def test_the_area_of_the_drives_is_a_part_of_everything() -> None:
    """All of the drives, arrays and mounts, nothing of the rest, and no command that takes time."""
    assert probes.Area(probes.FILES, probes.LINKS, probes.PROBES) == probes.EVERYTHING
    area = probes.DRIVES
    assert area.files[0] == ("/proc", ("swaps", "self/mountinfo"))
    assert set(area.files[1:]) < set(probes.FILES)
    assert set(area.links) < set(probes.LINKS)
    assert area.probes == ()
    everywhere = dict(probes.FILES)
    assert set(area.files[0][1]) <= set(everywhere["/proc"])
    folders = {folder for folder, _names in (*area.files[1:], *area.links)}
    assert folders == {
        folder
        for folder in (*everywhere, *dict(probes.LINKS))
        if folder.startswith(("/sys/block/", "/run/udev/", "/dev/disk/", "/sys/bus/pci/"))
    }
