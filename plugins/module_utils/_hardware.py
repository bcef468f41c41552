# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine as data: what hardware_info reads, what a saved file holds and what tier_check judges.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

None means "not known"; Machine.unknown then says which tool or right is missing. For some things there is no value at
all, such as the wear of a drive with platters: those are None, too, and have no reason. An empty tuple means "looked,
and there is none", an empty text that the thing has none. Sizes are integer bytes, clocks MHz, powers watts, link
speeds Mbit/s, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FORMAT = 1


@dataclass(frozen=True)
class System:
    """The case and the firmware around everything."""

    vendor: str | None = None
    product: str | None = None
    version: str | None = None
    serial: str | None = None
    board: str | None = None
    board_serial: str | None = None
    chassis: str | None = None
    chassis_serial: str | None = None
    firmware_vendor: str | None = None
    firmware_version: str | None = None
    firmware_date: str | None = None
    firmware_mode: str | None = None  # "uefi" or "bios"
    secure_boot: bool | None = None
    virtualisation: str | None = None  # "" on bare metal, else kvm, vmware, microsoft, xen, ...
    container: str | None = None  # "" if it is none, else docker, lxc, podman, ...
    virtualisation_support: bool | None = None  # VT-x or AMD-V switched on in the firmware


@dataclass(frozen=True)
class Cpu:
    """All processors of the machine together; cores are physical ones."""

    model: str | None = None
    architecture: str | None = None
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    base_mhz: int | None = None
    base_source: str | None = None  # where the base clock was read
    max_mhz: int | None = None
    hybrid: bool | None = None  # cores of unequal kinds
    fitted_sockets: int | None = None  # what the firmware lists as populated


@dataclass(frozen=True)
class MemoryModule:
    """One fitted memory module."""

    slot: str
    bytes: int
    kind: str | None = None  # DDR4, DDR5, ...
    speed_mts: int | None = None
    total_width: int | None = None  # bits, with the bits of error correction
    data_width: int | None = None  # bits
    manufacturer: str | None = None
    part: str | None = None
    serial: str | None = None


@dataclass(frozen=True)
class Memory:
    """The memory that is fitted, which is more than the kernel leaves over."""

    installed_bytes: int | None = None
    source: str | None = None  # where installed_bytes was read
    usable_bytes: int | None = None  # what the kernel has (MemTotal)
    ecc: bool | None = None
    ecc_reason: str | None = None  # how that is known, or why it is not
    slots: int | None = None
    modules: tuple[MemoryModule, ...] | None = None


@dataclass(frozen=True)
class Gpu:
    """One graphics processor."""

    name: str
    vendor: str | None = None
    pci: str | None = None
    uuid: str | None = None
    serial: str | None = None
    vram_bytes: int | None = None
    compute_capability: str | None = None
    tensor_cores: int | None = None
    tensor_source: str | None = None  # "table" or "formula"
    power_limit_watts: int | None = None
    ecc: bool | None = None
    driver: str | None = None  # "" if no driver has taken it


@dataclass(frozen=True)
class Drive:
    """One whole drive, or one volume that a hardware RAID controller shows as a drive."""

    name: str  # the kernel's name, sda; no identity, it changes
    id: str | None = None  # the stable path, /dev/disk/by-id/...
    ids: tuple[str, ...] = ()
    bytes: int | None = None
    medium: str | None = None  # "ssd" or "hdd"
    transport: str | None = None  # sata, sas, nvme, usb, virtio, ...
    model: str | None = None
    serial: str | None = None
    wwn: str | None = None
    firmware: str | None = None
    rotation_rpm: int | None = None  # 0 if it has no platters
    logical_sector: int | None = None
    physical_sector: int | None = None
    removable: bool | None = None
    health: str | None = None  # "passed" or "failed"
    health_reason: str | None = None
    wear_percent: int | None = None  # of a solid-state drive's rated life
    power_on_hours: int | None = None
    temperature_celsius: int | None = None
    behind_raid: bool | None = None  # a volume of a hardware RAID controller; in raid_drives: a drive behind one
    holds_system: bool | None = None  # /, /boot, /usr, /var or swap lie on it
    contents: tuple[str, ...] | None = None  # what is on it, in words; () is an empty drive


@dataclass(frozen=True)
class Array:
    """One Linux software RAID (md)."""

    name: str
    level: str | None = None  # raid5, ...
    state: str | None = None
    bytes: int | None = None
    devices: int | None = None  # members that the array is made for
    active: int | None = None
    spares: int | None = None
    failed: int | None = None
    members: tuple[str, ...] = ()
    chunk_bytes: int | None = None
    layout: str | None = None  # left-symmetric, near=2, ...; "" for a level without layouts
    uuid: str | None = None
    policy: str | None = None  # resync, bitmap, ppl, journal
    action: str | None = None  # idle, or recover, reshape, check, ... under way
    action_percent: float | None = None


@dataclass(frozen=True)
class Controller:
    """A storage controller on the PCI bus."""

    pci: str
    kind: str  # raid, sas, sata, ata, nvme, scsi, ide, other
    vendor_id: str | None = None
    device_id: str | None = None
    name: str | None = None
    driver: str | None = None  # "" if no driver has taken it


@dataclass(frozen=True)
class PowerSupply:
    """One power supply unit."""

    name: str
    max_watts: int | None = None
    present: bool | None = None
    status: str | None = None
    serial: str | None = None
    hot_swap: bool | None = None


@dataclass(frozen=True)
class Address:
    """One address of a link."""

    address: str
    prefix: int
    origin: str | None = None  # "static", "dhcp" (leased, or from router advertisements) or None


@dataclass(frozen=True)
class Link:
    """One network interface that is no loopback, bridge of containers or tunnel."""

    name: str
    kind: str  # ethernet, wireless, bond, vlan, bridge, infiniband, virtual
    mac: str | None = None
    driver: str | None = None  # "" if it has none, as a bond
    speed_mbps: int | None = None
    duplex: str | None = None  # full or half
    carrier: bool | None = None
    members: tuple[str, ...] = ()  # what a bond, team, bridge or VLAN lies on
    bond_mode: str | None = None  # "" if it is no bond
    addresses: tuple[Address, ...] | None = None
    default_route: bool | None = None


@dataclass(frozen=True)
class FileSystem:
    """One mounted file system on a drive."""

    mount: str
    source: str
    kind: str
    bytes: int
    available_bytes: int
    drives: tuple[str, ...] = ()  # names of the drives under it


@dataclass(frozen=True)
class Sensor:
    """One reading of the management controller."""

    name: str
    kind: str  # temperature, humidity, fan, intrusion, power, ups, other
    value: float | None = None
    unit: str | None = None
    status: str | None = None  # ok, or the controller's own word
    ambient: bool = False  # measures the room (inlet), and no part


@dataclass(frozen=True)
class Boot:
    """How the last start went."""

    system_state: str | None = None  # running, degraded, ...
    failed_units: tuple[str, ...] | None = None
    errors: tuple[str, ...] | None = None  # kernel messages of level err and worse


@dataclass(frozen=True)
class Machine:
    """Everything that is known of one machine."""

    host: str | None = None
    at: str | None = None  # UTC, 2026-01-31T12:00:00Z
    os_name: str | None = None
    kernel: str | None = None
    system: System = field(default_factory=System)
    cpu: Cpu = field(default_factory=Cpu)
    memory: Memory = field(default_factory=Memory)
    gpus: tuple[Gpu, ...] | None = None
    drives: tuple[Drive, ...] | None = None
    raid_drives: tuple[Drive, ...] | None = None  # behind hardware RAID controllers, by smartctl's names
    arrays: tuple[Array, ...] | None = None
    controllers: tuple[Controller, ...] | None = None
    power_supplies: tuple[PowerSupply, ...] | None = None
    links: tuple[Link, ...] | None = None
    file_systems: tuple[FileSystem, ...] | None = None
    sensors: tuple[Sensor, ...] | None = None
    boot: Boot = field(default_factory=Boot)
    unknown: dict[str, str] = field(default_factory=dict)  # "memory.ecc": "dmidecode needs root"

    def why(self, path: str) -> str:
        """Return why a value is None, by its path; "" if it is known, or if there is no such value.

        drives.sda.health looks for a reason of its own, then for one of all drives (drives.health), then for one of
        the whole list (drives).
        """
        parts = path.split(".")
        paths = (path, f"{parts[0]}.{parts[-1]}", parts[0])
        return next((self.unknown[each] for each in paths if each in self.unknown), "")
