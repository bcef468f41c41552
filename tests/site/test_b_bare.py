# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight and check mode do on a machine that was never touched: look, tell, and change nothing."""

from __future__ import annotations

from tests.nodes.node import differences
from tests.site.driver import ROOT, SCRATCH, playbook, write_inventory
from tests.site.world import SITE, VERIFY, World


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


def test_a_part_of_it_before_the_federation_is_known(world: World) -> None:
    """Neither an answer of the helpdesk nor a certificate is needed for an array, and for its proof."""
    settings = {name: value for name, value in world.settings().items() if not name.startswith("federation_")}
    settings["federation_root_certificate"] = "{{ lookup('ansible.builtin.file', '/nowhere/root.crt.pem') }}"
    inventory = write_inventory(SCRATCH / "early", {world.node.name: settings})
    before = world.node.fingerprint()
    for name in (SITE, VERIFY):
        run = playbook(name, "--tags", "storage", inventory=inventory).succeeded()
        assert "Refuse storage that cannot work" in run.output
        assert run.changed == 0
    assert differences(before, world.node.fingerprint()) == []
