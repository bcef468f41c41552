# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: file_set
short_description: Keep a set of directories and small files in one execution
version_added: 0.1.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Brings all directories and files of a role into the wanted state in one execution, in place of one per file.
  - A file is written beside its place, checked with O(files[].validate), and then renamed into it.
  - A symbolic link in the place of a wanted file or directory is refused, not followed.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - Content is not validated in check mode where the validator is not installed yet.
  diff_mode:
    support: full
options:
  directories:
    description: Directories, in the order in which they are made.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      mode:
        description: Permissions, four octal digits in quotes.
        type: str
        default: "0755"
      owner:
        description: Name of the owner.
        type: str
        default: root
      group:
        description: Name of the group.
        type: str
        default: root
  files:
    description: Files.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path. Its directory has to be there or in O(directories).
        type: path
        required: true
      content:
        description: The whole text of the file.
        type: str
        required: true
      mode:
        description: Permissions, four octal digits in quotes.
        type: str
        default: "0644"
      owner:
        description: Name of the owner.
        type: str
        default: root
      group:
        description: Name of the group.
        type: str
        default: root
      validate:
        description: Command that checks the draft before it takes the file's place. C(%s) is the draft's path.
        type: str
  absent:
    description: Files and symbolic links that are removed.
    type: list
    elements: path
    default: []
  absent_directories:
    description: Directories that are removed if they are empty, in this order.
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Keep the configuration of the node
  eucaim.local_node.file_set:
    directories:
      - path: /etc/eucaim
    files:
      - path: /etc/sudoers.d/eucaim_admin
        content: "%eucaim_admin ALL=(ALL:ALL) ALL\n"
        mode: "0440"
        validate: visudo -cf %s
    absent:
      - /etc/sudoers.d/old
"""

RETURN = r"""
changed_paths:
  description: The paths that were or would be changed.
  returned: always
  type: list
  elements: str
differences:
  description: What was other, in words.
  returned: always
  type: list
  elements: str
"""

import os
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _files as files


def wanted_of(module: AnsibleModule) -> list[tuple[files.Wanted, str | None]]:
    """Return what the task wants, each with its validator."""
    wanted: list[tuple[files.Wanted, str | None]] = []
    for entry in module.params["directories"] + module.params["files"]:
        try:
            mode = int(entry["mode"], 8)
        except ValueError:
            module.fail_json(msg=f"{entry['path']}: the mode {entry['mode']!r} is not octal")
        content = entry.get("content")
        item = files.Wanted(
            entry["path"], entry["owner"], entry["group"], mode, None if content is None else content.encode()
        )
        wanted.append((item, entry.get("validate")))
    return wanted


def validator(module: AnsibleModule, command: str | None) -> Any:
    """Return a check of a draft; None if there is nothing to check with."""
    if not command:
        return None
    words = shlex.split(command)

    def check(draft: str) -> None:
        code, output, error = module.run_command([word.replace("%s", draft) for word in words])
        if code:
            raise files.Unsafe(f"{words[0]} does not accept the new content: {(error or output).strip()}")

    return check


def wanted_state(item: files.Wanted) -> files.Found:
    """Return what will be there."""
    return files.Found(True, item.owner, item.group, item.mode, item.content)


def said(item: files.Wanted, state: files.Found) -> str:
    """Return a state for a diff: who may do what, and a file's content."""
    if not state.exists:
        return ""
    kind = "directory" if item.is_directory else "file"
    head = f"({kind} of {state.owner}:{state.group}, mode {state.mode:04o})\n"
    return head + (state.content or b"").decode(errors="replace")


def keep(module: AnsibleModule) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Bring everything into the wanted state; return what was other by path, and the diffs."""
    others: dict[str, str] = {}
    diffs = []
    for item, command in wanted_of(module):
        found = files.look(item)
        words = files.differences(item, found)
        if not words:
            continue
        others[item.path] = ", ".join(words)
        state = {"before": said(item, found), "after": said(item, wanted_state(item))}
        diffs.append({"before_header": item.path, "after_header": item.path, **state})
        if not module.check_mode:
            files.apply(item, found, validator(module, command))
    for path in module.params["absent"]:
        if os.path.lexists(path):
            others[path] = "there, but should not be"
            diffs.append({"before_header": path, "after_header": path, "before": "present\n", "after": "absent\n"})
            if not module.check_mode:
                files.remove(path)
    for path in module.params["absent_directories"]:
        inside = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else [path]
        if not set(inside) - set(others):
            others[path] = "empty"
            diffs.append({"before_header": path, "after_header": path, "before": "empty\n", "after": "absent\n"})
            if not module.check_mode:
                os.rmdir(path)
    return others, diffs


def main() -> None:
    """Run the module."""
    common = {
        "path": {"type": "path", "required": True},
        "owner": {"type": "str", "default": "root"},
        "group": {"type": "str", "default": "root"},
    }
    directory = {**common, "mode": {"type": "str", "default": "0755"}}
    file = {
        **common,
        "mode": {"type": "str", "default": "0644"},
        "content": {"type": "str", "required": True},
        "validate": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "dict", "default": [], "options": directory},
            "files": {"type": "list", "elements": "dict", "default": [], "options": file},
            "absent": {"type": "list", "elements": "path", "default": []},
            "absent_directories": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    try:
        others, diffs = keep(module)
    except (files.Unsafe, OSError, KeyError) as error:
        module.fail_json(msg=f"{error}")
    result: dict[str, Any] = {
        "changed": bool(others),
        "changed_paths": list(others),
        "differences": [f"{path}: {words}" for path, words in others.items()],
    }
    if diffs and module._diff:
        result["diff"] = diffs
    module.exit_json(**result)


if __name__ == "__main__":
    main()
