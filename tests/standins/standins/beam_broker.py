# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for the Beam broker: the same settings, exit codes, calls and checks of signed requests as the real one.

It reads certificates and the revocation list from a PKI (see pki.py) and serves real proxies as well as the stand-in.
Not played: sockets, and the real broker's lock-up when a certificate appears within seconds after its start.
Test handles: EUCAIM_STANDIN_SWEEP_SECONDS (300) and EUCAIM_STANDIN_TIMER_SECONDS (60, reading of the PKI).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import http
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cryptography import x509

from standins import _args, _auth, _certs, _clock, _http, _strict, _wire
from standins._ids import IdError, Network
from standins._log import end, log, to_directory
from standins._tasks import Conflict, Forbidden, NotFound, Removed, Task, TaskStore, Wait

USER_AGENT = f"Samply.Beam-broker/{_args.VERSION}"
SWEEP_VARIABLE = "EUCAIM_STANDIN_SWEEP_SECONDS"
Routes = dict[str, Callable[[_http.Request], _http.Response]]
TEXT = "text/plain; charset=utf-8"
BAD_WAIT = "For long-polling, please define &wait_time=<duration with unit> (e.g. 1000ms) and &wait_count=<count>."


def _broker_uri(text: str) -> str:
    """The host of the broker's own URL; letters keep their case here."""
    found = re.fullmatch(
        r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/@]*@)?(\[[0-9a-fA-F:.]+\]|[^/:?#@\s]+)(?::[0-9]*)?(?:[/?#]\S*)?", text
    )
    if found is None:
        raise ValueError("invalid uri character" if text else "empty string")
    return found.group(1)


SETTINGS = (
    _args.Setting("BIND_ADDR", "Address and port to listen on", _args.SOCKET, "0.0.0.0:8080"),
    _args.Setting(
        "TLS_CA_CERTIFICATES_DIR", "Directory of further CA certificates for TLS, one a file", _args.path_value
    ),
    _args.Setting("BROKER_URL", "URL of this broker; its host is the broker id", _broker_uri, required=True),
    _args.Setting("PKI_ADDRESS", "URL of the PKI", _args.parse_url, required=True),
    _args.Setting("PKI_REALM", "Mount point in the PKI", _args.text_value, "samply_pki"),
    _args.Setting("PKI_APIKEY_FILE", "File with the token for the PKI", _args.path_value, "/run/secrets/pki.secret"),
    _args.Setting("PRIVKEY_FILE", "Accepted and not read", _args.path_value, "/run/secrets/privkey.pem"),
    _args.Setting(
        "ROOTCERT_FILE", "Root certificate of the Beam network", _args.path_value, "/run/secrets/root.crt.pem"
    ),
    _args.Setting("MONITORING_API_KEY", "Key of the monitoring calls", _args.text_value),
    *_args.LOG_SETTINGS,
)


class Health:
    def __init__(self) -> None:
        self.vault = "unknown"
        self.init = "unknown"
        self.lock = threading.Lock()
        self.online: dict[str, int] = {}
        self.last_disconnect: dict[str, float | None] = {}


class PkiSource:
    """Certificates straight from the PKI."""

    def __init__(self, client: _http.Client, address: str, realm: str, token: str, health: Health) -> None:
        self.client, self.realm, self.token, self.health = client, realm, token, health
        parts = urllib.parse.urlsplit(address)
        self.base = f"{parts.scheme}://{parts.netloc}/v1/"

    def _check(self) -> str:
        try:
            answer = self.client.request("GET", self.base + "sys/health", timeout=30)
            answer.read()
        except _http.HttpError:
            return "unreachable"
        if 200 <= answer.status < 300:
            return "ok"
        return "lockedorsealed" if answer.status in (501, 503) else "othererror"

    def _ask(self, method: str, path: str) -> bytes:
        for attempt in range(100):
            if attempt:
                time.sleep(3)
            try:
                answer = self.client.request(method, self.base + path, [("X-Vault-Token", self.token)], timeout=30)
                body = answer.read()
            except _http.HttpError as error:
                log("WARN", "beam_broker::crypto", f"Samply.PKI: Unable to communicate to vault: {error}; retrying")
                self.health.vault = "unreachable"
                continue
            if 200 <= answer.status < 300:
                self.health.vault = "ok"
                return body
            if answer.status < 500:
                self.health.vault = "othererror"
                text = f"Samply.PKI: Vault reported client-side error (code {answer.status})"
                log("ERROR", "beam_broker::crypto", text)
                raise _certs.FetchError(text)
            self.health.vault = self._check()
            log("WARN", "beam_broker::crypto", f"Samply.PKI: status code {answer.status}; retrying (attempt {attempt})")
        raise _certs.FetchError("Samply.PKI: Unable to communicate after 100 attempts. Giving up.")

    def serials(self) -> list[str]:
        try:
            return [str(key) for key in json.loads(self._ask("LIST", f"{self.realm}/certs"))["data"]["keys"]]
        except (ValueError, KeyError, TypeError) as error:
            raise _certs.FetchError(f"Cannot deserialize vault certificate list: {error}") from None

    def certificate(self, serial: str) -> str:
        return self._ask("GET", f"{self.realm}/cert/{serial}/raw/pem").decode("latin-1")

    def intermediate(self) -> str:
        return self._ask("GET", f"{self.realm}/ca/pem").decode("latin-1")

    def revoked(self) -> set[int]:
        try:
            return {entry.serial_number for entry in x509.load_der_x509_crl(self._ask("GET", f"{self.realm}/crl"))}
        except ValueError as error:
            raise _certs.FetchError(str(error)) from None


class Answer(Exception):
    """Leaves a handler at once with this answer."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.response = plain(status, text)


def plain(status: int, text: str = "") -> _http.Response:
    """Text answers carry a content type; a bare status has an empty body without one."""
    return _http.Response(status, [("content-type", TEXT)] if text else [], text.encode())


def as_json(status: int, value: Any) -> _http.Response:
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return _http.Response(status, [("content-type", "application/json")], data)


def read_wait(request: _http.Request) -> Wait:
    seconds: float | None = None
    count: int | None = None
    seen: set[str] = set()
    try:
        for name, value in request.query:
            if name not in ("wait_time", "wait_count"):
                continue
            if name in seen:
                raise ValueError(name)
            seen.add(name)
            if name == "wait_count":
                if not re.fullmatch(r"\+?[0-9]+", value) or int(value) > 65535:
                    raise ValueError(value)
                count = int(value)
            else:
                length = _wire.parse_duration(value, "ms")
                if length >= 2**63 - 2**40:
                    end(134, "thread 'tokio-rt-worker' panicked: overflow when adding duration to instant")
                seconds = float(length)
    except ValueError:
        raise Answer(400, BAD_WAIT) from None
    return Wait(count, seconds)


class Broker:
    def __init__(self, network: Network, store: _certs.CertStore, health: Health, monitoring_key: str | None) -> None:
        self.network, self.store, self.health, self.monitoring_key = network, store, health, monitoring_key
        self.tasks = TaskStore()
        self.server: _http.Server | None = None

    # --- routes

    def handle(self, request: _http.Request) -> _http.Response:
        response = self._route(request)
        text = f"{request.method} {request.target} {_reason(response.status)}"
        log("INFO" if response.status < 300 or response.status == 504 else "WARN", "in", text, "request")
        return response

    def _route(self, request: _http.Request) -> _http.Response:
        parts = request.path.split("/")[1:]
        method = "GET" if request.method == "HEAD" else request.method
        routes = self._task_routes(parts) or self._other_routes(parts)
        if not routes:
            return plain(404)
        if method not in routes:
            allowed = ",".join("GET,HEAD" if name == "GET" else name for name in routes)
            return _http.Response(405, [("allow", allowed)])
        try:
            return routes[method](request)
        except Answer as answer:
            return answer.response

    def _other_routes(self, parts: list[str]) -> Routes:
        match parts:
            case ["v1", "health"]:
                return {"GET": self._get_health}
            case ["v1", "health", "proxies"]:
                return {"GET": self._get_proxies}
            case ["v1", "health", "proxies", name] if name:
                return {"GET": lambda r: self._get_proxy(r, name)}
            case ["v1", "control"]:
                return {"GET": self._get_control}
            case ["v1", "pki", "certs"]:
                return {"GET": self._get_certs}
            case ["v1", "pki", "certs", "im-ca"]:
                return {"GET": self._get_intermediate}
            case ["v1", "pki", "certs", "by_serial", serial] if serial:
                return {"GET": lambda r: self._get_certificate(r, urllib.parse.unquote(serial))}
        return {}

    def _task_routes(self, parts: list[str]) -> Routes:
        match parts:
            case ["v1", "tasks"]:
                return {"GET": self._get_tasks, "POST": self._post_task}
            case ["v1", "tasks", task] if task:
                return {"GET": lambda r: self._get_task(r, task)}
            case ["v1", "tasks", task, "results"] if task:
                return {"GET": lambda r: self._get_results(r, task)}
            case ["v1", "tasks", task, "results", app] if task and app:
                return {"PUT": lambda r: self._put_result(r, task, app)}
        return {}

    # --- signed calls

    def _signed(self, request: _http.Request) -> dict[str, Any]:
        try:
            claims = _auth.check_call(request, self.store)
            self.network.app_or_proxy(claims["from"])
        except (_auth.SignatureFailed, IdError) as error:
            log("WARN", "shared::crypto_jwt", f"{error}", "request")
            raise Answer(401, "Signature could not be verified") from None
        except _auth.SenderMismatch:
            raise Answer(400, '"from" field in message does not match your certificate.') from None
        return claims

    def _caller(self, request: _http.Request) -> str:
        return str(self._signed(request)["from"])

    def _message(self, request: _http.Request, task: bool) -> _wire.Message:
        claims = self._signed(request)
        try:
            reader = _wire.read_task if task else _wire.read_result
            return reader(claims, self.network, True)
        except _wire.BadMessage as error:
            log("WARN", "shared::crypto_jwt", f"Unable to verify short token: {error}", "request")
            raise Answer(401, "Signature could not be verified") from None

    # --- path and query

    def _task_id(self, text: str) -> str:
        value = urllib.parse.unquote(text)
        try:
            return _wire.parse_uuid(value)
        except ValueError as error:
            raise Answer(400, f"Invalid URL: Cannot parse `task_id` with value `{value}`: {error}") from None

    def _query_id(self, request: _http.Request, name: str) -> str | None:
        values = [value for key, value in request.query if key == name]
        if len(values) > 1:
            raise Answer(400, f"Failed to deserialize query string: {name}: duplicate field `{name}`")
        if not values:
            return None
        try:
            return self.network.app_or_proxy(values[0])
        except IdError as error:
            raise Answer(400, f"Failed to deserialize query string: {name}: {error}") from None

    # --- tasks

    def _get_tasks(self, request: _http.Request) -> _http.Response:
        wait = read_wait(request)
        sender, receiver = self._query_id(request, "from"), self._query_id(request, "to")
        filters = [value for key, value in request.query if key == "filter"]
        for value in filters:
            if value != "todo":
                text = f"Failed to deserialize query string: filter: unknown variant `{value}`, expected `todo`"
                raise Answer(400, text)
        caller = self._caller(request)
        if filters and receiver is None:
            receiver = caller
        if sender is None and receiver is None:
            raise Answer(400, 'Please supply either "from" or "to" query parameter.')
        if sender not in (None, caller) or receiver not in (None, caller):
            raise Answer(403, "You can only list messages created by you (from) or directed to you (to).")

        def wanted(task: Task) -> bool:
            party = (receiver is not None and receiver in task.to) or (sender is not None and task.sender == sender)
            own = task.results.get(caller)
            done = own is not None and own.status in ("succeeded", "permfailed", "claimed")
            return party and not (filters and done)

        found = self.tasks.wait_for_tasks(wait, wanted, request.gone)
        return as_json(200 if len(found) >= (wait.count or 0) else 206, [{"jwt": task.jwt} for task in found])

    def _get_task(self, request: _http.Request, text: str) -> _http.Response:
        task_id = self._task_id(text)
        wait = read_wait(request)
        caller = self._caller(request)
        if wait.count not in (None, 1):
            raise Answer(400)

        def wanted(task: Task) -> bool:
            return task.id == task_id and (caller == task.sender or caller in task.to)

        found = self.tasks.wait_for_tasks(Wait(1, wait.seconds), wanted, request.gone)
        if not found:
            raise Answer(404)
        return as_json(200, {"jwt": found[0].jwt})

    def _post_task(self, request: _http.Request) -> _http.Response:
        message = self._message(request, True)
        receivers = [self.network.short(to) for to in message.to]
        text = f"New task id={message.id} from={self.network.short(message.sender)} to={receivers}"
        log("INFO", "beam_broker::serve_tasks", text, "request")
        try:
            self.tasks.post(message, request.body.decode())
        except Conflict:
            raise Answer(409) from None
        return _http.Response(201, [("location", f"/v1/tasks/{message.id}")])

    def _put_result(self, request: _http.Request, text: str, app: str) -> _http.Response:
        task_id = self._task_id(text)
        try:
            app_id = self.network.app_or_proxy(urllib.parse.unquote(app))
        except IdError as error:
            raise Answer(400, f"Invalid URL: {error}") from None
        message = self._message(request, False)
        log(
            "INFO",
            "beam_broker::serve_tasks",
            f"New result for={message.id} from={self.network.short(message.sender)} status={message.status}",
            "request",
        )
        if task_id != message.id:
            raise Answer(400, "Task IDs supplied in path and payload do not match.")
        if app_id != message.sender:
            raise Answer(400, "AppID supplied in URL and signed message do not match.")
        try:
            replaced = self.tasks.put(message, request.body.decode())
        except NotFound:
            raise Answer(404, "Task not found") from None
        except Forbidden:
            raise Answer(403, "Not allowed to access this task") from None
        return plain(204 if replaced else 201)

    def _get_results(self, request: _http.Request, text: str) -> _http.Response:
        wait = read_wait(request)
        task_id = self._task_id(text)
        caller = self._caller(request)
        try:
            task = self.tasks.get(task_id)
        except NotFound:
            raise Answer(404) from None
        if task.sender != caller:
            raise Answer(403)
        if wants_stream(request):
            body = self._events(task, wait, caller, request)
            return _http.Response(200, [("content-type", "text/event-stream"), ("cache-control", "no-cache")], body)
        try:
            found = self.tasks.wait_for_results(task_id, wait, caller, request.gone)
        except (Removed, NotFound):
            raise Answer(500) from None
        return as_json(200 if len(found) >= (wait.count or 0) else 206, [{"jwt": result.jwt} for result in found])

    def _events(self, task: Task, wait: Wait, caller: str, request: _http.Request) -> Iterator[bytes]:
        for name, data in self.tasks.stream_results(task, wait, caller, request.gone):
            value = data if data is None or isinstance(data, str) else {"jwt": data.jwt}
            yield f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()

    # --- certificates

    def _get_certs(self, request: _http.Request) -> _http.Response:
        self._caller(request)
        return as_json(200, self.store.valid_serials())

    def _get_intermediate(self, request: _http.Request) -> _http.Response:
        self._caller(request)
        try:
            return plain(200, self.store.source.intermediate())
        except _certs.FetchError:
            return plain(502, "Broker has trouble communicating with PKI. ")

    def _get_certificate(self, request: _http.Request, serial: str) -> _http.Response:
        self._caller(request)
        found = self.store.by_serial(serial)
        if found is None:
            text = f"Cannot retrieve certificate for serial {serial}"
            log("WARN", "beam_broker::serve_pki", text)
            return plain(502, f"Broker has trouble communicating with PKI. {text}")
        return plain(200, found.public_bytes(_certs.ENCODING).decode())

    # --- health

    def _get_health(self, _unused: _http.Request) -> _http.Response:
        good = self.health.init == "done" and self.health.vault == "ok"
        return as_json(
            200 if good else 503,
            {
                "summary": "healthy" if good else "unhealthy",
                "vault": self.health.vault,
                "init_status": self.health.init,
            },
        )

    def _get_proxies(self, _unused: _http.Request) -> _http.Response:
        with self.health.lock:
            return as_json(200, [name for name, count in self.health.online.items() if count])

    def _get_proxy(self, request: _http.Request, text: str) -> _http.Response:
        try:
            proxy = self.network.proxy(urllib.parse.unquote(text))
        except IdError as error:
            raise Answer(400, f"Invalid URL: {error}") from None
        header = request.headers.get("authorization")
        if header is None:
            raise Answer(400, "Header of type `authorization` was missing")
        scheme, _unused, encoded = header.partition(" ")
        try:
            if scheme.lower() != "basic":
                raise ValueError(scheme)
            _unused, separator, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            if not separator:
                raise ValueError(encoded)
        except (ValueError, binascii.Error):
            raise Answer(400, "invalid HTTP header (authorization)") from None
        if self.monitoring_key is None:
            raise Answer(501)
        if not hmac.compare_digest(password.encode(), self.monitoring_key.encode()):
            raise Answer(401)
        with self.health.lock:
            if proxy not in self.health.online:
                raise Answer(404)
            if self.health.online[proxy]:
                raise Answer(200)
            last = self.health.last_disconnect.get(proxy)
        value = None if last is None else {"nanos_since_epoch": int(last % 1 * 10**9), "secs_since_epoch": int(last)}
        return as_json(503, {"last_disconnect": value})

    def _get_control(self, request: _http.Request) -> _http.Response:
        proxy = self.network.proxy_of(self._caller(request))
        return _http.Response(
            200, [("content-type", "text/event-stream"), ("cache-control", "no-cache")], self._control(proxy, request)
        )

    def _control(self, proxy: str, request: _http.Request) -> Iterator[bytes]:
        with self.health.lock:
            self.health.online[proxy] = self.health.online.get(proxy, 0) + 1
        try:
            quiet = time.monotonic()
            while not request.gone() and not (self.server is not None and self.server.closing):
                time.sleep(0.1)
                if time.monotonic() - quiet >= 15:
                    quiet = time.monotonic()
                    yield b":\n\n"
        finally:
            with self.health.lock:
                self.health.online[proxy] -= 1
                self.health.last_disconnect[proxy] = _clock.now()


def wants_stream(request: _http.Request) -> bool:
    return "text/event-stream" in [part.strip() for part in (request.headers.get("accept") or "").split(",")]


def _reason(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _refuse(text: str) -> None:
    end(1, f"Error: Unable to read config: {text}. Please check your environment and parameters.")


def os_error(error: OSError) -> str:
    return f"{error.strerror} (os error {error.errno})"


def read_root(path: str) -> x509.Certificate:
    """ValueError with the program's words when the file is missing or no certificate."""
    try:
        with open(path, encoding="latin-1") as stream:
            text = stream.read()
    except OSError as error:
        raise ValueError(f"Can not load certificate {path}: {os_error(error)}") from None
    try:
        return _certs.load_pem(text)
    except ValueError as error:
        detail = f"error:0480006C:PEM routines:get_name:no start line: {error}"
        raise ValueError(f"Unable to read certificate from file {path}: {detail}") from None


def describe_client(count: int) -> str:
    """The line in which the HTTP client writes down its proxy variables, secrets included."""
    found = ", ".join(f"{name}={value}" for name, value in os.environ.items() if "proxy" in name.lower())
    certificates = {0: "no trusted certificate", 1: "a trusted certificate"}.get(count, f"{count} trusted certificates")
    return f"Using {found} and {certificates} for TLS termination."


def _init_chain(store: _certs.CertStore, root: x509.Certificate, health: Health) -> None:
    health.init = "fetchingintermediatecert"
    with store.lock:
        try:
            issuer = _certs.load_pem(store.source.intermediate())
        except (_certs.FetchError, ValueError) as error:
            end(134, f"Failed to init broker ca chain: {error}")
            return
        if not _certs.issued_by(issuer, root) or not _certs.in_date(issuer):
            log(
                "ERROR", _certs.TARGET, "Intermediate certificate is invalid: Problem with the certificate's public key"
            )
            log("ERROR", _certs.TARGET, "Please send this info to the central beam admin for debugging:")
            end(1)
        store.issuer = issuer
    health.init = "done"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _args.Parser("beam-broker", "Samply.Beam.Broker", SETTINGS)
    values = parser.parse(sys.argv[1:] if arguments is None else arguments)
    _strict.check_environment([setting.name for setting in SETTINGS])
    to_directory(values["LOG_DIR"], values["LOG_RETENTION"])
    log("INFO", "beam_broker::banner", f"Samply.Beam (beam-broker, stand-in) v{_args.VERSION} starting up ...")
    try:
        with open(values["PKI_APIKEY_FILE"], encoding="utf-8") as stream:
            token = stream.read().strip()
    except OSError as error:
        _refuse(f"Unable to read PKI API key at {values['PKI_APIKEY_FILE']}: {os_error(error)}")
        return
    log("INFO", "beam_broker::config", "Successfully read config and API keys from CLI and secrets files.")
    extra: list[str] = []
    if values["TLS_CA_CERTIFICATES_DIR"]:
        try:
            extra = _http.load_ca_directory(
                values["TLS_CA_CERTIFICATES_DIR"],
                lambda path, why: log("WARN", _certs.TARGET, f"Unable to read certificate from file {path}: {why}"),
            )
        except OSError as error:
            _refuse(f"Unable to read from TLS CA directory: {os_error(error)}")
    try:
        root = read_root(values["ROOTCERT_FILE"])
    except ValueError as error:
        _refuse(str(error))
        return
    log("INFO", "shared::http_client", describe_client(len(extra)))
    health = Health()
    client = _http.Client(extra, user_agent=USER_AGENT)
    source = PkiSource(client, values["PKI_ADDRESS"].text, values["PKI_REALM"], token, health)
    store = _certs.CertStore(source, Network(values["BROKER_URL"]))
    threading.Thread(target=_init_chain, args=(store, root, health), daemon=True).start()

    def read_pki() -> None:
        try:
            store.update()
        except _certs.FetchError as error:
            log("WARN", "beam_broker::crypto", f"Unable to update CertificateCache. Maybe it stopped? Reason: {error}.")

    store.start(read_pki)
    broker = Broker(store.network, store, health, values["MONITORING_API_KEY"])
    pause = float(os.environ.get(SWEEP_VARIABLE) or 300)

    def sweep_forever() -> None:
        while True:
            time.sleep(pause)
            broker.tasks.sweep()

    threading.Thread(target=sweep_forever, daemon=True).start()
    host, port = values["BIND_ADDR"]
    log("INFO", "beam_broker::serve", f"Startup complete. Listening for requests on {host}:{port}")
    try:
        server = _http.Server((host, port), broker.handle, USER_AGENT)
    except OSError as error:
        end(1, f"Error: {os_error(error)}")
        return
    broker.server = server
    serve_until_signal(server)


def serve_until_signal(server: _http.Server) -> None:
    """Serve; on SIGTERM or SIGINT finish the open requests and end with 0."""

    def stop(number: int, _unused: object) -> None:
        name = signal.Signals(number).name
        log("INFO", "shared::graceful_shutdown", f"Received signal ({name}) - shutting down gracefully.")
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    thread = server.start()
    while thread.is_alive():
        thread.join(0.2)
    end(0)


if __name__ == "__main__":
    main()
