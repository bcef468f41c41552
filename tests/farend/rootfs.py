# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the build container: packs Python, cryptography and what they need, and nothing else, into one layer.

Like the real images (distroless) the result holds no shell, no curl and no wget; so nothing in a node's set-up can
lean on one unnoticed. The same packages give the same bytes.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGES = (
    "base-files",
    "libc6",
    "libgcc-s1",
    "libexpat1",
    "libffi8",
    "libssl3t64",
    "openssl-provider-legacy",
    "zlib1g",
    "libzstd1",
    "libbz2-1.0",
    "liblzma5",
    "libuuid1",
    "media-types",
    "netbase",
    "python3",
    "python3-minimal",
    "libpython3-stdlib",
    "python3.13",
    "python3.13-minimal",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "python3-cryptography",
    "python3-cffi-backend",
    "python3-bcrypt",
)
PROGRAMS = {"/usr/bin/python3", "/usr/bin/python3.13"}
LEFT_OUT = (
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/locale",
    "/usr/share/lintian",
    "/usr/share/bug",
    "/usr/share/base-files",
    "/usr/share/common-licenses",
    "/usr/share/python3",
    "/usr/lib/python3.13/ensurepip",
    "/usr/lib/python3.13/idlelib",
    "/usr/lib/python3.13/pydoc_data",
    "/usr/lib/python3.13/sqlite3",
    "/usr/lib/python3.13/tkinter",
    "/usr/lib/python3.13/turtledemo",
    "/usr/lib/python3.13/test",
    "/usr/lib/python3.13/unittest",
    "/usr/lib/python3.13/xmlrpc",
    "/usr/lib/python3.13/curses",
    "/usr/lib/python3.13/lib-dynload/_sqlite3",
    "/usr/lib/python3.13/lib-dynload/_curses",
    "/usr/lib/python3.13/lib-dynload/readline",
    "/usr/lib/x86_64-linux-gnu/gconv",
    "/usr/lib/aarch64-linux-gnu/gconv",
    "/etc/update-motd.d",
    "/etc/profile.d",
    "/etc/init.d",
)
FILES = {
    "/etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
}


def wanted(path: str) -> bool:
    """Leave out documentation, what is never imported, and every program but Python."""
    if any(path == left or path.startswith((left + "/", left + ".")) for left in LEFT_OUT):
        return False
    in_programs = path.startswith(("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"))
    return not in_programs or path in PROGRAMS


def listing() -> set[str]:
    """Paths of the packages, and the certificate bundle that Debian makes at installation."""
    text = subprocess.run(["dpkg", "-L", *PACKAGES], capture_output=True, text=True, check=True).stdout
    paths = {path for path in text.splitlines() if path.startswith("/") and path != "/." and wanted(path)}
    # dpkg still names some libraries by their way before /usr was merged.
    paths = {("/usr" + path if path.startswith(("/lib/", "/lib64/")) else path) for path in paths}
    paths |= {"/bin", "/lib", "/lib64", "/sbin", "/usr/bin", "/etc/ssl", "/etc/ssl/certs", "/tmp", "/root"}
    return paths | {"/etc/ssl/certs/ca-certificates.crt"}


def compiled(paths: set[str]) -> set[str]:
    """Compile the modules, so that a start costs no compiling; the files hold no time stamps."""
    found = set()
    for path in sorted(paths):
        if path.endswith(".py") and path.startswith("/usr/lib/python3"):
            cache = f"{os.path.dirname(path)}/__pycache__/{Path(path).stem}.cpython-313.pyc"
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            if compileall.compile_file(path, quiet=2, force=True, invalidation_mode=mode) and os.path.exists(cache):
                found |= {os.path.dirname(cache), cache}
    return found


def pack(target: str) -> None:
    """Write the layer."""
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="ascii")
    paths = listing() | set(FILES)
    paths |= compiled(paths)
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(paths):
            if os.path.lexists(path):
                member = archive.gettarinfo(path, path.lstrip("/"))
                member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
                if member.isreg():
                    with open(path, "rb") as stream:
                        archive.addfile(member, stream)
                else:
                    archive.addfile(member)


if __name__ == "__main__":
    pack(sys.argv[1])
