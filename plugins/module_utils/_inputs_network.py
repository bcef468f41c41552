# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role network mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._network import (
    DOMAIN,
    address_of,
    problems,
    undo_problem,
    wanted_of,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown


def check_network(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the links cannot be set up like this. What proves a change is needed to take the role away, too."""
    links = [each for each in variables.get("network_links") or () if isinstance(each, Mapping)]
    return [*problems([wanted_of(each) for each in links]), *_proof(variables)]


def _proof(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    seconds = variables.get("network_undo_seconds")
    if isinstance(seconds, int):
        yield from undo_problem(seconds)
    after = str(variables.get("network_address_after") or "")
    if after and address_of(after) is None and not DOMAIN.match(after):
        yield Refusal(
            "NET-ADDR",
            "network_address_after",
            shown(after),
            "the address or the name under which the node is reached afterwards, without the length of the network",
            "correct it, or leave it out where the address stays",
        )
