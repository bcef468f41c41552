# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What network_check has found, for every module that makes rows of it."""

from __future__ import annotations


class ModuleDocFragment:
    """The option that takes the findings."""

    DOCUMENTATION = r"""
options:
  network:
    description:
      - What M(eucaim.local_node.network_check) has found, as it returned it.
      - A measured line counts more for NET-RATE than what was stated and the speed of links. Latency and loss come into
        the row NET-REACH.
    type: list
    elements: dict
    default: []
    version_added: 0.4.0
    suboptions:
      requirement:
        description: The id of the requirement.
        type: str
        required: true
      item:
        description: What was looked at.
        type: str
        required: true
      found:
        description: What was found.
        type: str
        required: true
      minimum:
        description: What is needed.
        type: str
        default: ""
      recommended:
        description: What is recommended.
        type: str
        default: ""
      verdict:
        description: What that comes to.
        type: str
        choices: [unmet, unanswered, waived, met, recommended, not_applicable]
        required: true
      reason:
        description: Why.
        type: str
        default: ""
"""
