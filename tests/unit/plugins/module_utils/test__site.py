# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy's URL is read as people write it, and refused in words where it cannot be read."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _site as site


def pem(der: bytes) -> str:
    """Return data in the form of a certificate."""
    return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n"


ONE = pem(b"\x30\x82\x01\x00" + b"\x00" * 256)
OTHER = pem(b"\x30\x82\x01\x00" + b"\x01" * 256)
PLAIN = site.Proxy("proxy.test", 3128)
NAMED = site.Proxy("proxy.test", 3128, "node1", "p@s:s/w%r#d")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("", None),
        ("http://proxy.test:3128", PLAIN),
        ("http://proxy.test:3128/", PLAIN),
        ("http://node1:p%40s%3As%2Fw%25r%23d@proxy.test:3128", NAMED),
        ("http://node1@10.1.2.3:8080", site.Proxy("10.1.2.3", 8080, "node1")),
        ("http://[fd00::1]:3128", site.Proxy("fd00::1", 3128)),
    ],
)
def test_what_is_read(url: str, proxy: site.Proxy | None) -> None:
    assert site.parse_proxy(url) == proxy
    assert not url or site.proxy_fault(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("proxy.test:3128", "does not begin with http://"),
        ("https://proxy.test:3128", "does not begin with http://"),
        ("http://proxy.test", "names no port"),
        ("http://proxy.test:0", "names no port"),
        ("http://:3128", "names no host"),
        ("http://pro_xy.test:3128", "names no host"),
        ("http://proxy.test:port", "its port is no number"),
        ("http://proxy.test:3128/path", "behind host and port"),
        ("http://proxy.test:3128?x", "behind host and port"),
        ("http://:secret@proxy.test:3128", "no user before it"),
        ("http://u:se@cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se:cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se/cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se%cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se#cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se cret@proxy.test:3128", "not written as %XX"),
        ("http://u:se%20cret@proxy.test:3128", "apt cannot pass on"),
        ("http://u%00:secret@proxy.test:3128", "apt cannot pass on"),
        ("http://u:se%FFcret@proxy.test:3128", "apt cannot pass on"),
        ("http://u:secret@[proxy:3128", "its port is no number"),
    ],
)
def test_what_is_refused(url: str, words: str) -> None:
    fault = site.proxy_fault(url)
    assert words in fault
    assert "cret" not in fault
    with pytest.raises(ValueError, match=r"\w"):
        site.parse_proxy(url)


def test_a_url_is_shown_only_where_it_can_hold_no_password() -> None:
    assert site.shown_proxy("https://proxy.test:1") == '"https://proxy.test:1"'
    for url in ("http://u:secret@proxy:1", "u:secret", "http://u:secret:proxy:1"):
        assert "hidden" in site.shown_proxy(url)


@pytest.mark.parametrize("entry", ["*", "a.test", ".a.test", "10.0.0.0/8", "fd00::/8", "a_b"])
def test_what_is_reached_directly(entry: str) -> None:
    assert site.no_proxy_fault(entry) == ""


@pytest.mark.parametrize("entry", ["", "a,b", "a b", "*.a", "a\n"])
def test_what_is_no_single_host(entry: str) -> None:
    assert "one host" in site.no_proxy_fault(entry)


def test_apt_gets_the_password_in_a_file_of_its_own() -> None:
    text = site.render_apt(NAMED, PLAIN, ["mirror.test", ".test", "10.0.0.0/8"])
    assert text.splitlines()[1:] == [
        'Acquire::http::Proxy "http://proxy.test:3128";',
        'Acquire::http::Proxy::mirror.test "DIRECT";',
        'Acquire::https::Proxy "http://proxy.test:3128";',
        'Acquire::https::Proxy::mirror.test "DIRECT";',
    ]
    assert "https" not in site.render_apt(NAMED, None, [])
    auth = site.render_apt_auth([NAMED, NAMED, PLAIN, None])
    assert auth.splitlines()[1:] == ["machine http://proxy.test:3128 login node1 password p@s:s/w%r#d"]
    assert site.render_apt_auth([PLAIN, None]) == ""
    assert site.Proxy("fd00::1", 1).url == "http://[fd00::1]:1"


def test_dnf_gets_a_marked_block() -> None:
    options = site.dnf_options(None, NAMED)
    assert options == {
        "proxy": "http://proxy.test:3128",
        "proxy_username": "node1",
        "proxy_password": "p@s:s/w%r#d",
    }
    assert site.dnf_options(PLAIN, None) == {"proxy": "http://proxy.test:3128"}
    assert site.dnf_options(None, None) == {}
    before = "[main]\ngpgcheck=1\n"
    merged = site.merge_dnf(before, options)
    assert merged.startswith("[main]\n# BEGIN")
    assert merged.endswith("gpgcheck=1\n")
    assert site.merge_dnf(merged, options) == merged
    assert site.merge_dnf(merged, {}) == before
    assert site.merge_dnf("", {"proxy": "x"}).startswith("[main]\n# BEGIN")


def test_certificates_are_known_by_their_content() -> None:
    found = site.authorities([ONE + OTHER, ONE.replace("\n", "\r\n")])
    assert sorted(found.values()) == sorted([ONE, OTHER])
    assert all(name.startswith("eucaim-site-") for name in found)
    first, second = list(found)
    assert site.missing_from("", found) == [first, second]
    assert site.missing_from(f"# a comment\n{OTHER}", found) == [first]
    assert site.missing_from(ONE + OTHER, found) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE + OTHER, ""),
        ("nothing", "no certificate"),
        ("-----BEGIN PRIVATE KEY-----", "private key"),
        (ONE.replace("AAAA", "A*AA", 1), "damaged"),
        (pem(b"\x30\x03abc"), "no certificate"),
        (ONE + pem(b"\x30\x82\x01\x00" + b"\x00" * 200), "cut off"),
    ],
)
def test_what_is_wrong_with_a_bundle(text: str, words: str) -> None:
    fault = site.bundle_fault(text)
    assert words in fault
    assert bool(fault) == bool(words)
