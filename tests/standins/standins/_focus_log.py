# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines in the form of the real program: time, level, span, target, message; coloured unless NO_COLOR is set."""

from __future__ import annotations

import datetime
import os
import sys
import threading

from standins import _clock

_LEVELS = {"trace": 0, "debug": 1, "info": 2, "warn": 3, "error": 4, "off": 5}
_COLOURS = {"TRACE": "35", "DEBUG": "34", "INFO": "32", "WARN": "33", "ERROR": "31"}


def _coloured(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


class Log:
    """Writes to standard output. RUST_LOG (default info) takes levels, alone or with the beginning of a target."""

    def __init__(self, setting: str | None = None) -> None:
        self.level = _LEVELS["error"]
        self.targets: list[tuple[str, int]] = []
        for directive in (setting or "info").split(","):
            target, _unused, name = directive.strip().rpartition("=")
            level = _LEVELS.get(name.lower())
            if level is None:
                continue
            if target:
                self.targets.append((target, level))
            else:
                self.level = level
        self.targets.sort(key=lambda entry: len(entry[0]), reverse=True)
        self.colour = not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()

    def enabled(self, level: str, target: str) -> bool:
        limit = next((value for prefix, value in self.targets if target.startswith(prefix)), self.level)
        return _LEVELS[level.lower()] >= limit

    def write(self, level: str, target: str, message: str, task: str | None = None) -> None:
        if not self.enabled(level, target):
            return
        moment = datetime.datetime.fromtimestamp(_clock.now(), tz=datetime.UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if self.colour:
            colon = _coloured("2", ":")
            span = _coloured("1", "task") + _coloured("1", "{") + _coloured("3", "id") + _coloured("2", "=")
            span += f"{task}{_coloured('1', '}')}{colon} "
            line = f"{_coloured('2', stamp)} {_coloured(_COLOURS[level], f'{level:>5}')} "
            line += f"{span if task else ''}{_coloured('2', target)}{colon} {message}\n"
        else:
            line = f"{stamp} {level:>5} {f'task{{id={task}}}: ' if task else ''}{target}: {message}\n"
        with self._lock:
            sys.stdout.write(line)
            sys.stdout.flush()
