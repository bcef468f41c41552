# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module measures and changes nothing; who watches is what systemd says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_node import Sight
from ansible_collections.eucaim.local_node.plugins.module_utils._layer_steps import Asked, Layers, Luks, Step
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

    def file_system(self, _seen: Seen, running: Running | None) -> dict[str, Any] | None:
        """Return what lies on the array."""
        return {"kind": "xfs", "uuid": "1-2", "bytes": 10**12, "mounted_on": [POINT]} if running else None

    def device(self, running: Running | None) -> str:
        """Say what the device is called."""
        assert running is not None
        return f"/dev/{running.name}"


class Layered:
    """What lies on the array, and its layers."""

    luks = Luks("/dev/md127", "crypto_LUKS", node_key=True, recovery=True)
    grows = False

    def __init__(self, _module: Any, asked: Asked, passphrase: str, directory: str) -> None:
        assert (asked.name, passphrase, directory) == ("eucaim", "secret", "/var/lib/eucaim/storage")
        self.asked = asked

    def look(self, device: str, array: str) -> Sight:
        """Return what is there."""
        assert (device, array) == ("/dev/md127", OURS)
        steps = [Step("let it grow", grows=self.grows)]
        return Sight("/dev/mapper/eucaim", Layers(steps), self.luks if self.asked.encrypted else None)

    def file_system(self, sight: Sight, uuid: str) -> dict[str, Any]:
        """Return what lies on them."""
        assert (sight.top, uuid) == ("/dev/mapper/eucaim", "1-2")
        return {"kind": "xfs", "uuid": uuid, "bytes": 10**12, "missing": "", "mounted_on": [POINT]}


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


@pytest.mark.parametrize(("program", "words"), [(sys.executable, "they send mail"), ("/none", "no program here sends")])
def test_whether_the_node_sends_mail(node: Node, monkeypatch: pytest.MonkeyPatch, program: str, words: str) -> None:
    monkeypatch.setattr(storage_probe, "SENDMAIL", program)
    (health,) = (
        row for row in node.run(monkeypatch, storage_probe, **ASKED)["rows"] if row["requirement"] == "ST-HEALTH"
    )
    assert words in health["measured"]


def test_no_storage(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stand, "seen", seen())
    monkeypatch.setattr(storage_probe, "FSTAB", "/nonexistent/fstab")
    node.says("systemctl", 1, "", "systemctl: no such thing")
    found = statuses(node, monkeypatch)
    assert {name for name, status in found.items() if status == "met"} == {"ST-SPARE"}


@pytest.fixture
def layered(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the key of a node whose array is encrypted, and opens by itself."""
    key, table = tmp_path / "key", tmp_path / "crypttab"
    key.touch(0o600)
    table.write_text(f"eucaim /dev/md127 {key} luks\n", encoding="utf-8")
    monkeypatch.setattr(storage_probe, "CRYPTTAB", str(table))
    monkeypatch.setattr(storage_probe, "LayerNode", Layered)
    node.says("systemctl", out=ACTIVE + "LoadState=loaded\n")
    return key


def row(node: Node, monkeypatch: pytest.MonkeyPatch, name: str, **asked: Any) -> tuple[str, str]:
    """Run the module, and return the status of one requirement and what was measured."""
    layers = {"recovery_passphrase": "secret", **asked}
    rows = node.run(monkeypatch, storage_probe, **ASKED, **layers)["rows"]
    (found,) = (each for each in rows if each["requirement"] == name)
    return found["status"], found["measured"]


def test_an_encrypted_array_opens_by_itself(node: Node, monkeypatch: pytest.MonkeyPatch, layered: Path) -> None:
    asked = {"encrypted": True, "key_file": str(layered)}
    assert row(node, monkeypatch, "ST-DATA", **asked) == ("met", "encrypted xfs of 1 TB by UUID=1-2")
    assert ["show", "systemd-cryptsetup@eucaim.service", "--property=LoadState"] in node.called("systemctl")


@pytest.mark.parametrize(
    ("luks", "words"),
    [
        (replace(Layered.luks, node_key=False), "{key} does not open it"),
        (replace(Layered.luks, recovery=False), "the recovery passphrase does not open it"),
        (replace(Layered.luks, readable=True), "{key} can be read by others than root"),
    ],
)
def test_an_encrypted_array_that_would_stay_closed(
    node: Node, monkeypatch: pytest.MonkeyPatch, layered: Path, luks: Luks, words: str
) -> None:
    monkeypatch.setattr(Layered, "luks", luks)
    found = row(node, monkeypatch, "ST-DATA", encrypted=True, key_file=str(layered))
    assert found == ("unmet", words.format(key=layered))


def test_nothing_opens_it_while_the_node_starts(node: Node, monkeypatch: pytest.MonkeyPatch, layered: Path) -> None:
    Path(storage_probe.CRYPTTAB).unlink()
    node.says("systemctl", out=ACTIVE + "LoadState=not-found\n")
    status, words = row(node, monkeypatch, "ST-DATA", encrypted=True, key_file=str(layered))
    assert status == "unmet"
    assert "no line of /etc/crypttab opens eucaim; systemd has no unit that opens it" in words


@pytest.mark.usefixtures("layered")
@pytest.mark.parametrize(("grows", "status"), [(False, "met"), (True, "unmet")])
def test_a_volume_fills_the_array(node: Node, monkeypatch: pytest.MonkeyPatch, grows: bool, status: str) -> None:
    monkeypatch.setattr(Layered, "grows", grows)
    assert row(node, monkeypatch, "ST-GROW", volume_group="vg")[0] == status


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
