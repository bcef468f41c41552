# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of a machine: every way of writing it wrong is refused with what would be right."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import Waiver
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_wanted import wanted_from

TODAY = date(2026, 3, 1)
WAIVER = {"requirement": "HW-CPU", "by": "A. Person", "reason": "ordered", "until": "2026-12-31"}


def wanted(**options: Any) -> Wanted:
    found, refusals = wanted_from({"tier": 2, "profile": "d5.11", **options}, TODAY)
    assert refusals == []
    return found


def refused(**options: Any) -> list[tuple[str, str, str]]:
    _unused, refusals = wanted_from({"tier": 2, "profile": "d5.11", **options}, TODAY)
    assert all(each.needed and each.remedy for each in refusals)
    return [(each.requirement, each.variable, each.found) for each in refusals]


def test_nothing_but_the_tier() -> None:
    plain = Wanted(tier=2, today=TODAY, profile="d5.11")
    assert wanted() == plain
    assert wanted(dataset_size=None, fitted=None, stated=None, waivers=None) == plain
    assert wanted(dataset_size="", fitted={"memory": None, "drives": None}, stated={"growth": ""}, waivers=[]) == plain


def test_everything() -> None:
    found = wanted(
        dataset_size="4TB",
        fitted={
            "memory": "128GiB",
            "drives": 6,
            "links": 2,
            "sockets": 2,
            "power_supplies": 2,
            "power_supply_watts": 800,
        },
        stated={
            "processor_watts": 155,
            "staggered_spin_up": False,
            "os_drive_medium": "ssd",
            "shelf_spare": "4TB",
            "free_drive_bays": 0,
            "growth": "four more drives",
            "line_down_mbps": 900,
            "line_up_mbps": 880,
            "warranty": "until 2031",
        },
        waivers=[WAIVER],
    )
    assert found == Wanted(
        tier=2,
        today=TODAY,
        profile="d5.11",
        dataset_bytes=4 * 10**12,
        fitted=Fitted(2**37, 6, 2, 2, 2, 800),
        stated=Stated(155, False, "ssd", 4 * 10**12, 0, "four more drives", 900, 880, "until 2031"),
        waivers=(Waiver("HW-CPU", "A. Person", "ordered", date(2026, 12, 31)),),
    )


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"dataset_size": "4"}, ("ST-DATA", "dataset_size", '"4"')),
        ({"dataset_size": "4T"}, ("ST-DATA", "dataset_size", '"4T"')),
        ({"dataset_size": "0 TB"}, ("ST-DATA", "dataset_size", '"0 TB"')),
        ({"fitted": {"memory": "128"}}, ("OS-BOOT", "fitted.memory", '"128"')),
        ({"fitted": {"drives": -1}}, ("OS-BOOT", "fitted.drives", "-1")),
        ({"fitted": {"links": -1}}, ("OS-BOOT", "fitted.links", "-1")),
        ({"fitted": {"sockets": -1}}, ("OS-BOOT", "fitted.sockets", "-1")),
        ({"fitted": {"power_supplies": -1}}, ("HW-PSU", "fitted.power_supplies", "-1")),
        ({"fitted": {"power_supply_watts": -1}}, ("HW-PSU", "fitted.power_supply_watts", "-1")),
        ({"stated": {"shelf_spare": "two"}}, ("ST-SPARE", "stated.shelf_spare", '"two"')),
        ({"stated": {"processor_watts": -1}}, ("HW-PSU", "stated.processor_watts", "-1")),
        ({"stated": {"free_drive_bays": -1}}, ("ST-GROW", "stated.free_drive_bays", "-1")),
        ({"stated": {"line_down_mbps": -1}}, ("NET-RATE", "stated.line_down_mbps", "-1")),
        ({"stated": {"line_up_mbps": -1}}, ("NET-RATE", "stated.line_up_mbps", "-1")),
        ({"waivers": [{**WAIVER, "by": " "}]}, ("HW-CPU", "waivers[0].by", '" "')),
        ({"waivers": [{**WAIVER, "until": "soon"}]}, ("HW-CPU", "waivers[0].until", '"soon"')),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], refusal: tuple[str, str, str]) -> None:
    assert refused(**options) == [refusal]


def test_all_refusals_come_together() -> None:
    found = refused(dataset_size="4", fitted={"memory": "1", "drives": -2}, waivers=[{**WAIVER, "reason": ""}])
    assert [variable for _requirement, variable, _found in found] == [
        "fitted.memory",
        "dataset_size",
        "fitted.drives",
        "waivers[0].reason",
    ]


def test_zero_is_a_statement() -> None:
    found = wanted(stated={"shelf_spare": "0 TB", "free_drive_bays": 0}, fitted={"links": 0})
    assert (found.stated.shelf_spare_bytes, found.stated.free_drive_bays, found.fitted.links) == (0, 0, 0)


def test_of_the_network_the_line_alone_counts() -> None:
    empty = {"minimum": "", "recommended": "", "reason": ""}
    down = {"requirement": "NET-RATE", "item": "down", "found": "1 Mbit/s", "verdict": "unmet", **empty}
    given = [{**down, "item": "sideways"}, {**down, "requirement": "NET-REACH"}, down]
    assert wanted(network=given).line == (Finding("NET-RATE", "down", "1 Mbit/s", "", "", "unmet"),)
