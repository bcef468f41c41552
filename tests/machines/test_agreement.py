# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's parsers and the second reader on the same reports of machines that do not exist.

Of a machine that is known, both must tell the truth. Of one whose firmware is in doubt, either may not know; but they
must not contradict each other.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import parse_dmi
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_system import dmi_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import parse_lscpu
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu_cpu import lscpu_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.machines.compare import CONTRADICTION, Comparison
from tests.machines.second_reader import DmiReading, LscpuReading, read_dmi, read_lscpu
from tests.machines.synthetic import Machine, Module, Processor, dmidecode, lscpu, machines, truth

VERSIONS = [
    "Intel(R) Xeon(R) Example 4000",
    "Intel(R) Core(TM) i7 CPU         920  @ 2.67GHz",
    "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz",
    "Intel(R) Pentium(R) D CPU 3.40GHz",
    "AMD EPYC 7302 16-Core Processor",
    "",
]
STATUSES = [
    "Populated, Enabled",
    "Populated, Idle",
    "Populated, Disabled By BIOS",
    "Populated, Disabled By User",
    "Unpopulated",
]
NAMES = [("Example Ltd.", "Server 1"), ("QEMU", "Standard PC (Q35 + ICH9, 2009)"), ("Hetzner", ""), ("Standard", "AHV")]
SIZES = ["Unknown", "0 kB", "32 MB", "512 MB", "4096 MB", "16 GB", "32767 MB", "12333 MB", "129408 MB"]
WIDTHS = ["Unknown", "8 bits", "64 bits", "72 bits", "128 bits", "2304 bits"]
KINDS = ["DDR4", "DDR2", "SDRAM", "Unknown", "Flash"]


def of_dmi(text: str) -> DmiReading:
    """Give what the collection reads of a dmidecode report."""
    machine = dmi_machine(parse_dmi(text))
    hypervisor = machine.system.virtualisation
    return DmiReading(
        machine.cpu.sockets,
        machine.cpu.cores,
        machine.cpu.threads,
        machine.memory.installed_bytes,
        machine.memory.ecc,
        None if hypervisor is None else bool(hypervisor),
    )


def of_lscpu(text: str) -> LscpuReading:
    """Give what the collection reads of an lscpu report."""
    cpu = lscpu_machine(parse_lscpu(text)).cpu
    return LscpuReading(cpu.sockets, cpu.cores, cpu.threads)


def contradictions(ours: Any, second: Any) -> list[str]:
    """Give where both answer, and differ."""
    comparison = Comparison()
    comparison.add("this", vars(ours), second)
    assert sum(counts[CONTRADICTION] for counts in comparison.counts.values()) == len(comparison.contradictions)
    return comparison.contradictions


@st.composite
def doubtful(draw: st.DrawFn) -> Machine:
    """Draw a machine whose firmware says anything."""
    processor = st.builds(
        Processor,
        cores=st.sampled_from([0, 1, 2, 4, 192]),
        threads=st.sampled_from([0, 1, 2, 4, 8, 16]),
        version=st.sampled_from(VERSIONS),
        socket=st.sampled_from(["", "CPU1", "CPU-A (00)", "CPU-A (01)"]),
        status=st.sampled_from(STATUSES),
        enabled=st.sampled_from([None, None, 1, 4]),
        id=st.sampled_from([Processor.id, "00 00 00 00 00 00 00 00"]),
    )
    width = st.sampled_from(WIDTHS)
    module = st.builds(Module, st.sampled_from(SIZES), width, width, st.sampled_from(KINDS))
    maker, product = draw(st.sampled_from(NAMES))
    return Machine(
        processors=tuple(draw(st.lists(processor, max_size=4))),
        modules=tuple(draw(st.lists(module, max_size=4))),
        correction=draw(st.sampled_from(["None", "Single-bit ECC", "Multi-bit ECC", "CRC", "Parity", "<OUT OF SPEC>"])),
        maker=maker,
        product=product,
        empty_slots=draw(st.integers(0, 2)),
        arrays=draw(st.integers(1, 2)),
        slots=draw(st.sampled_from([None, None, 1, 8])),
        flag=draw(st.booleans()),
        noise=draw(st.booleans()),
        twice=draw(st.booleans()),
        mapped=draw(st.sampled_from(["", "4 GB", "16 GB"])),
    )


@given(machines())
def test_both_tell_the_truth_of_a_machine_that_is_known(machine: Machine) -> None:
    """Nothing is unknown of it, either."""
    text = dmidecode(machine)
    assert of_dmi(text) == read_dmi(text) == truth(machine)


@given(doubtful())
def test_neither_contradicts_the_other_in_doubt(machine: Machine) -> None:
    """Whatever the firmware says."""
    text = dmidecode(machine)
    assert contradictions(of_dmi(text), read_dmi(text)) == []


@given(st.integers(1, 8), st.integers(1, 64), st.sampled_from([1, 2]))
def test_both_tell_the_truth_of_cores_that_are_alike(sockets: int, cores: int, per_core: int) -> None:
    """As lscpu gives them."""
    text = lscpu(sockets, cores, per_core)
    expected = LscpuReading(sockets, sockets * cores, sockets * cores * per_core)
    assert of_lscpu(text) == read_lscpu(text) == expected


@given(
    st.integers(1, 4),
    st.integers(1, 16),
    st.sampled_from([1, 2, 4, 8]),
    st.integers(0, 4),
    st.integers(0, 4),
    st.fixed_dictionaries(
        {},
        optional={
            "Architecture": st.sampled_from(["x86_64", "aarch64", "ppc64le"]),
            "Model": st.sampled_from(["85", "151"]),
            "NUMA node(s)": st.sampled_from(["1", "8", None]),
            "Hypervisor vendor": st.sampled_from(["Xen", "KVM"]),
            "L1d cache": st.just("384 KiB (12 instances)"),
            "Socket(s)": st.sampled_from(["-", "2"]),
            "CPU(s)": st.just("16"),
        },
    ),
)
def test_neither_contradicts_the_other_over_lscpu(
    sockets: int, cores: int, per_core: int, single: int, off: int, changes: dict[str, str | None]
) -> None:
    """Whatever lscpu, or a hypervisor, makes of the topology."""
    single = min(single, cores)
    logical = sockets * (cores * per_core - single * (per_core - 1))
    text = lscpu(sockets, cores, per_core, changes, single=single, off=min(off, logical - 1))
    assert contradictions(of_lscpu(text), read_lscpu(text)) == []
