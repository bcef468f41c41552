# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bare node says is understood, refused or answered with a script."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _bootstrap as bootstrap
from ansible_collections.eucaim.local_node.plugins.module_utils._bootstrap import Found

BARE = Found(1000, "ann", ("users",), (), "apt-get")
READY = Found(1000, "ann", ("users",), ("python3", "sudo"), "apt-get")


def test_the_question_is_understood_by_a_shell_and_its_answer_by_us() -> None:
    answer = subprocess.run(["sh", "-c", bootstrap.PROBE], capture_output=True, text=True, check=True).stdout
    found = bootstrap.parse(answer)
    assert found is not None
    assert found.uid >= 0
    assert found.user
    assert "python3" in found.programs


def test_an_answer_with_a_greeting_around_it() -> None:
    text = "Welcome to ward 7\n\nuid 1000\nuser ann\ngroups users sudo\nhas sudo\nmanager apt-get\nend\n"
    assert bootstrap.parse(text) == Found(1000, "ann", ("users", "sudo"), ("sudo",), "apt-get")
    assert bootstrap.parse("uid x\nuser\nend") == Found()


@pytest.mark.parametrize("text", ["", "This account is currently not available.\n", "uid 0\nuser root\n"])
def test_an_answer_that_did_not_come_to_its_end(text: str) -> None:
    assert bootstrap.parse(text) is None


@pytest.mark.parametrize(
    ("found", "method", "variables"),
    [
        (READY, "sudo", []),
        (BARE, "sudo", ["ansible_become_method"]),
        (BARE, "su", []),
        (Found(0, "root", ("root",), (), "dnf"), "sudo", []),
        (Found(1000, "ann", ("users",), ("sudo",), "apt-get"), "sudo", []),
        (Found(1000, "ann", ("users",), ("python3",), ""), "sudo", ["ansible_host", "ansible_become_method"]),
        (Found(1000, "ann", ("users",), ("python3", "sudo"), ""), "sudo", []),
    ],
)
def test_what_cannot_be_prepared_is_refused(found: Found, method: str, variables: list[str]) -> None:
    assert [refusal.variable for refusal in bootstrap.refusals(found, method, "192.0.2.7")] == variables


@pytest.mark.parametrize(
    ("found", "group"),
    [
        (BARE, "sudo"),
        (Found(1000, "ann", ("users",), ("python3",), "dnf"), "wheel"),
        (READY, ""),
        (Found(0, "root", ("root",), (), "apt-get"), ""),
        (Found(1000, "ann", ("sudo",), (), "apt-get"), ""),
    ],
)
def test_only_who_brought_sudo_gets_it(found: Found, group: str) -> None:
    assert found.new_group == group


def test_the_script_of_each_family() -> None:
    text = bootstrap.script(BARE, {"http_proxy": "http://a'b@proxy:3128", "no_proxy": ""})
    assert text.index("usermod -aG sudo ann") < text.index("install python3 sudo")
    assert "export http_proxy='http://a'\"'\"'b@proxy:3128'\n" in text
    assert "no_proxy" not in text
    text = bootstrap.script(Found(0, "root", ("root",), ("sudo",), "dnf"), {})
    assert "usermod" not in text
    assert text.endswith("dnf -y install python3\n")


@pytest.mark.parametrize("found", [BARE, Found(0, "root", (), (), "dnf")])
def test_the_script_is_one_that_a_shell_reads(found: Found) -> None:
    script = bootstrap.script(found, {"http_proxy": "http://proxy:3128"})
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0


def test_what_was_done_in_words() -> None:
    assert bootstrap.done_text(READY, check=False).endswith("nothing was installed.")
    assert bootstrap.done_text(BARE, check=True) == "would install python3 and sudo; ann would be a member of sudo"
    assert bootstrap.done_text(Found(0, "root", (), ("sudo",), "dnf"), check=False) == "installed python3"
