# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench over recorded reports: what it counts, what it refuses and why, what it writes. The reports are made up."""

from __future__ import annotations

import io
import itertools
import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.perf import __main__ as bench
from tests.perf import machines
from tests.perf.ratios import NothingMeasured

SERVER = """\
# dmidecode 3.4

Handle 0x0001, DMI type 1, 27 bytes
System Information
    Manufacturer: ACME
    Product Name: Node 9000

Handle 0x0004, DMI type 4, 48 bytes
Processor Information
    Socket Designation: CPU1
    Type: Central Processor
    Manufacturer: Intel
    Version: Intel(R) Xeon(R) CPU 9999 @ 2.60GHz
    Status: Populated, Enabled
    Core Count: 16
    Core Enabled: 16
    Thread Count: 32

Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
    Use: System Memory
    Error Correction Type: Multi-bit ECC

Handle 0x0011, DMI type 17, 40 bytes
Memory Device
    Array Handle: 0x0010
    Total Width: 72 bits
    Data Width: 64 bits
    Size: 64 GB
    Locator: A1
    Type: DDR4
""".replace("    ", "\t")
DOUBTFUL = SERVER.replace("Enabled: 16", "Enabled: 1").replace("72 bits", "64 bits").replace("CPU1", "CPU7")
GUEST = SERVER.replace("ACME", "QEMU")
PROCESSOR = """\
Architecture:        x86_64
CPU(s):              4
Thread(s) per core:  1
Core(s) per socket:  4
Socket(s):           1
Model name:          AMD EPYC 9999 4-Core Processor
"""
DRIVE = """\
smartctl 7.3 2022-02-28 r5338 [x86_64-linux] (local build)

=== START OF INFORMATION SECTION ===
Device Model:     ACME 4000
User Capacity:    4,000,787,030,016 bytes [4.00 TB]
Rotation Rate:    7200 rpm

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: FAILED!
"""
REPORTS = {
    "a/server": SERVER,
    "a/doubtful": DOUBTFUL,
    "a/doubtful2": DOUBTFUL.replace("CPU7", "CPU8"),
    "guest": GUEST,
    "processor": PROCESSOR,
    "drive": DRIVE,
    "drive.json": json.dumps({"smartctl": {"exit_status": 0}, "model_name": "ACME", "rotation_rate": 0}),
    "none": "# dmidecode 3.3\n# No SMBIOS nor DMI entry point found, sorry.\n",
    "german": "Architektur:   x86_64\nCPU(s):   4\n",
    "README": "# Reports of dmidecode\n",
    "binary": "\0\ufffd\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one report of each sort."""
    for name, text in REPORTS.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return tmp_path / "in"


def written(path: Path) -> dict[str, dict[str, Any]]:
    """The objects of a file, by report."""
    objects = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {each["file"]: each for each in objects}


def run(path: Path, json_file: Path | None = None) -> str:
    """Measure with a clock on which each report takes a second."""
    ticks = itertools.count()
    return "\n".join(machines.measure(path, 2, json_file, clock=lambda: float(next(ticks))))


def test_reports_are_counted_refused_and_doubted(folder: Path) -> None:
    """Reasons come without what is of one machine only."""
    text = run(folder)
    for lines in (
        "anything else\n-------------\n0 read\n2 refused: it is no report of dmidecode, lscpu or smartctl",
        "dmidecode\n---------\n4 read, 1 a second\n1 refused: the machine has no SMBIOS table",
        "2 cores unknown (50.00%)\n2 the firmware counts other cores than enabled ones",
        "2 the firmware says Multi-bit ECC, yet a module has no bits for it",
        "1 a virtual machine claims what it likes; its host knows",
        "HW-CPU: 2 met, 2 unanswered",
        "lscpu\n-----\n1 read, 0 a second\n1 refused: this is not what lscpu prints, but something else",
        "1 base_mhz unknown (100.00%)\n1 the model name has no clock",
        "ST-HEALTH: 1 unmet, 1 unanswered",
        "7 reports read and judged for Tier 2, 1 a second on one core",
    ):
        assert lines in re.sub("^ +", "", text, flags=re.MULTILINE)


def test_a_file_gets_one_object_for_each_report(folder: Path, tmp_path: Path) -> None:
    """What is not known is null; what was refused is there, too."""
    run(folder, tmp_path / "out.json")
    objects = written(tmp_path / "out.json")
    assert sorted(objects) == sorted(REPORTS)
    server = objects["a/server"]
    assert (server["kind"], server["sockets"], server["cores"], server["threads"]) == ("dmidecode", 1, 16, 32)
    assert (server["memory_bytes"], server["ecc"], server["virtual"]) == (64 << 30, True, False)
    assert (server["base_mhz"], server["refused"], server["unknown"]) == (2600, None, {})
    assert server["verdicts"] == {"HW-CPU": "met", "HW-RAM": "recommended"}
    doubtful = objects["a/doubtful"]
    assert (doubtful["cores"], doubtful["threads"], doubtful["ecc"]) == (None, None, None)
    assert doubtful["unknown"]["cores"] == "the firmware counts other cores than enabled ones (CPU7: 16, 1)"
    guest, drive = objects["guest"], objects["drive"]
    assert (guest["virtual"], guest["hypervisor"], guest["ecc"]) == (True, "qemu", None)
    assert (objects["processor"]["cores"], objects["processor"]["memory_bytes"]) == (4, None)
    assert (drive["health"], drive["rotation_rpm"], drive["cores"]) == ("failed", 7200, None)
    assert "wear_percent" not in objects["drive"]["unknown"]
    assert "wear_percent" in objects["drive.json"]["unknown"]
    assert (objects["none"]["refused"], objects["none"]["cores"]) == ("the machine has no SMBIOS table", None)
    assert objects["README"]["kind"] is None


@pytest.mark.parametrize("mode", ["w", "w:xz"])
def test_an_archive_is_read_like_a_folder(folder: Path, tmp_path: Path, mode: Any) -> None:
    """With the names that its members have."""
    with tarfile.open(tmp_path / "reports.tar.xz", mode) as archive:
        archive.add(folder, arcname="")
    run(folder, tmp_path / "folder.json")
    run(tmp_path / "reports.tar.xz", tmp_path / "archive.json")
    assert written(tmp_path / "archive.json") == written(tmp_path / "folder.json")


def test_one_report_is_enough(folder: Path) -> None:
    """A file that is no archive is a report."""
    assert "1 reports read" in run(folder / "a" / "server")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "no report was read"),
        (["README", "none"], "no report was read below .*: it is no report of .*; the machine has no SMBIOS table"),
    ],
)
def test_nothing_read_is_nothing_measured(tmp_path: Path, names: list[str], problem: str) -> None:
    """And the reasons are told."""
    for name in names:
        (tmp_path / name).write_text(REPORTS[name], encoding="utf-8")
    with pytest.raises(NothingMeasured, match=problem):
        run(tmp_path)
    with pytest.raises(NothingMeasured, match="there is no folder"):
        run(tmp_path / "nowhere")


def test_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A table on the terminal, and no node."""
    monkeypatch.setattr(sys, "argv", ["bench", "machines", "--path", str(folder), "--tier", "3"])
    assert bench.main() == 0
    assert "read and judged for Tier 3" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["bench", "machines", "--path", str(folder), "--tier", "1"])
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(SystemExit):
        bench.main()
