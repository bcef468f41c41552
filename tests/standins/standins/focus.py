# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for Focus 0.19: takes tasks from a Beam proxy, asks the mediator, answers.

It follows the recorded behaviour of the real program: settings, exit codes, start-up loop, long poll, three workers,
repeats and pauses, the decoding of queries, the types omop and eucaim-api. It has no listening port.

What it does not play: queries on a database (types eucaim-sql, sql, blaze-and-sql) and CQL (type blaze) fail where the
real program would run them; the exporter is not called; the built-in provider icon is another one.

EUCAIM_STANDIN_FOCUS_CLAIM=first sends the claim before everything else. Without it claim and answer race as they do in
the real program: the claim of a query that fails at once may be missing, or come last and hide the failure.
"""

from __future__ import annotations

import base64
import contextlib
import http
import http.client
import json
import os
import queue
import random
import signal
import socket
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from standins import _focus_config as fc
from standins import _focus_query as fq
from standins import _strict
from standins._focus_log import Log
from standins._http import Client, HttpError, load_ca_directory

USER_AGENT = f"Samply.Focus.focus/{fc.VERSION}"
WORKERS = 3
MAX_TRIES = 150
MAX_REDIRECTS = 10
EXIT_CONFIG, EXIT_USAGE, EXIT_DATABASE, EXIT_STARTUP, EXIT_PANIC = 1, 2, 8, 22, 134
EXIT_STANDIN = 70
# A picture of one pixel.
DEFAULT_ICON = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_PHRASES = {413: "Payload Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Entity"}
_CQL_PROJECTS = ("bbmri", "cce", "dhki", "dktk", "itcc", "nngm", "pscc")


def status_text(status: int) -> str:
    try:
        return f"{status} {_PHRASES.get(status) or http.HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} <unknown status code>"


def panic(place: str, message: str) -> None:
    """End as an aborting program does: 134 as seen from outside."""
    sys.stdout.flush()
    sys.stderr.write(f"\nthread 'main' panicked at {place}:\n{message}\n")
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        os.kill(os.getpid(), signal.SIGABRT)
    time.sleep(0.2)
    os._exit(EXIT_PANIC)


class FetchError(Exception):
    """No answer. *cause* tells more than the text."""

    def __init__(self, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.cause = cause


class BeamError(Exception):
    """The Beam proxy did not do what was asked."""


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str

    def debug(self) -> str:
        fields = ", ".join(f'"{name.lower()}": {json.dumps(value)}' for name, value in self.headers)
        return f'Response {{ url: "{self.url}", status: {self.status}, headers: {{{fields}}} }}'


class _ExactClient(Client):
    """Keeps a question mark at the end of an address. A fragment is never sent, so it says that there is one."""

    def _connection(
        self, url: urllib.parse.SplitResult
    ) -> tuple[http.client.HTTPConnection, str, list[tuple[str, str]]]:
        connection, target, extra = super()._connection(url)
        return connection, target + ("?" if url.fragment == "?" else ""), extra


class Web:
    """HTTP as the real program's client does it: redirects, credentials in the address, no time limit."""

    def __init__(self, extra_ca: list[str]) -> None:
        self.client = _ExactClient(extra_ca=extra_ca)

    def fetch(self, method: str, address: str, headers: list[tuple[str, str]], body: bytes | None = None) -> Answer:
        try:
            url = fc.Url.parse(address)
        except ValueError:
            raise FetchError("builder error") from None
        if url.scheme not in ("http", "https"):
            raise FetchError(f"builder error for url ({url.bare})")
        fields = list(headers)
        has_user = url.username or url.password is not None
        if has_user and not any(name == "authorization" for name, _unused in fields):
            pair = urllib.parse.unquote(url.username) + ":" + urllib.parse.unquote(url.password or "")
            fields.insert(0, ("authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
        for _unused in range(MAX_REDIRECTS + 1):
            answer, location = self._once(method, url, fields, body)
            if location is None:
                return answer
            target = fc.Url.parse(urllib.parse.urljoin(url.bare, location))
            if answer.status in (301, 302, 303) and method not in ("GET", "HEAD"):
                method, body = "GET", None
                fields = [(name, value) for name, value in fields if not name.startswith("content-")]
            if target.origin != url.origin:
                fields = [(name, value) for name, value in fields if name not in ("authorization", "cookie")]
            fields = [(name, value) for name, value in fields if name != "referer"]
            if not (url.scheme == "https" and target.scheme == "http"):
                fields.append(("referer", url.bare))
            url = target
        raise FetchError(f"error following redirect for url ({url.bare})")

    def _once(
        self, method: str, url: fc.Url, fields: list[tuple[str, str]], body: bytes | None
    ) -> tuple[Answer, str | None]:
        try:
            address = url.bare + ("#?" if url.query == "" else "")
            response = self.client.request(method, address, fields, body)
            location = response.headers.get("location") if response.status in (301, 302, 303, 307, 308) else None
            answer = Answer(response.status, response.headers.items, b"", url.bare)
        except HttpError as error:
            raise FetchError(f"error sending request for url ({url.bare})", self._cause(url, error)) from error
        try:
            answer.body = response.read()
        except HttpError as error:
            raise FetchError(f"error decoding response body for url ({url.bare})") from error
        return answer, location

    @staticmethod
    def _cause(url: fc.Url, error: HttpError) -> str:
        source = str(error)
        if error.kind == "connect":
            source = f'Connect, ConnectError("tcp connect error", {url.netloc}, '
            number = getattr(error.__cause__, "errno", None)
            if isinstance(error.__cause__, ConnectionRefusedError):
                source += f'Os {{ code: {number}, kind: ConnectionRefused, message: "Connection refused" }})'
            else:
                source += f'Os {{ code: {number}, kind: Uncategorized, message: "{error}" }})'
        elif error.kind == "dns":
            source = f'Connect, ConnectError("dns error", Custom {{ kind: Uncategorized, error: "{error}" }})'
        elif error.kind == "closed":
            source = "SendRequest, hyper::Error(IncompleteMessage)"
        return (
            f'reqwest::Error {{ kind: Request, url: "{url.bare}", '
            f"source: hyper_util::client::legacy::Error({source}) }}"
        )


@dataclass(frozen=True)
class Task:
    id: str
    sender: str
    body: str
    metadata: object


def _is_count(value: object) -> bool:
    """Whether this is a whole number from 0 up; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def read_tasks(data: bytes) -> list[Task]:
    """The tasks of a list, in its order. ValueError when one of them lacks a field or has a wrong one."""
    entries = json.loads(data.decode("utf-8"))
    if not isinstance(entries, list):
        raise ValueError("not a list")
    tasks = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise ValueError("not a task")
        texts = [text for text in (entry.get(name) for name in ("id", "from", "body", "ttl")) if isinstance(text, str)]
        receivers = entry.get("to")
        if len(texts) != 4 or not isinstance(receivers, list):
            raise ValueError("a field is missing")
        if not all(isinstance(receiver, str) for receiver in receivers) or "metadata" not in entry:
            raise ValueError("a field is missing")
        strategy = entry.get("failure_strategy")
        if strategy != "discard":
            retry = strategy.get("retry") if isinstance(strategy, dict) and len(strategy) == 1 else None
            if not isinstance(retry, dict):
                raise ValueError("failure strategy")
            for name in ("backoff_millisecs", "max_tries"):
                if not _is_count(retry.get(name)):
                    raise ValueError("failure strategy")
        tasks.append(Task(str(uuid.UUID(texts[0])), texts[1], texts[2], entry["metadata"]))
    return tasks


@dataclass(frozen=True)
class Result:
    """What goes back. *reported_once*: the report of a failure, which is not repeated."""

    status: str
    body: str
    reported_once: bool = False


class Beam:
    """The calls at the Beam proxy."""

    def __init__(self, config: fc.Config, web: Web, log: Log) -> None:
        self.config = config
        self.web = web
        self.log = log
        key = f"ApiKey {config.app_id} {config.api_key}"
        self.headers = [("accept", "*/*"), ("authorization", key.encode().decode("latin-1"))]

    def is_available(self) -> bool:
        try:
            answer = self.web.fetch(
                "GET", f"{self.config.beam_proxy_url}v1/health", [("accept", "*/*"), ("user-agent", USER_AGENT)]
            )
        except FetchError as error:
            self.log.write("WARN", "focus::beam", f"Error making Beam request: {error.cause or error}")
            return False
        return 200 <= answer.status < 300

    def _call(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = self.headers
        if body is not None:
            headers = [("content-type", "application/json"), *self.headers]
        try:
            answer = self.web.fetch(method, self.config.beam_proxy_url.origin + path, headers, body)
        except FetchError as error:
            raise BeamError(f"Communication with beam proxy failed: {error}") from error
        if answer.status == 424:
            try:
                receivers = json.loads(answer.body)
                if not isinstance(receivers, list):
                    raise ValueError("not a list")
            except ValueError:
                raise self._undecodable(answer) from None
            raise BeamError(f"These receivers have no valid certificate: {receivers}")
        return answer

    @staticmethod
    def _undecodable(answer: Answer) -> BeamError:
        return BeamError(f"Communication with beam proxy failed: error decoding response body for url ({answer.url})")

    def open_tasks(self) -> list[Task]:
        answer = self._call("GET", "/v1/tasks?filter=todo&wait_time=10s&wait_count=1")
        if answer.status == 504:
            return []
        if answer.status not in (200, 206):
            raise BeamError(f"Unexpected status code {status_text(answer.status)}")
        try:
            return read_tasks(answer.body)
        except (ValueError, RecursionError):
            raise self._undecodable(answer) from None

    def put(self, task: Task, status: str, body: str) -> None:
        message = {
            "from": self.config.app_id,
            "to": [task.sender],
            "task": task.id,
            "status": status,
            "body": body,
            "metadata": None,
        }
        data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        answer = self._call("PUT", f"/v1/tasks/{task.id}/results/{self.config.app_id}", data)
        if answer.status == 404 and status != "claimed":
            return
        if answer.status not in (201, 204):
            raise BeamError(f"Unexpected status code {status_text(answer.status)}")


Work = Callable[[], Result]


class Focus:
    def __init__(self, config: fc.Config, web: Web, log: Log) -> None:
        self.config = config
        self.web = web
        self.log = log
        self.beam = Beam(config, web, log)
        self.endpoint = config.endpoint_url or config.blaze_url
        self.has_database = False
        self.claim_first = os.environ.get("EUCAIM_STANDIN_FOCUS_CLAIM") == "first"

    # --- start -------------------------------------------------------------------------------------------------

    def run(self) -> int:
        if self.config.postgres is not None and not self._connect_database(self.config.postgres):
            return EXIT_DATABASE
        failures = 0
        while not (self.beam.is_available() and self._endpoint_is_available()):
            failures += 1
            if failures >= self.config.retry_count:
                tries = self.config.retry_count
                self.log.write("ERROR", "focus", f"Encountered too many errors -- exiting after {tries} attempts.")
                return EXIT_STARTUP
            time.sleep(2)
            self.log.write("WARN", "focus", f"Retrying connection (attempt {failures}/{self.config.retry_count})")
        if self.config.queries_to_cache is not None and not os.access(self.config.queries_to_cache, os.R_OK):
            self.log.write("WARN", "focus", f"Cannot read queries to cache from file {self.config.queries_to_cache}")
        if not fq.header_is_valid(self.config.api_key + self.config.app_id):
            panic("beam/beam-lib/src/http_util.rs:76:103", "This is a valid header value: InvalidHeaderValue")
        self._take_tasks()
        return EXIT_CONFIG

    def _connect_database(self, address: str) -> bool:
        """Only whether something listens there. Each try takes 30 s as the real pool does."""
        target = "focus::db"
        parts = urllib.parse.urlsplit(address)
        self.log.write("INFO", target, "Trying to establish a PostgreSQL connection pool")
        for attempt in range(self.config.max_db_attempts + 1):
            if attempt:
                time.sleep(2**attempt)
            self.log.write("INFO", target, "Attempting to connect to PostgreSQL")
            end = time.monotonic() + 30
            while time.monotonic() < end:
                try:
                    socket.create_connection((parts.hostname or "localhost", parts.port or 5432), timeout=5).close()
                except OSError:
                    time.sleep(min(1.0, max(0.0, end - time.monotonic())))
                    continue
                self.log.write("INFO", "focus", "Postgresql connection established")
                self.has_database = True
                return True
            self.log.write(
                "WARN", target, "Failed to connect to PostgreSQL: pool timed out while waiting for an open connection"
            )
        self.log.write("ERROR", "focus", "Error connecting to database: Cannot connect to database: pool timed out")
        return False

    def _endpoint_is_available(self) -> bool:
        if self.config.endpoint_type not in ("blaze", "blaze-and-sql"):
            return True
        try:
            answer = self.web.fetch("GET", f"{self.endpoint}metadata", [("accept", "*/*"), ("user-agent", USER_AGENT)])
        except FetchError as error:
            self.log.write("WARN", "focus::blaze", f"Error making Blaze request: {error.cause or error}")
            return False
        if 200 <= answer.status < 300:
            return True
        self.log.write(
            "WARN", "focus::blaze", f"Request to Blaze returned response with non-200 status: {answer.debug()}"
        )
        return False

    # --- tasks -------------------------------------------------------------------------------------------------

    def _take_tasks(self) -> None:
        """At most three tasks in work; with three, not even the list is asked for."""
        slots = threading.Semaphore(WORKERS)
        while True:
            slots.acquire()
            self._begin(self._next_task(), slots.release)

    def _next_task(self) -> Task:
        while True:
            try:
                tasks = self.beam.open_tasks()
            except BeamError as error:
                self.log.write(
                    "WARN",
                    "focus::task_processing",
                    f"Failed to get tasks from beam: Unable to retrieve tasks from Beam: {error}",
                )
                time.sleep(10)
                continue
            if tasks:
                return tasks[-1]

    def _begin(self, task: Task, done: Callable[[], None]) -> None:
        """Claim and work at the same time. Work that ends first is answered before the next poll."""
        events: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        answered = threading.Event()

        def claim() -> None:
            try:
                self.beam.put(task, "claimed", "null")
            except BeamError as error:
                if answered.is_set():
                    return
                self._warn(task, "focus::task_processing", f"Failed to claim task: Unable to answer task: {error}")
            events.put(None)

        prepared = self._prepare(task)
        if isinstance(prepared, Result):
            self._answer_at_once(task, prepared, claim, done)
            return
        work = prepared

        def do_work() -> None:
            events.put(self._guarded(task, work))

        threading.Thread(target=claim, daemon=True).start()
        if self.claim_first:
            events.put(events.get())
        threading.Thread(target=do_work, daemon=True).start()
        first = events.get()
        if first is not None:
            answered.set()
            self._answer(task, first)
            done()
            return

        def finish() -> None:
            result = events.get()
            if result is not None:
                self._answer(task, result)
            done()

        threading.Thread(target=finish, daemon=True).start()

    def _answer_at_once(self, task: Task, result: Result, claim: Callable[[], None], done: Callable[[], None]) -> None:
        """Nothing to wait for: the claim comes before, is dropped, or arrives after the answer."""
        turn = 0.0 if self.claim_first else random.random()
        claiming = threading.Thread(target=claim, daemon=True)
        if turn < 0.4:
            claiming.start()
            claiming.join(5 if self.claim_first else 0.3)
        self._answer(task, result)
        if turn >= 0.8:
            claiming.start()
        done()

    def _warn(self, task: Task, target: str, message: str) -> None:
        self.log.write("WARN", target, message, task.id)

    def _guarded(self, task: Task, work: Work) -> Result:
        try:
            return work()
        except fq.QueryError as error:
            return self._failure(task, error)

    def _failure(self, task: Task, error: fq.QueryError) -> Result:
        if error.line:
            self.log.write("ERROR", error.target, error.line, task.id)
        self._warn(task, "focus::task_processing", f"Failed to execute query: {error}")
        return Result("permfailed", error.answer, reported_once=True)

    def _answer(self, task: Task, result: Result) -> None:
        if result.reported_once:
            self._warn(task, "focus::beam", f"Reporting failed task with id {task.id}: {result.body}")
            try:
                self.beam.put(task, result.status, result.body)
            except BeamError as error:
                self._warn(
                    task, "focus::task_processing", f"Failed to report failure to beam: Unable to answer task: {error}"
                )
            return
        for attempt in range(MAX_TRIES):
            self.log.write("INFO", "focus::beam", f"Answer task with id: {task.id}", task.id)
            try:
                self.beam.put(task, result.status, result.body)
                return
            except BeamError as error:
                self._warn(
                    task,
                    "focus::task_processing",
                    f"Unable to report task result to Beam: {error}. Retrying (attempt {attempt}/{MAX_TRIES}).",
                )
            time.sleep(2)

    # --- queries -----------------------------------------------------------------------------------------------

    def _prepare(self, task: Task) -> Result | Work:
        """The answer if nobody has to be asked for it, else the work to do."""
        metadata = fq.read_metadata(task.metadata)
        try:
            if metadata.project == "focus-healthcheck":
                return Result("succeeded", "healthy")
            if metadata.project == "exporter":
                if metadata.task_type is None:
                    raise fq.QueryError("Missing Exporter Task Type")
                if self.config.exporter_url is None:
                    raise fq.QueryError("Missing Exporter Endpoint")
                raise fq.QueryError("Exporter query error: this stand-in calls no exporter")
            kind = self.config.endpoint_type
            if kind == "omop":
                return self._ask_omop(task, fq.read_query(task.body))
            if kind == "eucaim-api":
                return self._ask_api(task, fq.read_query(task.body))
            if kind == "eucaim-sql":
                return self._ask_database(task)
            if kind == "sql":
                return self._ask_sql(task)
            raise self._cql_error(task, metadata.project)
        except fq.QueryError as error:
            return self._failure(task, error)

    def _mediator_headers(self) -> list[tuple[str, str]]:
        value = self.config.auth_header
        if value is None:
            return []
        if not fq.header_is_valid(value):
            raise fq.QueryError("Invalid Header Value: failed to parse header value")
        return [("authorization", value.encode().decode("latin-1"))]

    def _ask_omop(self, task: Task, ast: fq.Ast) -> Work:
        body = ast.pretty()
        headers = [
            ("content-type", "application/json"),
            *self._mediator_headers(),
            ("accept", "*/*"),
            ("user-agent", USER_AGENT),
        ]

        def work() -> Result:
            target = "focus::intermediate_rep"
            return self._ask(task, "POST", str(self.endpoint), headers, body, target, "AST")

        return work

    def _ask_api(self, task: Task, ast: fq.Ast) -> Work:
        address = fq.api_url(str(self.endpoint), ast)
        headers = [*self._mediator_headers(), ("accept", "*/*"), ("user-agent", USER_AGENT)]

        def work() -> Result:
            return self._ask(task, "GET", address, headers, None, "focus::eucaim_api", "EUCAIM API query")

        return work

    def _ask(
        self,
        task: Task,
        method: str,
        address: str,
        headers: list[tuple[str, str]],
        body: str | None,
        target: str,
        noun: str,
    ) -> Result:
        """Ask the mediator. Only status 200 counts; the body goes on whatever it is."""
        try:
            answer = self.web.fetch(method, address, headers, None if body is None else body.encode())
        except FetchError as error:
            raise fq.QueryError(f"Unable to post {noun}: {error}") from error
        if answer.status != 200:
            sent = address if body is None else body
            self._warn(
                task,
                target,
                f"Got unexpected code {status_text(answer.status)} while posting {noun}; reply was `{sent}`, "
                f"debug info: {answer.debug()}",
            )
            raise fq.QueryError(f"AST Posting error in Reqwest: Error while posting AST `{sent}`: {answer.debug()}")
        icon = DEFAULT_ICON if self.config.provider_icon is None else self.config.provider_icon
        text = fq.add_provider(answer.body.decode("utf-8", "replace"), self.config.provider, icon)
        return Result("succeeded", base64.b64encode(text.encode()).decode())

    def _wrong_type(self, task: Task, decoded: bytes) -> Result:
        kind = self.config.endpoint_type.replace("-", "_")
        text = f"Wrong type of query for an SQL only store: {kind}, [{', '.join(str(byte) for byte in decoded)}]"
        self._warn(task, "focus", text)
        return Result("permfailed", text)

    def _no_rows(self) -> fq.QueryError:
        if not self.has_database:
            return fq.QueryError("Cannot connect to database: SQL task but no connection String in config")
        return fq.QueryError("QueryResultBad: Query executed but result not readable")

    def _ask_database(self, task: Task) -> Result:
        ast = fq.read_query(task.body)
        try:
            fq.criteria(ast, "focus::eucaim_sql")
        except fq.QueryError as error:
            self.log.write("ERROR", error.target, error.line, task.id)
            return self._wrong_type(task, fq.decode_base64(task.body))
        raise self._no_rows()

    def _ask_sql(self, task: Task) -> Result:
        decoded = fq.decode_base64(task.body)
        if not fq.has_payload(decoded):
            return self._wrong_type(task, decoded)
        raise self._no_rows()

    def _cql_error(self, task: Task, project: str) -> fq.QueryError:
        decoded = fq.decode_base64(task.body)
        try:
            language = fq.read_language(decoded)
        except fq.QueryError:
            if self.config.endpoint_type == "blaze-and-sql" and fq.has_payload(decoded):
                return self._no_rows()
            raise
        if language is None:
            if project not in self.config.cql_projects:
                return fq.QueryError("CQL lang not enabled")
            return fq.QueryError("CQL query error: this stand-in runs no CQL")
        fq.read_ast(fq.decode_base64(language))
        if project not in _CQL_PROJECTS:
            return fq.QueryError(f"Unknown project: {project}", fq.UNKNOWN_PROJECT)
        return fq.QueryError("CQL query error: this stand-in runs no CQL")


def main(arguments: list[str] | None = None) -> int:
    _strict.check_environment(fc.NAMES)
    log = Log(os.environ.get("RUST_LOG"))
    log.write("INFO", "focus::banner", f"Samply.Focus (stand-in, not the real program) v{fc.VERSION} starting up ...")
    try:
        config = fc.load(sys.argv[1:] if arguments is None else arguments)
    except fc.Shown as shown:
        sys.stdout.write(str(shown))
        return 0
    except fc.UsageError as error:
        sys.stderr.write(fc.help_text() if error.show_help else f"error: {error}\n")
        return EXIT_USAGE
    log.write("INFO", "focus::config", "Successfully read config and API keys from CLI and secrets files.")

    def unreadable(path: str, reason: str) -> None:
        log.write("WARN", "focus::config", f"Unable to read certificate from file {path}: {reason}")

    try:
        extra_ca = [] if config.ca_directory is None else load_ca_directory(config.ca_directory, unreadable)
    except OSError as error:
        reason = f"{error.strerror} (os error {error.errno})"
        sys.stderr.write(
            "Unable to start as there was an error reading the config:\n"
            f"Configuration error: Unable to read from TLS CA directory: {reason}\n\n"
            "Terminating -- please double-check your startup parameters with --help and refer to the documentation.\n"
        )
        return EXIT_CONFIG
    for line, name, url in ((238, "endpoint_url", config.endpoint_url), (239, "blaze_url", config.blaze_url)):
        shown_url = "None" if url is None else f"Some(\n    {url.debug()},\n)"
        sys.stderr.write(f"[src/config.rs:{line}:9] cli_args.{name}.clone() = {shown_url}\n")
    sys.stderr.flush()
    if config.endpoint_type not in ("sql", "eucaim-sql") and config.endpoint_url is None and config.blaze_url is None:
        panic("src/config.rs:248:80", "Look, mate, you need to set endpoint-url or blaze-url, can't work without, sry")

    def end(number: int, _frame: object) -> None:
        name = signal.Signals(number).name
        log.write("INFO", "focus::graceful_shutdown", f"Received signal ({name}) - shutting down gracefully.")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    focus = Focus(config, Web(extra_ca), log)
    outcome: queue.SimpleQueue[int] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(focus.run())
        finally:
            outcome.put(EXIT_STANDIN)  # comes first only when the stand-in itself is broken

    threading.Thread(target=run, daemon=True).start()
    while True:
        with contextlib.suppress(queue.Empty):
            return outcome.get(timeout=0.5)


if __name__ == "__main__":
    exit_code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # at once, whatever the other threads are doing
