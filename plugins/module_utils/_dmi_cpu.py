# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processors by what the firmware says, as far as it does not contradict itself.

Private to this collection: nothing outside may import it. Pure: tables in, data out.

Type 4 is one socket by the specification (DMTF DSP0134, 7.5), but some firmware writes one for each thread, core or
cluster; nothing then tells two sockets from two halves of one, and neither are the numbers of cores to be trusted.
Core Count is what the processor has, Core Enabled what the firmware leaves on. Where they differ, either may be the
wrong one: a whole generation of boards always wrote 1 for the second, another doubled the first. So such a count is
not known. Only the system that runs there can tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ansible_collections.eucaim.local_node.plugins.module_utils._cpu_name import (
    may_be_uneven,
    named_cores,
    named_mhz,
    stands_alone,
    starts_at_base,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, Processor
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import real_name
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Cpu

# Math, signal and video processors have structures of type 4, too.
_CENTRAL = ("Central Processor", "Other", "Unknown", "<OUT OF SPEC>")
_NUMBERED = re.compile(r"\s*\(\s*\d+\s*\)\Z")
_ONE_BYTE = 255  # what firmware before SMBIOS 3.0 writes for that many and more
_MOST_THREADS = 2
_MOST_THREADS_PHI = 4


def dmi_cpu(dmi: Dmi, virtual: bool) -> tuple[Cpu, dict[str, str]]:
    """Return the processors, and for each of cpu.sockets, cores, threads and base_mhz why it is not known.

    Of a virtual machine only clocks in model names are read: its firmware makes the others up.
    """
    fitted = [one for one in dmi.processors if one.populated and one.kind in _CENTRAL and not _is_empty(one, virtual)]
    faults = {"sockets": _sockets_fault(dmi, fitted, virtual)}
    faults["cores"] = faults["sockets"] or _first(_cores_fault(one) for one in fitted)
    faults["threads"] = faults["cores"] or _first(_threads_fault(one) for one in fitted)
    faults["base_mhz"] = (
        dmi.cut or ("" if fitted else faults["sockets"]) or _first(_base_fault(one, virtual) for one in fitted)
    )
    # The slowest decides: work that is spread evenly waits for it.
    slowest = min(fitted, key=lambda one: _base(one)[0] or 0, default=None) if not faults["base_mhz"] else None
    models = [one.version for one in fitted if real_name(one.version) and not (virtual and _made_up(one.version))]
    speeds = [one.max_mhz or 0 for one in fitted]
    cpu = Cpu(
        model=", ".join(dict.fromkeys(models)) or None,
        sockets=None if faults["sockets"] else len(fitted),
        cores=None if faults["cores"] else sum(one.cores or 0 for one in fitted),
        threads=None if faults["threads"] else sum(one.threads or 0 for one in fitted),
        base_mhz=_base(slowest)[0] if slowest else None,
        base_source=_base(slowest)[1] if slowest else None,
        max_mhz=None if virtual else min(speeds, default=0) or None,
        hybrid=True if not faults["threads"] and any(map(_uneven, fitted)) else None,
        fitted_sockets=None if faults["sockets"] else len(fitted),
    )
    return cpu, {f"cpu.{name}": fault for name, fault in faults.items() if fault}


def _first(faults: Iterable[str]) -> str:
    return next(filter(None, faults), "")


def _made_up(version: str) -> bool:
    """Say whether a model name is QEMU's own, such as "pc-q35-9.0"."""
    return not re.search(r"Intel|AMD|\bCPU\b|Processor", version)


def _is_empty(one: Processor, virtual: bool) -> bool:
    """Say whether a socket is empty that the firmware calls disabled: nothing in it told who it is.

    VMware lists all processors that a machine could be given, and calls those disabled that it was not.
    """
    return "Disabled" in one.status and (virtual or (bool(one.identity) and not one.identity.strip("0 ")))


def _sockets_fault(dmi: Dmi, fitted: list[Processor], virtual: bool) -> str:
    """Return why the number of processors is not known, nothing if it is."""
    if dmi.cut:
        return dmi.cut
    if not dmi.processors:
        return "dmidecode lists no processor"
    if not all(one.status.startswith(("Populated", "Unpopulated")) for one in dmi.processors):
        return "the firmware does not tell of each socket whether it is populated"
    if not fitted:
        return "the firmware calls no processor socket populated, which cannot be"
    # On boards with one socket "disabled" is a slip of the firmware: something does run.
    disabled = [one for one in fitted if "Disabled" in one.status]
    if disabled and len(disabled) < len(fitted):
        return f"the firmware calls a socket populated, yet its processor disabled ({disabled[0].socket})"
    return _shared_fault(fitted, virtual) if len(fitted) > 1 else ""


def _shared_fault(fitted: list[Processor], virtual: bool) -> str:
    """Return why several structures may be one processor."""
    sockets = Counter(_NUMBERED.sub("", one.socket) for one in fitted)
    socket, times = sockets.most_common(1)[0]
    if times > 1:
        return f"the firmware lists several processors in one socket ({times} in {socket or 'one without a name'})"
    alone = [one.version for one in fitted if stands_alone(one.version)]
    if alone and not virtual:
        return f"the firmware lists several processors of a brand that stands alone ({len(fitted)} {alone[0]})"
    return ""


def _cores_fault(one: Processor) -> str:
    """Return why the cores of one processor are not known, nothing if they are."""
    if not one.cores or one.cores == _ONE_BYTE:
        return f"the firmware does not count the cores ({one.socket})"
    if one.enabled_cores not in (None, one.cores):
        return f"the firmware counts other cores than enabled ones ({one.socket}: {one.cores}, {one.enabled_cores})"
    if named_cores(one.version) not in (None, one.cores):
        return f"the firmware counts other cores than the model name ({one.socket}: {one.cores}, {one.version})"
    if one.threads is not None and one.threads < one.cores:
        return f"the firmware counts fewer threads than cores ({one.socket}: {one.threads}, {one.cores})"
    return ""


def _threads_fault(one: Processor) -> str:
    """Return why the threads of one processor, whose cores are known, are not known."""
    if not one.threads or one.threads == _ONE_BYTE:
        return f"the firmware does not count the threads ({one.socket})"
    most = _MOST_THREADS_PHI if "Phi" in one.version else _MOST_THREADS
    if one.threads > most * (one.cores or 0) or (_uneven(one) and not may_be_uneven(one.version)):
        return (
            f"the firmware counts threads that no such processor has ({one.socket}: {one.threads} on {one.cores} cores)"
        )
    return ""


def _uneven(one: Processor) -> bool:
    """Say whether some cores have two threads, and others one."""
    return bool(one.cores and one.threads and one.threads % one.cores)


def _base(one: Processor) -> tuple[int | None, str]:
    named = named_mhz(one.version)
    return (
        (named, "the model name in the firmware") if named else (one.current_mhz, "the current speed by the firmware")
    )


def _base_fault(one: Processor, virtual: bool) -> str:
    """Return why the base clock of one processor is not known."""
    if named_mhz(one.version):
        return ""
    if virtual:
        return "a virtual machine's firmware makes up the clock"
    if not one.current_mhz:
        return f"the firmware tells no clock ({one.socket})"
    if not starts_at_base(one.manufacturer, one.version):
        return f"the model name has no clock, and this maker's firmware may call the turbo current ({one.socket})"
    if one.max_mhz and one.current_mhz > one.max_mhz:
        speeds = f"{one.current_mhz}, {one.max_mhz}"
        return f"the firmware calls a clock current that is above its highest ({one.socket}: {speeds})"
    return ""
