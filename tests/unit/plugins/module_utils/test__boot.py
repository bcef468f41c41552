# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the last start went is told by systemd and the kernel."""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils import _boot as boot
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Boot
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output, Recording


def start(**commands: Output) -> Boot:
    """Return what these commands tell."""
    return boot.read_boot(Recording(commands={name.replace("_", "-"): output for name, output in commands.items()}))


def test_start() -> None:
    """State, failed units and messages, each once."""
    found = start(
        system_state=Output(1, "degraded"),
        failed_units=Output(
            0, "nginx.service loaded failed failed A server\n\u25cf x.mount loaded failed failed X\n\n"
        ),
        kernel_errors=Output(0, "[    1.234567] ata1: link is slow\n[   99.000001] ata1: link is slow\n[2.0] b: x\n"),
    )
    assert found == Boot("degraded", ("nginx.service", "x.mount"), ("ata1: link is slow", "b: x"))


def test_all_well() -> None:
    """Nothing to tell is not the same as nothing known."""
    found = start(system_state=Output(0, "running\n"), failed_units=Output(0, ""), kernel_errors=Output(0, ""))
    assert found == Boot("running", (), ())
    assert start() == Boot(None, None, None)
    assert start(system_state=Output(1, "offline"), failed_units=Output(1, "", "no bus")) == Boot(None, None, None)


def test_journal() -> None:
    """Whoever is not root asks the journal."""
    found = start(kernel_errors=Output(problem="needs root"), kernel_journal=Output(0, "ata1: link is slow"))
    assert found.errors == ("ata1: link is slow",)


def test_many() -> None:
    """Of very many messages the first are shown, and the number of the rest."""
    errors = boot.parse_kernel("\n".join(f"message {number}" for number in range(60)))
    assert len(errors) == 51
    assert (errors[0], errors[-1]) == ("message 0", "and 10 more")
    assert len(boot.parse_kernel("\n".join(f"message {number}" for number in range(50)))) == 50
