# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: raid_mttdl_hours
short_description: The mean time to data loss of an array
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns the mean time to data loss (MTTDL) by R. Elling's models.
  - It serves to compare layouts. It takes failures to be independent and makers to be right, and is no promise.
  - A request that cannot be met fails and says what would be possible.
extends_documentation_fragment: [eucaim.local_node.raid]
positional: level, mtbf_hours, repair_hours
options:
  mtbf_hours:
    description: The mean time between failures of a drive, by its data sheet.
    type: float
    required: true
  repair_hours:
    description: The time to replace a drive and to rebuild its content.
    type: float
    required: true
  bits_per_error:
    description:
      - Of how many bits read one cannot be, by the data sheet of the drive.
      - Without it, only failed drives are counted; with it, also the last rebuild that meets an unreadable sector.
    type: float
"""

EXAMPLES = r"""
- name: Show 2602215, which is 297 years
  ansible.builtin.debug:
    msg: "{{ drives | eucaim.local_node.raid_mttdl_hours('raid5', 1e6, 24, bits_per_error=1e15) }}"
  vars:
    drives: [4TB, 4TB, 4TB, 4TB]
"""

RETURN = r"""
_value:
  description: The hours.
  type: float
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import mttdl_hours
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import number, raid_of, refusing


@refusing
def raid_mttdl_hours(
    drives: object,
    level: str,
    mtbf_hours: object,
    repair_hours: object,
    bits_per_error: object = None,
    **shape: Any,
) -> float:
    """Return the mean time to data loss, in hours."""
    return mttdl_hours(
        raid_of(drives, level, **shape),
        number("mtbf_hours", mtbf_hours),
        number("repair_hours", repair_hours),
        None if bits_per_error is None else number("bits_per_error", bits_per_error),
    )


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"raid_mttdl_hours": raid_mttdl_hours}
