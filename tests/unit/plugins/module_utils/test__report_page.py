# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _report as report
from ansible_collections.eucaim.local_node.plugins.module_utils import _report_page as page
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER
from hypothesis import given
from hypothesis import strategies as st

AT = "2026-11-23T12:44:05Z"
VOID = {"meta", "circle", "path"}


def make(
    *rows: tuple[str, str, str], tier: int = 2, problems: tuple[str, ...] = (), files: bool = True
) -> dict[str, Any]:
    evidence = [
        {"requirement": name, "status": status, "expected": "x", "measured": measured, "how": "y", "at": AT}
        for name, status, measured in rows
    ]
    kept = [{"role": "base", "sha256": "a" * 64}] if files else []
    return report.document(report.Context("node1", tier, "run", AT, "0.1.0", kept, problems), evidence)


class Outline(HTMLParser):
    """What a screen reader goes by, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "aria-labelledby"):
                self.targets.append((value or "").lstrip("#"))

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def outline(document: dict[str, Any]) -> Outline:
    parser = Outline()
    parser.feed(page.as_page(document))
    parser.close()
    return parser


EXAMPLES = {
    "nothing": make(files=False),
    "no tier": make(tier=0),
    "good": make(*((name, "met", "fine") for name in report.MEASURED)),
    "bad": make(("OS-TIME", "unmet", "slow"), ("OS-DIRS", "waived", "by A"), ("OS-TOOLS", "recommended", "all")),
    "problems": make(problems=("/x: no JSON",)),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_is_sound(name: str) -> None:
    found = outline(EXAMPLES[name])
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert set(found.targets) <= set(found.ids)
    assert found.headings[0] == 1
    assert found.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(found.headings))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_requirement_is_there(name: str) -> None:
    found = outline(EXAMPLES[name])
    assert set(REGISTER) <= set(found.ids)
    for requirement in REGISTER.values():
        assert requirement.text in found.text


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_needs_nothing_else(name: str) -> None:
    text = page.as_page(EXAMPLES[name])
    assert not re.search(r"https?://|//[a-z]|@import|url\(|\ssrc=|<script|<link|<iframe|<form", text)
    assert "script" not in outline(EXAMPLES[name]).tags


def test_attention_comes_worst_first() -> None:
    text = outline(EXAMPLES["bad"]).text
    attention = text[text.index("What needs attention first") :]
    assert attention.index(REGISTER["OS-TIME"].text) < attention.index(REGISTER["OS-DIRS"].text)


def test_the_record_of_the_hardware_is_on_the_page() -> None:
    record = {
        "warranty": None,
        "system": {"product": "R<740>", "serial": None},
        "memory": {"modules": [{"slot": "A1", "bytes": 2**34}], "installed_bytes": 2**36, "slots": 2},
        "drives": [{"id": "wwn-1", "bytes": 4 * 10**12}],
        "gpus": [],
    }
    changes = [{"at": AT, "document": "hardware", "changes": ["drives wwn-1, new"]}]
    about = report.Context("node1", 2, "run", AT, "0.1.0", [], [], {"hardware": record}, changes)
    text = outline(report.document(about, [])).text
    for words in (
        "Record of the hardware",
        "product R<740>",
        "installed 64 GiB",
        "4 TB",
        "graphics processorsnone",
        "size 16 GiB",
        "slots 2, modules",
        "drives wwn-1, new",
    ):
        assert words in text
    assert "not known" in text


def test_no_attention_where_there_is_nothing() -> None:
    assert "What needs attention" not in outline(EXAMPLES["good"]).text
    assert (
        f"All {len(report.MEASURED)} requirements that were measured or answered for are met."
        in outline(EXAMPLES["good"]).text
    )


def test_problems_are_told() -> None:
    assert "/x: no JSON" in outline(EXAMPLES["problems"]).text


def test_the_tier_is_told() -> None:
    assert "Tier 2 node" in outline(EXAMPLES["good"]).text
    assert "tier not stated" in outline(EXAMPLES["no tier"]).text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_a_node_says_stays_text(measured: str) -> None:
    found = outline(make(("OS-TIME", "unmet", measured + "<img src=x onerror=alert(1)>")))
    assert "img" not in found.tags
    assert measured + "<img src=x onerror=alert(1)>" in found.text


def colours() -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", page.STYLE))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("status", report.STATUSES)
def test_statuses_can_be_read_on_their_ground(status: str) -> None:
    palette = colours()
    assert contrast(palette[status], palette[f"{status}-b"]) >= 4.5
    assert contrast(palette[status], "#fff8f7") >= 4.5
    assert contrast(palette["soft"], palette["ground"]) >= 4.5
    assert contrast("#d5e6ee", palette["brand"]) >= 4.5


@pytest.mark.parametrize("status", report.STATUSES)
def test_no_status_is_told_by_colour_alone(status: str) -> None:
    assert report.WORDS[status] in page.mark(status)
    assert len({page.icon(other) for other in report.STATUSES}) == len(report.STATUSES)
