# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: units
short_description: Keep systemd units enabled and running in one execution
version_added: 0.1.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Asks systemd once for all units and enables and starts those that need it.
  - A unit that a condition of its own forbids here (a time service in a container) counts as kept once it is enabled.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - A unit that is not installed yet counts as a change in check mode, but for O(comes_enabled).
  diff_mode:
    support: full
options:
  names:
    description: Full names of the units.
    type: list
    elements: str
    required: true
  unmask:
    description: Whether a masked unit is unmasked. If not, it is refused.
    type: bool
    default: false
  comes_enabled:
    description:
      - Whether a package enables and starts its units itself, as on Debian and Ubuntu.
      - A unit that is not installed yet is then no change in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Keep the timers of apt running
  eucaim.local_node.units:
    names:
      - apt-daily.timer
      - apt-daily-upgrade.timer
"""

RETURN = r"""
units:
  description: For each unit whether it is as wanted (C(kept)) and its state in words (C(text)), as found.
  returned: always
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _units as units


def show(module: AnsibleModule, systemctl: str) -> dict[str, units.Unit]:
    """Return the units."""
    names = module.params["names"]
    code, output, error = module.run_command([systemctl, "show", "-p", units.PROPERTIES, "--", *names])
    if code:
        module.fail_json(msg=f"systemd does not answer: {error.strip()}")
    return units.parse_show(output, names)


def change(module: AnsibleModule, systemctl: str, verb: list[str], names: list[str]) -> None:
    """Change units, all in one call."""
    code, _, error = module.run_command([systemctl, *verb, "--", *names])
    if code:
        module.fail_json(msg=f"systemctl {' '.join(verb)} {' '.join(names)} did not work: {error.strip()}")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "unmask": {"type": "bool", "default": False},
            "comes_enabled": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    systemctl = str(module.get_bin_path("systemctl", required=True))
    found = show(module, systemctl)
    others = {name: unit for name, unit in found.items() if units.wrong(unit)}
    if module.check_mode and module.params["comes_enabled"]:
        others = {name: unit for name, unit in others.items() if unit.loaded or unit.masked}
    if others and not module.check_mode:
        masked = [name for name, unit in others.items() if unit.masked]
        if masked and not module.params["unmask"]:
            module.fail_json(msg=f"{', '.join(masked)}: masked by somebody; unmask it or allow it to be unmasked")
        if masked:
            change(module, systemctl, ["unmask"], masked)
        change(module, systemctl, ["enable", "--now"], list(others))
    result: dict[str, Any] = {
        "changed": bool(others),
        "units": {name: {"kept": not units.wrong(unit), "text": units.said(unit)} for name, unit in found.items()},
    }
    if others and module._diff:
        before = "".join(f"{units.said(unit)}\n" for unit in others.values())
        result["diff"] = {"before": before, "after": "".join(f"{name} is enabled and running\n" for name in others)}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
