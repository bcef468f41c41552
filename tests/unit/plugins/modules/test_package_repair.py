# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module tells what it repaired."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.plugins.modules import package_repair
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Node


@pytest.mark.parametrize("broken", [["git"], []])
def test_it_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: list[str]) -> None:
    monkeypatch.setattr(repair, "repair", lambda _module: broken)
    node = Node(tmp_path)
    assert node.run(monkeypatch, package_repair) == {"changed": bool(broken), "repaired": broken}
    assert len(node.warned) == len(broken)
