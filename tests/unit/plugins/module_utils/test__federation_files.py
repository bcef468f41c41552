# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing small files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _federation_files


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.env"
    _federation_files.write_text(str(path), "A='ü'\n", 0o600)
    assert _federation_files.read_text(str(path)) == "A='ü'\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a.env"]


def test_what_is_no_file_is_nothing(tmp_path: Path) -> None:
    assert _federation_files.read_text(str(tmp_path)) is None
    assert _federation_files.read_text(str(tmp_path / "none")) is None


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="directory"):
        _federation_files.write_text(str(tmp_path / "a"), "x", 0o600)
    assert os.listdir(tmp_path) == ["a"]
