# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_probe
short_description: Measure where the Docker engine comes from, how it is set up and who may use it
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Reads packages, their origin, key, version, hold, C(daemon.json), the running daemon's settings, the members of
    group C(docker), the mode of the daemon's socket and whether it is open on the network, and gives rows of evidence
    about CT-DOCKER and CT-GROUP.
  - Changes nothing.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
attributes:
  platform:
    support: full
options:
  packages:
    description: The packages of the engine that must be installed.
    type: list
    elements: str
    default: []
  helpers:
    description: Packages that must be installed beside them, from wherever they come.
    type: list
    elements: str
    default: []
  url:
    description: The repository that they must come from; empty for the distribution's.
    type: str
    default: ""
  key_path:
    description: The key that apt or dnf trusts for that repository.
    type: path
  fingerprint:
    description: The fingerprint that this key must have.
    type: str
    default: ""
  version:
    description: The version that the engine must have; empty for any.
    type: str
    default: ""
  hold:
    description: Whether our packages must be held.
    type: bool
    default: false
  allow_restart:
    description: Whether an adopted engine was allowed to restart; if not, fewer safe defaults are expected of it.
    type: bool
    default: false
  options:
    description: The site's daemon settings, as for M(eucaim.local_node.docker_daemon_config).
    type: dict
    default: {}
  address_pools:
    description: The networks from which containers' networks are cut.
    type: list
    elements: dict
    default: []
  users:
    description: The users that must be members of group C(docker), and nobody else.
    type: list
    elements: str
    default: []
  path:
    description: The daemon's settings.
    type: path
    default: /etc/docker/daemon.json
  record_path:
    description: The record of the keys that are ours.
    type: path
    default: /var/lib/eucaim/state/docker_daemon.json
  state_path:
    description: The record of what we installed.
    type: path
    default: /var/lib/eucaim/state/docker.json
  socket:
    description: The daemon's socket.
    type: path
    default: /run/docker.sock
seealso:
  - module: eucaim.local_node.container_proof
"""

EXAMPLES = r"""
- name: Measure the engine
  eucaim.local_node.docker_probe:
    packages: [docker.io, docker-cli, docker-compose]
    users: [operator]
  register: __docker_probe
"""

RETURN = r"""
rows:
  description: Rows of evidence.
  returned: always
  type: list
  elements: dict
"""

import grp
import json
import os
import pwd
import stat
import time
from collections.abc import Mapping
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_config as config
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_engine as engine
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_existing as existing
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _openpgp as openpgp
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_source as sources

Packages = Mapping[str, engine.Package]
# (status, expected, measured, how)
Finding = tuple[str, str, str, str]


def read_state(module: AnsibleModule) -> dict[str, Any]:
    """Return the record of what we installed."""
    return engine.parse_state(node.read_text(module.params["state_path"]) or "") or {"packages": [], "adopted": False}


def judge_adopted(packages: Packages) -> Finding:
    """Say which engine was there before and is used as it is."""
    there = [f"{name} {packages[name].version}" for name in engine.ENGINES if name in packages]
    return (
        "met",
        "the engine that was there before is used as it is",
        ", ".join(there) or "an engine that came without a package",
        "dpkg-query or rpm",
    )


def judge_packages(module: AnsibleModule, packages: Packages) -> Finding:
    """Say whether the packages are there, in the wanted version."""
    params = module.params
    wrong: list[str] = []
    there: list[str] = []
    for name in [*params["packages"], *params["helpers"]]:
        package = packages.get(name)
        if package is None or not package.installed:
            wrong.append(f"{name} is not installed")
            continue
        there.append(f"{name} {package.version}")
        if name in sources.ENGINE_PACKAGES and not sources.has_version(package.version, params["version"]):
            wrong.append(f"{name} has version {package.version}")
    expected = "the engine's packages are installed" + (f" in version {params['version']}" if params["version"] else "")
    return ("unmet" if wrong else "met", expected, ", ".join(wrong or there), "dpkg-query or rpm")


def judge_origin(module: AnsibleModule, family: str, packages: Packages) -> Finding:
    """Say whether the packages come from where the site wants them."""
    params = module.params
    url = params["url"].rstrip("/")
    expected = f"packages from {url}" if url else "packages from the distribution"
    names = [name for name in params["packages"] if name in packages and packages[name].installed]
    if family != "Debian":
        source = read_state(module).get("source", "nothing")
        status = "met" if source == (url or "distribution") else "unmet"
        return status, expected, f"the record says {source}", "the record of the installation"
    _code, out, _err = node.run(module, ["apt-cache", "policy", *names])
    strange: list[str] = []
    for name, offered in sorted(engine.origins(out).items()):
        # A version that no source offers any more came from the recorded one.
        if url and offered and url not in [source.rstrip("/") for source in offered]:
            strange.append(f"{name} from {', '.join(offered)}")
    return ("unmet" if strange else "met", expected, ", ".join(strange) or expected, "apt-cache policy")


def judge_key(module: AnsibleModule) -> Finding:
    """Say whether the key that is trusted is the expected one."""
    expected = f"the source's key is {module.params['fingerprint']}"
    how = "the fingerprint computed from the key file"
    content = node.read_bytes(module.params["key_path"])
    if content is None:
        return "unmet", expected, "there is no key", how
    try:
        keys = openpgp.read_keys(content)
        strangers = openpgp.unexpected(keys, module.params["fingerprint"])
    except openpgp.KeyFormatError as error:
        return "unmet", expected, f"the key is not usable: {error}", how
    return ("unmet" if strangers else "met", expected, "key " + ", ".join(keys.fingerprints), how)


def judge_hold(module: AnsibleModule, packages: Packages) -> Finding:
    """Say whether our packages are held."""
    record = read_state(module)
    ours = [name for name in module.params["packages"] if name in record["packages"]]
    loose = [name for name in ours if name in packages and not packages[name].held]
    measured = f"not held: {', '.join(loose)}" if loose else "all are held"
    return ("unmet" if loose else "met", "our packages are held at their version", measured, "dpkg-query")


def judge_config(module: AnsibleModule) -> Finding:
    """Say whether daemon.json holds our settings."""
    params = module.params
    expected = f"{params['path']} holds the configured settings"
    how = "daemon.json compared key by key"
    text = node.read_text(params["path"])
    if text is None:
        return "unmet", expected, "there is no such file", how
    existing = config.parse_config(text)
    if existing is None:
        return "unmet", expected, "the file is no JSON", how
    try:
        owned = json.loads(node.read_text(params["record_path"]) or "{}").get("owned", {})
    except (ValueError, AttributeError):
        owned = {}
    gentle = bool(read_state(module).get("adopted")) and not params["allow_restart"]
    options = config.effective_options(params["options"], params["address_pools"], gentle)
    merge = config.merge(existing, owned, options, list(params["options"]))
    wrong = sorted({*merge.changed, *merge.removed, *merge.conflicts})
    if wrong:
        return "unmet", expected, f"different: {', '.join(wrong)}", how
    return "met", expected, "the same", how


def judge_running(module: AnsibleModule) -> Finding:
    """Say whether the running daemon has taken its settings over."""
    expected = "the running daemon uses them"
    how = "docker info"
    code, out, _err = node.run(module, ["timeout", "30", "docker", "info", "--format", "{{json .}}"])
    try:
        info = json.loads(out) if code == 0 else {}
    except ValueError:
        info = {}
    if not info.get("ServerVersion"):
        return "unanswered", expected, "not measured: the engine does not answer (CT-RUN)", how
    existing = config.parse_config(node.read_text(module.params["path"]) or "") or {}
    wrong = running_differences(existing, info)
    measured = ", ".join(wrong) or f"engine {info['ServerVersion']} uses them"
    return ("unmet" if wrong else "met", expected, measured, how)


def running_differences(existing: Mapping[str, Any], info: Mapping[str, Any]) -> list[str]:
    """Return the settings of the file that the running daemon, by its own word, does not have."""
    pools = [{"base": pool.get("Base"), "size": pool.get("Size")} for pool in info.get("DefaultAddressPools") or []]
    running = {
        "live-restore": info.get("LiveRestoreEnabled"),
        "log-driver": info.get("LoggingDriver"),
        "default-address-pools": pools,
    }
    return [
        f"{key} is {json.dumps(value)} in the running daemon"
        for key, value in running.items()
        if key in existing and existing[key] != value
    ]


def members() -> list[str] | None:
    """Return everyone who is in group docker, also by their primary group; None when there is no such group."""
    try:
        group = grp.getgrnam("docker")
    except KeyError:
        return None
    primary = [user.pw_name for user in pwd.getpwall() if user.pw_gid == group.gr_gid]
    return sorted({*group.gr_mem, *primary})


def judge_members(module: AnsibleModule) -> Finding:
    """Say whether the members of group docker are the listed ones."""
    wanted = sorted(module.params["users"])
    expected = f"members of group docker: {', '.join(wanted) or 'nobody'}"
    found = members()
    if found is None:
        return "unmet", expected, "there is no group docker", "/etc/group"
    return ("met" if found == wanted else "unmet", expected, f"members: {', '.join(found) or 'nobody'}", "/etc/group")


def judge_socket(module: AnsibleModule) -> Finding:
    """Say whether the daemon's socket is closed to everyone else."""
    path = module.params["socket"]
    expected = f"{path} belongs to root, group docker, and is closed to others"
    try:
        status = os.stat(path)
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return "unanswered", expected, "not measured: there is no socket (CT-RUN)", "stat"
    mode = stat.S_IMODE(status.st_mode)
    right = status.st_uid == 0 and group in ("docker", "root") and not mode & 0o007
    return ("met" if right else "unmet", expected, f"owner {status.st_uid}, group {group}, mode {mode:04o}", "stat")


def judge_network(module: AnsibleModule) -> Finding:
    """Say whether the daemon is open on the network for whoever comes."""
    expected = "the daemon listens on no network, or asks for a client's certificate there"
    settings = config.parse_config(node.read_text(module.params["path"]) or "") or {}
    _code, out, _err = node.run(module, ["systemctl", "show", "--property=MainPID", "--value", "docker.service"])
    found = existing.open_sockets(settings, node.command_line(out.strip()))
    measured = f"open to everyone on {', '.join(found)}" if found else "it listens on its own socket only"
    return ("unmet" if found else "met", expected, measured, "daemon.json and the daemon's command line")


def row(requirement: str, finding: Finding, at: str) -> dict[str, str]:
    """Return a finding as a row of evidence."""
    status, expected, measured, how = finding
    return {
        "requirement": requirement,
        "status": status,
        "expected": expected,
        "measured": measured,
        "how": how,
        "at": at,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "helpers": {"type": "list", "elements": "str", "default": []},
            "url": {"type": "str", "default": ""},
            "key_path": {"type": "path", "no_log": False},
            "fingerprint": {"type": "str", "default": ""},
            "version": {"type": "str", "default": ""},
            "hold": {"type": "bool", "default": False},
            "allow_restart": {"type": "bool", "default": False},
            "options": {"type": "dict", "default": {}},
            "address_pools": {"type": "list", "elements": "dict", "default": []},
            "users": {"type": "list", "elements": "str", "default": []},
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "record_path": {"type": "path", "default": "/var/lib/eucaim/state/docker_daemon.json"},
            "state_path": {"type": "path", "default": "/var/lib/eucaim/state/docker.json"},
            "socket": {"type": "path", "default": "/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    family, packages = node.list_packages(module)
    judges: list[Callable[[], Finding]] = []
    if read_state(module).get("adopted"):
        judges.append(lambda: judge_adopted(packages))
    else:
        judges.append(lambda: judge_packages(module, packages))
        judges.append(lambda: judge_origin(module, family, packages))
        if module.params["key_path"]:
            judges.append(lambda: judge_key(module))
        if module.params["hold"] and family == "Debian":
            judges.append(lambda: judge_hold(module, packages))
    judges.extend([lambda: judge_config(module), lambda: judge_running(module)])
    rows = [row("CT-DOCKER", judge(), at) for judge in judges]
    rows.extend(row("CT-GROUP", judge(module), at) for judge in (judge_members, judge_socket, judge_network))
    module.exit_json(changed=False, rows=rows)


if __name__ == "__main__":
    main()
