# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that encryption and a logical volume lie between an array and its file system.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.

Sources: cryptsetup(8), cryptsetup-luksAddKey(8), LUKS2 On-Disk Format 1.1.3; lvm(8), lvcreate(8), pvresize(8).

A layer is made only of what holds nothing. While the layers are being made (making) the node remembers it, and what a
cut has left of them counts as nothing: LUKS without a key, and the noise that is seen through fresh encryption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import UNRECOGNISED
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

LUKS, MEMBER = "crypto_LUKS", "LVM2_member"
ENCRYPTION, VOLUME = "encryption", "volume"
RUN, KEY, MODE, BLANK = "run", "key", "mode", "blank"
# A key of 64 random bytes cannot be guessed, so nothing is won by making each try slow (cryptsetup FAQ, 5.13).
_FAST = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
# What a layer may have less than it could, without being made larger: bytes.
SLACK = 1 << 20


@dataclass(frozen=True)
class Asked:
    """The layers that are asked for."""

    name: str  # of the array, and of what is opened
    encrypted: bool = False
    key_file: str = ""
    group: str = ""  # "" is no logical volume
    volume: str = ""
    percent: int = 100
    prefix: str = ""  # what the names of the settings begin with


@dataclass(frozen=True)
class Luks:
    """What is seen of the encryption of an array."""

    device: str
    kind: str  # what is recognised on the array; "" is nothing
    bytes: int = 0
    keys: int = 0  # how many keys the head has
    offset: int = 0  # what LUKS keeps for itself, bytes
    has_key_file: bool = False
    readable: bool = False  # others than root may read it
    node_key: bool = False  # the node's key opens it
    recovery: bool = False  # the recovery passphrase opens it
    opened: str = ""  # the name under which it is open
    opened_bytes: int = 0
    opened_kind: str = ""  # what is recognised on what is opened


@dataclass(frozen=True)
class Volume:
    """A logical volume."""

    extents: int
    active: bool = True
    origin: bool = False  # there are snapshots of it
    kind: str = ""  # what is recognised on it


@dataclass(frozen=True)
class Lvm:
    """What is seen of LVM on the array, or on what is opened of it."""

    device: str
    kind: str
    group: str | None = None  # of the physical volume: "" is none; None is no physical volume
    others: tuple[str, ...] = ()  # the other devices of the group that is asked for
    volumes: Mapping[str, Volume] = field(default_factory=dict)  # of the group, by name
    extents: int = 0  # of the physical volume
    extent_bytes: int = 0
    unused_bytes: int = 0  # of the device, behind the physical volume
    listed: bool = False  # LVM sees only the devices of its list (lvmdevices(8))


@dataclass(frozen=True)
class Step:
    """One thing to do, in words and as a command. secret: the recovery passphrase is its input."""

    text: str
    argv: tuple[str, ...] = ()
    kind: str = RUN
    secret: bool = False
    grows: bool = False  # the layer could be larger
    begins: bool = False  # the node has to remember first that layers are being made


@dataclass
class Layers:
    """What comes of a look at a layer."""

    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    missing: str = ""  # encryption or volume, as long as it is not there

    @property
    def can_grow(self) -> bool:
        """Whether a layer is smaller than it could be."""
        return bool(self.waiting) or any(step.grows for step in self.steps)


def decide_encryption(asked: Asked, luks: Luks, *, making: bool) -> Layers:
    """Return what has to be done next about the encryption."""
    if luks.readable and not luks.node_key:
        refusal = Refusal(
            "ST-DATA",
            f"{asked.prefix}key_file",
            f"{asked.key_file}, which others than root may read and which opens nothing here",
            "a key that nobody else has, or no file there: then one is made",
            f"correct {asked.prefix}key_file; if it is meant to be the key, make a new one, or `chmod 600` it",
        )
        return Layers([], [refusal], missing=ENCRYPTION)
    if not luks.kind.startswith(LUKS) or (making and not luks.keys):
        return _format(asked, luks, making)
    if luks.opened and luks.opened != asked.name:
        return Layers(
            [],
            [
                Refusal(
                    "ST-DATA",
                    f"{asked.prefix}name",
                    f"{luks.device} opened as {luks.opened}",
                    f"that it is opened as {asked.name}, or closed",
                    f"unmount what lies on it, and run `cryptsetup close {luks.opened}`",
                )
            ],
            missing=ENCRYPTION,
        )
    if not luks.node_key and not luks.recovery:
        return Layers(
            [],
            [
                Refusal(
                    "ST-DATA",
                    f"{asked.prefix}recovery_passphrase",
                    f"{luks.device} encrypted, and opened neither by the passphrase nor by {asked.key_file}",
                    "a key that opens it",
                    "set the passphrase with which it was encrypted; nobody can read it without one of its keys",
                )
            ],
            missing=ENCRYPTION,
        )
    return Layers(list(_keys_and_size(asked, luks, making)), missing="" if luks.opened else ENCRYPTION)


def _format(asked: Asked, luks: Luks, making: bool) -> Layers:
    left = making and (luks.kind == UNRECOGNISED or luks.kind.startswith(LUKS))
    if luks.kind and not left:
        refusal = Refusal(
            "ST-DATA",
            f"{asked.prefix}encrypted",
            f"{luks.device}, which holds: {luks.kind}",
            "an array that holds nothing, for what lies on it would be lost",
            "take the setting out, or make another array with it and copy",
        )
        return Layers([], [refusal], missing=ENCRYPTION)
    argv = ("cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", *_FAST, luks.device, asked.key_file)
    steps = [*_key(asked, luks), Step(f"encrypt {luks.device}, with the key {asked.key_file}", argv, begins=True)]
    return Layers(steps, missing=ENCRYPTION)


def _key(asked: Asked, luks: Luks) -> Iterator[Step]:
    if not luks.has_key_file:
        yield Step(f"make the key {asked.key_file}", kind=KEY)


def _keys_and_size(asked: Asked, luks: Luks, making: bool) -> Iterator[Step]:
    device, key = luks.device, asked.key_file
    add = ("cryptsetup", "luksAddKey", "--batch-mode")
    if not luks.node_key:
        yield from _key(asked, luks)
        by_passphrase = (*add, *_FAST, "--key-file", "-", "--keyfile-size", "{length}", device, key)
        yield Step(f"let {key} open {device}, too", by_passphrase, secret=True)
    elif not luks.recovery:
        by_key = (*add, "--key-file", key, device, "-")
        yield Step(f"let the recovery passphrase open {device}, too", by_key, secret=True)
    if not luks.opened:
        yield Step(f"open {device} as {asked.name}", ("cryptsetup", "open", "--key-file", key, device, asked.name))
        return
    if luks.readable:
        yield Step(f"let nobody but root read {key}", kind=MODE)
    path = f"/dev/mapper/{asked.name}"
    if luks.opened_bytes + luks.offset + SLACK < luks.bytes:
        resize = ("cryptsetup", "resize", "--key-file", key, asked.name)
        yield Step(f"let {path} grow with its array", resize, grows=True)
    if making and luks.opened_kind == UNRECOGNISED:
        # Zeros that nobody has encrypted are noise when they are decrypted.
        yield Step(f"blank both ends of {path}", (path,), BLANK)


def decide_volume(asked: Asked, lvm: Lvm, *, making: bool) -> Layers:
    """Return what has to be done next about the logical volume."""
    refusals = list(_not_ours(asked, lvm, making))
    if refusals:
        return Layers([], refusals, missing=VOLUME)
    extents = lvm.extents * asked.percent // 100
    step = _first_step(asked, lvm, extents)
    if step is not None:
        return Layers([step], missing=VOLUME)
    return _keep_volume(asked, lvm, extents, making)


def _first_step(asked: Asked, lvm: Lvm, extents: int) -> Step | None:
    """Return the step to the first thing that is not there; None if the volume is."""
    if lvm.group is None and lvm.kind.startswith(MEMBER):
        return Step(f"let LVM see {lvm.device}", ("lvmdevices", "--yes", "--adddev", lvm.device))
    if lvm.group is None:
        return Step(f"make {lvm.device} a physical volume", ("pvcreate", lvm.device), begins=True)
    if not lvm.group:
        return Step(f"make the volume group {asked.group}", ("vgcreate", asked.group, lvm.device), begins=True)
    if asked.volume in lvm.volumes:
        return None
    argv = ("lvcreate", "--yes", "--extents", str(extents), "--name", asked.volume, asked.group, lvm.device)
    return Step(f"make the volume {asked.group}/{asked.volume}", argv, begins=True)


def _keep_volume(asked: Asked, lvm: Lvm, extents: int, making: bool) -> Layers:
    volume, title = lvm.volumes[asked.volume], f"{asked.group}/{asked.volume}"
    layers = Layers(missing="" if volume.active else VOLUME)
    if not volume.active:
        layers.steps.append(Step(f"activate the volume {title}", ("lvchange", "--activate", "y", title)))
    if lvm.unused_bytes >= lvm.extent_bytes + SLACK:
        # How many extents there are then is seen by the next look.
        layers.steps.append(Step(f"let {lvm.device} grow in its group", ("pvresize", lvm.device), grows=True))
    elif volume.extents < extents and volume.origin:
        layers.waiting.append(f"to let the volume {title} grow: until it has no snapshots")
    elif volume.extents < extents:
        argv = ("lvextend", "--extents", str(extents), title, lvm.device)
        layers.steps.append(Step(f"let the volume {title} grow", argv, grows=True))
    if making and volume.kind == UNRECOGNISED:
        layers.steps.append(Step(f"blank both ends of the volume {title}", (f"/dev/{title}",), BLANK))
    return layers


def _not_ours(asked: Asked, lvm: Lvm, making: bool) -> Iterator[Refusal]:
    """Find what somebody else has made."""
    nothing = not lvm.kind or (making and lvm.kind == UNRECOGNISED)
    if not nothing and not lvm.kind.startswith(MEMBER):
        yield Refusal(
            "ST-DATA",
            f"{asked.prefix}volume_group",
            f"{lvm.device}, which holds: {lvm.kind}",
            "what holds nothing, for what lies on it would be lost",
            "take the setting out, or make another array with it and copy",
        )
    elif lvm.group is None and not nothing and not lvm.listed:
        yield Refusal(
            "ST-DATA",
            f"{asked.prefix}volume_group",
            f"{lvm.device} marked for LVM, which does not see it",
            "a physical volume that pvs shows",
            "run `pvs --all`, and mend what it says",
        )
    elif lvm.group and lvm.group != asked.group:
        yield Refusal(
            "ST-DATA",
            f"{asked.prefix}volume_group",
            f"{lvm.device} in the volume group {lvm.group}",
            f"that it is in {asked.group}, or in none",
            f"set {asked.prefix}volume_group to {lvm.group}",
        )
    elif not lvm.group and lvm.others:
        yield Refusal(
            "ST-DATA",
            f"{asked.prefix}volume_group",
            f"a volume group {asked.group} on {', '.join(lvm.others)}",
            "a name that no other group has",
            "choose another name",
        )
    elif lvm.group and lvm.volumes and asked.volume not in lvm.volumes:
        yield Refusal(
            "ST-DATA",
            f"{asked.prefix}volume",
            f"the volumes {', '.join(lvm.volumes)} in the group {asked.group}, and no {asked.volume}",
            "the volume that has the data",
            "set it to the one of these that has the file system",
        )


def crypttab_faults(text: str, name: str, key_file: str) -> list[str]:
    """Return what is wrong with the lines of /etc/crypttab (crypttab(5)) that open an array while the node starts."""
    lines = [line.split() for line in text.split("\n")]
    mine = [words for words in lines if words and words[0] == name]
    if not mine:
        return [f"no line of /etc/crypttab opens {name}"]
    return [f"/etc/crypttab opens {name} without {key_file}" for words in mine if key_file not in words[2:3]]
