# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Beam and Focus expect on the wire: ids, signed requests, tasks, queries and answers.

Private to this collection: nothing outside may import it. No I/O: whoever calls brings the clock and the signature.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import email.utils
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable
from urllib.parse import urlsplit

PROXY_PORT = 8081
# How far the clock of a node may be off before the broker refuses what it signs (seconds).
CLOCK_SLOW_LIMIT = 75 * 60
CLOCK_FAST_LIMIT = 15 * 60
TOKEN_LIFE = 3600
# A provider's name within the federation: stricter than Beam itself, as all providers are named so.
PROVIDER_ID = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
PROVIDER_ID_LONGEST = 63
RESERVED_PROVIDER_IDS = ("eucaim",)
# Beam reads an app's key from APP_<app>_KEY and takes only these characters for the app.
APP_NAME = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
ENDPOINT_TYPES = ("omop", "eucaim-api", "eucaim-sql")

Signer = Callable[[bytes], bytes]


def broker_id(url: str) -> str:
    """Return the broker's id: the host of its address, without port, in lower case."""
    return urlsplit(url).hostname or ""


def proxy_id(provider: str, url: str) -> str:
    """Return the id of a provider's proxy at the broker with that address."""
    return f"{provider}.{broker_id(url)}"


def app_id(app: str, proxy: str) -> str:
    """Return the id of an app behind a proxy."""
    return f"{app}.{proxy}"


def key_variable(app: str) -> str:
    """Return the name of the variable from which the proxy reads the key of an app (the app's case counts)."""
    return f"APP_{app}_KEY"


def b64url(data: bytes) -> str:
    """Return base64url without padding, as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def http_date(epoch: float) -> str:
    """Return a time as HTTP's Date header has it."""
    return email.utils.formatdate(epoch, usegmt=True)


def parse_http_date(text: str) -> float | None:
    """Return the seconds since 1970 of a Date header, or None when it is no date."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=datetime.timezone.utc)
    return parsed.timestamp()


def token(claims: Mapping[str, Any], sign: Signer, now: float, serial: str = "") -> str:
    """Return a signed token (RS256) around claims, valid for an hour from now.

    Without a certificate's serial the broker checks it against the newest certificate of the sender.
    """
    header = {"alg": "RS256", "typ": "JWT"}
    if serial:
        header["kid"] = serial
    start = int(now)
    body = dict(claims, iat=start, nbf=start, exp=start + TOKEN_LIFE)
    head = b64url(json.dumps(header, separators=(",", ":")).encode("utf-8"))
    middle = b64url(json.dumps(body, separators=(",", ":")).encode("utf-8"))
    signed = f"{head}.{middle}"
    return f"{signed}.{b64url(sign(signed.encode('ascii')))}"


@dataclass(frozen=True)
class SignedRequest:
    """A request to the broker as a proxy sends it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def signed_request(method: str, path: str, sender: str, sign: Signer, now: float, serial: str = "") -> SignedRequest:
    """Return a request without a message, signed by a proxy: the body names the sender, the header binds the rest."""
    inner = token({"from": sender}, sign, now, serial)
    date = http_date(now)
    bound = method + path + date + inner.rsplit(".", 1)[1] + sender
    digest = base64.b64encode(hashlib.sha256(bound.encode("utf-8")).digest()).decode("ascii")
    outer = token({"s": digest, "f": sender}, sign, now, serial)
    headers = {
        "Authorization": f"SamplyJWT {outer}",
        "Date": date,
        "Content-Type": "application/jwt",
        "Accept": "*/*",
    }
    return SignedRequest(method=method, path=path, headers=headers, body=inner.encode("ascii"))


def health_task(task_id: str, sender: str, receiver: str, ttl_seconds: int) -> dict[str, Any]:
    """Return the task that Focus answers by itself, without asking the mediator."""
    return _task(task_id, sender, receiver, ttl_seconds, "", {"project": "focus-healthcheck"})


def query_task(task_id: str, sender: str, receiver: str, ttl_seconds: int, project: str) -> dict[str, Any]:
    """Return the task that asks for everything: a query without criteria."""
    return _task(task_id, sender, receiver, ttl_seconds, encoded_query(task_id), {"project": project})


def _task(task_id: str, sender: str, receiver: str, ttl: int, body: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": task_id,
        "from": sender,
        "to": [receiver],
        "body": body,
        "ttl": f"{ttl}s",
        "failure_strategy": "discard",
        "metadata": dict(metadata),
    }


def empty_ast(query_id: str) -> dict[str, Any]:
    """Return the query without criteria."""
    return {"ast": {"operand": "OR", "children": []}, "id": query_id}


def encoded_query(query_id: str) -> str:
    """Return the body of a task that carries the query without criteria."""
    inner = base64.b64encode(json.dumps(empty_ast(query_id)).encode("utf-8")).decode("ascii")
    return base64.b64encode(json.dumps({"lang": "ast", "query": inner}).encode("utf-8")).decode("ascii")


@dataclass(frozen=True)
class MediatorRequest:
    """The request with which Focus asks a mediator for everything."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def mediator_request(endpoint_type: str, url: str, authorization: str, query_id: str) -> MediatorRequest:
    """Return the request that Focus makes of the query without criteria."""
    headers = {"Accept": "*/*", "User-Agent": "Samply.Focus.focus/0.19.0"}
    if authorization:
        headers["Authorization"] = authorization
    if endpoint_type == "eucaim-api":
        return MediatorRequest(method="GET", url=url + "?", headers=headers, body=b"")
    headers["Content-Type"] = "application/json"
    body = json.dumps(empty_ast(query_id), indent=2).encode("utf-8")
    # Focus writes an empty list on one line, as Python does.
    return MediatorRequest(method="POST", url=url, headers=headers, body=body)


@dataclass(frozen=True)
class Answer:
    """What a mediator's answer is worth to the federation."""

    usable: bool
    reason: str
    names: tuple[str, ...] = ()


def judge_answer(body: bytes) -> Answer:
    """Check what a mediator answered, because Focus does not: a JSON object with a list of collections."""
    if not body.strip():
        return Answer(False, "the answer is empty")
    try:
        parsed = json.loads(body.decode("utf-8"))
    except ValueError:
        return Answer(False, f"the answer is not JSON but {_kind_of_text(body)}")
    if not isinstance(parsed, dict):
        return Answer(False, f"the answer is {_kind_of_json(parsed)}, not a JSON object")
    if not parsed:
        return Answer(False, "the answer is an empty JSON object, which Focus turns into broken JSON")
    collections = parsed.get("collections")
    if not isinstance(collections, list):
        return Answer(False, 'the answer has no list named "collections"')
    names: list[str] = []
    for number, entry in enumerate(collections, start=1):
        problem = _collection_problem(entry)
        if problem:
            return Answer(False, f"data set {number} of the answer {problem}")
        names.append(str(entry["name"]))
    return Answer(True, f"{len(names)} data sets", tuple(names))


def _kind_of_text(body: bytes) -> str:
    start = body.lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if start.startswith(b"{"):
        return "broken JSON"
    return "some other text"


def _kind_of_json(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return "a list"
    return "a single value"


def _collection_problem(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "is not a JSON object"
    for key in ("id", "name"):
        value = entry.get(key)
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            return f'has no "{key}"'
    for key in ("subjects_count", "studies_count"):
        value = entry.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return f'has no whole number as "{key}"'
    return ""


def decode_result_body(body: Any) -> bytes | None:
    """Return the answer inside the body of a result, or None when it is not base64."""
    if not isinstance(body, str):
        return None
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None


def final_result(results: Any) -> Mapping[str, Any] | None:
    """Return the one result that is more than a claim, or None."""
    if not isinstance(results, list):
        return None
    for entry in results:
        if isinstance(entry, dict) and entry.get("status") in ("succeeded", "tempfailed", "permfailed"):
            return entry
    return None


def is_claimed(results: Any) -> bool:
    """Tell whether somebody has taken the task."""
    return isinstance(results, list) and any(
        isinstance(entry, dict) and entry.get("status") == "claimed" for entry in results
    )


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SERIAL = re.compile(r"Certificate retrieved for our proxy ID (\S+) \(serial ([^)]+)\)")


@dataclass(frozen=True)
class ProxyLog:
    """What the log of a Beam proxy tells. The flags speak of the last run in the log, the serial of the last known."""

    lines: int = 0
    serial: str = ""
    started: bool = False
    not_enrolled_or_expired: bool = False
    rejected_later: bool = False
    waiting_for_broker: str = ""
    certificate_not_usable_yet: bool = False
    wrong_root: bool = False
    key_not_matching: bool = False
    config_error: str = ""
    panic: bool = False


def parse_proxy_log(text: str, proxy: str) -> ProxyLog:
    """Read the log of a Beam proxy, over several starts."""
    state: dict[str, Any] = {"serial": ""}
    lines = [_ANSI.sub("", line) for line in text.splitlines() if line.strip()]
    for line in lines:
        if "Connected to Broker" in line or "for TLS termination." in line:
            state = {"serial": state["serial"]}
        found = _SERIAL.search(line)
        if found and found.group(1) == proxy:
            state["serial"] = found.group(2)
        for marker, flag in _PROXY_MARKERS:
            if marker in line:
                state[flag] = True
        for marker, flag in _PROXY_TEXTS:
            if marker in line:
                state[flag] = line.split(marker, 1)[1].strip()[:200]
        state.update(_usage_error(line))
    return ProxyLog(lines=len(lines), **state)


_PROXY_MARKERS = (
    ("Startup complete. This is Proxy", "started"),
    ("The CSR has not yet been signed", "not_enrolled_or_expired"),
    ("The Broker has rejected our request with 401", "rejected_later"),
    ("Unable to choose valid, newest certificate", "certificate_not_usable_yet"),
    ("Intermediate certificate is invalid", "wrong_root"),
    ("that does not match private key", "key_not_matching"),
    ("panicked at", "panic"),
)
_PROXY_TEXTS = (
    ("Still trying to reach Broker:", "waiting_for_broker"),
    ("Unable to read config:", "config_error"),
)


def _usage_error(line: str) -> dict[str, str]:
    """Return the complaint about an argument, which stands at the beginning of a line of its own."""
    return {"config_error": line[len("error: ") :].strip()[:200]} if line.startswith("error: ") else {}


@dataclass(frozen=True)
class FocusLog:
    """What the log of Focus tells."""

    lines: int = 0
    unauthorised: bool = False
    proxy_unreachable: bool = False
    gave_up: bool = False
    mediator_unreachable: bool = False
    mediator_status: str = ""
    database: bool = False
    config_error: str = ""
    panic: bool = False


_FOCUS_STATUS = re.compile(r"Got unexpected code (\d{3})")
_FOCUS_MARKERS = (
    ("Unexpected status code 401 Unauthorized", "unauthorised"),
    ("Communication with beam proxy failed", "proxy_unreachable"),
    ("Encountered too many errors -- exiting", "gave_up"),
    ("Unable to post AST: error sending request", "mediator_unreachable"),
    ("Failed to connect to PostgreSQL", "database"),
    ("panicked at", "panic"),
)


def parse_focus_log(text: str) -> FocusLog:
    """Read the log of Focus."""
    state: dict[str, Any] = {}
    lines = [_ANSI.sub("", line) for line in text.splitlines() if line.strip()]
    for line in lines:
        for marker, flag in _FOCUS_MARKERS:
            if marker in line:
                state[flag] = True
        status = _FOCUS_STATUS.search(line)
        if status:
            state["mediator_status"] = status.group(1)
        if "Configuration error:" in line:
            state["config_error"] = line.split("Configuration error:", 1)[1].strip()[:200]
        state.update(_usage_error(line))
    return FocusLog(lines=len(lines), **state)
