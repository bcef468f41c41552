# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine in a file is believed only after it was checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware as hardware
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware_file as file
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import (
    Recording,
    RecordingError,
    write_recording,
)
from hypothesis import given
from hypothesis import strategies as st

MACHINE = hardware.Machine(
    host="node",
    system=hardware.System(vendor="Example", secure_boot=True),
    cpu=hardware.Cpu(cores=16),
    memory=hardware.Memory(modules=(hardware.MemoryModule("A1", 1 << 35),)),
    gpus=(),
    drives=(hardware.Drive("sda", ids=("a", "b"), temperature_celsius=-3, contents=()),),
    arrays=(hardware.Array("md0", action_percent=33.3),),
    links=(hardware.Link("eno1", "ethernet", addresses=(hardware.Address("192.0.2.7", 24, "static"),)),),
    sensors=(hardware.Sensor("Inlet", "temperature", -4.5, "C", ambient=True),),
    unknown={"memory.ecc": "dmidecode needs root"},
)


def plain(**changes: Any) -> dict[str, Any]:
    """Return the machine as plain data, with some keys changed."""
    return {**json.loads(json.dumps(file.machine_to_dict(MACHINE))), **changes}


def test_round_trip() -> None:
    """A machine comes back as it was, from plain data, from JSON, and from all that the module returns."""
    assert file.machine_from_dict(plain()) == MACHINE
    assert file.machine_from_text(json.dumps(plain())) == MACHINE
    assert file.machine_from_text("\ufeff" + json.dumps({"changed": False, "hardware": plain()})) == MACHINE
    assert plain()["format"] == hardware.FORMAT


def test_recording() -> None:
    """A recording is a file, too; one that is cut off is refused."""
    text = write_recording(Recording(facts={"host": "node"}))
    assert file.machine_from_text(text).host == "node"
    with pytest.raises(RecordingError, match="cut off"):
        file.machine_from_text(text[: text.index("end ")])


def test_missing() -> None:
    """What a file does not have is not known; the file is the reason."""
    data = plain(cpu={"cores": 16})
    del data["power_supplies"], data["system"]
    machine = file.machine_from_dict(data)
    assert machine.cpu == hardware.Cpu(cores=16)
    assert machine.system == hardware.System()
    assert {machine.why(path) for path in ("power_supplies", "system.vendor", "cpu.threads")} == {
        "the file does not say"
    }
    assert machine.why("cpu.cores") == ""
    assert machine.why("memory.ecc") == "dmidecode needs root"
    assert "unknown" not in machine.unknown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "hardware.format: found 2; needed: 1, the format of this version"),
        ({"format": True}, "hardware.format: found true; needed: 1"),
        ({"format": None}, "hardware.format: found null; needed: 1"),
        ({"driver": []}, 'hardware: found the key "driver"; needed: one of host, at'),
        ({"cpu": {"core": 16}}, "remedy: did you mean cores?"),
        ({"cpu": {"zzz": 16}}, "remedy: take it away"),
        ({"cpu": {"cores": "16"}}, 'hardware.cpu.cores: found "16"; needed: a whole number or null'),
        ({"cpu": {"cores": 16.5}}, "hardware.cpu.cores: found 16.5; needed: a whole number or null"),
        ({"cpu": {"cores": True}}, "hardware.cpu.cores: found true; needed: a whole number or null"),
        ({"cpu": {"cores": -1}}, "hardware.cpu.cores: found -1; needed: 0 or more"),
        ({"cpu": None}, "hardware.cpu: found null; needed: an object"),
        ({"system": {"secure_boot": 1}}, "hardware.system.secure_boot: found 1; needed: true or false or null"),
        ({"drives": {}}, "hardware.drives: found {}; needed: a list"),
        ({"drives": ["sda"]}, 'hardware.drives[0]: found "sda"; needed: an object'),
        ({"drives": [{"bytes": 1}]}, "hardware.drives[0]: found no name; needed: a value for name"),
        ({"drives": [{"name": None}]}, "hardware.drives[0].name: found null; needed: a text;"),
        ({"drives": [{"name": "sda", "ids": [1]}]}, "hardware.drives[0].ids[0]: found 1; needed: a text"),
        ({"unknown": {"cpu": 1}}, "hardware.unknown[cpu]: found 1; needed: a text"),
        ({"unknown": []}, "hardware.unknown: found []; needed: an object"),
        ({"arrays": [{"name": "md0", "action_percent": "x"}]}, 'action_percent: found "x"; needed: a number or null'),
        (
            {"arrays": [{"name": "md0", "action_percent": False}]},
            "action_percent: found false; needed: a number or null",
        ),
        (
            {"at": ["y" * 100]},
            "...; needed: a text or null; remedy: save what hardware_info returns",
        ),
    ],
)
def test_refusals(changes: dict[str, Any], words: str) -> None:
    """What is not as the module writes it is refused: where, what was found, what is needed, what to do."""
    with pytest.raises(file.HardwareFileError) as caught:
        file.machine_from_dict(plain(**changes))
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["", "<html>", "[1, 2]", '"text"', "{}", '{"hardware": 7}'])
def test_no_machine(text: str) -> None:
    """A text without a machine is refused in words."""
    with pytest.raises(file.HardwareFileError, match=r"found .*; needed: .*; remedy: "):
        file.machine_from_text(text)


def test_whole_numbers_are_numbers() -> None:
    """A number without decimals is one where decimals are possible."""
    machine = file.machine_from_dict(plain(arrays=[{"name": "md0", "action_percent": 33}]))
    assert machine.arrays == (hardware.Array("md0", action_percent=33.0),)
    assert machine.arrays is not None
    assert isinstance(machine.arrays[0].action_percent, float)


def test_bytes() -> None:
    """A file may have been written by a shell of Windows, or have bytes in it that are no text."""
    text = json.dumps(plain())
    assert file.text_from_bytes(text.encode()) == text
    assert file.machine_from_text(file.text_from_bytes(text.encode("utf-16"))) == MACHINE
    assert file.text_from_bytes(b"a\xff") == "a\ufffd"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "bytes", "cores", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(plain())), anything)
def test_any(key: str, value: Any) -> None:
    """Whatever stands at a key, the answer is a machine or a refusal in words."""
    try:
        machine = file.machine_from_dict(plain(**{key: value}))
    except file.HardwareFileError:
        return
    assert file.machine_from_dict(file.machine_to_dict(machine)) == machine


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"kind": "eucaim.local_node.plan", "format": 1}', "no machine, but a plan of what to buy"),
        ('{"rows": [], "format": 1}', "no machine, but evidence or a report"),
        ('{"a": 1, "b": 2}', "no machine, but an object with the keys a, b"),
        ("{}", "no machine, but an empty object"),
        ("", "found an empty file"),
        ("\x89PNG\x00", "found no text"),
        ("a letter", 'found "a letter"'),
    ],
)
def test_what_a_file_holds_in_place_of_a_machine_is_named(text: str, found: str) -> None:
    with pytest.raises(file.HardwareFileError) as error:
        file.machine_from_text(text)
    assert found in str(error.value)
