# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drives for a request, or what would have to be different so that there are some.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import Pool, Target, choose, pools
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_growth import dataset_in, with_headroom
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_machine import (
    SMALLEST_SYSTEM_DRIVE,
    USUAL_CASES,
    aim_of,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import (
    Offer,
    PlanError,
    Request,
    usual_drives,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_words import layout_in_words
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size

_MOST_NODES = 1024


@dataclass(frozen=True)
class Solution:
    """The drives to buy, and among what they were chosen."""

    target: Target
    among: tuple[Pool, ...]
    layout: Layout
    system: Offer


def solve(request: Request, prefix: str = "") -> Solution:
    """Return the drives to buy. Raises PlanError with what is missing and every single change that would help."""
    system = system_drive(request)
    found = None if system is None else _try(request, system)
    if found is not None:
        return found
    refusals = []
    if system is None:
        needed = f"one of at least {human_size(_system_bytes(request))} for the operating system alone"
        have = ", ".join(human_size(offer.size) for offer in request.system_offers if offer.count != 0)
        remedy = f"add such a drive to {prefix}system_drive_offers, or leave it out for the usual sizes"
        if system_drive(_at_minimum(request)) is not None:
            remedy += f"; or set {prefix}aim to minimum"
        refusals.append(Refusal("ST-OS", f"{prefix}system_drive_offers", f"drives of {have}", needed, remedy))
    stand_in = system or Offer("any", SMALLEST_SYSTEM_DRIVE, "ssd")
    if found is None and _try(request, stand_in) is None:
        refusals.append(_no_drives(request, stand_in, prefix))
    raise PlanError(refusals)


def system_drive(request: Request) -> Offer | None:
    """Return the cheapest drive on offer that is large enough for the operating system, or None."""
    least = _system_bytes(request)
    fit = [offer for offer in request.system_offers if offer.size >= least and offer.count != 0]
    return min(fit, key=lambda offer: (offer.price or 0, offer.size, offer.name)) if fit else None


def _system_bytes(request: Request) -> int:
    return max(aim_of(request).os_drive_bytes or 0, SMALLEST_SYSTEM_DRIVE)


def target_of(request: Request, system: Offer) -> Target:
    """Return what the data drives have to reach: the room, and the multiples of the data set that are asked."""
    aim = aim_of(request)
    return Target(
        need=with_headroom(request, dataset_in(request, request.years)),
        raw=(aim.data_factor or 0) * request.dataset_bytes,
        spare=(aim.spare_factor or 0) * request.dataset_bytes,
        drives=(request.bays or USUAL_CASES[-1]) - int(system.in_bay),
    )


def _try(request: Request, system: Offer) -> Solution | None:
    target = target_of(request, system)
    among = pools(request, target)
    layout = choose(request, target, among)
    return None if layout is None else Solution(target, among, layout, system)


def _no_drives(request: Request, system: Offer, prefix: str) -> Refusal:
    target = target_of(request, system)
    wanted = [f"{human_size(target.need)} for users", f"{human_size(target.raw)} of data drives"]
    if request.spares is not None:
        wanted.append(f"{request.spares} spares")
    elif target.spare:
        wanted.append(f"{human_size(target.spare)} of spare drives")
    if request.bays is not None:
        taken = request.bays - target.drives
        beside = f" (the system takes {taken} of the {request.bays})" if taken else ""
        wanted.append(f"in {target.drives} {'slot' if target.drives == 1 else 'slots'}{beside}")
    needed = f"{', '.join(wanted)}, with a failed drive survived, for the aim {request.aim}"
    sizes = sorted({offer.size for offer in request.offers if offer.count != 0})
    offered = f"drives of {', '.join(human_size(size) for size in sizes)}"
    ways = "; or ".join(_ways_out(request, system, prefix))
    remedy = f"one change is enough: {ways}" if ways else "offer larger drives or more of them"
    return Refusal("ST-DATA", f"{prefix}drive_offers", f"{offered}, of which no set is enough", needed, remedy)


def _ways_out(request: Request, system: Offer, prefix: str) -> Iterator[str]:
    """Yield each single change with which there is a plan, but none that comes to what another one comes to."""
    told: set[str] = set()
    for words, changed in _changes(request, prefix):
        found = _try(changed, system) if changed != request else None
        outcome = in_words(found.layout) if found else ""
        if found and outcome not in told:
            told.add(outcome)
            slots = len(found.layout.drives) + int(system.in_bay)
            yield f"{words.format(slots=slots)}, for {outcome}"
    nodes = _nodes(request, system)
    if nodes:
        yield f"divide the data set between {nodes} nodes"


def _changes(request: Request, prefix: str) -> tuple[tuple[str, Request], ...]:
    """Return every single change that could help, in words and made."""
    free = tuple(replace(offer, count=None) for offer in request.offers)
    return (
        (f"take a case with {{slots}} slots ({prefix}bays)", replace(request, bays=None)),
        ("offer more of the same drives", replace(request, offers=free)),
        (f"set {prefix}level to choose", replace(request, level="choose")),
        (f"set {prefix}aim to minimum", _at_minimum(request)),
        (f"leave {prefix}spares out", replace(request, spares=None)),
        (f"set {prefix}years to 0, and grow later", replace(request, years=0)),
        (f"offer other drives in {prefix}drive_offers", replace(request, offers=usual_drives())),
    )


def _at_minimum(request: Request) -> Request:
    return replace(request, aim="minimum")


def _nodes(request: Request, system: Offer) -> int | None:
    """Return the fewest nodes between which the data set could be divided, or None where no number of them helps.

    A count is what there is for all nodes together, so nothing is said where one is given.
    """
    if any(offer.count is not None for offer in request.offers):
        return None
    enough = 2
    while not _divided(request, system, enough):
        enough *= 2
        if enough > _MOST_NODES:
            return None
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if _divided(request, system, middle):
            enough = middle
        else:
            too_few = middle
    return enough


def _divided(request: Request, system: Offer, nodes: int) -> bool:
    """Return whether there are drives for one of so many nodes."""
    dataset, growth = ceil_div(request.dataset_bytes, nodes), ceil_div(request.growth_bytes, nodes)
    return _try(replace(request, dataset_bytes=dataset, growth_bytes=growth), system) is not None


def in_words(layout: Layout) -> str:
    """Return a layout in a few words: "3 x 8 TB in RAID 5 and 1 x 8 TB as spare"."""
    members, spares = ([offer.size for offer in offers] for offers in (layout.members, layout.spares))
    return layout_in_words(layout.level, members, spares)
