# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bare node lacks before Ansible can work on it, and the shell script that brings it.

Private to this collection: nothing outside may import it. Pure: what the node said in, refusals and a script out.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

# One question over SSH, in the words of every POSIX shell: nothing else is sure to be there. A Python without its
# library (Debian's python3-minimal) is none that Ansible can work with.
PROBE = """
echo uid $(id -u)
echo user $(id -un)
echo groups $(id -Gn)
command -v sudo > /dev/null && echo has sudo
python3 -c 'import json, ssl, subprocess, tempfile, zipfile' 2> /dev/null && echo has python3
for name in apt-get dnf; do command -v $name > /dev/null && echo manager $name; done
echo end
"""
# What lets a person use sudo, by the package manager of the family.
SUDO_GROUPS: dict[str, str] = {"apt-get": "sudo", "dnf": "wheel"}
PACKAGES = ("python3", "sudo")


@dataclass(frozen=True)
class Found:
    """What a node is like before anything is installed."""

    uid: int = -1
    user: str = ""
    groups: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    manager: str = ""

    @property
    def missing(self) -> list[str]:
        """Return the packages that have to be installed."""
        return [name for name in PACKAGES if name not in self.programs]

    @property
    def is_root(self) -> bool:
        """Say whether the login is root's own."""
        return self.uid == 0

    @property
    def new_group(self) -> str:
        """Return the group that the login has to join for sudo; nothing where sudo is somebody else's already."""
        group = SUDO_GROUPS.get(self.manager, "")
        return "" if self.is_root or "sudo" in self.programs or group in self.groups else group


def parse(text: str) -> Found | None:
    """Return what the probe said, or nothing when it did not come to its end."""
    words = [line.split() for line in text.splitlines() if line.strip()]
    if ["end"] not in words:
        return None
    said: dict[str, list[str]] = {}
    programs: list[str] = []
    for key, *rest in words:
        if key == "has":
            programs += rest
        else:
            said.setdefault(key, rest)
    uid = (said.get("uid") or ["-1"])[0]
    return Found(
        int(uid) if uid.isdigit() else -1,
        " ".join(said.get("user") or []),
        tuple(said.get("groups") or []),
        tuple(programs),
        " ".join(said.get("manager") or []),
    )


def refusals(found: Found, become_method: str, address: str) -> list[Refusal]:
    """Return why a node cannot be prepared; nothing when it can, or when it needs nothing."""
    wrong = []
    if found.missing and found.manager not in SUDO_GROUPS:
        wrong.append(
            Refusal(
                "OS-LTS",
                "ansible_host",
                f"neither apt-get nor dnf on {address}",
                "a distribution of the Debian or the Red Hat family",
                f"install {' and '.join(found.missing)} by hand, or choose another machine",
            )
        )
    if found.missing and not found.is_root and become_method == "sudo" and "sudo" not in found.programs:
        wrong.append(
            Refusal(
                "OS-USERS",
                "ansible_become_method",
                f"no sudo on {address}, and a login as {found.user}, who is not root",
                "one login as root, or su with root's password",
                "run this playbook once with -e ansible_become_method=su --ask-become-pass (root's password), or "
                "with -e ansible_user=root",
            )
        )
    return wrong


def script(found: Found, environment: Mapping[str, str]) -> str:
    """Return what root has to run. Killed anywhere and run again, it finishes."""
    lines = ["set -eu", "umask 022", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(environment.items()) if value]
    if found.new_group:
        # Before the package: while sudo is missing, another run comes here again.
        lines.append(f"usermod -aG {found.new_group} {shlex.quote(found.user)}")
    lines += _install(found.manager, found.missing)
    return "\n".join(lines) + "\n"


def _install(manager: str, packages: Sequence[str]) -> list[str]:
    names = " ".join(packages)
    if manager == "dnf":
        return [f"dnf -y install {names}"]
    return [
        "export DEBIAN_FRONTEND=noninteractive",
        "dpkg --configure -a",
        # Old lists may do as well; if not, the installation says so.
        "apt-get -q -o DPkg::Lock::Timeout=300 update || true",
        f"apt-get -qy -o DPkg::Lock::Timeout=300 --no-install-recommends install {names}",
    ]


def done_text(found: Found, check: bool) -> str:
    """Return in words what was done, or what would be."""
    if not found.missing:
        return "Ansible can work on this node already; nothing was installed."
    verbs = ("would install", "would be a member") if check else ("installed", "is now a member")
    text = f"{verbs[0]} {' and '.join(found.missing)}"
    return f"{text}; {found.user} {verbs[1]} of {found.new_group}" if found.new_group else text
