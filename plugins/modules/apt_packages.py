# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apt_packages
short_description: Keep packages installed and patched on Debian and Ubuntu
version_added: 0.1.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Installs one list of packages in one execution. Asks dpkg first, so that a run with nothing to do takes no time.
  - Works in check mode on a machine that was never touched. M(ansible.builtin.apt) needs C(python3-apt) and
    package lists for that.
  - Of several packages that do the same work it keeps the one that is installed already.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - The package lists are not fetched in check mode.
  diff_mode:
    support: full
options:
  names:
    description: Packages that have to be installed.
    type: list
    elements: str
    default: []
  alternatives:
    description: Works that one package of several does.
    type: dict
    default: {}
  upgrade:
    description:
      - V(none) leaves what is installed.
      - V(security) installs the security updates that are known.
      - V(full) installs all updates that are known.
    type: str
    choices: [none, security, full]
    default: none
  cache_valid_time:
    description: Seconds for which fetched package lists are good. They are fetched before an upgrade or installation.
    type: int
    default: 3600
  lock_timeout:
    description: Seconds to wait for another run of apt to end.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Install the tools, and a time service if there is none
  eucaim.local_node.apt_packages:
    names: [wget, curl, git]
    alternatives:
      time:
        candidates: [chrony, ntpsec, openntpd, systemd-timesyncd]
        default: systemd-timesyncd
  register: packages
"""

RETURN = r"""
installed:
  description: The packages that were or would be installed.
  returned: always
  type: list
  elements: str
upgraded:
  description: The packages that were or would be upgraded.
  returned: always
  type: list
  elements: str
chosen:
  description: The package that does each work of O(alternatives).
  returned: always
  type: dict
pending:
  description: How many updates are known and not installed, after this run. Null if O(upgrade) is V(none).
  returned: always
  type: int
pending_security:
  description: The security updates that are known and not installed, after this run.
  returned: always
  type: list
  elements: str
lists_age_hours:
  description: Age of the package lists; null if they were never fetched.
  returned: always
  type: float
"""

import glob
import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _packages as packages

STAMPS = ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists/*Release")
APT = ("-y", "-q", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")


class Apt:
    """The commands of apt and dpkg."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.get = str(module.get_bin_path("apt-get", required=True))
        self.query = str(module.get_bin_path("dpkg-query", required=True))
        self.lock = f"DPkg::Lock::Timeout={module.params['lock_timeout']}"

    def run(self, argv: list[str], what: str) -> str:
        """Run a command; stop with its words if it fails."""
        code, output, error = self.module.run_command(argv)
        if code:
            lines = [line for line in (error or output).splitlines() if line.strip()]
            self.module.fail_json(
                msg=f"{what} did not work: {' '.join(lines[-4:])}", rc=code, stderr=error, stdout=output
            )
        return output

    def installed(self) -> dict[str, str]:
        """Return what is installed."""
        return packages.parse_installed(self.run([self.query, "-W", "-f", packages.QUERY_FORMAT], "asking dpkg"))

    def update(self) -> None:
        """Fetch the package lists."""
        self.run([self.get, "-q", "-o", self.lock, "update"], "fetching the package lists")

    def upgrades(self) -> list[packages.Upgrade]:
        """Return the updates that apt knows of."""
        argv = [self.get, "-q", "--simulate", "-o", "Debug::NoLocking=1", "dist-upgrade"]
        return packages.parse_simulation(self.run(argv, "asking apt for updates"))

    def install(self, names: list[str], *options: str) -> None:
        """Install packages."""
        argv = [self.get, *APT, "-o", self.lock, "install", "--no-install-recommends", *options, "--", *names]
        self.run(argv, f"installing {' '.join(names)}")


def lists_stamp() -> float | None:
    """Return when the package lists were fetched last; None if never."""
    stamps = []
    for pattern in STAMPS:
        for path in glob.glob(pattern):
            try:
                stamps.append(os.stat(path).st_ctime)
            except OSError:
                continue
    return max(stamps) if stamps else None


def chosen_of(module: AnsibleModule, installed: dict[str, str]) -> dict[str, str]:
    """Return the package for each work."""
    chosen = {}
    for work, entry in module.params["alternatives"].items():
        try:
            chosen[work] = packages.choose(list(entry["candidates"]), str(entry["default"]), installed)
        except (KeyError, TypeError):
            module.fail_json(msg=f"alternatives: {work} needs candidates (a list) and default (a package)")
    return chosen


def keep(module: AnsibleModule) -> dict[str, Any]:
    """Install and upgrade; return the result."""
    apt = Apt(module)
    options = module.params
    installed = apt.installed()
    chosen = chosen_of(module, installed)
    lacking = packages.missing([*options["names"], *chosen.values()], installed)
    upgrading = options["upgrade"] != "none"
    stamp = lists_stamp()
    fetching = (lacking or upgrading) and packages.stale(
        time.time(), [stamp] if stamp else [], options["cache_valid_time"]
    )
    if fetching and not module.check_mode:
        apt.update()
        stamp = lists_stamp()
    if lacking and not module.check_mode:
        apt.install(lacking)
    known = apt.upgrades() if upgrading else []
    taken = [upgrade for upgrade in known if upgrade.security or options["upgrade"] == "full"]
    if taken and not module.check_mode:
        apt.install([upgrade.name for upgrade in taken], "--only-upgrade")
        known = apt.upgrades()
    return {
        "changed": bool(lacking or taken),
        "installed": lacking,
        "upgraded": [upgrade.name for upgrade in taken],
        "chosen": chosen,
        "pending": len(known) if upgrading else None,
        "pending_security": [upgrade.name for upgrade in known if upgrade.security],
        "lists_age_hours": round((time.time() - stamp) / 3600, 1) if stamp else None,
        "diff": {
            "before": "".join(f"{upgrade.name} {upgrade.old}\n" for upgrade in taken),
            "after": "".join(f"{name} (new)\n" for name in lacking)
            + "".join(f"{upgrade.name} {upgrade.new}\n" for upgrade in taken),
        },
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "default": []},
            "alternatives": {"type": "dict", "default": {}},
            "upgrade": {"type": "str", "choices": ["none", "security", "full"], "default": "none"},
            "cache_valid_time": {"type": "int", "default": 3600},
            "lock_timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    result = keep(module)
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
