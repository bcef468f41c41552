# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role storage mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted, faults_of
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}\Z")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,11}\Z")
# The names that LVM takes (lvm(8)), but for a hyphen at the beginning.
VOLUME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,60}\Z")
LEAST_PASSPHRASE = 20
PASSPHRASE = re.compile(rf"(?=[ -~]{{{LEAST_PASSPHRASE},512}}\Z)[!-~].*[!-~]\Z")
# Where nothing may be mounted over: the system would lose what lies there.
TAKEN = re.compile(
    r"//.*|/|/(home|opt|root|srv|tmp|var|var/lib|var/log)|/(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|run|sbin|sys|usr)(/.*)?"
)


def check_storage(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the storage cannot be built like this; nothing is asked of a node that names no drives."""
    drives = tuple(variables.get("storage_drives") or ())
    spares = tuple(variables.get("storage_spares") or ())
    if not drives:
        return list(_without_drives(spares, variables))
    return [
        *_plan(variables, len(drives), len(spares)),
        *_array(variables, drives, spares),
        *_names(variables),
        *_layers(variables),
    ]


def _without_drives(spares: tuple[str, ...], variables: Mapping[str, Any]) -> Iterator[Refusal]:
    if spares or variables.get("storage_plan"):
        yield Refusal(
            "ST-DATA",
            "storage_drives",
            "no drives, but " + ("spares" if spares else "a plan"),
            "the drives of the array, by names that stay with them",
            "choose them in `ls -l /dev/disk/by-id` on the node, as many as the plan says",
        )


def _plan(variables: Mapping[str, Any], drives: int, spares: int) -> Iterator[Refusal]:
    """Find what is wrong with the plan, and where the drives are not those that it counts."""
    text = str(variables.get("storage_plan_json") or "")
    if not text:
        return
    try:
        plan = json.loads(text)
        faults = check_plan(plan)
    except ValueError as error:
        faults = [f"this is no JSON: {error}"]
    for fault in faults:
        yield Refusal(
            "ST-RAID", "storage_plan", fault, "the plan as the playbook plan wrote it", "run the playbook plan again"
        )
    if faults:
        return
    for variable, have, need, requirement in (
        ("storage_drives", drives, plan["array"]["members"], "ST-DATA"),
        ("storage_spares", spares, plan["array"]["spares"], "ST-SPARE"),
    ):
        # More than was planned is a node that has grown since.
        if have < need:
            yield Refusal(
                requirement,
                variable,
                f"{have} drives",
                f"at least the {need} of the plan",
                "name the others, or plan again with those that are there",
            )


def _array(variables: Mapping[str, Any], drives: tuple[str, ...], spares: tuple[str, ...]) -> Iterator[Refusal]:
    level = variables.get("storage_level")
    if level is None:
        return
    wanted = Wanted(
        name=str(variables.get("storage_name")),
        level=str(level),
        devices=drives,
        spares=spares,
        layout=str(variables.get("storage_layout") or "") if level == "raid10" else "",
        policy=str(variables.get("storage_consistency_policy")),
        erase=variables.get("storage_erase") or {},
        prefix="storage_",
    )
    yield from faults_of(wanted)
    chunk = variables.get("storage_chunk_bytes")
    if isinstance(chunk, int) and chunk and (chunk < 4096 or chunk & (chunk - 1)):
        yield Refusal(
            "ST-RAID",
            "storage_chunk_bytes",
            shown(chunk),
            "a power of two from 4096 on, or 0",
            "leave it out, or use 524288",
        )


def _names(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    name, label = str(variables.get("storage_name")), str(variables.get("storage_label"))
    if not NAME.match(name):
        yield Refusal("ST-RAID", "storage_name", shown(name), "letters, digits, - and _, at most 31", "call it eucaim")
    if not LABEL.match(label):
        yield Refusal(
            "ST-DATA", "storage_label", shown(label), "letters, digits, . - and _, at most 12", "call it eucaim"
        )
    point = str(variables.get("storage_mount_point"))
    if not point.startswith("/") or normpath(point) != point or TAKEN.fullmatch(point) or point.split() != [point]:
        yield Refusal(
            "ST-DATA",
            "storage_mount_point",
            shown(point),
            "an absolute path of its own, without blanks, that is no folder of the system",
            "mount it on /srv/eucaim, or on another folder that is empty",
        )


def _layers(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    if variables.get("storage_encrypted") is True:
        passphrase = str(variables.get("storage_recovery_passphrase") or "")
        if not PASSPHRASE.match(passphrase):
            yield Refusal(
                "ST-DATA",
                "storage_recovery_passphrase",
                _told(passphrase),
                f"{LEAST_PASSPHRASE} to 512 letters, digits and signs of ASCII, no blank at either end: without it the "
                "data is lost with the node's system drive, and somebody may have to type it",
                "make one with `openssl rand -base64 24`, and keep it in the vault and on paper",
            )
        key = str(variables.get("storage_key_file"))
        if not key.startswith("/") or normpath(key) != key or key.split() != [key]:
            yield Refusal(
                "ST-DATA",
                "storage_key_file",
                shown(key),
                "an absolute path without blanks",
                "leave it out, or use /etc/eucaim/keys/eucaim.key",
            )
    group, volume = str(variables.get("storage_volume_group") or ""), str(variables.get("storage_volume") or "")
    for variable, name in (("storage_volume_group", group), ("storage_volume", volume)) if group else ():
        if not VOLUME.match(name):
            yield Refusal(
                "ST-DATA",
                variable,
                shown(name),
                "letters, digits, and _ . + - but not first",
                "call the group eucaim, and the volume data",
            )
    percent = variables.get("storage_volume_percent")
    if group and isinstance(percent, int) and not 1 <= percent <= 100:
        yield Refusal(
            "ST-GROW",
            "storage_volume_percent",
            shown(percent),
            "1 to 100",
            "leave it out, or use 80 to keep room for snapshots",
        )


def _told(passphrase: str) -> str:
    """Say what is wrong with a passphrase, and nothing of it."""
    if not passphrase:
        return "none"
    if len(passphrase) < LEAST_PASSPHRASE:
        return f"{len(passphrase)} characters"
    return f"one of {len(passphrase)} characters that is too long, or has an end or a sign that is hard to type"
