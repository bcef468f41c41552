# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node must be before anything is installed on it: parsers and judgements of the preflight probe.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import ipaddress
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timezone
from email.utils import parsedate_to_datetime
from statistics import median
from urllib.parse import urlsplit

from ansible_collections.eucaim.local_node.plugins.module_utils._platforms import NEEDED, judge_support
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

# Beam's limits: a token lives one hour and 900 seconds are forgiven either way.
SLOWEST_SECONDS = 75 * 60
FASTEST_SECONDS = 15 * 60
# A Date header counts whole seconds, cut off: half a second is the fairest guess.
DATE_HEADER_BIAS = 0.5

DEFAULT_PORTS = {"http": 80, "https": 443}
PCI_CLASSES = {0x01: "storage", 0x02: "network", 0x03: "display"}
PCI_PLAIN_VGA = 0x0300

# Kinds of failure that say something of another requirement than reach.
CLOCK = "clock"
NO_CA = "no-ca"
FAULT = "fault"
PROXY = "proxy"

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")


@dataclass(frozen=True)
class Target:
    """Something on the network that the node has to reach."""

    text: str
    scheme: str  # http, https or tcp
    host: str
    port: int
    path: str

    @property
    def address(self) -> str:
        """Return host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Reach:
    """What came of trying one target."""

    target: Target
    steps: tuple[str, ...] = ()  # what worked, in words
    failure: str = ""  # what did not, in words
    kind: str = ""  # CLOCK, NO_CA, PROXY or FAULT
    latencies_ms: tuple[float, ...] = ()
    attempts: int = 0
    skew_seconds: float | None = None
    via: str = ""

    @property
    def reached(self) -> bool:
        """Say whether every step worked."""
        return not self.failure

    def text(self) -> str:
        """Return one line for the table."""
        line = f"{self.target.text}: "
        if self.via:
            line += f"through {self.via}: "
        line += ", ".join([*self.steps, *([self.failure] if self.failure else [])])
        if self.latencies_ms:
            line += f", {median(self.latencies_ms):.3g} ms"
            lost = self.attempts - len(self.latencies_ms)
            if lost:
                line += f" ({lost} of {self.attempts} connects lost)"
        return line


@dataclass(frozen=True)
class PciDevice:
    """A device of the PCI bus."""

    address: str
    class_code: int  # class and subclass, e.g. 0x0200
    vendor: str
    device: str
    driver: str

    @property
    def kind(self) -> str:
        """Return storage, network or display, or nothing for the other classes."""
        return PCI_CLASSES.get(self.class_code >> 8, "")

    def text(self) -> str:
        """Return how a person finds the device with lspci."""
        return f"{self.kind} device {self.address} [{self.vendor}:{self.device}]"


@dataclass(frozen=True)
class Measured:
    """Everything that the probe read on the node."""

    os_id: str
    os_version: str
    os_name: str
    today: date
    container: str
    devices: tuple[PciDevice, ...] | None
    sources: tuple[Reach, ...]
    local_sources: bool
    sources_tried: bool
    targets: tuple[Reach, ...]
    time_service: str
    kernel_synchronised: bool | None
    at: str
    network: tuple[Mapping[str, str], ...] = ()  # what network_check has found about NET-REACH


@dataclass(frozen=True)
class Wanted:
    """What the inventory says."""

    tier: int
    clock_tolerance: int
    extended_support: bool
    require_reach: bool


@dataclass(frozen=True)
class Verdict:
    """The rows, and the reasons to stop."""

    rows: tuple[dict[str, str], ...]
    refusals: tuple[Refusal, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


def parse_os_release(text: str) -> dict[str, str]:
    """Return the assignments of /etc/os-release."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            values[name] = value.strip().strip("\"'")
    return values


def parse_target(text: str) -> Target:
    """Return a URL (http, https) or host:port as a target; raise ValueError with the reason."""
    wanted = text.strip()
    if "://" not in wanted:
        parts = urlsplit(f"tcp://{wanted}")
    else:
        parts = urlsplit(wanted)
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError(f"the scheme {parts.scheme!r} is neither http nor https")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port is no number from 1 to 65535") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name or password")
    host = parts.hostname or ""
    if not host or not (HOST.fullmatch(host) or (":" in host and IPV6.fullmatch(host))):
        raise ValueError("it has no valid host name or address")
    if port is None:
        port = DEFAULT_PORTS.get(parts.scheme)
    if not port:
        raise ValueError("it has no port (write host:port or a URL)")
    path = parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    return Target(wanted, parts.scheme, host, port, path)


def bypassed(host: str, no_proxy: Iterable[str]) -> bool:
    """Say whether a host is reached without the proxy."""
    for entry in no_proxy:
        if entry == "*" or host == entry.lstrip(".") or host.endswith("." + entry.lstrip(".")):
            return True
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue
    return False


def _usable_uri(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def parse_apt_list(text: str) -> list[str]:
    """Return the URIs of a one-line-style sources.list."""
    uris = []
    for line in text.splitlines():
        words = re.sub(r"\[[^\]]*\]", "", line.split("#", 1)[0]).split()
        if len(words) >= 3 and words[0] == "deb":
            uris.append(words[1])
    return uris


def parse_apt_deb822(text: str) -> list[str]:
    """Return the URIs of the enabled binary stanzas of a .sources file."""
    uris: list[str] = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, _unused, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        disabled = fields.get("enabled", "yes").lower() in ("no", "false", "0")
        if "deb" in fields.get("types", "").split() and not disabled:
            uris.extend(fields.get("uris", "").split())
    return uris


def parse_yum_repo(text: str, values: Mapping[str, str]) -> list[str]:
    """Return one address of each enabled repository of a .repo file, with its $variables filled in."""
    uris: list[str] = []
    for section in re.split(r"(?m)^(?=\[)", text):
        options = dict(re.findall(r"(?m)^([a-z_]+)\s*=\s*(.*)$", section))
        if options.get("enabled", "1").strip() in ("0", "false", "no"):
            continue
        for name in ("baseurl", "mirrorlist", "metalink"):
            if options.get(name, "").strip():
                uri = options[name].split()[0]
                for variable, value in values.items():
                    uri = uri.replace(f"${variable}", value)
                uris.append(uri)
                break
    return uris


def parse_apt_proxies(dump: str) -> dict[str, str]:
    """Return the proxies of `apt-config dump`: by scheme, or by host for host-specific ones."""
    found: dict[str, str] = {}
    for scheme, host, value in re.findall(r'(?im)^Acquire::(https?)::Proxy(?:::(\S+))? "([^"]*)";$', dump):
        found[host or scheme.lower()] = value
    return found


def apt_source_places(dump: str) -> tuple[str, str]:
    """Return the file and the folder that apt reads sources from, by `apt-config dump`: a site may let others rest."""
    found = dict(re.findall(r'(?im)^Dir::Etc::(sourcelist|sourceparts) "([^"]*)";$', dump))
    places = [found.get("sourcelist", "sources.list"), found.get("sourceparts", "sources.list.d")]
    file, folder = (place if place.startswith("/") else f"/etc/apt/{place}" for place in places)
    return file, folder


def source_targets(uris: Iterable[str]) -> list[Target]:
    """Return each package server once, in the order in which the node's sources name it."""
    targets: dict[str, Target] = {}
    for uri in uris:
        plain = re.sub(r"^(mirror|tor)\+", "", uri)
        if not _usable_uri(plain):
            continue
        try:
            target = parse_target(re.sub(r"//[^/@]*@", "//", plain))
        except ValueError:
            continue
        targets.setdefault(f"{target.scheme}://{target.address}", target)
    return list(targets.values())


def skew_of(before: float, after: float, header: str) -> float | None:
    """Return how many seconds the node is fast (positive) or slow against a Date header; None if it is no date."""
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (before + after) / 2 - (moment.timestamp() + DATE_HEADER_BIAS)


def median_skew(reaches: Iterable[Reach]) -> float | None:
    """Return the median over the targets that gave a date."""
    skews = [reach.skew_seconds for reach in reaches if reach.skew_seconds is not None]
    return median(skews) if skews else None


def duration(seconds: float) -> str:
    """Return a length of time as a person says it."""
    amount = abs(seconds)
    if amount < 120:
        return f"{amount:.1f} s"
    if amount < 7200:
        return f"{amount / 60:.0f} min"
    if amount < 172800:
        return f"{amount / 3600:.1f} h"
    return f"{amount / 86400:.0f} days"


def said_skew(seconds: float) -> str:
    """Return a skew in words."""
    if abs(seconds) < 1.5:
        return "the clock is right (within a second and a half)"
    return f"the clock is {duration(seconds)} {'fast' if seconds > 0 else 'slow'}"


def row(requirement: str, status: str, expected: str, measured: str, how: str, at: str) -> dict[str, str]:
    """Return one row of evidence."""
    return {
        "requirement": requirement,
        "status": status,
        "expected": expected,
        "measured": measured,
        "how": how,
        "at": at,
    }


def _judge_lts(measured: Measured, wanted: Wanted) -> tuple[dict[str, str], list[Refusal]]:
    support = judge_support(
        measured.os_id, measured.os_version, measured.os_name, measured.today, wanted.extended_support
    )
    status = "met" if support.supported else "unmet"
    entry = row("OS-LTS", status, NEEDED, support.found, "/etc/os-release and the table of end dates", measured.at)
    if support.supported:
        return entry, []
    return entry, [Refusal("OS-LTS", "operating system", support.found, NEEDED, support.remedy)]


def undriven(devices: Iterable[PciDevice], tier: int) -> list[PciDevice]:
    """Return the storage, network and display devices without a driver.

    A plain VGA adapter works through the firmware; it needs a driver only where it may compute (Tier 3).
    """
    return [
        device
        for device in devices
        if device.kind and not device.driver and (device.class_code != PCI_PLAIN_VGA or tier == 3)
    ]


def _judge_devices(measured: Measured, wanted: Wanted) -> dict[str, str]:
    statuses, texts = [], []
    if measured.container:
        statuses.append("unanswered")
        texts.append(f"devices not measured: this is a container ({measured.container}), the hardware is its host's")
    elif measured.devices is None:
        statuses.append("unanswered")
        texts.append("devices not measured: /sys/bus/pci cannot be read")
    else:
        missing = undriven(measured.devices, wanted.tier)
        statuses.append("unmet" if missing else "met")
        counted = sum(1 for device in measured.devices if device.kind)
        if missing:
            texts.append("no driver for " + ", ".join(device.text() for device in missing))
        else:
            texts.append(f"{counted} storage, network and display devices, each with a driver")
    source_status, source_text = _judge_sources(measured)
    statuses.append(source_status)
    texts.append(source_text)
    return row(
        "OS-DEVICES",
        worst(statuses),
        "every storage, network and display device has a driver; the package source is reached",
        "; ".join(texts),
        "/sys/bus/pci/devices, the node's package sources, DNS, TCP and TLS",
        measured.at,
    )


def _judge_sources(measured: Measured) -> tuple[str, str]:
    if measured.sources:
        status, text = judge_reach(measured.sources)
        return status, f"package source {text}"
    if measured.local_sources:
        return "met", "package source is on the node itself"
    if not measured.sources_tried:
        return "unanswered", "package sources not tried, as the inventory says (preflight_package_source)"
    return "unmet", "no package source is configured"


def worst(statuses: Sequence[str]) -> str:
    """Return the status of a row that several looks make."""
    for status in ("unmet", "unanswered", "met"):
        if status in statuses:
            return status
    return "unanswered"


def judge_reach(reaches: Sequence[Reach]) -> tuple[str, str]:
    """Return the status and the words for a list of targets."""
    statuses = []
    texts = []
    for reach in reaches:
        text = reach.text()
        if reach.reached:
            statuses.append("met")
        elif reach.kind == CLOCK:
            statuses.append("unanswered")
            text += " (not measured: the clock is off, OS-TIME)"
        elif reach.kind == NO_CA:
            statuses.append("unanswered")
            text += " (not measured: the role base installs ca-certificates)"
        else:
            statuses.append("unmet")
        texts.append(text)
    return worst(statuses), "; ".join(texts)


def _judge_targets(measured: Measured, wanted: Wanted) -> tuple[dict[str, str], list[Refusal], list[str]]:
    expected = "name resolved, connected, certificate trusted, for each target of preflight_reach_targets"
    how = "DNS, TCP connects (median time), TLS handshake"
    status, text = judge_reach(measured.targets)
    lost = [reach.text() for reach in measured.targets if reach.kind in (FAULT, PROXY)]
    if not measured.targets:
        text = "not measured: no target is given (preflight_reach_targets)"
    if measured.network:
        asked = [each for each in measured.network if each["verdict"] != "not_applicable"]
        status = worst([*([status] if measured.targets or not asked else []), *(each["verdict"] for each in asked)])
        said = [_network_text(each) for each in measured.network]
        text = "; ".join([*([text] if measured.targets or not asked else []), *said])
        expected = "; ".join([expected, *(f"{each['item']}: {each['minimum']}" for each in asked)])
        how += "; ICMP or TCP connects to the targets and the peer of the network check"
        lost += [_network_text(each) for each in asked if each["verdict"] == "unmet"]
    entry = row("NET-REACH", status, expected, text, how, measured.at)
    if status != "unmet":
        return entry, [], []
    found = "; ".join(lost)
    if wanted.require_reach:
        remedy = "have the site's firewall let the node out to these addresses, or set preflight_http_proxy"
        return entry, [Refusal("NET-REACH", "preflight_reach_targets", found, expected, remedy)], []
    return entry, [], [f"[NET-REACH] {found}. The run goes on; the federation will not connect until this is mended."]


def _network_text(finding: Mapping[str, str]) -> str:
    """Return a finding of network_check in words."""
    return f"{finding['item']}: {finding['found']}{' (' + finding['reason'] + ')' if finding['reason'] else ''}"


def _judge_proxy(measured: Measured) -> list[Refusal]:
    """Whom the proxy does not let out, no package manager and no engine gets out either."""
    refused = [reach for reach in (*measured.sources, *measured.targets) if reach.kind == PROXY]
    if not refused:
        return []
    needed = "a user and password with which the proxy lets this node out"
    remedy = (
        "correct them in site_http_proxy, as http://user:password@host:port, special characters written as %XX "
        "(@ is %40, : is %3A, / is %2F, % is %25, # is %23), or ask whoever runs the proxy to let this node out without"
    )
    return [Refusal("NET-REACH", "site_http_proxy", refused[0].text(), needed, remedy)]


def _judge_time(measured: Measured, wanted: Wanted) -> tuple[dict[str, str], list[Refusal]]:
    expected = f"at most {wanted.clock_tolerance} s off; Beam refuses a node more than 75 min slow or 15 min fast"
    how = "HTTP Date of the targets that answered (median); time services on the node"
    around = measured.time_service
    if measured.kernel_synchronised is not None:
        around += ", kernel clock " + ("synchronised" if measured.kernel_synchronised else "not synchronised")
    skew = median_skew([*measured.targets, *measured.sources])
    if skew is None:
        text = f"clock not measured: no target answered with a date (NET-REACH); {around}"
        return row("OS-TIME", "unanswered", expected, text, how, measured.at), []
    found = said_skew(skew)
    status = "met" if abs(skew) <= wanted.clock_tolerance else "unmet"
    entry = row("OS-TIME", status, expected, f"{found}; {around}", how, measured.at)
    if -SLOWEST_SECONDS <= skew <= FASTEST_SECONDS:
        return entry, []
    needed = "at most 75 min slow and 15 min fast, or Beam answers 401 to everything"
    remedy = "set the clock (date --set, or let a time service do it) and run again"
    return entry, [Refusal("OS-TIME", "the node's clock", found, needed, remedy)]


def _judge_tier(measured: Measured, wanted: Wanted) -> list[dict[str, str]]:
    if wanted.tier != 2:
        return []
    how = "inventory: preflight_tier is 2"
    text = "this node is a Tier 2 node; asked of Tier 3 only"
    return [
        row(requirement, "not_applicable", "Tier 3 only", text, how, measured.at)
        for requirement in ("TIER-3", "FED-FP")
    ]


def judge(measured: Measured, wanted: Wanted) -> Verdict:
    """Return the rows of the preflight, what stops a run, and what only warns."""
    lts, lts_refusals = _judge_lts(measured, wanted)
    reach, reach_refusals, warnings = _judge_targets(measured, wanted)
    time, time_refusals = _judge_time(measured, wanted)
    rows = [lts, _judge_devices(measured, wanted), reach, time, *_judge_tier(measured, wanted)]
    return Verdict(
        tuple(rows), (*lts_refusals, *_judge_proxy(measured), *reach_refusals, *time_refusals), tuple(warnings)
    )


# With the eight columns by which Ansible indents it, the table fits a terminal of 80.
TABLE_WIDTH, TABLE_FIRST = 72, 13


def table(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the rows as lines of one table: of each item the verdict, what was found and what is needed."""
    rule = "-" * TABLE_WIDTH
    lines = [rule]
    for entry in rows:
        lines += _table_cell(entry["requirement"], entry["status"].replace("_", " "))
        lines += _table_cell("  found", entry["measured"])
        lines += _table_cell("  needed", entry["expected"])
        lines.append(rule)
    return lines


def _table_cell(title: str, text: str) -> list[str]:
    first, further = title.ljust(TABLE_FIRST), " " * TABLE_FIRST
    lines = textwrap.wrap(
        text,
        TABLE_WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [title]
