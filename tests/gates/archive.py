# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look into built collection archives: do two builds hold the same, and nothing that a site does not need?"""

from __future__ import annotations

import hashlib
import sys
import tarfile
from pathlib import Path

TOP = {
    ".ansible-lint", ".yamllint", "CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "changelogs",
    "docs", "inventories", "meta", "playbooks", "plugins", "requirements.yml", "roles",
}  # fmt: skip
NEEDED = {
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "meta/runtime.yml",
    "meta/execution-environment.yml",
    "requirements.yml",
}
UNWANTED = {"__pycache__", ".cache", ".git", ".collections", "reports", "enrolment", "molecule", "tests"}


def listing(archive: Path) -> dict[str, tuple[str, int, str]]:
    """Describe every member by type, mode and content; the times, which ansible-galaxy sets to now, are left out."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            digest = hashlib.sha256(stream.read()).hexdigest() if stream else member.linkname
            found[member.name] = (member.type.decode(), member.mode, digest)
    return found


def content_problems(names: set[str]) -> list[str]:
    """Name what is missing and what should not be there."""
    problems = [f"missing: {name}" for name in sorted(NEEDED - names)]
    problems += [f"unknown at the top: {top}" for top in sorted({name.split("/")[0] for name in names} - TOP)]
    problems += [
        f"unwanted: {name}" for name in sorted(names) if UNWANTED & set(name.split("/")) or name.endswith(".pyc")
    ]
    return problems


def main(arguments: list[str]) -> None:
    """Run one of the two comparisons."""
    archives = [Path(argument) for argument in arguments[1:]]
    if arguments[0] == "same":
        first, second = (listing(archive) for archive in archives)
        problems = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    else:
        problems = content_problems(set(listing(archives[0])))
    for problem in problems:
        print(problem)
    print(f"{len(listing(archives[0]))} members, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
