# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: storage_plan
short_description: What to buy for a data set
version_added: 0.3.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Chooses drives for a data set and its growth, and returns the plan that M(eucaim.local_node.plan) writes.
  - Fails with every reason why there is none.
options:
  _input:
    description:
      - What the plan is for, in the words of the role P(eucaim.local_node.plan#role) without C(plan_), such as
        C(dataset_size). Only C(dataset_size) is required.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which drives hold 4 TB, at the least
  ansible.builtin.debug:
    msg: "{{ (wanted | eucaim.local_node.storage_plan).title }}"
  vars:
    wanted:
      dataset_size: 4TB
      aim: minimum
"""

RETURN = r"""
_value:
  description: The plan, as it stands in C(plan.json).
  type: dict
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import PlanError
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import shown


def storage_plan(request: Any) -> dict[str, Any]:
    """Return the plan for a request."""
    if not isinstance(request, Mapping):
        raise AnsibleFilterError(f"storage_plan: found {shown(request)}; needed: a mapping with at least dataset_size")
    try:
        return make_plan(request)
    except PlanError as error:
        raise AnsibleFilterError(f"storage_plan: {error}") from error


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"storage_plan": storage_plan}
