# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module looks, decides and acts until there is nothing left to do, on the model of md in the place of a node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Running, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import Decision, Record
from ansible_collections.eucaim.local_node.plugins.modules import raid_array
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Node
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import (
    FRESH,
    MARK,
    MD,
    Model,
    disk,
    path_of,
    paths_of,
)

ASKED: dict[str, Any] = {"name": "eucaim", "drives": [*paths_of(0, 1, 2)]}


class Stand:
    """The model in the place of MdNode."""

    model = Model({})
    acts = True
    remembered = 0
    ended = 0

    def __init__(self, module: Any, name: str, directory: str) -> None:
        assert (name, directory) == ("eucaim", "/var/lib/eucaim/storage")
        self.module = module
        self.fresh_uuid = FRESH
        self.formatting = self

    def end(self, found: dict[str, Any] | None) -> None:
        """Count the looks after which a note of a file system's making would go."""
        assert not self.module.check_mode
        Stand.ended += found is not None

    def record(self) -> Record:
        """Return what is remembered."""
        return self.model.record

    def look(self, wanted: Wanted) -> Seen:
        """Look at the model."""
        return self.model.look(wanted)

    def act(self, _wanted: Wanted, decision: Decision) -> None:
        """Do what was decided, or nothing."""
        assert not self.module.check_mode
        if Stand.acts:
            self.model.act(decision)

    def remember(self, _decision: Decision) -> None:
        """Count."""
        Stand.remembered += 1

    def device(self, running: Running | None) -> str:
        """Say what the device is called."""
        return f"/dev/{running.name}" if running else "/dev/md/eucaim"

    def file_system(self, seen: Seen, running: Running | None) -> dict[str, Any] | None:
        """Say that there is none."""
        return {"kind": "", "mounted_on": list(seen.mounts)} if running and running.active else None

    def progress(self, running: Running | None) -> dict[str, Any] | None:
        """Say what the kernel is at."""
        return {"action": running.shown.action} if running and running.shown.action != "idle" else None


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """Return a machine with five empty drives."""
    made = Model({number: disk(number) for number in range(5)})
    monkeypatch.setattr(Stand, "model", made)
    monkeypatch.setattr(Stand, "acts", True)
    monkeypatch.setattr(Stand, "remembered", 0)
    monkeypatch.setattr(Stand, "ended", 0)
    monkeypatch.setattr(raid_array, "MdNode", Stand)
    return made


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_an_array_is_made_and_the_next_run_changes_nothing(
    model: Model, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = node.run(monkeypatch, raid_array, **ASKED)
    assert result["changed"] is True
    assert result["steps"] == [f"make raid5 eucaim of 3 drives: {', '.join(ASKED['drives'])}"]
    assert (result["device"], result["kernel_name"], result["uuid"]) == (f"/dev/{MD}", MD, FRESH)
    assert (result["array"]["level"], result["array"]["devices"]) == ("raid5", 3)
    assert [each["state"] for each in result["members"]] == ["active"] * 3
    assert result["file_system"] == {"kind": "", "mounted_on": []}
    assert (result["waiting"], result["problems"], result["notes"], result["progress"]) == ([], [], [], None)
    assert result["diff"]["before"] == "no array\n"
    assert result["diff"]["after"].startswith("level: raid5\ndevices: 3\n")
    assert (Stand.remembered, Stand.ended) == (1, 1)
    again = node.run(monkeypatch, raid_array, **ASKED)
    assert (again["changed"], again["steps"]) == (False, [])
    assert again["diff"]["before"] == again["diff"]["after"]


def test_check_mode_tells_what_comes_first_and_does_nothing(
    model: Model, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.check_mode = True
    result = node.run(monkeypatch, raid_array, **ASKED)
    assert (result["changed"], result["kernel_name"], result["uuid"], result["array"]) == (True, "", "", None)
    assert result["diff"]["after"] == f"no array\nthen: {result['steps'][0]}\n"
    assert model.done == []
    assert (result["members"], result["file_system"]) == ([], None)


def test_an_array_that_could_not_be_started_does_not_run(
    model: Model, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where check mode leaves it as it is: whoever reads the result must not take it for one that runs."""
    node.run(monkeypatch, raid_array, **ASKED)
    model.reboot(started=False)
    node.check_mode = True
    result = node.run(monkeypatch, raid_array, **ASKED)
    assert len(result["steps"]) == 2
    assert (result["kernel_name"], result["uuid"], result["array"], result["file_system"]) == ("", "", None, None)
    node.check_mode = False
    assert node.run(monkeypatch, raid_array, **ASKED)["kernel_name"] == MD


@pytest.mark.usefixtures("model")
def test_what_is_refused_is_told_all_at_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = node.end(monkeypatch, raid_array, name="eucaim", drives=[*paths_of(0, 7, 8)])
    assert ended.failed
    assert [each["found"] for each in ended.result["refusals"]] == [f"no drive {path}" for path in paths_of(7, 8)]
    assert ended.result["msg"].count("[ST-DATA]") == 2


def test_nothing_is_made_where_files_would_be_hidden(
    model: Model, node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With whatever else is wrong, and before the first drive is written to; not of an array that is there."""
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "patient.dcm").write_text("", encoding="utf-8")
    asked = {**ASKED, "mount_point": str(tmp_path / "records"), "prefix": "storage_"}
    ended = node.end(monkeypatch, raid_array, **asked)
    assert ended.failed
    (only,) = ended.result["refusals"]
    assert (only["requirement"], only["variable"]) == ("ST-DATA", "storage_mount_point")
    assert only["found"] == f"{tmp_path}/records/patient.dcm, which would be hidden"
    assert model.done == []
    node.check_mode = True
    assert node.end(monkeypatch, raid_array, **asked).failed
    both = node.end(monkeypatch, raid_array, **{**asked, "drives": [*paths_of(0, 7, 1)]})
    assert [each["variable"] for each in both.result["refusals"]] == ["storage_drives", "storage_mount_point"]
    node.check_mode = False
    node.run(monkeypatch, raid_array, **ASKED)
    there = node.run(monkeypatch, raid_array, **asked)
    assert (there["changed"], there["in_the_way"]) == (False, f"{tmp_path}/records/patient.dcm, which would be hidden")
    assert node.run(monkeypatch, raid_array, **ASKED)["in_the_way"] == ""


def test_what_waits_and_what_is_wrong_is_told(model: Model, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.run(monkeypatch, raid_array, **ASKED)
    model.pull(1)
    result = node.run(monkeypatch, raid_array, **{**ASKED, "drives": [*paths_of(0, 1, 2, 3)]})
    assert result["steps"] == ["let go of 1 drives that are gone", f"add {path_of(3)} to eucaim"]
    assert result["waiting"] == ["to grow from 3 to 4 drives: until the recover has ended"]
    assert result["problems"] == [f"{path_of(1)} is not there: replace the drive, and name the new one in its place"]
    assert result["progress"] == {"action": "recover"}
    assert result["notes"] == []


def test_what_never_comes_about_ends_the_run(model: Model, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stand, "acts", False)
    said = node.refuse(monkeypatch, raid_array, **ASKED)
    assert said.startswith(f"[ST-RAID] found the array eucaim still not as wanted after {raid_array.ROUNDS} rounds, ")
    assert "of which the last was to make raid5 eucaim of 3 drives" in said
    assert model.done == []


def test_an_array_is_taken_apart(model: Model, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.run(monkeypatch, raid_array, **ASKED)
    erase = dict.fromkeys(ASKED["drives"], MARK)
    assert "erase" in node.refuse(monkeypatch, raid_array, state="absent", **ASKED)
    result = node.run(monkeypatch, raid_array, state="absent", erase=erase, **ASKED)
    assert (result["changed"], len(result["steps"]), result["kernel_name"]) == (True, 4, "")
    assert result["diff"]["after"] == "no array\n"
    assert not model.put_together
    assert node.run(monkeypatch, raid_array, state="absent", **ASKED)["changed"] is False


def test_a_run_that_was_cut_off_before_the_initial_file_system_is_told(
    model: Model, node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "mdadm.conf"
    assert node.run(monkeypatch, raid_array, **ASKED, configuration=str(settings))["start_differs"] is False
    settings.write_text("ARRAY /dev/md/eucaim\n", encoding="utf-8")
    assert node.run(monkeypatch, raid_array, **ASKED, configuration=str(settings))["start_differs"] is True
    assert node.run(monkeypatch, raid_array, **ASKED)["start_differs"] is False
