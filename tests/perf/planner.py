# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the planner takes: all levels over 24 offers, a whole plan, and the check of one. It makes no node."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_choose import best, pools
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import parse_request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import system_drive, target_of
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import LEVELS

from tests.perf.ratios import NothingMeasured, Result, Sample, cpu_seconds

MOST_MILLISECONDS = 50.0
# Twelve hard drives and twelve solid-state drives, each at a price of its own, so that none can be left out.
OFFERS = [{"size": f"{size}TB", "price": 60 + 16 * size} for size in range(2, 26, 2)]
OFFERS += [{"size": f"{size}TB", "price": 50 + 95 * size, "medium": "ssd"} for size in range(1, 13)]
DATA_SETS = ("4TB", "40TB", "100TB")


def measure(runs: int) -> Result:
    """Plan data sets of three sizes so many times; the slowest of the three is shown, as the median of the runs."""
    samples: dict[str, list[Sample]] = {}
    for size in DATA_SETS:
        request = {"dataset_size": size, "growth": "10%", "drive_offers": OFFERS, "file_system": "ext4"}
        plan = make_plan(request)
        if check_plan(plan) or len(plan["levels"]) != len(LEVELS):
            raise NothingMeasured(f"the plan for {size} is not right: {check_plan(plan)}")
        samples[f"levels {size}"] = timed(runs, partial(every_level, request))
        samples[f"plan {size}"] = timed(runs, partial(make_plan, request))
        samples[f"check {size}"] = timed(runs, partial(check_plan, plan))
    result = Result(f"The planner, {len(OFFERS)} offers (median of {runs} runs, the slowest data set)", samples=samples)
    result.add("all levels", slowest(samples, "levels"), "ms", MOST_MILLISECONDS)
    result.add("a whole plan, with its comparisons and verdicts", slowest(samples, "plan"), "ms")
    result.add("the check of a plan", slowest(samples, "check"), "ms")
    result.notes.append(
        f"Processor time of one core, for data sets of {', '.join(DATA_SETS)} that grow by 10 % a year."
    )
    return result


def every_level(given: dict[str, Any]) -> None:
    """Find for each level the best drives among all offers."""
    request = parse_request(given)
    system = system_drive(request)
    if system is None:
        raise NothingMeasured("no drive for the system is on offer")
    target = target_of(request, system)
    among = pools(request, target)
    found = [best(request, target, level, among) for level in LEVELS]
    if not any(found):
        raise NothingMeasured("no level can be had")


def timed(runs: int, work: Callable[[], Any]) -> list[Sample]:
    """Return what each run took."""
    samples = []
    for _number in range(runs):
        started, cpu = time.perf_counter(), time.process_time()
        work()
        samples.append(Sample(time.perf_counter() - started, time.process_time() - cpu))
    return samples


def slowest(samples: dict[str, list[Sample]], what: str) -> float:
    """Return the largest of the medians, in milliseconds of one core."""
    return 1000 * max(cpu_seconds(these) for name, these in samples.items() if name.startswith(what))
