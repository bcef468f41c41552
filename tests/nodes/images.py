# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the image of a throw-away node: a minimal Debian with systemd, sshd, sudo and Python, and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.nodes.engine import CACHE, LABEL, EngineError, docker, exists, require, run

HERE = Path(__file__).resolve().parent
ROOTFS = CACHE / "rootfs"
SUITES = {"debian13": "trixie", "debian12": "bookworm"}

# What a machine has after a minimal installation with an SSH server. Nothing
# that a role is there to install may stand here.
PACKAGES = (
    "apt",
    "ca-certificates",
    "dbus",
    "debian-archive-keyring",
    "hostname",
    "iproute2",
    "libpam-systemd",
    "mount",
    "openssh-server",
    "passwd",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tzdata",
)

Say = Callable[[str], None]


def mirror() -> str:
    """The Debian mirror that EUCAIM_DEBIAN_MIRROR names; empty for the one that Debian's tools use by themselves."""
    return os.environ.get("EUCAIM_DEBIAN_MIRROR", "").rstrip("/")


def extra_authorities() -> list[Path]:
    """Authorities that this machine trusts on top of Debian's: a node behind the same gateway needs them."""
    return sorted(Path("/usr/local/share/ca-certificates").glob("*.crt"))


def apt_proxy() -> str:
    """This machine's apt proxy settings, as apt writes them; empty where there are none."""
    if shutil.which("apt-config") is None:
        return ""
    lines = run(["apt-config", "dump"], check=False).stdout.splitlines()
    return "".join(
        f"{line}\n" for line in lines if line.startswith(("Acquire::http::Proxy ", "Acquire::https::Proxy "))
    )


def recipe(distribution: str) -> str:
    """A hash over everything that the image is made from."""
    parts = [SUITES[distribution], mirror(), " ".join(PACKAGES), apt_proxy()]
    parts.append((HERE / "provision.sh").read_text(encoding="utf-8"))
    parts += [path.read_text(encoding="utf-8") for path in extra_authorities()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def registry_answers(image: str) -> bool:
    """Does the engine's registry, or a mirror of it, know this image, and say so within a few seconds?"""
    try:
        return run(["docker", "manifest", "inspect", image], check=False, timeout=15).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def bare_image(distribution: str, say: Say) -> str:
    """The distribution as its makers ship it: their image, or debootstrap where no registry answers."""
    suite = SUITES[distribution]
    if registry_answers(f"debian:{suite}"):
        say(f"pulling the official image debian:{suite}")
        pulled = run(["docker", "pull", "--quiet", f"debian:{suite}"], check=False, timeout=300)
        if pulled.returncode == 0:
            return f"debian:{suite}"
        say(f"the registry did not give it ({pulled.stderr.strip()[-200:]})")
    name = f"eucaim-bare:{distribution}"
    if exists("image", name):
        return name
    archive = ROOTFS / f"bare-{distribution}.tar"
    if not archive.exists():
        debootstrap(suite, archive, say)
    say(f"loading {archive.name} into the engine")
    docker("import", str(archive), name)
    return name


def debootstrap(suite: str, archive: Path, say: Say) -> None:
    """Make the smallest root file system of the suite from the mirror."""
    if os.geteuid() != 0:
        raise EngineError("no image registry, and not root", "root for debootstrap", "run as root, or load an image")
    if shutil.which("debootstrap") is None:
        say("installing debootstrap")
        run(["apt-get", "install", "-qy", "--no-install-recommends", "debootstrap"])
    say(f"no image registry answers: making a bare Debian {suite} with debootstrap")
    tree = ROOTFS / f"tree-{suite}"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    run(["debootstrap", "--variant=minbase", suite, str(tree), *([mirror()] if mirror() else [])])
    part = archive.with_suffix(".part")
    run(["tar", "-C", str(tree), "--numeric-owner", "-cf", str(part), "."])
    part.rename(archive)
    shutil.rmtree(tree)


def ensure(distribution: str = "debian13", say: Say = print) -> str:
    """The node image of this recipe, built if it is not there yet; returns its name."""
    require()
    if distribution not in SUITES:
        raise EngineError(f"image {distribution!r}", f"one of {', '.join(SUITES)}", "choose one of them")
    name, wanted = f"eucaim-node:{distribution}", recipe(distribution)
    if (
        exists("image", name)
        and docker("image", "inspect", "-f", f'{{{{index .Config.Labels "{LABEL}"}}}}', name) == wanted
    ):
        return name
    ROOTFS.mkdir(parents=True, exist_ok=True)
    archive = ROOTFS / f"node-{distribution}-{wanted}.tar"
    if not archive.exists():
        build(distribution, archive, say)
    say(f"loading {archive.name} into the engine as {name}")
    docker("import", "-c", f"LABEL {LABEL}={wanted}", "-c", "ENV LANG=C.UTF-8", str(archive), name)
    return name


def outside(folder: Path) -> None:
    """What a node needs to reach the mirror the way this machine does: its extra authorities and its apt proxy."""
    trusted = folder / "usr/local/share/ca-certificates"
    trusted.mkdir(parents=True)
    for path in extra_authorities():
        shutil.copy(path, trusted)
    settings = apt_proxy()
    if settings:
        (folder / "etc/apt/apt.conf.d").mkdir(parents=True)
        (folder / "etc/apt/apt.conf.d/90proxy").write_text(settings, encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def build(distribution: str, archive: Path, say: Say) -> None:
    """Install the node's packages into the bare distribution and keep the result as one archive."""
    start = bare_image(distribution, say)
    say(f"building eucaim-node:{distribution} (about a minute)")
    builder = docker(
        "create", "-i", "--label", f"{LABEL}=build", start, "sh", "-s", "--", SUITES[distribution], mirror(), *PACKAGES
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            outside(Path(folder))
            docker("cp", f"{folder}/.", f"{builder}:/")
        run(["docker", "start", "-ai", builder], stdin=(HERE / "provision.sh").read_text(encoding="utf-8"))
        part = archive.with_suffix(".part")
        docker("export", "-o", str(part), builder)
        part.rename(archive)
    finally:
        docker("rm", "-f", "-v", builder, check=False)
    for old in archive.parent.glob(f"node-{distribution}-*.tar"):
        if old != archive:
            old.unlink()


def packages(image: str) -> list[str]:
    """Names of the packages that are installed in an image, sorted."""
    return sorted(docker("run", "--rm", "--network=none", image, "dpkg-query", "-W", "-f", r"${Package}\n").split())
