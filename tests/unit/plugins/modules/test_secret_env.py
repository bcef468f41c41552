# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets on the node and the files that use them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.modules import secret_env


class Ended(Exception):
    """The module has ended."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(json.dumps(result, default=str))
        self.result = result


def filled(arguments: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with their defaults, as Ansible fills them in."""
    result: dict[str, Any] = {}
    for name, spec in arguments.items():
        value = given.get(name, spec.get("default"))
        if "options" in spec and spec["type"] == "list":
            value = [filled(spec["options"], entry) for entry in value]
        elif "options" in spec and value is not None:
            value = filled(spec["options"], value)
        result[name] = value
    return result


def run(monkeypatch: pytest.MonkeyPatch, base: Path, check: bool = False, **changes: Any) -> dict[str, Any]:
    """Run the module and return its result."""
    given: dict[str, Any] = {
        "directories": [{"path": f"{base}/etc"}, {"path": f"{base}/etc/secrets", "mode": "0700", "exclusive": True}],
        "secrets_directory": f"{base}/etc/secrets",
        "secrets": [{"name": "key"}, {"name": "given", "value": "geheim $1"}],
        "environment_files": [
            {"path": f"{base}/etc/a.env", "values": {"A": "1", "KEY": {"secret": "key"}, "G": {"secret": "given"}}},
            {"path": f"{base}/etc/b.env", "values": {"B": "2"}},
        ],
        "files": [{"path": f"{base}/etc/root.pem", "content": "public\n"}],
        **changes,
    }

    class FakeModule:
        """What the module needs of AnsibleModule."""

        def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool) -> None:
            self.check_mode = check and supports_check_mode
            self.params = filled(argument_spec, given)

        def get_bin_path(self, name: str) -> str | None:
            """Say where a program is; the node of some tests has none."""
            return None if given.get("enrolment", {}).get("without") else shutil.which(name)

        def run_command(self, argv: list[str]) -> tuple[int, str, str]:
            """Run a program."""
            done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            return done.returncode, done.stdout, done.stderr

        def exit_json(self, **result: Any) -> NoReturn:
            """End well."""
            raise Ended(result)

        def fail_json(self, **result: Any) -> NoReturn:
            """End badly."""
            raise Ended(result)

    monkeypatch.setattr(secret_env, "AnsibleModule", FakeModule)
    with pytest.raises(Ended) as ended:
        secret_env.main()
    return ended.value.result


def test_first_run_writes_all_and_the_second_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = run(monkeypatch, tmp_path)
    assert first["changed"] is True
    assert first["made"] == ["key"]
    text = (tmp_path / "etc/a.env").read_text()
    key = (tmp_path / "etc/secrets/key").read_text().strip()
    assert f"KEY='{key}'\n" in text
    assert "G='geheim $1'\n" in text
    assert len(key) >= 43
    for name in ("etc/a.env", "etc/secrets/key", "etc/secrets/given"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "etc/secrets").stat().st_mode) == 0o700
    shown = json.dumps(first)
    assert key not in shown
    assert "geheim" not in shown
    second = run(monkeypatch, tmp_path)
    assert (second["changed"], second["made"], second["diff"]) == (False, [], [])


def test_check_mode_tells_and_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, check=True)["changed"] is True
    assert os.listdir(tmp_path) == []
    run(monkeypatch, tmp_path)
    assert run(monkeypatch, tmp_path, check=True)["changed"] is False
    (tmp_path / "etc/secrets/old").write_text("x")
    (tmp_path / "etc/a.env").chmod(0o644)
    told = run(monkeypatch, tmp_path, check=True)
    assert told["changed_paths"] == [f"{tmp_path}/etc/a.env", f"{tmp_path}/etc/secrets/old"]
    assert (tmp_path / "etc/secrets/old").exists()


def test_wounds_are_healed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(monkeypatch, tmp_path)
    key = (tmp_path / "etc/secrets/key").read_text()
    (tmp_path / "etc/a.env").chmod(0o644)
    (tmp_path / "etc/b.env").unlink()
    # Docker makes a directory where it finds no file to mount.
    (tmp_path / "etc/b.env").mkdir()
    (tmp_path / "etc").chmod(0o777)
    (tmp_path / "etc/secrets/strange").mkdir()
    healed = run(monkeypatch, tmp_path)
    assert healed["changed"] is True
    assert (tmp_path / "etc/b.env").read_text().endswith("B='2'\n")
    assert stat.S_IMODE((tmp_path / "etc/a.env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "etc").stat().st_mode) == 0o755
    assert not (tmp_path / "etc/secrets/strange").exists()
    assert (tmp_path / "etc/secrets/key").read_text() == key
    assert run(monkeypatch, tmp_path)["changed"] is False


def test_a_new_value_is_taken_over_and_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(monkeypatch, tmp_path)
    changed = run(monkeypatch, tmp_path, secrets=[{"name": "key"}, {"name": "given", "value": "other"}])
    assert "G='other'" in (tmp_path / "etc/a.env").read_text()
    assert "G=(hidden, differs)" in json.dumps(changed["diff"])
    assert "other'" not in json.dumps(changed["diff"])


def test_files_that_are_not_wanted_any_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(monkeypatch, tmp_path)
    gone = run(monkeypatch, tmp_path, environment_files=[], absent=[f"{tmp_path}/etc/b.env", f"{tmp_path}/none"])
    assert gone["changed_paths"] == [f"{tmp_path}/etc/b.env"]
    assert not (tmp_path / "etc/b.env").exists()


def test_what_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = [{"path": f"{tmp_path}/etc/a.env", "values": {"A": "it's"}}]
    assert "the value of A" in run(monkeypatch, tmp_path, environment_files=bad)["msg"]
    unknown = [{"path": f"{tmp_path}/etc/a.env", "values": {"A": {"secret": "none"}}}]
    assert "not among the secrets" in run(monkeypatch, tmp_path, environment_files=unknown)["msg"]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a key and a request as community.crypto would have made them."""
    folder = tmp_path_factory.mktemp("papers")
    openssl = ["openssl", "req", "-new", "-nodes", "-newkey", "rsa:2048", "-utf8", "-subj", "/CN=a.b/L=K\u00f6ln"]
    subprocess.run(
        [*openssl, "-keyout", str(folder / "key.pem"), "-out", str(folder / "request.pem")],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def enrolment(tmp_path: Path, papers: Path) -> dict[str, Any]:
    """Return what is wanted of a key and a request, which are as wanted."""
    key, request = (Path(shutil.copy(papers / name, tmp_path)) for name in ("key.pem", "request.pem"))
    key.chmod(0o600)
    request.chmod(0o644)
    subject = [{"CN": "a.b"}, {"L": "K\u00f6ln"}]
    return {"private_key_file": str(key), "request_file": str(request), "subject": subject, "bits": 2048}


def test_a_key_and_a_request_that_are_as_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enrolment: dict[str, Any]
) -> None:
    found = run(monkeypatch, tmp_path, enrolment=enrolment)["enrolment"]
    assert found["fits"] is True
    assert found["request"] == Path(enrolment["request_file"]).read_text()
    public = ["openssl", "pkey", "-in", enrolment["private_key_file"], "-pubout", "-outform", "DER"]
    content = subprocess.run(public, check=True, capture_output=True).stdout
    assert found["fingerprint"].replace(":", "") == hashlib.sha256(content).hexdigest()
    assert "enrolment" not in run(monkeypatch, tmp_path)


def spoil_key_mode(enrolment: dict[str, Any]) -> None:
    """Let everybody read the key."""
    Path(enrolment["private_key_file"]).chmod(0o644)


def spoil_request_mode(enrolment: dict[str, Any]) -> None:
    """Let nobody else read the request."""
    Path(enrolment["request_file"]).chmod(0o600)


def spoil_form(enrolment: dict[str, Any]) -> None:
    """Write the key in the old form."""
    path = Path(enrolment["private_key_file"])
    command = ["openssl", "rsa", "-traditional", "-in", str(path), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    path.chmod(0o600)


def spoil_key(enrolment: dict[str, Any]) -> None:
    """Put another key in its place."""
    path = Path(enrolment["private_key_file"])
    command = ["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)


def lose_request(enrolment: dict[str, Any]) -> None:
    """Take the request away."""
    Path(enrolment["request_file"]).unlink()


def want_another_subject(enrolment: dict[str, Any]) -> None:
    """Ask for another name."""
    enrolment["subject"] = [{"CN": "a.c"}]


def lose_openssl(enrolment: dict[str, Any]) -> None:
    """Look on a node that has no such program."""
    enrolment["without"] = True


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_key_mode,
        spoil_request_mode,
        spoil_form,
        spoil_key,
        lose_request,
        want_another_subject,
        lose_openssl,
    ],
)
def test_whatever_differs_is_left_to_the_modules_that_make_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enrolment: dict[str, Any], spoil: Callable[[dict[str, Any]], None]
) -> None:
    spoil(enrolment)
    found = run(monkeypatch, tmp_path, enrolment=enrolment)["enrolment"]
    assert found == {"fits": False, "fingerprint": "", "request": ""}


def test_a_key_that_is_not_there_is_made_with_its_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enrolment: dict[str, Any]
) -> None:
    key, request = Path(enrolment["private_key_file"]), Path(enrolment["request_file"])
    enrolment["subject"] = [{"CN": "a.b"}, {"C": "DE"}, {"L": "K\u00f6ln/Bonn + \\ = x"}]
    key.unlink()
    old = request.read_text()
    nothing = {"fits": False, "fingerprint": "", "request": ""}
    assert run(monkeypatch, tmp_path, check=True, enrolment=enrolment)["enrolment"] == nothing
    assert not key.exists()
    assert run(monkeypatch, tmp_path, enrolment={**enrolment, "bits": 1})["enrolment"] == nothing
    first = run(monkeypatch, tmp_path, enrolment=enrolment)
    assert first["enrolment"]["fits"] is True
    assert first["changed_paths"] == [str(key), str(request)]
    assert first["enrolment"]["request"] == request.read_text() != old
    assert "PRIVATE" not in json.dumps(first)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    second = run(monkeypatch, tmp_path, enrolment=enrolment)
    assert (second["changed"], second["enrolment"]) == (False, first["enrolment"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_key_that_the_site_brought_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enrolment: dict[str, Any]
) -> None:
    del enrolment["bits"]
    spoil_key_mode(enrolment)
    assert run(monkeypatch, tmp_path, enrolment=enrolment)["enrolment"]["fits"] is True
