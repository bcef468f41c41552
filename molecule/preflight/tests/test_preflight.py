# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at a machine must leave nothing but the record of looking."""

from __future__ import annotations

import json

from tests.testinfra.common import Subject


def test_nothing_changed(subject: Subject) -> None:
    """But for the folder of the evidence, which verify made."""
    left = [line for line in subject.changes() if not line.startswith("files: /var/lib/eucaim")]
    assert not left, "\n".join(left)


def test_the_record_is_there(subject: Subject) -> None:
    """One row for each requirement that the role answers."""
    rows = json.loads(subject.host.file("/var/lib/eucaim/evidence/preflight.json").content_string)["rows"]
    found = {row["requirement"]: row["status"] for row in rows}
    assert found["OS-LTS"] == "met"
    assert {"OS-DEVICES", "NET-REACH"} <= found.keys()
