#!/usr/bin/python
# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Write on the control machine what to buy for a node
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Chooses drives for a data set and its growth, and writes a sheet for people (C(plan.html)), the same as text
    (C(plan.md)), and a file for programs (C(plan.json)), from which the array can be built.
  - Takes the cheapest of the drives on offer that hold the data set with head-room and are what the tier asks. The same
    request always gives the same files, so a second run changes nothing.
  - Fails with every reason why there is no such plan, and with what would have to be different.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.action
attributes:
  check_mode:
    support: full
    details:
      - In check mode nothing is written. The plan is shown if something would be.
  diff_mode:
    support: full
    details:
      - Shows how C(plan.md) differs.
  platform:
    support: full
    platforms: posix
options:
  request:
    description:
      - What the plan is for, in the words of the role P(eucaim.local_node.plan#role) without C(plan_), such as
        C(dataset_size). Only C(dataset_size) is required.
      - Not read with O(state=absent).
    type: dict
    default: {}
  prefix:
    description:
      - What stands before the names of O(request) where they are refused, so that people read the names that they set.
    type: str
    default: ""
  directory:
    description:
      - The folder on the control machine that holds the files.
    type: path
    required: true
  name:
    description:
      - Who the plan is for. With a name, the files lie in a folder of that name in O(directory).
    type: str
    default: ""
  state:
    description:
      - V(present) writes the files, V(absent) takes them away.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - plugin: eucaim.local_node.storage_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan a node for a data set of 4 TB that grows by a fifth a year
  eucaim.local_node.plan:
    directory: /srv/plans
    name: node1
    request:
      dataset_size: 4TB
      growth: 20%
      tier: 3
      drive_offers:
        - size: 8TB
          price: 210
        - size: 12TB
          price: 270
"""

RETURN = r"""
page:
  description: The sheet for people, on the control machine.
  returned: O(state=present), and there is a plan
  type: str
  sample: /srv/plans/node1/plan.html
plan:
  description: The plan, as it stands in C(plan.json).
  returned: O(state=present), and there is a plan
  type: dict
  sample:
    array: {level: raid5, members: 3, spares: 1, member_bytes: 8000000000000}
refusals:
  description: Every reason why there is no plan, as data; the message holds them as text.
  returned: when there is no plan
  type: list
  elements: dict
  sample:
    - requirement: ST-DATA
      variable: dataset_size
      found: nothing
      needed: the size of the data set with its unit, such as 4TB
      remedy: set dataset_size, such as 4TB
"""
