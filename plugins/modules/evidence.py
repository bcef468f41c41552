# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence
short_description: Measure what a role promises and keep the result on the node
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Measures files, packages, accounts, services, commands and kernel settings on the node,
    compares them with what is expected, and keeps one row for each requirement of the register.
  - Several checks of one requirement become one row; the worst status stands.
  - What could not be measured is C(unanswered), never C(met).
  - A row that is C(unmet) does not fail the task. The report and the playbook C(verify) decide what follows.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - In check mode everything is measured and nothing is written.
  diff_mode:
    support: none
    details:
      - Evidence is the record of having looked, not state of the node.
  platform:
    platforms: linux
options:
  state:
    description:
      - V(present) measures O(checks), adds O(rows) and writes the file of O(role).
        This is never reported as a change, since evidence is the record of having looked.
      - V(read) returns what all roles have left in O(directory).
      - V(absent) removes the file of O(role), and O(directory) when it is empty then.
    type: str
    choices: [present, read, absent]
    default: present
  role:
    description:
      - The role whose rows these are. Needed unless O(state=read).
    type: str
  directory:
    description:
      - Where evidence is kept on the node.
    type: path
    default: /var/lib/eucaim/evidence
  checks:
    description:
      - What to measure. Every check has a C(kind) and a C(requirement) of the register, and may have C(how),
        the words for how it was measured, and C(needs), the id of another requirement. A check that fails while
        the requirement in C(needs) is not met becomes C(unanswered).
      - C(path) takes C(path), C(type) (C(file), C(directory), C(link), C(absent)), C(mode) (such as C("0644")),
        C(owner), C(group), C(sha256) and C(contains) (a regular expression).
      - C(package) takes C(names), C(version) (a regular expression), C(held) and C(absent).
      - C(group) takes C(name), C(members) (exactly these) and C(absent).
      - C(user) takes C(name), C(groups) (at least these), C(locked), C(shell) and C(absent).
      - C(service) takes C(name), C(active) and C(enabled).
      - C(command) takes C(argv), C(rc) (default 0), C(stdout) (a regular expression) and C(timeout)
        in seconds (default 60).
      - C(sysctl) takes C(name) and C(value).
    type: list
    elements: dict
    default: []
  rows:
    description:
      - Rows that were measured elsewhere, with C(requirement), C(status), C(expected), C(measured), C(how) and C(at).
        A missing C(at) is set to the present time.
    type: list
    elements: dict
    default: []
  documents:
    description:
      - What the role keeps for the report beside its rows, by name, as plain data. One is the record of the hardware.
    type: dict
    default: {}
    version_added: 0.3.0
"""

EXAMPLES = r"""
- name: Prove that the tools are installed
  eucaim.local_node.evidence:
    role: base
    checks:
      - kind: package
        requirement: OS-TOOLS
        names: [wget, curl, git]
      - kind: path
        requirement: OS-DIRS
        path: /opt/eucaim
        type: directory
        mode: "0755"
        owner: root
        group: root
  register: __base_evidence

- name: Read the evidence of all roles
  eucaim.local_node.evidence:
    state: read
  register: __report_evidence
"""

RETURN = r"""
rows:
  description: One row for each requirement; with O(state=read) the rows of all roles.
  returned: O(state) is V(present) or V(read)
  type: list
  elements: dict
  sample:
    - requirement: OS-TOOLS
      status: met
      expected: "installed: wget curl git"
      measured: "installed: wget 1.25.0-2 curl 8.14.1-2 git 1:2.47.3-0"
      how: asked the package database
      at: "2026-01-31T12:00:00Z"
unmet:
  description: The ids of the requirements that are not met.
  returned: O(state) is V(present) or V(read)
  type: list
  elements: str
  sample: []
file:
  description: The file in which the rows are kept.
  returned: O(state) is V(present) or V(absent)
  type: str
  sample: /var/lib/eucaim/evidence/base.json
written:
  description: Whether the file was written. It is not in check mode, and not for a user who may not write there.
  returned: O(state=present)
  type: bool
  sample: true
files:
  description: For each role the file, its SHA-256 checksum and its rows.
  returned: O(state=read)
  type: list
  elements: dict
  sample:
    - role: base
      path: /var/lib/eucaim/evidence/base.json
      sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
      rows: []
documents:
  description: The documents of all roles, by name.
  returned: O(state=read)
  type: dict
  sample: {}
  version_added: 0.3.0
problems:
  description: Files in the directory that could not be read as evidence, and why.
  returned: O(state=read)
  type: list
  elements: str
  sample: []
"""

import datetime
import glob
import grp
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import (
    ROLE_NAME,
    Check,
    CommandState,
    EvidenceError,
    Measurements,
    PackageState,
    PathState,
    UnitState,
    UserState,
    dumps,
    evaluate,
    loads,
    make_check,
    make_row,
    merge,
    parse_dpkg_query,
    parse_rpm_query,
    parse_shadow,
    parse_systemctl_show,
    sysctl_path,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import Row

SHADOW = "/etc/shadow"
ENVIRONMENT = {"LC_ALL": "C", "LANG": "C", "LANGUAGE": "C"}
TIMED_OUT = 124


def now() -> str:
    """Return the present time in UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def run(module: AnsibleModule, argv: Sequence[str], timeout: int = 60) -> CommandState:
    """Run a command that only looks, and never wait for it for ever."""
    if module.get_bin_path(argv[0]) is None:
        return CommandState(problem=f"{argv[0]} is not there")
    command = ["timeout", str(timeout), *list(argv)]
    rc, stdout, stderr = module.run_command(command, environ_update=ENVIRONMENT, errors="replace")
    if rc == TIMED_OUT:
        return CommandState(problem=f"{argv[0]} gave no answer within {timeout} seconds")
    return CommandState(rc, stdout, stderr)


def unique(values: Iterable[str]) -> list[str]:
    """Return values once each, in order."""
    return list(dict.fromkeys(values))


def of_kind(checks: Sequence[Check], kind: str) -> list[dict[str, Any]]:
    """Return the options of all checks of one kind."""
    return [check.options for check in checks if check.kind == kind]


def account(find: Any, number: int) -> str:
    """Return the name of a user or group id, or the number when it has no name."""
    try:
        return str(find(number)[0])
    except KeyError:
        return str(number)


def path_type(mode: int) -> str:
    """Return what kind of thing lies at a path."""
    for test, name in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "link")):
        if test(mode):
            return name
    return "other"


def measure_path(path: str, content_wanted: bool) -> PathState:
    """Measure one path."""
    try:
        found = os.lstat(path)
        kind = path_type(found.st_mode)
        content = b""
        if kind == "file" and content_wanted:
            with open(path, "rb") as handle:
                content = handle.read()
    except (FileNotFoundError, NotADirectoryError):
        return PathState("absent")
    except OSError as error:
        return PathState("other", problem=f"{path}: {error.strerror}")
    return PathState(
        type=kind,
        mode=f"{stat.S_IMODE(found.st_mode):04o}",
        owner=account(pwd.getpwuid, found.st_uid),
        group=account(grp.getgrgid, found.st_gid),
        sha256=hashlib.sha256(content).hexdigest() if content_wanted else "",
        text=content.decode("utf-8", "replace"),
    )


def measure_paths(wanted: Sequence[dict[str, Any]]) -> dict[str, PathState]:
    """Measure each path once, and read the files whose content matters."""
    read = {options["path"] for options in wanted if options.get("sha256") or options.get("contains")}
    return {path: measure_path(path, path in read) for path in unique(options["path"] for options in wanted)}


def measure_packages(module: AnsibleModule, names: Sequence[str]) -> tuple[dict[str, PackageState], str]:
    """Ask the package database once for all packages."""
    if not names:
        return {}, ""
    if module.get_bin_path("dpkg-query"):
        form = "${db:Status-Abbrev}\\t${Package}\\t${Version}\\n"
        state = run(module, ["dpkg-query", "--show", f"--showformat={form}", *list(names)])
        return parse_dpkg_query(state.stdout), state.problem
    if module.get_bin_path("rpm"):
        state = run(module, ["rpm", "--query", "--queryformat", "%{NAME}\\t%{VERSION}-%{RELEASE}\\n", *list(names)])
        return parse_rpm_query(state.stdout), state.problem
    return {}, "there is neither dpkg-query nor rpm"


def measure_units(module: AnsibleModule, names: Sequence[str]) -> tuple[dict[str, UnitState], str]:
    """Ask systemd once for all units."""
    if not names:
        return {}, ""
    properties = "--property=LoadState,ActiveState,UnitFileState"
    state = run(module, ["systemctl", "show", properties, "--", *list(names)])
    if not state.problem and state.rc != 0:
        return {}, (state.stderr.splitlines() or ["systemd gave no answer"])[0]
    return parse_systemctl_show(state.stdout, names), state.problem


def measure_groups(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the members of groups, also those whose first group it is."""
    groups: dict[str, tuple[str, ...]] = {}
    for name in names:
        try:
            entry = grp.getgrnam(name)
        except KeyError:
            continue
        primary = [user.pw_name for user in pwd.getpwall() if user.pw_gid == entry.gr_gid]
        groups[name] = tuple(unique(list(entry.gr_mem) + primary))
    return groups


def measure_users(names: Sequence[str]) -> dict[str, UserState]:
    """Return what the account database says of users."""
    if not names:
        return {}
    locked: dict[str, bool] = {}
    try:
        with open(SHADOW, encoding="utf-8", errors="replace") as handle:
            locked = parse_shadow(handle.read())
    except OSError:
        locked = {}
    users: dict[str, UserState] = {}
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        groups = [group.gr_name for group in grp.getgrall() if name in group.gr_mem or group.gr_gid == entry.pw_gid]
        users[name] = UserState(tuple(groups), entry.pw_shell, locked.get(name))
    return users


def measure_sysctls(names: Sequence[str]) -> dict[str, str]:
    """Read kernel settings."""
    values: dict[str, str] = {}
    for name in names:
        try:
            with open(sysctl_path(name), encoding="ascii", errors="replace") as handle:
                values[name] = handle.read()
        except OSError:
            continue
    return values


def measure(module: AnsibleModule, checks: Sequence[Check]) -> Measurements:
    """Measure everything that the checks ask for, each thing once."""
    packages, packages_problem = measure_packages(
        module, unique(name for options in of_kind(checks, "package") for name in options["names"])
    )
    units, units_problem = measure_units(module, unique(options["name"] for options in of_kind(checks, "service")))
    return Measurements(
        paths=measure_paths(of_kind(checks, "path")),
        packages=packages,
        packages_problem=packages_problem,
        units=units,
        units_problem=units_problem,
        users=measure_users(unique(options["name"] for options in of_kind(checks, "user"))),
        groups=measure_groups(unique(options["name"] for options in of_kind(checks, "group"))),
        commands={
            tuple(options["argv"]): run(module, options["argv"], options.get("timeout", 60))
            for options in of_kind(checks, "command")
        },
        sysctls=measure_sysctls(unique(options["name"] for options in of_kind(checks, "sysctl"))),
    )


def write(path: str, content: str) -> bool:
    """Write a file at once or not at all, readable by root only. Say whether it was allowed."""
    directory = os.path.dirname(path)
    try:
        os.makedirs(directory, mode=0o755, exist_ok=True)
        number, temporary = tempfile.mkstemp(dir=directory, prefix=".evidence-")
    except PermissionError:
        return False
    try:
        with os.fdopen(number, "w", encoding="utf-8") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    return True


def read_all(directory: str) -> dict[str, Any]:
    """Return what all roles have left in a directory."""
    files: list[dict[str, Any]] = []
    problems: list[str] = []
    rows: list[Row] = []
    documents: dict[str, Any] = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(directory), "*.json"))):
        try:
            with open(path, "rb") as handle:
                content = handle.read()
            role, found, own = loads(content.decode("utf-8"))
        except (OSError, EvidenceError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {error}")
            continue
        rows += found
        documents.update(own)
        files.append(
            {
                "role": role,
                "path": path,
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": [row.as_dict() for row in found],
            }
        )
    return dict(outcome(merge(rows)), files=files, documents=documents, problems=problems)


def outcome(rows: Sequence[Row]) -> dict[str, Any]:
    """Return rows as a task's result."""
    return {
        "changed": False,
        "rows": [row.as_dict() for row in rows],
        "unmet": [row.requirement for row in rows if row.status == "unmet"],
    }


def remove(path: str, check_mode: bool) -> bool:
    """Take a role's evidence away. Say whether there was any."""
    if not os.path.lexists(path):
        return False
    if not check_mode:
        os.unlink(path)
        directory = os.path.dirname(path)
        parent = os.path.dirname(directory)
        for folder in [directory, *([parent] if os.path.basename(parent) == "eucaim" else [])]:
            if not os.listdir(folder):
                os.rmdir(folder)
    return True


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "read", "absent"], "default": "present"},
            "role": {"type": "str"},
            "directory": {"type": "path", "default": "/var/lib/eucaim/evidence"},
            "checks": {"type": "list", "elements": "dict", "default": []},
            "rows": {"type": "list", "elements": "dict", "default": []},
            "documents": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ["role"]), ("state", "absent", ["role"])],
        supports_check_mode=True,
    )
    state, role, directory = module.params["state"], module.params["role"], module.params["directory"]
    if state == "read":
        module.exit_json(**read_all(directory))
    if not ROLE_NAME.match(role):
        module.fail_json(msg=f"{role!r} is no name of a role")
    path = os.path.join(directory, f"{role}.json")
    try:
        if state == "absent":
            module.exit_json(changed=remove(path, module.check_mode), file=path)
        at = now()
        checks = [make_check(check) for check in module.params["checks"]]
        given = [make_row(row, at) for row in module.params["rows"]]
        rows = evaluate(checks, measure(module, checks), given, at)
        written = not module.check_mode and write(path, dumps(role, rows, module.params["documents"]))
    except EvidenceError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{path}: {error.strerror}")
    if not written and not module.check_mode:
        module.warn(f"{path} was not written: this user may not write there")
    module.exit_json(file=path, written=written, **outcome(rows))


if __name__ == "__main__":
    main()
