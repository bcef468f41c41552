# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node does or does not answer the federation: from what was observed to one cause and the rows of the evidence.

Private to this collection: nothing outside may import it. No I/O: observations come in, a finding goes out.
The programs' own signs are ambiguous (exit code 17 and 145 have many causes, a health check of 200 proves little),
so a cause is told from the node's own key, certificate, clock and id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import Row
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import Container, ImageState

CONNECTED = "connected_and_answering"
ENROLLED = "enrolled"
ENGINE_DOWN = "engine_down"
NETWORK_MISSING = "network_missing"
IMAGE_MISSING = "image_missing"
CONTAINER_MISSING = "container_missing"
CONTAINER_STOPPED = "container_stopped"
SETTINGS_REFUSED = "settings_refused"
KEY_UNUSABLE = "key_unusable"
ROOT_WRONG = "root_certificate_wrong"
CLOCK_SLOW = "clock_slow"
CLOCK_FAST = "clock_fast"
UNREACHABLE_DNS = "broker_unreachable_dns"
UNREACHABLE_TCP = "broker_unreachable_tcp"
UNREACHABLE_TLS = "broker_unreachable_tls"
UNREACHABLE_HTTP = "broker_unreachable_http"
UNREACHABLE_FROM_CONTAINER = "broker_unreachable_from_container"
BROKER_UNHEALTHY = "broker_unhealthy"
BROKER_LOCKED = "broker_locked_up"
NOT_ENROLLED = "not_enrolled"
CERTIFICATE_EXPIRED = "certificate_expired"
CERTIFICATE_REVOKED = "certificate_revoked"
CERTIFICATE_NOT_YET = "certificate_not_yet_valid"
KEY_MISMATCH = "key_does_not_match_certificate"
FOREIGN_ID = "certificate_of_another_id"
STARTING = "starting"
PORT_CLOSED = "proxy_port_closed"
WRONG_API_KEY = "wrong_api_key"
WORKERS_HUNG = "focus_does_not_answer"
MEDIATOR_DOWN = "mediator_down"
MEDIATOR_UNUSABLE = "mediator_unusable"
MEDIATOR_HUNG = "mediator_hung"
ENDPOINT_TYPE_WRONG = "endpoint_type_wrong"
QUERY_FAILED = "query_failed"
TOO_FEW_DATA_SETS = "too_few_data_sets"

# What time alone can mend, so that a bounded wait makes sense.
PASSING = frozenset(
    {
        STARTING,
        PORT_CLOSED,
        SETTINGS_REFUSED,
        CONTAINER_STOPPED,
        UNREACHABLE_DNS,
        UNREACHABLE_TCP,
        UNREACHABLE_TLS,
        UNREACHABLE_HTTP,
        UNREACHABLE_FROM_CONTAINER,
        BROKER_UNHEALTHY,
        CERTIFICATE_NOT_YET,
        WORKERS_HUNG,
        MEDIATOR_DOWN,
        QUERY_FAILED,
    }
)

MET = "met"
UNMET = "unmet"
UNANSWERED = "unanswered"
NOT_APPLICABLE = "not_applicable"

# The requirement whose row carries a cause; the rows that hang on it say "not measured".
OWNER: dict[str, str] = {
    ENGINE_DOWN: "CT-RUN",
    NETWORK_MISSING: "FED-NET",
    IMAGE_MISSING: "FED-BUILD",
    KEY_UNUSABLE: "FED-KEY",
    ROOT_WRONG: "FED-KEY",
    CLOCK_SLOW: "OS-TIME",
    CLOCK_FAST: "OS-TIME",
    UNREACHABLE_DNS: "FED-BEAM",
    UNREACHABLE_TCP: "FED-BEAM",
    UNREACHABLE_TLS: "FED-BEAM",
    UNREACHABLE_HTTP: "FED-BEAM",
    UNREACHABLE_FROM_CONTAINER: "FED-BEAM",
    BROKER_UNHEALTHY: "FED-BEAM",
    BROKER_LOCKED: "FED-BEAM",
    STARTING: "FED-BEAM",
    PORT_CLOSED: "FED-BEAM",
    NOT_ENROLLED: "FED-KEY",
    CERTIFICATE_EXPIRED: "FED-KEY",
    CERTIFICATE_REVOKED: "FED-KEY",
    CERTIFICATE_NOT_YET: "FED-KEY",
    KEY_MISMATCH: "FED-KEY",
    FOREIGN_ID: "FED-KEY",
    WRONG_API_KEY: "FED-ENV",
    ENDPOINT_TYPE_WRONG: "FED-ENV",
    WORKERS_HUNG: "FED-PROBE",
    MEDIATOR_DOWN: "FED-MED",
    MEDIATOR_UNUSABLE: "FED-MED",
    MEDIATOR_HUNG: "FED-MED",
    QUERY_FAILED: "TIER-2",
    TOO_FEW_DATA_SETS: "TIER-2",
}


@dataclass(frozen=True)
class Broker:
    """What a call to the broker told. `stage` is empty when an answer came, else dns, tcp, tls, http or timeout."""

    stage: str = ""
    detail: str = ""
    health_status: int = 0
    health_summary: str = ""
    # Seconds that the node's clock is ahead of the broker's (negative: behind); None when no Date was read.
    skew: float | None = None
    # The signed call: None when none was made, 0 when no answer came in time.
    signed_status: int | None = None
    # A signed call that names an older certificate of this node was accepted, though the newest is another key's.
    older_accepted: bool = False


@dataclass(frozen=True)
class Certificate:
    """The certificate of this node. `source` says where it was seen: broker, stored (an earlier look) or log."""

    source: str = ""
    serial: str = ""
    begins: float = 0.0
    ends: float = 0.0
    key_matches: bool = True


@dataclass(frozen=True)
class RoundTrip:
    """A task that was sent through the federation and back.

    `outcome`: not_run, succeeded, failed (body says why), claimed, silent, unauthorised, no_receiver, gateway,
    broken (the connection ended without an answer), refused (another status) or closed (no connection).
    """

    outcome: str = "not_run"
    detail: str = ""
    body: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Mediator:
    """A look at the mediator itself. `outcome`: not_run, ok, down, timeout, refused, status or unusable."""

    outcome: str = "not_run"
    detail: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """Everything that one look at the node told."""

    proxy_id: str
    broker_url: str
    endpoint_type: str
    now: float
    key_file: str = ""
    csr_file: str = ""
    engine_error: str = ""
    network_name: str = ""
    network_problems: tuple[str, ...] = ()
    network_exists: bool = True
    images: tuple[ImageState, ...] = ()
    proxy: Container = field(default_factory=lambda: Container("beam-proxy"))
    focus: Container = field(default_factory=lambda: Container("focus"))
    mediator_container: Container | None = None
    key_problems: tuple[str, ...] = ()
    # The key cannot sign at all: missing, no RSA key, too short.
    key_unusable: bool = False
    key_facts: str = ""
    key_matches_request: bool | None = None
    root_problems: tuple[str, ...] = ()
    environment_problems: tuple[str, ...] = ()
    broker: Broker = field(default_factory=Broker)
    certificate: Certificate = field(default_factory=Certificate)
    proxy_log: _beam.ProxyLog = field(default_factory=_beam.ProxyLog)
    focus_log: _beam.FocusLog = field(default_factory=_beam.FocusLog)
    logs_read: bool = True
    proxy_health: int | None = None
    health_check: RoundTrip = field(default_factory=RoundTrip)
    query: RoundTrip = field(default_factory=RoundTrip)
    answer: _beam.Answer | None = None
    mediator: Mediator = field(default_factory=Mediator)
    expected_data_sets: int = 1
    # Whether tasks were sent. A quick look, as after a deployment, sends none.
    asked: bool = True

    def broker_now(self) -> float:
        """Return the time by the broker's clock, which decides over certificates."""
        return self.now - (self.broker.skew or 0.0)


@dataclass(frozen=True)
class Finding:
    """The one cause, in words, and what to do."""

    cause: str
    sentence: str
    remedy: str
    service: str = ""

    @property
    def owner(self) -> str:
        """Return the requirement whose row carries the cause; nothing when all is well."""
        return OWNER.get(self.cause, self.service)

    def text(self) -> str:
        """Return the message for a person."""
        return f"{self.sentence} {self.remedy}".strip()


def span(seconds: float) -> str:
    """Return a length of time in words."""
    seconds = abs(seconds)
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} seconds"


def diagnose(seen: Observation) -> Finding:
    """Return the first cause that explains why the node does not answer, or that it does."""
    steps: list[Callable[[Observation], Finding | None]] = [
        _engine,
        _clock,
        _broker,
        _keys,
        _images,
        _containers,
        _signed,
        _proxy,
    ]
    if seen.asked:
        steps += [_round_trip, _data]
    for step in steps:
        finding = step(seen)
        if finding:
            return finding
    if not seen.asked:
        return Finding(
            ENROLLED, f"The node is enrolled as {seen.proxy_id} and its proxy is connected to {seen.broker_url}.", ""
        )
    names = seen.answer.names if seen.answer else ()
    return Finding(
        CONNECTED,
        f"The node is connected to {seen.broker_url} as {seen.proxy_id} and answers: a query went through the broker "
        f"and came back with {len(names)} data sets ({', '.join(names)}).",
        "",
    )


def _engine(seen: Observation) -> Finding | None:
    if seen.engine_error:
        return Finding(
            ENGINE_DOWN,
            f"Docker on the node does not answer: {seen.engine_error}.",
            "Start it (systemctl start docker) or run the docker role, then run again.",
        )
    return None


def _clock(seen: Observation) -> Finding | None:
    skew = seen.broker.skew
    if skew is None:
        return None
    remedy = "Let a time service set the clock (the base role does), then run again."
    if skew < -_beam.CLOCK_SLOW_LIMIT:
        return Finding(
            CLOCK_SLOW,
            f"The node's clock is {span(skew)} slow against the broker's, which refuses every signature for it "
            f"(more than {span(_beam.CLOCK_SLOW_LIMIT)}).",
            remedy,
        )
    if skew > _beam.CLOCK_FAST_LIMIT:
        return Finding(
            CLOCK_FAST,
            f"The node's clock is {span(skew)} fast against the broker's, which refuses every signature for it "
            f"(more than {span(_beam.CLOCK_FAST_LIMIT)}).",
            remedy,
        )
    if seen.proxy_log.certificate_not_usable_yet and seen.certificate.begins > seen.now:
        return Finding(
            CLOCK_SLOW,
            f"The node's clock is {span(skew)} slow against the broker's, and by it the certificate begins only in "
            f"{span(seen.certificate.begins - seen.now)}: the proxy waits with its port closed.",
            remedy,
        )
    return None


def _broker(seen: Observation) -> Finding | None:
    broker = seen.broker
    causes = {
        "dns": (UNREACHABLE_DNS, "its name cannot be resolved", "Check the node's DNS settings"),
        "tcp": (
            UNREACHABLE_TCP,
            "no connection can be made",
            ("Let outgoing traffic to its port pass the firewall, or set federation_https_proxy"),
        ),
        "tls": (
            UNREACHABLE_TLS,
            "its TLS certificate is not trusted",
            ("If a gateway of the site opens TLS, put its certificate into federation_tls_ca_certificates"),
        ),
        "http": (UNREACHABLE_HTTP, "the answer is not the broker's", "Check federation_broker_url and the HTTP proxy"),
        "timeout": (
            UNREACHABLE_TCP,
            "it does not answer in time",
            ("Let outgoing traffic to its port pass the firewall, or set federation_https_proxy"),
        ),
    }
    if broker.stage:
        cause, words, remedy = causes[broker.stage]
        return Finding(
            cause, f"The broker {seen.broker_url} cannot be reached: {words} ({broker.detail}).", f"{remedy}."
        )
    if broker.health_status == 503:
        return Finding(
            BROKER_UNHEALTHY,
            f"The broker says that it is not healthy ({broker.health_summary}).",
            "This is for the central operators: tell the helpdesk.",
        )
    if broker.health_status and broker.health_status != 200:
        return Finding(
            UNREACHABLE_HTTP,
            f"{seen.broker_url}/v1/health answers with status {broker.health_status}, not as a broker.",
            "Check federation_broker_url and the HTTP proxy.",
        )
    if broker.signed_status == 0:
        return Finding(
            BROKER_LOCKED,
            "The broker says that it is healthy, yet it leaves signed calls without an answer: it is locked up.",
            "Only a restart of the broker helps: tell the helpdesk.",
        )
    return None


def _keys(seen: Observation) -> Finding | None:
    if seen.key_unusable:
        return Finding(
            KEY_UNUSABLE,
            f"The node's private key cannot be used: {'; '.join(seen.key_problems)}.",
            "Bring the key back from the backup, or remove the file, run site again and have the new request signed.",
        )
    if seen.proxy_log.wrong_root or any("does not belong" in problem for problem in seen.root_problems):
        return Finding(
            ROOT_WRONG,
            "The root certificate is not that of this network: the broker's own certificate chain does not lead to it.",
            "Set federation_root_certificate to the one that the helpdesk sent.",
        )
    return None


def _images(seen: Observation) -> Finding | None:
    missing = [image for image in seen.images if not image.present]
    containers = {"beam-proxy": seen.proxy, "focus": seen.focus}
    blocking = [image for image in missing if image.service in containers and not containers[image.service].present]
    if blocking:
        return Finding(IMAGE_MISSING, f"{_sentence(blocking[0].reason)}", "Run site: it brings the image.")
    return None


def _containers(seen: Observation) -> Finding | None:
    if not seen.network_exists and not (seen.proxy.running and seen.focus.running):
        return Finding(
            NETWORK_MISSING, f"The Docker network {seen.network_name} does not exist.", "Run site: it makes it."
        )
    return _stopped(seen.proxy, "FED-BEAM")


def _stopped(container: Container, owner: str) -> Finding | None:
    if not container.present:
        return Finding(
            CONTAINER_MISSING, f"The container {container.service} does not exist.", "Run site: it makes it.", owner
        )
    if not container.running and container.status != "restarting":
        return Finding(
            CONTAINER_STOPPED,
            f"The container {container.service} {container.state()}.",
            "Run site: it starts it.",
            owner,
        )
    return None


def _signed(seen: Observation) -> Finding | None:
    status = seen.broker.signed_status
    if status == 400:
        return Finding(
            FOREIGN_ID,
            f"The certificate that belongs to this key is not one of {seen.proxy_id}: "
            "the broker knows the key by another id.",
            "Set federation_provider_id to the id that was enrolled, or enrol this id.",
        )
    if status == 401:
        return _why_refused(seen)
    if status is not None and status >= 300:
        return Finding(
            UNREACHABLE_HTTP,
            f"The broker answers the node's signed call with status {status}.",
            "Tell the helpdesk, with the time of this message.",
        )
    return None


def _why_refused(seen: Observation) -> Finding:
    """Explain a refused signature by what the node itself knows, as the broker's answer is always the same."""
    certificate = seen.certificate
    new_request = "Send the certificate request to the helpdesk again"
    where = f"({seen.csr_file})" if seen.csr_file else ""
    if seen.broker.older_accepted or (certificate.source and not certificate.key_matches):
        return Finding(
            KEY_MISMATCH,
            f"The node's key does not match its certificate: the newest certificate of {seen.proxy_id} "
            "belongs to another key.",
            f"Bring back the key that was enrolled, or have the request of this one signed {where}.".replace(" .", "."),
        )
    if certificate.source and certificate.ends and certificate.ends < seen.broker_now():
        return Finding(
            CERTIFICATE_EXPIRED,
            f"The node's certificate has expired {span(seen.broker_now() - certificate.ends)} ago.",
            "Ask the helpdesk to renew it (category federated search); nothing has to be copied to the node.",
        )
    if seen.key_matches_request is False:
        return Finding(
            KEY_MISMATCH,
            "The node's key does not match its certificate: it is not even the key of the certificate request "
            "on the node.",
            f"Bring back the key that was enrolled, or run site and have the new request signed {where}.".replace(
                " .", "."
            ),
        )
    if certificate.source and certificate.begins > seen.broker_now():
        return Finding(
            CERTIFICATE_NOT_YET,
            f"The node's certificate begins only in {span(certificate.begins - seen.broker_now())}.",
            "Wait until then, or ask the helpdesk.",
        )
    if certificate.source in ("stored", "broker"):
        return Finding(
            CERTIFICATE_REVOKED,
            f"The broker refuses the node although its certificate (serial {certificate.serial}) is in date "
            "and of this key: "
            "it was revoked, or a newer one was issued for another key.",
            f"Ask the helpdesk why; {new_request.lower()} {where}.".replace(" .", "."),
        )
    if certificate.source == "log" or seen.proxy_log.serial:
        return Finding(
            CERTIFICATE_EXPIRED,
            "The node was enrolled before and is refused now: its certificate has most likely expired.",
            "Ask the helpdesk to renew it (category federated search); nothing has to be copied to the node.",
        )
    return Finding(
        NOT_ENROLLED,
        f"The node is not enrolled: the broker knows no certificate for {seen.proxy_id} yet, so the proxy ends with "
        "code 17 and is started again until there is one.",
        f"Send the certificate request {where} to the EUCAIM helpdesk, category federated search.".replace("  ", " "),
    )


def _proxy(seen: Observation) -> Finding | None:
    accepted = seen.broker.signed_status is not None and seen.broker.signed_status < 300
    if seen.proxy_health == 200:
        return None
    log = seen.proxy_log
    if seen.proxy.running and not seen.proxy.address:
        return Finding(
            PORT_CLOSED,
            f"The container beam-proxy is not on the network {seen.network_name}.",
            "Run site: it connects it.",
        )
    if log.config_error or seen.proxy.exit_code in (1, 2, 134):
        what = log.config_error or f"it ends with code {seen.proxy.exit_code}"
        return _settings(seen, f"The Beam proxy does not start: {what}.", "FED-BEAM")
    if log.waiting_for_broker:
        return Finding(
            UNREACHABLE_FROM_CONTAINER,
            f"The node reaches the broker, but the Beam proxy in its container does not: {log.waiting_for_broker}.",
            "Check federation_extra_hosts, the HTTP proxy and the firewall's rules for containers.",
        )
    if accepted and (seen.proxy.status == "restarting" or log.not_enrolled_or_expired or not log.started):
        return Finding(
            STARTING,
            "The broker accepts the node, and the Beam proxy has not come up yet: it tries again within a minute.",
            "Wait, or restart the container beam-proxy.",
        )
    return Finding(
        PORT_CLOSED,
        f"The Beam proxy {seen.proxy.state()}, yet its port {_beam.PROXY_PORT} does not answer.",
        "Look at docker logs of beam-proxy, and run site.",
    )


def _round_trip(seen: Observation) -> Finding | None:
    trip = seen.health_check
    if trip.outcome == "unauthorised":
        return _wrong_key("the proxy refuses the key of the app that probes")
    if trip.outcome == "no_receiver":
        return Finding(
            CERTIFICATE_REVOKED,
            f"The broker has no valid certificate for {seen.proxy_id} any more: nobody can send it a query.",
            "Ask the helpdesk to renew it (category federated search).",
        )
    if trip.outcome == "gateway":
        return Finding(
            UNREACHABLE_FROM_CONTAINER,
            f"The Beam proxy in its container does not reach the broker ({trip.detail}).",
            "Check federation_extra_hosts, the HTTP proxy and the firewall's rules for containers.",
        )
    if trip.outcome in ("broken", "closed"):
        return Finding(
            STARTING,
            f"The Beam proxy ended while it was asked ({trip.detail}); it is started again.",
            "Wait and run again.",
        )
    if trip.outcome == "refused":
        return Finding(
            UNREACHABLE_HTTP,
            f"The task of the probe was refused ({trip.detail}).",
            "Check federation_broker_url: an address with a path gives this.",
        )
    if trip.outcome in ("claimed", "silent", "failed"):
        return _silent_focus(seen)
    return None


def _settings(seen: Observation, sentence: str, owner: str) -> Finding:
    """A program refuses its settings: the fault of the files when they are not as configured."""
    owner = "FED-ENV" if seen.environment_problems else owner
    return Finding(SETTINGS_REFUSED, sentence, "Run site, which checks every setting and writes it again.", owner)


def _wrong_key(why: str) -> Finding:
    return Finding(
        WRONG_API_KEY,
        f"Wrong API key: {why}.",
        "Run site: it writes the same key for both programs and starts them again.",
    )


def _silent_focus(seen: Observation) -> Finding:
    focus = seen.focus
    stopped = _stopped(focus, "FED-FOCUS")
    if stopped:
        return stopped
    if not focus.running or focus.exit_code:
        log = seen.focus_log.config_error or f"it ends with code {focus.exit_code}"
        return _settings(seen, f"Focus does not start: {log}.", "FED-FOCUS")
    if seen.focus_log.unauthorised:
        return _wrong_key("the proxy refuses the key of Focus")
    if seen.mediator.outcome == "timeout":
        return Finding(
            MEDIATOR_HUNG,
            f"The mediator does not answer ({seen.mediator.detail}), and hung queries occupy all workers of Focus.",
            "Restart the mediator and the container focus; give the mediator a time limit of its own.",
        )
    return Finding(
        WORKERS_HUNG,
        f"Focus runs, but the health-check task was not answered ({seen.health_check.outcome}): {_waits(seen)}.",
        "Look at docker logs of focus; restart the container focus if its workers hang.",
    )


def _waits(seen: Observation) -> str:
    if seen.focus_log.proxy_unreachable:
        return "it could not reach the Beam proxy"
    return "it is just starting, or all its workers are occupied"


def _data(seen: Observation) -> Finding | None:
    looked = seen.mediator
    if looked.outcome == "down":
        return Finding(
            MEDIATOR_DOWN, f"The mediator is down: {looked.detail}.", "Start it, or correct federation_endpoint_url."
        )
    if looked.outcome == "timeout" or (seen.query.outcome == "claimed" and looked.outcome != "ok"):
        return Finding(
            MEDIATOR_HUNG,
            "The mediator hangs: it leaves a query without an answer"
            + (f" ({looked.detail})." if looked.detail else "."),
            "Restart it; Focus has no time limit of its own, and three such queries stop it.",
        )
    if looked.outcome in ("refused", "status", "unusable"):
        return _unusable(looked.detail)
    if seen.answer is not None and not seen.answer.usable:
        return _unusable(seen.answer.reason)
    if seen.query.outcome == "failed":
        return _failed_query(seen)
    if seen.query.outcome != "succeeded" or seen.answer is None:
        return Finding(
            QUERY_FAILED,
            f"The health check is answered, but a real query is not ({seen.query.outcome}).",
            "Look at docker logs of focus.",
        )
    if len(seen.answer.names) < seen.expected_data_sets:
        return Finding(
            TOO_FEW_DATA_SETS,
            f"The node answers with {len(seen.answer.names)} data sets; "
            f"at least {seen.expected_data_sets} are expected.",
            "Load the data sets into the mediator, or correct federation_expected_collections.",
        )
    return None


def _unusable(why: str) -> Finding:
    return Finding(
        MEDIATOR_UNUSABLE,
        f"The mediator answers what Focus cannot use: {why}.",
        'It must answer with status 200 and a JSON object that holds a list "collections".',
    )


def _failed_query(seen: Observation) -> Finding:
    if "parse" in seen.query.body:
        return Finding(
            ENDPOINT_TYPE_WRONG,
            f"Focus cannot read a query of the federation as type {seen.endpoint_type} ({seen.query.body}).",
            "Set federation_endpoint_type to what the mediator is and run site.",
        )
    if seen.endpoint_type == "eucaim-sql":
        return Finding(
            MEDIATOR_DOWN,
            f"Focus gets no answer from the database ({seen.query.body}).",
            "Check that it runs and that federation_postgres_connection_string and the views are right.",
        )
    if seen.focus_log.mediator_status:
        return _unusable(f"status {seen.focus_log.mediator_status}")
    return Finding(
        MEDIATOR_DOWN,
        f"The mediator is down: Focus could not ask it ({seen.query.body}).",
        "Start it, or correct federation_endpoint_url.",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


# --- rows -----------------------------------------------------------------------------------------------------------


def rows(seen: Observation, finding: Finding, at: str) -> list[Row]:
    """Return one row for each requirement: a fault stands in its own row only, what hangs on it was not measured.

    C(at) is the time of the look, in UTC, such as 2026-01-31T12:00:00Z.
    """
    if seen.engine_error:
        return [
            Row(
                requirement,
                UNANSWERED,
                _EXPECTED[requirement],
                "not measured: Docker does not answer (CT-RUN)",
                _HOW[requirement],
                at,
            )
            for requirement in _EXPECTED
        ]
    made = {
        "FED-NET": _row_network(seen),
        "FED-BUILD": _row_images(seen),
        "FED-KEY": _row_key(seen, finding),
        "FED-ENV": _row_environment(seen, finding),
        "FED-BEAM": _row_proxy(seen, finding),
        "FED-FOCUS": _row_focus(seen, finding),
        "FED-MED": _row_mediator(seen, finding),
        "FED-LOGS": _row_logs(seen, finding),
        "FED-PROBE": _row_probe(seen, finding),
        "TIER-2": _row_tier(seen, finding),
    }
    found = [
        Row(requirement, status, _EXPECTED[requirement], measured, _HOW[requirement], at)
        for requirement, (status, measured) in made.items()
    ]
    if finding.owner == "OS-TIME":
        # Preflight compares the clock with the whole world's; here it is the broker's that counts.
        expected = f"a clock at most {span(_beam.CLOCK_SLOW_LIMIT)} slow and {span(_beam.CLOCK_FAST_LIMIT)} fast"
        found.append(
            Row(
                "OS-TIME",
                UNMET,
                f"{expected} against the broker's",
                finding.sentence,
                "the date in the broker's answers",
                at,
            )
        )
    return found


_EXPECTED = {
    "FED-NET": "a Docker network of its own, as configured, with only the federation's containers on it",
    "FED-BUILD": "each image is the one that the inventory or the lock file pins, and the containers run it",
    "FED-KEY": "an RSA key of 2048 bits or more, 0600 and root's, the network's root certificate, and a valid "
    "certificate that matches",
    "FED-ENV": "environment files as configured, 0600 and root's, used by the containers, with one API key for both",
    "FED-BEAM": "the Beam proxy runs as configured and the broker accepts what it signs",
    "FED-FOCUS": "Focus runs as configured",
    "FED-MED": "the mediator answers a query in the form that Focus can use",
    "FED-LOGS": "the logs of both programs can be read, are rotated, and tell whether the node is connected",
    "FED-PROBE": "a signed task goes through the broker to Focus and comes back as healthy",
    "TIER-2": "a real query is answered with the expected data sets",
}
_HOW = {
    "FED-NET": "docker network inspect",
    "FED-BUILD": "docker image inspect, against the record made when the image came",
    "FED-KEY": "the key file, the certificate request, and the certificate asked of the broker",
    "FED-ENV": "the files, against the inventory's settings and the containers' environment",
    "FED-BEAM": "docker inspect, the proxy's own health, and a signed request of the node to the broker",
    "FED-FOCUS": "docker inspect",
    "FED-MED": "the request that Focus makes, sent to the mediator, and its answer checked",
    "FED-LOGS": "docker logs of both, read and interpreted",
    "FED-PROBE": "a health-check task from a second app of this node, through the broker, to Focus",
    "TIER-2": "a query without criteria from a second app of this node, its answer decoded and checked",
}

Verdict = tuple[str, str]


def _blocked(why: str, owner: str) -> Verdict:
    return UNANSWERED, f"not measured: {why} ({owner})"


def _by_cause(finding: Finding) -> Verdict:
    return _blocked(finding.sentence.rstrip("."), finding.owner)


def _row_network(seen: Observation) -> Verdict:
    if not seen.network_exists:
        return UNMET, f"the network {seen.network_name} does not exist"
    if seen.network_problems:
        return UNMET, f"{seen.network_name}: {'; '.join(seen.network_problems)}"
    return MET, f"{seen.network_name} exists as configured"


def _row_images(seen: Observation) -> Verdict:
    problems = [image.reason for image in seen.images if image.reason]
    running = {"beam-proxy": seen.proxy, "focus": seen.focus}
    if seen.mediator_container:
        running["mediator"] = seen.mediator_container
    for image in seen.images:
        container = running.get(image.service)
        if image.matches and container and container.present and container.image_id != image.image_id:
            problems.append(f"the container {image.service} runs another image ({container.image_id[:19]})")
    if problems:
        return UNMET, "; ".join(problems)
    return MET, "; ".join(f"{image.reference} = {image.image_id[:19]}" for image in seen.images)


def _row_key(seen: Observation, finding: Finding) -> Verdict:
    problems = list(seen.key_problems) + list(seen.root_problems)
    if problems:
        return UNMET, "; ".join(problems)
    if finding.owner == "FED-KEY":
        return UNMET, finding.sentence
    if seen.certificate.source != "broker":
        return _by_cause(finding) if finding.owner else _blocked("the broker did not give the certificate", "FED-BEAM")
    if not seen.certificate.key_matches:
        return UNMET, "a newer certificate belongs to another key: the proxy will be refused when it starts again"
    left = seen.certificate.ends - seen.broker_now()
    return MET, f"{seen.key_facts}; certificate {seen.certificate.serial} is valid for another {span(left)}"


def _row_environment(seen: Observation, finding: Finding) -> Verdict:
    if seen.environment_problems:
        return UNMET, "; ".join(seen.environment_problems)
    if finding.owner == "FED-ENV":
        return UNMET, finding.sentence
    return MET, "files and containers are as configured"


def _row_proxy(seen: Observation, finding: Finding) -> Verdict:
    blocking = _image_blocks(seen, seen.proxy)
    if blocking:
        return blocking
    if not seen.proxy.present or (not seen.proxy.running and seen.proxy.status != "restarting"):
        return UNMET, f"the container {seen.proxy.state()}"
    if seen.proxy.problems:
        return UNMET, "; ".join(seen.proxy.problems)
    if finding.owner == "FED-BEAM":
        return UNMET, finding.sentence
    if finding.owner in ("FED-KEY", "OS-TIME") or seen.proxy_health != 200:
        return _by_cause(finding)
    return MET, f"{seen.proxy.state()}; connected to {seen.broker_url} as {seen.proxy_id}"


def _image_blocks(seen: Observation, container: Container) -> Verdict | None:
    gone = [image for image in seen.images if image.service == container.service and not image.present]
    if gone and not container.present:
        return _blocked(gone[0].reason, "FED-BUILD")
    if not seen.network_exists and not container.running:
        return _blocked(f"the network {seen.network_name} does not exist", "FED-NET")
    return None


def _row_focus(seen: Observation, finding: Finding) -> Verdict:
    blocking = _image_blocks(seen, seen.focus)
    if blocking:
        return blocking
    if not seen.focus.present or (not seen.focus.running and seen.focus.status != "restarting"):
        return UNMET, f"the container {seen.focus.state()}"
    if seen.focus.problems:
        return UNMET, "; ".join(seen.focus.problems)
    if seen.focus.running:
        return MET, seen.focus.state()
    if seen.proxy_health != 200:
        return _blocked("Focus waits for the Beam proxy", finding.owner)
    if finding.owner == "FED-ENV":
        return _by_cause(finding)
    return UNMET, f"the container {seen.focus.state()}"


def _row_mediator(seen: Observation, finding: Finding) -> Verdict:
    container = seen.mediator_container
    if container is not None:
        blocking = _image_blocks(seen, container)
        if blocking:
            return blocking
        if not container.running:
            return UNMET, f"the container mediator {container.state()}"
        if container.problems:
            return UNMET, "; ".join(container.problems)
    if finding.owner == "FED-MED":
        return UNMET, finding.sentence
    if seen.mediator.outcome == "ok":
        return MET, f"answers with {len(seen.mediator.names)} data sets"
    if seen.mediator.outcome != "not_run":
        return UNMET, seen.mediator.detail
    if seen.answer is not None:
        return (MET, seen.answer.reason) if seen.answer.usable else (UNMET, seen.answer.reason)
    return _by_cause(finding)


def _row_logs(seen: Observation, finding: Finding) -> Verdict:
    present = [container for container in (seen.proxy, seen.focus) if container.present]
    if len(present) < 2:
        gone = "FED-BEAM" if not seen.proxy.present else "FED-FOCUS"
        return _blocked("a container is missing", "FED-BUILD" if finding.cause == IMAGE_MISSING else gone)
    problems = [f"{container.service}: {container.log_problem}" for container in present if container.log_problem]
    if problems:
        return UNMET, "; ".join(problems)
    if not seen.logs_read:
        return UNMET, "the logs could not be read"
    return MET, f"{seen.proxy_log.lines} and {seen.focus_log.lines} lines read; {finding.cause.replace('_', ' ')}"


def _row_probe(seen: Observation, finding: Finding) -> Verdict:
    if seen.health_check.outcome == "succeeded":
        if seen.health_check.body == "healthy":
            return MET, f"answered healthy in {seen.health_check.seconds:.1f} s"
        return UNMET, f"the health-check task was answered with {seen.health_check.body[:40]!r}"
    if finding.owner == "FED-PROBE":
        return UNMET, finding.sentence
    return _by_cause(finding)


def _row_tier(seen: Observation, finding: Finding) -> Verdict:
    if finding.cause == CONNECTED:
        names = seen.answer.names if seen.answer else ()
        return MET, f"{len(names)} data sets: {', '.join(names)}"
    if finding.owner == "TIER-2":
        return UNMET, finding.sentence
    return _by_cause(finding)
