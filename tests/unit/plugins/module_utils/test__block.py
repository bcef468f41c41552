# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drive is, and by which name it is known for good."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _block as block
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

PCI = "../devices/pci0000:00/0000:00:17.0"
SATA = f"{PCI}/ata1/host0/target0:0:0/0:0:0:0/block/sda"


def recording(path: str, name: str = "sda", driver: str = "ahci", udev: str = "", **files: str) -> Recording:
    """Return a machine with one drive; files are named below the drive's folder, a slash as two underlines."""
    folder = f"/sys/block/{name}"
    texts = {f"{folder}/{key.replace('__', '/')}": value for key, value in files.items()}
    texts.setdefault(f"{folder}/size", "1000")
    texts[f"{folder}/dev"] = "8:0"
    if udev:
        texts["/run/udev/data/b8:0"] = udev
    return Recording(
        files=texts,
        links={folder: path, "/sys/bus/pci/devices/0000:00:17.0/driver": f"../../../bus/pci/drivers/{driver}"},
    )


def drive(made: Recording, virtual: bool = False) -> Drive:
    """Return the only drive."""
    found = block.read_drives(made, virtual)
    assert found is not None
    assert len(found) == 1
    return found[0]


def test_everything() -> None:
    """A drive that the kernel and udev know well is known in every field."""
    made = recording(
        SATA,
        udev="S:disk/by-id/wwn-0x5000c500a1b2c3d4\nE:ID_BUS=ata\nE:ID_MODEL_ENC=EXAMPLE\\x20EX4000NM0001\\x20\\x20\n"
        "E:ID_SERIAL_SHORT=ZEX00001\nE:ID_WWN=0x5000c500a1b2c3d4\nE:ID_REVISION=EX05\nE:ID_ATA_ROTATION_RATE_RPM=7200\n",
        size="7814037168",
        removable="0",
        queue__rotational="1",
        queue__logical_block_size="512",
        queue__physical_block_size="4096",
        device__vendor="ATA     ",
        device__model="EXAMPLE EX4000NM",
        device__rev="EX05",
        device__wwid="naa.5000c500a1b2c3d4",
    )
    made = Recording(
        made.facts,
        {**made.files, "/proc/self/mountinfo": ""},
        {},
        {
            **made.links,
            "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4": "../../sda",
            "/dev/disk/by-id/ata-EXAMPLE_EX4000NM0001_ZEX00001": "../../sda",
            "/dev/disk/by-id/ata-EXAMPLE_EX4000NM0001_ZEX00001-part1": "../../sda1",
        },
    )
    assert drive(made) == Drive(
        name="sda",
        id="/dev/disk/by-id/ata-EXAMPLE_EX4000NM0001_ZEX00001",
        ids=("/dev/disk/by-id/ata-EXAMPLE_EX4000NM0001_ZEX00001", "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4"),
        bytes=4000787030016,
        medium="hdd",
        transport="sata",
        model="EXAMPLE EX4000NM0001",
        serial="ZEX00001",
        wwn="0x5000c500a1b2c3d4",
        firmware="EX05",
        rotation_rpm=7200,
        logical_sector=512,
        physical_sector=4096,
        removable=False,
        behind_raid=False,
        holds_system=False,
        contents=(),
    )


def test_no_list() -> None:
    """Without /sys nothing is known, which is not the same as no drive."""
    assert block.read_drives(Recording(), False) is None
    assert block.read_drives(Recording(files={"/sys/block/loop0/size": "8"}), False) == ()


@pytest.mark.parametrize(
    ("name", "path", "files", "there"),
    [
        ("sda", SATA, {}, True),
        ("nvme0n1", "../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", {}, True),
        ("nvme0c0n1", f"{PCI}/nvme/nvme0/nvme0c0n1", {"hidden": "1"}, False),
        ("loop0", "../devices/virtual/block/loop0", {}, False),
        ("md127", "../devices/virtual/block/md127", {}, False),
        ("sr0", f"{PCI}/ata2/host1/target1:0:0/1:0:0:0/block/sr0", {}, False),
        ("fd0", "../devices/platform/floppy.0/block/fd0", {}, False),
        ("mmcblk0", f"{PCI}/mmc_host/mmc0/mmc0:0001/block/mmcblk0", {}, True),
        ("mmcblk0boot0", f"{PCI}/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0boot0", {}, False),
        ("sdc", f"{PCI}/usb1/1-1/host4/target4:0:0/4:0:0:0/block/sdc", {"size": "0", "removable": "1"}, False),
        ("sdc", f"{PCI}/usb1/1-1/host4/target4:0:0/4:0:0:0/block/sdc", {"size": "9", "removable": "1"}, True),
    ],
)
def test_what_is_a_drive(name: str, path: str, files: dict[str, str], there: bool) -> None:
    """Virtual devices, optical drives, empty card readers and hidden paths are no drives."""
    assert (block.drive_names(recording(path, name, **files)) == [name]) is there


@pytest.mark.parametrize(
    ("ids", "best"),
    [
        ((), None),
        (("wwn-0x5000c500a1b2c3d4", "ata-M_S", "scsi-SATA_M_S"), "ata-M_S"),
        (("nvme-eui.0025385b", "nvme-M_S_1", "nvme-M_S", "nvme-nvme.144d-53"), "nvme-M_S"),
        (("scsi-35000c500ec3a1b2c", "wwn-0x5000c500ec3a1b2c"), "wwn-0x5000c500ec3a1b2c"),
        (("scsi-35000c500ec3a1b2c", "scsi-SEXAMPLE_M_S"), "scsi-SEXAMPLE_M_S"),
        (("scsi-0QEMU_QEMU_HARDDISK_SYSTEM",), "scsi-0QEMU_QEMU_HARDDISK_SYSTEM"),
        (("virtio-data", "nvme-nvme.144d-53"), "virtio-data"),
        (("nvme-nvme.144d-53", "nvme-eui.0025385b"), "nvme-eui.0025385b"),
    ],
)
def test_best_name(ids: tuple[str, ...], best: str | None) -> None:
    """The name with model and serial number wins, the shorter one of two of these, the world-wide name next."""
    assert block.best_id(ids) == best
    assert block.best_id(ids[::-1]) == best


@pytest.mark.parametrize(
    ("path", "vendor", "transport"),
    [
        (SATA, "ATA", "sata"),
        (f"{PCI}/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "SEAGATE", "sas"),
        (f"{PCI}/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "ATA", "sata"),
        (f"{PCI}/usb2/2-1/2-1:1.0/host2/target2:0:0/2:0:0:0/block/sda", "SanDisk", "usb"),
        (f"{PCI}/virtio2/host2/target2:0:0/2:0:0:0/block/sda", "QEMU", "virtio"),
        (f"{PCI}/nvme/nvme0/nvme0n1", "", "nvme"),
        ("../devices/virtual/nvme-fabrics/ctl/nvme0/nvme0n1", "", "nvme-fabrics"),
        ("../devices/vbd-51712/block/sda", "", "xen"),
        ("../devices/LNXSYSTM:00/VMBUS:00/f8b3781a-1e82/host0/target0:0:0/0:0:0:0/block/sda", "Msft", "hyperv"),
        (f"{PCI}/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "", "mmc"),
        ("../devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sda", "LIO-ORG", "iscsi"),
        (f"{PCI}/host5/rport-5:0-3/target5:0:0/5:0:0:0/block/sda", "NETAPP", "fc"),
        (f"{PCI}/host2/target2:0:0/2:0:0:0/block/sda", "VMware", "scsi"),
        ("../devices/platform/other/block/sda", "", None),
    ],
)
def test_transports(path: str, vendor: str, transport: str | None) -> None:
    """The path of a device tells by what it is reached."""
    assert drive(recording(path, device__vendor=vendor)).transport == transport


@pytest.mark.parametrize(
    ("driver", "channel", "level", "volume"),
    [
        ("megaraid_sas", 2, "", True),
        ("megaraid_sas", 0, "", False),
        ("mpt3sas", 1, "", True),
        ("mpt3sas", 0, "", False),
        ("smartpqi", 1, "RAID-1(+0)", True),
        ("smartpqi", 0, "N/A", False),
        ("hpsa", 0, "", False),
        ("arcmsr", 0, "", True),
        ("ahci", 0, "", False),
    ],
)
def test_volumes(driver: str, channel: int, level: str, volume: bool) -> None:
    """A volume of a hardware RAID controller is told from a drive that the controller only passes on."""
    path = f"../devices/pci0000:00/0000:00:01.0/0000:00:17.0/host0/target0:{channel}:0/0:{channel}:0:0/block/sda"
    found = drive(
        recording(path, driver=driver, device__vendor="DELL", device__raid_level=level, queue__rotational="1")
    )
    assert found.behind_raid is volume
    assert found.transport == ("raid" if volume else "scsi")
    assert found.medium == (None if volume else "hdd")
    if not level:
        assert block.is_volume(recording("../devices/pci0000:00/0000:00:17.0/sda", driver=driver), "sda") is (
            driver == "arcmsr"
        )


@pytest.mark.parametrize(
    ("path", "rotational", "virtual", "udev", "medium"),
    [
        (SATA, "1", False, "", "hdd"),
        (SATA, "0", False, "", "ssd"),
        (SATA, "1", True, "", None),
        (SATA, "0", True, "", "ssd"),
        (SATA, "1", True, "E:ID_ATA_ROTATION_RATE_RPM=5400", "hdd"),
        (SATA, "1", False, "E:ID_ATA_ROTATION_RATE_RPM=0", "ssd"),
        (SATA, "", False, "E:ID_ATA_ROTATION_RATE_RPM=x", None),
        (f"{PCI}/virtio1/block/sda", "1", False, "", None),
        (f"{PCI}/usb1/1-1/host4/target4:0:0/4:0:0:0/block/sda", "1", False, "", None),
    ],
)
def test_medium(path: str, rotational: str, virtual: bool, udev: str, medium: str | None) -> None:
    """That a drive turns is believed only of those who know."""
    assert drive(recording(path, udev=udev, queue__rotational=rotational), virtual).medium == medium


def test_names_without_udev() -> None:
    """Without udev the kernel's words have to do."""
    sas = drive(recording(SATA, device__vendor="SEAGATE ", device__model="ST2400MM0129    ", device__rev="C003"))
    assert (sas.model, sas.serial, sas.wwn, sas.firmware) == ("SEAGATE ST2400MM0129", None, None, "C003")
    nvme = drive(
        recording(
            f"{PCI}/nvme/nvme0/nvme0n1",
            "nvme0n1",
            wwid="eui.0025385b11b2c3d4",
            device__model="EXAMPLE NVMe 3.84TB   ",
            device__serial="NEX00003  ",
            device__firmware_rev="2.1.2",
        )
    )
    assert (nvme.model, nvme.serial) == ("EXAMPLE NVMe 3.84TB", "NEX00003")
    assert (nvme.wwn, nvme.firmware) == ("eui.0025385b11b2c3d4", "2.1.2")
    old = drive(recording(SATA, device__wwid=f"t10.ATA     {'EXAMPLE OLD':40}ZOLD0001", wwid="t10.ATA"))
    assert (old.serial, old.wwn, old.model) == ("ZOLD0001", None, None)
    virtio = drive(recording(f"{PCI}/virtio1/block/vda", "vda", serial="data1", device__vendor="0x1af4"))
    assert (virtio.serial, virtio.model) == ("data1", None)
    whole = drive(recording(SATA, device__vendor="EXAMPLE", device__model="EXAMPLE DISK"))
    assert whole.model == "EXAMPLE DISK"


def test_serial_of_udev() -> None:
    """The short serial number of a SAS drive is its world-wide name, and no serial number."""
    udev = (
        "E:ID_BUS=scsi\nE:ID_SERIAL_SHORT=5000c500ec3a1b2c\n"
        "E:ID_WWN=0x5000c500ec3a1b2c\nE:ID_WWN_WITH_EXTENSION=0x5000c500ec3a1b2c0000\n"
    )
    without = drive(recording(SATA, udev=udev))
    assert (without.serial, without.wwn) == (None, "0x5000c500ec3a1b2c0000")
    assert drive(recording(SATA, udev=udev + "E:ID_SCSI_SERIAL=WEX00004")).serial == "WEX00004"
    made_up = drive(recording(SATA, udev="E:ID_WWN=nvme.1b36-4e56", wwid="naa.5000c500ec3a1b2c"))
    assert made_up.wwn == "0x5000c500ec3a1b2c"


@pytest.mark.parametrize(("name", "device"), [("sda", "/dev/sda"), ("cciss!c0d0", "/dev/cciss/c0d0")])
def test_device_files(name: str, device: str) -> None:
    assert block.device_of(name) == device
    assert block.name_of(device) == name
