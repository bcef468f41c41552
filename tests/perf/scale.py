# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One, two, four and eight nodes at once, against the least that this machine's cores can take."""

from __future__ import annotations

import functools

from tests.perf.ratios import Result, cpu_bound, cpu_seconds, ratio, seconds
from tests.perf.world import CORES, MOST, farm, rounds, say

MOST_RATIO = 1.15
STEPS = (1, 2, 4, 8)


def measure(runs: int, most: int = MOST) -> Result:
    """Make the nodes, bring all to where nothing is left to do, and measure on the first 1, 2, 4 and 8."""
    steps = [step for step in STEPS if step <= most]
    with farm(steps[-1]) as here:
        say(f"the first run and the enrolment of {steps[-1]} nodes")
        here.site(changed=True)
        here.enrol()
        here.site(changed=True)
        samples = rounds(runs, **{f"on {step}": functools.partial(here.site, first=step) for step in steps})
    result = Result(f"Several nodes at once, nothing to do (median of {runs} interleaved runs)", samples=samples)
    one = samples["on 1"]
    for step in steps:
        these = samples[f"on {step}"]
        least = cpu_bound(one, step, CORES)
        result.add(f"{step} node(s)", seconds(these), "s")
        result.add("  the processor seconds of Ansible and the nodes", cpu_seconds(these), "s")
        result.add("  the ideal", least, "s")
        result.add("  against it", ratio(these, [least] * len(these)), "x", MOST_RATIO if step == MOST else None)
    result.notes.append(
        f"Ansible and the nodes share the {CORES} cores of this machine. So the ideal for N nodes is N times the"
        " processor seconds of the run on one node (Ansible's and the node's), divided by the cores; never less than"
        " that run takes. Only a machine on which nothing else runs comes near it."
    )
    return result
