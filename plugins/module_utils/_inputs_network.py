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
    wanted_of,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

# A login to a slow node takes some seconds, and whoever made a mistake should not wait for more than two minutes.
LEAST_SECONDS, MOST_SECONDS = 45, 110


def check_network(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the links cannot be set up like this; a node that lists none is left alone."""
    links = [each for each in variables.get("network_links") or () if isinstance(each, Mapping)]
    if not links:
        return []
    return [*problems([wanted_of(each) for each in links]), *_proof(variables)]


def _proof(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    seconds = variables.get("network_undo_seconds")
    if isinstance(seconds, int) and not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        yield Refusal(
            "NET-ADDR",
            "network_undo_seconds",
            shown(seconds),
            f"a number of seconds from {LEAST_SECONDS} to {MOST_SECONDS}",
            "leave it out for 90",
        )
    after = str(variables.get("network_address_after") or "")
    if after and address_of(after) is None and not DOMAIN.match(after):
        yield Refusal(
            "NET-ADDR",
            "network_address_after",
            shown(after),
            "the address or the name under which the node is reached afterwards, without the length of the network",
            "correct it, or leave it out where the address stays",
        )
