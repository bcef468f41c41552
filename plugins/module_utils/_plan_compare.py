# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan beside what it could have been: what the deliverable states, the least that is enough, and other levels.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Everything is plain data, sizes in
integer bytes, money in the site's currency.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import best
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_growth import dataset_in, with_headroom
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout, build, money
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_machine import needs_of
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import (
    PLANNED_LEVELS,
    Offer,
    PlanError,
    Request,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import Solution, solve
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import LEVELS
from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import mttdl_hours
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import Level

# To compare levels. A million hours is a usual statement of makers; in use a rebuild takes about twice as long as one
# that nothing disturbs; where no spare waits, somebody has to notice, fetch a drive and put it in.
MTBF_HOURS = 1_000_000
REBUILD_IN_USE = 2
HOURS_WITHOUT_SPARE = 72
_HOURS_A_YEAR = 8766


def stated_layout(request: Request, level: Level) -> Layout | None:
    """Return what D5.11 states, in drives as large as the data set as in its example; None where it states no array."""
    if not level.raid or not level.data_factor:
        return None
    drive = Offer(human_size(request.dataset_bytes), request.dataset_bytes)
    return build(request, "raid5", (drive,) * level.data_factor, (drive,) * (level.spare_factor or 0))


def layouts(request: Request, solution: Solution) -> list[dict[str, Any]]:
    """Return what is stated, the least that is enough, and what is proposed, each with what it comes to."""
    needs = needs_of(request)
    rows = []
    for name, level in (("stated_minimum", needs.minimum), ("stated_recommended", needs.recommended)):
        layout = stated_layout(request, level)
        if layout is not None:
            rows.append(_row(request, name, layout, level.os_drive_bytes))
    least = _least(request)
    if least is not None and least.layout != solution.layout:
        rows.append(_row(request, "least_that_fits", least.layout, least.system.size))
    rows.append(_row(request, "proposed", solution.layout, solution.system.size))
    return rows


def _least(request: Request) -> Solution | None:
    """Return what is enough at the minimum, where that is not what the site asks for anyway."""
    try:
        return solve(replace(request, aim="minimum"))
    except PlanError:
        return None  # the cheaper system drive took the slot that the data drives needed


def _row(request: Request, name: str, layout: Layout, system_bytes: int | None) -> dict[str, Any]:
    available = layout.available_bytes
    return {
        "name": name,
        "level": layout.level,
        "members": [offer.size for offer in layout.members],
        "spares": [offer.size for offer in layout.spares],
        "system_bytes": system_bytes,
        "raw_bytes": layout.raw_bytes,
        "available_bytes": available,
        "fits_now": available >= request.dataset_bytes,
        "fits_with_growth_and_headroom": available >= with_headroom(request, dataset_in(request, request.years)),
        "price": money(layout.price),
    }


def levels(request: Request, solution: Solution) -> list[dict[str, Any]]:
    """Return for every level the best drives that reach the same, and how they compare with those of the plan."""
    rows = []
    for level in LEVELS:
        chosen = level == solution.layout.level
        # Nothing can take the place of a failed drive of a RAID 0, so no spare waits for that.
        asked = replace(request, spares=0) if level == "raid0" else request
        layout = solution.layout if chosen else best(asked, solution.target, level, solution.among)
        row: dict[str, Any] = {
            "level": level,
            "possible": layout is not None,
            "chosen": chosen,
            "built_here": level in PLANNED_LEVELS,
        }
        rows.append({**row, **(_figures(layout) if layout else {})})
    return rows


def _figures(layout: Layout) -> dict[str, Any]:
    """Return what a layout comes to, for a comparison of levels. None is what a RAID 0 has not."""
    sums = layout.figures
    return {
        "members": [offer.size for offer in layout.members],
        "spares": [offer.size for offer in layout.spares],
        "raw_bytes": layout.raw_bytes,
        "available_bytes": layout.available_bytes,
        "efficiency_percent": round(100 * layout.available_bytes / sum(offer.size for offer in layout.drives), 1),
        "tolerance": sums.tolerance,
        "price": money(layout.price),
        **reliability(layout),
        "notes": list(sums.notes),
    }


def reliability(layout: Layout) -> dict[str, Any]:
    """Return how long a rebuild takes, how likely it fails, and the mean time to data loss in years."""
    repairable = layout.figures.tolerance > 0
    rebuild = layout.rebuild_seconds if repairable else None
    repair = float(HOURS_WITHOUT_SPARE)
    if rebuild is not None:
        repair = rebuild * REBUILD_IN_USE / 3600 + (0 if layout.spares else HOURS_WITHOUT_SPARE)
    return {
        "rebuild_seconds": rebuild,
        "read_error_probability": _rounded(layout.read_error_probability) if repairable else None,
        "mttdl_years": _years(mttdl_hours(layout.raid, MTBF_HOURS, repair)),
        "mttdl_years_with_read_errors": _years(mttdl_hours(layout.raid, MTBF_HOURS, repair, layout.bits_per_error)),
    }


def _years(hours: float) -> float:
    return _rounded(hours / _HOURS_A_YEAR)


def _rounded(value: float) -> float:
    """Return three significant digits: more would claim more than the model knows."""
    return float(f"{value:.3g}")
