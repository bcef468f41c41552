# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says, against what the roles accept: types, choices, names and meaning.

Private to this collection: nothing outside may import it. Everything here is pure; the action
C(validate_inputs) reads the files, resolves the templates and hands the values to these functions.
"""

from __future__ import annotations

import difflib
import importlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_site import MEANT as SITE_MEANT
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_site import OPTIONS as SITE_OPTIONS
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import LONGEST_SHOWN, Refusal, hidden, shown
from ansible_collections.eucaim.local_node.plugins.module_utils._register import is_known

# Every role, with the requirement that a bad input stands for when its option names none.
ROLES: dict[str, str] = {
    "preflight": "TIER-2",
    "base": "OS-USERS",
    "storage": "ST-DATA",
    "network": "NET-ADDR",
    "firewall": "NET-FW",
    "docker": "CT-DOCKER",
    "federation": "FED-ENV",
    "report": "SEC-AUDIT",
    "bundle": "DT-VERIFY",
    "plan": "ST-DATA",
}
# Roles for the control machine: no host has to be looked at to judge what they are given.
HOSTLESS = frozenset(["bundle", "plan"])

# Names of the programs' own environment that belong into a variable of ours.
ENVIRONMENT_NAMES: dict[str, str] = {
    "AUTH_HEADER": "federation_endpoint_auth_header",
    "BEAM_BROKER_URL": "federation_broker_url",
    "BROKER_URL": "federation_broker_url",
    "ENDPOINT_TYPE": "federation_endpoint_type",
    "ENDPOINT_URL": "federation_endpoint_url",
    "POSTGRES_CONNECTION_STRING": "federation_postgres_connection_string",
    "PROVIDER": "federation_provider_name",
    "PROVIDER_ICON": "federation_provider_icon",
    "PROXY_ID": "federation_provider_id",
}
APP_KEY = re.compile(r"APP_[A-Za-z0-9_-]+\Z|API_KEY\Z")

# Variables of collections that sites use beside ours. They look like ours and are none of our business.
FOREIGN_NAMES = frozenset(
    [
        "docker_add_repo",
        "docker_apt_ansible_distribution",
        "docker_apt_arch",
        "docker_apt_filename",
        "docker_apt_gpg_key",
        "docker_apt_gpg_key_checksum",
        "docker_apt_ignore_key_error",
        "docker_apt_release_channel",
        "docker_apt_repository",
        "docker_compose_arch",
        "docker_compose_package",
        "docker_compose_package_state",
        "docker_compose_path",
        "docker_compose_url",
        "docker_compose_version",
        "docker_daemon_options",
        "docker_edition",
        "docker_install_compose",
        "docker_install_compose_plugin",
        "docker_obsolete_packages",
        "docker_package",
        "docker_package_state",
        "docker_packages",
        "docker_packages_state",
        "docker_repo_url",
        "docker_restart_handler_state",
        "docker_service_enabled",
        "docker_service_manage",
        "docker_service_start_command",
        "docker_service_state",
        "docker_users",
        "docker_yum_gpg_key",
        "docker_yum_repo_enable_nightly",
        "docker_yum_repo_enable_test",
        "docker_yum_repo_url",
    ]
)
# What people write who mean a setting of the site or of a role. Too far off for a comparison of letters.
MEANT: dict[str, str] = {
    **SITE_MEANT,
    "plan_data_size": "plan_dataset_size",
    "plan_drives": "plan_drive_offers",
    "plan_growth_percent": "plan_growth",
    "plan_offers": "plan_drive_offers",
    "plan_raid_level": "plan_level",
    "plan_size": "plan_dataset_size",
    "preflight_data_size": "preflight_dataset_size",
    "preflight_profile": "preflight_tier_profile",
    "network_bonds": "network_links",
    "network_interfaces": "network_links",
    "storage_devices": "storage_drives",
    "storage_disks": "storage_drives",
    "storage_encrypt": "storage_encrypted",
    "storage_encryption": "storage_encrypted",
    "storage_fs": "storage_file_system",
    "storage_fstype": "storage_file_system",
    "storage_hot_spares": "storage_spares",
    "storage_luks": "storage_encrypted",
    "storage_lv": "storage_volume",
    "storage_mountpoint": "storage_mount_point",
    "storage_passphrase": "storage_recovery_passphrase",
    "storage_raid_level": "storage_level",
    "storage_vg": "storage_volume_group",
}
# How alike two names must be. Hardly anybody else has variables of the first kind. Inside of a variable of ours nobody
# else has a say, and the name is refused anyway.
OWN_PREFIXES = ("federation_", "plan_", "preflight_")
ALIKE_OWN, ALIKE, ALIKE_INSIDE = 0.84, 0.9, 0.7
# Variables of which the check goes on with what could be read: nothing in them hangs on what could not. Of any other
# one the default is judged, once a part of it is refused.
READ_ON = frozenset(["network_links"])

# Keys that people write in a list of ours, and that no key of it is like.
VLANS, DHCP = ("vlan", "vlans", "vlan_id"), ("dhcp", "dhcp4", "dhcp6")
# What people call a choice that has another name.
CALLED: dict[str, str] = {"lacp": "802.3ad"}
# What an item of a list looks like, where a number shows that somebody has taken it for a count.
ITEMS: dict[str, str] = dict.fromkeys(("storage_drives", "storage_spares"), "/dev/disk/by-id/ata-MODEL_SERIAL")

_IDENTIFIER = re.compile(r"[A-Z]+-[A-Z0-9]+")
_BRACKETED = re.compile(r" ?\([A-Z]+-[A-Z0-9]+(?:, ?[A-Z]+-[A-Z0-9]+)*\)")
_MARKUP = re.compile(r"\b[A-Z]+\(([^()]*)\)")
_UNDEFINED = re.compile(r"'([A-Za-z_][A-Za-z0-9_]*)' is undefined")
# What the lookups of Ansible's versions say of a file that is not there.
_NO_FILE = re.compile(r"(?:access(?:ing)? the file|could not locate file in lookup:) '?([^'\n]+?)'?(?:[.:,] |$)")
# What the example inventories write where a secret belongs. Everybody knows it.
PLACEHOLDER = "change-me"
# Kinds of values for which a line with nothing behind it means no value of that kind.
_NOTHING = {"list": "write []", "dict": "write {}", "int": "give a number", "float": "give a number"}
# Texts that Ansible reads as false where it expects a boolean, while a template takes every text for true.
_FALSE_TEXTS = frozenset(["false", "no", "off", "n", "f", "0"])

Spec = Mapping[str, Any]
CheckFunction = Callable[[Mapping[str, Any], Mapping[str, Any]], list[Refusal]]
# Takes an option's name, its spec and its value; returns the converted value and what is wrong with it.
Convert = Callable[[str, Spec, Any], tuple[Any, Sequence[str]]]


@dataclass(frozen=True)
class Unreadable:
    """A value whose template could not be resolved."""

    missing: str = ""
    reason: str = ""
    file: str = ""


def check_function(role: str) -> CheckFunction:
    """Return the function that judges what a role's inputs mean."""
    name = f"ansible_collections.eucaim.local_node.plugins.module_utils._inputs_{role}"
    found: CheckFunction = getattr(importlib.import_module(name), f"check_{role}")
    return found


# ------------------------------------------------------------------- one role's options


def texts(value: Any) -> list[str]:
    """Return a description, which may be one text or a list of them, as a list."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value or []]


def requirement_of(role: str, spec: Spec, otherwise: str = "TIER-2") -> str:
    """Return the requirement that an option serves: the first id that its description names."""
    for text in texts(spec.get("description")):
        for identifier in _IDENTIFIER.findall(text):
            if is_known(identifier):
                return str(identifier)
    return ROLES.get(role, otherwise)


def purpose_of(spec: Spec) -> str:
    """Return the first sentence of an option's description, without the requirements in brackets."""
    for text in texts(spec.get("description")):
        line = _MARKUP.sub(r"\1", _BRACKETED.sub("", " ".join(text.split())))
        return line.split(". ")[0].rstrip(".")
    return ""


def unreadable_from(message: str) -> Unreadable:
    """Return what a failed template says: which variable or file is missing, or else its first line."""
    found = _UNDEFINED.search(message)
    if found:
        return Unreadable(missing=found.group(1))
    file = _NO_FILE.search(message)
    if file:
        return Unreadable(file=file.group(1))
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return Unreadable(reason=lines[0] if lines else "no reason given")


def secrets_in(spec: Spec, value: Any) -> list[str]:
    """Return every text in a value that its spec calls secret, the longest first."""
    found: list[str] = []
    _collect(spec, value, bool(spec.get("no_log")), found)
    return sorted(set(found), key=lambda text: (-len(text), text))


def _collect(spec: Spec, value: Any, secret: bool, found: list[str]) -> None:
    if isinstance(value, Mapping):
        options = spec.get("options") or {}
        for name, item in value.items():
            inner = options.get(name) or {}
            _collect(inner, item, secret or bool(inner.get("no_log")), found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(spec, item, secret, found)
    elif secret and str(value):
        found.append(str(value))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret stands any more."""
    for secret in secrets:
        text = text.replace(secret, "(hidden)")
    return text


def found_text(spec: Spec, value: Any) -> str:
    """Return what was found, or only its length when anything in it is secret."""
    return hidden(value) if secrets_in(spec, value) else shown(value)


def needed_text(spec: Spec) -> str:
    """Return in words what an option accepts."""
    choices = spec.get("choices")
    if choices:
        return f"one of {', '.join(str(choice) for choice in choices)}"
    kinds = {
        "str": "a text",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "path": "a path",
        "dict": "a mapping (name: value)",
        "list": "a list",
        "raw": "a value",
    }
    needed = kinds.get(str(spec.get("type", "str")), "a value")
    elements = spec.get("elements")
    return f"{needed}, each item {kinds.get(str(elements), 'a value')}" if elements else needed


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _wrong_shape(spec: Spec, value: Any) -> bool:
    """Say whether a value is a list, mapping or text where the spec wants another of them.

    Ansible would turn a list into a text and split a text into a list, which is never what was meant.
    """
    kind = spec.get("type", "str")
    if kind == "dict":
        return not isinstance(value, Mapping)
    if kind == "list":
        plain = spec.get("elements", "raw") not in ("raw", "list", "dict")
        return not isinstance(value, list) or (plain and any(item is None or _is_many(item) for item in value))
    return kind != "raw" and _is_many(value)


def _is_many(value: Any) -> bool:
    return isinstance(value, (list, tuple, Mapping))


def check_option(role: str, name: str, spec: Spec, value: Any, convert: Convert) -> tuple[Any, list[Refusal]]:
    """Return one option's converted value and every reason to refuse it.

    C(None) means: not set, or nothing of it can be read. What is refused in parts comes back without them.
    """
    at = Place(requirement_of(role, spec), name)
    if isinstance(value, Unreadable):
        return None, [_unreadable(at.requirement, name, _needed(spec), spec, value)]
    if _is_empty(value):
        if not spec.get("required"):
            return value, []
        return None, [Refusal(at.requirement, name, "nothing", _needed(spec), f"set {name} in the inventory")]
    return _check_value(at, spec, value, convert)


@dataclass(frozen=True)
class Place:
    """Where in an inventory a value stands: its requirement, its path, and the name of the item that it is of."""

    requirement: str
    path: str
    item: str = ""

    @property
    def key(self) -> str:
        """Return the last name of the path."""
        return self.path.rpartition(".")[2]

    def inside(self, key: str, spec: Spec) -> Place:
        """Return the place of a value in a mapping."""
        return Place(requirement_of("", spec, self.requirement), f"{self.path}.{key}", self.item)


def _value(at: Place, text: str) -> str:
    """Return what was found, with the name of the item that it is of."""
    return f"{at.item}: {text}" if at.item else text


def _needed(spec: Spec) -> str:
    """Return what is needed, and what for."""
    purpose = purpose_of(spec)
    return needed_text(spec) + (f" ({purpose})" if purpose else "")


def _check_value(at: Place, spec: Spec, value: Any, convert: Convert) -> tuple[Any, list[Refusal]]:
    """Return a value as the roles read it, and every reason to refuse it."""
    found, needed = _value(at, found_text(spec, value)), _needed(spec)
    remedy = f"correct {at.path} in the inventory"
    if CALLED.get(str(value).lower()) in (spec.get("choices") or ()):
        called = CALLED[str(value).lower()]
        remedy = f"write {at.key}: {called}, which is what {value} is called here"
    if spec.get("no_log") and PLACEHOLDER in str(value):
        known = _value(at, f"the example's own {PLACEHOLDER}, which everybody knows")
        return None, [Refusal(at.requirement, at.path, known, needed, "make one of your own, and keep it in the vault")]
    if at.path in ITEMS and isinstance(value, int):
        remedy = f"write the names, such as {at.key}: [{ITEMS[at.path]}]"
        return None, [Refusal(at.requirement, at.path, found, needed, remedy)]
    if _wrong_shape(spec, value):
        meant = _meant(spec, value)
        example = json.dumps(meant, ensure_ascii=False)
        if meant is not None and len(example) <= LONGEST_SHOWN and not secrets_in(spec, value):
            remedy = f"write {at.key}: {example}"
        return meant, [Refusal(at.requirement, at.path, found, needed, remedy)]
    if spec.get("type") == "bool" and isinstance(value, str) and value.lower() in _FALSE_TEXTS:
        return None, [_false_text(at.requirement, at.path, value)]
    if spec.get("options"):
        readable, refusals = _check_inside(at, spec, value, convert)
        if refusals:
            return readable, refusals
    converted, messages = convert(at.path, spec, value)
    if not messages:
        return converted, []
    if not spec.get("options"):
        return None, [Refusal(at.requirement, at.path, found, needed, remedy)]
    # Something inside: the message says where, and the whole value would say too much.
    secrets = secrets_in(spec, value)
    return None, [
        Refusal(at.requirement, at.path, without_secrets(" ".join(message.split()), secrets), needed, remedy)
        for message in messages
    ]


def _meant(spec: Spec, value: Any) -> Any:
    """Return what a value of the wrong shape most likely means: a text for a list, or a list of one for a text."""
    if spec.get("type") == "list" and spec.get("elements") in ("str", "int", "raw"):
        if isinstance(value, str):
            return [word.strip() for word in value.split(",") if word.strip()]
        return [value] if isinstance(value, int) else None
    single = spec.get("type", "str") == "str" and isinstance(value, list) and len(value) == 1
    return value[0] if single and isinstance(value[0], str) else None


def _check_inside(at: Place, spec: Spec, value: Any, convert: Convert) -> tuple[Any, list[Refusal]]:
    """Return what can be read of a mapping, or of a list of mappings, and a refusal for each fault inside of it."""
    if isinstance(value, Mapping):
        return _check_mapping(at, spec["options"], value, convert)
    readable, refusals = [], []
    for number, item in enumerate(value):
        where = Place(at.requirement, f"{at.path}[{number}]", at.item)
        if isinstance(item, Mapping):
            name, secret = item.get("name"), (spec["options"].get("name") or {}).get("no_log")
            label = name.strip() if isinstance(name, str) and not secret else ""
            kept, found = _check_mapping(replace(where, item=where.item or label), spec["options"], item, convert)
        else:
            kept, found = None, [_no_mapping(where, spec, item)]
        refusals += found
        if kept is not None:
            readable.append(kept)
    return readable, refusals


def _no_mapping(at: Place, spec: Spec, item: Any) -> Refusal:
    required = [key for key, inner in spec["options"].items() if inner.get("required")]
    secret = any(inner.get("no_log") for inner in spec["options"].values())
    named = isinstance(item, str) and len(required) == 1 and not secret
    pair = f"{required[0]}: {item}" if named else ""
    if named and "count" in spec["options"]:
        pair = f"{{{pair}, count: N}}, with N for how many there are"
    return Refusal(
        at.requirement,
        at.path,
        _value(at, hidden(item) if secret else shown(item)),
        f"a mapping (name: value) with some of {', '.join(spec['options'])}",
        f"write it as {pair}" if pair else f"correct {at.path} in the inventory",
    )


def _check_mapping(
    at: Place, options: Mapping[str, Spec], value: Mapping[str, Any], convert: Convert
) -> tuple[dict[str, Any] | None, list[Refusal]]:
    """Return what can be read of a mapping and each fault in it; nothing where the rest would mean something else."""
    meant = {key: key if key in options else nearest(str(key), list(options), ALIKE_INSIDE) for key in value}
    refusals = [_unknown_key(at, key, known, options, known in value) for key, known in meant.items() if known != key]
    # What was meant by a key that nothing is like may be the one that is missing.
    strange = None in meant.values()
    given = {known: value[key] for key, known in meant.items() if known is not None and known not in value}
    given.update({key: item for key, item in value.items() if key in options})
    readable: dict[str, Any] = {}
    whole = True
    for key, spec in options.items():
        where = at.inside(key, spec)
        if _is_empty(given.get(key)):
            kept, found = None, [] if strange and key not in given else list(_missing(where, spec, given))
        else:
            kept, found = _check_value(where, spec, given[key], convert)
        refusals += found
        if kept is not None:
            readable[key] = kept
        elif spec.get("required") or (found and spec.get("type") in ("list", "dict")):
            whole = False
    return readable if whole else None, refusals


def _missing(at: Place, spec: Spec, given: Mapping[str, Any]) -> Iterator[Refusal]:
    """Refuse a key without a value where one is required, or where Ansible takes no value for none."""
    found, needed = _value(at, "nothing"), _needed(spec)
    if spec.get("required"):
        yield Refusal(at.requirement, at.path, found, needed, f"set {at.path} in the inventory")
    elif at.key in given and _needs_value(spec, given[at.key]):
        yield Refusal(at.requirement, at.path, found, needed, f"take {at.key} out, or write a value behind it")


def _needs_value(spec: Spec, empty: Any) -> bool:
    """Say whether a key may not stand with nothing behind it. A text may be empty."""
    text = spec.get("type", "str") == "str"
    return bool(spec.get("choices")) or (not text and (empty is not None or spec.get("default") is not None))


def _unknown_key(at: Place, key: Any, known: str | None, options: Mapping[str, Spec], taken: bool) -> Refusal:
    needed, remedy = _right_key(root_of(at.path), key, known, options, taken)
    found = _value(at, f"{shown(key)}, which is no setting here")
    return Refusal(at.requirement, f"{at.path}.{key}", found, needed, remedy)


def _right_key(root: str, key: Any, known: str | None, options: Mapping[str, Spec], taken: bool) -> tuple[str, str]:
    """Return which key is needed in the place of one that there is not, and what to do."""
    name = str(key).lower() if root == "network_links" else ""
    if name in VLANS:
        return (
            "no VLAN: they are not supported",
            "leave a link with VLANs as it is, and take it out of the list",
        )
    if name in DHCP:
        return (
            "no such key: DHCP is what a link without addresses gets",
            "take it out; for DHCP, take addresses out too",
        )
    if known is None:
        return f"one of {', '.join(options)}", f"take {key} out"
    if taken:
        return f"the name {known}, which is there, too", f"take {key} out, or write what it says into {known}"
    return f"the name {known}", f"rename {key} to {known}"


def _unreadable(requirement: str, name: str, needed: str, spec: Spec, value: Unreadable) -> Refusal:
    if value.missing:
        return Refusal(
            requirement,
            name,
            f"a reference to {value.missing}, which is not defined",
            needed,
            f"define {value.missing} (a secret belongs in a file made with ansible-vault, beside the inventory)"
            f" or set {name} itself",
        )
    if value.file:
        return Refusal(
            requirement,
            name,
            f"a reference to the file {value.file}, which cannot be read on the control machine",
            needed,
            f"put the file there, or correct {name}",
        )
    reason = "its value" if spec.get("no_log") else value.reason
    return Refusal(
        requirement,
        name,
        f"a template that cannot be resolved: {reason}",
        needed,
        f"correct {name}, or give the password of the vault that it comes from",
    )


def _false_text(requirement: str, name: str, value: str) -> Refusal:
    inside = root_of(name) != name
    return Refusal(
        requirement,
        name,
        f"the text {shown(value)}",
        "false without quotes: a template takes every text for true",
        "take the quotes away"
        if inside
        else f"take the quotes away; on the command line write -e '{{\"{name}\": false}}'",
    )


def login_refusal(name: str, value: Unreadable) -> Refusal:
    """Return why a variable with which Ansible logs in, or becomes root, is refused before it is used."""
    secret = "pass" in name
    needed = "a password" if secret else "a value that can be read"
    requirement = "OS-USERS" if "become" in name else "NET-ADDR"
    return _unreadable(requirement, name, needed, {"type": "str", "no_log": secret}, value)


def check_options(
    role: str, specs: Mapping[str, Spec], values: Mapping[str, Any], defaults: Mapping[str, Any], convert: Convert
) -> tuple[dict[str, Any], list[Refusal]]:
    """Return a role's converted options and every refusal.

    An option that is refused stands with its default, so that one mistake is told once; or with what could be read.
    """
    good: dict[str, Any] = {}
    refusals: list[Refusal] = []
    for name, spec in specs.items():
        value, found = check_option(role, name, spec, values.get(name), convert)
        # The site's own lists of answers may be left open; the roles take them so.
        if not found and role != "site" and name in values and _is_empty(value):
            found = _left_blank(role, name, spec, value)
        refusals += found
        if found:
            if name in READ_ON and value is not None:
                good[name] = value
            elif name in defaults and not isinstance(defaults[name], Unreadable):
                good[name] = defaults[name]
        elif name in values:
            good[name] = value
    return good, refusals


def _left_blank(role: str, name: str, spec: Spec, value: Any) -> list[Refusal]:
    """Refuse a setting with nothing behind it where nothing is no value: a role would stop at it in the middle."""
    remedy = _NOTHING.get(str(spec.get("type")), "")
    if spec.get("type") == "bool":
        remedy = "say true or false"
    elif not remedy and spec.get("choices") and (value is None or "" not in spec["choices"]):
        remedy = "choose one"
    if not remedy:
        return []
    needed = needed_text(spec)
    return [Refusal(requirement_of(role, spec), name, "nothing", needed, f"{remedy}, or take the line out")]


def not_told_yet(refusals: Iterable[Refusal], told: Iterable[Refusal]) -> list[Refusal]:
    """Return refusals of variables that were not refused before, so that one mistake is told once."""
    names = {root_of(refusal.variable) for refusal in told} - READ_ON
    return [refusal for refusal in refusals if root_of(refusal.variable) not in names]


def root_of(variable: str) -> str:
    """Return the variable that a path begins with."""
    return re.split(r"[.\[]", variable)[0]


# --------------------------------------------------------------------------- names


@dataclass(frozen=True)
class Known:
    """A variable that a role of ours has."""

    name: str
    role: str
    requirement: str


def known_of_the_site() -> list[Known]:
    """Return the variables that belong to no role: the site's own, which every role knows."""
    return [Known(name, "site", requirement_of("site", spec)) for name, spec in SITE_OPTIONS.items()]


def nearest(name: str, known: Sequence[str], alike: float | None = None) -> str | None:
    """Return the variable that a misspelt name most likely means, or nothing."""
    plain = name.lower().replace("-", "_")
    if plain in known:
        return plain
    alike = alike or (ALIKE_OWN if plain.startswith(OWN_PREFIXES) else ALIKE)
    close = difflib.get_close_matches(plain, known, n=1, cutoff=alike)
    # A name with a word in front, such as vault_<variable>, is where a site keeps what it sets the variable to.
    return close[0] if close and not plain.endswith(f"_{close[0]}") else None


def check_names(
    names: Iterable[str], known: Sequence[Known], exempt: Iterable[str] = (), roles: Iterable[str] = tuple(ROLES)
) -> tuple[list[Refusal], list[str]]:
    """Return refusals of misspelt and foreign spellings of our variables, and names we know nothing of.

    Only names with the prefix of one of the roles are listed as unknown: an inventory may hold anything else.
    """
    by_name = {item.name: item for item in known}
    spelled = sorted(by_name)
    passed = set(exempt) | FOREIGN_NAMES
    prefixes = tuple(f"{role}_" for role in roles)
    others = tuple(f"{role}_" for role in ROLES if f"{role}_" not in prefixes)
    refusals: list[Refusal] = []
    unknown: list[str] = []
    for name in sorted(set(names)):
        if name in by_name or name.startswith(("_", "ansible_", *others)):
            continue
        if name in ENVIRONMENT_NAMES or APP_KEY.match(name):
            refusals.append(_environment_name(name))
            continue
        meant = MEANT.get(name)
        if meant is None or meant not in by_name:
            meant = None if name in passed or "__" in name else nearest(name, spelled)
        if meant is not None:
            item = by_name[meant]
            refusals.append(
                Refusal(
                    item.requirement,
                    name,
                    "a variable that no role reads",
                    f"the name {meant}",
                    f"rename {name} to {meant}",
                )
            )
        elif name.startswith(prefixes) and name not in exempt:
            unknown.append(name)
    return refusals, unknown


def _environment_name(name: str) -> Refusal:
    meant = ENVIRONMENT_NAMES.get(name)
    if meant is None:
        return Refusal(
            "FED-ENV",
            name,
            "a name of the programs' own environment",
            "no such variable: the keys of the applications are made on the node",
            f"remove {name} from the inventory",
        )
    return Refusal(
        "FED-ENV",
        name,
        "a name of the programs' own environment",
        f"the name {meant}",
        f"set {meant} instead and remove {name}",
    )
