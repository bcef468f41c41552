# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_rebuild_seconds
short_description: How long a rebuild takes at best
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the seconds in which a replaced drive can be filled when nothing else uses the array.
  - In use, expect two to three times as long.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level, rate
options:
  rate:
    description: What a drive reads and writes in a second without a pause, such as V(150MB/s).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show 26667, which is 7.4 hours
  ansible.builtin.debug:
    msg: "{{ ['4TB', '4TB', '4TB', '4TB'] | eucaim.local_node.raid_rebuild_seconds('raid5', '150MB/s') }}"
"""

RETURN = r"""
_value:
  description: The seconds.
  type: int
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import rebuild_seconds
from ansible_collections.eucaim.local_node.plugins.module_utils._size import parse_size
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import raid_of, refusing


@refusing
def raid_rebuild_seconds(drives: object, level: str, rate: object, **shape: Any) -> int:
    """Return the seconds of a rebuild at this rate."""
    amount = rate.removesuffix("/s") if isinstance(rate, str) else rate
    return rebuild_seconds(raid_of(drives, level, **shape), parse_size(amount))


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_rebuild_seconds": raid_rebuild_seconds}
