# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run again in every form that the README names: nothing changes, and check mode tells the truth."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nodes.node import differences
from tests.perf import counting
from tests.site.driver import ROOT, SCRATCH, environment, playbook, write_inventory
from tests.site.world import NODE_NAME, World

ROLES = ("preflight", "base", "docker", "federation", "report")


def test_a_second_run_changes_nothing(world: World) -> None:
    """0 changed, and files, users, units, rules and containers are the same."""
    before = world.node.fingerprint()
    run = world.site().succeeded()
    world.remember("no-op site, seconds", round(run.seconds, 1))
    assert run.changed == 0, run.output
    assert differences(before, world.node.fingerprint()) == []


def test_check_mode_after_the_run_foretells_nothing(world: World) -> None:
    """--check --diff on a converged node: 0 changed."""
    assert world.site("--check", "--diff").succeeded().changed == 0


@pytest.fixture(scope="module")
def installed(world: World) -> Path:
    """The collection as a site installs it: from the built archive, with the clone out of sight."""
    target = SCRATCH / "installed"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    tool = str(Path(sys.executable).parent / "ansible-galaxy")
    env = environment() | {"ANSIBLE_COLLECTIONS_PATH": str(target)}
    env.pop("ANSIBLE_CONFIG")
    build = [tool, "collection", "build", "--force", "--output-path", str(target), str(ROOT)]
    subprocess.run(build, check=True, cwd=target, env=env, capture_output=True)
    archive = next(target.glob("eucaim-local_node-*.tar.gz"))
    install = [tool, "collection", "install", "--offline", "--no-deps", "-p", str(target), str(archive)]
    subprocess.run(install, check=True, cwd=target, env=env, capture_output=True)
    others = ROOT / ".cache" / "collections" / "ansible_collections"
    for other in others.iterdir():
        if other.is_dir() and not (target / "ansible_collections" / other.name).exists():
            (target / "ansible_collections" / other.name).symlink_to(other)
    return target


def test_by_full_name_from_the_archive(world: World, installed: Path) -> None:
    """`ansible-playbook eucaim.local_node.site`, far from the clone: the same node, 0 changed."""
    settings = installed / "ansible.cfg"
    settings.write_text("", encoding="utf-8")
    env = {"ANSIBLE_CONFIG": str(settings), "ANSIBLE_COLLECTIONS_PATH": str(installed)}
    run = playbook("eucaim.local_node.site", inventory=world.inventory, cwd=installed, env=env).succeeded()
    assert run.changed == 0, run.output
    assert str(ROOT / "roles") not in run.output


def test_by_full_name_from_the_clone(world: World) -> None:
    """The link in the clone makes it a collection."""
    run = playbook("eucaim.local_node.preflight", inventory=world.inventory).succeeded()
    assert run.changed == 0


def test_limit(world: World) -> None:
    """A second host that does not exist stays untouched and unasked."""
    settings = world.settings()
    other = {**settings, "ansible_host": "172.30.81.250", "federation_provider_id": "other-hospital"}
    hosts = {NODE_NAME: settings, "other": other}
    inventory = write_inventory(world.directory, hosts)
    run = playbook(str(ROOT / "playbooks" / "site.yml"), "--limit", NODE_NAME, inventory=inventory).succeeded()
    assert list(run.recap) == [NODE_NAME]
    assert run.changed == 0


@pytest.mark.parametrize("role", ["preflight", "base", "docker", "federation"])
def test_tags(world: World, role: str) -> None:
    """--tags ROLE runs that role, refuses bad input first, and changes nothing."""
    run = world.site("--tags", role).succeeded()
    assert run.changed == 0
    assert "Refuse bad input before the first change" in run.output
    # Ansible's own check of a role's arguments always runs.
    tasks = [line for line in run.output.splitlines() if line.startswith("TASK [") and "Validating arg" not in line]
    assert any(f"eucaim.local_node.{role} :" in line for line in tasks)
    assert not any(f"eucaim.local_node.{other} :" in line for line in tasks for other in ROLES if other != role)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_alone_in_a_foreign_playbook(world: World, role: str) -> None:
    """As in someone else's automation: only this role and its own variables."""
    own = {name: value for name, value in world.settings().items() if name.startswith((f"{role}_", "ansible_"))}
    if role == "report":
        reports = SCRATCH / "foreign" / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        own["report_directory"] = str(reports)
    own |= {"federation_enrolment_directory": str(world.directory / "enrolment")} if role == "federation" else {}
    own |= {"federation_image_lock_file": str(world.directory / "images.lock.yml")} if role == "federation" else {}
    inventory = write_inventory(SCRATCH / "foreign", {NODE_NAME: own})
    play = [{"name": "Foreign", "hosts": "all", "become": True, "roles": [f"eucaim.local_node.{role}"]}]
    path = SCRATCH / "foreign" / f"{role}.yml"
    path.write_text(json.dumps(play), encoding="utf-8")
    run = playbook(str(path), inventory=inventory).succeeded()
    if role == "report":  # Its folder is a new one.
        assert run.changed == 1, run.output
        run = playbook(str(path), inventory=inventory).succeeded()
    assert run.changed == 0, run.output


def test_executions_of_a_run_with_nothing_to_do(world: World) -> None:
    """The number of modules that a no-op run executes on the node: the cost of a run, and it must not creep up."""
    counts = {}
    for name, run in (("site", world.site), ("verify", world.verify)):
        path = SCRATCH / f"executions-{name}"
        run(env=counting.environment(path)).succeeded()
        counts[name] = counting.read(path, [NODE_NAME]).modules
    world.remember("module executions of a no-op run", counts)
    assert 0 < counts["site"] <= 60, counts
    # Two of them take away evidence of roles that have nothing to do here, which would look fresh in the report.
    assert 0 < counts["verify"] <= 21, counts


# The requirements that this version meets by what its roles do.
TAGS = [
    "os_lts",
    "os_devices",
    "net_reach",
    "os_time",
    "os_users",
    "os_dirs",
    "os_tools",
    "os_update",
    "ct_docker",
    "ct_run",
    "ct_group",
    "fed_net",
    "fed_beam",
    "fed_focus",
    "fed_build",
    "fed_env",
    "fed_key",
    "fed_logs",
    "fed_probe",
    "fed_med",
    "tier_2",
]


@pytest.mark.long
@pytest.mark.parametrize("tag", TAGS)
def test_every_requirement_is_a_tag(world: World, tag: str) -> None:
    """--tags ID: at least one task of a role beside the first check, no undefined variable, 0 changed."""
    for run in (world.site("--tags", tag), world.verify("--tags", tag)):
        run.succeeded()
        assert run.changed == 0
    assert "eucaim.local_node." in run.output.replace("Refuse bad input before looking at the nodes", "")
