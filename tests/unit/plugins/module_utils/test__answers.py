# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _answers as answers
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row

TODAY = date(2026, 11, 26)
AT = "2026-11-26T08:00:00Z"
GOOD: dict[str, Any] = {"requirement": "PH-FIRE", "answer": "yes", "by": "Ada Lovelace", "date": "2026-11-20"}
WAIVER: dict[str, Any] = {"requirement": "HW-RAM", "by": "Ada", "reason": "ordered", "until": "2026-12-31"}


def row(requirement: str, status: str) -> dict[str, str]:
    return {
        "requirement": requirement,
        "status": status,
        "expected": "20 to 30 degrees",
        "measured": "no sensor",
        "how": "ipmitool",
        "at": AT,
    }


def refused(**changes: Any) -> list[str]:
    return [
        refusal.text() for refusal in answers.check_attestations("report_attestations", [{**GOOD, **changes}], TODAY)
    ]


def given(*entries: dict[str, Any]) -> list[answers.Attestation]:
    assert not answers.check_attestations("report_attestations", list(entries), TODAY)
    return answers.attestations_from(entries)


def outcome(
    rows: list[dict[str, str]], *entries: dict[str, Any], waivers: tuple[dict[str, Any], ...] = ()
) -> dict[str, dict[str, str]]:
    assert not answers.check_waivers("report_waivers", list(waivers))
    found = answers.answered(rows, given(*entries), answers.waivers_from(waivers), TODAY, AT)
    for entry in found:
        make_row(entry)
    return {entry["requirement"]: entry for entry in found}


def test_a_good_answer_is_taken() -> None:
    assert refused() == []
    assert refused(until="2027-01-01", note="checked yearly", date=date(2026, 11, 26)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by": " "}, 'report_attestations[0].by: found " "; needed: the name of the person'),
        ({"date": "yesterday"}, 'report_attestations[0].date: found "yesterday"; needed: a day such as'),
        ({"date": "2026-11-27"}, "needed: the day on which it was looked at, 2026-11-26 at the latest"),
        ({"until": "soon"}, 'report_attestations[0].until: found "soon"'),
        ({"until": "2026-11-19"}, "needed: a day after the answer of 2026-11-20, or none"),
        ({"answer": "maybe"}, "needed: one of yes, no, not_applicable"),
        ({"requirement": "HW-CPU"}, "what is measured is not attested"),
        ({"requirement": "ph_fire"}, "remedy: write it as PH-FIRE"),
        ({"requirement": "XX"}, "take the id from the report"),
    ],
)
def test_a_bad_answer_is_refused(changes: dict[str, Any], said: str) -> None:
    (text,) = refused(**changes)
    assert said in text


def test_all_faults_of_an_answer_are_told() -> None:
    assert len(answers.check_attestations("x", [{"requirement": "PH-FIRE"}], TODAY)) == 3
    assert answers.check_attestations("x", "text", TODAY) == []
    assert answers.check_attestations("x", ["text"], TODAY) == []


def test_two_answers_to_one_question_are_refused() -> None:
    (refusal,) = answers.check_attestations("report_attestations", [GOOD, {**GOOD, "answer": "no"}], TODAY)
    assert '"PH-FIRE", which report_attestations[0] has too' in refusal.text()


@pytest.mark.parametrize("name", ["by", "reason", "until"])
def test_a_waiver_says_who_why_and_until_when(name: str) -> None:
    (refusal,) = answers.check_waivers("report_waivers", [{**WAIVER, name: ""}])
    assert refusal.variable == f"report_waivers[0].{name}"
    assert refusal.requirement == "HW-RAM"


def test_a_waiver_of_an_unknown_requirement_is_refused() -> None:
    (refusal,) = answers.check_waivers("w", [{**WAIVER, "requirement": "hw_ram"}])
    assert refusal.remedy == "write it as HW-RAM"
    assert len(answers.check_waivers("w", [WAIVER, WAIVER])) == 1


@pytest.mark.parametrize(
    ("answer", "requirement", "status"),
    [
        ("yes", "PH-FIRE", "met"),
        ("no", "PH-FIRE", "unmet"),
        ("not_applicable", "PH-RACK", "not_applicable"),
        ("no", "NET-GEANT", "met"),
    ],
)
def test_an_answer_makes_a_row(answer: str, requirement: str, status: str) -> None:
    found = outcome([], {**GOOD, "answer": answer, "requirement": requirement, "note": "seen"})[requirement]
    assert found["status"] == status
    assert found["measured"].endswith("says Ada Lovelace: seen")
    assert found["how"] == "attested by Ada Lovelace on 2026-11-20"
    assert found["at"] == "2026-11-20T00:00:00Z"


def test_an_answer_that_has_ended_answers_nothing() -> None:
    assert outcome([], {**GOOD, "until": "2026-11-25"})["PH-FIRE"]["status"] == "unanswered"
    assert outcome([], {**GOOD, "until": "2026-11-26"})["PH-FIRE"]["status"] == "met"


@pytest.mark.parametrize(
    ("measured", "answer", "status"),
    [
        ("unanswered", "yes", "met"),
        ("unanswered", "no", "unmet"),
        ("unmet", "yes", "unmet"),
        ("met", "no", "unmet"),
        ("met", "yes", "met"),
        ("recommended", "yes", "recommended"),
        ("met", "not_applicable", "met"),
    ],
)
def test_a_measurement_is_stronger_than_an_answer(measured: str, answer: str, status: str) -> None:
    found = outcome([row("PH-CLIMATE", measured)], {**GOOD, "requirement": "PH-CLIMATE", "answer": answer})[
        "PH-CLIMATE"
    ]
    assert found["status"] == status
    assert found["expected"] == "20 to 30 degrees"
    assert "says Ada Lovelace; no sensor" in found["measured"]


@pytest.mark.parametrize(
    ("status", "after"),
    [("unmet", "waived"), ("unanswered", "waived"), ("met", "met"), ("not_applicable", "not_applicable")],
)
def test_a_waiver_covers_what_is_not_met(status: str, after: str) -> None:
    found = outcome([row("HW-RAM", status), row("HW-CPU", "unmet")], waivers=(WAIVER,))
    assert found["HW-RAM"]["status"] == after
    assert found["HW-CPU"] == row("HW-CPU", "unmet")
    if after == "waived":
        assert found["HW-RAM"]["measured"] == "waived by Ada until 2026-12-31: ordered (no sensor)"


def test_a_waiver_ends() -> None:
    assert (
        outcome([row("HW-RAM", "unmet")], waivers=({**WAIVER, "until": "2026-11-26"},))["HW-RAM"]["status"] == "waived"
    )
    found = outcome([row("HW-RAM", "unmet")], waivers=({**WAIVER, "until": "2026-11-25"},))["HW-RAM"]
    assert (found["status"], found["measured"]) == ("unmet", "a waiver by Ada ended on 2026-11-25 (no sensor)")


def test_what_nobody_measured_can_be_waived() -> None:
    assert outcome([], waivers=(WAIVER,))["HW-RAM"]["status"] == "waived"


def test_what_may_be_attested() -> None:
    assert {"PH-FIRE", "PH-CLIMATE", "NET-GEANT", "OS-MEDIA", "DR-TRAIN"} <= set(answers.attestable())
    assert not {"HW-CPU", "ST-RAID", "PH-RECORD"} & set(answers.attestable())
