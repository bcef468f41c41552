# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which manager is told, and what of the node stands against it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_choice as choice
from ansible_collections.eucaim.local_node.plugins.module_utils._network import wanted_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_seen import Seen
from ansible_collections.eucaim.local_node.plugins.module_utils._network_settings import Foreign
from ansible_collections.eucaim.local_node.tests.unit.plugins.network_links import BOND, SEEN, STATIC, links

BOTH = choice.Managers(("networkmanager", "networkd"), {"networkmanager": ["enp1s0"], "networkd": ["enp3s0"]})


def test_what_networkd_and_networkmanager_have_is_read() -> None:
    text = "  1 lo     loopback carrier  unmanaged\n  2 enp0s1 ether    routable configured\n\nbad\n"
    assert choice.networkd_claims(text) == ["enp0s1"]
    assert choice.nm_claims("enp1s0:connected\nlo:unmanaged\nenp2s0:disconnected\n") == ["enp1s0", "enp2s0"]


@pytest.mark.parametrize(
    ("found", "devices", "asked", "chosen"),
    [
        (BOTH, ["enp3s0"], "auto", "networkd"),
        (BOTH, ["enp1s0"], "auto", "networkmanager"),
        (BOTH, ["enp9s0"], "auto", "networkmanager"),
        (BOTH, ["enp1s0"], "networkd", "networkd"),
        (choice.Managers(("networkd", "netplan")), ["enp1s0"], "auto", "netplan"),
        (choice.Managers(("ifupdown",)), ["enp1s0"], "auto", "ifupdown"),
    ],
)
def test_the_one_that_has_the_links_is_told(
    found: choice.Managers, devices: list[str], asked: str, chosen: str
) -> None:
    assert choice.choose(found, devices, asked) == (chosen, None)


@pytest.mark.parametrize(
    ("found", "devices", "asked", "words"),
    [
        (BOTH, ["enp1s0", "enp3s0"], "auto", "networkmanager and networkd, each with some of enp1s0, enp3s0"),
        (choice.Managers(), ["enp1s0"], "auto", "no network manager that runs"),
        (BOTH, ["enp1s0"], "ifupdown", "ifupdown, which does not run here (running: networkmanager, networkd)"),
        (choice.Managers(), ["enp1s0"], "ifupdown", "ifupdown, which does not run here (running: none)"),
    ],
)
def test_none_is_told_where_none_is_in_charge(
    found: choice.Managers, devices: list[str], asked: str, words: str
) -> None:
    chosen, refusal = choice.choose(found, devices, asked)
    assert chosen == ""
    assert refusal is not None
    assert refusal.found == words


def test_an_adapter_that_is_not_there_is_named() -> None:
    wanted = [wanted_of({"name": "enp9s0"}), wanted_of({"name": "52:54:00:00:00:99"})]
    words = [refusal.found for refusal in choice.not_there(wanted, SEEN)]
    assert words == ["no adapter called enp9s0", "no adapter with the address 52:54:00:00:00:99"]
    assert choice.not_there(wanted, {})[0].needed == "one of none"


def test_an_adapter_by_two_names_is_one() -> None:
    same = {**BOND, "members": ["enp1s0", "52:54:00:00:00:01"]}
    (refusal,) = choice.twice(links(same, {"name": "enp3s0"}))
    assert refusal.found == "enp1s0 in two places, as enp1s0 and as 52:54:00:00:00:01"
    assert list(choice.twice(links(BOND, {"name": "52:54:00:00:00:03"}))) == []


def unfit(seen: dict[str, Seen], *, wireless: tuple[str, ...] = (), may: tuple[str, ...] = ()) -> list[str]:
    """Return what is wrong with the adapters of a bond."""
    found = choice.unfit(links(BOND), {**SEEN, **seen}, wireless, may, ())
    return [refusal.found for refusal in found]


def test_what_a_node_should_not_hang_on_is_refused() -> None:
    assert unfit({}) == []
    dark = {"enp1s0": Seen("enp1s0", up=True)}
    assert unfit(dark) == ["enp1s0, without a carrier"]
    assert unfit(dark, may=("no_carrier",)) == []
    assert list(choice.unfit(links(BOND), {**SEEN, **dark}, (), (), ["enp1s0"])) == []
    assert unfit({"enp1s0": Seen("enp1s0")}) == []
    assert unfit({}, wireless=("enp2s0",)) == ["enp2s0, which is wireless"]
    assert unfit({}, wireless=("enp2s0",), may=("wireless",)) == []
    assert unfit({"bond0": Seen("bond0", kind="bridge")}) == ["bond0 is there and is no bond"]
    assert unfit({"bond0": Seen("bond0", kind="bond")}) == []
    assert unfit({"enp1s0": Seen("enp1s0", kind="vlan", up=True, carrier=True)}) == ["enp1s0, a vlan"]


def test_settings_of_somebody_else_need_a_word() -> None:
    plain, stuck = Foreign("/etc/a", "enp1s0"), Foreign("/etc/b", "enp1s0", stuck="others stand in it")
    assert [refusal.found for refusal in choice.others_settings([plain, stuck], False)] == [
        "settings of somebody else for enp1s0 in /etc/a",
        "settings of somebody else for enp1s0 in /etc/b; others stand in it",
    ]
    (refusal,) = choice.others_settings([plain, stuck], True)
    assert refusal.found[-10:] == "tand in it"
    assert refusal.remedy.startswith("take what is about enp1s0 out of it by hand")


def test_a_name_server_that_networkmanager_cannot_be_told_is_named() -> None:
    six = {"name": "enp1s0", "addresses": ["2001:db8::10/64"], "dns": ["192.0.2.53", "2001:db8::53"]}
    wanted = [wanted_of(six), wanted_of(STATIC), wanted_of({"name": "enp2s0", "dns": ["192.0.2.53"]})]
    (refusal,) = choice.unreachable_servers(wanted)
    assert refusal.found == "enp1s0: dns 192.0.2.53 without an address of IPv4"


def test_name_servers_are_written_once() -> None:
    wanted = [wanted_of(STATIC), wanted_of({**STATIC, "name": "enp1s0", "search": []})]
    assert choice.resolver_text(wanted) == "search example.org lan\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n"
    assert choice.resolver_text([wanted_of({"name": "enp1s0", "dns": ["192.0.2.53"]})]) == "nameserver 192.0.2.53\n"
    assert choice.resolver_text([wanted_of(BOND)]) == ""


LONELY = {"name": "enp1s0", "addresses": ["192.0.2.10/24"]}
GATEWAY, SERVER = "No link has a gateway", "No link names a name server"


@pytest.mark.parametrize(
    ("wanted", "elsewhere", "named", "said"),
    [
        ([], [], False, []),
        ([LONELY], [], False, [GATEWAY, SERVER]),
        ([LONELY], ["enp2s0"], True, []),
        ([{**LONELY, "gateway": "192.0.2.1"}], [], True, []),
        ([{**LONELY, "dns": ["192.0.2.53"]}], [], False, [GATEWAY]),
        ([LONELY, {"name": "enp2s0"}], [], False, []),
        ([{**LONELY, "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.1"}]}], [], True, [GATEWAY]),
        (
            [LONELY, {**LONELY, "name": "enp2s0", "routes": [{"to": "default", "via": "192.0.2.1"}]}],
            [],
            False,
            [SERVER],
        ),
    ],
)
def test_what_works_and_may_not_be_meant_is_told(
    wanted: list[dict[str, Any]], elsewhere: list[str], named: bool, said: list[str]
) -> None:
    notes = choice.notes([wanted_of(each) for each in wanted], elsewhere, named)
    assert [note[: len(start)] for note, start in zip(notes, said, strict=True)] == said
