# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a site asks to what it buys: the content of plan.json, from which the role storage builds the array.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. A plan is plain data. Sizes in it
are integer bytes, times seconds, money is in the site's currency, and years count from the day on which the node is
filled. The same request always gives the same plan: there is no date in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_buy import shopping_list
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_compare import layouts, levels, reliability
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_growth import (
    dataset_in,
    first_year_without_room,
    steps,
    with_headroom,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_judge import findings
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import (
    CHUNK_BYTES,
    Layout,
    money,
    policy_of,
    price_of,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_machine import (
    ARRAY_NAME,
    Parts,
    case_of,
    needs_of,
    parts,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Offer, Request, parse_request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import in_words, solve
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_system import partitions
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_warnings import warnings

FORMAT = 1
KIND = "eucaim.local_node.plan"
MD_LAYOUTS = {"raid5": "left-symmetric", "raid6": "left-symmetric", "raid10": "n2"}  # md's words for its own choices


def make_plan(given: Mapping[str, Any], name: str = "", prefix: str = "") -> dict[str, Any]:
    """Return the plan for what a site asks, in the words of _plan_request.KEYS, as plain data.

    name is who the plan is for, a host of an inventory or nobody; prefix stands before the names of settings in
    refusals. Raises PlanError with every reason why there is none.
    """
    request = parse_request(given, prefix)
    solution = solve(request, prefix)
    layout, system = solution.layout, solution.system
    used = len(layout.drives) + int(system.in_bay)
    slots = case_of(request, used)
    ways = steps(request, layout, slots - used)
    found = parts(request, layout, system)
    plan = {
        "kind": KIND,
        "format": FORMAT,
        "name": name,
        "title": f"{in_words(layout)}, {system.name} for the system",
        "request": _request(request),
        "target": asdict(solution.target),
        "slots": {"total": slots, "used": used, "free": slots - used, "given": request.bays is not None},
        "drives": _drives(layout, system),
        "system": {"bytes": system.size, "partitions": [asdict(part) for part in partitions(system.size)]},
        "array": _array(request, layout),
        "file_system": _file_system(request, layout),
        "bytes": _where_the_bytes_go(request, layout),
        "room": _room(request, layout),
        "reliability": reliability(layout),
        "growth": [asdict(step) for step in ways],
        "machine": _machine(request, found),
        "power": _power(found),
        "buy": [asdict(item) for item in shopping_list(request, solution, found, slots)],
        "price": _price(request, layout, system),
        "layouts": layouts(request, solution),
        "levels": levels(request, solution),
        "warnings": [asdict(warned) for warned in warnings(request, solution, found)],
    }
    return {**plan, "requirements": [finding.as_dict() for finding in findings(plan)]}


def _request(request: Request) -> dict[str, Any]:
    """Return what was asked, as far as it is not seen elsewhere in the plan."""
    return {
        "dataset_bytes": request.dataset_bytes,
        "growth_known": request.growth_known,
        "growth_bytes_a_year": request.growth_bytes,
        "growth_percent_a_year": request.growth_share / 100,
        "years": request.years,
        "headroom_percent": request.headroom / 100,
        "tier": request.tier,
        "profile": request.profile,
        "source": needs_of(request).source,
        "aim": request.aim,
        "level": request.level,
        "rebuild_risk_percent": request.rebuild_risk / 100,
        "offers_given": request.offers_given,
        "currency": request.currency,
    }


def _drives(layout: Layout, system: Offer) -> list[dict[str, Any]]:
    """Return every drive with its slot, in the order of the slots; None is a place that is no slot."""
    placed = [("system", system)]
    placed += [("member", offer) for offer in layout.members]
    placed += [("spare", offer) for offer in layout.spares]
    drives: list[dict[str, Any]] = []
    slot = 0
    for role, offer in placed:
        slot += int(offer.in_bay)
        drives.append(
            {
                "slot": slot if offer.in_bay else None,
                "role": role,
                "name": offer.name,
                "bytes": offer.size,
                "medium": offer.medium,
                "interface": offer.interface,
                "price": money(offer.price),
            }
        )
    return drives


def _array(request: Request, layout: Layout) -> dict[str, Any]:
    sums = layout.figures
    return {
        "name": ARRAY_NAME,
        "level": layout.level,
        "members": sums.members,
        "spares": sums.spares,
        "member_bytes": sums.member_bytes,
        "chunk_bytes": None if layout.level == "raid1" else CHUNK_BYTES,
        "layout": MD_LAYOUTS.get(layout.level),
        "metadata": "1.2",
        "consistency_policy": policy_of(request, layout.level),
        "tolerance": sums.tolerance,
        "is_a_mirror": sums.mirror,
        "data_members": sums.data_members,
        "device_bytes": layout.device_bytes,
    }


def _file_system(request: Request, layout: Layout) -> dict[str, Any]:
    volume = layout.volume
    return {
        "kind": volume.kind,
        "label": ARRAY_NAME,
        "mount_point": request.mount_point,
        "mkfs_options": list(volume.mkfs_options),
        "geometry": dict(volume.geometry),
        "reserve_percent": request.reserve if volume.kind == "ext4" else None,
        "total_bytes": volume.total_bytes,
        "reserved_bytes": volume.reserved_bytes,
        "available_bytes": volume.available_bytes,
    }


def _where_the_bytes_go(request: Request, layout: Layout) -> list[dict[str, Any]]:
    """Return the parts of all data drives; together they are the raw bytes, spares included."""
    sums, volume = layout.figures, layout.volume
    later = dataset_in(request, request.years)
    own = volume.total_bytes - volume.available_bytes - volume.reserved_bytes
    parts_of = {
        "spare": sums.spare_bytes,
        "redundancy": sums.redundancy_bytes,
        "unused": sums.unused_bytes,
        "metadata": sums.usable_bytes - layout.device_bytes,
        "file_system": volume.overhead_bytes + own,
        "reserve": volume.reserved_bytes,
        "dataset": request.dataset_bytes,
        "growth": later - request.dataset_bytes,
        "free": volume.available_bytes - later,
    }
    return [{"part": part, "bytes": size} for part, size in parts_of.items()]


def _room(request: Request, layout: Layout) -> dict[str, Any]:
    available, later = layout.available_bytes, dataset_in(request, request.years)
    return {
        "available_bytes": available,
        "dataset_bytes": request.dataset_bytes,
        "dataset_later_bytes": later,
        "needed_bytes": with_headroom(request, later),
        "free_now_bytes": available - request.dataset_bytes,
        "free_later_bytes": available - later,
        "full_in_year": first_year_without_room(request, available),
    }


def _machine(request: Request, found: Parts) -> dict[str, Any]:
    """Return the parts around the drives: chosen ones, or what the seller is asked for."""
    cpu, memory = found.cpu, found.memory
    return {
        "processor": cpu.model,
        "sockets": cpu.sockets,
        "cores": cpu.cores,
        "threads": cpu.threads,
        "base_mhz": cpu.base_mhz,
        "processor_watts": request.hardware.cpu_watts,
        "memory_bytes": memory.installed_bytes,
        "ecc": memory.ecc,
        "memory_slots": memory.slots,
        "memory_modules": len(memory.modules or ()),
        "gpus": [
            {
                "name": gpu.name,
                "tensor_cores": gpu.tensor_cores,
                "vram_bytes": gpu.vram_bytes,
                "watts": gpu.power_limit_watts,
            }
            for gpu in found.gpus
        ],
        "supplies": found.supplies,
        "supply_watts": found.supply_watts,
        "staggered_start": request.hardware.staggered_start,
    }


def _power(found: Parts) -> dict[str, Any]:
    power = found.power
    return {
        "watts": power.watts,
        "least_watts": power.least_watts,
        "parts": [{"what": what, "watts": watts} for what, watts in power.parts],
        "assumptions": list(power.assumptions),
    }


def _price(request: Request, layout: Layout, system: Offer) -> dict[str, Any] | None:
    """Return the price of the drives, or None where nobody told prices; that of the system's drive may be missing."""
    if layout.price is None:
        return None
    return {
        "currency": request.currency,
        "data_drives": money(layout.price),
        "system_drive": money(system.price),
        "drives": money(price_of((*layout.drives, system))),
    }
