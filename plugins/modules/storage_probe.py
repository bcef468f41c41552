# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_probe
short_description: Measure whether a node's storage is as wanted
version_added: 0.4.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Looks at an array, its drives and spares, its file system, how that is mounted, and whether drives and arrays are
    watched. Returns one row of evidence for each requirement. Changes nothing.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.array
  - eucaim.local_node.layers
options:
  mount_point:
    description: Where the file system of the array is to be mounted.
    type: path
    required: true
  watchers:
    description:
      - The units of systemd that watch drives and arrays. One that starts on real machines only (as smartd) counts as
        watching on a virtual one.
    type: list
    elements: str
    default: []
  checks:
    description: The timers of systemd that check the hardware regularly.
    type: list
    elements: str
    default: []
seealso:
  - module: eucaim.local_node.raid_array
"""

EXAMPLES = r"""
- name: Measure the storage
  eucaim.local_node.storage_probe:
    name: eucaim
    level: raid1
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL1
      - /dev/disk/by-id/ata-MODEL_SERIAL2
    mount_point: /srv/eucaim
    watchers: [mdmonitor.service, smartmontools.service]
    checks: [mdcheck_start.timer]
  become: true
"""

RETURN = r"""
rows:
  description: Rows of evidence for ST-DATA, ST-RAID, ST-SPARE, ST-GROW, ST-HEALTH and MN-HW.
  returned: always
  type: list
  elements: dict
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as files
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_node import LayerNode, asked_of, layer_options
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import Luks, crypttab_faults
from ansible_collections.eucaim.local_node.plugins.module_utils._md_evidence import Measured, rows
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import MdNode, array_options, wanted_of
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import decide

FSTAB = "/etc/fstab"
CRYPTTAB = "/etc/crypttab"
# What mdadm and smartd send mail with.
SENDMAIL = "/usr/sbin/sendmail"
# What `systemctl show` says of a unit that was not started because this is a virtual machine.
NOT_HERE = "ConditionResult=no"


def watches(module: AnsibleModule, unit: str) -> bool:
    """Say whether a unit is at work, or would be on a real machine."""
    argv = [
        "systemctl",
        "show",
        unit,
        "--property=ActiveState,ConditionResult,UnitFileState,ConditionTimestampMonotonic",
    ]
    _code, out, _err = files.run(module, argv)
    said = set(out.split())
    skipped = NOT_HERE in said and "UnitFileState=enabled" in said and "ConditionTimestampMonotonic=0" not in said
    return "ActiveState=active" in said or skipped


def closed(module: AnsibleModule, luks: Luks) -> list[str]:
    """Return why an encrypted array would stay closed after a restart, or when its system drive is lost."""
    name, key_file = module.params["name"], module.params["key_file"]
    faults = crypttab_faults(files.read_text(CRYPTTAB) or "", name, key_file)
    argv = ["systemctl", "show", f"systemd-cryptsetup@{name}.service", "--property=LoadState"]
    if "LoadState=loaded" not in files.run(module, argv)[1].split():
        faults.append("systemd has no unit that opens it: systemd-cryptsetup is missing, or has not read /etc/crypttab")
    if not luks.node_key:
        faults.append(f"{key_file} does not open it")
    elif luks.readable:
        faults.append(f"{key_file} can be read by others than root")
    if not luks.recovery:
        faults.append("the recovery passphrase does not open it")
    return faults


def main() -> None:
    """Look, and make rows of it."""
    module = AnsibleModule(
        argument_spec={
            **array_options(),
            **layer_options(),
            "mount_point": {"type": "path", "required": True},
            "watchers": {"type": "list", "elements": "str", "default": []},
            "checks": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    wanted = wanted_of(params)
    node = MdNode(module, wanted.name, params["record_directory"])
    seen = node.look(wanted)
    decision = decide(wanted, seen, node.record(), node.fresh_uuid)
    asked, holds, sight = asked_of(params), node.file_system(seen, decision.running), None
    if holds is not None and (asked.encrypted or asked.group):
        layers = LayerNode(module, asked, params["recovery_passphrase"], params["record_directory"])
        sight = layers.look(node.device(decision.running), decision.uuid)
        holds = layers.file_system(sight, holds["uuid"])
    measured = Measured(
        wanted,
        decision,
        holds,
        params["mount_point"],
        files.read_text(FSTAB) or "",
        {unit: watches(module, unit) for unit in params["watchers"]},
        {unit: watches(module, unit) for unit in params["checks"]},
        asked.encrypted,
        closed(module, sight.luks) if sight and sight.luks else (),
        bool(sight and sight.layers.can_grow),
        os.access(SENDMAIL, os.X_OK),
    )
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    module.exit_json(changed=False, rows=[row.as_dict() for row in rows(measured, at)])


if __name__ == "__main__":
    main()
