#!/usr/bin/python
# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: Keep addresses, bonds and routes of the node's links, without losing the way in
version_added: 0.4.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Keeps links by cable with a static address or DHCP, alone or as a bond of several, with the network manager that is
    in charge of them, systemd-networkd, NetworkManager, ifupdown or netplan. A manager is never exchanged.
  - Settings of somebody else for the same link are named and kept, unless O(replace) says otherwise.
  - A change arms its own undo on the node, which puts the former settings back after O(undo_seconds), also when the
    node goes down meanwhile. Then the node goes over to the new ones by itself, because the connection may break on the
    way.
    The controller's part of this module proves that a new connection works, looks whether the settings are in force,
    and only then disarms the undo. A run on the node itself, with the connection V(local), cannot prove it, and changes
    nothing.
  - VLANs, bridges and what else is stacked on adapters are refused where they are listed. For a bond ifupdown needs the
    package C(ifenslave) on the node.
  - With systemd-networkd this is tested on a machine. With the other three what is written is tested, but on no
    machine.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.action
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
      - V(present) keeps the links as they are listed, V(absent) puts back what was there before, V(probe) measures and
        returns rows of evidence.
      - V(confirmed) disarms the undo, when O(links) are as wanted. The controller's part of this module does that
        itself.
    type: str
    choices: [present, absent, confirmed, probe]
    default: present
  links:
    description: The links that are kept. One that is not listed is not touched, or given back if it was listed before.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The adapter, by a name that stays (V(enp1s0)) or by its MAC address; of a bond a name of its own (V(bond0)).
        type: str
        required: true
      members:
        description: Of a bond, two adapters or more, by name or MAC address.
        type: list
        elements: str
        default: []
      mode:
        description:
          - Of a bond, how it shares the work; left out, V(active-backup). V(802.3ad), which vendors call LACP, needs a
            switch that is set up for it.
        type: str
        choices: [active-backup, 802.3ad, balance-rr, balance-xor, broadcast, balance-tlb, balance-alb]
      primary:
        description: >-
          Of a bond, the member that leads whenever it has a carrier, with the modes V(active-backup), V(balance-tlb)
          and V(balance-alb).
        type: str
        default: ""
      addresses:
        description:
          - The addresses, each with the length of its network, such as V(192.0.2.10/24) or V(2001:db8::10/64). Without
            any the network gives them, by DHCP.
        type: list
        elements: str
        default: []
      gateway:
        description:
          - The router that leads out, without the length of its network; only with O(links[].addresses), and of one
            link alone.
        type: str
        default: ""
      routes:
        description:
          - Further networks, and who leads to them. A way out over IPv6 beside the gateway of IPv4 is one of them.
        type: list
        elements: dict
        default: []
        suboptions:
          to:
            description:
              - The network, such as V(10.0.0.0/8). V(default) is everything, over the version of IP that
                O(links[].routes[].via) has; for IPv6 V(::/0) is the same.
            type: str
            required: true
          via:
            description: The router on the way to it.
            type: str
            required: true
      dns:
        description: The addresses of name servers; with DHCP they take the place of those that it names.
        type: list
        elements: str
        default: []
      search:
        description: Domains that are tried for a name without a dot.
        type: list
        elements: str
        default: []
      mtu:
        description: The greatest packet, from 1280 to 9216 bytes; V(0) leaves it as it is.
        type: int
        default: 0
  manager:
    description: The network manager; V(auto) for the one that has these links now.
    type: str
    choices: [auto, networkd, networkmanager, ifupdown, netplan]
    default: auto
  replace:
    description: Whether settings of somebody else for these links give way. A copy of each is kept.
    type: bool
    default: false
  allow_wireless:
    description: Whether a link may be wireless.
    type: bool
    default: false
  allow_no_carrier:
    description: Whether an adapter may be without a carrier now.
    type: bool
    default: false
  undo_seconds:
    description:
      - After how many seconds, from 45 to 110, the former settings come back when nobody proves that the node can be
        reached. A login to a slow node takes some of them.
    type: int
    default: 90
  address_after:
    description: Under which address the controller reaches the node afterwards; empty for the present one.
    type: str
    default: ""
  nonce:
    description: What the new connection must read on the node. The controller's part of this module makes it.
    type: str
    default: ""
  reached_as:
    description: Under which address the controller reaches the node now. The controller's part of this module says it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Keep two adapters as a bond of which one works and one waits
  eucaim.local_node.network:
    links:
      - name: bond0
        members: [enp1s0, enp2s0]
        addresses: [192.0.2.10/24]
        gateway: 192.0.2.1
        dns: [192.0.2.53]
    replace: true
  become: true
"""

RETURN = r"""
manager:
  description: The network manager that is told, V(networkd), V(networkmanager), V(ifupdown) or V(netplan).
  returned: O(state) is V(present) or V(absent)
  type: str
reasons:
  description: What has to be done, in words.
  returned: O(state) is V(present) or V(absent)
  type: list
  elements: str
replaced:
  description: The files of somebody else that ours take the place of.
  returned: O(state=present)
  type: list
  elements: str
notes:
  description: What works, and may not be meant, such as links of which none leads out.
  returned: O(state=present)
  type: list
  elements: str
pending:
  description: Whether the undo is armed.
  returned: O(state) is V(present) or V(absent)
  type: bool
deadline:
  description: When the former settings come back, by the node's clock.
  returned: when the undo is armed
  type: str
reached_before:
  description: The address under which the node was reached before the first change.
  returned: when the undo is armed
  type: str
reached_at:
  description: The address under which the node is reached since.
  returned: when that is another one than before
  type: str
rows:
  description: Rows of evidence.
  returned: O(state=probe)
  type: list
  elements: dict
"""

import datetime
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _network as model
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_choice as choice
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_ifupdown as ifupdown
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_netplan as netplan
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_networkd as networkd
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_nm as networkmanager
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_seen as sights
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_settings as settings
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_undo as undo
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, summary

Files = dict[str, Optional[str]]
# What a link may be told. Its mode has no default here: whoever names one wants a bond.
LINK: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "members": {"type": "list", "elements": "str", "default": []},
    "mode": {"type": "str", "choices": list(model.MODES)},
    "primary": {"type": "str", "default": ""},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "gateway": {"type": "str", "default": ""},
    "routes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"to": {"type": "str", "required": True}, "via": {"type": "str", "required": True}},
    },
    "dns": {"type": "list", "elements": "str", "default": []},
    "search": {"type": "list", "elements": "str", "default": []},
    "mtu": {"type": "int", "default": 0},
}
# Where the node's files begin; the tests put a folder of their own here.
ROOT = ""
STATE = "/var/lib/eucaim/state/network.json"
RESOLVER = "/etc/resolv.conf"
VERSION = 1
# How many seconds a link may take to be as wanted when a new connection gets in already.
PATIENCE = 6
BACKENDS: dict[str, ModuleType] = {
    "networkd": networkd,
    "networkmanager": networkmanager,
    "ifupdown": ifupdown,
    "netplan": netplan,
}
UNITS = {
    "networkmanager": "NetworkManager.service",
    "networkd": "systemd-networkd.service",
    "ifupdown": "networking.service",
}
# What a manager's settings lie in, to look for those of somebody else.
PLACES = {
    "networkd": [f"{folder}/*.{kind}" for folder in networkd.FOLDERS for kind in ("network", "netdev")],
    "networkmanager": [f"{folder}/*" for folder in networkmanager.FOLDERS],
    "ifupdown": [ifupdown.MAIN, f"{ifupdown.FOLDER}/*"],
    "netplan": [f"{folder}/*.yaml" for folder in netplan.FOLDERS],
}


def at(path: str) -> str:
    """Return where a file of the node lies."""
    return ROOT + path


def read(path: str) -> str | None:
    """Return a file's text; None when there is none."""
    return node.read_text(at(path))


def says(module: AnsibleModule, *argv: str) -> str:
    """Return what a program that only looks says; empty when it fails."""
    code, out, _err = node.run(module, list(argv))
    return out if code == 0 else ""


def texts_of(manager: str) -> dict[str, str]:
    """Return the files in which a manager's settings are, of whomever."""
    found: dict[str, str] = {}
    for place in PLACES[manager]:
        for path in sorted(glob.glob(at(place))):
            # A link to /dev/null is how a file is put out of force.
            if os.path.isfile(path):
                own = path[len(ROOT) :]
                found[own] = read(own) or ""
    return found


# ------------------------------------------------------------------------------------------ what is there


@dataclass
class Sight:
    """What was seen, and what has to become of it."""

    seen: dict[str, sights.Seen]
    # The routers of the default routes, by link.
    routes: dict[str, list[str]]
    record: dict[str, Any]
    manager: str = ""
    links: list[sights.Placed] = field(default_factory=list)
    foreign: list[settings.Foreign] = field(default_factory=list)
    before: Files = field(default_factory=dict)
    after: Files = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # The permissions of files of somebody else that are put back.
    modes: dict[str, int] = field(default_factory=dict)
    # The change that waited for its proof before anything else was looked at.
    waiting: list[str] = field(default_factory=list)

    def drift(self, link: sights.Placed) -> list[str]:
        """Return in words where the kernel does not have a link as wanted."""
        return sights.drift(link, self.seen, self.routes)

    def changed(self) -> list[str]:
        """Return the files that are not as they have to be."""
        return [path for path, content in self.after.items() if self.before[path] != content]


def look_at_units(module: AnsibleModule) -> dict[str, bool]:
    """Say which of the units that matter run."""
    names = [*UNITS.values(), "systemd-resolved.service"]
    text = says(module, "systemctl", "show", "--property=Id,ActiveState", "--", *names)
    active = {}
    for block in text.split("\n\n"):
        values = dict(line.split("=", maxsplit=1) for line in block.splitlines() if "=" in line)
        active[values.get("Id", "")] = values.get("ActiveState") in ("active", "activating", "reloading")
    return active


def managers_of(module: AnsibleModule, active: Mapping[str, bool]) -> choice.Managers:
    """Return the managers that run, and the links that each of them has."""
    running = [name for name, unit in UNITS.items() if active.get(unit)]
    if texts_of("netplan") and module.get_bin_path("netplan", opt_dirs=["/usr/sbin", "/sbin"]):
        running.append("netplan")
    claims: dict[str, list[str]] = {}
    if "networkd" in running:
        claims["networkd"] = choice.networkd_claims(says(module, "networkctl", "--no-legend", "--no-pager", "list"))
    if "networkmanager" in running:
        claims["networkmanager"] = choice.nm_claims(says(module, "nmcli", "-t", "-f", "DEVICE,STATE", "device"))
    if "ifupdown" in running:
        claims["ifupdown"] = [name for text in texts_of("ifupdown").values() for name in ifupdown.named(text)]
    return choice.Managers(tuple(running), claims)


def routes_now(module: AnsibleModule) -> dict[str, list[str]]:
    """Return the routers of the default routes of both versions of IP, by link."""
    routes = sights.default_routes(says(module, "ip", "-j", "route", "show", "default"))
    for device, routers in sights.default_routes(says(module, "ip", "-6", "-j", "route", "show", "default")).items():
        routes.setdefault(device, []).extend(router for router in routers if router not in routes.get(device, []))
    return routes


def wireless_of(seen: Mapping[str, sights.Seen]) -> set[str]:
    """Return the links that are wireless, as the kernel has it."""
    return {name for name in seen if os.path.exists(at(f"/sys/class/net/{name}/phy80211"))}


def recorded(seen: Mapping[str, sights.Seen]) -> dict[str, Any]:
    """Return what our state file says; where it is lost, what can be told by the mark in our files."""
    record = node.read_object(at(STATE))
    if record.get("files"):
        return record
    for manager, backend in BACKENDS.items():
        files: dict[str, dict[str, Any]] = {}
        devices: set[str] = set()
        for path, text in texts_of(manager).items():
            mode = node.mode_of(at(path))
            if backend.is_ours(path) and text.startswith(settings.HEAD):
                files[path] = {"before": None, "after": text, "mode": mode}
                devices.update(backend.devices_in(path, text))
            elif manager == "ifupdown" and ifupdown.AWAY in text:
                files[path] = {"before": text.replace(ifupdown.AWAY, ""), "after": text, "mode": mode}
        if files:
            bonds = sorted(name for name in devices if name in seen and seen[name].kind == "bond")
            return {"manager": manager, "files": files, "devices": sorted(devices), "bonds": bonds}
    return record


def look(module: AnsibleModule) -> Sight:
    """Look at everything, and work out what the files have to be."""
    unproven = waiting()
    seen = sights.parse_links(says(module, "ip", "-d", "-j", "address"))
    sight = Sight(seen, routes_now(module), recorded(seen), waiting=unproven)
    wanted = [model.wanted_of(each) for each in module.params["links"]]
    sight.refusals = model.problems(wanted) or choice.not_there(wanted, seen)
    if sight.refusals:
        return sight
    sight.links = [placed for each in wanted if (placed := sights.place(each, seen)) is not None]
    may = [word for word in ("wireless", "no_carrier") if module.params[f"allow_{word}"]]
    # A bond of ours that runs on one cable is told by the evidence, and is no reason to stop.
    settled = sight.record.get("devices", [])
    sight.refusals = list(choice.twice(sight.links))
    if sight.refusals:
        return sight
    sight.refusals = list(choice.unfit(sight.links, seen, wireless_of(seen), may, settled))
    active = look_at_units(module)
    devices = [device for device, _mac in settings.devices_of(sight.links)]
    sight.manager, reason = choice.choose(managers_of(module, active), devices, module.params["manager"])
    if reason is not None:
        sight.refusals.append(reason)
        return sight
    plan_files(sight, wanted, active)
    ours = {device for device, _mac in settings.devices_of(sight.links)}
    elsewhere = [device for device in sight.routes if device not in ours]
    leased = [link.device for link in seen.values() if link.leased and link.device not in ours]
    sight.notes = choice.notes(wanted, elsewhere, bool(leased) or servers_stay(sight, active))
    sight.refusals += list(choice.others_settings(sight.foreign, module.params["replace"]))
    sight.refusals += links_in_the_way(sight)
    sight.refusals += tools_missing(module, sight)
    sight.reasons = [
        f"{path} is to be {'deleted' if sight.after[path] is None else 'written'}" for path in sight.changed()
    ]
    sight.reasons += [word for link in sight.links for word in sight.drift(link)]
    return sight


def plan_files(sight: Sight, wanted: Sequence[model.Wanted], active: Mapping[str, bool]) -> None:
    """Work out our files, and what becomes of those of somebody else."""
    backend = BACKENDS[sight.manager]
    kept = sight.record.get("files", {})
    texts = {}
    for path, text in texts_of(sight.manager).items():
        # A file that we changed counts as it was, unless somebody has changed it since.
        own = kept.get(path, {})
        texts[path] = (
            own["before"] if own and own["before"] and text == own["after"] else text.replace(ifupdown.AWAY, "")
        )
    for path, own in kept.items():
        if own["after"] is None and own["before"] is not None and read(path) is None:
            texts[path] = own["before"]
    ours = {device for device, _mac in settings.devices_of(sight.links)}
    others = [(link.device, link.mac) for link in sight.seen.values() if link.device not in ours | {"lo"}]
    sight.foreign = backend.foreign(texts, sight.links, others)
    after: Files = dict(backend.files(sight.links))
    resolver(sight, wanted, active, after)
    for each in sight.foreign:
        if each.after is not None and not each.stuck:
            after[each.path] = each.after or None
    returned = {path: given_back(path, own) for path, own in kept.items() if path not in after and not linked(path)}
    after.update(returned)
    sight.after = after
    sight.before = {path: read(path) for path in after}
    sight.modes = {path: own["mode"] for path, own in kept.items()}
    sight.record = {
        "version": VERSION,
        "manager": sight.manager,
        "reached_as": sight.record.get("reached_as", ""),
        "bonds": [link.device for link in sight.links if link.bond],
        "devices": sorted(ours),
        "former_bonds": sight.record.get("bonds", []),
        "former_devices": sight.record.get("devices", []),
        "files": {
            path: {
                "before": former(kept.get(path), texts.get(path, sight.before[path])),
                "after": content,
                "mode": kept[path]["mode"] if path in kept else node.mode_of(at(path)),
            }
            for path, content in after.items()
            if path not in returned
        },
    }


def linked(path: str) -> bool:
    """Say whether there is a link now: what it leads to is not ours, whatever was there before."""
    return os.path.islink(at(path))


def given_back(path: str, own: Mapping[str, Any]) -> str | None:
    """Return what a file of somebody else has to be when it is no more changed by us.

    What somebody made of it since is theirs; only what we put out of force in it counts again.
    """
    now = read(path)
    theirs = own["before"] is not None and now != own["after"] and now is not None
    return (now or "").replace(ifupdown.AWAY, "") if theirs else own["before"]


def links_in_the_way(sight: Sight) -> Iterator[Refusal]:
    """Find links where a file would have to be changed."""
    for path in filter(linked, sight.changed()):
        yield model.refusal(
            f"{path}, which is a link to {os.readlink(at(path))}",
            "a file of its own: what the link leads to may be read by others, too",
            "put a copy of the file in the place of the link, and run again",
        )


def former(own: Mapping[str, Any] | None, now: str | None) -> str | None:
    """Return what a file was before us; what somebody has made of it since is theirs, too."""
    return None if own is not None and own["before"] is None else now


def resolver(sight: Sight, wanted: Sequence[model.Wanted], active: Mapping[str, bool], after: Files) -> None:
    """Name the servers in resolv.conf where no program does so."""
    static = [link for link in wanted if sight.manager == "networkd" or not link.dhcp]
    lines = choice.resolver_text(static)
    if not lines or not plain_resolver(sight, active):
        return
    text = read(RESOLVER) or ""
    own = [line for line in text.splitlines() if line.split()[:1] in (["nameserver"], ["search"])]
    if own == lines.splitlines() and RESOLVER not in sight.record.get("files", {}):
        return
    after[RESOLVER] = settings.HEAD + lines
    if text and not text.startswith(settings.HEAD) and RESOLVER not in sight.record.get("files", {}):
        sight.foreign.append(settings.Foreign(RESOLVER, sight.links[0].device, after=after[RESOLVER]))


def plain_resolver(sight: Sight, active: Mapping[str, bool]) -> bool:
    """Say whether resolv.conf is a file that no program writes: networkd and ifupdown leave it to others."""
    apart = sight.manager in ("networkd", "ifupdown") and not os.path.islink(at(RESOLVER))
    return apart and not active.get("systemd-resolved.service")


def servers_stay(sight: Sight, active: Mapping[str, bool]) -> bool:
    """Say whether the name servers of now are those of afterwards, where no link names one."""
    return plain_resolver(sight, active) and "nameserver" in (read(RESOLVER) or "").split()


def tools_missing(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Return what a manager lacks for the settings that are wanted of it."""
    found: list[Refusal] = []
    if sight.manager == "networkmanager":
        found += choice.unreachable_servers([link.wanted for link in sight.links])
    if sight.manager == "ifupdown":
        if any(link.bond for link in sight.links) and not module.get_bin_path(
            "ifenslave", opt_dirs=["/usr/sbin", "/sbin"]
        ):
            found.append(
                model.refusal(
                    "a node without ifenslave",
                    "the package by which ifupdown knows bonds",
                    "install ifenslave",
                    "NET-REDUND",
                )
            )
        found += [
            model.refusal(
                f"{port.device}, the only name by which ifupdown can be told of {port.name}",
                "a name that stays: the kernel gives this one in the order in which it finds the adapters",
                "give the adapter a name by its address (systemd.link(5) on the node), restart the node, and use it",
            )
            for link in sight.links
            for port in link.ports
            if model.PASSING.match(port.device)
        ]
        if not ifupdown.reads_ours(read(ifupdown.MAIN) or ""):
            found.append(
                model.refusal(
                    f"{ifupdown.MAIN} that does not read {ifupdown.FOLDER}",
                    "a line that does, as Debian has it",
                    f"add the line `source {ifupdown.FOLDER}/*`",
                )
            )
    return found


def validated(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Let the manager's own program read the new settings, where it has one that does so without using them."""
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        words = list(_validate(module, sight, folder))
    return [
        model.refusal(
            f"settings that {sight.manager} does not take: {word}", "settings that it takes", "correct the link"
        )
        for word in words
    ]


def _validate(module: AnsibleModule, sight: Sight, folder: str) -> Iterator[str]:
    texts = {path: text for path, text in sight.after.items() if text is not None}
    if sight.manager == "ifupdown" and ifupdown.OURS in texts:
        staged = os.path.join(folder, "interfaces")
        node.write(module, staged, texts[ifupdown.OURS].encode(), 0o600)
        for link in sight.links:
            code, out, err = node.run(module, ["ifup", "--no-act", "--force", f"--interfaces={staged}", link.device])
            if code:
                yield (err or out).strip()
    elif sight.manager == "netplan":
        for path, text in {**texts_of("netplan"), **texts}.items():
            if sight.after.get(path, text) is not None:
                node.write(module, folder + path, text.encode(), 0o600)
        code, out, err = node.run(module, ["netplan", "generate", "--root-dir", folder])
        if code:
            yield (err or out).strip()
    elif sight.manager == "networkmanager":
        for path, text in texts.items():
            argv = ["nmcli", "--offline", "connection", "modify", "connection.autoconnect", "yes"]
            code, out, err = node.run(module, argv, data=text.encode())
            # Older ones cannot read a connection without using it.
            if code and "--offline" not in err:
                yield f"{path}: {(err or out).strip()}"


def stop(module: AnsibleModule, reasons_to_stop: Sequence[Refusal]) -> None:
    """Stop in words; nothing was changed."""
    module.fail_json(
        msg=summary(reasons_to_stop, "the network of this node"),
        refusals=[item.as_dict() for item in reasons_to_stop],
    )


# ------------------------------------------------------------------------------------------ changing


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock that the undo takes, too."""
    os.makedirs(at(undo.HOME), mode=0o700, exist_ok=True)
    with open(at(undo.LOCK), "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(sight: Sight) -> str:
    """Return a short text that stands for what the files have to be."""
    return hashlib.sha256(json.dumps(sight.after, sort_keys=True).encode()).hexdigest()


def mode_of(sight: Sight, path: str) -> int:
    """Return the permissions of a file: those that it has, or those of its kind."""
    backend = BACKENDS[sight.manager]
    own = backend.MODE if backend.is_ours(path) else 0o600 if path == STATE else 0o644
    return node.mode_of(at(path)) or sight.modes.get(path) or own


def bonds_to_make(sight: Sight) -> list[str]:
    """Return the bonds that are made anew, because the kernel changes little of one that is there."""
    before = set(sight.record["former_bonds"])
    changed = set(sight.changed())
    found = [name for name in sorted(before) if name not in sight.record["bonds"]]
    for link in sight.links:
        new = bool(changed & set(own_files(sight, link))) or bool(sight.drift(link))
        found += [link.device] if link.bond and new else []
    return found


def own_files(sight: Sight, link: sights.Placed) -> dict[str, str]:
    """Return our files about one link."""
    files: dict[str, str] = BACKENDS[sight.manager].files([link])
    return files


def devices_to_touch(sight: Sight) -> list[str]:
    """Return the links that have to be set up anew; what is as it should be is not interrupted."""
    changed = set(sight.changed())
    found: list[str] = []
    for link in sight.links:
        if changed & set(own_files(sight, link)) or sight.drift(link):
            found += [name for name, _mac in settings.devices_of([link])]
    found += [name for name in sight.record["former_devices"] if name not in sight.record["devices"]]
    # Members first: a bond is complete when they are in it.
    bonds = {*sight.record["bonds"], *sight.record["former_bonds"]}
    return sorted(dict.fromkeys(found), key=lambda name: (name in bonds, name))


def keep(module: AnsibleModule, folder: str, files: Mapping[str, bytes | None], modes: Mapping[str, int]) -> None:
    """Lay out a set of files for the script."""
    present, absent = [], []
    os.makedirs(os.path.join(at(folder), "files"), mode=0o700)
    for number, (path, content) in enumerate(files.items()):
        if content is None:
            absent.append(f"{at(path)}\n")
        else:
            node.write(module, os.path.join(at(folder), "files", str(number)), content, modes[path])
            present.append(f"{number} {at(path)}\n")
    for name, text in (("present", "".join(present)), ("absent", "".join(absent))):
        node.write(module, os.path.join(at(folder), name), text.encode(), 0o600)


def lay_out(module: AnsibleModule, sight: Sight) -> None:
    """Lay out the settings of now and those to come, and how to go over from one to the other."""
    after: dict[str, bytes | None] = {}
    for path in sight.changed():
        text = sight.after[path]
        after[path] = None if text is None else text.encode()
    record = {name: value for name, value in sight.record.items() if not name.startswith("former_")}
    after[STATE] = json.dumps(record, indent=1, sort_keys=True).encode() + b"\n" if record["files"] else None
    before = {path: node.read_bytes(at(path)) for path in after}
    modes = {path: mode_of(sight, path) for path in after}
    devices, bonds = devices_to_touch(sight), bonds_to_make(sight)
    adapters = [name for name in devices if name not in bonds]
    backend = BACKENDS[sight.manager]
    there = [name for name in bonds if name in sight.seen]
    routers = [router for each in sight.routes.values() for router in each]
    routers += [route.via for link in sight.links for route in link.wanted.routes]
    ways = {
        undo.FORMER: (before, settings.hold(backend.commands(adapters + there), bonds, devices, routers)),
        undo.NEXT: (after, settings.hold(backend.commands(devices_after(sight, devices)), there, devices, routers)),
    }
    for folder, (files, commands) in ways.items():
        shutil.rmtree(at(folder), ignore_errors=True)
        keep(module, folder, files, modes)
        for name, lines in (("before", commands.before), ("after", commands.after)):
            text = "".join(f"{line}\n" for line in lines)
            node.write(module, os.path.join(at(folder), name), text.encode(), 0o600)


def devices_after(sight: Sight, devices: Sequence[str]) -> list[str]:
    """Return the links that are set up anew by the settings to come: a bond that is given up is none of them."""
    gone = set(sight.record["former_bonds"]) - set(sight.record["bonds"])
    return [name for name in devices if name not in gone]


def waiting() -> list[str]:
    """Return the deadline, the nonce and the digest of the change that waits for its proof; nothing when none does."""
    return (read(undo.PENDING) or "").split()


def disarm(module: AnsibleModule, run: str) -> None:
    """Stop the timers of a run's undo."""
    node.run(module, ["systemctl", "stop", *undo.timers(run)])


def settle(module: AnsibleModule) -> None:
    """Let what was written outlive a power cut."""
    node.run(module, ["sync", "-f", at(undo.HOME)])


def install(module: AnsibleModule) -> None:
    """Put the script and the unit there that undo a change; they stay until the role is removed."""
    for path, text, mode in ((undo.SCRIPT, undo.SCRIPT_TEXT, 0o755), (undo.SETTLE, undo.SETTLE_TEXT, 0o644)):
        if read(path) != text:
            node.write(module, at(path), text.encode(), mode)
    if not os.path.islink(at(undo.LINK)):
        node.make_directory(os.path.dirname(at(undo.LINK)), 0o755)
        os.symlink(undo.SETTLE, at(undo.LINK))
    node.run(module, ["systemctl", "daemon-reload"])


def arm(module: AnsibleModule, sight: Sight) -> str:
    """Arm the undo, then let the node go over to the new settings; return when the undo strikes. The lock is held."""
    seconds = int(module.params["undo_seconds"])
    run = module.params["nonce"] or secrets.token_hex(8)
    former = read(undo.PENDING)
    node.delete(at(undo.UNDONE))
    node.delete(at(undo.NONCE))
    install(module)
    if former is None:
        lay_out(module, sight)
    node.write(module, at(f"{undo.HOME}/nonce"), f"{run}\n".encode(), 0o600)
    deadline = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    text = f"{deadline:%Y-%m-%dT%H:%M:%SZ}"
    for name in undo.TIMERS:
        start(module, run, undo.undo_arguments(name, run, seconds), former)
    # From here on the timers of an older run find that the change is not theirs any more.
    node.write(module, at(undo.PENDING), f"{text} {run} {digest(sight)}\n".encode(), 0o600)
    settle(module)
    start(module, run, undo.apply_arguments(run), former)
    for older in (former or "").split()[1:2]:
        node.run(module, ["systemctl", "stop", *undo.timers(older), f"{undo.unit(undo.APPLY, older)}.timer"])
    return text


def start(module: AnsibleModule, run: str, argv: Sequence[str], former: str | None) -> None:
    """Start one of the timers; when that fails, leave everything as it was before this run, and stop in words."""
    code, out, err = node.run(module, argv)
    if not code:
        return
    said = (err or out).strip()
    if former is None:
        node.delete(at(undo.PENDING))
        disarm(module, run)
        module.fail_json(msg=f"[NET-ADDR] The undo could not be armed, so nothing was changed: {said}")
    node.write(module, at(undo.PENDING), former.encode(), 0o600)
    disarm(module, run)
    module.fail_json(
        msg=f"[NET-ADDR] The undo could not be armed anew: {said}. A change that was never proven is in force; it "
        f"undoes itself at {former.partition(' ')[0]} (the node's clock), or when the node restarts. Run again after "
        "that."
    )


def refuse_another(module: AnsibleModule, sight: Sight) -> None:
    """Stop while a change of another kind waits for its proof; its undo is armed if it is not."""
    words = waiting()
    if len(words) < 3 or words[2] == digest(sight):
        return
    run = words[1]
    if not module.check_mode and node.run(module, ["systemctl", "is-active", "--quiet", *undo.timers(run)])[0]:
        node.run(module, undo.undo_arguments(next(iter(undo.TIMERS)), run, undo.APPLY_SECONDS))
    stop(
        module,
        [
            model.refusal(
                f"another change, which was never proven and undoes itself at {words[0]} (the node's clock)",
                "one change at a time",
                "run again after that",
            )
        ],
    )


def diff_of(sight: Sight) -> list[dict[str, Any]]:
    """Return Ansible's diff."""
    return node.diff_of([(path, sight.before[path], sight.after[path]) for path in sight.after])


def proceed(module: AnsibleModule, sight: Sight) -> None:
    """Refuse, or do what is to be done, or say what would be."""
    if sight.refusals:
        stop(module, sight.refusals)
    result: dict[str, Any] = {
        "manager": sight.manager,
        "reasons": sight.reasons,
        "replaced": [each.path for each in sight.foreign],
        "notes": sight.notes,
        "pending": False,
        "diff": diff_of(sight),
    }
    if sight.reasons:
        faults = validated(module, sight)
        if faults:
            stop(module, faults)
    if module.check_mode or not (sight.reasons or sight.waiting):
        refuse_another(module, sight)
        module.exit_json(changed=bool(sight.reasons or sight.waiting), **result)
    sight.record["reached_as"] = sight.record["reached_as"] or module.params["reached_as"]
    result["reached_before"] = sight.record["reached_as"]
    with locked():
        if waiting() != sight.waiting:
            module.fail_json(
                msg="[NET-ADDR] While this run looked at the node, another run or an undo has changed its settings; "
                "this one has changed nothing. Run again."
            )
        refuse_another(module, sight)
        result.update(pending=True, deadline=arm(module, sight))
    module.exit_json(changed=True, **result)


def absent(module: AnsibleModule) -> None:
    """Put back what was there before us, by the same way."""
    unproven = waiting()
    seen = sights.parse_links(says(module, "ip", "-d", "-j", "address"))
    sight = Sight(seen, routes_now(module), recorded(seen), waiting=unproven)
    kept = sight.record.get("files", {})
    if not kept:
        tidied = any(os.path.lexists(at(path)) for path in (undo.SCRIPT, undo.SETTLE, undo.LINK, undo.HOME))
        if tidied and not module.check_mode:
            with locked():
                if not waiting():
                    tidy(module)
        module.exit_json(changed=tidied, manager="", reasons=[], pending=False)
    reached_as = sight.record.get("reached_as", "")
    sight.manager = sight.record["manager"]
    for path, own in kept.items():
        if not linked(path):
            sight.modes[path] = own["mode"]
            sight.before[path] = read(path)
            sight.after[path] = given_back(path, own)
    sight.reasons = [f"{path} is to be as before" for path in sight.changed()]
    sight.record = {
        "files": {},
        "bonds": [],
        "devices": [],
        "former_bonds": sight.record["bonds"],
        "former_devices": sight.record["devices"],
        "reached_as": reached_as,
    }
    if not sight.reasons:
        sight.reasons = [f"{STATE} is to be deleted"]
    proceed(module, sight)


def tidy(module: AnsibleModule) -> None:
    """Take away what undoes changes, when there are none of ours any more."""
    for path in (undo.LINK, undo.SETTLE, undo.SCRIPT):
        node.delete(at(path))
        node.delete_empty_directory(os.path.dirname(at(path)))
    shutil.rmtree(at(undo.HOME), ignore_errors=True)
    for folder in (os.path.dirname(STATE), os.path.dirname(undo.HOME)):
        node.delete_empty_directory(at(folder))
    node.run(module, ["systemctl", "daemon-reload"])


def amiss(module: AnsibleModule) -> list[str]:
    """Return in words where the kernel is not as wanted yet; a link without a carrier cannot be."""
    seen, routes = sights.parse_links(says(module, "ip", "-d", "-j", "address")), routes_now(module)
    words = []
    for each in module.params["links"]:
        wanted = model.wanted_of(each)
        link = sights.place(wanted, seen)
        if link is None:
            words.append(f"{wanted.name} is not there")
        elif link.device not in seen or seen[link.device].carrier:
            words += sights.drift(link, seen, routes)
    return words


def confirmed(module: AnsibleModule) -> None:
    """Disarm the undo, if it has not struck, and if the settings are in force that it would undo."""
    end = time.monotonic() + PATIENCE
    while (armed := waiting()) and (words := amiss(module)):
        if time.monotonic() > end:
            module.fail_json(
                msg=f"[NET-ADDR] A new connection gets in, but the new settings are not in force: {'; '.join(words)}. "
                f"The former ones come back by themselves at {armed[0]} (the node's clock). Look at what the "
                "network manager says (journalctl on the node), correct network_links, and run again."
            )
        time.sleep(1)
    with locked():
        if not os.path.exists(at(undo.PENDING)):
            module.fail_json(
                msg="[NET-ADDR] No new connection was proven in time: the undo had struck already "
                f"({(read(undo.UNDONE) or '').strip() or 'time unknown'}), and the former settings are in force. "
                "Look at the addresses in network_links, and whether a login takes longer than network_undo_seconds."
            )
        if waiting()[1:2] != module.params["nonce"].split():
            module.fail_json(
                msg="[NET-ADDR] Another run has made a change since, which it has to prove itself. Run again when "
                "it has ended."
            )
        node.delete(at(undo.PENDING))
        settle(module)
    disarm(module, module.params["nonce"])
    for folder in (undo.FORMER, undo.NEXT):
        shutil.rmtree(at(folder), ignore_errors=True)
    for path in (undo.NONCE, f"{undo.HOME}/nonce"):
        node.delete(at(path))
    if not os.path.exists(at(STATE)):
        tidy(module)
    module.exit_json(changed=True, pending=False)


# ------------------------------------------------------------------------------------------ evidence


def row(requirement: str, expected: str, have: Sequence[str], wrong: Sequence[str]) -> dict[str, str]:
    """Return one row of the evidence."""
    return {
        "requirement": requirement,
        "status": "unmet" if wrong else "met",
        "expected": expected,
        "measured": "; ".join([*have, *wrong]),
        "how": "asked the kernel: ip -d address, ip route, and the files of the network manager",
    }


def probe(module: AnsibleModule) -> None:
    """Measure addresses, cables and bonds."""
    sight = look(module)
    wireless = wireless_of(sight.seen)
    have: list[str] = []
    # Settings of somebody else for the same links are no fault of the node; everything else is.
    wrong = [reason.found for reason in sight.refusals if reason.variable != "network_replace"]
    wrong += [f"{path} is not as it was written" for path in sight.changed()]
    bonds: tuple[list[str], list[str]] = (
        [],
        [reason.found for reason in sight.refusals if reason.requirement == "NET-REDUND"],
    )
    for link in sight.links:
        words = sights.address_words(link, sight.seen, sight.routes, wireless)
        have += words[0]
        wrong += words[1]
        if link.bond:
            words = sights.bond_words(link, sight.seen)
            bonds[0].extend(words[0])
            bonds[1].extend(words[1])
    if os.path.exists(at(undo.PENDING)):
        wrong.append("a change was never proven and is about to be undone")
    if not any(link.bond for link in sight.links):
        bonds[1].append("no bond: when a cable, an adapter or a switch fails, nothing takes over")
    listed = ", ".join(
        f"{link.name} {' '.join(link.addresses) or 'by DHCP'}" for link in map(model.wanted_of, module.params["links"])
    )
    rows = [
        row("NET-ADDR", f"on a cable, with the address that is listed: {listed}", have, list(dict.fromkeys(wrong))),
        row("NET-REDUND", "a bond whose members all have a carrier", *bonds),
    ]
    module.exit_json(changed=False, rows=rows)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent", "confirmed", "probe"], "default": "present"},
            "links": {"type": "list", "elements": "dict", "default": [], "options": LINK},
            "manager": {
                "type": "str",
                "choices": ["auto", "networkd", "networkmanager", "ifupdown", "netplan"],
                "default": "auto",
            },
            "replace": {"type": "bool", "default": False},
            "allow_wireless": {"type": "bool", "default": False},
            "allow_no_carrier": {"type": "bool", "default": False},
            "undo_seconds": {"type": "int", "default": 90},
            "address_after": {"type": "str", "default": ""},
            "nonce": {"type": "str", "default": ""},
            "reached_as": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    wrong = list(model.undo_problem(module.params["undo_seconds"]))
    if wrong:
        stop(module, wrong)
    if state == "present":
        proceed(module, look(module))
    elif state == "absent":
        absent(module)
    elif state == "confirmed":
        confirmed(module)
    elif state == "probe":
        probe(module)


if __name__ == "__main__":
    main()
