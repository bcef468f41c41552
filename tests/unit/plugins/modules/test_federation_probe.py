# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against a small world: a broker, a proxy and a mediator on this machine, and a docker that is played."""

from __future__ import annotations

import base64
import datetime
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine
from ansible_collections.eucaim.local_node.plugins.modules import federation_probe as probe
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

DATA_SETS = {"collections": [{"id": "1", "name": "Breast", "subjects_count": 1, "studies_count": 2}]}
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
ROOT_KEY = rsa.generate_private_key(65537, 2048)
OTHER_ROOT_KEY = rsa.generate_private_key(65537, 2048)
Answer = tuple[int, Any]


def name(text: str) -> x509.Name:
    """Return a subject."""
    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, text)])


def certificate(
    subject: str, key: Any, signer: Any, begins: float = -86400, ends: float = 86400 * 20
) -> x509.Certificate:
    """Return a certificate; times are seconds from now."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name("Broker-Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(seconds=begins))
        .not_valid_after(now + datetime.timedelta(seconds=ends))
        .sign(signer, hashes.SHA256())
    )


def pem(found: x509.Certificate) -> str:
    """Return a certificate as text."""
    return found.public_bytes(serialization.Encoding.PEM).decode()


def private(key: Any, password: bytes | None = None) -> bytes:
    """Return a private key as text."""
    protection: Any = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection))


def damaged() -> bytes:
    """Return a private key whose parts do not fit."""
    numbers = KEY.private_numbers()
    bent = rsa.RSAPrivateNumbers(
        p=numbers.p,
        q=numbers.q,
        d=numbers.d + 2,
        dmp1=numbers.dmp1 + 2,
        dmq1=numbers.dmq1 + 2,
        iqmp=numbers.iqmp,
        public_numbers=numbers.public_numbers,
    )
    return private(bent.private_key(unsafe_skip_rsa_key_validation=True))


class Server:
    """A small HTTP server whose answers are a function."""

    def __init__(self, answer: Callable[[str, str, dict[str, str], bytes], Answer]) -> None:
        outer = self
        self.shift = 0.0

        class Handler(BaseHTTPRequestHandler):
            """Answers every call by the function."""

            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                """Answer one call."""
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                status, content = answer(self.command, self.path, headers, body)
                if status == 0:
                    self.close_connection = True
                    return
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response_only(status)
                self.send_header("Date", _beam.http_date(time.time() + outer.shift))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = handle_any
            do_POST = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.server.server_close()


class Ended(Exception):
    """The module has ended."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(json.dumps(result, default=str))
        self.result = result


class World:
    """A node and its far end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, base: Path) -> None:
        self.monkeypatch = monkeypatch
        self.base = base
        self.proxy_id = "ward.broker.test"
        self.root = certificate("Broker-Root", ROOT_KEY, ROOT_KEY)
        self.certificates: dict[str, x509.Certificate] = {
            "aa:01": certificate("other.broker.test", OTHER_KEY, ROOT_KEY),
            "aa:02": certificate(self.proxy_id, KEY, ROOT_KEY),
        }
        self.health: Answer = (200, {"summary": "healthy", "vault": "ok", "init_status": "done"})
        self.accepts = True
        self.mediator_answer: Answer = (200, DATA_SETS)
        self.final: dict[str, Any] | None = None
        self.post_status = 201
        self.result_status = 200
        self.tasks: dict[str, dict[str, Any]] = {}
        self.containers = {service: self.container(service) for service in ("beam-proxy", "focus")}
        self.logs = {"beam-proxy": "INFO Certificate retrieved for our proxy ID ward.broker.test (serial aa:02)\n"}
        self.networks: list[Any] = [{"Driver": "bridge", "Labels": {"eu.eucaim.local_node": "1"}, "Containers": {}}]
        self.engine = ""
        self.docker: str | None = "/usr/bin/docker"
        self.broker = Server(self.answer_broker)
        self.proxy = Server(self.answer_proxy)
        self.mediator = Server(lambda *_call: self.mediator_answer)
        monkeypatch.setattr(_beam, "PROXY_PORT", self.proxy.port)
        monkeypatch.setattr(os, "lstat", lstat_of_root)
        self.write()

    def write(self) -> None:
        """Put the node's files in place."""
        (self.base / "key.pem").write_bytes(private(KEY))
        (self.base / "key.pem").chmod(0o600)
        request = x509.CertificateSigningRequestBuilder().subject_name(name(self.proxy_id)).sign(KEY, hashes.SHA256())
        (self.base / "csr.pem").write_bytes(request.public_bytes(serialization.Encoding.PEM))
        (self.base / "root.pem").write_text(pem(self.root))
        (self.base / "root.pem").chmod(0o644)
        (self.base / "secrets").mkdir(exist_ok=True)
        for secret, value in (("focus_api_key", "F"), ("probe_api_key", "P")):
            (self.base / "secrets" / secret).write_text(value + "\n")
        self.environment = {
            "beam-proxy": {"A": "1", "APP_focus_KEY": {"secret": "focus_api_key"}, "B": {"secret": "probe_api_key"}},
            "focus": {"API_KEY": {"secret": "focus_api_key"}},
        }
        (self.base / "beam-proxy.env").write_text("A='1'\nAPP_focus_KEY='F'\nB='P'\n")
        (self.base / "focus.env").write_text("API_KEY='F'\n")
        for service in ("beam-proxy", "focus"):
            (self.base / f"{service}.env").chmod(0o600)
        record = {f"x/{service}:1": {"id": "sha256:1", "origin": "o"} for service in ("beam-proxy", "focus")}
        (self.base / "images.json").write_text(json.dumps(record))

    @staticmethod
    def container(service: str, **state: Any) -> dict[str, Any]:
        """Return what docker says of a container."""
        environment = {"beam-proxy": ["A=1", "APP_focus_KEY=F", "B=P"], "focus": ["API_KEY=F"]}.get(service, [])
        return {
            "Name": f"/{service}",
            "Image": "sha256:1",
            "State": {"Status": "running", "ExitCode": 0, **state},
            "Config": {"Env": environment},
            "HostConfig": {
                "RestartPolicy": {"Name": "always"},
                "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
            },
            "NetworkSettings": {"Networks": {"eucaim-network": {"IPAddress": "127.0.0.1"}}},
        }

    def answer_broker(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer as the broker, and check the signature as it does."""
        if path == "/v1/health":
            return self.health
        head, claims, signature = body.decode().split(".")
        data = f"{head}.{claims}".encode()
        key = self.newest(json.loads(unpadded(head)).get("kid"))
        if key is None or not self.accepts:
            return 401, b"Signature could not be verified"
        try:
            key.verify(unpadded(signature), data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return 401, b"Signature could not be verified"
        assert headers["authorization"].startswith("SamplyJWT ")
        assert method == "GET"
        if path.endswith("/certs"):
            return 200, list(self.certificates)
        if path.endswith("/im-ca"):
            return 200, pem(certificate("Broker-Intermediate", OTHER_KEY, ROOT_KEY)).encode()
        found = self.certificates.get(path.rsplit("/", 1)[1])
        return (200, pem(found).encode()) if found else (204, b"")

    def newest(self, serial: str | None) -> Any:
        """Return the public key that a signature is checked with."""
        named = [self.certificates[serial]] if serial in self.certificates else []
        own = [entry for entry in self.certificates.values() if probe.common_name(entry) == self.proxy_id]
        valid = [entry for entry in (named if serial else own) if probe.moments(entry)[1] > time.time()]
        return max(valid, key=lambda entry: probe.moments(entry)[0]).public_key() if valid else None

    def answer_proxy(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer as the proxy, with a Focus behind it."""
        if path == "/v1/health":
            return 200, b""
        if headers["authorization"] != "ApiKey probe.ward.broker.test P":
            return 401, b""
        if method == "POST":
            task = json.loads(body)
            self.tasks[task["id"]] = task
            return self.post_status, b"text"
        if self.result_status != 200:
            return self.result_status, b""
        task = self.tasks[path.split("/")[3]]
        claimed = {"status": "claimed", "body": ""}
        if self.final is not None:
            return 200, [claimed] if not self.final else [claimed, self.final]
        if task["metadata"]["project"] == "focus-healthcheck":
            return 200, [claimed, {"status": "succeeded", "body": "healthy"}]
        answer = self.mediator_answer[1]
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return 200, [{"status": "succeeded", "body": base64.b64encode(data).decode()}]

    def inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        """Answer as the engine would."""
        if kind == "network":
            return self.networks[0] if self.networks else None
        return {"Id": "sha256:1"} if kind == "image" else self.containers.get(name)

    def log(self, name: str, _lines: int) -> str | None:
        """Return the end of a log."""
        return self.logs.get(name, "")

    def look(self, check: bool = False, **changes: Any) -> dict[str, Any]:
        """Run the module and return its result."""
        world = self
        given = {
            "provider_id": "ward",
            "broker_url": f"http://broker.test:{self.broker.port}",
            "endpoint_type": "omop",
            "endpoint_url": f"http://127.0.0.1:{self.mediator.port}/",
            "extra_hosts": {"broker.test": "127.0.0.1"},
            "timeout": 2,
            "images": [
                {"service": service, "reference": f"x/{service}:1", "origin": "o"}
                for service in ("beam-proxy", "focus")
            ],
            "record": str(self.base / "images.json"),
            "environments": self.environment,
            "environment_directory": str(self.base),
            "secrets_directory": str(self.base / "secrets"),
            "private_key_file": str(self.base / "key.pem"),
            "request_file": str(self.base / "csr.pem"),
            "root_certificate_file": str(self.base / "root.pem"),
            "root_certificate": pem(self.root),
            "certificate_store": str(self.base / "state" / "certificate.json"),
            **changes,
        }

        class FakeModule:
            """What the module needs of AnsibleModule."""

            def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool) -> None:
                self.params = {item: given.get(item, spec.get("default")) for item, spec in argument_spec.items()}
                self.check_mode = check and supports_check_mode

            def get_bin_path(self, _name: str) -> str | None:
                """Say where docker is."""
                return world.docker

            def exit_json(self, **result: Any) -> NoReturn:
                """End well."""
                raise Ended(result)

            def fail_json(self, **result: Any) -> NoReturn:
                """End badly."""
                raise Ended({"failed": True, **result})

        self.monkeypatch.setattr(probe, "AnsibleModule", FakeModule)
        self.monkeypatch.setattr(engine, "error", lambda: self.engine)
        self.monkeypatch.setattr(engine, "inspect", self.inspect)
        self.monkeypatch.setattr(engine, "logs", self.log)
        with pytest.raises(Ended) as ended:
            probe.main()
        return ended.value.result

    def row(self, requirement: str, **changes: Any) -> str:
        """Return status and measurement of one row."""
        row = next(row for row in self.look(**changes)["rows"] if row["requirement"] == requirement)
        return f"{row['status']}: {row['measured']}"

    def stop(self) -> None:
        """End all servers."""
        for server in (self.broker, self.proxy, self.mediator):
            server.stop()


REAL_LSTAT = os.lstat


def lstat_of_root(path: Any, **options: Any) -> os.stat_result:
    """Return what is true of a file, but for the owner: tests also run as somebody else than root."""
    found = list(REAL_LSTAT(path, **options))
    found[4] = 0
    return os.stat_result(found)


def unpadded(text: str) -> bytes:
    """Return base64url without padding as data."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Return a world in which all is well."""
    made = World(monkeypatch, tmp_path)
    yield made
    made.stop()


def test_all_is_well(world: World) -> None:
    found = world.look()
    assert found["cause"] == "connected_and_answering", found["message"]
    assert found["data_sets"] == ["Breast"]
    assert found["certificate_days"] in (19, 20)
    assert found["changed"] is False
    assert {row["status"] for row in found["rows"]} == {"met"}
    stored = json.loads((world.base / "state" / "certificate.json").read_text())
    assert stored["serial"] == "aa:02"


def test_certificates_of_others_are_asked_for_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fetch = probe.BrokerLook.fetch

    def counted(look: probe.BrokerLook, serial: str) -> Any:
        asked.append(serial)
        return fetch(look, serial)

    monkeypatch.setattr(probe.BrokerLook, "fetch", counted)
    store = world.base / "state" / "certificate.json"
    for serials in (["aa:02", "aa:01"], ["aa:02"]):
        assert world.look()["answering"]
        assert asked == serials
        asked.clear()
    world.certificates["aa:03"] = certificate("third.broker.test", OTHER_KEY, ROOT_KEY)
    assert world.look()["answering"]
    assert asked == ["aa:02", "aa:03"]
    del world.certificates["aa:01"]
    assert world.look()["answering"]
    assert json.loads(store.read_text())["others"] == ["aa:03"]
    store.write_text(json.dumps({**json.loads(store.read_text()), "others": 1}))
    asked.clear()
    assert world.look()["answering"]
    assert asked == ["aa:02", "aa:03"]


def test_a_quick_look_sends_nothing_and_check_mode_keeps_nothing(world: World) -> None:
    assert world.look(check=True, depth="state")["cause"] == "enrolled"
    assert world.tasks == {}
    assert not (world.base / "state").exists()


def test_not_enrolled_then_enrolled_then_expired(world: World) -> None:
    own = world.certificates.pop("aa:02")
    world.logs = {}
    assert world.look()["cause"] == "not_enrolled"
    world.certificates["aa:02"] = own
    assert world.look()["cause"] == "connected_and_answering"
    world.certificates["aa:02"] = certificate(world.proxy_id, KEY, ROOT_KEY, -90000, -3600)
    stored = world.base / "state" / "certificate.json"
    data = json.loads(stored.read_text())
    stored.write_text(json.dumps({**data, "ends": time.time() - 3600}))
    found = world.look()
    assert found["cause"] == "certificate_expired"
    assert "minutes ago" in found["message"]


def test_expired_by_the_log_alone(world: World) -> None:
    del world.certificates["aa:02"]
    assert world.look()["cause"] == "certificate_expired"


def test_a_newer_certificate_of_another_key(world: World) -> None:
    assert world.look()["answering"]
    world.certificates["aa:03"] = certificate(world.proxy_id, OTHER_KEY, ROOT_KEY, -10)
    assert world.look()["cause"] == "key_does_not_match_certificate"


def test_a_key_that_was_swapped(world: World) -> None:
    assert world.look()["answering"]
    (world.base / "key.pem").write_bytes(private(OTHER_KEY))
    assert world.look()["cause"] == "key_does_not_match_certificate"


def test_a_refusal_without_a_reason(world: World) -> None:
    assert world.look()["answering"]
    world.accepts = False
    assert world.look()["cause"] == "certificate_revoked"


@pytest.mark.parametrize(("shift", "cause"), [(7200, "clock_slow"), (-1800, "clock_fast")])
def test_clocks(world: World, shift: float, cause: str) -> None:
    world.broker.shift = shift
    assert world.look()["cause"] == cause


def test_the_broker_is_not_there(world: World) -> None:
    assert world.look(extra_hosts={"broker.test": "127.0.0.1"}, broker_url="http://broker.test:9")["cause"] == (
        "broker_unreachable_tcp"
    )
    assert world.look(broker_url="http://broker.invalid", provider_id="ward")["cause"] == "broker_unreachable_dns"
    assert world.look(broker_url=f"https://broker.test:{world.broker.port}")["cause"] == "broker_unreachable_tls"


def test_somebody_else_answers_for_the_broker(world: World) -> None:
    world.health = (200, b"<html>log in</html>")
    assert world.look()["cause"] == "broker_unreachable_http"
    world.health = (200, [])
    assert world.look()["cause"] == "broker_unreachable_http"
    world.health = (0, b"")
    assert world.look()["cause"] == "broker_unreachable_http"
    world.health = (503, {"summary": "unhealthy", "vault": "lockedorsealed"})
    found = world.look()
    assert found["cause"] == "broker_unhealthy"
    assert "lockedorsealed" in found["message"]


def test_a_broker_that_is_locked_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = world.answer_broker

    def slow(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path != "/v1/health":
            time.sleep(1.5)
        return answer(method, path, headers, body)

    locked = Server(slow)
    monkeypatch.setattr(probe, "LOG_LINES", 10)
    found = world.look(broker_url=f"http://broker.test:{locked.port}", timeout=1)
    locked.stop()
    assert found["cause"] == "broker_locked_up"


def test_a_root_certificate_of_another_network(world: World) -> None:
    world.root = certificate("Broker-Root", OTHER_ROOT_KEY, OTHER_ROOT_KEY)
    world.write()
    assert world.look()["cause"] == "root_certificate_wrong"


def test_the_root_certificate_on_the_node(world: World) -> None:
    assert "is not the configured one" in world.row("FED-KEY", root_certificate="another")
    (world.base / "root.pem").write_text("nonsense")
    assert "cannot be read" in world.row("FED-KEY")
    (world.base / "root.pem").unlink()
    assert "does not exist" in world.row("FED-KEY")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (private(KEY, b"x"), "encrypted"),
        (b"nonsense", "no private key"),
        (private(ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        (private(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (damaged(), "the key is damaged"),
        (None, "does not exist"),
    ],
)
def test_keys_that_cannot_be_used(world: World, content: bytes | None, words: str) -> None:
    if content is None:
        (world.base / "key.pem").unlink()
    else:
        (world.base / "key.pem").write_bytes(content)
    found = world.look()
    assert found["cause"] == "key_unusable"
    assert words in found["message"]


def test_a_library_that_always_checks_keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "SKIPS_SINCE", 1 << 20)
    assert world.look()["answering"]
    (world.base / "key.pem").write_bytes(damaged())
    assert world.look()["cause"] == "key_unusable"


def test_modes_and_kinds_of_files(world: World) -> None:
    (world.base / "key.pem").chmod(0o644)
    assert "has mode 0644, not 0600" in world.row("FED-KEY")
    (world.base / "focus.env").unlink()
    (world.base / "focus.env").mkdir()
    assert "no regular file" in world.row("FED-ENV")


def test_a_request_that_cannot_be_read(world: World) -> None:
    (world.base / "csr.pem").write_text("nonsense")
    assert world.look()["answering"]
    assert world.look(request_file="")["answering"]


def test_settings_that_drifted(world: World) -> None:
    (world.base / "focus.env").write_text("API_KEY='wrong'\n")
    row = world.row("FED-ENV")
    assert "focus.env is not as configured: API_KEY" in row
    assert "wrong" not in row
    world.containers["beam-proxy"]["Config"]["Env"] = ["A=2"]
    assert "beam-proxy runs with other settings: A, APP_focus_KEY, B" in world.row("FED-ENV")
    (world.base / "secrets" / "focus_api_key").unlink()
    assert "the secret 'focus_api_key' is missing" in world.row("FED-ENV")


def test_a_wrong_key_of_the_probe(world: World) -> None:
    (world.base / "secrets" / "probe_api_key").write_text("other\n")
    assert world.look()["cause"] == "wrong_api_key"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (424, "certificate_revoked"),
        (502, "broker_unreachable_from_container"),
        (404, "broker_unreachable_http"),
        (0, "starting"),
    ],
)
def test_a_task_that_is_not_taken(world: World, status: int, cause: str) -> None:
    world.post_status = status
    assert world.look()["cause"] == cause


def test_results_that_never_come(world: World) -> None:
    world.final = {}
    assert world.look()["cause"] == "focus_does_not_answer"
    world.result_status = 404
    assert world.look()["cause"] == "focus_does_not_answer"
    world.result_status = 0
    assert world.look()["cause"] == "starting"


def test_a_focus_that_fails(world: World) -> None:
    world.final = {"status": "permfailed", "body": "Cannot parse query."}
    assert world.look()["cause"] == "focus_does_not_answer"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((200, b"<html>"), "mediator_unusable"),
        ((500, b""), "mediator_unusable"),
        ((401, b""), "mediator_unusable"),
        ((200, {"collections": []}), "too_few_data_sets"),
    ],
)
def test_answers_of_the_mediator(world: World, answer: Answer, cause: str) -> None:
    world.mediator_answer = answer
    assert world.look()["cause"] == cause


def test_a_mediator_that_is_redirected_or_only_known_to_focus(world: World) -> None:
    world.mediator_answer = (302, DATA_SETS)
    assert world.look()["answering"]
    world.mediator_answer = (200, DATA_SETS)
    assert world.look(endpoint_url="http://mediator.invalid/")["answering"]
    # Focus reaches what the host does not.
    assert world.look(endpoint_url="http://127.0.0.1:9/")["answering"]
    world.networks[0]["Containers"] = {"1": {"Name": "med", "IPv4Address": "127.0.0.1/24"}}
    assert world.look(endpoint_url=f"http://med:{world.mediator.port}/", services=["beam-proxy", "focus"])["answering"]
    assert world.look(endpoint_type="eucaim-sql", endpoint_url="")["answering"]


def test_a_mediator_of_the_project(world: World) -> None:
    services = ["beam-proxy", "focus", "mediator"]
    world.mediator_answer = (200, b"")
    assert "does not exist" in world.look(services=services, endpoint_url="http://mediator/")["message"]
    world.mediator_answer = (200, DATA_SETS)
    world.containers["mediator"] = world.container("mediator")
    assert world.look(services=services, endpoint_url=f"http://mediator:{world.mediator.port}/")["answering"]


def test_containers_and_images(world: World) -> None:
    world.containers["focus"] = world.container("focus", Status="exited", ExitCode=22)
    world.final = {}
    assert world.look()["cause"] == "container_stopped"
    del world.containers["beam-proxy"]
    assert world.look()["cause"] == "container_missing"
    (world.base / "images.json").write_text("{broken")
    assert "is not recorded" in world.row("FED-BUILD")
    world.networks = []
    assert "does not exist" in world.row("FED-NET")


def test_the_engine_is_down(world: World) -> None:
    world.engine = "/run/docker.sock: Connection refused"
    assert "Connection refused" in world.look()["message"]
    world.engine = ""
    world.docker = None
    assert "not installed" in world.look()["message"]


def test_it_looks_again_while_that_may_help(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: setattr(world, "post_status", 201))
    world.post_status = 502
    found = world.look(wait=20)
    assert found["answering"]
    assert found["looks"] == 2


def test_through_an_http_proxy(world: World) -> None:
    calls: list[tuple[str, str, str]] = []

    def forward(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        calls.append((method, path, headers.get("proxy-authorization", "")))
        return world.answer_broker(method, path.removeprefix(f"http://broker.test:{world.broker.port}"), headers, body)

    gateway = Server(forward)
    found = world.look(http_proxy=f"http://u:p%40@127.0.0.1:{gateway.port}", no_proxy=["127.0.0.1"])
    assert found["answering"]
    assert calls[0] == ("GET", f"http://broker.test:{world.broker.port}/v1/health", "Basic dTpwQA==")
    refused = world.look(
        broker_url="https://broker.test", https_proxy=f"http://127.0.0.1:{gateway.port}", no_proxy=["127.0.0.1"]
    )
    gateway.stop()
    assert refused["cause"] == "broker_unreachable_tcp"
    assert "HTTP proxy" in refused["message"]


def test_the_store_of_another_node_or_hand_is_not_believed(world: World) -> None:
    state = world.base / "state"
    state.mkdir()
    world.logs = {}
    del world.certificates["aa:02"]
    for text in ("{}", "[]", "{broken", json.dumps({"proxy_id": world.proxy_id})):
        (state / "certificate.json").write_text(text)
        assert world.look()["cause"] == "not_enrolled"


def test_without_the_library(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "CRYPTOGRAPHY_ERROR", "no module")
    assert "cryptography" in world.look()["msg"]
