# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of ours in a real browser, Debian's Chromium without a window, cut off from every network."""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

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


def measured(folder: Path, page: str, width: int, probe: str = PROBE) -> dict[str, Any]:
    """Return what a probe finds on a page that is shown so wide."""
    (folder / "page.html").write_text(page.replace("</body>", probe))
    # A window is never narrower than 500 pixels, so the page stands in a frame as wide as the screen to be tried.
    frame = folder / "frame.html"
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
    return dict(json.loads(html.unescape(found.group(1))))


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


def printed(folder: Path, page: str) -> tuple[int, set[tuple[int, int]], str]:
    """Return the pages of the PDF, their sizes in points, and its text."""
    source, paper = folder / "page.html", folder / "page.pdf"
    source.write_text(page)
    chromium("--no-pdf-header-footer", f"--print-to-pdf={paper}", source.as_uri())
    content = paper.read_bytes()
    sheets = len(re.findall(rb"/Type /Page\b", content))
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content))
    return sheets, {(round(float(width)), round(float(height))) for width, height in boxes}, pdf_text(paper)


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
