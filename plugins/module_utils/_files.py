# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories brought into the wanted state, safely even in folders that belong to someone else.

Private to this collection: nothing outside may import it. No Ansible; the one helper here that touches the disk, so
that the modules that write files do it in one way: through descriptors that follow no symbolic link in the last two
parts of a path, with the right owner and mode before the content is there, and by renaming.
"""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Unsafe(Exception):
    """A path is something else than it should be; nothing was changed."""


@dataclass(frozen=True)
class Wanted:
    """A file (with content) or a directory (without)."""

    path: str
    owner: str
    group: str
    mode: int
    content: bytes | None = None

    @property
    def is_directory(self) -> bool:
        """Say whether a directory is wanted."""
        return self.content is None


@dataclass(frozen=True)
class Found:
    """What is there now."""

    exists: bool
    owner: str = ""
    group: str = ""
    mode: int = 0
    content: bytes | None = None


@contextmanager
def parent_of(path: str) -> Iterator[int]:
    """Open the directory that holds a path; a symbolic link in its place is refused."""
    folder = os.path.dirname(path)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError:
        raise Unsafe(f"{folder} is a symbolic link or a file, not a directory") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _names(status: os.stat_result) -> tuple[str, str]:
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return owner, group


def look(wanted: Wanted) -> Found:
    """Return what is at a path."""
    try:
        with parent_of(wanted.path) as parent:
            name = os.path.basename(wanted.path)
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            right = stat.S_ISDIR if wanted.is_directory else stat.S_ISREG
            if not right(status.st_mode):
                kind = "directory" if wanted.is_directory else "file"
                raise Unsafe(f"{wanted.path} is there but is no {kind} (a symbolic link is not followed)")
            content = None
            if not wanted.is_directory:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
                with os.fdopen(descriptor, "rb") as handle:
                    content = handle.read()
    except FileNotFoundError:
        return Found(False)
    owner, group = _names(status)
    return Found(True, owner, group, stat.S_IMODE(status.st_mode), content)


def differences(wanted: Wanted, found: Found) -> list[str]:
    """Return in words what has to change; nothing if all is as wanted."""
    if not found.exists:
        return ["missing"]
    words = []
    if not wanted.is_directory and found.content != wanted.content:
        words.append("other content")
    if found.mode != wanted.mode:
        words.append(f"mode {found.mode:04o} instead of {wanted.mode:04o}")
    if found.owner != wanted.owner or found.group != wanted.group:
        words.append(f"belongs to {found.owner}:{found.group} instead of {wanted.owner}:{wanted.group}")
    return words


def apply(wanted: Wanted, found: Found, check: Callable[[str], None] | None = None) -> None:
    """Bring a file or directory into the wanted state. ``check`` gets a draft's path and raises if it is wrong."""
    user, group = pwd.getpwnam(wanted.owner).pw_uid, grp.getgrnam(wanted.group).gr_gid
    name = os.path.basename(wanted.path)
    with parent_of(wanted.path) as parent:
        if wanted.content is not None and found.content != wanted.content:
            _replace(parent, wanted, (user, group), check)
            return
        if not found.exists:
            os.mkdir(name, 0o700, dir_fd=parent)
        kind = os.O_DIRECTORY if wanted.is_directory else 0
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=parent)
        try:
            os.fchown(descriptor, user, group)
            os.fchmod(descriptor, wanted.mode)
        finally:
            os.close(descriptor)


def _replace(parent: int, wanted: Wanted, owner: tuple[int, int], check: Callable[[str], None] | None) -> None:
    """Write a draft beside the file, have it checked, and put it in the file's place."""
    name = os.path.basename(wanted.path)
    draft = f".{name}.{secrets.token_hex(6)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(wanted.content or b"")
            handle.flush()
            os.fchown(handle.fileno(), *owner)
            os.fchmod(handle.fileno(), wanted.mode)
            os.fsync(handle.fileno())
        if check is not None:
            check(os.path.join(os.path.dirname(wanted.path), draft))
        os.replace(draft, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        os.unlink(draft, dir_fd=parent)
        raise


def remove(path: str) -> None:
    """Remove a file or a symbolic link."""
    with parent_of(path) as parent:
        os.unlink(os.path.basename(path), dir_fd=parent)
