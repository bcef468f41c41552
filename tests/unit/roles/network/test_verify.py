# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of links is there as long as links are listed, and costs one execution when none are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

VERIFY = Path(__file__).resolve().parents[4] / "roles" / "network" / "tasks" / "verify.yml"


def rendered(text: str, **values: Any) -> str:
    """Return a template with these values."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.filters["bool"] = bool
    return environment.from_string(text).render(**values)


@pytest.mark.parametrize(
    ("wanted", "probe", "state", "rows"), [(True, {"rows": [1]}, "present", "[1]"), (False, {}, "absent", "[]")]
)
def test_evidence_goes_with_the_links(wanted: bool, probe: dict[str, Any], state: str, rows: str) -> None:
    measure, leave = yaml.safe_load(VERIFY.read_text(encoding="utf-8"))
    evidence = leave["eucaim.local_node.evidence"]
    known = {"__network_wanted": wanted, "__network_probe": probe}
    assert measure["when"] == "__network_wanted | bool"
    assert "when" not in leave
    assert (rendered(evidence["state"], **known), rendered(evidence["rows"], **known)) == (state, rows)
