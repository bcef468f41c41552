# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what a test run really did, as one line: passed, failed, name.

A skipped test, a run without tests and an exit status that no result explains count as failed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def count_xml(files: list[Path]) -> tuple[int, int]:
    """Count the test cases of JUnit files as (passed, not passed)."""
    passed = failed = 0
    for file in files:
        for case in ET.parse(file).getroot().iter("testcase"):
            if any(case.find(tag) is not None for tag in ("failure", "error", "skipped")):
                failed += 1
            else:
                passed += 1
    return passed, failed


def count_last_line(text: str) -> tuple[int, int]:
    """Read the last `N passed, N failed` of a program's output."""
    found = re.findall(r"(\d+) passed, (\d+) failed", text)
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def verdict(passed: int, failed: int, status: int) -> tuple[int, int]:
    """Make a run that tested nothing, or ended badly without saying why, a failure."""
    if failed == 0 and (status != 0 or passed == 0):
        return passed, 1
    return passed, failed


def main(arguments: list[str]) -> None:
    """Print the line for scripts/test."""
    if arguments[0] == "--last-line":
        source, status, name = arguments[1:]
        counts = count_last_line(Path(source).read_text())
    else:
        source, status, name = arguments
        path = Path(source)
        files = sorted(path.glob("*.xml")) if path.is_dir() else [path] if path.exists() else []
        counts = count_xml(files)
    print(*verdict(*counts, int(status)), name)


if __name__ == "__main__":
    main(sys.argv[1:])
