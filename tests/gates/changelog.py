# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change log in the tree is the one that antsibull-changelog builds from changelogs/."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def unlisted(staged: Path) -> list[str]:
    """Name the modules that the tree has and the change log does not, and the other way round."""
    version = yaml.safe_load((staged / "galaxy.yml").read_text())["version"]
    releases = yaml.safe_load((staged / "changelogs" / "changelog.yaml").read_text())["releases"]
    if version not in releases:
        return []  # being made; its modules are listed when it is released
    listed = {module["name"] for release in releases.values() for module in release.get("modules", [])}
    return sorted({path.stem for path in (staged / "plugins" / "modules").glob("[!_]*.py")} ^ listed)


def main(staged: str) -> None:
    """Build it again in a copy and compare."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ansible_collections" / "eucaim" / "local_node"
        shutil.copytree(staged, copy, symlinks=True)
        before = (copy / "CHANGELOG.md").read_text()
        subprocess.run(["antsibull-changelog", "generate"], cwd=copy, check=True)
        after = (copy / "CHANGELOG.md").read_text()
    if before != after:
        sys.exit("CHANGELOG.md differs from what `antsibull-changelog generate` builds")
    if modules := unlisted(Path(staged)):
        sys.exit(f"modules and change log differ: {', '.join(modules)}; set a new version, or build this one anew")


if __name__ == "__main__":
    main(sys.argv[1])
