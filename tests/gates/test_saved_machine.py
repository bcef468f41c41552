# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved reading of a machine is judged as the guide says: without a host, and from where the command was given."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._register import REGISTER

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ROOT / "tests" / "data" / "machines"


def preflight(folder: Path, *variables: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook in a folder, as a person would."""
    extra = [word for variable in variables for word in ("-e", variable)]
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(ROOT / "playbooks" / "preflight.yml"), *extra]
    env = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PWD": str(folder)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_a_file_beside_the_caller_is_judged_and_reported(tmp_path: Path) -> None:
    """The guide's own command: a name without a folder, and no inventory."""
    shutil.copy(MACHINES / "dell-r750-perc.txt", tmp_path / "newserver.txt")
    run = preflight(tmp_path, "hardware_file=newserver.txt", "preflight_tier=2", "preflight_dataset_size=4TB")
    assert run.returncode == 0, run.stdout
    (report,) = (tmp_path / "reports").iterdir()
    rows = json.loads((report / "evidence.json").read_text(encoding="utf-8"))["rows"]
    found = {row["requirement"]: row for row in rows}
    assert list(found) == list(REGISTER)
    assert (found["HW-CPU"]["status"], found["HW-RAM"]["status"]) == ("met", "recommended")
    assert "HW-RAM" in run.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "content: found an empty file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "content: found no text"),
        (b'{"kind": "eucaim.local_node.plan", "format": 1}', "no machine, but a plan of what to buy"),
        (b'{"rows": []}', "no machine, but evidence or a report"),
    ],
)
def test_what_is_no_machine_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """And the message names the file."""
    if content is not None:
        (tmp_path / "server.txt").write_bytes(content)
    run = preflight(tmp_path, "hardware_file=server.txt", "preflight_tier=2")
    assert run.returncode != 0
    assert words in run.stdout
    assert f"{tmp_path}/server.txt" in run.stdout
    assert not (tmp_path / "reports").exists()


def test_settings_are_refused_before_the_file_is_read(tmp_path: Path) -> None:
    """A tier that is none, and a size without a unit, both at once."""
    run = preflight(tmp_path, "hardware_file=server.txt", "preflight_tier=4", "preflight_dataset_size=4")
    assert run.returncode != 0
    assert "2 refusals" in run.stdout
