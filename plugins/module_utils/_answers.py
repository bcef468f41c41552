# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people answer for: attestations of what only a person can know, and waivers of what is not as asked.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Nothing that was measured becomes
met by an answer: an attestation fills a gap, and a waiver stands with a name, a reason and an end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER

# What an entry holds, as Ansible's argument specs have it.
ATTESTATION: dict[str, dict[str, Any]] = {
    "requirement": {"type": "str", "required": True},
    "answer": {"type": "str", "required": True, "choices": ["yes", "no", "not_applicable"]},
    "by": {"type": "str", "required": True},
    "date": {"type": "str", "required": True},
    "note": {"type": "str"},
    "until": {"type": "str"},
}
WAIVER: dict[str, dict[str, Any]] = {
    name: {"type": "str", "required": True} for name in ("requirement", "by", "reason", "until")
}
ANSWERS = ("yes", "no", "not_applicable")
ANSWERED = "an answer of a person"
# Either answer to the question is a good one.
QUESTIONS = frozenset({"NET-GEANT"})
# What may be waived: nobody answers for a requirement that is met.
OPEN = ("unmet", "unanswered")


@dataclass(frozen=True)
class Attestation:
    """One answer: who gave it, when, and until when it holds."""

    requirement: str
    answer: str
    by: str
    on: date
    note: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Waiver:
    """One requirement that somebody has decided not to meet for a while."""

    requirement: str
    by: str
    reason: str
    until: date

    def holds(self, today: date) -> bool:
        """Say whether the waiver has not ended yet; its last day is included."""
        return today <= self.until

    def text(self, today: date) -> str:
        """Return who waived it, why and until when."""
        if self.holds(today):
            return f"waived by {self.by} until {self.until}: {self.reason}"
        return f"a waiver by {self.by} ended on {self.until}"


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def attestable() -> list[str]:
    """Return the requirements that a person may answer for, in the register's order."""
    return [requirement.id for requirement in REGISTER.values() if "attest" in requirement.met_by]


def _texts(entry: Mapping[str, Any], where: str, names: Sequence[str], requirement: str) -> list[Refusal]:
    return [
        Refusal(requirement, f"{where}.{name}", shown(entry.get(name)), needed, f"write it into {where}")
        for name, needed in (
            ("by", "the name of the person who answers for it"),
            ("reason", "why the requirement is not met for now"),
        )
        if name in names and not str(entry.get(name) or "").strip()
    ]


def _days(entry: Mapping[str, Any], where: str, names: Sequence[str], requirement: str) -> list[Refusal]:
    return [
        Refusal(
            requirement,
            f"{where}.{name}",
            shown(entry.get(name)),
            "a day such as 2026-01-31",
            f"correct {where} in the inventory",
        )
        for name in names
        if _day(entry.get(name)) is None
    ]


def _entries(variable: str, values: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Return each entry with its place; what is no list of mappings is refused by its spec."""
    items = values if isinstance(values, (list, tuple)) else []
    return [(f"{variable}[{number}]", entry) for number, entry in enumerate(items) if isinstance(entry, Mapping)]


def requirement_of(entry: Mapping[str, Any]) -> str:
    """Return the requirement that an entry is about; an id that is none stands with the record of people's answers."""
    requirement = str(entry.get("requirement") or "")
    return requirement if requirement in REGISTER else "PH-RECORD"


def _known(entry: Mapping[str, Any], where: str, allowed: Sequence[str]) -> list[Refusal]:
    """Return why a requirement cannot be answered for: there is none of this id, or it is not one for people."""
    written, requirement = str(entry.get("requirement") or ""), requirement_of(entry)
    if written in allowed:
        return []
    if written == requirement:
        remedy = "what is measured is not attested; if it cannot be met, waive it (site_waivers)"
        return [Refusal(requirement, f"{where}.requirement", shown(written), f"one of {', '.join(allowed)}", remedy)]
    near = written.upper().replace("_", "-")
    remedy = f"write it as {near}" if near in allowed else "take the id from the report"
    needed = "the id of a requirement, as in the report"
    return [Refusal(requirement, f"{where}.requirement", shown(written), needed, remedy)]


def _twice(variable: str, values: Any) -> list[Refusal]:
    """Refuse a second entry about the same requirement: only one of them could hold."""
    seen: dict[str, str] = {}
    refusals = []
    for where, entry in _entries(variable, values):
        written = str(entry.get("requirement") or "")
        if written in seen:
            found = f"{shown(written)}, which {seen[written]} has too"
            remedy = f"remove {where} from the inventory"
            refusals.append(Refusal(requirement_of(entry), f"{where}.requirement", found, "one entry for each", remedy))
        seen.setdefault(written, where)
    return refusals


def check_attestations(variable: str, values: Any, today: date) -> list[Refusal]:
    """Return why answers cannot be taken: no such requirement, no name, no day, or a day that is still to come."""
    refusals = []
    for where, entry in _entries(variable, values):
        requirement = requirement_of(entry)
        days = ["date", *(["until"] if entry.get("until") not in (None, "") else [])]
        refusals += _known(entry, where, attestable())
        refusals += _texts(entry, where, ("by",), requirement) + _days(entry, where, days, requirement)
        remedy = f"correct {where} in the inventory"
        if entry.get("answer") not in ANSWERS:
            needed = f"one of {', '.join(ANSWERS)}"
            refusals.append(Refusal(requirement, f"{where}.answer", shown(entry.get("answer")), needed, remedy))
        day = _day(entry.get("date"))
        if day is not None and day > today:
            needed = f"the day on which it was looked at, {today} at the latest"
            refusals.append(Refusal(requirement, f"{where}.date", shown(str(day)), needed, remedy))
        until = _day(entry.get("until"))
        if day is not None and until is not None and until < day:
            needed = f"a day after the answer of {day}, or none"
            refusals.append(Refusal(requirement, f"{where}.until", shown(str(until)), needed, remedy))
    return refusals + _twice(variable, values)


def check_waivers(variable: str, values: Any) -> list[Refusal]:
    """Return why waivers cannot be taken. One that has ended is no mistake: the report says so."""
    refusals = []
    for where, entry in _entries(variable, values):
        requirement = requirement_of(entry)
        refusals += _known(entry, where, list(REGISTER))
        refusals += _texts(entry, where, ("by", "reason"), requirement)
        refusals += _days(entry, where, ("until",), requirement)
    return refusals + _twice(variable, values)


def attestations_from(values: Iterable[Mapping[str, Any]]) -> list[Attestation]:
    """Return answers that were checked before."""
    return [
        Attestation(
            str(entry["requirement"]),
            str(entry["answer"]),
            str(entry["by"]),
            date.fromisoformat(str(entry["date"])),
            str(entry.get("note") or ""),
            date.fromisoformat(str(entry["until"])) if entry.get("until") else None,
        )
        for entry in values
    ]


def waivers_from(values: Iterable[Mapping[str, Any]]) -> list[Waiver]:
    """Return waivers that were checked before."""
    return [
        Waiver(
            str(entry["requirement"]),
            str(entry["by"]),
            str(entry["reason"]),
            date.fromisoformat(str(entry["until"])),
        )
        for entry in values
    ]


def attested(attestation: Attestation, today: date) -> dict[str, str]:
    """Return the row that an answer makes."""
    said = f"{attestation.answer.replace('_', ' ')}, says {attestation.by}"
    if attestation.note:
        said += f": {attestation.note}"
    status = {"yes": "met", "no": "unmet", "not_applicable": "not_applicable"}[attestation.answer]
    if attestation.requirement in QUESTIONS and status == "unmet":
        status = "met"
    if attestation.until is not None and attestation.until < today:
        status = "unanswered"
        said = f"not measured: the answer of {attestation.by} held until {attestation.until} ({said})"
    return {
        "requirement": attestation.requirement,
        "status": status,
        "expected": ANSWERED,
        "measured": said,
        "how": f"attested by {attestation.by} on {attestation.on}",
        "at": f"{attestation.on}T00:00:00Z",
    }


def answered(
    rows: Iterable[Mapping[str, str]],
    attestations: Sequence[Attestation],
    waivers: Sequence[Waiver],
    today: date,
    at: str,
) -> list[dict[str, str]]:
    """Return rows of evidence with people's answers.

    A measurement is stronger than an answer: what was measured stands, and what the person said stands beside it. What
    could not be measured takes the answer. A waiver then covers what is still unmet or unanswered.
    """
    known = {row["requirement"]: dict(row) for row in rows}
    for attestation in attestations:
        said = attested(attestation, today)
        known[attestation.requirement] = _beside(known.get(attestation.requirement), said)
    for waiver in waivers:
        row = known.get(waiver.requirement)
        if row is None or row["status"] in OPEN:
            known[waiver.requirement] = _waived(row, waiver, today, at)
    return list(known.values())


def _beside(measured: Mapping[str, str] | None, said: dict[str, str]) -> dict[str, str]:
    """Return one row out of what was measured and what a person said about it."""
    if measured is None:
        return said
    filled = measured["status"] == "unanswered"
    return {
        **said,
        "status": said["status"] if filled or said["status"] == "unmet" else measured["status"],
        "expected": measured["expected"],
        "measured": f"{said['measured']}; {measured['measured']}",
        "how": f"{said['how']}; {measured['how']}",
        "at": said["at"] if filled else measured["at"],
    }


def _waived(row: Mapping[str, str] | None, waiver: Waiver, today: date, at: str) -> dict[str, str]:
    base = row or {
        "requirement": waiver.requirement,
        "status": "unanswered",
        "expected": REGISTER[waiver.requirement].text,
        "measured": "not measured",
        "how": "waiver in the inventory",
        "at": at,
    }
    status = "waived" if waiver.holds(today) else base["status"]
    return {**base, "status": status, "measured": f"{waiver.text(today)} ({base['measured']})"}
