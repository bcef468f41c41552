# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight and check mode do on a machine that was never touched: look, tell, and change nothing."""

from __future__ import annotations

from tests.nodes.node import differences
from tests.site.driver import ROOT, playbook
from tests.site.world import World


def test_preflight_changes_nothing_and_ends_in_a_table(world: World) -> None:
    """One table with an item a line, on a bare node."""
    before = world.node.fingerprint()
    run = playbook(str(ROOT / "playbooks" / "preflight.yml"), inventory=world.inventory).succeeded()
    assert run.changed == 0
    for word in ("OS-LTS", "NET-REACH", "OS-TIME", "broker.eucaim.test"):
        assert word in run.output
    assert differences(before, world.node.fingerprint()) == []


def test_check_mode_on_a_bare_node(world: World) -> None:
    """--check --diff ends well, foretells changes, and leaves every file, user, unit and rule as it was."""
    before = world.node.fingerprint()
    run = world.site("--check", "--diff").succeeded()
    assert run.changed > 0
    assert differences(before, world.node.fingerprint()) == []
