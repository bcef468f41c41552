# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drive whose erasure was cut off, and that the next run goes on with.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

One signature after the other goes (wipefs(8)), those in partitions before those of the drive. What a cut leaves is not
what somebody has repeated to have it destroyed, and would be refused. So the node remembers what it began to erase;
what is left of exactly that counts as if it were all still there, and the same words do for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import OF_A_TABLE, UNRECOGNISED, Disk, Seen


@dataclass(frozen=True)
class Begun:
    """What a drive held when its erasure began."""

    name: str  # the kernel's name of the drive then; it may be another one after a restart
    holds: tuple[str, ...]  # in words

    @classmethod
    def from_dict(cls, data: object) -> Begun | None:
        """Return what as_dict wrote; None for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("holds"), list):
            return None
        return cls(str(data.get("name", "")), tuple(map(str, data["holds"])))

    def as_dict(self) -> dict[str, Any]:
        """Return it as the node keeps it."""
        return {"name": self.name, "holds": list(self.holds)}

    def left_on(self, disk: Disk) -> bool:
        """Say whether all that is on a drive now may be a rest of it."""
        mine = {disk.name + each[len(self.name) :] if each.startswith(self.name) else each for each in self.holds}
        # A partition whose turn has been stands in the table until the drive's comes.
        mine.update(f"{each.partition(': ')[0]}: nothing recognised" for each in tuple(mine) if ": " in each)
        if any("partition table" in each for each in mine):
            mine.update(OF_A_TABLE)
        return bool(disk.holds) and mine.issuperset({*(disk.holds or ())} - {UNRECOGNISED})


def as_before(seen: Seen, erasing: Mapping[str, Begun]) -> Seen:
    """Show each drive whose erasure was cut off as it was before; one that holds something else by now as it is."""
    disks = dict(seen.disks)
    for path, begun in erasing.items():
        disk = disks.get(path)
        if disk is not None and begun.left_on(disk):
            disks[path] = replace(disk, holds=begun.holds)
    return replace(seen, disks=disks)
