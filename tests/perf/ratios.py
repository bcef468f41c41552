# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic: what was measured against what it could have been. Nothing here runs anything."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


class NothingMeasured(RuntimeError):
    """A measurement that is none: no host took part, nothing was executed, or a run failed."""


@dataclass(frozen=True)
class Sample:
    """One run: how long it took, and the processor seconds of this machine's Ansible and of all nodes together."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Figure:
    """One line of the result; a limit, where there is one, is a most."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None

    @property
    def kept(self) -> bool:
        """Is the value within its limit?"""
        return self.limit is None or self.value <= self.limit


@dataclass
class Result:
    """What one subcommand found: its figures, how they came about, and every sample."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def add(self, name: str, value: float, unit: str = "", limit: float | None = None) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, value, unit, limit))

    def as_dict(self) -> dict[str, Any]:
        """Everything, for the file that a machine reads."""
        if not self.figures:
            raise NothingMeasured(f"{self.title}: nothing was measured")
        return {**asdict(self), "figures": [{**asdict(figure), "kept": figure.kept} for figure in self.figures]}


def seconds(samples: Sequence[Sample]) -> float:
    """The median of what the runs took."""
    if not samples:
        raise NothingMeasured("no run was measured")
    return statistics.median(sample.seconds for sample in samples)


def cpu_seconds(samples: Sequence[Sample]) -> float:
    """The median of the processor seconds that the runs took."""
    if not samples:
        raise NothingMeasured("no run was measured")
    return statistics.median(sample.cpu_seconds for sample in samples)


def floors(empty: Sequence[Sample], pings: Sequence[Sample], number: int, executions: int) -> list[float]:
    """The least that so many module executions can take, round by round: an empty play, and a ping for each."""
    if number < 1 or executions < 1:
        raise NothingMeasured(f"{executions} executions against a play of {number} pings")
    return [
        one.seconds + executions * (other.seconds - one.seconds) / number
        for one, other in zip(empty, pings, strict=True)
    ]


def packed_floors(
    least: Sequence[float], pings: Sequence[Sample], different: Sequence[Sample], number: int, modules: int
) -> list[float]:
    """The same, where Ansible also has to pack so many different modules, as often as there are, and not one.

    *different* are plays of so many pings, each a module of its own.
    """
    if number < 2 or modules < 1:
        raise NothingMeasured(f"{modules} modules against a play of {number} different pings")
    return [
        floor + (modules - 1) * (other.seconds - one.seconds) / (number - 1)
        for floor, one, other in zip(least, pings, different, strict=True)
    ]


def ratio(measured: Sequence[Sample], against: Sequence[float]) -> float:
    """The median of the ratios of each round: what slows a whole round down drops out."""
    if not measured or min(against) <= 0:
        raise NothingMeasured("no round was measured")
    return statistics.median(sample.seconds / least for sample, least in zip(measured, against, strict=True))


def cpu_bound(one: Sequence[Sample], nodes: int, cores: int) -> float:
    """The least seconds for so many nodes on a machine that is controller and nodes at once.

    Its cores have the work of one node to do so many times, and no run is faster than that of one node alone.
    """
    return max(seconds(one), nodes * cpu_seconds(one) / cores)


def table(result: Result) -> str:
    """The figures as a person reads them."""
    if not result.figures:
        raise NothingMeasured(f"{result.title}: nothing was measured")
    width = max(len(figure.name) for figure in result.figures)
    lines = [result.title, "-" * len(result.title)]
    for figure in result.figures:
        text = f"{figure.value:.0f}" if figure.value == round(figure.value) else f"{figure.value:.2f}"
        line = f"{figure.name:<{width}} {text:>9} {figure.unit:<4}"
        if figure.limit is not None:
            line += f"  at most {figure.limit:g}: {'kept' if figure.kept else 'NOT KEPT'}"
        lines.append(line.rstrip())
    return "\n".join([*lines, *(f"  {note}" for note in result.notes)])
