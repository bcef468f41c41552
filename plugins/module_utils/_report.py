# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: evidence of a node beside the register, as data, as a page for people and as JUnit.

Private to this collection: nothing outside may import it. Everything here is pure; the action
C(report) reads the evidence from the node and writes what these functions return.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.sax.saxutils import quoteattr

from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER, Requirement
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import JUDGED

FORMAT = 1
FILES = ("index.html", "evidence.json", "junit.xml")

# In the order in which a reader wants them: what needs a hand comes first.
STATUSES = ("unmet", "waived", "unanswered", "met", "recommended", "not_applicable")
WORDS = {
    "unmet": "Not met",
    "waived": "Waived",
    "unanswered": "Not answered",
    "met": "Met",
    "recommended": "As recommended",
    "not_applicable": "Does not apply",
}

# Why a row is unanswered, and the few words for it.
COULD_NOT_BE_MEASURED = "could not be measured"
NOT_VERIFIED = "not verified in this run"
NOBODY_ANSWERED = "waits for a person"
LATER_VERSION = "comes with a later version"
REASONS = (COULD_NOT_BE_MEASURED, NOT_VERIFIED, NOBODY_ANSWERED, LATER_VERSION)
REASON_TEXTS = {
    NOT_VERIFIED: "Not looked at in this run: the role that measures it left no evidence on the node.",
    NOBODY_ANSWERED: "Nobody has answered yet. Only a person can know this.",
    LATER_VERSION: "A later version of this collection brings it.",
}

# What the roles of this version measure. The rest of the register is for people, or for versions to come.
MEASURED = frozenset(JUDGED) | frozenset(
    {
        "TIER-2", "NET-REACH", "OS-LTS", "OS-DEVICES", "OS-UPDATE", "OS-USERS", "OS-DIRS", "OS-TOOLS", "OS-TIME",
        "CT-DOCKER", "CT-RUN", "CT-GROUP", "FED-NET", "FED-BEAM", "FED-FOCUS", "FED-BUILD", "FED-ENV", "FED-KEY",
        "FED-LOGS", "FED-PROBE", "FED-MED",
    }
)  # fmt: skip

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What a report says about itself."""

    host: str
    tier: int
    run_id: str
    at: str
    collection_version: str
    files: Sequence[Mapping[str, str]]
    problems: Sequence[str]
    documents: Mapping[str, Any] = field(default_factory=dict)
    changes: Sequence[Mapping[str, Any]] = ()


# --------------------------------------------------------------------------- rows


def no_evidence(requirement: Requirement, tier: int) -> dict[str, str]:
    """Return the row of a requirement about which the node says nothing."""
    row = {"status": "unanswered", "expected": "", "measured": "", "how": "", "at": "", "reason": ""}
    if tier and tier not in requirement.tiers:
        row["status"] = "not_applicable"
        row["measured"] = f"Not asked of a Tier {tier} node."
        return row
    if requirement.met_by[0] == "attest":
        row["reason"] = NOBODY_ANSWERED
    elif requirement.id in MEASURED:
        row["reason"] = NOT_VERIFIED
    else:
        row["reason"] = LATER_VERSION
    row["measured"] = REASON_TEXTS[row["reason"]]
    return row


def build_rows(evidence: Iterable[Mapping[str, str]], tier: int) -> list[dict[str, Any]]:
    """Return one row for each requirement of the register, in its order."""
    known = {row["requirement"]: row for row in evidence}
    rows: list[dict[str, Any]] = []
    for requirement in REGISTER.values():
        found = known.get(requirement.id)
        if found is None:
            answer = no_evidence(requirement, tier)
        else:
            answer = {name: str(found[name]) for name in ("status", "expected", "measured", "how", "at")}
            answer["reason"] = _why_unanswered(requirement) if found["status"] == "unanswered" else ""
        rows.append(
            {
                "requirement": requirement.id,
                "text": requirement.text,
                "section": requirement.section,
                "group": requirement.group,
                "met_by": list(requirement.met_by),
                **answer,
            }
        )
    return rows


def _why_unanswered(requirement: Requirement) -> str:
    """Return what a row waits for although somebody looked: where no sensor answers, a person can."""
    return NOBODY_ANSWERED if "attest" in requirement.met_by else COULD_NOT_BE_MEASURED


def strangers(evidence: Iterable[Mapping[str, str]]) -> list[str]:
    """Name the rows that the register does not have: an older or a newer version left them."""
    return sorted({row["requirement"] for row in evidence if row["requirement"] not in REGISTER})


def evidence_hash(files: Iterable[Mapping[str, str]]) -> str:
    """Return one SHA-256 over all evidence files of the node, in the form of sha256sum's own list."""
    lines = "".join(f"{file['sha256']}  {file['role']}.json\n" for file in sorted(files, key=lambda file: file["role"]))
    return hashlib.sha256(lines.encode()).hexdigest()


def count(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many rows have each status."""
    numbers = dict.fromkeys(STATUSES, 0)
    for row in rows:
        numbers[row["status"]] += 1
    return numbers


def document(context: Context, evidence: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the whole report as plain data; the page and the JUnit file are made of it."""
    rows = build_rows(evidence, context.tier)
    unknown = [f"{name} is no requirement of this version's register" for name in strangers(evidence)]
    return {
        "format": FORMAT,
        "host": context.host,
        "tier": context.tier,
        "run_id": context.run_id,
        "at": context.at,
        "collection": {"name": "eucaim.local_node", "version": context.collection_version},
        "evidence": {
            "sha256": evidence_hash(context.files),
            "files": [{"role": file["role"], "sha256": file["sha256"]} for file in context.files],
        },
        "summary": count(rows),
        "problems": [*context.problems, *unknown],
        "rows": rows,
        "documents": dict(context.documents),
        "changes": list(context.changes),
    }


def same_verdict(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Say whether two reports judge alike. Times, run ids and measured figures differ from run to run, and may."""

    def verdict(report: Mapping[str, Any]) -> list[Any]:
        rows = report.get("rows", [])
        return [
            [report.get(name) for name in ("format", "host", "tier", "collection", "problems")],
            report.get("documents") or {},
            [[row.get(name) for name in ("requirement", "status", "expected", "reason")] for row in rows],
        ]

    return verdict(first) == verdict(second)


def failing(report: Mapping[str, Any], fail_on: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return the rows whose status ends the run with an error. Unanswered rows count only if they could be answered."""
    wanted = set(fail_on)
    return [row for row in report["rows"] if row["status"] in wanted and row["reason"] != LATER_VERSION]


def failure_message(report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], page: str) -> str:
    """Return what the run says at its end when rows fail it."""
    noun = "requirement needs" if len(rows) == 1 else "requirements need"
    lines = [f"{report['host']}: {len(rows)} {noun} attention."]
    for row in rows:
        lines.append(f"  [{row['requirement']}] {row['text']}")
        lines.append(
            f"      {WORDS[row['status']].lower()}; expected {row['expected'] or '-'}; found {row['measured']}"
        )
    lines.append(f"The report: {page}")
    return "\n".join(lines)


# --------------------------------------------------------------------------- words


def sentence(count_of: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{count_of} {one if count_of == 1 else many}"


def readable_time(at: str) -> str:
    """Return a time such as 2026-01-31T12:00:00Z as people write it."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}):\d{2}Z\Z", at)
    if not found or not 1 <= int(found.group(2)) <= 12:
        return at
    year, month, day, clock = found.groups()
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}, {clock} UTC"


def headline(report: Mapping[str, Any]) -> tuple[str, str]:
    """Return the verdict of the page in one sentence, and the status whose colour it has."""
    numbers = report["summary"]
    good = numbers["met"] + numbers["recommended"]
    unclear = len(with_reason(report, COULD_NOT_BE_MEASURED)) + len(with_reason(report, NOT_VERIFIED))
    if numbers["unmet"]:
        return f"{sentence(numbers['unmet'], 'requirement is', 'requirements are')} not met.", "unmet"
    if unclear:
        others = "the other one" if unclear == 1 else f"the other {unclear}"
        return f"{good} of {good + unclear} requirements are met; {others} could not be judged.", "unanswered"
    if good:
        return f"All {good} requirements that were measured or answered for are met.", "met"
    return "Nothing has been measured yet.", "unanswered"


def with_reason(report: Mapping[str, Any], reason: str) -> list[Mapping[str, Any]]:
    """Return the rows that are unanswered for that reason."""
    return [row for row in report["rows"] if row["reason"] == reason]


def summary_sentences(report: Mapping[str, Any]) -> list[str]:
    """Return what stands below the headline: what the other rows wait for."""
    waits = {reason: len(with_reason(report, reason)) for reason in REASONS}
    texts = []
    if waits[COULD_NOT_BE_MEASURED]:
        texts.append(f"{sentence(waits[COULD_NOT_BE_MEASURED], 'requirement', 'requirements')} could not be measured.")
    if waits[NOT_VERIFIED]:
        verb = "was" if waits[NOT_VERIFIED] == 1 else "were"
        texts.append(f"{waits[NOT_VERIFIED]} {verb} not looked at in this run.")
    if waits[NOBODY_ANSWERED]:
        texts.append(
            f"{sentence(waits[NOBODY_ANSWERED], 'question waits', 'questions wait')} for an answer"
            " that only a person can give, such as a locked room or a fire extinguisher."
        )
    if waits[LATER_VERSION]:
        texts.append(f"{sentence(waits[LATER_VERSION], 'requirement comes', 'requirements come')} with later versions.")
    return texts


# --------------------------------------------------------------------------- JSON and JUnit


def as_json(report: Mapping[str, Any]) -> str:
    """Return the file for machines."""
    return json.dumps(report, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Return text without the characters that neither XML nor a page may have."""
    return _NOT_XML.sub("\ufffd", text)


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


def _case(report: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Return the lines of one test case."""
    name = f"{row['requirement']} {row['text']}"
    head = f"    <testcase classname={_attribute('eucaim.' + report['host'])} name={_attribute(name)}"
    details = f"expected: {row['expected'] or '-'}; measured: {row['measured']}; how: {row['how'] or '-'}"
    if row["status"] == "unmet":
        kind = f'      <failure type="unmet" message={_attribute(details)}/>'
    elif row["status"] in ("met", "recommended"):
        kind = f"      <system-out>{escape(printable(details))}</system-out>"
    else:
        reason = row["reason"] or WORDS[row["status"]].lower()
        kind = f"      <skipped message={_attribute(f'{reason}: ' + row['measured'])}/>"
    return [f"{head}>", kind, "    </testcase>"]


def as_junit(report: Mapping[str, Any]) -> str:
    """Return the file for build servers: unmet is a failure, what is neither met nor unmet is skipped."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    total, failures, skipped = _totals(report["rows"])
    numbers = f'tests="{total}" failures="{failures}" skipped="{skipped}" errors="0"'
    lines.append(f'<testsuites name="eucaim.local_node" {numbers}>')
    for group, rows in by_group(report["rows"]).items():
        total, failures, skipped = _totals(rows)
        lines.append(
            f"  <testsuite name={_attribute(group)} hostname={_attribute(report['host'])}"
            f" timestamp={_attribute(report['at'].rstrip('Z'))}"
            f' tests="{total}" failures="{failures}" skipped="{skipped}" errors="0">'
        )
        for row in rows:
            lines += _case(report, row)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _totals(rows: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Return how many rows there are, fail and are skipped."""
    numbers = count(rows)
    return len(rows), numbers["unmet"], numbers["unanswered"] + numbers["waived"] + numbers["not_applicable"]


def by_group(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return rows by the title of their group, in the register's order."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    return groups
