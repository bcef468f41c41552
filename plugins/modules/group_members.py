# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: group_members
short_description: Say in one list who is a member of a group
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Adds the listed users to a group, and takes others out when the list is exclusive.
  - One execution for all members.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - Users and groups that earlier tasks would have made are taken as there.
  diff_mode:
    support: full
  platform:
    support: full
options:
  name:
    description: The group.
    type: str
    required: true
  members:
    description: The users that are members.
    type: list
    elements: str
    default: []
  exclusive:
    description: Take out everyone else.
    type: bool
    default: false
  keep:
    description: Users that stay although they are not listed, because they were members before.
    type: list
    elements: str
    default: []
  absent:
    description: Users that must not be members.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
"""

EXAMPLES = r"""
- name: Say who may use Docker
  eucaim.local_node.group_members:
    name: docker
    members: [operator]
    exclusive: true
"""

RETURN = r"""
members:
  description: The members afterwards.
  returned: always
  type: list
  elements: str
extra:
  description: Members that are not listed and were left.
  returned: always
  type: list
  elements: str
"""

import grp
import pwd

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node


def members_of(name: str) -> list[str] | None:
    """Return the members of a group; None when there is no such group."""
    try:
        return list(grp.getgrnam(name).gr_mem)
    except KeyError:
        return None


def user_exists(name: str) -> bool:
    """Say whether the node knows a user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def change(module: AnsibleModule, flag: str, user: str) -> None:
    """Put a user into the group (-a) or take it out (-d)."""
    code, out, err = node.run(module, ["gpasswd", flag, user, module.params["name"]])
    if code:
        module.fail_json(msg=f"gpasswd {flag} {user} {module.params['name']}: {(err or out).strip()}")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "members": {"type": "list", "elements": "str", "default": []},
            "exclusive": {"type": "bool", "default": False},
            "keep": {"type": "list", "elements": "str", "default": []},
            "absent": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    before = members_of(params["name"])
    if before is None and (params["members"] or not params["absent"]) and not module.check_mode:
        module.fail_json(msg=f"There is no group {params['name']} on this node.")
    present = before or []
    unknown = [user for user in params["members"] if not user_exists(user)]
    if unknown and not module.check_mode:
        module.fail_json(
            msg=f"There is no user {', '.join(unknown)} on this node; group {params['name']} was left as it is."
        )
    add = [user for user in params["members"] if user not in present]
    others = [user for user in present if user not in params["members"]]
    remove = [
        user for user in others if (params["exclusive"] and user not in params["keep"]) or user in params["absent"]
    ]
    after = sorted((set(present) | set(add)) - set(remove))
    if not module.check_mode:
        for user in add:
            change(module, "-a", user)
        for user in remove:
            change(module, "-d", user)
    module.exit_json(
        changed=bool(add or remove),
        members=after,
        extra=sorted(set(others) - set(remove)),
        diff={
            "before_header": f"group {params['name']}",
            "after_header": f"group {params['name']}",
            "before": "".join(f"{user}\n" for user in sorted(present)),
            "after": "".join(f"{user}\n" for user in after),
        },
    )


if __name__ == "__main__":
    main()
