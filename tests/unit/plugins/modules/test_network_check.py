# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module measures with a meter of the test, and refuses what it cannot measure by."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import make_row
from ansible_collections.eucaim.local_node.plugins.module_utils._network_iperf import NOT_INSTALLED, Stream
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import Load, load_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_meter import Direction, Meter, Reached
from ansible_collections.eucaim.local_node.plugins.module_utils._network_ping import Echoes
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import Place
from ansible_collections.eucaim.local_node.plugins.modules import network_check

FILLED: dict[str, Any] = {
    "targets": [],
    "peer": None,
    "seconds": 5,
    "rate": 0,
    "rate_limit": 0,
    "streams": 8,
    "count": 20,
    "timeout": 5.0,
    "max_latency": None,
    "max_loss": None,
    "http_proxy": None,
    "https_proxy": None,
    "no_proxy": [],
}
PEER = {"host": "peer.example", "port": 5201}
SLOW = Direction(steps=(Stream("udp", 250, 140, 1.05, 5.0, packets=1000, lost=440),))


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.failed = failed
        self.result = result


class FakeModule:
    """What the module needs of AnsibleModule."""

    def __init__(self, params: dict[str, Any], check_mode: bool) -> None:
        self.params = params
        self.check_mode = check_mode

    def __call__(self, **options: Any) -> FakeModule:
        """Stand in for the class too."""
        assert set(options["argument_spec"]) == set(self.params)
        assert options["supports_check_mode"] is True
        return self

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, **result: Any) -> NoReturn:
        """End badly."""
        raise Ended(True, result)


class FakeMeter(Meter):
    """A network in which every name but one is reached, and the line is slow to the node."""

    def reach(self, place: Place) -> Reached:
        """Answer at once."""
        if place.host == "nowhere.example":
            return Reached(place, failure="the name is not resolved", final=True)
        return Reached(place, "192.0.2.9", Echoes("icmp", self.count, self.count, 1.0, 2.0, 3.0, 0.5))

    def line(self, address: str, port: int, load: Load) -> dict[str, Direction]:
        """Answer at once."""
        assert (address, port, load) == ("192.0.2.9", 5201, load_of(200, 5, 0, 0, 8))
        return {"down": SLOW, "up": Direction(faults=(NOT_INSTALLED,))}


def run(monkeypatch: pytest.MonkeyPatch, *, check_mode: bool = False, **params: Any) -> Ended:
    module = FakeModule({**FILLED, **params}, check_mode)
    monkeypatch.setattr(network_check, "AnsibleModule", module)
    monkeypatch.setattr(network_check, "Meter", FakeMeter)
    with pytest.raises(Ended) as ended:
        network_check.main()
    return ended.value


def found(ended: Ended) -> dict[str, str]:
    assert not ended.failed, ended.result
    assert ended.result["changed"] is False
    json.dumps(ended.result)
    for row in ended.result["rows"]:
        make_row(row)
    return {each["item"]: each["verdict"] for each in ended.result["findings"]}


def test_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(monkeypatch)
    assert found(ended) == {}
    assert (ended.result["targets"], ended.result["peer"], ended.result["rows"]) == ([], None, [])


def test_targets_and_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(monkeypatch, targets=["a.example", "nowhere.example:443"], peer=PEER)
    assert found(ended) == {
        "a.example": "met",
        "nowhere.example:443": "unmet",
        "peer peer.example": "not_applicable",
        "down": "unmet",
        "up": "unanswered",
    }
    assert {each["requirement"]: each["status"] for each in ended.result["rows"]} == {
        "NET-RATE": "unmet",
        "NET-REACH": "unmet",
    }
    peer = ended.result["peer"]
    assert (peer["down"]["mbps"], peer["up"]["mbps"], peer["load"]["bytes_at_most"]) == (147.0, None, 1_425_000_000)
    assert ended.result["table"][1].split() == ["NET-RATE", "unmet"]


def test_check_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(monkeypatch, check_mode=True, peer=PEER)
    assert found(ended)["down"] == "unanswered"
    assert ended.result["findings"][1]["reason"] == "not measured in check mode, which puts no load on the line"
    assert ended.result["peer"]["down"] is None


def test_a_peer_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(monkeypatch, peer={"host": "nowhere.example", "port": 5201})
    assert found(ended)["up"] == "unanswered"
    assert ended.result["findings"][2]["reason"] == "the name is not resolved"


def test_limits_and_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(
        monkeypatch,
        targets=["a.example", "b.example:443"],
        max_latency=1.0,
        http_proxy="http://user:secret@p.example:3128",
        no_proxy=["b.example"],
    )
    assert found(ended) == {"a.example": "unmet", "b.example:443": "unmet"}
    assert [each["proxy"] for each in ended.result["targets"]] == ["http://p.example:3128", None]
    assert "secret" not in json.dumps(ended.result)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"targets": ["a b"]}, "targets: found 'a b', but"),
        ({"peer": {"host": "a b", "port": 1}}, "peer: found 'a b', but"),
        ({"peer": {"host": "a.example:1", "port": 1}}, "remedy: write them apart"),
        ({"peer": {"host": "a.example", "port": 0}}, "a port from 1 to 65535"),
        ({"seconds": 1}, "seconds: found 1; needed: 2 to 60"),
        ({"count": 0}, "count: found 0; needed: 1 to 1000"),
        ({"timeout": 0.0}, "timeout: found 0.0"),
        ({"max_loss": 101.0}, "max_loss: found 101.0"),
        ({"https_proxy": "https://secret:1"}, "https_proxy: found a value (hidden)"),
    ],
)
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], words: str) -> None:
    ended = run(monkeypatch, **params)
    assert ended.failed
    assert words in ended.result["msg"]
    assert "remedy: " in ended.result["msg"]
    assert "secret" not in ended.result["msg"]


def test_the_documentation_says_what_the_load_is() -> None:
    text = " ".join(yaml.safe_load(network_check.DOCUMENTATION)["description"])
    load = load_of(
        200, *(network_check.OPTIONS[name]["default"] for name in ("seconds", "rate", "rate_limit", "streams"))
    )
    assert f"at most {math.ceil(load.most_bytes / 1e7) / 100} GB" in text
