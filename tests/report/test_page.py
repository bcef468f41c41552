# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page in a real browser, Debian's Chromium without a window: on a desk, on a telephone and on paper."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _report as report
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import as_page

AT = "2026-11-23T12:44:05Z"
LONG = "sha256:" + "4f2a91c0" * 8
WIDTHS = (1280, 820, 390, 320)
STATUSES = ("met", "unmet", "recommended", "waived", "unanswered", "not_applicable")
# Measures the page in the browser and writes what sticks out into the title, where --dump-dom shows it.
PROBE = """<script>
addEventListener("load", () => {
  const width = document.documentElement.clientWidth, out = [];
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    const apart = element.closest(".skip, thead");
    const hidden = apart && getComputedStyle(apart).position === "absolute";
    if (!hidden && box.width && (box.right > width + 1 || box.left < -1)) out.push(element.outerHTML.slice(0, 80));
  }
  const text = document.body.innerText.length;
  document.title = JSON.stringify({width, scroll: document.documentElement.scrollWidth, out: out.slice(0, 5), text});
});
</script></body>"""


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


def chromium(*arguments: str) -> str:
    """Run the browser on a page of ours, cut off from every network."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed: apt-get install chromium"
    run = subprocess.run(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["empty", "good", "everything"])
def test_nothing_sticks_out(tmp_path: Path, kind: str, width: int) -> None:
    """At no width does the page have to be pushed sideways."""
    page = tmp_path / "page.html"
    page.write_text(example(kind).replace("</body>", PROBE))
    # A window is never narrower than 500 pixels, so the page stands in a frame as wide as the screen to be tried.
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<!DOCTYPE html><title>waiting</title><iframe id="f" src="page.html"'
        f' style="width:{width}px;height:900px;border:0"></iframe><script>'
        "f.onload = () => setTimeout(() => {document.title = f.contentDocument.title}, 100)</script>"
    )
    dom = chromium(
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--window-size=1400,1000",
        "--dump-dom",
        frame.as_uri(),
    )
    found = re.search(r"<title>(\{.*?\})</title>", dom)
    assert found, dom[:300]
    measured = found.group(1)
    assert f'"width":{width},' in measured
    assert f'"scroll":{width},' in measured
    assert '"out":[]' in measured
    assert int(measured.rsplit(":", 1)[1].rstrip("}")) > 5000


def png_size(path: Path) -> tuple[int, int]:
    """Read the width and height of a picture."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


def colours_in(path: Path) -> int:
    """Count the different bytes of a picture: an empty page has few."""
    content = path.read_bytes()
    data, at = b"", 8
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] == b"IDAT":
            data += content[at + 8 : at + 8 + size]
        at += size + 12
    return len(set(zlib.decompress(data)))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_can_be_taken(tmp_path: Path, width: int) -> None:
    """The page paints something at both widths."""
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(example("everything"))
    chromium(f"--window-size={width},2000", f"--screenshot={picture}", page.as_uri())
    assert png_size(picture) == (width, 2000)
    assert colours_in(picture) > 50


def pdf_text(path: Path) -> str:
    """Give the text of Chromium's PDF: its streams unpacked, its glyphs looked up in the fonts' own tables."""
    content = path.read_bytes()
    objects = {
        int(found.group(1)): found.group(2)
        for found in re.finditer(rb"(?:^|\n)(\d+) 0 obj\n?(.*?)endobj", content, re.DOTALL)
    }

    def stream(body: bytes) -> bytes:
        raw = body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
        return zlib.decompress(raw) if b"/FlateDecode" in body.split(b"stream\n", 1)[0] else raw

    tables: dict[bytes, dict[str, str]] = {}
    for found in re.finditer(rb"/(F\d+) (\d+) 0 R", content):
        link = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(found.group(2)), b""))
        if link and found.group(1) not in tables:
            tables[found.group(1)] = glyph_table(stream(objects[int(link.group(1))]).decode("latin-1"))
    text = ""
    for body in objects.values():
        if b"stream\n" not in body:
            continue
        try:
            drawn = stream(body)
        except zlib.error:
            continue
        font: dict[str, str] = {}
        for found in re.finditer(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>", drawn):
            if found.group(1):
                font = tables.get(found.group(1), {})
            else:
                digits = found.group(2).decode().upper()
                text += "".join(font.get(digits[at : at + 4], "") for at in range(0, len(digits), 4))
    return text


def glyph_table(cmap: str) -> dict[str, str]:
    """Read a font's table from glyph numbers to characters."""
    table: dict[str, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, character in re.findall(r"<(\w{4})> <(\w+)>", block):
            table[glyph.upper()] = bytes.fromhex(character).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, character in re.findall(r"<(\w{4})> <(\w{4})> <(\w{4})>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                table[f"{int(first, 16) + step:04X}"] = chr(int(character, 16) + step)
    return table


@pytest.mark.parametrize(("kind", "least", "most"), [("good", 4, 14), ("everything", 15, 60)])
def test_on_paper(tmp_path: Path, kind: str, least: int, most: int) -> None:
    """The PDF is A4, has some pages and names every requirement."""
    page, paper = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(example(kind))
    chromium("--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri())
    content = paper.read_bytes()
    sheets = len(re.findall(rb"/Type /Page\b", content))
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content))
    assert least <= sheets <= most
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    text = pdf_text(paper)
    assert [name for name in REGISTER if name not in text] == []


@pytest.mark.parametrize("kind", ["empty", "good", "everything"])
def test_no_address_of_anything_else(kind: str) -> None:
    """The page names no outside address and loads nothing."""
    text = example(kind)
    assert re.findall(r"https?:|@import|url\(", text) == []
    loading = re.findall(r"\s(?:src|href|action|data|poster|srcset)=\"([^\"]*)", text)
    assert [target for target in loading if not target.startswith("#")] == []
    assert loading
