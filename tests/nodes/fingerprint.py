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
import stat
import subprocess

TREES = ("/etc", "/opt", "/usr/local", "/root/.ssh", "/var/lib/eucaim")
VOLATILE_FILES = {
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
    """Type, mode, owner and content of everything below the watched trees and in the users' .ssh."""
    trees = list(TREES)
    trees += [os.path.join("/home", user, ".ssh") for user in sorted(os.listdir("/home"))]
    found: dict[str, str] = {}
    for tree in trees:
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


def rules() -> dict[str, str]:
    """Packet filter rules, without counters and dates.

    The name server at 127.0.0.11 belongs to the engine of the control machine, which moves its ports at every start.
    """
    found = {}
    for program in (("nft", "--stateless", "list", "ruleset"), ("iptables-save",), ("ip6tables-save",)):
        lines = [re.sub(r"\[\d+:\d+\]", "", line) for line in output(*program).splitlines()]
        found[program[0]] = "\n".join(line for line in lines if not line.startswith("#") and "127.0.0.11" not in line)
    return found


def packages() -> dict[str, str]:
    """Installed packages with version and hold."""
    text = output("dpkg-query", "-W", "-f", r"${Package}:${Architecture} ${Version} ${Status}\n")
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in text.splitlines()}


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
                "rules": rules(),
                "packages": packages(),
                "containers": containers(),
            },
            sort_keys=True,
        )
    )
