# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted secrets, and those that the node made itself, looked for where they must not be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.site.driver import SCRATCH
from tests.site.world import PROVIDER, World

SECRETS = "/etc/eucaim/federation/secrets"
KEY = f"/etc/eucaim/federation/pki/{PROVIDER}.broker.eucaim.test.priv.pem"
# Everything that any account of the node can read, programs and packages left out by their folder.
READABLE = (
    "umask 077; cat > /run/searched;"
    " find / -xdev \\( -path /proc -o -path /sys -o -path /usr/share -o -path /usr/lib \\) -prune"
    " -o -type f -perm -o=r -print0 2>/dev/null | xargs -0 -r grep -lFf /run/searched -- 2>/dev/null; rm /run/searched"
)


@pytest.fixture(scope="module")
def secrets(world: World) -> dict[str, str]:
    """Planted by the site, and made on the node."""
    made = world.node.exec(f'cd {SECRETS} && for name in *; do echo "$name $(cat $name)"; done').stdout
    found = dict(line.split(" ", 1) for line in made.splitlines())
    assert len(found) >= 2
    lines = world.node.exec(f"cat {KEY}").stdout.splitlines()
    return {**world.planted, **found, "private key": lines[3]}


@pytest.fixture(scope="module")
def transcript(world: World) -> str:
    """All that the runs print at the highest verbosity, while every secret is written anew."""
    world.node.exec("rm /etc/eucaim/federation/focus.env /etc/eucaim/federation/beam-proxy.env")
    env = {"ANSIBLE_DIFF_ALWAYS": "1"}
    first = world.site("-vvvv", "--diff", env=env).succeeded()
    assert first.changed > 0
    return first.output + world.verify("-vvvv", "--diff", env=env).succeeded().output


def told(text: str, secrets: dict[str, str]) -> list[str]:
    """Names of the secrets that a text contains."""
    return [name for name, value in secrets.items() if value in text]


def test_the_search_finds_what_is_there(world: World, secrets: dict[str, str]) -> None:
    """A search that finds nothing anywhere proves nothing: a secret in a readable file is found."""
    value = next(iter(secrets.values()))
    world.node.exec("cat > /opt/leak && chmod 0644 /opt/leak", stdin=value)
    try:
        assert "/opt/leak" in world.node.exec(READABLE, stdin=value, check=False).stdout
    finally:
        world.node.exec("rm /opt/leak")


def test_no_secret_is_in_the_output(transcript: str, secrets: dict[str, str]) -> None:
    """Not at -vvvv with --diff."""
    assert "site-node-1" in transcript
    assert told(transcript, secrets) == []


def test_no_secret_is_in_a_readable_file(world: World, transcript: str, secrets: dict[str, str]) -> None:
    """Of all files on the node that others than root may read."""
    assert transcript
    listed = "\n".join(secrets.values()) + "\n"
    assert world.node.exec(READABLE, stdin=listed, check=False).stdout == ""


def test_no_secret_is_in_the_list_of_processes(world: World, secrets: dict[str, str]) -> None:
    """Argument lists are for everyone to see."""
    assert told(world.node.exec("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout, secrets) == []


def test_no_secret_is_in_the_journals(world: World, transcript: str, secrets: dict[str, str]) -> None:
    """Of systemd and of the containers."""
    assert transcript
    journal = world.node.exec(
        "journalctl --no-pager --all; for c in $(docker ps -aq); do docker logs $c 2>&1; done"
    ).stdout
    assert len(journal) > 1000
    assert told(journal, secrets) == []


def test_no_secret_is_in_the_report_or_beside_the_inventory(
    world: World, transcript: str, secrets: dict[str, str]
) -> None:
    """Report, certificate request and lock file."""
    assert transcript
    folders = [world.report, world.directory / "enrolment"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [path for path in world.directory.glob("*.yml") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        assert told(path.read_text(encoding="utf-8"), secrets) == [], path


def test_nothing_is_left_in_the_temporary_folders(world: World, transcript: str) -> None:
    """No module, no archive, no half-written file."""
    assert transcript
    left = world.node.exec(
        "find /tmp /var/tmp /home/operator/.ansible /root/.ansible -type f 2>/dev/null || true"
    ).stdout
    assert left.strip() == ""


def test_the_scratch_folder_of_the_tests_is_private() -> None:
    """The tests' own inventories hold secrets."""
    mode = subprocess.run(
        ["stat", "-c", "%a", str(Path(SCRATCH))], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert mode == "700"
