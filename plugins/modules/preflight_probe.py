# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_probe
short_description: Measure what a node must be before anything is installed on it
version_added: 0.1.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Reads the distribution and its end of support, the devices without a driver, the state of the time service,
    and how the network answers, in one execution and without root.
  - Connects to the targets and to the node's own package sources (DNS, TCP, TLS, one HEAD request for the date).
  - Returns evidence rows, one table for a person, and the reasons to stop a run.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.findings
options:
  tier:
    description: The tier that the node is to have.
    type: int
    choices: [2, 3]
    required: true
  reach_targets:
    description: URLs (http, https) or V(host:port) that the node has to reach.
    type: list
    elements: str
    default: []
  package_source:
    description: Whether the package servers that the node is configured for are tried too.
    type: bool
    default: true
  http_proxy:
    description: >-
      A proxy for O(reach_targets). The package sources take the package manager's own, and this one if it has none.
    type: str
  https_proxy:
    description: The proxy for targets with https, when it is another one than O(http_proxy).
    type: str
  no_proxy:
    description: Hosts, domains and networks that are reached without O(http_proxy).
    type: list
    elements: str
    default: []
  tls_ca_certificates:
    description: Certificates (PEM) that are trusted beside the node's own.
    type: list
    elements: str
    default: []
  connect_timeout:
    description: Seconds that one connect may take.
    type: float
    default: 5.0
  connects:
    description: How often each target is connected to, for the latency and the loss.
    type: int
    default: 3
  clock_tolerance:
    description: Seconds that the clock may be off.
    type: int
    default: 60
  extended_support:
    description: Whether the site has a contract for fixes after the public end of support.
    type: bool
    default: false
  require_reach:
    description: Whether a target that is not reached stops the run.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Measure a node that is to be Tier 2
  eucaim.local_node.preflight_probe:
    tier: 2
    reach_targets:
      - https://broker.eucaim.cancerimage.eu
  register: preflight
"""

RETURN = r"""
rows:
  description: One row of evidence for each requirement.
  returned: always
  type: list
  elements: dict
table:
  description: The rows as lines of one table.
  returned: always
  type: list
  elements: str
refusals:
  description: What makes a run pointless, one text each. Empty if nothing does.
  returned: always
  type: list
  elements: str
clock_skew_seconds:
  description: How many seconds the node is fast (positive) or slow; null if no target answered with a date.
  returned: always
  type: float
container:
  description: The kind of container that the node is, empty if it is none.
  returned: always
  type: str
"""

import base64
import ctypes
import glob
import http.client
import os
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _preflight as preflight
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence_row import FINDINGS

TIME_SERVICES = {
    "systemd-timesyncd": ("systemd-timesyncd",),
    "chrony": ("chronyd", "chrony"),
    "ntpsec": ("ntpsec", "ntpd"),
    "openntpd": ("openntpd",),
}
UNIT_DIRECTORIES = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
TIME_ERROR = 5  # adjtimex(2): the kernel's clock is not synchronised
DATE_TROUBLE = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class Failed(Exception):
    """A step towards a target did not work."""

    def __init__(self, text: str, kind: str = preflight.FAULT) -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind


def read(path: str) -> str:
    """Return a file's text, nothing if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def read_all(pattern: str) -> list[str]:
    """Return the texts of the files of a pattern, in the order of their names."""
    return [read(path) for path in sorted(glob.glob(pattern))]


def pci_devices(root: str = "/sys/bus/pci/devices") -> tuple[preflight.PciDevice, ...] | None:
    """Return the devices of the PCI bus; None if the kernel shows no bus."""
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return None
    devices = []
    for name in names:
        folder = os.path.join(root, name)
        code = read(os.path.join(folder, "class")).strip()
        driver = os.path.join(folder, "driver")
        devices.append(
            preflight.PciDevice(
                name,
                int(code, 16) >> 8 if code.startswith("0x") else 0,
                read(os.path.join(folder, "vendor")).strip().replace("0x", ""),
                read(os.path.join(folder, "device")).strip().replace("0x", ""),
                os.path.basename(os.readlink(driver)) if os.path.islink(driver) else "",
            )
        )
    return tuple(devices)


def container_kind() -> str:
    """Return the kind of container that this system is, nothing if it is none."""
    kind = read("/run/systemd/container").strip()
    if kind:
        return kind
    for path, name in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
        if os.path.exists(path):
            return name
    return ""


def time_service() -> str:
    """Say in words which time service is there, enabled and running, from files alone."""
    running = {read(path).strip() for path in glob.glob("/proc/[0-9]*/comm")}
    found = []
    for name, units in TIME_SERVICES.items():
        if not any(os.path.exists(f"{folder}/{unit}.service") for folder in UNIT_DIRECTORIES for unit in units):
            continue
        enabled = any(glob.glob(f"/etc/systemd/system/*.wants/{unit}.service") for unit in units)
        alive = any(unit[:15] in running for unit in (*units, "ntpd"))
        found.append(f"{name} {'enabled' if enabled else 'not enabled'}, {'running' if alive else 'not running'}")
    return "; ".join(found) or "no time service yet (the role base brings one)"


def kernel_synchronised() -> bool | None:
    """Ask the kernel whether something keeps its clock; None if it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    state = int(adjtimex(ctypes.create_string_buffer(512)))
    return None if state < 0 else state != TIME_ERROR


class Proxy:
    """A proxy for HTTP; its password never leaves this object but towards the proxy."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        self.host = parts.hostname or ""
        self.port = parts.port or 3128
        self.headers: dict[str, str] = {}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.headers["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()

    @property
    def text(self) -> str:
        """Return how the proxy is named to a person."""
        return f"proxy {self.host}:{self.port}"

    @property
    def refusal(self) -> str:
        """Return in words that the proxy wants to know who asks."""
        if self.headers:
            return "the proxy does not accept the user and password that it was given (407): proxy"
        return "the proxy asks for a user and password, and none was given (407): proxy"


class Prober:
    """Tries targets."""

    def __init__(self, timeout: float, connects: int, certificates: list[str]) -> None:
        self.timeout = timeout
        self.connects = max(1, connects)
        self.certificates = certificates

    def try_target(self, target: preflight.Target, proxy: Proxy | None) -> preflight.Reach:
        """Go as far towards a target as it goes."""
        reach = preflight.Reach(target, via=proxy.text if proxy else "")
        steps: list[str] = []
        first = (proxy.host, proxy.port) if proxy else (target.host, target.port)
        try:
            address = self._resolve(*first)
            steps.append("name resolved" if address[4][0] != first[0] else "address given")
            connection, latencies = self._connect(address)
            steps.append("connected")
            reach = replace(reach, latencies_ms=tuple(latencies), attempts=self.connects)
            with connection:
                reach = replace(reach, skew_seconds=self._talk(connection, target, proxy, steps))
        except Failed as failure:
            reach = replace(reach, failure=failure.text, kind=failure.kind)
            if failure.kind == preflight.CLOCK:
                reach = self._settle_dates(reach, proxy)
        return replace(reach, steps=tuple(steps))

    def _resolve(self, host: str, port: int) -> Any:
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Failed(f"the name {host} is not resolved ({error.strerror or error}): DNS") from None
        return addresses[0]

    def _connect(self, address: Any) -> tuple[socket.socket, list[float]]:
        """Connect several times; return the last connection and the milliseconds of each."""
        last: socket.socket | None = None
        error: OSError | None = None
        latencies: list[float] = []
        for _unused in range(self.connects):
            begin = time.monotonic()
            fresh = socket.socket(address[0], socket.SOCK_STREAM)
            fresh.settimeout(self.timeout)
            try:
                fresh.connect(address[4])
            except OSError as failure:
                error = failure
                fresh.close()
                if not latencies:
                    break
                continue
            latencies.append((time.monotonic() - begin) * 1000)
            if last is not None:
                last.close()
            last = fresh
        if last is None:
            reason = "no answer" if isinstance(error, TimeoutError) else str(getattr(error, "strerror", error))
            raise Failed(
                f"no connection to {address[4][0]} port {address[4][1]} ({reason}): TCP, a firewall or routing"
            )
        return last, latencies

    def _talk(
        self, connection: socket.socket, target: preflight.Target, proxy: Proxy | None, steps: list[str]
    ) -> float | None:
        """Shake hands and ask for the date; return the skew if there was one."""
        if proxy and target.scheme != "http":
            self._tunnel(connection, target, proxy)
            steps.append("tunnel opened")
        encrypted = target.scheme == "https" or (target.scheme == "tcp" and target.port == 443)
        if encrypted:
            connection = self._handshake(connection, target, trusting=False)
            steps.append("certificate trusted")
        if target.scheme == "tcp":
            return None
        return self._date(connection, target, proxy, steps)

    def _tunnel(self, connection: socket.socket, target: preflight.Target, proxy: Proxy) -> None:
        headers = "".join(f"{name}: {value}\r\n" for name, value in proxy.headers.items())
        request = f"CONNECT {target.address} HTTP/1.1\r\nHost: {target.address}\r\n{headers}\r\n"
        try:
            connection.sendall(request.encode())
            answer = b""
            while b"\r\n\r\n" not in answer and len(answer) < 65536:
                piece = connection.recv(1)
                if not piece:
                    break
                answer += piece
        except OSError as error:
            raise Failed(f"the proxy does not answer ({error}): proxy") from None
        status = answer.split(b"\r\n", 1)[0].decode(errors="replace").split()
        if len(status) < 2 or not status[1].startswith("2"):
            if status[1:2] == ["407"]:
                raise Failed(proxy.refusal, preflight.PROXY)
            raise Failed(f"the proxy refuses ({' '.join(status[1:]) or 'no answer'}): proxy")

    def _handshake(self, connection: socket.socket, target: preflight.Target, trusting: bool) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        if trusting:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        for certificate in self.certificates:
            try:
                context.load_verify_locations(cadata=certificate)
            except (ssl.SSLError, ValueError):
                raise Failed("preflight_tls_ca_certificates holds a certificate that cannot be read: TLS") from None
        try:
            return context.wrap_socket(connection, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code in DATE_TROUBLE:
                raise Failed(
                    f"the certificate is not valid today ({error.verify_message}): TLS", preflight.CLOCK
                ) from None
            if not self.certificates and no_certificates():
                raise Failed("this system has no CA certificates to check with: TLS", preflight.NO_CA) from None
            raise Failed(f"the certificate is not trusted ({error.verify_message}): TLS") from None
        except OSError as error:
            raise Failed(f"no TLS handshake ({getattr(error, 'reason', None) or error}): TLS") from None

    def _date(
        self, connection: socket.socket, target: preflight.Target, proxy: Proxy | None, steps: list[str]
    ) -> float | None:
        """Send one HEAD request; a late or broken answer only means that there is no date."""
        plain = proxy is not None and target.scheme == "http"
        where = f"http://{target.address}{target.path}" if plain else target.path
        extra = proxy.headers if proxy is not None and plain else {}
        lines = [f"HEAD {where} HTTP/1.1", f"Host: {target.address}", "Connection: close", "Cache-Control: no-cache"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        try:
            before = time.time()
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = http.client.HTTPResponse(connection, method="HEAD")
            answer.begin()
            after = time.time()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"no answer to an HTTP request ({error or type(error).__name__}): HTTP") from None
        if proxy is not None and plain and answer.status == 407:
            raise Failed(proxy.refusal, preflight.PROXY)
        if plain and answer.status in (502, 503, 504):
            raise Failed(f"the proxy answers {answer.status}: proxy")
        steps.append("answers" if answer.status < 500 else f"answers with error {answer.status}")
        if answer.status >= 500 or (answer.getheader("Age") or "0") != "0":
            return None
        return preflight.skew_of(before, after, answer.getheader("Date") or "")

    def _settle_dates(self, reach: preflight.Reach, proxy: Proxy | None) -> preflight.Reach:
        """Tell a wrong clock from an old certificate: ask again for the date alone, believing anyone."""
        target = reach.target
        first = (proxy.host, proxy.port) if proxy else (target.host, target.port)
        skew: float | None = None
        try:
            connection, _unused = self._connect(self._resolve(*first))
            with connection:
                if proxy:
                    self._tunnel(connection, target, proxy)
                skew = self._date(self._handshake(connection, target, trusting=True), target, None, [])
        except Failed:
            pass
        if skew is None or abs(skew) <= preflight.FASTEST_SECONDS:
            return replace(reach, kind=preflight.FAULT, skew_seconds=skew)
        return replace(reach, skew_seconds=skew)


def no_certificates() -> bool:
    """Say whether this system has no CA certificates at all."""
    paths = ssl.get_default_verify_paths()
    return not (paths.cafile or (paths.capath and os.listdir(paths.capath)))


def apt_settings(module: AnsibleModule) -> str:
    """Return apt's settings, nothing where there is no apt."""
    apt_config = module.get_bin_path("apt-config")
    return str(module.run_command([apt_config, "dump"])[1]) if apt_config else ""


def package_uris(settings: str) -> list[str]:
    """Return the addresses of the package sources that this system is configured for."""
    uris: list[str] = []
    file, folder = preflight.apt_source_places(settings)
    for path in [file, *sorted(glob.glob(f"{folder}/*"))]:
        if path.endswith(".list"):
            uris.extend(preflight.parse_apt_list(read(path)))
        elif path.endswith(".sources"):
            uris.extend(preflight.parse_apt_deb822(read(path)))
    release = preflight.parse_os_release(read("/etc/os-release"))
    values = {
        "releasever": release.get("VERSION_ID", "").split(".", maxsplit=1)[0],
        "basearch": os.uname().machine,
        **{os.path.basename(path): read(path).strip() for path in glob.glob("/etc/dnf/vars/*")},
    }
    for text in read_all("/etc/yum.repos.d/*.repo"):
        uris.extend(preflight.parse_yum_repo(text, values))
    return uris


def package_proxies(settings: str) -> dict[str, str]:
    """Return the proxies of the package manager."""
    if settings:
        return preflight.parse_apt_proxies(settings)
    for line in read("/etc/dnf/dnf.conf").splitlines():
        name, _unused, value = line.partition("=")
        if name.strip() == "proxy" and value.strip() not in ("", "_none_"):
            return {"http": value.strip(), "https": value.strip()}
    return {}


def package_proxy(
    proxies: dict[str, str], target: preflight.Target, given: Proxy | None, no_proxy: list[str]
) -> Proxy | None:
    """Return the proxy that the package manager takes for a server, or will take once it is set up."""
    url = proxies.get(target.host) or proxies.get(target.scheme) or ""
    if url == "DIRECT" or (not url and target.host in no_proxy):
        return None
    own = Proxy(url) if url else given
    # The package manager keeps user and password where only root can read them.
    return given if own and given and own.text == given.text else own


def probe(module: AnsibleModule) -> preflight.Measured:
    """Read the node and try the network."""
    options = module.params
    targets = []
    for text in options["reach_targets"]:
        try:
            targets.append(preflight.parse_target(text))
        except ValueError as error:
            module.fail_json(msg=f"reach_targets: {text!r}: {error}")
    plain = Proxy(options["http_proxy"]) if options["http_proxy"] else None
    secure = Proxy(options["https_proxy"]) if options["https_proxy"] else plain
    given = {"http": plain, "https": secure, "tcp": secure}
    jobs = [
        (item, None if preflight.bypassed(item.host, options["no_proxy"]) else given[item.scheme]) for item in targets
    ]
    settings = apt_settings(module)
    uris = package_uris(settings)
    configured = preflight.source_targets(uris)
    sources = configured if options["package_source"] else []
    proxies = package_proxies(settings) if sources else {}
    jobs += [(item, package_proxy(proxies, item, given[item.scheme], options["no_proxy"])) for item in sources]
    prober = Prober(options["connect_timeout"], options["connects"], options["tls_ca_certificates"])
    with ThreadPoolExecutor(max_workers=8) as pool:
        reaches = list(pool.map(lambda job: prober.try_target(*job), jobs))
    release = preflight.parse_os_release(read("/etc/os-release"))
    now = datetime.now(timezone.utc)
    return preflight.Measured(
        os_id=release.get("ID", ""),
        os_version=release.get("VERSION_ID", ""),
        os_name=release.get("PRETTY_NAME", ""),
        today=now.date(),
        container=container_kind(),
        devices=pci_devices(),
        sources=tuple(reaches[len(targets) :]),
        local_sources=bool(uris) and not configured,
        sources_tried=options["package_source"],
        targets=tuple(reaches[: len(targets)]),
        time_service=time_service(),
        kernel_synchronised=kernel_synchronised(),
        at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        network=tuple(each for each in options["network"] if each["requirement"] == "NET-REACH"),
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "tier": {"type": "int", "choices": [2, 3], "required": True},
            "reach_targets": {"type": "list", "elements": "str", "default": []},
            "package_source": {"type": "bool", "default": True},
            "http_proxy": {"type": "str", "no_log": True},
            "https_proxy": {"type": "str", "no_log": True},
            "no_proxy": {"type": "list", "elements": "str", "default": []},
            "tls_ca_certificates": {"type": "list", "elements": "str", "default": []},
            "connect_timeout": {"type": "float", "default": 5.0},
            "connects": {"type": "int", "default": 3},
            "clock_tolerance": {"type": "int", "default": 60},
            "extended_support": {"type": "bool", "default": False},
            "require_reach": {"type": "bool", "default": False},
            "network": FINDINGS,
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    measured = probe(module)
    options = module.params
    verdict = preflight.judge(
        measured,
        preflight.Wanted(
            tier=options["tier"],
            clock_tolerance=options["clock_tolerance"],
            extended_support=options["extended_support"],
            require_reach=options["require_reach"],
        ),
    )
    result: dict[str, Any] = {
        "changed": False,
        "rows": list(verdict.rows),
        "table": preflight.table(verdict.rows),
        "refusals": [refusal.text() for refusal in verdict.refusals],
        "clock_skew_seconds": preflight.median_skew([*measured.targets, *measured.sources]),
        "container": measured.container,
    }
    for warning in verdict.warnings:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
