# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_tolerance
short_description: How many drives may always fail
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns how many drives of an array may fail at once, whichever they are, without loss of data.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level
"""

EXAMPLES = r"""
- name: Show 2
  ansible.builtin.debug:
    msg: "{{ ['4TB', '4TB', '4TB', '4TB'] | eucaim.local_node.raid_tolerance('raid6') }}"
"""

RETURN = r"""
_value:
  description: The number of drives.
  type: int
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import figures
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import raid_of, refusing


@refusing
def raid_tolerance(drives: object, level: str, **shape: Any) -> int:
    """Return how many drives may fail, whichever they are."""
    return figures(raid_of(drives, level, **shape)).tolerance


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_tolerance": raid_tolerance}
