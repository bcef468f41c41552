# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe looks at this machine and at small servers of the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _preflight as util
from ansible_collections.eucaim.local_node.plugins.modules import preflight_probe as probe

OK = b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
CACHED = OK.replace(b"Content-Length", b"Age: 7\r\nContent-Length")
BROKEN = OK.replace(b"200 OK", b"502 Bad Gateway")


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.run_command_environ_update: dict[str, str] = {}
        self.warnings: list[str] = []
        self.apt = True

    def __call__(self, **_options: Any) -> FakeModule:
        """Stand in for the class too."""
        return self

    def get_bin_path(self, name: str) -> str | None:
        """Say where a program is."""
        return f"/usr/bin/{name}" if self.apt else None

    def run_command(self, argv: list[str]) -> tuple[int, str, str]:
        """Answer as apt-config would."""
        return 0, 'Acquire::http::Proxy "http://p:1";\nAcquire::http::Proxy::a.example "DIRECT";\n', ""

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, msg: str) -> NoReturn:
        """End badly."""
        raise Ended(True, {"msg": msg})


@contextmanager
def server(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """Serve answers to whatever comes, on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _unused = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(2)
            try:
                while request := connection.recv(65536):
                    connection.sendall(answer(request))
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def reach(text: str, proxy: str = "", certificates: list[str] | None = None) -> util.Reach:
    """Try one target."""
    prober = probe.Prober(1.0, 2, certificates or [])
    return prober.try_target(util.parse_target(text), probe.Proxy(proxy) if proxy else None)


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_plain_http() -> None:
    """A server that answers gives steps, times and a skew."""
    with server(lambda request: OK) as port:
        found = reach(f"http://127.0.0.1:{port}/x")
    assert found.reached
    assert found.steps == ("address given", "connected", "answers")
    assert len(found.latencies_ms) == 2
    assert found.skew_seconds is not None


@pytest.mark.parametrize(("answer", "word"), [(CACHED, "answers"), (BROKEN, "answers with error 502")])
def test_dates_that_do_not_count(answer: bytes, word: str) -> None:
    """A cached or a failed answer says nothing of the clock."""
    with server(lambda request: answer) as port:
        found = reach(f"http://127.0.0.1:{port}")
    assert found.steps[-1] == word
    assert found.skew_seconds is None


def test_port_alone() -> None:
    """host:port is connected to, and no more."""
    with server(lambda request: OK) as port:
        found = reach(f"localhost:{port}")
    assert found.steps == ("name resolved", "connected")


def test_faults() -> None:
    """Each part that fails has its words."""
    assert "is not resolved" in reach("http://no-such-host.invalid").failure
    assert "no connection to 127.0.0.1" in reach(f"http://127.0.0.1:{closed_port()}").failure
    with server(lambda request: b"nonsense\r\n\r\n") as port:
        assert "no answer to an HTTP request" in reach(f"http://127.0.0.1:{port}").failure
        assert "no TLS handshake" in reach(f"https://127.0.0.1:{port}").failure
        assert "cannot be read" in reach(f"https://127.0.0.1:{port}", certificates=["no PEM"]).failure


def test_through_a_proxy() -> None:
    """A proxy is asked with the name and password that it was given, and its refusal is told."""
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return OK

    with server(answer) as port:
        found = reach("http://a.example/x", f"http://me:pass%20word@127.0.0.1:{port}")
        assert found.reached
        assert found.via == f"proxy 127.0.0.1:{port}"
        tunnel = reach("a.example:22", f"127.0.0.1:{port}")
    assert seen[0].startswith(b"HEAD http://a.example:80/x HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in seen[0]
    assert tunnel.steps == ("address given", "connected", "tunnel opened")
    with server(lambda request: b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        for target in ("a.example:22", "http://a.example"):
            unnamed = reach(target, f"127.0.0.1:{port}")
            assert "asks for a user and password" in unnamed.failure
            assert unnamed.kind == util.PROXY
            named = reach(target, f"http://u:secret@127.0.0.1:{port}")
            assert "does not accept the user and password" in named.failure
            assert "secret" not in named.text()
    with server(lambda request: b"") as port:
        assert "does not answer" in reach("a.example:22", f"127.0.0.1:{port}").failure


def settle(monkeypatch: pytest.MonkeyPatch, skew: float | None) -> util.Reach:
    """Try a target whose certificate is not valid today, on a machine with this skew."""

    def handshake(self: probe.Prober, connection: socket.socket, target: util.Target, trusting: bool) -> socket.socket:
        if not trusting:
            raise probe.Failed("the certificate is not valid today: TLS", util.CLOCK)
        if skew is None:
            raise probe.Failed("no TLS handshake: TLS")
        return connection

    monkeypatch.setattr(probe.Prober, "_handshake", handshake)
    monkeypatch.setattr(util, "skew_of", lambda before, after, header: skew)
    with server(lambda request: OK) as port:
        return reach(f"https://127.0.0.1:{port}")


@pytest.mark.parametrize(("skew", "kind"), [(5.0, util.FAULT), (None, util.FAULT), (86400.0 * 400, util.CLOCK)])
def test_old_certificate_or_wrong_clock(monkeypatch: pytest.MonkeyPatch, skew: float | None, kind: str) -> None:
    """Only a clock that is far off excuses a certificate that is not valid today."""
    found = settle(monkeypatch, skew)
    assert found.kind == kind
    assert found.skew_seconds == skew


@pytest.mark.parametrize(
    ("host", "entries", "expected"),
    [
        ("a.example.org", [".example.org"], True),
        ("example.org", ["example.org"], True),
        ("badexample.org", ["example.org"], False),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("10.1.2.3", ["192.0.2.0/24", "x"], False),
        ("any", ["*"], True),
    ],
)
def test_no_proxy(host: str, entries: list[str], expected: bool) -> None:
    """Hosts, domains and networks are reached without the proxy."""
    assert util.bypassed(host, entries) is expected


def test_pci(tmp_path: Path) -> None:
    """Class, ids and driver come from sysfs."""
    assert probe.pci_devices(str(tmp_path / "no")) is None
    device = tmp_path / "0000:00:01.0"
    device.mkdir()
    (device / "class").write_text("0x020000\n")
    (device / "vendor").write_text("0x8086\n")
    (device / "device").write_text("0x1533\n")
    (tmp_path / "igb").mkdir()
    (device / "driver").symlink_to(tmp_path / "igb")
    (tmp_path / "1").mkdir()
    found = probe.pci_devices(str(tmp_path))
    assert found is not None
    assert found[0] == util.PciDevice("0000:00:01.0", 0x0200, "8086", "1533", "igb")
    assert found[1].kind == ""


def test_package_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apt's proxies, dnf's proxy, or none."""
    module: Any = FakeModule({})
    found = probe.package_proxies(probe.apt_settings(module))
    assert found == {"http": "http://p:1", "a.example": "DIRECT"}
    site = probe.Proxy("http://u:secret@p:1")
    other = probe.Proxy("http://q:2")

    def way(target: str, given: probe.Proxy | None = None) -> probe.Proxy | None:
        return probe.package_proxy(found, util.parse_target(target), given, ["c.example"])

    assert way("http://a.example", site) is None
    own = way("http://b.example")
    assert own is not None
    assert own.text == "proxy p:1"
    assert way("http://b.example", site) is site
    assert way("http://b.example", other) is not other
    assert way("https://b.example") is None
    assert way("https://b.example", site) is site
    assert way("https://c.example", site) is None
    module.apt = False
    monkeypatch.setattr(probe, "read", lambda path: "[main]\nproxy=http://q:2\n")
    assert probe.package_proxies(probe.apt_settings(module)) == {"http": "http://q:2", "https": "http://q:2"}
    monkeypatch.setattr(probe, "read", lambda path: "")
    assert probe.package_proxies(probe.apt_settings(module)) == {}


def run(monkeypatch: pytest.MonkeyPatch, **params: Any) -> tuple[Ended, FakeModule]:
    """Run the module."""
    options = {
        "tier": 2,
        "reach_targets": [],
        "package_source": False,
        "http_proxy": None,
        "https_proxy": None,
        "no_proxy": [],
        "tls_ca_certificates": [],
        "connect_timeout": 1.0,
        "connects": 1,
        "clock_tolerance": 60,
        "extended_support": False,
        "require_reach": False,
        "network": [],
        **params,
    }
    module = FakeModule(options)
    monkeypatch.setattr(probe, "AnsibleModule", module)
    with pytest.raises(Ended) as ended:
        probe.main()
    return ended.value, module


def test_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module ends in rows and one table, and warns of what is not reached."""
    ended, module = run(monkeypatch, reach_targets=[f"127.0.0.1:{closed_port()}"])
    assert not ended.failed
    assert {row["requirement"] for row in ended.result["rows"]} >= {"OS-LTS", "OS-DEVICES", "NET-REACH", "OS-TIME"}
    assert ended.result["table"][1].split()[0] == "OS-LTS"
    assert "NET-REACH" in module.warnings[0]
    assert ended.result["clock_skew_seconds"] is None


@pytest.mark.parametrize(("sources", "says"), [("file:/srv/packages", "on the node itself"), ("", "not tried")])
def test_sources_that_are_not_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sources: str, says: str) -> None:
    """Where the others rest, only apt's one file of sources counts, also when nothing is tried."""
    path = tmp_path / "packages.sources"
    path.write_text(f"Types: deb\nURIs: {sources}\nSuites: trixie\n" if sources else "", encoding="ascii")
    settings = f'Dir::Etc::sourcelist "{path}";\nDir::Etc::sourceparts "/dev/null";\n'
    monkeypatch.setattr(probe, "apt_settings", lambda _module: settings)
    ended, _module = run(monkeypatch)
    (row,) = [row for row in ended.result["rows"] if row["requirement"] == "OS-DEVICES"]
    assert says in row["measured"]
    assert row["status"] != "unmet"


def test_sources_of_every_form_are_read(tmp_path: Path) -> None:
    """The file, and those in the folder that apt would read."""
    (tmp_path / "a.list").write_text("deb http://one.example/debian trixie main\n", encoding="ascii")
    (tmp_path / "b.sources").write_text("Types: deb\nURIs: http://two.example/debian\nSuites: x\n", encoding="ascii")
    (tmp_path / "c.save").write_text("deb http://three.example/debian trixie main\n", encoding="ascii")
    settings = f'Dir::Etc::sourcelist "/nowhere";\nDir::Etc::sourceparts "{tmp_path}";\n'
    found = probe.package_uris(settings)
    assert found[:2] == ["http://one.example/debian", "http://two.example/debian"]
    assert not [uri for uri in found if "three" in uri]


def test_bad_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no target is said before anything is tried."""
    ended, _unused = run(monkeypatch, reach_targets=["nonsense"])
    assert ended.failed
    assert "'nonsense'" in ended.result["msg"]


def test_this_machine_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sources, container, time service and kernel clock are read without root."""
    assert isinstance(probe.package_uris(""), list)
    assert isinstance(probe.container_kind(), str)
    assert probe.time_service()
    assert probe.kernel_synchronised() in (True, False, None)
    assert probe.no_certificates() in (True, False)
    monkeypatch.setattr(probe, "UNIT_DIRECTORIES", (str(tmp_path),))
    assert "no time service yet" in probe.time_service()
    (tmp_path / "chronyd.service").write_text("")
    assert "chrony not enabled" in probe.time_service()
