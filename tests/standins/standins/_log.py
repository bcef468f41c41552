# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines in the form of the real programs: time, level, span, target, text; coloured unless NO_COLOR is set."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import sys
import threading

from standins import _clock

_LEVELS = {"ERROR": ("31", 1), "WARN": ("33", 2), "INFO": ("32", 3), "DEBUG": ("34", 4), "TRACE": ("35", 5)}
_lock = threading.Lock()
_files: list[pathlib.Path] = []  # the directory of the log files, once it is known


def _limit(target: str) -> int:
    """The level for a target: a word of RUST_LOG with the beginning of its name counts before a level alone."""
    chosen, limit = -1, 3
    for part in os.environ.get("RUST_LOG", "").split(","):
        beginning, _equals, level = part.strip().rpartition("=")
        rank = 0 if level.upper() == "OFF" else _LEVELS.get(level.upper(), ("", -1))[1]
        if rank >= 0 and target.startswith(beginning) and len(beginning) > chosen:
            chosen, limit = len(beginning), rank
    return limit


def to_directory(directory: str | None, retention: int) -> None:
    """Also write one JSON file a day; keeps the newest *retention* files. OSError if that is impossible."""
    if directory is None:
        return
    _files[:] = [pathlib.Path(directory)]
    _files[0].mkdir(parents=True, exist_ok=True)
    old = sorted(_files[0].glob("????-??-??.log"))
    for path in old[: max(0, len(old) - retention)]:
        path.unlink()


def log(level: str, target: str, text: str, span: str = "") -> None:
    """*span* as 'request' or 'request{from="app1.proxy1"}'."""
    color, rank = _LEVELS[level]
    if rank > _limit(target):
        return
    moment = _clock.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    prefix = f"{span}: " if span else ""
    if os.environ.get("NO_COLOR"):
        line = f"{moment} {level:>5} {prefix}{target}: {text}"
    else:
        bold = f"\x1b[1m{span}\x1b[0m\x1b[2m:\x1b[0m " if span else ""
        line = (
            f"\x1b[2m{moment}\x1b[0m \x1b[{color}m{level:>5}\x1b[0m {bold}\x1b[2m{target}\x1b[0m\x1b[2m:\x1b[0m {text}"
        )
    with _lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        for directory in _files:
            day = datetime.datetime.fromtimestamp(_clock.now(), tz=datetime.UTC).strftime("%Y-%m-%d")
            entry = {"timestamp": moment, "level": level, "fields": {"message": text}, "target": target}
            with (directory / f"{day}.log").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")


def end(code: int, text: str | None = None) -> None:
    """End the whole process now, from any thread, as the real program's exit does."""
    if text is not None:
        sys.stderr.write(text + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
