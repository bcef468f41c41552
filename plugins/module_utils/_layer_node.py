# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what lies between an array and its file system on the node that it runs on, and does what was decided.

Private to this collection: nothing outside may import it. The only part of the layers that touches a device.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as files
from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import parse_mounts
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import (
    BLANK,
    KEY,
    LUKS,
    MODE,
    Asked,
    Layers,
    Luks,
    Lvm,
    Step,
    Volume,
    decide_encryption,
    decide_volume,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import Formatting, blank, contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

VERSION = 1
KEY_BYTES = 64
KEY_MODE = 0o600
OTHERS = 0o077
SYS = "/sys/class/block"
MOUNTS = "/proc/self/mountinfo"
LVM_LIST = "/etc/lvm/devices/system.devices"
_PV_FIELDS = "pv_name,vg_name,dev_size,pe_start,pv_size,pv_pe_count,vg_extent_size"
_LV_FIELDS = "lv_name,lv_attr,lv_size,vg_extent_size"


@dataclass
class Sight:
    """What was seen, and what follows: the layers from below, and the device on which the file system lies."""

    top: str
    layers: Layers = field(default_factory=Layers)
    luks: Luks | None = None


def layer_options() -> dict[str, dict[str, Any]]:
    """Return the options of the doc fragment layers."""
    return {
        "encrypted": {"type": "bool", "default": False},
        # A file's name, no secret.
        "key_file": {"type": "path", "default": "", "no_log": False},
        "recovery_passphrase": {"type": "str", "default": "", "no_log": True},
        "volume_group": {"type": "str", "default": ""},
        "volume": {"type": "str", "default": "data"},
        "volume_percent": {"type": "int", "default": 100},
    }


def asked_of(params: Mapping[str, Any]) -> Asked:
    """Return the layers that these options ask for."""
    return Asked(
        name=params["name"],
        encrypted=params["encrypted"],
        key_file=params["key_file"],
        group=params["volume_group"],
        volume=params["volume"] if params["volume_group"] else "",
        percent=params["volume_percent"],
        prefix=params["prefix"],
    )


class LayerNode:
    """The layers on one array, and the node's memory of making them."""

    def __init__(self, module: AnsibleModule, asked: Asked, passphrase: str, directory: str) -> None:
        self.module = module
        self.asked = asked
        self.passphrase = passphrase.encode()
        self.path = os.path.join(directory, f"{asked.name}.layers.json")
        self.formatting = Formatting(directory, asked.name)

    # Memory -----------------------------------------------------------------------------------------------------------

    def is_making(self, array: str) -> bool:
        """Say whether the layers on this array, by its UUID, were begun here and are not all there yet."""
        return files.read_object(self.path).get("making") == array

    def begin(self, array: str) -> None:
        """Remember that they are being made. It has to be on the drive before the first of them is."""
        content = json.dumps({"version": VERSION, "making": array}, sort_keys=True) + "\n"
        files.write(self.module, self.path, content.encode(), 0o600)
        os.sync()

    def end(self, found: Mapping[str, Any]) -> None:
        """Forget it once all of them are there, and forget the making of a file system that is whole."""
        if not found["missing"]:
            files.delete(self.path)
            self.formatting.end(found)

    # Looking ----------------------------------------------------------------------------------------------------------

    def look(self, device: str, array: str) -> Sight:
        """Look at the layers on an array, from below, as far as they are there."""
        making, sight = self.is_making(array), Sight(device)
        if self.asked.encrypted:
            sight.luks = self._luks(device)
            sight.layers = decide_encryption(self.asked, sight.luks, making=making)
            if sight.luks.opened == self.asked.name:
                sight.top = f"/dev/mapper/{self.asked.name}"
            if sight.layers.missing:
                return sight
        if self.asked.group:
            upper = decide_volume(self.asked, self._lvm(sight.top), making=making)
            # What the lower layer needs comes first, and the upper one may need something else then.
            steps = sight.layers.steps or upper.steps
            sight.layers = Layers(steps, upper.refusals, upper.waiting, upper.missing)
            if not sight.layers.missing:
                sight.top = f"/dev/{self.asked.group}/{self.asked.volume}"
        return sight

    def _luks(self, device: str) -> Luks:
        there = contents(self.module, device)
        head = self._head(device) if there.kind.startswith(LUKS) else {}
        keys = len(head.get("keyslots") or {})
        offset = next((int(part.get("offset", 0)) for part in (head.get("segments") or {}).values()), 0)
        opened = next(self._opened(os.path.basename(os.path.realpath(device))), "")
        # What is open under another name is refused, and not looked into.
        inside = contents(self.module, f"/dev/mapper/{opened}") if opened == self.asked.name else None
        key_file = self.asked.key_file
        has_key_file = os.path.exists(key_file)
        return Luks(
            device=device,
            kind=there.kind,
            bytes=there.bytes,
            keys=keys,
            offset=offset,
            has_key_file=has_key_file,
            readable=has_key_file and bool(files.mode_of(key_file) & OTHERS),
            node_key=bool(keys) and has_key_file and self._opens(device, key_file),
            recovery=bool(keys) and bool(self.passphrase) and self._opens(device, "-"),
            opened=opened,
            opened_bytes=inside.bytes if inside else 0,
            opened_kind=inside.kind if inside else "",
        )

    def _head(self, device: str) -> dict[str, Any]:
        """Return what stands in the head of LUKS; a head of LUKS 1 has keys that are not shown like that."""
        code, out, _err = files.run(self.module, ["cryptsetup", "luksDump", "--dump-json-metadata", device])
        try:
            head = json.loads(out) if code == 0 else None
        except ValueError:
            head = None
        return head if isinstance(head, dict) else {"keyslots": {"unknown": {}}}

    def _opens(self, device: str, key_file: str) -> bool:
        argv = ["cryptsetup", "open", "--test-passphrase", "--key-file", key_file, device]
        return files.run(self.module, argv, data=self.passphrase if key_file == "-" else None)[0] == 0

    def _opened(self, name: str) -> Iterator[str]:
        """Yield the names under which encryption is open on a device."""
        folder = f"{SYS}/{name}/holders"
        for holder in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if (files.read_text(f"{SYS}/{holder}/dm/uuid") or "").startswith("CRYPT-"):
                yield (files.read_text(f"{SYS}/{holder}/dm/name") or "").strip()

    def _lvm(self, device: str) -> Lvm:
        real = os.path.realpath(device)
        rows = self._report("pvs", "pv", _PV_FIELDS)
        mine = next((row for row in rows if os.path.realpath(row["pv_name"]) == real), None)
        group = mine["vg_name"] if mine else None
        kind = contents(self.module, device).kind
        return Lvm(
            device=mine["pv_name"] if mine else device,
            kind=kind,
            group=group,
            others=tuple(row["pv_name"] for row in rows if row["vg_name"] == self.asked.group and row is not mine),
            volumes=dict(self._volumes()) if group == self.asked.group else {},
            extents=number(mine, "pv_pe_count"),
            extent_bytes=number(mine, "vg_extent_size"),
            unused_bytes=number(mine, "dev_size") - number(mine, "pe_start") - number(mine, "pv_size"),
            listed=os.path.exists(LVM_LIST),
        )

    def _volumes(self) -> Iterator[tuple[str, Volume]]:
        for row in self._report("lvs", "lv", _LV_FIELDS, self.asked.group):
            name, attributes = row["lv_name"], row["lv_attr"].ljust(6)
            active = attributes[4] == "a"
            ours = active and name == self.asked.volume
            kind = contents(self.module, f"/dev/{self.asked.group}/{name}").kind if ours else ""
            extents = number(row, "lv_size") // max(1, number(row, "vg_extent_size"))
            yield name, Volume(extents, active, attributes[0] in "oO", kind)

    def _report(self, program: str, key: str, fields: str, *names: str) -> list[dict[str, str]]:
        """Return what a program of LVM reports, one row each; none where it is not installed."""
        argv = [program, "--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields, *names]
        code, out, err = files.run(self.module, argv)
        if code == 127:
            return []
        try:
            rows = json.loads(out)["report"][0][key] if code == 0 else None
        except (ValueError, LookupError):
            rows = None
        if rows is None:
            self.module.fail_json(
                msg=f"found no way to see the volumes: `{' '.join(argv)}` ended with {code}: "
                f"{(err or out).strip()[-300:]}; needed: that it ends well; remedy: run it, and mend what it says"
            )
        return rows or []

    # Acting -----------------------------------------------------------------------------------------------------------

    def act(self, steps: Iterable[Step], array: str) -> None:
        """Do what was decided."""
        for step in steps:
            if step.begins:
                self.begin(array)
            if step.kind == KEY:
                make_key(self.module, self.asked.key_file)
            elif step.kind == MODE:
                os.chmod(self.asked.key_file, KEY_MODE)
            elif step.kind == BLANK:
                blank(step.argv[0])
            else:
                self._run(step)
        files.run(self.module, ["udevadm", "settle", "--timeout=30"])

    def _run(self, step: Step) -> None:
        argv = [word.format(length=len(self.passphrase)) if word == "{length}" else word for word in step.argv]
        code, out, err = files.run(self.module, argv, data=self.passphrase if step.secret else None)
        if code:
            said = " ".join(f"{out} {err}".split())[-600:]
            self.module.fail_json(
                msg=f"[ST-DATA] found no way to {step.text}: `{' '.join(argv)}` ended with {code}: {said}; needed: "
                "that it ends well; remedy: mend what it names, and run again"
            )

    def file_system(self, sight: Sight, uuid: str) -> dict[str, Any]:
        """Return what lies on the uppermost layer that is there; uuid is for a file system that is made now."""
        return {
            **self.formatting.shown(contents(self.module, sight.top), uuid),
            "device": sight.top,
            "missing": sight.layers.missing,
            "mounted_on": mounted_on(sight.top),
        }


def number(row: Mapping[str, str] | None, name: str) -> int:
    """Return a number of a row; 0 if there is none."""
    text = (row or {}).get(name, "")
    return int(text) if text.isdigit() else 0


def make_key(module: AnsibleModule, path: str) -> None:
    """Make a key that nobody else can read. Half of one is never seen under its name."""
    files.write(module, path, os.urandom(KEY_BYTES), KEY_MODE, directory_mode=0o700)
    os.sync()


def device_number(path: str) -> str:
    """Return the number of a device file, major:minor; nothing for one that is not there."""
    try:
        found = os.stat(path).st_rdev
    except OSError:
        return ""
    return f"{os.major(found)}:{os.minor(found)}"


def mounted_on(path: str) -> list[str]:
    """Return where a device is mounted."""
    wanted = device_number(path)
    mounts = parse_mounts(files.read_text(MOUNTS) or "")
    return list(dict.fromkeys(mount.point for mount in mounts if mount.device == wanted and mount.whole))
