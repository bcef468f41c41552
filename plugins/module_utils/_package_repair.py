# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish an installation in which dpkg was killed, by a power cut or with the run that started it.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

import fcntl
import os
import time

from ansible_collections.eucaim.local_node.plugins.module_utils._docker_node import run
from ansible_collections.eucaim.local_node.plugins.module_utils._role_record import half_installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What dpkg did and has not yet written into its table.
JOURNAL = "/var/lib/dpkg/updates"
LOCK = "/var/lib/dpkg/lock-frontend"
PATIENCE = 300.0
ETC = "/etc"
ACCOUNT_TABLES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
ACCOUNT_TOOLS = frozenset(
    {"useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage"}
    | {"chfn", "chsh", "newusers", "vipw", "vigr", "pwck", "grpck"}
)
# The third letter of a status that asks for a package to be unpacked again.
REINSTALL = "R"
FORMAT = "${db:Status-Abbrev}\\t${Package}\\n"


def stopped_in(module: AnsibleModule) -> list[str]:
    """Return the packages that are neither installed nor gone; with a journal left behind, at least `dpkg` itself."""
    _code, out, _err = run(module, ["dpkg-query", "-W", "-f", FORMAT])
    return half_installed(out) or (["dpkg"] if journal() else [])


def to_unpack_again(module: AnsibleModule) -> list[str]:
    """Return the packages whose files may be there in part. apt-get sees that by itself only where none were counted.

    Killed between its last file and its last word, dpkg leaves such a package unpacked and still to be reinstalled,
    which apt-get then tries to configure, in vain: it has to be named (dpkg(1), PACKAGE FLAGS, reinst-required).
    """
    _code, out, _err = run(module, ["dpkg-query", "-W", "-f", FORMAT])
    pairs = (line.partition("\t") for line in out.splitlines())
    return sorted({name for status, _tab, name in pairs if status[2:3] == REINSTALL})


def journal() -> bool:
    """Say whether dpkg was killed before it wrote its table."""
    try:
        return any(name.isdigit() for name in os.listdir(JOURNAL))
    except OSError:
        return False


def is_locked() -> bool:
    """Say whether a package manager is at work."""
    if not os.path.exists(LOCK):
        return False
    with open(LOCK, "r+b") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def wait() -> None:
    """Wait until the package manager that is at work, perhaps for a run that was killed, has ended."""
    deadline = time.monotonic() + PATIENCE
    while is_locked() and time.monotonic() < deadline:
        time.sleep(0.5)


def finish(module: AnsibleModule) -> tuple[str, str]:
    """Let dpkg, and where that is not enough apt-get, finish the work; return the last command and what it said."""
    command = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]
    _code, out, err = run(module, command)
    if stopped_in(module):
        again = to_unpack_again(module)
        command = ["apt-get", "--yes", "-o", f"DPkg::Lock::Timeout={int(PATIENCE)}"]
        command += ["-o", "Dpkg::Options::=--force-confold", "--fix-broken"]
        command += ["--reinstall", "install", *again] if again else ["install"]
        _code, out, err = run(module, command)
    # apt-get passes on in its standard output what dpkg says of an error.
    said = " ".join(f"{out[-600:]} {err[-400:]}".split())
    return " ".join(command), said or "nothing"


def repair(module: AnsibleModule) -> list[str]:
    """Finish what was left half done and return its packages; fails in words where that does not work.

    A package manager that is at work is waited for first, also where nothing is half done yet.
    """
    if not module.check_mode:
        wait()
    packages = stopped_in(module)
    if not packages or module.check_mode:
        return packages
    command, said = finish(module)
    left = stopped_in(module)
    if left:
        module.fail_json(
            msg=f"found packages whose installation was cut off ({', '.join(left)}); needed: packages that are "
            f"installed or gone; remedy: see why `{command}` does not finish them on the node, it ends in: {said}"
        )
    return packages


def release_account_locks() -> list[str]:
    """Take away locks of the account tables that a killed tool has left, and return them.

    Such a lock names a process. After a restart another one may have that number, and every change would be refused.
    """
    stale = []
    for table in ACCOUNT_TABLES:
        path = f"{ETC}/{table}.lock"
        try:
            with open(path, encoding="ascii", errors="replace") as handle:
                holder = handle.read().strip("\0 \n")
        except OSError:
            continue
        if name_of(holder) not in ACCOUNT_TOOLS:
            os.unlink(path)
            stale.append(path)
    return stale


def name_of(process: str) -> str:
    """Return the name of a process, empty when there is none."""
    try:
        with open(f"/proc/{int(process)}/comm", encoding="ascii", errors="replace") as handle:
            return handle.read().strip()
    except (OSError, ValueError):
        return ""


def told(packages: list[str], check_mode: bool) -> str:
    """Return in words what was finished."""
    done = "would be finished" if check_mode else "was finished"
    return (
        f"The installation of {', '.join(packages)} had been cut off, by a power cut or with an earlier run, and "
        f"{done} (dpkg --configure -a)."
    )
