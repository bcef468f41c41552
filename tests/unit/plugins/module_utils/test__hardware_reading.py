# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded machines of all sorts are known in every field; tests/data/SOURCES.md says where each comes from."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware_reading as reading
from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware_unknown as unknown
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine, Memory
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_file import machine_from_dict, machine_to_dict
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import (
    Output,
    Recording,
    read_recording,
    write_recording,
)
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[4] / "tests" / "data"
RECORDED = sorted(path.stem for path in (DATA / "machines").glob("*.txt"))

each_machine = pytest.mark.parametrize("name", RECORDED)


def recorded(name: str) -> Recording:
    """Return a recorded machine."""
    return read_recording((DATA / "machines" / f"{name}.txt").read_text(encoding="utf-8"))


def expected(name: str) -> dict[str, Any]:
    """Return what is right of it."""
    found: dict[str, Any] = json.loads((DATA / "machines" / f"{name}.expected.json").read_text(encoding="utf-8"))
    return found


def test_there_are_enough() -> None:
    """At least twenty machines are recorded, each with its answer and its origin."""
    assert len(RECORDED) >= 20
    answers = {path.name.removesuffix(".expected.json") for path in (DATA / "machines").glob("*.expected.json")}
    assert answers == set(RECORDED)
    sources = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)`", sources, re.MULTILINE)) == set(RECORDED)


@each_machine
def test_every_field(name: str) -> None:
    """Each field, and each reason for what is not known, is the right one."""
    machine = reading.read_machine(recorded(name))
    wanted = expected(name)
    found = machine_to_dict(machine)
    for part in {*wanted, *found}:
        assert found.get(part) == wanted.get(part), part
    assert machine_from_dict(wanted) == machine


@each_machine
def test_recording_survives(name: str) -> None:
    """A recorded machine is written as it was read."""
    assert read_recording(write_recording(recorded(name))) == recorded(name)


def leaves(path: str, value: Any, kind: str) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield the fields of a machine: path, path of the kind, what it is a field of, value."""
    for one in dataclasses.fields(value):
        inner = getattr(value, one.name)
        where, sort = f"{path}{one.name}", f"{kind}{one.name}"
        if dataclasses.is_dataclass(inner):
            yield from leaves(f"{where}.", inner, f"{sort}.")
        elif isinstance(inner, tuple) and inner and dataclasses.is_dataclass(inner[0]):
            for each in inner:
                key = getattr(each, "slot", None) or getattr(each, "address", None) or unknown._key(each)
                yield from leaves(f"{where}.{key}.", each, f"{sort}.")
        elif one.name != "unknown":
            yield where, sort, value, inner


@each_machine
def test_every_unknown_has_a_reason(name: str) -> None:
    """What is None has a reason, or is something that has no value; what is known has none."""
    machine = reading.read_machine(recorded(name))
    used: set[str] = set()
    for path, sort, holder, value in leaves("", machine, ""):
        no_value = unknown._NO_VALUE.get(sort)
        if value is None and not (no_value and no_value(holder)) and ".addresses." not in path:
            assert machine.why(path), path
            used.update(each for each in machine.unknown if each in (path, sort, path.split(".")[0]))
        elif value is not None:
            assert path not in machine.unknown
    assert used == set(machine.unknown)
    assert all(reason.strip() and len(reason) < 250 for reason in machine.unknown.values())


@each_machine
def test_parts_of_a_recording(name: str) -> None:
    """Without any one of its commands or groups of files a machine is still read, and less is known of it."""
    whole = recorded(name)
    for left_out in whole.commands:
        commands = {key: value for key, value in whole.commands.items() if key != left_out}
        reading.read_machine(dataclasses.replace(whole, commands=commands))
    for folder in ("/sys", "/proc", "/run", "/dev", "/sys/block", "/sys/class/net"):
        files = {path: text for path, text in whole.files.items() if not path.startswith(folder)}
        links = {path: target for path, target in whole.links.items() if not path.startswith(folder)}
        reading.read_machine(dataclasses.replace(whole, files=files, links=links))


ODD = st.sampled_from(
    ["", "-1", "0", "x", "18446744073709551616", "1,2", "{}", "[]", "[1]", '[{"a": null}]', "a\nb | c"]
)


@given(st.sampled_from(RECORDED), st.data(), ODD | st.text(max_size=20))
def test_odd_values(name: str, data: st.DataObject, text: str) -> None:
    """Whatever a file, a link or a command says, the rest of the machine is read."""
    whole = recorded(name)
    path = data.draw(st.sampled_from(sorted(whole.files)))
    link = data.draw(st.sampled_from(sorted(whole.links)))
    command = data.draw(st.sampled_from(sorted(whole.commands)))
    machine = reading.read_machine(
        dataclasses.replace(
            whole,
            files={**whole.files, path: text},
            links={**whole.links, link: text},
            commands={**whole.commands, command: Output(0, text, text)},
        )
    )
    assert machine_from_dict(machine_to_dict(machine)) == machine


def test_nothing() -> None:
    """Of an empty recording nothing is known, and everything has a reason."""
    machine = reading.read_machine(Recording())
    assert (machine.drives, machine.gpus, machine.links, machine.arrays, machine.file_systems) == (None,) * 5
    assert machine.cpu.threads is None
    assert machine.memory.ecc is None
    assert machine.why("memory.ecc") == machine.memory.ecc_reason
    assert machine.why("host") == "nothing that was read tells it"


EDAC = f"{reading.EDAC}/mc0"


@pytest.mark.parametrize(
    ("known", "modes", "name", "ecc", "words"),
    [
        (None, ["SECDED"], "ie31200", True, "reads SECDED from the memory controller ie31200"),
        (None, ["S4ECD4ED", "SECDED"], "", True, "reads S4ECD4ED, SECDED from the memory controller"),
        (True, ["SECDED"], "x", True, "as the firmware says; the kernel's driver reads SECDED"),
        (False, ["SECDED"], "x", None, "as the firmware says, yet the kernel's driver reads SECDED"),
        (False, ["None"], "x", False, "as the firmware says"),
        (None, ["SECDED", "Unknown"], "x", None, "as the firmware says"),
        (True, [], "x", True, "as the firmware says"),
    ],
)
def test_memory_controller(known: bool | None, modes: list[str], name: str, ecc: bool | None, words: str) -> None:
    """The memory controller's word strengthens the firmware's, replaces a missing one, contradicts a wrong one."""
    files = {f"{EDAC}/dimm{number}/dimm_edac_mode": mode for number, mode in enumerate(modes)}
    reasons: dict[str, str] = {}
    found = reading._with_edac(
        Recording(files={**files, f"{EDAC}/mc_name": name}),
        Memory(ecc=known, ecc_reason="as the firmware says"),
        reasons,
    )
    assert found.ecc is ecc
    assert words in (found.ecc_reason or "")
    assert ("memory.ecc" in reasons) is (known is False and ecc is None)


def arm(packages: str, lscpu: str = "", arch: str = "aarch64") -> Machine:
    """Return an ARM machine whose CPUs have these packages."""
    folder = "/sys/devices/system/cpu"
    files = {f"{folder}/online": f"0-{len(packages) - 1}"}
    for number, package in enumerate(packages):
        files[f"{folder}/cpu{number}/topology/physical_package_id"] = package
        files[f"{folder}/cpu{number}/topology/thread_siblings_list"] = str(number)
    commands = {"lscpu": Output(0, lscpu)} if lscpu else {}
    return reading.read_machine(Recording(facts={"arch": arch}, files=files, commands=commands))


def test_clusters() -> None:
    """What a device tree calls packages may be clusters; lscpu decides, or nobody. Elsewhere packages are sockets."""
    lscpu = "Architecture: aarch64\nCPU(s): 4\nModel name: Neoverse-N1\nThread(s) per core: 1\nCore(s) per socket: 2\n"
    assert arm("0000").cpu.sockets == 1
    assert arm("0011").cpu.sockets is None
    assert arm("0011", lscpu + "Socket(s): 2\nNUMA node(s): 1").cpu.sockets is None
    two = arm("0011", lscpu + "Socket(s): 2\nNUMA node(s): 2")
    assert (two.cpu.sockets, two.cpu.model) == (2, "Neoverse-N1")
    assert arm("0011", arch="x86_64").cpu.sockets == 2


def test_tables_that_are_none() -> None:
    """What dmidecode says in place of a table is the reason for all that it would have told."""
    commands = {"dmidecode": Output(1, "# dmidecode 3.4", "/dev/mem: Operation not permitted")}
    machine = reading.read_machine(Recording(facts={"root": "yes"}, commands=commands))
    assert machine.why("cpu.fitted_sockets") == "dmidecode could not read the table"
