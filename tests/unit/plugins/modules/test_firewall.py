# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against a node that is a folder, and a kernel that remembers what it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as helpers
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall as model
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_firewalld as fwd
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_undo as undo
from ansible_collections.eucaim.local_node.plugins.modules import firewall
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

FRESH = "*filter\n:ufw-user-input - [0:0]\n### RULES ###\nCOMMIT\n"
DEFAULTS = 'IPV6=no\nDEFAULT_INPUT_POLICY="ACCEPT"\n'
CONF = "ENABLED=no\nLOGLEVEL=low\n"
SS = 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n'
JAVA = 'tcp LISTEN 0 128 0.0.0.0:9000 0.0.0.0:* users:(("java",pid=2,fd=3))\n'
HERE = model.Connection("192.0.2.9", "192.0.2.1", 22)


class Kernel:
    """What the tools of a node answer, with a memory."""

    def __init__(self, node: Node, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.node, self.root = node, root
        self.ufw = self.table = self.break_ufw = False
        self.more4 = self.ruleset = self.docker = self.units = ""
        self.listeners = SS
        self.connection: model.Connection | None = HERE
        monkeypatch.setattr(firewall, "ROOT", str(root))
        monkeypatch.setattr(firewall, "interfaces", lambda: ["eth0", "lo"])
        monkeypatch.setattr(firewall, "connection_of", lambda _module: self.connection)
        programs = {
            "iptables-save": lambda _argv, _data: (0, self.saved(""), ""),
            "ip6tables-save": lambda _argv, _data: (0, self.saved("6"), ""),
            "iptables-restore": self.restore,
            "ip6tables-restore": self.restore,
            "ufw": self.run_ufw,
            "nft": self.run_nft,
            "systemctl": self.run_systemctl,
            "ss": lambda _argv, _data: (0, self.listeners, ""),
            "docker": lambda _argv, _data: (0, self.docker, ""),
            "sh": self.run_script,
        }
        node.programs.update(programs)
        for program in ("systemd-run", "ufw-init", "iptables"):
            node.says(program)
        node.says("dpkg-query", out="bash\tii \t5\n")
        self.bad: str = ""

    def write(self, path: str, text: str) -> None:
        """Put a file on the node."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """Read a file of the node."""
        target = self.root / path.lstrip("/")
        return target.read_text(encoding="utf-8") if target.exists() else ""

    def saved(self, six: str) -> str:
        """Show the rules that were loaded."""
        if not self.ufw:
            return f"*filter\n:INPUT ACCEPT [0:0]\n{'' if six else self.more4}COMMIT\n"
        rules = re.findall(rf"^-A ufw{six}-user-input.*$", self.read(f"/etc/ufw/user{six}.rules"), re.MULTILINE)
        lines = [f"-A INPUT -j ufw{six}-before-input", f"-A ufw{six}-before-input -j ufw{six}-user-input", *rules]
        policy = "ACCEPT" if '"ACCEPT"' in self.read("/etc/default/ufw") else "DROP"
        more = "" if six else self.more4
        return f"*filter\n:INPUT {policy} [0:0]\n" + "\n".join(lines) + f"\n{more}COMMIT\n"

    def restore(self, argv: Sequence[str], data: Any) -> Answer:
        """Test or load a set."""
        text = (data or b"").decode()
        if self.bad and self.bad in text:
            return 2, "", "line 3 failed"
        return 0, "", ""

    def run_ufw(self, argv: Sequence[str], _data: Any) -> Answer:
        """Enable or reload."""
        if self.break_ufw:
            return 1, "", "ERROR: problem running ufw-init"
        self.ufw = "ENABLED=yes" in self.read("/etc/ufw/ufw.conf")
        return 0, "", ""

    def run_nft(self, argv: Sequence[str], data: Any) -> Answer:
        """Check, load, list or delete."""
        if argv[0] == "-c":
            return (1, "", "syntax error") if self.bad and self.bad in (data or b"").decode() else (0, "", "")
        if argv[0] == "-f":
            self.table = True
        elif argv[0] == "delete":
            self.table = False
        elif argv[:3] == ["-j", "list", "ruleset"]:
            return 0, self.ruleset, ""
        elif argv[:3] == ["-j", "list", "table"]:
            return 0, json.dumps({"nftables": [{"chain": {"name": "INPUT", "policy": "accept"}}]}), ""
        elif argv[:3] == ["-j", "list", "counters"]:
            names = ("closed", "unlisted_node", "unlisted_containers") if self.table else ()
            return 0, json.dumps({"nftables": [{"counter": {"name": name, "packets": 4}} for name in names]}), ""
        elif argv[:3] == ["-j", "list", "set"]:
            elements = [{"elem": {"val": {"concat": ["203.0.113.1", "tcp", port]}}} for port in range(1, 23)]
            return 0, json.dumps({"nftables": [{"set": {"name": argv[-1], "elem": elements}}]}), ""
        else:
            return (0, self.read(undo.TABLE_FILE), "") if self.table else (1, "", "No such file or directory")
        return 0, "", ""

    def run_systemctl(self, argv: Sequence[str], _data: Any) -> Answer:
        """Show units."""
        return 0, self.units if argv[0] == "show" else "", ""

    def run_script(self, argv: Sequence[str], _data: Any) -> Answer:
        """Stand for the undo: its own tests run the real one."""
        (self.root / undo.PENDING.lstrip("/")).unlink()
        return 0, "", ""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node whose programs answer."""
    folder = tmp_path / "module"
    folder.mkdir()
    return Node(folder)


@pytest.fixture
def kernel(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A node with ufw as the package brings it."""
    kernel = Kernel(node, tmp_path / "root", monkeypatch)
    kernel.write("/etc/os-release", "ID=debian\n")
    kernel.write("/etc/ufw/user.rules", FRESH)
    kernel.write("/etc/ufw/user6.rules", FRESH.replace("ufw-", "ufw6-"))
    kernel.write("/etc/ufw/ufw.conf", CONF)
    kernel.write("/etc/default/ufw", DEFAULTS)
    for name in firewall.Ufw.framework:
        kernel.write(f"/etc/ufw/{name}", "*filter\nCOMMIT\n")
        kernel.write(f"/usr/share/ufw/{name}", "*filter\nCOMMIT\n")
    return kernel


@pytest.fixture
def run(node: Node, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the module to its good end."""
    return lambda **params: node.run(monkeypatch, firewall, **params)


@pytest.fixture
def refuse(node: Node, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the module to its bad end."""
    return lambda **params: node.refuse(monkeypatch, firewall, **params)


def test_the_first_run_applies_and_the_second_changes_nothing(node: Node, kernel: Kernel, run: Any) -> None:
    first = run(nonce="abc")
    assert first["changed"]
    assert first["pending"]
    assert "### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in" in kernel.read("/etc/ufw/user.rules")
    assert kernel.read("/etc/default/ufw") == 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\n'
    assert kernel.read("/etc/ufw/ufw.conf") == "ENABLED=yes\nLOGLEVEL=low\n"
    assert kernel.read(firewall.NONCE) == "abc\n"
    assert (kernel.root / undo.PENDING.lstrip("/")).exists()
    assert run(state="confirmed", nonce="abc")["changed"]
    assert not (kernel.root / undo.KEPT.lstrip("/")).exists()
    assert kernel.read(firewall.NONCE) == ""
    second = run()
    assert (second["changed"], second["needed"], second["reasons"]) == (False, False, [])


def test_a_bridge_of_docker_with_a_name_of_its_own(
    kernel: Kernel, run: Any, refuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rules are Docker's, and what leaves it comes from containers; an engine that does not run is not asked."""
    kernel.more4 = "-A FORWARD -i lab ! -o lab -j ACCEPT\n"
    assert "rules of somebody else" in refuse()
    kernel.units = "Id=docker.service\nActiveState=active\nUnitFileState=enabled\n"
    monkeypatch.setattr(_docker_socket, "named_bridges", lambda: ["lab"])
    assert run()["changed"]
    assert 'iifname "lab" goto from_containers' in kernel.read(undo.TABLE_FILE)
    assert run(state="confirmed")["changed"]
    kernel.units = ""
    assert run(state="compared")["reasons"] == []


def test_the_undo_is_armed_before_anything_changes(node: Node, kernel: Kernel, run: Any) -> None:
    run()
    calls = [call for call in node.calls if call[0] in ("systemd-run", "ufw") or call[:2] == ["nft", "-f"]]
    assert [call[0] for call in calls] == ["systemd-run", "systemd-run", "nft", "ufw"]
    kept = kernel.root / undo.KEPT.lstrip("/")
    lines = (kept / "present").read_text(encoding="utf-8").splitlines()
    present = {path: number for number, path in map(str.split, lines)}
    assert (kept / "files" / present["/etc/ufw/ufw.conf"]).read_text(encoding="utf-8") == CONF
    assert undo.TABLE_FILE in (kept / "absent").read_text(encoding="utf-8")
    assert undo.SCRIPT not in (kept / "absent").read_text(encoding="utf-8")
    assert "ufw=no" in (kept / "before").read_text(encoding="utf-8")


def test_nothing_is_changed_when_the_undo_cannot_be_armed(node: Node, kernel: Kernel, refuse: Any) -> None:
    node.says("systemd-run", 1, err="no bus")
    assert "could not be armed" in refuse()
    assert kernel.read("/etc/ufw/user.rules") == FRESH
    assert not (kernel.root / undo.PENDING.lstrip("/")).exists()


def test_what_cannot_be_loaded_is_undone_at_once(node: Node, kernel: Kernel, refuse: Any) -> None:
    kernel.break_ufw = True
    assert "The former rules are in force again" in refuse()
    assert node.called("sh") == [[str(kernel.root) + undo.SCRIPT]]


def test_a_firewall_that_does_not_decide_is_undone(kernel: Kernel, refuse: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(firewall.Ufw, "active", lambda _self: False)
    assert "ufw does not decide what comes in" in refuse()


def test_comparing_changes_nothing(node: Node, kernel: Kernel, run: Any) -> None:
    result = run(state="compared")
    assert (result["changed"], result["needed"], result["missing"]) == (False, True, [])
    assert kernel.read("/etc/ufw/user.rules") == FRESH
    assert node.called("systemd-run") == []


def test_check_mode_foretells_on_a_bare_node(node: Node, kernel: Kernel, run: Any) -> None:
    for program in ("ufw", "nft", "iptables-save", "ip6tables-save", "iptables-restore", "ip6tables-restore"):
        del node.programs[program]
    for path in ("/etc/ufw/user.rules", "/etc/ufw/user6.rules", "/etc/ufw/ufw.conf", "/etc/default/ufw"):
        (kernel.root / path.lstrip("/")).unlink()
    node.check_mode = True
    result = run()
    assert result["changed"]
    assert result["missing"] == ["ufw", "nftables"]
    assert any(part["after_header"] == "packages that are missing" for part in result["diff"])
    assert not (kernel.root / "var").exists()


def test_without_the_packages_nothing_is_applied(node: Node, kernel: Kernel, refuse: Any) -> None:
    del node.programs["ufw"]
    assert "install them first" in refuse()


def test_only_the_rules_differ_and_they_are_loaded_in_one_step(node: Node, kernel: Kernel, run: Any) -> None:
    run()
    run(state="confirmed")
    node.calls.clear()
    run(rules=[{"name": "web", "ports": [8080]}])
    assert node.called("ufw") == []
    assert ["--noflush"] in node.called("iptables-restore")
    assert "dport 8080" in kernel.read("/etc/ufw/user.rules")


def test_settings_that_differ_are_loaded_by_ufw(node: Node, kernel: Kernel, run: Any) -> None:
    run()
    run(state="confirmed")
    kernel.write("/etc/default/ufw", kernel.read("/etc/default/ufw").replace("IPV6=yes", "IPV6=no"))
    node.calls.clear()
    assert run()["changed"]
    assert node.called("ufw") == [["reload"], ["--force", "enable"]]


def test_a_set_that_the_kernel_does_not_take_is_undone(node: Node, kernel: Kernel, run: Any, refuse: Any) -> None:
    run()
    run(state="confirmed")
    node.programs["iptables-restore"] = lambda argv, _data: (0 if "--test" in argv else 1, "", "busy")
    assert "iptables-restore: busy" in refuse(rules=[{"name": "web", "ports": [8080]}])


def test_rules_of_somebody_else_are_refused(kernel: Kernel, refuse: Any, run: Any) -> None:
    theirs = (
        "\n### tuple ### allow tcp 9000 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 9000 -j ACCEPT\n"
    )
    kernel.write("/etc/ufw/user.rules", FRESH.replace("COMMIT", f"{theirs}\n### END RULES ###\nCOMMIT"))
    kernel.write("/etc/ufw/before.rules", "*filter\n-A ufw-before-input -p tcp --dport 5 -j ACCEPT\nCOMMIT\n")
    kernel.more4 = "-A INPUT -p tcp -m tcp --dport 7 -j ACCEPT\n"
    kernel.ruleset = json.dumps({"nftables": [{"rule": {"family": "inet", "table": "hospital"}}]})
    kernel.units = "Id=nftables.service\nActiveState=active\nUnitFileState=enabled\n"
    kernel.write("/etc/nftables.conf", "tcp dport 1 accept\n")
    said = refuse()
    for words in (
        "ufw: allow 9000/tcp",
        "ufw: changes in /etc/ufw/before.rules",
        "iptables: filter: -A INPUT -p tcp -m tcp --dport 7 -j ACCEPT",
        "nftables: table inet hospital",
        "nftables.service with rules in /etc/nftables.conf",
        "firewall_existing: keep",
    ):
        assert words in said
    kept = run(existing="keep")
    assert kept["changed"]
    assert "allow tcp 9000" in kernel.read("/etc/ufw/user.rules")
    assert "dport 5" in kernel.read("/etc/ufw/before.rules")


def test_rules_of_somebody_else_are_replaced_and_put_back(node: Node, kernel: Kernel, run: Any) -> None:
    theirs = (
        "\n### tuple ### allow tcp 9000 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 9000 -j ACCEPT\n"
    )
    kernel.write("/etc/ufw/user.rules", FRESH.replace("COMMIT", f"{theirs}\n### END RULES ###\nCOMMIT"))
    changed = "*filter\n-A ufw-before-input -p tcp --dport 5 -j ACCEPT\nCOMMIT\n"
    kernel.write("/etc/ufw/before.rules", changed)
    kernel.more4 = "-A INPUT -p tcp -m tcp --dport 7 -j ACCEPT\n"
    kernel.ruleset = json.dumps({"nftables": [{"rule": {"family": "inet", "table": "hospital"}}]})
    kernel.units = "Id=nftables.service\nActiveState=active\nUnitFileState=enabled\n"
    kernel.write("/etc/nftables.conf", "tcp dport 1 accept\n")
    result = run(existing="replace")
    assert "rules of somebody else are to be replaced" in result["reasons"]
    assert "9000" not in kernel.read("/etc/ufw/user.rules")
    assert kernel.read("/etc/ufw/before.rules") == "*filter\nCOMMIT\n"
    assert ["delete", "table", "inet", "hospital"] in node.called("nft")
    assert ["-t", "filter", "-D", "INPUT", "-p", "tcp", "-m", "tcp", "--dport", "7", "-j", "ACCEPT"] in (
        node.called("iptables")
    )
    assert ["disable", "nftables.service"] in node.called("systemctl")
    assert "delete table inet hospital" in kernel.read(f"{undo.KEPT}/more")
    kernel.more4 = kernel.ruleset = kernel.units = ""
    run(state="confirmed")
    scripts: list[str] = []

    def shell(_argv: Sequence[str], data: Any) -> Answer:
        scripts.append(data.decode())
        return 0, "", ""

    node.programs["sh"] = shell
    run(state="absent")
    assert "iptables -t filter -A INPUT -p tcp -m tcp --dport 7 -j ACCEPT" in scripts[0]
    assert ["enable", "nftables.service"] in node.called("systemctl")
    assert "allow tcp 9000" in kernel.read("/etc/ufw/user.rules")
    assert kernel.read("/etc/ufw/before.rules") == changed


def test_what_was_replaced_twice_is_kept_as_it_was_first() -> None:
    assert firewall.merged({"a": [1], "b": "old"}, {"a": [1, 2], "b": "new", "c": 3}) == {
        "a": [1, 2],
        "b": "old",
        "c": 3,
    }


def test_what_the_list_allows_anyway_is_no_question(kernel: Kernel, run: Any) -> None:
    theirs = "\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n"
    kernel.write("/etc/ufw/user.rules", FRESH.replace("COMMIT", f"{theirs}\n### END RULES ###\nCOMMIT"))
    assert run()["foreign"] == []
    assert "in\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT" in kernel.read("/etc/ufw/user.rules")


def test_many_rules_of_somebody_else_are_counted(kernel: Kernel, refuse: Any) -> None:
    kernel.more4 = "".join(f"-A INPUT -p tcp -m tcp --dport {port} -j ACCEPT\n" for port in range(1, 21))
    assert "and 8 more" in refuse()


def test_a_second_firewall_is_refused(kernel: Kernel, run: Any, refuse: Any) -> None:
    kernel.units = "Id=firewalld.service\nActiveState=active\nUnitFileState=enabled\n"
    assert "firewalld active beside ufw" in refuse(backend="ufw")


def test_the_present_connection_must_pass(kernel: Kernel, refuse: Any) -> None:
    rules = [{"name": "ssh", "ports": [22], "sources": ["10.0.0.0/8"]}]
    assert "a list that closes port 22 to 192.0.2.9" in refuse(rules=rules)
    assert "firewall_ssh_ports [NET-FW]" in refuse(ssh_ports=[2222], inbound_ports=[80])


def test_what_is_not_over_ssh_has_no_connection_to_lose(kernel: Kernel, run: Any) -> None:
    kernel.connection = None
    assert run(rules=[{"name": "ssh", "ports": [22], "sources": ["10.0.0.0/8"]}], close_unlisted=True)["changed"]


def test_ports_in_use_are_not_cut_unasked(kernel: Kernel, run: Any, refuse: Any) -> None:
    kernel.listeners = SS + JAVA
    kernel.docker = "web\t0.0.0.0:8080->80/tcp\n"
    said = refuse()
    assert "tcp 9000 (java), tcp 8080 (container web)" in said
    assert "add 8080, 9000 to firewall_rules" in said
    assert run(rules=[{"name": "both", "ports": [8080, 9000]}])["changed"]
    run(state="confirmed")
    # What the site takes from its own list, it wants to be closed.
    assert run()["changed"]
    run(state="confirmed")
    kernel.listeners += JAVA.replace("9000", "9001")
    assert run(rules=[{"name": "other", "ports": [9]}])["changed"]


def test_ports_in_use_are_cut_when_asked(kernel: Kernel, run: Any) -> None:
    kernel.listeners = SS + JAVA
    assert run(close_unlisted=True)["changed"]


def test_rules_that_do_not_parse_are_refused(kernel: Kernel, refuse: Any) -> None:
    kernel.bad = "dports 80,443"
    assert "rules for /etc/ufw/user.rules that cannot be loaded: line 3 failed" in refuse()
    kernel.bad = "table inet eucaim"
    assert f"rules for {undo.TABLE_FILE} that cannot be loaded: syntax error" in refuse()
    kernel.bad = ""


def test_a_tasks_own_bad_rules_are_refused(refuse: Any) -> None:
    assert "firewall_rules [NET-FW]" in refuse(rules=[{"name": "x"}])
    assert "firewall_inbound_ports [NET-FW]\n   found: 0" in refuse(inbound_ports=[0])


def test_a_change_of_a_dead_run_is_settled_first(node: Node, kernel: Kernel, run: Any) -> None:
    run()
    assert "never proven" in " ".join(run(state="compared")["reasons"])
    result = run()
    assert result["settled"]
    assert len(node.called("sh")) == 1


def test_a_run_confirms_its_own_change_only(run: Any, refuse: Any) -> None:
    run(nonce="one")
    assert "Another run has taken this change back" in refuse(state="confirmed", nonce="two")
    assert run(state="confirmed", nonce="one")["changed"]


def test_a_proof_that_comes_too_late_is_told(kernel: Kernel, refuse: Any) -> None:
    kernel.write(undo.UNDONE, "2026-11-25T16:20:13Z\n")
    assert "had struck already (2026-11-25T16:20:13Z)" in refuse(state="confirmed")


def test_what_came_with_the_packages_is_recorded(node: Node, kernel: Kernel, run: Any) -> None:
    assert run(state="claimed", packages=["ufw", "nftables"])["changed"]
    assert not run(state="claimed", packages=["ufw"])["changed"]
    node.says("dpkg-query", out="bash\tii \t5\nufw\tii \t1\nnftables\tii \t1\niptables\tii \t1\nother\trc \t1\n")
    run()
    record = json.loads(kernel.read(firewall.STATE))
    assert record["packages"] == ["nftables", "ufw"]
    assert record["dependencies"] == ["iptables"]
    run(state="confirmed")
    node.says("apt-get", out="Remv ufw [1]\nRemv iptables [1]\nRemv bash [5]\n")
    result = run(state="absent")
    assert result["packages"] == ["nftables", "ufw", "iptables"]


def test_claiming_in_check_mode_writes_nothing(node: Node, kernel: Kernel, run: Any) -> None:
    node.check_mode = True
    assert run(state="claimed", packages=["ufw"])["changed"]
    assert kernel.read(firewall.STATE) == ""


def test_remove_puts_the_settings_back(node: Node, kernel: Kernel, run: Any) -> None:
    before = {path: kernel.read(path) for path in ("/etc/ufw/ufw.conf", "/etc/default/ufw")}
    run()
    run(state="confirmed")
    node.check_mode = True
    assert run(state="absent")["changed"]
    node.check_mode = False
    kernel.write("/usr/lib/ufw/ufw-init", "")
    kernel.more4 = ":DOCKER - [0:0]\n:FORWARD DROP [0:0]\n:ufw-user-input - [0:0]\n"
    result = run(state="absent")
    assert result["changed"]
    assert {path: kernel.read(path) for path in before} == before
    assert "eucaim" not in kernel.read("/etc/ufw/user.rules")
    assert not kernel.table
    assert node.called("ufw-init") == [["force-stop"]]
    assert ["--noflush"] in node.called("iptables-restore")
    assert ["delete", "chain", "ip", "filter", "INPUT"] in node.called("nft")
    assert ["-P", "FORWARD", "DROP"] in node.called("iptables")
    left = [str(path) for path in kernel.root.rglob("*") if "eucaim" in path.name or "/eucaim" in str(path)]
    assert left == []
    assert not run(state="absent")["changed"]


def test_remove_leaves_a_firewall_that_was_on(node: Node, kernel: Kernel, run: Any) -> None:
    kernel.write("/etc/ufw/ufw.conf", CONF.replace("no", "yes"))
    run()
    run(state="confirmed")
    node.calls.clear()
    run(state="absent")
    assert node.called("ufw") == [["reload"]]
    assert kernel.read("/etc/ufw/ufw.conf") == CONF.replace("no", "yes")


def rows_of(result: Any) -> list[tuple[str, str]]:
    """Return status and measurement of each row."""
    return [(row["status"], row["measured"]) for row in result["rows"]]


def test_a_firewall_as_it_should_be(kernel: Kernel, run: Any) -> None:
    run()
    run(state="confirmed")
    rows = rows_of(run(state="probe"))
    assert [status for status, _measured in rows] == ["met", "met", "met"]
    assert "4 packets to closed ports" in rows[1][1]
    assert "tcp 203.0.113.1 port 1," in rows[2][1]
    assert "dropped: 4" in rows_of(run(state="probe", outbound="enforce"))[2][1]


def test_a_node_without_a_firewall(kernel: Kernel, run: Any) -> None:
    rows = rows_of(run(state="probe"))
    assert [status for status, _measured in rows] == ["unmet", "unmet", "unmet"]
    assert "ufw does not decide" in rows[0][1]
    assert "the table inet eucaim is not loaded" in rows[1][1]


def test_what_is_open_beside_the_list_is_named(kernel: Kernel, run: Any) -> None:
    run()
    text = kernel.read("/etc/ufw/user.rules").replace("--dport 22 ", "--dport 23 ")
    kernel.write("/etc/ufw/user.rules", text)
    rows = rows_of(run(state="probe"))
    assert "open beside it: tcp 23" in rows[0][1]
    assert "not open: tcp 22" not in rows[0][1]
    assert "never proven" in rows[1][1]


def test_a_table_that_somebody_changed_is_named(kernel: Kernel, run: Any) -> None:
    run()
    run(state="confirmed")
    kernel.write(undo.TABLE_FILE, "table inet eucaim {}")
    rows = rows_of(run(state="probe"))
    assert "is another one" in rows[1][1]
    assert f"{undo.TABLE_FILE} is not as it was written" in rows[1][1]


def test_a_site_with_a_firewall_of_its_own(kernel: Kernel, run: Any) -> None:
    assert rows_of(run(state="probe", enabled=False)) == [
        ("unanswered", "the site keeps its own firewall (firewall_enabled is false); in use: tcp 22 (sshd)")
    ]


def test_names_keep_the_addresses_that_they_had(kernel: Kernel, run: Any, monkeypatch: Any) -> None:
    answers = [[(0, 0, 0, "", ("192.0.2.7", 0))], [(0, 0, 0, "", ("192.0.2.8", 0))]]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: answers[0])
    rule = {"name": "broker", "direction": "out", "ports": [443], "destinations": ["broker.test"]}
    run(rules=[rule])
    run(state="confirmed")
    answers.pop(0)
    run(rules=[rule])
    assert "ip daddr { 192.0.2.7, 192.0.2.8 } tcp dport 443 accept" in kernel.read(undo.TABLE_FILE)

    def nobody(*_args: Any, **_more: Any) -> Any:
        raise OSError("no such name")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    assert firewall.resolve(["gone.test"]) == {"gone.test": []}


def test_the_firewall_of_the_distribution(kernel: Kernel, node: Node) -> None:
    assert firewall.family() == "ufw"
    kernel.write("/etc/os-release", 'ID=rocky\nID_LIKE="rhel centos fedora"\n')
    assert firewall.family() == "firewalld"


def test_the_connection_is_read_from_a_parent(monkeypatch: Any) -> None:
    files = {
        "/proc/30/environ": b"HOME=/root\0",
        "/proc/20/environ": b"A=b\0SSH_CONNECTION=::ffff:192.0.2.9 5000 fe80::1%eth0 22\0",
    }
    texts = {"/proc/30/stat": "30 (python (3)) S 20 1"}
    monkeypatch.setattr("os.getpid", lambda: 30)
    monkeypatch.setattr(helpers, "read_bytes", files.get)
    monkeypatch.setattr(helpers, "read_text", texts.get)
    module: Any = None
    assert firewall.connection_of(module) == model.Connection("192.0.2.9", "fe80::1", 22)
    files["/proc/20/environ"] = b"SSH_CONNECTION=odd\0"
    assert firewall.connection_of(module) is None


def test_a_record_that_cannot_be_read_is_none(kernel: Kernel) -> None:
    kernel.write(firewall.STATE, "no json")
    assert firewall.load_record() == {}
    kernel.write(firewall.STATE, "[]")
    assert firewall.load_record() == {}


ZONE = "/etc/firewalld/zones/eucaim.xml"
THEIRS = '<zone><port port="9000" protocol="tcp"/></zone>'


class Daemon:
    """firewalld, with a memory."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.zone = ""
        self.loaded = ""
        kernel.node.programs["firewall-cmd"] = self.client
        kernel.node.programs["systemctl"] = self.systemctl
        plain = kernel.run_nft
        kernel.node.programs["nft"] = lambda argv, data: self.chain(argv) if "firewalld" in argv else plain(argv, data)
        kernel.node.says("firewall-offline-cmd")
        kernel.write("/etc/firewalld/firewalld.conf", "DefaultZone=public\n")

    def load(self) -> None:
        """Take the files over."""
        self.zone = fwd.default_zone(self.kernel.read("/etc/firewalld/firewalld.conf"))
        self.loaded = self.kernel.read(ZONE)

    def client(self, argv: Sequence[str], _data: Any) -> Answer:
        """Answer as firewall-cmd."""
        if not self.zone:
            return 252, "", "not running"
        if argv[0] == "--reload":
            self.load()
        return 0, f"{self.zone}\n  interfaces: eth0\n" if argv[0] == "--get-active-zones" else f"{self.zone}\n", ""

    def systemctl(self, argv: Sequence[str], _data: Any) -> Answer:
        """Start, stop and show."""
        if list(argv) == ["start", "firewalld.service"]:
            self.load()
        elif list(argv) == ["stop", "firewalld.service"]:
            self.zone = ""
        state = f"Id=firewalld.service\nActiveState={'active' if self.zone else 'inactive'}\nUnitFileState=disabled\n"
        return 0, state if argv[0] == "show" else "", ""

    def chain(self, argv: Sequence[str]) -> Answer:
        """Show the kernel's chain."""
        if self.zone != "eucaim":
            return 1, "", "No such file"
        if "-j" not in argv:
            return 0, self.loaded, ""
        found = [fwd.entry_of(item) for item in fwd.parse(self.loaded)]
        rules = [
            [
                {
                    "match": {
                        "left": {"payload": {"protocol": entry.protocol, "field": "dport"}},
                        "right": {"range": list(entry.ports[0])},
                    }
                },
                {"accept": None},
            ]
            for entry in found
            if entry is not None
        ]
        return 0, json.dumps({"nftables": [{"rule": {"expr": rule}} for rule in rules]}), ""


@pytest.fixture
def daemon(kernel: Kernel) -> Daemon:
    """A node with firewalld, installed and not started."""
    return Daemon(kernel)


def test_firewalld_is_given_a_zone_of_ours(kernel: Kernel, daemon: Daemon, run: Any) -> None:
    assert run(backend="firewalld")["changed"]
    assert daemon.zone == "eucaim"
    assert '<port port="443" protocol="tcp" />' in kernel.read(ZONE)
    run(state="confirmed")
    assert run()["reasons"] == []
    assert [status for status, _measured in rows_of(run(state="probe"))] == ["met", "met", "met"]
    # Rules that change are taken over by a reload.
    assert run(rules=[{"name": "web", "ports": [8080]}])["changed"]
    assert "8080" in daemon.loaded
    run(state="confirmed")
    assert run(state="absent")["changed"]
    assert kernel.read("/etc/firewalld/firewalld.conf") == "DefaultZone=public\n"
    assert kernel.read(ZONE) == ""
    assert daemon.zone == ""


def test_zones_of_somebody_else_are_refused_kept_or_replaced(
    kernel: Kernel, daemon: Daemon, run: Any, refuse: Any
) -> None:
    kernel.write("/etc/firewalld/zones/public.xml", THEIRS)
    kernel.write("/etc/firewalld/direct.xml", "<direct><rule/></direct>")
    kernel.write("/etc/firewalld/policies/own.xml", "<policy/>")
    said = refuse(backend="firewalld")
    for words in ("firewalld: zone public: port 9000/tcp", "firewalld: direct rules", "firewalld: policy own.xml"):
        assert words in said
    assert "rules of somebody else that cannot be replaced" in refuse(backend="firewalld", existing="replace")
    run(backend="firewalld", existing="keep")
    assert 'port="9000"' in kernel.read(ZONE)
    run(state="confirmed")
    assert run(existing="keep")["reasons"] == []


def test_zones_of_somebody_else_are_put_back(kernel: Kernel, daemon: Daemon, run: Any) -> None:
    kernel.write("/etc/firewalld/zones/public.xml", THEIRS)
    run(backend="firewalld", existing="replace")
    assert kernel.read("/etc/firewalld/zones/public.xml") == ""
    run(state="confirmed")
    run(state="absent")
    assert kernel.read("/etc/firewalld/zones/public.xml") == THEIRS


def test_what_was_added_to_our_zone_is_found(kernel: Kernel, daemon: Daemon, run: Any, refuse: Any) -> None:
    run(backend="firewalld")
    run(state="confirmed")
    kernel.write(ZONE, kernel.read(ZONE).replace("</zone>", '<port port="9000" protocol="tcp"/></zone>'))
    assert "firewalld: zone eucaim: port 9000/tcp" in refuse()


def test_a_zone_that_firewalld_does_not_take_is_refused(node: Node, daemon: Daemon, refuse: Any) -> None:
    node.says("firewall-offline-cmd", 1, err="INVALID_PORT")
    said = refuse(backend="firewalld")
    assert f"rules for {ZONE} that cannot be loaded: INVALID_PORT" in said
    assert "rules for /etc/firewalld that cannot be loaded" in said


def test_a_firewalld_that_was_on_stays_on(kernel: Kernel, daemon: Daemon, run: Any) -> None:
    daemon.load()
    run()
    assert daemon.zone == "eucaim"
    run(state="confirmed")
    run(state="absent")
    assert daemon.zone == "public"


def test_a_firewalld_that_does_not_start_is_undone(node: Node, daemon: Daemon, refuse: Any) -> None:
    plain = daemon.systemctl
    node.programs["systemctl"] = lambda argv, data: (
        (1, "", "failed") if list(argv) == ["start", "firewalld.service"] else plain(argv, data)
    )
    assert "systemctl start firewalld.service: failed" in refuse(backend="firewalld")


def test_firewalld_does_not_start_by_being_installed(kernel: Kernel, run: Any) -> None:
    run(state="claimed", packages=["firewalld"], backend="firewalld")
    assert firewall.link_of(firewall.MASK) == "/dev/null"
    run(state="absent")
    assert firewall.link_of(firewall.MASK) == ""
