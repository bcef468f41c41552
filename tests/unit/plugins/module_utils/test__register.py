# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The register holds every requirement of D5.11 once."""

from __future__ import annotations

import re

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _register as register

# The ids as the deliverable's list of requirements has them. Kept apart from the register on purpose.
IDS = re.findall(
    r"\S+",
    """
TIER-1 TIER-2 TIER-3 HW-CPU HW-RAM HW-GPU HW-PSU
ST-OS ST-DATA ST-RAID ST-SPARE ST-GROW ST-HEALTH
NET-RATE NET-REACH NET-ADDR NET-GEANT NET-REDUND NET-FW NET-VPN
PH-INSPECT PH-RACK PH-POWER PH-ELECTRIC PH-CABLE PH-ACCESS PH-CCTV PH-FIRE PH-WATER PH-AIR PH-DUST PH-SENSORS
PH-CLIMATE PH-RECORD
OS-MEDIA OS-BOOT OS-PART OS-LTS OS-DEVICES OS-UPDATE OS-USERS OS-DIRS OS-TOOLS OS-TIME
CT-DOCKER CT-RUN CT-GROUP
FED-NET FED-BEAM FED-FOCUS FED-BUILD FED-ENV FED-KEY FED-REG FED-LOGS FED-PROBE FED-MED FED-FP
DT-CATALOG DT-VERIFY DT-REQ DT-META DT-WEB DT-ETL DT-DEID DT-LICENCE DT-PUSH
MN-DISK MN-AUDIT MN-HW MON-HEARTBEAT MON-ES MON-LOGSTASH MON-KIBANA MON-RES MON-LOG MON-METRIC MON-ANOMALY SUP-DESK
SEC-PATCH SEC-ACCT SEC-SSH SEC-NET SEC-AUDIT SEC-IRP SEC-TRAIN
BK-POLICY BK-CLOSED BK-ONGOING BK-WINDOW BK-BORG BK-RSYNC BK-PLACE BK-QUIET BK-RESTORE
DR-RTO DR-RPO DR-INVENTORY DR-ROLES DR-SITES DR-REGISTER DR-OFFSITE DR-ALT DR-TRAIN
""",
)


def test_every_id_stands_exactly_once_and_in_order() -> None:
    written = [line[0] for _group, lines in register._GROUPS for line in lines]
    assert written == IDS
    assert list(register.REGISTER) == IDS


@pytest.mark.parametrize("requirement", list(register.REGISTER.values()), ids=lambda item: item.id)
def test_every_line_can_be_used(requirement: register.Requirement) -> None:
    assert re.fullmatch(r"\d{1,2}(\.\d){0,2}", requirement.section)
    assert requirement.met_by
    assert set(requirement.met_by) <= set(register.MET_BY)
    assert requirement.tiers
    assert set(requirement.tiers) <= set(register.TIERS)
    assert requirement.text.endswith((".", ")."))
    assert requirement.text[0].isupper()
    assert requirement.group


def test_a_tag_is_the_id_in_lower_case() -> None:
    assert register.REGISTER["OS-USERS"].tag == "os_users"


def test_groups_hold_everything_in_order() -> None:
    grouped = register.groups()
    assert list(grouped)[:2] == ["Tiers and hardware", "Storage"]
    assert [item.id for items in grouped.values() for item in items] == IDS


def test_tiers_differ_in_what_only_processing_needs() -> None:
    second = {item.id for item in register.REGISTER.values() if 2 in item.tiers}
    third = {item.id for item in register.REGISTER.values() if 3 in item.tiers}
    assert third - second == {"TIER-3", "HW-GPU", "FED-FP"}
    assert second < third


def test_known_and_order() -> None:
    assert register.is_known("CT-RUN")
    assert not register.is_known("CT-WALK")
    assert register.in_order(["ZZ-1", "OS-LTS", "AA-1", "TIER-1"]) == ["TIER-1", "OS-LTS", "AA-1", "ZZ-1"]
