# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as one page of HTML, for a purchasing department and the head of IT: on a screen, a telephone or paper.

Private to this collection: nothing outside may import it. The page needs nothing else: no script, no font, no picture
from anywhere. Everything that a person wrote is escaped.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _plan_words as words
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_drawing import bytes_that_go, slots
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_html import (
    STYLE,
    card,
    plain,
    table,
    with_id,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import drives_in_words
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import icon, mark, text_of
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size


def as_page(plan: words.Plan) -> str:
    """Return the plan as a page."""
    request = plan["request"]
    name = plan["name"] or "A new local node"
    asked = f"Tier {request['tier']}, a data set of {human_size(request['dataset_bytes'])}"
    growing = f"growth {words.growth(request)}"
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">',
        f"<title>{text_of(name)}: what to buy for an EUCAIM local node</title>",
        f"<style>{STYLE}</style></head><body>",
        '<a class="skip" href="#buy">Skip to what to buy</a>',
        '<header class="top"><div class="wrap"><p class="kind">EUCAIM local node, procurement sheet</p>',
        f"<h1>{text_of(name).replace('.', '.<wbr>')}</h1><p>{text_of(asked)}, {text_of(growing)}</p></div></header>",
        '<main class="wrap">',
        *_buy(plan),
        *card("slots", "Where the drives go", slots(plan), "In the order in which they are put in.", " whole"),
        *card("bytes", "Where the bytes go", bytes_that_go(plan), _bytes_hint(plan)),
        *_layouts(plan),
        *_warnings(plan),
        *_requirements(plan),
        *_growth(plan),
        *_levels(plan),
        *_power(plan),
        *_system(plan),
        *_engineers(plan),
        "</main></body></html>",
    ]
    return "\n".join(lines) + "\n"


# -------------------------------------------------------------------------------------- what to buy


def _buy(plan: words.Plan) -> list[str]:
    """Return the top of the page: the list, and in a few figures what it comes to."""
    currency = plan["request"]["currency"]
    priced = any(item["price"] is not None for item in plan["buy"])
    heads = ["What", "How many", "Which"] + ([">Each", ">Together"] if priced else [])
    rows = []
    for item in plan["buy"]:
        cells = [
            (with_id(item["what"], item["requirement"]), ""),
            (f"{item['quantity']} x", "quantity"),
            *plain(item["detail"]),
        ]
        if priced:
            cells += plain(words.amount(item["price_each"], currency), words.amount(item["price"], currency))
        rows.append(("", cells))
    if plan["price"] is not None:
        total = words.amount(plan["price"]["drives"] or plan["price"]["data_drives"], currency)
        which = "All drives" if plan["price"]["drives"] is not None else "Data drives and spares"
        rows.append(("sum", plain(which, "", "the other parts have no price yet", "", total)))
    state = "unmet" if words.unmet(plan) else "recommended" if plan["request"]["aim"] == "recommended" else "met"
    lines = ['<section class="card" aria-labelledby="buy"><div class="verdict">', f'<span class="{state}">']
    lines.append(f'{icon(state)}</span><div><h2 id="buy">What to buy</h2><ul>')
    lines += [f"<li>{text_of(line)}</li>" for line in words.summary(plan)]
    lines += ["</ul></div></div>", *_figures(plan), *table("buy", heads, rows, " buy"), "</section>"]
    return lines


def _figures(plan: words.Plan) -> list[str]:
    """Return the figures that a reader looks for first."""
    room, array = plan["room"], plan["array"]
    tiles = [
        (human_size(room["available_bytes"]), "for users"),
        (human_size(room["free_now_bytes"]), "free beside the data set"),
        (drives_in_words(array["tolerance"]), "may fail at once"),
        (words.hours(plan["reliability"]["rebuild_seconds"]), "to rebuild a drive, at best"),
        (f"{plan['power']['watts']} W", "power supply, at least"),
    ]
    return [
        '<ul class="tiles figures">',
        *(f"<li><b>{text_of(figure)}</b><span>{text_of(meaning)}</span></li>" for figure, meaning in tiles),
        "</ul>",
    ]


def _bytes_hint(plan: words.Plan) -> str:
    raw = sum(row["bytes"] for row in plan["bytes"])
    available = plan["room"]["available_bytes"]
    return (
        f"Of {human_size(raw)} on the labels, {human_size(available)} are left for users:"
        f" {words.percent(available / raw)}. Many programs show {human_size(available, binary=True)} for the same."
    )


# -------------------------------------------------------------------------------------- what it is compared with


def _layouts(plan: words.Plan) -> list[str]:
    """Return what is stated, what is enough and what is planned, side by side."""
    rows = []
    for row in plan["layouts"]:
        state, verdict = words.fits(row)
        cells = plain(
            words.layout_name(plan, row),
            words.sizes_in_words(row["members"]),
            words.sizes_in_words(row["spares"]),
            words.system(row["system_bytes"]),
            human_size(row["raw_bytes"]),
            human_size(row["available_bytes"]),
        )
        cells.append((f'<span class="mark {state}">{icon(state)}<span>{verdict}</span></span>', ""))
        rows.append(("chosen" if row["name"] == "proposed" else "", cells))
    profile = words.PROFILES[plan["request"]["profile"]]
    hint = (
        f"What {profile} states, in drives as large as the data set, beside what this plan takes. Raw is what it"
        " multiplies; users have less."
    )
    heads = ("", "Data drives", "Spares", "System", ">Raw", ">For users", "The data set")
    return card("layouts", "Is it enough?", table("layouts", heads, rows), hint, " whole")


def _warnings(plan: words.Plan) -> list[str]:
    lines = ['<ul class="notes">']
    for warned in plan["warnings"]:
        lines.append(f'<li>{text_of(warned["text"])}<span class="id">{text_of(warned["requirement"])}</span></li>')
    return card("know", "Good to know before you buy", [*lines, "</ul>"])


def _requirements(plan: words.Plan) -> list[str]:
    ids = [row["requirement"] for row in plan["requirements"]]
    rows = []
    for row in plan["requirements"]:
        name = row["requirement"]
        title = text_of(words.TITLES[name])
        if ids.count(name) > 1:
            title += f"<small>, {text_of(row['item'])}</small>"
        # The sum of the power has a table of its own.
        told = row["reason"] and name != "HW-PSU"
        reason = f'<span class="id">{text_of(row["reason"])}</span>' if told else ""
        cells = [
            (f'{title} <span class="id">{text_of(name)}</span>', ""),
            *plain(row["minimum"], row["recommended"]),
            (text_of(row["found"]) + reason, ""),
            (mark(row["verdict"]), ""),
        ]
        rows.append((row["verdict"], cells))
    request = plan["request"]
    hint = f"Tier {request['tier']} by {request['source']}. The plan aims at {words.AIMS[request['aim']]}."
    heads = ("Requirement", "Minimum", "Recommended", "Planned", "Verdict")
    return card("requirements", "What is asked, and how it is met", table("requirements", heads, rows, " judged"), hint)


def _growth(plan: words.Plan) -> list[str]:
    full = plan["room"]["full_in_year"]
    hint = f"The data set grows by: {words.growth(plan['request'])}."
    if full is not None:
        hint += f" With its head-room it no longer fits in {words.year(full)}; year 0 is the day of the first start."
    rows = [("", plain(*words.step(step))) for step in plan["growth"]]
    return card("growth", "When it gets tight", table("growth", words.STEP_HEADS, rows), hint, " whole")


def _levels(plan: words.Plan) -> list[str]:
    currency = plan["request"]["currency"]
    priced = plan["price"] is not None
    heads = ["Level", "Drives", *(f">{head}" for head in words.LEVEL_HEADS[1:])]
    heads += [">Price"] if priced else []
    rows = []
    for row in plan["levels"]:
        title = with_id(words.level_in_words(row["level"]), _level_note(row))
        if not row["possible"]:
            nothing = [""] * (len(heads) - 2)
            rows.append(("", [(title, ""), *plain("not with the drives on offer", *nothing)]))
            continue
        cells = [(title, ""), *plain(*words.level_figures(row))]
        if priced:
            cells += plain(words.amount(row["price"], currency))
        rows.append(("chosen" if row["chosen"] else "", cells))
    hint = (
        "For each level the best drives on offer that reach the same room. Rebuild: at best, and two to three times as"
        f" long in use. {words.CAVEAT}"
    )
    below = f'<p class="hint">{text_of(words.READ_ERROR)}</p>'
    return card("levels", "Other RAID levels", [*table("levels", heads, rows), below], hint)


def _level_note(row: dict[str, Any]) -> str:
    if row["chosen"]:
        return "this plan"
    return "" if row["built_here"] else "compared only"


# -------------------------------------------------------------------------------------- the details


def _power(plan: words.Plan) -> list[str]:
    power, machine = plan["power"], plan["machine"]
    rows = [("", plain(part["what"], f"{part['watts']} W")) for part in power["parts"]]
    rows.append(("sum", plain("Rating of the power supply, at least", f"{power['watts']} W")))
    supplies = f"{machine['supplies']} x {machine['supply_watts']} W"
    hint = f"Planned: {supplies}. What is not known counts at its highest."
    return card("power", "Power", table("power", ("Part", ">Power"), rows), hint, " whole")


def _system(plan: words.Plan) -> list[str]:
    rows = [
        ("", plain(part["mount"], human_size(part["bytes"], binary=True), part["file_system"], part["why"]))
        for part in plan["system"]["partitions"]
    ]
    hint = (
        f"{human_size(plan['system']['bytes'])} of its own, nothing else on it. Set the partitions in the installer;"
        " the last takes what is left."
    )
    heads = ("Mounted at", ">Size", "File system", "For")
    return card("system", "Drive of the operating system", table("system", heads, rows), hint, " whole")


def _engineers(plan: words.Plan) -> list[str]:
    array, room = plan["array"], plan["file_system"]
    pairs = [
        ("Array", f"{words.level_in_words(array['level'])}, {array['members']} members, {array['spares']} spares"),
        ("Chunk", "none" if array["chunk_bytes"] is None else human_size(array["chunk_bytes"], binary=True)),
        ("Metadata", f"version {array['metadata']}, consistency by {array['consistency_policy']}"),
        ("Size of the device", f"{array['device_bytes']} bytes"),
        ("File system", f"{room['kind']}, made with {' '.join(room['mkfs_options'])}"),
        ("Mounted at", room["mount_point"]),
        ("For users", f"{room['available_bytes']} bytes"),
    ]
    lines = ["<dl>", *(f"<dt>{text_of(name)}</dt><dd>{text_of(value)}</dd>" for name, value in pairs), "</dl>"]
    hint = (
        "The file plan.json beside this page has all of it. The role storage builds the array from it, unchanged:"
        " storage_plan in the inventory names the file, storage_drives and storage_spares the drives."
    )
    return card("engineers", "For those who build it", lines, hint, " facts whole")
