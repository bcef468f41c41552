# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of the settings that belong to a whole site."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs as inputs
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs_site as site
from ansible_collections.eucaim.local_node.plugins.module_utils import _register as register
from ansible_collections.eucaim.local_node.tests.unit.plugins.module_utils.test__site import ONE


def refused(**variables: Any) -> list[str]:
    """Return the text of every refusal."""
    return [refusal.text() for refusal in site.check_site(variables, {})]


def test_what_works() -> None:
    assert refused() == []
    assert refused(site_http_proxy="", site_no_proxy=None, site_ca_certificates=[]) == []
    assert (
        refused(
            site_http_proxy="http://u:p%40ss@proxy.test:1",
            site_https_proxy="http://proxy.test:2",
            site_no_proxy=[".test", "10.0.0.0/8"],
            site_ca_certificates=[ONE],
        )
        == []
    )


@pytest.mark.parametrize("name", ["site_http_proxy", "site_https_proxy"])
def test_a_proxy_is_refused_with_how_to_write_it(name: str) -> None:
    (text,) = refused(**{name: "http://u:pa@ss@proxy.test:1"})
    for word in (name, "NET-REACH", "hidden", "%40", "urlencode"):
        assert word in text
    assert "pa@ss" not in text
    (text,) = refused(**{name: "https://proxy.test:1"})
    assert "https://proxy.test:1" in text


def test_what_is_reached_directly_and_what_is_trusted() -> None:
    (text,) = refused(site_no_proxy=[".test", "a,b"])
    assert '"a,b"' in text
    (text,) = refused(site_ca_certificates=[ONE, "/etc/ssl/ca.pem"])
    assert "no certificate in entry 2" in text
    (text,) = refused(site_ca_certificates=["-----BEGIN PRIVATE KEY-----\nabc"])
    assert "abc" not in text


def test_the_size_of_the_data_set_has_a_unit() -> None:
    assert refused(site_dataset_size="4TB") == []
    (text,) = refused(site_dataset_size="4000")
    assert text.startswith("[ST-DATA] site_dataset_size: found '4000' is a bare number")


def test_answers_and_waivers_are_checked() -> None:
    answer = {"requirement": "PH-FIRE", "answer": "yes", "by": "Ada", "date": "2026-01-31"}
    waiver = {"requirement": "HW-RAM", "by": "Ada", "reason": "ordered", "until": "2026-12-31"}
    assert refused(site_attestations=[answer], site_waivers=[waiver]) == []
    texts = refused(site_attestations=[{**answer, "date": "soon"}], site_waivers=[{**waiver, "by": ""}])
    assert ["site_attestations[0].date" in texts[0], "site_waivers[0].by" in texts[1]] == [True, True]


def test_names_that_are_meant() -> None:
    known = inputs.known_of_the_site()
    assert {item.requirement for item in known} == {"NET-REACH", "ST-DATA", "PH-RECORD"}
    assert all(register.is_known(item.requirement) for item in known)
    assert inputs.check_names([item.name for item in known], known) == ([], [])
    names = ["site_htpp_proxy", "site_proxy", "site_noproxy", "site_ca_certs", "site_name", "site_id"]
    refusals, unknown = inputs.check_names(names, known)
    assert {refusal.variable: refusal.needed for refusal in refusals} == {
        "site_htpp_proxy": "the name site_http_proxy",
        "site_proxy": "the name site_http_proxy",
        "site_noproxy": "the name site_no_proxy",
        "site_ca_certs": "the name site_ca_certificates",
    }
    assert unknown == []
    assert set(site.MEANT.values()) <= set(site.OPTIONS)
    assert inputs.check_names(["site_proxy"], []) == ([], [])
