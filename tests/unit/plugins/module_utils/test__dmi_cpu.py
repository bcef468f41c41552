# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processors by the firmware. Each made-up socket below has the oddity of real firmware that its name tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, Processor
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_cpu import dmi_cpu

XEON = Processor(
    socket="CPU1",
    kind="Central Processor",
    status="Populated, Enabled",
    manufacturer="Intel(R) Corporation",
    version="Intel(R) Xeon(R) CPU 9999 @ 2.60GHz",
    identity="A6 06 06 00 FF FB EB BF",
    cores=16,
    enabled_cores=16,
    threads=32,
    current_mhz=2594,
    max_mhz=4000,
)
SECOND = replace(XEON, socket="CPU2", status="Populated, Idle")
EMPTY = replace(XEON, socket="CPU2", status="Unpopulated", version="", cores=None, enabled_cores=None, threads=None)
EPYC = replace(
    XEON, manufacturer="Advanced Micro Devices, Inc.", version="AMD EPYC 9999 16-Core Processor", current_mhz=2450
)
HYBRID = replace(XEON, version="12th Gen Intel(R) Core(TM) i7-99", cores=14, enabled_cores=14, threads=20)


def table(*processors: Processor, cut: str = "") -> Dmi:
    """Return a report with these processors."""
    return Dmi(processors=processors, cut=cut)


def test_one_processor() -> None:
    cpu, unknown = dmi_cpu(table(XEON), virtual=False)
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.fitted_sockets) == (1, 16, 32, 1)
    assert (cpu.base_mhz, cpu.base_source, cpu.max_mhz) == (2600, "the model name in the firmware", 4000)
    assert (cpu.model, cpu.hybrid, unknown) == ("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", None, {})


def test_two_processors_are_summed_and_the_slower_clock_counts() -> None:
    slower = replace(SECOND, version="Intel(R) Xeon(R) CPU 9998 @ 2.10GHz", cores=8, enabled_cores=None, threads=8)
    cpu, unknown = dmi_cpu(table(XEON, replace(slower, max_mhz=3500)), virtual=False)
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.base_mhz, cpu.max_mhz) == (2, 24, 40, 2100, 3500)
    assert cpu.model == "Intel(R) Xeon(R) CPU 9999 @ 2.60GHz, Intel(R) Xeon(R) CPU 9998 @ 2.10GHz"
    assert unknown == {}


@pytest.mark.parametrize(
    "processors",
    [
        (XEON, EMPTY),
        (XEON, replace(SECOND, kind="Math Processor")),
        (replace(XEON, kind="Unknown"),),
        (replace(XEON, kind="Other", status="Populated, Unknown"),),
        (replace(XEON, status="Populated, Disabled By BIOS"),),
        (XEON, replace(SECOND, status="Populated, Disabled By User", identity="00 00 00 00 00 00 00 00")),
        (XEON, replace(XEON, status="Populated, Disabled By BIOS", identity="00 00 00 00 00 00 00 00")),
    ],
    ids=[
        "an empty socket",
        "a coprocessor",
        "kind unknown",
        "kind other",
        "one socket, called disabled",
        "an empty one, called disabled",
        "an empty one of the same name",
    ],
)
def test_one_socket_however_it_is_told(processors: tuple[Processor, ...]) -> None:
    cpu, unknown = dmi_cpu(table(*processors), virtual=False)
    assert (cpu.sockets, cpu.cores, cpu.threads, unknown) == (1, 16, 32, {})


@pytest.mark.parametrize(
    ("dmi", "reason"),
    [
        (table(XEON, cut="the report has no end"), "the report has no end"),
        (table(), "dmidecode lists no processor"),
        (table(EMPTY), "the firmware calls no processor socket populated, which cannot be"),
        (
            table(XEON, replace(SECOND, status="Populated, Disabled By User", version="Null", cores=None)),
            "the firmware calls a socket populated, yet its processor disabled (CPU2)",
        ),
        (table(XEON, replace(SECOND, status="")), "the firmware does not tell of each socket whether it is populated"),
        (
            table(replace(XEON, version="Intel(R) Pentium(R) D CPU 3.40GHz"), SECOND),
            "the firmware lists several processors of a brand that stands alone (2 Intel(R) Pentium(R) D CPU 3.40GHz)",
        ),
        (table(XEON, XEON), "the firmware lists several processors in one socket (2 in CPU1)"),
        (
            table(replace(XEON, socket="CPU-A (00)"), replace(XEON, socket="CPU-A ( 1 )")),
            "the firmware lists several processors in one socket (2 in CPU-A)",
        ),
        (
            table(replace(XEON, socket=""), replace(XEON, socket="")),
            "the firmware lists several processors in one socket (2 in one without a name)",
        ),
    ],
)
def test_sockets_that_are_not_known_leave_cores_and_threads_unknown(dmi: Dmi, reason: str) -> None:
    cpu, unknown = dmi_cpu(dmi, virtual=False)
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.fitted_sockets, cpu.hybrid) == (None,) * 5
    assert {unknown[f"cpu.{name}"] for name in ("sockets", "cores", "threads")} == {reason}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cores": None}, "the firmware does not count the cores (CPU1)"),
        ({"cores": 255}, "the firmware does not count the cores (CPU1)"),
        ({"enabled_cores": 1}, "the firmware counts other cores than enabled ones (CPU1: 16, 1)"),
        ({"enabled_cores": 32}, "the firmware counts other cores than enabled ones (CPU1: 16, 32)"),
        ({"threads": 2}, "the firmware counts fewer threads than cores (CPU1: 2, 16)"),
        (
            {"version": "AMD EPYC 9999 12-Core Processor"},
            "the firmware counts other cores than the model name (CPU1: 16, AMD EPYC 9999 12-Core Processor)",
        ),
    ],
)
def test_a_count_of_cores_that_is_contradicted_is_unknown(change: dict[str, Any], reason: str) -> None:
    cpu, unknown = dmi_cpu(table(SECOND, replace(XEON, **change)), virtual=False)
    assert (cpu.sockets, cpu.cores, cpu.threads) == (2, None, None)
    assert (unknown["cpu.cores"], unknown["cpu.threads"]) == (reason, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"threads": None}, "the firmware does not count the threads (CPU1)"),
        ({"threads": 255}, "the firmware does not count the threads (CPU1)"),
        ({"threads": 64}, "the firmware counts threads that no such processor has (CPU1: 64 on 16 cores)"),
        ({"threads": 20}, "the firmware counts threads that no such processor has (CPU1: 20 on 16 cores)"),
    ],
)
def test_threads_that_no_processor_has_are_unknown(change: dict[str, Any], reason: str) -> None:
    cpu, unknown = dmi_cpu(table(replace(XEON, **change)), virtual=False)
    assert (cpu.cores, cpu.threads, cpu.hybrid) == (16, None, None)
    assert unknown == {"cpu.threads": reason}


def test_unequal_cores_have_threads_in_between() -> None:
    cpu, unknown = dmi_cpu(table(HYBRID), virtual=False)
    assert (cpu.cores, cpu.threads, cpu.hybrid, cpu.base_mhz) == (14, 20, True, None)
    assert unknown == {
        "cpu.base_mhz": "the model name has no clock, and this maker's firmware may call the turbo current (CPU1)"
    }


def test_some_unequal_processors_have_a_clock_in_their_name() -> None:
    cpu, unknown = dmi_cpu(table(replace(HYBRID, version="12th Gen Intel(R) Core(TM) i9-99 @ 2.5GHz")), virtual=False)
    assert (cpu.threads, cpu.hybrid, cpu.base_mhz, unknown) == (20, True, 2500, {})


def test_a_virtual_machine_was_not_given_what_is_disabled() -> None:
    spare = replace(SECOND, status="Populated, Disabled By BIOS")
    cpu, _unknown = dmi_cpu(table(XEON, spare, replace(spare, socket="CPU3")), virtual=True)
    assert (cpu.sockets, cpu.cores, cpu.threads) == (1, 16, 32)


def test_a_virtual_machine_has_any_number_of_any_processor() -> None:
    brand = replace(XEON, version="Intel(R) Core(TM) i7-99 CPU @ 3.00GHz")
    cpu, _unknown = dmi_cpu(table(brand, replace(brand, socket="CPU2")), virtual=True)
    assert (cpu.sockets, cpu.cores) == (2, 32)


def test_four_threads_a_core() -> None:
    cpu, _unknown = dmi_cpu(
        table(replace(XEON, version="Intel(R) Xeon Phi(TM) CPU @ 1.40GHz", threads=64)), virtual=False
    )
    assert (cpu.cores, cpu.threads, cpu.hybrid) == (16, 64, None)


def test_the_current_speed_is_the_base_clock_where_the_name_has_none() -> None:
    cpu, unknown = dmi_cpu(table(EPYC), virtual=False)
    assert (cpu.base_mhz, cpu.base_source, unknown) == (2450, "the current speed by the firmware", {})


@pytest.mark.parametrize(
    ("processor", "virtual", "reason"),
    [
        (EPYC, True, "a virtual machine's firmware makes up the clock"),
        (replace(EPYC, current_mhz=None), False, "the firmware tells no clock (CPU1)"),
        (replace(EPYC, current_mhz=0), False, "the firmware tells no clock (CPU1)"),
        (
            replace(EPYC, current_mhz=4100, max_mhz=3900),
            False,
            "the firmware calls a clock current that is above its highest (CPU1: 4100, 3900)",
        ),
    ],
)
def test_a_base_clock_that_nothing_tells(processor: Processor, virtual: bool, reason: str) -> None:
    cpu, unknown = dmi_cpu(table(processor), virtual)
    assert (cpu.base_mhz, cpu.base_source) == (None, None)
    assert unknown["cpu.base_mhz"] == reason


def test_without_a_processor_there_is_no_clock() -> None:
    cpu, unknown = dmi_cpu(table(EMPTY), virtual=False)
    assert (cpu.model, cpu.base_mhz, cpu.max_mhz) == (None, None, None)
    assert unknown["cpu.base_mhz"] == unknown["cpu.sockets"]


@pytest.mark.parametrize(
    ("version", "model", "base"),
    [
        ("pc-q35-9.0", None, None),
        ("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", 2100),
        ("AMD EPYC 9999 Processor", "AMD EPYC 9999 Processor", None),
    ],
)
def test_a_virtual_machine_may_pass_the_name_on(version: str, model: str | None, base: int | None) -> None:
    cpu, _unknown = dmi_cpu(table(replace(EPYC, version=version)), virtual=True)
    assert (cpu.sockets, cpu.cores, cpu.model, cpu.base_mhz, cpu.max_mhz) == (1, 16, model, base, None)
