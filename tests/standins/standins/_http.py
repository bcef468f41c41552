# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP/1.1 server and client with exact control over status, headers and connections.

Server: one thread a connection, keep-alive, chunked streams, graceful end (open requests finish first).
Client: http.client underneath, honours HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY and extra CA certificates.
"""

from __future__ import annotations

import base64
import contextlib
import http
import http.client
import ipaddress
import os
import pathlib
import select
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from standins import _clock

MAX_HEADER = 256 * 1024


class Headers:
    """Header fields in their order; names compare without regard to case."""

    def __init__(self, items: list[tuple[str, str]] | None = None) -> None:
        self.items: list[tuple[str, str]] = list(items or [])

    def get(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.items if key.lower() == wanted), None)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None


def peer_closed(connection: socket.socket) -> bool:
    """True when the other side has ended the connection; data that waits to be read does not count."""
    try:
        readable, _unused, _unused = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


@dataclass
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes = b""
    peer: str = ""
    connection: socket.socket | None = None

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    @property
    def raw_query(self) -> str:
        return self.target.split("?", 1)[1] if "?" in self.target else ""

    def gone(self) -> bool:
        """True when the caller has ended the connection."""
        return self.connection is not None and peer_closed(self.connection)

    @property
    def query(self) -> list[tuple[str, str]]:
        return urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True)


@dataclass
class Response:
    """Answer of a handler. An iterator as body is sent chunked, piece by piece, until it ends."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterator[bytes] = b""


Handler = Callable[[Request], "Response | None"]


class _Stream:
    """Buffered reading from a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""

    def read_head(self) -> bytes | None:
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > MAX_HEADER:
                return None
            data = self.sock.recv(65536)
            if not data:
                return None
            self.buffer += data
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head

    def read_exactly(self, count: int) -> bytes:
        pieces = [self.buffer]
        have = len(self.buffer)
        while have < count:
            data = self.sock.recv(1 << 20)
            if not data:
                raise ConnectionError("the peer ended the connection")
            pieces.append(data)
            have += len(data)
        everything = b"".join(pieces)
        self.buffer = everything[count:]
        return everything[:count]

    def read_line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the peer ended the connection")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_chunked(self) -> bytes:
        pieces: list[bytes] = []
        while True:
            size = int(self.read_line().split(b";")[0], 16)
            if size == 0:
                while self.read_line():
                    pass
                return b"".join(pieces)
            pieces.append(self.read_exactly(size))
            self.read_line()


class Server:
    """Threaded HTTP server. The handler returns a Response, or None to end the connection without an answer."""

    def __init__(self, address: tuple[str, int], handler: Handler, server_header: str | None = None) -> None:
        self.handler = handler
        self.server_header = server_header
        self._closing = threading.Event()
        self._idle: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind(address)
            self._listener.listen(256)
        except OSError:
            self._listener.close()
            raise
        self.port: int = self._listener.getsockname()[1]

    def serve_forever(self) -> None:
        """Accept until shutdown() is called, then wait for the requests that are still open."""
        while not self._closing.is_set():
            try:
                connection, peer = self._listener.accept()
            except OSError:
                break
            if self._closing.is_set():
                connection.close()
                break
            thread = threading.Thread(target=self._connection, args=(connection, str(peer[0])), daemon=True)
            with self._lock:
                self._threads.add(thread)
            thread.start()
        with self._lock:
            waiting = list(self._threads)
        for thread in waiting:
            thread.join()

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        return thread

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def shutdown(self) -> None:
        """Take no new connection and close the idle ones; open requests go on to their end."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            idle = list(self._idle)
        for connection in idle:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _connection(self, connection: socket.socket, peer: str) -> None:
        stream = _Stream(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._closing.is_set():
                with self._lock:
                    self._idle.add(connection)
                head = stream.read_head()
                with self._lock:
                    self._idle.discard(connection)
                if head is None or not self._exchange(connection, stream, head, peer):
                    return
        except (OSError, ValueError, ConnectionError):
            return
        finally:
            with self._lock:
                self._idle.discard(connection)
                self._threads.discard(threading.current_thread())
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _exchange(self, connection: socket.socket, stream: _Stream, head: bytes, peer: str) -> bool:
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            return False
        headers = Headers(
            [(name.strip(), value.strip()) for name, _unused, value in (line.partition(":") for line in lines[1:])]
        )
        if (headers.get("expect") or "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in (headers.get("transfer-encoding") or "").lower():
            body = stream.read_chunked()
        else:
            body = stream.read_exactly(int(headers.get("content-length") or 0))
        target = words[1]
        if "://" in target:
            parts = urllib.parse.urlsplit(target)
            target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        response = self.handler(Request(words[0], target, headers, body, peer, connection))
        if response is None:
            return False
        keep = words[2] == "HTTP/1.1" and (headers.get("connection") or "").lower() != "close"
        return self._send(connection, response, words[0] == "HEAD", keep)

    def _send(self, connection: socket.socket, response: Response, head_only: bool, keep: bool) -> bool:
        fields = Headers(list(response.headers))
        if self.server_header and "server" not in fields:
            fields.items.append(("server", self.server_header))
        streamed = not isinstance(response.body, bytes)
        without_body = response.status in (204, 304) or response.status < 200
        if streamed:
            fields.items.append(("transfer-encoding", "chunked"))
        elif "content-length" not in fields and not without_body and isinstance(response.body, bytes):
            fields.items.append(("content-length", str(len(response.body))))
        if "date" not in fields:
            fields.items.append(("date", _clock.http_date()))
        if not keep or self._closing.is_set():
            fields.items.append(("connection", "close"))
            keep = False
        try:
            reason = http.HTTPStatus(response.status).phrase
        except ValueError:
            reason = ""
        head = [f"HTTP/1.1 {response.status} {reason}", *(f"{name}: {value}" for name, value in fields.items)]
        data = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1", "replace")
        if isinstance(response.body, bytes):
            connection.sendall(data if head_only or without_body else data + response.body)
            return keep
        connection.sendall(data)
        try:
            if not head_only:
                for piece in response.body:
                    if piece:
                        connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                connection.sendall(b"0\r\n\r\n")
        finally:
            close = getattr(response.body, "close", None)
            if close is not None:
                close()
        return keep


def parse_socket_address(text: str) -> tuple[str, int]:
    """'ip:port' or '[ip6]:port'; names are refused (ValueError), as a socket address has none."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65535:
        raise ValueError("invalid socket address syntax")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        socket.inet_pton(socket.AF_INET6, host)
    else:
        try:
            socket.inet_pton(socket.AF_INET, host)
        except OSError:
            raise ValueError("invalid socket address syntax") from None
    return host, int(port)


# --- client -----------------------------------------------------------------------------------------------------


class HttpError(Exception):
    """The exchange failed before an answer was there. kind: connect, timeout, dns, tls, closed, gone."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass
class ClientResponse:
    status: int
    headers: Headers
    raw: http.client.HTTPResponse
    connection: http.client.HTTPConnection

    def read(self) -> bytes:
        """The whole body; the connection is closed afterwards."""
        try:
            return self.raw.read()
        except (OSError, http.client.HTTPException) as error:
            raise HttpError("closed", str(error)) from error
        finally:
            self.close()

    def lines(self) -> Iterator[bytes]:
        """Line by line, as they come, without the line end."""
        try:
            while True:
                line = self.raw.readline()
                if not line:
                    return
                yield line.rstrip(b"\r\n")
        except (OSError, http.client.HTTPException, ValueError):
            return
        finally:
            self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.raw.close()
        with contextlib.suppress(OSError):
            self.connection.close()


def first_certificate(text: str) -> str | None:
    """The first PEM certificate of *text*, as the real programs read only that one."""
    begin = text.find("-----BEGIN CERTIFICATE-----")
    end = text.find("-----END CERTIFICATE-----", begin)
    return None if begin < 0 or end < 0 else text[begin:end] + "-----END CERTIFICATE-----\n"


def load_ca_directory(directory: str, warn: Callable[[str, str], None]) -> list[str]:
    """First certificate of each entry, as PEM text. OSError on a directory or an unreadable entry."""
    found: list[str] = []
    for entry in sorted(pathlib.Path(directory).iterdir()):
        text = entry.read_bytes().decode("latin-1")
        pem = first_certificate(text)
        if pem is None:
            warn(str(entry), "builder error")
            continue
        try:
            ssl.create_default_context().load_verify_locations(cadata=pem)
        except (ssl.SSLError, ValueError) as error:
            warn(str(entry), str(error))
            continue
        found.append(pem)
    return found


def _proxy_variable(environment: Mapping[str, str], scheme: str) -> str | None:
    for name in (f"{scheme}_proxy".upper(), f"{scheme}_proxy", "ALL_PROXY", "all_proxy"):
        if environment.get(name):
            return environment[name]
    return None


def _no_proxy(environment: Mapping[str, str], host: str) -> bool:
    for entry in (environment.get("NO_PROXY") or environment.get("no_proxy") or "").split(","):
        name = entry.strip().lower().lstrip(".")
        if name == "*" or (name and (host.lower() == name or host.lower().endswith("." + name))):
            return True
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(host) in ipaddress.ip_network(name):
                return True
    return False


def resolve(host: str) -> str:
    """The address to connect to: EUCAIM_STANDIN_RESOLVE ("name=address,...") is a test handle for plain HTTP."""
    for pair in os.environ.get("EUCAIM_STANDIN_RESOLVE", "").split(","):
        name, _unused, address = pair.partition("=")
        if address and name.lower() == host.lower():
            return address
    return host


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except socket.gaierror as error:
        raise HttpError("dns", f"dns error: failed to lookup address information: {error.strerror}") from error
    except ssl.SSLError as error:
        raise HttpError("tls", str(error)) from error
    except TimeoutError as error:
        raise HttpError("timeout", "operation timed out") from error
    except OSError as error:
        raise HttpError("connect", str(error)) from error


class Client:
    """One request a connection. *environment* gives the proxy settings (default: the process environment)."""

    def __init__(
        self,
        extra_ca: list[str] | None = None,
        environment: Mapping[str, str] | None = None,
        connect_timeout: float = 30.0,
        user_agent: str | None = None,
    ) -> None:
        self.environment = os.environ if environment is None else environment
        self.connect_timeout = connect_timeout
        self.user_agent = user_agent
        self.context = ssl.create_default_context()
        for pem in extra_ca or []:
            self.context.load_verify_locations(cadata=pem)

    def _connection(
        self, url: urllib.parse.SplitResult
    ) -> tuple[http.client.HTTPConnection, str, list[tuple[str, str]]]:
        host = url.hostname or ""
        port = url.port or (443 if url.scheme == "https" else 80)
        target = (url.path or "/") + ("?" + url.query if url.query else "")
        proxy = None if _no_proxy(self.environment, host) else _proxy_variable(self.environment, url.scheme)
        if proxy is None:
            if url.scheme == "https":
                return (
                    http.client.HTTPSConnection(host, port, timeout=self.connect_timeout, context=self.context),
                    target,
                    [],
                )
            return http.client.HTTPConnection(resolve(host), port, timeout=self.connect_timeout), target, []
        parts = urllib.parse.urlsplit(proxy if "://" in proxy else "http://" + proxy)
        extra: dict[str, str] = {}
        if parts.username is not None:
            pair = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
            extra["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        via = (parts.hostname or "", parts.port or 80)
        if url.scheme == "https":
            tunnel = http.client.HTTPSConnection(*via, timeout=self.connect_timeout, context=self.context)
            tunnel.set_tunnel(host, port, extra)
            return tunnel, target, []
        netloc = url.netloc.rpartition("@")[2]
        return (
            http.client.HTTPConnection(*via, timeout=self.connect_timeout),
            f"http://{netloc}{target}",
            list(extra.items()),
        )

    def request(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> ClientResponse:
        """Send one request; returns as soon as the head of the answer is there. HttpError if there is none.

        *gone* is asked every half second while the answer is awaited; true ends the wait with HttpError("gone").
        """
        parts = urllib.parse.urlsplit(url)
        connection, target, extra = self._connection(parts)
        given = Headers(list(headers or []))
        try:
            _connect(connection)
            connection.sock.settimeout(timeout)
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            if "host" not in given:
                connection.putheader("Host", parts.netloc.rpartition("@")[2])
            if self.user_agent and "user-agent" not in given:
                connection.putheader("User-Agent", self.user_agent)
            for name, value in [*given.items, *extra]:
                connection.putheader(name, value)
            if body is not None and "content-length" not in given:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            while gone is not None and not select.select([connection.sock], [], [], 0.5)[0]:
                if gone():
                    raise HttpError("gone", "the caller ended the connection")
            raw = connection.getresponse()
        except HttpError:
            connection.close()
            raise
        except TimeoutError as error:
            connection.close()
            raise HttpError("timeout", "operation timed out") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise HttpError("closed", str(error) or "connection closed before message completed") from error
        return ClientResponse(raw.status, Headers(list(raw.getheaders())), raw, connection)
