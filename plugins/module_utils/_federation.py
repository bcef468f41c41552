# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node takes part in the federation: its environment, its images, and what its containers must look like.

Private to this collection: nothing outside may import it. No I/O.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union
from urllib.parse import urlsplit

from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

SERVICES = ("beam-proxy", "focus", "mediator")
IMAGE_KEYS = {"beam_proxy": "beam-proxy", "focus": "focus", "mediator": "mediator"}
LABEL = "eu.eucaim.local_node"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
LOCAL_NAMES = ("localhost", "127.0.0.1", "beam-proxy", "focus", "mediator")
# Beam's HTTP client logs the proxy that it uses, its password included.
QUIET_ABOUT_PROXIES = "shared::http_client=warn"
PRIVATE_KEY_TARGET = "/run/secrets/privkey.pem"
ROOT_CERTIFICATE_TARGET = "/run/secrets/root.crt.pem"
CA_TARGET = "/run/tls-ca"

# A value in plain words, or the name of a secret that stays on the node.
Value = Union[str, dict[str, str]]
Environment = dict[str, Value]


def secret(name: str) -> dict[str, str]:
    """Return the value of a variable that is a secret: only its name."""
    return {"secret": name}


def environments(settings: Mapping[str, Any]) -> dict[str, Environment]:
    """Return the environment of each service, from one place. Secrets appear by name only."""
    broker_url = str(settings["broker_url"]).rstrip("/")
    proxy = _beam.proxy_id(str(settings["provider_id"]), broker_url)
    focus_app = str(settings["focus_app"])
    probe_app = str(settings["probe_app"])
    common = _common(settings)
    beam_proxy: Environment = {
        "BROKER_URL": broker_url,
        "PROXY_ID": proxy,
        "BIND_ADDR": f"0.0.0.0:{_beam.PROXY_PORT}",
        "PRIVKEY_FILE": PRIVATE_KEY_TARGET,
        "ROOTCERT_FILE": ROOT_CERTIFICATE_TARGET,
        _beam.key_variable(focus_app): secret("focus_api_key"),
        _beam.key_variable(probe_app): secret("probe_api_key"),
    }
    beam_proxy.update(common)
    focus: Environment = {
        "BEAM_PROXY_URL": f"http://beam-proxy:{_beam.PROXY_PORT}",
        "BEAM_APP_ID_LONG": _beam.app_id(focus_app, proxy),
        "API_KEY": secret("focus_api_key"),
        "RETRY_COUNT": str(settings["focus_retry_count"]),
        "ENDPOINT_TYPE": str(settings["endpoint_type"]),
    }
    for name, key in (
        ("ENDPOINT_URL", "endpoint_url"),
        ("PROVIDER", "provider_name"),
        ("PROVIDER_ICON", "provider_icon"),
    ):
        if settings.get(key):
            focus[name] = str(settings[key])
    if settings.get("has_auth_header"):
        focus["AUTH_HEADER"] = secret("endpoint_auth_header")
    if settings.get("has_postgres"):
        focus["POSTGRES_CONNECTION_STRING"] = secret("postgres_connection_string")
    focus.update(common)
    result: dict[str, Environment] = {"beam-proxy": beam_proxy, "focus": focus}
    if settings.get("mediator_enabled"):
        # Whether a value is a secret only the site knows: all of them are treated as such.
        result["mediator"] = {str(name): secret(str(name)) for name in settings["mediator_variables"]}
    return result


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _common(settings: Mapping[str, Any]) -> Environment:
    common: Environment = {"RUST_LOG": str(settings["log_level"])}
    for name, key, hidden in (
        ("HTTP_PROXY", "http_proxy", "proxy_for_http"),
        ("HTTPS_PROXY", "https_proxy", "proxy_for_https"),
    ):
        url = str(settings.get(key) or "")
        if "@" in url:
            common[name] = secret(hidden)
            common["RUST_LOG"] = f"{settings['log_level']},{QUIET_ABOUT_PROXIES}"
        elif url:
            common[name] = url
    names = list(LOCAL_NAMES) + [str(name) for name in settings.get("no_proxy") or []]
    # A mediator belongs to the site, wherever it runs.
    names += [host for host in [target(str(settings.get("endpoint_url") or "")).host] if host]
    common["NO_PROXY"] = ",".join(dict.fromkeys(names))
    if settings.get("has_tls_ca"):
        common["TLS_CA_CERTIFICATES_DIR"] = CA_TARGET
    return common


def secrets_needed(environment: Mapping[str, Mapping[str, Value]]) -> list[str]:
    """Return the names of all secrets that the environments speak of."""
    names = [value["secret"] for values in environment.values() for value in values.values() if isinstance(value, dict)]
    return sorted(set(names))


def resolve(values: Mapping[str, Value], secrets: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with its secrets filled in. A secret that is missing raises KeyError with its name."""
    return {name: secrets[value["secret"]] if isinstance(value, dict) else str(value) for name, value in values.items()}


VARIABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*\Z")
_UNSAFE = re.compile(r"['\\\x00-\x1f\x7f]")


def unsafe_character(value: str) -> str:
    """Return the first character that a line of an environment file cannot carry, or nothing."""
    found = _UNSAFE.search(value)
    return found.group(0) if found else ""


def render_env(values: Mapping[str, str]) -> str:
    """Return the text of an environment file. Every value stands in single quotes: nothing in it is interpreted."""
    lines = ["# Written by eucaim.local_node. It holds secrets: keep it 0600 and change it in the inventory."]
    for name in sorted(values):
        value = values[name]
        if not VARIABLE_NAME.match(name):
            raise ValueError(f"{name!r} is no name of a variable")
        if unsafe_character(value):
            raise ValueError(f"the value of {name} holds a quote, a backslash, a line break or a control character")
        lines.append(f"{name}='{value}'")
    return "\n".join(lines) + "\n"


def parse_env(text: str) -> dict[str, str]:
    """Return the variables of an environment file as this collection writes it."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if not equals or line.lstrip().startswith("#"):
            continue
        if len(value) >= 2 and value[0] == value[-1] == "'":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def differing(expected: Mapping[str, str], found: Mapping[str, str], ignore: Sequence[str] = ()) -> list[str]:
    """Return the names of the variables that differ, never their values."""
    names = [name for name in expected if expected[name] != found.get(name)]
    names += [name for name in found if name not in expected and name not in ignore]
    return sorted(names)


def masked_env(text: str, secret_names: Sequence[str], other: str) -> str:
    """Return an environment file for a diff: of a secret only whether the other file has the same."""
    others = parse_env(other)
    lines = []
    for line in text.splitlines():
        name, equals = line.partition("=")[:2]
        if equals and name in secret_names:
            same = parse_env(line).get(name) == others.get(name)
            lines.append(f"{name}=(hidden)" if same else f"{name}=(hidden, differs)")
        else:
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def split_pem(bundle: str) -> list[str]:
    """Return the certificates of a bundle one by one, because Beam reads only the first of each file."""
    return [found.group(0).strip() + "\n" for found in _PEM.finditer(bundle.replace("\r\n", "\n"))]


def ca_files(bundles: Sequence[str]) -> dict[str, str]:
    """Return file names and texts: one certificate a file, named by its content."""
    files: dict[str, str] = {}
    for bundle in bundles:
        for pem in split_pem(bundle):
            files[f"{hashlib.sha256(pem.encode('ascii', 'replace')).hexdigest()[:16]}.pem"] = pem
    return files


@dataclass(frozen=True)
class Image:
    """One image, as the inventory and the lock file together name it."""

    service: str
    source: str
    reference: str
    origin: str
    lock_key: str
    unlocked: bool
    retag: bool
    path: str
    sha256: str
    on_node: bool
    context: str
    dockerfile: str
    arguments: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for tasks."""
        return dict(vars(self))


def image_plan(images: Mapping[str, Mapping[str, Any]], lock: Any, wanted: Sequence[str]) -> list[Image]:
    """Return what to run for each wanted service, digests filled in from the lock file."""
    locked: Mapping[str, Any] = {}
    if isinstance(lock, dict) and isinstance(lock.get("images"), dict):
        locked = lock["images"]
    plan = []
    for key, service in IMAGE_KEYS.items():
        if service in wanted and key in images:
            plan.append(_image(service, images[key], locked))
    return plan


def refuse_archives(images: Sequence[Mapping[str, Any]], checksums: Sequence[str]) -> dict[str, Any]:
    """Return how a task fails when archives are not those expected, given the SHA-256 of each; else nothing."""
    refusals = []
    for image, checksum in zip(images, checksums):
        if checksum != image["sha256"]:
            refusal = Refusal(
                "FED-BUILD",
                "federation_images",
                f"SHA-256 {checksum or 'of no file'} of {image['path']}",
                str(image["sha256"]),
                "get the archive again, or correct the sum if you trust this one. Nothing was loaded",
            )
            refusals.append(refusal)
    if not refusals:
        return {}
    return {
        "failed": True,
        "msg": "\n".join(refusal.text() for refusal in refusals),
        "refusals": [refusal.as_dict() for refusal in refusals],
    }


def _image(service: str, given: Mapping[str, Any], locked: Mapping[str, Any]) -> Image:
    source = str(given.get("source") or "registry")
    tagged = f"{given.get('name')}:{given.get('tag') or 'latest'}"
    retag = source == "archive" and not given.get("name")
    if retag:
        tagged = f"eucaim.local_node/{service}:{str(given.get('sha256'))[:12]}"
    reference, unlocked, lock_key = tagged, False, ""
    if source == "registry":
        lock_key = "" if given.get("digest") else tagged
        digest = str(given.get("digest") or locked.get(tagged) or "")
        unlocked = not digest
        reference = tagged if unlocked else f"{given.get('name')}@{digest}"
        origin = f"registry {reference}"
    elif source == "archive":
        origin = f"archive sha256:{given.get('sha256')}"
    else:
        origin = f"build {given.get('context')} as {tagged}"
    return Image(
        service=service,
        source=source,
        reference=reference,
        origin=origin,
        lock_key=lock_key,
        unlocked=unlocked,
        retag=retag,
        path=str(given.get("path") or ""),
        sha256=str(given.get("sha256") or ""),
        on_node=bool(given.get("on_node")),
        context=str(given.get("context") or ""),
        dockerfile=str(given.get("dockerfile") or ""),
        arguments={str(name): _text(value) for name, value in dict(given.get("arguments") or {}).items()},
    )


def lock_with(lock: Any, key: str, digest: str) -> dict[str, Any]:
    """Return the lock file's data with one more digest."""
    images: dict[str, Any] = {}
    if isinstance(lock, dict) and isinstance(lock.get("images"), dict):
        images.update(lock["images"])
    images[key] = digest
    return {"images": dict(sorted(images.items()))}


def digest_of(repo_digests: Sequence[str], name: str) -> str:
    """Return the digest that a registry gave for an image name, or nothing."""
    for entry in repo_digests:
        repository, at, digest = entry.partition("@")
        if at and same_repository(repository, name):
            return digest
    return ""


def same_repository(left: str, right: str) -> bool:
    """Tell whether two names mean one repository: Docker leaves out docker.io/ and library/."""
    return _short(left) == _short(right)


def _short(name: str) -> str:
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    return name


@dataclass(frozen=True)
class ImageState:
    """An image on the node, against what was recorded when it came."""

    service: str
    reference: str
    present: bool
    matches: bool
    image_id: str
    reason: str


def image_state(image: Mapping[str, Any], found_id: str, record: Any) -> ImageState:
    """Compare an image on the node with the record that was written when it was loaded, pulled or built."""
    service, reference, origin = str(image["service"]), str(image["reference"]), str(image["origin"])
    entry = record.get(reference) if isinstance(record, dict) else None
    reason = ""
    if not found_id:
        reason = f"the image {reference} is not on the node"
    elif not isinstance(entry, dict):
        reason = f"where the image {reference} on the node comes from is not recorded"
    elif entry.get("origin") != origin:
        reason = f"the image {reference} on the node came from {entry.get('origin')}, wanted is {origin}"
    elif entry.get("id") != found_id:
        reason = f"the image {reference} is {found_id[:19]}, recorded was {str(entry.get('id'))[:19]}"
    return ImageState(service, reference, bool(found_id), not reason, found_id, reason)


@dataclass(frozen=True)
class Container:
    """What a look at a container tells."""

    service: str
    present: bool = False
    status: str = ""
    running: bool = False
    exit_code: int = 0
    restart_count: int = 0
    out_of_memory: bool = False
    image_id: str = ""
    address: str = ""
    environment: dict[str, str] | None = None
    problems: tuple[str, ...] = ()
    log_problem: str = ""
    started_at: str = ""

    def state(self) -> str:
        """Return the state in words."""
        if not self.present:
            return "does not exist"
        if self.running:
            return f"runs (restarted {self.restart_count} times)"
        if self.status == "restarting":
            return f"is restarted again and again (last exit code {self.exit_code})"
        return f"has stopped (exit code {self.exit_code})" if self.status in ("", "exited") else f"is {self.status}"


def container_from_inspect(service: str, data: Mapping[str, Any], network: str) -> Container:
    """Turn what the engine says of a container into what matters here."""
    state = data.get("State") or {}
    host = data.get("HostConfig") or {}
    networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
    status = str(state.get("Status") or "")
    problems = []
    if str((host.get("RestartPolicy") or {}).get("Name")) not in ("always", "unless-stopped"):
        problems.append("its restart policy lets it stay down")
    if any((host.get("PortBindings") or {}).values()):
        problems.append("it publishes a port")
    if network not in networks:
        problems.append(f"it is not on the network {network}")
    if host.get("Privileged"):
        problems.append("it is privileged")
    environment = dict(entry.partition("=")[::2] for entry in (data.get("Config") or {}).get("Env") or [])
    return Container(
        service=service,
        present=True,
        status=status,
        running=status == "running",
        exit_code=int(state.get("ExitCode") or 0),
        restart_count=int(data.get("RestartCount") or 0),
        out_of_memory=bool(state.get("OOMKilled")),
        image_id=str(data.get("Image") or ""),
        address=str((networks.get(network) or {}).get("IPAddress") or ""),
        environment=environment,
        problems=tuple(problems),
        log_problem=_log_problem(host.get("LogConfig") or {}),
        started_at=str(state.get("StartedAt") or ""),
    )


def _log_problem(config: Mapping[str, Any]) -> str:
    driver = str(config.get("Type") or "")
    options = config.get("Config") or {}
    if driver not in ("json-file", "local", "journald"):
        return f"its logs go to {driver or 'nowhere'}, where they cannot be read"
    if driver == "json-file" and not options.get("max-size"):
        return "its logs are not rotated"
    return ""


def network_problems(data: Mapping[str, Any], subnet: str, ours: Sequence[str]) -> list[str]:
    """Return what is wrong with the network: its kind, its addresses, strangers on it."""
    problems = []
    if data.get("Driver") != "bridge":
        problems.append(f"its driver is {data.get('Driver')}, not bridge")
    if LABEL not in (data.get("Labels") or {}):
        problems.append("it was not made by this collection")
    subnets = [str(entry.get("Subnet")) for entry in (data.get("IPAM") or {}).get("Config") or []]
    if subnet and subnet not in subnets:
        problems.append(f"its addresses are {', '.join(subnets) or 'unknown'}, not {subnet}")
    strangers = sorted(
        str(entry.get("Name"))
        for entry in (data.get("Containers") or {}).values()
        if str(entry.get("Name")) not in ours
    )
    if strangers:
        problems.append(f"other containers are on it: {', '.join(strangers)}")
    return problems


def strangers_on(network: Mapping[str, Any], ours: Sequence[str]) -> list[str]:
    """Return who would be cut off if a network that is not ours were made anew."""
    if LABEL in (network.get("Labels") or {}):
        return []
    names = [str(entry.get("Name")) for entry in (network.get("Containers") or {}).values()]
    return sorted(name for name in names if name not in ours)


def network_fits(network: Mapping[str, Any], subnet: str) -> bool:
    """Say whether a network is the one that this collection makes, with these addresses if that matters."""
    ours = (network.get("Labels") or {}).get(LABEL) == "federation" and network.get("Driver") == "bridge"
    configured = (network.get("IPAM") or {}).get("Config") or []
    return ours and (not subnet or [entry.get("Subnet") for entry in configured] == [subnet])


def unsettled(
    record: Any, inputs: Mapping[str, str], found: Mapping[str, Mapping[str, Any]], listed: Sequence[str]
) -> str:
    """Return how the services differ from what the last bringing up left: what they are made from, and which they are.

    `inputs` holds the sums of their files, `found` what the engine says of the container of each service, and `listed`
    the ids of all containers of the Compose project.
    """
    known = record if isinstance(record, dict) else {}
    if known.get("inputs") != dict(inputs):
        return "their files are not those that they were made from"
    ids = {service: str(data.get("Id") or "") for service, data in found.items()}
    if known.get("containers") != ids or sorted(listed) != sorted(ids.values()):
        return "their containers are not those that were made"
    return ""


def unsound(found: Mapping[str, Mapping[str, Any]], images: Mapping[str, str], network: str, network_id: str) -> str:
    """Return which service has to be brought up, and why: it is down, or its image or network is another one by now."""
    for service, data in found.items():
        container = container_from_inspect(service, data, network)
        if container.status not in ("running", "restarting"):
            return f"{service} {container.state()}"
        if container.image_id != images.get(service):
            return f"{service} runs another image"
        networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
        if not network_id or (networks.get(network) or {}).get("NetworkID") != network_id:
            return f"{service} is not on the network {network}"
    return ""


@dataclass(frozen=True)
class Target:
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    path: str


def target(url: str) -> Target:
    """Split a URL into what a connection needs."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = parts.path or "/"
    if parts.query or url.endswith("?"):
        path = f"{path}?{parts.query}"
    return Target(parts.scheme, parts.hostname or "", port, path)


def goes_through_proxy(host: str, no_proxy: str) -> bool:
    """Tell whether a host is reached through the HTTP proxy, by the rules of NO_PROXY."""
    for entry in (part.strip().lower().lstrip(".") for part in no_proxy.split(",")):
        if entry == "*" or (entry and (host.lower() == entry or host.lower().endswith("." + entry))):
            return False
        if _lies_in(host, entry):
            return False
    return True


def _lies_in(host: str, network: str) -> bool:
    """Tell whether a host is an address in a network."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
