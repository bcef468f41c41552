# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manuals tell people to write is what Ansible and the roles accept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.action.validate_inputs import convert
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs as inputs

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "eucaim.local_node."
PAGES = [ROOT / "README.md", *sorted((ROOT / "roles").glob("*/README.md"))]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])


def playbooks(page: Path) -> list[str]:
    """Return the playbooks on a page."""
    return [text for text in BLOCK.findall(page.read_text(encoding="utf-8")) if re.match(r"- (name|hosts):", text)]


def calls(plays: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the roles of ours that a playbook calls: the role, its entry point and its variables."""
    for play in plays:
        for item in play.get("roles", []):
            call = item if isinstance(item, Mapping) else {"role": item}
            yield call["role"], "main", dict(call.get("vars", {}))
        for part in ("pre_tasks", "tasks", "post_tasks"):
            for task in play.get(part, []):
                call = task.get("ansible.builtin.import_role") or task.get("ansible.builtin.include_role")
                if call:
                    yield call["name"], call.get("tasks_from", "main"), dict(task.get("vars", {}))


def given(value: Any) -> bool:
    """Say whether a value stands in the example itself, and is no template."""
    return "{{" not in str(value)


@each_page
def test_the_examples_pass_the_syntax_check(page: Path, tmp_path: Path) -> None:
    texts = playbooks(page)
    assert texts, "no example"
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    for number, text in enumerate(texts):
        path = tmp_path / f"example-{number}.yml"
        path.write_text(text, encoding="utf-8")
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", "localhost,", "--syntax-check", str(path)]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)[)#]", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_guide_is_listed_and_reached_from_the_manual() -> None:
    guides = sorted(path.stem for path in (ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
    (section,) = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert sorted(section["toctree"]) == guides
    manual = PAGES[0].read_text(encoding="utf-8")
    assert [guide for guide in guides if f"rst/{guide}.rst" not in manual] == []


@each_page
def test_the_roles_accept_the_examples(page: Path) -> None:
    called = [call for text in playbooks(page) for call in calls(yaml.safe_load(text))]
    assert called, "no role is called"
    for name, entry, variables in called:
        role = name.removeprefix(NAMESPACE)
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        options = specs["argument_specs"][entry].get("options") or {}
        assert sorted(set(variables) - set(options)) == []
        values = {key: value for key, value in variables.items() if given(value)}
        left_to_a_template = set(variables) - set(values)
        wanted = {key: option for key, option in options.items() if key not in left_to_a_template}
        good, refusals = inputs.check_options(role, wanted, values, {}, convert)
        assert [refusal.text() for refusal in refusals] == []
        deeper = inputs.check_function(role)(good, {}) if entry == "main" else []
        assert [refusal.text() for refusal in deeper if re.split(r"[.\[]", refusal.variable)[0] in values] == []
