# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the base of every node: people, folders, tools, updates and the clock."""

from __future__ import annotations

from tests.nodes.engine import KEYS, operator_key, run
from tests.testinfra.common import Subject

PEOPLE = {"ada": "eucaim_admin", "bela": "eucaim_basic"}


def people_are_there(subject: Subject, more: tuple[str, ...] = ()) -> None:
    """Accounts and their groups as the system counts them, and nobody else in the groups."""
    for name, group in PEOPLE.items():
        user = subject.host.user(name)
        assert user.exists
        assert user.shell == "/bin/bash"
        assert group in user.groups
        assert set(user.groups) <= {group, "users", name, *more}
        assert subject.host.group(group).members == [name]


def people_can_log_in(subject: Subject) -> None:
    """Over SSH with the key of the inventory, which is the only one; the folder is theirs alone."""
    public = operator_key().with_suffix(".pub").read_text(encoding="utf-8").split()[1]
    for name in PEOPLE:
        for path, mode in ((".ssh", 0o700), (".ssh/authorized_keys", 0o600)):
            found = subject.host.file(f"/home/{name}/{path}")
            assert (found.user, found.mode) == (name, mode), path
        text = subject.host.file(f"/home/{name}/.ssh/authorized_keys").content_string
        assert [line.split()[1] for line in text.splitlines() if line.startswith("ssh-")] == [public]
        assert (
            run(["ssh", "-F", str(subject.node.ssh_config), "-l", name, subject.name, "id -un"]).stdout.strip() == name
        )


def sudo_asks(subject: Subject) -> None:
    """An administrator becomes root with the password and not without; somebody else never."""
    password = (KEYS / "admin.password").read_text(encoding="utf-8")
    login = ["ssh", "-F", str(subject.node.ssh_config), subject.name, "-l"]
    assert run([*login, "ada", "sudo -n id -u"], check=False).returncode != 0
    assert run([*login, "ada", "sudo -S -p '' id -u"], stdin=password).stdout.strip() == "0"
    assert run([*login, "bela", "sudo -S -p '' id -u"], stdin=password, check=False).returncode != 0
    rules = subject.host.file("/etc/sudoers.d/eucaim_admin")
    assert (rules.user, rules.group, rules.mode) == ("root", "root", 0o440)
    subject.says("visudo -c")


def folders_are_there(subject: Subject) -> None:
    """Those of EUCAIM belong to root, those of people to them."""
    for path in ("/opt/eucaim", "/etc/eucaim", "/var/lib/eucaim"):
        found = subject.host.file(path)
        assert found.is_directory
        assert (found.user, found.group, found.mode) == ("root", "root", 0o755), path
    for name in PEOPLE:
        found = subject.host.file(f"/home/{name}/software")
        assert found.is_directory
        assert (found.user, found.mode) == (name, 0o755)


def tools_work(subject: Subject) -> None:
    """They are not only installed: they start."""
    for tool in ("wget", "curl", "git"):
        assert subject.says(f"{tool} --version")


def updates_come_by_themselves(subject: Subject) -> None:
    """The timers, and what the program itself says that it would install from."""
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert subject.host.service(timer).is_enabled
        assert subject.host.service(timer).is_running
    assert 'APT::Periodic::Unattended-Upgrade "1";' in subject.says("apt-config dump")
    assert "Debian-Security" in subject.says("unattended-upgrade --dry-run --debug 2>&1 | grep -i '^allowed origins'")


def the_clock_is_kept(subject: Subject) -> None:
    """By exactly one time service; in a container it cannot run, since the clock is its host's."""
    assert subject.host.service("systemd-timesyncd").is_enabled
    others = ("chrony", "ntpsec", "openntpd")
    assert [name for name in others if subject.host.package(name).is_installed] == []
