# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives in one array with one file system, and everything that this comes to.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. Sizes are integer bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import Volume, ext4, xfs
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import Offer, Request
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Figures, Raid, figures, md_usable_bytes
from ansible_collections.eucaim.local_node.plugins.module_utils._raidz import dataset_bytes
from ansible_collections.eucaim.local_node.plugins.module_utils._reliability import (
    rebuild_seconds,
    unrecoverable_read_probability,
)

CHUNK_BYTES = 512 * 1024  # mdadm's own choice


@dataclass(frozen=True)
class Layout:
    """One array of drives that can be bought, with its file system.

    device_bytes is what md offers to the file system; volume is what the file system makes of it.
    """

    level: str
    members: tuple[Offer, ...]
    spares: tuple[Offer, ...]
    raid: Raid
    figures: Figures
    device_bytes: int
    volume: Volume

    @property
    def drives(self) -> tuple[Offer, ...]:
        """Return all data drives, members first."""
        return self.members + self.spares

    @property
    def raw_bytes(self) -> int:
        """Return what D5.11 multiplies: the members' labels, each as far as the smallest limits it."""
        return self.figures.usable_bytes + self.figures.redundancy_bytes

    @property
    def spare_bytes(self) -> int:
        """Return what the spare drives can stand in for: each is used as far as a member is."""
        return len(self.spares) * self.figures.member_bytes

    @property
    def available_bytes(self) -> int:
        """Return what users can fill: after redundancy, metadata and the file system's reserve."""
        return self.volume.available_bytes

    @property
    def bits_per_error(self) -> float:
        """Return how many bits can be read for one that cannot, of the worst member."""
        return float(1 / max(offer.read_errors for offer in self.members))

    @property
    def read_error_probability(self) -> float:
        """Return how likely the last possible rebuild meets a sector that it cannot read (not of a RAID 0)."""
        return unrecoverable_read_probability(self.raid, self.bits_per_error)

    @property
    def rebuild_seconds(self) -> int:
        """Return how long a drive is rebuilt at best (not of a RAID 0)."""
        return rebuild_seconds(self.raid, min(offer.speed for offer in self.members) * 10**6)

    @property
    def price(self) -> int | None:
        """Return the price of the data drives in hundredths, or None where prices are not known."""
        return price_of(self.drives)


def price_of(offers: tuple[Offer, ...]) -> int | None:
    """Return the sum of prices in hundredths, or None where one of them is not known."""
    prices = [offer.price for offer in offers]
    return None if None in prices else sum(price for price in prices if price is not None)


def money(hundredths: int | None) -> float | None:
    """Return an amount as people write it, in the site's currency."""
    return None if hundredths is None else hundredths / 100


def policy_of(request: Request, level: str) -> str:
    """Return how md finds what a crash left unequal: a partial parity log is for RAID 5 alone."""
    return "bitmap" if request.policy == "ppl" and level != "raid5" else request.policy


def build(request: Request, level: str, members: tuple[Offer, ...], spares: tuple[Offer, ...] = ()) -> Layout:
    """Return the layout of these drives. Raises RaidError where the level cannot be made of them."""
    raid = Raid(level, tuple(offer.size for offer in members + spares), len(spares))
    sums = figures(raid)
    if level.startswith("raidz"):
        device = dataset_bytes(sums.member_bytes, sums.members, raid.parity, raid.ashift)
        volume = Volume("zfs", device, device, 0, 0, {}, ())
    else:
        device = md_usable_bytes(raid, ppl=policy_of(request, level) == "ppl")
        volume = file_system(request, device, sums.data_members)
    return Layout(level, members, spares, raid, sums, device, volume)


def file_system(request: Request, device_bytes: int, data_members: int) -> Volume:
    """Return the file system that is asked for, on a device of an array."""
    if request.file_system == "ext4":
        return ext4(device_bytes, CHUNK_BYTES, data_members, reserve_percent=request.reserve)
    return xfs(device_bytes, CHUNK_BYTES, data_members)
