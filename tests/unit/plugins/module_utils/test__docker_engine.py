# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose engine is on the node."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_engine as engine

WANTED = ["docker.io", "docker-cli"]


def package(name: str, installed: bool = True, held: bool = False) -> engine.Package:
    """Return a package."""
    return engine.Package(name, "1", installed, held)


def listed(*names: str) -> dict[str, engine.Package]:
    """Return installed packages."""
    return {name: package(name) for name in names}


def record(**more: Any) -> dict[str, Any]:
    """Return our record."""
    return {"version": 1, "packages": [], "dependencies": [], **more}


def test_dpkg() -> None:
    text = "docker.io\tii \t26.1.5\ntini\thi \t0.19\nhalf\tiF \t1\ngone\trc \t1\nbroken line\n"
    assert engine.parse_dpkg(text) == {
        "docker.io": engine.Package("docker.io", "26.1.5", True, False),
        "tini": engine.Package("tini", "0.19", True, True),
        "half": engine.Package("half", "1", False, False, True),
        "gone": engine.Package("gone", "1", False, False),
    }


def test_rpm() -> None:
    assert engine.parse_rpm("docker-ce\t28.1-1\nwarning\n") == {
        "docker-ce": engine.Package("docker-ce", "28.1-1", True, False)
    }


@pytest.mark.parametrize("status", ["iH", "iU", "iF", "iW", "it"])
def test_an_engine_of_ours_that_dpkg_was_interrupted_at_is_no_one_else_s(status: str) -> None:
    packages = engine.parse_dpkg(f"docker.io\t{status} \t26.1.5\n")
    programs = ["program /usr/sbin/dockerd"]
    ours = engine.judge(packages, WANTED, record(packages=["docker.io"]), programs)
    assert ours == engine.Verdict("none", "", tuple(WANTED))
    assert engine.judge(packages, WANTED, record(packages=["tini"]), programs).engine == "foreign"
    assert engine.judge(packages, WANTED, None, programs).engine == "foreign"
    assert engine.judge(packages, WANTED, record(packages=["docker.io"]), [engine.SNAP]).engine == "unusable"
    gone = engine.parse_dpkg("docker.io\trc \t26.1.5\n")
    assert engine.judge(gone, WANTED, record(packages=["docker.io"]), programs).engine == "foreign"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}', '{"version": 1, "packages": []}'])
def test_a_damaged_record_is_none(text: str) -> None:
    assert engine.parse_state(text) is None


def test_the_record_reads_back() -> None:
    assert engine.parse_state(engine.render_state(record(packages=["x"]))) == record(packages=["x"])


def test_a_bare_node_has_no_engine() -> None:
    assert engine.judge(listed("tini"), WANTED, None, []) == engine.Verdict("none", "", ("docker.io", "docker-cli"))


def test_an_engine_of_ours() -> None:
    verdict = engine.judge(listed("docker.io"), WANTED, record(packages=["docker.io"]), ["program /usr/sbin/dockerd"])
    assert verdict == engine.Verdict("ours", "package docker.io 1", ("docker-cli",))


@pytest.mark.parametrize(
    ("names", "state", "unpackaged", "words"),
    [
        (["docker-ce"], None, [], "package docker-ce 1"),
        ([], None, ["program /usr/local/sbin/dockerd"], "program /usr/local/sbin/dockerd"),
        (["docker.io"], record(), ["program /usr/sbin/dockerd"], "package docker.io 1, program /usr/sbin/dockerd"),
    ],
)
def test_an_engine_of_someone_else(
    names: list[str], state: dict[str, Any] | None, unpackaged: list[str], words: str
) -> None:
    verdict = engine.judge(listed(*names), WANTED, state, unpackaged)
    assert (verdict.engine, verdict.flavour) == ("foreign", words)


@pytest.mark.parametrize(
    ("names", "state", "unpackaged", "words"),
    [
        (["podman-docker"], None, [], "package podman-docker 1"),
        (["docker.io", "podman-docker"], record(packages=["docker.io"]), [], "package podman-docker 1"),
        ([], None, [engine.SNAP], "snap docker"),
        (["docker-ce"], None, [engine.SNAP], "package docker-ce 1, snap docker"),
    ],
)
def test_what_has_the_place_of_docker_and_is_none(
    names: list[str], state: dict[str, Any] | None, unpackaged: list[str], words: str
) -> None:
    verdict = engine.judge(listed(*names), WANTED, state, unpackaged)
    assert (verdict.engine, verdict.flavour) == ("unusable", words)


def test_what_is_about_to_be_installed_is_claimed_once() -> None:
    packages = listed("docker-cli", "tini")
    first = engine.claim(None, packages, engine.judge(packages, WANTED, None, []), {"source": "distribution"})
    assert first["packages"] == ["docker.io"]
    assert first["before"] == ["docker-cli", "tini"]
    assert (first["source"], first["adopted"]) == ("distribution", False)
    packages = listed("docker-cli", "tini", "runc")
    again = engine.claim(first, packages, engine.judge(packages, WANTED, first, []), {})
    assert again == first


def test_an_adopted_engine_is_not_claimed() -> None:
    packages = listed("docker-ce")
    taken = engine.claim(None, packages, engine.judge(packages, WANTED, None, []), {})
    assert taken == record(adopted=True)


def test_nothing_is_claimed_when_all_is_there() -> None:
    packages = listed(*WANTED)
    state = record(packages=WANTED)
    assert "before" not in engine.claim(state, packages, engine.judge(packages, WANTED, state, []), {})


def test_settling_tells_what_came() -> None:
    packages = listed("docker.io", "runc", "tini", "libc6")
    packages["gone"] = package("gone", installed=False)
    state = record(packages=["docker.io"], before=["libc6", "tini"], dependencies=["old"])
    settled = engine.settle(state, packages, ["runc", "tini", "gone", "docker.io"], ["docker.io"])
    assert settled == record(packages=["docker.io"], dependencies=["old", "runc"], held=["docker.io"])
    assert engine.settle(settled, packages, ["libc6"], []) == {**settled, "held": []}


def test_holds() -> None:
    packages = {"a": package("a", held=True), "b": package("b"), "c": package("c", installed=False)}
    assert engine.hold_changes(packages, ["a", "b", "c", "d"], [], True) == (["b"], [])
    assert engine.hold_changes(packages, ["a", "b"], ["a"], False) == ([], ["a"])
    assert engine.hold_changes(packages, ["a", "b"], [], False) == ([], [])


def test_only_what_we_brought_may_go() -> None:
    text = "Remv runc [1]\nRemv theirs [2]\nConf x\n"
    assert engine.removable(text, ["runc", "tini"]) == ["runc"]


def test_origins() -> None:
    text = """\
docker.io:
  Installed: 26.1.5
  Candidate: 26.1.6
  Version table:
     26.1.6 500
        500 http://b.example/debian trixie/main amd64 Packages
 *** 26.1.5 500
        500 http://a.example/debian trixie/main amd64 Packages
        100 /var/lib/dpkg/status
     26.1.4 500
        500 http://c.example/debian trixie/main amd64 Packages
gone:
  Installed: 1
  Version table:
 *** 1 100
        100 /var/lib/dpkg/status
"""
    assert engine.origins(text) == {"docker.io": ["http://a.example/debian"], "gone": []}
