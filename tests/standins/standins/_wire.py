# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels: durations, UUIDs and the three kinds of Beam messages, plain and sealed."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import uuid
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from standins import _clock
from standins._ids import IdError, Network

INFINITE = Fraction(2**64)
_UNITS = {
    "ns": Fraction(1, 10**9),
    "Ms": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
    "w": Fraction(604800),
}
_DURATION = re.compile(
    r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?(ns|Ms|ms|s|m|h|d|w)?", re.ASCII
)
LAST_SECOND = 2**63 - 1


class Overflow(Exception):
    """A point of time beyond what the clock can show; the real programs abort on it."""


def parse_duration(text: str, default_unit: str = "s") -> Fraction:
    """Seconds of a duration text; ValueError if it is none. Very large values and "inf" saturate."""
    lowered = text.lower()
    if lowered.lstrip("+-") in ("inf", "infinity") and len(lowered) - len(lowered.lstrip("+-")) <= 1:
        if lowered.startswith("-"):
            raise ValueError("negative")
        return INFINITE
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("no duration")
    sign, whole, fraction, bare, exponent, unit = found.groups()
    power = int(exponent or 0)
    if not -(2**15) <= power < 2**15:
        raise ValueError("exponent")
    digits = (whole or "") + (fraction or bare or "")
    scale = power - len(fraction or bare or "")
    number = int(digits)
    value = Fraction(0) if number == 0 else Fraction(number) * Fraction(10) ** scale * _UNITS[unit or default_unit]
    if sign == "-" and value > 0:
        raise ValueError("negative")
    return min(value, INFINITE)


def expiry(text: str) -> float:
    """The point of time a ttl ends; Overflow if the clock cannot show it."""
    seconds = parse_duration(text)
    if seconds + int(_clock.now()) > LAST_SECOND:
        raise Overflow
    return _clock.now() + float(seconds)


def remaining(expire: float) -> str:
    return str(max(0, math.floor(expire - _clock.now())))


def uuid_error(text: str) -> str:
    """Why *text* is no UUID, in the words of the Rust crate."""
    raw = text.encode()
    if not raw or len(raw) > 45:
        return f"invalid length: found {len(raw)}"
    start, end, hyphenated = 0, len(text), False
    if text.startswith("{") and text.endswith("}") and len(text) > 1:
        start, end, hyphenated = 1, len(text) - 1, True
    elif text[:9].lower() == "urn:uuid:":
        start, hyphenated = 9, True
    hyphens: list[int] = []
    for index, character in enumerate(text[start:end]):
        if character == "-":
            hyphenated = True
            hyphens.append(index)
        elif character not in "0123456789abcdefABCDEF":
            offset = len(text[: start + index].encode())
            return f"invalid character: found `{character}` at {offset}"
    if not hyphenated:
        return f"invalid length: found {len(raw)}"
    if len(hyphens) != 4:
        return f"invalid group count: expected 5, found {len(hyphens) + 1}"
    starts = [0, 9, 14, 19, 24]
    expected = [8, 4, 4, 4, 12]
    for group in range(4):
        if hyphens[group] != starts[group + 1] - 1:
            found = hyphens[group] - starts[group]
            return f"invalid group length in group {group}: expected {expected[group]}, found {found}"
    return f"invalid group length in group 4: expected 12, found {end - start - 24}"


_HYPHENATED = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", re.ASCII)


def parse_uuid(text: str) -> str:
    """Lower-case hyphenated form; ValueError with the crate's words otherwise."""
    bare = text
    if len(text) == 38 and text.startswith("{") and text.endswith("}"):
        bare = text[1:-1]
    elif len(text) == 45 and text[:9].lower() == "urn:uuid:":
        bare = text[9:]
    elif re.fullmatch(r"[0-9a-fA-F]{32}", text, re.ASCII):
        return str(uuid.UUID(text))
    if _HYPHENATED.fullmatch(bare):
        return str(uuid.UUID(bare))
    raise ValueError("UUID parsing failed: " + uuid_error(text))


class BadMessage(ValueError):
    """The JSON value is none of the messages."""


@dataclass
class Message:
    """A task, a result or an empty message. *body* is plain text, or None where it is sealed or absent."""

    kind: str
    sender: str
    to: list[str] = field(default_factory=list)
    id: str = ""
    status: str = ""
    metadata: Any = None
    failure_strategy: Any = None
    expire: float = 0.0
    body: str | None = None
    encrypted: bytes = b""
    encryption_keys: list[bytes] = field(default_factory=list)

    def _common(self) -> dict[str, Any]:
        if self.kind == "empty":
            return {"from": self.sender}
        common: dict[str, Any] = {"from": self.sender, "to": self.to, "metadata": self.metadata}
        if self.kind == "task":
            common.update(id=self.id, ttl=remaining(self.expire), failure_strategy=self.failure_strategy)
        else:
            common.update(task=self.id, status=self.status)
        return common

    def plain(self) -> dict[str, Any]:
        value = self._common()
        if self.kind != "empty":
            value["body"] = self.body
        return value

    def sealed(self) -> dict[str, Any]:
        value = self._common()
        if self.kind != "empty":
            value["encrypted"] = base64.b64encode(self.encrypted).decode()
            value["encryption_keys"] = [base64.b64encode(key).decode() for key in self.encryption_keys]
        return value


def compact(value: Any) -> bytes:
    """JSON as the proxy writes it: compact, sorted keys, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadMessage("not a string")
    return value


def _identity(value: Any, network: Network) -> str:
    try:
        return network.app_or_proxy(_text(value))
    except IdError as error:
        raise BadMessage(str(error)) from None


def _identities(value: Any, network: Network) -> list[str]:
    if not isinstance(value, list):
        raise BadMessage("not a list")
    return [_identity(entry, network) for entry in value]


def _uuid(value: Any) -> str:
    try:
        return parse_uuid(_text(value))
    except ValueError as error:
        raise BadMessage(str(error)) from None


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise BadMessage("no count")
    return value


def _strategy(value: Any) -> Any:
    if value == "discard" or value == {"discard": None}:
        return "discard"
    if isinstance(value, dict) and list(value) == ["retry"]:
        retry = value["retry"]
        if isinstance(retry, list) and len(retry) == 2:
            retry = {"backoff_millisecs": retry[0], "max_tries": retry[1]}
        if isinstance(retry, dict) and "backoff_millisecs" in retry and "max_tries" in retry:
            return {"retry": {name: _count(retry[name]) for name in ("backoff_millisecs", "max_tries")}}
    raise BadMessage("failure_strategy")


def _base64(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise BadMessage(str(error)) from None


def _fill_body(message: Message, value: dict[str, Any], sealed: bool) -> Message:
    if sealed:
        message.encrypted = _base64(value.get("encrypted"))
        keys = value.get("encryption_keys")
        if not isinstance(keys, list):
            raise BadMessage("encryption_keys")
        message.encryption_keys = [_base64(key) for key in keys]
    elif value.get("body") is not None:
        message.body = _text(value["body"])
    return message


def read_task(value: dict[str, Any], network: Network, sealed: bool) -> Message:
    if "metadata" not in value:
        raise BadMessage("metadata")
    try:
        expire = expiry(_text(value.get("ttl")))
    except ValueError:
        raise BadMessage("ttl") from None
    message = Message(
        "task",
        _identity(value.get("from"), network),
        _identities(value.get("to"), network),
        _uuid(value.get("id")),
        metadata=value["metadata"],
        failure_strategy=_strategy(value.get("failure_strategy")),
        expire=expire,
    )
    return _fill_body(message, value, sealed)


def read_result(value: dict[str, Any], network: Network, sealed: bool) -> Message:
    if "metadata" not in value:
        raise BadMessage("metadata")
    status = _text(value.get("status"))
    if status not in ("claimed", "succeeded", "tempfailed", "permfailed"):
        raise BadMessage("status")
    message = Message(
        "result",
        _identity(value.get("from"), network),
        _identities(value.get("to"), network),
        _uuid(value.get("task")),
        status,
        value["metadata"],
    )
    return _fill_body(message, value, sealed)


def read_empty(value: dict[str, Any], network: Network, strict: bool) -> Message:
    if strict and set(value) != {"from"}:
        raise BadMessage("unknown field")
    return Message("empty", _identity(value.get("from"), network))


def read_message(value: Any, network: Network, sealed: bool) -> Message:
    """Any of the three kinds; BadMessage if it is none of them."""
    if not isinstance(value, dict):
        raise BadMessage("no object")
    for reader in (read_task, read_result):
        try:
            return reader(value, network, sealed)
        except BadMessage:
            continue
    return read_empty(value, network, strict=True)


def load_json(data: bytes) -> Any:
    """Strict JSON: no NaN or Infinity, no key twice at the top, valid UTF-8. ValueError otherwise."""

    def refuse(name: str) -> Any:
        raise ValueError(name)

    return json.loads(data.decode("utf-8"), parse_constant=refuse)
