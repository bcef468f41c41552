# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model name of a processor tells: base clock, number of cores, and what such a processor cannot do.

Private to this collection: nothing outside may import it. Pure: text in, data out.
"""

from __future__ import annotations

import re

# "@ 2.60GHz"; old ones write "CPU 3.20GHz". Firmware cuts the name at 48 characters: "@ 2.40GH".
_CLOCK = re.compile(r"(?:@|\bCPU) *(\d+(?:\.\d+)?)\+? ?([GM])Hz?\b")
_MHZ = {"G": 1000, "M": 1}

_WORDS = {"Single": 1, "Dual": 2, "Triple": 3, "Quad": 4, "Six": 6, "Eight": 8, "Twelve": 12, "Sixteen": 16}
_CORES = (
    re.compile(r"\b(\d{1,3})-Core\b"),
    re.compile(rf"\b({'|'.join(_WORDS)})[- ]Core\b"),
    re.compile(r"\b(?:Athlon|Phenom|Sempron|Turion)\b.*\bX([2346])\b"),
)
# Brands without the links to a second processor.
_ALONE = re.compile(
    r"Core\(TM\)|Celeron|Atom|Pentium\(R\) (?:[4DM]|Dual|Gold|Silver)|Pentium\(R\) CPU|Athlon(?!.*\bMP)|Sempron|Phenom|"
    r"Turion|Ryzen|\bFX\b|AMD [ACEG]\d?-"
)
# The first Core i7, and those with an unlocked multiplier up to the ninth generation (Intel's product specifications).
_NO_ECC = re.compile(r"Core\(TM\) i7 CPU (?:X )?9\d\d\b|Core\(TM\) i[579]-[2-9]\d{3}(?:K|X)")
# Intel began with unequal cores in its twelfth generation.
_UNEQUAL = re.compile(r"\b1[2-9]th Gen\b")
_INTEL = (("Core(TM)2 Solo", 1), ("Core(TM)2 Duo", 2), ("Core(TM)2 Quad", 4))


def named_mhz(model: str) -> int | None:
    """Return the base clock in MHz that a model name ends with; makers write the guaranteed one there, never the turbo.

    Intel leaves it out since the twelfth generation of Core, AMD always did.
    """
    found = _CLOCK.search(model)
    return round(float(found[1]) * _MHZ[found[2]]) or None if found else None


def named_cores(model: str) -> int | None:
    """Return the number of cores in a model name such as "AMD EPYC 7763 64-Core Processor"."""
    for pattern in _CORES:
        found = pattern.search(model)
        if found:
            return _WORDS[found[1]] if found[1] in _WORDS else int(found[1])
    return next((cores for words, cores in _INTEL if words in model), None)


def starts_at_base(maker: str, model: str) -> bool:
    """Say whether the speed that the firmware calls current is the base clock.

    It is by AMD's firmware, by Intel's for servers, and on ARM, which has no turbo. Intel's firmware for other
    processors often tells the turbo instead, for the same model now the one, now the other.
    """
    return "Xeon" in model or "intel" not in f"{maker} {model}".lower()


def stands_alone(model: str) -> bool:
    """Say whether no board takes two of these: where two are listed, cores or threads were taken for processors."""
    return bool(_ALONE.search(model))


def lacks_ecc(model: str) -> bool:
    """Say whether this processor cannot correct errors of memory, whatever the firmware says of the board."""
    return bool(_NO_ECC.search(model))


def may_be_uneven(model: str) -> bool:
    """Say whether some cores may have two threads and others one: names of such processors mostly have no clock."""
    return "Xeon" not in model and (bool(_UNEQUAL.search(model)) or not named_mhz(model))
