# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' manuals are written out of their specs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _register as register

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "lib" / "role_readme.py"
META = """
galaxy_info:
  description: Does a thing
  platforms:
    - name: Debian
      versions: [bookworm, trixie]
    - name: EL
      versions: [9]
"""
SPEC = """
argument_specs:
  main:
    short_description: Do the thing
    description: [First., Second with V(value) for CT-RUN.]
    options:
      thing_name: {type: str, required: true, description: The name.}
      thing_list:
        type: list
        elements: dict
        default: []
        description: [Some., More | less.]
        options:
          key: {type: str, required: true, description: Which.}
          kind: {type: str, choices: [a, b], default: a, description: What.}
          free: {type: str, no_log: true, description: Any.}
      thing_long: {type: str, default: x, description: Long.}
  verify:
    short_description: Look at it
    options: {thing_name: {type: str, description: The name.}}
  remove:
    short_description: Remove it.
"""
DEFAULTS = f"""---
# What to do.
thing_list: []
thing_long: {"x" * 70}
"""
TASKS = """
- name: Check it
  tags: [thing, thing_assert, thing_install, os_lts]
- name: Do it
  tags: [thing, thing_install, os_lts]
"""
WANTED = """\
# eucaim.local_node.thing

<!-- Written by scripts/lib/role_readme.py out of the role's own files. Change those, and run it. -->

Does a thing.

Runs on Debian (bookworm, trixie); EL (9).

## Use it

```yaml
- hosts: local_nodes
  become: true
  roles:
    - role: eucaim.local_node.thing
      vars:
        thing_name: ...
```

## What it meets

| requirement | what it asks | D5.11 | tag |
|---|---|---|---|
| OS-LTS | {OS-LTS} | 3.3 | `os_lts` |
| CT-RUN | {CT-RUN} | 4.1.1 | `ct_run` |

## Put it in place (`main`)

Do the thing.

First.

Second with `value` for CT-RUN.

| variable | type | default | meaning |
|---|---|---|---|
| `thing_name` | str | **required** | The name. |
| `thing_list` | list of dict | `[]` | Some. More \\| less. |
| `thing_list[].key` | str | **required** | Which. |
| `thing_list[].kind` | str | `a` | What. One of `a`, `b`. |
| `thing_list[].free` | str | not set | Any. Secret: keep it in a vault. |
| `thing_long` | str | see below | Long. |

### The defaults, explained

```yaml
# What to do.
thing_list: []
thing_long: {LONG}
```

## Prove it (`verify`)

Look at it.

Reads `thing_name`.

## Take it away again (`remove`)

Remove it.

Reads no variables.

## What it hands on

A playbook that has the role may hand `thing_firewall_rules` to the roles that take them.

## Run a part of it

`--tags thing` runs all of it, a requirement's tag what that requirement needs, and these one phase each:

| tag | tasks |
|---|---|
| `thing_assert` | Check it |
| `thing_install` | Check it; Do it |
| `thing_remove` | Undo it |
"""


@pytest.fixture(name="program")
def _program() -> ModuleType:
    found = importlib.util.spec_from_file_location("role_readme", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(name="roles")
def _roles(tmp_path: Path) -> Path:
    for name, text in (
        ("meta/main.yml", META),
        ("meta/argument_specs.yml", SPEC),
        ("defaults/main.yml", DEFAULTS),
        ("vars/main.yml", "__thing_x: 1\nthing_firewall_rules: []\n"),
        ("tasks/main.yml", TASKS),
        ("tasks/remove.yml", "- name: Undo it\n  tags: thing_remove\n"),
    ):
        path = tmp_path / "thing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_manual(program: ModuleType, roles: Path) -> None:
    requirements = register.REGISTER
    wanted = WANTED.replace("{LONG}", "x" * 70)
    for identifier in ("OS-LTS", "CT-RUN"):
        wanted = wanted.replace("{" + identifier + "}", requirements[identifier].text)
    assert program.generate(roles / "thing") == wanted


def test_the_example_is_that_of_the_spec(program: ModuleType, roles: Path) -> None:
    spec = roles / "thing" / "meta" / "argument_specs.yml"
    spec.write_text(
        SPEC.replace("    options:", "    examples: |\n      - hosts: all\n\n    options:", 1), encoding="utf-8"
    )
    assert "## Use it\n\n```yaml\n- hosts: all\n```\n" in program.generate(roles / "thing")


def test_write_then_check(program: ModuleType, roles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = roles / "thing" / "README.md"
    assert program.main(["--check", "--roles", str(roles)]) == 1
    assert "is not what the spec says" in capsys.readouterr().out
    assert not readme.exists()
    assert program.main(["--roles", str(roles)]) == 0
    assert program.main(["--check", "--roles", str(roles), "thing"]) == 0
    readme.write_text("by hand", encoding="utf-8")
    assert program.main(["--check", "--roles", str(roles)]) == 1


def test_no_role_is_a_failure(program: ModuleType, tmp_path: Path) -> None:
    assert program.main(["--check", "--roles", str(tmp_path)]) == 2


def test_a_role_without_main_is_a_failure(program: ModuleType, roles: Path) -> None:
    (roles / "thing" / "meta" / "argument_specs.yml").write_text("argument_specs: {}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="no entry point main"):
        program.generate(roles / "thing")


def test_a_role_without_variables_or_defaults(program: ModuleType, roles: Path) -> None:
    spec = "argument_specs: {main: {short_description: Do}}\n"
    (roles / "thing" / "meta" / "argument_specs.yml").write_text(spec, encoding="utf-8")
    for name in ("defaults/main.yml", "vars/main.yml", "tasks/main.yml", "tasks/remove.yml"):
        (roles / "thing" / name).unlink()
    text = program.generate(roles / "thing")
    assert "No variables." in text
    assert "vars:" not in text
    assert [line for line in text.splitlines() if line.startswith("##")] == [
        "## Use it",
        "## Put it in place (`main`)",
    ]


def test_an_option_without_default_is_not_set(program: ModuleType) -> None:
    assert program.default_text("x", {}, {}) == "not set"
    assert program.default_text("x", {}, {"x": "a|b"}) == "`a\\|b`"
