# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_engine_info
short_description: Look at the container engine of a node that is already in use
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Says whose Docker engine a node has, whether it runs and answers, which containers and networks it holds, what
    stands in its C(daemon.json), whether it is open on the network, and what else on the node manages containers.
  - An engine that this collection installed is only named.
  - Changes nothing. It starts no engine either, so an engine that is not running is not asked.
  - Without the rights of root it says only what anyone may see.
  - M(eucaim.local_node.validate_inputs) runs it, so that a node which cannot be used is refused before any change.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
attributes:
  platform:
    support: full
options:
  path:
    description: The daemon's settings.
    type: path
    default: /etc/docker/daemon.json
  state_directory:
    description: Where the records of this collection lie.
    type: path
    default: /var/lib/eucaim/state
  socket:
    description: The daemon's socket.
    type: path
    default: /run/docker.sock
  proxy_path:
    description: The file by which this collection gives the daemon a proxy.
    type: path
    default: /etc/systemd/system/docker.service.d/eucaim-proxy.conf
seealso:
  - module: eucaim.local_node.docker_claim
"""

EXAMPLES = r"""
- name: Look at the engine that is there
  eucaim.local_node.docker_engine_info:
  become: true
  register: __docker_look
"""

RETURN = r"""
owner:
  description:
    - Whose engine it is, one of C(none), C(ours), C(foreign), C(unusable) (a snap, or Podman's command of that name),
      and C(unknown) where the rights to say so are missing.
  returned: always
  type: str
flavour:
  description: What the engine is, in words.
  returned: always
  type: str
bridges:
  description:
    - The bridges of the engine's networks that were given names, if it runs and the user is root.
    - A bridge of the node's own, with a network card or a virtual machine at it, is left out.
  returned: when RV(owner) is not V(unknown)
  type: list
  elements: str
orchestrators:
  description: The units of Kubernetes on this node.
  returned: when RV(owner) is neither V(ours) nor V(unknown)
  type: list
  elements: str
containerd:
  description: A containerd that someone installed without Docker.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: str
unit:
  description: What systemd says of C(docker.service).
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: dict
socket:
  description: What systemd says of C(docker.socket).
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: dict
asked:
  description: Whether the engine was asked, which it is when it runs and the user is root.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: bool
complaint:
  description: What the engine said instead of an answer.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: str
version:
  description: The engine's version.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: str
compose:
  description: The version of the command C(docker compose); empty when there is none.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: str
traits:
  description: Of C(rootless), C(userns) and C(swarm), what the engine is.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: list
  elements: str
containers:
  description: Name, state, Compose project and ports of every container.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: list
  elements: dict
networks:
  description: Name and subnets of every network, and whether it is this collection's.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: list
  elements: dict
settings_state:
  description: Whether there is a C(daemon.json), one of C(absent), C(read) and C(broken).
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: str
settings:
  description: What stands in it, without the names and passwords of proxies.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: dict
owned:
  description: What of it this collection wrote.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: dict
created:
  description: Whether this collection made the file.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: bool
proxied:
  description: Whether this collection has given the daemon a proxy.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: bool
exposed:
  description: Where the daemon listens on the network without asking for a client's certificate.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: list
  elements: str
rootless:
  description: Users who run a Docker daemon of their own.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: list
  elements: str
firewalled:
  description: Whether this collection's firewall is on the node already.
  returned: when RV(owner) is neither V(ours) nor V(unknown), and it was looked for
  type: bool
"""

import glob
import json
import os
import pwd
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_config as config
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_engine as engine
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_existing as existing
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine_socket

PROC = "/proc"
SECONDS = "20"
CONTAINERS = '{{.Names}}\t{{.State}}\t{{.Label "' + existing.PROJECT_LABEL + '"}}\t{{.Ports}}'
NETWORKS = '{{.Name}}\t{{index .Labels "' + existing.OWN_LABEL + '"}}\t{{range .IPAM.Config}}{{.Subnet}} {{end}}'


def record(module: AnsibleModule, name: str) -> dict[str, Any]:
    """Return one of our records; empty when there is none."""
    return node.read_object(os.path.join(module.params["state_directory"], name))


def units(module: AnsibleModule) -> dict[str, dict[str, str]]:
    """Return what systemd says of the engine, and of what else manages containers."""
    names = [existing.SERVICE, existing.SOCKET_UNIT, *existing.ORCHESTRATORS]
    wanted = "--property=Id,LoadState,ActiveState,UnitFileState,MainPID"
    _code, out, _err = node.run(module, ["systemctl", "show", wanted, *names])
    return existing.parse_units(out)


def user_name(number: int) -> str:
    """Return the name of a user, or the number of one without a name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def rootless_users() -> list[str]:
    """Return who runs a Docker daemon that is not root's."""
    owners = set()
    for path in glob.glob(os.path.join(PROC, "[0-9]*", "comm")):
        try:
            if (node.read_text(path) or "").strip() == "dockerd":
                owners.add(os.stat(path).st_uid)
        except OSError:  # the process has ended
            continue
    return sorted(user_name(owner) for owner in owners if owner)


def settings_of(module: AnsibleModule) -> dict[str, Any]:
    """Return what stands in daemon.json, and what of it is ours."""
    try:
        text = node.read_text(module.params["path"])
    except PermissionError:
        text = None
    loaded = config.parse_config(text or "")
    ours = record(module, "docker_daemon.json")
    return {
        "settings_state": "absent" if text is None else "broken" if loaded is None else "read",
        "settings": existing.without_credentials(loaded or {}),
        "owned": ours.get("owned") or {},
        "created": ours.get("created") is True,
        "proxied": os.path.exists(module.params["proxy_path"]),
    }


def answer_of(module: AnsibleModule) -> dict[str, Any]:
    """Return what the running engine says of itself."""
    ask = ["timeout", SECONDS, "docker", "--host", f"unix://{module.params['socket']}"]
    code, out, err = node.run(module, [*ask, "info", "--format", "{{json .}}"])
    version, traits, complaint = existing.parse_info(out if code == 0 else "")
    found: dict[str, Any] = {"asked": True, "version": version, "traits": traits}
    found["complaint"] = "" if version else (complaint or err.strip())[-300:]
    if not version:
        return found
    _code, out, _err = node.run(module, ["timeout", SECONDS, "docker", "compose", "version", "--short"])
    found["compose"] = out.strip() if _code == 0 else ""
    _code, out, _err = node.run(module, [*ask, "ps", "--all", "--format", CONTAINERS])
    found["containers"] = existing.parse_containers(out)
    _code, out, _err = node.run(module, [*ask, "network", "ls", "--quiet"])
    numbers = out.split()
    if numbers:
        _code, out, _err = node.run(module, [*ask, "network", "inspect", "--format", NETWORKS, *numbers])
        found["networks"] = existing.parse_networks(out)
    return found


def look(module: AnsibleModule) -> dict[str, Any]:
    """Look at everything that is not ours."""
    root = os.geteuid() == 0
    if not root and os.path.isdir(module.params["state_directory"]):
        return {"owner": "unknown", "flavour": ""}  # the record of what is ours is root's to read
    _family, packages = node.list_packages(module)
    ours = engine.parse_state(json.dumps(record(module, "docker.json")))
    verdict = engine.judge(packages, [], ours, node.unpackaged(module))
    seen = units(module)
    service = seen.get(existing.SERVICE, {})
    runs = root and service.get("ActiveState") == "active"
    named = engine_socket.named_bridges() if runs else []
    found: dict[str, Any] = {"owner": verdict.engine, "flavour": verdict.flavour, "bridges": named}
    if verdict.engine == "ours":
        return found
    found["orchestrators"] = existing.orchestrators_in(seen)
    found["containerd"] = existing.foreign_containerd(packages, ours["packages"] if ours else [])
    found["unit"], found["socket"] = service, seen.get(existing.SOCKET_UNIT, {})
    found["rootless"] = rootless_users()
    found["firewalled"] = os.path.exists(os.path.join(module.params["state_directory"], "firewall.json"))
    found.update(settings_of(module))
    found["exposed"] = existing.open_sockets(found["settings"], node.command_line(service.get("MainPID", ""), PROC))
    if runs and verdict.engine == "foreign":
        found.update(answer_of(module))
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "state_directory": {"type": "path", "default": "/var/lib/eucaim/state"},
            "socket": {"type": "path", "default": "/run/docker.sock"},
            "proxy_path": {"type": "path", "default": "/etc/systemd/system/docker.service.d/eucaim-proxy.conf"},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **look(module))


if __name__ == "__main__":
    main()
