# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of drives and arrays, from what mdadm, wipefs, udev and the kernel say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _md_seen as md
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import (
    Disk,
    Looked,
    Member,
    Running,
    Superblock,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import EXAMINED, MARK, OURS, disk, seen
from hypothesis import given
from hypothesis import strategies as st

BLANK = Looked(blank=True)
PATH = "/dev/disk/by-id/ata-DRIVE_1"
SECTORS = 2_000_000
PCI = "../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block"


def examined(**changes: str) -> Superblock | None:
    """Return what is read where some lines of mdadm say something else, or are missing."""
    lines = []
    for line in EXAMINED.split("\n"):
        name = line.partition(" : ")[0].strip().replace(" ", "_").lower()
        value = changes.get(name)
        lines += [line] if value is None else [f"{name.replace('_', ' ').title()} : {value}"] if value else []
    return md.parse_examine("\n".join(lines).replace("Uuid", "UUID"))


def test_a_mark_as_mdadm_shows_it() -> None:
    assert examined() == Superblock(
        uuid=OURS,
        name="eucaim",
        level="raid6",
        devices=4,
        events=55,
        active=True,
        slot=0,
        places="AAAA",
        needs_bytes=512 * (817152 + 1024),
    )


@pytest.mark.parametrize(
    ("role", "active", "slot"), [("Active device 3", True, 3), ("spare", False, None), ("Active device", True, None)]
)
def test_the_place_of_a_drive(role: str, active: bool, slot: int | None) -> None:
    found = examined(device_role=role)
    assert found is not None
    assert (found.active, found.slot) == (active, slot)


@pytest.mark.parametrize(
    ("more", "dirty", "filling"),
    [
        ("", False, False),
        ("   State : active\n", True, False),
        ("Recovery Offset : 82688 sectors\n   State : active\n", True, True),
        ("Recovery Offset : 82688 sectors\n  Reshape pos'n : 12288 (12.00 MiB 12.58 MB)\n", False, False),
    ],
)
def test_a_drive_as_the_power_left_it(more: str, dirty: bool, filling: bool) -> None:
    found = md.parse_examine(EXAMINED.replace("          State : clean\n", more))
    assert found is not None
    assert (found.dirty, found.filling) == (dirty, filling)


def test_a_mirror_may_need_all_that_is_available() -> None:
    found = examined(used_dev_size="")
    assert found is not None
    assert found.needs_bytes == 512 * (818176 + 1024)


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"name": ""}, "name", ""),
        ({"name": "eucaim"}, "name", "eucaim"),
        ({"name": "0"}, "name", "0"),
        ({"device_role": "spare"}, "active", False),
        ({"device_role": ""}, "active", False),
        ({"events": ""}, "events", 0),
        ({"raid_devices": "many"}, "devices", 0),
        ({"used_dev_size": "", "avail_dev_size": "", "data_offset": ""}, "needs_bytes", 0),
        ({"used_dev_size": "817152 (399.00 MiB 418.38 MB)"}, "needs_bytes", 512 * (817152 + 1024)),
    ],
)
def test_a_mark_that_lacks_something(changes: dict[str, str], name: str, value: object) -> None:
    assert getattr(examined(**changes), name) == value


@pytest.mark.parametrize("missing", ["array_uuid", "raid_level", "raid_devices"])
def test_what_is_no_mark_of_an_array(missing: str) -> None:
    """Metadata of firmware, and partition tables, which mdadm shows as well."""
    assert examined(**{missing: ""}) is None
    assert (
        md.parse_examine("   MBR Magic : aa55\nPartition[0] :   4294967295 sectors at            1 (type ee)\n") is None
    )


@given(st.text(alphabet="AUraid :\n1spNme()", max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert md.parse_examine(text) is None
    assert isinstance(md.parse_examines(text), dict)


def test_several_drives_are_told_apart() -> None:
    found = md.parse_examines(f"{EXAMINED}/dev/cciss/c0d0:\n   MBR Magic : aa55\n")
    assert list(found) == ["/dev/sdd", "/dev/cciss/c0d0"]
    assert md.parse_examine(found["/dev/sdd"]) == examined()
    assert found["/dev/cciss/c0d0"] == "\n   MBR Magic : aa55\n"
    assert md.parse_examines("") == {}


def row(**changes: Any) -> dict[str, Any]:
    return {"device": "sdb", "offset": "0x438", "type": "ext4", "uuid": "x", "label": "records", **changes}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row()], ("ext4 records",)),
        ([row(label=None)], ("ext4",)),
        ([row(label="", type=None)], ("unknown",)),
        ([row(type="gpt", label=None), row(type="gpt", label=None), row(type="PMBR", label=None)], ("gpt", "PMBR")),
        ([], ()),
    ],
)
def test_signatures(rows: list[dict[str, Any]], words: tuple[str, ...]) -> None:
    assert md.parse_wipefs(json.dumps({"signatures": rows})) == words


def test_a_drive_without_signatures() -> None:
    assert md.parse_wipefs("") == md.parse_wipefs("\n") == ()


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"signatures": 1}', '{"signatures": ["ext4"]}', "null"])
def test_what_wipefs_did_not_write_is_no_empty_drive(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        md.parse_wipefs(text)


def test_device_files() -> None:
    assert disk(0).device == "/dev/sdb"


def test_words() -> None:
    assert disk(0, holds=("partition table gpt", "sdb1: ext4")).words == "partition table gpt; sdb1: ext4"
    assert disk(0).words == disk(0, holds=None).words == ""


@pytest.mark.parametrize(
    ("holds", "only"),
    [
        ((MARK,), True),
        (("member of an md array",), True),
        ((), True),
        ((MARK, "partition table dos"), False),
        (("ext4",), False),
    ],
)
def test_what_is_more_than_a_mark(holds: tuple[str, ...], only: bool) -> None:
    assert disk(0, holds=holds, superblock=examined()).only_marked is only
    assert not disk(0, holds=holds).only_marked


def test_members() -> None:
    assert Member("sdb", frozenset(["faulty"]), "none").failed
    assert Member("sdb", frozenset(["spare"]), "none").idle
    assert not Member("sdb", frozenset(["faulty"]), "none").idle
    assert not Member("sdb", frozenset(["spare"]), "2").idle


@pytest.mark.parametrize(
    ("level", "state", "active"),
    [
        ("raid5", "clean", True),
        ("raid5", "active, degraded, recover", True),
        ("raid5", "inactive", False),
        ("raid5", None, False),
        (None, "clean", False),
    ],
)
def test_whether_an_array_runs(level: str | None, state: str | None, active: bool) -> None:
    found = Running(Array("md127", level=level, state=state), ())
    assert (found.name, found.active) == ("md127", active)


def test_a_drive_by_the_kernels_name() -> None:
    found = seen(disk(0), others=[disk(1)])
    assert found.disk_named("sdb") == disk(0)
    assert found.disk_named("sdc") == disk(1)
    assert found.disk_named("sdz") is None


# A whole machine ----------------------------------------------------------------------------------------------------


def machine(**more: str) -> Recording:
    """Return a machine with two drives; files are named below /sys/block, a slash as two underlines."""
    files = {
        "/proc/self/mountinfo": "30 1 254:0 / / rw - ext4 /dev/vda rw",
        "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority",
        "/run/udev/data/b8:16": "E:ID_SERIAL=one",
        "/run/udev/data/b8:32": "E:ID_SERIAL=two",
        "/sys/block/sdb/dev": "8:16",
        "/sys/block/sdb/size": str(SECTORS),
        "/sys/block/sdc/dev": "8:32",
        "/sys/block/sdc/size": str(SECTORS),
    }
    files.update({name if name.startswith("/") else f"/sys/block/{name}": text for name, text in more.items()})
    links = {f"/sys/block/{name}": f"{PCI}/{name}" for name in ("sdb", "sdc")}
    links["/dev/disk/by-id/ata-DRIVE_2"] = "../../sdc"
    return Recording(files={name.replace("__", "/"): text for name, text in files.items()}, links=links)


def only(recording: Recording, looked: Looked | None = BLANK) -> Disk:
    """Return how sdb is seen, which was asked for by name."""
    found = md.read_seen(recording, {PATH: "sdb"}, {} if looked is None else {"sdb": looked})
    return found.disks[PATH]


def test_an_empty_drive() -> None:
    assert only(machine()) == Disk(id=PATH, name="sdb", bytes=SECTORS * 512, holds=())


def test_the_other_drives_are_known_by_their_best_name_and_nobody_calls_them_empty() -> None:
    found = md.read_seen(machine(), {PATH: "sdb"}, {})
    assert list(found.others) == ["sdc"]
    assert found.others["sdc"].id == "/dev/disk/by-id/ata-DRIVE_2"
    assert found.others["sdc"].holds is None
    found = md.read_seen(machine(), {"/dev/disk/by-id/ata-DRIVE_2": "sdc"}, {})
    assert found.others["sdb"].id == "/dev/disk/by-id/sdb"


def test_a_drive_at_which_nobody_has_looked_is_not_empty() -> None:
    assert only(machine(), None).holds is None


def test_what_is_no_drive_is_missing() -> None:
    assert md.read_seen(machine(), {PATH: "sdz"}, {}).disks == {}
    assert md.read_seen(Recording(), {PATH: "sdb"}, {}).disks == {}


def test_without_mounts_every_drive_may_be_the_systems() -> None:
    recording = machine()
    files = {path: text for path, text in recording.files.items() if path != "/proc/self/mountinfo"}
    assert only(Recording(files=files, links=recording.links)).holds_system
    assert not only(recording).holds_system


PARTITION = {"sdb__sdb1__partition": "1", "sdb__sdb1__dev": "8:17", "sdb__sdb1__size": "1000"}
TABLE = {"/run/udev/data/b8:16": "E:ID_PART_TABLE_TYPE=gpt"}
ZFS = {"/run/udev/data/b8:16": "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank"}
EXT4 = {"/run/udev/data/b8:16": "E:ID_FS_TYPE=ext4"}


@pytest.mark.parametrize(
    ("files", "looked", "holds"),
    [
        ({}, Looked(), (md.UNRECOGNISED,)),
        ({}, Looked(signatures=("ext4 records",)), ("ext4 records",)),
        # udev remembers it better: with what lies on it.
        (EXT4, Looked(signatures=("ext4 records",)), ("ext4",)),
        # What udev has not seen is there all the same.
        (EXT4, Looked(signatures=("xfs", "gpt")), ("ext4", "xfs", "gpt")),
        (TABLE, Looked(signatures=("gpt", "PMBR", "dos")), ("partition table gpt",)),
        (ZFS, Looked(signatures=("zfs_member tank",)), ("ZFS pool tank",)),
        (
            {"/run/udev/data/b8:16": "E:ID_FS_TYPE=linux_raid_member"},
            Looked(signatures=("linux_raid_member m:old", "ext4")),
            ("member of an md array", "ext4"),
        ),
        (
            {"/run/udev/data/b8:16": "E:ID_FS_AMBIVALENT=a b"},
            Looked(signatures=("a", "b")),
            ("several signatures (a b)",),
        ),
        # What udev remembers of a drive that has been emptied since.
        (EXT4, BLANK, ()),
        (EXT4, Looked(), (md.UNRECOGNISED,)),
        # Of partitions the kernel itself knows.
        ({**PARTITION, **TABLE}, BLANK, ("partition table gpt", "sdb1: not readable")),
        (PARTITION, BLANK, ("partition table", "sdb1: not readable")),
        (TABLE, BLANK, ("partition table gpt",)),
        (
            {**PARTITION, **TABLE, "/run/udev/data/b8:17": "E:ID_FS_TYPE=xfs"},
            Looked(signatures=("gpt",)),
            ("partition table gpt", "sdb1: xfs"),
        ),
    ],
)
def test_what_a_drive_holds(files: dict[str, str], looked: Looked, holds: tuple[str, ...]) -> None:
    assert only(machine(**files), looked).holds == holds


def test_what_lies_on_a_drive() -> None:
    recording = machine(
        **PARTITION,
        **{
            "/proc/self/mountinfo": "30 1 8:17 / /mnt/a\\040b rw - ext4 /dev/sdb1 rw",
            "/proc/swaps": "Filename\tType\n/dev/sdb\tpartition",
            "sdb__holders__dm-0__x": "",
            "dm-0__size": "8",
        },
    )
    found = only(recording)
    assert found.busy == (
        "sdb is in use as swap",
        "sdb is in use by dm-0",
        "sdb1 is mounted on /mnt/a b",
    )
    assert (found.holds_system, found.array) == (True, "")


def array(**more: str) -> Recording:
    """Return a machine with a mirror."""
    return machine(
        **{
            "md127__size": "1000",
            "md127__dev": "9:127",
            "md127__md__level": "raid1",
            "md127__md__array_state": "clean",
            "md127__md__raid_disks": "2",
            "md127__md__uuid": OURS.replace(":", ""),
            "md127__md__dev-sdb__state": "in_sync",
            "md127__md__dev-sdb__slot": "0",
            "md127__md__dev-sdx__state": "faulty,write_error",
            "sdb__holders__md127__x": "",
            "/proc/self/mountinfo": "30 1 9:127 / /srv/eucaim rw - xfs /dev/md127 rw",
            **more,
        }
    )


def test_an_array_its_members_and_what_lies_on_it() -> None:
    found = md.read_seen(array(), {PATH: "sdb"}, {"sdb": Looked(EXAMINED, (MARK,))})
    here = found.disks[PATH]
    assert (here.array, here.superblock, here.busy) == ("md127", examined(), ("sdb is in use by md127",))
    running = found.arrays["md127"]
    assert running.active
    assert running.shown.uuid == OURS
    assert running.members == (
        Member("sdb", frozenset(["in_sync"]), "0"),
        Member("sdx", frozenset(["faulty", "write_error"]), "none"),
    )
    assert found.uses == {"md127": ("md127 is mounted on /srv/eucaim",)}
    assert found.mounts == {"md127": ("/srv/eucaim",)}


def test_a_member_of_which_nothing_is_known_any_more() -> None:
    found = md.read_members(array(**{"md127__md__dev-sdx__state": ""}), "md127")
    assert found[1] == Member("sdx", frozenset([""]), "none")


def test_a_volume_of_a_controller() -> None:
    recording = machine()
    links = {**recording.links, "/sys/bus/pci/devices/0000:00:17.0/driver": "../../bus/pci/drivers/3w-sas"}
    assert only(Recording(files=recording.files, links=links)).behind_raid
    assert not only(recording).behind_raid


@pytest.mark.parametrize("files", [{}, {"/run/udev/data/b8:16": "E:ID_FS_TYPE=linux_raid_member"}])
def test_the_words_for_a_mark_say_of_which_array_it_is(files: dict[str, str]) -> None:
    """Words that were once repeated for one array must not do for another one."""
    holds = only(machine(**files), Looked(EXAMINED, (MARK,))).holds
    assert holds == (f"member of an md array: eucaim ({OURS})",)
    assert only(machine(**files), Looked(EXAMINED, (MARK,))).only_marked
    assert only(machine(**files), Looked(signatures=("linux_raid_member",))).words.endswith(
        "member" if not files else "array"
    )
