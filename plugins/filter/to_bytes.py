# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: to_bytes
short_description: The bytes of a size in text
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Turns text such as V(4TB) or V(3.64 TiB) into bytes.
  - C(TB) is decimal, 10^12 bytes, as drives are sold; C(TiB) is binary, 2^40 bytes.
  - A bare number, in text or not, and a bare letter as in V(4T) are refused, because nobody can know what is meant.
options:
  _input:
    description: A number and its unit.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show 4000000000000
  ansible.builtin.debug:
    msg: "{{ '4TB' | eucaim.local_node.to_bytes }}"
"""

RETURN = r"""
_value:
  description: The bytes. Half a byte that is left over is dropped.
  type: int
"""

from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._size import parse_size
from ansible_collections.eucaim.local_node.plugins.plugin_utils._raid_door import refusing


@refusing
def to_bytes(size: object) -> int:
    """Return the bytes of a size in text."""
    return parse_size(size)


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"to_bytes": to_bytes}
