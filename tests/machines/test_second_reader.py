# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second reader on machines that are known, and on every way in which real reports cannot be believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machines.second_reader import DmiReading, LscpuReading, read_dmi, read_lscpu
from tests.machines.synthetic import GIB, Machine, Module, Processor, dmidecode, lscpu, machines, truth

PLAIN = Machine()
DUAL = Machine(processors=(Processor(), Processor()))
GHOST = Processor(cores=0, threads=0, status="Populated, Disabled By User", id="00 00 00 00 00 00 00 00")
PARTED = "\tNon-Volatile Size: 126 GB\n"


@given(machines())
def test_a_machine_that_is_known_is_read_as_it_is(machine: Machine) -> None:
    """Every answer, whatever stands around what counts."""
    assert read_dmi(dmidecode(machine)) == truth(machine)


@pytest.mark.parametrize(
    ("processors", "expected"),
    [
        pytest.param((Processor(12, 24), Processor(12, 24)), (2, 24, 48), id="two"),
        pytest.param((Processor(version="Intel(R) Core(TM) i7-8700"),), (1, 4, 8), id="one of a brand for one socket"),
        pytest.param((Processor(14, 20),), (1, 14, 20), id="cores of two kinds"),
        pytest.param((Processor(68, 272, "Intel(R) Xeon Phi(TM) CPU 7250"),), (1, 68, 272), id="four threads a core"),
        pytest.param((Processor(4, 0),), (1, 4, None), id="no threads told"),
        pytest.param((Processor(0, 0),), (1, None, None), id="an old report tells no cores"),
        pytest.param((Processor(), Processor(0, 0)), (2, None, None), id="cores of one told"),
        pytest.param((Processor(status="Populated, Disabled By BIOS"),), (1, 4, 8), id="disabled, yet all there is"),
        pytest.param((Processor(id=GHOST.id),), (1, 4, 8), id="without an identity, as on ARM"),
        pytest.param((Processor(), GHOST), (1, 4, 8), id="an empty socket called disabled"),
        pytest.param((Processor(status="Unpopulated"),), (None, None, None), id="none at all"),
        pytest.param((Processor(), Processor(status="")), (None, None, None), id="one without a status"),
        pytest.param((Processor(), Processor(socket="CPU1")), (None, None, None), id="two in one socket"),
        pytest.param(
            (Processor(socket="CPU-A (00)"), Processor(socket="CPU-A (01)")),
            (None, None, None),
            id="threads as sockets",
        ),
        pytest.param(
            (Processor(version="Intel(R) Pentium(R) D"),) * 2, (None, None, None), id="a brand for one socket"
        ),
        pytest.param((Processor(2, 2, enabled=1),), (1, None, None), id="fewer enabled"),
        pytest.param((Processor(4, 1),), (1, None, None), id="fewer threads than cores"),
        pytest.param((Processor(2, 5),), (1, None, None), id="more threads than cores can run"),
    ],
)
def test_processors(processors: tuple[Processor, ...], expected: tuple[int | None, ...]) -> None:
    """What is said of processors is taken if it can be true."""
    reading = read_dmi(dmidecode(replace(PLAIN, processors=processors)))
    assert (reading.sockets, reading.cores, reading.threads) == expected


def test_a_coprocessor_is_no_processor() -> None:
    """Only central processors have sockets that count."""
    text = dmidecode(DUAL)
    assert read_dmi(text.replace("Central Processor", "Math Processor", 1)).sockets == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"modules": (Module("16384 MB"), Module("16 GB"))}, 32 * GIB, id="either unit"),
        pytest.param({"modules": (Module("32 GB"),), "noise": True}, 32 * GIB, id="flash is none"),
        pytest.param(
            {"modules": (Module(), Module(kind="Flash", size="8 MB"))}, 16 * GIB, id="flash in the same array"
        ),
        pytest.param({"modules": (Module("64 MB", kind="SDRAM"),)}, GIB // 16, id="old and small"),
        pytest.param({"modules": (Module("48 MB", kind="SDRAM"),)}, None, id="of no size that exists"),
        pytest.param({"modules": (Module("32 MB", kind="DDR2"),)}, None, id="too small for its kind"),
        pytest.param({"modules": (Module("32767 MB"),)}, None, id="the largest that the old field holds"),
        pytest.param({"modules": (Module("12333 MB"),), "product": "KVM"}, 12333 << 20, id="any size if virtual"),
        pytest.param({"modules": (Module(), Module("Unknown"))}, None, id="one unknown"),
        pytest.param({"modules": (Module(), Module("0 kB"))}, None, id="one of nothing"),
        pytest.param({"modules": (Module(), Module("126 GB", extra=PARTED))}, None, id="persistent"),
        pytest.param({"modules": (Module(extra="\tNon-Volatile Size: None\n"),)}, 16 * GIB, id="persistent in no part"),
        pytest.param({"modules": (), "empty_slots": 4}, None, id="no module"),
        pytest.param({"slots": 4}, None, id="slots that are not listed"),
        pytest.param({"slots": 4, "mapped": "8 GB"}, None, id="slots that are not listed, and a map of less"),
        pytest.param({"slots": 4, "mapped": "16 GB"}, 16 * GIB, id="slots that are not listed, and a map that agrees"),
    ],
)
def test_memory(changes: dict[str, Any], expected: int | None) -> None:
    """Memory is the sum of its modules, if each can exist and none is missing."""
    assert read_dmi(dmidecode(replace(PLAIN, **changes))).memory_bytes == expected


@pytest.mark.parametrize(
    ("correction", "widths", "expected"),
    [
        ("Multi-bit ECC", [(72, 64)], True),
        ("Single-bit ECC", [(80, 64), (72, 64)], True),
        ("CRC", [(40, 32)], True),
        ("None", [(64, 64)], False),
        ("None", [(72, 64)], None),
        ("None", [(64, 72)], None),
        ("None", [], None),
        ("Multi-bit ECC", [(64, 64)], None),
        ("Multi-bit ECC", [(72, 64), (64, 64)], None),
        ("Multi-bit ECC", [(128, 64)], True),
        ("Multi-bit ECC", [(2304, 2244)], None),
        ("Multi-bit ECC", [(72, 72)], None),
        ("None", [(72, 72)], None),
        ("None", [(128, 64)], None),
        ("None", [(0, 0)], None),
        ("Multi-bit ECC", [(72, 0)], None),
        ("Multi-bit ECC", [], None),
        ("Parity", [(72, 64)], None),
        ("Unknown", [(64, 64)], None),
    ],
)
def test_error_correction(correction: str, widths: list[tuple[int, int]], expected: bool | None) -> None:
    """The array and every module must say the same."""
    modules = tuple(Module(total=f"{total} bits", data=f"{data} bits") for total, data in widths)
    assert read_dmi(dmidecode(replace(PLAIN, correction=correction, modules=modules))).ecc is expected


def test_no_error_correction_is_believed_where_the_processor_has_none() -> None:
    """Boards for the first Core i7 say that they correct errors, as with a Xeon they would."""
    core = Processor(4, 8, "Intel(R) Core(TM) i7 CPU         920  @ 2.67GHz")
    assert read_dmi(dmidecode(replace(PLAIN, processors=(core,)))).ecc is None
    assert read_dmi(dmidecode(replace(PLAIN, processors=(Processor(4, 8, "Intel(R) Xeon(R) W3520"),)))).ecc is True


@pytest.mark.parametrize(
    ("maker", "product", "flag", "expected"),
    [
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", True, True),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", False, True),
        ("VMware, Inc.", "VMware7,1", False, True),
        ("Microsoft Corporation", "Virtual Machine", False, True),
        ("Microsoft Corporation", "Surface Pro 4", False, False),
        ("Amazon EC2", "m5.large", False, True),
        ("Amazon EC2", "m5.metal", False, False),
        ("Hetzner", "vServer", False, True),
        ("Hetzner", "", False, False),
        ("Nutanix", "AHV", False, True),
        ("Nutanix", "NX-3050", False, False),
        ("Standard", "AHV", False, False),
        ("Example Ltd.", "Virtual Machine Server", False, True),
        ("Example Ltd.", "Server 1", True, None),
    ],
)
def test_virtual(maker: str, product: str, flag: bool, expected: bool | None) -> None:
    """A virtual machine has its hypervisor's name; nobody knows whether the memory below it corrects errors."""
    reading = read_dmi(dmidecode(replace(DUAL, maker=maker, product=product, flag=flag)))
    assert (reading.virtual, reading.ecc) == (expected, True if expected is False else None)


def test_a_virtual_machine_has_the_sockets_it_was_given() -> None:
    """There, a brand that has one socket in a real machine can have two."""
    brand = Processor(version="Intel(R) Core(TM) i7-8700", cores=1, threads=1)
    spare = replace(brand, status="Populated, Disabled By BIOS")
    reading = read_dmi(dmidecode(replace(PLAIN, processors=(brand, brand, spare), product="KVM")))
    assert (reading.sockets, reading.cores, reading.threads) == (2, 2, 2)


@pytest.mark.parametrize(
    "said", ["Invalid entry length (0). DMI table is broken! Stop.", "9 announced, only 8 decoded."]
)
def test_a_table_that_is_cut_tells_nothing(said: str) -> None:
    """What is missing may be the second processor, or more memory."""
    assert read_dmi(dmidecode(PLAIN) + said) == DmiReading()


@pytest.mark.parametrize(
    "text", ["", "# dmidecode 3.3\n", "/sys/firmware/dmi/tables/smbios_entry_point: Permission denied"]
)
def test_no_report_tells_nothing(text: str) -> None:
    """None of these is a machine without processors."""
    assert read_dmi(text) == DmiReading()
    assert read_lscpu(text) == LscpuReading()


def test_a_module_need_not_name_its_array() -> None:
    """Coreboot's arrays and modules do not know each other."""
    assert read_dmi(dmidecode(PLAIN).replace("Array Handle: 0x1000", "Array Handle: 0x0000")) == truth(PLAIN)


def test_flash_alone_is_no_memory() -> None:
    """Where the only array is one of flash, nothing is known of memory."""
    reading = read_dmi(dmidecode(PLAIN).replace("Use: System Memory", "Use: Flash Memory"))
    assert (reading.memory_bytes, reading.ecc) == (None, None)


def test_an_empty_line_does_not_end_a_structure() -> None:
    """Some processors have a signature that dmidecode ends with one."""
    text = dmidecode(PLAIN)
    assert read_dmi(text.replace("\tVersion:", "\n\tVersion:").replace("\tSize:", "\n\tSize:")) == truth(PLAIN)


def test_line_ends_of_windows_do_not_matter() -> None:
    """A report may have travelled."""
    assert read_dmi(dmidecode(PLAIN).replace("\n", "\r\n")) == truth(PLAIN)
    assert read_lscpu(lscpu().replace("\n", "\r\n")) == LscpuReading(1, 4, 8)


@given(st.integers(1, 8), st.integers(1, 64), st.sampled_from([1, 2]))
def test_lscpu_of_cores_that_are_alike(sockets: int, cores: int, per_core: int) -> None:
    """The topology is whole."""
    assert read_lscpu(lscpu(sockets, cores, per_core)) == LscpuReading(
        sockets, sockets * cores, sockets * cores * per_core
    )


ARM: dict[str, str | None] = {"Architecture": "aarch64", "Vendor ID": "ARM", "Model name": "Cortex-A72", "Model": "3"}
CLUSTER = {"Socket(s)": "-", "Core(s) per socket": None, "Core(s) per cluster": "4", "Cluster(s)": "1"}
PHI = {"Model name": "Intel(R) Xeon Phi(TM) CPU 7250"}
HYBRID = {"Model": "151"}
NEW = {"L1d cache": "384 KiB (12 instances)"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(lscpu(1, 4, 2, off=2), (None, None, 6), id="some off line"),
        pytest.param(lscpu(1, 4, 2, {"CPU(s)": "16"}), (None, None, None), id="a list of half of them"),
        pytest.param(lscpu(1, 4, 2, {"On-line CPU(s) list": None}), (None, None, None), id="no list"),
        pytest.param(lscpu(1, 4, 2, {"Core(s) per socket": "3"}), (None, None, 8), id="a core is missing"),
        pytest.param(lscpu(1, 1, 8, {"Hypervisor vendor": "Xen"}), (None, None, 8), id="all threads in one core"),
        pytest.param(lscpu(1, 4, 4, PHI), (1, 4, 16), id="four threads a core"),
        pytest.param(lscpu(2, 4, 8, {"Architecture": "ppc64le"}), (2, 8, 64), id="eight threads a core"),
        pytest.param(lscpu(1, 12, 2, NEW, single=4), (1, 12, 20), id="cores of two kinds"),
        pytest.param(lscpu(1, 12, 2, single=4), (None, None, 20), id="cores of two kinds, and lscpu that cannot count"),
        pytest.param(lscpu(1, 10, 2, HYBRID), (None, None, 20), id="perhaps cores of two kinds, divided evenly"),
        pytest.param(lscpu(1, 6, 2, {**HYBRID, **NEW}), (1, 6, 12), id="the same family with cores of one kind"),
        pytest.param(lscpu(2, 3, 1, {**ARM, "NUMA node(s)": "1"}), (None, 6, 6), id="clusters as sockets"),
        pytest.param(lscpu(2, 48, 1, ARM), (2, 96, 96), id="sockets with memory of their own"),
        pytest.param(lscpu(1, 4, 1, {**ARM, **CLUSTER}), (None, 4, 4), id="clusters by name"),
    ],
)
def test_lscpu(text: str, expected: tuple[int | None, ...]) -> None:
    """The topology is taken where it is that of the whole machine and gives the threads that there are."""
    assert read_lscpu(text) == LscpuReading(*expected)
