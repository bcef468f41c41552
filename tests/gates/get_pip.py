# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give `ansible-test --venv` the get-pip script that it would fetch from a server of its own.

The stand-in runs the same version of pip from its wheel on the package index, so that one source of packages is enough.
A script that is there already, from a real download, is left alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

STAND_IN = '''"""Stand-in for get-pip {version}: runs pip from its wheel."""
import sys

sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main

sys.exit(main(["install"] + [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]))
'''


def wanted_version() -> str:
    """Read which pip the installed ansible-test bootstraps."""
    spec = find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("ansible-test is not installed here")
    source = Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    found = re.search(r"pip='([\d.]+)'", source.read_text())
    if not found:
        sys.exit(f"{source} names no version of pip")
    return found.group(1)


def main() -> None:
    """Write the stand-in where ansible-test looks first."""
    version = wanted_version()
    cache = Path.home() / ".ansible" / "test" / "cache"
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), f"pip=={version}"], check=True
    )
    wheel = next(cache.glob(f"pip-{version}-*.whl"))
    script.write_text(STAND_IN.format(version=version, wheel=str(wheel)))
    print(f"wrote {script}, which runs pip {version} from its wheel")


if __name__ == "__main__":
    main()
