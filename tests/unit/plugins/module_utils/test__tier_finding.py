# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How figures become a verdict, whatever they are figures of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _tier_finding as tier
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import STATUSES, worst
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import DATA, GOOD, SYSTEM, changed
from hypothesis import given
from hypothesis import strategies as st

LIMIT = st.none() | st.integers(0, 20)
GOODNESS = {"unmet": 0, "unanswered": 0, "met": 1, "recommended": 2}


def test_the_verdicts_are_those_of_the_evidence() -> None:
    words = (tier.UNMET, tier.UNANSWERED, tier.WAIVED, tier.MET, tier.RECOMMENDED, tier.NOT_APPLICABLE)
    assert words == STATUSES


@pytest.mark.parametrize(
    ("least", "most", "minimum", "recommended", "verdict"),
    [
        (9, 9, 10, 20, "unmet"),
        (10, 10, 10, 20, "met"),
        (19, 19, 10, 20, "met"),
        (20, 20, 10, 20, "recommended"),
        (20, 20, 10, None, "met"),
        (0, 9, 10, 20, "unmet"),
        (0, 10, 10, 20, "unanswered"),
        (0, None, 10, 20, "unanswered"),
        (10, None, 10, 20, "met"),
        (0, None, None, 20, "met"),
        (20, None, None, 20, "recommended"),
        (0, 0, None, None, "met"),
        (0, None, None, None, "met"),
    ],
)
def test_a_figure_between_two_bounds(
    least: int, most: int | None, minimum: int | None, recommended: int | None, verdict: str
) -> None:
    assert tier.grade(least, most, minimum, recommended) == verdict


@given(st.integers(0, 30), LIMIT, LIMIT)
def test_a_figure_that_is_known_is_never_unanswered(found: int, minimum: int | None, recommended: int | None) -> None:
    assert tier.grade_exact(found, minimum, recommended) != "unanswered"


@given(st.integers(0, 30), st.integers(0, 30), LIMIT, LIMIT)
def test_more_is_never_worse(found: int, more: int, minimum: int | None, recommended: int | None) -> None:
    before = tier.grade_exact(found, minimum, recommended)
    after = tier.grade_exact(found + more, minimum, recommended)
    assert worst([before, after]) == before


@given(st.integers(0, 30), st.integers(0, 30), st.none() | st.integers(0, 30), LIMIT, LIMIT)
def test_wider_bounds_are_never_better_than_the_truth(
    least: int, more: int, further: int | None, minimum: int | None, recommended: int | None
) -> None:
    truth = tier.grade_exact(least + more, minimum, recommended)
    most = None if further is None else least + more + further
    assert GOODNESS[tier.grade(least, most, minimum, recommended)] <= GOODNESS[truth]


@given(st.integers(1, 30), LIMIT)
def test_what_is_not_known_never_meets_what_is_asked(minimum: int, recommended: int | None) -> None:
    limit = None if recommended is None else minimum + recommended
    assert tier.grade_exact(None, minimum, limit) == "unanswered"


def test_worst_and_best() -> None:
    assert worst(["met", "unanswered", "recommended"]) == "unanswered"
    assert tier.best(["met", "unanswered", "recommended"]) == "recommended"
    assert worst(["not_applicable", "met"]) == "met"


def test_an_unknown_has_a_reason_or_was_not_measured() -> None:
    machine = replace(GOOD, unknown={"cpu": "no /sys", "cpu.cores": "lscpu is missing"})
    assert tier.why(machine, "cpu.cores") == "lscpu is missing"
    assert tier.why(machine, "cpu.threads") == "no /sys"
    assert tier.why(machine, "memory.ecc") == "not measured"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("", ""),
        ("kvm", "a virtual machine (kvm) cannot see the cable; its host can"),
        (None, "it is not known whether this is a virtual machine, which cannot see the cable"),
    ],
)
def test_a_virtual_machine_does_not_see_below_itself(kind: str | None, words: str) -> None:
    assert tier.hidden_below(changed("system", virtualisation=kind), "the cable") == words


VOLUME = replace(SYSTEM, behind_raid=True)
BEHIND = replace(SYSTEM, name="megaraid,0", behind_raid=True)
UNSEEN = "the drives behind a RAID controller are not seen: no smartctl"


@pytest.mark.parametrize(
    ("drives", "behind", "found", "reason"),
    [
        ((SYSTEM, DATA[0]), (), [SYSTEM, DATA[0]], ""),
        ((SYSTEM,), None, [SYSTEM], ""),
        ((SYSTEM,), (BEHIND,), [SYSTEM, BEHIND], ""),
        ((VOLUME, DATA[0]), (BEHIND,), [DATA[0], BEHIND], ""),
        ((VOLUME, DATA[0]), None, [DATA[0]], UNSEEN),
        ((VOLUME, DATA[0]), (), [DATA[0]], UNSEEN),
        ((replace(SYSTEM, behind_raid=None),), (BEHIND,), [BEHIND], "a RAID controller may hide drives"),
        (None, (BEHIND,), [], "no /sys"),
        ((), (), [], ""),
    ],
)
def test_a_volume_stands_for_the_drives_behind_it(
    drives: tuple[Drive, ...] | None, behind: tuple[Drive, ...] | None, found: list[Drive], reason: str
) -> None:
    machine = replace(
        GOOD, drives=drives, raid_drives=behind, unknown={"raid_drives": "no smartctl", "drives": "no /sys"}
    )
    assert tier.physical_drives(machine) == (found, reason)


def test_figures_in_words() -> None:
    assert (tier.binary(2**34), tier.binary(None)) == ("16 GiB", "unknown")
    assert (tier.decimal(4 * 10**12), tier.decimal(None)) == ("4 TB", "unknown")
    assert (tier.number(0), tier.number(None)) == ("0", "unknown")
    assert (tier.asked(0, "text"), tier.asked(None, "text")) == ("text", "")


def test_a_finding_is_plain_data() -> None:
    finding = tier.Finding("HW-CPU", "cores", "8", "8", "16", "met", "why")
    assert finding.as_dict() == {
        "requirement": "HW-CPU",
        "item": "cores",
        "found": "8",
        "minimum": "8",
        "recommended": "16",
        "verdict": "met",
        "reason": "why",
    }
