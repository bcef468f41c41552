# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal says: what was found, what is needed, which requirement, and what to do.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Refusal:
    """One reason why a run stops before it changes anything."""

    requirement: str
    variable: str
    found: str
    needed: str
    remedy: str

    def text(self) -> str:
        """Return the one text block that a person reads."""
        return f"[{self.requirement}] {self.variable}: found {self.found}; needed: {self.needed}; remedy: {self.remedy}"

    def block(self) -> str:
        """Return the same for a list of refusals, where each part has a line of its own."""
        return (
            f"{self.variable} [{self.requirement}]\n"
            f"   found: {self.found}\n   needed: {self.needed}\n   remedy: {self.remedy}"
        )

    def as_dict(self) -> dict[str, str]:
        """Return the refusal as plain data for a task's result."""
        return {
            "requirement": self.requirement,
            "variable": self.variable,
            "found": self.found,
            "needed": self.needed,
            "remedy": self.remedy,
        }


def shown(value: Any) -> str:
    """Return a value as a person wrote it, in one short line. Never give it a secret."""
    if value is None:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = json.dumps(str(value), ensure_ascii=False)
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]}... ({len(text)} characters)"


def hidden(value: Any) -> str:
    """Return what may be said of a secret: how long it is."""
    if value is None:
        return "nothing"
    return f"a value of {len(str(value))} characters (hidden)"


def unique(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return each refusal once, in the order in which they came."""
    seen: dict[tuple[str, str, str, str, str], Refusal] = {}
    for refusal in refusals:
        key = (refusal.requirement, refusal.variable, refusal.found, refusal.needed, refusal.remedy)
        seen.setdefault(key, refusal)
    return list(seen.values())


def summary(refusals: Sequence[Refusal], host: str) -> str:
    """Return the message of a run that stops: how many refusals, and each of them."""
    noun = "refusal" if len(refusals) == 1 else "refusals"
    head = f"{len(refusals)} {noun} for {host}; nothing was changed."
    return "\n".join([head] + [f"{number}. {refusal.block()}" for number, refusal in enumerate(refusals, start=1)])
