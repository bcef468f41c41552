# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole Tier 2 node, seen without the roles' own eyes."""

from __future__ import annotations

import json

import yaml

from tests.nodes.engine import CHECKOUT
from tests.testinfra import container_engine, federation, packet_filter, system
from tests.testinfra.common import Subject, scenario_directory


def test_the_first_run_did_something(subject: Subject) -> None:
    """A run that changes nothing on a bare machine proves nothing."""
    assert len(subject.changes()) > 100


def test_people(subject: Subject) -> None:
    """Accounts and groups."""
    system.people_are_there(subject, more=("docker",))


def test_people_log_in(subject: Subject) -> None:
    """Their keys."""
    system.people_can_log_in(subject)


def test_sudo(subject: Subject) -> None:
    """Who may become root, and how."""
    system.sudo_asks(subject)


def test_folders(subject: Subject) -> None:
    """Folders of EUCAIM and of people."""
    system.folders_are_there(subject)


def test_tools(subject: Subject) -> None:
    """The tools of D5.11."""
    system.tools_work(subject)


def test_updates(subject: Subject) -> None:
    """Security updates."""
    system.updates_come_by_themselves(subject)


def test_clock(subject: Subject) -> None:
    """The time service."""
    system.the_clock_is_kept(subject)


def test_firewall(subject: Subject) -> None:
    """What may come in, and that it stays so."""
    packet_filter.opens_only(subject, {22, 80, 443})
    packet_filter.drops_by_default(subject)
    packet_filter.is_loaded_at_boot(subject)
    packet_filter.is_settled(subject)


def test_engine(subject: Subject) -> None:
    """The container engine, its settings, and who may use it."""
    container_engine.runs(subject)
    container_engine.is_set_up(subject)
    container_engine.lets_in(subject, ["ada"])
    container_engine.is_not_on_the_network(subject)


def test_container_runs(subject: Subject) -> None:
    """A container that is none of ours."""
    container_engine.runs_a_container(subject)


def test_programs(subject: Subject) -> None:
    """The three containers of the federation."""
    federation.programs_run(subject)


def test_network(subject: Subject) -> None:
    """Their network."""
    federation.network_is_there(subject)


def test_secrets(subject: Subject) -> None:
    """Nothing shows them."""
    federation.secrets_are_private(subject)


def test_key(subject: Subject) -> None:
    """The key and the certificate request."""
    federation.key_is_sound(subject)


def test_logs(subject: Subject) -> None:
    """What the programs write."""
    federation.logs_are_kept(subject)


def test_closed_to_the_outside(subject: Subject) -> None:
    """No port but that of SSH."""
    federation.is_closed_to_the_outside(subject)


def test_query(subject: Subject) -> None:
    """The purpose of it all: two data sets, through Beam and Focus, within the minute."""
    assert federation.answers(subject) < 60


def test_every_row_of_the_report_is_what_is_expected_here(subject: Subject) -> None:
    """The list names the status of each requirement in a container; any other is a failure."""
    expected = yaml.safe_load((CHECKOUT / "tests" / "expected" / "container.yml").read_text(encoding="utf-8"))
    report = scenario_directory() / "inventory" / "reports" / subject.name
    rows = json.loads((report / "evidence.json").read_text(encoding="utf-8"))["rows"]
    found = {row["requirement"]: row["status"] for row in rows}
    assert len(rows) == len(found)
    wanted = {requirement: status for status, names in expected.items() for requirement in names}
    differing = {name: (found.get(name), wanted.get(name)) for name in found.keys() | wanted.keys()}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]} == {}
    assert (report / "index.html").stat().st_size > 0
    assert (report / "junit.xml").stat().st_size > 0
