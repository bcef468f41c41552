# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain data of tools that speak JSON, read without trusting its shape.

Private to this collection: nothing outside may import it. Pure: data in, data out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Plain:
    """Plain data that is asked by path and never objects."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def at(self, *path: str) -> Any:
        """Return what lies at a path, None if nothing does."""
        data = self.data
        for key in path:
            data = data.get(key) if isinstance(data, Mapping) else None
        return data

    def number(self, *path: str) -> int | None:
        """Return the whole number at a path."""
        value = self.at(*path)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def text(self, *path: str) -> str | None:
        """Return the text at a path."""
        value = self.at(*path)
        return (value.strip() or None) if isinstance(value, str) else None

    def many(self, *path: str) -> list[Plain]:
        """Return the members of a list at a path."""
        value = self.at(*path)
        return [Plain(each) for each in value] if isinstance(value, list) else []
