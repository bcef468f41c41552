# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module measures and changes nothing; who watches is what systemd says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import Running, Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._md_steps import MADE, Record
from ansible_collections.eucaim.local_node.plugins.modules import storage_probe
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Node
from ansible_collections.eucaim.local_node.tests.unit.plugins.md_world import FRESH, OURS, healthy, paths_of, seen

POINT = "/srv/eucaim"
ASKED: dict[str, Any] = {
    "name": "eucaim",
    "drives": [*paths_of(0, 1, 2)],
    "mount_point": POINT,
    "watchers": ["mdmonitor.service", "smartd.service"],
    "checks": ["mdcheck_start.timer"],
}
ACTIVE = "ActiveState=active\nConditionResult=yes\nUnitFileState=enabled\nConditionTimestampMonotonic=5\n"
SKIPPED = "ActiveState=inactive\nConditionResult=no\nUnitFileState=enabled\nConditionTimestampMonotonic=5\n"


class Stand:
    """A node with the array that is asked for, or with none."""

    seen: Seen = healthy()
    fresh_uuid = FRESH

    def __init__(self, _module: Any, name: str, directory: str) -> None:
        assert (name, directory) == ("eucaim", "/var/lib/eucaim/storage")

    def record(self) -> Record:
        """Return what is remembered."""
        return Record(OURS, MADE)

    def look(self, wanted: Wanted) -> Seen:
        """Return what is there."""
        assert wanted.devices == paths_of(0, 1, 2)
        return self.seen

    def file_system(self, _wanted: Wanted, _seen: Seen, running: Running | None) -> dict[str, Any] | None:
        """Return what lies on the array."""
        return {"kind": "xfs", "uuid": "1-2", "bytes": 10**12, "mounted_on": [POINT]} if running else None

    def device(self, running: Running | None) -> str:
        """Say what the device is called."""
        return f"/dev/{running.name}" if running else "/dev/md/eucaim"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node on which everything is well."""
    fstab = tmp_path / "fstab"
    fstab.write_text(f"UUID=1-2 {POINT} xfs defaults 0 2\n", encoding="utf-8")
    monkeypatch.setattr(storage_probe, "FSTAB", str(fstab))
    monkeypatch.setattr(storage_probe, "MdNode", Stand)
    monkeypatch.setattr(Stand, "seen", healthy())
    made = Node(tmp_path)
    made.says("systemctl", out=ACTIVE)
    return made


def statuses(node: Node, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run the module, and return the status of each requirement."""
    result = node.run(monkeypatch, storage_probe, **ASKED)
    assert result["changed"] is False
    for row in result["rows"]:
        make_row(row)
    return {row["requirement"]: row["status"] for row in result["rows"]}


def test_good_storage(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    found = statuses(node, monkeypatch)
    assert list(found) == ["ST-DATA", "ST-RAID", "ST-SPARE", "ST-GROW", "ST-HEALTH", "MN-HW"]
    assert set(found.values()) == {"met"}
    asked = node.called("systemctl")
    assert [argv[1] for argv in asked] == ["mdmonitor.service", "smartd.service", "mdcheck_start.timer"]
    assert {argv[0] for argv in asked} == {"show"}


def test_no_storage(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stand, "seen", seen())
    monkeypatch.setattr(storage_probe, "FSTAB", "/nonexistent/fstab")
    node.says("systemctl", 1, "", "systemctl: no such thing")
    found = statuses(node, monkeypatch)
    assert {name for name, status in found.items() if status == "met"} == {"ST-SPARE"}


@pytest.mark.parametrize(
    ("crypttab", "code", "status"),
    [("eucaim /dev/md127 /key luks\n", 0, "met"), ("eucaim /dev/md127 /key luks\n", 2, "unmet"), ("", 0, "unmet")],
)
def test_an_encrypted_array_has_to_open_by_itself(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, crypttab: str, code: int, status: str
) -> None:
    table = tmp_path / "crypttab"
    table.write_text(crypttab, encoding="utf-8")
    monkeypatch.setattr(storage_probe, "CRYPTTAB", str(table))
    node.says("cryptsetup", code)
    result = node.run(monkeypatch, storage_probe, **ASKED, encrypted=True, key_file="/key")
    assert {row["requirement"]: row["status"] for row in result["rows"]}["ST-DATA"] == status
    assert node.called("cryptsetup") == [["open", "--test-passphrase", "--key-file", "/key", "/dev/md127"]]


@pytest.mark.parametrize(
    ("said", "watches"),
    [
        (ACTIVE, True),
        (ACTIVE.replace("ActiveState=active", "ActiveState=activating"), False),
        (SKIPPED, True),
        (SKIPPED.replace("=enabled", "=disabled"), False),
        (SKIPPED.replace("Result=no", "Result=yes"), False),
        # It has not been started at all: its condition was never looked at.
        (SKIPPED.replace("Monotonic=5", "Monotonic=0"), False),
        ("ActiveState=failed\n", False),
        ("", False),
    ],
)
def test_who_watches(node: Node, said: str, watches: bool) -> None:
    node.says("systemctl", out=said)
    assert storage_probe.watches(node.module({}), "smartd.service") is watches
