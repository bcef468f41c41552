# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role storage works out from its settings, in Ansible's own templates, without a node."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.site.driver import PROGRAMS, ROOT, environment

ROLES = ROOT / "roles"
PLAN: dict[str, Any] = {
    "array": {"level": "raid5", "members": 3, "chunk_bytes": 524288, "name": "planned", "member_bytes": 5},
    "file_system": {"kind": "xfs", "mkfs_options": ["-d", "su=524288,sw=2"]},
}
PLANNED = {"storage_plan_json": json.dumps(PLAN), "storage_drives": ["a", "b", "c"]}


def worked_out(folder: Path, variable: str, *cases: dict[str, Any]) -> list[Any]:
    """The values of a variable of the role, with each of these settings."""
    files = [str(ROLES / "storage" / part / "main.yml") for part in ("defaults", "vars")]
    text = f"{{{{ {variable} | to_json }}}}"
    tasks = [
        {
            "ansible.builtin.copy": {"content": text, "dest": str(folder / str(number)), "mode": "0600"},
            "vars": settings,
        }
        for number, settings in enumerate(cases)
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars_files": files, "tasks": tasks}
    path = folder / "play.json"
    path.write_text(json.dumps([play]), encoding="utf-8")
    python = f"ansible_python_interpreter={sys.executable}"
    command = [str(PROGRAMS / "ansible-playbook"), "-i", "localhost,", "-e", python, str(path)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads((folder / str(number)).read_text(encoding="utf-8")) for number in range(len(cases))]


def test_the_planned_geometry_is_for_the_planned_array(tmp_path: Path) -> None:
    """Any other array tells mkfs itself what it is like."""
    planned = PLAN["file_system"]["mkfs_options"]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, planned),
        ({"storage_chunk_bytes": 524288}, planned),
        ({"storage_chunk_bytes": 65536}, []),
        ({"storage_drives": ["a", "b", "c", "d"]}, []),
        ({"storage_level": "raid6"}, []),
        ({"storage_file_system": "ext4"}, []),
        ({"storage_level": "raid6", "storage_file_system_options": ["-K"]}, ["-K"]),
        ({"storage_plan_json": ""}, []),
    ]
    found = worked_out(tmp_path, "__storage_mkfs_options", *({**PLANNED, **changed} for changed, _options in cases))
    assert found == [options for _changed, options in cases]


def test_what_opens_an_array_is_a_package_of_its_own_by_now(tmp_path: Path) -> None:
    """It came with systemd before."""
    nodes = [
        ("Debian", "Debian", "12", False),
        ("Debian", "Debian", "13", True),
        ("Debian", "Ubuntu", "24", False),
        ("Debian", "Ubuntu", "26", True),
        ("RedHat", "Rocky", "10", False),
    ]
    facts = [
        {"os_family": family, "distribution": name, "distribution_major_version": version}
        for family, name, version, _opener in nodes
    ]
    found = worked_out(
        tmp_path, "__storage_packages", *({"storage_encrypted": True, "ansible_facts": each} for each in facts)
    )
    assert ["systemd-cryptsetup" in packages for packages in found] == [opener for *_node, opener in nodes]
    assert all("cryptsetup" in packages for packages in found)


def test_what_a_run_says_of_long_work(tmp_path: Path) -> None:
    """In percent and minutes, as far as they are known; nothing of an array at rest."""
    at_work = [
        (None, []),
        (
            {"action": "resync", "percent": 12.5, "seconds_left": 100},
            ["the kernel is at work (resync): 12.5 % done, about 2 minutes to go; the array can be used meanwhile"],
        ),
        (
            {"action": "check", "percent": None, "seconds_left": None},
            ["the kernel is at work (check); the array can be used meanwhile"],
        ),
    ]
    array = {"problems": [], "notes": [], "waiting": ["the file system"]}
    found = worked_out(
        tmp_path,
        "__storage_said",
        *({"__storage_array": {**array, "progress": progress}} for progress, _said in at_work),
    )
    assert found == [[*said, "waiting: the file system"] for _progress, said in at_work]


def test_a_bundle_brings_what_the_storage_needs() -> None:
    """The list of a bundle is made from the role's own table; what it reads there has to be there."""
    table = yaml.safe_load((ROLES / "storage" / "vars" / "main.yml").read_text(encoding="utf-8"))
    debian = table["__storage_platforms"]["Debian"]
    assert {"mdadm", "smartmontools"} <= set(debian["packages"])
    assert set(debian["tools"]) == {"xfs", "ext4"}
    text = (ROLES / "bundle" / "vars" / "main.yml").read_text(encoding="utf-8")
    for part in ("packages", "tools.values()", "volumes", "encryption", "opener.package"):
        assert f"__bundle_storage.{part}" in text
