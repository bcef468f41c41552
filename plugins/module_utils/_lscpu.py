# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lscpu printed, as a table: text of any version, JSON (-J), and the list of CPUs (-p).

Private to this collection: nothing outside may import it. Pure: text in, data out.

The table repeats what lscpu(1) says; _lscpu_cpu judges what of it can be true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain

_NUMBER = re.compile(r"\d+\Z")
_INSTANCES = re.compile(r"\(\d+ instances?\)\Z")  # of caches
_COLUMNS = 3  # of the list: CPU, core, socket


class LscpuError(ValueError):
    """A text is not what lscpu prints in English; the message says what it is instead."""


@dataclass(frozen=True)
class Kind:
    """Cores of one kind; machines with unequal ones have several."""

    model: str
    threads_per_core: int | None
    cores: int | None  # of all sockets
    sockets: int | None


@dataclass(frozen=True)
class Lscpu:
    """What lscpu prints, as a table; None is what it left out."""

    architecture: str
    cpus: int | None
    offline: str  # "8-15", nothing if all are on
    vendor: str
    kinds: tuple[Kind, ...]
    numa_nodes: int | None
    max_mhz: int | None
    firmware_model: str  # with a clock that the firmware calls current
    hypervisor: str
    virtualisation: str  # full, para, container, none
    flags: frozenset[str]
    counts_cores: bool  # util-linux 2.37 and later; older ones divided CPUs by the threads of the first core


@dataclass(frozen=True)
class Topology:
    """What the list of CPUs comes to; it has only those that are on."""

    threads: int
    cores: int
    sockets: int
    uneven: bool  # some cores have more threads than others


def parse_lscpu(text: str) -> Lscpu:
    """Read what lscpu printed, as text or JSON.

    Raises LscpuError if that is something else, or in another language.
    """
    pairs = _pairs(text)
    fields = dict(reversed(pairs))  # the first of several wins
    if "Architecture" not in fields or "CPU(s)" not in fields:
        found = "nothing" if not text.strip() else "something else, or another language"
        raise LscpuError(f"this is not what lscpu prints, but {found}; it has to run with LC_ALL=C")
    return Lscpu(
        architecture=fields["Architecture"],
        cpus=_number(fields.get("CPU(s)")),
        offline=fields.get("Off-line CPU(s) list", ""),
        vendor=fields.get("Vendor ID", ""),
        kinds=tuple(_kinds(pairs)),
        numa_nodes=_number(fields.get("NUMA node(s)")),
        max_mhz=_mhz(fields.get("CPU max MHz")),
        firmware_model=fields.get("BIOS Model name", ""),
        hypervisor=fields.get("Hypervisor vendor", ""),
        virtualisation=fields.get("Virtualization type", ""),
        flags=frozenset(fields.get("Flags", "").split()),
        counts_cores=any(_INSTANCES.search(value) for _name, value in pairs),
    )


def parse_topology(text: str) -> Topology:
    """Read what "lscpu -p=CPU,CORE,SOCKET" printed: a core is a pair of core and socket (lscpu(1), --parse).

    Raises LscpuError if that is something else.
    """
    rows = [line.strip().split(",") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not rows or not all(len(row) == _COLUMNS and all(map(_is_number, row)) for row in rows):
        raise LscpuError("this is no list of lscpu with CPU, core and socket in each line")
    threads: dict[tuple[str, str], int] = {}
    for _cpu, core, socket in rows:
        threads[core, socket] = threads.get((core, socket), 0) + 1
    return Topology(
        threads=len(rows),
        cores=len(threads),
        sockets=len({socket for _core, socket in threads}),
        uneven=len(set(threads.values())) > 1,
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            return list(_json_pairs(Plain(json.loads(text)).many("lscpu")))
        except (ValueError, RecursionError) as error:
            raise LscpuError(f"this is not the JSON of lscpu: {error}") from error
    split = (line.partition(":") for line in text.splitlines())
    return [(name.strip(), value.strip()) for name, colon, value in split if colon]


def _json_pairs(rows: Sequence[Plain]) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield (row.text("field") or "").rstrip(":"), row.text("data") or ""
        yield from _json_pairs(row.many("children"))


def _kinds(pairs: Sequence[tuple[str, str]]) -> Iterator[Kind]:
    """Return the kinds of cores; each begins with its model name, if there are several."""
    starts = [place for place, (name, _value) in enumerate(pairs) if name == "Model name"]
    # What stands before the first name belongs to it: the order of the lines changed with the versions.
    bounds = [0, *starts[1:], len(pairs)]
    for start, end in zip(bounds, bounds[1:]):
        fields = dict(pairs[start:end])
        sockets = _sockets(fields)
        cores = _product(fields, "Core(s) per socket", sockets) or _product(
            fields, "Core(s) per cluster", _number(fields.get("Cluster(s)"))
        )
        yield Kind(fields.get("Model name", ""), _number(fields.get("Thread(s) per core")), cores, sockets)


def _sockets(fields: Mapping[str, str]) -> int | None:
    """Return the sockets; mainframes have them in books, and those in drawers."""
    sockets = _number(fields.get("Socket(s)")) or _number(fields.get("Socket(s) per book"))
    for name in ("Book(s) per drawer", "Book(s)", "Drawer(s)"):
        if name in fields:
            sockets = _product(fields, name, sockets)
    return sockets or None


def _product(fields: Mapping[str, str], name: str, times: int | None) -> int | None:
    each = _number(fields.get(name))
    return each * times if each and times else None


def _is_number(text: str) -> bool:
    return bool(_NUMBER.match(text))


def _number(text: str | None) -> int | None:
    return int(text) if text and _is_number(text) else None


def _mhz(text: str | None) -> int | None:
    """Return a clock, which lscpu prints with the point or comma of the language: 3700.0000, 3700,0000."""
    whole = re.match(r"(\d+)(?:[.,]\d+)?\Z", text or "")
    return int(whole[1]) or None if whole else None
