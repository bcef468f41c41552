# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: people
short_description: Keep accounts, their groups, keys and software directories as the inventory has them
version_added: 0.1.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Brings all accounts and groups of a node into the wanted state in one execution.
  - The groups of O(groups) have exactly the members that O(people) gives them. Other groups are left alone.
  - An account that is already there is adopted; its home, shell and password stay unless O(people) says otherwise.
  - The data of people is never deleted.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The diff names the steps. Passwords are not shown.
options:
  groups:
    description: The group for each role. Its members are exactly the people that are present and have that role.
    type: dict
    default: {}
  people:
    description: Who has an account.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the account.
        type: str
        required: true
      state:
        description:
          - V(present) has an account.
          - V(disabled) keeps account and data but cannot log in, has no keys and is in none of O(groups).
          - V(absent) has no account; the home directory stays.
        type: str
        choices: [present, disabled, absent]
        default: present
      role:
        description: The one of O(groups) that this person has.
        type: str
      comment:
        description: The person's full name, or what else helps to know whose account it is.
        type: str
      shell:
        description: The login shell. A new account gets O(shell).
        type: str
      password_hash:
        description: The password as a crypt hash.
        type: str
      authorized_keys:
        description: All the public keys that may log in. Others are removed. Left alone if not given.
        type: list
        elements: str
  shell:
    description: The login shell of a new account.
    type: str
    default: /bin/bash
  software_directory:
    description: A directory that each person has in their home, mode 0755. None if empty.
    type: str
    default: ""
  remove_groups:
    description: Remove O(groups) that have no members left, in place of making them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Keep the people of this node
  eucaim.local_node.people:
    groups:
      basic: eucaim_basic
      admin: eucaim_admin
    software_directory: software
    people:
      - name: ada
        role: admin
        authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb4kmgPtyFbUhLHFAnTBHNTQ8yPMAnGsAbYxRdKjZ5t ada]
      - name: charles
        state: disabled
"""

RETURN = r"""
accounts:
  description: What was or would be changed of accounts, groups and keys, in words.
  returned: always
  type: list
  elements: str
directories:
  description: What was or would be changed of software directories, in words.
  returned: always
  type: list
  elements: str
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _files as files
from ansible_collections.eucaim.local_node.plugins.module_utils import _people as people

PERSON = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": [people.PRESENT, people.DISABLED, people.ABSENT], "default": people.PRESENT},
    "role": {"type": "str"},
    "comment": {"type": "str"},
    "shell": {"type": "str"},
    "password_hash": {"type": "str", "no_log": True},
    "authorized_keys": {"type": "list", "elements": "str", "no_log": False},
}


def read(path: str) -> str:
    """Return a file's text."""
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def read_now() -> people.Now:
    """Return the node's accounts and groups."""
    return people.parse(read("/etc/passwd"), read("/etc/shadow"), read("/etc/group"))


def take(module: AnsibleModule, steps: list[people.Step]) -> None:
    """Run the steps."""
    for step in steps:
        binary = module.get_bin_path(step.argv[0], required=True)
        code, _, error = module.run_command([str(binary), *step.argv[1:]], data=step.data)
        if code:
            module.fail_json(msg=f"{step.text}: {step.argv[0]} ended with {code}: {error.strip()}")


def key_files(entry: dict[str, Any], now: people.Now) -> list[files.Wanted]:
    """Return the directory and file that hold a person's keys."""
    keys = entry["authorized_keys"]
    if entry["state"] == people.DISABLED:
        keys = []
    if keys is None or entry["state"] == people.ABSENT:
        return []
    name = entry["name"]
    if entry["state"] == people.DISABLED and name not in now.accounts:
        return []
    home, group = people.home_of(name, now), people.primary_group(name, now)
    folder = os.path.join(home, ".ssh")
    path = os.path.join(folder, "authorized_keys")
    if not keys and not os.path.lexists(path):
        return []
    content = people.keys_text(keys).encode()
    return [files.Wanted(folder, name, group, 0o700), files.Wanted(path, name, group, 0o600, content)]


def software(entry: dict[str, Any], directory: str, now: people.Now) -> list[files.Wanted]:
    """Return a person's software directory."""
    if not directory or entry["state"] != people.PRESENT:
        return []
    name = entry["name"]
    path = os.path.join(people.home_of(name, now), directory)
    return [files.Wanted(path, name, people.primary_group(name, now), 0o755)]


def bring(module: AnsibleModule, wanted: list[files.Wanted]) -> list[str]:
    """Bring files and directories into the wanted state; return what was other."""
    words = []
    for item in wanted:
        try:
            found = files.look(item)
        except files.Unsafe as problem:
            if not module.check_mode:
                raise
            words.append(str(problem))
            continue
        others = files.differences(item, found)
        if others:
            words.append(f"{item.path}: {', '.join(others)}")
            if not module.check_mode:
                files.apply(item, found)
    return words


def person_of(module: AnsibleModule, entry: dict[str, Any]) -> people.Person:
    """Return an entry of the inventory as a person."""
    groups = module.params["groups"]
    if entry["role"] and entry["role"] not in groups:
        module.fail_json(msg=f"{entry['name']}: the role {entry['role']!r} is none of {', '.join(groups)}")
    return people.Person(
        name=entry["name"],
        state=entry["state"],
        group=groups[entry["role"]] if entry["role"] else "",
        comment=entry["comment"],
        shell=entry["shell"],
        password_hash=entry["password_hash"],
    )


def keep(module: AnsibleModule) -> tuple[list[str], list[str]]:
    """Bring everything into the wanted state; return what was other of accounts, and of directories."""
    options = module.params
    groups = [str(group) for group in options["groups"].values()]
    now = read_now()
    named = [person_of(module, entry) for entry in options["people"]]
    if options["remove_groups"]:
        leaving = [person.name for person in named if person.state == people.ABSENT]
        steps = [step for step in people.plan(named, [], now, options["shell"]) if step.argv[0] == "userdel"]
        steps += people.plan_removal(groups, now, leaving)
    else:
        steps = people.plan(named, groups, now, options["shell"])
    if not module.check_mode:
        take(module, steps)
    fresh = [entry["name"] for entry in options["people"] if entry["name"] not in now.accounts]
    accounts = [step.text for step in steps]
    directories: list[str] = []
    if options["remove_groups"]:
        return accounts, directories
    if not module.check_mode:
        now = read_now()
    for entry in options["people"]:
        if module.check_mode and entry["name"] in fresh:
            continue  # the account is missing, and with it all that would be in its home
        accounts += bring(module, key_files(entry, now))
        directories += bring(module, software(entry, options["software_directory"], now))
    return accounts, directories


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "groups": {"type": "dict", "default": {}},
            "people": {"type": "list", "elements": "dict", "default": [], "options": PERSON},
            "shell": {"type": "str", "default": "/bin/bash"},
            "software_directory": {"type": "str", "default": ""},
            "remove_groups": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    try:
        accounts, directories = keep(module)
    except (files.Unsafe, OSError) as error:
        module.fail_json(msg=f"{error}")
    words = accounts + directories
    result: dict[str, Any] = {"changed": bool(words), "accounts": accounts, "directories": directories}
    if words and module._diff:
        result["diff"] = {"before": "".join(f"{line}\n" for line in words), "after": "as the inventory has it\n"}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
