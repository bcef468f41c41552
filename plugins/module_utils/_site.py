# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node gets out of its site: the proxy as package managers want it written, and the authorities to trust.

Private to this collection: nothing outside may import it. Pure: values in, text out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ansible_collections.eucaim.local_node.plugins.module_utils._federation import split_pem
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import hidden, shown

HEADER = "Managed by the Ansible collection eucaim.local_node, role base."
HOW_TO_WRITE = (
    "write it like http://proxy.hospital.example:3128 or http://user:password@proxy.hospital.example:3128, special "
    "characters of user and password as %XX (@ is %40, : is %3A, / is %2F, % is %25, # is %23; a space is not "
    "possible), or let Ansible do that: {{ vault_site_proxy_password | urlencode | replace('/', '%2F') }}"
)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z|[0-9A-Fa-f:]+\Z")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_USER_INFO = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=-]|%[0-9A-Fa-f]{2})*\Z")
_NO_PROXY = re.compile(r"\*\Z|[A-Za-z0-9_.:/-]+\Z")


@dataclass(frozen=True)
class Proxy:
    """A proxy: where it is, and who may pass it."""

    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def url(self) -> str:
        """Return its address without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def proxy_fault(url: str) -> str:
    """Return what is wrong with a proxy's URL, without saying anything of its password; nothing if it is right."""
    if not url.startswith("http://"):
        return "it does not begin with http:// (the node talks to the proxy in plain HTTP, to the far end in TLS)"
    rest = url[len("http://") :]
    user_info, at, place = rest.rpartition("@")
    fault = _user_fault(user_info) if at else ""
    if fault:
        return fault
    if "/" in place.rstrip("/") or "?" in place or "#" in place:
        return "something stands behind host and port, or a special character of the password is not written as %XX"
    try:
        parts = urlsplit(f"http://{place}")
        port = parts.port
    except ValueError:
        return "its port is no number from 1 to 65535, or a special character of the password is not written as %XX"
    if not parts.hostname or not _HOST.match(parts.hostname):
        return "it names no host"
    if not port:
        return "it names no port"
    return ""


def _user_fault(user_info: str) -> str:
    """Return what is wrong with what stands before the @ of a proxy's URL."""
    user, _colon, password = user_info.partition(":")
    if not user:
        return "it has an @ but no user before it"
    if not _USER_INFO.match(user) or not _USER_INFO.match(password):
        return "its user or password holds a special character that is not written as %XX"
    for text in (unquote(user, errors="replace"), unquote(password, errors="replace")):
        if re.search(r"[\s\x00-\x1f\x7f\ufffd]", text):
            return (
                "its user or password holds a space, a control character or what is no UTF-8, which apt cannot pass on"
            )
    return ""


def parse_proxy(url: str) -> Proxy | None:
    """Return a proxy's parts, nothing for an empty URL; raise ValueError with what is wrong."""
    if not url:
        return None
    fault = proxy_fault(url)
    if fault:
        raise ValueError(fault)
    parts = urlsplit(url)
    return Proxy(parts.hostname or "", parts.port or 0, unquote(parts.username or ""), unquote(parts.password or ""))


def has_credentials(url: str) -> bool:
    """Say whether a URL holds a user or a password."""
    return "@" in url


def shown_proxy(url: str) -> str:
    """Return what may be said of a proxy's URL: all of it, unless it holds, or may hold, a password."""
    return hidden(url) if has_credentials(url) or "://" not in url or url.count(":") > 2 else shown(url)


def no_proxy_fault(entry: str) -> str:
    """Return what is wrong with one entry of a list of what is reached without the proxy."""
    if _NO_PROXY.match(entry):
        return ""
    return "an entry is one host, one domain such as .hospital.example, one address or one network"


def render_apt(http: Proxy | None, https: Proxy | None, no_proxy: Sequence[str]) -> str:
    """Return apt's settings, which everybody may read: no user and no password stand there.

    apt knows no domains and networks here, only hosts.
    """
    lines = [f"// {HEADER}"]
    for scheme, proxy in (("http", http), ("https", https)):
        if proxy is not None:
            lines.append(f'Acquire::{scheme}::Proxy "{proxy.url}";')
            lines += [f'Acquire::{scheme}::Proxy::{host} "DIRECT";' for host in no_proxy if _PLAIN_HOST.match(host)]
    return "\n".join(lines) + "\n"


def render_apt_auth(proxies: Sequence[Proxy | None]) -> str:
    """Return apt's file of credentials, for root alone; nothing if there are none."""
    lines = [
        f"machine {proxy.url} login {proxy.user} password {proxy.password}"
        for proxy in dict.fromkeys(proxies)
        if proxy is not None and proxy.user
    ]
    return "\n".join([f"# {HEADER}", *lines]) + "\n" if lines else ""


def dnf_options(http: Proxy | None, https: Proxy | None) -> dict[str, str]:
    """Return the options of dnf's main section: it has one proxy for both."""
    proxy = https or http
    if proxy is None:
        return {}
    options = {"proxy": proxy.url}
    if proxy.user:
        options["proxy_username"] = proxy.user
        options["proxy_password"] = proxy.password
    return options


_DNF_BEGIN, _DNF_END = f"# BEGIN {HEADER}", f"# END {HEADER}"
_DNF_BLOCK = re.compile(rf"^{re.escape(_DNF_BEGIN)}\n.*?^{re.escape(_DNF_END)}\n", re.MULTILINE | re.DOTALL)


def merge_dnf(text: str, options: Mapping[str, str]) -> str:
    """Return dnf.conf with our options in a marked block right below [main], or without that block."""
    plain = _DNF_BLOCK.sub("", text)
    if not options:
        return plain
    block = "".join(f"{line}\n" for line in [_DNF_BEGIN, *(f"{key}={options[key]}" for key in options), _DNF_END])
    head, main, tail = plain.partition("[main]\n")
    return f"{head}{main}{block}{tail}" if main else f"[main]\n{block}{plain}"


def authorities(bundles: Sequence[str]) -> dict[str, str]:
    """Return each certificate of the bundles once: the name of its file without an ending, and its text."""
    found: dict[str, str] = {}
    for bundle in bundles:
        for text in split_pem(bundle):
            found[f"eucaim-site-{hashlib.sha256(body_of(text).encode()).hexdigest()[:16]}"] = text
    return found


def body_of(pem: str) -> str:
    """Return the base64 of a certificate on one line, by which it is recognised in a bundle."""
    return "".join(line.strip() for line in pem.strip().splitlines()[1:-1])


def missing_from(bundle: str, certificates: Mapping[str, str]) -> list[str]:
    """Return the names of the certificates that a bundle lacks."""
    there = {body_of(text) for text in split_pem(bundle)}
    return [name for name, pem in certificates.items() if body_of(pem) not in there]


def certificate_fault(pem: str) -> str:
    """Return what is wrong with one certificate in PEM form, as far as it shows without a library."""
    try:
        der = base64.b64decode(body_of(pem), validate=True)
    except (binascii.Error, ValueError):
        return "a certificate whose text is damaged"
    if len(der) < 100 or der[0] != 0x30 or der[1] not in (0x81, 0x82):
        return "a text that is no certificate"
    size = int.from_bytes(der[2 : 2 + der[1] - 0x80], "big") + 2 + der[1] - 0x80
    return "" if size == len(der) else "a certificate that is cut off or has something behind it"


def bundle_fault(text: str) -> str:
    """Return what is wrong with a text that should hold certificates."""
    if "PRIVATE KEY" in text:
        return "a private key (hidden)"
    found = split_pem(text)
    return next(filter(None, map(certificate_fault, found)), "") if found else "no certificate"
