# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded reports of other people's machines, read and judged: how many, how fast, and what stays unknown and why.

A report is what dmidecode, lscpu or smartctl printed; its content tells which. It stands for the machine that it was
recorded on, which is taken for no container.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import DmiError, parse_dmi
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_system import dmi_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive, Machine, System
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import LscpuError, parse_lscpu
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu_cpu import lscpu_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._smart import Smart, parse_smart
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import judge, verdicts
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Wanted

from tests.perf.ratios import NothingMeasured

HEAD = 4096  # characters that tell the kind of a report
NOT_RECOGNISED = "it is no report of dmidecode, lscpu or smartctl"
NOT_TOLD = "the report does not tell"
# Where a field of ours has its reason in a Machine.
REASONS = {
    "sockets": "cpu.sockets",
    "cores": "cpu.cores",
    "threads": "cpu.threads",
    "base_mhz": "cpu.base_mhz",
    "memory_bytes": "memory.installed_bytes",
    "ecc": "memory.ecc",
    "virtual": "system.virtualisation",
}


@dataclass(frozen=True)
class Kind:
    """A program whose reports are read: how they look, what they tell, and what can be judged by that."""

    name: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    judged: tuple[str, ...]


KINDS = (
    Kind(
        "dmidecode",
        re.compile(r"^# dmidecode \d|^Handle 0x[0-9A-Fa-f]{4}\b|^SMBIOS \d|dmidecode: command not found", re.MULTILINE),
        ("sockets", "cores", "threads", "base_mhz", "memory_bytes", "ecc", "virtual"),
        ("HW-CPU", "HW-RAM"),
    ),
    Kind(
        "lscpu",
        re.compile(r"^\s*CPU\(s\) *:|\"lscpu\" *:", re.MULTILINE),
        ("sockets", "cores", "threads", "base_mhz", "virtual"),
        ("HW-CPU",),
    ),
    Kind(
        "smartctl",
        re.compile(r"^smartctl \d|\"smartctl\" *:", re.MULTILINE),
        ("bytes", "rotation_rpm", "health", "wear_percent", "power_on_hours", "temperature_celsius"),
        ("ST-HEALTH",),
    ),
)


@dataclass(frozen=True)
class Report:
    """What was read of one report."""

    file: str
    kind: Kind | None
    refused: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data, with every field that a report of any kind could have."""
        return {
            "file": self.file,
            "kind": self.kind.name if self.kind else None,
            "refused": self.refused or None,
            **dict.fromkeys(REASONS),
            **self.found,
            "unknown": self.unknown,
            "verdicts": self.verdicts,
        }


@dataclass
class Tally:
    """What came of all reports of one kind."""

    refused: Counter[str] = field(default_factory=Counter)
    read: int = 0
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, report: Report, seconds: float) -> None:
        """Count one report in."""
        self.seconds += seconds
        if report.refused:
            self.refused[general(report.refused)] += 1
            return
        self.read += 1
        for name, reason in report.unknown.items():
            self.unknown.setdefault(name, Counter())[general(reason)] += 1
        for name, verdict in report.verdicts.items():
            self.verdicts.setdefault(name, Counter())[verdict] += 1

    def lines(self, title: str) -> Iterator[str]:
        """Give the table that a person reads."""
        yield from (title, "-" * len(title))
        yield f"{self.read:>8} read, {self.read / self.seconds:.0f} a second" if self.read else f"{0:>8} read"
        for reason, times in self.refused.most_common():
            yield f"{times:>8} refused: {reason}"
        for name in sorted(self.unknown):
            reasons = self.unknown[name]
            yield f"{reasons.total():>8} {name} unknown ({reasons.total() / self.read:.2%})"
            yield from (f"{times:>16} {reason}" for reason, times in reasons.most_common())
        for name, counts in self.verdicts.items():
            yield f"{'':>8} {name}: {', '.join(f'{times} {verdict}' for verdict, times in counts.most_common())}"


def measure(path: Path, tier: int, json_file: Path | None, clock: Callable[[], float] = time.process_time) -> list[str]:
    """Read every report below a path, and return the table; the file gets one object a line.

    Seconds are those of the processor, for parsers and judge on one core; reading from the disk is not in them.
    """
    tallies: dict[str, Tally] = {}
    wanted = Wanted(tier=tier, today=datetime.now(UTC).date())
    with open(json_file, "w", encoding="utf-8") if json_file else nullcontext() as out:
        for name, content in contents(path):
            started = clock()
            report = read(name, content.decode("utf-8", errors="replace"), wanted)
            seconds = clock() - started
            tallies.setdefault(report.kind.name if report.kind else "anything else", Tally()).add(report, seconds)
            if out:
                out.write(json.dumps(report.as_dict()) + "\n")
    if not any(tally.read for tally in tallies.values()):
        reasons = sorted({reason for tally in tallies.values() for reason in tally.refused})
        raise NothingMeasured(f"no report was read below {path}" + (f": {'; '.join(reasons)}" if reasons else ""))
    tables = ["\n".join(tally.lines(title)) for title, tally in sorted(tallies.items())]
    read_all, spent = sum(tally.read for tally in tallies.values()), sum(tally.seconds for tally in tallies.values())
    return [*tables, f"{read_all} reports read and judged for Tier {tier}, {read_all / spent:.0f} a second on one core"]


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give name and content of every file below a folder, by name, or in an archive (.tar, .tar.xz, ...)."""
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file():
                    yield str(file.relative_to(path)), file.read_bytes()
    elif path.is_file() and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for member in archive:
                file_in = archive.extractfile(member)
                if file_in:
                    yield member.name, file_in.read()
    elif path.is_file():
        yield path.name, path.read_bytes()
    else:
        raise NothingMeasured(f"there is no folder and no archive {path}")


def kind_of(text: str) -> Kind | None:
    """Return what printed a text."""
    head = text[:HEAD]
    return next((kind for kind in KINDS if kind.pattern.search(head)), None)


def read(name: str, text: str, wanted: Wanted) -> Report:
    """Read and judge one report."""
    kind = kind_of(text)
    if kind is None:
        return Report(name, None, NOT_RECOGNISED)
    try:
        if kind.name == "smartctl":
            return of_drive(name, kind, parse_smart(text), wanted)
        machine = dmi_machine(parse_dmi(text)) if kind.name == "dmidecode" else lscpu_machine(parse_lscpu(text))
    except (DmiError, LscpuError) as error:
        return Report(name, kind, str(error))
    return of_machine(name, kind, machine, wanted)


def of_machine(name: str, kind: Kind, machine: Machine, wanted: Wanted) -> Report:
    """Report what is known of a machine."""
    virtualisation = machine.system.virtualisation
    found = {
        "sockets": machine.cpu.sockets,
        "cores": machine.cpu.cores,
        "threads": machine.cpu.threads,
        "hybrid": machine.cpu.hybrid,
        "base_mhz": machine.cpu.base_mhz,
        "max_mhz": machine.cpu.max_mhz,
        "model": machine.cpu.model,
        "memory_bytes": machine.memory.installed_bytes,
        "memory_modules": None if machine.memory.modules is None else len(machine.memory.modules),
        "ecc": machine.memory.ecc,
        "virtual": None if virtualisation is None else bool(virtualisation),
        "hypervisor": virtualisation or None,
        "vendor": machine.system.vendor,
        "product": machine.system.product,
    }
    unknown = {one: machine.unknown.get(REASONS[one], NOT_TOLD) for one in kind.fields if found[one] is None}
    return Report(name, kind, "", found, unknown, judged(kind, machine, wanted))


def of_drive(name: str, kind: Kind, smart: Smart, wanted: Wanted) -> Report:
    """Report what is known of a drive."""
    if smart.problem and smart.model is None:
        return Report(name, kind, smart.problem)
    found = asdict(smart)
    # Only solid-state drives have a rated life.
    asked = [one for one in kind.fields if one != "wear_percent" or smart.rotation_rpm == 0]
    unknown = {one: smart.problem or NOT_TOLD for one in asked if found[one] is None}
    drive = Drive(
        name="drive",
        bytes=smart.bytes,
        health=smart.health,
        health_reason=smart.health_reason,
        wear_percent=smart.wear_percent,
        behind_raid=False,
    )
    machine = Machine(system=System(virtualisation=""), drives=(drive,), arrays=())
    return Report(name, kind, "", found, unknown, judged(kind, machine, wanted))


def judged(kind: Kind, machine: Machine, wanted: Wanted) -> dict[str, str]:
    """Return the verdicts on what a report of this kind tells."""
    machine = replace(machine, system=replace(machine.system, container=""))
    found = verdicts(judge(machine, wanted))
    return {requirement: found[requirement] for requirement in kind.judged}


def general(reason: str) -> str:
    """Return a reason without what is of one machine only, which stands in brackets behind it."""
    return reason.partition(" (")[0]
