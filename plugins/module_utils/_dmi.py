# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dmidecode printed, as tables: processors, memory arrays, memory devices and the rest.

Private to this collection: nothing outside may import it. Pure: text in, data out.

Numbers and names of the structures are those of the SMBIOS reference specification (DMTF DSP0134), the words those of
dmidecode(8), versions 2.0 to 3.6, with and without handles (--quiet). The tables repeat what the firmware says;
_dmi_cpu, _dmi_memory and _dmi_system judge what of it can be true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FIRMWARE, SYSTEM, BOARD, CHASSIS, PROCESSOR, ARRAY, DEVICE, MAPPED, POWER, END = 0, 1, 2, 3, 4, 16, 17, 19, 39, 127
LEGACY_MODULE = 6
_TITLES = {
    "BIOS Information": FIRMWARE,
    "System Information": SYSTEM,
    "Base Board Information": BOARD,
    "Chassis Information": CHASSIS,
    "Processor Information": PROCESSOR,
    "Memory Module Information": LEGACY_MODULE,
    "Physical Memory Array": ARRAY,
    "Memory Device": DEVICE,
    "Memory Array Mapped Address": MAPPED,
    "System Power Supply": POWER,
    "End Of Table": END,
}
_KINDS = frozenset(_TITLES.values())

# "Handle 0x0004, DMI type 4, 42 bytes", which the oldest versions broke into two lines.
_START = re.compile(r"^Handle (0x[0-9A-Fa-f]+)(?:,|\n)\s*DMI type (\d+), \d+ bytes\.?[ \t]*\n", re.MULTILINE)
_QUIET_START = re.compile(rf"^({'|'.join(_TITLES)})[ \t]*\n", re.MULTILINE)
_ANNOUNCED = re.compile(r"^(\d+) structures occupying \d+ bytes\.", re.MULTILINE)
_WHOLE = ("structures occupying ", "Table at 0x")  # dmidecode says so only if it prints all structures
_COUNTED = "bytes announced, structures occupy"
_SIZE = re.compile(r"(\d+) (bytes|[kKMGTP]B)\b")
_UNITS = {"bytes": 0, "kB": 10, "KB": 10, "MB": 20, "GB": 30, "TB": 40, "PB": 50}
_NUMBER = re.compile(r"\d+\b")

# What stands there instead of a report, and what it means.
_REASONS = (
    ("No SMBIOS nor DMI entry point found", "the machine has no SMBIOS table"),
    ("Permission denied", "dmidecode needs root"),
    ("/dev/mem:", "dmidecode could not read the table"),
    ("command not found", "dmidecode is not installed"),
)


class DmiError(ValueError):
    """A text is no report of dmidecode; the message says what it is instead."""


@dataclass(frozen=True)
class Structure:
    """One structure as printed: its fields, and the lines of its lists."""

    handle: str
    kind: int
    fields: Mapping[str, str]
    items: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return a field, or nothing."""
        return self.fields.get(name, "")

    def number(self, *names: str) -> int | None:
        """Return the number that the first of some fields begins with, None if there is none ("Unknown")."""
        for name in names:
            found = _NUMBER.match(self.text(name))
            if found:
                return int(found[0])
        return None


@dataclass(frozen=True)
class Processor:
    """One structure of type 4: by the specification one socket, empty ones among them."""

    socket: str
    kind: str  # "Central Processor", ...
    status: str  # "Populated, Enabled", "Unpopulated", ...
    manufacturer: str
    version: str  # the model name
    identity: str  # "A6 06 06 00 FF FB EB BF", nothing but zeros if there is none
    cores: int | None
    enabled_cores: int | None
    threads: int | None
    current_mhz: int | None
    max_mhz: int | None

    @property
    def populated(self) -> bool:
        """Say whether there is a processor in the socket."""
        return self.status.startswith("Populated")


@dataclass(frozen=True)
class MemoryArray:
    """One structure of type 16: slots with one purpose."""

    handle: str
    use: str  # "System Memory", "Flash Memory", ...
    correction: str  # "None", "Multi-bit ECC", ...
    slots: int  # 0 if not told


@dataclass(frozen=True)
class MemoryDevice:
    """One structure of type 17: a slot, or soldered chips."""

    handle: str
    array: str  # the handle of its array
    slot: str
    fitted: bool
    bytes: int | None  # None if the firmware does not know
    kind: str  # "DDR4", "Flash", ...
    technology: str  # "DRAM", "Intel Optane DC persistent memory", ...
    volatile: str  # how much of it is no storage: "None", "16 GB"; nothing if not told
    total_width: int | None
    data_width: int | None
    speed_mts: int | None
    manufacturer: str
    part: str
    serial: str


@dataclass(frozen=True)
class Dmi:
    """A report as tables; one without any is that of a machine that told nothing."""

    firmware: Structure | None = None
    system: Structure | None = None
    board: Structure | None = None
    chassis: Structure | None = None
    processors: tuple[Processor, ...] = ()
    arrays: tuple[MemoryArray, ...] = ()
    devices: tuple[MemoryDevice, ...] = ()
    power: tuple[Structure, ...] = ()
    legacy_modules: int = 0  # structures of type 6, which the specification gave up in 1999
    cut: str = ""  # why something may be missing
    mapped: tuple[int | None, ...] = ()  # bytes of the ranges of addresses (type 19)


def parse_dmi(text: str) -> Dmi:
    """Read what dmidecode printed, whole or of some types (-t).

    Raises DmiError if that is no report.
    """
    text = text.replace("\r\n", "\n")
    starts = [(found.end(), found[1], int(found[2])) for found in _START.finditer(text)]
    quiet = not starts
    if quiet:
        starts = [(found.start(), "", _TITLES[found[1]]) for found in _QUIET_START.finditer(text)]
    if not starts:
        raise DmiError(_why_no_report(text))
    ends = [start for start, _handle, _kind in starts[1:]] + [len(text)]
    blocks = [(handle, kind, text[start:end]) for (start, handle, kind), end in zip(starts, ends) if kind in _KINDS]
    if not quiet:
        # A table with two entry points is printed twice; the same below the same handle is the same thing.
        blocks = list(
            {(handle, block.partition("\n\n")[0]): (handle, kind, block) for handle, kind, block in blocks}.values()
        )
    by_kind: dict[int, list[Structure]] = {kind: [] for kind in _KINDS}
    for handle, kind, block in blocks:
        by_kind[kind].append(_structure(handle, kind, block))
    return Dmi(
        firmware=_first(by_kind[FIRMWARE]),
        system=_first(by_kind[SYSTEM]),
        board=_first(by_kind[BOARD]),
        chassis=_first(by_kind[CHASSIS]),
        processors=tuple(map(_processor, by_kind[PROCESSOR])),
        arrays=tuple(
            MemoryArray(
                one.handle, one.text("Use"), one.text("Error Correction Type"), one.number("Number Of Devices") or 0
            )
            for one in by_kind[ARRAY]
        ),
        devices=tuple(map(_device, by_kind[DEVICE])),
        mapped=tuple(parse_bytes(one.text("Range Size")) for one in by_kind[MAPPED]),
        power=tuple(by_kind[POWER]),
        legacy_modules=len(by_kind[LEGACY_MODULE]),
        cut="" if by_kind[END] else _cut(text, len(starts)),
    )


def parse_bytes(text: str) -> int | None:
    """Return the bytes of "16 GB"; dmidecode counts in powers of 1024. None for "Unknown" and the like."""
    found = _SIZE.match(text)
    return int(found[1]) << _UNITS[found[2]] if found else None


def _why_no_report(text: str) -> str:
    for words, reason in _REASONS:
        if words in text:
            return reason
    return "this is no report of dmidecode" if text.strip() else "the report is empty"


def _cut(text: str, printed: int) -> str:
    """Return why a report without the structure that ends the table may lack others, too."""
    announced = _ANNOUNCED.search(text)
    if "DMI table is broken" in text:
        return "the firmware's table is broken, and the rest of it was not read"
    if announced and printed < int(announced[1]):
        return f"the report lacks structures that it announces ({printed} of {announced[1]})"
    # dmidecode comes to count what it read only at the end; tables without the structure that should end them exist.
    if not announced and _COUNTED not in text and any(words in text for words in _WHOLE):
        return "the report has no end"
    return ""


def _structure(handle: str, kind: int, block: str) -> Structure:
    """Read one structure: a title, fields below it, and the items of lists one step deeper."""
    fields: dict[str, str] = {}
    items: list[str] = []
    depth = 0
    for line, indent in _lines(block):
        depth = depth or indent
        name, colon, value = line.partition(":")
        if indent > depth:
            items.append(line)
        elif indent == depth and colon:
            fields.setdefault(name, value.strip())
    return Structure(handle, kind, fields, tuple(items))


def _lines(block: str) -> Iterator[tuple[str, int]]:
    """Return the indented lines below the title, each with the width of its indent."""
    for line in block.split("\n")[1:]:
        bare = line.strip()
        if bare and not line[0].isspace():
            return
        if bare:
            yield bare, len(line) - len(line.lstrip())


def _first(structures: list[Structure]) -> Structure | None:
    return structures[0] if structures else None


def _processor(one: Structure) -> Processor:
    return Processor(
        socket=one.text("Socket Designation"),
        kind=one.text("Type"),
        status=one.text("Status"),
        manufacturer=one.text("Manufacturer"),
        version=" ".join(one.text("Version").split()),
        identity=one.text("ID"),
        cores=one.number("Core Count"),
        enabled_cores=one.number("Core Enabled"),
        threads=one.number("Thread Count"),
        current_mhz=one.number("Current Speed"),
        max_mhz=one.number("Max Speed"),
    )


def _device(one: Structure) -> MemoryDevice:
    size = one.text("Size")
    return MemoryDevice(
        handle=one.handle,
        array=one.text("Array Handle"),
        slot=one.text("Locator"),
        fitted=bool(size) and size not in ("No Module Installed", "Not Installed"),
        bytes=parse_bytes(size),
        kind=one.text("Type"),
        technology=one.text("Memory Technology"),
        volatile=one.text("Volatile Size"),
        total_width=one.number("Total Width"),
        data_width=one.number("Data Width"),
        speed_mts=one.number("Speed"),
        manufacturer=one.text("Manufacturer"),
        part=one.text("Part Number"),
        serial=one.text("Serial Number"),
    )
