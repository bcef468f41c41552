# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts and groups: what is there, what is wanted, and the steps between (OS-USERS).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

PRESENT = "present"
DISABLED = "disabled"
ABSENT = "absent"

# The day after the epoch: 0 means "never" to some programs.
EXPIRED_DAY = 1
NOBODY_LOGS_IN = ("", "*", "!", "!!", "!*", "x")

USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


@dataclass(frozen=True)
class Account:
    """A line of passwd, with what shadow says of it."""

    name: str
    gid: int
    comment: str
    home: str
    shell: str
    password: str
    expire_day: int | None


@dataclass(frozen=True)
class Group:
    """A line of group."""

    name: str
    gid: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Somebody that the inventory names."""

    name: str
    state: str = PRESENT
    group: str = ""  # the one managed group that this person is in
    comment: str | None = None
    shell: str | None = None
    password_hash: str | None = None


@dataclass(frozen=True)
class Step:
    """One command, and what it is for. ``data`` goes to its standard input and is secret."""

    text: str
    argv: tuple[str, ...]
    data: str | None = None


@dataclass(frozen=True)
class Now:
    """What the node has."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)


def parse(passwd: str, shadow: str, group: str) -> Now:
    """Return the accounts and groups of the three files."""
    secrets: dict[str, tuple[str, int | None]] = {}
    for line in shadow.splitlines():
        parts = line.split(":")
        if len(parts) >= 8:
            secrets[parts[0]] = (parts[1], int(parts[7]) if parts[7].isdigit() else None)
    accounts = {}
    for line in passwd.splitlines():
        parts = line.split(":")
        if len(parts) == 7 and parts[3].isdigit():
            password, expires = secrets.get(parts[0], (parts[1], None))
            accounts[parts[0]] = Account(parts[0], int(parts[3]), parts[4], parts[5], parts[6], password, expires)
    groups = {}
    for line in group.splitlines():
        parts = line.split(":")
        if len(parts) == 4 and parts[2].isdigit():
            members = tuple(member for member in parts[3].split(",") if member)
            groups[parts[0]] = Group(parts[0], int(parts[2]), members)
    return Now(accounts, groups)


def _create(person: Person, shell: str) -> Step:
    argv = ["useradd", "--create-home", "--user-group", "--shell", person.shell or shell]
    if person.comment is not None:
        argv += ["--comment", person.comment]
    return Step(f"account {person.name} is missing", (*argv, "--", person.name))


def _adapt(person: Person, account: Account) -> list[Step]:
    """Return the steps that bring an account that is there into the wanted state."""
    steps = []
    if person.comment is not None and account.comment != person.comment:
        argv = ("usermod", "--comment", person.comment, "--", person.name)
        steps.append(Step(f"account {person.name} has another comment", argv))
    if person.shell is not None and account.shell != person.shell:
        argv = ("usermod", "--shell", person.shell, "--", person.name)
        steps.append(Step(f"account {person.name} has shell {account.shell} instead of {person.shell}", argv))
    if account.expire_day == EXPIRED_DAY:
        argv = ("usermod", "--expiredate", "", "--", person.name)
        steps.append(Step(f"account {person.name} is disabled", argv))
    return steps


def _password(person: Person, account: Account | None) -> list[Step]:
    if person.password_hash is None or (account is not None and account.password == person.password_hash):
        return []
    line = f"{person.name}:{person.password_hash}"
    return [Step(f"account {person.name} has another password than the inventory", ("chpasswd", "-e"), line)]


def _account_steps(person: Person, account: Account | None, shell: str) -> list[Step]:
    if person.state == ABSENT:
        return (
            [] if account is None else [Step(f"account {person.name} is still there", ("userdel", "--", person.name))]
        )
    if person.state == DISABLED:
        if account is None or account.expire_day == EXPIRED_DAY:
            return []
        argv = ("usermod", "--expiredate", str(EXPIRED_DAY), "--", person.name)
        return [Step(f"account {person.name} is not disabled", argv)]
    steps = [_create(person, shell)] if account is None else _adapt(person, account)
    return steps + _password(person, account)


def _group_steps(name: str, wanted: Sequence[str], now: Now) -> list[Step]:
    """Return the steps that give a group exactly its members."""
    there = now.groups.get(name)
    steps = []
    if there is None:
        steps.append(Step(f"group {name} is missing", ("groupadd", "--system", "--", name)))
    members = set(there.members) if there else set()
    missing = [member for member in wanted if member not in members]
    strangers = sorted(members - set(wanted))
    words = [f"{member} is not in group {name}" for member in missing]
    words += [f"{member} is in group {name} without being named" for member in strangers]
    if words:
        argv = ("gpasswd", "--members", ",".join(sorted(wanted)), name)
        steps.append(Step("; ".join(words), argv))
    return steps


def plan(people: Iterable[Person], groups: Sequence[str], now: Now, shell: str) -> list[Step]:
    """Return what has to be done, in order: accounts, then groups with exactly their members, then removals."""
    everyone = list(people)
    steps: list[Step] = []
    removals: list[Step] = []
    for person in everyone:
        found = _account_steps(person, now.accounts.get(person.name), shell)
        (removals if person.state == ABSENT else steps).extend(found)
    for group in groups:
        members = [person.name for person in everyone if person.state == PRESENT and person.group == group]
        steps.extend(_group_steps(group, members, now))
    return steps + removals


def plan_removal(groups: Sequence[str], now: Now, leaving: Iterable[str] = ()) -> list[Step]:
    """Return the steps that remove groups that nobody is left in. ``leaving``: accounts that are removed before."""
    gone = set(leaving)
    steps = []
    for name in groups:
        group = now.groups.get(name)
        if group is None or set(group.members) - gone:
            continue
        if any(account.gid == group.gid for account in now.accounts.values()):
            continue
        steps.append(Step(f"group {name} has no members", ("groupdel", name)))
    return steps


def home_of(name: str, now: Now) -> str:
    """Return where a person's home is, or will be."""
    account = now.accounts.get(name)
    return account.home if account else f"/home/{name}"


def primary_group(name: str, now: Now) -> str:
    """Return the name of an account's own group."""
    account = now.accounts.get(name)
    if account:
        for group in now.groups.values():
            if group.gid == account.gid:
                return group.name
    return name


def keys_text(keys: Iterable[str]) -> str:
    """Return the text of authorized_keys: each key once, one a line."""
    lines: dict[str, None] = {}
    for key in keys:
        lines.setdefault(" ".join(key.split()) if '"' not in key else key.strip(), None)
    return "".join(f"{line}\n" for line in lines)
