# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy what git would commit into the folders that ansible-test and ansible-galaxy ask for."""

from __future__ import annotations

import fcntl
import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

# What ansible-test writes, and the empty repository that keeps it from asking ours, which ignores the folder.
KEPT = ("tests/output", ".git")


def wanted_files(root: Path) -> set[str]:
    """List tracked and new files, without those that git ignores and the link that leads back here."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {name for name in listing.split("\0") if name and not name.startswith(".collections/")}
    return {name for name in names if (root / name).is_file()}


def mirror(root: Path, target: Path) -> int:
    """Make the target hold exactly those files; return how many."""
    wanted = wanted_files(root)
    for path in sorted(target.rglob("*"), reverse=True):
        name = str(path.relative_to(target))
        if any(name == kept or name.startswith(kept + "/") for kept in KEPT):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in wanted:
            path.unlink()
    for name in wanted:
        source, copy = root / name, target / name
        if copy.exists() and filecmp.cmp(source, copy, shallow=False) and source.stat().st_mode == copy.stat().st_mode:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
    return len(wanted)


def main(arguments: list[str]) -> None:
    """Stage the collection, and link the collections that it depends on beside it."""
    root, target = Path(arguments[0]), Path(arguments[1])
    target.mkdir(parents=True, exist_ok=True)
    with (target.parents[2] / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        count = mirror(root, target)
        if not (target / ".git").exists():
            subprocess.run(["git", "init", "-q", str(target)], check=True)
        installed = root / ".cache" / "collections" / "ansible_collections"
        for namespace in ("ansible", "community"):
            link = target.parents[1] / namespace
            if (installed / namespace).is_dir() and not link.exists():
                link.symlink_to(installed / namespace)
    if count == 0:
        sys.exit("git lists no file")


if __name__ == "__main__":
    main(sys.argv[1:])
