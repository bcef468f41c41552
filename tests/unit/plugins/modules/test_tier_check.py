# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module judges what it is given, a saved file, or the machine of the test."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.doc_fragments.findings import ModuleDocFragment
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_file import machine_to_dict
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording, write_recording
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import JUDGED
from ansible_collections.eucaim.local_node.plugins.modules import tier_check
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import GOOD, changed

FILLED = {
    "tier": 3,
    "profile": "d5.11",
    "hardware": None,
    "hardware_file": None,
    "gather": [],
    "timeout": 30.0,
    "dataset_size": "4TB",
    "fitted": {"memory": "128GB", "drives": 7, "links": 2, "sockets": 1},
    "stated": {"staggered_spin_up": True, "shelf_spare": "4TB", "free_drive_bays": 2, "warranty": "until 2031"},
    "waivers": [],
    "network": [],
}
WAIVER = {"requirement": "HW-CPU", "by": "A. Person", "reason": "ordered", "until": "2999-12-31"}


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.params: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, **result: Any) -> NoReturn:
        """End badly."""
        raise Ended(True, result)


def run(monkeypatch: pytest.MonkeyPatch, **params: Any) -> Ended:
    def made(**options: Any) -> FakeModule:
        module = FakeModule(**options)
        assert set(options["argument_spec"]) == set(FILLED)
        module.params = {**FILLED, **params}
        return module

    monkeypatch.setattr(tier_check, "AnsibleModule", made)
    with pytest.raises(Ended) as ended:
        tier_check.main()
    return ended.value


def judged(monkeypatch: pytest.MonkeyPatch, **params: Any) -> dict[str, Any]:
    ended = run(monkeypatch, **params)
    assert not ended.failed, ended.result
    assert ended.result["changed"] is False
    json.dumps(ended.result)
    for row in ended.result["rows"]:
        make_row(row)
    return ended.result


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {row["requirement"]: row["status"] for row in result["rows"]}


def test_a_machine_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = machine_to_dict(replace(GOOD, at="2026-01-31T12:00:00Z"))
    result = judged(monkeypatch, hardware=given)
    assert result["hardware"] == given
    assert statuses(result)["HW-CPU"] == "recommended"
    assert {row["at"] for row in result["rows"]} == {"2026-01-31T12:00:00Z"}
    assert result["summary"]["unanswered"] == 2
    assert result["unmet"] == []
    assert result["documents"]["hardware"]["warranty"] == "until 2031"
    assert result["findings"][0] == {
        "requirement": "HW-CPU",
        "item": "cores",
        "found": "32",
        "minimum": "16",
        "recommended": "32",
        "verdict": "recommended",
        "reason": "",
    }
    assert result["table"][1].split() == ["HW-CPU", "recommended"]


@pytest.mark.parametrize("at", [None, "yesterday", "2026-01-31T12:00:00Z and more"])
def test_a_machine_without_a_time_has_that_of_the_run(monkeypatch: pytest.MonkeyPatch, at: str | None) -> None:
    result = judged(monkeypatch, hardware=machine_to_dict(replace(GOOD, at=at)))
    assert len({row["at"] for row in result["rows"]}) == 1


def test_what_is_unmet_and_waived(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = machine_to_dict(changed("cpu", cores=4))
    result = judged(monkeypatch, hardware=weak)
    assert result["summary"]["unmet"] == 1
    assert result["unmet"][0].startswith("[HW-CPU] found cores: 4, unmet")
    result = judged(monkeypatch, hardware=weak, waivers=[WAIVER])
    assert (statuses(result)["HW-CPU"], result["unmet"]) == ("waived", [])
    assert statuses(judged(monkeypatch, hardware=weak, tier=2, profile="handbook"))["HW-CPU"] == "met"


def test_a_container_has_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(monkeypatch, hardware=machine_to_dict(changed("system", container="docker")))
    assert result["documents"] == {}
    assert set(statuses(result).values()) == {"unanswered"}


def test_a_file_of_either_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    saved = tmp_path / "machine.json"
    saved.write_text(json.dumps(machine_to_dict(GOOD)), encoding="utf-8")
    assert statuses(judged(monkeypatch, hardware_file=str(saved)))["HW-RAM"] == "recommended"
    recording = Recording(facts={"host": "far", "root": "yes"}, files={"/run/systemd/container": "lxc"})
    printed = tmp_path / "machine.txt"
    printed.write_bytes(write_recording(recording).encode("utf-16"))
    result = judged(monkeypatch, hardware_file=str(printed))
    assert result["hardware"]["host"] == "far"


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Reader:
        def __init__(self, gather: list[str], timeout: float) -> None:
            asked.append((gather, timeout))

        def record(self) -> Recording:
            return Recording(facts={"host": "here"})

    monkeypatch.setattr(tier_check, "Recorder", Reader)
    result = judged(monkeypatch, gather=["smart"], timeout=5.0)
    assert result["hardware"]["host"] == "here"
    assert asked == [(["smart"], 5.0)]


def test_this_machine_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(monkeypatch, fitted={}, stated={}, dataset_size=None)
    assert result["hardware"]["cpu"]["threads"] >= 1
    assert set(statuses(result)) == set(JUDGED)


def test_options_that_cannot_be_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(monkeypatch, dataset_size="4", timeout=0.0, waivers=[{**WAIVER, "until": "soon"}])
    assert ended.failed
    assert "3 refusals for" in ended.result["msg"]
    assert [each["variable"] for each in ended.result["refusals"]] == ["dataset_size", "waivers[0].until", "timeout"]
    for part in ("found", "needed", "remedy", "requirement"):
        assert all(each[part] for each in ended.result["refusals"])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"hardware": {"format": 2}}, "hardware.format: found 2; needed: 1"),
        ({"hardware": {"format": 1, "cpus": 3}}, 'found the key "cpus"'),
        ({"hardware_file": "/no/such/file"}, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_machine_is_refused(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], words: str) -> None:
    ended = run(monkeypatch, **params)
    assert ended.failed
    assert words in ended.result["msg"]
    assert "remedy: " in ended.result["msg"]


def test_a_file_without_a_machine_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear hospital,", encoding="utf-8")
    ended = run(monkeypatch, hardware_file=str(path))
    assert ended.failed
    assert "needed: JSON, or a recording" in ended.result["msg"]


def test_the_options_are_documented_as_they_are() -> None:
    documented = {
        **yaml.safe_load(tier_check.DOCUMENTATION)["options"],
        **yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"],
    }

    def shape(options: dict[str, Any], inner: str) -> dict[str, Any]:
        return {
            name: (
                option["type"],
                option.get("elements"),
                option.get("required", False),
                option.get("default"),
                option.get("choices"),
                shape(option.get(inner, {}), inner),
            )
            for name, option in options.items()
        }

    assert shape(documented, "suboptions") == shape(tier_check.OPTIONS, "options")


def test_nothing_is_known_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = machine_to_dict(Machine())
    result = judged(monkeypatch, hardware=empty, fitted={}, stated={}, dataset_size=None)
    assert set(statuses(result).values()) == {"unanswered"}
