# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Beam and Focus expect on the wire."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_795_000_000.0


def unpacked(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token."""
    parts = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]
    return parts[0], parts[1]


def sign(data: bytes) -> bytes:
    """Stand in for a signature."""
    return hashlib.sha256(data).digest()


def test_ids_follow_the_broker_address() -> None:
    assert _beam.broker_id("https://Broker.Test:8443/") == "broker.test"
    assert _beam.broker_id("nonsense") == ""
    assert _beam.proxy_id("ward", "https://broker.test") == "ward.broker.test"
    assert _beam.app_id("focus", "ward.broker.test") == "focus.ward.broker.test"
    assert _beam.key_variable("focus") == "APP_focus_KEY"


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", 1_795_435_200.0),
        ("Mon, 23 Nov 2026 12:00:00 -0000", 1_795_435_200.0),
        ("", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_or_refused(text: str, epoch: float | None) -> None:
    assert _beam.parse_http_date(text) == epoch


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_dates_come_back(epoch: int) -> None:
    assert _beam.parse_http_date(_beam.http_date(epoch)) == epoch


def test_token_names_a_certificate_only_when_told() -> None:
    header, claims = unpacked(_beam.token({"from": "a"}, sign, NOW))
    assert header == {"alg": "RS256", "typ": "JWT"}
    assert claims == {"from": "a", "iat": int(NOW), "nbf": int(NOW), "exp": int(NOW) + 3600}
    assert unpacked(_beam.token({}, sign, NOW, "aa:bb"))[0]["kid"] == "aa:bb"


def test_signed_request_binds_method_path_date_body_and_sender() -> None:
    request = _beam.signed_request("GET", "/v1/pki/certs", "ward.broker.test", sign, NOW)
    outer = unpacked(request.headers["Authorization"].removeprefix("SamplyJWT "))[1]
    inner = request.body.decode()
    bound = "GET/v1/pki/certs" + request.headers["Date"] + inner.rsplit(".", 1)[1] + "ward.broker.test"
    assert outer["f"] == "ward.broker.test"
    assert base64.b64decode(outer["s"]) == hashlib.sha256(bound.encode()).digest()
    assert unpacked(inner)[1]["from"] == "ward.broker.test"
    assert request.headers["Content-Type"] == "application/jwt"


def test_tasks_have_every_key_that_focus_wants() -> None:
    task = _beam.health_task("id", "probe.p", "focus.p", 10)
    assert task["metadata"] == {"project": "focus-healthcheck"}
    assert set(task) == {"id", "from", "to", "body", "ttl", "failure_strategy", "metadata"}
    assert task["ttl"] == "10s"
    query = _beam.query_task("id", "probe.p", "focus.p", 10, "eucaim")
    outer = json.loads(base64.b64decode(query["body"]))
    assert outer["lang"] == "ast"
    assert json.loads(base64.b64decode(outer["query"])) == {"ast": {"operand": "OR", "children": []}, "id": "id"}


def test_mediator_is_asked_as_focus_asks() -> None:
    request = _beam.mediator_request("omop", "http://m/x", "Secret s", "q-empty")
    assert request.body == b'{\n  "ast": {\n    "operand": "OR",\n    "children": []\n  },\n  "id": "q-empty"\n}'
    assert request.headers["Authorization"] == "Secret s"
    assert len(request.body) == 77
    request = _beam.mediator_request("eucaim-api", "http://m/x", "", "q")
    assert (request.method, request.url, request.body) == ("GET", "http://m/x?", b"")
    assert "Authorization" not in request.headers


DATA_SET = {"id": "ds-1", "name": "Breast", "subjects_count": 1, "studies_count": 0}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"<html>", "an HTML page"),
        (b"{broken", "broken JSON"),
        (b"hello", "some other text"),
        (b"\xff\xfe", "some other text"),
        (b"null", "null"),
        (b"[]", "a list"),
        (b"3", "a single value"),
        (b"{}", "an empty JSON object"),
        (b'{"total": 1}', 'no list named "collections"'),
        (b'{"collections": [1]}', "data set 1 of the answer is not a JSON object"),
        (
            json.dumps({"collections": [DATA_SET, {**DATA_SET, "id": ""}]}).encode(),
            'data set 2 of the answer has no "id"',
        ),
        (json.dumps({"collections": [{**DATA_SET, "name": True}]}).encode(), 'has no "name"'),
        (json.dumps({"collections": [{**DATA_SET, "name": None}]}).encode(), 'has no "name"'),
        (json.dumps({"collections": [{**DATA_SET, "subjects_count": -1}]}).encode(), '"subjects_count"'),
        (json.dumps({"collections": [{**DATA_SET, "studies_count": True}]}).encode(), '"studies_count"'),
        (json.dumps({"collections": [{**DATA_SET, "studies_count": "2"}]}).encode(), '"studies_count"'),
    ],
)
def test_answers_that_focus_passes_on_and_nobody_can_use(answer: bytes, words: str) -> None:
    judged = _beam.judge_answer(answer)
    assert not judged.usable
    assert words in judged.reason


def test_a_good_answer_names_its_data_sets() -> None:
    judged = _beam.judge_answer(json.dumps({"collections": [DATA_SET, {**DATA_SET, "name": 7}]}).encode())
    assert judged.usable
    assert judged.names == ("Breast", "7")
    assert _beam.judge_answer(b'{"collections": []}').usable


@given(st.binary(max_size=200))
def test_judging_never_fails(answer: bytes) -> None:
    assert isinstance(_beam.judge_answer(answer).usable, bool)


def test_bodies_of_results() -> None:
    assert _beam.decode_result_body(base64.b64encode(b"x").decode()) == b"x"
    assert _beam.decode_result_body("healthy!") is None
    assert _beam.decode_result_body("ü") is None
    assert _beam.decode_result_body(None) is None


def test_results_that_are_final() -> None:
    claimed = {"status": "claimed"}
    done = {"status": "succeeded"}
    assert _beam.final_result([claimed, 1, done]) == done
    assert _beam.final_result([claimed]) is None
    assert _beam.final_result("x") is None
    assert _beam.is_claimed([claimed])
    assert not _beam.is_claimed([done, 1])
    assert not _beam.is_claimed({})


START = "\x1b[32m INFO\x1b[0m beam_proxy: Connected to Broker: https://b/"
NOT_SIGNED = "ERROR shared::crypto:     1. The CSR has not yet been signed by the central PKI"
SERIAL = "INFO beam_proxy: Certificate retrieved for our proxy ID p.b (serial aa:bb)"


def test_proxy_log_speaks_of_the_last_run() -> None:
    log = _beam.parse_proxy_log(f"{START}\n{SERIAL}\nx Startup complete. This is Proxy\n\n{START}\n{NOT_SIGNED}", "p.b")
    assert log.serial == "aa:bb"
    assert log.not_enrolled_or_expired
    assert not log.started
    assert log.lines == 5


@pytest.mark.parametrize(
    ("line", "flag", "value"),
    [
        ("The Broker has rejected our request with 401 Unauthorized.", "rejected_later", True),
        ("Unable to choose valid, newest certificate for this proxy.", "certificate_not_usable_yet", True),
        ("Intermediate certificate is invalid: x", "wrong_root", True),
        ("certificate (serial 1) that does not match private key.", "key_not_matching", True),
        ("thread 'main' panicked at", "panic", True),
        ("WARN beam_proxy: Still trying to reach Broker: dns error", "waiting_for_broker", "dns error"),
        (
            "Error: Unable to read config: No API keys have been defined.",
            "config_error",
            "No API keys have been defined.",
        ),
        ("error: invalid value 'x' for '--bind-addr'", "config_error", "invalid value 'x' for '--bind-addr'"),
        ("Certificate retrieved for our proxy ID other.b (serial cc)", "serial", ""),
        ("WARN shared::crypto: CA error: Found certificate (serial 1)", "config_error", ""),
    ],
)
def test_proxy_log_lines(line: str, flag: str, value: Any) -> None:
    assert getattr(_beam.parse_proxy_log(line, "p.b"), flag) == value


@pytest.mark.parametrize(
    ("line", "flag", "value"),
    [
        ("Unable to retrieve tasks from Beam: Unexpected status code 401 Unauthorized", "unauthorised", True),
        ("Communication with beam proxy failed: error", "proxy_unreachable", True),
        ("ERROR focus: Encountered too many errors -- exiting after 3 attempts.", "gave_up", True),
        ("Unable to post AST: error sending request for url", "mediator_unreachable", True),
        ("Got unexpected code 500 Internal Server Error while posting AST", "mediator_status", "500"),
        ("Failed to connect to PostgreSQL: pool timed out", "database", True),
        ("Configuration error: Unable to read", "config_error", "Unable to read"),
        ("error: one of the values isn't valid", "config_error", "one of the values isn't valid"),
        ("thread 'main' panicked at src", "panic", True),
    ],
)
def test_focus_log_lines(line: str, flag: str, value: Any) -> None:
    log = _beam.parse_focus_log(line + "\n\n")
    assert getattr(log, flag) == value
    assert log.lines == 1
