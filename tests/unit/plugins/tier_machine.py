# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that has everything that D5.11 recommends for Tier 3, for the tests of the verdicts. It is synthetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Address,
    Array,
    Boot,
    Controller,
    Cpu,
    Drive,
    FileSystem,
    Gpu,
    Link,
    Machine,
    Memory,
    MemoryModule,
    PowerSupply,
    Sensor,
    System,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted

GIB = 2**30
GB = 10**9
TB = 10**12
A40 = Gpu("NVIDIA A40", "NVIDIA", "0000:3b:00.0", "GPU-1", "1320", 46068 * 2**20, "8.6", 336, "table", 300)
SYSTEM = Drive(
    "nvme0n1",
    bytes=480 * GB,
    medium="ssd",
    transport="nvme",
    serial="S0",
    removable=False,
    health="passed",
    behind_raid=False,
    holds_system=True,
    contents=("partition table gpt",),
)


def data_drive(name: str, size: int = 4 * TB, **changes: Any) -> Drive:
    """Return a hard drive that is for data."""
    drive = replace(
        SYSTEM,
        name=name,
        bytes=size,
        medium="hdd",
        transport="sas",
        serial=f"S{name}",
        holds_system=False,
        contents=("member of an md array",),
    )
    return replace(drive, **changes)


DATA = tuple(data_drive(f"sd{letter}") for letter in "abcdef")
ARRAY = Array(
    "md0",
    level="raid5",
    state="clean",
    devices=4,
    active=4,
    spares=2,
    failed=0,
    members=tuple(f"{drive.name}1" for drive in DATA),
    action="idle",
)
BOND = Link(
    "bond0",
    "bond",
    speed_mbps=20000,
    carrier=True,
    members=("eno1", "eno2"),
    addresses=(Address("192.0.2.10", 24, "static"),),
    default_route=True,
)
PORTS = tuple(
    Link(name, "ethernet", speed_mbps=10000, carrier=True, addresses=(), default_route=False)
    for name in ("eno1", "eno2")
)
ROOT = FileSystem("/", "/dev/nvme0n1p2", "ext4", 470 * GB, 300 * GB, ("nvme0n1",))
STORE = FileSystem("/srv/eucaim", "/dev/md0", "xfs", 12 * TB, 8 * TB, tuple(drive.name for drive in DATA))

GOOD = Machine(
    host="node",
    system=System(
        vendor="Maker",
        product="Server",
        serial="ABC",
        firmware_mode="uefi",
        virtualisation="",
        container="",
        virtualisation_support=True,
    ),
    cpu=Cpu(
        model="AMD EPYC 7452 32-Core Processor",
        architecture="x86_64",
        sockets=1,
        cores=32,
        threads=64,
        base_mhz=3000,
        base_source="firmware",
        hybrid=False,
        fitted_sockets=1,
    ),
    memory=Memory(
        installed_bytes=128 * GIB,
        source="memory modules",
        usable_bytes=125 * GIB,
        ecc=True,
        ecc_reason="every module is wider than its data",
        slots=8,
        modules=tuple(MemoryModule(f"A{place}", 32 * GIB, serial=f"M{place}") for place in range(4)),
    ),
    gpus=(A40,),
    drives=(SYSTEM, *DATA),
    raid_drives=(),
    arrays=(ARRAY,),
    controllers=(Controller("0000:02:00.0", "sas", name="Host adapter"),),
    power_supplies=(PowerSupply("PS1", 1600, True, "ok", "P1"), PowerSupply("PS2", 1600, True, "ok", "P2")),
    links=(BOND, *PORTS),
    file_systems=(ROOT, STORE),
    sensors=(
        Sensor("Inlet", "temperature", 22.0, "C", "ok", ambient=True),
        Sensor("Humidity", "humidity", 45.0, "%", "ok", ambient=True),
        Sensor("Intrusion", "intrusion", status="ok"),
        Sensor("UPS", "ups", 100.0, "%", "OL CHRG"),
    ),
    boot=Boot("running", (), ()),
)
TODAY = date(2026, 3, 1)
WANTED = Wanted(
    tier=3,
    today=TODAY,
    dataset_bytes=4 * TB,
    fitted=Fitted(memory_bytes=128 * GIB, drives=7, links=2, sockets=1),
    stated=Stated(
        staggered_spin_up=True,
        shelf_spare_bytes=0,
        free_drive_bays=2,
        line_down_mbps=1000,
        line_up_mbps=1000,
        warranty="until 2031",
    ),
)
TIER_2 = replace(WANTED, tier=2)
HANDBOOK = replace(WANTED, profile="handbook")


def changed(part: str, machine: Machine = GOOD, **changes: Any) -> Machine:
    """Return a machine with other values in one of its parts."""
    return replace(machine, **{part: replace(getattr(machine, part), **changes)})


def of(findings: Iterable[Finding], requirement: str, item: str | None = None) -> Finding:
    """Return the one finding about a requirement, or about an item of it."""
    found = [each for each in findings if each.requirement == requirement and item in (None, each.item)]
    assert len(found) == 1, found
    return found[0]
