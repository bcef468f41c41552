# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only way out of a hospital's network: a machine that runs squid, forwards nothing, and counts who tries.

The node's default route and its name server lead to this machine, so that a packet to the outside that does not go
through the proxy arrives here, outside the node, where it is counted, remembered by its destination, and dropped.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.nodes import images
from tests.nodes.engine import LABEL, docker, exists, run

IMAGE = "eucaim-gate"
NAME = "proxy.hospital.test"
PORT = 3128
PACKAGES = "squid nftables openssl procps dnsmasq-base iproute2"
INSTALL = (
    "set -e; export DEBIAN_FRONTEND=noninteractive; apt-get update -q; "
    f"apt-get install -qy --no-install-recommends {PACKAGES}; apt-get clean; rm -rf /var/lib/apt/lists/*"
)
USERS = "/etc/squid/users"
LOG = "/var/log/squid/access.log"
QUERIES = "/var/log/queries"
# Everything from inside that is not for this machine itself: counted, and remembered by where it wanted to go.
RULES = """
table inet gate {{
  set tried {{ type ipv4_addr . inet_proto . inet_service; size 4096; flags dynamic; }}
  set tried_otherwise {{ type ipv4_addr . inet_proto; size 4096; flags dynamic; }}
  chain strays {{
    type filter hook prerouting priority -300; policy accept;
    ip saddr != {inside} accept
    ip daddr {own} accept
    meta l4proto {{ tcp, udp }} add @tried {{ ip daddr . meta l4proto . th dport }} counter drop
    add @tried_otherwise {{ ip daddr . meta l4proto }} counter drop
  }}
}}
"""


def ensure_image() -> str:
    """The machine's image, made once from Debian's packages; returns its name."""
    wanted = hashlib.sha256((INSTALL + images.mirror() + images.apt_proxy()).encode()).hexdigest()[:16]
    name = f"{IMAGE}:{wanted}"
    if not exists("image", name):
        builder = docker(
            "create", "--label", f"{LABEL}=build", images.bare_image("debian13", print), "sh", "-c", INSTALL
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                images.outside(Path(folder))
                docker("cp", f"{folder}/.", f"{builder}:/")
            run(["docker", "start", "-a", builder])
            docker("commit", "--change", f"LABEL {LABEL}=gate", builder, name)
        finally:
            docker("rm", "-f", "-v", builder, check=False)
    return name


def parent() -> list[str]:
    """Squid's words for this machine's own apt proxy, through which the mirror is reached; none where there is none."""
    found = re.search(r'Proxy "http://(?:[^/@"]*@)?([^/:"]+):(\d+)', images.apt_proxy())
    if not found:
        return []
    return [
        f"cache_peer {found[1]} parent {found[2]} 0 no-query no-digest default",
        "acl plain proto HTTP",
        "acl federation dstdomain .eucaim.test explorer",
        "always_direct allow federation",
        "never_direct allow plain",
    ]


@dataclass(frozen=True)
class Gate:
    """The machine by its two networks; nothing happens before up()."""

    inside: str
    inside_ip: str
    outside: str
    outside_ip: str
    user: str = "node1"
    # With every character that has a meaning in a URL. An empty one: everybody may pass.
    password: str = "Pl@nted:gate/w%41rd#?"

    @property
    def name(self) -> str:
        """Name of the container."""
        return f"{self.inside}-gate"

    @property
    def url(self) -> str:
        """The proxy's address as the site writes it into its inventory."""
        if not self.password:
            return f"http://{NAME}:{PORT}"
        return f"http://{self.user}:{quote(self.password, safe='')}@{NAME}:{PORT}"

    @property
    def secrets(self) -> dict[str, str]:
        """The password in every form in which it may give itself away."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"password": self.password, "password in a URL": quote(self.password, safe=""), "header": pair}

    def up(self) -> Gate:
        """Start the machine on both networks."""
        self.down()
        arguments = ["--label", f"{LABEL}=gate", "--cap-add", "NET_ADMIN", "--sysctl", "net.ipv4.ip_forward=0"]
        arguments += ["--network", self.outside, "--ip", self.outside_ip]
        docker("run", "--detach", "--name", self.name, *arguments, ensure_image(), "sleep", "infinity")
        docker("network", "connect", "--ip", self.inside_ip, "--alias", NAME, self.inside, self.name)
        # With two networks the engine chooses the way out by their names.
        self.exec(f"ip route replace default via {self.outside_ip.rpartition('.')[0]}.1")
        self.exec("nft -f -", stdin=self._rules())
        self.exec(f"cat > /etc/squid/squid.conf && touch {USERS}", stdin=self._configuration())
        self.admit(self.user, self.password)
        self.exec("squid")
        # The hospital's name server knows the hospital, and nothing of the world.
        self.exec(
            f"dnsmasq --no-resolv --no-hosts --user=root --listen-address={self.inside_ip} --bind-interfaces"
            f" --address=/{NAME}/{self.inside_ip} --log-queries --log-facility={QUERIES}"
        )
        deadline = time.monotonic() + 30
        while self.exec("grep -q ':0C38 .* 0A ' /proc/net/tcp /proc/net/tcp6", check=False) == "failed":
            assert time.monotonic() < deadline, self.exec("tail -n 20 /var/log/squid/cache.log")
            time.sleep(0.2)
        return self

    def _rules(self) -> str:
        network = ".".join(self.inside_ip.split(".")[:3]) + ".0/24"
        return RULES.format(inside=network, own=self.inside_ip)

    def _configuration(self) -> str:
        lines = [f"http_port {PORT}", f"access_log stdio:{LOG}", "cache deny all", "pid_filename /run/squid.pid"]
        if self.password:
            lines += [
                f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {USERS}",
                "auth_param basic realm hospital",
                "auth_param basic credentialsttl 2 seconds",
                "acl known proxy_auth REQUIRED",
                "http_access allow known",
                "http_access deny all",
            ]
        else:
            lines.append("http_access allow all")
        return "\n".join([*lines, *parent()]) + "\n"

    def admit(self, user: str, password: str) -> None:
        """Let a user pass, and nobody else."""
        if password:
            self.exec(
                f"printf '%s:%s\\n' {user} \"$(openssl passwd -apr1 -stdin)\" > {USERS}; chown proxy {USERS}",
                stdin=f"{password}\n",
            )

    def exec(self, command: str, *, stdin: str = "", check: bool = True) -> str:
        """Run a shell command on this machine; returns what it said, or `failed`."""
        done = run(["docker", "exec", "-i", self.name, "sh", "-c", command], stdin=stdin, check=check, timeout=60)
        return done.stdout if done.returncode == 0 else "failed"

    def strays(self) -> list[str]:
        """Where somebody inside tried to go without the proxy, and how many packets that made; empty if nobody did."""
        found = self.exec("nft list table inet gate")
        packets = sum(int(number) for number in re.findall(r"counter packets (\d+)", found))
        places = re.findall(r"\d+\.\d+\.\d+\.\d+ \. \w+(?: \. \d+)?", found)
        return [f"{packets} packets", *places] if packets else []

    def asked(self) -> set[str]:
        """Names that somebody inside asked the name server for."""
        return set(re.findall(r"query\[\w+\] (\S+) from", self.exec(f"cat {QUERIES}")))

    def forget(self) -> None:
        """Count from nothing, and empty the proxy's log."""
        self.exec(f": > {LOG}; : > {QUERIES}; nft -f -", stdin=f"delete table inet gate\n{self._rules()}")

    def passed(self) -> list[list[str]]:
        """The requests that the proxy let pass: the words of each line of its log. A connect alone is none."""
        found = [line.split() for line in self.exec(f"cat {LOG}").splitlines()]
        return [words for words in found if "DENIED" not in words[3] and not words[6].startswith("error:")]

    def down(self) -> None:
        """Take the machine away."""
        docker("rm", "-f", "-v", self.name, check=False)


def where(passed: Iterable[list[str]]) -> set[str]:
    """The hosts that were reached through the proxy, by the lines of its log."""
    return {re.sub(r"^\w+://", "", words[6]).split("/")[0].split(":")[0] for words in passed}
