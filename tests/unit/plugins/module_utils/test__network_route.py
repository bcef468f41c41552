# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places as people write them, and routes as the kernel names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_route as route
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[3] / "data" / "network"
RELEASES = ("debian12", "debian13")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("broker.example.org", "broker.example.org", None),
        (" 192.0.2.1 ", "192.0.2.1", None),
        ("broker.example.org:443", "broker.example.org", 443),
        ("https://broker.example.org/a", "broker.example.org", 443),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:5201", "2001:db8::1", 5201),
    ],
)
def test_a_place(text: str, host: str, port: int | None) -> None:
    assert route.parse_place(text) == route.Place(text.strip(), host, port)


@pytest.mark.parametrize("text", ["", "a b", "ftp://a.example", "host:0x", "user@host:1", "host:", "a:99999"])
def test_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        route.parse_place(text)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("name", "expected", "words"),
    [
        ("route-neighbour.json", route.Route("192.0.2.1", "va"), "from 192.0.2.1 over va directly"),
        ("route-gateway.json", route.Route("192.0.2.1", "va", "192.0.2.2"), "from 192.0.2.1 over va by 192.0.2.2"),
        ("route-ipv6.json", route.Route("2001:db8::1", "va"), "from 2001:db8::1 over va directly"),
        ("route-via-ipv6.json", route.Route("192.0.2.1", "va", "2001:db8::2"), "from 192.0.2.1 over va by 2001:db8::2"),
    ],
)
def test_a_route(release: str, name: str, expected: route.Route, words: str) -> None:
    found = route.parse_route((DATA / release / name).read_text(encoding="utf-8"))
    assert found == expected
    assert found.text() == words


def test_a_route_without_a_source() -> None:
    found = route.parse_route('[{"flags": []}, {"dev": "lo"}]')
    assert found == route.Route("", "lo")
    assert found.text() == "from an unknown address over lo directly"


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '[{"dev": ""}]', "RTNETLINK answers: Network is unreachable"])
def test_no_route(text: str) -> None:
    assert route.parse_route(text) is None


@given(st.text())
def test_any_text_is_a_place_or_an_error(text: str) -> None:
    assert outcome(text)


def outcome(text: str) -> str:
    try:
        place = route.parse_place(text)
    except ValueError as error:
        return str(error)
    return place.host if place.port is None or 1 <= place.port <= 65535 else ""
