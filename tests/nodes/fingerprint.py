# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a node: prints, as JSON, everything that a run of Ansible could have changed there.

Two prints of an untouched node are equal. Left out is only what moves by
itself, and each such thing is named here with its reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import stat
import struct
import subprocess

TREES = ("/etc", "/opt", "/usr/local", "/root", "/home", "/srv", "/var/lib/eucaim", "/var/mail", "/var/spool")
# Of these only the names are taken: what programs keep in them is their own.
SHELVES = ("/", "/var", "/var/cache", "/var/lib", "/var/log", "/var/tmp")
VOLATILE_FILES = {
    "/home/operator/.ansible": "Ansible's own workshop in the home of who runs it, kept for the next run",
    "/root/.ansible": "the same, of root",
    "/home/operator/.sudo_as_admin_successful": "sudo's own note that this user has used it",
    "/etc/resolv.conf": "written by the engine of the control machine at every start of the node",
    "/etc/hosts": "written by the engine of the control machine at every start of the node",
    "/var/lib/eucaim/evidence": "the record of looking: verify writes it anew each time, with the time of day",
}
VOLATILE_UNITS = {
    r"user@\d+\.service": "comes and goes with a login",
    r"user-runtime-dir@\d+\.service": "comes and goes with a login",
    r"systemd-(hostnamed|timedated|localed)\.service": "started by a question on the bus, ends when idle",
}


def output(*argv: str) -> str:
    """Standard output of a program; a program that is not installed says so."""
    if shutil.which(argv[0]) is None:
        return "(not installed)"
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(argv, capture_output=True, text=True, env=environment, check=False).stdout


def files() -> dict[str, str]:
    """Type, mode, owner and content of everything below the watched trees, and what stands on the shelves."""
    found: dict[str, str] = {}
    for shelf in SHELVES:
        # systemd gives its services such a folder at each of their starts.
        names = [name for name in os.listdir(shelf) if not name.startswith("systemd-private-")]
        found |= {os.path.join(shelf, name): "there" for name in names}
    for tree in TREES:
        for folder, folders, names in os.walk(tree):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in VOLATILE_FILES]
            for path in [folder, *(os.path.join(folder, name) for name in [*names, *folders])]:
                if path not in VOLATILE_FILES:
                    found[path] = describe(path)
    return found


def describe(path: str) -> str:
    """One line about one path."""
    state = os.lstat(path)
    line = f"{stat.filemode(state.st_mode)} {state.st_uid}:{state.st_gid}"
    if stat.S_ISLNK(state.st_mode):
        return f"{line} -> {os.readlink(path)}"
    if stat.S_ISREG(state.st_mode):
        with open(path, "rb") as stream:
            return f"{line} {hashlib.sha256(stream.read()).hexdigest()}"
    return line


def users() -> dict[str, str]:
    """Accounts and groups, with a hash of the password field instead of the field."""
    found = {}
    for database in ("passwd", "group", "shadow"):
        for line in output("getent", database).splitlines():
            shown = hashlib.sha256(line.encode()).hexdigest() if database == "shadow" else line
            found[f"{database}:{line.split(':')[0]}"] = shown
    return found


def units() -> dict[str, str]:
    """Whether each unit is enabled, and whether each lasting one is active."""
    found = {}
    for line in output("systemctl", "list-unit-files", "--no-legend", "--no-pager").splitlines():
        name, state = line.split()[:2]
        if not name.endswith((".scope", ".mount", ".device")):
            found[f"{name} enabled"] = state
    shown = output(
        "systemctl",
        "show",
        "--all",
        "--no-pager",
        "--property=Id,LoadState,ActiveState,TriggeredBy",
        "*.service",
        "*.socket",
        "*.timer",
        "*.path",
    )
    for block in shown.strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        name = unit.get("Id", "")
        moves = any(re.fullmatch(pattern, name) for pattern in VOLATILE_UNITS) or ".timer" in unit.get(
            "TriggeredBy", ""
        )
        if unit.get("LoadState") == "loaded" and not moves:
            found[f"{name} active"] = unit["ActiveState"]
    return found


EMPTY_TABLE = re.compile(r"^\*\w+\n(?::[A-Z]+ ACCEPT ?\n)+COMMIT$\n?", re.MULTILINE)


def rules() -> dict[str, str]:
    """Packet filter rules, without counters and dates.

    The name server at 127.0.0.11 belongs to the engine of the control machine, which moves its ports at every start.
    A table of iptables in which nothing stands is left out: it does what no table does, and to look can be to make it.
    """
    found = {}
    for program in (("nft", "--stateless", "list", "ruleset"), ("iptables-save",), ("ip6tables-save",)):
        lines = [re.sub(r"\[\d+:\d+\]", "", line) for line in output(*program).splitlines()]
        text = "\n".join(line for line in lines if not line.startswith("#") and "127.0.0.11" not in line)
        found[program[0]] = EMPTY_TABLE.sub("", text).strip()
    return found


def kernel_rules() -> dict[str, str]:
    """Tables and chains of the packet filter, with the number of their rules, as the kernel itself says.

    The programs that list rules come and go with the packages that bring them; the rules would stay unseen.
    """
    policies, counts = netfilter(NFT_GET_CHAIN), netfilter(NFT_GET_RULE)
    return {f"kernel {chain}": f"policy {policies[chain][0]}, {len(counts.get(chain, []))} rules" for chain in policies}


NFT_GET_CHAIN, NFT_GET_RULE = 4, 7
NAME_OF_CHAIN = {NFT_GET_CHAIN: 3, NFT_GET_RULE: 2}
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}


def netfilter(question: int) -> dict[str, list[str]]:
    """Ask the kernel for all chains or for all rules; the answers by family, table and chain."""
    found: dict[str, list[str]] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as line:
        line.settimeout(5)
        # A dump (0x300) of the subsystem nftables (10), of all families (0).
        line.send(struct.pack("=IHHII", 20, 10 << 8 | question, 0x301, 1, 0) + bytes(4))
        while True:
            packet = line.recv(1 << 20)
            while packet:
                length, kind = struct.unpack_from("=IH", packet)
                if kind in (2, 3):
                    return found
                parts = attributes(packet[20:length])
                names = [parts[number].rstrip(b"\0").decode() for number in (1, NAME_OF_CHAIN[question])]
                found.setdefault(" ".join([FAMILIES.get(packet[16], "?"), *names]), []).append(policy_of(parts))
                packet = packet[(length + 3) & ~3 :]


def policy_of(parts: dict[int, bytes]) -> str:
    """Return a chain's policy; a chain that others jump to has none."""
    return {b"\0\0\0\0": "drop", b"\0\0\0\1": "accept"}.get(parts.get(5, b""), "none")


def attributes(data: bytes) -> dict[int, bytes]:
    """Take a netlink message apart."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def network() -> dict[str, str]:
    """Interfaces, but for the ends of containers, which come and go with them, and whether the kernel forwards."""
    found = {name: "there" for name in os.listdir("/sys/class/net") if not name.startswith("veth")}
    for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        if os.path.exists(f"/proc/sys/net/{setting}"):
            with open(f"/proc/sys/net/{setting}", encoding="ascii") as stream:
                found[setting] = stream.read().strip()
    return found


def packages() -> dict[str, str]:
    """Installed packages with version and hold, and whether somebody asked for them."""
    text = output("dpkg-query", "-W", "-f", r"${Package}:${Architecture} ${Version} ${Status}\n")
    found = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in text.splitlines()}
    return found | {f"{name} asked for": "yes" for name in output("apt-mark", "showmanual").split()}


def containers() -> dict[str, str]:
    """Containers, images, networks and volumes of the node's own engine; nothing about time."""
    found: dict[str, str] = {}
    ids = output("docker", "ps", "--all", "--quiet", "--no-trunc").split() if shutil.which("docker") else []
    if ids:
        for item in json.loads(output("docker", "inspect", *ids)):
            # A container that waits for enrolment is restarted again and again: running and restarting are one state.
            state = "up" if item["State"]["Status"] in ("running", "restarting") else item["State"]["Status"]
            parts = [item["Id"], item["Image"], state]
            # The engine lists mounts in no order.
            item["Mounts"] = sorted(json.dumps(mount, sort_keys=True) for mount in item["Mounts"])
            for part in ("Config", "HostConfig", "Mounts"):
                parts.append(hashlib.sha256(json.dumps(item[part], sort_keys=True).encode()).hexdigest())
            found[f"container {item['Name']}"] = " ".join(parts)
    if shutil.which("docker"):
        for line in output(
            "docker", "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"
        ).splitlines():
            found[f"image {line}"] = "present"
        for line in output("docker", "network", "ls", "--no-trunc", "--format", "{{.Name}} {{.ID}}").splitlines():
            # The engine makes these three anew at each of its starts.
            name, number = line.split(" ", 1)
            found[f"network {name}"] = "built in" if name in ("bridge", "host", "none") else number
        for line in output("docker", "volume", "ls", "--format", "{{.Name}}").splitlines():
            found[f"volume {line}"] = "present"
    return found


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "files": files(),
                "users": users(),
                "units": units(),
                "rules": rules() | kernel_rules(),
                "network": network(),
                "packages": packages(),
                "containers": containers(),
            },
            sort_keys=True,
        )
    )
