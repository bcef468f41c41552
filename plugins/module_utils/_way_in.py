# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether whoever runs this could still become root when accounts, groups and rights of ours are gone.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._docker_node import run
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._role_record import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_RIGHT = re.compile(r"^\s+\(.*\)", re.MULTILINE)


def cut(module: AnsibleModule, record: Mapping[str, Any], found: Found, people: bool) -> list[Refusal]:
    """Return why this run would cut off its own way to become root; nothing where it came as root."""
    user = os.environ.get("SUDO_USER", "")
    if not user or user == "root":
        return []
    if people and user in record["accounts"]:
        reason = f"this run is logged in as {user}, an account that goes"
    elif any(user in found.groups.get(name, ()) for name in record["groups"]) and _rights(module, user) < 2:
        reason = f"{user}, as whom this run is logged in, may become root only by a right that goes"
    else:
        return []
    needed = "an administrator whose account and rights were there before this collection"
    remedy = "log in as somebody else (ansible_user), or give this person a right of their own in /etc/sudoers.d"
    return [Refusal("OS-USERS", "ansible_user", reason, needed, remedy)]


def _rights(module: AnsibleModule, user: str) -> int:
    """Return how many rules let a user run something with sudo."""
    return len(_RIGHT.findall(run(module, ["sudo", "-n", "-l", "-U", user])[1]))


def refuse_to_cut(module: AnsibleModule, record: Mapping[str, Any], found: Found, people: bool) -> None:
    """Stop before a removal that would lock its own administrator out."""
    refusals = cut(module, record, found, people)
    if refusals:
        module.fail_json(msg=refusals[0].text(), refusals=[refusal.as_dict() for refusal in refusals])
