# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to buy, as a list that a purchasing department can send to sellers.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import money
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_machine import ANY_GPU, Parts
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Offer, Request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import Solution
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size

_INTERFACES = {"sata": "SATA", "sas": "SAS", "nvme": "NVMe", "m.2": "M.2, on the board"}


@dataclass(frozen=True)
class Item:
    """One line of the list; prices are in the site's currency, None where nobody told one."""

    quantity: int
    what: str
    detail: str
    requirement: str
    price_each: float | None = None
    price: float | None = None


def shopping_list(request: Request, solution: Solution, found: Parts, slots: int) -> tuple[Item, ...]:
    """Return everything that belongs to one node, the drives first."""
    layout = solution.layout
    return (
        *_drives("Data drive", "ST-DATA", layout.members),
        *_drives("Spare drive", "ST-SPARE", layout.spares),
        *_drives("Drive for the operating system", "ST-OS", (solution.system,)),
        Item(1, "Server", f"with {slots} slots for drives that can be changed while it runs", "ST-GROW"),
        Item(found.cpu.sockets or 1, "Processor", _processor(request, found), "HW-CPU"),
        Item(len(found.memory.modules or ()), "Memory module", _memory(found), "HW-RAM"),
        *_gpus(found),
        Item(found.supplies, "Power supply", _supply(request, found), "HW-PSU"),
        Item(1, "Network port", "wired, 1 Gbit/s or faster; a second one takes over when it fails", "NET-ADDR"),
        Item(
            1,
            "Uninterruptible power supply",
            f"for {found.power.watts} W, with time enough to shut down in order; or one that the site has",
            "PH-POWER",
        ),
    )


def _drives(what: str, requirement: str, offers: tuple[Offer, ...]) -> Iterator[Item]:
    """Yield one line for each kind of drive."""
    for offer in dict.fromkeys(offers):
        count = offers.count(offer)
        kind = f"{human_size(offer.size)} {offer.medium.upper()}, {_INTERFACES[offer.interface]}"
        detail = kind if offer.name == f"{human_size(offer.size)} {offer.medium.upper()}" else f"{offer.name}: {kind}"
        each = offer.price
        yield Item(count, what, detail, requirement, money(each), None if each is None else money(count * each))


def _processor(request: Request, found: Parts) -> str:
    """Return what is settled as it is, and what is open as the least to ask for."""
    cpu, settled = found.cpu, request.hardware
    cores, threads = f"{cpu.cores} cores", f"{cpu.threads} threads"
    if settled.cpu_cores:
        wanted = f"{cores} and {threads}"
    elif settled.cpu_threads:
        wanted = f"{threads} and at least {cores}"
    else:
        wanted = f"at least {cores} and {threads}"
    if (cpu.sockets or 1) > 1:
        wanted += " together"
    if cpu.base_mhz:
        wanted += f", base clock {'' if settled.cpu_base_mhz else 'at least '}{cpu.base_mhz / 1000:g} GHz"
    return f"{cpu.model}: {wanted}" if cpu.model else wanted


def _memory(found: Parts) -> str:
    memory = found.memory
    modules = memory.modules or ()
    text = (
        f"{human_size(modules[0].bytes, binary=True)}, together {human_size(memory.installed_bytes or 0, binary=True)}"
    )
    return f"{text}, with error correction (ECC)" if memory.ecc else text


def _gpus(found: Parts) -> Iterator[Item]:
    if not found.gpus:
        return
    gpu = found.gpus[0]
    facts = []
    if gpu.tensor_cores is not None:
        facts.append(f"{gpu.tensor_cores} tensor cores")
    if gpu.vram_bytes is not None:
        facts.append(f"{human_size(gpu.vram_bytes, binary=True)} of memory")
    wanted = " and ".join(facts) or "tensor cores and memory not known"
    detail = f"at least {wanted}" if gpu.name == ANY_GPU else f"{gpu.name}: {wanted}"
    yield Item(len(found.gpus), "Graphics processor", detail, "HW-GPU")


def _supply(request: Request, found: Parts) -> str:
    text = f"{found.supply_watts} W" if request.hardware.psu_watts else f"{found.supply_watts} W or more"
    return f"{text} each, so that one is enough when the other fails" if found.supplies > 1 else text
