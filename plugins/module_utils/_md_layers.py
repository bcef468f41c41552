# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies between an array and its file system: encryption, a logical volume, both, or nothing.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

Sources: cryptsetup(8), crypttab(5), lvm(8) under NAMES.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Layer

ENCRYPTION, VOLUME = "encryption", "volume"
LUKS = "crypto_LUKS"
# A layer has less than this of what it lies on unused, if it was made for all of it.
GROWN = 0.998


@dataclass(frozen=True)
class Stack:
    """The layers that were asked for and are there, from below, and the first that is not."""

    there: tuple[Layer, ...]
    missing: str  # encryption, volume, or nothing


def volume_title(volume: str) -> str:
    """Return what the device mapper calls a logical volume: group/volume with each hyphen twice, joined by one."""
    return "-".join(part.replace("-", "--") for part in volume.split("/"))


def stack_of(wanted: Wanted, layers: Sequence[Layer]) -> Stack:
    """Return what is there of what was asked for."""
    there: list[Layer] = []
    for name, kind, title in _asked(wanted):
        found = [layer for layer in layers if (layer.kind, layer.title) == (kind, title)]
        if not found:
            return Stack(tuple(there), name)
        there += found
    return Stack(tuple(there), "")


def _asked(wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    if wanted.encrypted:
        yield ENCRYPTION, "crypt", wanted.name
    if wanted.volume:
        yield VOLUME, "lvm", volume_title(wanted.volume)


def can_grow(wanted: Wanted, stack: Stack, sizes: Sequence[int]) -> bool:
    """Whether a layer is smaller than it should be. sizes are the bytes of the array and of each layer on it."""
    shares = {"lvm": wanted.volume_percent / 100}
    return any(
        upper < lower * shares.get(layer.kind, 1) * GROWN for layer, lower, upper in zip(stack.there, sizes, sizes[1:])
    )


def crypttab_faults(text: str, name: str, key_file: str) -> list[str]:
    """Return why an array would not be opened while the node starts."""
    lines = [line.split() for line in text.split("\n")]
    mine = [words for words in lines if words and words[0] == name]
    if not mine:
        return [f"no line of /etc/crypttab opens {name}"]
    return [f"/etc/crypttab opens {name} without {key_file}" for words in mine if key_file not in words[2:3]]
