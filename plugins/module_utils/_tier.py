# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this machine enough for its tier? Every row of D5.11's tables 1 to 3, and of its sections 2.3 and 3.1 to 3.3.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.eucaim.local_node.plugins.module_utils import _preflight as preflight
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import OPEN
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import STATUSES, worst
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Machine
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_compute import judge_compute
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import (
    NOT_APPLICABLE,
    UNANSWERED,
    UNMET,
    WAIVED,
    Finding,
    Wanted,
    best,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_network import judge_network
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_site import judge_place, judge_system
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_storage import judge_storage

# Each requirement that is judged here, in the register's order, and how.
JUDGED: dict[str, str] = {
    "HW-CPU": "topology of the processors and their base clock",
    "HW-RAM": "memory modules and kernel",
    "HW-GPU": "driver and table of cards; counts of tensor cores compare within one generation only",
    "HW-PSU": "rating of the power supplies against an estimate",
    "ST-OS": "block devices, mounts and arrays",
    "ST-DATA": "block devices and arrays",
    "ST-RAID": "software arrays and RAID controllers",
    "ST-SPARE": "software arrays and the inventory",
    "ST-GROW": "the inventory",
    "ST-HEALTH": "the drives' own test (SMART) and software arrays",
    "NET-RATE": "a measurement to a peer, or else the inventory and the speed of the links",
    "NET-ADDR": "links and addresses",
    "NET-REDUND": "links, bonds and routes",
    "PH-POWER": "sensors",
    "PH-SENSORS": "sensors",
    "PH-CLIMATE": "sensors",
    "PH-RECORD": "serial numbers and the inventory",
    "OS-BOOT": "firmware, the order in the inventory, service manager and kernel log",
    "OS-PART": "mounted file systems",
}
# One of several is enough: a weak card beside a good one takes nothing away.
ONE_IS_ENOUGH = ("HW-GPU",)
WORDS = {"recommended": "as recommended", "not_applicable": "not asked"}


def judge(machine: Machine, wanted: Wanted) -> tuple[Finding, ...]:
    """Return what is found about each requirement, in the order of JUDGED; each has one finding or more."""
    found = [
        *judge_compute(machine, wanted),
        *judge_storage(machine, wanted),
        *judge_network(machine, wanted),
        *judge_place(machine, wanted),
        *judge_system(machine, wanted),
    ]
    hidden = _hidden_by_host(machine)
    if hidden:
        # The line was measured through the container, and is its own.
        found = [finding if finding in wanted.line else _unseen(finding, hidden) for finding in found]
    return tuple(_waive(found, wanted))


def _hidden_by_host(machine: Machine) -> str:
    """Return why nothing of this can be judged from here; nothing if it can."""
    container = machine.system.container
    if container is None:
        return "it is not known whether this is a container, whose hardware is its host's"
    return f"this is a container ({container}): the hardware is its host's" if container else ""


def _unseen(finding: Finding, reason: str) -> Finding:
    if finding.verdict == NOT_APPLICABLE:
        return finding
    return replace(finding, verdict=UNANSWERED, reason=f"{reason}; what is seen from here is not judged")


def _waive(findings: Sequence[Finding], wanted: Wanted) -> list[Finding]:
    """Return findings with the waivers that hold; one that has ended or is needless is named and does nothing."""
    waivers = {waiver.requirement: waiver for waiver in wanted.waivers}
    stands = verdicts(findings)
    result = []
    for finding in findings:
        waiver = waivers.get(finding.requirement)
        if waiver is None:
            result.append(finding)
            continue
        said = waiver.text(wanted.today)
        verdict = finding.verdict
        if stands[finding.requirement] not in OPEN:
            said = f"needless: {said}"
        elif waiver.holds(wanted.today) and verdict in OPEN:
            verdict = WAIVED
        result.append(replace(finding, verdict=verdict, reason="; ".join(filter(None, (said, finding.reason)))))
    return result


def verdicts(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the verdict of each requirement: its worst item stands, or its best one where one is enough."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.requirement, []).append(finding.verdict)
    return {name: (best if name in ONE_IS_ENOUGH else worst)(items) for name, items in found.items()}


def summary(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many requirements have each verdict."""
    stands = list(verdicts(findings).values())
    return {verdict: stands.count(verdict) for verdict in STATUSES}


def rows(findings: Sequence[Finding], at: str) -> list[dict[str, str]]:
    """Return one row of evidence for each requirement; it names every item."""
    return [
        preflight.row(name, verdict, _expected(items), _measured(items), JUDGED[name], at)
        for name, verdict in verdicts(findings).items()
        for items in [[finding for finding in findings if finding.requirement == name]]
    ]


def table(findings: Sequence[Finding]) -> list[str]:
    """Return the rows as lines for a terminal of 80 columns."""
    return preflight.table(rows(findings, ""))


def unmet(findings: Sequence[Finding]) -> list[str]:
    """Return one text for each requirement that is not met, with what would help."""
    remedy = "add to it or replace it, or waive it for a while (waivers: requirement, by, reason, until)"
    return [
        f"[{row['requirement']}] found {row['measured']}; needed: {row['expected']}; remedy: {remedy}"
        for row in rows(findings, "")
        if row["status"] == UNMET
    ]


def _expected(items: Sequence[Finding]) -> str:
    """Return what is asked, each figure once with the items that it is asked of."""
    asked: dict[tuple[str, str], list[str]] = {}
    for item in items:
        asked.setdefault((item.minimum, item.recommended), []).append(item.item)
    return "; ".join(f"{', '.join(names)}: {_levels(*levels)}" for levels, names in asked.items())


def _levels(minimum: str, recommended: str) -> str:
    more = f"recommended {recommended}" if recommended else ""
    return ", ".join(filter(None, (minimum, more))) or "nothing"


def _measured(items: Sequence[Finding]) -> str:
    """Return what was found; a reason that all items share stands once, at the end."""
    reasons = [f" ({item.reason})" if item.reason else "" for item in items]
    shared = reasons[0] if len(set(reasons)) == 1 else ""
    texts = [
        f"{item.item}: {item.found}, {WORDS.get(item.verdict, item.verdict)}{'' if shared else reason}"
        for item, reason in zip(items, reasons)
    ]
    return "; ".join(texts) + shared
