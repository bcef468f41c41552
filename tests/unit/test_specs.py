# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role says of itself in several places is the same everywhere."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs as inputs
from ansible_collections.eucaim.local_node.plugins.module_utils import _register as register
from ansible_collections.eucaim.local_node.plugins.modules import validate_inputs

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
ROOMS = (
    "defaults/main.yml",
    "vars/main.yml",
    "meta/main.yml",
    "meta/argument_specs.yml",
    "tasks/main.yml",
    "tasks/assert.yml",
    "tasks/verify.yml",
    "tasks/remove.yml",
    "README.md",
)
TAGS = {requirement.tag for requirement in register.REGISTER.values()}
PREFIXES = {identifier.split("-")[0] for identifier in register.REGISTER}
IDENTIFIER = re.compile(r"\b(" + "|".join(sorted(PREFIXES)) + r")-[A-Z0-9]+\b")

each_role = pytest.mark.parametrize("role", ROLES)


def load(role: str, *parts: str) -> Any:
    """Return a file of a role, as plain data."""
    return yaml.safe_load((ROOT / "roles" / role).joinpath(*parts).read_text(encoding="utf-8")) or {}


def spec(role: str, entry: str = "main") -> dict[str, Any]:
    """Return the options of an entry point."""
    return dict(load(role, "meta", "argument_specs.yml")["argument_specs"][entry].get("options") or {})


def all_tasks(items: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Return tasks, and those inside their blocks."""
    for item in items:
        yield item
        for part in ("block", "rescue", "always"):
            yield from all_tasks(item.get(part) or [])


def tasks_of(role: str) -> list[Mapping[str, Any]]:
    """Return every task of a role."""
    found: list[Mapping[str, Any]] = []
    for folder in ("tasks", "handlers"):
        for path in sorted((ROOT / "roles" / role / folder).glob("*.yml")):
            found += all_tasks(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    return found


def generator() -> ModuleType:
    """Return the program that writes the roles' manuals."""
    found = importlib.util.spec_from_file_location("role_readme", ROOT / "scripts" / "lib" / "role_readme.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_list_of_roles_is_one() -> None:
    assert sorted(inputs.ROLES) == ROLES
    documented = yaml.safe_load(validate_inputs.DOCUMENTATION)["options"]["roles"]["choices"]
    assert documented == list(inputs.ROLES)
    assert all(register.is_known(identifier) for identifier in inputs.ROLES.values())


@each_role
def test_every_role_has_its_rooms(role: str) -> None:
    assert [room for room in ROOMS if not (ROOT / "roles" / role / room).is_file()] == []
    assert set(load(role, "meta", "argument_specs.yml")["argument_specs"]) == {"main", "verify", "remove"}


@each_role
def test_defaults_and_spec_agree(role: str) -> None:
    defaults = load(role, "defaults", "main.yml")
    options = spec(role)
    assert sorted(set(defaults) - set(options)) == [], "a default without an option"
    stated = {name: option["default"] for name, option in options.items() if "default" in option}
    assert stated == defaults
    without = {name for name, option in options.items() if "default" not in option}
    assert without == {name for name, option in options.items() if option.get("required")}


@each_role
def test_names_carry_the_role(role: str) -> None:
    assert [name for name in spec(role) if not name.startswith(f"{role}_")] == []
    exported = tuple(f"{role}{suffix}" for suffix in ("_firewall_rules", "_backup_paths", "_health_checks"))
    wrong = [name for name in load(role, "vars", "main.yml") if not name.startswith((f"__{role}_", *exported))]
    assert wrong == []
    registered = [task["register"] for task in tasks_of(role) if "register" in task]
    assert [name for name in registered if not name.startswith(f"__{role}_")] == []


@each_role
def test_every_option_is_explained(role: str) -> None:
    def explained(options: Mapping[str, Any]) -> Iterator[str]:
        for name, option in options.items():
            if not option.get("description") or not option.get("type"):
                yield name
            yield from (f"{name}.{inner}" for inner in explained(option.get("options") or {}))

    for entry in ("main", "verify", "remove"):
        assert list(explained(spec(role, entry))) == []


@each_role
def test_every_default_has_a_comment(role: str) -> None:
    text = (ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8")
    bare = [
        paragraph.strip().splitlines()[0]
        for paragraph in re.split(r"\n\s*\n", text.removeprefix("---\n"))
        if paragraph.strip() and not paragraph.strip().startswith("#")
    ]
    assert bare == []


@each_role
def test_other_entry_points_list_options_of_main(role: str) -> None:
    options = spec(role)
    for entry in ("verify", "remove"):
        other = spec(role, entry)
        assert [name for name, option in other.items() if options.get(name) != option] == []


@each_role
def test_the_manual_is_what_the_spec_says(role: str) -> None:
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert readme == generator().generate(ROOT / "roles" / role), "run scripts/lib/role_readme.py"
    assert [name for name in spec(role) if f"`{name}`" not in readme] == []


@each_role
def test_every_role_shows_how_it_is_used(role: str) -> None:
    example = load(role, "meta", "argument_specs.yml")["argument_specs"]["main"].get("examples", "")
    assert f"role: eucaim.local_node.{role}" in example or f"name: eucaim.local_node.{role}" in example


@each_role
def test_tags_are_the_role_its_phases_and_requirements(role: str) -> None:
    for task in tasks_of(role):
        tags = task.get("tags") or []
        for tag in [tags] if isinstance(tags, str) else tags:
            assert tag == role or tag.startswith(f"{role}_") or tag in TAGS | {"always", "never"}, tag


@each_role
def test_the_table_of_contents_has_every_tag_of_a_role(role: str) -> None:
    """A run with tags is judged by it: a role of which a tag runs something has that tag there."""
    own = {f"{role}_verify", f"{role}_remove", "always", "never"}
    own.update(*(task.get("tags") or [] for task in load(role, "tasks", "main.yml")))
    assert [task["name"] for task in tasks_of(role) if not own.issuperset(task.get("tags") or [])] == []


@each_role
def test_every_task_list_is_tagged_where_it_is_imported(role: str) -> None:
    for task in load(role, "tasks", "main.yml"):
        if "ansible.builtin.import_tasks" in task:
            assert role in task["tags"]
            assert any(tag.startswith(f"{role}_") for tag in task["tags"]), task["name"]


@each_role
def test_task_names_are_unique(role: str) -> None:
    names = [task["name"] for task in tasks_of(role) if "name" in task]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert [name for name in names if not name[0].isupper()] == []


@each_role
def test_bad_input_is_refused_by_one_task(role: str) -> None:
    (task,) = load(role, "tasks", "assert.yml")
    assert task["eucaim.local_node.validate_inputs"] == {"roles": [role]}


@each_role
def test_requirements_that_are_named_exist(role: str) -> None:
    for path in sorted((ROOT / "roles" / role).rglob("*")):
        if path.suffix in {".yml", ".md"}:
            named = {found.group(0) for found in IDENTIFIER.finditer(path.read_text(encoding="utf-8"))}
            assert sorted(named - set(register.REGISTER)) == [], path


def test_names_that_people_mean_exist() -> None:
    """What a foreign spelling is renamed to is a variable, and the spelling is none."""
    known = {item.name for item in inputs.known_of_the_site()}.union(*(spec(role) for role in ROLES))
    assert set(inputs.MEANT.values()) <= known
    assert not known & set(inputs.MEANT)


def test_no_variable_of_ours_is_taken_for_another() -> None:
    known = [
        inputs.Known(name, role, inputs.requirement_of(role, option))
        for role in ROLES
        for name, option in spec(role).items()
    ] + inputs.known_of_the_site()
    assert inputs.check_names([item.name for item in known], known) == ([], [])
    refusals, _unknown = inputs.check_names(inputs.FOREIGN_NAMES, known)
    assert refusals == []
    meant = set(inputs.ENVIRONMENT_NAMES.values())
    assert sorted(meant - {item.name for item in known}) == []


@pytest.mark.parametrize("inventory", ["tier2", "tier3"])
def test_inventories_set_only_what_exists(inventory: str) -> None:
    known = [inputs.Known(name, role, "OS-LTS") for role in ROLES for name in spec(role)]
    known += inputs.known_of_the_site()
    for path in sorted((ROOT / "inventories" / inventory).rglob("group_vars/*/*.yml")):
        names = list(yaml.safe_load(path.read_text(encoding="utf-8")))
        assert inputs.check_names(names, known) == ([], []), path
