# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory by what the firmware says, and whether it corrects errors.

Private to this collection: nothing outside may import it. Pure: tables in, data out.

Memory is what type 17 lists as fitted in arrays of system memory (DMTF DSP0134, 7.17 and 7.18). Maximum Capacity
(type 16) is no check on it: boards take more. Neither are the mapped ranges (type 19), which in one of twenty reports
are too short, too long or counted twice while the modules are right; but where fewer slots are listed than the board
has, only they can tell that no module is missing. Modules of the old type 6 are not counted: firmware that still
writes it, alone, wrote sizes that the chipset cannot address.

Errors are corrected if the array says so AND every module is wider than its data. One of them alone proves nothing:
QEMU says "Multi-bit ECC", cheap boards with plain modules do, and modules with check bits work in boards that do not
use them. Nor do both where the processor cannot do it: boards for two families of processors claim it with either.
Where the two disagree it is not known; nor is it in a virtual machine, whose host alone knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.eucaim.local_node.plugins.module_utils._cpu_name import lacks_ecc
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi import Dmi, MemoryArray, MemoryDevice
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import real_name
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Memory, MemoryModule

SOURCE = "the memory modules that the firmware lists"
_NO_MEMORY = frozenset({"Flash", "ROM", "EPROM", "EEPROM"})
_MIB = 1 << 20
_EXTENDED = 0x7FFF * _MIB  # "see the extended size", which this firmware does not have
_LEAST = 32 * _MIB
_LEAST_MODERN = 128 * _MIB
_MODERN = ("DDR2", "DDR3", "DDR4", "DDR5", "LPDDR")
_CORRECTING = ("Single-bit ECC", "Multi-bit ECC")


def dmi_memory(dmi: Dmi, virtualisation: str | None) -> tuple[Memory, dict[str, str]]:
    """Return the memory, and why memory.installed_bytes, modules, slots or ecc is not known.

    `virtualisation` is what _dmi_system says of the machine: "" for a real one, None if that is not known.
    """
    arrays, devices = system_memory(dmi)
    fitted = [one for one in devices if one.fitted]
    fault = _fault(dmi, arrays, devices, real=not virtualisation)
    models = [one.version for one in dmi.processors]
    ecc, reason = _ecc(arrays, fitted, models, virtualisation) if not dmi.cut else (None, dmi.cut)
    unknown = {}
    if fault:
        unknown = dict.fromkeys(("memory.installed_bytes", "memory.modules", "memory.slots"), fault)
    if ecc is None:
        unknown["memory.ecc"] = reason
    memory = Memory(
        installed_bytes=None if fault else sum(one.bytes or 0 for one in fitted),
        source=None if fault else SOURCE,
        ecc=ecc,
        ecc_reason=reason,
        slots=None if fault else len(devices),
        modules=None if fault else tuple(map(_module, fitted)),
    )
    return memory, unknown


def system_memory(dmi: Dmi) -> tuple[list[MemoryArray], list[MemoryDevice]]:
    """Return the arrays and devices that are the machine's working memory: no flash, no cache, no video memory."""
    others = {one.handle for one in dmi.arrays if one.use != "System Memory"} - {""}
    devices = [one for one in dmi.devices if one.array not in others and not _is_storage(one)]
    return [one for one in dmi.arrays if one.use == "System Memory"], devices


def _is_storage(one: MemoryDevice) -> bool:
    return one.kind in _NO_MEMORY or (_is_persistent(one) and one.volatile == "None")


def _is_persistent(one: MemoryDevice) -> bool:
    return "persistent" in one.technology or one.kind == "Logical non-volatile device"


def _fault(dmi: Dmi, arrays: Sequence[MemoryArray], devices: Sequence[MemoryDevice], real: bool) -> str:
    """Return why the installed memory is not known, nothing if it is."""
    if dmi.cut:
        return dmi.cut
    if not devices:
        return "dmidecode lists no memory module" + (" but in the obsolete type 6" if dmi.legacy_modules else "")
    known = {one.handle for one in arrays}
    orphans = [one for one in devices if one.array not in known]
    if arrays and 0 < len(orphans) < len(devices):
        return f"the firmware lists a module in no array, which may be one that it lists twice ({orphans[0].slot})"
    fitted = [one for one in devices if one.fitted]
    if not fitted:
        return "the firmware calls every memory slot empty, which cannot be"
    faults = (_size_fault(one, real) for one in fitted)
    return next(filter(None, faults), "") or _missing_fault(dmi, arrays, devices)


def _missing_fault(dmi: Dmi, arrays: Sequence[MemoryArray], devices: Sequence[MemoryDevice]) -> str:
    """Return why a module may be missing from the list: there are more slots, and the map of addresses is no proof."""
    listed = Counter(one.array for one in dmi.devices)
    missing = sum(max(one.slots - listed.pop(one.handle, 0), 0) for one in arrays)
    elsewhere = sum(1 for one in devices if one.array in listed)
    if missing > elsewhere and sum(size or 0 for size in dmi.mapped) != sum(one.bytes or 0 for one in devices):
        return f"the firmware lists fewer slots than there are ({missing} missing)"
    return ""


def _size_fault(one: MemoryDevice, real: bool) -> str:
    """Return why the size of a fitted module cannot be right."""
    if _is_persistent(one):
        return f"part of a persistent module may work as memory ({one.slot})"
    if one.bytes is None:
        return f"the firmware does not know the size of a module ({one.slot})"
    if one.bytes == _EXTENDED:
        return f"a module is larger than the firmware can tell ({one.slot})"
    least = _LEAST_MODERN if one.kind.startswith(_MODERN) else _LEAST
    if one.bytes < least or (real and not _is_round(one.bytes)):
        kind = real_name(one.kind) or "memory"
        return f"the firmware tells a size that no module has ({one.slot}: {one.bytes // _MIB} MiB of {kind})"
    return ""


def _is_round(size: int) -> bool:
    """Say whether a size is a power of two or three times one, as those of all modules are."""
    odd = size // (size & -size)
    return odd in (1, 3)


def _ecc(
    arrays: Sequence[MemoryArray], fitted: Sequence[MemoryDevice], models: Sequence[str], virtualisation: str | None
) -> tuple[bool | None, str]:
    """Return whether errors are corrected, and how that is known or why not."""
    if virtualisation:
        return None, f"a virtual machine claims what it likes; its host knows ({virtualisation})"
    if virtualisation is None:
        return None, "it is not known whether this is a virtual machine, which claims what it likes"
    corrections = {one.correction for one in arrays}
    if not corrections:
        return None, "dmidecode lists no memory array"
    if len(corrections) > 1:
        return None, f"the firmware says different things of its memory arrays ({', '.join(sorted(corrections))})"
    correction = corrections.pop()
    if not fitted:
        return None, "dmidecode lists no fitted memory module"
    wide = [one for one in fitted if _has_check_bits(one)]
    if correction == "None":
        if not wide and not any(map(_is_doubtful, fitted)):
            return False, "the firmware says that the memory has no error correction"
        return None, f"the firmware says no error correction, yet a module has bits for it ({_shown(wide or fitted)})"
    if correction not in _CORRECTING:
        return None, f"the firmware does not say whether errors are corrected ({correction or 'nothing'})"
    unable = next(filter(lacks_ecc, models), "")
    if unable:
        return None, f"the firmware says {correction}, which the processor cannot do ({unable})"
    if len(wide) == len(fitted):
        return True, f"the firmware says {correction}, and each module has bits for it ({_shown(wide)})"
    narrow = [one for one in fitted if one not in wide]
    return None, f"the firmware says {correction}, yet a module has no bits for it ({_shown(narrow)})"


def _has_check_bits(one: MemoryDevice) -> bool:
    """Say whether a module is wider than its data: 72 and 64 bits, 80 and 64 (DDR5), 40 and 32.

    Boards of several makers write 128 and 64 for modules with 72 bits, and for no others. Widths of data that are no
    power of two were never written.
    """
    total, data = one.total_width or 0, one.data_width or 0
    return data < total <= 2 * data and not data & (data - 1)


def _is_doubtful(one: MemoryDevice) -> bool:
    """Say whether a module has 72 bits, but not clearly 64 of data: boards write 72 and 72 of modules of both kinds."""
    return one.total_width == 72


def _shown(modules: Sequence[MemoryDevice]) -> str:
    one = modules[0]
    return f"{one.slot}: {one.total_width or 'unknown'} bits, {one.data_width or 'unknown'} of data"


def _module(one: MemoryDevice) -> MemoryModule:
    return MemoryModule(
        slot=one.slot,
        bytes=one.bytes or 0,
        kind=real_name(one.kind),
        speed_mts=one.speed_mts,
        total_width=one.total_width,
        data_width=one.data_width,
        manufacturer=real_name(one.manufacturer),
        part=real_name(one.part),
        serial=real_name(one.serial),
    )
