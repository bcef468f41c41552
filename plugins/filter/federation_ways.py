# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_ways
short_description: Where the services of the federation connect to
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Returns rules for the role P(eucaim.local_node.firewall#role) that let the services out.
  - A broker that is reached through an HTTP proxy needs no way of its own, and its name need not be known on the node.
options:
  _input:
    description:
      - A mapping of C(broker_url), C(endpoint_url), C(http_proxy), C(https_proxy) and C(no_proxy), a list of hosts.
      - An address that is empty adds no rule.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ settings | eucaim.local_node.federation_ways }}"
  vars:
    settings:
      broker_url: https://broker.eucaim.cancerimage.eu
      endpoint_url: ""
      http_proxy: ""
      https_proxy: http://proxy.hospital.example:3128
      no_proxy: []
"""

RETURN = r"""
_value:
  description:
    - Rules for outbound connections of containers, as O(eucaim.local_node.firewall#role:main:firewall_rules) has them.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._federation import goes_through_proxy, target


def federation_ways(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one rule for each host that the services connect to themselves."""
    broker, proxy = settings["broker_url"], settings["https_proxy"]
    if proxy and goes_through_proxy(target(broker).host, ",".join(settings["no_proxy"])):
        broker = ""
    ways = {
        "EUCAIM broker": broker,
        "federation proxy for HTTP": settings["http_proxy"],
        "federation proxy for HTTPS": "" if proxy == settings["http_proxy"] else proxy,
        "federation endpoint": settings["endpoint_url"],
    }
    return [
        {
            "name": name,
            "direction": "out",
            "container": True,
            "ports": [target(url).port],
            "destinations": [target(url).host],
        }
        for name, url in ways.items()
        if target(url).host
    ]


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"federation_ways": federation_ways}
