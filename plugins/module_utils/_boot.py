# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the last start of a recorded machine went: systemd's state, failed units, and errors of the kernel.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

import re

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Boot
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording

MOST_ERRORS = 50
STATES = ("initializing", "starting", "running", "degraded", "maintenance", "stopping")  # systemctl(1)


def read_boot(recording: Recording) -> Boot:
    """Return how the last start went; what systemd or the kernel does not say is None."""
    output = recording.commands.get("system-state")
    state = output.stdout.strip() if output else ""
    failed = recording.said("failed-units")
    kernel = recording.said("kernel-errors")
    kernel = recording.said("kernel-journal") if kernel is None else kernel
    return Boot(
        # The exit status is not 0 for every state but running.
        system_state=state if state in STATES else None,
        failed_units=None if failed is None else parse_units(failed),
        errors=None if kernel is None else parse_kernel(kernel),
    )


def parse_units(text: str) -> tuple[str, ...]:
    """Return the names of the units of `systemctl list-units --plain --no-legend`."""
    lines = (line.lstrip("\u25cf* ").split() for line in text.split("\n"))
    return tuple(words[0] for words in lines if words)


def parse_kernel(text: str) -> tuple[str, ...]:
    """Return each message of dmesg or journalctl once, without its time; the first MOST_ERRORS, and how many more."""
    lines = (re.sub(r"^\[ *\d+\.\d+\] ?", "", line).strip() for line in text.split("\n"))
    messages = list(dict.fromkeys(line for line in lines if line))
    rest = len(messages) - MOST_ERRORS
    return tuple(messages[:MOST_ERRORS]) + ((f"and {rest} more",) if rest > 0 else ())
