# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on drives and arrays: at each limit and one byte below it, and for every way of not knowing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import (
    Array,
    Controller,
    Drive,
    FileSystem,
    Machine,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Stated, Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_storage import is_data_mount, judge_storage
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    ARRAY,
    DATA,
    GB,
    GOOD,
    HANDBOOK,
    ROOT,
    STORE,
    SYSTEM,
    TB,
    WANTED,
    changed,
    data_drive,
    of,
)

VIRTUAL = changed("system", virtualisation="kvm")


def judged(requirement: str, item: str | None = None, machine: Machine = GOOD, wanted: Wanted = WANTED) -> Finding:
    return of(judge_storage(machine, wanted), requirement, item)


def with_drives(*drives: Drive, arrays: tuple[Array, ...] | None = ()) -> Machine:
    return replace(GOOD, drives=(SYSTEM, *drives), arrays=arrays)


def with_system(**changes: Any) -> Machine:
    return replace(GOOD, drives=(replace(SYSTEM, **changes), *DATA))


def behind_card(*drives: Drive) -> Machine:
    """Return a machine whose system lies on a volume of a RAID controller with these drives."""
    return replace(with_system(behind_raid=True, medium=None), raid_drives=drives)


def test_a_machine_as_recommended() -> None:
    found = judge_storage(GOOD, WANTED)
    assert [(each.requirement, each.item, each.found, each.verdict) for each in found] == [
        ("ST-OS", "size", "480 GB (nvme0n1)", "recommended"),
        ("ST-OS", "medium", "solid-state drive", "recommended"),
        ("ST-OS", "nothing else on it", "the system only", "recommended"),
        ("ST-DATA", "data drives", "16 TB and 8 TB of hot spares on 6 drives", "recommended"),
        ("ST-RAID", "md0", "raid5, 4 of 4", "recommended"),
        ("ST-SPARE", "spares", "8 TB as hot spares, 0 B on the shelf", "recommended"),
        ("ST-GROW", "room to grow", "2 free drive bays", "met"),
        ("ST-HEALTH", "drives", "7 of 7 passed", "met"),
        ("ST-HEALTH", "arrays", "1 complete", "met"),
    ]
    assert [each.reason for each in found] == [""] * len(found)


# ---------------------------------------------------------------------- ST-OS


@pytest.mark.parametrize(
    ("size", "verdict"),
    [
        (240 * GB - 1, "unmet"),
        (240 * GB, "met"),
        (480 * GB - 1, "met"),
        (480 * GB, "recommended"),
        (None, "unanswered"),
    ],
)
def test_the_system_drive_at_each_limit(size: int | None, verdict: str) -> None:
    found = judged("ST-OS", "size", with_system(bytes=size))
    assert (found.verdict, found.minimum, found.recommended) == (verdict, "240 GB", "480 GB")


def test_a_mirror_holds_what_its_smaller_drive_holds() -> None:
    small = replace(SYSTEM, name="nvme1n1", bytes=240 * GB)
    assert judged("ST-OS", "size", with_drives(small)).found == "240 GB (nvme0n1, nvme1n1)"
    unknown = replace(small, bytes=None)
    assert judged("ST-OS", "size", with_drives(unknown)).verdict == "unanswered"


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (replace(GOOD, drives=None, unknown={"drives": "no /sys"}), "no /sys"),
        (replace(GOOD, drives=DATA), "no drive holds it"),
        (with_system(holds_system=None), "whether the system lies on nvme0n1 is not known"),
        (with_drives(replace(DATA[0], holds_system=None)), "whether the system lies on sda is not known"),
    ],
)
def test_an_unknown_system_drive(machine: Machine, reason: str) -> None:
    found = judged("ST-OS", machine=machine)
    assert (found.item, found.verdict, found.reason) == ("drive", "unanswered", reason)


@pytest.mark.parametrize(
    ("machine", "stated", "found", "verdict", "words"),
    [
        (with_system(medium="hdd"), None, "hard drive", "unmet", ""),
        (with_system(medium="hdd"), "ssd", "hard drive", "unmet", ""),
        (with_system(medium=None), None, "unknown", "unanswered", "not measured"),
        (with_system(medium=None), "ssd", "solid-state drive", "recommended", "as stated"),
        (with_system(medium=None), "hdd", "hard drive", "unmet", "as stated"),
        (with_system(behind_raid=True), None, "unknown", "unanswered", "a RAID controller may hide it"),
        (with_system(behind_raid=None), None, "unknown", "unanswered", "a RAID controller may hide it"),
        (with_system(behind_raid=True, medium=None), None, "unknown", "unanswered", "a RAID controller may hide it"),
        (with_system(behind_raid=True), "ssd", "solid-state drive", "recommended", "as stated"),
        (behind_card(SYSTEM, SYSTEM), None, "solid-state drive", "recommended", ""),
        (behind_card(DATA[0], DATA[1]), None, "hard drive", "unmet", ""),
        (behind_card(SYSTEM, DATA[1]), None, "unknown", "unanswered", "a RAID controller may hide it"),
        (behind_card(replace(SYSTEM, medium=None)), None, "unknown", "unanswered", "a RAID controller may hide it"),
        (VIRTUAL, None, "unknown", "unanswered", "what its drives are made of"),
        (VIRTUAL, "ssd", "solid-state drive", "recommended", "as stated"),
        (changed("system", virtualisation=None), None, "unknown", "unanswered", "not known whether this is a virtual"),
    ],
)
def test_the_medium_of_the_system_drive(
    machine: Machine, stated: str | None, found: str, verdict: str, words: str
) -> None:
    finding = judged("ST-OS", "medium", machine, replace(WANTED, stated=Stated(os_drive_medium=stated)))
    assert (finding.found, finding.verdict) == (found, verdict)
    assert words in finding.reason


def test_one_hard_drive_under_the_system_is_one_too_many() -> None:
    swap = replace(SYSTEM, name="sdz", medium="hdd")
    assert judged("ST-OS", "medium", with_drives(swap)).verdict == "unmet"
    unknown = replace(with_drives(swap), drives=(replace(SYSTEM, medium=None), swap))
    stated = replace(WANTED, stated=Stated(os_drive_medium="ssd"))
    assert judged("ST-OS", "medium", unknown, stated).verdict == "unmet"


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "reason"),
    [
        (
            replace(GOOD, file_systems=(ROOT, replace(STORE, drives=("nvme0n1",)))),
            "data at /srv/eucaim",
            "unmet",
            "",
        ),
        (
            replace(GOOD, file_systems=(ROOT, replace(STORE, drives=()))),
            "unknown",
            "unanswered",
            "the drives under /srv/eucaim are not known",
        ),
        (replace(GOOD, file_systems=None), "unknown", "unanswered", "not measured"),
        (replace(GOOD, arrays=None), "unknown", "unanswered", "not measured"),
        (
            replace(GOOD, arrays=(replace(ARRAY, members=("nvme0n1p3", "sda1")),)),
            "a part of md0, with other drives",
            "unmet",
            "",
        ),
        (replace(GOOD, arrays=(replace(ARRAY, members=("nvme0n1p3",)),)), "the system only", "recommended", ""),
    ],
)
def test_nothing_else_lies_on_the_system_drive(machine: Machine, found: str, verdict: str, reason: str) -> None:
    finding = judged("ST-OS", "nothing else on it", machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason)


@pytest.mark.parametrize("mount", ["/", "/boot", "/boot/efi", "/var/log", "/home", "/opt/eucaim", "/usr", "/tmp"])
def test_mounts_of_the_system(mount: str) -> None:
    assert not is_data_mount(mount)


@pytest.mark.parametrize("mount", ["/data", "/srv", "/mnt/x", "/variable", "/homes"])
def test_mounts_of_data(mount: str) -> None:
    assert is_data_mount(mount)


def test_the_handbook_and_the_system_drive() -> None:
    assert judged("ST-OS", "size", with_system(bytes=160 * GB), replace(HANDBOOK, tier=2)).verdict == "met"
    assert judged("ST-OS", "size", with_system(bytes=160 * GB - 1), replace(HANDBOOK, tier=2)).verdict == "unmet"
    found = judged("ST-OS", wanted=HANDBOOK)
    assert (found.verdict, found.reason) == (
        "not_applicable",
        "not asked: EUCAIM handbook of June 2026, section 7.1, table 8",
    )


# ---------------------------------------------------------------------- ST-DATA


@pytest.mark.parametrize(
    ("sizes", "verdict"),
    [
        ((4 * TB, 4 * TB - 1), "unmet"),
        ((4 * TB, 4 * TB), "met"),
        ((4 * TB, 4 * TB, 4 * TB, 4 * TB - 1), "met"),
        ((4 * TB, 4 * TB, 4 * TB, 4 * TB), "recommended"),
        ((), "unmet"),
    ],
)
def test_data_drives_at_each_limit(sizes: tuple[int, ...], verdict: str) -> None:
    drives = [data_drive(f"sd{number}", size) for number, size in enumerate(sizes)]
    found = judged("ST-DATA", machine=with_drives(*drives))
    assert found.verdict == verdict
    assert (found.minimum, found.recommended) == ("8 TB (2 x the data set)", "16 TB (4 x the data set)")


def test_one_drive_is_one_drive() -> None:
    assert judged("ST-DATA", machine=with_drives(data_drive("sda"))).found == "4 TB on 1 drive"


@pytest.mark.parametrize(
    "changes",
    [
        {"holds_system": True},
        {"removable": True},
        {"transport": "usb"},
    ],
)
def test_what_is_no_data_drive_does_not_count(changes: dict[str, Any]) -> None:
    machine = with_drives(data_drive("sda"), data_drive("sdb", **changes))
    found = judged("ST-DATA", machine=machine)
    assert (found.verdict, found.found) == ("unmet", "4 TB on 1 drive")


@pytest.mark.parametrize(
    "changes",
    [{"holds_system": None}, {"removable": None}, {"transport": None}, {"size": None}],
)
def test_a_drive_of_which_too_little_is_known_is_not_counted(changes: dict[str, Any]) -> None:
    bytes_known = changes.pop("size", 4 * TB)
    machine = with_drives(data_drive("sda"), data_drive("sdb", bytes_known, **changes))
    found = judged("ST-DATA", machine=machine)
    assert (found.verdict, found.found) == ("unanswered", "4 TB on 1 drive")
    assert found.reason == "not counted, for not enough is known: sdb"


def test_doubtful_drives_take_nothing_from_sure_ones() -> None:
    machine = with_drives(*DATA, data_drive("sdz", transport=None))
    assert judged("ST-DATA", machine=machine).verdict == "recommended"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"behind_raid": True, "transport": None, "removable": None}, "volumes, of which the drives are not seen: sda"),
        ({"transport": "iscsi"}, "volumes, of which the drives are not seen: sda"),
    ],
)
@pytest.mark.parametrize(("size", "verdict"), [(8 * TB - 1, "unanswered"), (8 * TB, "met"), (16 * TB, "recommended")])
def test_a_volume_is_at_least_what_it_holds(changes: dict[str, Any], reason: str, size: int, verdict: str) -> None:
    found = judged("ST-DATA", machine=with_drives(data_drive("sda", size, **changes)))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_virtual_machine_is_judged_on_what_it_has() -> None:
    machine = replace(with_drives(data_drive("vdb", 8 * TB)), system=VIRTUAL.system)
    found = judged("ST-DATA", machine=machine)
    assert (found.verdict, found.reason) == (
        "met",
        "a virtual machine (kvm) cannot see the drives below its own; its host can",
    )
    less = replace(with_drives(data_drive("vdb", 7 * TB)), system=VIRTUAL.system)
    assert judged("ST-DATA", machine=less).verdict == "unanswered"


@pytest.mark.parametrize(
    ("spares", "members", "verdict"),
    [
        (0, ("sd0", "sd1"), "met"),
        (1, ("sd0", "sd1"), "unmet"),
        (None, ("sd0", "sd1"), "unanswered"),
        (1, ("sd0", "sdx"), "unanswered"),
        (1, (), "unanswered"),
    ],
)
def test_hot_spares_hold_no_data(spares: int | None, members: tuple[str, ...], verdict: str) -> None:
    drives = [data_drive("sd0"), data_drive("sd1")]
    array = replace(ARRAY, spares=spares, members=members)
    assert judged("ST-DATA", machine=with_drives(*drives, arrays=(array,))).verdict == verdict


@pytest.mark.parametrize(
    ("spares", "found"),
    [(0, "32 TB on 4 drives"), (1, "24 TB and 8 TB of hot spares on 4 drives"), (None, "32 TB on 4 drives")],
)
def test_hot_spares_are_named_apart(spares: int | None, found: str) -> None:
    names = ("sd0", "sd1", "sd2", "sd3")
    array = replace(ARRAY, spares=spares, members=names)
    machine = with_drives(*(data_drive(name, 8 * TB) for name in names), arrays=(array,))
    assert judged("ST-DATA", machine=machine).found == found


def test_unknown_arrays_leave_the_data_drives_unanswered() -> None:
    found = judged("ST-DATA", machine=replace(GOOD, arrays=None))
    assert (found.verdict, found.reason) == ("unanswered", "which drives are hot spares is not known")
    too_small = with_drives(data_drive("sda"), arrays=None)
    assert judged("ST-DATA", machine=too_small).verdict == "unmet"


def test_without_the_size_of_the_data_set_nothing_is_judged() -> None:
    wanted = replace(WANTED, dataset_bytes=None)
    assert judged("ST-DATA", wanted=wanted) == Finding(
        "ST-DATA",
        "data drives",
        "16 TB and 8 TB of hot spares on 6 drives",
        "2 x the data set",
        "4 x the data set",
        "unanswered",
        "the size of the data set is not given (dataset_size)",
    )
    assert judged("ST-SPARE", wanted=wanted).verdict == "unanswered"
    unknown = replace(GOOD, drives=None, unknown={"drives": "no /sys"})
    assert judged("ST-DATA", machine=unknown, wanted=wanted).reason.endswith("(dataset_size); no /sys")


def test_unknown_drives() -> None:
    found = judged("ST-DATA", machine=replace(GOOD, drives=None))
    assert (found.verdict, found.found, found.reason) == ("unanswered", "unknown", "not measured")


def test_the_handbook_and_the_data_drives() -> None:
    one = with_drives(data_drive("sda"))
    assert judged("ST-DATA", machine=one, wanted=HANDBOOK).verdict == "met"
    assert judged("ST-DATA", wanted=HANDBOOK).verdict == "recommended"
    assert judged("ST-DATA", wanted=replace(HANDBOOK, tier=2)).verdict == "met"
    assert judged("ST-DATA", wanted=replace(HANDBOOK, tier=2)).recommended == ""
    assert judged("ST-DATA", machine=with_drives(data_drive("sda", 4 * TB - 1)), wanted=HANDBOOK).verdict == "unmet"


# ---------------------------------------------------------------------- ST-RAID


def in_array(**changes: Any) -> Machine:
    return replace(GOOD, arrays=(replace(ARRAY, **changes),))


@pytest.mark.parametrize("level", ["raid1", "raid4", "raid5", "raid6", "raid10"])
def test_a_level_that_survives_one_drive_is_as_asked(level: str) -> None:
    assert judged("ST-RAID", machine=in_array(level=level)).verdict == "recommended"


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"level": "raid0"}, "unmet", "a single failed drive would lose data"),
        ({"level": "linear"}, "unmet", "a single failed drive would lose data"),
        ({"level": "raid1", "devices": 1, "active": 1}, "unmet", "a single failed drive would lose data"),
        ({"level": "container"}, "unanswered", "what this level survives is not known"),
        ({"devices": 2, "active": 2}, "recommended", ""),
        ({"active": 3}, "unmet", "degraded: 1 missing, 0 failed"),
        ({"failed": 1}, "unmet", "degraded: 0 missing, 1 failed"),
        (
            {"active": 3, "action": "recover", "action_percent": 12.5},
            "unmet",
            "degraded: 1 missing, 0 failed, recover at 12.5 %",
        ),
        ({"state": "inactive"}, "unmet", "state inactive"),
        ({"state": "clean, degraded"}, "unmet", "state clean, degraded"),
        ({"state": None}, "unanswered", "level, state or members are not known"),
        ({"action": "check", "action_percent": None}, "recommended", "check"),
        ({"action": None}, "recommended", ""),
        ({"level": None}, "unanswered", "level, state or members are not known"),
        ({"active": None}, "unanswered", "level, state or members are not known"),
        ({"devices": None}, "unanswered", "level, state or members are not known"),
        ({"failed": None}, "unanswered", "level, state or members are not known"),
    ],
)
def test_an_array_is_judged_by_level_and_state(changes: dict[str, Any], verdict: str, reason: str) -> None:
    found = judged("ST-RAID", machine=in_array(**changes))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_an_array_is_shown() -> None:
    assert judged("ST-RAID") == Finding(
        "ST-RAID", "md0", "raid5, 4 of 4", "RAID 5, or any that survives one drive", "RAID 5", "recommended"
    )
    assert judged("ST-RAID", machine=in_array(level=None, active=None, devices=None)).found == "unknown, ? of ?"
    assert judged("ST-RAID", machine=in_array(active=0)).found == "raid5, 0 of 4"


def test_every_array_of_data_is_judged_and_the_systems_is_not() -> None:
    second = replace(ARRAY, name="md1", level="raid0", members=("sde", "sdf"))
    system = replace(ARRAY, name="md2", level="raid0", members=("nvme0n1p2",))
    unclear = replace(ARRAY, name="md3", members=("dm-0",))
    empty = replace(ARRAY, name="md4", level=None, members=())
    machine = replace(GOOD, arrays=(ARRAY, second, system, unclear, empty))
    found = [each for each in judge_storage(machine, WANTED) if each.requirement == "ST-RAID"]
    assert [(each.item, each.found, each.verdict) for each in found] == [
        ("md0", "raid5, 4 of 4", "recommended"),
        ("md1", "raid0, 4 of 4", "unmet"),
        ("md3", "raid5", "unanswered"),
        ("md4", "unknown", "unanswered"),
    ]
    assert found[2].reason == "whether it holds a part of the system is not known"


RAID_CARD = Controller("0000:03:00.0", "raid", "1000", "005d", "MegaRAID SAS-3 3108")


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, "unmet", ""),
        ({"controllers": (RAID_CARD,)}, "unanswered", "MegaRAID SAS-3 3108: ask the controller's own tool"),
        ({"controllers": (replace(RAID_CARD, name=None),)}, "unanswered", "1000:005d: ask the controller's own tool"),
        ({"controllers": None}, "unanswered", "whether there is a RAID controller is not known: not measured"),
        (
            {"drives": (SYSTEM, data_drive("sda", behind_raid=True))},
            "unanswered",
            "a drive may be a volume of a RAID controller",
        ),
        (
            {"drives": (SYSTEM, data_drive("sda", behind_raid=None))},
            "unanswered",
            "a drive may be a volume of a RAID controller",
        ),
        ({"drives": (SYSTEM, data_drive("sda", contents=None))}, "unanswered", "what is on the drives is not known"),
        (
            {"drives": (SYSTEM, data_drive("sda", contents=("ZFS pool tank",)))},
            "unanswered",
            "redundancy of another kind is not read: ZFS pool tank",
        ),
        ({"drives": (replace(SYSTEM, contents=("LVM physical volume",), behind_raid=True),)}, "unmet", ""),
        ({"system": VIRTUAL.system}, "unanswered", "a virtual machine (kvm) cannot see the redundancy of its drives"),
    ],
)
def test_no_array_is_unmet_unless_redundancy_may_hide_elsewhere(
    changes: dict[str, Any], verdict: str, reason: str
) -> None:
    found = judged("ST-RAID", machine=replace(replace(GOOD, arrays=()), **changes))
    assert found.verdict == verdict
    assert found.reason.startswith(reason)
    assert bool(found.reason) == bool(reason)


@pytest.mark.parametrize(
    ("machine", "reason"), [(replace(GOOD, arrays=None), "no md"), (replace(GOOD, drives=None), "no /sys")]
)
def test_unknown_parts_leave_the_redundancy_unanswered(machine: Machine, reason: str) -> None:
    said = replace(machine, unknown={"arrays": "no md", "drives": "no /sys"})
    found = judged("ST-RAID", machine=said)
    assert (found.verdict, found.reason) == ("unanswered", reason)


def test_the_handbook_asks_for_no_redundancy() -> None:
    assert judged("ST-RAID", wanted=HANDBOOK).verdict == "not_applicable"
    assert judged("ST-SPARE", wanted=HANDBOOK).verdict == "not_applicable"


# ---------------------------------------------------------------------- ST-SPARE, ST-GROW


@pytest.mark.parametrize(
    ("hot", "shelf", "verdict"),
    [
        (0, 4 * TB - 1, "unmet"),
        (0, 4 * TB, "met"),
        (0, 8 * TB - 1, "met"),
        (0, 8 * TB, "recommended"),
        (0, 0, "unmet"),
        (0, None, "unanswered"),
        (1, None, "met"),
        (1, 4 * TB, "recommended"),
        (2, None, "recommended"),
        (None, 0, "unanswered"),
        (None, 4 * TB, "met"),
    ],
)
def test_spares_at_each_limit(hot: int | None, shelf: int | None, verdict: str) -> None:
    wanted = replace(WANTED, stated=Stated(shelf_spare_bytes=shelf))
    found = judged("ST-SPARE", machine=in_array(spares=hot), wanted=wanted)
    assert found.verdict == verdict
    assert ("not stated (shelf_spare)" in found.reason) == (shelf is None)
    assert ("the hot spares are not all known" in found.reason) == (hot is None)


def test_a_spare_counts_as_the_smallest_drive() -> None:
    drives = (data_drive("sda"), data_drive("sdb", 2 * TB))
    array = replace(ARRAY, spares=1, members=("sda", "sdb"))
    assert judged("ST-SPARE", machine=with_drives(*drives, arrays=(array,))).found.startswith("2 TB as hot spares")


def test_unknown_arrays_have_unknown_spares() -> None:
    found = judged("ST-SPARE", machine=replace(GOOD, arrays=None))
    assert (found.verdict, found.reason) == ("unanswered", "the hot spares are not all known")
    assert judged("ST-SPARE", machine=replace(GOOD, drives=None)).verdict == "unanswered"


@pytest.mark.parametrize(
    ("stated", "found", "verdict"),
    [
        (Stated(), "unknown", "unanswered"),
        (Stated(free_drive_bays=0), "unknown", "unanswered"),
        (Stated(free_drive_bays=1), "1 free drive bay", "met"),
        (Stated(growth="a second node in 2028"), "a second node in 2028", "met"),
        (Stated(free_drive_bays=2, growth="then a node"), "2 free drive bays; then a node", "met"),
        (Stated(growth=""), "unknown", "unanswered"),
    ],
)
def test_room_to_grow_is_what_a_person_states(stated: Stated, found: str, verdict: str) -> None:
    finding = judged("ST-GROW", wanted=replace(WANTED, stated=stated))
    assert (finding.found, finding.verdict) == (found, verdict)
    assert bool(finding.reason) == (verdict == "unanswered")


# ---------------------------------------------------------------------- ST-HEALTH


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "reason"),
    [
        (with_drives(data_drive("sda", health="failed")), "failed: sda", "unmet", ""),
        (
            with_drives(data_drive("sda", health=None, health_reason="smartctl is missing")),
            "1 of 2 passed",
            "unanswered",
            "sda: smartctl is missing",
        ),
        (with_drives(data_drive("sda", health=None)), "1 of 2 passed", "unanswered", "sda: not measured"),
        (
            replace(
                with_drives(),
                unknown={"raid_drives.0.health": "it is asleep"},
                raid_drives=(replace(SYSTEM, name="0", health=None, behind_raid=True),),
            ),
            "1 of 2 passed",
            "unanswered",
            "0: it is asleep",
        ),
        (behind_card(SYSTEM, SYSTEM), "8 of 8 passed", "met", ""),
        (
            with_system(behind_raid=True),
            "6 of 6 passed",
            "unanswered",
            "the drives behind a RAID controller are not seen: not measured",
        ),
        (behind_card(replace(SYSTEM, name="megaraid,3", health="failed")), "failed: megaraid,3", "unmet", ""),
        (with_drives(data_drive("sda", health=None, removable=True)), "1 of 1 passed", "met", ""),
        (with_system(health="failed", removable=True), "6 of 6 passed", "met", ""),
        (replace(GOOD, drives=None), "0 of 0 passed", "unanswered", "not measured"),
        (replace(GOOD, drives=()), "0 of 0 passed", "unanswered", "no drive is seen"),
        (replace(GOOD, drives=(replace(SYSTEM, removable=True),)), "0 of 0 passed", "unanswered", "no drive is seen"),
        (
            VIRTUAL,
            "7 of 7 passed",
            "unanswered",
            "a virtual machine (kvm) cannot see the health of its drives; its host can",
        ),
    ],
)
def test_health_of_drives(machine: Machine, found: str, verdict: str, reason: str) -> None:
    finding = judged("ST-HEALTH", "drives", machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason)


@pytest.mark.parametrize(
    ("machine", "found", "verdict", "reason"),
    [
        (in_array(active=3), "md0 degraded: 1 missing, 0 failed", "unmet", ""),
        (in_array(active=None), "unknown", "unanswered", "state or members not known: md0"),
        (in_array(devices=None), "unknown", "unanswered", "state or members not known: md0"),
        (in_array(failed=None), "unknown", "unanswered", "state or members not known: md0"),
        (in_array(state=None), "unknown", "unanswered", "state or members not known: md0"),
        (replace(GOOD, arrays=None), "unknown", "unanswered", "not measured"),
    ],
)
def test_health_of_arrays(machine: Machine, found: str, verdict: str, reason: str) -> None:
    finding = judged("ST-HEALTH", "arrays", machine)
    assert (finding.found, finding.verdict, finding.reason) == (found, verdict, reason)


def test_without_arrays_there_is_no_health_of_them() -> None:
    found = judge_storage(replace(GOOD, arrays=()), WANTED)
    assert [each.item for each in found if each.requirement == "ST-HEALTH"] == ["drives"]


def test_a_mount_of_data_needs_no_array() -> None:
    plain = FileSystem("/data", "/dev/sda1", "xfs", 4 * TB, 4 * TB, ("sda",))
    machine = replace(GOOD, file_systems=(ROOT, plain))
    assert judged("ST-OS", "nothing else on it", machine).verdict == "recommended"
