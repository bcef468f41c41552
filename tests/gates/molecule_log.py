# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what a Molecule scenario really did: it calls a run on no host at all a success."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.gates.junit import verdict

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def count(text: str) -> tuple[int, int]:
    """Count the tests that passed, and what shows that the scenario proved nothing or failed."""
    text = COLOURS.sub("", text)
    passed = sum(int(number) for number in re.findall(r"\b(\d+) passed\b.* in [\d.]+s", text))
    failed = sum(
        int(number) for number in re.findall(r"\b(\d+) (?:failed|errors?|skipped|xfailed)\b.* in [\d.]+s", text)
    )
    hosts = re.findall(r"^\S+\s+: ok=\d+\s+changed=(\d+)", text, re.MULTILINE)
    failed += len(re.findall(r"skipping: no hosts matched", text))
    if not any(int(changed) for changed in hosts):
        failed += 1
    return passed, failed


def main(arguments: list[str]) -> None:
    """Print the line for scripts/test."""
    log, status, name = arguments
    print(*verdict(*count(Path(log).read_text(errors="replace")), int(status)), name)


if __name__ == "__main__":
    main(sys.argv[1:])
