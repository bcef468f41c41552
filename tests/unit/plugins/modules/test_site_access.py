# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module lets the package manager out, hides the password, and keeps the trust store in step."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _site as site
from ansible_collections.eucaim.local_node.plugins.modules import site_access
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import Node
from ansible_collections.eucaim.local_node.tests.unit.plugins.module_utils.test__site import ONE, OTHER

URL = "http://node1:se%40cret@proxy.test:3128"
SETTINGS: dict[str, Any] = {"http_proxy": URL, "https_proxy": URL, "no_proxy": ["mirror.test"]}
BUNDLE = "etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a Debian system in the test's folder, whose program builds a bundle as Debian's does."""
    monkeypatch.setattr(site_access, "ROOT", str(tmp_path))
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/ssl/certs").mkdir(parents=True)
    (tmp_path / BUNDLE).write_text("", encoding="utf-8")
    made = Node(tmp_path)

    def build(_argv: Any, _data: Any) -> tuple[int, str, str]:
        found = sorted((tmp_path / "usr/local/share/ca-certificates").glob("*.crt"))
        (tmp_path / BUNDLE).write_text("".join(path.read_text(encoding="utf-8") for path in found), encoding="utf-8")
        for link in (tmp_path / "etc/ssl/certs").glob("*.pem"):
            link.unlink()
        for path in found:
            (tmp_path / "etc/ssl/certs" / f"{path.stem}.pem").write_text("", encoding="utf-8")
        return 0, "", ""

    made.programs["update-ca-certificates"] = build
    return made


def mode(path: Path) -> int:
    """Return a file's permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_proxy_for_apt(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, site_access, **SETTINGS)
    assert result["changed"] is True
    assert result["changed_paths"] == [site_access.APT_AUTH, site_access.APT]
    assert "cret" not in str(result)
    public, private = tmp_path / site_access.APT[1:], tmp_path / site_access.APT_AUTH[1:]
    assert mode(public) == 0o644
    assert mode(private) == 0o600
    assert "cret" not in public.read_text(encoding="utf-8")
    assert "password se@cret\n" in private.read_text(encoding="utf-8")
    assert node.run(monkeypatch, site_access, **SETTINGS)["changed"] is False
    private.chmod(0o644)
    again = node.run(monkeypatch, site_access, **SETTINGS)
    assert again["changed_paths"] == [site_access.APT_AUTH]
    assert "0600" in str(again["diff"])
    assert mode(private) == 0o600
    gone = node.run(monkeypatch, site_access, http_proxy="http://proxy.test:3128")
    assert gone["changed_paths"] == [site_access.APT_AUTH, site_access.APT]
    assert not private.exists()
    assert node.run(monkeypatch, site_access, **SETTINGS, state="absent")["changed_paths"] == [site_access.APT]
    assert not public.exists()
    assert node.run(monkeypatch, site_access)["changed"] is False


def test_check_mode_changes_nothing(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    result = node.run(monkeypatch, site_access, **SETTINGS, ca_certificates=[ONE])
    assert result["changed"] is True
    assert len(result["changed_paths"]) == 4
    assert not (tmp_path / site_access.APT[1:]).exists()
    assert node.calls == []


def test_a_bad_proxy_is_refused(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = node.refuse(monkeypatch, site_access, http_proxy="http://u:se@cret@proxy.test:1")
    for word in ("NET-REACH", "site_http_proxy", "%40"):
        assert word in said
    assert "cret" not in said
    assert not (tmp_path / site_access.APT[1:]).exists()


def test_certificates_come_and_go(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(site.authorities([ONE, OTHER]))
    folder = tmp_path / "usr/local/share/ca-certificates"
    assert node.run(monkeypatch, site_access, ca_certificates=[ONE, OTHER])["changed"] is True
    assert sorted(path.stem for path in folder.iterdir()) == sorted(names)
    assert node.run(monkeypatch, site_access, ca_certificates=[ONE, OTHER])["changed"] is False
    (tmp_path / BUNDLE).write_text(ONE, encoding="utf-8")
    healed = node.run(monkeypatch, site_access, ca_certificates=[ONE, OTHER])
    assert healed["changed_paths"] == [f"/{BUNDLE}"]
    assert node.run(monkeypatch, site_access, ca_certificates=[ONE])["changed"] is True
    assert [path.stem for path in folder.iterdir()] == names[:1]
    (folder / f"{names[0]}.crt").unlink()  # a run that died before the bundle was built
    assert node.run(monkeypatch, site_access)["changed_paths"] == [f"/{BUNDLE}"]
    assert node.run(monkeypatch, site_access)["changed"] is False
    assert len(node.called("update-ca-certificates")) == 4


def test_a_system_that_cannot_build_its_bundle(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.says("update-ca-certificates", 0, "", "W: skipped")
    said = node.refuse(monkeypatch, site_access, ca_certificates=[ONE])
    assert "site_ca_certificates" in said
    assert "W: skipped" in said
    del node.programs["update-ca-certificates"]
    (tmp_path / BUNDLE).unlink()
    assert node.run(monkeypatch, site_access, ca_certificates=[ONE, OTHER])["changed"] is True
    assert node.run(monkeypatch, site_access, ca_certificates=[ONE, OTHER])["changed"] is False


def test_the_red_hat_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_access, "ROOT", str(tmp_path))
    node = Node(tmp_path)
    assert node.run(monkeypatch, site_access)["changed"] is False
    config = tmp_path / "etc/dnf/dnf.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[main]\ngpgcheck=1\n", encoding="utf-8")
    config.chmod(0o640)
    assert node.run(monkeypatch, site_access)["changed"] is False
    result = node.run(monkeypatch, site_access, **SETTINGS)
    assert result["changed_paths"] == [site_access.DNF]
    assert "cret" not in str(result)
    assert "proxy_password=se@cret\n" in config.read_text(encoding="utf-8")
    assert mode(config) == 0o600
    assert node.run(monkeypatch, site_access, **SETTINGS)["changed"] is False
    assert node.run(monkeypatch, site_access, state="absent")["changed"] is True
    assert config.read_text(encoding="utf-8") == "[main]\ngpgcheck=1\n"
    assert mode(config) == 0o644
