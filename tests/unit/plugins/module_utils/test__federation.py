# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node takes part in the federation."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _federation
from hypothesis import given
from hypothesis import strategies as st

SETTINGS: dict[str, Any] = {
    "provider_id": "ward",
    "broker_url": "https://broker.test/",
    "endpoint_type": "omop",
    "endpoint_url": "http://mediator:8089/",
    "provider_name": "",
    "provider_icon": "",
    "focus_app": "focus",
    "probe_app": "probe",
    "focus_retry_count": 128,
    "http_proxy": "",
    "https_proxy": "",
    "no_proxy": [],
    "log_level": "info",
}


def test_both_programs_get_the_same_key() -> None:
    made = _federation.environments(SETTINGS)
    assert set(made) == {"beam-proxy", "focus"}
    assert made["beam-proxy"]["APP_focus_KEY"] == made["focus"]["API_KEY"] == {"secret": "focus_api_key"}
    assert made["beam-proxy"]["PROXY_ID"] == "ward.broker.test"
    assert made["beam-proxy"]["BROKER_URL"] == "https://broker.test"
    assert made["focus"]["BEAM_APP_ID_LONG"] == "focus.ward.broker.test"
    assert "PROVIDER" not in made["focus"]
    assert "AUTH_HEADER" not in made["focus"]
    assert "beam-proxy" in str(made["focus"]["NO_PROXY"])


def test_a_proxy_s_password_is_a_secret_and_beam_does_not_log_it() -> None:
    settings = {**SETTINGS, "http_proxy": "http://u:p@p:1", "https_proxy": "http://u:p@p:2"}
    made = _federation.environments({**settings, "endpoint_url": "http://mediator.ward.test:8089/"})
    for service in ("beam-proxy", "focus"):
        assert made[service]["HTTP_PROXY"] == {"secret": "proxy_for_http"}
        assert made[service]["HTTPS_PROXY"] == {"secret": "proxy_for_https"}
        assert made[service]["RUST_LOG"] == "info,shared::http_client=warn"
        assert str(made[service]["NO_PROXY"]).endswith(",mediator.ward.test")


def test_everything_that_a_site_may_add() -> None:
    made = _federation.environments(
        {
            **SETTINGS,
            "provider_name": "Ward",
            "provider_icon": "aWNvbg==",
            "has_auth_header": True,
            "has_postgres": True,
            "http_proxy": "http://p:1",
            "https_proxy": "http://p:2",
            "no_proxy": ["intern", "localhost"],
            "has_tls_ca": True,
            "mediator_enabled": True,
            "mediator_variables": ["TOKEN"],
        }
    )
    assert made["focus"]["AUTH_HEADER"] == {"secret": "endpoint_auth_header"}
    assert made["focus"]["POSTGRES_CONNECTION_STRING"] == {"secret": "postgres_connection_string"}
    assert made["beam-proxy"]["HTTPS_PROXY"] == "http://p:2"
    assert made["beam-proxy"]["TLS_CA_CERTIFICATES_DIR"] == "/run/tls-ca"
    assert str(made["focus"]["NO_PROXY"]).split(",").count("localhost") == 1
    assert made["mediator"] == {"TOKEN": {"secret": "TOKEN"}}
    assert _federation.secrets_needed(made) == [
        "TOKEN",
        "endpoint_auth_header",
        "focus_api_key",
        "postgres_connection_string",
        "probe_api_key",
    ]


def test_secrets_are_filled_in_or_missed() -> None:
    values: dict[str, _federation.Value] = {"A": "1", "B": {"secret": "s"}}
    assert _federation.resolve(values, {"s": "x"}) == {"A": "1", "B": "x"}
    with pytest.raises(KeyError):
        _federation.resolve(values, {})


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,10}", fullmatch=True),
        st.text(st.characters(exclude_characters="'\\", exclude_categories=["C", "Zl", "Zp"]), max_size=30),
        max_size=5,
    )
)
def test_environment_files_come_back(values: dict[str, str]) -> None:
    assert _federation.parse_env(_federation.render_env(values)) == values


@pytest.mark.parametrize("value", ["it's", "a\\b", "a\nb", "\x07"])
def test_values_that_a_file_cannot_carry(value: str) -> None:
    assert _federation.unsafe_character(value)
    with pytest.raises(ValueError, match="the value of A"):
        _federation.render_env({"A": value})


def test_names_that_are_none() -> None:
    assert _federation.unsafe_character("fine $HOME # x") == ""
    with pytest.raises(ValueError, match="no name"):
        _federation.render_env({"1A": "x"})


def test_files_of_other_hands_are_read_too() -> None:
    assert _federation.parse_env("A=1\n# B='2'\n\nnonsense\nC='x\n") == {"A": "1", "C": "'x"}


def test_differences_are_names_only() -> None:
    assert _federation.differing({"A": "1", "B": "2"}, {"A": "1", "B": "3", "C": "4", "D": "5"}, ["D"]) == ["B", "C"]


def test_diffs_never_show_a_secret() -> None:
    old, new = "# x\nA='old'\nB='1'\nS='same'\n", "# x\nA='new'\nB='2'\nS='same'\n"
    shown = _federation.masked_env(new, ["A", "S"], old)
    assert "new" not in shown
    assert shown == "# x\nA=(hidden, differs)\nB='2'\nS=(hidden)\n"
    assert _federation.masked_env("", ["A"], old) == ""


PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


def test_bundles_are_split() -> None:
    bundle = f"subject=x\r\n{PEM}\r\n\r\n{PEM.replace('AAAA', 'BBBB')}\n"
    assert len(_federation.split_pem(bundle)) == 2
    files = _federation.ca_files([bundle, PEM])
    assert len(files) == 2
    assert PEM + "\n" in files.values()


def image(**given: Any) -> _federation.Image:
    """Return the plan of one image."""
    return _federation.image_plan({"focus": given}, given.pop("lock", None), ["focus"])[0]


DIGEST = "sha256:" + "1" * 64


def test_images_of_a_registry_are_pinned() -> None:
    pinned = image(name="samply/focus", tag="main", digest=DIGEST)
    assert (pinned.reference, pinned.unlocked, pinned.lock_key) == (f"samply/focus@{DIGEST}", False, "")
    first = image(name="samply/focus", tag="main")
    assert (first.reference, first.unlocked, first.lock_key) == ("samply/focus:main", True, "samply/focus:main")
    later = image(name="samply/focus", tag="main", lock={"images": {"samply/focus:main": DIGEST}})
    assert (later.reference, later.unlocked) == (f"samply/focus@{DIGEST}", False)
    assert image(name="samply/focus", lock={"images": 3}).reference == "samply/focus:latest"


def test_images_of_archives_and_builds() -> None:
    named = image(source="archive", name="x/focus", tag="1", path="/f.tar", sha256="ab" * 32)
    assert (named.reference, named.retag) == ("x/focus:1", False)
    nameless = image(source="archive", path="/f.tar", sha256="ab" * 32)
    assert (nameless.reference, nameless.retag) == ("eucaim.local_node/focus:abababababab", True)
    built = image(source="build", name="x", tag="2", context="/c", arguments={"A": 1, "B": True, "C": False})
    assert built.origin == "build /c as x:2"
    assert built.as_dict()["arguments"] == {"A": "1", "B": "true", "C": "false"}


def test_only_what_runs_is_planned() -> None:
    images: dict[str, Any] = {"focus": {"name": "f"}, "mediator": {"name": "m"}}
    assert [entry.service for entry in _federation.image_plan(images, {}, ["beam-proxy", "focus"])] == ["focus"]


def test_lock_file_grows() -> None:
    assert _federation.lock_with(None, "b:1", DIGEST) == {"images": {"b:1": DIGEST}}
    assert _federation.lock_with({"images": {"c": "x"}}, "b", "y") == {"images": {"b": "y", "c": "x"}}


def test_digest_of_a_pulled_image() -> None:
    digests = ["nonsense", f"other@{DIGEST}", f"samply/focus@{DIGEST}"]
    assert _federation.digest_of(digests, "docker.io/samply/focus") == DIGEST
    assert _federation.digest_of([], "x") == ""
    assert _federation.same_repository("docker.io/library/debian", "debian")


@pytest.mark.parametrize(
    ("found", "record", "words", "matches"),
    [
        ("", {}, "is not on the node", False),
        ("sha256:1", {}, "is not recorded", False),
        ("sha256:1", [], "is not recorded", False),
        ("sha256:1", {"f:1": {"origin": "else", "id": "sha256:1"}}, "came from else", False),
        ("sha256:1", {"f:1": {"origin": "here", "id": "sha256:2"}}, "recorded was sha256:2", False),
        ("sha256:1", {"f:1": {"origin": "here", "id": "sha256:1"}}, "", True),
    ],
)
def test_images_against_the_record(found: str, record: Any, words: str, matches: bool) -> None:
    state = _federation.image_state({"service": "focus", "reference": "f:1", "origin": "here"}, found, record)
    assert words in state.reason
    assert state.matches is matches
    assert state.present is bool(found)


def inspected(**changes: Any) -> dict[str, Any]:
    """Return what Docker says of a good container."""
    data: dict[str, Any] = {
        "Image": "sha256:1",
        "RestartCount": 2,
        "State": {"Status": "running", "ExitCode": 0, "OOMKilled": False},
        "Config": {"Env": ["A=b=c", "PATH=/bin"]},
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"},
            "PortBindings": {},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
        },
        "NetworkSettings": {"Networks": {"net": {"IPAddress": "172.29.0.2"}}},
    }
    data.update(changes)
    return data


def test_a_good_container() -> None:
    seen = _federation.container_from_inspect("focus", inspected(), "net")
    assert seen.problems == ()
    assert seen.log_problem == ""
    assert seen.address == "172.29.0.2"
    assert seen.environment == {"A": "b=c", "PATH": "/bin"}
    assert seen.state() == "runs (restarted 2 times)"


def test_a_bad_container() -> None:
    seen = _federation.container_from_inspect(
        "focus",
        inspected(
            State={"Status": "exited", "ExitCode": 22},
            HostConfig={"PortBindings": {"8081/tcp": [{}]}, "Privileged": True, "LogConfig": {"Type": "none"}},
            NetworkSettings={},
        ),
        "net",
    )
    assert len(seen.problems) == 4
    assert "cannot be read" in seen.log_problem
    assert seen.state() == "has stopped (exit code 22)"


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ({"Type": "json-file"}, "not rotated"),
        ({"Type": "local"}, ""),
        ({"Type": "journald"}, ""),
        ({}, "nowhere"),
    ],
)
def test_logs_of_containers(log: dict[str, Any], problem: str) -> None:
    seen = _federation.container_from_inspect("focus", {"HostConfig": {"LogConfig": log}}, "net")
    assert problem in seen.log_problem
    assert bool(problem) is bool(seen.log_problem)


def test_states_in_words() -> None:
    assert _federation.Container("x").state() == "does not exist"
    assert "last exit code 17" in _federation.Container("x", True, "restarting", exit_code=17).state()
    assert _federation.Container("x", True, "paused").state() == "is paused"
    assert _federation.Container("x", True).state() == "has stopped (exit code 0)"


def test_networks() -> None:
    good = {
        "Driver": "bridge",
        "Labels": {"eu.eucaim.local_node": "federation"},
        "IPAM": {"Config": [{"Subnet": "172.29.0.0/24"}]},
        "Containers": {"1": {"Name": "focus"}},
    }
    assert _federation.network_problems(good, "172.29.0.0/24", ["focus"]) == []
    assert _federation.network_problems(good, "", ["focus"]) == []
    bad = _federation.network_problems(good, "172.30.0.0/24", [])
    assert bad == ["its addresses are 172.29.0.0/24, not 172.30.0.0/24", "other containers are on it: focus"]
    worse = _federation.network_problems({"Driver": "macvlan"}, "172.30.0.0/24", [])
    assert len(worse) == 3
    assert "unknown" in worse[2]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://b.test", ("https", "b.test", 443, "/")),
        ("http://b.test:8089/x", ("http", "b.test", 8089, "/x")),
        ("http://b.test/x?a=1", ("http", "b.test", 80, "/x?a=1")),
        ("http://b.test/x?", ("http", "b.test", 80, "/x?")),
        ("nonsense", ("", "", 80, "nonsense")),
    ],
)
def test_targets(url: str, expected: tuple[str, str, int, str]) -> None:
    found = _federation.target(url)
    assert (found.scheme, found.host, found.port, found.path) == expected


@pytest.mark.parametrize(
    ("no_proxy", "through"),
    [("", True), ("other", True), ("b.test", False), (".TEST", False), ("x, *", False), ("est", True)],
)
def test_no_proxy(no_proxy: str, through: bool) -> None:
    assert _federation.goes_through_proxy("b.test", no_proxy) is through


@pytest.mark.parametrize(("no_proxy", "through"), [("10.0.0.0/8", False), ("10.1.2.3", False), ("192.0.2.0/24", True)])
def test_networks_without_proxy(no_proxy: str, through: bool) -> None:
    assert _federation.goes_through_proxy("10.1.2.3", no_proxy) is through


def test_strangers_on_a_network_that_is_not_ours() -> None:
    network = {"Containers": {"1": {"Name": "focus"}, "2": {"Name": "other"}}}
    assert _federation.strangers_on(network, ["focus"]) == ["other"]
    assert _federation.strangers_on({**network, "Labels": {"eu.eucaim.local_node": "federation"}}, []) == []
    assert _federation.strangers_on({}, []) == []


def test_a_network_that_is_as_wanted() -> None:
    labels = {"eu.eucaim.local_node": "federation"}
    network = {"Driver": "bridge", "Labels": labels, "IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}]}}
    assert _federation.network_fits(network, "10.1.0.0/24")
    assert _federation.network_fits(network, "")
    assert _federation.network_fits({**network, "IPAM": None}, "")


@pytest.mark.parametrize(
    "change",
    [
        {"Driver": "macvlan"},
        {"Labels": None},
        {"Labels": {"eu.eucaim.local_node": "other"}},
        {"IPAM": None},
        {"IPAM": {"Config": [{"Subnet": "10.2.0.0/24"}]}},
        {"IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}, {"Subnet": "fd00::/64"}]}},
    ],
)
def test_a_network_that_is_another_one(change: dict[str, object]) -> None:
    labels = {"eu.eucaim.local_node": "federation"}
    network = {"Driver": "bridge", "Labels": labels, "IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}]}}
    assert not _federation.network_fits({**network, **change}, "10.1.0.0/24")
