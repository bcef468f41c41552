# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How people log in: vaults, a jump host, su, a sudo with moods, a slow and talkative login, a node without Python."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hospital.bare import BareNode
from tests.nodes.node import Node, differences
from tests.site.driver import ROOT, SCRATCH, Run, environment, playbook, write_inventory
from tests.site.world import SITE, World, made

PREFLIGHT = str(ROOT / "playbooks" / "preflight.yml")
BOOTSTRAP = str(ROOT / "playbooks" / "bootstrap.yml")
AREA = SCRATCH / "login"
JUMP = "172.30.85.31"
BARE = "172.30.85.21"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A bare node and a far end."""
    with made("login", 85) as here:
        yield here


@pytest.fixture
def sockets() -> Iterator[dict[str, str]]:
    """Connections of this test's own: one that is left over from another test would hide how the login is now."""
    with tempfile.TemporaryDirectory(prefix="eucaim-") as folder:
        yield {"ANSIBLE_SSH_CONTROL_PATH_DIR": folder}
        for socket in Path(folder).iterdir():
            subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "x"], check=False, capture_output=True)


def inventory(world: World, area: str, **changes: Any) -> Path:
    """An inventory of the bare node with good settings, some of them changed."""
    return write_inventory(AREA / area, {world.node.name: {**world.settings(), **changes}})


@contextlib.contextmanager
def files(node: Node, wanted: Mapping[str, str], mode: str = "0644") -> Iterator[None]:
    """Files that an administrator put on the node, for a while; sshd reads its settings anew."""
    for path, text in wanted.items():
        node.exec(f"install -m {mode} /dev/stdin {path}", stdin=text)
    node.exec("systemctl reload ssh")
    try:
        yield
    finally:
        node.exec(f"rm -f {' '.join(wanted)}; systemctl reload ssh")


def refused(run: Run, *words: str) -> None:
    """The run stopped in words before it changed anything."""
    assert run.rc != 0, run.output[-3000:]
    assert run.changed == 0
    assert "Traceback" not in run.output
    for word in words:
        assert word in run.output, f"{word!r} is not in {run.output[-4000:]}"


# ------------------------------------------------------------------------ vaults


class Site:
    """A copy of inventories/tier2, filled in as its comments ask, its secrets in a vault."""

    def __init__(self, world: World, folder: Path) -> None:
        self.folder = folder
        self.world = world
        shutil.rmtree(folder, ignore_errors=True)
        tree = folder / "inventories" / "mysite"
        shutil.copytree(ROOT / "inventories" / "tier2", tree)
        self.hosts = tree / "hosts.yml"
        self._edit(self.hosts, "node1.example.org", world.node.name)
        self._edit(self.hosts, "192.0.2.10", world.node.ip)
        self._edit(tree / "group_vars/all/connection.yml", "ansible_user: admin", "ansible_user: operator")
        self._edit(tree / "group_vars/all/connection.yml", "# ansible_become_password:", "ansible_become_password:")
        shutil.copy(world.far_end.pki / "root.crt.pem", tree / "broker-root.crt.pem")
        # What only this test bench has.
        kept = ("ansible_ssh_private_key_file", "ansible_ssh_common_args", "federation_images", "federation_broker_url")
        own = {name: value for name, value in world.settings().items() if name in kept or name.endswith("certificates")}
        (tree / "host_vars").mkdir()
        (tree / "host_vars" / f"{world.node.name}.yml").write_text(json.dumps(own), encoding="utf-8")
        self.password = folder / "vault.password"
        self.password.write_text("the vault's own password\n", encoding="ascii")

    @staticmethod
    def _edit(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commands(self) -> list[str]:
        """The commands that secrets.example.txt tells a person to give."""
        text = (self.hosts.parent / "secrets.example.txt").read_text(encoding="utf-8")
        return re.findall(r"^#   (\S.*)$", text, re.MULTILINE)

    def do(self, command: str, *edits: str) -> None:
        """Give one of them, in the folder where the person stands; the editor does what *edits* say."""
        editor = self.folder / "editor"
        editor.write_text("#!/bin/sh\nexec sed -i " + " ".join(f"-e '{edit}'" for edit in edits) + ' "$1"\n')
        editor.chmod(0o755)
        extra = {"ANSIBLE_VAULT_PASSWORD_FILE": str(self.password), "EDITOR": str(editor)}
        venv = str(Path(shutil.which("ansible-playbook") or "").parent)
        env = environment(extra)
        env["PATH"] = f"{venv}:{env['PATH']}"
        subprocess.run(command, shell=True, cwd=self.folder, env=env, check=True, capture_output=True, text=True)

    def run(self, name: str, *arguments: str, password: Path | None = None) -> Run:
        """Run a playbook of the clone with the vault's password file."""
        return playbook(name, "--vault-password-file", str(password or self.password), *arguments, inventory=self.hosts)


@pytest.fixture(scope="module")
def site(world: World) -> Site:
    """The flow of secrets.example.txt, word for word."""
    here = Site(world, AREA / "vault")
    copy, encrypt, edit = here.commands()
    assert (copy.split()[0], encrypt.split()[:2], edit.split()[:2]) == (
        "cp",
        ["ansible-vault", "encrypt"],
        ["ansible-vault", "edit"],
    )
    here.do(copy)
    here.do(encrypt)
    here.do(
        edit,
        f"s|^# *vault_ansible_become_password:.*|vault_ansible_become_password: {sudo_password(world)}|",
        "s|Secret change-me|Secret of-our-own|",
    )
    return here


def sudo_password(world: World) -> str:
    """The password of the user on the node."""
    return world.planted["sudo password"]


def test_the_example_inventory_with_its_secrets_in_a_vault(site: Site) -> None:
    """Preflight and site in check mode: no secret is in the clear, and the right ones arrive."""
    secrets = site.hosts.parent / "group_vars" / "local_nodes" / "secrets.yml"
    assert secrets.read_text(encoding="ascii").startswith("$ANSIBLE_VAULT;")
    assert site.run(PREFLIGHT).succeeded().changed == 0
    checked = site.run(SITE, "--check", "--diff").succeeded()
    assert checked.changed > 0
    assert sudo_password(site.world) not in checked.output


def test_a_missing_vault_variable_is_refused_with_everything_else(site: Site) -> None:
    """Also the password for sudo, at which Ansible itself would stop before it looks at anything else."""
    edit = site.commands()[2]
    site.do(edit, "s/^vault_/absent_vault_/")
    try:
        run = site.run(SITE, "-e", "docker_source=snap")
    finally:
        site.do(edit, "s/^absent_vault_/vault_/")
    refused(run, "3 refusals", "vault_ansible_become_password", "vault_federation_endpoint_auth_header", '"snap"')
    assert "ansible-vault" in run.output


def test_a_vault_that_cannot_be_decrypted(site: Site) -> None:
    """Ansible's own words, before anything else: the password does not fit."""
    wrong = site.folder / "wrong.password"
    wrong.write_text("another\n", encoding="ascii")
    refused(site.run(SITE, password=wrong), "Decryption failed")


# ------------------------------------------------------------------------ the way


def test_through_a_jump_host(world: World, sockets: dict[str, str]) -> None:
    """The node lets nobody in who does not come from there: preflight, site in check mode, and a part for real."""
    jump = Node("login-jump", world.node.network, JUMP)
    node = world.node
    with contextlib.ExitStack() as stack:
        stack.callback(jump.down)
        jump.up()
        only = {"/etc/ssh/sshd_config.d/20-jump.conf": f"AllowUsers operator@{JUMP}\n"}
        stack.enter_context(files(node, only))
        config = AREA / "jump.config"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(jump.ssh_config.read_text() + node.ssh_config.read_text(), encoding="utf-8")
        direct = playbook(PREFLIGHT, inventory=inventory(world, "direct"), env=sockets)
        refused(direct, "ansible_host [NET-ADDR]", world.node.ip)
        behind = inventory(
            world, "jump", ansible_host=node.name, ansible_ssh_common_args=f"-F {config} -o ProxyJump={jump.name}"
        )
        playbook(PREFLIGHT, inventory=behind, env=sockets).succeeded()
        assert playbook(SITE, "--check", "--diff", inventory=behind, env=sockets).succeeded().changed > 0
        assert playbook(SITE, "--tags", "base", inventory=behind, env=sockets).succeeded().changed > 0
        assert "ada" in node.exec("getent passwd ada").stdout
        assert playbook(SITE, "--tags", "base", inventory=behind, env=sockets).succeeded().changed == 0


# ------------------------------------------------------------------ becoming root


def test_su_in_place_of_sudo(world: World, sockets: dict[str, str]) -> None:
    """With root's password; sudo refuses this user meanwhile."""
    rules = {"/etc/sudoers.d/zz-nobody": "operator ALL=(ALL) !ALL\n"}
    world.node.exec("chpasswd", stdin=f"root:{sudo_password(world)}\n")
    try:
        with files(world.node, rules, "0440"):
            refused(playbook(SITE, inventory=inventory(world, "sudo"), env=sockets), "cannot become root")
            hosts = inventory(world, "su", ansible_become_method="su")
            checked = playbook(SITE, "--check", "--tags", "base,docker", inventory=hosts, env=sockets)
            assert checked.succeeded().recap[world.node.name]["failed"] == 0
    finally:
        world.node.exec("passwd --lock root")


def test_a_sudo_that_wants_a_terminal(world: World, sockets: dict[str, str]) -> None:
    """Refused with the setting to change; with it changed, it works."""
    with files(world.node, {"/etc/sudoers.d/zz-tty": "Defaults requiretty\n"}, "0440"):
        run = playbook(SITE, inventory=inventory(world, "tty", ansible_ssh_pipelining=True), env=sockets)
        refused(run, "ansible_ssh_pipelining", "requiretty")
        hosts = inventory(world, "tty", ansible_ssh_pipelining=False)
        playbook(SITE, "--check", "--tags", "base", inventory=hosts, env=sockets).succeeded()


@pytest.mark.long
def test_a_talkative_slow_login_and_a_sudo_that_lectures(world: World, sockets: dict[str, str]) -> None:
    """A banner, a greeting of the shell, a second for every login, and a lecture before every password."""
    told = {
        "/etc/ssh/sshd_config.d/20-banner.conf": "Banner /etc/issue.net\nPrintMotd yes\n",
        "/etc/issue.net": "Authorised users only.\nBECOME-SUCCESS is not for you. Password:\n",
        "/etc/ssh/sshrc": "sleep 1\necho Welcome to ward 7 >&2\n",
        "/etc/sudoers.d/zz-lecture": "Defaults lecture=always, timestamp_timeout=0\n",
    }
    before = world.node.exec("cat /etc/issue.net", check=False).stdout
    with files(world.node, told, "0440"):
        world.node.exec("chmod 0644 /etc/issue.net /etc/ssh/sshrc")
        hosts = inventory(world, "slow")
        playbook(PREFLIGHT, inventory=hosts, env=sockets).succeeded()
        playbook(SITE, "--check", "--tags", "base", inventory=hosts, env=sockets).succeeded()
    world.node.exec("cat > /etc/issue.net", stdin=before)


# ---------------------------------------------------------- no Python and no sudo


@pytest.fixture
def bare(world: World) -> Iterator[World]:
    """A second node on the same network, without Python and sudo."""
    node = BareNode("login-bare", world.node.network, BARE)
    node.down()
    try:
        node.up()
        yield World(node, world.far_end, "login-bare", "good-login-bare")
    finally:
        node.down()


def test_a_node_without_python_and_sudo(bare: World, sockets: dict[str, str]) -> None:
    """Site names the remedy; the remedy refuses without a way to root, foretells, works once, and then has no work."""
    hosts = inventory(bare, "bare")
    assert bare.node.exec("command -v python3 sudo", check=False).stdout == ""
    packages = bare.node.exec("dpkg-query -W").stdout
    named = "eucaim.local_node.bootstrap"
    refused(playbook(SITE, inventory=hosts, env=sockets), "ansible_python_interpreter", "ansible_become_method", named)
    refused(playbook(BOOTSTRAP, inventory=hosts, env=sockets), "no sudo on", "ansible_become_method=su")
    su = ("-e", "ansible_become_method=su")
    told = playbook(BOOTSTRAP, *su, "--check", "--diff", inventory=hosts, env=sockets).succeeded()
    assert (told.changed, "would install python3 and sudo" in told.output) == (1, True)
    assert bare.node.exec("dpkg-query -W").stdout == packages
    wrong = playbook(BOOTSTRAP, *su, "-e", "ansible_become_password=wrong", inventory=hosts, env=sockets)
    refused(wrong, "ansible_become_password")
    assert bare.node.exec("dpkg-query -W").stdout == packages
    done = playbook(BOOTSTRAP, *su, inventory=hosts, env=sockets).succeeded()
    assert (done.changed, "installed python3 and sudo" in done.output) == (1, True)
    assert bare.node.exec("find /home/operator/.ansible/tmp -type f").stdout == ""
    before = bare.node.fingerprint()
    assert playbook(BOOTSTRAP, inventory=hosts, env=sockets).succeeded().changed == 0
    assert differences(before, bare.node.fingerprint()) == []
    # With the login and the sudo that the inventory names, nothing else stands in the way.
    assert playbook(SITE, "--check", "--tags", "preflight,base", inventory=hosts, env=sockets).succeeded().changed > 0


@pytest.mark.long
def test_a_node_without_python_and_a_login_as_root(bare: World, sockets: dict[str, str]) -> None:
    """Root needs no sudo to bring it."""
    key = bare.node.exec("cat /home/operator/.ssh/authorized_keys").stdout
    bare.node.exec("install -d -m 700 /root/.ssh && cat > /root/.ssh/authorized_keys", stdin=key)
    permit = {"/etc/ssh/sshd_config.d/05-root.conf": "PermitRootLogin prohibit-password\n"}
    with files(bare.node, permit):
        hosts = inventory(bare, "root", ansible_user="root")
        assert playbook(BOOTSTRAP, inventory=hosts, env=sockets).succeeded().changed == 1
        assert playbook(BOOTSTRAP, inventory=hosts, env=sockets).succeeded().changed == 0
        playbook(SITE, "--check", "--tags", "preflight,base", inventory=hosts, env=sockets).succeeded()
