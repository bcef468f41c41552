# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine around the data drives: processor, memory, graphics processor, drive of the system, power supply, slots.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. What a site has not chosen is left
to the seller, who gets what the tier asks; then the machine has just that.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._gpu_table import card
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Cpu, Gpu, Memory, MemoryModule
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import Layout
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import GB, Hardware, Offer, Request
from ansible_collections.eucaim.local_node.plugins.module_utils._power import Consumers, PowerEstimate, estimate
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import NEEDS, Level, Needs

# In slots for drives: a case with two to spare can take an array's next drives. And in watts.
USUAL_CASES = (4, 8, 12, 16, 24, 36, 60)
SLOTS_TO_SPARE = 2
USUAL_SUPPLIES = (300, 400, 500, 650, 750, 850, 1000, 1200, 1400, 1600, 2000, 2400, 2700, 3200)

# Where a profile asks nothing of the system's drive, room for the partitions.
SMALLEST_SYSTEM_DRIVE = 100 * GB
_USUAL_MODULE_BYTES = 16 * 2**30
ARRAY_NAME = "eucaim"
ANY_GPU = "graphics processor"  # where the site leaves the card to the seller


def needs_of(request: Request) -> Needs:
    """Return what the profile asks of the tier."""
    return NEEDS[request.profile][request.tier]


def aim_of(request: Request) -> Level:
    """Return the level that the site aims at; what is not recommended anew stays as at the minimum."""
    least, most = needs_of(request).minimum, needs_of(request).recommended
    if request.aim == "minimum":
        return least
    return Level(
        cpu=most.cpu or least.cpu,
        memory_bytes=most.memory_bytes or least.memory_bytes,
        ecc=most.ecc or least.ecc,
        memory_slots=most.memory_slots or least.memory_slots,
        gpu=most.gpu or least.gpu,
        os_drive_bytes=most.os_drive_bytes or least.os_drive_bytes,
        data_factor=most.data_factor or least.data_factor,
        raid=most.raid or least.raid,
        spare_factor=most.spare_factor or least.spare_factor,
    )


@dataclass(frozen=True)
class Parts:
    """Everything of one node but the data drives, and what the power supply is to be rated for."""

    cpu: Cpu
    memory: Memory
    gpus: tuple[Gpu, ...]
    system: Offer
    supplies: int
    supply_watts: int  # of one
    power: PowerEstimate


def parts(request: Request, layout: Layout, system: Offer) -> Parts:
    """Return the parts: the chosen ones, and for what is open just what is aimed at."""
    hardware, aim = request.hardware, aim_of(request)
    cpu, memory, gpus = _cpu(hardware, aim), _memory(hardware, aim), _gpus(request, aim)
    data = layout.drives
    hard = sum(offer.medium == "hdd" for offer in data)
    power = estimate(
        Consumers(
            processors=cpu.sockets or 1,
            processor_model=cpu.model,
            processor_watts=hardware.cpu_watts,
            gpus=tuple((gpu.name, gpu.power_limit_watts) for gpu in gpus),
            hard_drives=hard,
            staggered=hardware.staggered_start,
            solid_state_drives=len(data) - hard + 1,
            memory_modules=len(memory.modules or ()),
        )
    )
    rating = hardware.psu_watts or next((watts for watts in USUAL_SUPPLIES if watts >= power.watts), power.watts)
    return Parts(cpu, memory, gpus, system, 2 if hardware.psu_redundant else 1, rating, power)


def _cpu(hardware: Hardware, aim: Level) -> Cpu:
    """Return the processors; of cores and threads, what is open goes with what is settled."""
    need = aim.cpu[0]
    cores, threads = hardware.cpu_cores, hardware.cpu_threads
    if cores is None:
        cores = min(need.cores, threads or need.cores)
        threads = threads or need.threads
    return Cpu(
        model=hardware.cpu_name,
        sockets=hardware.cpu_sockets or 1,
        cores=cores,
        threads=threads or 2 * cores,
        base_mhz=hardware.cpu_base_mhz or need.mhz,
        base_source="as planned",
    )


def _memory(hardware: Hardware, aim: Level) -> Memory:
    size = hardware.memory_bytes or aim.memory_bytes or 0
    count = hardware.memory_modules or ceil_div(size, _USUAL_MODULE_BYTES)
    return Memory(
        installed_bytes=size,
        source="as planned",
        ecc=aim.ecc if hardware.memory_ecc is None else hardware.memory_ecc,
        slots=max(count, aim.memory_slots or 0),
        modules=tuple(MemoryModule(str(number), size // count) for number in range(1, count + 1)),
    )


def _gpus(request: Request, aim: Level) -> tuple[Gpu, ...]:
    hardware = request.hardware
    need = aim.gpu if request.tier == 3 else None
    count = hardware.gpu_count
    if count is None:
        count = 1 if need or hardware.gpu_name else 0
    known = card(hardware.gpu_name, hardware.gpu_vram_bytes) if hardware.gpu_name else None
    cores, vram = hardware.gpu_tensor_cores, hardware.gpu_vram_bytes
    if known:
        cores, vram = known.tensor_cores if cores is None else cores, vram or known.vram_bytes
    elif need and not hardware.gpu_name:
        cores, vram = need.tensor_cores if cores is None else cores, vram or need.vram_bytes
    gpu = Gpu(
        name=hardware.gpu_name or ANY_GPU,
        vram_bytes=vram,
        tensor_cores=cores,
        power_limit_watts=hardware.gpu_watts,
    )
    return (gpu,) * count


def case_of(request: Request, used: int) -> int:
    """Return the slots of the case: the given ones, or those of the smallest usual case with some to spare."""
    if request.bays is not None:
        return request.bays
    return next((slots for slots in USUAL_CASES if slots >= used + SLOTS_TO_SPARE), USUAL_CASES[-1])
