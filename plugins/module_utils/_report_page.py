# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page of HTML: for people who are no engineers, on a screen, a telephone or paper.

Private to this collection: nothing outside may import it. The page needs nothing else: no script, no font, no picture
from anywhere. Everything that comes from a node is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._documents import said
from ansible_collections.eucaim.local_node.plugins.module_utils._report import (
    COULD_NOT_BE_MEASURED,
    LATER_VERSION,
    NOBODY_ANSWERED,
    NOT_VERIFIED,
    STATUSES,
    WORDS,
    by_group,
    count,
    headline,
    printable,
    readable_time,
    sentence,
    summary_sentences,
    with_reason,
)

MEANINGS = {
    "unmet": "Measured, and not good enough. Someone has to act.",
    "waived": "Not as asked. Someone has taken responsibility for that, until the date given.",
    "unanswered": "Not measured, so nothing is claimed. The row says what it waits for.",
    "met": "Measured on the node, and as the requirement asks; or the named person says that it is.",
    "recommended": "Measured on the node, and as good as EUCAIM recommends, which is more than it requires.",
    "not_applicable": "Not asked of this tier or this node.",
}

# In the bar and the counters the good news comes first.
_SHOWN = ("recommended", "met", "unmet", "waived", "unanswered", "not_applicable")

_ICONS = {
    "met": '<path d="M4.5 8.4l2.4 2.4 4.8-5.4"/>',
    "recommended": '<path fill="#fff" stroke-width=".8" d="M8 3.5l1.4 2.9 3.1.4-2.3 2.2.6 3.2L8 10.7'
    'l-2.8 1.5.6-3.2-2.3-2.2 3.1-.4z"/>',
    "unmet": '<path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6"/>',
    "waived": '<path d="M8 4.2v4.6M8 11.4v.2"/>',
    "unanswered": '<path d="M6 6.4c0-1.2.9-2 2-2s2 .8 2 1.9c0 1.5-2 1.6-2 3M8 11.5v.1"/>',
    "not_applicable": '<path d="M5 8h6"/>',
}

STYLE = """
:root{--ink:#17212b;--soft:#4d5a67;--line:#dce2e8;--paper:#fff;--ground:#f3f6f8;--brand:#0b4f6c;
--met:#17693f;--met-b:#e4f3ea;--recommended:#0b5a6e;--recommended-b:#e0f1f5;--unmet:#a8201a;--unmet-b:#fdeceb;
--waived:#7a4b00;--waived-b:#fdf1dc;--unanswered:#475467;--unanswered-b:#eceff3;--not_applicable:#5a6570;
--not_applicable-b:#f4f5f7}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
a{color:var(--brand)}
a:focus-visible{outline:3px solid #e0a100;outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999em}.skip:focus{left:1rem;top:1rem;background:#fff;padding:.5rem 1rem;z-index:2}
.wrap{max-width:70rem;margin:0 auto;padding:0 1.5rem}
header{background:var(--brand);color:#fff;padding:2rem 0 5.2rem}
header p{margin:0;color:#d5e6ee}
.kind{font-size:.82rem;letter-spacing:.09em;text-transform:uppercase;font-weight:600}
h1{margin:.15rem 0 .35rem;font-size:2.1rem;line-height:1.15;font-weight:680;letter-spacing:-.015em}
main.wrap{margin-top:-3.6rem;padding-bottom:3rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1.5rem 1.75rem;
margin:0 0 1.5rem;
box-shadow:0 1px 2px rgba(16,32,48,.05)}
h2{font-size:1.22rem;line-height:1.3;margin:0 0 .3rem;letter-spacing:-.005em}
.verdict{display:flex;gap:1.1rem;align-items:flex-start}
.verdict svg{width:3rem;height:3rem;flex:none}
.verdict h2{font-size:1.55rem;line-height:1.25}
.verdict ul{margin:.35rem 0 0;padding:0;list-style:none;color:var(--soft)}
.bar{display:flex;gap:3px;height:12px;margin:1.5rem 0 1rem;border-radius:6px;overflow:hidden}
.bar i{display:block;min-width:5px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.2rem,1fr));gap:.6rem;margin:0;padding:0;
list-style:none}
.tiles li{display:grid;grid-template-columns:auto 1fr;column-gap:.5rem;align-items:center;align-content:start;
padding:.55rem .7rem;
border-radius:10px}
.tiles b{font-size:1.45rem;line-height:1.15;font-variant-numeric:tabular-nums}
.tiles span{grid-column:1/-1;font-size:.86rem;font-weight:560}
.tiles svg{width:1.3rem;height:1.3rem}
.tiles .none{background:transparent;color:var(--not_applicable);box-shadow:inset 0 0 0 1px var(--line)}
svg{fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round;vertical-align:-.28em}
svg circle{fill:currentColor;stroke:none}svg g{stroke:#fff}
.hint{color:var(--soft);margin:0 0 1rem}
.attention{border-left:6px solid var(--unmet)}
.attention.calm{border-left-color:var(--unanswered)}
.attention ol{margin:0;padding:0;list-style:none}
.attention li{padding:.95rem 0;border-top:1px solid var(--line)}
.attention li:last-child{padding-bottom:0}
.attention .mark{font-size:.94rem}
.attention h3{font-size:1.02rem;margin:0 0 .25rem;line-height:1.4}
dl{display:grid;grid-template-columns:6.2rem 1fr;gap:.1rem .8rem;margin:0;font-size:.94rem}
dt{color:var(--soft)}dd{margin:0}
nav ul{columns:3 15rem;column-gap:2rem;margin:.6rem 0 0;padding:0;list-style:none}
nav li{break-inside:avoid;padding:.2rem 0}
nav a{text-decoration:none;font-weight:560}nav a:hover{text-decoration:underline}
nav small{color:var(--soft);white-space:nowrap}
section.group{padding:0;overflow:hidden}
.group>header{background:none;color:inherit;padding:1.25rem 1.75rem 1rem}
.group>header p{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.94rem;table-layout:fixed}
thead th{font-size:.78rem;text-align:left;color:var(--soft);font-weight:600;padding:.45rem .9rem;
background:#f7f9fa;border-block:1px solid var(--line)}
thead th:first-child,tbody td:first-child{width:12.4rem;padding-left:1.75rem}
thead th:nth-child(2){width:34%}
tbody td,tbody th{text-align:left;vertical-align:top;padding:.8rem .9rem;border-bottom:1px solid var(--line);
font-weight:400}
tbody tr:last-child>*{border-bottom:0}
tbody td:last-child{padding-right:1.75rem}
.id{display:block;font-weight:400;color:var(--soft);font-size:.8rem;margin-top:.15rem}
.mark{overflow-wrap:normal;display:inline-flex;gap:.38rem;align-items:flex-start;font-weight:620;line-height:1.35}
.mark svg{width:1.15rem;height:1.15rem;flex:none;margin-top:.06rem}
.met{color:var(--met)}.recommended{color:var(--recommended)}.unmet{color:var(--unmet)}.waived{color:var(--waived)}
.unanswered{color:var(--unanswered)}.not_applicable{color:var(--not_applicable)}
li.met,i.met-b{background:var(--met-b)}li.recommended{background:var(--recommended-b)}
li.unmet{background:var(--unmet-b)}
li.waived{background:var(--waived-b)}li.unanswered{background:var(--unanswered-b)}
li.not_applicable{background:var(--not_applicable-b)}
.bar .met{background:#2a9461}.bar .recommended{background:#17879f}.bar .unmet{background:#c9342d}
.bar .waived{background:#d08a1d}.bar .unanswered{background:#b9c3ce}.bar .not_applicable{background:#dfe4e9}
tr.unmet>*{color:var(--ink);background:#fff8f7}tr.waived>*{color:var(--ink);background:#fffbf3}
tr.met>*,tr.recommended>*,tr.unanswered>*,tr.not_applicable>*{color:var(--ink)}
tr .quiet{color:var(--soft)}
.legend dl{grid-template-columns:12rem 1fr;gap:.45rem 1rem}.legend dt{color:inherit}
.facts dl,.record dl{grid-template-columns:11rem 1fr}
.record ul{margin:0;padding-left:1.1rem}.record b{font-weight:580}.record h3{font-size:1rem;margin:1rem 0 .3rem}
.record dt::first-letter{text-transform:uppercase}
code{font:.86em/1.5 ui-monospace,"DejaVu Sans Mono","Liberation Mono",Menlo,Consolas,monospace}
@media screen and (max-width:46rem){
body{font-size:15px}.wrap{padding:0 .85rem}header{padding:1.4rem 0 4.6rem}h1{font-size:1.6rem}
.card{padding:1.1rem 1.05rem;border-radius:12px;margin-bottom:1rem}section.group{padding:0}
.verdict{gap:.8rem}.verdict svg{width:2.2rem;height:2.2rem}.verdict h2{font-size:1.25rem}
.tiles{grid-template-columns:repeat(2,1fr)}nav ul{columns:1}nav li{padding:.35rem 0}
.group>header{padding:1rem 1.05rem .8rem}
table,tbody,tr,td,th{display:block;width:auto}thead{position:absolute;left:-999em}
tbody tr{border-top:1px solid var(--line);padding:.85rem 1.05rem}
tbody td,tbody th,tbody td:first-child,tbody td:last-child{border:0;padding:0;width:auto;background:none}
tbody th{font-weight:560;margin:.2rem 0 .35rem}tbody td+td{margin-top:.3rem}
tr.unmet{background:#fff8f7}tr.waived{background:#fffbf3}
dl{grid-template-columns:5.4rem 1fr}.legend dl,.facts dl,.record dl{grid-template-columns:1fr}
.legend dd,.facts dd,.record dd{margin-bottom:.5rem}}
@page{size:A4;margin:14mm 13mm 15mm}
@media print{
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
html{font-size:9.6pt}body{background:#fff;font-size:1rem}.wrap{max-width:none;padding:0}
header.top{background:none;color:var(--ink);padding:0 0 .6rem;border-bottom:2pt solid var(--brand);
margin-bottom:.9rem}
header.top p{color:var(--soft)}.kind{color:var(--brand)!important}h1{font-size:19pt}main.wrap{margin:0;padding:0}
.card{box-shadow:none;border-radius:6px;padding:.8rem 1rem;margin-bottom:.8rem}
section.group{padding:0;overflow:visible}
.group>header{padding:.7rem 1rem .5rem;break-after:avoid}.tiles{grid-template-columns:repeat(6,1fr);gap:.35rem}
.tiles li{padding:.35rem .45rem}.tiles b{font-size:13pt}.tiles span{font-size:7.6pt}
.tiles svg{width:.95rem;height:.95rem}
.verdict h2{font-size:14pt}.verdict svg{width:2.2rem;height:2.2rem}.bar{height:8px;margin:.8rem 0 .6rem}
table{font-size:8.6pt}thead{display:table-header-group}tr,.attention li,.legend dl>*{break-inside:avoid}
thead th:first-child,tbody td:first-child{width:33mm;padding-left:1rem}tbody td,tbody th{padding:.4rem .5rem}
nav,.skip{display:none}a{color:inherit;text-decoration:none}h2,h3{break-after:avoid}}
"""


def text_of(value: Any) -> str:
    """Return text that is safe in a page."""
    return escape(printable(str(value)))


def icon(status: str) -> str:
    """Return the symbol of a status; its word always stands beside it."""
    return (
        '<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        f'<circle cx="8" cy="8" r="7.4"/><g>{_ICONS[status]}</g></svg>'
    )


def mark(status: str) -> str:
    """Return a status as symbol and word."""
    return f'<span class="mark {status}">{icon(status)}<span>{WORDS[status]}</span></span>'


def anchor(text: str) -> str:
    """Return the name of a place on the page."""
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower())


def _counters(report: Mapping[str, Any]) -> list[str]:
    """Return the bar and the six numbers."""
    numbers = report["summary"]
    lines = [f'<div class="bar" role="img" aria-label="{text_of(told_counts(report["rows"]))}">']
    lines += [f'<i class="{status}" style="flex:{numbers[status]}"></i>' for status in _SHOWN if numbers[status]]
    lines += ["</div>", '<ul class="tiles">']
    for status in _SHOWN:
        look = status if numbers[status] else "none"
        lines.append(f'<li class="{look}">{icon(status)}<b>{numbers[status]}</b><span>{WORDS[status]}</span></li>')
    lines.append("</ul>")
    return lines


def _summary(report: Mapping[str, Any]) -> list[str]:
    """Return the top of the page: one verdict, then the numbers."""
    verdict, colour = headline(report)
    lines = ['<section class="card" aria-labelledby="verdict">', '<div class="verdict">']
    lines.append(f'<span class="{colour}">{icon(colour)}</span>')
    lines.append(f'<div><h2 id="verdict">{text_of(verdict)}</h2>')
    lines.append(
        "<ul>" + "".join(f"<li>{text_of(line)}</li>" for line in summary_sentences(report)) + "</ul></div></div>"
    )
    return [*lines, *_counters(report), "</section>"]


def _attention(report: Mapping[str, Any]) -> list[str]:
    """Return what someone should look at, worst first; nothing when there is nothing."""
    unmet = [row for row in report["rows"] if row["status"] == "unmet"]
    unclear = [*with_reason(report, COULD_NOT_BE_MEASURED), *with_reason(report, NOT_VERIFIED)]
    waived = [row for row in report["rows"] if row["status"] == "waived"]
    problems = report["problems"]
    if not (unmet or unclear or waived or problems):
        return []
    calm = "" if unmet else " calm"
    lines = [f'<section class="card attention{calm}" aria-labelledby="attention">']
    lines.append('<h2 id="attention">What needs attention first</h2>')
    lines.append('<p class="hint">In this order. Each line says what is asked and what was found.</p><ol>')
    for row in [*unmet, *unclear, *waived]:
        lines.append(f"<li>{mark(row['status'])}<h3>{text_of(row['text'])}</h3><dl>")
        if row["expected"]:
            lines.append(f"<dt>Expected</dt><dd>{text_of(row['expected'])}</dd>")
        lines.append(f"<dt>Found</dt><dd>{text_of(row['measured'])}</dd>")
        lines.append(
            f'<dt>Details</dt><dd><a href="#{text_of(row["requirement"])}">{text_of(row["requirement"])}</a>'
            f" in {text_of(row['group'])}</dd></dl></li>"
        )
    for problem in problems:
        lines.append(f"<li>{mark('unanswered')}<h3>Evidence on the node could not be used</h3>")
        lines.append(f"<dl><dt>Found</dt><dd>{text_of(problem)}</dd></dl></li>")
    return [*lines, "</ol></section>"]


def told(status: str) -> str:
    """Return a status as it stands behind a number."""
    return "not applicable" if status == "not_applicable" else WORDS[status].lower()


def told_counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the numbers of a group in words."""
    numbers = count(rows)
    return ", ".join(f"{numbers[status]} {told(status)}" for status in _SHOWN if numbers[status])


def _contents(groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return the list of groups."""
    lines = ['<nav class="card" aria-labelledby="contents"><h2 id="contents">All requirements</h2><ul>']
    for group, rows in groups.items():
        lines.append(f'<li><a href="#{anchor(group)}">{text_of(group)}</a> <small>{len(rows)}</small></li>')
    return [*lines, "</ul></nav>"]


def _answer(row: Mapping[str, Any]) -> str:
    """Return the cell that says what was expected and found, and how and when."""
    if row["reason"] in (NOBODY_ANSWERED, LATER_VERSION, NOT_VERIFIED) or (not row["expected"] and not row["how"]):
        return f'<span class="quiet">{text_of(row["measured"])}</span>'
    pairs = [("Expected", row["expected"]), ("Found", row["measured"]), ("How", row["how"])]
    pairs.append(("When", readable_time(row["at"])))
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{text_of(value)}</dd>" for name, value in pairs if value) + "</dl>"


def _group(title: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the table of one group."""
    name = anchor(title)
    lines = [f'<section class="card group" aria-labelledby="{name}"><header><h2 id="{name}">{text_of(title)}</h2>']
    lines.append(f"<p>{text_of(told_counts(rows))}</p></header>")
    lines.append(f'<table role="table" aria-labelledby="{name}"><thead role="rowgroup"><tr role="row">')
    lines += [f'<th scope="col" role="columnheader">{head}</th>' for head in ("Status", "Requirement", "Answer")]
    lines.append('</tr></thead><tbody role="rowgroup">')
    for row in rows:
        lines.append(f'<tr role="row" class="{row["status"]}" id="{text_of(row["requirement"])}">')
        lines.append(f'<td role="cell">{mark(row["status"])}</td>')
        lines.append(
            f'<th scope="row" role="rowheader">{text_of(row["text"])}'
            f'<span class="id">{text_of(row["requirement"])}, section {text_of(row["section"])} of D5.11</span></th>'
        )
        lines.append(f'<td role="cell">{_answer(row)}</td></tr>')
    return [*lines, "</tbody></table></section>"]


def _legend() -> list[str]:
    """Return what each status means."""
    lines = ['<section class="card legend" aria-labelledby="legend"><h2 id="legend">What the words mean</h2><dl>']
    lines += [f"<dt>{mark(status)}</dt><dd>{MEANINGS[status]}</dd>" for status in STATUSES]
    return [*lines, "</dl></section>"]


def _value(name: str, value: Any) -> str:
    """Return one value of a document: a mapping as pairs, parts as a list below them, the rest in words."""
    if isinstance(value, Mapping):
        known = {key: inner for key, inner in value.items() if inner not in (None, [])}
        ordered = sorted(known, key=lambda key: isinstance(known[key], (list, tuple)))
        pairs = [f"{text_of(plain(key))} {_value(f'{name} {key}', known[key])}" for key in ordered]
        return ", ".join(pairs) or "not known"
    if isinstance(value, (list, tuple)):
        return f"<ul>{''.join(f'<li>{_value(name, part)}</li>' for part in value)}</ul>" if value else "none"
    return f"<b>{text_of(said(name, value))}</b>"


def plain(name: str) -> str:
    """Return the name of a value in words; its unit stands with the value."""
    return {"bytes": "size", "gpus": "graphics processors"}.get(name, name.replace("_bytes", "").replace("_", " "))


def _documents(report: Mapping[str, Any]) -> list[str]:
    """Return the documents that the roles keep, and what changed in them from report to report."""
    lines: list[str] = []
    for title, document in report["documents"].items():
        name = anchor(f"document {title}")
        lines.append(f'<section class="card record" aria-labelledby="{name}">')
        lines.append(f'<h2 id="{name}">Record of the {text_of(plain(title))}</h2><dl>')
        lines += [f"<dt>{text_of(plain(key))}</dt><dd>{_value(key, value)}</dd>" for key, value in document.items()]
        lines.append("</dl>")
        changes = [change for change in report["changes"] if change["document"] == title]
        if changes:
            lines.append("<h3>Changes</h3><dl>")
            for change in changes:
                items = "".join(f"<li>{text_of(line)}</li>" for line in change["changes"])
                lines.append(f"<dt>{text_of(readable_time(change['at']))}</dt><dd><ul>{items}</ul></dd>")
            lines.append("</dl>")
        lines.append("</section>")
    return lines


def _facts(report: Mapping[str, Any]) -> list[str]:
    """Return how this report came about, for whoever has to rely on it."""
    files = report["evidence"]["files"]
    roles = ", ".join(file["role"] for file in files) or "none"
    pairs = [
        ("Node", text_of(report["host"])),
        ("Time of the report", text_of(readable_time(report["at"]))),
        ("Run", f"<code>{text_of(report['run_id'])}</code>"),
        ("Made by", f"{text_of(report['collection']['name'])} {text_of(report['collection']['version'])}"),
        ("Evidence of the roles", text_of(roles)),
        ("SHA-256 of the evidence", f"<code>{text_of(report['evidence']['sha256'])}</code>"),
    ]
    lines = ['<section class="card facts" aria-labelledby="facts"><h2 id="facts">About this report</h2>']
    lines.append(
        '<p class="hint">The control machine measured the node, took the evidence away and keeps it with this page. '
        f"All {sentence(len(report['rows']), 'requirement', 'requirements')} of EUCAIM's deliverable D5.11 are on it; "
        "what was not measured is not claimed.</p><dl>"
    )
    lines += [f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs]
    return [*lines, "</dl></section>"]


def as_page(report: Mapping[str, Any]) -> str:
    """Return the report as a page."""
    tier = f"Tier {report['tier']} node" if report["tier"] else "Node, tier not stated"
    groups = by_group(report["rows"])
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">',
        f"<title>{text_of(report['host'])}: EUCAIM local node report</title>",
        f"<style>{STYLE}</style></head><body>",
        '<a class="skip" href="#verdict">Skip to the result</a>',
        '<header class="top"><div class="wrap"><p class="kind">EUCAIM local node report</p>',
        f"<h1>{text_of(report['host'])}</h1>",
        f"<p>{tier}, looked at on {text_of(readable_time(report['at']))}</p></div></header>",
        '<main class="wrap">',
        *_summary(report),
        *_attention(report),
        *_contents(groups),
    ]
    for title, rows in groups.items():
        lines += _group(title, rows)
    lines += [*_documents(report), *_legend(), *_facts(report), "</main></body></html>"]
    return "\n".join(lines) + "\n"
