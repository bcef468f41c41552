# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: federation_probe
short_description: Tell whether a node answers the federation, and if not, why
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Looks at the containers, their images, network, settings and logs, at the node's key and certificate request,
    makes a signed request of the node to the broker, sends a health-check task and a real query through the federation
    to the node's own Focus, and checks the answers.
  - From all that it names one cause in plain words, what to do, and the state of each requirement.
  - The programs' own signs are not believed alone. Their exit codes have many causes, and their health checks stay good
    when a node has long been cut off. Causes are told apart by the node's own key, certificate, clock and id.
  - It changes nothing, but for a copy of the node's certificate, which is public. With it a later look can tell a
    certificate that has expired from one that was never there. Beside it stand the serials of certificates that are of
    others, so that a later look need not ask the broker for each of them again.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - In check mode the copy of the certificate is not written.
  diff_mode:
    support: none
    details:
      - This module changes nothing that a diff could show.
  platform:
    platforms: linux
requirements:
  - cryptography
options:
  depth:
    description:
      - V(full) sends a health-check task and a query.
      - V(state) sends no task. It tells whether the node is enrolled and its proxy connected.
    type: str
    choices: [full, state]
    default: full
  wait:
    description: For how many seconds to look again while the cause is one that may pass by itself.
    type: int
    default: 0
  timeout:
    description: How many seconds a single call or task may take.
    type: int
    default: 15
  provider_id:
    description: The provider's id in the federation.
    type: str
    required: true
  broker_url:
    description: The address of the broker.
    type: str
    required: true
  endpoint_type:
    description: What Focus asks for data.
    type: str
    required: true
  endpoint_url:
    description: Where Focus asks for data.
    type: str
    default: ""
  focus_app:
    description: The name of Focus's app.
    type: str
    default: focus
  probe_app:
    description: The name of the app from which tasks are sent.
    type: str
    default: probe
  project:
    description: The project that a query names.
    type: str
    default: eucaim
  expected_collections:
    description: How many data sets a query must at least find.
    type: int
    default: 1
  network:
    description: The Docker network.
    type: str
    default: eucaim-network
  subnet:
    description: The addresses that it must have, if that matters.
    type: str
    default: ""
  services:
    description: The services that run, which are also the names of their containers.
    type: list
    elements: str
    default: [beam-proxy, focus]
  images:
    description: The images, as the filter P(eucaim.local_node.federation_images#filter) returns them.
    type: list
    elements: dict
    default: []
  record:
    description: The record of M(eucaim.local_node.federation_images).
    type: path
    default: /etc/eucaim/federation/images.json
  environments:
    description:
      - The environment of each service, as the filter P(eucaim.local_node.federation_environment#filter) returns it.
    type: dict
    default: {}
  environment_directory:
    description: Where the environment files are.
    type: path
    default: /etc/eucaim/federation
  secrets_directory:
    description: Where the secrets are.
    type: path
    default: /etc/eucaim/federation/secrets
  private_key_file:
    description: The node's private key.
    type: path
    required: true
  request_file:
    description: The node's certificate request.
    type: path
    default: ""
  root_certificate_file:
    description: The network's root certificate on the node.
    type: path
    required: true
  root_certificate:
    description: What that file must hold.
    type: str
    default: ""
  http_proxy:
    description: The HTTP proxy for plain HTTP.
    type: str
    default: ""
  https_proxy:
    description: The HTTP proxy for HTTPS.
    type: str
    default: ""
  no_proxy:
    description: Hosts that are reached directly.
    type: list
    elements: str
    default: []
  tls_ca_directory:
    description: Certificates that are trusted for TLS besides the system's.
    type: path
    default: ""
  extra_hosts:
    description: Names and addresses that the containers know besides DNS.
    type: dict
    default: {}
  certificate_store:
    description: Where the copy of the node's certificate is kept.
    type: path
    default: /var/lib/eucaim/federation/certificate.json
"""

EXAMPLES = r"""
- name: Ask the federation whether this node answers
  eucaim.local_node.federation_probe:
    provider_id: my-hospital
    broker_url: https://broker.eucaim.cancerimage.eu
    endpoint_type: omop
    endpoint_url: http://mediator:8089/
    private_key_file: /etc/eucaim/federation/pki/key.pem
    root_certificate_file: /etc/eucaim/federation/pki/root.crt.pem
    wait: 90
  register: __federation_probe
"""

RETURN = r"""
cause:
  description: The one cause, as a word that programs can compare.
  returned: always
  type: str
  sample: not_enrolled
message:
  description: The cause and the remedy in plain words.
  returned: always
  type: str
  sample: The node is not enrolled.
answering:
  description: Whether the node is connected and answers.
  returned: always
  type: bool
  sample: false
rows:
  description: The rows of the evidence.
  returned: always
  type: list
  elements: dict
  sample: []
data_sets:
  description: The names of the data sets that a query found.
  returned: always
  type: list
  elements: str
  sample: [Breast MR cohort]
certificate_days:
  description: For how many days the node's certificate is still valid.
  returned: when the broker gave it
  type: int
  sample: 28
looks:
  description: How often was looked.
  returned: always
  type: int
  sample: 1
"""

import base64
import contextlib
import datetime
import hashlib
import http.client
import json
import os
import socket
import ssl
import stat
import time
import traceback
import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.eucaim.local_node.plugins.module_utils import _beam, _diagnosis, _federation
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine
from ansible_collections.eucaim.local_node.plugins.module_utils._federation_files import read_text, write_text

CRYPTOGRAPHY_ERROR: str | None = None
try:
    from cryptography import __version__ as cryptography_version
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
except ImportError:
    CRYPTOGRAPHY_ERROR = traceback.format_exc()

LOG_LINES = 600
SMALLEST_KEY = 2048
# The version of cryptography from which on a key can be read without a check of its primes.
SKIPS_SINCE = 39
MOST_CERTIFICATES = 400
CERTIFICATE_SECONDS = 20.0


# --- HTTP -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class CallError(Exception):
    """A call that got no answer: `stage` is dns, tcp, tls, http or timeout."""

    def __init__(self, stage: str, detail: str) -> None:
        """Keep how far the call came."""
        super().__init__(f"{stage}: {detail}")
        self.stage = stage
        self.detail = detail


@dataclass(frozen=True)
class Way:
    """How to get to a host: proxies, additional names, additional trust."""

    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: str = ""
    hosts: dict[str, str] | None = None
    ca_directory: str = ""
    verify: bool = True

    def proxy_for(self, target: _federation.Target) -> str:
        """Return the HTTP proxy that leads to a target, or nothing."""
        proxy = self.https_proxy if target.scheme == "https" else self.http_proxy
        return proxy if proxy and _federation.goes_through_proxy(target.host, self.no_proxy) else ""


def tls_context(way: Way) -> ssl.SSLContext:
    """Return the trust of the system and the additional certificates."""
    context = ssl.create_default_context()
    if way.ca_directory and os.path.isdir(way.ca_directory):
        for name in sorted(os.listdir(way.ca_directory)):
            with contextlib.suppress(OSError, ssl.SSLError):
                context.load_verify_locations(cafile=os.path.join(way.ca_directory, name))
    if not way.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Session:
    """A connection that is kept open over several calls to one origin."""

    def __init__(self, url: str, way: Way, timeout: float) -> None:
        """Remember where to; connect at the first call."""
        self.target = _federation.target(url)
        self.way = way
        self.timeout = timeout
        self.proxy = way.proxy_for(self.target)
        self.connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float | None = None) -> Reply:
        """Make one call; where a kept connection turns out to be closed, on a new one."""
        reused = self.connection is not None
        try:
            return self.attempt(method, path, headers, body, timeout)
        except CallError as error:
            if not reused or error.stage == "timeout":
                raise
        return self.attempt(method, path, headers, body, timeout)

    def attempt(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float | None) -> Reply:
        """Make one call, on the connection that there is."""
        connection = self.connection or self.open()
        self.connection = connection
        if connection.sock is not None:
            connection.sock.settimeout(timeout or self.timeout)
        plain_proxy = bool(self.proxy) and self.target.scheme == "http"
        url = f"http://{self.target.host}:{self.target.port}{path}" if plain_proxy else path
        try:
            connection.request(method, url, body=body or None, headers=dict(self.headers(plain_proxy), **headers))
            response = connection.getresponse()
            data = response.read(8 * 1024 * 1024)
        except socket.timeout as error:
            self.close()
            raise CallError("timeout", f"no answer within {timeout or self.timeout:.0f} s") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise CallError("http", f"{type(error).__name__}: {error}") from error
        if response.will_close:
            self.close()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

    def headers(self, plain_proxy: bool) -> dict[str, str]:
        """Return the headers that every call has."""
        default = 443 if self.target.scheme == "https" else 80
        host = self.target.host if self.target.port == default else f"{self.target.host}:{self.target.port}"
        headers = {"Host": host}
        if plain_proxy:
            headers.update(proxy_credentials(self.proxy))
        return headers

    def open(self) -> http.client.HTTPConnection:
        """Connect, through a proxy where there is one."""
        if not self.proxy:
            sock = connect(self.target.host, self.target.port, self.way, self.timeout)
        else:
            parts = urlsplit(self.proxy)
            sock = connect(parts.hostname or "", parts.port or 80, self.way, self.timeout)
            if self.target.scheme == "https":
                tunnel(sock, self.target, proxy_credentials(self.proxy))
        if self.target.scheme == "https":
            sock = self.wrap(sock)
        connection = http.client.HTTPConnection(self.target.host, self.target.port, timeout=self.timeout)
        connection.sock = sock
        return connection

    def wrap(self, sock: socket.socket) -> socket.socket:
        """Begin TLS."""
        try:
            return tls_context(self.way).wrap_socket(sock, server_hostname=self.target.host)
        except socket.timeout as error:
            sock.close()
            raise CallError("timeout", "no answer to the beginning of TLS") from error
        except (ssl.SSLError, OSError) as error:
            sock.close()
            raise CallError(
                "tls", getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
            ) from error

    def close(self) -> None:
        """End the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def connect(host: str, port: int, way: Way, timeout: float) -> socket.socket:
    """Open a TCP connection."""
    address = (way.hosts or {}).get(host, host)
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CallError("dns", f"{host}: {error.strerror or error}") from error
    problem: OSError = OSError("no address")
    for family, kind, protocol, _name, where in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(timeout)
        try:
            sock.connect(where)
            return sock
        except OSError as error:
            sock.close()
            problem = error
    words = "no answer" if isinstance(problem, socket.timeout) else str(problem.strerror or problem)
    raise CallError("tcp", f"{host} port {port}: {words}")


def proxy_credentials(proxy: str) -> dict[str, str]:
    """Return the header with which a user logs in at an HTTP proxy."""
    parts = urlsplit(proxy)
    if not parts.username:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii")}


def tunnel(sock: socket.socket, target: _federation.Target, headers: dict[str, str]) -> None:
    """Ask an HTTP proxy for a connection."""
    lines = [f"CONNECT {target.host}:{target.port} HTTP/1.1", f"Host: {target.host}:{target.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        answer = b""
        while b"\r\n\r\n" not in answer and len(answer) < 65536:
            part = sock.recv(1)
            if not part:
                break
            answer += part
    except OSError as error:
        sock.close()
        raise CallError("tcp", f"the HTTP proxy does not answer ({error})") from error
    status = answer.split(b"\r\n", 1)[0].split(b" ")
    if len(status) < 2 or status[1] != b"200":
        sock.close()
        raise CallError("tcp", f"the HTTP proxy refuses the connection ({answer[:40]!r})")


def call_once(url: str, way: Way, timeout: float, method: str, headers: dict[str, str], body: bytes) -> Reply:
    """Make a single call."""
    session = Session(url, way, timeout)
    try:
        return session.call(method, session.target.path, headers, body)
    finally:
        session.close()


# --- the node's own papers ------------------------------------------------------------------------------------------


def file_problems(path: str, mode: int, what: str) -> list[str]:
    """Return what is wrong with a file's kind, mode and owner."""
    try:
        found = os.lstat(path)
    except OSError:
        return [f"{what} {path} does not exist"]
    if not stat.S_ISREG(found.st_mode):
        return [f"{what} {path} is no regular file"]
    problems = []
    if stat.S_IMODE(found.st_mode) != mode:
        problems.append(f"{what} {path} has mode {stat.S_IMODE(found.st_mode):04o}, not {mode:04o}")
    if found.st_uid != 0:
        problems.append(f"{what} {path} belongs to user {found.st_uid}, not root")
    return problems


@dataclass
class Papers:
    """The node's key, request and root certificate."""

    key: Any = None
    problems: list[str] | None = None
    unusable: bool = False
    facts: str = ""
    matches_request: bool | None = None
    root: Any = None
    root_problems: list[str] | None = None


def same_key(left: Any, right: Any) -> bool:
    """Tell whether two public keys are one."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return bool(left.public_bytes(*form) == right.public_bytes(*form))


def is_sound(key: Any) -> bool:
    """Tell whether what a key signs is good: milliseconds, where to check its primes takes a quarter of a second."""
    scheme = (padding.PKCS1v15(), hashes.SHA256())
    try:
        key.public_key().verify(key.sign(b"sound", *scheme), b"sound", *scheme)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(path: str) -> tuple[Any, str]:
    """Return the private key, or why it cannot be used."""
    skips = int(cryptography_version.split(".")[0]) >= SKIPS_SINCE
    unchecked: dict[str, Any] = {"unsafe_skip_rsa_key_validation": True} if skips else {}
    try:
        with open(path, "rb") as handle:
            key = serialization.load_pem_private_key(handle.read(), password=None, **unchecked)
    except OSError as error:
        return None, f"the key cannot be read ({error.strerror})"
    except TypeError:
        return None, "the key is encrypted"
    except (ValueError, UnsupportedAlgorithm):
        return None, "the key file holds no private key in PEM form"
    if not isinstance(key, rsa.RSAPrivateKey):
        return None, "the key is not an RSA key"
    if key.key_size < SMALLEST_KEY:
        return None, f"the key has only {key.key_size} bits"
    if not is_sound(key):
        return None, "the key is damaged: what it signs is not good"
    return key, ""


def read_papers(params: dict[str, Any]) -> Papers:
    """Read key, request and root certificate."""
    papers = Papers(problems=file_problems(params["private_key_file"], 0o600, "the key"), root_problems=[])
    papers.key, why = read_key(params["private_key_file"])
    if papers.key is None:
        papers.unusable = True
        papers.problems = list(papers.problems or []) or [why]
        if why not in papers.problems and os.path.isfile(params["private_key_file"]):
            papers.problems.append(why)
    else:
        papers.facts = f"RSA {papers.key.key_size} bits, 0600"
        papers.matches_request = request_matches(params["request_file"], papers.key)
    papers.root, papers.root_problems = read_root(params)
    return papers


def request_matches(path: str, key: Any) -> bool | None:
    """Tell whether the request on the node is of this key; None when there is none."""
    text = read_text(path) if path else None
    if text is None:
        return None
    try:
        return same_key(x509.load_pem_x509_csr(text.encode("ascii", "replace")).public_key(), key.public_key())
    except ValueError:
        return None


def read_root(params: dict[str, Any]) -> tuple[Any, list[str]]:
    """Return the root certificate and what is wrong with its file."""
    path = params["root_certificate_file"]
    problems = file_problems(path, 0o644, "the root certificate")
    text = read_text(path)
    if text is None:
        return None, problems
    expected = params["root_certificate"]
    if expected and text.strip() != expected.strip():
        problems.append("the root certificate on the node is not the configured one")
    try:
        return x509.load_pem_x509_certificate(text.encode("ascii", "replace")), problems
    except ValueError:
        return None, [*problems, "the root certificate cannot be read"]


def moments(certificate: Any) -> tuple[float, float]:
    """Return when a certificate begins and ends."""
    utc = datetime.timezone.utc
    begins = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before.replace(tzinfo=utc)
    ends = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=utc)
    return begins.timestamp(), ends.timestamp()


def common_name(certificate: Any) -> str:
    """Return the common name of a certificate's subject."""
    names = certificate.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


# --- the broker -----------------------------------------------------------------------------------------------------


class BrokerLook:
    """Calls to the broker as the node's proxy makes them."""

    def __init__(
        self, params: dict[str, Any], papers: Papers, proxy_id: str, way: Way, others: frozenset[str] = frozenset()
    ) -> None:
        """Remember what is needed; `others` are the serials of certificates that earlier looks saw to be of others."""
        self.params = params
        self.papers = papers
        self.proxy_id = proxy_id
        self.way = way
        self.timeout = float(params["timeout"])
        self.url = params["broker_url"].rstrip("/")
        self.session = Session(self.url, way, self.timeout)
        self.serial = ""
        self.others = others

    def sign(self, data: bytes) -> bytes:
        """Sign as tokens want it (RS256)."""
        return bytes(self.papers.key.sign(data, padding.PKCS1v15(), hashes.SHA256()))

    def signed(self, path: str, serial: str = "") -> Reply:
        """Make a signed call, which names the node's own certificate once that is known."""
        request = _beam.signed_request("GET", path, self.proxy_id, self.sign, time.time(), serial or self.serial)
        return self.session.call(request.method, request.path, request.headers, request.body)

    def look(
        self, known: list[str], stored: _diagnosis.Certificate
    ) -> tuple[_diagnosis.Broker, _diagnosis.Certificate]:
        """Return what the broker says of itself and of this node."""
        try:
            health = self.session.call("GET", "/v1/health", {"Accept": "*/*"}, b"")
        except CallError as error:
            skew = self.unverified_skew() if error.stage == "tls" else None
            return _diagnosis.Broker(stage=error.stage, detail=error.detail, skew=skew), stored
        broker = _diagnosis.Broker(
            health_status=health.status,
            health_summary=summary_of(health.body),
            skew=skew_of(health.headers, time.time()),
        )
        if health.status != 200 or self.papers.key is None:
            return broker, stored
        if not is_broker(health.body):
            return replace(broker, stage="http", detail="its health answer is not that of a Beam broker"), stored
        try:
            serials = self.signed("/v1/pki/certs")
        except CallError as error:
            status = 0 if error.stage == "timeout" else None
            if status is None:
                broker = replace(broker, stage=error.stage, detail=error.detail)
            return replace(broker, signed_status=status), stored
        broker = replace(broker, signed_status=serials.status)
        if serials.status == 401 and stored.serial and stored.key_matches:
            broker = replace(broker, older_accepted=self.accepts(stored.serial))
        if serials.status != 200:
            return broker, stored
        self.check_root()
        return broker, self.own_certificate(known, serials.body) or stored

    def accepts(self, serial: str) -> bool:
        """Tell whether the broker accepts a call that names this certificate."""
        try:
            return self.signed("/v1/pki/certs", serial).status == 200
        except CallError:
            return False

    def unverified_skew(self) -> float | None:
        """Read the broker's clock where its certificate is not trusted: a wrong clock is one reason for that."""
        try:
            reply = call_once(
                self.url + "/v1/health", replace(self.way, verify=False), self.timeout, "GET", {"Accept": "*/*"}, b""
            )
        except CallError:
            return None
        return skew_of(reply.headers, time.time())

    def check_root(self) -> None:
        """Check that the broker's chain leads to the node's root certificate."""
        if self.papers.root is None:
            return
        try:
            reply = self.signed("/v1/pki/certs/im-ca")
            intermediate = x509.load_pem_x509_certificate(reply.body)
            self.papers.root.public_key().verify(
                intermediate.signature,
                intermediate.tbs_certificate_bytes,
                padding.PKCS1v15(),
                intermediate.signature_hash_algorithm,
            )
        except InvalidSignature:
            problems = list(self.papers.root_problems or [])
            self.papers.root_problems = [*problems, "the root certificate does not belong to the broker's chain"]
        except (CallError, ValueError, TypeError, AttributeError):
            return

    def own_certificate(self, known: list[str], body: bytes) -> _diagnosis.Certificate | None:
        """Return the newest certificate of this node that the broker knows."""
        try:
            listed = json.loads(body)
        except ValueError:
            return None
        serials = list(dict.fromkeys([serial for serial in known if serial] + [str(serial) for serial in listed]))
        self.others &= frozenset(serials)
        serials = [serial for serial in serials if serial not in self.others]
        found: list[tuple[float, _diagnosis.Certificate]] = []
        end = time.monotonic() + CERTIFICATE_SECONDS
        for serial in serials[:MOST_CERTIFICATES]:
            if time.monotonic() > end:
                break
            certificate = self.fetch(serial)
            if certificate is not None and common_name(certificate) != self.proxy_id:
                self.others |= {serial}
            elif certificate is not None:
                begins, ends = moments(certificate)
                matches = same_key(certificate.public_key(), self.papers.key.public_key())
                found.append((begins, _diagnosis.Certificate("broker", serial, begins, ends, matches)))
                self.serial = serial if matches else self.serial
        return max(found, key=lambda entry: entry[0])[1] if found else None

    def fetch(self, serial: str) -> Any:
        """Return one certificate, or None."""
        try:
            reply = self.signed(f"/v1/pki/certs/by_serial/{serial}")
            return x509.load_pem_x509_certificate(reply.body) if reply.status == 200 else None
        except (CallError, ValueError):
            return None


def summary_of(body: bytes) -> str:
    """Return what the broker's health says, in words."""
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(data, dict):
        return ""
    return ", ".join(f"{name} {data[name]}" for name in ("summary", "vault", "init_status") if name in data)


def is_broker(body: bytes) -> bool:
    """Tell whether a health answer is that of a Beam broker: a captive portal also answers 200."""
    return bool(summary_of(body))


def skew_of(headers: dict[str, str], now: float) -> float | None:
    """Return how far this clock is ahead of the one in an answer."""
    then = _beam.parse_http_date(headers.get("date", ""))
    return None if then is None else now - then


# --- tasks ----------------------------------------------------------------------------------------------------------


class Apps:
    """Calls of the probing app to the node's proxy."""

    def __init__(self, address: str, app: str, key: str, timeout: float) -> None:
        """Remember where the proxy is and who asks."""
        self.url = f"http://{address}:{_beam.PROXY_PORT}"
        self.headers = {"Authorization": f"ApiKey {app} {key}", "Content-Type": "application/json"}
        self.timeout = timeout

    def health(self) -> int | None:
        """Return the status of the proxy's own health check."""
        try:
            return call_once(self.url + "/v1/health", Way(), min(self.timeout, 5.0), "GET", {}, b"").status
        except CallError:
            return None

    def round_trip(self, task: dict[str, Any], seconds: int) -> _diagnosis.RoundTrip:
        """Send a task and wait for its result, for a limited time."""
        begin = time.monotonic()
        body = json.dumps(task).encode("utf-8")
        try:
            reply = call_once(self.url + "/v1/tasks", Way(), self.timeout + 30, "POST", self.headers, body)
        except CallError as error:
            return _diagnosis.RoundTrip("closed" if error.stage == "tcp" else "broken", error.detail)
        outcome = {201: "", 401: "unauthorised", 424: "no_receiver", 502: "gateway", 504: "gateway"}.get(
            reply.status, "refused"
        )
        if outcome:
            words = reply.body[:120].decode("utf-8", "replace")
            return _diagnosis.RoundTrip(outcome, f"status {reply.status} {words}".strip())
        trip = self.result(task["id"], begin + seconds)
        return replace(trip, seconds=time.monotonic() - begin)

    def result(self, task_id: str, end: float) -> _diagnosis.RoundTrip:
        """Wait for the result of a task."""
        claimed, pause = False, 0.02
        while time.monotonic() < end:
            left = max(1, round(end - time.monotonic()))
            url = f"{self.url}/v1/tasks/{task_id}/results?wait_count=1&wait_time={left}s"
            try:
                reply = call_once(url, Way(), left + self.timeout, "GET", self.headers, b"")
            except CallError as error:
                return _diagnosis.RoundTrip("broken", error.detail)
            results = results_of(reply)
            if results is None:
                break
            final = _beam.final_result(results)
            if final is not None:
                outcome = "succeeded" if final["status"] == "succeeded" else "failed"
                return _diagnosis.RoundTrip(outcome, str(final["status"]), str(final.get("body", "")))
            claimed = claimed or _beam.is_claimed(results)
            # Focus answers within milliseconds of its claim, or takes its time.
            time.sleep(pause)
            pause = min(0.3, pause * 2)
        return _diagnosis.RoundTrip("claimed" if claimed else "silent", "no result in time")


def results_of(reply: Reply) -> Any:
    """Return the list of results in an answer, or None when there can be none any more."""
    if reply.status not in (200, 206):
        return None
    try:
        return json.loads(reply.body)
    except ValueError:
        return None


# --- the whole look -------------------------------------------------------------------------------------------------


class Look:
    """One look at everything."""

    def __init__(self, module: AnsibleModule) -> None:
        """Take what does not change between looks."""
        self.module = module
        self.params: dict[str, Any] = module.params
        self.proxy_id = _beam.proxy_id(self.params["provider_id"], self.params["broker_url"])
        self.way = Way(
            http_proxy=self.params["http_proxy"],
            https_proxy=self.params["https_proxy"],
            no_proxy=",".join(self.params["no_proxy"]),
            hosts={str(name): str(address) for name, address in self.params["extra_hosts"].items()},
            ca_directory=self.params["tls_ca_directory"],
        )
        self.timeout = float(self.params["timeout"])

    def engine_error(self) -> str:
        """Return why Docker does not answer, or nothing."""
        return engine.error() if self.module.get_bin_path("docker") else "it is not installed"

    def containers(self) -> dict[str, _federation.Container]:
        """Return the containers."""
        found = {}
        for name in self.params["services"]:
            data = engine.inspect("container", name)
            found[name] = (
                _federation.container_from_inspect(name, data, self.params["network"])
                if data
                else _federation.Container(name)
            )
        return found

    def images(self) -> tuple[_federation.ImageState, ...]:
        """Return the images, against the record."""
        try:
            record = json.loads(read_text(self.params["record"]) or "{}")
        except ValueError:
            record = {}
        states = []
        for image in self.params["images"]:
            found = engine.inspect("image", str(image["reference"])) or {}
            states.append(_federation.image_state(image, str(found.get("Id", "")), record))
        return tuple(states)

    def log(self, container: _federation.Container) -> str | None:
        """Return the end of a container's log."""
        return engine.logs(container.service, LOG_LINES) if container.present else ""

    def secrets(self) -> dict[str, str]:
        """Return the secrets that the environments name and that are on the node."""
        found = {}
        for name in _federation.secrets_needed(self.params["environments"]):
            text = read_text(os.path.join(self.params["secrets_directory"], name))
            if text is not None:
                found[name] = text.rstrip("\n")
        return found

    def environment_problems(self, secrets: dict[str, str], containers: dict[str, _federation.Container]) -> list[str]:
        """Return how files and containers differ from the settings; never a value."""
        problems = []
        for service, values in self.params["environments"].items():
            path = os.path.join(self.params["environment_directory"], f"{service}.env")
            found = file_problems(path, 0o600, "the environment file")
            problems += found
            try:
                expected = _federation.resolve(values, secrets)
            except KeyError as error:
                problems.append(f"the secret {error} is missing")
                continue
            names = _federation.differing(expected, _federation.parse_env(read_text(path) or ""))
            if names and not any("does not exist" in problem for problem in found):
                problems.append(f"{path} is not as configured: {', '.join(names)}")
            container = containers.get(service)
            if container is not None and container.environment is not None:
                drifted = [name for name in expected if container.environment.get(name) != expected[name]]
                if drifted:
                    problems.append(f"the container {service} runs with other settings: {', '.join(sorted(drifted))}")
        return problems

    def store(self) -> dict[str, Any]:
        """Return what an earlier look of this node at this broker has kept."""
        try:
            data = json.loads(read_text(self.params["certificate_store"]) or "{}")
            ours = data["proxy_id"] == self.proxy_id and data["broker_url"] == self.params["broker_url"].rstrip("/")
            return data if ours else {}
        except (ValueError, KeyError, TypeError):
            return {}

    @staticmethod
    def stored_certificate(data: dict[str, Any], papers: Papers) -> _diagnosis.Certificate:
        """Return the certificate that an earlier look has seen."""
        try:
            matches = papers.key is None or data["key"] == key_print(papers.key.public_key())
            return _diagnosis.Certificate(
                "stored", str(data["serial"]), float(data["begins"]), float(data["ends"]), matches
            )
        except (ValueError, KeyError, TypeError):
            return _diagnosis.Certificate()

    def keep(self, certificate: _diagnosis.Certificate, papers: Papers, others: frozenset[str]) -> None:
        """Keep what is public of the certificate that was seen, and which ones need not be asked for again."""
        if self.module.check_mode or certificate.source != "broker" or not certificate.key_matches:
            return
        data = {
            "proxy_id": self.proxy_id,
            "broker_url": self.params["broker_url"].rstrip("/"),
            "serial": certificate.serial,
            "begins": certificate.begins,
            "ends": certificate.ends,
            "key": key_print(papers.key.public_key()),
            "others": sorted(others),
        }
        path, text = self.params["certificate_store"], json.dumps(data, indent=2, sort_keys=True) + "\n"
        if read_text(path) == text:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_text(path, text, 0o644)

    def observe(self) -> _diagnosis.Observation:
        """Look at everything once."""
        params = self.params
        seen = _diagnosis.Observation(
            proxy_id=self.proxy_id,
            broker_url=params["broker_url"].rstrip("/"),
            endpoint_type=params["endpoint_type"],
            now=time.time(),
            csr_file=params["request_file"],
            network_name=params["network"],
            expected_data_sets=params["expected_collections"],
            asked=params["depth"] == "full",
            engine_error=self.engine_error(),
        )
        if seen.engine_error:
            return seen
        papers = read_papers(params)
        containers = self.containers()
        secrets = self.secrets()
        seen = self.with_network(seen, containers)
        seen = replace(
            seen,
            images=self.images(),
            proxy=containers["beam-proxy"],
            focus=containers["focus"],
            mediator_container=containers.get("mediator"),
            environment_problems=tuple(self.environment_problems(secrets, containers)),
        )
        seen = self.with_logs(seen)
        seen = self.with_broker(seen, papers)
        return self.with_answers(seen, secrets)

    def with_network(
        self, seen: _diagnosis.Observation, containers: dict[str, _federation.Container]
    ) -> _diagnosis.Observation:
        """Add what the network is like."""
        found = engine.inspect("network", self.params["network"])
        if not found:
            return replace(seen, network_exists=False)
        problems = _federation.network_problems(found, self.params["subnet"], list(containers))
        return replace(seen, network_problems=tuple(problems))

    def with_logs(self, seen: _diagnosis.Observation) -> _diagnosis.Observation:
        """Add what the logs tell."""
        proxy, focus = self.log(seen.proxy), self.log(seen.focus)
        return replace(
            seen,
            logs_read=proxy is not None and focus is not None,
            proxy_log=_beam.parse_proxy_log(proxy or "", self.proxy_id),
            focus_log=_beam.parse_focus_log(focus or ""),
        )

    def with_broker(self, seen: _diagnosis.Observation, papers: Papers) -> _diagnosis.Observation:
        """Add what the broker says of this node."""
        data = self.store()
        stored = self.stored_certificate(data, papers)
        if not stored.source and seen.proxy_log.serial:
            stored = _diagnosis.Certificate("log", seen.proxy_log.serial)
        others = data.get("others")
        known = frozenset(str(serial) for serial in others) if isinstance(others, list) else frozenset()
        look = BrokerLook(self.params, papers, self.proxy_id, self.way, known)
        try:
            broker, certificate = look.look([seen.proxy_log.serial, stored.serial], stored)
        finally:
            look.session.close()
        self.keep(certificate, papers, look.others)
        return replace(
            seen,
            broker=broker,
            certificate=certificate,
            key_problems=tuple(papers.problems or ()),
            key_unusable=papers.unusable,
            key_facts=papers.facts,
            key_matches_request=papers.matches_request,
            root_problems=tuple(papers.root_problems or ()),
        )

    def with_answers(self, seen: _diagnosis.Observation, secrets: dict[str, str]) -> _diagnosis.Observation:
        """Add what the proxy, Focus and the mediator answer."""
        if not seen.proxy.running or not seen.proxy.address:
            return replace(seen, mediator=self.ask_mediator(seen, secrets) if seen.asked else seen.mediator)
        sender = _beam.app_id(self.params["probe_app"], self.proxy_id)
        receiver = _beam.app_id(self.params["focus_app"], self.proxy_id)
        apps = Apps(seen.proxy.address, sender, secrets.get("probe_api_key", ""), self.timeout)
        seen = replace(seen, proxy_health=apps.health())
        if not seen.asked:
            return seen
        seen = replace(seen, mediator=self.ask_mediator(seen, secrets))
        accepted = seen.broker.signed_status == 200 and seen.proxy_health == 200
        if not accepted:
            return seen
        return self.with_tasks(seen, apps, sender, receiver)

    def with_tasks(
        self, seen: _diagnosis.Observation, apps: Apps, sender: str, receiver: str
    ) -> _diagnosis.Observation:
        """Send the health check and, when it comes back, a query."""
        seconds = int(self.timeout) if seen.focus.running else 1
        task = _beam.health_task(str(uuid.uuid4()), sender, receiver, seconds + 1)
        seen = replace(seen, health_check=apps.round_trip(task, seconds))
        if seen.health_check.outcome != "succeeded" or seen.mediator.outcome == "timeout":
            return seen
        task = _beam.query_task(str(uuid.uuid4()), sender, receiver, int(self.timeout) + 1, self.params["project"])
        trip = apps.round_trip(task, int(self.timeout))
        answer = None
        if trip.outcome == "succeeded":
            body = _beam.decode_result_body(trip.body)
            answer = _beam.Answer(False, "the answer is not base64") if body is None else _beam.judge_answer(body)
        mediator = seen.mediator
        if answer is not None and answer.usable and mediator.outcome in ("down", "timeout"):
            # Focus reaches what the host does not.
            mediator = _diagnosis.Mediator()
        return replace(seen, query=trip, answer=answer, mediator=mediator)

    def ask_mediator(self, seen: _diagnosis.Observation, secrets: dict[str, str]) -> _diagnosis.Mediator:
        """Ask the mediator what Focus asks, where it can be reached from the node."""
        url = self.params["endpoint_url"]
        if self.params["endpoint_type"] == "eucaim-sql" or not url:
            return _diagnosis.Mediator()
        host = _federation.target(url).host
        hosts = dict(self.way.hosts or {})
        if host == "mediator" and seen.mediator_container is not None:
            if not seen.mediator_container.running or not seen.mediator_container.address:
                return _diagnosis.Mediator("down", f"the container mediator {seen.mediator_container.state()}")
            hosts[host] = seen.mediator_container.address
        elif host not in hosts:
            hosts.update(self.neighbours())
        request = _beam.mediator_request(
            self.params["endpoint_type"], url, secrets.get("endpoint_auth_header", ""), str(uuid.uuid4())
        )
        direct = [*self.params["no_proxy"], *_federation.LOCAL_NAMES, host]
        way = replace(self.way, hosts=hosts, no_proxy=",".join(direct))
        try:
            reply = call_once(request.url, way, self.timeout, request.method, request.headers, request.body)
        except CallError as error:
            return mediator_error(error)
        return judge_mediator(reply)

    def neighbours(self) -> dict[str, str]:
        """Return the addresses of the containers on the federation's network."""
        found = engine.inspect("network", self.params["network"]) or {}
        entries = (found.get("Containers") or {}).values()
        return {str(entry.get("Name")): str(entry.get("IPv4Address", "")).split("/", 1)[0] for entry in entries}


def mediator_error(error: CallError) -> _diagnosis.Mediator:
    """Return what a call to the mediator without an answer means."""
    if error.stage == "dns":
        # Only Focus, inside its network, may know the name; the query will tell.
        return _diagnosis.Mediator()
    if error.stage == "timeout":
        return _diagnosis.Mediator("timeout", error.detail)
    return _diagnosis.Mediator("down", error.detail)


def judge_mediator(reply: Reply) -> _diagnosis.Mediator:
    """Return what an answer of the mediator is worth."""
    if reply.status in (401, 403):
        return _diagnosis.Mediator(
            "refused", f"status {reply.status}: it does not accept federation_endpoint_auth_header"
        )
    if 300 <= reply.status < 400:
        return _diagnosis.Mediator()
    if reply.status != 200:
        return _diagnosis.Mediator("status", f"status {reply.status}")
    answer = _beam.judge_answer(reply.body)
    if not answer.usable:
        return _diagnosis.Mediator("unusable", answer.reason)
    return _diagnosis.Mediator("ok", answer.reason, answer.names)


def key_print(public_key: Any) -> str:
    """Return the fingerprint of a public key."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public_key.public_bytes(*form)).hexdigest()


ARGUMENTS: dict[str, Any] = {
    "depth": {"type": "str", "choices": ["full", "state"], "default": "full"},
    "wait": {"type": "int", "default": 0},
    "timeout": {"type": "int", "default": 15},
    "provider_id": {"type": "str", "required": True},
    "broker_url": {"type": "str", "required": True},
    "endpoint_type": {"type": "str", "required": True},
    "endpoint_url": {"type": "str", "default": ""},
    "focus_app": {"type": "str", "default": "focus"},
    "probe_app": {"type": "str", "default": "probe"},
    "project": {"type": "str", "default": "eucaim"},
    "expected_collections": {"type": "int", "default": 1},
    "network": {"type": "str", "default": "eucaim-network"},
    "subnet": {"type": "str", "default": ""},
    "services": {"type": "list", "elements": "str", "default": ["beam-proxy", "focus"]},
    "images": {"type": "list", "elements": "dict", "default": []},
    "record": {"type": "path", "default": "/etc/eucaim/federation/images.json"},
    "environments": {"type": "dict", "default": {}},
    "environment_directory": {"type": "path", "default": "/etc/eucaim/federation"},
    "secrets_directory": {"type": "path", "default": "/etc/eucaim/federation/secrets", "no_log": False},
    "private_key_file": {"type": "path", "required": True, "no_log": False},
    "request_file": {"type": "path", "default": ""},
    "root_certificate_file": {"type": "path", "required": True},
    "root_certificate": {"type": "str", "default": ""},
    "http_proxy": {"type": "str", "default": "", "no_log": True},
    "https_proxy": {"type": "str", "default": "", "no_log": True},
    "no_proxy": {"type": "list", "elements": "str", "default": []},
    "tls_ca_directory": {"type": "path", "default": ""},
    "extra_hosts": {"type": "dict", "default": {}},
    "certificate_store": {"type": "path", "default": "/var/lib/eucaim/federation/certificate.json"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if CRYPTOGRAPHY_ERROR is not None:
        module.fail_json(msg=missing_required_lib("cryptography"), exception=CRYPTOGRAPHY_ERROR)
    look = Look(module)
    end = time.monotonic() + module.params["wait"]
    looks = 1
    seen = look.observe()
    finding = _diagnosis.diagnose(seen)
    while finding.cause in _diagnosis.PASSING and time.monotonic() < end:
        # What was just started is often ready in less than a second; what is not gets more time between two looks.
        time.sleep(min(2.0, 0.5 * looks))
        looks += 1
        seen = look.observe()
        finding = _diagnosis.diagnose(seen)
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    result: dict[str, Any] = {
        "changed": False,
        "cause": finding.cause,
        "message": finding.text(),
        "answering": finding.cause == _diagnosis.CONNECTED,
        "rows": [row.as_dict() for row in _diagnosis.rows(seen, finding, at)],
        "data_sets": list(seen.answer.names) if seen.answer else [],
        "looks": looks,
    }
    if seen.certificate.source == "broker":
        result["certificate_days"] = int((seen.certificate.ends - seen.broker_now()) // 86400)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
