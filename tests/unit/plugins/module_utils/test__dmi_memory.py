# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and error correction by the firmware. All made up, after what real firmware does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, MemoryArray, MemoryDevice, Processor
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_memory import dmi_memory
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Memory, MemoryModule

GIB = 1 << 30
ARRAY = MemoryArray("0x10", "System Memory", "Multi-bit ECC", 1)
FLASH = MemoryArray("0x20", "Flash Memory", "None", 1)
A1 = MemoryDevice(
    handle="0x11",
    array="0x10",
    slot="A1",
    fitted=True,
    bytes=16 * GIB,
    kind="DDR4",
    technology="DRAM",
    volatile="16 GB",
    total_width=72,
    data_width=64,
    speed_mts=3200,
    manufacturer="Samsung",
    part="NO DIMM",
    serial="1A2B",
)
A2 = replace(A1, slot="A2", handle="0x12")
EMPTY = replace(A1, slot="B1", fitted=False, bytes=None, total_width=None, data_width=None)
ROM = replace(A1, slot="SYSTEM ROM", array="0x20", kind="Flash", bytes=4 << 20, total_width=8, data_width=8)
OLD_I7 = Processor("CPU", "", "Populated, Enabled", "Intel", "Intel(R) Core(TM) i7 CPU 999 @ 2.67GHz", "", *[None] * 5)


def table(*devices: MemoryDevice, arrays: tuple[MemoryArray, ...] = (ARRAY,), legacy: int = 0, cut: str = "") -> Dmi:
    """Return a report with this memory."""
    return Dmi(arrays=arrays, devices=devices, legacy_modules=legacy, cut=cut)


def memory_of(dmi: Dmi, virtualisation: str | None = "") -> tuple[Memory, dict[str, str]]:
    """Return what becomes of the memory of a real machine."""
    return dmi_memory(dmi, virtualisation)


def test_modules_are_summed_and_listed() -> None:
    memory, unknown = memory_of(table(A1, replace(A2, bytes=8 * GIB), EMPTY))
    assert (memory.installed_bytes, memory.slots, unknown) == (24 * GIB, 3, {})
    assert memory.source == "the memory modules that the firmware lists"
    assert memory.modules is not None
    assert memory.modules[0] == MemoryModule("A1", 16 * GIB, "DDR4", 3200, 72, 64, "Samsung", None, "1A2B")
    assert [module.slot for module in memory.modules] == ["A1", "A2"]


@pytest.mark.parametrize(
    "other",
    [
        ROM,
        replace(ROM, array="0x10"),
        replace(A2, kind="Logical non-volatile device", volatile="None"),
        replace(A2, technology="Intel Optane DC persistent memory", volatile="None"),
        replace(A2, array="0x20", kind="SRAM"),
    ],
    ids=["flash", "flash among the memory", "logical", "persistent", "an array of something else"],
)
def test_storage_is_no_memory(other: MemoryDevice) -> None:
    memory, unknown = memory_of(table(A1, other, arrays=(ARRAY, FLASH)))
    assert (memory.installed_bytes, memory.slots, memory.ecc, unknown) == (16 * GIB, 1, True, {})


def test_modules_of_no_array_count_if_all_are() -> None:
    dmi = table(replace(A1, array="0x00"), replace(A2, array="0x00"), arrays=(replace(ARRAY, slots=2),))
    assert memory_of(dmi)[0].installed_bytes == 32 * GIB
    memory, unknown = memory_of(table(replace(A1, array=""), arrays=()))
    assert memory.installed_bytes == 16 * GIB
    assert unknown == {"memory.ecc": "dmidecode lists no memory array"}


@pytest.mark.parametrize(
    ("dmi", "reason"),
    [
        (table(A1, cut="the report has no end"), "the report has no end"),
        (table(), "dmidecode lists no memory module"),
        (table(legacy=2), "dmidecode lists no memory module but in the obsolete type 6"),
        (table(EMPTY), "the firmware calls every memory slot empty, which cannot be"),
        (
            table(A1, replace(A2, array="0x99")),
            "the firmware lists a module in no array, which may be one that it lists twice (A2)",
        ),
        (
            table(A1, replace(A2, technology="Intel persistent memory", volatile="64 GB")),
            "part of a persistent module may work as memory (A2)",
        ),
        (
            table(A1, replace(A2, kind="Logical non-volatile device", volatile="")),
            "part of a persistent module may work as memory (A2)",
        ),
        (table(A1, replace(A2, bytes=None)), "the firmware does not know the size of a module (A2)"),
        (table(A1, replace(A2, bytes=0x7FFF << 20)), "a module is larger than the firmware can tell (A2)"),
        (table(replace(A1, bytes=0)), "the firmware tells a size that no module has (A1: 0 MiB of DDR4)"),
        (table(replace(A1, bytes=64 << 20)), "the firmware tells a size that no module has (A1: 64 MiB of DDR4)"),
        (
            table(replace(A1, bytes=16 << 20, kind="Unknown")),
            "the firmware tells a size that no module has (A1: 16 MiB of memory)",
        ),
        (
            table(replace(A1, bytes=64 << 20, kind="DDR2")),
            "the firmware tells a size that no module has (A1: 64 MiB of DDR2)",
        ),
        (table(replace(A1, bytes=5 * GIB)), "the firmware tells a size that no module has (A1: 5120 MiB of DDR4)"),
    ],
)
def test_memory_that_cannot_be_right_is_unknown(dmi: Dmi, reason: str) -> None:
    memory, unknown = memory_of(dmi)
    assert (memory.installed_bytes, memory.source, memory.slots, memory.modules) == (None,) * 4
    assert {unknown[f"memory.{name}"] for name in ("installed_bytes", "slots", "modules")} == {reason}


@pytest.mark.parametrize("size", [32 << 20, 256 << 20, 1536 << 20, 3 * GIB, 24 * GIB, 96 * GIB, 256 * GIB])
def test_sizes_of_modules_that_are_sold(size: int) -> None:
    kind = "SDRAM" if size < 256 << 20 else "DDR5"
    assert memory_of(table(replace(A1, bytes=size, kind=kind)))[0].installed_bytes == size


@pytest.mark.parametrize(
    ("mapped", "size"),
    [((16 * GIB,), 16 * GIB), ((2 * GIB, None, 14 * GIB), 16 * GIB), ((32 * GIB,), None), ((), None)],
)
def test_slots_that_are_not_listed_may_hold_modules(mapped: tuple[int | None, ...], size: int | None) -> None:
    dmi = replace(table(A1, arrays=(replace(ARRAY, slots=4),)), mapped=mapped)
    memory, unknown = memory_of(dmi)
    assert memory.installed_bytes == size
    assert unknown.get("memory.installed_bytes") == (
        None if size else "the firmware lists fewer slots than there are (3 missing)"
    )


def test_a_virtual_machine_has_any_size() -> None:
    memory, _unknown = memory_of(table(replace(A1, bytes=12333 << 20)), "kvm")
    assert memory.installed_bytes == 12333 << 20


@pytest.mark.parametrize(("total", "data"), [(72, 64), (80, 64), (40, 32), (144, 128), (128, 64)], ids=str)
@pytest.mark.parametrize("correction", ["Single-bit ECC", "Multi-bit ECC"])
def test_errors_are_corrected_if_array_and_modules_say_so(total: int, data: int, correction: str) -> None:
    module = replace(A1, total_width=total, data_width=data)
    memory, unknown = memory_of(table(module, EMPTY, arrays=(replace(ARRAY, correction=correction),)))
    assert (memory.ecc, unknown) == (True, {})
    assert memory.ecc_reason == (
        f"the firmware says {correction}, and each module has bits for it (A1: {total} bits, {data} of data)"
    )


@pytest.mark.parametrize(
    ("total", "data"), [(64, 64), (None, None), (32, 32), (64, 72), (2304, 2244), (256, 196), (None, 64), (8, 64)]
)
def test_errors_are_not_corrected_if_the_array_says_so_and_no_module_has_the_bits(
    total: int | None, data: int | None
) -> None:
    plain = replace(A1, total_width=total, data_width=data)
    memory, unknown = memory_of(table(plain, arrays=(replace(ARRAY, correction="None"),)))
    assert (memory.ecc, unknown) == (False, {})
    assert memory.ecc_reason == "the firmware says that the memory has no error correction"


@pytest.mark.parametrize(
    ("correction", "modules", "reason"),
    [
        ("Multi-bit ECC", [(64, 64)], "says Multi-bit ECC, yet a module has no bits for it (A1: 64 bits, 64 of data)"),
        ("Multi-bit ECC", [(72, 72)], "says Multi-bit ECC, yet a module has no bits for it (A1: 72 bits, 72 of data)"),
        (
            "Multi-bit ECC",
            [(None, 64)],
            "says Multi-bit ECC, yet a module has no bits for it (A1: unknown bits, 64 of data)",
        ),
        (
            "Multi-bit ECC",
            [(72, 0)],
            "says Multi-bit ECC, yet a module has no bits for it (A1: 72 bits, unknown of data)",
        ),
        (
            "Single-bit ECC",
            [(72, 64), (64, 64)],
            "says Single-bit ECC, yet a module has no bits for it (A2: 64 bits, 64 of data)",
        ),
        ("None", [(72, 64)], "says no error correction, yet a module has bits for it (A1: 72 bits, 64 of data)"),
        (
            "None",
            [(64, 64), (72, 64)],
            "says no error correction, yet a module has bits for it (A2: 72 bits, 64 of data)",
        ),
        ("None", [(72, 72)], "says no error correction, yet a module has bits for it (A1: 72 bits, 72 of data)"),
        ("Parity", [(72, 64)], "does not say whether errors are corrected (Parity)"),
        ("CRC", [(72, 64)], "does not say whether errors are corrected (CRC)"),
        ("Unknown", [(72, 64)], "does not say whether errors are corrected (Unknown)"),
        ("<OUT OF SPEC>", [(64, 64)], "does not say whether errors are corrected (<OUT OF SPEC>)"),
        ("", [(72, 64)], "does not say whether errors are corrected (nothing)"),
    ],
)
def test_contradictions_leave_it_unknown(
    correction: str, modules: list[tuple[int | None, int | None]], reason: str
) -> None:
    devices = [
        replace(slot, total_width=total, data_width=data)
        for slot, (total, data) in zip((A1, A2), modules, strict=False)
    ]
    memory, unknown = memory_of(table(*devices, arrays=(replace(ARRAY, correction=correction),)))
    assert (memory.ecc, memory.ecc_reason) == (None, f"the firmware {reason}")
    assert unknown == {"memory.ecc": f"the firmware {reason}"}
    assert memory.installed_bytes == len(devices) * 16 * GIB


@pytest.mark.parametrize(
    ("dmi", "virtualisation", "reason"),
    [
        (table(A1), "kvm", "a virtual machine claims what it likes; its host knows (kvm)"),
        (table(A1), None, "it is not known whether this is a virtual machine, which claims what it likes"),
        (table(A1, cut="the report has no end"), "", "the report has no end"),
        (
            replace(table(A1), processors=(OLD_I7,)),
            "",
            "the firmware says Multi-bit ECC, which the processor cannot do (Intel(R) Core(TM) i7 CPU 999 @ 2.67GHz)",
        ),
        (table(EMPTY), "", "dmidecode lists no fitted memory module"),
        (
            table(A1, arrays=(ARRAY, replace(ARRAY, handle="0x30", correction="None"))),
            "",
            "the firmware says different things of its memory arrays (Multi-bit ECC, None)",
        ),
    ],
)
def test_what_else_leaves_it_unknown(dmi: Dmi, virtualisation: str | None, reason: str) -> None:
    memory, unknown = memory_of(dmi, virtualisation)
    assert (memory.ecc, memory.ecc_reason, unknown["memory.ecc"]) == (None, reason, reason)
