# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set what `scripts/bench machines --json FILE` read against the second reading of the same reports.

An answer of ours is right if the second reading gives the same; where either does not know, nothing is proven. Only
two different answers are a contradiction: then one of both is wrong, and the report decides.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tests.machines.second_reader import DmiReading, LscpuReading, read_dmi, read_lscpu

SHOWN = 20
AGREE, OURS, SECOND, BOTH, CONTRADICTION = OUTCOMES = (
    "agree",
    "ours unknown",
    "second unknown",
    "both unknown",
    "contradictions",
)


@dataclass
class Comparison:
    """How often the answers agree, and every report where they do not."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    reports: int = 0
    others: int = 0  # files that are no report, and were not taken for one

    def add(self, name: str, ours: dict[str, Any], second: DmiReading | LscpuReading) -> None:
        """Count one report in, field by field."""
        self.reports += 1
        for key, expected in asdict(second).items():
            outcome = judge(ours[key], expected)
            self.counts.setdefault(f"{kind_of(second)} {key}", Counter())[outcome] += 1
            if outcome == CONTRADICTION:
                self.contradictions.append(f"{name}: {key} is {ours[key]} by ours, {expected} by the second")

    def lines(self) -> Iterable[str]:
        """Give the table, and the first contradictions."""
        yield f"{self.reports} reports, {self.others} other files"
        yield f"{'':<20}" + "".join(f"{outcome:>16}" for outcome in OUTCOMES)
        for name, counts in self.counts.items():
            yield f"{name:<20}" + "".join(f"{counts[outcome]:>16}" for outcome in OUTCOMES)
        yield from self.contradictions[:SHOWN]


def judge(ours: object, second: object) -> str:
    """Say how two answers stand to each other."""
    if ours is None and second is None:
        return BOTH
    if ours is None:
        return OURS
    if second is None:
        return SECOND
    return AGREE if ours == second else CONTRADICTION


def kind_of(reading: DmiReading | LscpuReading) -> str:
    """Name the tool of a reading."""
    return "dmidecode" if isinstance(reading, DmiReading) else "lscpu"


def read(text: str) -> DmiReading | LscpuReading:
    """Read a report of either tool; every line of dmidecode that matters comes after one with a type."""
    return read_dmi(text) if "DMI type" in text or "dmidecode" in text else read_lscpu(text)


def objects(text: str) -> list[dict[str, Any]]:
    """Read the objects of a JSON list, or of one line each."""
    whole = text.lstrip().startswith("[")
    found: list[dict[str, Any]] = json.loads(text) if whole else [json.loads(line) for line in text.splitlines()]
    return found


def compare(reports: Iterable[dict[str, Any]], root: Path) -> Comparison:
    """Read every report of the list a second time."""
    comparison = Comparison()
    for ours in reports:
        text = (root / ours["file"]).read_text(encoding="utf-8", errors="replace")
        if ours["kind"] is None and not re.search(r"^Handle 0x|^CPU\(s\):", text, re.MULTILINE):
            comparison.others += 1
        else:
            comparison.add(ours["file"], ours, read(text))
    return comparison


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, and end with 1 on any contradiction."""
    parser = argparse.ArgumentParser(prog="python -m tests.machines.compare", description=__doc__)
    parser.add_argument("--ours", type=Path, required=True, metavar="FILE", help="what the bench wrote")
    parser.add_argument("--path", type=Path, required=True, metavar="DIR", help="the reports that it read")
    parser.add_argument("--limit", type=int, metavar="N", help="compare the first N reports only")
    given = parser.parse_args(arguments)
    comparison = compare(islice(objects(given.ours.read_text(encoding="utf-8")), given.limit), given.path)
    print(*comparison.lines(), sep="\n")
    return 1 if comparison.contradictions or not comparison.reports else 0


if __name__ == "__main__":
    sys.exit(main())
