# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An array in words: its drives and their states, for results and diffs.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Member, Running, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import Decision


def role_of(member: Member) -> str:
    """Return what a drive does in its array."""
    if member.failed:
        return "failed"
    if member.idle:
        return "spare"
    if "want_replacement" in member.state:
        return "active, is being replaced"
    return "active" if "in_sync" in member.state else "is being filled"


def described(seen: Seen, running: Running | None) -> list[dict[str, Any]]:
    """Return the drives of an array, each with its name, the kernel's name and its state."""
    rows = []
    for member in running.members if running else ():
        disk = seen.disk_named(member.name)
        rows.append({"id": disk.id if disk else None, "kernel_name": member.name, "state": role_of(member)})
    return sorted(rows, key=lambda row: str(row["id"]))


def state_text(seen: Seen, decision: Decision) -> str:
    """Return the array as lines of text, with nothing in them that changes by itself."""
    running = decision.running
    if running is None or not running.active:
        return "no array\n" if running is None else "an array that could not be started\n"
    shown = running.shown
    lines = [f"level: {shown.level}", f"devices: {shown.devices}", f"consistency policy: {shown.policy}"]
    lines += [f"{row['id'] or row['kernel_name']}: {row['state']}" for row in described(seen, running)]
    return "\n".join(lines) + "\n"
