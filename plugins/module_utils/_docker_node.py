# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few things that the docker modules do to a node: read and write a file, list packages, run a program.

Every program is run with LC_ALL=C, every file is written whole and moved into place.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._docker_engine import (
    SNAP,
    Package,
    parse_dpkg,
    parse_rpm,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

DPKG_FORMAT = "${Package}\\t${db:Status-Abbrev}\\t${Version}\\n"
SNAP_PROGRAM = "/snap/bin/docker"
RPM_FORMAT = "%{NAME}\\t%{VERSION}-%{RELEASE}\\n"


def run(
    module: AnsibleModule, argv: Sequence[str], data: bytes | None = None, variables: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a program and return its exit code and output; a program that is not there gives 127."""
    environment = {"LC_ALL": "C", "LANG": "C", "DEBIAN_FRONTEND": "noninteractive", **(variables or {})}
    program = argv[0] if os.path.isabs(argv[0]) else module.get_bin_path(argv[0], opt_dirs=["/sbin", "/usr/sbin"])
    if not program:
        return 127, "", f"{argv[0]}: not found"
    try:
        return module.run_command(
            [program, *argv[1:]],
            data=data,
            binary_data=True,
            environ_update=environment,
            errors="surrogate_then_replace",
            handle_exceptions=False,
        )
    except OSError as error:  # such as a program that ends before it has read its input
        return 126, "", f"{argv[0]}: {error}"


def read_bytes(path: str) -> bytes | None:
    """Return a file's content; None when there is no such file."""
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_text(path: str) -> str | None:
    """Return a file's content as text; None when there is no such file."""
    content = read_bytes(path)
    return None if content is None else content.decode("utf-8", "replace")


def read_object(path: str) -> dict[str, Any]:
    """Return the JSON object in a file; empty when there is no such file, or something else in it."""
    try:
        content = json.loads(read_text(path) or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def mode_of(path: str) -> int:
    """Return a file's permission bits; 0 when there is none."""
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        return 0


def make_directory(path: str, mode: int) -> None:
    """Make a directory, its parents world-readable; one that is there keeps what it has."""
    if not os.path.isdir(path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        os.mkdir(path)
        os.chmod(path, mode)


def write(module: AnsibleModule, path: str, content: bytes, mode: int, directory_mode: int = 0o755) -> None:
    """Write a file of root's in one step; it never stands there half written or more readable than it may be."""
    make_directory(os.path.dirname(path), directory_mode)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".eucaim-")
    module.add_cleanup_file(temporary)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    os.chmod(temporary, mode)
    # Not Ansible's atomic_move: that one opens a new file up to what the umask allows.
    os.replace(temporary, path)


def delete(path: str) -> None:
    """Delete a file that may be gone already."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def delete_empty_directory(path: str) -> None:
    """Delete a directory that holds nothing any more; one that holds something stays."""
    try:
        os.rmdir(path)
    except OSError:
        return


def list_packages(module: AnsibleModule) -> tuple[str, dict[str, Package]]:
    """Return the family of the package manager (Debian, RedHat, or empty) and all packages it knows."""
    code, out, _err = run(module, ["dpkg-query", "-W", "-f", DPKG_FORMAT])
    if code == 0:
        return "Debian", parse_dpkg(out)
    code, out, _err = run(module, ["rpm", "-qa", "--qf", RPM_FORMAT])
    if code == 0:
        return "RedHat", parse_rpm(out)
    return "", {}


def automatic_packages(module: AnsibleModule, family: str) -> list[str]:
    """Return the packages that were installed as dependencies only."""
    if family != "Debian":
        return []
    _code, out, _err = run(module, ["apt-mark", "showauto"])
    return [name.partition(":")[0] for name in out.split()]


def unpackaged(module: AnsibleModule) -> list[str]:
    """Return what looks like an engine and does not come from the package manager."""
    found = [SNAP] if os.path.exists(SNAP_PROGRAM) else []
    daemon = module.get_bin_path("dockerd", opt_dirs=["/usr/sbin", "/usr/local/sbin"])
    return [*found, f"program {daemon}"] if daemon else found


def command_line(number: str, proc: str = "/proc") -> list[str]:
    """Return the arguments of a process; none when there is no such process."""
    content = read_bytes(os.path.join(proc, number, "cmdline")) if number.isdigit() else None
    return [word.decode(errors="replace") for word in (content or b"").split(b"\0") if word]


def diff_of(parts: Sequence[tuple[str, str | None, str | None]]) -> list[dict[str, Any]]:
    """Return Ansible's diff for files `(path, before, after)`, those that stay the same left out."""
    return [
        {"before_header": path, "after_header": path, "before": before or "", "after": after or ""}
        for path, before, after in parts
        if before != after
    ]
