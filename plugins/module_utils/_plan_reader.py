# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values are taken out of what a person wrote, so that everything wrong with it is told at once.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._size import SizeError, parse_size

LARGEST = 10**18  # 1 EB


class Reader:
    """Takes values out of a mapping, and keeps what is wrong with them."""

    def __init__(self, given: Mapping[str, Any], prefix: str, known: Iterable[str], where: str = "") -> None:
        self.given, self.prefix, self.where = given, prefix, where
        self.refusals: list[Refusal] = []
        for name in sorted(str(key) for key in given if key not in set(known)):
            self.refuse("ST-DATA", name, "a name that the planner does not know", f"one of {', '.join(known)}", "")

    def refuse(self, requirement: str, key: str, found: str, needed: str, remedy: str) -> None:
        """Keep one refusal."""
        name = f"{self.where}.{key}" if self.where else f"{self.prefix}{key}"
        self.refusals.append(Refusal(requirement, name, found, needed, remedy or f"correct {name}"))

    def given_value(self, key: str) -> Any:
        """Return a value, or None where there is none: an empty text is none."""
        value = self.given.get(key)
        return None if isinstance(value, str) and not value.strip() else value

    def size(self, requirement: str, key: str, needed: str) -> int | None:
        """Return bytes."""
        value = self.given_value(key)
        if value is None:
            return None
        try:
            size = parse_size(str(value) if isinstance(value, str) else value)
        except SizeError as error:
            self.refuse(requirement, key, str(error), needed, "")
            return None
        if not 0 < size <= LARGEST:
            self.refuse(requirement, key, shown(value), f"{needed}, more than nothing and at most 1 EB", "")
            return None
        return size

    def number(self, requirement: str, key: str, least: int, most: int) -> int | None:
        """Return a whole number; extra variables give it as text."""
        value = self.given_value(key)
        if value is None:
            return None
        text = str(value).strip()
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            self.refuse(requirement, key, shown(value), f"a whole number from {least} to {most}", "")
            return None
        return int(text)

    def hundredths(self, requirement: str, key: str, most: int, unit: str) -> int | None:
        """Return a number with at most two decimals as hundredths: a percentage as basis points, money as cents."""
        value = self.given_value(key)
        if value is None:
            return None
        exact = decimal_of(str(value).strip().rstrip("%").strip() if unit == "percent" else str(value).strip())
        if isinstance(value, bool) or exact is None or not 0 <= exact <= most or exact != round(exact, 2):
            needed = f"a number from 0 to {most} with at most two decimals, in {unit}"
            self.refuse(requirement, key, shown(value), needed, "")
            return None
        return int(exact * 100)

    def choice(self, requirement: str, key: str, choices: Sequence[str], default: str) -> str:
        """Return one of the words that there are."""
        value = self.given_value(key)
        if value is None:
            return default
        if str(value) not in choices:
            self.refuse(requirement, key, shown(value), f"one of {', '.join(choices)}", "")
            return default
        return str(value)

    def text(self, key: str, default: str, most: int = 60) -> str:
        """Return one line for people."""
        value = self.given_value(key)
        if value is None:
            return default
        line = " ".join(str(value).split())
        if isinstance(value, (Mapping, list, tuple)) or len(line) > most or not line.isprintable():
            self.refuse("ST-DATA", key, shown(value), f"one line of at most {most} characters", "")
            return default
        return line

    def flag(self, requirement: str, key: str) -> bool | None:
        """Return true or false."""
        value = self.given_value(key)
        if value is None or isinstance(value, bool):
            return value
        words = {"true": True, "yes": True, "false": False, "no": False}
        if str(value).lower() not in words:
            self.refuse(requirement, key, shown(value), "true or false", "")
        return words.get(str(value).lower())


def decimal_of(text: str) -> Decimal | None:
    """Return a finite number in text, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
