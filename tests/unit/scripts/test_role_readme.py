# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' manuals are written out of their specs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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
    description: [First., Second with V(value).]
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
DEFAULTS = f"""
thing_list: []
thing_long: {"x" * 70}
"""
WANTED = """\
# eucaim.local_node.thing

<!-- Written by scripts/lib/role_readme.py from meta/argument_specs.yml and defaults/main.yml. -->

Does a thing.

## Put it in place (`main`)

Do the thing.

First.

Second with `value`.

| variable | type | default | meaning |
|---|---|---|---|
| `thing_name` | str | **required** | The name. |
| `thing_list` | list of dict | `[]` | Some. More \\| less. |
| `thing_list[].key` | str | **required** | Which. |
| `thing_list[].kind` | str | `a` | What. One of `a`, `b`. |
| `thing_list[].free` | str | not set | Any. Secret: keep it in a vault. |
| `thing_long` | str | see `defaults/main.yml` | Long. |

## Prove it (`verify`)

Look at it.

Reads `thing_name`.

## Take it away again (`remove`)

Remove it.

Reads no variables.

## Use it

```yaml
- hosts: local_nodes
  become: true
  roles:
    - role: eucaim.local_node.thing
      vars:
        thing_name: ...
```

Runs on Debian (bookworm, trixie); EL (9).
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
    ):
        path = tmp_path / "thing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_manual(program: ModuleType, roles: Path) -> None:
    assert program.generate(roles / "thing") == WANTED


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
    (roles / "thing" / "defaults" / "main.yml").unlink()
    text = program.generate(roles / "thing")
    assert "No variables." in text
    assert "vars:" not in text


def test_an_option_without_default_is_not_set(program: ModuleType) -> None:
    assert program.default_text("x", {}, {}) == "not set"
    assert program.default_text("x", {}, {"x": "a|b"}) == "`a\\|b`"
