# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a plan.json: the names, and of what kind each value is.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Union

# A name of _KINDS, with "?" where null may stand; a list of one shape; a mapping of names to shapes.
Shape = Union[str, list[Any], dict[str, Any]]

_DRIVES: dict[str, Shape] = {"level": "text", "members": ["bytes"], "spares": ["bytes"], "price": "number?"}
_RELIABILITY: dict[str, Shape] = {
    "rebuild_seconds": "bytes?",
    "read_error_probability": "number?",
    "mttdl_years": "number",
    "mttdl_years_with_read_errors": "number",
}

PLAN: dict[str, Shape] = {
    "kind": "text",
    "format": "count",
    "name": "text",
    "title": "text",
    "request": {
        "dataset_bytes": "bytes",
        "growth_known": "flag",
        "growth_bytes_a_year": "bytes",
        "growth_percent_a_year": "number",
        "years": "count",
        "headroom_percent": "number",
        "tier": "count",
        "profile": "text",
        "source": "text",
        "aim": "text",
        "level": "text",
        "rebuild_risk_percent": "number",
        "offers_given": "flag",
        "currency": "text",
    },
    "target": {"need": "bytes", "raw": "bytes", "spare": "bytes", "drives": "count"},
    "slots": {"total": "count", "used": "count", "free": "count", "given": "flag"},
    "drives": [
        {
            "slot": "count?",
            "role": "text",
            "name": "text",
            "bytes": "bytes",
            "medium": "text",
            "interface": "text",
            "price": "number?",
        }
    ],
    "system": {
        "bytes": "bytes",
        "partitions": [{"mount": "text", "bytes": "bytes", "file_system": "text", "why": "text"}],
    },
    "array": {
        "name": "text",
        "level": "text",
        "members": "count",
        "spares": "count",
        "member_bytes": "bytes",
        "chunk_bytes": "bytes?",
        "layout": "text?",
        "metadata": "text",
        "consistency_policy": "text",
        "tolerance": "count",
        "is_a_mirror": "flag",
        "data_members": "count",
        "device_bytes": "bytes",
    },
    "file_system": {
        "kind": "text",
        "label": "text",
        "mount_point": "text",
        "mkfs_options": ["text"],
        "geometry": {},
        "reserve_percent": "count?",
        "total_bytes": "bytes",
        "reserved_bytes": "bytes",
        "available_bytes": "bytes",
    },
    "bytes": [{"part": "text", "bytes": "bytes"}],
    "room": {
        "available_bytes": "bytes",
        "dataset_bytes": "bytes",
        "dataset_later_bytes": "bytes",
        "needed_bytes": "bytes",
        "free_now_bytes": "bytes",
        "free_later_bytes": "bytes",
        "full_in_year": "count?",
    },
    "reliability": dict(_RELIABILITY),
    "growth": [
        {"kind": "text", "text": "text", "available_bytes": "bytes", "year": "count?", "enough_until": "count?"}
    ],
    "machine": {
        "processor": "text?",
        "sockets": "count",
        "cores": "count",
        "threads": "count",
        "base_mhz": "count?",
        "processor_watts": "count?",
        "memory_bytes": "bytes",
        "ecc": "flag",
        "memory_slots": "count",
        "memory_modules": "count",
        "gpus": [{"name": "text", "tensor_cores": "bytes?", "vram_bytes": "bytes?", "watts": "count?"}],
        "supplies": "count",
        "supply_watts": "bytes",
        "staggered_start": "flag?",
    },
    "power": {
        "watts": "bytes",
        "least_watts": "bytes",
        "parts": [{"what": "text", "watts": "bytes"}],
        "assumptions": ["text"],
    },
    "requirements": [
        {
            "requirement": "text",
            "item": "text",
            "found": "text",
            "minimum": "text",
            "recommended": "text",
            "verdict": "text",
            "reason": "text",
        }
    ],
    "buy": [
        {
            "quantity": "count",
            "what": "text",
            "detail": "text",
            "requirement": "text",
            "price_each": "number?",
            "price": "number?",
        }
    ],
    "layouts": [
        {
            **_DRIVES,
            "name": "text",
            "system_bytes": "bytes?",
            "raw_bytes": "bytes",
            "available_bytes": "bytes",
            "fits_now": "flag",
            "fits_with_growth_and_headroom": "flag",
        }
    ],
    "levels": [{"level": "text", "possible": "flag", "chosen": "flag", "built_here": "flag"}],
    "warnings": [{"name": "text", "requirement": "text", "text": "text"}],
}

# Of a level that can be had, and of prices that are known.
LEVEL: dict[str, Shape] = {
    **_DRIVES,
    **_RELIABILITY,
    "raw_bytes": "bytes",
    "available_bytes": "bytes",
    "efficiency_percent": "number",
    "tolerance": "count",
    "notes": ["text"],
}
PRICE: dict[str, Shape] = {
    "currency": "text",
    "data_drives": "number",
    "system_drive": "number?",
    "drives": "number?",
}

_KINDS: dict[str, str] = {
    "text": "a text",
    "flag": "true or false",
    "count": "a whole number from 0 to 100000",
    "bytes": "a whole number, not negative",
    "number": "a number, not negative",
}


def shape_faults(plan: Mapping[str, Any]) -> list[str]:
    """Return what is missing in a plan or is of the wrong kind, each with its place."""
    found = list(_faults(plan, PLAN, ""))
    if "price" not in plan:
        found.append("price is missing")
    elif plan["price"] is not None:
        found += _faults(plan["price"], PRICE, "price")
    if not found:
        for number, level in enumerate(plan["levels"]):
            found += _faults(level, LEVEL, f"levels[{number}]") if level["possible"] else ()
    return found


def _faults(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if isinstance(shape, str):
        if not _is_kind(value, shape):
            yield f"{where} is not {_KINDS[shape.rstrip('?')]}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for number, item in enumerate(value):
            yield from _faults(item, shape[0], f"{where}[{number}]")
    elif not isinstance(value, Mapping):
        yield f"{where} is not a mapping"
    else:
        for name, inner in shape.items():
            place = f"{where}.{name}" if where else name
            if name not in value:
                yield f"{place} is missing"
            else:
                yield from _faults(value[name], inner, place)


def _is_kind(value: Any, kind: str) -> bool:
    if kind.endswith("?"):
        return value is None or _is_kind(value, kind[:-1])
    if kind in ("text", "flag"):
        return isinstance(value, str if kind == "text" else bool)
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind == "number" else int):
        return False
    # What is not a number is not less than anything either.
    return 0 <= value <= (100_000 if kind == "count" else 10**24)
