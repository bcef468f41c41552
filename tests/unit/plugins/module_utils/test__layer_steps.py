# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about encryption and volume, and what is refused because it holds something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import (
    BLANK,
    ENCRYPTION,
    KEY,
    LUKS,
    MEMBER,
    MODE,
    VOLUME,
    Asked,
    Layers,
    Luks,
    Lvm,
    Volume,
    crypttab_faults,
    decide_encryption,
    decide_volume,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import UNRECOGNISED

MIB = 1 << 20
ASKED = Asked("eucaim", True, "/key", "vg", "data", 100, "storage_")
EMPTY = Luks("/dev/md/eucaim", "", 1000 * MIB)
OPEN = Luks("/dev/md/eucaim", LUKS, 1000 * MIB, 2, 16 * MIB, True, False, True, True, "eucaim", 984 * MIB, "xfs")
BARE = Lvm("/dev/mapper/eucaim", "")
MADE = Lvm("/dev/mapper/eucaim", MEMBER, "vg", (), {"data": Volume(250, kind="xfs")}, extents=250, extent_bytes=4 * MIB)


def texts(layers: Layers) -> list[str]:
    """Return what is done or why not, in words."""
    return [step.text for step in layers.steps] + [f"{each.variable}: {each.found}" for each in layers.refusals]


def encryption(luks: Luks, *, making: bool = False) -> Layers:
    """Decide about the encryption."""
    return decide_encryption(ASKED, luks, making=making)


def volume(lvm: Lvm, *, making: bool = False, **asked: Any) -> Layers:
    """Decide about the volume."""
    return decide_volume(replace(ASKED, **asked), lvm, making=making)


def test_an_array_that_holds_nothing_is_encrypted() -> None:
    found = encryption(EMPTY)
    assert [step.kind for step in found.steps] == [KEY, "run"]
    assert found.steps[1].argv[-2:] == ("/dev/md/eucaim", "/key")
    assert found.steps[1].begins
    assert found.missing == ENCRYPTION
    assert [step.kind for step in encryption(replace(EMPTY, has_key_file=True)).steps] == ["run"]


@pytest.mark.parametrize("kind", ["xfs", "LVM2_member", UNRECOGNISED, "gpt"])
def test_what_holds_something_is_not_encrypted(kind: str) -> None:
    found = encryption(replace(EMPTY, kind=kind))
    assert texts(found) == [f"storage_encrypted: /dev/md/eucaim, which holds: {kind}"]
    assert found.steps == []


@pytest.mark.parametrize(
    ("kind", "keys", "formatted"),
    [(UNRECOGNISED, 0, True), (LUKS, 0, True), (LUKS, 1, False), ("xfs", 0, False), ("gpt", 0, False)],
)
def test_what_a_cut_left_of_the_encryption_is_made_anew(kind: str, keys: int, formatted: bool) -> None:
    """While it is being made; afterwards the same is somebody's data, or somebody's will."""
    left = replace(EMPTY, kind=kind, keys=keys, has_key_file=True)
    assert any("luksFormat" in step.argv for step in encryption(left, making=True).steps) is formatted
    assert not any("luksFormat" in step.argv for step in encryption(left).steps)


def test_encryption_as_it_should_be() -> None:
    assert encryption(OPEN) == Layers()
    assert encryption(OPEN, making=True) == Layers()


def test_neither_key_opens_it() -> None:
    found = encryption(replace(OPEN, node_key=False, recovery=False, opened=""))
    assert texts(found) == [
        "storage_recovery_passphrase: /dev/md/eucaim encrypted, and opened neither by the passphrase nor by /key"
    ]


def test_opened_under_another_name() -> None:
    assert texts(encryption(replace(OPEN, opened="luks-1"))) == ["storage_name: /dev/md/eucaim opened as luks-1"]


def test_the_other_key_is_added() -> None:
    lost = encryption(replace(OPEN, has_key_file=False, node_key=False, opened=""))
    assert texts(lost) == ["make the key /key", "let /key open /dev/md/eucaim, too", "open /dev/md/eucaim as eucaim"]
    assert lost.steps[1].secret
    assert lost.missing == ENCRYPTION
    assert texts(encryption(replace(OPEN, node_key=False))) == ["let /key open /dev/md/eucaim, too"]
    changed = encryption(replace(OPEN, recovery=False))
    assert texts(changed) == ["let the recovery passphrase open /dev/md/eucaim, too"]
    assert changed.steps[0].secret
    assert not changed.can_grow


def test_a_key_that_others_may_read() -> None:
    found = encryption(replace(OPEN, readable=True))
    assert (texts(found), [step.kind for step in found.steps]) == (["let nobody but root read /key"], [MODE])


@pytest.mark.parametrize("array", [replace(EMPTY, has_key_file=True), replace(OPEN, node_key=False), OPEN])
def test_a_file_of_others_is_not_made_a_key(array: Luks) -> None:
    """Whoever names /etc/passwd does not mean that nobody shall read it any more."""
    found = encryption(replace(array, readable=True, node_key=False))
    assert texts(found) == ["storage_key_file: /key, which others than root may read and which opens nothing here"]
    assert (found.steps, found.missing) == ([], ENCRYPTION)


def test_encryption_grows_with_its_array() -> None:
    assert encryption(replace(OPEN, bytes=1001 * MIB)).steps == []
    found = encryption(replace(OPEN, bytes=1002 * MIB))
    assert texts(found) == ["let /dev/mapper/eucaim grow with its array"]
    assert found.can_grow


def test_what_is_opened_for_the_first_time_is_blanked() -> None:
    noise = replace(OPEN, opened_kind=UNRECOGNISED)
    assert encryption(noise).steps == []
    (step,) = encryption(noise, making=True).steps
    assert (step.kind, step.argv) == (BLANK, ("/dev/mapper/eucaim",))


def test_a_volume_is_made_step_by_step() -> None:
    assert volume(BARE).steps[0].argv == ("pvcreate", "/dev/mapper/eucaim")
    without_group = replace(BARE, kind=MEMBER, group="")
    assert volume(without_group).steps[0].argv == ("vgcreate", "vg", "/dev/mapper/eucaim")
    without_volume = replace(MADE, volumes={})
    (step,) = volume(without_volume, percent=80).steps
    assert step.argv == ("lvcreate", "--yes", "--extents", "200", "--name", "data", "vg", "/dev/mapper/eucaim")
    for each in (BARE, without_group, without_volume):
        assert volume(each).missing == VOLUME
        assert volume(each).steps[0].begins


def test_a_volume_as_it_should_be() -> None:
    assert volume(MADE) == Layers()
    assert volume(replace(MADE, volumes={"data": Volume(250), "mine": Volume(3)}), making=True) == Layers()
    # Larger than was asked for: nothing is made smaller.
    assert volume(MADE, percent=50) == Layers()


@pytest.mark.parametrize(
    ("lvm", "words"),
    [
        (replace(BARE, kind="xfs"), "storage_volume_group: /dev/mapper/eucaim, which holds: xfs"),
        (replace(BARE, kind=UNRECOGNISED), f"storage_volume_group: /dev/mapper/eucaim, which holds: {UNRECOGNISED}"),
        (replace(MADE, group="theirs"), "storage_volume_group: /dev/mapper/eucaim in the volume group theirs"),
        (
            replace(BARE, others=("/dev/sdz", "/dev/sdy")),
            "storage_volume_group: a volume group vg on /dev/sdz, /dev/sdy",
        ),
        (
            replace(BARE, kind=MEMBER, group="", others=("/dev/sdz",)),
            "storage_volume_group: a volume group vg on /dev/sdz",
        ),
        (replace(BARE, kind=MEMBER), "storage_volume_group: /dev/mapper/eucaim marked for LVM, which does not see it"),
        (
            replace(MADE, volumes={"old": Volume(9), "new": Volume(9)}),
            "storage_volume: the volumes old, new in the group vg, and no data",
        ),
    ],
)
def test_what_somebody_else_has_made_is_refused(lvm: Lvm, words: str) -> None:
    found = volume(lvm)
    assert texts(found) == [words]
    assert found.missing == VOLUME


def test_others_in_a_group_that_is_ours_are_left_alone() -> None:
    assert volume(replace(MADE, others=("/dev/sdz",))) == Layers()


def test_noise_is_nothing_only_while_it_is_made() -> None:
    noise = replace(BARE, kind=UNRECOGNISED)
    assert volume(noise, making=True).steps[0].argv[0] == "pvcreate"
    fresh = replace(MADE, volumes={"data": Volume(250, kind=UNRECOGNISED)})
    assert volume(fresh) == Layers()
    (step,) = volume(fresh, making=True).steps
    assert (step.kind, step.argv) == (BLANK, ("/dev/vg/data",))


def test_lvm_may_have_a_list_of_its_devices() -> None:
    found = volume(replace(BARE, kind=MEMBER, listed=True))
    assert found.steps[0].argv == ("lvmdevices", "--yes", "--adddev", "/dev/mapper/eucaim")


def test_a_volume_that_is_not_active() -> None:
    found = volume(replace(MADE, volumes={"data": Volume(250, active=False)}))
    assert (texts(found), found.missing) == (["activate the volume vg/data"], VOLUME)


def test_a_volume_grows_with_what_it_lies_on() -> None:
    assert volume(replace(MADE, unused_bytes=4 * MIB)) == Layers()
    longer = volume(replace(MADE, unused_bytes=5 * MIB))
    assert (texts(longer), longer.can_grow) == (["let /dev/mapper/eucaim grow in its group"], True)
    short = replace(MADE, extents=300)
    found = volume(short)
    assert found.steps[0].argv == ("lvextend", "--extents", "300", "vg/data", "/dev/mapper/eucaim")
    assert found.can_grow


def test_a_volume_with_snapshots_waits() -> None:
    found = volume(replace(MADE, extents=300, volumes={"data": Volume(250, origin=True, kind="xfs")}))
    assert (found.steps, found.waiting) == ([], ["to let the volume vg/data grow: until it has no snapshots"])
    assert found.can_grow


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("# comment\n\neucaim /dev/md127 /key luks\n", []),
        ("eucaim /dev/md127\n", ["/etc/crypttab opens eucaim without /key"]),
        ("eucaim /dev/md127 none luks\n", ["/etc/crypttab opens eucaim without /key"]),
        ("other /dev/md127 /key\n#eucaim /dev/md127 /key\n", ["no line of /etc/crypttab opens eucaim"]),
        ("", ["no line of /etc/crypttab opens eucaim"]),
    ],
)
def test_what_opens_the_array_while_the_node_starts(text: str, faults: list[str]) -> None:
    assert crypttab_faults(text, "eucaim", "/key") == faults
