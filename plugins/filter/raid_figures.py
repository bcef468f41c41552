# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_figures
short_description: Everything about an array
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns all that is known of an array of drives.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level
"""

EXAMPLES = r"""
- name: Show where the bytes go
  ansible.builtin.debug:
    msg: "{{ drives | eucaim.local_node.raid_figures('raid6', spares=1) }}"
  vars:
    drives: [8TB, 8TB, 8TB, 8TB, 8TB, 8TB]
"""

RETURN = r"""
_value:
  description:
    - The figures of the array.
    - Usable, redundancy, spare and unused bytes together are the raw bytes.
  type: dict
  contains:
    raw_bytes:
      description: The sum of all drives.
      type: int
    members:
      description: How many drives hold data or redundancy.
      type: int
    spares:
      description: How many drives wait as spares.
      type: int
    member_bytes:
      description: What is used of each member.
      type: int
    usable_bytes:
      description: What can hold data, before any metadata.
      type: int
    device_bytes:
      description: >-
        What is left of it after the metadata of md, or in a new pool of ZFS; null for a hardware controller, whose
        metadata nobody documents.
      type: int
    redundancy_bytes:
      description: Parity, further copies and padding.
      type: int
    spare_bytes:
      description: The sum of the spares.
      type: int
    unused_bytes:
      description: What larger members have more than the smallest.
      type: int
    tolerance:
      description: How many drives may fail, whichever they are.
      type: int
    best_tolerance:
      description: How many drives may fail if they are the right ones.
      type: int
    efficiency:
      description: The usable part of the raw bytes.
      type: float
    mirror:
      description: Whether the redundancy is whole copies, as in a RAID 5 of two drives.
      type: bool
    data_members:
      description: How many chunks of data a stripe has.
      type: int
    notes:
      description: What a person should know of it, in sentences.
      type: list
      elements: str
"""

from dataclasses import asdict
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import (
    Raid,
    figures,
    md_usable_bytes,
    zfs_usable_bytes,
)
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import raid_of, refusing


@refusing
def raid_figures(drives: object, level: str, **shape: Any) -> dict[str, Any]:
    """Return all figures of the array."""
    raid = raid_of(drives, level, **shape)
    found = asdict(figures(raid))
    return {
        **found,
        "device_bytes": _device_bytes(raid),
        "efficiency": float(found["efficiency"]),
        "notes": list(found["notes"]),
    }


def _device_bytes(raid: Raid) -> int | None:
    if raid.hardware:
        return None
    return zfs_usable_bytes(raid) if raid.level.startswith("raidz") else md_usable_bytes(raid)


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_figures": raid_figures}
