# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a bundle of eucaim.local_node and install it on a control machine without network.

Nothing is installed unless every file of the bundle is the one that was put there. Needs Python alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

SUMS = "SHA256SUMS"


def refuse(found: list[str], needed: str, remedy: str) -> NoReturn:
    """Stop in words."""
    for text in found:
        print(f"found {text}; needed: {needed}; remedy: {remedy}", file=sys.stderr)
    print("Nothing was installed.", file=sys.stderr)
    raise SystemExit(1)


def sha256(path: Path) -> str:
    """Return the sum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def faults(bundle: Path) -> list[str]:
    """Return, by its name, every file that is missing, is another one, or is not of this bundle."""
    lines = (bundle / SUMS).read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, _space, name in (line.partition("  ") for line in lines) if name}
    there = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if not path.is_dir()} - {SUMS}
    found = [f"no file {name}" for name in sorted(set(wanted) - there)]
    found += [f"{name}, which is not of this bundle" for name in sorted(there - set(wanted))]
    for name in sorted(there & set(wanted)):
        path = bundle / name
        if path.is_symlink() or sha256(path) != wanted[name]:
            found.append(f"{name} with another content than it was packed with")
    return found


def check(bundle: Path, expected: str) -> None:
    """Refuse a bundle that is not as it was packed."""
    remedy = "copy the bundle again from where it was made, and compare"
    if not (bundle / SUMS).is_file():
        refuse([f"no {SUMS} in {bundle}"], "a complete bundle", "make it again with the playbook bundle")
    if expected and sha256(bundle / SUMS) != expected.lower():
        refuse([f"{SUMS} with the sum {sha256(bundle / SUMS)}"], f"the sum {expected}", remedy)
    found = faults(bundle)
    if found:
        refuse(found, "every file as it was packed", remedy)


def wheels_for(bundle: Path, version: str) -> Path:
    """Return the folder of wheels for a release of Python, or refuse."""
    folder = bundle / "wheels" / version
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in (bundle / "wheels").iterdir()))
        refuse(
            [f"Python {version}"],
            f"a Python that the bundle was made for: {there}",
            "run this file with one of them (python3.13 install ...), or name yours in bundle_python_versions and make "
            "the bundle again",
        )
    return folder


def install_core(wheels: Path, place: Path) -> Path:
    """Install ansible-core into an environment of its own; return the interpreter in it."""
    # Without pip of the system's, which Debian packs apart: the bundle brings one.
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    pip = next(wheels.glob("pip-*.whl"))
    # A newer bundle goes into the environment of the one before.
    command = [str(python), f"{pip}/pip", "install", "--upgrade", "--quiet", "--disable-pip-version-check"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    source = ["--no-index", "--find-links", str(wheels)]
    subprocess.run([*command, *source, "ansible-core"], check=True, env=environment)
    return python


def install_collections(bundle: Path, python: Path) -> list[str]:
    """Put the collections where Ansible of this environment finds them by itself; return their names and versions."""
    ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    answer = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    root = Path(answer.stdout.strip()) / "ansible_collections"
    installed = []
    for archive in sorted((bundle / "collections").glob("*.tar.gz")):
        fresh = root / f".{archive.name}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        subprocess.run(
            ["tar", "--extract", "--gzip", "--no-same-owner", f"--file={archive}", f"--directory={fresh}"], check=True
        )
        info = json.loads((fresh / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]
        place = root / info["namespace"] / info["name"]
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True)
        fresh.rename(place)
        installed.append(f"{info['namespace']}.{info['name']} {info['version']}")
    return installed


def settings(bundle: Path, target: Path) -> Path:
    """Write the site's settings with the place where the bundle is."""
    text = (bundle / "offline.yml.in").read_text(encoding="utf-8").replace("@BUNDLE@", str(bundle))
    path = target / "offline.yml"
    path.write_text(text, encoding="utf-8")
    return path


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, help="the folder to install into")
    parser.add_argument("--expect", default="", metavar="SUM", help=f"the SHA-256 that {SUMS} must have")
    parser.add_argument("--bundle", type=Path, default=Path(__file__).parent, help="the bundle; this file's own folder")
    parser.add_argument("--check-only", action="store_true", help="compare every file with its sum, and stop")
    options = parser.parse_args()
    if not options.check_only and options.target is None:
        parser.error("--target is needed: the folder to install into")
    return options


def main() -> None:
    """Check, install, and say how to go on."""
    options = arguments()
    bundle = options.bundle.resolve()
    check(bundle, options.expect)
    print(f"Every file of {bundle} is as it was packed.")
    if options.check_only:
        return
    wheels = wheels_for(bundle, f"{sys.version_info.major}.{sys.version_info.minor}")
    target = options.target.resolve()
    target.mkdir(parents=True, exist_ok=True)
    python = install_core(wheels, target / "venv")
    for line in install_collections(bundle, python):
        print(f"installed {line}")
    print(
        f"The site's settings are {settings(bundle, target)}: copy them into group_vars/local_nodes/ of the inventory."
    )
    print(f"Run {target}/venv/bin/ansible-playbook -i INVENTORY eucaim.local_node.site")


if __name__ == "__main__":
    main()
