# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_environment
short_description: The environment of the Beam proxy, Focus and the mediator
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Makes the environment of all services out of the settings of the federation role, in one place.
  - A secret appears by its name only.
options:
  _input:
    description: The settings, named as the variables of the role without its prefix.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the services get
  ansible.builtin.debug:
    msg: "{{ settings | eucaim.local_node.federation_environment }}"
"""

RETURN = r"""
_value:
  description: For each service its variables. A value is a text, or a dictionary with the key C(secret).
  type: dict
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._federation import environments


def federation_environment(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment of each service."""
    return dict(environments(settings))


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"federation_environment": federation_environment}
