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


if __name__ == "__main__":
    main(sys.argv[1])
