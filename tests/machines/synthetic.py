# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of machines that do not exist: made from a known machine, in the form that dmidecode and lscpu print.

Around what counts stands what must not: caches with error correction of their own, the flash of the firmware, empty
slots, an OEM's strings that read like fields, structures in any order, and a table that the firmware lists twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.machines.second_reader import DmiReading

GIB = 1 << 30


@dataclass(frozen=True)
class Processor:
    """One processor."""

    cores: int = 4
    threads: int = 8
    version: str = "Intel(R) Xeon(R) Example 4000"
    socket: str = ""  # CPU1, CPU2, ... if none is given
    status: str = "Populated, Enabled"
    enabled: int | None = None  # all, if not given
    id: str = "54 06 05 00 FF FB EB BF"


@dataclass(frozen=True)
class Module:
    """One memory module."""

    size: str = "16 GB"
    total: str = "72 bits"
    data: str = "64 bits"
    kind: str = "DDR4"
    extra: str = ""  # more lines


@dataclass(frozen=True)
class Machine:
    """A machine and the habits of its firmware."""

    processors: tuple[Processor, ...] = (Processor(),)
    modules: tuple[Module, ...] = (Module(),)
    correction: str = "Multi-bit ECC"
    maker: str = "Example Ltd."
    product: str = "Server 1"
    empty_slots: int = 0
    empty_sockets: int = 0
    arrays: int = 1
    slots: int | None = None  # that the arrays have together, if not as many as are listed
    flag: bool = False  # that says "virtual machine"
    noise: bool = False
    twice: bool = False
    order: int = 0  # where the table begins
    mapped: str = ""  # size of the address map


def dmidecode(machine: Machine) -> str:
    """Print the machine as dmidecode does."""
    structures = [*system(machine), *processors(machine), *memory(machine), *(noise() if machine.noise else [])]
    structures = structures[machine.order % len(structures) :] + structures[: machine.order % len(structures)]
    if machine.twice:
        structures += structures[len(structures) // 2 :]
    structures.append("Handle 0xFEFF, DMI type 127, 4 bytes\nEnd Of Table\n")
    count = f"{len(structures)} structures occupying 4096 bytes."
    head = f"# dmidecode 3.3\nGetting SMBIOS data from sysfs.\nSMBIOS 3.2.0 present.\n{count}\nTable at 0x000E0000.\n\n"
    return head + "\n".join(structures) + "\n"


def structure(handle: int, kind: int, title: str, **values: object) -> str:
    """Print one structure; a list is a block of lines further in."""
    lines = [f"Handle 0x{handle:04X}, DMI type {kind}, 40 bytes", title]
    for name, given in values.items():
        label = name.replace("_", " ")
        if isinstance(given, list):
            lines += [f"\t{label}:", *(f"\t\t{line}" for line in given)]
        else:
            lines.append(f"\t{label}: {given}")
    return "\n".join(lines) + "\n"


def system(machine: Machine) -> list[str]:
    """Print firmware, system and chassis."""
    characteristics = ["PCI is supported", "UEFI is supported", *(["System is a virtual machine"] * machine.flag)]
    return [
        structure(0x0000, 0, "BIOS Information", Vendor="Example Firmware", Characteristics=characteristics),
        structure(0x0001, 1, "System Information", Manufacturer=machine.maker, Product_Name=machine.product),
        structure(0x0003, 3, "Chassis Information", Manufacturer=machine.maker, Type="Rack Mount Chassis"),
    ]


def processors(machine: Machine) -> Iterable[str]:
    """Print the sockets, those that are empty last."""
    for index, one in enumerate(machine.processors):
        enabled = one.cores if one.enabled is None else one.enabled
        counts = {"Core Count": one.cores, "Core Enabled": enabled, "Thread Count": one.threads}
        yield structure(
            0x0400 + index,
            4,
            "Processor Information",
            Socket_Designation=one.socket or f"CPU{index + 1}",
            Type="Central Processor",
            Family="Xeon",
            ID=one.id,
            Flags=["FPU (Floating-point unit on-chip)", "HTT (Multi-threading)"],
            Version=one.version,
            Current_Speed="2400 MHz",
            Status=one.status,
            **{name: count for name, count in counts.items() if count},  # dmidecode leaves out what is 0
        )
    for index in range(machine.empty_sockets):
        values = {"Socket Designation": f"SOCKET {index}", "Type": "Central Processor", "Status": "Unpopulated"}
        yield structure(0x0480 + index, 4, "Processor Information", **values)


def memory(machine: Machine) -> Iterable[str]:
    """Print arrays, modules and empty slots, and the map where it has a size."""
    slots = [*machine.modules, *[Module("No Module Installed", "Unknown", "Unknown", "Unknown")] * machine.empty_slots]
    for index in range(machine.arrays):
        listed = len(slots[index :: machine.arrays])
        yield structure(
            0x1000 + index,
            16,
            "Physical Memory Array",
            Location="System Board Or Motherboard",
            Use="System Memory",
            Error_Correction_Type=machine.correction,
            Maximum_Capacity="3 TB",
            Number_Of_Devices=listed if machine.slots is None else machine.slots,
        )
    for index, slot in enumerate(slots):
        text = structure(
            0x1100 + index,
            17,
            "Memory Device",
            Array_Handle=f"0x{0x1000 + index % machine.arrays:04X}",
            Total_Width=slot.total,
            Data_Width=slot.data,
            Size=slot.size,
            Form_Factor="DIMM",
            Locator=f"DIMM_{index}",
            Type=slot.kind,
        )
        yield text + slot.extra
    if machine.mapped:
        yield structure(0x1300, 19, "Memory Array Mapped Address", Range_Size=machine.mapped)


def noise() -> Iterable[str]:
    """Print what must not be taken for something else."""
    flash = {"Use": "Flash Memory", "Error Correction Type": "None", "Number Of Devices": 1}
    chip = {"Array Handle": "0x2000", "Total Width": "8 bits", "Data Width": "8 bits", "Size": "16 MB", "Type": "Flash"}
    yield structure(0x0700, 7, "Cache Information", Installed_Size="32 MB", Error_Correction_Type="Single-bit ECC")
    yield structure(0x2000, 16, "Physical Memory Array", **flash)
    yield structure(0x2100, 17, "Memory Device", **chip)
    yield structure(0x2200, 11, "OEM Strings", **{"String 1": "Core Count: 99", "String 2": "Size: 512 GB"})
    yield structure(0x2300, 218, "OEM-specific Type", Header_and_Data=["Core Count: 99", "Status: Populated, Enabled"])
    yield "Handle 0x2400, DMI type 126, 4 bytes\nInactive\n"


def lscpu(
    sockets: int = 1,
    cores: int = 4,
    per_core: int = 2,
    changes: Mapping[str, str | None] | None = None,
    single: int = 0,
    off: int = 0,
) -> str:
    """Print a machine as lscpu does, with some lines changed, or left out where they are None.

    Cores are those of one socket, of which the last `single` have one thread. The last `off` logical processors are off
    line.
    """
    logical = sockets * (cores * per_core - single * (per_core - 1))
    values: dict[str, str | None] = {
        "Architecture": "x86_64",
        "CPU(s)": str(logical),
        "On-line CPU(s) list": spans(range(logical - off)),
        "Off-line CPU(s) list": spans(range(logical - off, logical)) or None,
        "Vendor ID": "GenuineIntel",
        "Model name": "Intel(R) Xeon(R) Example 4000",
        "Model": "85",
        "Thread(s) per core": str(per_core),
        "Core(s) per socket": str(cores),
        "Socket(s)": str(sockets),
        "NUMA node(s)": str(sockets),
        "NUMA node0 CPU(s)": spans(range(logical)),
    }
    values |= changes or {}
    return "".join(f"{name + ':':<24}{given}\n" for name, given in values.items() if given is not None)


def spans(numbers: Sequence[int]) -> str:
    """Write numbers that follow each other as lscpu does."""
    return f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 2 else ",".join(map(str, numbers))


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Draw a machine whose report tells everything."""
    cores = draw(st.integers(1, 128))
    threads = cores * draw(st.sampled_from([1, 2]))
    correction, widths = draw(
        st.sampled_from([("None", ("64", "64")), ("Single-bit ECC", ("72", "64")), ("Multi-bit ECC", ("80", "64"))])
    )
    sizes = st.sampled_from(["1024 MB", "2 GB", "4096 MB", "8 GB", "16384 MB", "24 GB", "32 GB", "128 GB"])
    total, data = (f"{width} bits" for width in widths)
    modules = draw(st.lists(sizes.map(lambda size: Module(size, total, data)), min_size=1, max_size=24))
    return Machine(
        processors=(Processor(cores, threads),) * draw(st.integers(1, 8)),
        modules=tuple(modules),
        correction=correction,
        empty_slots=draw(st.integers(0, 8)),
        empty_sockets=draw(st.integers(0, 2)),
        arrays=draw(st.integers(1, 4)),
        noise=draw(st.booleans()),
        twice=draw(st.booleans()),
        order=draw(st.integers(0, 60)),
    )


def truth(machine: Machine) -> DmiReading:
    """Say what such a machine is; sizes are whole gigabytes or megabytes."""
    units = {"MB": 1 << 20, "GB": GIB}
    sizes = (module.size.split() for module in machine.modules)
    return DmiReading(
        sockets=len(machine.processors),
        cores=sum(processor.cores for processor in machine.processors),
        threads=sum(processor.threads for processor in machine.processors),
        memory_bytes=sum(int(figure) * units[unit] for figure, unit in sizes),
        ecc=machine.correction != "None",
        virtual=False,
    )
