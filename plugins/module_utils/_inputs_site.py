# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a whole site, to which defaults of every role refer: what they are, and what they mean.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._answers import (
    ATTESTATION,
    WAIVER,
    check_attestations,
    check_waivers,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._site import (
    HOW_TO_WRITE,
    bundle_fault,
    no_proxy_fault,
    proxy_fault,
    shown_proxy,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._size import SizeError, parse_size

# They belong to no role, so they stand in no role's spec.
OPTIONS: dict[str, dict[str, Any]] = {
    "site_http_proxy": {
        "type": "str",
        "no_log": True,
        "description": "The proxy through which everything of a node leaves the site (NET-REACH).",
    },
    "site_https_proxy": {
        "type": "str",
        "no_log": True,
        "description": "The proxy for https, when it is another one than site_http_proxy (NET-REACH).",
    },
    "site_no_proxy": {
        "type": "list",
        "elements": "str",
        "description": "Hosts, domains and networks that are reached without the proxy (NET-REACH).",
    },
    "site_ca_certificates": {
        "type": "list",
        "elements": "str",
        "description": "Certificates (PEM text) to trust beside the public ones (NET-REACH).",
    },
    "site_dataset_size": {
        "type": "str",
        "description": "The size of the data set that the node is to hold, with its unit, such as 4TB (ST-DATA).",
    },
    "site_attestations": {
        "type": "list",
        "elements": "dict",
        "options": ATTESTATION,
        "description": "Answers to what only a person can know (PH-RECORD).",
    },
    "site_waivers": {
        "type": "list",
        "elements": "dict",
        "options": WAIVER,
        "description": "Requirements that somebody has decided not to meet for a while (PH-RECORD).",
    },
}
# What people write who mean one of them. Too far off for a comparison of letters.
MEANT: dict[str, str] = {
    "site_ca": "site_ca_certificates",
    "site_ca_bundle": "site_ca_certificates",
    "site_ca_cert": "site_ca_certificates",
    "site_ca_certs": "site_ca_certificates",
    "site_cas": "site_ca_certificates",
    "site_certificates": "site_ca_certificates",
    "site_tls_ca_certificates": "site_ca_certificates",
    "site_noproxy": "site_no_proxy",
    "site_answers": "site_attestations",
    "site_data_set_size": "site_dataset_size",
    "site_exceptions": "site_waivers",
    "site_proxies": "site_http_proxy",
    "site_proxy": "site_http_proxy",
    "site_proxy_url": "site_http_proxy",
    "site_http_proxy_url": "site_http_proxy",
    "site_https_proxy_url": "site_https_proxy",
}


def check_site(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the settings of the site cannot work."""
    return [
        *_proxies(variables),
        *_exceptions(variables),
        *_certificates(variables),
        *_dataset(variables),
        *check_attestations("site_attestations", variables.get("site_attestations"), datetime.now(timezone.utc).date()),
        *check_waivers("site_waivers", variables.get("site_waivers")),
    ]


def _dataset(variables: Mapping[str, Any]) -> list[Refusal]:
    size = variables.get("site_dataset_size")
    if not size:
        return []
    try:
        parse_size(size)
    except SizeError as error:
        remedy = "write it with its unit, decimal as on a drive's label (4TB) or binary (3.7TiB)"
        needed = "the size of the data set with its unit, such as 4TB"
        return [Refusal("ST-DATA", "site_dataset_size", str(error), needed, remedy)]
    return []


def _proxies(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for name in ("site_http_proxy", "site_https_proxy"):
        url = str(variables.get(name) or "")
        fault = proxy_fault(url) if url else ""
        if fault:
            needed = "the address of an HTTP proxy, with host and port"
            refusals.append(Refusal("NET-REACH", name, f"{shown_proxy(url)}: {fault}", needed, HOW_TO_WRITE))
    return refusals


def _exceptions(variables: Mapping[str, Any]) -> list[Refusal]:
    return [
        Refusal("NET-REACH", "site_no_proxy", shown(entry), no_proxy_fault(str(entry)), "write one an entry")
        for entry in variables.get("site_no_proxy") or []
        if no_proxy_fault(str(entry))
    ]


def _certificates(variables: Mapping[str, Any]) -> list[Refusal]:
    return [
        Refusal(
            "NET-REACH",
            "site_ca_certificates",
            f"{bundle_fault(str(text))} in entry {number}",
            "the text of certificates in PEM form (-----BEGIN CERTIFICATE----- ...)",
            "give the whole text, or \"{{ lookup('ansible.builtin.file', inventory_dir ~ '/site-ca.pem') }}\"",
        )
        for number, text in enumerate(variables.get("site_ca_certificates") or [], start=1)
        if bundle_fault(str(text))
    ]
