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
from dataclasses import replace
from posixpath import normpath
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._md_guard import Wanted, faults_of
from ansible_collections.eucaim.local_node.plugins.module_utils._md_seen import BY_ID
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}\Z")
# What the kernel and mdadm call arrays themselves, in the order in which they start.
KERNEL_NAME = re.compile(r"\d+|md(_d)?\d+")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,11}\Z")
# The names that LVM takes (lvm(8)), but for a hyphen at the beginning.
VOLUME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,60}\Z")
LEAST_PASSPHRASE, MOST_PASSPHRASE = 20, 512
PASSPHRASE = re.compile(rf"(?=[ -~]{{{LEAST_PASSPHRASE},{MOST_PASSPHRASE}}}\Z)[!-~].*[!-~]\Z")
# Where nothing may be mounted over: the system would lose what lies there.
TAKEN = re.compile(
    r"//.*|/|/(home|opt|srv|var|var/lib|opt/eucaim)"
    r"|/(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|root|run|sbin|sys|tmp|usr)(/.*)?"
    r"|/var/(cache|lock|log|mail|run|spool|tmp)(/.*)?"
    r"|/var/lib/(apt|containerd|dnf|docker|dpkg|eucaim|rpm|systemd)(/.*)?"
)
# What a shell reads as something else than itself.
SHELL = re.compile(r"""[;|&<>$`'"\\~*?#!(){}\[\]\n]""")
# What is empty after every start of the node, or there only while it runs.
FLEETING = re.compile(r"/(dev|proc|run|sys|tmp|var/run|var/tmp)(/.*)?")
# lvcreate(8): names that LVM keeps for itself.
RESERVED = re.compile(
    r"snapshot.*|pvmove.*|\.\.?|.*_(cdata|cmeta|corig|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vorigin|vdata).*"
)
# Names below /dev/disk/by-id of what lies on drives: volumes, what device-mapper makes, arrays.
NO_DRIVE = re.compile(re.escape(BY_ID) + r"((lvm|dm|md)-.*|\.\.?)")
# Larger chunks serve nobody: a stripe of them is larger than what any program reads at once.
LEAST_CHUNK, MOST_CHUNK = 4096, 128 * 2**20
# The kernel goes at least as fast as its speed_limit_min, 1000 where nobody has changed it, and counts with 31 bits.
LEAST_SPEED, MOST_SPEED = 1000, 2**31 - 1
# Levels that the sums of a RAID know, and this role does not build.
NOT_BUILT = re.compile(r", raid(50|60|z[123])\b")
# The default of a setting that means nothing without a volume group.
OF_A_GROUP = {"storage_volume": "data", "storage_volume_percent": 100}
MAIL = re.compile(r"[^\s@]+(@[^\s@]+)?\Z")


def check_storage(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the storage cannot be built like this; nothing is asked of a node that names no drives."""
    drives = tuple(variables.get("storage_drives") or ())
    spares = tuple(variables.get("storage_spares") or ())
    if not drives:
        return list(_without_drives(variables))
    return [
        *_plan_file(variables),
        *_plan(variables, len(drives), len(spares)),
        *_array(variables, drives, spares),
        *_names(variables),
        *_layers(variables),
        *_watching(variables),
    ]


def _without_drives(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    words = {"storage_spares": "spares", "storage_plan": "a plan", "storage_erase": "something to erase"}
    given = [word for name, word in words.items() if variables.get(name)]
    if given:
        yield Refusal(
            "ST-DATA",
            "storage_drives",
            f"no drives, but {' and '.join(given)}",
            "the drives of the array, by names that stay with them",
            "choose them in `ls -l /dev/disk/by-id` on the node, as many as the plan says; or take "
            f"{' and '.join(name for name in words if variables.get(name))} out",
        )


def _plan_file(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Tell that the plan cannot be read; what would stand as planned cannot be resolved then."""
    path = str(variables.get("storage_plan") or "")
    if path and "storage_plan_json" not in variables:
        yield Refusal(
            "ST-RAID",
            "storage_plan",
            f"{shown(path)}, which cannot be read on the control machine",
            "the path of plan.json",
            "run the playbook plan, and copy what it wrote to this path; or correct the path",
        )


def _plan(variables: Mapping[str, Any], drives: int, spares: int) -> Iterator[Refusal]:
    """Find what is wrong with the plan, and where the drives are not those that it counts."""
    text = str(variables.get("storage_plan_json") or "")
    if not text and not (variables.get("storage_plan") and "storage_plan_json" in variables):
        return
    try:
        plan = json.loads(text)
        faults = check_plan(plan)
    except ValueError as error:
        faults = [f"this is no JSON: {error}" if text.strip() else "an empty file"]
    if faults:
        more = f" (and {len(faults) - 1} more that follow)" if len(faults) > 1 else ""
        yield Refusal(
            "ST-RAID",
            "storage_plan",
            f"{faults[0]}{more}",
            "the plan as the playbook plan wrote it",
            "run the playbook plan again, and copy what it writes to that path",
        )
        return
    for variable, have, need, requirement, more in (
        ("storage_drives", drives, plan["array"]["members"], "ST-DATA", "name the others"),
        (
            "storage_spares",
            spares,
            plan["array"]["spares"],
            "ST-SPARE",
            "name the others: a spare that took over stays one here, and a failed drive a drive until it is replaced",
        ),
    ):
        # More than was planned is a node that has grown since.
        if have < need:
            yield Refusal(
                requirement,
                variable,
                f"{have}, and the plan has {need}",
                "at least as many as the plan has",
                f"{more}; or plan again with those that are there: plan_drive_offers with their count",
            )


def _array(variables: Mapping[str, Any], drives: tuple[str, ...], spares: tuple[str, ...]) -> Iterator[Refusal]:
    level = variables.get("storage_level")
    if level is None:
        return
    erase = variables.get("storage_erase") or {}
    wanted = Wanted(
        name=str(variables.get("storage_name")),
        level=str(level),
        devices=drives,
        # One that is named in both lists is told below.
        spares=tuple(each for each in spares if each not in drives),
        layout=str(variables.get("storage_layout") or "") if level == "raid10" else "",
        policy=str(variables.get("storage_consistency_policy")),
        erase={str(path): str(words) for path, words in erase.items()},
        prefix="storage_",
    )
    yield from (replace(fault, needed=NOT_BUILT.sub("", fault.needed)) for fault in faults_of(wanted))
    yield from _drives(drives, spares)
    for path, words in erase.items():
        if not isinstance(words, str):
            yield Refusal(
                "ST-DATA",
                "storage_erase",
                f"{shown(words)} behind {path}",
                "the words in which the refusal says what the drive holds, as a text",
                "copy them from the refusal, with their quotes",
            )
    chunk = variables.get("storage_chunk_bytes")
    if isinstance(chunk, int) and chunk and (not LEAST_CHUNK <= chunk <= MOST_CHUNK or chunk & (chunk - 1)):
        yield Refusal(
            "ST-RAID",
            "storage_chunk_bytes",
            shown(chunk),
            f"a power of two from {LEAST_CHUNK} to {MOST_CHUNK} (128 MiB), or 0",
            "leave it out, or use 524288",
        )


def _drives(drives: tuple[str, ...], spares: tuple[str, ...]) -> Iterator[Refusal]:
    """Find names that are not of drives, and drives that are asked to work and to wait."""
    for variable, paths in (("storage_drives", drives), ("storage_spares", spares)):
        for path in dict.fromkeys(paths):
            if NO_DRIVE.fullmatch(path):
                yield Refusal(
                    "ST-DATA",
                    variable,
                    f"{path}, the name of something that lies on drives",
                    f"a whole drive by a name that stays with it, {BY_ID}...",
                    f"choose the name of the drive in `ls -l {BY_ID}`, such as ata-..., nvme-... or scsi-...",
                )
    for path in dict.fromkeys(each for each in spares if each in drives):
        yield Refusal(
            "ST-SPARE",
            "storage_spares",
            f"{path}, which stands in storage_drives and in storage_spares",
            "each drive in one of the two lists",
            "take it out of one of them",
        )


def _names(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    # What stands as planned is not there when the plan cannot be read.
    given = {"storage_name": "eucaim", "storage_label": "eucaim", "storage_mount_point": "/srv/eucaim", **variables}
    texts = ("storage_name", "storage_label", "storage_mount_point")
    name, label, point = ("" if given[each] is None else str(given[each]) for each in texts)
    if not NAME.match(name) or KERNEL_NAME.fullmatch(name):
        yield Refusal(
            "ST-RAID",
            "storage_name",
            shown(name),
            "letters, digits, - and _, at most 31, and no name that the kernel gives, such as 127 or md0",
            "call it eucaim",
        )
    if not LABEL.match(label):
        yield Refusal(
            "ST-DATA", "storage_label", shown(label), "letters, digits, . - and _, at most 12", "call it eucaim"
        )
    taken = TAKEN.fullmatch(point) or SHELL.search(point)
    if not point.startswith("/") or normpath(point) != point or taken or point.split() != [point]:
        yield Refusal(
            "ST-DATA",
            "storage_mount_point",
            shown(point),
            "an absolute path of its own that is no folder of the system and lies in none, without blanks, a slash at "
            "its end or signs that a shell reads",
            "mount it on /srv/eucaim, or on another folder that is empty",
        )
    yield from _options(variables)


def _options(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Find what mkfs, or the line in fstab, would not take as it is meant."""
    for option in variables.get("storage_file_system_options") or ():
        if SHELL.search(str(option)):
            yield Refusal(
                "ST-DATA",
                "storage_file_system_options",
                shown(option),
                "an option of mkfs, without signs that a shell reads",
                "leave it out, or write it without quotes and the like",
            )
    options = variables.get("storage_mount_options")
    if options is not None and (not options or any(str(option).split() != [str(option)] for option in options)):
        yield Refusal(
            "ST-DATA",
            "storage_mount_options",
            shown(options),
            "at least one option, each without blanks",
            "write each option as an item of its own, or leave it out for [defaults, nofail, ...]",
        )


def _layers(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    passphrase = str(variables.get("storage_recovery_passphrase") or "")
    if variables.get("storage_encrypted") is True:
        if not PASSPHRASE.match(passphrase):
            yield Refusal(
                "ST-DATA",
                "storage_recovery_passphrase",
                _told(passphrase),
                f"{LEAST_PASSPHRASE} to {MOST_PASSPHRASE} letters, digits and signs of ASCII, no blank at either end: "
                "without it the data is lost with the node's system drive, and somebody may have to type it",
                "make one with `openssl rand -base64 24`, and keep it in the vault and on paper",
            )
        if "storage_key_file" in variables:
            yield from _key_file(str(variables["storage_key_file"]), str(variables.get("storage_mount_point")))
    elif passphrase:
        yield Refusal(
            "ST-DATA",
            "storage_encrypted",
            "false, and a recovery passphrase",
            "both or neither: encryption cannot be added to an array later",
            "set storage_encrypted: true, or take storage_recovery_passphrase away",
        )
    group, volume = str(variables.get("storage_volume_group") or ""), str(variables.get("storage_volume") or "")
    for variable, name in (("storage_volume_group", group), ("storage_volume", volume)) if group else ():
        if not VOLUME.match(name) or RESERVED.fullmatch(name):
            yield Refusal(
                "ST-DATA",
                variable,
                shown(name),
                "letters, digits, and _ + . - (these two not first), and no name that LVM keeps for itself",
                "call the group eucaim, and the volume data",
            )
    for variable, default in OF_A_GROUP.items() if not group else ():
        if variables.get(variable) not in (None, "", default):
            yield Refusal(
                "ST-DATA",
                variable,
                f"{shown(variables[variable])}, and no volume group",
                "the group of that volume: none is made without it, nor can one be added later",
                f"set storage_volume_group: eucaim, or take {variable} out",
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


def _key_file(key: str, point: str) -> Iterator[Refusal]:
    """Find a key that would not be there when the array is to be opened."""
    if not key.startswith("/") or normpath(key) != key or key.split() != [key]:
        needed = "an absolute path without blanks"
    elif FLEETING.fullmatch(key) or key.startswith(f"{point}/"):
        needed = "a file on the system drive, which is there before the array is open"
    else:
        return
    yield Refusal("ST-DATA", "storage_key_file", shown(key), needed, "leave it out, or use /etc/eucaim/keys/eucaim.key")


def _watching(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    mail = str(variables.get("storage_mail_to") or "")
    if mail and not MAIL.match(mail):
        yield Refusal(
            "ST-HEALTH",
            "storage_mail_to",
            shown(mail),
            "one address, or the name of an account",
            "write one such as root or it@hospital.example",
        )
    least = variables.get("storage_member_bytes")
    if isinstance(least, int) and least < 0:
        needed, remedy = "0 or more", "leave it out, or correct the number"
        yield Refusal("ST-RAID", "storage_member_bytes", shown(least), needed, remedy)
    limit = variables.get("storage_speed_limit_kib")
    if isinstance(limit, int) and limit and not LEAST_SPEED <= limit <= MOST_SPEED:
        yield Refusal(
            "MN-HW",
            "storage_speed_limit_kib",
            shown(limit),
            f"{LEAST_SPEED} to {MOST_SPEED} KiB a second, or 0 for what is there",
            "leave it out, or use a figure such as 50000",
        )


def _told(passphrase: str) -> str:
    """Say what is wrong with a passphrase, and nothing of it."""
    if not passphrase:
        return "none"
    if not LEAST_PASSPHRASE <= len(passphrase) <= MOST_PASSPHRASE:
        return f"{len(passphrase)} characters"
    if passphrase.strip() != passphrase:
        return f"one of {len(passphrase)} characters, with a blank at an end"
    return f"one of {len(passphrase)} characters, with a sign that is not in ASCII"
