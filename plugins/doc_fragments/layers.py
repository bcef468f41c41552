# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the layers on an array, for every module that makes them or looks at them."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that describe encryption and a logical volume."""

    DOCUMENTATION = r"""
options:
  encrypted:
    description: Whether the array is encrypted with LUKS, and opened under its name.
    type: bool
    default: false
  key_file:
    description:
      - The key of the node, with which it opens the array by itself. It is made if it is missing.
      - The path of a file on the system's drive. Needed with O(encrypted).
    type: path
    default: ""
  recovery_passphrase:
    description:
      - The passphrase that opens the array on any machine. Needed with O(encrypted).
      - Take 20 to 512 letters, digits and signs of ASCII, with no blank at either end, so that a person can type it.
        The role P(eucaim.local_node.storage#role) asks for that; here it is not checked.
    type: str
    default: ""
  volume_group:
    description: The volume group on the array, or on what is opened of it. Empty for none.
    type: str
    default: ""
  volume:
    description: The logical volume in that group that has the file system.
    type: str
    default: data
  volume_percent:
    description: How much of the physical volume it takes, 1 to 100.
    type: int
    default: 100
"""
