# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Focus: flags and environment variables, their defaults, and the ways to get them wrong."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

VERSION = "0.19.0"
ENDPOINT_TYPES = ("blaze", "omop", "eucaim-api", "eucaim-sql", "blaze-and-sql", "sql")
_SPECIAL = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}

NOT_A_CHOICE = "one of the values isn't valid for an argument"
NOT_A_VALUE = "invalid value for one of the arguments"
MISSING = "one or more required arguments were not provided"


class UsageError(Exception):
    """Wrong or missing argument: exit code 2. *show_help*: nothing was given at all."""

    def __init__(self, text: str, show_help: bool = False) -> None:
        super().__init__(text)
        self.show_help = show_help


class Shown(Exception):
    """--help or --version: text on standard output, exit code 0."""


@dataclass(frozen=True)
class Url:
    """An address as the real program reads it: anything with a scheme, a host only where the scheme needs one."""

    scheme: str
    username: str
    password: str | None
    host: str
    port: int | None
    path: str
    query: str | None
    opaque: bool = False

    @classmethod
    def parse(cls, text: str) -> Url:
        cleaned = re.sub(r"[\t\r\n]", "", text.strip(" \t\r\n"))
        match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", cleaned)
        if match is None:
            raise ValueError("relative URL without a base")
        scheme, rest = match.group(1).lower(), match.group(2)
        if scheme not in _SPECIAL:
            return cls(scheme, "", None, "", None, rest, None, opaque=True)
        parts = urllib.parse.urlsplit("//" + rest.lstrip("/\\"))
        if not parts.hostname:
            raise ValueError("empty host")
        port = parts.port
        return cls(
            scheme,
            parts.username or "",
            parts.password,
            parts.hostname,
            None if port == _SPECIAL[scheme] else port,
            urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._|[]"),
            urllib.parse.quote(parts.query, safe="/%:@!$&()*+,;=~-._?{}|[]") if "?" in rest.split("#")[0] else None,
        )

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def bare(self) -> str:
        """Without user and password."""
        if self.opaque:
            return f"{self.scheme}:{self.path}"
        return self.origin + self.path + ("" if self.query is None else "?" + self.query)

    def __str__(self) -> str:
        if not self.username and self.password is None:
            return self.bare
        user = self.username + ("" if self.password is None else ":" + self.password)
        return self.bare.replace("://", f"://{user}@", 1)

    def debug(self) -> str:
        """The form that the real program writes to standard error at start, password included."""

        def some(value: str | None) -> str:
            return "None" if value is None else f"Some(\n            {value},\n        )"

        host = (
            "None"
            if self.opaque
            else f"Some(\n            Ipv4(\n                {self.host},\n            ),\n        )"
            if re.fullmatch(r"[0-9.]+", self.host)
            else f'Some(\n            Domain(\n                "{self.host}",\n            ),\n        )'
        )
        rows = [
            f'scheme: "{self.scheme}"',
            f"cannot_be_a_base: {'true' if self.opaque else 'false'}",
            f'username: "{self.username}"',
            "password: " + some(None if self.password is None else f'"{self.password}"'),
            "host: " + host,
            "port: " + some(None if self.port is None else str(self.port)),
            f'path: "{self.path}"',
            "query: " + some(None if self.query is None else f'"{self.query}"'),
            "fragment: None",
        ]
        return "Url {\n" + "".join(f"        {row},\n" for row in rows) + "    }"


def _count(text: str) -> int:
    if not re.fullmatch(r"\+?[0-9]+", text) or int(text) >= 1 << 64:
        raise ValueError(text)
    return int(text)


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise UsageError(NOT_A_CHOICE)
        return text

    return read


_FLOAT = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)


def _number(text: str) -> float:
    if not _FLOAT.fullmatch(text):
        raise ValueError(text)
    return float(text)


@dataclass(frozen=True)
class Option:
    """One setting: the flag is the name in lower case with hyphens."""

    name: str
    meaning: str
    read: Callable[[str], object] = str
    default: str | None = None
    required: bool = False
    switch: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.lower().replace("_", "-")


OPTIONS = (
    Option("BEAM_PROXY_URL", "address of the Beam proxy", Url.parse, required=True),
    Option("BEAM_APP_ID_LONG", "own app id", required=True),
    Option("API_KEY", "key of this app at the Beam proxy", required=True),
    Option("RETRY_COUNT", "tries at start, 2 s apart", _count, "32"),
    Option("ENDPOINT_URL", "address of the mediator", Url.parse),
    Option("BLAZE_URL", "old name of ENDPOINT_URL", Url.parse),
    Option("EXPORTER_URL", "address of an exporter", Url.parse),
    Option("ENDPOINT_TYPE", "one of " + ", ".join(ENDPOINT_TYPES), _choice(*ENDPOINT_TYPES), "blaze"),
    Option("CQL_PROJECTS_ENABLED", "projects that may send CQL, with commas"),
    Option("OBFUSCATE", "yes or no", _choice("no", "yes"), "yes"),
    Option("OBFUSCATE_ZERO", "obfuscate zeros too", _choice("true", "false"), switch=True),
    Option("OBFUSCATE_BELOW_10_MODE", "0 zero, 1 ten, 2 Laplace", _count, "1"),
    Option("DELTA_PATIENT", "sensitivity, patients", _number, "1."),
    Option("DELTA_SPECIMEN", "sensitivity, specimens", _number, "20."),
    Option("DELTA_DIAGNOSIS", "sensitivity, diagnoses", _number, "3."),
    Option("DELTA_PROCEDURES", "sensitivity, procedures", _number, "1.7"),
    Option("DELTA_MEDICATION_STATEMENTS", "sensitivity, medication", _number, "2.1"),
    Option("DELTA_HISTO", "sensitivity, histology", _number, "20."),
    Option("EPSILON", "privacy budget", _number, "0.28"),
    Option("ROUNDING_STEP", "granularity of obfuscated values", _count, "10"),
    Option("PROJECTS_NO_OBFUSCATION", "projects left exact, with ;", str, "exliquid;dktk_supervisors;exporter;ehds2"),
    Option("QUERIES_TO_CACHE", "file with queries to cache"),
    Option("TLS_CA_CERTIFICATES_DIR", "directory with further CA certificates"),
    Option("PROVIDER", "name shown for this provider"),
    Option("PROVIDER_ICON", "its icon, base64"),
    Option("AUTH_HEADER", "Authorization header for the mediator"),
    Option("EXPORTER_API_KEY", "key of the exporter"),
    Option("POSTGRES_CONNECTION_STRING", "address of a PostgreSQL database"),
    Option("MAX_DB_ATTEMPTS", "further tries to reach the database", _count, "8"),
)
NAMES = tuple(option.name for option in OPTIONS)


def help_text() -> str:
    lines = ["Usage: focus [OPTIONS] (stand-in, not the real program)", "", "Options:"]
    for option in OPTIONS:
        default = f" [default: {option.default}]" if option.default is not None else ""
        lines.append(f"      {option.flag}\n          {option.meaning} [env: {option.name}=]{default}")
    lines += ["  -h, --help", "  -V, --version", ""]
    lines.append("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (in either case) hold for mediator and Beam proxy.")
    return "\n".join(lines) + "\n"


def _arguments(arguments: list[str]) -> dict[str, str]:
    flags = {option.flag: option for option in OPTIONS}
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            raise Shown(help_text())
        if word in ("-V", "--version"):
            raise Shown(f"Focus (stand-in) {VERSION}\n")
        flag, separator, value = word.partition("=")
        option = flags.get(flag)
        if option is None:
            raise UsageError("unexpected argument found")
        if option.name in given:
            raise UsageError("an argument cannot be used with one or more of the other specified arguments")
        if option.switch:
            if separator:
                raise UsageError("unexpected value for an argument found")
            value = "true"
        elif not separator:
            if not rest or rest[0].startswith("-"):
                raise UsageError("a value is required for one of the arguments but none was supplied")
            value = rest.pop(0)
        given[option.name] = value
    return given


@dataclass
class Config:
    beam_proxy_url: Url
    app_id: str
    api_key: str
    retry_count: int
    endpoint_type: str
    endpoint_url: Url | None
    blaze_url: Url | None
    exporter_url: Url | None
    provider: str
    provider_icon: str | None
    auth_header: str | None
    postgres: str | None
    max_db_attempts: int
    cql_projects: list[str] = field(default_factory=list)
    ca_directory: str | None = None
    queries_to_cache: str | None = None


def load(arguments: list[str], environment: Mapping[str, str] | None = None) -> Config:
    """The settings; a flag goes before its variable (of this process, unless given). UsageError or Shown."""
    if environment is None:
        environment = os.environ
    given = _arguments(arguments)
    for option in OPTIONS:
        if option.name not in given and option.name in environment:
            given[option.name] = environment[option.name]
    if not given:
        raise UsageError("", show_help=True)
    values: dict[str, object] = {}
    for option in OPTIONS:
        text = given.get(option.name, option.default)
        try:
            values[option.name] = None if text is None else option.read(text)
        except ValueError:
            raise UsageError(NOT_A_VALUE) from None
    if any(option.required and option.name not in given for option in OPTIONS):
        raise UsageError(MISSING)

    def text_of(name: str) -> str | None:
        value = values[name]
        return None if value is None else str(value)

    def url_of(name: str) -> Url | None:
        value = values[name]
        return value if isinstance(value, Url) else None

    return Config(
        beam_proxy_url=url_of("BEAM_PROXY_URL") or Url.parse("http://localhost"),
        app_id=text_of("BEAM_APP_ID_LONG") or "",
        api_key=text_of("API_KEY") or "",
        retry_count=int(text_of("RETRY_COUNT") or 0),
        endpoint_type=text_of("ENDPOINT_TYPE") or "",
        endpoint_url=url_of("ENDPOINT_URL"),
        blaze_url=url_of("BLAZE_URL"),
        exporter_url=url_of("EXPORTER_URL"),
        provider=text_of("PROVIDER") or "",
        provider_icon=text_of("PROVIDER_ICON"),
        auth_header=text_of("AUTH_HEADER"),
        postgres=text_of("POSTGRES_CONNECTION_STRING"),
        max_db_attempts=int(text_of("MAX_DB_ATTEMPTS") or 0),
        cql_projects=(text_of("CQL_PROJECTS_ENABLED") or "").split(","),
        ca_directory=text_of("TLS_CA_CERTIFICATES_DIR"),
        queries_to_cache=text_of("QUERIES_TO_CACHE"),
    )
