# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_minimum_drives
short_description: The fewest drives of a RAID level
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the fewest drives, spares not counted, of which an array can be made.
options:
  _input:
    description: The RAID level.
    type: str
    required: true
    choices: [raid0, raid1, raid5, raid6, raid10, raid50, raid60, raidz1, raidz2, raidz3]
  hardware:
    description: Whether a hardware controller makes the array, which may ask for more drives than Linux does.
    type: bool
    default: false
  groups:
    description: How many groups a RAID 50 or 60 has.
    type: int
    default: 2
  layout:
    description: The layout of a RAID 10, V(near=N), V(far=N) or V(offset=N), with N copies of everything.
    type: str
    default: near=2
"""

EXAMPLES = r"""
- name: Show 3, for a controller makes no RAID 5 of two drives
  ansible.builtin.debug:
    msg: "{{ 'raid5' | eucaim.local_node.raid_minimum_drives(hardware=true) }}"
"""

RETURN = r"""
_value:
  description: The number of drives.
  type: int
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import minimum_drives
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import flag, refusing, whole


@refusing
def raid_minimum_drives(level: str, hardware: object = False, groups: object = 2, layout: object = "near=2") -> int:
    """Return the fewest drives of the level."""
    return minimum_drives(level, flag("hardware", hardware), whole("groups", groups), str(layout))


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_minimum_drives": raid_minimum_drives}
