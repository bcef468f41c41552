# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_claim
short_description: Recognise a container engine and record what is ours
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Looks at the packages, programs and records of a node and says whether its Docker engine is this collection's,
    someone else's, or not there.
  - An engine of someone else is refused in words, or adopted when the site says so. It is never reinstalled.
  - A snap of Docker and the C(docker) command of Podman are always refused.
  - Before anything is installed the module writes down what is about to be installed, so that a run that dies is
    finished by running it again, and so that removing takes away only what was brought.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
options:
  state:
    description:
      - V(claimed) recognises the engine and records what is about to be installed.
      - V(settled) records, after the installation, which dependencies came with it, and sets or lifts the hold.
      - V(read) only looks, and also names the running containers.
      - V(stopped) stops the daemon and takes its bridges and packet filter rules out of the kernel, so that nothing of
        it is left when its packages are gone.
      - V(released) names what came as a dependency and is not needed any more.
      - V(absent) deletes the record.
    type: str
    choices: [claimed, settled, read, stopped, released, absent]
    default: claimed
  packages:
    description: The packages of the engine that the role wants.
    type: list
    elements: str
    default: []
  helpers:
    description: Packages that are wanted beside the engine, from wherever they come; they are never held.
    type: list
    elements: str
    default: []
  existing:
    description: What to do with an engine that someone else installed.
    type: str
    choices: [refuse, adopt]
    default: refuse
  source:
    description: Where the packages come from, for the record.
    type: str
    default: ""
  version:
    description: The version that the engine's packages must have, or its beginning; empty for any.
    type: str
    default: ""
  hold:
    description: Keep our packages at their version.
    type: bool
    default: false
  data:
    description: Folders to empty and, unless they are mounted, to delete when O(state) is V(absent).
    type: list
    elements: path
    default: []
  path:
    description: The record.
    type: path
    default: /var/lib/eucaim/state/docker.json
seealso:
  - module: eucaim.local_node.docker_daemon_config
  - module: eucaim.local_node.docker_engine_info
"""

EXAMPLES = r"""
- name: Recognise the engine and claim what will be installed
  eucaim.local_node.docker_claim:
    packages: [docker.io, docker-cli, docker-compose]
    source: distribution
  register: __docker_engine
"""

RETURN = r"""
engine:
  description: Whose engine it is, one of C(none), C(ours), C(adopted).
  returned: when O(state) is V(claimed) or V(read)
  type: str
flavour:
  description: What the engine is, in words.
  returned: when O(state) is V(claimed) or V(read)
  type: str
missing:
  description: The wanted packages that are not installed.
  returned: when O(state) is V(claimed) or V(read)
  type: list
  elements: str
pending:
  description: The wanted packages that are not installed or have another version than the wanted one.
  returned: when O(state) is V(claimed)
  type: list
  elements: str
requested:
  description: All wanted packages as the package manager is asked for them, the engine's with their version.
  returned: when O(state) is V(claimed)
  type: list
  elements: str
interrupted:
  description: Whether an earlier installation never came to its end, so that fetched package lists may be broken.
  returned: when O(state) is V(claimed)
  type: bool
repaired:
  description: Packages whose installation was cut off in an earlier run and is finished now.
  returned: when O(state) is V(claimed)
  type: list
  elements: str
settled:
  description: Whether nothing is left to record after an installation.
  returned: when O(state) is V(claimed) or V(read)
  type: bool
source_files:
  description: The files of a package source of this collection that are on the node.
  returned: when O(state) is V(claimed)
  type: list
  elements: str
members:
  description: The users in the group docker; nothing when there is no such group, or when one of them is no user.
  returned: when O(state) is V(claimed)
  type: list
  elements: str
running:
  description: The names of the running containers.
  returned: when O(state) is V(read)
  type: list
  elements: str
leftovers:
  description: Packages that came as dependencies of ours and that nothing needs any more.
  returned: when O(state) is V(released)
  type: list
  elements: str
record:
  description: The record as it stands.
  returned: always
  type: dict
"""

import os
import pwd
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_engine as engine
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_rules as rules
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_repair as repair
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_source as sources
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

GROUP_FILE = "/etc/group"
INTERFACES = "/sys/class/net"
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
FILTERS = ("iptables", "ip6tables")
SOURCE_FILES = tuple(path for form in ("apt", "dnf") for path in sources.paths("eucaim-docker", form).values())
# What containerd makes when it starts, and no package owns.
OF_CONTAINERD = ("/etc/cni/net.d", "/etc/cni")
EMPTY: dict[str, Any] = {"version": engine.STATE_VERSION, "packages": [], "dependencies": []}


def group_members(text: str | None) -> list[str] | None:
    """Return the members of group docker from the text of /etc/group; None when there is no such group."""
    for line in (text or "").splitlines():
        fields = line.split(":")
        if fields[0] == "docker" and len(fields) == 4:
            return sorted(name for name in fields[3].split(",") if name)
    return None


def known_members() -> list[str] | None:
    """Return the members of group docker; None when there is no such group, or a member is no user of the node."""
    members = group_members(node.read_text(GROUP_FILE))
    try:
        for name in members or []:
            pwd.getpwnam(name)
    except KeyError:
        return None
    return members


def load(path: str) -> dict[str, Any] | None:
    """Return our record; None when there is none."""
    text = node.read_text(path)
    return None if text is None else engine.parse_state(text)


def hold(module: AnsibleModule, family: str, names: list[str], keep: bool) -> None:
    """Hold packages at their version, or let them go."""
    if not names:
        return
    if family == "Debian":
        word = "hold" if keep else "install"
        data = "".join(f"{name} {word}\n" for name in names).encode()
        code, _out, err = node.run(module, ["dpkg", "--set-selections"], data=data)
    else:
        code, _out, err = node.run(module, ["dnf", "-q", "-y", "versionlock", "add" if keep else "delete", *names])
    if code:
        module.fail_json(msg=f"The packages {', '.join(names)} cannot be held: {err.strip()}")


def save(module: AnsibleModule, record: Mapping[str, Any]) -> None:
    """Write our record."""
    node.write(module, module.params["path"], engine.render_state(record).encode(), 0o640, 0o750)


def shown(record: Mapping[str, Any] | None) -> str | None:
    """Return the record as a diff shows it, without the long list of what was there before."""
    if not record:
        return None
    return engine.render_state({key: value for key, value in record.items() if key != "before"})


def finish(module: AnsibleModule, before: Mapping[str, Any] | None, after: Mapping[str, Any], **result: Any) -> None:
    """Write the record when it changed and leave."""
    old = engine.render_state(before) if before else None
    new = engine.render_state(after)
    if old != new and not module.check_mode:
        save(module, after)
    result["changed"] = result.get("changed", False) or old != new
    module.exit_json(
        record=dict(after), diff=node.diff_of([(module.params["path"], shown(before), shown(after))]), **result
    )


def look(module: AnsibleModule) -> tuple[str, dict[str, engine.Package], engine.Verdict, dict[str, Any] | None]:
    """Return the family, the packages, whose engine it is, and our record."""
    record = load(module.params["path"])
    family, packages = node.list_packages(module)
    wanted = [*module.params["packages"], *module.params["helpers"]]
    verdict = engine.judge(packages, wanted, record, node.unpackaged(module))
    return family, packages, verdict, record


def holdable(record: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Return the packages that may be held or let go: the engine's that are ours, and what we hold already."""
    return sorted((set(record["packages"]) & set(wanted)) | set(record.get("held", [])))


def is_settled(
    module: AnsibleModule, record: Mapping[str, Any] | None, packages: Mapping[str, engine.Package], family: str
) -> bool:
    """Say whether the last installation is recorded and the hold is as wanted."""
    keep, wanted = module.params["hold"], module.params["packages"]
    if not record or "before" in record:
        return False
    if family != "Debian":
        return sorted(record.get("held", [])) == (holdable(record, wanted) if keep else [])
    add, release = engine.hold_changes(packages, holdable(record, wanted), record.get("held", []), keep)
    return not add and not release


def claimed(module: AnsibleModule) -> None:
    """Recognise the engine and record what is about to be installed."""
    family, packages, verdict, record = look(module)
    repaired: list[str] = []
    if family == "Debian" and record is not None and "before" in record:
        repaired = repair.repair(module)
    if repaired:
        module.warn(repair.told(repaired, module.check_mode))
        family, packages, verdict, record = look(module)
    if verdict.engine == "unusable":
        refusal = Refusal(
            "CT-DOCKER",
            "docker_existing_engine",
            f"what has the place of Docker and cannot be used ({verdict.flavour})",
            "Docker from packages, or nothing of that name",
            "take away what is there (Podman's package podman-docker, or the snap), or use another machine",
        )
        module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])
    if verdict.engine == "foreign" and module.params["existing"] == "refuse":
        refusal = Refusal(
            "CT-DOCKER",
            "docker_existing_engine",
            f"an engine that this collection did not install ({verdict.flavour})",
            "a node without an engine, or the word that the one there is to be used as it is",
            "set docker_existing_engine to adopt (its packages stay untouched, its settings are merged), "
            "or take the engine away yourself first",
        )
        module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])
    if verdict.engine == "none" and not module.params["packages"]:
        refusal = Refusal(
            "CT-DOCKER",
            "docker_source",
            f"no engine to adopt, and no packages for one in {module.params['source']}",
            "a source that has Docker with Compose v2 for this distribution",
            "set docker_source to upstream (Docker's own repository) or to mirror (a repository of your site)",
        )
        module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])
    details: dict[str, Any] = {"source": module.params["source"]} if verdict.missing or record is None else {}
    if record is None:
        members = group_members(node.read_text(GROUP_FILE))
        details.update(group_existed=members is not None, members_before=members or [], kernel_before=kernel(module))
    after = engine.claim(record, packages, verdict, details)
    adopted = verdict.engine == "foreign"
    version = module.params["version"]
    pending = list(verdict.missing) + sources.wrong_version(
        {name: package.version for name, package in packages.items() if package.installed},
        module.params["packages"],
        version,
    )
    finish(
        module,
        record,
        after,
        changed=bool(repaired) or (module.check_mode and not adopted and bool(pending)),
        repaired=repaired,
        interrupted="before" in (record or {}),
        engine="adopted" if adopted else verdict.engine,
        flavour=verdict.flavour,
        missing=list(verdict.missing),
        pending=pending,
        requested=[*sources.requested(module.params["packages"], version, family), *module.params["helpers"]],
        settled=is_settled(module, after, packages, family),
        source_files=[path for path in SOURCE_FILES if os.path.lexists(path)],
        members=known_members(),
    )


def settled(module: AnsibleModule) -> None:
    """Record the dependencies that came, and set or lift the hold."""
    record = load(module.params["path"]) or dict(EMPTY)
    family, packages = node.list_packages(module)
    keep = module.params["hold"]
    held_by_us = list(record.get("held", []))
    add, release = engine.hold_changes(packages, holdable(record, module.params["packages"]), held_by_us, keep)
    if family != "Debian" and keep:
        add = [name for name in add if name not in held_by_us]
    if family != "Debian" and not keep:
        release = held_by_us
    held = sorted((set(held_by_us) | set(add)) - set(release)) if keep else []
    after = engine.settle(record, packages, node.automatic_packages(module, family), held)
    if not module.check_mode:
        hold(module, family, add, True)
        hold(module, family, release, False)
    finish(module, record, after, changed=bool(add or release))


def read(module: AnsibleModule) -> None:
    """Only look."""
    family, packages, verdict, record = look(module)
    code, out, _err = node.run(module, ["docker", "ps", "--format", "{{.Names}}"])
    module.exit_json(
        changed=False,
        engine="adopted" if verdict.engine in ("foreign", "unusable") else verdict.engine,
        flavour=verdict.flavour,
        missing=list(verdict.missing),
        settled=is_settled(module, record, packages, family),
        running=out.split() if code == 0 else [],
        record=record or EMPTY,
    )


def kernel(module: AnsibleModule) -> dict[str, str]:
    """Return what a daemon changes in the kernel: the policy of forwarding, and whether there is any."""
    found = {"ip_forward": (node.read_text(FORWARDING) or "").strip()}
    for program in FILTERS:
        found[program] = rules.policy(node.run(module, [program, "-S", "FORWARD"])[1]) or "ACCEPT"
    return found


def stopped(module: AnsibleModule) -> None:
    """Stop the daemon, and take what it leaves out of the kernel."""
    record = load(module.params["path"]) or dict(EMPTY)
    before = record.get("kernel_before", {})
    units = ["docker.service", "docker.socket"]
    active = [name for name in units if node.run(module, ["systemctl", "is-active", "--quiet", name])[0] == 0]
    if active and not module.check_mode:
        node.run(module, ["systemctl", "stop", *active])
    gone = list(active)
    for program in FILTERS:
        undo = rules.undo(node.run(module, [f"{program}-save"])[1], before.get(program, ""))
        if undo and not module.check_mode:
            code, _out, err = node.run(module, [f"{program}-restore", "--noflush"], data=undo.encode())
            if code:
                module.fail_json(msg=f"The rules that Docker made stay in the kernel: {err.strip()}")
        gone += [f"rules of Docker in {program}"] if undo else []
    for name in sorted(filter(rules.BRIDGE.fullmatch, os.listdir(INTERFACES))):
        if not module.check_mode:
            node.run(module, ["ip", "link", "delete", name])
        gone.append(f"bridge {name}")
    if before.get("ip_forward") == "0" and not module.check_mode:
        node.run(module, ["sysctl", "-q", "-w", "net.ipv4.ip_forward=0"])
    lines = "".join(f"{line}\n" for line in gone)
    header = {"before_header": "what Docker runs and keeps in the kernel", "after_header": "nothing of Docker"}
    module.exit_json(changed=bool(gone), record=record, diff={**header, "before": lines, "after": ""})


def released(module: AnsibleModule) -> None:
    """Name what came as a dependency and is not needed any more."""
    record = load(module.params["path"]) or dict(EMPTY)
    _code, out, _err = node.run(
        module, ["apt-get", "--simulate", "-o", "APT::AutoRemove::SuggestsImportant=false", "autoremove"]
    )
    module.exit_json(changed=False, leftovers=engine.removable(out, record["dependencies"]), record=record)


def empty(folder: str) -> None:
    """Delete what is in a folder, which may be a mounted volume itself."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def absent(module: AnsibleModule) -> None:
    """Delete the record, and the directories that a daemon makes for itself when nothing is in them."""
    path = module.params["path"]
    before = node.read_text(path)
    doomed = [folder for folder in module.params["data"] if os.path.isdir(folder) and os.listdir(folder)]
    if not module.check_mode:
        for folder in doomed:
            empty(folder)
        for folder in module.params["data"]:
            node.delete_empty_directory(folder)
    if before is not None and not module.check_mode:
        node.delete(path)
        folder = os.path.dirname(path)
        adopted = (engine.parse_state(before) or {}).get("adopted", False)
        for directory in (*(() if adopted else OF_CONTAINERD), folder, os.path.dirname(folder)):
            node.delete_empty_directory(directory)
    module.exit_json(
        changed=before is not None or bool(doomed), record=EMPTY, diff=node.diff_of([(path, before, None)])
    )


STATES = {
    "claimed": claimed,
    "settled": settled,
    "read": read,
    "stopped": stopped,
    "released": released,
    "absent": absent,
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": list(STATES), "default": "claimed"},
            "packages": {"type": "list", "elements": "str", "default": []},
            "helpers": {"type": "list", "elements": "str", "default": []},
            "existing": {"type": "str", "choices": ["refuse", "adopt"], "default": "refuse"},
            "source": {"type": "str", "default": ""},
            "version": {"type": "str", "default": ""},
            "hold": {"type": "bool", "default": False},
            "data": {"type": "list", "elements": "path", "default": []},
            "path": {"type": "path", "default": "/var/lib/eucaim/state/docker.json"},
        },
        supports_check_mode=True,
    )
    STATES[module.params["state"]](module)


if __name__ == "__main__":
    main()
