# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_usable
short_description: What an array of drives can hold
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the bytes that an array offers, before md, ZFS or a file system take a part for themselves.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level
"""

EXAMPLES = r"""
- name: Show 8000000000000, what three drives of a RAID 5 hold
  ansible.builtin.debug:
    msg: "{{ ['4TB', '4TB', '4TB', '4TB'] | eucaim.local_node.raid_usable('raid5', spares=1) }}"
"""

RETURN = r"""
_value:
  description: The bytes.
  type: int
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import figures
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import raid_of, refusing


@refusing
def raid_usable(drives: object, level: str, **shape: Any) -> int:
    """Return the bytes that the array offers."""
    return figures(raid_of(drives, level, **shape)).usable_bytes


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_usable": raid_usable}
