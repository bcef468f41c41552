#!/usr/bin/python
# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall
short_description: Keep the node's firewall as one list, without locking anybody out
version_added: 0.2.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Lets in what a list names and nothing else, over IPv4 and IPv6, with the firewall that the administrator knows,
    ufw or firewalld, and with one nftables table of our own for what these do not see, the published ports of
    containers and what goes out.
  - The whole list is written as one set and applied once.
  - Everything that could go wrong is refused before the first change. That is a rule that does not parse, a list that
    would not let the present connection in, a port in use that would be closed, rules of somebody else, and a second
    firewall.
  - A change arms its own undo on the node, which puts the former rules back after O(undo_seconds), also when the node
    goes down meanwhile. The controller then proves that a new connection works and only then disarms it.
  - With O(state=compared) nothing is changed. The task says whether something has to be done, and refuses what
    O(state=present) would refuse.
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
      - V(present) applies the list, V(compared) only looks, V(claimed) records which packages are about to be
        installed for it, V(probe) measures what the kernel really lets in and returns rows of evidence, V(absent)
        takes away what this module brought and puts back what it replaced.
      - V(confirmed) disarms the undo. The controller's part of this module does that itself after V(present).
    type: str
    choices: [present, compared, claimed, confirmed, probe, absent]
    default: present
  backend:
    description:
      - The firewall for what comes in to the node. V(auto) keeps the one that is active, else V(ufw) on Debian and
        Ubuntu and V(firewalld) on the Red Hat family.
    type: str
    choices: [auto, ufw, firewalld]
    default: auto
  inbound_ports:
    description: TCP ports that are open for everybody.
    type: list
    elements: raw
    default: [22, 80, 443]
  ssh_ports:
    description: The ports of SSH; empty for those on which sshd listens and this connection came in.
    type: list
    elements: int
    default: []
  rules:
    description:
      - The site's own rules, each with C(name), C(direction), C(protocol), C(ports), C(sources), C(destinations) and
        C(container).
    type: list
    elements: dict
    default: []
  dependent_rules:
    description: Rules of the same form that other roles need.
    type: list
    elements: dict
    default: []
  outbound:
    description: Whether connections outwards that the list does not name are only counted or dropped.
    type: str
    choices: [report, enforce]
    default: report
  existing:
    description: What to do with rules of somebody else.
    type: str
    choices: [refuse, keep, replace]
    default: refuse
  close_unlisted:
    description: Whether ports in use that the list does not name may be closed.
    type: bool
    default: false
  undo_seconds:
    description: After how many seconds the former rules come back when nobody proves that the new ones let people in.
    type: int
    default: 60
  packages:
    description: With O(state=claimed), the packages that are about to be installed.
    type: list
    elements: str
    default: []
  enabled:
    description: With O(state=probe), whether this firewall is meant to be there at all.
    type: bool
    default: true
  nonce:
    description: What the new connection must read on the node. The controller's part of this module makes it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Let in SSH and the web, and PACS from one network
  eucaim.local_node.firewall:
    inbound_ports: [22, 80, 443]
    rules:
      - name: dicom
        ports: [11112]
        sources: [10.20.0.0/16]
"""

RETURN = r"""
needed:
  description: Whether something has to be done.
  returned: O(state) is V(present) or V(compared)
  type: bool
reasons:
  description: What has to be done, in words.
  returned: O(state) is V(present) or V(compared)
  type: list
  elements: str
missing:
  description: The packages that are missing on the node.
  returned: O(state) is V(present) or V(compared)
  type: list
  elements: str
backend:
  description: The firewall that is used, C(ufw) or C(firewalld).
  returned: always
  type: str
pending:
  description: Whether the undo is armed.
  returned: O(state=present)
  type: bool
deadline:
  description: When the former rules come back, by the node's clock.
  returned: when the undo is armed
  type: str
packages:
  description: The packages that came with this module and that nothing else needs.
  returned: O(state=absent)
  type: list
  elements: str
rows:
  description: Rows of evidence.
  returned: O(state=probe)
  type: list
  elements: dict
"""

import datetime
import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Optional, Union

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall as model
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_firewalld as fwd
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_found as found
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_nft as nft
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_ufw as ufw
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_undo as undo
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_engine import removable
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown, summary

Files = dict[str, Optional[bytes]]
# Where the node's files begin; the tests put a folder of their own here.
ROOT = ""
STATE = "/var/lib/eucaim/state/firewall.json"
MASK = "/etc/systemd/system/firewalld.service"
NONCE = "/run/eucaim-firewall-nonce"
VERSION = 1
PACKAGES = {
    "ufw": {"ufw": "ufw", "nft": "nftables"},
    "firewalld": {"firewall-offline-cmd": "firewalld", "nft": "nftables"},
}
REQUIREMENT = "NET-FW"


def at(path: str) -> str:
    """Return where a file of the node lies."""
    return ROOT + path


def read(path: str) -> str:
    """Return a file's text; empty when there is none."""
    return node.read_text(at(path)) or ""


def digest(text: str) -> str:
    """Return a short text that stands for a long one."""
    return hashlib.sha256(text.encode()).hexdigest()


def says(module: AnsibleModule, *argv: str, data: str = "") -> str:
    """Return what a program that only looks says; empty when it fails."""
    code, out, _err = node.run(module, list(argv), data=data.encode() if data else None)
    return out if code == 0 else ""


# ------------------------------------------------------------------------------------------ the record


def load_record() -> dict[str, Any]:
    """Return what was recorded on the node."""
    return node.read_object(at(STATE))


def save_record(module: AnsibleModule, record: Mapping[str, Any]) -> None:
    """Keep what this module brought and replaced."""
    text = json.dumps({**record, "version": VERSION}, indent=1, sort_keys=True) + "\n"
    node.write(module, at(STATE), text.encode(), 0o600, 0o700)


# ------------------------------------------------------------------------------------------ what is there


@dataclass
class Units:
    """What systemd says of the units that matter."""

    active: dict[str, bool] = field(default_factory=dict)
    enabled: dict[str, bool] = field(default_factory=dict)


UNITS = (
    "ufw.service",
    "firewalld.service",
    "nftables.service",
    "netfilter-persistent.service",
    "eucaim-firewall.service",
    "eucaim-firewall-settle.service",
    "docker.service",
)


def look_at_units(module: AnsibleModule) -> Units:
    """Ask systemd once."""
    text = says(module, "systemctl", "show", "--property=Id,ActiveState,UnitFileState", "--", *UNITS)
    units = Units()
    for block in text.split("\n\n"):
        values = dict(line.split("=", maxsplit=1) for line in block.splitlines() if "=" in line)
        name = values.get("Id", "")
        units.active[name] = values.get("ActiveState") in ("active", "activating", "reloading")
        units.enabled[name] = values.get("UnitFileState", "").startswith("enabled")
    return units


def connection_of(module: AnsibleModule) -> model.Connection | None:
    """Return the SSH connection over which this runs, from the environment of a parent (sudo keeps none of it)."""
    number = os.getpid()
    while number > 1:
        content = node.read_bytes(f"/proc/{number}/environ") or b""
        for item in content.split(b"\0"):
            if item.startswith(b"SSH_CONNECTION="):
                words = item.decode("utf-8", "replace").partition("=")[2].split()
                if len(words) == 4 and words[3].isdigit():
                    return model.Connection(_address(words[0]), _address(words[2]), int(words[3]))
        status = node.read_text(f"/proc/{number}/stat") or ""
        fields = status.rpartition(")")[2].split()
        number = int(fields[1]) if len(fields) > 1 else 0
    return None


def _address(text: str) -> str:
    """Return an address without a zone, and one of IPv4 as such."""
    plain = text.partition("%")[0]
    return plain.removeprefix("::ffff:")


def interfaces() -> list[str]:
    """Return the names of the node's interfaces."""
    try:
        return sorted(os.listdir("/sys/class/net"))
    except OSError:
        return []


def resolve(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the addresses of host names; a name that nobody knows has none."""
    addresses: dict[str, list[str]] = {}
    for name in names:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError:
            answers = []
        addresses[name] = sorted({_address(str(answer[4][0])) for answer in answers})
    return addresses


# ------------------------------------------------------------------------------------------ ufw


class Ufw:
    """What comes in to the node, with ufw."""

    name = "ufw"
    rules4, rules6 = "/etc/ufw/user.rules", "/etc/ufw/user6.rules"
    conf, defaults = "/etc/ufw/ufw.conf", "/etc/default/ufw"
    rule_files: tuple[str, ...] = (rules4, rules6)
    links: tuple[str, ...] = ()
    framework = ("before.rules", "before6.rules", "after.rules", "after6.rules")

    def __init__(self, module: AnsibleModule, units: Units) -> None:
        self.module = module
        self.units = units
        self.saved4 = says(module, "iptables-save")
        self.saved6 = says(module, "ip6tables-save")

    def active(self) -> bool:
        """Say whether it decides now."""
        return ufw.plain(ufw.value_of(read(self.conf), "ENABLED")) == "yes" and ufw.is_loaded(self.saved4)

    def blocks(self, v6: bool) -> list[ufw.Block]:
        """Return the rules that stand in its file."""
        return ufw.parse_rules(read(self.rules6 if v6 else self.rules4))

    def theirs(self, v6: bool) -> list[ufw.Block]:
        """Return the rules of somebody else."""
        return [block for block in self.blocks(v6) if not block.rule.ours]

    def foreign(self, listed: Sequence[model.Entry]) -> list[str]:
        """Return what somebody else's rules do that the list does not do anyway."""
        theirs = [*self.theirs(False), *self.theirs(True)]
        lines = [(item.rule.text(), ufw.entry_of(item.rule)) for item in theirs if not item.rule.automatic]
        words = found.not_covered(lines, listed)
        words += [f"changes in {path}" for path in self.changed_framework()]
        return [f"ufw: {word}" for word in dict.fromkeys(words)]

    def now(self) -> list[model.Entry] | None:
        """Return what it lets in now; None when everything comes in."""
        if not self.active():
            return None
        return [*ufw.kernel_entries(self.saved4), *ufw.kernel_entries(self.saved6)]

    def then(self, rules: Sequence[model.Rule], keep: bool) -> list[model.Entry]:
        """Return what it will let in, in its order."""
        kept = [ufw.entry_of(block.rule) for v6 in (False, True) for block in self.theirs(v6)] if keep else []
        return [*(entry for entry in kept if entry is not None), *model.entries(rules)]

    def changed_framework(self) -> dict[str, str]:
        """Return the files of ufw's own rules that somebody changed, and what ufw ships in their place."""
        changed = {}
        for name in self.framework:
            own, given = read(f"/etc/ufw/{name}"), read(f"/usr/share/ufw/{name}")
            if own and given and own != given:
                changed[f"/etc/ufw/{name}"] = given
        return changed

    def files(self, rules: Sequence[model.Rule], keep: bool) -> Files:
        """Return its files as they have to be."""
        after: Files = {}
        if not keep:
            after.update({path: text.encode() for path, text in self.changed_framework().items()})
        for path, v6 in ((self.rules4, False), (self.rules6, True)):
            text = read(path)
            wanted = ufw.tuples(rules, v6)
            theirs = self.theirs(v6)
            same = [block.rule for block in self.blocks(v6) if block.rule.ours] == wanted and (keep or not theirs)
            after[path] = (text if same else ufw.render_rules(text, theirs if keep else [], wanted, v6)).encode()
        after[self.conf] = ufw.with_value(read(self.conf), "ENABLED", "yes").encode()
        text = read(self.defaults)
        if text:
            for key, value in ufw.SETTINGS.items():
                text = ufw.with_value(text, key, value)
            after[self.defaults] = text.encode()
        return after

    def settings(self) -> dict[str, str]:
        """Return the settings as they are, to put them back later."""
        values = {key: ufw.value_of(read(self.defaults), key) for key in ufw.SETTINGS}
        # What an engine that was there before had made of what is passed on: DROP, or nothing where forwarding was on.
        passed = {
            name: ufw.policies(saved)["FORWARD"]
            for name, saved in (("FORWARD iptables", self.saved4), ("FORWARD ip6tables", self.saved6))
            if "\n:DOCKER " in saved
        }
        return {**values, **passed, "ENABLED": ufw.value_of(read(self.conf), "ENABLED")}

    def restored(self, settings: Mapping[str, str], replaced: Mapping[str, Any]) -> Files:
        """Return its files without our rules, with the former settings and with what was replaced."""
        theirs = replaced.get("rules", {})
        after: Files = {path: text.encode() for path, text in replaced.get("files", {}).items()}
        for path, v6 in ((self.rules4, False), (self.rules6, True)):
            text = read(path)
            if text:
                back = [ufw.Block(rule, tuple(lines)) for lines in theirs.get(path, []) for rule in _rules(lines)]
                after[path] = ufw.render_rules(text, [*back, *self.theirs(v6)], [], v6).encode()
        for path, keys in ((self.conf, ("ENABLED",)), (self.defaults, tuple(ufw.SETTINGS))):
            text = read(path)
            for key in keys:
                text = ufw.with_value(text, key, settings.get(key, "")) if text and settings.get(key) else text
            if text:
                after[path] = text.encode()
        return after

    def replaced(self) -> dict[str, Any]:
        """Return the rules of somebody else, to put them back later."""
        rules = {
            path: [list(block.lines) for block in self.theirs(v6)]
            for path, v6 in ((self.rules4, False), (self.rules6, True))
        }
        return {"rules": rules, "files": {path: read(path) for path in self.changed_framework()}}

    def problems(self, files: Files) -> list[tuple[str, str]]:
        """Return which of its files the kernel's tools do not take, and what they say."""
        texts = {path: content.decode("utf-8", "replace") for path, content in files.items() if content is not None}
        texts.update({f"/etc/ufw/{name}": read(f"/etc/ufw/{name}") for name in self.framework})
        bad = []
        for path, text in texts.items():
            if not path.endswith(".rules") or not text.strip():
                continue
            program = "ip6tables-restore" if path.endswith("6.rules") else "iptables-restore"
            code, out, err = node.run(self.module, [program, "--test", "--noflush"], data=ufw.testable(text).encode())
            if code not in (0, 127):
                bad.append((path, (err or out).strip()))
        return bad

    def drift(self, record: Mapping[str, Any]) -> bool:
        """Say whether the kernel's rules are other ones than those that were loaded."""
        return not self.active() or digest("\n".join(self.live())) != record.get("live")

    def live(self) -> list[str]:
        """Return the kernel's own lines."""
        return [*ufw.live(self.saved4), *ufw.live(self.saved6)]

    def look_again(self) -> None:
        """Ask the kernel anew."""
        self.saved4, self.saved6 = says(self.module, "iptables-save"), says(self.module, "ip6tables-save")

    def load(self, changed: Sequence[str]) -> str:
        """Make the kernel take the files over; return what went wrong."""
        if self.active() and not {self.conf, self.defaults} & set(changed):
            for program, path in (("iptables-restore", self.rules4), ("ip6tables-restore", self.rules6)):
                code, out, err = node.run(self.module, [program, "--noflush"], data=read(path).encode())
                if code:
                    return f"{program}: {(err or out).strip()}"
        else:
            commands = [["ufw", "--force", "enable"], ["systemctl", "start", "ufw.service"]]
            if self.active():
                commands.insert(0, ["ufw", "reload"])
            for argv in commands:
                code, out, err = node.run(self.module, argv)
                if code:
                    return f"{' '.join(argv)}: {(err or out).strip()}"
        return ""

    def unload(self, settings: Mapping[str, str]) -> None:
        """Let the kernel's rules follow the files, after ours were taken away."""
        if ufw.plain(ufw.value_of(read(self.conf), "ENABLED")) == "yes":
            node.run(self.module, ["ufw", "reload"])
            return
        # A container engine that runs wants what is passed on to be dropped by default, unless it was not when we came;
        # ufw leaves it open.
        forward = [
            program
            for program, saved in (("iptables", self.saved4), ("ip6tables", self.saved6))
            if "\n:DOCKER " in saved
            and (settings.get(f"FORWARD {program}") or ufw.policies(saved)["FORWARD"]) == "DROP"
        ]
        node.run(self.module, ["systemctl", "stop", "ufw.service"])
        for path in ("/usr/lib/ufw/ufw-init", "/lib/ufw/ufw-init"):
            if os.path.exists(at(path)):
                node.run(self.module, [path, "force-stop"])
                break
        self.tidy()
        for program in forward:
            node.run(self.module, [program, "-P", "FORWARD", "DROP"])

    def tidy(self) -> None:
        """Take away the empty chains that ufw leaves until the next start of the node, and what is empty then."""
        self.look_again()
        for program, saved, table in (("iptables", self.saved4, "ip"), ("ip6tables", self.saved6, "ip6")):
            text = ufw.leftovers(saved)
            if not text:
                continue
            node.run(self.module, [f"{program}-restore", "--noflush"], data=text.encode())
            for chain in nft.empty_chains(says(self.module, "nft", "-j", "list", "table", table, "filter")):
                node.run(self.module, ["nft", "delete", "chain", table, "filter", chain])


def _rules(lines: Sequence[str]) -> list[ufw.Tuple]:
    """Return the rule that kept lines stand for."""
    rule = ufw.parse_tuple(lines[0]) if lines else None
    return [] if rule is None else [rule]


# ------------------------------------------------------------------------------------------ firewalld


class Firewalld:
    """What comes in to the node, with firewalld: a zone of ours, made the default one."""

    name = "firewalld"
    conf = "/etc/firewalld/firewalld.conf"
    zones, shipped = "/etc/firewalld/zones", "/usr/lib/firewalld/zones"
    zone = f"{zones}/{fwd.ZONE}.xml"
    rule_files: tuple[str, ...] = (zone,)
    # What `systemctl enable` makes on Debian and on the Red Hat family.
    links = (
        "/etc/systemd/system/multi-user.target.wants/firewalld.service",
        "/etc/systemd/system/dbus-org.fedoraproject.FirewallD1.service",
        "/etc/systemd/system/firewalld.service",
    )

    def __init__(self, module: AnsibleModule, units: Units, record: Mapping[str, Any]) -> None:
        self.module = module
        self.units = units
        self.record = record
        self.running = bool(units.active.get("firewalld.service"))
        self.default = says(module, "firewall-cmd", "--get-default-zone").strip() if self.running else ""

    def active(self) -> bool:
        """Say whether our zone decides now."""
        return self.running and self.default == fwd.ZONE and bool(self.chain())

    def chain(self, *options: str) -> str:
        """Return the kernel's chain of our zone."""
        name = f"filter_IN_{fwd.ZONE}_allow"
        return says(self.module, "nft", *options, "list", "chain", "inet", "firewalld", name)

    def extras(self, name: str) -> list[str]:
        """Return what a zone holds beyond what firewalld ships."""
        given = fwd.parse(read(f"{self.shipped}/{name}.xml"))
        return [element for element in fwd.parse(read(f"{self.zones}/{name}.xml")) if element not in given]

    def others(self) -> list[str]:
        """Return the zones of somebody else that have a file of their own."""
        try:
            names = sorted(os.listdir(at(self.zones)))
        except OSError:
            return []
        return [
            name[: -len(".xml")] for name in names if name.endswith(".xml") and name[: -len(".xml")] not in fwd.ENGINES
        ]

    def theirs(self) -> list[str]:
        """Return what somebody else put into our zone, or had in the default one before."""
        if not read(self.zone):
            return self.extras(fwd.default_zone(read(self.conf)))
        return [element for element in fwd.parse(read(self.zone)) if element not in self.record.get("zone", [])]

    def foreign(self, listed: Sequence[model.Entry]) -> list[str]:
        """Return what somebody else's rules do that the list does not do anyway."""
        own = [(f"zone {fwd.ZONE}: {fwd.words(item)}", fwd.entry_of(item)) for item in self.theirs() if read(self.zone)]
        lines = [
            (f"zone {name}: {fwd.words(item)}", fwd.entry_of(item))
            for name in self.others()
            for item in self.extras(name)
        ]
        told = found.not_covered([*own, *lines], listed)
        if "<rule" in read("/etc/firewalld/direct.xml") or "<passthrough" in read("/etc/firewalld/direct.xml"):
            told.append("direct rules")
        try:
            policies = sorted(os.listdir(at("/etc/firewalld/policies")))
        except OSError:
            policies = []
        told += [f"policy {name}" for name in policies if not name.startswith(("docker", "podman", "libvirt"))]
        if self.default == fwd.ZONE:
            active = fwd.active_zones(says(self.module, "firewall-cmd", "--get-active-zones"))
            told += [f"active zone {name}" for name in active if name not in (*fwd.ENGINES, *self.others())]
        return [f"firewalld: {word}" for word in dict.fromkeys(told)]

    def now(self) -> list[model.Entry] | None:
        """Return what it lets in now; None when that is not known, or everything."""
        return fwd.kernel_entries(self.chain("-j")) if self.active() else None

    def then(self, rules: Sequence[model.Rule], keep: bool) -> list[model.Entry]:
        """Return what it will let in."""
        kept = [fwd.entry_of(item) for item in self.theirs()] if keep else []
        return [*(entry for entry in kept if entry is not None), *fwd.listed(rules)]

    def files(self, rules: Sequence[model.Rule], keep: bool) -> Files:
        """Return its files as they have to be."""
        kept = self.theirs() if keep else []
        wanted = [*fwd.items(rules), *(item for item in kept if item not in fwd.items(rules))]
        text = read(self.zone)
        same = sorted(fwd.parse(text)) == sorted(wanted)
        after: Files = {self.zone: (text if same else fwd.render(wanted)).encode()}
        if read(self.conf):
            after[self.conf] = fwd.with_default_zone(read(self.conf), fwd.ZONE).encode()
        if not keep:
            after.update({f"{self.zones}/{name}.xml": None for name in self.others()})
        return after

    def settings(self) -> dict[str, str]:
        """Return the settings as they are, to put them back later."""
        return {
            "DefaultZone": fwd.default_zone(read(self.conf)),
            "active": "yes" if self.running else "no",
            "enabled": "yes" if self.units.enabled.get("firewalld.service") else "no",
        }

    def replaced(self) -> dict[str, Any]:
        """Return the zones of somebody else, to put them back later."""
        return {"files": {f"{self.zones}/{name}.xml": read(f"{self.zones}/{name}.xml") for name in self.others()}}

    def restored(self, settings: Mapping[str, str], replaced: Mapping[str, Any]) -> Files:
        """Return its files without our zone, and with what was replaced."""
        after: Files = {path: text.encode() for path, text in replaced.get("files", {}).items()}
        if read(self.zone):
            after[self.zone] = None
        if read(self.conf):
            zone = settings.get("DefaultZone", "public")
            after[self.conf] = fwd.with_default_zone(read(self.conf), zone).encode()
        return after

    def problems(self, files: Files) -> list[tuple[str, str]]:
        """Return which of its files firewalld does not take, and what it says."""
        folder = os.path.join(self.module.tmpdir, "firewalld")
        os.makedirs(os.path.join(folder, "zones"), exist_ok=True)
        with open(os.path.join(folder, "zones", f"{fwd.ZONE}.xml"), "wb") as handle:
            handle.write(files[self.zone] or b"")
        code, out, err = node.run(self.module, ["firewall-offline-cmd", "--system-config", folder, "--check-config"])
        shutil.rmtree(folder, ignore_errors=True)
        bad = [(self.zone, (err or out).strip())] if code not in (0, 127) else []
        code, out, err = node.run(self.module, ["firewall-offline-cmd", "--check-config"])
        return [*bad, ("/etc/firewalld", (err or out).strip())] if code not in (0, 127) else bad

    def drift(self, record: Mapping[str, Any]) -> bool:
        """Say whether the kernel's rules are other ones than those that were loaded."""
        return not self.active() or digest("\n".join(self.live())) != record.get("live")

    def live(self) -> list[str]:
        """Return the kernel's own lines."""
        return self.chain("--stateless").splitlines()

    def look_again(self) -> None:
        """Ask firewalld anew."""
        self.default = says(self.module, "firewall-cmd", "--get-default-zone").strip()
        self.running = bool(self.default)

    def load(self, _changed: Sequence[str]) -> str:
        """Make firewalld take the files over; return what went wrong."""
        # The bus does not know a firewalld that was installed without being started.
        node.run(self.module, ["systemctl", "reload", "dbus.service"])
        commands = [["systemctl", "unmask", "firewalld.service"], ["systemctl", "enable", "firewalld.service"]]
        commands.append(["firewall-cmd", "--reload"] if self.running else ["systemctl", "start", "firewalld.service"])
        for argv in commands:
            code, out, err = node.run(self.module, argv)
            if code:
                return f"{' '.join(argv)}: {(err or out).strip()}"
        return ""

    def unload(self, settings: Mapping[str, str]) -> None:
        """Let the kernel's rules follow the files, after ours were taken away."""
        if settings.get("active") == "yes":
            node.run(self.module, ["firewall-cmd", "--reload"])
        else:
            node.run(self.module, ["systemctl", "stop", "firewalld.service"])
        if settings.get("enabled") != "yes":
            node.run(self.module, ["systemctl", "disable", "firewalld.service"])


# ------------------------------------------------------------------------------------------ the whole


Backend = Union[Ufw, Firewalld]


def backend_of(module: AnsibleModule, name: str, units: Units, record: Mapping[str, Any]) -> Backend:
    """Return the firewall of this name."""
    return Firewalld(module, units, record) if name == "firewalld" else Ufw(module, units)


def family() -> str:
    """Return the firewall that belongs to the distribution."""
    words = read("/etc/os-release").lower()
    return "firewalld" if any(name in words for name in ("rhel", "fedora", "centos")) else "ufw"


def chosen(module: AnsibleModule, units: Units) -> str:
    """Return the firewall to use: the wanted one, or the one that is active, or the distribution's."""
    wanted = str(module.params["backend"])
    if wanted != "auto":
        return wanted
    recorded = load_record().get("backend")
    if recorded in PACKAGES:
        return str(recorded)
    return "firewalld" if units.active.get("firewalld.service") else family()


@dataclass
class Sight:
    """What was found on the node, and what is to be."""

    backend: Backend
    units: Units
    record: dict[str, Any]
    rules: list[model.Rule]
    connection: model.Connection | None
    listeners: list[found.Listener]
    missing: list[str]
    addresses: dict[str, list[str]]
    # Of Docker's networks, those that were given names.
    bridges: list[str] = field(default_factory=list)
    after: Files = field(default_factory=dict)
    before: Files = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def changed(self) -> list[str]:
        """Return the files that differ."""
        return [path for path, content in self.after.items() if self.before[path] != content]


def mode_of(path: str) -> int:
    """Return the permission bits of a file that we write."""
    if path == undo.SCRIPT:
        return 0o755
    return 0o640 if path.startswith("/etc/ufw/") and path.endswith(".rules") else 0o644


def kernel_table(module: AnsibleModule) -> str:
    """Return our table as the kernel has it, without what counts and moves."""
    return says(module, "nft", "--stateless", "--terse", "list", "table", nft.FAMILY, nft.TABLE)


def nft_program(module: AnsibleModule) -> str:
    """Return where nft is or will be."""
    return module.get_bin_path("nft", opt_dirs=["/usr/sbin", "/sbin"]) or "/usr/sbin/nft"


def wanted_rules(
    module: AnsibleModule, record: Mapping[str, Any], listeners: Sequence[found.Listener], connection: Any
) -> tuple[list[model.Rule], dict[str, list[str]]]:
    """Return the whole list, host names resolved; an address that a name once had stays."""
    params = module.params
    ports = params["ssh_ports"] or found.ssh_ports(listeners, connection, says(module, "sshd", "-T"))
    site = [model.make_rule(rule) for rule in params["rules"]]
    dependent = [model.make_rule(rule) for rule in params["dependent_rules"]]
    rules = model.compose(params["inbound_ports"], ports, site, dependent)
    known = record.get("addresses", {})
    fresh = resolve(model.host_names(rules))
    addresses = {name: sorted({*known.get(name, []), *now}) for name, now in fresh.items()}
    return model.resolved(rules, addresses), addresses


def check_rules(module: AnsibleModule) -> None:
    """Refuse rules that cannot be read. The inventory's were checked before; a task's own were not."""
    bad = [
        refusal(f"firewall_{name}", shown(rule), problem, "correct the rule")
        for name in ("rules", "dependent_rules")
        for rule in module.params[name]
        for problem in [model.rule_problem(rule)]
        if problem
    ]
    bad += [
        refusal("firewall_inbound_ports", shown(port), "a port or a range such as '8000:8010'", "correct the port")
        for port in module.params["inbound_ports"]
        if model.parse_port(port) is None
    ]
    if bad:
        stop(module, bad)


def look(module: AnsibleModule) -> Sight:
    """Look at the node and compose what is to be; changes nothing."""
    check_rules(module)
    units = look_at_units(module)
    record = load_record()
    name = chosen(module, units)
    backend = backend_of(module, name, units, record)
    listeners = found.parse_listeners(says(module, "ss", "-H", "-lntup"))
    connection = connection_of(module)
    rules, addresses = wanted_rules(module, record, listeners, connection)
    folders = ["/usr/sbin", "/sbin"]
    missing = [package for tool, package in PACKAGES[name].items() if not module.get_bin_path(tool, opt_dirs=folders)]
    sight = Sight(backend, units, record, rules, connection, listeners, missing, addresses)
    # A question would start an engine that does not run.
    sight.bridges = engine.named_bridges() if units.active.get("docker.service") else record.get("bridges", [])
    keep = module.params["existing"] != "replace"
    enforce = module.params["outbound"] == "enforce"
    sight.after = backend.files(rules, keep)
    sight.after[undo.TABLE_FILE] = nft.render(rules, interfaces(), enforce, sight.bridges).encode()
    sight.after.update({path: text.encode() for path, text in undo.own_files(nft_program(module)).items()})
    sight.before = {path: node.read_bytes(at(path)) for path in sight.after}
    sight.foreign = foreign(module, sight)
    sight.reasons = reasons(module, sight)
    return sight


def foreign(module: AnsibleModule, sight: Sight) -> list[str]:
    """Return the rules of somebody else, in words."""
    words = sight.backend.foreign(model.entries(sight.rules))
    for program in ("iptables", "ip6tables"):
        saved = says(module, f"{program}-save")
        words += [f"{program}: {rule}" for rule in found.foreign_iptables(saved, sight.bridges)]
    words += [f"nftables: table {name}" for name in found.foreign_tables(says(module, "nft", "-j", "list", "ruleset"))]
    for unit, paths in (
        ("nftables.service", ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")),
        ("netfilter-persistent.service", ("/etc/iptables/rules.v4", "/etc/iptables/rules.v6")),
    ):
        if sight.units.enabled.get(unit):
            words += [f"{unit} with rules in {path}" for path in paths if found.has_rules(read(path))]
    return words


def reasons(module: AnsibleModule, sight: Sight) -> list[str]:
    """Return what has to be done, in words; nothing when all is as it should be."""
    words = [f"the packages {', '.join(sight.missing)} are missing"] if sight.missing else []
    words += [f"{path} differs" for path in sight.changed()]
    words += [f"{path} is missing" for path, target in undo.LINKS.items() if link_of(path) != target]
    if sight.foreign and module.params["existing"] == "replace":
        words.append("rules of somebody else are to be replaced")
    if not sight.missing and sight.backend.drift(sight.record):
        words.append(f"the kernel's rules are not those that {sight.backend.name} was given")
    if digest(kernel_table(module)) != sight.record.get("table"):
        words.append("the kernel's table inet eucaim is not the one that was loaded")
    if os.path.exists(at(undo.PENDING)):
        words.append("a change of an earlier run was never proven")
    return words


def link_of(path: str) -> str:
    """Return where a link points to; empty when it is none."""
    try:
        return os.readlink(at(path))
    except OSError:
        return ""


# ------------------------------------------------------------------------------------------ refusals


def refusals(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Return why nothing is changed."""
    return [
        *other_manager(sight),
        *foreign_rules(module, sight),
        *locked_out(module, sight),
        *cut_ports(module, sight),
        *unparsed(module, sight),
    ]


def refusal(variable: str, what: str, needed: str, remedy: str) -> Refusal:
    """Return a refusal of this role."""
    return Refusal(REQUIREMENT, variable, what, needed, remedy)


def other_manager(sight: Sight) -> list[Refusal]:
    """Refuse two firewalls at once."""
    other = {"ufw": "firewalld", "firewalld": "ufw"}[sight.backend.name]
    active = (
        sight.units.active.get("firewalld.service")
        if other == "firewalld"
        else Ufw(sight.backend.module, sight.units).active()
    )
    if not active:
        return []
    return [
        refusal(
            "firewall_backend",
            f"{other} active beside {sight.backend.name}",
            "one firewall",
            f"set firewall_backend: {other} to keep it, or disable {other} by hand",
        )
    ]


def foreign_rules(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Refuse rules of somebody else, unless the site said what to do with them."""
    beyond = [word for word in sight.foreign if word.startswith(BEYOND)]
    if beyond and module.params["existing"] == "replace":
        return [
            refusal(
                "firewall_existing",
                f"rules of somebody else that cannot be replaced: {'; '.join(beyond)}",
                "nothing but zones, tables and rules, which can be recorded and put back",
                "take them away by hand, or set firewall_existing: keep",
            )
        ]
    if not sight.foreign or module.params["existing"] != "refuse":
        return []
    told = "; ".join(sight.foreign[:12])
    more = f" and {len(sight.foreign) - 12} more" if len(sight.foreign) > 12 else ""
    return [
        refusal(
            "firewall_existing",
            f"rules of somebody else: {told}{more}",
            "to know what is to become of them",
            "list what is needed in firewall_rules and take them away, or set firewall_existing: keep (they stay and "
            "ours are added) or replace (they are recorded, taken away, and put back by remove)",
        )
    ]


def then(module: AnsibleModule, sight: Sight) -> list[model.Entry]:
    """Return what the node's own firewall will let in."""
    return sight.backend.then(sight.rules, module.params["existing"] != "replace")


def locked_out(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Refuse a list that would not let in whoever applies it."""
    if sight.connection is None or model.passes(sight.connection, then(module, sight)):
        return []
    here = sight.connection
    return [
        refusal(
            "firewall_ssh_ports" if module.params["ssh_ports"] else "firewall_rules",
            f"a list that closes port {here.port} to {here.source}, from where this run reaches the node "
            f"(open: {model.expected_text(sight.rules)})",
            f"a list that lets in the present connection, tcp {here.port} from {here.source}, as the node sees it",
            f"open tcp {here.port} to the network of {here.source}, which is the jump host's address when there is one",
        )
    ]


def cut_ports(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Refuse to close ports in use."""
    if module.params["close_unlisted"] or not sight.reasons:
        return []
    published = found.parse_published(published_ports(module))
    own = [item for item in found.in_use(sight.listeners, published) if item not in published]
    now, listed = sight.backend.now(), [model.Entry(*_listed(line)) for line in sight.record.get("listed", [])]
    lost = found.cut(own, now, then(module, sight))
    if now is not None:
        # What our own list opened and does not name any more is closed because the site said so.
        lost = [item for item in lost if not found.is_open(item, listed)]
    if not kernel_table(module):
        lost += found.cut(published, None, model.entries(sight.rules))
    if not lost:
        return []
    ports = ", ".join(sorted({str(item.port) for item in lost}, key=int))
    return [
        refusal(
            "firewall_close_unlisted",
            f"ports in use that the list does not name: {', '.join(item.text() for item in lost)}",
            "every port in use listed, or your word that it may be closed",
            f"add {ports} to firewall_rules, or set firewall_close_unlisted: true to close what is not listed",
        )
    ]


def _listed(line: Sequence[Any]) -> tuple[bool, str, tuple[model.Span, ...], str, str]:
    """Return a recorded line of the list."""
    return bool(line[0]), str(line[1]), tuple((int(a), int(b)) for a, b in line[2]), str(line[3]), str(line[4])


def published_ports(module: AnsibleModule) -> str:
    """Return the names and published ports of the containers that run."""
    text = ""
    for program in ("docker", "podman"):
        if module.get_bin_path(program):
            argv = ["timeout", "20", program, "ps", "--format", "{{.Names}}\t{{.Ports}}"]
            text += says(module, *argv)
    return text


def unparsed(module: AnsibleModule, sight: Sight) -> list[Refusal]:
    """Refuse rules that the kernel's own tools do not take."""
    if not sight.reasons:
        return []
    bad = sight.backend.problems(sight.after)
    table = sight.after[undo.TABLE_FILE] or b""
    code, out, err = node.run(module, ["nft", "-c", "-f", "-"], data=table)
    if code not in (0, 127):
        bad.append((undo.TABLE_FILE, (err or out).strip()))
    return [
        refusal(
            "firewall_rules",
            f"rules for {path} that cannot be loaded: {said[-400:]}",
            "rules that the kernel's tools accept",
            "repair what they name; the running firewall was left alone",
        )
        for path, said in bad
    ]


def stop(module: AnsibleModule, reasons_to_stop: Sequence[Refusal], **more: Any) -> None:
    """Stop in words; nothing was changed."""
    module.fail_json(
        msg=summary(reasons_to_stop, "the firewall of this node"),
        refusals=[item.as_dict() for item in reasons_to_stop],
        **more,
    )


# ------------------------------------------------------------------------------------------ changing


@contextmanager
def locked(path: str = undo.LOCK) -> Iterator[None]:
    """Hold the lock that the undo takes, too, or the one by which runs wait for each other."""
    os.makedirs(at(undo.HOME), mode=0o755, exist_ok=True)
    with open(at(path), "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def put(module: AnsibleModule, path: str, content: bytes | None) -> None:
    """Write or delete a file."""
    if content is None:
        node.delete(at(path))
    else:
        node.write(module, at(path), content, mode_of(path))


def link(path: str, target: str) -> None:
    """Make a link, its folder too."""
    if link_of(path) != target:
        node.delete(at(path))
        node.make_directory(os.path.dirname(at(path)), 0o755)
        os.symlink(target, at(path))


def stop_timers(module: AnsibleModule, *more: str) -> None:
    """Disarm the undo."""
    node.run(module, ["systemctl", "stop", *(f"{name}.timer" for name in undo.TIMERS), *more])


def run_undo(module: AnsibleModule) -> bool:
    """Put the former firewall back now; say whether there was anything to put back."""
    if not os.path.exists(at(undo.PENDING)):
        return False
    stop_timers(module)
    node.run(module, ["/bin/sh", at(undo.SCRIPT)])
    return True


def keep_former(module: AnsibleModule, sight: Sight, paths: Sequence[str]) -> None:
    """Keep everything that the undo needs."""
    shutil.rmtree(at(undo.KEPT), ignore_errors=True)
    os.makedirs(os.path.join(at(undo.KEPT), "files"), mode=0o700)
    present, absent = [], []
    for number, path in enumerate(paths):
        if os.path.lexists(at(path)):
            copy = os.path.join(at(undo.KEPT), "files", str(number))
            shutil.copy2(at(path), copy, follow_symlinks=False)
            status = os.lstat(at(path))
            os.chown(copy, status.st_uid, status.st_gid, follow_symlinks=False)
            present.append(f"{number} {path}\n")
        else:
            absent.append(f"{path}\n")
    four, six = ufw.policies(says(module, "iptables-save")), ufw.policies(says(module, "ip6tables-save"))
    values = {
        "ufw": "yes" if Ufw(module, sight.units).active() else "no",
        "firewalld": "yes" if sight.units.active.get("firewalld.service") else "no",
        **{chain.lower(): policy for chain, policy in four.items()},
        **{f"{chain.lower()}6": policy for chain, policy in six.items()},
    }
    for name, text in (
        ("present", "".join(present)),
        ("absent", "".join(absent)),
        ("before", undo.before_text(values)),
    ):
        node.write(module, os.path.join(at(undo.KEPT), name), text.encode(), 0o600)


def arm(module: AnsibleModule, sight: Sight) -> str:
    """Arm the undo, for a timer and for a boot; return when it strikes."""
    node.delete(at(undo.UNDONE))
    own = undo.own_files(nft_program(module))
    for path in (undo.SCRIPT, undo.SETTLE):
        put(module, path, own[path].encode())
    for path, target in undo.LINKS.items():
        if target == undo.SETTLE:
            link(path, target)
    safe = {undo.SCRIPT, undo.SETTLE, *(path for path, target in undo.LINKS.items() if target == undo.SETTLE)}
    keep_former(
        module,
        sight,
        [
            path
            for path in [*sight.after, *undo.LINKS, *sight.backend.links, *LOADERS.values(), STATE]
            if path not in safe
        ],
    )
    node.run(module, ["systemctl", "daemon-reload"])
    seconds = int(module.params["undo_seconds"])
    deadline = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    text = f"{deadline:%Y-%m-%dT%H:%M:%SZ}"
    node.write(module, at(undo.PENDING), f"{text} {module.params['nonce']}\n".encode(), 0o600)
    services = [f"{name}.service" for name in undo.TIMERS]
    stop_timers(module, *services)
    node.run(module, ["systemctl", "reset-failed", *services])
    for name in undo.TIMERS:
        code, out, err = node.run(module, undo.timer_arguments(name, seconds))
        if code:
            node.delete(at(undo.PENDING))
            stop_timers(module)
            said = (err or out).strip()
            module.fail_json(msg=f"[{REQUIREMENT}] The undo could not be armed, so nothing was changed: {said}")
    return text


def apply(module: AnsibleModule, sight: Sight) -> None:
    """Write the set and let the kernel take it over; on any error put the former state back at once."""
    problem = ""
    changed = sight.changed()
    replaced = sight.backend.replaced()
    try:
        for path in changed:
            put(module, path, sight.after[path])
        for path, target in undo.LINKS.items():
            link(path, target)
        node.run(module, ["systemctl", "daemon-reload"])
        problem = load_table(module) or sight.backend.load(changed)
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    if not problem:
        if module.params["existing"] == "replace":
            theirs = kernel_rules(module, sight)
            sight.record["replaced"] = merged(sight.record.get("replaced", {}), {**replaced, **theirs})
            take_away(module, theirs)
        problem = save_applied(module, sight)
    if problem:
        run_undo(module)
        module.fail_json(
            msg=f"[{REQUIREMENT}] The firewall could not be applied: {problem}. The former rules are in force again.",
            undone=True,
        )


# ------------------------------------------------------------------------------------------ rules that are replaced

# Units that load rules of their own at boot, and the links that enable them.
LOADERS = {
    "nftables.service": "/etc/systemd/system/sysinit.target.wants/nftables.service",
    "netfilter-persistent.service": "/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service",
}
# What is theirs and cannot be put back by us, so it is not taken away either.
BEYOND = ("firewalld: direct rules", "firewalld: policy", "firewalld: active zone")


def kernel_rules(module: AnsibleModule, sight: Sight) -> dict[str, Any]:
    """Return the rules of somebody else that the kernel has beside the node's firewall, to put them back later."""
    tables = {
        name: says(module, "nft", "--stateless", "list", "table", *name.split())
        for name in found.foreign_tables(says(module, "nft", "-j", "list", "ruleset"))
    }
    rules = {
        program: found.foreign_iptables(says(module, f"{program}-save"), sight.bridges)
        for program in ("iptables", "ip6tables")
    }
    return {"tables": tables, "iptables": rules, "units": [unit for unit in LOADERS if sight.units.enabled.get(unit)]}


def merged(first: Any, second: Any) -> Any:
    """Return what was replaced before and what is replaced now as one; what was there first stays."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: merged(first.get(key), second.get(key)) for key in {**first, **second}}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *(item for item in second if item not in first)]
    return second if first is None else first


def take_away(module: AnsibleModule, theirs: Mapping[str, Any]) -> None:
    """Take the rules of somebody else out of the kernel; what puts them back is written down first."""
    node.write(module, at(f"{undo.KEPT}/more"), undo.back_script(theirs).encode(), 0o600)
    for unit in theirs["units"]:
        # Not stopped: stopping nftables.service would flush ours, too.
        node.run(module, ["systemctl", "disable", unit])
    for program, rules in theirs["iptables"].items():
        for rule in rules:
            node.run(module, [program, *undo.rule_arguments(rule, "-D")])
    for name in theirs["tables"]:
        node.run(module, ["nft", "delete", "table", *name.split()])


def put_back(module: AnsibleModule, theirs: Mapping[str, Any]) -> None:
    """Put the rules of somebody else back into the kernel, and let them be loaded at boot again."""
    node.run(module, ["/bin/sh", "-s"], data=undo.back_script(theirs).encode())
    for unit in theirs.get("units", []):
        node.run(module, ["systemctl", "enable", unit])


def load_table(module: AnsibleModule) -> str:
    """Load our table and keep it loaded at boot; return what went wrong."""
    for argv in (["nft", "-f", at(undo.TABLE_FILE)], ["systemctl", "start", "eucaim-firewall.service"]):
        code, out, err = node.run(module, argv)
        if code:
            return f"{' '.join(argv)}: {(err or out).strip()}"
    return ""


def save_applied(module: AnsibleModule, sight: Sight) -> str:
    """Record what was loaded; return what is wrong with it."""
    sight.backend.look_again()
    if not sight.backend.active():
        return f"{sight.backend.name} does not decide what comes in"
    record = sight.record
    if "before" in record:
        came = set(installed(module)) - set(record.pop("before")) - set(record["packages"])
        record["dependencies"] = sorted({*record.get("dependencies", []), *came})
    record.update(
        backend=sight.backend.name,
        live=digest("\n".join(sight.backend.live())),
        table=digest(kernel_table(module)),
        addresses=sight.addresses,
        bridges=sight.bridges,
        zone=fwd.items(sight.rules),
        listed=[
            [line.allow, line.protocol, line.ports, line.source, line.destination]
            for line in model.entries(sight.rules)
        ],
    )
    save_record(module, record)
    if module.params["nonce"]:
        node.write(module, at(NONCE), f"{module.params['nonce']}\n".encode(), 0o644)
    return ""


def diff_of(sight: Sight) -> list[dict[str, Any]]:
    """Return Ansible's diff."""
    parts = [
        (path, (sight.before[path] or b"").decode("utf-8", "replace"), (content or b"").decode("utf-8", "replace"))
        for path, content in sight.after.items()
    ]
    packages = "".join(f"{name}\n" for name in sight.missing)
    return node.diff_of([("packages that are missing", "", packages), *parts])


def present(module: AnsibleModule, only_look: bool) -> None:
    """Apply the list, or say what there is to do; of two runs at once one waits for the other."""
    if only_look or module.check_mode:
        proceed(module, only_look, False)
    with locked(undo.RUNS):
        proceed(module, only_look, run_undo(module))


def proceed(module: AnsibleModule, only_look: bool, settled: bool) -> NoReturn:
    """Look, refuse, arm the undo and apply, or say what there is to do."""
    sight = look(module)
    result: dict[str, Any] = {
        "backend": sight.backend.name,
        "needed": bool(sight.reasons),
        "reasons": sight.reasons,
        "missing": sight.missing,
        "foreign": sight.foreign,
        "rules": model.expected_text(sight.rules),
        "pending": False,
        "settled": settled,
    }
    stops = refusals(module, sight)
    if stops:
        stop(module, stops, **result)
    result["diff"] = diff_of(sight)
    if only_look or module.check_mode or not sight.reasons:
        module.exit_json(changed=bool(sight.reasons) and not only_look, **result)
    if sight.missing:
        module.fail_json(msg=f"The packages {', '.join(sight.missing)} are missing; install them first.", **result)
    if not sight.record.get("backend"):
        sight.record["settings"] = sight.backend.settings()
    deadline = arm(module, sight)
    apply(module, sight)
    result.update(pending=True, deadline=deadline)
    module.exit_json(changed=True, **result)


def confirmed(module: AnsibleModule) -> None:
    """Disarm the undo, if it has not struck."""
    with locked():
        if not os.path.exists(at(undo.PENDING)):
            module.fail_json(
                msg=f"[{REQUIREMENT}] No new connection was proven in time: the undo had struck already "
                f"({read(undo.UNDONE).strip() or 'time unknown'}), and the former rules are in force. Look at what "
                "firewall_rules opens and to whom, and whether a login takes longer than firewall_undo_seconds."
            )
        if read(undo.PENDING).split()[1:] != module.params["nonce"].split():
            module.fail_json(
                msg=f"[{REQUIREMENT}] Another run has taken this change back and made its own, which it has to prove "
                "itself. Run again when it has ended."
            )
        node.delete(at(undo.PENDING))
    stop_timers(module)
    shutil.rmtree(at(undo.KEPT), ignore_errors=True)
    node.delete(at(NONCE))
    module.exit_json(changed=True, backend=str(load_record().get("backend", "")), pending=False)


def installed(module: AnsibleModule) -> list[str]:
    """Return the names of all installed packages."""
    _family, packages = node.list_packages(module)
    return sorted(name for name, package in packages.items() if package.installed)


def claimed(module: AnsibleModule) -> None:
    """Record which packages are about to be installed for us, and what is there before."""
    record = load_record()
    packages = sorted({*record.get("packages", []), *module.params["packages"]})
    changed = packages != record.get("packages", [])
    record["packages"] = packages
    if changed:
        record.setdefault("before", installed(module))
        if "firewalld" in packages and not module.check_mode and not module.get_bin_path("firewall-offline-cmd"):
            # It must not start, not even after a restart of the node, before somebody looked at what it would close.
            link(MASK, "/dev/null")
    if changed and not module.check_mode:
        save_record(module, record)
    module.exit_json(changed=changed, backend=chosen(module, look_at_units(module)))


def packages_to_purge(module: AnsibleModule, record: Mapping[str, Any]) -> list[str]:
    """Return the packages that came for us, and those that came along and that nothing else needs."""
    packages = [str(name) for name in record.get("packages", [])]
    if not packages:
        return []
    argv = ["apt-get", "--simulate", "-o", "APT::AutoRemove::SuggestsImportant=false", "autoremove", *packages]
    return [*packages, *removable(says(module, *argv), record.get("dependencies", []))]


# ------------------------------------------------------------------------------------------ evidence


def row(status: str, expected: str, measured: str, how: str) -> dict[str, str]:
    """Return a row of evidence."""
    return {"requirement": REQUIREMENT, "status": status, "expected": expected, "measured": measured, "how": how}


def probe(module: AnsibleModule) -> None:
    """Measure what the kernel lets in and out, and return the rows."""
    sight = look(module)
    open_ports = found.in_use(sight.listeners, found.parse_published(published_ports(module)))
    ports = ", ".join(item.text() for item in open_ports) or "none"
    if not module.params["enabled"]:
        rows = [
            row(
                "unanswered",
                "from outside only the listed ports are open",
                f"the site keeps its own firewall (firewall_enabled is false); in use: {ports}",
                "asked who listens",
            )
        ]
    else:
        rows = [inbound_row(module, sight), *boot_rows(module, sight), outbound_row(module)]
    module.exit_json(changed=False, backend=sight.backend.name, rows=rows)


def inbound_row(module: AnsibleModule, sight: Sight) -> dict[str, str]:
    """Say whether the kernel's own rules let in what the list says, and nothing else."""
    expected = f"open over IPv4 and IPv6: {model.expected_text(sight.rules)}"
    how = f"read the kernel's rules of {sight.backend.name}"
    now = sight.backend.now()
    if now is None:
        return row("unmet", expected, f"{sight.backend.name} does not decide what comes in", how)
    wanted = model.entries(sight.rules)
    keep = module.params["existing"] == "keep"
    more = [] if keep else [line for line in now if line.allow and not model.covered(line, wanted)]
    less = [line for line in wanted if not model.covered(line, now)]
    strange = [] if keep else sight.foreign
    words = [f"open beside it: {model.entry_text(line)}" for line in dict.fromkeys(more)]
    words += [f"not open: {model.entry_text(line)}" for line in dict.fromkeys(less)]
    words += [f"of somebody else: {text}" for text in strange]
    measured = "; ".join(words) or f"as listed, {sight.backend.name} decides, all else is dropped"
    return row("unmet" if words else "met", expected, measured, how)


def boot_rows(module: AnsibleModule, sight: Sight) -> list[dict[str, str]]:
    """Say whether the published ports of containers are closed, and whether all that is back after a restart."""
    table = kernel_table(module)
    differs = [path for path in sight.changed() if path not in sight.backend.rule_files]
    differs += [path for path, target in undo.LINKS.items() if link_of(path) != target]
    same = bool(table) and digest(table) == sight.record.get("table")
    words = [] if same else ["the table inet eucaim " + ("is another one" if table else "is not loaded")]
    words += [f"{path} is not as it was written" for path in differs]
    if os.path.exists(at(undo.PENDING)):
        words.append("a change was never proven and is about to be undone")
    closed = nft.counters(says(module, "nft", "-j", "list", "counters", "table", nft.FAMILY, nft.TABLE)).get(
        "closed", 0
    )
    return [
        row(
            "unmet" if words else "met",
            "published ports of containers are open only when listed, and the rules are back before the network is up",
            "; ".join(words) or f"loaded, and loaded at boot; {closed} packets to closed ports of containers so far",
            "compared the table inet eucaim, its units and files with what was loaded",
        )
    ]


def outbound_row(module: AnsibleModule) -> dict[str, str]:
    """Say what goes out that the list does not name."""
    enforce = module.params["outbound"] == "enforce"
    numbers = nft.counters(says(module, "nft", "-j", "list", "counters", "table", nft.FAMILY, nft.TABLE))
    places: list[str] = []
    for name in nft.SEEN:
        places += nft.seen(says(module, "nft", "-j", "list", "set", nft.FAMILY, nft.TABLE, name))
    verb = "dropped" if enforce else "counted"
    measured = (
        f"{verb}: {numbers.get('unlisted_node', 0)} packets of the node, {numbers.get('unlisted_containers', 0)} of "
        "containers to places that the list does not name"
    )
    if places:
        more = f" and {len(places) - 20} more" if len(places) > 20 else ""
        measured += f": {', '.join(places[:20])}{more}"
    return row(
        "met" if numbers else "unmet",
        f"connections outwards are known; what the list does not name is {verb}",
        measured if numbers else "nothing looks at what goes out",
        "read the counters of the table inet eucaim",
    )


def absent(module: AnsibleModule) -> None:
    """Take away what we brought, and put back what we replaced."""
    if not module.check_mode:
        run_undo(module)
    record = load_record()
    packages = packages_to_purge(module, record)
    units = look_at_units(module)
    backend = backend_of(module, str(record.get("backend", "ufw")), units, record)
    after: Files = {}
    if record.get("backend") == backend.name:
        after.update(backend.restored(record.get("settings", {}), record.get("replaced", {})))
    own = [undo.TABLE_FILE, *undo.LINKS, undo.SCRIPT, undo.UNIT, undo.SETTLE, undo.NFTABLES_DROP_IN, STATE]
    own += [undo.UNDONE, undo.LOCK, NONCE]
    own += [MASK] if link_of(MASK) == "/dev/null" and "firewalld" in record.get("packages", []) else []
    gone = [path for path in own if os.path.lexists(at(path))]
    before = {path: node.read_bytes(at(path)) for path in after}
    changed = [path for path, content in after.items() if before[path] != content]
    if not module.check_mode and (gone or changed):
        for path in changed:
            put(module, path, after[path])
        if record.get("backend"):
            backend.unload(record.get("settings", {}))
        if record.get("replaced"):
            put_back(module, record["replaced"])
        node.run(module, ["systemctl", "stop", "eucaim-firewall.service"])
        node.run(module, ["nft", "delete", "table", nft.FAMILY, nft.TABLE])
        for path in gone:
            node.delete(at(path))
            node.delete_empty_directory(os.path.dirname(at(path)))
        shutil.rmtree(at(undo.HOME), ignore_errors=True)
        for folder in ("/etc/eucaim", os.path.dirname(STATE), os.path.dirname(undo.HOME)):
            node.delete_empty_directory(at(folder))
        node.run(module, ["systemctl", "daemon-reload"])
    module.exit_json(
        changed=bool(gone or changed),
        packages=packages,
        backend=str(record.get("backend", "")),
        removed=gone,
        restored=changed,
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["present", "compared", "claimed", "confirmed", "probe", "absent"],
                "default": "present",
            },
            "backend": {"type": "str", "choices": ["auto", "ufw", "firewalld"], "default": "auto"},
            "inbound_ports": {"type": "list", "elements": "raw", "default": [22, 80, 443]},
            "ssh_ports": {"type": "list", "elements": "int", "default": []},
            "rules": {"type": "list", "elements": "dict", "default": []},
            "dependent_rules": {"type": "list", "elements": "dict", "default": []},
            "outbound": {"type": "str", "choices": ["report", "enforce"], "default": "report"},
            "existing": {"type": "str", "choices": ["refuse", "keep", "replace"], "default": "refuse"},
            "close_unlisted": {"type": "bool", "default": False},
            "undo_seconds": {"type": "int", "default": 60},
            "packages": {"type": "list", "elements": "str", "default": []},
            "enabled": {"type": "bool", "default": True},
            "nonce": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    if state in ("present", "compared"):
        present(module, state == "compared")
    elif state == "confirmed":
        confirmed(module)
    elif state == "claimed":
        claimed(module)
    elif state == "probe":
        probe(module)
    elif state == "absent":
        absent(module)


if __name__ == "__main__":
    main()
