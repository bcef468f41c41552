# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processors of a recorded machine as the kernel counts them: sockets, cores, threads and clocks.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.

Source: Documentation/ABI/stable/sysfs-devices-system-cpu and Documentation/admin-guide/cputopology.rst of Linux.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

CPUS = "/sys/devices/system/cpu"
_PERFORMANCE, _EFFICIENT = "/sys/devices/cpu_core/cpus", "/sys/devices/cpu_atom/cpus"


@dataclass(frozen=True)
class Topology:
    """What the kernel counts; None is what it does not show. Threads that are switched off do not count."""

    sockets: int | None
    cores: int | None
    threads: int | None
    hybrid: bool | None
    base_mhz: int | None
    base_source: str | None
    max_mhz: int | None


def read_topology(recording: Recording) -> Topology:
    """Return what the kernel counts of the processors."""
    online = parse_list(recording.read(f"{CPUS}/online") or "")
    packages = [recording.number(f"{CPUS}/cpu{cpu}/topology/physical_package_id") for cpu in online]
    cores = {recording.read(f"{CPUS}/cpu{cpu}/topology/thread_siblings_list") for cpu in online}
    known = bool(online) and None not in cores
    base_mhz, base_source = _base(recording, online)
    fastest = [recording.number(f"{CPUS}/cpu{cpu}/cpufreq/cpuinfo_max_freq") or 0 for cpu in online]
    return Topology(
        # Without such tables of the firmware it is -1.
        sockets=len(set(packages)) if known and None not in packages else None,
        cores=len(cores) if known else None,
        threads=len(online) or None,
        hybrid=_hybrid(recording, online) if known else None,
        base_mhz=base_mhz,
        base_source=base_source,
        max_mhz=max(fastest, default=0) // 1000 or None,
    )


def parse_list(text: str) -> list[int]:
    """Return the numbers of a list such as 0-3,8 (cpulist_parse in the kernel)."""
    numbers: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if found:
            numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    return numbers


def _hybrid(recording: Recording, online: list[int]) -> bool:
    """Say whether cores are of unequal kinds: Intel's have a list each, Arm's a capacity each."""
    capacities = {recording.read(f"{CPUS}/cpu{cpu}/cpu_capacity") for cpu in online}
    return recording.read(_EFFICIENT) is not None or len(capacities) > 1


def _base(recording: Recording, online: list[int]) -> tuple[int | None, str | None]:
    """Return the clock that a core holds when all work, and where it was read."""
    clocks = {cpu: recording.number(f"{CPUS}/cpu{cpu}/cpufreq/base_frequency") for cpu in online}
    performance = parse_list(recording.read(_PERFORMANCE) or "") or online[:1]
    first = next((clock for cpu in performance if (clock := clocks.get(cpu))), None)
    if first:
        slower = {clock for clock in clocks.values() if clock and clock < first}
        also = f" of the performance cores; the others have {min(slower) // 1000} MHz" if slower else ""
        return first // 1000, f"cpufreq/base_frequency{also}"
    nominal = recording.number(f"{CPUS}/cpu0/acpi_cppc/nominal_freq")
    return (nominal, "acpi_cppc/nominal_freq") if nominal else (None, None)
