# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write roles/*/README.md out of the roles' specs and defaults.

Without an option it writes them; with --check it says which are not what the spec says, and fails.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
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
        return "see `defaults/main.yml`"
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


def readme(role: str, meta: Mapping[str, Any], specs: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the README of a role."""
    info = meta["galaxy_info"]
    lines = [
        f"# {NAMESPACE}.{role}",
        "",
        "<!-- Written by scripts/lib/role_readme.py from meta/argument_specs.yml and defaults/main.yml. -->",
        "",
        " ".join(str(info["description"]).split()).rstrip(".") + ".",
        "",
    ]
    for entry, spec in specs.items():
        title = ENTRY_TITLES.get(entry, entry)
        lines += [f"## {title} (`{entry}`)", ""]
        for text in [*as_texts(spec.get("short_description")), *as_texts(spec.get("description"))]:
            lines += [marked(text if text.endswith((".", ":")) else f"{text}."), ""]
        options = spec.get("options") or {}
        lines += [*(table(options, defaults) if entry == "main" else [names_text(options)]), ""]
    required = [name for name, spec in (specs["main"].get("options") or {}).items() if spec.get("required")]
    lines += ["## Use it", "", "```yaml", "- hosts: local_nodes", "  become: true", "  roles:"]
    lines += [f"    - role: {NAMESPACE}.{role}"]
    if required:
        lines += ["      vars:", *[f"        {name}: ..." for name in required]]
    lines += ["```", "", "Runs on " + "; ".join(platform_text(item) for item in info["platforms"]) + ".", ""]
    return "\n".join(lines)


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
        directory.name,
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
