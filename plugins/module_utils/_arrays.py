# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The software arrays (md) of a recorded machine, as the kernel shows them.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.

Source: Documentation/admin-guide/md.rst of Linux. It needs neither root nor mdadm; only the UUID is not always there.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._block_contents import udev
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Array
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

# The numbers of the layouts (drivers/md/raid5.h).
_ROTATIONS = {
    0: "left-asymmetric",
    1: "right-asymmetric",
    2: "left-symmetric",
    3: "right-symmetric",
    4: "parity-first",
    5: "parity-last",
    16: "left-asymmetric-6",
    17: "right-asymmetric-6",
    18: "left-symmetric-6",
    19: "right-symmetric-6",
}
_RUNNING = {"active-idle": "active", "write-pending": "active", "read-auto": "clean"}


def array_names(recording: Recording) -> list[str]:
    """Return the kernel's names of the arrays."""
    return [name for name in recording.below("/sys/block") if recording.below(f"/sys/block/{name}/md")]


def read_arrays(recording: Recording) -> tuple[Array, ...] | None:
    """Return the arrays, whole or not; None if /sys/block is missing."""
    if not recording.below("/sys/block"):
        return None
    return tuple(_array(recording, name) for name in array_names(recording))


def _array(recording: Recording, name: str) -> Array:
    folder = f"/sys/block/{name}/md"
    level = recording.read(f"{folder}/level")
    members = [each[len("dev-") :] for each in recording.below(folder) if each.startswith("dev-")]
    states = [set((recording.read(f"{folder}/dev-{member}/state") or "").split(",")) for member in members]
    slots = [recording.read(f"{folder}/dev-{member}/slot") for member in members]
    sectors = recording.number(f"/sys/block/{name}/size")
    action = recording.read(f"{folder}/sync_action")
    return Array(
        name=name,
        level=level,
        state=_state(recording, folder, action),
        bytes=sectors * 512 if sectors is not None else None,
        devices=_future(recording, f"{folder}/raid_disks"),
        active=sum("in_sync" in state for state in states),
        # A spare that is being filled has its place already.
        spares=sum("spare" in state and slot == "none" for state, slot in zip(states, slots)),
        failed=sum("faulty" in state for state in states),
        members=tuple(members),
        chunk_bytes=_future(recording, f"{folder}/chunk_size"),
        layout=_layout(level, _future(recording, f"{folder}/layout")),
        uuid=_uuid(recording, name),
        policy=recording.read(f"{folder}/consistency_policy"),
        action=action,
        action_percent=_percent(recording.read(f"{folder}/sync_completed")),
    )


def _future(recording: Recording, path: str) -> int | None:
    """Return a number; while the array is reshaped the kernel writes "5 (4)", of which the first is what will be."""
    text = recording.files.get(path, "").partition(" (")[0]
    return Recording(files={path: text}).number(path)


def _state(recording: Recording, folder: str, action: str | None) -> str | None:
    """Return the state as mdadm would word it: clean, degraded, recover."""
    state = recording.read(f"{folder}/array_state")
    if state is None:
        return None
    degraded = recording.number(f"{folder}/degraded")
    parts = [_RUNNING.get(state, state), "degraded" if degraded else "", action if action != "idle" else ""]
    return ", ".join(part for part in parts if part)


def _layout(level: str | None, number: int | None) -> str | None:
    """Return the name of the layout: how parity rotates, or where the copies of RAID 10 lie; "" if there is none."""
    if number is None or level is None:
        return None
    if level in ("raid4", "raid5", "raid6"):
        return _ROTATIONS.get(number, str(number))
    if level == "raid10":
        near, far = number & 0xFF, number >> 8 & 0xFF
        return f"near={near}" if near > 1 or far < 2 else f"{'offset' if number & 0x10000 else 'far'}={far}"
    return ""


def _uuid(recording: Recording, name: str) -> str | None:
    """Return the UUID as mdadm writes it: four groups of eight digits."""
    shown = recording.read(f"/sys/block/{name}/md/uuid")
    if shown:
        digits = shown.replace("-", "")
        return ":".join(digits[start : start + 8] for start in range(0, 32, 8))
    told = udev(recording, f"/sys/block/{name}").get("MD_UUID")
    export = re.search(r"^MD_UUID=(.+)", recording.said(f"mdadm {name}") or "", re.MULTILINE)
    return told or (export[1] if export else None)


def _percent(completed: str | None) -> float | None:
    """Return how much is done of what an array is at."""
    found = re.fullmatch(r"(\d+) / (\d+)", completed or "")
    return round(100 * int(found[1]) / int(found[2]), 1) if found and int(found[2]) else None
