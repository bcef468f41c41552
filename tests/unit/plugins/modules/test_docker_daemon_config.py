# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module keeps the daemon's settings and makes the daemon take them over."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import docker_daemon_config
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Answer, Node

POOL = {"base": "172.24.0.0/14", "size": 24}


class Daemon:
    """A daemon under systemd that is told to reload and restart."""

    def __init__(self, folder: Path, active: bool = True) -> None:
        self.folder = folder
        self.active = active
        self.rejects = ""
        self.told: list[str] = []
        self.read: list[dict[str, Any]] = []

    def systemctl(self, argv: Sequence[str], _data: Any) -> Answer:
        """Answer as systemctl."""
        if argv[0] == "is-active":
            return (0 if self.active else 3), "", ""
        if argv[0] in ("reload", "restart"):
            self.told.append(argv[0])
            text = (self.folder / "daemon.json").read_text(encoding="utf-8")
            self.read.append(json.loads(text) if text.startswith("{") else {})
            self.active = not (self.rejects and self.rejects in text)
        return 0, "", ""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node without a daemon."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return Node(tmp_path)


def daemon(node: Node) -> Daemon:
    """Give the node a running daemon."""
    made = Daemon(node.tmpdir)
    node.programs["systemctl"] = made.systemctl
    node.says("journalctl", 0, "it is broken")
    node.says("dockerd")
    return made


def places(folder: Path) -> dict[str, str]:
    """Return the options that keep all files in the test's folder."""
    return {
        "path": str(folder / "daemon.json"),
        "environment_path": str(folder / "proxy.env"),
        "drop_in_path": str(folder / "unit.d" / "proxy.conf"),
        "record_path": str(folder / "record.json"),
    }


def keep(node: Node, monkeypatch: pytest.MonkeyPatch, **params: Any) -> dict[str, Any]:
    """Run the module."""
    return node.run(monkeypatch, docker_daemon_config, **places(node.tmpdir), **params)


def refuse(node: Node, monkeypatch: pytest.MonkeyPatch, **params: Any) -> str:
    """Run the module to its bad end."""
    return node.refuse(monkeypatch, docker_daemon_config, **places(node.tmpdir), **params)


def settings(folder: Path) -> dict[str, Any]:
    """Return what daemon.json holds."""
    loaded: dict[str, Any] = json.loads((folder / "daemon.json").read_text(encoding="utf-8"))
    return loaded


def test_before_the_first_start_the_file_is_written_only(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = keep(node, monkeypatch, address_pools=[POOL])
    assert (result["changed"], result["action"], result["validated"]) == (True, "none", False)
    assert settings(tmp_path)["default-address-pools"] == [POOL]
    again = keep(node, monkeypatch, address_pools=[POOL])
    assert (again["changed"], again["diff"]) == (False, [])


def test_check_mode_shows_and_writes_nothing(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    result = keep(node, monkeypatch, http_proxy="http://me:planted-secret@proxy:1")
    assert result["changed"]
    assert "planted-secret" not in str(result)
    assert list(tmp_path.iterdir()) == []


def test_what_reloads_is_reloaded(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(node, monkeypatch)
    running = daemon(node)
    result = keep(node, monkeypatch, options={"debug": True})
    assert (result["action"], result["changed_keys"], result["validated"]) == ("reload", ["debug"], True)
    assert running.told == ["reload"]
    removed = keep(node, monkeypatch)
    assert (removed["action"], removed["removed_keys"]) == ("restart", ["debug"])
    assert not keep(node, monkeypatch)["changed"]
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["pending"] == "none"


def test_the_proxy_restarts_and_stays_hidden(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(node, monkeypatch)
    running = daemon(node)
    result = keep(node, monkeypatch, https_proxy="http://me:planted-secret@proxy:1", no_proxy=".local")
    assert (result["action"], running.told) == ("restart", ["restart"])
    assert "planted-secret" not in str(result)
    secret = tmp_path / "proxy.env"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "planted-secret" in secret.read_text(encoding="utf-8")
    assert "planted-secret" not in (tmp_path / "unit.d" / "proxy.conf").read_text(encoding="utf-8")
    secret.chmod(0o644)
    assert keep(node, monkeypatch, https_proxy="http://me:planted-secret@proxy:1", no_proxy=".local")["changed"]
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert keep(node, monkeypatch)["changed"]
    assert not secret.exists()
    assert not (tmp_path / "unit.d").exists()


def test_other_authorities_restart_a_daemon_that_may_be(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(node, monkeypatch, ca_certificates=["one"])
    running = daemon(node)
    assert keep(node, monkeypatch, ca_certificates=["one"])["changed"] is False
    assert keep(node, monkeypatch, ca_certificates=["two"])["action"] == "restart"
    assert running.told == ["restart"]
    assert keep(node, monkeypatch)["action"] == "restart"
    assert not (tmp_path / "proxy.env").exists()


def test_other_authorities_leave_an_adopted_daemon_alone(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(node, monkeypatch, ca_certificates=["one"], allow_restart=False)
    assert not (tmp_path / "proxy.env").exists()


def test_live_restore_comes_before_the_restart(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    running = daemon(node)
    keep(node, monkeypatch, address_pools=[POOL])
    assert running.told == ["reload", "restart"]
    assert running.read[0] == {"live-restore": True, "mtu": 1400}
    assert running.read[1] == settings(tmp_path)


def test_an_adopted_engine_is_reloaded_only(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    running = daemon(node)
    assert keep(node, monkeypatch, address_pools=[POOL], allow_restart=False)["action"] == "reload"
    assert settings(tmp_path) == {"mtu": 1400, "live-restore": True}
    before = (tmp_path / "daemon.json").read_bytes()
    said = refuse(node, monkeypatch, options={"icc": False}, allow_restart=False)
    assert "docker_restart_adopted" in said
    assert "(icc)" in said
    assert "the proxy" in refuse(node, monkeypatch, http_proxy="http://p:1", allow_restart=False)
    assert (tmp_path / "daemon.json").read_bytes() == before
    assert running.told == ["reload"]


def test_a_contradiction_is_refused_by_name(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text('{"debug": true}', encoding="utf-8")
    said = refuse(node, monkeypatch, options={"debug": False})
    assert "debug = true" in said
    assert "debug = false" in said


def test_a_file_that_cannot_be_read(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text("rubbish", encoding="utf-8")
    assert "no JSON" in refuse(node, monkeypatch)
    (tmp_path / "daemon.json").unlink()
    keep(node, monkeypatch)
    (tmp_path / "daemon.json").write_text("rubbish", encoding="utf-8")
    assert keep(node, monkeypatch)["changed"]
    assert settings(tmp_path)["live-restore"] is True


@pytest.mark.parametrize("text", ["rubbish", "[]", '{"owned": 1}'])
def test_a_damaged_record_counts_as_none(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "record.json").write_text(text, encoding="utf-8")
    assert keep(node, monkeypatch)["changed"]


def test_the_daemon_is_asked_first(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(node, monkeypatch)
    before = (tmp_path / "daemon.json").read_bytes()
    daemon(node)
    node.says("dockerd", 1, "", "invalid IP address: 1.2.3")
    assert "invalid IP address" in refuse(node, monkeypatch, options={"dns": ["1.2.3"]})
    assert (tmp_path / "daemon.json").read_bytes() == before
    node.says("dockerd", 125, "", "unknown flag: --validate")
    assert keep(node, monkeypatch, options={"debug": True})["validated"] is False


@pytest.mark.parametrize("journal", ["it is broken", ""])
def test_a_daemon_that_does_not_come_back_gets_its_old_settings(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    keep(node, monkeypatch)
    before = (tmp_path / "daemon.json").read_bytes()
    running = daemon(node)
    node.says("journalctl", 0, journal)
    running.rejects = "icc"
    assert (journal or "nothing") in refuse(node, monkeypatch, options={"icc": False})
    assert (tmp_path / "daemon.json").read_bytes() == before
    assert running.told == ["restart", "restart"]
    assert running.active
    assert not keep(node, monkeypatch)["changed"]


def test_a_run_that_died_is_finished(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(node, monkeypatch)
    record = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    (tmp_path / "record.json").write_text(json.dumps({**record, "pending": "reload"}), encoding="utf-8")
    running = daemon(node)
    result = keep(node, monkeypatch)
    assert (result["changed"], running.told) == (True, ["reload"])
    assert not keep(node, monkeypatch)["changed"]


def test_taking_it_away(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(node, monkeypatch, http_proxy="http://proxy:1")
    assert keep(node, monkeypatch, state="absent")["changed"]
    assert list(tmp_path.iterdir()) == []
    assert not keep(node, monkeypatch, state="absent")["changed"]


def test_taking_it_away_leaves_what_was_there(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    keep(node, monkeypatch)
    keep(node, monkeypatch, state="absent")
    assert settings(tmp_path) == {"mtu": 1400}


def test_leaving_an_engine_that_must_not_restart(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    running = daemon(node)
    keep(node, monkeypatch, allow_restart=False)
    result = keep(node, monkeypatch, state="absent", allow_restart=False)
    assert (result["action"], result["removed_keys"], node.warned) == ("reload", ["live-restore"], [])
    assert running.told == ["reload", "reload"]
    assert running.read[1] == {"mtu": 1400, "live-restore": False}
    assert settings(tmp_path) == {"mtu": 1400}
    assert not (tmp_path / "record.json").exists()
    assert not keep(node, monkeypatch, state="absent", allow_restart=False)["changed"]


def test_what_stays_until_the_next_start_is_told(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = daemon(node)
    keep(node, monkeypatch, options={"icc": False}, http_proxy="http://p:1")
    running.told.clear()
    keep(node, monkeypatch, state="absent", allow_restart=False)
    assert running.told == ["reload"]
    assert node.warned[0].endswith(": icc, log-driver, log-opts, the proxy")
    assert not (tmp_path / "daemon.json").exists()
    assert not (tmp_path / "record.json").exists()


def test_an_engine_that_refuses_to_reload_is_not_restarted(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner's unit may know no reload; the former settings are back, and it runs on."""
    (tmp_path / "daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    told: list[str] = []

    def systemctl(argv: Sequence[str], _data: Any) -> Answer:
        told.append(argv[0])
        return (1, "", "Job type reload is not applicable") if argv[0] == "reload" else (0, "", "")

    node.programs["systemctl"] = systemctl
    assert "not applicable" in refuse(node, monkeypatch, allow_restart=False)
    assert "restart" not in told
    assert settings(tmp_path) == {"mtu": 1400}
