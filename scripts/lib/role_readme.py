# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write roles/*/README.md, the page of each role, out of its spec, its defaults and the tags of its tasks.

Without an option it writes them; with --check it says which are not what the spec says, and fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "plugins" / "module_utils" / "_register.py"
NAMESPACE = "eucaim.local_node"
MARKUP = re.compile(r"\b[A-Z]+\(([^()]*)\)")
ENTRY_TITLES = {
    "main": "Put it in place",
    "verify": "Prove it",
    "remove": "Take it away again",
}


def as_texts(value: Any) -> list[str]:
    """Return a description, which may be one text or several, as a list of lines."""
    items = value if isinstance(value, list) else [value] if value else []
    return [" ".join(str(item).split()) for item in items]


def cell(text: str) -> str:
    """Return a text that can stand in a cell of a table."""
    return text.replace("|", "\\|")


def marked(text: str) -> str:
    """Return Ansible's markup, such as V(value), as Markdown."""
    return MARKUP.sub(r"`\1`", text)


def type_text(spec: Mapping[str, Any]) -> str:
    """Return an option's type, and what its items are."""
    kind = str(spec.get("type", "str"))
    return f"{kind} of {spec['elements']}" if spec.get("elements") else kind


def default_text(name: str, spec: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the default in one short cell."""
    if spec.get("required"):
        return "**required**"
    if name not in defaults:
        return "not set"
    text = yaml.safe_dump(defaults[name], default_flow_style=True, width=10**6, allow_unicode=True).strip()
    text = text.removesuffix("\n...").strip()
    if len(text) > 60:
        return "see below"
    return f"`{cell(text)}`"


def option_rows(options: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str = "", depth: int = 0) -> list[str]:
    """Return one row of the table for each option, and below it one for each of its suboptions."""
    rows: list[str] = []
    for name, spec in options.items():
        words = as_texts(spec.get("description"))
        if spec.get("choices"):
            words.append("One of " + ", ".join(f"`{choice}`" for choice in spec["choices"]) + ".")
        if spec.get("no_log"):
            words.append("Secret: keep it in a vault.")
        default = default_text(name, spec, defaults) if depth == 0 else _inner_default(spec)
        rows.append(f"| `{prefix}{name}` | {type_text(spec)} | {default} | {cell(marked(' '.join(words)))} |")
        inner = spec.get("options") or {}
        mark = "[]." if spec.get("type") == "list" else "."
        rows += option_rows(inner, {}, f"{prefix}{name}{mark}", depth + 1)
    return rows


def _inner_default(spec: Mapping[str, Any]) -> str:
    """Return the default of a suboption."""
    if spec.get("required"):
        return "**required**"
    return f"`{cell(str(spec['default']))}`" if "default" in spec else "not set"


def table(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Return the table of an entry point's options."""
    if not options:
        return ["No variables."]
    head = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    return head + option_rows(options, defaults)


def names_text(options: Mapping[str, Any]) -> str:
    """Return in one sentence which variables an entry point reads; they mean the same as in main."""
    if not options:
        return "Reads no variables."
    return "Reads " + ", ".join(f"`{name}`" for name in options) + "."


def register() -> ModuleType:
    """Return the register of all requirements, without Ansible's import system."""
    found = importlib.util.spec_from_file_location("_register", REGISTER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def tagged(directory: Path) -> Iterator[tuple[str, str]]:
    """Return every pair of a tag and the name of a task that has it, in the order of the entry points."""
    for entry in ("main", "verify", "remove"):
        for task in load(directory / "tasks" / f"{entry}.yml") or []:
            tags = task.get("tags") or []
            for tag in [tags] if isinstance(tags, str) else tags:
                yield str(tag), str(task["name"])


def requirement_lines(directory: Path, texts: str) -> list[str]:
    """Return what the role meets: the requirements that its tasks are tagged with, or that its spec names."""
    tags = {tag for tag, _name in tagged(directory)}
    found = [
        item
        for item in register().REGISTER.values()
        if item.tag in tags or re.search(rf"\b{re.escape(item.id)}\b", texts)
    ]
    if not found:
        return []
    rows = [f"| {item.id} | {cell(item.text)} | {item.section} | `{item.tag}` |" for item in found]
    head = ["| requirement | what it asks | D5.11 | tag |", "|---|---|---|---|"]
    return ["## What it meets", "", *head, *rows, ""]


def tag_lines(directory: Path) -> list[str]:
    """Return the tags of the role's phases, with what runs under each."""
    role = directory.name
    phases: dict[str, list[str]] = {}
    for tag, name in tagged(directory):
        if tag.startswith(f"{role}_") and name not in phases.setdefault(tag, []):
            phases[tag].append(name)
    if not phases:
        return []
    rows = [f"| `{tag}` | {cell('; '.join(names))} |" for tag, names in phases.items()]
    words = (
        f"`--tags {role}` runs all of it, a requirement's tag what that requirement needs, and these one phase each:"
    )
    return ["## Run a part of it", "", words, "", "| tag | tasks |", "|---|---|", *rows, ""]


def example_lines(role: str, specs: Mapping[str, Any]) -> list[str]:
    """Return the example of the spec, or the shortest one that there is."""
    main = specs["main"]
    text = str(main.get("examples") or "").strip()
    if not text:
        required = [name for name, spec in (main.get("options") or {}).items() if spec.get("required")]
        given = ["      vars:", *[f"        {name}: ..." for name in required]] if required else []
        lines = ["- hosts: local_nodes", "  become: true", "  roles:", f"    - role: {NAMESPACE}.{role}", *given]
        text = "\n".join(lines)
    return ["## Use it", "", "```yaml", *text.splitlines(), "```", ""]


def default_lines(directory: Path) -> list[str]:
    """Return the defaults as they stand in their file, comments included."""
    path = directory / "defaults" / "main.yml"
    text = path.read_text(encoding="utf-8").removeprefix("---\n").strip() if path.exists() else ""
    return ["### The defaults, explained", "", "```yaml", *text.splitlines(), "```", ""] if text else []


def export_lines(directory: Path) -> list[str]:
    """Return the lists that the role exports for other roles."""
    names = [name for name in load(directory / "vars" / "main.yml") if not name.startswith("__")]
    if not names:
        return []
    words = ", ".join(f"`{name}`" for name in names)
    return [
        "## What it hands on",
        "",
        f"A playbook that has the role may hand {words} to the roles that take them.",
        "",
    ]


def readme(directory: Path, meta: Mapping[str, Any], specs: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the README of a role."""
    role = directory.name
    info = meta["galaxy_info"]
    spoken = " ".join(text for spec in specs.values() for text in as_texts(spec.get("description")))
    lines = [
        f"# {NAMESPACE}.{role}",
        "",
        "<!-- Written by scripts/lib/role_readme.py out of the role's own files. Change those, and run it. -->",
        "",
        " ".join(str(info["description"]).split()).rstrip(".") + ".",
        "",
        "Runs on " + "; ".join(platform_text(item) for item in info["platforms"]) + ".",
        "",
        *example_lines(role, specs),
        *requirement_lines(directory, spoken),
    ]
    for entry, spec in specs.items():
        title = ENTRY_TITLES.get(entry, entry)
        lines += [f"## {title} (`{entry}`)", ""]
        for text in [*as_texts(spec.get("short_description")), *as_texts(spec.get("description"))]:
            lines += [marked(text if text.endswith((".", ":")) else f"{text}."), ""]
        options = spec.get("options") or {}
        lines += [*(table(options, defaults) if entry == "main" else [names_text(options)]), ""]
        lines += default_lines(directory) if entry == "main" else []
    return "\n".join([*lines, *export_lines(directory), *tag_lines(directory)])


def platform_text(platform: Mapping[str, Any]) -> str:
    """Return a platform with its releases."""
    return f"{platform['name']} ({', '.join(str(version) for version in platform['versions'])})"


def load(path: Path) -> Any:
    """Return a YAML file's content, or an empty mapping when there is none."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def generate(directory: Path) -> str:
    """Return the README of the role in a directory."""
    specs = load(directory / "meta" / "argument_specs.yml").get("argument_specs", {})
    if "main" not in specs:
        raise SystemExit(f"{directory}/meta/argument_specs.yml has no entry point main")
    return readme(
        directory,
        load(directory / "meta" / "main.yml"),
        specs,
        load(directory / "defaults" / "main.yml"),
    )


def main(arguments: Sequence[str]) -> int:
    """Write or check the README of every role, or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not as generated")
    parser.add_argument("--roles", type=Path, default=ROOT / "roles", help="the folder of the roles")
    parser.add_argument("names", nargs="*", help="roles (all when none is named)")
    options = parser.parse_args(arguments)
    names = options.names or sorted(path.parents[1].name for path in options.roles.glob("*/meta/argument_specs.yml"))
    if not names:
        print(f"no role in {options.roles}", file=sys.stderr)
        return 2
    stale = []
    for name in names:
        path = options.roles / name / "README.md"
        text = generate(options.roles / name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if not options.check:
            path.write_text(text, encoding="utf-8")
    verb = "is not what the spec says; run python scripts/lib/role_readme.py" if options.check else "written"
    for name in stale:
        print(f"{name}: {verb}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
