# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether processor, memory, graphics processors and power supply are enough (D5.11, section 2.1).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import STATUSES, worst
from ansible_collections.eucaim.local_node.plugins.module_utils._gpu_table import shown_at_least, tensor_cores
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Cpu, Gpu, Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._power import (
    Consumers,
    PowerEstimate,
    estimate,
    remaining_watts,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    MET,
    NOT_APPLICABLE,
    UNANSWERED,
    UNKNOWN,
    UNMET,
    Finding,
    Wanted,
    asked,
    binary,
    grade,
    grade_exact,
    hidden_below,
    number,
    physical_drives,
    why,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import NEEDS, CpuNeed, GpuNeed, Needs

# A bus clock with spread spectrum runs up to half a per cent slow, and firmware reports what it measures: 2494 MHz.
CLOCK_TOLERANCE_PER_MILLE = 5
# A kernel may have half of what is installed (mirrored memory), but not less.
MIRRORED = 2


def judge_compute(machine: Machine, wanted: Wanted) -> list[Finding]:
    """Return the findings of HW-CPU, HW-RAM, HW-GPU and HW-PSU."""
    needs = NEEDS[wanted.profile][wanted.tier]
    return [*_cpu(machine, needs), *_memory(machine, needs), *_gpus(machine, needs), _power(machine, wanted)]


# ---------------------------------------------------------------------- HW-CPU


def _cpu(machine: Machine, needs: Needs) -> list[Finding]:
    """Return the findings against the alternative that the processors come closest to."""
    recommended = needs.recommended.cpu[0] if needs.recommended.cpu else None
    choices = [_cpu_against(machine, need, recommended) for need in needs.minimum.cpu]
    return max(choices, key=lambda found: STATUSES.index(worst(finding.verdict for finding in found)))


def _cpu_against(machine: Machine, need: CpuNeed, more: CpuNeed | None) -> list[Finding]:
    found = [
        _cpu_count(machine, "cores", machine.cpu.cores, need.cores, more.cores if more else None),
        _cpu_count(machine, "threads", machine.cpu.threads, need.threads, more.threads if more else None),
    ]
    clocks = need.mhz, more.mhz if more else None
    return found if clocks == (None, None) else [*found, _clock(machine, *clocks)]


def _cpu_count(machine: Machine, item: str, found: int | None, minimum: int | None, more: int | None) -> Finding:
    reason = why(machine, f"cpu.{item}") if found is None else _cpu_remark(machine.cpu, item)
    verdict = grade_exact(found, minimum, more)
    return Finding("HW-CPU", item, number(found), asked(minimum, str(minimum)), asked(more, str(more)), verdict, reason)


def _cpu_remark(cpu: Cpu, item: str) -> str:
    if item == "threads" and cpu.cores is not None and cpu.threads == cpu.cores:
        return "one thread a core: two are not there, or switched off in the firmware"
    return "cores of unequal kinds, all counted" if item == "cores" and cpu.hybrid else ""


def _clock(machine: Machine, minimum: int | None, more: int | None) -> Finding:
    found = machine.cpu.base_mhz
    verdict = grade_exact(found, _slowest(minimum), _slowest(more))
    reason = why(machine, "cpu.base_mhz") if found is None else (machine.cpu.base_source or "")
    texts = asked(minimum, _gigahertz(minimum)), asked(more, _gigahertz(more))
    return Finding("HW-CPU", "base clock", _gigahertz(found), *texts, verdict, reason)


def _slowest(mhz: int | None) -> int | None:
    """Return the lowest whole MHz that still is this clock."""
    return None if mhz is None else -(-mhz * (1000 - CLOCK_TOLERANCE_PER_MILLE) // 1000)


def _gigahertz(mhz: int | None) -> str:
    return UNKNOWN if mhz is None else f"{mhz / 1000:g} GHz"


# ---------------------------------------------------------------------- HW-RAM


def _memory(machine: Machine, needs: Needs) -> list[Finding]:
    found = [_installed(machine, needs)]
    if needs.minimum.ecc or needs.recommended.ecc:
        found.append(_ecc(machine, needs))
    slots = needs.minimum.memory_slots
    if slots is not None:
        have = machine.memory.slots
        reason = why(machine, "memory.slots") if have is None else ""
        found.append(Finding("HW-RAM", "slots", number(have), str(slots), "", grade_exact(have, slots, None), reason))
    return found


def _installed(machine: Machine, needs: Needs) -> Finding:
    minimum, more = needs.minimum.memory_bytes, needs.recommended.memory_bytes
    texts = asked(minimum, binary(minimum)), asked(more, binary(more))
    memory = machine.memory
    if memory.installed_bytes is not None:
        verdict = grade_exact(memory.installed_bytes, minimum, more)
        return Finding("HW-RAM", "memory", binary(memory.installed_bytes), *texts, verdict, memory.source or "")
    reason = why(machine, "memory.installed_bytes")
    if memory.usable_bytes is None:
        return Finding("HW-RAM", "memory", UNKNOWN, *texts, grade_exact(None, minimum, more), reason)
    # What the kernel has is a part of what is installed.
    verdict = grade(memory.usable_bytes, memory.usable_bytes * MIRRORED, minimum, more)
    found = f"{binary(memory.usable_bytes)} left by the kernel"
    return Finding("HW-RAM", "memory", found, *texts, verdict, f"what is installed is not known: {reason}")


def _ecc(machine: Machine, needs: Needs) -> Finding:
    minimum, more = (1 if level.ecc else None for level in (needs.minimum, needs.recommended))
    texts = asked(minimum, "ECC"), asked(more, "ECC")
    memory = machine.memory
    # A virtual machine claims error correction that it does not have.
    hidden = hidden_below(machine, "the error correction")
    known = None if hidden else memory.ecc
    reason = hidden or memory.ecc_reason or (why(machine, "memory.ecc") if known is None else "")
    found = UNKNOWN if known is None else "ECC" if known else "no ECC"
    verdict = grade_exact(None if known is None else int(known), minimum, more)
    return Finding("HW-RAM", "error correction", found, *texts, verdict, reason)


# ---------------------------------------------------------------------- HW-GPU


def _gpus(machine: Machine, needs: Needs) -> list[Finding]:
    """Return one finding for each graphics processor: the tier asks for one that is enough, others may be beside it."""
    need, more = needs.minimum.gpu, needs.recommended.gpu
    if need is None:
        return [Finding("HW-GPU", "graphics processor", "not judged", "", "", NOT_APPLICABLE, "asked of Tier 3 only")]
    texts = (_gpu_text(need), _gpu_text(more) if more else "")
    if machine.gpus is None:
        return [Finding("HW-GPU", "graphics processor", UNKNOWN, *texts, UNANSWERED, why(machine, "gpus"))]
    if not machine.gpus:
        return [Finding("HW-GPU", "graphics processor", "none", *texts, UNMET)]
    names = [gpu.name for gpu in machine.gpus]
    unequal = f"unequal cards in one node ({', '.join(names)}); equal ones are suggested" if len(set(names)) > 1 else ""
    return [
        Finding(
            "HW-GPU", f"card {place}, {gpu.name}", _gpu_found(gpu), *texts, *_gpu_verdict(machine, gpu, unequal, needs)
        )
        for place, gpu in enumerate(machine.gpus, start=1)
    ]


def _gpu_text(need: GpuNeed) -> str:
    return f"more than {need.tensor_cores - 1} tensor cores and {binary(need.vram_bytes)}"


def _gpu_found(gpu: Gpu) -> str:
    source = f" ({gpu.tensor_source})" if gpu.tensor_source else ""
    return f"{number(gpu.tensor_cores)} tensor cores{source}, {binary(gpu.vram_bytes)}"


def _gpu_verdict(machine: Machine, gpu: Gpu, unequal: str, needs: Needs) -> tuple[str, str]:
    levels = needs.minimum.gpu, needs.recommended.gpu
    cores = [level.tensor_cores if level else None for level in levels]
    sizes = [shown_at_least(level.vram_bytes) if level else None for level in levels]
    reasons = [unequal] if unequal else []
    if gpu.tensor_cores is None:
        by_name = tensor_cores(gpu.name, gpu.compute_capability, None, gpu.vram_bytes)[1]
        reasons.append(f"tensor cores: {machine.why(f'gpus.{gpu.pci}.tensor_cores') or by_name}")
    if gpu.vram_bytes is None:
        reasons.append(f"memory: {why(machine, f'gpus.{gpu.pci}.vram_bytes')}")
    verdict = worst([grade_exact(gpu.tensor_cores, *cores), grade_exact(gpu.vram_bytes, *sizes)])
    return verdict, "; ".join(reasons)


# ---------------------------------------------------------------------- HW-PSU


def _power(machine: Machine, wanted: Wanted) -> Finding:
    rating, supplies, missing = _rating(machine, wanted)
    consumers, gaps = _consumers(machine, wanted)
    if consumers is None:
        return Finding("HW-PSU", "power", supplies, "what the parts draw", "", UNANSWERED, "; ".join([*missing, *gaps]))
    drawn = estimate(consumers)
    verdict, reasons = _power_verdict(rating, drawn, [*missing, *gaps])
    shown = f"the parts may draw {drawn.text()}"
    return Finding("HW-PSU", "power", supplies, f"{drawn.watts} W", "", verdict, "; ".join([*reasons, shown]))


def _power_verdict(rating: int | None, drawn: PowerEstimate, gaps: list[str]) -> tuple[str, list[str]]:
    if rating is not None and rating < drawn.least_watts:
        return UNMET, [f"less than the {drawn.least_watts} W that they draw at the least"]
    if rating is None or gaps:
        return UNANSWERED, gaps
    if rating >= drawn.watts:
        return MET, []
    return UNANSWERED, [f"too little for the highest estimate; to settle it, state: {'; '.join(drawn.assumptions)}"]


def _rating(machine: Machine, wanted: Wanted) -> tuple[int | None, str, list[str]]:
    """Return the watts to count on, what they come from, and what is missing to know them."""
    hidden = hidden_below(machine, "the power supply")
    if hidden:
        return None, UNKNOWN, [hidden]
    units = [unit for unit in machine.power_supplies or () if unit.present is not False]
    ratings = [unit.max_watts for unit in units if unit.max_watts is not None and unit.present]
    source = "measured"
    if not ratings and wanted.fitted.power_supply_watts is not None:
        ratings = [wanted.fitted.power_supply_watts] * (wanted.fitted.power_supplies or 1)
        source = "by the order"
    elif not units:
        listed = "the firmware lists none" if machine.power_supplies is not None else why(machine, "power_supplies")
        return None, UNKNOWN, [f"the power supply is not known: {listed}"]
    elif len(ratings) < len(units):
        return None, UNKNOWN, ["not every power supply tells its watts and that it is there"]
    left = remaining_watts(ratings)
    text = " + ".join(f"{watts} W" for watts in ratings)
    return left, f"{text} ({source})" + (f", {left} W when one has failed" if len(ratings) > 1 else ""), []


def _consumers(machine: Machine, wanted: Wanted) -> tuple[Consumers | None, list[str]]:
    """Return what draws power, and what is not known of it; None if not even the processors are."""
    gaps = []
    if machine.cpu.sockets is None:
        return None, [f"the number of processors is not known: {why(machine, 'cpu.sockets')}"]
    if machine.gpus is None:
        gaps.append(f"the graphics processors are not known: {why(machine, 'gpus')}")
    modules = machine.memory.modules
    if modules is None:
        gaps.append(f"the memory modules are not known: {why(machine, 'memory.modules')}")
    physical, hidden = physical_drives(machine)
    drives = [drive for drive in physical if drive.transport != "usb"]
    if hidden:
        gaps.append(f"not every drive is known: {hidden}")
    if any(drive.medium is None or drive.transport is None for drive in drives):
        gaps.append("not every drive tells what it is")
    hard = sum(1 for drive in drives if drive.medium == "hdd")
    solid = len(drives) - hard
    return (
        Consumers(
            processors=machine.cpu.sockets,
            processor_model=machine.cpu.model,
            processor_watts=wanted.stated.processor_watts,
            gpus=tuple((gpu.name, gpu.power_limit_watts) for gpu in machine.gpus or ()),
            hard_drives=hard,
            staggered=wanted.stated.staggered_spin_up,
            solid_state_drives=solid,
            memory_modules=len(modules or ()),
        ),
        gaps,
    )
