# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role federation refuses before it changes anything.

Private to this collection: nothing outside may import it.
Pure, but for a look whether a file exists on the control machine: the role's variables and the node's facts in,
refusals out.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ansible_collections.eucaim.local_node.plugins.module_utils import _beam
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look, federation_refusals
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import (
    IMAGE_KEYS,
    VARIABLE_NAME,
    split_pem,
    unsafe_character,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._networks import parse_network, route_conflicts
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, hidden, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._site import (
    HOW_TO_WRITE,
    certificate_fault,
    proxy_fault,
    shown_proxy,
)

Variables = Mapping[str, Any]

# As in the role's vars/main.yml.
PROJECT = "eucaim-federation"
SERVICES = ("beam-proxy", "focus", "mediator")

_SHA256 = re.compile(r"^[0-9a-f]{64}\Z")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}\Z")
_IMAGE_NAME = re.compile(r"^[a-z0-9][a-z0-9._:-]*(/[a-z0-9][a-z0-9._-]*)*\Z")
_IMAGE_TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_IMAGE_OPTIONS = {
    "registry": ("name", "tag", "digest"),
    "archive": ("name", "tag", "path", "sha256", "on_node"),
    "build": ("name", "tag", "context", "dockerfile", "arguments", "on_node"),
}
_HOST_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PNG = b"\x89PNG\r\n\x1a\n"
NO_ENDPOINT_TYPE = {
    "blaze": "that is for FHIR stores; Focus assumes it when nothing is set, and fails every query of EUCAIM then",
    "blaze-and-sql": "that is for FHIR stores",
    "sql": "that answers only queries that were written down before",
    "eucaim-beacon": "some examples have it, but no version of Focus knows it",
}


def check_federation(variables: Variables, facts: Mapping[str, Any]) -> list[Refusal]:
    """Return everything that is wrong with the role's variables."""
    refusals: list[Refusal] = []
    for check in (
        _provider,
        _broker,
        _root,
        _apps,
        _endpoint_type,
        _endpoint_url,
        _secrets,
        _provider_name,
        _icon,
        _images,
        _mediator,
        _proxies,
        _certificates,
        _hosts,
        _logging,
        _paths,
        _subject,
        _counts,
    ):
        refusals += check(variables)
    return refusals + _subnet(variables, facts) + _neighbours(variables, facts)


def _neighbours(variables: Variables, facts: Mapping[str, Any]) -> list[Refusal]:
    """Containers and networks of someone else, on an engine that was there, which have our names or addresses."""
    look = facts.get("engine")
    if not isinstance(look, Look):
        return []
    network, subnet = _text(variables, "federation_network_name"), _text(variables, "federation_network_subnet")
    services = SERVICES if variables.get("federation_mediator_enabled") else SERVICES[:2]
    return federation_refusals(PROJECT, services, network, subnet, look)


def _one(requirement: str, variable: str, found: str, needed: str, remedy: str) -> list[Refusal]:
    return [Refusal(requirement, variable, found, needed, remedy)]


def _text(variables: Variables, name: str) -> str:
    return str(variables.get(name) or "")


def _provider(variables: Variables) -> list[Refusal]:
    name = "federation_provider_id"
    value = _text(variables, name)
    if name not in variables:
        return []
    if value in _beam.RESERVED_PROVIDER_IDS:
        return _one(
            "FED-ENV",
            name,
            shown(value),
            "an id of your own: this one belongs to the central services",
            "ask the helpdesk, category federated search, for a provider id",
        )
    if len(value) > _beam.PROVIDER_ID_LONGEST or not _beam.PROVIDER_ID.match(value):
        return _one(
            "FED-ENV",
            name,
            shown(value),
            "lower-case letters, digits and hyphens, no dot and no underscore, a letter or digit first and last, "
            f"at most {_beam.PROVIDER_ID_LONGEST} characters",
            "take the id that the helpdesk confirmed; it is compared with the certificate letter by letter",
        )
    return []


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL, or None when it is none."""
    try:
        parts = urlsplit(url)
        _unused = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or re.search(r"\s", url) or not _HOST_NAME.match(parts.hostname):
        return None
    return parts


def _means_itself(parts: SplitResult) -> bool:
    """Say whether an address leads back to whoever uses it."""
    host = str(parts.hostname)
    return host == "localhost" or host.startswith("127.")


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//(hidden)@", url)


def _broker(variables: Variables) -> list[Refusal]:
    name = "federation_broker_url"
    value = _text(variables, name)
    parts = _split(value)
    if name not in variables:
        return []
    needed = "the https origin of the broker, without path, user or query, such as https://broker.eucaim.cancerimage.eu"
    if parts is None or parts.scheme != "https":
        return _one("FED-ENV", name, shown(_without_credentials(value)), needed, "take the address from the helpdesk")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or value.endswith(("?", "#")):
        return _one(
            "FED-ENV",
            name,
            shown(_without_credentials(value)),
            needed,
            "leave out what stands behind the host: with a path the proxy says that it is well, and every call fails",
        )
    return []


def _root(variables: Variables) -> list[Refusal]:
    name = "federation_root_certificate"
    if name not in variables:
        return []
    value = _text(variables, name)
    found = split_pem(value)
    needed = "one certificate in PEM form, the root of the Beam network"
    remedy = "copy the whole text that the helpdesk sent, its first and last line included, or read it from a file"
    if "PRIVATE KEY" in value:
        return _one("FED-KEY", name, "a private key (hidden)", needed, remedy)
    if len(found) != 1:
        return _one(
            "FED-KEY", name, f"a text of {len(value)} characters with {len(found)} certificates", needed, remedy
        )
    problem = certificate_fault(found[0])
    return _one("FED-KEY", name, problem, needed, remedy) if problem else []


def _apps(variables: Variables) -> list[Refusal]:
    refusals = []
    for name, default in (("federation_focus_app", "focus"), ("federation_probe_app", "probe")):
        value = _text(variables, name)
        if name in variables and not _beam.APP_NAME.match(value):
            refusals += _one(
                "FED-ENV",
                name,
                shown(value),
                "lower-case letters, digits and hyphens; Beam ignores underscores and tells capitals apart",
                f"leave it at {default}",
            )
    focus = _text(variables, "federation_focus_app")
    if focus and focus == _text(variables, "federation_probe_app"):
        refusals += _one(
            "FED-PROBE",
            "federation_probe_app",
            shown(focus),
            "another name than federation_focus_app",
            "leave it at probe",
        )
    return refusals


def _endpoint_type(variables: Variables) -> list[Refusal]:
    name = "federation_endpoint_type"
    value = _text(variables, name)
    if name not in variables or value in _beam.ENDPOINT_TYPES:
        return []
    why = NO_ENDPOINT_TYPE.get(value.lower(), "Focus tells capitals and underscores apart")
    return _one(
        "FED-ENV",
        name,
        shown(value),
        f"one of {', '.join(_beam.ENDPOINT_TYPES)} ({why})",
        "choose omop for a mediator that takes the query, eucaim-api for parameters, eucaim-sql for a database",
    )


def _endpoint_url(variables: Variables) -> list[Refusal]:
    name = "federation_endpoint_url"
    value = _text(variables, name)
    kind = _text(variables, "federation_endpoint_type")
    if not value:
        if kind in ("omop", "eucaim-api") and not variables.get("federation_mediator_enabled"):
            return _one(
                "FED-MED",
                name,
                "nothing",
                f"the address of the mediator, because federation_endpoint_type is {kind}",
                "set it, such as http://mediator.my-hospital.example:8089/, or set federation_mediator_enabled",
            )
        return []
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https"):
        return _one(
            "FED-MED",
            name,
            shown(_without_credentials(value)),
            "an absolute http or https address",
            "write it with http:// in front: Focus starts without it, and every query fails then",
        )
    if parts.username or parts.password:
        return _one(
            "FED-MED",
            name,
            shown(_without_credentials(value)),
            "an address without user and password: Focus writes it to its log",
            "put them into federation_endpoint_auth_header",
        )
    if _means_itself(parts):
        return _one(
            "FED-MED",
            name,
            shown(value),
            "an address that leads out of the container of Focus, where this one means the container itself",
            "write the name or address of the machine on which the mediator runs, the node's own included",
        )
    if unsafe_character(value):
        return _one(
            "FED-MED", name, shown(value), "an address without quotes and backslashes", "encode them as %27, %5C"
        )
    return []


def _secrets(variables: Variables) -> list[Refusal]:
    refusals = []
    for name in ("federation_endpoint_auth_header", "federation_postgres_connection_string"):
        value = variables.get(name)
        if value and (unsafe_character(str(value)) or str(value) != str(value).strip()):
            refusals += _one(
                "FED-ENV",
                name,
                hidden(value),
                "one line without a single quote, a backslash, control characters, or spaces at its ends",
                "take out the line break at its end, or choose another password (in a connection string: encode it)",
            )
    connection = _text(variables, "federation_postgres_connection_string")
    name = "federation_postgres_connection_string"
    kind = _text(variables, "federation_endpoint_type")
    if kind == "eucaim-sql" and not connection:
        refusals += _one(
            "FED-ENV",
            name,
            "nothing",
            "the connection string of the database, because federation_endpoint_type is eucaim-sql",
            "set it from a vault: without it Focus starts, and every query fails",
        )
    if connection and not connection.startswith(("postgresql://", "postgres://")):
        refusals += _one(
            "FED-ENV",
            name,
            hidden(connection),
            "a text that begins with postgresql://",
            "write it as postgresql://user:password@host:5432/database",
        )
    return refusals


def _provider_name(variables: Variables) -> list[Refusal]:
    name = "federation_provider_name"
    value = _text(variables, name)
    if '"' in value or unsafe_character(value):
        return _one(
            "FED-ENV",
            name,
            shown(value),
            "a name without quotes, backslashes and line breaks",
            "leave them out: Focus puts the name into its answers as it is, and they would break each of them",
        )
    return []


def _icon(variables: Variables) -> list[Refusal]:
    name = "federation_provider_icon"
    value = _text(variables, name)
    needed = "a PNG image in base64, all on one line"
    if not value:
        return []
    if re.search(r"\s", value):
        return _one(
            "FED-ENV",
            name,
            f"{len(value)} characters with line breaks or spaces",
            needed,
            "make it with: base64 -w0 logo.png",
        )
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return _one(
            "FED-ENV", name, f"{len(value)} characters that are no base64", needed, "make it with: base64 -w0 logo.png"
        )
    if not data.startswith(_PNG):
        return _one("FED-ENV", name, "an image of another kind", needed, "convert the logo to PNG first")
    return []


def _images(variables: Variables) -> list[Refusal]:
    name = "federation_images"
    images = variables.get(name)
    if not isinstance(images, Mapping):
        return []
    refusals = []
    for key in images:
        if key not in IMAGE_KEYS:
            refusals += _one("FED-BUILD", name, shown(key), f"only {', '.join(IMAGE_KEYS)}", "correct the name")
    wanted = ["beam_proxy", "focus"] + (["mediator"] if variables.get("federation_mediator_enabled") else [])
    for key in wanted:
        refusals += [
            Refusal("FED-BUILD", f"{name}.{key}", found, needed, remedy)
            for found, needed, remedy in _image_problems(images.get(key))
        ]
    return refusals


def _image_problems(image: Any) -> list[tuple[str, str, str]]:
    if not isinstance(image, Mapping):
        return [
            (
                shown(image),
                "a dictionary with source, name and what belongs to the source",
                "add it: the example inventories show each source",
            )
        ]
    source = str(image.get("source") or "registry")
    if source not in _IMAGE_OPTIONS:
        return [(f"source {shown(source)}", f"one of {', '.join(_IMAGE_OPTIONS)}", "choose one of them")]
    problems = []
    unknown = sorted(set(image) - {"source", *_IMAGE_OPTIONS[source]})
    if unknown:
        known = ", ".join(_IMAGE_OPTIONS[source])
        problems.append((", ".join(unknown), f"for source {source} only {known}", "correct or remove it"))
    nameless = source == "archive" and "name" not in image and "tag" not in image
    if not nameless and not _IMAGE_NAME.match(str(image.get("name") or "")):
        problems.append(
            (f"name {shown(image.get('name'))}", "the name of an image, such as samply/focus", "give it its name")
        )
    if not _IMAGE_TAG.match(str(image.get("tag") or "latest")):
        problems.append(
            (
                f"tag {shown(image.get('tag'))}",
                "a tag of letters, digits, dots and hyphens",
                "take the tag of its registry",
            )
        )
    if source == "registry":
        return problems + _digest_problems(image)
    if source == "archive":
        return problems + _archive_problems(image)
    return problems + _there("context", image, os.path.isdir)


def _digest_problems(image: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    digest = str(image.get("digest") or "")
    if digest and not _DIGEST.match(digest):
        return [
            (
                f"digest {shown(digest)}",
                "sha256: and 64 hexadecimal digits",
                "copy it from the registry, or leave it out",
            )
        ]
    return []


def _archive_problems(image: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    problems = _there("path", image, os.path.isfile)
    if not _SHA256.match(str(image.get("sha256") or "")):
        problems.append(
            (
                f"sha256 {shown(image.get('sha256'))}",
                "the 64 hexadecimal digits of the archive's sum",
                "run sha256sum on it",
            )
        )
    return problems


def _there(option: str, image: Mapping[str, Any], exists: Any) -> list[tuple[str, str, str]]:
    path = str(image.get(option) or "")
    if not path:
        return [(f"no {option}", f"{option}, because of its source", f"give it its {option}")]
    if not image.get("on_node") and not exists(path):
        return [
            (
                f"{option} {shown(path)}, which is not there",
                "something that is on the control machine",
                "correct the path",
            )
        ]
    return []


def _mediator(variables: Variables) -> list[Refusal]:
    refusals = []
    name = "federation_mediator_environment"
    given = variables.get(name)
    for key, value in given.items() if isinstance(given, Mapping) else ():
        if not VARIABLE_NAME.match(str(key)):
            refusals += _one("FED-MED", name, shown(key), "names of variables", "correct the name")
        elif isinstance(value, bool) or not isinstance(value, (str, int, float)) or unsafe_character(str(value)):
            refusals += _one(
                "FED-MED",
                name,
                f"a value of {key} that cannot be passed on (hidden)",
                "one line without a single quote, a backslash and control characters",
                "change the value; put true and false into quotes",
            )
    port = variables.get("federation_mediator_port")
    if isinstance(port, int) and not 1 <= port <= 65535:
        refusals += _one(
            "FED-MED", "federation_mediator_port", shown(port), "a port from 1 to 65535", "take the mediator's own port"
        )
    return refusals


def _proxies(variables: Variables) -> list[Refusal]:
    refusals = []
    for name in ("federation_http_proxy", "federation_https_proxy"):
        value = _text(variables, name)
        fault = proxy_fault(value) if value else ""
        if fault:
            needed = "the address of an HTTP proxy, with host and port"
            refusals += _one("FED-ENV", name, f"{shown_proxy(value)}: {fault}", needed, HOW_TO_WRITE)
        elif value and _means_itself(urlsplit(value)):
            refusals += _one(
                "FED-ENV",
                name,
                shown_proxy(value),
                "an address that leads out of the containers, where this one means the container itself",
                "write the proxy's name or address in your network, and let it listen there",
            )
    entries = variables.get("federation_no_proxy") or []
    for entry in entries:
        if re.search(r"[\s,'\\]", str(entry)):
            refusals += _one(
                "FED-ENV",
                "federation_no_proxy",
                shown(entry),
                "one host, domain or network an entry",
                "write each one as an entry of its own",
            )
    return refusals


def _certificates(variables: Variables) -> list[Refusal]:
    refusals = []
    name = "federation_tls_ca_certificates"
    for number, bundle in enumerate(variables.get(name) or [], start=1):
        found = split_pem(str(bundle))
        problem = "no certificate" if not found else next(filter(None, map(certificate_fault, found)), "")
        if problem:
            refusals += _one(
                "FED-ENV",
                name,
                f"{problem} in entry {number}",
                "certificates in PEM form",
                "give the whole text of the file",
            )
    return refusals


def _hosts(variables: Variables) -> list[Refusal]:
    name = "federation_extra_hosts"
    hosts = variables.get(name)
    refusals = []
    for host, address in hosts.items() if isinstance(hosts, Mapping) else ():
        try:
            ipaddress.ip_address(str(address))
        except ValueError:
            refusals += _one(
                "FED-NET", name, f"{host}: {shown(address)}", "an IP address for each name", "write it like 192.0.2.10"
            )
    return refusals


def _logging(variables: Variables) -> list[Refusal]:
    level = _text(variables, "federation_log_level")
    refusals = []
    if "trace" in level.lower() or unsafe_character(level):
        refusals += _one(
            "FED-LOGS",
            "federation_log_level",
            shown(level),
            "a filter without trace, such as info or debug: trace writes exact counts of patients to the log",
            "set it to info,hyper=warn",
        )
    size = _text(variables, "federation_log_max_size")
    if size and not re.match(r"^[1-9][0-9]*[kmg]\Z", size):
        refusals += _one(
            "FED-LOGS", "federation_log_max_size", shown(size), "a size such as 10m", "write a number and k, m or g"
        )
    return refusals


def _paths(variables: Variables) -> list[Refusal]:
    refusals = []
    for name in (
        "federation_config_directory",
        "federation_project_directory",
        "federation_state_directory",
        "federation_private_key_file",
    ):
        value = _text(variables, name)
        absent = name == "federation_private_key_file" and not value
        if name in variables and not absent and not re.match(r"^/[^/\s:'\"\\$][^\s:'\"\\$]*[^\s:'\"\\$/]\Z", value):
            refusals += _one(
                "FED-ENV",
                name,
                shown(value),
                "an absolute path without spaces, quotes, colons and dollar signs",
                "write it like /etc/eucaim/federation",
            )
    network = _text(variables, "federation_network_name")
    if "federation_network_name" in variables and not re.match(r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", network):
        refusals += _one(
            "FED-NET",
            "federation_network_name",
            shown(network),
            "letters, digits, dots, hyphens",
            "leave it at eucaim-network",
        )
    if network in ("bridge", "host", "none"):
        refusals += _one(
            "FED-NET", "federation_network_name", shown(network), "a network of its own", "leave it at eucaim-network"
        )
    return refusals


def _subject(variables: Variables) -> list[Refusal]:
    country = _text(variables, "federation_certificate_country")
    refusals = []
    if country and not re.match(r"^[A-Z]{2}\Z", country):
        refusals += _one(
            "FED-KEY",
            "federation_certificate_country",
            shown(country),
            "two capital letters, such as ES",
            "take the country's code of ISO 3166",
        )
    place = _text(variables, "federation_certificate_locality")
    if _CONTROL.search(place) or len(place) > 128:
        refusals += _one(
            "FED-KEY", "federation_certificate_locality", shown(place), "one short line", "write the name of your town"
        )
    return refusals


def _counts(variables: Variables) -> list[Refusal]:
    refusals = []
    for name, requirement, least in (
        ("federation_expected_collections", "TIER-2", 0),
        ("federation_focus_retry_count", "FED-FOCUS", 1),
        ("federation_probe_wait", "FED-PROBE", 0),
        ("federation_probe_timeout", "FED-PROBE", 2),
        ("federation_log_max_files", "FED-LOGS", 1),
    ):
        value = variables.get(name)
        if isinstance(value, int) and value < least:
            refusals += _one(
                requirement, name, shown(value), f"a whole number of {least} or more", "leave it out for the default"
            )
    return refusals


def _subnet(variables: Variables, facts: Mapping[str, Any]) -> list[Refusal]:
    name = "federation_network_subnet"
    value = _text(variables, name)
    if not value:
        return []
    network = parse_network(value)
    if network is None or network.num_addresses < 8:
        return _one(
            "FED-NET",
            name,
            shown(value),
            "a network of 8 addresses or more, such as 172.29.10.0/24",
            "write it so, or empty it: Docker then takes a network from docker_address_pools",
        )
    conflicts = route_conflicts([value], facts.get("routes") or [])
    if conflicts:
        first = conflicts[0]
        return _one(
            "FED-NET",
            name,
            f"{shown(value)}, which overlaps {first.other} that the node reaches through {first.device}",
            "addresses that the node does not use otherwise",
            "choose another range, or empty it and set docker_address_pools",
        )
    return []
