# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role plan mean."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_plan import check_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

GOOD: dict[str, Any] = {
    "plan_directory": "/srv/plan",
    "plan_dataset_size": "4TB",
    "plan_drive_offers": [],
    "plan_bays": 0,
}


def refusals(**changed: Any) -> list[Refusal]:
    return check_plan({**GOOD, **changed}, {})


def test_good_settings() -> None:
    assert refusals() == []
    assert refusals(plan_growth="20%", plan_gpu={"name": None, "count": None}, plan_unknown=1) == []


@pytest.mark.parametrize("path", ["", None, "plan", "/", "//"])
def test_the_sheet_needs_a_folder_of_its_own(path: Any) -> None:
    (refusal,) = refusals(plan_directory=path)
    assert refusal.variable == "plan_directory"


def test_what_cannot_be_read_is_told_under_the_name_that_was_set() -> None:
    found = refusals(plan_dataset_size="", plan_growth="20", plan_directory="x")
    assert [refusal.variable for refusal in found] == ["plan_directory", "plan_dataset_size", "plan_growth"]


def test_what_cannot_be_had_is_told_before_anything_is_written() -> None:
    (refusal,) = refusals(plan_bays=3)
    assert (refusal.requirement, refusal.variable) == ("ST-DATA", "plan_drive_offers")
    assert "plan_bays" in refusal.remedy
