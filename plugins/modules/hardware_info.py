# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hardware_info
short_description: Read what a machine is made of
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Reads processors, memory with its error correction, graphics processors, drives by their stable names and what is on
    them, arrays, controllers, power supplies, network links, sensors, and how the last start went, in one execution.
  - It changes nothing, and needs neither root nor any tool. What it cannot see for want of one is null, and
    RV(unknown) says which tool or right is missing.
  - Root is needed for the firmware's tables (error correction, serial numbers, power supplies), the health of drives
    and the management controller.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
options:
  gather:
    description:
      - What is read beside the rest although it may take seconds.
      - V(smart) asks each drive for its health, V(ipmi) the management controller for sensors, parts and power,
        V(gpu) NVIDIA's driver for memory, and V(ups) the network UPS tools.
    type: list
    elements: str
    choices: [smart, ipmi, gpu, ups]
    default: []
  timeout:
    description: Seconds that one command may take; a command that takes longer is ended, and named in RV(unknown).
    type: float
    default: 30.0
seealso:
  - module: eucaim.local_node.preflight_probe
  - module: eucaim.local_node.tier_check
"""

EXAMPLES = r"""
- name: Read the machine
  eucaim.local_node.hardware_info:
  become: true
  register: machine

- name: Read the machine with the health of its drives and its graphics processors
  eucaim.local_node.hardware_info:
    gather: [smart, gpu]
  become: true
  register: machine
"""

RETURN = r"""
hardware:
  description:
    - The machine. Sizes are bytes, clocks MHz, powers watts, link speeds Mbit/s; null is not known; an empty list means
      that there is none.
    - Saved as JSON, it can be judged later without the machine.
  returned: always
  type: dict
  sample:
    format: 1
    cpu: {model: AMD EPYC 9124 16-Core Processor, sockets: 1, cores: 16, threads: 32, base_mhz: 3000}
    memory: {installed_bytes: 68719476736, ecc: true}
unknown:
  description: Why a value is null, by its path such as V(memory.ecc) or V(drives.health).
  returned: always
  type: dict
  sample:
    memory.ecc: dmidecode needs root
probes:
  description: Seconds that each command took, and reading files.
  returned: always
  type: dict
  sample:
    files: 0.02
    dmidecode: 0.01
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_file import machine_to_dict
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_reading import read_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_recorder import Recorder
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import SLOW


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "gather": {"type": "list", "elements": "str", "choices": list(SLOW), "default": []},
            "timeout": {"type": "float", "default": 30.0},
        },
        supports_check_mode=True,
    )
    if module.params["timeout"] <= 0:
        module.fail_json(
            msg=f"timeout: found {module.params['timeout']:g}; needed: more than 0 seconds; remedy: leave it out for 30"
        )
    recorder = Recorder(module.params["gather"], module.params["timeout"])
    machine = read_machine(recorder.record())
    seconds = {name: round(each, 3) for name, each in recorder.seconds.items()}
    module.exit_json(changed=False, hardware=machine_to_dict(machine), unknown=machine.unknown, probes=seconds)


if __name__ == "__main__":
    main()
