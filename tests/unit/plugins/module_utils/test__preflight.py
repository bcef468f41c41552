# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsers and judgements of the preflight."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _preflight as preflight
from hypothesis import given
from hypothesis import strategies as st

BROKER = preflight.parse_target("https://broker.example.org")
MIRROR = preflight.parse_target("http://mirror.example.org/debian")
GOOD = preflight.Reach(
    BROKER, ("name resolved", "connected"), latencies_ms=(1.0, 3.0, 2.0), attempts=3, skew_seconds=0.2
)
SOURCE = preflight.Reach(MIRROR, ("connected",), latencies_ms=(1.0,), attempts=1, skew_seconds=0.4)
LOST = preflight.Reach(BROKER, ("name resolved",), "no connection: TCP", preflight.FAULT)
WANTED = preflight.Wanted(tier=2, clock_tolerance=60, extended_support=False, require_reach=False)
NETWORK = preflight.PciDevice("0000:00:01.0", 0x0200, "8086", "1533", "igb")
MEASURED = preflight.Measured(
    os_id="debian",
    os_version="13",
    os_name="Debian GNU/Linux 13 (trixie)",
    today=date(2026, 11, 23),
    container="",
    devices=(NETWORK,),
    sources=(SOURCE,),
    local_sources=False,
    sources_tried=True,
    targets=(GOOD,),
    time_service="chrony enabled, running",
    kernel_synchronised=True,
    at="2026-11-23T12:00:00Z",
)


def rows(measured: preflight.Measured, wanted: preflight.Wanted = WANTED) -> dict[str, dict[str, str]]:
    """Return the rows by their requirement."""
    return {row["requirement"]: row for row in preflight.judge(measured, wanted).rows}


def test_all_is_well() -> None:
    """A good machine meets everything that its tier asks."""
    verdict = preflight.judge(MEASURED, WANTED)
    assert not verdict.refusals
    assert not verdict.warnings
    found = rows(MEASURED)
    for requirement in ("OS-LTS", "OS-DEVICES", "NET-REACH", "OS-TIME"):
        assert found[requirement]["status"] == "met"
        assert found[requirement]["at"] == MEASURED.at
    for requirement in ("TIER-3", "FED-FP"):
        assert found[requirement]["status"] == "not_applicable"


def test_tier_three_asks_for_all() -> None:
    """A Tier 3 node has no row that does not apply."""
    assert "TIER-3" not in rows(MEASURED, replace(WANTED, tier=3))


def test_old_system_stops() -> None:
    """A system without fixes makes a run pointless."""
    verdict = preflight.judge(replace(MEASURED, os_version="10", os_name="Debian 10"), WANTED)
    assert [refusal.requirement for refusal in verdict.refusals] == ["OS-LTS"]
    assert verdict.rows[0]["status"] == "unmet"


@pytest.mark.parametrize(
    ("changes", "tier", "status", "says"),
    [
        (
            {"devices": (replace(NETWORK, driver=""),)},
            2,
            "unmet",
            "no driver for network device 0000:00:01.0 [8086:1533]",
        ),
        ({"devices": (replace(NETWORK, driver="", class_code=0x0601),)}, 2, "met", "0 storage, network and display"),
        ({"devices": (replace(NETWORK, driver="", class_code=0x0300),)}, 2, "met", "1 storage"),
        ({"devices": (replace(NETWORK, driver="", class_code=0x0300),)}, 3, "unmet", "no driver for display device"),
        ({"devices": (replace(NETWORK, driver="", class_code=0x0302),)}, 2, "unmet", "no driver for display device"),
        ({"devices": None}, 2, "unanswered", "cannot be read"),
        ({"container": "docker"}, 2, "unanswered", "this is a container (docker)"),
        ({"sources": (), "local_sources": True}, 2, "met", "on the node itself"),
        ({"sources": ()}, 2, "unmet", "no package source is configured"),
        ({"sources": (), "sources_tried": False}, 2, "unanswered", "not tried, as the inventory says"),
        ({"container": "docker", "sources": (replace(LOST, target=MIRROR),)}, 2, "unmet", "no connection: TCP"),
    ],
)
def test_devices(changes: dict[str, Any], tier: int, status: str, says: str) -> None:
    """Devices count by class and driver; the package source counts too."""
    row = rows(replace(MEASURED, **changes), replace(WANTED, tier=tier))["OS-DEVICES"]
    assert row["status"] == status
    assert says in row["measured"]


@pytest.mark.parametrize(
    ("targets", "status", "says"),
    [
        ((), "unanswered", "no target is given"),
        ((GOOD, LOST), "unmet", "no connection: TCP"),
        ((replace(LOST, kind=preflight.CLOCK),), "unanswered", "the clock is off, OS-TIME"),
        ((replace(LOST, kind=preflight.NO_CA), GOOD), "unanswered", "ca-certificates"),
    ],
)
def test_reach(targets: tuple[preflight.Reach, ...], status: str, says: str) -> None:
    """A target that another fault hides is not measured."""
    row = rows(replace(MEASURED, targets=targets))["NET-REACH"]
    assert row["status"] == status
    assert says in row["measured"]


def test_unreached_target_warns_or_stops() -> None:
    """The site chooses whether a run goes on."""
    measured = replace(MEASURED, targets=(LOST, GOOD))
    assert "no connection: TCP" in preflight.judge(measured, WANTED).warnings[0]
    verdict = preflight.judge(measured, replace(WANTED, require_reach=True))
    assert not verdict.warnings
    assert verdict.refusals[0].requirement == "NET-REACH"


def test_a_proxy_that_lets_nobody_out_stops_the_run() -> None:
    """Nothing can be installed then, and the refusal says how a password is written."""
    refused = replace(LOST, failure="the proxy asks for a user and password", kind=preflight.PROXY, via="proxy p:1")
    for measured in (replace(MEASURED, sources=(refused,)), replace(MEASURED, targets=(GOOD, refused))):
        (refusal,) = preflight.judge(measured, WANTED).refusals
        assert (refusal.requirement, refusal.variable) == ("NET-REACH", "site_http_proxy")
        assert "through proxy p:1" in refusal.found
        assert "%40" in refusal.remedy


@pytest.mark.parametrize(
    ("skew", "status", "stops", "says"),
    [
        (0.0, "met", False, "the clock is right"),
        (60.0, "met", False, "60.0 s fast"),
        (-61.0, "unmet", False, "61.0 s slow"),
        (900.0, "unmet", False, "15 min fast"),
        (901.0, "unmet", True, "15 min fast"),
        (-4500.0, "unmet", False, "75 min slow"),
        (-4501.0, "unmet", True, "75 min slow"),
        (-86400.0, "unmet", True, "24.0 h slow"),
        (86400.0 * 365, "unmet", True, "365 days fast"),
        (None, "unanswered", False, "no target answered with a date"),
    ],
)
def test_clock(skew: float | None, status: str, stops: bool, says: str) -> None:
    """A skew is met, unmet, or beyond what Beam takes; without an answer it is not measured."""
    reach = replace(GOOD, skew_seconds=skew)
    measured = replace(MEASURED, targets=(reach,), sources=(replace(SOURCE, skew_seconds=skew),))
    verdict = preflight.judge(measured, WANTED)
    row = rows(measured)["OS-TIME"]
    assert row["status"] == status
    assert says in row["measured"]
    assert ([refusal.requirement for refusal in verdict.refusals] == ["OS-TIME"]) is stops


@pytest.mark.parametrize(
    ("kernel", "says"),
    [(True, "kernel clock synchronised"), (False, "kernel clock not synchronised"), (None, "running")],
)
def test_kernel_clock(kernel: bool | None, says: str) -> None:
    """What the kernel says of its clock is told, where it says something."""
    assert rows(replace(MEASURED, kernel_synchronised=kernel))["OS-TIME"]["measured"].endswith(says)


def test_median_skew_outvotes_one_liar() -> None:
    """One wrong server does not make the clock wrong."""
    liar = replace(GOOD, skew_seconds=86400.0)
    assert preflight.median_skew([GOOD, liar, SOURCE]) == pytest.approx(0.4)


def test_worst_of_nothing() -> None:
    """No look is no answer."""
    assert preflight.worst([]) == "unanswered"


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path", "address"),
    [
        ("https://a.example", "https", "a.example", 443, "/", "a.example:443"),
        ("http://a.example:8080/x?y=z", "http", "a.example", 8080, "/x?y=z", "a.example:8080"),
        ("a.example:22", "tcp", "a.example", 22, "/", "a.example:22"),
        ("[2001:db8::1]:443", "tcp", "2001:db8::1", 443, "/", "[2001:db8::1]:443"),
        (" 192.0.2.1:9 ", "tcp", "192.0.2.1", 9, "/", "192.0.2.1:9"),
    ],
)
def test_target(text: str, scheme: str, host: str, port: int, path: str, address: str) -> None:
    """URLs and host:port are targets."""
    target = preflight.parse_target(text)
    assert (target.scheme, target.host, target.port, target.path) == (scheme, host, port, path)
    assert target.address == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ftp://a.example", "scheme"),
        ("a.example", "no port"),
        ("https://", "host name"),
        ("https://a b.example", "host name"),
        ("a.example:port", "port"),
        ("a.example:70000", "port"),
        ("a.example:0", "no port"),
        ("https://user:secret@a.example", "user name or password"),
        ("https://[zz::1]:1", "."),
        ("-a.example:1", "host name"),
    ],
)
def test_bad_target(text: str, why: str) -> None:
    """What is no target is refused with the reason."""
    with pytest.raises(ValueError, match=why):
        preflight.parse_target(text)


@given(st.text(max_size=60))
def test_target_never_breaks(text: str) -> None:
    """Any text is a target or a ValueError."""
    with contextlib.suppress(ValueError):
        assert preflight.parse_target(text).port > 0


def test_os_release() -> None:
    """Quotes and comments are no part of a value."""
    text = "# a comment = x\nID=debian\nPRETTY_NAME=\"Debian 13\"\nVERSION_ID='13'\n\nnonsense\n"
    assert preflight.parse_os_release(text) == {"ID": "debian", "PRETTY_NAME": "Debian 13", "VERSION_ID": "13"}


def test_apt_list() -> None:
    """Only binary sources count."""
    text = "deb [arch=amd64 signed-by=/x] http://a.example/debian trixie main # why\n#deb http://b x y\n"
    text += "deb-src http://c.example/debian trixie main\ndeb cdrom:[Debian]/ trixie main\ndeb broken\n"
    assert preflight.parse_apt_list(text) == ["http://a.example/debian", "cdrom:/"]


def test_apt_deb822() -> None:
    """Enabled binary stanzas count, with all their addresses."""
    text = """# head
Types: deb deb-src
URIs: http://a.example/debian
 http://b.example/debian
Suites: trixie
no field here

Types: deb
URIs: http://c.example/debian
Enabled: no

Types: deb-src
URIs: http://d.example/debian
"""
    assert preflight.parse_apt_deb822(text) == ["http://a.example/debian", "http://b.example/debian"]


def test_yum_repo() -> None:
    """One address of each enabled repository, its variables filled in."""
    text = """# comment
[base]
name=Base
mirrorlist=https://mirrors.example/?release=$releasever&arch=$basearch
#baseurl=https://no.example/
[plain]
baseurl = https://plain.example/$releasever/ https://second.example/
enabled = 1
[off]
baseurl=https://off.example/
enabled=0
[empty]
name=nothing
"""
    assert preflight.parse_yum_repo(text, {"releasever": "9", "basearch": "x86_64"}) == [
        "https://mirrors.example/?release=9&arch=x86_64",
        "https://plain.example/9/",
    ]


def test_apt_proxies() -> None:
    """Proxies are known by scheme or by host."""
    dump = 'Acquire "";\nAcquire::http::Proxy "http://p:1";\nAcquire::HTTP::proxy::a.example "DIRECT";\n'
    dump += 'Acquire::https::Proxy "http://q:2";\nAcquire::http::Timeout "5";\n'
    assert preflight.parse_apt_proxies(dump) == {"http": "http://p:1", "a.example": "DIRECT", "https": "http://q:2"}


def test_source_targets() -> None:
    """Each server once; files, broken addresses and passwords left out."""
    uris = [
        "http://a.example/debian",
        "http://a.example/security",
        "mirror+https://m.example/list",
        "file:/srv/mirror",
        "https://user:pw@b.example/debian",
        "http://:80/",
    ]
    found = [target.text for target in preflight.source_targets(uris)]
    assert found == ["http://a.example/debian", "https://m.example/list", "https://b.example/debian"]


def test_reach_text() -> None:
    """A person reads the steps, the failure, the way and the time."""
    assert GOOD.reached
    assert not LOST.reached
    assert GOOD.text() == "https://broker.example.org: name resolved, connected, 2 ms"
    assert LOST.text() == "https://broker.example.org: name resolved, no connection: TCP"
    lossy = replace(GOOD, attempts=5, via="proxy p:1")
    assert lossy.text().startswith("https://broker.example.org: through proxy p:1: ")
    assert lossy.text().endswith("(2 of 5 connects lost)")


@pytest.mark.parametrize(
    ("header", "skew"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", 9.5),
        ("Mon, 23 Nov 2026 12:00:00 -0000", 9.5),
        ("not a date", None),
        ("", None),
    ],
)
def test_skew(header: str, skew: float | None) -> None:
    """A date gives a skew; what is no date gives none."""
    moment = 1795435200.0  # 2026-11-23 12:00:00 UTC
    assert preflight.skew_of(moment + 9, moment + 11, header) == (pytest.approx(skew) if skew else None)


def test_table() -> None:
    """The table has one line width and breaks long cells."""
    lines = preflight.table(preflight.judge(MEASURED, WANTED).rows)
    assert max(map(len, lines)) <= 72
    assert lines[1] == "OS-LTS       met"
    assert any("not applicable" in line for line in lines)
    assert any(line.startswith("  found      ") for line in lines)
    empty = {"requirement": "X", "measured": "", "expected": "n", "status": "met"}
    rule = "-" * 72
    assert preflight.table([empty]) == [rule, "X            met", "  found", "  needed     n", rule]


@pytest.mark.parametrize(
    ("dump", "places"),
    [
        ("", ("/etc/apt/sources.list", "/etc/apt/sources.list.d")),
        (
            'Dir::Etc "etc/apt";\nDir::Etc::sourcelist "sources.list";\nDir::Etc::sourceparts "sources.list.d";\n',
            ("/etc/apt/sources.list", "/etc/apt/sources.list.d"),
        ),
        (
            'Dir::Etc::sourcelist "/srv/one.sources";\nDir::Etc::sourceparts "/dev/null";\n',
            ("/srv/one.sources", "/dev/null"),
        ),
    ],
)
def test_where_apt_looks_for_sources(dump: str, places: tuple[str, str]) -> None:
    """In its own folder, unless the site says otherwise."""
    assert preflight.apt_source_places(dump) == places


def network(item: str, verdict: str, reason: str = "") -> dict[str, str]:
    return {"item": item, "found": "40 ms", "minimum": "reached", "verdict": verdict, "reason": reason}


@pytest.mark.parametrize(
    ("targets", "found", "status"),
    [
        ((GOOD,), (network("a", "met"),), "met"),
        ((GOOD,), (network("a", "unanswered", "no answer to ICMP"),), "unanswered"),
        ((), (network("a", "met"),), "met"),
        ((), (network("a", "unmet", "the loss is higher"),), "unmet"),
        # The way to a peer tells nothing of what the node has to reach.
        ((), (network("peer p", "not_applicable"),), "unanswered"),
        ((GOOD,), (network("peer p", "not_applicable"),), "met"),
    ],
)
def test_what_the_network_check_found_comes_into_the_row(
    targets: tuple[preflight.Reach, ...], found: tuple[dict[str, str], ...], status: str
) -> None:
    row = rows(replace(MEASURED, targets=targets, network=found))["NET-REACH"]
    assert row["status"] == status
    assert f"{found[0]['item']}: 40 ms" in row["measured"]
    assert found[0]["reason"] in row["measured"]
    assert ("not measured: no target" in row["measured"]) == (not targets and found[0]["verdict"] == "not_applicable")


def test_a_target_of_the_network_check_that_is_away_warns_or_refuses() -> None:
    measured = replace(MEASURED, network=(network("a", "unmet", "timed out"),))
    assert preflight.judge(measured, WANTED).warnings[0].startswith("[NET-REACH] a: 40 ms (timed out). The run goes on")
    refusals = preflight.judge(measured, replace(WANTED, require_reach=True)).refusals
    assert [each.found for each in refusals] == ["a: 40 ms (timed out)"]
