# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that stands for the action says so, and documents what it takes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.modules import bootstrap as module


def test_it_refuses_to_run_on_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    class Module:
        """Keeps how it was made."""

        def __init__(self, **options: Any) -> None:
            seen.update(options)

        def fail_json(self, msg: str) -> None:
            """Keep the words."""
            seen["msg"] = msg

    monkeypatch.setattr(module, "AnsibleModule", Module)
    module.main()
    assert "control node" in seen["msg"]
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert sorted(documented) == sorted(seen["argument_spec"])
