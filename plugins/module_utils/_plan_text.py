# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text: plan.md for a ticket or a wiki, and a short table for a terminal.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from ansible_collections.eucaim.local_node.plugins.module_utils import _plan_words as words
from ansible_collections.eucaim.local_node.plugins.module_utils._report import WORDS
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

WIDTH = 80  # of a terminal
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~])")


def as_markdown(plan: words.Plan) -> str:
    """Return the plan in Markdown, with everything that the page says but the drawings."""
    request = plan["request"]
    asked = f"Tier {request['tier']}, a data set of {human_size(request['dataset_bytes'])}"
    lines = [
        f"# {_safe(plan['name'] or 'A new local node')}: what to buy",
        "",
        f"{asked}, growth {words.growth(request)}. Aimed at {words.AIMS[request['aim']]}.",
        "",
        *(f"- {_safe(line)}" for line in words.summary(plan)),
        "",
        *_buy(plan),
        "## Is it enough?",
        "",
        *_layouts(plan),
        "## Good to know before you buy",
        "",
        *(f"- {_safe(warned['text'])} ({warned['requirement']})" for warned in plan["warnings"]),
        "",
        "## Where the bytes go",
        "",
        *_bytes(plan),
        "## What is asked, and how it is met",
        "",
        *_requirements(plan),
        "## When it gets tight",
        "",
        *_growth(plan),
        "## Other RAID levels",
        "",
        *_levels(plan),
        words.READ_ERROR,
        "",
        words.CAVEAT,
        "",
        "## Power",
        "",
        *_table(("Part", "Power"), ((part["what"], f"{part['watts']} W") for part in plan["power"]["parts"])),
        f"Together {plan['power']['watts']} W.",
        "",
        "## Drive of the operating system",
        "",
        *_table(
            ("Mounted at", "Size", "File system", "For"),
            (
                (part["mount"], human_size(part["bytes"], binary=True), part["file_system"], part["why"])
                for part in plan["system"]["partitions"]
            ),
        ),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _safe(text: str) -> str:
    """Return text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", text)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table, and an empty line after it."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_safe(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]


def _buy(plan: words.Plan) -> list[str]:
    currency = plan["request"]["currency"]
    heads = ["What", "How many", "Which", "Requirement"]
    rows = [[item["what"], str(item["quantity"]), item["detail"], item["requirement"]] for item in plan["buy"]]
    if plan["price"] is not None:
        heads.append("Price")
        for row, item in zip(rows, plan["buy"]):
            row.append(words.amount(item["price"], currency))
    return _table(heads, rows)


def _layouts(plan: words.Plan) -> list[str]:
    heads = ("", "Data drives", "Spares", "System", "Raw", "For users", "The data set")
    return _table(
        heads,
        (
            (
                words.layout_name(plan, row),
                words.sizes_in_words(row["members"]),
                words.sizes_in_words(row["spares"]),
                words.system(row["system_bytes"]),
                human_size(row["raw_bytes"]),
                human_size(row["available_bytes"]),
                words.fits(row)[1],
            )
            for row in plan["layouts"]
        ),
    )


def _bytes(plan: words.Plan) -> list[str]:
    rows = [(*words.PARTS[row["part"]], human_size(row["bytes"])) for row in plan["bytes"] if row["bytes"]]
    raw = sum(row["bytes"] for row in plan["bytes"])
    return _table(("Part", "What becomes of it", "Size"), [*rows, ("All data drives", "", human_size(raw))])


def _requirements(plan: words.Plan) -> list[str]:
    heads = ("Requirement", "Item", "Minimum", "Recommended", "Planned", "Verdict")
    return _table(
        heads,
        (
            (row["requirement"], row["item"], row["minimum"], row["recommended"], row["found"], WORDS[row["verdict"]])
            for row in plan["requirements"]
        ),
    )


def _growth(plan: words.Plan) -> list[str]:
    return _table(words.STEP_HEADS, (words.step(step) for step in plan["growth"]))


def _levels(plan: words.Plan) -> list[str]:
    rows = []
    for row in plan["levels"]:
        name = words.level_in_words(row["level"]) + (" (this plan)" if row["chosen"] else "")
        figures = words.level_figures(row) if row["possible"] else ["not with the drives on offer", *[""] * 5]
        rows.append([name, *figures])
    return _table(("Level", *words.LEVEL_HEADS), rows)


# -------------------------------------------------------------------------------------- on a terminal


def as_terminal(plan: words.Plan) -> str:
    """Return the plan in a few lines of at most 80 columns: what to buy, and what it comes to."""
    request = plan["request"]
    head = f"Tier {request['tier']}, data set {human_size(request['dataset_bytes'])}, growth {words.growth(request)}"
    lines = [f"{plan['name']}: {head}" if plan["name"] else head, ""]
    lines += _columns([(f"{item['quantity']} x", item["what"], item["detail"]) for item in plan["buy"]], (5, 30))
    lines.append("")
    rows = [("", "drives", "spares", "for users", "the data set")]
    rows += [
        (
            words.layout_name(plan, row),
            words.sizes_in_words(row["members"]),
            words.sizes_in_words(row["spares"]),
            human_size(row["available_bytes"]),
            words.fits(row)[1],
        )
        for row in plan["layouts"]
    ]
    lines += [*_columns(rows, (23, 13, 13, 11)), ""]
    for line in words.summary(plan):
        lines += textwrap.wrap(line, WIDTH)
    return "\n".join(line.rstrip() for line in lines)


def _columns(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """Return rows in columns; what is too long for its column goes on below it."""
    lines = []
    every = [*widths, WIDTH - sum(widths)]
    for row in rows:
        cells = [textwrap.wrap(cell, width - 1) or [""] for cell, width in zip(row, every)]
        for number in range(max(len(cell) for cell in cells)):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            lines.append("".join(f"{part:<{width}}" for part, width in zip(parts, every)))
    return lines
