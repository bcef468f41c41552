# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The procurement sheet in a real browser: on a desk, on a telephone and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_page import as_page

from tests.report.browser import chromium, colours_in, measured, png_size, printed

WIDTHS = (1280, 820, 390, 360, 320)
LONG = "x" * 60
# As wide and as full as a plan gets: all slots taken but one, every kind of warning, words that cannot be broken.
FULL: dict[str, Any] = {
    "dataset_size": "130TB",
    "growth": "7%",
    "tier": 3,
    "level": "raid5",
    "file_system": "ext4",
    "bays": 60,
    "currency": "CURRENCY",
    "mount_point": "/srv/" + "long-name" * 10,
    "drive_offers": [
        {"size": "14TB", "name": LONG, "price": 123456.78, "read_errors": "1e-14"},
        {"size": "16TB", "name": LONG, "price": 123456.79, "count": 17},
    ],
    "system_drive_offers": [{"size": "480GB", "name": LONG, "price": 99999, "interface": "m.2"}],
    "processor": {"name": LONG, "sockets": 2, "cores": 16},
    "memory": {"size": "32GiB", "ecc": False},
    "gpu": {"name": LONG, "count": 4},
    "power_supply": {"watts": 2000, "redundant": True},
}
# Finds every text whose contrast with what lies behind it is too low, and writes it into the title.
CONTRAST = """<script>
const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
const seen = colour => colour.length === 3 || colour[3] > 0;
function behind(element) {
  if (element.tagName === "text") {
    const box = element.getBBox();
    for (let other = element.previousElementSibling; other; other = other.previousElementSibling) {
      if (other.tagName !== "rect") continue;
      const r = other.getBBox();
      if (r.x <= box.x + 1 && r.y <= box.y + box.height / 2 && r.x + r.width >= box.x + box.width - 1
          && r.y + r.height >= box.y + box.height / 2) return parts(getComputedStyle(other).fill);
    }
  }
  for (let other = element; other; other = other.parentElement) {
    const colour = parts(getComputedStyle(other).backgroundColor);
    if (seen(colour)) return colour;
  }
  return [255, 255, 255];
}
addEventListener("load", () => {
  const bad = [];
  let count = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const ink = parts(element.tagName === "text" ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    count += 1;
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(element.outerHTML.slice(0, 90));
  }
  document.title = JSON.stringify({count, bad: bad.slice(0, 5)});
});
</script></body>"""


def example(kind: str) -> str:
    """Make a sheet: the deliverable's example, or one that is as full as can be."""
    if kind == "example":
        return as_page(make_plan({"dataset_size": "4TB"}))
    return as_page(make_plan(FULL, f"node-1.{'radiology-' * 8}.hospital.example"))


each_kind = pytest.mark.parametrize("kind", ["example", "full"])


@pytest.mark.parametrize("width", WIDTHS)
@each_kind
def test_nothing_sticks_out(tmp_path: Path, kind: str, width: int) -> None:
    """At no width does the page have to be pushed sideways."""
    found = measured(tmp_path, example(kind), width)
    assert (found["width"], found["scroll"], found["out"]) == (width, width, [])
    assert found["text"] > 4000


@pytest.mark.parametrize("width", [1280, 360])
@each_kind
def test_everything_can_be_read(tmp_path: Path, kind: str, width: int) -> None:
    """Every text, also in the drawings, has the contrast of 4.5 that WCAG 2.1 asks for."""
    found = measured(tmp_path, example(kind), width, CONTRAST)
    assert found["bad"] == []
    assert found["count"] > 150


@pytest.mark.parametrize("width", [1280, 500])
@each_kind
def test_a_picture_can_be_taken(tmp_path: Path, kind: str, width: int) -> None:
    """The page paints something at both widths."""
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(example(kind))
    chromium(f"--window-size={width},2000", f"--screenshot={picture}", page.as_uri())
    assert png_size(picture) == (width, 2000)
    assert colours_in(picture) > 50


@pytest.mark.parametrize(("kind", "most"), [("example", 7), ("full", 11)])
def test_on_paper(tmp_path: Path, kind: str, most: int) -> None:
    """The PDF is A4, has a few pages, begins with what to buy and holds the whole sheet."""
    sheets, boxes, text = printed(tmp_path, example(kind))
    assert 4 <= sheets <= most
    assert boxes == {(595, 842)}
    plain = re.sub(r"\s+", "", text)
    last = -1
    for title in ("What to buy", "Where the drives go", "Where the bytes go", "Is it enough?", "Other RAID levels"):
        assert plain.find(title.replace(" ", "")) > last
        last = plain.find(title.replace(" ", ""))
    for requirement in ("HW-CPU", "HW-RAM", "HW-PSU", "ST-OS", "ST-DATA", "ST-RAID", "ST-SPARE", "ST-GROW", "OS-PART"):
        assert requirement in plain


@each_kind
def test_no_address_of_anything_else(kind: str) -> None:
    """The page names no outside address and loads nothing."""
    text = example(kind)
    assert re.findall(r"https?:|@import|url\(", text) == []
    loading = re.findall(r"\s(?:src|href|action|data|poster|srcset)=\"([^\"]*)", text)
    assert loading == ["#buy"]
