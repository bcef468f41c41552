# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_unrecoverable_read_probability
short_description: How likely an unreadable sector stops a rebuild
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the probability that the last possible rebuild meets a sector that cannot be read, so that data is lost.
  - The last possible rebuild is the one when as many drives have failed as the array always survives.
  - Before that, the redundancy that is left corrects the sector.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level, bits_per_error
options:
  bits_per_error:
    description:
      - Of how many bits read one cannot be, by the data sheet of the drive.
      - Usual are V(1e14) for drives of consumers, V(1e15) for those of servers, and V(1e17) for solid-state drives.
    type: float
    required: true
"""

EXAMPLES = r"""
- name: Show 0.09, for three drives of 4 TB must be read
  ansible.builtin.debug:
    msg: "{{ ['4TB', '4TB', '4TB', '4TB'] | eucaim.local_node.raid_unrecoverable_read_probability('raid5', 1e15) }}"
"""

RETURN = r"""
_value:
  description: A number between 0 and 1.
  type: float
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import unrecoverable_read_probability
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import number, raid_of, refusing


@refusing
def raid_unrecoverable_read_probability(drives: object, level: str, bits_per_error: object, **shape: Any) -> float:
    """Return the probability that the last possible rebuild meets an unreadable sector."""
    return unrecoverable_read_probability(raid_of(drives, level, **shape), number("bits_per_error", bits_per_error))


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_unrecoverable_read_probability": raid_unrecoverable_read_probability}
