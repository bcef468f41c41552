# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_efficiency
short_description: The part of the drives that holds data
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the usable size of an array divided by the size of all its drives, spares included.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level
"""

EXAMPLES = r"""
- name: Show 0.75
  ansible.builtin.debug:
    msg: "{{ ['4TB', '4TB', '4TB', '4TB'] | eucaim.local_node.raid_efficiency('raid5') }}"
"""

RETURN = r"""
_value:
  description: A number above 0, at most 1.
  type: float
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import figures
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import raid_of, refusing


@refusing
def raid_efficiency(drives: object, level: str, **shape: Any) -> float:
    """Return the usable part of all drives."""
    return float(figures(raid_of(drives, level, **shape)).efficiency)


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_efficiency": raid_efficiency}
