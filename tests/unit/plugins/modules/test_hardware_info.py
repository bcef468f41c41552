# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module reads the machine of the test, and says the same of it as the script."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_file import (
    machine_from_dict,
    machine_from_text,
    machine_to_dict,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import SLOW
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording
from ansible_collections.eucaim.local_node.plugins.modules import hardware_info

SCRIPT = Path(__file__).resolve().parents[4] / "roles" / "preflight" / "files" / "read_machine.sh"


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule."""

    def __init__(self, **params: Any) -> None:
        self.params = params
        self.options: dict[str, Any] = {}

    def __call__(self, **options: Any) -> FakeModule:
        """Stand in for the class too."""
        self.options = options
        return self

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, msg: str) -> NoReturn:
        """End badly."""
        raise Ended(True, {"msg": msg})


def run(monkeypatch: pytest.MonkeyPatch, **params: Any) -> tuple[Ended, FakeModule]:
    """Run the module."""
    module = FakeModule(**{"gather": [], "timeout": 30.0, **params})
    monkeypatch.setattr(hardware_info, "AnsibleModule", module)
    with pytest.raises(Ended) as caught:
        hardware_info.main()
    return caught.value, module


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of the test is read in one go; its answer is plain data that can be read again."""
    ended, module = run(monkeypatch)
    assert not ended.failed
    assert ended.result["changed"] is False
    assert module.options["supports_check_mode"] is True
    hardware = json.loads(json.dumps(ended.result["hardware"]))
    machine = machine_from_dict(hardware)
    assert machine_to_dict(machine) == hardware
    assert ended.result["unknown"] == machine.unknown
    assert machine.cpu.threads
    assert machine.memory.usable_bytes
    assert {"files", "cpuinfo"} <= set(ended.result["probes"])
    assert all(0 <= seconds < 30 for seconds in ended.result["probes"].values())


def test_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The options are those that are documented, and reach the reader."""
    asked: list[tuple[list[str], float]] = []

    class Reader:
        def __init__(self, gather: list[str], timeout: float) -> None:
            self.seconds = {"files": 0.123456}
            asked.append((gather, timeout))

        def record(self) -> Recording:
            return Recording()

    monkeypatch.setattr(hardware_info, "Recorder", Reader)
    ended, module = run(monkeypatch, gather=["smart", "gpu"], timeout=7.5)
    assert asked == [(["smart", "gpu"], 7.5)]
    assert ended.result["probes"] == {"files": 0.123}
    assert ended.result["unknown"]["drives"] == "there is no /sys/block"
    documented = yaml.safe_load(hardware_info.DOCUMENTATION)["options"]
    spec = module.options["argument_spec"]
    assert documented["gather"]["choices"] == spec["gather"]["choices"] == list(SLOW)
    assert {name: each["default"] for name, each in documented.items()} == {"gather": [], "timeout": 30.0}
    assert {name: each["default"] for name, each in spec.items()} == {"gather": [], "timeout": 30.0}
    assert set(yaml.safe_load(hardware_info.RETURN)) | {"changed"} == set(ended.result)


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_no_time(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """No time at all is refused."""
    ended, _module = run(monkeypatch, timeout=timeout)
    assert ended.failed
    assert f"timeout: found {timeout:g}; needed: more than 0 seconds" in ended.result["msg"]


def moving(hardware: dict[str, Any]) -> dict[str, Any]:
    """Return a machine without what may change from one second to the next."""
    systems = [{**each, "available_bytes": 0} for each in hardware["file_systems"] or ()]
    boot = {**hardware["boot"], "errors": None}
    links = [each["name"] for each in hardware["links"] or ()]
    return {**hardware, "at": "", "file_systems": systems, "boot": boot, "links": links}


def test_script_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's recording of this machine comes to the same as the module's own reading."""
    ended, _module = run(monkeypatch)
    done = subprocess.run(["sh", str(SCRIPT)], capture_output=True, check=True)
    read = machine_to_dict(machine_from_text(done.stdout.decode("utf-8", "replace")))
    assert moving(read) == moving(ended.result["hardware"])
