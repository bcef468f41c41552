# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner's bench measures what it says."""

from __future__ import annotations

import pytest

from tests.perf import planner
from tests.perf.ratios import NothingMeasured, table


def test_everything_is_measured_and_shown() -> None:
    result = planner.measure(2)
    assert [figure.limit for figure in result.figures] == [50, None, None]
    assert all(figure.value > 0 for figure in result.figures)
    assert len(result.samples) == 9
    assert {len(samples) for samples in result.samples.values()} == {2}
    assert "all levels" in table(result)


def test_offers_that_are_never_enough_are_no_measurement() -> None:
    with pytest.raises(NothingMeasured, match="no level can be had"):
        planner.every_level({"dataset_size": "900TB", "drive_offers": [{"size": "1TB"}]})
    with pytest.raises(NothingMeasured, match="no drive for the system"):
        planner.every_level({"dataset_size": "4TB", "system_drive_offers": [{"size": "64GB"}]})
