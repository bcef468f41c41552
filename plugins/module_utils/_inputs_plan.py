# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role plan mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import KEYS, PlanError, parse_request
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_solve import solve
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

PREFIX = "plan_"


def check_plan(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why there is no plan with these settings: what cannot be read, or what no drives on offer can hold."""
    refusals = _directory(variables)
    given = {key: variables[f"{PREFIX}{key}"] for key in KEYS if f"{PREFIX}{key}" in variables}
    try:
        solve(parse_request(given, PREFIX), PREFIX)
    except PlanError as error:
        refusals += error.refusals
    return refusals


def _directory(variables: Mapping[str, Any]) -> list[Refusal]:
    path = str(variables.get("plan_directory") or "")
    if path.startswith("/") and normpath(path) not in ("/", "//"):
        return []
    needed = "an absolute path to a folder on the control machine"
    return [Refusal("ST-DATA", "plan_directory", shown(path), needed, "write it like /srv/plans, or leave it out")]
