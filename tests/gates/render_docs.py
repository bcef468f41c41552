# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have ansible-doc render every plugin and every role of the collection."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

COLLECTION = "eucaim.local_node"
ROOT = Path(__file__).resolve().parents[2]
KINDS = {"action": "module", "modules": "module", "filter": "filter", "test": "test", "callback": "callback"}


def ansible_doc(*arguments: str) -> str:
    """Run ansible-doc and give its output; its errors end the gate."""
    run = subprocess.run(["ansible-doc", *arguments], capture_output=True, text=True, check=False)
    if run.returncode or "[ERROR]" in run.stderr or "[WARNING]" in run.stderr:
        sys.exit(f"ansible-doc {' '.join(arguments)}:\n{run.stderr}")
    return run.stdout


def stems(folder: str) -> set[str]:
    """List the plugins that have a file in a folder."""
    return {path.stem for path in (ROOT / "plugins" / folder).glob("[!_]*.py")}


def main() -> None:
    """Render all; name what ansible-doc does not know."""
    problems: list[str] = []
    rendered = 0
    for kind in sorted(set(KINDS.values())):
        known = json.loads(ansible_doc("--list", "--json", "--type", kind, COLLECTION))
        files = set().union(*(stems(folder) for folder, of in KINDS.items() if of == kind))
        if kind in {"module", "callback"}:
            problems += [
                f"{kind} {stem}: ansible-doc does not list it" for stem in files if f"{COLLECTION}.{stem}" not in known
            ]
        elif files and not known:
            problems.append(f"{kind}: files, and none documented")
        problems += [
            f"{kind} {name}: no description" for name, text in known.items() if not text or text == "UNDOCUMENTED"
        ]
        if known:
            ansible_doc("--type", kind, *known)
            rendered += len(known)
    roles = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
    known = json.loads(ansible_doc("--list", "--json", "--type", "role", COLLECTION))
    problems += [f"role {name}: ansible-doc does not list it" for name in roles if f"{COLLECTION}.{name}" not in known]
    for name in known:
        entry_points = set(known[name]["entry_points"])
        problems += [
            f"role {name}: no entry point {point}" for point in sorted({"main", "verify", "remove"} - entry_points)
        ]
        ansible_doc("--type", "role", name)
        rendered += 1
    for problem in problems:
        print(problem)
    print(f"{rendered} rendered, {len(problems)} problems")
    sys.exit(1 if problems or not rendered else 0)


if __name__ == "__main__":
    main()
