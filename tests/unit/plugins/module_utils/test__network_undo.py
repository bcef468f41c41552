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
        (tools / "systemctl").write_text(f"#!/bin/sh\necho systemctl $@ >> {root}/calls\n", encoding="utf-8")
        (tools / "systemctl").chmod(0o755)
        text = undo.SCRIPT_TEXT.replace(undo.HOME, str(self.home)).replace(undo.NONCE, str(root / "nonce"))
        text = text.replace("PATH=/usr/sbin", f"PATH={tools}:/usr/sbin")
        (root / "script").write_text(text, encoding="utf-8")
        for name in ("former", "next"):
            (self.home / name / "files").mkdir(parents=True)
            for when in ("before", "after"):
                (self.home / name / when).write_text(f"echo {name} {when} >> {root}/calls\n", encoding="utf-8")
        (self.home / "nonce").write_text("abc\n", encoding="utf-8")
        (self.home / "pending").touch()
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

    def run(self, what: str) -> int:
        """Run the script; return its exit code."""
        return subprocess.run(["sh", str(self.root / "script"), what], check=False, timeout=60).returncode

    def refuse(self, tool: str) -> None:
        """Let a tool fail, as on a full disk."""
        (self.root / "bin" / tool).write_text("#!/bin/sh\necho no space left >&2\nexit 1\n", encoding="utf-8")
        (self.root / "bin" / tool).chmod(0o755)

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
        "systemctl kill --signal=KILL eucaim-network-apply.service",
        "former before",
        "former after",
        "systemctl --no-block stop eucaim-network-undo.timer eucaim-network-undo-late.timer",
    ]
    assert not (switch.home / "pending").exists()
    assert (switch.home / "undone").read_text(encoding="utf-8").endswith("Z\n")


def test_at_boot_the_files_alone_are_put_back(switch: Switch) -> None:
    switch.run("apply")
    (switch.root / "calls").unlink()
    switch.run("boot")
    assert (switch.read("kept"), switch.read("new")) == ("old", "")
    assert "former" not in switch.read("calls")


@pytest.mark.parametrize("what", ["undo", "boot"])
@pytest.mark.parametrize("tool", ["cp", "mv", "rm"])
def test_what_is_half_undone_is_tried_again(switch: Switch, what: str, tool: str) -> None:
    assert switch.run("apply") == 0
    switch.refuse(tool)
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
    switch.refuse(tool)
    assert switch.run("apply") == 1
    assert switch.read("nonce") == ""
    assert "next after" in switch.read("calls")


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


def test_the_timers_strike_one_after_the_other() -> None:
    first, late = (undo.undo_arguments(name, 90) for name in undo.TIMERS)
    assert "--on-active=90" in first
    assert "--on-active=105" in late
    assert first[-2:] == [undo.SCRIPT, "undo"]
    assert "Before=network-pre.target" in undo.SETTLE_TEXT
