# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's settings as data."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_config as config
from hypothesis import given
from hypothesis import strategies as st

POOLS = [{"base": "172.24.0.0/14", "size": 24}]
JSON = st.one_of(st.booleans(), st.integers(), st.text(max_size=3))
SETTINGS = st.dictionaries(st.sampled_from(["debug", "mtu", "labels", "log-driver", "log-opts", "x"]), JSON, max_size=5)


def test_safe_defaults_hold_unless_the_site_says_otherwise() -> None:
    assert config.effective_options({}, POOLS) == {**config.SAFE_DEFAULTS, "default-address-pools": POOLS}
    assert config.effective_options({"live-restore": False, "debug": True}, []) == {
        **config.SAFE_DEFAULTS,
        "live-restore": False,
        "debug": True,
    }
    assert "live-restore" not in config.effective_options({"live-restore": None}, [])


def test_the_rotation_belongs_to_the_drivers_that_know_it() -> None:
    assert "log-opts" in config.effective_options({"log-driver": "local"}, [])
    assert "log-opts" not in config.effective_options({"log-driver": "journald"}, [])


def test_an_engine_that_must_not_restart_gets_what_a_reload_brings() -> None:
    assert config.effective_options({"mtu": 1400}, POOLS, gentle=True) == {"live-restore": True, "mtu": 1400}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hosts": ["tcp://0.0.0.0:2375"]}, "systemd"),
        ({"default-address-pools": []}, "docker_address_pools"),
        ({"proxies": {}}, "docker_http_proxy"),
        ({"pidfile": "/run/x"}, "systemd"),
        ({"live-restor": True}, "live-restore"),
        ({"debug": "yes"}, "true or false"),
        ({"mtu": "1400"}, "a whole number"),
        ({"mtu": True}, "a whole number"),
        ({"dns": "1.1.1.1"}, "a list"),
        ({"log-opts": ["a"]}, "a mapping"),
        ({"log-driver": 5}, "a text"),
        ({"log-opts": {"max-file": 3}}, "quotes"),
    ],
)
def test_options_that_cannot_work(options: dict[str, Any], words: str) -> None:
    problems = config.option_problems(options)
    assert len(problems) == 1
    assert words in f"{problems[0].found} {problems[0].needed} {problems[0].remedy}"


def test_options_that_can_work() -> None:
    options = {
        "debug": True,
        "mtu": 1400,
        "dns": ["1.1.1.1"],
        "log-opts": {"max-file": "3"},
        "log-driver": "local",
        "features": None,
        "a-setting-of-a-later-engine": 1,
    }
    assert config.option_problems(options) == []


def test_every_key_that_reloads_is_known() -> None:
    assert set(config.KNOWN_KINDS) >= config.RELOADABLE >= config.RELOADABLE_WHEN_REMOVED
    assert set(config.SAFE_DEFAULTS) <= set(config.KNOWN_KINDS)


@pytest.mark.parametrize(
    ("text", "read"), [("", {}), (" \n", {}), ('{"debug": true}', {"debug": True}), ("[]", None), ("{", None)]
)
def test_reading_the_file(text: str, read: dict[str, Any] | None) -> None:
    assert config.parse_config(text) == read


def test_a_foreign_key_is_kept_and_a_contradiction_named() -> None:
    existing = {"data-root": "/srv", "debug": True}
    kept = config.merge(existing, {}, {"live-restore": True}, [])
    assert kept.config == {"data-root": "/srv", "debug": True, "live-restore": True}
    assert (kept.changed, kept.conflicts) == (("live-restore",), ())
    assert kept.owned == {"live-restore": True}
    assert config.merge(existing, {}, {"debug": False}, ["debug"]).conflicts == ("debug",)


def test_a_default_of_ours_yields_to_a_foreign_setting() -> None:
    options = config.effective_options({}, POOLS)
    merge = config.merge({"log-driver": "journald"}, {}, options, [])
    assert merge.conflicts == ()
    assert merge.config == {"log-driver": "journald", "live-restore": True, "default-address-pools": POOLS}
    rotating = config.merge({"log-driver": "local"}, {}, options, [])
    assert rotating.config["log-opts"] == config.SAFE_DEFAULTS["log-opts"]


def test_drift_of_our_own_key_is_put_right_and_an_old_key_goes() -> None:
    merge = config.merge(
        {"debug": False, "mtu": 1400, "x": 1}, {"debug": True, "mtu": 1400}, {"debug": True}, ["debug"]
    )
    assert merge.config == {"debug": True, "x": 1}
    assert (merge.changed, merge.removed, merge.conflicts) == (("debug",), ("mtu",), ())


def test_what_someone_else_had_set_to_our_value_stays_theirs() -> None:
    assert config.merge({"debug": True}, {}, {"debug": True}, ["debug"]).owned == {}


@given(existing=SETTINGS, owned=SETTINGS, options=SETTINGS, more=st.booleans())
def test_merging_twice_changes_nothing_and_foreign_keys_live(
    existing: dict[str, Any], owned: dict[str, Any], options: dict[str, Any], more: bool
) -> None:
    explicit = list(options) if more else []
    first = config.merge(existing, owned, options, explicit)
    assert all(first.config[key] == existing[key] for key in existing if key not in owned and key not in options)
    again = config.merge(first.config, first.owned, options, explicit)
    assert (again.changed, again.removed) == ((), ()) or first.conflicts


@pytest.mark.parametrize(
    ("changed", "removed", "environment", "action"),
    [
        ([], [], False, "none"),
        (["debug", "live-restore"], [], False, "reload"),
        ([], ["max-concurrent-uploads"], False, "reload"),
        ([], ["live-restore"], False, "restart"),
        (["debug", "log-driver"], [], False, "restart"),
        ([], [], True, "restart"),
    ],
)
def test_what_a_change_costs(changed: list[str], removed: list[str], environment: bool, action: str) -> None:
    assert config.action_for(changed, removed, environment) == action


def test_the_stronger_action_wins() -> None:
    assert config.stronger("none", "reload") == "reload"
    assert config.stronger("restart", "none") == "restart"
    assert config.stronger("nonsense", "none") == "restart"


def test_live_restore_comes_before_a_restart() -> None:
    assert config.stepping_stone({"mtu": 1}, {"live-restore": True}) == {"mtu": 1, "live-restore": True}
    assert config.stepping_stone({"live-restore": True}, {"live-restore": True}) is None
    assert config.stepping_stone({}, {}) is None


def test_the_proxy_stands_in_a_file_of_its_own() -> None:
    environment = config.proxy_environment("http://p:3128", "", ".local")
    assert environment == {"HTTP_PROXY": "http://p:3128", "NO_PROXY": ".local"}
    text = config.render_environment({"HTTP_PROXY": 'a"b\\c'})
    assert text.endswith('HTTP_PROXY="a\\"b\\\\c"\n')
    assert "EnvironmentFile=/x\n" in config.render_drop_in("/x")


def test_the_authorities_are_known_by_a_stamp() -> None:
    assert config.trust_stamp([]) == ""
    stamp = config.trust_stamp(["a\nb\n", "c"])
    assert stamp == config.trust_stamp(["c\n", "ab"])
    assert stamp != config.trust_stamp(["c"])
    assert stamp in config.render_environment({}, stamp)


def test_credentials_are_hidden() -> None:
    assert config.hide_credentials("http://me:secret@proxy:1/") == "http://(hidden)@proxy:1/"
    assert config.hide_credentials("http://proxy:1/") == "http://proxy:1/"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://proxy.example:3128", ""),
        ("https://me:pass@proxy.example/", ""),
        ("proxy.example:3128", "begins with"),
        ("socks5://proxy", "begins with"),
        ("http://", "names a host"),
        ("http://proxy:0", "port"),
        ("http://proxy:99999", "port"),
        ("http://proxy:x", "port"),
        ("http://proxy/path", "ends after"),
        ("http://proxy?q=1", "ends after"),
        ("http://pro xy", "white space"),
        ("http://proxy\n", "white space"),
    ],
)
def test_urls_of_proxies(url: str, words: str) -> None:
    problem = config.proxy_problem(url)
    assert words in problem
    assert bool(problem) == bool(words)
