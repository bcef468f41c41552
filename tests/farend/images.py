# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the stand-ins as image archives: python -m tests.standins.build.

All images share one layer (Python and cryptography) and one with the stand-ins' code; they differ in the program they
start. The archives are written here, byte by byte, and not by the engine: the same sources give the same checksum.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.nodes.engine import CACHE, CHECKOUT, LABEL, docker, exists, require, run
from tests.nodes.images import bare_image

HERE = Path(__file__).resolve().parent
CODE = CHECKOUT / "tests" / "standins" / "standins"
ARCHIVES = CACHE / "images"
VERSION = "0.1.0"
PROGRAMS = {
    "beam-broker": "beam_broker",
    "beam-proxy": "beam_proxy",
    "focus": "focus",
    "mediator": "mediator",
    "pki": "pki",
    "ingress": "ingress",
}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MOMENT = "2026-01-01T00:00:00Z"
INSTALL = (
    "set -e; export DEBIAN_FRONTEND=noninteractive; apt-get update -q; "
    "apt-get install -qy --no-install-recommends python3 python3-cryptography ca-certificates; "
    "python3 /rootfs.py /layer.tar"
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Archive:
    """One packed image: where it lies, its checksum, and what an engine calls it once loaded."""

    path: str
    sha256: str
    name: str
    image_id: str


@dataclass(frozen=True)
class Layer:
    """One layer: its compressed bytes and the hash of its plain ones, by which an engine knows it."""

    compressed: bytes
    diff_id: str


def layer(plain: bytes) -> Layer:
    """Compress a layer, without a time stamp."""
    return Layer(gzip.compress(plain, compresslevel=6, mtime=0), f"sha256:{hashlib.sha256(plain).hexdigest()}")


def add(archive: tarfile.TarFile, name: str, content: bytes | None) -> None:
    """Add a file (or, without content, a directory) that looks the same whoever packs it."""
    member = tarfile.TarInfo(name)
    member.mode = 0o755 if content is None else 0o644
    if content is None:
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    else:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def sources() -> list[Path]:
    """The stand-ins' code."""
    return sorted(CODE.glob("*.py"))


def code_layer() -> Layer:
    """The stand-ins' code below /opt/standins."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in ("opt", "opt/standins", "opt/standins/standins"):
            add(archive, folder, None)
        for path in sources():
            add(archive, f"opt/standins/standins/{path.name}", path.read_bytes())
    return layer(plain.getvalue())


def python_layer(say: Say) -> Layer:
    """Python and cryptography from Debian's packages; made once and kept."""
    recipe = hashlib.sha256((HERE / "rootfs.py").read_bytes() + INSTALL.encode()).hexdigest()[:16]
    kept = CACHE / "rootfs" / f"python-{recipe}.tar"
    if not kept.exists():
        start = bare_image("debian13", say)
        say("packing Python for the stand-ins (about half a minute)")
        builder = docker("create", "--label", f"{LABEL}=build", start, "sh", "-c", INSTALL)
        try:
            docker("cp", str(HERE / "rootfs.py"), f"{builder}:/rootfs.py")
            run(["docker", "start", "-a", builder])
            part = kept.with_suffix(".part")
            docker("cp", f"{builder}:/layer.tar", str(part))
            part.rename(kept)
        finally:
            docker("rm", "-f", "-v", builder, check=False)
    return layer(kept.read_bytes())


def configuration(module: str, layers: list[Layer]) -> bytes:
    """What the engine reads about an image."""
    environment = {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/opt/standins",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "EUCAIM_STANDIN_STRICT": "1",
    }
    text: dict[str, Any] = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "created": MOMENT,
        "config": {
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Entrypoint": ["/usr/bin/python3", "-m", f"standins.{module}"],
            "WorkingDir": "/",
            "Labels": {f"{LABEL}.standin": module, "org.opencontainers.image.version": VERSION},
        },
        "rootfs": {"type": "layers", "diff_ids": [part.diff_id for part in layers]},
        "history": [{"created": MOMENT, "created_by": "tests/farend/images.py"} for _unused in layers],
    }
    return json.dumps(text, sort_keys=True).encode()


def pack(program: str, layers: list[Layer]) -> Archive:
    """Write one archive in the form of `docker save`."""
    name = f"eucaim-standin/{program}:{VERSION}"
    config = configuration(PROGRAMS[program], layers)
    digest = hashlib.sha256(config).hexdigest()
    names = [f"{part.diff_id.split(':')[1]}/layer.tar" for part in layers]
    manifest = [{"Config": f"{digest}.json", "RepoTags": [name], "Layers": names}]
    path = ARCHIVES / f"{program}.tar"
    part_path = path.with_suffix(".part")
    with tarfile.open(part_path, "w", format=tarfile.GNU_FORMAT) as archive:
        add(archive, f"{digest}.json", config)
        for part, part_name in zip(layers, names, strict=True):
            add(archive, part_name.split("/", maxsplit=1)[0], None)
            add(archive, part_name, part.compressed)
        add(archive, "manifest.json", json.dumps(manifest).encode())
    part_path.rename(path)
    return Archive(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), name, f"sha256:{digest}")


def stamp() -> str:
    """A hash over all that the archives are made from."""
    whole = hashlib.sha256(Path(__file__).read_bytes() + (HERE / "rootfs.py").read_bytes())
    for path in sources():
        whole.update(f"{path.name}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def ensure(say: Say = print) -> dict[str, Archive]:
    """The archives of the present sources, packed anew only if these changed."""
    require()
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    (CACHE / "rootfs").mkdir(parents=True, exist_ok=True)
    register = ARCHIVES / "register.json"
    wanted = stamp()
    if register.exists():
        kept = json.loads(register.read_text(encoding="utf-8"))
        found = {name: Archive(**entry) for name, entry in kept["archives"].items()}
        # A checkout that was copied or moved may still name the archives of its old place.
        here = all(Path(archive.path).parent == ARCHIVES for archive in found.values())
        if kept["stamp"] == wanted and here and all(Path(archive.path).exists() for archive in found.values()):
            return found
    say("packing the stand-ins as image archives")
    layers = [python_layer(say), code_layer()]
    packed = {program: pack(program, layers) for program in PROGRAMS}
    text = {"stamp": wanted, "archives": {name: asdict(archive) for name, archive in packed.items()}}
    register.write_text(json.dumps(text, indent=1), encoding="utf-8")
    return packed


def load(program: str, archives: dict[str, Archive]) -> str:
    """Put one image into the engine of this machine, unless it is there; returns its id."""
    archive = archives[program]
    if not exists("image", archive.image_id):
        docker("load", "--input", archive.path)
    return archive.image_id


def main() -> None:
    """Pack and print the checksums."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for archive in ensure().values():
        print(f"{archive.sha256}  {archive.path}  {archive.name}")
