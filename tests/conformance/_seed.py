# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must have happened before a call, read off the answers: tasks and results that no vector creates.

The recording shows calls and answers; some tasks and results were made in between. Whatever an answer shows, or needs
to be what it is, and that no played vector has made, is made just before the call, or during it when the call woke up
early.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from standins import _wire

from .outcome import Vector

_TASK_PATH = re.compile(r"/v1/tasks/([^/?]+)(?:/(results)(?:/([^/?]+))?)?(?:\?.*)?")
WAITS = re.compile(r"[?&]wait_time=([^&]*)")


@dataclass(frozen=True)
class Step:
    """One hidden call: POST of a task or PUT of a result, *late* seconds after the visible call began."""

    app: str
    method: str
    path: str
    body: dict[str, Any]
    late: float = 0.0


def caller(vector: Vector) -> str:
    words = str((vector.get("request") or {}).get("headers", {}).get("Authorization", "")).split(" ")
    return words[1] if len(words) > 1 else ""


def task_of(path: str) -> tuple[str | None, bool, str | None]:
    """(task id, whether results, app id) of a path."""
    found = _TASK_PATH.fullmatch(path)
    if found is None:
        return None, False, None
    try:
        return _wire.parse_uuid(urllib.parse.unquote(found.group(1))), found.group(2) is not None, found.group(3)
    except ValueError:
        return None, found.group(2) is not None, found.group(3)


def wait_seconds(path: str) -> float | None:
    found = WAITS.search(path)
    if found is None:
        return None
    try:
        return float(_wire.parse_duration(urllib.parse.unquote(found.group(1)), "ms"))
    except ValueError:
        return None


def waits(vector: Vector) -> bool:
    path = str(vector["request"]["path"])
    return "wait_time=" in path or "wait_count=" in path


def events(text: str) -> list[tuple[str, Any]]:
    """(name, data) of each server-sent event."""
    found = []
    for block in text.split("\n\n"):
        name = re.search(r"^event: ?(.*)$", block, re.MULTILINE)
        data = re.search(r"^data: ?(.*)$", block, re.MULTILINE)
        if name and data:
            try:
                found.append((name.group(1), json.loads(data.group(1))))
            except ValueError:
                found.append((name.group(1), data.group(1)))
    return found


def _objects(vector: Vector) -> list[dict[str, Any]]:
    body = (vector.get("response") or {}).get("body")
    if isinstance(body, str):
        body = [data for name, data in events(body) if name == "new_result"]
    values = body if isinstance(body, list) else [body]
    return [value for value in values if isinstance(value, dict)]


def shown_tasks(vector: Vector) -> list[dict[str, Any]]:
    return [value for value in _objects(vector) if "id" in value and "ttl" in value]


def shown_results(vector: Vector) -> list[dict[str, Any]]:
    return [value for value in _objects(vector) if "task" in value and "status" in value]


@dataclass
class Model:
    """What the broker holds, as far as this run knows."""

    apps: dict[str, tuple[str, str]]
    scene: list[Vector]
    ttl: str = "600s"
    tasks: set[str] = field(default_factory=set)
    results: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    creators: dict[str, str] = field(default_factory=dict)

    def clear(self) -> None:
        self.tasks.clear()
        self.results.clear()
        self.creators.clear()

    def _other(self, app: str) -> str:
        proxy = app.split(".", 1)[-1]
        return next((name for name in self.apps if not name.endswith(proxy)), next(iter(self.apps), app))

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as other answers of the scene show it, or one that fits the calls made on it."""
        body: dict[str, Any] = {
            "id": task_id,
            "body": "task-body",
            "ttl": self.ttl,
            "failure_strategy": "discard",
            "metadata": None,
        }
        best: dict[str, Any] | None = None
        creator, refused = "", ""
        receivers: list[str] = []
        for vector in self.scene:
            for shown in shown_tasks(vector):
                if shown["id"] == task_id and (best is None or best["body"] == "<encrypted>"):
                    best = shown
            request, response = vector.get("request"), vector.get("response") or {}
            if request is None or task_of(request["path"])[0] != task_id or not task_of(request["path"])[1]:
                continue
            if request["method"] == "GET" and response.get("status") in (200, 206, 500):
                creator = caller(vector)
            elif request["method"] == "PUT" and response.get("status") in (201, 204):
                receivers.append(caller(vector))
                if not creator and isinstance(request["body"], dict):
                    creator = next((to for to in request["body"].get("to", []) if to in self.apps), "")
            elif response.get("status") == 403:
                refused = caller(vector)
            for result in shown_results(vector):
                receivers.append(result["from"])
        if best is not None:
            body.update({name: best[name] for name in ("from", "to", "metadata", "failure_strategy")})
            body["body"] = "task-body" if best["body"] == "<encrypted>" else best["body"]
            return body
        creator = creator or next((app for app in self.apps if app != refused), refused)
        fallback = [refused.split(".", 1)[-1]] if refused else [self._other(creator)]
        body["from"], body["to"] = creator, list(dict.fromkeys(receivers)) or fallback
        return body

    def _post(self, task_id: str, late: float = 0.0) -> Step:
        body = self.task(task_id)
        self.tasks.add(task_id)
        self.creators[task_id] = body["from"]
        return Step(body["from"], "POST", "/v1/tasks", body, late)

    def needed_tasks(self, vector: Vector) -> list[str]:
        """Ids of tasks that must exist for this answer and do not."""
        found = [shown["id"] for shown in shown_tasks(vector)] + [shown["task"] for shown in shown_results(vector)]
        task_id, results, _unused = task_of(vector["request"]["path"])
        status = (vector.get("response") or {}).get("status")
        method = vector["request"]["method"]
        if (
            task_id is not None
            and results
            and (
                (method == "GET" and status in (200, 206, 403, 500)) or (method == "PUT" and status in (201, 204, 403))
            )
        ):
            found.append(task_id)
        return [entry for entry in dict.fromkeys(found) if entry not in self.tasks]

    def before(self, vector: Vector) -> list[Step]:
        """Hidden calls for this vector, in their order."""
        response = vector.get("response") or {}
        after, limit = float(response.get("after_s") or 0), wait_seconds(vector["request"]["path"])
        woken = after >= 0.5 and (limit is None or after < limit - 0.3)
        posted = bool(shown_results(vector))
        steps = [self._post(task_id, after if woken and not posted else 0.0) for task_id in self.needed_tasks(vector)]
        missing = []
        for result in shown_results(vector):
            key = (result["task"], result["from"])
            if self.results.get(key) != (result["status"], result["body"]):
                self.results[key] = (result["status"], result["body"])
                missing.append(result)
        for number, result in enumerate(missing, 1):
            path = f"/v1/tasks/{result['task']}/results/{result['from']}"
            late = after * number / len(missing) if woken else 0.0
            steps.append(Step(result["from"], "PUT", path, result, late))
        return steps

    def played(self, vector: Vector) -> None:
        """Remember what a visible call has changed."""
        request, status = vector["request"], (vector.get("response") or {}).get("status")
        body = request["body"]
        if request["method"] == "POST" and status == 201 and isinstance(body, dict):
            self.tasks.add(_wire.parse_uuid(body["id"]))
        elif request["method"] == "PUT" and status in (201, 204) and isinstance(body, dict):
            key = (_wire.parse_uuid(body["task"]), body["from"])
            if not (self.results.get(key, ("", ""))[0] == "succeeded" and body["status"] == "claimed"):
                self.results[key] = (body["status"], body.get("body") or "")
