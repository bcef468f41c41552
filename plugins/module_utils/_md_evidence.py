# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's storage proves: one row of evidence for each requirement.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import Row
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import ENCRYPTION, VOLUME
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import Decision
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size


@dataclass(frozen=True)
class Measured:
    """What was seen of the storage."""

    wanted: Wanted
    decision: Decision
    file_system: Mapping[str, Any] | None  # of the array; None if it does not run
    mount_point: str
    fstab: str
    watchers: Mapping[str, bool] = field(default_factory=dict)  # what each watcher is called, and whether it watches
    checks: Mapping[str, bool] = field(default_factory=dict)  # what is to be checked regularly, and whether it is
    encrypted: bool = False  # whether it is to be
    closed: Sequence[str] = ()  # why the encrypted array would stay closed after a restart, or with its escrow
    layers_can_grow: bool = False  # whether encryption or volume are smaller than the array
    sends_mail: bool = False  # whether there is a program that the watchers can send mail with


def rows(measured: Measured, at: str) -> list[Row]:
    """Return the rows in the order of the register; at is the time in UTC, ISO 8601."""
    parts = (_data(measured), _raid(measured), _spare(measured), _grow(measured), _health(measured), _checks(measured))
    return [
        Row(name, "met" if good else "unmet", expected, found, how, at) for name, good, expected, found, how in parts
    ]


_Part = tuple[str, bool, str, str, str]


def _whole(measured: Measured) -> bool:
    running = measured.decision.running
    return running is not None and running.active


def _data(measured: Measured) -> _Part:
    point, holds = measured.mount_point, measured.file_system or {}
    expected = f"the file system of the array {measured.wanted.name} on {point}, mounted by its UUID at every start"
    if measured.encrypted:
        expected += "; encrypted, and opened by the node's key and by the recovery passphrase"
    missing = {ENCRYPTION: "it is not encrypted, or not open", VOLUME: "its logical volume is not there"}
    faults = [missing[holds["missing"]]] if holds.get("missing") else []
    faults += measured.closed
    if point not in holds.get("mounted_on", ()):
        faults.append(f"it is not mounted on {point}")
    sources = [words[0] for words in _fstab(measured.fstab) if words[1] == point]
    if not sources:
        faults.append(f"no line of /etc/fstab mounts {point}")
    elif sources != [f"UUID={holds.get('uuid')}"]:
        faults.append(f"/etc/fstab mounts {point} from {', '.join(sources)}")
    secret = "encrypted " if measured.encrypted else ""
    size = human_size(int(holds.get("bytes") or 0))
    found = f"{secret}{holds.get('kind')} of {size} by {', '.join(sources) or 'nothing'}"
    return "ST-DATA", not faults, expected, "; ".join(faults) or found, "mountinfo, /etc/fstab"


def _fstab(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        words = line.split()
        if len(words) >= 3 and not words[0].startswith("#"):
            yield words


def _raid(measured: Measured) -> _Part:
    wanted, running = measured.wanted, measured.decision.running
    expected = f"the array {wanted.name}: {wanted.level} of {len(wanted.devices)} drives, none missing"
    how = "/sys/block, mdadm --examine"
    if running is None or not running.active:
        return "ST-RAID", False, expected, f"no array {wanted.name} runs", how
    shown = running.shown
    lacking = (shown.devices or 0) - (shown.active or 0)
    found = f"{shown.level} of {shown.devices} drives" + (
        f", {lacking} of them missing or being filled" if lacking else ""
    )
    if shown.action not in (None, "idle", "frozen"):
        percent = f" {shown.action_percent} %" if shown.action_percent is not None else ""
        found += f"; {shown.action}{percent}"
    good = shown.level == wanted.level and shown.devices == len(wanted.devices) and not lacking
    return "ST-RAID", good, expected, found, how


def _spare(measured: Measured) -> _Part:
    running = measured.decision.running
    waiting = sum(member.idle for member in running.members) if running is not None else 0
    wanted = len(measured.wanted.spares)
    expected = f"{wanted} spare drives that wait in the array"
    return "ST-SPARE", waiting >= wanted, expected, f"{waiting} that wait", "/sys/block"


def _grow(measured: Measured) -> _Part:
    holds = measured.file_system or {}
    expected = "an array that takes more drives, and a file system that fills it"
    faults = [] if measured.wanted.has_redundancy else ["a RAID 0 is not made longer"]
    if not _whole(measured):
        faults.append("no array runs")
    if measured.layers_can_grow:
        faults.append("what lies between array and file system is smaller than the array")
    if holds.get("can_grow"):
        faults.append(f"the file system fills {human_size(int(holds['bytes']))} of it only")
    return "ST-GROW", not faults, expected, "; ".join(faults) or "both", "the file system's own size"


def _health(measured: Measured) -> _Part:
    running = measured.decision.running
    expected = f"no drive that failed or is gone, and a watch: {', '.join(measured.watchers) or 'none'}"
    faults = [] if _whole(measured) else ["no array runs"]
    faults += measured.decision.problems
    failed = running.shown.failed or 0 if running is not None else 0
    faults += [f"{failed} failed in the array"] if failed else []
    faults += [f"{name} does not watch" for name, works in measured.watchers.items() if not works]
    return (
        "ST-HEALTH",
        not faults,
        expected,
        "; ".join(faults) or f"no drive failed, and both watch; {_told_by(measured)}",
        "/sys/block, systemd",
    )


def _told_by(measured: Measured) -> str:
    if measured.sends_mail:
        return "they send mail"
    return "no program here sends mail, so a failure is told in the journal and in this report only"


def _checks(measured: Measured) -> _Part:
    expected = f"regular checks: {', '.join(measured.checks) or 'none'}"
    faults = [f"{name} is not on" for name, works in measured.checks.items() if not works]
    return "MN-HW", not faults, expected, "; ".join(faults) or "on", "systemd"
