# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role storage mean, before a node is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs_storage as storage
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_storage import check_storage
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import path_of, paths_of

GOOD: dict[str, Any] = {
    "storage_drives": [*paths_of(0, 1, 2)],
    "storage_spares": [path_of(3)],
    "storage_erase": {},
    "storage_plan": "",
    "storage_plan_json": "",
    "storage_name": "eucaim",
    "storage_level": "raid5",
    "storage_layout": "",
    "storage_chunk_bytes": 524288,
    "storage_consistency_policy": "bitmap",
    "storage_label": "eucaim",
    "storage_mount_point": "/srv/eucaim",
}
PLAN = json.dumps({"array": {"members": 3, "spares": 1}})


def told(**changed: Any) -> list[tuple[str, str, str]]:
    """Return what is refused: the requirement, the variable, and what was found."""
    return [
        (refusal.requirement, refusal.variable, refusal.found) for refusal in check_storage({**GOOD, **changed}, {})
    ]


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a test say what is wrong with a plan; plans themselves have tests of their own."""
    found: list[str] = []
    monkeypatch.setattr(storage, "check_plan", lambda _plan: found)
    return found


def test_a_plan_that_is_empty_is_no_plan() -> None:
    """A copy that was cut off; where no plan is named, none is missed."""
    ((requirement, variable, words),) = told(storage_plan="plan.json", storage_plan_json="")
    assert (requirement, variable, words) == ("ST-RAID", "storage_plan", "an empty file")
    assert told(storage_plan_json=" \n") == [("ST-RAID", "storage_plan", "an empty file")]
    assert told(storage_plan="", storage_plan_json="") == []


def test_good_settings() -> None:
    assert told() == []
    assert told(storage_spares=None, storage_erase=None, storage_plan_json=None) == []
    assert told(storage_erase={path_of(0): "ext4"}) == []


def test_a_node_without_drives_is_asked_nothing() -> None:
    assert check_storage({}, {}) == []
    assert told(storage_drives=[], storage_spares=[], storage_name="!", storage_mount_point="/") == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "no drives, but spares"),
        ({"storage_spares": [], "storage_plan": "plan.json"}, "no drives, but a plan"),
        ({"storage_spares": [], "storage_erase": {path_of(0): "ext4"}}, "no drives, but something to erase"),
        ({"storage_plan": "plan.json"}, "no drives, but spares and a plan"),
    ],
)
def test_what_needs_drives(changed: dict[str, Any], words: str) -> None:
    assert told(storage_drives=None, **changed) == [("ST-DATA", "storage_drives", words)]


def test_a_plan_that_cannot_be_built(faults: list[str]) -> None:
    faults += ["one thing", "and another"]
    assert told(storage_plan_json=json.dumps({"array": {}})) == [
        ("ST-RAID", "storage_plan", "one thing (and 1 more that follow)")
    ]
    faults.pop()
    assert told(storage_plan_json=json.dumps({"array": {}})) == [("ST-RAID", "storage_plan", "one thing")]


def test_a_plan_that_cannot_be_read_is_told_once() -> None:
    planned = ("storage_plan_json", "storage_name", "storage_level", "storage_label", "storage_mount_point")
    asked = {name: value for name, value in GOOD.items() if name not in planned}
    asked |= {"storage_encrypted": True, "storage_recovery_passphrase": "x" * 20}
    found = check_storage({**asked, "storage_plan": "/plan.json"}, {})
    assert [(each.variable, each.found) for each in found] == [
        ("storage_plan", '"/plan.json", which cannot be read on the control machine')
    ]


@pytest.mark.parametrize("level", ["raid1", "raid5", "raid6", "raid10"])
def test_every_level_that_can_be_planned_can_be_built(level: str) -> None:
    """With what the plan says of it, word for word: md calls near=2 n2."""
    plan = make_plan({"dataset_size": "1TB", "level": level, "spares": 1})
    array = plan["array"]
    drives, spares = paths_of(*range(array["members"])), paths_of(*range(50, 50 + array["spares"]))
    asked = {"storage_level": array["level"], "storage_layout": array["layout"]}
    asked["storage_consistency_policy"] = array["consistency_policy"]
    assert told(**asked, storage_plan_json=json.dumps(plan), storage_drives=[*drives], storage_spares=[*spares]) == []


def test_what_is_no_json() -> None:
    ((_requirement, variable, words),) = told(storage_plan_json="{")
    assert variable == "storage_plan"
    assert words.startswith("this is no JSON: ")


def test_what_is_no_plan() -> None:
    ((requirement, variable, _words),) = told(storage_plan_json=json.dumps({"kind": "something else"}))
    assert (requirement, variable) == ("ST-RAID", "storage_plan")


@pytest.mark.usefixtures("faults")
def test_the_drives_are_those_that_the_plan_counts() -> None:
    assert told(storage_plan_json=PLAN) == []
    assert told(storage_plan_json=PLAN, storage_drives=[*paths_of(0, 1)], storage_spares=[]) == [
        ("ST-DATA", "storage_drives", "2, and the plan has 3"),
        ("ST-SPARE", "storage_spares", "0, and the plan has 1"),
    ]


@pytest.mark.usefixtures("faults")
def test_a_node_that_has_grown_has_more_than_was_planned() -> None:
    assert told(storage_plan_json=PLAN, storage_drives=[*paths_of(0, 1, 2, 5)]) == []


@pytest.mark.parametrize(
    ("changed", "variable"),
    [
        ({"storage_drives": ["/dev/sdb", *paths_of(1, 2)]}, "storage_drives"),
        ({"storage_drives": [*paths_of(0, 1, 1)]}, "storage_drives"),
        ({"storage_drives": [*paths_of(0, 1, 3)]}, "storage_spares"),
        ({"storage_erase": {path_of(9): "ext4"}}, "storage_erase"),
        ({"storage_level": "raid0"}, "storage_spares"),
        ({"storage_level": "raid1", "storage_consistency_policy": "ppl"}, "storage_consistency_policy"),
        ({"storage_level": "raid6"}, "storage_drives"),
        ({"storage_level": "raid10", "storage_layout": "sideways"}, "storage_layout"),
        ({"storage_level": "raid10", "storage_drives": [path_of(0)]}, "storage_drives"),
    ],
)
def test_faults_are_told_under_the_names_that_were_set(changed: dict[str, Any], variable: str) -> None:
    assert [each[1] for each in told(**changed)] == [variable]


def test_a_layout_is_for_raid_10_only() -> None:
    assert told(storage_layout="sideways") == []
    assert told(storage_level="raid10", storage_layout=None) == []
    # Refused by the spec already, or left to a default that is not known here.
    assert told(storage_level=None) == []


def test_a_spare_that_is_a_drive_is_told_once() -> None:
    found = f"{path_of(3)}, which stands in storage_drives and in storage_spares"
    assert told(storage_drives=[*paths_of(0, 1, 2, 3)]) == [("ST-SPARE", "storage_spares", found)]


def test_no_level_is_offered_that_is_not_built() -> None:
    ((_requirement, _variable, _found, needed),) = [
        (each.requirement, each.variable, each.found, each.needed)
        for each in check_storage({**GOOD, "storage_level": "raid6"}, {})
    ]
    assert needed.endswith("possible: with 3: raid0, raid1, raid5, raid10; 1 drive more")


@pytest.mark.parametrize("name", ["lvm-pv-uuid-x", "dm-name-data", "md-uuid-x", "md-name-node:eucaim", ".", ".."])
@pytest.mark.parametrize("variable", ["storage_drives", "storage_spares"])
def test_what_lies_on_drives_is_no_drive(variable: str, name: str) -> None:
    found = told(**{variable: [f"/dev/disk/by-id/{name}", *paths_of(0, 1)], "storage_level": "raid5"})
    words = f"/dev/disk/by-id/{name}, the name of something that lies on drives"
    assert ("ST-DATA", variable, words) in found


@pytest.mark.parametrize("words", [None, ["ext4"], {"sdb1": "ext4"}, 5])
def test_what_may_be_erased_is_said_in_words(words: Any) -> None:
    ((requirement, variable, _found),) = told(storage_erase={path_of(0): words})
    assert (requirement, variable) == ("ST-DATA", "storage_erase")
    assert ("ST-DATA", "storage_erase", "'5'") in told(storage_erase={5: "ext4"})


@pytest.mark.parametrize("chunk", [2048, 4097, 786432, -4096, 1 << 28])
def test_chunks(chunk: int) -> None:
    assert told(storage_chunk_bytes=chunk) == [("ST-RAID", "storage_chunk_bytes", str(chunk))]


@pytest.mark.parametrize("chunk", [0, 4096, 65536, 1 << 20, 1 << 27, None])
def test_good_chunks(chunk: int | None) -> None:
    assert told(storage_chunk_bytes=chunk) == []


@pytest.mark.parametrize("name", [None, "", "a b", "-a", "a/b", "a.b", "a:b", "a" * 32, "a\n", "127", "md0", "md_d1"])
def test_names(name: str | None) -> None:
    assert [each[:2] for each in told(storage_name=name)] == [("ST-RAID", "storage_name")]
    assert told(storage_name="A-1_" + "a" * 27) == []
    assert told(storage_name="md0-data") == []


@pytest.mark.parametrize("label", ["", "a b", "a" * 13, "ä", "a\n"])
def test_labels(label: str) -> None:
    assert [each[:2] for each in told(storage_label=label)] == [("ST-DATA", "storage_label")]
    assert told(storage_label="eucaim.2_3-4") == []


@pytest.mark.parametrize(
    "point",
    [
        "",
        "srv/eucaim",
        "/",
        "//",
        "//srv",
        "//srv/eucaim",
        "/srv/",
        "/srv/eucaim/",
        "/srv/../etc",
        "/srv/a b",
        "/srv/a\tb",
        "/srv/a\n",
        "/srv",
        "/home",
        "/var/lib",
        "/usr/lib",
        "/lib64",
        "/etc/ssh",
        "/boot/efi",
        "/dev/shm",
        "/run/user",
        "/sys/kernel",
        "/proc/1",
        "/opt/eucaim",
        "/var/lib/docker",
        "/var/lib/containerd/data",
        "/var/lib/eucaim",
        "/var/lib/dpkg",
        "/root/data",
        "/tmp/data",
        "/var/tmp/data",
        "/var/log/data",
        "/var/spool/data",
        "/srv/$data",
        "/srv/~",
        "/srv/`id`",
        "/srv/a;b",
    ],
)
def test_nothing_is_mounted_over_the_system(point: str) -> None:
    assert [each[:2] for each in told(storage_mount_point=point)] == [("ST-DATA", "storage_mount_point")]


@pytest.mark.parametrize(
    "point", ["/srv/eucaim", "/data", "/mnt/data", "/var/lib/eucaim-data", "/home/data", "/library"]
)
def test_where_it_may_be_mounted(point: str) -> None:
    assert told(storage_mount_point=point) == []


@pytest.mark.parametrize(
    ("changed", "variable", "words"),
    [
        ({"storage_recovery_passphrase": ""}, "storage_recovery_passphrase", "none"),
        ({"storage_recovery_passphrase": "x" * 19}, "storage_recovery_passphrase", "19 characters"),
        (
            {"storage_recovery_passphrase": "x" * 20 + "\n"},
            "storage_recovery_passphrase",
            "one of 21 characters, with a blank at an end",
        ),
        (
            {"storage_recovery_passphrase": " " + "x" * 20},
            "storage_recovery_passphrase",
            "one of 21 characters, with a blank at an end",
        ),
        (
            {"storage_recovery_passphrase": "ä" * 20},
            "storage_recovery_passphrase",
            "one of 20 characters, with a sign that is not in ASCII",
        ),
        ({"storage_recovery_passphrase": "x" * 513}, "storage_recovery_passphrase", "513 characters"),
        ({"storage_key_file": "eucaim.key"}, "storage_key_file", '"eucaim.key"'),
        ({"storage_key_file": "/etc/../key"}, "storage_key_file", '"/etc/../key"'),
        ({"storage_key_file": "/etc/a key"}, "storage_key_file", '"/etc/a key"'),
        ({"storage_key_file": "/run/eucaim.key"}, "storage_key_file", '"/run/eucaim.key"'),
        ({"storage_key_file": "/var/tmp/eucaim.key"}, "storage_key_file", '"/var/tmp/eucaim.key"'),
        ({"storage_key_file": "/srv/eucaim/its.key"}, "storage_key_file", '"/srv/eucaim/its.key"'),
        ({"storage_volume_group": "-eucaim"}, "storage_volume_group", '"-eucaim"'),
        ({"storage_volume_group": "eucaim", "storage_volume": "a/b"}, "storage_volume", '"a/b"'),
        ({"storage_volume_group": "eucaim", "storage_volume": "snapshot"}, "storage_volume", '"snapshot"'),
        ({"storage_volume_group": "eucaim", "storage_volume": "a_tmeta"}, "storage_volume", '"a_tmeta"'),
        ({"storage_volume_group": "eucaim", "storage_volume_percent": 0}, "storage_volume_percent", "0"),
        ({"storage_volume_group": "eucaim", "storage_volume_percent": 101}, "storage_volume_percent", "101"),
    ],
)
def test_layers_that_cannot_be_made(changed: dict[str, Any], variable: str, words: str) -> None:
    asked = {
        "storage_encrypted": True,
        "storage_recovery_passphrase": "x" * 20,
        "storage_key_file": "/etc/eucaim/keys/eucaim.key",
        "storage_volume_group": "",
        "storage_volume": "data",
        "storage_volume_percent": 100,
    }
    assert told(**asked) == []
    assert told(**{**asked, "storage_recovery_passphrase": "correct horse battery {length}"}) == []
    assert told(**{**asked, "storage_volume_group": "eucaim"}) == []
    assert told(**{**asked, "storage_key_file": "/srv/eucaim.key"}) == []
    assert [each[1:] for each in told(**{**asked, **changed})] == [(variable, words)]


def test_a_passphrase_is_not_shown() -> None:
    assert "secret" not in str(told(storage_encrypted=True, storage_recovery_passphrase="secret"))


def test_what_is_not_asked_for_may_be_anything() -> None:
    assert told(storage_encrypted=False, storage_key_file="x") == []


@pytest.mark.parametrize(("variable", "value"), [("storage_volume", "scans"), ("storage_volume_percent", 80)])
def test_a_volume_needs_a_group(variable: str, value: Any) -> None:
    words = f"{json.dumps(value)}, and no volume group"
    assert told(**{variable: value}) == [("ST-DATA", variable, words)]
    group = {"storage_volume_group": "eucaim", "storage_volume": "data", "storage_volume_percent": 100}
    assert told(**{**group, variable: value}) == []


@pytest.mark.parametrize("options", [[], ["defaults nofail"], ["defaults", ""], ["defaults", "no\tatime"]])
def test_mount_options(options: list[str]) -> None:
    assert told(storage_mount_options=options) == [("ST-DATA", "storage_mount_options", json.dumps(options))]
    assert told(storage_mount_options=["defaults", "x-systemd.device-timeout=60s"]) == []


@pytest.mark.parametrize("option", ["-L;reboot", "a|b", "a&b", "<a", ">a", "$a", "`a`", "'a'", '"a"', "a\nb", "a\\b"])
def test_options_of_mkfs_are_none_of_a_shell(option: str) -> None:
    assert told(storage_file_system_options=["-K", option]) == [
        ("ST-DATA", "storage_file_system_options", json.dumps(option))
    ]
    assert told(storage_file_system_options=["-E", "lazy_itable_init=0", "-O", "^64bit", "-d", "su=512k,sw=2"]) == []


def test_a_passphrase_without_encryption_is_a_switch_that_was_forgotten() -> None:
    asked = {"storage_recovery_passphrase": "x" * 20, "storage_encrypted": False}
    assert told(**asked) == [("ST-DATA", "storage_encrypted", "false, and a recovery passphrase")]


@pytest.mark.parametrize("mail", ["not an address", "a@b@c", "a@", "@b"])
def test_who_gets_no_mail(mail: str) -> None:
    assert told(storage_mail_to=mail) == [("ST-HEALTH", "storage_mail_to", f'"{mail}"')]


@pytest.mark.parametrize("mail", ["root", "it@hospital.example", "", None])
def test_who_gets_mail(mail: str | None) -> None:
    assert told(storage_mail_to=mail) == []


@pytest.mark.parametrize("variable", ["storage_speed_limit_kib", "storage_member_bytes"])
def test_figures_below_zero(variable: str) -> None:
    assert [each[1:] for each in told(**{variable: -5})] == [(variable, "-5")]
    assert told(**{variable: 0}) == []


@pytest.mark.parametrize("limit", [1, 999, 2**31])
def test_a_limit_of_the_speed_that_the_kernel_does_not_keep(limit: int) -> None:
    assert told(storage_speed_limit_kib=limit) == [("MN-HW", "storage_speed_limit_kib", str(limit))]
    assert told(storage_speed_limit_kib=1000) == told(storage_speed_limit_kib=2**31 - 1) == []
