# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recorded machine is: bare metal, a virtual machine or a container, and how its firmware started it.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import Names, hypervisor
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

DMI = "/sys/class/dmi/id"
EFI = "/sys/firmware/efi/fw_platform_size"
KVM = "/sys/devices/virtual/misc/kvm/dev"


def container(recording: Recording) -> str | None:
    """Return the kind of container, "" if it is none; None if nothing tells."""
    said = _detected(recording, "container")
    if said is not None:
        return said
    if kind := recording.read("/run/systemd/container"):
        return kind
    if "/.dockerenv" in recording.files:
        return "docker"
    return "podman" if "/run/.containerenv" in recording.files else None


def virtualisation(recording: Recording) -> str | None:
    """Return the hypervisor, "" on bare metal; None if nothing tells."""
    said = _detected(recording, "virtual-machine")
    if said is not None:
        return said
    if recording.read("/sys/hypervisor/type") == "xen":
        return "xen"
    names = _names(recording)
    if kind := hypervisor(names):
        return kind
    flags = _flags(recording)
    if "hypervisor" in flags:
        return "unknown"
    return "" if flags and names.product else None


def _names(recording: Recording) -> Names:
    """Return what the kernel shows of the firmware's tables to everyone."""
    vendor, product, maker, board, firmware = (
        recording.read(f"{DMI}/{name}") or ""
        for name in ("sys_vendor", "product_name", "board_vendor", "board_name", "bios_vendor")
    )
    return Names(firmware=firmware, product=f"{vendor} {product}".strip(), board=f"{maker} {board}".strip())


def _detected(recording: Recording, probe: str) -> str | None:
    """Return what systemd-detect-virt says; its exit status is 1 when it says none."""
    output = recording.commands.get(probe)
    said = output.stdout.strip() if output else ""
    return None if not said else "" if said == "none" else said


def _flags(recording: Recording) -> set[str]:
    """Return the features of the first processor (x86)."""
    found = re.search(r"^flags\s*:(.*)$", recording.said("cpuinfo") or "", re.MULTILINE)
    return set(found[1].split()) if found else set()


def firmware_mode(recording: Recording) -> str | None:
    """Return uefi or bios; None if it is neither, as on boards with a device tree and in the smallest machines."""
    if EFI in recording.files:
        return "uefi"
    tables = bool(recording.below(DMI)) and recording.facts.get("arch") in ("x86_64", "i686")
    return "bios" if tables else None


def secure_boot(recording: Recording) -> bool | None:
    """Return whether the firmware checks what it starts: the byte behind the four of the variable's attributes."""
    if firmware_mode(recording) == "bios":
        return False
    values = (recording.said("secure-boot") or "").split()
    return {"1": True, "0": False}.get(values[4]) if len(values) == 5 else None


def virtualisation_support(recording: Recording, virtual: bool) -> bool | None:
    """Return whether the firmware lets virtual machines run here: the kernel's KVM starts only then.

    None in a virtual machine, where that is a matter of its host, and where KVM is not loaded although the processor
    could.
    """
    if virtual:
        return None
    if KVM in recording.files:
        return True
    messages = (recording.said("kernel-errors") or "") + (recording.said("kernel-journal") or "")
    flags = _flags(recording)
    off = re.search(r"(kvm|VMX|SVM).*disabled.*by bios", messages, re.IGNORECASE)
    return False if off or (flags and not flags & {"vmx", "svm"}) else None


def os_name(recording: Recording) -> str | None:
    """Return the name of the distribution with its version."""
    found = re.search(r"^PRETTY_NAME=(.*)$", recording.files.get("/etc/os-release", ""), re.MULTILINE)
    return found[1].strip("\"'") or None if found else None
