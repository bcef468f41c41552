# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the words of a start-up vector to files, certificates and settings."""

from __future__ import annotations

import pathlib
import re
import socket
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from standins import pki

from ._beam_world import World
from ._programs import free_port, seconds_of, write_key
from .outcome import Vector

DAY = 86400.0
SHORT_LIFE = 20.0


@dataclass
class Setup:
    """A prepared start: complete environment and what to know about it."""

    environment: dict[str, str]
    port: int
    offset: int | None = None
    resolve: str | None = None
    ends_at: float = 0.0
    held: list[socket.socket] = field(default_factory=list)


def is_special(vector: Vector) -> bool:
    """Whether the start needs certificates of its own, hence a world of its own."""
    what = str(vector["what"]).lower()
    words = ("certificate", "central pki", "revo", "letter case", "capitals", "chain")
    return vector["group"] in ("certificate life", "clock") or any(word in what for word in words)


def own_id(vector: Vector) -> str:
    return str(vector["process"].get("env", {}).get("PROXY_ID", ""))


# Words of a vector -> the certificates of its proxy id: (key, begin, end) in seconds from now, and whether revoked.
_Plan = list[tuple[str, float, float]]
_PLANS: tuple[tuple[str, _Plan, bool], ...] = (
    (r"no certificate for|not signed|never signed", [], False),
    (r"two .*different keys", [("usual", -3 * DAY, 27 * DAY), ("other", -DAY, 29 * DAY)], False),
    (r"expired and .*valid", [("usual", -5 * DAY, -DAY), ("usual", -DAY, 29 * DAY)], False),
    (r"expired|after the certificate ended", [("usual", -31 * DAY, -DAY)], False),
    (r"begins|not yet valid", [("usual", DAY, 31 * DAY)], False),
    (r"revoked \(crl\)|is revoked(?! while)", [("usual", -DAY, 29 * DAY)], True),
    (r"does not belong|not match", [("other", -DAY, 29 * DAY)], False),
    (r"ends [0-9]+ s later|certificate ends while", [("usual", -DAY, SHORT_LIFE)], False),
)
_SINCE = re.compile(r"valid since ([0-9]+) ([a-z])[a-z]*(?:, for ([0-9]+) days)?")


def _plan(what: str) -> tuple[_Plan, bool]:
    since = _SINCE.search(what)
    if since is not None:
        begin = -float(seconds_of(since.group(1) + since.group(2)))
        return [("usual", begin, begin + float(since.group(3) or 30) * DAY)], False
    for words, plan, revoked in _PLANS:
        if re.search(words, what):
            return plan, revoked
    return [("usual", -3 * DAY, 27 * DAY)], False


def issue_for(world: World, vector: Vector) -> tuple[pathlib.Path, float]:
    """Certificates as the words of the vector tell; the key file of the node and the end of a short certificate."""
    what, name, keys = str(vector["what"]).lower(), own_id(vector), world.tools.keys
    if is_special(vector):
        world.pki.issue(f"neighbour.{world.tools.broker_id}", keys.get(), -3 * DAY, 27 * DAY)
    fragment = name.removesuffix("." + world.tools.broker_id)
    if not re.fullmatch(r"[A-Za-z0-9-]+", fragment):
        return world.key_file, 0.0
    if "capitals" in what and "lower case" in what:
        name = name.lower()
    plan, revoked = _plan(what)
    for key, begin, end in plan:
        serial = world.pki.issue(name, keys.get(key), begin, end)
        if revoked:
            world.pki.authority.revoke(serial)
    if "key of the newer" in what:
        return write_key(keys.get("other"), world.directory / "other.key.pem"), 0.0
    return world.key_file, SHORT_LIFE if any(entry[2] == SHORT_LIFE for entry in plan) else 0.0


def _bad_key(world: World, what: str) -> str:
    keys = world.tools.keys
    if "not exist" in what:
        return str(world.directory / "missing.pem")
    if "directory" in what:
        path = world.directory / "key-directory"
        path.mkdir(exist_ok=True)
        return str(path)
    if "ec key" in what:
        data = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return str(world.file("ec.pem", data))
    if "encrypted" in what:
        data = keys.get().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
        return str(world.file("encrypted.pem", data))
    if "pkcs#1" in what:
        return str(write_key(keys.get(), world.directory / "pkcs1.pem", pkcs1=True))
    bits = re.search(r"of ([0-9]+) bit", what)
    if bits:
        return str(write_key(keys.get(f"small{bits.group(1)}", int(bits.group(1))), world.directory / "small.pem"))
    return str(world.file("garbage.pem", b"this is no key\n"))


def _bad_root(world: World, what: str) -> str:
    if "not exist" in what:
        return str(world.directory / "missing.crt.pem")
    if "another network" in what or "other network" in what:
        other = pki.Authority(world.directory / "other-network")
        other.init()
        return str(other.directory / "root.crt.pem")
    if "intermediate" in what:
        return str(world.pki.authority.directory / "intermediate.crt.pem")
    return str(world.file("garbage.crt.pem", b"this is no certificate\n"))


def _ca_directory(world: World, what: str) -> str:
    path = world.directory / "tls-ca"
    if "not exist" in what:
        return str(world.directory / "missing-ca")
    path.mkdir(exist_ok=True)
    if "sub-directory" in what:
        (path / "sub").mkdir(exist_ok=True)
    elif "no pem" in what:
        (path / "note.txt").write_text("no certificate\n")
    else:
        (path / "root.pem").write_bytes((world.pki.authority.directory / "root.crt.pem").read_bytes())
    return str(path)


def prepare(world: World, vector: Vector, key_file: pathlib.Path, broker_port: int | None = None) -> Setup:
    """The environment of the vector with its placeholders filled in."""
    what, tools = str(vector["what"]).lower(), world.tools
    port = free_port(tools.host)
    environment: dict[str, str] = {}
    setup = Setup(environment, port)
    for name, value in vector["process"].get("env", {}).items():
        text = str(value)
        if text == "<private key file>":
            text = str(key_file)
        elif text == "<root certificate file>":
            text = world.pki.root_file
        elif text == "<path>":
            makers = {"PRIVKEY_FILE": _bad_key, "ROOTCERT_FILE": _bad_root, "TLS_CA_CERTIFICATES_DIR": _ca_directory}
            text = makers.get(name, _ca_directory)(world, what)
        elif name == "BIND_ADDR":
            text = text.replace("127.0.0.1:<port>", f"{tools.host}:{port}").replace("<port>", str(port))
        elif name == "BROKER_URL":
            text = text.replace("<port>", str(free_port(tools.host)))
            text = re.sub(
                rf"^(https?://{re.escape(tools.broker_id)})(?=/|$)",
                rf"\g<1>:{broker_port or world.broker_port}",
                text,
                flags=re.IGNORECASE,
            )
        environment[name] = text
    if vector["process"].get("clock_offset"):
        setup.offset = seconds_of(vector["process"]["clock_offset"])
    if "not resolve" in what:
        setup.resolve = "nothing=127.0.0.1"
    if tools.real and ("not resolve" in what or "without scheme" in what):
        # The address that real programs find their broker by is no name.
        for name in environment.keys() & {"BROKER_URL", "PROXY_ID"}:
            environment[name] = environment[name].replace(tools.broker_id, "no-such-host.invalid")
    if "port is in use" in what:
        holder = socket.create_server((tools.host, port))
        setup.held.append(holder)
    return setup
