# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in a machine's firmware: which are none at all, and which are those of a virtual machine.

Private to this collection: nothing outside may import it. Pure: text in, data out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# What makers leave where a name or a serial number belongs; compared in lower case, without blanks, dashes and dots.
_PLACEHOLDERS = re.compile(
    r"\[empty\]|empty|invalid|manufacturer|n/a|na|nil|no|nodimm|noenclosure|none|null|oem|string|tbd|undefined|unknown|"
    r"unspecified|uninitialized|(?:no)?asset(?:tag|information)?|(?:board|baseboard|chassis|system|some|type1)?serialnumber|"
    r"sernum|(?:oem)?chassismanufacture(?:r)?|(?:system)?(?:manufacturer|name|productname|version)|(?:oem)?chassisversion|"
    r"default(?:string)?|(?:tobe)?fill(?:ed)?(?:byoem)?|tobedefined(?:byoem)?|userdefined|type1productconfigid|"
    r"not(?:applicable|available|defined|filledbyoem|provided|settable|specified)"
)
_NUMBERED = re.compile(
    r"(?:a\d)?(?:(?:module|array\d)?partnum(?:ber)?|manufacturer|mfg|sernum|serialnum(?:ber)?|assettagnum|(?:so)?dimm)\d+"
)
_MARKS = re.compile(r"<(?:BAD INDEX|OUT OF SPEC|TRUNCATED)>")
_BETWEEN = re.compile(r"[\s\-_]+")
_SAME = re.compile(r"(?:0x)?(.)\1{2,}")  # 0000, FFFF, xxxx
_COUNTED = ("0123456789" * 4, "1234567890" * 4, "0123456789abcdef")


@dataclass(frozen=True)
class Names:
    """The names that tell a virtual machine; an empty one is not known."""

    firmware: str = ""  # vendor of the firmware
    product: str = ""  # vendor and name of the product
    board: str = ""  # vendor and name of the board
    parts: tuple[str, ...] = ()  # makers of processors and memory


# Patterns over the beginning of a name, and what systemd-detect-virt(1) calls that kind. Makers of real machines use
# some of the words, too: Google's notebooks, Microsoft's tablets, Nutanix' and Hetzner's servers.
_VIRTUAL = tuple(
    (name, re.compile(pattern, re.IGNORECASE), kind)
    for name, pattern, kind in (
        ("product", r"VMware\b", "vmware"),
        ("product", r"innotek GmbH|.*\bVirtualBox\b", "oracle"),
        ("board", r"Oracle Corporation VirtualBox\b", "oracle"),
        ("product", r"Xen\b.*\bdomU\b", "xen"),
        ("product", r"Microsoft Corporation Virtual Machine\Z", "microsoft"),
        ("product", r"Parallels\b", "parallels"),
        ("product", r".*\bBHYVE\Z", "bhyve"),
        ("firmware", r"BHYVE\Z", "bhyve"),
        ("product", r"Apple Inc\.? Apple Virtualization\b", "apple"),
        ("product", r"Google Google Compute Engine\b", "google"),
        ("product", r"Amazon EC2 (?!.*\.metal)", "amazon"),
        ("product", r".* KVM\Z|.* KVM Virtual Machine\Z|Red Hat (?:RHEL|RHEV|OpenShift)\b|oVirt\b", "kvm"),
        ("product", r"OpenStack\b|.* OpenStack (?:Nova|Compute)\Z|Nutanix AHV\Z|DigitalOcean Droplet\Z", "kvm"),
        ("product", r"Hetzner vServer\Z|Alibaba Cloud Alibaba Cloud ECS\Z|Tencent Cloud CVM\Z|Linode Comp", "kvm"),
        ("product", r"QEMU\b|.* Standard PC \(", "qemu"),
        ("firmware", r"SeaBIOS\b|.*\bOVMF\b", "qemu"),
        ("parts", r"QEMU\b|Red Hat\Z", "qemu"),
        ("product", r"Bochs\b", "bochs"),
        ("firmware", r"Bochs\b", "bochs"),
        ("parts", r"Bochs\b", "bochs"),
    )
)


def real_name(text: str) -> str | None:
    """Return a name or serial number as the maker wrote it, None if it is a placeholder.

    Placeholders are such as "To Be Filled By O.E.M.", "Default string", 0123456789, one character over and over, and
    what dmidecode writes for a string that is not there.
    """
    text = " ".join(_MARKS.sub(" ", text).split())
    core = _BETWEEN.sub("", text).lower()
    bare = core.replace(".", "")
    counted = len(core) > 3 and any(digits.startswith(core) for digits in _COUNTED)
    if (
        counted
        or _SAME.fullmatch(core)
        or _NUMBERED.fullmatch(core)
        or _PLACEHOLDERS.fullmatch(bare)
        or not any(letter.isalnum() for letter in bare)
    ):
        return None
    return text


def hypervisor(names: Names) -> str:
    """Return the kind of virtual machine that the names tell, in words of systemd-detect-virt(1); "" for none."""
    for name, pattern, kind in _VIRTUAL:
        value = getattr(names, name)
        if any(pattern.match(each) for each in (value if isinstance(value, tuple) else (value,))):
            return kind
    return ""
