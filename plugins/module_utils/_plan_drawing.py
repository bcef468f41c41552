# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawings of a plan: which drive goes into which slot, and where the bytes go.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Each drawing is made of small
pictures (SVG) that wrap or stretch with the page, and says in words what it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_words import PARTS, ROLES
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import text_of
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size

STYLE = """
.case{background:#222d38;border-radius:12px;padding:.7rem}
.case p{margin:.1rem .3rem .6rem;color:#dfe7ee;font-size:.86rem}
.slots{display:grid;grid-template-columns:repeat(var(--row),minmax(0,7.4rem));gap:.45rem;margin:0;padding:0;
list-style:none}
.slots li{min-width:0;break-inside:avoid}
.slots svg,.board svg{display:block;width:100%;height:auto}
.board{display:flex;gap:.9rem;align-items:center;margin:0 0 .8rem}.board div{width:5.6rem;flex:none}
.drive{stroke:none}.drive .label{fill:#fff}.drive .empty{fill:#2b3743;stroke:#8b9aa8;stroke-dasharray:4 4;
stroke-width:1.2}
.drive text{font:600 15px system-ui,"Segoe UI","Liberation Sans",Arial,sans-serif;fill:#17212b;text-anchor:middle}
.drive .role{font-size:11px;font-weight:500}.drive .number{font-size:11px;font-weight:600;fill:#fff}
.drive .lamp{fill:#7be0a3}.drive .hole{fill:#17212b;fill-opacity:.55}.drive .vacant{fill:#dfe7ee}
.of-system{fill:#5b4b8a}.of-member{fill:#0b4f6c}.of-spare{fill:#a86510}
.fall{width:100%;height:1.1rem;display:block;border-radius:3px;background:#edf1f4;stroke:none}
.fall .left{fill:#cfd9e1}
.is-spare{fill:#d08a1d}.is-redundancy{fill:#17879f}.is-unused,.is-metadata,.is-file_system,.is-reserve{fill:#6b7885}
.is-dataset{fill:#0b4f6c}.is-growth{fill:#5b4b8a}.is-free{fill:#2a9461}
"""

_LONGEST_ROW = 12
_SHORT = {"system": "System"}
_WIDTH = 1000  # of a bar
_LEAST = 4  # so that what is small is seen


def slots(plan: Mapping[str, Any]) -> list[str]:
    """Return the case with its slots, in the order in which they are filled; a drive on the board stands before it."""
    total, free = plan["slots"]["total"], plan["slots"]["free"]
    placed = {drive["slot"]: drive for drive in plan["drives"] if drive["slot"] is not None}
    lines = []
    for drive in plan["drives"]:
        if drive["slot"] is None:
            lines.append(f'<div class="board"><div>{_drive(drive, "M.2")}</div>')
            lines.append("<p>On the board: the operating system takes no slot.</p></div>")
    used = f"{plan['slots']['used']} of them taken, {free} free"
    # Rows of the same length.
    row = ceil_div(total, ceil_div(total, _LONGEST_ROW))
    lines.append(f'<div class="case"><p>{total} slots, {used}</p><ol class="slots" style="--row:{row}">')
    for number in range(1, total + 1):
        drive = placed.get(number)
        lines.append(f"<li>{_drive(drive, str(number)) if drive else _empty(number)}</li>")
    return [*lines, "</ol></div>"]


def _drive(drive: Mapping[str, Any], number: str) -> str:
    role, size = ROLES[drive["role"]], human_size(drive["bytes"])
    place = f"Slot {number}" if drive["slot"] else "On the board"
    label = f"{place}: {role.lower()}, {size} {drive['medium'].upper()}"
    holes = "".join(f'<circle class="hole" cx="{16 + 14 * column}" cy="78" r="3.2"/>' for column in range(6))
    return (
        f'<svg class="drive" viewBox="0 0 102 96" role="img" aria-label="{text_of(label)}">'
        f'<rect class="of-{drive["role"]}" width="102" height="96" rx="7"/>'
        f'<text class="number" x="14" y="17">{text_of(number)}</text><circle class="lamp" cx="90" cy="12" r="4"/>'
        f'<rect class="label" x="6" y="24" width="90" height="42" rx="4"/>'
        f'<text x="51" y="43">{text_of(size)}</text>'
        f'<text class="role" x="51" y="58">{text_of(_SHORT.get(drive["role"], role))}</text>{holes}</svg>'
    )


def _empty(number: int) -> str:
    return (
        f'<svg class="drive" viewBox="0 0 102 96" role="img" aria-label="Slot {number}: free">'
        '<rect class="empty" x="1" y="1" width="100" height="94" rx="7"/>'
        f'<text class="number" x="14" y="17">{number}</text><text class="vacant" x="51" y="53">free</text></svg>'
    )


def bytes_that_go(plan: Mapping[str, Any]) -> list[str]:
    """Return the fall from what the labels say to what is free, one row for each part that is not empty."""
    rows = [row for row in plan["bytes"] if row["bytes"]]
    raw = sum(row["bytes"] for row in rows)
    used = [row for row in rows if row["part"] in _TAKEN]
    kept = [row for row in rows if row["part"] not in _TAKEN]
    available = sum(row["bytes"] for row in kept)
    lines = ['<table role="table" class="plain falls" aria-labelledby="bytes"><thead role="rowgroup"><tr role="row">']
    lines.append('<th scope="col" role="columnheader">Part</th><th scope="col" role="columnheader">Share</th>')
    lines.append('<th scope="col" role="columnheader" class="amount">Size</th>')
    lines.append('</tr></thead><tbody role="rowgroup">')
    lines.append(_total("All data drives", "what their labels add up to", raw, raw, raw))
    lines += _parts(used, raw, raw)
    lines.append(_total("For users", "what the file system offers", available, available, raw))
    lines += _parts(kept, available, raw)
    return [*lines, "</tbody></table>"]


_TAKEN = ("spare", "redundancy", "unused", "metadata", "file_system", "reserve")


def _parts(rows: Sequence[Mapping[str, Any]], left: int, raw: int) -> list[str]:
    """Return the rows of parts that are taken from what is left, each bar where it is taken away."""
    lines = []
    for row in rows:
        name, meaning = PARTS[row["part"]]
        after = left - row["bytes"]
        width = max(_LEAST, round(_WIDTH * row["bytes"] / raw))
        start = min(round(_WIDTH * after / raw), _WIDTH - width)
        stripe = f'<rect class="left" width="{start}" height="18"/>'
        stripe += f'<rect class="is-{row["part"]}" x="{start}" width="{width}" height="18"/>'
        lines.append(_row(name, meaning, stripe, row["bytes"], ""))
        left = after
    return lines


def _total(name: str, meaning: str, size: int, width: int, raw: int) -> str:
    stripe = f'<rect fill="#34424f" width="{round(_WIDTH * width / raw)}" height="18"/>'
    return _row(name, meaning, stripe, size, ' class="sum"')


def _row(name: str, meaning: str, stripe: str, size: int, look: str) -> str:
    picture = (
        f'<svg class="fall" viewBox="0 0 {_WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">{stripe}</svg>'
    )
    return (
        f'<tr role="row"{look}><th scope="row" role="rowheader">{text_of(name)}'
        f'<span class="id">{text_of(meaning)}</span></th><td role="cell" class="bar-cell">{picture}</td>'
        f'<td role="cell" class="amount">{text_of(human_size(size))}</td></tr>'
    )
