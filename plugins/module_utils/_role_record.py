# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role found on a node and what it brought: the record that `remove` and `uninstall` go by.

Private to this collection: nothing outside may import it. Pure: texts and what was found in, a record or a plan out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

VERSION = 1
# What stands in a file that a role of this collection wrote, for nodes that were made before there were records.
MARK = b"eucaim.local_node"
# A package that the way in hangs on is never taken away.
NEVER_REMOVED = frozenset({"sudo", "openssh-server", "python3", "python3-minimal", "dpkg", "apt"})

_REMOVED = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)
# The second letter of dpkg's status: not installed, configuration files only, installed; the third is an error.
_AT_REST = ("n", "c", "i")


@dataclass(frozen=True)
class Account:
    """One account of the node; the day of expiry is empty where none is set; of a password there is only a sum."""

    home: str
    uid: int
    expiry: str = ""
    gid: int = -1
    comment: str = ""
    shell: str = ""
    password_sha256: str = ""


@dataclass(frozen=True)
class Found:
    """What is on the node now. A path or a unit that is not there has no entry."""

    packages: frozenset[str] = frozenset()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    paths: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What a role is about to bring, by name."""

    packages: Sequence[str] = ()
    accounts: Sequence[str] = ()
    groups: Sequence[str] = ()
    paths: Sequence[str] = ()
    units: Sequence[str] = ()


@dataclass(frozen=True)
class Removal:
    """What goes, and what gets back what it was; only what is really there and really differs."""

    units: Sequence[str] = ()
    files: Sequence[str] = ()
    restored: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accounts: Sequence[str] = ()
    groups: Sequence[str] = ()
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    directories: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return it in words, one thing a line."""
        return [
            *(f"unit {name} starts with the machine" for name in self.units),
            *(f"file {path}" for path in [*self.files, *self.restored]),
            *(f"account {name}" for name in self.accounts),
            *(f"group {name}" for name in [*self.groups, *self.members]),
        ]


def parse_accounts(passwd: str, shadow: str) -> dict[str, Account]:
    """Read /etc/passwd, and from /etc/shadow the day of expiry and a sum of what stands for the password."""
    secret = {}
    for line in shadow.splitlines():
        fields = line.split(":")
        if len(fields) > 7:
            secret[fields[0]] = (fields[7], sha256(fields[1].encode()))
    found = {}
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit():
            expiry, password = secret.get(fields[0], ("", ""))
            found[fields[0]] = Account(
                fields[5], int(fields[2]), expiry, int(fields[3]), fields[4], fields[6], password
            )
    return found


def sha256(content: bytes) -> str:
    """Return the sum of a content."""
    return hashlib.sha256(content).hexdigest()


# ----------------------------------------------------------------------------------------------- people as wanted

# Looks at a path: kind, mode, uid, gid, and of a file sha256; nothing when it is not there.
Look = Callable[[str], Optional[Mapping[str, Any]]]
COMPARED = ("comment", "shell", "password_sha256")


def account_is_wanted(person: Mapping[str, Any], account: Account | None, look: Look) -> bool:
    """Say whether an account is as the inventory has it, so that nothing needs to be done to it."""
    if not person["present"]:
        return True
    if account is None or account.expiry == "1" or look(account.home) is None:
        return False
    return all(not person.get(name) or person[name] == getattr(account, name) for name in COMPARED)


def home_is_wanted(person: Mapping[str, Any], account: Account | None, directories: Sequence[str], look: Look) -> bool:
    """Say whether keys and directories in a home are as the inventory has them."""
    if account is None:
        return not person["present"]
    owner = {"uid": account.uid, "gid": account.gid}
    wanted: dict[str, Mapping[str, Any] | None] = {}
    if person["present"]:
        wanted = {f"{account.home}/{name}": {**owner, "kind": "directory", "mode": "0755"} for name in directories}
    folder = f"{account.home}/.ssh"
    keys = person.get("authorized_keys")
    if keys:
        text = "".join(f"{key.strip()}\n" for key in keys)
        wanted[folder] = {**owner, "kind": "directory", "mode": "0700"}
        wanted[f"{folder}/authorized_keys"] = {**owner, "kind": "file", "mode": "0600", "sha256": sha256(text.encode())}
    elif keys is not None:
        # A link is for the tasks to refuse.
        if (look(folder) or {"kind": "directory"})["kind"] != "directory":
            return False
        wanted[f"{folder}/authorized_keys"] = None
    return all(look(path) == state for path, state in wanted.items())


def parse_groups(text: str) -> dict[str, list[str]]:
    """Read /etc/group: the members of each group."""
    found = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == 4:
            found[fields[0]] = [name for name in fields[3].split(",") if name]
    return found


def parse_units(text: str) -> dict[str, str]:
    """Read `systemctl show --property=Id,LoadState,UnitFileState`: how each unit that exists is enabled."""
    found = {}
    for block in text.strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if unit.get("LoadState") in ("loaded", "masked"):
            found[unit.get("Id", "")] = unit.get("UnitFileState", "")
    return found


def half_installed(dpkg: str) -> list[str]:
    r"""Return the packages that dpkg was stopped in, from lines of `${db:Status-Abbrev}\t${Package}`."""
    found = []
    for line in dpkg.splitlines():
        status, _tab, name = line.partition("\t")
        if name and len(status) > 2 and (status[1] not in _AT_REST or status[2] != " "):
            found.append(name)
    return sorted(set(found))


def parse(text: str | None) -> dict[str, Any] | None:
    """Read a record; None when there is none, or when it is damaged."""
    try:
        loaded = json.loads(text or "")
    except ValueError:
        return None
    if not isinstance(loaded, dict) or loaded.get("version") != VERSION:
        return None
    shapes = {"packages": list, "dependencies": list, "accounts": list, "groups": dict, "paths": dict, "units": dict}
    sound = all(isinstance(loaded.get(name), kind) for name, kind in shapes.items())
    return loaded if sound else None


def render(record: Mapping[str, Any]) -> str:
    """Return a record as text."""
    return json.dumps(record, indent=2, sort_keys=True) + "\n"


def fresh() -> dict[str, Any]:
    """Return a record of a role that has brought nothing yet."""
    empty: dict[str, Any] = {"version": VERSION, "packages": [], "dependencies": [], "accounts": []}
    return {**empty, "groups": {}, "paths": {}, "units": {}}


def claim(record: Mapping[str, Any] | None, wanted: Wanted, found: Found) -> dict[str, Any]:
    """Return the record as it has to stand on the disk before anything is changed.

    What is about to be made is ours, what is there is not, and what it was like is kept, so that it can be put back.
    A node that an earlier version made has marked files and no record: its files, directories and groups are ours,
    its packages and accounts count as the site's, since nobody can tell any more.
    """
    after = {**fresh(), **(record or {})}
    earlier = record is None and any(state.get("ours") for state in found.paths.values())
    missing = [name for name in wanted.packages if name not in found.packages]
    kept = [name for name in after["packages"] if name in found.packages or name in wanted.packages]
    after["packages"] = sorted({*kept, *missing})
    if missing and "before" not in after:
        after["before"] = sorted(found.packages)
    new = [name for name in wanted.accounts if name not in found.accounts]
    after["accounts"] = sorted({*(name for name in after["accounts"] if name in found.accounts), *new})
    after["groups"] = {name: None if earlier else _copy(found.groups.get(name)) for name in wanted.groups} | after[
        "groups"
    ]
    states = {path: None if earlier else _state(found.paths.get(path)) for path in wanted.paths}
    after["paths"] = states | after["paths"]
    after["units"] = {name: found.units.get(name, "") for name in wanted.units} | after["units"]
    return after


def _copy(members: Sequence[str] | None) -> list[str] | None:
    return None if members is None else sorted(members)


def _state(state: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a path was, or None where a role of ours made it."""
    if state is None or state.get("ours"):
        return None
    return {key: value for key, value in state.items() if key != "ours"}


def settle(record: Mapping[str, Any], installed: Iterable[str], automatic: Iterable[str]) -> dict[str, Any]:
    """Return the record after the installation: with the dependencies that came with it."""
    after = dict(record)
    before = after.pop("before", None)
    if before is not None:
        came = (set(automatic) & set(installed)) - set(before) - set(after["packages"])
        after["dependencies"] = sorted({*after["dependencies"], *came})
    return after


def candidates(record: Mapping[str, Any], installed: Iterable[str], automatic: Iterable[str]) -> list[str]:
    """Return the packages that may go: ours and what came with them, as far as they are installed."""
    settled = settle(record, installed, automatic)
    return sorted(({*settled["packages"], *settled["dependencies"]} & set(installed)) - NEVER_REMOVED)


def mark_automatic(extended_states: str, names: Iterable[str], architecture: str) -> str:
    """Return apt's file of what was installed by itself, with these packages among them."""
    marked = set(names)
    blocks = []
    for block in extended_states.strip().split("\n\n"):
        name = re.search(r"^Package: (\S+)$", block, re.MULTILINE)
        if name and name.group(1) not in marked:
            blocks.append(block)
    blocks += [f"Package: {name}\nArchitecture: {architecture}\nAuto-Installed: 1" for name in sorted(marked)]
    return "\n\n".join(blocks) + "\n"


def named_in(simulation: str) -> list[str]:
    """Return what a simulated removal of apt-get would take away."""
    return sorted({name.partition(":")[0] for name in _REMOVED.findall(simulation)})


def removal(record: Mapping[str, Any], found: Found, people: bool) -> Removal:
    """Return what of a record is still there and has to go, or to get back what it was."""
    paths = record["paths"]
    leaving = [name for name in record["accounts"] if people and name in found.accounts]
    files = [path for path in paths if paths[path] is None and path in found.paths and not _is_directory(found, path)]
    restored = {
        path: state
        for path, state in paths.items()
        if state is not None and path in found.paths and _is_changed_by_us(state, found.paths[path])
    }
    groups, members = [], {}
    for name, before in record["groups"].items():
        stay = [member for member in found.groups.get(name, []) if member not in leaving]
        if name in found.groups and before is None and not (stay and not people):
            groups.append(name)
        elif name in found.groups and before is not None:
            former = [member for member in before if member in found.accounts]
            if sorted(found.groups[name]) != sorted(former):
                members[name] = former
    return Removal(
        units=[
            name for name, was in record["units"].items() if was == "disabled" and found.units.get(name) == "enabled"
        ],
        files=sorted(files),
        restored=dict(sorted(restored.items())),
        accounts=leaving,
        groups=sorted(groups),
        members=members,
        directories=sorted((path for path in paths if paths[path] is None), key=lambda path: (-path.count("/"), path)),
    )


def _is_changed_by_us(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Say whether a path that was there before is as a role leaves it; what somebody else changed since is theirs."""
    if before["kind"] == "file":
        return bool(now.get("ours"))
    ours = {"kind": "directory", "mode": "0755", "uid": 0, "gid": 0}
    return before["kind"] == "directory" and dict(now) == ours and dict(before) != ours


def _is_directory(found: Found, path: str) -> bool:
    return found.paths[path].get("kind") == "directory"
