# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says is checked against what the roles accept."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.eucaim.local_node.plugins.module_utils import _inputs as inputs
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from hypothesis import given
from hypothesis import strategies as st

SECRET = "s3cr3t-and-long"
KNOWN = [
    inputs.Known("docker_source", "docker", "CT-DOCKER"),
    inputs.Known("docker_users", "docker", "CT-GROUP"),
    inputs.Known("docker_hold", "docker", "CT-DOCKER"),
    inputs.Known("docker_daemon_options", "docker", "CT-DOCKER"),
    inputs.Known("docker_mirror_url", "docker", "CT-DOCKER"),
    inputs.Known("federation_provider_id", "federation", "FED-KEY"),
    inputs.Known("federation_broker_url", "federation", "FED-ENV"),
    inputs.Known("preflight_tier", "preflight", "TIER-2"),
    inputs.Known("base_users", "base", "OS-USERS"),
]


def as_ansible_does(name: str, spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
    """Convert as the action does, which a test of what runs on nodes as well may not import."""
    own = {key: item for key, item in spec.items() if key not in ("required", "default")}
    result = ArgumentSpecValidator({name: own}).validate({name: value})
    return result.validated_parameters.get(name), list(result.error_messages)


def keep(_name: str, _spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
    """Accept every value as it is."""
    return value, []


def reject(_name: str, _spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
    """Accept nothing, and say too much."""
    return None, [f"wrong:\n  {value}"]


def test_check_function_is_found_by_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ansible_collections.eucaim.local_node.plugins.module_utils._inputs_imaginary"
    module = ModuleType(name)
    monkeypatch.setattr(module, "check_imaginary", lambda _variables, _facts: [], raising=False)
    monkeypatch.setitem(sys.modules, name, module)
    assert inputs.check_function("imaginary")({}, {}) == []
    assert inputs.check_function("imaginary") is vars(module)["check_imaginary"]


def test_requirement_is_the_first_known_id_of_the_description() -> None:
    assert inputs.requirement_of("docker", {"description": "Who may (CT-GROUP, CT-RUN)."}) == "CT-GROUP"
    assert inputs.requirement_of("docker", {"description": ["SHA-256 of it.", "See CT-RUN."]}) == "CT-RUN"
    assert inputs.requirement_of("docker", {}) == "CT-DOCKER"
    assert inputs.requirement_of("unheard", {"description": "No id."}) == "TIER-2"


def test_purpose_is_the_first_sentence() -> None:
    assert inputs.purpose_of({"description": ["Who may use\nDocker (CT-GROUP, CT-RUN). More.", "x"]}) == (
        "Who may use Docker"
    )
    assert inputs.purpose_of({"description": "Short."}) == "Short"
    assert inputs.purpose_of({"description": "Like V(a) and C(b c)."}) == "Like a and b c"
    assert inputs.purpose_of({}) == ""


def test_unreadable_from_messages() -> None:
    assert inputs.unreadable_from("Error: 'vault_x' is undefined. More") == inputs.Unreadable(missing="vault_x")
    assert inputs.unreadable_from("\n Decryption failed \nmore") == inputs.Unreadable(reason="Decryption failed")
    assert inputs.unreadable_from("") == inputs.Unreadable(reason="no reason given")


def test_secrets_are_found_at_every_depth() -> None:
    spec = {
        "type": "dict",
        "options": {
            "password": {"no_log": True},
            "list": {"type": "list", "options": {"token": {"no_log": True}}},
            "all": {"type": "dict", "no_log": True},
            "open": {},
        },
    }
    value = {
        "password": "pp",
        "list": [{"token": "ttt", "name": "n"}, {"token": ""}],
        "all": {"x": ["deep"]},
        "open": "o",
        "unlisted": "u",
    }
    assert inputs.secrets_in(spec, value) == ["deep", "ttt", "pp"]
    assert inputs.secrets_in({"no_log": True}, None) == ["None"]
    assert inputs.without_secrets("deep and ttt", ["deep", "ttt"]) == "(hidden) and (hidden)"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"choices": [2, 3], "type": "int"}, "one of 2, 3"),
        ({}, "a text"),
        ({"type": "bool"}, "true or false"),
        ({"type": "list", "elements": "dict"}, "a list, each item a mapping (name: value)"),
        ({"type": "list", "elements": "odd"}, "a list, each item a value"),
        ({"type": "odd"}, "a value"),
    ],
)
def test_needed(spec: dict[str, Any], text: str) -> None:
    assert inputs.needed_text(spec) == text


def test_an_unset_option_is_fine_unless_required() -> None:
    assert inputs.check_option("docker", "docker_x", {}, None, keep) == (None, [])
    assert inputs.check_option("docker", "docker_x", {}, "", keep) == ("", [])
    value, refusals = inputs.check_option(
        "docker", "docker_x", {"required": True, "description": "The x (CT-RUN)."}, " ", keep
    )
    assert value is None
    assert [item.text() for item in refusals] == [
        "[CT-RUN] docker_x: found nothing; needed: a text (The x); remedy: set docker_x in the inventory"
    ]


@pytest.mark.parametrize(
    ("kind", "value", "fine"),
    [
        ("list", "a,b", False),
        ("list", ["a"], True),
        ("dict", "a=b", False),
        ("dict", {"a": 1}, True),
        ("str", ["a"], False),
        ("str", {"a": 1}, False),
        ("str", 5, True),
        ("int", [1], False),
        ("raw", [1], True),
    ],
)
def test_lists_mappings_and_texts_are_never_turned_into_each_other(kind: str, value: Any, fine: bool) -> None:
    converted, refusals = inputs.check_option("docker", "docker_x", {"type": kind}, value, keep)
    assert (converted == value) is fine
    assert bool(refusals) is not fine


def test_a_wrong_value_is_shown_and_a_secret_is_not() -> None:
    _value, (open_one,) = inputs.check_option("docker", "docker_x", {"choices": ["a"]}, "b", reject)
    assert open_one.found == '"b"'
    assert open_one.remedy == "correct docker_x in the inventory"
    _value, (secret_one,) = inputs.check_option("docker", "docker_x", {"no_log": True}, SECRET, reject)
    assert secret_one.found == f"a value of {len(SECRET)} characters (hidden)"
    assert SECRET not in secret_one.text()


def test_a_wrong_value_inside_a_mapping_is_told_by_place_without_secrets() -> None:
    spec = {"type": "dict", "options": {"a": {}, "key": {"no_log": True}}}
    value, refusals = inputs.check_option("docker", "docker_x", spec, {"a": "q", "key": SECRET}, reject)
    assert [(item.variable, item.found) for item in refusals] == [
        ("docker_x.a", '"q"'),
        ("docker_x.key", f"a value of {len(SECRET)} characters (hidden)"),
    ]
    assert value == {}


def test_what_ansible_alone_finds_is_told_in_its_words_without_secrets() -> None:
    def whole(name: str, _spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
        return (value, []) if "." in name else (None, [f"wrong:\n  {value}"])

    spec = {"type": "dict", "options": {"a": {}, "key": {"no_log": True}}}
    _value, refusals = inputs.check_option("docker", "docker_x", spec, {"a": "q", "key": SECRET}, whole)
    assert [item.found for item in refusals] == ["wrong: {'a': 'q', 'key': '(hidden)'}"]


LINKS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "description": "The links (NET-ADDR).",
    "options": {
        "name": {"type": "str", "required": True, "description": "The adapter."},
        "members": {"type": "list", "elements": "str", "default": [], "description": "Two adapters (NET-REDUND)."},
        "mode": {"type": "str", "choices": ["one", "two"]},
        "note": {"type": "str"},
        "size": {"type": "int", "default": 0},
        "wanted": {"type": "bool"},
        "routes": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"to": {"type": "str", "required": True}, "via": {"type": "str", "required": True}},
        },
    },
}
KEYS = "name, members, mode, note, size, wanted, routes"


def inside(*items: Any) -> tuple[Any, list[Refusal]]:
    """Return what can be read of a list of mappings, and each refusal."""
    return inputs.check_option("network", "network_links", LINKS, list(items), as_ansible_does)


def test_a_list_of_mappings_without_a_fault_is_read_as_ansible_does() -> None:
    routes = [{"to": "a", "via": "b"}]
    value, refusals = inside({"name": "x", "size": "5", "note": "", "routes": routes})
    assert refusals == []
    left_out: dict[str, Any] = {"members": [], "mode": None, "wanted": None}
    assert value == [{"name": "x", "size": 5, "note": "", "routes": routes, **left_out}]


ALL = f"one of {KEYS}"
MEMBERS = "a list, each item a text (Two adapters)"
MAPPING = f"a mapping (name: value) with some of {KEYS}"
FALSE = "false without quotes: a template takes every text for true"


@pytest.mark.parametrize(
    ("item", "place", "found", "needed", "remedy", "left"),
    [
        (
            {"name": "x", "membrs": ["a", "b"]},
            "[0].membrs",
            'x: "membrs", which is no setting here',
            "the name members",
            "rename membrs to members",
            {"name": "x", "members": ["a", "b"]},
        ),
        (
            {"name": "x", "members": ["a"], "Members": ["b"]},
            "[0].Members",
            'x: "Members", which is no setting here',
            "the name members, which is there, too",
            "take Members out, or write what it says into members",
            {"name": "x", "members": ["a"]},
        ),
        (
            {"name": "x", "vlan": 5},
            "[0].vlan",
            'x: "vlan", which is no setting here',
            "no VLAN: they are not supported",
            "leave a link with VLANs as it is, and take it out of the list",
            {"name": "x"},
        ),
        (
            {"name": "x", "dhcp": True},
            "[0].dhcp",
            'x: "dhcp", which is no setting here',
            "no such key: DHCP is what a link without addresses gets",
            "take it out; for DHCP, take addresses out too",
            {"name": "x"},
        ),
        (
            {"name": "x", "shade": 5},
            "[0].shade",
            'x: "shade", which is no setting here',
            ALL,
            "take shade out",
            {"name": "x"},
        ),
        ({"name": "x", True: 5}, "[0].True", "x: true, which is no setting here", ALL, "take True out", {"name": "x"}),
        # The strange key may be the one that is missing.
        (
            {"interface": "x"},
            "[0].interface",
            '"interface", which is no setting here',
            ALL,
            "take interface out",
            None,
        ),
        ({"note": "n"}, "[0].name", "nothing", "a text (The adapter)", "set LIST[0].name in the inventory", None),
        ({"name": " "}, "[0].name", "nothing", "a text (The adapter)", "set LIST[0].name in the inventory", None),
        ({"name": ["x"]}, "[0].name", '["x"]', "a text (The adapter)", 'write name: "x"', {"name": "x"}),
        (
            {"name": {"x": 1}},
            "[0].name",
            '{"x": 1}',
            "a text (The adapter)",
            "correct LIST[0].name in the inventory",
            None,
        ),
        (
            {"name": "x", "members": "a, b"},
            "[0].members",
            'x: "a, b"',
            MEMBERS,
            'write members: ["a", "b"]',
            {"name": "x", "members": ["a", "b"]},
        ),
        (
            {"name": "x", "members": 7},
            "[0].members",
            "x: 7",
            MEMBERS,
            "write members: [7]",
            {"name": "x", "members": [7]},
        ),
        (
            {"name": "x", "members": [None]},
            "[0].members",
            "x: [null]",
            MEMBERS,
            "correct LIST[0].members in the inventory",
            None,
        ),
        (
            {"name": "x", "members": None},
            "[0].members",
            "x: nothing",
            MEMBERS,
            "take members out, or write a value behind it",
            None,
        ),
        (
            {"name": "x", "mode": "three"},
            "[0].mode",
            'x: "three"',
            "one of one, two",
            "correct LIST[0].mode in the inventory",
            {"name": "x"},
        ),
        (
            {"name": "x", "size": "much"},
            "[0].size",
            'x: "much"',
            "a whole number",
            "correct LIST[0].size in the inventory",
            {"name": "x"},
        ),
        ({"name": "x", "wanted": "no"}, "[0].wanted", 'the text "no"', FALSE, "take the quotes away", {"name": "x"}),
        (
            {"name": "x", "routes": [{"to": "a", "via": "b"}, {"to": "a"}]},
            "[0].routes[1].via",
            "x: nothing",
            "a text",
            "set LIST[0].routes[1].via in the inventory",
            {"name": "x", "routes": [{"to": "a", "via": "b"}]},
        ),
        ("x", "[0]", '"x"', MAPPING, "write it as name: x", None),
        (None, "[0]", "nothing", MAPPING, "correct LIST[0] in the inventory", None),
    ],
)
def test_each_fault_inside_of_a_list_is_told_by_item_and_key(
    item: Any, place: str, found: str, needed: str, remedy: str, left: Any
) -> None:
    value, (refusal,) = inside(item, {"name": "y"})
    assert value == [*([left] if left else []), {"name": "y"}]
    assert (refusal.variable, refusal.found) == (f"network_links{place}", found)
    assert (refusal.needed, refusal.remedy.replace("network_links", "LIST")) == (needed, remedy)
    assert refusal.requirement == ("NET-REDUND" if place == "[0].members" else "NET-ADDR")


@pytest.mark.parametrize(
    ("spec", "empty", "refused"),
    [
        ({"type": "list", "elements": "str"}, None, False),
        ({"type": "list", "elements": "str", "default": []}, None, True),
        ({"type": "list", "elements": "str"}, " ", True),
        ({"type": "int"}, None, False),
        ({"type": "int", "default": 0}, None, True),
        ({"type": "str", "default": "x"}, None, False),
        ({}, "", False),
        ({"choices": ["a"]}, None, True),
    ],
)
def test_a_key_with_nothing_behind_it_is_refused_where_ansible_would(
    spec: dict[str, Any], empty: Any, refused: bool
) -> None:
    whole = {"type": "dict", "options": {"x": spec}}
    _value, refusals = inputs.check_option("docker", "docker_x", whole, {"x": empty}, as_ansible_does)
    assert [item.found for item in refusals] == ["nothing"] * refused
    if not (refused and empty == " "):
        assert bool(as_ansible_does("docker_x", whole, {"x": empty})[1]) is refused


def test_an_item_that_is_no_mapping_may_be_a_secret() -> None:
    spec = {"type": "list", "elements": "dict", "options": {"name": {"required": True}, "key": {"no_log": True}}}
    _value, refusals = inputs.check_option("docker", "docker_x", spec, [SECRET, {"name": "a", "k": SECRET}], keep)
    assert [item.found for item in refusals] == [
        f"a value of {len(SECRET)} characters (hidden)",
        'a: "k", which is no setting here',
    ]
    hidden_name = {**spec, "options": {"name": {"no_log": True}}}
    _value, (refusal,) = inputs.check_option("docker", "docker_x", hidden_name, [{"name": SECRET, "k": 1}], keep)
    assert SECRET not in refusal.text()


def test_a_long_text_is_no_example_of_a_list() -> None:
    spec = {"type": "list", "elements": "str"}
    _value, (refusal,) = inputs.check_option("docker", "docker_x", spec, "-----BEGIN" * 20, keep)
    assert refusal.remedy == "correct docker_x in the inventory"
    _value, (secret,) = inputs.check_option("docker", "docker_x", {**spec, "no_log": True}, SECRET, keep)
    assert SECRET not in secret.text()


def test_the_check_goes_on_with_the_links_that_could_be_read() -> None:
    given = [{"name": "x", "vlan": 5}, "y"]
    for name, left in (("network_links", [{"name": "x"}]), ("docker_links", ["default"])):
        good, refusals = inputs.check_options("network", {name: LINKS}, {name: given}, {name: ["default"]}, keep)
        assert (good, len(refusals)) == ({name: left}, 2)
    deeper = [Refusal("NET-ADDR", name, "f", "n", "r") for name in ("network_links", "docker_links")]
    told = [Refusal("NET-ADDR", f"{refusal.variable}[0].vlan", "f", "n", "r") for refusal in deeper]
    assert inputs.not_told_yet(deeper, told) == deeper[:1]


def test_an_unreadable_value_names_what_is_missing() -> None:
    _value, (missing,) = inputs.check_option("federation", "x", {}, inputs.Unreadable(missing="vault_x"), keep)
    assert missing.found == "a reference to vault_x, which is not defined"
    assert "define vault_x" in missing.remedy
    assert "set x itself" in missing.remedy
    _value, (broken,) = inputs.check_option("federation", "x", {}, inputs.Unreadable(reason="no key"), keep)
    assert broken.found == "a template that cannot be resolved: no key"
    _value, (secret,) = inputs.check_option("federation", "x", {"no_log": True}, inputs.Unreadable(reason=SECRET), keep)
    assert SECRET not in secret.text()
    _value, (file,) = inputs.check_option(
        "federation", "x", {"description": "The root."}, inputs.Unreadable(file="/srv/root.pem"), keep
    )
    assert "/srv/root.pem" in file.found
    assert file.needed == "a text (The root)"


@pytest.mark.parametrize(
    ("message", "file"),
    [
        (
            "The lookup plugin 'ansible.builtin.file' failed: Unable to access the file '/a b/root.pem': Not there.",
            "/a b/root.pem",
        ),
        ("The 'file' lookup had an issue accessing the file 'root.pem'. file not found: root.pem", "root.pem"),
        ("could not locate file in lookup: root.pem", "root.pem"),
        ("could not locate file in lookup: root.pem. could not locate", "root.pem"),
        ("the template is broken", ""),
    ],
)
def test_a_file_that_is_missing_is_named(message: str, file: str) -> None:
    assert inputs.unreadable_from(message).file == file


def test_a_choice_that_others_call_something_else_is_named() -> None:
    spec = {"type": "str", "choices": ["active-backup", "802.3ad"]}

    def refused(_name: str, _spec: Mapping[str, Any], _value: Any) -> tuple[Any, Sequence[str]]:
        return None, ["no"]

    _value, (refusal,) = inputs.check_option("network", "mode", spec, "LACP", refused)
    assert refusal.remedy == "write mode: 802.3ad, which is what LACP is called here"
    _value, (refusal,) = inputs.check_option("network", "mode", {**spec, "choices": ["a"]}, "LACP", refused)
    assert refusal.remedy == "correct mode in the inventory"


def test_a_number_in_the_place_of_names_is_no_name() -> None:
    spec = {"type": "list", "elements": "str"}
    _value, (refusal,) = inputs.check_option("storage", "storage_spares", spec, 1, keep)
    assert refusal.remedy == "write the names, such as storage_spares: [/dev/disk/by-id/ata-MODEL_SERIAL]"


def test_a_size_in_the_place_of_an_offer_is_written_out() -> None:
    options = {"size": {"type": "str", "required": True}, "count": {"type": "int"}}
    spec = {"type": "list", "elements": "dict", "options": options}
    _value, (refusal,) = inputs.check_option("plan", "plan_drive_offers", spec, ["8TB"], keep)
    assert refusal.remedy == "write it as {size: 8TB, count: N}, with N for how many there are"


@pytest.mark.parametrize(
    ("value", "fine"), [("false", False), ("No", False), ("0", False), (False, True), ("yes", True)]
)
def test_a_text_that_means_false_is_refused_because_templates_take_it_for_true(value: Any, fine: bool) -> None:
    _value, refusals = inputs.check_option("docker", "docker_x", {"type": "bool"}, value, keep)
    assert (refusals == []) is fine
    for refusal in refusals:
        assert refusal.remedy.endswith("""-e '{"docker_x": false}'""")


@pytest.mark.parametrize(
    ("spec", "value", "remedy"),
    [
        ({"type": "list"}, None, "write [], or take the line out"),
        ({"type": "list"}, " ", "write [], or take the line out"),
        ({"type": "dict"}, None, "write {}, or take the line out"),
        ({"type": "int"}, None, "give a number, or take the line out"),
        ({"type": "float"}, "", "give a number, or take the line out"),
        ({"type": "bool"}, None, "say true or false, or take the line out"),
        ({"choices": ["xfs", "ext4"]}, "", "choose one, or take the line out"),
        ({"choices": ["xfs", "ext4"]}, None, "choose one, or take the line out"),
        ({"choices": ["", "xfs"]}, None, "choose one, or take the line out"),
        ({"type": "list", "choices": ["smart"]}, None, "write [], or take the line out"),
    ],
)
def test_a_setting_with_nothing_behind_it_is_refused(spec: dict[str, Any], value: Any, remedy: str) -> None:
    good, refusals = inputs.check_options("storage", {"storage_x": spec}, {"storage_x": value}, {"storage_x": 1}, keep)
    assert [(each.found, each.remedy) for each in refusals] == [("nothing", remedy)]
    assert good == {"storage_x": 1}
    assert inputs.check_options("storage", {"storage_x": spec}, {}, {}, keep) == ({}, [])


@pytest.mark.parametrize(
    ("spec", "value"), [({}, ""), ({}, None), ({"choices": ["", "a"]}, ""), ({"type": "raw"}, None)]
)
def test_a_text_may_be_empty(spec: dict[str, Any], value: Any) -> None:
    assert inputs.check_options("storage", {"x": spec}, {"x": value}, {}, keep) == ({"x": value}, [])


def test_the_answers_of_a_site_may_be_left_open() -> None:
    spec = {"site_waivers": {"type": "list"}}
    assert inputs.check_options("site", spec, {"site_waivers": None}, {}, keep) == ({"site_waivers": None}, [])


def test_the_secret_of_the_examples_is_refused() -> None:
    spec = {"no_log": True}
    _value, (refusal,) = inputs.check_option("federation", "x", spec, "Secret change-me", keep)
    assert refusal.found == "the example's own change-me, which everybody knows"
    assert inputs.check_option("federation", "x", {}, "change-me", keep) == ("change-me", [])


def test_check_options_goes_on_with_defaults() -> None:
    def convert(name: str, _spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
        return (None, ["no"]) if name.startswith("bad") else (value, [])

    specs: dict[str, Any] = {"bad": {}, "bad_unset": {}, "bad_default": {}, "fine": {}, "absent": {}}
    good, refusals = inputs.check_options(
        "docker",
        specs,
        {"bad": 1, "bad_unset": 2, "bad_default": 3, "fine": "f"},
        {"bad": "default", "bad_default": inputs.Unreadable("x"), "fine": "d"},
        convert,
    )
    assert good == {"bad": "default", "fine": "f"}
    assert [item.variable for item in refusals] == ["bad", "bad_unset", "bad_default"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("federation_providerid", "federation_provider_id"),
        ("federation_provider_ids", "federation_provider_id"),
        ("federaton_provider_id", "federation_provider_id"),
        ("federation_broker_uri", "federation_broker_url"),
        ("Federation_Broker_URL", "federation_broker_url"),
        ("preflight_teir", "preflight_tier"),
        ("preflight_tiers", "preflight_tier"),
        ("dockr_source", "docker_source"),
        ("docker_user", "docker_users"),
        ("base_user", "base_users"),
    ],
)
def test_a_near_miss_is_refused_with_the_right_name(name: str, meant: str) -> None:
    (refusal,), unknown = inputs.check_names([name], KNOWN)
    assert refusal.needed == f"the name {meant}"
    assert refusal.remedy == f"rename {name} to {meant}"
    assert unknown == []


@pytest.mark.parametrize(
    "name",
    [
        *sorted(inputs.FOREIGN_NAMES - {item.name for item in KNOWN}),
        *(
            "docker_server__users",
            "docker_registry__source",
            "docker_opts",
            "base_packages",
            "report_email",
            "base_url",
        ),
    ],
)
def test_another_collections_variable_is_only_told(name: str) -> None:
    assert inputs.check_names([name], KNOWN) == ([], [name])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "docker_source",
            "ansible_user",
            "__docker_probe",
            "_x",
            "backup_dir",
            "site_name",
            "docker__users",
            "app_dir",
        ),
        *("vault_federation_provider_id", "old_federation_broker_url", "vault_docker_users"),
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    refusals, unknown = inputs.check_names([name], KNOWN)
    assert refusals == []
    assert unknown == (["docker__users"] if name == "docker__users" else [])


def test_exempt_names_are_neither_near_nor_unknown() -> None:
    names = ["federation_firewall_rules", "federation_broker_urls"]
    assert inputs.check_names(names, KNOWN, names) == ([], [])


def test_names_of_roles_that_are_not_asked_about_are_left_alone() -> None:
    names = ["docker_edition", "dockr_source", "base_shells", "base_user"]
    refusals, unknown = inputs.check_names(names, KNOWN[-1:], roles=["base"])
    assert [refusal.variable for refusal in refusals] == ["base_user"]
    assert unknown == ["base_shells"]


@pytest.mark.parametrize("name", ["APP_FOCUS_KEY", "APP_focus_KEY", "APP_FOCUS", "API_KEY"])
def test_keys_of_applications_are_made_on_the_node(name: str) -> None:
    (refusal,), _unknown = inputs.check_names([name], KNOWN)
    assert "made on the node" in refusal.needed
    assert refusal.requirement == "FED-ENV"


def test_names_of_the_programs_environment_are_translated() -> None:
    (refusal,), _unknown = inputs.check_names(["BROKER_URL"], KNOWN)
    assert refusal.needed == "the name federation_broker_url"


@given(st.sampled_from([item.name for item in KNOWN]), st.data())
def test_one_lost_letter_never_goes_unnoticed(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(min_value=0, max_value=len(name) - 1))
    wrong = name[:place] + name[place + 1 :]
    (refusal,), _unknown = inputs.check_names([wrong], KNOWN)
    assert refusal.needed == f"the name {name}"


def test_one_mistake_is_told_once() -> None:
    def refusal(variable: str) -> Refusal:
        return Refusal("CT-RUN", variable, "f", "n", "r")

    found = [refusal(name) for name in ("docker_x", "docker_x.a", "docker_x[0].b", "docker_xy")]
    assert inputs.not_told_yet(found, [refusal("docker_x")]) == [found[3]]
    assert inputs.not_told_yet(found, []) == found
