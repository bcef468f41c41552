# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the roles are gone, nothing of them is left but what the scenario's inventory names."""

from __future__ import annotations

import re

from tests.nodes.engine import operator_password
from tests.testinfra.common import Subject


def test_only_what_is_named_is_left(subject: Subject) -> None:
    """The difference between the node before the roles and after them."""
    left = subject.unexpected()
    assert not left, "\n".join(left)


def test_every_named_thing_is_left(subject: Subject) -> None:
    """A name of something that is gone would hide it when it comes back."""
    changes = subject.changes()
    unused = [line for line in subject.left if not any(re.match(line, item) for item in changes)]
    assert unused == []


def test_the_node_can_still_be_reached(subject: Subject) -> None:
    """The way in over SSH with sudo is as it was."""
    number = subject.node.ssh(
        "sudo -S -p '' id -u", stdin=operator_password().read_text(encoding="utf-8")
    ).stdout.strip()
    assert number == "0"
