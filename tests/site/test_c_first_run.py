# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a bare machine to an answered query: the first run, the enrolment, the proof."""

from __future__ import annotations

from tests.nodes.node import differences
from tests.site.driver import ids
from tests.site.world import PROVIDER, World


def test_the_first_run_makes_a_node_that_waits_for_its_certificate(world: World) -> None:
    """It ends well, leaves the certificate request here, and says what to do with it."""
    run = world.site().succeeded()
    world.remember("first converge, seconds", round(run.seconds, 1))
    assert run.changed > 0
    assert world.request.read_text(encoding="utf-8").startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert str(world.request.name) in run.output
    assert "helpdesk" in run.output


def test_a_node_that_is_not_enrolled_says_so(world: World) -> None:
    """Exit code 17 has many causes; this one is told by its name, and only the certificate's row is unmet."""
    run = world.verify("-e", "federation_probe_wait=0")
    assert run.rc != 0
    assert "not enrolled" in run.output.lower()
    assert "Traceback" not in run.output
    assert ids(world.rows(), "unmet") == ["FED-KEY"]


def test_a_second_run_before_the_enrolment_changes_nothing(world: World) -> None:
    """The proxy restarts all the time in this state, which is no change."""
    before = world.node.fingerprint()
    assert world.site().succeeded().changed == 0
    assert differences(before, world.node.fingerprint()) == []


def test_once_signed_the_node_answers(world: World) -> None:
    """The central manager signs; verify waits for the proxy to notice, and everything promised holds."""
    world.far_end.sign(world.request)
    run = world.verify().succeeded()
    world.remember("verify, seconds", round(run.seconds, 1))
    found = world.rows()
    assert ids(found, "unmet") == []
    for requirement in ("TIER-2", "FED-PROBE", "FED-MED", "FED-BEAM", "FED-FOCUS", "FED-KEY", "CT-RUN", "OS-USERS"):
        assert found[requirement]["status"] in ("met", "recommended"), found[requirement]


def test_the_federation_gets_both_data_sets(world: World) -> None:
    """Asked from outside, through broker, proxy, Focus and mediator."""
    answer = world.far_end.query(PROVIDER)
    assert len(answer["collections"]) == 2
    assert answer["provider"] == "Site Hospital"
