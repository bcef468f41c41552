# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_ca_files
short_description: Certificates, one a file
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Splits bundles of certificates, because Beam and Focus read only the first certificate of each file.
positional: directory
options:
  _input:
    description: Certificates or bundles in PEM form.
    type: list
    elements: str
    required: true
  directory:
    description: Where the files will be.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the files
  ansible.builtin.debug:
    msg: "{{ federation_tls_ca_certificates | eucaim.local_node.federation_ca_files('/etc/eucaim/ca') }}"
"""

RETURN = r"""
_value:
  description: Files with C(path) and C(content), as M(eucaim.local_node.secret_env) takes them.
  type: list
  elements: dict
"""

from collections.abc import Sequence
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._federation import ca_files


def federation_ca_files(bundles: Sequence[str], directory: str) -> list[dict[str, str]]:
    """Return one file for each certificate."""
    return [{"path": f"{directory}/{name}", "content": text} for name, text in sorted(ca_files(bundles).items())]


class FilterModule:
    """Ansible finds the filter here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"federation_ca_files": federation_ca_files}
