# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: human_size
short_description: A size as people write it
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Turns bytes, or a size in text, into text with three significant digits.
options:
  _input:
    description: Bytes as a number, or a size in text with its unit.
    type: raw
    required: true
  binary:
    description: Whether to write binary units, such as C(TiB), instead of decimal ones, such as C(TB).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show 3.64 TiB
  ansible.builtin.debug:
    msg: "{{ '4TB' | eucaim.local_node.human_size(binary=true) }}"
"""

RETURN = r"""
_value:
  description: A number and its unit.
  type: str
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size as written
from ansible_collections.eucaim.local_node.plugins.module_utils._size import parse_size
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import flag, refusing


@refusing
def human_size(size: object, binary: object = False) -> str:
    """Return the size as a person writes it; a number is bytes."""
    if isinstance(size, int) and not isinstance(size, bool):
        return written(size, flag("binary", binary))
    return written(parse_size(size), flag("binary", binary))


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"human_size": human_size}
