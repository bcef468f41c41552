# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a buyer should know and the deliverable does not say.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import risky
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_compare import stated_layout
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout, build, policy_of
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_machine import Parts, needs_of
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import Solution
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_words import (
    lack_of_power,
    level_in_words,
    percent,
    sizes_in_words,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

_WIDE = 16  # members of one parity group, above which rebuilding reads very much for one drive
_DEFAULT_RESERVE = 5  # percent that mke2fs keeps for root


@dataclass(frozen=True)
class Warned:
    """One thing to know: a name for programs, the requirement that it is about, and a sentence or two."""

    name: str
    requirement: str
    text: str


def warnings(request: Request, solution: Solution, found: Parts) -> tuple[Warned, ...]:
    """Return what to know about this plan, and about what D5.11 states for this data set."""
    return (
        *_stated(request),
        *_array(request, solution),
        *_room(request, solution),
        *_machine(request, found),
        Warned(
            "raid-is-no-backup",
            "BK-PLACE",
            "An array survives a failed drive. It does not bring back what somebody deleted, what ransomware encrypted,"
            " or what burnt: backups belong on another server in another place, and are not part of this plan.",
        ),
    )


def _stated(request: Request) -> Iterator[Warned]:
    """Yield what the figures of the deliverable come to."""
    needs = needs_of(request)
    size = human_size(request.dataset_bytes)
    least = stated_layout(request, needs.minimum)
    if least is not None:
        missing = request.dataset_bytes - least.available_bytes
        yield Warned(
            "stated-minimum-does-not-fit",
            "ST-DATA",
            f"The stated minimum, {_drives(least)} in RAID 5, leaves {_exact(least.available_bytes)}"
            f" for users. A full data set of {size} does not fit: {human_size(missing)} are missing, and there is no"
            " room for other data.",
        )
        yield Warned(
            "two-drives-are-a-mirror",
            "ST-RAID",
            f"A RAID 5 of two drives is a mirror: {_drives(least)} hold what one of them holds. Linux"
            " makes it and can grow it into a RAID 5 of three; most hardware controllers ask for three drives at once.",
        )
        yield Warned(
            "spares-must-replace",
            "ST-SPARE",
            f"Spare drives of {needs.minimum.spare_factor} x the data set are there to replace a failed drive, so each"
            " must be at least as large as a data drive. Two of half the size would be as many bytes and no spare.",
        )
    most = stated_layout(request, needs.recommended)
    if most is not None:
        yield Warned(
            "multiples-are-raw",
            "ST-DATA",
            f"The multiples of the data set count drives and not room: the recommended"
            f" {_drives(most)} are {human_size(most.raw_bytes)} on the labels, and RAID 5 and the file"
            f" system leave {_exact(most.available_bytes)} for users.",
        )


def _drives(layout: Layout) -> str:
    return sizes_in_words([offer.size for offer in layout.members])


def _exact(size: int) -> str:
    """Return bytes in terabytes with two decimals, rounded down, where three digits would hide what is missing."""
    hundredths = size // 10**10
    return f"{hundredths // 100}.{hundredths % 100:02d} TB" if size >= 10**12 else human_size(size)


def _array(request: Request, solution: Solution) -> Iterator[Warned]:
    """Yield what this array is exposed to."""
    layout = solution.layout
    for note in layout.figures.notes:
        yield Warned("array", "ST-RAID", note)
    if layout.figures.tolerance == 1:
        share = percent(layout.read_error_probability)
        text = (
            f"While a failed drive is rebuilt, {share} of rebuilds meet a sector that cannot be read, if the drives are"
            " as good as their data sheets say, and then nothing corrects it."
        )
        if risky(request, layout):
            text += f" That is more than the {request.rebuild_risk / 100:g} % that this site takes: choose RAID 6."
            yield Warned("rebuild-is-risky", "ST-RAID", text)
        else:
            yield Warned("rebuild-risk", "ST-RAID", f"{text} RAID 6 survives that, for one drive more.")
    elif request.level == "choose":
        single = build(request, "raid5", layout.members[1:], layout.spares)
        yield Warned(
            "raid6-was-chosen",
            "ST-RAID",
            f"RAID 6 was chosen: in a RAID 5 of {_drives(single)},"
            f" {percent(single.read_error_probability)} of rebuilds would meet a sector that cannot be read.",
        )
    if request.policy != policy_of(request, layout.level):
        yield Warned(
            "ppl-became-bitmap",
            "ST-RAID",
            f"A partial parity log (ppl) was asked for, which is for RAID 5 alone: this {level_in_words(layout.level)}"
            " gets a bitmap.",
        )
    if len(layout.members) > _WIDE:
        yield Warned(
            "array-is-wide",
            "ST-RAID",
            f"{len(layout.members)} drives in one array are many: each rebuild reads all of them. Larger drives, or two"
            " nodes, fail less often.",
        )


def _room(request: Request, solution: Solution) -> Iterator[Warned]:
    """Yield what concerns the room of the data set."""
    layout = solution.layout
    if request.file_system == "ext4":
        kept = layout.device_bytes * _DEFAULT_RESERVE // 100
        yield Warned(
            "ext4-reserve",
            "ST-DATA",
            f"Left to itself, ext4 keeps {_DEFAULT_RESERVE} % for the administrator, here {human_size(kept)}. The plan"
            f" keeps {request.reserve} %; make the file system with the options that stand in it.",
        )
    if not request.growth_known:
        yield Warned(
            "growth-not-given",
            "ST-GROW",
            "Nobody said how the data set grows, so it is planned as it is today, with"
            f" {request.headroom / 100:g} % of head-room. State the growth, and the sheet says what is needed when.",
        )
    yield Warned(
        "units",
        "ST-DATA",
        f"Drives are labelled in decimal units. Many programs count in binary ones: {human_size(request.dataset_bytes)}"
        f" are {human_size(request.dataset_bytes, binary=True)} there, and nothing is lost.",
    )


def _machine(request: Request, found: Parts) -> Iterator[Warned]:
    """Yield what concerns the rest of the machine."""
    yield Warned(
        "one-system-drive",
        "ST-OS",
        "The operating system lies on a single drive, as is asked. When it fails, the data stays, and the node stands"
        " still until a new drive is in and the playbooks have run.",
    )
    yield Warned(
        "power-is-assumed",
        "HW-PSU",
        f"The power is an upper estimate, for: {'; '.join(found.power.assumptions)}. Name the parts, and it falls.",
    )
    lack = lack_of_power(found.supply_watts, found.power.watts, request.hardware.cpu_watts)
    if lack:
        yield Warned("power-supply-may-be-small", "HW-PSU", lack)
    if not request.offers_given:
        yield Warned(
            "usual-drives",
            "ST-DATA",
            "No drives were offered, so usual sizes were taken, without prices. Ask a seller, and plan again with the"
            " offer: another size may be cheaper.",
        )
