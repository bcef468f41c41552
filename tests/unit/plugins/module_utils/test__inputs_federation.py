# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role federation refuses."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import Look
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_federation import (
    PROJECT,
    SERVICES,
    check_federation,
)


def pem(der: bytes) -> str:
    """Return data in the form of a certificate."""
    return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n"


DER = b"\x30\x82\x01\x00" + b"\x00" * 256
CERTIFICATE = pem(DER)
DIGEST = "sha256:" + "1" * 64
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 9).decode()
GOOD: dict[str, Any] = {
    "federation_provider_id": "my-hospital2",
    "federation_broker_url": "https://broker.test",
    "federation_root_certificate": CERTIFICATE,
    "federation_endpoint_type": "omop",
    "federation_endpoint_url": "http://mediator:8089/",
    "federation_endpoint_auth_header": "Secret a$b c#d",
    "federation_postgres_connection_string": "",
    "federation_provider_name": "Hospital Clínic (Ward 3)",
    "federation_provider_icon": PNG,
    "federation_expected_collections": 1,
    "federation_images": {
        "beam_proxy": {"source": "registry", "name": "samply/beam-proxy", "tag": "main", "digest": DIGEST},
        "focus": {"name": "registry.example:5000/samply/focus"},
    },
    "federation_mediator_enabled": False,
    "federation_mediator_environment": {"A": 1, "B": "x"},
    "federation_mediator_port": 8089,
    "federation_network_name": "eucaim-network",
    "federation_network_subnet": "172.29.10.0/24",
    "federation_http_proxy": "",
    "federation_https_proxy": "http://u:p@proxy.example:3128",
    "federation_no_proxy": [".example"],
    "federation_tls_ca_certificates": [CERTIFICATE + CERTIFICATE],
    "federation_extra_hosts": {"broker.test": "172.30.77.2"},
    "federation_log_level": "info,hyper=warn",
    "federation_log_max_size": "10m",
    "federation_log_max_files": 5,
    "federation_focus_app": "focus",
    "federation_probe_app": "probe",
    "federation_focus_retry_count": 128,
    "federation_private_key_file": "",
    "federation_certificate_country": "ES",
    "federation_certificate_locality": "València",
    "federation_probe_wait": 90,
    "federation_probe_timeout": 15,
    "federation_config_directory": "/etc/eucaim/federation",
    "federation_project_directory": "/opt/eucaim/federation",
    "federation_state_directory": "/var/lib/eucaim/federation",
}
FACTS: dict[str, Any] = {"routes": [{"dst": "default", "dev": "eth0"}, {"dst": "10.1.0.0/16", "dev": "eth0"}]}


def refused(**changes: Any) -> list[tuple[str, str, str]]:
    """Return requirement, variable and text of each refusal."""
    return [
        (refusal.requirement, refusal.variable, refusal.text())
        for refusal in check_federation({**GOOD, **changes}, FACTS)
    ]


def test_good_values_pass() -> None:
    assert refused() == []
    assert refused(federation_private_key_file="/etc/pki/site.pem", federation_network_subnet="") == []
    assert refused(federation_endpoint_url="", federation_mediator_enabled=True, federation_images=archive("x")) == []
    assert (
        refused(
            federation_endpoint_type="eucaim-sql",
            federation_endpoint_url="",
            federation_postgres_connection_string="postgresql://u:p@h/d",
        )
        == []
    )


def test_values_that_could_not_be_read_are_refused_elsewhere() -> None:
    assert check_federation({}, {}) == []


def archive(path: str, **more: Any) -> dict[str, Any]:
    """Return images that are archives on the node."""
    one = {"source": "archive", "path": path, "sha256": "a" * 64, "on_node": True, **more}
    return {"beam_proxy": one, "focus": one, "mediator": one}


CASES: list[tuple[str, Any, str, str]] = [
    # variable, its value, the requirement, words of the refusal
    ("federation_provider_id", "eucaim", "FED-ENV", "central services"),
    ("federation_provider_id", "My.Hospital", "FED-ENV", "lower-case"),
    ("federation_provider_id", "my_hospital", "FED-ENV", "no underscore"),
    ("federation_provider_id", "my.hospital", "FED-ENV", "no dot"),
    ("federation_provider_id", "-x", "FED-ENV", "first and last"),
    ("federation_provider_id", "", "FED-ENV", "lower-case"),
    ("federation_provider_id", "x" * 64, "FED-ENV", "at most 63"),
    ("federation_provider_id", "ward\n", "FED-ENV", "lower-case"),
    ("federation_broker_url", "http://broker.test", "FED-ENV", "https origin"),
    ("federation_broker_url", "broker.test:443", "FED-ENV", "https origin"),
    ("federation_broker_url", "https://broker.test:x", "FED-ENV", "https origin"),
    ("federation_broker_url", "https://bro ker", "FED-ENV", "https origin"),
    ("federation_broker_url", "https://broker_1.test", "FED-ENV", "https origin"),
    ("federation_broker_url", "https://broker.test/beam", "FED-ENV", "with a path"),
    ("federation_broker_url", "https://broker.test?", "FED-ENV", "with a path"),
    ("federation_broker_url", "https://u:geheim@broker.test", "FED-ENV", "(hidden)"),
    ("federation_root_certificate", "", "FED-KEY", "0 certificates"),
    ("federation_root_certificate", CERTIFICATE * 2, "FED-KEY", "2 certificates"),
    ("federation_root_certificate", "-----BEGIN RSA PRIVATE KEY-----\nAA", "FED-KEY", "a private key (hidden)"),
    ("federation_root_certificate", CERTIFICATE.replace("AAAA", "A*AA", 1), "FED-KEY", "damaged"),
    ("federation_root_certificate", pem(b"hello"), "FED-KEY", "no certificate"),
    ("federation_root_certificate", pem(DER[:-5]), "FED-KEY", "cut off"),
    ("federation_focus_app", "FOCUS", "FED-ENV", "tells capitals apart"),
    ("federation_focus_app", "my_focus", "FED-ENV", "underscores"),
    ("federation_probe_app", "focus", "FED-PROBE", "another name"),
    ("federation_endpoint_type", "blaze", "FED-ENV", "FHIR"),
    ("federation_endpoint_type", "eucaim-beacon", "FED-ENV", "no version of Focus"),
    ("federation_endpoint_type", "OMOP", "FED-ENV", "capitals"),
    ("federation_endpoint_url", "", "FED-MED", "address of the mediator"),
    ("federation_endpoint_url", "mediator:8089/", "FED-MED", "absolute"),
    ("federation_endpoint_url", "ftp://mediator/", "FED-MED", "absolute"),
    ("federation_endpoint_url", "http://u:geheim@mediator/", "FED-MED", "without user"),
    ("federation_endpoint_url", "http://mediator/it's", "FED-MED", "quotes"),
    ("federation_endpoint_url", "http://localhost:8089/", "FED-MED", "out of the container"),
    ("federation_endpoint_url", "http://127.0.1.1:8089/", "FED-MED", "out of the container"),
    ("federation_endpoint_auth_header", "Secret x\n", "FED-ENV", "one line"),
    ("federation_endpoint_auth_header", " Secret x", "FED-ENV", "spaces at its ends"),
    ("federation_postgres_connection_string", "host=db password=geheim", "FED-ENV", "postgresql://"),
    ("federation_endpoint_type", "eucaim-sql", "FED-ENV", "connection string"),
    ("federation_provider_name", 'The "Ward"', "FED-ENV", "quotes"),
    ("federation_provider_name", "a\\b", "FED-ENV", "quotes"),
    ("federation_provider_icon", PNG[:20] + "\n" + PNG[20:], "FED-ENV", "line breaks"),
    ("federation_provider_icon", "data:image/png", "FED-ENV", "no base64"),
    ("federation_provider_icon", "aWNvbg==", "FED-ENV", "another kind"),
    ("federation_images", {**GOOD["federation_images"], "proxy": {}}, "FED-BUILD", "only beam_proxy"),
    ("federation_images", {"focus": GOOD["federation_images"]["focus"]}, "FED-BUILD", "dictionary"),
    ("federation_images", {**GOOD["federation_images"], "focus": {"source": "tar"}}, "FED-BUILD", "one of registry"),
    (
        "federation_images",
        {**GOOD["federation_images"], "focus": {"name": "x", "sha": 1}},
        "FED-BUILD",
        "only name, tag",
    ),
    ("federation_images", {**GOOD["federation_images"], "focus": {"name": "X Y"}}, "FED-BUILD", "name of an image"),
    ("federation_images", {**GOOD["federation_images"], "focus": {"name": "x", "tag": "a b"}}, "FED-BUILD", "a tag of"),
    ("federation_images", {**GOOD["federation_images"], "focus": {"name": "x", "digest": "1"}}, "FED-BUILD", "64 hex"),
    ("federation_images", archive("/x", sha256="1"), "FED-BUILD", "sha256sum"),
    ("federation_images", archive(""), "FED-BUILD", "no path"),
    ("federation_images", archive("/nowhere/x.tar", on_node=False), "FED-BUILD", "which is not there"),
    (
        "federation_images",
        {**GOOD["federation_images"], "focus": {"source": "build", "name": "x", "context": "/nowhere"}},
        "FED-BUILD",
        "which is not there",
    ),
    ("federation_mediator_environment", {"1A": "x"}, "FED-MED", "names of variables"),
    ("federation_mediator_environment", {"A": True}, "FED-MED", "into quotes"),
    ("federation_mediator_environment", {"A": None}, "FED-MED", "one line"),
    ("federation_mediator_environment", {"A": "it's"}, "FED-MED", "single quote"),
    ("federation_mediator_port", 70000, "FED-MED", "65535"),
    ("federation_http_proxy", "proxy:3128", "FED-ENV", "http://"),
    ("federation_https_proxy", "https://proxy.example/x", "FED-ENV", "HTTP proxy"),
    ("federation_https_proxy", "http://localhost:3128", "FED-ENV", "out of the containers"),
    ("federation_https_proxy", "http://u:p/w@proxy.example:1", "FED-ENV", "hidden"),
    ("federation_no_proxy", ["a,b"], "FED-ENV", "one host"),
    ("federation_tls_ca_certificates", ["nothing"], "FED-ENV", "no certificate in entry 1"),
    ("federation_tls_ca_certificates", [CERTIFICATE + pem(DER[:-5])], "FED-ENV", "cut off"),
    ("federation_extra_hosts", {"broker.test": "elsewhere"}, "FED-NET", "IP address"),
    ("federation_log_level", "focus=TRACE", "FED-LOGS", "exact counts"),
    ("federation_log_max_size", "10 MB", "FED-LOGS", "10m"),
    ("federation_config_directory", "etc/eucaim", "FED-ENV", "absolute path"),
    ("federation_project_directory", "/opt/my dir", "FED-ENV", "absolute path"),
    ("federation_private_key_file", "key.pem", "FED-ENV", "absolute path"),
    ("federation_network_name", "my network", "FED-NET", "letters"),
    ("federation_network_name", "bridge", "FED-NET", "of its own"),
    ("federation_certificate_country", "Spain", "FED-KEY", "two capital letters"),
    ("federation_certificate_locality", "a\nb", "FED-KEY", "one short line"),
    ("federation_expected_collections", -1, "TIER-2", "0 or more"),
    ("federation_probe_timeout", 1, "FED-PROBE", "2 or more"),
    ("federation_network_subnet", "172.29.10.1/24", "FED-NET", "8 addresses"),
    ("federation_network_subnet", "172.29.10.0/30", "FED-NET", "8 addresses"),
    ("federation_network_subnet", "10.1.2.0/24", "FED-NET", "overlaps 10.1.0.0/16"),
]


@pytest.mark.parametrize(("variable", "value", "requirement", "words"), CASES)
def test_bad_values_are_refused_in_words(variable: str, value: Any, requirement: str, words: str) -> None:
    found = refused(**{variable: value})
    assert found
    assert any(
        name == requirement and shown.split(".")[0] == variable and words in text for name, shown, text in found
    ) or (variable == "federation_endpoint_type" and any(words in text for _name, _variable, text in found))
    assert not any("geheim" in text for _name, _variable, text in found)


def test_archives_and_contexts_on_the_control_machine(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"x")
    images = archive(str(path), on_node=False)
    assert refused(federation_images=images) == []
    images["focus"] = {"source": "build", "name": "x", "context": str(tmp_path)}
    assert refused(federation_images=images) == []
    assert refused(federation_images="nonsense") == []


def test_names_that_someone_elses_containers_have() -> None:
    containers = [
        {"name": name, "project": project, "state": "running", "ports": ""}
        for name, project in (("mediator", "shop"), ("focus", PROJECT))
    ]
    facts = {"engine": Look(owner="foreign", containers=containers)}
    found = check_federation({**GOOD, "federation_mediator_enabled": True}, facts)
    assert [refusal.found for refusal in found if refusal.requirement == "FED-NET"] == [
        "a container mediator of someone else"
    ]
    assert check_federation({**GOOD, "federation_mediator_enabled": False}, facts) == []


def test_the_roles_own_names() -> None:
    constants = (Path(__file__).parents[4] / "roles/federation/vars/main.yml").read_text(encoding="utf-8")
    assert f"__federation_project: {PROJECT}\n" in constants
    assert all(f"'{name}'" in constants for name in SERVICES)
