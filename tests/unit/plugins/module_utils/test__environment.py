# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container, a virtual machine and bare metal are told apart, with systemd and without."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _environment as environment
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

DMI = environment.DMI
METAL = {f"{DMI}/sys_vendor": "Dell Inc.", f"{DMI}/product_name": "PowerEdge R750"}


def machine(files: dict[str, str] | None = None, arch: str = "x86_64", **commands: str) -> Recording:
    """Return a machine with these files, whose commands print these texts and fail where they would."""
    outputs = {name.replace("_", "-"): Output(1 if text == "none" else 0, text) for name, text in commands.items()}
    return Recording(facts={"arch": arch}, files=files or {}, commands=outputs)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (machine(container="docker"), "docker"),
        (machine({"/run/systemd/container": "lxc"}, container="none"), ""),
        (machine({"/run/systemd/container": "lxc\n"}), "lxc"),
        (machine({"/.dockerenv": ""}), "docker"),
        (machine({"/run/.containerenv": ""}), "podman"),
        (machine(), None),
    ],
)
def test_container(found: Recording, kind: str | None) -> None:
    """Containers are known to systemd; without it they leave marks."""
    assert environment.container(found) == kind


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (machine(virtual_machine="kvm"), "kvm"),
        (machine(virtual_machine="none"), ""),
        (machine({"/sys/hypervisor/type": "xen"}), "xen"),
        (machine({f"{DMI}/sys_vendor": "QEMU", f"{DMI}/product_name": "Standard PC"}), "qemu"),
        (machine(METAL, cpuinfo="flags\t\t: fpu hypervisor\n"), "unknown"),
        (machine(METAL, cpuinfo="flags\t\t: fpu vmx\n"), ""),
        (machine(cpuinfo="flags\t\t: fpu vmx\n"), None),
        (machine(METAL), None),
    ],
)
def test_virtualisation(found: Recording, kind: str | None) -> None:
    """Hypervisors are known to systemd; without it the firmware's names tell, and the processor's flag."""
    assert environment.virtualisation(found) == kind


@pytest.mark.parametrize(
    ("found", "mode", "secure"),
    [
        (machine({environment.EFI: "64"}, secure_boot="   6   0   0   0   1"), "uefi", True),
        (machine({environment.EFI: "64"}, secure_boot="   6   0   0   0   0"), "uefi", False),
        (machine({environment.EFI: "64"}), "uefi", None),
        (machine({environment.EFI: "64"}, secure_boot=" 6 0 0 0 7"), "uefi", None),
        (machine(METAL), "bios", False),
        (machine(METAL, arch="aarch64"), None, None),
        (machine(), None, None),
    ],
)
def test_firmware(found: Recording, mode: str | None, secure: bool | None) -> None:
    """The firmware's mode is known by what the kernel shows of it; a BIOS has no Secure Boot."""
    assert environment.firmware_mode(found) == mode
    assert environment.secure_boot(found) is secure


def test_support() -> None:
    """Virtual machines can run where KVM does; in one, that is a matter of its host."""
    running = machine({environment.KVM: "10:232"}, cpuinfo="flags : vmx")
    assert environment.virtualisation_support(running, virtual=False) is True
    assert environment.virtualisation_support(running, virtual=True) is None
    assert environment.virtualisation_support(machine(cpuinfo="flags : fpu"), virtual=False) is False
    assert environment.virtualisation_support(machine(cpuinfo="flags : svm"), virtual=False) is None
    assert environment.virtualisation_support(machine(), virtual=False) is None
    off = machine(cpuinfo="flags : svm", kernel_errors="[    1.2] kvm: support for 'kvm_amd' disabled by bios")
    assert environment.virtualisation_support(off, virtual=False) is False


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"', "Debian GNU/Linux 12 (bookworm)"),
        ("ID=x", None),
        ('PRETTY_NAME=""', None),
    ],
)
def test_os(text: str, name: str | None) -> None:
    """The distribution names itself."""
    assert environment.os_name(machine({"/etc/os-release": text})) == name
    assert environment.os_name(machine()) is None
