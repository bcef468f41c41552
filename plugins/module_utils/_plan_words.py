# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan's figures in words, for the page, the text and the refusals alike.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import drives_in_words
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

Plan = Mapping[str, Any]

ROLES = {"system": "Operating system", "member": "Data", "spare": "Spare", "free": "Free"}

# Each part of the bytes: its name, and what becomes of it.
PARTS = {
    "spare": ("Spare drives", "wait to replace a failed drive"),
    "redundancy": ("Redundancy", "brings back what a failed drive held"),
    "unused": ("Unused", "what larger drives have more than the smallest"),
    "metadata": ("Array's own data", "and room for changing the array later"),
    "file_system": ("File system's own data", "its tables and its journal"),
    "reserve": ("Reserve", "what the file system keeps back"),
    "dataset": ("Data set today", "as it was stated"),
    "growth": ("Growth", "of the data set in the years that are planned for"),
    "free": ("Free", "for other data, transformations and head-room"),
}
TITLES = {
    "HW-CPU": "Processor",
    "HW-RAM": "Memory",
    "HW-GPU": "Graphics processor",
    "HW-PSU": "Power supply",
    "ST-OS": "System drive",
    "ST-DATA": "Data drives",
    "ST-RAID": "Array",
    "ST-SPARE": "Spare drives",
    "ST-GROW": "Room to grow",
    "OS-PART": "Partitions",
}
STEPS = {"drives": "More drives", "larger": "Larger drives", "node": "A second node"}
PROFILES = {"d5.11": "D5.11", "handbook": "EUCAIM's handbook"}
AIMS = {"minimum": "the minimum", "recommended": "what is recommended"}

READ_ERROR = (
    "A read error counts while the last redundancy is rebuilt: that is how likely a sector then cannot be read, with"
    " nothing left to bring it back. With RAID 6 it takes a second failed drive to come to that."
)
CAVEAT = (
    "Mean times to data loss compare levels and promise nothing: they take it that drives fail independently of each"
    " other, once in a million hours, and that unreadable sectors are as rare as the data sheets say."
)


def sizes_in_words(sizes: Sequence[int]) -> str:
    """Return drives by their sizes: "3 x 8 TB"."""
    return " + ".join(f"{sizes.count(size)} x {human_size(size)}" for size in dict.fromkeys(sizes))


def level_in_words(level: str) -> str:
    """Return a level as people write it: "RAID 5"; ZFS's own names stay."""
    return level if level.startswith("raidz") else f"RAID {level[4:]}"


def layout_in_words(level: str, members: Sequence[int], spares: Sequence[int]) -> str:
    """Return an array in a few words: "3 x 8 TB in RAID 5 and 1 x 8 TB as spare"."""
    text = f"{sizes_in_words(members)} in {level_in_words(level)}"
    return f"{text} and {sizes_in_words(spares)} as spare" if spares else text


def percent(share: float) -> str:
    """Return a probability (0 to 1) in percent, with two digits."""
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.2g} %" if share < 0.995 else "nearly 100 %"


def hours(seconds: int) -> str:
    """Return a time in whole hours."""
    count = max(1, round(seconds / 3600))
    return f"{count} hour" if count == 1 else f"{count} hours"


def years(count: float) -> str:
    """Return a mean time in years, without more digits than the model knows."""
    return "over a million years" if count > 1_000_000 else f"{count:,.0f} years"


def amount(price: float | None, currency: str) -> str:
    """Return money, or nothing where no price is known."""
    return "" if price is None else f"{price:,.2f} {currency}"


def system(size: int | None) -> str:
    """Return the drive of the operating system, or nothing where none is stated."""
    return "" if size is None else f"{human_size(size)} SSD"


def layout_name(plan: Plan, row: Mapping[str, Any]) -> str:
    """Return the name of a row of the layouts."""
    stated = PROFILES[plan["request"]["profile"]]
    names = {
        "stated_minimum": f"{stated} minimum",
        "stated_recommended": f"{stated} recommendation",
        "least_that_fits": "Least that is enough",
        "proposed": "This plan",
    }
    return names[row["name"]]


def fits(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return whether the data set fits a layout: a status of the evidence, and words."""
    if row["fits_with_growth_and_headroom"]:
        return "met", "fits with head-room"
    return ("waived", "fits today, no more") if row["fits_now"] else ("unmet", "does not fit")


STEP_HEADS = ("Step", "What to do", "Needed in", "For users then", "Enough until")


def step(row: Mapping[str, Any]) -> list[str]:
    """Return a step of growth, in the order of STEP_HEADS."""
    needed, until = row["year"], "not foreseen"
    if needed is None:
        until = ""
    elif row["enough_until"] is not None:
        until = year(row["enough_until"]) if row["enough_until"] >= needed else "not alone"
    return [STEPS[row["kind"]], row["text"], year(row["year"]), human_size(row["available_bytes"]), until]


LEVEL_HEADS = ("Drives", "For users", "May fail", "Rebuild", "Read error in the last rebuild", "Mean time to loss")


def level_figures(row: Mapping[str, Any]) -> list[str]:
    """Return what a level comes to that can be had, in the order of LEVEL_HEADS."""
    what = sizes_in_words(row["members"])
    if row["spares"]:
        what += f", {sizes_in_words(row['spares'])} as spare"
    rebuild = "never" if row["rebuild_seconds"] is None else hours(row["rebuild_seconds"])
    error = "" if row["read_error_probability"] is None else percent(row["read_error_probability"])
    loss = years(row["mttdl_years_with_read_errors"])
    return [what, human_size(row["available_bytes"]), drives_in_words(row["tolerance"]), rebuild, error, loss]


def year(number: int | None) -> str:
    """Return a year of the node's life."""
    return "not foreseen" if number is None else "now" if number == 0 else f"year {number}"


def growth(request: Mapping[str, Any]) -> str:
    """Return how the data set grows."""
    if not request["growth_known"]:
        return "not stated"
    if request["growth_bytes_a_year"]:
        return f"{human_size(request['growth_bytes_a_year'])} a year"
    return f"{request['growth_percent_a_year']:g} % a year"


def lack_of_power(settled: int, needed: int, processor_watts: int | None) -> str:
    """Return what to do about a power supply that may be too small, in watts; nothing where it is enough."""
    if settled >= needed:
        return ""
    ways = "take a larger one" if processor_watts else "name the processor's watts, or take a larger one"
    return f"A power supply of {settled} W is settled, and up to {needed} W may be needed; {ways}."


def unmet(plan: Plan) -> list[str]:
    """Return the requirements that the plan does not meet, each once."""
    return list(dict.fromkeys(row["requirement"] for row in plan["requirements"] if row["verdict"] == "unmet"))


def summary(plan: Plan) -> list[str]:
    """Return the plan in a few sentences."""
    room, array, request = plan["room"], plan["array"], plan["request"]
    dataset, free = human_size(room["dataset_bytes"]), human_size(room["free_now_bytes"])
    lost = drives_in_words(array["tolerance"])
    lines = [
        f"{plan['title']}.",
        f"{human_size(room['available_bytes'])} for users; {lost} may fail without loss.",
        f"The data set of {dataset} fits, and {free} stay free.",
    ]
    if room["dataset_later_bytes"] > room["dataset_bytes"]:
        later, left = human_size(room["dataset_later_bytes"]), human_size(room["free_later_bytes"])
        lines[-1] = (
            f"The data set of {dataset} fits; in {request['years']} years it has {later}, and {left} are still free."
        )
    if plan["price"] is not None:
        known = plan["price"]["drives"]
        what = "All drives cost" if known is not None else "The data drives and spares cost"
        lines.append(f"{what} {amount(known or plan['price']['data_drives'], plan['price']['currency'])}.")
    machine = plan["machine"]
    dark = lack_of_power(machine["supply_watts"], plan["power"]["watts"], machine["processor_watts"])
    lines += [dark] if dark else []
    missing = unmet(plan)
    if missing:
        lines.append(f"Not met, as it was asked for: {', '.join(missing)}.")
    return lines
