# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding about a machine, and how figures become a verdict. What is not known never becomes met.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from ansible_collections.eucaim.local_node.plugins.module_utils._answers import Waiver
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import STATUSES
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive, Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

UNMET = "unmet"
UNANSWERED = "unanswered"
WAIVED = "waived"
MET = "met"
RECOMMENDED = "recommended"
NOT_APPLICABLE = "not_applicable"
UNKNOWN = "unknown"
DIRECTIONS = ("down", "up")  # of the line, as the node sees it


@dataclass(frozen=True)
class Finding:
    """One item of one requirement: what was found, what is asked, and what that comes to."""

    requirement: str
    item: str
    found: str
    minimum: str
    recommended: str
    verdict: str
    reason: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as plain data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Fitted:
    """What the order says is in the machine; None is not stated."""

    memory_bytes: int | None = None
    drives: int | None = None
    links: int | None = None
    sockets: int | None = None
    power_supplies: int | None = None
    power_supply_watts: int | None = None  # of one


@dataclass(frozen=True)
class Stated:
    """What no program can see and a person states; None is not stated."""

    processor_watts: int | None = None  # rated power of one
    staggered_spin_up: bool | None = None
    os_drive_medium: str | None = None  # "ssd" or "hdd", where a controller or a host hides it
    shelf_spare_bytes: int | None = None  # drives that lie ready
    free_drive_bays: int | None = None
    growth: str | None = None  # how the storage is to grow
    line_down_mbps: int | None = None  # measured to a peer
    line_up_mbps: int | None = None
    warranty: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What the machine is judged against."""

    tier: int
    today: date
    profile: str = "d5.11"
    dataset_bytes: int | None = None
    fitted: Fitted = Fitted()
    stated: Stated = Stated()
    waivers: tuple[Waiver, ...] = ()
    line: tuple[Finding, ...] = ()  # the line as measured to a peer, by direction; empty if nobody has tried


def grade(least: int, most: int | None, minimum: int | None, recommended: int | None) -> str:
    """Return the verdict on a figure that lies between least and most; most None means that nothing bounds it.

    A figure that is known exactly has least equal to most. One that is not known at all has 0 and None.
    """
    if recommended is not None and least >= recommended:
        return RECOMMENDED
    if least >= (minimum or 0):
        return MET
    return UNMET if most is not None and most < (minimum or 0) else UNANSWERED


def grade_exact(found: int | None, minimum: int | None, recommended: int | None) -> str:
    """Return the verdict on a figure that is known exactly, or not at all."""
    return grade(found or 0, found, minimum, recommended)


def best(verdicts: Iterable[str]) -> str:
    """Return the best of several verdicts."""
    return max(verdicts, key=STATUSES.index)


def why(machine: Machine, path: str) -> str:
    """Return why something of a machine is not known, by its path."""
    return machine.why(path) or "not measured"


def hidden_below(machine: Machine, what: str) -> str:
    """Return why what lies below a virtual machine cannot be seen; nothing if this is a real one."""
    kind = machine.system.virtualisation
    if kind is None:
        return f"it is not known whether this is a virtual machine, which cannot see {what}"
    return f"a virtual machine ({kind}) cannot see {what}; its host can" if kind else ""


def physical_drives(machine: Machine) -> tuple[list[Drive], str]:
    """Return the drives themselves, which a RAID controller hides behind its volumes, and why these are not all."""
    if machine.drives is None:
        return [], why(machine, "drives")
    found = [drive for drive in machine.drives if drive.behind_raid is False]
    others = [drive for drive in machine.drives if drive.behind_raid is not False]
    reason = ""
    if any(drive.behind_raid is None for drive in others):
        reason = "a RAID controller may hide drives"
    elif others and not machine.raid_drives:
        reason = f"the drives behind a RAID controller are not seen: {why(machine, 'raid_drives')}"
    return [*found, *(machine.raid_drives or ())], reason


def binary(size: int | None) -> str:
    """Return bytes of memory as a person writes them."""
    return UNKNOWN if size is None else human_size(size, binary=True)


def decimal(size: int | None) -> str:
    """Return bytes of a drive as a person writes them."""
    return UNKNOWN if size is None else human_size(size)


def number(found: int | None) -> str:
    """Return a count."""
    return UNKNOWN if found is None else str(found)


def asked(value: int | None, text: str) -> str:
    """Return the text if that value is asked for at all."""
    return "" if value is None else text
