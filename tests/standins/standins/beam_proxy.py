# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for the Beam proxy: the same settings, start-up order, exit codes, log lines and app calls as the real one.

It signs its calls to the broker and seals message bodies as the real proxy does: either side may be the real program.
Not played: sockets.
"""

from __future__ import annotations

import http
import json
import os
import re
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from standins import _args, _auth, _certs, _clock, _http, _ids, _jwt, _seal, _strict, _wire
from standins._ids import IdError, Network
from standins._log import end, log, to_directory
from standins.beam_broker import describe_client, os_error, plain, read_root, serve_until_signal, wants_stream

USER_AGENT = f"Samply.Beam-proxy/{_args.VERSION}"
APP_PATTERN = re.compile(r"APP_([A-Za-z0-9-]+)_KEY", re.ASCII)
EXIT_NOT_ENROLLED = 17
EXIT_REJECTED = 401 % 256
EXIT_CONFLICT = 409 % 256
EXIT_ABORT = 134
CONNECT_LIMIT = 30.0
RETRIES = 100
HOP_HEADERS = {"transfer-encoding", "connection", "keep-alive", "content-length"}

SETTINGS = (
    _args.Setting("BIND_ADDR", "Address and port to listen on", _args.SOCKET, "0.0.0.0:8081"),
    _args.Setting(
        "TLS_CA_CERTIFICATES_DIR", "Directory of further CA certificates for TLS, one a file", _args.path_value
    ),
    _args.Setting("BROKER_URL", "URL of the broker", _args.parse_url, required=True),
    _args.Setting("PROXY_ID", "Beam id of this proxy", _args.text_value, required=True),
    _args.Setting("PRIVKEY_FILE", "Private RSA key", _args.path_value, "/run/secrets/privkey.pem"),
    _args.Setting(
        "ROOTCERT_FILE", "Root certificate of the Beam network", _args.path_value, "/run/secrets/root.crt.pem"
    ),
    *_args.LOG_SETTINGS,
)


class ConfigError(Exception):
    """A setting that the program refuses."""


@dataclass
class Config:
    broker: _args.Url
    bind: tuple[str, int]
    proxy_id: str
    network: Network
    keys: dict[str, str]
    private: rsa.RSAPrivateKey
    root: x509.Certificate
    extra_ca: list[str]
    key_id: str | None = None


def read_keys(network: Network, proxy_id: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name, secret in os.environ.items():
        found = APP_PATTERN.search(name)
        if found is None:
            continue
        try:
            app = network.app(f"{found.group(1)}.{proxy_id}")
        except IdError:
            log("WARN", "beam_proxy::config", f"Failed to create app id from env var: {name}. Skipping")
            continue
        if not secret:
            raise ConfigError(f"Please supply a non empty API key for client {app}")
        keys[app] = secret
    if not keys:
        raise ConfigError("No API keys have been defined. Please set environment vars à la APP_<clientname>_KEY=<key>")
    return keys


def _enrolment_hint(proxy_id: str) -> str:
    stars = "*" * 75
    indent = " " * 19
    return "\n".join(
        (
            stars,
            f"{indent}***              Beam Certificate Enrollment Warning                    ***",
            indent + stars,
            "If you are not yet enrolled in the central certificate store, make a key and a signing request for",
            f"  {proxy_id}",
            "have the request signed by the central PKI and restart this proxy.",
        )
    )


def read_private_key(path: str, proxy_id: str) -> rsa.RSAPrivateKey:
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read().strip()
    except OSError as error:
        hint = _enrolment_hint(proxy_id)
        raise ConfigError(f"Unable to load private key from file {path}: {os_error(error)}\n{hint}") from None
    except UnicodeDecodeError:
        hint = _enrolment_hint(proxy_id)
        raise ConfigError(
            f"Unable to load private key from file {path}: stream did not contain valid UTF-8\n{hint}"
        ) from None
    prefix = "Unable to interpret private key PEM as PKCS#1 or PKCS#8: "
    if re.match(r"-----BEGIN (RSA )?PRIVATE KEY-----", text) is None:
        label = re.search(r"-----BEGIN ([A-Z0-9 ]+)-----", text)
        detail = (
            'unexpected PEM type label: expecting "BEGIN PRIVATE KEY"'
            if label
            else "PEM preamble contains invalid data"
        )
        raise ConfigError(f"{prefix}PKCS#8 ASN.1 error: PEM error: {detail}")
    try:
        key = serialization.load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{prefix}PKCS#8 ASN.1 error: {error}") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(f"{prefix}public key error: unknown/unsupported algorithm OID")
    return key


def load_config(values: dict[str, Any]) -> Config:
    url: _args.Url = values["BROKER_URL"]
    if url.host is None:
        where = "thread 'main' panicked at proxy/src/config.rs:108:60:"
        note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
        end(EXIT_ABORT, f"{where}\ncalled `Option::unwrap()` on a `None` value\n{note}")
    network = Network(url.host or "")
    try:
        proxy_id = network.proxy(values["PROXY_ID"])
    except IdError as error:
        raise ConfigError(f'Invalid Beam ID "{values["PROXY_ID"]}" supplied: {error}') from None
    keys = read_keys(network, proxy_id)
    extra: list[str] = []
    if values["TLS_CA_CERTIFICATES_DIR"]:
        try:
            extra = _http.load_ca_directory(
                values["TLS_CA_CERTIFICATES_DIR"],
                lambda path, why: log("WARN", _certs.TARGET, f"Unable to read certificate from file {path}: {why}"),
            )
        except OSError as error:
            raise ConfigError(f"Unable to read from TLS CA directory: {os_error(error)}") from None
    private = read_private_key(values["PRIVKEY_FILE"], proxy_id)
    try:
        root = read_root(values["ROOTCERT_FILE"])
    except ValueError as error:
        raise ConfigError(str(error)) from None
    log("INFO", "beam_proxy::config", "Successfully read config and API keys from CLI and secrets file.")
    return Config(url, values["BIND_ADDR"], proxy_id, network, keys, private, root, extra)


class BrokerLink:
    """Signed calls to the broker; also the source of certificates."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.client = _http.Client(config.extra_ca, connect_timeout=CONNECT_LIMIT)

    def send(
        self,
        method: str,
        url: str,
        claims: dict[str, Any],
        headers: list[tuple[str, str]],
        gone: Callable[[], bool] | None = None,
    ) -> _http.ClientResponse:
        config = self.config
        parts = urllib.parse.urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        date, sender = _clock.http_date(), str(claims["from"])
        body = _jwt.sign(claims, config.private, config.key_id)
        digest = _jwt.digest(method, target, date, body, sender)
        token = _jwt.sign({"s": digest, "f": sender}, config.private, config.key_id)
        dropped = {
            "date",
            "host",
            "content-length",
            "content-type",
            "authorization",
            "transfer-encoding",
            "connection",
            "expect",
        }
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        signed = [
            ("host", config.broker.authority),
            ("date", date),
            ("content-type", "application/jwt"),
            ("authorization", f"SamplyJWT {token}"),
        ]
        return self.client.request(method, url, kept + signed, body.encode(), gone=gone)

    def send_patiently(
        self,
        method: str,
        url: str,
        claims: dict[str, Any],
        headers: list[tuple[str, str]],
        gone: Callable[[], bool] | None = None,
    ) -> _http.ClientResponse:
        """GETs are tried four times on 502, 503, 504 and on a timeout, without a pause."""
        tries = 4 if method == "GET" else 1
        while True:
            tries -= 1
            try:
                answer = self.send(method, url, claims, headers, gone)
            except _http.HttpError as error:
                if error.kind == "timeout" and tries:
                    continue
                raise
            if answer.status not in (502, 503, 504) or not tries:
                return answer
            answer.close()

    def get_own(self, path: str) -> _http.ClientResponse:
        url = f"{self.config.broker.scheme}://{self.config.broker.authority}{path}"
        return self.send_patiently("GET", url, {"from": self.config.proxy_id}, [("user-agent", USER_AGENT)])

    def _query(self, path: str) -> bytes:
        try:
            answer = self.get_own(path)
            body = answer.read()
        except _http.HttpError as error:
            raise _certs.FetchError(f"Error executing HTTP request: {error}") from None
        if answer.status == 401:
            raise _certs.FetchError("Broker rejected our authentication (cryptographic signature)", unauthorized=True)
        if answer.status == 204:
            raise _certs.FetchError("Not disclosed: Broker considers this certificate invalid", undisclosed=True)
        if answer.status not in (200, 404):
            raise _certs.FetchError(
                "Samply.PKI error: Got code {}, error message: {}".format(
                    answer.status, body.decode("utf-8", "replace")
                )
            )
        return body if answer.status == 200 else b""

    def serials(self) -> list[str]:
        try:
            return [str(serial) for serial in json.loads(self._query("/v1/pki/certs"))]
        except (ValueError, TypeError) as error:
            raise _certs.FetchError(f"Samply.PKI error: Unable to parse vault reply: {error}") from None

    def certificate(self, serial: str) -> str:
        return self._query(f"/v1/pki/certs/by_serial/{serial}").decode("latin-1")

    def intermediate(self) -> str:
        return self._query("/v1/pki/certs/im-ca").decode("latin-1")

    def revoked(self) -> set[int]:
        return set()


def insist(what: str, attempt: Callable[[], None]) -> None:
    """Try 1 + 100 times, pausing 1, 2, 4 ... 120 s; RuntimeError carries the last problem."""
    pause = 1
    for left in range(RETRIES, -1, -1):
        try:
            attempt()
            return
        except RuntimeError as error:
            if not left:
                raise
            log("WARN", "beam_proxy", f"Still trying to {what}: {error}. Retrying in {pause}s")
            time.sleep(pause)
            pause = min(120, pause * 2)


def _describe(error: _http.HttpError, url: str) -> str:
    kinds = {
        "dns": "dns error",
        "connect": "tcp connect error",
        "tls": "Ssl",
        "timeout": "TimedOut",
        "closed": "Canceled",
    }
    source = f"{kinds.get(error.kind, error.kind)}: {error}"
    return f'Error executing HTTP request: reqwest::Error {{ kind: Request, url: "{url}", source: {source} }}'


def check_broker(link: BrokerLink) -> None:
    url = urllib.parse.urljoin(link.config.broker.text, "/v1/health")
    try:
        answer = link.client.request("GET", url, [("user-agent", USER_AGENT)])
        answer.read()
    except _http.HttpError as error:
        raise RuntimeError(_describe(error, url)) from None
    if answer.status != 200:
        reason = plain_reason(answer.status)
        raise RuntimeError(
            f"Internal synchronization error: Unexpected reply from Broker, received status code {reason}"
        )


def plain_reason(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} <unknown status code>"


def init_chain(config: Config, store: _certs.CertStore) -> None:
    """Fetch and check the intermediate, then find the own certificate."""
    try:
        issuer = _certs.load_pem(store.source.intermediate())
    except _certs.FetchError as error:
        if error.unauthorized:
            for line in (
                "Unable to retrieve intermediate CA certificate from broker.",
                "This means that either:",
                "    1. The CSR has not yet been signed by the central PKI",
                "    2. This Beam Proxy's certificate has expired and needs to be resigned in the central PKI.",
            ):
                log("ERROR", _certs.TARGET, line)
            end(EXIT_NOT_ENROLLED)
        raise RuntimeError(str(error)) from None
    except ValueError as error:
        raise RuntimeError(f"Signing / encryption failed: {error}") from None
    if not _certs.issued_by(issuer, config.root) or not _certs.in_date(issuer):
        why = "Certificate's start/end date is invalid (e.g. expired)"
        if not _certs.issued_by(issuer, config.root):
            why = "Problem with the certificate's public key"
        log("ERROR", _certs.TARGET, f"Intermediate certificate is invalid: {why}")
        log("ERROR", _certs.TARGET, "Please send this info to the central beam admin for debugging:")
        end(1)
    with store.lock:
        store.issuer = issuer
    store.by_name(config.proxy_id)
    own = []
    modulus = config.private.public_key().public_numbers().n
    for certificate in store.by_name(config.proxy_id):
        key = _certs.public_key(certificate)
        if key is not None and key.public_numbers().n == modulus:
            own.append(certificate)
            continue
        log(
            "WARN",
            _certs.TARGET,
            f"CA error: Found certificate (serial {_certs.upper_serial(certificate)}) that does not match private key.",
        )
    chosen = _certs.newest([certificate for certificate in own if _certs.in_date(certificate)])
    if chosen is None:
        raise RuntimeError("Signing / encryption failed: Unable to choose valid, newest certificate for this proxy")
    config.key_id = _certs.vault_serial(chosen)
    log(
        "INFO",
        "beam_proxy",
        f"Certificate retrieved for our proxy ID {config.proxy_id} (serial {_certs.upper_serial(chosen)})",
    )


class ControlChannel:
    """Keeps the broker's control stream open; that is what makes the proxy count as online."""

    PAUSE = 60.0

    def __init__(self, link: BrokerLink) -> None:
        self.link = link

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        config = self.link.config
        url = config.broker.text + "v1/control"
        retries, reset = 0, time.monotonic() + self.PAUSE
        while True:
            if reset < time.monotonic():
                retries, reset = 0, time.monotonic() + self.PAUSE
            try:
                answer = self.link.send_patiently("GET", url, {"from": config.proxy_id}, [("user-agent", USER_AGENT)])
            except _http.HttpError:
                self.complain()
                time.sleep(self.PAUSE)
                continue
            if answer.status == 409:
                log("ERROR", "beam_proxy", "A beam proxy with the same id is already running!")
                end(EXIT_CONFLICT)
            if answer.status != 200:
                answer.close()
                if retries < 10:
                    retries += 1
                    continue
                reason = plain_reason(answer.status)
                log("WARN", "beam_proxy", f"Retried more then 10 times in one minute getting status code: {reason}")
                time.sleep(self.PAUSE)
                continue
            for _unused in answer.lines():
                pass

    def complain(self) -> None:
        url = self.link.config.broker.text + "v1/control"
        log(
            "WARN",
            "beam_proxy",
            f"Error getting control tasks from broker; retrying in {int(self.PAUSE)}s: "
            f"error sending request for url ({url})",
        )


class Refusal(Exception):
    """Leaves a handler at once with this answer."""

    def __init__(self, response: _http.Response) -> None:
        super().__init__(response.status)
        self.response = response


class ReplyError(Exception):
    """A reply of the broker that cannot be passed on."""

    def __init__(self, text: str, status: int, answer: str) -> None:
        super().__init__(text)
        self.refusal = Refusal(plain(status, answer))


class Proxy:
    def __init__(self, config: Config, link: BrokerLink, store: _certs.CertStore) -> None:
        self.config, self.link, self.store, self.network = config, link, store, config.network

    # --- routes

    def handle(self, request: _http.Request) -> _http.Response:
        span = ["request"]
        response = self._route(request, span)
        names = {name.lower() for name, _unused in response.headers}
        response.headers = [(n, v) for n, v in response.headers if n.lower() != "via" or "server" not in names]
        response.headers.append(("via" if "server" in names else "server", USER_AGENT))
        text = f"{request.method} {request.target} {plain_reason(response.status)}"
        log("INFO" if response.status < 300 or response.status == 504 else "WARN", "in", text, span[0])
        return response

    def _route(self, request: _http.Request, span: list[str]) -> _http.Response:
        method = "GET" if request.method == "HEAD" else request.method
        match request.path.split("/")[1:]:
            case ["v1", "health"]:
                allowed = ["GET"]
            case ["v1", "tasks"]:
                allowed = ["GET", "POST"]
            case ["v1", "tasks", task] if task:
                allowed = ["GET"]
            case ["v1", "tasks", task, "results"] if task:
                allowed = ["GET"]
            case ["v1", "tasks", task, "results", app] if task and app:
                allowed = ["PUT"]
            case _:
                return _http.Response(404)
        if method not in allowed:
            return _http.Response(405, [("allow", ",".join("GET,HEAD" if name == "GET" else name for name in allowed))])
        if request.path == "/v1/health":
            return _http.Response(200)
        try:
            app = self._authenticate(request, span)
            return self._stream(request, app, span[0]) if wants_stream(request) else self._call(request, app, span[0])
        except Refusal as refusal:
            return refusal.response

    def _authenticate(self, request: _http.Request, span: list[str]) -> str:
        refused = Refusal(_http.Response(401, [("www-authenticate", "ApiKey")]))

        def refuse(text: str) -> Refusal:
            log("WARN", "beam_proxy::auth", text, span[0])
            return refused

        header = request.headers.get("authorization")
        if header is None:
            raise refuse("No auth header provided")
        if any(not (" " <= character <= "~" or character == "\t") for character in header):
            raise refused
        words = header.split(" ")
        if words[0] != "ApiKey":
            raise refuse(f'Invalid auth scheme auth_str="{header}"')
        try:
            app = self.network.app(words[1]) if len(words) > 1 else ""
        except IdError:
            app = ""
        if not app:
            raise refuse(f'Invalid app id auth_str="{header}"')
        if app not in self.config.keys:
            raise refuse(f"App {app} not registered in proxy")
        if len(words) < 3:
            raise refused
        if words[2] != self.config.keys[app]:
            raise refuse(f"App {app} provided the wrong api key")
        span[0] = f'request{{from="{self.network.short(app)}"}}'
        return app

    # --- forwarding

    def _read_message(self, request: _http.Request, app: str, span: str) -> _wire.Message:
        if not request.body:
            return _wire.Message("empty", app)
        try:
            message = _wire.read_message(_wire.load_json(request.body), self.network, sealed=False)
        except _wire.Overflow:
            where = "thread 'tokio-rt-worker' panicked at library/std/src/time.rs:"
            end(EXIT_ABORT, f"{where}\noverflow when adding duration to instant")
            raise
        except (ValueError, RecursionError) as error:
            log("WARN", "beam_proxy::serve_tasks", f"Received Body is invalid json: {error}.", span)
            raise Refusal(plain(400, "Invalid body")) from None
        if message.sender != app:
            raise Refusal(plain(401, "You are not authorized to send on behalf of this app."))
        return message

    def _seal(self, message: _wire.Message) -> None:
        keys: list[rsa.RSAPublicKey] = []
        unknown: list[str] = []
        for receiver in message.to:
            proxy = self.network.proxy_of(receiver)
            certificate = _certs.newest(self.store.by_name(proxy))
            key = None if certificate is None else _certs.public_key(certificate)
            if key is None:
                unknown.append(proxy)
            else:
                keys.append(key)
        if unknown:
            body = _wire.compact(unknown)
            raise Refusal(_http.Response(424, [("content-type", "application/json")], body))
        try:
            plain_text = (message.body or "").encode()
            message.encrypted, message.encryption_keys = _seal.seal(plain_text, keys)
        except ValueError:
            raise Refusal(plain(500, "Cryptography failed; see server logs.")) from None

    def _forward(self, request: _http.Request, app: str, span: str) -> _http.ClientResponse:
        message = self._read_message(request, app, span)
        if message.kind != "empty":
            self._seal(message)
        short = self.network.short
        if message.kind == "task":
            text = f"Sending task from={short(app)} to={[short(to) for to in message.to]} id={message.id}"
            log("INFO", "beam_proxy::serve_tasks", text, span)
        elif message.kind == "result":
            log("INFO", "beam_proxy::serve_tasks", f"Submitting result from={short(app)} for={message.id}", span)
        url = self.config.broker.text + request.target.lstrip("/")
        headers = [*request.headers.items, ("via", USER_AGENT)]
        try:
            answer = self.link.send_patiently(request.method, url, message.sealed(), headers, request.gone)
        except _http.HttpError as error:
            if error.kind == "timeout":
                raise Refusal(plain(504, "Request to broker timed out ")) from None
            log("WARN", "beam_proxy::serve_tasks", f"Request to broker failed: {error}", span)
            raise Refusal(plain(502, "Upstream error; see server logs.")) from None
        if answer.status == 401:
            log(
                "ERROR",
                "beam_proxy::serve_tasks",
                "The Broker has rejected our request with 401 Unauthorized. "
                "This is likely because our beam certificate expired.",
                span,
            )
            end(EXIT_REJECTED)
        return answer

    def _call(self, request: _http.Request, app: str, span: str) -> _http.Response:
        answer = self._forward(request, app, span)
        try:
            body = answer.read()
        except _http.HttpError as error:
            log("ERROR", "beam_proxy::serve_tasks", f"Error receiving reply from the broker: {error}", span)
            raise Refusal(plain(502, "Unable to parse server's reply.")) from None
        headers = [(name, value) for name, value in answer.headers.items if name.lower() not in HOP_HEADERS]
        length = answer.headers.get("content-length")
        if request.method == "HEAD" and length is not None:
            headers.append(("content-length", length))
        if body:
            try:
                value = _wire.load_json(body)
            except ValueError:
                log("WARN", "beam_proxy::serve_tasks", "Answer is no valid JSON; returning as-is to client", span)
            else:
                try:
                    body = _wire.compact(self._open(value, span))
                except ReplyError as error:
                    log("WARN", "beam_proxy::serve_tasks", str(error), span)
                    raise error.refusal from None
        return _http.Response(answer.status, headers, body)

    def _open(self, value: Any, span: str) -> Any:
        """Signed messages of the broker's answer, checked and opened."""
        if isinstance(value, list):
            return [self._open(entry, span) for entry in value]
        if not isinstance(value, dict) or not isinstance(value.get("jwt"), str):
            raise ReplyError(f"Broker respondend with invalid json {value!r}", 502, "Unable to parse server's reply.")
        try:
            claims, _unused = _auth.claims_of(value["jwt"], self.store)
            message = _wire.read_message(claims, self.network, sealed=True)
        except _auth.UnknownSigner as error:
            raise ReplyError(f"Unhandled error {error}", 500, "Unknown error") from None
        except (_jwt.JwtError, _wire.BadMessage, _wire.Overflow) as error:
            text = f"The answer was valid JSON but we were unable to validate and remove its signature. Err: {error}"
            raise ReplyError(text, 502, "Unable to verify signature in server reply.") from None
        if message.kind == "task":
            log(
                "INFO",
                "beam_proxy::serve_tasks",
                f"New task from={self.network.short(message.sender)} id={message.id}",
                span,
            )
        elif message.kind == "result":
            text = f"New result from={self.network.short(message.sender)} for={message.id}"
            log("INFO", "beam_proxy::serve_tasks", text, span)
        self._unseal(message)
        return message.plain()

    def _unseal(self, message: _wire.Message) -> None:
        if message.kind == "empty":
            return
        mine = [index for index, to in enumerate(message.to) if _ids.may_sign(to, self.config.proxy_id)]
        failed = ReplyError("Decryption error", 500, "Cryptography failed; see server logs.")
        if not mine:
            if self.network.proxy_of(message.sender) != self.config.proxy_id:
                raise failed
            message.body = "<encrypted>"
            return
        try:
            wrapped = message.encryption_keys[mine[0]]
            message.body = _seal.unseal(message.encrypted, wrapped, self.config.private).decode("utf-8")
        except (IndexError, _seal.SealError, UnicodeDecodeError):
            raise failed from None

    # --- event streams

    def _stream(self, request: _http.Request, app: str, span: str) -> _http.Response:
        answer = self._forward(request, app, span)
        if not 200 <= answer.status < 300:
            try:
                text = answer.read().decode("utf-8", "replace")
            except _http.HttpError:
                text = "(unable to parse reply)"
            log("WARN", "beam_proxy::serve_tasks", f"Got unexpected response code from server: {answer.status}.", span)
            return _http.Response(answer.status, [("content-type", "text/plain; charset=utf-8")], text.encode())
        headers = [("content-type", "text/event-stream"), ("cache-control", "no-cache")]
        return _http.Response(200, headers, self._events(answer, span))

    def _events(self, answer: _http.ClientResponse, span: str) -> Iterator[bytes]:
        name, data = "", list[str]()
        for raw in answer.lines():
            line = raw.decode("utf-8", "replace")
            if line.startswith("event:"):
                name = line[6:].removeprefix(" ")
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and (name or data):
                event = self._event(name, "\n".join(data), span)
                name, data = "", []
                if event is not None:
                    yield event

    def _event(self, name: str, data: str, span: str) -> bytes | None:
        if name in ("deleted_task", "wait_expired", "error"):
            return _event_text(name, data)
        if name not in ("new_task", "new_result", "updated_task", "updated_result"):
            log("ERROR", "beam_proxy::serve_tasks", f"SSE: Got unknown event type: {name} -- discarding.", span)
            return None
        if not data:
            return _event_text(name, data)
        try:
            return _event_text(name, _wire.compact(self._open(_wire.load_json(data.encode()), span)).decode())
        except (ValueError, ReplyError) as error:
            log("WARN", "beam_proxy::serve_tasks", f"Got an error decrypting Broker's reply: {error}", span)
            return None


def _event_text(name: str, data: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n".encode()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _args.Parser("beam-proxy", "Samply.Beam.Proxy", SETTINGS)
    values = parser.parse(sys.argv[1:] if arguments is None else arguments)
    _strict.check_environment([setting.name for setting in SETTINGS], [f".*{APP_PATTERN.pattern}.*"])
    to_directory(values["LOG_DIR"], values["LOG_RETENTION"])
    log("INFO", "beam_proxy::banner", f"Samply.Beam (beam-proxy, stand-in) v{_args.VERSION} starting up ...")
    try:
        config = load_config(values)
    except ConfigError as error:
        end(1, f"Error: Unable to read config: {error}. Please check your environment and parameters.")
        return
    log("INFO", "shared::http_client", describe_client(len(config.extra_ca)))
    link = BrokerLink(config)
    try:
        insist("reach Broker", lambda: check_broker(link))
    except RuntimeError as error:
        log("ERROR", "beam_proxy", f"Giving up reaching Broker: {error}")
        end(1)
    log("INFO", "beam_proxy", f"Connected to Broker: {config.broker.text}")
    store = _certs.CertStore(link, config.network)
    try:
        insist("initialize certificate chain", lambda: init_chain(config, store))
    except RuntimeError as error:
        log("ERROR", "beam_proxy", f"Giving up on initializing certificate chain: {error}")
        end(1)
    store.start()
    control = ControlChannel(link)
    control.start()
    host, port = config.bind
    names = "".join(app.split(".", 1)[0] + " " for app in config.keys)
    log(
        "INFO",
        "beam_proxy::serve",
        f"Startup complete. This is Proxy {config.proxy_id} listening on {host}:{port}. "
        f"{len(config.keys)} apps are known: {names}",
    )
    try:
        server = _http.Server((host, port), Proxy(config, link, store).handle)
    except OSError as error:
        control.complain()
        end(1, f"Error: {os_error(error)}")
        return
    serve_until_signal(server)


if __name__ == "__main__":
    main()
