# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl shows."""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils import _units as units

SHOW = """Id=apt-daily.timer
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ConditionResult=yes
ConditionTimestampMonotonic=5

Id=systemd-timesyncd.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=7

Id=stopped.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
ConditionResult=no
ConditionTimestampMonotonic=0

Id=no.service
LoadState=not-found
ActiveState=inactive
UnitFileState=

Id=masked.service
LoadState=masked
ActiveState=inactive
UnitFileState=masked
"""
CANNOT = "it cannot run here (a condition of the unit forbids it, as in a container)"
NAMES = ("apt-daily.timer", "systemd-timesyncd.service", "stopped.service", "no.service", "masked.service")


def test_states_in_words() -> None:
    """Each state has its words, and only what is wrong has to be changed."""
    found = units.parse_show(SHOW, NAMES)
    assert [units.said(found[name]) for name in NAMES] == [
        "apt-daily.timer is enabled and running",
        f"systemd-timesyncd.service is enabled; {CANNOT}",
        "stopped.service is not enabled and not running",
        "no.service is not installed",
        "masked.service is masked and not running",
    ]
    assert [bool(units.wrong(found[name])) for name in NAMES] == [False, False, True, True, True]


def test_running_but_not_enabled() -> None:
    """A unit that will not come back after a restart is wrong."""
    unit = units.Unit("a.service", loaded=True, masked=False, active=True, enabled=False, blocked=False)
    assert units.wrong(unit) == ["not enabled"]
