# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Galaxy's own importer on a built archive; any warning or error of its log is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = """[galaxy-importer]
CHECK_REQUIRED_TAGS = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_TEST = False
LOG_LEVEL_MAIN = INFO
"""


def main(archive: str) -> None:
    """Import the archive as Galaxy would."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "galaxy-importer.cfg"
        settings.write_text(SETTINGS)
        environment = {**os.environ, "GALAXY_IMPORTER_CONFIG": str(settings)}
        run = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", str(Path(archive).resolve())],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    print(run.stdout)
    complaints = [line for line in run.stdout.splitlines() if line.startswith(("WARNING", "ERROR"))]
    for line in complaints:
        print(f"not clean: {line}")
    finished = "Importer processing completed successfully" in run.stdout
    sys.exit(0 if run.returncode == 0 and finished and not complaints else 1)


if __name__ == "__main__":
    main(sys.argv[1])
