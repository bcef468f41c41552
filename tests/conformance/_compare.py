# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing what was recorded with what came: placeholders, order that is not defined, times, log lines."""

from __future__ import annotations

import json
import re
from typing import Any

PLACEHOLDERS = {
    "<version>": r"\S+?",
    "<build>": r".+?",
    "<serial>": r"[0-9A-Fa-f:]+",
    "<port>": r"[0-9]+",
    "<path>": r"\S+?",
    "<mediator>": r"\S+?",
    "<beam proxy>": r"\S+?",
    "<closed port>": r"[0-9]+",
    "<remaining seconds>": r"[0-9]+",
    "<date>": r".+?",
    "<private key file>": r"\S+?",
    "<root certificate file>": r"\S+?",
}
_SPLIT = re.compile("(" + "|".join(re.escape(name) for name in PLACEHOLDERS) + ")")
# Headers that say something; the others (date, connection) come and go.
MEANINGFUL = (
    "content-type",
    "server",
    "via",
    "location",
    "www-authenticate",
    "allow",
    "cache-control",
    "transfer-encoding",
    "content-length",
)


def has_placeholder(value: Any) -> bool:
    text = value if isinstance(value, str) else json.dumps(value)
    return _SPLIT.search(text) is not None or '"<number>"' in text


def pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join(PLACEHOLDERS.get(part, re.escape(part)) for part in _SPLIT.split(text)), re.DOTALL)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."


def _order(value: list[Any], loose: bool) -> list[Any]:
    if loose or all(isinstance(entry, dict) for entry in value):

        def rank(entry: Any) -> str:
            if isinstance(entry, dict):
                return json.dumps([entry.get("id"), entry.get("task"), entry.get("from"), entry.get("status")])
            return json.dumps(entry)

        return sorted(value, key=rank)
    return value


def differences(recorded: Any, got: Any, field: str, loose: bool = False) -> list[str]:
    """One text per place where *got* is not what was recorded."""
    if recorded == "<number>" and isinstance(got, (int, float)):
        return []
    if isinstance(recorded, str) and isinstance(got, str):
        if pattern(recorded).fullmatch(got):
            return []
    elif isinstance(recorded, dict) and isinstance(got, dict):
        found = [f"{field}: keys recorded {sorted(recorded)}, got {sorted(got)}"] if set(recorded) != set(got) else []
        for name in recorded:
            if name in got:
                found += differences(recorded[name], got[name], f"{field}.{name}", loose)
        return found
    elif isinstance(recorded, list) and isinstance(got, list) and len(recorded) == len(got):
        found = []
        pairs = zip(_order(recorded, loose), _order(got, loose), strict=True)
        for number, (one, other) in enumerate(pairs):
            found += differences(one, other, f"{field}[{number}]", loose)
        return found
    elif recorded == got and isinstance(recorded, bool) == isinstance(got, bool):
        return []
    return [f"{field}: recorded {_short(recorded)}, got {_short(got)}"]


def compare_headers(recorded: dict[str, str], got: dict[str, str], skip_length: bool) -> list[str]:
    found = []
    for name in MEANINGFUL:
        if name == "content-length" and (skip_length or name not in recorded):
            continue
        one, other = recorded.get(name), got.get(name)
        if one is None and other is not None:
            found.append(f"header {name}: recorded none, got {_short(other)}")
        elif one is not None and other is None:
            found.append(f"header {name}: recorded {_short(one)}, got none")
        elif one is not None and other is not None:
            found += differences(one, other, f"header {name}")
    return found


def compare_time(recorded: float, got: float, waiting: bool) -> list[str]:
    """Only a wait has a lower bound; a busy machine may be late, never early."""
    early = waiting and got < recorded - max(0.25, recorded * 0.1)
    if early or got > recorded * 1.3 + (8 if waiting else 60):
        return [f"after_s: recorded {recorded}, got {got:.1f}"]
    return []


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[0-9:.]+Z\s+")


def plain_log(text: str) -> list[str]:
    """Log lines without colour and time; blanks between level and target become one."""
    lines = []
    for line in _COLOUR.sub("", text).splitlines():
        lines.append(re.sub(r"\s+", " ", _STAMP.sub("", line)).strip())
    return [line for line in lines if line]


def log_key(line: str) -> str:
    """What a log line says in substance: level, target and the first words, without names, numbers and details."""
    text = re.sub(r"\s+", " ", _COLOUR.sub("", line)).strip()
    if "[env:" in text:
        return text[text.index("[env:") :]
    found = re.match(r"((?:ERROR|WARN|INFO) (?:request(?:\{[^}]*\})?: )?[\w:]+: )(.*)", text)
    head, rest = (found.group(1), found.group(2)) if found else ("", text)
    rest = re.split(r"[\"'(<]|https?://|[0-9]|/|: ", rest, maxsplit=1)[0]
    return (head + rest)[:90].rstrip(" .:")


_SAYS_WHAT = re.compile(r"\s*(?:(?:ERROR|WARN|INFO) |[Ee]rror: |Usage: |Options:|--|\[env|thread .* panicked)")


def missing_lines(recorded: list[str], text: str) -> list[str]:
    """Recorded lines of which the log holds none that says the same.

    Log lines, errors, usage and options count; running text that follows an error is the program's own and does not.
    """
    lines = plain_log(text)
    have = " \n".join(lines)
    found = []
    for line in recorded:
        if not _SAYS_WHAT.match(line) and "[env:" not in line:
            continue
        settings = re.findall(r"\w+=[^\s,]+", line) if "shared::http_client: Using" in line else []
        if settings:
            same = any("shared::http_client: Using" in other and all(s in other for s in settings) for other in lines)
        else:
            same = log_key(line) in have
        if not same:
            found.append(f"log: nothing like {_short(line)}")
    return found
