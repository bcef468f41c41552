# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks at layers and makes them, on files in the place of devices: none of the machine of the tests is opened."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _layer_node as layers
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_node import LayerNode, Sight
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import (
    BLANK,
    KEY,
    MODE,
    Asked,
    Layers,
    Luks,
    Lvm,
    Step,
    Volume,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import Contents
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Ended, Node

MIB = 1 << 20
ARRAY = "1:2:3:4"
PASSPHRASE = "a secret of many words"
HEAD = json.dumps({"keyslots": {"0": {}, "1": {}}, "segments": {"0": {"offset": str(16 * MIB), "size": "dynamic"}}})
PV = {
    "pv_name": "/dev/mapper/eucaim",
    "vg_name": "vg",
    "dev_size": str(1000 * MIB),
    "pe_start": str(MIB),
    "pv_size": str(996 * MIB),
    "pv_pe_count": "249",
    "vg_extent_size": str(4 * MIB),
}
LV = {"lv_name": "data", "lv_attr": "-wi-ao----", "lv_size": str(996 * MIB), "vg_extent_size": str(4 * MIB)}


def report(key: str, *rows: dict[str, str]) -> str:
    """Return rows as LVM reports them."""
    return json.dumps({"report": [{key: list(rows)}]})


class Machine:
    """Devices by their paths, each with what it holds, and a folder in the place of /sys."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        self.node = Node(tmp_path)
        self.holds = {"/dev/md/eucaim": Contents(1000 * MIB)}
        self.blanked: list[str] = []
        self.key = tmp_path / "keys" / "eucaim.key"
        for program in ("cryptsetup", "pvs", "lvs", "udevadm", "pvcreate"):
            self.node.says(program)
        monkeypatch.setattr(layers, "contents", lambda _module, path: self.holds[path])
        monkeypatch.setattr(layers, "blank", self.blanked.append)
        monkeypatch.setattr(layers, "SYS", str(tmp_path / "sys"))
        monkeypatch.setattr(layers, "LVM_LIST", str(tmp_path / "system.devices"))

    def layers(self, **asked: Any) -> LayerNode:
        """Return what is tested."""
        wanted = Asked(**{"name": "eucaim", "key_file": str(self.key), **asked})
        return LayerNode(self.node.module({}), wanted, PASSPHRASE, str(self.folder / "storage"))

    def open(self, holds: Contents, identity: str = "CRYPT-LUKS2-1", title: str = "eucaim") -> None:
        """Put an opened device onto the array."""
        for folder, name, text in (
            ("eucaim/holders", "dm-0", ""),
            ("dm-0/dm", "uuid", identity),
            ("dm-0/dm", "name", title),
        ):
            (self.folder / "sys" / folder).mkdir(parents=True, exist_ok=True)
            (self.folder / "sys" / folder / name).write_text(f"{text}\n", encoding="ascii")
        self.holds[f"/dev/mapper/{title}"] = holds


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def failing(action: Callable[[], object]) -> str:
    """Return what was said by a module that failed."""
    with pytest.raises(Ended) as caught:
        action()
    return str(caught.value.result["msg"])


def test_options_become_what_is_asked_for() -> None:
    params = {name: option.get("default") for name, option in layers.layer_options().items()}
    params.update(name="eucaim", prefix="storage_", encrypted=True, key_file="/key")
    assert layers.asked_of(params) == Asked("eucaim", True, "/key", "", "", 100, "storage_")
    params.update(volume_group="vg", volume_percent=80)
    assert layers.asked_of(params) == Asked("eucaim", True, "/key", "vg", "data", 80, "storage_")


def test_what_is_begun_is_remembered_of_that_array_alone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "sync", lambda: synced.append(True))
    node = machine.layers()
    assert not node.is_making(ARRAY)
    node.begin(ARRAY)
    assert synced == [True]
    assert (node.is_making(ARRAY), node.is_making("5:6:7:8")) == (True, False)
    assert Path(node.path).stat().st_mode & 0o777 == 0o600
    note = Path(node.formatting.path)
    note.write_text("uuid", encoding="utf-8")
    node.end({"missing": "volume", "bytes": 0, "half_made": False})
    assert node.is_making(ARRAY)
    node.end({"missing": "", "bytes": 0, "half_made": False})
    assert (node.is_making(ARRAY), note.exists()) == (False, True)
    node.end({"missing": "", "bytes": 5, "half_made": False})
    assert not note.exists()


def test_without_layers_there_is_nothing_to_do(machine: Machine) -> None:
    assert machine.layers().look("/dev/md/eucaim", ARRAY) == Sight("/dev/md/eucaim")
    assert machine.node.calls == []


def test_an_array_that_is_empty(machine: Machine) -> None:
    sight = machine.layers(encrypted=True).look("/dev/md/eucaim", ARRAY)
    assert sight.luks == Luks("/dev/md/eucaim", "", 1000 * MIB)
    assert (sight.top, sight.layers.missing) == ("/dev/md/eucaim", "encryption")
    assert machine.node.calls == []


@pytest.mark.parametrize(("mode", "readable"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_an_array_that_is_encrypted_and_open(machine: Machine, mode: int, readable: bool) -> None:
    machine.holds["/dev/md/eucaim"] = Contents(1000 * MIB, None, "crypto_LUKS")
    machine.node.says("cryptsetup", out=HEAD)
    machine.key.parent.mkdir()
    machine.key.touch()
    machine.key.chmod(mode)
    machine.open(Contents(984 * MIB, None, "xfs"))
    sight = machine.layers(encrypted=True).look("/dev/md/eucaim", ARRAY)
    assert sight.luks == Luks(
        "/dev/md/eucaim", "crypto_LUKS", 1000 * MIB, 2, 16 * MIB, True, readable, True, True, "eucaim", 984 * MIB, "xfs"
    )
    assert (sight.top, len(sight.layers.steps)) == ("/dev/mapper/eucaim", readable)
    assert [" ".join(argv[1:]) for argv in machine.node.calls] == [
        "luksDump --dump-json-metadata /dev/md/eucaim",
        f"open --test-passphrase --key-file {machine.key} /dev/md/eucaim",
        "open --test-passphrase --key-file - /dev/md/eucaim",
    ]


def test_what_is_open_under_another_name_is_not_looked_into(machine: Machine) -> None:
    machine.holds["/dev/md/eucaim"] = Contents(1000 * MIB, None, "crypto_LUKS")
    machine.node.says("cryptsetup", out=HEAD)
    machine.open(Contents(984 * MIB, None, "xfs"), title="luks-1")
    sight = machine.layers(encrypted=True).look("/dev/md/eucaim", ARRAY)
    assert sight.luks is not None
    assert (sight.luks.opened, sight.luks.opened_kind) == ("luks-1", "")
    assert len(sight.layers.refusals) == 1


def test_what_lies_there_and_is_no_encryption_is_not_open(machine: Machine) -> None:
    machine.open(Contents(984 * MIB), identity="LVM-1")
    sight = machine.layers(encrypted=True).look("/dev/md/eucaim", ARRAY)
    assert sight.luks is not None
    assert sight.luks.opened == ""


@pytest.mark.parametrize(("code", "said"), [(1, ""), (0, "no JSON"), (0, "[]")])
def test_a_head_that_is_not_understood_has_keys(machine: Machine, code: int, said: str) -> None:
    """As that of LUKS 1: what is not known to be without keys is never made anew."""
    machine.holds["/dev/md/eucaim"] = Contents(1000 * MIB, None, "crypto_LUKS")
    machine.node.says("cryptsetup", code, said)
    node = machine.layers(encrypted=True)
    node.begin(ARRAY)
    sight = node.look("/dev/md/eucaim", ARRAY)
    assert sight.luks is not None
    assert (sight.luks.keys, sight.luks.offset) == (1, 0)
    assert not any("luksFormat" in step.argv for step in sight.layers.steps)


def test_a_volume(machine: Machine) -> None:
    machine.holds["/dev/mapper/eucaim"] = Contents(1000 * MIB, None, "LVM2_member")
    machine.holds["/dev/vg/data"] = Contents(996 * MIB, None, "xfs")
    other = {**PV, "pv_name": "/dev/sdz"}
    machine.node.says("pvs", out=report("pv", {**PV, "vg_name": "rest", "pv_name": "/dev/sdy"}, other, PV))
    machine.node.says("lvs", out=report("lv", LV, {**LV, "lv_name": "old", "lv_attr": "owi-------"}))
    node = machine.layers(group="vg", volume="data")
    assert node._lvm("/dev/mapper/eucaim") == Lvm(
        device="/dev/mapper/eucaim",
        kind="LVM2_member",
        group="vg",
        others=("/dev/sdz",),
        volumes={"data": Volume(249, True, False, "xfs"), "old": Volume(249, False, True, "")},
        extents=249,
        extent_bytes=4 * MIB,
        unused_bytes=3 * MIB,
        listed=False,
    )
    machine.holds["/dev/md/eucaim"] = machine.holds["/dev/mapper/eucaim"]
    machine.node.says("pvs", out=report("pv", {**PV, "pv_name": "/dev/md/eucaim"}))
    sight = node.look("/dev/md/eucaim", ARRAY)
    assert (sight.top, sight.layers) == ("/dev/vg/data", Layers())


def test_what_the_lower_layer_needs_comes_first(machine: Machine) -> None:
    """And the file system is still seen on the upper one, or a run would take the layer between for what lies there."""
    machine.holds["/dev/md/eucaim"] = Contents(2000 * MIB, None, "crypto_LUKS")
    machine.node.says("cryptsetup", out=HEAD)
    machine.key.parent.mkdir()
    machine.key.touch(0o600)
    machine.open(Contents(984 * MIB, None, "LVM2_member"))
    machine.holds["/dev/vg/data"] = Contents(700 * MIB, None, "xfs")
    machine.node.says("pvs", out=report("pv", PV))
    machine.node.says("lvs", out=report("lv", {**LV, "lv_size": str(700 * MIB)}))
    sight = machine.layers(encrypted=True, group="vg", volume="data").look("/dev/md/eucaim", ARRAY)
    assert [step.text for step in sight.layers.steps] == ["let /dev/mapper/eucaim grow with its array"]
    assert (sight.top, sight.layers.missing) == ("/dev/vg/data", "")


def test_a_node_without_lvm(machine: Machine) -> None:
    del machine.node.programs["pvs"]
    sight = machine.layers(group="vg", volume="data").look("/dev/md/eucaim", ARRAY)
    assert [step.argv[0] for step in sight.layers.steps] == ["pvcreate"]
    assert sight.top == "/dev/md/eucaim"


@pytest.mark.parametrize(("code", "said"), [(5, "no group"), (0, "no JSON"), (0, "{}")])
def test_lvm_that_does_not_say_what_there_is(machine: Machine, code: int, said: str) -> None:
    machine.node.says("pvs", code, said)
    words = failing(lambda: machine.layers(group="vg", volume="data").look("/dev/md/eucaim", ARRAY))
    assert f"ended with {code}" in words
    assert "remedy: " in words


def test_the_volume_comes_when_the_encryption_is_there(machine: Machine) -> None:
    sight = machine.layers(encrypted=True, group="vg", volume="data").look("/dev/md/eucaim", ARRAY)
    assert sight.layers.missing == "encryption"
    assert machine.node.called("pvs") == []


def test_steps_are_done(machine: Machine) -> None:
    node = machine.layers(encrypted=True)
    secret = ("cryptsetup", "luksAddKey", "--keyfile-size", "{length}", "/dev/md/eucaim", "/key")
    node.act(
        [
            Step("make the key", kind=KEY),
            Step("add it", secret, secret=True),
            Step("blank it", ("/dev/mapper/eucaim",), BLANK),
            Step("make it one", ("pvcreate", "/dev/mapper/eucaim"), begins=True),
        ],
        ARRAY,
    )
    assert (machine.key.stat().st_mode & 0o777, len(machine.key.read_bytes())) == (0o600, 64)
    machine.key.chmod(0o644)
    node.act([Step("close it", kind=MODE)], ARRAY)
    assert machine.key.stat().st_mode & 0o777 == 0o600
    assert machine.key.parent.stat().st_mode & 0o777 == 0o700
    assert machine.blanked == ["/dev/mapper/eucaim"]
    assert node.is_making(ARRAY)
    assert machine.node.called("cryptsetup") == [
        ["luksAddKey", "--keyfile-size", str(len(PASSPHRASE)), "/dev/md/eucaim", "/key"]
    ]
    assert PASSPHRASE not in str(machine.node.calls)


def test_a_step_that_fails_is_told(machine: Machine) -> None:
    machine.node.says("pvcreate", 5, "", "Device\nexcluded")
    said = failing(lambda: machine.layers().act([Step("make it one", ("pvcreate", "/dev/md/eucaim"))], ARRAY))
    assert said.startswith(
        "[ST-DATA] found no way to make it one: `pvcreate /dev/md/eucaim` ended with 5: Device excluded"
    )


def test_what_lies_on_the_top(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "mounted_on", lambda path: [f"{path} is there"])
    found = machine.layers().file_system(Sight("/dev/md/eucaim", Layers(missing="volume")), "1-2")
    assert found == {
        "device": "/dev/md/eucaim",
        "missing": "volume",
        "kind": "",
        "uuid": "1-2",
        "label": "",
        "bytes": 0,
        "half_made": False,
        "can_grow": False,
        "mounted_on": ["/dev/md/eucaim is there"],
    }


def test_where_a_device_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    lines = ("1 0 253:1 / /srv/eucaim rw - xfs /dev/dm-1 rw", "2 0 253:1 /part /bound rw - xfs /dev/dm-1 rw")
    table.write_text("\n".join((*lines, "3 0 253:2 / /other rw - xfs /dev/dm-2 rw")), encoding="ascii")
    monkeypatch.setattr(layers, "MOUNTS", str(table))
    monkeypatch.setattr(layers, "device_number", lambda _path: "253:1")
    assert layers.mounted_on("/dev/vg/data") == ["/srv/eucaim"]


def test_the_number_of_a_device() -> None:
    assert layers.device_number("/dev/null") == "1:3"
    assert layers.device_number("/nonexistent/device") == ""
