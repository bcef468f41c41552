# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt is asked to foretell an upgrade unless every installed package is known to have no newer version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

VARS = Path(__file__).resolve().parents[4] / "roles" / "base" / "vars" / "main.yml"
SAME = "a:\n  Installed: 1.0\n  Candidate: 1.0\n  Version table:\n"
NEWER = "b:\n  Installed: 1.0\n  Candidate: 1.1\n"
REMOVED = "c:\n  Installed: (none)\n  Candidate: 2.0\n"
FORETOLD = "Inst b [1.0] (1.1 Debian-Security:13/stable-security [amd64])\n"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (SAME, ""),
        (SAME + REMOVED, ""),
        (SAME + NEWER, FORETOLD),
        (NEWER + SAME, FORETOLD),
        ("", FORETOLD),
        ("N: Unable to locate package a\n", FORETOLD),
    ],
)
def test_apt_foretells_unless_nothing_is_newer(tmp_path: Path, policy: str, said: str) -> None:
    for name, answer in (("dpkg-query", "a\nb\nc\n"), ("apt-cache", policy), ("apt-get", FORETOLD)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ncat << 'END'\n{answer}END\n", encoding="utf-8")
        program.chmod(0o755)
    script = yaml.safe_load(VARS.read_text(encoding="utf-8"))["__base_ask_for_updates"]
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": path})
    assert done.stdout == said
