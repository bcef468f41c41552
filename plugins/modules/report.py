#!/usr/bin/python
# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write the report of a node on the control machine
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Puts the evidence of a node beside the register of requirements and writes one page for people (C(index.html)),
    one file for programs (C(evidence.json)) and one for build servers (C(junit.xml)).
  - Every requirement of the register has one row. What has no evidence is C(unanswered), and the row says why.
  - The files are written on the control machine, each in one step, so that nobody reads half a report.
  - The files are written anew by every run, since they name the time and the run. That is reported as a change only
    if the verdict differs from that of the last report, which is the status or the expectation of a row, the problems,
    the tier, the collection's version, or if a file was missing.
  - Fails after writing if a row has a status of O(fail_on).
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.action
attributes:
  check_mode:
    support: full
    details:
      - In check mode nothing is written. The rows are judged as always.
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
options:
  directory:
    description:
      - The folder on the control machine that holds one folder for each node.
    type: path
    required: true
  rows:
    description:
      - The rows that M(eucaim.local_node.evidence) read from the node.
    type: list
    elements: dict
    default: []
  files:
    description:
      - The evidence files of the node, each with C(role) and C(sha256), as M(eucaim.local_node.evidence) returns them.
    type: list
    elements: dict
    default: []
  documents:
    description:
      - The documents that M(eucaim.local_node.evidence) read from the node. They stand in the report as they are, and
        what changed in them since the last report is added to the history that the report keeps.
    type: dict
    default: {}
    version_added: 0.3.0
  problems:
    description:
      - What M(eucaim.local_node.evidence) could not read.
    type: list
    elements: str
    default: []
  tier:
    description:
      - The tier of the node, V(0) if it is not known. What is not asked of the tier is C(not_applicable).
    type: int
    choices: [0, 1, 2, 3]
    default: 0
  host:
    description:
      - The name of the node in the report, and of its folder. By default the name that the inventory has.
    type: str
    version_added: 0.3.0
  attestations:
    description:
      - Answers to what only a person can know. They fill gaps; what was measured stands.
    type: list
    elements: dict
    default: []
    version_added: 0.3.0
    suboptions:
      requirement:
        description: The id of the requirement. It is one that the register lets people answer for.
        type: str
        required: true
      answer:
        description: Whether the requirement is met.
        type: str
        choices: ['yes', 'no', not_applicable]
        required: true
      by:
        description: Who says so.
        type: str
        required: true
      date:
        description: The day on which that person looked, such as V(2026-01-31).
        type: str
        required: true
      note:
        description: What the person saw.
        type: str
      until:
        description: The last day on which the answer holds. Without it, it holds until it is changed.
        type: str
  waivers:
    description:
      - Requirements that somebody has decided not to meet for a while. They cover rows that are C(unmet) or
        C(unanswered).
    type: list
    elements: dict
    default: []
    version_added: 0.3.0
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
        description: The last day on which the waiver holds, such as V(2026-12-31).
        type: str
        required: true
  fail_on:
    description:
      - The statuses that make the task fail once the report is written.
      - With V(unanswered), requirements that a later version brings are left out.
    type: list
    elements: str
    choices: [unmet, waived, unanswered]
    default: [unmet]
  run_id:
    description:
      - The name of this run. By default all nodes of one run of Ansible get the same, made of time and chance.
    type: str
  state:
    description:
      - V(present) writes the report, V(absent) takes the report of this node away.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Read the evidence of all roles
  eucaim.local_node.evidence:
    state: read
  become: true
  register: __evidence

- name: Write the report
  eucaim.local_node.report:
    directory: /srv/reports
    rows: "{{ __evidence.rows }}"
    files: "{{ __evidence.files }}"
    problems: "{{ __evidence.problems }}"
    tier: 2
"""

RETURN = r"""
page:
  description: The page for people, on the control machine.
  returned: O(state=present)
  type: str
  sample: /srv/reports/node1/index.html
summary:
  description: How many rows have each status.
  returned: O(state=present)
  type: dict
  sample: {unmet: 0, waived: 0, unanswered: 84, met: 20, recommended: 1, not_applicable: 3}
failing:
  description: The ids of the requirements that make the task fail.
  returned: O(state=present)
  type: list
  elements: str
  sample: []
run_id:
  description: The name of this run.
  returned: O(state=present)
  type: str
  sample: 20260131T120000Z-4f2a91
"""
