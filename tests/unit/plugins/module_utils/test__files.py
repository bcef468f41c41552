# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories in real folders."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _files as files

ME = pwd.getpwuid(os.getuid()).pw_name
MINE = grp.getgrgid(os.getgid()).gr_name


def wanted(path: Path, content: bytes | None = None, mode: int = 0o640) -> files.Wanted:
    """Return what is wanted at a path."""
    return files.Wanted(str(path), ME, MINE, mode, content)


def test_new_file(tmp_path: Path) -> None:
    """A missing file is made with its mode, and is right afterwards."""
    item = wanted(tmp_path / "a", b"text")
    found = files.look(item)
    assert files.differences(item, found) == ["missing"]
    files.apply(item, found)
    assert files.differences(item, files.look(item)) == []
    assert (tmp_path / "a").read_bytes() == b"text"
    assert os.listdir(tmp_path) == ["a"]


def test_changed_content_and_mode(tmp_path: Path) -> None:
    """Content and mode are told and healed."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o600)
    item = wanted(path, b"new")
    found = files.look(item)
    assert files.differences(item, found) == ["other content", "mode 0600 instead of 0640"]
    files.apply(item, found)
    assert files.differences(item, files.look(item)) == []


def test_mode_alone(tmp_path: Path) -> None:
    """A wrong mode does not rewrite the file."""
    path = tmp_path / "a"
    path.write_bytes(b"same")
    path.chmod(0o666)
    inode = path.stat().st_ino
    item = wanted(path, b"same")
    files.apply(item, files.look(item))
    assert path.stat().st_ino == inode
    assert path.stat().st_mode & 0o777 == 0o640


def test_directory(tmp_path: Path) -> None:
    """A directory is made, and its mode healed."""
    item = wanted(tmp_path / "d", mode=0o755)
    files.apply(item, files.look(item))
    (tmp_path / "d").chmod(0o700)
    found = files.look(item)
    assert files.differences(item, found) == ["mode 0700 instead of 0755"]
    files.apply(item, found)
    assert files.differences(item, files.look(item)) == []


def test_other_owner() -> None:
    """Who owns what is told by name, or by number where there is no name."""
    item = files.Wanted("/x", "root", "root", 0o644, b"")
    found = files.Found(True, "ada", "ada", 0o644, b"")
    assert files.differences(item, found) == ["belongs to ada:ada instead of root:root"]


def test_unknown_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner without a name is a number."""

    def nobody(number: int) -> None:
        raise KeyError(number)

    (tmp_path / "a").write_bytes(b"")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(grp, "getgrgid", nobody)
    found = files.look(wanted(tmp_path / "a", b""))
    assert (found.owner, found.group) == (str(os.getuid()), str(os.getgid()))


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither the file nor its folder may be a symbolic link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(files.Unsafe, match="is no directory"):
        files.look(wanted(tmp_path / "link"))
    with pytest.raises(files.Unsafe, match="is no file"):
        files.look(wanted(tmp_path / "file", b""))
    with pytest.raises(files.Unsafe, match="not a directory"):
        files.look(wanted(tmp_path / "link" / "a", b""))
    assert not (tmp_path / "elsewhere").exists()


def test_missing_folder(tmp_path: Path) -> None:
    """In a folder that is not there, a file is missing."""
    assert not files.look(wanted(tmp_path / "no" / "a", b"")).exists


def test_refused_draft_leaves_all_as_it_was(tmp_path: Path) -> None:
    """A check that fails keeps the old file and leaves no draft."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    seen = []

    def check(draft: str) -> None:
        seen.append(Path(draft).read_bytes())
        raise files.Unsafe("wrong")

    item = wanted(path, b"new")
    with pytest.raises(files.Unsafe, match="wrong"):
        files.apply(item, files.look(item), check)
    assert seen == [b"new"]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_accepted_draft(tmp_path: Path) -> None:
    """A check that passes lets the file in."""
    item = wanted(tmp_path / "a", b"new")
    files.apply(item, files.look(item), lambda draft: None)
    assert (tmp_path / "a").read_bytes() == b"new"


def test_remove(tmp_path: Path) -> None:
    """A file and a symbolic link can be removed; the link's end stays."""
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").symlink_to(tmp_path / "c")
    (tmp_path / "c").write_bytes(b"")
    files.remove(str(tmp_path / "a"))
    files.remove(str(tmp_path / "b"))
    assert os.listdir(tmp_path) == ["c"]
