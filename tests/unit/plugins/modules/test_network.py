# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against a node that is a folder. Going over is done by the real script's rules, without a kernel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_ifupdown as ifup
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_netplan as netplan
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_nm as nm
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_undo as undo
from ansible_collections.eucaim.local_node.plugins.modules import network
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

STATIC: dict[str, Any] = {
    "name": "enp1s0",
    "addresses": ["192.0.2.10/24"],
    "gateway": "192.0.2.1",
    "dns": ["192.0.2.53"],
}
BOND: dict[str, Any] = {**STATIC, "name": "bond0", "members": ["enp1s0", "enp2s0"]}
# A bond as ip shows it.
RUNNING: dict[str, Any] = {
    "ifname": "bond0",
    "flags": ["UP", "LOWER_UP"],
    "linkinfo": {"info_kind": "bond", "info_data": {"mode": "active-backup", "active_slave": "enp2s0"}},
    "addr_info": [{"local": "192.0.2.10", "prefixlen": 24, "scope": "global"}],
}
DHCP = "/etc/systemd/network/80-dhcp.network"
OURS = "/etc/systemd/network/05-eucaim-enp1s0.network"
MAIN = "/etc/network/interfaces"
INTERFACES = "source /etc/network/interfaces.d/*\n\nauto enp1s0\niface enp1s0 inet dhcp\n"


class World:
    """What the tools of a node answer, with a memory."""

    def __init__(self, node: Node, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.node, self.root, self.monkeypatch = node, root, monkeypatch
        self.addresses = {"enp1s0": ["192.0.2.77/24 dynamic"], "enp2s0": []}
        self.bond: dict[str, Any] = {}
        self.units = ["systemd-networkd.service"]
        self.router = "192.0.2.1"
        self.later: list[str] = []
        self.dark: list[str] = []
        self.slept = 0.0
        self.timers = True
        self.bad = ""
        monkeypatch.setattr(network, "ROOT", str(root))
        monkeypatch.setattr("time.sleep", self.sleep)
        monkeypatch.setattr("time.monotonic", lambda: self.slept)
        programs: dict[str, Callable[[Sequence[str], Any], Answer]] = {
            "ip": self.run_ip,
            "systemctl": self.run_systemctl,
            "ifup": self.judge,
            "netplan": self.judge,
            "nmcli": self.run_nmcli,
        }
        node.programs.update(programs)
        node.says("systemd-run")
        node.says("sync")
        node.says("ifenslave")
        node.says("networkctl", out="1 lo loopback carrier unmanaged\n2 enp1s0 ether routable configured\n")
        self.write(DHCP, "[Match]\nName=en*\n[Network]\nDHCP=yes\n")

    def sleep(self, seconds: float) -> None:
        """Let the clock run, by which a link gets its addresses."""
        self.slept += seconds
        self.addresses["enp1s0"] = self.later or self.addresses["enp1s0"]

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a file on the node."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)

    def read(self, path: str) -> str:
        """Read a file of the node."""
        target = self.root / path.lstrip("/")
        return target.read_text(encoding="utf-8") if target.exists() else ""

    def link(self, name: str) -> dict[str, Any]:
        """Show one link as ip does."""
        number = name.removesuffix("s0")[-1]
        return {
            "ifname": name,
            "flags": ["UP", *([] if name in self.dark else ["LOWER_UP"])],
            "mtu": 1500,
            "address": f"52:54:00:00:00:0{number}",
            **({"master": "bond0"} if self.bond else {}),
            "addr_info": [
                {
                    "local": text.split("/")[0],
                    "prefixlen": int(text.split("/")[1].split()[0]),
                    "scope": "global",
                    "dynamic": text.endswith("dynamic"),
                }
                for text in self.addresses[name]
            ],
        }

    def run_ip(self, argv: Sequence[str], _data: Any) -> Answer:
        """Show links or routes."""
        if "route" in argv:
            device = self.bond.get("ifname", "enp1s0")
            return 0, json.dumps([{"dst": "default", "gateway": self.router, "dev": device}]), ""
        links = [self.link(name) for name in sorted(self.addresses)]
        return 0, json.dumps([*links, *([self.bond] if self.bond else [])]), ""

    def run_systemctl(self, argv: Sequence[str], _data: Any) -> Answer:
        """Show units, or the timers."""
        if argv[0] == "show":
            return 0, "\n\n".join(f"Id={name}\nActiveState=active" for name in self.units), ""
        return int(argv[0] == "is-active" and not self.timers), "", ""

    def run_nmcli(self, argv: Sequence[str], data: Any) -> Answer:
        """Show devices, or judge a connection."""
        return (0, "enp1s0:connected\n", "") if argv[0] == "-t" else self.judge(argv, data)

    def judge(self, _argv: Sequence[str], _data: Any) -> Answer:
        """Take settings, or not."""
        return (1, "", self.bad) if self.bad else (0, "", "")

    def go_over(self, folder: str = undo.NEXT) -> None:
        """Exchange the files as the script does."""
        for line in self.read(f"{folder}/absent").splitlines():
            Path(line).unlink(missing_ok=True)
        for line in self.read(f"{folder}/present").splitlines():
            number, path = line.split(" ", 1)
            source = self.root / folder.lstrip("/") / "files" / number
            target = Path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)

    def run(self, **params: Any) -> dict[str, Any]:
        """Run the module to its good end."""
        return self.node.run(self.monkeypatch, network, **params)

    def refuse(self, **params: Any) -> str:
        """Run the module to its bad end."""
        return self.node.refuse(self.monkeypatch, network, **params)

    def apply(self, **params: Any) -> dict[str, Any]:
        """Change, go over and prove."""
        result = self.run(nonce="abc", **params)
        assert result["pending"]
        self.go_over()
        self.run(state="confirmed", nonce="abc")
        return result


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A node with two adapters, one of them with an address by DHCP."""
    folder = tmp_path / "module"
    folder.mkdir()
    return World(Node(folder), tmp_path / "root", monkeypatch)


def test_a_change_is_armed_before_it_is_made(world: World) -> None:
    result = world.run(links=[STATIC], replace=True, nonce="abc", reached_as="192.0.2.77")
    assert (result["changed"], result["pending"], result["manager"]) == (True, True, "networkd")
    assert result["reached_before"] == "192.0.2.77"
    assert result["replaced"] == [DHCP]
    assert f"{OURS} is to be written" in result["reasons"]
    assert "enp1s0 lacks 192.0.2.10/24" in result["reasons"]
    # Nothing has changed yet: the node goes over by itself.
    assert world.read(OURS) == ""
    names = [next(word for word in argv if word.startswith("--unit=")) for argv in world.node.called("systemd-run")]
    settled = world.node.calls.index(["sync", "-f", f"{world.root}{undo.HOME}"])
    assert world.node.calls[settled + 1][1] == "--unit=eucaim-network-apply-abc"
    assert names == [f"--unit=eucaim-network-{name}-abc" for name in ("undo", "undo-late", "apply")]
    assert world.read(undo.PENDING).split()[1] == "abc"
    assert "network-switch" in world.read(undo.SCRIPT)
    assert "networkctl reconfigure enp1s0" in world.read(f"{undo.NEXT}/after")
    assert "ip address flush dev enp1s0" in world.read(f"{undo.FORMER}/before")
    assert OURS in world.read(f"{undo.FORMER}/absent")
    for folder in (undo.FORMER, undo.NEXT):
        assert world.read(f"{folder}/after").count("/dev/udp/192.0.2.1/9") == 1


def test_what_is_proven_stays_and_a_second_run_has_nothing_to_do(world: World) -> None:
    world.apply(links=[STATIC], replace=True)
    assert not (world.root / undo.PENDING.lstrip("/")).exists()
    assert world.node.calls[-2:] == [
        ["sync", "-f", f"{world.root}{undo.HOME}"],
        ["systemctl", "stop", *undo.timers("abc")],
    ]
    assert not (world.root / undo.NEXT.lstrip("/")).exists()
    assert "Address=192.0.2.10/24" in world.read(OURS)
    assert "nameserver 192.0.2.53" in world.read(network.RESOLVER)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    again = world.run(links=[STATIC], replace=True)
    assert (again["changed"], again["pending"], again["diff"]) == (False, False, [])
    world.router = "192.0.2.9"
    assert world.run(links=[STATIC], replace=True, nonce="def")["reasons"] == ["enp1s0 lacks the gateway 192.0.2.1"]
    assert "reconfigure enp1s0" in world.read(f"{undo.NEXT}/after")


def test_check_mode_tells_and_changes_nothing(world: World) -> None:
    world.node.check_mode = True
    result = world.run(links=[STATIC], replace=True)
    assert result["changed"]
    assert [part["after_header"] for part in result["diff"]] == [OURS, network.RESOLVER]
    assert not (world.root / "var").exists()
    assert world.node.called("systemd-run") == []


def test_settings_of_somebody_else_need_a_word(world: World) -> None:
    assert f"settings of somebody else for enp1s0 in {DHCP}" in world.refuse(links=[STATIC])
    (world.root / DHCP.lstrip("/")).unlink()
    world.write(network.RESOLVER, "nameserver 198.51.100.1\n")
    assert f"settings of somebody else for enp1s0 in {network.RESOLVER}" in world.refuse(links=[STATIC])
    # What names the same servers already is as wanted.
    world.write(network.RESOLVER, "# mine\nnameserver 192.0.2.53\n")
    assert network.RESOLVER not in " ".join(world.run(links=[STATIC])["reasons"])


def test_name_servers_are_left_to_the_program_that_keeps_them(world: World) -> None:
    world.units.append("systemd-resolved.service")
    assert network.RESOLVER not in " ".join(world.run(links=[STATIC], replace=True)["reasons"])


def test_what_works_and_may_not_be_meant_is_told(world: World) -> None:
    world.node.check_mode = True
    lonely = {"name": "enp1s0", "addresses": ["192.0.2.10/24"]}
    gateway, server = world.run(links=[lonely], replace=True)["notes"]
    assert gateway.startswith("No link has a gateway: ")
    assert server.startswith("No link names a name server (dns): ")
    # What resolv.conf says stays, unless a program writes it.
    world.write(network.RESOLVER, "nameserver 198.51.100.1\n")
    assert world.run(links=[lonely], replace=True)["notes"] == [gateway]
    world.units.append("systemd-resolved.service")
    assert world.run(links=[lonely], replace=True)["notes"] == [gateway, server]
    # The other adapter leads out, and has what it needs by DHCP.
    world.addresses["enp2s0"] = ["198.51.100.7/24 dynamic"]
    assert world.run(links=[lonely], replace=True)["notes"] == [gateway]
    world.bond = {"ifname": "bond9"}
    assert world.run(links=[lonely], replace=True)["notes"] == []
    assert world.run(links=[STATIC], replace=True)["notes"] == []


@pytest.mark.parametrize("state", ["present", "absent", "probe"])
def test_an_undo_that_strikes_too_soon_or_too_late_is_refused(world: World, state: str) -> None:
    for seconds in (44, 111):
        said = world.refuse(state=state, links=[STATIC], replace=True, undo_seconds=seconds)
        assert "a number of seconds from 45 to 110" in said
    assert world.node.calls == []


def test_what_cannot_work_changes_nothing(world: World) -> None:
    assert "no adapter called enp9s0" in world.refuse(links=[{"name": "enp9s0"}])
    twice = {**BOND, "members": ["enp1s0", "52:54:00:00:00:01"]}
    assert "enp1s0 in two places" in world.refuse(links=[twice], replace=True)
    world.bond = RUNNING
    redundancy = world.run(state="probe", links=[twice], replace=True)["rows"][1]
    assert (redundancy["status"], "enp1s0 in two places" in redundancy["measured"]) == ("unmet", True)
    world.bond = {}
    assert "the name eth0" in world.refuse(links=[{"name": "eth0"}])
    world.write("/sys/class/net/enp1s0/phy80211", "")
    assert "which is wireless" in world.refuse(links=[STATIC], replace=True)
    world.run(links=[STATIC], replace=True, allow_wireless=True)
    world.units.clear()
    assert "no network manager that runs" in world.refuse(links=[STATIC], replace=True)


def test_a_bond_is_made_and_given_up(world: World) -> None:
    world.apply(links=[BOND], replace=True)
    assert "ip link delete dev bond0" not in world.read(f"{undo.NEXT}/before")
    world.bond = RUNNING
    world.addresses = {"enp1s0": [], "enp2s0": []}
    assert not world.run(links=[BOND], replace=True)["changed"]
    world.run(links=[STATIC], replace=True, nonce="abc")
    assert "ip link delete dev bond0" in world.read(f"{undo.NEXT}/before")
    assert "reconfigure bond0" not in world.read(f"{undo.NEXT}/after")
    assert "reconfigure enp2s0" in world.read(f"{undo.NEXT}/after")
    assert "reconfigure bond0" in world.read(f"{undo.FORMER}/after")
    world.go_over()
    assert world.read("/etc/systemd/network/05-eucaim-bond0.netdev") == ""


def test_of_two_links_only_the_one_that_changes_is_interrupted(world: World) -> None:
    world.apply(links=[STATIC, {"name": "enp2s0"}], replace=True)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    world.run(links=[STATIC, {"name": "enp2s0", "search": ["lan"]}], replace=True, nonce="abc")
    assert "enp1s0" not in world.read(f"{undo.NEXT}/after") + world.read(f"{undo.NEXT}/before")
    assert "reconfigure enp2s0" in world.read(f"{undo.NEXT}/after")


def test_remove_puts_back_what_was_there(world: World) -> None:
    world.write(network.RESOLVER, "nameserver 198.51.100.1\n")
    early = "/etc/systemd/network/00-lan.network"
    world.write(early, "[Match]\nName=enp1s0\n", 0o640)
    world.apply(links=[STATIC], replace=True, reached_as="192.0.2.77")
    assert (world.read(early), world.read(network.RESOLVER).splitlines()[-1]) == ("", "nameserver 192.0.2.53")
    world.node.check_mode = True
    assert world.run(state="absent")["changed"]
    world.node.check_mode = False
    result = world.run(state="absent", nonce="abc")
    assert result["reached_before"] == "192.0.2.77"
    world.go_over()
    world.run(state="confirmed", nonce="abc")
    assert world.read(early) == "[Match]\nName=enp1s0\n"
    assert (world.root / early.lstrip("/")).stat().st_mode & 0o777 == 0o640
    assert (world.read(OURS), world.read(network.RESOLVER)) == ("", "nameserver 198.51.100.1\n")
    left = [path.name for path in world.root.rglob("*eucaim*")]
    assert left == []
    assert not world.run(state="absent")["changed"]


def test_remove_takes_away_what_an_undone_change_left(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    (world.root / undo.PENDING.lstrip("/")).unlink()
    world.write(undo.PENDING, "later abc digest\n")
    world.run(state="absent")
    assert world.read(undo.SCRIPT) != ""
    (world.root / undo.PENDING.lstrip("/")).unlink()
    assert world.run(state="absent")["changed"]
    assert world.read(undo.SCRIPT) == ""


def ifupdown(world: World) -> None:
    """Let ifupdown be in charge."""
    (world.root / DHCP.lstrip("/")).unlink()
    world.units[:] = ["networking.service"]
    world.write(MAIN, INTERFACES)


def test_ifupdown_is_told_and_what_it_was_told_is_kept(world: World) -> None:
    ifupdown(world)
    assert f"settings of somebody else for enp1s0 in {MAIN}" in world.refuse(links=[STATIC])
    world.apply(links=[STATIC], replace=True)
    away = ifup.AWAY
    assert f"{away}iface enp1s0 inet dhcp" in world.read(MAIN)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    assert not world.run(links=[STATIC], replace=True)["changed"]
    # What somebody adds afterwards is theirs, and stays when ours goes.
    world.write(MAIN, world.read(MAIN) + "iface enp2s0 inet dhcp\n")
    assert not world.run(links=[STATIC], replace=True)["changed"]
    world.run(state="absent", nonce="abc")
    world.go_over()
    assert world.read(MAIN) == f"{INTERFACES}iface enp2s0 inet dhcp\n"


def test_settings_that_the_manager_does_not_take_change_nothing(world: World) -> None:
    ifupdown(world)
    world.bad = "couldn't read interfaces file"
    assert "settings that ifupdown does not take: couldn't read" in world.refuse(links=[STATIC], replace=True)
    assert world.read(undo.PENDING) == ""


def test_ifupdown_needs_its_tool_for_bonds_and_a_line_that_reads_ours(world: World) -> None:
    ifupdown(world)
    del world.node.programs["ifenslave"]
    world.write(MAIN, "auto lo\niface lo inet loopback\n")
    said = world.refuse(links=[BOND], replace=True)
    assert "a node without ifenslave" in said
    assert "that does not read /etc/network/interfaces.d" in said


def test_ifupdown_is_not_told_of_a_name_that_passes(world: World) -> None:
    world.addresses = {"eth1": ["192.0.2.77/24 dynamic"]}
    named = {**STATIC, "name": "52:54:00:00:00:01"}
    assert world.run(links=[named], replace=True)["manager"] == "networkd"
    (world.root / undo.PENDING.lstrip("/")).unlink()
    ifupdown(world)
    said = world.refuse(links=[named], replace=True)
    assert "eth1, the only name by which ifupdown can be told of 52:54:00:00:00:01" in said


def test_networkmanager_is_told(world: World) -> None:
    world.units[:] = ["NetworkManager.service"]
    six = {"name": "enp1s0", "addresses": ["2001:db8::10/64"], "dns": ["192.0.2.53"]}
    assert "dns 192.0.2.53 without an address of IPv4" in world.refuse(links=[six])
    world.apply(links=[STATIC])
    path = nm.path_of("enp1s0")
    assert (world.root / path.lstrip("/")).stat().st_mode & 0o777 == 0o600
    world.bad = "Error: invalid"
    assert "settings that networkmanager does not take" in world.refuse(links=[{**STATIC, "mtu": 1400}])
    world.bad = "Error: Option '--offline' is unknown"
    assert world.run(links=[{**STATIC, "mtu": 1400}], nonce="abc")["pending"]


def test_netplan_is_told(world: World) -> None:
    cloud = "/etc/netplan/50-cloud-init.yaml"
    world.write(cloud, "network:\n  ethernets:\n    enp1s0:\n      dhcp4: true\n", 0o600)
    world.apply(links=[STATIC], replace=True)
    assert (world.read(cloud), "192.0.2.10/24" in world.read(netplan.OURS)) == ("", True)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    assert not world.run(links=[STATIC], replace=True)["changed"]
    world.bad = "unknown key"
    assert "settings that netplan does not take" in world.refuse(links=[{**STATIC, "mtu": 1400}], replace=True)
    world.bad = ""
    world.run(state="absent", nonce="abc")
    world.go_over()
    assert "dhcp4: true" in world.read(cloud)
    assert (world.root / cloud.lstrip("/")).stat().st_mode & 0o777 == 0o600


def test_what_somebody_made_of_a_file_since_is_theirs(world: World) -> None:
    cloud = "/etc/netplan/50-cloud-init.yaml"
    world.write(cloud, "network:\n  ethernets:\n    enp1s0:\n      dhcp4: true\n", 0o600)
    world.apply(links=[STATIC], replace=True)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    theirs = "network:\n  ethernets:\n    enp2s0:\n      dhcp4: true\n"
    world.write(cloud, theirs)
    assert not world.run(links=[STATIC], replace=True)["changed"]
    world.apply(links=[{**STATIC, "mtu": 1400}], replace=True)
    assert world.read(cloud) == theirs
    assert cloud not in world.read(network.STATE)


def test_of_a_link_that_is_not_listed_any_more_the_settings_of_now_count_again(world: World) -> None:
    ifupdown(world)
    world.apply(links=[STATIC, {"name": "enp2s0"}], replace=True)
    world.write(MAIN, world.read(MAIN) + "iface enp9s0 inet dhcp\n")
    world.apply(links=[{"name": "enp2s0"}], replace=True)
    assert world.read(MAIN) == f"{INTERFACES}iface enp9s0 inet dhcp\n"


def test_what_the_guide_says_at_the_console_puts_back_what_was_there(world: World) -> None:
    ifupdown(world)
    world.write(network.RESOLVER, "nameserver 198.51.100.1\n")
    world.apply(links=[STATIC], replace=True)
    stub = world.root / "stub"
    stub.write_text("# theirs\n", encoding="utf-8")
    (world.root / network.RESOLVER.lstrip("/")).unlink()
    (world.root / network.RESOLVER.lstrip("/")).symlink_to(stub)
    state = json.loads(world.read(network.STATE))
    state["files"] = {f"{world.root}{path}": own for path, own in state["files"].items()}
    world.write(network.STATE, json.dumps(state))
    guide = (Path(__file__).resolve().parents[4] / "docs/docsite/rst/guide_links.rst").read_text(encoding="utf-8")
    (block,) = re.findall(r"^\.\. code-block:: python\n\n(.*?)\n\n(?=\S)", guide, re.MULTILINE | re.DOTALL)
    program = textwrap.dedent(block).replace(network.STATE, f"{world.root}{network.STATE}")
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (world.read(MAIN), (world.root / ifup.OURS.lstrip("/")).exists()) == (INTERFACES, False)
    assert (world.root / MAIN.lstrip("/")).stat().st_mode & 0o777 == 0o644
    assert world.read(network.RESOLVER) == "# theirs\n"


def test_what_is_a_link_now_is_left_alone(world: World) -> None:
    world.write(network.RESOLVER, "nameserver 198.51.100.1\n")
    world.apply(links=[STATIC], replace=True)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    stub = "/run/systemd/resolve/stub-resolv.conf"
    world.write(stub, "nameserver 127.0.0.53\n")
    resolver = world.root / network.RESOLVER.lstrip("/")
    resolver.unlink()
    resolver.symlink_to(world.root / stub.lstrip("/"))
    world.units.append("systemd-resolved.service")
    assert not world.run(links=[STATIC], replace=True)["changed"]
    reasons = world.run(state="absent", nonce="abc")["reasons"]
    assert reasons == [f"{OURS} is to be as before"]
    world.go_over()
    assert resolver.is_symlink()
    assert world.read(stub) == "nameserver 127.0.0.53\n"


def test_where_nothing_is_left_to_put_back_the_state_goes(world: World) -> None:
    world.apply(links=[STATIC], replace=True)
    resolver = world.root / network.RESOLVER.lstrip("/")
    resolver.unlink()
    resolver.symlink_to(world.root / "other")
    (world.root / OURS.lstrip("/")).unlink()
    assert world.run(state="absent", nonce="abc")["reasons"] == [f"{network.STATE} is to be deleted"]


def test_a_link_in_the_place_of_a_file_is_refused(world: World) -> None:
    cloud, other = "/etc/netplan/50-cloud-init.yaml", "/srv/lan.yaml"
    world.write(other, "network:\n  ethernets:\n    enp1s0:\n      dhcp4: true\n")
    world.write("/etc/netplan/x", "")
    (world.root / cloud.lstrip("/")).symlink_to(world.root / other.lstrip("/"))
    said = world.refuse(links=[STATIC], replace=True)
    assert f"{cloud}, which is a link to {world.root}{other}" in said


def test_a_run_that_was_killed_is_finished_by_the_same_one(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    former = world.read(f"{undo.FORMER}/absent")
    world.go_over()
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    again = world.run(links=[STATIC], replace=True, nonce="def")
    assert (again["changed"], again["pending"]) == (True, True)
    assert world.read(undo.PENDING).split()[1] == "def"
    # What it goes back to is still what was there before anything was changed.
    assert world.read(f"{undo.FORMER}/absent") == former
    assert "Another run has made a change" in world.refuse(state="confirmed", nonce="abc")
    world.run(state="confirmed", nonce="def")


def test_another_change_waits_for_the_undo(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    other = [{**STATIC, "addresses": ["192.0.2.11/24"]}]
    world.node.calls.clear()
    assert "another change, which was never proven" in world.refuse(links=other, replace=True)
    assert world.node.called("systemd-run") == []
    world.timers = False
    world.refuse(links=other, replace=True)
    assert world.node.called("systemd-run")[0][-2:] == ["undo", "abc"]
    world.node.calls.clear()
    world.node.check_mode = True
    assert "another change" in world.refuse(links=other, replace=True)
    assert world.node.called("systemd-run") == []


def stopped(world: World) -> list[str]:
    """Return the units that were stopped."""
    return [unit for argv in world.node.called("systemctl") if argv[0] == "stop" for unit in argv[1:]]


def test_the_old_timers_go_when_the_new_ones_are_there(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    world.node.calls.clear()
    world.run(links=[STATIC], replace=True, nonce="def")
    calls = [argv[0] for argv in world.node.calls if argv[0] == "systemd-run" or argv[1] == "stop"]
    assert calls == ["systemd-run"] * 3 + ["systemctl"]
    assert stopped(world) == [f"eucaim-network-{name}-abc.timer" for name in ("undo", "undo-late", "apply")]


@pytest.mark.parametrize("kind", ["undo-late", "apply"])
def test_an_undo_that_cannot_be_armed_anew_leaves_the_old_one(world: World, kind: str) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    world.go_over()
    waiting = world.read(undo.PENDING)
    world.node.calls.clear()
    unit = f"--unit=eucaim-network-{kind}-def"
    world.node.programs["systemd-run"] = lambda argv, _data: (1, "", "no bus") if unit in argv else (0, "", "")
    said = world.refuse(links=[STATIC], replace=True, nonce="def")
    assert "could not be armed anew: no bus. A change that was never proven is in force; it undoes itself at 20" in said
    assert world.read(undo.PENDING) == waiting
    assert stopped(world) == ["eucaim-network-undo-def.timer", "eucaim-network-undo-late-def.timer"]


def test_an_undo_that_strikes_while_the_node_is_looked_at_is_told(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")

    def strike(argv: Sequence[str], data: Any) -> Answer:
        (world.root / undo.PENDING.lstrip("/")).unlink(missing_ok=True)
        return world.run_ip(argv, data)

    world.node.programs["ip"] = strike
    world.node.calls.clear()
    assert "this one has changed nothing. Run again." in world.refuse(links=[STATIC], replace=True, nonce="def")
    assert world.node.called("systemd-run") == []


def test_what_cannot_be_armed_is_not_done(world: World) -> None:
    world.node.says("systemd-run", code=1, err="Failed to start transient timer unit")
    assert "could not be armed, so nothing was changed: Failed" in world.refuse(links=[STATIC], replace=True)
    assert world.read(undo.PENDING) == ""


def test_a_proof_that_came_too_late_is_told(world: World) -> None:
    world.write(undo.UNDONE, "2026-11-25T16:20:13Z\n")
    assert "had struck already (2026-11-25T16:20:13Z)" in world.refuse(state="confirmed", nonce="abc")


def test_a_connection_that_gets_in_by_other_settings_proves_nothing(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    world.go_over()
    said = world.refuse(state="confirmed", nonce="abc", links=[STATIC, {"name": "enp9s0"}])
    assert "not in force: enp1s0 lacks 192.0.2.10/24; enp9s0 is not there. The former ones come back" in said
    assert world.read(undo.PENDING).split()[1] == "abc"
    assert world.slept > network.PATIENCE
    # An undo that has struck meanwhile is told as such.
    (world.root / undo.PENDING.lstrip("/")).unlink()
    assert "had struck already" in world.refuse(state="confirmed", nonce="abc", links=[STATIC])


def test_a_link_may_take_some_seconds(world: World) -> None:
    world.run(links=[STATIC], replace=True, nonce="abc")
    world.go_over()
    world.later = ["192.0.2.10/24"]
    world.dark = ["enp2s0"]
    other = {"name": "enp2s0", "addresses": ["198.51.100.2/24"]}
    assert not world.run(state="confirmed", nonce="abc", links=[STATIC, other])["pending"]
    assert world.slept == 1
    world.dark = []
    world.run(links=[BOND], replace=True, nonce="def")
    assert "in force: bond0 is not there." in world.refuse(state="confirmed", nonce="def", links=[BOND])


def test_without_the_state_file_our_files_say_that_they_are_ours(world: World) -> None:
    world.apply(links=[BOND], replace=True)
    world.bond = RUNNING
    world.addresses = {"enp1s0": [], "enp2s0": []}
    (world.root / network.STATE.lstrip("/")).unlink()
    assert not world.run(links=[BOND], replace=True)["changed"]
    # What is not listed any more goes, and is written down again.
    world.apply(links=[STATIC], replace=True)
    assert world.read("/etc/systemd/network/05-eucaim-bond0.netdev") == ""
    (world.root / network.STATE.lstrip("/")).unlink()
    world.run(state="absent", nonce="abc")
    assert "reconfigure enp1s0" in world.read(f"{undo.NEXT}/after")
    world.go_over()
    assert world.read(OURS) == ""


def test_without_the_state_file_what_ifupdown_was_told_comes_back(world: World) -> None:
    ifupdown(world)
    world.apply(links=[STATIC], replace=True)
    world.write(network.STATE, "")
    world.run(state="absent", nonce="abc")
    world.go_over()
    assert (world.read(MAIN), world.read(ifup.OURS)) == (INTERFACES, "")
    # What carries our name and not our mark is somebody's own.
    world.write(ifup.OURS, "iface enp9s0 inet dhcp\n")
    (world.root / network.STATE.lstrip("/")).unlink(missing_ok=True)
    world.run(state="confirmed", nonce="abc")
    assert not world.run(state="absent")["changed"]


def test_rows_say_what_is_measured(world: World) -> None:
    world.apply(links=[STATIC], replace=True)
    world.addresses["enp1s0"] = ["192.0.2.10/24"]
    address, redundancy = world.run(state="probe", links=[STATIC], replace=True)["rows"]
    assert (address["requirement"], address["status"]) == ("NET-ADDR", "met")
    assert address["measured"] == "enp1s0: 192.0.2.10/24 static, gateway 192.0.2.1"
    assert (redundancy["requirement"], redundancy["status"]) == ("NET-REDUND", "unmet")
    world.write("/sys/class/net/enp1s0/phy80211", "")
    world.write(undo.PENDING, "x\n")
    address, _redundancy = world.run(state="probe", links=[STATIC], replace=True)["rows"]
    assert "enp1s0, which is wireless" in address["measured"]
    assert "never proven" in address["measured"]
    address, _redundancy = world.run(state="probe", links=[{"name": "enp9s0"}])["rows"]
    assert address["measured"].startswith("no adapter called enp9s0")
    world.units.clear()
    address, _redundancy = world.run(state="probe", links=[STATIC], replace=True)["rows"]
    assert (address["status"], "no network manager that runs" in address["measured"]) == ("unmet", True)


def test_rows_of_a_bond(world: World) -> None:
    world.bond = RUNNING
    _address, redundancy = world.run(state="probe", links=[{**BOND, "gateway": ""}], replace=True)["rows"]
    assert redundancy["status"] == "met"
    assert redundancy["measured"] == "bond0: active-backup, enp2s0 active; with carrier: enp1s0 and enp2s0"
