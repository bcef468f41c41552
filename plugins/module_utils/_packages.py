# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg and apt print, as data (OS-TOOLS, OS-UPDATE).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

QUERY_FORMAT = "${binary:Package}\\t${db:Status-Abbrev}\\t${Version}\\n"

_INST = re.compile(r"^Inst (?P<name>\S+) (?:\[(?P<old>[^\]]*)\] )?\((?P<new>\S+) (?P<origins>.*?)(?: \[[^\]]*\])?\)")


@dataclass(frozen=True)
class Upgrade:
    """A newer version of a package that is installed."""

    name: str
    old: str
    new: str
    security: bool


def parse_installed(output: str) -> dict[str, str]:
    """Return the version of each installed package, from dpkg-query with QUERY_FORMAT."""
    installed = {}
    for line in output.splitlines():
        parts = line.split("\t")
        if len(parts) == 3 and parts[1].startswith(("ii", "hi")):
            installed[parts[0].split(":", maxsplit=1)[0]] = parts[2]
    return installed


def parse_simulation(output: str) -> list[Upgrade]:
    """Return the upgrades of `apt-get --simulate dist-upgrade`; packages that are new are not counted."""
    upgrades = []
    for line in output.splitlines():
        match = _INST.match(line)
        if match and match["old"]:
            upgrades.append(Upgrade(match["name"], match["old"], match["new"], is_security(match["origins"])))
    return upgrades


def is_security(origins: str) -> bool:
    """Say whether one of the archives that offer a version is a security archive."""
    for origin in origins.split(", "):
        label, _, archive = origin.partition("/")
        if archive.split(" ", maxsplit=1)[0].endswith("-security") or label.startswith("Debian-Security"):
            return True
    return False


def missing(names: Iterable[str], installed: Iterable[str]) -> list[str]:
    """Return the packages that are not installed, in their order."""
    there = set(installed)
    return [name for name in names if name not in there]


def choose(candidates: Sequence[str], default: str, installed: Iterable[str]) -> str:
    """Return the first candidate that is installed already, else the default."""
    there = set(installed)
    return next((name for name in candidates if name in there), default)


def stale(now: float, stamps: Iterable[float], valid_seconds: int) -> bool:
    """Say whether the package lists are older than they may be; lists that were never fetched are."""
    return now - max(stamps, default=0.0) > valid_seconds
