# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the sanity tests that ansible-test ran: a test that failed, or that it left out, is not passed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.gates.junit import verdict

# PowerShell, of which the collection has none; ansible-test leaves the test out where pwsh is not installed.
NOT_NEEDED = {"pslint"}


def count(text: str) -> tuple[int, int]:
    """Count (passed, failed) in the output of `ansible-test sanity -v`."""
    ran = set(re.findall(r'Running sanity test "([\w-]+)"', text))
    left_out = set(re.findall(r'Skipping sanity test "([\w-]+)"', text)) - ran - NOT_NEEDED
    summary = re.search(r"sanity test\(s\) listed below \(out of \d+\) failed\..*\n((?:[\w-]+.*\n?)*)", text)
    failed = set(re.findall(r"^[\w-]+", summary.group(1), re.MULTILINE)) if summary else set()
    failed |= left_out
    return len(ran - failed), len(failed)


def main(arguments: list[str]) -> None:
    """Print the line for scripts/test."""
    log, status, name = arguments
    print(*verdict(*count(Path(log).read_text()), int(status)), name)


if __name__ == "__main__":
    main(sys.argv[1:])
