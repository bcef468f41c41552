# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page in a real browser, Debian's Chromium without a window: on a desk, on a telephone and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _report as report
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import as_page

from tests.report.browser import chromium, colours_in, measured, png_size, printed

AT = "2026-11-23T12:44:05Z"
LONG = "sha256:" + "4f2a91c0" * 8
WIDTHS = (1280, 820, 390, 320)
STATUSES = ("met", "unmet", "recommended", "waived", "unanswered", "not_applicable")


def example(kind: str) -> str:
    """Make a page: of a node that says nothing, of a good one, and of one with every status and unbreakable words."""
    names = {"empty": [], "good": sorted(report.MEASURED), "everything": list(REGISTER)}[kind]
    rows = [
        {
            "requirement": name,
            "status": "met" if kind == "good" else STATUSES[number % len(STATUSES)],
            "expected": "a key of its own, root:root 0600" if kind == "good" else f"the digest {LONG}",
            "measured": "as expected" if kind == "good" else f"/etc/eucaim/{'very-long-name' * 9}: {LONG} <b>&amp;",
            "how": "looked at the file",
            "at": AT,
        }
        for number, name in enumerate(names)
    ]
    host = "node-1.radiology.hospital-verona.example"
    files = [{"role": role, "sha256": "ab" * 32} for role in ("base", "docker", "federation", "preflight")]
    problems = [f"/var/lib/eucaim/evidence/{'x' * 90}.json: no JSON"] if kind == "everything" else []
    return as_page(
        report.document(report.Context(host, 2, "20261123T124405Z-4f2a91", AT, "0.1.0", files, problems), rows)
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["empty", "good", "everything"])
def test_nothing_sticks_out(tmp_path: Path, kind: str, width: int) -> None:
    """At no width does the page have to be pushed sideways."""
    found = measured(tmp_path, example(kind), width)
    assert (found["width"], found["scroll"], found["out"]) == (width, width, [])
    assert found["text"] > 5000


@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_can_be_taken(tmp_path: Path, width: int) -> None:
    """The page paints something at both widths."""
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(example("everything"))
    chromium(f"--window-size={width},2000", f"--screenshot={picture}", page.as_uri())
    assert png_size(picture) == (width, 2000)
    assert colours_in(picture) > 50


@pytest.mark.parametrize(("kind", "least", "most"), [("good", 4, 14), ("everything", 15, 60)])
def test_on_paper(tmp_path: Path, kind: str, least: int, most: int) -> None:
    """The PDF is A4, has some pages and names every requirement."""
    sheets, boxes, text = printed(tmp_path, example(kind))
    assert least <= sheets <= most
    assert boxes == {(595, 842)}
    assert [name for name in REGISTER if name not in text] == []


@pytest.mark.parametrize("kind", ["empty", "good", "everything"])
def test_no_address_of_anything_else(kind: str) -> None:
    """The page names no outside address and loads nothing."""
    text = example(kind)
    assert re.findall(r"https?:|@import|url\(", text) == []
    loading = re.findall(r"\s(?:src|href|action|data|poster|srcset)=\"([^\"]*)", text)
    assert [target for target in loading if not target.startswith("#")] == []
    assert loading
