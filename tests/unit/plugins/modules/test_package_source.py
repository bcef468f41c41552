# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module trusts a source only after it has read its key."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _openpgp as openpgp
from ansible_collections.eucaim.local_node.plugins.modules import package_source
from ansible_collections.eucaim.local_node.tests.unit.plugins.docker_fake import (
    FINGERPRINT,
    KEY,
    STRANGER,
    STRANGERS_FINGERPRINT,
    Node,
)

SOURCE: dict[str, Any] = {
    "name": "eucaim-docker",
    "url": "https://example.invalid/debian",
    "suite": "trixie",
    "components": ["stable"],
    "fingerprint": FINGERPRINT,
    "packages": ["docker.io", "docker-compose"],
}
FETCHED: list[str] = []


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node whose /etc is in the test's folder, and a network with two keys."""
    monkeypatch.setattr(package_source, "ROOT", str(tmp_path))
    FETCHED.clear()

    def open_url(url: str, timeout: int) -> io.BytesIO:
        assert timeout
        FETCHED.append(url)
        answers = {"http://key": KEY, "http://stranger": STRANGER, "http://page": "<html>"}
        if url not in answers:
            raise OSError("no route")
        return io.BytesIO(answers[url].encode())

    monkeypatch.setattr(package_source, "open_url", open_url)
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.setenv(name, "")
    return Node(tmp_path)


def files(folder: Path) -> list[str]:
    """Return every file in the test's folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_source_with_a_given_key(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = node.run(monkeypatch, package_source, **SOURCE, key=KEY, version="26.1.5")
    assert (result["changed"], result["fingerprints"], FETCHED) == (True, [FINGERPRINT], [])
    assert files(tmp_path) == [
        "etc/apt/keyrings/eucaim-docker.gpg",
        "etc/apt/preferences.d/eucaim-docker",
        "etc/apt/sources.list.d/eucaim-docker.sources",
    ]
    text = (tmp_path / "etc/apt/sources.list.d/eucaim-docker.sources").read_text(encoding="utf-8")
    assert "Signed-By: /etc/apt/keyrings/eucaim-docker.gpg\n" in text
    shown = {entry["after_header"]: entry["after"] for entry in result["diff"]}
    assert FINGERPRINT + "\n" in shown.values()
    again = node.run(monkeypatch, package_source, **SOURCE, key=KEY, version="26.1.5")
    assert (again["changed"], again["diff"]) == (False, [])
    assert node.run(monkeypatch, package_source, **SOURCE, key=KEY)["changed"]
    assert "etc/apt/preferences.d/eucaim-docker" not in files(tmp_path)


def test_a_key_is_fetched_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    for _run in range(2):
        node.run(monkeypatch, package_source, **SOURCE, key_url="http://key", http_proxy="http://proxy:1")
    assert FETCHED == ["http://key"]
    assert os.environ["http_proxy"] == "http://proxy:1"


def test_check_mode_fetches_and_writes_nothing(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.check_mode = True
    assert node.run(monkeypatch, package_source, **SOURCE, key_url="http://key")["changed"]
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("key", "url", "words"),
    [
        (STRANGER, "", STRANGERS_FINGERPRINT),
        (KEY + STRANGER, "", STRANGERS_FINGERPRINT),
        ("", "http://stranger", STRANGERS_FINGERPRINT),
        ("", "http://page", "not usable"),
        ("", "http://nowhere", "no route"),
    ],
)
def test_a_wrong_key_is_refused_and_nothing_written(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, url: str, words: str
) -> None:
    said = node.refuse(monkeypatch, package_source, **SOURCE, key=key, key_url=url)
    assert "[CT-DOCKER] docker_key_fingerprint" in said
    assert words in said
    assert files(tmp_path) == []


def test_a_key_on_the_node_that_is_not_the_right_one_is_replaced(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "etc/apt/keyrings/eucaim-docker.gpg"
    place.parent.mkdir(parents=True)
    for content in (openpgp.unarmour(STRANGER.encode()), b"\xff\xff", b"text"):
        place.write_bytes(content)
        assert node.run(monkeypatch, package_source, **SOURCE, key_url="http://key")["changed"]
        assert openpgp.read_keys(place.read_bytes()).fingerprints == (FINGERPRINT,)
    place.chmod(0o600)
    assert node.run(monkeypatch, package_source, **SOURCE, key_url="http://key")["changed"]


def test_someone_elses_file_for_the_same_repository_is_refused(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    (folder / "a.list").write_text("# deb https://example.invalid/debian trixie stable\n", encoding="utf-8")
    (folder / "b.sources.save").write_text("URIs: https://example.invalid/debian\n", encoding="utf-8")
    (folder / "c.sources").write_text("URIs: https://example.invalid/debian-more\n", encoding="utf-8")
    assert node.run(monkeypatch, package_source, **SOURCE, key=KEY)["changed"]
    (folder / "d.list").write_text("deb [arch=amd64] https://example.invalid/debian/ trixie stable\n", encoding="utf-8")
    said = node.refuse(monkeypatch, package_source, **SOURCE, key=KEY)
    assert "d.list" in said
    assert "a.list" not in said


def test_dnf(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.run(monkeypatch, package_source, **SOURCE, key=KEY, format="dnf", version="28.1")
    assert files(tmp_path) == ["etc/pki/rpm-gpg/RPM-GPG-KEY-eucaim-docker", "etc/yum.repos.d/eucaim-docker.repo"]
    assert (tmp_path / "etc/pki/rpm-gpg/RPM-GPG-KEY-eucaim-docker").read_text(encoding="utf-8") == KEY


def test_a_pin_alone_and_taking_all_away(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.run(monkeypatch, package_source, **SOURCE, key=KEY, version="26.1.5")
    node.run(monkeypatch, package_source, **SOURCE, state="pin", version="26.1.5")
    assert files(tmp_path) == ["etc/apt/preferences.d/eucaim-docker"]
    assert node.run(monkeypatch, package_source, **SOURCE, state="absent")["changed"]
    assert files(tmp_path) == []
    assert not node.run(monkeypatch, package_source, **SOURCE, state="absent")["changed"]
