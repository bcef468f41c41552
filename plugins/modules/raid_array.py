# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: raid_array
short_description: Keep a Linux software RAID as it is wanted
version_added: 0.4.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Makes an md array, starts one that is there, adds drives and spares, replaces drives, lets it grow by drives and
    from RAID 1 of two drives to 5 to 6, and changes how parity is kept right after a power cut.
  - A drive is written to only if it is named by a name that stays with it, nothing lies on it, and it is empty or
    O(erase) repeats what it holds. The drive of the system and a drive in use are never written to.
  - An array that is there is started and kept, never made anew. What would make it lack a drive is refused.
  - Building, rebuilding and reshaping is the kernel's work. The module does not wait for it; what has to wait is
    returned in RV(waiting), and done by a later run.
  - A run that was cut off, also by a power cut, is finished by the next one.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.array
attributes:
  check_mode:
    support: full
    details:
      - It looks at the drives and tells what would be done first; a later step may follow from what md makes of it.
  diff_mode:
    support: full
options:
  state:
    description:
      - V(present) for an array that runs and is as wanted.
      - V(absent) to stop it and take its marks from its drives. All its data is lost, so O(erase) has to repeat, for
        each of its drives and spares, what it holds; and it must not be in use.
    type: str
    choices: [present, absent]
    default: present
  mount_point:
    description:
      - Where the file system of a new array will be mounted. No array is made while something lies or is mounted there,
        which it would hide.
      - Empty for no look at it.
    type: path
    default: ""
  configuration:
    description:
      - The file that names arrays for the start of the node, such as V(/etc/mdadm/mdadm.conf), if RV(start_differs) is
        wanted of it.
    type: path
    default: ""
seealso:
  - name: mdadm(8)
    description: The manual page of mdadm.
    link: https://man7.org/linux/man-pages/man8/mdadm.8.html
"""

EXAMPLES = r"""
- name: Keep a RAID 5 of three drives with a spare
  eucaim.local_node.raid_array:
    name: eucaim
    level: raid5
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL1
      - /dev/disk/by-id/ata-MODEL_SERIAL2
      - /dev/disk/by-id/ata-MODEL_SERIAL3
    spares:
      - /dev/disk/by-id/ata-MODEL_SERIAL4
    mount_point: /srv/eucaim
  become: true

- name: Replace the second drive, which has failed or is worn
  eucaim.local_node.raid_array:
    name: eucaim
    level: raid5
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL1
      - /dev/disk/by-id/ata-MODEL_SERIAL5
      - /dev/disk/by-id/ata-MODEL_SERIAL3
    spares:
      - /dev/disk/by-id/ata-MODEL_SERIAL4
  become: true

- name: Let it grow by a drive on which an old file system may be destroyed
  eucaim.local_node.raid_array:
    name: eucaim
    level: raid5
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL1
      - /dev/disk/by-id/ata-MODEL_SERIAL5
      - /dev/disk/by-id/ata-MODEL_SERIAL3
      - /dev/disk/by-id/ata-MODEL_SERIAL6
    spares:
      - /dev/disk/by-id/ata-MODEL_SERIAL4
    erase:
      # In the words of the refusal that comes without this.
      /dev/disk/by-id/ata-MODEL_SERIAL6: ext4
  become: true

- name: Take an array apart that nobody uses any more, and lose what is on it
  eucaim.local_node.raid_array:
    name: old
    drives:
      - /dev/disk/by-id/ata-MODEL_SERIAL7
      - /dev/disk/by-id/ata-MODEL_SERIAL8
    state: absent
    erase:
      # In the words of the refusal that comes without this.
      /dev/disk/by-id/ata-MODEL_SERIAL7: "member of an md array: old (9525baa4:747fb8d1:03bbec9e:08286f27)"
      /dev/disk/by-id/ata-MODEL_SERIAL8: "member of an md array: old (9525baa4:747fb8d1:03bbec9e:08286f27)"
  become: true
"""

RETURN = r"""
device:
  description: The array's device file, by its name where that leads to it.
  returned: always
  type: str
  sample: /dev/md/eucaim
kernel_name:
  description: The kernel's name of the array; empty if it does not run.
  returned: always
  type: str
  sample: md127
uuid:
  description: The array's UUID, as mdadm writes it; empty if there is none.
  returned: always
  type: str
array:
  description:
    - The array as the kernel shows it, in the form in which M(eucaim.local_node.hardware_info) returns each; null if it
      does not run.
  returned: always
  type: dict
members:
  description: The drives of the array, each with its name, the kernel's name, and its state in the array.
  returned: always
  type: list
  elements: dict
steps:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
waiting:
  description: What is wanted and has to wait for the kernel, in words.
  returned: always
  type: list
  elements: str
problems:
  description: What a person has to mend, such as a drive that has failed, in words.
  returned: always
  type: list
  elements: str
file_system:
  description: What lies on the array; null if it does not run.
  returned: always
  type: dict
  contains:
    device:
      description: The device file that it lies on.
      type: str
    missing:
      description: Always empty; M(eucaim.local_node.array_layers) returns here what is not there yet.
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
      description: Whether the array has room for more of it.
      type: bool
    mounted_on:
      description: Where it is mounted.
      type: list
      elements: str
notes:
  description:
    - What is other than asked for and is left as it is, such as the chunk of an array that is there, and what somebody
      should know of how it was started, in words.
  returned: always
  type: list
  elements: str
in_the_way:
  description:
    - What lies in O(mount_point), or is mounted there, in words; empty if nothing does. Where the array was there
      before, it may be its own file system.
  returned: always
  type: str
  sample: /srv/eucaim/register.csv, which would be hidden
start_differs:
  description:
    - Whether O(configuration) is other than V(start.conf) in O(record_directory), where whoever makes the initial file
      system anew keeps a copy of what went into it. A run that was cut off before that is told from one that was not.
    - V(false) without O(configuration).
  returned: always
  type: bool
progress:
  description: What the kernel is at, in percent and seconds left; null if it is at rest.
  returned: always
  type: dict
  contains:
    action:
      description: One of resync, recover, reshape, check, repair.
      type: str
    percent:
      description: How much of it is done.
      type: float
    seconds_left:
      description: How long it will take at the present speed; null if that is not known.
      type: int
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import faults_of
from ansible_collections.eucaim.local_node.plugins.module_utils._md_node import (
    MdNode,
    array_options,
    hidden_below,
    refuse,
    start_differs,
    wanted_of,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import decide, decide_absent
from ansible_collections.eucaim.local_node.plugins.module_utils._md_words import described, state_text

# Every round looks anew; one that makes an array, one that starts it, and a few that follow from it.
ROUNDS = 6


def main() -> None:
    """Look, decide, act; until there is nothing left to do."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "mount_point": {"type": "path", "default": ""},
            "configuration": {"type": "path", "default": ""},
            **array_options(),
        },
        supports_check_mode=True,
    )
    wanted = wanted_of(module.params)
    verdict = decide if module.params["state"] == "present" else decide_absent
    if verdict is decide:
        refuse(module, list(faults_of(wanted)))
    node = MdNode(module, wanted.name, module.params["record_directory"])
    hidden = hidden_below(module.params["mount_point"], wanted.prefix)
    steps: list[str] = []
    notes: dict[str, None] = {}
    before = None
    for _round in range(ROUNDS):
        seen = node.look(wanted)
        decision = verdict(wanted, seen, node.record(), node.fresh_uuid)
        before = state_text(seen, decision) if before is None else before
        refuse(module, decision.refusals + (hidden if decision.creates else []))
        steps += [step.text for step in decision.steps]
        notes |= dict.fromkeys(decision.notes)
        if module.check_mode or not decision.steps:
            break
        node.act(wanted, decision)
    else:
        module.fail_json(
            msg=f"[ST-RAID] found the array {wanted.name} still not as wanted after {ROUNDS} rounds, of which the last "
            f"was to {steps[-1]}; needed: that each step changes something; remedy: see /proc/mdstat and the kernel's "
            "log, mend what they say, and run again"
        )
    node.remember(decision)
    after = before + "".join(f"then: {step}\n" for step in steps) if module.check_mode else state_text(seen, decision)
    # In check mode one that could not be started is still there, and does not run.
    running = decision.running if decision.running and decision.running.active else None
    file_system = node.file_system(seen, running)
    if not module.check_mode:
        node.formatting.end(file_system)
    module.exit_json(
        changed=bool(steps),
        device=node.device(running),
        kernel_name=running.name if running else "",
        uuid=decision.uuid if running else "",
        array=asdict(running.shown) if running else None,
        members=described(seen, running),
        steps=steps,
        waiting=decision.waiting,
        problems=decision.problems,
        notes=list(notes),
        file_system=file_system,
        progress=node.progress(running),
        in_the_way=hidden[0].found if hidden else "",
        start_differs=start_differs(module.params["configuration"], module.params["record_directory"]),
        diff={"before": before, "after": after, "before_header": wanted.name, "after_header": wanted.name},
    )


if __name__ == "__main__":
    main()
