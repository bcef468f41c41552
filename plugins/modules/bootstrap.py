# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bootstrap
short_description: Bring Python and sudo to a node that has neither
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Asks the node in one command over SSH what it lacks. Installs C(python3) and C(sudo) where they are missing, with
    C(apt-get) or C(dnf), and nothing where both are there.
  - Becomes root as the inventory says. Without C(sudo) on the node that is a login as root, or C(su) with root's
    password; otherwise it refuses in words, before anything changes.
  - A login that is not root joins the group of those who may use C(sudo) (C(sudo) or C(wheel)), if C(sudo) was missing.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.attributes.action
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
options:
  http_proxy:
    description: A proxy for the package manager, C(http://[user:password@]host:port).
    type: str
    default: ""
  https_proxy:
    description: A proxy for https, when it is another one.
    type: str
    default: ""
  no_proxy:
    description: Hosts that are reached without the proxy.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Prepare bare nodes for Ansible
  hosts: local_nodes
  gather_facts: false
  become: true
  tasks:
    - name: Install what Ansible needs
      eucaim.local_node.bootstrap:
        http_proxy: "{{ site_http_proxy | default('') }}"
"""

RETURN = r"""
packages:
  description: What was missing.
  returned: success
  type: list
  elements: str
  sample: [python3, sudo]
refusals:
  description: Why nothing was done.
  returned: failure
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse to run: the work is done by the action plugin of the same name, on the control node."""
    module = AnsibleModule(
        argument_spec={
            "http_proxy": {"type": "str", "default": "", "no_log": True},
            "https_proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="bootstrap is an action of the control node and cannot run as a module")


if __name__ == "__main__":
    main()
