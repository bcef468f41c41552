# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was observed to one cause and the rows of the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _diagnosis as d
from ansible_collections.eucaim.local_node.plugins.module_utils._beam import Answer, FocusLog, ProxyLog
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import Container, ImageState
from ansible_collections.eucaim.local_node.plugins.module_utils._register import is_known

NOW = 1_795_435_200.0
DAY = 86400.0


def container(service: str, **changes: Any) -> Container:
    """Return a container that is well."""
    return replace(
        Container(service, present=True, status="running", running=True, image_id="sha256:1", address="172.29.0.2"),
        **changes,
    )


def image(service: str, **changes: Any) -> ImageState:
    """Return an image that is well."""
    return replace(ImageState(service, f"x/{service}:1", True, True, "sha256:1", ""), **changes)


GONE = {"present": False, "matches": False, "image_id": "", "reason": "the image x/focus:1 is not on the node"}
STOPPED = {"running": False, "status": "exited", "exit_code": 137}
LOOPING = {"running": False, "status": "restarting"}
GOOD = d.Observation(
    proxy_id="ward.broker.test",
    broker_url="https://broker.test",
    endpoint_type="omop",
    now=NOW,
    csr_file="/etc/ward.csr.pem",
    network_name="net",
    images=(image("beam-proxy"), image("focus")),
    proxy=container("beam-proxy"),
    focus=container("focus"),
    key_facts="RSA 4096 bits",
    key_matches_request=True,
    broker=d.Broker(health_status=200, health_summary="healthy", skew=0.4, signed_status=200),
    certificate=d.Certificate("broker", "aa:bb", NOW - DAY, NOW + 29 * DAY),
    proxy_log=ProxyLog(lines=4, serial="aa:bb", started=True),
    focus_log=FocusLog(lines=2),
    proxy_health=200,
    health_check=d.RoundTrip("succeeded", "succeeded", "healthy", 0.2),
    query=d.RoundTrip("succeeded", "succeeded", "e30="),
    answer=Answer(True, "2 data sets", ("Breast", "Lung")),
    mediator=d.Mediator("ok", "2 data sets", ("Breast", "Lung")),
)
REFUSED = d.Broker(health_status=200, skew=0.0, signed_status=401)
NOTHING = d.Certificate()
NO_TASKS: dict[str, Any] = {
    "health_check": d.RoundTrip(),
    "query": d.RoundTrip(),
    "answer": None,
}
CLOSED: dict[str, Any] = {**NO_TASKS, "proxy_health": None}
REFUSED_CLOSED: dict[str, Any] = {
    **CLOSED,
    "broker": REFUSED,
    "certificate": NOTHING,
    "proxy": container("beam-proxy", **LOOPING, exit_code=17),
    "proxy_log": ProxyLog(lines=9, not_enrolled_or_expired=True),
}
SILENT = {**NO_TASKS, "health_check": d.RoundTrip("silent", "no result in time")}
UNQUERIED = {"query": d.RoundTrip(), "answer": None}


def changed(**changes: Any) -> d.Observation:
    """Return the good observation with something else in it."""
    return replace(GOOD, **changes)


AT = "2026-11-23T12:00:00Z"
CASES: list[tuple[str, dict[str, Any], str, str, str]] = [
    # name, what differs, the cause, words of the message, the only row that is unmet
    ("well", {}, d.CONNECTED, "2 data sets (Breast, Lung)", ""),
    ("well without an answer kept", {"answer": Answer(True, "")}, d.TOO_FEW_DATA_SETS, "0 data sets", "TIER-2"),
    ("no engine", {"engine_error": "permission denied"}, d.ENGINE_DOWN, "permission denied", ""),
    ("slow clock", {"broker": replace(REFUSED, skew=-4600.0), **CLOSED}, d.CLOCK_SLOW, "76 minutes slow", "OS-TIME"),
    ("fast clock", {"broker": replace(REFUSED, skew=1000.0), **CLOSED}, d.CLOCK_FAST, "16 minutes fast", "OS-TIME"),
    (
        "clock before the certificate",
        {
            **CLOSED,
            "broker": replace(GOOD.broker, skew=-600.0),
            "certificate": d.Certificate("broker", "aa", NOW + 300, NOW + DAY),
            "proxy_log": ProxyLog(certificate_not_usable_yet=True),
        },
        d.CLOCK_SLOW,
        "begins only in 5 minutes",
        "OS-TIME",
    ),
    ("no DNS", {**CLOSED, "broker": d.Broker("dns", "x")}, d.UNREACHABLE_DNS, "cannot be resolved", "FED-BEAM"),
    ("no TCP", {**CLOSED, "broker": d.Broker("tcp", "refused")}, d.UNREACHABLE_TCP, "no connection", "FED-BEAM"),
    ("no TLS", {**CLOSED, "broker": d.Broker("tls", "x")}, d.UNREACHABLE_TLS, "not trusted", "FED-BEAM"),
    ("no HTTP", {**CLOSED, "broker": d.Broker("http", "x")}, d.UNREACHABLE_HTTP, "not the broker's", "FED-BEAM"),
    ("no answer", {**CLOSED, "broker": d.Broker("timeout", "x")}, d.UNREACHABLE_TCP, "in time", "FED-BEAM"),
    (
        "sick broker",
        {**CLOSED, "broker": d.Broker(health_status=503, health_summary="vault sealed")},
        d.BROKER_UNHEALTHY,
        "vault sealed",
        "FED-BEAM",
    ),
    ("no broker", {**CLOSED, "broker": d.Broker(health_status=404)}, d.UNREACHABLE_HTTP, "status 404", "FED-BEAM"),
    (
        "locked broker",
        {**NO_TASKS, "broker": replace(GOOD.broker, signed_status=0)},
        d.BROKER_LOCKED,
        "locked up",
        "FED-BEAM",
    ),
    (
        "no key",
        {
            **CLOSED,
            "broker": d.Broker(health_status=200),
            "key_problems": ("the key does not exist",),
            "key_unusable": True,
            "certificate": NOTHING,
        },
        d.KEY_UNUSABLE,
        "does not exist",
        "FED-KEY",
    ),
    ("wrong root in the log", {**CLOSED, "proxy_log": ProxyLog(wrong_root=True)}, d.ROOT_WRONG, "root", "FED-KEY"),
    ("wrong root", {**CLOSED, "root_problems": ("it does not belong to it",)}, d.ROOT_WRONG, "root", "FED-KEY"),
    (
        "no image",
        {**CLOSED, "images": (image("beam-proxy", **GONE), image("focus")), "proxy": Container("beam-proxy")},
        d.IMAGE_MISSING,
        "is not on the node",
        "FED-BUILD",
    ),
    (
        "no network",
        {
            **CLOSED,
            "network_exists": False,
            "proxy": container("beam-proxy", **STOPPED),
            "focus": container("focus", **STOPPED),
        },
        d.NETWORK_MISSING,
        "does not exist",
        "FED-NET",
    ),
    ("no proxy", {**CLOSED, "proxy": Container("beam-proxy")}, d.CONTAINER_MISSING, "beam-proxy does not", "FED-BEAM"),
    (
        "proxy stopped",
        {**CLOSED, "proxy": container("beam-proxy", **STOPPED)},
        d.CONTAINER_STOPPED,
        "beam-proxy has stopped",
        "FED-BEAM",
    ),
    (
        "another id",
        {**CLOSED, "broker": replace(REFUSED, signed_status=400), "certificate": NOTHING},
        d.FOREIGN_ID,
        "another id",
        "FED-KEY",
    ),
    (
        "odd status",
        {**CLOSED, "broker": replace(REFUSED, signed_status=502), "certificate": NOTHING},
        d.UNREACHABLE_HTTP,
        "status 502",
        "FED-BEAM",
    ),
    ("not enrolled", REFUSED_CLOSED, d.NOT_ENROLLED, "/etc/ward.csr.pem", "FED-KEY"),
    (
        "newer certificate of another key",
        {**REFUSED_CLOSED, "broker": replace(REFUSED, older_accepted=True)},
        d.KEY_MISMATCH,
        "newest certificate",
        "FED-KEY",
    ),
    (
        "another key than enrolled",
        {**REFUSED_CLOSED, "certificate": d.Certificate("stored", "aa", NOW - 9, NOW + 9, False)},
        d.KEY_MISMATCH,
        "another key",
        "FED-KEY",
    ),
    (
        "another key than requested",
        {**REFUSED_CLOSED, "key_matches_request": False},
        d.KEY_MISMATCH,
        "certificate request",
        "FED-KEY",
    ),
    (
        "expired",
        {**REFUSED_CLOSED, "certificate": d.Certificate("stored", "aa", NOW - 30 * DAY, NOW - 3 * DAY)},
        d.CERTIFICATE_EXPIRED,
        "3 days ago",
        "FED-KEY",
    ),
    (
        "expired, idle proxy still well",
        {
            **NO_TASKS,
            "broker": REFUSED,
            "certificate": d.Certificate("stored", "aa", NOW - 30 * DAY, NOW - 3 * DAY),
            "csr_file": "",
        },
        d.CERTIFICATE_EXPIRED,
        "nothing has to be copied to the node",
        "FED-KEY",
    ),
    (
        "expired by the log",
        {**REFUSED_CLOSED, "certificate": d.Certificate("log", "aa")},
        d.CERTIFICATE_EXPIRED,
        "enrolled before",
        "FED-KEY",
    ),
    (
        "not yet",
        {**REFUSED_CLOSED, "certificate": d.Certificate("stored", "aa", NOW + 2 * DAY, NOW + 9 * DAY)},
        d.CERTIFICATE_NOT_YET,
        "2 days",
        "FED-KEY",
    ),
    (
        "revoked",
        {**REFUSED_CLOSED, "certificate": d.Certificate("stored", "aa", NOW - 9, NOW + 9)},
        d.CERTIFICATE_REVOKED,
        "revoked",
        "FED-KEY",
    ),
    (
        "bad settings",
        {
            **CLOSED,
            "proxy": container("beam-proxy", **LOOPING, exit_code=1),
            "proxy_log": ProxyLog(config_error="No API keys"),
        },
        d.SETTINGS_REFUSED,
        "No API keys",
        "FED-BEAM",
    ),
    (
        "bad settings of other hands",
        {
            **CLOSED,
            "proxy": container("beam-proxy", **LOOPING, exit_code=2),
            "environment_problems": ("beam-proxy.env is not as configured: BROKER_URL",),
        },
        d.SETTINGS_REFUSED,
        "code 2",
        "FED-ENV",
    ),
    (
        "container cut off",
        {**CLOSED, "proxy_log": ProxyLog(waiting_for_broker="dns error")},
        d.UNREACHABLE_FROM_CONTAINER,
        "dns error",
        "FED-BEAM",
    ),
    (
        "just signed",
        {**CLOSED, "proxy": container("beam-proxy", **LOOPING, exit_code=17)},
        d.STARTING,
        "within a minute",
        "FED-BEAM",
    ),
    (
        "proxy off the network",
        {**CLOSED, "proxy": container("beam-proxy", address="")},
        d.PORT_CLOSED,
        "not on the network net",
        "FED-BEAM",
    ),
    ("port closed", CLOSED, d.PORT_CLOSED, "8081", "FED-BEAM"),
    (
        "wrong key of the probe",
        {**NO_TASKS, "health_check": d.RoundTrip("unauthorised")},
        d.WRONG_API_KEY,
        "key",
        "FED-ENV",
    ),
    ("wrong key of Focus", {**SILENT, "focus_log": FocusLog(unauthorised=True)}, d.WRONG_API_KEY, "Focus", "FED-ENV"),
    (
        "nobody to send to",
        {**NO_TASKS, "health_check": d.RoundTrip("no_receiver")},
        d.CERTIFICATE_REVOKED,
        "no valid certificate",
        "FED-KEY",
    ),
    (
        "gateway",
        {**NO_TASKS, "health_check": d.RoundTrip("gateway", "status 502")},
        d.UNREACHABLE_FROM_CONTAINER,
        "502",
        "FED-BEAM",
    ),
    ("proxy ended", {**NO_TASKS, "health_check": d.RoundTrip("broken", "reset")}, d.STARTING, "reset", "FED-BEAM"),
    (
        "refused",
        {**NO_TASKS, "health_check": d.RoundTrip("refused", "status 404")},
        d.UNREACHABLE_HTTP,
        "path",
        "FED-BEAM",
    ),
    ("no Focus", {**SILENT, "focus": Container("focus")}, d.CONTAINER_MISSING, "focus does not exist", "FED-FOCUS"),
    (
        "Focus stopped",
        {**SILENT, "focus": container("focus", **STOPPED)},
        d.CONTAINER_STOPPED,
        "focus has stopped",
        "FED-FOCUS",
    ),
    (
        "Focus refuses its settings",
        {**SILENT, "focus": container("focus", **LOOPING, exit_code=2), "focus_log": FocusLog(config_error="bad type")},
        d.SETTINGS_REFUSED,
        "bad type",
        "FED-FOCUS",
    ),
    (
        "Focus refuses settings of other hands",
        {
            **SILENT,
            "focus": container("focus", **LOOPING, exit_code=134),
            "environment_problems": ("focus.env is not as configured: ENDPOINT_URL",),
        },
        d.SETTINGS_REFUSED,
        "code 134",
        "FED-ENV",
    ),
    (
        "hung workers",
        {**SILENT, "mediator": d.Mediator("timeout", "no answer within 15 s")},
        d.MEDIATOR_HUNG,
        "workers",
        "FED-MED",
    ),
    ("silent Focus", SILENT, d.WORKERS_HUNG, "occupied", "FED-PROBE"),
    (
        "Focus without a proxy",
        {**SILENT, "focus_log": FocusLog(proxy_unreachable=True)},
        d.WORKERS_HUNG,
        "could not reach",
        "FED-PROBE",
    ),
    (
        "mediator down",
        {"mediator": d.Mediator("down", "refused"), "query": d.RoundTrip("failed", "", "Failed"), "answer": None},
        d.MEDIATOR_DOWN,
        "refused",
        "FED-MED",
    ),
    ("mediator hangs", {**UNQUERIED, "mediator": d.Mediator("timeout", "x")}, d.MEDIATOR_HUNG, "hangs", "FED-MED"),
    (
        "mediator hangs, seen by the query",
        {"query": d.RoundTrip("claimed"), "answer": None, "mediator": d.Mediator()},
        d.MEDIATOR_HUNG,
        "without an answer.",
        "FED-MED",
    ),
    (
        "mediator refuses",
        {"mediator": d.Mediator("refused", "status 401"), "query": d.RoundTrip("failed"), "answer": None},
        d.MEDIATOR_UNUSABLE,
        "401",
        "FED-MED",
    ),
    (
        "HTML page as a success",
        {"mediator": d.Mediator(), "answer": Answer(False, "the answer is not JSON but an HTML page")},
        d.MEDIATOR_UNUSABLE,
        "HTML page",
        "FED-MED",
    ),
    (
        "wrong type",
        {"query": d.RoundTrip("failed", "", "Cannot parse query."), "answer": None},
        d.ENDPOINT_TYPE_WRONG,
        "Cannot parse",
        "FED-ENV",
    ),
    (
        "no database",
        {
            "endpoint_type": "eucaim-sql",
            "query": d.RoundTrip("failed", "", "Failed"),
            "answer": None,
            "mediator": d.Mediator(),
        },
        d.MEDIATOR_DOWN,
        "database",
        "FED-MED",
    ),
    (
        "mediator answers with an error to Focus only",
        {
            "query": d.RoundTrip("failed", "", "Failed"),
            "answer": None,
            "mediator": d.Mediator(),
            "focus_log": FocusLog(mediator_status="500"),
        },
        d.MEDIATOR_UNUSABLE,
        "status 500",
        "FED-MED",
    ),
    (
        "mediator down for Focus only",
        {"query": d.RoundTrip("failed", "", "Failed to execute query."), "answer": None, "mediator": d.Mediator()},
        d.MEDIATOR_DOWN,
        "could not ask",
        "FED-MED",
    ),
    ("query lost", {"query": d.RoundTrip("silent"), "answer": None}, d.QUERY_FAILED, "silent", "TIER-2"),
    ("too few", {"expected_data_sets": 3}, d.TOO_FEW_DATA_SETS, "at least 3", "TIER-2"),
]


@pytest.mark.parametrize(
    ("changes", "cause", "words", "unmet"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_cause_is_told_and_stands_in_one_row(changes: dict[str, Any], cause: str, words: str, unmet: str) -> None:
    seen = changed(**changes)
    finding = d.diagnose(seen)
    assert finding.cause == cause
    assert words in finding.text()
    rows = d.rows(seen, finding, AT)
    clock_off = cause in (d.CLOCK_SLOW, d.CLOCK_FAST)
    assert len({row.requirement for row in rows}) == (11 if clock_off else 10)
    assert all(is_known(row.requirement) for row in rows)
    expected = {unmet} if unmet else set()
    # A fault in files that other hands changed has a row of its own.
    assert {row.requirement for row in rows if row.status == d.UNMET} == expected
    for row in rows:
        if row.status == d.UNANSWERED:
            assert row.measured.startswith("not measured: ")
            owner = row.measured.rsplit("(", 1)[1].rstrip(")")
            assert is_known(owner)
            assert owner != row.requirement


def test_every_cause_has_an_owner_or_is_of_a_container() -> None:
    causes = {case[2] for case in CASES} - {d.CONNECTED}
    assert causes - set(d.OWNER) == {d.CONTAINER_MISSING, d.CONTAINER_STOPPED, d.SETTINGS_REFUSED}
    assert set(d.OWNER) - causes == set()
    assert causes >= d.PASSING


def status(requirement: str, **changes: Any) -> tuple[str, str]:
    """Return status and measurement of one row."""
    seen = changed(**changes)
    row = next(row for row in d.rows(seen, d.diagnose(seen), AT) if row.requirement == requirement)
    return row.status, row.measured


WOUNDS: list[tuple[str, dict[str, Any], str]] = [
    # A wound that does not keep the node from answering: only its row is unmet.
    ("FED-NET", {"network_problems": ("its driver is macvlan",)}, "macvlan"),
    ("FED-NET", {"network_exists": False}, "does not exist"),
    ("FED-BUILD", {"images": (image("focus", matches=False, reason="another one"),)}, "another one"),
    ("FED-BUILD", {"focus": container("focus", image_id="sha256:2")}, "runs another image"),
    ("FED-BUILD", {"images": (image("focus", **GONE),)}, "is not on the node"),
    ("FED-KEY", {"key_problems": ("mode 0644",)}, "0644"),
    ("FED-KEY", {"certificate": d.Certificate("broker", "aa", NOW - 9, NOW + 9, False)}, "another key"),
    ("FED-KEY", {"root_problems": ("not the configured one",)}, "configured"),
    ("FED-ENV", {"environment_problems": ("mode 0644",)}, "0644"),
    ("FED-BEAM", {"proxy": container("beam-proxy", problems=("it publishes a port",))}, "publishes"),
    ("FED-FOCUS", {"focus": container("focus", problems=("it is privileged",))}, "privileged"),
    ("FED-LOGS", {"focus": container("focus", log_problem="its logs are not rotated")}, "rotated"),
    ("FED-LOGS", {"logs_read": False}, "could not be read"),
    ("FED-MED", {"mediator_container": container("mediator", problems=("it publishes a port",))}, "publishes"),
    ("FED-MED", {"mediator_container": container("mediator", **STOPPED)}, "has stopped"),
    ("FED-PROBE", {"health_check": d.RoundTrip("succeeded", "", "sick")}, "sick"),
]


@pytest.mark.parametrize(("requirement", "changes", "words"), WOUNDS)
def test_a_wound_turns_one_row(requirement: str, changes: dict[str, Any], words: str) -> None:
    seen = changed(**changes)
    rows = {row.requirement: row for row in d.rows(seen, d.diagnose(seen), AT)}
    assert {name for name, row in rows.items() if row.status == d.UNMET} == {requirement}
    assert words in rows[requirement].measured


def test_what_hangs_on_an_image_is_not_measured() -> None:
    changes: dict[str, Any] = {**SILENT, "images": (image("focus", **GONE),), "focus": Container("focus")}
    assert status("FED-FOCUS", **changes)[1].endswith("(FED-BUILD)")
    assert status("FED-LOGS", **changes)[1].endswith("(FED-BUILD)")


def test_what_hangs_on_the_network_is_not_measured() -> None:
    stopped = {
        "network_exists": False,
        "focus": container("focus", **STOPPED),
        "proxy": container("beam-proxy", **STOPPED),
    }
    assert status("FED-BEAM", **CLOSED, **stopped)[1].endswith("(FED-NET)")
    assert status("FED-FOCUS", **CLOSED, **stopped)[1].endswith("(FED-NET)")
    mediator = {"mediator_container": container("mediator", **STOPPED)}
    assert status("FED-MED", **CLOSED, **stopped, **mediator)[1].endswith("(FED-NET)")


def test_focus_that_waits_for_its_proxy_is_not_to_blame() -> None:
    waiting = {**REFUSED_CLOSED, "focus": container("focus", **LOOPING, exit_code=22)}
    assert status("FED-FOCUS", **waiting)[1].startswith("not measured: Focus waits")


def test_logs_of_missing_containers() -> None:
    assert status("FED-LOGS", **CLOSED, proxy=Container("beam-proxy"))[1].endswith("(FED-BEAM)")
    assert status("FED-LOGS", **SILENT, focus=Container("focus"))[1].endswith("(FED-FOCUS)")


def test_mediator_rows_without_a_direct_look() -> None:
    assert status("FED-MED", mediator=d.Mediator()) == (d.MET, "2 data sets")
    bad = {"mediator": d.Mediator(), "answer": Answer(False, "broken")}
    assert status("FED-MED", **bad)[0] == d.UNMET
    assert status("FED-MED", **REFUSED_CLOSED, mediator=d.Mediator())[1].endswith("(FED-KEY)")
    assert status("FED-MED", mediator_container=container("mediator"))[0] == d.MET
    # What is wrong with a mediator shows even when the node is not connected.
    assert status("FED-MED", **REFUSED_CLOSED, mediator=d.Mediator("down", "refused")) == (d.UNMET, "refused")


def test_key_row_without_the_certificate() -> None:
    assert (
        status("FED-KEY", certificate=NOTHING)[1] == "not measured: the broker did not give the certificate (FED-BEAM)"
    )


def test_a_quick_look_sends_no_task() -> None:
    finding = d.diagnose(changed(asked=False, **NO_TASKS))
    assert finding.cause == d.ENROLLED
    assert "is enrolled as ward.broker.test" in finding.text()
    assert finding.owner == ""


def test_rows_become_evidence() -> None:
    row = d.rows(GOOD, d.diagnose(GOOD), AT)[0].as_dict()
    assert set(row) == {"requirement", "status", "expected", "measured", "how", "at"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0 seconds"), (119, "119 seconds"), (-121, "2 minutes"), (7200, "2 hours"), (172800, "2 days")],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert d.span(seconds) == words
