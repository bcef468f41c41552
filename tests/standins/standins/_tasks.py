# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker's store of tasks and results: waiting, expiry and what is shown to whom."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from standins import _clock
from standins._wire import Message

LONGEST_WAIT = 3600.0
_SLICE = 0.5


@dataclass
class Result:
    sender: str
    to: list[str]
    status: str
    jwt: str


@dataclass
class Task:
    id: str
    sender: str
    to: list[str]
    expire: float
    jwt: str
    results: dict[str, Result] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)
    removed: bool = False

    @property
    def expired(self) -> bool:
        return self.expire < _clock.now()


@dataclass(frozen=True)
class Wait:
    """How long to wait: None and None means not at all."""

    count: int | None
    seconds: float | None

    def limits(self) -> tuple[float, float]:
        """The number to wait for and the latest moment (monotonic)."""
        now = time.monotonic()
        if self.count is None:
            return (0, now) if self.seconds is None else (math.inf, now + self.seconds)
        return self.count, now + (LONGEST_WAIT if self.seconds is None else self.seconds)


class Conflict(Exception):
    pass


class NotFound(Exception):
    pass


class Forbidden(Exception):
    pass


class Removed(Exception):
    """The task went away during the wait."""


class TaskStore:
    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._arrivals: list[Task] = []
        self._changed = threading.Condition()

    def sweep(self) -> None:
        with self._changed:
            for task in [task for task in self._tasks.values() if task.expired]:
                task.removed = True
                del self._tasks[task.id]
            self._changed.notify_all()

    def post(self, message: Message, jwt: str) -> None:
        with self._changed:
            before = self._tasks.get(message.id)
            if before is not None:
                if not before.expired:
                    raise Conflict
                before.removed = True
            task = Task(message.id, message.sender, message.to, message.expire, jwt)
            self._tasks[message.id] = task
            self._arrivals.append(task)
            self._changed.notify_all()

    def put(self, message: Message, jwt: str) -> bool:
        """Store a result; True when it replaced an earlier one."""
        with self._changed:
            task = self.get(message.id)
            if message.sender not in task.to:
                raise Forbidden
            before = task.results.get(message.sender)
            kept = before is not None and before.status == "succeeded" and message.status == "claimed"
            if not kept:
                task.results[message.sender] = Result(message.sender, message.to, message.status, jwt)
            task.arrivals.append(message.sender)
            self._changed.notify_all()
            return before is not None and not kept

    def get(self, task_id: str) -> Task:
        with self._changed:
            if task_id not in self._tasks:
                raise NotFound
            return self._tasks[task_id]

    def _matching(self, wanted: Callable[[Task], bool]) -> list[Task]:
        return [task for task in self._tasks.values() if wanted(task) and not task.expired]

    def wait_for_tasks(self, wait: Wait, wanted: Callable[[Task], bool], gone: Callable[[], bool]) -> list[Task]:
        """All matching tasks, once there are enough or the time is over. Expired ones count, but are not returned."""
        most, until = wait.limits()
        with self._changed:
            seen = len(self._arrivals)
            have = len(self._matching(wanted))
            while have < most and time.monotonic() < until and not gone():
                self._changed.wait(min(_SLICE, max(0.0, until - time.monotonic())))
                fresh, seen = self._arrivals[seen:], len(self._arrivals)
                have += sum(1 for task in fresh if not task.removed and wanted(task))
            return self._matching(wanted)

    def wait_for_results(self, task_id: str, wait: Wait, asker: str, gone: Callable[[], bool]) -> list[Result]:
        most, until = wait.limits()
        with self._changed:
            task = self.get(task_id)
            seen = len(task.arrivals)
            have = sum(1 for r in task.results.values() if asker in r.to and r.status != "claimed")
            while have < most and time.monotonic() < until and not gone():
                self._changed.wait(min(_SLICE, max(0.0, until - time.monotonic())))
                if task.removed:
                    raise Removed
                fresh, seen = task.arrivals[seen:], len(task.arrivals)
                results = [task.results[sender] for sender in fresh]
                have += sum(1 for r in results if asker in r.to and r.status != "claimed")
            return [r for r in task.results.values() if asker in r.to]

    def stream_results(
        self, task: Task, wait: Wait, asker: str, gone: Callable[[], bool]
    ) -> Iterator[tuple[str, Result | str | None]]:
        """Pairs of event name and its data: a result, a text or nothing."""
        most, until = wait.limits()
        have = 0
        with self._changed:
            seen = len(task.arrivals)
            ready = [r for r in task.results.values() if asker in r.to]
        for result in ready:
            yield "new_result", result
            have += result.status != "claimed"
            if have >= most and most != 0:
                break
        while have < most and time.monotonic() < until and not gone():
            with self._changed:
                if len(task.arrivals) == seen and not task.removed:
                    self._changed.wait(min(_SLICE, max(0.0, until - time.monotonic())))
                fresh, seen = task.arrivals[seen:], len(task.arrivals)
                results = [task.results[sender] for sender in fresh]
                removed = task.removed
            for result in results:
                if asker in result.to:
                    have += result.status != "claimed"
                    yield "new_result", result
            if removed:
                yield "wait_expired", "Task expired"
                return
            if not fresh and time.monotonic() >= until:
                yield "wait_expired", None
                return
