# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many watts a machine can draw, with its sum shown (HW-PSU; D5.11 2.1 and 2.2).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

D5.11 says only what must be counted: processor, drives, graphics processors. The figures are the makers': of processor
families the lowest and the highest rated power (Intel ARK, AMD's product specifications), of graphics processors the
table, of a hard drive the start and the seek current of a 4 TB drive (Seagate Constellation ES.3, product manual:
28.5 W and 11.3 W). The other parts are customary figures. What is not known counts at its highest for the rating to
buy, and at its lowest where a power supply is to be called too small.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.eucaim.local_node.plugins.module_utils._gpu_table import card

HEAD_ROOM_PERCENT = 25
HARD_DRIVE_START_DECIWATTS = 285
HARD_DRIVE_SEEK_DECIWATTS = 113
SOLID_STATE_DRIVE = (5, 10)
MEMORY_MODULE = (3, 5)
BOARD_PER_PROCESSOR = (50, 100)
UNKNOWN_PROCESSOR = (10, 500)  # the ends of the table below
UNKNOWN_GPU = (75, 600)

# What a model name says once (R), (TM) and CPU are gone; the family; lowest and highest rated watts of one processor.
_SCALABLE = r"xeon (?:platinum [89]|gold [56]|silver 4|bronze 3)"
_FAMILIES: tuple[tuple[str, str, int, int], ...] = (
    (r"xeon platinum 92\d\d", "Xeon Platinum 9200", 250, 400),
    (_SCALABLE + r"1\d\d", "Xeon Scalable, 1st generation", 70, 205),
    (_SCALABLE + r"2\d\d", "Xeon Scalable, 2nd generation", 70, 205),
    (_SCALABLE + r"3\d\d", "Xeon Scalable, 3rd generation", 105, 270),
    (_SCALABLE + r"4\d\d", "Xeon Scalable, 4th generation", 125, 350),
    (_SCALABLE + r"5\d\d", "Xeon Scalable, 5th generation", 115, 385),
    (r"xeon max 9\d\d\d", "Xeon Max", 350, 350),
    (r"xeon 6[579]\d\d[pe]", "Xeon 6", 125, 500),
    (r"xeon w[3579]-\d\d\d\d", "Xeon W 2400 to 3500", 110, 385),
    (r"xeon w-[123]\d\d\d", "Xeon W 1000 to 3000", 35, 275),
    (r"xeon e7", "Xeon E7", 95, 165),
    (r"xeon e5", "Xeon E5", 45, 160),
    (r"xeon e3", "Xeon E3", 13, 95),
    (r"xeon e-2\d\d\d", "Xeon E", 25, 95),
    (r"xeon d-\d\d\d\d", "Xeon D", 20, 130),
    (r"xeon [lxew][357]\d\d\d", "Xeon 3000 to 7000", 38, 150),
    (r"epyc 7\w\w1", "EPYC 7001", 120, 200),
    (r"epyc 7\w\w2", "EPYC 7002", 120, 280),
    (r"epyc 7\w\w3", "EPYC 7003", 120, 280),
    (r"epyc 8\w\w4", "EPYC 8004", 70, 225),
    (r"epyc 9\w\w4", "EPYC 9004", 200, 400),
    (r"epyc 9\w\w5", "EPYC 9005", 125, 500),
    (r"epyc 4\w\w[45]", "EPYC 4000", 65, 170),
    (r"ryzen threadripper", "Ryzen Threadripper", 140, 350),
    (r"ryzen", "Ryzen", 15, 230),
    (r"core (?:i[3579]|ultra)", "Core", 15, 255),
)


@dataclass(frozen=True)
class Consumers:
    """What draws power in one machine; None means not known."""

    processors: int
    processor_model: str | None = None
    processor_watts: int | None = None  # rated power of one, where somebody knows it
    gpus: tuple[tuple[str, int | None], ...] = ()  # name, and the watts of its own power limit
    hard_drives: int = 0
    staggered: bool | None = None  # whether the hard drives start one after another
    solid_state_drives: int = 0
    memory_modules: int = 0


@dataclass(frozen=True)
class PowerEstimate:
    """The watts that a power supply must be rated for, with its sum."""

    watts: int
    parts: tuple[tuple[str, int], ...]  # what for, watts; together they are watts
    least_watts: int  # below this a supply is surely too small: every unknown at its lowest, no head-room
    assumptions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the sum in one line."""
        return " + ".join(f"{what}: {watts} W" for what, watts in self.parts) + f" = {self.watts} W"


class _Part(NamedTuple):
    text: str
    least: int
    most: int
    assumed: str = ""


def processor_family(model: str | None) -> tuple[str, int, int] | None:
    """Return the family by a processor's model name, and the lowest and highest rated watts of one; None if unknown."""
    words = re.sub(r"\((?:r|tm)\)|\b(?:cpu|processor)\b", " ", (model or "").lower()).split()
    plain = " ".join(words)
    for pattern, family, least, most in _FAMILIES:
        if re.search(rf"\b{pattern}", plain):
            return family, least, most
    return None


def _range(least: int, most: int) -> str:
    return f"{least} W" if least == most else f"{least} to {most} W"


def _processors(consumers: Consumers) -> _Part:
    count = consumers.processors
    text = f"{count} x processor"
    if consumers.processor_watts is not None:
        watts = consumers.processor_watts
        return _Part(f"{text} at {watts} W (given)", count * watts, count * watts)
    found = processor_family(consumers.processor_model)
    family, least, most = found or ("unknown", *UNKNOWN_PROCESSOR)
    basis = f"family {family}" if found else "assumed"
    assumed = f"the rated power of one processor is not known: {_range(least, most)} ({basis})"
    return _Part(f"{text} at {most} W ({basis})", count * least, count * most, assumed)


def _gpus(consumers: Consumers) -> list[_Part]:
    """Return one part for each kind of graphics processor."""
    parts = []
    for name, limit in dict.fromkeys(consumers.gpus):
        count = consumers.gpus.count((name, limit))
        found = card(name)
        if limit is not None:
            least = most = limit
            basis = "its power limit"
        elif found is not None:
            least = most = found.watts
            basis = "table"
        else:
            least, most = UNKNOWN_GPU
            basis = "assumed"
        assumed = f"the power of {name} is not known: {_range(least, most)}" if basis == "assumed" else ""
        parts.append(_Part(f"{count} x {name} at {most} W ({basis})", count * least, count * most, assumed))
    return parts


def _hard_drives(count: int, staggered: bool | None) -> _Part:
    start = -(-count * HARD_DRIVE_START_DECIWATTS // 10)
    seek = -(-count * HARD_DRIVE_SEEK_DECIWATTS // 10)
    if staggered:
        return _Part(f"{count} x hard drive at 11.3 W (started one after another)", seek, seek)
    text = f"{count} x hard drive at 28.5 W (started at once)"
    if staggered is None:
        return _Part(text, seek, start, "whether the hard drives start one after another is not known")
    return _Part(text, start, start)


def _customary(count: int, what: str, figures: tuple[int, int]) -> _Part:
    least, most = figures
    assumed = f"{what}: {_range(least, most)} each"
    return _Part(f"{count} x {what} at {most} W (assumed)", count * least, count * most, assumed)


def estimate(consumers: Consumers) -> PowerEstimate:
    """Return what a power supply must be rated for, in watts, rounded up."""
    parts = [_processors(consumers), *_gpus(consumers)]
    if consumers.hard_drives:
        parts.append(_hard_drives(consumers.hard_drives, consumers.staggered))
    if consumers.solid_state_drives:
        parts.append(_customary(consumers.solid_state_drives, "solid-state drive", SOLID_STATE_DRIVE))
    if consumers.memory_modules:
        parts.append(_customary(consumers.memory_modules, "memory module", MEMORY_MODULE))
    parts.append(_customary(consumers.processors, "share of board and fans", BOARD_PER_PROCESSOR))
    drawn = sum(part.most for part in parts)
    head_room = -(-drawn * HEAD_ROOM_PERCENT // 100)
    return PowerEstimate(
        drawn + head_room,
        (*((part.text, part.most) for part in parts), (f"head-room of {HEAD_ROOM_PERCENT} %", head_room)),
        sum(part.least for part in parts),
        tuple(part.assumed for part in parts if part.assumed),
    )


def remaining_watts(ratings: Sequence[int]) -> int:
    """Return the watts that the power supplies give when the largest of several has failed.

    Two supplies are there so that one may fail; only what the others give may be counted on. A single one counts whole.
    """
    return sum(ratings) - max(ratings) if len(ratings) > 1 else sum(ratings)
