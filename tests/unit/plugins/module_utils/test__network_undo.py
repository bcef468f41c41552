# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that goes over to other settings, and back: the real one, with its folders elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_undo as undo


class Switch:
    """A node that is a folder, with settings of before and settings to come."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        tools = root / "bin"
        tools.mkdir()
        # The node's own are for the node; what they were asked is written down.
        self.tool("systemctl", f"echo systemctl $@ >> {root}/calls")
        self.tool("sync", f"echo sync $@ >> {root}/synced")
        text = undo.SCRIPT_TEXT.replace(undo.HOME, str(self.home)).replace(undo.NONCE, str(root / "nonce"))
        text = text.replace("PATH=/usr/sbin", f"PATH={tools}:/usr/sbin")
        (root / "script").write_text(text, encoding="utf-8")
        for name in ("former", "next"):
            (self.home / name / "files").mkdir(parents=True)
            for when in ("before", "after"):
                (self.home / name / when).write_text(f"echo {name} {when} >> {root}/calls\n", encoding="utf-8")
        (self.home / "nonce").write_text("abc\n", encoding="utf-8")
        (self.home / "pending").write_text("2026-11-25T16:20:13Z abc digest\n", encoding="utf-8")
        self.lay("former", present={"kept": "old"}, absent=["new"])
        self.lay("next", present={"kept": "other", "new": "mine"}, absent=["gone"])
        (root / "kept").write_text("old", encoding="utf-8")

    def lay(self, folder: str, present: dict[str, str], absent: list[str]) -> None:
        """Lay out a set of files."""
        lines = []
        for number, (name, text) in enumerate(present.items()):
            file = self.home / folder / "files" / str(number)
            file.write_text(text, encoding="utf-8")
            file.chmod(0o600)
            lines.append(f"{number} {self.root}/{name}\n")
        (self.home / folder / "present").write_text("".join(lines), encoding="utf-8")
        (self.home / folder / "absent").write_text(
            "".join(f"{self.root}/{name}\n" for name in absent), encoding="utf-8"
        )

    def run(self, what: str, nonce: str = "abc") -> int:
        """Run the script; return its exit code."""
        argv = ["sh", str(self.root / "script"), what, *([] if what == "boot" else [nonce])]
        return subprocess.run(argv, check=False, timeout=60).returncode

    def tool(self, name: str, text: str) -> None:
        """Let the script find a tool of the test's own."""
        (self.root / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (self.root / "bin" / name).chmod(0o755)

    def read(self, name: str) -> str:
        """Read a file; empty when there is none."""
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def switch(tmp_path: Path) -> Switch:
    """A node with a change that is about to be made."""
    return Switch(tmp_path)


def test_it_goes_over_and_says_so(switch: Switch) -> None:
    (switch.root / "gone").touch()
    switch.run("apply")
    assert (switch.read("kept"), switch.read("new"), (switch.root / "gone").exists()) == ("other", "mine", False)
    assert switch.read("calls").splitlines() == ["next before", "next after"]
    assert switch.read("nonce") == "abc\n"
    assert (switch.root / "new").stat().st_mode & 0o777 == 0o600
    assert (switch.home / "pending").exists()


def test_it_goes_back_and_stops_its_timers(switch: Switch) -> None:
    switch.run("apply")
    switch.run("undo")
    assert (switch.read("kept"), switch.read("new"), switch.read("nonce")) == ("old", "", "")
    calls = switch.read("calls").splitlines()
    assert calls[2:] == [
        "systemctl kill --signal=KILL eucaim-network-apply-abc.service",
        "systemctl --no-block stop eucaim-network-apply-abc.timer eucaim-network-apply-abc.service",
        "former before",
        "former after",
        "systemctl --no-block stop eucaim-network-undo-abc.timer eucaim-network-undo-late-abc.timer",
    ]
    assert not (switch.home / "pending").exists()
    assert (switch.home / "undone").read_text(encoding="utf-8").endswith("Z\n")


def test_at_boot_the_files_alone_are_put_back(switch: Switch) -> None:
    switch.run("apply")
    (switch.root / "calls").unlink()
    switch.run("boot")
    assert (switch.read("kept"), switch.read("new")) == ("old", "")
    assert "former" not in switch.read("calls")


@pytest.mark.parametrize(("what", "made"), [("apply", ""), ("undo", ""), ("boot", "netplan generate old\n")])
def test_at_boot_netplan_reads_its_files_anew(switch: Switch, what: str, made: str) -> None:
    switch.run("apply")
    switch.tool("netplan", f"echo netplan $@ $(cat {switch.root}/kept) >> {switch.root}/made; exit 1")
    assert switch.run(what) == 0
    assert switch.read("made") == made


@pytest.mark.parametrize("what", ["undo", "boot"])
@pytest.mark.parametrize("tool", ["cp", "mv", "rm"])
def test_what_is_half_undone_is_tried_again(switch: Switch, what: str, tool: str) -> None:
    assert switch.run("apply") == 0
    switch.tool(tool, "exit 1")
    assert switch.run(what) == 1
    assert (switch.home / "pending").exists()
    assert not (switch.home / "undone").exists()
    assert "stop eucaim-network-undo" not in switch.read("calls")
    (switch.root / "bin" / tool).unlink()
    assert switch.run(what) == 0
    assert (switch.read("kept"), switch.read("new")) == ("old", "")
    assert not (switch.home / "pending").exists()


@pytest.mark.parametrize("tool", ["cp", "mv", "rm"])
def test_settings_that_are_half_there_are_not_proven(switch: Switch, tool: str) -> None:
    switch.tool(tool, "exit 1")
    assert switch.run("apply") == 1
    assert switch.read("nonce") == ""
    assert "next after" in switch.read("calls")


def test_files_get_what_selinux_has_for_their_place(switch: Switch) -> None:
    switch.tool("cp", f'echo cp $1 >> {switch.root}/calls; exec /bin/cp "$@"')
    switch.tool("restorecon", f"echo restorecon $@ >> {switch.root}/calls; exit 1")
    assert switch.run("apply") == 0
    copied = switch.read("calls").splitlines()[1:-1]
    assert copied == ["cp -p", f"restorecon -- {switch.root}/kept", "cp -p", f"restorecon -- {switch.root}/new"]
    assert (switch.root / "kept").stat().st_mode & 0o777 == 0o600


def test_a_list_that_is_gone_is_no_empty_list(switch: Switch) -> None:
    (switch.home / "former" / "present").unlink()
    assert switch.run("undo") == 1
    assert (switch.home / "pending").exists()


@pytest.mark.parametrize("what", ["apply", "undo", "boot"])
def test_what_is_proven_stays(switch: Switch, what: str) -> None:
    (switch.home / "pending").unlink()
    switch.run(what)
    assert switch.read("kept") == "old"
    assert "former" not in switch.read("calls") + switch.read("nonce")


@pytest.mark.parametrize("what", ["apply", "undo", "boot"])
def test_a_power_cut_takes_nothing_back(switch: Switch, what: str) -> None:
    look = f"cat {switch.root}/kept >> {switch.root}/synced; ls {switch.home} | grep pending >> {switch.root}/synced"
    switch.tool("sync", f"echo sync $@ >> {switch.root}/synced; {look}")
    switch.run("apply")
    (switch.root / "synced").unlink()
    switch.run(what)
    kept = "other" if what == "apply" else "old"
    assert switch.read("synced") == f"sync -f /etc {switch.home}\n{kept}pending\n"


def test_a_node_whose_sync_knows_less_syncs_everything(switch: Switch) -> None:
    switch.tool("sync", f'echo sync $@ >> {switch.root}/synced; [ "$1" != -f ]')
    switch.run("apply")
    assert switch.read("synced") == f"sync -f /etc {switch.home}\nsync\n"


@pytest.mark.parametrize("what", ["apply", "undo"])
def test_what_was_started_for_an_older_run_does_nothing(switch: Switch, what: str) -> None:
    assert switch.run(what, "old") == 0
    assert (switch.read("kept"), switch.read("nonce")) == ("old", "")
    assert "former" not in switch.read("calls")
    assert (switch.home / "pending").exists()


def test_without_the_lock_nothing_is_changed_but_undone(switch: Switch) -> None:
    switch.tool("flock", "exit 1")
    assert switch.run("apply") == 1
    assert switch.read("calls") == ""
    switch.tool("flock", "exit 0")
    switch.run("apply")
    switch.tool("flock", "exit 1")
    assert switch.run("undo") == 0
    assert switch.read("kept") == "old"


def test_an_undo_without_the_lock_leaves_a_newer_run_its_own(switch: Switch) -> None:
    switch.run("apply")
    switch.tool("flock", "exit 1")
    newer = f"echo later def digest > {switch.home}/pending\n"
    (switch.home / "former" / "after").write_text(newer, encoding="utf-8")
    assert switch.run("undo") == 0
    assert (switch.home / "pending").read_text(encoding="utf-8") == "later def digest\n"
    assert "stop eucaim-network-undo" not in switch.read("calls")


def test_the_timers_strike_one_after_the_other() -> None:
    first, late = (undo.undo_arguments(name, "abc", 90) for name in undo.TIMERS)
    assert "--on-active=90" in first
    assert "--on-active=105" in late
    assert first[-3:] == [undo.SCRIPT, "undo", "abc"]
    assert "--unit=eucaim-network-undo-late-abc" in late
    assert "Before=network-pre.target" in undo.SETTLE_TEXT


def test_a_change_that_was_killed_does_not_come_again() -> None:
    argv = undo.apply_arguments("abc")
    assert argv[-3:] == [undo.SCRIPT, "apply", "abc"]
    assert "--unit=eucaim-network-apply-abc" in argv
    assert not any("Restart" in word for word in argv)
    assert "--property=Restart=on-failure" in undo.undo_arguments("eucaim-network-undo", "abc", 90)
