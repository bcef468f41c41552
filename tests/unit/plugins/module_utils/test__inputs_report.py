# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_report import check_report

GOOD = {"report_directory": "/srv/reports", "report_evidence_directory": "/var/lib/eucaim/evidence"}


def test_good_settings_are_not_refused() -> None:
    assert check_report(GOOD, {}) == []


def test_missing_settings_are_the_specs_business() -> None:
    assert check_report({}, {}) == []


def test_answers_and_waivers_are_checked() -> None:
    answer = {"requirement": "PH-FIRE", "answer": "yes", "by": "Ada", "date": "2026-01-31"}
    waiver = {"requirement": "HW-RAM", "by": "Ada", "reason": "ordered", "until": "2026-12-31"}
    assert check_report({**GOOD, "report_attestations": [answer], "report_waivers": [waiver]}, {}) == []
    refusals = check_report(
        {**GOOD, "report_attestations": [{**answer, "by": ""}], "report_waivers": [{**waiver, "until": "soon"}]}, {}
    )
    assert [refusal.variable for refusal in refusals] == ["report_attestations[0].by", "report_waivers[0].until"]


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", ["None/reports", "reports", "/", "//", "/srv/.."])
def test_what_is_no_folder_of_its_own_is_refused(name: str, value: str) -> None:
    refusals = check_report({**GOOD, name: value}, {})
    assert [refusal.variable for refusal in refusals] == [name]
    assert value in refusals[0].found
    assert "absolute path" in refusals[0].needed
