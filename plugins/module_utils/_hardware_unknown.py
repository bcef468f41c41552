# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something of a machine is not known: which tool or right is missing, or who has nothing to say.

Private to this collection: nothing outside may import it. Pure: data in, data out.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import PROBES
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

HOST = "this is a container: the hardware is its host's"
_BY_NAME = {probe.name: probe for probe in PROBES}
_CPU = "/sys/devices/system/cpu"
_DMI = "/sys/class/dmi/id"
_SMART = ("health", "wear_percent", "power_on_hours", "temperature_celsius", "rotation_rpm")
_VIRTUAL_DRIVES = ("virtio", "xen", "hyperv")
# What a container knows for itself.
_OWN = ("os_name", "links", "boot.system_state", "boot.failed_units", "system.container", "system.virtualisation")

# Where a value would come from: commands by the name of their probe, files and folders by their path.
_SOURCES: dict[str, tuple[str, ...]] = {
    "os_name": ("/etc/os-release",),
    **{
        f"system.{field}": ("dmidecode", f"{_DMI}/{file}")
        for field, file in (
            ("vendor", "sys_vendor"),
            ("product", "product_name"),
            ("version", "product_version"),
            ("serial", "product_serial"),
            ("board", "board_name"),
            ("board_serial", "board_serial"),
            ("chassis", "chassis_type"),
            ("chassis_serial", "chassis_serial"),
            ("firmware_vendor", "bios_vendor"),
            ("firmware_version", "bios_version"),
            ("firmware_date", "bios_date"),
        )
    },
    "system.virtualisation": ("virtual-machine", f"{_DMI}/product_name"),
    "system.container": ("container",),
    "cpu.model": ("lscpu", "dmidecode"),
    "cpu.sockets": (f"{_CPU}/cpu0/topology/physical_package_id", "dmidecode"),
    "cpu.cores": (f"{_CPU}/cpu0/topology/thread_siblings_list", "dmidecode"),
    "cpu.threads": (f"{_CPU}/online", "dmidecode"),
    "cpu.hybrid": (f"{_CPU}/cpu0/topology/thread_siblings_list",),
    "cpu.base_mhz": (f"{_CPU}/cpu0/cpufreq/base_frequency", "dmidecode"),
    "cpu.max_mhz": (f"{_CPU}/cpu0/cpufreq/cpuinfo_max_freq", "dmidecode"),
    "cpu.fitted_sockets": ("dmidecode",),
    "memory.installed_bytes": ("dmidecode", "lsmem"),
    "memory.usable_bytes": ("/proc/meminfo",),
    "memory.ecc": ("dmidecode", "/sys/devices/system/edac/mc/mc0"),
    "memory.slots": ("dmidecode",),
    "memory.modules": ("dmidecode",),
    "gpus": ("/sys/bus/pci/devices",),
    "controllers": ("/sys/bus/pci/devices",),
    "controllers.name": ("lspci",),
    "drives": ("/sys/block",),
    "drives.contents": ("blkid",),
    "drives.holds_system": ("/proc/self/mountinfo",),
    "raid_drives": ("smart-scan",),
    "arrays": ("/sys/block",),
    "power_supplies": ("dmidecode", "ipmitool-sensors"),
    "links": ("/sys/class/net",),
    "links.addresses": ("ip-address",),
    "links.default_route": ("ip-route",),
    "file_systems": ("df",),
    "sensors": ("ipmitool-sensors", "upsc"),
    "boot.system_state": ("system-state",),
    "boot.failed_units": ("failed-units",),
    "boot.errors": ("kernel-errors", "kernel-journal"),
}
_CONSTANT = {
    "system.firmware_mode": "the kernel shows neither UEFI nor the tables of a BIOS",
    "system.secure_boot": "the firmware shows no variable for it",
    "drives.id": "no name below /dev/disk/by-id points to it: it has no serial number, or udev does not run",
    "drives.serial": "the drive shows none",
    "drives.wwn": "the drive shows none",
    "drives.model": "the drive shows none",
    "drives.firmware": "the drive shows none",
    "arrays.uuid": "neither the kernel nor udev shows it, and mdadm did not say",
    "links.speed_mbps": "the driver does not say, or there is no carrier",
    "links.duplex": "the driver does not say, or there is no carrier",
    "links.carrier": "the driver does not say",
    "links.mac": "the driver does not say",
    "links.bond_mode": "the kernel does not show the mode of a team",
    **{
        f"power_supplies.{name}": "neither the firmware nor the management controller says it"
        for name in ("max_watts", "present", "status", "serial", "hot_swap")
    },
}
# Where there is no value at all, so that nothing is unknown.
_NO_VALUE: dict[str, Callable[[Any], bool]] = {
    "cpu.base_source": lambda cpu: True,
    "memory.source": lambda memory: True,
    "gpus.tensor_source": lambda gpu: True,
    "gpus.uuid": lambda gpu: gpu.vendor != "NVIDIA",
    "gpus.serial": lambda gpu: gpu.vendor != "NVIDIA",
    "gpus.compute_capability": lambda gpu: gpu.vendor != "NVIDIA",
    "drives.health_reason": lambda drive: True,
    "drives.wear_percent": lambda drive: drive.medium == "hdd",
    "raid_drives.health_reason": lambda drive: True,
    "raid_drives.wear_percent": lambda drive: drive.medium == "hdd",
    "raid_drives.id": lambda drive: True,
    "raid_drives.holds_system": lambda drive: True,
    "raid_drives.contents": lambda drive: True,
    "arrays.policy": lambda array: array.level in ("raid0", "linear"),
    "arrays.action": lambda array: array.level in ("raid0", "linear"),
    "arrays.action_percent": lambda array: True,
    **{
        f"power_supplies.{name}": lambda supply: supply.present is False
        for name in ("max_watts", "status", "serial", "hot_swap")
    },
    "sensors.value": lambda sensor: True,
    "sensors.unit": lambda sensor: True,
}


def explain(recording: Recording, machine: Machine, told: Mapping[str, str]) -> dict[str, str]:
    """Return the reason for everything of a machine that is None although there is such a value.

    told has the reasons that the readers gave, by the path of the value; drives.NAME.smart is one for all that SMART
    tells of a drive, and dmidecode one for all that is read from the firmware's tables.
    """
    reasons = {}
    why = _Why(recording, machine, told)
    for one in dataclasses.fields(machine):
        value = getattr(machine, one.name)
        if value is None:
            reasons[one.name] = why.of(one.name)
        elif dataclasses.is_dataclass(value):
            for inner in _unknown_fields(one.name, value):
                reasons[f"{one.name}.{inner}"] = why.of(f"{one.name}.{inner}")
        elif isinstance(value, tuple):
            reasons.update(_of_items(one.name, value, why))
    modules = machine.memory.modules or ()
    reasons.update(
        {
            f"memory.modules.{module.slot}.{name}": "the firmware does not say"
            for module in modules
            for name in _unknown_fields("memory.modules", module)
        }
    )
    return reasons


def _unknown_fields(path: str, item: Any) -> Iterator[str]:
    for one in dataclasses.fields(item):
        no_value = _NO_VALUE.get(f"{path}.{one.name}")
        if getattr(item, one.name) is None and not (no_value and no_value(item)):
            yield one.name


def _key(item: Any) -> str:
    """Return the name by which one of several things is told apart."""
    return str(getattr(item, "pci", None) or getattr(item, "name", None) or item.mount)


def _of_items(path: str, items: tuple[Any, ...], why: _Why) -> dict[str, str]:
    """Return the reasons for the members of a list: the commonest one for all, others by the name of the member."""
    by_field: dict[str, dict[str, str]] = {}
    for item in items:
        for name in _unknown_fields(path, item):
            by_field.setdefault(name, {})[_key(item)] = why.of(f"{path}.{name}", item)
    reasons = {}
    for name, found in by_field.items():
        (common, _times), *_others = Counter(found.values()).most_common()
        reasons[f"{path}.{name}"] = common
        reasons.update({f"{path}.{key}.{name}": reason for key, reason in found.items() if reason != common})
    return reasons


class _Why:
    """Finds the reason for one value."""

    def __init__(self, recording: Recording, machine: Machine, told: Mapping[str, str]) -> None:
        self.recording = recording
        self.machine = machine
        self.told = told

    def of(self, path: str, item: Any = None) -> str:
        """Return why a value is not known, by its path and, for a member of a list, the member."""
        group, _dot, name = path.rpartition(".")
        told = self.told.get(f"{group}.{_key(item)}.{name}" if item is not None else path)
        if told:
            return told
        if self.machine.system.container and not path.startswith(_OWN):
            return HOST
        if group == "drives":
            told = self._of_drive(name, item)
        elif path == "system.virtualisation_support":
            virtual = bool(self.machine.system.virtualisation)
            told = "that is a matter of the host of this virtual machine" if virtual else "the kernel runs no KVM"
        return told or _CONSTANT.get(path) or self._without_all(self._sources(group, name, item))

    def _of_drive(self, name: str, drive: Any) -> str | None:
        if name == "medium":
            return f"what is reached by {drive.transport or 'this way'} does not tell its medium"
        if name not in _SMART:
            return None
        if drive.transport in _VIRTUAL_DRIVES:
            return "it is a virtual drive, which has no health of its own"
        return self.told.get(f"drives.{drive.name}.smart")

    def _sources(self, group: str, name: str, item: Any) -> tuple[str, ...]:
        if group == "raid_drives" or (group == "drives" and name in _SMART):
            return (f"smartctl {item.name}",)
        if group == "gpus" and item.vendor == "NVIDIA":
            return ("nvidia-smi-compute",) if name == "compute_capability" else ("nvidia-smi",)
        return _SOURCES.get(f"{group}.{name}" if group else name, ())

    def _without_all(self, sources: tuple[str, ...]) -> str:
        return "; ".join(dict.fromkeys(map(self._without, sources))) or "nothing that was read tells it"

    def _without(self, source: str) -> str:
        """Return what is wrong with one source."""
        if source.startswith("/"):
            if source in self.recording.denied:
                return f"{source} needs root"
            there = source in self.recording.files or self.recording.below(source)
            return f"{source} does not say" if there else f"there is no {source}"
        tool = _BY_NAME[source].argv[0] if source in _BY_NAME else source.split(maxsplit=1)[0]
        output = self.recording.commands.get(source)
        if output is None:
            return f"{tool} was not asked for"
        if output.problem:
            return f"{tool} {output.problem}"
        if source in self.told:
            return self.told[source]
        if output.rc:
            return f"{tool} failed: {output.stderr.strip().split(chr(10))[0] or f'exit status {output.rc}'}"
        return f"{tool} does not say"
