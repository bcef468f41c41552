# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role report refuses before it changes anything.

Pure: the role's variables and the node's facts in, refusals out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from posixpath import normpath
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._answers import check_attestations, check_waivers
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

REQUIREMENT = "SEC-AUDIT"


def _directory(variables: Mapping[str, Any], name: str, remedy: str) -> list[Refusal]:
    """Refuse what is no folder of its own."""
    value = variables.get(name)
    if value is None:
        return []
    path = str(value)
    if path.startswith("/") and normpath(path) not in ("/", "//"):
        return []
    return [Refusal(REQUIREMENT, name, shown(value), "an absolute path to a folder, such as /srv/reports", remedy)]


def check_report(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Return what cannot work; the node's facts do not matter for a report."""
    del facts
    return [
        *_directory(
            variables,
            "report_directory",
            "set it where the inventory is no file on disk, so that there is no folder beside it",
        ),
        *_directory(variables, "report_evidence_directory", "leave it at /var/lib/eucaim/evidence"),
        *check_attestations(
            "report_attestations", variables.get("report_attestations"), datetime.now(timezone.utc).date()
        ),
        *check_waivers("report_waivers", variables.get("report_waivers")),
    ]
