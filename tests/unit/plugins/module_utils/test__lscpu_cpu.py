# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processors by lscpu. All made up, after what kernels and hypervisors do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import Kind, Lscpu, Topology
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu_cpu import (
    lscpu_cpu,
    lscpu_machine,
    lscpu_virtualisation,
)

XEON = Lscpu(
    architecture="x86_64",
    cpus=64,
    offline="",
    vendor="GenuineIntel",
    kinds=(Kind("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", 2, 32, 2),),
    numa_nodes=2,
    max_mhz=3700,
    firmware_model="",
    hypervisor="",
    virtualisation="",
    flags=frozenset({"fpu"}),
    counts_cores=True,
)
PHONE = replace(
    XEON, architecture="aarch64", cpus=8, vendor="ARM", kinds=(Kind("Cortex-A53", 1, 8, 2),), numa_nodes=None
)
HYBRID = replace(XEON, cpus=20, kinds=(Kind("12th Gen Intel(R) Core(TM) i7-99", 2, 14, 1),))


def kind(**change: Any) -> tuple[Kind, ...]:
    """Return the Xeon's cores with something else."""
    return (replace(XEON.kinds[0], **change),)


def test_two_sockets() -> None:
    cpu, unknown = lscpu_cpu(XEON)
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.hybrid) == (2, 32, 64, None)
    assert (cpu.base_mhz, cpu.base_source, cpu.max_mhz) == (2600, "the model name", 3700)
    assert (cpu.model, cpu.architecture, unknown) == ("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", "x86_64", {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kinds": kind(threads_per_core=None)}, "lscpu does not tell the threads per core, or the cores"),
        ({"kinds": kind(threads_per_core=0)}, "lscpu does not tell the threads per core, or the cores"),
        ({"kinds": kind(cores=None)}, "lscpu does not tell the threads per core, or the cores"),
        (
            {"kinds": kind(threads_per_core=32, cores=2)},
            "lscpu tells more threads per core than such a processor has (32)",
        ),
        ({"cpus": 40}, "threads, cores and sockets do not make up the CPUs"),
        ({"cpus": 96}, "threads, cores and sockets do not make up the CPUs"),
    ],
)
def test_cores_that_do_not_add_up_are_unknown_unless_the_list_tells_them(change: dict[str, Any], reason: str) -> None:
    lscpu = replace(XEON, **change)
    cpu, unknown = lscpu_cpu(lscpu)
    assert (cpu.sockets, cpu.cores, cpu.threads) == (None, None, lscpu.cpus)
    assert unknown["cpu.cores"].startswith(reason)
    assert unknown["cpu.sockets"].startswith(reason)
    cpu, unknown = lscpu_cpu(lscpu, Topology(threads=40, cores=24, sockets=2, uneven=True))
    assert (cpu.sockets, cpu.cores, cpu.hybrid, unknown) == (2, 24, True, {})


def test_a_new_lscpu_counts_unequal_cores() -> None:
    cpu, unknown = lscpu_cpu(HYBRID)
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.hybrid) == (1, 14, 20, True)
    assert set(unknown) == {"cpu.base_mhz"}


@pytest.mark.parametrize(
    "change",
    [
        {"kinds": (Kind("12th Gen Intel(R) Core(TM) i7-99", 2, 14, 2),)},
        {"cpus": 12},
        {"cpus": 29},
        {"cpus": None},
        {"kinds": (Kind("", None, 14, 1),)},
        {"kinds": (Kind("", 2, None, 1),)},
    ],
)
def test_what_no_unequal_cores_explain_is_unknown(change: dict[str, Any]) -> None:
    cpu, unknown = lscpu_cpu(replace(HYBRID, **change))
    assert (cpu.cores, cpu.hybrid) == (None, None)
    assert "cpu.cores" in unknown


@pytest.mark.parametrize(
    ("change", "cores"),
    [
        ({"kinds": (Kind("12th Gen Intel(R) Core(TM) i7-99", 2, 10, 1),)}, None),
        ({"kinds": (Kind("12th Gen Intel(R) Core(TM) i7-99", 1, 20, 1),)}, 20),
        ({"kinds": (Kind("Intel(R) Core(TM) i7-99 CPU @ 2.60GHz", 2, 10, 1),)}, 10),
        ({"kinds": (Kind("Intel(R) Xeon(R) Gold 9999", 2, 10, 1),)}, 10),
        ({"kinds": (Kind("AMD Ryzen 9", 2, 10, 1),), "vendor": "AuthenticAMD"}, 10),
    ],
)
def test_an_old_lscpu_divides_unequal_cores(change: dict[str, Any], cores: int | None) -> None:
    cpu, unknown = lscpu_cpu(replace(HYBRID, counts_cores=False, **change))
    assert (cpu.cores, cpu.hybrid) == (cores, None)
    if cores is None:
        assert unknown["cpu.cores"].startswith("an old lscpu takes all cores for alike")
        listed = lscpu_cpu(replace(HYBRID, counts_cores=False, **change), Topology(20, 14, 1, True))[0]
        assert (listed.cores, listed.hybrid) == (14, True)


def test_cpus_that_are_off_leave_cores_and_threads_unknown() -> None:
    lscpu = replace(XEON, offline="32-63")
    for topology in (None, Topology(32, 32, 2, False)):
        cpu, unknown = lscpu_cpu(lscpu, topology)
        assert (cpu.sockets, cpu.cores, cpu.threads) == (None, None, None)
        reason = "some CPUs are off, and nothing tells their cores (32-63 of 64)"
        assert unknown == dict.fromkeys(("cpu.sockets", "cpu.cores", "cpu.threads"), reason)


@pytest.mark.parametrize("cpus", [None, 0])
def test_no_cpus_at_all(cpus: int | None) -> None:
    cpu, unknown = lscpu_cpu(replace(XEON, cpus=cpus))
    assert (cpu.cores, cpu.threads, unknown["cpu.threads"]) == (None, None, "lscpu does not count the CPUs")


def test_sockets_that_lscpu_leaves_out() -> None:
    cpu, unknown = lscpu_cpu(replace(XEON, kinds=kind(sockets=None)))
    assert (cpu.sockets, cpu.cores) == (None, 32)
    assert unknown == {"cpu.sockets": "lscpu does not count the sockets"}


def test_sockets_on_arm_may_be_clusters() -> None:
    cpu, unknown = lscpu_cpu(PHONE)
    assert (cpu.sockets, cpu.cores, cpu.threads) == (None, 8, 8)
    assert unknown["cpu.sockets"] == "lscpu counts sockets that may be clusters of cores in one (2)"
    assert lscpu_cpu(replace(PHONE, numa_nodes=1))[0].sockets is None


@pytest.mark.parametrize(("sockets", "nodes"), [(2, 2), (2, 4), (1, None)])
def test_sockets_on_arm_with_memory_of_their_own_are_sockets(sockets: int, nodes: int | None) -> None:
    server = replace(PHONE, cpus=96, kinds=(Kind("Neoverse-N1", 1, 96, sockets),), numa_nodes=nodes)
    assert lscpu_cpu(server)[0].sockets == sockets


def test_cores_of_two_kinds_are_added() -> None:
    cpu, unknown = lscpu_cpu(replace(PHONE, cpus=6, kinds=(Kind("Cortex-A53", 1, 4, 1), Kind("Cortex-A72", 1, 2, 1))))
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.hybrid) == (None, 6, 6, True)
    assert cpu.model == "Cortex-A53, Cortex-A72"
    assert unknown["cpu.sockets"] == "lscpu counts the sockets for each kind of core"


@pytest.mark.parametrize(
    ("lscpu", "cores"),
    [
        (replace(XEON, cpus=256, kinds=(Kind("Intel(R) Xeon Phi(TM) CPU 7210 @ 1.30GHz", 4, 64, 1),)), 64),
        (replace(XEON, architecture="ppc64le", cpus=160, kinds=(Kind("POWER9", 8, 20, 2),)), 20),
        (replace(XEON, cpus=512, kinds=(Kind("Intel(R) Xeon Phi(TM) CPU 7210 @ 1.30GHz", 8, 64, 1),)), None),
    ],
)
def test_more_than_two_threads_a_core(lscpu: Lscpu, cores: int | None) -> None:
    assert lscpu_cpu(lscpu)[0].cores == cores


@pytest.mark.parametrize(
    ("change", "base", "source"),
    [
        ({}, None, "the model name has no clock"),
        ({"firmware_model": "AMD EPYC 9999 Unknown CPU @ 2.4GHz", "vendor": "AuthenticAMD"}, 2400, "the current speed"),
        ({"firmware_model": "Intel(R) Xeon(R) Gold 6430  CPU @ 2.1GHz"}, 2100, "the current speed by the firmware"),
        ({"firmware_model": "12th Gen Intel(R) Core(TM) i7-99 CPU @ 4.0GHz"}, None, "the model name has no clock"),
        ({"firmware_model": "pc-q35 CPU @ 2.0GHz", "hypervisor": "KVM"}, None, "the model name has no clock, and"),
        ({"firmware_model": "pc-q35 CPU @ 2.0GHz", "flags": frozenset({"hypervisor"})}, None, "the model name has no"),
        (
            {"kinds": kind(model="Intel(R) Xeon(R) @ 2.1GHz") + kind(model="Intel(R) Xeon(R) @ 1.8GHz")},
            1800,
            "the model",
        ),
    ],
)
def test_the_base_clock_without_one_in_the_name(change: dict[str, Any], base: int | None, source: str) -> None:
    cpu, unknown = lscpu_cpu(replace(HYBRID, **change))
    assert cpu.base_mhz == base
    assert (cpu.base_source or unknown["cpu.base_mhz"]).startswith(source)


def test_a_name_that_is_none() -> None:
    assert lscpu_cpu(replace(XEON, kinds=kind(model="-")))[0].model is None


@pytest.mark.parametrize(
    ("change", "found", "reason"),
    [
        ({}, "", ""),
        ({"hypervisor": "KVM", "virtualisation": "full"}, "kvm", ""),
        ({"hypervisor": "VMware", "virtualisation": "full", "flags": frozenset({"hypervisor"})}, "vmware", ""),
        ({"hypervisor": "Xen", "virtualisation": "none", "flags": frozenset({"hypervisor"})}, "xen", ""),
        (
            {"hypervisor": "Xen", "virtualisation": "none"},
            None,
            "lscpu does not tell clearly whether this is a virtual machine (Xen, none)",
        ),
        (
            {"hypervisor": "(null)", "virtualisation": "full"},
            None,
            "lscpu does not tell clearly whether this is a virtual machine ((null), full)",
        ),
        (
            {"hypervisor": "vertical"},
            None,
            "lscpu does not tell clearly whether this is a virtual machine (vertical, nothing",
        ),
        ({"flags": frozenset({"hypervisor"})}, None, "the processor says that a hypervisor is there, and"),
        ({"architecture": "aarch64"}, None, "lscpu does not tell whether this is a virtual machine (aarch64)"),
    ],
)
def test_virtual_machines(change: dict[str, Any], found: str | None, reason: str) -> None:
    kind_found, why = lscpu_virtualisation(replace(XEON, **change))
    assert kind_found == found
    assert why.startswith(reason)
    assert bool(why) is (found is None)


def test_the_machine() -> None:
    machine = lscpu_machine(XEON)
    assert (machine.cpu.cores, machine.system.virtualisation, machine.memory.installed_bytes) == (32, "", None)
    assert machine.unknown == {}
    assert "system.virtualisation" in lscpu_machine(PHONE).unknown
