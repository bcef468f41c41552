# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_lock
short_description: A lock file with one more image
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Adds to the content of a lock file the digest that a registry gave for an image.
positional: reference, repo_digests
options:
  _input:
    description: The content of the lock file so far.
    type: dict
    required: true
  reference:
    description: The image as name and tag.
    type: str
    required: true
  repo_digests:
    description: What Docker says of the digests of the image that was pulled.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the new lock file
  ansible.builtin.debug:
    msg: "{{ {} | eucaim.local_node.federation_lock('samply/focus:main', image.RepoDigests) }}"
"""

RETURN = r"""
_value:
  description: The new content.
  type: dict
"""

from collections.abc import Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import digest_of, lock_with


def federation_lock(lock: Any, reference: str, repo_digests: Sequence[str]) -> dict[str, Any]:
    """Return the lock file with one more image."""
    digest = digest_of(repo_digests, reference.rsplit(":", 1)[0])
    if not digest:
        raise AnsibleFilterError(f"the registry gave no digest for {reference}")
    return lock_with(lock, reference, digest)


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"federation_lock": federation_lock}
