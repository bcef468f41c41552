# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drives to buy: the cheapest of those that can be had.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.

For a level and a smallest size of drive, the best set is a number of the cheapest drives that are no smaller. So the
search goes over levels and sizes, and counts members up from the fewest that could do. The same request always gives
the same answer.

Where nobody told a price, hard drives come before solid-state drives, and each drive counts as its bytes and 4 TB for
its slot, its power and its failures. Prices of hard drives for servers come near to that: one of 12 TB costs about
twice what one of 4 TB does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat

from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import FilesystemError
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout, build
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import MEDIA, TB, Offer, Request
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import LEVELS, RaidError, minimum_drives
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div

# What is chosen between when the site leaves it open: what D5.11 asks, and what survives one failure more.
CHOSEN_LEVELS = ("raid5", "raid6")
WORTH_OF_A_SLOT = 4 * TB


@dataclass(frozen=True)
class Target:
    """What the data drives have to reach, in bytes."""

    need: int  # to be available to users in the last year that is planned for, with head-room
    raw: int  # members together, each used as far as the smallest is
    spare: int  # spare drives together, each used as far as a member is
    drives: int  # slots that there are for data drives


@dataclass(frozen=True)
class Pool:
    """Single drives in the order in which one would buy them, the cheapest first, as many as there are slots."""

    drives: tuple[Offer, ...]
    largest: int


def pools(request: Request, target: Target) -> tuple[Pool, ...]:
    """Return for each medium and each size the drives that are no smaller."""
    found = []
    for medium in MEDIA:
        offers = sorted((offer for offer in request.offers if offer.medium == medium), key=_worth)
        for size in sorted({offer.size for offer in offers}):
            large = (offer for offer in offers if offer.size >= size)
            single = chain.from_iterable(
                repeat(offer) if offer.count is None else repeat(offer, offer.count) for offer in large
            )
            drives = tuple(islice(single, target.drives))
            sizes = [offer.size for offer in drives]
            # Where none of this size is among them, it is the pool of the next size.
            if size in sizes:
                found.append(Pool(drives, max(sizes)))
    return tuple(found)


def _worth(offer: Offer) -> tuple[int, int, str]:
    return offer.price or 0, offer.size, offer.name


def best(request: Request, target: Target, level: str, among: Sequence[Pool]) -> Layout | None:
    """Return the best layout of a level, or None where no drives on offer reach the target.

    Two drives are made no RAID 5, and three no RAID 10, as long as something else can be had. A layout whose rebuild is
    risky comes after all that are safe.
    """
    fewest = (minimum_drives(level, hardware=True), minimum_drives(level))
    for least in sorted(set(fewest), reverse=True):
        tried = (_smallest(request, target, level, pool, least) for pool in among)
        found = [layout for layout in tried if layout is not None]
        if found:
            return preferred(request, found)
    return None


def preferred(request: Request, layouts: Sequence[Layout]) -> Layout:
    """Return the cheapest layout that can be rebuilt safely, or the cheapest where none can."""
    safe = [layout for layout in layouts if not risky(request, layout)]
    return min(safe or layouts, key=_order)


def risky(request: Request, layout: Layout) -> bool:
    """Return whether a rebuild meets an unreadable sector likelier than the site takes, with nothing to correct it.

    With double redundancy, something is left to correct it while one drive is rebuilt.
    """
    return layout.figures.tolerance == 1 and layout.read_error_probability * 10_000 > request.rebuild_risk


def choose(request: Request, target: Target, among: Sequence[Pool]) -> Layout | None:
    """Return the layout to buy, or None where there is none."""
    levels = CHOSEN_LEVELS if request.level == "choose" else (request.level,)
    tried = (best(request, target, level, among) for level in levels)
    found = [layout for layout in tried if layout is not None]
    return preferred(request, found) if found else None


def _order(layout: Layout) -> tuple[int, int, int, int, list[str]]:
    """Return what to compare by: the cost, the number of drives, and then anything, so that it is always the same."""
    drives = layout.drives
    cost, medium = layout.price, MEDIA.index(drives[0].medium)
    if cost is None:
        cost = sum(offer.size + WORTH_OF_A_SLOT for offer in drives)
    else:
        medium = 0
    return medium, cost, len(drives), LEVELS.index(layout.level), [offer.name for offer in drives]


def _smallest(request: Request, target: Target, level: str, pool: Pool, least: int) -> Layout | None:
    """Return the layout with the fewest members of one pool that reaches the target."""
    count = max(least, ceil_div(max(target.raw, target.need), pool.largest))
    before = (0, -1)
    while count <= len(pool.drives):
        layout = _with_spares(request, target, level, pool, count)
        if layout is None:
            count += 1
            continue
        missing = target.need - layout.available_bytes
        held = (layout.figures.member_bytes, layout.available_bytes)
        if missing > 0 and held == before:
            return None  # one mirror more holds no more; but a smaller drive may hold less, and the one after it more
        before = held
        missing = max(missing, target.raw - layout.raw_bytes)
        if missing <= 0:
            return layout
        count += max(1, missing // layout.figures.member_bytes)
    return None


def _with_spares(request: Request, target: Target, level: str, pool: Pool, count: int) -> Layout | None:
    """Return the layout of so many members and the spares that belong to them, or None where it cannot be."""
    spares = request.spares if request.spares is not None else ceil_div(target.spare, pool.largest)
    while count + spares <= len(pool.drives):
        # The largest wait as spares, for each of them has to be able to replace any member.
        drives = sorted(pool.drives[: count + spares], key=lambda offer: offer.size)
        if request.spares is None and drives[0].size * spares < target.spare:
            spares += 1
            continue
        try:
            return build(request, level, tuple(drives[:count]), tuple(drives[count:]))
        except (RaidError, FilesystemError):
            return None
    return None
