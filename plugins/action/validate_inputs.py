# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check everything that an inventory says about a node, before the first change."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from ansible import constants
from ansible import template as ansible_template
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.eucaim.local_node.plugins.module_utils._docker_existing import look_from, notes
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs import (
    HOSTLESS,
    ROLES,
    Known,
    Unreadable,
    check_function,
    check_names,
    check_options,
    known_of_the_site,
    login_refusal,
    not_told_yet,
    requirement_of,
    root_of,
    unreadable_from,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_site import OPTIONS as SITE_OPTIONS
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_site import check_site
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, summary, unique
from ansible_collections.eucaim.local_node.plugins.module_utils._together import (
    IDENTITY,
    check_addresses,
    check_nodes,
    check_roles,
    selected_roles,
)

DISPLAY = Display()
ROLES_PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "roles")
FACTS_NEEDED = ("distribution", "distribution_major_version", "os_family", "default_ipv4")
GATHER_SUBSET = ["!all", "min", "network"]
ROUTES = "eucaim_routes"
LOOKED = "eucaim_engine_looked_at"
ENGINE_INFO = "eucaim.local_node.docker_engine_info"
TOLD = "eucaim_unknown_variables"
# Before 2.19 two processes of Ansible that pack the same module disturb each other.
TWO_MAY_PACK = hasattr(ansible_template, "trust_as_template")
# What the playbook hands over from role to role.
EXPORTED_SUFFIXES = ("_firewall_rules", "_backup_paths", "_health_checks", "_dependent_rules")


# What judges the roles' inputs is loaded here, by the process from which Ansible forks one for each task.
for _role in ROLES:
    check_function(_role)


def trusted(value: Any) -> Any:
    """Return data of our own files marked as templates, where Ansible wants that (2.19 and later)."""
    trust = getattr(ansible_template, "trust_as_template", None)
    if trust is None:
        return value
    if isinstance(value, str):
        return trust(value)
    if isinstance(value, Mapping):
        return {name: trusted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return value


def _is_default(name: str, value: Any, available: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Say whether a value that cannot be read is the role's default, which nobody has set."""
    return isinstance(value, Unreadable) and name in own and available[name] == own[name]


def convert(name: str, spec: Mapping[str, Any], value: Any) -> tuple[Any, Sequence[str]]:
    """Convert one option as Ansible does for a module; return it and what is wrong with it."""
    own = {key: item for key, item in spec.items() if key not in ("required", "default")}
    result = ArgumentSpecValidator({name: own}).validate({name: value})
    return result.validated_parameters.get(name), list(result.error_messages)


class ActionModule(ActionBase):
    """Read the roles' specs, resolve the host's variables and refuse what cannot work."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task; it fails with all refusals at once."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables: dict[str, Any] = dict(task_vars or {})
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "roles": {"type": "list", "elements": "str", "required": True, "choices": list(ROLES)},
                "check_become": {"type": "bool", "default": False},
                "check_node": {"type": "bool", "default": True},
                "only_selected": {"type": "bool", "default": False},
                "stage": {"type": "str", "default": "only", "choices": ["only", "login", "node"]},
                "modules": {"type": "list", "elements": "str", "default": []},
                "modules_without_engine": {"type": "list", "elements": "str", "default": []},
            }
        )
        host = str(variables.get("inventory_hostname", "this host"))
        gathered: dict[str, Any] = {}
        judged = self._selected(arguments["roles"], variables) if arguments["only_selected"] else arguments["roles"]
        self._pack_ahead(arguments["modules"], variables)
        if arguments["stage"] == "login":
            variables = _unhidden(variables)
            unknown: list[str] = []
            refusals = self._login_refusals(variables)
            if refusals:
                found, unknown = self._input_refusals(arguments["roles"], judged, variables, {}, False)
                refusals += found
        else:
            facts, refusals = dict(variables.get("ansible_facts") or {}), []
            if not HOSTLESS.issuperset(arguments["roles"]):
                facts, gathered, refusals = self._facts(variables, bool(arguments["check_become"]))
            if arguments["check_become"] and not any(refusal.variable == "ansible_host" for refusal in refusals):
                refusals += self._become_refusals(variables)
            if not refusals and arguments["check_node"] and "docker" in arguments["roles"]:
                refusals += self._look_at_engine(variables, facts, gathered, bool(arguments["check_become"]))
                if "engine" in facts and facts["engine"].owner == "none":
                    self._pack_ahead(arguments["modules_without_engine"], variables)
            look = bool(arguments["check_node"])
            found, unknown = self._input_refusals(arguments["roles"], judged, variables, facts, look)
            refusals += found
            self._tell(unknown, facts, gathered, host)
        refusals = unique(refusals)
        others = _refused_before(variables) if arguments["stage"] == "node" and not refusals else []
        message = summary(refusals, host) if refusals else "All inputs are valid."
        if others:
            message = f"Nothing was changed on {host} either, because {', '.join(others)} cannot be logged in to."
        result.update(
            changed=False,
            failed=bool(refusals or others),
            unknown_variables=unknown,
            msg=message,
        )
        if self._task.register or not refusals:
            # As data for whoever asks for them; a person has the message, and need not read them twice.
            result["refusals"] = [refusal.as_dict() for refusal in refusals]
        if gathered and not refusals:
            result["ansible_facts"] = gathered
        return result

    def _tell(self, unknown: Sequence[str], facts: Mapping[str, Any], gathered: dict[str, Any], host: str) -> None:
        """Name variables that no role reads, each once in a run."""
        told = facts.get(TOLD, [])
        news = [name for name in unknown if name not in told]
        if news:
            DISPLAY.display(f"{host}: no role of eucaim.local_node reads {', '.join(news)}")
            gathered[TOLD] = [*told, *news]

    def _selected(self, roles: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
        """Return the roles that the tags of this run select, and those that have a say in them."""
        wanted = [str(tag) for tag in variables.get("ansible_run_tags") or ["all"]]
        if set(wanted).intersection(self._task.tags):
            # A tag of all that is around this task selects all roles.
            return list(roles)
        tags = {role: self._tags(role) for role in roles}
        return selected_roles(tags, wanted)

    def _tags(self, role: str) -> set[str]:
        """Return the tags of a role: those of its table of contents, and of its two other ways in."""
        lists = [task.get("tags") or [] for task in self._load(role, "tasks", "main.yml") or []]
        return {f"{role}_verify", f"{role}_remove"}.union(*lists)

    def _input_refusals(
        self,
        roles: Sequence[str],
        judged: Sequence[str],
        variables: dict[str, Any],
        facts: dict[str, Any],
        check_node: bool,
    ) -> tuple[list[Refusal], list[str]]:
        """Return every refusal of what the inventory says to the roles that are judged, and the names that none knows.

        The other roles are read for what must go together with these.
        """
        known, exempt = self._known_names(judged)
        refusals, unknown = check_names(variables, known, exempt, judged)
        found = self._site_refusals(variables)
        refusals += found
        # A role's default that refers to what was refused just now would be refused for the same fault again.
        mistaken = {root_of(refusal.variable) for refusal in found}
        variables = {name: value for name, value in variables.items() if name not in mistaken}
        available = self._available(roles, variables, facts)
        settings: dict[str, Any] = {}
        for role in roles:
            good, found = self._role_refusals(role, available, facts if check_node else {})
            settings.update(good)
            refusals += found if role in judged else []
        refusals += not_told_yet(self._together(judged, settings, variables), refusals)
        return refusals, unknown

    def _login_refusals(self, variables: dict[str, Any]) -> list[Refusal]:
        """Return a refusal for each variable of Ansible's own that cannot be read: Ansible would stop at it."""
        names = [
            name
            for name, value in variables.items()
            if name.startswith("ansible_") and not isinstance(value, (Mapping, list, tuple))
        ]
        values = self._resolve(names, variables)
        return [login_refusal(name, value) for name, value in values.items() if isinstance(value, Unreadable)]

    # ------------------------------------------------------------------ what the run needs later

    def _pack_ahead(self, names: Sequence[str], variables: dict[str, Any]) -> None:
        """Let a process of its own pack modules, while this one waits for the node.

        Ansible packs a module when a run first needs it, a fifth of a second each, and keeps it in the run's folder.
        The other process ends by itself: when it is done, or when the run ended and took its folder away. Which Python
        the node has makes no difference to what is packed, and the other process must not ask for it.
        """
        if not names or not _packs_ahead(variables):
            return
        variables = {**variables, "ansible_python_interpreter": "/usr/bin/python3"}
        mark = os.path.join(constants.DEFAULT_LOCAL_TMP, "eucaim-packs-ahead")
        with open(mark, "w", encoding="ascii"):
            pass
        if os.fork():
            return
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            for name in names:
                # What is wrong with a module is told where it is used.
                with contextlib.suppress(Exception):
                    if os.path.exists(mark):
                        self._configure_module(module_name=name, module_args={}, task_vars=variables)
            if not os.path.exists(mark):
                shutil.rmtree(constants.DEFAULT_LOCAL_TMP, ignore_errors=True)
        finally:
            os._exit(0)

    # ------------------------------------------------------------------ files of the roles

    def _load(self, role: str, *parts: str) -> Any:
        """Return the content of a file of a role, or an empty mapping when there is none."""
        path = os.path.join(ROLES_PATH, role, *parts)
        if not os.path.exists(path):
            return {}
        # Nobody changes what comes back, and a copy of a file takes ten times as long as to read it.
        return self._loader.load_from_file(path, unsafe=True) or {}

    def _spec(self, role: str) -> dict[str, Any]:
        """Return the options of a role's entry point main."""
        specs = self._load(role, "meta", "argument_specs.yml").get("argument_specs", {})
        return dict(specs.get("main", {}).get("options") or {})

    def _known_names(self, roles: Sequence[str]) -> tuple[list[Known], list[str]]:
        """Return every variable that the roles read, and those that they hand on."""
        known = known_of_the_site()
        exempt: list[str] = []
        for role in roles:
            known += [Known(name, role, requirement_of(role, spec)) for name, spec in self._spec(role).items()]
            exempt += list(self._load(role, "vars", "main.yml"))
            exempt += [f"{role}{suffix}" for suffix in EXPORTED_SUFFIXES]
        return known, exempt

    # ------------------------------------------------------------------ values

    def _available(
        self, roles: Sequence[str], variables: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what a template may use: as in a play with these roles, all their defaults and constants."""
        available: dict[str, Any] = {}
        for role in roles:
            available.update(trusted(self._load(role, "defaults", "main.yml")))
            available.update(trusted(self._load(role, "vars", "main.yml")))
        return {**available, **variables, "ansible_facts": {**variables.get("ansible_facts", {}), **facts}}

    def _site_refusals(self, variables: dict[str, Any]) -> list[Refusal]:
        """Return every refusal of the settings that belong to the site and not to a role."""
        values = self._resolve([name for name in SITE_OPTIONS if name in variables], variables)
        good, refusals = check_options("site", SITE_OPTIONS, values, {}, convert)
        return refusals + not_told_yet(check_site(good, {}), refusals)

    def _role_refusals(
        self, role: str, available: dict[str, Any], facts: dict[str, Any]
    ) -> tuple[dict[str, Any], list[Refusal]]:
        """Return the settings of one role that are right, and every refusal of the others."""
        spec = self._spec(role)
        own = trusted(self._load(role, "defaults", "main.yml"))
        values = self._resolve([name for name in spec if name in available], available)
        good, refusals = check_options(role, spec, values, {}, convert)
        if refusals:
            # What is refused stands with its default; a default that refers to another setting sees that as it is set.
            refused = {root_of(refusal.variable) for refusal in refusals}
            fallback = {**available, **{name: value for name, value in own.items() if name in refused}}
            defaults = self._resolve([name for name in spec if name in own], fallback)
            good, refusals = check_options(role, spec, values, defaults, convert)
        account = self._resolve([name for name in ("ansible_user",) if name in available], available)
        found = check_function(role)({**account, **good}, facts)
        # A default that cannot be read refers to another setting, which is the one that is at fault.
        default = {name for name, value in values.items() if _is_default(name, value, available, own)}
        set_here = [refusal for refusal in refusals if refusal.variable not in default]
        if not set_here and not found:
            return good, refusals
        return good, set_here + not_told_yet(found, set_here)

    def _together(self, roles: Sequence[str], settings: dict[str, Any], variables: dict[str, Any]) -> list[Refusal]:
        """Return refusals of what does not go together: of several roles, and of several nodes."""
        refusals = check_roles(settings, variables.get("group_names", []), roles)
        if "federation" in roles:
            refusals += check_nodes(settings, self._others(variables, "federation", IDENTITY))
        if "network" in roles and settings.get("network_links"):
            refusals += check_addresses(settings, self._others(variables, "network", ["network_links"]))
        return refusals

    def _others(self, variables: Mapping[str, Any], role: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return some settings of a role of the other nodes of the inventory and of this play."""
        defaults = self._load(role, "defaults", "main.yml")
        hosts = [*variables.get("groups", {}).get("local_nodes", []), *variables.get("ansible_play_hosts_all", [])]
        others: dict[str, dict[str, Any]] = {}
        for host in set(hosts) - {variables.get("inventory_hostname")}:
            theirs = variables["hostvars"][host]
            try:
                others[host] = {name: theirs.get(name, defaults.get(name)) for name in names}
            except AnsibleError:
                continue  # that host is refused for it
        return others

    def _resolve(self, names: Sequence[str], available: dict[str, Any]) -> dict[str, Any]:
        """Resolve the templates of variables, each for itself."""
        templar = self._templar.copy_with_new_env(available_variables=available)
        values: dict[str, Any] = {}
        for name in names:
            try:
                values[name] = templar.template(available[name])
            except AnsibleError as error:
                values[name] = unreadable_from(str(error))
        return values

    # ------------------------------------------------------------------ the node

    def _facts(self, variables: dict[str, Any], refresh: bool) -> tuple[dict[str, Any], dict[str, Any], list[Refusal]]:
        """Return what the checks need to know of the node, what was gathered now, and why that failed."""
        facts: dict[str, Any] = dict(variables.get("ansible_facts") or {})
        gathered: dict[str, Any] = {}
        become = self._connection.become
        try:
            # Looking needs no rights.
            self._connection.set_become_plugin(None)
            if any(name not in facts for name in FACTS_NEEDED):
                answer = self._execute_module(
                    module_name="ansible.legacy.setup",
                    module_args={"gather_subset": GATHER_SUBSET, "gather_timeout": 30},
                    task_vars=variables,
                )
                if answer.get("failed") or answer.get("unreachable"):
                    return facts, gathered, [_no_facts(variables, answer)]
                gathered.update(answer.get("ansible_facts", {}))
            if refresh or ROUTES not in facts:
                gathered[ROUTES] = self._routes()
        except AnsibleConnectionFailure as error:
            return facts, gathered, [_unreachable(variables, str(error))]
        finally:
            self._connection.set_become_plugin(become)
        for name, value in gathered.items():
            facts[name.removeprefix("ansible_")] = value
        facts["routes"] = facts.get(ROUTES, [])
        return facts, gathered, []

    def _routes(self) -> list[dict[str, str]]:
        """Return the node's routes, or none when it has no tool to tell."""
        answer = self._low_level_execute_command("ip -j route show table all", sudoable=False)
        try:
            routes = json.loads(answer.get("stdout") or "[]")
        except ValueError:
            return []
        return [
            {"dst": str(route.get("dst", "")), "dev": str(route.get("dev", ""))}
            for route in routes
            if route.get("type", "unicast") == "unicast"
        ]

    def _look_at_engine(
        self, variables: dict[str, Any], facts: dict[str, Any], gathered: dict[str, Any], refresh: bool
    ) -> list[Refusal]:
        """Let the checks know which engine the node has already; it is looked at once in a run."""
        if LOOKED in facts and not refresh:
            return []
        try:
            answer = self._execute_module(module_name=ENGINE_INFO, module_args={}, task_vars=variables)
        except AnsibleError as error:
            return [_no_become(variables, str(error))]
        if answer.get("failed") or answer.get("unreachable"):
            return [_no_look(answer)]
        facts["engine"] = look_from(answer)
        gathered[LOOKED] = True
        # What is the engine's own is no network that the site has to reach.
        own = answer.get("bridges", [])
        facts["routes"] = gathered[ROUTES] = [route for route in facts["routes"] if route.get("dev") not in own]
        for note in notes(facts["engine"]):
            DISPLAY.display(f"{variables.get('inventory_hostname', 'this host')}: {note}")
        return []

    def _become_refusals(self, variables: dict[str, Any]) -> list[Refusal]:
        """Return why this user cannot become root, if so."""
        # As the modules will run: a pipelined one reads its program from where a terminal would be.
        pipelined = self._is_pipelining_enabled("new")
        try:
            if pipelined:
                answer = self._low_level_execute_command("cat > /dev/null && id -u", sudoable=True, in_data="\n")
            else:
                answer = self._low_level_execute_command("id -u", sudoable=True)
        except AnsibleConnectionFailure as error:
            return [_no_become(variables, str(error))]
        except AnsibleError as error:
            return [_no_become(variables, str(error))]
        said = str(answer.get("stdout", "")).split()
        if answer.get("rc") == 0 and said[-1:] == ["0"]:
            return []
        reason = _last_line(str(answer.get("stderr", ""))) or _last_line(str(answer.get("stdout", "")))
        if answer.get("rc") == 0:
            reason = "the tasks would run as a user without the rights of root"
        return [_no_become(variables, reason)]


def _packs_ahead(variables: Mapping[str, Any]) -> bool:
    """Say whether this host lets modules be packed for all: the first one of a run that leaves no task out."""
    first = list(variables.get("ansible_play_hosts_all", []))[:1]
    whole = list(variables.get("ansible_run_tags", [])) == ["all"] and not variables.get("ansible_skip_tags")
    return TWO_MAY_PACK and whole and first == [variables.get("inventory_hostname")]


def _unhidden(variables: dict[str, Any]) -> dict[str, Any]:
    """Return a host's variables as the inventory has them: the task hides those that Ansible itself would stop at."""
    raw_get = getattr(variables.get("hostvars"), "raw_get", None)
    return {**variables, **raw_get(variables["inventory_hostname"])} if raw_get else variables


def _last_line(text: str) -> str:
    """Return the last line of what a command said."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _address(variables: Mapping[str, Any]) -> str:
    """Return the address under which a host is reached."""
    return str(variables.get("ansible_host") or variables.get("inventory_hostname") or "the host")


def _unreachable(variables: Mapping[str, Any], reason: str) -> Refusal:
    return Refusal(
        "NET-ADDR",
        "ansible_host",
        f"no connection to {_address(variables)}: {_last_line(reason)}",
        "a node that answers over SSH for the user in ansible_user",
        "check that the node is on, that its address and port are right, and that ssh works by hand with this key",
    )


def _no_facts(variables: Mapping[str, Any], answer: Mapping[str, Any]) -> Refusal:
    if answer.get("unreachable"):
        return _unreachable(variables, str(answer.get("msg", "")))
    said = _last_line(str(answer.get("module_stderr") or answer.get("msg") or "no answer"))
    return Refusal(
        "OS-LTS",
        "ansible_python_interpreter",
        f"a node whose facts cannot be read: {said}",
        "Python 3.9 or later on the node",
        "run the playbook bootstrap (eucaim.local_node.bootstrap), which installs what is missing over SSH alone, or "
        "set ansible_python_interpreter to the path of the Python that is there",
    )


def _no_look(answer: Mapping[str, Any]) -> Refusal:
    said = _last_line(str(answer.get("msg") or answer.get("module_stderr") or "")) or "no reason given"
    return Refusal(
        "CT-DOCKER",
        "docker_existing_engine",
        f"a node whose container engine cannot be looked at: {said}",
        "an answer, so that an engine which is there is not harmed",
        "run again with -vvv to see what the node said",
    )


def _no_become(variables: Mapping[str, Any], reason: str) -> Refusal:
    user = variables.get("ansible_user") or variables.get("ansible_ssh_user") or "the connecting user"
    reason = _last_line(reason) or "no reason given"
    variable, needed = "ansible_become_password", "a user who may become root with sudo"
    remedy = (
        "run again with --ask-become-pass, or set ansible_become_password from a vault, "
        "and make sure that sudo is installed and this user is in the group sudo (Debian) or wheel (Red Hat)"
    )
    if "tty" in reason:
        variable, needed = "ansible_ssh_pipelining", "a sudo that does without a terminal, or a login that has one"
        remedy = "set ansible_ssh_pipelining to false for this node, or take requiretty out of its sudoers"
    elif "not found" in reason:
        variable, needed = "ansible_become_method", "sudo on the node, or another way to become root"
        remedy = (
            "run the playbook bootstrap (eucaim.local_node.bootstrap) as root or with su, which installs sudo; or set "
            "ansible_become_method to su"
        )
    found = f"{user} cannot become root on {_address(variables)}: {reason}"
    return Refusal("OS-USERS", variable, found, needed, remedy)


def _refused_before(variables: Mapping[str, Any]) -> list[str]:
    """Return the hosts that dropped out of this play: an inventory of many nodes is refused as a whole."""
    left = variables.get("ansible_play_hosts", [])
    return [str(name) for name in variables.get("ansible_play_hosts_all", []) if name not in left]
