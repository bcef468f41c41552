# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What touches drives, on files in the place of drives: no device file of the machine of the tests is ever opened."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _md_node as md
from ansible_collections.eucaim.local_node.plugins.module_utils._file_system_head import uuid_for
from ansible_collections.eucaim.local_node.plugins.module_utils._md_erasure import Begun
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import EDGE, MdNode
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import UNRECOGNISED, Disk, Looked, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import (
    CREATING,
    ERASE,
    MADE,
    Decision,
    Record,
    Step,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import DRIVES
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Ended, Node
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    EXAMINED,
    FRESH,
    MD,
    OURS,
    disk,
    healthy,
    member,
    path_of,
    running,
    seen,
    wanted_array,
)

SIZE = 3 * EDGE
WIPED = "wipefs --all --force "


class Machine:
    """A folder in the place of /dev and /sys/block, and the node whose programs answer."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        self.links: dict[str, str] = {}
        self.busy: set[str] = set()
        self.synced = 0
        self.files: dict[str, str] = {}
        self.node = Node(tmp_path)
        for program in ("mdadm", "wipefs", "udevadm", "blockdev"):
            self.node.says(program)
        path = SimpleNamespace(
            exists=self.links.__contains__,
            realpath=lambda path: self.links.get(path, path),
            join=os.path.join,
            dirname=os.path.dirname,
        )
        names = ("close", "fsync", "listdir", "O_RDONLY", "O_EXCL", "SEEK_END")
        known = {name: getattr(os, name) for name in names}
        monkeypatch.setattr(md, "os", SimpleNamespace(**known, path=path, open=self.claim, sync=self.sync))
        monkeypatch.setattr(md, "open", self.open, raising=False)
        monkeypatch.setattr(md, "SYS", str(tmp_path / "sys"))
        monkeypatch.setattr(md, "Recorder", self.recorder)

    def recorder(self, gather: tuple[str, ...], timeout: float, area: object) -> Any:
        """Stand for what reads the machine."""
        assert (gather, timeout, area) == ((), md.TIMEOUT, DRIVES)
        return SimpleNamespace(record=lambda: Recording(files=self.files, links=self.disks))

    @property
    def disks(self) -> dict[str, str]:
        """Where the kernel's drives point."""
        names = {Path(path).name for path in self.links.values()}
        return {f"/sys/block/{name}": f"../devices/pci0000:00/0000:00:17.0/ata1/block/{name}" for name in names}

    def real(self, path: str) -> Path:
        """Return the file that stands for a device file."""
        device = self.links.get(path, path)
        assert device.startswith("/dev/")
        return self.folder / device[1:]

    def claim(self, path: str, flags: int) -> int:
        """Open a drive as the kernel lets one who wants it alone."""
        assert flags == os.O_RDONLY | os.O_EXCL
        if path in self.busy:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return os.open(self.real(path), os.O_RDWR)

    def open(self, path: str, mode: str, buffering: int) -> Any:
        """Open a drive."""
        return self.real(path).open(mode, buffering=buffering)

    def sync(self) -> None:
        """Note that everything was written."""
        self.synced += 1

    def drive(self, number: int, content: bytes = bytes(SIZE)) -> Disk:
        """Put a drive into the machine."""
        made = disk(number, bytes=len(content))
        self.links[path_of(number)] = made.device
        file = self.real(made.device)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        (self.folder / "sys" / made.name / "holders").mkdir(parents=True)
        self.files.update({f"/sys/block/{made.name}/size": str(len(content) // 512), "/proc/self/mountinfo": ""})
        return made

    def md(self, name: str = "eucaim") -> MdNode:
        """Return what is tested."""
        return MdNode(self.node.module({}), name, str(self.folder / "lib" / "storage"))

    def calls(self) -> list[str]:
        """Return what was run, apart from waiting for udev."""
        return [" ".join(argv) for argv in self.node.calls if argv[0] != "udevadm"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def failing(action: Callable[[], object]) -> str:
    """Return what was said by a module that failed."""
    with pytest.raises(Ended) as caught:
        action()
    assert caught.value.failed
    return str(caught.value.result["msg"])


# Options and the record -----------------------------------------------------------------------------------------------


def test_options_become_what_is_asked_for() -> None:
    params = {name: option.get("default") for name, option in md.array_options().items()}
    params.update(name="eucaim", drives=list(wanted_array().devices), spares=[path_of(3)], consistency_policy="ppl")
    assert md.wanted_of(params) == wanted_array(spares=(3,), policy="ppl", erase={})


def test_every_array_has_a_uuid_of_its_own(machine: Machine) -> None:
    first, second = machine.md().fresh_uuid, machine.md().fresh_uuid
    assert first != second
    assert [len(part) for part in first.split(":")] == [8, 8, 8, 8]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"version": 1}'])
def test_a_record_that_is_not_there_or_broken_remembers_nothing(machine: Machine, content: str | None) -> None:
    if content is not None:
        path = Path(machine.md().path)
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    assert machine.md().record() == Record()


def test_what_runs_is_remembered(machine: Machine) -> None:
    node = machine.md()
    node.remember(Decision(running=healthy().arrays[MD], uuid=OURS))
    assert node.record() == Record(OURS, MADE)
    path = machine.folder / "lib" / "storage" / "eucaim.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {"version": 1, "uuid": OURS, "stage": "made"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert machine.synced == 1
    node.remember(Decision(running=healthy().arrays[MD], uuid=OURS))
    assert machine.synced == 1


@pytest.mark.parametrize(
    ("begun", "used", "kept"), [(OURS, False, False), (OURS, True, True), (FRESH, False, True), ("", False, True)]
)
def test_what_is_older_than_an_array_does_not_outlive_its_making(
    machine: Machine, begun: str, used: bool, kept: bool
) -> None:
    """A cut came after mdadm's last word and before the ends of the array were blanked."""
    array(machine, b"older" * (SIZE // 5))
    node = machine.md()
    if begun:
        node.act(wanted_array(), Decision(uuid=begun, creates=True))
    node.remember(Decision(running=healthy().arrays[MD], uuid=OURS, used=used))
    assert node.record() == Record(OURS, MADE)
    assert (machine.real(f"/dev/{MD}").read_bytes()[:5] == b"older") is kept


@pytest.mark.parametrize("content", [bytes(SIZE), b"older" * (SIZE // 5)])
def test_an_array_whose_making_was_cut_off_is_blanked(machine: Machine, content: bytes) -> None:
    array(machine, content)
    node = machine.md()
    node.act(wanted_array(), Decision(uuid=OURS, creates=True))
    node.remember(Decision(running=healthy().arrays[MD], uuid=OURS))
    assert md.is_blank(f"/dev/{MD}")
    assert node.record() == Record(OURS, MADE)


def test_what_somebody_has_made_on_it_since_is_not_blanked(machine: Machine) -> None:
    """Nor is what somebody has open: the kernel itself is asked."""
    array(machine, xfs(SIZE // 4096))
    node = machine.md()
    node.act(wanted_array(), Decision(uuid=OURS, creates=True))
    remember = Decision(running=healthy().arrays[MD], uuid=OURS)
    said = failing(lambda: node.remember(remember))
    assert said.startswith(f"[ST-DATA] found xfs on /dev/{MD}, whose making was cut off")
    assert (f"`wipefs --all /dev/{MD}`" in said, node.path in said) == (True, True)
    raw = b"raw" * (SIZE // 3)
    machine.real(f"/dev/{MD}").write_bytes(raw)
    machine.busy.add(f"/dev/{MD}")
    assert "in use" in failing(lambda: node.remember(remember))
    assert machine.real(f"/dev/{MD}").read_bytes() == raw
    assert node.record() == Record(OURS, CREATING)


def test_what_is_left_of_a_file_system_whose_making_was_cut_off_is_nothing(machine: Machine) -> None:
    """So long as the note of that file system is there; and what is recognised is what it is."""
    found = array(machine, b"rest" * (SIZE // 4))
    node = machine.md()
    note = Path(node.formatting.path)
    note.parent.mkdir(parents=True)

    def holds() -> dict[str, Any]:
        shown = node.file_system(found, found.arrays[MD])
        assert shown is not None
        node.formatting.end(shown)
        return {name: shown[name] for name in ("kind", "half_made")}

    assert holds() == {"kind": UNRECOGNISED, "half_made": False}
    note.write_text("of another one\n", encoding="utf-8")
    assert holds() == {"kind": UNRECOGNISED, "half_made": False}
    note.write_text(uuid_for(OURS) + "\n", encoding="utf-8")
    assert holds() == {"kind": "", "half_made": True}
    array(machine, xfs(SIZE // 4096, half_made=1))
    assert holds() == {"kind": "xfs", "half_made": True}
    assert note.exists()
    array(machine, xfs(SIZE // 4096))
    assert holds() == {"kind": "xfs", "half_made": False}
    assert not note.exists()
    node.formatting.end(None)


def test_what_does_not_run_is_not_remembered(machine: Machine) -> None:
    node = machine.md()
    node.remember(Decision(uuid=OURS))
    node.remember(Decision(uuid=OURS, running=running([], state="inactive")))
    machine.node.check_mode = True
    machine.md().remember(Decision(running=healthy().arrays[MD], uuid=OURS))
    assert node.record() == Record()
    assert not (machine.folder / "lib").exists()


# Looking --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, EDGE - 1, SIZE - EDGE, SIZE - 1])
def test_one_byte_at_either_end_is_enough_for_a_drive_not_to_be_blank(machine: Machine, place: int) -> None:
    content = bytearray(SIZE)
    machine.drive(0, bytes(content))
    assert md.is_blank("/dev/sdb")
    content[place] = 1
    machine.real("/dev/sdb").write_bytes(content)
    assert not md.is_blank("/dev/sdb")


def test_what_cannot_be_read_is_not_blank(machine: Machine) -> None:
    assert not md.is_blank("/dev/sdz")
    assert machine.calls() == []


def test_drives_are_looked_at_by_their_names(machine: Machine) -> None:
    machine.drive(0)
    machine.drive(1, b"x" * SIZE)
    machine.drive(5)
    machine.node.says("mdadm", 1, EXAMINED.replace("/dev/sdd", "/dev/sdc"), "no superblock on /dev/sdb")
    machine.node.says("wipefs", out='{"signatures": [{"type": "linux_raid_member", "label": "m:eucaim"}]}')
    found = machine.md().look(wanted_array((0, 1, 2)))
    assert list(found.disks) == [path_of(0), path_of(1)]
    assert list(found.others) == ["sdg"]
    assert found.disks[path_of(0)].holds == ("linux_raid_member m:eucaim",)
    assert found.disks[path_of(0)].superblock is None
    assert found.disks[path_of(1)].holds == (f"member of an md array: eucaim ({OURS})",)
    assert machine.calls() == [
        "mdadm --examine /dev/sdb /dev/sdc",
        "wipefs --json --no-act /dev/sdb",
        "wipefs --json --no-act /dev/sdc",
    ]


def test_a_blank_drive_is_empty_and_another_one_is_not(machine: Machine) -> None:
    machine.drive(0)
    machine.drive(1, b"x" * SIZE)
    found = machine.md().look(wanted_array((0, 1)))
    assert [each.holds for each in found.disks.values()] == [(), (UNRECOGNISED,)]


def test_without_mdadm_and_without_drives_nobody_is_asked(machine: Machine) -> None:
    del machine.node.programs["mdadm"]
    machine.drive(0)
    machine.md().look(wanted_array((0, 1)))
    assert machine.calls() == ["wipefs --json --no-act /dev/sdb"]
    machine.node.says("mdadm")
    assert machine.md().look(wanted_array((7, 8))).disks == {}
    assert len(machine.calls()) == 1


@pytest.mark.parametrize(
    ("code", "out", "err", "words"),
    [
        (1, "", "probing initialization failed", "probing initialization failed"),
        (0, "nonsense", "", "nonsense"),
        (1, '{"signatures": []}', "", "signatures"),
    ],
)
def test_a_drive_of_which_nobody_can_say_what_it_holds_ends_the_run(
    machine: Machine, code: int, out: str, err: str, words: str
) -> None:
    machine.drive(0)
    machine.node.says("wipefs", code, out, err)
    said = failing(lambda: machine.md().look(wanted_array((0,))))
    assert said.startswith("found no way to see what /dev/sdb holds")
    assert words in said


# Doing ----------------------------------------------------------------------------------------------------------------


def create(*numbers: int) -> Step:
    argv = ("mdadm", "--create", "/dev/md/eucaim", "--run", *(path_of(number) for number in numbers))
    return Step("make it", argv)


def test_the_record_stands_before_the_first_mark_and_is_complete_after_the_last(machine: Machine) -> None:
    machine.drive(0)
    node = machine.md()
    stages: list[str] = []

    def mdadm(argv: Any, _data: Any) -> tuple[int, str, str]:
        assert argv[0] == "--create"
        stages.append(node.record().stage)
        return 0, "", ""

    machine.node.programs["mdadm"] = mdadm
    node.act(wanted_array(), Decision(steps=[create(0)], uuid=FRESH, creates=True))
    assert (stages, node.record()) == ([CREATING], Record(FRESH, MADE))
    assert machine.node.calls[-1] == ["udevadm", "settle", "--timeout=30"]


def test_what_the_drives_of_a_new_array_held_does_not_come_up_on_it(machine: Machine) -> None:
    """Where the array begins, a file system of an older array may stand: far behind what was erased of its drives."""
    machine.drive(0)
    array(machine, xfs(SIZE // 4096))
    node = machine.md()

    def mdadm(_argv: Any, _data: Any) -> tuple[int, str, str]:
        (machine.folder / "sys" / "sdb" / "holders" / MD).mkdir()
        return 0, "", ""

    machine.node.programs["mdadm"] = mdadm
    node.act(wanted_array(), Decision(steps=[create(0)], uuid=FRESH, creates=True))
    assert md.is_blank(f"/dev/{MD}")
    holds = node.file_system(healthy(), healthy().arrays[MD])
    assert holds is not None
    assert holds["kind"] == ""


def test_an_array_that_is_started_keeps_what_it_holds(machine: Machine) -> None:
    machine.drive(0)
    (machine.folder / "sys" / "sdb" / "holders" / MD).mkdir()
    found = array(machine, xfs(SIZE // 4096))
    step = Step("start it", ("mdadm", "--assemble", "/dev/md/eucaim", path_of(0)))
    machine.md().act(wanted_array(), Decision(steps=[step], uuid=OURS))
    holds = machine.md().file_system(found, found.arrays[MD])
    assert holds is not None
    assert holds["kind"] == "xfs"


def test_what_was_begun_and_failed_is_remembered_as_begun(machine: Machine) -> None:
    machine.drive(0)
    machine.node.says("mdadm", 2, "", "cannot\nopen it")
    node = machine.md()
    said = failing(lambda: node.act(wanted_array(), Decision(steps=[create(0)], uuid=FRESH, creates=True)))
    assert said.startswith("[ST-RAID] found no way to make it: `mdadm --create /dev/md/eucaim ")
    assert "ended with 2: cannot open it;" in said
    assert node.record() == Record(FRESH, CREATING)


@pytest.mark.parametrize("verb", ["--create", "--add"])
def test_the_kernel_itself_is_asked_whether_somebody_uses_a_drive(machine: Machine, verb: str) -> None:
    machine.drive(0)
    machine.drive(1)
    machine.busy.add(path_of(1))
    step = Step("take it", ("mdadm", verb, "/dev/md127", path_of(0), path_of(1)))
    said = failing(lambda: machine.md().act(wanted_array(), Decision(steps=[step])))
    assert said.startswith(f"[ST-DATA] found {path_of(1)} in use (Device or resource busy)")
    assert machine.calls() == []


def test_other_steps_ask_nobody(machine: Machine) -> None:
    machine.busy.add(path_of(0))
    step = Step("start it", ("mdadm", "--assemble", "/dev/md/eucaim", path_of(0)))
    machine.md().act(wanted_array(), Decision(steps=[step]))
    assert machine.calls() == [f"mdadm --assemble /dev/md/eucaim {path_of(0)}"]


def erase(machine: Machine, each: Disk) -> None:
    machine.md().act(wanted_array(), Decision(steps=[Step("erase it", (), ERASE, each)]))


def test_what_begins_at_either_end_of_a_drive_is_gone(machine: Machine) -> None:
    each = machine.drive(0, b"x" * SIZE)
    erase(machine, each)
    content = machine.real("/dev/sdb").read_bytes()
    assert content == bytes(EDGE) + b"x" * (SIZE - 2 * EDGE) + bytes(EDGE)
    assert machine.calls() == [f"{WIPED}/dev/sdb"]
    assert md.is_blank("/dev/sdb")


def test_a_drive_smaller_than_its_edges_is_not_written_beyond_its_end(machine: Machine) -> None:
    each = machine.drive(0, b"x" * 4096)
    erase(machine, each)
    assert machine.real("/dev/sdb").read_bytes() == bytes(4096)


def test_partitions_are_erased_and_forgotten(machine: Machine) -> None:
    each = machine.drive(0, b"x" * SIZE)
    for name in ("sdb2", "sdb1", "queue"):
        (machine.folder / "sys" / "sdb" / name).mkdir()
    erase(machine, each)
    assert machine.calls() == [
        f"{WIPED}/dev/sdb1",
        f"{WIPED}/dev/sdb2",
        f"{WIPED}/dev/sdb",
        "blockdev --rereadpt /dev/sdb",
    ]


def test_a_drive_in_use_is_not_erased(machine: Machine) -> None:
    each = machine.drive(0, b"x" * SIZE)
    machine.busy.add(path_of(0))
    assert "in use" in failing(lambda: erase(machine, each))
    assert machine.real("/dev/sdb").read_bytes() == b"x" * SIZE
    assert machine.calls() == []


def test_a_drive_whose_name_leads_elsewhere_meanwhile_is_not_erased(machine: Machine) -> None:
    """What was looked at, and what the partitions belong to, is the other one."""
    each = machine.drive(0, b"x" * SIZE)
    machine.drive(1, b"y" * SIZE)
    machine.links[path_of(0)] = "/dev/sdc"
    said = failing(lambda: erase(machine, each))
    assert said.startswith(f"[ST-DATA] found {path_of(0)} to be /dev/sdc, and to have been /dev/sdb before")
    assert machine.real("/dev/sdb").read_bytes() + machine.real("/dev/sdc").read_bytes() == b"x" * SIZE + b"y" * SIZE
    assert machine.calls() == []


def test_an_erasure_that_fails_ends_the_run_before_anything_else(machine: Machine) -> None:
    each = machine.drive(0, b"x" * SIZE)
    machine.node.says("wipefs", 1, "", "no")
    steps = [Step("erase it", (), ERASE, each), create(0)]
    assert "to erase /dev/sdb" in failing(lambda: machine.md().act(wanted_array(), Decision(steps=steps)))
    assert machine.calls() == [f"{WIPED}/dev/sdb"]


@pytest.mark.parametrize("creates", [True, False])
def test_an_erasure_that_was_cut_off_is_gone_on_with(machine: Machine, creates: bool) -> None:
    """The words that were repeated for a drive do for what is left on it, until all of it is gone."""
    drive = replace(machine.drive(0, b"x" * SIZE), holds=("partition table gpt", "sdb1: ext4"))
    node = machine.md()
    machine.node.says("wipefs", 1, "", "no")
    steps = Decision(steps=[Step("erase it", (), ERASE, drive)], uuid=FRESH, creates=creates)
    failing(lambda: node.act(wanted_array(), steps))
    begun = {path_of(0): Begun("sdb", ("partition table gpt", "sdb1: ext4"))}
    assert node.record() == (Record(FRESH, CREATING, begun) if creates else Record(erasing=begun))
    machine.node.says("wipefs")
    assert node.look(wanted_array((0,))).disks[path_of(0)].words == "partition table gpt; sdb1: ext4"
    machine.node.says("wipefs", out='{"signatures": [{"type": "xfs"}]}')
    assert node.look(wanted_array((0,))).disks[path_of(0)].holds == ("xfs",)
    machine.node.says("wipefs")
    node.act(wanted_array(), Decision(steps=[Step("erase it", (), ERASE, drive)], uuid=FRESH, creates=creates))
    assert node.record() == (Record(FRESH, CREATING) if creates else Record())


@pytest.mark.parametrize("kept", ["[]", '{"/dev/disk/by-id/x": 1}'])
def test_a_note_of_an_erasure_that_is_broken_is_none(machine: Machine, kept: str) -> None:
    path = Path(machine.md().path)
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"version": 1, "uuid": "{OURS}", "stage": "made", "erasing": {kept}}}', encoding="utf-8")
    assert machine.md().record() == Record(OURS, MADE)


# The array itself -----------------------------------------------------------------------------------------------------


def array(machine: Machine, content: bytes) -> Seen:
    """Return an array that runs, and what lies on it."""
    (machine.folder / "dev").mkdir(exist_ok=True)
    machine.real(f"/dev/{MD}").write_bytes(content)
    return replace(healthy(), mounts={MD: ("/srv/eucaim",)})


def xfs(blocks: int, half_made: int = 0) -> bytes:
    """Return the beginning of an XFS, so far as it is read."""
    head = bytearray(SIZE)
    head[:16] = b"XFSB" + (4096).to_bytes(4, "big") + blocks.to_bytes(8, "big")
    head[32:48] = bytes(range(16))
    head[108:114] = b"eucaim"
    head[126] = half_made
    return bytes(head)


@pytest.mark.parametrize(
    ("blocks", "half_made", "can_grow"), [(SIZE // 4096, 0, False), (SIZE // 8192, 0, True), (SIZE // 4096, 1, False)]
)
def test_a_file_system(machine: Machine, blocks: int, half_made: int, can_grow: bool) -> None:
    found = array(machine, xfs(blocks, half_made))
    assert machine.md().file_system(found, found.arrays[MD]) == {
        "device": f"/dev/{MD}",
        "missing": "",
        "kind": "xfs",
        "uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "label": "eucaim",
        "bytes": blocks * 4096,
        "half_made": bool(half_made),
        "can_grow": can_grow,
        "mounted_on": ["/srv/eucaim"],
    }
    assert machine.calls() == []


def test_an_array_that_is_empty(machine: Machine) -> None:
    found = replace(array(machine, bytes(SIZE)), mounts={})
    assert machine.md().file_system(found, found.arrays[MD]) == {
        "device": f"/dev/{MD}",
        "missing": "",
        "kind": "",
        "uuid": uuid_for(OURS),
        "label": "",
        "bytes": 0,
        "half_made": False,
        "can_grow": False,
        "mounted_on": [],
    }


def test_a_kernel_that_does_not_say_the_uuid_gives_no_two_arrays_the_same_file_system(machine: Machine) -> None:
    array(machine, bytes(SIZE))
    found = healthy(uuid=None)
    holds = machine.md().file_system(found, found.arrays[MD])
    assert holds is not None
    assert holds["uuid"] == uuid_for(OURS)


def test_what_else_lies_on_an_array(machine: Machine) -> None:
    machine.node.says("wipefs", out='{"signatures": [{"type": "LVM2_member"}, {"type": "gpt"}]}')
    found = array(machine, bytes(SIZE))
    holds = machine.md().file_system(found, found.arrays[MD])
    assert holds is not None
    assert holds["kind"] == "LVM2_member; gpt"
    assert machine.calls() == [f"wipefs --json --no-act /dev/{MD}"]


def test_what_nothing_recognises_is_not_taken_for_nothing(machine: Machine) -> None:
    """A database, or an encrypted volume without a mark, would else be formatted over."""
    machine.node.says("wipefs", out="")
    found = array(machine, bytes(8192) + b"somebody's" + bytes(SIZE))
    holds = machine.md().file_system(found, found.arrays[MD])
    assert holds is not None
    assert holds["kind"] == "data that nothing recognises"


def test_no_array_has_no_file_system(machine: Machine) -> None:
    assert machine.md().file_system(seen(), None) is None
    assert machine.md().file_system(seen(), running([], state="inactive")) is None


def test_the_array_has_its_name_where_that_leads_to_it(machine: Machine) -> None:
    node = machine.md("data")
    assert node.device(None) == "/dev/md/data"
    assert node.device(running([])) == f"/dev/{MD}"
    machine.links["/dev/md/data"] = f"/dev/{MD}"
    assert node.device(running([])) == "/dev/md/data"


@pytest.mark.parametrize(
    ("speed", "completed", "left"),
    [
        ("1000\n", "2000 / 10000\n", 4),
        ("none\n", "2000 / 10000\n", None),
        ("0\n", "2000 / 10000\n", None),
        ("1000\n", "none\n", None),
        ("1000\n", "2000 / none\n", None),
        (None, None, None),
    ],
)
def test_how_long_the_kernel_still_works(
    machine: Machine, speed: str | None, completed: str | None, left: int | None
) -> None:
    folder = machine.folder / "sys" / MD / "md"
    folder.mkdir(parents=True)
    for name, text in {"sync_speed": speed, "sync_completed": completed}.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    at_work = running([member(0)], action="recover", action_percent=20.0)
    assert machine.md().progress(at_work) == {"action": "recover", "percent": 20.0, "seconds_left": left}


@pytest.mark.parametrize("action", [None, "idle", "frozen"])
def test_a_kernel_at_rest(machine: Machine, action: str | None) -> None:
    assert machine.md().progress(running([], action=action)) is None
    assert machine.md().progress(None) is None


def test_looked_says_nothing_by_itself() -> None:
    """A drive is called blank by whoever has looked only."""
    assert not Looked().blank


def test_no_array_is_made_for_a_folder_in_which_something_lies(tmp_path: Path) -> None:
    """Nor for a mount point, nor for what is no folder. An empty one, one that is not there and none at all will do."""
    full = tmp_path / "full"
    full.mkdir()
    (full / ".of-others").write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "leads-nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "to-full").symlink_to(full)
    for name in ("", str(tmp_path / "empty"), str(tmp_path / "not-there")):
        assert md.hidden_below(name, "storage_") == [], name
    for name, found in {
        str(full): f"{full}/.of-others, which would be hidden",
        str(tmp_path / "to-full"): f"{tmp_path}/to-full/.of-others, which would be hidden",
        str(full / ".of-others"): f"{full}/.of-others, which is no folder",
        str(tmp_path / "leads-nowhere"): f"{tmp_path}/leads-nowhere, which is no folder",
        "/proc": "/proc, on which something is mounted",
    }.items():
        (refusal,) = md.hidden_below(name, "storage_")
        assert (refusal.requirement, refusal.variable, refusal.found) == ("ST-DATA", "storage_mount_point", found)


def test_what_the_node_starts_with_is_compared_with_the_settings_that_are_there(tmp_path: Path) -> None:
    """Whoever was cut off between the settings and the initial file system owes it; without settings, nobody."""
    settings, kept = tmp_path / "mdadm.conf", tmp_path / "start.conf"
    assert not md.start_differs(str(settings), str(tmp_path))
    settings.write_text("ARRAY /dev/md/eucaim\n", encoding="utf-8")
    assert md.start_differs(str(settings), str(tmp_path))
    assert not md.start_differs("", str(tmp_path))
    kept.write_text("ARRAY /dev/md/eucaim\n", encoding="utf-8")
    assert not md.start_differs(str(settings), str(tmp_path))
    kept.write_text("ARRAY /dev/md/eucaim\nMAILADDR ops\n", encoding="utf-8")
    assert md.start_differs(str(settings), str(tmp_path))
