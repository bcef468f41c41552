# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inputs
short_description: Refuse what an inventory says wrongly, all at once and before the first change
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Reads the specs and defaults of the named roles, resolves the host's variables and checks types, choices,
    required options, the names of variables and what the values mean.
  - Fails once with every reason. Each says what was found, what is needed, which requirement asks for it
    and what to do. Secrets are never shown.
  - Variables with the prefix of a role that no role reads are told once and are not refused,
    unless they are nearly the name of a variable that exists.
  - Where the role docker is among them, looks once at the engine that the node may have already, with
    M(eucaim.local_node.docker_engine_info), and refuses one that cannot be used or was not meant.
  - Gathers the few facts that the checks need, without the rights of root, when they are not there yet,
    and leaves them for the tasks that follow. Where only roles for the control machine are named (V(bundle), V(plan)),
    no host is looked at, nor connected to.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.attributes.action
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    platforms: linux
options:
  roles:
    description:
      - The roles whose inputs to check.
    type: list
    elements: str
    choices: [preflight, base, storage, network, firewall, docker, federation, report, bundle, plan]
    required: true
  check_become:
    description:
      - Also prove that the connecting user can become root, and look at the node's routes and engine again.
      - The task must run with C(become) for this.
    type: bool
    default: false
  check_node:
    description:
      - Whether a node that is not fit for the inventory is refused, such as one with a release that is not supported.
      - V(false) judges the inventory alone. A verification does so, because it measures the node and reports it.
    type: bool
    default: true
  only_selected:
    description:
      - Whether to judge only the roles that the tags of the run (C(--tags)) select, so that a site can begin with one
        of them. Settings that concern several roles are judged where one of them runs.
      - The role firewall takes the rules of base, docker and federation, and preflight asks what firewall would refuse,
        so these are judged with them. A tag that is no role's selects all.
      - Each role judges its own settings again when it runs.
    type: bool
    default: false
    version_added: 0.4.0
  stage:
    description:
      - What this check is in a play that makes two of it.
      - V(login) comes first, delegated to C(localhost). It resolves the variables with which Ansible logs in and
        becomes root, which Ansible itself would stop at. Where one cannot be resolved, everything that the inventory
        alone tells is refused with it. Hide the passwords from Ansible in the C(vars) of this task, and set its
        C(any_errors_fatal) to V(false), so that the other hosts are judged as well.
      - V(node) comes second. It is V(only), and refuses a host without a fault when another was refused at V(login).
    type: str
    choices: [only, login, node]
    default: only
    version_added: 0.2.0
  modules:
    description:
      - Modules that the run is going to need, in the order of their use. A process of its own packs them on the control
        node meanwhile, so that no task has to wait for that.
      - Does nothing in a run with C(--tags) or C(--skip-tags), and with ansible-core before 2.19.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
  modules_without_engine:
    description:
      - More such modules, for a node that has no container engine yet and is going to get everything.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
"""

EXAMPLES = r"""
- name: Check everything before the first change
  hosts: local_nodes
  gather_facts: false
  become: true
  any_errors_fatal: true
  tags: [always]
  tasks:
    - name: Refuse a login that cannot be read
      eucaim.local_node.validate_inputs:
        roles: &roles [preflight, base, storage, firewall, docker, federation, report]
        stage: login
      delegate_to: localhost
      connection: local
      become: false
      any_errors_fatal: false
      vars: {ansible_become_password: "", ansible_become_pass: "", ansible_password: "", ansible_ssh_pass: ""}

    - name: Refuse bad input of all roles at once
      eucaim.local_node.validate_inputs:
        roles: *roles
        stage: node
        check_become: true
"""

RETURN = r"""
refusals:
  description: Every reason why the run stops, as data; the message holds them as text.
  returned: when the task succeeds, or registers its result
  type: list
  elements: dict
  contains:
    requirement:
      description: The id of the requirement in the register.
      type: str
      returned: always
    variable:
      description: The variable that is wrong.
      type: str
      returned: always
    found:
      description: What was found. For secrets only how long the value is.
      type: str
      returned: always
    needed:
      description: What is needed.
      type: str
      returned: always
    remedy:
      description: What to do.
      type: str
      returned: always
unknown_variables:
  description: Variables with the prefix of a role that no role of this collection reads.
  returned: always
  type: list
  elements: str
  sample: [docker_edition]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Say that the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(
        argument_spec={
            "roles": {
                "type": "list",
                "elements": "str",
                "choices": [
                    *("preflight", "base", "storage", "network", "firewall"),
                    *("docker", "federation", "report", "bundle", "plan"),
                ],
                "required": True,
            },
            "check_become": {"type": "bool", "default": False},
            "check_node": {"type": "bool", "default": True},
            "only_selected": {"type": "bool", "default": False},
            "stage": {"type": "str", "choices": ["only", "login", "node"], "default": "only"},
            "modules": {"type": "list", "elements": "str", "default": []},
            "modules_without_engine": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="validate_inputs is an action of the control node and cannot run as a module")


if __name__ == "__main__":
    main()
