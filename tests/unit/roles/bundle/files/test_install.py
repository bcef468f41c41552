# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer of a bundle names what is wrong and installs nothing then; otherwise it installs without network."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[5] / "roles" / "bundle" / "files" / "install.py"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def install() -> ModuleType:
    """The program as a module."""
    found = importlib.util.spec_from_file_location("bundle_install", SOURCE)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def seal(bundle: Path) -> None:
    """Sum every file."""
    paths = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle)}\n" for path in paths]
    (bundle / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle with one collection."""
    folder = tmp_path / "bundle"
    (folder / "wheels" / VERSION).mkdir(parents=True)
    (folder / "wheels" / VERSION / "pip-1-py3-none-any.whl").write_bytes(b"pip")
    (folder / "collections").mkdir()
    manifest = tmp_path / "MANIFEST.json"
    info = {"namespace": "eucaim", "name": "local_node", "version": "1.2.3"}
    manifest.write_text(json.dumps({"collection_info": info}), encoding="utf-8")
    with tarfile.open(folder / "collections" / "eucaim-local_node.tar.gz", "w:gz") as archive:
        archive.add(manifest, "MANIFEST.json")
    (folder / "offline.yml.in").write_text('archive: "@BUNDLE@/packages/x.tar"\n', encoding="ascii")
    seal(folder)
    return folder


def run(install: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Give the command."""
    monkeypatch.setattr(sys, "argv", ["install", *words])
    install.main()


def test_a_good_bundle_has_no_faults(install: ModuleType, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert install.faults(bundle) == []
    run(install, monkeypatch, "--check-only", "--bundle", str(bundle))
    digest = install.sha256(bundle / "SHA256SUMS").upper()
    run(install, monkeypatch, "--check-only", "--bundle", str(bundle), "--expect", digest)


def test_every_fault_is_told_by_its_name(install: ModuleType, bundle: Path) -> None:
    (bundle / "offline.yml.in").write_text("other\n", encoding="ascii")
    (bundle / "collections" / "eucaim-local_node.tar.gz").unlink()
    (bundle / "stranger").touch()
    assert install.faults(bundle) == [
        "no file collections/eucaim-local_node.tar.gz",
        "stranger, which is not of this bundle",
        "offline.yml.in with another content than it was packed with",
    ]


def test_a_link_in_place_of_a_file_is_a_fault(install: ModuleType, bundle: Path, tmp_path: Path) -> None:
    path = bundle / "offline.yml.in"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert install.faults(bundle) == ["offline.yml.in with another content than it was packed with"]


@pytest.mark.parametrize("words", [["--expect", "0" * 64], []])
def test_a_bundle_that_is_refused(
    install: ModuleType,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
) -> None:
    if not words:
        (bundle / "SHA256SUMS").unlink()
    with pytest.raises(SystemExit) as stopped:
        run(install, monkeypatch, "--target", str(bundle.parent / "target"), "--bundle", str(bundle), *words)
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert [word for word in ("found ", "needed: ", "remedy: ", "Nothing was installed.") if word not in said] == []
    assert not (bundle.parent / "target").exists()


def test_a_python_that_the_bundle_was_not_made_for(
    install: ModuleType, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        install.wheels_for(bundle, "3.99")
    assert f"found Python 3.99; needed: a Python that the bundle was made for: {VERSION}" in capsys.readouterr().err


def test_a_target_is_needed(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(install, monkeypatch)
    assert stopped.value.code == 2


def test_it_installs_twice(install: ModuleType, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    real = install.subprocess.run

    def without_pip(command: Sequence[Any], **options: Any) -> Any:
        words = [str(word) for word in command]
        commands.append(words)
        # The wheel of this bundle is none.
        return None if "--no-index" in words else real(command, **options)

    monkeypatch.setattr(install.subprocess, "run", without_pip)
    target = bundle.parent / "target"
    for _time in range(2):
        run(install, monkeypatch, "--target", str(target), "--bundle", str(bundle))
    pip = commands[0]
    assert pip[0] == str(target / "venv" / "bin" / "python")
    assert pip[1].endswith("pip-1-py3-none-any.whl/pip")
    found = target / "venv" / "lib" / f"python{VERSION}" / "site-packages" / "ansible_collections"
    assert sorted(str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()) == [
        "eucaim/local_node/MANIFEST.json"
    ]
    assert (target / "offline.yml").read_text(encoding="ascii") == f'archive: "{bundle}/packages/x.tar"\n'
