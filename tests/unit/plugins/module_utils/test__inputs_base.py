# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of base that cannot work."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_base import check_base, key_fault

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOFTmCaZ0hwMOShza13BAJziT41ExPKCkSXtIrApjXHt"
HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
# Made by gpg for this test; its private half is gone.
PACKAGE_KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawcKlhYJKwYBBAHaRw8BAQdAmbSJAr2Lo+nNAjHT0eYh3RZuDVhVjpIrAot2
Wz0Vs4i0DUVVQ0FJTSBidW5kbGWIkAQTFggAOBYhBEtIb/g6sOwxBAIDoIkTWnev
j1CqBQJrBwqWAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEIkTWnevj1Cq
ltQA/3Rw5By4/BaQWFT8BunPI1vE4aHs806Bj64nZmIPNBd0AQDhFj91Qd4+X5eh
17aYy5kJEMXmsbiJuTB4egwWTSyhCg==
=+2sy
-----END PGP PUBLIC KEY BLOCK-----
"""
PACKAGE_FINGERPRINT = "4B486FF83AB0EC31040203A089135A77AF8F50AA"


def blob(*parts: bytes) -> str:
    """Return a public key with these parts."""
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def refused(**variables: Any) -> list[tuple[str, str]]:
    """Return requirement and variable of each refusal."""
    found = check_base(variables, {})
    assert all(refusal.remedy and refusal.needed for refusal in found)
    return [(refusal.requirement, refusal.variable) for refusal in found]


def person(**entries: Any) -> list[tuple[str, str]]:
    """Return the refusals of one person."""
    return refused(base_users=[{"name": "ada", "role": "basic", **entries}])


def test_good_settings() -> None:
    """What is right is not refused."""
    assert refused() == []
    assert (
        refused(
            ansible_user="ada",
            base_users=[
                {
                    "name": "ada",
                    "role": "admin",
                    "comment": "Ada Lovelace",
                    "shell": "/bin/bash",
                    "password_hash": HASH,
                    "authorized_keys": [f"{KEY} ada@laptop"],
                },
                {"name": "charles", "state": "disabled"},
                {"name": "eva", "state": "absent", "role": "basic"},
            ],
            base_group_basic="eucaim_basic",
            base_group_admin="eucaim_admin",
            base_directories=["/opt/eucaim"],
            base_software_directory="software",
            base_tools=["git"],
            base_packages_extra=["g++", "python3.13"],
            base_update_reboot_time="03:30",
            base_update_mail="it@example.org",
            base_update_origins_extra=["origin=Docker"],
            base_ntp_servers=["ntp.example.org", "192.0.2.1", "2001:db8::1"],
            base_shell="/bin/bash",
        )
        == []
    )


@pytest.mark.parametrize("name", ["Ada", "1a", "a" * 32, "a b", "", "root", "operator", "systemd-x", "eucaim_admin"])
def test_names(name: str) -> None:
    """Linux's rules, and no account of the system."""
    assert person(name=name) == [("OS-USERS", "base_users[0].name")]


def test_name_twice() -> None:
    """Each person once."""
    twice = [{"name": "ada", "role": "basic"}, {"name": "ada", "role": "admin"}]
    assert refused(base_users=twice) == [("OS-USERS", "base_users[1].name")]


@pytest.mark.parametrize("role", [None, "root", ""])
def test_roles(role: str | None) -> None:
    """A person that is present has one of the two roles."""
    assert person(role=role) == [("OS-USERS", "base_users[0].role")]


@pytest.mark.parametrize("password", ["hunter2", "$1$abc$def", 12345, "$6$short", HASH + "\n"])
def test_password(password: object) -> None:
    """A clear password or a weak hash is refused and not shown."""
    (refusal,) = check_base({"base_users": [{"name": "ada", "role": "basic", "password_hash": password}]}, {})
    assert refusal.requirement == "SEC-ACCT"
    assert str(password) not in refusal.text()


def test_comment_and_shell() -> None:
    """What would break a line of passwd is refused."""
    assert person(comment="a:b") == [("OS-USERS", "base_users[0].comment")]
    assert person(shell="bash") == [("OS-USERS", "base_users[0].shell")]
    assert refused(base_shell="bash") == [("OS-USERS", "base_shell")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (KEY, ""),
        (f'from="192.0.2.0/24" {KEY} ada', ""),
        (f"ssh-rsa {blob(b'ssh-rsa', b'AAE', b'x' * 257)}", ""),
        (f"ssh-rsa {blob(b'ssh-rsa', b'AAE', b'x' * 129)}", "2048 bits"),
        (f"ssh-dss {blob(b'ssh-dss', b'x')}", "type of key"),
        ("ssh-ed25519", "missing"),
        ("ssh-ed25519 AAAA!", "base64"),
        (f"ssh-ed25519 {blob(b'ssh-rsa', b'x')}", "not of the type"),
        (KEY[:-12], "cut"),
        (f"ssh-ed25519 {blob(b'ssh-ed25519')}", "cut"),
        (f"{KEY}\n{KEY}", "line breaks"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private"),
    ],
)
def test_keys(line: str, fault: str) -> None:
    """A key is one line, whole, of a type that is still safe."""
    assert fault in key_fault(line)
    assert bool(key_fault(line)) is bool(fault)


def test_private_key_is_not_shown() -> None:
    """Who pastes the wrong file is told so without the file."""
    secret = "-----BEGIN OPENSSH PRIVATE KEY----- b3Blbn"
    (refusal,) = check_base({"base_users": [{"name": "ada", "role": "basic", "authorized_keys": [secret]}]}, {})
    assert refusal.variable == "base_users[0].authorized_keys[0]"
    assert "b3Blbn" not in refusal.text()
    assert person(authorized_keys=["nonsense"]) == [("OS-USERS", "base_users[0].authorized_keys[0]")]


@pytest.mark.parametrize(
    ("entries", "variable"),
    [({"state": "absent"}, "state"), ({"state": "disabled"}, "state"), ({"authorized_keys": []}, "authorized_keys")],
)
def test_the_run_keeps_its_own_account(entries: dict[str, Any], variable: str) -> None:
    """The account that the run logs in with is not taken away."""
    people = [{"name": "ada", "role": "basic", **entries}]
    assert refused(base_users=people, ansible_user="ada") == [("OS-USERS", f"base_users[0].{variable}")]
    assert refused(base_users=people, ansible_user="eva") == []


def test_groups() -> None:
    """Two groups of their own."""
    assert refused(base_group_admin="sudo", base_group_basic="eucaim_basic") == [("OS-USERS", "base_group_admin")]
    assert refused(base_group_basic="A B", base_group_admin="x") == [("OS-USERS", "base_group_basic")]
    assert refused(base_group_basic="x", base_group_admin="x") == [("OS-USERS", "base_group_admin")]
    assert refused(base_group_basic=7) == []


@pytest.mark.parametrize("path", ["opt/x", "/", "/etc/", "/opt", "/opt/../etc", "/a//b", "/a\nb"])
def test_directories(path: str) -> None:
    """Absolute, plain, and not one of the system's own."""
    assert refused(base_directories=[path]) == [("OS-DIRS", "base_directories")]


@pytest.mark.parametrize("name", ["a/b", "..", ".ssh"])
def test_software_directory(name: str) -> None:
    """A plain name."""
    assert refused(base_software_directory=name) == [("OS-DIRS", "base_software_directory")]


def test_packages_updates_and_time() -> None:
    """Names, times, addresses and patterns that no program would take."""
    assert refused(base_tools=["git=1:2"], base_packages_extra=["A"]) == [
        ("OS-TOOLS", "base_tools"),
        ("OS-TOOLS", "base_packages_extra"),
    ]
    assert refused(base_update_reboot_time=210) == [("OS-UPDATE", "base_update_reboot_time")]
    assert refused(base_update_mail="a b") == [("OS-UPDATE", "base_update_mail")]
    assert refused(base_update_origins_extra=['a"b'], base_update_excluded=[""]) == [
        ("OS-UPDATE", "base_update_origins_extra"),
        ("OS-UPDATE", "base_update_excluded"),
    ]
    assert refused(base_ntp_servers=["a b", "ntp://x"]) == [("OS-TIME", "base_ntp_servers")] * 2


def test_other_types_are_the_specs_business() -> None:
    """What is no list or no dictionary is refused by the spec."""
    assert refused(base_users="ada", base_directories=3) == []
    assert refused(base_users=["ada", {"role": "basic"}]) == []
    assert person(authorized_keys="x") == []


# ----------------------------------------------------------------------- packages of a bundle


def archive(path: str, **changes: Any) -> list[tuple[str, str]]:
    """Return the refusals of good settings for a bundle with some of them changed."""
    good = {
        "base_package_archive": path,
        "base_package_archive_sha256": "0" * 64,
        "base_package_key": PACKAGE_KEY,
        "base_package_key_fingerprint": PACKAGE_FINGERPRINT,
    }
    return refused(**{**good, **changes})


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({}, ""),
        ({"base_package_archive": "/nowhere.tar"}, "archive"),
        ({"base_package_archive_sha256": "ABC"}, "archive_sha256"),
        ({"base_package_key": "not a key"}, "key"),
        ({"base_package_key": None}, "key"),
        ({"base_package_key_fingerprint": None}, "key"),
        ({"base_package_key_fingerprint": "0" * 40}, "key"),
    ],
)
def test_packages_of_a_bundle(tmp_path: Path, changes: dict[str, Any], variable: str) -> None:
    """The file, its sum, its key and the key's fingerprint are all needed."""
    path = tmp_path / "packages.tar"
    path.write_bytes(b"")
    assert archive(str(path), **changes) == ([("OS-UPDATE", f"base_package_{variable}")] if variable else [])


def test_no_bundle() -> None:
    """Without an archive nothing else about it is asked for."""
    assert archive("") == []
