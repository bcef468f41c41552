# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the evidence, apart from what judges it: a module that only makes rows need not carry the register.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Worst first: of several rows about one requirement, the first of these stands.
STATUSES = ("unmet", "unanswered", "waived", "met", "recommended", "not_applicable")
FIELDS = ("requirement", "status", "expected", "measured", "how", "at")
# How an option takes the findings that network_check returned.
FINDINGS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "requirement": {"type": "str", "required": True},
        "item": {"type": "str", "required": True},
        "found": {"type": "str", "required": True},
        "minimum": {"type": "str", "default": ""},
        "recommended": {"type": "str", "default": ""},
        "verdict": {"type": "str", "choices": list(STATUSES), "required": True},
        "reason": {"type": "str", "default": ""},
    },
}


@dataclass(frozen=True)
class Row:
    """What is known about one requirement on one node."""

    requirement: str
    status: str
    expected: str
    measured: str
    how: str
    at: str

    def as_dict(self) -> dict[str, str]:
        """Return the row as plain data."""
        return {name: getattr(self, name) for name in FIELDS}


def worst(statuses: Iterable[str]) -> str:
    """Return the status that stands when several say something about one requirement."""
    return min(statuses, key=STATUSES.index)
