# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end signs, answers and takes back, and recognises archives of the real programs."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.farend import images
from tests.farend.end import BROKER_ID, FarEnd, FarEndError, find_real
from tests.nodes.engine import docker, run


def test_explorer_is_connected(far: FarEnd) -> None:
    """The explorer's proxy is up, and knows its own app only."""
    assert far.call("GET", "/v1/health")[0] == 200
    assert far.call("GET", "/v1/tasks?filter=todo")[0] == 200


def test_signs_once(far: FarEnd, tmp_path: Path) -> None:
    """A request is signed once; after a revocation it is signed again."""
    request = tmp_path / "clinic.csr.pem"
    key = str(tmp_path / "key.pem")
    subject = f"/CN=clinic.{BROKER_ID}"
    run(
        [
            "openssl",
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-subj",
            subject,
            "-out",
            str(request),
        ]
    )
    assert far.sign(request).startswith("signed ")
    assert far.sign(request).endswith("there already")
    assert "revoked" in far.revoke("clinic")
    assert far.sign(request).startswith("signed ")


def test_unknown_provider(far: FarEnd) -> None:
    """A provider that was never enrolled is refused by the broker, by name."""
    with pytest.raises(FarEndError, match="nobody"):
        far.query("nobody", timeout=2)


def test_no_secret_in_arguments(far: FarEnd) -> None:
    """Keys travel in files, and so are in no process list."""
    key = json.loads((far.state / "explorer.json").read_text(encoding="utf-8"))["APP_spot_KEY"]
    assert key not in docker("inspect", "-f", "{{.Path}} {{.Args}}", far.container("explorer"))
    assert (far.state / "explorer.json").stat().st_mode & 0o077 == 0


def archive(folder: Path, name: str, tags: list[str] | None) -> None:
    """A file that looks like what docker save writes."""
    content = json.dumps([{"Config": "c.json", "RepoTags": tags, "Layers": []}]).encode()
    member = tarfile.TarInfo("manifest.json")
    member.size = len(content)
    with tarfile.open(folder / name, "w:gz" if name.endswith("gz") else "w") as stream:
        stream.addfile(member, BytesIO(content))


def test_finds_real_archives(tmp_path: Path) -> None:
    """By image name first, by file name where an archive has none."""
    archive(tmp_path, "a.tar", ["samply/beam-broker:develop"])
    archive(tmp_path, "b.tar.gz", ["docker.io/samply/beam-proxy:main"])
    archive(tmp_path, "my-focus.tar", None)
    found = find_real(str(tmp_path))
    assert found["beam-broker"].name == "samply/beam-broker:develop"
    assert found["beam-proxy"].path.endswith("b.tar.gz")
    assert found["focus"].path.endswith("my-focus.tar")
    assert all(len(image.sha256) == 64 for image in found.values())


def test_registry_names() -> None:
    """From a registry the names are the published ones."""
    assert find_real("registry")["beam-proxy"].name.startswith("samply/beam-proxy:")


@pytest.mark.parametrize("files", [["a.tar"], []])
def test_missing_archives(tmp_path: Path, files: list[str]) -> None:
    """The refusal says which are missing."""
    for name in files:
        archive(tmp_path, name, ["samply/beam-broker:develop"])
    with pytest.raises(FarEndError, match=r"remedy: add .*focus"):
        find_real(str(tmp_path))


def test_no_folder() -> None:
    """A folder that is not there is said plainly."""
    with pytest.raises(FarEndError, match="no folder"):
        find_real("/nonexistent")


def test_broken_archive(tmp_path: Path) -> None:
    """A file that is no archive is named."""
    (tmp_path / "focus.tar").write_bytes(b"no archive")
    with pytest.raises(FarEndError, match=r"focus\.tar"):
        find_real(str(tmp_path))


def test_a_moved_checkout_packs_its_own_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that was copied still names the archives of the other checkout, which that one may change."""
    other, own = tmp_path / "other", tmp_path / "own"
    kept = {}
    for folder in (other, own):
        folder.mkdir()
    for program in images.PROGRAMS:
        (other / f"{program}.tar").write_bytes(b"")
        kept[program] = {"path": str(other / f"{program}.tar"), "sha256": "", "name": program, "image_id": ""}
    (own / "register.json").write_text(json.dumps({"stamp": images.stamp(), "archives": kept}), encoding="utf-8")
    monkeypatch.setattr(images, "ARCHIVES", own)
    found = images.ensure(lambda text: None)
    assert {Path(archive.path).parent for archive in found.values()} == {own}
