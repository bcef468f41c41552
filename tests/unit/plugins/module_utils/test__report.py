# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _report as report
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER
from hypothesis import given
from hypothesis import strategies as st

AT = "2026-11-23T12:44:05Z"
# What a look at a Tier 2 node measures; the other rows wait for people or for later versions.
MOST = len(report.MEASURED)
LOOKED = len([name for name in report.MEASURED if 2 in REGISTER[name].tiers and "attest" not in REGISTER[name].met_by])


def row(requirement: str, status: str, measured: str = "something") -> dict[str, str]:
    return {
        "requirement": requirement,
        "status": status,
        "expected": "a thing",
        "measured": measured,
        "how": "looked",
        "at": AT,
    }


def context(tier: int = 2, **other: Any) -> report.Context:
    values: dict[str, Any] = {
        "host": "node1",
        "tier": tier,
        "run_id": "run",
        "at": AT,
        "collection_version": "0.1.0",
        "files": [{"role": "docker", "sha256": "b" * 64}, {"role": "base", "sha256": "a" * 64}],
        "problems": [],
    }
    return report.Context(**{**values, **other})


def found(document: dict[str, Any], requirement: str) -> dict[str, Any]:
    return next(entry for entry in document["rows"] if entry["requirement"] == requirement)


def test_one_row_for_each_requirement_in_order() -> None:
    document = report.document(context(), [row("OS-TOOLS", "met")])
    assert [entry["requirement"] for entry in document["rows"]] == list(REGISTER)
    assert sum(document["summary"].values()) == len(REGISTER)


def test_evidence_is_taken_over() -> None:
    entry = found(report.document(context(), [row("OS-TOOLS", "met", "wget")]), "OS-TOOLS")
    assert (entry["status"], entry["measured"], entry["at"], entry["reason"]) == ("met", "wget", AT, "")


@pytest.mark.parametrize(
    ("requirement", "tier", "status", "reason"),
    [
        ("OS-TOOLS", 2, "unanswered", report.NOT_VERIFIED),
        ("PH-FIRE", 2, "unanswered", report.NOBODY_ANSWERED),
        ("BK-BORG", 2, "unanswered", report.LATER_VERSION),
        ("HW-GPU", 2, "not_applicable", ""),
        ("HW-GPU", 3, "unanswered", report.NOT_VERIFIED),
        ("HW-GPU", 0, "unanswered", report.NOT_VERIFIED),
        ("PH-CLIMATE", 2, "unanswered", report.NOBODY_ANSWERED),
    ],
)
def test_what_has_no_evidence_says_why(requirement: str, tier: int, status: str, reason: str) -> None:
    entry = found(report.document(context(tier), []), requirement)
    assert (entry["status"], entry["reason"]) == (status, reason)
    assert entry["measured"]


def test_measured_names_are_in_the_register() -> None:
    assert set(REGISTER) >= report.MEASURED


def test_an_unanswered_row_of_the_node_could_not_be_measured() -> None:
    entry = found(report.document(context(), [row("FED-PROBE", "unanswered")]), "FED-PROBE")
    assert entry["reason"] == report.COULD_NOT_BE_MEASURED


def test_what_a_person_can_answer_waits_for_a_person_where_no_sensor_does() -> None:
    entry = found(report.document(context(), [row("PH-CLIMATE", "unanswered", "no sensor")]), "PH-CLIMATE")
    assert (entry["reason"], entry["measured"]) == (report.NOBODY_ANSWERED, "no sensor")


def test_rows_of_another_version_are_named() -> None:
    document = report.document(context(problems=["a file"]), [row("NO-SUCH", "met")])
    assert document["problems"] == ["a file", "NO-SUCH is no requirement of this version's register"]


def test_the_hash_does_not_depend_on_the_order_of_the_files() -> None:
    files = list(context().files)
    assert report.evidence_hash(files) == report.evidence_hash(files[::-1])
    assert report.evidence_hash(files) != report.evidence_hash(files[:1])


def test_same_verdict_looks_past_times_and_figures() -> None:
    first = report.document(context(), [row("OS-TIME", "met", "0.2 s")])
    second = report.document(context(at="2027-01-01T00:00:00Z", run_id="x"), [row("OS-TIME", "met", "0.3 s")])
    assert report.same_verdict(first, second)
    assert not report.same_verdict(first, report.document(context(), [row("OS-TIME", "unmet", "0.2 s")]))
    assert not report.same_verdict({}, first)


def test_failing_rows() -> None:
    document = report.document(context(), [row("OS-TIME", "unmet"), row("OS-TOOLS", "waived")])
    assert [entry["requirement"] for entry in report.failing(document, ["unmet"])] == ["OS-TIME"]
    assert [entry["requirement"] for entry in report.failing(document, ["waived"])] == ["OS-TOOLS"]
    unanswered = {entry["requirement"] for entry in report.failing(document, ["unanswered"])}
    assert {"OS-DIRS", "PH-FIRE"} <= unanswered
    assert "BK-BORG" not in unanswered


def test_the_message_names_each_row_and_the_page() -> None:
    document = report.document(context(), [row("OS-TIME", "unmet", "an hour slow")])
    text = report.failure_message(document, report.failing(document, ["unmet"]), "/srv/index.html")
    assert "1 requirement needs attention" in text
    assert "[OS-TIME]" in text
    assert "expected a thing; found an hour slow" in text
    assert "/srv/index.html" in text
    both = report.document(context(), [row("OS-TIME", "unmet"), row("OS-TOOLS", "unmet")])
    assert "2 requirements need attention" in report.failure_message(both, report.failing(both, ["unmet"]), "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AT, "23 November 2026, 12:44 UTC"),
        ("2026-13-01T00:00:00Z", "2026-13-01T00:00:00Z"),
        ("", ""),
    ],
)
def test_readable_time(text: str, expected: str) -> None:
    assert report.readable_time(text) == expected


@pytest.mark.parametrize(
    ("rows", "words", "status"),
    [
        ([row("OS-TIME", "unmet")], "1 requirement is not met.", "unmet"),
        ([row("OS-TIME", "unmet"), row("OS-DIRS", "unmet")], "2 requirements are not met.", "unmet"),
        (
            [row("OS-TIME", "unanswered")],
            f"0 of {LOOKED} requirements are met; the other {LOOKED} could not",
            "unanswered",
        ),
        (
            [row(name, "met" if name != "OS-TIME" else "unanswered") for name in report.MEASURED],
            f"{MOST - 1} of {MOST} requirements are met; the other one could not be judged.",
            "unanswered",
        ),
        ([row(name, "met") for name in report.MEASURED], f"All {len(report.MEASURED)} requirements", "met"),
        ([row(name, "not_applicable") for name in report.MEASURED], "Nothing has been measured", "unanswered"),
    ],
)
def test_headline(rows: list[dict[str, str]], words: str, status: str) -> None:
    text, colour = report.headline(report.document(context(), rows))
    assert words in text
    assert colour == status


def test_summary_sentences() -> None:
    missing_one = [row(name, "met") for name in report.MEASURED - {"OS-TIME"}]
    assert any(
        text.startswith("1 was not") for text in report.summary_sentences(report.document(context(), missing_one))
    )
    assert any(
        text.startswith(f"{LOOKED} were not") for text in report.summary_sentences(report.document(context(), []))
    )
    everything = [row(name, "met") for name in REGISTER]
    assert report.summary_sentences(report.document(context(), everything)) == []
    unclear = [*everything[1:], row(next(iter(REGISTER)), "unanswered")]
    assert report.summary_sentences(report.document(context(), unclear)) == ["1 requirement could not be measured."]


def test_json_can_be_read_back() -> None:
    document = report.document(context(), [row("OS-TIME", "met", "äöü")])
    assert json.loads(report.as_json(document)) == document


@given(st.text(), st.sampled_from(report.STATUSES))
def test_junit_counts_what_it_holds(measured: str, status: str) -> None:
    document = report.document(context(), [row("OS-TIME", status, measured)])
    root = ET.fromstring(report.as_junit(document))
    cases = list(root.iter("testcase"))
    assert len(cases) == len(REGISTER) == int(root.get("tests", ""))
    assert len(list(root.iter("failure"))) == int(root.get("failures", "")) == (status == "unmet")
    assert len(list(root.iter("skipped"))) == int(root.get("skipped", ""))
    assert len(cases) - len(list(root.iter("skipped"))) - (status == "unmet") == (status in ("met", "recommended"))


def test_junit_says_why_a_row_is_skipped() -> None:
    root = ET.fromstring(report.as_junit(report.document(context(), [row("OS-TIME", "waived", "by A. Rossi")])))
    messages = [element.get("message", "") for element in root.iter("skipped")]
    assert "waived: by A. Rossi" in messages
    assert any(message.startswith(report.LATER_VERSION) for message in messages)
