# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a data set outgrows a node, and what can be done when it does: more drives, larger drives, a second node.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes; years
count from the day on which the node is filled, year 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import FilesystemError
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import risky
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout, build
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Offer, Request
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import RaidError
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size

HORIZON = 30  # years; nobody knows a data set for longer


@dataclass(frozen=True)
class Step:
    """One way to more room, in the order in which they come."""

    kind: str  # drives, larger or node
    text: str
    available_bytes: int  # to users, afterwards
    year: int | None  # in which it is needed; None is not within the horizon
    enough_until: int | None  # the last year in which it is enough; None is beyond the horizon


def dataset_in(request: Request, year: int) -> int:
    """Return the size of the data set after so many years; a share of growth is compound."""
    grown = request.dataset_bytes * (10_000 + request.growth_share) ** year // 10_000**year
    return int(grown) + request.growth_bytes * year


def with_headroom(request: Request, size: int) -> int:
    """Return the room that a data set needs with the site's head-room, rounded up."""
    return ceil_div(size * (10_000 + request.headroom), 10_000)


def first_year_without_room(request: Request, available_bytes: int) -> int | None:
    """Return the first year in which the data set and its head-room no longer fit, or None within the horizon."""
    years = range(HORIZON + 1)
    return next((year for year in years if with_headroom(request, dataset_in(request, year)) > available_bytes), None)


def steps(request: Request, layout: Layout, free_slots: int) -> tuple[Step, ...]:
    """Return what to do when the layout is full, one step after the other, each with the year in which it is needed."""
    found: list[Step] = []
    available, members = layout.available_bytes, layout.members
    more = _enlarged(request, layout, members + members[:1] * free_slots, layout.spares) if free_slots else None
    if more is not None and more.available_bytes > available:
        text = _drives_text(layout, more, free_slots) + _risk_text(request, more)
        found.append(_step(request, "drives", text, available, more.available_bytes))
        available, members = more.available_bytes, more.members
    same = [offer for offer in request.offers if offer.medium == members[0].medium]
    largest = max(same, key=lambda offer: offer.size)
    larger = _enlarged(request, layout, (largest,) * len(members), (largest,) * len(layout.spares))
    if larger is not None and larger.available_bytes > available:
        text = (
            f"Replace the data drives and the spares one after the other by drives of {human_size(largest.size)}; the"
            " array and its file system grow when the last one is in."
        )
        text += _risk_text(request, larger)
        found.append(_step(request, "larger", text, available, larger.available_bytes))
        available = larger.available_bytes
    text = "Add a second node of the same kind and divide the data set between the two."
    found.append(_step(request, "node", text, available, 2 * available))
    return tuple(found)


def _step(request: Request, kind: str, text: str, before: int, after: int) -> Step:
    full = first_year_without_room(request, after)
    return Step(kind, text, after, first_year_without_room(request, before), None if full is None else full - 1)


def _drives_text(layout: Layout, more: Layout, count: int) -> str:
    what, where = ("1 drive", "slot") if count == 1 else (f"{count} drives", "slots")
    text = f"Add {what} of {human_size(layout.members[0].size)} in the free {where}"
    return f"{text}; the mirror becomes a RAID 5." if more.level != layout.level else f"{text}."


def _risk_text(request: Request, grown: Layout) -> str:
    """Return what to do about the step where rebuilding the grown array is riskier than the site takes."""
    if not risky(request, grown):
        return ""
    safe = _built(request, "raid6", grown.members, grown.spares)
    room = f", with {human_size(safe.available_bytes)} for users" if safe else ""
    return (
        f" A rebuild is then riskier than the {request.rebuild_risk / 100:g} % that this site takes: the array should"
        f" become a RAID 6{room}."
    )


def _enlarged(request: Request, layout: Layout, members: tuple[Offer, ...], spares: tuple[Offer, ...]) -> Layout | None:
    """Return the layout with other members, or None where it cannot be made; a mirror of two grows into a RAID 5."""
    level = "raid5" if layout.level == "raid1" and len(members) > len(layout.members) else layout.level
    return _built(request, level, members, spares)


def _built(request: Request, level: str, members: tuple[Offer, ...], spares: tuple[Offer, ...]) -> Layout | None:
    """Return the layout of these drives, or None where it cannot be made."""
    try:
        return build(request, level, members, spares)
    except (RaidError, FilesystemError):
        return None
