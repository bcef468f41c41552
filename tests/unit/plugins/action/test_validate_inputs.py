# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action reads specs, resolves variables, looks at the node and collects every refusal."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import MagicMock

import pytest
import yaml
from ansible import constants
from ansible import template as ansible_template
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.eucaim.local_node.plugins.action import validate_inputs
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs import HOSTLESS
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

SITE = Path(__file__).resolve().parents[4] / "playbooks" / "site.yml"
SECRET = "s3cr3t-and-long"
FACTS = {
    "distribution": "Debian",
    "distribution_major_version": "13",
    "os_family": "Debian",
    "default_ipv4": {},
    "eucaim_routes": [{"dst": "10.0.0.0/8", "dev": "eth0"}],
    "eucaim_engine_looked_at": True,
}
LOOK = "eucaim.local_node.docker_engine_info"
SPECS = {
    "federation": """
argument_specs:
  main:
    options:
      federation_provider_id: {type: str, description: The id (FED-ENV).}
      federation_broker_url: {type: str, description: The broker (FED-ENV).}
""",
    "docker": """
argument_specs:
  main:
    options:
      docker_source: {type: str, choices: [upstream, mirror], description: Where from (CT-DOCKER).}
      docker_hold: {type: bool, description: Hold it.}
      docker_users: {type: list, elements: str, description: Who may (CT-GROUP).}
      docker_password: {type: str, no_log: true, description: Secret.}
""",
    "preflight": """
argument_specs:
  main:
    options:
      preflight_tier: {type: int, required: true, choices: [2, 3], description: The tier (TIER-2).}
""",
}
DEFAULTS = {
    "federation": "federation_broker_url: https://broker.example\n",
    "docker": """
docker_source: upstream
docker_hold: "{{ docker_source == 'upstream' and __docker_constant == 1 }}"
docker_users: []
docker_password: ""
""",
}
VARS = {"docker": "__docker_constant: 1\ndocker_firewall_note: x\n"}
TASKS = {
    "preflight": "- {name: Check, tags: [preflight, ct_docker]}\n",
    "docker": "- {name: Check, tags: [docker]}\n- {name: Install, tags: [docker, docker_install]}\n- {name: Say}\n",
    "federation": "- {name: Check, tags: [federation]}\n",
}


def _fail_with(error: Exception) -> None:
    raise error


class Node:
    """A node that answers what a test wants."""

    def __init__(self) -> None:
        self.setup: dict[str, Any] = {"ansible_facts": {f"ansible_{name}": value for name, value in FACTS.items()}}
        self.routes: dict[str, Any] = {
            "rc": 0,
            "stdout": json.dumps(
                [
                    {"dst": "default", "dev": "eth0"},
                    {"type": "local", "dst": "10.0.0.1", "dev": "lo"},
                    {"type": "unicast", "dst": "10.0.0.0/8"},
                ]
            ),
        }
        self.engine: dict[str, Any] = {"changed": False, "owner": "none", "flavour": ""}
        self.engine_error: Exception | None = None
        self.identity: dict[str, Any] = {"rc": 0, "stdout": "0\n", "stderr": ""}
        self.error: Exception | None = None
        self.become_error: Exception | None = None
        self.calls: list[str] = []
        self.pipelined = False

    def module(self, module_name: str, **_options: Any) -> dict[str, Any]:
        """Run a module."""
        self.calls.append(module_name)
        error = self.engine_error if module_name == LOOK else self.error
        if error:
            _fail_with(error)
        return self.engine if module_name == LOOK else self.setup

    def command(self, command: str, sudoable: bool, in_data: str = "") -> dict[str, Any]:
        """Run a command."""
        self.calls.append(command)
        assert bool(in_data) == command.startswith("cat")
        if sudoable and self.become_error:
            _fail_with(self.become_error)
        return self.identity if sudoable else self.routes


@pytest.fixture(name="node")
def _node() -> Node:
    return Node()


Run = Callable[..., dict[str, Any]]


@pytest.fixture(name="run")
def _run(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for folder, name, contents in (
        ("meta", "argument_specs.yml", SPECS),
        ("defaults", "main.yml", DEFAULTS),
        ("vars", "main.yml", VARS),
        ("tasks", "main.yml", TASKS),
    ):
        for role, text in contents.items():
            path = tmp_path / role / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(validate_inputs, "ROLES_PATH", str(tmp_path))
    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: lambda _variables, _facts: [])

    def run(
        variables: Mapping[str, Any], register: str | None = "said", tags: Sequence[str] = ("always",), **arguments: Any
    ) -> dict[str, Any]:
        loader = DataLoader()
        given = {"roles": ["preflight", "docker"], **arguments}
        task = MagicMock(async_val=0, check_mode=False, register=register, args=given, tags=list(tags))
        connection = MagicMock(become="sudo")
        everything = {"inventory_hostname": "node1", **validate_inputs.trusted(dict(variables))}
        action = validate_inputs.ActionModule(
            task=task,
            connection=connection,
            play_context=MagicMock(check_mode=False),
            loader=loader,
            templar=Templar(loader=loader, variables=everything),
            shared_loader_obj=MagicMock(),
        )
        monkeypatch.setattr(action, "_execute_module", node.module)
        monkeypatch.setattr(action, "_low_level_execute_command", node.command)
        monkeypatch.setattr(action, "_is_pipelining_enabled", lambda _style: node.pipelined)
        result = action.run(None, everything)
        alone = arguments.get("stage") == "login" or HOSTLESS.issuperset(given["roles"])
        looked = [] if alone else [(None,), ("sudo",)]
        assert [call.args for call in connection.set_become_plugin.call_args_list] == looked
        return result

    return run


def texts(result: Mapping[str, Any]) -> list[str]:
    """Return requirement, variable and what was found, of every refusal."""
    return [f"{item['requirement']} {item['variable']}: {item['found']}" for item in result["refusals"]]


def test_good_input_passes_and_leaves_facts(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    def check(role: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], list[Refusal]]:
        def note(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
            seen[role] = (variables, facts)
            return []

        return note

    monkeypatch.setattr(validate_inputs, "check_function", check)
    result = run({"preflight_tier": "2"})
    assert (result["failed"], result["changed"], result["refusals"]) == (False, False, [])
    assert node.calls == ["ansible.legacy.setup", "ip -j route show table all"]
    assert result["ansible_facts"]["ansible_distribution"] == "Debian"
    assert seen["preflight"][0] == {"preflight_tier": 2}
    variables, facts = seen["docker"]
    assert variables == {"docker_source": "upstream", "docker_hold": True, "docker_users": [], "docker_password": ""}
    assert facts["distribution"] == "Debian"
    assert facts["routes"] == [{"dst": "default", "dev": "eth0"}, {"dst": "10.0.0.0/8", "dev": ""}]


def test_known_facts_are_not_gathered_again(run: Run, node: Node) -> None:
    result = run({"preflight_tier": 2, "ansible_facts": FACTS})
    assert node.calls == []
    assert "ansible_facts" not in result


def test_roles_for_the_control_machine_look_at_no_host(run: Run, node: Node) -> None:
    assert run({}, roles=["bundle", "plan"])["refusals"] == []
    assert node.calls == []
    run({}, roles=["plan", "docker"])
    assert node.calls == ["ansible.legacy.setup", "ip -j route show table all"]


@pytest.mark.parametrize("judged", [True, False])
def test_a_node_is_judged_only_where_nothing_measures_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, judged: bool
) -> None:
    def check(_variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
        return [Refusal("OS-LTS", "distribution", str(facts["distribution"]), "n", "r")] if facts else []

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: check)
    result = run({"preflight_tier": 2, "ansible_facts": FACTS}, check_node=judged)
    assert texts(result) == (["OS-LTS distribution: Debian"] if judged else [])


def test_every_refusal_comes_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    deeper = Refusal("CT-DOCKER", "docker_source", "a pool that overlaps", "n", "r")
    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: lambda _variables, _facts: [deeper])
    result = run(
        {
            "ansible_facts": FACTS,
            "docker_hold": "perhaps",
            "docker_users": "ann",
            "dockr_source": "x",
            "docker_edition": "ce",
            "docker_firewall_rules": [],
            "docker_firewall_note": "y",
            "docker_password": "{{ vault_docker_password }}",
        }
    )
    assert result["failed"] is True
    assert texts(result) == [
        "CT-DOCKER dockr_source: a variable that no role reads",
        "TIER-2 preflight_tier: nothing",
        "CT-DOCKER docker_source: a pool that overlaps",
        'CT-DOCKER docker_hold: "perhaps"',
        'CT-GROUP docker_users: "ann"',
        "CT-DOCKER docker_password: a reference to vault_docker_password, which is not defined",
    ]
    assert result["unknown_variables"] == ["docker_edition"]
    assert result["msg"].startswith(
        "6 refusals for node1; nothing was changed.\n1. dockr_source [CT-DOCKER]\n   found: "
    )


def test_refusals_are_data_for_whoever_asks_for_them(run: Run) -> None:
    refused = {"ansible_facts": FACTS}
    assert "refusals" not in run(refused, register=None)
    assert run(refused, register=None)["msg"] == run(refused)["msg"]
    assert run({**refused, "preflight_tier": 2}, register=None)["refusals"] == []


class BrokenHost(dict[str, Any]):
    """Variables of a host whose templates cannot be resolved."""

    def get(self, key: str, default: Any = None) -> Any:
        """Fail as a host's variables do."""
        raise AnsibleError(f"{key} refers to {default}")


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ("192.0.2.10/24", ["NET-ADDR network_links: the address 192.0.2.10, which node2 has too"]),
        ("192.0.2.11/24", []),
    ],
)
def test_no_other_node_has_the_same_address(run: Run, tmp_path: Path, own: str, found: list[str]) -> None:
    specs = tmp_path / "network" / "meta" / "argument_specs.yml"
    specs.parent.mkdir(parents=True)
    specs.write_text("argument_specs: {main: {options: {network_links: {type: list, elements: dict}}}}", "utf-8")
    variables = {
        "ansible_facts": FACTS,
        "network_links": [{"name": "enp1s0", "addresses": [own]}],
        "ansible_play_hosts_all": ["node1", "node2", "node3"],
        "hostvars": {"node2": {"network_links": [{"name": "x", "addresses": ["192.0.2.10/24"]}]}, "node3": {}},
    }
    assert texts(run(variables, roles=["network"])) == found
    # A node that lists no links looks at nobody.
    assert texts(run({**variables, "network_links": [], "hostvars": {}}, roles=["network"])) == []


@pytest.mark.parametrize(
    ("roles", "groups", "played", "twins"),
    [
        (["federation"], {"local_nodes": ["node1", "node2", "node3"]}, ["node1"], ["node2"]),
        (["federation"], {}, ["node1", "node2", "broken"], ["node2"]),
        (["federation"], {}, ["node1", "node3"], []),
        (["preflight"], {"local_nodes": ["node1", "node2"]}, ["node1"], []),
    ],
)
def test_no_other_node_goes_by_the_same_id(
    run: Run, roles: list[str], groups: dict[str, list[str]], played: list[str], twins: list[str]
) -> None:
    hosts = {
        "node2": {"federation_provider_id": "my-hospital"},
        "node3": {"federation_provider_id": "my-hospital", "federation_broker_url": "https://test.example"},
        "broken": BrokenHost(),
    }
    variables = {
        "ansible_facts": FACTS,
        "federation_provider_id": "my-hospital",
        "preflight_tier": 2,
        "groups": groups,
        "ansible_play_hosts_all": played,
        "hostvars": hosts,
    }
    found = [f'FED-ENV federation_provider_id: "my-hospital", which {twin} has too' for twin in twins]
    assert texts(run(variables, roles=roles)) == found


def test_roles_that_do_not_go_together(run: Run) -> None:
    variables = {"ansible_facts": FACTS, "preflight_tier": 2, "group_names": ["local_nodes", "tier3"]}
    assert texts(run(variables)) == ["TIER-2 preflight_tier: 2 for a host of the group tier3"]


ALL_REFUSED = ["preflight_teer", "docker_usrs", "preflight_tier", "docker_source"]


@pytest.mark.parametrize(
    ("asked", "tags", "refused", "unknown"),
    [
        ({}, ["docker_install"], ["docker_usrs", "docker_source"], ["docker_strange"]),
        ({}, ["federation"], [], []),
        ({}, ["federation_verify", "docker_remove"], ["docker_usrs", "docker_source"], ["docker_strange"]),
        # It asks what the firewall would refuse, which is handed the rules of the others.
        ({}, ["preflight"], ALL_REFUSED, ["docker_strange", "preflight_strange"]),
        ({}, ["all"], ALL_REFUSED, ["docker_strange", "preflight_strange"]),
        ({}, None, ALL_REFUSED, ["docker_strange", "preflight_strange"]),
        ({}, ["docker", "of_the_site"], ALL_REFUSED, ["docker_strange", "preflight_strange"]),
        # The whole play goes by this tag, with all that is in it.
        ({"tags": ["always", "docker"]}, ["docker"], ALL_REFUSED, ["docker_strange", "preflight_strange"]),
        ({"only_selected": False}, ["docker"], ALL_REFUSED, ["docker_strange", "preflight_strange"]),
    ],
)
@pytest.mark.parametrize("stage", ["login", "node"])
def test_a_run_with_tags_judges_the_roles_that_they_select(
    run: Run, stage: str, asked: dict[str, Any], tags: list[str] | None, refused: list[str], unknown: list[str]
) -> None:
    variables: dict[str, Any] = {
        "ansible_facts": FACTS,
        "docker_source": "x",
        "docker_usrs": [],
        "docker_strange": 1,
        "preflight_teer": 2,
        "preflight_strange": 1,
        "ansible_run_tags": tags,
    }
    if stage == "login":
        variables["ansible_password"] = "{{ mislaid }}"
    roles = ["preflight", "docker", "federation"]
    result = run(variables, **{"roles": roles, "only_selected": True, "stage": stage, **asked})
    told = [item["variable"] for item in result["refusals"] if item["variable"] != "ansible_password"]
    assert sorted(told) == sorted(refused)
    assert sorted(result["unknown_variables"]) == unknown


def test_a_role_that_does_not_run_is_read_for_what_goes_together(run: Run, tmp_path: Path) -> None:
    options = "{docker_address_pools: {type: list, elements: dict}, docker_source: {type: str, choices: [upstream]}}"
    spec = tmp_path / "docker" / "meta" / "argument_specs.yml"
    spec.write_text(f"argument_specs: {{main: {{options: {options}}}}}\n", encoding="utf-8")
    spec = tmp_path / "federation" / "meta" / "argument_specs.yml"
    spec.write_text("argument_specs: {main: {options: {federation_network_subnet: {type: str}}}}\n", encoding="utf-8")
    variables = {
        "ansible_facts": FACTS,
        "ansible_run_tags": ["federation"],
        "docker_source": "x",
        "docker_address_pools": [{"base": "172.24.0.0/14"}],
        "federation_network_subnet": "172.25.9.0/24",
    }
    result = run(variables, roles=["docker", "federation"], only_selected=True)
    assert [item["variable"] for item in result["refusals"]] == ["federation_network_subnet"]


def test_unknown_names_are_told_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(validate_inputs.DISPLAY, "display", said.append)
    result = run({"ansible_facts": FACTS, "preflight_tier": 2, "docker_edition": "ce"})
    assert said == ["node1: no role of eucaim.local_node reads docker_edition"]
    facts = {**FACTS, **result["ansible_facts"]}
    again = run({"ansible_facts": facts, "preflight_tier": 2, "docker_edition": "ce"})
    assert again["unknown_variables"] == ["docker_edition"]
    assert len(said) == 1


def test_a_single_role_leaves_the_other_roles_names_alone(run: Run) -> None:
    result = run({"ansible_facts": FACTS, "preflight_tier": 2, "docker_edition": "ce"}, roles=["preflight"])
    assert (result["refusals"], result["unknown_variables"]) == ([], [])


def test_templates_and_vaults_are_resolved(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Mapping[str, Any]] = []

    def note(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
        seen.append(variables)
        return []

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: note)
    run({"ansible_facts": FACTS, "preflight_tier": "{{ tier }}", "tier": 3, "docker_users": ["{{ me }}"], "me": "ann"})
    assert seen[0] == {"preflight_tier": 3}
    assert seen[1]["docker_users"] == ["ann"]


def test_checks_know_the_account_that_the_run_logs_in_with(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Mapping[str, Any]] = []

    def note(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
        seen.append(variables)
        return []

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: note)
    run({"ansible_facts": FACTS, "preflight_tier": 2, "ansible_user": "{{ me }}", "me": "ann"})
    assert [variables["ansible_user"] for variables in seen] == ["ann", "ann"]


def test_a_default_that_cannot_be_read_is_not_to_blame(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refers to another setting. Where nothing else is told, it is told all the same."""
    told: list[Refusal] = []
    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: lambda _variables, _facts: told)
    defaults = validate_inputs.ROLES_PATH + "/docker/defaults/main.yml"
    text = Path(defaults).read_text(encoding="utf-8")
    Path(defaults).write_text(text + 'docker_password: "{{ docker_plan.password }}"\n', encoding="utf-8")
    asked = {"ansible_facts": FACTS, "preflight_tier": 2}
    assert [item["variable"] for item in run(asked, roles=["docker"])["refusals"]] == ["docker_password"]
    told.append(Refusal("CT-DOCKER", "docker_plan", "nothing", "a plan", "make one"))
    assert [item["variable"] for item in run(asked, roles=["docker"])["refusals"]] == ["docker_plan"]
    set_here = {**asked, "docker_password": "{{ nobody }}"}
    assert [item["variable"] for item in run(set_here, roles=["docker"])["refusals"]] == [
        "docker_password",
        "docker_plan",
    ]


def test_a_default_that_follows_from_a_setting_sees_it_as_it_is_set(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is not there is named by the check of the setting that names it, once and not for each default."""
    seen: list[Mapping[str, Any]] = []

    def check(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
        seen.append(variables)
        known = "docker_plan_text" in variables
        return [] if known else [Refusal("CT-DOCKER", "docker_plan", str(variables["docker_plan"]), "n", "r")]

    (tmp_path / "docker" / "meta" / "argument_specs.yml").write_text(
        "argument_specs: {main: {options: {docker_plan: {type: str}, docker_plan_text: {type: str},"
        " docker_source: {type: str, choices: [upstream, mirror]}}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "docker" / "defaults" / "main.yml").write_text(
        "docker_plan: ''\n"
        "docker_plan_text: \"{{ lookup('file', docker_plan) if docker_plan else '' }}\"\n"
        "docker_source: \"{{ docker_plan_text or 'upstream' }}\"\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: check)
    asked = {"ansible_facts": FACTS, "docker_plan": str(tmp_path / "none.json")}
    assert texts(run(asked, roles=["docker"])) == [f"CT-DOCKER docker_plan: {tmp_path / 'none.json'}"]
    # What is refused itself stands with its default.
    assert texts(run({**asked, "docker_plan": ["x"]}, roles=["docker"])) == ['CT-DOCKER docker_plan: ["x"]']
    assert seen[-1] == {"docker_plan": "", "docker_plan_text": "", "docker_source": "upstream"}


def test_the_site_s_own_settings_are_refused_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Mapping[str, Any]] = []

    def note(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
        seen.append(variables)
        return []

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: note)
    result = run(
        {
            "ansible_facts": FACTS,
            "preflight_tier": 2,
            "site_http_proxy": f"http://u:{SECRET}@x@proxy.test:1",
            "site_https_proxy": "http://u:{{ vault_proxy_password }}@proxy.test:1",
            "site_no_proxy": "a.test",
            "site_proxies": "x",
            "site_name": "ours",
            "docker_password": "{{ site_http_proxy | default('none') }}",
        }
    )
    assert [item["variable"] for item in result["refusals"]] == [
        "site_proxies",
        "site_https_proxy",
        "site_no_proxy",
        "site_http_proxy",
    ]
    assert "vault_proxy_password" in texts(result)[1]
    assert SECRET not in json.dumps(result)
    assert result["unknown_variables"] == []
    assert seen[1]["docker_password"] == "none"


def test_a_secret_of_the_wrong_kind_is_not_shown(run: Run) -> None:
    result = run({"ansible_facts": FACTS, "preflight_tier": 2, "docker_password": [SECRET]})
    assert len(result["refusals"]) == 1
    assert SECRET not in json.dumps(result)


# ------------------------------------------------------------------------ the node


def test_an_unreachable_node_is_refused_beside_its_inputs(run: Run, node: Node) -> None:
    node.error = AnsibleConnectionFailure("Failed to connect\nport 22: No route to host")
    result = run({"ansible_host": "192.0.2.7"}, check_become=True)
    assert texts(result) == [
        "NET-ADDR ansible_host: no connection to 192.0.2.7: port 22: No route to host",
        "TIER-2 preflight_tier: nothing",
    ]
    assert node.calls == ["ansible.legacy.setup"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            {"failed": True, "module_stderr": "sh: 1: /usr/bin/python3: not found\n", "msg": "MODULE FAILURE"},
            "OS-LTS ansible_python_interpreter: a node whose facts cannot be read: sh: 1: /usr/bin/python3: not found",
        ),
        (
            {"failed": True},
            "OS-LTS ansible_python_interpreter: a node whose facts cannot be read: no answer",
        ),
        ({"unreachable": True, "msg": "gone"}, "NET-ADDR ansible_host: no connection to node1: gone"),
    ],
)
def test_a_node_that_cannot_tell_its_facts(run: Run, node: Node, answer: dict[str, Any], found: str) -> None:
    node.setup = answer
    assert texts(run({"preflight_tier": 2})) == [found]


def test_a_node_without_ip_has_no_routes(run: Run, node: Node) -> None:
    node.routes = {"rc": 127, "stdout": "not json"}
    assert run({"preflight_tier": 2})["ansible_facts"]["eucaim_routes"] == []


@pytest.mark.parametrize(("pipelined", "command"), [(False, "id -u"), (True, "cat > /dev/null && id -u")])
def test_becoming_root_is_proven(run: Run, node: Node, pipelined: bool, command: str) -> None:
    node.pipelined = pipelined
    assert run({"preflight_tier": 2, "ansible_facts": FACTS}, check_become=True)["refusals"] == []
    assert node.calls == ["ip -j route show table all", command, LOOK]


def test_a_node_without_python_and_sudo_is_told_both(run: Run, node: Node) -> None:
    node.setup = {"failed": True, "module_stderr": "/bin/sh: 1: /usr/bin/python3: not found"}
    node.identity = {"rc": 127, "stderr": "/bin/sh: 1: sudo: not found"}
    result = run({"preflight_tier": 2}, check_become=True)
    assert [item["variable"] for item in result["refusals"]] == ["ansible_python_interpreter", "ansible_become_method"]
    assert ["bootstrap" in item["remedy"] for item in result["refusals"]] == [True, True]


# ----------------------------------------------------------------------- the login

LOGIN = {"ansible_become_password": "{{ vault_sudo }}", "ansible_ssh_common_args": "-J {{ vault_jump }}"}


def test_a_login_that_cannot_be_read_is_refused_beside_the_inputs(run: Run, node: Node) -> None:
    result = run({**LOGIN, "docker_source": "x", "ansible_facts": {}}, stage="login")
    assert texts(result) == [
        "OS-USERS ansible_become_password: a reference to vault_sudo, which is not defined",
        "NET-ADDR ansible_ssh_common_args: a reference to vault_jump, which is not defined",
        "TIER-2 preflight_tier: nothing",
        'CT-DOCKER docker_source: "x"',
    ]
    assert node.calls == []


def test_what_the_task_hides_is_read_from_the_inventory(run: Run) -> None:
    written = validate_inputs.trusted({"ansible_become_password": "{{ vault_sudo }}", "preflight_tier": 2})
    inventory = MagicMock(raw_get=lambda _host: written)
    result = run({"hostvars": inventory, "ansible_become_password": ""}, stage="login")
    assert [item["variable"] for item in result["refusals"]] == ["ansible_become_password"]


def test_a_secret_with_a_broken_template_is_not_shown(run: Run) -> None:
    result = run({"ansible_password": f"{{{{ '{SECRET}' | no_such_filter }}}}"}, stage="login")
    assert texts(result)[0] == "NET-ADDR ansible_password: a template that cannot be resolved: its value"
    assert SECRET not in json.dumps(result)


def test_a_login_that_can_be_read_leaves_the_rest_to_the_next_stage(run: Run, node: Node) -> None:
    variables = {**LOGIN, "vault_sudo": SECRET, "vault_jump": "jump"}
    assert run(variables, stage="login")["failed"] is False
    assert node.calls == []


def test_a_good_host_is_refused_with_one_that_cannot_be_logged_in_to(run: Run) -> None:
    plays = {"ansible_play_hosts_all": ["node1", "node2"], "ansible_play_hosts": ["node1"]}
    good = {"preflight_tier": 2, "ansible_facts": FACTS, **plays}
    refused = run(good, stage="node")
    assert (refused["failed"], refused["refusals"]) == (True, [])
    assert refused["msg"] == "Nothing was changed on node1 either, because node2 cannot be logged in to."
    assert run(good)["failed"] is False
    assert run({**good, "ansible_play_hosts": ["node1", "node2"]}, stage="node")["failed"] is False


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (
            {"rc": 1, "stdout": "", "stderr": "\nann is not in the sudoers file.\n"},
            "password: ann cannot become root on node1: ann is not in the sudoers file.",
        ),
        (
            {"rc": 127, "stdout": "sudo: not found\n", "stderr": ""},
            "method: ann cannot become root on node1: sudo: not found",
        ),
        ({"rc": 1}, "password: ann cannot become root on node1: no reason given"),
        (
            {"rc": 0, "stdout": "1000\n", "stderr": ""},
            "password: ann cannot become root on node1: the tasks would run as a user without the rights of root",
        ),
    ],
)
def test_a_user_who_cannot_become_root(run: Run, node: Node, identity: dict[str, Any], reason: str) -> None:
    node.identity = identity
    result = run({"preflight_tier": 2, "ansible_facts": FACTS, "ansible_user": "ann"}, check_become=True)
    assert texts(result) == [f"OS-USERS ansible_become_{reason}"]


def test_a_sudo_that_wants_a_terminal(run: Run, node: Node) -> None:
    node.identity = {"rc": 1, "stderr": "sudo: sorry, you must have a tty to run sudo"}
    (refusal,) = run({"preflight_tier": 2, "ansible_facts": FACTS}, check_become=True)["refusals"]
    assert refusal["variable"] == "ansible_ssh_pipelining"
    assert "false" in refusal["remedy"]


@pytest.mark.parametrize(
    "error", [AnsibleError("Incorrect sudo password"), AnsibleConnectionFailure("Incorrect sudo password")]
)
def test_a_wrong_password(run: Run, node: Node, error: Exception) -> None:
    node.become_error = error
    result = run({"preflight_tier": 2, "ansible_facts": FACTS}, check_become=True)
    assert texts(result) == [
        "OS-USERS ansible_become_password: the connecting user cannot become root on node1: Incorrect sudo password"
    ]


# ------------------------------------------------------------- an engine that is there


def unlooked(**more: Any) -> dict[str, Any]:
    """Return facts of a node whose engine nobody has looked at."""
    return {**{name: value for name, value in FACTS.items() if "engine" not in name}, **more}


def test_the_engine_is_looked_at_once(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def check(_variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
        seen.append(facts.get("engine"))
        return []

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: check)
    node.engine = {"owner": "foreign", "flavour": "package docker.io 26", "unit": {"ActiveState": "active"}}
    result = run({"preflight_tier": 2, "ansible_facts": unlooked()})
    assert node.calls == [LOOK]
    assert result["ansible_facts"]["eucaim_engine_looked_at"] is True
    assert (seen[0].owner, seen[0].flavour) == ("foreign", "package docker.io 26")
    run({"preflight_tier": 2, "ansible_facts": {**FACTS}})
    assert node.calls == [LOOK]
    assert seen[-1] is None


def test_a_network_of_the_engine_is_none_that_the_site_has_to_reach(run: Run, node: Node) -> None:
    node.engine["bridges"] = ["mybr0"]
    routes = [{"dst": "172.24.1.0/24", "dev": "mybr0"}, {"dst": "172.25.0.0/16", "dev": "br0"}]
    result = run({"preflight_tier": 2, "ansible_facts": {**unlooked(), "eucaim_routes": routes}})
    assert result["ansible_facts"]["eucaim_routes"] == routes[1:]


def test_the_engine_is_looked_at_anew_before_a_change(run: Run, node: Node) -> None:
    run({"preflight_tier": 2, "ansible_facts": FACTS}, check_become=True)
    assert node.calls == ["ip -j route show table all", "id -u", LOOK]


@pytest.mark.parametrize("arguments", [{"check_node": False}, {"roles": ["preflight"]}])
def test_the_engine_is_none_of_their_business(run: Run, node: Node, arguments: dict[str, Any]) -> None:
    run({"preflight_tier": 2, "ansible_facts": unlooked()}, **arguments)
    assert node.calls == []


def test_an_engine_that_cannot_be_looked_at_is_refused(run: Run, node: Node) -> None:
    node.engine = {"failed": True, "msg": "MODULE FAILURE\nno space left"}
    result = run({"preflight_tier": 2, "ansible_facts": unlooked()})
    assert texts(result) == [
        "CT-DOCKER docker_existing_engine: a node whose container engine cannot be looked at: no space left"
    ]
    node.engine_error = AnsibleError("Incorrect sudo password")
    assert "Incorrect sudo password" in texts(run({"preflight_tier": 2, "ansible_facts": unlooked()}))[0]


def test_what_a_person_should_know_is_told(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(validate_inputs.DISPLAY, "display", told.append)
    node.engine = {"owner": "foreign", "exposed": ["tcp://0.0.0.0:2375"]}
    run({"preflight_tier": 2, "ansible_facts": unlooked()})
    assert told[0].startswith("node1: its Docker engine is open on tcp://0.0.0.0:2375")


# --------------------------------------------------------------------- other cores


def test_older_cores_trust_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ansible_template, "trust_as_template", raising=False)
    value = {"a": ["{{ b }}", 1]}
    assert validate_inputs.trusted(value) is value


def test_newer_cores_are_told_what_to_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible_template, "trust_as_template", str.upper, raising=False)
    assert validate_inputs.trusted({"a": ["b", 1]}) == {"a": ["B", 1]}


def test_a_bug_in_a_check_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(validate_inputs, "check_function", lambda _role: broken)
    with pytest.raises(ZeroDivisionError):
        run({"ansible_facts": FACTS, "preflight_tier": 2})


WHOLE_RUN = {
    "ansible_play_hosts_all": ["node1", "node2"],
    "ansible_run_tags": ["all"],
    "ansible_skip_tags": [],
    "ansible_facts": FACTS,
    "preflight_tier": 2,
}


class Packing:
    """The process that packs modules, as far as a test lets it be one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.packed: list[str] = []
        self.broken = ""
        self.ends_at = ""
        self.forks = 0
        self.child = True
        monkeypatch.setattr(validate_inputs, "TWO_MAY_PACK", True)
        monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
        monkeypatch.setattr(os, "fork", self.fork)
        monkeypatch.setattr(os, "_exit", self.exit)
        monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
        monkeypatch.setattr(validate_inputs.ActionModule, "_configure_module", self.pack)

    def fork(self) -> int:
        """Say in which of the two processes the test goes on."""
        self.forks += 1
        return 0 if self.child else 1

    def exit(self, code: int) -> NoReturn:
        """End the process."""
        raise SystemExit(code)

    def pack(self, module_name: str, module_args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> None:
        """Pack a module; the run may end meanwhile."""
        assert not module_args
        assert task_vars["inventory_hostname"] == "node1"
        assert task_vars["ansible_python_interpreter"]
        if module_name == self.broken:
            raise AnsibleError("no such module")
        self.packed.append(module_name)
        if module_name == self.ends_at:
            (self.folder / "eucaim-packs-ahead").unlink()


@pytest.fixture(name="packing")
def _packing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packing:
    folder = tmp_path / "run"
    folder.mkdir()
    return Packing(folder, monkeypatch)


def test_modules_are_packed_by_a_process_of_its_own(run: Run, packing: Packing) -> None:
    packing.broken = "two"
    with pytest.raises(SystemExit):
        run(WHOLE_RUN, modules=["one", "two", "three"])
    assert packing.packed == ["one", "three"]
    assert packing.folder.is_dir()


def test_the_task_does_not_wait_for_the_packing(run: Run, packing: Packing) -> None:
    packing.child = False
    assert not run(WHOLE_RUN, modules=["one"])["failed"]
    assert (packing.forks, packing.packed) == (1, [])


def test_packing_ends_with_the_run_and_leaves_nothing(run: Run, packing: Packing) -> None:
    packing.ends_at = "two"
    with pytest.raises(SystemExit):
        run(WHOLE_RUN, modules=["one", "two", "three"])
    assert packing.packed == ["one", "two"]
    assert not packing.folder.exists()


@pytest.mark.parametrize(("owner", "forks"), [("none", 1), ("ours", 0)])
def test_a_node_without_an_engine_needs_more(run: Run, node: Node, packing: Packing, owner: str, forks: int) -> None:
    packing.child = False
    node.engine["owner"] = owner
    facts = {name: value for name, value in FACTS.items() if name != "eucaim_engine_looked_at"}
    assert not run({**WHOLE_RUN, "ansible_facts": facts}, modules_without_engine=["one"])["failed"]
    assert packing.forks == forks


@pytest.mark.parametrize(
    "other",
    [
        {"ansible_play_hosts_all": ["node2", "node1"]},
        {"ansible_run_tags": ["firewall"]},
        {"ansible_skip_tags": ["docker"]},
    ],
)
def test_only_the_first_host_of_a_whole_run_packs(run: Run, packing: Packing, other: Mapping[str, Any]) -> None:
    assert not run({**WHOLE_RUN, **other}, modules=["one"])["failed"]
    assert packing.forks == 0


def test_an_ansible_that_cannot_wait_for_it_packs_nothing_ahead(
    run: Run, packing: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_inputs, "TWO_MAY_PACK", False)
    assert not run(WHOLE_RUN, modules=["one"])["failed"]
    assert packing.forks == 0


def test_the_site_playbook_names_modules_that_are_there() -> None:
    tasks = [task for play in yaml.safe_load(SITE.read_text(encoding="utf-8")) for task in play.get("tasks", [])]
    asked = "eucaim.local_node.validate_inputs"
    named = [name for task in tasks for name in task.get(asked, {}).get("modules", [])]
    ours = [name.rpartition(".")[2] for name in named if name.startswith("eucaim.local_node.")]
    assert ours
    assert not [name for name in ours if not (SITE.parents[1] / "plugins" / "modules" / f"{name}.py").is_file()]
