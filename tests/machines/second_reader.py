# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second reading of dmidecode and lscpu texts, which shares nothing with the parsers of the collection.

It was written without sight of them, to be set against them, and is to be checked by eye rather than to be fast:
regular expressions over the whole text, and one short function for each answer. None means that the text does not
tell, or that it contradicts itself. Firmware does so often, and each doubt below is one that real reports raise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DmiReading:
    """What a dmidecode report tells; cores and threads are sums over all processors."""

    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    memory_bytes: int | None = None
    ecc: bool | None = None
    virtual: bool | None = None


@dataclass(frozen=True)
class LscpuReading:
    """What an lscpu report tells: physical cores of the whole machine, and logical processors that are on line."""

    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None


MIB = 1 << 20
UNITS = {"bytes": 1, "kB": 1 << 10, "MB": MIB, "GB": 1 << 30, "TB": 1 << 40}
TRUNCATED = re.compile(r"DMI table is broken|announced, only \d+")  # as dmidecode itself says
# Matched with maker and product. The maker alone says little: hosters put their name on bare metal, and a Surface is as
# much Microsoft's as a virtual machine of Hyper-V.
HYPERVISOR = re.compile(
    r"(QEMU|Bochs|Xen|VMware|innotek|Parallels|OpenStack|oVirt|BHYVE|DigitalOcean|Tencent Cloud|Alibaba Cloud)\b.*\n"
    r"|.*\n(KVM|RHEV|Bochs|VMware|VirtualBox|HVM domU|Virtual Machine|Google Compute|vServer|Standard PC)\b"
    r"|Nutanix\nAHV|Amazon EC2\n(?!.*metal)"
)
# Brands of which no board takes two: where one is listed twice, its cores or threads were taken for processors.
ONE_SOCKET = re.compile(r"Core\(TM\)|Celeron|Atom|Pentium\(R\) [4D]|Athlon|Sempron|Phenom|Turion|AMD [ACEG]-")
# The first Core i7, and later ones with a K, cannot correct errors; their boards, made for Xeons too, say otherwise.
NO_ECC = re.compile(r"Core\(TM\) i7 CPU +(X +)?9\d\d|Core\(TM\) i[57]-[2-9]\d{3}K")
ECC_KINDS = {"Single-bit ECC", "Multi-bit ECC", "CRC"}


def structures(text: str, kind: int) -> list[str]:
    """Give every structure of this type, from its handle to its last line.

    Some firmware lists part of its table twice: the same text under the same handle is the same thing.
    """
    pattern = rf"^Handle 0x\w+, DMI type {kind}, .*\n[^\t\n].*\n(?:\t.*\n|\n(?=\t))*"
    return list(dict.fromkeys(re.findall(pattern, text, re.MULTILINE)))


def handle(structure: str) -> str:
    """Give the structure's own handle."""
    return structure.split(maxsplit=2)[1].rstrip(",")


def value(structure: str, name: str) -> str:
    """Give what follows the name, or nothing."""
    found = re.search(rf"^\t{name}:(.*)$", structure, re.MULTILINE)
    return found[1].strip() if found else ""


def number(structure: str, name: str) -> int | None:
    """Give a plain number that is above 0."""
    found = value(structure, name)
    return int(found) if re.fullmatch("[1-9][0-9]*", found) else None


def size(structure: str, name: str) -> int | None:
    """Give a size in bytes that is above 0."""
    found = re.fullmatch(r"([1-9][0-9]*) (bytes|kB|MB|GB|TB)", value(structure, name))
    return int(found[1]) * UNITS[found[2]] if found else None


def total(figures: Sequence[int | None]) -> int | None:
    """Sum up, unless one is unknown or there is none at all."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known and len(known) == len(figures) else None


def read_dmi(text: str) -> DmiReading:
    """Read one dmidecode report."""
    text = text.replace("\r\n", "\n") + "\n"
    if TRUNCATED.search(text):
        return DmiReading()
    virtual = is_virtual(text)
    processors = populated_processors(text, virtual)
    counted = [cores_and_threads(processor) for processor in processors]
    return DmiReading(
        sockets=len(processors) or None,
        cores=total([cores for cores, _threads in counted]),
        threads=total([threads for _cores, threads in counted]),
        memory_bytes=memory_bytes(text, virtual),
        ecc=error_correction(text) if virtual is False else None,  # whatever lies below a virtual machine
        virtual=virtual,
    )


def is_virtual(text: str) -> bool | None:
    """Whether this is a virtual machine, by maker and product; the firmware's flag alone is a doubt: tills set it."""
    if not (systems := structures(text, 1)):
        return None
    if HYPERVISOR.match(f"{value(systems[0], 'Manufacturer')}\n{value(systems[0], 'Product Name')}"):
        return True
    return None if "System is a virtual machine" in text else False


def populated_processors(text: str, virtual: bool | None) -> list[str]:
    """Give the processors that are there, or none where the list cannot be true."""
    found = []
    for processor in structures(text, 4):
        status = value(processor, "Status")
        # An empty second socket is "Populated, Disabled By User" to some firmware, but its processor has no identity;
        # VMware lists the processors that it could give in the same way.
        empty = "Disabled" in status and (virtual or not re.search("[1-9A-F]", value(processor, "ID")))
        if not status.startswith(("Populated", "Unpopulated")):
            return []
        if status.startswith("Populated") and not empty and not re.match("Math|DSP|Video", value(processor, "Type")):
            found.append(processor)
    # "CPU-A (00)" and "CPU-A (01)" are threads in one socket.
    sockets = {re.sub(r" ?\( ?\d+ ?\)$", "", value(processor, "Socket Designation")) for processor in found}
    doubtful = len(sockets) < len(found) or any(ONE_SOCKET.search(value(one, "Version")) for one in found)
    return [] if len(found) > 1 and doubtful and not virtual else found


def cores_and_threads(processor: str) -> tuple[int | None, int | None]:
    """Give cores and threads of one processor, where what is said of it can be true.

    Fewer cores enabled than counted is said of dual cores with both at work as much as of processors that do not have
    the cores counted; fewer threads than cores, or more than the cores can run, is said where either is wrong.
    """
    cores, enabled, threads = (number(processor, name) for name in ("Core Count", "Core Enabled", "Thread Count"))
    most = 4 if "Phi" in value(processor, "Version") else 2
    if cores is None or enabled not in (None, cores) or not cores <= (threads or cores) <= most * cores:
        return None, None
    return cores, threads


def system_arrays(text: str) -> list[str]:
    """Give the arrays of system memory."""
    return [array for array in structures(text, 16) if value(array, "Use") == "System Memory"]


def memory_slots(text: str) -> list[str]:
    """Give the slots of system memory, populated or not."""
    others = {handle(array) for array in structures(text, 16)} - {handle(array) for array in system_arrays(text)}
    return [slot for slot in structures(text, 17) if value(slot, "Array Handle") not in others]


def populated_modules(text: str) -> list[str]:
    """Give the modules of system memory, without the ROM that some firmware lists with them."""
    slots = [slot for slot in memory_slots(text) if value(slot, "Size") != "No Module Installed"]
    return [slot for slot in slots if value(slot, "Type") != "Flash"]


def memory_bytes(text: str, virtual: bool | None) -> int | None:
    """Sum up the modules, where each can exist and none is missing."""
    found = total([module_bytes(module, virtual) for module in populated_modules(text)])
    if len(memory_slots(text)) < sum(number(array, "Number Of Devices") or 0 for array in system_arrays(text)):
        # There are more slots than are described: only the map of addresses can confirm that nothing is in them.
        return found if found == total([size(piece, "Range Size") for piece in structures(text, 19)]) else None
    return found


def module_bytes(module: str, virtual: bool | None) -> int | None:
    """Give the size of one module, if there can be such a module."""
    if re.search("persistent|non-volatile", module, re.IGNORECASE) and "Non-Volatile Size: None" not in module:
        return None  # how much of it works as memory is a setting
    found = size(module, "Size")
    if found is None or virtual or found % (128 * MIB) == 0:
        return found
    # Modules of DDR2 and later begin at 128 MiB; what is older or of unknown kind may be any power of two.
    old = not re.match("(LP)?DDR[2-9]", value(module, "Type"))
    return found if old and found >= 8 * MIB and found & (found - 1) == 0 else None


def error_correction(text: str) -> bool | None:
    """Whether memory corrects errors: the arrays and all modules must say the same."""
    kinds = {value(array, "Error Correction Type") for array in system_arrays(text)}
    bits = {check_bits(module) for module in populated_modules(text)}
    if kinds and kinds <= ECC_KINDS and bits == {True}:
        return None if any(NO_ECC.search(value(processor, "Version")) for processor in structures(text, 4)) else True
    return False if kinds == {"None"} and bits == {False} else None


def check_bits(module: str) -> bool | None:
    """Whether a module has bits for error correction beside those of data."""
    widths = (re.fullmatch(r"([1-9]\d*) bits", value(module, name)) for name in ("Total Width", "Data Width"))
    whole, data = (int(width[1]) if width else 0 for width in widths)
    if whole == data and whole & (whole - 1) == 0:  # 72 of 72 are the bits of a module that has them
        return False if whole else None
    # One firmware calls every module that has them twice as wide: 128 of 64.
    return True if data and (whole - data) / data in (1 / 8, 1 / 4, 1) else None


# Intel models (family 6) of which some or all have cores of two kinds.
PERHAPS_HYBRID = {"138", "151", "154", "170", "172", "181", "183", "186", "189", "191", "197", "198", "204"}


def read_lscpu(text: str) -> LscpuReading:
    """Read one lscpu report."""

    def told(name: str) -> str:
        found = re.search(rf"^[ \t]*{re.escape(name)}:(.*)$", text, re.MULTILINE)
        return found[1].strip() if found else ""

    def counted(name: str) -> int:
        return int(told(name)) if told(name).isdecimal() else 0

    threads = members(told("On-line CPU(s) list"))
    absent = members(told("Off-line CPU(s) list"))
    if threads + absent != counted("CPU(s)"):
        return LscpuReading()
    sockets, per_core = counted("Socket(s)"), counted("Thread(s) per core")
    cores = sockets * counted("Core(s) per socket") or counted("Cluster(s)") * counted("Core(s) per cluster")
    arm = told("Architecture").startswith(("aarch64", "arm"))
    most = 8 if told("Architecture").startswith("ppc") else 4 if arm or "Phi" in told("Model name") else 2
    # With cores of two kinds, lscpu divided all threads by those of the first core, until (in 2.37) it came to count
    # cores, and instances of caches: then there are fewer threads than if all cores were alike.
    counts = "instance" in text
    guessed = told("Model") in PERHAPS_HYBRID and per_core > 1 and not counts
    uneven = counts and sockets == 1 and cores < threads < cores * per_core
    # What is off line is not in the topology at all, nor is that of a hypervisor which makes one core of everything.
    if absent or guessed or per_core > most or not (cores * per_core == threads or uneven):
        return LscpuReading(threads=threads or None)
    # On ARM, clusters of cores pass for sockets; real ones have memory of their own.
    clusters = arm and sockets > max(1, counted("NUMA node(s)"))
    return LscpuReading(sockets=None if clusters else sockets or None, cores=cores or None, threads=threads or None)


def members(text: str) -> int:
    """Count the members of a list such as 0-3,8; nothing where it is no such list."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        return 0
    return sum(int(last or first) - int(first) + 1 for first, last in re.findall(r"(\d+)(?:-(\d+))?", text))
