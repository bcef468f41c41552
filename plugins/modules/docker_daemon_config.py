# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon_config
short_description: Keep the Docker daemon's settings, and make it take them over
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Merges settings over safe defaults into C(daemon.json). Keys that someone else put there are kept; one that
    contradicts ours is refused by name.
  - Writes the daemon's proxy into a file that only root can read, and a drop-in of the unit that names that file.
  - Checks the new file with the daemon itself before it is put in place, wherever a daemon is installed.
  - A running daemon takes the change over at once, by a reload when every changed key allows it, else by a restart.
    When it does not come back, the former settings are put back and the task fails with what the daemon said.
  - A run that died between writing and taking over is finished by the next one.
  - Taking our settings out of an engine that must not be restarted never restarts it. What a reload cannot put back
    is out of the file at once and in force until the next start, and a warning names it.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The proxy is never shown in a diff.
  platform:
    support: full
options:
  state:
    description: Whether our settings are there.
    type: str
    choices: [present, absent]
    default: present
  options:
    description: The site's settings, over the safe defaults; null takes a default away.
    type: dict
    default: {}
  address_pools:
    description: The networks from which containers' networks are cut.
    type: list
    elements: dict
    default: []
    suboptions:
      base:
        description: The network in CIDR notation.
        type: str
        required: true
      size:
        description: The prefix length of each network that is cut from it.
        type: int
        required: true
  http_proxy:
    description: The daemon's proxy for http.
    type: str
    default: ""
  https_proxy:
    description: The daemon's proxy for https.
    type: str
    default: ""
  no_proxy:
    description: What the daemon reaches without the proxy.
    type: str
    default: ""
  ca_certificates:
    description:
      - The site's certificates in the system's trust store. A daemon that may be restarted is restarted when they
        change, because it reads that store only once.
    type: list
    elements: str
    default: []
  allow_restart:
    description:
      - Whether the daemon may be restarted. If not, only those safe defaults are set that a reload brings, and a
        setting of the site's own that needs a restart is refused before it is made.
      - A restart keeps the containers running, because live-restore is brought in by a reload before it.
    type: bool
    default: true
  path:
    description: The daemon's settings.
    type: path
    default: /etc/docker/daemon.json
  environment_path:
    description: The file that holds the proxy.
    type: path
    default: /etc/docker/eucaim-proxy.env
  drop_in_path:
    description: The unit's drop-in.
    type: path
    default: /etc/systemd/system/docker.service.d/eucaim-proxy.conf
  record_path:
    description: The record of the keys that are ours.
    type: path
    default: /var/lib/eucaim/state/docker_daemon.json
  unit:
    description: The daemon's unit.
    type: str
    default: docker.service
seealso:
  - module: eucaim.local_node.docker_claim
"""

EXAMPLES = r"""
- name: Rotate the logs and keep containers running while the daemon restarts
  eucaim.local_node.docker_daemon_config:
    options:
      debug: false
    address_pools:
      - base: 172.24.0.0/14
        size: 24
"""

RETURN = r"""
action:
  description: What the daemon needed to take the change over, one of C(none), C(reload), C(restart).
  returned: always
  type: str
changed_keys:
  description: The keys that were set or changed.
  returned: always
  type: list
  elements: str
removed_keys:
  description: The keys of ours that went.
  returned: always
  type: list
  elements: str
validated:
  description: Whether the daemon itself checked the new file.
  returned: always
  type: bool
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_config as config
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

Files = dict[str, Optional[bytes]]
HIDDEN = "(a proxy, hidden)\n"
RECORD_VERSION = 1


def refuse(module: AnsibleModule, variable: str, found: str, needed: str, remedy: str) -> None:
    """Stop in words; nothing was changed."""
    refusal = Refusal("CT-DOCKER", variable, found, needed, remedy)
    module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])


def read_record(path: str) -> dict[str, Any]:
    """Return our record: which keys we own, whether we made the file, and what is still to be taken over."""
    record = node.read_object(path)
    owned = record.get("owned")
    if not isinstance(owned, dict):
        return {"version": RECORD_VERSION, "owned": {}, "created": False, "pending": "none"}
    return {
        "version": RECORD_VERSION,
        "owned": owned,
        "created": record.get("created") is True,
        "pending": str(record.get("pending", "none")),
    }


def validate(module: AnsibleModule, text: bytes) -> bool:
    """Let the daemon check its new settings; False when there is none that can."""
    if not module.get_bin_path("dockerd", opt_dirs=["/usr/sbin", "/usr/local/sbin"]):
        return False
    # Not the module's own temporary directory: with pipelining that would be made for this alone, and stay.
    with tempfile.TemporaryDirectory(prefix="eucaim-") as folder:
        path = os.path.join(folder, "checked-daemon.json")
        with open(path, "wb") as handle:
            handle.write(text)
        code, out, err = node.run(module, ["dockerd", "--validate", "--config-file", path])
    said = (err + out).strip()
    if code and "unknown flag" in said:
        return False
    if code:
        refuse(
            module,
            "docker_daemon_options",
            f"settings that the daemon does not take: {said.replace(path, module.params['path'])[-400:]}",
            "settings that dockerd --validate accepts",
            "correct docker_daemon_options; the running daemon and its file were left alone",
        )
    return True


def is_active(module: AnsibleModule) -> bool:
    """Say whether the daemon is running."""
    code, _out, _err = node.run(module, ["systemctl", "is-active", "--quiet", module.params["unit"]])
    return code == 0


def put(module: AnsibleModule, files: Files) -> None:
    """Write or delete each file; what holds a secret is readable by root only."""
    for path, content in files.items():
        if content is None:
            node.delete(path)
            node.delete_empty_directory(os.path.dirname(path))
        else:
            node.write(module, path, content, wanted_mode(module, path))


def take_over(module: AnsibleModule, action: str) -> str:
    """Make the running daemon take its settings over; return what it said when it did not, else nothing."""
    unit = module.params["unit"]
    if action == "restart":
        node.run(module, ["systemctl", "daemon-reload"])
        node.run(module, ["systemctl", "reset-failed", unit])
    code, _out, err = node.run(module, ["systemctl", action, unit])
    if code == 0 and action == "reload":
        time.sleep(0.5)
    if code == 0 and is_active(module):
        return ""
    _code, journal, _err = node.run(module, ["journalctl", "-u", unit, "-n", "5", "--no-pager", "-o", "cat"])
    return (journal.strip() or err.strip())[-600:] or "nothing"


def step_over(module: AnsibleModule, text: str | None, wanted: Mapping[str, Any]) -> None:
    """Bring live-restore in by a reload, so that the restart that follows keeps the containers."""
    between = config.stepping_stone(config.parse_config(text or "") or {}, wanted)
    if between is not None:
        node.write(module, module.params["path"], config.render(between).encode(), 0o644)
        take_over(module, "reload")


def step_back(module: AnsibleModule, text: str | None, merge: config.Merge) -> None:
    """Put our settings back to what they are when unset, by a reload, before they are taken out without a restart."""
    between, _staying = config.farewell(config.parse_config(text or "") or {}, merge.removed)
    node.write(module, module.params["path"], config.render(between).encode(), 0o644)
    take_over(module, "reload")


def wanted_environment(module: AnsibleModule) -> Files:
    """Return the proxy's two files as they have to be."""
    params = module.params
    environment = config.proxy_environment(params["http_proxy"], params["https_proxy"], params["no_proxy"])
    stamp = config.trust_stamp(params["ca_certificates"]) if params["allow_restart"] else ""
    if params["state"] == "absent" or not (environment or stamp):
        return {params["environment_path"]: None, params["drop_in_path"]: None}
    return {
        params["environment_path"]: config.render_environment(environment, stamp).encode(),
        params["drop_in_path"]: config.render_drop_in(params["environment_path"]).encode(),
    }


def merged(module: AnsibleModule, record: dict[str, Any], text: str | None) -> config.Merge:
    """Return the settings to be, or stop in words."""
    params = module.params
    options: dict[str, Any] = {}
    if params["state"] == "present":
        options = config.effective_options(params["options"], params["address_pools"], not params["allow_restart"])
    existing = config.parse_config(text or "")
    if existing is None and not record["created"]:
        refuse(
            module,
            "docker_daemon_options",
            f"{params['path']}, which is no JSON and was not written by this collection",
            "a file that can be read, so that what stands in it is kept",
            "repair the file, or take it away",
        )
    merge = config.merge(existing or {}, record["owned"], options, list(params["options"]))
    if merge.conflicts:
        shown = ", ".join(f"{key} = {json.dumps((existing or {})[key])}" for key in merge.conflicts)
        wanted = ", ".join(f"{key} = {json.dumps(options[key])}" for key in merge.conflicts)
        refuse(
            module,
            "docker_daemon_options",
            f"{shown} in {params['path']}, put there by someone else",
            wanted,
            "set the value that is there in docker_daemon_options, or take the key out of the file",
        )
    return merge


def text_of(content: bytes | None) -> str | None:
    """Return a file's content as text."""
    return None if content is None else content.decode("utf-8", "replace")


def diff_of(module: AnsibleModule, before: Files, after: Files) -> list[dict[str, Any]]:
    """Return the diff, the proxy hidden."""
    parts: list[tuple[str, str | None, str | None]] = []
    for path, content in after.items():
        old, new = before[path], content
        if path == module.params["environment_path"]:
            parts.append((path, None if old is None else "former " + HIDDEN, None if new is None else HIDDEN))
        else:
            parts.append((path, text_of(old), text_of(new)))
    return node.diff_of(parts)


def wanted_mode(module: AnsibleModule, path: str) -> int:
    """Return the permission bits that a file must have."""
    return 0o600 if path == module.params["environment_path"] else 0o644


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "options": {"type": "dict", "default": {}},
            "address_pools": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"base": {"type": "str", "required": True}, "size": {"type": "int", "required": True}},
            },
            "http_proxy": {"type": "str", "default": "", "no_log": True},
            "https_proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "str", "default": ""},
            "ca_certificates": {"type": "list", "elements": "str", "default": []},
            "allow_restart": {"type": "bool", "default": True},
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "environment_path": {"type": "path", "default": "/etc/docker/eucaim-proxy.env"},
            "drop_in_path": {"type": "path", "default": "/etc/systemd/system/docker.service.d/eucaim-proxy.conf"},
            "record_path": {"type": "path", "default": "/var/lib/eucaim/state/docker_daemon.json"},
            "unit": {"type": "str", "default": "docker.service"},
        },
        supports_check_mode=True,
    )
    params = module.params
    record = read_record(params["record_path"])
    text = node.read_text(params["path"])
    merge = merged(module, record, text)
    keys_changed = bool(merge.changed or merge.removed)
    unreadable = config.parse_config(text or "") is None

    after = wanted_environment(module)
    environment_changed = any(
        node.read_bytes(path) != content or (content is not None and node.mode_of(path) != wanted_mode(module, path))
        for path, content in after.items()
    )
    if keys_changed or unreadable or (params["state"] == "present" and text is None):
        content: bytes | None = config.render(merge.config).encode()
        if params["state"] == "absent" and record["created"] and not merge.config:
            content = None
        after[params["path"]] = content
    before: Files = {path: node.read_bytes(path) for path in after}
    changed = environment_changed or params["path"] in after

    action = config.stronger(record["pending"], config.action_for(merge.changed, merge.removed, environment_changed))
    if action != "none" and not is_active(module):
        action = "none"
    leaving = action == "restart" and params["state"] == "absent" and not params["allow_restart"]
    if action == "restart" and not params["allow_restart"] and not leaving:
        refuse(
            module,
            "docker_restart_adopted",
            "a change that needs a restart of an engine that someone else installed "
            f"({', '.join([*merge.changed, *merge.removed]) or 'the proxy'})",
            "the word that this engine may be restarted",
            "set docker_restart_adopted to true at a time that suits its containers, or take the setting back",
        )
    new_text = after.get(params["path"])
    validated = validate(module, new_text) if new_text is not None else False

    final = {
        "version": RECORD_VERSION,
        "owned": merge.owned,
        "created": record["created"] or text is None,
        "pending": "none",
    }
    result: dict[str, Any] = {
        "action": action,
        "changed_keys": list(merge.changed),
        "removed_keys": list(merge.removed),
        "validated": validated,
        "diff": diff_of(module, before, after) if changed else [],
    }
    if leaving:
        result["action"] = action = "reload"
        tell_what_stays(module, merge, environment_changed)
    if not module.check_mode:
        plan = Plan(before, after, text, merge, action, leaving, changed)
        carry_out(module, plan, record, final, result)
    module.exit_json(changed=changed or action != "none", **result)


@dataclass(frozen=True)
class Plan:
    """What is to be done: the files, and how the daemon takes them over."""

    before: Files
    after: Files
    text: str | None
    merge: config.Merge
    action: str
    leaving: bool
    changed: bool


def tell_what_stays(module: AnsibleModule, merge: config.Merge, environment_changed: bool) -> None:
    """Warn of what an engine that must not be restarted keeps in force until its next start."""
    _between, staying = config.farewell({}, merge.removed)
    if environment_changed:
        staying.append("the proxy")
    if staying:
        module.warn(f"taken out, but in force until the engine's owner restarts it: {', '.join(staying)}")


def carry_out(
    module: AnsibleModule, plan: Plan, record: dict[str, Any], final: dict[str, Any], result: dict[str, Any]
) -> None:
    """Write what is to be written, each step recorded, and let the daemon take it over."""
    if plan.changed:
        store = {**final, "owned": {**record["owned"], **plan.merge.owned}, "pending": plan.action}
        save(module, store)
        if plan.leaving:
            step_back(module, plan.text, plan.merge)
        elif plan.action == "restart" and plan.after.get(module.params["path"]) is not None:
            step_over(module, plan.text, plan.merge.config)
        put(module, plan.after)
    if plan.action != "none" and not plan.leaving:
        said = take_over(module, plan.action)
        if said:
            put(module, plan.before)
            save(module, record)
            # One that still runs and must not be restarted only reads its former settings again.
            gentle = not module.params["allow_restart"] and is_active(module)
            take_over(module, "reload" if gentle else "restart")
            module.fail_json(
                msg=f"The daemon did not take its new settings ({plan.action}), so the former ones are back: {said}",
                **result,
            )
    if module.params["state"] == "absent":
        node.delete(module.params["record_path"])
    elif plan.changed or final != record:
        save(module, final)


def save(module: AnsibleModule, record: dict[str, Any]) -> None:
    """Write our record, when it differs from what is there."""
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    if node.read_text(module.params["record_path"]) != text:
        node.write(module, module.params["record_path"], text.encode(), 0o640, 0o750)


if __name__ == "__main__":
    main()
