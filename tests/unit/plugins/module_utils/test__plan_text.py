# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as text, for a ticket and for a terminal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _plan_words as words
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_text import as_markdown, as_terminal
from ansible_collections.eucaim.local_node.tests.unit.plugins.plan_requests import TIER_3

EXAMPLE = """Tier 2, data set 4 TB, growth not stated

3 x  Data drive                    8 TB HDD, SATA
1 x  Spare drive                   8 TB HDD, SATA
1 x  Drive for the operating       480 GB SSD, SATA
     system
1 x  Server                        with 8 slots for drives that can be changed
                                   while it runs
"""
COMPARED = """                       drives       spares       for users  the data set
D5.11 minimum          2 x 4 TB     1 x 4 TB     3.97 TB    does not fit
D5.11 recommendation   4 x 4 TB     2 x 4 TB     11.9 TB    fits with head-room
Least that is enough   3 x 4 TB     1 x 4 TB     7.94 TB    fits with head-room
This plan              3 x 8 TB     1 x 8 TB     15.9 TB    fits with head-room

3 x 8 TB in RAID 5 and 1 x 8 TB as spare, 480 GB SSD for the system.
15.9 TB for users; 1 drive may fail without loss.
The data set of 4 TB fits, and 11.9 TB stay free."""


def test_the_example_on_a_terminal() -> None:
    text = as_terminal(make_plan({"dataset_size": "4TB"}))
    assert text.startswith(EXAMPLE)
    assert text.endswith(COMPARED)


def test_a_named_plan_with_prices_on_a_terminal() -> None:
    text = as_terminal(make_plan(TIER_3, "node1.hospital.example"))
    assert text.startswith("node1.hospital.example: Tier 3, data set 30 TB, growth 25 % a year\n")
    assert "in 5 years it has 91.6 TB" in text
    assert text.endswith("All drives cost 4,550.50 EUR.")
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize("request_", [{"dataset_size": "4TB"}, TIER_3])
def test_tables_are_whole(request_: dict[str, Any]) -> None:
    text = as_markdown(make_plan(request_, "node|1"))
    assert text.startswith("# node\\|1: what to buy\n")
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 8
    for table in tables:
        rows = [re.sub(r"\\\\\|", "", line).count("|") for line in table.splitlines()]
        assert len(set(rows)) == 1, table
        assert len(rows) > 2


def test_everything_is_in_it() -> None:
    plan = make_plan(TIER_3)
    text = as_markdown(plan).replace("\\", "")
    for finding in plan["requirements"]:
        assert f"| {finding['requirement']} | {finding['item']} |" in text
    for item in (*plan["warnings"], *plan["growth"]):
        assert item["text"] in text
    assert "| Price |" in text
    assert "RAID 6 (this plan)" in text
    assert "not with the drives on offer" in text


def test_nothing_in_it_is_markup() -> None:
    offers = [{"size": "8TB", "name": "*8* <b> | `x`", "price": 1}]
    text = as_markdown(make_plan({"dataset_size": "4TB", "drive_offers": offers}))
    assert r"\*8\* \<b\> \| \`x\`" in text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0004, "under 0.1 %"), (0.0123, "1.2 %"), (0.126, "13 %"), (0.9, "90 %"), (0.9999, "nearly 100 %")],
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


def test_times_and_amounts() -> None:
    assert [words.hours(seconds) for seconds in (10, 5400, 53334)] == ["1 hour", "2 hours", "15 hours"]
    assert [words.years(count) for count in (297.4, 28600.0, 1.5e6)] == [
        "297 years",
        "28,600 years",
        "over a million years",
    ]
    assert [words.year(number) for number in (None, 0, 3)] == ["not foreseen", "now", "year 3"]
    assert [words.amount(price, "EUR") for price in (None, 0, 1234.5)] == ["", "0.00 EUR", "1,234.50 EUR"]
    assert words.growth({"growth_known": True, "growth_bytes_a_year": 10**12}) == "1 TB a year"
    assert words.fits({"fits_with_growth_and_headroom": False, "fits_now": True}) == ("waived", "fits today, no more")
    assert words.system(None) == ""


@pytest.mark.parametrize(
    ("year", "until", "texts"),
    [
        (None, None, ("not foreseen", "")),
        (3, None, ("year 3", "not foreseen")),
        (3, 5, ("year 3", "year 5")),
        (3, 2, ("year 3", "not alone")),
    ],
)
def test_steps(year: int | None, until: int | None, texts: tuple[str, str]) -> None:
    row = {"kind": "node", "text": "x", "available_bytes": 10**12, "year": year, "enough_until": until}
    cells = words.step(row)
    assert len(cells) == len(words.STEP_HEADS)
    assert (cells[2], cells[4]) == texts


def test_the_read_error_is_explained_below_the_table_of_levels() -> None:
    text = as_markdown(make_plan({"dataset_size": "4TB"}))
    assert text.index("Read error in the last rebuild") < text.index(words.READ_ERROR) < text.index(words.CAVEAT)
