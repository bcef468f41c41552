# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processors by what lscpu says, as far as it does not contradict itself.

Private to this collection: nothing outside may import it. Pure: tables in, data out.

lscpu(1) prints threads per core, cores per socket and sockets as if all cores were alike. Their product must be the
number of CPUs; if not, cores are of unequal kinds or not all are in use, and only the list (-p) tells how many there
are. Since util-linux 2.37 lscpu counts cores one by one, so fewer threads than twice the cores mean unequal cores;
before, it divided, and the product was right while the number of cores was not. A core is what the kernel takes for
one: of AMD's FX processors and first Opterons it counts modules.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._cpu_name import (
    may_be_uneven,
    named_mhz,
    starts_at_base,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Cpu, Machine, System
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import Lscpu, Topology

_X86 = re.compile(r"x86_64|i[3-6]86")
_ARM = re.compile(r"aarch64|arm")
_MOST_THREADS, _MOST_THREADS_PHI = 2, 4  # of an x86 core
# What lscpu calls a hypervisor, and what systemd-detect-virt(1) does.
_HYPERVISORS = {
    "KVM": "kvm",
    "Microsoft": "microsoft",
    "VMware": "vmware",
    "Xen": "xen",
    "Parallels": "parallels",
    "Oracle": "oracle",
    "IBM": "powervm",
    "z/VM": "zvm",
    "VServer": "vserver",
    "User-mode Linux": "uml",
    "Innotek GmbH": "oracle",
    "Hitachi": "hitachi",
    "OS/400": "os400",
    "pHyp": "powervm",
    "Bhyve": "bhyve",
    "QNX": "qnx",
    "ACRN": "acrn",
    "Windows Subsystem for Linux": "wsl",
}


def lscpu_cpu(lscpu: Lscpu, topology: Topology | None = None) -> tuple[Cpu, dict[str, str]]:
    """Return the processors, and why cpu.sockets, cores, threads or base_mhz is not known.

    The list, where there is one, decides about cores: it alone is right if they are of unequal kinds.
    """
    off = f"some CPUs are off, and nothing tells their cores ({lscpu.offline} of {lscpu.cpus})" if lscpu.offline else ""
    base, source = _base(lscpu)
    cores_fault = off or ("" if topology else _cores_fault(lscpu))
    faults = {
        # A whole socket may be off, too.
        "sockets": _sockets_fault(lscpu) or cores_fault,
        "cores": cores_fault,
        "threads": off or ("" if lscpu.cpus else "lscpu does not count the CPUs"),
        "base_mhz": "" if base else source,
    }
    models = [kind.model for kind in lscpu.kinds if kind.model not in ("", "-")]
    cores = topology.cores if topology else sum(kind.cores or 0 for kind in lscpu.kinds)
    cpu = Cpu(
        model=", ".join(dict.fromkeys(models)) or None,
        architecture=lscpu.architecture,
        sockets=None if faults["sockets"] else lscpu.kinds[0].sockets,
        cores=None if faults["cores"] else cores,
        threads=None if faults["threads"] else lscpu.cpus,
        base_mhz=base,
        base_source=source if base else None,
        max_mhz=lscpu.max_mhz,
        hybrid=True if len(lscpu.kinds) > 1 or (topology.uneven if topology else _uneven(lscpu)) else None,
    )
    return cpu, {f"cpu.{name}": fault for name, fault in faults.items() if fault}


def lscpu_virtualisation(lscpu: Lscpu) -> tuple[str | None, str]:
    """Return the kind of virtual machine, in words of systemd-detect-virt(1), "" for none; None and why if unclear."""
    guest = "hypervisor" in lscpu.flags
    if lscpu.hypervisor:
        kind = _HYPERVISORS.get(lscpu.hypervisor)
        if kind is None or (lscpu.virtualisation == "none" and not guest):
            how = lscpu.virtualisation or "nothing else"
            return None, f"lscpu does not tell clearly whether this is a virtual machine ({lscpu.hypervisor}, {how})"
        return kind, ""
    if guest:
        return None, "the processor says that a hypervisor is there, and lscpu does not tell which"
    if not _X86.match(lscpu.architecture):
        return None, f"lscpu does not tell whether this is a virtual machine ({lscpu.architecture})"
    return "", ""


def lscpu_machine(lscpu: Lscpu) -> Machine:
    """Return all that lscpu says of a machine."""
    cpu, unknown = lscpu_cpu(lscpu)
    virtualisation, fault = lscpu_virtualisation(lscpu)
    if fault:
        unknown["system.virtualisation"] = fault
    return Machine(system=System(virtualisation=virtualisation), cpu=cpu, unknown=unknown)


def _sockets_fault(lscpu: Lscpu) -> str:
    if len(lscpu.kinds) > 1:
        return "lscpu counts the sockets for each kind of core"
    sockets = lscpu.kinds[0].sockets
    if sockets is None:
        return "lscpu does not count the sockets"
    # Kernels for boards without ACPI take clusters for sockets; only memory of its own proves a second socket.
    if sockets > 1 and _ARM.match(lscpu.architecture) and (lscpu.numa_nodes or 1) < sockets:
        return f"lscpu counts sockets that may be clusters of cores in one ({sockets})"
    return ""


def _cores_fault(lscpu: Lscpu) -> str:
    """Return why the cores are not known from threads, cores and sockets alone."""
    total = 0
    for kind in lscpu.kinds:
        if not kind.threads_per_core or not kind.cores:
            return "lscpu does not tell the threads per core, or the cores"
        most = _MOST_THREADS_PHI if "Phi" in kind.model else _MOST_THREADS
        if kind.threads_per_core > most and _X86.match(lscpu.architecture):
            return f"lscpu tells more threads per core than such a processor has ({kind.threads_per_core})"
        total += kind.threads_per_core * kind.cores
    divided = not lscpu.counts_cores and lscpu.vendor == "GenuineIntel"
    if divided and any(kind.threads_per_core != 1 and may_be_uneven(kind.model) for kind in lscpu.kinds):
        return "an old lscpu takes all cores for alike, which this processor may not have (util-linux before 2.37)"
    if total != lscpu.cpus and not _uneven(lscpu):
        return (
            "threads, cores and sockets do not make up the CPUs: cores are unequal, or not all in use;"
            f" lscpu -p=CPU,CORE,SOCKET tells ({total}, {lscpu.cpus})"
        )
    return ""


def _base(lscpu: Lscpu) -> tuple[int | None, str]:
    """Return the base clock and where it was read, or None and why it is not known."""
    named = [named_mhz(kind.model) for kind in lscpu.kinds]
    clocks = [mhz for mhz in named if mhz]
    if len(clocks) == len(named):
        return min(clocks), "the model name"
    if lscpu.hypervisor or "hypervisor" in lscpu.flags:
        return None, "the model name has no clock, and a virtual machine's firmware makes it up"
    mhz = named_mhz(lscpu.firmware_model)
    if mhz and starts_at_base(lscpu.vendor, lscpu.firmware_model):
        return mhz, "the current speed by the firmware, rounded down to 100 MHz by lscpu"
    return None, "the model name has no clock"


def _uneven(lscpu: Lscpu) -> bool:
    """Say whether lscpu counted cores of one processor of which some have two threads, and others one."""
    if not lscpu.counts_cores or lscpu.cpus is None or len(lscpu.kinds) > 1:
        return False
    cores, threads = lscpu.kinds[0].cores or 0, lscpu.kinds[0].threads_per_core or 0
    return lscpu.kinds[0].sockets == 1 and cores < lscpu.cpus < cores * threads
