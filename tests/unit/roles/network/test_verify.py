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

ROLE = Path(__file__).resolve().parents[4] / "roles" / "network"
VERIFY = ROLE / "tasks" / "verify.yml"


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


@pytest.mark.parametrize(("links", "wanted"), [([], "False"), (None, "False"), ([{"name": "enp1s0"}], "True")])
def test_a_variable_with_nothing_behind_it_is_an_empty_list(links: Any, wanted: str) -> None:
    constants = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
    assert rendered(constants["__network_wanted"], network_links=links) == wanted


@pytest.mark.parametrize(("change", "told"), [({}, "False"), ({"notes": []}, "False"), ({"notes": ["n"]}, "True")])
def test_notes_are_told_where_there_are_some(change: dict[str, Any], told: str) -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "configure.yml").read_text(encoding="utf-8"))
    (tell,) = [task for task in tasks if "ansible.builtin.debug" in task]
    assert rendered(f"{{{{ {tell['when']} }}}}", __network_change=change) == told
