# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case, firmware, power supplies, and the machine as a whole. All made up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import (
    Dmi,
    MemoryArray,
    MemoryDevice,
    Processor,
    Structure,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_system import (
    dmi_machine,
    dmi_power_supplies,
    dmi_system,
    iso_date,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import PowerSupply, System

FIRMWARE = Structure("0x00", 0, {"Vendor": "ACME Ltd.", "Version": "1.2", "Release Date": "03/04/2021"})
SYSTEM = Structure(
    "0x01", 1, {"Manufacturer": "ACME", "Product Name": "Node 9000", "Version": "v1", "Serial Number": "0123456789"}
)
BOARD = Structure("0x02", 2, {"Manufacturer": "ACME", "Product Name": "X99", "Serial Number": "B1"})
CHASSIS = Structure("0x03", 3, {"Type": "Rack Mount Chassis", "Serial Number": "Default string"})
CPU = Processor("CPU1", "Central Processor", "Populated, Enabled", "Intel", "CPU @ 2.5GHz", "", 8, 8, 16, 2500, 3500)
ARRAY = MemoryArray("0x10", "System Memory", "Multi-bit ECC", 1)
MODULE = MemoryDevice("0x11", "0x10", "A1", True, 32 << 30, "DDR4", "", "", 72, 64, 3200, "Samsung", "P", "S")


def table(system: Structure | None = SYSTEM, firmware: Structure | None = FIRMWARE, cut: str = "") -> Dmi:
    """Return a report of a small server."""
    return Dmi(firmware, system, BOARD, CHASSIS, (CPU,), (ARRAY,), (MODULE,), cut=cut)


def supply(**fields: str) -> Structure:
    """Return a structure of type 39."""
    return Structure("0x39", 39, {name.replace("_", " "): value for name, value in fields.items()})


def test_names_and_serial_numbers_without_placeholders() -> None:
    system, unknown = dmi_system(table())
    assert system == System(
        vendor="ACME",
        product="Node 9000",
        version="v1",
        serial=None,
        board="ACME X99",
        board_serial="B1",
        chassis="Rack Mount Chassis",
        chassis_serial=None,
        firmware_vendor="ACME Ltd.",
        firmware_version="1.2",
        firmware_date="2021-03-04",
        virtualisation="",
    )
    assert unknown == {}


def test_a_report_of_nothing_but_a_processor_has_no_names() -> None:
    system, unknown = dmi_system(Dmi(processors=(CPU,)))
    assert system == System()
    assert unknown == {"system.virtualisation": "dmidecode does not name the machine"}


@pytest.mark.parametrize(
    ("dmi", "kind", "reason"),
    [
        (table(Structure("", 1, {"Manufacturer": "QEMU", "Product Name": "X"})), "qemu", ""),
        (table(firmware=Structure("", 0, {"Vendor": "SeaBIOS"}, ("System is a virtual machine",))), "qemu", ""),
        (
            table(firmware=Structure("", 0, {"Vendor": "ACME"}, ("System is a virtual machine",))),
            None,
            "the firmware says virtual machine, yet names no hypervisor: a few real boards do that",
        ),
        (table(system=None, cut="the report has no end"), None, "the report has no end"),
        (table(firmware=None), "", ""),
    ],
)
def test_virtual_machines(dmi: Dmi, kind: str | None, reason: str) -> None:
    system, unknown = dmi_system(dmi)
    assert (system.virtualisation, unknown.get("system.virtualisation", "")) == (kind, reason)


def test_makers_of_parts_tell_a_virtual_machine_with_a_name_of_its_own() -> None:
    memory = replace(MODULE, manufacturer="QEMU")
    assert dmi_system(replace(table(), devices=(memory,)))[0].virtualisation == "qemu"
    processor = replace(CPU, manufacturer="Red Hat")
    assert dmi_system(replace(table(), processors=(processor,)))[0].virtualisation == "qemu"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05/22/2018", "2018-05-22"),
        ("5/2/2018", "2018-05-02"),
        ("05.22.2018", "2018-05-22"),
        ("05/22/2018 - build 7", "2018-05-22"),
        ("05/22/08", "2008-05-22"),
        ("05/22/99", "1999-05-22"),
        ("2018-05-22", "2018-05-22"),
        ("13/41/2018", None),
        ("Cache", None),
        ("", None),
    ],
)
def test_days(text: str, day: str | None) -> None:
    assert iso_date(text) == day


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                "Name": "PSU1",
                "Max_Power_Capacity": "800 W",
                "Status": "Present, OK",
                "Serial_Number": "P1",
                "Hot_Replaceable": "Yes",
            },
            PowerSupply("PSU1", 800, True, "OK", "P1", True),
        ),
        (
            {"Location": "left", "Status": "Not Present", "Hot_Replaceable": "No"},
            PowerSupply("left", None, False, None, None, False),
        ),
        (
            {"Model_Part_Number": "DPS-800", "Status": "Present, <OUT OF SPEC>"},
            PowerSupply("DPS-800", None, True, None),
        ),
        ({"Name": "To Be Filled By O.E.M.", "Max_Power_Capacity": "Unknown"}, PowerSupply("power supply")),
        ({"Max_Power_Capacity": "0 W"}, PowerSupply("power supply")),
        ({"Max_Power_Capacity": "65000 W"}, PowerSupply("power supply")),
        ({"Max_Power_Capacity": "5000 W"}, PowerSupply("power supply", 5000)),
    ],
)
def test_power_supplies(fields: dict[str, str], expected: PowerSupply) -> None:
    dmi = Dmi(power=(supply(**fields),))
    assert dmi_power_supplies(dmi) == (expected,)
    assert dmi_machine(dmi).power_supplies == (expected,)


def test_the_whole_machine() -> None:
    machine = dmi_machine(table())
    assert (machine.cpu.cores, machine.cpu.threads, machine.cpu.base_mhz) == (8, 16, 2500)
    assert (machine.memory.installed_bytes, machine.memory.ecc) == (32 << 30, True)
    assert machine.system.product == "Node 9000"
    assert machine.power_supplies is None
    assert machine.unknown == {"power_supplies": "the firmware lists none"}


def test_the_whole_virtual_machine() -> None:
    machine = dmi_machine(table(Structure("", 1, {"Manufacturer": "QEMU", "Product Name": "X"})))
    assert (machine.cpu.cores, machine.cpu.max_mhz, machine.memory.ecc) == (8, None, None)
    assert set(machine.unknown) == {"memory.ecc", "power_supplies"}
