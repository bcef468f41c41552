# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what dmidecode prints. All texts here are made up; the layout is that of dmidecode 2.x to 3.x."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import (
    DmiError,
    MemoryArray,
    MemoryDevice,
    Processor,
    parse_bytes,
    parse_dmi,
)
from hypothesis import given
from hypothesis import strategies as st

REPORT = """\
# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 3.3.0 present.
11 structures occupying 1234 bytes.
Table at 0x7A6F0000.

Handle 0x0000, DMI type 0, 26 bytes
BIOS Information
    Vendor: ACME
    Version: 1.2
    Release Date: 03/04/2021
    Characteristics:
        ACPI is supported
        UEFI is supported
    BIOS Revision: 1.2

Handle 0x0001, DMI type 1, 27 bytes
System Information
    Manufacturer: ACME
    Product Name: Node 9000
    Serial Number: SER: 123

Handle 0x0004, DMI type 4, 48 bytes
Processor Information
    Socket Designation: CPU1
    Type: Central Processor
    Manufacturer: Intel(R) Corporation
    ID: A6 06 06 00 FF FB EB BF
    Flags:
        FPU (Floating-point unit on-chip)
    Version: Intel(R) Xeon(R)   CPU 9999 @ 2.60GHz
    Max Speed: 4000 MHz
    Current Speed: Unknown
    Status: Populated, Enabled
    Core Count: 16
    Core Enabled: 16
    Thread Count: 32

Handle 0x0005, DMI type 4, 48 bytes
Processor Information
    Socket Designation: CPU2
    Type: Central Processor
    Status: Unpopulated

Handle 0x00DA, DMI type 218, 11 bytes
OEM-specific Type
    Header and Data:
        DA 0B 00

Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
    Location: System Board Or Motherboard
    Use: System Memory
    Error Correction Type: Multi-bit ECC
    Maximum Capacity: 2 TB
    Number Of Devices: 2

Handle 0x0011, DMI type 17, 40 bytes
Memory Device
    Array Handle: 0x0010
    Total Width: 72 bits
    Data Width: 64 bits
    Size: 16 GB
    Locator: DIMM_A1
    Type: DDR4
    Speed: 3200 MT/s
    Manufacturer: Samsung
    Serial Number: 1A2B3C
    Part Number: M393A2K40DB3-CWE
    Memory Technology: DRAM
    Volatile Size: 16 GB

Handle 0x0012, DMI type 17, 40 bytes
Memory Device
    Array Handle: 0x0010
    Total Width: Unknown
    Size: No Module Installed
    Locator: DIMM_A2

Handle 0x0014, DMI type 19, 31 bytes
Memory Array Mapped Address
    Range Size: 16 GB
    Physical Array Handle: 0x0010

Handle 0x0015, DMI type 19, 31 bytes
Memory Array Mapped Address
    Range Size: Invalid

Handle 0x0013, DMI type 127, 4 bytes
End Of Table
""".replace("    ", "\t")


def test_a_whole_report_becomes_tables() -> None:
    dmi = parse_dmi(REPORT)
    assert dmi.firmware is not None
    assert dmi.firmware.fields["Release Date"] == "03/04/2021"
    assert dmi.firmware.fields["BIOS Revision"] == "1.2"
    assert dmi.firmware.items == ("ACPI is supported", "UEFI is supported")
    assert dmi.system is not None
    assert dmi.system.text("Serial Number") == "SER: 123"
    assert dmi.system.text("Family") == ""
    assert (dmi.board, dmi.chassis, dmi.power, dmi.legacy_modules, dmi.cut) == (None, None, (), 0, "")
    version = "Intel(R) Xeon(R) CPU 9999 @ 2.60GHz"
    assert dmi.processors == (
        Processor("CPU1", "Central Processor", "Populated, Enabled", "Intel(R) Corporation", version,
                  identity="A6 06 06 00 FF FB EB BF",
                  cores=16, enabled_cores=16, threads=32, current_mhz=None, max_mhz=4000),
        Processor("CPU2", "Central Processor", "Unpopulated", "", "", "", None, None, None, None, None),
    )  # fmt: skip
    assert [one.populated for one in dmi.processors] == [True, False]
    assert dmi.arrays == (MemoryArray("0x0010", "System Memory", "Multi-bit ECC", 2),)
    assert dmi.mapped == (16 << 30, None)
    assert dmi.devices == (
        MemoryDevice("0x0011", "0x0010", "DIMM_A1", True, 16 << 30, "DDR4", "DRAM", "16 GB", 72, 64, 3200,
                     "Samsung", "M393A2K40DB3-CWE", "1A2B3C"),
        MemoryDevice("0x0012", "0x0010", "DIMM_A2", False, None, "", "", "", None, None, None, "", "", ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        REPORT.replace("\n", "\r\n"),
        REPORT.replace("\t", "        "),
        REPORT.replace("bytes\n", "bytes.\n"),
        # Versions 2.0 to 2.4: two more lines, and all a step deeper.
        REPORT.replace("\t", "\t\t").replace(", DMI type", "\n\tDMI type").replace("bytes\nS", "bytes.\n\tS"),
        "[wrapper] loading\n" + REPORT.replace("ACME", "ACME \ufffd"),
    ],
    ids=["windows", "blanks", "full stops", "old", "a line before, and broken characters"],
)
def test_the_layout_does_not_matter(changed: str) -> None:
    dmi, plain = parse_dmi(changed), parse_dmi(REPORT)
    assert (dmi.processors, dmi.arrays, dmi.devices, dmi.cut) == (plain.processors, plain.arrays, plain.devices, "")


def test_a_quiet_report_has_no_handles() -> None:
    quiet = "\n".join(line for line in REPORT.splitlines()[5:] if not line.startswith(("Handle", "\tArray Handle")))
    dmi, plain = parse_dmi(quiet), parse_dmi(REPORT)
    assert dmi.processors == plain.processors
    assert [one.bytes for one in dmi.devices] == [16 << 30, None]
    assert {one.array for one in dmi.devices} == {""}


def test_types_that_were_asked_for_are_a_whole_report() -> None:
    processors = REPORT[REPORT.index("Handle 0x0004") : REPORT.index("Handle 0x0010")]
    dmi = parse_dmi(f"# dmidecode 3.4\nSMBIOS 3.3.0 present.\n\n{processors}")
    assert (len(dmi.processors), dmi.devices, dmi.cut) == (2, (), "")


def test_what_is_printed_twice_is_there_once() -> None:
    assert parse_dmi(REPORT + REPORT) == parse_dmi(REPORT)
    processors = REPORT[REPORT.index("Handle 0x0004") : REPORT.index("Handle 0x00DA")]
    assert len(parse_dmi(f"# dmidecode 3.4\n\n{processors}" * 2).processors) == 2
    types = [
        REPORT[REPORT.index(start) : REPORT.index(end)]
        for start, end in (("Handle 0x0004", "Handle 0x00DA"), ("Handle 0x0010", "Handle 0x0013"))
    ]
    dmi = parse_dmi("".join(f"# dmidecode 3.4\n\n{text}" for text in types))
    assert (dmi.processors, dmi.devices) == (parse_dmi(REPORT).processors, parse_dmi(REPORT).devices)


def test_firmware_may_use_a_handle_for_two_things() -> None:
    assert len(parse_dmi(REPORT.replace("Handle 0x0012", "Handle 0x0011")).devices) == 2


def test_a_structure_that_runs_into_the_next_ends_there() -> None:
    dmi = parse_dmi(REPORT.replace("\tProduct Name: Node 9000\n", "Base Board Information\n\tProduct Name: X99\n"))
    assert dmi.system is not None
    assert dmi.system.text("Product Name") == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (REPORT[: REPORT.index("Handle 0x0012")], "the report lacks structures that it announces (7 of 11)"),
        (
            REPORT[: REPORT.index("Handle 0x0010")] + "Invalid entry length (0). DMI table is broken! Stop.\n",
            "the firmware's table is broken, and the rest of it was not read",
        ),
        (
            REPORT[: REPORT.index("Handle 0x0012")].replace("11 structures occupying 1234 bytes.\n", ""),
            "the report has no end",
        ),
        (REPORT[: REPORT.index("Handle 0x0013")].replace("11 structures", "10 structures"), ""),
        (
            REPORT[: REPORT.index("Handle 0x0013")].replace("11 structures occupying 1234 bytes.\n", "")
            + "Wrong DMI structures length: 2966 bytes announced, structures occupy 2986 bytes.\n",
            "",
        ),
    ],
)
def test_a_report_that_was_cut_off_says_so(text: str, reason: str) -> None:
    assert parse_dmi(text).cut == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the report is empty"),
        (" \n", "the report is empty"),
        ("# dmidecode 3.3\n# No SMBIOS nor DMI entry point found, sorry.\n", "the machine has no SMBIOS table"),
        ("/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\n", "dmidecode needs root"),
        ("Scanning /dev/mem for entry point.\n/dev/mem: No such file\n", "dmidecode could not read the table"),
        ("bash: dmidecode: command not found\n", "dmidecode is not installed"),
        ("Architecture: x86_64\n", "this is no report of dmidecode"),
    ],
)
def test_what_is_no_report_says_what_it_is(text: str, reason: str) -> None:
    with pytest.raises(DmiError) as raised:
        parse_dmi(text)
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512 bytes", 512),
        ("640 kB", 640 << 10),
        ("4096 KB", 4 << 20),
        ("8192 MB", 8 << 30),
        ("512 MB (Double-bank Connection)", 512 << 20),
        ("16 GB", 16 << 30),
        ("2 TB", 2 << 40),
        ("1 PB", 1 << 50),
        ("Unknown", None),
        ("16", None),
        ("", None),
    ],
)
def test_sizes_are_powers_of_1024(text: str, size: int | None) -> None:
    assert parse_bytes(text) == size


def test_old_modules_are_only_counted() -> None:
    modules = [
        f"Handle 0x000{handle}, DMI type 6, 12 bytes\nMemory Module Information\n\tInstalled Size: 512 MB\n\n"
        for handle in (6, 7)
    ]
    assert parse_dmi("".join(modules) + REPORT).legacy_modules == 2


@given(st.integers(0, len(REPORT)), st.integers(0, len(REPORT)), st.text(max_size=20))
def test_no_damage_makes_it_fail(start: int, end: int, put: str) -> None:
    """A report with any part missing and anything in its place is read, or refused."""
    with suppress(DmiError):
        dmi = parse_dmi(REPORT[:start] + put + REPORT[end:])
        assert all(one.bytes is None or one.bytes >= 0 for one in dmi.devices)
