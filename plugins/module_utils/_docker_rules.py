# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Docker daemon leaves in the kernel when it is gone: packet filter rules and bridges.

Private to this collection: nothing outside may import it. Pure: saved rules in, what undoes Docker's part out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

BRIDGE = re.compile(r"docker0|docker_gwbridge|br-[0-9a-f]{12}")
_CHAIN = re.compile(r"DOCKER(-[A-Z0-9-]+)?")
_POLICY = re.compile(r"^(?:-P FORWARD |:FORWARD )(\S+)", re.MULTILINE)


def policy(text: str) -> str:
    """Return the policy of chain FORWARD, from `iptables -S FORWARD` or a saved table; empty when it is not told."""
    found = _POLICY.search(text)
    return found.group(1) if found else ""


def undo(saved: str, forward: str) -> str:
    """Return what `iptables-restore --noflush` has to do so that nothing of Docker's is left; empty when nothing is.

    The policy of chain FORWARD, which Docker sets to DROP, becomes the given one unless that is empty.
    """
    tables = []
    for block in re.split(r"^(?=\*)", saved, flags=re.MULTILINE):
        lines = block.splitlines()
        if lines and lines[0].startswith("*"):
            tables += _table(lines, forward)
    return "".join(f"{line}\n" for line in tables)


def _table(lines: Sequence[str], forward: str) -> list[str]:
    chains = [line[1:].split()[0] for line in lines if line.startswith(":") and _CHAIN.fullmatch(line[1:].split()[0])]
    rules = [line.split() for line in lines if line.startswith("-A ")]
    doomed = [["-D", *rule[1:]] for rule in rules if rule[1] not in chains and _is_dockers(rule)]
    policies = []
    now = policy("\n".join(lines))
    if lines[0] == "*filter" and chains and forward and now and now != forward:
        policies = [f":FORWARD {forward} [0:0]"]
    work = [*policies, *(f"-F {name}" for name in chains), *map(" ".join, doomed), *(f"-X {name}" for name in chains)]
    return [lines[0], *work, "COMMIT"] if work else []


def _is_dockers(rule: Sequence[str]) -> bool:
    """Say whether a rule jumps into a chain of Docker's or concerns a bridge of its."""
    pairs = zip(rule, rule[1:])
    return any(
        (word in ("-j", "-g") and _CHAIN.fullmatch(value)) or (word in ("-i", "-o") and BRIDGE.fullmatch(value))
        for word, value in pairs
    )
