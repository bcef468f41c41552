# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tier asks of the hardware, as data: D5.11's tables 1 to 3, and the lower figures of EUCAIM's handbook.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

Memory is sold in GiB that are called GB: 32 GB of it are 32 GiB, of a graphics processor too. Drives are sold in
decimal units: 240 GB are 240 x 10^9 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

GB = 10**9
MEMORY_GB = 2**30


@dataclass(frozen=True)
class CpuNeed:
    """What the processors must have together; the clock is the base clock, in MHz."""

    cores: int
    threads: int | None = None
    mhz: int | None = None


@dataclass(frozen=True)
class GpuNeed:
    """What one graphics processor must have at least."""

    tensor_cores: int
    vram_bytes: int


@dataclass(frozen=True)
class Level:
    """What is asked at the minimum, or recommended. None and False mean that it is not asked."""

    cpu: tuple[CpuNeed, ...] = ()  # one of these (HW-CPU)
    memory_bytes: int | None = None  # HW-RAM
    ecc: bool = False  # HW-RAM
    memory_slots: int | None = None  # HW-RAM
    gpu: GpuNeed | None = None  # HW-GPU
    os_drive_bytes: int | None = None  # ST-OS
    data_factor: int | None = None  # ST-DATA: raw bytes, in sizes of the data set
    raid: bool = False  # ST-RAID: one failed drive loses nothing, as with RAID 5
    spare_factor: int | None = None  # ST-SPARE: in sizes of the data set


@dataclass(frozen=True)
class Needs:
    """What one tier of one profile asks."""

    source: str
    minimum: Level
    recommended: Level


_D511_STORAGE = "D5.11, sections 2.1 and 2.2"
_HANDBOOK = "EUCAIM handbook of June 2026, section 7.1, table"

# "More than 150" tensor cores are at least 151.
_GPU_MINIMUM = GpuNeed(151, 16 * MEMORY_GB)
_GPU_RECOMMENDED = GpuNeed(301, 24 * MEMORY_GB)

NEEDS: dict[str, dict[int, Needs]] = {
    "d5.11": {
        2: Needs(
            _D511_STORAGE,
            Level((CpuNeed(8, 16, 2500),), 32 * MEMORY_GB, True, None, None, 240 * GB, 2, True, 1),
            Level((CpuNeed(16, 32, 3000),), 64 * MEMORY_GB, True, None, None, 480 * GB, 4, True, 2),
        ),
        3: Needs(
            _D511_STORAGE,
            Level((CpuNeed(16, 32, 2500),), 64 * MEMORY_GB, True, None, _GPU_MINIMUM, 240 * GB, 2, True, 1),
            Level((CpuNeed(32, 64, 3000),), 128 * MEMORY_GB, True, None, _GPU_RECOMMENDED, 480 * GB, 4, True, 2),
        ),
    },
    "handbook": {
        2: Needs(
            f"{_HANDBOOK} 7",
            Level((CpuNeed(4, 8),), memory_bytes=32 * MEMORY_GB, os_drive_bytes=160 * GB, data_factor=1),
            Level(),
        ),
        3: Needs(
            f"{_HANDBOOK} 8",
            Level(
                (CpuNeed(16, mhz=1800), CpuNeed(12, mhz=3000)),
                memory_bytes=64 * MEMORY_GB,
                memory_slots=4,
                gpu=_GPU_MINIMUM,
                data_factor=1,
            ),
            Level((CpuNeed(32, 64, 3000),), memory_bytes=128 * MEMORY_GB, ecc=True, data_factor=2),
        ),
    },
}

PROFILES = tuple(NEEDS)
TIERS = (2, 3)
