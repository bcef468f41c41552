# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces that the page of a plan is made of: its look, its cards and its tables.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. The look is that of the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_drawing import STYLE as DRAWING_STYLE
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import STYLE as HOUSE_STYLE
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import text_of

STYLE = (
    HOUSE_STYLE
    + DRAWING_STYLE
    + """
table.plain{table-layout:auto}
.plain thead th,.plain thead th:first-child,.plain thead th:nth-child(2){width:auto}
.plain thead th:first-child,.plain tbody th{padding-left:.2rem}
.plain tbody td:first-child{width:auto;padding-left:.9rem}
.plain tbody td:last-child,.plain thead th:last-child{padding-right:.2rem}
.plain tbody th{font-weight:600;overflow-wrap:break-word}.plain thead th{overflow-wrap:normal}
.plain td.amount,.plain th.amount{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.plain tr.chosen>*{background:#eef6f9}.plain tr.sum>*{font-weight:650;background:#f7f9fa}
.plain .id{font-weight:400}
.falls th{width:15rem}.falls .bar-cell{width:auto}.falls td.amount{width:6rem}
.buy .quantity{font-weight:650;white-space:nowrap}.buy tbody td,.buy tbody th{padding-top:.55rem;padding-bottom:.55rem}
.plain.judged{table-layout:fixed}.plain.judged thead th:first-child{width:25%}
.plain.judged thead th:nth-child(2),.plain.judged thead th:nth-child(3),.plain.judged thead th:last-child{width:17%}
.judged th small{font-weight:400;font-size:inherit}.judged th .id{display:inline;white-space:nowrap}
.judged .mark{white-space:nowrap}.judged tbody td,.judged tbody th{padding-top:.6rem;padding-bottom:.6rem}
.figures{grid-template-columns:repeat(auto-fit,minmax(8.4rem,1fr));margin:1.2rem 0}
.figures li{display:block;background:#f3f6f8}.figures b{display:block}.figures span{color:var(--soft);font-weight:500}
.notes{margin:0;padding:0;list-style:none}.notes li{padding:.7rem 0;border-top:1px solid var(--line)}
.notes .id{display:inline;margin-left:.4rem}
@media screen and (max-width:62rem){
.judged .mark,.plain td.amount,.plain th.amount{white-space:normal;overflow-wrap:break-word}
.plain.judged thead th:last-child{width:20%}.plain td,.plain th{padding-inline:.4rem}}
@media screen and (max-width:46rem){
.plain tbody tr{padding:.75rem 0}.plain tbody th,.plain tbody td,.plain tbody td:first-child{padding:0}
.plain tbody th{margin:0 0 .3rem}.falls th{width:auto}
.plain td.amount{text-align:left}.plain td[data-of]::before{content:attr(data-of) ": ";color:var(--soft)}
.plain td.nothing{display:none}.plain .quantity[data-of]::before{content:none}
.figures li:last-child:nth-child(odd){grid-column:1/-1}
.plain tr.chosen{margin:0 -.5rem;padding:.75rem .5rem;background:#eef6f9}
.slots{grid-template-columns:repeat(auto-fill,minmax(4.6rem,1fr))}
.falls .bar-cell{margin:.2rem 0}.plain tr.sum{background:#f7f9fa;padding:.75rem .5rem;margin:0 -.5rem}}
@media print{
.plain.judged thead th:last-child{width:23%}.plain.judged thead th:first-child{width:24%}
.plain thead th:first-child,.plain tbody td:first-child{width:auto;padding-left:.2rem}
.falls th{width:50mm}.plain.falls td,.plain.falls th{padding-top:.25rem;padding-bottom:.25rem}
.card.whole,.notes li{break-inside:avoid}.hint{break-after:avoid;break-inside:avoid}
.figures{grid-template-columns:repeat(5,1fr)}}
"""
)

Cell = tuple[str, str]  # HTML, and the look of the cell
Row = tuple[str, Sequence[Cell]]  # the look of the row, and its cells


def card(name: str, title: str, content: Iterable[str], hint: str = "", look: str = "") -> list[str]:
    """Return one section of the page."""
    lines = [f'<section class="card{look}" aria-labelledby="{name}"><h2 id="{name}">{text_of(title)}</h2>']
    if hint:
        lines.append(f'<p class="hint">{text_of(hint)}</p>')
    return [*lines, *content, "</section>"]


def table(name: str, heads: Sequence[str], rows: Iterable[Row], look: str = "") -> list[str]:
    """Return a table whose rows stand as blocks on a telephone, where each cell says what it is.

    A head that begins with ">" stands over amounts. A row is its look and its cells, the first of which names it.
    """
    amounts = [head.startswith(">") for head in heads]
    titles = [head.lstrip(">") for head in heads]
    lines = [f'<table role="table" class="plain{look}" aria-labelledby="{name}"><thead role="rowgroup"><tr role="row">']
    for title, right in zip(titles, amounts):
        lines.append(f'<th scope="col" role="columnheader"{_class("amount" if right else "")}>{text_of(title)}</th>')
    lines.append('</tr></thead><tbody role="rowgroup">')
    for style, cells in rows:
        lines.append(f'<tr role="row"{_class(style)}>')
        (name_of_row, kind), *others = cells
        lines.append(f'<th scope="row" role="rowheader"{_class(kind)}>{name_of_row}</th>')
        for (html, kind), title, right in zip(others, titles[1:], amounts[1:]):
            looks = " ".join(filter(None, ("amount" if right else "", kind, "" if html else "nothing")))
            lines.append(f'<td role="cell"{_class(looks)} data-of="{text_of(title)}">{html}</td>')
        lines.append("</tr>")
    return [*lines, "</tbody></table>"]


def _class(look: str) -> str:
    return f' class="{look}"' if look else ""


def plain(*texts: Any) -> list[Cell]:
    """Return cells of texts."""
    return [(text_of(text), "") for text in texts]


def with_id(text: str, requirement: str) -> str:
    """Return a name with what it belongs to below."""
    return f'{text_of(text)}<span class="id">{text_of(requirement)}</span>'
