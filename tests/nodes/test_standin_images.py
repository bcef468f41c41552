# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins' image archives: no tools in them, the same bytes again, strict about their environment."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.farend import images as build
from tests.nodes.engine import run

TOOLS = {"sh", "bash", "dash", "ash", "busybox", "curl", "wget", "perl", "nc", "openssl", "apt", "dpkg", "env", "cat"}


def members(archive: build.Archive) -> list[str]:
    """Every path in every layer, without directories."""
    names: list[str] = []
    with tarfile.open(archive.path) as outer:
        manifest = json.load(outer.extractfile("manifest.json") or io.BytesIO())
        for layer in manifest[0]["Layers"]:
            with tarfile.open(fileobj=io.BytesIO((outer.extractfile(layer) or io.BytesIO()).read())) as inner:
                names += [member.name for member in inner if not member.isdir()]
    return names


@pytest.mark.parametrize("program", sorted(build.PROGRAMS))
def test_no_tools(archives: dict[str, build.Archive], program: str) -> None:
    """As in the real images there is no shell and no downloader: the only program is Python."""
    names = members(archives[program])
    assert {Path(name).name for name in names} & TOOLS == set()
    assert {name for name in names if "/bin/" in name or "/sbin/" in name} == {"usr/bin/python3", "usr/bin/python3.13"}


def test_same_bytes_again(archives: dict[str, build.Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packing again gives the same checksum."""
    monkeypatch.setattr(build, "ARCHIVES", tmp_path)
    again = build.pack("mediator", [build.python_layer(print), build.code_layer()])
    assert again.sha256 == archives["mediator"].sha256


def test_packed_once(archives: dict[str, build.Archive]) -> None:
    """Unchanged sources are not packed again."""
    said: list[str] = []
    assert build.ensure(said.append) == archives
    assert said == []


def test_stops_on_unknown_setting(archives: dict[str, build.Archive]) -> None:
    """A variable that the real program would not read stops a stand-in, so that a role cannot be wrong unnoticed."""
    image = build.load("focus", archives)
    done = run(["docker", "run", "--rm", "--network=none", "-e", "BEAM_APP_ID=x", image], check=False)
    assert done.returncode == 64
    assert "BEAM_APP_ID" in done.stderr


def test_no_shell_runs(archives: dict[str, build.Archive]) -> None:
    """The engine finds no shell in the image."""
    image = build.load("focus", archives)
    done = run(["docker", "run", "--rm", "--network=none", "--entrypoint", "sh", image, "-c", "true"], check=False)
    assert done.returncode == 127
