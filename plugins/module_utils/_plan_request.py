# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site asks the planner: its data set and how that grows, the tier, and the drives that it can buy.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes, money is
integer hundredths of the site's currency, shares are basis points (hundredths of a percent).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_reader import LARGEST, Reader, decimal_of
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._size import SizeError, human_size, parse_size
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_site import sold_as_memory
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_storage import is_data_mount

TB, GB, GIB = 10**12, 10**9, 2**30

# What md builds here and survives a failed drive. The other levels are compared with them and not planned.
PLANNED_LEVELS = ("raid1", "raid5", "raid6", "raid10")
LEVEL_CHOICES = ("choose", *PLANNED_LEVELS)
FILE_SYSTEMS = ("xfs", "ext4")
POLICIES = ("bitmap", "ppl", "resync")
PROFILES = ("d5.11", "handbook")
AIMS = ("minimum", "recommended")
MEDIA = ("hdd", "ssd")
INTERFACES = ("sata", "sas", "nvme", "m.2")  # the last is for the system's drive only

# The usual sizes of hard drives for servers, and of solid-state drives to start from. Without prices, which change.
USUAL_DRIVES_TB = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
USUAL_SYSTEM_DRIVES_GB = (240, 480, 960)

# What makers state: one sector in so many bits cannot be read, and MB/s over the whole drive.
READ_ERRORS = {"hdd": "1e-15", "ssd": "1e-17"}
SPEEDS = {"hdd": 150, "ssd": 450}

MOST_OFFERS = 64
SMALLEST_DATASET, LARGEST_DATASET = 2 * GB, 100_000 * TB
_SHARE = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?)\s*%")
_MOUNT_POINT = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+")
# Where the kernel and the system mount things of their own.
_KERNEL_PATHS = ("/dev", "/etc", "/proc", "/run", "/sys")


class PlanError(ValueError):
    """There is no plan; refusals say why, all together."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        """Keep the refusals; the text of the error is theirs."""
        self.refusals = list(refusals)
        super().__init__("\n".join(refusal.text() for refusal in self.refusals))


@dataclass(frozen=True)
class Offer:
    """One kind of drive that can be bought, or that is there already."""

    name: str
    size: int
    medium: str = "hdd"
    interface: str = "sata"
    count: int | None = None  # how many there are; None is as many as one wants
    price: int | None = None  # hundredths of the currency, each
    read_errors: Decimal = Decimal(READ_ERRORS["hdd"])  # unrecoverable ones in each bit that is read
    speed: int = SPEEDS["hdd"]  # MB/s, kept up over the whole drive

    @property
    def in_bay(self) -> bool:
        """Whether the drive takes a slot of the case; an M.2 drive sits on the board."""
        return self.interface != "m.2"


@dataclass(frozen=True)
class Hardware:
    """What is known of the rest of the machine; None is left to the seller, who gets what is asked."""

    cpu_name: str | None = None
    cpu_sockets: int | None = None
    cpu_cores: int | None = None  # all sockets together
    cpu_threads: int | None = None
    cpu_base_mhz: int | None = None
    cpu_watts: int | None = None  # each
    memory_bytes: int | None = None
    memory_ecc: bool | None = None
    memory_modules: int | None = None
    gpu_name: str | None = None
    gpu_count: int | None = None
    gpu_vram_bytes: int | None = None  # each
    gpu_tensor_cores: int | None = None  # each
    gpu_watts: int | None = None  # each
    psu_watts: int | None = None  # one unit
    psu_redundant: bool | None = None
    staggered_start: bool | None = None  # the hard drives start one after another


@dataclass(frozen=True)
class Request:
    """Everything that a plan is made of."""

    dataset_bytes: int
    growth_bytes: int = 0  # a year
    growth_share: int = 0  # a year, in basis points, compound
    growth_known: bool = False
    years: int = 5
    headroom: int = 2000  # basis points of the data set
    tier: int = 2
    profile: str = "d5.11"
    aim: str = "recommended"
    offers: tuple[Offer, ...] = ()
    system_offers: tuple[Offer, ...] = ()
    offers_given: bool = False
    level: str = "choose"
    spares: int | None = None
    file_system: str = "xfs"
    reserve: int = 1  # percent of an ext4
    policy: str = "bitmap"
    bays: int | None = None
    rebuild_risk: int = 1500  # basis points
    mount_point: str = "/srv/eucaim"
    currency: str = "EUR"
    hardware: Hardware = Hardware()


_OFFER_KEYS = ("name", "size", "medium", "interface", "count", "price", "read_errors", "mb_per_second")
_HARDWARE_KEYS = {
    "processor": ("name", "sockets", "cores", "threads", "base_mhz", "watts"),
    "memory": ("size", "ecc", "modules"),
    "gpu": ("name", "count", "vram", "tensor_cores", "watts"),
    "power_supply": ("watts", "redundant", "staggered_start"),
}
KEYS = (
    "dataset_size",
    "growth",
    "years",
    "headroom_percent",
    "tier",
    "profile",
    "aim",
    "drive_offers",
    "system_drive_offers",
    "level",
    "spares",
    "file_system",
    "reserve_percent",
    "consistency_policy",
    "bays",
    "rebuild_risk_percent",
    "mount_point",
    "currency",
    *_HARDWARE_KEYS,
)


def parse_request(given: Mapping[str, Any], prefix: str = "") -> Request:
    """Return what is asked, with every value converted; raise PlanError with all that is wrong.

    Keys are KEYS; numbers may be text, as extra variables are. A prefix stands before the names in refusals, so that
    a person reads the name of the variable that they set. Empty text and None mean: not given.
    """
    reader = Reader(given, prefix, KEYS)
    dataset = _dataset(reader)
    growth_bytes, growth_share = _growth(reader)
    tier = reader.number("TIER-2", "tier", 2, 3)
    offers, offers_given = _offers(reader, "drive_offers", "ST-DATA", usual_drives())
    system_offers, _unused = _offers(reader, "system_drive_offers", "ST-OS", _usual_system_drives())
    level = _level(reader)
    request = Request(
        dataset_bytes=dataset or 1,
        growth_bytes=growth_bytes,
        growth_share=growth_share,
        growth_known=reader.given_value("growth") is not None,
        years=_or(reader.number("ST-GROW", "years", 0, 20), 5),
        headroom=_or(reader.hundredths("ST-DATA", "headroom_percent", 1000, "percent"), 2000),
        tier=_or(tier, 2),
        profile=reader.choice("TIER-2", "profile", PROFILES, "d5.11"),
        aim=reader.choice("ST-DATA", "aim", AIMS, "recommended"),
        offers=offers,
        system_offers=system_offers,
        offers_given=offers_given,
        level=level,
        spares=reader.number("ST-SPARE", "spares", 0, 24),
        file_system=reader.choice("ST-DATA", "file_system", FILE_SYSTEMS, "xfs"),
        reserve=_or(reader.number("ST-DATA", "reserve_percent", 0, 50), 1),
        policy=_policy(reader, level),
        bays=reader.number("ST-GROW", "bays", 0, 100) or None,
        rebuild_risk=_or(reader.hundredths("ST-RAID", "rebuild_risk_percent", 100, "percent"), 1500),
        mount_point=_mount_point(reader),
        currency=reader.text("currency", "EUR", 8),
        hardware=_hardware(reader),
    )
    if reader.refusals:
        raise PlanError(reader.refusals)
    return request


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _dataset(reader: Reader) -> int | None:
    needed = "the size of the data set with its unit, such as 4TB"
    size = reader.size("ST-DATA", "dataset_size", needed)
    if reader.given_value("dataset_size") is None:
        reader.refuse("ST-DATA", "dataset_size", "nothing", needed, f"set {reader.prefix}dataset_size, such as 4TB")
    elif size is not None and not SMALLEST_DATASET <= size <= LARGEST_DATASET:
        least, most = human_size(SMALLEST_DATASET), human_size(LARGEST_DATASET)
        reader.refuse("ST-DATA", "dataset_size", human_size(size), f"a data set of {least} to {most}", "")
    return size


def _growth(reader: Reader) -> tuple[int, int]:
    """Return the growth a year in bytes and in basis points; one of them is 0."""
    value = reader.given_value("growth")
    if value is None:
        return 0, 0
    text = str(value).strip()
    share = _SHARE.fullmatch(text)
    if share:
        return 0, int(Decimal(share.group(1)) * 100)
    if re.fullmatch(r"0+", text):
        return 0, 0
    try:
        size = parse_size(text)
    except SizeError:
        needed = "how much the data set grows in a year, as a share (20%) or as bytes (500GB)"
        reader.refuse("ST-GROW", "growth", shown(value), needed, "write it with its unit, such as 20% or 500GB")
        return 0, 0
    if size > LARGEST:
        reader.refuse("ST-GROW", "growth", shown(value), "at most 1 EB a year", "")
        return 0, 0
    return size, 0


def _level(reader: Reader) -> str:
    """Return the level; the words say why the others are not planned."""
    value = str(reader.given_value("level") or "choose").lower()
    if value in LEVEL_CHOICES:
        return value
    needed = f"one of {', '.join(LEVEL_CHOICES)}: what Linux builds itself and what survives a failed drive"
    remedy = "choose one of them; the sheet compares all levels, also those that this collection does not build"
    reader.refuse("ST-RAID", "level", shown(reader.given_value("level")), needed, remedy)
    return "choose"


def _policy(reader: Reader, level: str) -> str:
    """Return how md finds what a crash left unequal; a partial parity log goes with RAID 5 only."""
    policy = reader.choice("ST-RAID", "consistency_policy", POLICIES, "bitmap")
    if policy == "ppl" and level not in ("choose", "raid5"):
        needed = "bitmap or resync, for a partial parity log is for RAID 5 alone"
        remedy = f"set {reader.prefix}consistency_policy to bitmap, or {reader.prefix}level to raid5"
        reader.refuse("ST-RAID", "consistency_policy", f"ppl with {level}", needed, remedy)
    return policy


def _mount_point(reader: Reader) -> str:
    value = str(reader.given_value("mount_point") or "/srv/eucaim")
    taken = any(value == path or value.startswith(f"{path}/") for path in _KERNEL_PATHS)
    if _MOUNT_POINT.fullmatch(value) and is_data_mount(value) and not taken:
        return value
    needed = "an absolute path that is no part of the system, of letters, digits, dots, hyphens and underscores"
    reader.refuse("OS-PART", "mount_point", shown(value), needed, "write it like /srv/eucaim")
    return "/srv/eucaim"


def _mappings(reader: Reader, key: str, requirement: str) -> list[Mapping[str, Any]]:
    """Return a list of mappings, as far as it is one."""
    value = reader.given_value(key)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or any(not isinstance(item, Mapping) for item in value):
        needed = "a list of drives, each with at least its size, such as {size: 8TB, count: 4}"
        remedy = f"write each below {reader.prefix}{key} as - {{size: 8TB, count: N}}, with N for how many there are"
        reader.refuse(requirement, key, shown(value), needed, remedy)
        return []
    if len(value) > MOST_OFFERS:
        reader.refuse(requirement, key, f"{len(value)} drives", f"at most {MOST_OFFERS}", "")
        return []
    return list(value)


def _offers(reader: Reader, key: str, requirement: str, usual: tuple[Offer, ...]) -> tuple[tuple[Offer, ...], bool]:
    """Return the drives on offer, and whether somebody named them."""
    given = _mappings(reader, key, requirement)
    if not given:
        return usual, False
    offers = []
    for number, item in enumerate(given):
        inner = Reader(item, "", _OFFER_KEYS, where=f"{reader.prefix}{key}[{number}]")
        offer = _offer(inner, requirement, "ssd" if requirement == "ST-OS" else "hdd")
        reader.refusals += inner.refusals
        if offer:
            offers.append(offer)
    if offers and all(offer.count == 0 for offer in offers):
        remedy = "say how many there are, or leave count out for as many as are wanted"
        reader.refuse(requirement, f"{key}[0].count", "0, as of every drive on offer", "1 or more", remedy)
    if any(offer.price is None for offer in offers) and any(offer.price is not None for offer in offers):
        found = f"a price for {sum(offer.price is not None for offer in offers)} of {len(offers)} drives"
        remedy = "add the missing prices (0 for a drive that is there already), or leave all out"
        reader.refuse(requirement, key, found, "a price for each of them or for none, so that they compare", remedy)
    return tuple(offers), True


def _offer(reader: Reader, requirement: str, medium: str) -> Offer | None:
    size = reader.size(requirement, "size", "the size of one drive with its unit, as on its label, such as 8TB")
    if reader.given_value("size") is None:
        reader.refuse(requirement, "size", "nothing", "the size of one drive", "write it like 8TB")
    if size is not None and size < 10 * GB:
        needed = "at least 10 GB, the size of one drive as on its label"
        reader.refuse(requirement, "size", human_size(size), needed, "write it like 8TB")
        size = None
    medium = reader.choice(requirement, "medium", MEDIA, medium)
    interfaces = INTERFACES if requirement == "ST-OS" else INTERFACES[:-1]
    name = reader.text("name", "")
    offer = Offer(
        name=name or f"{human_size(size or 0)} {medium.upper()}",
        size=size or 0,
        medium=medium,
        interface=reader.choice(requirement, "interface", interfaces, "sata"),
        count=reader.number(requirement, "count", 0, 10_000),
        price=reader.hundredths(requirement, "price", 10**7, "the currency"),
        read_errors=_read_errors(reader, requirement, medium),
        speed=_or(reader.number(requirement, "mb_per_second", 1, 100_000), SPEEDS[medium]),
    )
    return offer if size else None


def _read_errors(reader: Reader, requirement: str, medium: str) -> Decimal:
    value = reader.given_value("read_errors")
    default = Decimal(READ_ERRORS[medium])
    if value is None:
        return default
    rate = decimal_of(str(value).strip())
    if rate is None or not 0 < rate <= Decimal("1e-9"):
        needed = "the unrecoverable read errors for each bit that is read, at most 1e-9, as on its data sheet (1e-15)"
        reader.refuse(requirement, "read_errors", shown(value), needed, "")
        return default
    return rate


def usual_drives() -> tuple[Offer, ...]:
    """Return the hard drives that can be bought nearly everywhere, without prices."""
    return tuple(Offer(f"{size} TB HDD", size * TB) for size in USUAL_DRIVES_TB)


def _usual_system_drives() -> tuple[Offer, ...]:
    rate, speed = Decimal(READ_ERRORS["ssd"]), SPEEDS["ssd"]
    return tuple(
        Offer(f"{size} GB SSD", size * GB, "ssd", read_errors=rate, speed=speed) for size in USUAL_SYSTEM_DRIVES_GB
    )


def _part(reader: Reader, key: str) -> Reader:
    """Return a reader of what is chosen for one part of the machine."""
    value, known = reader.given_value(key), _HARDWARE_KEYS[key]
    if value is not None and not isinstance(value, Mapping):
        reader.refuse("HW-PSU", key, shown(value), f"a mapping with some of {', '.join(known)}", "")
    return Reader(value if isinstance(value, Mapping) else {}, "", known, f"{reader.prefix}{key}")


def _hardware(reader: Reader) -> Hardware:
    """Return the choices for the rest of the machine."""
    parts = [_part(reader, key) for key in _HARDWARE_KEYS]
    cpu, memory, gpu, psu = parts
    hardware = Hardware(
        cpu_name=cpu.text("name", "") or None,
        cpu_sockets=cpu.number("HW-CPU", "sockets", 1, 8),
        cpu_cores=cpu.number("HW-CPU", "cores", 1, 1024),
        cpu_threads=cpu.number("HW-CPU", "threads", 1, 4096),
        cpu_base_mhz=cpu.number("HW-CPU", "base_mhz", 100, 10_000),
        cpu_watts=cpu.number("HW-PSU", "watts", 1, 1000),
        memory_bytes=_memory_size(memory, "HW-RAM", "size"),
        memory_ecc=memory.flag("HW-RAM", "ecc"),
        memory_modules=memory.number("HW-PSU", "modules", 1, 64),
        gpu_name=gpu.text("name", "") or None,
        gpu_count=gpu.number("HW-GPU", "count", 0, 16),
        gpu_vram_bytes=_memory_size(gpu, "HW-GPU", "vram"),
        gpu_tensor_cores=gpu.number("HW-GPU", "tensor_cores", 0, 100_000),
        gpu_watts=gpu.number("HW-PSU", "watts", 1, 2000),
        psu_watts=psu.number("HW-PSU", "watts", 50, 20_000),
        psu_redundant=psu.flag("HW-PSU", "redundant"),
        staggered_start=psu.flag("HW-PSU", "staggered_start"),
    )
    cores, threads = hardware.cpu_cores, hardware.cpu_threads
    if cores and threads and threads < cores:
        cpu.refuse("HW-CPU", "threads", f"{threads} threads on {cores} cores", "one or two threads for each core", "")
    for part in parts:
        reader.refusals += part.refusals
    return hardware


def _memory_size(reader: Reader, requirement: str, key: str) -> int | None:
    """Return the bytes of memory, which is sold in GiB that are called GB."""
    size = reader.size(requirement, key, "the memory with its unit, such as 64GB")
    return None if size is None else sold_as_memory(size)
