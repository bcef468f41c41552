# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uninstall_plan
short_description: Say what an uninstallation would take from a node, and stop until somebody confirms it
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Reads the records that the roles keep on the node and says in words what they brought. Changes nothing.
  - Fails, with all reasons together, when nobody has confirmed the removal by the node's name, when containers of
    others run on an engine or a network that would go, or when whoever runs it would lose their own way to become root.
  - On a node without records there is nothing to confirm. In check mode nothing needs to be confirmed.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    platforms: linux
options:
  names:
    description: The names of this node, of which one confirms.
    type: list
    elements: str
    required: true
  confirmed:
    description: What somebody has said, one name or several with commas between them.
    type: str
    default: ""
  stop_containers:
    description: Whether containers of others may be stopped with the engine that they run on.
    type: bool
    default: false
  people:
    description: Whether the accounts go that this collection made.
    type: bool
    default: true
  directory:
    description: Where the records are.
    type: path
    default: /var/lib/eucaim/state
  evidence:
    description: Where the evidence is.
    type: path
    default: /var/lib/eucaim/evidence
seealso:
  - module: eucaim.local_node.role_record
"""

EXAMPLES = r"""
- name: Say what would go
  eucaim.local_node.uninstall_plan:
    names: [hospital-node-1]
    confirmed: "{{ uninstall_confirm | default('') }}"
  become: true
"""

RETURN = r"""
plan:
  description: What would go, in words. Empty on a node on which this collection left nothing.
  returned: always
  type: list
  elements: str
  sample: ["base: account ada"]
ours:
  description: Whether this collection left anything on the node.
  returned: always
  type: bool
"""

import json
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _role_record as records
from ansible_collections.eucaim.local_node.plugins.module_utils import _uninstall as uninstall
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, summary
from ansible_collections.eucaim.local_node.plugins.module_utils._way_in import cut

PASSWD = "/etc/passwd"
GROUP = "/etc/group"
LABEL = "eu.eucaim.local_node=federation"


def read_records(directory: str) -> dict[str, Any]:
    """Return the records by name; a damaged one as nothing."""
    found: dict[str, Any] = {}
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
        stem, kind = os.path.splitext(name)
        if kind == ".json":
            try:
                found[stem] = json.loads(node.read_text(os.path.join(directory, name)) or "")
            except ValueError:
                found[stem] = None
    return found


def docker(module: AnsibleModule, *words: str) -> list[str]:
    """Return the lines that docker prints; none without an engine."""
    code, out, _err = node.run(module, ["docker", *words])
    return out.split() if code == 0 else []


def containers(module: AnsibleModule) -> uninstall.Containers:
    """Return our containers and networks, and the containers of others that run, or hang on our networks."""
    names = "--format={{.Names}}"
    ours = docker(module, "ps", "--all", f"--filter=label={LABEL}", names)
    networks = docker(module, "network", "ls", f"--filter=label={LABEL}", "--format={{.Name}}")
    on_ours = [name for network in networks for name in docker(module, "ps", f"--filter=network={network}", names)]
    return uninstall.Containers(
        ours=ours,
        networks=networks,
        running=sorted(set(docker(module, "ps", names)) - set(ours)),
        attached=sorted(set(on_ours) - set(ours)),
    )


def look(module: AnsibleModule, found: dict[str, Any]) -> list[Refusal]:
    """Return why the way in would be cut off."""
    record = records.parse(json.dumps(found.get("base")))
    if record is None:
        return []
    state = records.Found(
        accounts=records.parse_accounts(node.read_text(PASSWD) or "", ""),
        groups=records.parse_groups(node.read_text(GROUP) or ""),
    )
    return cut(module, record, state, module.params["people"])


def main() -> None:
    """Run the module."""
    texts = {"type": "list", "elements": "str"}
    module = AnsibleModule(
        argument_spec={
            "names": {**texts, "required": True},
            "confirmed": {"type": "str", "default": ""},
            "stop_containers": {"type": "bool", "default": False},
            "people": {"type": "bool", "default": True},
            "directory": {"type": "path", "default": "/var/lib/eucaim/state"},
            "evidence": {"type": "path", "default": "/var/lib/eucaim/evidence"},
        },
        supports_check_mode=True,
    )
    params = module.params
    found = read_records(params["directory"])
    there = containers(module)
    evidence = sorted(os.listdir(params["evidence"])) if os.path.isdir(params["evidence"]) else []
    plan = uninstall.plan(found, there, evidence)
    refusals = uninstall.refusals(found, there, params["stop_containers"]) + look(module, found)
    if plan and not module.check_mode:
        refusals += uninstall.unconfirmed(params["names"], params["confirmed"])
    if refusals:
        listed = "\n".join(["What would go:", *(f"  {line}" for line in plan)])
        said = f"{summary(refusals, params['names'][0])}\n{listed}"
        module.fail_json(msg=said, refusals=[refusal.as_dict() for refusal in refusals], plan=plan, ours=bool(plan))
    module.exit_json(changed=False, plan=plan, ours=bool(plan))


if __name__ == "__main__":
    main()
