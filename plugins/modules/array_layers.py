# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: array_layers
short_description: Keep encryption and a logical volume between an array and its file system
version_added: 0.4.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Encrypts an array with LUKS, opens it, sees to it that two keys open it, makes a logical volume on it, and lets both
    grow with the array.
  - A layer is made only of what holds nothing. What lies there is refused in words, and never made anew. A volume group
    or a volume that somebody else has made is not touched.
  - A run that was cut off, also by a power cut, is finished by the next one.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.layers
attributes:
  check_mode:
    support: full
    details:
      - It tells what would be done first; a later step may follow from what comes of it.
  diff_mode:
    support: full
options:
  device:
    description: The device file of the array.
    type: path
    required: true
  name:
    description: The name of the array, under which it is opened.
    type: str
    required: true
  uuid:
    description: The UUID of the array, as M(eucaim.local_node.raid_array) returns it.
    type: str
    required: true
  prefix:
    description: What the names of the options begin with in a refusal, for a role whose variables they come from.
    type: str
    default: ""
  record_directory:
    description: Where the node remembers what was begun here.
    type: path
    default: /var/lib/eucaim/storage
notes:
  - Needs C(cryptsetup) for O(encrypted), and LVM's programs for O(volume_group).
seealso:
  - module: eucaim.local_node.raid_array
  - name: cryptsetup(8)
    description: The manual page of cryptsetup.
    link: https://man7.org/linux/man-pages/man8/cryptsetup.8.html
"""

EXAMPLES = r"""
- name: Keep the array
  eucaim.local_node.raid_array:
    name: eucaim
    level: raid5
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL1
      - /dev/disk/by-id/ata-MODEL_SERIAL2
      - /dev/disk/by-id/ata-MODEL_SERIAL3
  become: true
  register: raid

- name: Keep it encrypted, with a volume on most of it
  eucaim.local_node.array_layers:
    device: "{{ raid.device }}"
    name: eucaim
    uuid: "{{ raid.uuid }}"
    encrypted: true
    key_file: /etc/eucaim/keys/eucaim.key
    recovery_passphrase: "{{ vault_storage_recovery_passphrase }}"
    volume_group: eucaim
    volume_percent: 80
  become: true
  # In check mode there may be no array yet.
  when: raid.kernel_name | length > 0
"""

RETURN = r"""
steps:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
waiting:
  description: What is wanted and has to wait, in words.
  returned: always
  type: list
  elements: str
file_system:
  description: What lies on the uppermost layer that is there.
  returned: always
  type: dict
  contains:
    device:
      description: The device file of that layer.
      type: str
    missing:
      description: The first layer that is not there yet, V(encryption) or V(volume); empty if all are.
      type: str
    kind:
      description: V(xfs), V(ext4), or in words what else is there; empty if there is nothing.
      type: str
    uuid:
      description: The UUID of the file system, or the one that it should be made with.
      type: str
    label:
      description: Its label.
      type: str
    bytes:
      description: Its size; 0 if there is none.
      type: int
    half_made:
      description: Whether the program that made it was cut off. Nobody can have mounted it.
      type: bool
    can_grow:
      description: Whether the layer has room for more of it.
      type: bool
    mounted_on:
      description: Where it is mounted.
      type: list
      elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils._file_system_head import uuid_for
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_node import LayerNode, asked_of, layer_options
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import refuse

# Format, add a key, open, blank, physical volume, group, volume, blank; and as many that follow from a change of keys.
ROUNDS = 12


def main() -> None:
    """Look, decide, act; until there is nothing left to do."""
    module = AnsibleModule(
        argument_spec={
            "device": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "uuid": {"type": "str", "required": True},
            **layer_options(),
            "prefix": {"type": "str", "default": ""},
            "record_directory": {"type": "path", "default": "/var/lib/eucaim/storage"},
        },
        supports_check_mode=True,
    )
    params, asked = module.params, asked_of(module.params)
    node = LayerNode(module, asked, params["recovery_passphrase"], params["record_directory"])
    steps: list[str] = []
    for _round in range(ROUNDS):
        sight = node.look(params["device"], params["uuid"])
        layers = sight.layers
        refuse(module, layers.refusals)
        steps += [step.text for step in layers.steps]
        if module.check_mode or not layers.steps:
            break
        node.act(layers.steps, params["uuid"])
    else:
        module.fail_json(
            msg=f"[ST-DATA] found the layers of {asked.name} still not as wanted after {ROUNDS} rounds, of which the "
            f"last was to {steps[-1]}; needed: that each step changes something; remedy: see the kernel's log, mend "
            "what it says, and run again"
        )
    found = node.file_system(sight, uuid_for(params["uuid"]))
    if not module.check_mode:
        node.end(found)
    done = "".join(f"{step}\n" for step in steps)
    module.exit_json(
        changed=bool(steps),
        steps=steps,
        waiting=layers.waiting,
        file_system=found,
        diff={"before": "", "after": done, "before_header": asked.name, "after_header": asked.name},
    )


if __name__ == "__main__":
    main()
