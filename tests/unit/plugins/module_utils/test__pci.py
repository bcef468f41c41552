# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of the PCI bus have names, and storage controllers kinds."""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils import _pci as pci
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Controller
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording

LSPCI = """0000:00:17.0 "SATA controller [0106]" "Intel Corporation [8086]" "Device [a202]" -r11 "" ""
0000:18:00.0 "RAID bus controller [0104]" "Broadcom / LSI [1000]" "MegaRAID SAS-3 3108 [Invader] [005d]" -r02 "" ""
0000:19:00.0 "Non-Volatile memory controller [0108]" "Vendor [abcd]" "Device [0001]" -p02 "" ""
0000:1a:00.0 "unbalanced
short line
"""


def bus(**classes: str) -> Recording:
    """Return a bus with devices, by their number on it."""
    files = {}
    for number, code in classes.items():
        folder = f"{pci.DEVICES}/0000:{number[1:]}:00.0" if number != "d17" else f"{pci.DEVICES}/0000:00:17.0"
        files.update({f"{folder}/class": code, f"{folder}/vendor": "0x8086", f"{folder}/device": "0xa202"})
    return Recording(
        files=files,
        links={f"{pci.DEVICES}/0000:00:17.0/driver": "../../../../bus/pci/drivers/ahci"},
        commands={"lspci": Output(0, LSPCI)},
    )


def test_names() -> None:
    """Most devices have a name in the list of lspci; a number is no name."""
    assert pci.parse_lspci(LSPCI) == {
        "0000:00:17.0": ("Intel Corporation", None),
        "0000:18:00.0": ("Broadcom / LSI", "MegaRAID SAS-3 3108 [Invader]"),
        "0000:19:00.0": (None, None),
    }


def test_controllers() -> None:
    """Storage controllers are told by their class; one that no driver has taken says so."""
    made = bus(d17="0x010601", d18="0x010400", d19="0x010802", d20="0x018000", d21="0x020000")
    assert pci.read_controllers(made) == (
        Controller("0000:00:17.0", "sata", "8086", "a202", "Intel Corporation", "ahci"),
        Controller("0000:18:00.0", "raid", "8086", "a202", "Broadcom / LSI MegaRAID SAS-3 3108 [Invader]", ""),
        Controller("0000:19:00.0", "nvme", "8086", "a202", None, ""),
        Controller("0000:20:00.0", "other", "8086", "a202", None, ""),
    )


def test_no_bus() -> None:
    """Without a bus nothing is known."""
    assert pci.read_controllers(Recording()) is None
    assert pci.read_controllers(bus(d21="0x020000")) == ()
    devices = pci.read_devices(bus(d21=""))
    assert devices is not None
    assert devices[0].class_code == 0
