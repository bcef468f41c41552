# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a processor's name tells, and what it does not."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _cpu_name as name


@pytest.mark.parametrize(
    ("model", "mhz"),
    [
        ("Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", 2900),
        ("Intel(R) Core(TM) i3 CPU       M 370  @ 2.40GH", 2400),
        ("Intel(R) Xeon(TM) CPU 3.80GHz", 3800),
        ("Intel(R) Pentium(R) III CPU @ 866 MHz", 866),
        ("VIA Eden X2 U4200 @ 1.0+ GHz", 1000),
        ("Genuine Intel(R) CPU 0000 @ 0.00GHz", None),
        ("Intel(R) Core(TM) i5 CPU 750 @ 2.6", None),
        ("AMD EPYC 7763 64-Core Processor", None),
        ("12th Gen Intel(R) Core(TM) i7-12700H", None),
        ("", None),
    ],
)
def test_the_base_clock_stands_behind_the_at_sign(model: str, mhz: int | None) -> None:
    assert name.named_mhz(model) == mhz


@pytest.mark.parametrize(
    ("model", "cores"),
    [
        ("AMD EPYC 7763 64-Core Processor", 64),
        ("AMD Ryzen 7 2700 Eight-Core Processor", 8),
        ("Dual Core AMD Opteron(tm) Processor 275", 2),
        ("Six-Core AMD Opteron(tm) Processor 8435", 6),
        ("AMD Phenom(tm) II X6 1055T Processor", 6),
        ("Intel(R) Core(TM)2 Quad CPU    Q6600  @ 2.40GHz", 4),
        ("Intel(R) Core(TM)2 Solo CPU    U3500  @ 1.40GHz", 1),
        ("AMD A10-7850K Radeon R7, 12 Compute Cores 4C+8G", None),
        ("Intel(R) Xeon(R) CPU X5670 @ 2.93GHz", None),
    ],
)
def test_some_names_count_the_cores(model: str, cores: int | None) -> None:
    assert name.named_cores(model) == cores


@pytest.mark.parametrize(
    ("model", "alone"),
    [
        ("Intel(R) Core(TM)2 CPU 6600 @ 2.40GHz", True),
        ("Intel(R) Pentium(R) D CPU 3.40GHz", True),
        ("Intel(R) Pentium(R) 4 CPU 3.00GHz", True),
        ("AMD Athlon(tm) 64 X2 Dual Core Processor 4600+", True),
        ("AMD G-T40N Processor", True),
        ("AMD Ryzen Threadripper PRO 3995WX 64-Cores", True),
        ("AMD Athlon(tm) MP 2800+", False),
        ("Intel(R) Xeon(R) CPU X5670 @ 2.93GHz", False),
        ("AMD EPYC 7763 64-Core Processor", False),
        ("Pentium III (Coppermine)", False),
    ],
)
def test_some_brands_stand_alone(model: str, alone: bool) -> None:
    assert name.stands_alone(model) is alone


@pytest.mark.parametrize(
    ("model", "lacks"),
    [
        ("Intel(R) Core(TM) i7 CPU 920 @ 2.67GHz", True),
        ("Intel(R) Core(TM) i7 CPU X 980 @ 3.33GHz", True),
        ("Intel(R) Core(TM) i7-4770K CPU @ 3.50GHz", True),
        ("Intel(R) Core(TM) i7-3960X CPU @ 3.30GHz", True),
        ("Intel(R) Core(TM) i3-6100 CPU @ 3.70GHz", False),
        ("Intel(R) Core(TM) i5 CPU 650 @ 3.20GHz", False),
        ("13th Gen Intel(R) Core(TM) i9-13900K", False),
        ("Intel(R) Xeon(R) CPU W3520 @ 2.67GHz", False),
    ],
)
def test_some_processors_cannot_correct_errors(model: str, lacks: bool) -> None:
    assert name.lacks_ecc(model) is lacks


@pytest.mark.parametrize(
    ("model", "uneven"),
    [
        ("12th Gen Intel(R) Core(TM) i9-12900HK @ 2.5GHz", True),
        ("Intel(R) Core(TM) Ultra 7 155H", True),
        ("Intel(R) Core(TM) i7-3930K CPU @ 3.20GHz", False),
        ("11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz", False),
        ("Intel(R) Xeon(R) Gold 6430", False),
    ],
)
def test_some_processors_may_have_unequal_cores(model: str, uneven: bool) -> None:
    assert name.may_be_uneven(model) is uneven


@pytest.mark.parametrize(
    ("maker", "model", "base"),
    [
        ("Advanced Micro Devices, Inc.", "AMD EPYC 7763 64-Core Processor", True),
        ("Intel(R) Corporation", "Intel(R) Xeon(R) Gold 6430", True),
        ("Intel(R) Corporation", "13th Gen Intel(R) Core(TM) i9-13900K", False),
        ("Intel", "0000", False),
        ("Ampere(R)", "Ampere(R) Altra(R) Processor", True),
    ],
)
def test_the_current_speed_is_the_base_clock_of_some_makers_only(maker: str, model: str, base: bool) -> None:
    assert name.starts_at_base(maker, model) is base
