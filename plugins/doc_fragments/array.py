# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of an array, for every module that makes one or looks at one."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that describe an array."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the array, as in V(/dev/md/eucaim).
      - Letters, digits, hyphens and underscores, at most 31.
    type: str
    required: true
  level:
    description: The RAID level.
    type: str
    choices: [raid0, raid1, raid5, raid6, raid10]
    default: raid5
  drives:
    description:
      - The drives of the array, below V(/dev/disk/by-id), in any order. A spare that took over stays a spare here.
      - Any of a drive's names there that is of the whole drive; each drive once.
    type: list
    elements: str
    required: true
  spares:
    description: The drives that wait until one fails.
    type: list
    elements: str
    default: []
  chunk_bytes:
    description:
      - How many bytes lie on one drive before the next one follows. Not of an array that is there, and not of a RAID 1.
      - A power of two from 4096 on.
    type: int
    default: 524288
  layout:
    description:
      - The layout of a new RAID 10, V(near=N), V(far=N) or V(offset=N) with N copies; of other levels
        V(left-symmetric) and its like. Empty for md's own.
    type: str
    default: ""
  consistency_policy:
    description:
      - How parity is made right after a power cut, V(bitmap) by a write-intent bitmap, V(ppl) by a partial parity log
        (RAID 5 only), V(resync) by reading everything.
    type: str
    choices: [bitmap, ppl, resync]
    default: bitmap
  member_bytes:
    description: The least size in bytes of each drive; 0 for any.
    type: int
    default: 0
  erase:
    description:
      - What may be destroyed, by the name of the drive, in the words in which the refusal says what it holds.
      - Copy them from a refusal of the same start of the machine, for a name in them such as V(sdb1) may be another one
        after the next.
      - A drive that is neither in O(drives) nor in O(spares) is refused here.
    type: dict
    default: {}
  prefix:
    description: What the names of the options begin with in a refusal, for a role whose variables they come from.
    type: str
    default: ""
  record_directory:
    description: Where the node remembers what was made here.
    type: path
    default: /var/lib/eucaim/storage
"""
