# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose engine is on the node: none, ours, or someone else's.

Pure: the output of the package managers in, a verdict out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Packages that bring a daemon.
ENGINES = ("docker-ce", "docker.io", "docker-engine", "moby-engine", "docker-ee")
# What has a command docker and is no engine that this collection can use: Podman's, and a snap behind its confinement.
STAND_INS = ("podman-docker",)
SNAP = "snap docker"
STATE_VERSION = 1


@dataclass(frozen=True)
class Package:
    """One package as the package manager knows it."""

    name: str
    version: str
    installed: bool
    held: bool
    half: bool = False  # dpkg was interrupted at it: files of it are there


@dataclass(frozen=True)
class Verdict:
    """Whose engine it is (`none`, `ours`, `foreign`, `unusable`), what it is, and which wanted packages are missing."""

    engine: str
    flavour: str
    missing: tuple[str, ...]


def parse_dpkg(text: str) -> dict[str, Package]:
    r"""Read `dpkg-query -W -f '${Package}\\t${db:Status-Abbrev}\\t${Version}\\n'`."""
    packages: dict[str, Package] = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) != 3:
            continue
        name, status, version = fields[0], fields[1], fields[2].strip()
        state = status[1:2]
        packages[name] = Package(name, version, state == "i", status[:1] == "h", state in ("H", "U", "F", "W", "t"))
    return packages


def parse_rpm(text: str) -> dict[str, Package]:
    r"""Read `rpm -qa --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\n'`."""
    packages: dict[str, Package] = {}
    for line in text.splitlines():
        name, separator, version = line.partition("\t")
        if separator:
            packages[name] = Package(name, version.strip(), True, False)
    return packages


def parse_state(text: str) -> dict[str, Any] | None:
    """Read our own record; None when there is none or it is damaged."""
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    if not isinstance(loaded, dict) or loaded.get("version") != STATE_VERSION:
        return None
    if not isinstance(loaded.get("packages"), list) or not isinstance(loaded.get("dependencies"), list):
        return None
    return loaded


def render_state(state: Mapping[str, Any]) -> str:
    """Return our record as text."""
    return json.dumps(state, indent=2, sort_keys=True) + "\n"


def judge(
    packages: Mapping[str, Package],
    wanted: Sequence[str],
    state: Mapping[str, Any] | None,
    unpackaged: Sequence[str],
) -> Verdict:
    """Say whose engine it is; `unpackaged` names what was found outside the package manager (a snap, a program)."""
    ours = set(state["packages"]) if state else set()
    there = [name for name in ENGINES if _is_there(name, packages)]
    missing = tuple(name for name in wanted if not _is_there(name, packages))
    foreign = [f"package {name} {packages[name].version}" for name in there if name not in ours]
    stand_ins = [f"package {name} {packages[name].version}" for name in STAND_INS if _is_there(name, packages)]
    if there and not foreign and not stand_ins:
        return Verdict("ours", ", ".join(f"package {name} {packages[name].version}" for name in there), missing)
    # A run that was cut off while dpkg unpacked our engine left a program, and no package that is installed.
    cut_off = any(name in ours and name in packages and packages[name].half for name in ENGINES)
    programs = [item for item in unpackaged if item == SNAP or not cut_off]
    found = ", ".join([*foreign, *stand_ins, *programs])
    if stand_ins or SNAP in unpackaged:
        return Verdict("unusable", found, missing)
    return Verdict("foreign" if found else "none", found, missing)


def _is_there(name: str, packages: Mapping[str, Package]) -> bool:
    return name in packages and packages[name].installed


def claim(
    state: Mapping[str, Any] | None, packages: Mapping[str, Package], verdict: Verdict, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Return our record as it has to stand on the disk before anything is installed.

    What is about to be installed is ours, what was there is not. The names of all packages are kept until the
    installation is settled, so that the dependencies it brought can be told from what was there before.
    """
    record: dict[str, Any] = dict(state) if state else {"version": STATE_VERSION, "packages": [], "dependencies": []}
    adopted = verdict.engine == "foreign"
    record.update(details)
    record["adopted"] = adopted
    if not adopted and verdict.missing:
        record["packages"] = sorted(set(record["packages"]) | set(verdict.missing))
        if "before" not in record:
            record["before"] = sorted(name for name, package in packages.items() if package.installed)
    return record


def settle(
    state: Mapping[str, Any], packages: Mapping[str, Package], automatic: Sequence[str], held: Sequence[str]
) -> dict[str, Any]:
    """Return our record after the installation: the dependencies that came with it, and what we hold."""
    record = dict(state)
    before = record.pop("before", None)
    if before is not None:
        came = {name for name in automatic if name in packages and packages[name].installed} - set(before)
        record["dependencies"] = sorted((set(record["dependencies"]) | came) - set(record["packages"]))
    record["held"] = sorted(held)
    return record


def hold_changes(
    packages: Mapping[str, Package], ours: Sequence[str], held_by_us: Sequence[str], hold: bool
) -> tuple[list[str], list[str]]:
    """Return which packages to hold and which to release; what an administrator holds is never released."""
    installed = [name for name in ours if name in packages and packages[name].installed]
    if hold:
        return [name for name in installed if not packages[name].held], []
    return [], [name for name in installed if packages[name].held and name in held_by_us]


def removable(apt_output: str, dependencies: Sequence[str]) -> list[str]:
    """Return which of the dependencies we brought nothing needs any more, from `apt-get --simulate autoremove`."""
    unneeded = set(re.findall(r"^Remv (\S+)", apt_output, re.MULTILINE))
    return sorted(unneeded & set(dependencies))


def origins(policy: str) -> dict[str, list[str]]:
    """Read `apt-cache policy`: for each package the sources that offer its installed version."""
    found: dict[str, list[str]] = {}
    package = ""
    inside = False
    for line in policy.splitlines():
        if line and not line.startswith(" "):
            package = line.rstrip(":")
            found[package] = []
            inside = False
        elif line.startswith(" *** "):
            inside = True
        elif re.match(r"^     \S", line):
            inside = False
        elif inside and "://" in line:
            found[package].append(line.split()[1])
    return found
