# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a machine: which files, which links, and which commands.

Private to this collection: nothing outside may import it. Pure: it says what to read, and reads nothing.

hardware_info reads these. roles/preflight/files/read_machine.sh reads the same and has the same lists, line by line; a
test compares them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._arrays import array_names
from ansible_collections.eucaim.local_node.plugins.module_utils._block import device_of, drive_names
from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import parse_mounts
from ansible_collections.eucaim.local_node.plugins.module_utils._gpu import QUERY, QUERY_COMPUTE
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

SMART, IPMI, GPU, UPS = "smart", "ipmi", "gpu", "ups"
SLOW = (SMART, IPMI, GPU, UPS)

# A pattern of folders, and what is read in each of them.
FILES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/proc", ("meminfo", "swaps", "self/mountinfo")),
    ("/proc/driver/nvidia", ("version",)),
    ("/proc/driver/nvidia/gpus/*", ("information",)),
    ("/etc", ("os-release",)),
    ("/run", ("systemd/container", ".containerenv")),
    ("/", (".dockerenv",)),
    ("/sys/firmware", ("efi/fw_platform_size", "devicetree/base/model")),
    ("/sys/hypervisor", ("type",)),
    (
        "/sys/class/dmi/id",
        (
            "sys_vendor",
            "product_name",
            "product_version",
            "product_serial",
            "board_vendor",
            "board_name",
            "board_serial",
            "chassis_type",
            "chassis_serial",
            "bios_vendor",
            "bios_version",
            "bios_date",
        ),
    ),
    ("/sys/devices", ("cpu_core/cpus", "cpu_atom/cpus", "virtual/misc/kvm/dev")),
    ("/sys/devices/system/cpu", ("online", "present", "cpu0/acpi_cppc/nominal_freq")),
    (
        "/sys/devices/system/cpu/cpu[0-9]*",
        (
            "topology/physical_package_id",
            "topology/thread_siblings_list",
            "cpufreq/base_frequency",
            "cpufreq/cpuinfo_max_freq",
            "cpu_capacity",
        ),
    ),
    ("/sys/devices/system/edac/mc/mc[0-9]*", ("mc_name",)),
    ("/sys/devices/system/edac/mc/mc[0-9]*/dimm[0-9]*", ("dimm_edac_mode",)),
    ("/sys/devices/system/edac/mc/mc[0-9]*/rank[0-9]*", ("dimm_edac_mode",)),
    ("/sys/bus/pci/devices/*", ("class", "vendor", "device", "mem_info_vram_total")),
    (
        "/sys/block/*",
        (
            "dev",
            "size",
            "removable",
            "hidden",
            "serial",
            "wwid",
            "queue/rotational",
            "queue/logical_block_size",
            "queue/physical_block_size",
            "device/vendor",
            "device/model",
            "device/rev",
            "device/serial",
            "device/firmware_rev",
            "device/wwid",
            "device/raid_level",
            "dm/name",
            "dm/uuid",
        ),
    ),
    ("/sys/block/*/*[0-9]", ("partition", "dev", "size")),
    (
        "/sys/block/md*/md",
        (
            "level",
            "raid_disks",
            "array_state",
            "degraded",
            "chunk_size",
            "layout",
            "uuid",
            "consistency_policy",
            "sync_action",
            "sync_completed",
        ),
    ),
    ("/sys/block/md*/md/dev-*", ("state", "slot")),
    ("/run/udev/data", ("b*",)),
    (
        "/sys/class/net/*",
        (
            "address",
            "type",
            "uevent",
            "speed",
            "duplex",
            "carrier",
            "operstate",
            "bonding/mode",
            "tun_flags",
        ),
    ),
)

# A pattern of folders, and which links in each of them; "." is the folder, which is a link itself.
LINKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/sys/block/*", (".", "slaves/*", "holders/*")),
    ("/sys/block/*/*[0-9]", ("holders/*",)),
    ("/sys/bus/pci/devices/*", ("driver",)),
    ("/sys/class/net/*", (".", "device/driver", "master", "lower_*")),
    ("/dev/disk/by-id", ("*",)),
)

ANYONE, ROOT, USER = "", "root", "user"


@dataclass(frozen=True)
class Probe:
    """A command that only looks."""

    name: str
    argv: tuple[str, ...]
    who: str = ANYONE  # ROOT: without root it is not tried; USER: it is the second best, for whoever is not root
    gather: str = ""  # the option that asks for it; nothing if it always runs


SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SMARTCTL = ("smartctl", "-j", "-i", "-H", "-A", "-l", "ssd")
# Multiprocessors by the PCI address: attributes 16, 33, 34 and 50 of the CUDA driver API (CUdevice_attribute).
CUDA = """import ctypes
cuda, number = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
def ask(attribute, card):
    cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, card)
    return number.value
cuda.cuInit(0)
cuda.cuDeviceGetCount(ctypes.byref(number))
for card in range(number.value):
    print("%04x:%02x:%02x.0 %d" % (ask(50, card), ask(33, card), ask(34, card), ask(16, card)))"""
_SMI = ("nvidia-smi", "--format=csv,noheader,nounits")

# dmesg knows its levels in util-linux only; an unprivileged user may read the journal where dmesg is closed.
PROBES: tuple[Probe, ...] = (
    Probe("cpuinfo", ("sed", "/^$/q", "/proc/cpuinfo")),
    Probe("dmidecode", ("dmidecode", "-t", "0,1,2,3,4,16,17,39"), ROOT),
    Probe("lscpu", ("lscpu",)),
    Probe("lsmem", ("lsmem", "-b", "--summary=only")),
    Probe("lspci", ("lspci", "-D", "-mm", "-nn")),
    Probe("virtual-machine", ("systemd-detect-virt", "--vm")),
    Probe("container", ("systemd-detect-virt", "--container")),
    Probe("secure-boot", ("od", "-An", "-tu1", SECURE_BOOT)),
    Probe("ip-address", ("ip", "-d", "-j", "address")),
    Probe("ip-route", ("ip", "-j", "route", "show", "default")),
    Probe("ip-route-6", ("ip", "-6", "-j", "route", "show", "default")),
    Probe("system-state", ("systemctl", "is-system-running")),
    Probe("failed-units", ("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager")),
    Probe("kernel-errors", ("dmesg", "-k", "--level=emerg,alert,crit,err"), ROOT),
    Probe("kernel-journal", ("journalctl", "-b", "-k", "-p", "err", "-q", "--no-pager", "-o", "cat"), USER),
    Probe("smart-scan", ("smartctl", "--scan"), ROOT, SMART),
    Probe("ipmitool-sensors", ("ipmitool", "sdr", "elist", "all"), ROOT, IPMI),
    Probe("ipmitool-fru", ("ipmitool", "fru"), ROOT, IPMI),
    Probe("ipmitool-power", ("ipmitool", "dcmi", "power", "reading"), ROOT, IPMI),
    Probe("nvidia-smi", (*_SMI, "--query-gpu=" + ",".join(QUERY)), gather=GPU),
    Probe("nvidia-smi-compute", (*_SMI, "--query-gpu=" + ",".join(QUERY_COMPUTE)), gather=GPU),
    Probe("cuda", ("python3", "-c", CUDA), gather=GPU),
    Probe("upsc", ("upsc", "-l"), gather=UPS),
)


@dataclass(frozen=True)
class Area:
    """A part of what can be read of a machine."""

    files: tuple[tuple[str, tuple[str, ...]], ...]
    links: tuple[tuple[str, tuple[str, ...]], ...]
    probes: tuple[Probe, ...]


EVERYTHING = Area(FILES, LINKS, PROBES)
_OF_DRIVES = ("/sys/block", "/run/udev", "/dev/disk", "/sys/bus/pci")
DRIVES = Area(
    (("/proc", ("swaps", "self/mountinfo")), *(row for row in FILES if row[0].startswith(_OF_DRIVES))),
    tuple(row for row in LINKS if row[0].startswith(_OF_DRIVES)),
    (),
)


def follow_ups(recording: Recording, gather: Collection[str]) -> list[Probe]:
    """Return the commands that the recording so far asks for, and that it does not have yet."""
    wanted = [*_mounted(recording), *_unprobed(recording), *_arrays(recording)]
    if SMART in gather:
        wanted += [*_smart_drives(recording), *_smart_behind(recording)]
    if UPS in gather:
        names = (recording.said("upsc") or "").split()
        wanted += [Probe(f"upsc {name}", ("upsc", name), gather=UPS) for name in names]
    return [probe for probe in wanted if probe.name not in recording.commands]


def _mounted(recording: Recording) -> Iterator[Probe]:
    """Ask for the sizes of file systems on drives; others, of a server that is away, might never answer."""
    mounts = parse_mounts(recording.files.get("/proc/self/mountinfo", ""))
    points = tuple(mount.point for mount in mounts if mount.whole)
    if points:
        yield Probe("df", ("df", "-kP", *points))


def _unprobed(recording: Recording) -> Iterator[Probe]:
    """Look at the drives ourselves where udev does not."""
    disks = drive_names(recording)
    if disks and not recording.below("/run/udev/data"):
        names = [name for disk in disks for name in (disk, *_parts(recording, disk))]
        yield Probe("blkid", ("blkid", "-p", "-o", "export", *(device_of(name) for name in names)), ROOT)


def _parts(recording: Recording, disk: str) -> list[str]:
    folder = f"/sys/block/{disk}"
    return [name for name in recording.below(folder) if f"{folder}/{name}/partition" in recording.files]


def _arrays(recording: Recording) -> Iterator[Probe]:
    for name in array_names(recording):
        yield Probe(f"mdadm {name}", ("mdadm", "--detail", "--export", device_of(name)), ROOT)


def _smart_drives(recording: Recording) -> Iterator[Probe]:
    for name in drive_names(recording):
        yield Probe(f"smartctl {name}", (*SMARTCTL, device_of(name)), ROOT, SMART)


def _smart_behind(recording: Recording) -> Iterator[Probe]:
    """Ask the drives behind a hardware RAID controller, as far as smartctl finds them: /dev/bus/0 -d megaraid,8."""
    for line in (recording.said("smart-scan") or "").split("\n"):
        words = line.split("#")[0].split()
        if len(words) == 3 and "," in words[2] and not words[2].startswith("nvme"):
            yield Probe(f"smartctl {words[0]} {words[2]}", (*SMARTCTL, "-d", words[2], words[0]), ROOT, SMART)
