# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance suite judged: it passes what is right, and a vector changed by hand makes it fail and says where."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.conformance.focus import without_place

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP, OTHER = "app1.proxy1.broker.test", "focus.proxy2.broker.test"
TASK = "00000000-0000-4000-8000-0000000000aa"
BROKER, PROXY = "Samply.Beam-broker/<version>", "Samply.Beam-proxy/<version>"
FORWARDED = {"server": BROKER, "via": PROXY}
Vector = dict[str, Any]


def vector(name: str, group: str, request: tuple[str, str, str, Any, Any], response: tuple[int, Any, Any]) -> Vector:
    at, method, path, headers, body = request
    status, got, answer = response
    return {
        "id": name,
        "group": group,
        "what": name,
        "notes": "",
        "request": {"at": at, "method": method, "path": path, "headers": headers, "body": body},
        "response": {"status": status, "headers": got, "body": answer},
    }


def key(app: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"ApiKey {app} {secret}"}


def small() -> list[Vector]:
    """A few calls in the form of the recording; the result of the last one was never put by a recorded call."""
    result = {"body": "b", "from": OTHER, "metadata": None, "status": "succeeded", "task": TASK, "to": [APP]}
    return [
        vector("health", "health", ("proxy1", "GET", "/v1/health", {}, None), (200, {"server": PROXY}, "")),
        vector(
            "no-key",
            "authentication",
            ("proxy1", "GET", "/v1/tasks?filter=todo", {}, None),
            (401, {"server": PROXY, "www-authenticate": "ApiKey"}, ""),
        ),
        vector(
            "no-list",
            "list tasks",
            ("proxy2", "GET", "/v1/tasks?filter=todo", key(OTHER, "FocusSecret"), None),
            (200, {"content-type": "application/json", "content-length": "2", **FORWARDED}, []),
        ),
        vector(
            "hidden-result",
            "results",
            ("proxy1", "GET", f"/v1/tasks/{TASK}/results", key(APP, "App1Secret"), None),
            (200, {"content-type": "application/json", **FORWARDED}, [result]),
        ),
    ]


def play(directory: pathlib.Path, vectors: list[Vector] | None) -> subprocess.CompletedProcess[str]:
    if vectors is not None:
        lines = "".join(json.dumps(entry) + "\n" for entry in vectors)
        (directory / "beam_proxy.jsonl").write_text(lines, "utf-8")
    command = [sys.executable, "-m", "tests.conformance", "--part", "beam", "--vectors", str(directory)]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)


def test_what_is_right_passes(tmp_path: pathlib.Path) -> None:
    done = play(tmp_path, small())
    assert "beam: 4 passed, 0 failed, 0 not played of 4" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("number", "path", "value", "said"),
    [
        (0, ("status",), 204, "status: recorded 204, got 200"),
        (1, ("headers", "www-authenticate"), "Basic", 'header www-authenticate: recorded "Basic", got "ApiKey"'),
        (2, ("headers", "content-length"), "3", 'header content-length: recorded "3", got "2"'),
        (2, ("headers", "location"), "/x", 'header location: recorded "/x", got none'),
        (0, ("body",), "ok", 'body: recorded "ok", got ""'),
    ],
)
def test_a_changed_vector_fails(
    tmp_path: pathlib.Path, number: int, path: tuple[str, ...], value: Any, said: str
) -> None:
    vectors = copy.deepcopy(small())
    target = vectors[number]["response"]
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    done = play(tmp_path, vectors)
    assert f"FAIL beam {vectors[number]['id']} " in done.stdout
    assert said in done.stdout
    assert "beam: 3 passed, 1 failed, 0 not played of 4" in done.stdout
    assert done.returncode == 1


def test_a_form_that_no_scene_knows_is_named_and_fails(tmp_path: pathlib.Path) -> None:
    vectors = small()
    vectors[0]["request"]["at"] = "somewhere"
    done = play(tmp_path, vectors)
    assert "NOT PLAYED beam [health] health: no scene knows how to play this form" in done.stdout
    assert "1 of group 'health' did not pass" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("vectors", [None, []])
def test_no_vectors_fail(tmp_path: pathlib.Path, vectors: list[Vector] | None) -> None:
    done = play(tmp_path, vectors)
    assert "beam: not good enough: there were no vectors" in done.stdout
    assert done.returncode == 1


def test_no_directory_fails_with_advice(tmp_path: pathlib.Path) -> None:
    done = play(tmp_path / "missing", None)
    assert "give --vectors DIR" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    "line",
    [
        "thread 'main' panicked at beam/beam-lib/src/http_util.rs:76:103:",
        "thread 'main' (6030) panicked at /somebody/else/beam-lib/src/http_util.rs:76:103:",
    ],
)
def test_where_and_when_a_program_was_built_does_not_count(line: str) -> None:
    """Newer compilers name the thread's number; the folders are those of whoever built the program."""
    assert without_place(line) == "thread 'main' panicked at http_util.rs:76:103:"
    assert without_place(f"WARN {line}") == f"WARN {line}"
