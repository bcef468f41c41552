# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the filters over arrays have in common."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - The sizes of all drives, spares included, each as text with its unit, such as V(4TB) or V(3.64TiB).
      - A number without a unit is refused, unless O(unit) says what it counts.
    type: list
    elements: raw
    required: true
  level:
    description: The RAID level.
    type: str
    required: true
    choices: [raid0, raid1, raid5, raid6, raid10, raid50, raid60, raidz1, raidz2, raidz3]
  spares:
    description:
      - How many of the drives wait as hot spares.
      - The largest ones do, and of equal ones the last, for each of these can replace any other.
    type: int
    default: 0
  groups:
    description: How many groups a RAID 50 or 60 has; V(0) means two. No other level has groups.
    type: int
    default: 0
  layout:
    description: The layout of a RAID 10, V(near=N), V(far=N) or V(offset=N), with N copies of everything.
    type: str
    default: near=2
  hardware:
    description: Whether a hardware controller makes the array, which may ask for more drives than Linux does.
    type: bool
    default: false
  ashift:
    description: The binary logarithm of the sector size of a raidz.
    type: int
    default: 12
  unit:
    description:
      - What numbers without a unit count, such as V(B) for sizes that P(eucaim.local_node.to_bytes#filter) gave.
      - It concerns numbers only. Digits in text are always refused, so that no C("4000") is taken for bytes.
    type: str
    choices: [B, kB, MB, GB, TB, PB, EB, KiB, MiB, GiB, TiB, PiB, EiB]
"""
