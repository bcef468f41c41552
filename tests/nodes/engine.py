# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container engine of the control machine, and where this checkout keeps its caches."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
KEYS = CACHE / "keys"
LABEL = "eu.eucaim.local-node"


class EngineError(RuntimeError):
    """Something on the control machine is not as needed; says what was found, what is needed and what to do."""

    def __init__(self, found: str, needed: str, remedy: str) -> None:
        super().__init__(f"found: {found}; needed: {needed}; remedy: {remedy}")


def run(
    argv: Sequence[str], *, stdin: str | None = None, check: bool = True, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program, keep its output, and put its last words into the error if it fails."""
    done = subprocess.run(list(argv), input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise RuntimeError(f"{' '.join(argv[:6])} ... ended with {done.returncode}: {words}")
    return done


def docker(*args: str, stdin: str | None = None, check: bool = True, timeout: float | None = None) -> str:
    """Run one docker command and return what it printed."""
    return run(["docker", *args], stdin=stdin, check=check, timeout=timeout).stdout.strip()


def exists(kind: str, name: str) -> bool:
    """Is there an image, container, network or volume of this name?"""
    return run(["docker", kind, "inspect", name], check=False).returncode == 0


def require() -> None:
    """Refuse early and plainly when no engine answers."""
    if shutil.which("docker") is None:
        raise EngineError("no docker command", "a Docker engine", "run scripts/demo as root: it installs docker.io")
    answer = run(["docker", "info", "--format", "{{.ServerVersion}}"], check=False)
    if answer.returncode != 0:
        raise EngineError(
            answer.stderr.strip() or "an engine that does not answer",
            "a Docker engine that answers `docker info`",
            "start it (systemctl start docker), or run scripts/demo as root: it starts one",
        )


@dataclass(frozen=True)
class Hold:
    """How this machine lets a container run systemd: with every capability or not, on which cgroup layout."""

    privileged: bool
    layout: str


CAPABILITIES = (
    "SYS_ADMIN",
    "NET_ADMIN",
    "SYS_PTRACE",
    "SYS_BOOT",
    "SYS_NICE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "MKNOD",
    "NET_RAW",
    "SYS_CHROOT",
    "DAC_READ_SEARCH",
    "SYSLOG",
    "IPC_LOCK",
)


def detect(image: str) -> Hold:
    """Look at the cgroup layout, and try whether a container may have every capability."""
    version = docker("info", "--format", "{{.CgroupVersion}}")
    if version == "2":
        layout = "unified"
    elif Path("/sys/fs/cgroup/unified/cgroup.procs").exists():
        layout = "hybrid"
    else:
        raise EngineError(
            "control groups of version 1 only",
            "version 2, alone or beside version 1",
            "boot with systemd.unified_cgroup_hierarchy=1",
        )
    tried = run(["docker", "run", "--rm", "--privileged", "--network=none", image, "true"], check=False)
    return Hold(privileged=tried.returncode == 0, layout=layout)


def hold_arguments(hold: Hold) -> list[str]:
    """Arguments of `docker run` with which systemd, and an engine of its own, live in a container."""
    if hold.privileged:
        rights = ["--privileged"]
    else:
        rights = [part for name in CAPABILITIES for part in ("--cap-add", name)]
        rights += ["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
    if hold.layout == "hybrid":
        rights += ["--cgroupns=host", "-v", "/sys/fs/cgroup/unified:/sys/fs/cgroup:rw"]
    else:
        rights += ["--cgroupns=private"]
    return rights


# What a node does before systemd takes over: the layout is $1, the node's name $2.
BOOT = """set -e
# Without every capability the engine makes this part of /proc read-only.
if mountpoint -q /proc/sys; then mount -o remount,rw /proc/sys; fi
test -e /etc/ssh/ssh_host_ed25519_key || ssh-keygen -q -A
if [ "$1" = hybrid ]; then
  # Every node on this machine sees the same tree. A node that took its root
  # would share system.slice with the next one and kill its services.
  mkdir -p "/sys/fs/cgroup/eucaim-node-$2"
  echo 1 > "/sys/fs/cgroup/eucaim-node-$2/cgroup.procs"
  mount --bind "/sys/fs/cgroup/eucaim-node-$2" /sys/fs/cgroup
  exec unshare --cgroup /sbin/init
fi
mount -o remount,rw /sys/fs/cgroup
exec /sbin/init
"""


def ensure_network(name: str, ip: str, ip6: str = "") -> None:
    """A user network whose /24 (and /64) holds the address; its MTU follows the way out of this machine."""
    if exists("network", name):
        return
    subnet = ".".join(ip.split(".")[:3]) + ".0/24"
    second = ["--ipv6", "--subnet", str(ipaddress.ip_network(f"{ip6}/64", strict=False))] if ip6 else []
    docker(
        "network",
        "create",
        "--subnet",
        subnet,
        *second,
        "--opt",
        f"com.docker.network.driver.mtu={outer_mtu()}",
        "--label",
        f"{LABEL}=network",
        name,
    )


def remove_network(name: str) -> None:
    """Remove the network, unless something still hangs on it."""
    if exists("network", name):
        members = json.loads(docker("network", "inspect", name))[0].get("Containers") or {}
        if not members:
            docker("network", "rm", name)


def outer_mtu() -> int:
    """MTU of the interface with the default route, 1500 when there is none."""
    routes = run(["ip", "-j", "route", "show", "default"], check=False)
    for route in json.loads(routes.stdout or "[]"):
        size = Path("/sys/class/net") / str(route.get("dev")) / "mtu"
        if size.exists():
            return min(1500, int(size.read_text(encoding="ascii")))
    return 1500


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)


def operator_key() -> Path:
    """The private key that opens every node of this checkout, made once."""
    key = KEYS / "operator"
    if not key.exists():
        KEYS.mkdir(parents=True, exist_ok=True)
        KEYS.chmod(0o700)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "eucaim-throw-away-node", "-f", str(key)])
    return key


def operator_password() -> Path:
    """The file with the sudo password of every node of this checkout, made once."""
    path = KEYS / "operator.password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24) + "\n")
    return path


def admin_hash(image: str) -> Path:
    """The file with the hash of an administrator's password, for the inventories; made once, by a node's own tools."""
    path = KEYS / "admin.hash"
    if not path.exists():
        secret = secrets.token_urlsafe(24) + "\n"
        write_private(KEYS / "admin.password", secret)
        arguments = ["run", "--rm", "-i", "--network=none", image, "openssl", "passwd", "-6", "-stdin"]
        write_private(path, docker(*arguments, stdin=secret) + "\n")
    return path
