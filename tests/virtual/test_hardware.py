# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardware of a virtual machine in the report: read by Ansible, and from a file that its script printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER
from ansible_collections.eucaim.local_node.plugins.module_utils._tier import JUDGED

from tests.nodes.machine import DriveSpec, Machine
from tests.site.driver import ROOT, SCRATCH, playbook, rows, write_inventory

GIB = 2**30
AREA = SCRATCH / "virtual"
PREFLIGHT = str(ROOT / "playbooks" / "preflight.yml")
READER = ROOT / "roles" / "preflight" / "files" / "read_machine.sh"
EXPECTED = ROOT / "tests" / "expected" / "virtual_machine.yml"
SECTIONS = ("2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3")
# What a look at the hardware alone says nothing about.
ELSEWHERE = {"TIER-1", "TIER-2", "TIER-3", "OS-LTS", "OS-DEVICES"}
SMBIOS = (
    "type=1,manufacturer=EUCAIM,product=Test Server,serial=SRV-0001",
    "type=4,manufacturer=EUCAIM,version=Test CPU @ 2.60GHz,max-speed=3500,current-speed=2600",
)
DRIVES = (DriveSpec(3 * GIB, serial="DATA1"), DriveSpec(3 * GIB, serial="DATA2"), DriveSpec(2 * GIB, serial="DATA3"))
ANSWERS: dict[str, Any] = {
    "site_dataset_size": "1GB",
    "site_attestations": [{"requirement": "PH-FIRE", "answer": "yes", "by": "Ada", "date": "2026-01-31"}],
    "site_waivers": [{"requirement": "HW-RAM", "by": "Ada", "reason": "a test", "until": "2999-12-31"}],
}
VERIFY = [
    {
        "hosts": "local_nodes",
        "become": True,
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.import_role": {"name": "eucaim.local_node.preflight", "tasks_from": "verify"}},
            {
                "ansible.builtin.import_role": {"name": "eucaim.local_node.report"},
                "vars": {"report_tier": "{{ preflight_tier }}", "report_fail_on": []},
            },
        ],
    }
]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with three drives beside its system's."""
    made = Machine("virtual-1", port=22211, drives=DRIVES, smbios=SMBIOS)
    try:
        yield made.up()
    finally:
        made.down()


@pytest.fixture(scope="module")
def inventory(machine: Machine) -> Path:
    """An inventory of that machine."""
    settings = {
        **machine.variables(),
        "preflight_tier": 2,
        "preflight_package_source": False,
        **ANSWERS,
    }
    return write_inventory(AREA, {machine.name: settings})


@pytest.fixture(scope="module")
def reported(machine: Machine, inventory: Path) -> dict[str, dict[str, str]]:
    """The rows of the report, as read by Ansible."""
    play = AREA / "verify.json"
    play.write_text(json.dumps(VERIFY), encoding="utf-8")
    playbook(str(play), inventory=inventory).succeeded()
    return rows(AREA / "reports" / machine.name)


def test_every_row_has_the_status_that_it_must_have(reported: dict[str, dict[str, str]]) -> None:
    """All rows of the register, by status; any other status fails."""
    expected: dict[str, list[str]] = yaml.safe_load(EXPECTED.read_text(encoding="utf-8"))
    found = {name: row["status"] for name, row in reported.items()}
    assert {name: status for status, names in expected.items() for name in names} == found


def test_every_table_of_the_deliverable_has_its_rows(reported: dict[str, dict[str, str]]) -> None:
    """Sections 2 to 3.3: each requirement says what was found, or what it waits for."""
    asked = [name for name, requirement in REGISTER.items() if requirement.section in SECTIONS]
    assert len(asked) > 30
    assert [name for name in asked if not reported[name]["measured"]] == []


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("HW-CPU", ("cores: 1,", "2.6 GHz")),
        ("HW-RAM", ("1.5 GiB", "virtual machine", "waived by Ada until 2999-12-31")),
        ("ST-OS", ("6.44 GB",)),
        ("ST-DATA", ("8.59 GB",)),
        ("PH-RECORD", ("1 of 1 memory modules",)),
        ("PH-FIRE", ("yes, says Ada",)),
        ("NET-ADDR", ("10.0.2.15 by DHCP",)),
        ("OS-PART", ("one file system, unmet",)),
    ],
)
def test_the_figures_are_those_of_the_machine(
    reported: dict[str, dict[str, str]], requirement: str, words: tuple[str, ...]
) -> None:
    """What the machine was made of stands in its rows."""
    assert [word for word in words if word not in reported[requirement]["measured"]] == []


def test_the_record_of_the_hardware_is_kept(reported: dict[str, dict[str, str]], machine: Machine) -> None:
    """PH-RECORD: serial numbers of the machine and of each drive."""
    report = json.loads((AREA / "reports" / machine.name / "evidence.json").read_text(encoding="utf-8"))
    record = report["documents"]["hardware"]
    assert record["system"]["serial"] == "SRV-0001"
    assert {drive["serial"] for drive in record["drives"]} == {"SYSTEM", "DATA1", "DATA2", "DATA3"}
    assert "Record of the hardware" in (AREA / "reports" / machine.name / "index.html").read_text(encoding="utf-8")


def test_a_saved_reading_gives_the_same_rows(reported: dict[str, dict[str, str]], machine: Machine) -> None:
    """read_machine.sh on the machine, its output on the control machine, and no host in the inventory."""
    machine.ssh("cat > reader.sh", stdin=READER.read_text(encoding="utf-8"))
    saved = AREA / "saved" / "machine.txt"
    saved.parent.mkdir(parents=True, exist_ok=True)
    saved.write_text(machine.sudo("sh /home/operator/reader.sh --all").stdout, encoding="utf-8")
    play_vars = {"hardware_file": str(saved), "preflight_tier": 2, **ANSWERS}
    run = playbook(PREFLIGHT, "-e", json.dumps(play_vars), inventory=Path("/dev/null")).succeeded()
    assert run.changed <= 1
    found = rows(saved.parent / "reports" / "machine")
    assert list(found) == list(REGISTER)
    compared = [*JUDGED, "PH-FIRE"]
    assert {name: found[name]["status"] for name in compared} == {name: reported[name]["status"] for name in compared}
    different = {name for name in compared if found[name]["measured"] != reported[name]["measured"]}
    assert different <= {"OS-PART", "OS-BOOT"}, {name: (found[name], reported[name]) for name in different}
    assert {found[name]["status"] for name in ELSEWHERE - {"TIER-3"}} == {"unanswered"}


def test_without_root_less_is_known_and_nothing_guessed(inventory: Path) -> None:
    """The role needs no administrator; what needs one is unanswered and says so."""
    play = AREA / "look.json"
    look = {"hosts": "local_nodes", "gather_facts": False, "roles": ["eucaim.local_node.preflight"]}
    play.write_text(json.dumps([look]), encoding="utf-8")
    run = playbook(str(play), inventory=inventory).succeeded()
    assert run.changed == 0
    table = " ".join(run.task("Show what hardware was found and what is needed").split())
    assert "cores: 1, unmet" in table
    assert "dmidecode needs root" in table
    # Without root the memory is counted in the kernel's blocks, which are the same size here.
    assert "memory: 1.5 GiB" in table
