# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tier_check
short_description: Judge whether a machine is enough for its tier
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Compares a machine with what D5.11 asks of its tier, row by row of its tables, and says for each requirement what
    was found, what is the minimum, what is recommended, and why.
  - Reads the machine that it runs on, in the same execution, or judges one that was read before.
  - What is not known is V(unanswered), never V(met); the reason says which tool or right is missing.
  - In a container everything is V(unanswered), because the hardware is its host's. A virtual machine is judged on what
    it has; what lies below it, such as the error correction of the memory, is V(unanswered).
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.findings
options:
  tier:
    description: The tier that the node is to have.
    type: int
    choices: [2, 3]
    required: true
  profile:
    description: Whose figures count, the deliverable's (V(d5.11)) or those of EUCAIM's handbook, which asks for less.
    type: str
    choices: [d5.11, handbook]
    default: d5.11
  hardware:
    description:
      - A machine that M(eucaim.local_node.hardware_info) has read, as it returned it.
      - Without it and without O(hardware_file), this host is read.
    type: dict
  hardware_file:
    description:
      - A file on this host that holds such a machine as JSON, or what C(read_machine.sh) printed on a machine that
        Ansible cannot reach.
    type: path
  gather:
    description: What is read of this host beside the rest although it may take seconds.
    type: list
    elements: str
    choices: [smart, ipmi, gpu, ups]
    default: []
  timeout:
    description: Seconds that one command may take.
    type: float
    default: 30.0
  dataset_size:
    description: The size of the data set that the node is to hold, with its unit, such as V(4TB).
    type: str
  fitted:
    description: What the order says is in the machine.
    type: dict
    default: {}
    suboptions:
      memory:
        description: All memory together, with its unit. V(128GB) of memory are 128 GiB, as it is sold.
        type: str
      drives:
        description: How many drives.
        type: int
      links:
        description: How many network ports.
        type: int
      sockets:
        description: How many processors.
        type: int
      power_supplies:
        description: How many power supplies. Of several, one may fail.
        type: int
      power_supply_watts:
        description: The rating of one power supply, in watts.
        type: int
  stated:
    description: What no program can see, or could not measure.
    type: dict
    default: {}
    suboptions:
      processor_watts:
        description: The rated power of one processor.
        type: int
      staggered_spin_up:
        description: Whether the hard drives start one after another.
        type: bool
      os_drive_medium:
        description: The medium of the system's drive, where a controller or a host hides it.
        type: str
        choices: [ssd, hdd]
      shelf_spare:
        description: The size of the spare drives on the shelf together, with its unit.
        type: str
      free_drive_bays:
        description: How many drives the case still takes.
        type: int
      growth:
        description: How the storage is to grow.
        type: str
      line_down_mbps:
        description: The line's speed towards the node in Mbit/s, as measured to a peer.
        type: int
      line_up_mbps:
        description: The line's speed from the node in Mbit/s, as measured to a peer.
        type: int
      warranty:
        description: The warranty of the machine.
        type: str
  waivers:
    description:
      - Requirements that somebody has decided not to meet for a while.
      - One that has ended, or that nothing needs, is named and does nothing.
    type: list
    elements: dict
    default: []
    suboptions:
      requirement:
        description: The id of the requirement.
        type: str
        required: true
      by:
        description: Who has decided it.
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      until:
        description: The last day on which it holds, such as V(2026-12-31).
        type: str
        required: true
seealso:
  - module: eucaim.local_node.hardware_info
  - module: eucaim.local_node.network_check
"""

EXAMPLES = r"""
- name: Judge whether this server can be a Tier 2 node with 4 TB of data
  eucaim.local_node.tier_check:
    tier: 2
    dataset_size: 4TB
    gather: [smart]
  become: true
  register: server

- name: Judge a machine that Ansible cannot reach
  eucaim.local_node.tier_check:
    tier: 3
    hardware_file: /root/server.txt
    fitted:
      memory: 128GB
      power_supply_watts: 1600
    waivers:
      - requirement: HW-GPU
        by: A. Person
        reason: the card is ordered
        until: "2026-12-31"
"""

RETURN = r"""
findings:
  description: One entry for each item of a requirement, such as the cores of HW-CPU.
  returned: always
  type: list
  elements: dict
  sample:
    - requirement: HW-CPU
      item: cores
      found: "16"
      minimum: "8"
      recommended: "16"
      verdict: recommended
      reason: ""
rows:
  description: >-
    One row of evidence for each requirement. The worst item stands; of several graphics processors the best one does.
  returned: always
  type: list
  elements: dict
table:
  description: The rows as lines of one table.
  returned: always
  type: list
  elements: str
summary:
  description: How many requirements have each verdict.
  returned: always
  type: dict
  sample: {unmet: 0, unanswered: 3, waived: 1, met: 9, recommended: 6, not_applicable: 0}
unmet:
  description: One text for each requirement that is not met. Empty if there is none.
  returned: always
  type: list
  elements: str
documents:
  description: >-
    The record of the hardware with its serial numbers, for M(eucaim.local_node.evidence). Empty in a container, which
    has no hardware of its own.
  returned: always
  type: dict
hardware:
  description: The machine that was judged, as M(eucaim.local_node.hardware_info) returns it.
  returned: always
  type: dict
"""

import os
import re
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _tier as tier
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import WAIVER
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import FINDINGS
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_file import (
    machine_from_dict,
    machine_from_text,
    machine_to_dict,
    text_from_bytes,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_reading import read_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_recorder import Recorder
from ansible_collections.eucaim.local_node.plugins.module_utils._probes import SLOW
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown, summary
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import PROFILES, TIERS
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_record import record
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_wanted import wanted_from

OPTIONS: dict[str, Any] = {
    "tier": {"type": "int", "choices": list(TIERS), "required": True},
    "profile": {"type": "str", "choices": list(PROFILES), "default": "d5.11"},
    "hardware": {"type": "dict"},
    "hardware_file": {"type": "path"},
    "gather": {"type": "list", "elements": "str", "choices": list(SLOW), "default": []},
    "timeout": {"type": "float", "default": 30.0},
    "dataset_size": {"type": "str"},
    "fitted": {
        "type": "dict",
        "default": {},
        "options": {
            "memory": {"type": "str"},
            "drives": {"type": "int"},
            "links": {"type": "int"},
            "sockets": {"type": "int"},
            "power_supplies": {"type": "int"},
            "power_supply_watts": {"type": "int"},
        },
    },
    "stated": {
        "type": "dict",
        "default": {},
        "options": {
            "processor_watts": {"type": "int"},
            "staggered_spin_up": {"type": "bool"},
            "os_drive_medium": {"type": "str", "choices": ["ssd", "hdd"]},
            "shelf_spare": {"type": "str"},
            "free_drive_bays": {"type": "int"},
            "growth": {"type": "str"},
            "line_down_mbps": {"type": "int"},
            "line_up_mbps": {"type": "int"},
            "warranty": {"type": "str"},
        },
    },
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": WAIVER},
    "network": FINDINGS,
}
TIME = "%Y-%m-%dT%H:%M:%SZ"
WHEN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def machine_of(options: dict[str, Any]) -> Machine:
    """Return the machine that is to be judged; raise ValueError or OSError if there is none."""
    if options["hardware"] is not None:
        return machine_from_dict(options["hardware"])
    if options["hardware_file"] is not None:
        with open(options["hardware_file"], "rb") as handle:
            return machine_from_text(text_from_bytes(handle.read()))
    return read_machine(Recorder(options["gather"], options["timeout"]).record())


def timeout_refusals(options: dict[str, Any]) -> list[Refusal]:
    """Return why the time-out cannot be taken."""
    if options["timeout"] > 0:
        return []
    found = shown(options["timeout"])
    return [Refusal("ST-HEALTH", "timeout", found, "more than 0 seconds", "leave it out for 30")]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS, mutually_exclusive=[("hardware", "hardware_file")], supports_check_mode=True
    )
    now = datetime.now(timezone.utc)
    wanted, refusals = wanted_from(module.params, now.date())
    refusals += timeout_refusals(module.params)
    if refusals:
        module.fail_json(
            msg=summary(refusals, os.uname().nodename), refusals=[refusal.as_dict() for refusal in refusals]
        )
    try:
        machine = machine_of(module.params)
    except OSError as error:
        needed = "a file on this host that hardware_info or read_machine.sh has filled"
        found = f"{module.params['hardware_file'] or 'no path'} cannot be read ({error.strerror})"
        module.fail_json(msg=f"hardware_file: found {found}; needed: {needed}; remedy: correct the path")
    except ValueError as error:
        where = module.params["hardware_file"]
        module.fail_json(msg=f"hardware_file {where}: {error}" if where else str(error))
    findings = tier.judge(machine, wanted)
    # What was read before keeps its time.
    at = machine.at if machine.at and WHEN.fullmatch(machine.at) else now.strftime(TIME)
    module.exit_json(
        changed=False,
        findings=[finding.as_dict() for finding in findings],
        rows=tier.rows(findings, at),
        table=tier.table(findings),
        summary=tier.summary(findings),
        unmet=tier.unmet(findings),
        documents={} if machine.system.container else {"hardware": record(machine, wanted.stated.warranty)},
        hardware=machine_to_dict(machine),
    )


if __name__ == "__main__":
    main()
