# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a rebuild takes, what may go wrong meanwhile, and how layouts compare over the years.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.

The models assume that drives fail independently and at the rate that their maker states. They serve to compare
layouts: years of MTTDL are no promise of a calendar.
"""

from __future__ import annotations

from math import expm1, gcd, inf, log1p, prod

from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, RaidError, figures
from ansible_collections.eucaim.local_node.plugins.module_utils._size import ceil_div, human_size


def rebuild_seconds(raid: Raid, bytes_per_second: int) -> int:
    """Return the seconds in which a replaced drive can be filled at best, at a sustained rate.

    In use, expect two to three times as long; ZFS copies only what is in use, so this is a full pool's time. Raises
    RaidError for a RAID 0 and for a rate that is not above zero. Source: size divided by rate; pingdo.net's RAID
    reliability page for the practice.
    """
    _needs_redundancy(raid)
    if bytes_per_second <= 0:
        raise RaidError(f"A rate of {human_size(bytes_per_second)}/s copies nothing; possible: rates above zero")
    return ceil_div(figures(raid).member_bytes, bytes_per_second)


def rebuild_read_bytes(raid: Raid) -> int:
    """Return what the last possible rebuild must read: the one of a drive when no more may fail, so nothing corrects.

    It is the only remaining copy of a drive, or the rest of its parity group. Raises RaidError for a RAID 0. Source:
    md(4).
    """
    _needs_redundancy(raid)
    read = len(raid.members) // raid.group_count - raid.parity if raid.parity else 1
    return read * figures(raid).member_bytes


def unrecoverable_read_probability(raid: Raid, bits_per_error: float) -> float:
    """Return the probability (0 to 1) that the last possible rebuild meets a sector that cannot be read.

    bits_per_error is how many bits are read for one error: makers state 1e14 for consumers' drives, 1e15 to 1e17 for
    others. With double parity, this is after two failures; after one, the second parity corrects. Raises RaidError for
    a RAID 0 and for less than one bit. Source: 1 - (1 - 1/r)^bits; makers' data sheets for r ("at most 1 in").
    """
    _check_bits_per_error(bits_per_error)
    bits = 8 * rebuild_read_bytes(raid)
    return -expm1(bits * log1p(-1 / bits_per_error)) if bits_per_error > 1 else 1.0


def mttdl_hours(raid: Raid, mtbf_hours: float, repair_hours: float, bits_per_error: float | None = None) -> float:
    """Return the mean time to data loss, in hours.

    Without bits_per_error only failed drives are counted: MTTDL[1]. With it, also the last rebuild that meets an
    unreadable sector: the rate of that loss, MTTDL[2], is added. mtbf_hours is a drive's mean time between failures,
    repair_hours the time to replace and rebuild one. Raises RaidError for times that are not above zero. Source:
    R. Elling, "A story of two MTTDL models" (2007), with the drives that are left to be read instead of all but one
    under double and triple parity.
    """
    if not (mtbf_hours > 0 and repair_hours > 0):
        raise RaidError(f"MTBF {mtbf_hours} h and repair {repair_hours} h are no times; possible: hours above zero")
    sets, drives, tolerance = _failure_sets(raid)

    def failures_per_hour(count: int) -> float:
        """Return how often so many drives of a set are broken at once: each fails while the one before is repaired."""
        return sets * drives / mtbf_hours * prod((drives - n) * repair_hours / mtbf_hours for n in range(1, count))

    losses = failures_per_hour(tolerance + 1)
    if bits_per_error is not None and tolerance:
        _check_bits_per_error(bits_per_error)
        # Where a drive is in several sets, each holds its part of what must be read.
        read = rebuild_read_bytes(raid) * len(raid.members) / (sets * drives)
        losses += failures_per_hour(tolerance) * min(1.0, 8 * read / bits_per_error)
    return 1 / losses if losses else inf


def _failure_sets(raid: Raid) -> tuple[int, int, int]:
    """Return how many sets of drives there are, how many drives each has, and how many of them may fail."""
    count = len(raid.members)
    if raid.level == "raid0":
        return 1, count, 0
    if raid.parity:
        return raid.group_count, count // raid.group_count, raid.parity
    if raid.copies == count:
        return 1, count, count - 1
    # Copies begin at every drive, or at multiples of what the count and the copies have in common.
    step = gcd(count, raid.copies) if raid.layout.startswith("near") else 1
    return count // step, raid.copies, raid.copies - 1


def _needs_redundancy(raid: Raid) -> None:
    if raid.level == "raid0":
        raise RaidError("A RAID 0 cannot be rebuilt, for nothing is left to read; possible: any other level")


def _check_bits_per_error(bits_per_error: float) -> None:
    if not bits_per_error >= 1:
        raise RaidError(f"One error in {bits_per_error} bits is no rate; possible: 1 or more, such as 1e15")
