# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_images
short_description: What images to run
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Combines the images of the inventory with the digests of the lock file.
positional: lock, services
options:
  _input:
    description: The images of the inventory, by C(beam_proxy), C(focus) and C(mediator).
    type: dict
    required: true
  lock:
    description: The content of the lock file.
    type: dict
    required: true
  services:
    description: The services that run.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the images
  ansible.builtin.debug:
    msg: "{{ federation_images | eucaim.local_node.federation_images({}, ['beam-proxy', 'focus']) }}"
"""

RETURN = r"""
_value:
  description: For each service the reference of its image, where it comes from, and whether it is pinned.
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._federation import image_plan


def federation_images(images: Mapping[str, Any], lock: Any, services: Sequence[str]) -> list[dict[str, Any]]:
    """Return what to run for each service."""
    return [image.as_dict() for image in image_plan(images, lock, services)]


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"federation_images": federation_images}
