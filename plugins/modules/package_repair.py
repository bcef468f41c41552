# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_repair
short_description: Finish an installation in which the package manager was killed
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Waits for a package manager that is at work, perhaps for a run that was killed, and then finishes what is half done
    (C(dpkg --configure -a), and where that is not enough C(apt-get --fix-broken install)). Does nothing otherwise.
  - The roles do this by themselves before they install; this module is for what comes before a removal.
  - Does nothing on a node without dpkg.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - The result names the packages.
  platform:
    platforms: linux
options: {}
seealso:
  - module: ansible.builtin.apt
"""

EXAMPLES = r"""
- name: Finish what a power cut interrupted
  eucaim.local_node.package_repair:
  become: true
"""

RETURN = r"""
repaired:
  description: The packages whose installation was finished.
  returned: always
  type: list
  elements: str
  sample: [git]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as packages


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    repaired = packages.repair(module)
    if repaired:
        module.warn(packages.told(repaired, module.check_mode))
    module.exit_json(changed=bool(repaired), repaired=repaired)


if __name__ == "__main__":
    main()
