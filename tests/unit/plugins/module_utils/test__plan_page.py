# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sheet: what stands on it, that it is whole, and that nothing in it is markup of somebody else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_page import as_page
from ansible_collections.eucaim.local_node.tests.unit.plugins.plan_requests import TIER_3

EVIL = '<b onload="x">"&amp;'
VOID = {"meta", "circle", "rect", "path"}


class Outline(HTMLParser):
    """Checks that every element is closed, and keeps texts, ids, labels and classes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.pointed: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.classes: set[str] = set()
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in VOID:
            self.stack.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.pointed += [value for name, value in attrs if name == "aria-labelledby" and value]
        self.classes.update((values.get("class") or "").split())
        if tag == "svg":
            self.pictures.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def outline(request: dict[str, Any], name: str = "") -> Outline:
    return Outline(as_page(make_plan(request, name)))


def test_it_begins_with_what_to_buy() -> None:
    page = outline({"dataset_size": "4TB"})
    assert page.text.index("What to buy") < page.text.index("Where the drives go") < page.text.index("Where the bytes")
    for item in ("Data drive ST-DATA 3 x", "Spare drive ST-SPARE 1 x", "8 TB HDD, SATA", "480 GB SSD, SATA"):
        assert item in page.text
    assert "D5.11 minimum 2 x 4 TB 1 x 4 TB 240 GB SSD 8 TB 3.97 TB does not fit" in page.text
    assert "growth not stated" in page.text


def test_everything_is_on_it() -> None:
    plan = make_plan(TIER_3, "node1")
    page = Outline(as_page(plan))
    for finding in plan["requirements"]:
        assert finding["requirement"] in page.text
        assert finding["found"] in page.text
    for item in (*plan["warnings"], *plan["growth"]):
        assert item["text"] in page.text
    for part in plan["system"]["partitions"]:
        assert part["mount"] in page.text
    for part in plan["power"]["parts"]:
        assert part["what"] in page.text
    assert "4,550.50 EUR" in page.text
    assert "On the board: the operating system takes no slot." in page.text
    assert "With its head-room it no longer fits in year 6" in page.text
    assert "not alone" in page.text
    assert "not with the drives on offer" in page.text


def test_pictures_say_what_they_show_or_are_hidden() -> None:
    page = outline({"dataset_size": "4TB"})
    labels = [picture["aria-label"] for picture in page.pictures if picture.get("role") == "img"]
    assert labels[:2] == ["Slot 1: operating system, 480 GB SSD", "Slot 2: data, 8 TB HDD"]
    assert labels[-1] == "Slot 8: free"
    assert len(labels) == 8
    assert all(picture.get("aria-hidden") == "true" for picture in page.pictures if picture.get("role") != "img")
    (board, *_others) = outline(TIER_3).pictures[1:]
    assert board["aria-label"] == "On the board: operating system, 480 GB SSD"


def test_labels_point_at_headings_that_are_there_once() -> None:
    page = outline(TIER_3)
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.pointed) <= set(page.ids)


def test_bars_lie_within_their_pictures() -> None:
    page = as_page(make_plan({"dataset_size": "1TB"}))
    bars = re.findall(r'class="is-\w+" x="(\d+)" width="(\d+)"', page)
    assert bars
    assert all(int(width) >= 4 and int(start) + int(width) <= 1000 for start, width in bars)


@pytest.mark.parametrize(
    ("request_", "state"),
    [
        ({"dataset_size": "4TB"}, "recommended"),
        ({"dataset_size": "4TB", "aim": "minimum"}, "met"),
        ({"dataset_size": "4TB", "spares": 0}, "unmet"),
    ],
)
def test_the_first_symbol_says_whether_it_is_enough(request_: dict[str, Any], state: str) -> None:
    assert f'<div class="verdict">\n<span class="{state}">' in as_page(make_plan(request_))


def test_what_a_person_wrote_is_no_markup() -> None:
    offers = [{"size": "8TB", "name": EVIL, "price": 1}]
    request = {"dataset_size": "4TB", "drive_offers": offers, "currency": "<i>", "gpu": {"name": EVIL, "count": 1}}
    page = as_page(make_plan(request, EVIL))
    assert "<b" not in page.replace("<b>", "").replace("<body", "")
    assert Outline(page).text.count('<b onload="x">') >= 4


def test_a_price_that_is_not_known_of_all() -> None:
    page = outline({"dataset_size": "4TB", "drive_offers": [{"size": "8TB", "price": 200}]})
    assert "Data drives and spares" in page.text
    assert "the other parts have no price yet" in page.text


def test_the_read_error_is_explained_below_the_table_of_levels() -> None:
    page = as_page(make_plan({"dataset_size": "4TB"}))
    levels = page[page.index('id="levels"') :]
    levels = levels[: levels.index("</section>")]
    assert "Read error in the last rebuild" in levels
    assert levels.index("</table>") < levels.index("while the last redundancy is rebuilt")
