# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are a flag and an environment variable each, with the exit codes of the real argument parser."""

from __future__ import annotations

import os
import re
import sys
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from standins import _http

VERSION = "0.11.0"
_FOOTER = (
    "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, also in lower case, are honoured. This is a stand-in for tests."
)


@dataclass(frozen=True)
class Url:
    """A parsed URL; *host* is None for one that has none ("name:8080")."""

    text: str
    scheme: str
    host: str | None
    authority: str


def parse_url(text: str) -> Url:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", text.strip(), re.DOTALL)
    if found is None:
        raise ValueError("relative URL without a base")
    scheme, rest = found.group(1).lower(), found.group(2)
    if scheme not in ("http", "https"):
        if rest.startswith("//"):
            parts = urllib.parse.urlsplit(text.strip())
            return Url(text.strip(), scheme, parts.hostname, parts.netloc)
        return Url(f"{scheme}:{rest}", scheme, None, "")
    parts = urllib.parse.urlsplit(f"{scheme}://{rest.lstrip('/')}")
    if not parts.hostname:
        raise ValueError("empty host")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("invalid port number") from None
    if port == (443 if scheme == "https" else 80):
        port = None
    authority = parts.hostname + (f":{port}" if port is not None else "")
    path = parts.path or "/"
    return Url(
        f"{scheme}://{authority}{path}" + (f"?{parts.query}" if parts.query else ""), scheme, parts.hostname, authority
    )


def text_value(text: str) -> str:
    return text


def path_value(text: str) -> str:
    if not text:
        raise ValueError("")
    return text


def count_value(text: str) -> int:
    if not re.fullmatch(r"\+?[0-9]+", text):
        raise ValueError("invalid digit found in string" if text else "cannot parse integer from empty string")
    return int(text)


@dataclass(frozen=True)
class Setting:
    name: str
    explanation: str
    parse: Callable[[str], Any] = text_value
    default: str | None = None
    required: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.lower().replace("_", "-")

    @property
    def form(self) -> str:
        return f"{self.flag} <{self.name}>"


LOG_SETTINGS = (
    Setting("LOG_DIR", "Write JSON log files there, too", path_value),
    Setting("LOG_RETENTION", "How many daily log files to keep", count_value, "30"),
)
SOCKET = _http.parse_socket_address


class Parser:
    def __init__(self, program: str, title: str, settings: Sequence[Setting]) -> None:
        self.program, self.title, self.settings = program, title, tuple(settings)

    def help(self) -> str:
        required = " ".join(setting.form for setting in self.settings if setting.required)
        lines = [f"Usage: {self.program} [OPTIONS] {required}", "", "Options:"]
        for setting in self.settings:
            default = f" [default: {setting.default}]" if setting.default is not None else ""
            lines += [f"      {setting.form}", f"          {setting.explanation} [env: {setting.name}=]{default}"]
        return "\n".join([*lines, "  -h, --help", "  -V, --version", "", _FOOTER, ""])

    def _fail(self, *lines: str) -> NoReturn:
        sys.stderr.write("\n".join([*lines, "", "For more information, try '--help'.", ""]))
        sys.exit(2)

    def _arguments(self, arguments: Sequence[str]) -> dict[str, str]:
        flags = {setting.flag: setting for setting in self.settings}
        given: dict[str, str] = {}
        words = list(arguments)
        while words:
            word = words.pop(0)
            if word in ("-h", "--help"):
                sys.stdout.write(self.help())
                sys.exit(0)
            if word in ("-V", "--version"):
                sys.stdout.write(f"{self.title} {VERSION} (stand-in)\n")
                sys.exit(0)
            flag, separator, value = word.partition("=")
            setting = flags.get(flag)
            if setting is None:
                self._fail(f"error: unexpected argument '{word}' found")
            if not separator:
                if not words:
                    self._fail(f"error: a value is required for '{setting.form}' but none was supplied")
                value = words.pop(0)
            given[setting.name] = value
        return given

    def parse(self, arguments: Sequence[str]) -> dict[str, Any]:
        given = {s.name: os.environ[s.name] for s in self.settings if s.name in os.environ}
        given.update(self._arguments(arguments))
        if not given:
            sys.stderr.write(self.help())
            sys.exit(2)
        missing = [setting for setting in self.settings if setting.required and setting.name not in given]
        if missing:
            shown = [s.form for s in self.settings if s.required]
            shown += [s.form for s in self.settings if not s.required and s.name in given]
            self._fail(
                "error: the following required arguments were not provided:",
                *(f"  {setting.form}" for setting in missing),
                "",
                f"Usage: {self.program} {' '.join(shown)}",
            )
        values: dict[str, Any] = {}
        for setting in self.settings:
            text = given.get(setting.name, setting.default)
            if text is None:
                values[setting.name] = None
                continue
            try:
                values[setting.name] = setting.parse(text)
            except ValueError as error:
                if not text:
                    self._fail(f"error: a value is required for '{setting.form}' but none was supplied")
                self._fail(f"error: invalid value '{text}' for '{setting.form}': {error}")
        return values
