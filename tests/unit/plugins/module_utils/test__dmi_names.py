# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in the firmware: placeholders, and those of virtual machines."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._dmi_names import Names, hypervisor, real_name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "To Be Filled By O.E.M.",
        "To be filled by O.E.M",
        "TobefilledbyO.E.M.",
        "Default string",
        "DEFAULT_STRING",
        "System manufacturer",
        "System Product Name",
        "System Version",
        "System Serial Number",
        "Chassis Serial Number",
        "Base Board Serial Number",
        "Not Specified",
        "Not Available",
        "Not Applicable",
        "N/A",
        "None",
        "Unknown",
        "OEM",
        "O.E.M.",
        "INVALID",
        "[Empty]",
        "NO DIMM",
        "No Asset Tag",
        "Asset Tag",
        "<BAD INDEX>",
        "<OUT OF SPEC>",
        "--",
        "...",
        "00000000",
        "0x00000000",
        "FFFFFFFF",
        "11111111",
        "xxxx-xxxx",
        "0123456789",
        "123456789",
        "1234567890",
        "1234",
        "123456789012345678",
        "0123456789ABCDEF",
        "Manufacturer0",
        "A1_Manufacturer1",
        "Array1_PartNumber0",
        "SerNum00",
        "PartNum3",
        "ModulePartNumber01",
        "SODIMM000",
        "Type1ProductConfigId",
        "(^_^)",
    ],
)
def test_a_placeholder_is_no_name(text: str) -> None:
    assert real_name(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Dell Inc.",
        "PowerEdge R740",
        "1.0",
        "1.1.1",
        "A00",
        "CN7475143201BE",
        "12345678901X",
        "M393A8G40AB2-CWE",
        "80CE",
        "Standard PC (Q35 + ICH9, 2009)",
        "2222B",
        "DDR4",
        "HP",
    ],
)
def test_a_name_is_kept(text: str) -> None:
    assert real_name(text) == text


def test_blanks_are_joined_and_marks_dropped() -> None:
    assert real_name("  ThinkSystem   SR650 <BAD INDEX>") == "ThinkSystem SR650"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (Names(product="VMware, Inc. VMware Virtual Platform"), "vmware"),
        (Names(product="VMware, Inc. VMware7,1"), "vmware"),
        (Names(product="innotek GmbH VirtualBox"), "oracle"),
        (Names(board="Oracle Corporation VirtualBox"), "oracle"),
        (Names(product="Xen HVM domU"), "xen"),
        (Names(product="Microsoft Corporation Virtual Machine"), "microsoft"),
        (Names(product="Parallels Software International Inc. Parallels Virtual Platform"), "parallels"),
        (Names(firmware="BHYVE", product=" BHYVE"), "bhyve"),
        (Names(firmware="BHYVE"), "bhyve"),
        (Names(product="Apple Inc. Apple Virtualization Generic Platform"), "apple"),
        (Names(product="Google Google Compute Engine"), "google"),
        (Names(product="Amazon EC2 m5.large"), "amazon"),
        (Names(firmware="SeaBIOS", product="Red Hat KVM"), "kvm"),
        (Names(product="Optimized Hosting KVM"), "kvm"),
        (Names(product="QEMU KVM Virtual Machine"), "kvm"),
        (Names(product="OpenStack Foundation OpenStack Nova"), "kvm"),
        (Names(product="RDO OpenStack Compute"), "kvm"),
        (Names(product="Nutanix AHV"), "kvm"),
        (Names(product="DigitalOcean Droplet"), "kvm"),
        (Names(product="Hetzner vServer"), "kvm"),
        (Names(product="Tencent Cloud CVM"), "kvm"),
        (Names(product="QEMU Standard PC (i440FX + PIIX, 1996)"), "qemu"),
        (Names(product="Somebody Standard PC (Q35 + ICH9, 2009)"), "qemu"),
        (Names(firmware="EFI Development Kit II / OVMF"), "qemu"),
        (Names(parts=("Intel", "QEMU")), "qemu"),
        (Names(firmware="Bochs"), "bochs"),
        (Names(product="Bochs Bochs"), "bochs"),
        (Names(parts=("Bochs",)), "bochs"),
    ],
)
def test_a_virtual_machine_is_known_by_a_name(names: Names, kind: str) -> None:
    assert hypervisor(names) == kind


@pytest.mark.parametrize(
    "names",
    [
        Names(),
        Names(product="Microsoft Corporation Surface Pro 7"),
        Names(product="GOOGLE Eve", firmware="coreboot"),
        Names(product="Hetzner ", board="ASRockRack B565D4-V1L"),
        Names(product="Nutanix NX-3050"),
        Names(product="Standard AHV", board="INTEL Corporation HURONRIVER"),
        Names(product="Amazon EC2 m5.metal"),
        Names(firmware="EDK II", product="Radxa ROCK 5 Model B"),
        Names(product="XENTA 990072", board="Dell Inc. 002KVM"),
        Names(product="Intel Corporation Virtualization Test Board"),
    ],
)
def test_a_real_machine_is_none_though_its_names_look_alike(names: Names) -> None:
    assert hypervisor(names) == ""
