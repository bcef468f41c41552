# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets, cores and threads are counted as the kernel shows them, however they are numbered."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _topology as topology
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

CPUS = topology.CPUS


def machine(online: str, cpus: list[tuple[str, str]], **files: str) -> topology.Topology:
    """Return the counts of CPUs of (package, siblings); files are named below the folder of CPUs."""
    texts = {f"{CPUS}/online": online}
    for number, (package, siblings) in enumerate(cpus):
        texts[f"{CPUS}/cpu{number}/topology/physical_package_id"] = package
        texts[f"{CPUS}/cpu{number}/topology/thread_siblings_list"] = siblings
    texts.update({path.replace("__", "/"): value for path, value in files.items()})
    return topology.read_topology(Recording(files=texts))


def test_two_sockets() -> None:
    """Two sockets of two cores with two threads each; core numbers that repeat do not matter."""
    siblings = ["0,4", "1,5", "2,6", "3,7"] * 2
    found = machine("0-7", list(zip("00110011", siblings, strict=True)))
    assert (found.sockets, found.cores, found.threads, found.hybrid) == (2, 4, 8, False)
    assert (found.base_mhz, found.base_source, found.max_mhz) == (None, None, None)


def test_threads_off() -> None:
    """Threads that are switched off do not count."""
    found = machine("0-1", [("0", "0"), ("0", "1")])
    assert (found.sockets, found.cores, found.threads) == (1, 2, 2)


def test_unknown() -> None:
    """Without tables of the firmware there are no sockets; without a list there is nothing."""
    assert machine("0-1", [("-1", "0"), ("-1", "1")]).sockets is None
    nothing = machine("", [])
    assert (nothing.sockets, nothing.cores, nothing.threads, nothing.hybrid) == (None, None, None, None)
    half = machine("0-1", [("0", "0")])
    assert (half.sockets, half.cores, half.threads, half.hybrid) == (None, None, 2, None)


def test_hybrid() -> None:
    """Intel lists performance and efficient cores; the base clock is that of the first, and the other is said."""
    clocks = {f"{CPUS}/cpu{cpu}/cpufreq/base_frequency": "3000000" for cpu in range(2)}
    clocks.update({f"{CPUS}/cpu{cpu}/cpufreq/base_frequency": "2200000" for cpu in (2, 3)})
    clocks.update({f"{CPUS}/cpu{cpu}/cpufreq/cpuinfo_max_freq": f"5{cpu}00000" for cpu in range(4)})
    cpus = [("0", "0-1"), ("0", "0-1"), ("0", "2"), ("0", "3")]
    lists = {"/sys/devices/cpu_core/cpus": "0-1", "/sys/devices/cpu_atom/cpus": "2-3"}
    found = machine("0-3", cpus, **clocks, **lists)
    assert (found.sockets, found.cores, found.threads, found.hybrid) == (1, 3, 4, True)
    assert found.base_mhz == 3000
    assert found.base_source == "cpufreq/base_frequency of the performance cores; the others have 2200 MHz"
    assert found.max_mhz == 5300


def test_capacities() -> None:
    """Arm's unequal cores have unequal capacities."""
    cpus = [("0", "0"), ("0", "1")]
    unequal = {f"{CPUS}/cpu0/cpu_capacity": "446", f"{CPUS}/cpu1/cpu_capacity": "1024"}
    assert machine("0-1", cpus, **unequal).hybrid is True
    assert machine("0-1", cpus, **dict.fromkeys(unequal, "1024")).hybrid is False


def test_base() -> None:
    """The base clock is the driver's, or the firmware's nominal one."""
    cpus = [("0", "0"), ("0", "1")]
    driver = {f"{CPUS}/cpu0/cpufreq/base_frequency": "2600000", f"{CPUS}/cpu1/cpufreq/base_frequency": "2600000"}
    nominal = {f"{CPUS}/cpu0/acpi_cppc/nominal_freq": "2596"}
    found = machine("0-1", cpus, **driver, **nominal)
    assert (found.base_mhz, found.base_source) == (2600, "cpufreq/base_frequency")
    found = machine("0-1", cpus, **nominal)
    assert (found.base_mhz, found.base_source) == (2596, "acpi_cppc/nominal_freq")
    assert machine("0-1", cpus, **dict.fromkeys(nominal, "0")).base_mhz is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0", [0]), ("0-2,8,10-11", [0, 1, 2, 8, 10, 11]), ("", []), ("0-1\n", [0, 1]), ("x,3", [3])],
)
def test_lists(text: str, numbers: list[int]) -> None:
    """The kernel writes lists of CPUs in short."""
    assert topology.parse_list(text) == numbers
