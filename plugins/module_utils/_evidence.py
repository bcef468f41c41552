# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: rows that say what a requirement expects and what was measured on the node.

Private to this collection: nothing outside may import it. Everything here is pure;
the module C(evidence) measures and hands the measurements to the judges below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import FIELDS, STATUSES, Row, worst
from ansible_collections.eucaim.local_node.plugins.module_utils._register import in_order, is_known

FORMAT = 1
NOT_MEASURED = "not measured: "
ROLE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z")


class EvidenceError(ValueError):
    """A row, check or file that says something which cannot be."""


# --------------------------------------------------------------------------- rows


def make_row(data: Mapping[str, Any], at: str | None = None) -> Row:
    """Return a row from plain data, refusing what is no row. A missing time is set to C(at)."""
    given = dict(data)
    if at is not None and not given.get("at"):
        given["at"] = at
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise EvidenceError(f"a row has no field {', '.join(unknown)}; its fields are {', '.join(FIELDS)}")
    missing = [name for name in FIELDS if not isinstance(given.get(name), str)]
    if missing:
        raise EvidenceError(f"a row needs {', '.join(missing)} as text")
    row = Row(**{name: given[name] for name in FIELDS})
    if not is_known(row.requirement):
        raise EvidenceError(f"{row.requirement} is no requirement of the register")
    if row.status not in STATUSES:
        raise EvidenceError(f"{row.status} is no status; choose one of {', '.join(STATUSES)}")
    if not _AT.match(row.at):
        raise EvidenceError(f"{row.at} is no time in UTC such as 2026-01-31T12:00:00Z")
    return row


def _join(texts: Iterable[str]) -> str:
    """Return texts in one line, each once."""
    return "; ".join(dict.fromkeys(text for text in texts if text))


def merge(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each requirement, in the register's order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.requirement, []).append(row)
    return [_merged(found[identifier]) for identifier in in_order(found)]


def _merged(rows: Sequence[Row]) -> Row:
    """Return one row out of several about the same requirement; what is worst is named first."""
    ordered = sorted(rows, key=lambda row: STATUSES.index(row.status))
    return Row(
        requirement=ordered[0].requirement,
        status=ordered[0].status,
        expected=_join(row.expected for row in ordered),
        measured=_join(row.measured for row in ordered),
        how=_join(row.how for row in ordered),
        at=max(row.at for row in ordered),
    )


class Kept(NamedTuple):
    """What a role left on the node: its rows, and its documents by their names."""

    role: str
    rows: list[Row]
    documents: dict[str, Any]


def dumps(role: str, rows: Sequence[Row], documents: Mapping[str, Any]) -> str:
    """Return the file that a role leaves on the node."""
    content: dict[str, Any] = {"format": FORMAT, "role": role, "rows": [row.as_dict() for row in rows]}
    if documents:
        content["documents"] = documents
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def loads(text: str) -> Kept:
    """Return what is in such a file."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise EvidenceError(f"no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise EvidenceError(f"no evidence of format {FORMAT}")
    role, rows = content.get("role"), content.get("rows")
    if not isinstance(role, str) or not isinstance(rows, list):
        raise EvidenceError("the file names no role or has no rows")
    if not all(isinstance(row, dict) for row in rows):
        raise EvidenceError("a row is no mapping")
    documents = content.get("documents", {})
    if not isinstance(documents, dict):
        raise EvidenceError("the documents are no mapping")
    return Kept(role, [make_row(row) for row in rows], documents)


# ------------------------------------------------------------------------- checks

_TEXT, _FLAG, _LIST, _NUMBER = "text", "yes or no", "list of texts", "number"

# kind -> option -> (type, required)
KINDS: dict[str, dict[str, tuple[str, bool]]] = {
    "path": {
        "path": (_TEXT, True),
        "type": (_TEXT, False),
        "mode": (_TEXT, False),
        "owner": (_TEXT, False),
        "group": (_TEXT, False),
        "sha256": (_TEXT, False),
        "contains": (_TEXT, False),
    },
    "package": {
        "names": (_LIST, True),
        "version": (_TEXT, False),
        "held": (_FLAG, False),
        "absent": (_FLAG, False),
    },
    "group": {"name": (_TEXT, True), "members": (_LIST, False), "absent": (_FLAG, False)},
    "user": {
        "name": (_TEXT, True),
        "groups": (_LIST, False),
        "locked": (_FLAG, False),
        "shell": (_TEXT, False),
        "absent": (_FLAG, False),
    },
    "service": {"name": (_TEXT, True), "active": (_FLAG, False), "enabled": (_FLAG, False)},
    "command": {"argv": (_LIST, True), "rc": (_NUMBER, False), "stdout": (_TEXT, False), "timeout": (_NUMBER, False)},
    "sysctl": {"name": (_TEXT, True), "value": (_TEXT, True)},
}
PATH_TYPES = ("file", "directory", "link", "absent")
_COMMON = ("kind", "requirement", "how", "needs")


@dataclass(frozen=True)
class Check:
    """One thing to measure, and what it must be."""

    requirement: str
    kind: str
    options: dict[str, Any]
    how: str = ""
    needs: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a measurement says about one check."""

    status: str
    expected: str
    measured: str
    how: str


def _has_type(value: Any, wanted: str) -> bool:
    """Say whether an option of a check has the type it should have."""
    if wanted == _FLAG:
        return isinstance(value, bool)
    if wanted == _NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == _LIST:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str)


def make_check(data: Mapping[str, Any]) -> Check:
    """Return a check from plain data, refusing what is no check."""
    given = {name: value for name, value in data.items() if value is not None}
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise EvidenceError(f"{kind!r} is no kind of check; choose one of {', '.join(KINDS)}")
    for name in ("requirement", "how", "needs"):
        if not isinstance(given.get(name, ""), str):
            raise EvidenceError(f"{name} of a check of kind {kind} must be text")
    requirement, needs = given.get("requirement", ""), given.get("needs", "")
    for identifier in (requirement,) if not needs else (requirement, needs):
        if not is_known(identifier):
            raise EvidenceError(f"{identifier!r} is no requirement of the register (check of kind {kind})")
    options = {name: value for name, value in given.items() if name not in _COMMON}
    allowed = KINDS[kind]
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        raise EvidenceError(f"a check of kind {kind} has no option {', '.join(unknown)}")
    for name, (wanted, required) in allowed.items():
        if name in options and not _has_type(options[name], wanted):
            raise EvidenceError(f"{name} of a check of kind {kind} must be a {wanted}")
        if required and not options.get(name):
            raise EvidenceError(f"a check of kind {kind} needs {name}")
    _check_values(kind, options)
    return Check(requirement, kind, options, given.get("how", ""), needs)


def _check_values(kind: str, options: Mapping[str, Any]) -> None:
    """Refuse values of the right type that make no sense."""
    if options.get("type", "file") not in PATH_TYPES:
        raise EvidenceError(f"type of a path must be one of {', '.join(PATH_TYPES)}")
    if not re.match(r"[0-7]{4}\Z", options.get("mode", "0644")):
        raise EvidenceError('mode must be four octal digits in quotes, such as "0644"')
    patterns = {"path": ("contains",), "command": ("stdout",), "package": ("version",)}
    for name in patterns.get(kind, ()):
        try:
            re.compile(options.get(name, ""))
        except re.error as error:
            raise EvidenceError(f"{name} is no regular expression: {error}") from error


# ------------------------------------------------------------------- measurements


@dataclass(frozen=True)
class PathState:
    """What lies at a path. C(problem) says why it could not be read; C(text) is never shown."""

    type: str
    mode: str = ""
    owner: str = ""
    group: str = ""
    sha256: str = ""
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class PackageState:
    """An installed package."""

    version: str
    held: bool | None = None


@dataclass(frozen=True)
class UnitState:
    """What systemd says of a unit."""

    load: str
    active: str
    enabled: str


@dataclass(frozen=True)
class UserState:
    """An account. C(locked) is None when the password's state could not be read."""

    groups: tuple[str, ...]
    shell: str
    locked: bool | None = None


@dataclass(frozen=True)
class CommandState:
    """How a command ended. C(problem) says why it gave no answer."""

    rc: int = 0
    stdout: str = ""
    stderr: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Measurements:
    """Everything that one execution of the module measured. A missing key means: not there."""

    paths: Mapping[str, PathState] = field(default_factory=dict)
    packages: Mapping[str, PackageState] = field(default_factory=dict)
    packages_problem: str = ""
    units: Mapping[str, UnitState] = field(default_factory=dict)
    units_problem: str = ""
    users: Mapping[str, UserState] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commands: Mapping[tuple[str, ...], CommandState] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)


def parse_dpkg_query(text: str) -> dict[str, PackageState]:
    """Read lines of C(status-abbreviation, package, version) that dpkg-query wrote, parted by tabs."""
    packages: dict[str, PackageState] = {}
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 3 and parts[0][1:2] == "i":
            packages[parts[1]] = PackageState(parts[2], parts[0][:1] == "h")
    return packages


def parse_rpm_query(text: str) -> dict[str, PackageState]:
    """Read lines of C(package, version) that rpm wrote, parted by tabs; other lines name what is missing."""
    packages: dict[str, PackageState] = {}
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 2:
            packages[parts[0]] = PackageState(parts[1])
    return packages


def parse_systemctl_show(text: str, names: Sequence[str]) -> dict[str, UnitState]:
    """Read C(systemctl show): one block of C(key=value) lines for each unit asked for, in that order."""
    units: dict[str, UnitState] = {}
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block]
    if len(blocks) != len(names):
        return units
    for name, block in zip(names, blocks):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        units[name] = UnitState(
            values.get("LoadState", ""), values.get("ActiveState", ""), values.get("UnitFileState", "")
        )
    return units


def parse_shadow(text: str) -> dict[str, bool]:
    """Read /etc/shadow: is each account's password locked?"""
    locked: dict[str, bool] = {}
    for line in text.splitlines():
        parts = line.split(":")
        if len(parts) > 1:
            locked[parts[0]] = parts[1][:1] in ("!", "*")
    return locked


# ------------------------------------------------------------------------- judges


def _verdict(wrong: bool, expected: Sequence[str], measured: Sequence[str], how: str) -> Verdict:
    return Verdict("unmet" if wrong else "met", ", ".join(expected), ", ".join(measured), how)


def _unanswered(expected: Sequence[str], reason: str, how: str) -> Verdict:
    return Verdict("unanswered", ", ".join(expected), f"{NOT_MEASURED}{reason}", how)


def _judge_path(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    path = options["path"]
    state = measured.paths.get(path, PathState("absent"))
    wanted = options.get("type") or ""
    details = {name: options[name] for name in ("mode", "owner", "group", "sha256") if options.get(name)}
    expected = [f"{path} is {_thing(wanted)}"] + [f"{name} {value}" for name, value in details.items()]
    if options.get("contains"):
        expected.append("with the settings that belong in it")
    how = f"read {path}"
    if state.problem:
        return _unanswered(expected, state.problem, how)
    seen = [f"{path} is {_thing(state.type)}"]
    wrong = state.type != wanted if wanted else state.type == "absent"
    if state.type != "absent":
        seen += [f"{name} {getattr(state, name)}" for name in details if getattr(state, name)]
        wrong = wrong or any(getattr(state, name) != value for name, value in details.items())
        if options.get("contains"):
            matches = re.search(options["contains"], state.text, re.MULTILINE) is not None
            seen.append(f"{'with' if matches else 'without'} the settings that belong in it")
            wrong = wrong or not matches
    return _verdict(wrong, expected, seen, how)


def _thing(kind: str) -> str:
    """Return a type of path in words."""
    return {"absent": "absent", "": "there", "other": "a special file"}.get(kind, f"a {kind}")


def _judge_package(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    names = options["names"]
    how = "asked the package database"
    listed = " ".join(names)
    if options.get("absent"):
        expected = [f"not installed: {listed}"]
        if measured.packages_problem:
            return _unanswered(expected, measured.packages_problem, how)
        found = [name for name in names if name in measured.packages]
        return _verdict(bool(found), expected, [f"installed: {' '.join(found)}" if found else "not installed"], how)
    expected = [f"installed: {listed}"]
    pattern = options.get("version") or ""
    if pattern:
        expected.append(f"version like {pattern}")
    if "held" in options:
        expected.append("held" if options["held"] else "not held")
    if measured.packages_problem:
        return _unanswered(expected, measured.packages_problem, how)
    missing = [name for name in names if name not in measured.packages]
    present = {name: measured.packages[name] for name in names if name not in missing}
    if missing:
        return _verdict(True, expected, [f"missing: {' '.join(missing)}"], how)
    seen = ["installed: " + " ".join(f"{name} {state.version}" for name, state in present.items())]
    wrong = any(not re.match(pattern, state.version) for state in present.values())
    if "held" in options:
        if any(state.held is None for state in present.values()):
            return _unanswered(expected, "this system's package database does not tell what is held", how)
        loose = [name for name, state in present.items() if state.held != options["held"]]
        seen.append(f"{'not held' if options['held'] else 'held'}: {' '.join(loose)}" if loose else expected[-1])
        wrong = wrong or bool(loose)
    return _verdict(wrong, expected, seen, how)


def _judge_group(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    name = options["name"]
    how = "read the group database"
    members = measured.groups.get(name)
    if options.get("absent"):
        return _verdict(members is not None, [f"no group {name}"], [_there("group", name, members is not None)], how)
    expected = [f"group {name}"]
    if "members" in options:
        expected.append(_members(options["members"]))
    if members is None:
        return _verdict(True, expected, [_there("group", name, False)], how)
    seen = [f"group {name}"]
    wrong = False
    if "members" in options:
        seen.append(_members(members))
        wrong = sorted(members) != sorted(options["members"])
    return _verdict(wrong, expected, seen, how)


def _members(names: Iterable[str]) -> str:
    return f"members: {' '.join(sorted(names)) or 'nobody'}"


def _there(what: str, name: str, present: bool) -> str:
    return f"{what} {name}" if present else f"no {what} {name}"


def _judge_user(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    name = options["name"]
    how = "read the account database"
    state = measured.users.get(name)
    if options.get("absent"):
        return _verdict(state is not None, [f"no user {name}"], [_there("user", name, state is not None)], how)
    wanted = options.get("groups", [])
    expected = [f"user {name}"]
    if wanted:
        expected.append(f"in {' '.join(wanted)}")
    if "shell" in options:
        expected.append(f"shell {options['shell']}")
    if "locked" in options:
        expected.append("password locked" if options["locked"] else "password not locked")
    if state is None:
        return _verdict(True, expected, [_there("user", name, False)], how)
    seen = [f"user {name}"]
    absent = [group for group in wanted if group not in state.groups]
    wrong = bool(absent)
    if wanted:
        seen.append(f"not in {' '.join(absent)}" if absent else f"in {' '.join(wanted)}")
    if "shell" in options:
        seen.append(f"shell {state.shell}")
        wrong = wrong or state.shell != options["shell"]
    if "locked" in options:
        if state.locked is None:
            return _unanswered(expected, "the state of passwords can only be read by root", how)
        seen.append("password locked" if state.locked else "password not locked")
        wrong = wrong or state.locked != options["locked"]
    return _verdict(wrong, expected, seen, how)


_ENABLED = ("enabled", "alias", "static", "indirect", "generated")


def _judge_service(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    name = options["name"]
    how = f"systemctl show {name}"
    active, enabled = options.get("active"), options.get("enabled")
    expected = [name]
    if active is not None:
        expected.append("running" if active else "stopped")
    if enabled is not None:
        expected.append("starts with the machine" if enabled else "does not start with the machine")
    state = measured.units.get(name)
    if measured.units_problem or state is None:
        return _unanswered(expected, measured.units_problem or "systemd gave no answer", how)
    if state.load == "not-found":
        nothing_wanted = active is not True and enabled is not True and (active is False or enabled is False)
        return _verdict(not nothing_wanted, expected, [f"{name} is not installed"], how)
    seen = [name]
    wrong = state.load not in ("loaded", "masked")
    if active is not None:
        seen.append(f"is {state.active}")
        wrong = wrong or (state.active == "active") != active
    if enabled is not None:
        seen.append(f"unit file {state.enabled or 'without state'}")
        wrong = wrong or (state.enabled in _ENABLED) != enabled
    return _verdict(wrong, expected, seen, how)


def _judge_command(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    argv = options["argv"]
    rc = options.get("rc", 0)
    how = " ".join(argv)
    expected = [f"{argv[0]} ends with {rc}"]
    pattern = options.get("stdout") or ""
    if pattern:
        expected.append(f"prints {pattern}")
    state = measured.commands.get(tuple(argv), CommandState(problem="it was not run"))
    if state.problem:
        return _unanswered(expected, state.problem, how)
    seen = [f"{argv[0]} ended with {state.rc}"]
    wrong = state.rc != rc
    if wrong:
        reason = (state.stderr.strip() or state.stdout.strip()).splitlines()
        seen += [_short(reason[-1])] if reason else []
    elif pattern:
        wrong = re.search(pattern, state.stdout, re.MULTILINE) is None
        lines = state.stdout.strip().splitlines()
        seen.append(f"printed {_short(lines[0])}" if lines else "printed nothing")
    return _verdict(wrong, expected, seen, how)


def _short(text: str) -> str:
    """Return a line of output that fits into a table."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def _judge_sysctl(options: Mapping[str, Any], measured: Measurements) -> Verdict:
    name = options["name"]
    wanted = " ".join(options["value"].split())
    expected = [f"{name} is {wanted}"]
    how = f"read {sysctl_path(name)}"
    if name not in measured.sysctls:
        return _unanswered(expected, f"this kernel has no {name}", how)
    value = " ".join(measured.sysctls[name].split())
    return _verdict(value != wanted, expected, [f"{name} is {value}"], how)


def sysctl_path(name: str) -> str:
    """Return the file in which the kernel shows a setting."""
    if "/" in name:
        return f"/proc/sys/{name}"
    return f"/proc/sys/{name.replace('.', '/')}"


_JUDGES = {
    "path": _judge_path,
    "package": _judge_package,
    "group": _judge_group,
    "user": _judge_user,
    "service": _judge_service,
    "command": _judge_command,
    "sysctl": _judge_sysctl,
}


def judge(check: Check, measured: Measurements) -> Verdict:
    """Return what the measurements say about one check."""
    return _JUDGES[check.kind](check.options, measured)


def evaluate(checks: Sequence[Check], measured: Measurements, rows: Sequence[Row], at: str) -> list[Row]:
    """Return one row for each requirement out of checks and of rows that were measured elsewhere.

    A check that fails because of another requirement (C(needs)) does not count against its own:
    it becomes unanswered, so that one fault turns one row.
    """
    judged = [(check, judge(check, measured)) for check in checks]
    statuses: dict[str, list[str]] = {}
    for row in rows:
        statuses.setdefault(row.requirement, []).append(row.status)
    for check, verdict in judged:
        statuses.setdefault(check.requirement, []).append(verdict.status)
    result = list(rows)
    for check, verdict in judged:
        blocked = check.needs and worst(statuses.get(check.needs, ["met"])) in ("unmet", "unanswered")
        stands = _blocked(verdict, check.needs) if blocked and verdict.status != "met" else verdict
        result.append(
            Row(check.requirement, stands.status, stands.expected, stands.measured, check.how or stands.how, at)
        )
    return merge(result)


def _blocked(verdict: Verdict, needs: str) -> Verdict:
    """Return a verdict that another requirement's fault keeps from being one."""
    unknown = verdict.status == "unanswered"
    reason = verdict.measured[len(NOT_MEASURED) :] if unknown else verdict.measured
    return _unanswered([verdict.expected], f"{reason} ({needs})", verdict.how)
