# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_record
short_description: Keep a record of what a role found on a node and what it brought
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Before anything is changed the module writes down what is about to be made and what was there before, so that a
    run that dies is finished by running it again, and so that a removal takes away what the role brought, nothing else.
  - What was there before stays. A file, a directory's mode, a group's members and a unit that the role changed get back
    what they were.
  - Finishes an installation in which dpkg was killed, before the role installs.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
options:
  role:
    description: The role whose record it is.
    type: str
    required: true
  state:
    description:
      - V(claimed) looks at the node and records what is about to be made.
      - V(settled) records, after the installation, which dependencies came with the packages.
      - V(read) only looks.
      - V(removed) takes away what the record names, and then the record.
    type: str
    choices: [claimed, settled, read, removed]
    default: claimed
  packages:
    description: Packages that the role wants.
    type: list
    elements: str
    default: []
  alternatives:
    description: Packages of which one is wanted, the first that is installed, or else the last one.
    type: list
    elements: str
    default: []
  accounts:
    description: Accounts that the role is about to make, unless they are there.
    type: list
    elements: str
    default: []
  groups:
    description: Groups whose members the role sets.
    type: list
    elements: str
    default: []
  paths:
    description: Files and directories that the role writes.
    type: list
    elements: path
    default: []
  home_paths:
    description: Directories that the role makes in the home of each of O(accounts).
    type: list
    elements: str
    default: []
  units:
    description: Units that the role has start with the machine.
    type: list
    elements: str
    default: []
  left_in:
    description: Files, and directories of files, where another run may have left some with C(eucaim) in their names.
    type: list
    elements: path
    default: []
  persons:
    description: The people whose accounts and homes to compare with what is wanted.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The account.
        type: str
        required: true
      present:
        description: Whether the person has an account that may log in.
        type: bool
        default: true
      comment:
        description: The comment of the account; any if empty.
        type: str
        default: ""
      shell:
        description: The login shell; any if empty.
        type: str
        default: ""
      password_sha256:
        description: The SHA-256 of the hash of the password; any if empty.
        type: str
        default: ""
      authorized_keys:
        description: All keys that may log in; any if left out.
        type: list
        elements: str
    version_added: 0.2.0
  people:
    description: Whether V(removed) removes the accounts that the role made. Homes always stay.
    type: bool
    default: true
  directory:
    description: Where the records are.
    type: path
    default: /var/lib/eucaim/state
seealso:
  - module: eucaim.local_node.docker_claim
  - module: eucaim.local_node.uninstall_plan
"""

EXAMPLES = r"""
- name: Look at the node and write down what is about to be made
  eucaim.local_node.role_record:
    role: base
    packages: [git]
    groups: [eucaim_admin]
    paths: [/opt/eucaim]
  register: __base_record
"""

RETURN = r"""
installed:
  description: Which of the packages and alternatives are installed.
  returned: when O(state) is V(claimed) or V(read)
  type: list
  elements: str
accounts:
  description: Home, primary group and day of expiry of each account of the node.
  returned: when O(state) is V(claimed) or V(read)
  type: dict
groups:
  description: The members of each group of the node.
  returned: when O(state) is V(claimed) or V(read)
  type: dict
uids:
  description: The user id that an account needs to own a home that it left behind.
  returned: when O(state) is V(claimed) or V(read)
  type: dict
paths:
  description:
    - What each of O(paths) is that is there, with C(kind), C(mode), C(uid), C(gid), and for a file C(sha256).
    - What is as wanted needs no task of its own.
  returned: when O(state) is V(claimed) or V(read)
  type: dict
left:
  description: The files with C(eucaim) in their names that are in O(left_in).
  returned: when O(state) is V(claimed) or V(read)
  type: list
  elements: str
other_accounts:
  description: Those of O(persons) whose account is missing or not as wanted.
  returned: when O(state) is V(claimed) or V(read)
  type: list
  elements: str
other_homes:
  description: Those of O(persons) in whose home keys, or one of O(home_paths), are not as wanted.
  returned: when O(state) is V(claimed) or V(read)
  type: list
  elements: str
recorded:
  description: Whether the role has a record on this node.
  returned: when O(state) is V(claimed) or V(read)
  type: bool
settled:
  description: Whether the last installation is recorded whole.
  returned: when O(state) is V(claimed) or V(read)
  type: bool
interrupted:
  description: Whether an earlier installation never came to its end, so that fetched package lists may be broken.
  returned: when O(state) is V(claimed) or V(read)
  type: bool
repaired:
  description: Packages whose installation was cut off and is finished now.
  returned: when O(state) is V(claimed) or V(removed)
  type: list
  elements: str
removed:
  description: What went, in words.
  returned: when O(state) is V(removed)
  type: list
  elements: str
kept:
  description: What the role brought and what stays, and why.
  returned: when O(state) is V(removed)
  type: list
  elements: str
record:
  description: The record as it stands.
  returned: always
  type: dict
"""

import base64
import glob
import os
import stat
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.plugins.module_utils import _role_record as records
from ansible_collections.eucaim.local_node.plugins.module_utils._way_in import refuse_to_cut

PASSWD = "/etc/passwd"
GROUP = "/etc/group"
SHADOW = "/etc/shadow"
HOMES = "/home"
STATES = "/var/lib/apt/extended_states"
# Seconds in which a person who has just logged out is still busy.
PATIENCE = 20.0
USERDEL_BUSY = 8
Packages = frozenset[str]


def record_path(module: AnsibleModule) -> str:
    """Return the file of the record."""
    return os.path.join(module.params["directory"], f"{module.params['role']}.json")


def look_at(path: str) -> dict[str, Any] | None:
    """Return what a path is; None when nothing is there."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    state: dict[str, Any] = {"mode": f"{stat.S_IMODE(found.st_mode):04o}", "uid": found.st_uid, "gid": found.st_gid}
    if stat.S_ISDIR(found.st_mode):
        return {**state, "kind": "directory"}
    if not stat.S_ISREG(found.st_mode):
        return {**state, "kind": "other"}
    content = node.read_bytes(path) or b""
    text = base64.b64encode(content).decode()
    return {**state, "kind": "file", "content": text, "ours": records.MARK in content}


def told(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a path is, as a task compares it with what it should be: with a sum in place of the content."""
    plain = {name: value for name, value in state.items() if name not in ("content", "ours")}
    content = state.get("content")
    return plain if content is None else {**plain, "sha256": records.sha256(base64.b64decode(content))}


def look_and_tell(path: str) -> dict[str, Any] | None:
    """Return what a path is, with a sum in place of the content; None when nothing is there."""
    state = look_at(path)
    return None if state is None else told(state)


def look_at_units(module: AnsibleModule, names: Sequence[str]) -> dict[str, str]:
    """Return how units are enabled."""
    if not names:
        return {}
    argv = ["systemctl", "show", "--property=Id,LoadState,UnitFileState", *names]
    return records.parse_units(node.run(module, argv)[1])


def home_paths(module: AnsibleModule, accounts: Mapping[str, records.Account], ours: Sequence[str]) -> list[str]:
    """Return the directories in the homes of people who had an account before; the other homes stay as they are."""
    homes = [accounts[name].home for name in module.params["accounts"] if name in accounts and name not in ours]
    return [os.path.join(home, name) for home in homes for name in module.params["home_paths"]]


def look(module: AnsibleModule, record: Mapping[str, Any]) -> tuple[str, records.Wanted, records.Found]:
    """Return the family, what the role wants and what the node has."""
    params = module.params
    family, packages = node.list_packages(module)
    installed = frozenset(name for name, package in packages.items() if package.installed)
    accounts = records.parse_accounts(node.read_text(PASSWD) or "", node.read_text(SHADOW) or "")
    wanted = records.Wanted(
        packages=[*params["packages"], *missing_alternative(params["alternatives"], installed)],
        accounts=params["accounts"],
        groups=params["groups"],
        paths=[*params["paths"], *home_paths(module, accounts, record["accounts"])],
        units=params["units"],
    )
    paths = {path: look_at(path) for path in [*wanted.paths, *record["paths"]]}
    known = set(record["units"]) if params["state"] != "removed" else set()
    found = records.Found(
        packages=installed,
        accounts=accounts,
        groups=records.parse_groups(node.read_text(GROUP) or ""),
        paths={path: state for path, state in paths.items() if state is not None},
        units=look_at_units(module, sorted({*wanted.units, *record["units"]} - known)),
    )
    return family, wanted, found


def missing_alternative(names: Sequence[str], installed: Packages) -> list[str]:
    """Return the package to bring where none of several is installed."""
    return [] if not names or installed.intersection(names) else [names[-1]]


def left_in(places: Sequence[str]) -> list[str]:
    """Return the files of these places, not of folders in them, that have our name in theirs."""
    found = [path for place in places for path in [place, *glob.glob(os.path.join(glob.escape(place), "*"))]]
    named = {path for path in found if "eucaim" in os.path.basename(path) and os.path.lexists(path)}
    return sorted(path for path in named if os.path.islink(path) or not os.path.isdir(path))


def former_uids(names: Sequence[str], accounts: Mapping[str, records.Account]) -> dict[str, int]:
    """Return the user ids of homes that wait for their people, where nobody else has the id by now."""
    taken = {account.uid for account in accounts.values()}
    found = {}
    for name in names:
        state = look_at(os.path.join(HOMES, name))
        is_home = name not in accounts and state is not None and state["kind"] == "directory"
        if state and is_home and state["uid"] >= 1000 and state["uid"] not in taken:
            found[name] = state["uid"]
            taken.add(state["uid"])
    return found


def shown(record: Mapping[str, Any] | None) -> str | None:
    """Return the record as a diff shows it: no long list of what was there before, no content of files."""
    if record is None:
        return None
    paths = {path: None if state is None else dict(state, content="(kept)") for path, state in record["paths"].items()}
    return records.render({key: value for key, value in record.items() if key != "before"} | {"paths": paths})


def save(module: AnsibleModule, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Write the record when it differs; say whether it does."""
    if before == after:
        return False
    if not module.check_mode:
        node.write(module, record_path(module), records.render(after).encode(), 0o600, 0o750)
    return True


def others_unsettled(module: AnsibleModule) -> bool:
    """Say whether a run died in an installation of another role: nothing can be installed before that is finished."""
    paths = glob.glob(os.path.join(glob.escape(module.params["directory"]), "*.json"))
    texts = [node.read_text(path) or "" for path in paths if path != record_path(module)]
    return any('"before":' in text for text in texts)


def claimed(module: AnsibleModule) -> None:
    """Look, and record what is about to be made; with V(read) only look."""
    record = records.parse(node.read_text(record_path(module)))
    writing = module.params["state"] == "claimed"
    _family, wanted, found = look(module, record or records.fresh())
    after = records.claim(record, wanted, found)
    repaired: list[str] = []
    changed = writing and save(module, record, after)
    if writing and ("before" in after or others_unsettled(module)):
        repaired = repair.repair(module)
        if repaired:
            module.warn(repair.told(repaired, module.check_mode))
        # Who was at work until now may have installed something.
        _family, wanted, found = look(module, after)
    locks = repair.release_account_locks() if writing and not module.check_mode else []
    if locks:
        module.warn(f"A tool that was killed had left {', '.join(locks)}; taken away.")
    asked = [*wanted.packages, *module.params["alternatives"]]
    persons = [(person, found.accounts.get(person["name"])) for person in module.params["persons"]]
    folders = module.params["home_paths"]
    module.exit_json(
        changed=changed or bool(repaired or locks),
        installed=sorted({name for name in asked if name in found.packages}),
        accounts={
            name: {"home": item.home, "expiry": item.expiry, "gid": item.gid} for name, item in found.accounts.items()
        },
        groups={name: list(members) for name, members in found.groups.items()},
        uids=former_uids(module.params["accounts"], found.accounts),
        other_accounts=[
            person["name"]
            for person, account in persons
            if not records.account_is_wanted(person, account, look_and_tell)
        ],
        other_homes=[
            person["name"]
            for person, account in persons
            if not records.home_is_wanted(person, account, folders, look_and_tell)
        ],
        paths={path: told(found.paths[path]) for path in module.params["paths"] if path in found.paths},
        left=left_in(module.params["left_in"]),
        recorded=record is not None,
        settled="before" not in after,
        interrupted="before" in (record or {}),
        repaired=repaired,
        record={key: value for key, value in after.items() if key != "before"},
        diff=node.diff_of([(record_path(module), shown(record), shown(after))]) if changed else [],
    )


def settled(module: AnsibleModule) -> None:
    """Record the dependencies that came."""
    record = records.parse(node.read_text(record_path(module)))
    if record is None:
        module.exit_json(changed=False, record=records.fresh(), diff=[])
    family, packages = node.list_packages(module)
    installed = [name for name, package in packages.items() if package.installed]
    after = records.settle(record, installed, node.automatic_packages(module, family))
    changed = save(module, record, after)
    module.exit_json(
        changed=changed, record=after, diff=node.diff_of([(record_path(module), shown(record), shown(after))])
    )


# ------------------------------------------------------------------------------------------------ taking away


def releasable(module: AnsibleModule, names: Sequence[str]) -> list[str]:
    """Return which packages nothing else on the node needs, as apt sees it when all of them came by themselves."""
    if not names:
        return []
    architecture = node.run(module, ["dpkg", "--print-architecture"])[1].strip()
    # What only recommends them did without them before.
    options = [f"APT::AutoRemove::{kind}Important=false" for kind in ("Recommends", "Suggests")]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="eucaim-") as handle:
        handle.write(records.mark_automatic(node.read_text(STATES) or "", names, architecture))
        handle.flush()
        options.append(f"Dir::State::extended_states={handle.name}")
        settings = [word for option in options for word in ("-o", option)]
        _code, out, _err = node.run(module, ["apt-get", "--simulate", *settings, "autoremove"])
    return sorted(set(records.named_in(out)) & set(names))


def purge(module: AnsibleModule, names: Sequence[str]) -> None:
    """Take packages away with their settings; nothing else may go with them."""
    simulated = node.run(module, ["apt-get", "--simulate", "--no-auto-remove", "purge", *names])[1]
    others = sorted(set(records.named_in(simulated)) - set(names))
    if others:
        module.fail_json(
            msg=f"The packages {', '.join(names)} were not removed: {', '.join(others)} would go with them."
        )
    timeout = f"DPkg::Lock::Timeout={int(repair.PATIENCE)}"
    code, out, err = node.run(module, ["apt-get", "--yes", "--no-auto-remove", "-o", timeout, "purge", *names])
    if code:
        module.fail_json(msg=f"apt-get could not remove {', '.join(names)}: {(err.strip() or out.strip())[-600:]}")


def must(module: AnsibleModule, argv: Sequence[str]) -> None:
    """Run a program that must succeed."""
    code, out, err = node.run(module, argv)
    if code:
        module.fail_json(msg=f"{' '.join(argv)}: {(err or out).strip()[-400:]}")


def remove_account(module: AnsibleModule, name: str) -> None:
    """Remove an account and leave its home; somebody who has just logged out gets a moment."""
    deadline = time.monotonic() + PATIENCE
    code, _out, err = node.run(module, ["userdel", name])
    while code == USERDEL_BUSY and time.monotonic() < deadline:
        time.sleep(1)
        code, _out, err = node.run(module, ["userdel", name])
    if code == USERDEL_BUSY:
        module.fail_json(
            msg=f"[OS-USERS] base_users: found {name} logged in ({err.strip()}); needed: nobody at work with an "
            f"account that goes; remedy: ask {name} to log out (loginctl terminate-user {name} ends what still runs), "
            "and run again"
        )
    if code:
        module.fail_json(msg=f"userdel {name}: {err.strip()}")


def put_back(module: AnsibleModule, path: str, state: Mapping[str, Any]) -> None:
    """Give a path what it was."""
    if state["kind"] == "file":
        node.write(module, path, base64.b64decode(state["content"]), int(state["mode"], 8))
    os.chown(path, state["uid"], state["gid"])
    os.chmod(path, int(state["mode"], 8))


def take_away(module: AnsibleModule, plan: records.Removal) -> None:
    """Do what the plan says, but for packages and directories."""
    for name in plan.units:
        must(module, ["systemctl", "disable", "--now", name])
    for path in plan.files:
        node.delete(path)
    for path, state in plan.restored.items():
        put_back(module, path, state)
    for name in plan.accounts:
        remove_account(module, name)
    for name in plan.groups:
        # The group of an account that left goes with it.
        if name in records.parse_groups(node.read_text(GROUP) or ""):
            must(module, ["groupdel", name])
    for name, members in plan.members.items():
        must(module, ["gpasswd", "--members", ",".join(members), name])


def forget(module: AnsibleModule, directories: Sequence[str]) -> list[str]:
    """Delete the record, then what is empty; return the directories that went."""
    node.delete(record_path(module))
    folder = module.params["directory"]
    gone = []
    for path in [folder, *directories]:
        if os.path.isdir(path) and not os.path.islink(path):
            node.delete_empty_directory(path)
            gone += [] if os.path.isdir(path) else [path]
    return gone


def empty_in(paths: Sequence[str], doomed: set[str]) -> list[str]:
    """Return the directories that hold nothing but what goes."""
    gone: list[str] = []
    for path in paths:
        is_directory = os.path.isdir(path) and not os.path.islink(path)
        if is_directory and all(os.path.join(path, name) in doomed for name in os.listdir(path)):
            gone.append(path)
            doomed.add(path)
    return gone


def removed(module: AnsibleModule) -> None:
    """Take away what the record names, and then the record."""
    path, folder = record_path(module), module.params["directory"]
    text = node.read_text(path)
    record = records.parse(text)
    if record is None and text is not None:
        module.fail_json(msg=f"{path} is damaged, so nobody can tell what this role brought; nothing was removed.")
    family, wanted, found = look(module, record or records.fresh())
    if record is None and not any(state.get("ours") for state in found.paths.values()):
        module.exit_json(changed=False, removed=[], kept=[], repaired=[], record=records.fresh(), diff=[])
    # A node that an earlier version made has no record; its marked files tell.
    record = record or records.claim(None, wanted, found)
    refuse_to_cut(module, record, found, module.params["people"])
    repaired = repair.repair(module) if family == "Debian" else []
    if repaired:
        module.warn(repair.told(repaired, module.check_mode))
    plan = records.removal(record, found, module.params["people"])
    names = (
        records.candidates(record, found.packages, node.automatic_packages(module, family))
        if family == "Debian"
        else []
    )
    packages = releasable(module, names)
    doomed = {path, *plan.files}
    directories = empty_in([folder, *plan.directories], doomed)
    # Roles that are removed before this one do not empty them in check mode.
    directories += [
        f"{item}, if it is empty by then" for item in plan.directories if os.path.isdir(item) and item not in doomed
    ]
    if not module.check_mode:
        take_away(module, plan)
        if packages:
            purge(module, packages)
        directories = forget(module, plan.directories)
    lines = [*plan.lines(), *(f"package {name}" for name in packages), *(f"directory {item}" for item in directories)]
    module.exit_json(
        changed=True,
        removed=lines,
        kept=[f"package {name}, which something else on the node needs" for name in names if name not in packages],
        repaired=repaired,
        record=records.fresh(),
        diff={
            "before_header": f"what role {module.params['role']} brought",
            "after_header": f"what role {module.params['role']} brought",
            "before": "".join(f"{line}\n" for line in [*lines, f"record {path}"]),
            "after": "",
        },
    )


PERSON = {
    "name": {"type": "str", "required": True},
    "present": {"type": "bool", "default": True},
    "comment": {"type": "str", "default": ""},
    "shell": {"type": "str", "default": ""},
    "password_sha256": {"type": "str", "default": "", "no_log": True},
    "authorized_keys": {"type": "list", "elements": "str", "no_log": False},
}
DOORS = {"claimed": claimed, "settled": settled, "read": claimed, "removed": removed}


def main() -> None:
    """Run the module."""
    texts = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "required": True},
            "state": {"type": "str", "choices": list(DOORS), "default": "claimed"},
            "packages": texts,
            "alternatives": texts,
            "accounts": texts,
            "groups": texts,
            "paths": {"type": "list", "elements": "path", "default": []},
            "home_paths": texts,
            "units": texts,
            "left_in": {"type": "list", "elements": "path", "default": []},
            "persons": {"type": "list", "elements": "dict", "default": [], "options": PERSON},
            "people": {"type": "bool", "default": True},
            "directory": {"type": "path", "default": "/var/lib/eucaim/state"},
        },
        supports_check_mode=True,
    )
    DOORS[module.params["state"]](module)


if __name__ == "__main__":
    main()
