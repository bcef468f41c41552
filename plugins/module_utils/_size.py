# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them, and as integers of bytes.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

A prefix is decimal unless an "i" says that it is binary (ISO/IEC 80000-13): 4 TB are 4 x 10^12 bytes, 4 TiB are
4 x 2^40. A unit is always written out, because a bare "4T" means one to a shop and the other to a program, and a bare
"4" means nothing.
"""

from __future__ import annotations

import re
from fractions import Fraction

_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

UNITS: dict[str, int] = {
    **{unit: 1000**power for power, unit in enumerate(_DECIMAL)},
    **{unit: 1024**power for power, unit in enumerate(_BINARY)},
    "KB": 1000,  # how shops write it
}

_WRITTEN = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([A-Za-z]*)\s*")


def ceil_div(amount: int, step: int) -> int:
    """Return how many steps it takes to hold an amount: division, rounded up."""
    return -(-amount // step)


class SizeError(ValueError):
    """What was given is no size; the message says how to write one."""


def parse_size(value: object) -> int:
    """Return the bytes of a size in text, such as "4TB", "3.64 TiB" or "512 B".

    A part of a byte that is left over is dropped: 0.5 B are 0 bytes. Whoever counts in bytes already needs no parser,
    so a number is refused like the text of one. Raises SizeError. Source of the units: ISO/IEC 80000-13, section 4.
    """
    if not isinstance(value, str):
        raise SizeError(f"{value!r} is no size in text: write a number and its unit, such as '4TB' or '3.64TiB'")
    found = _WRITTEN.fullmatch(value)
    if not found:
        raise SizeError(
            f"{value!r} is no size: write a number with a decimal point, not negative, and its unit, "
            "such as '4TB' or '3.64TiB'"
        )
    number, unit = found.groups()
    if unit not in UNITS:
        raise SizeError(f"{value!r} {_wrong_unit(number, unit)}")
    return int(Fraction(number) * UNITS[unit])


def _wrong_unit(number: str, unit: str) -> str:
    if not unit:
        return f"is a bare number: write what it counts, such as {number}GB, {number}TB or {number}B"
    power = "BKMGTPE".find(unit.upper())
    if power > 0:
        return (
            "does not say which unit is meant: "
            f"write {number}{_DECIMAL[power]} (decimal) or {number}{_BINARY[power]} (binary)"
        )
    return f"has no known unit: write one of {', '.join(UNITS)}, with these capitals"


def human_size(n: int, binary: bool = False) -> str:
    """Return bytes as a person writes them, with three significant digits: "4 TB", or with binary "3.64 TiB".

    Whole units that need four digits, such as 1023 KiB, are shown with all of them.
    """
    names, step = (_BINARY, 1024) if binary else (_DECIMAL, 1000)
    amount, power = Fraction(abs(n)), 0
    shown = _three_digits(amount)
    while Fraction(shown) >= step and power + 1 < len(names):
        amount, power = amount / step, power + 1
        shown = _three_digits(amount)
    return f"{'-' if n < 0 else ''}{shown} {names[power]}"


def _three_digits(amount: Fraction) -> str:
    digits = 2 if amount < 10 else 1 if amount < 100 else 0
    whole, part = divmod(round(amount * 10**digits), 10**digits)
    return f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".") if part else str(whole)
