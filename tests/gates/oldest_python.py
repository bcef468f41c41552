# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import every module and module_util as an old node would: with its own Python and Ansible's module_utils only.

Runs on Python 3.9, so it is written for it. Arguments: the folder that holds ansible_collections, the environment that
holds ansible-core.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path


def main(stage: str, venv: str) -> None:
    """Import all; name what fails."""
    collection = Path(stage) / "ansible_collections" / "eucaim" / "local_node"
    ansible = next(Path(venv).glob("lib/python3*/site-packages/ansible"))
    problems = []
    imported = 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ansible").symlink_to(ansible)
        sys.dont_write_bytecode = True
        sys.path[:0] = [folder, stage]
        for kind in ("module_utils", "modules"):
            for file in sorted((collection / "plugins" / kind).rglob("*.py")):
                relative = file.relative_to(collection).with_suffix("")
                name = "ansible_collections.eucaim.local_node." + ".".join(relative.parts)
                try:
                    importlib.import_module(name)
                except (ImportError, SyntaxError, TypeError, AttributeError, ValueError) as error:
                    problems.append(f"{name}: {type(error).__name__}: {error}")
                else:
                    imported += 1
    for problem in problems:
        print(problem)
    print(f"Python {sys.version.split()[0]} imported {imported} files, {len(problems)} failed")
    sys.exit(1 if problems or not imported else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
